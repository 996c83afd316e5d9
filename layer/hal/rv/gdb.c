/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/hal/rv/gdb.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "layer/hal/rv/debug.h"
#include "layer/hal/rv/insn.h"

/* The packets: "Debugging with GDB", appendix E, "GDB Remote Serial Protocol". */

/* Numbers of registers: x, pc, f, and the control registers by theirs. */
enum { REG_PC = 32, REG_F = 33, REG_CSR = 65, REG_END = REG_CSR + 4096 };
enum { CSR_FFLAGS = 1, CSR_FRM, CSR_FCSR };
enum { INTERRUPT = 3, ESCAPE = '}', WAITING = 65536, SIG_INT = 2, SIG_TRAP = 5 };

struct gdb {
	struct rv *rv;       /* lent, as its debugger */
	struct str in;       /* own: what was said and is not done yet */
	struct str last;     /* own: the packet that was sent last, to be sent again */
	struct str features; /* own: target.xml, once it was asked for */
	struct hart *hart;   /* that of g, G, p, P, m, M */
	struct hart *run;    /* that of s; NULL: any */
	struct debug_stop stop;
	bool has_stop, silent, going;
	int sign; /* of the last stop */
};

/* A request while it is read. */
struct text {
	const char *p, *end;
};

/* -- hexadecimal ----------------------------------------------------------------------- */

static int
digit(char c)
{
	return c >= '0' && c <= '9'   ? c - '0'
	       : c >= 'a' && c <= 'f' ? c - 'a' + 10
	       : c >= 'A' && c <= 'F' ? c - 'A' + 10
	                              : -1;
}

static bool
take_number(struct text *t, uint64_t *v)
{
	const char *from = t->p;
	*v = 0;
	while (t->p < t->end && digit(*t->p) >= 0 && t->p - from < 16)
		*v = *v << 4 | (uint64_t)digit(*t->p++);
	return t->p > from;
}

static bool
take_char(struct text *t, char c)
{
	if (t->p == t->end || *t->p != c)
		return false;
	t->p++;
	return true;
}

/* Pairs of digits; false: fewer than n bytes of them. */
static bool
take_bytes(struct text *t, void *to, size_t n)
{
	uint8_t *out = to;
	for (size_t i = 0; i < n; i++, t->p += 2) {
		if (t->end - t->p < 2 || digit(t->p[0]) < 0 || digit(t->p[1]) < 0)
			return false;
		out[i] = (uint8_t)(digit(t->p[0]) << 4 | digit(t->p[1]));
	}
	return true;
}

static void
put_bytes(struct str *s, const void *bytes, size_t n)
{
	const uint8_t *p = bytes;
	for (size_t i = 0; i < n; i++)
		str_printf(s, "%02x", p[i]);
}

static bool
take_word(struct text *t, const char *word)
{
	size_t n = strlen(word);
	if ((size_t)(t->end - t->p) < n || memcmp(t->p, word, n) != 0)
		return false;
	t->p += n;
	return true;
}

/* -- packets out -------------------------------------------------------------------------- */

static void
send(struct gdb *g, const struct str *body, struct str *out)
{
	uint8_t sum = 0;
	str_cut(&g->last, 0);
	str_addc(&g->last, '$');
	for (size_t i = 0; i < body->n; i++) {
		char c = body->p[i];
		if (c == '$' || c == '#' || c == ESCAPE || c == '*') {
			str_addc(&g->last, ESCAPE);
			sum += ESCAPE;
			c ^= 0x20;
		}
		str_addc(&g->last, c);
		sum += (uint8_t)c;
	}
	str_printf(&g->last, "#%02x", sum);
	str_addn(out, g->last.p, g->last.n);
}

/* -- registers -------------------------------------------------------------------------------- */

static bool
get_csr(struct hart *h, unsigned csr, uint64_t *v)
{
	switch (csr) {
	/* these are there also while floating point is off */
	case CSR_FFLAGS: *v = h->fflags; return true;
	case CSR_FRM: *v = h->frm; return true;
	case CSR_FCSR: *v = (uint64_t)h->frm << 5 | h->fflags; return true;
	default: return hart_csr_read(h, csr, v);
	}
}

/* Bytes of it; 0: there is none. */
static unsigned
get_register(struct hart *h, uint64_t n, uint64_t *v)
{
	if (n < REG_PC)
		*v = h->x[n];
	else if (n == REG_PC)
		*v = h->pc;
	else if (n < REG_CSR)
		*v = h->f[n - REG_F];
	else if (n >= REG_END || !get_csr(h, (unsigned)n - REG_CSR, v))
		return 0;
	return n > REG_CSR && n <= REG_CSR + CSR_FCSR ? 4 : 8;
}

