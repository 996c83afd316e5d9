/* SPDX-License-Identifier: Apache-2.0 */
#include "test/unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "layer/lang/heap.h"
#include "layer/lang/store.h"

/* Modules by the byte, section after section. */
enum { TYPE = 1, IMPORT, FUNCTION, TABLE, MEMORY, GLOBAL, EXPORT, START, ELEMENT, CODE, DATA };

static void
section(struct buf *b, int id, const char *bytes, size_t n)
{
	if (!b->n)
		buf_put(b, "\0asm\1\0\0", 8);
	buf_u8(b, (uint8_t)id);
	buf_uleb(b, n);
	buf_put(b, bytes, n);
}
#define SECTION(b, id, bytes) section(b, id, bytes, sizeof bytes - 1)

static struct module *
module(const struct buf *b)
{
	struct err e = { 0 };
	struct module *m = module_read((const uint8_t *)b->p, b->n, &e);
	if (!m)
		fail_msg("%s", e.what);
	return m;
}

static uint64_t
global(const struct instance *i, uint32_t k)
{
	return i->global[k]->v[0];
}

static const uint64_t *
words(const struct wasm_store *s, uint64_t ref)
{
	assert_true(ref && (ref & 7) == 0);
	return (const uint64_t *)(const void *)heap_object(s->heap, ref)->bytes;
}

/* -- constant expressions ------------------------------------------------------------------ */

