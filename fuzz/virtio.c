/* SPDX-License-Identifier: Apache-2.0 */
/* A guest of the worst kind: any registers, any rings, at every virtio device, behind
 * MMIO and PCI; and messages of 9P2000.L without a device.
 *
 * The first byte chooses the device, the second the transport.  What follows are
 * steps: a byte that says what, and its numbers.  So that a guest comes further
 * than to its first mistake there are steps that set a driver up as it should be and
 * give it well-formed chains of any contents. */
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/file.h"
#include "core/snap.h"
#include "layer/hal/dev/ninep.h"
#include "layer/hal/dev/pci.h"
#include "layer/hal/dev/virtio_9p.h"
#include "layer/hal/dev/virtio_balloon.h"
#include "layer/hal/dev/virtio_blk.h"
#include "layer/hal/dev/virtio_console.h"
#include "layer/hal/dev/virtio_gpu.h"
#include "layer/hal/dev/virtio_input.h"
#include "layer/hal/dev/virtio_net.h"
#include "layer/hal/dev/virtio_rng.h"
#include "layer/hal/dev/virtio_vsock.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

#define RAM      UINT64_C(0x80000000)
#define REGISTER UINT64_C(0x10001000)
#define ECAM     UINT64_C(0x30000000)
#define BAR      UINT64_C(0x40000000)

enum { SIZE = 1 << 20, RINGS = 0x8000, RING = 0x1000, QUEUE = 16, DISK = 64 << 10 };
enum {
	BLK,
	CONSOLE,
	NET,
	LOCAL_NET,
	RNG,
	SHARE,
	VSOCK,
	BALLOON,
	GPU,
	KEYBOARD,
	TABLET,
	NINEP,
	KINDS
};

struct guest {
	uint8_t kind;
	bool pci;
	struct board *board;
	struct bus *bus;
	struct virtio *v;
	int peer; /* our end of what the device talks to, or -1 */
	uint16_t given[VIRTIO_QUEUES];
	unsigned desc;
};

static char folder[] = "fuzz-XXXXXX";
static int folder_fd = -1;

/* -- what stands behind the devices ---------------------------------------------------- */

static uint8_t disk[DISK];

static int
disk_read_(void *d, uint64_t at, const struct iovec *v, int n)
{
	(void)d;
	for (int i = 0; i < n; at += v[i++].iov_len) {
		if (at > DISK || v[i].iov_len > DISK - at)
			abort();
		memcpy(v[i].iov_base, disk + at, v[i].iov_len);
	}
	return 0;
}

static int
disk_write_(void *d, uint64_t at, const struct iovec *v, int n)
{
	(void)d;
	for (int i = 0; i < n; at += v[i++].iov_len) {
		if (at > DISK || v[i].iov_len > DISK - at)
			abort();
		memcpy(disk + at, v[i].iov_base, v[i].iov_len);
	}
	return at % 3 ? 0 : -EIO;
}

static int
disk_range(void *d, uint64_t at, uint64_t n)
{
	(void)d;
	if (at > DISK || n > DISK - at)
		abort();
	return 0;
}

static int
disk_zero_(void *d, uint64_t at, uint64_t n, bool unmap)
{
	(void)unmap;
	return disk_range(d, at, n);
}

static const struct virtio_blk_disk disk_ops = {
	.read = disk_read_, .write = disk_write_, .discard = disk_range, .zero = disk_zero_
};

/* A folder with little in it, made anew for each input. */
static void
fill_folder(void)
{
	struct err e;
	if (folder_fd < 0) {
		if (!mkdtemp(folder))
			abort();
		folder_fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	}
	file_remove(folder_fd, "share", &e);
	mkdirat(folder_fd, "share", 0755);
	mkdirat(folder_fd, "share/d", 0755);
	file_write(folder_fd, "share/f", "hello", 5, 0644, false, &e);
	if (symlinkat("/etc", folder_fd, "share/l") < 0 || mkfifoat(folder_fd, "share/p", 0644) < 0)
		abort();
}

