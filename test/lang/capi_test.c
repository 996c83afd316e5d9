/* SPDX-License-Identifier: Apache-2.0 */
#include "test/unit.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "include/wasm.h"
#include "layer/lang/text/text.h"

/* The standard C interface (include/wasm.h), as a program uses it. */

static wasm_engine_t *engine;
static wasm_store_t *store;

static int
begin(void **state)
{
	(void)state;
	engine = wasm_engine_new();
	store = wasm_store_new(engine);
	return store ? 0 : -1;
}

static int
end(void **state)
{
	(void)state;
	wasm_store_delete(store);
	wasm_engine_delete(engine);
	return 0;
}

static wasm_module_t *
module(const char *text)
{
	struct buf b = { 0 };
	struct err e = { 0 };
	if (text_module(text, strlen(text), &b, &e) < 0)
		fail_msg("%s", e.what);
	wasm_byte_vec_t bytes = { b.n, (char *)b.p };
	wasm_module_t *m = wasm_module_new(store, &bytes);
	assert_non_null(m);
	buf_free(&b);
	return m;
}

/* An instance of a text; its exports in order. */
static wasm_extern_vec_t
instance(const char *text, wasm_extern_t **imports, size_t n)
{
	wasm_module_t *m = module(text);
	wasm_extern_vec_t v = { n, imports }, exports;
	wasm_trap_t *trap = NULL;
	wasm_instance_t *i = wasm_instance_new(store, m, &v, &trap);
	assert_null(trap);
	assert_non_null(i);
	wasm_instance_exports(i, &exports);
	wasm_instance_delete(i);
	wasm_module_delete(m);
	return exports;
}

static wasm_trap_t *
call(wasm_extern_t *f, wasm_val_t *args, size_t nargs, wasm_val_t *results, size_t nresults)
{
	wasm_val_vec_t a = { nargs, args }, r = { nresults, results };
	return wasm_func_call(wasm_extern_as_func(f), &a, &r);
}

static void
expect_trap(wasm_trap_t *trap, const char *sentence)
{
	wasm_message_t message;
	assert_non_null(trap);
	wasm_trap_message(trap, &message);
	assert_string_equal(message.data, sentence);
	assert_int_equal(message.size, strlen(sentence) + 1);
	wasm_byte_vec_delete(&message);
	wasm_trap_delete(trap);
}

/* -- values -------------------------------------------------------------------------------- */

static void
values_of_all_kinds(void **state)
{
	(void)state;
	wasm_extern_vec_t x = instance(
	        "(module (func (export \"f\") (param i32 i64 f32 f64) (result f64 f32 i64 i32)"
	        " local.get 3 local.get 2 local.get 1 local.get 0))",
	        NULL, 0);
	wasm_val_t args[] = { WASM_I32_VAL(-5), WASM_I64_VAL(INT64_MIN), WASM_F32_VAL(1.5f),
		              WASM_F64_VAL(-2.25) };
	wasm_val_t r[4];
	assert_null(call(x.data[0], args, 4, r, 4));
	assert_true(r[0].kind == WASM_F64 && r[0].of.f64 == -2.25);
	assert_true(r[1].kind == WASM_F32 && r[1].of.f32 == 1.5f);
	assert_true(r[2].kind == WASM_I64 && r[2].of.i64 == INT64_MIN);
	assert_true(r[3].kind == WASM_I32 && r[3].of.i32 == -5);
	expect_trap(call(x.data[0], args, 3, r, 4), "wrong number of arguments");
	args[0].kind = WASM_F32;
	expect_trap(call(x.data[0], args, 4, r, 4), "an argument is not of its type");
	wasm_extern_vec_delete(&x);
}

static int finalized;
static void
finalizer(void *info)
{
	finalized += (int)(intptr_t)info;
}

