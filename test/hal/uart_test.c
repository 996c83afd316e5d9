/* SPDX-License-Identifier: Apache-2.0 */
#include "test/unit.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "core/snap.h"
#include "layer/hal/dev/uart.h"

/* A 16550A by its data sheet (PC16550D), as a driver finds it. */

#define RAM  UINT64_C(0x80000000)
#define UART UINT64_C(0x10000000)

enum { RBR, IER, IIR, LCR, MCR, LSR, MSR, SCR, THR = RBR, FCR = IIR };
enum { DATA = 1, THRE = 0x20, TEMT = 0x40, DLAB = 0x80, LOOP = 0x10 };
enum { FIFO = 16, BUFFER = 16384, PIPE = 4096 };

struct port {
	struct board *board;
	struct bus *bus;
	struct uart *uart;
	int in, out; /* our ends, -1: none */
	int ends[2]; /* its own */
	_Atomic bool level;
	size_t more; /* that the late reader waits for */
};

static void
wire(void *ctx, unsigned line, bool level)
{
	struct port *p = ctx;
	assert_int_equal(line, 10);
	p->level = level;
}

static struct port *
port_of(bool in, bool out, bool wait)
{
	struct err e = { 0 };
	struct port *p = xcalloc(1, sizeof *p);
	int a[2] = { -1, -1 }, b[2] = { -1, -1 };
	if (in)
		assert_int_equal(pipe2(a, O_CLOEXEC), 0);
	if (out) {
		assert_int_equal(pipe2(b, O_CLOEXEC), 0);
		/* one page is full with the first byte in it, for who asks before he writes */
		if (!wait)
			assert_int_equal(fcntl(b[1], F_SETPIPE_SZ, PIPE), PIPE);
		assert_int_equal(fcntl(b[0], F_SETFL, O_NONBLOCK), 0);
	}
	p->ends[0] = a[0];
	p->in = a[1];
	p->out = b[0];
	p->ends[1] = b[1];
	p->board = board_new(RAM, 4096, &e);
	p->bus = board_bus(p->board);
	p->uart = uart_new(p->board, "uart0", UART, (struct irq){ wire, p, 10 }, a[0], b[1], wait,
	                   &e);
	if (!p->uart)
		fail_msg("%s", e.what);
	board_reset(p->board);
	board_wake(p->board);
	return p;
}

static struct port *port(void) { return port_of(true, true, false); }

static void
done(struct port *p)
{
	const int fds[] = { p->in, p->out, p->ends[0], p->ends[1] };
	board_rest(p->board);
	board_free(p->board);
	for (unsigned i = 0; i < 4; i++)
		if (fds[i] >= 0)
			close(fds[i]);
	free(p);
}

static uint8_t
get(struct port *p, unsigned reg)
{
	uint64_t v = 0;
	assert_true(bus_read(p->bus, UART + reg, 1, &v));
	assert_true(v < 256);
	return (uint8_t)v;
}

static void
set(struct port *p, unsigned reg, uint8_t v)
{
	assert_true(bus_write(p->bus, UART + reg, 1, v));
}

static void
nap(void)
{
	nanosleep(&(struct timespec){ .tv_nsec = 200000 }, NULL);
}

/* Wait for bits of LSR. */
static bool
until(struct port *p, uint8_t bits)
{
	for (int i = 0; i < 25000; i++) {
		if ((get(p, LSR) & bits) == bits)
			return true;
		nap();
	}
	return false;
}

static bool
rises(struct port *p)
{
	for (int i = 0; i < 25000 && !p->level; i++)
		nap();
	return p->level;
}

static void
type(struct port *p, const char *text)
{
	assert_int_equal(write(p->in, text, strlen(text)), strlen(text));
}

/* Exactly these bytes come out. */
static void
hears(struct port *p, const void *bytes, size_t n)
{
	uint8_t *got = xcalloc(1, n + 1);
	size_t have = 0;
	for (int i = 0; i < 25000 && have < n; i++) {
		ssize_t k = read(p->out, got + have, n - have);
		if (k > 0)
			have += (size_t)k;
		else
			nap();
	}
	assert_int_equal(have, n);
	assert_memory_equal(got, bytes, n);
	assert_int_equal(read(p->out, got, 1), -1);
	free(got);
}

