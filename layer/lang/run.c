/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/lang/run.h"

#include <string.h>

#include "layer/lang/heap.h"
#include "layer/lang/help.h"
#include "layer/lang/num.h"
#include "layer/lang/simd.h"

/* The interpreter.  One handler per row of code.def, each ends by going straight
 * to the next: pc is the instruction (its handler's address, then its fields),
 * fp the frame, mem and limit the first memory of the running instance.
 */

uint64_t run_exit_word[2];

/* clang-format off */
/* Fields of the instruction. */
#define A (((const uint16_t *)pc)[4])
#define B (((const uint16_t *)pc)[5])
#define C (((const uint16_t *)pc)[6])
#define D (((const uint16_t *)pc)[7])
#define K (((const int32_t *)pc)[3])

/* Slots as values; every write fills the slot. */
#define U32(i) ((uint32_t)fp[i])
#define U64(i) (fp[i])
#define PUT_U32(i, v) (fp[i] = (uint32_t)(v))
#define PUT_U64(i, v) (fp[i] = (v))

static inline float
as_f32(uint64_t v)
{
	uint32_t w = (uint32_t)v;
	float f;
	memcpy(&f, &w, 4);
	return f;
}

static inline double
as_f64(uint64_t v)
{
	double f;
	memcpy(&f, &v, 8);
	return f;
}

static inline uint64_t
of_f32(float f)
{
	uint32_t w;
	memcpy(&w, &f, 4);
	return w;
}

static inline uint64_t
of_f64(double f)
{
	uint64_t w;
	memcpy(&w, &f, 8);
	return w;
}

static inline union v128
get_v128(const uint64_t *s)
{
	union v128 v;
	memcpy(&v, s, 16);
	return v;
}

static inline void
put_v128(uint64_t *s, union v128 v)
{
	memcpy(s, &v, 16);
}

/* A function of numbers or vectors applied to fields b, c, d: which slots it
 * reads and writes follows from its type. */
#define INLINE static inline __attribute__((always_inline))
#define P_I(v) fp[A] = (uint32_t)(v)
#define P_L(v) fp[A] = (v)
#define P_F(v) fp[A] = of_f32(v)
#define P_D(v) fp[A] = of_f64(v)
#define P_V(v) put_v128(fp + A, v)
#define G_I(x) U32(x)
#define G_L(x) U64(x)
#define G_F(x) as_f32(fp[x])
#define G_D(x) as_f64(fp[x])
#define G_V(x) get_v128(fp + x)
#define UNARY_KIND(tag, R, T, put, get) \
	INLINE void unary_##tag(R (*f)(T), uint64_t *fp, const uint64_t *pc) { put(f(get(B))); }
UNARY_KIND(ii, uint32_t, uint32_t, P_I, G_I)
UNARY_KIND(ll, uint64_t, uint64_t, P_L, G_L)
UNARY_KIND(ff, float, float, P_F, G_F)
UNARY_KIND(dd, double, double, P_D, G_D)
UNARY_KIND(li, uint64_t, uint32_t, P_L, G_I)
UNARY_KIND(fi, float, uint32_t, P_F, G_I)
UNARY_KIND(fl, float, uint64_t, P_F, G_L)
UNARY_KIND(fd, float, double, P_F, G_D)
UNARY_KIND(di, double, uint32_t, P_D, G_I)
UNARY_KIND(dl, double, uint64_t, P_D, G_L)
UNARY_KIND(df, double, float, P_D, G_F)
UNARY_KIND(if, uint32_t, float, P_I, G_F)
UNARY_KIND(id, uint32_t, double, P_I, G_D)
UNARY_KIND(lf, uint64_t, float, P_L, G_F)
UNARY_KIND(ld, uint64_t, double, P_L, G_D)
UNARY_KIND(vv, union v128, union v128, P_V, G_V)
UNARY_KIND(iv, uint32_t, union v128, P_I, G_V)
UNARY_KIND(vi, union v128, uint32_t, P_V, G_I)
UNARY_KIND(vl, union v128, uint64_t, P_V, G_L)
UNARY_KIND(vf, union v128, float, P_V, G_F)
UNARY_KIND(vd, union v128, double, P_V, G_D)
#define BINARY_KIND(tag, R, T, S, put, get, get2) \
	INLINE void binary_##tag(R (*f)(T, S), uint64_t *fp, const uint64_t *pc) { put(f(get(B), get2(C))); }