static void
references_go_through(void **state)
{
	(void)state;
	finalized = 0;
	wasm_extern_vec_t x = instance("(module (table $t (export \"t\") 2 9 externref)"
	                               " (global $g (export \"g\") (mut funcref) (ref.null func))"
	                               " (func (export \"set\") (param externref) (table.set $t "
	                               "(i32.const 1) (local.get 0)))"
	                               " (func (export \"me\") (result funcref) (ref.func 1)))",
	                               NULL, 0);
	wasm_foreign_t *foreign = wasm_foreign_new(store);
	wasm_foreign_set_host_info_with_finalizer(foreign, (void *)100, finalizer);
	wasm_val_t arg = WASM_REF_VAL(wasm_foreign_as_ref(foreign)), r[1];
	assert_null(call(x.data[2], &arg, 1, r, 0));
	wasm_table_t *table = wasm_extern_as_table(x.data[0]);
	assert_null(wasm_table_get(table, 0));
	wasm_ref_t *got = wasm_table_get(table, 1);
	assert_true(wasm_ref_same(got, wasm_foreign_as_ref(foreign)));
	assert_ptr_equal(wasm_ref_get_host_info(got), (void *)100);
	assert_ptr_equal(wasm_ref_as_foreign(got), foreign);
	assert_null(wasm_ref_as_func(got));
	wasm_ref_delete(got);
	assert_true(wasm_table_grow(table, 7, wasm_foreign_as_ref(foreign)));
	assert_false(wasm_table_grow(table, 1, NULL));
	assert_int_equal(wasm_table_size(table), 9);
	assert_false(wasm_table_set(table, 9, NULL));

	assert_null(call(x.data[3], NULL, 0, r, 1));
	assert_int_equal(r[0].kind, WASM_FUNCREF);
	assert_true(wasm_ref_same(r[0].of.ref, wasm_func_as_ref(wasm_extern_as_func(x.data[3]))));
	wasm_global_t *global = wasm_extern_as_global(x.data[1]);
	wasm_global_set(global, &r[0]);
	wasm_val_t back, wrong = WASM_REF_VAL(wasm_foreign_as_ref(foreign));
	wasm_global_set(global, &wrong); /* a foreign thing is no function */
	wasm_global_get(global, &back);
	assert_ptr_equal(back.of.ref, r[0].of.ref);
	wasm_val_delete(&back);
	wasm_val_delete(&r[0]);
	/* One that no module has seen goes with its last handle, the other with the store. */
	wasm_foreign_t *alone = wasm_foreign_new(store);
	wasm_foreign_set_host_info_with_finalizer(alone, (void *)7, finalizer);
	wasm_foreign_delete(alone);
	assert_int_equal(finalized, 7);
	wasm_foreign_delete(foreign);
	wasm_extern_vec_delete(&x);
	assert_int_equal(finalized, 7);
	wasm_store_delete(store);
	assert_int_equal(finalized, 107);
	store = wasm_store_new(engine);
}

static void
objects_of_the_heap_stay(void **state)
{
	(void)state;
	wasm_extern_vec_t x = instance(
	        "(module (type $s (struct (field i32)))"
	        " (func (export \"new\") (param i32) (result externref)"
	        "  (extern.convert_any (struct.new $s (local.get 0))))"
	        " (func (export \"get\") (param externref) (result i32)"
	        "  (struct.get $s 0 (ref.cast (ref $s) (any.convert_extern (local.get 0)))))"
	        " (func (export \"waste\") (local $i i32)"
	        "  (loop (drop (struct.new $s (local.get $i)))"
	        "   (br_if 0 (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1)))"
	        "    (i32.const 3000000))))))",
	        NULL, 0);
	enum { N = 20 };
	wasm_val_t kept[N], r[1];
	for (int i = 0; i < N; i++) {
		wasm_val_t arg = WASM_I32_VAL(1000 + i);
		assert_null(call(x.data[0], &arg, 1, &kept[i], 1));
		assert_non_null(kept[i].of.ref);
	}
	for (int i = 0; i < N; i += 3)
		wasm_val_delete(&kept[i]);
	assert_null(call(x.data[2], NULL, 0, NULL, 0));
	for (int i = 0; i < N; i++) {
		if (i % 3 == 0)
			continue;
		assert_null(call(x.data[1], &kept[i], 1, r, 1));
		assert_int_equal(r[0].of.i32, 1000 + i);
		wasm_val_delete(&kept[i]);
	}
	wasm_extern_vec_delete(&x);
}

/* -- callbacks ------------------------------------------------------------------------------ */

static wasm_extern_vec_t again;

static wasm_trap_t *
count_down(void *env, const wasm_val_vec_t *args, wasm_val_vec_t *results)
{
	int *calls = env;
	++*calls;
	if (args->data[0].of.i32 == 0) {
		wasm_message_t m;
		wasm_name_new_from_string_nt(&m, "the ground");
		wasm_trap_t *t = wasm_trap_new(store, &m);
		wasm_byte_vec_delete(&m);
		return t;
	}
	wasm_val_t less = WASM_I32_VAL(args->data[0].of.i32 - 1), r[1];
	wasm_trap_t *t = call(again.data[0], &less, 1, r, 1);
	if (!t)
		results->data[0] = (wasm_val_t)WASM_I32_VAL(r[0].of.i32 + 1);
	return t;
}

