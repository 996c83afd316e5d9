/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/hal/dev/virtio_vsock.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/str.h"

enum { F_STREAM = 0 };
enum { RECEIVE = 0, TRANSMIT = 1, EVENT = 2 }; /* queues */
enum { QUEUE = 256 };
enum { HOST = 2 }; /* our CID */

/* Operations (5.10.6), and flags of a shutdown. */
enum {
	OP_REQUEST = 1,
	OP_RESPONSE = 2,
	OP_RST = 3,
	OP_SHUTDOWN = 4,
	OP_RW = 5,
	OP_CREDIT_UPDATE = 6,
	OP_CREDIT_REQUEST = 7,
};
enum { TYPE_STREAM = 1 };
enum { NO_RECEIVE = 1, NO_SEND = 2, NOTHING = 3 };

enum {
	HEAD = 44,
	ROOM = 256 << 10, /* of ours for what the guest sends on one connection */
	MOST = 64 << 10,  /* bytes in a packet */
	LINKS = 1024,
	STRAYS = 64,
	GREETING = 32, /* "CONNECT 4294967295\n" and some */
	FIRST_PORT = 1 << 30,
};

struct packet {
	uint64_t src_cid, dst_cid;
	uint32_t src_port, dst_port, len;
	uint16_t type, op;
	uint32_t flags, buf_alloc, fwd_cnt;
};

enum state {
	GREETED,   /* accepted; "CONNECT" is not there yet */
	REQUESTED, /* the guest was asked */
	CONNECTED,
	DETACHED, /* the guest knows it no more; what it sent is still on its way out */
};

struct link {
	struct link *next;
	struct vsock *owner; /* lent */
	enum state state;
	uint32_t ours, theirs; /* ports: the host's, the guest's */
	int fd;                /* own; -1 when its program is gone */
	struct board_source *source;
	uint32_t events;
	unsigned pending; /* operations to be sent: 1 << OP_... */
	bool host_ended;  /* nothing more comes from our side */
	bool guest_ended; /* nor from the guest's, once all is out */
	bool deaf;        /* the guest reads no more */

	/* what the guest has sent and is not out */
	struct buf out;
	size_t out_at;
	uint32_t forwarded, told; /* bytes that are out; as the guest knows */

	/* what the guest has room for */
	uint32_t peer_alloc, peer_forwarded, sent;
	bool asked; /* for credit */

	char greeting[GREETING + 1];
	unsigned greeted;
};

struct stray {
	uint32_t ours, theirs;
};

struct vsock {
	struct virtio *v; /* lent: us */
	uint32_t cid;
	int folder, listener; /* own */
	char *name;           /* own: of the socket */
	struct board_source *source;
	struct link *links;
	unsigned nlinks;
	uint32_t next_port;
	bool lost; /* a snapshot's connections: the guest has not been told */
	bool full; /* no descriptor was left for who wants to connect */
	/* what was said to nobody is answered with a reset */
	struct stray stray[STRAYS];
	unsigned nstrays;
	struct chain c;
};

static const struct field vsock_fields[] = { FIELD_OF_U32(struct vsock, next_port), { 0 } };

static void pump(struct vsock *s);

/* -- packets -------------------------------------------------------------------------- */

static struct packet
parse(const uint8_t bytes[HEAD])
{
	struct cur c = cur_of(bytes, HEAD);
	struct packet p = { .src_cid = cur_u64(&c) };
	p.dst_cid = cur_u64(&c);
	p.src_port = cur_u32(&c);
	p.dst_port = cur_u32(&c);
	p.len = cur_u32(&c);
	p.type = cur_u16(&c);
	p.op = cur_u16(&c);
	p.flags = cur_u32(&c);
	p.buf_alloc = cur_u32(&c);
	p.fwd_cnt = cur_u32(&c);
	return p;
}

/* Put a packet's head into the chain in s->c, behind which its bytes are already. */
static void
finish(struct vsock *s, uint32_t ours, uint32_t theirs, const struct packet *p)
{
	uint8_t bytes[HEAD];
	struct buf b = { .p = bytes, .cap = sizeof bytes };
	buf_u64(&b, HOST);
	buf_u64(&b, s->cid);
	buf_u32(&b, ours);
	buf_u32(&b, theirs);
	buf_u32(&b, p->len);
	buf_u16(&b, TYPE_STREAM);
	buf_u16(&b, p->op);
	buf_u32(&b, p->flags);
	buf_u32(&b, p->buf_alloc);
	buf_u32(&b, p->fwd_cnt);
	virtio_scatter(s->c.in, s->c.nin, 0, bytes, HEAD);
	virtio_push(s->v, RECEIVE, &s->c, HEAD + p->len);
}

