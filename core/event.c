/* SPDX-License-Identifier: Apache-2.0 */
#include "core/event.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json.h"
#include "base/proc.h"
#include "base/str.h"
#include "core/store.h"

enum { MOST = 1 << 20 };

/* The file to write to, which stays open.  Whoever finds it full turns it over, and all others
 * see at their next line that they hold the old one, or one that somebody has removed. */
static int
events_file(struct store *s)
{
	struct stat ours, now;

	if (s->events >= 0 && fstat(s->events, &ours) == 0 &&
	    (ours.st_size > MOST || ours.st_nlink == 0)) {
		if (fstatat(s->dir, "events", &now, 0) == 0 && now.st_ino == ours.st_ino)
			renameat(s->dir, "events", s->dir, "events.1");
		close(s->events);
		s->events = -1;
	}
	if (s->events < 0)
		s->events =
		        openat(s->dir, "events", O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
	return s->events;
}

void
event_add(struct store *s, const char *event, const char *name, const char *detail)
{
	char when[40];
	int fd = events_file(s);

	if (fd < 0)
		return;
	json_t *o = json_pack("{s:s, s:s, s:s}", "time", proc_time_text(proc_now(), when), "event",
	                      event, "name", name);
	if (detail)
		json_object_set_new(o, "detail", json_string(detail));
	struct str line = { 0 };
	char *text = json_dumps(o, JSON_COMPACT);
	str_add(&line, text ? text : "{}");
	str_addc(&line, '\n');
	/* In one write as a rule, so that no other's line comes between. */
	file_write_all(fd, line.p, line.n);
	free(text);
	str_free(&line);
	json_decref(o);
}

struct reader {
	int64_t since, until;
	bool (*fn)(void *ctx, const char *line);
	void *ctx;
	struct str rest; /* a line whose end has not come yet */
};

/* Give out the whole lines of rest; false when the caller has enough. */
static bool
lines(struct reader *r)
{
	char *p = r->rest.p, *nl;
	bool more = true;

	if (!p)
		return true;
	while (more && (nl = memchr(p, '\n', (size_t)(r->rest.p + r->rest.n - p)))) {
		*nl = '\0';
		json_t *o = json_loads(p, 0, NULL);
		int64_t t = proc_time_parse(json_str(o, "time", ""));
		if (o && (!r->since || t >= r->since) && (!r->until || t <= r->until))
			more = r->fn(r->ctx, p);
		json_decref(o);
		p = nl + 1;
	}
	size_t left = (size_t)(r->rest.p + r->rest.n - p);
	memmove(r->rest.p, p, left);
	str_cut(&r->rest, left);
	return more;
}

static bool
drain(struct reader *r, int fd)
{
	char buf[16384];
	ssize_t n;

	while ((n = read(fd, buf, sizeof buf)) > 0) {
		str_addn(&r->rest, buf, (size_t)n);
		if (!lines(r))
			return false;
	}
	return true;
}

static int
follow_file(struct store *s, struct reader *r, int fd, struct err *e)
{
	int note = inotify_init1(IN_CLOEXEC);
	char buf[4096];

	if (note < 0 || inotify_add_watch(note, s->path, IN_MODIFY | IN_CREATE | IN_MOVED_TO) < 0) {
		if (note >= 0)
			close(note);
		return fail(e, errno, "cannot watch '%s': %s", s->path, strerror(errno));
	}
	bool more = true;
	while (more) {
		struct stat ours, now;
		struct pollfd p = { .fd = note, .events = POLLIN };
		int64_t left = r->until ? (r->until - proc_now()) / 1000000 : -1;
		if (r->until && left <= 0)
			break;
		poll(&p, 1, left > 1000000 ? 1000000 : (int)left);
		if (p.revents && read(note, buf, sizeof buf) < 0 && errno != EINTR)
			break;
		more = drain(r, fd);
		/* Turned over: the rest of the old one is read, go on in the new. */
		if (more && fstat(fd, &ours) == 0 && fstatat(s->dir, "events", &now, 0) == 0 &&
		    ours.st_ino != now.st_ino) {
			int next = openat(s->dir, "events", O_RDONLY | O_CLOEXEC);
			if (next >= 0) {
				dup3(next, fd, O_CLOEXEC);
				close(next);
				more = drain(r, fd);
			}
		}
	}
	close(note);
	return 0;
}

int
event_read(struct store *s, bool follow, int64_t since, int64_t until,
           bool (*fn)(void *ctx, const char *line), void *ctx, struct err *e)
{
	static const char *const files[] = { "events.1", "events" };
	struct reader r = { .since = since, .until = until, .fn = fn, .ctx = ctx };
	int rc = 0;

	for (int i = 0; i < 2; i++) {
		int fd = openat(s->dir, files[i],
		                O_RDONLY | O_CLOEXEC | (i && follow ? O_CREAT : 0), 0600);
		if (fd < 0)
			continue;
		bool more = drain(&r, fd);
		if (more && i == 1 && follow)
			rc = follow_file(s, &r, fd, e);
		close(fd);
		if (!more)
			break;
	}
	str_free(&r.rest);
	return rc;
}
