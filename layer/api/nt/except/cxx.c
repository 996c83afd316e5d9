/* SPDX-License-Identifier: Apache-2.0 */
/* cxx.c -- __CxxFrameHandler3 and 4: which catch, undoing states, running the catch block.
 *
 * A catch block runs on top of the stack, above everything that the exception has passed, so
 * that the object is still there; for the unwinder its frame is followed by that of its function
 * (a consolidated unwinding, STATUS_UNWIND_CONSOLIDATE).  There the function's address still
 * says the state that it had when the exception came.  So the state that is left comes with the
 * frame, in the dispatcher's ScopeIndex: 0 when it is to be found by the address, else 2 more.
 */
#include "layer/api/nt/except/cxx.h"

#include <string.h>

#include "layer/api/nt/except/except.h"
#include "layer/api/nt/image/ldr.h"

enum { CONSOLIDATE = (int)0x80000029, LONGJUMP = (int)0x80000026, OURS = 0x4a4f4953 };

/* A catch block that runs, on the stack of who runs it. */
struct cxx_caught {
	struct cxx_caught *outer;
	struct EXCEPTION_RECORD *r;
	struct CONTEXT *c;
	const struct cxx_func *f;
	const struct cxx_catch *k;
	bool again; /* it throws on what it has caught */
	/* of the one around */
	struct EXCEPTION_RECORD *current;
	struct CONTEXT *context;
};

static _Thread_local struct cxx_thread mine __attribute__((tls_model("initial-exec")));

struct cxx_thread *
cxx_thread(void)
{
	return &mine;
}

WINAPI _Noreturn void ucrtbase_terminate(void);

_Noreturn void
cxx_terminate(void)
{
	ucrtbase_terminate();
}

void
cxx_throwing(bool again)
{
	mine.throwing++;
	if (again && mine.caught)
		mine.caught->again = true;
}

static int
state_of(const struct cxx_func *f, const struct DISPATCHER_CONTEXT *dc)
{
	return dc->ScopeIndex ? (int)dc->ScopeIndex - 2 : cxx_state(f, dc->ControlPc);
}

int
cxx_state(const struct cxx_func *f, uint64_t pc)
{
	return f->four ? cxx_state4(f, pc) : cxx_state3(f, pc);
}

bool
cxx_action(const struct cxx_func *f, int state, struct cxx_action *a)
{
	return f->four ? cxx_action4(f, state, a) : cxx_action3(f, state, a);
}

bool
cxx_next_try(const struct cxx_func *f, struct cxx_cursor *c, struct cxx_try *t)
{
	return f->four ? cxx_try4(f, c, t) : cxx_try3(f, c, t);
}

bool
cxx_next_catch(const struct cxx_func *f, const struct cxx_try *t, struct cxx_cursor *c,
               struct cxx_catch *k)
{
	return f->four ? cxx_catch4(f, t, c, k) : cxx_catch3(f, t, c, k);
}

/* -- undoing states ------------------------------------------------------------------------------ */

struct undo {
	const struct cxx_func *f;
	const struct cxx_action *a;
};

static uint64_t
undo(void *ctx)
{
	struct undo *u = ctx;
	uint64_t code = u->f->im.base + u->a->action;
	void *object = (void *)(u->f->frame + u->a->object);
	switch (u->a->kind) {
	case CXX_DESTROY: ((void(WINAPI *)(void *))code)(object); break;
	case CXX_DESTROY_POINTED: ((void(WINAPI *)(void *))code)(*(void **)object); break;
	case CXX_FUNCLET:
		((void(WINAPI *)(uint64_t, void *))code)(code, (void *)u->f->frame);
		break;
	case CXX_NOTHING: break;
	}
	return 0;
}

/* An exception that leaves a destructor which runs because of another one: [except.terminate]. */
static int
escaped(struct EXCEPTION_RECORD *r, struct guard *g, struct DISPATCHER_CONTEXT *dc)
{
	(void)g;
	(void)dc;
	if (!(r->ExceptionFlags & EXCEPTION_UNWINDING) && cxx_is(r))
		cxx_terminate();
	return ExceptionContinueSearch;
}

static void
unwind_states(const struct cxx_func *f, struct DISPATCHER_CONTEXT *dc, int target)
{
	int state = state_of(f, dc);
	struct cxx_action a;
	while (state > target && cxx_action(f, state, &a)) {
		/* should this be left by another unwinding, that one goes on behind it */
		dc->ScopeIndex = (DWORD)(a.to + 2);
		if (a.kind != CXX_NOTHING) {
			struct undo u = { f, &a };
			struct guard g = { .handler = escaped };
			unwind_guard(undo, &u, &g);
		}
		state = a.to;
	}
}

/* -- the catch block ----------------------------------------------------------------------------- */