static int
share_fd(void)
{
	fill_folder();
	int fd = openat(folder_fd, "share", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		abort();
	return fd;
}

/* -- the computer ----------------------------------------------------------------------- */

static void
wire(void *ctx, unsigned line, bool level)
{
	(void)ctx, (void)line, (void)level;
}

static struct virtio *
device(struct guest *g)
{
	struct virtio_blk_options blk = { .size = DISK, .serial = "fuzz", .queues = 3 };
	struct virtio_net_options net = { .local = g->kind == LOCAL_NET };
	struct err e = { 0 };
	int s[2];
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, s) < 0)
		abort();
	g->peer = s[0];
	struct virtio *v = NULL;
	int fd;
	switch (g->kind) {
	case BLK: v = virtio_blk_new(g->board, "dev", &disk_ops, NULL, &blk); break;
	case CONSOLE: v = virtio_console_new(g->board, "dev", s[1], s[1], &e); break;
	case NET:
	case LOCAL_NET: net.fd = s[1]; return virtio_net_new(g->board, "dev", &net, &e);
	case RNG: v = virtio_rng_new(g->board, "dev"); break;
	case SHARE:
		fd = share_fd();
		v = virtio_9p_new(g->board, "dev", "fuzz", fd, false, &e);
		close(fd);
		break;
	case VSOCK:
		fill_folder();
		v = virtio_vsock_new(g->board, "dev", 3, folder_fd, "vs", &e);
		break;
	case BALLOON: v = virtio_balloon_new(g->board, "dev", 1000000); break;
	case GPU: v = virtio_gpu_new(g->board, "dev", 64, 64); break;
	case KEYBOARD: v = virtio_input_new(g->board, "dev", VIRTIO_INPUT_KEYBOARD); break;
	default: v = virtio_input_new(g->board, "dev", VIRTIO_INPUT_TABLET);
	}
	close(s[1]);
	return v;
}

static void
guest_new(struct guest *g)
{
	struct err e = { 0 };
	struct irq wires[4];
	struct pci *p = NULL;
	for (unsigned i = 0; i < 4; i++)
		wires[i] = (struct irq){ wire, NULL, i };
	g->board = board_new(RAM, SIZE, &e);
	if (!g->board)
		abort();
	g->bus = board_bus(g->board);
	if (g->pci)
		p = pci_new(g->board, ECAM, BAR, 0x40000000, wires, &e);
	g->v = device(g);
	if (!g->v || (p ? pci_virtio(p, g->v, &e) : virtio_mmio(g->v, REGISTER, wires[1], &e)) < 0)
		abort();
	board_reset(g->board);
	board_wake(g->board);
	if (g->pci) {
		bus_write(g->bus, ECAM + 0x8000 + 0x10, 4, BAR);
		bus_write(g->bus, ECAM + 0x8000 + 4, 2, 6);
	}
}

/* -- steps ---------------------------------------------------------------------------------- */

static void
set(struct guest *g, uint64_t at, unsigned size, uint64_t value)
{
	bus_write(g->bus, at, size, value);
}

/* As a driver does it: all that is offered, every queue at its place. */
static void
set_up(struct guest *g, uint64_t without)
{
	uint64_t features = g->v->offer & ~without;
	uint64_t status = g->pci ? BAR + 20 : REGISTER + 0x70;
	unsigned one = g->pci ? 1 : 4;
	set(g, status, one, 0);
	set(g, status, one, 3);
	for (unsigned i = 0; i < 2; i++) {
		set(g, g->pci ? BAR + 8 : REGISTER + 0x24, 4, i);
		set(g, g->pci ? BAR + 12 : REGISTER + 0x20, 4, (uint32_t)(features >> 32 * i));
	}
	set(g, status, one, 11);
	for (unsigned i = 0; i < VIRTIO_QUEUES; i++) {
		uint64_t at = RAM + RINGS + i * RING;
		memset(bus_ram(g->bus, at, RING), 0, RING);
		set(g, g->pci ? BAR + 22 : REGISTER + 0x30, g->pci ? 2 : 4, i);
		set(g, g->pci ? BAR + 24 : REGISTER + 0x38, g->pci ? 2 : 4, QUEUE);
		for (unsigned k = 0; k < 3; k++) {
			set(g, g->pci ? BAR + 32 + 8 * k : REGISTER + 0x80 + 0x10 * k, 4,
			    at + 0x400 * k);
			set(g, g->pci ? BAR + 36 + 8 * k : REGISTER + 0x84 + 0x10 * k, 4, 0);
		}
		set(g, g->pci ? BAR + 28 : REGISTER + 0x44, g->pci ? 2 : 4, 1);
		g->given[i] = 0;
	}
	set(g, status, one, 15);
}

