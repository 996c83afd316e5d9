/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/api/win.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/file.h"
#include "base/host_linux.h"
#include "base/json.h"
#include "base/proc.h"
#include "base/sig.h"
#include "core/artifact.h"
#include "core/spec.h"
#include "core/usage.h"
#include "layer/api/needs.h"
#include "layer/api/given.h"
#include "layer/api/nt/file/pseudo.h"
#include "layer/api/nt/process/again.h"

struct guest {
	/* fixed after create() */
	const struct spec *spec; /* lent */
	struct home home;        /* lent */
	struct birth birth;      /* own */
	pid_t pid;
	int pidfd, kick_fd; /* own */
	int wait_fd;        /* own: an epoll of what enter() looks at */
	int console;        /* own: the master side of its terminal, or -1 */
	int sock; /* own: an error comes here or, when the program runs, what it asks for */

	bool started, frozen, ended;
	int status;
	int fatal_signal;
};

static int
probe(const struct artifact *a)
{
	return a->kind == ARTIFACT_FILE && strcmp(a->type, "windows") == 0 ? 100 : 0;
}

/* -- the child ------------------------------------------------------------------------------ */

static int child_sock;

static void
running(void *ctx)
{
	char begun = 'r';
	(void)ctx;
	(void)file_send_fds(child_sock, &begun, 1, NULL, 0);
}

/* The other side of g->console becomes the child's terminal and its standard descriptors. */
static int
take_terminal(struct guest *g, struct err *e)
{
	char name[64];
	if (ptsname_r(g->console, name, sizeof name) != 0)
		return fail(e, errno, "its terminal: %s", strerror(errno));
	int tty = open(name, O_RDWR | O_CLOEXEC);
	if (tty < 0 || setsid() < 0 || ioctl(tty, TIOCSCTTY, 0) < 0)
		return fail(e, errno, "its terminal: %s", strerror(errno));
	int fd[3] = { tty, tty, tty };
	return proc_stdio(fd, e);
}

static int
make_terminal(struct guest *g, struct err *e)
{
	struct winsize size = { .ws_row = (unsigned short)g->spec->process.rows,
		                .ws_col = (unsigned short)g->spec->process.cols };
	g->console = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (g->console < 0 || grantpt(g->console) < 0 || unlockpt(g->console) < 0)
		return fail(e, errno, "no terminal can be made: %s", strerror(errno));
	if (size.ws_row && size.ws_col)
		ioctl(g->console, TIOCSWINSZ, &size);
	return 0;
}

/* Nothing of the monitor's comes along but these two; -1: none. */
static void
keep_only(int a, int b)
{
	int low = a < b ? a : b, high = a < b ? b : a;
	unsigned from = 3;
	if (low >= (int)from) {
		close_range(from, (unsigned)low - 1, 0); /* without effect when it is empty */
		from = (unsigned)low + 1;
	}
	if (high >= (int)from) {
		close_range(from, (unsigned)high - 1, 0);
		from = (unsigned)high + 1;
	}
	close_range(from, ~0U, 0);
}

static int
become(struct guest *g, struct err *e)
{
	const char *trace = spec_note(g->spec, "win.trace", NULL);
	if (trace) {
		g->birth.trace_fd =
		        open(trace, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0666);
		if (g->birth.trace_fd < 0)
			return fail(e, errno, "--trace '%s': %s", trace, strerror(errno));
		g->birth.trace = true;
	}
	if ((g->console >= 0 ? take_terminal(g, e) : proc_stdio(g->home.fd, e)) < 0)
		return -1;
	keep_only(child_sock, g->birth.trace_fd);
	if (chdir(g->birth.cwd) < 0) {
		fail(e, errno, "working folder '%s': %s", g->birth.cwd, strerror(errno));
		return err_hint(e, "choose one that there is: -w DIR");
	}
	return birth_run(&g->birth, running, NULL, e);
}