static bool
set_register(struct gdb *g, uint64_t n, uint64_t v)
{
	struct hart *h = g->hart;
	unsigned csr = (unsigned)n - REG_CSR;
	if (n >= REG_END)
		return false;
	if (n < REG_PC) {
		if (n)
			h->x[n] = v;
	} else if (n == REG_PC) {
		h->pc = v & ~UINT64_C(1);
		debug_moved(g->rv->debugger, h);
	} else if (n < REG_CSR) {
		h->f[n - REG_F] = v;
	} else if (csr == CSR_FFLAGS) {
		h->fflags = v & 31;
	} else if (csr == CSR_FRM) {
		h->frm = v & 7;
	} else if (csr == CSR_FCSR) {
		h->fflags = v & 31;
		h->frm = v >> 5 & 7;
	} else {
		return hart_csr_write(h, csr, v);
	}
	return true;
}

static const struct {
	unsigned first, last;
	const char *name;
} csrs[] = {
#define CSR(number, name)              { number, number, #name },
#define CSR_FIELD(number, name, mask)  { number, number, #name },
#define CSR_CONST(number, name, value) { number, number, #name },
#define CSR_RANGE(first, last, name)   { first, last, #name },
#include "layer/hal/rv/csr.def"
#undef CSR
#undef CSR_FIELD
#undef CSR_CONST
#undef CSR_RANGE
};

/* The features that gdb's own documentation names for RISC-V (appendix G.5.13). */
static void
describe(struct str *s)
{
	str_add(s, "<?xml version=\"1.0\"?><!DOCTYPE target SYSTEM \"gdb-target.dtd\">"
	           "<target version=\"1.0\"><architecture>riscv:rv64</architecture>"
	           "<feature name=\"org.gnu.gdb.riscv.cpu\">");
	for (unsigned i = 0; i < 32; i++)
		str_printf(s, "<reg name=\"%s\" bitsize=\"64\" type=\"%s\" regnum=\"%u\"/>",
		           i == 8 ? "fp" : insn_integer[i],
		           i == 1                       ? "code_ptr"
		           : i == 2 || i == 3 || i == 4 ? "data_ptr"
		                                        : "int",
		           i);
	str_printf(s, "<reg name=\"pc\" bitsize=\"64\" type=\"code_ptr\" regnum=\"%d\"/></feature>",
	           REG_PC);
	str_add(s, "<feature name=\"org.gnu.gdb.riscv.fpu\"><union id=\"riscv_double\">"
	           "<field name=\"float\" type=\"ieee_single\"/>"
	           "<field name=\"double\" type=\"ieee_double\"/></union>");
	for (unsigned i = 0; i < 32; i++)
		str_printf(s,
		           "<reg name=\"%s\" bitsize=\"64\" type=\"riscv_double\" regnum=\"%u\"/>",
		           insn_floating[i], REG_F + i);
	for (unsigned i = 0; i < 3; i++) /* the table begins with them */
		str_printf(s, "<reg name=\"%s\" bitsize=\"32\" type=\"int\" regnum=\"%u\"/>",
		           csrs[i].name, REG_CSR + csrs[i].first);
	str_add(s, "</feature><feature name=\"org.gnu.gdb.riscv.csr\">");
	for (size_t i = 3; i < sizeof csrs / sizeof *csrs; i++)
		for (unsigned n = csrs[i].first; n <= csrs[i].last; n++) {
			str_printf(s, "<reg name=\"%s", csrs[i].name);
			if (csrs[i].first != csrs[i].last)
				str_printf(s, "%u", n - (csrs[i].first & ~15U));
			str_printf(s, "\" bitsize=\"64\" type=\"int\" regnum=\"%u\"/>",
			           REG_CSR + n);
		}
	str_add(s, "</feature></target>");
}

/* qXfer:features:read:target.xml:OFFSET,LENGTH */
static void
features(struct gdb *g, struct text t, struct str *body)
{
	uint64_t at, n;
	if (!take_word(&t, "target.xml:") || !take_number(&t, &at) || !take_char(&t, ',') ||
	    !take_number(&t, &n)) {
		str_add(body, "E00");
		return;
	}
	if (!g->features.n)
		describe(&g->features);
	/* each byte may become two, and the packet has a first letter */
	if (n > GDB_PACKET / 2 - 1)
		n = GDB_PACKET / 2 - 1;
	if (at > g->features.n)
		at = g->features.n;
	if (n > g->features.n - at)
		n = g->features.n - at;
	str_addc(body, at + n < g->features.n ? 'm' : 'l');
	str_addn(body, g->features.p + at, n);
}

