/* SPDX-License-Identifier: Apache-2.0 */
#include "test/hal/driver.h"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <linux/if.h>
#include <linux/if_tun.h>

#include "layer/hal/dev/virtio_net.h"

enum { RX = 0, TX = 1, HEAD = 12 };
enum { CSUM = 1, GUEST_CSUM = 2, MRG = 1 << 15, STATUS = 1 << 16, HOST_TSO4 = 1 << 11 };

static const uint8_t mac[6] = { 0x52, 0x54, 0, 1, 2, 3 };

static struct driver *
net_new(int *us, bool local)
{
	struct err e = { 0 };
	int s[2];
	struct driver *d = driver_new();
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, s), 0);
	struct virtio_net_options o = { .fd = s[1], .local = local, .mtu = local ? 65520 : 0 };
	memcpy(o.mac, mac, 6);
	struct virtio *v = virtio_net_new(d->board, "net0", &o, &e);
	assert_non_null(v);
	driver_plug(d, v);
	*us = s[0];
	return d;
}

static void
take(int fd, void *to, size_t n)
{
	for (size_t at = 0; at < n;) {
		struct pollfd p = { fd, POLLIN, 0 };
		assert_int_equal(poll(&p, 1, 10000), 1);
		ssize_t k = read(fd, (char *)to + at, n - at);
		assert_true(k > 0);
		at += (size_t)k;
	}
}

/* The next frame on the wire. */
static uint32_t
take_frame(int fd, uint8_t *to)
{
	uint32_t n;
	take(fd, &n, 4);
	n = ntohl(n);
	assert_true(n <= 65535);
	take(fd, to, n);
	return n;
}

static void
give_frame(int fd, const void *p, uint32_t n)
{
	uint32_t size = htonl(n);
	assert_int_equal(write(fd, &size, 4), 4);
	assert_int_equal(write(fd, p, n), n);
}

static void
pattern(uint8_t *p, size_t n, unsigned seed)
{
	for (size_t i = 0; i < n; i++)
		p[i] = (uint8_t)(i * 31 + i / 251 + seed);
}

static void
what_it_offers(void **state)
{
	int us;
	uint8_t c[12];
	(void)state;
	struct driver *d = net_new(&us, false);
	assert_int_equal(driver_get(d, 0x008), 1);
	assert_int_equal(driver_offer(d) & 0xffffff, CSUM | 1 << 5 | MRG | STATUS);
	driver_config(d, 0, c, 8);
	assert_memory_equal(c, mac, 6);
	assert_int_equal(c[6], 1);
	driver_free(d);
	close(us);
	d = net_new(&us, true);
	assert_int_equal(driver_offer(d) & 0xffffff,
	                 CSUM | GUEST_CSUM | 1 << 3 | 1 << 5 | 7 << 11 | MRG | STATUS);
	driver_config(d, 0, c, 12);
	assert_memory_equal(c + 6, "\1\0\0\0\360\377", 6);
	driver_free(d);
	close(us);
}

static void
frames_go_out_with_their_length(void **state)
{
	int us;
	uint8_t got[2000];
	(void)state;
	struct driver *d = net_new(&us, false);
	driver_up(d, MRG, 64);
	for (uint32_t n = 14; n < 1600; n += 17) {
		uint64_t at = driver_room(d, HEAD + n, 1);
		uint8_t *p = driver_ptr(d, at);
		pattern(p + HEAD, n, n);
		/* the header alone, with the frame, in pieces */
		uint32_t cut = n % 3 == 0 ? HEAD : n % 3 == 1 ? 5 : HEAD + 3;
		struct part part[2] = { { at, cut, false }, { at + cut, HEAD + n - cut, false } };
		assert_int_equal(driver_do(d, TX, part, 2), 0);
		assert_int_equal(take_frame(us, got), n);
		assert_memory_equal(got, p + HEAD, n);
	}
	/* what is no frame comes back and is not seen */
	static const uint32_t bad[] = { 1, HEAD - 1, HEAD, HEAD + 13, HEAD + 65536, 1 << 20 };
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		struct part p = { driver_room(d, bad[i], 1), bad[i], false };
		driver_do(d, TX, &p, 1);
		p.in = true;
		driver_do(d, TX, &p, 1);
	}
	struct part p = { driver_room(d, 100, 1), 100, false };
	driver_do(d, TX, &p, 1);
	assert_int_equal(take_frame(us, got), 88);
	driver_free(d);
	close(us);
}

