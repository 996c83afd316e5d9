/* SPDX-License-Identifier: Apache-2.0 */
/* msvcp140_locale.c -- std::locale: a counted list of facets by the numbers of their ids.
 *
 * The "C" locale's list is empty: use_facet() makes the one that all locales share when somebody
 * first asks for it, and so do we.  A facet stands in a list when a program has put it there.
 * Locales of other names are the "C" locale under that name; the C run-time's is set as well
 * (locale::global). */
#include <stdatomic.h>
#include <string.h>

#include "layer/api/dll/msvcp140.h"
#include "layer/api/dll/ntdll_lock.h"

/* -- _Lockit: the library's locks, of which one is enough ----------------------------------------- */

static struct CRITICAL_SECTION lock = { .LockCount = -1 };

WINAPI int *
msvcp140_Lockit(int *l, int kind)
{
	*l = kind;
	ntdll_RtlEnterCriticalSection(&lock);
	return l;
}

WINAPI int *
msvcp140_Lockit_default(int *l)
{
	return msvcp140_Lockit(l, 0);
}

WINAPI void
msvcp140_Lockit_end(int *l)
{
	(void)l;
	ntdll_RtlLeaveCriticalSection(&lock);
}

WINAPI void
msvcp140__Lock_shared_ptr_spin_lock(void)
{
	ntdll_RtlEnterCriticalSection(&lock);
}

WINAPI void
msvcp140__Unlock_shared_ptr_spin_lock(void)
{
	ntdll_RtlLeaveCriticalSection(&lock);
}

/* -- facets: counts -------------------------------------------------------------------------------- */

WINAPI void
msvcp140_facet_Incref(struct facet *f)
{
	atomic_fetch_add(&f->refs, 1);
}

/* The facet when that was the last: to be deleted by the caller. */
WINAPI struct facet *
msvcp140_facet_Decref(struct facet *f)
{
	return atomic_fetch_sub(&f->refs, 1) == 1 ? f : NULL;
}

void
msvcp140_facet_delete(struct facet *f)
{
	struct facet *last = VIRTUAL(f, 2, WINAPI struct facet * (*)(struct facet *), f);
	if (last)
		VIRTUAL(last, 0, WINAPI void *(*)(struct facet *, unsigned), last, 1);
}

struct facet *
msvcp140_facet_make(size_t size, msvcp140_function *const *table, size_t refs)
{
	struct facet *f = msvcp140_new(size);
	memset(f, 0, size);
	f->table = table;
	f->refs = (int32_t)refs;
	return f;
}

/* Plain ones hold nothing. */
WINAPI void *
msvcp140_facet_end(struct facet *f, unsigned flags)
{
	if (flags & 1)
		crt_free(f);
	return f;
}

TABLE(msvcp140_facet_slots, 3);

WINAPI struct facet *
msvcp140_facet_ctor(struct facet *f, size_t refs)
{
	f->table = msvcp140_facet_table(msvcp140_facet_slots, msvcp140_facet_end);
	f->refs = (int32_t)refs;
	return f;
}

WINAPI void
msvcp140_facet_dtor(struct facet *f)
{
	(void)f;
}

/* facet::_Getcat: of no category */
WINAPI size_t
msvcp140_facet_Getcat(struct facet **out, const struct locale *l)
{
	(void)out, (void)l;
	return (size_t)-1;
}

/* What use_facet() has made stays until the end. */
WINAPI void
msvcp140_Facet_Register(struct facet *f)
{
	(void)f;
}

/* -- ids ------------------------------------------------------------------------------------------- */

int msvcp140_locale_id_count;

size_t
msvcp140_locale_id(size_t *id)
{
	int held;
	if (!__atomic_load_n(id, __ATOMIC_ACQUIRE)) {
		msvcp140_Lockit(&held, 0);
		if (!*id)
			__atomic_store_n(id, (size_t)++msvcp140_locale_id_count, __ATOMIC_RELEASE);
		msvcp140_Lockit_end(&held);
	}
	return *id;
}

WINAPI size_t *
msvcp140_locale_id_ctor(size_t *id, size_t value)
{
	*id = value;
	return id;
}

WINAPI size_t
msvcp140_locale_id_value(size_t *id)
{
	return msvcp140_locale_id(id);
}

/* -- _Yarn: a string ------------------------------------------------------------------------------- */

static void
yarn_set(struct yarn *y, const char *s)
{
	size_t n = s ? strlen(s) + 1 : 0;
	if (y->s == s)
		return;
	crt_free(y->s);
	y->s = n > 1 ? crt_alloc(n) : NULL;
	if (y->s)
		memcpy(y->s, s, n);
}

WINAPI const char *
msvcp140_yarn_c_str(const struct yarn *y)
{
	return y->s ? y->s : &y->none;
}

WINAPI struct yarn *
msvcp140_yarn_set(struct yarn *y, const char *s)
{
	yarn_set(y, s);
	return y;
}

WINAPI void
msvcp140_yarn_end(struct yarn *y)
{
	yarn_set(y, NULL);
}

WINAPI bool
msvcp140_yarn_empty(const struct yarn *y)
{
	return !y->s;
}

/* -- _Locimp --------------------------------------------------------------------------------------- */

static struct locimp *global;
static struct locale classic;
struct locimp *msvcp140_locimp_classic; /* _Clocptr */
TABLE(msvcp140_locimp_slots, 3);

WINAPI void
msvcp140_locimp_dtor(struct locimp *m)
{
	for (size_t i = m->n; i--;)
		if (m->facets[i])
			msvcp140_facet_delete(m->facets[i]);
	crt_free(m->facets);
	yarn_set(&m->name, NULL);
}

