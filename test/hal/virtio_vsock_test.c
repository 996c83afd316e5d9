/* SPDX-License-Identifier: Apache-2.0 */
#include "test/hal/driver.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/file.h"
#include "layer/hal/dev/virtio_vsock.h"

enum { RX = 0, TX = 1, EVENT = 2, HEAD = 44, CID = 5, BUFFERS = 16, SIZE = 4096 };
enum { REQUEST = 1, RESPONSE, RST, SHUTDOWN, RW, UPDATE, ASK };

struct packet {
	uint64_t src_cid, dst_cid;
	uint32_t src_port, dst_port, len;
	uint16_t type, op;
	uint32_t flags, buf_alloc, fwd_cnt;
	uint8_t bytes[SIZE];
};

static char folder[64];
static uint64_t rx_at;
static uint32_t forwarded; /* what the guest says of itself */

static struct driver *
vsock_new(void)
{
	struct err e = { 0 };
	struct driver *d = driver_new();
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct virtio *v = virtio_vsock_new(d->board, "vsock0", CID, fd, "vs", &e);
	if (!v)
		fail_msg("%s", e.what);
	close(fd);
	driver_plug(d, v);
	return d;
}

/* The driver is up, with buffers to receive into. */
static void
up(struct driver *d, unsigned buffers)
{
	forwarded = 0;
	driver_up(d, 1, 32);
	rx_at = driver_room(d, BUFFERS * SIZE, 16);
	for (uint64_t i = 0; i < buffers; i++)
		driver_add(d, RX, &(struct part){ rx_at + i * SIZE, SIZE, true }, 1);
	driver_kick(d, RX);
}

/* The next packet from the device; its buffer goes back. */
static bool
take(struct driver *d, struct packet *p)
{
	uint32_t head = 0, n = 0;
	for (int i = 0; !driver_take(d, RX, &head, &n); i++) {
		if (i == 1000)
			return false;
		driver_nap();
	}
	const uint8_t *at = driver_ptr(d, rx_at + head % BUFFERS * SIZE);
	struct cur c = cur_of(at, n);
	p->src_cid = cur_u64(&c);
	p->dst_cid = cur_u64(&c);
	p->src_port = cur_u32(&c);
	p->dst_port = cur_u32(&c);
	p->len = cur_u32(&c);
	p->type = cur_u16(&c);
	p->op = cur_u16(&c);
	p->flags = cur_u32(&c);
	p->buf_alloc = cur_u32(&c);
	p->fwd_cnt = cur_u32(&c);
	assert_int_equal(n, HEAD + p->len);
	memcpy(p->bytes, at + HEAD, p->len);
	assert_int_equal(p->src_cid, 2);
	assert_int_equal(p->dst_cid, CID);
	assert_int_equal(p->type, 1);
	driver_offer_head(d, RX, (uint16_t)head);
	driver_kick(d, RX);
	return true;
}

static void
expect(struct driver *d, uint16_t op, uint32_t ours, uint32_t theirs, struct packet *p)
{
	if (!take(d, p))
		fail_msg("no packet came, %d was expected", op);
	assert_int_equal(p->op, op);
	assert_int_equal(p->src_port, ours);
	assert_int_equal(p->dst_port, theirs);
}

static void
say(struct driver *d, uint16_t op, uint32_t from, uint32_t to, uint32_t flags, const void *bytes,
    uint32_t n)
{
	struct buf b = { 0 };
	uint64_t heap = d->heap;
	buf_u64(&b, CID);
	buf_u64(&b, 2);
	buf_u32(&b, from);
	buf_u32(&b, to);
	buf_u32(&b, n);
	buf_u16(&b, 1);
	buf_u16(&b, op);
	/* of an update, what is forwarded instead of flags */
	if (op == UPDATE)
		forwarded = flags;
	buf_u32(&b, op == UPDATE ? 0 : flags);
	buf_u32(&b, 8192);
	buf_u32(&b, forwarded);
	struct part p[2] = { { driver_bytes(d, b.p, HEAD), HEAD, false },
		             { n ? driver_bytes(d, bytes, n) : 0, n, false } };
	driver_do(d, TX, p, n ? 2 : 1);
	buf_free(&b);
	d->heap = heap;
}

static struct sockaddr_un
name_of(const char *name)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	snprintf(a.sun_path, sizeof a.sun_path, "%s/%s", folder, name);
	return a;
}

static int
dial(const char *greeting)
{
	struct sockaddr_un a = name_of("vs");
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&a, sizeof a), 0);
	assert_int_equal(write(fd, greeting, strlen(greeting)), strlen(greeting));
	return fd;
}

static int
serve(const char *name)
{
	struct sockaddr_un a = name_of(name);
	unlink(a.sun_path);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof a), 0);
	assert_int_equal(listen(fd, 4), 0);
	return fd;
}

