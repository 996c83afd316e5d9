/* SPDX-License-Identifier: Apache-2.0 */
/* hal_io -- what bench/hal.sh runs in the guest: how fast its disk and its network are.
 *
 *   hal_io read FILE              all of it, by pieces of 1 MiB: MB/s
 *   hal_io random FILE SECONDS N  4 KiB anywhere, N threads: reads a second
 *   hal_io send HOST PORT MB      to whoever listens, who answers with a byte at the end: Mbit/s
 *
 * The guest's own cache is not asked (O_DIRECT). Prints "@@E name number".
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { PIECE = 1 << 20, BLOCK = 4096, THREADS = 64 };

static const char *path;
static uint64_t blocks;
static double last;
static _Atomic uint64_t done;

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

static int
device(void)
{
	int fd = open(path, O_RDONLY | O_DIRECT);
	if (fd < 0)
		die(path);
	return fd;
}

static void
sequential(void)
{
	char *p = aligned(PIECE);
	uint64_t n = 0;
	ssize_t got;
	int fd = device();
	double start = now();
	while ((got = read(fd, p, PIECE)) > 0)
		n += (uint64_t)got;
	printf("@@E read %.1f\n", (double)n / (now() - start) / 1e6);
}

static void *
reader(void *seed)
{
	uint64_t x = (uintptr_t)seed * UINT64_C(0x9e3779b97f4a7c15);
	char *p = aligned(BLOCK);
	int fd = device();
	while (now() < last) {
		x ^= x << 13, x ^= x >> 7, x ^= x << 17;
		if (pread(fd, p, BLOCK, (off_t)(x % blocks * BLOCK)) != BLOCK)
			die("read");
		atomic_fetch_add(&done, 1);
	}
	return NULL;
}

static void
anywhere(double seconds, unsigned threads)
{
	pthread_t t[THREADS];
	blocks = (uint64_t)lseek(device(), 0, SEEK_END) / BLOCK;
	double start = now();
	last = start + seconds;
	for (uintptr_t i = 0; i < threads; i++)
		if (pthread_create(&t[i], NULL, reader, (void *)(i + 1)) != 0)
			die("thread");
	for (unsigned i = 0; i < threads; i++)
		pthread_join(t[i], NULL);
	printf("@@E random %.0f\n", (double)atomic_load(&done) / (now() - start));
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

int
main(int argc, char **argv)
{
	path = argc > 2 ? argv[2] : "";
	if (argc == 3 && strcmp(argv[1], "read") == 0)
		sequential();
	else if (argc == 5 && strcmp(argv[1], "random") == 0 &&
	         strtoul(argv[4], NULL, 10) <= THREADS)
		anywhere(strtod(argv[3], NULL), (unsigned)strtoul(argv[4], NULL, 10));
	else if (argc == 5 && strcmp(argv[1], "send") == 0)
		sending(argv[2], (int)strtol(argv[3], NULL, 10),
		        (uint64_t)strtoull(argv[4], NULL, 10) << 20);
	else
		return 2;
	return 0;
}
