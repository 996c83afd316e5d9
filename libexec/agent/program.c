/* SPDX-License-Identifier: Apache-2.0 */
#include "libexec/agent/program.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "base/host_linux.h"
#include "base/user.h"

#define PATH_DEFAULT "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

enum { PATIENCE = 1000 }; /* ms between "please" and "now" */

/* What the new process is born with: its ends of what program has. */
struct ends {
	int fd[3];
	int report; /* a struct err, if it does not come to execve */
};

static void
close_all(const int *fd, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (fd[i] >= 0)
			close(fd[i]);
}

/* -- in the new process ------------------------------------------------------------------ */

static int
become(const struct request *r, struct identity *id, struct err *e)
{
	if (r->user) {
		if (user_find(r->user, vec_argv((struct vec *)&r->groups), id, e) < 0)
			return -1;
	} else {
		*id = (struct identity){ .uid = r->uid, .gid = r->gid };
		for (size_t i = 0; i < r->groups.n && i < USER_GROUPS; i++)
			id->groups[id->ngroups++] = (gid_t)strtoul(r->groups.p[i], NULL, 10);
		user_home(id->uid, id->home, sizeof id->home);
	}
	/* only root can and need; as anybody else we run only as ourselves */
	if (geteuid() == id->uid && geteuid() != 0)
		return 0;
	if (setgroups(id->ngroups, id->groups) < 0 || setresgid(id->gid, id->gid, id->gid) < 0 ||
	    setresuid(id->uid, id->uid, id->uid) < 0)
		return fail(e, errno, "cannot become user %u: %s", id->uid, strerror(errno));
	return 0;
}

/* What a program may expect to be in its environment, where the request does not say. */
static void
environment(const struct request *r, const struct identity *id)
{
	clearenv();
	setenv("PATH", PATH_DEFAULT, 1);
	setenv("HOME", id->home, 1);
	if (r->terminal)
		setenv("TERM", "xterm", 1);
	for (size_t i = 0; i < r->env.n; i++)
		if (strchr(r->env.p[i], '='))
			putenv(r->env.p[i]);
}

static int
run(const struct request *r, const struct ends *n, struct err *e)
{
	struct identity id;
	char **argv = vec_argv((struct vec *)&r->args);
	const char *cwd;
	sigset_t none;

	setsid();
	for (int sig = 1; sig < NSIG; sig++)
		signal(sig, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	/* as it was told to the agent: all three are above 2 */
	for (int i = 0; i < 3; i++)
		if (dup2(n->fd[i], i) < 0)
			return fail(e, errno, "cannot give a program its descriptors");
	if (r->terminal && ioctl(0, TIOCSCTTY, 0) < 0)
		return fail(e, errno, "cannot take the terminal: %s", strerror(errno));
	if (become(r, &id, e) < 0)
		return -1;
	cwd = r->cwd ? r->cwd : id.home;
	if (chdir(cwd) < 0 && (r->cwd || chdir("/") < 0)) {
		fail(e, errno, "the folder '%s': %s", cwd, strerror(errno));
		return err_status(e, EXIT_CANNOT_EXEC);
	}
	if (r->umask >= 0)
		umask((mode_t)r->umask);
	environment(r, &id);
	execvp(argv[0], argv);
	int why = errno;
	fail(e, why, "cannot run '%s': %s", argv[0], strerror(why));
	return err_status(e, why == ENOENT || why == ENOTDIR ? EXIT_NOT_FOUND : EXIT_CANNOT_EXEC);
}

/* -- outside it ------------------------------------------------------------------------------ */

static int
terminal(const struct request *r, struct program *p, struct ends *n, struct err *e)
{
	int zero = 0;
	p->out = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
	if (p->out < 0 || ioctl(p->out, TIOCSPTLCK, &zero) < 0 ||
	    (n->fd[0] = ioctl(p->out, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC)) < 0 ||
	    (p->in = fcntl(p->out, F_DUPFD_CLOEXEC, 3)) < 0) {
		fail(e, errno, "cannot make a terminal: %s", strerror(errno));
		return err_hint(e, "is /dev/pts mounted there?");
	}
	for (int i = 1; i < 3; i++)
		n->fd[i] = fcntl(n->fd[0], F_DUPFD_CLOEXEC, 3);
	if (r->rows)
		program_size(p, r->rows, r->cols);
	return 0;
}

static int
pipes(struct program *p, struct ends *n, struct err *e)
{
	int *const ours[3] = { &p->in, &p->out, &p->errors };
	for (int i = 0; i < 3; i++) {
		int fd[2];
		if (pipe2(fd, O_CLOEXEC) < 0)
			return fail(e, errno, "cannot make a pipe: %s", strerror(errno));
		*ours[i] = fd[i == 0];
		n->fd[i] = fd[i != 0];
		fcntl(*ours[i], F_SETFL, O_NONBLOCK);
	}
	return 0;
}

/* Nobody hears it: it must not die of that either. */
static int
nothing(struct ends *n, struct err *e)
{
	for (int i = 0; i < 3; i++)
		if ((n->fd[i] = open("/dev/null", O_RDWR | O_CLOEXEC)) < 0)
			return fail(e, errno, "/dev/null: %s", strerror(errno));
	return 0;
}

static int
born(const struct request *r, struct program *p, struct ends *n, struct err *e)
{
	struct err why = { 0 };
	int report[2];
	if (pipe2(report, O_CLOEXEC) < 0)
		return fail(e, errno, "cannot make a pipe: %s", strerror(errno));
	p->pid = fork();
	if (p->pid == 0) {
		run(r, n, &why);
		_exit(write(report[1], &why, sizeof why) < 0 ? 1 : err_exit(&why));
	}
	int cause = errno;
	close(report[1]);
	p->pidfd = p->pid < 0 ? -1 : host_pidfd_open(p->pid);
	ssize_t got = p->pid < 0 ? 0 : read(report[0], &why, sizeof why);
	close(report[0]);
	if (p->pid < 0)
		return fail(e, cause, "cannot start a process: %s", strerror(cause));
	if (got == (ssize_t)sizeof why) {
		waitpid(p->pid, NULL, 0);
		*e = why;
		return -1;
	}
	return 0;
}

int
program_start(const struct request *r, struct program *p, struct err *e)
{
	struct ends n = { .fd = { -1, -1, -1 } };
	*p = (struct program){ .pidfd = -1, .in = -1, .out = -1, .errors = -1 };
	int rc = r->detached   ? nothing(&n, e)
	         : r->terminal ? terminal(r, p, &n, e)
	                       : pipes(p, &n, e);
	if (rc == 0)
		rc = born(r, p, &n, e);
	close_all(n.fd, 3);
	if (rc < 0)
		close_all((const int[]){ p->in, p->out, p->errors, p->pidfd }, 4);
	return rc;
}

void
program_size(const struct program *p, unsigned rows, unsigned cols)
{
	struct winsize size = { .ws_row = (unsigned short)rows, .ws_col = (unsigned short)cols };
	ioctl(p->out, TIOCSWINSZ, &size);
}

void
program_end(const struct program *p)
{
	struct pollfd ended = { .fd = p->pidfd, .events = POLLIN };
	kill(-p->pid, SIGHUP);
	kill(-p->pid, SIGCONT);
	poll(&ended, 1, PATIENCE);
	kill(-p->pid, SIGKILL);
}

int
program_status(struct program *p)
{
	int status = 0;
	while (waitpid(p->pid, &status, 0) < 0 && errno == EINTR)
		;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
