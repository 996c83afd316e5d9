/* SPDX-License-Identifier: Apache-2.0 */
/* ucrtbase_stream.c -- streams: buffers between a program and a descriptor.
 *
 * ptr, cnt and base mean what they mean to the macros of old headers and to the C++ library,
 * which move them themselves: cnt is what is left to read or the room to write.  Where each
 * call must reach its file at once (standard error, consoles, _IONBF) cnt is 0 between calls.
 */
#include "layer/api/dll/dll.h"
#include "layer/api/dll/ucrtbase.h"

#include <linux/futex.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { STREAMS = 8192, BUFFER = 4096 };

struct more {
	bool at_once;      /* flush at the end of each call */
	bool decided;      /* at_once is known */
	WCHAR half;        /* of a pair that fgetwc() gives next */
	int64_t filled_at; /* where the file was before the buffer was filled; -1: not known */
};

struct whole {
	struct ucrtbase_stream_whole w;
	struct more m;
};

FILE_ ucrtbase_iob[20] = {
	{ .flag = STREAM_READ, .file = 0 },
	{ .flag = STREAM_WRITE, .file = 1 },
	{ .flag = STREAM_WRITE, .file = 2 },
};

struct ucrtbase_lock ucrtbase_iob_locks[20];
static struct more iob_more[20];
static struct whole *streams[STREAMS];
static int streams_end = 3; /* no slot from here on was ever used */
static pthread_mutex_t list = PTHREAD_MUTEX_INITIALIZER;

WINAPI void
ucrtbase_stream_wait(struct ucrtbase_lock *l)
{
	while (__atomic_exchange_n((uint32_t *)&l->state, 2, __ATOMIC_ACQUIRE) != 0)
		syscall(SYS_futex, &l->state, FUTEX_WAIT_PRIVATE, 2, NULL, NULL, 0);
}

