/* SPDX-License-Identifier: Apache-2.0 */
/* ucrtbase_utime.c -- setting the times of files, with times of 32 and of 64 bits. */
#include "layer/api/dll/dll.h"
#include "layer/api/dll/ucrtbase.h"

#include <time.h>

struct times64 {
	int64_t access, modified;
};

struct times32 {
	int32_t access, modified;
};

WINAPI BOOL kernel32_SetFileTime(HANDLE, const struct FILETIME *, const struct FILETIME *,
                                 const struct FILETIME *);

static struct FILETIME
file_time(int64_t t)
{
	uint64_t v = (uint64_t)(t + 11644473600) * 10000000;
	return (struct FILETIME){ (DWORD)v, (DWORD)(v >> 32) };
}

/* t NULL: now */
static int
set(HANDLE h, const struct times64 *t)
{
	struct times64 now = { time(NULL), time(NULL) };
	if (!t)
		t = &now;
	struct FILETIME access = file_time(t->access), modified = file_time(t->modified);
	if (kernel32_SetFileTime(h, NULL, &access, &modified))
		return 0;
	crt_dos_error(kernel32_GetLastError());
	return crt_error(EINVAL);
}

WINAPI int
ucrtbase__futime64(int fd, const struct times64 *t)
{
	struct ucrtbase_fd *f = ucrtbase_fd_lock(fd);
	if (!f)
		return -1;
	int r = set(f->handle, t);
	ucrtbase_fd_unlock(f);
	return r;
}

WINAPI int
ucrtbase__wutime64(const WCHAR *name, const struct times64 *t)
{
	REQUIRE(name, -1);
	HANDLE h = kernel32_CreateFileW(name, 0x100 /* FILE_WRITE_ATTRIBUTES */, 7, NULL, 3,
	                                0x02000000, NULL);
	if (h == INVALID_HANDLE_VALUE)
		return crt_dos_error(kernel32_GetLastError());
	int r = set(h, t);
	kernel32_CloseHandle(h);
	return r;
}

WINAPI int
ucrtbase__utime64(const char *name, const struct times64 *t)
{
	WCHAR *w = ucrtbase_path(name);
	int r = w ? ucrtbase__wutime64(w, t) : -1;
	crt_free(w);
	return r;
}

WINAPI int
ucrtbase__futime32(int fd, const struct times32 *t)
{
	struct times64 v = { t ? t->access : 0, t ? t->modified : 0 };
	return ucrtbase__futime64(fd, t ? &v : NULL);
}

WINAPI int
ucrtbase__wutime32(const WCHAR *name, const struct times32 *t)
{
	struct times64 v = { t ? t->access : 0, t ? t->modified : 0 };
	return ucrtbase__wutime64(name, t ? &v : NULL);
}

WINAPI int
ucrtbase__utime32(const char *name, const struct times32 *t)
{
	struct times64 v = { t ? t->access : 0, t ? t->modified : 0 };
	return ucrtbase__utime64(name, t ? &v : NULL);
}
