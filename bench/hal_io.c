/* SPDX-License-Identifier: Apache-2.0 */
/* hal_io -- what bench/hal.sh runs in the guest: how fast its disk and its network are.
 *
 *   hal_io read FILE DEPTH               all of it, by pieces of 1 MiB: MB/s
 *   hal_io random FILE SECONDS DEPTH N   4 KiB anywhere, N threads: reads a second
 *   hal_io send HOST PORT MB             to whoever listens, who answers with a byte at the end: Mbit/s
 *
 * Each thread has DEPTH reads under way at once, past the guest's own cache (O_DIRECT), by
 * io_uring with a registered file and registered buffers, as fio does with ioengine=io_uring,
 * fixedbufs and registerfiles. Prints "@@E name number".
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum { PIECE = 1 << 20, BLOCK = 4096, DEPTH = 128, THREADS = 16 };

static double
now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void
die(const char *what)
{
	perror(what);
	exit(1);
}

static void *
aligned(size_t n)
{
	void *p = NULL;
	if (posix_memalign(&p, BLOCK, n) != 0)
		die("memory");
	return p;
}

/* A ring of reads (io_uring(7)); entries of the submission ring are used in order. */
struct reads {
	int fd, file;
	size_t size; /* of each read */
	unsigned depth;
	struct io_uring_sqe *sqe;
	_Atomic unsigned *sq_tail, *cq_head, *cq_tail;
	unsigned sq_mask, cq_mask, *sq_array;
	struct io_uring_cqe *cqe;
	uint8_t *memory; /* of depth reads */
	uint64_t x;      /* of random positions */
	uint64_t count;
};

static void *
ring_at(int fd, off_t what, size_t n)
{
	void *p = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd, what);
	if (p == MAP_FAILED)
		die("mmap");
	return p;
}

static void
begin(struct reads *r, const char *path, size_t size, unsigned depth)
{
	struct io_uring_params p = { 0 };
	r->file = open(path, O_RDONLY | O_DIRECT);
	if (r->file < 0)
		die(path);
	r->fd = (int)syscall(SYS_io_uring_setup, depth, &p);
	if (r->fd < 0)
		die("io_uring_setup");
	r->size = size;
	r->depth = depth;
	uint8_t *sq = ring_at(r->fd, IORING_OFF_SQ_RING, p.sq_off.array + p.sq_entries * 4);
	uint8_t *cq =
	        ring_at(r->fd, IORING_OFF_CQ_RING, p.cq_off.cqes + p.cq_entries * sizeof *r->cqe);
	r->sqe = ring_at(r->fd, IORING_OFF_SQES, p.sq_entries * sizeof *r->sqe);
	r->sq_tail = (void *)(sq + p.sq_off.tail);
	r->sq_mask = p.sq_entries - 1;
	r->sq_array = (void *)(sq + p.sq_off.array);
	r->cq_head = (void *)(cq + p.cq_off.head);
	r->cq_tail = (void *)(cq + p.cq_off.tail);
	r->cq_mask = p.cq_entries - 1;
	r->cqe = (void *)(cq + p.cq_off.cqes);
	r->memory = aligned(size * depth);
	memset(r->memory, 0, size * depth);
	struct iovec v = { r->memory, size * depth };
	if (syscall(SYS_io_uring_register, r->fd, IORING_REGISTER_BUFFERS, &v, 1) < 0 ||
	    syscall(SYS_io_uring_register, r->fd, IORING_REGISTER_FILES, &r->file, 1) < 0)
		die("io_uring_register");
}

static void
put(struct reads *r, unsigned slot, int64_t at)
{
	unsigned tail = atomic_load_explicit(r->sq_tail, memory_order_relaxed);
	r->sq_array[tail & r->sq_mask] = tail & r->sq_mask;
	r->sqe[tail & r->sq_mask] =
	        (struct io_uring_sqe){ .opcode = IORING_OP_READ_FIXED,
		                       .flags = IOSQE_FIXED_FILE,
		                       .off = (uint64_t)at,
		                       .addr = (uintptr_t)(r->memory + r->size * slot),
		                       .len = (uint32_t)r->size,
		                       .user_data = slot };
	atomic_store_explicit(r->sq_tail, tail + 1, memory_order_release);
}