BINARY_KIND(fff, float, float, float, P_F, G_F, G_F)
BINARY_KIND(ddd, double, double, double, P_D, G_D, G_D)
BINARY_KIND(vvv, union v128, union v128, union v128, P_V, G_V, G_V)
BINARY_KIND(vvi, union v128, union v128, uint32_t, P_V, G_V, G_I)
INLINE void
ternary_vvvv(union v128 (*f)(union v128, union v128, union v128), uint64_t *fp, const uint64_t *pc)
{
	put_v128(fp + A, f(get_v128(fp + B), get_v128(fp + C), get_v128(fp + D)));
}
#define LANE_KIND(tag, R, put) \
	INLINE void lane_##tag(R (*f)(union v128, unsigned), uint64_t *fp, const uint64_t *pc) \
	{ put(f(get_v128(fp + B), C)); }
LANE_KIND(i, uint32_t, P_I)
LANE_KIND(l, uint64_t, P_L)
LANE_KIND(f, float, P_F)
LANE_KIND(d, double, P_D)
#define REPLACE_KIND(tag, T, get) \
	INLINE void replace_##tag(union v128 (*f)(union v128, T, unsigned), uint64_t *fp, const uint64_t *pc) \
	{ put_v128(fp + A, f(get_v128(fp + B), get(C), D)); }
REPLACE_KIND(i, uint32_t, G_I)
REPLACE_KIND(l, uint64_t, G_L)
REPLACE_KIND(f, float, G_F)
REPLACE_KIND(d, double, G_D)

#define V union v128
#define APPLY_NUMBER(f) _Generic(&f, \
	uint32_t (*)(uint32_t): unary_ii, uint64_t (*)(uint64_t): unary_ll, float (*)(float): unary_ff, \
	double (*)(double): unary_dd, uint64_t (*)(uint32_t): unary_li, float (*)(uint32_t): unary_fi, \
	float (*)(uint64_t): unary_fl, float (*)(double): unary_fd, double (*)(uint32_t): unary_di, \
	double (*)(uint64_t): unary_dl, double (*)(float): unary_df, uint32_t (*)(float): unary_if, \
	uint32_t (*)(double): unary_id, uint64_t (*)(float): unary_lf, uint64_t (*)(double): unary_ld, \
	float (*)(float, float): binary_fff, double (*)(double, double): binary_ddd)(f, fp, pc)
#define APPLY_VECTOR(f) _Generic(&f, \
	V (*)(V): unary_vv, uint32_t (*)(V): unary_iv, V (*)(uint32_t): unary_vi, V (*)(uint64_t): unary_vl, \
	V (*)(float): unary_vf, V (*)(double): unary_vd, V (*)(V, V): binary_vvv, \
	V (*)(V, uint32_t): binary_vvi, V (*)(V, V, V): ternary_vvvv)(f, fp, pc)
#define APPLY_LANE(f) _Generic(&f, \
	uint32_t (*)(V, unsigned): lane_i, uint64_t (*)(V, unsigned): lane_l, float (*)(V, unsigned): lane_f, \
	double (*)(V, unsigned): lane_d, V (*)(V, uint32_t, unsigned): replace_i, \
	V (*)(V, uint64_t, unsigned): replace_l, V (*)(V, float, unsigned): replace_f, \
	V (*)(V, double, unsigned): replace_d)(f, fp, pc)

/* -- what the handlers ask for outside of themselves --------------------------------------- */

static struct memory *
first_memory(const struct func *f)
{
	return f->inst && f->inst->module->nmemory ? f->inst->memory[0] : NULL;
}

/* The first memory's size may have grown by another thread: look again. */
static uint64_t
limit_now(const struct memory *m)
{
	return m ? atomic_load_explicit(&m->size, memory_order_acquire) : 0;
}

static enum trap
check_indirect(struct thread *t, const struct table *table, uint64_t index, uint32_t type, struct func **out)
{
	if (index >= table->size)
		return TRAP_undefined_element;
	uint64_t ref = table->elem[index];
	if (!ref)
		return TRAP_uninitialized;
	struct func *f = store_func(t->store, ref);
	if (f->type != type && !type_heap_matches(f->type, type))
		return TRAP_indirect;
	*out = f;
	return TRAP_none;
}

