/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/api/nt/file/dir.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/str.h"
#include "layer/api/nt/process/birth.h"
#include "layer/api/nt/text/utf.h"

struct dir {
	int fd;             /* lent */
	struct str text;    /* names, each with its zero */
	const char **names; /* own; into text, sorted */
	size_t n, at;
	bool facts;
	size_t units; /* of the expression, for a new look */
	WCHAR expression[MAX_PATH];
};

/* -- expressions -------------------------------------------------------------------- */

/* Places in the expression from which the rest of a name can match, as a set; one unit of the
 * name after another moves it.  The DOS wildcards know the name's last dot and its end. */
bool
dir_match(const WCHAR *x, size_t n, const WCHAR *name, size_t m)
{
	bool sets[2][MAX_PATH + 2] = { { 0 } };
	if (n > MAX_PATH)
		return false;
	size_t last_dot = m;
	while (last_dot > 0 && name[last_dot - 1] != '.')
		last_dot--;
	bool *now = sets[0], *next = sets[1];
	now[0] = true;
	for (size_t i = 0; i <= m; i++) {
		/* what matches nothing can be passed */
		for (size_t k = 0; k < n; k++)
			if (now[k] && (x[k] == '*' || x[k] == '<' ||
			               (x[k] == '>' && (i == m || name[i] == '.')) ||
			               (x[k] == '"' && i == m)))
				now[k + 1] = true;
		if (i == m)
			break;
		memset(next, 0, (n + 1) * sizeof *next);
		WCHAR c = utf_upper(name[i]);
		bool any = false;
		for (size_t k = 0; k < n; k++) {
			if (!now[k])
				continue;
			switch (x[k]) {
			case '*': next[k] = any = true; break;
			case '<':
				/* all but the last dot */
				if (i + 1 != last_dot)
					next[k] = any = true;
				else
					next[k + 1] = any = true;
				break;
			case '?': next[k + 1] = any = true; break;
			case '>':
				if (c != '.')
					next[k + 1] = any = true;
				break;
			case '"':
				if (c == '.')
					next[k + 1] = any = true;
				break;
			default:
				if (utf_upper(x[k]) == c)
					next[k + 1] = any = true;
			}
		}
		if (!any)
			return false;
		bool *t = now;
		now = next;
		next = t;
	}
	return now[n];
}

/* What FindFirstFile makes of an expression: ? also matches nothing before a dot, *. has no
 * extension, and *.* is all. */
static size_t
dos_expression(const WCHAR *x, size_t n, WCHAR *out)
{
	if (n == 3 && x[0] == '*' && x[1] == '.' && x[2] == '*') {
		out[0] = '*';
		return 1;
	}
	for (size_t i = 0; i < n; i++) {
		WCHAR c = x[i];
		if (c == '?')
			c = '>';
		else if (c == '.' && i + 1 < n && (x[i + 1] == '?' || x[i + 1] == '*'))
			c = '"';
		else if (c == '*' && i + 1 < n && x[i + 1] == '.' && i + 2 == n)
			c = '<';
		else if (c == '.' && i + 1 == n && i && x[i - 1] == '*')
			c = '"';
		out[i] = c;
	}
	return n;
}

/* -- reading ------------------------------------------------------------------------ */

static int
compare(const void *a, const void *b)
{
	const unsigned char *p = *(const unsigned char *const *)a,
	                    *q = *(const unsigned char *const *)b;
	for (;; p++, q++) {
		int c = *p >= 'a' && *p <= 'z' ? *p - 32 : *p,
		    d = *q >= 'a' && *q <= 'z' ? *q - 32 : *q;
		if (c != d)
			return c - d;
		if (!c)
			return 0;
	}
}

struct record {
	uint64_t ino;
	int64_t off;
	unsigned short length;
	unsigned char type;
	char name[];
};

static bool
dots(const char *name)
{
	return name[0] == '.' && (!name[1] || (name[1] == '.' && !name[2]));
}

static bool
wanted(const WCHAR *x, size_t n, const char *name)
{
	WCHAR w[MAX_PATH];
	if (n == 0 || (n == 1 && x[0] == '*'))
		return true;
	size_t len = strlen(name);
	return len < MAX_PATH && dir_match(x, n, w, utf_to_16(w, name, len));
}

/* A folder that the sandbox does not show, above some that it does: its names are theirs. */
static bool
above(const char *folder, size_t n, const char *shown)
{
	return strncmp(folder, shown, n) == 0 && (n == 1 || shown[n] == '/') && shown[n] != '\0';
}

