/* SPDX-License-Identifier: Apache-2.0 */
/* ucrtbase_fs.c -- files and folders by name: access, removing, renaming, the current folder. */
#include "layer/api/dll/dll.h"
#include "layer/api/dll/ucrtbase.h"

#include <string.h>

WINAPI BOOL kernel32_SetCurrentDirectoryW(const WCHAR *);
WINAPI DWORD kernel32_GetCurrentDirectoryW(DWORD, WCHAR *);
WINAPI DWORD kernel32_GetFullPathNameW(const WCHAR *, DWORD, WCHAR *, WCHAR **);
WINAPI char *ucrtbase_getenv(const char *);
WINAPI WCHAR *ucrtbase__wgetenv(const WCHAR *);

static int
done(BOOL good)
{
	return good ? 0 : crt_dos_error(kernel32_GetLastError());
}

/* A narrow name for one of the functions below. */
static int
narrow(const char *name, int(WINAPI *f)(const WCHAR *))
{
	WCHAR *w = ucrtbase_path(name);
	int r = w ? f(w) : -1;
	crt_free(w);
	return r;
}

WINAPI int
ucrtbase__waccess_s(const WCHAR *name, int mode)
{
	REQUIRE(name && !(mode & ~6), EINVAL);
	DWORD a = kernel32_GetFileAttributesW(name);
	if (a == 0xffffffff) {
		crt_dos_error(kernel32_GetLastError());
		return crt_thread.error;
	}
	/* a folder may be written to whatever its attribute says */
	if (!(a & 0x10) && a & 1 && mode & 2) {
		crt_dos_error(5);
		return EACCES;
	}
	return 0;
}

WINAPI int
ucrtbase__waccess(const WCHAR *name, int mode)
{
	return ucrtbase__waccess_s(name, mode) ? -1 : 0;
}

WINAPI int
ucrtbase__access_s(const char *name, int mode)
{
	WCHAR *w = ucrtbase_path(name);
	int r = w ? ucrtbase__waccess_s(w, mode) : EINVAL;
	crt_free(w);
	return r;
}

WINAPI int
ucrtbase__access(const char *name, int mode)
{
	return ucrtbase__access_s(name, mode) ? -1 : 0;
}

WINAPI int
ucrtbase__wchmod(const WCHAR *name, int mode)
{
	REQUIRE(name, -1);
	DWORD a = kernel32_GetFileAttributesW(name);
	if (a == 0xffffffff)
		return done(FALSE);
	return done(kernel32_SetFileAttributesW(name, mode & 0x80 ? a & ~1u : a | 1));
}

WINAPI int
ucrtbase__chmod(const char *name, int mode)
{
	WCHAR *w = ucrtbase_path(name);
	int r = w ? ucrtbase__wchmod(w, mode) : -1;
	crt_free(w);
	return r;
}

WINAPI int
ucrtbase__wremove(const WCHAR *name)
{
	REQUIRE(name, -1);
	return done(kernel32_DeleteFileW(name));
}

WINAPI int
ucrtbase_remove(const char *name)
{
	return narrow(name, ucrtbase__wremove);
}

WINAPI int
ucrtbase__wunlink(const WCHAR *name)
{
	REQUIRE(name, -1);
	return done(kernel32_DeleteFileW(name));
}

WINAPI int
ucrtbase__unlink(const char *name)
{
	return narrow(name, ucrtbase__wunlink);
}

WINAPI int
ucrtbase__wmkdir(const WCHAR *name)
{
	REQUIRE(name, -1);
	return done(kernel32_CreateDirectoryW(name, NULL));
}

WINAPI int
ucrtbase__mkdir(const char *name)
{
	return narrow(name, ucrtbase__wmkdir);
}

WINAPI int
ucrtbase__wrmdir(const WCHAR *name)
{
	REQUIRE(name, -1);
	return done(kernel32_RemoveDirectoryW(name));
}

WINAPI int
ucrtbase__rmdir(const char *name)
{
	return narrow(name, ucrtbase__wrmdir);
}

WINAPI int
ucrtbase__wchdir(const WCHAR *name)
{
	REQUIRE(name, -1);
	return done(kernel32_SetCurrentDirectoryW(name));
}

WINAPI int
ucrtbase__chdir(const char *name)
{
	return narrow(name, ucrtbase__wchdir);
}