/* Something other than going on: pc is the instruction. */
#define SAVE() (t->pc = pc, t->fp = fp)
#define LOAD_MEMORY() do { \
		struct memory *m0 = first_memory(t->func); \
		memory = m0; \
		mem = m0 ? m0->base : NULL; \
		limit = limit_now(m0); \
	} while (0)
#define NEXT(n) do { pc += (n); goto *(void *)pc[0]; } while (0)
#define HERE() goto *(void *)pc[0]
#define FAULT(why) do { t->trap = TRAP_##why; goto trap; } while (0)
#define PENDING_AT(here) \
	(__builtin_expect(atomic_load_explicit(&t->pending, memory_order_relaxed), 0) && (here) && run_pending(t))
#define PENDING() PENDING_AT(true)
#define JUMP(k) do { \
		int32_t by = (k); \
		if (PENDING_AT(by <= 0)) { \
			pc += by; \
			goto kicked; \
		} \
		NEXT(by); \
	} while (0)

/* The address of `n` bytes at a 32-bit address and an offset, or out. */
#define REACH(address, offset, n) \
	uint64_t at = (uint64_t)(uint32_t)(address) + (uint32_t)(offset); \
	if (__builtin_expect(at + (n) > limit, 0)) { \
		limit = limit_now(memory); \
		if (at + (n) > limit) \
			FAULT(memory); \
	}