static void
kick(struct guest *g, unsigned queue)
{
	if (g->pci)
		set(g, BAR + 0x3000 + 4 * queue, 2, queue);
	else
		set(g, REGISTER + 0x50, 4, queue);
}

/* What a thread of the device does is worth waiting for, a little. */
static void
settle(struct guest *g, unsigned queue)
{
	const uint16_t *used = bus_ram(g->bus, RAM + RINGS + queue * RING + 0x800, 4);
	uint16_t before = __atomic_load_n(used + 1, __ATOMIC_ACQUIRE);
	if (g->kind != BLK && g->kind != SHARE && g->kind != GPU)
		return;
	for (int i = 0; i < 20 && __atomic_load_n(used + 1, __ATOMIC_ACQUIRE) == before; i++)
		nanosleep(&(struct timespec){ .tv_nsec = 5000 }, NULL);
}

/* A chain of up to four buffers, with bytes from the input in those to read. */
static void
give(struct guest *g, struct cur *c)
{
	unsigned queue = cur_u8(c) % VIRTIO_QUEUES;
	unsigned shape = cur_u8(c), n = shape % 4 + 1;
	uint8_t *table = bus_ram(g->bus, RAM + RINGS + queue * RING, RING);
	uint16_t head = (uint16_t)(g->desc % QUEUE);
	for (unsigned i = 0; i < n; i++) {
		bool in = i >= (shape >> 2 & 7);
		uint32_t len = cur_u16(c) % 0x2000;
		uint64_t at = RAM + 0x10000 + g->desc % 64 * 0x2000;
		uint8_t *d = table + g->desc++ % QUEUE * 16;
		uint16_t flags = (uint16_t)((in ? 2 : 0) | (i + 1 < n ? 1 : 0));
		uint16_t next = (uint16_t)(g->desc % QUEUE);
		memcpy(d, &at, 8);
		memcpy(d + 8, &len, 4);
		memcpy(d + 12, &flags, 2);
		memcpy(d + 14, &next, 2);
		size_t left = cur_left(c), take = len < left ? len : left;
		if (!in && take > 0)
			memcpy(bus_ram(g->bus, at, len), cur_bytes(c, take), take);
	}
	uint16_t *avail = (uint16_t *)(void *)(table + 0x400);
	avail[2 + g->given[queue] % QUEUE] = head;
	__atomic_store_n(avail + 1, ++g->given[queue], __ATOMIC_RELEASE);
	kick(g, queue);
	settle(g, queue);
}

static void
save_and_load(struct guest *g)
{
	struct err e = { 0 };
	struct snap *s = snap_new();
	board_rest(g->board);
	if (board_save(g->board, s, &e) < 0 || snap_finish(s, &e) < 0)
		abort();
	struct snap *r = snap_of(snap_bytes(s)->p, snap_bytes(s)->n);
	/* What was saved can be loaded, whatever the guest did before. */
	if (board_load(g->board, r, &e) < 0)
		abort();
	snap_free(r);
	snap_free(s);
	json_decref(board_inspect(g->board));
	board_wake(g->board);
}

