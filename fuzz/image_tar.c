/* SPDX-License-Identifier: Apache-2.0 */
/* Tar streams, unpacked into a folder in memory: none may leave it. */
#include <archive.h>
#include <dirent.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "libexec/image/apply.h"
#include "libexec/image/unpack.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t n, size_t most, unsigned seed);
size_t LLVMFuzzerMutate(uint8_t *data, size_t n, size_t most);

struct bytes {
	const uint8_t *p;
	size_t n;
};

static ssize_t
give(struct archive *a, void *ctx, const void **out)
{
	struct bytes *b = ctx;
	ssize_t n = (ssize_t)b->n;

	(void)a;
	*out = b->p;
	b->n = 0;
	return n;
}

static void
only(int dir, const char *wanted)
{
	DIR *d = fdopendir(fcntl(dir, F_DUPFD_CLOEXEC, 3));
	struct dirent *ent;

	while (d && (ent = readdir(d)))
		if (strcmp(ent->d_name, ".") != 0 && strcmp(ent->d_name, "..") != 0 &&
		    strcmp(ent->d_name, wanted) != 0)
			abort();
	closedir(d);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static char outside[64];
	struct bytes b = { data, n };
	struct err e = { 0 };
	struct stat st;

	if (n == 0)
		return 0;
	if (!outside[0]) {
		snprintf(outside, sizeof outside, "/dev/shm/joist-fuzz-%d", (int)getpid());
		mkdir(outside, 0700);
		umask(0);
	}
	int out = open(outside, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	mkdirat(out, "root", 0755);
	struct apply p = { .layer = data[0] & 1, .policy = node_policy() };
	p.root = openat(out, "root", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	p.limits = (struct apply_limits){ 8 << 20, 8 << 20, 64 << 20, 1000, 20 };
	struct archive *a = unpack_tar_reader(&b, give);
	if (a) {
		if (apply_archive(&p, a, &e) < 0 && !e.what[0])
			abort();
		archive_read_free(a);
	}
	if (p.bytes > p.limits.bytes + (1 << 20))
		abort();
	close(p.root);
	only(out, "root");
	if (fstatat(out, "root", &st, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISDIR(st.st_mode))
		abort();
	if (file_remove(out, "root", &e) < 0)
		abort();
	close(out);
	rmdir(outside);
	outside[0] = '\0';
	return 0;
}

/* Headers get their checksums anew, or nothing behind a change is ever read. */
size_t
LLVMFuzzerCustomMutator(uint8_t *data, size_t n, size_t most, unsigned seed)
{
	size_t at = 0;

	(void)seed;
	n = LLVMFuzzerMutate(data, n, most);
	while (at + 512 <= n) {
		unsigned sum = 0;
		char text[13] = "";
		memset(data + at + 148, ' ', 8);
		for (size_t i = 0; i < 512; i++)
			sum += data[at + i];
		snprintf(text, sizeof text, "%06o", sum & 0777777);
		memcpy(data + at + 148, text, 7);
		memcpy(text, data + at + 124, 12);
		unsigned long size = strtoul(text, NULL, 8);
		if (size > n)
			break;
		at += 512 + (size + 511) / 512 * 512;
	}
	return n;
}