enum stop
run_loop(struct thread *t)
{
	/* Distances, not addresses: those would be put right at every start of the program. */
	static const int32_t go[CODE_COUNT] = {
#define AT(label) ((int32_t)((const char *)&&label - (const char *)&&L_exit))
#define ARITH(name, w) [C_##name] = AT(L_##name), [C_##name##_k] = AT(L_##name##_k),
#define FARITH ARITH
#define COMPARE(name, w) ARITH(name, w) ARITH(br_##name, w) ARITH(un_##name, w)
#define ONE(name) [C_##name] = AT(L_##name),
#define FCOMPARE(name, w) ONE(name) ONE(br_##name) ONE(un_##name)
#define BINARY ONE
#define UNARY ONE
#define TRAPPING(name, t) ONE(name)
#define TRAPPING1(name, from, to) ONE(name)
#define LOAD(name, t, as) ONE(name) ONE(name##_x)
#define STORE(name, t) ONE(name) ONE(name##_x)
#define OTHER(name, words) ONE(name)
#include "layer/lang/code.def"
#include "layer/lang/code_undef.h"
#define PAIR(t, w, first, second) ONE(t##_##first##__##second)
#define PAIR_K(t, w, first, second) ONE(t##_##first##_k__##second)
#define PAIR_2(t, w, first, second) ONE(t##_##first##__##second##_k)
#define PAIR_KK(t, w, first, second) ONE(t##_##first##_k__##second##_k)
#define FPAIR(t, w, first, second) ONE(t##_##first##__##second)
#define FPAIR_R(t, w, first, second) ONE(t##_##first##__r##second)
#define LOADED(load, type, t, w, second) ONE(load##__##t##_##second)
#define FLOADED(load, type, t, w, second) ONE(load##__##t##_##second)
#define FLOADED_R(load, type, t, w, second) ONE(load##__##t##_r##second)
#define STORED(t, w, first, type) ONE(t##_##first##__store)
#define STORED_K(t, w, first, type) ONE(t##_##first##_k__store)
#define FSTORED(t, w, first) ONE(t##_##first##__store)
#define COPIED(type) ONE(copy_##type)
#define STEPPED(load, type, as) ONE(step__##load)
#define STEP_BR(compare) ONE(step__br_##compare)
#define STEP_BR_K(compare) ONE(step__br_##compare##_k)
#include "layer/lang/fuse.def"
#include "layer/lang/code_undef.h"
#define VECTOR_NONE ONE
#define VECTOR_LANE ONE
#define OP(name, text, prefix, code, in, out, imm, n) VECTOR_##imm(name)
#include "layer/lang/op_simd.def"
#undef OP
#undef VECTOR_NONE
#undef VECTOR_LANE
#undef ONE
	};
	if (!t) {
		for (unsigned i = 0; i < CODE_COUNT; i++)
			code_go[i] = (const char *)&&L_exit + go[i];
		run_exit_word[0] = (uint64_t)(uintptr_t)code_go[C_exit];
		return STOP_DONE;
	}

	const uint64_t *pc = t->pc;
	uint64_t *fp = t->fp, limit;
	uint8_t *mem;
	struct memory *memory;
	LOAD_MEMORY();
	HERE();

	/* -- numbers -- */
#define READ32(i) U32(i)
#define READ64(i) U64(i)
#define KONST32 ((uint32_t)K)
#define KONST64 ((uint64_t)(int64_t)K)
#define SHORT32(i) ((uint32_t)(int16_t)(i))
#define SHORT64(i) ((uint64_t)(int16_t)(i))
#define ARITH(name, w) \
	L_##name: PUT_U##w(A, num_##name(READ##w(B), READ##w(C))); NEXT(2); \
	L_##name##_k: PUT_U##w(A, num_##name(READ##w(B), KONST##w)); NEXT(2);
#define FREAD32(i) as_f32(fp[i])
#define FREAD64(i) as_f64(fp[i])
#define FPUT32(i, v) (fp[i] = of_f32(v))
#define FPUT64(i, v) (fp[i] = of_f64(v))
#define FKONST32 as_f32(pc[2])
#define FKONST64 as_f64(pc[2])
#define FARITH(name, w) \
	L_##name: FPUT##w(A, num_##name(FREAD##w(B), FREAD##w(C))); NEXT(2); \
	L_##name##_k: FPUT##w(A, num_##name(FREAD##w(B), FKONST##w)); NEXT(3);
#define COMPARE(name, w) \
	L_##name: PUT_U32(A, num_##name(READ##w(B), READ##w(C))); NEXT(2); \
	L_##name##_k: PUT_U32(A, num_##name(READ##w(B), KONST##w)); NEXT(2); \
	L_br_##name: if (num_##name(READ##w(A), READ##w(B))) JUMP(K); NEXT(2); \
	L_br_##name##_k: if (num_##name(READ##w(A), SHORT##w(B))) JUMP(K); NEXT(2); \
	L_un_##name: if (!num_##name(READ##w(A), READ##w(B))) JUMP(K); NEXT(2); \
	L_un_##name##_k: if (!num_##name(READ##w(A), SHORT##w(B))) JUMP(K); NEXT(2);
#define FCOMPARE(name, w) \
	L_##name: PUT_U32(A, num_##name(FREAD##w(B), FREAD##w(C))); NEXT(2); \
	L_br_##name: if (num_##name(FREAD##w(A), FREAD##w(B))) JUMP(K); NEXT(2); \
	L_un_##name: if (!num_##name(FREAD##w(A), FREAD##w(B))) JUMP(K); NEXT(2);
#define BINARY(name) L_##name: APPLY_NUMBER(num_##name); NEXT(2);
#define UNARY(name) L_##name: APPLY_NUMBER(num_##name); NEXT(2);
#define TRAPPING(name, type) \
	L_##name: { \
		type out; \
		if (!num_##name((type)fp[B], (type)fp[C], &out, &t->trap)) \
			goto trap; \
		fp[A] = out; \
		NEXT(2); \
	}
#define FROM_float(i) as_f32(fp[i])
#define FROM_double(i) as_f64(fp[i])
#define TRAPPING1(name, from, to) \
	L_##name: { \
		to out; \
		if (!num_##name(FROM_##from(B), &out, &t->trap)) \
			goto trap; \
		fp[A] = out; \
		NEXT(2); \
	}
#define LOAD(name, type, as) \
	L_##name: { \
		REACH(fp[B], K, sizeof(type)) \
		type v; \
		memcpy(&v, mem + at, sizeof v); \
		fp[A] = (as)v; \
		NEXT(2); \
	} \
	L_##name##_x: { \
		REACH((uint32_t)fp[B] + (uint32_t)fp[C], D, sizeof(type)) \
		type v; \
		memcpy(&v, mem + at, sizeof v); \
		fp[A] = (as)v; \
		NEXT(2); \
	}
