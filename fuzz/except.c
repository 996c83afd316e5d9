/* SPDX-License-Identifier: Apache-2.0 */
/* except.c -- the tables by which a program's frames are left and its exceptions are caught:
 * unwind codes and both formats of C++ tables.
 *
 * The input is a module: a RUNTIME_FUNCTION at its beginning, then whatever there is.  A bad
 * table may end a walk; it may not be followed out of the module, nor off the stack.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "layer/api/nt/except/cxx.h"
#include "layer/api/nt/except/unwind.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void
ask(struct cxx_func *f)
{
	struct cxx_cursor i = { 0, 0 };
	struct cxx_try t;
	struct cxx_catch k;
	struct cxx_action a;
	unsigned steps = 0;
	for (int s = (int)f->nstate - 1; s >= 0 && steps < 64; s--, steps++)
		for (int at = s; at >= 0 && cxx_action(f, at, &a); at = a.to)
			if (a.to >= at)
				abort(); /* it would go on for ever */
	for (uint64_t pc = f->im.base; pc < f->im.base + f->im.size; pc += 7)
		cxx_state(f, pc);
	for (steps = 0; steps < 64 && cxx_next_try(f, &i, &t); steps++) {
		struct cxx_cursor j = { 0, 0 };
		for (unsigned m = 0; m < 64 && cxx_next_catch(f, &t, &j, &k); m++)
			if (k.ngo_on > 2)
				abort();
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct RUNTIME_FUNCTION f;
	if (n < sizeof f + 4 || n > 65536)
		return 0;
	uint8_t *copy = malloc(n);
	uint64_t stack[64];
	memcpy(copy, data, n);
	memcpy(&f, copy, sizeof f);
	for (size_t i = 0; i < 64; i++)
		stack[i] = (uint64_t)(uintptr_t)&stack[i + 3];
	struct bounds b = { (uint64_t)(uintptr_t)stack, (uint64_t)(uintptr_t)(stack + 64) };
	struct image im = { .base = (uint64_t)(uintptr_t)copy, .size = n };
	exception_routine *handler;
	void *table = NULL;
	uint64_t frame = 0;
	for (uint64_t at = 0; at < 24; at++) {
		struct CONTEXT c;
		struct KNONVOLATILE_CONTEXT_POINTERS p = { { 0 }, { 0 } };
		memset(&c, 0, sizeof c);
		c.Rsp = c.Rbp = c.Rbx = b.low + 64;
		c.Rip = im.base + f.BeginAddress + at;
		if (pdata_step(&im, &f, c.Rip, &c, &p, UNW_FLAG_EHANDLER | UNW_FLAG_UHANDLER, &b,
		               &handler, &table, &frame) &&
		    handler &&
		    ((uint64_t)(uintptr_t)table < im.base ||
		     (uint64_t)(uintptr_t)table > im.base + n))
			abort();
	}
	struct image tables;
	if (pdata_image(im.base, n, &tables))
		pdata_find(&tables, im.base + f.BeginAddress);
	struct DISPATCHER_CONTEXT dc = { .ImageBase = im.base,
		                         .FunctionEntry = &f,
		                         .ControlPc = im.base + f.BeginAddress,
		                         .HandlerData = table ? table : copy + sizeof f };
	struct cxx_func three = { .im = im, .stack = b, .begin = f.BeginAddress }, four = three;
	if (cxx_func3(&three, &dc, b.low))
		ask(&three);
	if (cxx_func4(&four, &dc, b.low))
		ask(&four);
	free(copy);
	return 0;
}