static wasm_trap_t *
liar(const wasm_val_vec_t *args, wasm_val_vec_t *results)
{
	(void)args;
	results->data[0] = (wasm_val_t)WASM_F64_VAL(1);
	return NULL;
}

static const char caller[] =
        "(module (import \"\" \"f\" (func $f (param i32) (result i32)))"
        " (func (export \"go\") (param i32) (result i32)"
        "  (if (i32.eq (local.get 0) (i32.const 99)) (then unreachable))"
        "  (if (i32.eq (local.get 0) (i32.const 100)) (then (return (i32.const 0))))"
        "  (call $f (local.get 0))))";

static void
callbacks_call_in_again(void **state)
{
	(void)state;
	int calls = 0;
	finalized = 0;
	wasm_functype_t *t = wasm_functype_new_1_1(wasm_valtype_new_i32(), wasm_valtype_new_i32());
	wasm_func_t *f = wasm_func_new_with_env(store, t, count_down, &calls, NULL);
	wasm_extern_t *imports[] = { wasm_func_as_extern(f) };
	again = instance(caller, imports, 1);
	wasm_val_t arg = WASM_I32_VAL(105), r[1];
	assert_null(call(again.data[0], &arg, 1, r, 1));
	assert_int_equal(r[0].of.i32, 5);
	assert_int_equal(calls, 5);
	arg.of.i32 = 30;
	wasm_trap_t *trap = call(again.data[0], &arg, 1, r, 1);
	wasm_frame_vec_t frames;
	wasm_trap_trace(trap, &frames);
	assert_true(frames.size >= 1);
	assert_int_equal(wasm_frame_func_index(frames.data[0]), 1);
	wasm_frame_vec_delete(&frames);
	expect_trap(trap, "the ground");
	arg.of.i32 = 102;
	assert_null(call(again.data[0], &arg, 1, r, 1));
	assert_int_equal(r[0].of.i32, 2);
	wasm_extern_vec_delete(&again);

	wasm_func_t *bad = wasm_func_new(store, t, liar);
	imports[0] = wasm_func_as_extern(bad);
	again = instance(caller, imports, 1);
	expect_trap(call(again.data[0], &arg, 1, r, 1),
	            "a callback returned values that are not of its type");
	wasm_extern_vec_delete(&again);
	wasm_func_delete(bad);
	wasm_func_delete(f);
	f = wasm_func_new_with_env(store, t, count_down, (void *)3, finalizer);
	wasm_func_delete(f);
	wasm_functype_delete(t);
	wasm_store_delete(store);
	assert_int_equal(finalized, 3);
	store = wasm_store_new(engine);
}

static void
a_trap_says_where(void **state)
{
	(void)state;
	wasm_extern_vec_t x =
	        instance("(module (func $a unreachable) (func (export \"b\") call $a))", NULL, 0);
	wasm_trap_t *trap = call(x.data[0], NULL, 0, NULL, 0);
	wasm_frame_vec_t frames;
	wasm_trap_trace(trap, &frames);
	assert_int_equal(frames.size, 2);
	assert_int_equal(wasm_frame_func_index(frames.data[0]), 0);
	assert_int_equal(wasm_frame_func_index(frames.data[1]), 1);
	assert_int_equal(wasm_frame_func_offset(frames.data[0]), 1);
	assert_int_equal(wasm_frame_module_offset(frames.data[0]), 31);
	assert_ptr_equal(wasm_frame_instance(frames.data[0]), wasm_frame_instance(frames.data[1]));
	wasm_frame_t *origin = wasm_trap_origin(trap);
	assert_int_equal(wasm_frame_func_index(origin), 0);
	wasm_frame_delete(origin);
	wasm_frame_vec_delete(&frames);
	expect_trap(trap, "unreachable");
	wasm_extern_vec_delete(&x);
}

static void
endless_recursion_is_a_trap(void **state)
{
	(void)state;
	wasm_extern_vec_t x = instance("(module (func $a (export \"a\") call $a))", NULL, 0);
	expect_trap(call(x.data[0], NULL, 0, NULL, 0), "call stack exhausted");
	wasm_extern_vec_delete(&x);
}

/* -- linking --------------------------------------------------------------------------------- */