WINAPI static void *
locimp_end(struct facet *f, unsigned flags)
{
	msvcp140_locimp_dtor((struct locimp *)f);
	if (flags & 1)
		crt_free(f);
	return f;
}

WINAPI struct locimp *
msvcp140_locimp_new(bool transparent)
{
	msvcp140_function *const *t = msvcp140_facet_table(msvcp140_locimp_slots, locimp_end);
	struct locimp *m = (struct locimp *)msvcp140_facet_make(sizeof *m, t, 1);
	m->transparent = transparent;
	yarn_set(&m->name, "*");
	return m;
}

/* At place id; it counts. */
WINAPI void
msvcp140_locimp_Addfac(struct locimp *m, struct facet *f, size_t id)
{
	int held;
	msvcp140_Lockit(&held, 0);
	if (id >= m->n) {
		size_t n = id + 1 < 40 ? 40 : id + 1;
		struct facet **at = crt_realloc(m->facets, n * sizeof *at);
		if (!at) {
			msvcp140_Lockit_end(&held);
			msvcp140_Xbad_alloc();
		}
		memset(at + m->n, 0, (n - m->n) * sizeof *at);
		m->facets = at;
		m->n = n;
	}
	VIRTUAL(f, 1, WINAPI void (*)(struct facet *), f);
	if (m->facets[id])
		msvcp140_facet_delete(m->facets[id]);
	m->facets[id] = f;
	msvcp140_Lockit_end(&held);
}

WINAPI struct locimp *
msvcp140_locimp_copy(const struct locimp *from)
{
	struct locimp *m = msvcp140_locimp_new(from->transparent);
	m->categories = from->categories;
	yarn_set(&m->name, msvcp140_yarn_c_str(&from->name));
	for (size_t i = 0; i < from->n; i++)
		if (from->facets[i])
			msvcp140_locimp_Addfac(m, from->facets[i], i);
	return m;
}

/* Facets for the categories of a named locale: they are those that all share. */
WINAPI struct locimp *
msvcp140_locimp_Makeloc(const struct locinfo *l, int categories, struct locimp *m,
                        const struct locale *from)
{
	(void)from;
	m->categories |= categories;
	yarn_set(&m->name, msvcp140_yarn_c_str(&l->name));
	return m;
}

/* -- locale ---------------------------------------------------------------------------------------- */

WINAPI struct locimp *
msvcp140_locale_Init(bool count)
{
	int held;
	msvcp140_Lockit(&held, 0);
	if (!global) {
		struct locimp *m = msvcp140_locimp_new(false);
		m->categories = LOCALE_ALL;
		yarn_set(&m->name, "C");
		m->facet.refs++;
		classic.imp = m;
		global = m;
		msvcp140_locimp_classic = m;
	}
	if (count)
		msvcp140_facet_Incref(&global->facet);
	msvcp140_Lockit_end(&held);
	return global;
}

WINAPI struct locimp *
msvcp140_locale_Getgloballocale(void)
{
	return global;
}

WINAPI void
msvcp140_locale_Setgloballocale(struct locimp *m)
{
	global = m;
}

WINAPI const struct locale *
msvcp140_locale_classic(void)
{
	msvcp140_locale_Init(false);
	return &classic;
}

WINAPI struct locale *
msvcp140_locale_empty(struct locale *out)
{
	msvcp140_locale_Init(false);
	out->imp = msvcp140_locimp_new(true);
	return out;
}

WINAPI char *ucrtbase_setlocale(int category, const char *name);

WINAPI struct locale *
msvcp140_locale_global(struct locale *old, const struct locale *l)
{
	int held;
	msvcp140_Lockit(&held, 0);
	old->imp = msvcp140_locale_Init(true);
	if (global != l->imp) {
		msvcp140_facet_delete(&global->facet);
		global = l->imp;
		msvcp140_facet_Incref(&global->facet);
		if ((global->categories & LOCALE_ALL) == LOCALE_ALL)
			ucrtbase_setlocale(CRT_LC_ALL, msvcp140_yarn_c_str(&global->name));
	}
	msvcp140_Lockit_end(&held);
	return old;
}

void
msvcp140_locale_take(struct locale *l, struct locimp *imp)
{
	l->imp = imp;
	VIRTUAL(imp, 1, WINAPI void (*)(struct facet *), &imp->facet);
}

void
msvcp140_locale_drop(struct locale *l)
{
	if (l->imp)
		msvcp140_facet_delete(&l->imp->facet);
	l->imp = NULL;
}

struct facet *
msvcp140_locale_own(const struct locale *l, size_t *id)
{
	size_t i = msvcp140_locale_id(id);
	const struct locimp *m = l->imp;
	struct facet *f = i < m->n ? m->facets[i] : NULL;
	if (!f && m->transparent && global && i < global->n)
		f = global->facets[i];
	return f;
}

struct facet *
msvcp140_locale_facet(const struct locale *l, size_t *id,
                      size_t(WINAPI *make)(struct facet **, const struct locale *))
{
	static struct facet *shared[128];
	struct facet *f = msvcp140_locale_own(l, id);
	if (f)
		return f;
	if (*id >= sizeof shared / sizeof *shared)
		msvcp140_throw_bad_cast();
	int held;
	msvcp140_Lockit(&held, 0);
	if (!shared[*id])
		make(&shared[*id], l);
	f = shared[*id];
	msvcp140_Lockit_end(&held);
	return f;
}