/* Keep `depth` reads under way, each where next() says, until that is negative. */
static void
all(struct reads *r, int64_t (*next)(struct reads *r))
{
	unsigned idle[DEPTH], flying = 0, n = r->depth;
	for (unsigned i = 0; i < n; i++)
		idle[i] = i;
	for (;;) {
		unsigned go = 0;
		for (int64_t at; go < n && (at = next(r)) >= 0; go++)
			put(r, idle[go], at);
		flying += go;
		if (!flying)
			return;
		if (syscall(SYS_io_uring_enter, r->fd, go, 1, IORING_ENTER_GETEVENTS, NULL, 0) < 0)
			die("io_uring_enter");
		unsigned head = atomic_load_explicit(r->cq_head, memory_order_relaxed);
		unsigned tail = atomic_load_explicit(r->cq_tail, memory_order_acquire);
		for (n = 0; head != tail; head++, n++) {
			const struct io_uring_cqe *c = &r->cqe[head & r->cq_mask];
			if (c->res != (int)r->size)
				die("read");
			idle[n] = (unsigned)c->user_data;
		}
		atomic_store_explicit(r->cq_head, head, memory_order_release);
		flying -= n;
		r->count += n;
	}
}

static int64_t size, position;
static double last;

static int64_t
one_after_the_other(struct reads *r)
{
	(void)r;
	position += PIECE;
	return position <= size ? position - PIECE : -1;
}

static int64_t
anywhere(struct reads *r)
{
	uint64_t *x = &r->x;
	*x ^= *x << 13, *x ^= *x >> 7, *x ^= *x << 17;
	if (*x % 16 == 0 && now() >= last)
		return -1;
	return (int64_t)((*x >> 8) % ((uint64_t)size / BLOCK) * BLOCK);
}

static void
sequential(const char *path, unsigned depth)
{
	static struct reads r;
	begin(&r, path, PIECE, depth);
	size = lseek(r.file, 0, SEEK_END);
	double start = now();
	all(&r, one_after_the_other);
	printf("@@E read %.1f\n", (double)r.count * PIECE / (now() - start) / 1e6);
}

static void *
reader(void *r)
{
	all(r, anywhere);
	return NULL;
}

static void
random_reads(const char *path, double seconds, unsigned depth, unsigned threads)
{
	static struct reads r[THREADS];
	pthread_t t[THREADS];
	uint64_t count = 0;
	for (unsigned i = 0; i < threads; i++) {
		begin(&r[i], path, BLOCK, depth);
		r[i].x = (i + 1) * UINT64_C(0x9e3779b97f4a7c15);
	}
	size = lseek(r[0].file, 0, SEEK_END);
	double start = now();
	last = start + seconds;
	for (unsigned i = 0; i < threads; i++)
		if (pthread_create(&t[i], NULL, reader, &r[i]) != 0)
			die("thread");
	for (unsigned i = 0; i < threads; i++) {
		pthread_join(t[i], NULL);
		count += r[i].count;
	}
	printf("@@E random %.0f\n", (double)count / (now() - start));
}

static void
sending(const char *host, int port, uint64_t n)
{
	static char piece[PIECE];
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	inet_pton(AF_INET, host, &a.sin_addr);
	if (connect(fd, (struct sockaddr *)&a, sizeof a) < 0)
		die(host);
	double start = now();
	for (uint64_t left = n; left;) {
		ssize_t sent = write(fd, piece, left < PIECE ? left : PIECE);
		if (sent <= 0)
			die("write");
		left -= (uint64_t)sent;
	}
	shutdown(fd, SHUT_WR);
	/* all has arrived */
	if (read(fd, piece, 1) != 1)
		die("answer");
	printf("@@E send %.1f\n", (double)n * 8 / (now() - start) / 1e6);
}

static unsigned
up_to(unsigned most, const char *text)
{
	unsigned long n = strtoul(text, NULL, 10);
	return n < 1 || n > most ? 1 : (unsigned)n;
}

int
main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";
	if (argc == 4 && strcmp(what, "read") == 0)
		sequential(argv[2], up_to(DEPTH, argv[3]));
	else if (argc == 6 && strcmp(what, "random") == 0)
		random_reads(argv[2], strtod(argv[3], NULL), up_to(DEPTH, argv[4]),
		             up_to(THREADS, argv[5]));
	else if (argc == 5 && strcmp(what, "send") == 0)
		sending(argv[2], (int)strtol(argv[3], NULL, 10),
		        (uint64_t)strtoull(argv[4], NULL, 10) << 20);
	else
		return 2;
	return 0;
}
