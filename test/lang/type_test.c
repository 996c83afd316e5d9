/* SPDX-License-Identifier: Apache-2.0 */
#include "test/unit.h"

#include <pthread.h>
#include <stdbool.h>
#include <string.h>

#include "layer/lang/type.h"

/* Definitions by the hand: functions of the values in `v`, structures of its fields. */
static struct typedefn
function(valtype *v, uint32_t nparam, uint32_t nresult)
{
	return (struct typedefn){ .kind = TYPE_FUNC,
		                  .final = true,
		                  .super = TYPE_NOSUPER,
		                  .nparam = nparam,
		                  .nresult = nresult,
		                  .v = v };
}

static struct typedefn
structure(valtype *v, uint8_t *mut, uint32_t n)
{
	return (struct typedefn){
		.kind = TYPE_STRUCT, .super = TYPE_NOSUPER, .v = v, .mut = mut, .nfield = n
	};
}

static struct typedefn
array(valtype *v, uint8_t *mut)
{
	struct typedefn d = structure(v, mut, 1);
	d.kind = TYPE_ARRAY;
	return d;
}

static uint32_t
one(struct typedefn d)
{
	uint32_t id;
	struct err e;
	assert_int_equal(type_group(&d, 1, &id, &e), 0);
	return id;
}

static struct typedefn
below(uint32_t super, struct typedefn d)
{
	d.super = super;
	return d;
}

static bool
refused(struct typedefn d, const char *why)
{
	uint32_t id;
	struct err e = { 0 };
	return type_group(&d, 1, &id, &e) < 0 && strstr(e.what, why);
}

static valtype
ref(uint32_t heap)
{
	return T_REF | heap;
}

static void
equal_structure_is_one_id(void **state)
{
	(void)state;
	type_hold();
	valtype v[] = { T_I32, T_V128, T_I64 }, w[] = { T_I32, T_V128 };
	uint32_t a = one(function(v, 2, 1)), b = one(function(v, 1, 2)), c = one(function(w, 2, 0));
	assert_int_not_equal(a, b);
	assert_int_not_equal(a, c);
	assert_int_equal(a, one(function(v, 2, 1)));
	assert_int_equal(a, type_func(v, 2, v + 2, 1));
	struct typedefn open = function(v, 2, 1);
	open.final = false;
	assert_int_not_equal(a, one(open));
	const struct type *t = type_of(a);
	assert_int_equal(t->pslots, 3);
	assert_int_equal(t->rslots, 1);
	assert_int_equal(type_of(b)->rslots, 3);
	uint8_t var[] = { 1, 0 };
	assert_int_not_equal(one(structure(w, var, 1)), one(structure(w, var + 1, 1)));
	assert_int_not_equal(one(structure(w, var, 1)), one(array(w, var)));
	assert_int_equal(one(structure(NULL, NULL, 0)), one(structure(NULL, NULL, 0)));
	type_drop();
}

static void
groups_are_equal_as_wholes(void **state)
{
	(void)state;
	type_hold();
	uint8_t var[] = { 1 };
	struct err e;
	/* (rec (struct (ref 1)) (struct (ref 0))), and each of its types alone in a group */
	valtype up[] = { ref(TYPE_LOCAL | 1) }, down[] = { ref(TYPE_LOCAL) };
	struct typedefn pair[] = { structure(up, var, 1), structure(down, var, 1) };
	struct typedefn swapped[] = { structure(down, var, 1), structure(up, var, 1) };
	uint32_t a, b, c;
	assert_int_equal(type_group(pair, 2, &a, &e), 0);
	assert_int_equal(type_group(pair, 2, &b, &e), 0);
	assert_int_equal(type_group(swapped, 2, &c, &e), 0);
	assert_int_equal(a, b);
	assert_int_not_equal(a, c);
	assert_int_equal(type_of(a)->field[0].type, ref(a + 1));
	assert_int_equal(type_of(a + 1)->field[0].type, ref(a));
	uint32_t self = one(structure(down, var, 1));
	assert_int_equal(type_of(self)->field[0].type, ref(self));
	assert_int_equal(self, one(structure(down, var, 1)));
	/* a type of the group is not that type outside of it */
	valtype outside[] = { ref(a) };
	assert_int_not_equal(one(structure(outside, var, 1)), a + 1);
	assert_int_equal(one(structure(outside, var, 1)), one(structure(outside, var, 1)));
	uint32_t first = 7;
	assert_int_equal(type_group(NULL, 0, &first, &e), 0);
	type_drop();
}

