/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/lang/valid.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"

/* What every single instruction of one byte takes and gives, from op.def. */
struct simple {
	uint8_t n; /* operands; 0xff: not simple */
	uint8_t a, b, out;
};
static struct simple simple[256];

static void
make_simple(void)
{
	memset(simple, 0xff, sizeof simple);
	for (size_t i = 0; i < OP_COUNT; i++) {
		const struct opinfo *o = &op_info[i];
		size_t n = strlen(o->in);
		if (o->prefix || (o->imm != IMM_NONE && o->imm != IMM_MEMARG) || *o->in == '*' ||
		    n == 0 || n > 2)
			continue;
		simple[o->code] = (struct simple){ (uint8_t)n, (uint8_t)valid_letter(o->in[0]),
			                           (uint8_t)valid_letter(o->in[n - 1]),
			                           (uint8_t)valid_letter(*o->out) };
	}
}

/* -- blocks --------------------------------------------------------------------------- */

static void
otherwise(struct reader *r)
{
	struct valid *v = r->valid;
	if (v->top->kind != BLOCK_IF)
		reader_stop(r, r->p, "unexpected else: no if to belong to");
	valid_leave(r);
	v->top->kind = BLOCK_ELSE;
	v->top->dead = false;
	valid_push_all(r, v->top->in, v->top->nin);
	r->p++;
}

/* true: that was the outermost. */
static bool
finish(struct reader *r)
{
	struct valid *v = r->valid;
	struct block *b = v->top;
	valid_leave(r);
	if (b->kind == BLOCK_IF) {
		if (b->nin != b->nout)
			reader_stop(r, r->p, "type mismatch: if without else gives nothing");
		for (uint32_t i = 0; i < b->nin; i++)
			if (!type_matches(b->in[i], valid_results(b)[i]))
				valid_mismatch(r, valid_results(b)[i], b->in[i]);
	}
	r->p++;
	if (b != v->block)
		v->top--;
	valid_push_all(r, valid_results(b), b->nout);
	return b == v->block;
}

static void
open_block(struct reader *r, uint8_t op)
{
	r->p++;
	struct block b = valid_blocktype(r);
	if (op == 0x04)
		valid_pop(r, T_I32);
	valid_enter(r, &b, op == 0x02 ? BLOCK_BLOCK : op == 0x03 ? BLOCK_LOOP : BLOCK_IF);
}

/* -- the loop over a body ------------------------------------------------------------- */

/* The instructions of a constant expression. */
static void
constant_loop(struct reader *r)
{
	for (;;) {
		if (r->p >= r->end)
			reader_stop(r, r->p, "unexpected end of section or function");
		if (*r->p != 0x0b)
			valid_instr(r, true);
		else if (finish(r))
			return;
	}
}

/* The instructions up to the end that closes the body.  Each common one
 * looks at the next byte itself and goes there: a processor guesses such jumps
 * far better than those of one switch. */