/* -- threads -------------------------------------------------------------------------------------- */

enum { ANY = 0, ALL = -1, NOBODY = -2 };

/* HEX, -1 for all, 0 for any, or pPROCESS.THREAD. */
static int
take_thread(struct gdb *g, struct text *t)
{
	uint64_t v;
	if (take_char(t, 'p')) {
		while (t->p < t->end && *t->p != '.')
			t->p++;
		if (!take_char(t, '.'))
			return ALL;
	}
	if (take_char(t, '-'))
		return take_number(t, &v) && v == 1 ? ALL : NOBODY;
	if (!take_number(t, &v) || v > g->rv->nhart)
		return NOBODY;
	return (int)v;
}

static const char *
doing(const struct hart *h)
{
	return h->state == HART_STOPPED     ? "stopped"
	       : h->state == HART_SUSPENDED ? "suspended"
	       : h->waiting                 ? "waits for an interrupt"
	                                    : "runs";
}

static void
thread_info(struct gdb *g, struct text t, struct str *body)
{
	static const char modes[] = "USHM";
	char text[80];
	int id = take_thread(g, &t);
	if (id <= ANY) {
		str_add(body, "E01");
		return;
	}
	const struct hart *h = g->rv->hart[id - 1];
	int n = snprintf(text, sizeof text, "hart %u, mode %c, %s", h->id, modes[h->mode & 3],
	                 doing(h));
	put_bytes(body, text, (size_t)n);
}

static void
choose(struct gdb *g, struct text t, struct str *body)
{
	bool run = take_char(&t, 'c');
	if (!run && !take_char(&t, 'g'))
		return;
	int id = take_thread(g, &t);
	if (id == NOBODY) {
		str_add(body, "E01");
		return;
	}
	struct hart *h = id > ANY ? g->rv->hart[id - 1] : NULL;
	if (run)
		g->run = h;
	else if (h)
		g->hart = h;
	str_add(body, "OK");
}

/* -- memory ------------------------------------------------------------------------------------------ */

/* As much as can be read without a gap. */
static void
read_memory(struct gdb *g, struct text t, struct str *body)
{
	uint64_t at, n, piece;
	uint8_t bytes[4096];
	if (!take_number(&t, &at) || !take_char(&t, ',') || !take_number(&t, &n)) {
		str_add(body, "E16");
		return;
	}
	if (n > GDB_PACKET / 2)
		n = GDB_PACKET / 2;
	for (; n; n -= piece, at += piece) {
		piece = 4096 - (at & 4095);
		if (piece > n)
			piece = n;
		if (!hart_peek(g->hart, at, bytes, piece))
			break;
		put_bytes(body, bytes, piece);
	}
	if (!body->n && n)
		str_add(body, "E0e");
}

/* M ADDRESS,LENGTH:HEX and X ADDRESS,LENGTH:BYTES */
static void
write_memory(struct gdb *g, struct text t, bool hex, struct str *body)
{
	uint64_t at, n;
	uint8_t bytes[GDB_PACKET];
	bool good = take_number(&t, &at) && take_char(&t, ',') && take_number(&t, &n) &&
	            take_char(&t, ':') && n <= sizeof bytes;
	if (good && hex)
		good = take_bytes(&t, bytes, n);
	else if (good && (good = (size_t)(t.end - t.p) == n))
		memcpy(bytes, t.p, n);
	if (!good) {
		str_add(body, "E16");
	} else if (!hart_write(g->hart, at, bytes, n)) {
		str_add(body, "E0e");
	} else {
		if (n)
			debug_wrote(g->rv->debugger);
		str_add(body, "OK");
	}
}

/* Z and z: TYPE,ADDRESS,KIND */
static void
point(struct gdb *g, struct text t, bool set, struct str *body)
{
	static const enum debug_watch kinds[] = { 0, 0, DEBUG_WRITE, DEBUG_READ, DEBUG_ACCESS };
	uint64_t type, at, size;
	if (!take_number(&t, &type) || type > 4)
		return; /* none of ours: an empty answer */
	bool good = take_char(&t, ',') && take_number(&t, &at) && take_char(&t, ',') &&
	            take_number(&t, &size);
	if (good && type < 2)
		good = debug_break(g->rv->debugger, at, set);
	else if (good)
		good = debug_watch(g->rv->debugger, kinds[type], at, size, set);
	/* to take away what is not there is no mistake: packets may be sent twice */
	str_add(body, good || !set ? "OK" : "E1c");
}

