/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/lang/line.h"

#include <stdio.h>
#include <string.h>

#include "base/cur.h"
#include "layer/lang/names.h"

/* -- small parts ------------------------------------------------------------------------ */

static uint64_t
uleb(struct cur *c)
{
	uint64_t v = 0;
	for (unsigned shift = 0; shift < 70; shift += 7) {
		uint8_t b = cur_u8(c);
		if (shift < 64)
			v |= (uint64_t)(b & 0x7f) << shift;
		if (!(b & 0x80))
			return v;
	}
	c->bad = true;
	return 0;
}

static int64_t
sleb(struct cur *c)
{
	uint64_t v = 0;
	for (unsigned shift = 0; shift < 70;) {
		uint8_t b = cur_u8(c);
		if (shift < 64)
			v |= (uint64_t)(b & 0x7f) << shift;
		shift += 7;
		if (!(b & 0x80))
			return (int64_t)(shift < 64 && b & 0x40 ? v | ~(uint64_t)0 << shift : v);
	}
	c->bad = true;
	return 0;
}

static const char *
text(struct cur *c)
{
	const uint8_t *zero = memchr(c->p, 0, cur_left(c));
	const char *s = (const char *)c->p;
	if (!zero) {
		c->bad = true;
		return "";
	}
	c->p = zero + 1;
	return s;
}

/* -- one unit's header (6.2.4) -------------------------------------------------------------- */

struct unit {
	struct cur program, files; /* files: where their table begins */
	uint16_t version;
	uint8_t min_length, address, line_range, opcode_base;
	int8_t line_base;
	uint8_t lengths[256];
};

static bool
header(struct cur *section, struct unit *u)
{
	*u = (struct unit){ .address = 4 };
	uint32_t size = cur_u32(section);
	if (section->bad || size >= 0xfffffff0 || size > cur_left(section))
		return false;
	struct cur c = cur_of(section->p, size);
	section->p += size;
	u->version = cur_u16(&c);
	if (u->version < 2 || u->version > 5)
		return true; /* of a future: passed over, with an empty program */
	if (u->version == 5) {
		u->address = cur_u8(&c);
		cur_u8(&c);
	}
	uint32_t rest = cur_u32(&c);
	if (c.bad || rest > cur_left(&c))
		return false;
	u->program = cur_of(c.p + rest, cur_left(&c) - rest);
	u->min_length = cur_u8(&c);
	if (u->version >= 4)
		cur_u8(&c);
	cur_u8(&c);
	u->line_base = (int8_t)cur_u8(&c);
	u->line_range = cur_u8(&c);
	u->opcode_base = cur_u8(&c);
	for (unsigned i = 1; i < u->opcode_base; i++)
		u->lengths[i] = cur_u8(&c);
	u->files = c;
	return !c.bad && u->line_range != 0;
}

/* -- file names ---------------------------------------------------------------------------------- */

enum {
	FORM_STRING = 8,
	FORM_UDATA = 15,
	FORM_STRP = 14,
	FORM_LINE_STRP = 31,
	FORM_DATA16 = 30,
	FORM_DATA1 = 11,
	FORM_DATA2 = 5,
	FORM_DATA4 = 6,
	FORM_DATA8 = 7,
	FORM_BLOCK = 9
};

/* A string or a number of DWARF 5's tables (6.2.4.1). */
static const char *
form(const struct module *m, struct cur *c, uint64_t form, uint64_t *number)
{
	*number = 0;
	switch (form) {
	case FORM_STRING: return text(c);
	case FORM_STRP:
	case FORM_LINE_STRP: {
		struct name s =
		        names_section(m, form == FORM_STRP ? ".debug_str" : ".debug_line_str");
		uint32_t at = cur_u32(c);
		struct cur strings = cur_of(s.p, s.n);
		if (at >= s.n)
			return "";
		strings.p += at;
		return text(&strings);
	}
	case FORM_UDATA: *number = uleb(c); break;
	case FORM_DATA1: *number = cur_u8(c); break;
	case FORM_DATA2: *number = cur_u16(c); break;
	case FORM_DATA4: *number = cur_u32(c); break;
	case FORM_DATA8: *number = cur_u64(c); break;
	case FORM_DATA16: cur_bytes(c, 16); break;
	case FORM_BLOCK: cur_bytes(c, uleb(c)); break;
	default: c->bad = true; break;
	}
	return "";
}