static void
loop(struct reader *r)
{
	static const int32_t go[256] = {
#define TO(label) ((int32_t)((const char *)&&label - (const char *)&&other))
		[0x02] = TO(block),
		[0x03] = TO(block),
		[0x04] = TO(block),
		[0x05] = TO(or_else),
		[0x0b] = TO(end),
		[0x0c] = TO(br),
		[0x0d] = TO(br),
		[0x10] = TO(call),
		[0x1a] = TO(drop),
		[0x1b] = TO(select),
		[0x20] = TO(get),
		[0x21] = TO(set),
		[0x22] = TO(tee),
		[0x23] = TO(global_get),
		[0x24] = TO(global_set),
		[0x28 ... 0x35] = TO(load),
		[0x36 ... 0x3e] = TO(store),
		[0x41] = TO(i32_const),
		[0x42] = TO(i64_const),
		[0x44] = TO(f64_const),
		[0x45] = TO(unary),
		[0x46 ... 0x4f] = TO(binary),
		[0x50] = TO(unary),
		[0x51 ... 0x66] = TO(binary),
		[0x67 ... 0x69] = TO(unary),
		[0x6a ... 0x78] = TO(binary),
		[0x79 ... 0x7b] = TO(unary),
		[0x7c ... 0x8a] = TO(binary),
		[0x8b ... 0x91] = TO(unary),
		[0x92 ... 0x98] = TO(binary),
		[0x99 ... 0x9f] = TO(unary),
		[0xa0 ... 0xa6] = TO(binary),
		[0xa7 ... 0xc4] = TO(unary),
	};
	struct valid *v = r->valid;
	const uint8_t *p = r->p, *end = r->end, *last = r->start + r->m->nbytes;
	valtype *sp = v->sp, *base = v->stack + v->top->height;
	const valtype *local = v->local;
	const uint32_t nlocal = v->nlocal;
	const bool sets = v->sets, plain = r->m->nmemory && !r->m->memory[0].limits.is64;
	uint32_t i;
	struct simple s;
	valtype t;

#define SAVE() (r->p = p, v->sp = sp)
#define BACK() (p = r->p, sp = v->sp, base = v->stack + v->top->height)
#define NEXT()                                                                                     \
	do {                                                                                       \
		if (__builtin_expect(p >= end, 0))                                                 \
			goto over;                                                                 \
		goto *((const char *)&&other + go[*p]);                                            \
	} while (0)
/* An index behind the opcode, of up to three bytes; others are rare.  Reading may
 * run over the body's end, but not the file's: NEXT finds out. */
#define INDEX()                                                                                    \
	do {                                                                                       \
		if (__builtin_expect(last - p < 4, 0))                                             \
			goto other;                                                                \
		i = p[1];                                                                          \
		if (i >= 0x80) {                                                                   \
			i = (i & 0x7f) | (uint32_t)p[2] << 7;                                      \
			if (p[2] >= 0x80) {                                                        \
				if (p[3] >= 0x80)                                                  \
					goto other;                                                \
				i = (i & 0x3fff) | (uint32_t)p[3] << 14;                           \
				p++;                                                               \
			}                                                                          \
			p++;                                                                       \
		}                                                                                  \
		p += 2;                                                                            \
	} while (0)

	NEXT();
get:
	INDEX();
	if (__builtin_expect(i >= nlocal, 0))
		goto no_local;
	t = local[i];
	if (__builtin_expect(sets, 0) && !v->set[i] && !type_defaultable(t)) {
		SAVE();
		reader_stop(r, p, "uninitialized local %u", i);
	}
	*sp++ = t;
	NEXT();
set:
	INDEX();
	if (__builtin_expect(i >= nlocal, 0))
		goto no_local;
	if (__builtin_expect(sp > base && sp[-1] == local[i], 1)) {
		sp--;
	} else {
		SAVE();
		valid_pop(r, local[i]);
		sp = v->sp;
	}
	if (__builtin_expect(sets, 0))
		valid_local_set(r, i);
	NEXT();
tee:
	INDEX();
	if (__builtin_expect(i >= nlocal, 0))
		goto no_local;
	if (__builtin_expect(!(sp > base && sp[-1] == local[i]), 0)) {
		SAVE();
		valid_pop(r, local[i]);
		valid_push(r, local[i]);
		sp = v->sp;
	}
	if (__builtin_expect(sets, 0))
		valid_local_set(r, i);
	NEXT();
no_local:
	SAVE();
	reader_stop(r, p, "unknown local %u", i);
i32_const:
	/* up to four bytes cannot be too large */
	for (i = 1; i < 5; i++)
		if (p + i < last && p[i] < 0x80) {
			p += i + 1;
			*sp++ = T_I32;
			NEXT();
		}
	goto other;
i64_const:
	for (i = 1; i < 10; i++)
		if (p + i < last && p[i] < 0x80) {
			p += i + 1;
			*sp++ = T_I64;
			NEXT();
		}
	goto other;
f64_const:
	if (last - p < 9)
		goto other;
	p += 9;
	*sp++ = T_F64;
	NEXT();
unary:
	s = simple[*p];
	if (__builtin_expect(sp > base && sp[-1] == s.a, 1)) {
		sp[-1] = s.out;
		p++;
		NEXT();
	}
	goto other;
binary:
	s = simple[*p];
	if (__builtin_expect(sp - base > 1 && sp[-1] == s.b && sp[-2] == s.a, 1)) {
		sp--;
		sp[-1] = s.out;
		p++;
		NEXT();
	}
	goto other;
/* Alignment, and an offset of at most four bytes. */
#define MEMARG()                                                                                   \
	do {                                                                                       \
		if (__builtin_expect(last - p < 7 || p[1] > o->n || !plain, 0))                    \
			goto other;                                                                \
		for (i = 2; p[i] >= 0x80; i++)                                                     \
			if (i == 5)                                                                \
				goto other;                                                        \
	} while (0)
load : {
	const struct opinfo *o = &op_info[OP_i32_load + (*p - 0x28)];
	MEMARG();
	if (__builtin_expect(sp > base && sp[-1] == T_I32, 1)) {
		sp[-1] = simple[*p].out;
		p += i + 1;
		NEXT();
	}
	goto other;
}
store : {
	const struct opinfo *o = &op_info[OP_i32_load + (*p - 0x28)];
	MEMARG();
	if (__builtin_expect(sp - base > 1 && sp[-2] == T_I32 && sp[-1] == simple[*p].b, 1)) {
		sp -= 2;
		p += i + 1;
		NEXT();
	}
	goto other;
}
global_get:
	INDEX();
	if (__builtin_expect(i >= r->m->nglobal, 0)) {
		SAVE();
		reader_stop(r, p, "unknown global %u", i);
	}
	*sp++ = r->m->global[i].type;
	NEXT();
global_set:
	INDEX();
	if (i < r->m->nglobal && r->m->global[i].mut && sp > base &&
	    sp[-1] == r->m->global[i].type) {
		sp--;
		NEXT();
	}
	SAVE();
	valid_global_set(r, i);
	sp = v->sp;
	NEXT();
drop:
	if (__builtin_expect(sp > base, 1)) {
		sp--;
		p++;
		NEXT();
	}
	goto other;
select:
	if (sp - base > 2 && sp[-1] == T_I32 && sp[-2] == sp[-3] && !type_is_ref(sp[-2])) {
		sp -= 2;
		p++;
		NEXT();
	}
	goto other;
call : {
	INDEX();
	if (__builtin_expect(i >= r->m->nfunc, 0)) {
		SAVE();
		reader_stop(r, p, "unknown function %u", i);
	}
	const struct type *f = type_of(r->m->func[i]);
	if (__builtin_expect((size_t)(sp - base) >= f->nparam && f->nresult <= 1, 1)) {
		uint32_t k = 0;
		while (k < f->nparam && sp[(ptrdiff_t)k - f->nparam] == f->param[k])
			k++;
		if (k == f->nparam) {
			sp -= k;
			if (f->nresult)
				*sp++ = *f->result;
			NEXT();
		}
	}
	SAVE();
	valid_call(r, f, false);
	BACK();
	NEXT();
}
br : {
	bool always = *p == 0x0c;
	INDEX();
	if (__builtin_expect(i > (size_t)(v->top - v->block), 0)) {
		SAVE();
		reader_stop(r, p, "unknown label %u", i);
	}
	uint32_t n;
	const valtype *types = valid_label(v->top - i, &n);
	if (__builtin_expect(!n && !always && sp > base && sp[-1] == T_I32, 1)) {
		sp--;
		NEXT();
	}
	SAVE();
	if (!always)
		valid_pop(r, T_I32);
	valid_pop_all(r, types, n);
	if (always)
		valid_dead(r);
	else
		valid_push_all(r, types, n);
	BACK();
	NEXT();
}
block:
	SAVE();
	open_block(r, *p);
	BACK();
	NEXT();
or_else:
	SAVE();
	otherwise(r);
	BACK();
	NEXT();
end:
	/* of a block that gives nothing, as most */
	if (__builtin_expect(sp == base && !v->top->nout && v->top->kind <= BLOCK_LOOP && !sets,
	                     1)) {
		v->top--;
		base = v->stack + v->top->height;
		p++;
		NEXT();
	}
	SAVE();
	if (finish(r))
		return;
	BACK();
	NEXT();
other:
	SAVE();
	valid_instr(r, false);
	BACK();
	NEXT();
over:
	SAVE();
	reader_stop(r, p,
	            v->top == v->block ? "unexpected end of section or function: END opcode "
	                                 "expected, section size mismatch"
	                               : "unexpected end of section or function");
#undef SAVE
#undef BACK
#undef NEXT
#undef INDEX
#undef MEMARG
#undef TO
}

