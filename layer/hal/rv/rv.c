/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/hal/rv/reserve.h"
#include "layer/hal/rv/rv.h"

#include <errno.h>
#include <linux/futex.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "core/snap.h"
#include "layer/hal/rv/hart.h"
#include "layer/hal/rv/core.h"
#include "layer/hal/rv/csr.h"
#include "layer/hal/rv/debug.h"
#include "layer/hal/rv/fp.h"

#define HART_TAG SNAP_TAG('H', 'A', 'R', 'T')

/* Something another hart wants done on this one's thread. */
struct post {
	struct post *next;
	void (*fn)(struct hart *h, const void *arg);
	const void *arg;
	struct seat *from; /* woken when it is done; NULL: nobody waits there */
	_Atomic unsigned *left;
};

/* A hart's place to run and to sleep. */
struct seat {
	struct rv *rv;
	struct hart *hart;
	pthread_t thread;
	bool own_thread;
	_Atomic uint32_t word; /* futex: changes when there is news */
	_Atomic bool asleep;
	_Atomic(struct post *) posts;
	_Atomic bool gone;          /* nobody runs it */
	atomic_flag busy;           /* whose posts are being done for it */
	struct board_source *timer; /* of stimecmp */
};

struct threads {
	struct seat seat[RV_HARTS];
	_Atomic bool kicked, raised, broke;
	_Atomic int64_t clock; /* deterministic: ns */
	unsigned first;        /* likewise: whose turn it is */
};

/* One instruction of the deterministic mode is this long, and harts take turns after so many. */
enum { NS_PER_INSTRUCTION = 10, TURN = 20000 };

/* -- sleeping ------------------------------------------------------------------------------- */

