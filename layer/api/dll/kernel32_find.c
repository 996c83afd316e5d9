/* SPDX-License-Identifier: Apache-2.0 */
/* FindFirstFile and its kin.  A search handle is no kernel object: it is the search. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "layer/api/dll/dll.h"
#include "layer/api/nt/file/dir.h"
#include "layer/api/nt/text/utf.h"

struct WIN32_FIND_DATAW {
	DWORD dwFileAttributes;
	struct FILETIME ftCreationTime, ftLastAccessTime, ftLastWriteTime;
	DWORD nFileSizeHigh, nFileSizeLow, dwReserved0, dwReserved1;
	WCHAR cFileName[MAX_PATH], cAlternateFileName[14];
};

struct WIN32_FIND_DATAA {
	DWORD dwFileAttributes;
	struct FILETIME ftCreationTime, ftLastAccessTime, ftLastWriteTime;
	DWORD nFileSizeHigh, nFileSizeLow, dwReserved0, dwReserved1;
	char cFileName[MAX_PATH], cAlternateFileName[14];
};

enum { MAGIC = 0x646e6946, STREAMS = 0x6d727453 };

struct find {
	uint32_t magic;
	int fd;
	bool folders;    /* FindExSearchLimitToDirectories */
	struct dir *dir; /* own */
	/* one name without wildcards */
	bool single, taken;
	struct dir_entry entry;
};

static struct FILETIME
filetime(int64_t t)
{
	return (struct FILETIME){ (DWORD)t, (DWORD)(t >> 32) };
}

static void
facts(const struct dir_entry *e, struct WIN32_FIND_DATAA *d)
{
	const struct file_facts *x = &e->facts;
	d->dwFileAttributes = x->attributes;
	d->ftCreationTime = filetime(x->created);
	d->ftLastAccessTime = filetime(x->accessed);
	d->ftLastWriteTime = filetime(x->written);
	d->nFileSizeHigh = (DWORD)(x->size >> 32);
	d->nFileSizeLow = (DWORD)x->size;
	d->dwReserved0 = x->tag;
	d->dwReserved1 = 0;
}

static void
fill(const struct dir_entry *e, struct WIN32_FIND_DATAW *d)
{
	size_t n = e->length < MAX_PATH ? e->length : MAX_PATH - 1;
	facts(e, (struct WIN32_FIND_DATAA *)d);
	memcpy(d->cFileName, e->wide, n * sizeof(WCHAR));
	d->cFileName[n] = 0;
	d->cAlternateFileName[0] = 0;
}

static NTSTATUS
next(struct find *f, struct dir_entry *e)
{
	if (f->single) {
		if (f->taken)
			return STATUS_NO_MORE_FILES;
		f->taken = true;
		*e = f->entry;
		return STATUS_SUCCESS;
	}
	for (;;) {
		NTSTATUS s = dir_peek(f->dir, e);
		if (s < 0)
			return s;
		dir_next(f->dir);
		if (!f->folders || e->facts.attributes & FILE_ATTRIBUTE_DIRECTORY)
			return STATUS_SUCCESS;
	}
}

static void
end(struct find *f)
{
	if (f->dir)
		dir_free(f->dir);
	if (f->fd >= 0)
		close(f->fd);
	f->magic = 0;
	free(f);
}

/* The folder's part of a name, to be freed, and the expression in it. */
static WCHAR *
split(const WCHAR *name, const WCHAR **expression)
{
	size_t n = utf_length(name), at = n;
	while (at > 0 && name[at - 1] != '\\' && name[at - 1] != '/' &&
	       !(name[at - 1] == ':' && at == 2))
		at--;
	*expression = name + at;
	if (!at)
		return utf_copy(u".", 1);
	return utf_copy(name, at);
}

