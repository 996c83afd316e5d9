/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/api/nt/process/parcel.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/cur.h"

static void
put_text(struct buf *b, const char *s)
{
	size_t n = s ? strlen(s) : 0;

	buf_u32(b, s ? (uint32_t)n + 1 : 0);
	if (s)
		buf_put(b, s, n + 1);
}

/* n WCHARs, whatever they are. */
static void
put_wide(struct buf *b, const WCHAR *s, size_t n)
{
	buf_u32(b, s ? (uint32_t)n : UINT32_MAX);
	if (s)
		buf_put(b, s, n * sizeof *s);
}

static size_t
length(const WCHAR *s)
{
	size_t n = 0;

	while (s && s[n])
		n++;
	return s ? n + 1 : 0;
}

static size_t
block_length(const WCHAR *s)
{
	size_t n = 0;

	if (!s)
		return 0;
	while (s[n] || s[n + 1])
		n++;
	return n + 2;
}

void
parcel_write(struct buf *out, const struct parcel *p)
{
	const struct birth *b = &p->birth;

	buf_u32(out, PARCEL_MAGIC);
	buf_u32(out, b->process_id);
	buf_u32(out, b->parent_id);
	buf_u32(out, b->flags);
	buf_u32(out, (uint32_t)b->network | (uint32_t)b->trace << 1 | (uint32_t)b->std_given << 2);
	buf_u32(out, (uint32_t)b->trace_fd);
	buf_u32(out, (uint32_t)b->monitor_fd);
	buf_u32(out, (uint32_t)p->shared_fd);
	buf_u32(out, (uint32_t)p->exe_fd);
	buf_u32(out, (uint32_t)p->meminfo_fd);
	buf_u32(out, (uint32_t)p->stat_fd);
	for (int i = 0; i < 3; i++)
		buf_u64(out, b->std[i]);
	const char *const texts[] = {
		b->image, b->cwd, b->private, b->store, b->cache, b->hostname
	};
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		put_text(out, texts[i]);
	buf_u32(out, (uint32_t)b->ndrive);
	for (size_t i = 0; i < b->ndrive; i++) {
		buf_u32(out, b->drives[i].letter | (uint32_t)b->drives[i].readonly << 16);
		put_text(out, b->drives[i].root);
	}
	buf_u32(out, (uint32_t)b->nshow);
	for (size_t i = 0; i < b->nshow; i++) {
		buf_u32(out, b->show[i].readonly);
		put_text(out, b->show[i].path);
	}
	put_wide(out, b->command_line, length(b->command_line));
	put_wide(out, b->environment, block_length(b->environment));
	put_wide(out, b->title, length(b->title));
	buf_u32(out, b->start_flags);
	buf_u32(out, b->show_window);
	buf_u32(out, (uint32_t)b->reserved_size);
	buf_put(out, b->reserved ? b->reserved : (void *)(uintptr_t) "", b->reserved_size);
	buf_u32(out, (uint32_t)p->nobject);
	for (size_t i = 0; i < p->nobject; i++) {
		const struct parcel_object *o = &p->objects[i];
		buf_u64(out, (uint64_t)o->class);
		for (size_t k = 0; k < sizeof o->i.fd / sizeof *o->i.fd; k++)
			buf_u32(out, (uint32_t)o->i.fd[k]);
		for (size_t k = 0; k < sizeof o->i.number / sizeof *o->i.number; k++)
			buf_u64(out, o->i.number[k]);
		put_wide(out, o->i.text, length(o->i.text));
	}
	buf_u32(out, (uint32_t)p->nhandle);
	for (size_t i = 0; i < p->nhandle; i++) {
		buf_u64(out, p->handles[i].value);
		buf_u32(out, p->handles[i].object);
		buf_u32(out, p->handles[i].access);
		buf_u32(out, p->handles[i].inherit);
	}
}

/* -- reading ------------------------------------------------------------------------------- */

static char *
get_text(struct cur *c)
{
	uint32_t n = cur_u32(c);
	const uint8_t *p = n ? cur_bytes(c, n) : NULL;

	if (!p || p[n - 1])
		return NULL;
	return xstrdup((const char *)p);
}

