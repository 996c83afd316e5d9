/* SPDX-License-Identifier: Apache-2.0 */
#include "test/unit.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "layer/hal/rv/core.h"
#include "layer/hal/rv/csr.h"
#include "layer/hal/rv/rv.h"

/* What each instruction of layer/hal/rv/insn.def does, one at a time.  Words and their text
 * are GNU's assembler's (Zicond's and Zfa's by the figures of the manual), results are not
 * from here.  The last test is that no row was forgotten. */

#define RAM  UINT64_C(0x80000000)
#define DATA UINT64_C(0x80008000) /* in sp and, for loads and stores, a1 */
#define A    UINT64_C(0x8123456789abcdef)
#define B    UINT64_C(0x0fedcba987654321)
#define M    UINT64_C(0xf1e2d3c4b5a69788)
#define KEPT UINT64_C(0x6b65707400000000) /* in a0 or fa0 before */
enum { SIZE = 64 << 10, SP = 2, A0 = 10, A1 = 11, A2 = 12, A3 = 13 };

static struct board *board;
static struct rv *rv;
static struct hart *h;
static bool seen[INSN_COUNT], seen_form[CINSN_COUNT];

static int
begin(void **state)
{
	(void)state;
	board = board_new(RAM, SIZE, NULL);
	rv = rv_new(board, 1, true, NULL);
	h = rv->hart[0];
	return 0;
}

static int
end(void **state)
{
	(void)state;
	rv_leave(rv);
	board_free(board);
	rv_free(rv);
	return 0;
}

static uint64_t
word_at(uint64_t at)
{
	uint64_t v;
	memcpy(&v, bus_ram(board_bus(board), at, sizeof v), sizeof v);
	return v;
}

static void
put_word(uint64_t at, uint64_t v)
{
	memcpy(bus_ram(board_bus(board), at, sizeof v), &v, sizeof v);
}

/* A hart before `word` in M mode, every register something else. */
static void
place(uint32_t word, uint64_t a1, uint64_t a2, uint64_t a3)
{
	hart_reset(h);
	for (unsigned i = 1; i < 32; i++) {
		h->x[i] = UINT64_C(0x1111111111111111) + i;
		h->f[i] = UINT64_C(0x2222222222222222) + i;
	}
	h->f[A0] = KEPT;
	h->f[A1] = a1;
	h->f[A2] = a2;
	h->f[A3] = a3;
	h->mtvec = RAM + 0x100;
	h->stvec = RAM + 0x200;
	hart_start(h, RAM, MODE_M, KEPT, a1);
	h->x[SP] = DATA;
	h->x[A2] = a2;
	h->mstatus |= MSTATUS_FS;
	put_word(RAM, word);
	for (unsigned i = 0; i < 16; i++)
		put_word(DATA - 64 + 8 * i, M);
}

static enum hart_stop
step_of(struct hart *one)
{
	one->core->block_most = 1;
	one->core->limit = one->instret + 1;
	atomic_store(&one->limit, one->core->limit);
	return hart_run(one);
}
static enum hart_stop step(void) { return step_of(h); }

/* It is what the text says, and its row has been here. */
static unsigned
known(uint32_t word, const char *text)
{
	char got[64];
	struct insn i;
	if (!insn_decode(word, &i))
		fail_msg("%s: illegal", text);
	unsigned n = insn_text(word, RAM, got, sizeof got);
	assert_int_equal(n, (word & 3) == 3 ? 4 : 2);
	/* a short form is shown with the operands of the long one */
	if (n == 2)
		got[strcspn(got, " ")] = 0;
	if (strncmp(got, text, strlen(got)) != 0 || (n == 4 && strcmp(got, text) != 0))
		fail_msg("0x%08x is %s, not %s", word, text, got);
	if (i.compressed >= 0)
		seen_form[i.compressed] = true;
	else
		seen[i.id] = true;
	return n;
}

/* The result is where the text says, pc is at `pc`, all else is as it was. */
static void
same(const char *text, const uint64_t x[32], const uint64_t f[32], uint64_t result, uint64_t pc)
{
	bool floating = strstr(text, " fa0,") != NULL;
	for (unsigned i = 0; i < 32; i++) {
		uint64_t want = i == A0 && !floating ? result : x[i];
		if (h->x[i] != want)
			fail_msg("%s: %s is 0x%llx, not 0x%llx", text, insn_integer[i],
			         (unsigned long long)h->x[i], (unsigned long long)want);
		want = i == A0 && floating ? result : f[i];
		if (h->f[i] != want)
			fail_msg("%s: %s is 0x%llx, not 0x%llx", text, insn_floating[i],
			         (unsigned long long)h->f[i], (unsigned long long)want);
	}
	if (h->pc != pc)
		fail_msg("%s: goes on at 0x%llx, not 0x%llx", text, (unsigned long long)h->pc,
		         (unsigned long long)pc);
	assert_int_equal(h->instret, 1);
}

/* One that goes on behind itself, or at `to` if that is not 0. */
static void
one(uint32_t word, const char *text, uint64_t result, uint64_t to)
{
	uint64_t x[32], f[32];
	unsigned n = known(word, text);
	memcpy(x, h->x, sizeof x);
	memcpy(f, h->f, sizeof f);
	assert_int_equal(step(), HART_POKED);
	same(text, x, f, result, to ? to : RAM + n);
}

/* Around the word that an instruction may change nothing changes. */
static void
surroundings(const char *text)
{
	for (unsigned i = 0; i < 16; i++)
		if (i != 8 && word_at(DATA - 64 + 8 * i) != M)
			fail_msg("%s: memory beside it is changed", text);
}

/* -- integers --------------------------------------------------------------------------- */

