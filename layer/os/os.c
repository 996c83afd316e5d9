/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/os/os.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/arena.h"
#include "base/file.h"
#include "base/host_linux.h"
#include "base/json.h"
#include "base/proc.h"
#include "base/sig.h"
#include "base/str.h"
#include "core/artifact.h"
#include "core/usage.h"
#include "layer/os/caps.h"
#include "layer/os/cgroup.h"
#include "layer/os/child.h"
#include "layer/os/default.h"
#include "layer/os/exec.h"
#include "layer/os/guest.h"
#include "layer/os/halt.h"
#include "layer/os/hook.h"
#include "layer/os/idmap.h"
#include "layer/os/netglue.h"
#include "layer/os/prepare.h"
#include "layer/os/rlimit.h"
#include "layer/os/filter.h"

static int
probe(const struct artifact *a)
{
	switch (a->kind) {
	case ARTIFACT_IMAGE:
	case ARTIFACT_LAYOUT:
	case ARTIFACT_BUNDLE: return 100;
	case ARTIFACT_FOLDER: return 80;
	default: return 0;
	}
}

/* -- making ----------------------------------------------------------------- */

static pid_t
born(struct guest *g, int sock[2], struct err *e)
{
	struct clone_args a = { .flags = CLONE_CLEAR_SIGHAND | CLONE_PIDFD,
		                .exit_signal = SIGCHLD };
	int cg = g->cgroup ? cgroup_fd(g->cgroup) : -1;
	int own_pid = -1, own_time = -1;

	a.pidfd = (uint64_t)(uintptr_t)&g->pidfd;
	for (int i = 0; i < NS_COUNT; i++)
		/* The cgroup namespace comes when its root is reached (child.c);
		 * the time namespace is ours to prepare (prepare.c). */
		if (g->spec->ns[i].fresh && i != NS_CGROUP && i != NS_TIME)
			a.flags |= spec_ns_flags[i];
	if (cg >= 0) {
		a.flags |= CLONE_INTO_CGROUP;
		a.cgroup = (uint64_t)cg;
	}
	if (prepare_birth(g, &own_pid, &own_time, e) < 0)
		return -1;
	pid_t pid = host_clone3(&a);
	if (pid == 0) {
		close(sock[0]);
		child_run(g, sock[1]);
	}
	int why = errno;
	prepare_birth_done(own_pid, own_time);
	if (pid > 0)
		return pid;
	fail(e, why, "cannot make the container's namespaces: %s", strerror(why));
	if (why == EPERM || why == ENOSPC)
		err_hint(e, "this host may forbid user namespaces; see: joist doctor");
	return -1;
}

static void
say(struct guest *g, enum msg_kind kind)
{
	struct msg m = { .kind = kind };
	file_send_fds(g->sock, &m, sizeof m, NULL, 0);
}

static void
destroy(struct guest *g)
{
	if (!g)
		return;
	if (g->pid > 0 && !g->ended) {
		kill(g->pid, SIGKILL);
		if (g->cgroup)
			cgroup_kill(g->cgroup);
		waitpid(g->pid, NULL, 0);
	}
	netglue_stop(g);
	if (g->cgroup)
		cgroup_close(g->cgroup);
	/* poststop: the container is gone; a failure is only worth a word. */
	struct err e = { 0 };
	if (g->spec->hooks[HOOK_POSTSTOP].n) {
		g->pid = 0;
		prepare_state_text(g, "stopped");
		if (hook_run(g->spec, HOOK_POSTSTOP, g->state_text, g->home.dir, &e) < 0)
			err_warn("%s", e.what);
	}
	prepare_undo(g);
	int *fds[] = { &g->sock, &g->pidfd, &g->kick_fd, &g->console };
	for (size_t i = 0; i < sizeof fds / sizeof fds[0]; i++)
		if (*fds[i] >= 0)
			close(*fds[i]);
	free(g);
}

static struct guest *
create(const struct spec *s, const struct home *h, struct err *e)
{
	struct guest *g = xcalloc(1, sizeof *g);
	int sock[2] = { -1, -1 };

	g->spec = s;
	g->home = *h;
	g->sock = g->pidfd = g->kick_fd = g->console = -1;
	if (prepare(g, e) < 0)
		goto undo;
	g->kick_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (g->kick_fd < 0 || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sock) < 0) {
		fail(e, errno, "cannot make a socket pair: %s", strerror(errno));
		goto undo;
	}
	g->pid = born(g, sock, e);
	close(sock[1]);
	g->sock = sock[0];
	if (g->pid < 0)
		goto undo;
	if (s->ns[NS_USER].fresh && !g->map_self) {
		if (idmap_write(g->pid, s, h->rootless, e) < 0)
			goto undo;
		say(g, MSG_ANSWER);
	}
	if (netglue_start(g, e) < 0)
		goto undo;
	return g;
