/* SPDX-License-Identifier: Apache-2.0 */
/* ucrtbase_stdio.c -- streams of bytes, as programs call them. */
#include "layer/api/dll/dll.h"
#include "layer/api/dll/ucrtbase.h"

#include <string.h>

static FILE_ *
open_narrow(const char *name, const char *mode, int share, FILE_ *reuse)
{
	REQUIRE(name && mode, NULL);
	WCHAR *wname = ucrtbase_path(name), *wmode = crt_wide(0, mode);
	FILE_ *f = wname && wmode ? ucrtbase_stream_open(wname, wmode, share, reuse) : NULL;
	crt_free(wname);
	crt_free(wmode);
	return f;
}

WINAPI FILE_ *
ucrtbase_fopen(const char *name, const char *mode)
{
	return open_narrow(name, mode, 0x40, NULL);
}

WINAPI FILE_ *
ucrtbase__fsopen(const char *name, const char *mode, int share)
{
	return open_narrow(name, mode, share, NULL);
}

WINAPI int
ucrtbase_fopen_s(FILE_ **f, const char *name, const char *mode)
{
	REQUIRE(f && name && mode, EINVAL);
	*f = open_narrow(name, mode, 0x80, NULL);
	return *f ? 0 : crt_thread.error;
}

WINAPI FILE_ *
ucrtbase__wfopen(const WCHAR *name, const WCHAR *mode)
{
	REQUIRE(name && mode, NULL);
	return ucrtbase_stream_open(name, mode, 0x40, NULL);
}

WINAPI FILE_ *
ucrtbase__wfsopen(const WCHAR *name, const WCHAR *mode, int share)
{
	REQUIRE(name && mode, NULL);
	return ucrtbase_stream_open(name, mode, share, NULL);
}

WINAPI int
ucrtbase__wfopen_s(FILE_ **f, const WCHAR *name, const WCHAR *mode)
{
	REQUIRE(f && name && mode, EINVAL);
	*f = ucrtbase_stream_open(name, mode, 0x80, NULL);
	return *f ? 0 : crt_thread.error;
}

static FILE_ *
reopen(const WCHAR *name, const WCHAR *mode, int share, FILE_ *f)
{
	REQUIRE(name && mode && f, NULL);
	ucrtbase_stream_lock(f);
	ucrtbase_stream_close(f);
	FILE_ *r = ucrtbase_stream_open(name, mode, share, f);
	ucrtbase_stream_unlock(f);
	return r;
}

WINAPI FILE_ *
ucrtbase__wfreopen(const WCHAR *name, const WCHAR *mode, FILE_ *f)
{
	return reopen(name, mode, 0x40, f);
}

WINAPI FILE_ *
ucrtbase_freopen(const char *name, const char *mode, FILE_ *f)
{
	REQUIRE(name && mode, NULL);
	WCHAR *wname = ucrtbase_path(name), *wmode = crt_wide(0, mode);
	FILE_ *r = wname && wmode ? reopen(wname, wmode, 0x40, f) : NULL;
	crt_free(wname);
	crt_free(wmode);
	return r;
}

WINAPI int
ucrtbase_freopen_s(FILE_ **out, const char *name, const char *mode, FILE_ *f)
{
	REQUIRE(out, EINVAL);
	*out = ucrtbase_freopen(name, mode, f);
	return *out ? 0 : crt_thread.error;
}

WINAPI int
ucrtbase__wfreopen_s(FILE_ **out, const WCHAR *name, const WCHAR *mode, FILE_ *f)
{
	REQUIRE(out, EINVAL);
	*out = reopen(name, mode, 0x80, f);
	return *out ? 0 : crt_thread.error;
}

WINAPI FILE_ *
ucrtbase__wfdopen(int fd, const WCHAR *mode)
{
	REQUIRE(mode, NULL);
	return ucrtbase_stream_of(fd, mode);
}

