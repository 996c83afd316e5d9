/* SPDX-License-Identifier: Apache-2.0 */
/* pdh_path.c -- paths of counters: taken apart, put together, their wildcards. */
#include <stdlib.h>
#include <string.h>

#include "layer/api/dll/pdh.h"
#include "layer/api/nt/text/nls.h"
#include "layer/api/nt/text/utf.h"

WINAPI BOOL kernel32_GetComputerNameW(WCHAR *out, DWORD *n);

enum pdh_object
pdh_find_object(const WCHAR *name)
{
	int i = 0;
	while (i < PDH_OBJECTS && utf_compare(pdh_object_names[i], name))
		i++;
	return (enum pdh_object)i;
}

bool
pdh_wild(const WCHAR *p, const WCHAR *name)
{
	const WCHAR *star = NULL, *again = name;
	while (*name) {
		if (*p == '*') {
			star = p++;
			again = name;
		} else if (*p == '?' || nls_up(*p) == nls_up(*name)) {
			p++;
			name++;
		} else if (star) {
			p = star + 1;
			name = ++again;
		} else {
			return false;
		}
	}
	while (*p == '*')
		p++;
	return !*p;
}

static bool
take(WCHAR out[PDH_NAME], const WCHAR *from, const WCHAR *end)
{
	size_t n = (size_t)(end - from);
	if (n >= PDH_NAME)
		return false;
	memcpy(out, from, n * sizeof *out);
	out[n] = 0;
	return true;
}

static const WCHAR *
last(const WCHAR *from, const WCHAR *end, WCHAR c)
{
	while (end > from)
		if (*--end == c)
			return end;
	return NULL;
}

/* (parent/instance#index) */
static bool
parse_instance(const WCHAR *from, const WCHAR *end, struct pdh_path *p)
{
	const WCHAR *hash = last(from, end, '#'), *slash = last(from, end, '/');
	p->has_instance = true;
	if (hash && hash + 1 < end && end - hash < 7) {
		int index = 0;
		bool digits = true;
		for (const WCHAR *c = hash + 1; c < end; c++) {
			digits &= *c >= '0' && *c <= '9';
			index = index * 10 + (*c - '0');
		}
		if (digits) {
			p->index = index;
			end = hash;
		}
	}
	if (slash && slash < end) {
		if (!take(p->parent, from, slash))
			return false;
		from = slash + 1;
	}
	return take(p->instance, from, end) && p->instance[0];
}

pdh_status
pdh_path_parse(const WCHAR *text, struct pdh_path *p)
{
	memset(p, 0, sizeof *p);
	p->index = -1;
	const WCHAR *end = text + utf_length(text), *at = text;
	if (at[0] != '\\')
		return PDH_CSTATUS_BAD_COUNTERNAME;
	if (at[1] == '\\') {
		const WCHAR *m = at += 2;
		while (*at && *at != '\\')
			at++;
		if (!*at || at == m || !take(p->machine, m, at))
			return PDH_CSTATUS_BAD_COUNTERNAME;
	}
	at++;
	/* an instance may have backslashes of its own */
	const WCHAR *open = at;
	while (*open && *open != '(' && *open != '\\')
		open++;
	if (open == at || !take(p->object, at, open))
		return PDH_CSTATUS_BAD_COUNTERNAME;
	if (*open == '(') {
		const WCHAR *close = open;
		int depth = 0;
		for (; *close; close++) {
			depth += (*close == '(') - (*close == ')');
			if (!depth)
				break;
		}
		if (*close != ')' || close[1] != '\\' || !parse_instance(open + 1, close, p))
			return PDH_CSTATUS_BAD_COUNTERNAME;
		open = close + 1;
	}
	if (*open != '\\' || open + 1 == end || !take(p->counter, open + 1, end))
		return PDH_CSTATUS_BAD_COUNTERNAME;
	return 0;
}

pdh_status
pdh_path_machine(const struct pdh_path *p)
{
	WCHAR name[PDH_NAME];
	DWORD n = PDH_NAME;
	if (!p->machine[0] || nls_equal_ascii(p->machine, ".") ||
	    nls_equal_ascii(p->machine, "localhost"))
		return 0;
	return kernel32_GetComputerNameW(name, &n) && !utf_compare(name, p->machine)
	               ? 0
	               : PDH_CSTATUS_NO_MACHINE;
}

void
pdh_text(struct pdh_texts *t, const WCHAR *text)
{
	size_t n = utf_length(text) + 1;
	if (t->at && n <= t->room && t->used <= t->room - n)
		memcpy(t->at + t->used, text, n * sizeof *text);
	t->used += n;
}

/* -- put together --------------------------------------------------------------------------------- */

/* PDH_COUNTER_PATH_ELEMENTS, of bytes or wide characters. */
struct elements {
	void *machine, *object, *instance, *parent;
	DWORD index;
	void *counter;
};

enum { WBEM_RESULT = 1, WBEM_INPUT = 2, ALL_FLAGS = 3 };

/* Grows until there is no room, and counts on. */
struct text {
	WCHAR at[6 * PDH_NAME];
	size_t n;
};

static void
put(struct text *t, const WCHAR *s)
{
	for (; *s && t->n + 1 < sizeof t->at / sizeof *t->at; s++)
		t->at[t->n++] = *s;
	t->at[t->n] = 0;
}