/* A buffer of the guest's for a packet, in s->c; false: there is none. */
static bool
buffer(struct vsock *s)
{
	if (virtio_pop(s->v, RECEIVE, &s->c) <= 0)
		return false;
	if (s->c.in_bytes > HEAD)
		return true;
	virtio_break(s->v, "a buffer to receive into is too small");
	return false;
}

static void
finish_link(struct link *l, uint16_t op, uint32_t len)
{
	struct packet p = { .len = len, .op = op, .buf_alloc = ROOM, .fwd_cnt = l->forwarded };
	if (op == OP_SHUTDOWN)
		p.flags = l->fd < 0 ? NOTHING : NO_SEND;
	l->told = l->forwarded;
	l->pending &= ~(1u << OP_CREDIT_UPDATE);
	finish(l->owner, l->ours, l->theirs, &p);
}

/* -- connections ------------------------------------------------------------------------ */

static void
look(struct link *l, uint32_t events)
{
	if (l->source && events != l->events)
		board_events(l->source, l->events = events);
}

static void
hang_up(struct link *l)
{
	board_remove(l->source);
	l->source = NULL;
	if (l->fd >= 0)
		close(l->fd);
	l->fd = -1;
	if (l->owner->full)
		board_events(l->owner->source, EPOLLIN);
	l->owner->full = false;
}

static void
drop(struct link *l)
{
	struct link **at = &l->owner->links;
	while (*at != l)
		at = &(*at)->next;
	*at = l->next;
	l->owner->nlinks--;
	hang_up(l);
	buf_free(&l->out);
	free(l);
}

static void
drop_all(struct vsock *s)
{
	while (s->links)
		drop(s->links);
	s->nstrays = 0;
}

static struct link *
find(const struct vsock *s, uint32_t ours, uint32_t theirs)
{
	struct link *l = s->links;
	while (l && (l->state == GREETED || l->state == DETACHED || l->ours != ours ||
	             l->theirs != theirs))
		l = l->next;
	return l;
}

static uint32_t
credit(const struct link *l)
{
	uint32_t under_way = l->sent - l->peer_forwarded;
	return under_way < l->peer_alloc ? l->peer_alloc - under_way : 0;
}

/* What is worth waiting for. */
static void
watch(struct link *l)
{
	uint32_t events = 0;
	if (l->state == GREETED ||
	    (l->state == CONNECTED && !l->host_ended && !l->deaf && credit(l) > 0))
		events |= EPOLLIN;
	if (l->out.n > l->out_at)
		events |= EPOLLOUT;
	look(l, events);
}

static void ready(void *ctx, uint32_t events);

/* A connection with a program of the host; takes fd. */
static struct link *
link_new(struct vsock *s, int fd, enum state state)
{
	struct link *l = xcalloc(1, sizeof *l);
	l->owner = s;
	l->fd = fd;
	l->state = state;
	l->next = s->links;
	s->links = l;
	s->nlinks++;
	l->source = board_fd(s->v->board, fd, l->events = EPOLLIN, ready, l);
	return l;
}

/* Is there room for one more?  Those whose program is gone and that wait only for the
 * guest to say so make it. */
static bool
make_room(struct vsock *s)
{
	for (struct link *l = s->links; s->nlinks >= LINKS && l; l = l->next) {
		if (l->fd < 0) {
			drop(l);
			break;
		}
	}
	return s->nlinks < LINKS;
}

/* -- to the program ------------------------------------------------------------------------ */

/* Nothing can be written there any more. */
static void
broken(struct link *l)
{
	buf_free(&l->out);
	l->out_at = 0;
	hang_up(l);
	l->host_ended = true;
	if (l->state == CONNECTED)
		l->pending |= 1u << OP_RST;
	else
		drop(l);
}

/* How many of n bytes the program takes; -1: it is gone, and perhaps the link. */
static ssize_t
put(struct link *l, const void *p, size_t n)
{
	size_t done = 0;
	while (done < n) {
		ssize_t k = send(l->fd, (const uint8_t *)p + done, n - done,
		                 MSG_DONTWAIT | MSG_NOSIGNAL);
		if (k < 0 && errno == EINTR)
			continue;
		if (k < 0 && errno == EAGAIN)
			break;
		if (k < 0) {
			broken(l);
			return -1;
		}
		done += (size_t)k;
	}
	l->forwarded += (uint32_t)done;
	return (ssize_t)done;
}