static WCHAR *
get_wide(struct cur *c)
{
	uint32_t n = cur_u32(c);

	if (n == UINT32_MAX)
		return NULL;
	const uint8_t *p = cur_bytes(c, (size_t)n * sizeof(WCHAR));
	if (!p)
		return NULL;
	WCHAR *s = xcalloc((size_t)n + 2, sizeof *s);
	memcpy(s, p, (size_t)n * sizeof *s);
	return s;
}

/* A count of things that take at least `least` bytes each. */
static size_t
get_count(struct cur *c, size_t least)
{
	uint32_t n = cur_u32(c);

	if (n > cur_left(c) / least)
		c->bad = true;
	return c->bad ? 0 : n;
}

static void
read_birth(struct cur *c, struct birth *b)
{
	b->image = get_text(c);
	b->cwd = get_text(c);
	b->private = get_text(c);
	b->store = get_text(c);
	b->cache = get_text(c);
	b->hostname = get_text(c);
	b->ndrive = get_count(c, 8);
	b->drives = xcalloc(b->ndrive + 1, sizeof *b->drives);
	for (size_t i = 0; i < b->ndrive; i++) {
		uint32_t v = cur_u32(c);
		b->drives[i].letter = (WCHAR)v;
		b->drives[i].readonly = v >> 16;
		b->drives[i].root = get_text(c);
		c->bad |= !b->drives[i].root;
	}
	b->nshow = get_count(c, 8);
	b->show = xcalloc(b->nshow + 1, sizeof *b->show);
	for (size_t i = 0; i < b->nshow; i++) {
		b->show[i].readonly = cur_u32(c);
		b->show[i].path = get_text(c);
		c->bad |= !b->show[i].path;
	}
	b->command_line = get_wide(c);
	b->environment = get_wide(c);
	b->title = get_wide(c);
	b->start_flags = cur_u32(c);
	b->show_window = cur_u32(c);
	b->reserved_size = cur_u32(c);
	const uint8_t *p = cur_bytes(c, b->reserved_size);
	if (p && b->reserved_size) {
		b->reserved = xmalloc(b->reserved_size);
		memcpy(b->reserved, p, b->reserved_size);
	}
}

int
parcel_read(const void *bytes, size_t n, struct parcel *p)
{
	struct cur c = cur_of(bytes, n);
	struct birth *b = &p->birth;

	*p = (struct parcel){ 0 };
	if (cur_u32(&c) != PARCEL_MAGIC)
		return -1;
	b->process_id = cur_u32(&c);
	b->parent_id = cur_u32(&c);
	b->flags = cur_u32(&c);
	uint32_t bits = cur_u32(&c);
	b->network = bits & 1;
	b->trace = bits >> 1 & 1;
	b->std_given = bits >> 2 & 1;
	b->trace_fd = (int)cur_u32(&c);
	b->monitor_fd = (int)cur_u32(&c);
	p->shared_fd = (int)cur_u32(&c);
	p->exe_fd = (int)cur_u32(&c);
	p->meminfo_fd = (int)cur_u32(&c);
	p->stat_fd = (int)cur_u32(&c);
	for (int i = 0; i < 3; i++)
		b->std[i] = cur_u64(&c);
	read_birth(&c, b);
	p->nobject = get_count(&c, 16);
	p->objects = xcalloc(p->nobject + 1, sizeof *p->objects);
	for (size_t i = 0; i < p->nobject; i++) {
		struct parcel_object *o = &p->objects[i];
		o->class = (int64_t)cur_u64(&c);
		for (size_t k = 0; k < sizeof o->i.fd / sizeof *o->i.fd; k++)
			o->i.fd[k] = (int)cur_u32(&c);
		for (size_t k = 0; k < sizeof o->i.number / sizeof *o->i.number; k++)
			o->i.number[k] = cur_u64(&c);
		o->i.text = get_wide(&c);
	}
	p->nhandle = get_count(&c, 20);
	p->handles = xcalloc(p->nhandle + 1, sizeof *p->handles);
	for (size_t i = 0; i < p->nhandle; i++) {
		p->handles[i].value = cur_u64(&c);
		p->handles[i].object = cur_u32(&c);
		p->handles[i].access = cur_u32(&c);
		p->handles[i].inherit = cur_u32(&c);
		c.bad |= p->handles[i].object >= p->nobject;
	}
	return c.bad || !b->environment || !b->command_line || !b->cwd ? -1 : 0;
}
