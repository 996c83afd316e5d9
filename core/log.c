/* SPDX-License-Identifier: Apache-2.0 */
#include "core/log.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/file.h"
#include "base/proc.h"
#include "base/str.h"
#include "base/vec.h"

enum { PIECE = 8192, NAME = 16 };

struct log {
	int dir; /* lent */
	int fd;  /* own */
	uint64_t size, max_size;
	unsigned max_files;
	struct str line[2]; /* what has no end yet, a stream each */
};

static const char *const streams[] = { "stdout", "stderr" };

static int
log_append(int dir)
{
	return openat(dir, "log", O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
}

struct log *
log_open(int dir, uint64_t max_size, unsigned max_files, struct err *e)
{
	struct stat st;
	int fd = log_append(dir);

	if (fd < 0 || fstat(fd, &st) < 0) {
		fail(e, errno, "cannot keep a log: %s", strerror(errno));
		if (fd >= 0)
			close(fd);
		return NULL;
	}
	struct log *l = xcalloc(1, sizeof *l);
	*l = (struct log){ .dir = dir,
		           .fd = fd,
		           .size = (uint64_t)st.st_size,
		           .max_size = max_size,
		           .max_files = max_files ? max_files : 1 };
	return l;
}

static void
turn_over(struct log *l)
{
	char from[NAME], to[NAME];

	for (unsigned i = l->max_files; i-- > 0;) {
		if (i == 0)
			snprintf(from, sizeof from, "log");
		else
			snprintf(from, sizeof from, "log.%u", i);
		snprintf(to, sizeof to, "log.%u", i + 1);
		if (i + 1 >= l->max_files)
			unlinkat(l->dir, from, 0);
		else
			renameat(l->dir, from, l->dir, to);
	}
	int fd = log_append(l->dir);
	if (fd >= 0) {
		close(l->fd);
		l->fd = fd;
		l->size = 0;
	}
}

static void
write_line(struct log *l, int stream, const char *text, size_t n, char tag)
{
	char head[80], when[40];
	struct str s = { 0 };

	int k = snprintf(head, sizeof head, "%s %s %c ", proc_time_text(proc_now(), when),
	                 streams[stream - 1], tag);
	str_addn(&s, head, (size_t)k);
	str_addn(&s, text, n);
	str_addc(&s, '\n');
	if (l->max_size && l->size > 0 && l->size + s.n > l->max_size)
		turn_over(l);
	if (file_write_all(l->fd, s.p, s.n) == 0)
		l->size += s.n;
	str_free(&s);
}

void
log_put(struct log *l, int stream, const char *bytes, size_t n)
{
	struct str *rest = &l->line[stream - 1];

	while (n > 0) {
		const char *nl = memchr(bytes, '\n', n);
		size_t k = nl ? (size_t)(nl - bytes) : n;
		bool cut = rest->n + k > PIECE;
		if (cut)
			k = PIECE - rest->n;
		if (rest->n == 0 && (nl || cut)) { /* the usual case: no copy */
			write_line(l, stream, bytes, k, cut ? 'P' : 'F');
		} else {
			str_addn(rest, bytes, k);
			if (nl || cut) {
				write_line(l, stream, str_text(rest), rest->n, cut ? 'P' : 'F');
				str_cut(rest, 0);
			}
		}
		if (nl && !cut)
			k++;
		bytes += k;
		n -= k;
	}
}

void
log_close(struct log *l)
{
	if (!l)
		return;
	for (int i = 0; i < 2; i++) {
		if (l->line[i].n > 0)
			write_line(l, i + 1, l->line[i].p, l->line[i].n, 'P');
		str_free(&l->line[i]);
	}
	close(l->fd);
	free(l);
}

/* -- reading ---------------------------------------------------------------- */

struct entry {
	int stream;
	int64_t when;
	const char *text; /* with its newline when it had one */
	size_t n;
};

/* Take one stored line apart (its newline is at line[n]).  The newline is given
 * out with a whole line and not with a piece. */
static bool
entry_of(char *line, size_t n, struct entry *en)
{
	char *sp = memchr(line, ' ', n);

	if (!sp)
		return false;
	*sp = '\0';
	en->when = proc_time_parse(line);
	*sp = ' ';
	char *p = sp + 1, *end = line + n;
	if (en->when < 0 || end - p < 9)
		return false;
	en->stream = memcmp(p, "stderr ", 7) == 0 ? 2 : 1;
	bool whole = p[7] == 'F';
	en->text = p + 9;
	en->n = (size_t)(end - en->text) + (whole ? 1 : 0);
	return p[8] == ' ';
}

struct reader {
	const struct log_query *q;
	struct str rest;
};

static bool
give(struct reader *r, char *line, size_t n)
{
	struct entry en;

	if (!entry_of(line, n, &en) || (r->q->since && en.when < r->q->since))
		return true;
	if (r->q->until && en.when > r->q->until)
		return false;
	return r->q->fn(r->q->ctx, en.stream, en.when, en.text, en.n);
}

static bool
drain(struct reader *r, int fd)
{
	char buf[32768];
	ssize_t got;

	while ((got = read(fd, buf, sizeof buf)) > 0) {
		str_addn(&r->rest, buf, (size_t)got);
		char *p = r->rest.p, *end = p + r->rest.n, *nl;
		while ((nl = memchr(p, '\n', (size_t)(end - p)))) {
			if (!give(r, p, (size_t)(nl - p)))
				return false;
			p = nl + 1;
		}
		size_t left = (size_t)(end - p);
		memmove(r->rest.p, p, left);
		str_cut(&r->rest, left);
	}
	return true;
}

/* Where the last k lines of an open file begin; *k is what is still wanted
 * from older files. */
static off_t
tail_start(int fd, int64_t *k)
{
	char buf[8192];
	off_t at = lseek(fd, 0, SEEK_END);
	int64_t want = *k + 1; /* the newline before the first line wanted */

	while (at > 0) {
		size_t n = at < (off_t)sizeof buf ? (size_t)at : sizeof buf;
		if (pread(fd, buf, n, at - (off_t)n) != (ssize_t)n)
			break;
		for (size_t i = n; i-- > 0;)
			if (buf[i] == '\n' && --want == 0) {
				*k = 0;
				return at - (off_t)n + (off_t)i + 1;
			}
		at -= (off_t)n;
	}
	*k = want > 0 ? want - 1 : 0;
	return 0;
}

static bool
turned(int dir, int fd)
{
	struct stat ours, now;

	return fstat(fd, &ours) == 0 && fstatat(dir, "log", &now, 0) == 0 &&
	       ours.st_ino != now.st_ino;
}

static void
follow(struct reader *r, int dir, int *fd)
{
	char path[40], buf[4096];
	int note = inotify_init1(IN_CLOEXEC);

	snprintf(path, sizeof path, "/proc/self/fd/%d", dir);
	if (note >= 0)
		inotify_add_watch(note, path, IN_MODIFY | IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM);
	for (bool more = true; more;) {
		/* Asked before the last read, so that nothing written before the
		 * end is missed. */
		bool alive = !r->q->alive || r->q->alive(r->q->ctx);
		more = drain(r, *fd);
		while (more && turned(dir, *fd)) {
			int next = openat(dir, "log", O_RDONLY | O_CLOEXEC);
			if (next < 0)
				break;
			close(*fd);
			*fd = next;
			more = drain(r, *fd);
		}
		if (!more || !alive || (r->q->until && proc_now() > r->q->until))
			break;
		struct pollfd p = { .fd = note, .events = POLLIN };
		if (poll(&p, note >= 0, 500) > 0 && read(note, buf, sizeof buf) < 0 &&
		    errno != EINTR)
			break;
	}
	if (note >= 0)
		close(note);
}

int
log_read(int dir, const struct log_query *q, struct err *e)
{
	struct reader r = { .q = q };
	struct vec fds = { 0 };
	char name[NAME];
	int64_t want = q->tail;

	/* Newest first, as many as are wanted. */
	for (int i = 0; want != 0 || i == 0; i++) {
		if (i == 0)
			snprintf(name, sizeof name, "log");
		else
			snprintf(name, sizeof name, "log.%d", i);
		int fd = openat(dir, name, O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			break;
		if (want >= 0)
			lseek(fd, tail_start(fd, &want), SEEK_SET);
		vec_push(&fds, (void *)(intptr_t)fd);
	}
	if (fds.n == 0 && q->follow) {
		int fd = openat(dir, "log", O_RDONLY | O_CREAT | O_CLOEXEC, 0600);
		if (fd < 0)
			return fail(e, errno, "cannot read the log: %s", strerror(errno));
		vec_push(&fds, (void *)(intptr_t)fd);
	}
	bool more = true;
	for (size_t i = fds.n; i-- > 0;) {
		int fd = (int)(intptr_t)fds.p[i];
		if (more)
			more = drain(&r, fd);
		if (more && i == 0 && q->follow)
			follow(&r, dir, &fd);
		close(fd);
	}
	str_free(&r.rest);
	vec_free(&fds);
	return 0;
}
