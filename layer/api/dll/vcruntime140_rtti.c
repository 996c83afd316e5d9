/* SPDX-License-Identifier: Apache-2.0 */
/* vcruntime140_rtti.c -- run-time type information of C++: typeid, dynamic_cast, type_info.
 *
 * Before a table of virtual functions stands a pointer to the locator of the complete object,
 * and all that it names are distances from its module's base (rttidata.h of Visual C++).
 */
#include <string.h>

#include "layer/api/dll/dll.h"
#include "layer/api/nt/except/cxx.h"
#include "layer/api/nt/except/except.h"
#include "layer/api/nt/mem/heap.h"

struct locator {
	uint32_t signature, offset, cd_offset;
	int32_t type, hierarchy, self;
};

struct hierarchy {
	uint32_t signature, attributes, n;
	int32_t bases;
};

struct base {
	int32_t type;
	uint32_t contained;
	int32_t pmd[3];
	uint32_t attributes;
	int32_t hierarchy;
};

enum {
	BASE_NOT_VISIBLE = 1,
	BASE_AMBIGUOUS = 2,
	BASE_PRIVATE = 4,
	BASE_PRIVATE_IN_COMPLETE = 8,
};

struct type_info { /* std::type_info */
	const void *vtable;
	const char *undecorated;
	char name[];
};

struct type_data { /* __std_type_info_data: the same without the table */
	const char *undecorated;
	char name[];
};

WINAPI void *vcruntime140___AdjustPointer(void *object, const int32_t *pmd);

static const struct locator *
locate(const void *object, uint64_t *base)
{
	const struct locator *l = (*(const struct locator *const *const *)object)[-1];
	/* a signature of 0 is that of 32-bit programs */
	*base = (uint64_t)(uintptr_t)l - (uint32_t)l->self;
	return l;
}

static void *
complete(void *object, const struct locator *l)
{
	char *p = (char *)object - l->offset;
	if (l->cd_offset)
		p -= *(int32_t *)((char *)object - l->cd_offset);
	return p;
}

static bool
same(const void *a, const void *b)
{
	return a == b || strcmp(((const struct type_info *)a)->name,
	                        ((const struct type_info *)b)->name) == 0;
}

WINAPI void *
vcruntime140___RTCastToVoid(void *object)
{
	uint64_t base;
	return object ? complete(object, locate(object, &base)) : NULL;
}

_Noreturn void vcruntime140_throw_bad_typeid(void);
_Noreturn void vcruntime140_throw_bad_cast(void);

WINAPI void *
vcruntime140___RTtypeid(void *object)
{
	uint64_t base;
	if (!object)
		vcruntime140_throw_bad_typeid();
	const struct locator *l = locate(object, &base);
	return (void *)(base + (uint32_t)l->type);
}

/* The bases of a class, itself first, each followed by those that it contains. */
struct classes {
	uint64_t image;
	void *object;
	const int32_t *bases;
	uint32_t n;
};

static const struct base *
class_at(const struct classes *c, uint32_t i)
{
	return (const struct base *)(c->image + (uint32_t)c->bases[i]);
}

static const void *
type_at(const struct classes *c, uint32_t i)
{
	return (const void *)(c->image + (uint32_t)class_at(c, i)->type);
}

static void *
place(const struct classes *c, uint32_t i)
{
	return vcruntime140___AdjustPointer(c->object, class_at(c, i)->pmd);
}

/* A base of the wanted class that holds this very subobject of the source class: a cast down. */
static void *
down(const struct classes *c, void *object, const void *source, const void *target)
{
	for (uint32_t i = 0; i < c->n; i++) {
		if (!same(type_at(c, i), target))
			continue;
		uint32_t end = i + class_at(c, i)->contained;
		for (uint32_t j = i; j <= end && j < c->n; j++)
			if (same(type_at(c, j), source) && place(c, j) == object &&
			    (i == j ||
			     !(class_at(c, j)->attributes & (BASE_NOT_VISIBLE | BASE_PRIVATE))))
				return place(c, i);
	}
	return NULL;
}

/* Across: the source is a public base of the whole, and the target is one and only one. */
static void *
across(const struct classes *c, void *object, const void *source, const void *target)
{
	bool public = false;
	for (uint32_t i = 0; i < c->n; i++)
		if (same(type_at(c, i), source) && place(c, i) == object &&
		    !(class_at(c, i)->attributes & (BASE_NOT_VISIBLE | BASE_PRIVATE_IN_COMPLETE)))
	public = true;
	void *found = NULL;
	for (uint32_t i = 0; public && i < c->n; i++) {
		if (!same(type_at(c, i), target))
			continue;
		if (class_at(c, i)->attributes &
		    (BASE_NOT_VISIBLE | BASE_AMBIGUOUS | BASE_PRIVATE_IN_COMPLETE))
			return NULL;
		void *p = place(c, i);
		if (found && found != p)
			return NULL;
		found = p;
	}
	return found;
}