undo:
	destroy(g);
	return NULL;
}

/* -- running ---------------------------------------------------------------- */

static int
send_signal(struct guest *g, int sig, struct err *e)
{
	bool init = g->spec->ns[NS_PID].fresh;

	if (g->pid <= 0 || g->ended)
		return fail(e, ESRCH, "it has ended");
	if (sig != SIGKILL && init && g->started && proc_spared(g->pid, sig)) {
		g->fatal_signal = sig;
		sig = SIGKILL;
	}
	if (host_pidfd_send_signal(g->pidfd, sig) < 0)
		return fail(e, errno, "cannot send the signal: %s", strerror(errno));
	/* A shared pid namespace does not end with its first process. */
	if (sig == SIGKILL && !init && g->cgroup)
		cgroup_kill(g->cgroup);
	return 0;
}

static enum why
ended(struct guest *g)
{
	int w = 0, fatal = g->fatal_signal;

	while (waitpid(g->pid, &w, 0) < 0 && errno == EINTR)
		;
	g->ended = true;
	g->status = proc_status(w);
	if (fatal && WIFSIGNALED(w) && WTERMSIG(w) == SIGKILL)
		g->status = 128 + fatal;
	if (g->cgroup) {
		g->oom = cgroup_oom_kills(g->cgroup) > 0;
		if (!g->spec->ns[NS_PID].fresh)
			cgroup_kill(g->cgroup);
	}
	return WHY_EXIT;
}

static enum why
fault(struct guest *g, const struct err *from, struct err *e)
{
	if (from && e)
		*e = *from;
	ended(g);
	g->status = err_exit(e);
	return WHY_FAULT;
}

/* One message from the child.  True when the program runs now. */
static enum why
heard(struct guest *g, bool *again, struct err *e)
{
	struct msg m;
	int fd = -1;
	size_t n = 1;

	*again = true;
	ssize_t got = file_recv_fds(g->sock, &m, sizeof m, &fd, &n);
	/* A child that ended before it read our last word: the reset is reported
	 * before what it sent, and only once (unix(7)). */
	if (got < 0 && errno == ECONNRESET) {
		n = 1;
		got = file_recv_fds(g->sock, &m, sizeof m, &fd, &n);
	}
	if (got <= 0) { /* execve closed its end: it runs */
		close(g->sock);
		g->sock = -1;
		g->started = true;
		*again = false;
		if (g->spec->hooks[HOOK_POSTSTART].n) {
			struct err warn = { 0 };
			prepare_state_text(g, "running");
			if (hook_run(g->spec, HOOK_POSTSTART, g->state_text, g->home.dir, &warn) <
			    0)
				err_warn("%s", warn.what);
		}
		return WHY_START;
	}
	switch (m.kind) {
	case MSG_CONSOLE:
		if (n == 1)
			g->console = fd;
		break;
	case MSG_WARN: err_warn("%s", m.err.what); break;
	case MSG_HOOKS:
		prepare_state_text(g, "creating");
		if (hook_run(g->spec, HOOK_PRESTART, g->state_text, g->home.dir, e) < 0 ||
		    hook_run(g->spec, HOOK_CREATE_RUNTIME, g->state_text, g->home.dir, e) < 0) {
			kill(g->pid, SIGKILL);
			*again = false;
			return fault(g, NULL, e);
		}
		say(g, MSG_ANSWER);
		break;
	case MSG_FLATTEN:
		if (prepare_flat(g, e) < 0) {
			kill(g->pid, SIGKILL);
			*again = false;
			return fault(g, NULL, e);
		}
		say(g, MSG_ANSWER);
		break;
	case MSG_NOTIFY:
		if (n == 1) {
			int rc = filter_notify(g->filter, g->pid, fd, g->home.name, e);
			close(fd);
			if (rc < 0) {
				kill(g->pid, SIGKILL);
				*again = false;
				return fault(g, NULL, e);
			}
		}
		say(g, MSG_ANSWER);
		break;
	case MSG_ERROR: *again = false; return fault(g, &m.err, e);
	default: break;
	}
	return WHY_START;
}

/* When it cannot be frozen it goes on: that is said, and nothing is lost. */
static enum why
come_to_rest(struct guest *g, struct err *e)
{
	/* Who shares a pid namespace would have others stopped with him. */
	if (!g->cgroup && !g->spec->ns[NS_PID].fresh) {
		fail(e, EPERM, "cannot pause: it has no cgroup and no processes of its own");
		err_hint(e, "do not share the pid namespace, or see: joist doctor");
		return WHY_START;
	}
	if ((g->cgroup ? cgroup_freeze(g->cgroup, e) : halt_all(g->pid, true, e)) == 0) {
		g->frozen = true;
		return WHY_KICK;
	}
	if (g->cgroup)
		cgroup_thaw(g->cgroup, NULL);
	else
		halt_all(g->pid, false, NULL);
	return WHY_START;
}

