/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/api/nt/text/message.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "layer/api/dll/dll.h"
#include "layer/api/nt/mem/movable.h"
#include "layer/api/nt/text/nls.h"
#include "layer/api/nt/image/resource.h"

enum {
	ALLOCATE_BUFFER = 0x100,
	IGNORE_INSERTS = 0x200,
	FROM_STRING = 0x400,
	FROM_HMODULE = 0x800,
	FROM_SYSTEM = 0x1000,
	ARGUMENT_ARRAY = 0x2000,
	MAX_WIDTH_MASK = 0xff,
	ERROR_RESOURCE_LANG_NOT_FOUND = 1815,
};

const WCHAR *
message_system(DWORD id)
{
	if (id >> 16 == 0x8007) /* HRESULT_FROM_WIN32 */
		id &= 0xffff;
	switch (id) {
#define MESSAGE(n, text)                                                                           \
	case n:                                                                                    \
		return text;
#include "layer/api/nt/text/message.def"
#undef MESSAGE
	}
	return NULL;
}

/* Of a message table (RT_MESSAGETABLE): blocks of numbers, each with where its entries begin; an
 * entry is its length, whether it is UTF-16, and the text.  To be freed. */
static WCHAR *
of_module(HMODULE module, DWORD id, WORD language)
{
	struct module *m = ldr_of(module);
	const struct resource_data *d =
	        m ? resource_find(m, (const WCHAR *)11, (const WCHAR *)1, language) : NULL;
	const uint8_t *p = d ? resource_bytes(m, d) : NULL;
	uint32_t n, low, high, at;
	if (!p || d->size < 4)
		return NULL;
	memcpy(&n, p, 4);
	for (uint32_t i = 0; i < n && 4 + (i + 1) * UINT64_C(12) <= d->size; i++) {
		memcpy(&low, p + 4 + i * 12, 4);
		memcpy(&high, p + 8 + i * 12, 4);
		memcpy(&at, p + 12 + i * 12, 4);
		if (id < low || id > high)
			continue;
		for (uint32_t k = low;; k++) {
			uint16_t head[2];
			if (at > d->size || d->size - at < 4)
				return NULL;
			memcpy(head, p + at, 4);
			if (head[0] < 4 || head[0] > d->size - at)
				return NULL;
			if (k < id) {
				at += head[0];
				continue;
			}
			size_t bytes = head[0] - 4u;
			WCHAR *text = malloc((bytes + 1) * sizeof *text);
			if (!text)
				return NULL;
			size_t units = bytes / 2;
			if (head[1] & 1)
				memcpy(text, p + at + 4, bytes);
			else
				units = nls_16_of_8((const char *)p + at + 4, bytes, text, bytes,
				                    NULL);
			text[units < bytes ? units : bytes] = 0;
			return text;
		}
	}
	return NULL;
}

/* What is being made. */
struct text {
	WCHAR *p;
	size_t n, cap;
	DWORD error;
};

static void
put(struct text *t, WCHAR c)
{
	if (t->n == t->cap) {
		size_t cap = t->cap ? t->cap * 2 : 256;
		WCHAR *p = realloc(t->p, cap * sizeof *p);
		if (!p) {
			t->error = ERROR_NOT_ENOUGH_MEMORY;
			return;
		}
		t->p = p;
		t->cap = cap;
	}
	t->p[t->n++] = c;
}

static void
put_ascii(struct text *t, const char *s)
{
	while (*s)
		put(t, (uint8_t)*s++);
}

static void
put_string(struct text *t, const void *s, bool wide, int width, int most, bool left)
{
	WCHAR *own = NULL;
	const WCHAR *w = s;
	size_t n = 0;
	if (!s)
		w = u"(null)";
	else if (!wide)
		w = own = nls_wide_ansi(s);
	while (w && (most < 0 || n < (size_t)most) && w[n])
		n++;
	for (int i = (int)n; !left && i < width; i++)
		put(t, ' ');
	for (size_t i = 0; i < n; i++)
		put(t, w[i]);
	for (int i = (int)n; left && i < width; i++)
		put(t, ' ');
	free(own);
}

