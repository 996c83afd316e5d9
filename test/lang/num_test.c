/* SPDX-License-Identifier: Apache-2.0 */
#include "test/unit.h"

#include <string.h>

#include "layer/lang/num.h"
#include "test/lang/soft.h"
#include "test/lang/values.h"

/* Every row of op.def that is arithmetic, against a second answer that was written
 * from the specification with other means: whole numbers of 128 bits, bit by bit,
 * and soft.h. */

__extension__ typedef __int128 wide;

/* -- the second answers ------------------------------------------------------------ */

typedef uint64_t answer(uint64_t a, uint64_t b, enum trap *why);

#define REF(name, expr)                                                                            \
	static uint64_t ref_##name(uint64_t a, uint64_t b, enum trap *why)                         \
	{                                                                                          \
		(void)a;                                                                           \
		(void)b;                                                                           \
		(void)why;                                                                         \
		return (uint64_t)(expr);                                                           \
	}

static uint64_t cut(int bits, uint64_t v) { return bits == 64 ? v : v & ((1ULL << bits) - 1); }

static wide
with_sign(int bits, uint64_t v)
{
	v = cut(bits, v);
	return v >> (bits - 1) ? (wide)v - ((wide)1 << bits) : (wide)v;
}

static wide
halve_down(wide v, uint64_t times)
{
	for (; times; times--)
		v = (v - (v % 2 != 0 && v < 0)) / 2;
	return v;
}

static uint64_t
turn_left(int bits, uint64_t v, uint64_t by)
{
	uint64_t r = 0;
	for (int i = 0; i < bits; i++)
		r |= (v >> i & 1) << ((uint64_t)i + by) % (uint64_t)bits;
	return r;
}

static uint64_t
zeros_above(int bits, uint64_t v)
{
	uint64_t n = 0;
	while (n < (uint64_t)bits && !(v >> ((uint64_t)bits - 1 - n) & 1))
		n++;
	return n;
}

static uint64_t
zeros_below(int bits, uint64_t v)
{
	uint64_t n = 0;
	while (n < (uint64_t)bits && !(v >> n & 1))
		n++;
	return n;
}

static uint64_t
ones(uint64_t v)
{
	uint64_t n = 0;
	for (; v; v /= 2)
		n += v % 2;
	return n;
}

static uint64_t
divide(int bits, bool sign, bool rest, uint64_t a, uint64_t b, enum trap *why)
{
	wide x = sign ? with_sign(bits, a) : (wide)a, y = sign ? with_sign(bits, b) : (wide)b;

	if (y == 0) {
		*why = TRAP_divide;
		return 0;
	}
	if (rest)
		return cut(bits, (uint64_t)(x % y));
	if (sign && x / y == (wide)1 << (bits - 1)) {
		*why = TRAP_overflow;
		return 0;
	}
	return cut(bits, (uint64_t)(x / y));
}