static void
everything_constant(void **state)
{
	(void)state;
	struct buf b = { 0 };
	/* (func) (struct i64 anyref) (array (mut i32)) */
	SECTION(&b, TYPE, "\x03\x60\x00\x00\x5f\x02\x7e\x00\x6e\x00\x5e\x7f\x01");
	SECTION(&b, FUNCTION, "\x01\x00");
	/* (table 3 funcref (ref.func 0)) (table 2 anyref) */
	SECTION(&b, TABLE, "\x02\x40\x00\x70\x00\x03\xd2\x00\x0b\x6e\x00\x02");
	SECTION(&b, MEMORY, "\x01\x00\x01");
	SECTION(&b, GLOBAL,
	        "\x0c"
	        /* 0: i32 5 * -3 - 1 */
	        "\x7f\x00\x41\x05\x41\x7d\x6c\x41\x01\x6b\x0b"
	        /* 1: mutable i64 7 + -8 */
	        "\x7e\x01\x42\x07\x42\x78\x7c\x0b"
	        /* 2: structure of 9, i31 of 3 */
	        "\x63\x01\x00\x42\x09\x41\x03\xfb\x1c\xfb\x00\x01\x0b"
	        /* 3: array of 1, 2, 3 */
	        "\x63\x02\x00\x41\x01\x41\x02\x41\x03\xfb\x08\x02\x03\x0b"
	        /* 4: externref of global 2 */
	        "\x6f\x00\x23\x02\xfb\x1b\x0b"
	        /* 5: v128 */
	        "\x7b\x00\xfd\x0c\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f"
	        "\x0b"
	        /* 6: f64 1 */
	        "\x7c\x00\x44\x00\x00\x00\x00\x00\x00\xf0\x3f\x0b"
	        /* 7: default array of 4 */
	        "\x6e\x00\x41\x04\xfb\x07\x02\x0b"
	        /* 8: f32 1 */
	        "\x7d\x00\x43\x00\x00\x80\x3f\x0b"
	        /* 9: ref.func 0 */
	        "\x70\x00\xd2\x00\x0b"
	        /* 10: default structure */
	        "\x6e\x00\xfb\x01\x01\x0b"
	        /* 11: array of -1, twice */
	        "\x6e\x00\x41\x7f\x41\x02\xfb\x06\x02\x0b");
	SECTION(&b, ELEMENT,
	        "\x04"
	        /* active: function 0 at 1; anyrefs null and global 3 at 0 of table 1 */
	        "\x00\x41\x01\x0b\x01\x00"
	        "\x06\x01\x41\x00\x0b\x6e\x02\xd0\x71\x0b\x23\x03\x0b"
	        /* passive: i31 of 7; declared: function 0 */
	        "\x05\x6e\x01\x41\x07\xfb\x1c\x0b"
	        "\x03\x00\x01\x00");
	SECTION(&b, CODE, "\x01\x02\x00\x0b");
	SECTION(&b, DATA, "\x02\x00\x41\x08\x0b\x03\x61\x62\x63\x01\x02\x64\x65");
	struct module *m = module(&b);
	struct wasm_store *s = store_new(NULL);
	struct instance *i;
	struct err e = { 0 };
	assert_int_equal(link_instance(store_thread(s, NULL), m, NULL, "all", &i, &e), LINK_OK);
	heap_collect(s->heap, 0);
	assert_int_equal((uint32_t)global(i, 0), (uint32_t)-16);
	assert_true(global(i, 1) == UINT64_MAX);
	assert_int_equal(words(s, global(i, 2))[0], 9);
	assert_int_equal(words(s, global(i, 2))[1], 3 << 1 | 1);
	const struct object *array = heap_object(s->heap, global(i, 3));
	assert_int_equal(array->length, 3);
	assert_memory_equal(array->bytes, ((uint32_t[]){ 1, 2, 3 }), 12);
	assert_int_equal(global(i, 4), global(i, 2));
	assert_true(global(i, 5) == 0x0706050403020100 && i->global[5]->v[1] == 0x0f0e0d0c0b0a0908);
	assert_true(global(i, 6) == 0x3ff0000000000000);
	array = heap_object(s->heap, global(i, 7));
	assert_int_equal(array->length, 4);
	assert_memory_equal(array->bytes, ((uint32_t[]){ 0, 0, 0, 0 }), 16);
	assert_int_equal((uint32_t)global(i, 8), 0x3f800000);
	assert_ptr_equal(store_func(s, global(i, 9)), instance_func(i, 0));
	assert_int_equal(words(s, global(i, 10))[1], 0);
	assert_int_equal(words(s, global(i, 11))[0], UINT64_MAX);
	for (int k = 0; k < 3; k++)
		assert_int_equal(i->table[0]->elem[k], global(i, 9));
	assert_int_equal(i->table[1]->elem[0], 0);
	assert_int_equal(i->table[1]->elem[1], global(i, 3));
	/* only what is passive is still there */
	assert_null(i->elem[0]);
	assert_null(i->elem[1]);
	assert_int_equal(i->elem_n[1], 0);
	assert_int_equal(i->elem_n[2], 1);
	assert_int_equal(i->elem[2][0], 7 << 1 | 1);
	assert_null(i->elem[3]);
	assert_memory_equal(i->memory[0]->base, "\0\0\0\0\0\0\0\0abc", 12);
	assert_true(i->data_dropped[0] && !i->data_dropped[1]);
	store_free(s);
	module_free(m);
	buf_free(&b);
}

/* -- imports --------------------------------------------------------------------------------- */

static struct external
function(struct wasm_store *s, uint32_t type)
{
	return (struct external){ .kind = EXTERN_FUNC,
		                  .func = store_host(s, type, NULL, NULL, "f") };
}

static struct external
table(struct wasm_store *s, valtype t, struct limits l)
{
	return (struct external){ .kind = EXTERN_TABLE, .table = table_new(s, t, &l, 0, NULL) };
}

static struct external
memory(struct wasm_store *s, struct limits l)
{
	return (struct external){ .kind = EXTERN_MEMORY, .memory = memory_new(s, &l, NULL) };
}

static struct external
value(struct wasm_store *s, valtype t, bool mut)
{
	return (struct external){ .kind = EXTERN_GLOBAL,
		                  .global = store_global(s, t, mut, (uint64_t[]){ 0, 0 }) };
}