/* RFC 1071, as it stands there. */
static uint16_t
slow_sum(const uint8_t *p, size_t n)
{
	uint32_t sum = 0;
	for (size_t i = 0; i < n; i++)
		sum += i % 2 ? p[i] : (uint32_t)p[i] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

static void
checksums_are_completed(void **state)
{
	int us;
	static uint8_t got[65536];
	(void)state;
	struct driver *d = net_new(&us, true);
	driver_up(d, CSUM | HOST_TSO4 | VIRTIO_INDIRECT_DESC, 64);
	for (uint32_t n = 54; n < 65536; n = n * 5 / 3 + 1) {
		uint64_t heap = d->heap, at = driver_room(d, HEAD + n, 1);
		uint8_t *p = driver_ptr(d, at);
		pattern(p + HEAD, n, n);
		p[0] = 1;  /* NEEDS_CSUM */
		p[6] = 34; /* from the TCP header */
		p[8] = 16; /* where it has its checksum */
		/* in as many pieces as wanted, odd ones too */
		unsigned k = n % 11 + 1;
		if (n % 5 == 0)
			k = 60;
		if (n % 7 == 0 && n > 2000)
			k = 400; /* it is copied then */
		uint64_t table = driver_room(d, 16 * (k + 1), 16);
		for (unsigned i = 0; i <= k; i++) {
			uint32_t from = i ? HEAD + (uint32_t)((uint64_t)n * (i - 1) / k) : 0;
			uint32_t to = i ? HEAD + (uint32_t)((uint64_t)n * i / k) : HEAD;
			driver_desc(d, table, (uint16_t)i, at + from, to - from, i < k,
			            (uint16_t)(i + 1));
		}
		driver_desc(d, d->q[TX].desc, 5, table, 16 * (k + 1), 4, 0);
		driver_offer_head(d, TX, 5);
		driver_kick(d, TX);
		uint32_t size;
		memset(got, 0, sizeof got);
		assert_int_equal(size = take_frame(us, got), n);
		driver_wait(d, TX, 5);
		assert_memory_equal(got, p + HEAD, 50);
		assert_memory_equal(got + 52, p + HEAD + 52, n - 52);
		assert_int_equal((uint16_t)(got[50] << 8 | got[51]),
		                 (uint16_t)~slow_sum(p + HEAD + 34, n - 34));
		/* the guest's own copy is as it was */
		assert_int_equal(p[HEAD + 50], (uint8_t)(50 * 31 + n));
		d->heap = heap;
	}
	/* places that are none */
	static const uint8_t bad[][4] = { { 0xff, 0xff, 0, 0 },
		                          { 34, 0, 0xff, 0xff },
		                          { 99, 0, 0, 0 },
		                          { 13, 0, 0, 0 },
		                          { 0, 0, 50, 0 } };
	for (size_t i = 0; i < 5; i++) {
		struct part part = { driver_room(d, HEAD + 100, 1), HEAD + 100, false };
		uint8_t *p = driver_ptr(d, part.at);
		pattern(p + HEAD, 100, 1);
		p[0] = 1;
		memcpy(p + 6, bad[i], 4);
		driver_do(d, TX, &part, 1);
		assert_int_equal(take_frame(us, got), 100);
		assert_memory_equal(got, p + HEAD, 100);
	}
	driver_free(d);
	close(us);
}

/* More than a socket holds: nothing is lost, doubled or in another order, also
 * not when the guest takes back a frame of which half is sent. */
static void
a_peer_that_reads_slowly(void **state)
{
	enum { FRAMES = 3000, ROOM = 128 };
	int us;
	uint8_t got[65536];
	uint32_t head = 0, n = 0;
	(void)state;
	struct driver *d = net_new(&us, false);
	driver_up(d, MRG | VIRTIO_EVENT_IDX, 256);
	uint64_t at = driver_room(d, ROOM * 4096, 1);
	unsigned given = 0, back = 0, seen = 0;
	while (seen < FRAMES) {
		while (given < FRAMES && given - back < ROOM) {
			uint64_t p = at + given % ROOM * 4096;
			uint32_t size = 60 + given * 37 % 3900;
			pattern(driver_ptr(d, p), HEAD + size, given);
			struct part part = { p, HEAD + size, false };
			((uint8_t *)driver_ptr(d, p))[0] = 0;
			driver_add(d, TX, &part, 1);
			given++;
		}
		driver_kick(d, TX);
		for (int i = 0; i < 40 && seen < FRAMES; i++) {
			uint32_t size = 60 + seen * 37 % 3900;
			if (seen >= given)
				break;
			assert_int_equal(take_frame(us, got), size);
			for (uint32_t k = 0; k < size; k++)
				assert_int_equal(got[k], (uint8_t)((k + HEAD) * 31 +
				                                   (k + HEAD) / 251 + seen));
			seen++;
		}
		while (driver_take(d, TX, &head, &n))
			back++;
	}
	/* half a frame, then a reset */
	struct part part[8];
	for (int i = 0; i < 8; i++)
		part[i] = (struct part){ at, HEAD + 60000, false };
	pattern(driver_ptr(d, at), HEAD + 60000, 0);
	*(uint8_t *)driver_ptr(d, at) = 0;
	for (int i = 0; i < 8; i++)
		driver_add(d, TX, &part[i], 1);
	driver_kick(d, TX);
	assert_int_equal(take_frame(us, got), 60000);
	driver_up(d, MRG, 64);
	memset(driver_ptr(d, at), 0, 60000);
	struct part last = { driver_room(d, HEAD + 77, 1), HEAD + 77, false };
	driver_add(d, TX, &last, 1);
	driver_kick(d, TX);
	while ((n = take_frame(us, got)) == 60000)
		for (uint32_t k = 0; k < n; k++)
			assert_int_equal(got[k], (uint8_t)((k + HEAD) * 31 + (k + HEAD) / 251));
	assert_int_equal(n, 77);
	driver_free(d);
	close(us);
}

static void
frames_come_in(void **state)
{
	int us;
	uint8_t frame[2000];
	(void)state;
	struct driver *d = net_new(&us, false);
	driver_up(d, 0, 8);
	pattern(frame, 2000, 3);
	uint64_t at = driver_room(d, 4096, 16);
	struct part p[2] = { { at, HEAD, true }, { at + HEAD, 1514, true } };
	/* one that waits, one that is waited for */
	give_frame(us, frame, 60);
	assert_int_equal(driver_do(d, RX, p, 2), HEAD + 60);
	assert_memory_equal(driver_ptr(d, at), "\0\0\0\0\0\0\0\0\0\0\1\0", HEAD);
	assert_memory_equal(driver_ptr(d, at + HEAD), frame, 60);
	uint16_t head = driver_add(d, RX, p, 2);
	driver_kick(d, RX);
	/* too long for the buffer, too short for a frame: lost */
	give_frame(us, frame, 1515);
	give_frame(us, frame, 13);
	give_frame(us, frame, 0);
	give_frame(us, frame, 1514);
	assert_int_equal(driver_wait(d, RX, head), HEAD + 1514);
	assert_memory_equal(driver_ptr(d, at + HEAD), frame, 1514);
	driver_free(d);
	close(us);
}

/* One frame in many buffers, all seen at once. */
static void
buffers_are_merged(void **state)
{
	int us;
	uint8_t frame[20000], got[20100];
	uint32_t head = 0, n = 0, all = 0, count = 0;
	(void)state;
	struct driver *d = net_new(&us, true);
	driver_up(d, MRG | GUEST_CSUM, 64);
	pattern(frame, sizeof frame, 9);
	uint64_t at = driver_room(d, 64 * 1024, 16);
	/* too few, so it waits */
	for (uint64_t i = 0; i < 10; i++)
		driver_add(d, RX, &(struct part){ at + i * 1024, 1024, true }, 1);
	driver_kick(d, RX);
	give_frame(us, frame, sizeof frame);
	for (int i = 0; i < 20; i++)
		driver_nap();
	assert_int_equal(driver_used_index(d, RX), 0);
	for (uint64_t i = 10; i < 30; i++)
		driver_add(d, RX, &(struct part){ at + i * 1024, 1024, true }, 1);
	driver_kick(d, RX);
	for (int i = 0; i < 5000 && !driver_used_index(d, RX); i++)
		driver_nap();
	assert_int_equal(driver_used_index(d, RX), (HEAD + 20000 + 1023) / 1024);
	while (driver_take(d, RX, &head, &n)) {
		memcpy(got + all, driver_ptr(d, at + head * 1024), n);
		all += n;
		count++;
	}
	assert_int_equal(all, HEAD + 20000);
	assert_int_equal(got[0], 2); /* DATA_VALID */
	assert_int_equal(got[10], count);
	assert_memory_equal(got + HEAD, frame, 20000);
	/* what is left of the buffers is used by the next */
	give_frame(us, frame, 100);
	driver_wait(d, RX, count);
	driver_free(d);
	close(us);
}

static void
a_peer_that_goes_away(void **state)
{
	int us;
	uint8_t c[8];
	(void)state;
	for (int how = 0; how < 3; how++) {
		struct driver *d = net_new(&us, false);
		driver_up(d, STATUS, 8);
		struct part p = { driver_room(d, 2000, 1), 2000, true };
		if (how != 1) {
			driver_add(d, RX, &p, 1);
			driver_kick(d, RX);
		}
		if (how == 2)
			assert_int_equal(write(us, "\xff\xff\xff\xff", 4), 4);
		else
			close(us);
		p.in = false;
		if (how == 1)
			driver_do(d, TX, &p, 1);
		for (int i = 0; i < 5000 && !d->level; i++)
			driver_nap();
		driver_config(d, 0, c, 8);
		assert_int_equal(c[6], 0);
		assert_int_not_equal(driver_ack(d) & 2, 0);
		/* and frames are lost, not stuck */
		driver_do(d, TX, &p, 1);
		driver_do(d, TX, &p, 1);
		driver_free(d);
		if (how == 2)
			close(us);
	}
}

static void
it_goes_on_elsewhere(void **state)
{
	int us, us2;
	uint8_t frame[100], got[2000];
	(void)state;
	struct driver *d = net_new(&us, true), *t = net_new(&us2, true);
	driver_up(d, MRG | CSUM | GUEST_CSUM, 8);
	struct part p = { driver_room(d, 2000, 1), 2000, true }, o = p;
	o.in = false;
	uint16_t head = driver_add(d, RX, &p, 1);
	driver_do(d, TX, &o, 1);
	struct snap *s = driver_save(d);
	driver_load(t, d, s);
	pattern(frame, 100, 1);
	give_frame(us2, frame, 100);
	assert_int_equal(driver_wait(t, RX, head), HEAD + 100);
	driver_do(t, TX, &o, 1);
	assert_int_equal(take_frame(us2, got), 2000 - HEAD);
	snap_free(s);
	driver_free(t);
	driver_free(d);
	close(us);
	close(us2);
}

static void
not_everything_is_a_network(void **state)
{
	struct err e = { 0 };
	(void)state;
	struct driver *d = driver_new();
	struct virtio_net_options o = { .fd = -1 };
	assert_null(virtio_net_new(d->board, "net0", &o, &e));
	assert_string_equal(e.what, "net0: Bad file descriptor");
	o.fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	o.tap = true;
	assert_null(virtio_net_new(d->board, "net0", &o, &e));
	assert_string_equal(e.what, "net0: the descriptor is no TAP device");
	driver_free(d);
}

/* -- a TAP device, in a network of our own; the last test ------------------------------ */

static int
tap_new(short flags)
{
	struct ifreq r = { .ifr_flags = flags };
	memcpy(r.ifr_name, "joist0", 7);
	int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return -1;
	if (ioctl(fd, TUNSETIFF, &r) < 0) {
		close(fd);
		return -1;
	}
	int s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr = { htonl(0x0a000001) } };
	memcpy(&r.ifr_addr, &a, sizeof a);
	assert_int_equal(ioctl(s, SIOCSIFADDR, &r), 0);
	r.ifr_flags = IFF_UP | IFF_RUNNING;
	assert_int_equal(ioctl(s, SIOCSIFFLAGS, &r), 0);
	close(s);
	return fd;
}