/* a0 from a1 and a2; of a short form, from a0 and a2. */
static void
integers(void **state)
{
	(void)state;
	static const struct {
		uint32_t word;
		const char *text;
		uint64_t a, b, result;
	} rows[] = {
		{ 0x89abc537, "lui a0,0x89abc", A, B, 0xffffffff89abc000 },
		{ 0x12345517, "auipc a0,0x12345", A, B, 0x92345000 },
		{ 0xffb58513, "addi a0,a1,-5", A, B, 0x8123456789abcdea },
		{ 0xffb5a513, "slti a0,a1,-5", A, B, 1 },
		{ 0xffb5a513, "slti a0,a1,-5", 0, B, 0 },
		{ 0xffb5b513, "sltiu a0,a1,-5", A, B, 1 },
		{ 0xffb5b513, "sltiu a0,a1,-5", 0xffffffffffffffff, B, 0 },
		{ 0x5555c513, "xori a0,a1,1365", A, B, 0x8123456789abc8ba },
		{ 0x8005e513, "ori a0,a1,-2048", A, B, 0xfffffffffffffdef },
		{ 0x7f05f513, "andi a0,a1,2032", A, B, 0x5e0 },
		{ 0x00c58533, "add a0,a1,a2", A, B, 0x9111111111111110 },
		{ 0x40c58533, "sub a0,a1,a2", A, B, 0x713579be02468ace },
		{ 0x00c59533, "sll a0,a1,a2", A, B, 0x13579bde00000000 },
		{ 0x00c5a533, "slt a0,a1,a2", A, B, 1 },
		{ 0x00c5a533, "slt a0,a1,a2", B, A, 0 },
		{ 0x00c5b533, "sltu a0,a1,a2", A, B, 0 },
		{ 0x00c5b533, "sltu a0,a1,a2", B, A, 1 },
		{ 0x00c5c533, "xor a0,a1,a2", A, B, 0x8ece8ece0ece8ece },
		{ 0x00c5d533, "srl a0,a1,a2", A, B, 0x4091a2b3 },
		{ 0x40c5d533, "sra a0,a1,a2", A, B, 0xffffffffc091a2b3 },
		{ 0x00c5e533, "or a0,a1,a2", A, B, 0x8fefcfef8fefcfef },
		{ 0x00c5f533, "and a0,a1,a2", A, B, 0x121412181214121 },
		{ 0x02159513, "slli a0,a1,0x21", A, B, 0x13579bde00000000 },
		{ 0x0215d513, "srli a0,a1,0x21", A, B, 0x4091a2b3 },
		{ 0x4215d513, "srai a0,a1,0x21", A, B, 0xffffffffc091a2b3 },
		{ 0x7ff5851b, "addiw a0,a1,2047", 0x17ffff801, B, 0xffffffff80000000 },
		{ 0x0095951b, "slliw a0,a1,0x9", A, B, 0x579bde00 },
		{ 0x0095d51b, "srliw a0,a1,0x9", A, B, 0x44d5e6 },
		{ 0x4095d51b, "sraiw a0,a1,0x9", A, B, 0xffffffffffc4d5e6 },
		{ 0x00c5853b, "addw a0,a1,a2", A, B, 0x11111110 },
		{ 0x40c5853b, "subw a0,a1,a2", A, B, 0x2468ace },
		{ 0x00c5953b, "sllw a0,a1,a2", A, B, 0x13579bde },
		{ 0x00c5d53b, "srlw a0,a1,a2", A, B, 0x44d5e6f7 },
		{ 0x40c5d53b, "sraw a0,a1,a2", A, B, 0xffffffffc4d5e6f7 },
		{ 0x02c58533, "mul a0,a1,a2", A, B, 0xa2236d88fe5618cf },
		{ 0x02c59533, "mulh a0,a1,a2", A, B, 0xf81b39cb4724dbe3 },
		{ 0x02c5a533, "mulhsu a0,a1,a2", A, B, 0xf81b39cb4724dbe3 },
		{ 0x02c5a533, "mulhsu a0,a1,a2", A, A, 0xc0014b66dc33f6ac },
		{ 0x02c5b533, "mulhu a0,a1,a2", A, A, 0x412490ce65dfc49b },
		{ 0x02c5c533, "div a0,a1,a2", A, 0x7fff1, 0xfffff0244af0fdba },
		{ 0x02c5c533, "div a0,a1,a2", A, 0, 0xffffffffffffffff },
		{ 0x02c5c533, "div a0,a1,a2", 0x8000000000000000, 0xffffffffffffffff,
		  0x8000000000000000 },
		{ 0x02c5d533, "divu a0,a1,a2", A, 0x7fff1, 0x102486f16e3a },
		{ 0x02c5d533, "divu a0,a1,a2", A, 0, 0xffffffffffffffff },
		{ 0x02c5e533, "rem a0,a1,a2", A, 0x7fff1, 0xfffffffffffaabd5 },
		{ 0x02c5e533, "rem a0,a1,a2", A, 0, A },
		{ 0x02c5e533, "rem a0,a1,a2", 0x8000000000000000, 0xffffffffffffffff, 0 },
		{ 0x02c5f533, "remu a0,a1,a2", A, 0x7fff1, 0x14355 },
		{ 0x02c5f533, "remu a0,a1,a2", A, 0, A },
		{ 0x02c5853b, "mulw a0,a1,a2", A, B, 0xfffffffffe5618cf },
		{ 0x02c5c53b, "divw a0,a1,a2", A, 0x7fff1, 0xfffffffffffff136 },
		{ 0x02c5c53b, "divw a0,a1,a2", A, 0x100000000, 0xffffffffffffffff },
		{ 0x02c5c53b, "divw a0,a1,a2", 0x80000000, 0xffffffffffffffff, 0xffffffff80000000 },
		{ 0x02c5d53b, "divuw a0,a1,a2", A, 0x7fff1, 0x1135 },
		{ 0x02c5d53b, "divuw a0,a1,a2", A, 0x100000000, 0xffffffffffffffff },
		{ 0x02c5e53b, "remw a0,a1,a2", A, 0x7fff1, 0xfffffffffffaf019 },
		{ 0x02c5e53b, "remw a0,a1,a2", A, 0x100000000, 0xffffffff89abcdef },
		{ 0x02c5e53b, "remw a0,a1,a2", 0x80000000, 0xffffffffffffffff, 0 },
		{ 0x02c5f53b, "remuw a0,a1,a2", A, 0x7fff1, 0x4d00a },
		{ 0x02c5f53b, "remuw a0,a1,a2", A, 0x100000000, 0xffffffff89abcdef },
		{ 0x20c5a533, "sh1add a0,a1,a2", A, B, 0x123456789abcdeff },
		{ 0x20c5a53b, "sh1add.uw a0,a1,a2", A, B, 0xfedcbaa9abcdeff },
		{ 0x20c5c533, "sh2add a0,a1,a2", A, B, 0x147ae147ae147add },
		{ 0x20c5c53b, "sh2add.uw a0,a1,a2", A, B, 0xfedcbabae147add },
		{ 0x20c5e533, "sh3add a0,a1,a2", A, B, 0x1907f6e5d4c3b299 },
		{ 0x20c5e53b, "sh3add.uw a0,a1,a2", A, B, 0xfedcbadd4c3b299 },
		{ 0x08c5853b, "add.uw a0,a1,a2", A, B, 0xfedcbaa11111110 },
		{ 0x0a15951b, "slli.uw a0,a1,0x21", A, B, 0x13579bde00000000 },
		{ 0x40c5f533, "andn a0,a1,a2", A, B, 0x80020446088a8cce },
		{ 0x40c5e533, "orn a0,a1,a2", A, B, 0xf1337577f9bbfdff },
		{ 0x40c5c533, "xnor a0,a1,a2", A, B, 0x71317131f1317131 },
		{ 0x60059513, "clz a0,a1", 0xf0000a00000, B, 0x14 },
		{ 0x60059513, "clz a0,a1", 0, B, 0x40 },
		{ 0x60159513, "ctz a0,a1", 0xf0000a00000, B, 0x15 },
		{ 0x60159513, "ctz a0,a1", 0, B, 0x40 },
		{ 0x60259513, "cpop a0,a1", A, B, 0x21 },
		{ 0x6005951b, "clzw a0,a1", 0xf0000a00000, B, 8 },
		{ 0x6005951b, "clzw a0,a1", 0x100000000, B, 0x20 },
		{ 0x6015951b, "ctzw a0,a1", 0xf0000a00000, B, 0x15 },
		{ 0x6015951b, "ctzw a0,a1", 0x100000000, B, 0x20 },
		{ 0x6025951b, "cpopw a0,a1", A, B, 0x14 },
		{ 0x0ac5e533, "max a0,a1,a2", A, B, B },
		{ 0x0ac5f533, "maxu a0,a1,a2", A, B, A },
		{ 0x0ac5c533, "min a0,a1,a2", A, B, A },
		{ 0x0ac5d533, "minu a0,a1,a2", A, B, B },
		{ 0x60459513, "sext.b a0,a1", A, B, 0xffffffffffffffef },
		{ 0x60559513, "sext.h a0,a1", A, B, 0xffffffffffffcdef },
		{ 0x0805c53b, "zext.h a0,a1", A, B, 0xcdef },
		{ 0x60c59533, "rol a0,a1,a2", A, B, 0x13579bdf02468acf },
		{ 0x60c5d533, "ror a0,a1,a2", A, B, 0xc4d5e6f7c091a2b3 },
		{ 0x6215d513, "rori a0,a1,0x21", A, B, 0xc4d5e6f7c091a2b3 },
		{ 0x60c5953b, "rolw a0,a1,a2", A, B, 0x13579bdf },
		{ 0x60c5d53b, "rorw a0,a1,a2", A, B, 0xffffffffc4d5e6f7 },
		{ 0x6095d51b, "roriw a0,a1,0x9", A, B, 0xfffffffff7c4d5e6 },
		{ 0x2875d513, "orc.b a0,a1", 0x100200000040080, B, 0xff00ff0000ff00ff },
		{ 0x6b85d513, "rev8 a0,a1", A, B, 0xefcdab8967452381 },
		{ 0x0ac59533, "clmul a0,a1,a2", A, B, 0x840a0789828c810f },
		{ 0x0ac5b533, "clmulh a0,a1,a2", A, B, 0x7f8e659453a249b },
		{ 0x0ac5a533, "clmulr a0,a1,a2", A, B, 0xff1ccb28a744937 },
		{ 0x48c59533, "bclr a0,a1,a2", 0xffffffffffffffff, B, 0xfffffffdffffffff },
		{ 0x48c5d533, "bext a0,a1,a2", A, B, 1 },
		{ 0x48c5d533, "bext a0,a1,a2", 0x200000000, B, 1 },
		{ 0x68c59533, "binv a0,a1,a2", A, B, 0x8123456589abcdef },
		{ 0x28c59533, "bset a0,a1,a2", 0, B, 0x200000000 },
		{ 0x4a159513, "bclri a0,a1,0x21", 0xffffffffffffffff, B, 0xfffffffdffffffff },
		{ 0x4a15d513, "bexti a0,a1,0x21", 0x200000000, B, 1 },
		{ 0x6a159513, "binvi a0,a1,0x21", A, B, 0x8123456589abcdef },
		{ 0x2a159513, "bseti a0,a1,0x21", 0, B, 0x200000000 },
		{ 0x0ec5d533, "czero.eqz a0,a1,a2", A, B, A },
		{ 0x0ec5d533, "czero.eqz a0,a1,a2", A, 0, 0 },
		{ 0x0ec5f533, "czero.nez a0,a1,a2", A, B, 0 },
		{ 0x0ec5f533, "czero.nez a0,a1,a2", A, 0, A },
		{ 0x1028, "c.addi4spn a0,sp,40", A, B, 0x80008028 },
		{ 0x156d, "c.addi a0,-5", A, B, 0x8123456789abcdea },
		{ 0x356d, "c.addiw a0,-5", A, B, 0xffffffff89abcdea },
		{ 0x5505, "c.li a0,-31", A, B, 0xffffffffffffffe1 },
		{ 0x7505, "c.lui a0,0xfffe1", A, B, 0xfffffffffffe1000 },
		{ 0x9105, "c.srli a0,33", A, B, 0x4091a2b3 },
		{ 0x9505, "c.srai a0,33", A, B, 0xffffffffc091a2b3 },
		{ 0x9965, "c.andi a0,-7", A, B, 0x8123456789abcde9 },
		{ 0x8d11, "c.sub a0,a2", A, B, 0x713579be02468ace },
		{ 0x8d31, "c.xor a0,a2", A, B, 0x8ece8ece0ece8ece },
		{ 0x8d51, "c.or a0,a2", A, B, 0x8fefcfef8fefcfef },
		{ 0x8d71, "c.and a0,a2", A, B, 0x121412181214121 },
		{ 0x9d11, "c.subw a0,a2", A, B, 0x2468ace },
		{ 0x9d31, "c.addw a0,a2", A, B, 0x11111110 },
		{ 0x1506, "c.slli a0,33", A, B, 0x13579bde00000000 },
		{ 0x8532, "c.mv a0,a2", A, B, B },
		{ 0x9532, "c.add a0,a2", A, B, 0x9111111111111110 },
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		place(rows[i].word, rows[i].a, rows[i].b, 0);
		if ((rows[i].word & 3) != 3)
			h->x[A0] = rows[i].a;
		one(rows[i].word, rows[i].text, rows[i].result, 0);
	}
	/* and those whose result is not in a0 */
	place(0x7141, A, B, 0);
	known(0x7141, "c.addi16sp sp,-496");
	step();
	assert_int_equal(h->x[SP], DATA - 496);
	assert_int_equal(h->pc, RAM + 2);
	/* x0 takes nothing: add zero,a1,a2, c.li zero,5 and lui zero,1 */
	static const uint32_t nothing[] = { 0x00c58033, 0x4015, 0x00001037 };
	for (size_t i = 0; i < sizeof nothing / sizeof *nothing; i++) {
		place(nothing[i], A, B, 0);
		step();
		assert_int_equal(h->x[0], 0);
		assert_int_equal(h->x[A0], KEPT);
	}
}

