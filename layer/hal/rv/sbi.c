/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/hal/rv/sbi.h"

#include <string.h>
#include <time.h>

#include "layer/hal/rv/core.h"
#include "layer/hal/rv/csr.h"

enum error {
	SBI_SUCCESS = 0,
	SBI_FAILED = -1,
	SBI_NOT_SUPPORTED = -2,
	SBI_INVALID_PARAM = -3,
	SBI_DENIED = -4,
	SBI_INVALID_ADDRESS = -5,
	SBI_ALREADY_AVAILABLE = -6,
	SBI_ALREADY_STARTED = -7,
	SBI_ALREADY_STOPPED = -8,
};

enum {
	EXT_BASE = 0x10,
	EXT_TIME = 0x54494d45,
	EXT_IPI = 0x735049,
	EXT_RFENCE = 0x52464e43,
	EXT_HSM = 0x48534d,
	EXT_SRST = 0x53525354,
	EXT_DBCN = 0x4442434e,
	EXT_PMU = 0x504d55,
	LEGACY_SET_TIMER = 0,
	LEGACY_PUTCHAR,
	LEGACY_GETCHAR,
	LEGACY_CLEAR_IPI,
	LEGACY_SEND_IPI,
	LEGACY_FENCE_I,
	LEGACY_SFENCE,
	LEGACY_SFENCE_ASID,
	LEGACY_SHUTDOWN,
};

enum { VERSION = 2 << 24, IMPLEMENTATION = 0x4a4f, IMPLEMENTATION_VERSION = 1 };

struct result {
	long error;
	uint64_t value;
};

static struct result
failed(enum error e)
{
	return (struct result){ e, 0 };
}
static struct result ok(uint64_t value) { return (struct result){ SBI_SUCCESS, value }; }

/* -- harts ----------------------------------------------------------------------------------- */

static uint64_t
all_harts(const struct rv *r)
{
	return r->nhart == 64 ? UINT64_MAX : (UINT64_C(1) << r->nhart) - 1;
}

/* A mask of harts from a base; all of them when the base is -1 (3.1). */
static bool
chosen(const struct rv *r, uint64_t mask, uint64_t base, uint64_t *out)
{
	uint64_t all = all_harts(r);
	*out = base == UINT64_MAX ? all : base < 64 ? mask << base : 0;
	if (base != UINT64_MAX && mask && (base >= r->nhart || *out >> base != mask || *out & ~all))
		return false;
	return true;
}

static struct result
send_ipi(struct hart *h, uint64_t mask, uint64_t base)
{
	uint64_t harts;
	if (!chosen(h->rv, mask, base, &harts))
		return failed(SBI_INVALID_PARAM);
	for (unsigned i = 0; i < h->rv->nhart; i++)
		if (harts >> i & 1)
			hart_irq(h->rv->hart[i], IRQ_SSI, true);
	return ok(0);
}

struct range {
	uint64_t start, size;
};

static void
do_fence_i(struct hart *h, const void *arg)
{
	(void)arg;
	block_fence(h);
}

static void
do_sfence(struct hart *h, const void *arg)
{
	const struct range *r = arg;
	enum { FEW = 16 << 12 };
	if (r->size == 0 || r->size > FEW) {
		mmu_flush(h);
		return;
	}
	uint64_t last = (r->start + r->size - 1) & ~UINT64_C(4095);
	for (uint64_t at = r->start & ~UINT64_C(4095);; at += 4096) {
		mmu_flush_page(h, at);
		if (at == last)
			return;
	}
}

static struct result
rfence(struct hart *h, uint64_t function, const uint64_t a[6])
{
	uint64_t harts;
	struct range range = { a[2], a[3] };
	if (!chosen(h->rv, a[0], a[1], &harts))
		return failed(SBI_INVALID_PARAM);
	switch (function) {
	case 0: rv_each(h->rv, harts, do_fence_i, NULL, h); return ok(0);
	case 1:
	case 2: rv_each(h->rv, harts, do_sfence, &range, h); return ok(0);
	default: return failed(SBI_NOT_SUPPORTED); /* of hypervisors */
	}
}

struct start {
	uint64_t pc, opaque;
	bool *done;
};