static NTSTATUS
one(struct find *f, const WCHAR *name)
{
	struct path p;
	NTSTATUS s = path_parse(name, &p);
	if (s < 0)
		return s;
	s = file_facts_of(&p, &f->entry.facts);
	if (s >= 0 && p.device) {
		f->entry.length = 3;
		memcpy(f->entry.wide, u"NUL", 4 * sizeof(WCHAR));
	} else if (s >= 0) {
		const char *slash = strrchr(p.host, '/');
		f->entry.length =
		        utf_to_16(f->entry.wide, slash + 1, strnlen(slash + 1, MAX_PATH - 1));
		f->entry.wide[f->entry.length] = 0;
	}
	path_free(&p);
	f->single = true;
	return s;
}

static NTSTATUS
begin(const WCHAR *name, int op, struct find **out)
{
	const WCHAR *x;
	if (!name)
		return STATUS_OBJECT_PATH_NOT_FOUND;
	WCHAR *folder = split(name, &x);
	struct find *f = calloc(1, sizeof *f);
	if (!folder || !f) {
		free(folder);
		free(f);
		return STATUS_NO_MEMORY;
	}
	f->magic = MAGIC;
	f->fd = -1;
	f->folders = op == 1;
	size_t n = utf_length(x);
	bool wild = false;
	for (size_t i = 0; i < n; i++)
		wild |= x[i] == '*' || x[i] == '?' || x[i] == '<' || x[i] == '>' || x[i] == '"';
	NTSTATUS s = STATUS_SUCCESS;
	struct path p = { 0 };
	if (!n) {
		/* a folder with its backslash has no name to find */
		s = STATUS_NO_SUCH_FILE;
	} else if (!wild) {
		s = one(f, name);
		goto done;
	}
	if (s >= 0)
		s = path_parse(folder, &p);
	if (s >= 0 && p.device)
		s = STATUS_OBJECT_PATH_NOT_FOUND;
	if (s >= 0) {
		f->fd = dir_open(p.host);
		if (f->fd < 0 && errno == ENOENT && path_search(&p, true) >= 0)
			f->fd = dir_open(p.host);
		else if (f->fd < 0 && errno == ENOENT)
			s = STATUS_OBJECT_PATH_NOT_FOUND;
		if (f->fd < 0 && s >= 0)
			s = errno == ENOENT    ? STATUS_OBJECT_PATH_NOT_FOUND
			    : errno == ENOTDIR ? STATUS_NOT_A_DIRECTORY
			                       : status_errno(errno);
	}
	if (s >= 0)
		s = dir_new(f->fd, x, n, true, true, &f->dir);
	path_free(&p);
done:
	free(folder);
	if (s < 0)
		end(f);
	else
		*out = f;
	return s;
}

static HANDLE
first(const WCHAR *name, int op, DWORD flags, struct dir_entry *e)
{
	struct find *f = NULL;
	(void)flags;
	NTSTATUS s = begin(name, op, &f);
	if (s >= 0 && (s = next(f, e)) < 0) {
		end(f);
		s = STATUS_NO_SUCH_FILE;
	}
	if (s < 0) {
		succeed(s);
		return INVALID_HANDLE_VALUE;
	}
	return f;
}

static bool
check(const struct find *f, uint32_t magic)
{
	if (f && f != INVALID_HANDLE_VALUE && !((uintptr_t)f & 15) && (uintptr_t)f > 0xffff &&
	    f->magic == magic)
		return true;
	return refuse(ERROR_INVALID_HANDLE);
}

WINAPI HANDLE
kernel32_FindFirstFileExW(const WCHAR *name, int level, struct WIN32_FIND_DATAW *d, int op,
                          void *filter, DWORD flags)
{
	struct dir_entry e;
	if ((unsigned)level > 1 || filter || (unsigned)op > 2) {
		last_error(ERROR_INVALID_PARAMETER);
		return INVALID_HANDLE_VALUE;
	}
	HANDLE h = first(name, op, flags, &e);
	if (h != INVALID_HANDLE_VALUE)
		fill(&e, d);
	return h;
}

WINAPI HANDLE
kernel32_FindFirstFileW(const WCHAR *name, struct WIN32_FIND_DATAW *d)
{
	return kernel32_FindFirstFileExW(name, 0, d, 0, NULL, 0);
}