/* -- memory ------------------------------------------------------------------------------ */

/* a1 and sp are the address of `before`, a2 and fa2 are b. */
static void
loads_and_stores(void **state)
{
	(void)state;
	static const struct {
		uint32_t word;
		const char *text;
		uint64_t before, b, result, after;
	} rows[] = {
		{ 0x00358503, "lb a0,3(a1)", M, B, 0xffffffffffffffb5, M },
		{ 0x00359503, "lh a0,3(a1)", M, B, 0xffffffffffffc4b5, M },
		{ 0x0035c503, "lbu a0,3(a1)", M, B, 0xb5, M },
		{ 0x0035d503, "lhu a0,3(a1)", M, B, 0xc4b5, M },
		{ 0x0045a503, "lw a0,4(a1)", M, B, 0xfffffffff1e2d3c4, M },
		{ 0x0045e503, "lwu a0,4(a1)", M, B, 0xf1e2d3c4, M },
		{ 0x0005b503, "ld a0,0(a1)", M, B, M, M },
		{ 0x00c582a3, "sb a2,5(a1)", M, B, KEPT, 0xf1e221c4b5a69788 },
		{ 0x00c59123, "sh a2,2(a1)", M, B, KEPT, 0xf1e2d3c443219788 },
		{ 0x00c5a223, "sw a2,4(a1)", M, B, KEPT, 0x87654321b5a69788 },
		{ 0x00c5b023, "sd a2,0(a1)", M, B, KEPT, B },
		{ 0x1005a52f, "lr.w a0,(a1)", M, B, 0xffffffffb5a69788, M },
		{ 0x1005b52f, "lr.d a0,(a1)", M, B, M, M },
		{ 0x18c5a52f, "sc.w a0,a2,(a1)", M, B, 1, M },
		{ 0x18c5b52f, "sc.d a0,a2,(a1)", M, B, 1, M },
		{ 0x08c5a52f, "amoswap.w a0,a2,(a1)", M, B, 0xffffffffb5a69788,
		  0xf1e2d3c487654321 },
		{ 0x08c5b52f, "amoswap.d a0,a2,(a1)", M, B, M, B },
		{ 0x00c5a52f, "amoadd.w a0,a2,(a1)", M, B, 0xffffffffb5a69788, 0xf1e2d3c43d0bdaa9 },
		{ 0x00c5b52f, "amoadd.d a0,a2,(a1)", M, B, M, 0x1d09f6e3d0bdaa9 },
		{ 0x20c5a52f, "amoxor.w a0,a2,(a1)", M, B, 0xffffffffb5a69788, 0xf1e2d3c432c3d4a9 },
		{ 0x20c5b52f, "amoxor.d a0,a2,(a1)", M, B, M, 0xfe0f186d32c3d4a9 },
		{ 0x60c5a52f, "amoand.w a0,a2,(a1)", M, B, 0xffffffffb5a69788, 0xf1e2d3c485240300 },
		{ 0x60c5b52f, "amoand.d a0,a2,(a1)", M, B, M, 0x1e0c38085240300 },
		{ 0x40c5a52f, "amoor.w a0,a2,(a1)", M, B, 0xffffffffb5a69788, 0xf1e2d3c4b7e7d7a9 },
		{ 0x40c5b52f, "amoor.d a0,a2,(a1)", M, B, M, 0xffefdbedb7e7d7a9 },
		{ 0x80c5a52f, "amomin.w a0,a2,(a1)", M, 0x7654321076543210, 0xffffffffb5a69788, M },
		{ 0x80c5b52f, "amomin.d a0,a2,(a1)", M, 0x7654321076543210, M, M },
		{ 0xc0c5a52f, "amominu.w a0,a2,(a1)", M, 0x7654321076543210, 0xffffffffb5a69788,
		  0xf1e2d3c476543210 },
		{ 0xc0c5b52f, "amominu.d a0,a2,(a1)", M, 0x7654321076543210, M,
		  0x7654321076543210 },
		{ 0xa0c5a52f, "amomax.w a0,a2,(a1)", M, 0x7654321076543210, 0xffffffffb5a69788,
		  0xf1e2d3c476543210 },
		{ 0xa0c5b52f, "amomax.d a0,a2,(a1)", M, 0x7654321076543210, M, 0x7654321076543210 },
		{ 0xe0c5a52f, "amomaxu.w a0,a2,(a1)", M, 0x7654321076543210, 0xffffffffb5a69788,
		  M },
		{ 0xe0c5b52f, "amomaxu.d a0,a2,(a1)", M, 0x7654321076543210, M, M },
		{ 0x0045a507, "flw fa0,4(a1)", M, B, 0xfffffffff1e2d3c4, M },
		{ 0x0005b507, "fld fa0,0(a1)", M, B, M, M },
		{ 0x00c5a227, "fsw fa2,4(a1)", M, B, KEPT, 0x87654321b5a69788 },
		{ 0x00c5b027, "fsd fa2,0(a1)", M, B, KEPT, B },
		{ 0x41c8, "c.lw a0,4(a1)", M, B, 0xfffffffff1e2d3c4, M },
		{ 0x6188, "c.ld a0,0(a1)", M, B, M, M },
		{ 0xc1d0, "c.sw a2,4(a1)", M, B, KEPT, 0x87654321b5a69788 },
		{ 0xe190, "c.sd a2,0(a1)", M, B, KEPT, B },
		{ 0x2188, "c.fld fa0,0(a1)", M, B, M, M },
		{ 0xa190, "c.fsd fa2,0(a1)", M, B, KEPT, B },
		{ 0x4512, "c.lwsp a0,4(sp)", M, B, 0xfffffffff1e2d3c4, M },
		{ 0x6502, "c.ldsp a0,0(sp)", M, B, M, M },
		{ 0x2502, "c.fldsp fa0,0(sp)", M, B, M, M },
		{ 0xc232, "c.swsp a2,4(sp)", M, B, KEPT, 0x87654321b5a69788 },
		{ 0xe032, "c.sdsp a2,0(sp)", M, B, KEPT, B },
		{ 0xa032, "c.fsdsp fa2,0(sp)", M, B, KEPT, B },
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		place(rows[i].word, DATA, rows[i].b, 0);
		put_word(DATA, rows[i].before);
		one(rows[i].word, rows[i].text, rows[i].result, 0);
		if (word_at(DATA) != rows[i].after)
			fail_msg("%s: memory is 0x%llx", rows[i].text,
			         (unsigned long long)word_at(DATA));
		surroundings(rows[i].text);
	}
}

