/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "all/wasm/thing.h"
#include "base/arena.h"
#include "include/wasm.h"
#include "layer/lang/run.h"

/* Traps, and the frames they were in. */

enum { MOST = 1000 }; /* frames that are kept of endless recursion: the innermost */

struct wasm_frame_t {
	wasm_ref_t *instance; /* lent */
	uint32_t func;
	size_t func_offset, module_offset;
};

wasm_frame_t *
wasm_frame_copy(const wasm_frame_t *f)
{
	wasm_frame_t *c = xmalloc(sizeof *c);
	*c = *f;
	return c;
}

void
wasm_frame_delete(wasm_frame_t *f)
{
	free(f);
}

wasm_instance_t *
wasm_frame_instance(const wasm_frame_t *f)
{
	return (wasm_instance_t *)f->instance;
}

uint32_t
wasm_frame_func_index(const wasm_frame_t *f)
{
	return f->func;
}

size_t
wasm_frame_func_offset(const wasm_frame_t *f)
{
	return f->func_offset;
}

size_t
wasm_frame_module_offset(const wasm_frame_t *f)
{
	return f->module_offset;
}

static wasm_frame_t *
frame_of(wasm_store_t *s, const struct activation *a)
{
	const struct func *f = a->func;
	const struct module *m = f->inst->module;
	wasm_frame_t *frame = xmalloc(sizeof *frame);
	frame->instance = thing_instance(s, f->inst);
	frame->func = f->index;
	frame->module_offset = code_offset(a->func, a->returning ? a->pc - 1 : a->pc);
	frame->func_offset = frame->module_offset - m->body[f->index - m->func_imports].offset;
	return frame;
}

/* Where the store's thread is: of a run that stopped, or in which a callback is. */
static void
trace(wasm_store_t *s, wasm_frame_vec_t *out)
{
	struct vec frames = { 0 };
	struct activation a;
	if (s->thread->func) {
		unwind_top(s->thread, &a);
		do
			if (!a.func->host && a.func->code)
				vec_push(&frames, frame_of(s, &a));
		while (frames.n < MOST && unwind_up(&a));
	}
	wasm_frame_vec_new(out, frames.n, (wasm_frame_t **)frames.p);
	vec_free(&frames);
}

static wasm_trap_t *
trap_of(wasm_store_t *s, const char *sentence, size_t n)
{
	wasm_ref_t *r = thing_new(s, THING_TRAP);
	r->trap = xcalloc(1, sizeof *r->trap);
	r->trap->n = n;
	r->trap->message = xmalloc(n + 1);
	memcpy(r->trap->message, sentence, n);
	trace(s, &r->trap->trace);
	return (wasm_trap_t *)r;
}

wasm_trap_t *
thing_trap(wasm_store_t *s, const char *sentence)
{
	return trap_of(s, sentence, strlen(sentence) + 1);
}

wasm_trap_t *
wasm_trap_new(wasm_store_t *s, const wasm_message_t *message)
{
	return trap_of(s, message->data, message->size);
}

void
wasm_trap_message(const wasm_trap_t *t, wasm_message_t *out)
{
	const struct thing_trap *trap = ((const wasm_ref_t *)t)->trap;
	wasm_byte_vec_new(out, trap->n, trap->message);
}

wasm_frame_t *
wasm_trap_origin(const wasm_trap_t *t)
{
	const wasm_frame_vec_t *v = &((const wasm_ref_t *)t)->trap->trace;
	return v->size ? wasm_frame_copy(v->data[0]) : NULL;
}

void
wasm_trap_trace(const wasm_trap_t *t, wasm_frame_vec_t *out)
{
	wasm_frame_vec_copy(out, &((const wasm_ref_t *)t)->trap->trace);
}
