/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/api/nt/file/console.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "layer/api/nt/file/console_key.h"
#include "layer/api/nt/text/nls.h"
#include "layer/api/nt/text/utf.h"

/* Under lock. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static DWORD input_mode = 0x1f7, output_mode = 3;
static WORD attributes = 7;
static UINT pages[2] = { NLS_UTF8, NLS_UTF8 };
static struct termios before; /* what the terminal had */
static int terminal = -1;     /* a descriptor of it, once `before` is known */
static bool raw;              /* keys are read one by one */
static WCHAR half;            /* of a pair that was written in two calls */

/* Bytes that were read and not yet given; text that was, too. */
static char typed[4096];
static size_t ntyped;
static WCHAR text[4096];
static size_t ntext, text_at;
static struct INPUT_RECORD records[512];
static size_t nrecords;
static struct COORD last_size;

/* -- modes ------------------------------------------------------------------------------------ */

static bool
remember(int fd)
{
	if (terminal >= 0)
		return true;
	if (tcgetattr(fd, &before) < 0)
		return false;
	terminal = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	return terminal >= 0;
}

/* Also from the background, where the host would stop the process for it. */
static void
set_terminal(int fd, const struct termios *t)
{
	sigset_t stop, old;
	sigemptyset(&stop);
	sigaddset(&stop, SIGTTOU);
	pthread_sigmask(SIG_BLOCK, &stop, &old);
	(void)tcsetattr(fd, TCSADRAIN, t);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
}

/* The terminal as the mode of input says; keys: as it must be to read single keys. */
static void
apply(int fd, bool keys)
{
	struct termios t;
	if (!remember(fd) || tcgetattr(fd, &t) < 0)
		return;
	t.c_iflag = before.c_iflag;
	t.c_lflag = before.c_lflag;
	bool lines = input_mode & CONSOLE_LINE_INPUT && !keys;
	if (!lines) {
		t.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
		t.c_iflag &= ~(tcflag_t)(ICRNL | INLCR | IXON);
		t.c_cc[VMIN] = 1;
		t.c_cc[VTIME] = 0;
	} else if (!(input_mode & CONSOLE_ECHO_INPUT)) {
		t.c_lflag &= ~(tcflag_t)ECHO;
	}
	if (!(input_mode & CONSOLE_PROCESSED_INPUT))
		t.c_lflag &= ~(tcflag_t)(ISIG | IEXTEN);
	raw = !lines;
	set_terminal(fd, &t);
}

void
console_end(void)
{
	if (console_screen_left())
		(void)!write(terminal >= 0 ? terminal : 1, "\033[?1049l", 8);
	if (terminal >= 0)
		set_terminal(terminal, &before);
}

bool
console_is_input(const struct file *f)
{
	return f->own == f;
}

void
console_set_input(struct file *f, bool input)
{
	f->own = input ? f : NULL;
}

NTSTATUS
console_mode(struct file *f, DWORD *mode)
{
	if (f->kind != &console_kind)
		return STATUS_INVALID_HANDLE;
	*mode = console_is_input(f) ? input_mode : output_mode;
	return STATUS_SUCCESS;
}

NTSTATUS
console_set_mode(struct file *f, DWORD mode)
{
	if (f->kind != &console_kind)
		return STATUS_INVALID_HANDLE;
	if (!console_is_input(f)) {
		if (mode & ~0x1fu)
			return STATUS_INVALID_PARAMETER;
		output_mode = mode;
		return STATUS_SUCCESS;
	}
	if (mode & ~0x3ffu)
		return STATUS_INVALID_PARAMETER;
	pthread_mutex_lock(&lock);
	input_mode = mode;
	apply(f->fd, false);
	pthread_mutex_unlock(&lock);
	return STATUS_SUCCESS;
}

UINT
console_page(bool output)
{
	return pages[output];
}

void
console_set_page(bool output, UINT page)
{
	pages[output] = page;
}

