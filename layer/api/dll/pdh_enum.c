/* SPDX-License-Identifier: Apache-2.0 */
/* pdh_enum.c -- what can be counted: lists, numbers of names, paths without wildcards. */
#include <stdlib.h>
#include <string.h>

#include "layer/api/dll/pdh.h"
#include "layer/api/nt/text/nls.h"
#include "layer/api/nt/text/utf.h"

/* Lists are made wide; a caller of bytes gets them as such, each as long as it was or less than
 * three times that. */
static pdh_status
give(struct pdh_texts *t, bool wide, void *out, DWORD *size)
{
	size_t need = t->used + 1;
	if (!wide) {
		need = 1;
		for (const WCHAR *p = t->at; p < t->at + t->used; p += utf_length(p) + 1)
			need += (size_t)nls_8_of_16(p, utf_length(p), NULL, 0, NULL) + 1;
	}
	bool fits = out && *size >= need;
	*size = (DWORD)need;
	if (!fits)
		return PDH_MORE_DATA;
	if (wide) {
		memcpy(out, t->at, t->used * sizeof *t->at);
		((WCHAR *)out)[t->used] = 0;
		return 0;
	}
	char *to = out;
	for (const WCHAR *p = t->at; p < t->at + t->used; p += utf_length(p) + 1) {
		size_t n = utf_length(p);
		to += nls_8_of_16(p, n, to, 3 * n, NULL);
		*to++ = 0;
	}
	*to = 0;
	return 0;
}

/* Counts with f, and fills with it; the list is the caller's, to be freed. */
typedef void lister(struct pdh_texts *t, const void *ctx);

static pdh_status
list(lister *f, const void *ctx, bool wide, void *out, DWORD *size)
{
	struct pdh_texts t = { 0 };
	f(&t, ctx);
	t.room = t.used;
	if (!(t.at = calloc(t.room + 1, sizeof *t.at)))
		return PDH_MEMORY_ALLOCATION_FAILURE;
	t.used = 0;
	f(&t, ctx);
	if (t.used > t.room)
		t.used = t.room;
	pdh_status s = give(&t, wide, out, size);
	free(t.at);
	return s;
}

static WCHAR *
widen(const char *s)
{
	return s ? nls_wide_ansi(s) : NULL;
}

/* -- objects ------------------------------------------------------------------------------------- */

static void
objects(struct pdh_texts *t, const void *ctx)
{
	(void)ctx;
	for (int i = 0; i < PDH_OBJECTS; i++)
		pdh_text(t, pdh_object_names[i]);
}

static pdh_status
machine(const WCHAR *name)
{
	struct pdh_path p = { 0 };
	while (name && *name == '\\')
		name++;
	if (!name || !*name)
		return 0;
	if (utf_length(name) >= PDH_NAME)
		return PDH_CSTATUS_NO_MACHINE;
	memcpy(p.machine, name, (utf_length(name) + 1) * sizeof *name);
	return pdh_path_machine(&p);
}

static pdh_status
enum_objects(const WCHAR *on, bool wide, void *out, DWORD *size)
{
	pdh_status s = !size || (*size && !out) ? PDH_INVALID_ARGUMENT : machine(on);
	return s ? s : list(objects, NULL, wide, out, size);
}

WINAPI pdh_status
pdh_PdhEnumObjectsW(const WCHAR *source, const WCHAR *on, WCHAR *out, DWORD *size, DWORD detail,
                    BOOL refresh)
{
	(void)detail, (void)refresh;
	return source ? PDH_NOT_IMPLEMENTED : enum_objects(on, true, out, size);
}

WINAPI pdh_status
pdh_PdhEnumObjectsA(const char *source, const char *on, char *out, DWORD *size, DWORD detail,
                    BOOL refresh)
{
	(void)detail, (void)refresh;
	WCHAR *wide = widen(on);
	pdh_status s = source ? PDH_NOT_IMPLEMENTED : enum_objects(wide, false, out, size);
	free(wide);
	return s;
}

/* -- counters and instances of one --------------------------------------------------------------- */

static void
counters(struct pdh_texts *t, const void *ctx)
{
	const enum pdh_object *o = ctx;
	for (int i = 0; i < PDH_COUNTERS; i++)
		if (pdh_rows[i].object == *o)
			pdh_text(t, pdh_rows[i].name);
}

struct instances {
	struct pdh_instance *at;
	size_t n;
};