/* An insert's format between exclamation marks, without them: printf's words. */
struct spec {
	char flags[8];
	int width, most; /* -1: not said */
	int size;        /* bytes of a number; 1: 'h' of a string, 2: 'l' or 'w' */
	char kind;
};

static const WCHAR *
number(const WCHAR *p, int *out, const DWORD_PTR *slots, unsigned *next)
{
	if (*p == '*') {
		*out = slots ? (int)slots[(*next)++] : 0;
		return p + 1;
	}
	for (*out = 0; *p >= '0' && *p <= '9' && *out < 10000; p++)
		*out = *out * 10 + (*p - '0');
	return p;
}

static const WCHAR *
parse(const WCHAR *p, struct spec *f, const DWORD_PTR *slots, unsigned *next)
{
	size_t n = 0;
	*f = (struct spec){ "", 0, -1, 0, 's' };
	for (; *p == '-' || *p == '+' || *p == ' ' || *p == '0' || *p == '#'; p++)
		if (n < 6)
			f->flags[n++] = (char)*p;
	p = number(p, &f->width, slots, next);
	if (*p == '.')
		p = number(p + 1, &f->most, slots, next);
	if (*p == 'h')
		f->size = 1, p++;
	else if (*p == 'l' && p[1] == 'l')
		f->size = 8, p += 2;
	else if (*p == 'l' || *p == 'w')
		f->size = 2, p++;
	else if (*p == 'I' && p[1] == '6' && p[2] == '4')
		f->size = 8, p += 3;
	else if (*p == 'I' && p[1] == '3' && p[2] == '2')
		f->size = 4, p += 3;
	else if (*p == 'I')
		f->size = 8, p++;
	if (*p && *p != '!')
		f->kind = (char)*p++;
	return p;
}

static void
insert(struct text *t, const struct spec *f, DWORD_PTR v, bool wide)
{
	char format[32], out[128];
	bool left = strchr(f->flags, '-') != NULL;
	switch (f->kind) {
	case 's':
	case 'S': {
		bool w = f->size == 1 ? false : f->size == 2 ? true : (f->kind == 's') == wide;
		put_string(t, (const void *)(uintptr_t)v, w, f->width, f->most, left);
		return;
	}
	case 'c':
	case 'C': put(t, (WCHAR)v); return;
	case 'p': snprintf(out, sizeof out, "%016llX", (unsigned long long)v); break;
	case 'd':
	case 'i':
		snprintf(format, sizeof format, "%%%s*.*lld", f->flags);
		snprintf(out, sizeof out, format, f->width > 100 ? 100 : f->width, f->most,
		         f->size == 8   ? (long long)v
		         : f->size == 1 ? (short)v
		                        : (int)v);
		break;
	case 'u':
	case 'x':
	case 'X':
	case 'o':
		snprintf(format, sizeof format, "%%%s*.*ll%c", f->flags, f->kind);
		snprintf(out, sizeof out, format, f->width > 100 ? 100 : f->width,
		         f->most > 100 ? 100 : f->most,
		         f->size == 8   ? (unsigned long long)v
		         : f->size == 1 ? (unsigned short)v
		                        : (unsigned)v);
		break;
	default: t->error = ERROR_INVALID_PARAMETER; return;
	}
	put_ascii(t, out);
}

/* One escape after '%'; where it goes on. */
static const WCHAR *
escape(struct text *t, const WCHAR *p, const DWORD_PTR *slots, bool ignore, bool wide, bool *stop)
{
	struct spec f = { "", 0, -1, 0, 's' };
	if (*p >= '1' && *p <= '9') {
		unsigned i = (unsigned)(*p - '0'), next;
		const WCHAR *from = p - 1;
		p++;
		if (*p >= '0' && *p <= '9')
			i = i * 10 + (unsigned)(*p++ - '0');
		next = i - 1;
		if (*p == '!') {
			p = parse(p + 1, &f, ignore ? NULL : slots, &next);
			if (*p == '!')
				p++;
		}
		if (ignore) {
			for (; from < p; from++)
				put(t, *from);
		} else if (!slots) {
			t->error = ERROR_INVALID_PARAMETER;
		} else {
			insert(t, &f, slots[next], wide);
		}
		return p;
	}
	switch (*p) {
	case 0: return p;
	case '0': *stop = true; break;
	case 'n': put_ascii(t, "\r\n"); break;
	case 'r': put(t, '\r'); break;
	case 't': put(t, '\t'); break;
	case 'b': put(t, ' '); break;
	default: put(t, *p); break;
	}
	return p + 1;
}