WINAPI FILE_ *
ucrtbase__fdopen(int fd, const char *mode)
{
	REQUIRE(mode, NULL);
	WCHAR *wmode = crt_wide(0, mode);
	FILE_ *f = wmode ? ucrtbase_stream_of(fd, wmode) : NULL;
	crt_free(wmode);
	return f;
}

/* -- state -------------------------------------------------------------------------- */

WINAPI int
ucrtbase__fileno(FILE_ *f)
{
	REQUIRE(f, -1);
	/* a standard stream without a file behind it */
	struct ucrtbase_fd *d =
	        f < ucrtbase_iob + 3 && f >= ucrtbase_iob ? ucrtbase_fd_look(f->file) : NULL;
	return d && d->no_handle ? -2 : f->file;
}

WINAPI int
ucrtbase_feof(FILE_ *f)
{
	REQUIRE(f, 0);
	return f->flag & STREAM_EOF;
}

WINAPI int
ucrtbase_ferror(FILE_ *f)
{
	REQUIRE(f, 0);
	return f->flag & STREAM_ERROR;
}

WINAPI int
ucrtbase_clearerr_s(FILE_ *f)
{
	REQUIRE(f, EINVAL);
	ucrtbase_stream_lock(f);
	struct ucrtbase_fd *d = ucrtbase_fd_look(f->file);
	f->flag &= ~(STREAM_EOF | STREAM_ERROR);
	if (d)
		d->flags &= (uint8_t)~FD_END;
	ucrtbase_stream_unlock(f);
	return 0;
}

WINAPI void
ucrtbase_clearerr(FILE_ *f)
{
	ucrtbase_clearerr_s(f);
}

static int
flush_nolock(FILE_ *f)
{
	if (ucrtbase_stream_flush(f) < 0)
		return -1;
	/* what was read ahead of a disk file is given back */
	if (f->flag & STREAM_READ && f->cnt > 0 && f->flag & STREAM_BOTH)
		ucrtbase_stream_seek(f, 0, 1);
	return 0;
}

WINAPI int
ucrtbase_fflush(FILE_ *f)
{
	if (!f)
		return ucrtbase_stream_flush_all() < 0 ? -1 : 0;
	ucrtbase_stream_lock(f);
	int r = flush_nolock(f);
	ucrtbase_stream_unlock(f);
	return r;
}

WINAPI int
ucrtbase__fflush_nolock(FILE_ *f)
{
	if (!f)
		return ucrtbase_stream_flush_all() < 0 ? -1 : 0;
	return flush_nolock(f);
}

WINAPI int
ucrtbase__flushall(void)
{
	return ucrtbase_stream_flush_all();
}

WINAPI int
ucrtbase__fcloseall(void)
{
	return ucrtbase_stream_close_all();
}

/* -- bytes -------------------------------------------------------------------------- */

static int
put_nolock(int c, FILE_ *f)
{
	char b = (char)c;
	REQUIRE(ucrtbase_stream_narrow(f), -1);
	return ucrtbase_stream_write(f, &b, 1) < 0 || ucrtbase_stream_done(f) < 0
	               ? -1
	               : (unsigned char)b;
}

/* What is not just a byte into a buffer or out of one: functions of Microsoft's convention, so
 * that the quick ways need not save what only these change. */
static WINAPI __attribute__((noinline)) int
put_slowly(int c, FILE_ *f)
{
	REQUIRE(f, -1);
	return put_nolock(c, f);
}

static WINAPI __attribute__((noinline)) int
get_slowly(FILE_ *f)
{
	REQUIRE(f, -1);
	return ucrtbase_stream_get(f);
}

WINAPI int
ucrtbase_fputc(int c, FILE_ *f)
{
	int r = (unsigned char)c;
	if (!f)
		return put_slowly(c, f);
	ucrtbase_stream_lock(f);
	if (f->flag & STREAM_WRITE && f->cnt > 1) {
		f->cnt--;
		*f->ptr++ = (char)c;
	} else {
		r = put_slowly(c, f);
	}
	ucrtbase_stream_unlock(f);
	return r;
}