/* On its own thread, so that of two who start it one is too late. */
static void
do_start(struct hart *h, const void *arg)
{
	const struct start *s = arg;
	*s->done = h->state == HART_STOPPED;
	if (!*s->done)
		return;
	sbi_prepare(h);
	hart_start(h, s->pc & ~UINT64_C(1), MODE_S, h->id, s->opaque);
}

static struct result
hsm(struct hart *h, uint64_t function, const uint64_t a[6])
{
	struct rv *r = h->rv;
	switch (function) {
	case 0: {
		bool done = false;
		struct start s = { a[1], a[2], &done };
		if (a[0] >= r->nhart)
			return failed(SBI_INVALID_PARAM);
		if (!bus_ram(r->bus, a[1] & ~UINT64_C(1), 2))
			return failed(SBI_INVALID_ADDRESS);
		rv_each(r, UINT64_C(1) << a[0], do_start, &s, h);
		return done ? ok(0) : failed(SBI_ALREADY_AVAILABLE);
	}
	case 1: h->state = HART_STOPPED; return ok(0);
	case 2:
		if (a[0] >= r->nhart)
			return failed(SBI_INVALID_PARAM);
		return ok(r->hart[a[0]]->state == HART_STARTED ? 0 : 1);
	case 3:
		/* Table 29: 0 is retentive, a wait for an interrupt; others are reserved, or not
		 * ours. */
		if ((a[0] & 0x7fffffff) && (a[0] & 0x7fffffff) < 0x10000000)
			return failed(SBI_INVALID_PARAM);
		if ((uint32_t)a[0])
			return failed(SBI_NOT_SUPPORTED);
		h->waiting = true;
		return ok(0);
	default: return failed(SBI_NOT_SUPPORTED);
	}
}

/* -- time, power, console ---------------------------------------------------------------------- */

static struct result
set_timer(struct hart *h, uint64_t at)
{
	h->stimecmp = at;
	rv_timer(h);
	return ok(0);
}

static struct result
system_reset(struct hart *h, uint64_t type, uint64_t reason)
{
	enum { WARM = 2, FAILURE = 1 };
	type = (uint32_t)type;
	reason = (uint32_t)reason;
	if (type >> 28 == 15)
		return failed(SBI_NOT_SUPPORTED); /* a vendor's */
	if (type > WARM || (reason > FAILURE && reason >> 29 != 7))
		return failed(SBI_INVALID_PARAM);
	h->state = HART_STOPPED;
	pthread_mutex_lock(&h->bus->lock);
	board_raise(h->rv->board, type == 0 ? BOARD_POWEROFF : BOARD_RESET, reason ? 1 : 0, NULL);
	pthread_mutex_unlock(&h->bus->lock);
	return ok(0);
}

/* One byte that must go out.  false: nothing takes it now, and the call is made again, so
 * that the hart can be stopped meanwhile and the machine be saved. */
static bool
put_byte(struct hart *h, const struct sbi_console *c, uint64_t value)
{
	static const struct timespec nap = { .tv_nsec = 1000000 };
	uint8_t byte = (uint8_t)value;
	if (c->out(c->ctx, &byte, 1))
		return true;
	h->pc -= 4;
	h->instret--;
	nanosleep(&nap, NULL);
	return false;
}

static struct result
console(struct hart *h, const struct sbi_console *c, uint64_t function, const uint64_t a[6])
{
	if (function > 2)
		return failed(SBI_NOT_SUPPORTED);
	uint64_t n = a[0] < 65536 ? a[0] : 65536;
	void *ram = a[2] ? NULL : bus_ram(h->bus, a[1], n);
	if (!ram)
		return failed(SBI_INVALID_PARAM);
	if (function == 0)
		return ok(c->out(c->ctx, ram, n));
	n = c->in(c->ctx, ram, n);
	bus_wrote(h->bus, a[1], n);
	return ok(n);
}

/* -- performance counters (11): cycle, time's place is empty, instret, and 29 of any event ------ */

enum { COUNTERS = 32, SKIP_MATCH = 1, CLEAR_VALUE = 2, AUTO_START = 4 };

