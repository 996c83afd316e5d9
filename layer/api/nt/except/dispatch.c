/* SPDX-License-Identifier: Apache-2.0 */
/* dispatch.c -- an exception's way: vectored handlers, the frames' handlers, the filter of last
 * resort, the report.
 *
 * Up to the vectored handlers little of the stack is used: a Go program has less than 4 KiB
 * left where its goroutines fault.
 */
#include <string.h>

#include "layer/api/nt/except/except.h"
#include "layer/api/nt/except/unwind.h"

struct search {
	struct CONTEXT cur, next;
	struct unwind_frame f;
	struct DISPATCHER_CONTEXT dc;
	struct bounds stack;
	uint64_t nested;
	DWORD flags, scope;
};

static void
describe(struct search *s)
{
	s->dc = (struct DISPATCHER_CONTEXT){
		.ControlPc = s->f.pc,
		.ImageBase = s->f.image,
		.FunctionEntry = s->f.function,
		.EstablisherFrame = s->f.establisher,
		.ContextRecord = &s->next,
		.LanguageHandler = s->f.handler,
		.HandlerData = s->f.data,
		.ScopeIndex = s->scope,
	};
}

static _Noreturn void
wrong(struct EXCEPTION_RECORD *r, struct CONTEXT *c, NTSTATUS code)
{
	struct EXCEPTION_RECORD again = { .ExceptionCode = (DWORD)code,
		                          .ExceptionFlags = EXCEPTION_NONCONTINUABLE,
		                          .ExceptionRecord = r,
		                          .ExceptionAddress = (void *)(uintptr_t)c->Rip };
	except_raise_record(&again, c);
}

/* An unwinding that this exception's search has met: go on where it stood. */
static void
take_over(struct search *s)
{
	struct DISPATCHER_CONTEXT dc = s->dc;
	s->cur = *dc.ContextRecord;
	s->next = s->cur;
	s->f = (struct unwind_frame){ .exact = true };
	if (!unwind_step(&s->next, UNW_FLAG_EHANDLER, &s->stack, &s->f))
		s->next.Rip = 0;
	s->f.establisher = dc.EstablisherFrame;
	s->scope = dc.ScopeIndex;
	s->f.handler = dc.LanguageHandler;
	s->f.data = dc.HandlerData;
	describe(s);
}

/* The frame's handler.  true: go on with c. */
static bool
frame(struct search *s, struct EXCEPTION_RECORD *r, struct CONTEXT *c)
{
	for (;;) {
		r->ExceptionFlags = s->flags;
		switch (unwind_call(r, c, &s->dc, false)) {
		case ExceptionContinueExecution:
			if (r->ExceptionFlags & EXCEPTION_NONCONTINUABLE)
				wrong(r, c, STATUS_NONCONTINUABLE_EXCEPTION);
			return true;
		case ExceptionContinueSearch: return false;
		case ExceptionNestedException:
			s->flags |= EXCEPTION_NESTED_CALL;
			if (s->dc.EstablisherFrame > s->nested)
				s->nested = s->dc.EstablisherFrame;
			return false;
		case ExceptionCollidedUnwind: take_over(s); break;
		default: wrong(r, c, (NTSTATUS)0xc0000026); /* STATUS_INVALID_DISPOSITION */
		}
	}
}

static bool
guarded(struct search *s, struct EXCEPTION_RECORD *r, struct CONTEXT *c)
{
	r->ExceptionFlags = s->flags;
	describe(s);
	switch (s->f.guard->handler(r, s->f.guard, &s->dc)) {
	case ExceptionNestedException:
		s->flags |= EXCEPTION_NESTED_CALL;
		if (s->dc.EstablisherFrame > s->nested)
			s->nested = s->dc.EstablisherFrame;
		break;
	case ExceptionCollidedUnwind:
		take_over(s);
		if (s->f.handler)
			return frame(s, r, c);
		break;
	}
	return false;
}

/* Ask the handlers of the frames.  true: go on with c.  *walked: there was a frame at all. */
static __attribute__((noinline)) bool
search(struct EXCEPTION_RECORD *r, struct CONTEXT *c, bool exact, bool *walked)
{
	struct search s = { .stack = unwind_stack(),
		            .cur = *c,
		            .f = { .exact = exact },
		            .flags = r->ExceptionFlags & EXCEPTION_NONCONTINUABLE };
	*walked = false;
	for (;;) {
		s.next = s.cur;
		if (!unwind_step(&s.next, UNW_FLAG_EHANDLER, &s.stack, &s.f) || !s.f.pc)
			break;
		*walked = true;
		DWORD scope = s.f.scope;
		if (s.f.guard && s.f.guard->handler) {
			if (guarded(&s, r, c))
				return true;
			scope = s.f.scope;
		} else if (s.f.handler) {
			describe(&s);
			if (frame(&s, r, c))
				return true;
		}
		if (s.f.establisher >= s.nested) {
			s.flags &= ~(DWORD)EXCEPTION_NESTED_CALL;
			s.nested = 0;
		}
		s.cur = s.next;
		s.scope = scope;
	}
	r->ExceptionFlags = s.flags | (*walked ? 0 : EXCEPTION_STACK_INVALID);
	return false;
}

_Noreturn void
dispatch(struct EXCEPTION_RECORD *r, struct CONTEXT *c, bool exact)
{
	bool walked, handled = vector_call(false, r, c) || search(r, c, exact, &walked);
	/* A stack that is none of the thread's has no base with a filter: then the continue
	 * handlers hear of what nobody handled, and Go's says its last words there. */
	if (handled || !walked)
		handled |= vector_call(true, r, c);
	if (handled)
		except_resume(c);
	except_second_chance(r, c);
}
