/* SPDX-License-Identifier: Apache-2.0 */
/* ucrtbase_fd.c -- descriptors: the table, opening, closing, duplicating. */
#include "layer/api/dll/dll.h"
#include "layer/api/dll/ucrtbase.h"

#include <stddef.h>
#include <string.h>

enum { CHUNK = 32, TYPE_DISK = 1, TYPE_CHAR = 2, TYPE_PIPE = 3 };

int ucrtbase_fmode = O_WIN_TEXT;
int ucrtbase_commode;
int ucrtbase_umask;

/* Chunks are made when they are needed and never go.  They are ioinfo of msvcrt.dll, which old
 * programs reach through __pioinfo: 32 entries of 64 bytes: the handle, the flags and a lock. */
struct ucrtbase_fd *_Atomic ucrtbase_fd_chunks[FD_MOST / CHUNK];
struct ucrtbase_fd ucrtbase_fd_bad = { .handle = INVALID_HANDLE_VALUE };
_Static_assert(sizeof(struct ucrtbase_fd) == 64, "ioinfo of msvcrt");
_Static_assert(offsetof(struct ucrtbase_fd, lock) == 16, "ioinfo of msvcrt");
static pthread_mutex_t table = PTHREAD_MUTEX_INITIALIZER;
static pthread_once_t begun = PTHREAD_ONCE_INIT;

static struct ucrtbase_fd *
slot(int fd, bool make)
{
	if (fd < 0 || fd >= FD_MOST)
		return NULL;
	struct ucrtbase_fd *c = ucrtbase_fd_chunks[fd / CHUNK];
	if (!c && make) {
		c = crt_zalloc(CHUNK * sizeof *c);
		if (!c)
			return NULL;
		for (int i = 0; i < CHUNK; i++) {
			c[i].handle = INVALID_HANDLE_VALUE;
			ntdll_RtlInitializeCriticalSectionEx(&c[i].lock, 0, 0);
			c[i].lock_made = 1;
		}
		ucrtbase_fd_chunks[fd / CHUNK] = c;
	}
	return c ? &c[fd % CHUNK] : NULL;
}

static uint8_t
kind(HANDLE h)
{
	DWORD type = kernel32_GetFileType(h) & 0x7fff;
	return type == TYPE_CHAR ? FD_DEVICE : type == TYPE_PIPE ? FD_PIPE : 0;
}

/* What a parent that is a C program left in STARTUPINFO.lpReserved2: a count, flags, handles. */
static void
inherited(void)
{
	struct UNICODE_STRING *data =
	        &teb()->ProcessEnvironmentBlock->ProcessParameters->RuntimeData;
	const uint8_t *p = (const uint8_t *)data->Buffer;
	uint32_t n;
	if (!p || data->Length < 4)
		return;
	memcpy(&n, p, 4);
	if (n > FD_MOST || data->Length < 4 + n * 9)
		return;
	for (uint32_t i = 0; i < n; i++) {
		HANDLE h;
		struct ucrtbase_fd *f;
		memcpy(&h, p + 4 + n + i * 8, 8);
		if (!(p[4 + i] & FD_OPEN) || h == INVALID_HANDLE_VALUE || !(f = slot((int)i, true)))
			continue;
		f->handle = h;
		f->flags = p[4 + i];
	}
}

static void
begin(void)
{
	inherited();
	for (int i = 0; i < 3; i++) {
		struct ucrtbase_fd *f = slot(i, true);
		if (!f || f->flags & FD_OPEN)
			continue;
		HANDLE h = kernel32_GetStdHandle((DWORD)(-10 - i));
		f->flags = FD_OPEN | FD_TEXT;
		if (h == NULL || h == INVALID_HANDLE_VALUE || kernel32_GetFileType(h) == 0) {
			f->handle = (HANDLE)(intptr_t)-2; /* _NO_CONSOLE_FILENO */
			f->no_handle = true;
			f->flags |= FD_DEVICE;
		} else {
			f->handle = h;
			f->flags |= kind(h);
		}
	}
}

