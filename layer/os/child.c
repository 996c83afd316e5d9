/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/os/child.h"

#include <errno.h>
#include <grp.h>
#include <linux/close_range.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/host_linux.h"
#include "base/json.h"
#include "base/proc.h"
#include "base/str.h"
#include "base/user.h"
#include "layer/os/caps.h"
#include "layer/os/cgroup.h"
#include "layer/os/dev.h"
#include "layer/os/guest.h"
#include "layer/os/hook.h"
#include "layer/os/init.h"
#include "layer/os/lsm.h"
#include "layer/os/mount.h"
#include "net/net.h"
#include "layer/os/prepare.h"
#include "layer/os/rlimit.h"
#include "layer/os/root.h"
#include "layer/os/sched.h"
#include "layer/os/filter.h"
#include "layer/os/sysctl.h"

enum { MOST_MOUNTS = 512 };

void
child_die(int sock, const struct err *e)
{
	struct msg m = { .kind = MSG_ERROR, .err = *e };

	if (sock >= 0)
		file_send_fds(sock, &m, sizeof m, NULL, 0);
	_exit(err_exit(e));
}

static int
tell(int sock, enum msg_kind kind, int fd)
{
	struct msg m = { .kind = kind };
	return file_send_fds(sock, &m, sizeof m, &fd, fd >= 0) < 0 ? -1 : 0;
}

/* Wait for a word of the monitor.  When it is gone there is nothing to go on
 * for.  MSG_GO may come long before it is wanted, and is remembered. */
static void
await(int sock, enum msg_kind want)
{
	static bool go;
	struct msg m;

	while (!(go && want == MSG_GO)) {
		size_t nfd = 0;
		if (file_recv_fds(sock, &m, sizeof m, NULL, &nfd) <= 0)
			_exit(EXIT_OURS);
		if (m.kind == want)
			return;
		go = go || m.kind == MSG_GO;
	}
}

