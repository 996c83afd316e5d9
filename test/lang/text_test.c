/* SPDX-License-Identifier: Apache-2.0 */
/* The text format: what the specification's suite (test/lang/spec.sh) does not ask,
 * and a little of everything for hosts that have no copy of it. */
#include "test/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "layer/lang/module.h"
#include "layer/lang/text/number.h"
#include "layer/lang/text/script.h"
#include "layer/lang/text/text.h"
#include "layer/lang/text/word.h"

static struct buf
encode(const char *src)
{
	struct buf b = { 0 };
	struct err e = { 0 };

	if (text_module(src, strlen(src), &b, &e) < 0)
		fail_msg("%s: %s", src, e.what);
	return b;
}

/* It is encoded, and the reader of binaries likes it. */
static void
good(const char *src)
{
	struct buf b = encode(src);
	struct err e = { 0 };
	struct module *m = module_read(b.p, b.n, &e);

	if (!m)
		fail_msg("%s: %s", src, e.what);
	module_free(m);
	buf_free(&b);
}

static void
wrong(const char *src, const char *sentence)
{
	struct buf b = { 0 };
	struct err e = { 0 };

	buf_u8(&b, 7);
	/* A copy of the exact size, so that a sanitizer sees a look behind its end. */
	size_t n = strlen(src);
	char *copy = malloc(n ? n : 1);
	memcpy(copy, src, n);
	if (text_module(copy, n, &b, &e) == 0)
		fail_msg("%s: was taken", src);
	assert_string_equal(e.what, sentence);
	assert_int_equal(b.n, 1);
	free(copy);
	buf_free(&b);
}

static bool
has(const struct buf *b, const char *bytes, size_t n)
{
	return memmem(b->p, b->n, bytes, n) != NULL;
}

/* src's binary has these bytes somewhere; HOLDS(src, literal). */
#define HOLDS(src, bytes)                                                                          \
	do {                                                                                       \
		struct buf b_ = encode(src);                                                       \
		if (!has(&b_, bytes, sizeof(bytes) - 1))                                           \
			fail_msg("%s: lacks its bytes", src);                                      \
		buf_free(&b_);                                                                     \
	} while (0)

/* -- words and numbers ----------------------------------------------------------- */

