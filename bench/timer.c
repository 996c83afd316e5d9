/* SPDX-License-Identifier: Apache-2.0 */
/* timer: how long programs take, side by side.
 *
 *   timer -n ROUNDS ROWS     each line of the file ROWS is NAME, a tab, a mount
 *                            namespace to join (or -), a tab, a command line of
 *                            plain words; %d in one is a number used only once.
 *   timer -p N COMMAND...    start N of them at once and wait for all; here %p is
 *                            the number.
 *
 * The rows are run in turns (A B C A B C ...), so that what disturbs the host
 * disturbs all alike.  The clock runs from execve to the end of the program; a
 * process that has already joined its namespace waits in front of execve.
 * Output: name, minimum and median of the wall clock, of the CPU time of the
 * program with all children it waited for (microseconds), the largest resident
 * size of any of them (KiB), and how often it failed.  It is linked statically
 * and keeps little: until its execve a child has our size. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { ROWS = 64, WORDS = 128, ROUNDS = 2000, LINE = 8192 };

struct row {
	char *name, *words[WORDS + 1];
	int ns;
	int32_t *wall, *cpu;
	long rss;
	int n, bad;
};

static struct row rows[ROWS];
static int nrows, serial;

static _Noreturn void
die(const char *what)
{
	perror(what);
	exit(2);
}

static int64_t
now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static void
split(char *line, char **words)
{
	int n = 0;

	for (char *w = strtok(line, " "); w && n < WORDS; w = strtok(NULL, " "))
		words[n++] = w;
	words[n] = NULL;
}

/* The words with the mark in each replaced; nobody frees them. */
static void
number(char *const *in, char **out, const char *mark, int value)
{
	int i = 0;

	for (; in[i]; i++) {
		char *d = strstr(in[i], mark);
		if (!d) {
			out[i] = in[i];
			continue;
		}
		size_t size = strlen(in[i]) + 12;
		out[i] = malloc(size);
		if (!out[i])
			die("timer");
		snprintf(out[i], size, "%.*s%d%s", (int)(d - in[i]), in[i], value, d + 2);
	}
	out[i] = NULL;
}

static void
once(struct row *r, int keep)
{
	char *argv[WORDS + 1], c = 0;
	int ready[2], go[2], status;
	struct rusage use;

	serial++;
	if (pipe2(ready, O_CLOEXEC) < 0 || pipe2(go, O_CLOEXEC) < 0)
		die("pipe");
	pid_t pid = fork();
	if (pid < 0)
		die("fork");
	if (pid == 0) {
		number(r->words, argv, "%d", serial);
		if (r->ns >= 0 && setns(r->ns, CLONE_NEWNS) < 0)
			die("setns");
		int null = open("/dev/null", O_RDWR);
		dup2(null, 0);
		dup2(null, 1);
		if (!getenv("TIMER_SHOW"))
			dup2(null, 2);
		if (write(ready[1], &c, 1) != 1 || read(go[0], &c, 1) != 1)
			_exit(99);
		alarm(60); /* a program that hangs fails, and does not hang us */
		execvp(argv[0], argv);
		_exit(98);
	}
	close(ready[1]);
	if (read(ready[0], &c, 1) != 1)
		r->bad++;
	int64_t start = now();
	if (write(go[1], &c, 1) != 1)
		die("write");
	while (wait4(pid, &status, 0, &use) < 0)
		if (errno != EINTR)
			die("wait4");
	int64_t wall = now() - start;
	close(ready[0]);
	close(go[0]);
	close(go[1]);
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
		r->bad++;
		return;
	}
	if (!keep)
		return;
	r->wall[r->n] = (int32_t)wall;
	r->cpu[r->n++] = (int32_t)((use.ru_utime.tv_sec + use.ru_stime.tv_sec) * 1000000 +
	                           use.ru_utime.tv_usec + use.ru_stime.tv_usec);
	if (use.ru_maxrss > r->rss)
		r->rss = use.ru_maxrss;
}

static int
smaller(const void *a, const void *b)
{
	return *(const int32_t *)a < *(const int32_t *)b
	               ? -1
	               : *(const int32_t *)a > *(const int32_t *)b;
}

static void
read_rows(const char *path, int rounds)
{
	char *line = malloc(LINE);
	FILE *f = fopen(path, "re");

	if (!f || !line)
		die(path);
	while (nrows < ROWS && fgets(line, LINE, f)) {
		struct row *r = &rows[nrows];
		line[strcspn(line, "\n")] = '\0';
		char *rest = strdup(line);
		r->name = strsep(&rest, "\t");
		char *ns = strsep(&rest, "\t");
		if (!rest)
			continue;
		split(rest, r->words);
		r->ns = strcmp(ns, "-") == 0 ? -1 : open(ns, O_RDONLY | O_CLOEXEC);
		if (strcmp(ns, "-") != 0 && r->ns < 0)
			die(ns);
		r->wall = calloc((size_t)rounds, sizeof *r->wall);
		r->cpu = calloc((size_t)rounds, sizeof *r->cpu);
		if (!r->wall || !r->cpu)
			die("timer");
		nrows++;
	}
	fclose(f);
	free(line);
}

static int
compare(int rounds, const char *path)
{
	read_rows(path, rounds);
	/* One round unseen, for caches of the kernel and of the programs. */
	for (int round = -1; round < rounds; round++)
		for (int i = 0; i < nrows; i++)
			once(&rows[i], round >= 0);
	for (int i = 0; i < nrows; i++) {
		struct row *r = &rows[i];
		qsort(r->wall, (size_t)r->n, sizeof *r->wall, smaller);
		qsort(r->cpu, (size_t)r->n, sizeof *r->cpu, smaller);
		printf("%s\t%d\t%d\t%d\t%d\t%ld\t%d\n", r->name, r->n ? r->wall[0] : 0,
		       r->n ? r->wall[r->n / 2] : 0, r->n ? r->cpu[0] : 0,
		       r->n ? r->cpu[r->n / 2] : 0, r->rss, r->bad);
	}
	return 0;
}

static int
parallel(int n, char **words)
{
	char *argv[WORDS + 1];
	int status, bad = 0;

	for (int i = 0; i < n; i++) {
		number(words, argv, "%p", (int)getpid() * 100 + i);
		pid_t pid = fork();
		if (pid < 0)
			die("fork");
		if (pid == 0) {
			execvp(argv[0], argv);
			_exit(98);
		}
	}
	while (wait(&status) > 0)
		bad += !WIFEXITED(status) || WEXITSTATUS(status) != 0;
	return bad > 0;
}

int
main(int argc, char **argv)
{
	int n = argc > 3 ? (int)strtol(argv[2], NULL, 10) : 0;

	if (n > 0 && n <= ROUNDS && strcmp(argv[1], "-n") == 0)
		return compare(n, argv[3]);
	if (n > 0 && n <= ROUNDS && argc - 3 <= WORDS && strcmp(argv[1], "-p") == 0)
		return parallel(n, argv + 3);
	fputs("usage: timer -n ROUNDS FILE | timer -p N COMMAND...\n", stderr);
	return 2;
}
