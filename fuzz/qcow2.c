/* SPDX-License-Identifier: Apache-2.0 */
/* qcow2 images from anywhere: what they say is read, written to, checked and
 * repaired.  An image that `check` finds sound stays so whatever is done to it, and
 * one that it has repaired is sound. */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/cur.h"
#include "base/err.h"
#include "img/disk.h"

enum { MOST = 1 << 16, WORK = 48 };

static char path[64];
static uint8_t memory[MOST];

/* The file holds the image (again). */
static bool
load(int fd, const uint8_t *image, size_t n)
{
	return ftruncate(fd, 0) == 0 && pwrite(fd, image, n, 0) == (ssize_t)n;
}

/* A failure without words tells nobody anything. */
static void
told(const struct err *e)
{
	if (!e->what[0])
		abort();
}

static void
look(struct disk *d)
{
	struct err e = { 0 };
	uint64_t size = disk_size(d), at = 0, n;

	for (int i = 0; i < 64 && at < size; i++, at += n) {
		int what = disk_extent(d, at, size, &n);
		if (what < 0)
			break;
		if (n == 0 || n > size - at)
			abort();
		struct iovec v[2] = { { memory, 100 }, { memory + 100, MOST - 100 } };
		v[1].iov_len = n < MOST ? n : MOST;
		v[0].iov_len = v[1].iov_len < 100 ? v[1].iov_len : 100;
		v[1].iov_len -= v[0].iov_len;
		disk_read(d, at, v, 2);
	}
	struct iovec last = { memory, size < 512 ? size : 512 };
	disk_read(d, size - last.iov_len, &last, 1);
	json_decref(disk_info(d, &e));
	json_decref(disk_snapshots(d));
	disk_snapshot_look(d, "1", &e);
	disk_read(d, 0, &last, 1);
}

/* 0: sound; 1: leaks; 2: worse. */
static int
check(unsigned repair)
{
	struct err e = { 0 };
	struct disk_check c = { 0 };
	struct disk *d =
	        disk_open(AT_FDCWD, path,
	                  DISK_QCOW2 | DISK_ALONE | DISK_REPAIR | (repair ? DISK_WRITE : 0), &e);
	if (!d) {
		told(&e);
		return 2;
	}
	int rc = disk_check(d, repair, &c, &e);
	if (rc < 0)
		told(&e);
	json_decref(c.findings);
	disk_close(d);
	return rc < 0 || c.corruptions ? 2 : c.leaks > 0;
}

/* What a guest and its owner do. */
static void
work(struct disk *d, struct cur *c)
{
	struct err e = { 0 };
	for (int i = 0; i < WORK && cur_left(c) > 0; i++) {
		uint64_t size = disk_size(d);
		uint8_t what = cur_u8(c);
		uint64_t at = cur_u16(c) * UINT64_C(97), n = cur_u8(c) * UINT64_C(41);
		if (what & 0x80)
			at = size - at; /* from the end */
		if (at > size)
			at = size;
		if (n > size - at)
			n = size - at;
		struct iovec v = { memory, n };
		char name[2] = { (char)('1' + at % 3), 0 };
		switch (what % 11) {
		case 0:
		case 1:
		case 2: disk_write(d, at, &v, 1); break;
		case 3: disk_read(d, at, &v, 1); break;
		case 4: disk_discard(d, at, n * 8); break;
		case 5: disk_zero(d, at, n, what & 1); break;
		case 6: disk_flush(d); break;
		case 7: disk_snapshot_make(d, name, &e); break;
		case 8: disk_snapshot_apply(d, name, &e); break;
		case 9: disk_snapshot_drop(d, name, &e); break;
		case 10: disk_resize(d, at * 3, &e); break;
		}
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static int fd = -1;
	struct err e = { 0 };
	struct cur c = cur_of(data, n);
	uint16_t script = cur_u16(&c) % 512;
	const uint8_t *words = cur_bytes(&c, script);
	size_t image_n = cur_left(&c);
	const uint8_t *image = cur_bytes(&c, image_n);

	if (fd < 0) {
		fd = memfd_create("disk", MFD_CLOEXEC);
		snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	}
	if (!words || !image || !load(fd, image, image_n))
		return 0;
	struct disk *d = disk_open(AT_FDCWD, path, DISK_QCOW2 | DISK_ALONE, &e);
	if (!d) {
		told(&e);
		return 0;
	}
	look(d);
	disk_close(d);

	int before = check(0);
	e = (struct err){ 0 };
	d = disk_open(AT_FDCWD, path, DISK_QCOW2 | DISK_ALONE | DISK_WRITE, &e);
	if (d) {
		struct cur w = cur_of(words, script);
		work(d, &w);
		disk_close(d);
		if (before == 0 && check(0) == 2)
			abort();
	} else {
		told(&e);
	}
	if (load(fd, image, image_n) && check(DISK_FIX_ALL) == 0 && check(0) != 0)
		abort();
	return 0;
}