/* -- writing ------------------------------------------------------------------------------------ */

static NTSTATUS
show_all(struct file *f, const char *s, size_t n, size_t *done)
{
	size_t at = 0;
	while (at < n) {
		ssize_t k = write(f->fd, s + at, n - at);
		if (k < 0 && errno == EAGAIN && file_wait(f, f->fd, POLLOUT, -1) >= 0)
			continue;
		if (k < 0 && errno == EINTR)
			continue;
		if (k < 0)
			return status_errno(errno);
		at += (size_t)k;
		if (done)
			*done = at;
	}
	return STATUS_SUCCESS;
}

void
console_put_raw(struct file *f, const char *s, size_t n)
{
	(void)show_all(f, s, n, NULL);
}

static NTSTATUS
write_all(struct file *f, const char *s, size_t n, size_t *done)
{
	if (!console_hidden(f, s, n))
		return show_all(f, s, n, done);
	if (done)
		*done = n;
	return STATUS_SUCCESS;
}

NTSTATUS
console_write(struct file *f, const WCHAR *s, size_t n)
{
	char buf[3072 + 8];
	NTSTATUS status = STATUS_SUCCESS;
	while (n && status >= 0) {
		WCHAR piece[1025];
		size_t k = 0, take = n < 1024 ? n : 1024;
		if (half)
			piece[k++] = half;
		half = 0;
		memcpy(piece + k, s, take * sizeof *s);
		k += take;
		s += take;
		n -= take;
		if (k && (piece[k - 1] & 0xfc00) == 0xd800)
			half = piece[--k];
		status = write_all(f, buf, utf_to_8(buf, piece, k), NULL);
	}
	return status;
}

/* Bytes are in the console's code page. */
static NTSTATUS
write_bytes(struct file *f, struct file_io *x)
{
	if (console_is_input(f) && !(f->access & FILE_WRITE_DATA))
		return STATUS_ACCESS_DENIED;
	if (pages[1] == NLS_UTF8 || !x->n)
		return write_all(f, x->buf, x->n, &x->done);
	WCHAR *w = malloc((x->n + 1) * sizeof *w);
	if (!w)
		return STATUS_NO_MEMORY;
	int n = nls_decode(pages[1], 0, x->buf, (int)x->n, w, (int)x->n);
	NTSTATUS s = n < 0 ? write_all(f, x->buf, x->n, &x->done) : console_write(f, w, (size_t)n);
	if (s >= 0)
		x->done = x->n;
	free(w);
	return s;
}

void
console_send(struct file *f, const char *vt, ...)
{
	char buf[256];
	va_list ap;
	va_start(ap, vt);
	int n = vsnprintf(buf, sizeof buf, vt, ap);
	va_end(ap);
	if (n > 0)
		(void)write_all(f, buf, (size_t)n < sizeof buf ? (size_t)n : sizeof buf - 1, NULL);
}

void
console_attribute(struct file *f, WORD a)
{
	/* blue and red change places */
	static const uint8_t ansi[] = { 0, 4, 2, 6, 1, 5, 3, 7 };
	attributes = a;
	if (a == 7)
		console_send(f, "\033[0m");
	else
		console_send(f, "\033[0;%s%d;%dm", a & 0x4000 ? "7;" : "",
		             (a & 8 ? 90 : 30) + ansi[a & 7],
		             (a & 0x80 ? 100 : 40) + ansi[a >> 4 & 7]);
}

WORD
console_attributes(void)
{
	return attributes;
}

void
console_size(struct file *f, struct COORD *size)
{
	struct winsize w;
	*size = (struct COORD){ 80, 25 };
	if (ioctl(f->fd, TIOCGWINSZ, &w) == 0 && w.ws_col && w.ws_row)
		*size = (struct COORD){ (SHORT)w.ws_col, (SHORT)w.ws_row };
}

/* -- reading ------------------------------------------------------------------------------------- */