static void
instances(struct pdh_texts *t, const void *ctx)
{
	const struct instances *l = ctx;
	for (size_t i = 0; i < l->n; i++)
		if (l->at[i].name[0])
			pdh_text(t, l->at[i].name);
}

static bool
take(enum pdh_object o, struct instances *l)
{
	struct pdh_sample s;
	bool fine = pdh_sample_take(&s) && pdh_instances(o, &s, &l->at, &l->n);
	pdh_sample_free(&s);
	return fine;
}

struct items {
	const WCHAR *on, *object;
	bool wide;
	void *counters;
	DWORD *counters_size;
	void *instances;
	DWORD *instances_size;
};

static pdh_status
enum_items(const struct items *x)
{
	struct instances l = { 0 };
	if (!x->object || !x->counters_size || !x->instances_size)
		return PDH_INVALID_ARGUMENT;
	pdh_status s = machine(x->on), t;
	enum pdh_object o = pdh_find_object(x->object);
	if (s)
		return s;
	if (o == PDH_OBJECTS)
		return PDH_CSTATUS_NO_OBJECT;
	if (!take(o, &l))
		return PDH_MEMORY_ALLOCATION_FAILURE;
	s = list(counters, &o, x->wide, x->counters, x->counters_size);
	if (o == PDH_SYSTEM || o == PDH_MEMORY) {
		*x->instances_size = 0;
		t = 0;
	} else {
		t = list(instances, &l, x->wide, x->instances, x->instances_size);
	}
	free(l.at);
	return s ? s : t;
}

WINAPI pdh_status
pdh_PdhEnumObjectItemsW(const WCHAR *source, const WCHAR *on, const WCHAR *object, WCHAR *c,
                        DWORD *c_size, WCHAR *i, DWORD *i_size, DWORD detail, DWORD flags)
{
	(void)detail, (void)flags;
	struct items x = { on, object, true, c, c_size, i, i_size };
	return source ? PDH_NOT_IMPLEMENTED : enum_items(&x);
}

WINAPI pdh_status
pdh_PdhEnumObjectItemsA(const char *source, const char *on, const char *object, char *c,
                        DWORD *c_size, char *i, DWORD *i_size, DWORD detail, DWORD flags)
{
	(void)detail, (void)flags;
	WCHAR *a = widen(on), *b = widen(object);
	struct items x = { a, b, false, c, c_size, i, i_size };
	pdh_status s = source ? PDH_NOT_IMPLEMENTED : enum_items(&x);
	free(a);
	free(b);
	return s;
}

/* -- names and numbers -------------------------------------------------------------------------------- */

static const WCHAR *
name_of(DWORD index)
{
	for (int i = 0; i < PDH_OBJECTS; i++)
		if (pdh_object_indices[i] == index)
			return pdh_object_names[i];
	for (int i = 0; i < PDH_COUNTERS; i++)
		if (pdh_rows[i].index == index)
			return pdh_rows[i].name;
	return NULL;
}

static DWORD
index_of(const WCHAR *name)
{
	enum pdh_object o = pdh_find_object(name);
	if (o != PDH_OBJECTS)
		return pdh_object_indices[o];
	for (int i = 0; i < PDH_COUNTERS; i++)
		if (!utf_compare(pdh_rows[i].name, name))
			return pdh_rows[i].index;
	return 0;
}

static pdh_status
look_up_name(const WCHAR *on, DWORD index, bool wide, void *out, DWORD *size)
{
	const WCHAR *name = name_of(index);
	if (!size || (*size && !out) || !index)
		return PDH_INVALID_ARGUMENT;
	pdh_status s = machine(on);
	if (s || !name)
		return s ? s : PDH_STRING_NOT_FOUND;
	DWORD n = (DWORD)utf_length(name) + 1; /* the names are ASCII */
	bool fits = out && *size >= n, asked = !*size;
	*size = n;
	if (!fits)
		return asked ? PDH_MORE_DATA : PDH_INSUFFICIENT_BUFFER;
	if (wide)
		memcpy(out, name, n * sizeof *name);
	else
		nls_ansi_to(name, out, n);
	return 0;
}

WINAPI pdh_status
pdh_PdhLookupPerfNameByIndexW(const WCHAR *on, DWORD index, WCHAR *out, DWORD *size)
{
	return look_up_name(on, index, true, out, size);
}

WINAPI pdh_status
pdh_PdhLookupPerfNameByIndexA(const char *on, DWORD index, char *out, DWORD *size)
{
	WCHAR *wide = widen(on);
	pdh_status s = look_up_name(wide, index, false, out, size);
	free(wide);
	return s;
}

