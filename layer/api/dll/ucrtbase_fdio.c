/* SPDX-License-Identifier: Apache-2.0 */
/* ucrtbase_fdio.c -- reading, writing and seeking by descriptor, with their text modes.
 *
 * In text mode CR LF is LF and Ctrl-Z ends a disk file.  What must be looked at beyond what was
 * asked for (an LF after a CR, the rest of a character) waits in `ahead`; a seek knows of it.
 */
#include "layer/api/dll/dll.h"
#include "layer/api/dll/ucrtbase.h"

#include <string.h>

enum { CTRL_Z = 0x1a, PIECE = 4096, ERROR_ACCESS = 5, ERROR_PIPE = 109 };

/* Bytes as they are, first those that were read too far. */
int
ucrtbase_fd_raw(struct ucrtbase_fd *f, void *buf, unsigned n)
{
	DWORD got = 0;
	unsigned had = f->nahead < n ? f->nahead : n;
	if (n == 0)
		return 0;
	if (had > 0) {
		memcpy(buf, f->ahead, had);
		memmove(f->ahead, f->ahead + had, f->nahead - had);
		f->nahead = (uint8_t)(f->nahead - had);
		if (had == n || f->flags & (FD_PIPE | FD_DEVICE))
			return (int)had;
	}
	if (!kernel32_ReadFile(f->handle, (char *)buf + had, n - had, &got, NULL)) {
		DWORD e = kernel32_GetLastError();
		if (had > 0 || e == ERROR_PIPE || e == ERROR_HANDLE_EOF)
			return (int)had;
		crt_dos_error(e);
		if (e == ERROR_ACCESS)
			crt_thread.error = EBADF; /* it was not opened for reading */
		return -1;
	}
	return (int)(had + got);
}

/* The byte or unit after a CR that came last: whether it is an LF, which is then taken. */
static bool
line_feed_follows(struct ucrtbase_fd *f, unsigned unit)
{
	uint8_t next[2] = { 0 };
	int n = ucrtbase_fd_raw(f, next, unit);
	if (n <= 0)
		return false;
	if (next[0] == '\n' && next[1] == 0)
		return true;
	memmove(f->ahead + n, f->ahead, f->nahead);
	memcpy(f->ahead, next, (size_t)n);
	f->nahead = (uint8_t)(f->nahead + n);
	return false;
}

static int
translate(struct ucrtbase_fd *f, char *buf, int n)
{
	int j = 0;
	for (int i = 0; i < n; i++) {
		if (buf[i] == CTRL_Z && !(f->flags & FD_DEVICE)) {
			f->flags |= FD_END;
			break;
		}
		if (buf[i] != '\r')
			buf[j++] = buf[i];
		else if (i + 1 < n && buf[i + 1] == '\n')
			buf[j++] = buf[++i];
		else if (i + 1 < n || !line_feed_follows(f, 1))
			buf[j++] = '\r';
		else
			buf[j++] = '\n';
	}
	return j;
}

static int
translate16(struct ucrtbase_fd *f, WCHAR *buf, int n)
{
	int j = 0;
	for (int i = 0; i < n; i++) {
		if (buf[i] == CTRL_Z && !(f->flags & FD_DEVICE)) {
			f->flags |= FD_END;
			break;
		}
		if (buf[i] != '\r')
			buf[j++] = buf[i];
		else if (i + 1 < n && buf[i + 1] == '\n')
			buf[j++] = buf[++i];
		else if (i + 1 < n || !line_feed_follows(f, 2))
			buf[j++] = '\r';
		else
			buf[j++] = '\n';
	}
	return j;
}