int
dir_open(const char *host)
{
	int fd = open(host, O_RDONLY | O_DIRECTORY | O_CLOEXEC), why = errno;
	size_t n = strlen(host);
	if (fd >= 0 || errno != EACCES)
		return fd;
	while (n > 1 && host[n - 1] == '/')
		n--;
	for (size_t i = 0; i < birth.nshow; i++)
		if (above(host, n, birth.show[i].path))
			return open(host, O_PATH | O_DIRECTORY | O_CLOEXEC);
	errno = why;
	return -1;
}

static long
read_above(struct dir *d, const WCHAR *x, size_t n)
{
	char link[32], path[4096], name[256];
	snprintf(link, sizeof link, "/proc/self/fd/%d", d->fd);
	ssize_t len = readlink(link, path, sizeof path - 1);
	if (len <= 0)
		return -1;
	path[len] = '\0';
	size_t from = len == 1 ? 1 : (size_t)len + 1;
	for (size_t i = 0; i < birth.nshow; i++) {
		const char *shown = birth.show[i].path;
		bool again = false;
		if (!above(path, (size_t)len, shown))
			continue;
		size_t k = strcspn(shown + from, "/");
		for (size_t j = 0; j < i && !again; j++)
			again = strncmp(birth.show[j].path, shown, from + k) == 0 &&
			        (birth.show[j].path[from + k] == '/' ||
			         !birth.show[j].path[from + k]);
		snprintf(name, sizeof name, "%.*s", (int)k, shown + from);
		if (again || !wanted(x, n, name))
			continue;
		str_addn(&d->text, name, strlen(name) + 1);
		d->n++;
	}
	return 0;
}

static NTSTATUS
read_all(struct dir *d, const WCHAR *x, size_t n)
{
	_Alignas(8) char buf[65536];
	long got;
	if (wanted(x, n, "."))
		str_addn(&d->text, ".", 2), d->n++;
	if (wanted(x, n, ".."))
		str_addn(&d->text, "..", 3), d->n++;
	size_t first = d->n;
	(void)lseek(d->fd, 0, SEEK_SET);
	while ((got = syscall(SYS_getdents64, d->fd, buf, sizeof buf)) > 0)
		for (long i = 0; i < got;) {
			const struct record *r = (const void *)(buf + i);
			i += r->length;
			if (dots(r->name) || !wanted(x, n, r->name))
				continue;
			str_addn(&d->text, r->name, strlen(r->name) + 1);
			d->n++;
		}
	if (got < 0 && errno == EBADF)
		got = read_above(d, x, n);
	if (got < 0)
		return errno == ENOTDIR || errno == EBADF ? STATUS_INVALID_PARAMETER
		                                          : status_errno(errno);
	d->names = malloc((d->n + 1) * sizeof *d->names);
	if (!d->names)
		return STATUS_NO_MEMORY;
	const char *p = d->text.p;
	for (size_t i = 0; i < d->n; i++, p += strlen(p) + 1)
		d->names[i] = p;
	qsort(d->names + first, d->n - first, sizeof *d->names, compare);
	return STATUS_SUCCESS;
}

NTSTATUS
dir_new(int fd, const WCHAR *expression, size_t n, bool dos, bool facts, struct dir **out)
{
	WCHAR x[MAX_PATH];
	if (n > MAX_PATH)
		return STATUS_OBJECT_NAME_INVALID;
	struct dir *d = calloc(1, sizeof *d);
	if (!d)
		return STATUS_NO_MEMORY;
	d->fd = fd;
	d->facts = facts;
	if (dos) {
		n = dos_expression(expression, n, x);
		expression = x;
	}
	if (n)
		memcpy(d->expression, expression, n * sizeof *expression);
	d->units = n;
	NTSTATUS s = read_all(d, expression, n);
	if (s < 0) {
		dir_free(d);
		return s;
	}
	*out = d;
	return STATUS_SUCCESS;
}

void
dir_free(struct dir *d)
{
	str_free(&d->text);
	free(d->names);
	free(d);
}

void
dir_rewind(struct dir *d)
{
	d->at = 0;
}

bool
dir_any(const struct dir *d)
{
	return d->n > 0;
}

NTSTATUS
dir_peek(struct dir *d, struct dir_entry *e)
{
	for (; d->at < d->n; d->at++) {
		const char *name = d->names[d->at];
		e->name = name;
		e->length = utf_to_16(e->wide, name, strlen(name));
		e->wide[e->length] = 0;
		/* one that was deleted since is passed */
		if (!d->facts || file_facts_at(d->fd, name, false, &e->facts) >= 0)
			return STATUS_SUCCESS;
	}
	return STATUS_NO_MORE_FILES;
}

void
dir_next(struct dir *d)
{
	if (d->at < d->n)
		d->at++;
}

/* -- NtQueryDirectoryFile ------------------------------------------------------------- */

