/* SPDX-License-Identifier: Apache-2.0 */
/* Filters in a real kernel: the default one, profiles of the user, the agent,
 * the cache. */
#include "test/unit.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json.h"
#include "base/str.h"
#include "layer/os/caps.h"
#include "layer/os/filter.h"

static char place[64];
static int dir;

static int
make_place(void **state)
{
	(void)state;
	snprintf(place, sizeof place, "/tmp/joist-seccomp-XXXXXX");
	return mkdtemp(place) && (dir = open(place, O_RDONLY | O_DIRECTORY)) >= 0 ? 0 : -1;
}

static int
remove_place(void **state)
{
	(void)state;
	close(dir);
	return file_remove(AT_FDCWD, place, NULL);
}

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

/* -- programs in a real kernel -------------------------------------------------------- */

static json_t *
doc(const char *text)
{
	char *copy = strdup(text);

	for (char *p = copy; *p; p++)
		*p = *p == '\'' ? '"' : *p;
	struct err e = { 0 };
	json_t *o = json_parse(copy, strlen(copy), "test", &e);
	if (!o)
		fail_msg("%s", e.what);
	free(copy);
	return o;
}

static struct filter *
made(const char *profile, uint64_t caps, int cache)
{
	json_t *o = profile ? doc(profile) : NULL;
	struct filter *f;
	struct err e = { 0 };

	if (filter_prepare(o, caps, cache, &f, &e) < 0)
		fail_msg("%s", e.what);
	json_decref(o);
	return f;
}

/* Run fn under a filter in a process of its own; its wait status. */
static int
under(const struct filter *f, int (*fn)(void))
{
	pid_t pid = fork();
	int w = -1, notify = -1;

	if (pid == 0) {
		struct rlimit no_core = { 0, 0 };
		signal(SIGSYS, SIG_DFL); /* cmocka has taken it */
		setrlimit(RLIMIT_CORE, &no_core);
		if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || filter_load(f, &notify, NULL) < 0)
			_exit(99);
		_exit(fn());
	}
	assert_int_equal(waitpid(pid, &w, 0), pid);
	return w;
}

/* 0 when the call's errno is `want`, which is 0 for success. */
#define ERRNO_OF(call) ((call) < 0 ? errno : 0)

static int
default_calls(void)
{
	if (ERRNO_OF(syscall(SYS_getpid)) != 0)
		return 1;
	if (ERRNO_OF(syscall(SYS_mount, 0, 0, 0, 0, 0)) != EPERM)
		return 2;
	if (ERRNO_OF(syscall(SYS_unshare, 0x10000000)) != EPERM)
		return 3;
	if (ERRNO_OF(syscall(SYS_keyctl, 0, 0)) != EPERM)
		return 4;
	if (ERRNO_OF(syscall(1999)) != ENOSYS || ERRNO_OF(syscall(SYS_clone3, 0, 0)) != ENOSYS)
		return 5;
	if (ERRNO_OF(syscall(SYS_personality, 0x0040000)) != EPERM)
		return 6;
	pid_t pid = fork();
	if (pid == 0)
		_exit(0);
	return pid > 0 && waitpid(pid, NULL, 0) == pid ? 0 : 7;
}

static void
the_default_profile_bites(void **state)
{
	struct filter *f = made(NULL, 0, -1);

	(void)state;
	assert_int_equal(under(f, default_calls), 0);
	filter_free(f);
	filter_free(NULL);
}

