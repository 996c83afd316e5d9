/* SPDX-License-Identifier: Apache-2.0 */
#include "test/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/file.h"
#include "base/json.h"
#include "core/event.h"
#include "core/machine.h"

static char place[64];
static struct store *store;
static json_t *config;

static int
open_store(void **state)
{
	struct err e = { 0 };

	(void)state;
	snprintf(place, sizeof place, "/tmp/joist-machine-XXXXXX");
	if (!mkdtemp(place))
		return -1;
	store = store_open(place, &e);
	config = json_pack("{s:s}", "ociVersion", "1.2.0");
	return store ? 0 : -1;
}

static int
close_store(void **state)
{
	(void)state;
	json_decref(config);
	store_close(store);
	return file_remove(AT_FDCWD, place, NULL);
}

static void
names(void **state)
{
	static const char *const bad[] = {
		"",
		".",
		"..",
		"-a",
		".a",
		"_a",
		"a/b",
		"a b",
		"a\n",
		"\xc3\xa9",
		"a:b",
		"a@b",
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	};
	static const char *const good[] = {
		"a", "9", "web-1", "a.b_c",
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	};

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		struct err e = { 0 };
		assert_false(machine_name_ok(bad[i]));
		assert_null(machine_new(store, bad[i], config, &e));
		assert_int_equal(e.code, EINVAL);
		assert_null(machine_open(store, bad[i], &e));
		assert_int_equal(e.code, ENOENT);
	}
	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
		assert_true(machine_name_ok(good[i]));
}

static void
a_name_is_given_once(void **state)
{
	struct err e = { 0 };

	(void)state;
	struct machine *m = machine_new(store, "one", config, &e);
	assert_non_null(m);
	assert_null(machine_new(store, "one", config, &e));
	assert_int_equal(e.code, EEXIST);
	assert_true(e.hint[0]);
	/* The loser leaves nothing. */
	char **all = machine_names(store, &e);
	assert_string_equal(all[0], "one");
	assert_null(all[1]);
	machine_names_free(all);
	struct machine *again = machine_open(store, "one", &e);
	assert_non_null(again);
	assert_true(json_equal(again->config, config));
	assert_int_equal(again->state.status, LIFE_CREATED);
	assert_int_equal(again->state.exit, -1);
	machine_close(again);
	assert_int_equal(machine_lock(m, &e), 0);
	assert_int_equal(machine_delete(m, &e), 0);
	machine_close(m);
	all = machine_names(store, &e);
	assert_null(all[0]);
	machine_names_free(all);
	machine_close(NULL);
}

/* What a killed maker left goes with the next look, what a living one makes
 * does not, and nothing else is touched. */
static void
drafts_of_the_dead_go(void **state)
{
	static const char *const drafts[] = { ".x.999999999.5", ".x.1.5", ".x.999999998.5", ".keep",
		                              ".5" };
	struct timespec old[2] = { { .tv_sec = 1000 }, { .tv_sec = 1000 } };
	struct stat st;
	struct err e = { 0 };

	(void)state;
	for (int i = 0; i < 5; i++) {
		assert_int_equal(mkdirat(store->machines, drafts[i], 0700), 0);
		if (i != 2)
			assert_int_equal(utimensat(store->machines, drafts[i], old, 0), 0);
	}
	machine_names_free(machine_names(store, &e));
	assert_int_equal(fstatat(store->machines, drafts[0], &st, 0), -1);
	for (int i = 1; i < 5; i++) {
		assert_int_equal(fstatat(store->machines, drafts[i], &st, 0), 0);
		assert_int_equal(unlinkat(store->machines, drafts[i], AT_REMOVEDIR), 0);
	}
}

static void
names_are_made_up(void **state)
{
	struct err e = { 0 };

	(void)state;
	for (int i = 0; i < 20; i++) {
		struct machine *m = machine_new(store, NULL, config, &e);
		assert_non_null(m);
		assert_true(machine_name_ok(m->name));
		assert_int_equal(machine_lock(m, &e), 0);
		assert_int_equal(machine_delete(m, &e), 0);
		machine_close(m);
	}
}

/* The kernel drops the lock however its holder ends. */
static void
the_lock_is_the_truth(void **state)
{
	struct err e = { 0 };
	int p[2];
	char c;

	(void)state;
	struct machine *m = machine_new(store, "locked", config, &e);
	assert_false(machine_has_monitor(m));
	assert_int_equal(pipe(p), 0);
	pid_t pid = fork();
	if (pid == 0) {
		struct machine *mine = machine_open(store, "locked", NULL);
		if (machine_lock(mine, NULL) < 0 || write(p[1], "x", 1) != 1)
			_exit(1);
		pause();
		_exit(0);
	}
	assert_int_equal(read(p[0], &c, 1), 1);
	assert_true(machine_has_monitor(m));
	assert_int_equal(machine_lock(m, &e), -1);
	assert_non_null(strstr(e.what, "'locked'"));
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	assert_false(machine_has_monitor(m));
	assert_int_equal(machine_lock(m, &e), 0);
	assert_int_equal(machine_delete(m, &e), 0);
	machine_close(m);
	close(p[0]);
	close(p[1]);
}