WINAPI int
ucrtbase__fputc_nolock(int c, FILE_ *f)
{
	REQUIRE(f, -1);
	return put_nolock(c, f);
}

WINAPI int
ucrtbase_putchar(int c)
{
	return ucrtbase_fputc(c, &ucrtbase_iob[1]);
}

WINAPI int
ucrtbase_fgetc(FILE_ *f)
{
	int r;
	if (!f)
		return get_slowly(f);
	ucrtbase_stream_lock(f);
	if (f->flag & STREAM_READ && f->cnt > 0) {
		f->cnt--;
		r = (unsigned char)*f->ptr++;
	} else {
		r = get_slowly(f);
	}
	ucrtbase_stream_unlock(f);
	return r;
}

WINAPI int
ucrtbase__fgetc_nolock(FILE_ *f)
{
	REQUIRE(f, -1);
	return ucrtbase_stream_get(f);
}

WINAPI int
ucrtbase_getchar(void)
{
	return ucrtbase_fgetc(&ucrtbase_iob[0]);
}

WINAPI int
ucrtbase_ungetc(int c, FILE_ *f)
{
	REQUIRE(f, -1);
	ucrtbase_stream_lock(f);
	int r = ucrtbase_stream_unget(f, c);
	ucrtbase_stream_unlock(f);
	return r;
}

WINAPI int
ucrtbase__ungetc_nolock(int c, FILE_ *f)
{
	REQUIRE(f, -1);
	return ucrtbase_stream_unget(f, c);
}

/* words of an int */
WINAPI int
ucrtbase__getw(FILE_ *f)
{
	int v = 0;
	char *p = (char *)&v;
	REQUIRE(f, -1);
	ucrtbase_stream_lock(f);
	for (size_t i = 0; i < sizeof v; i++) {
		int c = ucrtbase_stream_get(f);
		if (c < 0) {
			v = -1;
			break;
		}
		p[i] = (char)c;
	}
	ucrtbase_stream_unlock(f);
	return v;
}

WINAPI int
ucrtbase__putw(int v, FILE_ *f)
{
	REQUIRE(f, -1);
	ucrtbase_stream_lock(f);
	int r = ucrtbase_stream_write(f, &v, sizeof v) < 0 || ucrtbase_stream_done(f) < 0 ? -1 : v;
	ucrtbase_stream_unlock(f);
	return r;
}

/* -- lines -------------------------------------------------------------------------- */

WINAPI int
ucrtbase_fputs(const char *s, FILE_ *f)
{
	REQUIRE(s && f, -1);
	ucrtbase_stream_lock(f);
	int r = -1;
	if (!ucrtbase_stream_narrow(f))
		crt_invalid(EINVAL);
	else if (ucrtbase_stream_write(f, s, strlen(s)) == 0)
		r = ucrtbase_stream_done(f);
	ucrtbase_stream_unlock(f);
	return r;
}

WINAPI int
ucrtbase_puts(const char *s)
{
	FILE_ *f = &ucrtbase_iob[1];
	REQUIRE(s, -1);
	ucrtbase_stream_lock(f);
	int r = -1;
	if (!ucrtbase_stream_narrow(f))
		crt_invalid(EINVAL);
	else if (ucrtbase_stream_write(f, s, strlen(s)) == 0 &&
	         ucrtbase_stream_write(f, "\n", 1) == 0)
		r = ucrtbase_stream_done(f);
	ucrtbase_stream_unlock(f);
	return r;
}

/* Up to n bytes and the end of a line with it; how many. */
static size_t
line(char *out, size_t n, FILE_ *f)
{
	size_t j = 0;
	while (j < n) {
		if ((f->cnt <= 0 || !(f->flag & STREAM_READ)) && ucrtbase_stream_fill(f) < 0)
			break;
		size_t some = n - j < (size_t)f->cnt ? n - j : (size_t)f->cnt;
		const char *end = memchr(f->ptr, '\n', some);
		if (end)
			some = (size_t)(end - f->ptr) + 1;
		memcpy(out + j, f->ptr, some);
		f->ptr += some;
		f->cnt -= (int)some;
		j += some;
		if (end)
			break;
	}
	return j;
}