/* Exactly this comes from a descriptor; "" is its end. */
static void
comes(int fd, const char *want)
{
	char got[256];
	size_t n = 0;
	do {
		struct pollfd p = { fd, POLLIN, 0 };
		assert_int_equal(poll(&p, 1, 10000), 1);
		ssize_t k = read(fd, got + n, *want ? strlen(want) - n : 1);
		assert_int_equal(k > 0, *want != 0);
		n += *want ? (size_t)k : 0;
	} while (n < strlen(want));
	assert_memory_equal(got, want, n);
}

/* -- tests ------------------------------------------------------------------------------ */

static void
the_guest_calls_the_host(void **state)
{
	struct packet p;
	uint64_t cid;
	(void)state;
	struct driver *d = vsock_new();
	assert_int_equal(driver_get(d, 0x008), 19);
	driver_config(d, 0, &cid, 8);
	assert_int_equal(le64toh(cid), CID);
	int listener = serve("vs_80");
	up(d, BUFFERS);
	say(d, REQUEST, 1000, 80, 0, NULL, 0);
	expect(d, RESPONSE, 80, 1000, &p);
	assert_true(p.buf_alloc >= 65536);
	int fd = accept(listener, NULL, NULL);
	say(d, RW, 1000, 80, 0, "hello", 5);
	comes(fd, "hello");
	assert_int_equal(write(fd, "world", 5), 5);
	expect(d, RW, 80, 1000, &p);
	assert_int_equal(p.fwd_cnt, 5);
	assert_int_equal(p.len, 5);
	assert_memory_equal(p.bytes, "world", 5);
	say(d, ASK, 1000, 80, 0, NULL, 0);
	expect(d, UPDATE, 80, 1000, &p);
	/* the guest ends its half, then the host its own */
	say(d, SHUTDOWN, 1000, 80, 2, NULL, 0);
	comes(fd, "");
	assert_int_equal(write(fd, "more", 4), 4);
	expect(d, RW, 80, 1000, &p);
	close(fd);
	expect(d, SHUTDOWN, 80, 1000, &p);
	assert_int_equal(p.flags, 3);
	say(d, SHUTDOWN, 1000, 80, 3, NULL, 0);
	expect(d, RST, 80, 1000, &p);
	/* where nobody listens */
	say(d, REQUEST, 1000, 81, 0, NULL, 0);
	expect(d, RST, 81, 1000, &p);
	close(listener);
	say(d, REQUEST, 1000, 80, 0, NULL, 0);
	expect(d, RST, 80, 1000, &p);
	driver_free(d);
}

static void
the_host_calls_the_guest(void **state)
{
	struct packet p;
	char ok[32];
	(void)state;
	struct driver *d = vsock_new();
	/* nobody is there yet */
	int fd = dial("CONNECT 22\n");
	comes(fd, "");
	close(fd);
	up(d, BUFFERS);
	fd = dial("CONNECT 22\nSSH");
	assert_true(take(d, &p));
	assert_int_equal(p.op, REQUEST);
	assert_int_equal(p.dst_port, 22);
	uint32_t ours = p.src_port;
	say(d, RESPONSE, 22, ours, 0, NULL, 0);
	snprintf(ok, sizeof ok, "OK %u\n", ours);
	comes(fd, ok);
	expect(d, RW, ours, 22, &p);
	assert_int_equal(p.len, 3);
	say(d, RW, 22, ours, 0, "banner", 6);
	comes(fd, "banner");
	/* another one meanwhile, which the guest refuses */
	int other = dial("CONN");
	for (int i = 0; i < 20; i++)
		driver_nap();
	assert_int_equal(write(other, "ECT 23\n", 7), 7);
	assert_true(take(d, &p));
	assert_int_equal(p.dst_port, 23);
	assert_int_not_equal(p.src_port, ours);
	say(d, RST, 23, p.src_port, 0, NULL, 0);
	comes(other, "");
	close(other);
	/* half an end, then the whole */
	shutdown(fd, SHUT_WR);
	expect(d, SHUTDOWN, ours, 22, &p);
	assert_int_equal(p.flags, 2);
	say(d, RW, 22, ours, 0, "last", 4);
	say(d, SHUTDOWN, 22, ours, 3, NULL, 0);
	comes(fd, "last");
	comes(fd, "");
	expect(d, RST, ours, 22, &p);
	close(fd);
	/* who does not speak the language */
	static const char *const bad[] = { "CONNECT x\n", "HELLO\n", "CONNECT 4294967296\n",
		                           "CONNECT 000000000000000000000000000000000000022\n" };
	for (size_t i = 0; i < 4; i++) {
		fd = dial(bad[i]);
		char c;
		assert_true(read(fd, &c, 1) <= 0);
		close(fd);
	}
	driver_free(d);
}

