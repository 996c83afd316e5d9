/* SPDX-License-Identifier: Apache-2.0 */
/* What stands behind an instruction's name (Core specification 6.5). */
#include <string.h>

#include "layer/lang/text/encode.h"
#include "layer/lang/text/number.h"

void
encode_op(unsigned op, struct buf *out)
{
	const struct opinfo *i = &op_info[op];

	if (i->prefix) {
		buf_u8(out, i->prefix);
		buf_uleb(out, i->code);
	} else {
		buf_u8(out, (uint8_t)i->code);
	}
}

/* -- numbers -------------------------------------------------------------------- */

static void
integer(struct encode *c, unsigned bits, uint64_t *v)
{
	const struct token *t = encode_peek(c);

	*v = 0;
	if (t->kind != TOK_NAT && t->kind != TOK_INT)
		encode_unexpected(c);
	else if (!number_int(c->lex.src + t->at, t->v, bits, v))
		encode_fail(c, "constant out of range");
	else
		c->pos++;
}

static void
put_float(struct encode *c, unsigned bits, struct buf *out)
{
	const struct token *t = encode_peek(c);
	const char *p = c->lex.src + t->at;
	uint32_t f = 0;
	uint64_t d = 0;

	if (t->kind != TOK_NAT && t->kind != TOK_INT && t->kind != TOK_FLOAT) {
		encode_unexpected(c);
		return;
	}
	if (!(bits == 32 ? number_f32(p, t->v, &f) : number_f64(p, t->v, &d))) {
		encode_fail(c, "constant out of range");
		return;
	}
	c->pos++;
	if (bits == 32)
		buf_u32(out, f);
	else
		buf_u64(out, d);
}

/* How many numbers follow, up to one too many. */
static unsigned
numbers(const struct encode *c)
{
	unsigned n = 0;

	for (const struct token *t = encode_peek(c); n <= 16; t++, n++)
		if (t->kind != TOK_NAT && t->kind != TOK_INT && t->kind != TOK_FLOAT)
			break;
	return n;
}

/* When a wrong token ends them, it tells its own error. */
static unsigned
wrong_number(const struct encode *c)
{
	unsigned n = numbers(c);

	return encode_peek(c)[n].kind == TOK_BAD ? n : 0;
}

static void
vector(struct encode *c, struct buf *out)
{
	const struct token *t = encode_peek(c);

	if (t->kind != TOK_WORD || word_class(t->word) != WORD_SHAPE) {
		encode_unexpected(c);
		return;
	}
	unsigned lanes = word_value(t->word), bits = 128 / lanes;
	bool floats = t->word == WORD_f32x4 || t->word == WORD_f64x2;
	c->pos++;
	if (numbers(c) != lanes) {
		c->pos += wrong_number(c);
		encode_fail(c, "wrong number of lane literals");
		return;
	}
	for (unsigned i = 0; i < lanes; i++) {
		uint64_t v;
		if (floats) {
			put_float(c, bits, out);
			continue;
		}
		integer(c, bits, &v);
		for (unsigned k = 0; k < bits; k += 8)
			buf_u8(out, (uint8_t)(v >> k));
	}
}

static void
lane(struct encode *c, struct buf *out)
{
	buf_u8(out, (uint8_t)encode_nat(c, 8, "i8 constant out of range"));
}

static void
shuffle(struct encode *c, struct buf *out)
{
	if (numbers(c) != 16) {
		c->pos += wrong_number(c);
		encode_fail(c, "invalid lane length");
		return;
	}
	for (unsigned i = 0; i < 16; i++) {
		if (encode_peek(c)->kind != TOK_NAT)
			encode_fail(c, "i8 constant out of range");
		lane(c, out);
	}
}

/* -- memory ----------------------------------------------------------------------- */

/* The number in offset=N or align=N, which is `skip` characters in. */
static uint64_t
assigned(struct encode *c, enum tok kind, unsigned skip, uint64_t otherwise)
{
	const struct token *t = encode_peek(c);
	uint64_t v = 0;

	if (t->kind != kind)
		return otherwise;
	if (!number_nat(c->lex.src + t->at + skip, t->v - skip, &v))
		encode_fail(c, "i64 constant out of range");
	else
		c->pos++;
	return v;
}