static _Noreturn void
child(struct guest *g, int sock)
{
	struct err e = { 0 };
	sigset_t none;
	/* The monitor's death is ours, from the first moment. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	prctl(PR_SET_DUMPABLE, 0);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	child_sock = g->birth.monitor_fd = sock;
	become(g, &e);
	file_send_fds(sock, &e, sizeof e, NULL, 0);
	_exit(err_exit(&e));
}

/* -- making ------------------------------------------------------------------------------------ */

static pid_t
born(struct guest *g, int sock[2], struct err *e)
{
	/* System V's and POSIX' queues need no namespace: the filter knows none of their calls. */
	struct clone_args a = { .flags = CLONE_CLEAR_SIGHAND | CLONE_PIDFD | CLONE_NEWPID,
		                .exit_signal = SIGCHLD };
	a.pidfd = (uint64_t)(uintptr_t)&g->pidfd;
	if (g->home.rootless)
		a.flags |= CLONE_NEWUSER;
	pid_t pid = host_clone3(&a);
	if (pid < 0 && (errno == EPERM || errno == ENOSYS)) {
		/* no namespaces here, as in a container, whose filter has no clone3 either: the
		 * other fences stand */
		pid = (pid_t)syscall(SYS_clone, CLONE_PIDFD | SIGCHLD, NULL, &g->pidfd, NULL, NULL);
	}
	if (pid == 0) {
		close(sock[0]);
		child(g, sock[1]);
	}
	return pid > 0 ? pid
	               : fail(e, errno, "the program's process cannot be made: %s",
	                      strerror(errno));
}

static void
destroy(struct guest *g)
{
	if (!g)
		return;
	if (g->pid > 0 && !g->ended) {
		kill(g->pid, SIGKILL);
		waitpid(g->pid, NULL, 0);
	}
	int *fds[] = { &g->sock, &g->pidfd, &g->kick_fd, &g->wait_fd, &g->console };
	for (size_t i = 0; i < sizeof fds / sizeof *fds; i++)
		if (*fds[i] >= 0)
			close(*fds[i]);
	given_free(&g->birth);
	free(g);
}

static int
look_at(struct guest *g, int fd, struct err *e)
{
	struct epoll_event ev = { .events = EPOLLIN };

	if (fd < 0 || epoll_ctl(g->wait_fd, EPOLL_CTL_ADD, fd, &ev) < 0)
		return fail(e, errno, "cannot watch the program: %s", strerror(errno));
	return 0;
}

static struct guest *
create(const struct spec *s, const struct home *h, struct err *e)
{
	struct guest *g = xcalloc(1, sizeof *g);
	g->spec = s;
	g->home = *h;
	g->sock = g->pidfd = g->console = -1;
	g->kick_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	g->wait_fd = epoll_create1(EPOLL_CLOEXEC);
	if (look_at(g, g->kick_fd, e) < 0)
		goto undo;
	if ((s->process.terminal && make_terminal(g, e) < 0) || given_birth(s, h, &g->birth, e) < 0)
		goto undo;
	return g;
undo:
	destroy(g);
	return NULL;
}

/* -- running ------------------------------------------------------------------------------------- */

static enum why
over(struct guest *g, struct err *e)
{
	int w = 0;
	while (waitpid(g->pid, &w, 0) < 0 && errno == EINTR)
		;
	g->ended = true;
	g->status = proc_status(w);
	if (g->fatal_signal && WIFSIGNALED(w) && WTERMSIG(w) == SIGKILL)
		g->status = 128 + g->fatal_signal;
	if (e && e->code) {
		g->status = err_exit(e);
		return WHY_FAULT;
	}
	return WHY_EXIT;
}

/* It is made by the first enter(), so that its parent is the thread that waits for it. */
static enum why
begin(struct guest *g, struct err *e)
{
	int sock[2];
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sock) < 0) {
		fail(e, errno, "cannot make a socket pair: %s", strerror(errno));
		g->ended = true;
		g->status = EXIT_OURS;
		return WHY_FAULT;
	}
	g->pid = born(g, sock, e);
	close(sock[1]);
	g->sock = sock[0];
	if (g->pid > 0 && look_at(g, g->sock, e) == 0 && look_at(g, g->pidfd, e) == 0)
		return WHY_LATER;
	if (g->pid > 0) {
		kill(g->pid, SIGKILL);
		return over(g, e);
	}
	g->ended = true;
	g->status = EXIT_OURS;
	return WHY_FAULT;
}

