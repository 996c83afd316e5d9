/* SPDX-License-Identifier: Apache-2.0 */
/* cxx_func4.c -- FuncInfo4, the compressed tables of __CxxFrameHandler4 (ehdata4_export.h of
 * Visual C++; "Making C++ Exception Handling Smaller On x64", Visual C++ team blog).
 *
 * A number is one to five bytes, by the low bits of the first.  Each catch block has tables of
 * its own, with states that are numbered by itself.
 */
#include <string.h>

#include "layer/api/nt/except/cxx.h"

enum {
	IS_CATCH = 1,
	IS_SEPARATED = 2,
	HAS_BBT = 4,
	HAS_STATES = 8,
	HAS_TRIES = 16,
	IS_SYNC = 32,
	IS_NOEXCEPT = 64,
	CATCH_HAS_ADJECTIVES = 1,
	CATCH_HAS_TYPE = 2,
	CATCH_HAS_OBJECT = 4,
	CATCH_GO_ON_RVA = 8,
	MOST = 1 << 20,
};

struct reader {
	const struct image *im;
	uint32_t at;
	bool bad;
};

static uint32_t
byte(struct reader *r)
{
	uint8_t b = 0;
	if (!cxx_read(r->im, r->at, &b, 1))
		r->bad = true;
	r->at++;
	return b;
}

static uint32_t
whole(struct reader *r)
{
	uint32_t v = 0;
	if (!cxx_read(r->im, r->at, &v, 4))
		r->bad = true;
	r->at += 4;
	return v;
}

static uint32_t
number(struct reader *r)
{
	uint32_t first = byte(r);
	if (!(first & 1))
		return first >> 1;
	if (!(first & 2))
		return first >> 2 | byte(r) << 6;
	if (!(first & 4)) {
		uint32_t second = byte(r);
		return first >> 3 | second << 5 | byte(r) << 13;
	}
	if (!(first & 8)) {
		uint32_t second = byte(r), third = byte(r);
		return first >> 4 | second << 4 | third << 12 | byte(r) << 20;
	}
	return whole(r);
}

/* A function in pieces has a map for each: by where the piece begins. */
static void
piece(struct cxx_func *f, uint32_t rva, uint32_t function)
{
	struct reader r = { &f->im, rva, false };
	uint32_t n = number(&r);
	for (uint32_t i = 0; i < n && !r.bad; i++) {
		uint32_t begin = whole(&r), map = whole(&r);
		if (begin == function) {
			f->ips = map;
			return;
		}
	}
}

/* The count of a map, which stands before it. */
static uint32_t
counted(const struct image *im, uint32_t *rva, bool *bad)
{
	struct reader r = { im, *rva, false };
	uint32_t n = number(&r);
	*rva = r.at;
	if (r.bad || n > MOST)
		*bad = true;
	return *bad ? 0 : n;
}

bool
cxx_func4(struct cxx_func *f, const struct DISPATCHER_CONTEXT *dc, uint64_t establisher)
{
	uint32_t rva;
	uint64_t data = (uint64_t)(uintptr_t)dc->HandlerData;
	if (data < dc->ImageBase || !cxx_read(&f->im, (uint32_t)(data - dc->ImageBase), &rva, 4))
		return false;
	struct reader r = { &f->im, rva, false };
	uint32_t flags = byte(&r);
	f->four = true;
	f->floor = -1;
	f->ceiling = INT32_MAX;
	f->sync = flags & IS_SYNC;
	f->noexcept = flags & IS_NOEXCEPT;
	f->frame = establisher;
	if (flags & HAS_BBT)
		number(&r);
	if (flags & HAS_STATES)
		f->states = whole(&r);
	if (flags & HAS_TRIES)
		f->tries = whole(&r);
	f->ips = whole(&r);
	if (flags & IS_SEPARATED) {
		uint32_t map = f->ips;
		f->ips = 0;
		piece(f, map, dc->FunctionEntry->BeginAddress);
	}
	if (flags & IS_CATCH && !unwind_read(&f->stack, establisher + number(&r), &f->frame, 8))
		return false;
	if (f->states)
		f->nstate = counted(&f->im, &f->states, &r.bad);
	if (f->tries)
		f->ntry = counted(&f->im, &f->tries, &r.bad);
	if (f->ips)
		f->nip = counted(&f->im, &f->ips, &r.bad);
	return !r.bad;
}