WINAPI int
ucrtbase__wrename(const WCHAR *from, const WCHAR *to)
{
	REQUIRE(from && to, -1);
	return done(kernel32_MoveFileExW(from, to, 2 /* MOVEFILE_COPY_ALLOWED */));
}

WINAPI int
ucrtbase_rename(const char *from, const char *to)
{
	WCHAR *a = ucrtbase_path(from), *b = ucrtbase_path(to);
	int r = a && b ? ucrtbase__wrename(a, b) : -1;
	crt_free(a);
	crt_free(b);
	return r;
}

/* A path in a buffer of the caller's or, without one, of the heap. */
static WCHAR *
give(const WCHAR *s, WCHAR *out, size_t room, size_t least)
{
	size_t n = crt_wcslen(s) + 1;
	if (!out) {
		room = n > least ? n : least;
		out = crt_alloc(room * sizeof *out);
	}
	if (!out)
		return NULL;
	if (n > room) {
		crt_error(ERANGE);
		return NULL;
	}
	return memcpy(out, s, n * sizeof *out);
}

static char *
give_narrow(const WCHAR *s, char *out, size_t room, size_t least)
{
	char *text = crt_narrow(crt_acp(), s);
	if (!text)
		return NULL;
	size_t n = strlen(text) + 1;
	if (!out) {
		room = n > least ? n : least;
		out = crt_alloc(room);
	}
	if (out && n > room) {
		crt_error(ERANGE);
		out = NULL;
	} else if (out) {
		memcpy(out, text, n);
	}
	crt_free(text);
	return out;
}

enum { PATH_ROOM = 32768 };

static WCHAR *
full_path(const WCHAR *name)
{
	WCHAR *w = crt_alloc(PATH_ROOM * sizeof *w);
	DWORD n = w ? kernel32_GetFullPathNameW(name, PATH_ROOM, w, NULL) : 0;
	if (n > 0 && n < PATH_ROOM)
		return w;
	if (w)
		crt_dos_error(kernel32_GetLastError());
	crt_free(w);
	return NULL;
}

WINAPI WCHAR *
ucrtbase__wgetcwd(WCHAR *out, int room)
{
	REQUIRE(room >= 0 && (!out || room > 0), NULL);
	WCHAR *w = full_path(u"."), *r = w ? give(w, out, (size_t)room, (size_t)room) : NULL;
	crt_free(w);
	return r;
}

WINAPI char *
ucrtbase__getcwd(char *out, int room)
{
	REQUIRE(room >= 0 && (!out || room > 0), NULL);
	WCHAR *w = full_path(u".");
	char *r = w ? give_narrow(w, out, (size_t)room, (size_t)room) : NULL;
	crt_free(w);
	return r;
}

static WCHAR *
drive_folder(int drive)
{
	WCHAR name[] = u"A:.", root[] = u"A:\\";
	if (drive == 0)
		return full_path(u".");
	name[0] = root[0] = (WCHAR)('A' + drive - 1);
	if (drive < 1 || drive > 26 || ucrtbase_late_GetDriveTypeW(root) < 2) {
		crt_thread.dos_error = 15; /* ERROR_INVALID_DRIVE */
		crt_invalid(EACCES);
		return NULL;
	}
	return full_path(name);
}

WINAPI WCHAR *
ucrtbase__wgetdcwd(int drive, WCHAR *out, int room)
{
	WCHAR *w = drive_folder(drive), *r = w ? give(w, out, (size_t)room, (size_t)room) : NULL;
	crt_free(w);
	return r;
}

WINAPI char *
ucrtbase__getdcwd(int drive, char *out, int room)
{
	WCHAR *w = drive_folder(drive);
	char *r = w ? give_narrow(w, out, (size_t)room, (size_t)room) : NULL;
	crt_free(w);
	return r;
}

WINAPI WCHAR *
ucrtbase__wfullpath(WCHAR *out, const WCHAR *name, size_t room)
{
	if (!name || !*name)
		return ucrtbase__wgetcwd(out, (int)room);
	WCHAR *w = full_path(name), *r = w ? give(w, out, room, 0) : NULL;
	crt_free(w);
	return r;
}

WINAPI char *
ucrtbase__fullpath(char *out, const char *name, size_t room)
{
	if (!name || !*name)
		return ucrtbase__getcwd(out, (int)room);
	WCHAR *n = ucrtbase_path(name), *w = n ? full_path(n) : NULL;
	char *r = w ? give_narrow(w, out, room, 0) : NULL;
	crt_free(n);
	crt_free(w);
	return r;
}

