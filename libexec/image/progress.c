/* SPDX-License-Identifier: Apache-2.0 */
#include "libexec/image/progress.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/str.h"

enum { ROWS = 500, BAR = 30 };

struct progress {
	const char *verb;
	bool quiet, terminal, started;
	struct progress_row *rows[ROWS]; /* own */
	size_t n;
	int drawn; /* lines on the terminal */
	pthread_t thread;
	atomic_bool end;
};

struct progress *
progress_new(const char *verb, bool quiet)
{
	struct progress *p = xcalloc(1, sizeof *p);

	p->verb = verb;
	p->quiet = quiet;
	p->terminal = !quiet && isatty(2);
	return p;
}

struct progress_row *
progress_row(struct progress *p, const char *digest, int64_t total)
{
	struct progress_row *r = xcalloc(1, sizeof *r);

	snprintf(r->name, sizeof r->name, "%.12s",
	         strchr(digest, ':') ? strchr(digest, ':') + 1 : digest);
	r->total = total;
	if (p->n < ROWS)
		p->rows[p->n++] = r;
	return r;
}

static void
bar(struct str *s, const struct progress_row *r, int64_t done)
{
	int full = r->total > 0 ? (int)(done * BAR / r->total) : BAR;

	str_addc(s, '[');
	for (int i = 0; i < BAR; i++)
		str_addc(s, i < full ? '=' : i == full ? '>' : ' ');
	str_addc(s, ']');
}

static void
draw(struct progress *p)
{
	struct winsize w = { 0 };
	struct str s = { 0 };
	char a[16], b[16];
	size_t shown = 0, most = 20;

	if (ioctl(2, TIOCGWINSZ, &w) == 0 && w.ws_row > 4)
		most = w.ws_row - 2u;
	if (p->drawn)
		str_printf(&s, "\033[%dA", p->drawn);
	/* Those that are done scroll away first when there is no room. */
	size_t skip = p->n > most ? p->n - most : 0;
	for (size_t i = 0; i < p->n && shown < most; i++) {
		struct progress_row *r = p->rows[i];
		int state = atomic_load(&r->state);
		if (skip && state >= PROGRESS_DONE) {
			skip--;
			continue;
		}
		int64_t done = atomic_load(&r->done);
		str_printf(&s, "\r\033[K%s ", r->name);
		switch (state) {
		case PROGRESS_WAITS: str_add(&s, "waits"); break;
		case PROGRESS_UNPACKS: str_add(&s, "unpacks"); break;
		case PROGRESS_DONE:
			str_printf(&s, "%s %s", p->verb, str_human((uint64_t)r->total, a));
			break;
		case PROGRESS_THERE: str_add(&s, "already there"); break;
		case PROGRESS_FAILED: str_add(&s, "failed"); break;
		default:
			bar(&s, r, done);
			str_printf(&s, " %s / %s", str_human((uint64_t)done, a),
			           str_human((uint64_t)r->total, b));
		}
		str_addc(&s, '\n');
		shown++;
	}
	p->drawn = (int)shown;
	if (s.n && write(2, s.p, s.n) < 0)
		p->terminal = false;
	str_free(&s);
}

static void
lines(struct progress *p)
{
	char a[16];

	for (size_t i = 0; i < p->n; i++) {
		struct progress_row *r = p->rows[i];
		int state = atomic_load(&r->state);
		if (r->said || state < PROGRESS_DONE)
			continue;
		r->said = true;
		if (state == PROGRESS_DONE)
			fprintf(stderr, "%s %s %s\n", r->name, p->verb,
			        str_human((uint64_t)r->total, a));
		else if (state == PROGRESS_THERE)
			fprintf(stderr, "%s already there\n", r->name);
	}
}

static void *
drawer(void *ctx)
{
	struct progress *p = ctx;
	struct timespec tenth = { .tv_nsec = 50000000 };

	while (!atomic_load(&p->end)) {
		p->terminal ? draw(p) : lines(p);
		nanosleep(&tenth, NULL);
	}
	return NULL;
}

void
progress_start(struct progress *p)
{
	p->started = !p->quiet && pthread_create(&p->thread, NULL, drawer, p) == 0;
}

void
progress_free(struct progress *p)
{
	if (!p)
		return;
	atomic_store(&p->end, true);
	if (p->started) {
		pthread_join(p->thread, NULL);
		p->terminal ? draw(p) : lines(p);
	}
	for (size_t i = 0; i < p->n; i++)
		free(p->rows[i]);
	free(p);
}

void
progress_say(bool quiet, const char *fmt, ...)
{
	va_list ap;

	if (quiet)
		return;
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
}
