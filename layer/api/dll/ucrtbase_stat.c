/* SPDX-License-Identifier: Apache-2.0 */
/* ucrtbase_stat.c -- what is known of a file, and the files of a folder, in their four sizes of
 * time and length. */
#include "layer/api/dll/dll.h"
#include "layer/api/dll/ucrtbase.h"

#include <string.h>

struct by_handle {
	DWORD attributes;
	struct FILETIME created, accessed, written;
	DWORD volume, size_high, size_low, links, index_high, index_low;
};

WINAPI BOOL kernel32_GetFileInformationByHandle(HANDLE, void *);
WINAPI DWORD kernel32_GetFullPathNameW(const WCHAR *, DWORD, WCHAR *, WCHAR **);

enum { S_DIR = 0x4000, S_CHR = 0x2000, S_FIFO = 0x1000, S_REG = 0x8000 };

/* All that the four structures have. */
struct status {
	uint32_t dev;
	uint16_t mode;
	int16_t links;
	int64_t size, atime, mtime, ctime;
};

static int64_t
unix_time(struct FILETIME t)
{
	int64_t v = (int64_t)((uint64_t)t.dwHighDateTime << 32 | t.dwLowDateTime);
	return v == 0 ? 0 : v / 10000000 - 11644473600;
}

static bool
executable(const WCHAR *name)
{
	static const char *const kinds[] = { "exe", "com", "bat", "cmd" };
	const WCHAR *dot = NULL;
	for (const WCHAR *p = name; *p; p++)
		dot = *p == '.' ? p : *p == '\\' || *p == '/' ? NULL : dot;
	for (size_t i = 0; dot && i < 4; i++) {
		int j = 0;
		while (kinds[i][j] && crt_ctype_lower(dot[1 + j]) == (WCHAR)kinds[i][j])
			j++;
		if (j == 3 && !dot[4])
			return true;
	}
	return false;
}

static uint16_t
mode_of(DWORD attributes, const WCHAR *name)
{
	uint16_t m = attributes & 0x10 ? S_DIR | 0100 : S_REG;
	m |= attributes & 1 ? 0400 : 0600;
	if (name && executable(name))
		m |= 0100;
	return (uint16_t)(m | (m & 0700) >> 3 | (m & 0700) >> 6);
}

static int
of_handle(HANDLE h, const WCHAR *name, struct status *s)
{
	struct by_handle b;
	DWORD type = kernel32_GetFileType(h) & 0x7fff;
	memset(s, 0, sizeof *s);
	s->links = 1;
	if (type == 2 || type == 3) {
		DWORD n = 0;
		s->mode = type == 2 ? S_CHR : S_FIFO;
		if (type == 3 && kernel32_PeekNamedPipe(h, NULL, 0, NULL, &n, NULL))
			s->size = n;
		return 0;
	}
	if (!kernel32_GetFileInformationByHandle(h, &b))
		return crt_dos_error(kernel32_GetLastError());
	s->mode = mode_of(b.attributes, name);
	s->links = (int16_t)b.links;
	s->size = (int64_t)((uint64_t)b.size_high << 32 | b.size_low);
	s->mtime = unix_time(b.written);
	s->atime = b.accessed.dwLowDateTime || b.accessed.dwHighDateTime ? unix_time(b.accessed)
	                                                                 : s->mtime;
	s->ctime = b.created.dwLowDateTime || b.created.dwHighDateTime ? unix_time(b.created)
	                                                               : s->mtime;
	return 0;
}

static int
of_name(const WCHAR *name, struct status *s)
{
	WCHAR full[1024];
	REQUIRE(name, -1);
	for (const WCHAR *p = name; *p; p++)
		if (*p == '*' || *p == '?') {
			if (p - name == 2 && name[0] == '\\' && name[1] == '\\')
				continue; /* \\?\ */
			crt_thread.dos_error = 2;
			return crt_error(ENOENT);
		}
	HANDLE h = kernel32_CreateFileW(name, 0x80 /* FILE_READ_ATTRIBUTES */, 7, NULL, 3,
	                                0x02000000, NULL);
	if (h == INVALID_HANDLE_VALUE)
		return crt_dos_error(kernel32_GetLastError());
	int r = of_handle(h, name, s);
	kernel32_CloseHandle(h);
	DWORD n = r == 0 ? kernel32_GetFullPathNameW(name, 1024, full, NULL) : 0;
	if (n > 1 && n < 1024 && full[1] == ':')
		s->dev = (uint32_t)(crt_ctype_upper(full[0]) - 'A');
	return r;
}

static int
of_fd(int fd, struct status *s)
{
	struct ucrtbase_fd *f = ucrtbase_fd_lock(fd);
	if (!f)
		return -1;
	int r = of_handle(f->handle, NULL, s);
	ucrtbase_fd_unlock(f);
	if (r == 0 && s->mode & (S_CHR | S_FIFO) && !(s->mode & S_REG))
		s->dev = (uint32_t)fd;
	return r;
}

struct stat32 {
	uint32_t dev;
	uint16_t ino, mode;
	int16_t nlink, uid, gid;
	uint32_t rdev;
	int32_t size;
	int32_t atime, mtime, ctime;
};

