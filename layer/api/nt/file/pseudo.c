/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/api/nt/file/pseudo.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/file.h"
#include "layer/api/nt/process/birth.h"
#include "layer/api/nt/thread/thread.h"

enum { CLIENTS = 64, PIECE = 4096, PAUSE = 20 };

struct pseudo {
	_Atomic int counts; /* the program's and those of the threads */
	HANDLE input, output;
	int master, wake;
	_Atomic bool closing, released;
	_Atomic uint32_t typist; /* the thread that waits for input; 0: none */
	pthread_mutex_t lock;
	/* under lock */
	int slave;
	bool moving;
	int32_t client[CLIENTS];
	size_t nclient;
};

/* -- the monitor makes it ------------------------------------------------------------------------ */

/* The request is a byte, and a master when another opening of its slave is wanted. */
static NTSTATUS
ask(int master, int fd[2])
{
	static pthread_mutex_t one = PTHREAD_MUTEX_INITIALIZER;
	char what = 't';
	size_t n = 2;
	if (birth.monitor_fd < 0)
		return STATUS_NOT_SUPPORTED;
	pthread_mutex_lock(&one);
	ssize_t k = file_send_fds(birth.monitor_fd, &what, 1, &master, master >= 0 ? 1 : 0);
	if (k == 1)
		k = file_recv_fds(birth.monitor_fd, &what, 1, fd, &n);
	pthread_mutex_unlock(&one);
	return k == 1 && n == (master < 0 ? 2 : 1) ? STATUS_SUCCESS : STATUS_NOT_SUPPORTED;
}

bool
pseudo_serve(int sock)
{
	char what;
	int fd[2] = { -1, -1 };
	size_t n = 2;
	ssize_t k = file_recv_fds(sock, &what, 1, fd, &n);
	if (k <= 0)
		return k < 0 && (errno == EINTR || errno == EAGAIN);
	int given = n ? fd[0] : -1, none = 0;
	int master = n ? given : posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (n > 1)
		close(fd[1]);
	int slave = master >= 0 && (given >= 0 || ioctl(master, TIOCSPTLCK, &none) == 0)
	                    ? ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC)
	                    : -1;
	fd[0] = given >= 0 ? slave : master;
	fd[1] = slave;
	(void)file_send_fds(sock, &what, 1, fd, slave < 0 ? 0 : given >= 0 ? 1 : 2);
	if (slave >= 0)
		close(slave);
	if (master >= 0)
		close(master);
	return true;
}

/* -- its life ----------------------------------------------------------------------------------------- */

static void
let_go(struct pseudo *p)
{
	if (atomic_fetch_sub(&p->counts, 1) > 1)
		return;
	if (p->input)
		handle_close(p->input);
	if (p->output)
		handle_close(p->output);
	int fds[] = { p->master, p->slave, p->wake };
	for (size_t i = 0; i < sizeof fds / sizeof *fds; i++)
		if (fds[i] >= 0)
			close(fds[i]);
	pthread_mutex_destroy(&p->lock);
	free(p);
}

/* A handle of our own: the caller's may be closed. */
static NTSTATUS
own(HANDLE h, ACCESS_MASK access, HANDLE *out)
{
	struct file *f;
	NTSTATUS s = file_get(h, access, &f);
	if (s < 0)
		return s;
	*out = handle_new(&f->object, access, false);
	return *out ? STATUS_SUCCESS : STATUS_NO_MEMORY;
}

NTSTATUS
pseudo_resize(struct pseudo *p, struct COORD size)
{
	struct winsize w = { .ws_col = (unsigned short)size.X, .ws_row = (unsigned short)size.Y };
	if (size.X <= 0 || size.Y <= 0)
		return STATUS_INVALID_PARAMETER;
	return ioctl(p->master, TIOCSWINSZ, &w) == 0 ? STATUS_SUCCESS : status_errno(errno);
}