static struct external
tag(struct wasm_store *s, uint32_t type)
{
	return (struct external){ .kind = EXTERN_TAG, .tag = store_tag(s, type) };
}

static void
imports_match_or_not(void **state)
{
	(void)state;
	struct buf b = { 0 };
	SECTION(&b, TYPE, "\x01\x60\x00\x00");
	/* (func) (table 2 5 funcref) (memory 2 6) (global anyref) (global (mut i32)) (tag) */
	SECTION(&b, IMPORT,
	        "\x06"
	        "\x01m\x01s\x00\x00"
	        "\x01m\x01t\x01\x70\x01\x02\x05"
	        "\x01m\x01u\x02\x01\x02\x06"
	        "\x01m\x01v\x03\x6e\x00"
	        "\x01m\x01w\x03\x7f\x01"
	        "\x01m\x01x\x04\x00\x00");
	struct module *m = module(&b);
	struct wasm_store *s = store_new(NULL);
	struct thread *t = store_thread(s, NULL);
	struct instance *i;
	struct err e;
	uint32_t plain = type_func(NULL, 0, NULL, 0),
	         other = type_func(&(valtype){ T_I32 }, 1, NULL, 0);
	const struct limits grown = { .min = 1, .max = 6, .has_max = true, .page = 16 };
	struct external good[] = {
		function(s, plain),
		table(s, T_FUNCREF, (struct limits){ .min = 3, .max = 5, .has_max = true }),
		memory(s, grown),
		value(s, T_REF | HEAP_I31, false),
		value(s, T_I32, true),
		tag(s, plain),
	};
	/* the size it has now counts */
	memory_grow(s, good[2].memory, 1);
	if (link_instance(t, m, good, NULL, &i, &e) != LINK_OK)
		fail_msg("%s", e.what);
	assert_ptr_equal(i->memory[0], good[2].memory);
	assert_ptr_equal(instance_func(i, 0), good[0].func);
	for (int k = 0; k < 6; k++) {
		struct external bad[6];
		memcpy(bad, good, sizeof bad);
		bad[k].func = NULL;
		assert_int_equal(link_instance(t, m, bad, NULL, &i, &e), LINK_UNLINKABLE);
		assert_int_equal(strncmp(e.what, "unknown import", 14), 0);
		assert_null(i);
		bad[k] = good[(k + 1) % 6];
		if (k == 3)
			bad[k] = good[0];
		assert_int_equal(link_instance(t, m, bad, NULL, &i, &e), LINK_UNLINKABLE);
		char want[64];
		snprintf(want, sizeof want, "incompatible import type for m.%c", "stuvwx"[k]);
		assert_string_equal(e.what, want);
	}
	struct limits wide = grown, shared = grown, bytes = grown;
	wide.is64 = shared.shared = true;
	bytes.page = 0;
	wide.min = shared.min = bytes.min = 2;
	const struct {
		int k;
		struct external x;
	} bad[] = {
		{ 0, function(s, other) },
		{ 1,
		  table(s, T_EXTERNREF, (struct limits){ .min = 3, .max = 5, .has_max = true }) },
		{ 1, table(s, T_FUNCREF, (struct limits){ .min = 1, .max = 5, .has_max = true }) },
		{ 1, table(s, T_FUNCREF, (struct limits){ .min = 3, .max = 6, .has_max = true }) },
		{ 1, table(s, T_FUNCREF, (struct limits){ .min = 3 }) },
		{ 1, table(s, T_REF | HEAP_FUNC,
		           (struct limits){ .min = 3, .max = 5, .has_max = true }) },
		{ 1, table(s, T_FUNCREF,
		           (struct limits){ .min = 3, .max = 5, .has_max = true, .is64 = true }) },
		{ 2, memory(s, grown) },
		{ 2, memory(s, wide) },
		{ 2, memory(s, shared) },
		{ 2, memory(s, bytes) },
		{ 3, value(s, T_REF | HEAP_I31, true) },
		{ 3, value(s, T_FUNCREF, false) },
		{ 4, value(s, T_I32, false) },
		{ 4, value(s, T_I64, true) },
		{ 5, tag(s, other) },
	};
	for (size_t k = 0; k < sizeof bad / sizeof *bad; k++) {
		struct external x[6];
		memcpy(x, good, sizeof x);
		x[bad[k].k] = bad[k].x;
		if (link_instance(t, m, x, NULL, &i, &e) != LINK_UNLINKABLE ||
		    strncmp(e.what, "incompatible", 12))
			fail_msg("import %zu is linked", k);
	}
	assert_int_equal(s->instance.n, 1);
	store_free(s);
	module_free(m);
	buf_free(&b);
}

