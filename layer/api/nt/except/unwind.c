/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/api/nt/except/unwind.h"

#include <string.h>

#include "layer/api/nt/except/except.h"

enum {
	UNWIND_STATUS = (int)0xc0000027,
	UNWIND_CONSOLIDATE = (int)0x80000029,
	LONGJUMP = (int)0x80000026,
	BAD_STACK = (int)0xc0000028,
	INVALID_UNWIND_TARGET = (int)0xc0000029,
	INVALID_DISPOSITION = (int)0xc0000026,
};

bool
unwind_read(const struct bounds *b, uint64_t address, void *out, size_t n)
{
	if (address < b->low || address > b->high || b->high - address < n)
		return false;
	memcpy(out, (const void *)address, n);
	return true;
}

struct bounds
unwind_stack(void)
{
	struct TEB *t = teb();
	return (struct bounds){ (uint64_t)(uintptr_t)t->StackLimit,
		                (uint64_t)(uintptr_t)t->StackBase };
}

/* A frame of ours.  Its establisher is where its stack begins, as a leaf's. */
bool
unwind_ours(struct CONTEXT *c, struct KNONVOLATILE_CONTEXT_POINTERS *p, const struct bounds *stack,
            struct unwind_frame *f)
{
	f->establisher = c->Rsp;
	if (c->Rip != (uint64_t)(uintptr_t)unwind_guard_return)
		return cfi_step(c, p, f->exact, stack);
	uint64_t g;
	if (!unwind_read(stack, c->Rsp, &g, 8))
		return false;
	f->guard = (struct guard *)g;
	if (!f->guard->beneath)
		return cfi_step(c, p, f->exact, stack);
	*c = *f->guard->beneath;
	f->scope = f->guard->scope;
	f->exact = true;
	return true;
}

bool
unwind_step(struct CONTEXT *c, DWORD kind, const struct bounds *stack, struct unwind_frame *f)
{
	struct image im;
	uint64_t next;
	bool exact = f->exact;
	*f = (struct unwind_frame){ .pc = c->Rip, .establisher = c->Rsp, .exact = exact };
	if (c->Rsp < stack->low || c->Rsp >= stack->high || (c->Rsp & 7))
		return false;
	if (cfi_ours(c->Rip)) {
		if (!unwind_ours(c, NULL, stack, f))
			return false;
		if (!f->guard || !f->guard->beneath)
			f->exact = false;
		return true;
	}
	f->exact = false;
	f->function = functable_find(c->Rip, &im);
	f->image = im.base;
	if (f->function)
		return pdata_step(&im, f->function, f->pc, c, NULL, kind, stack, &f->handler,
		                  &f->data, &f->establisher);
	if (!unwind_read(stack, c->Rsp, &next, 8))
		return false;
	c->Rip = next;
	c->Rsp += 8;
	return true;
}

/* -- calling language handlers --------------------------------------------------------------------- */

struct call {
	struct EXCEPTION_RECORD *r;
	struct CONTEXT *c;
	struct DISPATCHER_CONTEXT *dc;
};

static uint64_t
call(void *a)
{
	struct call *k = a;
	return (uint32_t)k->dc->LanguageHandler(k->r, (void *)k->dc->EstablisherFrame, k->c, k->dc);
}

/* An exception or an unwinding comes over a handler that was called for an exception: there
 * it goes on with the frames that the first one had still before it. */
static int
nested(struct EXCEPTION_RECORD *r, struct guard *g, struct DISPATCHER_CONTEXT *dc)
{
	const struct DISPATCHER_CONTEXT *first = g->data;
	if (r->ExceptionFlags & (EXCEPTION_UNWINDING | EXCEPTION_EXIT_UNWIND))
		return ExceptionContinueSearch;
	dc->EstablisherFrame = first->EstablisherFrame;
	return ExceptionNestedException;
}

/* The same, when it was called to unwind its frame: what lies between is done with already, so
 * the second one takes over where the first one stood. */
static int
collided(struct EXCEPTION_RECORD *r, struct guard *g, struct DISPATCHER_CONTEXT *dc)
{
	const struct DISPATCHER_CONTEXT *first = g->data;
	uint64_t target = dc->TargetIp;
	(void)r;
	*dc = *first;
	dc->TargetIp = target;
	return ExceptionCollidedUnwind;
}

int
unwind_call(struct EXCEPTION_RECORD *r, struct CONTEXT *c, struct DISPATCHER_CONTEXT *dc,
            bool unwinding)
{
	struct call k = { r, c, dc };
	struct guard g = { .handler = unwinding ? collided : nested, .data = dc };
	return (int)unwind_guard(call, &k, &g);
}

/* -- unwinding --------------------------------------------------------------------------------------- */

struct unwinding {
	struct CONTEXT cur, next; /* of the frame now, and of its caller */
	struct unwind_frame f;
	struct DISPATCHER_CONTEXT dc;
	struct EXCEPTION_RECORD *r;
	struct bounds stack;
	uint64_t target;
	void *ip, *value, *history;
	DWORD scope;
};

static _Noreturn void
cannot(struct unwinding *u, int code)
{
	struct EXCEPTION_RECORD r = { .ExceptionCode = (DWORD)code,
		                      .ExceptionFlags = EXCEPTION_NONCONTINUABLE,
		                      .ExceptionRecord = u->r,
		                      .ExceptionAddress = (void *)(uintptr_t)u->cur.Rip };
	except_raise_record(&r, &u->cur);
}