NTSTATUS
pseudo_new(struct COORD size, HANDLE input, HANDLE output, struct pseudo **out)
{
	int fd[2] = { -1, -1 };
	struct pseudo *p = calloc(1, sizeof *p);
	if (!p)
		return STATUS_NO_MEMORY;
	p->counts = 1;
	pthread_mutex_init(&p->lock, NULL);
	NTSTATUS s = ask(-1, fd);
	p->master = fd[0];
	p->slave = fd[1];
	p->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (s >= 0)
		s = p->wake < 0 ? STATUS_INSUFFICIENT_RESOURCES : pseudo_resize(p, size);
	if (s >= 0)
		s = own(input, FILE_READ_DATA, &p->input);
	if (s >= 0)
		s = own(output, FILE_WRITE_DATA, &p->output);
	if (s < 0)
		let_go(p);
	else
		*out = p;
	return s;
}

/* -- moving --------------------------------------------------------------------------------------------- */

/* What goes into one of the pipes, or comes out of it.  stop: a wait is over soon after it is set. */
static NTSTATUS
move(HANDLE h, char *buf, size_t n, bool write, size_t *done, const _Atomic bool *stop)
{
	struct file *f;
	NTSTATUS s = file_get(h, 0, &f);
	*done = 0;
	while (s >= 0 && (write ? *done < n : !*done)) {
		struct file_io x = { buf + *done, n - *done, 0, FILE_CURRENT, true };
		s = (write ? f->kind->write : f->kind->read)(f, &x);
		*done += x.done;
		if (s == STATUS_PENDING)
			s = file_wait(f, f->fd, write ? POLLOUT : POLLIN, stop ? 500 : -1);
		else if (!x.done)
			break;
		if (s == STATUS_TIMEOUT)
			s = stop && *stop ? STATUS_CANCELLED : STATUS_PENDING;
	}
	if (f)
		file_unref(f);
	return s;
}

static WINAPI DWORD
type(void *arg)
{
	struct pseudo *p = arg;
	char buf[PIECE];
	size_t n;
	p->typist = (uint32_t)thread_self()->tid;
	while (!p->closing && move(p->input, buf, sizeof buf, false, &n, &p->closing) >= 0 && n) {
		for (size_t at = 0; at < n;) {
			ssize_t k = write(p->master, buf + at, n - at);
			if (k < 0 && errno != EINTR)
				break;
			at += k > 0 ? (size_t)k : 0;
		}
	}
	p->typist = 0;
	let_go(p);
	return 0;
}

/* Are there clients?  Those that have ended are forgotten. */
static bool
clients(struct pseudo *p)
{
	pthread_mutex_lock(&p->lock);
	for (size_t i = 0; i < p->nclient;)
		if (kill(p->client[i], 0) < 0 && errno == ESRCH)
			p->client[i] = p->client[--p->nclient];
		else
			i++;
	bool any = p->nclient > 0;
	pthread_mutex_unlock(&p->lock);
	return any;
}

static void
signal_clients(struct pseudo *p, int sig)
{
	pthread_mutex_lock(&p->lock);
	for (size_t i = 0; i < p->nclient; i++)
		kill(-p->client[i], sig);
	pthread_mutex_unlock(&p->lock);
}

/* A terminal of the host ends a line with CR LF, also one that a program of Windows ended so:
 * of two CR before a LF one is dropped.  A CR at the end is held until more comes. */
struct line {
	bool held, was;
};

static size_t
one_return(struct line *l, const char *in, size_t n, char *out)
{
	size_t k = 0;
	for (size_t i = 0; i < n; i++) {
		if (l->held && !(in[i] == '\n' && l->was)) {
			out[k++] = '\r';
			l->was = true;
		}
		l->held = in[i] == '\r';
		if (!l->held) {
			out[k++] = in[i];
			l->was = false;
		}
	}
	return k;
}

/* One piece of what was printed.  -1: nobody reads it; 0: there is nothing. */
static int
pass_on(struct pseudo *p, struct line *l)
{
	char in[PIECE], out[PIECE + 1];
	size_t done;
	ssize_t n = read(p->master, in, sizeof in);
	if (n <= 0)
		return 0;
	size_t k = one_return(l, in, (size_t)n, out);
	return k && move(p->output, out, k, true, &done, NULL) < 0 ? -1 : 1;
}

static void
flush(struct pseudo *p, struct line *l)
{
	size_t done;
	if (l->held)
		(void)move(p->output, (char[]){ '\r' }, 1, true, &done, NULL);
	l->was = l->held;
	l->held = false;
}

