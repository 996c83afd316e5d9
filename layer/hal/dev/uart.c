/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/hal/dev/uart.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/arena.h"

/* Registers; with LCR's DLAB the first two are the divisor. */
enum { RBR, IER, IIR, LCR, MCR, LSR, MSR, SCR };
enum { IER_RX = 1, IER_TX = 2, IER_LINE = 4 };
enum { IIR_NONE = 1, IIR_TX = 2, IIR_RX = 4, IIR_TIMEOUT = 12, IIR_FIFO = 0xc0 };
enum {
	LSR_DATA = 1,
	LSR_THRE = 0x20,
	LSR_IDLE = 0x40,
	LCR_DLAB = 0x80,
	MCR_LOOP = 0x10,
	MCR_OUT2 = 8
};
enum { FCR_ENABLE = 1, FCR_CLEAR_RX = 2, FCR_CLEAR_TX = 4, MSR_THERE = 0xb0 };
enum { FIFO = 16, BUFFER = 16384, LAST = 1000 };

struct uart {
	struct board *board; /* lent */
	struct irq irq;
	int in, out; /* lent */
	struct board_source *source_in, *source_out;
	bool wait; /* for whoever takes what is sent */

	uint8_t ier, lcr, mcr, scr, fcr, dll, dlm;
	bool tx_told; /* the guest knows that the transmitter is empty */
	uint8_t fifo[FIFO], rx_n;
	uint8_t buffer[BUFFER]; /* sent and not taken yet */
	uint32_t tx_n;
};

static const struct field fields[] = {
	FIELD_OF_U8(struct uart, ier),    FIELD_OF_U8(struct uart, lcr),
	FIELD_OF_U8(struct uart, mcr),    FIELD_OF_U8(struct uart, scr),
	FIELD_OF_U8(struct uart, fcr),    FIELD_OF_U8(struct uart, dll),
	FIELD_OF_U8(struct uart, dlm),    FIELD_OF_BOOL(struct uart, tx_told),
	FIELD_OF_U8(struct uart, fifo),   FIELD_OF_U8(struct uart, rx_n),
	FIELD_OF_U8(struct uart, buffer), FIELD_OF_U32(struct uart, tx_n),
	{ NULL, FIELD_U8, 0, 0 },
};

static bool
is_full(const struct uart *u)
{
	return u->tx_n == BUFFER;
}

static unsigned
cause(const struct uart *u)
{
	if (u->ier & IER_RX && u->rx_n)
		return u->rx_n >= 8 || !(u->fcr & FCR_ENABLE) ? IIR_RX : IIR_TIMEOUT;
	if (u->ier & IER_TX && !u->tx_told && !is_full(u))
		return IIR_TX;
	return IIR_NONE;
}

static void
update(struct uart *u)
{
	irq_set(&u->irq, cause(u) != IIR_NONE);
	if (u->source_in)
		board_events(u->source_in, u->rx_n < FIFO ? EPOLLIN : 0);
	if (u->source_out)
		board_events(u->source_out, u->tx_n ? EPOLLOUT : 0);
}

/* -- the host's side ------------------------------------------------------------------------- */

/* As much as goes out while each piece is taken within so many milliseconds. */
static void
drain(struct uart *u, int patience)
{
	while (u->tx_n) {
		struct pollfd p = { .fd = u->out, .events = POLLOUT };
		if (u->out >= 0 &&
		    (poll(&p, 1, patience) < 1 || !(p.revents & (POLLOUT | POLLERR | POLLHUP))))
			return;
		/* a pipe that is ready takes so much whole */
		size_t piece = u->tx_n < 512 ? u->tx_n : 512;
		ssize_t n = u->out < 0 ? (ssize_t)piece : write(u->out, u->buffer, piece);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return;
		if (n <= 0)
			n = (ssize_t)piece; /* nobody will ever take it */
		memmove(u->buffer, u->buffer + n, u->tx_n - (size_t)n);
		u->tx_n -= (uint32_t)n;
	}
}

static void
can_write(void *ctx, uint32_t events)
{
	struct uart *u = ctx;
	(void)events;
	drain(u, 0);
	update(u);
}

static void
can_read(void *ctx, uint32_t events)
{
	struct uart *u = ctx;
	(void)events;
	if (u->rx_n == FIFO)
		return;
	ssize_t n = read(u->in, u->fifo + u->rx_n, (size_t)(FIFO - u->rx_n));
	if (n > 0) {
		u->rx_n = (uint8_t)(u->rx_n + n);
	} else if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
		board_remove(u->source_in); /* nothing more will come */
		u->source_in = NULL;
	}
	update(u);
}

static void
send(struct uart *u, const uint8_t *bytes, size_t n)
{
	memcpy(u->buffer + u->tx_n, bytes, n);
	u->tx_n += (uint32_t)n;
	/* A line at a time, or when it is much. */
	if (memchr(bytes, '\n', n) || u->tx_n > 256 || !u->source_out)
		drain(u, u->wait ? -1 : 0);
}

size_t
uart_put(struct uart *u, const void *bytes, size_t n)
{
	size_t room = BUFFER - u->tx_n;
	if (n > room)
		n = room;
	send(u, bytes, n);
	update(u);
	return n;
}