/* A reservation is for one store of its size to its place, and a change ends it. */
static void
reservations(void **state)
{
	(void)state;
	static const struct {
		uint32_t lr, sc;
		uint64_t after;
	} sizes[] = {
		{ 0x1005a52f, 0x18c5a52f, M >> 32 << 32 | (uint32_t)B },
		{ 0x1005b52f, 0x18c5b52f, B },
	};
	for (unsigned i = 0; i < 2; i++) {
		for (unsigned what = 0; what < 4; what++) {
			place(sizes[i].lr, DATA, B, 0);
			step();
			bool ok = what == 0;
			put_word(RAM + 4, sizes[i].sc);
			if (what == 1)
				h->x[A1] = DATA + 8;
			else if (what == 2)
				put_word(DATA, ~M);
			else if (what == 3)
				put_word(RAM + 4, sizes[!i].sc);
			step();
			assert_int_equal(h->x[A0], !ok);
			assert_int_equal(word_at(DATA), ok ? sizes[i].after : what == 2 ? ~M : M);
			assert_int_equal(word_at(DATA + 8), M);
			/* it is used up */
			put_word(RAM + 8, sizes[i].sc);
			step();
			assert_int_equal(h->x[A0], 1);
		}
	}
}

/* A value that came back is not one that never went away: between a hart's lr and its sc
 * another one changes the word and puts it back, by an atomic access of some kind. */
static void
reservations_of_two(void **state)
{
	(void)state;
	static const struct {
		uint32_t first, second; /* of the other hart, from a2 and from a3 */
		bool sc;                /* each behind a lr */
		uint64_t value;
	} ways[] = {
		{ 0x18c5b52f, 0x18d5b52f, true, M },  /* sc.d a0,a2,(a1); sc.d a0,a3,(a1) */
		{ 0x08c5b52f, 0x08d5b52f, false, M }, /* amoswap.d */
		{ 0x00c5b52f, 0x40d5b52f, false, 0 }, /* amoadd.d, amoor.d: 0 + a2 is another one */
		{ 0x40c5b52f, 0x60d5b52f, false, 0 }, /* amoor.d, amoand.d */
		{ 0xe0c5b52f, 0x08d5b52f, false, 0 }, /* amomaxu.d, amoswap.d */
		{ 0, 0, false, M },                   /* nothing: then the sc stores */
	};
	const uint32_t lr = 0x1005b52f, sc = 0x18c5b52f;
	struct board *two = board_new(RAM, SIZE, NULL);
	struct rv *both = rv_new(two, 2, true, NULL);
	struct hart *one = both->hart[0], *other = both->hart[1];
	uint8_t *ram = bus_ram(board_bus(two), RAM, SIZE);
	for (unsigned i = 0; i < sizeof ways / sizeof *ways; i++) {
		uint32_t mine[] = { lr, sc }, theirs[] = { lr, ways[i].first, lr, ways[i].second };
		memcpy(ram, mine, sizeof mine);
		memcpy(ram + 64, theirs, sizeof theirs);
		memcpy(ram + DATA - RAM, &ways[i].value, 8);
		hart_reset(one);
		hart_reset(other);
		hart_flush_code(one);
		hart_flush_code(other);
		hart_start(one, RAM, MODE_M, 0, DATA);
		hart_start(other, RAM + 64, MODE_M, 0, DATA);
		one->x[A2] = B;
		other->x[A2] = A;
		other->x[A3] = ways[i].value;
		uint64_t was;
		step_of(one);
		for (unsigned k = 0; ways[i].first && k < 4; k++) {
			if (!ways[i].sc && k % 2 == 0) {
				other->pc += 4;
				continue;
			}
			step_of(other);
			memcpy(&was, ram + DATA - RAM, 8);
			if (ways[i].sc && k % 2 == 1)
				assert_int_equal(other->x[A0], 0);
			if (k == 1)
				assert_int_not_equal(was, ways[i].value);
		}
		/* whatever it took, it is as it was */
		memcpy(ram + DATA - RAM, &ways[i].value, 8);
		step_of(one);
		memcpy(&was, ram + DATA - RAM, 8);
		assert_int_equal(one->x[A0], ways[i].first != 0);
		assert_int_equal(was, ways[i].first ? ways[i].value : B);
	}
	rv_leave(both);
	board_free(two);
	rv_free(both);
}

static void
cache_blocks(void **state)
{
	(void)state;
	const uint32_t zero = 0x0045a00f;
	place(zero, DATA + 40, B, 0);
	known(zero, "cbo.zero (a1)");
	step();
	for (unsigned i = 0; i < 16; i++)
		assert_int_equal(word_at(DATA - 64 + 8 * i), i < 8 ? M : 0);
	assert_int_equal(h->pc, RAM + 4);
}

/* -- floating point ------------------------------------------------------------------------ */