WINAPI void *
vcruntime140___RTDynamicCast(void *object, LONG delta, void *source, void *target, BOOL reference)
{
	if (!object)
		return NULL;
	struct classes c;
	const struct locator *l = locate(object, &c.image);
	const struct hierarchy *h = (const struct hierarchy *)(c.image + (uint32_t)l->hierarchy);
	c.object = complete(object, l);
	c.bases = (const int32_t *)(c.image + (uint32_t)h->bases);
	c.n = h->n;
	void *from = (char *)object - delta; /* the table may be that of a base of the source */
	void *found = down(&c, from, source, target);
	if (!found)
		found = across(&c, from, source, target);
	if (!found && reference)
		vcruntime140_throw_bad_cast();
	return found;
}

/* -- type_info ------------------------------------------------------------------------------------- */

WINAPI int
vcruntime140___std_type_info_compare(const struct type_data *a, const struct type_data *b)
{
	return a == b ? 0 : strcmp(a->name + 1, b->name + 1);
}

/* FNV-1a, as size_t's; folded, as the low bits are what hash tables use. */
WINAPI SIZE_T
vcruntime140___std_type_info_hash(const struct type_data *d)
{
	uint64_t h = UINT64_C(14695981039346656037);
	for (const char *s = d->name + 1; *s; s++)
		h = (h ^ (unsigned char)*s) * UINT64_C(1099511628211);
	return h ^ h >> 32;
}

struct text {
	char s[512];
	size_t n;
};

static void
add(struct text *t, const char *s, size_t n)
{
	if (n < sizeof t->s - t->n) {
		memcpy(t->s + t->n, s, n);
		t->n += n;
	}
}

static const struct {
	const char *code, *name;
} simple[] = {
	{ "C", "signed char" },  { "D", "char" },           { "E", "unsigned char" },
	{ "F", "short" },        { "G", "unsigned short" }, { "H", "int" },
	{ "I", "unsigned int" }, { "J", "long" },           { "K", "unsigned long" },
	{ "M", "float" },        { "N", "double" },         { "O", "long double" },
	{ "X", "void" },         { "_J", "__int64" },       { "_K", "unsigned __int64" },
	{ "_N", "bool" },        { "_W", "wchar_t" },       { "_S", "char16_t" },
	{ "_U", "char32_t" },    { "_Q", "char8_t" },
};

/* The commonest of Microsoft's decorated types: classes by their scopes, numbers, pointers to
 * them.  false: another one (templates, functions), which keeps its decorated name. */
static bool
undecorate(const char *s, struct text *t)
{
	static const char *const kinds[] = { "union ", "struct ", "class " };
	if (s[0] == 'P' && s[1] == 'E' && (s[2] == 'A' || s[2] == 'B')) {
		bool constant = s[2] == 'B';
		if (!undecorate(s + 3, t))
			return false;
		if (constant)
			add(t, " const", 6);
		add(t, " * __ptr64", 10);
		return true;
	}
	for (size_t i = 0; i < sizeof simple / sizeof *simple; i++)
		if (strcmp(s, simple[i].code) == 0) {
			add(t, simple[i].name, strlen(simple[i].name));
			return true;
		}
	if (s[0] >= 'T' && s[0] <= 'V')
		add(t, kinds[s[0] - 'T'], strlen(kinds[s[0] - 'T']));
	else if (s[0] == 'W' && s[1] == '4')
		add(t, "enum ", 5), s++;
	else
		return false;
	const char *part[32], *end;
	size_t n = 0;
	for (s++; *s && *s != '@'; s = end + 1) {
		end = strchr(s, '@');
		if (!end || n == 32 || *s == '?' || (*s >= '0' && *s <= '9'))
			return false;
		part[n++] = s;
	}
	if (*s != '@' || s[1] || !n)
		return false;
	while (n--) {
		add(t, part[n], (size_t)(strchr(part[n], '@') - part[n]));
		if (n)
			add(t, "::", 2);
	}
	return true;
}

/* The names stay for good: a program asks for few, and may hold them as long as it runs. */
WINAPI const char *
vcruntime140___std_type_info_name(struct type_data *d, void *list)
{
	struct text t = { .n = 0 };
	(void)list;
	if (d->undecorated)
		return d->undecorated;
	if (d->name[0] != '.' ||
	    !(d->name[1] == '?' ? undecorate(d->name + 3, &t) : undecorate(d->name + 1, &t))) {
		t.n = 0;
		add(&t, d->name + 1, strlen(d->name + 1));
	}
	char *s = heap_alloc(heap_process(), 0, t.n + 1);
	if (!s)
		return NULL;
	memcpy(s, t.s, t.n);
	s[t.n] = 0;
	const char *none = NULL;
	if (!__atomic_compare_exchange_n(&d->undecorated, &none, s, false, __ATOMIC_ACQ_REL,
	                                 __ATOMIC_ACQUIRE)) {
		heap_end(heap_process(), 0, s);
		return none;
	}
	return s;
}

WINAPI void
vcruntime140___std_type_info_destroy_list(void *list)
{
	(void)list; /* nothing was put into it */
}