/* -- running ------------------------------------------------------------------------------------------ */

/* vCont;ACTION[:THREAD];...  The leftmost that names a thread is its own. */
static enum debug_wish
resume(struct gdb *g, struct text t, struct str *body)
{
	struct debug *d = g->rv->debugger;
	enum debug_go go[RV_HARTS];
	bool told[RV_HARTS] = { false }, any = false;
	uint64_t ignored;
	for (unsigned i = 0; i < g->rv->nhart; i++)
		go[i] = DEBUG_STAY;
	while (take_char(&t, ';')) {
		char action = t.p < t.end ? *t.p++ : '\0';
		int id = ALL;
		if (!action || !strchr("cCsS", action))
			goto wrong;
		if ((action == 'C' || action == 'S') && !take_number(&t, &ignored))
			goto wrong;
		if (take_char(&t, ':') && (id = take_thread(g, &t)) == NOBODY)
			goto wrong;
		for (unsigned i = 0; i < g->rv->nhart; i++) {
			if (told[i] || (id > ANY && i != (unsigned)id - 1))
				continue;
			told[i] = any = true;
			go[i] = action == 's' || action == 'S' ? DEBUG_STEP : DEBUG_GO;
			if (id == ANY)
				break;
		}
	}
	if (!any || t.p != t.end)
		goto wrong;
	debug_resume(d);
	for (unsigned i = 0; i < g->rv->nhart; i++)
		debug_go(d, i, go[i]);
	g->going = true;
	return WISH_GO;
wrong:
	str_add(body, "E16");
	return WISH_NOTHING;
}

/* c [ADDRESS], s [ADDRESS], C SIGNAL[;ADDRESS], S SIGNAL[;ADDRESS] */
static enum debug_wish
resume_old(struct gdb *g, char action, struct text t)
{
	struct debug *d = g->rv->debugger;
	struct hart *h = g->run ? g->run : g->hart;
	uint64_t at;
	bool with_signal = action == 'C' || action == 'S';
	if (with_signal)
		take_number(&t, &at);
	if ((!with_signal || take_char(&t, ';')) && take_number(&t, &at)) {
		h->pc = at & ~UINT64_C(1);
		debug_moved(d, h);
	}
	debug_resume(d);
	if (action == 's' || action == 'S')
		debug_go(d, h->id, DEBUG_STEP);
	g->going = true;
	return WISH_GO;
}

static void
say_stop(struct gdb *g, struct str *body)
{
	static const char *const watches[] = { "", "watch", "rwatch", "awatch" };
	str_printf(body, "T%02xthread:%x;", g->sign, g->hart->id + 1);
	if (g->has_stop && g->stop.reason == DEBUG_WATCHED)
		str_printf(body, "%s:%" PRIx64 ";", watches[g->stop.watch], g->stop.addr);
}

/* -- monitor ------------------------------------------------------------------------------------------- */

static void
registers(struct gdb *g, struct str *s)
{
	static const unsigned shown[] = { 0x300, 0x180, 0x105, 0x141, 0x142, 0x143, 0x104,
		                          0x144, 0x305, 0x341, 0x342, 0x343, 0x304, 0x344 };
	static const char modes[] = "USHM";
	struct hart *h = g->hart;
	uint64_t v;
	str_printf(s, "hart %u  mode %c  %s\npc       %016" PRIx64 "\n", h->id, modes[h->mode & 3],
	           doing(h), h->pc);
	for (unsigned i = 0; i < 32; i++)
		str_printf(s, "%-8s %016" PRIx64 "%s", insn_integer[i], h->x[i],
		           i % 4 == 3 ? "\n" : "  ");
	for (unsigned i = 0, n = sizeof shown / sizeof *shown; i < n; i++)
		for (size_t k = 0; k < sizeof csrs / sizeof *csrs; k++)
			if (csrs[k].first == shown[i] && get_csr(h, shown[i], &v))
				str_printf(s, "%-8s %016" PRIx64 "%s", csrs[k].name, v,
				           i % 4 == 3 || i + 1 == n ? "\n" : "  ");
}