/* More bytes of the terminal; under lock.  false: there are none without waiting. */
static bool
more(int fd)
{
	struct pollfd p = { fd, POLLIN, 0 };
	if (ntyped == sizeof typed || poll(&p, 1, 0) <= 0)
		return false;
	ssize_t n = read(fd, typed + ntyped, sizeof typed - ntyped);
	if (n > 0)
		ntyped += (size_t)n;
	return n > 0;
}

static void
drop(size_t n)
{
	ntyped -= n;
	memmove(typed, typed + n, ntyped);
}

/* What was typed becomes records, as far as it is whole.  Under lock. */
static void
parse(int fd)
{
	while (more(fd)) {
	}
	while (ntyped && nrecords + 2 <= sizeof records / sizeof *records) {
		struct INPUT_RECORD r;
		size_t n = console_key(typed, ntyped, input_mode & CONSOLE_VT_INPUT, &r);
		if (!n) {
			/* half a sequence: the rest comes at once, or it is the Escape key */
			struct pollfd p = { fd, POLLIN, 0 };
			if (poll(&p, 1, 20) > 0 && more(fd))
				continue;
			n = console_key(typed, 1, true, &r);
			if (!n)
				n = 1;
		}
		drop(n);
		records[nrecords++] = r;
		r.key.bKeyDown = FALSE;
		records[nrecords++] = r;
	}
}

static void
note_size(struct file *f)
{
	struct COORD now;
	console_size(f, &now);
	bool changed = last_size.X && (now.X != last_size.X || now.Y != last_size.Y);
	last_size = now;
	if (changed && input_mode & CONSOLE_WINDOW_INPUT &&
	    nrecords < sizeof records / sizeof *records)
		records[nrecords++] =
		        (struct INPUT_RECORD){ .EventType = WINDOW_BUFFER_SIZE_EVENT, .size = now };
}

NTSTATUS
console_records(struct file *f, struct INPUT_RECORD *to, size_t n, size_t *done, bool wait,
                bool take)
{
	NTSTATUS s = STATUS_SUCCESS;
	*done = 0;
	for (;;) {
		pthread_mutex_lock(&lock);
		if (!raw)
			apply(f->fd, true);
		note_size(f);
		parse(f->fd);
		size_t k = n < nrecords ? n : nrecords;
		memcpy(to, records, k * sizeof *to);
		if (take) {
			nrecords -= k;
			memmove(records, records + k, nrecords * sizeof *records);
		}
		pthread_mutex_unlock(&lock);
		*done = k;
		if (k || !wait || !n || s < 0)
			return s < 0 ? s : STATUS_SUCCESS;
		s = file_wait(f, f->fd, POLLIN, 250);
		if (s == STATUS_TIMEOUT)
			s = STATUS_SUCCESS; /* to look whether the window has another size */
	}
}

size_t
console_pending(struct file *f)
{
	pthread_mutex_lock(&lock);
	if (!raw)
		apply(f->fd, true);
	note_size(f);
	parse(f->fd);
	size_t n = nrecords;
	pthread_mutex_unlock(&lock);
	return n;
}

void
console_put(const struct INPUT_RECORD *r, size_t n)
{
	pthread_mutex_lock(&lock);
	while (n-- && nrecords < sizeof records / sizeof *records)
		records[nrecords++] = *r++;
	pthread_mutex_unlock(&lock);
}

void
console_flush(struct file *f)
{
	pthread_mutex_lock(&lock);
	(void)tcflush(f->fd, TCIFLUSH);
	ntyped = ntext = text_at = nrecords = 0;
	pthread_mutex_unlock(&lock);
}