/* Everything is out: end what the guest has ended. */
static void
all_out(struct link *l)
{
	buf_free(&l->out);
	l->out_at = 0;
	if (l->state == DETACHED)
		drop(l);
	else if (l->guest_ended && l->fd >= 0)
		shutdown(l->fd, SHUT_WR);
}

/* The guest should know of the room when it has grown by a good part. */
static void
tell_room(struct link *l)
{
	if (l->forwarded - l->told >= ROOM / 4)
		l->pending |= 1u << OP_CREDIT_UPDATE;
}

static void
drain(struct link *l)
{
	ssize_t n = put(l, l->out.p + l->out_at, l->out.n - l->out_at);
	if (n < 0)
		return;
	l->out_at += (size_t)n;
	tell_room(l);
	if (l->out_at == l->out.n)
		all_out(l);
}

/* Bytes of the guest's, from s->c. */
static void
from_guest(struct link *l, uint32_t len)
{
	struct vsock *s = l->owner;
	uint64_t skip = HEAD, left = len;
	if (l->fd < 0)
		return;
	/* More than we have room for: the guest does not keep to the rules. */
	if (len > ROOM - (l->out.n - l->out_at)) {
		broken(l);
		return;
	}
	for (unsigned i = 0; i < s->c.nout && left > 0; i++) {
		if (skip >= s->c.out[i].iov_len) {
			skip -= s->c.out[i].iov_len;
			continue;
		}
		const uint8_t *p = (const uint8_t *)s->c.out[i].iov_base + skip;
		size_t n = s->c.out[i].iov_len - skip;
		n = n < left ? n : left;
		skip = 0;
		left -= n;
		ssize_t k = l->out.n > l->out_at ? 0 : put(l, p, n);
		if (k < 0)
			return;
		buf_put(&l->out, p + k, n - (size_t)k);
	}
	/* what is out already makes place */
	if (l->out_at > ROOM) {
		memmove(l->out.p, l->out.p + l->out_at, l->out.n - l->out_at);
		l->out.n -= l->out_at;
		l->out_at = 0;
	}
	tell_room(l);
}

/* -- to the guest ---------------------------------------------------------------------------- */

/* The program has nothing more to say. */
static void
program_ended(struct link *l)
{
	struct pollfd p = { l->fd, POLLIN, 0 };
	l->host_ended = true;
	l->pending |= 1u << OP_SHUTDOWN;
	/* Not only ended but gone? */
	if (poll(&p, 1, 0) > 0 && p.revents & (POLLHUP | POLLERR)) {
		buf_free(&l->out);
		l->out_at = 0;
		hang_up(l);
	}
}

/* Read from the program into one buffer of the guest's; false: nothing more now. */
static bool
to_guest(struct link *l)
{
	struct vsock *s = l->owner;
	struct iovec part[64];
	uint64_t most = credit(l), skip = HEAD;
	int n = 0;
	if (most == 0 || !buffer(s))
		return false;
	if (most > MOST)
		most = MOST;
	for (unsigned i = 0; i < s->c.nin && n < 64 && most > 0; i++) {
		if (skip >= s->c.in[i].iov_len) {
			skip -= s->c.in[i].iov_len;
			continue;
		}
		uint64_t len = s->c.in[i].iov_len - skip;
		len = len < most ? len : most;
		part[n++] = (struct iovec){ (uint8_t *)s->c.in[i].iov_base + skip, len };
		most -= len;
		skip = 0;
	}
	ssize_t k = readv(l->fd, part, n);
	if (k > 0) {
		l->sent += (uint32_t)k;
		finish_link(l, OP_RW, (uint32_t)k);
		return true;
	}
	virtio_unpop(s->v, RECEIVE);
	if (k == 0)
		program_ended(l);
	else if (errno != EAGAIN && errno != EINTR)
		broken(l);
	return false;
}

/* Send what is pending, in the order in which it makes sense; false: no buffer. */
static bool
send_pending(struct link *l)
{
	static const uint16_t order[] = { OP_REQUEST,        OP_RESPONSE, OP_CREDIT_UPDATE,
		                          OP_CREDIT_REQUEST, OP_SHUTDOWN, OP_RST };
	for (size_t i = 0; i < sizeof order / sizeof order[0]; i++) {
		if (!(l->pending & 1u << order[i]))
			continue;
		if (!buffer(l->owner))
			return false;
		l->pending &= ~(1u << order[i]);
		finish_link(l, order[i], 0);
	}
	return true;
}

