/* SPDX-License-Identifier: Apache-2.0 */
/* Control groups and their devices, with limits that bite.  What this host's
 * hierarchies cannot show is skipped. */
#include "test/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/file.h"
#include "base/host_linux.h"
#include "base/json.h"
#include "layer/os/cgdir.h"
#include "core/usage.h"
#include "layer/os/cgroup.h"
#include "layer/os/cgtree.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

static char name[64];
static _Atomic long *shared; /* what processes in a group tell us */

static json_t *
doc(const char *text)
{
	char *copy = strdup(text);
	struct err e = { 0 };

	for (char *p = copy; *p; p++)
		*p = *p == '\'' ? '"' : *p;
	json_t *o = json_parse(copy, strlen(copy), "test", &e);
	if (!o)
		fail_msg("%s", e.what);
	free(copy);
	return o;
}

static bool
have(const char *controller)
{
	int fd = cgtree_v1(controller);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

static void
need_root(void)
{
	if (geteuid() != 0 || (cgtree_v2_path() == NULL && !have("freezer")) ||
	    access(cgtree_v2_path() ? cgtree_v2_path() : "/sys/fs/cgroup/freezer", W_OK) < 0)
		skip();
}

static struct cgroup *
opened(const char *path, const char *resources)
{
	json_t *o = doc(resources);
	struct cgroup *c = NULL;
	struct err e = { 0 };

	if (cgroup_open(name, path, o, false, &c, &e) < 0)
		fail_msg("%s: %s", resources, e.what);
	json_decref(o);
	assert_non_null(c);
	return c;
}

/* A process that is born in the group and does fn. */
static pid_t
born(struct cgroup *c, int (*fn)(void))
{
	struct clone_args a = { .exit_signal = SIGCHLD };

	if (cgroup_fd(c) >= 0) {
		a.flags = CLONE_INTO_CGROUP;
		a.cgroup = (uint64_t)cgroup_fd(c);
	}
	fflush(NULL);
	pid_t pid = host_clone3(&a);
	if (pid == 0) {
		if (cgroup_join_self(c, NULL) < 0)
			_exit(99);
		_exit(fn());
	}
	assert_true(pid > 0);
	return pid;
}

static int
status_of(pid_t pid)
{
	int w = -1;

	assert_int_equal(waitpid(pid, &w, 0), pid);
	return w;
}

static void
nap(int ms)
{
	nanosleep(&(struct timespec){ ms / 1000, ms % 1000 * 1000000L }, NULL);
}

/* The group's folder is nowhere any more. */
static void
nothing_left(const char *rel)
{
	for (int i = -1; i < C_COUNT; i++) {
		int top = i < 0 ? cgtree_v2() : cgtree_v1(cgdir_names[i][0]);
		struct stat st;
		if (top < 0)
			continue;
		if (fstatat(top, rel, &st, 0) == 0)
			fail_msg("%s is left in %s", rel, i < 0 ? "version 2" : cgdir_names[i][0]);
		close(top);
	}
}

static void
closed(struct cgroup *c)
{
	char *rel = xstrdup(c->rel);

	cgroup_close(c);
	nothing_left(rel);
	free(rel);
}

/* -- limits that bite ------------------------------------------------------------------ */

static int
eat_memory(void)
{
	size_t n = 160 << 20;
	char *p = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	for (size_t i = 0; p != MAP_FAILED && i < n; i += 4096)
		p[i] = 1;
	return 0;
}

static void
memory_runs_out(void **state)
{
	(void)state;
	need_root();
	if (!have("memory") && !cgtree_v2_path())
		skip();
	struct cgroup *c = opened(NULL, "{'memory': {'limit': 67108864}}");
	int w = status_of(born(c, eat_memory));
	assert_true(WIFSIGNALED(w) && WTERMSIG(w) == SIGKILL);
	assert_true(cgroup_oom_kills(c) >= 1);
	json_t *s = cgroup_stats(c), *m = json_object_get(s, "memory");
	assert_int_equal(json_int(m, "limit", 0), 67108864);
	assert_true(json_int(m, "peak", 0) > 30000000);
	json_decref(s);
	closed(c);
	/* and what fits is let be */
	c = opened(NULL, "{'memory': {'limit': 536870912, 'reservation': 0, 'kernel': 0}}");
	assert_int_equal(status_of(born(c, eat_memory)), 0);
	assert_int_equal(cgroup_oom_kills(c), 0);
	closed(c);
}

static int
fork_all(void)
{
	int n = 0;

	for (; n < 200; n++) {
		pid_t pid = fork();
		if (pid < 0)
			break;
		if (pid == 0)
			pause();
	}
	*shared = n;
	pause();
	return 0;
}

static void
processes_run_out(void **state)
{
	(void)state;
	need_root();
	if (!have("pids"))
		skip();
	*shared = -1;
	struct cgroup *c = opened(NULL, "{'pids': {'limit': 12}}");
	pid_t pid = born(c, fork_all);
	for (int i = 0; i < 500 && *shared < 0; i++)
		nap(10);
	assert_int_equal(*shared, 11);
	json_t *s = cgroup_stats(c), *p = json_object_get(s, "pids");
	assert_int_equal(json_int(p, "limit", 0), 12);
	assert_int_equal(json_int(p, "current", 0), 12);
	assert_true(json_int(json_object_get(s, "memory"), "current", 0) > 0);
	json_decref(s);
	cgroup_kill(c);
	assert_true(WIFSIGNALED(status_of(pid)));
	closed(c);
}

static int
spin(void)
{
	struct timespec end, now;

	clock_gettime(CLOCK_MONOTONIC, &end);
	end.tv_sec += 1;
	do
		clock_gettime(CLOCK_MONOTONIC, &now);
	while (now.tv_sec < end.tv_sec || (now.tv_sec == end.tv_sec && now.tv_nsec < end.tv_nsec));
	return 0;
}

static void
the_processor_is_throttled(void **state)
{
	(void)state;
	need_root();
	if (!have("cpu"))
		skip();
	struct cgroup *c = opened(NULL, "{'cpu': {'quota': 5000, 'period': 50000, 'shares': 512}}");
	assert_int_equal(status_of(born(c, spin)), 0);
	json_t *s = cgroup_stats(c), *cpu = json_object_get(s, "cpu");
	assert_true(json_int(cpu, "throttledUsec", 0) > 0);
	assert_true(json_int(cpu, "usec", 0) > 0);
	json_decref(s);
	closed(c);
}

static int
which_processors(void)
{
	cpu_set_t set;

	return sched_getaffinity(0, sizeof set, &set) == 0 && CPU_COUNT(&set) == 1 &&
	                       CPU_ISSET(0, &set)
	               ? 0
	               : 1;
}

static void
a_cpuset_is_kept(void **state)
{
	char before[16], after[16];

	(void)state;
	need_root();
	if (!have("cpuset"))
		skip();
	const char *file = "/sys/fs/cgroup/cpuset/cgroup.clone_children";
	assert_true(file_peek(AT_FDCWD, file, before, sizeof before) > 0);
	/* Processors without memory nodes: those are taken from above. */
	struct cgroup *c = opened(NULL, "{'cpu': {'cpus': '0'}}");
	assert_int_equal(status_of(born(c, which_processors)), 0);
	closed(c);
	/* The host's own is as it was. */
	assert_true(file_peek(AT_FDCWD, file, after, sizeof after) > 0);
	assert_string_equal(before, after);
}

/* -- the freezer, the end --------------------------------------------------------------- */

static int
count_up(void)
{
	for (;;) {
		++*shared;
		nap(1);
	}
	return 0;
}

static void
at_rest(struct cgroup *c)
{
	*shared = 0;
	pid_t pid = born(c, count_up);
	for (int i = 0; i < 500 && *shared < 5; i++)
		nap(2);
	assert_true(*shared >= 5);
	assert_int_equal(cgroup_freeze(c, NULL), 0);
	long there = *shared;
	nap(60);
	assert_int_equal(*shared, there);
	assert_int_equal(cgroup_thaw(c, NULL), 0);
	for (int i = 0; i < 500 && *shared == there; i++)
		nap(2);
	assert_true(*shared > there);
	/* What is frozen can be ended. */
	assert_int_equal(cgroup_freeze(c, NULL), 0);
	cgroup_kill(c);
	int w = status_of(pid);
	assert_true(WIFSIGNALED(w) && WTERMSIG(w) == SIGKILL);
}

static void
paused_and_ended(void **state)
{
	(void)state;
	need_root();
	struct cgroup *c = opened(NULL, "{}");
	at_rest(c);
	closed(c);
}

static int
bomb(void)
{
	signal(SIGCHLD, SIG_IGN);
	for (int i = 0; i < 1000000; i++)
		if (fork() < 0)
			nap(1);
	return 0;
}

static void
end_a_bomb(const char *resources)
{
	struct cgroup *c = opened(NULL, resources);
	pid_t pid = born(c, bomb);

	nap(150);
	cgroup_kill(c);
	assert_true(WIFSIGNALED(status_of(pid)));
	closed(c);
}

static void
a_fork_bomb_is_ended(void **state)
{
	(void)state;
	need_root();
	if (!have("pids"))
		skip();
	end_a_bomb("{'pids': {'limit': 60}}");
}

/* Folders that a guest makes below its own are no obstacle. */
static void
folders_of_the_guest(void **state)
{
	(void)state;
	need_root();
	if (!cgtree_v2_path())
		skip();
	struct cgroup *c = opened(NULL, "{}");
	assert_int_equal(mkdirat(cgroup_fd(c), "inner", 0755), 0);
	assert_int_equal(mkdirat(cgroup_fd(c), "inner/most", 0755), 0);
	pid_t pid = born(c, count_up);
	char text[16];
	snprintf(text, sizeof text, "%d", (int)pid);
	assert_int_equal(file_poke(cgroup_fd(c), "inner/most/cgroup.procs", text), 0);
	json_t *s = cgroup_stats(c);
	assert_int_equal(json_int(json_object_get(s, "pids"), "current", 0), 1);
	json_decref(s);
	/* Closing does not wait for somebody to end it. */
	closed(c);
	assert_true(WIFSIGNALED(status_of(pid)));
}

static void
what_a_killed_monitor_left(void **state)
{
	(void)state;
	need_root();
	struct cgroup *c = opened(NULL, have("pids") ? "{'pids': {'limit': 9}}" : "{}");
	char *rel = xstrdup(c->rel);
	pid_t pid = born(c, count_up);
	cgroup_recover(name, NULL);
	assert_true(WIFSIGNALED(status_of(pid)));
	nothing_left(rel);
	cgroup_recover(name, NULL); /* nothing is nothing */
	cgroup_close(c);
	free(rel);
}

/* A user's machine without groups is what lives in its pid namespace. */
static void
use_without_groups(void **state)
{
	(void)state;
	json_t *s = usage_of_namespace(getpid());
	assert_true(json_int(json_object_get(s, "memory"), "current", 0) > 100000);
	assert_true(json_int(json_object_get(s, "pids"), "current", 0) >= 1);
	assert_true(json_int(json_object_get(s, "cpu"), "usec", 0) > 0);
	json_decref(s);
	s = usage_of_namespace(-1);
	assert_int_equal(json_int(json_object_get(s, "pids"), "current", -1), 0);
	json_decref(s);
}

/* -- groups that the user names ------------------------------------------------------------ */

static void
a_path_of_the_users(void **state)
{
	char path[100];
	struct err e = { 0 };
	struct cgroup *c, *other = NULL;
	json_t *none = json_object();

	(void)state;
	need_root();
	if (!cgtree_v2_path())
		skip();
	snprintf(path, sizeof path, "/joist/%s-path/deep", name);
	c = opened(path, "{}");
	assert_string_equal(c->rel, path + 1);
	pid_t pid = born(c, count_up);
	/* A second one of that name would end the first. */
	assert_int_equal(cgroup_open(name, path, none, false, &other, &e), -1);
	assert_null(other);
	assert_int_equal(e.code, EBUSY);
	assert_int_equal(waitpid(pid, NULL, WNOHANG), 0);
	/* One above it holds the process as well. */
	*strrchr(path, '/') = '\0';
	assert_int_equal(cgroup_open(name, path, none, false, &other, &e), -1);
	assert_int_equal(waitpid(pid, NULL, WNOHANG), 0);
	cgroup_kill(c);
	status_of(pid);
	closed(c);
	cgroup_recover(name, path);
	nothing_left(path + 1);
	/* No way out. */
	assert_int_equal(cgroup_open(name, "a/../../b", none, false, &other, &e), -1);
	assert_non_null(strstr(e.what, "cgroupsPath"));
	json_decref(none);
}

/* -- devices ----------------------------------------------------------------------------------- */

/* Bits of what is denied: 1 kmsg, 2 null, 4 making kmsg, 8 zero for writing. */
static int
try_devices(void)
{
	int denied = 0, fd;
	char node[64];

	snprintf(node, sizeof node, "/tmp/joist-node-%d", (int)getpid());
	if (mknod(node, S_IFCHR | 0600, makedev(1, 11)) < 0)
		denied |= 4;
	if ((fd = open(denied & 4 ? "/dev/kmsg" : node, O_RDONLY)) < 0 && errno == EPERM)
		denied |= 1;
	if (fd >= 0)
		close(fd);
	unlink(node);
	if ((fd = open("/dev/null", O_RDWR)) < 0)
		denied |= 2;
	if (fd >= 0)
		close(fd);
	if ((fd = open("/dev/zero", O_WRONLY)) < 0)
		denied |= 8;
	if (fd >= 0)
		close(fd);
	return denied;
}

static int
denied_by(const char *rules)
{
	char *text = xprintf("{'devices': %s}", rules);
	struct cgroup *c = opened(NULL, text);
	int w = status_of(born(c, try_devices));

	closed(c);
	free(text);
	return WEXITSTATUS(w);
}

static void
devices_that_may_be_opened(void **state)
{
	static const struct {
		const char *rules;
		int denied;
	} rows[] = {
		{ "[]", 0 },
		{ "null", 0 },
		{ "[{'allow': true, 'access': 'rwm'}]", 0 },
		/* what every container has; nodes may be made, not opened */
		{ "[{'allow': false, 'access': 'rwm'}]", 1 },
		{ "[{'allow': false}]", 1 },
		{ "[{'allow': false}, {'allow': true, 'type': 'c', 'major': 1, 'minor': 11}]", 0 },
		{ "[{'allow': false}, {'allow': true, 'type': 'c', 'major': 1, 'minor': 11, "
		  "'access': 'r'}]",
		  0 },
		{ "[{'allow': false}, {'allow': true, 'type': 'c', 'major': 1, 'minor': 11, "
		  "'access': 'w'}]",
		  1 },
		{ "[{'allow': false}, {'allow': true, 'type': 'b', 'major': 1, 'minor': 11}]", 1 },
		{ "[{'allow': false}, {'allow': true, 'type': 'c', 'major': 1}]", 0 },
		{ "[{'allow': false}, {'allow': true, 'type': 'c', 'major': 2}]", 1 },
		/* later overrides earlier */
		{ "[{'allow': true, 'type': 'c', 'major': 1, 'minor': 11}, {'allow': false}]", 1 },
		/* allowed but for one */
		{ "[{'allow': true}, {'allow': false, 'type': 'c', 'major': 1, 'minor': 11, "
		  "'access': 'r'}]",
		  1 },
	};

	(void)state;
	need_root();
	for (size_t i = 0; i < COUNT(rows); i++) {
		int got = denied_by(rows[i].rules);
		if (got != rows[i].denied)
			fail_msg("%s: %d, not %d", rows[i].rules, got, rows[i].denied);
	}
}

/* -- what cannot be a limit ------------------------------------------------------------------------ */

static void
bad_limits(void **state)
{
	static const char *const rows[][2] = {
		{ "{'memory': 5}", "linux.resources: 'memory' must be an object" },
		{ "{'memory': {'limit': '1G'}}",
		  "linux.resources.memory: 'limit' must be a whole number" },
		{ "{'memory': {'limit': -2}}", "linux.resources.memory.limit must be from -1" },
		{ "{'memory': {'swap': 5}}", "needs a 'limit'" },
		{ "{'memory': {'limit': 9000000, 'swap': 5}}", "at least 'limit'" },
		{ "{'memory': {'swappiness': 101}}", "swappiness must be from 0 to 100" },
		{ "{'memory': {'disableOOMKiller': 1}}",
		  "'disableOOMKiller' must be true or false" },
		{ "{'cpu': {'shares': -1}}", "linux.resources.cpu.shares" },
		{ "{'cpu': {'idle': 2}}", "linux.resources.cpu.idle must be from 0 to 1" },
		{ "{'cpu': {'burst': -1}}", "linux.resources.cpu.burst" },
		{ "{'cpu': {'quota': 1.5}}", "linux.resources.cpu: 'quota'" },
		{ "{'cpu': {'period': -1}}", "linux.resources.cpu.period" },
		{ "{'cpu': {'realtimePeriod': -1}}", "realtimePeriod" },
		{ "{'cpu': {'realtimeRuntime': -5}}", "realtimeRuntime" },
		{ "{'cpu': {'cpus': 0}}", "'cpus' must be a string" },
		{ "{'pids': {'limit': 'many'}}", "linux.resources.pids" },
		{ "{'blockIO': {'weight': 2000}}", "linux.resources.blockIO.weight" },
		{ "{'blockIO': {'leafWeight': 2000}}", "linux.resources.blockIO.leafWeight" },
		{ "{'blockIO': {'throttleReadBpsDevice': {}}}",
		  "'throttleReadBpsDevice' must be a list" },
		{ "{'blockIO': {'throttleReadBpsDevice': [{'major': 8}]}}",
		  "needs major, minor and rate" },
		{ "{'hugepageLimits': {}}", "'hugepageLimits' must be a list" },
		{ "{'hugepageLimits': [{'pageSize': '../x', 'limit': 1}]}", "no page size" },
		{ "{'hugepageLimits': [{'pageSize': '2MB'}]}", "needs a 'limit'" },
		{ "{'network': {'classID': -1}}", "classID" },
		{ "{'network': {'priorities': [{'name': 'eth0 1', 'priority': 1}]}}",
		  "priorities[0]" },
		{ "{'rdma': {'a b': {}}}", "no device" },
		{ "{'unified': {'../memory.max': '1'}}", "no file of a cgroup" },
		{ "{'unified': {'memory.max': 1}}", "no file of a cgroup" },
		{ "{'devices': {}}", "linux.resources.devices must be a list" },
		{ "{'devices': [5]}", "must be a list of objects" },
		{ "{'devices': [{'allow': 1}]}", "'allow' must be true or false" },
		{ "{'devices': [{'allow': true, 'type': 'x'}]}", "'type' must be a, b or c" },
		{ "{'devices': [{'allow': true, 'access': 'rwx'}]}",
		  "'access' is made of r, w and m" },
		{ "{'devices': [{'allow': true, 'major': 4294967297}]}",
		  "'major' cannot be 4294967297" },
		{ "{'devices': [{'allow': true, 'minor': -2}]}", "'minor' cannot be -2" },
	};

	(void)state;
	need_root();
	for (size_t i = 0; i < COUNT(rows); i++) {
		json_t *o = doc(rows[i][0]);
		struct cgroup *c = (struct cgroup *)1;
		struct err e = { 0 };
		if (cgroup_open(name, NULL, o, false, &c, &e) == 0)
			fail_msg("taken: %s", rows[i][0]);
		assert_null(c);
		if (!strstr(e.what, rows[i][1]))
			fail_msg("%s: \"%s\"", rows[i][0], e.what);
		json_decref(o);
	}
	char *rel = xprintf("joist/%s", name);
	nothing_left(rel);
	free(rel);
}

/* -- hosts that mount other hierarchies --------------------------------------------------------------- */

/* In a mount namespace of its own, `change` makes the layout; cmocka's asserts
 * would go on in the child with the tests, so it only answers. */
static void
elsewhere(int (*change)(void), int (*test)(void))
{
	int w = -1;

	fflush(NULL);
	pid_t pid = fork();
	if (pid == 0) {
		if (unshare(CLONE_NEWNS) < 0 ||
		    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 || change() < 0)
			_exit(98);
		_exit(test());
	}
	assert_int_equal(waitpid(pid, &w, 0), pid);
	if (w != 0)
		fail_msg("status %d.%d", WEXITSTATUS(w), WTERMSIG(w));
}

static int
only_v1(void)
{
	const char *path = cgtree_v2_path();

	return path ? mount("tmpfs", path, "tmpfs", 0, NULL) : 0;
}

static int
works_with_v1(void)
{
	struct cgroup *c = NULL;
	struct err e = { 0 };
	json_t *o = doc("{'pids': {'limit': 8}, 'devices': [{'allow': false}]}");

	if (cgtree_v2_path() || cgroup_open(name, NULL, o, false, &c, &e) < 0 || !c) {
		print_error("%s\n", e.what);
		return 1;
	}
	json_decref(o);
	if (cgroup_fd(c) >= 0)
		return 2;
	if (status_of(born(c, try_devices)) != 1 << 8)
		return 3;
	at_rest(c);
	pid_t pid = born(c, bomb);
	nap(100);
	cgroup_kill(c);
	if (!WIFSIGNALED(status_of(pid)))
		return 4;
	closed(c);
	return 0;
}

static void
version_1_alone(void **state)
{
	(void)state;
	need_root();
	if (!have("freezer") || !have("pids") || !have("devices"))
		skip();
	elsewhere(only_v1, works_with_v1);
}

static int
only_v2(void)
{
	return mount(cgtree_v2_path(), "/sys/fs/cgroup", NULL, MS_BIND, NULL);
}

static int
works_with_v2(void)
{
	struct cgroup *c = NULL;
	struct err e = { 0 };
	char have[256];
	int top = cgtree_v2();

	if (strcmp(cgtree_v2_path(), "/sys/fs/cgroup") != 0 ||
	    file_peek(top, "cgroup.controllers", have, sizeof have) < 0)
		return 1;
	c = opened(NULL, "{'devices': [{'allow': false}]}");
	if (status_of(born(c, try_devices)) != 1 << 8)
		return 2;
	at_rest(c);
	closed(c);
	/* A controller that is nowhere is said by its name. */
	if (!strstr(have, "memory")) {
		json_t *o = doc("{'memory': {'limit': 67108864}}");
		if (cgroup_open(name, NULL, o, false, &c, &e) == 0 || !strstr(e.what, "'memory'"))
			return 3;
		/* A user is only warned. */
		if (cgroup_open(name, NULL, o, true, &c, &e) < 0)
			return 4;
		closed(c);
		json_decref(o);
	}
	/* One that is there is given down to our folder. */
	if (strstr(have, "hugetlb")) {
		char max[32];
		c = opened(NULL, "{'hugepageLimits': [{'pageSize': '2MB', 'limit': 4194304}]}");
		if (file_peek(cgroup_fd(c), "hugetlb.2MB.max", max, sizeof max) < 0 ||
		    strcmp(max, "4194304") != 0)
			return 5;
		closed(c);
	}
	close(top);
	return 0;
}

static void
version_2_alone(void **state)
{
	(void)state;
	need_root();
	if (!cgtree_v2_path())
		skip();
	elsewhere(only_v2, works_with_v2);
}

static int
none_at_all(void)
{
	return mount("tmpfs", "/sys/fs/cgroup", "tmpfs", 0, NULL);
}

static int
works_without(void)
{
	struct cgroup *c = (struct cgroup *)1;
	struct err e = { 0 };
	json_t *none = doc("{}"), *some = doc("{'pids': {'limit': 8}}");

	if (cgroup_open(name, NULL, none, false, &c, &e) < 0 || c)
		return 1;
	if (cgroup_open(name, NULL, some, false, &c, &e) == 0 ||
	    !strstr(e.what, "limits cannot be set"))
		return 2;
	if (cgroup_open(name, NULL, some, true, &c, &e) < 0 || c)
		return 3;
	cgroup_recover(name, NULL);
	cgroup_close(NULL);
	json_decref(none);
	json_decref(some);
	return 0;
}

static void
no_groups_at_all(void **state)
{
	(void)state;
	if (geteuid() != 0)
		skip();
	elsewhere(none_at_all, works_without);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(memory_runs_out),
		TEST(processes_run_out),
		TEST(the_processor_is_throttled),
		TEST(a_cpuset_is_kept),
		TEST(paused_and_ended),
		TEST(a_fork_bomb_is_ended),
		TEST(folders_of_the_guest),
		TEST(what_a_killed_monitor_left),
		TEST(use_without_groups),
		TEST(a_path_of_the_users),
		TEST(devices_that_may_be_opened),
		TEST(bad_limits),
		TEST(version_1_alone),
		TEST(version_2_alone),
		TEST(no_groups_at_all),
	};

	snprintf(name, sizeof name, "unit-%d", (int)getpid());
	shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