static pdh_status
make(const WCHAR *const part[5], DWORD index, struct text *t)
{
	size_t n = 0;
	for (int i = 0; i < 5; i++)
		n += part[i] ? utf_length(part[i]) : 0;
	if (!part[1] || !*part[1] || !part[4] || !*part[4] || n > 5 * PDH_NAME)
		return PDH_INVALID_ARGUMENT;
	t->n = 0;
	if (part[0] && *part[0]) {
		put(t, part[0][0] == '\\' ? u"" : u"\\\\");
		put(t, part[0]);
	}
	put(t, u"\\");
	put(t, part[1]);
	if (part[2] && *part[2]) {
		put(t, u"(");
		if (part[3] && *part[3]) {
			put(t, part[3]);
			put(t, u"/");
		}
		put(t, part[2]);
		if (index && index != UINT32_MAX) {
			WCHAR digits[12] = { 0 };
			size_t at = 11;
			for (; index; index /= 10)
				digits[--at] = (WCHAR)('0' + index % 10);
			put(t, u"#");
			put(t, digits + at);
		}
		put(t, u")");
	}
	put(t, u"\\");
	put(t, part[4]);
	return 0;
}

static pdh_status
give(const WCHAR *text, bool wide, void *out, DWORD *size)
{
	size_t n = utf_length(text);
	char *narrow = wide ? NULL : nls_ansi(text);
	if (!wide && !narrow)
		return PDH_MEMORY_ALLOCATION_FAILURE;
	if (narrow)
		n = strlen(narrow);
	bool fits = out && *size > n;
	*size = (DWORD)n + 1;
	if (fits)
		memcpy(out, wide ? (const void *)text : narrow, wide ? (n + 1) * 2 : n + 1);
	free(narrow);
	return fits ? 0 : PDH_MORE_DATA;
}

WINAPI pdh_status
pdh_PdhMakeCounterPathW(const struct elements *e, WCHAR *out, DWORD *size, DWORD flags)
{
	struct text t;
	if (!e || !size || (*size && !out) || flags & ~(DWORD)ALL_FLAGS)
		return PDH_INVALID_ARGUMENT;
	if (flags)
		return PDH_NOT_IMPLEMENTED;
	const WCHAR *part[5] = { e->machine, e->object, e->instance, e->parent, e->counter };
	pdh_status s = make(part, e->index, &t);
	return s ? s : give(t.at, true, out, size);
}

WINAPI pdh_status
pdh_PdhMakeCounterPathA(const struct elements *e, char *out, DWORD *size, DWORD flags)
{
	struct text t;
	if (!e || !size || (*size && !out) || flags & ~(DWORD)ALL_FLAGS)
		return PDH_INVALID_ARGUMENT;
	if (flags)
		return PDH_NOT_IMPLEMENTED;
	const char *narrow[5] = { e->machine, e->object, e->instance, e->parent, e->counter };
	WCHAR *part[5] = { 0 };
	bool fine = true;
	for (int i = 0; i < 5; i++)
		if (narrow[i])
			fine &= (part[i] = nls_wide_ansi(narrow[i])) != NULL;
	pdh_status s = fine ? make((const WCHAR *const *)part, e->index, &t)
	                    : PDH_MEMORY_ALLOCATION_FAILURE;
	for (int i = 0; i < 5; i++)
		free(part[i]);
	return s ? s : give(t.at, false, out, size);
}

/* -- taken apart ----------------------------------------------------------------------------------- */

static pdh_status
parse(const WCHAR *path, bool wide, struct elements *out, DWORD *size)
{
	struct pdh_path p;
	WCHAR name[PDH_NAME] = u"\\\\";
	DWORD n = PDH_NAME - 2;
	pdh_status s = pdh_path_parse(path, &p);
	if (s)
		return s;
	if (p.machine[0])
		memcpy(name + 2, p.machine, (PDH_NAME - 2) * sizeof *name);
	else if (!kernel32_GetComputerNameW(name + 2, &n))
		return PDH_CSTATUS_NO_MACHINE;
	const WCHAR *text[5] = { name, p.object, p.has_instance ? p.instance : NULL,
		                 p.parent[0] ? p.parent : NULL, p.counter };
	void *at[5] = { 0 };
	size_t need = sizeof *out;
	for (int i = 0; i < 5; i++)
		need += text[i] ? (utf_length(text[i]) + 1) * 3 : 0; /* UTF-8 or UTF-16 */
	bool fits = out && *size >= need;
	*size = (DWORD)need;
	if (!fits)
		return PDH_MORE_DATA;
	char *to = (char *)(out + 1);
	for (int i = 0; i < 5; i++) {
		if (!text[i])
			continue;
		size_t room = (utf_length(text[i]) + 1) * 3;
		at[i] = to;
		if (wide)
			memcpy(to, text[i], (utf_length(text[i]) + 1) * 2);
		else
			nls_ansi_to(text[i], to, room);
		to += room & ~(size_t)1;
	}
	*out = (struct elements){ at[0], at[1], at[2], at[3], (DWORD)p.index, at[4] };
	return 0;
}

WINAPI pdh_status
pdh_PdhParseCounterPathW(const WCHAR *path, struct elements *out, DWORD *size, DWORD flags)
{
	if (!path || !size || (*size && !out))
		return PDH_INVALID_ARGUMENT;
	return flags ? PDH_NOT_IMPLEMENTED : parse(path, true, out, size);
}

WINAPI pdh_status
pdh_PdhParseCounterPathA(const char *path, struct elements *out, DWORD *size, DWORD flags)
{
	if (!path || !size || (*size && !out))
		return PDH_INVALID_ARGUMENT;
	if (flags)
		return PDH_NOT_IMPLEMENTED;
	WCHAR *wide = nls_wide_ansi(path);
	pdh_status s = wide ? parse(wide, false, out, size) : PDH_MEMORY_ALLOCATION_FAILURE;
	free(wide);
	return s;
}