/* 5.4.6: flags with the alignment, memory, offset. */
static void
memarg(struct encode *c, unsigned op, uint32_t memory, struct buf *out)
{
	uint64_t offset = assigned(c, TOK_OFFSET, 7, 0);
	uint32_t at = encode_peek(c)->at;
	uint64_t align = assigned(c, TOK_ALIGN, 6, (uint64_t)1 << op_info[op].n);

	if (c->bad)
		return;
	if (align == 0 || (align & (align - 1)) != 0) {
		encode_fail_at(c, at, "alignment must be a power of two");
		return;
	}
	uint32_t flags = (uint32_t)__builtin_ctzll(align);
	buf_uleb(out, memory ? flags | 0x40 : flags);
	if (memory)
		buf_uleb(out, memory);
	buf_uleb(out, offset);
}

/* A number before the lane is the memory's only if something stands between. */
static void
memarg_lane(struct encode *c, unsigned op, struct buf *out)
{
	uint32_t memory = 0;
	enum tok next = encode_peek2(c)->kind;

	if (encode_peek(c)->kind == TOK_ID ||
	    (encode_peek(c)->kind == TOK_NAT &&
	     (next == TOK_NAT || next == TOK_OFFSET || next == TOK_ALIGN)))
		memory = encode_index(c, SPACE_MEMORY);
	memarg(c, op, memory, out);
	lane(c, out);
}

/* -- indices ------------------------------------------------------------------------- */

static void
put_index(struct encode *c, enum space s, struct buf *out)
{
	buf_uleb(out, encode_index(c, s));
}

/* Two indices or none: destination and source. */
static void
pair(struct encode *c, enum space s, struct buf *out)
{
	uint32_t to = 0, from = 0;

	if (encode_at_index(c)) {
		to = encode_index(c, s);
		from = encode_index(c, s);
	}
	buf_uleb(out, to);
	buf_uleb(out, from);
}

/* A segment, perhaps behind the memory or table that it goes to. */
static void
segment(struct encode *c, enum space segments, enum space s, struct buf *out)
{
	enum tok next = encode_peek2(c)->kind;
	uint32_t to = 0;

	if (encode_at_index(c) && (next == TOK_NAT || next == TOK_ID))
		to = encode_index(c, s);
	put_index(c, segments, out);
	buf_uleb(out, to);
}

static void
labels(struct encode *c, struct buf *out)
{
	struct buf list = { 0 };
	uint32_t n = 0;

	do {
		buf_uleb(&list, encode_label(c));
		n++;
	} while (encode_at_index(c));
	/* the last one is the default and not counted */
	encode_vec(out, n - 1, &list);
	buf_free(&list);
}

static void
br_cast(struct encode *c, struct buf *out)
{
	struct buf heaps = { 0 };
	uint32_t label = encode_label(c);
	uint8_t flags = encode_heap_of_reftype(c, &heaps);

	flags |= (uint8_t)(encode_heap_of_reftype(c, &heaps) << 1);
	buf_u8(out, flags);
	buf_uleb(out, label);
	buf_put(out, heaps.p, heaps.n);
	buf_free(&heaps);
}

static void
field(struct encode *c, struct buf *out)
{
	uint32_t type = encode_index(c, SPACE_TYPE);

	buf_uleb(out, type);
	buf_uleb(out, encode_member(c, type));
}

/* -- instructions whose opcode depends on what follows -------------------------------- */

static void
select_op(struct encode *c, struct buf *out)
{
	struct buf types = { 0 };
	uint32_t n = 0;

	if (!encode_at_list(c, WORD_result)) {
		encode_op(OP_select, out);
		return;
	}
	while (encode_eat_list(c, WORD_result)) {
		for (; encode_more(c); n++)
			encode_valtype(c, &types);
		encode_need(c, TOK_RPAR);
	}
	encode_op(OP_select_t, out);
	encode_vec(out, n, &types);
	buf_free(&types);
}

static void
ref_op(struct encode *c, unsigned op, unsigned null_op, struct buf *out)
{
	struct buf heap = { 0 };

	encode_op(encode_heap_of_reftype(c, &heap) ? null_op : op, out);
	buf_put(out, heap.p, heap.n);
	buf_free(&heap);
}