/* The program runs, or its process says why it cannot. */
static enum why
told(struct guest *g, struct err *e)
{
	struct err from = { 0 };
	size_t nfd = 0;
	ssize_t n = file_recv_fds(g->sock, &from, sizeof from, NULL, &nfd);
	g->started = true;
	fcntl(g->sock, F_SETFL, O_NONBLOCK);
	if (n != (ssize_t)sizeof from || !from.code)
		return WHY_START;
	if (e)
		*e = from;
	return over(g, e);
}

static enum why
enter(struct guest *g, struct err *e)
{
	uint64_t n;

	if (g->ended)
		return WHY_EXIT;
	if (g->pid == 0)
		return begin(g, e);
	if (g->frozen) {
		proc_signal_tree(g->pid, SIGCONT);
		g->frozen = false;
		if (read(g->kick_fd, &n, sizeof n) < 0 && errno != EAGAIN)
			return WHY_FAULT;
	}
	struct pollfd p[] = { { .fd = g->sock, .events = POLLIN },
		              { .fd = g->pidfd, .events = POLLIN },
		              { .fd = g->kick_fd, .events = POLLIN } };
	if (poll(p, 3, 0) < 0 && errno != EINTR) {
		fail(e, errno, "cannot wait for the program: %s", strerror(errno));
		return WHY_FAULT;
	}
	if (p[0].revents && !g->started)
		return told(g, e);
	if (p[0].revents && !pseudo_serve(g->sock)) {
		close(g->sock); /* nobody has the other end any more */
		g->sock = -1;
	}
	if (p[1].revents)
		return over(g, NULL);
	if (p[2].revents && g->started && read(g->kick_fd, &n, sizeof n) > 0) {
		proc_signal_tree(g->pid, SIGSTOP);
		g->frozen = true;
		return WHY_KICK;
	}
	return WHY_LATER;
}

static void
kick(struct guest *g)
{
	uint64_t one = 1;
	ssize_t put = write(g->kick_fd, &one, sizeof one);
	(void)put;
}

static json_t *
stats(struct guest *g)
{
	return g->pid > 0 && !g->ended ? usage_of_namespace(g->pid) : NULL;
}

static int
send_signal(struct guest *g, int sig, struct err *e)
{
	if (g->pid <= 0 || g->ended)
		return fail(e, ESRCH, "it has ended");
	if (sig != SIGKILL && proc_spared(g->pid, sig)) {
		g->fatal_signal = sig;
		sig = SIGKILL;
	}
	if (host_pidfd_send_signal(g->pidfd, sig) < 0)
		return fail(e, errno, "cannot send the signal: %s", strerror(errno));
	return 0;
}

static int exit_code(const struct guest *g) { return g->status; }
static int wait_fd(const struct guest *g) { return g->wait_fd; }
static int console(struct guest *g) { return g->console; }
static pid_t first_pid(const struct guest *g) { return g->ended || g->pid < 0 ? 0 : g->pid; }

const struct layer win_layer = {
	.name = "win",
	.floor = FLOOR_API,
	.brief = "Windows programs for x64, without Windows",
	.probe = probe,
	.describe = needs_describe,
	.takes = "allow deny_all hostname net trace volume",
	.complete = given_complete,
	.create = create,
	.destroy = destroy,
	.enter = enter,
	.kick = kick,
	.wait_fd = wait_fd,
	.exit_code = exit_code,
	.signal = send_signal,
	.console = console,
	.pid = first_pid,
	.stats = stats,
	.again = process_again,
};
