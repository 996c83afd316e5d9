/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/lang/module.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "layer/lang/read.h"
#include "layer/lang/reader.h"

void
reader_stop(struct reader *r, const uint8_t *at, const char *fmt, ...)
{
	char text[256];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	if (r->function != UINT32_MAX)
		fail(r->e, EINVAL, "%s at offset 0x%zx (function %u)", text,
		     (size_t)(at - r->start), r->function);
	else
		fail(r->e, EINVAL, "%s at offset 0x%zx (%s)", text, (size_t)(at - r->start),
		     r->where);
	longjmp(r->out, 1);
}

/* A byte of a number.  One that runs over the end is first judged as a number, as
 * the specification does. */
static uint8_t
number_byte(struct reader *r)
{
	if (r->p >= r->start + r->m->nbytes)
		reader_stop(r, r->p, "unexpected end of section or function");
	return *r->p++;
}

static void
in_bounds(struct reader *r)
{
	if (r->p > r->end)
		reader_stop(r, r->end, "unexpected end of section or function");
}

/* 5.2.2: at most ceil(bits / 7) bytes, and no bits beyond. */
uint64_t
reader_uleb_slow(struct reader *r, int bits)
{
	uint64_t v = 0;
	for (int shift = 0;; shift += 7) {
		uint8_t b = number_byte(r);
		int left = bits - shift;
		if (left < 7 && (b & 0x7f) >> left)
			reader_stop(r, r->p - 1,
			            b & 0x80 ? "integer representation too long"
			                     : "integer too large");
		v |= (uint64_t)(b & 0x7f) << shift;
		if (!(b & 0x80)) {
			in_bounds(r);
			return v;
		}
		if (left <= 7)
			reader_stop(r, r->p - 1, "integer representation too long");
	}
}

int64_t
reader_sleb_slow(struct reader *r, int bits)
{
	uint64_t v = 0;
	for (int shift = 0;; shift += 7) {
		uint8_t b = number_byte(r);
		int left = bits - shift;
		if (left <= 7) {
			if (b & 0x80)
				reader_stop(r, r->p - 1, "integer representation too long");
			/* The bits beyond must repeat the sign. */
			int8_t rest = (int8_t)((int8_t)(b << 1) >> left);
			if (rest != 0 && rest != -1)
				reader_stop(r, r->p - 1, "integer too large");
		}
		v |= (uint64_t)(b & 0x7f) << shift;
		if (!(b & 0x80)) {
			in_bounds(r);
			if (shift + 7 < 64 && (b & 0x40))
				v |= ~(uint64_t)0 << (shift + 7);
			return (int64_t)v;
		}
	}
}

struct module *
module_read(const uint8_t *bytes, size_t n, struct err *e)
{
	struct module *m = xcalloc(1, sizeof *m);
	if (!bytes) /* no bytes at all are bytes too */
		bytes = (const uint8_t *)"";
	m->bytes = bytes;
	m->nbytes = n;
	m->fd = -1;
	type_hold();
	struct reader r = { .start = bytes,
		            .p = bytes,
		            .end = bytes + n,
		            .m = m,
		            .e = e,
		            .where = "module",
		            .function = UINT32_MAX };
	if (n >= UINT32_MAX) {
		fail(e, EFBIG, "the module is larger than 4 GiB");
		module_free(m);
		return NULL;
	}
	if (setjmp(r.out)) {
		valid_free(&r);
		read_forget_group(&r);
		module_free(m);
		return NULL;
	}
	read_module(&r);
	valid_free(&r);
	return m;
}

struct module *
module_open(int dir, const char *path, struct err *e)
{
	struct stat st;
	int fd = openat(dir, path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		fail(e, errno, "'%s': %s", path, strerror(errno));
		return NULL;
	}
	void *map = MAP_FAILED;
	size_t n = 0;
	if (fstat(fd, &st) < 0) {
		fail(e, errno, "'%s': %s", path, strerror(errno));
		goto close;
	}
	n = (size_t)st.st_size;
	if (n == 0 || !S_ISREG(st.st_mode)) {
		fail(e, EINVAL, "'%s' is no WebAssembly module: %s", path,
		     n ? "not a regular file" : "the file is empty");
		goto close;
	}
	/* Private: another program that cuts the file short can still take pages from
	 * under us, as with every program that is mapped; the bytes are read once here. */
	map = mmap(NULL, n, PROT_READ, MAP_PRIVATE, fd, 0);
	if (map == MAP_FAILED) {
		fail(e, errno, "'%s': mmap: %s", path, strerror(errno));
		goto close;
	}
	madvise(map, n, MADV_WILLNEED);
	struct module *m = module_read(map, n, e);
	if (!m) {
		err_prefix(e, "'%s' is no valid WebAssembly module", path);
		munmap(map, n);
		goto close;
	}
	m->map = map;
	m->fd = fd;
	return m;
close:
	close(fd);
	return NULL;
}

void
module_free(struct module *m)
{
	if (!m)
		return;
	void *owned[] = { m->type,   m->import,  m->export, m->elem,     m->data,
		          m->custom, m->section, m->func,   m->body,     m->table,
		          m->memory, m->global,  m->tag,    m->declared, m->export_order };
	for (size_t i = 0; i < sizeof owned / sizeof *owned; i++)
		free(owned[i]);
	if (m->map)
		munmap(m->map, m->nbytes);
	if (m->fd >= 0)
		close(m->fd);
	type_drop();
	free(m);
}

int
module_name_compare(struct name a, struct name b)
{
	int order = memcmp(a.p, b.p, a.n < b.n ? a.n : b.n);
	return order ? order : a.n < b.n ? -1 : a.n > b.n;
}

const struct export *
module_export(const struct module *m, const char *name, size_t n)
{
	if (n > UINT32_MAX)
		return NULL;
	struct name want = { name, (uint32_t)n };
	uint32_t low = 0, high = m->nexport;
	while (low < high) {
		uint32_t mid = low + (high - low) / 2;
		int order = module_name_compare(m->export[m->export_order[mid]].name, want);
		if (order == 0)
			return &m->export[m->export_order[mid]];
		if (order < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return NULL;
}
