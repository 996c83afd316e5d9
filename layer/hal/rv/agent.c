/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/hal/rv/agent.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/host_linux.h"
#include "base/json.h"
#include "base/proc.h"
#include "base/vec.h"
#include "core/spec.h"
#include "layer/hal/dev/terminal.h"

enum { SOON = 200, MOST = 4096 }; /* ms and bytes of an answer */
enum { LATE = 50 };               /* ms of rest after which a clock is wrong */

/* -- the request: libexec/agent/wire.h ------------------------------------------------------ */

static void
all(struct vec *words, const char *name, char *const *values)
{
	for (; values && *values; values++)
		vec_push(words, xprintf("%s=%s", name, *values));
}

static void
words_of(const struct process *p, struct vec *words)
{
	all(words, "arg", p->args);
	all(words, "env", p->env);
	if (p->cwd && *p->cwd)
		vec_push(words, xprintf("cwd=%s", p->cwd));
	if (p->user_name) {
		vec_push(words, xprintf("user=%s", p->user_name));
		all(words, "group", p->group_names);
	} else {
		vec_push(words, xprintf("uid=%u", p->uid));
		vec_push(words, xprintf("gid=%u", p->gid));
		for (size_t i = 0; i < p->ngroups; i++)
			vec_push(words, xprintf("group=%u", p->groups[i]));
	}
	if (p->umask >= 0)
		vec_push(words, xprintf("umask=%d", p->umask));
	if (p->detached)
		vec_push(words, xprintf("detached=1"));
	if (p->terminal)
		vec_push(words, xprintf("terminal=1"));
	if (p->terminal && p->rows) {
		vec_push(words, xprintf("rows=%u", p->rows));
		vec_push(words, xprintf("cols=%u", p->cols));
	}
}

static void
words_free(struct vec *words)
{
	for (size_t i = 0; i < words->n; i++)
		free(words->p[i]);
	vec_free(words);
}

/* The carrier of a request, by its pidfd; words are its environment, which nobody but its
 * user can read. */
static int
carry(struct guest *g, struct vec *words, const int fd[3], struct err *e)
{
	char *program = proc_libexec("joist-agent"),
	     *socket = xprintf("%s/%s", g->home.dir_path, AGENT_SOCKET);
	char *argv[] = { program, "call", socket, NULL };
	vec_push(words, xprintf("machine=%s", g->home.name));
	pid_t pid = proc_spawn(argv, vec_argv(words), fd, e);
	int pidfd = pid < 0 ? -1 : host_pidfd_open(pid);
	if (pid > 0 && pidfd < 0) {
		fail(e, errno, "cannot watch a process: %s", strerror(errno));
		kill(pid, SIGKILL);
		proc_wait(pid);
	}
	free(socket);
	free(program);
	return pidfd;
}

/* -- exec ---------------------------------------------------------------------------------------- */

int
agent_exec(struct guest *g, const struct process *p, const int fd[3], int *console, struct err *e)
{
	struct vec words = { 0 };
	int given[3], slave = -1, pidfd = -1;
	*console = -1;
	if (!g->vsock) {
		fail(e, ENOTSUP, "machine '%s' is deterministic: nobody comes in from outside",
		     g->home.name);
		return err_hint(e, "start one without --deterministic");
	}
	memcpy(given, fd, sizeof given);
	if (p->terminal) {
		if (terminal_open(p->rows, p->cols, console, &slave, e) < 0)
			return -1;
		given[0] = given[1] = given[2] = slave;
	}
	words_of(p, &words);
	pidfd = carry(g, &words, given, e);
	words_free(&words);
	if (slave >= 0)
		close(slave);
	if (pidfd < 0 && *console >= 0) {
		close(*console);
		*console = -1;
	}
	return pidfd;
}

void
agent_cancel(struct guest *g, int fd)
{
	(void)g;
	host_pidfd_send_signal(fd, SIGKILL);
}

int
agent_reap(struct guest *g, int fd)
{
	siginfo_t info = { 0 };
	int rc;
	/* when the machine has ended before it */
	agent_cancel(g, fd);
	do
		rc = waitid((idtype_t)P_PIDFD, (id_t)fd, &info, WEXITED);
	while (rc < 0 && errno == EINTR);
	close(fd);
	if (rc < 0)
		return EXIT_OURS;
	return info.si_code == CLD_EXITED ? info.si_status : 128 + info.si_status;
}

/* -- short questions -------------------------------------------------------------------------------- */

/* All that is written to a pipe, within the time; the text's length. */
static size_t
listen_to(int fd, char *text, size_t size)
{
	int64_t end = proc_monotonic() + SOON * INT64_C(1000000);
	size_t n = 0;
	for (;;) {
		struct pollfd p = { .fd = fd, .events = POLLIN };
		int64_t left = (end - proc_monotonic()) / 1000000;
		if (left < 0 || poll(&p, 1, (int)left) <= 0)
			return 0;
		ssize_t got = read(fd, text + n, size - n);
		if (got <= 0)
			return got < 0 ? 0 : n;
		n += (size_t)got;
		if (n == size)
			return 0;
	}
}

json_t *
agent_stats(struct guest *g)
{
	struct vec words = { 0 };
	char text[MOST];
	json_t *answer = NULL;
	int fd[2];
	if (!g->vsock || pipe2(fd, O_CLOEXEC) < 0)
		return NULL;
	vec_push(&words, xstrdup("do=stats"));
	int pidfd = carry(g, &words, (int[3]){ -1, fd[1], -1 }, NULL);
	words_free(&words);
	close(fd[1]);
	if (pidfd >= 0) {
		size_t n = listen_to(fd[0], text, sizeof text);
		answer = n ? json_parse(text, n, "the guest's agent", NULL) : NULL;
		agent_cancel(g, pidfd);
		agent_reap(g, pidfd);
	}
	close(fd[0]);
	return answer;
}

/* -- after a rest ---------------------------------------------------------------------------------- */

void
agent_free(struct guest *g)
{
	if (g->settling < 0)
		return;
	agent_reap(g, g->settling);
	g->settling = -1;
}

void
agent_settle(struct guest *g)
{
	struct vec words = { 0 };
	bool late = proc_monotonic() - g->rested > LATE * INT64_C(1000000);
	if (!g->vsock || (g->terminal < 0 && !late))
		return;
	agent_free(g);
	vec_push(&words, xstrdup("do=settle"));
	vec_push(&words, xstrdup("patience=60"));
	g->settling = carry(g, &words, (int[3]){ g->in, -1, -1 }, NULL);
	words_free(&words);
}
