/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/os/exec.h"

#include <errno.h>
#include <linux/close_range.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "base/file.h"
#include "base/host_linux.h"
#include "base/proc.h"
#include "layer/os/caps.h"
#include "layer/os/cgroup.h"
#include "layer/os/child.h"
#include "layer/os/dev.h"
#include "layer/os/guest.h"
#include "layer/os/rlimit.h"
#include "layer/os/filter.h"

struct request {
	struct guest *g;
	const struct process *p;
	int fd[3];
	int sock;
	int ns; /* namespaces still to be joined, CLONE_NEW* */
};

static int
inside(struct request *r, struct err *e)
{
	struct guest *g = r->g;

	child_alone();
	/* Until execve nobody inside may look into this copy of the monitor. */
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	/* v1 hierarchies and the cgroup namespace first: they are looked up from
	 * where we come from. */
	if (g->cgroup && cgroup_join_self(g->cgroup, e) < 0)
		return -1;
	if (g->rlimits && rlimits_apply(g->rlimits, e) < 0)
		return -1;
	if (setns(g->pidfd, r->ns) < 0)
		return fail(e, errno, "cannot enter the container: %s", strerror(errno));
	if (g->user_ns && (setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0))
		return fail(e, errno, "cannot become root in the container: %s", strerror(errno));
	if (r->p->terminal) {
		int master = dev_console(r->p, false, e);
		struct msg m = { .kind = MSG_CONSOLE };
		if (master < 0)
			return -1;
		if (file_send_fds(r->sock, &m, sizeof m, &master, 1) < 0)
			return fail(e, errno, "cannot hand over the terminal: %s", strerror(errno));
	} else if (proc_stdio(r->fd, e) < 0) {
		return -1;
	}
	close_range(3, ~0U, CLOSE_RANGE_CLOEXEC);
	return child_become(g, r->p, r->sock, e);
}

static _Noreturn void
child(struct request *r)
{
	struct err e = { 0 };

	inside(r, &e);
	child_die(r->sock, &e);
}

/* In a user namespace only its own root may enter the rest of it, and a
 * process enters a pid namespace by being born in it: enter, then have a
 * second child, a sibling of ours to the monitor. */
static _Noreturn void
stepping_stone(struct request *r, struct clone_args a)
{
	struct err e = { 0 };

	if (setns(r->g->pidfd, CLONE_NEWUSER) < 0 || setns(r->g->pidfd, CLONE_NEWPID) < 0) {
		fail(&e, errno, "cannot enter the container: %s", strerror(errno));
		child_die(r->sock, &e);
	}
	r->ns &= ~(CLONE_NEWUSER | CLONE_NEWPID);
	a.flags |= CLONE_PARENT;
	a.exit_signal = 0;
	pid_t pid = host_clone3(&a);
	if (pid == 0)
		child(r);
	if (pid < 0) {
		fail(&e, errno, "cannot start a process: %s", strerror(errno));
		child_die(r->sock, &e);
	}
	struct msg m = { .kind = MSG_PID, .err.code = pid };
	file_send_fds(r->sock, &m, sizeof m, NULL, 0);
	_exit(0);
}

/* Which namespaces differ from ours: the fresh and the joined ones. */
static int
namespaces(const struct guest *g)
{
	int flags = 0;

	for (int i = 0; i < NS_COUNT; i++)
		if (g->spec->ns[i].fresh || g->spec->ns[i].path)
			flags |= (int)spec_ns_flags[i];
	return flags;
}