WINAPI char *
ucrtbase_fgets(char *s, int n, FILE_ *f)
{
	REQUIRE((s || n == 0) && n >= 0 && f, NULL);
	if (n == 0)
		return NULL;
	ucrtbase_stream_lock(f);
	size_t got = line(s, (size_t)n - 1, f);
	bool none = got == 0 && n > 1;
	ucrtbase_stream_unlock(f);
	if (none)
		return NULL;
	s[got] = 0;
	return s;
}

static char *
get_line(char *s, size_t room)
{
	FILE_ *f = &ucrtbase_iob[0];
	size_t n = 0;
	int c;
	ucrtbase_stream_lock(f);
	while ((c = ucrtbase_stream_get(f)) >= 0 && c != '\n') {
		if (n + 1 >= room) {
			/* the rest of the line goes, and so does what was stored */
			while ((c = ucrtbase_stream_get(f)) >= 0 && c != '\n')
				;
			ucrtbase_stream_unlock(f);
			s[0] = 0;
			crt_invalid(ERANGE);
			return NULL;
		}
		s[n++] = (char)c;
	}
	ucrtbase_stream_unlock(f);
	if (c < 0 && n == 0)
		return NULL;
	s[n] = 0;
	return s;
}

WINAPI char *
ucrtbase_gets(char *s)
{
	REQUIRE(s, NULL);
	return get_line(s, SIZE_MAX);
}

WINAPI char *
ucrtbase_gets_s(char *s, size_t room)
{
	REQUIRE(s && room > 0, NULL);
	return get_line(s, room);
}

/* -- blocks ------------------------------------------------------------------------- */

static size_t
read_bytes(char *out, size_t n, FILE_ *f)
{
	size_t j = 0;
	while (j < n) {
		if (f->cnt > 0 && f->flag & STREAM_READ) {
			size_t some = n - j < (size_t)f->cnt ? n - j : (size_t)f->cnt;
			memcpy(out + j, f->ptr, some);
			f->ptr += some;
			f->cnt -= (int)some;
			j += some;
			continue;
		}
		/* what is more than a buffer is read to where it belongs */
		if (f->flag & STREAM_READ && f->base && n - j >= (size_t)f->bufsiz &&
		    f->bufsiz > 2) {
			size_t whole = (n - j) - (n - j) % (size_t)f->bufsiz;
			unsigned some = (unsigned)(whole < 0x40000000 ? whole : 0x40000000);
			int got = ucrtbase_fd_read(f->file, out + j, some);
			if (got <= 0) {
				f->flag |= got == 0 ? STREAM_EOF : STREAM_ERROR;
				break;
			}
			j += (size_t)got;
			continue;
		}
		if (ucrtbase_stream_fill(f) < 0)
			break;
	}
	return j;
}

WINAPI size_t
ucrtbase__fread_nolock(void *p, size_t size, size_t n, FILE_ *f)
{
	if (size == 0 || n == 0)
		return 0;
	REQUIRE(p && f && n <= SIZE_MAX / size, 0);
	return read_bytes(p, size * n, f) / size;
}

WINAPI size_t
ucrtbase_fread(void *p, size_t size, size_t n, FILE_ *f)
{
	if (size == 0 || n == 0)
		return 0;
	REQUIRE(p && f && n <= SIZE_MAX / size, 0);
	ucrtbase_stream_lock(f);
	size_t r = read_bytes(p, size * n, f) / size;
	ucrtbase_stream_unlock(f);
	return r;
}