static bool
counts(struct hart *h, unsigned n)
{
	uint64_t inhibit;
	hart_csr_read(h, CSR_mcountinhibit, &inhibit);
	return !(inhibit >> n & 1);
}

static uint64_t
event_of(uint64_t idx)
{
	return idx == 1 ? 1 : idx == 2 ? 2 : 0; /* hardware: cycles, instructions */
}

static void
start_counter(struct hart *h, unsigned n, bool set, uint64_t v)
{
	uint64_t inhibit;
	hart_csr_read(h, CSR_mcountinhibit, &inhibit);
	hart_csr_write(h, CSR_mcountinhibit, inhibit & ~(UINT64_C(1) << n));
	if (set)
		hart_csr_write(h, CSR_mcycle + n, v);
}

static void
stop_counter(struct hart *h, unsigned n)
{
	uint64_t inhibit;
	hart_csr_read(h, CSR_mcountinhibit, &inhibit);
	hart_csr_write(h, CSR_mcountinhibit, inhibit | UINT64_C(1) << n);
}

static struct result
configure(struct hart *h, const uint64_t a[6])
{
	uint64_t event = event_of(a[3]);
	if (!event && !(a[2] & SKIP_MATCH))
		return failed(SBI_NOT_SUPPORTED);
	for (unsigned i = 0; i < COUNTERS; i++) {
		unsigned n = (unsigned)a[0] + i;
		if (a[0] >= COUNTERS || n >= COUNTERS || n == 1 || !(a[1] >> i & 1))
			continue;
		if (!(a[2] & SKIP_MATCH) && n < 3 && event != (n == 0 ? 1 : 2))
			continue;
		if (n > 2)
			hart_csr_write(h, CSR_mhpmevent - 3 + n, event);
		if (a[2] & CLEAR_VALUE)
			hart_csr_write(h, CSR_mcycle + n, 0);
		if (a[2] & AUTO_START)
			start_counter(h, n, false, 0);
		return ok(n);
	}
	return failed(SBI_NOT_SUPPORTED);
}

/* All of a set; one that is so already is told when the others are done (11.5, 11.6). */
static struct result
start_stop(struct hart *h, bool start, const uint64_t a[6])
{
	bool already = false;
	for (unsigned i = 0; i < COUNTERS; i++) {
		if (!(a[1] >> i & 1))
			continue;
		if (a[0] >= COUNTERS || a[0] + i >= COUNTERS || a[0] + i == 1)
			return failed(SBI_INVALID_PARAM);
		unsigned n = (unsigned)a[0] + i;
		already |= counts(h, n) == start;
		if (start && !counts(h, n))
			start_counter(h, n, a[2] & 1, a[3]);
		else if (!start)
			stop_counter(h, n);
	}
	if (!already)
		return ok(0);
	return failed(start ? SBI_ALREADY_STARTED : SBI_ALREADY_STOPPED);
}

static struct result
pmu(struct hart *h, uint64_t function, const uint64_t a[6])
{
	switch (function) {
	case 0: return ok(COUNTERS);
	case 1:
		/* CSR number, width less one */
		if (a[0] >= COUNTERS || a[0] == 1)
			return failed(SBI_INVALID_PARAM);
		return ok((CSR_cycle + a[0]) | UINT64_C(63) << 12);
	case 2: return configure(h, a);
	case 3:
	case 4: return start_stop(h, function == 3, a);
	case 5: return failed(SBI_INVALID_PARAM); /* none is the firmware's */
	default: return failed(SBI_NOT_SUPPORTED);
	}
}

/* -- which ------------------------------------------------------------------------------------------ */

static bool
present(uint64_t ext)
{
	switch (ext) {
	case EXT_BASE:
	case EXT_TIME:
	case EXT_IPI:
	case EXT_RFENCE:
	case EXT_HSM:
	case EXT_SRST:
	case EXT_DBCN:
	case EXT_PMU: return true;
	default: return ext <= LEGACY_SHUTDOWN;
	}
}