static WINAPI DWORD
print(void *arg)
{
	struct pseudo *p = arg;
	struct line line = { 0 };
	int patience = 5000 / PAUSE, more = 1;
	for (bool hung = false; more >= 0;) {
		/* with nobody there the terminal is always ready, with an end */
		struct pollfd w[2] = { { hung ? -1 : p->master, POLLIN, 0 },
			               { p->wake, POLLIN, 0 } };
		bool ending = p->closing || p->released;
		int ready = poll(w, 2, ending || line.held ? PAUSE : -1);
		uint64_t count;
		if (w[1].revents && read(p->wake, &count, sizeof count) > 0)
			hung = false;
		more = w[0].revents & POLLIN ? pass_on(p, &line) : 0;
		if (more)
			continue;
		if (!ready)
			flush(p, &line);
		if (ending && !clients(p))
			break;
		if (p->closing && !ready && patience-- == 0)
			signal_clients(p, SIGKILL);
		hung = hung || w[0].revents & POLLHUP;
	}
	/* its reader comes to the end, whatever the program still holds */
	flush(p, &line);
	handle_close(p->output);
	p->output = NULL;
	let_go(p);
	return 0;
}

static NTSTATUS
begin(struct pseudo *p, DWORD(WINAPI *f)(void *))
{
	struct thread *t;
	atomic_fetch_add(&p->counts, 1);
	NTSTATUS s = thread_new((void *)(uintptr_t)f, p, 0, false, &t);
	if (s < 0) {
		atomic_fetch_sub(&p->counts, 1);
		return s;
	}
	object_unref(&t->object);
	return STATUS_SUCCESS;
}

static void
wake(struct pseudo *p)
{
	uint64_t one = 1;
	if (write(p->wake, &one, sizeof one) < 0) {
		/* it is awake */
	}
}

/* -- clients ---------------------------------------------------------------------------------------------- */

static NTSTATUS
standard(int terminal, bool input, HANDLE *out)
{
	struct file *f = NULL;
	ACCESS_MASK access = FILE_GENERIC_READ | FILE_GENERIC_WRITE;
	NTSTATUS s = file_adopt(fcntl(terminal, F_DUPFD_CLOEXEC, 3), access, &f);
	if (s < 0)
		return s;
	console_set_input(f, input);
	*out = handle_new(&f->object, access, false);
	return *out ? STATUS_SUCCESS : STATUS_NO_MEMORY;
}

NTSTATUS
pseudo_attach(struct pseudo *p, int *terminal, HANDLE std[3])
{
	NTSTATUS s = STATUS_SUCCESS;
	std[0] = std[1] = std[2] = NULL;
	pthread_mutex_lock(&p->lock);
	/* it hung up with the client that had it before */
	struct pollfd w = { p->slave, 0, 0 };
	if (poll(&w, 1, 0) > 0 && w.revents & (POLLHUP | POLLERR)) {
		int fd[2] = { -1, -1 };
		s = ask(p->master, fd);
		if (s >= 0) {
			close(p->slave);
			p->slave = fd[0];
		}
	}
	*terminal = p->slave;
	for (int i = 0; i < 3 && s >= 0; i++)
		s = standard(p->slave, i == 0, &std[i]);
	if (s >= 0 && !p->moving) {
		s = begin(p, type);
		if (s >= 0)
			s = begin(p, print);
		p->moving = s >= 0;
	}
	pthread_mutex_unlock(&p->lock);
	return s;
}

void
pseudo_attached(struct pseudo *p, int32_t pid)
{
	pthread_mutex_lock(&p->lock);
	if (p->nclient < CLIENTS)
		p->client[p->nclient++] = pid;
	pthread_mutex_unlock(&p->lock);
	wake(p);
}

void
pseudo_close(struct pseudo *p)
{
	p->closing = true;
	/* as a terminal that goes away: CTRL_CLOSE_EVENT for those who listen (console_ctrl.c) */
	signal_clients(p, SIGHUP);
	uint32_t typist = p->typist;
	if (typist)
		(void)file_cancel_thread(typist);
	wake(p);
	let_go(p);
}

void
pseudo_release(struct pseudo *p)
{
	p->released = true;
	wake(p);
}