/* Row `want` of a table of DWARF 5; false: there is none. */
static bool
row(const struct module *m, struct cur *c, uint64_t want, const char **path, uint64_t *folder)
{
	uint64_t kind[16], how[16], number;
	unsigned formats = cur_u8(c);
	bool found = false;
	if (formats > 16)
		return false;
	for (unsigned i = 0; i < formats; i++) {
		kind[i] = uleb(c);
		how[i] = uleb(c);
	}
	uint64_t n = uleb(c);
	for (uint64_t i = 0; i < n && !c->bad && formats; i++)
		for (unsigned k = 0; k < formats; k++) {
			const char *s = form(m, c, how[k], &number);
			if (i != want)
				continue;
			found = true;
			if (kind[k] == 1)
				*path = s;
			else if (kind[k] == 2)
				*folder = number;
		}
	return found && !c->bad;
}

static void
name_file(const struct module *m, const struct unit *u, uint64_t file, struct line *out)
{
	const char *path = "", *folder = "";
	uint64_t dir = 0, none;
	struct cur c = u->files;
	if (u->version == 5) {
		struct cur folders = c;
		row(m, &c, UINT64_MAX, &path, &dir);
		row(m, &c, file, &path, &dir);
		row(m, &folders, dir, &folder, &none);
	} else {
		struct cur folders = c;
		while (!c.bad && cur_left(&c) && *text(&c))
			;
		for (uint64_t i = 1; !c.bad && cur_left(&c); i++) {
			path = text(&c);
			if (!*path)
				break;
			dir = uleb(&c);
			uleb(&c);
			uleb(&c);
			if (i == file)
				break;
		}
		for (uint64_t i = 1; i <= dir && !folders.bad; i++)
			folder = text(&folders);
	}
	snprintf(out->file, sizeof out->file, "%s%s%s", *path == '/' ? "" : folder,
	         *path == '/' || !*folder ? "" : "/", path);
}

/* -- the line program (6.2.5) ------------------------------------------------------------------------- */

struct state {
	uint64_t address, file, line;
	bool end;
};

/* The state of the row that the address falls in: the last one at or before it, if
 * the next is behind it. */
static bool
find(struct unit *u, uint64_t address, struct state *out)
{
	struct state s = { .file = 1, .line = 1 }, before = { .end = true };
	struct cur c = u->program;
	while (!c.bad && cur_left(&c)) {
		uint8_t op = cur_u8(&c);
		bool emit = false;
		if (op >= u->opcode_base) {
			unsigned by = (unsigned)(op - u->opcode_base);
			s.address += (uint64_t)by / u->line_range * u->min_length;
			s.line += (uint64_t)(int64_t)(u->line_base + (int)(by % u->line_range));
			emit = true;
		} else if (op == 0) {
			uint64_t n = uleb(&c);
			const uint8_t *p = n ? cur_bytes(&c, n) : NULL;
			if (!p)
				break;
			if (p[0] == 1) {
				emit = s.end = true;
			} else if (p[0] == 2 && n - 1 <= 8) {
				s.address = 0;
				memcpy(&s.address, p + 1, n - 1);
			}
		} else {
			switch (op) {
			case 1: emit = true; break;
			case 2: s.address += uleb(&c) * u->min_length; break;
			case 3: s.line += (uint64_t)sleb(&c); break;
			case 4: s.file = uleb(&c); break;
			case 8:
				s.address += (uint64_t)(255 - u->opcode_base) / u->line_range *
				             u->min_length;
				break;
			case 9: s.address += cur_u16(&c); break;
			default:
				for (unsigned i = 0; i < u->lengths[op]; i++)
					uleb(&c);
			}
		}
		if (!emit)
			continue;
		if (!before.end && before.address <= address && address < s.address) {
			*out = before;
			return true;
		}
		before = s;
		if (s.end) {
			s = (struct state){ .file = 1, .line = 1 };
			before.end = true;
		}
	}
	return false;
}

bool
line_of(const struct module *m, uint32_t offset, struct line *out)
{
	struct name s = names_section(m, ".debug_line");
	struct cur c = cur_of(s.p, s.n);
	struct unit u;
	struct state at;
	uint32_t code = 0;
	for (uint32_t i = 0; i < m->nsection; i++)
		if (m->section[i].id == 10)
			code = m->section[i].offset;
	while (s.n && cur_left(&c) && header(&c, &u))
		if (find(&u, offset - code, &at)) {
			name_file(m, &u, at.file, out);
			out->number = (uint32_t)at.line;
			return out->file[0] != '\0';
		}
	return false;
}