static void
immediates(struct encode *c, unsigned op, struct buf *out)
{
	uint64_t v;

	switch (op_info[op].imm) {
	case IMM_NONE: break;
	case IMM_LABEL: buf_uleb(out, encode_label(c)); break;
	case IMM_LABELS: labels(c, out); break;
	case IMM_LOCAL: buf_uleb(out, encode_local(c)); break;
	case IMM_GLOBAL: put_index(c, SPACE_GLOBAL, out); break;
	case IMM_FUNC: put_index(c, SPACE_FUNC, out); break;
	case IMM_TYPE: put_index(c, SPACE_TYPE, out); break;
	case IMM_TAG: put_index(c, SPACE_TAG, out); break;
	case IMM_ELEM: put_index(c, SPACE_ELEM, out); break;
	case IMM_TABLE: buf_uleb(out, encode_opt_index(c, SPACE_TABLE)); break;
	case IMM_MEMORY: buf_uleb(out, encode_opt_index(c, SPACE_MEMORY)); break;
	case IMM_DATA:
		put_index(c, SPACE_DATA, out);
		c->needs_datacount = true;
		break;
	case IMM_CALL_INDIRECT:
		v = encode_opt_index(c, SPACE_TABLE);
		buf_uleb(out, encode_typeuse(c, false));
		buf_uleb(out, v);
		break;
	case IMM_MEMARG:
	case IMM_ATOMIC: memarg(c, op, encode_opt_index(c, SPACE_MEMORY), out); break;
	case IMM_MEMARG_LANE: memarg_lane(c, op, out); break;
	case IMM_I32:
		integer(c, 32, &v);
		buf_sleb(out, (int32_t)(uint32_t)v);
		break;
	case IMM_I64:
		integer(c, 64, &v);
		buf_sleb(out, (int64_t)v);
		break;
	case IMM_F32: put_float(c, 32, out); break;
	case IMM_F64: put_float(c, 64, out); break;
	case IMM_V128: vector(c, out); break;
	case IMM_LANE: lane(c, out); break;
	case IMM_SHUFFLE: shuffle(c, out); break;
	case IMM_HEAPTYPE: encode_heaptype(c, out); break;
	case IMM_FIELD: field(c, out); break;
	case IMM_TYPE_N:
		put_index(c, SPACE_TYPE, out);
		buf_uleb(out, encode_u32(c));
		break;
	case IMM_TYPE_DATA:
		put_index(c, SPACE_TYPE, out);
		put_index(c, SPACE_DATA, out);
		c->needs_datacount = true;
		break;
	case IMM_TYPE_ELEM:
		put_index(c, SPACE_TYPE, out);
		put_index(c, SPACE_ELEM, out);
		break;
	case IMM_TYPE_TYPE:
		put_index(c, SPACE_TYPE, out);
		put_index(c, SPACE_TYPE, out);
		break;
	case IMM_BR_CAST: br_cast(c, out); break;
	case IMM_DATA_MEMORY:
		segment(c, SPACE_DATA, SPACE_MEMORY, out);
		c->needs_datacount = true;
		break;
	case IMM_MEMORY_MEMORY: pair(c, SPACE_MEMORY, out); break;
	case IMM_ELEM_TABLE: segment(c, SPACE_ELEM, SPACE_TABLE, out); break;
	case IMM_TABLE_TABLE: pair(c, SPACE_TABLE, out); break;
	case IMM_FENCE: buf_u8(out, 0); break;
	/* instr.c, and select_op */
	case IMM_BLOCK:
	case IMM_TRY_TABLE:
	case IMM_SELECT: break;
	}
}

void
encode_plain(struct encode *c, unsigned op, struct buf *out)
{
	switch (op) {
	case OP_select: select_op(c, out); return;
	case OP_ref_test: ref_op(c, OP_ref_test, OP_ref_test_null, out); return;
	case OP_ref_cast: ref_op(c, OP_ref_cast, OP_ref_cast_null, out); return;
	default: break;
	}
	encode_op(op, out);
	immediates(c, op, out);
}