struct ucrtbase_fd *
ucrtbase_fd_look(int fd)
{
	pthread_once(&begun, begin);
	struct ucrtbase_fd *f = slot(fd, false);
	return f && f->flags & FD_OPEN ? f : NULL;
}

struct ucrtbase_fd *
ucrtbase_fd_lock(int fd)
{
	struct ucrtbase_fd *f = ucrtbase_fd_look(fd);
	if (f) {
		ntdll_RtlEnterCriticalSection(&f->lock);
		if (f->flags & FD_OPEN)
			return f;
		ntdll_RtlLeaveCriticalSection(&f->lock);
	}
	crt_thread.dos_error = 0;
	if (fd == -2)
		crt_error(EBADF);
	else
		crt_invalid(EBADF);
	return NULL;
}

void
ucrtbase_fd_unlock(struct ucrtbase_fd *f)
{
	ntdll_RtlLeaveCriticalSection(&f->lock);
}

int
ucrtbase_fd_of(HANDLE h, int flags, enum fd_text text)
{
	pthread_once(&begun, begin);
	pthread_mutex_lock(&table);
	for (int fd = 0; fd < FD_MOST; fd++) {
		struct ucrtbase_fd *f = slot(fd, true);
		if (!f)
			break;
		if (f->flags & FD_OPEN)
			continue;
		f->handle = h;
		f->text = (uint8_t)text;
		f->nahead = 0;
		f->pending = 0;
		f->no_handle = false;
		f->flags = (uint8_t)(flags | FD_OPEN);
		pthread_mutex_unlock(&table);
		return fd;
	}
	pthread_mutex_unlock(&table);
	crt_thread.dos_error = 0;
	return crt_error(EMFILE);
}

void *
ucrtbase_fd_inherit(size_t *size)
{
	int n = 0;
	for (int fd = 0; fd < FD_MOST; fd++)
		if (ucrtbase_fd_look(fd))
			n = fd + 1;
	uint8_t *p = crt_zalloc(4 + (size_t)n * 9);
	if (!p)
		return NULL;
	memcpy(p, &n, 4);
	for (int fd = 0; fd < n; fd++) {
		struct ucrtbase_fd *f = ucrtbase_fd_look(fd);
		HANDLE h = INVALID_HANDLE_VALUE;
		if (f && !(f->flags & FD_NOINHERIT) && !f->no_handle) {
			p[4 + fd] = f->flags & (uint8_t)~FD_END;
			h = f->handle;
		}
		memcpy(p + 4 + n + (size_t)fd * 8, &h, 8);
	}
	*size = 4 + (size_t)n * 9;
	return p;
}

WCHAR *
ucrtbase_path(const char *s)
{
	REQUIRE(s, NULL);
	return crt_wide(crt_acp(), s);
}

/* -- opening -------------------------------------------------------------------- */

static enum fd_text
text_of(int oflag)
{
	return oflag & (O_WIN_U16TEXT | O_WIN_WTEXT) ? FD_UTF16
	       : oflag & O_WIN_U8TEXT                ? FD_UTF8
	                                             : FD_ANSI;
}

static DWORD
disposition(int oflag)
{
	switch (oflag & (O_WIN_CREAT | O_WIN_EXCL | O_WIN_TRUNC)) {
	case O_WIN_CREAT: return 4; /* OPEN_ALWAYS */
	case O_WIN_CREAT | O_WIN_EXCL:
	case O_WIN_CREAT | O_WIN_EXCL | O_WIN_TRUNC: return 1; /* CREATE_NEW */
	case O_WIN_TRUNC:
	case O_WIN_TRUNC | O_WIN_EXCL: return 5;  /* TRUNCATE_EXISTING */
	case O_WIN_CREAT | O_WIN_TRUNC: return 2; /* CREATE_ALWAYS */
	default: return 3;                        /* OPEN_EXISTING */
	}
}

