/* SPDX-License-Identifier: Apache-2.0 */
/* The current folder, and ordinary names in it.
 *
 * The folder is kept open, as Windows keeps it: a name in it is looked for from its descriptor,
 * which the host finds sooner than the whole path.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "layer/api/nt/file/path.h"
#include "layer/api/nt/process/birth.h"
#include "layer/api/nt/text/utf.h"
#include "layer/api/nt/thread/steady.h"

/* It, open.  Whoever has a name in it holds a count. */
struct path_base {
	_Atomic uint32_t refs;
	int fd;        /* own */
	char *host;    /* own; "" for the host's root */
	size_t n;      /* of host */
	size_t root;   /* as struct path's */
	bool readonly; /* as struct path's */
};

static _Atomic uint32_t lock;  /* steady.h's, and under it: */
static WCHAR *current;         /* own, ends with a backslash */
static WCHAR *current_of[26];  /* own, or NULL: the root */
static struct path_base *base; /* own (a count); NULL: not opened */
static uint32_t turn;          /* how often the folder has changed */
static uint32_t refused;       /* the turn + 1 of a folder that could not be opened */

/* -- its name ------------------------------------------------------------------- */

static WCHAR *
first_current(void)
{
	WCHAR *w = birth.cwd ? path_windows(birth.cwd) : NULL;
	if (!w)
		w = utf_copy(u"C:\\", 3);
	size_t n = w ? utf_length(w) : 0;
	if (n && w[n - 1] != '\\') {
		WCHAR *longer = realloc(w, (n + 2) * sizeof *w);
		if (longer) {
			w = longer;
			w[n] = '\\';
			w[n + 1] = 0;
		}
	}
	return w;
}

WCHAR *
path_current_room(size_t room, size_t *n)
{
	steady_lock(&lock);
	if (!current)
		current = first_current();
	*n = current ? utf_length(current) : 0;
	WCHAR *w = current ? malloc((*n + room + 1) * sizeof *w) : NULL;
	if (w)
		memcpy(w, current, (*n + 1) * sizeof *w);
	steady_unlock(&lock);
	return w;
}

WCHAR *
path_current(void)
{
	size_t n;
	return path_current_room(0, &n);
}

NTSTATUS
path_current_of(WCHAR l, WCHAR **out)
{
	l = utf_upper(l);
	if (l < 'A' || l > 'Z')
		return STATUS_OBJECT_NAME_INVALID;
	WCHAR *now = path_current();
	if (!now)
		return STATUS_NO_MEMORY;
	if (utf_upper(now[0]) == l) {
		size_t n = utf_length(now);
		if (n > 3)
			now[n - 1] = 0;
		*out = now;
		return STATUS_SUCCESS;
	}
	free(now);
	steady_lock(&lock);
	const WCHAR root[] = { l, ':', '\\', 0 }, *w = current_of[l - 'A'];
	*out = w ? utf_copy(w, utf_length(w)) : utf_copy(root, 3);
	steady_unlock(&lock);
	return *out ? STATUS_SUCCESS : STATUS_NO_MEMORY;
}

/* -- going to another ------------------------------------------------------------- */

static void
unref(struct path_base *b)
{
	if (!b || atomic_fetch_sub_explicit(&b->refs, 1, memory_order_acq_rel) != 1)
		return;
	close(b->fd);
	free(b->host);
	free(b);
}

static bool
is_folder(struct path *p, NTSTATUS *s)
{
	struct stat st;
	if (p->device)
		*s = STATUS_OBJECT_NAME_INVALID;
	else if (stat(p->host, &st) < 0 && (*s = path_search(p, true)) >= 0 &&
	         stat(p->host, &st) < 0)
		*s = status_errno(errno);
	if (*s >= 0 && !S_ISDIR(st.st_mode))
		*s = STATUS_NOT_A_DIRECTORY;
	return *s >= 0;
}

/* w ends with a backslash; `of`: what the drive remembers.  Takes both over. */
static void
go_to(WCHAR *w, WCHAR *of)
{
	steady_lock(&lock);
	struct path_base *left = base;
	WCHAR *before = current, *forgotten = of;
	unsigned d = utf_upper(w[0]) - 'A';
	current = w;
	base = NULL;
	turn++;
	if (d < 26) {
		forgotten = current_of[d];
		current_of[d] = of;
	}
	steady_unlock(&lock);
	unref(left);
	free(before);
	free(forgotten);
}