static void
places_in_a_structure(void **state)
{
	(void)state;
	type_hold();
	valtype v[] = { T_I8, T_I16, T_I8, T_I32, T_I8, T_V128, T_F32, T_EXTERNREF, T_I8 };
	uint8_t mut[9] = { 1 };
	const struct type *t = type_of(one(structure(v, mut, 9)));
	static const uint32_t offset[] = { 0, 2, 4, 8, 12, 16, 32, 40, 48 };
	for (uint32_t i = 0; i < 9; i++)
		assert_int_equal(t->field[i].offset, offset[i]);
	assert_int_equal(t->size, 49);
	assert_true(t->field[0].mut);
	assert_false(t->field[1].mut);
	assert_int_equal(type_of(one(array(v + 5, mut)))->field[0].type, T_V128);
	assert_int_equal(type_bytes(T_V128), 16);
	assert_int_equal(type_bytes(T_FUNCREF), 8);
	type_drop();
}

static void
subtypes_keep_to_their_supertypes(void **state)
{
	(void)state;
	type_hold();
	uint8_t var[] = { 1, 1 }, fixed[] = { 0, 0 };
	valtype any[] = { T_REF | T_NULL | HEAP_ANY, T_I32 }, eq[] = { ref(HEAP_EQ), T_I32 };
	uint32_t top = one(structure(any, fixed, 1));
	/* width, and depth where nobody writes */
	uint32_t wide = one(below(top, structure(any, fixed, 2)));
	uint32_t deep = one(below(top, structure(eq, fixed, 1)));
	assert_true(type_heap_matches(wide, top));
	assert_true(type_heap_matches(deep, top));
	assert_false(type_heap_matches(top, wide));
	assert_false(type_heap_matches(wide, deep));
	assert_int_equal(type_of(wide)->depth, 1);
	assert_int_equal(type_of(wide)->supers[0], top);
	uint32_t lower = one(below(wide, structure(eq, fixed, 2)));
	assert_true(type_heap_matches(lower, top));
	assert_int_equal(type_of(lower)->depth, 2);
	uint32_t writable = one(structure(any, var, 1));
	assert_true(refused(below(writable, structure(eq, var, 1)), "sub type"));
	assert_true(refused(below(writable, structure(any, fixed, 1)), "sub type"));
	assert_true(refused(below(top, structure(any, var, 1)), "sub type"));
	assert_true(refused(below(wide, structure(any, fixed, 1)), "sub type"));
	assert_true(refused(below(top, array(any, fixed)), "sub type"));
	/* functions: parameters the other way */
	valtype takes_any[] = { any[0], ref(HEAP_EQ) }, takes_eq[] = { ref(HEAP_EQ), any[0] };
	struct typedefn f = function(takes_eq, 1, 1);
	f.final = false;
	uint32_t super = one(f);
	assert_true(type_heap_matches(one(below(super, function(takes_any, 1, 1))), super));
	valtype worse[] = { ref(HEAP_I31), any[0] };
	assert_true(refused(below(super, function(worse, 1, 1)), "sub type"));
	assert_true(refused(below(super, function(takes_any, 1, 0)), "sub type"));
	/* nothing goes below what is final */
	uint32_t last = one(function(takes_any, 1, 1));
	assert_true(refused(below(last, function(takes_any, 1, 1)), "sub type"));
	assert_true(refused(below(TYPE_LOCAL, structure(NULL, NULL, 0)), "unknown type"));
	type_drop();
}