/* Byte order marks of files opened as Unicode text: read one, or write one to a new file. */
static int
byte_order_mark(struct ucrtbase_fd *f, int oflag)
{
	uint8_t mark[3];
	LONGLONG size = 0;
	DWORD n = 0;
	if (f->text == FD_ANSI || f->flags & (FD_DEVICE | FD_PIPE))
		return 0;
	if (!kernel32_GetFileSizeEx(f->handle, &size))
		return crt_dos_error(kernel32_GetLastError());
	if (size == 0) {
		if ((oflag & 3) == O_WIN_RDONLY)
			return 0;
		bool utf8 = f->text == FD_UTF8;
		memcpy(mark, utf8 ? "\xef\xbb\xbf" : "\xff\xfe", utf8 ? 3 : 2);
		return kernel32_WriteFile(f->handle, mark, utf8 ? 3 : 2, &n, NULL)
		               ? 0
		               : crt_dos_error(kernel32_GetLastError());
	}
	if ((oflag & 3) != O_WIN_WRONLY && kernel32_ReadFile(f->handle, mark, 3, &n, NULL)) {
		if (n >= 2 && mark[0] == 0xfe && mark[1] == 0xff)
			return crt_error(EINVAL); /* big endian */
		int skip = 0;
		if (n >= 2 && mark[0] == 0xff && mark[1] == 0xfe) {
			f->text = FD_UTF16;
			skip = 2;
		} else if (n == 3 && memcmp(mark, "\xef\xbb\xbf", 3) == 0) {
			f->text = FD_UTF8;
			skip = 3;
		} else if (oflag & O_WIN_WTEXT) {
			f->text = FD_ANSI; /* ccs=UNICODE without a mark */
		}
		kernel32_SetFilePointerEx(f->handle, skip, NULL, 0);
	}
	return 0;
}

/* The mark must be read also where only writing was asked for. */
static DWORD
access_of(int oflag)
{
	switch (oflag & 3) {
	case O_WIN_RDONLY: return 0x80000000;
	case O_WIN_WRONLY:
		return oflag & (O_WIN_U16TEXT | O_WIN_U8TEXT | O_WIN_WTEXT) && oflag & O_WIN_APPEND
		               ? 0xc0000000
		               : 0x40000000;
	default: return 0xc0000000;
	}
}

int
ucrtbase_fd_open(const WCHAR *name, int oflag, int share, int mode)
{
	static const DWORD shares[] = { 3, 0, 1, 2, 3 };
	struct SECURITY_ATTRIBUTES sa = { sizeof sa, NULL, !(oflag & O_WIN_NOINHERIT) };
	DWORD flags = 0x80;
	int fdflags = 0;
	REQUIRE((oflag & 3) != 3, -1);
	if (!(oflag & O_WIN_BINARY)) {
		if (oflag & (O_WIN_TEXT | O_WIN_WTEXT | O_WIN_U16TEXT | O_WIN_U8TEXT))
			fdflags |= FD_TEXT;
		else if (!(ucrtbase_fmode & O_WIN_BINARY)) {
			fdflags |= FD_TEXT;
			oflag |= ucrtbase_fmode & (O_WIN_WTEXT | O_WIN_U16TEXT | O_WIN_U8TEXT);
		}
	}
	DWORD sharing =
	        share == 0x80 ? ((oflag & 3) == 0 ? 1 : 0) : shares[(unsigned)(share >> 4) % 5];
	if (oflag & O_WIN_CREAT && !((mode & ~ucrtbase_umask) & 0x80))
		flags = 1; /* FILE_ATTRIBUTE_READONLY */
	DWORD want = access_of(oflag);
	if (oflag & O_WIN_TEMPORARY) {
		flags |= 0x04000000; /* FILE_FLAG_DELETE_ON_CLOSE */
		want |= 0x10000;     /* DELETE */
		sharing |= 4;
	}
	if (oflag & O_WIN_SHORT_LIVED)
		flags |= 0x100;
	if (oflag & O_WIN_OBTAIN_DIR)
		flags |= 0x02000000;
	if (oflag & O_WIN_SEQUENTIAL)
		flags |= 0x08000000;
	else if (oflag & O_WIN_RANDOM)
		flags |= 0x10000000;
	HANDLE h = kernel32_CreateFileW(name, want, sharing, &sa, disposition(oflag), flags, NULL);
	if (h == INVALID_HANDLE_VALUE)
		return crt_dos_error(kernel32_GetLastError());
	fdflags |= kind(h);
	if (oflag & O_WIN_APPEND)
		fdflags |= FD_APPEND;
	if (oflag & O_WIN_NOINHERIT)
		fdflags |= FD_NOINHERIT;
	int fd = ucrtbase_fd_of(h, fdflags, fdflags & FD_TEXT ? text_of(oflag) : FD_ANSI);
	if (fd < 0) {
		kernel32_CloseHandle(h);
		return -1;
	}
	struct ucrtbase_fd *f = ucrtbase_fd_look(fd);
	if (byte_order_mark(f, oflag) < 0) {
		f->flags = 0;
		kernel32_CloseHandle(h);
		return -1;
	}
	return fd;
}

