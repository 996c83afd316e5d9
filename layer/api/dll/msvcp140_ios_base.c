/* SPDX-License-Identifier: Apache-2.0 */
/* msvcp140_ios_base.c -- ios_base: states, flags, what a program keeps with a stream. */
#include <string.h>

#include "layer/api/dll/msvcp140.h"
#include "layer/api/nt/except/cxx.h"

enum event { ERASE, IMBUE, COPYFMT };

struct ios_call { /* register_callback() */
	struct ios_call *next;
	int index;
	void(WINAPI *f)(enum event, struct ios_base *, int);
};

TABLE(msvcp140_ios_base_slots, 1);

/* -- states ---------------------------------------------------------------------------------------- */

WINAPI void
msvcp140_ios_base_clear(struct ios_base *b, int state, bool again)
{
	b->state = state & IOS_STATES;
	int bad = b->state & b->except;
	if (!bad)
		return;
	if (again)
		msvcp140_throw_again();
	msvcp140_throw_failure(bad & IOS_BAD    ? "ios_base::badbit set"
	                       : bad & IOS_FAIL ? "ios_base::failbit set"
	                                        : "ios_base::eofbit set");
}

WINAPI void
msvcp140_ios_base_clear_plain(struct ios_base *b, int state)
{
	msvcp140_ios_base_clear(b, state, false);
}

WINAPI void
msvcp140_ios_base_setstate(struct ios_base *b, int state, bool again)
{
	if (state)
		msvcp140_ios_base_clear(b, b->state | state, again);
}

WINAPI void
msvcp140_ios_base_setstate_plain(struct ios_base *b, int state)
{
	msvcp140_ios_base_setstate(b, state, false);
}

WINAPI int
msvcp140_ios_base_rdstate(const struct ios_base *b)
{
	return b->state;
}

WINAPI bool
msvcp140_ios_base_good(const struct ios_base *b)
{
	return !b->state;
}

WINAPI bool
msvcp140_ios_base_eof(const struct ios_base *b)
{
	return b->state & IOS_EOF;
}

WINAPI bool
msvcp140_ios_base_fail(const struct ios_base *b)
{
	return b->state & (IOS_BAD | IOS_FAIL);
}

WINAPI bool
msvcp140_ios_base_well(const struct ios_base *b)
{
	return !msvcp140_ios_base_fail(b);
}

WINAPI bool
msvcp140_ios_base_bad(const struct ios_base *b)
{
	return b->state & IOS_BAD;
}

WINAPI int
msvcp140_ios_base_exceptions(const struct ios_base *b)
{
	return b->except;
}

WINAPI void
msvcp140_ios_base_set_exceptions(struct ios_base *b, int except)
{
	b->except = except & IOS_STATES;
	msvcp140_ios_base_clear(b, b->state, false);
}

/* -- exceptions of others ------------------------------------------------------------------------------ */

static bool
take(void *job)
{
	return !(((const struct ios_job *)job)->s->base.except & IOS_BAD);
}

static void
passed(void *job)
{
	struct ios *s = ((const struct ios_job *)job)->s;
	s->base.state |= IOS_BAD;
	if (s->buffer)
		VIRTUAL(s->buffer, BUF_UNLOCK, WINAPI void (*)(struct streambuf *), s->buffer);
}

void
msvcp140_ios_base_run(void (*f)(void *job), struct ios_job *j)
{
	if (!cxx_attempt(f, take, passed, j))
		j->state |= IOS_BAD;
}

/* -- flags ----------------------------------------------------------------------------------------- */

WINAPI int
msvcp140_ios_base_flags(const struct ios_base *b)
{
	return b->flags;
}

WINAPI int
msvcp140_ios_base_set_flags(struct ios_base *b, int flags)
{
	int old = b->flags;
	b->flags = flags & IOS_FLAGS;
	return old;
}

WINAPI int
msvcp140_ios_base_setf(struct ios_base *b, int flags)
{
	return msvcp140_ios_base_set_flags(b, b->flags | flags);
}

WINAPI int
msvcp140_ios_base_setf_mask(struct ios_base *b, int flags, int mask)
{
	return msvcp140_ios_base_set_flags(b, (b->flags & ~mask) | (flags & mask));
}

WINAPI void
msvcp140_ios_base_unsetf(struct ios_base *b, int mask)
{
	b->flags &= ~mask;
}

WINAPI int64_t
msvcp140_ios_base_precision(const struct ios_base *b)
{
	return b->precision;
}

WINAPI int64_t
msvcp140_ios_base_set_precision(struct ios_base *b, int64_t precision)
{
	int64_t old = b->precision;
	b->precision = precision;
	return old;
}

WINAPI int64_t
msvcp140_ios_base_width(const struct ios_base *b)
{
	return b->width;
}

WINAPI int64_t
msvcp140_ios_base_set_width(struct ios_base *b, int64_t width)
{
	int64_t old = b->width;
	b->width = width;
	return old;
}

/* -- what a program keeps ---------------------------------------------------------------------------- */

int msvcp140_ios_base_index; /* _Index */
bool msvcp140_ios_base_synced = true;

WINAPI int
msvcp140_ios_base_xalloc(void)
{
	return __atomic_fetch_add(&msvcp140_ios_base_index, 1, __ATOMIC_SEQ_CST);
}

WINAPI struct ios_array *
msvcp140_ios_base_Findarr(struct ios_base *b, int index)
{
	struct ios_array *a;
	for (a = b->arrays; a; a = a->next)
		if (a->index == index)
			return a;
	a = msvcp140_new(sizeof *a);
	*a = (struct ios_array){ .next = b->arrays, .index = index };
	b->arrays = a;
	return a;
}