static void
a_supertype_in_its_own_group(void **state)
{
	(void)state;
	type_hold();
	struct err e;
	uint8_t fixed[] = { 0 };
	/* (rec (sub (struct (ref 1))) (sub 0 (struct (ref 1)))) */
	valtype v[] = { ref(TYPE_LOCAL | 1) };
	struct typedefn d[] = { structure(v, fixed, 1), below(TYPE_LOCAL, structure(v, fixed, 1)) };
	uint32_t first;
	assert_int_equal(type_group(d, 2, &first, &e), 0);
	assert_true(type_heap_matches(first + 1, first));
	struct typedefn backwards[] = { below(TYPE_LOCAL | 1, structure(v, fixed, 1)),
		                        structure(v, fixed, 1) };
	assert_int_equal(type_group(backwards, 2, &first, &e), -1);
	assert_non_null(strstr(e.what, "unknown type"));
	type_drop();
}

static void
a_refused_group_leaves_nothing(void **state)
{
	(void)state;
	type_hold();
	struct err e;
	uint8_t fixed[] = { 0 };
	valtype v[] = { T_I32 };
	uint32_t before = one(structure(v, fixed, 1)), first;
	struct typedefn d[] = { structure(NULL, NULL, 0), array(v, fixed),
		                below(TYPE_LOCAL, array(v, fixed)) };
	assert_int_equal(type_group(d, 3, &first, &e), -1);
	assert_int_equal(type_group(d, 3, &first, &e), -1);
	assert_int_equal(one(array(v, fixed)), before + 1);
	type_drop();
}

static void
hierarchies_have_a_depth(void **state)
{
	(void)state;
	type_hold();
	uint32_t super = one(structure(NULL, NULL, 0));
	for (int i = 0; i < 63; i++)
		super = one(below(super, structure(NULL, NULL, 0)));
	assert_int_equal(type_of(super)->depth, 63);
	assert_true(refused(below(super, structure(NULL, NULL, 0)), "deeper"));
	type_drop();
}

static void
abstract_types(void **state)
{
	(void)state;
	type_hold();
	valtype v[] = { T_I32 };
	uint8_t mut[] = { 0 };
	uint32_t s = one(structure(v, mut, 1)), a = one(array(v, mut)), f = one(function(v, 1, 0));
	/* what is below what, beside itself; everything else is not */
	const struct {
		uint32_t low, high[6];
	} row[] = {
		{ HEAP_ANY, { 0 } },
		{ HEAP_EQ, { HEAP_ANY } },
		{ HEAP_I31, { HEAP_EQ, HEAP_ANY } },
		{ HEAP_STRUCT, { HEAP_EQ, HEAP_ANY } },
		{ HEAP_ARRAY, { HEAP_EQ, HEAP_ANY } },
		{ s, { HEAP_STRUCT, HEAP_EQ, HEAP_ANY } },
		{ a, { HEAP_ARRAY, HEAP_EQ, HEAP_ANY } },
		{ HEAP_NONE, { 0 } }, /* below all of that: see there */
		{ HEAP_FUNC, { 0 } },
		{ f, { HEAP_FUNC } },
		{ HEAP_NOFUNC, { f, HEAP_FUNC } },
		{ HEAP_EXTERN, { 0 } },
		{ HEAP_NOEXTERN, { HEAP_EXTERN } },
		{ HEAP_EXN, { 0 } },
		{ HEAP_NOEXN, { HEAP_EXN } },
	};
	enum { ROWS = sizeof row / sizeof *row };
	for (int i = 0; i < ROWS; i++) {
		for (int j = 0; j < ROWS; j++) {
			bool want = i == j || (row[i].low == HEAP_NONE && j < 7);
			for (int k = 0; k < 6; k++)
				want = want || (row[i].high[k] && row[i].high[k] == row[j].low);
			if (type_heap_matches(row[i].low, row[j].low) != want)
				fail_msg("%x and %x", row[i].low, row[j].low);
			if (type_heap_matches(row[i].low, row[j].low))
				assert_int_equal(type_top(row[i].low), type_top(row[j].low));
		}
	}
	assert_int_equal(type_top(HEAP_NONE), HEAP_ANY);
	assert_int_equal(type_top(f), HEAP_FUNC);
	assert_int_equal(type_top(s), HEAP_ANY);
	type_drop();
}