static void
expand(struct text *t, const WCHAR *p, DWORD flags, const DWORD_PTR *slots, bool wide)
{
	bool ignore = flags & IGNORE_INSERTS, fold = (flags & MAX_WIDTH_MASK) == MAX_WIDTH_MASK,
	     stop = false;
	while (*p && !stop && !t->error) {
		if (*p == '%') {
			p = escape(t, p + 1, slots, ignore, wide, &stop);
		} else if ((*p == '\r' || *p == '\n') && fold) {
			p += *p == '\r' && p[1] == '\n' ? 2 : 1;
			put(t, ' ');
		} else {
			put(t, *p++);
		}
	}
}

static DWORD
deliver(struct text *t, DWORD flags, void *out, DWORD size, bool wide)
{
	size_t n = wide ? t->n : nls_8_of_16(t->p, t->n, NULL, 0, NULL), unit = wide ? 2 : 1;
	char *to = out;
	if (flags & ALLOCATE_BUFFER) {
		size_t room = n + 1 > size ? n + 1 : size;
		HANDLE block = NULL;
		DWORD error = movable_alloc(0, room * unit, &block);
		*(void **)out = block;
		if (error)
			return (DWORD)refuse(error);
		to = block;
	} else if (n + 1 > size) {
		return (DWORD)refuse(ERROR_INSUFFICIENT_BUFFER);
	}
	if (wide)
		memcpy(to, t->p, n * 2);
	else
		nls_8_of_16(t->p, t->n, to, n, NULL);
	memset(to + n * unit, 0, unit);
	return (DWORD)n;
}

DWORD
message_format(DWORD flags, const void *source, DWORD id, DWORD language, void *out, DWORD size,
               __builtin_ms_va_list *args, bool wide)
{
	struct text t = { 0 };
	WCHAR *own = NULL;
	const WCHAR *from = NULL;
	/* a va_list of this convention points to slots of eight bytes, as an array is */
	const DWORD_PTR *slots = !args ? NULL
	                         : flags & ARGUMENT_ARRAY
	                                 ? (const DWORD_PTR *)(const void *)args
	                                 : *(const DWORD_PTR *const *)(const void *)args;
	DWORD n = 0;

	if (!out)
		return (DWORD)refuse(ERROR_INVALID_PARAMETER);
	if (flags & ALLOCATE_BUFFER)
		*(void **)out = NULL;
	if (flags & FROM_STRING) {
		from = wide ? source : (own = nls_wide_ansi(source));
	} else {
		if (flags & FROM_HMODULE)
			from = own = of_module((HMODULE)(uintptr_t)source, id, (WORD)language);
		if (!from && (flags & FROM_SYSTEM))
			from = message_system(id);
	}
	if (!from)
		return (DWORD)refuse(flags & FROM_STRING ? ERROR_INVALID_PARAMETER
		                                         : ERROR_MR_MID_NOT_FOUND);
	if (!own && !(flags & FROM_STRING) && language && language != 0x400 && language != 0x800 &&
	    language != 0x409)
		return (DWORD)refuse(ERROR_RESOURCE_LANG_NOT_FOUND);
	expand(&t, from, flags, slots, wide);
	if (!own && !(flags & FROM_STRING))
		put_ascii(&t, (flags & MAX_WIDTH_MASK) == MAX_WIDTH_MASK ? " " : "\r\n");
	if (!t.p)
		put(&t, 0), t.n = 0;
	if (t.error)
		last_error(t.error);
	else
		n = deliver(&t, flags, out, size, wide);
	free(own);
	free(t.p);
	return n;
}