static int
sopen(const WCHAR *name, int oflag, int share, int mode, int *fd)
{
	*fd = ucrtbase_fd_open(name, oflag, share, mode);
	return *fd < 0 ? crt_thread.error : 0;
}

static int
open_narrow(const char *name, int oflag, int share, int mode)
{
	WCHAR *w = ucrtbase_path(name);
	if (!w)
		return -1;
	int fd = ucrtbase_fd_open(w, oflag, share, mode);
	crt_free(w);
	return fd;
}

WINAPI int
ucrtbase__open(const char *name, int oflag, int mode)
{
	return open_narrow(name, oflag, 0x40, mode);
}

WINAPI int
ucrtbase__wopen(const WCHAR *name, int oflag, int mode)
{
	REQUIRE(name, -1);
	return ucrtbase_fd_open(name, oflag, 0x40, mode);
}

WINAPI int
ucrtbase__sopen(const char *name, int oflag, int share, int mode)
{
	return open_narrow(name, oflag, share, mode);
}

WINAPI int
ucrtbase__wsopen(const WCHAR *name, int oflag, int share, int mode)
{
	REQUIRE(name, -1);
	return ucrtbase_fd_open(name, oflag, share, mode);
}

WINAPI int
ucrtbase__sopen_s(int *fd, const char *name, int oflag, int share, int mode)
{
	REQUIRE(fd, EINVAL);
	*fd = -1;
	REQUIRE(name && !(mode & ~0x180), EINVAL);
	*fd = open_narrow(name, oflag, share, mode);
	return *fd < 0 ? crt_thread.error : 0;
}

WINAPI int
ucrtbase__wsopen_s(int *fd, const WCHAR *name, int oflag, int share, int mode)
{
	REQUIRE(fd, EINVAL);
	*fd = -1;
	REQUIRE(name && !(mode & ~0x180), EINVAL);
	return sopen(name, oflag, share, mode, fd);
}

WINAPI int
ucrtbase__sopen_dispatch(const char *name, int oflag, int share, int mode, int *fd, int secure)
{
	REQUIRE(fd, EINVAL);
	*fd = -1;
	REQUIRE(name && (!secure || !(mode & ~0x180)), EINVAL);
	*fd = open_narrow(name, oflag, share, mode);
	return *fd < 0 ? crt_thread.error : 0;
}

WINAPI int
ucrtbase__wsopen_dispatch(const WCHAR *name, int oflag, int share, int mode, int *fd, int secure)
{
	REQUIRE(fd, EINVAL);
	*fd = -1;
	REQUIRE(name && (!secure || !(mode & ~0x180)), EINVAL);
	return sopen(name, oflag, share, mode, fd);
}

