/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/hal/dev/virtio_console.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/arena.h"

enum { F_SIZE = 0 };            /* 5.3.3 */
enum { INPUT = 0, OUTPUT = 1 }; /* queues */
enum { QUEUE = 128, AT_ONCE = 16 };

struct console {
	int in, out; /* own, or -1 */
	struct board_source *from, *to;
	uint16_t columns, rows;
	uint64_t written; /* bytes of the first chain of OUTPUT that are out already */
	struct chain c;
};

static const struct field console_fields[] = { FIELD_OF_U64(struct console, written), { 0 } };

/* -- output ------------------------------------------------------------------------------ */

/* Write what is left of the chain; false: the rest later. */
static bool
drain(struct console *x)
{
	while (x->out >= 0 && x->written < x->c.out_bytes) {
		uint64_t skip = x->written;
		unsigned i = 0;
		while (skip >= x->c.out[i].iov_len)
			skip -= x->c.out[i++].iov_len;
		struct iovec first = x->c.out[i];
		x->c.out[i].iov_base = (uint8_t *)first.iov_base + skip;
		x->c.out[i].iov_len -= skip;
		ssize_t n = writev(x->out, x->c.out + i, (int)(x->c.nout - i));
		x->c.out[i] = first;
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return false;
		if (n < 0)
			break;
		x->written += (uint64_t)n;
	}
	x->written = 0;
	return true;
}

static void
output(void *ctx, uint32_t events)
{
	struct virtio *v = ctx;
	struct console *x = v->self;
	bool full = false;
	(void)events;
	while (!full && virtio_pop(v, OUTPUT, &x->c) > 0) {
		if (drain(x))
			virtio_push(v, OUTPUT, &x->c, 0);
		else
			full = true;
	}
	if (full)
		virtio_unpop(v, OUTPUT);
	if (x->to)
		board_events(x->to, full ? EPOLLOUT : 0);
	virtio_signal(v, OUTPUT);
}

/* -- input ------------------------------------------------------------------------------- */

/* The end of the input, or of all input. */
static void
close_input(struct console *x)
{
	board_remove(x->from);
	x->from = NULL;
}

static void
input(void *ctx, uint32_t events)
{
	struct virtio *v = ctx;
	struct console *x = v->self;
	(void)events;
	for (int i = 0; x->from && i < AT_ONCE; i++) {
		if (virtio_pop(v, INPUT, &x->c) <= 0) {
			/* notify() looks again */
			board_events(x->from, 0);
			break;
		}
		ssize_t n = x->c.nin ? readv(x->in, x->c.in, (int)x->c.nin) : 0;
		if (n > 0 || !x->c.nin) {
			virtio_push(v, INPUT, &x->c, (uint32_t)n);
			continue;
		}
		virtio_unpop(v, INPUT);
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			break;
		close_input(x);
	}
	virtio_signal(v, INPUT);
}

/* -- the device -------------------------------------------------------------------------- */

static void
notify(struct virtio *v, unsigned queue)
{
	struct console *x = v->self;
	if (queue == OUTPUT)
		output(v, 0);
	else if (x->from && virtio_more(v, INPUT))
		board_events(x->from, EPOLLIN);
}

static void
reset(struct virtio *v)
{
	struct console *x = v->self;
	x->written = 0;
	if (x->from)
		board_events(x->from, 0);
	if (x->to)
		board_events(x->to, 0);
}

static void
config_read(struct virtio *v, uint32_t offset, uint8_t *bytes, uint32_t n)
{
	const struct console *x = v->self;
	uint8_t c[4] = { (uint8_t)x->columns, (uint8_t)(x->columns >> 8), (uint8_t)x->rows,
		         (uint8_t)(x->rows >> 8) };
	virtio_config_bytes(c, sizeof c, offset, bytes, n);
}

static json_t *
inspect(struct virtio *v)
{
	const struct console *x = v->self;
	return json_pack("{s:i, s:i}", "columns", x->columns, "rows", x->rows);
}

static void
destroy(struct virtio *v)
{
	struct console *x = v->self;
	pthread_mutex_lock(&v->bus->lock);
	board_remove(x->from);
	board_remove(x->to);
	pthread_mutex_unlock(&v->bus->lock);
	if (x->in >= 0)
		close(x->in);
	if (x->out >= 0)
		close(x->out);
	free(x);
}

static const struct virtio_ops console_ops = { .type = "virtio-console",
	                                       .id = 3,
	                                       .queues = 2,
	                                       .size = QUEUE,
	                                       .features = 1 << F_SIZE,
	                                       .fields = console_fields,
	                                       .reset = reset,
	                                       .notify = notify,
	                                       .config_read = config_read,
	                                       .inspect = inspect,
	                                       .destroy = destroy };

static int
copy_of(int fd, int *copy, const char *name, struct err *e)
{
	*copy = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, 3);
	return fd < 0 || *copy >= 0 ? 0 : fail(e, errno, "%s: %s", name, strerror(errno));
}

struct virtio *
virtio_console_new(struct board *b, const char *name, int in, int out, struct err *e)
{
	struct console *x = xcalloc(1, sizeof *x);
	x->in = x->out = -1;
	if (copy_of(in, &x->in, name, e) < 0 || copy_of(out, &x->out, name, e) < 0) {
		if (x->in >= 0)
			close(x->in);
		free(x);
		return NULL;
	}
	struct virtio *v = virtio_new(b, &console_ops, name, x);
	pthread_mutex_lock(&v->bus->lock);
	if (x->in >= 0)
		x->from = board_fd(b, x->in, EPOLLIN, input, v);
	if (x->out >= 0)
		x->to = board_fd(b, x->out, EPOLLOUT, output, v);
	reset(v);
	pthread_mutex_unlock(&v->bus->lock);
	return v;
}

void
virtio_console_resize(struct virtio *v, uint16_t columns, uint16_t rows)
{
	struct console *x = v->self;
	if (x->columns == columns && x->rows == rows)
		return;
	x->columns = columns;
	x->rows = rows;
	virtio_config_changed(v);
}