WINAPI pdh_status
pdh_PdhLookupPerfIndexByNameW(const WCHAR *on, const WCHAR *name, DWORD *out)
{
	if (!name || !out)
		return PDH_INVALID_ARGUMENT;
	pdh_status s = machine(on);
	if (s)
		return s;
	*out = index_of(name);
	return *out ? 0 : PDH_STRING_NOT_FOUND;
}

WINAPI pdh_status
pdh_PdhLookupPerfIndexByNameA(const char *on, const char *name, DWORD *out)
{
	WCHAR *a = widen(on), *b = widen(name);
	pdh_status s = pdh_PdhLookupPerfIndexByNameW(a, b, out);
	free(a);
	free(b);
	return s;
}

/* -- wildcards ------------------------------------------------------------------------------------------- */

struct expansion {
	const struct pdh_path *path;
	const struct instances *instances; /* of each object */
};

/* One path; its parts are short. */
static void
add_path(struct pdh_texts *t, const struct pdh_path *p, const WCHAR *object, const WCHAR *instance,
         const WCHAR *counter)
{
	const WCHAR *part[] = { p->machine[0] ? u"\\\\" : u"",
		                p->machine,
		                u"\\",
		                object,
		                *instance ? u"(" : u"",
		                instance,
		                *instance ? u")\\" : u"\\",
		                counter };
	WCHAR text[4 * PDH_NAME];
	size_t n = 0;
	for (size_t i = 0; i < sizeof part / sizeof *part; i++)
		for (const WCHAR *c = part[i]; *c && n + 1 < 4 * PDH_NAME; c++)
			text[n++] = *c;
	text[n] = 0;
	pdh_text(t, text);
}

static void
expand(struct pdh_texts *t, const void *ctx)
{
	const struct expansion *x = ctx;
	const struct pdh_path *p = x->path;
	for (int c = 0; c < PDH_COUNTERS; c++) {
		const struct pdh_row *r = &pdh_rows[c];
		const struct instances *l = &x->instances[r->object];
		if (!pdh_wild(p->object, pdh_object_names[r->object]) ||
		    !pdh_wild(p->counter, r->name))
			continue;
		for (size_t i = 0; i < l->n; i++) {
			const WCHAR *name = l->at[i].name;
			if (p->has_instance ? *name && pdh_wild(p->instance, name) : !*name)
				add_path(t, p, pdh_object_names[r->object], name, r->name);
		}
	}
}

static pdh_status
expand_path(const WCHAR *path, bool wide, void *out, DWORD *size)
{
	struct pdh_path p;
	struct instances l[PDH_OBJECTS] = { { 0 } };
	bool fine = true;
	if (!path || !size || (*size && !out))
		return PDH_INVALID_ARGUMENT;
	pdh_status s = pdh_path_parse(path, &p);
	if (!s)
		s = pdh_path_machine(&p);
	if (s)
		return s;
	for (int i = 0; i < PDH_OBJECTS && fine; i++)
		if (pdh_wild(p.object, pdh_object_names[i]))
			fine = take((enum pdh_object)i, &l[i]);
	struct expansion x = { &p, l };
	s = fine ? list(expand, &x, wide, out, size) : PDH_MEMORY_ALLOCATION_FAILURE;
	for (int i = 0; i < PDH_OBJECTS; i++)
		free(l[i].at);
	return s;
}

WINAPI pdh_status
pdh_PdhExpandWildCardPathW(const WCHAR *source, const WCHAR *path, WCHAR *out, DWORD *size,
                           DWORD flags)
{
	(void)flags;
	return source ? PDH_NOT_IMPLEMENTED : expand_path(path, true, out, size);
}

WINAPI pdh_status
pdh_PdhExpandWildCardPathA(const char *source, const char *path, char *out, DWORD *size,
                           DWORD flags)
{
	(void)flags;
	WCHAR *wide = widen(path);
	pdh_status s = source ? PDH_NOT_IMPLEMENTED : expand_path(wide, false, out, size);
	free(wide);
	return s;
}

/* Of the file that this would be, if it were one: the newest that programs know. */
WINAPI pdh_status
pdh_PdhGetDllVersion(DWORD *version)
{
	if (!version)
		return PDH_INVALID_ARGUMENT;
	*version = 0x503; /* PDH_VERSION */
	return 0;
}