#define STORE(name, type) \
	L_##name: { \
		REACH(fp[A], K, sizeof(type)) \
		type v = (type)fp[B]; \
		memcpy(mem + at, &v, sizeof v); \
		NEXT(2); \
	} \
	L_##name##_x: { \
		REACH((uint32_t)fp[A] + (uint32_t)fp[C], D, sizeof(type)) \
		type v = (type)fp[B]; \
		memcpy(mem + at, &v, sizeof v); \
		NEXT(2); \
	}
#define OTHER(name, words)
#include "layer/lang/code.def"
#include "layer/lang/code_undef.h"

	/* -- pairs -- */
#define PAIR(t, w, first, second) \
	L_##t##_##first##__##second: \
		PUT_U##w(A, num_##t##_##second(num_##t##_##first(READ##w(B), READ##w(C)), READ##w(D))); NEXT(2);
#define PAIR_K(t, w, first, second) \
	L_##t##_##first##_k__##second: \
		PUT_U##w(A, num_##t##_##second(num_##t##_##first(READ##w(B), SHORT##w(C)), READ##w(D))); NEXT(2);
#define PAIR_2(t, w, first, second) \
	L_##t##_##first##__##second##_k: \
		PUT_U##w(A, num_##t##_##second(num_##t##_##first(READ##w(B), READ##w(C)), SHORT##w(D))); NEXT(2);
#define PAIR_KK(t, w, first, second) \
	L_##t##_##first##_k__##second##_k: \
		PUT_U##w(A, num_##t##_##second(num_##t##_##first(READ##w(B), SHORT##w(C)), SHORT##w(D))); NEXT(2);
#define FPAIR(t, w, first, second) \
	L_##t##_##first##__##second: \
		FPUT##w(A, num_##t##_##second(num_##t##_##first(FREAD##w(B), FREAD##w(C)), FREAD##w(D))); NEXT(2);
#define FPAIR_R(t, w, first, second) \
	L_##t##_##first##__r##second: \
		FPUT##w(A, num_##t##_##second(FREAD##w(D), num_##t##_##first(FREAD##w(B), FREAD##w(C)))); NEXT(2);
#define FETCH(type, v, address, offset) \
	type v; \
	{ \
		REACH(address, offset, sizeof(type)) \
		memcpy(&v, mem + at, sizeof v); \
	}
#define LOADED(load, type, t, w, second) \
	L_##load##__##t##_##second: { \
		FETCH(type, v, fp[B], C) \
		PUT_U##w(A, num_##t##_##second(v, READ##w(D))); \
		NEXT(2); \
	}
#define FLOADED(load, type, t, w, second) \
	L_##load##__##t##_##second: { \
		FETCH(type, v, fp[B], C) \
		FPUT##w(A, num_##t##_##second(as_##t(v), FREAD##w(D))); \
		NEXT(2); \
	}
#define FLOADED_R(load, type, t, w, second) \
	L_##load##__##t##_r##second: { \
		FETCH(type, v, fp[B], C) \
		FPUT##w(A, num_##t##_##second(FREAD##w(D), as_##t(v))); \
		NEXT(2); \
	}
#define DEPOSIT(type, value, address, offset) \
	{ \
		type v = (type)(value); \
		REACH(address, offset, sizeof(type)) \
		memcpy(mem + at, &v, sizeof v); \
		NEXT(2); \
	}
#define STORED(t, w, first, type) \
	L_##t##_##first##__store: DEPOSIT(type, num_##t##_##first(READ##w(B), READ##w(C)), fp[A], D)
#define STORED_K(t, w, first, type) \
	L_##t##_##first##_k__store: DEPOSIT(type, num_##t##_##first(READ##w(B), SHORT##w(C)), fp[A], D)
#define FSTORED(t, w, first) \
	L_##t##_##first##__store: \
		DEPOSIT(uint##w##_t, of_##t(num_##t##_##first(FREAD##w(B), FREAD##w(C))), fp[A], D)
#define COPIED(type) \
	L_copy_##type: { \
		FETCH(type, from, fp[B], C) \
		DEPOSIT(type, from, fp[A], D) \
	}