static void
registers_after_reset(void **state)
{
	(void)state;
	struct port *p = port();
	assert_int_equal(get(p, IER), 0);
	assert_int_equal(get(p, IIR), 1);
	assert_int_equal(get(p, LCR), 0);
	assert_int_equal(get(p, LSR), THRE | TEMT);
	assert_int_equal(get(p, MSR), 0xb0); /* the other side is there */
	assert_int_equal(get(p, SCR), 0);
	assert_false(p->level);
	/* what was written is gone */
	set(p, IER, 15);
	set(p, FCR, 1);
	set(p, LCR, 0x1b);
	set(p, SCR, 0xa5);
	type(p, "x");
	assert_true(until(p, DATA));
	assert_true(p->level);
	board_reset(p->board);
	assert_false(p->level);
	assert_int_equal(get(p, IER), 0);
	assert_int_equal(get(p, IIR), 1);
	assert_int_equal(get(p, LCR), 0);
	assert_int_equal(get(p, SCR), 0);
	assert_int_equal(get(p, LSR), THRE | TEMT);
	done(p);
}

static void
scratch_and_divisor(void **state)
{
	(void)state;
	struct port *p = port();
	for (unsigned v = 0; v < 256; v += 51) {
		set(p, SCR, (uint8_t)v);
		assert_int_equal(get(p, SCR), v);
	}
	set(p, IER, 5);
	set(p, LCR, DLAB | 3);
	set(p, 0, 0x34);
	set(p, 1, 0x12);
	assert_int_equal(get(p, 0), 0x34);
	assert_int_equal(get(p, 1), 0x12);
	assert_int_equal(get(p, LCR), DLAB | 3);
	set(p, LCR, 3);
	/* the latch is behind the two others, which are as they were */
	assert_int_equal(get(p, IER), 5);
	assert_int_equal(get(p, RBR), 0);
	set(p, LCR, DLAB);
	assert_int_equal(get(p, 0), 0x34);
	assert_int_equal(get(p, 1), 0x12);
	set(p, LCR, 3);
	/* nothing of that was sent */
	set(p, THR, '\n');
	hears(p, "\n", 1);
	done(p);
}

static void
only_bytes(void **state)
{
	(void)state;
	struct port *p = port();
	uint64_t v;
	for (unsigned size = 2; size <= 8; size *= 2) {
		assert_false(bus_read(p->bus, UART, size, &v));
		assert_false(bus_write(p->bus, UART, size, 'x'));
	}
	for (unsigned reg = 8; reg < UART_SIZE; reg++) {
		assert_int_equal(get(p, reg), 0);
		set(p, reg, 0xff);
	}
	assert_false(bus_read(p->bus, UART + UART_SIZE, 1, &v));
	assert_int_equal(get(p, LSR), THRE | TEMT);
	/* these two can only be read */
	set(p, LSR, 0xff);
	set(p, MSR, 0);
	assert_int_equal(get(p, LSR), THRE | TEMT);
	assert_int_equal(get(p, MSR), 0xb0);
	done(p);
}

static void
what_is_sent_comes_out(void **state)
{
	(void)state;
	struct port *p = port();
	static const char line[] = "not a line yet";
	for (const char *c = line; *c; c++)
		set(p, THR, (uint8_t)*c);
	hears(p, line, strlen(line));
	assert_true(until(p, THRE | TEMT));
	uint8_t all[256];
	for (unsigned i = 0; i < 256; i++) {
		all[i] = (uint8_t)i;
		set(p, THR, all[i]);
	}
	hears(p, all, sizeof all);
	done(p);
}

/* 16 bytes wait in the FIFO, the others outside, and none is lost. */
static void
the_fifo_holds_sixteen(void **state)
{
	(void)state;
	struct port *p = port();
	char text[101];
	for (unsigned i = 0; i < 100; i++)
		text[i] = (char)(' ' + i % 90);
	text[100] = 0;
	set(p, FCR, 1);
	type(p, text);
	assert_true(until(p, DATA));
	for (unsigned i = 0; i < 100; i++) {
		assert_true(until(p, DATA));
		assert_int_equal(get(p, RBR), text[i]);
	}
	assert_int_equal(get(p, LSR) & DATA, 0);
	/* what is in the FIFO can be thrown away, what waits outside cannot */
	type(p, "0123456789abcdefgh");
	assert_true(until(p, DATA));
	struct pollfd left = { .fd = p->ends[0], .events = POLLIN };
	for (int i = 0; i < 50; i++)
		nap();
	assert_int_equal(poll(&left, 1, 0), 1);
	set(p, FCR, 3);
	assert_true(until(p, DATA));
	assert_int_equal(get(p, RBR), 'g');
	assert_true(until(p, DATA));
	assert_int_equal(get(p, RBR), 'h');
	assert_int_equal(get(p, LSR) & DATA, 0);
	/* the bit that clears is not kept: the next byte comes through */
	type(p, "!");
	assert_true(until(p, DATA));
	assert_int_equal(get(p, RBR), '!');
	done(p);
}