/* From fa1, fa2 and fa3, or a1, to fa0 or a0; a single is boxed. */
static void
floating_point(void **state)
{
	(void)state;
	static const struct {
		uint32_t word;
		const char *text;
		uint64_t a, b, c, result;
		uint8_t flags;
	} rows[] = {
		{ 0x68c58543, "fmadd.s fa0,fa1,fa2,fa3,rne", 0xffffffff3fc00000, 0xffffffff40100000,
		  0xffffffffbf000000, 0xffffffff40380000, 0 },
		{ 0x68c58547, "fmsub.s fa0,fa1,fa2,fa3,rne", 0xffffffff3fc00000, 0xffffffff40100000,
		  0xffffffffbf000000, 0xffffffff40780000, 0 },
		{ 0x68c5854b, "fnmsub.s fa0,fa1,fa2,fa3,rne", 0xffffffff3fc00000,
		  0xffffffff40100000, 0xffffffffbf000000, 0xffffffffc0780000, 0 },
		{ 0x68c5854f, "fnmadd.s fa0,fa1,fa2,fa3,rne", 0xffffffff3fc00000,
		  0xffffffff40100000, 0xffffffffbf000000, 0xffffffffc0380000, 0 },
		{ 0x00c58553, "fadd.s fa0,fa1,fa2,rne", 0xffffffff3fc00000, 0xffffffff40100000, 0,
		  0xffffffff40700000, 0 },
		{ 0x08c58553, "fsub.s fa0,fa1,fa2,rne", 0xffffffff3fc00000, 0xffffffff40100000, 0,
		  0xffffffffbf400000, 0 },
		{ 0x10c58553, "fmul.s fa0,fa1,fa2,rne", 0xffffffff3fc00000, 0xffffffff40100000, 0,
		  0xffffffff40580000, 0 },
		{ 0x18c58553, "fdiv.s fa0,fa1,fa2,rne", 0xffffffff3f800000, 0xffffffff40400000, 0,
		  0xffffffff3eaaaaab, 1 },
		{ 0x18c5b553, "fdiv.s fa0,fa1,fa2,rup", 0xffffffff3f800000, 0xffffffff40400000, 0,
		  0xffffffff3eaaaaab, 1 },
		{ 0x18c59553, "fdiv.s fa0,fa1,fa2,rtz", 0xffffffff3f800000, 0xffffffff40400000, 0,
		  0xffffffff3eaaaaaa, 1 },
		{ 0x18c58553, "fdiv.s fa0,fa1,fa2,rne", 0xffffffff3f800000, 0xffffffff80000000, 0,
		  0xffffffffff800000, 8 },
		{ 0x58058553, "fsqrt.s fa0,fa1,rne", 0xffffffff40100000, 0xffffffff41100000, 0,
		  0xffffffff3fc00000, 0 },
		{ 0x58058553, "fsqrt.s fa0,fa1,rne", 0xffffffffbf800000, 0xffffffff41100000, 0,
		  0xffffffff7fc00000, 0x10 },
		{ 0x20c58553, "fsgnj.s fa0,fa1,fa2", 0xffffffff3fc00000, 0xffffffffc0000000, 0,
		  0xffffffffbfc00000, 0 },
		{ 0x20c59553, "fsgnjn.s fa0,fa1,fa2", 0xffffffffbfc00000, 0xffffffffc0000000, 0,
		  0xffffffff3fc00000, 0 },
		{ 0x20c5a553, "fsgnjx.s fa0,fa1,fa2", 0xffffffffbfc00000, 0xffffffffc0000000, 0,
		  0xffffffff3fc00000, 0 },
		{ 0x28c58553, "fmin.s fa0,fa1,fa2", 0xffffffff3fc00000, 0xffffffffc0000000, 0,
		  0xffffffffc0000000, 0 },
		{ 0x28c59553, "fmax.s fa0,fa1,fa2", 0xffffffff3fc00000, 0xffffffffc0000000, 0,
		  0xffffffff3fc00000, 0 },
		{ 0x28c58553, "fmin.s fa0,fa1,fa2", 0xffffffff7fc00000, 0xffffffffc0000000, 0,
		  0xffffffffc0000000, 0 },
		{ 0x28c59553, "fmax.s fa0,fa1,fa2", 0xffffffff7f800001, 0xffffffffc0000000, 0,
		  0xffffffffc0000000, 0x10 },
		{ 0x28c5a553, "fminm.s fa0,fa1,fa2", 0xffffffff3fc00000, 0xffffffffc0000000, 0,
		  0xffffffffc0000000, 0 },
		{ 0x28c5b553, "fmaxm.s fa0,fa1,fa2", 0xffffffff3fc00000, 0xffffffffc0000000, 0,
		  0xffffffff3fc00000, 0 },
		{ 0x28c5a553, "fminm.s fa0,fa1,fa2", 0xffffffff7fc00000, 0xffffffffc0000000, 0,
		  0xffffffff7fc00000, 0 },
		{ 0x28c5b553, "fmaxm.s fa0,fa1,fa2", 0xffffffff40000000, 0xffffffff7fc00000, 0,
		  0xffffffff7fc00000, 0 },
		{ 0xa0c5a553, "feq.s a0,fa1,fa2", 0xffffffff3fc00000, 0xffffffff3fc00000, 0, 1, 0 },
		{ 0xa0c5a553, "feq.s a0,fa1,fa2", 0xffffffff3fc00000, 0xffffffff40000000, 0, 0, 0 },
		{ 0xa0c59553, "flt.s a0,fa1,fa2", 0xffffffff3fc00000, 0xffffffff40000000, 0, 1, 0 },
		{ 0xa0c59553, "flt.s a0,fa1,fa2", 0xffffffff40000000, 0xffffffff40000000, 0, 0, 0 },
		{ 0xa0c58553, "fle.s a0,fa1,fa2", 0xffffffff40000000, 0xffffffff40000000, 0, 1, 0 },
		{ 0xa0c58553, "fle.s a0,fa1,fa2", 0xffffffff40400000, 0xffffffff40000000, 0, 0, 0 },
		{ 0xa0c5a553, "feq.s a0,fa1,fa2", 0xffffffff7fc00000, 0xffffffff40000000, 0, 0, 0 },
		{ 0xa0c59553, "flt.s a0,fa1,fa2", 0xffffffff7fc00000, 0xffffffff40000000, 0, 0,
		  0x10 },
		{ 0xa0c58553, "fle.s a0,fa1,fa2", 0xffffffff7fc00000, 0xffffffff40000000, 0, 0,
		  0x10 },
		{ 0xa0c5c553, "fleq.s a0,fa1,fa2", 0xffffffff7fc00000, 0xffffffff40000000, 0, 0,
		  0 },
		{ 0xa0c5d553, "fltq.s a0,fa1,fa2", 0xffffffff7fc00000, 0xffffffff40000000, 0, 0,
		  0 },
		{ 0xa0c5d553, "fltq.s a0,fa1,fa2", 0xffffffff3fc00000, 0xffffffff40000000, 0, 1,
		  0 },
		{ 0xa0c5d553, "fltq.s a0,fa1,fa2", 0xffffffff40000000, 0xffffffff40000000, 0, 0,
		  0 },
		{ 0xa0c5c553, "fleq.s a0,fa1,fa2", 0xffffffff40000000, 0xffffffff40000000, 0, 1,
		  0 },
		{ 0xa0c5c553, "fleq.s a0,fa1,fa2", 0xffffffff40400000, 0xffffffff40000000, 0, 0,
		  0 },
		{ 0xe0059553, "fclass.s a0,fa1", 0xffffffff80000000, 0, 0, 8, 0 },
		{ 0xe0059553, "fclass.s a0,fa1", 0xffffffff7f800001, 0, 0, 0x100, 0 },
		{ 0x40458553, "fround.s fa0,fa1,rne", 0xffffffff40200000, 0, 0, 0xffffffff40000000,
		  0 },
		{ 0x4045b553, "fround.s fa0,fa1,rup", 0xffffffff40200000, 0, 0, 0xffffffff40400000,
		  0 },
		{ 0x4055a553, "froundnx.s fa0,fa1,rdn", 0xffffffffc0200000, 0, 0,
		  0xffffffffc0400000, 1 },
		{ 0x4055c553, "froundnx.s fa0,fa1,rmm", 0xffffffff40200000, 0, 0,
		  0xffffffff40400000, 1 },
		{ 0xc0059553, "fcvt.w.s a0,fa1,rtz", 0xffffffffc0300000, 0, 0, 0xfffffffffffffffe,
		  1 },
		{ 0xc0058553, "fcvt.w.s a0,fa1,rne", 0xffffffff53800000, 0, 0, 0x7fffffff, 0x10 },
		{ 0xc0159553, "fcvt.wu.s a0,fa1,rtz", 0xffffffff4f400000, 0, 0, 0xffffffffc0000000,
		  0 },
		{ 0xc0159553, "fcvt.wu.s a0,fa1,rtz", 0xffffffffbf800000, 0, 0, 0, 0x10 },
		{ 0xc025a553, "fcvt.l.s a0,fa1,rdn", 0xffffffffc0300000, 0, 0, 0xfffffffffffffffd,
		  1 },
		{ 0xc0258553, "fcvt.l.s a0,fa1,rne", 0xffffffff53800000, 0, 0, 0x10000000000, 0 },
		{ 0xc035b553, "fcvt.lu.s a0,fa1,rup", 0xffffffff40300000, 0, 0, 3, 1 },
		{ 0xc0358553, "fcvt.lu.s a0,fa1,rne", 0xffffffff5f000000, 0, 0, 0x8000000000000000,
		  0 },
		{ 0x6ac58543, "fmadd.d fa0,fa1,fa2,fa3,rne", 0x3ff8000000000000, 0x4002000000000000,
		  0xbfe0000000000000, 0x4007000000000000, 0 },
		{ 0x6ac58547, "fmsub.d fa0,fa1,fa2,fa3,rne", 0x3ff8000000000000, 0x4002000000000000,
		  0xbfe0000000000000, 0x400f000000000000, 0 },
		{ 0x6ac5854b, "fnmsub.d fa0,fa1,fa2,fa3,rne", 0x3ff8000000000000,
		  0x4002000000000000, 0xbfe0000000000000, 0xc00f000000000000, 0 },
		{ 0x6ac5854f, "fnmadd.d fa0,fa1,fa2,fa3,rne", 0x3ff8000000000000,
		  0x4002000000000000, 0xbfe0000000000000, 0xc007000000000000, 0 },
		{ 0x02c58553, "fadd.d fa0,fa1,fa2,rne", 0x3ff8000000000000, 0x4002000000000000, 0,
		  0x400e000000000000, 0 },
		{ 0x0ac58553, "fsub.d fa0,fa1,fa2,rne", 0x3ff8000000000000, 0x4002000000000000, 0,
		  0xbfe8000000000000, 0 },
		{ 0x12c58553, "fmul.d fa0,fa1,fa2,rne", 0x3ff8000000000000, 0x4002000000000000, 0,
		  0x400b000000000000, 0 },
		{ 0x1ac58553, "fdiv.d fa0,fa1,fa2,rne", 0x3ff0000000000000, 0x4008000000000000, 0,
		  0x3fd5555555555555, 1 },
		{ 0x1ac5b553, "fdiv.d fa0,fa1,fa2,rup", 0x3ff0000000000000, 0x4008000000000000, 0,
		  0x3fd5555555555556, 1 },
		{ 0x1ac59553, "fdiv.d fa0,fa1,fa2,rtz", 0x3ff0000000000000, 0x4008000000000000, 0,
		  0x3fd5555555555555, 1 },
		{ 0x1ac58553, "fdiv.d fa0,fa1,fa2,rne", 0x3ff0000000000000, 0x8000000000000000, 0,
		  0xfff0000000000000, 8 },
		{ 0x5a058553, "fsqrt.d fa0,fa1,rne", 0x4002000000000000, 0x4022000000000000, 0,
		  0x3ff8000000000000, 0 },
		{ 0x5a058553, "fsqrt.d fa0,fa1,rne", 0xbff0000000000000, 0x4022000000000000, 0,
		  0x7ff8000000000000, 0x10 },
		{ 0x22c58553, "fsgnj.d fa0,fa1,fa2", 0x3ff8000000000000, 0xc000000000000000, 0,
		  0xbff8000000000000, 0 },
		{ 0x22c59553, "fsgnjn.d fa0,fa1,fa2", 0xbff8000000000000, 0xc000000000000000, 0,
		  0x3ff8000000000000, 0 },
		{ 0x22c5a553, "fsgnjx.d fa0,fa1,fa2", 0xbff8000000000000, 0xc000000000000000, 0,
		  0x3ff8000000000000, 0 },
		{ 0x2ac58553, "fmin.d fa0,fa1,fa2", 0x3ff8000000000000, 0xc000000000000000, 0,
		  0xc000000000000000, 0 },
		{ 0x2ac59553, "fmax.d fa0,fa1,fa2", 0x3ff8000000000000, 0xc000000000000000, 0,
		  0x3ff8000000000000, 0 },
		{ 0x2ac58553, "fmin.d fa0,fa1,fa2", 0x7ff8000000000000, 0xc000000000000000, 0,
		  0xc000000000000000, 0 },
		{ 0x2ac59553, "fmax.d fa0,fa1,fa2", 0x7ff0000000000001, 0xc000000000000000, 0,
		  0xc000000000000000, 0x10 },
		{ 0x2ac5a553, "fminm.d fa0,fa1,fa2", 0x3ff8000000000000, 0xc000000000000000, 0,
		  0xc000000000000000, 0 },
		{ 0x2ac5b553, "fmaxm.d fa0,fa1,fa2", 0x3ff8000000000000, 0xc000000000000000, 0,
		  0x3ff8000000000000, 0 },
		{ 0x2ac5a553, "fminm.d fa0,fa1,fa2", 0x7ff8000000000000, 0xc000000000000000, 0,
		  0x7ff8000000000000, 0 },
		{ 0x2ac5b553, "fmaxm.d fa0,fa1,fa2", 0x4000000000000000, 0x7ff8000000000000, 0,
		  0x7ff8000000000000, 0 },
		{ 0xa2c5a553, "feq.d a0,fa1,fa2", 0x3ff8000000000000, 0x3ff8000000000000, 0, 1, 0 },
		{ 0xa2c5a553, "feq.d a0,fa1,fa2", 0x3ff8000000000000, 0x4000000000000000, 0, 0, 0 },
		{ 0xa2c59553, "flt.d a0,fa1,fa2", 0x3ff8000000000000, 0x4000000000000000, 0, 1, 0 },
		{ 0xa2c59553, "flt.d a0,fa1,fa2", 0x4000000000000000, 0x4000000000000000, 0, 0, 0 },
		{ 0xa2c58553, "fle.d a0,fa1,fa2", 0x4000000000000000, 0x4000000000000000, 0, 1, 0 },
		{ 0xa2c58553, "fle.d a0,fa1,fa2", 0x4008000000000000, 0x4000000000000000, 0, 0, 0 },
		{ 0xa2c5a553, "feq.d a0,fa1,fa2", 0x7ff8000000000000, 0x4000000000000000, 0, 0, 0 },
		{ 0xa2c59553, "flt.d a0,fa1,fa2", 0x7ff8000000000000, 0x4000000000000000, 0, 0,
		  0x10 },
		{ 0xa2c58553, "fle.d a0,fa1,fa2", 0x7ff8000000000000, 0x4000000000000000, 0, 0,
		  0x10 },
		{ 0xa2c5c553, "fleq.d a0,fa1,fa2", 0x7ff8000000000000, 0x4000000000000000, 0, 0,
		  0 },
		{ 0xa2c5d553, "fltq.d a0,fa1,fa2", 0x7ff8000000000000, 0x4000000000000000, 0, 0,
		  0 },
		{ 0xa2c5d553, "fltq.d a0,fa1,fa2", 0x3ff8000000000000, 0x4000000000000000, 0, 1,
		  0 },
		{ 0xa2c5d553, "fltq.d a0,fa1,fa2", 0x4000000000000000, 0x4000000000000000, 0, 0,
		  0 },
		{ 0xa2c5c553, "fleq.d a0,fa1,fa2", 0x4000000000000000, 0x4000000000000000, 0, 1,
		  0 },
		{ 0xa2c5c553, "fleq.d a0,fa1,fa2", 0x4008000000000000, 0x4000000000000000, 0, 0,
		  0 },
		{ 0xe2059553, "fclass.d a0,fa1", 0x8000000000000000, 0, 0, 8, 0 },
		{ 0xe2059553, "fclass.d a0,fa1", 0x7ff0000000000001, 0, 0, 0x100, 0 },
		{ 0x42458553, "fround.d fa0,fa1,rne", 0x4004000000000000, 0, 0, 0x4000000000000000,
		  0 },
		{ 0x4245b553, "fround.d fa0,fa1,rup", 0x4004000000000000, 0, 0, 0x4008000000000000,
		  0 },
		{ 0x4255a553, "froundnx.d fa0,fa1,rdn", 0xc004000000000000, 0, 0,
		  0xc008000000000000, 1 },
		{ 0x4255c553, "froundnx.d fa0,fa1,rmm", 0x4004000000000000, 0, 0,
		  0x4008000000000000, 1 },
		{ 0xc2059553, "fcvt.w.d a0,fa1,rtz", 0xc006000000000000, 0, 0, 0xfffffffffffffffe,
		  1 },
		{ 0xc2058553, "fcvt.w.d a0,fa1,rne", 0x4270000000000000, 0, 0, 0x7fffffff, 0x10 },
		{ 0xc2159553, "fcvt.wu.d a0,fa1,rtz", 0x41e8000000000000, 0, 0, 0xffffffffc0000000,
		  0 },
		{ 0xc2159553, "fcvt.wu.d a0,fa1,rtz", 0xbff0000000000000, 0, 0, 0, 0x10 },
		{ 0xc225a553, "fcvt.l.d a0,fa1,rdn", 0xc006000000000000, 0, 0, 0xfffffffffffffffd,
		  1 },
		{ 0xc2258553, "fcvt.l.d a0,fa1,rne", 0x4270000000000000, 0, 0, 0x10000000000, 0 },
		{ 0xc235b553, "fcvt.lu.d a0,fa1,rup", 0x4006000000000000, 0, 0, 3, 1 },
		{ 0xc2358553, "fcvt.lu.d a0,fa1,rne", 0x43e0000000000000, 0, 0, 0x8000000000000000,
		  0 },
		{ 0xe0058553, "fmv.x.w a0,fa1", 0x1234567889abcdef, 0, 0, 0xffffffff89abcdef, 0 },
		{ 0xf0058553, "fmv.w.x fa0,a1", A, 0, 0, 0xffffffff89abcdef, 0 },
		{ 0xe2058553, "fmv.x.d a0,fa1", A, 0, 0, A, 0 },
		{ 0xf2058553, "fmv.d.x fa0,a1", A, 0, 0, A, 0 },
		{ 0xd0058553, "fcvt.s.w fa0,a1,rne", 0x1fffffffd, 0, 0, 0xffffffffc0400000, 0 },
		{ 0xd0158553, "fcvt.s.wu fa0,a1,rne", 0xfffffffd00000003, 0, 0, 0xffffffff40400000,
		  0 },
		{ 0xd0258553, "fcvt.s.l fa0,a1,rne", 0xffffff0000000000, 0, 0, 0xffffffffd3800000,
		  0 },
		{ 0xd0358553, "fcvt.s.lu fa0,a1,rne", 0x8000000000000000, 0, 0, 0xffffffff5f000000,
		  0 },
		{ 0xd0059553, "fcvt.s.w fa0,a1,rtz", 0x1000003, 0, 0, 0xffffffff4b800001, 1 },
		{ 0xd2058553, "fcvt.d.w fa0,a1,rne", 0x1fffffffd, 0, 0, 0xc008000000000000, 0 },
		{ 0xd2158553, "fcvt.d.wu fa0,a1,rne", 0xfffffffd80000003, 0, 0, 0x41e0000000600000,
		  0 },
		{ 0xd2258553, "fcvt.d.l fa0,a1,rne", 0xffffff0000000000, 0, 0, 0xc270000000000000,
		  0 },
		{ 0xd2358553, "fcvt.d.lu fa0,a1,rne", 0x8000000000000000, 0, 0, 0x43e0000000000000,
		  0 },
		{ 0xd235b553, "fcvt.d.lu fa0,a1,rup", 0x20000000000001, 0, 0, 0x4340000000000001,
		  1 },
		{ 0x40158553, "fcvt.s.d fa0,fa1,rne", 0xbff8000000000000, 0, 0, 0xffffffffbfc00000,
		  0 },
		{ 0x40159553, "fcvt.s.d fa0,fa1,rtz", 0x483d6329f1c35ca5, 0, 0, 0xffffffff7f7fffff,
		  5 },
		{ 0x42058553, "fcvt.d.s fa0,fa1,rne", 0xffffffffbfc00000, 0, 0, 0xbff8000000000000,
		  0 },
		{ 0x42058553, "fcvt.d.s fa0,fa1,rne", 0x3fc00000, 0, 0, 0x7ff8000000000000, 0 },
		{ 0xf0190553, "fli.s fa0,18", 0, 0, 0, 0xffffffff3fc00000, 0 },
		{ 0xf0108553, "fli.s fa0,1", 0, 0, 0, 0xffffffff00800000, 0 },
		{ 0xf21e8553, "fli.d fa0,29", 0, 0, 0, 0x40f0000000000000, 0 },
		{ 0xf2100553, "fli.d fa0,0", 0, 0, 0, 0xbff0000000000000, 0 },
		{ 0xc2859553, "fcvtmod.w.d a0,fa1", 0x41f0000000500000, 0, 0, 5, 0x10 },
		{ 0xc2859553, "fcvtmod.w.d a0,fa1", 0xc01e000000000000, 0, 0, 0xfffffffffffffff9,
		  1 },
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		place(rows[i].word, rows[i].a, rows[i].b, rows[i].c);
		one(rows[i].word, rows[i].text, rows[i].result, 0);
		if (h->fflags != rows[i].flags)
			fail_msg("%s: flags 0x%x, not 0x%x", rows[i].text, h->fflags,
			         rows[i].flags);
		/* off, it is illegal */
		place(rows[i].word, rows[i].a, rows[i].b, rows[i].c);
		h->mstatus &= ~MSTATUS_FS;
		step();
		assert_int_equal(h->mcause, CAUSE_ILLEGAL);
		assert_int_equal(h->mtval, rows[i].word);
		assert_int_equal(h->f[A0], KEPT);
		assert_int_equal(h->x[A0], KEPT);
	}
}