static void
value_types(void **state)
{
	(void)state;
	type_hold();
	assert_true(type_matches(T_BOT, T_I32));
	assert_true(type_matches(T_BOT, T_EXTERNREF));
	assert_false(type_matches(T_I32, T_I64));
	assert_false(type_matches(T_I32, T_FUNCREF));
	assert_true(type_matches(ref(HEAP_I31), T_REF | T_NULL | HEAP_ANY));
	assert_false(type_matches(T_REF | T_NULL | HEAP_I31, ref(HEAP_ANY)));
	assert_true(type_matches(T_REF | T_NULL | HEAP_NOEXN, T_EXNREF));
	assert_false(type_defaultable(ref(HEAP_FUNC)));
	assert_true(type_defaultable(T_V128));
	char buf[48];
	assert_string_equal(type_text(T_V128, buf), "v128");
	assert_string_equal(type_text(T_I16, buf), "i16");
	assert_string_equal(type_text(T_FUNCREF, buf), "(ref null func)");
	assert_string_equal(type_text(ref(HEAP_NOEXN), buf), "(ref noexn)");
	assert_string_equal(type_text(ref(HEAP_EXN), buf), "(ref exn)");
	assert_string_equal(type_text(T_REF | T_NULL | HEAP_NONE, buf), "(ref null none)");
	assert_string_equal(type_text(T_REF | T_NULL | 12, buf), "(ref null 12)");
	type_drop();
}

static void
many_types_and_then_none(void **state)
{
	(void)state;
	type_hold();
	type_hold();
	enum { MANY = 5000 };
	static uint32_t id[MANY];
	for (uint32_t i = 0; i < MANY; i++) {
		valtype v[13];
		for (uint32_t k = 0; k < 13; k++)
			v[k] = i >> k & 1 ? T_I32 : T_F64;
		id[i] = type_func(v, 13, NULL, 0);
		assert_true(i == 0 || id[i] > id[i - 1]);
	}
	type_drop();
	for (uint32_t i = 0; i < MANY; i++)
		assert_int_equal(type_of(id[i])->param[0], i & 1 ? T_I32 : T_F64);
	type_drop();
	type_hold();
	assert_int_equal(type_func(NULL, 0, NULL, 0), 0);
	type_drop();
}

static void *
adder(void *salt)
{
	static uint32_t seen[4][256];
	for (uint32_t i = 0; i < 256; i++) {
		valtype v[8];
		for (uint32_t k = 0; k < 8; k++)
			v[k] = i >> k & 1 ? T_I64 : T_F32;
		seen[(uintptr_t)salt][i] = type_func(v, 8, v, 3);
	}
	return seen[(uintptr_t)salt];
}

static void
threads_get_the_same_ids(void **state)
{
	(void)state;
	type_hold();
	pthread_t t[4];
	uint32_t *seen[4];
	for (uintptr_t i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&t[i], NULL, adder, (void *)i), 0);
	for (int i = 0; i < 4; i++)
		pthread_join(t[i], (void **)&seen[i]);
	for (int i = 1; i < 4; i++)
		assert_memory_equal(seen[i], seen[0], 256 * sizeof **seen);
	type_drop();
}

UNIT_MAIN(TEST(equal_structure_is_one_id), TEST(groups_are_equal_as_wholes),
          TEST(places_in_a_structure), TEST(subtypes_keep_to_their_supertypes),
          TEST(a_supertype_in_its_own_group), TEST(a_refused_group_leaves_nothing),
          TEST(hierarchies_have_a_depth), TEST(abstract_types), TEST(value_types),
          TEST(many_types_and_then_none), TEST(threads_get_the_same_ids))