WINAPI BOOL
kernel32_FindNextFileW(struct find *f, struct WIN32_FIND_DATAW *d)
{
	struct dir_entry e;
	if (!check(f, MAGIC))
		return FALSE;
	NTSTATUS s = next(f, &e);
	if (s < 0)
		return succeed(s);
	fill(&e, d);
	return TRUE;
}

WINAPI BOOL
kernel32_FindClose(struct find *f)
{
	if (f && (uintptr_t)f > 0xffff && f != INVALID_HANDLE_VALUE && !((uintptr_t)f & 15) &&
	    f->magic == STREAMS) {
		free(f);
		return TRUE;
	}
	if (!check(f, MAGIC))
		return FALSE;
	end(f);
	return TRUE;
}

/* A name that is too long for the structure in UTF-8 cannot be given. */
static bool
fill_a(const struct dir_entry *e, struct WIN32_FIND_DATAA *d)
{
	facts(e, d);
	size_t n = strlen(e->name ? e->name : "");
	char buf[MAX_PATH * 3];
	if (!e->name)
		n = utf_to_8(buf, e->wide, e->length);
	else
		memcpy(buf, e->name, n);
	if (n >= MAX_PATH)
		n = MAX_PATH - 1;
	memcpy(d->cFileName, buf, n);
	d->cFileName[n] = 0;
	d->cAlternateFileName[0] = 0;
	return true;
}

WINAPI HANDLE
kernel32_FindFirstFileExA(const char *name, int level, struct WIN32_FIND_DATAA *d, int op,
                          void *filter, DWORD flags)
{
	struct dir_entry e;
	if ((unsigned)level > 1 || filter || (unsigned)op > 2) {
		last_error(ERROR_INVALID_PARAMETER);
		return INVALID_HANDLE_VALUE;
	}
	WCHAR *w = name ? utf_wide(name) : NULL;
	HANDLE h = first(w, op, flags, &e);
	free(w);
	if (h != INVALID_HANDLE_VALUE)
		fill_a(&e, d);
	return h;
}

WINAPI HANDLE
kernel32_FindFirstFileA(const char *name, struct WIN32_FIND_DATAA *d)
{
	return kernel32_FindFirstFileExA(name, 0, d, 0, NULL, 0);
}

WINAPI BOOL
kernel32_FindNextFileA(struct find *f, struct WIN32_FIND_DATAA *d)
{
	struct dir_entry e;
	if (!check(f, MAGIC))
		return FALSE;
	NTSTATUS s = next(f, &e);
	if (s < 0)
		return succeed(s);
	fill_a(&e, d);
	return TRUE;
}

/* -- streams and names -------------------------------------------------------------------- */

struct WIN32_FIND_STREAM_DATA {
	int64_t StreamSize;
	WCHAR cStreamName[MAX_PATH + 36];
};

/* A file has its unnamed stream, a folder none. */
WINAPI HANDLE
kernel32_FindFirstStreamW(const WCHAR *name, int level, struct WIN32_FIND_STREAM_DATA *d,
                          DWORD flags)
{
	struct path p;
	struct file_facts x;
	if (level || flags) {
		last_error(ERROR_INVALID_PARAMETER);
		return INVALID_HANDLE_VALUE;
	}
	NTSTATUS s = path_parse(name, &p);
	if (s >= 0) {
		s = file_facts_of(&p, &x);
		path_free(&p);
	}
	struct find *f = s >= 0 ? calloc(1, sizeof *f) : NULL;
	if (s >= 0 && !f)
		s = STATUS_NO_MEMORY;
	if (s >= 0 && x.attributes & FILE_ATTRIBUTE_DIRECTORY) {
		free(f);
		s = STATUS_END_OF_FILE;
	}
	if (s < 0) {
		succeed(s);
		return INVALID_HANDLE_VALUE;
	}
	f->magic = STREAMS;
	d->StreamSize = (int64_t)x.size;
	memcpy(d->cStreamName, u"::$DATA", 8 * sizeof(WCHAR));
	return f;
}

WINAPI BOOL
kernel32_FindNextStreamW(struct find *f, struct WIN32_FIND_STREAM_DATA *d)
{
	(void)d;
	return check(f, STREAMS) ? refuse(ERROR_HANDLE_EOF) : FALSE;
}