WINAPI size_t
ucrtbase__fread_nolock_s(void *p, size_t room, size_t size, size_t n, FILE_ *f)
{
	if (size == 0 || n == 0)
		return 0;
	REQUIRE(p && f, 0);
	if (n > SIZE_MAX / size || size * n > room) {
		memset(p, 0, room);
		crt_invalid(ERANGE);
		return 0;
	}
	return read_bytes(p, size * n, f) / size;
}

WINAPI size_t
ucrtbase_fread_s(void *p, size_t room, size_t size, size_t n, FILE_ *f)
{
	if (size == 0 || n == 0)
		return 0;
	REQUIRE(f, 0);
	ucrtbase_stream_lock(f);
	size_t r = ucrtbase__fread_nolock_s(p, room, size, n, f);
	ucrtbase_stream_unlock(f);
	return r;
}

WINAPI size_t
ucrtbase__fwrite_nolock(const void *p, size_t size, size_t n, FILE_ *f)
{
	if (size == 0 || n == 0)
		return 0;
	REQUIRE(p && f && n <= SIZE_MAX / size, 0);
	return ucrtbase_stream_write(f, p, size * n) < 0 || ucrtbase_stream_done(f) < 0 ? 0 : n;
}

WINAPI size_t
ucrtbase_fwrite(const void *p, size_t size, size_t n, FILE_ *f)
{
	REQUIRE(f, 0);
	ucrtbase_stream_lock(f);
	size_t r = ucrtbase__fwrite_nolock(p, size, n, f);
	ucrtbase_stream_unlock(f);
	return r;
}

/* -- places ------------------------------------------------------------------------- */

WINAPI int
ucrtbase__fseeki64_nolock(FILE_ *f, int64_t offset, int whence)
{
	REQUIRE(f && whence >= 0 && whence <= 2, -1);
	return ucrtbase_stream_seek(f, offset, whence);
}

WINAPI int
ucrtbase__fseeki64(FILE_ *f, int64_t offset, int whence)
{
	REQUIRE(f, -1);
	ucrtbase_stream_lock(f);
	int r = ucrtbase__fseeki64_nolock(f, offset, whence);
	ucrtbase_stream_unlock(f);
	return r;
}

WINAPI int
ucrtbase_fseek(FILE_ *f, int offset, int whence)
{
	return ucrtbase__fseeki64(f, offset, whence);
}

WINAPI int
ucrtbase__fseek_nolock(FILE_ *f, int offset, int whence)
{
	return ucrtbase__fseeki64_nolock(f, offset, whence);
}

WINAPI int64_t
ucrtbase__ftelli64_nolock(FILE_ *f)
{
	REQUIRE(f, -1);
	return ucrtbase_stream_tell(f);
}

WINAPI int64_t
ucrtbase__ftelli64(FILE_ *f)
{
	REQUIRE(f, -1);
	ucrtbase_stream_lock(f);
	int64_t r = ucrtbase_stream_tell(f);
	ucrtbase_stream_unlock(f);
	return r;
}

WINAPI int
ucrtbase_ftell(FILE_ *f)
{
	int64_t r = ucrtbase__ftelli64(f);
	return r > INT32_MAX ? crt_error(EINVAL) : (int)r;
}

WINAPI int
ucrtbase__ftell_nolock(FILE_ *f)
{
	int64_t r = ucrtbase__ftelli64_nolock(f);
	return r > INT32_MAX ? crt_error(EINVAL) : (int)r;
}

WINAPI void
ucrtbase_rewind(FILE_ *f)
{
	if (ucrtbase__fseeki64(f, 0, 0) == 0)
		ucrtbase_clearerr(f);
}

WINAPI int
ucrtbase_fgetpos(FILE_ *f, int64_t *at)
{
	REQUIRE(f && at, -1);
	*at = ucrtbase__ftelli64(f);
	return *at < 0 ? -1 : 0;
}

WINAPI int
ucrtbase_fsetpos(FILE_ *f, const int64_t *at)
{
	REQUIRE(f && at, -1);
	return ucrtbase__fseeki64(f, *at, 0);
}