#define REF_WHOLE(w, n)                                                                            \
	REF(w##_add, cut(n, (uint64_t)((wide)a + b)))                                              \
	REF(w##_sub, cut(n, (uint64_t)((wide)a - b)))                                              \
	REF(w##_mul, cut(n, (uint64_t)((soft_wide)a * b)))                                         \
	REF(w##_and, ~(~a | ~b))                                                                   \
	REF(w##_or, a + (b - (a & b)))                                                             \
	REF(w##_xor, (a | b) - (a & b))                                                            \
	REF(w##_shl, cut(n, (uint64_t)((soft_wide)a * ((soft_wide)1 << b % n))))                   \
	REF(w##_shr_u, halve_down(a, b % n))                                                       \
	REF(w##_shr_s, cut(n, (uint64_t)halve_down(with_sign(n, a), b % n)))                       \
	REF(w##_rotl, turn_left(n, a, b % n))                                                      \
	REF(w##_rotr, turn_left(n, a, n - b % n))                                                  \
	REF(w##_eqz, a < 1)                                                                        \
	REF(w##_eq, (a ^ b) == 0)                                                                  \
	REF(w##_ne, (a ^ b) != 0)                                                                  \
	REF(w##_lt_s, with_sign(n, a) - with_sign(n, b) < 0)                                       \
	REF(w##_lt_u, (wide)a - b < 0)                                                             \
	REF(w##_gt_s, with_sign(n, a) - with_sign(n, b) > 0)                                       \
	REF(w##_gt_u, (wide)a - b > 0)                                                             \
	REF(w##_le_s, with_sign(n, a) - with_sign(n, b) <= 0)                                      \
	REF(w##_le_u, (wide)a - b <= 0)                                                            \
	REF(w##_ge_s, with_sign(n, a) - with_sign(n, b) >= 0)                                      \
	REF(w##_ge_u, (wide)a - b >= 0)                                                            \
	REF(w##_clz, zeros_above(n, a))                                                            \
	REF(w##_ctz, zeros_below(n, a))                                                            \
	REF(w##_popcnt, ones(a))                                                                   \
	REF(w##_div_s, divide(n, true, false, a, b, why))                                          \
	REF(w##_div_u, divide(n, false, false, a, b, why))                                         \
	REF(w##_rem_s, divide(n, true, true, a, b, why))                                           \
	REF(w##_rem_u, divide(n, false, true, a, b, why))                                          \
	REF(w##_extend8_s, cut(n, (uint64_t)with_sign(8, a)))                                      \
	REF(w##_extend16_s, cut(n, (uint64_t)with_sign(16, a)))
REF_WHOLE(i32, 32)
REF_WHOLE(i64, 64)
REF(i64_extend32_s, with_sign(32, a))
REF(i64_extend_i32_s, with_sign(32, a))
REF(i64_extend_i32_u, a % 0x100000000)
REF(i32_wrap_i64, a % 0x100000000)
REF(i32_reinterpret_f32, a)
REF(i64_reinterpret_f64, a)
REF(f32_reinterpret_i32, a)
REF(f64_reinterpret_i64, a)

#define REF_FLOAT(w)                                                                               \
	REF(w##_abs, a % soft_sign(&soft_##w))                                                     \
	REF(w##_neg,                                                                               \
	    a >= soft_sign(&soft_##w) ? a - soft_sign(&soft_##w) : a + soft_sign(&soft_##w))       \
	REF(w##_copysign,                                                                          \
	    a % soft_sign(&soft_##w) + b / soft_sign(&soft_##w) * soft_sign(&soft_##w))            \
	REF(w##_add, soft_add(&soft_##w, a, b))                                                    \
	REF(w##_sub, soft_sub(&soft_##w, a, b))                                                    \
	REF(w##_mul, soft_mul(&soft_##w, a, b))                                                    \
	REF(w##_div, soft_div(&soft_##w, a, b))                                                    \
	REF(w##_sqrt, soft_sqrt(&soft_##w, a))                                                     \
	REF(w##_min, soft_min(&soft_##w, a, b))                                                    \
	REF(w##_max, soft_max(&soft_##w, a, b))                                                    \
	REF(w##_ceil, soft_whole(&soft_##w, a, 'c'))                                               \
	REF(w##_floor, soft_whole(&soft_##w, a, 'f'))                                              \
	REF(w##_trunc, soft_whole(&soft_##w, a, 't'))                                              \
	REF(w##_nearest, soft_whole(&soft_##w, a, 'n'))                                            \
	REF(w##_eq, soft_same(&soft_##w, a, b))                                                    \
	REF(w##_ne, !soft_same(&soft_##w, a, b))                                                   \
	REF(w##_lt, soft_less(&soft_##w, a, b))                                                    \
	REF(w##_gt, soft_less(&soft_##w, b, a))                                                    \
	REF(w##_le, soft_less(&soft_##w, a, b) || soft_same(&soft_##w, a, b))                      \
	REF(w##_ge, soft_less(&soft_##w, b, a) || soft_same(&soft_##w, a, b))                      \
	REF(w##_convert_i32_s, soft_from(&soft_##w, (uint64_t)with_sign(32, a), true))             \
	REF(w##_convert_i32_u, soft_from(&soft_##w, a, false))                                     \
	REF(w##_convert_i64_s, soft_from(&soft_##w, a, true))                                      \
	REF(w##_convert_i64_u, soft_from(&soft_##w, a, false))
REF_FLOAT(f32)
REF_FLOAT(f64)
REF(f32_demote_f64, soft_change(&soft_f64, &soft_f32, a))
REF(f64_promote_f32, soft_change(&soft_f32, &soft_f64, a))

static uint64_t
to_whole(const struct soft_format *f, uint64_t a, int bits, bool sign, enum trap *why)
{
	static const enum trap traps[] = { TRAP_none, TRAP_conversion, TRAP_overflow };
	uint64_t out;
	*why = traps[soft_to(f, a, bits, sign, &out)];
	return out;
}

#define REF_TO(w, n)                                                                               \
	REF(w##_trunc_f32_s, to_whole(&soft_f32, a, n, true, why))                                 \
	REF(w##_trunc_f32_u, to_whole(&soft_f32, a, n, false, why))                                \
	REF(w##_trunc_f64_s, to_whole(&soft_f64, a, n, true, why))                                 \
	REF(w##_trunc_f64_u, to_whole(&soft_f64, a, n, false, why))                                \
	REF(w##_trunc_sat_f32_s, to_whole(&soft_f32, a, n, true, &(enum trap){ 0 }))               \
	REF(w##_trunc_sat_f32_u, to_whole(&soft_f32, a, n, false, &(enum trap){ 0 }))              \
	REF(w##_trunc_sat_f64_s, to_whole(&soft_f64, a, n, true, &(enum trap){ 0 }))               \
	REF(w##_trunc_sat_f64_u, to_whole(&soft_f64, a, n, false, &(enum trap){ 0 }))
REF_TO(i32, 32)
REF_TO(i64, 64)

/* -- calling ours, whatever its type ------------------------------------------------- */

typedef void any(void);
typedef uint64_t call(any *f, uint64_t a, uint64_t b, enum trap *why);

static float f32_of(uint64_t v) { return num_f32_reinterpret_i32((uint32_t)v); }
static double f64_of(uint64_t v) { return num_f64_reinterpret_i64(v); }
static uint64_t of_uint32(uint32_t v) { return v; }
static uint64_t of_uint64(uint64_t v) { return v; }
static uint64_t of_float(float v) { return num_i32_reinterpret_f32(v); }
static uint64_t of_double(double v) { return num_i64_reinterpret_f64(v); }

#define CALLER(name, type, of, ...)                                                                \
	static uint64_t call_##name(any *f, uint64_t a, uint64_t b, enum trap *why)                \
	{                                                                                          \
		(void)b;                                                                           \
		(void)why;                                                                         \
		return of(((type *)f)(__VA_ARGS__));                                               \
	}
#define TRAPPER(name, type, out_type, ...)                                                         \
	static uint64_t call_##name(any *f, uint64_t a, uint64_t b, enum trap *why)                \
	{                                                                                          \
		out_type out = 0;                                                                  \
		enum trap t = TRAP_none;                                                           \
		(void)b;                                                                           \
		bool fine = ((type *)f)(__VA_ARGS__, &out, &t);                                    \
		assert_int_equal(fine, t == TRAP_none);                                            \
		*why = t;                                                                          \
		return out;                                                                        \
	}
typedef uint32_t i_i(uint32_t), i_ii(uint32_t, uint32_t), i_I(uint64_t), i_II(uint64_t, uint64_t);
typedef uint64_t I_I(uint64_t), I_II(uint64_t, uint64_t), I_i(uint32_t), I_f(float), I_F(double);
typedef uint32_t i_f(float), i_ff(float, float), i_F(double), i_FF(double, double);
typedef float f_f(float), f_ff(float, float), f_F(double), f_i(uint32_t), f_I(uint64_t);
typedef double F_F(double), F_FF(double, double), F_f(float), F_i(uint32_t), F_I(uint64_t);
typedef bool t_ii(uint32_t, uint32_t, uint32_t *, enum trap *);
typedef bool t_II(uint64_t, uint64_t, uint64_t *, enum trap *);
typedef bool t_if(float, uint32_t *, enum trap *), t_iF(double, uint32_t *, enum trap *);
typedef bool t_If(float, uint64_t *, enum trap *), t_IF(double, uint64_t *, enum trap *);
CALLER(i_i, i_i, of_uint32, (uint32_t)a)
CALLER(i_ii, i_ii, of_uint32, (uint32_t)a, (uint32_t)b)
CALLER(i_I, i_I, of_uint32, a)
CALLER(i_II, i_II, of_uint32, a, b)
CALLER(I_I, I_I, of_uint64, a)
CALLER(I_II, I_II, of_uint64, a, b)
CALLER(I_i, I_i, of_uint64, (uint32_t)a)
CALLER(I_f, I_f, of_uint64, f32_of(a))
CALLER(I_F, I_F, of_uint64, f64_of(a))
CALLER(i_f, i_f, of_uint32, f32_of(a))
CALLER(i_ff, i_ff, of_uint32, f32_of(a), f32_of(b))
CALLER(i_F, i_F, of_uint32, f64_of(a))
CALLER(i_FF, i_FF, of_uint32, f64_of(a), f64_of(b))
CALLER(f_f, f_f, of_float, f32_of(a))
CALLER(f_ff, f_ff, of_float, f32_of(a), f32_of(b))
CALLER(f_F, f_F, of_float, f64_of(a))
CALLER(f_i, f_i, of_float, (uint32_t)a)
CALLER(f_I, f_I, of_float, a)
CALLER(F_F, F_F, of_double, f64_of(a))
CALLER(F_FF, F_FF, of_double, f64_of(a), f64_of(b))
CALLER(F_f, F_f, of_double, f32_of(a))
CALLER(F_i, F_i, of_double, (uint32_t)a)
CALLER(F_I, F_I, of_double, a)
TRAPPER(t_ii, t_ii, uint32_t, (uint32_t)a, (uint32_t)b)
TRAPPER(t_II, t_II, uint64_t, a, b)
TRAPPER(t_if, t_if, uint32_t, f32_of(a))
TRAPPER(t_iF, t_iF, uint32_t, f64_of(a))
TRAPPER(t_If, t_If, uint64_t, f32_of(a))
TRAPPER(t_IF, t_IF, uint64_t, f64_of(a))

#define HOW(type) type * : call_##type
#define CALL_OF(f)                                                                                 \
	_Generic((f), HOW(i_i), HOW(i_ii), HOW(i_I), HOW(i_II), HOW(I_I), HOW(I_II), HOW(I_i),     \
	         HOW(I_f), HOW(I_F), HOW(i_f), HOW(i_ff), HOW(i_F), HOW(i_FF), HOW(f_f),           \
	         HOW(f_ff), HOW(f_F), HOW(f_i), HOW(f_I), HOW(F_F), HOW(F_FF), HOW(F_f), HOW(F_i), \
	         HOW(F_I), HOW(t_ii), HOW(t_II), HOW(t_if), HOW(t_iF), HOW(t_If), HOW(t_IF))

/* -- the rows ------------------------------------------------------------------------- */

struct row {
	const char *name;
	call *call;
	any *ours;
	answer *ref;
};

#define ROW_OF(name, f, ref)                                                                       \
	{                                                                                          \
		name, CALL_OF(f), (any *)f, ref                                                    \
	}
#define ROW(name) ROW_OF(#name, num_##name, ref_##name)
#define ROW_WHOLE(w)                                                                               \
	ROW(w##_add), ROW(w##_sub), ROW(w##_mul), ROW(w##_and), ROW(w##_or), ROW(w##_xor),         \
	        ROW(w##_shl), ROW(w##_shr_u), ROW(w##_shr_s), ROW(w##_rotl), ROW(w##_rotr),        \
	        ROW(w##_eqz), ROW(w##_eq), ROW(w##_ne), ROW(w##_lt_s), ROW(w##_lt_u),              \
	        ROW(w##_gt_s), ROW(w##_gt_u), ROW(w##_le_s), ROW(w##_le_u), ROW(w##_ge_s),         \
	        ROW(w##_ge_u), ROW(w##_clz), ROW(w##_ctz), ROW(w##_popcnt), ROW(w##_div_s),        \
	        ROW(w##_div_u), ROW(w##_rem_s), ROW(w##_rem_u), ROW(w##_extend8_s),                \
	        ROW(w##_extend16_s), ROW(w##_trunc_f32_s), ROW(w##_trunc_f32_u),                   \
	        ROW(w##_trunc_f64_s), ROW(w##_trunc_f64_u), ROW(w##_trunc_sat_f32_s),              \
	        ROW(w##_trunc_sat_f32_u), ROW(w##_trunc_sat_f64_s), ROW(w##_trunc_sat_f64_u)
#define ROW_FLOAT(w)                                                                               \
	ROW(w##_abs), ROW(w##_neg), ROW(w##_copysign), ROW(w##_add), ROW(w##_sub), ROW(w##_mul),   \
	        ROW(w##_div), ROW(w##_sqrt), ROW(w##_min), ROW(w##_max), ROW(w##_ceil),            \
	        ROW(w##_floor), ROW(w##_trunc), ROW(w##_nearest), ROW(w##_eq), ROW(w##_ne),        \
	        ROW(w##_lt), ROW(w##_gt), ROW(w##_le), ROW(w##_ge), ROW(w##_convert_i32_s),        \
	        ROW(w##_convert_i32_u), ROW(w##_convert_i64_s), ROW(w##_convert_i64_u)
static const struct row rows[] = {
	ROW_WHOLE(i32),           ROW_WHOLE(i64),           ROW_FLOAT(f32),
	ROW_FLOAT(f64),           ROW(i64_extend32_s),      ROW(i64_extend_i32_s),
	ROW(i64_extend_i32_u),    ROW(i32_wrap_i64),        ROW(i32_reinterpret_f32),
	ROW(i64_reinterpret_f64), ROW(f32_reinterpret_i32), ROW(f64_reinterpret_i64),
	ROW(f32_demote_f64),      ROW(f64_promote_f32),
};

static const struct op {
	const char *name;
	unsigned prefix, code;
	const char *in, *out;
} ops[] = {
#define OP(name, text, prefix, code, in, out, imm, n) { #name, prefix, code, in, out },
#include "layer/lang/op.def"
#undef OP
};

static bool
is_number(const struct op *op)
{
	return (op->prefix == 0 && op->code >= 0x45 && op->code <= 0xc4) ||
	       (op->prefix == 0xfc && op->code <= 7);
}

static const struct row *
row_of(const struct op *op)
{
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (strcmp(rows[i].name, op->name) == 0)
			return &rows[i];
	fail_msg("%s has no second answer", op->name);
	return NULL;
}

/* Sign and reinterpretation work on bits: a NaN stays as it is. */
static bool
keeps_bits(const char *name)
{
	return strstr(name, "_abs") || strstr(name, "_neg") || strstr(name, "_copysign") ||
	       strstr(name, "_reinterpret");
}

static void
check(const struct op *op, const struct row *row, uint64_t a, uint64_t b)
{
	enum trap why = TRAP_none, want_why = TRAP_none;
	uint64_t got = row->call(row->ours, a, b, &why), want = row->ref(a, b, &want_why);
	bool fine, odd = false;

	for (int i = 0; op->in[i]; i++) {
		if (op->in[i] == 'f')
			odd |= soft_odd_nan(&soft_f32, i ? b : a);
		if (op->in[i] == 'F')
			odd |= soft_odd_nan(&soft_f64, i ? b : a);
	}
	if (want_why != TRAP_none || keeps_bits(op->name) || (*op->out != 'f' && *op->out != 'F'))
		fine = want_why != TRAP_none || got == want;
	else
		fine = soft_may(*op->out == 'f' ? &soft_f32 : &soft_f64, got, want, odd);
	if (!fine || why != want_why)
		fail_msg("%s %#llx %#llx: %#llx trap %d, not %#llx trap %d", op->name,
		         (unsigned long long)a, (unsigned long long)b, (unsigned long long)got, why,
		         (unsigned long long)want, want_why);
}

static const uint64_t *
edges(char type, size_t *n)
{
	*n = type == 'f'   ? sizeof values_f32 / sizeof *values_f32
	     : type == 'F' ? sizeof values_f64 / sizeof *values_f64
	                   : sizeof values_whole / sizeof *values_whole;
	return type == 'f' ? values_f32 : type == 'F' ? values_f64 : values_whole;
}

/* Each edge as it is, and (k odd) with the other sign. */
static uint64_t
edge(char type, const uint64_t *list, size_t k)
{
	uint64_t v = list[k / 2];
	if (k % 2)
		v = type == 'f' ? v ^ 0x80000000U : type == 'F' ? v ^ 0x8000000000000000U : -v;
	return type == 'i' || type == 'f' ? (uint32_t)v : v;
}

static void
edges_give_what_the_specification_says(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof ops / sizeof *ops; i++) {
		const struct op *op = &ops[i];
		if (!is_number(op))
			continue;
		const struct row *row = row_of(op);
		char second = op->in[1] ? op->in[1] : 'i';
		size_t n, m;
		const uint64_t *a = edges(op->in[0], &n), *b = edges(second, &m);
		for (size_t x = 0; x < 2 * n; x++)
			for (size_t y = 0; y < (op->in[1] ? 2 * m : 1); y++)
				check(op, row, edge(op->in[0], a, x), edge(second, b, y));
	}
}

static void
chance_gives_what_the_specification_says(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof ops / sizeof *ops; i++) {
		const struct op *op = &ops[i];
		if (!is_number(op))
			continue;
		const struct row *row = row_of(op);
		for (int k = 0; k < 10000; k++) {
			uint64_t a = values_any(op->in[0]), b = 0;
			if (op->in[1]) /* now and then near the first: differences cancel out */
				b = k % 4 ? values_any(op->in[1]) : a ^ (values_chance() & 15);
			check(op, row, a, b);
		}
	}
}

/* Numbers round to whole ones at every half, and where the halves end. */
static void
halves_go_to_the_even(void **state)
{
	(void)state;
	for (int i = -40; i <= 40; i++) {
		double half = i + 0.5;
		assert_true(num_f64_nearest(half) == (i % 2 ? i + 1 : i));
		assert_true(num_f32_nearest((float)half) == (float)(i % 2 ? i + 1 : i));
		assert_true(num_f64_floor(half) == i && num_f64_ceil(half) == i + 1);
		assert_true(num_f32_floor((float)half) == (float)i);
		assert_true(num_f32_ceil((float)half) == (float)(i + 1));
	}
}

static void
the_one_nan_stands_for_all(void **state)
{
	(void)state;
	for (int k = 0; k < 20000; k++) {
		uint64_t a = values_any('f'), b = values_any('F');
		assert_int_equal(of_float(num_canon_f32(f32_of(a))),
		                 soft_is_nan(&soft_f32, a) ? 0x7fc00000 : a);
		assert_int_equal(of_double(num_canon_f64(f64_of(b))),
		                 soft_is_nan(&soft_f64, b) ? 0x7ff8000000000000 : b);
	}
}

/* soft.h itself, by what can be known without it. */
static void
the_second_answer_is_right_where_we_know(void **state)
{
	(void)state;
	/* 1/3; 0.1 + 0.2; sqrt 2; the least subnormal halved: a tie, to 0 */
	assert_int_equal(soft_div(&soft_f32, 0x3f800000, 0x40400000), 0x3eaaaaab);
	assert_int_equal(soft_add(&soft_f64, 0x3fb999999999999a, 0x3fc999999999999a),
	                 0x3fd3333333333334);
	assert_int_equal(soft_sqrt(&soft_f64, 0x4000000000000000), 0x3ff6a09e667f3bcd);
	assert_int_equal(soft_mul(&soft_f32, 1, 0x3f000000), 0);
	assert_int_equal(soft_mul(&soft_f32, 3, 0x3f000000), 2);
	assert_int_equal(soft_mul(&soft_f32, 0x7f7fffff, 0x40000000), 0x7f800000);
	assert_int_equal(soft_sub(&soft_f32, 0x3f800000, 0x3f800000), 0);
	assert_int_equal(soft_from(&soft_f32, 16777217, false), 0x4b800000);
	assert_int_equal(soft_change(&soft_f64, &soft_f32, 0x3ff0000010000000), 0x3f800000);
}

UNIT_MAIN(TEST(the_second_answer_is_right_where_we_know),
          TEST(edges_give_what_the_specification_says),
          TEST(chance_gives_what_the_specification_says), TEST(halves_go_to_the_even),
          TEST(the_one_nan_stands_for_all))