WINAPI int
ucrtbase__getdrive(void)
{
	WCHAR *w = full_path(u".");
	int d = w && w[1] == ':' ? crt_ctype_upper(w[0]) - 'A' + 1 : 0;
	crt_free(w);
	return d;
}

WINAPI int
ucrtbase__chdrive(int drive)
{
	WCHAR name[] = u"A:";
	if (drive < 1 || drive > 26) {
		crt_thread.dos_error = 15;
		crt_invalid(EACCES);
		return -1;
	}
	name[0] = (WCHAR)('A' + drive - 1);
	return done(kernel32_SetCurrentDirectoryW(name));
}

WINAPI DWORD
ucrtbase__getdrives(void)
{
	return ucrtbase_late_GetLogicalDrives();
}

struct diskfree {
	unsigned total_clusters, avail_clusters, sectors_per_cluster, bytes_per_sector;
};

WINAPI unsigned
ucrtbase__getdiskfree(unsigned drive, struct diskfree *out)
{
	WCHAR root[] = u"A:\\";
	DWORD s, b, f, t;
	REQUIRE(out && drive <= 26, EINVAL);
	memset(out, 0, sizeof *out);
	root[0] = (WCHAR)('A' + drive - 1);
	if (!ucrtbase_late_GetDiskFreeSpaceW(drive ? root : NULL, &s, &b, &f, &t)) {
		crt_dos_error(kernel32_GetLastError());
		return kernel32_GetLastError();
	}
	*out = (struct diskfree){ t, f, s, b };
	return 0;
}

WINAPI int
ucrtbase__umask(int mode)
{
	int before = ucrtbase_umask;
	ucrtbase_umask = mode & 0x180;
	return before;
}

WINAPI int
ucrtbase__umask_s(int mode, int *before)
{
	REQUIRE(before && !(mode & ~0x180), EINVAL);
	*before = ucrtbase_umask;
	ucrtbase_umask = mode;
	return 0;
}

/* -- searching the folders of a variable --------------------------------------------------- */

WINAPI int
ucrtbase__wsearchenv_s(const WCHAR *name, const WCHAR *variable, WCHAR *out, size_t room)
{
	REQUIRE(out && room > 0, EINVAL);
	out[0] = 0;
	REQUIRE(name, EINVAL);
	if (!*name)
		return crt_thread.error = ENOENT;
	const WCHAR *folders = variable && *variable ? ucrtbase__wgetenv(variable) : NULL;
	WCHAR *w = crt_alloc(PATH_ROOM * sizeof *w);
	int r = ENOENT;
	if (!w)
		return ENOMEM;
	if (kernel32_GetFileAttributesW(name) != 0xffffffff) {
		DWORD n = kernel32_GetFullPathNameW(name, PATH_ROOM, w, NULL);
		r = n > 0 && n < PATH_ROOM ? 0 : ENOENT;
	} else if (folders) {
		DWORD n = ucrtbase_late_SearchPathW(folders, name, NULL, PATH_ROOM, w, NULL);
		r = n > 0 && n < PATH_ROOM ? 0 : ENOENT;
	}
	if (r == 0 && !give(w, out, room, 0))
		r = ERANGE;
	crt_free(w);
	if (r)
		crt_thread.error = r;
	return r;
}

WINAPI int
ucrtbase__searchenv_s(const char *name, const char *variable, char *out, size_t room)
{
	REQUIRE(out && room > 0, EINVAL);
	out[0] = 0;
	WCHAR *n = ucrtbase_path(name), *v = variable ? ucrtbase_path(variable) : NULL;
	WCHAR *w = crt_alloc(PATH_ROOM * sizeof *w);
	int r = n && w ? ucrtbase__wsearchenv_s(n, v, w, PATH_ROOM) : EINVAL;
	if (r == 0 && !give_narrow(w, out, room, 0))
		r = ERANGE;
	crt_free(n);
	crt_free(v);
	crt_free(w);
	return r;
}

WINAPI void
ucrtbase__wsearchenv(const WCHAR *name, const WCHAR *variable, WCHAR *out)
{
	ucrtbase__wsearchenv_s(name, variable, out, MAX_PATH);
}

WINAPI void
ucrtbase__searchenv(const char *name, const char *variable, char *out)
{
	ucrtbase__searchenv_s(name, variable, out, MAX_PATH);
}