/* -- functions and constant expressions ----------------------------------------------- */

static struct valid *
scratch(struct reader *r, size_t values)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	if (!r->valid) {
		pthread_once(&once, make_simple);
		r->valid = xcalloc(1, sizeof *r->valid);
	}
	struct valid *v = r->valid;
	if (values + 128 > v->stack_cap) {
		v->stack_cap = (values + 128) * 2;
		free(v->stack);
		v->stack = NULL;
		v->stack = xmalloc(v->stack_cap * sizeof *v->stack);
	}
	v->sp = v->stack;
	v->top = NULL;
	v->nset = 0;
	v->sets = false;
	v->nlocal = 0;
	return v;
}

void
valid_free(struct reader *r)
{
	struct valid *v = r->valid;
	if (!v)
		return;
	free(v->local);
	free(v->set);
	free(v->setlist);
	free(v->stack);
	free(v->block);
	free(v);
	r->valid = NULL;
}

static void
add_locals(struct valid *v, valtype t, uint32_t n)
{
	if (v->nlocal + n > v->local_cap) {
		v->local_cap = (v->nlocal + n) * 2;
		v->local = xrealloc(v->local, v->local_cap * sizeof *v->local);
		v->set = xrealloc(v->set, v->local_cap);
		v->setlist = xrealloc(v->setlist, v->local_cap * sizeof *v->setlist);
	}
	for (uint32_t i = 0; i < n; i++)
		v->local[v->nlocal + i] = t;
	if (!type_defaultable(t))
		v->sets = true;
	v->nlocal += n;
}