/* -- failures ------------------------------------------------------------------------------------ */

static void
what_cannot_be_leaves_nothing(void **state)
{
	(void)state;
	struct buf b = { 0 };
	SECTION(&b, TYPE, "\x01\x60\x00\x00");
	SECTION(&b, FUNCTION, "\x02\x00\x00");
	/* two tables, the second beyond the limit */
	SECTION(&b, TABLE, "\x02\x70\x00\x05\x70\x00\x50");
	SECTION(&b, MEMORY, "\x01\x00\x02");
	SECTION(&b, GLOBAL, "\x01\x7f\x00\x41\x00\x0b");
	SECTION(&b, CODE, "\x02\x02\x00\x0b\x02\x00\x0b");
	struct module *m = module(&b);
	struct wasm_store *s = store_new(&(struct store_limits){ .table = 64 });
	struct thread *t = store_thread(s, NULL);
	struct instance *i;
	struct err e;
	for (int k = 0; k < 3; k++) {
		assert_int_equal(link_instance(t, m, NULL, "x", &i, &e), LINK_UNLINKABLE);
		assert_non_null(strstr(e.what, "beyond the limit"));
		assert_null(i);
		assert_int_equal(s->memory_used, 0);
		assert_int_equal(s->table_used, 0);
		assert_int_equal(s->nfunc, 1);
		assert_int_equal(s->instance.n + s->memory.n + s->table.n + s->global.n, 0);
	}
	store_free(s);
	module_free(m);
	buf_free(&b);
}

static void
what_was_written_before_a_trap_stays(void **state)
{
	(void)state;
	struct buf b = { 0 };
	SECTION(&b, TYPE, "\x01\x60\x00\x00");
	SECTION(&b, FUNCTION, "\x01\x00");
	SECTION(&b, TABLE, "\x01\x70\x00\x02");
	SECTION(&b, MEMORY, "\x01\x00\x01");
	/* at 0, and then at 1 one more than there is */
	SECTION(&b, ELEMENT, "\x02\x00\x41\x00\x0b\x01\x00\x00\x41\x01\x0b\x02\x00\x00");
	SECTION(&b, CODE, "\x01\x02\x00\x0b");
	SECTION(&b, DATA, "\x01\x00\x41\x00\x0b\x01\x61");
	struct module *m = module(&b);
	struct wasm_store *s = store_new(NULL);
	struct thread *t = store_thread(s, NULL);
	struct instance *i;
	struct err e;
	assert_int_equal(link_instance(t, m, NULL, NULL, &i, &e), LINK_TRAP);
	assert_int_equal(t->trap, TRAP_table);
	assert_ptr_equal(store_func(s, i->table[0]->elem[0]), instance_func(i, 0));
	assert_int_equal(i->table[0]->elem[1], 0);
	assert_int_equal(i->memory[0]->base[0], 0);
	store_free(s);
	module_free(m);
	buf_free(&b);
}