static void
interrupts_of_the_receiver(void **state)
{
	(void)state;
	struct port *p = port();
	set(p, FCR, 1);
	type(p, "a");
	assert_true(until(p, DATA));
	assert_false(p->level); /* not asked for */
	assert_int_equal(get(p, IIR), 0xc1);
	set(p, IER, 1);
	assert_true(p->level);
	assert_int_equal(get(p, IIR), 0xcc); /* few, and a while ago */
	assert_int_equal(get(p, IIR), 0xcc); /* to read it changes nothing */
	assert_int_equal(get(p, RBR), 'a');
	assert_false(p->level);
	assert_int_equal(get(p, IIR), 0xc1);
	type(p, "0123456789abcdef");
	assert_true(rises(p));
	for (int i = 0; i < 5000 && get(p, IIR) != 0xc4; i++)
		nap();
	assert_int_equal(get(p, IIR), 0xc4); /* as many as it waits for */
	for (unsigned i = 0; i < 16; i++) {
		assert_true(until(p, DATA));
		assert_true(p->level);
		get(p, RBR);
	}
	assert_false(p->level);
	/* without a FIFO there is one kind */
	set(p, FCR, 0);
	type(p, "b");
	assert_true(rises(p));
	assert_int_equal(get(p, IIR), 4);
	set(p, IER, 0);
	assert_false(p->level);
	assert_int_equal(get(p, IIR), 1);
	set(p, IER, 1);
	assert_true(p->level);
	done(p);
}

static void
interrupts_of_the_transmitter(void **state)
{
	(void)state;
	struct port *p = port();
	assert_false(p->level);
	set(p, IER, 2); /* who asks is told at once */
	assert_true(p->level);
	assert_int_equal(get(p, IIR), 2);
	assert_false(p->level); /* and by reading knows */
	assert_int_equal(get(p, IIR), 1);
	set(p, IER, 2); /* asked already */
	assert_false(p->level);
	set(p, THR, 'x');
	assert_true(rises(p)); /* empty again */
	set(p, THR, 'y');      /* instead of reading IIR */
	assert_true(rises(p));
	/* what came in is told first (table 5) */
	type(p, "a");
	assert_true(until(p, DATA));
	set(p, IER, 3);
	assert_int_equal(get(p, IIR), 4);
	assert_int_equal(get(p, IIR), 4);
	get(p, RBR);
	assert_int_equal(get(p, IIR), 2);
	assert_false(p->level);
	set(p, IER, 1);
	set(p, THR, 'z');
	assert_false(p->level);
	hears(p, "xyz", 3);
	done(p);
}

static void
looped_back(void **state)
{
	(void)state;
	struct port *p = port();
	/* RTS is CTS, DTR is DSR, OUT1 is RI, OUT2 is DCD */
	static const struct {
		uint8_t mcr, msr;
	} rows[] = { { 0, 0 }, { 1, 0x20 }, { 2, 0x10 }, { 4, 0x40 }, { 8, 0x80 }, { 15, 0xf0 } };
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		set(p, MCR, LOOP | rows[i].mcr);
		assert_int_equal(get(p, MCR), LOOP | rows[i].mcr);
		assert_int_equal(get(p, MSR) & 0xf0, rows[i].msr);
	}
	set(p, MCR, 0xff);
	assert_int_equal(get(p, MCR), 0x1f); /* the others are always 0 */
	set(p, FCR, 7);
	set(p, IER, 1);
	for (unsigned i = 0; i < FIFO + 4; i++)
		set(p, THR, (uint8_t)('A' + i));
	assert_true(p->level);
	for (unsigned i = 0; i < FIFO; i++) {
		assert_int_equal(get(p, LSR) & DATA, DATA);
		assert_int_equal(get(p, RBR), 'A' + i);
	}
	assert_int_equal(get(p, LSR) & DATA, 0);
	assert_false(p->level);
	set(p, MCR, 0);
	assert_int_equal(get(p, MSR), 0xb0);
	set(p, THR, 'z');
	hears(p, "z", 1); /* nothing of that went out */
	done(p);
}