WINAPI int
ucrtbase__creat(const char *name, int mode)
{
	return open_narrow(name, O_WIN_CREAT | O_WIN_TRUNC | O_WIN_RDWR, 0x40, mode);
}

WINAPI int
ucrtbase__wcreat(const WCHAR *name, int mode)
{
	return ucrtbase__wopen(name, O_WIN_CREAT | O_WIN_TRUNC | O_WIN_RDWR, mode);
}

/* -- closing, duplicating -------------------------------------------------------- */

WINAPI int
ucrtbase__close(int fd)
{
	struct ucrtbase_fd *f = ucrtbase_fd_lock(fd);
	int r = 0;
	if (!f)
		return -1;
	/* 1 and 2 may be one handle, which goes with the second */
	struct ucrtbase_fd *other = fd == 1   ? ucrtbase_fd_look(2)
	                            : fd == 2 ? ucrtbase_fd_look(1)
	                                      : NULL;
	if (!f->no_handle && !(other && other->handle == f->handle) &&
	    !kernel32_CloseHandle(f->handle))
		r = crt_dos_error(kernel32_GetLastError());
	if (fd <= 2)
		kernel32_SetStdHandle((DWORD)(-10 - fd), NULL);
	f->handle = INVALID_HANDLE_VALUE;
	f->flags = 0;
	ucrtbase_fd_unlock(f);
	return r;
}

static HANDLE
duplicate(struct ucrtbase_fd *f)
{
	HANDLE h;
	if (kernel32_DuplicateHandle(ucrtbase_self(), f->handle, ucrtbase_self(), &h, 0, TRUE, 2))
		return h;
	crt_dos_error(kernel32_GetLastError());
	return INVALID_HANDLE_VALUE;
}

WINAPI int
ucrtbase__dup(int fd)
{
	struct ucrtbase_fd *f = ucrtbase_fd_lock(fd);
	if (!f)
		return -1;
	HANDLE h = duplicate(f);
	int r = h == INVALID_HANDLE_VALUE
	                ? -1
	                : ucrtbase_fd_of(h, f->flags & ~(FD_NOINHERIT | FD_END), f->text);
	ucrtbase_fd_unlock(f);
	return r;
}

WINAPI int
ucrtbase__dup2(int from, int to)
{
	struct ucrtbase_fd *f = ucrtbase_fd_lock(from), *t;
	if (!f)
		return -1;
	if (to < 0 || to >= FD_MOST) {
		ucrtbase_fd_unlock(f);
		crt_invalid(EBADF);
		return -1;
	}
	if (from == to) {
		ucrtbase_fd_unlock(f);
		return 0;
	}
	HANDLE h = duplicate(f);
	if (h == INVALID_HANDLE_VALUE) {
		ucrtbase_fd_unlock(f);
		return -1;
	}
	if (ucrtbase_fd_look(to))
		ucrtbase__close(to);
	pthread_mutex_lock(&table);
	t = slot(to, true);
	if (t) {
		t->handle = h;
		t->text = f->text;
		t->nahead = 0;
		t->pending = 0;
		t->no_handle = false;
		t->flags = (uint8_t)(f->flags & ~(FD_NOINHERIT | FD_END));
	}
	pthread_mutex_unlock(&table);
	if (to <= 2)
		kernel32_SetStdHandle((DWORD)(-10 - to), h);
	ucrtbase_fd_unlock(f);
	return t ? 0 : crt_error(ENOMEM);
}

