/* SPDX-License-Identifier: Apache-2.0 */
/* Screen buffers of a console beside the one that it has: CreateConsoleScreenBuffer.
 *
 * A terminal has two screens, and that is what is shown: its own, and the other one (xterm's alternate
 * screen) for whichever of a program's buffers is active.  What is written to one that is not shown is
 * kept as text, and is written when its turn comes.  The terminal's own screen keeps what it shows by
 * itself.
 */
#include <stdlib.h>
#include <string.h>

#include "layer/api/nt/file/console.h"

enum { KEPT_MOST = 256 * 1024 };

struct screen {
	char *text; /* own: of the terminal's own screen only what was not shown */
	size_t n, room;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct screen first; /* the terminal's own */
static struct screen *active = &first;

static struct screen *
screen_of(const struct file *f)
{
	return f->own && f->own != f ? f->own : &first;
}

/* The newest stays.  Without memory for more it is not kept. */
static void
keep(struct screen *s, const char *text, size_t n)
{
	if (n > KEPT_MOST / 2) {
		text += n - KEPT_MOST / 2;
		n = KEPT_MOST / 2;
	}
	if (s->n + n > KEPT_MOST) { /* from a line on */
		char *line = memchr(s->text + s->n / 2, '\n', s->n - s->n / 2);
		size_t from = line ? (size_t)(line + 1 - s->text) : s->n;
		memmove(s->text, s->text + from, s->n - from);
		s->n -= from;
	}
	if (s->n + n > s->room) {
		size_t room = s->n + n < 4096 ? 4096 : 2 * (s->n + n);
		char *p = realloc(s->text, room);
		if (!p)
			return;
		s->text = p;
		s->room = room;
	}
	memcpy(s->text + s->n, text, n);
	s->n += n;
}

bool
console_hidden(struct file *f, const char *text, size_t n)
{
	struct screen *s = screen_of(f);
	if (s == &first && active == &first)
		return false; /* nearly always */
	pthread_mutex_lock(&lock);
	bool hidden = s != active;
	if (hidden || s != &first)
		keep(s, text, n);
	pthread_mutex_unlock(&lock);
	return hidden;
}

/* Under the lock. */
static void
show(struct file *f, struct screen *s)
{
	if (s == active)
		return;
	if (s == &first)
		console_put_raw(f, "\033[?1049l", 8);
	else
		console_put_raw(f, active == &first ? "\033[?1049h\033[2J\033[H" : "\033[2J\033[H",
		                active == &first ? 15 : 7);
	active = s;
	if (s->n)
		console_put_raw(f, s->text, s->n);
	if (s == &first)
		s->n = 0;
}

void
console_activate(struct file *f)
{
	pthread_mutex_lock(&lock);
	show(f, screen_of(f));
	pthread_mutex_unlock(&lock);
}

NTSTATUS
console_screen_new(struct file *f)
{
	struct screen *s = calloc(1, sizeof *s);
	if (!s)
		return STATUS_NO_MEMORY;
	f->own = s;
	return STATUS_SUCCESS;
}

/* The last handle of one that is shown: the terminal's own comes back. */
void
console_screen_close(struct file *f)
{
	struct screen *s = screen_of(f);
	if (s == &first || console_is_input(f))
		return;
	pthread_mutex_lock(&lock);
	if (s == active)
		show(f, &first);
	pthread_mutex_unlock(&lock);
}

void
console_screen_free(struct file *f)
{
	struct screen *s = screen_of(f);
	if (s == &first)
		return;
	free(s->text);
	free(s);
}

/* The end of the process; no lock, since nobody else runs, and who was stopped may have it. */
bool
console_screen_left(void)
{
	return active != &first;
}