static enum why
enter(struct guest *g, struct err *e)
{
	struct pollfd p[3] = { { .fd = g->pidfd, .events = POLLIN },
		               { .fd = g->kick_fd, .events = POLLIN },
		               { .fd = g->sock, .events = POLLIN } };
	uint64_t n;

	if (g->ended)
		return WHY_EXIT;
	if (g->frozen) {
		if ((g->cgroup ? cgroup_thaw(g->cgroup, e) : halt_all(g->pid, false, e)) < 0)
			return WHY_FAULT;
		g->frozen = false;
		/* Kicks that came while it was at rest have had what they wanted. */
		if (read(g->kick_fd, &n, sizeof n) < 0 && errno != EAGAIN)
			return fail(e, errno, "cannot resume: %s", strerror(errno)), WHY_FAULT;
	} else if (!g->started) {
		/* Said before it asks: the child finds the answer waiting, and never
		 * waits itself, unless hooks or an id mapping make it. */
		say(g, MSG_GO);
	}
	for (;;) {
		if (poll(p, 3, -1) < 0 && errno != EINTR)
			return fail(e, errno, "cannot wait for the container: %s", strerror(errno)),
			       WHY_FAULT;
		if (p[2].revents && g->sock >= 0) {
			bool again;
			enum why w = heard(g, &again, e);
			if (!again)
				return w;
			continue;
		}
		if (p[0].revents)
			return ended(g);
		if (p[1].revents && read(g->kick_fd, &n, sizeof n) > 0 && g->started) {
			return come_to_rest(g, e);
		}
	}
}

static void
kick(struct guest *g)
{
	uint64_t one = 1;
	ssize_t put = write(g->kick_fd, &one, sizeof one);

	(void)put; /* it can only be full, and then it is kicked already */
}

/* -- questions ---------------------------------------------------------------- */

static int exit_code(const struct guest *g) { return g->status; }
static int console(struct guest *g) { return g->console; }
static pid_t first_pid(const struct guest *g) { return g->ended ? 0 : g->pid; }
static bool oom(const struct guest *g) { return g->oom; }

static json_t *
stats(struct guest *g)
{
	json_t *o = g->cgroup                   ? cgroup_stats(g->cgroup)
	            : g->spec->ns[NS_PID].fresh ? usage_of_namespace(g->pid)
	                                        : json_object();

	netglue_stats(g, o);
	return o;
}

static json_t *
inspect(struct guest *g)
{
	json_t *o = json_object();
	json_t *net = netglue_inspect(g);

	if (net)
		json_object_set_new(o, "network", net);
	return o;
}

static void
recover(const char *name, const json_t *config, const struct home *h)
{
	const char *path = json_str(json_object_get(config, "linux"), "cgroupsPath", NULL);
	const char *parent = spec_note_of(config, "cgroup-parent", NULL);
	char *group = prepare_group(h), *below = NULL;

	if (!path && parent)
		path = below = xprintf("%s/%s", parent, group);
	cgroup_recover(group, path);
	free(group);
	free(below);
	netglue_recover(name, h);
}

const struct layer os_layer = {
	.name = "os",
	.floor = FLOOR_SYSTEM,
	.brief = "containers: processes on this host's kernel, in namespaces",
	.probe = probe,
	.takes = "add_host blkio_weight cap_add cap_drop cgroup_parent cgroupns cpu_shares cpus "
	         "cpuset_cpus cpuset_mems device device_read_bps device_read_iops "
	         "device_write_bps device_write_iops dns dns_search domainname entrypoint "
	         "group_add health_cmd health_interval health_retries health_start_period "
	         "health_timeout hostname init ip ipc memory memory_reservation memory_swap "
	         "mount net net_alias no_healthcheck oom_kill_disable oom_score_adj pid "
	         "pids_limit privileged publish read_only security_opt shm_size sysctl tmpfs "
	         "ulimit user userns uts volume",
	.complete = default_complete,
	.create = create,
	.destroy = destroy,
	.enter = enter,
	.kick = kick,
	.exit_code = exit_code,
	.exec = exec_start,
	.reap = exec_reap,
	.cancel = exec_cancel,
	.signal = send_signal,
	.console = console,
	.pid = first_pid,
	.oom = oom,
	.stats = stats,
	.inspect = inspect,
	.recover = recover,
};
