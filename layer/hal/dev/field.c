/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/hal/dev/field.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"

enum { LONG = 64 };

/* In a snapshot: the number of fields; of each its name (a length and letters), kind,
 * number of elements, and these. */

static unsigned
width(enum field_kind kind)
{
	static const uint8_t of[] = { 1, 1, 2, 4, 8 };
	return of[kind];
}

static uint64_t
get(const struct field *f, const void *object, uint32_t i)
{
	const uint8_t *p = (const uint8_t *)object + f->offset + (size_t)i * width(f->kind);
	uint16_t h;
	uint32_t w;
	uint64_t d;
	switch (f->kind) {
	case FIELD_U16: memcpy(&h, p, sizeof h); return h;
	case FIELD_U32: memcpy(&w, p, sizeof w); return w;
	case FIELD_U64: memcpy(&d, p, sizeof d); return d;
	default: return *p;
	}
}

static void
set(const struct field *f, void *object, uint32_t i, uint64_t v)
{
	uint8_t *p = (uint8_t *)object + f->offset + (size_t)i * width(f->kind);
	uint16_t h = (uint16_t)v;
	uint32_t w = (uint32_t)v;
	switch (f->kind) {
	case FIELD_BOOL: *p = v != 0; break;
	case FIELD_U8: *p = (uint8_t)v; break;
	case FIELD_U16: memcpy(p, &h, sizeof h); break;
	case FIELD_U32: memcpy(p, &w, sizeof w); break;
	case FIELD_U64: memcpy(p, &v, sizeof v); break;
	}
}

static void
put(struct buf *b, unsigned bytes, uint64_t v)
{
	for (unsigned i = 0; i < bytes; i++)
		buf_u8(b, (uint8_t)(v >> 8 * i));
}

static uint64_t
take(struct cur *c, unsigned bytes)
{
	uint64_t v = 0;
	for (unsigned i = 0; i < bytes; i++)
		v |= (uint64_t)cur_u8(c) << 8 * i;
	return v;
}

void
field_save(struct buf *b, const struct field *table, const void *object)
{
	uint32_t n = 0;
	while (table[n].name)
		n++;
	buf_u32(b, n);
	for (const struct field *f = table; f->name; f++) {
		size_t len = strlen(f->name);
		buf_u8(b, (uint8_t)len);
		buf_put(b, f->name, len);
		buf_u8(b, (uint8_t)f->kind);
		buf_u32(b, f->count);
		for (uint32_t i = 0; i < f->count; i++)
			put(b, width(f->kind), get(f, object, i));
	}
}

static const struct field *
named(const struct field *table, const uint8_t *name, size_t n)
{
	for (const struct field *f = table; f->name; f++)
		if (strlen(f->name) == n && memcmp(f->name, name, n) == 0)
			return f;
	return NULL;
}

static int
damaged(const char *who, struct err *e)
{
	return fail(e, EBADMSG, "the snapshot's state of %s is damaged", who);
}

int
field_load(struct cur *c, const struct field *table, void *object, const char *who, struct err *e)
{
	uint32_t n = cur_u32(c);
	for (uint32_t k = 0; k < n && !c->bad; k++) {
		size_t len = cur_u8(c);
		const uint8_t *name = cur_bytes(c, len);
		uint8_t kind = cur_u8(c);
		uint32_t count = cur_u32(c);
		if (c->bad || kind > FIELD_U64)
			return damaged(who, e);
		const struct field *f = named(table, name, len);
		if (!f || f->kind != (enum field_kind)kind || f->count != count) {
			fail(e, EPROTONOSUPPORT,
			     "the snapshot has a state of %s that this version does not know: %.*s",
			     who, (int)len, (const char *)name);
			return err_hint(e, "restore it with the version of Joist that made it, or "
			                   "a newer one");
		}
		for (uint32_t i = 0; i < count; i++)
			set(f, object, i, take(c, width(f->kind)));
	}
	return c->bad ? damaged(who, e) : 0;
}

static json_t *
json_of(const struct field *f, const void *object, uint32_t i)
{
	char text[24];
	uint64_t v = get(f, object, i);
	if (f->kind == FIELD_BOOL)
		return json_boolean(v);
	if (f->kind != FIELD_U64)
		return json_integer((json_int_t)v);
	snprintf(text, sizeof text, "0x%llx", (unsigned long long)v);
	return json_string(text);
}

/* A queue of bytes, say: as digits, up to the last that is not 0. */
static json_t *
bytes_of(const struct field *f, const void *object)
{
	const uint8_t *p = (const uint8_t *)object + f->offset;
	struct str s = { 0 };
	uint32_t n = f->count;
	while (n && !p[n - 1])
		n--;
	for (uint32_t i = 0; i < n; i++)
		str_printf(&s, "%02x", p[i]);
	json_t *v = json_string(str_text(&s));
	str_free(&s);
	return v;
}

json_t *
field_json(const struct field *table, const void *object)
{
	json_t *o = json_object();
	for (const struct field *f = table; f->name; f++) {
		json_t *v = json_of(f, object, 0);
		if (f->kind == FIELD_U8 && f->count > LONG) {
			json_decref(v);
			v = bytes_of(f, object);
		} else if (f->count > 1) {
			json_t *list = json_array();
			json_array_append_new(list, v);
			for (uint32_t i = 1; i < f->count; i++)
				json_array_append_new(list, json_of(f, object, i));
			v = list;
		}
		json_object_set_new(o, f->name, v);
	}
	return o;
}