static uint64_t
funclet(void *a)
{
	struct cxx_caught *k = a;
	uint64_t code = k->f->im.base + k->k->handler;
	return ((uint64_t(WINAPI *)(uint64_t, void *))code)(code, (void *)k->f->frame);
}

/* Out of the chain; the object goes with the last who has it. */
static void
drop(struct cxx_caught *k, bool keep)
{
	struct cxx_caught *other;
	mine.caught = k->outer;
	mine.current = k->current;
	mine.context = k->context;
	if (keep || !cxx_is(k->r))
		return;
	for (other = mine.caught; other; other = other->outer)
		if (cxx_is(other->r) &&
		    other->r->ExceptionInformation[1] == k->r->ExceptionInformation[1]) {
			other->again = false;
			return;
		}
	cxx_destroy(k->r);
}

/* An exception leaves the catch block. */
static int
left(struct EXCEPTION_RECORD *r, struct guard *g, struct DISPATCHER_CONTEXT *dc)
{
	struct cxx_caught *k = g->data;
	(void)dc;
	if (r->ExceptionFlags & EXCEPTION_UNWINDING) {
		bool same = r->ExceptionCode == (DWORD)CONSOLIDATE && r->NumberParameters >= 3 &&
		            r->ExceptionInformation[3] == OURS &&
		            r->ExceptionInformation[2] == k->r->ExceptionInformation[1];
		drop(k, same || k->again);
	}
	return ExceptionContinueSearch;
}

/* Run by the end of the unwinding, as RtlRestoreContext does: says where to go on. */
static WINAPI void *
run_catch(struct EXCEPTION_RECORD *r)
{
	struct cxx_caught *k = (struct cxx_caught *)r->ExceptionInformation[1];
	struct guard g = { .handler = left, .data = k };
	k->outer = mine.caught;
	k->current = mine.current;
	k->context = mine.context;
	mine.caught = k;
	mine.current = k->r;
	mine.context = k->c;
	if (mine.throwing > 0)
		mine.throwing--;
	uint64_t to = unwind_guard(funclet, k, &g);
	drop(k, false);
	if (to < k->k->ngo_on) /* FuncInfo4: which of the addresses */
		to = k->f->im.base + k->k->go_on[to];
	return (void *)to;
}

/* This function catches it: undo what lies between, and go to the catch block. */
static _Noreturn void
catch_it(struct EXCEPTION_RECORD *r, struct CONTEXT *c, struct DISPATCHER_CONTEXT *dc,
         const struct cxx_func *f, const struct cxx_try *t, const struct cxx_catch *k)
{
	struct cxx_action a = { .to = -1 };
	struct cxx_caught caught = { .r = r, .c = c, .f = f, .k = k };
	struct EXCEPTION_RECORD u = { .ExceptionCode = (DWORD)CONSOLIDATE,
		                      .ExceptionFlags = EXCEPTION_NONCONTINUABLE,
		                      .NumberParameters = 15 };
	struct CONTEXT here;
	cxx_action(f, t->low, &a);
	u.ExceptionInformation[0] = (ULONG_PTR)run_catch;
	u.ExceptionInformation[1] = (ULONG_PTR)&caught;
	u.ExceptionInformation[2] = cxx_is(r) ? r->ExceptionInformation[1] : 0;
	u.ExceptionInformation[3] = OURS;
	u.ExceptionInformation[4] = (ULONG_PTR)(int64_t)t->low;
	u.ExceptionInformation[5] = (ULONG_PTR)(int64_t)a.to;
	except_capture(&here);
	unwind_to(&here, (void *)dc->EstablisherFrame, (void *)dc->ControlPc, &u, NULL, NULL);
}

/* Copying the exception may throw, and then nothing is right any more. */
struct giving {
	const struct cxx_func *f;
	const struct cxx_catch *k;
	const struct EXCEPTION_RECORD *r;
	const struct cxx_type *as;
};

static uint64_t
give(void *a)
{
	struct giving *g = a;
	cxx_give(g->f, g->k, g->r, g->as);
	return 0;
}

static void
search(struct EXCEPTION_RECORD *r, struct CONTEXT *c, struct DISPATCHER_CONTEXT *dc,
       const struct cxx_func *f)
{
	int state = state_of(f, dc);
	struct cxx_cursor i = { 0, 0 };
	struct cxx_try t;
	struct cxx_catch k;
	struct cxx_type as;
	bool any;
	while (cxx_next_try(f, &i, &t)) {
		/* a catch block's own only: those around it are its function's, whose frame comes */
		if (state < t.low || state > t.high || t.low <= f->floor ||
		    t.catch_high > f->ceiling)
			continue;
		struct cxx_cursor j = { 0, 0 };
		while (cxx_next_catch(f, &t, &j, &k)) {
			if (!cxx_match(f, &k, r, &as, &any))
				continue;
			if (any && f->sync && !cxx_is(r))
				continue;
			if (!any) {
				struct giving giving = { f, &k, r, &as };
				struct guard g = { .handler = escaped };
				unwind_guard(give, &giving, &g);
			}
			catch_it(r, c, dc, f, &t, &k);
		}
	}
	if (f->noexcept && cxx_is(r))
		cxx_terminate();
}