static void
describe(struct unwinding *u)
{
	u->dc = (struct DISPATCHER_CONTEXT){
		.ControlPc = u->f.pc,
		.ImageBase = u->f.image,
		.FunctionEntry = u->f.function,
		.EstablisherFrame = u->f.establisher,
		.TargetIp = (uint64_t)(uintptr_t)u->ip,
		.ContextRecord = &u->cur,
		.LanguageHandler = u->f.handler,
		.HandlerData = u->f.data,
		.HistoryTable = u->history,
		.ScopeIndex = u->scope,
	};
}

/* The frame where a collided unwinding stood becomes ours. */
static void
take_over(struct unwinding *u)
{
	uint64_t establisher = u->dc.EstablisherFrame;
	exception_routine *handler = u->dc.LanguageHandler;
	u->cur = *u->dc.ContextRecord;
	u->dc.ContextRecord = &u->cur;
	u->next = u->cur;
	u->scope = u->dc.ScopeIndex;
	u->f = (struct unwind_frame){ .exact = true };
	if (!unwind_step(&u->next, UNW_FLAG_UHANDLER, &u->stack, &u->f))
		cannot(u, BAD_STACK);
	u->f.establisher = establisher;
	u->f.handler = handler;
	u->f.data = u->dc.HandlerData;
}

/* longjmp() knows the stack pointer of its target better than compilers know its frame. */
static bool
is_target(const struct unwinding *u)
{
	if (!u->target)
		return false;
	if (u->f.establisher == u->target)
		return true;
	return u->r->ExceptionCode == (DWORD)LONGJUMP && u->r->NumberParameters >= 1 &&
	       ((const uint64_t *)u->r->ExceptionInformation[0])[2] == u->cur.Rsp;
}

/* Let the frame's handler do what there is to do. */
static void
frame_unwind(struct unwinding *u, DWORD flags, bool target)
{
	DWORD collision = 0;
	do {
		u->r->ExceptionFlags = flags | collision | (target ? EXCEPTION_TARGET_UNWIND : 0);
		if (target)
			u->cur.Rax = (uint64_t)(uintptr_t)u->value;
		int d = unwind_call(u->r, &u->cur, &u->dc, true);
		collision = 0;
		if (d == ExceptionContinueSearch)
			continue;
		if (d != ExceptionCollidedUnwind)
			cannot(u, INVALID_DISPOSITION);
		take_over(u);
		describe(u);
		target = is_target(u);
		collision = EXCEPTION_COLLIDED_UNWIND;
	} while (collision && u->f.handler);
}

/* A guard may have a collision to tell of: then its frame is another one's. */
static void
guard_unwind(struct unwinding *u, DWORD flags)
{
	u->r->ExceptionFlags = flags;
	describe(u);
	if (u->f.guard->handler(u->r, u->f.guard, &u->dc) != ExceptionCollidedUnwind)
		return;
	take_over(u);
	describe(u);
	if (u->f.handler)
		frame_unwind(u, flags | EXCEPTION_COLLIDED_UNWIND, is_target(u));
}

_Noreturn void
unwind_to(struct CONTEXT *from, void *frame, void *ip, struct EXCEPTION_RECORD *r, void *value,
          void *history)
{
	struct unwinding u = { .target = (uint64_t)(uintptr_t)frame,
		               .r = r,
		               .ip = ip,
		               .value = value,
		               .history = history,
		               .stack = unwind_stack(),
		               .cur = *from };
	struct EXCEPTION_RECORD mine = { .ExceptionCode = (DWORD)UNWIND_STATUS,
		                         .ExceptionAddress = (void *)(uintptr_t)from->Rip };
	if (!r)
		u.r = &mine;
	DWORD flags = (u.r->ExceptionFlags & EXCEPTION_NONCONTINUABLE) | EXCEPTION_UNWINDING |
	              (frame ? 0 : EXCEPTION_EXIT_UNWIND);
	for (;;) {
		u.next = u.cur;
		if (!unwind_step(&u.next, UNW_FLAG_UHANDLER, &u.stack, &u.f)) {
			if (!frame)
				except_second_chance(u.r, &u.cur);
			cannot(&u,
			       u.f.establisher >= u.stack.high ? INVALID_UNWIND_TARGET : BAD_STACK);
		}
		DWORD scope = u.f.scope;
		if (u.f.guard && u.f.guard->handler) {
			guard_unwind(&u, flags);
			scope = u.f.scope;
		} else if (u.f.handler) {
			describe(&u);
			frame_unwind(&u, flags, is_target(&u));
		}
		if ((u.f.function || u.f.guard) && is_target(&u))
			break;
		if (u.target && u.f.function && u.f.establisher > u.target)
			cannot(&u, INVALID_UNWIND_TARGET);
		u.cur = u.next;
		u.scope = scope;
	}
	u.cur.Rax = (uint64_t)(uintptr_t)value;
	if (u.r->ExceptionCode != (DWORD)UNWIND_CONSOLIDATE)
		u.cur.Rip = (uint64_t)(uintptr_t)ip;
	except_restore(&u.cur, u.r, u.dc.ScopeIndex);
}

ULONG
unwind_trace(const struct CONTEXT *from, bool exact, ULONG skip, ULONG most, void **out)
{
	struct CONTEXT c = *from;
	struct bounds stack = unwind_stack();
	struct unwind_frame f = { .exact = exact };
	ULONG n = 0;
	while (n < most && c.Rip) {
		if (skip)
			skip--;
		else
			out[n++] = (void *)(uintptr_t)c.Rip;
		if (!unwind_step(&c, UNW_FLAG_NHANDLER, &stack, &f))
			break;
	}
	return n;
}