static int
own_calls(void)
{
	if (ERRNO_OF(syscall(SYS_getuid)) != 77 || ERRNO_OF(syscall(SYS_getgid)) != EPERM)
		return 1;
	/* index 0 is PRIO_PROCESS and index 1 above 5: both must hold */
	if (ERRNO_OF(syscall(SYS_getpriority, 0, 6)) != EACCES ||
	    ERRNO_OF(syscall(SYS_getpriority, 0, 0)) == EACCES ||
	    ERRNO_OF(syscall(SYS_getpriority, 1, 6)) == EACCES)
		return 2;
	/* two on one argument: either */
	if (ERRNO_OF(syscall(SYS_umask, 1)) != EIO || ERRNO_OF(syscall(SYS_umask, 2)) != EIO ||
	    ERRNO_OF(syscall(SYS_umask, 3)) != 0)
		return 3;
	/* a bit under a mask; and a number of all 64 bits */
	if (ERRNO_OF(syscall(SYS_alarm, 0x10f0)) != EBADF ||
	    ERRNO_OF(syscall(SYS_alarm, 0x00f0)) != 0)
		return 4;
	return ERRNO_OF(syscall(SYS_lseek, -1, -1L, 0)) == ENOTTY ? 0 : 5;
}

static void
a_profile_of_ones_own(void **state)
{
	struct filter *f = made(
	        "{'defaultAction': 'SCMP_ACT_ALLOW', 'architectures': ['SCMP_ARCH_X86_64', "
	        "'SCMP_ARCH_X86'],"
	        " 'flags': ['SECCOMP_FILTER_FLAG_LOG', 'SECCOMP_FILTER_FLAG_SPEC_ALLOW',"
	        "           'SECCOMP_FILTER_FLAG_TSYNC'], 'syscalls': ["
	        "{'names': ['getuid', 'not_a_call_of_this_age'], 'action': 'SCMP_ACT_ERRNO', "
	        "'errnoRet': 77},"
	        "{'names': ['getgid'], 'action': 'SCMP_ACT_ERRNO'},"
	        "{'names': ['getpriority'], 'action': 'SCMP_ACT_ERRNO', 'errnoRet': 13, 'args': ["
	        "  {'index': 0, 'value': 0, 'op': 'SCMP_CMP_EQ'}, {'index': 1, 'value': 5, 'op': "
	        "'SCMP_CMP_GT'}]},"
	        "{'names': ['umask'], 'action': 'SCMP_ACT_ERRNO', 'errnoRet': 5, 'args': ["
	        "  {'index': 0, 'value': 1, 'op': 'SCMP_CMP_EQ'}, {'index': 0, 'value': 2, 'op': "
	        "'SCMP_CMP_EQ'}]},"
	        "{'names': ['alarm'], 'action': 'SCMP_ACT_ERRNO', 'errnoRet': 9, 'args': ["
	        "  {'index': 0, 'value': 4096, 'valueTwo': 4096, 'op': 'SCMP_CMP_MASKED_EQ'}]},"
	        "{'names': ['lseek'], 'action': 'SCMP_ACT_ERRNO', 'errnoRet': 25, 'args': ["
	        "  {'index': 1, 'value': 18446744073709551615, 'op': 'SCMP_CMP_EQ'}]}]}",
	        0, -1);

	(void)state;
	assert_int_equal(under(f, own_calls), 0);
	filter_free(f);
}

static int
call_getuid(void)
{
	return (int)syscall(SYS_getuid) < 0 ? 1 : 0;
}

static void
killing_and_trapping(void **state)
{
	struct filter *f =
	        made("{'defaultAction': 'SCMP_ACT_ALLOW', 'syscalls': [{'names': ['getuid'],"
	             " 'action': 'SCMP_ACT_KILL_PROCESS'}]}",
	             0, -1);
	int w = under(f, call_getuid);

	(void)state;
	assert_true(WIFSIGNALED(w) && WTERMSIG(w) == SIGSYS);
	filter_free(f);
	f = made("{'defaultAction': 'SCMP_ACT_ALLOW', 'syscalls': [{'names': ['getuid'],"
	         " 'action': 'SCMP_ACT_TRAP'}]}",
	         0, -1);
	w = under(f, call_getuid);
	assert_true(WIFSIGNALED(w) && WTERMSIG(w) == SIGSYS);
	filter_free(f);
	f = made("{'defaultAction': 'SCMP_ACT_ALLOW', 'syscalls': [{'names': ['getuid'],"
	         " 'action': 'SCMP_ACT_LOG'}]}",
	         0, -1);
	assert_int_equal(under(f, call_getuid), 0);
	filter_free(f);
}