static int
give32(int r, const struct status *s, struct stat32 *out)
{
	if (r < 0)
		return -1;
	if (s->size > INT32_MAX)
		return crt_error(CRT_EOVERFLOW);
	memset(out, 0, sizeof *out);
	out->dev = out->rdev = s->dev;
	out->mode = s->mode;
	out->nlink = s->links;
	out->size = (int32_t)s->size;
	out->atime = (int32_t)s->atime;
	out->mtime = (int32_t)s->mtime;
	out->ctime = (int32_t)s->ctime;
	return 0;
}

WINAPI int
ucrtbase__wstat32(const WCHAR *name, struct stat32 *out)
{
	struct status s;
	REQUIRE(out, -1);
	return give32(of_name(name, &s), &s, out);
}

WINAPI int
ucrtbase__stat32(const char *name, struct stat32 *out)
{
	WCHAR *w = ucrtbase_path(name);
	int r = w ? ucrtbase__wstat32(w, out) : -1;
	crt_free(w);
	return r;
}

WINAPI int
ucrtbase__fstat32(int fd, struct stat32 *out)
{
	struct status s;
	REQUIRE(out, -1);
	return give32(of_fd(fd, &s), &s, out);
}

struct stat32i64 {
	uint32_t dev;
	uint16_t ino, mode;
	int16_t nlink, uid, gid;
	uint32_t rdev;
	int64_t size;
	int32_t atime, mtime, ctime;
};

static int
give32i64(int r, const struct status *s, struct stat32i64 *out)
{
	if (r < 0)
		return -1;
	memset(out, 0, sizeof *out);
	out->dev = out->rdev = s->dev;
	out->mode = s->mode;
	out->nlink = s->links;
	out->size = (int64_t)s->size;
	out->atime = (int32_t)s->atime;
	out->mtime = (int32_t)s->mtime;
	out->ctime = (int32_t)s->ctime;
	return 0;
}

WINAPI int
ucrtbase__wstat32i64(const WCHAR *name, struct stat32i64 *out)
{
	struct status s;
	REQUIRE(out, -1);
	return give32i64(of_name(name, &s), &s, out);
}

WINAPI int
ucrtbase__stat32i64(const char *name, struct stat32i64 *out)
{
	WCHAR *w = ucrtbase_path(name);
	int r = w ? ucrtbase__wstat32i64(w, out) : -1;
	crt_free(w);
	return r;
}

WINAPI int
ucrtbase__fstat32i64(int fd, struct stat32i64 *out)
{
	struct status s;
	REQUIRE(out, -1);
	return give32i64(of_fd(fd, &s), &s, out);
}

struct stat64 {
	uint32_t dev;
	uint16_t ino, mode;
	int16_t nlink, uid, gid;
	uint32_t rdev;
	int64_t size;
	int64_t atime, mtime, ctime;
};

static int
give64(int r, const struct status *s, struct stat64 *out)
{
	if (r < 0)
		return -1;
	memset(out, 0, sizeof *out);
	out->dev = out->rdev = s->dev;
	out->mode = s->mode;
	out->nlink = s->links;
	out->size = (int64_t)s->size;
	out->atime = (int64_t)s->atime;
	out->mtime = (int64_t)s->mtime;
	out->ctime = (int64_t)s->ctime;
	return 0;
}

WINAPI int
ucrtbase__wstat64(const WCHAR *name, struct stat64 *out)
{
	struct status s;
	REQUIRE(out, -1);
	return give64(of_name(name, &s), &s, out);
}

WINAPI int
ucrtbase__stat64(const char *name, struct stat64 *out)
{
	WCHAR *w = ucrtbase_path(name);
	int r = w ? ucrtbase__wstat64(w, out) : -1;
	crt_free(w);
	return r;
}

WINAPI int
ucrtbase__fstat64(int fd, struct stat64 *out)
{
	struct status s;
	REQUIRE(out, -1);
	return give64(of_fd(fd, &s), &s, out);
}

struct stat64i32 {
	uint32_t dev;
	uint16_t ino, mode;
	int16_t nlink, uid, gid;
	uint32_t rdev;
	int32_t size;
	int64_t atime, mtime, ctime;
};

static int
give64i32(int r, const struct status *s, struct stat64i32 *out)
{
	if (r < 0)
		return -1;
	if (s->size > INT32_MAX)
		return crt_error(CRT_EOVERFLOW);
	memset(out, 0, sizeof *out);
	out->dev = out->rdev = s->dev;
	out->mode = s->mode;
	out->nlink = s->links;
	out->size = (int32_t)s->size;
	out->atime = (int64_t)s->atime;
	out->mtime = (int64_t)s->mtime;
	out->ctime = (int64_t)s->ctime;
	return 0;
}

WINAPI int
ucrtbase__wstat64i32(const WCHAR *name, struct stat64i32 *out)
{
	struct status s;
	REQUIRE(out, -1);
	return give64i32(of_name(name, &s), &s, out);
}

WINAPI int
ucrtbase__stat64i32(const char *name, struct stat64i32 *out)
{
	WCHAR *w = ucrtbase_path(name);
	int r = w ? ucrtbase__wstat64i32(w, out) : -1;
	crt_free(w);
	return r;
}

WINAPI int
ucrtbase__fstat64i32(int fd, struct stat64i32 *out)
{
	struct status s;
	REQUIRE(out, -1);
	return give64i32(of_fd(fd, &s), &s, out);
}