size_t
uart_take(struct uart *u, void *bytes, size_t n)
{
	if (n > u->rx_n)
		n = u->rx_n;
	memcpy(bytes, u->fifo, n);
	memmove(u->fifo, u->fifo + n, u->rx_n - n);
	u->rx_n = (uint8_t)(u->rx_n - n);
	update(u);
	return n;
}

void
uart_flush(struct uart *u)
{
	drain(u, LAST);
}

/* -- the guest's side ------------------------------------------------------------------------------ */

static uint8_t
receive(struct uart *u)
{
	uint8_t byte = 0;
	uart_take(u, &byte, 1);
	return byte;
}

static uint64_t
read_register(void *dev, uint64_t offset, unsigned size)
{
	struct uart *u = dev;
	(void)size;
	if (u->lcr & LCR_DLAB && offset <= IER)
		return offset ? u->dlm : u->dll;
	switch (offset) {
	case RBR: return receive(u);
	case IER: return u->ier;
	case IIR: {
		unsigned c = cause(u);
		if (c == IIR_TX) {
			u->tx_told = true;
			update(u);
		}
		return c | (u->fcr & FCR_ENABLE ? IIR_FIFO : 0);
	}
	case LCR: return u->lcr;
	case MCR: return u->mcr;
	case LSR:
		/* how fast the host takes it is nothing that a deterministic guest may notice */
		return (u->rx_n ? LSR_DATA : 0) | (is_full(u) && !u->wait ? 0 : LSR_THRE) |
		       (u->tx_n && !u->wait ? 0 : LSR_IDLE);
	case MSR:
		/* looped back: RTS to CTS, DTR to DSR, OUT1 to RI, OUT2 to DCD */
		if (u->mcr & MCR_LOOP)
			return (u->mcr & 2) << 3 | (u->mcr & 1) << 5 | (u->mcr & 4) << 4 |
			       (u->mcr & 8) << 4;
		return MSR_THERE;
	case SCR: return u->scr;
	default: return 0;
	}
}

static void
transmit(struct uart *u, uint8_t byte)
{
	if (u->mcr & MCR_LOOP) {
		if (u->rx_n < FIFO)
			u->fifo[u->rx_n++] = byte;
	} else if (!is_full(u)) {
		send(u, &byte, 1);
	}
	u->tx_told = false;
}

static void
write_register(void *dev, uint64_t offset, unsigned size, uint64_t value)
{
	struct uart *u = dev;
	uint8_t v = (uint8_t)value;
	(void)size;
	if (u->lcr & LCR_DLAB && offset <= IER) {
		*(offset ? &u->dlm : &u->dll) = v;
		return;
	}
	switch (offset) {
	case RBR: transmit(u, v); break;
	case IER:
		/* asking for it, one is told at once that the transmitter is empty */
		if (v & IER_TX && !(u->ier & IER_TX))
			u->tx_told = false;
		u->ier = v & 15;
		break;
	case IIR:
		u->fcr = v;
		if (v & FCR_CLEAR_RX)
			u->rx_n = 0;
		break;
	case LCR: u->lcr = v; break;
	case MCR: u->mcr = v & 31; break;
	case SCR: u->scr = v; break;
	default: break;
	}
	update(u);
}

/* -- its life ---------------------------------------------------------------------------------------- */

static void
reset(void *self)
{
	struct uart *u = self;
	u->ier = u->lcr = u->scr = u->fcr = u->dll = u->dlm = 0;
	u->mcr = MCR_OUT2;
	u->tx_told = true;
	u->rx_n = 0;
	update(u);
}

static void
loaded(void *self)
{
	struct uart *u = self;
	if (u->rx_n > FIFO)
		u->rx_n = 0;
	if (u->tx_n > BUFFER)
		u->tx_n = 0;
	drain(u, 0);
	update(u);
}

static void
destroy(void *self)
{
	struct uart *u = self;
	drain(u, LAST);
	board_remove(u->source_in);
	board_remove(u->source_out);
	free(u);
}

static const struct device kind = {
	.type = "uart16550",
	.fields = fields,
	.reset = reset,
	.loaded = loaded,
	.destroy = destroy,
};

/* A file cannot be waited for, nor need it be. */
static bool
waits(int fd)
{
	struct epoll_event none = { 0 };
	int probe = fd < 0 ? -1 : epoll_create1(EPOLL_CLOEXEC);
	bool ok = probe >= 0 && epoll_ctl(probe, EPOLL_CTL_ADD, fd, &none) == 0;
	if (probe >= 0)
		close(probe);
	return ok;
}

struct uart *
uart_new(struct board *b, const char *name, uint64_t address, struct irq irq, int in, int out,
         bool wait, struct err *e)
{
	static const struct bus_ops ops = { read_register, write_register, 1, 1, false };
	struct uart *u = xcalloc(1, sizeof *u);
	*u = (struct uart){ .board = b, .irq = irq, .in = in, .out = out, .wait = wait };
	if (bus_add(board_bus(b), address, UART_SIZE, &ops, u, name, e) < 0) {
		free(u);
		return NULL;
	}
	if (waits(in))
		u->source_in = board_fd(b, in, EPOLLIN, can_read, u);
	/* a descriptor stands in the set of the board once: `in` and `out` are two */
	int twin = !wait && waits(out) && out != in ? out : -1;
	if (twin >= 0)
		u->source_out = board_fd(b, twin, 0, can_write, u);
	board_add(b, &kind, name, u);
	reset(u);
	return u;
}