/* UTF-8 text, given as UTF-16. */
static int
read_utf8(struct ucrtbase_fd *f, WCHAR *out, unsigned room)
{
	char bytes[PIECE];
	unsigned n = 0, j = 0;
	if (f->pending && room > 0) {
		out[j++] = f->pending;
		f->pending = 0;
		return 2;
	}
	int got = ucrtbase_fd_raw(f, bytes, room < PIECE - 4 ? room : PIECE - 4);
	if (got <= 0)
		return got;
	for (int more;;) {
		uint32_t c;
		n = (unsigned)got;
		/* the last character whole, or the next read begins with it */
		unsigned back = 0;
		while (back < 3 && back < n && (bytes[n - 1 - back] & 0xc0) == 0x80)
			back++;
		if (back < n && crt_decode(65001, bytes + n - 1 - back, back + 1, &c) == -2) {
			if (back + 1 < n) {
				memcpy(f->ahead, bytes + n - 1 - back, back + 1);
				f->nahead = (uint8_t)(back + 1);
				n -= back + 1;
				break;
			}
			more = ucrtbase_fd_raw(f, bytes + got, 1);
			if (more <= 0)
				break;
			got += more;
			continue;
		}
		break;
	}
	n = (unsigned)translate(f, bytes, (int)n);
	for (unsigned i = 0; i < n;) {
		uint32_t c;
		WCHAR pair[2];
		int used = crt_decode(65001, bytes + i, n - i, &c);
		if (used == 0)
			used = 1;
		if (used < 0) {
			c = 0xfffd;
			used = 1;
		}
		int units = crt_encode16(c, pair);
		if (j + (unsigned)units > room) {
			out[j++] = pair[0];
			f->pending = pair[1];
		} else {
			memcpy(out + j, pair, (size_t)units * 2);
			j += (unsigned)units;
		}
		i += (unsigned)used;
	}
	return (int)j * 2;
}

static bool
is_console(const struct ucrtbase_fd *f)
{
	DWORD mode;
	return f->flags & FD_DEVICE && ucrtbase_late_GetConsoleMode(f->handle, &mode);
}

static int
read_wide(struct ucrtbase_fd *f, void *buf, unsigned n)
{
	int got;
	if (is_console(f)) {
		DWORD units = 0;
		if (!ucrtbase_late_ReadConsoleW(f->handle, buf, n / 2, &units, NULL))
			return crt_dos_error(kernel32_GetLastError());
		return translate16(f, buf, (int)units) * 2;
	}
	if (f->text == FD_UTF8)
		return read_utf8(f, buf, n / 2);
	got = ucrtbase_fd_raw(f, buf, n & ~1u);
	if (got > 0 && got & 1) {
		int more = ucrtbase_fd_raw(f, (char *)buf + got, 1);
		got = more == 1 ? got + 1 : got - 1;
	}
	return got <= 0 ? got : translate16(f, buf, got / 2) * 2;
}

int
ucrtbase_fd_read_locked(struct ucrtbase_fd *f, void *buf, unsigned n)
{
	if (n == 0 || f->flags & FD_END)
		return 0;
	if (!(f->flags & FD_TEXT))
		return ucrtbase_fd_raw(f, buf, n);
	if (f->text != FD_ANSI)
		return read_wide(f, buf, n);
	int got = ucrtbase_fd_raw(f, buf, n);
	return got <= 0 ? got : translate(f, buf, got);
}

int
ucrtbase_fd_read(int fd, void *buf, unsigned n)
{
	struct ucrtbase_fd *f = ucrtbase_fd_lock(fd);
	if (!f)
		return -1;
	int r = ucrtbase_fd_read_locked(f, buf, n);
	ucrtbase_fd_unlock(f);
	return r;
}

WINAPI int
ucrtbase__read(int fd, void *buf, unsigned n)
{
	struct ucrtbase_fd *f = ucrtbase_fd_lock(fd);
	int r;
	if (!f)
		return -1;
	if (n > INT32_MAX || (!buf && n) || (f->flags & FD_TEXT && f->text != FD_ANSI && n & 1)) {
		crt_invalid(EINVAL);
		r = -1;
	} else {
		r = ucrtbase_fd_read_locked(f, buf, n);
	}
	ucrtbase_fd_unlock(f);
	return r;
}

/* -- writing --------------------------------------------------------------------- */

static int
write_all(struct ucrtbase_fd *f, const void *buf, unsigned n)
{
	DWORD wrote = 0;
	for (unsigned at = 0; at < n; at += wrote)
		if (!kernel32_WriteFile(f->handle, (const char *)buf + at, n - at, &wrote, NULL) ||
		    wrote == 0) {
			DWORD e = kernel32_GetLastError();
			if (wrote == 0 && e == 0)
				return crt_error(ENOSPC);
			crt_dos_error(e);
			if (e == ERROR_ACCESS)
				crt_thread.error = EBADF;
			return -1;
		}
	return 0;
}

static int
write_ansi(struct ucrtbase_fd *f, const char *s, unsigned n)
{
	char out[PIECE];
	unsigned j = 0;
	for (unsigned i = 0; i < n; i++) {
		if (j > PIECE - 2) {
			if (write_all(f, out, j) < 0)
				return -1;
			j = 0;
		}
		if (s[i] == '\n')
			out[j++] = '\r';
		out[j++] = s[i];
	}
	return write_all(f, out, j);
}