/* It was running when its monitor, or the host, went down. */
static void
a_lost_machine_is_settled(void **state)
{
	struct err e = { 0 };

	(void)state;
	struct machine *m = machine_new(store, "lost", config, &e);
	m->state.status = LIFE_RUNNING;
	m->state.pid = 0x3ffffff0;
	state_set(&m->state.boot, "another boot");
	assert_int_equal(machine_write(m, &e), 0);
	assert_int_equal(machine_settle(m, &e), 0);
	assert_int_equal(m->state.status, LIFE_STOPPED);
	assert_int_equal(m->state.pid, 0);
	assert_true(m->state.error && m->state.error[0]);
	struct machine *again = machine_open(store, "lost", &e);
	assert_int_equal(again->state.status, LIFE_STOPPED);
	machine_close(again);
	assert_int_equal(machine_settle(m, &e), 0);
	assert_int_equal(machine_lock(m, &e), 0);
	assert_int_equal(machine_delete(m, &e), 0);
	machine_close(m);
}

static void
state_comes_back_as_it_went(void **state)
{
	struct state a = { .status = LIFE_PAUSED,
		           .pid = 1,
		           .monitor = 2,
		           .created = 1700000000123456789,
		           .exit = 137,
		           .restarts = 3,
		           .oom = true,
		           .stopped_by_user = true };
	struct state b = { 0 };
	struct err e = { 0 };

	(void)state;
	state_set(&a.error, "why");
	a.health = json_pack("{s:s}", "status", "healthy");
	json_t *doc = state_save(&a);
	assert_int_equal(state_load(&b, doc, &e), 0);
	json_t *again = state_save(&b);
	assert_true(json_equal(doc, again));
	assert_int_equal(b.created, a.created);
	json_decref(doc);
	json_decref(again);
	state_free(&a);
	state_free(&b);
	doc = json_pack("{s:s, s:s, s:b}", "status", "flying", "pid", "x", "error", 1);
	assert_int_equal(state_load(&b, doc, &e), 0);
	assert_int_equal(b.status, LIFE_STOPPED);
	assert_int_equal(b.pid, 0);
	json_decref(doc);
	state_free(&b);
	assert_int_equal(state_load(&b, NULL, &e), -1);
	state_free(&b);
}

static int lines;

static bool
count(void *ctx, const char *line)
{
	(void)line;
	lines++;
	return ctx == NULL || lines < *(int *)ctx;
}

static void
events_are_kept_by_many(void **state)
{
	struct err e = { 0 };
	int most = 5;

	(void)state;
	unlinkat(store->dir, "events", 0);
	for (int i = 0; i < 4; i++)
		if (fork() == 0) {
			for (int k = 0; k < 50; k++)
				event_add(store, "start", "x", k % 2 ? "why" : NULL);
			_exit(0);
		}
	while (wait(NULL) > 0)
		;
	/* A torn line of a process that was killed costs one line. */
	int fd = openat(store->dir, "events", O_WRONLY | O_APPEND);
	assert_int_equal(write(fd, "{\"time\n", 7), 7);
	close(fd);
	lines = 0;
	assert_int_equal(event_read(store, false, 0, 0, count, NULL, &e), 0);
	assert_int_equal(lines, 200);
	lines = 0;
	assert_int_equal(event_read(store, false, 0, 0, count, &most, &e), 0);
	assert_int_equal(lines, 5);
	lines = 0;
	assert_int_equal(event_read(store, false, 0, 1, count, NULL, &e), 0);
	assert_int_equal(lines, 0);
}

static void
the_store_is_closed_to_others(void **state)
{
	struct stat st;
	struct err e = { 0 };
	char path[128];

	(void)state;
	snprintf(path, sizeof path, "%s/new/store", place);
	struct store *s = store_open(path, &e);
	assert_non_null(s);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 077, 0);
	int fd = store_folder(s, "cache", &e);
	assert_true(fd >= 0);
	close(fd);
	store_close(s);
	assert_null(store_open("/proc/none/here", &e));
	assert_true(e.what[0]);
	store_close(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(names),
		TEST(a_name_is_given_once),
		TEST(drafts_of_the_dead_go),
		TEST(names_are_made_up),
		TEST(the_lock_is_the_truth),
		TEST(a_lost_machine_is_settled),
		TEST(state_comes_back_as_it_went),
		TEST(events_are_kept_by_many),
		TEST(the_store_is_closed_to_others),
	};
	return cmocka_run_group_tests(tests, open_store, close_store);
}