/* Each side stops where the other has no room, and goes on when there is some. */
static void
credit_is_kept(void **state)
{
	enum { BIG = 200000 };
	struct packet p;
	uint8_t *big = xmalloc(BIG);
	(void)state;
	for (size_t i = 0; i < BIG; i++)
		big[i] = (uint8_t)(i * 7 + (i >> 8));
	struct driver *d = vsock_new();
	int listener = serve("vs_80");
	up(d, BUFFERS);
	say(d, REQUEST, 1000, 80, 0, NULL, 0);
	expect(d, RESPONSE, 80, 1000, &p);
	int fd = accept(listener, NULL, NULL);
	close(listener);
	fcntl(fd, F_SETFL, O_NONBLOCK);
	/* the guest has room for 8192 bytes */
	size_t given = 0, got = 0, asked = 0;
	while (got < 50000) {
		ssize_t k = write(fd, big + given, 50000 - given);
		given += k > 0 ? (size_t)k : 0;
		if (!take(d, &p))
			fail_msg("it stands still after %zu bytes", got);
		if (p.op == ASK) {
			asked++;
			assert_int_equal(got % 8192, 0);
			say(d, UPDATE, 1000, 80, (uint32_t)got, NULL, 0);
			continue;
		}
		assert_int_equal(p.op, RW);
		assert_memory_equal(p.bytes, big + got, p.len);
		got += p.len;
	}
	assert_int_equal(asked, 6);
	/* The program reads nothing: what is sent waits, up to what was promised. */
	say(d, UPDATE, 1000, 80, (uint32_t)got, NULL, 0);
	for (size_t at = 0; at < BIG; at += 50000)
		say(d, RW, 1000, 80, 0, big + at, 50000);
	uint8_t *back = xmalloc(BIG);
	for (size_t at = 0; at < BIG;) {
		struct pollfd f = { fd, POLLIN, 0 };
		assert_int_equal(poll(&f, 1, 10000), 1);
		ssize_t k = read(fd, back + at, BIG - at);
		assert_true(k > 0);
		at += (size_t)k;
	}
	assert_memory_equal(big, back, BIG);
	expect(d, UPDATE, 80, 1000, &p);
	/* who sends more than that is cut off */
	for (int i = 0; i < 20; i++)
		say(d, RW, 1000, 80, 0, big, 50000);
	do
		assert_true(take(d, &p));
	while (p.op == UPDATE);
	assert_int_equal(p.op, RST);
	close(fd);
	free(back);
	free(big);
	driver_free(d);
}

/* What the guest sent before it hung up still comes out. */
static void
nothing_is_lost_at_the_end(void **state)
{
	enum { BIG = 60000, TIMES = 4 };
	struct packet p;
	uint8_t *big = xcalloc(1, BIG);
	(void)state;
	struct driver *d = vsock_new();
	int listener = serve("vs_80");
	up(d, BUFFERS);
	say(d, REQUEST, 1000, 80, 0, NULL, 0);
	expect(d, RESPONSE, 80, 1000, &p);
	int fd = accept(listener, NULL, NULL);
	int small = 4096;
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
	for (int i = 0; i < TIMES; i++)
		say(d, RW, 1000, 80, 0, big, BIG);
	say(d, SHUTDOWN, 1000, 80, 3, NULL, 0);
	do
		assert_true(take(d, &p));
	while (p.op == UPDATE);
	assert_int_equal(p.op, RST);
	/* the same numbers again, while the old bytes are on their way */
	say(d, REQUEST, 1000, 80, 0, NULL, 0);
	expect(d, RESPONSE, 80, 1000, &p);
	size_t all = 0;
	for (ssize_t k; (k = read(fd, big, BIG)) > 0;)
		all += (size_t)k;
	assert_int_equal(all, BIG * TIMES);
	close(fd);
	close(listener);
	free(big);
	driver_free(d);
}

/* Without buffers answers wait, and the guest is not listened to endlessly. */
static void
a_guest_without_buffers(void **state)
{
	struct packet p;
	unsigned count = 0;
	(void)state;
	struct driver *d = vsock_new();
	up(d, 0);
	uint8_t head[HEAD] = { CID };
	head[8] = 2;
	head[28] = 1;
	head[30] = RW;
	for (int i = 0; i < 200; i++) {
		struct part part = { driver_bytes(d, head, HEAD), HEAD, false };
		if (i < 32 + 64)
			driver_add(d, TX, &part, 1);
		driver_kick(d, TX);
		uint32_t h, n;
		while (driver_take(d, TX, &h, &n))
			count++;
	}
	assert_int_equal(count, 64);
	for (uint64_t i = 0; i < BUFFERS; i++)
		driver_add(d, RX, &(struct part){ rx_at + i * SIZE, SIZE, true }, 1);
	driver_kick(d, RX);
	for (int i = 0; i < 96; i++)
		expect(d, RST, 0, 0, &p);
	driver_free(d);
}