static void
what_cannot_be_linked(void **state)
{
	(void)state;
	wasm_module_t *m = module(
	        "(module (import \"a\" \"m\" (memory 2)) (import \"a\" \"g\" (global i32)))");
	wasm_importtype_vec_t types;
	wasm_module_imports(m, &types);
	assert_int_equal(types.size, 2);
	assert_int_equal(wasm_externtype_kind(wasm_importtype_type(types.data[0])),
	                 WASM_EXTERN_MEMORY);
	assert_int_equal(wasm_importtype_name(types.data[1])->size, 1);
	wasm_importtype_vec_t copy;
	wasm_importtype_vec_copy(&copy, &types);
	wasm_importtype_vec_delete(&types);
	wasm_importtype_vec_delete(&copy);

	const wasm_limits_t one = { 1, wasm_limits_max_default }, bad = { 2, 1 };
	wasm_memorytype_t *mt = wasm_memorytype_new(&one), *never = wasm_memorytype_new(&bad);
	assert_null(wasm_memory_new(store, never));
	wasm_memory_t *memory = wasm_memory_new(store, mt);
	wasm_globaltype_t *gt = wasm_globaltype_new(wasm_valtype_new_i32(), WASM_CONST);
	wasm_val_t seven = WASM_I32_VAL(7), eight = WASM_I64_VAL(8);
	assert_null(wasm_global_new(store, gt, &eight));
	wasm_global_t *global = wasm_global_new(store, gt, &seven);
	wasm_global_set(global, &seven); /* it is constant */
	wasm_extern_t *imports[] = { wasm_memory_as_extern(memory), wasm_global_as_extern(global) };
	wasm_extern_vec_t v = { 1, imports };
	wasm_trap_t *trap = NULL;
	assert_null(wasm_instance_new(store, m, &v, &trap));
	expect_trap(trap, "fewer imports are given than the module has");
	v.size = 2;
	assert_null(wasm_instance_new(store, m, &v, &trap));
	wasm_message_t why;
	wasm_trap_message(trap, &why);
	assert_non_null(strstr(why.data, "incompatible import type"));
	wasm_byte_vec_delete(&why);
	wasm_trap_delete(trap);
	assert_true(wasm_memory_grow(memory, 1));
	assert_int_equal(wasm_memory_size(memory), 2);
	assert_int_equal(wasm_memory_data_size(memory), 2 * MEMORY_PAGE_SIZE);
	wasm_instance_t *i = wasm_instance_new(store, m, &v, NULL);
	assert_non_null(i);
	wasm_store_t *other = wasm_store_new(engine);
	wasm_shared_module_t *shared = wasm_module_share(m);
	wasm_module_t *there = wasm_module_obtain(other, shared);
	wasm_shared_module_delete(shared);
	assert_null(wasm_instance_new(other, there, &v, &trap));
	expect_trap(trap, "an import is of another store");
	/* A store that is deleted first waits for what is held of it. */
	wasm_store_delete(other);
	wasm_module_delete(there);
	wasm_instance_delete(i);
	wasm_memory_delete(memory);
	wasm_global_delete(global);
	wasm_memorytype_delete(mt);
	wasm_memorytype_delete(never);
	wasm_globaltype_delete(gt);
	wasm_module_delete(m);
}

static void
bytes_that_are_no_module(void **state)
{
	(void)state;
	char junk[] = "\0asm\1\0\0\0\1";
	wasm_byte_vec_t v = { 9, junk };
	assert_null(wasm_module_new(store, &v));
	assert_false(wasm_module_validate(store, &v));
	v.size = 8;
	assert_true(wasm_module_validate(store, &v));
	v.size = 0;
	assert_null(wasm_module_deserialize(store, &v));
	wasm_module_t *m = module("(module (global (export \"g\") v128 (v128.const i64x2 1 2)) "
	                          "(tag (export \"t\")))");
	wasm_byte_vec_t bytes;
	wasm_module_serialize(m, &bytes);
	wasm_module_t *again_m = wasm_module_deserialize(store, &bytes);
	assert_non_null(again_m);
	wasm_exporttype_vec_t types;
	wasm_module_exports(again_m, &types);
	const wasm_globaltype_t *g =
	        wasm_externtype_as_globaltype_const(wasm_exporttype_type(types.data[0]));
	assert_int_equal(wasm_valtype_kind(wasm_globaltype_content(g)), WASM_V128);
	assert_int_equal(wasm_externtype_kind(wasm_exporttype_type(types.data[1])),
	                 WASM_EXTERN_TAG);
	wasm_exporttype_vec_delete(&types);
	wasm_byte_vec_delete(&bytes);
	wasm_module_delete(again_m);
	wasm_module_delete(m);
}

#define ROW(f) cmocka_unit_test_setup_teardown(f, begin, end)
UNIT_MAIN(ROW(values_of_all_kinds), ROW(references_go_through), ROW(objects_of_the_heap_stay),
          ROW(callbacks_call_in_again), ROW(a_trap_says_where), ROW(endless_recursion_is_a_trap),
          ROW(what_cannot_be_linked), ROW(bytes_that_are_no_module))