/* -- a program that wants to the guest --------------------------------------------------------- */

/* A port of ours that no connection has. */
static uint32_t
free_port(struct vsock *s)
{
	bool taken = true;
	while (taken) {
		s->next_port = (s->next_port + 1) & (FIRST_PORT - 1);
		taken = false;
		for (const struct link *l = s->links; l; l = l->next)
			taken = taken || l->ours == (s->next_port | FIRST_PORT);
	}
	return s->next_port | FIRST_PORT;
}

/* "CONNECT port\n", and not a byte more: what follows is the guest's. */
static void
greeting(struct link *l)
{
	uint64_t port;
	ssize_t n;
	char c = 0;
	while (c != '\n') {
		n = recv(l->fd, &c, 1, MSG_DONTWAIT);
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (n <= 0 || l->greeted == GREETING) {
			drop(l);
			return;
		}
		l->greeting[l->greeted++] = c;
	}
	l->greeting[l->greeted - 1] = '\0';
	if (strncmp(l->greeting, "CONNECT ", 8) != 0 ||
	    !str_u64(l->greeting + 8, UINT32_MAX, &port) || !virtio_running(l->owner->v)) {
		drop(l);
		return;
	}
	l->theirs = (uint32_t)port;
	l->ours = free_port(l->owner);
	l->state = REQUESTED;
	l->pending |= 1u << OP_REQUEST;
}

static void
accepted(void *ctx, uint32_t events)
{
	struct vsock *s = ctx;
	(void)events;
	int fd = accept4(s->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (fd < 0) {
		/* It would be told again and again: not before one is given back. */
		s->full = errno != EAGAIN && errno != EINTR && errno != ECONNABORTED;
		if (s->full)
			board_events(s->source, 0);
		return;
	}
	if (make_room(s))
		link_new(s, fd, GREETED);
	else
		close(fd);
}

/* Bytes, room for bytes or the end of one connection. */
static void
ready(void *ctx, uint32_t events)
{
	struct link *l = ctx;
	struct vsock *s = l->owner;
	if (l->state == GREETED) {
		greeting(l);
	} else if (events & EPOLLOUT && l->out.n > l->out_at) {
		drain(l);
	} else if (l->state == CONNECTED && send_pending(l)) {
		/* a few buffers at a time: others wait too */
		for (int i = 0; i < 16 && l->fd >= 0 && !l->host_ended && to_guest(l); i++)
			;
	} else if (l->state == DETACHED) {
		drop(l);
	}
	pump(s);
}

/* -- what the guest says ------------------------------------------------------------------------ */

static void
stray(struct vsock *s, const struct packet *p)
{
	if (p->op != OP_RST)
		s->stray[s->nstrays++] = (struct stray){ p->dst_port, p->src_port };
}

static struct sockaddr_un
address(const struct vsock *s, const char *suffix)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	/* However deep the folder lies, this is short. */
	snprintf(a.sun_path, sizeof a.sun_path, "/proc/self/fd/%d/%s%s", s->folder, s->name,
	         suffix);
	return a;
}

static int
dial(const struct vsock *s, uint32_t port)
{
	char suffix[16];
	snprintf(suffix, sizeof suffix, "_%u", port);
	struct sockaddr_un a = address(s, suffix);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd >= 0 && connect(fd, (struct sockaddr *)&a, sizeof a) < 0) {
		close(fd);
		return -1;
	}
	return fd;
}

static void
requested(struct vsock *s, const struct packet *p)
{
	int fd = make_room(s) ? dial(s, p->dst_port) : -1;
	if (fd < 0) {
		stray(s, p);
		return;
	}
	struct link *l = link_new(s, fd, CONNECTED);
	l->ours = p->dst_port;
	l->theirs = p->src_port;
	l->peer_alloc = p->buf_alloc;
	l->peer_forwarded = p->fwd_cnt;
	l->pending |= 1u << OP_RESPONSE;
}

static void
responded(struct link *l)
{
	char text[32];
	int n = snprintf(text, sizeof text, "OK %u\n", l->ours);
	l->state = CONNECTED;
	/* An empty socket takes so little; this is nothing that the guest sent. */
	if (put(l, text, (size_t)n) >= 0)
		l->forwarded = 0;
}