void
child_alone(void)
{
	sigset_t none;

	/* The monitor's death is ours, from the first moment. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	setsid();
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* -- who runs --------------------------------------------------------------- */

static int
identity(const struct guest *g, const struct process *p, struct identity *id, struct err *e)
{
	if (p->user_name)
		return user_find(p->user_name, p->group_names, id, e);
	*id = (struct identity){ .uid = p->uid, .gid = p->gid, .home = "/" };
	if (p->ngroups > USER_GROUPS)
		return fail(e, E2BIG, "process: more than %d groups", USER_GROUPS);
	for (size_t i = 0; i < p->ngroups; i++)
		id->groups[id->ngroups++] = p->groups[i];
	if (!g->plain_env)
		user_home(id->uid, id->home, sizeof id->home);
	return 0;
}

static int
become(const struct guest *g, const struct identity *id, struct err *e)
{
	if (setgroups(id->ngroups, id->groups) < 0 && !(errno == EPERM && g->user_ns))
		return fail(e, errno, "cannot set the groups: %s", strerror(errno));
	if (setresgid(id->gid, id->gid, id->gid) < 0) {
		fail(e, errno, "cannot become group %u: %s", id->gid, strerror(errno));
		goto unmapped;
	}
	if (setresuid(id->uid, id->uid, id->uid) < 0) {
		fail(e, errno, "cannot become user %u: %s", id->uid, strerror(errno));
		goto unmapped;
	}
	return 0;
unmapped:
	if (errno == EINVAL)
		err_hint(e, "the container's user namespace has no such number; see /etc/subuid");
	return -1;
}

/* -- the program -------------------------------------------------------------- */

static const char *
env_of(char *const *env, const char *name)
{
	size_t n = strlen(name);

	for (; *env; env++)
		if (strncmp(*env, name, n) == 0 && (*env)[n] == '=')
			return *env + n + 1;
	return NULL;
}

static int
refuse(const char *file, int why, struct err *e)
{
	struct stat st;

	if (why == ENOENT && strchr(file, '/') && stat(file, &st) == 0) {
		fail(e, why, "'%s' cannot start: the interpreter or loader it names is not there",
		     file);
		err_hint(e, "give the image the interpreter, or a statically linked program");
		return err_status(e, EXIT_NOT_FOUND);
	}
	if (why == ENOENT || why == ENOTDIR) {
		fail(e, why, "there is no program '%s' in the machine", file);
		err_hint(e, "check the command and the machine's PATH");
		return err_status(e, EXIT_NOT_FOUND);
	}
	fail(e, why, "'%s' cannot be executed: %s", file,
	     why == ENOEXEC ? "not a program for this processor" : strerror(why));
	if (why == EACCES)
		err_hint(e, "it needs the execute permission and must not be a folder");
	return err_status(e, EXIT_CANNOT_EXEC);
}

/* /proc/self/exe is our own program until execve: a link to it, or a script
 * that names it as its interpreter, would run a program of the host with the
 * guest's arguments, and could keep it open to write to it later.  Nothing
 * that a program is reached by may lead through such links. */
static int
guard(const char *file, struct err *e)
{
	char path[256];

	snprintf(path, sizeof path, "%s", file);
	for (int depth = 0; depth < 6; depth++) {
		int fd = host_openat2(AT_FDCWD, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY,
		                      0, RESOLVE_NO_MAGICLINKS);
		if (fd < 0 && errno == ELOOP) {
			fail(e, ELOOP, "'%s' leads through a link of /proc to a program outside",
			     file);
			err_hint(e, "name the program itself");
			return err_status(e, EXIT_CANNOT_EXEC);
		}
		ssize_t n = fd < 0 ? 0 : read(fd, path, sizeof path - 1);
		if (fd >= 0)
			close(fd);
		if (n < 3 || path[0] != '#' || path[1] != '!')
			return 0;
		path[n] = '\0';
		size_t at = 2 + strspn(path + 2, " \t"), len = strcspn(path + at, " \t\n");
		memmove(path, path + at, len);
		path[len] = '\0';
	}
	return 0;
}

static int
start_file(const char *file, char *const argv[], char *const env[], struct err *e)
{
	if (guard(file, e) < 0)
		return -1;
	execve(file, argv, env);
	return 0;
}

/* execvpe with the guest's own PATH, and without its habit of running a file
 * that is no program through a shell. */
static int
execute(char *const argv[], char *const env[], struct err *e)
{
	const char *path = env_of(env, "PATH");
	char file[4096];
	int why = ENOENT;

	if (strchr(argv[0], '/')) {
		if (start_file(argv[0], argv, env, e) < 0)
			return -1;
		return refuse(argv[0], errno, e);
	}
	if (!path)
		path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
	while (*argv[0] && *path) {
		size_t k = strcspn(path, ":");
		snprintf(file, sizeof file, "%.*s/%s", (int)k, k ? path : ".", argv[0]);
		if (start_file(file, argv, env, e) < 0)
			return -1;
		if (errno != ENOENT && errno != ENOTDIR) {
			why = errno;
			if (why != EACCES)
				break;
		}
		path += k + (path[k] == ':');
	}
	return refuse(argv[0], why, e);
}

/* The guest's environment with HOME added when it has none: the spec's array
 * has room for one more (os.c). */
static void
add_home(const struct process *p, const struct identity *id, char *slot, size_t size)
{
	char **env = p->env;

	if (env_of(env, "HOME"))
		return;
	snprintf(slot, size, "HOME=%s", id->home);
	while (*env)
		env++;
	env[0] = slot;
	env[1] = NULL;
}

static int
enter_folder(const struct process *p, const struct identity *id, struct err *e)
{
	if (chdir(p->cwd) == 0)
		return 0;
	if (errno == ENOENT && mount_point(p->cwd, true, NULL) == 0 && chdir(p->cwd) == 0) {
		if (chown(p->cwd, id->uid, id->gid) < 0 && errno != EPERM && errno != EROFS)
			return fail(e, errno, "working folder '%s': %s", p->cwd, strerror(errno));
		return 0;
	}
	fail(e, errno, "working folder '%s': %s", p->cwd, strerror(errno));
	return err_hint(e, "choose one that the machine has: -w DIR");
}

int
child_become(struct guest *g, const struct process *p, int sock, struct err *e)
{
	struct identity id;
	static char home[300];
	bool late = p->no_new_privs && !p->privileged;
	const struct filter *filter = p->privileged ? NULL : g->filter;
	int notify = -1;

	if (identity(g, p, &id, e) < 0)
		return -1;
	if (!g->plain_env)
		add_home(p, &id, home, sizeof home);
	/* As root first: the user may not be allowed to make or enter it. */
	if (enter_folder(p, &id, e) < 0)
		return -1;
	if (p->umask >= 0)
		umask((mode_t)p->umask);
	else
		umask(022);
	if (lsm_apply(p->apparmor, p->selinux, e) < 0)
		return -1;
	/* A filter needs CAP_SYS_ADMIN or no-new-privileges: with the first it
	 * is loaded while we still have it, with the second at the last moment. */
	if (filter && !late && filter_load(filter, &notify, e) < 0)
		return -1;
	/* Privileged: what we are born with, less what a change of user takes. */
	if (!p->privileged && caps_before_setid(g->caps, e) < 0)
		return -1;
	if (become(g, &id, e) < 0)
		return -1;
	if (!p->privileged && caps_after_setid(g->caps, e) < 0)
		return -1;
	if (late && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return fail(e, errno, "cannot set no-new-privileges: %s", strerror(errno));
	if (filter && late && filter_load(filter, &notify, e) < 0)
		return -1;
	if (notify >= 0) {
		if (tell(sock, MSG_NOTIFY, notify) < 0)
			return fail(e, errno, "seccomp notify: %s", strerror(errno));
		close(notify);
		await(sock, MSG_ANSWER);
	}
	/* Not before: changing identity clears it (prctl(2)). */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (g->init && p == &g->spec->process)
		init_run(sock);
	return execute(p->args, p->env, e);
}

/* -- the container ------------------------------------------------------------- */

static int
join(const struct guest *g, struct err *e)
{
	for (int i = 0; i < NS_COUNT; i++)
		if (g->ns_fd[i] >= 0 && i != NS_PID &&
		    setns(g->ns_fd[i], (int)spec_ns_flags[i]) < 0)
			return fail(e, errno, "cannot join the %s namespace '%s': %s",
			            spec_ns_names[i], g->spec->ns[i].path, strerror(errno));
	return 0;
}

static int
first_user(struct guest *g, int sock, struct err *e)
{
	if (g->map_self) {
		/* No right to map more than ourselves: user_namespaces(7). */
		if (file_poke(AT_FDCWD, "/proc/self/setgroups", "deny") < 0 ||
		    file_poke(AT_FDCWD, "/proc/self/uid_map", g->uid_line) < 0 ||
		    file_poke(AT_FDCWD, "/proc/self/gid_map", g->gid_line) < 0)
			return fail(e, errno, "cannot map the user: %s", strerror(errno));
	} else if (g->spec->ns[NS_USER].fresh) {
		await(sock, MSG_ANSWER);
	}
	if (setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0)
		return fail(e, errno, "cannot become root in the user namespace: %s",
		            strerror(errno));
	/* A change of identity made us undumpable, and our /proc files root's. */
	prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
	return 0;
}

static int
names(const struct guest *g, struct err *e)
{
	const struct spec *s = g->spec;

	if (g->hostname && s->ns[NS_UTS].fresh && sethostname(g->hostname, strlen(g->hostname)) < 0)
		return fail(e, errno, "host name '%s': %s", g->hostname, strerror(errno));
	if (s->domainname && s->ns[NS_UTS].fresh &&
	    setdomainname(s->domainname, strlen(s->domainname)) < 0)
		return fail(e, errno, "domain name '%s': %s", s->domainname, strerror(errno));
	return 0;
}

static int
root(struct guest *g, int sock, struct err *e)
{
	if (root_mount(g, e) == 0)
		return 0;
	if (e->code != ENOTSUP)
		return -1;
	/* No overlay here: the monitor copies the layers into one folder. */
	if (tell(sock, MSG_FLATTEN, -1) < 0)
		return -1;
	await(sock, MSG_ANSWER);
	return root_flat(g, e);
}

static int
mounts(struct guest *g, const int taken[], const int extra[], int host_root, int sock,
       struct err *e)
{
	const struct spec *s = g->spec;
	bool dev = false, pty = s->process.terminal;

	for (size_t i = 0; i < s->nmounts; i++) {
		/* /dev is filled when it is mounted and nothing stands in it yet. */
		if (mount_put(&s->mounts[i], taken[i], g->cgroup, host_root, e) < 0)
			return -1;
		if (strcmp(s->mounts[i].dest, "/dev") == 0) {
			if (dev_fill(s, g->user_ns, host_root, e) < 0)
				return -1;
			dev = true;
		}
	}
	for (size_t i = 0; i < g->nextra; i++)
		if (mount_put(&g->extra[i], extra[i], g->cgroup, host_root, e) < 0)
			return -1;
	if (!dev && s->ndevices && dev_fill(s, g->user_ns, host_root, e) < 0)
		return -1;
	/* Kernel parameters while /proc/sys can still be written. */
	if (s->sysctl && sysctl_apply(s->sysctl, e) < 0)
		return -1;
	if (mount_readonly(s->readonly, e) < 0 || mount_mask(s->masked, e) < 0)
		return -1;
	if (!pty)
		return 0;
	int master = dev_console(&s->process, true, e);
	if (master < 0)
		return -1;
	int rc = tell(sock, MSG_CONSOLE, master);
	close(master);
	return rc < 0 ? fail(e, errno, "cannot hand over the terminal: %s", strerror(errno)) : 0;
}

/* The file system: sources while the host's root is in sight, then the
 * container's own root, then what is mounted in it. */
static int
file_system(struct guest *g, int sock, struct err *e)
{
	const struct spec *s = g->spec;
	int taken[MOST_MOUNTS], extra[sizeof g->extra / sizeof g->extra[0]];

	if (s->nmounts > MOST_MOUNTS)
		return fail(e, E2BIG, "more than %d mounts", MOST_MOUNTS);
	for (size_t i = 0; i < s->nmounts; i++) {
		taken[i] = g->taken ? g->taken[i] : -1;
		if (taken[i] < 0 && mount_is_bind(&s->mounts[i]) &&
		    (taken[i] = mount_take(&s->mounts[i], -1, e)) < 0)
			return -1;
	}
	for (size_t i = 0; i < g->nextra; i++) {
		extra[i] = g->extra_taken[i];
		if (extra[i] < 0 && (extra[i] = mount_take(&g->extra[i], -1, e)) < 0)
			return -1;
	}
	int host_root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (host_root < 0)
		return fail(e, errno, "the host's root: %s", strerror(errno));
	if (root(g, sock, e) < 0)
		return -1;
	if (s->hooks[HOOK_CREATE_CONTAINER].n || s->hooks[HOOK_START_CONTAINER].n) {
		/* Our number on the host, which only the host's /proc still knows. */
		char self[16] = "";
		if (readlink("/proc/self", self, sizeof self - 1) > 0)
			g->pid = (pid_t)strtol(self, NULL, 10);
		prepare_state_text(g, "creating");
	}
	if (hook_run(s, HOOK_CREATE_CONTAINER, g->state_text, -1, e) < 0)
		return -1;
	if (root_enter(e) < 0 || mounts(g, taken, extra, host_root, sock, e) < 0 ||
	    root_leave(g, host_root, e) < 0)
		return -1;
	/* The descriptors go with the close_range at the end. */
	return 0;
}

static int
run(struct guest *g, int sock, struct err *e)
{
	const struct spec *s = g->spec;

	child_alone();
	if (join(g, e) < 0 || (g->user_ns && first_user(g, sock, e) < 0))
		return -1;
	if (g->cgroup && cgroup_join_self(g->cgroup, e) < 0)
		return -1;
	if (s->ns[NS_CGROUP].fresh && unshare(CLONE_NEWCGROUP) < 0)
		return fail(e, errno, "cannot make a cgroup namespace: %s", strerror(errno));
	if (s->process.has_oom_adj) {
		char text[16];
		snprintf(text, sizeof text, "%d", s->process.oom_adj);
		if (file_poke(AT_FDCWD, "/proc/self/oom_score_adj", text) < 0 && errno != EACCES)
			return fail(e, errno, "oomScoreAdj: %s", strerror(errno));
	}
	if (g->rlimits && rlimits_apply(g->rlimits, e) < 0)
		return -1;
	if (sched_apply(&s->process, e) < 0 || names(g, e) < 0)
		return -1;
	if (s->hooks[HOOK_PRESTART].n || s->hooks[HOOK_CREATE_RUNTIME].n) {
		tell(sock, MSG_HOOKS, -1);
		await(sock, MSG_ANSWER);
	}
	if (s->ns[NS_NETWORK].fresh)
		net_loopback_up();
	if (s->ns[NS_MOUNT].fresh ? file_system(g, sock, e) < 0
	                          : s->sysctl && sysctl_apply(s->sysctl, e) < 0)
		return -1;
	if (g->personality && personality(g->personality) < 0)
		return fail(e, errno, "personality: %s", strerror(errno));
	if (!s->process.terminal && proc_stdio(g->home.fd, e) < 0)
		return -1;
	/* Nothing of the monitor's comes along; one call for all of them. */
	close_range(3, ~0U, CLOSE_RANGE_CLOEXEC);
	await(sock, MSG_GO);
	if (s->hooks[HOOK_START_CONTAINER].n) {
		prepare_state_text(g, "created");
		if (hook_run(s, HOOK_START_CONTAINER, g->state_text, -1, e) < 0)
			return -1;
	}
	return child_become(g, &s->process, sock, e);
}

void
child_run(struct guest *g, int sock)
{
	struct err e = { 0 };

	run(g, sock, &e);
	child_die(sock, &e);
}