static void
a_tap_device(void **state)
{
	struct err e = { 0 };
	(void)state;
	if (unshare(CLONE_NEWUSER | CLONE_NEWNET) < 0)
		skip();
	int fd = tap_new(IFF_TAP | IFF_NO_PI);
	if (fd < 0)
		skip();
	struct driver *d = driver_new();
	static const struct dhcp_lease lease = { .ip = 0x0a000002,
		                                 .mask = 0xff000000,
		                                 .router = 0x0a000001 };
	struct virtio_net_options o = { .fd = fd, .tap = true, .lease = &lease };
	assert_null(virtio_net_new(d->board, "net0", &o, &e));
	assert_string_equal(e.what, "net0: joist0 is no TAP device with virtio headers");
	assert_int_not_equal(o.fd = tap_new(IFF_TAP | IFF_NO_PI | IFF_VNET_HDR), -1);
	memcpy(o.mac, mac, 6);
	driver_plug(d, virtio_net_new(d->board, "net0", &o, &e));
	assert_int_equal(driver_offer(d) & 0xffffff,
	                 CSUM | GUEST_CSUM | 1 << 5 | 7 << 7 | 7 << 11 | MRG | STATUS);
	driver_up(d, CSUM | GUEST_CSUM | MRG | 7 << 7, 64);
	uint64_t at = driver_room(d, 64 * 2048, 16);
	for (uint64_t i = 0; i < 64; i++)
		driver_add(d, RX, &(struct part){ at + i * 2048, 2048, true }, 1);
	driver_kick(d, RX);
	/* who has 10.0.0.1? tell 10.0.0.2 */
	uint8_t arp[HEAD + 42] = { 0 };
	memset(arp + HEAD, 0xff, 6);
	memcpy(arp + HEAD + 6, mac, 6);
	memcpy(arp + HEAD + 12, "\x08\x06\0\1\x08\0\6\4\0\1", 10);
	memcpy(arp + HEAD + 22, mac, 6);
	memcpy(arp + HEAD + 28, "\12\0\0\2\0\0\0\0\0\0\12\0\0\1", 14);
	struct part p = { driver_bytes(d, arp, sizeof arp), sizeof arp, false };
	driver_do(d, TX, &p, 1);
	bool found = false;
	for (int i = 0; i < 20000 && !found; i++) {
		uint32_t head = 0, n = 0;
		if (!driver_take(d, RX, &head, &n)) {
			driver_nap();
			continue;
		}
		const uint8_t *got = driver_ptr(d, at + head * 2048);
		found = n >= HEAD + 42 && !memcmp(got + HEAD + 12, "\x08\x06", 2) &&
		        !memcmp(got + HEAD + 20, "\0\2", 2) &&
		        !memcmp(got + HEAD + 28, "\12\0\0\1", 4);
	}
	assert_true(found);
	/* its address */
	static const uint8_t discover[] = {
		0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x52, 0x54, 0,  1,   2, 3, 8, 0, 0x45,
		0,    1,    16,   0,    0,    0,    0,    64,   17, 0,   0, 0, 0, 0, 0,
		255,  255,  255,  255,  0,    68,   0,    67,   0,  252, 0, 0, 1, 1, 6,
	};
	uint8_t dhcp[HEAD + 286] = { 0 };
	memcpy(dhcp + HEAD, discover, sizeof discover);
	memcpy(dhcp + HEAD + 278, "\x63\x82\x53\x63\x35\1\1\377", 8);
	struct part ask = { driver_bytes(d, dhcp, sizeof dhcp), sizeof dhcp, false };
	driver_do(d, TX, &ask, 1);
	found = false;
	for (int i = 0; i < 20000 && !found; i++) {
		uint32_t head = 0, n = 0;
		if (!driver_take(d, RX, &head, &n)) {
			driver_nap();
			continue;
		}
		const uint8_t *got = driver_ptr(d, at + head * 2048);
		found = n > HEAD + 282 && !memcmp(got + HEAD + 34, "\0\103\0\104", 4) &&
		        !memcmp(got + HEAD + 58, "\12\0\0\2", 4);
	}
	assert_true(found);
	/* a header that makes no sense is the kernel's to refuse */
	memset(arp, 0xff, HEAD);
	p.at = driver_bytes(d, arp, sizeof arp);
	driver_do(d, TX, &p, 1);
	driver_free(d);
}

UNIT_MAIN(TEST(what_it_offers), TEST(frames_go_out_with_their_length),
          TEST(checksums_are_completed), TEST(a_peer_that_reads_slowly), TEST(frames_come_in),
          TEST(buffers_are_merged), TEST(a_peer_that_goes_away), TEST(it_goes_on_elsewhere),
          TEST(not_everything_is_a_network), TEST(a_tap_device))
