/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/hal/dev/virtio_net.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/if.h>
#include <linux/if_tun.h>

#include "base/arena.h"

/* Feature bits (5.1.3). */
enum {
	F_CSUM = 0,
	F_GUEST_CSUM = 1,
	F_MTU = 3,
	F_MAC = 5,
	F_GUEST_TSO4 = 7,
	F_GUEST_TSO6 = 8,
	F_GUEST_ECN = 9,
	F_HOST_TSO4 = 11,
	F_HOST_TSO6 = 12,
	F_HOST_ECN = 13,
	F_MRG_RXBUF = 15,
	F_STATUS = 16,
};

enum { RECEIVE = 0, TRANSMIT = 1 }; /* queues */
enum { LINK_UP = 1 };               /* 5.1.4 */
enum { NEEDS_CSUM = 1, DATA_VALID = 2 };

/* struct virtio_net_hdr (5.1.6): all its bytes, and where some stand. */
enum { HEAD = 12, HEAD_FLAGS = 0, HEAD_CSUM_START = 6, HEAD_CSUM_OFFSET = 8, HEAD_BUFFERS = 10 };

enum {
	QUEUE = 256,
	FRAME_MIN = 14,
	STREAM_MAX = 65535,     /* as passt has it */
	FRAME_MAX = 65535 + 18, /* IP's longest packet behind Ethernet's longest header */
	PREFIX = 4,
	BATCH = 64,     /* frames in one system call */
	PARTS = 1024,   /* IOV_MAX */
	SCATTERED = 64, /* a frame in more parts is copied into one */
	INPUT = 256 << 10,
	TAP_AT_ONCE = 64,
};

/* A frame on its way to a stream. */
struct sending {
	uint16_t head;
	uint32_t bytes; /* with its prefix */
	uint8_t prefix[PREFIX];
	uint8_t sum[2]; /* what replaces two bytes of it */
};

struct net {
	int fd; /* own */
	bool tap, local;
	bool up; /* the peer is there */
	uint8_t mac[6];
	uint16_t mtu; /* 0: the guest's own */
	struct board_source *source;
	uint32_t events; /* what we look for */
	struct chain c;
	uint64_t sent, received, dropped; /* frames */

	/* to a stream: a batch, and the end of a frame whose beginning is sent: what
	 * comes next must be it, even if the guest takes it back */
	struct sending batch[BATCH];
	unsigned nbatch;
	struct iovec part[PARTS];
	unsigned npart;
	uint8_t bounce[FRAME_MAX];
	uint8_t tail[FRAME_MAX + PREFIX];
	uint32_t tail_at, tail_n;

	/* its DHCP server, and what that has answered and the guest has not taken */
	bool leased;
	struct dhcp_lease lease;
	uint8_t answer[DHCP_MOST];
	uint32_t answer_n;

	/* from the peer: bytes not yet given to the guest */
	uint8_t in[INPUT];
	uint32_t in_at, in_n;
	/* the buffers of one frame */
	struct iovec to[PARTS + VIRTIO_CHAIN];
};

static void
look(struct net *x, uint32_t events)
{
	if (x->source && events != x->events)
		board_events(x->source, x->events = events);
}

static void
wait_for(struct net *x, uint32_t event, bool wanted)
{
	look(x, wanted ? x->events | event : x->events & ~event);
}

static void
link_down(struct virtio *v, const char *why)
{
	struct net *x = v->self;
	if (!x->up)
		return;
	err_warn("%s: the network is gone: %s", v->name, why);
	x->up = false;
	x->in_n = x->in_at = x->tail_n = x->tail_at = 0;
	look(x, 0);
	board_remove(x->source);
	x->source = NULL;
	virtio_config_changed(v);
}

/* -- checksums ------------------------------------------------------------------------ */