/* Both directions are ended: the guest forgets it, what is under way goes out. */
static void
closed(struct vsock *s, struct link *l, const struct packet *p)
{
	stray(s, p);
	if (l->fd < 0 || l->out.n == l->out_at) {
		drop(l);
		return;
	}
	l->state = DETACHED;
	l->pending = 0;
	watch(l);
}

static void
shut(struct vsock *s, struct link *l, const struct packet *p)
{
	l->deaf = l->deaf || p->flags & NO_RECEIVE;
	l->guest_ended = l->guest_ended || p->flags & NO_SEND;
	if (l->deaf && l->guest_ended)
		closed(s, l, p);
	else if (l->guest_ended && l->out.n == l->out_at)
		all_out(l);
}

static void
spoken(struct vsock *s, struct link *l, const struct packet *p)
{
	l->peer_alloc = p->buf_alloc;
	l->peer_forwarded = p->fwd_cnt;
	l->asked = l->asked && !credit(l);
	switch (p->op) {
	case OP_RW: from_guest(l, p->len); break;
	case OP_CREDIT_REQUEST: l->pending |= 1u << OP_CREDIT_UPDATE; break;
	case OP_CREDIT_UPDATE: break;
	case OP_SHUTDOWN: shut(s, l, p); break;
	default:
		/* a second request, an answer to nothing */
		stray(s, p);
		drop(l);
	}
}

static void
said(struct vsock *s, const struct packet *p)
{
	struct link *l = find(s, p->dst_port, p->src_port);
	if (p->src_cid != s->cid || p->len > s->c.out_bytes - HEAD)
		return;
	if (p->dst_cid != HOST || p->type != TYPE_STREAM)
		stray(s, p);
	else if (!l && p->op == OP_REQUEST)
		requested(s, p);
	else if (!l)
		stray(s, p);
	else if (p->op == OP_RST)
		drop(l);
	else if (l->state == CONNECTED)
		spoken(s, l, p);
	else if (p->op == OP_RESPONSE) {
		l->peer_alloc = p->buf_alloc;
		l->peer_forwarded = p->fwd_cnt;
		responded(l);
	} else {
		stray(s, p);
		drop(l);
	}
}

static void
listen_to_guest(struct vsock *s)
{
	uint8_t bytes[HEAD];
	/* Each packet may need an answer: not more of them than there is place for. */
	while (s->nstrays < STRAYS && virtio_pop(s->v, TRANSMIT, &s->c) > 0) {
		uint16_t head = s->c.head;
		if (virtio_gather(bytes, HEAD, s->c.out, s->c.nout, 0) == HEAD) {
			struct packet p = parse(bytes);
			said(s, &p);
		}
		virtio_put(s->v, TRANSMIT, head, NULL, 0, 0);
		virtio_publish(s->v, TRANSMIT);
	}
}

/* -- the device ---------------------------------------------------------------------------------- */

/* Send all that waits for buffers of the guest's, then see what to wait for. */
static void
pump(struct vsock *s)
{
	bool room = virtio_running(s->v) && !s->v->broken;
	listen_to_guest(s);
	while (room && s->nstrays > 0 && (room = buffer(s))) {
		struct stray t = s->stray[--s->nstrays];
		finish(s, t.ours, t.theirs, &(struct packet){ .op = OP_RST });
		listen_to_guest(s);
	}
	for (struct link *l = s->links, *next; l; l = next) {
		next = l->next;
		if (l->state == CONNECTED && !l->host_ended && !credit(l) && !l->asked) {
			l->pending |= 1u << OP_CREDIT_REQUEST;
			l->asked = true;
		}
		bool reset = l->pending & 1u << OP_RST;
		if (room && l->pending)
			room = send_pending(l);
		if (reset && !l->pending)
			drop(l);
		else
			watch(l);
	}
	/* Without buffers there is no use in waiting for the programs' bytes. */
	if (!room || !virtio_more(s->v, RECEIVE))
		for (struct link *l = s->links; l; l = l->next)
			if (l->state != GREETED)
				look(l, l->events & ~(uint32_t)EPOLLIN);
	virtio_signal(s->v, TRANSMIT);
	virtio_signal(s->v, RECEIVE);
}