static void
packets_that_make_no_sense(void **state)
{
	struct packet p;
	(void)state;
	struct driver *d = vsock_new();
	int listener = serve("vs_80");
	up(d, BUFFERS);
	/* to nobody, of nobody, of another kind, longer than it is */
	static const struct {
		uint8_t at, value;
		uint16_t answer;
	} bad[] = { { 8, 3, RST }, { 0, 9, 0 }, { 28, 2, RST }, { 24, 1, 0 }, { 30, 99, RST } };
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		uint8_t head[HEAD] = { CID };
		head[8] = 2;
		head[16] = 7;
		head[20] = 80;
		head[28] = 1;
		head[30] = REQUEST;
		head[bad[i].at] = bad[i].value;
		struct part part = { driver_bytes(d, head, HEAD), HEAD, false };
		driver_do(d, TX, &part, 1);
		if (bad[i].answer)
			expect(d, bad[i].answer, 80, 7, &p);
		part.n = HEAD - 1;
		driver_do(d, TX, &part, 1);
	}
	/* a second request for the same, an answer to nothing */
	say(d, REQUEST, 1000, 80, 0, NULL, 0);
	expect(d, RESPONSE, 80, 1000, &p);
	say(d, REQUEST, 1000, 80, 0, NULL, 0);
	expect(d, RST, 80, 1000, &p);
	say(d, RESPONSE, 1000, 80, 0, NULL, 0);
	expect(d, RST, 80, 1000, &p);
	/* a reset is not answered */
	say(d, RST, 1000, 80, 0, NULL, 0);
	for (int i = 0; i < 20; i++)
		driver_nap();
	assert_int_equal(driver_used_index(d, RX), d->q[RX].seen);
	close(listener);
	driver_free(d);
}

static void
connections_do_not_travel(void **state)
{
	struct packet p;
	(void)state;
	struct driver *d = vsock_new();
	int listener = serve("vs_80");
	up(d, BUFFERS);
	uint64_t event = driver_room(d, 8, 8);
	driver_add(d, EVENT, &(struct part){ event, 8, true }, 1);
	say(d, REQUEST, 1000, 80, 0, NULL, 0);
	expect(d, RESPONSE, 80, 1000, &p);
	int fd = accept(listener, NULL, NULL);
	struct snap *s = driver_save(d);
	/* a rest alone ends nothing */
	board_wake(d->board);
	say(d, RW, 1000, 80, 0, "still", 5);
	comes(fd, "still");
	assert_int_equal(driver_used_index(d, EVENT), 0);
	uint64_t seen = d->q[RX].seen;
	struct driver copy = *d;
	driver_free(d);
	comes(fd, "");
	struct driver *t = vsock_new();
	driver_load(t, &copy, s);
	/* what came after the snapshot has not happened */
	t->q[TX].seen = driver_used_index(t, TX);
	t->q[TX].next = (uint16_t)(t->q[TX].seen % 32);
	assert_int_equal(t->q[RX].seen, seen);
	assert_int_equal(driver_wait(t, EVENT, 0), 4);
	assert_int_equal(*(uint32_t *)driver_ptr(t, event), 0);
	snap_free(s);
	driver_free(t);
	close(fd);
	close(listener);
}

static void
sockets_left_behind(void **state)
{
	struct err e = { 0 };
	struct sockaddr_un a = name_of("vs");
	(void)state;
	/* one that nobody listens on is replaced */
	close(serve("vs"));
	driver_free(vsock_new());
	assert_int_equal(access(a.sun_path, F_OK), -1);
	/* one that is in use is not, nor what is no socket */
	int fd = serve("vs");
	struct driver *d = driver_new();
	int dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_null(virtio_vsock_new(d->board, "vsock0", CID, dir, "vs", &e));
	assert_string_equal(e.what, "vsock0: socket 'vs': Address already in use");
	close(fd);
	unlink(a.sun_path);
	assert_null(virtio_vsock_new(d->board, "vsock0", 2, dir, "vs", &e));
	assert_null(virtio_vsock_new(d->board, "vsock0", 3, dir, "a/b", &e));
	close(dir);
	driver_free(d);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_guest_calls_the_host),
		TEST(the_host_calls_the_guest),
		TEST(credit_is_kept),
		TEST(nothing_is_lost_at_the_end),
		TEST(a_guest_without_buffers),
		TEST(packets_that_make_no_sense),
		TEST(connections_do_not_travel),
		TEST(sockets_left_behind),
	};
	struct err e;
	snprintf(folder, sizeof folder, "/tmp/joist-vsock-XXXXXX");
	if (!mkdtemp(folder))
		return 1;
	int rc = cmocka_run_group_tests(tests, NULL, NULL);
	file_remove(AT_FDCWD, folder, &e);
	return rc;
}