static void
data_beyond_the_memory(void **state)
{
	(void)state;
	struct buf b = { 0 };
	SECTION(&b, MEMORY, "\x01\x00\x01");
	/* at 65535: one byte; at 65536: none; at 65535: two; at -1: none */
	SECTION(&b, DATA,
	        "\x04\x00\x41\xff\xff\x03\x0b\x01\x61\x00\x41\x80\x80\x04\x0b\x00"
	        "\x00\x41\xff\xff\x03\x0b\x02\x62\x62\x00\x41\x7f\x0b\x00");
	struct module *m = module(&b);
	struct wasm_store *s = store_new(NULL);
	struct thread *t = store_thread(s, NULL);
	struct instance *i;
	struct err e;
	assert_int_equal(link_instance(t, m, NULL, NULL, &i, &e), LINK_TRAP);
	assert_int_equal(t->trap, TRAP_memory);
	assert_int_equal(i->memory[0]->base[65535], 'a');
	assert_true(i->data_dropped[0] && i->data_dropped[1] && !i->data_dropped[2]);
	store_free(s);
	module_free(m);
	buf_free(&b);
}

static void
an_initialiser_without_room(void **state)
{
	(void)state;
	struct buf b = { 0 };
	SECTION(&b, TYPE, "\x01\x5e\x7b\x01");
	/* an array of 2^32 - 1 vectors, and a global behind it */
	SECTION(&b, GLOBAL, "\x02\x6e\x00\x41\x7f\xfb\x07\x00\x0b\x7f\x00\x41\x05\x0b");
	struct module *m = module(&b);
	struct wasm_store *s = store_new(NULL);
	struct thread *t = store_thread(s, NULL);
	struct instance *i;
	struct err e;
	assert_int_equal(link_instance(t, m, NULL, NULL, &i, &e), LINK_TRAP);
	assert_int_equal(t->trap, TRAP_heap);
	assert_null(t->values);
	assert_int_equal(global(i, 0), 0);
	assert_int_equal(global(i, 1), 0);
	store_free(s);
	module_free(m);
	buf_free(&b);
}

/* -- starting and exporting ------------------------------------------------------------------------ */

static void
the_start_function_runs(void **state)
{
	(void)state;
	struct buf b = { 0 };
	SECTION(&b, TYPE, "\x01\x60\x00\x00");
	SECTION(&b, FUNCTION, "\x02\x00\x00");
	SECTION(&b, GLOBAL, "\x01\x7f\x01\x41\x01\x0b");
	SECTION(&b, EXPORT, "\x02\x01g\x03\x00\x01p\x00\x00");
	SECTION(&b, START, "\x01");
	/* unreachable; and global 0 = 42 */
	SECTION(&b, CODE, "\x02\x03\x00\x00\x0b\x06\x00\x41\x2a\x24\x00\x0b");
	struct module *m = module(&b);
	struct wasm_store *s = store_new(NULL);
	struct thread *t = store_thread(s, NULL);
	struct instance *i;
	struct external x;
	struct err e;
	assert_int_equal(link_instance(t, m, NULL, NULL, &i, &e), LINK_OK);
	assert_true(link_export(i, "g", 1, &x));
	assert_int_equal(x.kind, EXTERN_GLOBAL);
	assert_int_equal((uint32_t)x.global->v[0], 42);
	assert_true(link_export(i, "p", 1, &x));
	assert_ptr_equal(x.func, instance_func(i, 0));
	assert_false(link_export(i, "pp", 2, &x));
	store_free(s);
	module_free(m);
	/* the same, starting with what traps */
	uint8_t *start = memmem(b.p, b.n, "\x08\x01\x01", 3);
	assert_non_null(start);
	start[2] = 0;
	m = module(&b);
	s = store_new(NULL);
	t = store_thread(s, NULL);
	assert_int_equal(link_instance(t, m, NULL, NULL, &i, &e), LINK_TRAP);
	assert_int_equal(t->trap, TRAP_unreachable);
	store_free(s);
	module_free(m);
	buf_free(&b);
}

static int
times_mapped(const char *name)
{
	char line[512];
	int n = 0;
	FILE *f = fopen("/proc/self/maps", "r");
	assert_non_null(f);
	while (fgets(line, sizeof line, f))
		n += strstr(line, name) != NULL;
	fclose(f);
	return n;
}