/* Text out of bytes: a line feed of a line is CR and LF.  Under lock. */
static void
to_text(bool lines)
{
	if (text_at == ntext)
		text_at = ntext = 0;
	size_t n = 0;
	for (size_t i = 0; i < ntyped && n < sizeof text / sizeof *text - 4;) {
		size_t len = (unsigned char)typed[i] < 0x80   ? 1
		             : (unsigned char)typed[i] < 0xe0 ? 2
		             : (unsigned char)typed[i] < 0xf0 ? 3
		                                              : 4;
		if (i + len > ntyped)
			break;
		if (lines && typed[i] == '\n')
			text[n++] = '\r';
		n += utf_to_16(text + n, typed + i, len);
		i += len;
		if (i >= ntyped || n >= sizeof text / sizeof *text - 4) {
			drop(i);
			i = 0;
			if (!ntyped)
				break;
		}
	}
	text_at = 0;
	ntext = n;
}

NTSTATUS
console_read(struct file *f, WCHAR *to, size_t n, size_t *done)
{
	*done = 0;
	for (;;) {
		pthread_mutex_lock(&lock);
		bool lines = input_mode & CONSOLE_LINE_INPUT;
		if (raw == lines)
			apply(f->fd, false);
		/* keys that were looked at and not taken */
		for (size_t i = 0; i < nrecords && text_at == ntext; i++)
			if (records[i].EventType == KEY_EVENT && records[i].key.bKeyDown &&
			    records[i].key.UnicodeChar && ntext < sizeof text / sizeof *text)
				text[ntext++] = records[i].key.UnicodeChar;
		nrecords = 0;
		if (text_at == ntext && ntyped)
			to_text(lines);
		if (text_at < ntext) {
			size_t k = n < ntext - text_at ? n : ntext - text_at;
			memcpy(to, text + text_at, k * sizeof *to);
			text_at += k;
			pthread_mutex_unlock(&lock);
			*done = k;
			return STATUS_SUCCESS;
		}
		pthread_mutex_unlock(&lock);
		NTSTATUS s = file_wait(f, f->fd, POLLIN, -1);
		if (s < 0)
			return s;
		pthread_mutex_lock(&lock);
		ssize_t k = read(f->fd, typed + ntyped, sizeof typed - ntyped);
		if (k > 0)
			ntyped += (size_t)k;
		pthread_mutex_unlock(&lock);
		if (k == 0 || (k < 0 && errno != EINTR && errno != EAGAIN))
			return STATUS_SUCCESS; /* the end: no characters */
	}
}

/* ReadFile: the same text in the console's code page, that is UTF-8 unless it was set. */
static NTSTATUS
read_bytes(struct file *f, struct file_io *x)
{
	WCHAR w[1024];
	size_t most = x->n / 3, n;
	if (!x->n)
		return STATUS_SUCCESS;
	if (most > sizeof w / sizeof *w)
		most = sizeof w / sizeof *w;
	NTSTATUS s = console_read(f, w, most ? most : 1, &n);
	if (s < 0)
		return s;
	/* a line that begins with Ctrl+Z is the end */
	if (n && w[0] == 26)
		return STATUS_SUCCESS;
	char buf[3 * 1024];
	size_t k;
	if (pages[0] == NLS_UTF8) {
		k = utf_to_8(buf, w, n);
	} else {
		int r = nls_encode(pages[0], 0, w, (int)n, buf, sizeof buf, NULL, NULL);
		k = r < 0 ? 0 : (size_t)r;
	}
	if (k > x->n)
		k = x->n;
	memcpy(x->buf, buf, k);
	x->done = k;
	return STATUS_SUCCESS;
}