/* -- the agent ----------------------------------------------------------------------- */

static void
an_agent_answers(void **state)
{
	char profile[512], text[4096];
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int agent = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), pair[2], fd = -1, w;
	size_t n = 1;
	struct err e = { 0 };

	(void)state;
	snprintf(a.sun_path, sizeof a.sun_path, "%s/agent", place);
	snprintf(profile, sizeof profile,
	         "{'defaultAction': 'SCMP_ACT_ALLOW', 'listenerPath': '%s/agent', "
	         "'listenerMetadata': 'm1',"
	         " 'syscalls': [{'names': ['getuid'], 'action': 'SCMP_ACT_NOTIFY'}]}",
	         place);
	struct filter *f = made(profile, 0, -1);

	/* Nobody there yet. */
	assert_int_equal(filter_notify(f, 1, 0, "web", &e), -1);
	assert_non_null(strstr(e.what, "agent"));
	assert_int_equal(bind(agent, (struct sockaddr *)&a, sizeof a), 0);
	assert_int_equal(listen(agent, 1), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	pid_t pid = fork();
	if (pid == 0) {
		int notify = -1;
		prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
		if (filter_load(f, &notify, NULL) < 0 ||
		    file_send_fds(pair[1], "x", 1, &notify, 1) < 0)
			_exit(99);
		_exit(syscall(SYS_getuid) == 4242 ? 0 : 1);
	}
	assert_int_equal(file_recv_fds(pair[0], text, 1, &fd, &n), 1);
	assert_int_equal(filter_notify(f, pid, fd, "web", &e), 0);
	close(fd);
	int talk = accept(agent, NULL, NULL);
	n = 1;
	ssize_t got = file_recv_fds(talk, text, sizeof text - 1, &fd, &n);
	assert_true(got > 0 && n == 1);
	text[got] = '\0';
	json_t *o = json_parse(text, (size_t)got, "state", &e),
	       *inner = json_object_get(o, "state");
	assert_string_equal(json_str(o, "metadata", ""), "m1");
	assert_string_equal(json_string_value(json_array_get(json_object_get(o, "fds"), 0)),
	                    "seccompFd");
	assert_int_equal(json_int(o, "pid", 0), pid);
	assert_string_equal(json_str(inner, "id", ""), "web");
	json_decref(o);

	struct seccomp_notif req = { 0 };
	assert_int_equal(ioctl(fd, SECCOMP_IOCTL_NOTIF_RECV, &req), 0);
	assert_int_equal(req.data.nr, SYS_getuid);
	struct seccomp_notif_resp resp = { .id = req.id, .val = 4242 };
	assert_int_equal(ioctl(fd, SECCOMP_IOCTL_NOTIF_SEND, &resp), 0);
	assert_int_equal(waitpid(pid, &w, 0), pid);
	assert_int_equal(w, 0);
	close(fd);
	close(talk);
	close(agent);
	close(pair[0]);
	close(pair[1]);
	filter_free(f);
}

/* -- profiles with conditions ----------------------------------------------------------- */

static int
is_getuid_open(void)
{
	return ERRNO_OF(syscall(SYS_getuid)) == 0 ? 0 : 1;
}

static int
conditional(const char *conditions, uint64_t caps)
{
	char text[1024];

	snprintf(text, sizeof text,
	         "{'defaultAction': 'SCMP_ACT_ALLOW', 'archMap': [{'architecture': "
	         "'SCMP_ARCH_X86_64',"
	         " 'subArchitectures': ['SCMP_ARCH_X86', 'SCMP_ARCH_X32']}], 'syscalls': ["
	         "{'names': ['getuid'], 'action': 'SCMP_ACT_ERRNO', 'comment': 'c', %s}]}",
	         conditions);
	struct filter *f = made(text, caps, -1);
	int w = under(f, is_getuid_open);
	filter_free(f);
	return WEXITSTATUS(w);
}