static void
monitor(struct gdb *g, struct text t, struct str *body)
{
	struct str said = { 0 };
	char text[32] = "";
	size_t n = (size_t)(t.end - t.p) / 2;
	if (n >= sizeof text || !take_bytes(&t, text, n))
		text[0] = '\0';
	if (strcmp(text, "registers") == 0)
		registers(g, &said);
	else if (strcmp(text, "help") == 0)
		str_add(&said, "registers  all of the chosen hart's, and what controls it\n"
		               "help       this\n");
	else
		str_add(&said, "There is no such command; see: monitor help\n");
	put_bytes(body, said.p, said.n);
	str_free(&said);
}

/* -- packets in ----------------------------------------------------------------------------------------- */

static void
ask(struct gdb *g, struct text t, struct str *body)
{
	if (take_word(&t, "Supported")) {
		str_printf(body,
		           "PacketSize=%x;QStartNoAckMode+;qXfer:features:read+;vContSupported+",
		           GDB_PACKET);
	} else if (take_word(&t, "Xfer:features:read:")) {
		features(g, t, body);
	} else if (take_word(&t, "fThreadInfo")) {
		for (unsigned i = 0; i < g->rv->nhart; i++)
			str_printf(body, "%c%x", i ? ',' : 'm', i + 1);
	} else if (take_word(&t, "sThreadInfo")) {
		str_addc(body, 'l');
	} else if (take_word(&t, "ThreadExtraInfo,")) {
		thread_info(g, t, body);
	} else if (take_word(&t, "Attached")) {
		/* it was there before: at its end gdb lets go of it */
		str_addc(body, '1');
	} else if (take_word(&t, "Rcmd,")) {
		monitor(g, t, body);
	} else if (t.end - t.p == 1 && *t.p == 'C') {
		str_printf(body, "QC%x", g->hart->id + 1);
	}
}

static void
get_registers(struct gdb *g, struct str *body)
{
	uint64_t v;
	for (unsigned i = 0; i <= REG_PC; i++) {
		get_register(g->hart, i, &v);
		put_bytes(body, &v, 8);
	}
}

static void
set_registers(struct gdb *g, struct text t, struct str *body)
{
	uint64_t v[REG_PC + 1];
	unsigned n = 0;
	/* none is set when one of them is wrong; the rest is what gdb has no name for */
	if (!take_bytes(&t, v, sizeof v)) {
		str_add(body, "E16");
		return;
	}
	for (; n <= REG_PC; n++)
		if (n != REG_PC || v[n] != g->hart->pc)
			set_register(g, n, v[n]);
	str_add(body, "OK");
}

static void
one_register(struct gdb *g, bool set, struct text t, struct str *body)
{
	uint64_t n, v = 0;
	unsigned size = take_number(&t, &n) ? get_register(g->hart, n, &v) : 0;
	if (!size)
		str_add(body, "E01");
	else if (!set)
		put_bytes(body, &v, size);
	else
		str_add(body,
		        take_char(&t, '=') && take_bytes(&t, &v, size) && set_register(g, n, v)
		                ? "OK"
		                : "E01");
}

/* One packet.  *silent: it has no answer now. */
static enum debug_wish
packet(struct gdb *g, struct text t, struct str *body, bool *silent)
{
	enum debug_wish wish = WISH_NOTHING;
	char what = t.p < t.end ? *t.p++ : '\0';
	switch (what) {
	case '?': say_stop(g, body); break;
	case 'g': get_registers(g, body); break;
	case 'G': set_registers(g, t, body); break;
	case 'p': one_register(g, false, t, body); break;
	case 'P': one_register(g, true, t, body); break;
	case 'm': read_memory(g, t, body); break;
	case 'M': write_memory(g, t, true, body); break;
	case 'X': write_memory(g, t, false, body); break;
	case 'Z': point(g, t, true, body); break;
	case 'z': point(g, t, false, body); break;
	case 'H': choose(g, t, body); break;
	case 'T': str_add(body, take_thread(g, &t) > ANY ? "OK" : "E01"); break;
	case 'q': ask(g, t, body); break;
	case 'Q':
		if (take_word(&t, "StartNoAckMode")) {
			g->silent = true;
			str_add(body, "OK");
		}
		break;
	case 'c':
	case 'C':
	case 's':
	case 'S': wish = resume_old(g, what, t); break;
	case 'v':
		if (take_word(&t, "Cont?"))
			str_add(body, "vCont;c;C;s;S");
		else if (take_word(&t, "Cont"))
			wish = resume(g, t, body);
		else if (take_word(&t, "Kill")) {
			str_add(body, "OK");
			return WISH_KILL;
		}
		break;
	case 'D': str_add(body, "OK"); return WISH_LEAVE;
	case 'k': *silent = true; return WISH_KILL;
	default: break;
	}
	*silent = wish == WISH_GO;
	return wish;
}