int
cxx_state4(const struct cxx_func *f, uint64_t pc)
{
	struct reader r = { &f->im, f->ips, false };
	uint32_t ip = f->begin, rva = (uint32_t)(pc - f->im.base);
	int state = -1;
	for (uint32_t i = 0; i < f->nip; i++) {
		ip += number(&r);
		int next = (int)number(&r) - 1;
		if (r.bad || ip > rva)
			break;
		state = next;
	}
	return state;
}

/* Entries are of different lengths and say how far back the next one to be undone begins. */
static bool
entry(struct reader *r, struct cxx_action *a, uint32_t *back)
{
	uint32_t head = number(r);
	*a = (struct cxx_action){ .to = -1, .kind = head & 3 };
	*back = head >> 2;
	if (a->kind != CXX_NOTHING)
		a->action = whole(r);
	if (a->kind == CXX_DESTROY || a->kind == CXX_DESTROY_POINTED)
		a->object = number(r);
	return !r->bad;
}

bool
cxx_action4(const struct cxx_func *f, int state, struct cxx_action *a)
{
	struct reader r = { &f->im, f->states, false };
	struct cxx_action other;
	uint32_t back, target, ignored;
	if (state < 0 || (uint32_t)state >= f->nstate)
		return false;
	for (int i = 0; i < state; i++)
		if (!entry(&r, &other, &ignored))
			return false;
	uint32_t here = r.at;
	if (!entry(&r, a, &back))
		return false;
	if (!back || back > here - f->states)
		return true; /* before the first: nothing is left */
	target = here - back;
	r.at = f->states;
	for (int i = 0; i < state; i++) {
		if (r.at == target) {
			a->to = i;
			return true;
		}
		if (!entry(&r, &other, &ignored))
			return false;
	}
	return false;
}

bool
cxx_try4(const struct cxx_func *f, struct cxx_cursor *c, struct cxx_try *t)
{
	struct reader r = { &f->im, c->i ? c->at : f->tries, false };
	if (c->i >= f->ntry)
		return false;
	t->low = (int)number(&r);
	t->high = (int)number(&r);
	t->catch_high = (int)number(&r);
	t->catches = whole(&r);
	c->i++;
	c->at = r.at;
	t->ncatch = counted(&f->im, &t->catches, &r.bad);
	return !r.bad;
}

bool
cxx_catch4(const struct cxx_func *f, const struct cxx_try *t, struct cxx_cursor *c,
           struct cxx_catch *k)
{
	struct reader r = { &f->im, c->i ? c->at : t->catches, false };
	if (c->i >= t->ncatch)
		return false;
	uint32_t flags = byte(&r);
	*k = (struct cxx_catch){ .ngo_on = flags >> 4 & 3 };
	if (flags & CATCH_HAS_ADJECTIVES)
		k->adjectives = number(&r);
	if (flags & CATCH_HAS_TYPE)
		k->type = whole(&r);
	if (flags & CATCH_HAS_OBJECT)
		k->object = (int32_t)number(&r);
	k->handler = whole(&r);
	for (uint32_t i = 0; i < k->ngo_on; i++) {
		uint32_t v = flags & CATCH_GO_ON_RVA ? whole(&r) : f->begin + number(&r);
		if (i < 2)
			k->go_on[i] = v;
	}
	if (k->ngo_on > 2)
		r.bad = true;
	c->i++;
	c->at = r.at;
	return !r.bad;
}
