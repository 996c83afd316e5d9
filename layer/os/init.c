/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/os/init.h"

#include <linux/close_range.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/err.h"

static _Noreturn void
watch_over(pid_t child, const sigset_t *all)
{
	siginfo_t info;
	int w;

	/* It is a copy of the monitor: nobody inside may look into it, nor
	 * reach our program's file through it. */
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	close_range(0, ~0U, 0);
	for (;;) {
		int sig = sigwaitinfo(all, &info);
		if (sig != SIGCHLD) {
			if (sig > 0)
				kill(child, sig);
			continue;
		}
		for (pid_t pid; (pid = waitpid(-1, &w, WNOHANG)) > 0;)
			if (pid == child)
				_exit(WIFSIGNALED(w) ? 128 + WTERMSIG(w) : WEXITSTATUS(w));
	}
}

void
init_run(int sock)
{
	sigset_t all, none;

	(void)sock;
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &none);
	pid_t pid = fork();
	if (pid > 0)
		watch_over(pid, &all);
	if (pid < 0)
		_exit(EXIT_OURS);
	/* The terminal and its signals belong to the program. */
	setpgid(0, 0);
	tcsetpgrp(0, getpid());
	sigprocmask(SIG_SETMASK, &none, NULL);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
}