static int
handle(struct EXCEPTION_RECORD *r, struct CONTEXT *c, struct DISPATCHER_CONTEXT *dc,
       struct cxx_func *f)
{
	if (r->ExceptionFlags & (EXCEPTION_UNWINDING | EXCEPTION_EXIT_UNWIND)) {
		if (!(r->ExceptionFlags & EXCEPTION_TARGET_UNWIND)) {
			unwind_states(f, dc, f->floor);
		} else if (r->ExceptionCode == (DWORD)CONSOLIDATE && r->NumberParameters == 15 &&
		           r->ExceptionInformation[3] == OURS) {
			unwind_states(f, dc, (int)(int64_t)r->ExceptionInformation[4]);
			dc->ScopeIndex = (DWORD)(int)(int64_t)r->ExceptionInformation[5] + 2;
		} else if (r->ExceptionCode == (DWORD)LONGJUMP) {
			unwind_states(f, dc, cxx_state(f, dc->TargetIp));
		}
		return ExceptionContinueSearch;
	}
	if (r->ExceptionCode == (DWORD)CXX_CODE && r->NumberParameters >= 3 &&
	    !r->ExceptionInformation[2]) {
		if (!mine.current) /* throw; outside of any catch */
			return ExceptionContinueSearch;
		r = mine.current;
		c = mine.context;
	}
	if (!cxx_is(r) && mine.translator && r->ExceptionCode != (DWORD)STATUS_BREAKPOINT) {
		struct EXCEPTION_POINTERS p = { r, c };
		mine.translator(r->ExceptionCode, &p);
	}
	search(r, c, dc, f);
	return ExceptionContinueSearch;
}

static void
image_of(struct cxx_func *f, const struct DISPATCHER_CONTEXT *dc)
{
	struct module *m = ldr_at((const void *)(uintptr_t)dc->ImageBase);
	f->stack = unwind_stack();
	bool known = m && (uint64_t)(uintptr_t)m->entry.DllBase == dc->ImageBase;
	f->im = (struct image){ .base = dc->ImageBase,
		                .size = known ? m->entry.SizeOfImage : UINT32_MAX };
	const struct RUNTIME_FUNCTION *first = pdata_primary(&f->im, dc->FunctionEntry);
	f->begin = first ? first->BeginAddress : dc->FunctionEntry->BeginAddress;
}

WINAPI int
cxx_handler3(struct EXCEPTION_RECORD *r, void *frame, struct CONTEXT *c,
             struct DISPATCHER_CONTEXT *dc)
{
	struct cxx_func f = { .frame = 0 };
	image_of(&f, dc);
	if (!cxx_func3(&f, dc, (uint64_t)(uintptr_t)frame))
		return ExceptionContinueSearch;
	return handle(r, c, dc, &f);
}

WINAPI int
cxx_handler4(struct EXCEPTION_RECORD *r, void *frame, struct CONTEXT *c,
             struct DISPATCHER_CONTEXT *dc)
{
	struct cxx_func f = { .frame = 0 };
	image_of(&f, dc);
	if (!cxx_func4(&f, dc, (uint64_t)(uintptr_t)frame))
		return ExceptionContinueSearch;
	return handle(r, c, dc, &f);
}

/* -- catching in our own code ------------------------------------------------------------------------- */

struct attempt {
	void (*f)(void *);
	bool (*take)(void *);
	void (*passed)(void *);
	void *a;
	volatile bool caught;
};

static uint64_t
attempt(void *a)
{
	struct attempt *t = a;
	t->f(t->a);
	return 0;
}

/* The frame goes on as if the function had come back. */
static int
attempted(struct EXCEPTION_RECORD *r, struct guard *g, struct DISPATCHER_CONTEXT *dc)
{
	struct attempt *t = g->data;
	struct CONTEXT here;
	if (r->ExceptionFlags & EXCEPTION_UNWINDING) {
		if (!t->caught)
			t->passed(t->a);
		return ExceptionContinueSearch;
	}
	if (!cxx_is(r) || !t->take(t->a))
		return ExceptionContinueSearch;
	t->caught = true;
	cxx_destroy(r);
	if (mine.throwing > 0)
		mine.throwing--;
	except_capture(&here);
	unwind_to(&here, (void *)dc->EstablisherFrame, (void *)(uintptr_t)unwind_guard_return, NULL,
	          NULL, NULL);
}

bool
cxx_attempt(void (*f)(void *a), bool (*take)(void *a), void (*passed)(void *a), void *a)
{
	struct attempt t = { f, take, passed, a, false };
	struct guard g = { .handler = attempted, .data = &t };
	unwind_guard(attempt, &t, &g);
	return !t.caught;
}