/* -- control --------------------------------------------------------------------------------- */

static void
jumps(void **state)
{
	(void)state;
	static const struct {
		uint32_t word;
		const char *text;
		uint64_t a, b, to, link;
	} rows[] = {
		{ 0x801ff56f, "jal a0,0x7ffff800", A, B, 0x7ffff800, 0x80000004 },
		{ 0x5540506f, "jal zero,0x80005554", A, B, 0x80005554, KEPT },
		{ 0xffd58567, "jalr a0,-3(a1)", 0x80000800, B, 0x800007fc, 0x80000004 },
		{ 0x2ac585e3, "beq a1,a2,0x80000aaa", A, A, 0x80000aaa, KEPT },
		{ 0xaac585e3, "beq a1,a2,0x7ffffaaa", A, B, 0x80000004, KEPT },
		{ 0x2ac595e3, "bne a1,a2,0x80000aaa", A, B, 0x80000aaa, KEPT },
		{ 0xaac595e3, "bne a1,a2,0x7ffffaaa", A, A, 0x80000004, KEPT },
		{ 0x2ac5c5e3, "blt a1,a2,0x80000aaa", A, B, 0x80000aaa, KEPT },
		{ 0xaac5c5e3, "blt a1,a2,0x7ffffaaa", B, A, 0x80000004, KEPT },
		{ 0x2ac5d5e3, "bge a1,a2,0x80000aaa", B, A, 0x80000aaa, KEPT },
		{ 0xaac5d5e3, "bge a1,a2,0x7ffffaaa", A, B, 0x80000004, KEPT },
		{ 0x2ac5e5e3, "bltu a1,a2,0x80000aaa", B, A, 0x80000aaa, KEPT },
		{ 0xaac5e5e3, "bltu a1,a2,0x7ffffaaa", A, B, 0x80000004, KEPT },
		{ 0x2ac5f5e3, "bgeu a1,a2,0x80000aaa", A, B, 0x80000aaa, KEPT },
		{ 0xaac5f5e3, "bgeu a1,a2,0x7ffffaaa", B, A, 0x80000004, KEPT },
		{ 0xaac5d5e3, "bge a1,a2,0x7ffffaaa", A, A, 0x7ffffaaa, KEPT },
		{ 0xaac5f5e3, "bgeu a1,a2,0x7ffffaaa", A, A, 0x7ffffaaa, KEPT },
		{ 0xbb99, "c.j .-0x2aa", A, B, 0x7ffffd56, KEPT },
		{ 0x8582, "c.jr a1", 0x80000801, B, 0x80000800, KEPT },
		{ 0xd9b9, "c.beqz a1,.-0xaa", 0, B, 0x7fffff56, KEPT },
		{ 0xd9b9, "c.beqz a1,.-0xaa", A, B, 0x80000002, KEPT },
		{ 0xe5cd, "c.bnez a1,.+0xaa", A, B, 0x800000aa, KEPT },
		{ 0xe5cd, "c.bnez a1,.+0xaa", 0, B, 0x80000002, KEPT },
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		place(rows[i].word, rows[i].a, rows[i].b, 0);
		one(rows[i].word, rows[i].text, rows[i].link, rows[i].to);
	}
	place(0x9582, RAM + 0x800, B, 0);
	known(0x9582, "c.jalr a1");
	step();
	assert_int_equal(h->pc, RAM + 0x800);
	assert_int_equal(h->x[1], RAM + 2);
}