static void
words(void **state)
{
	(void)state;
#define WORD(name, text, class, value)                                                             \
	assert_int_equal(word_find(text, strlen(text)), WORD_##name);                              \
	assert_int_equal(word_class(WORD_##name), WORD_##class);                                   \
	assert_int_equal(word_value(WORD_##name), value);
#include "layer/lang/text/word.def"
#undef WORD
	for (int op = 0; op < OP_COUNT; op++) {
		int found = word_find(op_info[op].text, strlen(op_info[op].text));
		/* These three are spellings of another one. */
		if (op == OP_select_t || op == OP_ref_test_null || op == OP_ref_cast_null)
			assert_int_equal(found, -1);
		else
			assert_int_equal(found, op);
	}
	assert_int_equal(word_find("i32.ad", 6), -1);
	assert_int_equal(word_find("", 0), -1);
}

static void
kinds_of_numbers(void **state)
{
	static const struct {
		const char *text;
		enum number kind;
	} rows[] = {
		{ "0", NUMBER_NAT },         { "1_000", NUMBER_NAT },
		{ "0xfF_0", NUMBER_NAT },    { "+1", NUMBER_INT },
		{ "-0x8", NUMBER_INT },      { "1.", NUMBER_FLOAT },
		{ "1e5", NUMBER_FLOAT },     { "1.5E-1", NUMBER_FLOAT },
		{ "0x1.8p3", NUMBER_FLOAT }, { "0x1P+2", NUMBER_FLOAT },
		{ "inf", NUMBER_FLOAT },     { "-inf", NUMBER_FLOAT },
		{ "nan", NUMBER_FLOAT },     { "+nan:0x1", NUMBER_FLOAT },
		{ "", NUMBER_NONE },         { "_1", NUMBER_NONE },
		{ "1_", NUMBER_NONE },       { "1__0", NUMBER_NONE },
		{ "0x", NUMBER_NONE },       { "0x_1", NUMBER_NONE },
		{ "1e", NUMBER_NONE },       { ".5", NUMBER_NONE },
		{ "0x1e+2", NUMBER_NONE },   { "nan:0x", NUMBER_NONE },
		{ "nan:1", NUMBER_NONE },    { "infinity", NUMBER_NONE },
		{ "+", NUMBER_NONE },        { "1.e", NUMBER_NONE },
		{ "1._5", NUMBER_NONE },     { "0b1", NUMBER_NONE },
		{ "0X1", NUMBER_NONE },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (number_kind(rows[i].text, strlen(rows[i].text)) != rows[i].kind)
			fail_msg("%s", rows[i].text);
}

static uint64_t
integer(const char *text, unsigned bits, bool ok)
{
	uint64_t v = 0;

	assert_int_equal(number_int(text, strlen(text), bits, &v), ok);
	return v;
}

static void
integers(void **state)
{
	(void)state;
	assert_int_equal(integer("0xffffffff", 32, true), 0xffffffff);
	assert_int_equal(integer("-1", 32, true), 0xffffffff);
	assert_int_equal(integer("-0x80000000", 32, true), 0x80000000);
	assert_int_equal(integer("+4294967295", 32, true), 0xffffffff);
	integer("4294967296", 32, false);
	integer("-2147483649", 32, false);
	assert_int_equal(integer("-128", 8, true), 0x80);
	integer("256", 8, false);
	assert_true(integer("18446744073709551615", 64, true) == UINT64_MAX);
	assert_true(integer("-9223372036854775808", 64, true) == (uint64_t)1 << 63);
	integer("18446744073709551616", 64, false);
	integer("-9223372036854775809", 64, false);
	integer("0x1_0000_0000_0000_0000", 64, false);
}

static uint32_t
single(const char *text, bool ok)
{
	uint32_t v = 0;

	assert_int_equal(number_f32(text, strlen(text), &v), ok);
	return v;
}

static uint64_t
twice(const char *text, bool ok)
{
	uint64_t v = 0;

	assert_int_equal(number_f64(text, strlen(text), &v), ok);
	return v;
}

static void
floats(void **state)
{
	(void)state;
	assert_int_equal(single("1", true), 0x3f800000);
	assert_int_equal(single("-0.0", true), 0x80000000);
	assert_int_equal(single("1_0.5_0", true), 0x41280000);
	assert_int_equal(single("0x1.8p1", true), 0x40400000);
	/* Rounded once, not by way of a double: between two singles, a bit above the tie. */
	assert_int_equal(single("0x1.00000100000000001p0", true), 0x3f800001);
	assert_int_equal(single("0x1.000001p0", true), 0x3f800000);
	assert_int_equal(single("1.00000017881393432617187499", true), 0x3f800001);
	assert_int_equal(single("1.00000017881393432617187501", true), 0x3f800002);
	assert_int_equal(single("0x1p-149", true), 1);
	assert_int_equal(single("0x1p-150", true), 0);
	/* subnormal, above the tie by the bit behind the mantissa, by less, not at all */
	assert_int_equal(single("0x1.000001p-150", true), 1);
	assert_int_equal(single("0x1.0000000000000000001p-150", true), 1);
	assert_int_equal(single("0x1.400001p-148", true), 3);
	assert_int_equal(single("0x1.4p-148", true), 2);
	assert_int_equal(single("0x1.3fffffp-148", true), 2);
	assert_int_equal(single("7.0064927392435713065242176259084036488203532742570913751991"
	                        "9200476001688563491590661672309484075960028803820023313164"
	                        "71099853515625E-46",
	                        true),
	                 1);
	assert_int_equal(single("0x0.ffffff8p-126", true), 0x800000);
	assert_true(twice("0x1.00000000000008p-1075", true) == 1);
	assert_true(twice("0x1.0000000000000p-1075", true) == 0);
	assert_true(twice("0x1.40000000000008p-1073", true) == 3);
	assert_int_equal(single("340282356779733623858607532500980858879", true), 0x7f7fffff);
	single("340282356779733661637539395458142568448", false);
	single("1e39", false);
	assert_int_equal(single("-inf", true), 0xff800000);
	assert_int_equal(single("nan", true), 0x7fc00000);
	assert_int_equal(single("-nan:0x7fffff", true), 0xffffffff);
	single("nan:0x0", false);
	single("nan:0x800000", false);
	assert_true(twice("0x1.fffffffffffff8p1023", false) == 0);
	assert_true(twice("0x1.fffffffffffff7p1023", true) == UINT64_C(0x7fefffffffffffff));
	assert_true(twice("nan:0xfffffffffffff", true) == UINT64_C(0x7fffffffffffffff));
	twice("nan:0x10000000000000", false);
	twice("nan:0x1_0000_0000_0000_0000_0", false);
	assert_true(twice("4.9e-324", true) == 1);
}

/* -- errors ------------------------------------------------------------------------- */

static void
errors(void **state)
{
	(void)state;
	wrong("(module (func\n  (nonsense)))", "unknown operator nonsense at 2:4");
	wrong("(module\r\n\r (func i32.const))", "unexpected token at 3:17");
	wrong("(func (i32.const 4294967296))", "constant out of range at 1:18");
	wrong("(func $a) (func $a)", "duplicate func $a at 1:19");
	wrong("(func (br $x))", "unknown label $x at 1:11");
	wrong("(func block $a end $b)", "mismatching label at 1:20");
	wrong("(func if $a else $b end)", "mismatching label at 1:18");
	wrong("(func (local.get $x))", "unknown local $x at 1:18");
	wrong("(func (param $x i32) (local $x i32))", "duplicate local $x at 1:32");
	wrong("(func (call $f))", "unknown function $f at 1:13");
	wrong("(memory 1) (func (drop (i32.load align=3 (i32.const 0))))",
	      "alignment must be a power of two at 1:34");
	wrong("(export \"\\80\" (func 0))", "malformed UTF-8 encoding at 1:9");
	wrong("(func) (import \"\" \"\" (func))", "import after function at 1:16");
	wrong("(func) (start 0) (start 0)", "multiple start sections at 1:18");
	wrong("(type (struct (field $a i32) (field $a i32)))", "duplicate field $a at 1:40");
	wrong("(type $t (func (param i32))) (func (type $t) (param i64))",
	      "inline function type at 1:57");
	wrong("(func", "unexpected token at 1:6");
	wrong("(func))", "unexpected token at 1:7");
	wrong("(module) x", "unknown operator x at 1:10");
	wrong("(module) (func)", "unexpected token at 1:10");
	wrong("(data \"abc", "unclosed string at 1:7");
	wrong("(data \"\\g\")", "illegal escape at 1:7");
	wrong("(data \"\\u{d800}\")", "illegal escape at 1:7");
	wrong("(data \"\\u{110000}\")", "illegal escape at 1:7");
	wrong("(data \"\\u{}\")", "illegal escape at 1:7");
	wrong("(data \"a\tb\")", "illegal control character in string literal at 1:7");
	wrong("(; (; ;)", "unclosed comment at 1:1");
	wrong(";; \xff", "malformed UTF-8 encoding at 1:4");
	wrong("(func $)", "empty identifier at 1:7");
	wrong("(@x", "unclosed annotation at 1:1");
	wrong("\xc3\xa9", "illegal character at 1:1");
	wrong("\r)", "unexpected token at 2:1");
}

/* A thing that ends in the middle of anything is an error and no more. */
static void
cut_short(void **state)
{
	static const char src[] =
	        "(module $m (type $t (sub final (func (param $x i32) (result (ref null $t)))))\n"
	        "(rec (type $s (struct (field $f (mut i8)) (field i32 i64)))) (tag $e (param "
	        "i32))\n"
	        "(import \"a\\u{e9}\" \"b\" (global $g (mut i32))) (table $tb 1 2 funcref)\n"
	        "(memory $mem i64 1 2 shared) (data (memory $mem) (i64.const 0) \"abc\" \"\\00\")\n"
	        "(elem $el (table $tb) (offset i32.const 0) func $f)\n"
	        "(func $f (export \"f\") (param $p i32) (local v128 i32)\n"
	        " (try_table $l (catch $e 0) (br_if $l (local.get $p)))\n"
	        " (if $i (result i32) (i32.const -0x1) (then (i32.const 1)) (else (i32.const 2)))\n"
	        " drop v128.const f32x4 nan:0x1 0x1.8p3 -inf 1e5 drop\n"
	        " (br_table 0 0 (select (result i32) (i32.const 0) (i32.const 1) (i32.const 2))))\n"
	        "(@custom \"x\" (before code) \"y\") (@name \"no\"))";

	(void)state;
	for (size_t n = 0; n < sizeof src - 1; n++) {
		struct buf b = { 0 };
		struct err e = { 0 };
		char *copy = malloc(n + 1);
		memcpy(copy, src, n);
		/* exactly n bytes are ours to read */
		copy = realloc(copy, n ? n : 1);
		int bad = text_module(copy, n, &b, &e);
		assert_int_equal(bad, n ? -1 : 0);
		assert_true(!n || e.what[0]);
		buf_free(&b);
		free(copy);
	}
}

/* -- encodings ------------------------------------------------------------------------ */

static void
shapes(void **state)
{
	(void)state;
	good("");
	good("(module)");
	good("(module definition $m)");
	good("(module (@name \"\") (export \"\" (func 0)) (func) (data \"\"))");
	good("(func) (func $f (call $f))");
	/* table.wast of the suite has all of the forms; these are of the binary */
	HOLDS("(module)", "\0asm\1\0\0\0");
	HOLDS("(module binary \"\\00asm\" \"\\01\\00\\00\\00\")", "\0asm\1\0\0\0");
	HOLDS("(func (local i32 i32 i64 i64) (local i32))", "\x03\x02\x7f\x02\x7e\x01\x7f");
	/* a reference to an abstract type has one byte, whatever way it is written */
	HOLDS("(func (local (ref null func) funcref (ref func)))", "\x02\x02\x70\x01\x64\x70");
	HOLDS("(memory i64 1 2 shared)", "\x05\x04\x01\x07\x01\x02");
	HOLDS("(memory 1 2 (pagesize 1))", "\x05\x05\x01\x09\x01\x02\x00");
	HOLDS("(memory (pagesize 1) (data \"abc\"))", "\x05\x05\x01\x09\x03\x03\x00");
	HOLDS("(memory (data \"abc\"))", "\x05\x04\x01\x01\x01\x01");
	HOLDS("(table (ref null 0) (elem 0)) (type (func)) (func)",
	      "\x06\x00\x41\x00\x0b\x63\x00\x01\xd2\x00\x0b");
	/* the memory's index is in the flags; offset= stands before align= */
	HOLDS("(memory 1)(memory 1)(func (drop (i32.load 1 offset=5 align=2 (i32.const 0))))",
	      "\x28\x41\x01\x05");
	HOLDS("(memory 1)(memory 1)(func (drop (v128.load8_lane 1 0 (i32.const 0) (v128.const "
	      "i64x2 0 0))))",
	      "\xfd\x54\x40\x01\x00\x00");
	HOLDS("(memory 1)(func (drop (v128.load8_lane 1 (i32.const 0) (v128.const i64x2 0 0))))",
	      "\xfd\x54\x00\x00\x01");
	/* operands come before what takes them, a condition before its block */
	HOLDS("(func (result i32) (i32.sub (i32.const 1) (i32.const 2)))",
	      "\x41\x01\x41\x02\x6b\x0b");
	HOLDS("(func (if $a (i32.const 1) (then (br $a)) (else)))",
	      "\x41\x01\x04\x40\x0c\x00\x05\x0b");
	/* the label of a delegate and of a catch are counted outside of the block */
	HOLDS("(func (block $b (try $t (do) (delegate $b))))", "\x02\x40\x06\x40\x18\x00\x0b");
	HOLDS("(func block $b try delegate $b end)", "\x02\x40\x06\x40\x18\x00\x0b");
	HOLDS("(tag $e)(func (block $b (try_table (catch $e $b))))",
	      "\x02\x40\x1f\x40\x01\x00\x00\x00\x0b\x0b");
	HOLDS("(type $t (func)) (func (drop (ref.test (ref null $t) (ref.null nofunc))))",
	      "\xfb\x15\x00");
	HOLDS("(type $t (func)) (func (drop (ref.test (ref $t) (ref.null nofunc))))",
	      "\xfb\x14\x00");
	HOLDS("(func (drop (select (result i32) (i32.const 1) (i32.const 2) (i32.const 3))))",
	      "\x1c\x01\x7f");
	/* memory.init and data.drop need a count of the segments before the code */
	HOLDS("(memory 1) (data $d \"a\") (func (data.drop $d))", "\x0c\x01\x01\x0a");
	HOLDS("(func $\"\\u{41}\\t\") (export \"x\" (func $\"A\\09\"))", "\x07\x05\x01\x01x\0\0");
	/* before version 2 */
	HOLDS("(table 1 funcref) (elem 0 (i32.const 0) 0) (func)",
	      "\x09\x07\x01\x00\x41\x00\x0b\x01\x00");
}

static void
implicit_types(void **state)
{
	(void)state;
	/* used before defined: the first that fits, however late it comes */
	HOLDS("(func (param i32)) (type (func (param i32)))",
	      "\x01\x05\x01\x60\x01\x7f\x00\x03\x02\x01\x00");
	/* one in a group of two, or that may have subtypes, fits nobody */
	HOLDS("(rec (type (func)) (type (func))) (func)",
	      "\x01\x0c\x02\x4e\x02\x60\0\0\x60\0\0\x60\0\0\x03\x02\x01\x02");
	HOLDS("(type (sub (func))) (func)", "\x01\x09\x02\x50\x00\x60\0\0\x60\0\0\x03\x02\x01\x01");
	HOLDS("(rec (type (sub final (func)))) (func)", "\x01\x04\x01\x60\0\0\x03\x02\x01\x00");
	/* params that are not named again still count among the locals */
	HOLDS("(type $t (func (param i32 i64))) (func (type $t) (local $x f32) (drop (local.get "
	      "$x)))",
	      "\x20\x02");
}

static void
annotations(void **state)
{
	(void)state;
	HOLDS("(module (@custom \"c\" (before type) \"12\") (type (func)))",
	      "\0asm\1\0\0\0\0\x04\x01"
	      "c12\x01");
	HOLDS("(module (type (func)) (@custom \"c\" \"12\" \"3\"))", "\0\x05\x01"
	                                                             "c123");
	HOLDS("(func $f (param $x i32)) (@a (b \"c\" ) ,;)", "\x04name\x01\x04\x01\0\x01"
	                                                     "f\x02\x06\x01\0\x01\0\x01x");
	HOLDS("(module (@name \"M\") (func (@name \"F\") (local (@name \"L\") i32)))",
	      "\x04name\0\x02\x01M\x01\x04\x01\0\x01"
	      "F\x02\x06\x01\0\x01\0\x01L");
	/* offset 5 of the function: a count of locals, two constants */
	HOLDS("(func (block i32.const 0 i32.const 0 drop (@metadata.code.branch_hint \"\\01\") "
	      "br_if 0))",
	      "metadata.code.branch_hint\x01\0\x01\x08\x01\x01");
	HOLDS("(func (@metadata.code.branch_hint \"\\00\") (if (i32.const 0) (then)))",
	      "metadata.code.branch_hint\x01\0\x01\x03\x01\0");
	wrong("(module (func (@custom \"x\")))", "misplaced @custom annotation at 1:15");
	wrong("(module (@name \"a\" \"b\"))", "@name annotation: unexpected token at 1:9");
	wrong("(func (@metadata.code.branch_hint \"\\02\") (if (i32.const 0) (then)))",
	      "@metadata.code.branch_hint annotation: malformed hint at 1:7");
}

/* -- depth and size --------------------------------------------------------------------- */

/* n times `open`, then `middle`, then n times `close`. */
static char *
nest(size_t n, const char *open, const char *middle, const char *close)
{
	struct str s = { 0 };

	for (size_t i = 0; i < n; i++)
		str_add(&s, open);
	str_add(&s, middle);
	for (size_t i = 0; i < n; i++)
		str_add(&s, close);
	return str_take(&s);
}

static void
deep(const char *open, const char *middle, const char *close)
{
	enum { DEPTH = 200000 };
	char *body = nest(DEPTH, open, middle, close);
	struct str s = { 0 };
	struct buf b = { 0 };
	struct err e = { 0 };

	str_printf(&s, "(func (result i32) ");
	str_add(&s, body);
	str_add(&s, ")");
	assert_int_equal(text_module(s.p, s.n, &b, &e), 0);
	assert_true(b.n > DEPTH);
	/* and without its end */
	b.n = 0;
	assert_int_equal(text_module(s.p, s.n - 2, &b, &e), -1);
	buf_free(&b);
	str_free(&s);
	free(body);
}

static void
depth(void **state)
{
	(void)state;
	deep("(i32.eqz ", "(i32.const 0)", ")");
	deep("(block (result i32) ", "(i32.const 0)", ")");
	deep("block $a ", "", " end ");
	deep("(if (i32.const 0) (then ", "", "))");
	deep("(if ", "(i32.const 1)", " (then))");
	deep("(try (do ", "", "))");
	char *unclosed = nest(300000, "(", "", "");
	wrong(unclosed, "unexpected token at 1:2");
	free(unclosed);
	unclosed = nest(300000, "(@a", "", "");
	wrong(unclosed, "unclosed annotation at 1:1");
	free(unclosed);
	unclosed = nest(300000, "(;", "", "");
	wrong(unclosed, "unclosed comment at 1:1");
	free(unclosed);
}

/* Many of everything that has a name: a table of names must not be walked. */
static void
many_names(void **state)
{
	enum { MANY = 60000 };
	struct str s = { 0 };
	struct buf b = { 0 };
	struct err e = { 0 };

	(void)state;
	for (int i = 0; i < MANY; i++)
		str_printf(&s,
		           "(type $t%d (struct (field $f i32) (field $f%d i32)))"
		           "(global $g%d i32 (i32.const %d))"
		           "(func $f%d (param $p%d i32) (call $f%d (global.get $g%d)))\n",
		           i, i, i, i, i, i, MANY - 1 - i, i);
	str_add(&s, "(func ");
	for (int i = 0; i < MANY; i++)
		str_printf(&s, "(local $l%d i32)", i);
	for (int i = 0; i < MANY; i++)
		str_printf(&s, "block $b%d ", i);
	for (int i = 0; i < MANY; i++)
		str_printf(&s, "br $b%d ", i);
	for (int i = MANY; i-- > 0;)
		str_printf(&s, "end $b%d ", i);
	str_add(&s, ")");
	assert_int_equal(text_module(s.p, s.n, &b, &e), 0);
	buf_free(&b);
	str_free(&s);
}

/* -- scripts ------------------------------------------------------------------------------ */

static void
script(void **state)
{
	static const char src[] =
	        "(module $m (memory 1))\n"
	        "(module definition $d binary \"\\00asm\" \"\\01\\00\\00\\00\")\n"
	        "(module instance $i $d)\n"
	        "(register \"name\" $m)\n"
	        "(invoke $m \"f\" (i32.const -1) (ref.extern 3) (v128.const i16x8 1 2 3 4 5 6 7 "
	        "8))\n"
	        "(assert_return (get \"g\") (f32.const nan:canonical))\n"
	        "(assert_return (invoke \"h\") (either (i32.const 1) (i32.const 2))\n"
	        "  (v128.const f32x4 nan:arithmetic 1 nan:canonical 2) (ref.null) (ref.func))\n"
	        "(assert_trap (module (start 0)) \"text\")\n"
	        "(assert_malformed (module quote \"(fu\" \"nc\") \"unexpected token\")\n"
	        "(assert_return (invoke \"x\" (nonsense)))\n"
	        "(thread $T (shared (module $m)) (invoke \"a\") (invoke \"b\"))\n"
	        "(wait $T)\n"
	        "(assert_exception (invoke \"e\"))\n";
	struct script s;
	struct script_item i;
	struct err e = { 0 };
	struct buf b = { 0 };

	(void)state;
	assert_int_equal(script_open(&s, src, sizeof src - 1, &e), 0);
	assert_int_equal(script_next(&s, &i, &e), 1);
	assert_int_equal(i.command, SCRIPT_MODULE);
	assert_memory_equal(i.module.p, "m", 1);
	assert_int_equal(script_module(&s, &i, &b, &e), 0);
	assert_int_equal(script_next(&s, &i, &e), 1);
	assert_true(i.definition && i.form == SCRIPT_BINARY);
	b.n = 0;
	assert_int_equal(script_module(&s, &i, &b, &e), 0);
	assert_int_equal(b.n, 8);
	assert_int_equal(script_next(&s, &i, &e), 1);
	assert_int_equal(i.command, SCRIPT_INSTANCE);
	assert_int_equal(script_next(&s, &i, &e), 1);
	assert_int_equal(i.command, SCRIPT_REGISTER);
	assert_int_equal(i.line, 4);
	assert_int_equal(script_next(&s, &i, &e), 1);
	assert_int_equal(i.command, SCRIPT_ACTION);
	assert_int_equal(i.narg, 3);
	assert_int_equal(i.arg[0].bits[0], 0xffffffff);
	assert_true(i.arg[1].given && i.arg[1].bits[0] == 3);
	assert_true(i.arg[2].bits[1] == UINT64_C(0x0008000700060005));
	assert_int_equal(script_next(&s, &i, &e), 1);
	assert_true(i.get && i.result[0].nan[0] == SCRIPT_CANONICAL);
	assert_int_equal(script_next(&s, &i, &e), 1);
	assert_int_equal(i.nresult, 4);
	assert_int_equal(i.result[0].neither, 2);
	assert_true(i.result[1].lanes == 4 && i.result[1].nan[0] == SCRIPT_ARITHMETIC &&
	            i.result[1].nan[1] == SCRIPT_EXACT && i.result[1].nan[2] == SCRIPT_CANONICAL);
	assert_int_equal(script_next(&s, &i, &e), 1);
	assert_true(i.command == SCRIPT_ASSERT_TRAP && i.has_module);
	assert_string_equal(i.text, "text");
	assert_int_equal(script_next(&s, &i, &e), 1);
	assert_int_equal(script_module(&s, &i, &b, &e), -1);
	assert_string_equal(e.what, "unexpected token at 1:6");
	/* a wrong command is told and left out */
	assert_int_equal(script_next(&s, &i, &e), -1);
	assert_string_equal(e.what, "unknown operator nonsense at 11:29");
	assert_int_equal(script_next(&s, &i, &e), 1);
	assert_int_equal(i.command, SCRIPT_THREAD);
	assert_int_equal(i.nshared, 1);
	struct script in = script_inside(&s, &i);
	assert_int_equal(script_next(&in, &i, &e), 1);
	assert_memory_equal(i.name.p, "a", 1);
	assert_int_equal(script_next(&in, &i, &e), 1);
	assert_int_equal(script_next(&in, &i, &e), 0);
	assert_int_equal(script_next(&s, &i, &e), 1);
	assert_int_equal(i.command, SCRIPT_WAIT);
	assert_int_equal(script_next(&s, &i, &e), 1);
	assert_int_equal(i.command, SCRIPT_ASSERT_EXCEPTION);
	assert_int_equal(script_next(&s, &i, &e), 0);
	script_close(&s);
	buf_free(&b);
}

UNIT_MAIN(TEST(words), TEST(kinds_of_numbers), TEST(integers), TEST(floats), TEST(errors),
          TEST(cut_short), TEST(shapes), TEST(implicit_types), TEST(annotations), TEST(depth),
          TEST(many_names), TEST(script))