WINAPI void
ucrtbase_stream_wake(struct ucrtbase_lock *l)
{
	syscall(SYS_futex, &l->state, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

static inline struct more *
more(FILE_ *f)
{
	if (f >= ucrtbase_iob && f < ucrtbase_iob + 20)
		return &iob_more[f - ucrtbase_iob];
	return &((struct whole *)(void *)f)->m;
}

/* -- buffers ---------------------------------------------------------------------- */

static void
buffer(FILE_ *f)
{
	if (f->base)
		return;
	int size = f->bufsiz > 1 ? f->bufsiz : BUFFER;
	f->base = crt_alloc((size_t)size);
	if (f->base) {
		f->flag |= STREAM_OWN_BUFFER;
		f->bufsiz = size;
	} else {
		f->base = (char *)&f->charbuf;
		f->bufsiz = 2;
	}
	f->ptr = f->base;
	f->cnt = 0;
}

static bool
is_text(const FILE_ *f, enum fd_text *text)
{
	struct ucrtbase_fd *d = ucrtbase_fd_look(f->file);
	*text = d ? (enum fd_text)d->text : FD_ANSI;
	return d && d->flags & FD_TEXT;
}

bool
ucrtbase_stream_narrow(FILE_ *f)
{
	enum fd_text text;
	return !is_text(f, &text) || text == FD_ANSI;
}

static void
decide(FILE_ *f)
{
	struct more *m = more(f);
	struct ucrtbase_fd *d;
	if (m->decided)
		return;
	m->decided = true;
	d = ucrtbase_fd_look(f->file);
	m->at_once = f->flag & STREAM_UNBUFFERED || f == &ucrtbase_iob[2] ||
	             (f == &ucrtbase_iob[1] && d && d->flags & FD_DEVICE);
}

int
ucrtbase_stream_flush(FILE_ *f)
{
	if (!(f->flag & STREAM_WRITE) || !f->base)
		return 0;
	int n = (int)(f->ptr - f->base);
	f->ptr = f->base;
	f->cnt = 0;
	if (n <= 0)
		return 0;
	if (ucrtbase_fd_write(f->file, f->base, (unsigned)n) != n) {
		f->flag |= STREAM_ERROR;
		return -1;
	}
	if (f->flag & STREAM_BOTH)
		f->flag &= ~STREAM_WRITE;
	return 0;
}

/* What was read ahead is given back to the file. */
static void
drop_read(FILE_ *f)
{
	if (f->cnt > 0) {
		int64_t at = ucrtbase_stream_tell(f);
		if (at >= 0)
			ucrtbase_fd_seek(f->file, at, 0);
	}
	f->ptr = f->base;
	f->cnt = 0;
}

static int
start_write(FILE_ *f)
{
	if (!(f->flag & (STREAM_WRITE | STREAM_BOTH))) {
		f->flag |= STREAM_ERROR;
		return crt_error(EBADF);
	}
	if (!(f->flag & STREAM_WRITE)) {
		if (f->flag & STREAM_READ)
			drop_read(f);
		f->flag = (f->flag & ~(STREAM_READ | STREAM_EOF)) | STREAM_WRITE;
		f->ptr = f->base;
		f->cnt = 0;
	}
	buffer(f);
	decide(f);
	return 0;
}

static void
set_room(FILE_ *f)
{
	f->cnt = more(f)->at_once ? 0 : (int)(f->base + f->bufsiz - f->ptr);
}

int
ucrtbase_stream_write(FILE_ *f, const void *p, size_t n)
{
	const char *s = p;
	if (start_write(f) < 0)
		return -1;
	while (n > 0) {
		size_t room = (size_t)(f->base + f->bufsiz - f->ptr);
		if (f->ptr == f->base && n >= (size_t)f->bufsiz) {
			/* whole buffers go past the buffer */
			size_t whole = n - n % (size_t)f->bufsiz;
			unsigned some = (unsigned)(whole < 0x40000000 ? whole : 0x40000000);
			if (ucrtbase_fd_write(f->file, s, some) != (int)some) {
				f->flag |= STREAM_ERROR;
				return -1;
			}
			s += some;
			n -= some;
			continue;
		}
		size_t some = n < room ? n : room;
		memcpy(f->ptr, s, some);
		f->ptr += some;
		s += some;
		n -= some;
		if (some == room) {
			if (ucrtbase_stream_flush(f) < 0)
				return -1;
			f->flag |= STREAM_WRITE;
		}
	}
	set_room(f);
	return 0;
}

int
ucrtbase_stream_done(FILE_ *f)
{
	struct more *m = more(f);
	return m->at_once && f->ptr != f->base ? ucrtbase_stream_flush(f) : 0;
}

int
ucrtbase_stream_write_wide(FILE_ *f, const WCHAR *p, size_t n)
{
	enum fd_text text;
	char out[512];
	size_t j = 0;
	unsigned page = crt_locale()->codepage;
	if (!is_text(f, &text) || text != FD_ANSI)
		return ucrtbase_stream_write(f, p, n * 2);
	for (size_t i = 0; i < n;) {
		uint32_t c;
		i += (size_t)crt_decode16(p + i, n - i, &c);
		int m = crt_encode(page, c, out + j);
		if (m < 0) {
			f->flag |= STREAM_ERROR;
			return crt_error(CRT_EILSEQ);
		}
		j += (size_t)m;
		if (j > sizeof out - 4 || i >= n) {
			if (ucrtbase_stream_write(f, out, j) < 0)
				return -1;
			j = 0;
		}
	}
	return 0;
}

/* -- reading ---------------------------------------------------------------------- */

static int
start_read(FILE_ *f)
{
	if (!(f->flag & (STREAM_READ | STREAM_BOTH))) {
		f->flag |= STREAM_ERROR;
		return crt_error(EBADF);
	}
	if (!(f->flag & STREAM_READ)) {
		if (f->flag & STREAM_WRITE && ucrtbase_stream_flush(f) < 0)
			return -1;
		f->flag = (f->flag & ~STREAM_WRITE) | STREAM_READ;
		f->ptr = f->base;
		f->cnt = 0;
	}
	buffer(f);
	return 0;
}

int
ucrtbase_stream_fill(FILE_ *f)
{
	struct more *m = more(f);
	struct ucrtbase_fd *d;
	if (start_read(f) < 0)
		return -1;
	if (f->cnt > 0)
		return 0;
	/* who waits for input has seen what was asked */
	d = ucrtbase_fd_look(f->file);
	m->filled_at = -1;
	if (d && d->flags & FD_TEXT && !(d->flags & (FD_PIPE | FD_DEVICE)))
		m->filled_at = ucrtbase_fd_seek(f->file, 0, 1);
	int size = f->flag & STREAM_UNBUFFERED ? (f->bufsiz > 2 ? 2 : f->bufsiz) : f->bufsiz;
	if (f->flag & STREAM_UNBUFFERED && ucrtbase_stream_narrow(f))
		size = 1;
	int n = ucrtbase_fd_read(f->file, f->base, (unsigned)size);
	f->ptr = f->base;
	f->cnt = n > 0 ? n : 0;
	if (n > 0)
		return 0;
	f->flag |= n == 0 ? STREAM_EOF : STREAM_ERROR;
	return -1;
}

int
ucrtbase_stream_get(FILE_ *f)
{
	if ((f->cnt <= 0 || !(f->flag & STREAM_READ)) && ucrtbase_stream_fill(f) < 0)
		return -1;
	f->cnt--;
	return (unsigned char)*f->ptr++;
}

int
ucrtbase_stream_unget(FILE_ *f, int c)
{
	if (c == -1 || start_read(f) < 0)
		return -1;
	if (f->cnt < 0)
		f->cnt = 0;
	if (f->ptr > f->base) {
		f->ptr--;
	} else if (f->cnt < f->bufsiz) {
		memmove(f->base + 1, f->base, (size_t)f->cnt);
	} else {
		return -1;
	}
	f->cnt++;
	*f->ptr = (char)c;
	f->flag &= ~STREAM_EOF;
	return (unsigned char)c;
}

int
ucrtbase_stream_get_wide(FILE_ *f)
{
	enum fd_text text;
	char bytes[4];
	uint32_t c;
	WCHAR pair[2];
	int n = 0, b, used;
	if (more(f)->half) {
		pair[0] = more(f)->half;
		more(f)->half = 0;
		return pair[0];
	}
	if (!is_text(f, &text) || text != FD_ANSI) {
		int low = ucrtbase_stream_get(f), high = low < 0 ? -1 : ucrtbase_stream_get(f);
		return high < 0 ? -1 : low | high << 8;
	}
	do {
		b = ucrtbase_stream_get(f);
		if (b < 0)
			return -1;
		bytes[n++] = (char)b;
		used = crt_decode(crt_locale()->codepage, bytes, (size_t)n, &c);
	} while (used == -2 && n < 4);
	if (used < 0) {
		f->flag |= STREAM_ERROR;
		return crt_error(CRT_EILSEQ);
	}
	if (crt_encode16(c, pair) == 2)
		more(f)->half = pair[1];
	return pair[0];
}

int
ucrtbase_stream_unget_wide(FILE_ *f, int c)
{
	enum fd_text text;
	char bytes[4];
	if (c == 0xffff)
		return -1;
	if (!is_text(f, &text) || text != FD_ANSI)
		return ucrtbase_stream_unget(f, c >> 8) < 0 ||
		                       ucrtbase_stream_unget(f, c & 0xff) < 0
		               ? -1
		               : c;
	int n = crt_encode(crt_locale()->codepage, (uint32_t)c, bytes);
	if (n < 0)
		return crt_error(CRT_EILSEQ);
	while (n > 0)
		if (ucrtbase_stream_unget(f, (unsigned char)bytes[--n]) < 0)
			return -1;
	return c;
}

/* -- places ----------------------------------------------------------------------- */

/* How many bytes of the file became the first n of the buffer, by reading them again. */
static int64_t
raw_length(FILE_ *f, int64_t at, int64_t n)
{
	struct ucrtbase_fd *d = ucrtbase_fd_lock(f->file);
	char piece[BUFFER];
	int64_t raw = 0;
	bool cr = false;
	int got;
	if (!d)
		return n;
	kernel32_SetFilePointerEx(d->handle, at, NULL, 0);
	while (n > 0 && (got = ucrtbase_fd_raw(d, piece, sizeof piece)) > 0)
		for (int i = 0; i < got && (n > 0 || (cr && piece[i] == '\n')); i++, raw++) {
			if (!(cr && piece[i] == '\n'))
				n--;
			cr = piece[i] == '\r';
		}
	ucrtbase_fd_unlock(d);
	return raw;
}

static int64_t
unread(FILE_ *f, enum fd_text text)
{
	int64_t n = 0;
	const WCHAR *w = (const WCHAR *)(const void *)f->ptr;
	for (int i = 0; i < f->cnt / 2; i++) {
		uint32_t c;
		char bytes[4];
		int units = crt_decode16(w + i, (size_t)(f->cnt / 2 - i), &c);
		int m = text == FD_UTF16 ? units * 2 : crt_encode(65001, c, bytes);
		n += (m < 0 ? 3 : m) + (c == '\n' ? (text == FD_UTF16 ? 2 : 1) : 0);
		i += units - 1;
	}
	return n;
}

int64_t
ucrtbase_stream_tell(FILE_ *f)
{
	enum fd_text text;
	bool translated = is_text(f, &text);
	struct ucrtbase_fd *d = ucrtbase_fd_look(f->file);
	int64_t at = ucrtbase_fd_seek(f->file, 0, 1);
	if (at < 0 || !f->base)
		return at;
	if (f->flag & STREAM_WRITE) {
		int64_t n = f->ptr - f->base;
		if (n > 0 && d && d->flags & FD_APPEND)
			at = ucrtbase_fd_seek(f->file, 0, 2);
		if (translated && text == FD_ANSI)
			for (const char *p = f->base; p < f->ptr; p++)
				n += *p == '\n';
		return at + n;
	}
	if (f->cnt <= 0)
		return at;
	if (!translated)
		return at - f->cnt;
	if (text != FD_ANSI)
		return at - unread(f, text);
	int64_t from = more(f)->filled_at, all = f->ptr - f->base + f->cnt;
	if (from < 0 || at - from == all)
		return at - f->cnt;
	int64_t here = from + raw_length(f, from, f->ptr - f->base);
	ucrtbase_fd_seek(f->file, at, 0);
	return here;
}

int
ucrtbase_stream_seek(FILE_ *f, int64_t offset, int whence)
{
	if (whence == 1) {
		int64_t at = ucrtbase_stream_tell(f);
		if (at < 0)
			return -1;
		offset += at;
		whence = 0;
	}
	if (f->flag & STREAM_WRITE && ucrtbase_stream_flush(f) < 0)
		return -1;
	f->flag &= ~STREAM_EOF;
	f->ptr = f->base;
	f->cnt = 0;
	more(f)->half = 0;
	if (f->flag & STREAM_BOTH)
		f->flag &= ~(STREAM_READ | STREAM_WRITE);
	return ucrtbase_fd_seek(f->file, offset, whence) < 0 ? -1 : 0;
}

/* -- opening and closing ------------------------------------------------------------ */

/* "r+b, ccs=UTF-8" to flags of _open; *flag is the stream's.  -1: it is none. */
static int
parse_mode(const WCHAR *m, int *flag)
{
	int oflag;
	*flag = ucrtbase_commode & STREAM_COMMIT;
	while (*m == ' ')
		m++;
	switch (*m++) {
	case 'r':
		oflag = O_WIN_RDONLY;
		*flag |= STREAM_READ;
		break;
	case 'w':
		oflag = O_WIN_WRONLY | O_WIN_CREAT | O_WIN_TRUNC;
		*flag |= STREAM_WRITE;
		break;
	case 'a':
		oflag = O_WIN_WRONLY | O_WIN_CREAT | O_WIN_APPEND;
		*flag |= STREAM_WRITE;
		break;
	default: return -1;
	}
	for (; *m && *m != ','; m++)
		switch (*m) {
		case '+':
			oflag = (oflag & ~3) | O_WIN_RDWR;
			*flag = (*flag & ~(STREAM_READ | STREAM_WRITE)) | STREAM_BOTH;
			break;
		case 'b': oflag |= O_WIN_BINARY; break;
		case 't': oflag |= O_WIN_TEXT; break;
		case 'c': *flag |= STREAM_COMMIT; break;
		case 'n': *flag &= ~STREAM_COMMIT; break;
		case 'S': oflag |= O_WIN_SEQUENTIAL; break;
		case 'R': oflag |= O_WIN_RANDOM; break;
		case 'T': oflag |= O_WIN_SHORT_LIVED; break;
		case 'D': oflag |= O_WIN_TEMPORARY; break;
		case 'N': oflag |= O_WIN_NOINHERIT; break;
		case 'x':
			if (!(oflag & O_WIN_TRUNC))
				return -1;
			oflag |= O_WIN_EXCL;
			break;
		case ' ': break;
		default: return -1;
		}
	if (*m == ',') {
		static const struct {
			const char *name;
			int flag;
		} sets[] = { { "utf-8", O_WIN_U8TEXT },
			     { "utf-16le", O_WIN_U16TEXT },
			     { "unicode", O_WIN_WTEXT } };
		char name[16];
		size_t n = 0;
		for (m++; *m == ' '; m++)
			;
		if (m[0] != 'c' || m[1] != 'c' || m[2] != 's')
			return -1;
		for (m += 3; *m == ' '; m++)
			;
		if (*m++ != '=')
			return -1;
		for (; *m == ' '; m++)
			;
		for (; *m && *m != ' ' && n < sizeof name - 1; m++)
			name[n++] = (char)(*m | 0x20);
		name[n] = 0;
		for (size_t i = 0;; i++) {
			if (i == sizeof sets / sizeof sets[0])
				return -1;
			if (strcmp(name, sets[i].name) == 0 ||
			    (i < 2 && strlen(sets[i].name) == n && n > 3 &&
			     memcmp(name, "utf", 3) == 0)) {
				oflag |= sets[i].flag;
				break;
			}
		}
	}
	return oflag;
}

static FILE_ *
new_stream(void)
{
	struct whole *w = NULL;
	pthread_mutex_lock(&list);
	for (int i = 3; i < STREAMS; i++)
		if (!streams[i]) {
			w = crt_zalloc(sizeof *w);
			if (w) {
				w->w.f.file = -1;
				w->w.section.lock = -1;
				streams[i] = w;
				if (i >= streams_end)
					streams_end = i + 1;
			}
			break;
		}
	pthread_mutex_unlock(&list);
	if (!w)
		crt_error(EMFILE);
	return w ? &w->w.f : NULL;
}

static void
free_stream(FILE_ *f)
{
	if (f >= ucrtbase_iob && f < ucrtbase_iob + 20)
		return;
	pthread_mutex_lock(&list);
	for (int i = 3; i < streams_end; i++)
		if (streams[i] && &streams[i]->w.f == f) {
			streams[i] = NULL;
			crt_free(f);
			break;
		}
	pthread_mutex_unlock(&list);
}

static void
reset(FILE_ *f, int fd, int flag)
{
	struct more *m = more(f);
	f->ptr = f->base = NULL;
	f->cnt = f->bufsiz = f->charbuf = 0;
	f->tmpname = NULL;
	f->file = fd;
	f->flag = flag;
	m->decided = false;
	m->at_once = false;
	m->filled_at = -1;
}

FILE_ *
ucrtbase_stream_open(const WCHAR *name, const WCHAR *mode, int share, FILE_ *reuse)
{
	int flag, oflag = parse_mode(mode, &flag);
	REQUIRE(oflag >= 0, NULL);
	int fd = ucrtbase_fd_open(name, oflag, share, 0x180);
	if (fd < 0)
		return NULL;
	FILE_ *f = reuse ? reuse : new_stream();
	if (f)
		reset(f, fd, flag);
	else
		kernel32_CloseHandle(ucrtbase_fd_look(fd)->handle);
	return f;
}

FILE_ *
ucrtbase_stream_of(int fd, const WCHAR *mode)
{
	int flag, oflag = parse_mode(mode, &flag);
	REQUIRE(oflag >= 0, NULL);
	if (!ucrtbase_fd_look(fd)) {
		crt_invalid(EBADF);
		return NULL;
	}
	FILE_ *f = new_stream();
	if (f)
		reset(f, fd, flag);
	return f;
}

WINAPI int ucrtbase__close(int fd);

int
ucrtbase_stream_close(FILE_ *f)
{
	int r = 0;
	if (f->flag & (STREAM_READ | STREAM_WRITE | STREAM_BOTH)) {
		r = ucrtbase_stream_flush(f);
		if (f->flag & STREAM_OWN_BUFFER)
			crt_free(f->base);
		if (ucrtbase__close(f->file) < 0)
			r = -1;
	} else {
		r = -1;
	}
	reset(f, -1, 0);
	return r;
}

WINAPI int
ucrtbase_fclose(FILE_ *f)
{
	REQUIRE(f, -1);
	ucrtbase_stream_lock(f);
	int r = ucrtbase_stream_close(f);
	ucrtbase_stream_unlock(f);
	free_stream(f);
	return r;
}

WINAPI int
ucrtbase__fclose_nolock(FILE_ *f)
{
	REQUIRE(f, -1);
	int r = ucrtbase_stream_close(f);
	free_stream(f);
	return r;
}

/* Each stream that is open, locked one after the other; their number, -1 when one failed. */
static int
each(int (*what)(FILE_ *f), int first)
{
	int n = 0, bad = 0;
	for (int i = first;; i++) {
		pthread_mutex_lock(&list);
		if (i >= streams_end) {
			pthread_mutex_unlock(&list);
			break;
		}
		FILE_ *f = i < 3 ? &ucrtbase_iob[i] : streams[i] ? &streams[i]->w.f : NULL;
		pthread_mutex_unlock(&list);
		if (!f || !(f->flag & (STREAM_READ | STREAM_WRITE | STREAM_BOTH)))
			continue;
		ucrtbase_stream_lock(f);
		if (what(f) < 0)
			bad = -1;
		ucrtbase_stream_unlock(f);
		n++;
	}
	return bad ? bad : n;
}

int
ucrtbase_stream_flush_all(void)
{
	return each(ucrtbase_stream_flush, 0);
}

int
ucrtbase_stream_close_all(void)
{
	int n = each(ucrtbase_stream_close, 3);
	for (int i = 3; i < streams_end; i++)
		if (streams[i] && streams[i]->w.f.flag == 0)
			free_stream(&streams[i]->w.f);
	return n;
}

/* -- buffers, as the program sets them ---------------------------------------------- */

enum { BUFFER_FULL = 0, BUFFER_NONE = 4, BUFFER_LINE = 0x40 };

WINAPI int
ucrtbase_setvbuf(FILE_ *f, char *buf, int mode, size_t size)
{
	REQUIRE(f, -1);
	REQUIRE(mode == BUFFER_FULL || mode == BUFFER_LINE || mode == BUFFER_NONE, -1);
	REQUIRE(mode == BUFFER_NONE || (size >= 2 && size <= INT32_MAX), -1);
	ucrtbase_stream_lock(f);
	ucrtbase_stream_flush(f);
	drop_read(f);
	if (f->flag & STREAM_OWN_BUFFER)
		crt_free(f->base);
	f->flag &= ~(STREAM_OWN_BUFFER | STREAM_USER_BUFFER | STREAM_UNBUFFERED);
	f->base = NULL;
	f->cnt = 0;
	f->bufsiz = 0;
	if (mode == BUFFER_NONE) {
		f->flag |= STREAM_UNBUFFERED;
	} else if (buf) {
		f->base = buf;
		f->bufsiz = (int)(size & ~(size_t)1);
		f->flag |= STREAM_USER_BUFFER;
	} else {
		f->bufsiz = (int)(size & ~(size_t)1);
	}
	f->ptr = f->base;
	/* what was asked for beats what a console would have */
	more(f)->decided = true;
	more(f)->at_once = mode == BUFFER_NONE;
	ucrtbase_stream_unlock(f);
	return 0;
}

WINAPI void
ucrtbase_setbuf(FILE_ *f, char *buf)
{
	ucrtbase_setvbuf(f, buf, buf ? BUFFER_FULL : BUFFER_NONE, buf ? 512 : 0);
}

WINAPI int
ucrtbase__get_stream_buffer_pointers(FILE_ *f, char ***base, char ***ptr, int **cnt)
{
	REQUIRE(f, EINVAL);
	if (base)
		*base = &f->base;
	if (ptr)
		*ptr = &f->ptr;
	if (cnt)
		*cnt = &f->cnt;
	return 0;
}

WINAPI FILE_ *
ucrtbase___acrt_iob_func(unsigned i)
{
	return &ucrtbase_iob[i < 20 ? i : 0];
}

WINAPI void
ucrtbase__lock_file(FILE_ *f)
{
	ucrtbase_stream_lock(f);
}

WINAPI void
ucrtbase__unlock_file(FILE_ *f)
{
	ucrtbase_stream_unlock(f);
}