/* Where the cursor is, the terminal is asked; what is typed meanwhile is kept. */
struct COORD
console_cursor(struct file *f)
{
	struct COORD at = { 0, 0 };
	if (console_hidden(f, "", 0))
		return at; /* nobody knows */
	pthread_mutex_lock(&lock);
	bool was_raw = raw;
	if (!raw)
		apply(f->fd, true);
	console_put_raw(f, "\033[6n", 4);
	for (int tries = 0; tries < 20; tries++) {
		struct pollfd p = { f->fd, POLLIN, 0 };
		if (poll(&p, 1, 50) <= 0 || !more(f->fd))
			continue;
		for (size_t i = 0; i + 5 < ntyped; i++) {
			int row, col, len = 0;
			if (typed[i] != '\033')
				continue;
			char copy[32];
			size_t k = ntyped - i < 31 ? ntyped - i : 31;
			memcpy(copy, typed + i, k);
			copy[k] = 0;
			if (sscanf(copy, "\033[%d;%dR%n", &row, &col, &len) == 2 && len) {
				at = (struct COORD){ (SHORT)(col - 1), (SHORT)(row - 1) };
				ntyped -= (size_t)len;
				memmove(typed + i, typed + i + len, ntyped - i);
				tries = 20;
				break;
			}
		}
	}
	if (!was_raw)
		apply(f->fd, false);
	pthread_mutex_unlock(&lock);
	return at;
}

/* -- waiting for keys ------------------------------------------------------------------------------- */

static struct reactor_wait keys;
static struct file *_Atomic waited; /* counted while armed */

static void
keys_ready(struct reactor_wait *w, uint32_t events)
{
	(void)w, (void)events;
	struct file *f = atomic_exchange(&waited, NULL);
	if (f) {
		object_signal(&f->object);
		file_unref(f);
	}
}

/* A console's input is signalled while there is something to read. */
static bool
ready(struct file *f)
{
	if (!console_is_input(f))
		return true;
	struct pollfd p = { f->fd, POLLIN, 0 };
	if (nrecords || ntyped || text_at < ntext || poll(&p, 1, 0) > 0)
		return true;
	struct file *none = NULL;
	object_ref(&f->object);
	if (atomic_compare_exchange_strong(&waited, &none, f)) {
		keys = (struct reactor_wait){ .ready = keys_ready, .fd = f->fd, .events = EPOLLIN };
		if (reactor_arm(&keys) == 0)
			return false;
		waited = NULL;
	}
	file_unref(f);
	return false;
}

const struct file_kind console_kind = {
	.type = FILE_TYPE_CHAR,
	.device = 0x50, /* FILE_DEVICE_CONSOLE */
	.read = read_bytes,
	.write = write_bytes,
	.ready = ready,
	.close = console_screen_close,
	.destroy = console_screen_free,
};

/* The terminal that controls us; -1: there is none. */
static int
open_terminal(void)
{
	int fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
	if (fd < 0 && terminal >= 0)
		fd = fcntl(terminal, F_DUPFD_CLOEXEC, 3);
	for (int i = 0; i < 3 && fd < 0; i++)
		if (isatty(i))
			fd = fcntl(i, F_DUPFD_CLOEXEC, 3);
	return fd;
}

/* CON, CONIN$, CONOUT$: without a terminal they cannot be opened. */
NTSTATUS
console_open(const WCHAR *name, ACCESS_MASK access, DWORD share, DWORD disposition, DWORD options,
             struct file **out)
{
	(void)disposition;
	int fd = open_terminal();
	if (fd < 0)
		return STATUS_INVALID_HANDLE;
	struct file *f = file_new(&console_kind, fd);
	if (!f)
		return STATUS_NO_MEMORY;
	size_t n = utf_length(name);
	while (n && name[n - 1] != '\\')
		n--;
	name += n;
	bool in = !utf_compare(name, u"CONIN$") || !utf_compare(name, u"Input") ||
	          !utf_compare(name, u"CurrentIn");
	bool outward = !utf_compare(name, u"CONOUT$") || !utf_compare(name, u"Output") ||
	               !utf_compare(name, u"CurrentOut");
	console_set_input(f, in || (!outward && access & FILE_READ_DATA));
	f->access = access;
	f->share = share;
	f->options = options | FILE_SYNCHRONOUS_IO_NONALERT;
	*out = f;
	return STATUS_SUCCESS;
}