/* RFC 1071 over n bytes of a list behind `skip`, in the order of memory. */
static uint16_t
checksum(const struct iovec *v, unsigned nv, uint64_t skip, uint64_t n)
{
	uint64_t sum = 0;
	bool odd = false;
	for (unsigned i = 0; i < nv && n > 0; i++) {
		if (skip >= v[i].iov_len) {
			skip -= v[i].iov_len;
			continue;
		}
		const uint8_t *p = (const uint8_t *)v[i].iov_base + skip;
		uint64_t len = v[i].iov_len - skip < n ? v[i].iov_len - skip : n, part = 0;
		skip = 0;
		n -= len;
		bool odd_after = odd ^ (len & 1);
		for (; len >= 4; len -= 4, p += 4) {
			uint32_t word;
			memcpy(&word, p, 4);
			part += word;
		}
		uint8_t end[4] = { 0 };
		uint32_t word;
		memcpy(end, p, len);
		memcpy(&word, end, 4);
		part += word;
		while (part >> 16)
			part = (part & 0xffff) + (part >> 16);
		/* behind an odd number of bytes the halves change places */
		sum += odd ? (part >> 8 | (part & 0xff) << 8) : part;
		odd = odd_after;
	}
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

/* 5.1.6.2: the checksum that the guest left to us; where it stands in the frame, or 0. */
static uint32_t
complete(struct net *x, const struct virtio *v, const uint8_t *head, uint32_t frame, uint8_t sum[2])
{
	uint32_t start = head[HEAD_CSUM_START] | (uint32_t)head[HEAD_CSUM_START + 1] << 8;
	uint32_t at = head[HEAD_CSUM_OFFSET] | (uint32_t)head[HEAD_CSUM_OFFSET + 1] << 8;
	at += start;
	if (!(head[HEAD_FLAGS] & NEEDS_CSUM) || !virtio_has(v, F_CSUM) || start < FRAME_MIN ||
	    at + 2 > frame)
		return 0;
	uint16_t s = (uint16_t)~checksum(x->c.out, x->c.nout, HEAD + start, frame - start);
	/* RFC 768: 0 would mean that there is none */
	if (!s)
		s = 0xffff;
	memcpy(sum, &s, 2);
	return at;
}

/* -- from the guest to a stream ---------------------------------------------------------- */

static void
add_part(struct net *x, void *p, uint64_t n)
{
	x->part[x->npart++] = (struct iovec){ p, n };
}

/* Bytes [from, to) of the chain's frame. */
static void
add_parts(struct net *x, uint64_t from, uint64_t to)
{
	uint64_t at = 0;
	for (unsigned i = 0; i < x->c.nout && at < to; i++) {
		uint64_t end = at + x->c.out[i].iov_len;
		uint64_t a = at > from ? at : from, z = end < to ? end : to;
		if (a < z)
			add_part(x, (uint8_t *)x->c.out[i].iov_base + (a - at), z - a);
		at = end;
	}
}

/* Take the frame of x->c into the batch; false: there is no more room. */
static bool
gather(struct virtio *v, const uint8_t *head)
{
	struct net *x = v->self;
	struct sending *s = &x->batch[x->nbatch];
	uint32_t frame = (uint32_t)(x->c.out_bytes - HEAD);
	bool copy = x->c.nout > SCATTERED;
	/* a prefix, a checksum that cuts one part into two; one frame at most is copied */
	if (x->nbatch == BATCH || x->npart + SCATTERED + 3 > PARTS || (copy && x->nbatch > 0))
		return false;
	uint32_t at = complete(x, v, head, frame, s->sum);
	uint32_t size = htobe32(frame);
	memcpy(s->prefix, &size, PREFIX);
	s->head = x->c.head;
	s->bytes = PREFIX + frame;
	add_part(x, s->prefix, PREFIX);
	if (copy) {
		virtio_gather(x->bounce, frame, x->c.out, x->c.nout, HEAD);
		if (at)
			memcpy(x->bounce + at, s->sum, 2);
		add_part(x, x->bounce, frame);
	} else if (at) {
		add_parts(x, HEAD, HEAD + at);
		add_part(x, s->sum, 2);
		add_parts(x, HEAD + at + 2, x->c.out_bytes);
	} else {
		add_parts(x, HEAD, x->c.out_bytes);
	}
	x->nbatch++;
	return !copy;
}

/* Keep the tail_n bytes that stand behind the first `sent` of all parts. */
static void
keep_tail(struct net *x, uint64_t sent)
{
	uint64_t at = 0, n = 0;
	for (unsigned i = 0; i < x->npart; i++) {
		uint64_t len = x->part[i].iov_len;
		if (at + len > sent) {
			uint64_t skip = at < sent ? sent - at : 0;
			uint64_t k = len - skip;
			if (k > x->tail_n - n)
				k = x->tail_n - n;
			memcpy(x->tail + n, (const uint8_t *)x->part[i].iov_base + skip, k);
			n += k;
			if (n == x->tail_n)
				return;
		}
		at += len;
	}
}

/* Send the batch; what is not even begun goes back.  False: the socket is full or gone. */
static bool
send_batch(struct virtio *v)
{
	struct net *x = v->self;
	struct msghdr m = { .msg_iov = x->part, .msg_iovlen = x->npart };
	ssize_t n;
	do
		n = sendmsg(x->fd, &m, MSG_DONTWAIT | MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	if (n < 0 && errno != EAGAIN)
		link_down(v, strerror(errno));
	uint64_t left = n > 0 ? (uint64_t)n : 0, sent = left;
	unsigned i = 0;
	for (; i < x->nbatch && left > 0; i++) {
		struct sending *s = &x->batch[i];
		if (left < s->bytes) {
			x->tail_at = 0;
			x->tail_n = s->bytes - (uint32_t)left;
			keep_tail(x, sent);
			left = s->bytes;
		}
		left -= s->bytes;
		x->sent++;
		virtio_put(v, TRANSMIT, s->head, NULL, 0, 0);
	}
	bool all = i == x->nbatch && !x->tail_n;
	for (; i < x->nbatch; i++)
		virtio_unpop(v, TRANSMIT);
	virtio_publish(v, TRANSMIT);
	return all;
}

static bool
send_tail(struct virtio *v)
{
	struct net *x = v->self;
	while (x->tail_n > 0) {
		ssize_t n =
		        send(x->fd, x->tail + x->tail_at, x->tail_n, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return false;
		if (n < 0) {
			link_down(v, strerror(errno));
			return true;
		}
		x->tail_at += (uint32_t)n;
		x->tail_n -= (uint32_t)n;
	}
	return true;
}

/* What cannot be sent is given back as if it were. */
static bool
sendable(struct virtio *v, uint8_t head[HEAD])
{
	struct net *x = v->self;
	uint32_t max = x->tap ? FRAME_MAX : STREAM_MAX;
	return x->up && virtio_gather(head, HEAD, x->c.out, x->c.nout, 0) == HEAD &&
	       x->c.out_bytes >= HEAD + FRAME_MIN && x->c.out_bytes <= HEAD + max;
}

static void
drop(struct virtio *v)
{
	struct net *x = v->self;
	x->dropped++;
	virtio_push(v, TRANSMIT, &x->c, 0);
}

/* Frames that are there, up to a batch; false when there are no more. */
static bool
fill_batch(struct virtio *v)
{
	struct net *x = v->self;
	uint8_t head[HEAD];
	x->nbatch = x->npart = 0;
	for (bool more = true; more;) {
		if (virtio_pop(v, TRANSMIT, &x->c) <= 0)
			return false;
		if (sendable(v, head)) {
			unsigned before = x->nbatch;
			more = gather(v, head);
			if (x->nbatch == before)
				virtio_unpop(v, TRANSMIT);
		} else if (x->nbatch > 0) {
			/* it would come back before those that wait for their sending */
			virtio_unpop(v, TRANSMIT);
			more = false;
		} else {
			drop(v);
		}
	}
	return true;
}

static bool
stream_out(struct virtio *v)
{
	struct net *x = v->self;
	bool more = true;
	if (!send_tail(v))
		return false;
	while (more) {
		more = fill_batch(v);
		if (x->nbatch == 0 || send_batch(v))
			continue;
		if (x->up)
			return false;
		/* what went back is dropped */
		more = true;
	}
	return true;
}

/* -- from the guest to a TAP device --------------------------------------------------------- */

/* Was it to our DHCP server?  Then it goes no further. */
static bool
asked(struct net *x)
{
	uint8_t start[DHCP_PEEK];
	uint64_t n = virtio_gather(start, sizeof start, x->c.out, x->c.nout, HEAD);
	if (!x->leased || !dhcp_asks(start, n))
		return false;
	n = virtio_gather(x->bounce, sizeof x->bounce, x->c.out, x->c.nout, HEAD);
	x->answer_n = (uint32_t)dhcp_answer(&x->lease, x->bounce, n, x->answer);
	return true;
}

static bool
tap_out(struct virtio *v)
{
	struct net *x = v->self;
	uint8_t head[HEAD];
	while (virtio_pop(v, TRANSMIT, &x->c) > 0) {
		if (!sendable(v, head)) {
			drop(v);
			continue;
		}
		if (asked(x)) {
			x->sent++;
			virtio_push(v, TRANSMIT, &x->c, 0);
			continue;
		}
		ssize_t n = writev(x->fd, x->c.out, (int)x->c.nout);
		if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
			virtio_unpop(v, TRANSMIT);
			return false;
		}
		if (n < 0)
			x->dropped++;
		else
			x->sent++;
		virtio_push(v, TRANSMIT, &x->c, 0);
	}
	return true;
}

static void receive(struct virtio *v);

static void
transmit(struct virtio *v)
{
	struct net *x = v->self;
	bool all = x->tap ? tap_out(v) : stream_out(v);
	wait_for(x, EPOLLOUT, !all);
	virtio_signal(v, TRANSMIT);
	if (x->answer_n)
		receive(v);
}

/* -- to the guest ---------------------------------------------------------------------------- */

/* Put a frame into as many buffers as it needs; false: there are not enough of them. */
static bool
deliver(struct virtio *v, uint8_t head[HEAD], const uint8_t *frame, uint32_t n)
{
	struct net *x = v->self;
	struct {
		uint16_t head;
		unsigned first, n;
		uint32_t bytes;
	} used[QUEUE];
	unsigned k = 0, parts = 0;
	uint64_t room = 0, need = HEAD + (uint64_t)n;
	bool drops = false;
	while (room < need && !drops) {
		if (virtio_pop(v, RECEIVE, &x->c) <= 0)
			break;
		if (!x->c.nin) {
			virtio_break(v, "a buffer to receive into is empty");
			return false;
		}
		/* a frame that fits nowhere is lost, as on a wire */
		drops = k == QUEUE || parts > PARTS ||
		        (!virtio_has(v, F_MRG_RXBUF) && x->c.in_bytes < need);
		if (drops) {
			virtio_unpop(v, RECEIVE);
			break;
		}
		memcpy(x->to + parts, x->c.in, x->c.nin * sizeof x->c.in[0]);
		used[k].head = x->c.head;
		used[k].first = parts;
		used[k].n = x->c.nin;
		used[k].bytes = (uint32_t)x->c.in_bytes;
		room += x->c.in_bytes;
		parts += x->c.nin;
		k++;
	}
	if (room < need) {
		for (; k > 0; k--)
			virtio_unpop(v, RECEIVE);
		x->dropped += drops;
		return drops;
	}
	head[HEAD_BUFFERS] = (uint8_t)k;
	head[HEAD_BUFFERS + 1] = (uint8_t)(k >> 8);
	virtio_scatter(x->to, parts, 0, head, HEAD);
	virtio_scatter(x->to, parts, HEAD, frame, n);
	for (unsigned i = 0; i < k; i++) {
		uint32_t wrote = need < used[i].bytes ? (uint32_t)need : used[i].bytes;
		virtio_put(v, RECEIVE, used[i].head, x->to + used[i].first, used[i].n, wrote);
		need -= wrote;
	}
	virtio_publish(v, RECEIVE);
	x->received++;
	return true;
}

/* The whole frames that were read; false: the guest has no buffers. */
static bool
stream_deliver(struct virtio *v)
{
	struct net *x = v->self;
	while (x->in_n - x->in_at >= PREFIX) {
		uint8_t head[HEAD] = { 0 };
		uint32_t n;
		memcpy(&n, x->in + x->in_at, PREFIX);
		n = be32toh(n);
		if (n > FRAME_MAX) {
			link_down(v, "the peer sends what is no frame");
			return false;
		}
		if (x->in_n - x->in_at - PREFIX < n)
			break;
		if (x->local && virtio_has(v, F_GUEST_CSUM))
			head[HEAD_FLAGS] = DATA_VALID;
		if (n >= FRAME_MIN && !deliver(v, head, x->in + x->in_at + PREFIX, n))
			return false;
		x->in_at += PREFIX + n;
	}
	memmove(x->in, x->in + x->in_at, x->in_n - x->in_at);
	x->in_n -= x->in_at;
	x->in_at = 0;
	return true;
}

static bool
stream_in(struct virtio *v)
{
	struct net *x = v->self;
	if (!stream_deliver(v))
		return false;
	ssize_t n = recv(x->fd, x->in + x->in_n, INPUT - x->in_n, MSG_DONTWAIT);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return true;
	if (n <= 0) {
		link_down(v, n < 0 ? strerror(errno) : "the peer closed the connection");
		return false;
	}
	x->in_n += (uint32_t)n;
	return stream_deliver(v);
}

static bool
tap_in(struct virtio *v)
{
	struct net *x = v->self;
	uint8_t plain[HEAD] = { 0 };
	if (x->answer_n && !deliver(v, plain, x->answer, x->answer_n))
		return false;
	x->answer_n = 0;
	for (int i = 0; i < TAP_AT_ONCE; i++) {
		if (!x->in_n) {
			ssize_t n = read(x->fd, x->in, INPUT);
			if (n < 0 && (errno == EAGAIN || errno == EINTR))
				return true;
			if (n <= 0) {
				link_down(v, n < 0 ? strerror(errno) : "the device is closed");
				return false;
			}
			x->in_n = (uint32_t)n;
		}
		if (x->in_n >= HEAD + FRAME_MIN && !deliver(v, x->in, x->in + HEAD, x->in_n - HEAD))
			return false;
		x->in_n = 0;
	}
	return true;
}

static void
receive(struct virtio *v)
{
	struct net *x = v->self;
	bool more = x->up && (x->tap ? tap_in(v) : stream_in(v));
	/* without buffers notify() looks again */
	wait_for(x, EPOLLIN, more && x->up);
	virtio_signal(v, RECEIVE);
}

static void
ready(void *ctx, uint32_t events)
{
	struct virtio *v = ctx;
	struct net *x = v->self;
	if (events & EPOLLOUT)
		transmit(v);
	if (x->up && events & ~(uint32_t)EPOLLOUT)
		receive(v);
}

/* -- the device -------------------------------------------------------------------------- */

static void
notify(struct virtio *v, unsigned queue)
{
	struct net *x = v->self;
	if (queue == TRANSMIT) {
		/* while the socket is full the board's thread goes on */
		if (!(x->events & EPOLLOUT))
			transmit(v);
	} else if (x->up && !(x->events & EPOLLIN)) {
		receive(v);
	}
}

/* What the kernel may leave to the guest. */
static void
set_offload(struct virtio *v)
{
	struct net *x = v->self;
	unsigned flags = 0;
	if (!x->tap)
		return;
	if (virtio_has(v, F_GUEST_CSUM)) {
		flags = TUN_F_CSUM;
		flags |= virtio_has(v, F_GUEST_TSO4) ? TUN_F_TSO4 : 0;
		flags |= virtio_has(v, F_GUEST_TSO6) ? TUN_F_TSO6 : 0;
		flags |= virtio_has(v, F_GUEST_ECN) ? TUN_F_TSO_ECN : 0;
	}
	ioctl(x->fd, TUNSETOFFLOAD, flags);
}

static void
reset(struct virtio *v)
{
	struct net *x = v->self;
	look(x, 0);
	x->answer_n = 0;
	if (x->tap)
		ioctl(x->fd, TUNSETOFFLOAD, 0);
}

static void
config_read(struct virtio *v, uint32_t offset, uint8_t *bytes, uint32_t n)
{
	const struct net *x = v->self;
	uint8_t c[12] = { 0 };
	memcpy(c, x->mac, 6);
	c[6] = x->up ? LINK_UP : 0;
	c[10] = (uint8_t)x->mtu;
	c[11] = (uint8_t)(x->mtu >> 8);
	virtio_config_bytes(c, sizeof c, offset, bytes, n);
}

static void
wake(struct virtio *v)
{
	/* a snapshot's features are agreed on without a start */
	set_offload(v);
}

static json_t *
inspect(struct virtio *v)
{
	const struct net *x = v->self;
	return json_pack("{s:b, s:I, s:I, s:I}", "up", x->up, "sent", (json_int_t)x->sent,
	                 "received", (json_int_t)x->received, "dropped", (json_int_t)x->dropped);
}

static void
destroy(struct virtio *v)
{
	struct net *x = v->self;
	pthread_mutex_lock(&v->bus->lock);
	board_remove(x->source);
	pthread_mutex_unlock(&v->bus->lock);
	close(x->fd);
	free(x);
}

static const struct virtio_ops net_ops = { .type = "virtio-net",
	                                   .id = 1,
	                                   .queues = 2,
	                                   .size = QUEUE,
	                                   .features = 1 << F_MAC | 1 << F_STATUS |
	                                               1 << F_MRG_RXBUF | 1 << F_CSUM,
	                                   .start = set_offload,
	                                   .reset = reset,
	                                   .notify = notify,
	                                   .config_read = config_read,
	                                   .wake = wake,
	                                   .inspect = inspect,
	                                   .destroy = destroy };

enum {
	HOST_OFFLOAD = 1 << F_HOST_TSO4 | 1 << F_HOST_TSO6 | 1 << F_HOST_ECN,
	GUEST_OFFLOAD =
	        1 << F_GUEST_CSUM | 1 << F_GUEST_TSO4 | 1 << F_GUEST_TSO6 | 1 << F_GUEST_ECN,
};

/* Headers as ours are, and what the device can do besides. */
static int
tap_prepare(int fd, uint64_t *features, const char *name, struct err *e)
{
	struct ifreq r = { 0 };
	int head = HEAD, little = 1;
	if (ioctl(fd, TUNGETIFF, &r) < 0)
		return fail(e, errno, "%s: the descriptor is no TAP device", name);
	if (!(r.ifr_flags & IFF_TAP) || !(r.ifr_flags & IFF_VNET_HDR))
		return fail(e, EINVAL, "%s: %s is no TAP device with virtio headers", name,
		            r.ifr_name);
	if (ioctl(fd, TUNSETVNETHDRSZ, &head) < 0 || ioctl(fd, TUNSETVNETLE, &little) < 0)
		return fail(e, errno, "%s: %s: %s", name, r.ifr_name, strerror(errno));
	*features |= HOST_OFFLOAD;
	if (ioctl(fd, TUNSETOFFLOAD, TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6 | TUN_F_TSO_ECN) == 0)
		*features |= GUEST_OFFLOAD;
	return 0;
}

struct virtio *
virtio_net_new(struct board *b, const char *name, const struct virtio_net_options *o, struct err *e)
{
	uint64_t more = o->local ? 1 << F_GUEST_CSUM | HOST_OFFLOAD : 0;
	more |= o->mtu ? 1 << F_MTU : 0;
	int flags = fcntl(o->fd, F_GETFL);
	if (flags < 0 || fcntl(o->fd, F_SETFL, flags | O_NONBLOCK) < 0) {
		fail(e, errno, "%s: %s", name, strerror(errno));
		goto undo_fd;
	}
	if (o->tap && tap_prepare(o->fd, &more, name, e) < 0)
		goto undo_fd;
	struct net *x = xcalloc(1, sizeof *x);
	x->fd = o->fd;
	x->tap = o->tap;
	x->local = o->local && !o->tap;
	x->leased = o->tap && o->lease;
	if (x->leased)
		x->lease = *o->lease;
	x->up = true;
	memcpy(x->mac, o->mac, 6);
	x->mtu = o->mtu;
	struct virtio *v = virtio_new(b, &net_ops, name, x);
	v->offer |= more;
	pthread_mutex_lock(&v->bus->lock);
	x->source = board_fd(b, x->fd, EPOLLIN, ready, v);
	board_events(x->source, 0);
	pthread_mutex_unlock(&v->bus->lock);
	return v;
undo_fd:
	if (o->fd >= 0)
		close(o->fd);
	return NULL;
}