static void
locals(struct reader *r, const struct type *t)
{
	struct valid *v = r->valid;
	for (uint32_t i = 0; i < t->nparam; i++)
		add_locals(v, t->param[i], 1);
	const uint8_t *at = r->p;
	uint32_t groups = reader_u32(r);
	uint64_t total = t->nparam;
	v->sets = false;
	for (uint32_t i = 0; i < groups; i++) {
		at = r->p;
		uint32_t n = reader_u32(r);
		total += n;
		if (total > READER_LOCALS)
			reader_stop(r, at, "too many locals");
		add_locals(v, reader_valtype(r), n);
	}
	if (v->sets) {
		memset(v->set, 0, v->nlocal);
		memset(v->set, 1, t->nparam);
	}
}

void
valid_function(struct reader *r, uint32_t index)
{
	const struct type *t = type_of(r->m->func[index]);
	struct valid *v = scratch(r, (size_t)(r->end - r->p));
	locals(r, t);
	*valid_open(v) = (struct block){ .kind = BLOCK_FUNC, .nout = t->nresult, .out = t->result };
	loop(r);
	if (r->p != r->end)
		reader_stop(r, r->p, "section size mismatch: END opcode expected");
}

struct expr
valid_constant(struct reader *r, valtype want, uint32_t globals)
{
	struct expr x = { .offset = (uint32_t)(r->p - r->start) };
	struct valid *v = scratch(r, 0);
	v->globals = globals;
	*valid_open(v) =
	        (struct block){ .kind = BLOCK_FUNC, .nout = 1, .single = true, .one = want };
	constant_loop(r);
	x.size = (uint32_t)(r->p - r->start) - x.offset;
	return x;
}