NTSTATUS
path_set_current(const WCHAR *p)
{
	WCHAR *full;
	NTSTATUS s = path_full(p, &full);
	if (s < 0)
		return s;
	const WCHAR *name = full;
	if (path_kind(full) == PATH_DEVICE && full[5] == ':')
		name += 4;
	struct path path;
	s = path_parse(full, &path);
	if (s < 0)
		goto out;
	bool there = is_folder(&path, &s);
	path_free(&path);
	if (!there)
		goto out;
	size_t n = utf_length(name);
	WCHAR *w = malloc((n + 2) * sizeof *w);
	WCHAR *of = utf_copy(name, n);
	if (!w || !of) {
		free(w);
		free(of);
		s = STATUS_NO_MEMORY;
		goto out;
	}
	memcpy(w, name, n * sizeof *w);
	if (n > 3 && of[n - 1] == '\\')
		of[n - 1] = 0;
	if (w[n - 1] != '\\')
		w[n++] = '\\';
	w[n] = 0;
	go_to(w, of);
out:
	free(full);
	return s;
}

/* -- names in it ------------------------------------------------------------------ */

/* Once for each folder; without the lock. */
static void
open_base(uint32_t now)
{
	struct path p = { 0 };
	WCHAR *w = path_current();
	struct path_base *b = calloc(1, sizeof *b);
	/* spelled as it is on the host, perhaps only then */
	bool ok = w && b && path_parse(w, &p) >= 0 && p.host &&
	          (access(p.host, F_OK) == 0 || path_search(&p, true) >= 0);
	if (ok) {
		b->fd = open(p.host, O_PATH | O_DIRECTORY | O_CLOEXEC);
		ok = b->fd >= 0;
	}
	if (ok) {
		b->host = p.host;
		b->n = strlen(p.host);
		if (b->n == 1)
			b->host[b->n = 0] = 0;
		b->root = p.root;
		b->readonly = p.readonly;
		atomic_init(&b->refs, 1);
		p.host = NULL;
	} else {
		free(b);
		b = NULL;
	}
	path_free(&p);
	free(w);
	steady_lock(&lock);
	if (b && turn == now && !base) {
		base = b;
		b = NULL;
	} else if (!ok)
		refused = now + 1;
	steady_unlock(&lock);
	unref(b);
}

static struct path_base *
borrow(void)
{
	steady_lock(&lock);
	struct path_base *b = base;
	uint32_t now = turn;
	bool open_it = !b && refused != turn + 1;
	if (b)
		atomic_fetch_add_explicit(&b->refs, 1, memory_order_relaxed);
	steady_unlock(&lock);
	if (open_it)
		open_base(now);
	return b;
}

/* What is not simply a part of a name, of ASCII. */
enum { PLAIN, REFUSED, SEPARATOR, TRIMMED };
static const uint8_t kinds[128] = {
	['\\'] = SEPARATOR, ['/'] = SEPARATOR, [' '] = TRIMMED, ['.'] = TRIMMED,
	['"'] = REFUSED,    ['<'] = REFUSED,   ['>'] = REFUSED, ['|'] = REFUSED,
	['?'] = REFUSED,    ['*'] = REFUSED,   [':'] = REFUSED,
};

bool
path_plain(const WCHAR *p, struct path *out)
{
	enum { LONGEST = 512 };
	char name[LONGEST];
	size_t n = 0, start = 0;
	uint8_t before = SEPARATOR;
	for (; p[n]; n++) {
		uint8_t k = p[n] >= 32 && p[n] <= 126 ? kinds[p[n]] : REFUSED;
		if (k == REFUSED || n == LONGEST)
			return false;
		if (k == SEPARATOR) {
			/* \x, a\\b, a.\b, and what dots and spaces at an end mean */
			if (before != PLAIN)
				return false;
			start = n + 1;
		}
		name[n] = k == SEPARATOR ? '/' : (char)p[n];
		before = k;
	}
	if (before != PLAIN)
		return false;
	/* it could be a device's: NUL, CON, AUX, PRN, COM1, LPT1 */
	char first = (char)(name[start] & ~0x20);
	if (n - start <= 7 &&
	    (first == 'N' || first == 'C' || first == 'A' || first == 'P' || first == 'L'))
		return false;
	struct path_base *b = borrow();
	char *host = b ? malloc(b->n + n + 2) : NULL;
	if (!host) {
		unref(b);
		return false;
	}
	memcpy(host, b->host, b->n);
	host[b->n] = '/';
	memcpy(host + b->n + 1, name, n);
	host[b->n + 1 + n] = 0;
	*out = (struct path){ .host = host, .root = b->root, .readonly = b->readonly, .base = b };
	return true;
}

int
path_at(const struct path *p, const char **name)
{
	*name = p->host + (p->base ? p->base->n + 1 : 0);
	return p->base ? p->base->fd : AT_FDCWD;
}

void
path_leave(struct path *p)
{
	unref(p->base);
	p->base = NULL;
}