static int
write_units(struct ucrtbase_fd *f, const WCHAR *s, unsigned n, bool console)
{
	DWORD done;
	if (!console)
		return write_all(f, s, n * 2);
	if (n > 0 && !ucrtbase_late_WriteConsoleW(f->handle, s, n, &done, NULL))
		return crt_dos_error(kernel32_GetLastError());
	return 0;
}

static int
write_utf16(struct ucrtbase_fd *f, const WCHAR *s, unsigned n, bool console)
{
	WCHAR out[PIECE / 2];
	unsigned j = 0;
	for (unsigned i = 0; i < n; i++) {
		if (j > PIECE / 2 - 2) {
			if (write_units(f, out, j, console) < 0)
				return -1;
			j = 0;
		}
		if (s[i] == '\n')
			out[j++] = '\r';
		out[j++] = s[i];
	}
	return write_units(f, out, j, console);
}

static int
write_utf8(struct ucrtbase_fd *f, const WCHAR *s, unsigned n)
{
	char out[PIECE];
	unsigned j = 0;
	for (unsigned i = 0; i < n;) {
		uint32_t c;
		if (j > PIECE - 5) {
			if (write_all(f, out, j) < 0)
				return -1;
			j = 0;
		}
		i += (unsigned)crt_decode16(s + i, n - i, &c);
		if (c == '\n')
			out[j++] = '\r';
		int m = crt_encode(65001, c, out + j);
		j += (unsigned)(m < 0 ? crt_encode(65001, 0xfffd, out + j) : m);
	}
	return write_all(f, out, j);
}

static int
write_locked(struct ucrtbase_fd *f, const void *buf, unsigned n)
{
	int r;
	if (n == 0)
		return 0;
	if (f->no_handle)
		return crt_error(EBADF);
	if (f->flags & FD_APPEND)
		kernel32_SetFilePointerEx(f->handle, 0, NULL, 2);
	if (!(f->flags & FD_TEXT))
		r = write_all(f, buf, n);
	else if (f->text == FD_ANSI)
		r = write_ansi(f, buf, n);
	else if (is_console(f))
		r = write_utf16(f, buf, n / 2, true);
	else if (f->text == FD_UTF16)
		r = write_utf16(f, buf, n / 2, false);
	else
		r = write_utf8(f, buf, n / 2);
	return r < 0 ? -1 : (int)n;
}

int
ucrtbase_fd_write(int fd, const void *buf, unsigned n)
{
	struct ucrtbase_fd *f = ucrtbase_fd_lock(fd);
	if (!f)
		return -1;
	int r = write_locked(f, buf, n);
	ucrtbase_fd_unlock(f);
	return r;
}

WINAPI int
ucrtbase__write(int fd, const void *buf, unsigned n)
{
	struct ucrtbase_fd *f = ucrtbase_fd_lock(fd);
	int r;
	if (!f)
		return -1;
	if (n > INT32_MAX || (!buf && n) || (f->flags & FD_TEXT && f->text != FD_ANSI && n & 1)) {
		crt_invalid(EINVAL);
		r = -1;
	} else {
		r = write_locked(f, buf, n);
	}
	ucrtbase_fd_unlock(f);
	return r;
}

/* -- places ---------------------------------------------------------------------- */

static int64_t
seek_locked(struct ucrtbase_fd *f, int64_t offset, int whence)
{
	LONGLONG to;
	if (whence == 1)
		offset -= f->nahead;
	if (!kernel32_SetFilePointerEx(f->handle, offset, &to, (DWORD)whence))
		return crt_dos_error(kernel32_GetLastError());
	f->nahead = 0;
	f->pending = 0;
	f->flags &= (uint8_t)~FD_END;
	return to;
}

int64_t
ucrtbase_fd_seek(int fd, int64_t offset, int whence)
{
	struct ucrtbase_fd *f = ucrtbase_fd_lock(fd);
	if (!f)
		return -1;
	int64_t r = seek_locked(f, offset, whence);
	ucrtbase_fd_unlock(f);
	return r;
}

WINAPI int64_t
ucrtbase__lseeki64(int fd, int64_t offset, int whence)
{
	REQUIRE(whence >= 0 && whence <= 2, -1);
	return ucrtbase_fd_seek(fd, offset, whence);
}

WINAPI int
ucrtbase__lseek(int fd, int offset, int whence)
{
	REQUIRE(whence >= 0 && whence <= 2, -1);
	int64_t r = ucrtbase_fd_seek(fd, offset, whence);
	return r > INT32_MAX ? crt_error(EINVAL) : (int)r;
}