static void
news(struct seat *s)
{
	atomic_fetch_add(&s->word, 1);
	if (atomic_load(&s->asleep))
		syscall(SYS_futex, &s->word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

/* Until there is news since `seen`. */
static void
sleep_from(struct seat *s, uint32_t seen)
{
	atomic_store(&s->asleep, true);
	if (atomic_load(&s->word) == seen)
		syscall(SYS_futex, &s->word, FUTEX_WAIT_PRIVATE, seen, NULL, NULL, 0);
	atomic_store(&s->asleep, false);
}

static struct seat *
seat_of(struct hart *h)
{
	return &h->rv->threads->seat[h->id];
}

void
hart_irq(struct hart *h, unsigned bit, bool level)
{
	uint64_t mask = UINT64_C(1) << bit, old;
	if (level) {
		old = atomic_fetch_or(&h->wires, mask);
		if (old & mask)
			return;
		hart_poke(h, POKE_IRQ);
		news(seat_of(h));
	} else {
		atomic_fetch_and(&h->wires, ~mask);
	}
}

/* -- posts ------------------------------------------------------------------------------------- */

static void
do_posts(struct seat *s)
{
	struct post *p = atomic_exchange(&s->posts, NULL), *next;
	for (; p; p = next) {
		next = p->next;
		p->fn(s->hart, p->arg);
		struct seat *from = p->from;
		atomic_fetch_sub(p->left, 1);
		if (from)
			news(from);
	}
}

/* For a hart that nobody runs, whoever wants something does it. */
static void
do_posts_of_gone(struct seat *s)
{
	while (atomic_flag_test_and_set(&s->busy))
		;
	do_posts(s);
	atomic_flag_clear(&s->busy);
}

void
rv_each(struct rv *r, uint64_t mask, void (*fn)(struct hart *h, const void *arg), const void *arg,
        struct hart *caller)
{
	struct post post[RV_HARTS];
	_Atomic unsigned left = 0;
	struct seat *own = caller ? seat_of(caller) : NULL;
	for (unsigned i = 0; i < r->nhart; i++) {
		struct seat *s = &r->threads->seat[i];
		if (!(mask >> i & 1))
			continue;
		if (s == own || r->deterministic) {
			fn(s->hart, arg);
			continue;
		}
		atomic_fetch_add(&left, 1);
		post[i] = (struct post){ atomic_load(&s->posts), fn, arg, own, &left };
		while (!atomic_compare_exchange_weak(&s->posts, &post[i].next, &post[i]))
			;
		hart_poke(s->hart, POKE_STOP);
		news(s);
	}
	while (atomic_load(&left)) {
		uint32_t seen = own ? atomic_load(&own->word) : 0;
		for (unsigned i = 0; i < r->nhart; i++)
			if (atomic_load(&r->threads->seat[i].gone))
				do_posts_of_gone(&r->threads->seat[i]);
		if (own)
			do_posts(own);
		if (!atomic_load(&left))
			break;
		if (own)
			sleep_from(own, seen);
		else
			sched_yield();
	}
}

/* -- time ------------------------------------------------------------------------------------------- */

uint64_t
rv_time(const struct rv *r)
{
	return (uint64_t)board_now(r->board) / (1000000000 / RV_TIMEBASE);
}

static int64_t
instruction_clock(void *ctx)
{
	struct threads *t = ctx;
	return atomic_load(&t->clock);
}

static void
ring(void *ctx, uint32_t events)
{
	struct seat *s = ctx;
	(void)events;
	hart_irq(s->hart, IRQ_STI, true);
}

void
rv_timer(struct hart *h)
{
	struct seat *s = seat_of(h);
	const uint64_t most = INT64_MAX / (1000000000 / RV_TIMEBASE);
	bool on = h->menvcfg & MENVCFG_STCE;
	bool due = on && rv_time(h->rv) >= h->stimecmp;
	hart_irq(h, IRQ_STI, due);
	pthread_mutex_lock(&h->bus->lock);
	/* one that was set before is forgotten in any case */
	board_at(s->timer, !on || due || h->stimecmp > most
	                           ? INT64_MAX
	                           : (int64_t)h->stimecmp * (1000000000 / RV_TIMEBASE));
	pthread_mutex_unlock(&h->bus->lock);
}

/* -- code that changes --------------------------------------------------------------------------------- */

void
rv_code_changed(struct rv *r, uint64_t page)
{
	atomic_store((_Atomic uint8_t *)&r->code[page], 0);
	atomic_fetch_add(&r->version[page], 1);
	atomic_fetch_add(&r->code_changes, 1);
}

static void
wrote(void *ctx, uint64_t addr, uint64_t n)
{
	struct rv *r = ctx;
	if (!n)
		return;
	uint64_t first = (addr - r->bus->ram_start) >> 12;
	uint64_t last = (addr - r->bus->ram_start + n - 1) >> 12;
	for (uint64_t page = first; page <= last; page++)
		if (atomic_load((_Atomic uint8_t *)&r->code[page]))
			rv_code_changed(r, page);
}

/* -- running ---------------------------------------------------------------------------------------------- */

static void
stop_all(struct rv *r)
{
	atomic_store(&r->stop, true);
	for (unsigned i = 0; i < r->nhart; i++) {
		hart_poke(r->hart[i], POKE_STOP);
		news(&r->threads->seat[i]);
	}
}

void
rv_kick(struct rv *r)
{
	atomic_store(&r->threads->kicked, true);
	stop_all(r);
}

static void
raised(void *ctx)
{
	struct rv *r = ctx;
	atomic_store(&r->threads->raised, true);
	stop_all(r);
}

/* Has it anything to do now? */
static bool
awake(const struct hart *h)
{
	return h->state == HART_STARTED && (!h->waiting || hart_pending(h)) && !h->held;
}

static void
step(struct rv *r, struct hart *h)
{
	switch (r->debugger ? debug_run(h) : hart_run(h)) {
	case HART_SBI: r->sbi(h, r->sbi_ctx); break;
	case HART_BREAK:
		atomic_store(&r->threads->broke, true);
		stop_all(r);
		break;
	default: break;
	}
}

static void *
seat_run(void *ctx)
{
	struct seat *s = ctx;
	struct rv *r = s->rv;
	struct hart *h = s->hart;
	fp_thread();
	while (!atomic_load(&r->stop)) {
		uint32_t seen = atomic_load(&s->word);
		do_posts(s);
		if (awake(h)) {
			h->waiting = false;
			step(r, h);
		} else if (!atomic_load(&r->stop)) {
			sleep_from(s, seen);
		}
	}
	atomic_store(&s->gone, true);
	do_posts_of_gone(s);
	/* somebody may wait for what was just done for us */
	for (unsigned i = 0; i < r->nhart; i++)
		news(&r->threads->seat[i]);
	return NULL;
}

/* Who only wants it to rest waits for the end of the round: where turns end is part of what the
 * guest can notice, and must not hang on when it is asked. */
static bool
at_once(const struct threads *t)
{
	return atomic_load(&t->raised) || atomic_load(&t->broke);
}

/* All harts in turn on this thread; time is what they have run. */
static void
run_in_turn(struct rv *r)
{
	struct threads *t = r->threads;
	unsigned first = t->first;
	t->first = 0;
	fp_thread();
	for (; !atomic_load(&r->stop); first = 0) {
		bool any = false;
		for (unsigned i = first; i < r->nhart; i++) {
			struct hart *h = r->hart[i];
			uint64_t before = h->instret;
			h->core->limit = before + TURN;
			while (awake(h) && h->instret < h->core->limit && !at_once(t)) {
				h->waiting = false;
				atomic_store(&h->limit, h->core->limit);
				step(r, h);
				any = true;
			}
			atomic_fetch_add(&t->clock, (int64_t)(h->instret - before) *
			                                    NS_PER_INSTRUCTION / r->nhart);
			/* one that stops for a debugger does not keep the others from their turn */
			if (atomic_load(&t->broke)) {
				t->first = (i + 1) % r->nhart;
				break;
			}
		}
		pthread_mutex_lock(&r->bus->lock);
		int64_t next = board_next(r->board);
		/* time that only jumps would come to its end */
		if (next > BOARD_OLDEST / 2)
			next = INT64_MAX;
		/* Nobody has anything to do: the next timer is now, or the host has news. */
		if (!any && next != INT64_MAX && next > atomic_load(&t->clock))
			atomic_store(&t->clock, next);
		board_ring(r->board);
		pthread_mutex_unlock(&r->bus->lock);
		if (!any && next == INT64_MAX) {
			uint32_t seen = atomic_load(&t->seat[0].word);
			bool still = true;
			for (unsigned i = 0; i < r->nhart; i++)
				still &= !awake(r->hart[i]);
			if (still && !atomic_load(&r->stop))
				sleep_from(&t->seat[0], seen);
		}
	}
}

/* A thread of its own for each hart but the first, which has ours. */
static void
start_threads(struct rv *r)
{
	for (unsigned i = 0; i < r->nhart; i++)
		atomic_store(&r->threads->seat[i].gone, false);
	for (unsigned i = 1; i < r->nhart; i++) {
		struct seat *s = &r->threads->seat[i];
		s->own_thread = pthread_create(&s->thread, NULL, seat_run, s) == 0;
		if (s->own_thread)
			continue;
		atomic_store(&s->gone, true); /* who asks it must not wait */
		pthread_mutex_lock(&r->bus->lock);
		board_raise(r->board, BOARD_FAULT, 0, "no thread for a hart can be started");
		pthread_mutex_unlock(&r->bus->lock);
	}
}

enum rv_why
rv_run(struct rv *r)
{
	struct threads *t = r->threads;
	/* What was asked for before we began counts; in this order, so does what is asked for now. */
	atomic_store(&r->stop, false);
	if (atomic_load(&t->kicked) || atomic_load(&t->raised) || atomic_load(&t->broke))
		atomic_store(&r->stop, true);
	if (r->deterministic) {
		run_in_turn(r);
	} else {
		start_threads(r);
		seat_run(&t->seat[0]);
		for (unsigned i = 1; i < r->nhart; i++)
			if (t->seat[i].own_thread)
				pthread_join(t->seat[i].thread, NULL);
	}
	if (atomic_exchange(&t->raised, false))
		return RV_RAISED;
	if (atomic_exchange(&t->broke, false))
		return RV_DEBUG;
	atomic_store(&t->kicked, false);
	return RV_KICKED;
}

/* -- its life ------------------------------------------------------------------------------------------------ */

/* Zeroed memory that costs nothing until it is touched. */
static void *
sparse(size_t n)
{
	void *p = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
	               -1, 0);
	return p == MAP_FAILED ? NULL : p;
}

struct rv *
rv_new(struct board *b, unsigned nhart, bool deterministic, struct err *e)
{
	if (!nhart || nhart > RV_HARTS) {
		fail(e, EINVAL, "a computer of %u harts cannot be made", nhart);
		err_hint(e, "give it 1 to %d with --cpus", RV_HARTS);
		return NULL;
	}
	struct rv *r = xcalloc(1, sizeof *r);
	r->board = b;
	r->bus = board_bus(b);
	r->nhart = nhart;
	r->deterministic = deterministic;
	r->threads = xcalloc(1, sizeof *r->threads);
	uint64_t pages = r->pages = r->bus->ram_size >> 12;
	r->code = sparse(pages);
	r->version = sparse(pages * sizeof *r->version);
	if (nhart > 1)
		r->turns = sparse(RESERVE_TURNS * sizeof *r->turns);
	bool ok = r->code && r->version && (r->turns || nhart == 1);
	for (unsigned i = 0; ok && i < nhart; i++) {
		struct seat *s = &r->threads->seat[i];
		r->hart[i] = hart_new(r, r->bus, i);
		ok = r->hart[i] != NULL;
		s->rv = r;
		s->hart = r->hart[i];
		s->gone = true;
		atomic_flag_clear(&s->busy);
		s->timer = board_timer(b, ring, s);
	}
	if (!ok) {
		fail(e, ENOMEM, "no address space for a computer of %u harts", nhart);
		rv_leave(r);
		rv_free(r);
		return NULL;
	}
	r->bus->wrote = wrote;
	r->bus->wrote_ctx = r;
	board_listen(b, raised, r);
	if (deterministic)
		board_clock(b, instruction_clock, r->threads);
	return r;
}

void
rv_leave(struct rv *r)
{
	r->bus->wrote = NULL;
	board_listen(r->board, NULL, NULL);
	for (unsigned i = 0; i < r->nhart; i++) {
		board_remove(r->threads->seat[i].timer);
		r->threads->seat[i].timer = NULL;
	}
}

void
rv_free(struct rv *r)
{
	if (!r)
		return;
	uint64_t pages = r->pages;
	for (unsigned i = 0; i < r->nhart; i++)
		hart_free(r->hart[i]);
	if (r->code)
		munmap(r->code, pages);
	if (r->version)
		munmap(r->version, pages * sizeof *r->version);
	if (r->turns)
		munmap(r->turns, RESERVE_TURNS * sizeof *r->turns);
	free(r->threads);
	free(r);
}

int
rv_save(struct rv *r, struct snap *s, struct err *e)
{
	struct buf b = { 0 };
	int rc = 0;
	for (unsigned i = 0; rc == 0 && i < r->nhart; i++) {
		struct hart *h = r->hart[i];
		b.n = 0;
		/* SSIP lives among the wires, and no device drives it. */
		h->soft_mip &= ~BIT(IRQ_SSI);
		h->soft_mip |= atomic_load(&h->wires) & BIT(IRQ_SSI);
		field_save(&b, hart_fields, h);
		h->soft_mip &= ~BIT(IRQ_SSI);
		buf_u64(&b, (uint64_t)atomic_load(&r->threads->clock));
		rc = snap_put_buf(s, HART_TAG, &b, e);
	}
	buf_free(&b);
	return rc;
}

int
rv_load(struct rv *r, struct snap *s, struct err *e)
{
	for (unsigned i = 0; i < r->nhart; i++) {
		struct hart *h = r->hart[i];
		struct cur c;
		char name[16];
		snprintf(name, sizeof name, "hart %u", i);
		if (snap_get(s, HART_TAG, &c, e) < 0 || field_load(&c, hart_fields, h, name, e) < 0)
			return -1;
		int64_t clock = (int64_t)cur_u64(&c);
		atomic_store(&r->threads->clock, clock);
		if (clock < 0 || clock > BOARD_OLDEST || h->mode == 2 || h->mode > MODE_M ||
		    h->state > HART_SUSPENDED || h->frm > 7 || c.bad)
			return fail(e, EBADMSG, "the snapshot's state of %s is damaged", name);
		h->x[0] = 0;
		h->pc &= ~UINT64_C(1);
		if (r->turns)
			h->reserved_turn = reserve_look(reserve_turn(r->turns, h->reserved_addr));
		atomic_fetch_or(&h->wires, h->soft_mip & BIT(IRQ_SSI));
		h->soft_mip &= ~BIT(IRQ_SSI);
		mmu_pmp_changed(h);
		mmu_space(h);
		block_drop_all(h);
		rv_timer(h);
	}
	return 0;
}