/* The other side of a device speaks, or something happens to it. */
static void
outside(struct guest *g, struct cur *c)
{
	static uint8_t drop[4096];
	uint8_t what = cur_u8(c);
	size_t n = cur_u8(c);
	n = n < cur_left(c) ? n : cur_left(c);
	const uint8_t *p = cur_bytes(c, n);
	if (what % 4 == 0)
		while (recv(g->peer, drop, sizeof drop, MSG_DONTWAIT) > 0)
			;
	if (p && send(g->peer, p, n, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
		what = 0;
	pthread_mutex_lock(&g->bus->lock);
	if (g->kind == BALLOON)
		virtio_balloon_target(g->v, (uint64_t)what << 12);
	else if (g->kind == GPU)
		virtio_gpu_resize(g->v, what, 64);
	else if (g->kind == KEYBOARD)
		virtio_input_key(g->v, what, what & 1);
	else if (g->kind == TABLET)
		virtio_input_point(g->v, what, what * 200u, what, what % 3 - 1);
	else if (g->kind == CONSOLE)
		virtio_console_resize(g->v, what, 5);
	else if (g->kind == BLK)
		virtio_blk_resize(g->v, what % 2 ? DISK : DISK / 2);
	pthread_mutex_unlock(&g->bus->lock);
	if (g->kind == VSOCK && what % 2) {
		struct sockaddr_un a = { .sun_family = AF_UNIX };
		snprintf(a.sun_path, sizeof a.sun_path, "%s/vs", folder);
		close(g->peer);
		g->peer = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
		if (connect(g->peer, (struct sockaddr *)&a, sizeof a) == 0 &&
		    send(g->peer, "CONNECT 7\n", 10, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
			return;
	}
}

static void
step(struct guest *g, struct cur *c)
{
	static const unsigned sizes[] = { 1, 2, 4, 8 };
	uint64_t value = 0;
	uint8_t what = cur_u8(c);
	unsigned size = sizes[what >> 4 & 3], offset;
	switch (what % 10) {
	case 0:
		offset = cur_u16(c);
		bus_write(g->bus, (g->pci ? BAR + offset % 0x4000 : REGISTER + offset % 0x200),
		          size, cur_u32(c));
		break;
	case 1:
		offset = cur_u16(c);
		bus_read(g->bus, (g->pci ? BAR + offset % 0x4000 : REGISTER + offset % 0x200), size,
		         &value);
		break;
	case 2: {
		offset = cur_u16(c);
		size_t n = cur_u8(c);
		n = n < cur_left(c) ? n : cur_left(c);
		const uint8_t *p = cur_bytes(c, n);
		if (p)
			memcpy(bus_ram(g->bus, RAM + RINGS + offset % 0x4000, n), p, n);
		break;
	}
	case 3: set_up(g, 0); break;
	case 4: set_up(g, (uint64_t)cur_u32(c)); break;
	case 5: kick(g, cur_u8(c)); break;
	case 6: outside(g, c); break;
	case 7:
		if (what >> 4 == 0)
			save_and_load(g);
		else if (g->pci)
			bus_write(g->bus, ECAM + 0x8000 + cur_u8(c), size, cur_u32(c));
		break;
	default: give(g, c); break;
	}
}

/* -- 9P without a device ------------------------------------------------------------------- */

static void
ninep(struct cur *c)
{
	struct err e = { 0 };
	struct buf m = { 0 }, reply = { 0 };
	int fd = share_fd();
	struct ninep *p = ninep_new(fd, false, &e);
	close(fd);
	if (!p)
		abort();
	/* a session, its root, what is in it */
	static const uint8_t first[] = "\27\0\0\0\150\0\0\0\0\0\0\377\377\377\377\0\0\0\0\0\0\0";
	ninep_serve(p, first, 23, &reply);
	while (cur_left(c) > 0) {
		uint8_t type = cur_u8(c);
		size_t n = cur_u8(c);
		n = n < cur_left(c) ? n : cur_left(c);
		m.n = 0;
		buf_u32(&m, (uint32_t)n + 7);
		buf_u8(&m, type);
		buf_u16(&m, 0);
		buf_put(&m, cur_bytes(c, n), n);
		/* of that size, so that a sanitizer sees what lies behind it */
		uint8_t *copy = xmalloc(m.n);
		memcpy(copy, m.p, m.n);
		ninep_serve(p, copy, m.n, &reply);
		free(copy);
		if (reply.n < 7 || reply.n > NINEP_MSIZE)
			abort();
	}
	m.n = 0;
	ninep_save(p, &m);
	struct cur saved = cur_of(m.p, m.n);
	if (ninep_load(p, &saved, &e) < 0 || cur_left(&saved) > 0)
		abort();
	ninep_free(p);
	buf_free(&m);
	buf_free(&reply);
	/* Nothing outside was touched. */
	struct stat st;
	if (fstatat(folder_fd, "share", &st, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISDIR(st.st_mode))
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct cur c = cur_of(data, n);
	struct guest g = { .kind = cur_u8(&c) % KINDS };
	g.pci = cur_u8(&c) % 2;
	if (g.kind == NINEP) {
		ninep(&c);
		return 0;
	}
	guest_new(&g);
	for (int i = 0; i < 300 && cur_left(&c) > 0; i++)
		step(&g, &c);
	save_and_load(&g);
	board_rest(g.board);
	board_free(g.board);
	if (g.peer >= 0)
		close(g.peer);
	return 0;
}
