/* SPDX-License-Identifier: Apache-2.0 */
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "layer/api/nt/thread/fiber.h"
#include "layer/api/nt/thread/fls.h"
#include "layer/api/nt/thread/steady.h"
#include "layer/api/nt/mem/vm.h"

enum {
	HAS_FIBER_DATA = 4, /* TEB.SameTebFlags */
	GRAIN = 65536,
	LEAST = 128 * 1024,
};

/* What fiber_switch_stack leaves on a stack. */
struct frame {
	uint32_t mxcsr;
	uint16_t control, unused;
	void *r15, *r14, *r13, *r12, *rbx, *rbp, *back;
};

void fiber_switch_stack(void **from, void *to);
void fiber_start(void);

bool
fiber_is(void)
{
	return teb()->SameTebFlags & HAS_FIBER_DATA;
}

static struct fiber *
current(void)
{
	return teb()->FiberData;
}

struct fiber *
fiber_of_thread(void *parameter)
{
	struct fiber *f = calloc(1, sizeof *f);

	if (!f)
		return NULL;
	f->parameter = parameter;
	f->thread = true;
	teb()->FiberData = f;
	teb()->SameTebFlags |= HAS_FIBER_DATA;
	return f;
}

bool
fiber_to_thread(void)
{
	struct fiber *f = current();

	if (!fiber_is())
		return false;
	teb()->SameTebFlags &= (USHORT)~HAS_FIBER_DATA;
	teb()->FiberData = NULL;
	if (f->thread)
		free(f);
	return true;
}

/* On the new fiber's stack. */
static void
begin(void)
{
	struct fiber *f = current();

	((void(WINAPI *)(void *))(uintptr_t)f->start)(f->parameter);
	thread_exit(0);
}

struct fiber *
fiber_new(size_t stack, void *start, void *parameter)
{
	size_t guards = THREAD_GUARD + THREAD_YELLOW;
	struct fiber *f = calloc(1, sizeof *f);
	struct frame *frame;
	char *low;

	if (!f)
		return NULL;
	stack = ((stack < LEAST ? LEAST : stack) + guards + GRAIN - 1) & ~(size_t)(GRAIN - 1);
	f->map_size = stack + GRAIN;
	f->map = mmap(NULL, f->map_size, PROT_NONE,
	              MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
	if (f->map == MAP_FAILED)
		goto undo;
	low = (char *)(((uintptr_t)f->map + GRAIN - 1) & ~(uintptr_t)(GRAIN - 1));
	if (mprotect(low + guards, stack - guards, PROT_READ | PROT_WRITE) < 0 ||
	    vm_adopt(low, stack, MEM_PRIVATE, PAGE_READWRITE) < 0)
		goto undo_map;
	vm_adopt_protect(low, THREAD_GUARD, 0);
	vm_adopt_protect(low + THREAD_GUARD, THREAD_YELLOW, PAGE_READWRITE | PAGE_GUARD);
	f->parameter = parameter;
	f->start = start;
	f->deallocation = low;
	f->limit = low + guards;
	f->base = low + stack;
	/* 16-aligned when fiber_start has been returned to, so that its call is as any is */
	frame = (struct frame *)((char *)f->base - 128 - sizeof *frame);
	memset(frame, 0, sizeof *frame);
	frame->mxcsr = 0x1f80;
	frame->control = 0x27f;
	frame->rbx = (void *)(uintptr_t)begin;
	frame->back = (void *)(uintptr_t)fiber_start;
	f->stack_pointer = frame;
	return f;
undo_map:
	munmap(f->map, f->map_size);
undo:
	free(f);
	return NULL;
}

_Static_assert(sizeof(struct frame) % 16 == 0, "alignment of a fiber's first frame");

void
fiber_switch(struct fiber *to)
{
	struct fiber *from = current();
	struct TEB *t = teb();
	struct thread *self = t->thread;

	if (from == to)
		return;
	steady_on(); /* between two stacks nobody may look at them */
	from->base = t->StackBase;
	from->limit = t->StackLimit;
	from->deallocation = t->DeallocationStack;
	from->exceptions = t->ExceptionList;
	from->guarantee = t->GuaranteedStackBytes;
	from->fls = atomic_load(&self->fls);
	t->StackBase = to->base;
	t->StackLimit = to->limit;
	t->DeallocationStack = to->deallocation;
	t->ExceptionList = to->exceptions;
	t->GuaranteedStackBytes = to->guarantee;
	t->FiberData = to;
	atomic_store(&self->fls, to->fls);
	to->fls = NULL;
	steady_off();
	fiber_switch_stack(&from->stack_pointer, to->stack_pointer);
}

void
fiber_delete(struct fiber *f)
{
	if (f == current())
		thread_exit(1);
	fls_drop(f->fls);
	if (f->map) {
		vm_forget(f->deallocation);
		munmap(f->map, f->map_size);
	}
	free(f);
}