/* Where what stands in each class: 0 means that it has none. */
static const struct layout {
	ULONG class;
	uint8_t ea, name, short_name, id, id_size, tag;
} layouts[] = {
	{ 1, 0, 64, 0, 0, 0, 0 },        /* FileDirectoryInformation */
	{ 2, 64, 68, 0, 0, 0, 0 },       /* FileFullDirectoryInformation */
	{ 3, 64, 94, 68, 0, 0, 0 },      /* FileBothDirectoryInformation */
	{ 12, 0, 12, 0, 0, 0, 0 },       /* FileNamesInformation */
	{ 37, 64, 104, 68, 96, 8, 0 },   /* FileIdBothDirectoryInformation */
	{ 38, 64, 80, 0, 72, 8, 0 },     /* FileIdFullDirectoryInformation */
	{ 60, 64, 88, 0, 72, 16, 68 },   /* FileIdExtdDirectoryInformation */
	{ 63, 64, 114, 88, 72, 16, 68 }, /* FileIdExtdBothDirectoryInformation */
};

static void
put(char *to, const void *value, size_t n)
{
	memcpy(to, value, n);
}

static void
fill(const struct layout *l, char *to, const struct dir_entry *e, size_t name_bytes)
{
	uint32_t bytes = (uint32_t)(e->length * 2), a = e->facts.attributes;
	memset(to, 0, l->name);
	if (l->class == 12) {
		put(to + 8, &bytes, 4);
	} else {
		const int64_t v[6] = { e->facts.created,       e->facts.accessed,
			               e->facts.written,       e->facts.changed,
			               (int64_t)e->facts.size, (int64_t)e->facts.allocated };
		put(to + 8, v, sizeof v);
		put(to + 56, &a, 4);
		put(to + 60, &bytes, 4);
		/* of a link, the field of extended attributes says what kind it is */
		if (l->ea && e->facts.tag)
			put(to + l->ea, &e->facts.tag, 4);
		if (l->tag) {
			memset(to + l->ea, 0, 4);
			put(to + l->tag, &e->facts.tag, 4);
		}
		if (l->id)
			put(to + l->id, &e->facts.id, 8);
	}
	put(to + l->name, e->wide, name_bytes);
}

static NTSTATUS
fill_all(struct dir *d, const struct layout *l, char *out, ULONG n, bool single, ULONG_PTR *done)
{
	size_t at = 0;
	char *before = NULL;
	NTSTATUS s;
	struct dir_entry e;
	for (;;) {
		s = dir_peek(d, &e);
		if (s < 0)
			return before ? STATUS_SUCCESS : s;
		size_t start = (at + 7) & ~(size_t)7, bytes = e.length * 2;
		if (start + l->name + bytes > n) {
			if (before)
				return STATUS_SUCCESS;
			if (n < (size_t)l->name)
				return STATUS_BUFFER_TOO_SMALL;
			/* as much of the name as there is room for; it stays the next one */
			fill(l, out, &e, n - l->name);
			*done = n;
			return STATUS_BUFFER_OVERFLOW;
		}
		fill(l, out + start, &e, bytes);
		if (before) {
			uint32_t distance = (uint32_t)(out + start - before);
			put(before, &distance, 4);
		}
		before = out + start;
		at = start + l->name + bytes;
		*done = at;
		dir_next(d);
		if (single)
			return STATUS_SUCCESS;
	}
}

NTSTATUS
dir_query(struct file *f, ULONG class, void *out, ULONG n, bool single, const WCHAR *expression,
          size_t units, bool restart, ULONG_PTR *done)
{
	const struct layout *l = NULL;
	*done = 0;
	for (size_t i = 0; i < sizeof layouts / sizeof *layouts; i++)
		if (layouts[i].class == class)
			l = &layouts[i];
	if (!l)
		return STATUS_INVALID_INFO_CLASS;
	if (!f->folder)
		return STATUS_INVALID_PARAMETER;
	if (!(f->access & FILE_READ_DATA))
		return STATUS_ACCESS_DENIED;
	pthread_mutex_lock(&f->lock);
	NTSTATUS s = STATUS_SUCCESS;
	bool new = !f->dir || (restart && units);
	if (new) {
		if (f->dir)
			dir_free(f->dir);
		f->dir = NULL;
		s = dir_new(f->fd, expression, units, false, true, &f->dir);
		if (s >= 0 && !dir_any(f->dir))
			s = STATUS_NO_SUCH_FILE;
	} else if (restart) {
		/* a new look */
		struct dir *again = NULL;
		s = dir_new(f->fd, f->dir->expression, f->dir->units, false, true, &again);
		if (s >= 0) {
			dir_free(f->dir);
			f->dir = again;
		}
	}
	if (s >= 0)
		s = fill_all(f->dir, l, out, n, single, done);
	pthread_mutex_unlock(&f->lock);
	return s;
}