static void
conditions_of_entries(void **state)
{
	uint64_t admin = UINT64_C(1) << caps_number("SYS_ADMIN");

	(void)state;
	assert_int_equal(conditional("'includes': {'caps': ['CAP_SYS_ADMIN']}", admin), 1);
	assert_int_equal(conditional("'includes': {'caps': ['CAP_SYS_ADMIN']}", 0), 0);
	assert_int_equal(conditional("'includes': {'caps': ['CAP_SYS_ADMIN', 'CAP_CHOWN']}", admin),
	                 0);
	assert_int_equal(conditional("'excludes': {'caps': ['CAP_SYS_ADMIN']}", admin), 0);
	assert_int_equal(conditional("'excludes': {'caps': ['CAP_SYS_ADMIN']}", 0), 1);
	assert_int_equal(conditional("'includes': {'minKernel': '4.8'}", 0), 1);
	assert_int_equal(conditional("'includes': {'minKernel': '99.1'}", 0), 0);
	assert_int_equal(conditional("'includes': {'arches': ['z80']}", 0), 0);
	assert_int_equal(conditional("'excludes': {'arches': ['z80']}", 0), 1);
	assert_int_equal(conditional("'includes': {}, 'excludes': {}", 0), 1);
}

/* -- the cache --------------------------------------------------------------------------- */

static char *
cache_file(void)
{
	DIR *d = opendir(place);
	struct dirent *ent;
	char *found = NULL;

	while (d && (ent = readdir(d)))
		if (strncmp(ent->d_name, "seccomp-", 8) == 0)
			found = strdup(ent->d_name);
	if (d)
		closedir(d);
	return found;
}

static const char denies[] =
        "{'defaultAction': 'SCMP_ACT_ALLOW', 'syscalls': [{'names': ['getuid'],"
        " 'action': 'SCMP_ACT_ERRNO'}]}";

/* The program in the cache becomes "allow everything"; the text before it is
 * changed at `flip`, if that is not 0. */
static void
tamper(const char *name, size_t flip)
{
	struct sock_filter open_all = { .code = BPF_RET | BPF_K, .k = SECCOMP_RET_ALLOW };
	uint32_t one = 1, len;
	char *data;
	size_t n;

	assert_int_equal(file_read(dir, name, 1 << 20, &data, &n, NULL), 0);
	memcpy(&len, data + 8, 4);
	memcpy(data + 12 + len, &one, 4);
	memcpy(data + 16 + len, &open_all, sizeof open_all);
	if (flip)
		data[flip] ^= 1;
	assert_int_equal(file_write(dir, name, data, 16 + len + sizeof open_all, 0600, false, NULL),
	                 0);
	free(data);
}

static void
the_cache_is_used_when_it_is_right(void **state)
{
	struct stat before, after;

	(void)state;
	filter_free(made(denies, 0, dir));
	char *name = cache_file();
	assert_non_null(name);
	assert_int_equal(fstatat(dir, name, &before, 0), 0);
	assert_int_equal(before.st_mode & 07777, 0600);
	struct filter *f = made(denies, 0, dir);
	assert_int_equal(fstatat(dir, name, &after, 0), 0);
	assert_int_equal(before.st_ino, after.st_ino);
	assert_int_equal(under(f, is_getuid_open), 1 << 8);
	filter_free(f);

	/* Same text: what lies there is what is loaded. */
	tamper(name, 0);
	f = made(denies, 0, dir);
	assert_int_equal(under(f, is_getuid_open), 0);
	filter_free(f);

	/* One other letter: it was not made from this profile. */
	for (size_t flip = 8; flip < 40; flip += 7) {
		tamper(name, flip);
		f = made(denies, 0, dir);
		assert_int_equal(under(f, is_getuid_open), 1 << 8);
		filter_free(f);
	}
	/* Cut short, and empty. */
	for (int i = 0; i < 2; i++) {
		int fd = openat(dir, name, O_RDWR);
		assert_int_equal(ftruncate(fd, i ? 0 : 60), 0);
		close(fd);
		f = made(denies, 0, dir);
		assert_int_equal(under(f, is_getuid_open), 1 << 8);
		filter_free(f);
	}
	free(name);
}