WINAPI int64_t
ucrtbase__telli64(int fd)
{
	return ucrtbase_fd_seek(fd, 0, 1);
}

WINAPI int
ucrtbase__tell(int fd)
{
	return ucrtbase__lseek(fd, 0, 1);
}

static int64_t
size_locked(struct ucrtbase_fd *f)
{
	LONGLONG size;
	return kernel32_GetFileSizeEx(f->handle, &size) ? size
	                                                : crt_dos_error(kernel32_GetLastError());
}

WINAPI int64_t
ucrtbase__filelengthi64(int fd)
{
	struct ucrtbase_fd *f = ucrtbase_fd_lock(fd);
	if (!f)
		return -1;
	int64_t r = size_locked(f);
	ucrtbase_fd_unlock(f);
	return r;
}

WINAPI int
ucrtbase__filelength(int fd)
{
	int64_t r = ucrtbase__filelengthi64(fd);
	return r > INT32_MAX ? crt_error(EINVAL) : (int)r;
}

WINAPI int
ucrtbase__eof(int fd)
{
	struct ucrtbase_fd *f = ucrtbase_fd_lock(fd);
	if (!f)
		return -1;
	int64_t size = size_locked(f);
	LONGLONG at = 0;
	int r = -1;
	if (size >= 0) {
		if (kernel32_SetFilePointerEx(f->handle, 0, &at, 1))
			r = at - f->nahead >= size;
		else
			crt_dos_error(kernel32_GetLastError());
	}
	ucrtbase_fd_unlock(f);
	return r;
}

WINAPI int
ucrtbase__chsize_s(int fd, int64_t size)
{
	REQUIRE(size >= 0, EINVAL);
	struct ucrtbase_fd *f = ucrtbase_fd_lock(fd);
	LONGLONG before;
	int r = 0;
	if (!f)
		return EBADF;
	if (!kernel32_SetFilePointerEx(f->handle, 0, &before, 1) ||
	    !kernel32_SetFilePointerEx(f->handle, size, NULL, 0) ||
	    !kernel32_SetEndOfFile(f->handle)) {
		crt_dos_error(kernel32_GetLastError());
		r = crt_thread.error;
	}
	kernel32_SetFilePointerEx(f->handle, before, NULL, 0);
	ucrtbase_fd_unlock(f);
	return r;
}

WINAPI int
ucrtbase__chsize(int fd, int size)
{
	return ucrtbase__chsize_s(fd, size) ? -1 : 0;
}

WINAPI int
ucrtbase__commit(int fd)
{
	struct ucrtbase_fd *f = ucrtbase_fd_lock(fd);
	if (!f)
		return -1;
	int r = 0;
	if (!kernel32_FlushFileBuffers(f->handle)) {
		crt_thread.dos_error = kernel32_GetLastError();
		r = crt_error(EBADF);
	}
	ucrtbase_fd_unlock(f);
	return r;
}

enum { LOCK_WAIT = 1, LOCK_NOWAIT = 2, UNLOCK = 0, RLOCK_WAIT = 3, RLOCK_NOWAIT = 4 };

WINAPI int
ucrtbase__locking(int fd, int how, long n)
{
	struct ucrtbase_fd *f;
	LONGLONG at = 0;
	int32_t count = (int32_t)n;
	REQUIRE(count >= 0 && how >= UNLOCK && how <= RLOCK_NOWAIT, -1);
	if (!(f = ucrtbase_fd_lock(fd)))
		return -1;
	kernel32_SetFilePointerEx(f->handle, 0, &at, 1);
	HANDLE h = f->handle;
	ucrtbase_fd_unlock(f);
	/* ten tries, a second apart, as documented */
	int tries = how == LOCK_WAIT || how == RLOCK_WAIT ? 10 : 1;
	for (int i = 0; i < tries; i++) {
		BOOL good = how == UNLOCK ? kernel32_UnlockFile(h, (DWORD)at, (DWORD)(at >> 32),
		                                                (DWORD)count, 0)
		                          : kernel32_LockFile(h, (DWORD)at, (DWORD)(at >> 32),
		                                              (DWORD)count, 0);
		if (good)
			return 0;
		if (i + 1 < tries)
			kernel32_Sleep(1000);
	}
	if (tries > 1)
		return crt_error(CRT_EDEADLK);
	return crt_dos_error(kernel32_GetLastError());
}