/* 5.10.6.7: after a snapshot there are no connections. */
static void
tell_loss(struct vsock *s)
{
	uint8_t reset[4] = { 0 };
	if (!s->lost || virtio_pop(s->v, EVENT, &s->c) <= 0)
		return;
	uint64_t n = virtio_scatter(s->c.in, s->c.nin, 0, reset, sizeof reset);
	virtio_push(s->v, EVENT, &s->c, (uint32_t)n);
	virtio_signal(s->v, EVENT);
	s->lost = false;
}

static void
notify(struct virtio *v, unsigned queue)
{
	if (queue == EVENT)
		tell_loss(v->self);
	else
		pump(v->self);
}

static void
reset(struct virtio *v)
{
	struct vsock *s = v->self;
	drop_all(s);
	s->lost = false;
}

static void
config_read(struct virtio *v, uint32_t offset, uint8_t *bytes, uint32_t n)
{
	const struct vsock *s = v->self;
	uint8_t c[8] = { (uint8_t)s->cid, (uint8_t)(s->cid >> 8), (uint8_t)(s->cid >> 16),
		         (uint8_t)(s->cid >> 24) };
	virtio_config_bytes(c, sizeof c, offset, bytes, n);
}

static int
load(struct virtio *v, struct snap *from, struct err *e)
{
	struct vsock *s = v->self;
	(void)from, (void)e;
	drop_all(s);
	s->lost = virtio_running(v);
	return 0;
}

static json_t *
inspect(struct virtio *v)
{
	const struct vsock *s = v->self;
	return json_pack("{s:I, s:i}", "cid", (json_int_t)s->cid, "connections", (int)s->nlinks);
}

static void
vsock_free(struct vsock *s)
{
	if (s->listener >= 0) {
		close(s->listener);
		unlinkat(s->folder, s->name, 0);
	}
	if (s->folder >= 0)
		close(s->folder);
	free(s->name);
	free(s);
}

static void
destroy(struct virtio *v)
{
	struct vsock *s = v->self;
	pthread_mutex_lock(&v->bus->lock);
	drop_all(s);
	board_remove(s->source);
	pthread_mutex_unlock(&v->bus->lock);
	vsock_free(s);
}

static const struct virtio_ops vsock_ops = { .type = "virtio-vsock",
	                                     .id = 19,
	                                     .queues = 3,
	                                     .size = QUEUE,
	                                     .features = 1 << F_STREAM,
	                                     .fields = vsock_fields,
	                                     .reset = reset,
	                                     .notify = notify,
	                                     .config_read = config_read,
	                                     .load = load,
	                                     .inspect = inspect,
	                                     .destroy = destroy };

/* A socket that a program left behind when it was killed is in nobody's way. */
static void
clear_way(const struct vsock *s, const struct sockaddr_un *a)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	if (connect(fd, (const struct sockaddr *)a, sizeof *a) < 0 && errno == ECONNREFUSED)
		unlinkat(s->folder, s->name, 0);
	close(fd);
}

static int
open_listener(struct vsock *s, int folder)
{
	s->folder = fcntl(folder, F_DUPFD_CLOEXEC, 3);
	if (s->folder < 0)
		return -1;
	struct sockaddr_un a = address(s, "");
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	clear_way(s, &a);
	if (bind(fd, (struct sockaddr *)&a, sizeof a) < 0 || listen(fd, 128) < 0) {
		int code = errno;
		close(fd);
		errno = code;
		return -1;
	}
	s->listener = fd;
	return 0;
}

struct virtio *
virtio_vsock_new(struct board *b, const char *name, uint32_t cid, int folder, const char *socket,
                 struct err *e)
{
	if (cid <= HOST || cid == UINT32_MAX) {
		fail(e, EINVAL, "%s: a guest's CID is 3 to 4294967294", name);
		return NULL;
	}
	if (!*socket || strlen(socket) > 64 || strchr(socket, '/')) {
		fail(e, EINVAL, "%s: '%s' is no name for a socket", name, socket);
		return NULL;
	}
	struct vsock *s = xcalloc(1, sizeof *s);
	s->cid = cid;
	s->name = xstrdup(socket);
	s->listener = -1;
	if (open_listener(s, folder) < 0) {
		fail(e, errno, "%s: socket '%s': %s", name, socket, strerror(errno));
		vsock_free(s);
		return NULL;
	}
	s->v = virtio_new(b, &vsock_ops, name, s);
	pthread_mutex_lock(&s->v->bus->lock);
	s->source = board_fd(b, s->listener, EPOLLIN, accepted, s);
	pthread_mutex_unlock(&s->v->bus->lock);
	return s->v;
}