static pid_t
born_in(struct request *r, struct clone_args *a, struct err *e)
{
	int own = -1;
	pid_t pid;

	if (r->g->user_ns) {
		pid = host_clone3(a);
		if (pid == 0)
			stepping_stone(r, *a);
	} else {
		/* Our next child is born in the container's pid namespace: one
		 * fork less than entering it first. */
		if (r->ns & CLONE_NEWPID) {
			own = open("/proc/self/ns/pid", O_RDONLY | O_CLOEXEC);
			if (own < 0 || setns(r->g->pidfd, CLONE_NEWPID) < 0) {
				fail(e, errno, "cannot enter the container: %s", strerror(errno));
				if (own >= 0)
					close(own);
				return -1;
			}
			r->ns &= ~CLONE_NEWPID;
		}
		pid = host_clone3(a);
		if (pid == 0)
			child(r);
	}
	int why = errno;
	if (own >= 0) {
		setns(own, CLONE_NEWPID);
		close(own);
	}
	if (pid < 0)
		fail(e, why, "cannot start a process in the container: %s", strerror(why));
	return pid;
}

/* Listen to the child until it runs its program.  *pid is replaced when the
 * one we started was only a stepping stone. */
static int
listen_to(const struct guest *g, int sock, pid_t *pid, int *console, struct err *e)
{
	struct msg m;
	int fd = -1, rc = 0;
	size_t n;

	for (;;) {
		n = 1;
		ssize_t got = file_recv_fds(sock, &m, sizeof m, &fd, &n);
		if (got <= 0)
			break;
		if (m.kind == MSG_CONSOLE && n == 1)
			*console = fd;
		else if (m.kind == MSG_NOTIFY && n == 1) {
			/* This one's own agent connection, as for the first process. */
			struct msg answer = { .kind = MSG_ANSWER };
			if (filter_notify(g->filter, *pid, fd, g->home.name, e) < 0) {
				kill(*pid, SIGKILL);
				rc = -1;
			} else {
				file_send_fds(sock, &answer, sizeof answer, NULL, 0);
			}
			close(fd);
		} else if (m.kind == MSG_PID && m.err.code > 0) {
			proc_wait(*pid);
			*pid = m.err.code;
		} else if (m.kind == MSG_ERROR) {
			if (e)
				*e = m.err;
			rc = -1;
		}
	}
	return rc;
}

int
exec_start(struct guest *g, const struct process *p, const int fd[3], int *console, struct err *e)
{
	struct request r = { .g = g, .p = p, .ns = namespaces(g) };
	struct clone_args a = { .flags = CLONE_CLEAR_SIGHAND, .exit_signal = SIGCHLD };
	int sock[2], cg = g->cgroup ? cgroup_fd(g->cgroup) : -1;

	*console = -1;
	memcpy(r.fd, fd, sizeof r.fd);
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sock) < 0)
		return fail(e, errno, "cannot make a socket pair: %s", strerror(errno));
	if (cg >= 0) {
		a.flags |= CLONE_INTO_CGROUP;
		a.cgroup = (uint64_t)cg;
	}
	r.sock = sock[1];
	pid_t pid = born_in(&r, &a, e);
	close(sock[1]);
	int rc = pid < 0 ? -1 : listen_to(g, sock[0], &pid, console, e);
	close(sock[0]);
	int pidfd = pid > 0 ? host_pidfd_open(pid) : -1;
	if (rc == 0 && pidfd >= 0)
		return pidfd;
	if (pid > 0)
		waitpid(pid, NULL, __WALL);
	if (pidfd >= 0)
		close(pidfd);
	if (*console >= 0)
		close(*console);
	*console = -1;
	return rc < 0 ? -1 : fail(e, errno, "the command ended too soon: %s", strerror(errno));
}

int
exec_reap(struct guest *g, int fd)
{
	siginfo_t info = { 0 };
	int rc;

	(void)g;
	do
		rc = waitid((idtype_t)P_PIDFD, (id_t)fd, &info, WEXITED | __WALL);
	while (rc < 0 && errno == EINTR);
	close(fd);
	if (rc < 0)
		return EXIT_OURS;
	return info.si_code == CLD_EXITED ? info.si_status : 128 + info.si_status;
}

void
exec_cancel(struct guest *g, int fd)
{
	(void)g;
	host_pidfd_send_signal(fd, SIGKILL);
}