#define STEPPED(load, type, as) \
	L_step__##load: { \
		uint32_t address = U32(B) + SHORT32(C); \
		fp[A] = address; \
		FETCH(type, v, address, pc[2]) \
		fp[D] = (as)v; \
		NEXT(3); \
	}
#define STEP_BR(compare) \
	L_step__br_##compare: { \
		uint32_t v = U32(B) + SHORT32(C); \
		fp[A] = v; \
		if (num_i32_##compare(v, U32(D))) JUMP((int32_t)pc[2]); \
		NEXT(3); \
	}
#define STEP_BR_K(compare) \
	L_step__br_##compare##_k: { \
		uint32_t v = U32(B) + SHORT32(C); \
		fp[A] = v; \
		if (num_i32_##compare(v, SHORT32(D))) JUMP((int32_t)pc[2]); \
		NEXT(3); \
	}
#include "layer/lang/fuse.def"
#include "layer/lang/code_undef.h"

	/* -- vectors -- */
#define VECTOR_NONE(name) L_##name: APPLY_VECTOR(simd_##name); NEXT(2);
#define VECTOR_LANE(name) L_##name: APPLY_LANE(simd_##name); NEXT(2);
#define OP(name, text, prefix, code, in, out, imm, n) VECTOR_##imm(name)
#include "layer/lang/op_simd.def"
#undef OP

L_shuffle: {
	uint8_t lanes[16];
	memcpy(lanes, pc + 2, 16);
	put_v128(fp + A, simd_i8x16_shuffle(get_v128(fp + B), get_v128(fp + C), lanes));
	NEXT(4);
}
L_const128:
	fp[A] = pc[2];
	fp[A + 1] = pc[3];
	NEXT(4);
L_load_v128: {
	REACH(fp[B], K, 16)
	memcpy(fp + A, mem + at, 16);
	NEXT(2);
}
L_store_v128: {
	REACH(fp[A], K, 16)
	memcpy(mem + at, fp + B, 16);
	NEXT(2);
}
L_canon_f32: fp[A] = of_f32(num_canon_f32(as_f32(fp[A]))); NEXT(2);
L_canon_f64: fp[A] = of_f64(num_canon_f64(as_f64(fp[A]))); NEXT(2);
L_canon_f32x4: put_v128(fp + A, simd_canon_f32x4(get_v128(fp + A))); NEXT(2);
L_canon_f64x2: put_v128(fp + A, simd_canon_f64x2(get_v128(fp + A))); NEXT(2);

	/* -- moves -- */
L_move: fp[A] = fp[B]; NEXT(2);
L_move2:
	fp[A] = fp[B];
	fp[C] = fp[D];
	NEXT(2);
L_move_v128: put_v128(fp + A, get_v128(fp + B)); NEXT(2);
L_const32: fp[A] = (uint32_t)K; NEXT(2);
L_const64: fp[A] = pc[2]; NEXT(3);
L_select: fp[A] = U32(D) ? fp[B] : fp[C]; NEXT(2);
L_select_v128: put_v128(fp + A, U32(D) ? get_v128(fp + B) : get_v128(fp + C)); NEXT(2);
L_global_get: fp[A] = *(const uint64_t *)(uintptr_t)pc[2]; NEXT(3);
L_global_set: *(uint64_t *)(uintptr_t)pc[2] = fp[A]; NEXT(3);
L_global_get_v128: memcpy(fp + A, (const void *)(uintptr_t)pc[2], 16); NEXT(3);
L_global_set_v128: memcpy((void *)(uintptr_t)pc[2], fp + A, 16); NEXT(3);

	/* -- branches -- */
L_br: JUMP(K);
L_br_nz: if (U32(A)) JUMP(K); NEXT(2);
L_br_z: if (!U32(A)) JUMP(K); NEXT(2);
L_br_null: if (!fp[A]) JUMP(K); NEXT(2);
L_br_non_null: if (fp[A]) JUMP(K); NEXT(2);
L_br_table: {
	uint32_t i = U32(A), n = (uint32_t)K;
	JUMP(((const int32_t *)(pc + 2))[i < n ? i : n]);
}
L_unreachable: FAULT(unreachable);
L_enter: {
	uint64_t *p = fp + A;
	for (int32_t n = K; n > 0; n--)
		*p++ = 0;
	NEXT(2);
}
L_meter:
	if (__builtin_expect((t->fuel -= (uint32_t)K) < 0, 0))
		FAULT(fuel);
	NEXT(2);

	/* -- calls -- */
	struct func *callee;
	uint64_t *frame;
	uint32_t back;