/* What is for other harts, caches and translations changes nothing that can be seen. */
static void
quiet(void **state)
{
	(void)state;
	static const struct {
		uint32_t word;
		const char *text;
	} rows[] = {
		{ 0x0310000f, "fence rw,w" },
		{ 0x8330000f, "fence.tso" },
		{ 0x0100000f, "pause" },
		{ 0x0000100f, "fence.i" },
		{ 0x0205e013, "prefetch.i 32(a1)" },
		{ 0xfe15e013, "prefetch.r -32(a1)" },
		{ 0x0035e013, "prefetch.w 0(a1)" },
		{ 0x0015a00f, "cbo.clean (a1)" },
		{ 0x0025a00f, "cbo.flush (a1)" },
		{ 0x0005a00f, "cbo.inval (a1)" },
		{ 0x12c58073, "sfence.vma a1,a2" },
		{ 0x16c58073, "sinval.vma a1,a2" },
		{ 0x18000073, "sfence.w.inval" },
		{ 0x18100073, "sfence.inval.ir" },
		{ 0x00d00073, "wrs.nto" },
		{ 0x01d00073, "wrs.sto" },
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		place(rows[i].word, DATA, B, 0);
		one(rows[i].word, rows[i].text, KEPT, 0);
		surroundings(rows[i].text);
		assert_int_equal(word_at(DATA), M);
	}
}

static void
traps_and_returns(void **state)
{
	(void)state;
	static const struct {
		uint32_t word;
		const char *text;
		uint8_t mode;
		uint64_t cause, tval;
	} traps[] = {
		{ 0x00000073, "ecall", MODE_M, CAUSE_ECALL_M, 0 },
		{ 0x00000073, "ecall", MODE_S, CAUSE_ECALL_S, 0 },
		{ 0x00000073, "ecall", MODE_U, CAUSE_ECALL_U, 0 },
		{ 0x00100073, "ebreak", MODE_U, CAUSE_BREAKPOINT, RAM },
		{ 0x9002, "c.ebreak", MODE_M, CAUSE_BREAKPOINT, RAM },
	};
	for (size_t i = 0; i < sizeof traps / sizeof *traps; i++) {
		known(traps[i].word, traps[i].text);
		for (unsigned to_s = 0; to_s < (traps[i].mode == MODE_M ? 1 : 2); to_s++) {
			place(traps[i].word, A, B, 0);
			h->mode = traps[i].mode;
			h->medeleg = to_s ? UINT64_C(1) << traps[i].cause : 0;
			step();
			assert_int_equal(h->mode, to_s ? MODE_S : MODE_M);
			assert_int_equal(h->pc, to_s ? h->stvec : h->mtvec);
			assert_int_equal(to_s ? h->scause : h->mcause, traps[i].cause);
			assert_int_equal(to_s ? h->sepc : h->mepc, RAM);
			assert_int_equal(to_s ? h->stval : h->mtval, traps[i].tval);
			assert_int_equal(h->instret, 0);
		}
	}

	place(0x30200073, A, B, 0);
	known(0x30200073, "mret");
	h->mepc = RAM + 0x400;
	h->mstatus = (h->mstatus & ~MSTATUS_MPP) | (uint64_t)MODE_S << 11 | MSTATUS_MPIE;
	step();
	assert_int_equal(h->pc, RAM + 0x400);
	assert_int_equal(h->mode, MODE_S);
	assert_int_equal(h->mstatus & (MSTATUS_MPP | MSTATUS_MIE), MSTATUS_MIE);

	place(0x10200073, A, B, 0);
	known(0x10200073, "sret");
	h->mode = MODE_S;
	h->sepc = RAM + 0x402;
	h->mstatus = (h->mstatus & ~(MSTATUS_SPP | MSTATUS_SIE)) | MSTATUS_SPIE;
	step();
	assert_int_equal(h->pc, RAM + 0x402);
	assert_int_equal(h->mode, MODE_U);
	assert_int_equal(h->mstatus & (MSTATUS_SPP | MSTATUS_SIE), MSTATUS_SIE);

	/* nothing is pending: it waits; something is: it does not */
	for (unsigned i = 0; i < 2; i++) {
		place(0x10500073, A, B, 0);
		known(0x10500073, "wfi");
		h->mie = 1 << IRQ_MSI;
		hart_irq(h, IRQ_MSI, i);
		assert_int_equal(step(), i ? HART_POKED : HART_WAIT);
		assert_int_equal(h->waiting, !i);
		assert_int_equal(h->pc, RAM + 4);
	}
}