/* What stands between $ and #, without its escapes; the number of its bytes. */
static size_t
plain(char *p, size_t n)
{
	size_t k = 0;
	for (size_t i = 0; i < n; i++)
		p[k++] = p[i] == ESCAPE && i + 1 < n ? (char)(p[++i] ^ 0x20) : p[i];
	return k;
}

/* A packet at the beginning of n bytes; how long it is, 0: it is not whole yet. */
static size_t
take_packet(struct gdb *g, char *p, size_t n, enum debug_wish *wish, struct str *out)
{
	char *hash = memchr(p, '#', n);
	uint8_t sum = 0, said;
	if (!hash || hash + 3 > p + n)
		/* one that never ends is let go */
		return n > GDB_PACKET + 4 ? n : 0;
	struct text digits = { hash + 1, hash + 3 };
	for (const char *c = p + 1; c < hash; c++)
		sum += (uint8_t)*c;
	size_t whole = (size_t)(hash + 3 - p);
	if (!g->silent) {
		bool good = take_bytes(&digits, &said, 1) && said == sum;
		str_addc(out, good ? '+' : '-');
		if (!good)
			return whole;
	}
	struct str body = { 0 };
	struct text t = { p + 1, p + 1 + plain(p + 1, (size_t)(hash - p - 1)) };
	bool silent = false;
	*wish = packet(g, t, &body, &silent);
	if (!silent)
		send(g, &body, out);
	str_free(&body);
	return whole;
}

/* While the harts run there is one thing that can be said. */
static enum debug_wish
interrupted(struct gdb *g)
{
	char *p = g->in.n ? memchr(g->in.p, INTERRUPT, g->in.n) : NULL;
	if (!p)
		return WISH_NOTHING;
	size_t behind = (size_t)(g->in.p + g->in.n - (p + 1));
	memmove(p, p + 1, behind);
	str_cut(&g->in, g->in.n - 1);
	return WISH_REST;
}

enum debug_wish
gdb_says(struct gdb *g, const void *bytes, size_t n, struct str *answer)
{
	enum debug_wish wish = WISH_NOTHING;
	size_t at = 0, taken;
	if (n > WAITING - g->in.n)
		n = WAITING - g->in.n;
	if (n)
		str_addn(&g->in, bytes, n);
	if (g->going)
		return interrupted(g);
	while (at < g->in.n && wish == WISH_NOTHING) {
		char *p = g->in.p + at;
		taken = 1;
		if (*p == '$')
			taken = take_packet(g, p, g->in.n - at, &wish, answer);
		else if (*p == '-' && g->last.n)
			str_addn(answer, g->last.p, g->last.n);
		if (!taken)
			break;
		at += taken;
	}
	if (at)
		memmove(g->in.p, g->in.p + at, g->in.n - at);
	str_cut(&g->in, g->in.n - at);
	return wish;
}

void
gdb_rests(struct gdb *g, struct str *answer)
{
	struct str body = { 0 };
	g->going = false;
	g->has_stop = debug_stopped(g->rv->debugger, &g->stop);
	if (g->has_stop)
		g->hart = g->stop.hart;
	g->sign = g->has_stop ? SIG_TRAP : SIG_INT;
	say_stop(g, &body);
	send(g, &body, answer);
	str_free(&body);
}

void
gdb_ends(struct gdb *g, int status, struct str *answer)
{
	struct str body = { 0 };
	/* it waits for no answer unless it let the harts go on */
	if (g->going) {
		str_printf(&body, "W%02x", status & 255);
		send(g, &body, answer);
	}
	str_free(&body);
}

struct gdb *
gdb_new(struct rv *r)
{
	struct gdb *g = xcalloc(1, sizeof *g);
	g->rv = r;
	g->sign = SIG_TRAP;
	g->hart = r->hart[0];
	for (unsigned i = r->nhart; i-- > 0;)
		if (r->hart[i]->state == HART_STARTED)
			g->hart = r->hart[i];
	debug_attach(r->debugger, true);
	return g;
}

void
gdb_free(struct gdb *g)
{
	if (!g)
		return;
	debug_attach(g->rv->debugger, false);
	str_free(&g->in);
	str_free(&g->last);
	str_free(&g->features);
	free(g);
}