WINAPI int
ucrtbase__pipe(int *fds, unsigned size, int mode)
{
	struct SECURITY_ATTRIBUTES sa = { sizeof sa, NULL, !(mode & O_WIN_NOINHERIT) };
	HANDLE r, w;
	int flags = FD_PIPE;
	REQUIRE(fds, -1);
	fds[0] = fds[1] = -1;
	if (mode & O_WIN_TEXT || (!(mode & O_WIN_BINARY) && !(ucrtbase_fmode & O_WIN_BINARY)))
		flags |= FD_TEXT;
	if (mode & O_WIN_NOINHERIT)
		flags |= FD_NOINHERIT;
	if (!kernel32_CreatePipe(&r, &w, &sa, size))
		return crt_dos_error(kernel32_GetLastError());
	fds[0] = ucrtbase_fd_of(r, flags, FD_ANSI);
	fds[1] = fds[0] < 0 ? -1 : ucrtbase_fd_of(w, flags, FD_ANSI);
	if (fds[1] >= 0)
		return 0;
	if (fds[0] >= 0)
		ucrtbase__close(fds[0]);
	else
		kernel32_CloseHandle(r);
	kernel32_CloseHandle(w);
	fds[0] = -1;
	return crt_error(EMFILE);
}

WINAPI intptr_t
ucrtbase__get_osfhandle(int fd)
{
	struct ucrtbase_fd *f = ucrtbase_fd_look(fd);
	if (f)
		return (intptr_t)f->handle;
	crt_thread.dos_error = 0;
	if (fd == -2)
		return crt_error(EBADF);
	crt_invalid(EBADF);
	return -1;
}

WINAPI int
ucrtbase__open_osfhandle(intptr_t handle, int oflag)
{
	int flags = 0;
	DWORD type = kernel32_GetFileType((HANDLE)handle);
	if (type == 0) {
		DWORD e = kernel32_GetLastError();
		return e ? crt_dos_error(e) : crt_error(EBADF);
	}
	flags |= kind((HANDLE)handle);
	if (oflag & O_WIN_APPEND)
		flags |= FD_APPEND;
	if (oflag & (O_WIN_TEXT | O_WIN_WTEXT | O_WIN_U16TEXT | O_WIN_U8TEXT))
		flags |= FD_TEXT;
	if (oflag & O_WIN_NOINHERIT)
		flags |= FD_NOINHERIT;
	return ucrtbase_fd_of((HANDLE)handle, flags, text_of(oflag));
}

WINAPI int
ucrtbase__isatty(int fd)
{
	struct ucrtbase_fd *f = ucrtbase_fd_look(fd);
	if (!f) {
		if (fd == -2)
			crt_error(EBADF);
		else
			crt_invalid(EBADF);
		return 0;
	}
	return f->flags & FD_DEVICE;
}

WINAPI int
ucrtbase__setmode(int fd, int mode)
{
	REQUIRE(mode == O_WIN_TEXT || mode == O_WIN_BINARY || mode == O_WIN_WTEXT ||
	                mode == O_WIN_U8TEXT || mode == O_WIN_U16TEXT,
	        -1);
	struct ucrtbase_fd *f = ucrtbase_fd_lock(fd);
	if (!f)
		return -1;
	int before = !(f->flags & FD_TEXT) ? O_WIN_BINARY
	             : f->text == FD_UTF16 ? O_WIN_U16TEXT
	             : f->text == FD_UTF8  ? O_WIN_U8TEXT
	                                   : O_WIN_TEXT;
	if (mode == O_WIN_BINARY)
		f->flags &= (uint8_t)~FD_TEXT;
	else
		f->flags |= FD_TEXT;
	f->text = (uint8_t)text_of(mode);
	ucrtbase_fd_unlock(f);
	return before == O_WIN_U16TEXT ? O_WIN_WTEXT : before;
}

WINAPI int
ucrtbase__set_fmode(int mode)
{
	REQUIRE(mode == O_WIN_TEXT || mode == O_WIN_BINARY || mode == O_WIN_WTEXT, EINVAL);
	ucrtbase_fmode = mode;
	return 0;
}

WINAPI int
ucrtbase__get_fmode(int *mode)
{
	REQUIRE(mode, EINVAL);
	*mode = ucrtbase_fmode;
	return 0;
}

WINAPI int *
ucrtbase___p__fmode(void)
{
	return &ucrtbase_fmode;
}

WINAPI int *
ucrtbase___p__commode(void)
{
	return &ucrtbase_commode;
}
