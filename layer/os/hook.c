/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/os/hook.h"

#include <errno.h>
#include <linux/close_range.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#include "base/file.h"
#include "base/host_linux.h"
#include "base/proc.h"

static const char *const names[HOOK_POINTS] = {
	"prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop",
};

static _Noreturn void
program(const struct hook *h, int in, int dir)
{
	static char *none[1];
	char *plain[] = { (char *)h->path, NULL };
	sigset_t all;

	sigemptyset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	if (dir >= 0 && fchdir(dir) < 0)
		_exit(127);
	dup2(in, 0);
	close_range(3, ~0U, CLOSE_RANGE_CLOEXEC);
	execve(h->path, h->args && h->args[0] ? h->args : plain, h->env ? h->env : none);
	_exit(127);
}

static int
one(const struct hook *h, const char *point, const char *state, int dir, struct err *e)
{
	struct clone_args a = { .flags = CLONE_CLEAR_SIGHAND | CLONE_PIDFD,
		                .exit_signal = SIGCHLD };
	int in[2], pidfd = -1, w;

	a.pidfd = (uint64_t)(uintptr_t)&pidfd;
	if (pipe2(in, O_CLOEXEC) < 0)
		return fail(e, errno, "hook '%s': %s", h->path, strerror(errno));
	pid_t pid = host_clone3(&a);
	if (pid == 0)
		program(h, in[0], dir);
	int why = errno;
	close(in[0]);
	if (pid < 0) {
		close(in[1]);
		return fail(e, why, "hook '%s': %s", h->path, strerror(why));
	}
	/* The state fits into the pipe; a hook that does not read it is fine
	 * (the client ignores SIGPIPE). */
	if (state)
		file_write_all(in[1], state, strlen(state));
	close(in[1]);
	struct pollfd p = { .fd = pidfd, .events = POLLIN };
	int64_t ms = h->timeout > 2000000 ? 2000000000 : h->timeout * 1000;
	int n;
	do
		n = poll(&p, 1, h->timeout ? (int)ms : -1);
	while (n < 0 && errno == EINTR);
	if (n == 0)
		kill(pid, SIGKILL);
	while (waitpid(pid, &w, 0) < 0 && errno == EINTR)
		;
	close(pidfd);
	if (n == 0)
		return fail(e, ETIMEDOUT, "%s hook '%s' took more than %lld s", point, h->path,
		            (long long)h->timeout);
	if (proc_status(w) != 0)
		return fail(e, EIO, "%s hook '%s' ended with status %d", point, h->path,
		            proc_status(w));
	return 0;
}

int
hook_run(const struct spec *s, enum hook_point at, const char *state, int dir, struct err *e)
{
	for (size_t i = 0; i < s->hooks[at].n; i++)
		if (one(&s->hooks[at].list[i], names[at], state, dir, e) < 0)
			return -1;
	return 0;
}