/* Nobody reads: the transmitter is busy at some time; then somebody does, and all is there. */
static void
a_slow_reader(void **state)
{
	(void)state;
	struct port *p = port();
	uint8_t *sent = xcalloc(1, BUFFER + 2 * PIPE);
	size_t n = 0;
	set(p, IER, 2);
	for (int still = 0; still < 200 && n < BUFFER + 2 * PIPE;) {
		if (!(get(p, LSR) & THRE)) {
			/* the pipe may take some more */
			still++;
			nap();
			continue;
		}
		still = 0;
		sent[n] = (uint8_t)(n * 7 + n / 256);
		set(p, THR, sent[n++]);
	}
	assert_true(n >= BUFFER && n <= BUFFER + PIPE);
	assert_int_equal(get(p, LSR), 0);
	assert_false(p->level);
	set(p, THR, '?'); /* by who does not look, lost */
	uint8_t *got = xcalloc(1, n);
	for (size_t have = 0; have < n;) {
		ssize_t k = read(p->out, got + have, n - have);
		have += k > 0 ? (size_t)k : 0;
	}
	assert_memory_equal(got, sent, n);
	assert_true(rises(p));
	assert_int_equal(get(p, IIR), 2);
	assert_true(until(p, THRE | TEMT));
	set(p, THR, '!');
	hears(p, "!", 1);
	free(sent);
	free(got);
	done(p);
}

/* The reader goes away: what is sent is gone, and nobody waits for ever. */
static void
a_reader_that_left(void **state)
{
	(void)state;
	struct port *p = port();
	close(p->out);
	p->out = -1;
	signal(SIGPIPE, SIG_IGN);
	for (unsigned i = 0; i < 2 * BUFFER; i++) {
		assert_true(until(p, THRE));
		set(p, THR, 'x');
	}
	assert_true(until(p, THRE | TEMT));
	/* nobody types any more: what was typed before counts */
	type(p, "last");
	close(p->in);
	p->in = -1;
	for (const char *c = "last"; *c; c++) {
		assert_true(until(p, DATA));
		assert_int_equal(get(p, RBR), *c);
	}
	nap();
	assert_int_equal(get(p, LSR), THRE | TEMT);
	done(p);
}

static void
nobody_there(void **state)
{
	(void)state;
	struct port *p = port_of(false, false, false);
	for (unsigned i = 0; i < 2 * BUFFER; i++) {
		assert_int_equal(get(p, LSR) & (THRE | DATA), THRE);
		set(p, THR, 'x');
	}
	set(p, THR, '\n');
	assert_int_equal(get(p, LSR), THRE | TEMT);
	done(p);
}

static void *
late_reader(void *ctx)
{
	struct port *p = ctx;
	static uint8_t got[5 * BUFFER];
	size_t have = 0;
	ssize_t k = -1;
	for (int i = 0; i < 100; i++)
		nap();
	for (int i = 0; i < 50000 && k != 0 && have < p->more; i++) {
		k = read(p->out, got + have, p->more - have);
		if (k > 0)
			have += (size_t)k;
		else
			nap();
	}
	return have == p->more ? got : NULL;
}

/* A guest whose run is to be the same each time sees a transmitter that is always ready. */
static void
out_at_once(void **state)
{
	(void)state;
	struct port *p = port_of(false, true, true);
	pthread_t reader;
	void *got;
	p->more = 5 * BUFFER;
	assert_int_equal(pthread_create(&reader, NULL, late_reader, p), 0);
	for (unsigned i = 0; i < 5 * BUFFER; i++) {
		if (get(p, LSR) != (THRE | TEMT))
			fail_msg("the guest sees at byte %u that the reader is slow", i);
		set(p, THR, (uint8_t)(i / 100));
	}
	assert_int_equal(pthread_join(reader, &got), 0);
	assert_non_null(got);
	for (unsigned i = 0; i < 5 * BUFFER; i++)
		assert_int_equal(((uint8_t *)got)[i], (uint8_t)(i / 100));
	done(p);
}

/* What was sent last is not lost with the computer while somebody reads. */
static void
the_last_words(void **state)
{
	(void)state;
	struct port *p = port();
	pthread_t reader;
	void *got;
	p->more = BUFFER;
	for (unsigned i = 0; i < BUFFER; i++)
		set(p, THR, (uint8_t)(i / 100));
	assert_int_equal(get(p, LSR) & TEMT, 0);
	assert_int_equal(pthread_create(&reader, NULL, late_reader, p), 0);
	board_rest(p->board);
	board_free(p->board);
	close(p->ends[1]);
	assert_int_equal(pthread_join(reader, &got), 0);
	assert_non_null(got);
	for (unsigned i = 0; i < BUFFER; i++)
		assert_int_equal(((uint8_t *)got)[i], (uint8_t)(i / 100));
	close(p->out);
	close(p->in);
	close(p->ends[0]);
	free(p);
}