static struct result
base(uint64_t function, const uint64_t a[6])
{
	switch (function) {
	case 0: return ok(VERSION);
	case 1: return ok(IMPLEMENTATION);
	case 2: return ok(IMPLEMENTATION_VERSION);
	case 3: return ok(present(a[0]));
	case 4:
	case 5:
	case 6: return ok(0);
	default: return failed(SBI_NOT_SUPPORTED);
	}
}

/* The calls of version 0.1 return one value, in a0. */
static bool
legacy(struct hart *h, const struct sbi_console *c, uint64_t ext)
{
	uint64_t mask = UINT64_MAX;
	struct range range = { h->x[11], h->x[12] };
	uint8_t byte = (uint8_t)h->x[10];
	long result = 0;
	switch (ext) {
	case LEGACY_SET_TIMER: set_timer(h, h->x[10]); break;
	case LEGACY_PUTCHAR:
		if (!put_byte(h, c, h->x[10]))
			return true;
		break;
	case LEGACY_GETCHAR: result = c->in(c->ctx, &byte, 1) ? byte : -1; break;
	case LEGACY_CLEAR_IPI:
		result = atomic_load(&h->wires) >> IRQ_SSI & 1;
		hart_irq(h, IRQ_SSI, false);
		break;
	case LEGACY_SEND_IPI:
	case LEGACY_FENCE_I:
	case LEGACY_SFENCE:
	case LEGACY_SFENCE_ASID:
		if (h->x[10] && !hart_peek(h, h->x[10], &mask, sizeof mask))
			break;
		mask &= all_harts(h->rv);
		if (ext == LEGACY_SEND_IPI)
			send_ipi(h, mask, 0);
		else
			rv_each(h->rv, mask, ext == LEGACY_FENCE_I ? do_fence_i : do_sfence, &range,
			        h);
		break;
	case LEGACY_SHUTDOWN: system_reset(h, 0, 0); break;
	default: return false;
	}
	h->x[10] = (uint64_t)result;
	return true;
}

static void
call(struct hart *h, void *ctx)
{
	const struct sbi_console *c = ctx;
	uint64_t a[6], ext = h->x[17], function = h->x[16];
	struct result r;
	memcpy(a, &h->x[10], sizeof a);
	switch (ext) {
	case EXT_BASE: r = base(function, a); break;
	case EXT_TIME: r = function ? failed(SBI_NOT_SUPPORTED) : set_timer(h, a[0]); break;
	case EXT_IPI: r = function ? failed(SBI_NOT_SUPPORTED) : send_ipi(h, a[0], a[1]); break;
	case EXT_RFENCE: r = rfence(h, function, a); break;
	case EXT_HSM: r = hsm(h, function, a); break;
	case EXT_SRST:
		r = function ? failed(SBI_NOT_SUPPORTED) : system_reset(h, a[0], a[1]);
		break;
	case EXT_DBCN:
		if (function == 2 && !put_byte(h, c, a[0]))
			return;
		r = function == 2 ? ok(0) : console(h, c, function, a);
		break;
	case EXT_PMU: r = pmu(h, function, a); break;
	default:
		if (legacy(h, c, ext))
			return;
		r = failed(SBI_NOT_SUPPORTED);
	}
	h->x[10] = (uint64_t)r.error;
	h->x[11] = r.value;
}

void
sbi_prepare(struct hart *h)
{
	h->medeleg = 0xb3ff & ~(UINT64_C(1) << CAUSE_ECALL_S);
	h->mideleg = BIT(IRQ_SSI) | BIT(IRQ_STI) | BIT(IRQ_SEI) | BIT(IRQ_LCOFI);
	h->mcounteren = h->scounteren = UINT32_MAX;
	h->menvcfg = ENVCFG_CBCFE | ENVCFG_CBIE | ENVCFG_CBZE | MENVCFG_STCE | MENVCFG_PBMTE |
	             MENVCFG_ADUE;
	h->mie = 0;
	h->stimecmp = UINT64_MAX;
	rv_timer(h);
	hart_irq(h, IRQ_SSI, false);
}

void
sbi_attach(struct rv *r, const struct sbi_console *console_)
{
	r->sbi = call;
	r->sbi_ctx = (void *)console_;
	for (unsigned i = 0; i < r->nhart; i++)
		sbi_prepare(r->hart[i]);
}