static void
control_registers(void **state)
{
	(void)state;
	static const struct {
		uint32_t word;
		const char *text;
		uint64_t after;
	} rows[] = {
		{ 0x34059573, "csrrw a0,mscratch,a1", A },
		{ 0x3405a573, "csrrs a0,mscratch,a1", A | B },
		{ 0x3405b573, "csrrc a0,mscratch,a1", B & ~A },
		{ 0x340ad573, "csrrwi a0,mscratch,21", 21 },
		{ 0x340ae573, "csrrsi a0,mscratch,21", B | 21 },
		{ 0x340af573, "csrrci a0,mscratch,21", B & ~UINT64_C(21) },
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		place(rows[i].word, A, A, 0);
		h->mscratch = B;
		one(rows[i].word, rows[i].text, B, 0);
		assert_int_equal(h->mscratch, rows[i].after);
	}
}

/* A handler whose first instruction traps again retires nothing, for ever: hart_run comes
 * back all the same. */
static void
traps_use_up_a_turn(void **state)
{
	(void)state;
	static const struct {
		uint32_t word;
		uint64_t cause;
	} rows[] = {
		{ 0, CAUSE_ILLEGAL },
		{ 0x00000073, CAUSE_ECALL_M },
		{ 0x00100073, CAUSE_BREAKPOINT },
		{ 0x02a5d553, CAUSE_ILLEGAL },     /* fadd.d with a rounding mode of 5 */
		{ 0x02a5f553, CAUSE_ILLEGAL },     /* fadd.d while it is off */
		{ 0x0005b503, CAUSE_LOAD_ACCESS }, /* ld a0,0(a1) */
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		place(rows[i].word, UINT64_C(1) << 40, B, 0);
		put_word(RAM + 0x100, rows[i].word);
		h->mstatus &= ~MSTATUS_FS;
		h->core->limit = 1000;
		atomic_store(&h->limit, 1000);
		assert_int_equal(hart_run(h), HART_POKED);
		assert_int_equal(h->mcause, rows[i].cause);
		assert_int_equal(h->mepc, RAM + 0x100);
		assert_int_equal(h->instret, 0);
	}
	/* nor one that is nowhere */
	place(0, A, B, 0);
	h->mtvec = 16;
	h->core->limit = 1000;
	atomic_store(&h->limit, 1000);
	assert_int_equal(hart_run(h), HART_POKED);
	assert_int_equal(h->mcause, CAUSE_FETCH_ACCESS);
}

/* Programs in U mode that reach beyond what PMP gives them: 64 bytes at DATA to read and write, all
 * of the code to read and execute. Nothing is written, not even the bytes that are allowed. */
static void
beyond_pmp(void **state)
{
	(void)state;
	static const struct {
		uint32_t word;
		uint64_t a1, cause; /* 0: it is allowed */
	} rows[] = {
		{ 0x00c5b023, DATA, 0 },                         /* sd a2,0(a1) */
		{ 0x00c5b023, DATA + 56, 0 },                    /* its last 8 bytes */
		{ 0x00c5b023, DATA + 64, CAUSE_STORE_ACCESS },   /* and those behind it */
		{ 0x00c5b023, DATA - 8, CAUSE_STORE_ACCESS },    /* in the same page */
		{ 0x00c5b023, DATA + 60, CAUSE_STORE_ACCESS },   /* half of it */
		{ 0x00c5b023, DATA - 4, CAUSE_STORE_ACCESS },    /* the other half */
		{ 0x00c5b023, DATA + 4096, CAUSE_STORE_ACCESS }, /* another page */
		{ 0x00c58023, RAM + 0x400, CAUSE_STORE_ACCESS }, /* sb: code is not written */
		{ 0x0005b503, DATA + 64, CAUSE_LOAD_ACCESS },    /* ld a0,0(a1) */
		{ 0x0005b503, DATA + 60, CAUSE_LOAD_ACCESS },    /* half of it */
		{ 0x00c5b52f, DATA + 64, CAUSE_STORE_ACCESS },   /* amoadd.d a0,a2,(a1) */
		{ 0x0045a00f, DATA, 0 },                         /* cbo.zero (a1) */
		{ 0x0045a00f, DATA + 64, CAUSE_STORE_ACCESS },   /* the next block */
		{ 0x00058067, DATA, 0 }, /* jalr zero,0(a1): then it is there */
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		place(rows[i].word, rows[i].a1, B, 0);
		hart_csr_write(h, CSR_pmpaddr, RAM >> 2 | 0x3fff >> 3);  /* 16 KiB: r-x */
		hart_csr_write(h, CSR_pmpaddr + 1, DATA >> 2 | 63 >> 3); /* 64 bytes: rw- */
		hart_csr_write(h, CSR_pmpcfg0, 0x18 << 8 | 3 << 8 | 0x18 | 5);
		h->menvcfg |= ENVCFG_CBZE;
		h->senvcfg |= ENVCFG_CBZE;
		h->mode = MODE_U;
		mmu_space(h);
		put_word(DATA + 64, M);
		put_word(DATA + 4096, M);
		put_word(RAM + 0x400, M);
		step();
		if (rows[i].word == 0x00058067) {
			assert_int_equal(h->pc, DATA);
			step();
			assert_int_equal(h->mcause, CAUSE_FETCH_ACCESS);
			assert_int_equal(h->mtval, DATA);
			continue;
		}
		if (!rows[i].cause) {
			assert_int_equal(h->pc, RAM + 4);
			continue;
		}
		assert_int_equal(h->mcause, rows[i].cause);
		assert_int_equal(h->mtval, rows[i].a1);
		assert_int_equal(h->mepc, RAM);
		assert_int_equal(h->mode, MODE_M);
		for (unsigned k = 0; k < 16; k++)
			assert_int_equal(word_at(DATA - 64 + 8 * k), M);
		assert_int_equal(word_at(DATA + 4096), M);
		assert_int_equal(word_at(RAM + 0x400), M);
		assert_int_equal(h->x[A0], KEPT);
	}
}

static void *
kick(void *ctx)
{
	nanosleep(&(struct timespec){ .tv_nsec = 20000000 }, NULL);
	rv_kick(ctx);
	return NULL;
}

/* Time that is counted jumps to the next timer when nobody has anything to do, but not to
 * the end of time. */
static void
time_does_not_end(void **state)
{
	(void)state;
	pthread_t t;
	static const uint64_t ticks[] = { 1000000, INT64_MAX / 100 - 5 };
	for (unsigned i = 0; i < 2; i++) {
		place(0x10500073, A, B, 0); /* wfi; j .-4 */
		put_word(RAM, UINT64_C(0xffdff06f10500073));
		h->menvcfg = MENVCFG_STCE;
		h->mie = 1 << IRQ_STI;
		h->stimecmp = ticks[i];
		rv_timer(h);
		assert_int_equal(pthread_create(&t, NULL, kick, rv), 0);
		assert_int_equal(rv_run(rv), RV_KICKED);
		pthread_join(t, NULL);
		assert_true(rv_time(rv) >= 1000000);
		assert_in_range(board_now(board), 0, BOARD_OLDEST);
	}
}

static void
none_was_forgotten(void **state)
{
	(void)state;
	static const char *const forms[] = {
#define INSN(name, text, operands, match, mask, ext)
#define CINSN(name, text, match, mask, base, rd, rs1, rs2, imm, legal) text,
#include "layer/hal/rv/insn.def"
#undef INSN
#undef CINSN
	};
	for (unsigned i = 0; i < INSN_COUNT; i++)
		if (!seen[i])
			fail_msg("no test here says what %s does", insn_rows[i].text);
	for (unsigned i = 0; i < CINSN_COUNT; i++)
		if (!seen_form[i])
			fail_msg("no test here says what %s does", forms[i]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(integers),
		TEST(loads_and_stores),
		TEST(reservations),
		TEST(reservations_of_two),
		TEST(cache_blocks),
		TEST(floating_point),
		TEST(jumps),
		TEST(quiet),
		TEST(traps_and_returns),
		TEST(control_registers),
		TEST(traps_use_up_a_turn),
		TEST(beyond_pmp),
		TEST(time_does_not_end),
		TEST(none_was_forgotten),
	};
	return cmocka_run_group_tests(tests, begin, end);
}