WINAPI int32_t *
msvcp140_ios_base_iword(struct ios_base *b, int index)
{
	return &msvcp140_ios_base_Findarr(b, index)->word;
}

WINAPI void **
msvcp140_ios_base_pword(struct ios_base *b, int index)
{
	return &msvcp140_ios_base_Findarr(b, index)->pointer;
}

WINAPI void
msvcp140_ios_base_register_callback(struct ios_base *b,
                                    void(WINAPI *f)(enum event, struct ios_base *, int), int index)
{
	struct ios_call *c = msvcp140_new(sizeof *c);
	*c = (struct ios_call){ b->calls, index, f };
	b->calls = c;
}

WINAPI void
msvcp140_ios_base_Callfns(struct ios_base *b, enum event event)
{
	for (struct ios_call *c = b->calls; c; c = c->next)
		c->f(event, b, c->index);
}

WINAPI void
msvcp140_ios_base_Tidy(struct ios_base *b)
{
	msvcp140_ios_base_Callfns(b, ERASE);
	for (struct ios_array *a = b->arrays, *next; a; a = next) {
		next = a->next;
		crt_free(a);
	}
	for (struct ios_call *c = b->calls, *next; c; c = next) {
		next = c->next;
		crt_free(c);
	}
	b->arrays = NULL;
	b->calls = NULL;
}

/* All but the state and the buffer. */
WINAPI struct ios_base *
msvcp140_ios_base_copyfmt(struct ios_base *b, const struct ios_base *from)
{
	if (b == from)
		return b;
	msvcp140_ios_base_Tidy(b);
	struct locimp *old = b->locale->imp;
	msvcp140_locale_take(b->locale, from->locale->imp);
	msvcp140_facet_delete(&old->facet);
	b->flags = from->flags;
	b->precision = from->precision;
	b->width = from->width;
	for (const struct ios_array *a = from->arrays; a; a = a->next) {
		struct ios_array *copy = msvcp140_ios_base_Findarr(b, a->index);
		copy->word = a->word;
		copy->pointer = a->pointer;
	}
	for (const struct ios_call *c = from->calls; c; c = c->next)
		msvcp140_ios_base_register_callback(b, c->f, c->index);
	msvcp140_ios_base_Callfns(b, COPYFMT);
	msvcp140_ios_base_set_exceptions(b, from->except);
	return b;
}

/* All but which of the standard streams it is. */
WINAPI void
msvcp140_ios_base_swap(struct ios_base *a, struct ios_base *b)
{
	enum { FROM = offsetof(struct ios_base, state) };
	char old[sizeof *a - FROM];
	memcpy(old, (char *)a + FROM, sizeof old);
	memcpy((char *)a + FROM, (char *)b + FROM, sizeof old);
	memcpy((char *)b + FROM, old, sizeof old);
}

WINAPI struct locale *
msvcp140_ios_base_getloc(const struct ios_base *b, struct locale *out)
{
	msvcp140_locale_take(out, b->locale->imp);
	return out;
}

WINAPI struct locale *
msvcp140_ios_base_imbue(struct ios_base *b, struct locale *old, const struct locale *l)
{
	*old = *b->locale;
	msvcp140_locale_take(b->locale, l->imp);
	msvcp140_ios_base_Callfns(b, IMBUE);
	return old;
}

/* It says what was so before; our streams always write through the C run-time's. */
WINAPI bool
msvcp140_ios_base_sync_with_stdio(bool sync)
{
	bool old = msvcp140_ios_base_synced;
	msvcp140_ios_base_synced = sync;
	return old;
}

/* -- beginning and end -------------------------------------------------------------------------------- */

WINAPI static void *delete (struct ios_base *b, unsigned flags)
{
	msvcp140_ios_base_Ios_base_dtor(b);
	if (flags & 1)
		crt_free(b);
	return b;
}

WINAPI void
msvcp140_ios_base_ctor(struct ios_base *b)
{
	msvcp140_function **t = msvcp140_table(msvcp140_ios_base_slots, CLASS_IOS_BASE);
	t[0] = (msvcp140_function *)delete;
	b->table = t;
}

WINAPI void
msvcp140_ios_base_Init(struct ios_base *b)
{
	b->standard = 0;
	b->except = 0;
	b->state = 0;
	b->flags = IOS_SKIPWS | IOS_DEC;
	b->precision = 6;
	b->width = 0;
	b->arrays = NULL;
	b->calls = NULL;
	b->locale = msvcp140_new(sizeof *b->locale);
	b->locale->imp = msvcp140_locale_Init(true);
}

/* The standard streams may be made again over themselves (by each module that uses them), and
 * end with the last. */
static struct ios_base *standard[9];
static int opened[9];

WINAPI void
msvcp140_ios_base_Addstd(struct ios_base *b)
{
	size_t i = 1;
	while (i < 8 && standard[i] && standard[i] != b)
		i++;
	standard[i] = b;
	opened[i]++;
	b->standard = i;
}

WINAPI void
msvcp140_ios_base_Ios_base_dtor(struct ios_base *b)
{
	if (b->standard && b->standard < 9 && --opened[b->standard] > 0)
		return;
	msvcp140_ios_base_Tidy(b);
	if (b->locale)
		msvcp140_locale_drop(b->locale);
	crt_free(b->locale);
	b->locale = NULL;
}