static void
by_firmware(void **state)
{
	(void)state;
	struct port *p = port();
	char few[32];
	type(p, "typed");
	assert_true(until(p, DATA));
	pthread_mutex_lock(&p->bus->lock);
	assert_int_equal(uart_put(p->uart, "hello\n", 6), 6);
	size_t n = uart_take(p->uart, few, 2);
	assert_int_equal(n, 2);
	assert_memory_equal(few, "ty", 2);
	/* no more than there is room for */
	char *much = xcalloc(1, 3 * BUFFER);
	n = uart_put(p->uart, much, 3 * BUFFER);
	assert_int_equal(n, BUFFER);
	free(much);
	pthread_mutex_unlock(&p->bus->lock);
	assert_int_equal(get(p, RBR), 'p');
	char *want = xcalloc(1, 6 + BUFFER);
	memcpy(want, "hello\n", 6);
	hears(p, want, 6 + n);
	free(want);
	done(p);
}

static struct snap *
save(struct port *p)
{
	struct err e = { 0 };
	struct snap *s = snap_new();
	board_rest(p->board);
	assert_int_equal(board_save(p->board, s, &e), 0);
	assert_int_equal(snap_finish(s, &e), 0);
	return s;
}

static void
load(struct port *p, const struct snap *saved)
{
	struct err e = { 0 };
	struct snap *s = snap_of(snap_bytes(saved)->p, snap_bytes(saved)->n);
	board_rest(p->board);
	if (board_load(p->board, s, &e) < 0)
		fail_msg("%s", e.what);
	board_wake(p->board);
	snap_free(s);
}

/* A snapshot in the middle: of both directions nothing is lost and nothing comes twice. */
static void
saved_in_the_middle(void **state)
{
	(void)state;
	struct port *p = port(), *q = port();
	set(p, FCR, 1);
	set(p, IER, 3);
	set(p, SCR, 0x42);
	set(p, LCR, DLAB | 3);
	set(p, 0, 7);
	set(p, LCR, 3);
	get(p, IIR);
	type(p, "abcde");
	for (int i = 0; i < 5000 && poll(&(struct pollfd){ p->ends[0], POLLIN, 0 }, 1, 0); i++)
		nap();
	assert_int_equal(get(p, RBR), 'a');
	assert_int_equal(get(p, RBR), 'b');
	/* nobody reads: its buffer is not empty */
	const size_t n = PIPE + 1000;
	for (size_t i = 0; i < n; i++)
		set(p, THR, (uint8_t)(i % 251));
	assert_int_equal(get(p, LSR) & TEMT, 0);
	struct snap *s = save(p);
	load(q, s);
	snap_free(s);
	assert_true(q->level);
	assert_int_equal(get(q, IIR), 0xcc);
	assert_int_equal(get(q, SCR), 0x42);
	assert_int_equal(get(q, IER), 3);
	assert_int_equal(get(q, LCR), 3);
	for (const char *c = "cde"; *c; c++) {
		assert_int_equal(get(q, LSR) & DATA, DATA);
		assert_int_equal(get(q, RBR), *c);
	}
	assert_int_equal(get(q, LSR) & DATA, 0);
	set(q, LCR, DLAB);
	assert_int_equal(get(q, 0), 7);
	set(q, LCR, 3);
	/* what had gone out is in the first one's pipe, the rest comes out of the second */
	uint8_t *all = xcalloc(1, 2 * PIPE);
	size_t have = 0;
	for (int i = 0; i < 25000 && have < n; i++) {
		ssize_t k = read(p->out, all + have, 2 * PIPE - have);
		if (k <= 0)
			k = read(q->out, all + have, 2 * PIPE - have);
		if (k > 0)
			have += (size_t)k;
		else
			nap();
	}
	assert_int_equal(have, n);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(all[i], i % 251);
	assert_true(until(q, THRE | TEMT));
	free(all);
	done(p);
	done(q);
}

UNIT_MAIN(TEST(registers_after_reset), TEST(scratch_and_divisor), TEST(only_bytes),
          TEST(what_is_sent_comes_out), TEST(the_fifo_holds_sixteen),
          TEST(interrupts_of_the_receiver), TEST(interrupts_of_the_transmitter), TEST(looped_back),
          TEST(a_slow_reader), TEST(a_reader_that_left), TEST(nobody_there), TEST(out_at_once),
          TEST(the_last_words), TEST(by_firmware), TEST(saved_in_the_middle))