L_call:
	callee = (struct func *)(uintptr_t)pc[2];
	frame = fp + A;
	back = 3;
enter: {
	if (PENDING())
		goto kicked;
	const uint64_t *code = __atomic_load_n(&callee->code, __ATOMIC_ACQUIRE);
	if (__builtin_expect(!code, 0))
		goto first_call;
	if (__builtin_expect((size_t)(t->stack_end - frame) < callee->frame, 0))
		FAULT(stack);
	uint64_t *header = frame + callee->pslots;
	struct func *caller = t->func;
	header[HEADER_PC] = (uint64_t)(uintptr_t)(pc + back);
	header[HEADER_FP] = (uint64_t)(uintptr_t)fp;
	header[HEADER_FUNC] = (uint64_t)(uintptr_t)caller;
	t->func = callee;
	fp = frame;
	pc = code;
	if (__builtin_expect(caller->inst != callee->inst, 0))
		LOAD_MEMORY();
	HERE();
}
first_call:
	if (callee->host)
		goto call_host;
	SAVE();
	if (!code_make(t, callee))
		goto trap;
	goto enter;
L_call_indirect: {
	uint64_t index = D ? fp[B] : U32(B);
	const struct table *table = (const struct table *)(uintptr_t)pc[2];
	frame = fp + A;
	back = 4;
	/* the common case needs no call */
	if (index < table->size && table->elem[index]) {
		callee = store_func(t->store, table->elem[index]);
		if (callee->type == (uint32_t)pc[3])
			goto enter;
	}
	t->trap = check_indirect(t, table, index, (uint32_t)pc[3], &callee);
	if (t->trap)
		goto trap;
	goto enter;
}
L_call_ref:
	if (!fp[B])
		FAULT(null_function);
	callee = store_func(t->store, fp[B]);
	frame = fp + A;
	back = 3;
	goto enter;
L_call_host:
	callee = (struct func *)(uintptr_t)pc[2];
	frame = fp + A;
	back = 3;
call_host: {
	if (PENDING())
		goto kicked;
	SAVE();
	t->caller = t->func->inst;
	enum host r = callee->host(t, callee->env, frame);
	if (__builtin_expect(r != HOST_OK, 0)) {
		if (r == HOST_AGAIN)
			goto kicked;
		if (r == HOST_EXIT)
			return STOP_EXIT;
		if (t->trap == TRAP_exception)
			goto thrown;
		goto trap;
	}
	LOAD_MEMORY();
	NEXT(back);
}

	/* A tail call takes our frame's place: arguments down, header behind them. */
L_tail_call:
	callee = (struct func *)(uintptr_t)pc[2];
	back = 3;
	goto tail;
L_tail_indirect: {
	uint64_t index = D ? fp[B] : U32(B);
	t->trap = check_indirect(t, (const struct table *)(uintptr_t)pc[2], index, (uint32_t)pc[3], &callee);
	if (t->trap)
		goto trap;
	back = 4;
	goto tail;
}
L_tail_ref:
	if (!fp[B])
		FAULT(null_function);
	callee = store_func(t->store, fp[B]);
	back = 3;
	goto tail;