static void
data_comes_from_the_file(void **state)
{
	(void)state;
	enum { BIG = 300000 };
	char name[] = "/tmp/joist-link.XXXXXX";
	int fd = mkstemp(name);
	assert_true(fd >= 0);
	for (uint32_t shift = 0; shift < 2; shift++) {
		struct buf b = { 0 }, d = { 0 };
		SECTION(&b, MEMORY, "\x01\x00\x10");
		/* the address takes five bytes; the bytes come four behind it */
		buf_put(&d, "\x01\x00\x41", 3);
		uint32_t at = (uint32_t)(b.n + 1 + 3 + 3 + 5 + 1 + 3) + 65536 + shift;
		for (int k = 0; k < 5; k++)
			buf_u8(&d, (uint8_t)((at >> 7 * k & 0x7f) | (k < 4 ? 0x80 : 0)));
		buf_u8(&d, 0x0b);
		buf_uleb(&d, BIG);
		for (uint32_t k = 0; k < BIG; k++)
			buf_u8(&d, (uint8_t)(k * 7 + k / 256));
		section(&b, DATA, (const char *)d.p, d.n);
		assert_int_equal(ftruncate(fd, 0), 0);
		assert_int_equal(pwrite(fd, b.p, b.n, 0), b.n);
		struct err e = { 0 };
		struct module *m = module_open(AT_FDCWD, name, &e);
		assert_non_null(m);
		assert_int_equal((at - m->data[0].offset) % 4096, shift);
		struct wasm_store *s = store_new(NULL);
		struct instance *i;
		int before = times_mapped(name);
		assert_int_equal(link_instance(store_thread(s, NULL), m, NULL, NULL, &i, &e),
		                 LINK_OK);
		assert_int_equal(times_mapped(name) - before, shift == 0);
		uint8_t *p = i->memory[0]->base + at;
		assert_int_equal(p[-1], 0);
		for (uint32_t k = 0; k < BIG; k++)
			if (p[k] != (uint8_t)(k * 7 + k / 256))
				fail_msg("byte %u", k);
		assert_int_equal(p[BIG], 0);
		/* what the program writes is its own */
		memset(p, 0xee, BIG);
		uint8_t back[16];
		assert_int_equal(pread(fd, back, 16, m->data[0].offset + 100000), 16);
		assert_int_equal(back[0], (uint8_t)(100000 * 7 + 100000 / 256));
		assert_int_equal(memory_grow(s, i->memory[0], 1000), 16);
		assert_int_equal(i->memory[0]->base[at + BIG - 1], 0xee);
		store_free(s);
		module_free(m);
		buf_free(&b);
		buf_free(&d);
	}
	close(fd);
	unlink(name);
}

static void
threads_have_numbers(void **state)
{
	(void)state;
	struct wasm_store *s = store_new(&(struct store_limits){ .threads = 3, .stack = 100000 });
	struct thread *a = store_thread(s, NULL), *b = store_thread(s, NULL),
	              *c = store_thread(s, NULL);
	struct err e = { 0 };
	assert_null(store_thread(s, &e));
	assert_non_null(strstr(e.what, "limit of 3 threads"));
	store_thread_free(a);
	struct thread *d = store_thread(s, NULL);
	assert_int_not_equal(d->number, b->number);
	assert_int_not_equal(d->number, c->number);
	assert_int_equal(s->thread.n, 3);
	d->stack[0] = d->stack_end[-1] = 1;
	store_free(s);
}

UNIT_MAIN(TEST(everything_constant), TEST(imports_match_or_not),
          TEST(what_cannot_be_leaves_nothing), TEST(what_was_written_before_a_trap_stays),
          TEST(data_beyond_the_memory), TEST(an_initialiser_without_room),
          TEST(the_start_function_runs), TEST(data_comes_from_the_file), TEST(threads_have_numbers))