/* -- what cannot be a profile --------------------------------------------------------------- */

static void
bad_profiles(void **state)
{
	static const char *const rows[][2] = {
		{ "{}", "defaultAction" },
		{ "{'defaultAction': 7}", "'defaultAction' must be a string" },
		{ "{'defaultAction': 'SCMP_ACT_NOTIFY'}", "defaultAction" },
		{ "{'defaultAction': 'SCMP_ACT_MAYBE'}", "SCMP_ACT_MAYBE" },
		{ "{'defaultAction': 'SCMP_ACT_ERRNO', 'defaultErrnoRet': 'x'}",
		  "defaultErrnoRet" },
		{ "{'defaultAction': 'SCMP_ACT_ERRNO', 'defaultErrnoRet': 70000}",
		  "defaultAction" },
		{ "{'defaultAction': 'SCMP_ACT_ALLOW', 'syscalls': {}}",
		  "'syscalls' must be a list" },
		{ "{'defaultAction': 'SCMP_ACT_ALLOW', 'syscalls': [1]}", "syscalls[0]" },
		{ "{'defaultAction': 'SCMP_ACT_ALLOW', 'architectures': ['SCMP_ARCH_Z80']}",
		  "SCMP_ARCH_Z80" },
		{ "{'defaultAction': 'SCMP_ACT_ALLOW', 'architectures': [3]}", "architecture" },
		{ "{'defaultAction': 'SCMP_ACT_ALLOW', 'flags': ['FAST']}", "FAST" },
		{ "{'defaultAction': 'SCMP_ACT_ALLOW', 'syscalls': [{'names': ['getuid'],"
		  "'action': 'SCMP_ACT_NOTIFY'}]}",
		  "listenerPath" },
		{ "{'defaultAction': 'SCMP_ACT_ALLOW', 'syscalls': [{'names': ['getuid'],"
		  "'action': 'NO'}]}",
		  "syscalls[0]: there is no action 'NO'" },
		{ "{'defaultAction': 'SCMP_ACT_ALLOW', 'syscalls': [{'names': [4],"
		  "'action': 'SCMP_ACT_ERRNO'}]}",
		  "'names' must be a list of strings" },
		{ "{'defaultAction': 'SCMP_ACT_ALLOW', 'syscalls': [{'names': ['getuid'],"
		  "'action': 'SCMP_ACT_ERRNO', 'args': [{'index': 6, 'op': 'SCMP_CMP_EQ'}]}]}",
		  "args[0]" },
		{ "{'defaultAction': 'SCMP_ACT_ALLOW', 'syscalls': [{'names': ['getuid'],"
		  "'action': 'SCMP_ACT_ERRNO', 'args': [{'index': 0, 'value': 1.5, 'op': "
		  "'SCMP_CMP_EQ'}]}]}",
		  "'value' must be a whole number" },
		{ "{'defaultAction': 'SCMP_ACT_ALLOW', 'syscalls': [{'names': ['getuid'],"
		  "'action': 'SCMP_ACT_ERRNO', 'includes': {'caps': 'CAP_CHOWN'}}]}",
		  "includes" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		json_t *o = doc(rows[i][0]);
		struct filter *f = (struct filter *)1;
		struct err e = { 0 };
		if (filter_prepare(o, 0, dir, &f, &e) == 0)
			fail_msg("taken: %s", rows[i][0]);
		assert_null(f);
		if (!strstr(e.what, rows[i][1]))
			fail_msg("%s: \"%s\"", rows[i][0], e.what);
		assert_non_null(strstr(e.what, "linux.seccomp"));
		json_decref(o);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_default_profile_bites),
		TEST(a_profile_of_ones_own),
		TEST(killing_and_trapping),
		TEST(an_agent_answers),
		TEST(conditions_of_entries),
		TEST(the_cache_is_used_when_it_is_right),
		TEST(bad_profiles),
	};

	return cmocka_run_group_tests(tests, make_place, remove_place);
}