tail: {
	if (PENDING())
		goto kicked;
	uint64_t *header = fp + pc[back];
	if (!callee->code) {
		if (callee->host)
			goto tail_host;
		SAVE();
		if (!code_make(t, callee))
			goto trap;
	}
	if ((size_t)(t->stack_end - fp) < callee->frame)
		FAULT(stack);
	uint64_t keep[3] = { header[0], header[1], header[2] };
	memmove(fp, fp + A, callee->pslots * sizeof *fp);
	memcpy(fp + callee->pslots, keep, sizeof keep);
	pc = callee->code;
	struct instance *before = t->func->inst;
	t->func = callee;
	if (before != callee->inst)
		LOAD_MEMORY();
	HERE();
}
tail_host: {
	uint64_t *header = fp + pc[back];
	uint32_t rslots = type_of(callee->type)->rslots;
	SAVE();
	t->caller = t->func->inst;
	/* It works on our operands; there is room for its results behind them. */
	if ((size_t)(t->stack_end - (fp + A)) < rslots)
		FAULT(stack);
	enum host r = callee->host(t, callee->env, fp + A);
	if (r != HOST_OK) {
		if (r == HOST_AGAIN)
			goto kicked;
		if (r == HOST_EXIT)
			return STOP_EXIT;
		if (t->trap == TRAP_exception)
			goto thrown;
		goto trap;
	}
	uint64_t *results = fp + A;
	pc = (const uint64_t *)(uintptr_t)header[HEADER_PC];
	struct func *caller = (struct func *)(uintptr_t)header[HEADER_FUNC];
	uint64_t *up = (uint64_t *)(uintptr_t)header[HEADER_FP];
	memmove(fp, results, rslots * sizeof *fp);
	fp = up;
	t->func = caller;
	LOAD_MEMORY();
	HERE();
}

#define RETURN(header) do { \
		struct func *from = t->func, *to = (struct func *)(uintptr_t)(header)[HEADER_FUNC]; \
		pc = (const uint64_t *)(uintptr_t)(header)[HEADER_PC]; \
		fp = (uint64_t *)(uintptr_t)(header)[HEADER_FP]; \
		t->func = to; \
		if (__builtin_expect(from->inst != to->inst, 0)) \
			LOAD_MEMORY(); \
	} while (0)
L_ret: {
	const uint64_t *header = fp + B;
	RETURN(header);
	HERE();
}
L_ret1: {
	const uint64_t *header = fp + B;
	uint64_t *out = fp, v = fp[A];
	RETURN(header);
	*out = v;
	HERE();
}
L_retn: {
	uint64_t header[3];
	memcpy(header, fp + B, sizeof header);
	memmove(fp, fp + A, C * sizeof *fp);
	RETURN(header);
	HERE();
}
L_exit:
	t->fp = fp;
	t->pc = pc;
	return STOP_DONE;

	/* -- the rest -- */
L_help: {
	SAVE();
	int r = ((help_fn *)(uintptr_t)pc[2])(t, fp + A, pc + 3);
	if (__builtin_expect(r != TRAP_none, 0)) {
		if (r == HELP_AGAIN)
			goto kicked;
		t->trap = (enum trap)r;
		goto trap;
	}
	LOAD_MEMORY();
	NEXT(6);
}
L_load_any: {
	struct memory *m = (struct memory *)(uintptr_t)pc[2];
	uint64_t a = m->limits.is64 ? fp[B] : U32(B);
	int r = bulk_load((enum op)K, m, a, pc[3], fp + A);
	if (r != TRAP_none) {
		t->trap = (enum trap)r;
		goto trap;
	}
	NEXT(4);
}
L_store_any: {
	struct memory *m = (struct memory *)(uintptr_t)pc[2];
	uint64_t a = m->limits.is64 ? fp[A] : U32(A);
	int r = bulk_store((enum op)K, m, a, pc[3], fp + B);
	if (r != TRAP_none) {
		t->trap = (enum trap)r;
		goto trap;
	}
	NEXT(4);
}
L_ref_is_null: fp[A] = fp[B] == 0; NEXT(2);
L_ref_eq: fp[A] = fp[B] == fp[C]; NEXT(2);
L_as_non_null:
	if (!fp[A]) {
		t->trap = (enum trap)K;
		goto trap;
	}
	NEXT(2);
L_throw:
	SAVE();
	t->exception = unwind_new(t, (struct tag *)(uintptr_t)pc[2], fp + A);
	if (!t->exception)
		FAULT(heap);
	goto thrown;
L_throw_ref:
	if (!fp[A])
		FAULT(null_exception);
	t->exception = fp[A];
	goto thrown;

thrown:
	SAVE();
	t->trap = TRAP_none;
	if (!unwind_throw(t))
		return STOP_THROW;
	pc = t->pc;
	fp = t->fp;
	LOAD_MEMORY();
	HERE();
kicked:
	SAVE();
	return STOP_KICK;
trap:
	SAVE();
	return STOP_TRAP;
}
/* clang-format on */
