/* SPDX-License-Identifier: Apache-2.0 */
/* Snapshots of a floor that can do nothing but count. */
#include "test/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/file.h"
#include "base/harsh.h"
#include "base/json.h"
#include "core/control.h"
#include "core/machine.h"
#include "core/monitor.h"
#include "core/snap.h"
#include "core/snapshot.h"
#include "core/spec.h"

/* -- a floor ---------------------------------------------------------------------- */

enum { CHUNK_COUNT = SNAP_TAG('T', 'O', 'Y', ' ') };

struct guest {
	_Atomic uint64_t count;
	_Atomic bool kicked;
	_Atomic int signal;
	bool started;
	const char *mode; /* how it misbehaves */
};

static int made, ended;

static struct guest *
toy_create(const struct spec *s, const struct home *h, struct err *e)
{
	struct guest *g = xcalloc(1, sizeof *g);
	(void)h, (void)e;
	g->mode = spec_note(s, "mode", "");
	made++;
	return g;
}

static void
toy_destroy(struct guest *g)
{
	ended += g != NULL;
	free(g);
}

static enum why
toy_enter(struct guest *g, struct err *e)
{
	if (!g->started) {
		g->started = true;
		return WHY_START;
	}
	for (;; usleep(500)) {
		if (g->signal)
			return WHY_EXIT;
		g->count++;
		if (!g->kicked)
			continue;
		g->kicked = false;
		if (strcmp(g->mode, "ends") == 0)
			return WHY_EXIT;
		if (strcmp(g->mode, "stubborn") != 0)
			return WHY_KICK;
		fail(e, EBUSY, "it does not want to");
		return WHY_START;
	}
}

static void
toy_kick(struct guest *g)
{
	g->kicked = true;
}

static int
toy_exit_code(const struct guest *g)
{
	return g->signal ? 128 + g->signal : 7;
}

static int
toy_signal(struct guest *g, int sig, struct err *e)
{
	(void)e;
	g->signal = sig;
	return 0;
}

static int
toy_save(struct guest *g, struct snap *s, struct err *e)
{
	struct buf b = { 0 };
	if (strcmp(g->mode, "shy") == 0)
		return fail(e, EIO, "it does not want to be saved");
	buf_u64(&b, g->count);
	buf_u8(&b, g->started);
	int rc = snap_put_buf(s, CHUNK_COUNT, &b, e);
	if (rc == 0 && strcmp(g->mode, "talks") == 0)
		rc = snap_put_buf(s, CHUNK_COUNT, &b, e);
	buf_free(&b);
	return rc;
}

static int
toy_load(struct guest *g, struct snap *s, struct err *e)
{
	struct cur c;
	if (snap_get(s, CHUNK_COUNT, &c, e) < 0)
		return -1;
	g->count = cur_u64(&c);
	g->started = cur_u8(&c);
	return c.bad ? fail(e, EBADMSG, "the snapshot is damaged") : 0;
}

static json_t *
toy_stats(struct guest *g)
{
	return json_pack("{s:I}", "count", (json_int_t)g->count);
}

static const struct layer toy = {
	.name = "toy",
	.create = toy_create,
	.destroy = toy_destroy,
	.enter = toy_enter,
	.kick = toy_kick,
	.exit_code = toy_exit_code,
	.save = toy_save,
	.load = toy_load,
	.signal = toy_signal,
	.stats = toy_stats,
};

/* The same with another name, and one that cannot be saved. */
static struct layer other, plain;
static const struct layer *const layers[] = { &toy, &other, &plain, NULL };

/* -- a store ----------------------------------------------------------------------- */

static char place[64];
static struct store *store;

static int
open_store(void **state)
{
	struct err e = { 0 };
	(void)state;
	other = plain = toy;
	other.name = "other";
	plain.name = "plain";
	plain.save = NULL;
	layer_list(layers);
	snprintf(place, sizeof place, "/tmp/joist-snapshot-XXXXXX");
	if (!mkdtemp(place))
		return -1;
	store = store_open(place, &e);
	return store ? 0 : -1;
}

static int
close_store(void **state)
{
	(void)state;
	store_close(store);
	return file_remove(AT_FDCWD, place, NULL);
}

static struct machine *
make(const char *name, const char *floor, const char *mode, const char *restart)
{
	struct err e = { 0 };
	json_t *config = json_pack("{s:s, s:{s:[s], s:s}}", "ociVersion", "1.2.0", "process",
	                           "args", "toy", "cwd", "/");
	spec_note_set(config, "stack", floor);
	spec_note_set(config, "mode", mode);
	spec_note_set(config, "restart", restart);
	struct machine *m = machine_new(store, name, config, &e);
	json_decref(config);
	if (!m)
		fail_msg("%s", e.what);
	return m;
}

static void
drop(struct machine *m)
{
	struct err e = { 0 };
	if (m->lock < 0 && machine_lock(m, &e) < 0)
		fail_msg("%s", e.what);
	assert_int_equal(machine_delete(m, &e), 0);
	machine_close(m);
}

static struct guest *
guest_of(struct machine *m, uint64_t count, struct spec **spec)
{
	struct err e = { 0 };
	*spec = spec_of(json_incref(m->config), m->path, m->name, &e);
	if (!*spec)
		fail_msg("%s", e.what);
	struct guest *g = toy_create(*spec, NULL, &e);
	g->count = count;
	g->started = true;
	return g;
}

static bool
exists(struct machine *m, const char *path)
{
	return faccessat(m->dir, path, F_OK, 0) == 0;
}

/* -- files ------------------------------------------------------------------------- */

static void
what_is_taken_can_be_loaded(void **state)
{
	struct err e = { 0 };
	struct spec *spec;
	(void)state;
	struct machine *m = make("a", "toy", "", "no");
	struct guest *g = guest_of(m, 41, &spec);
	assert_int_equal(snapshot_take(m, &toy, g, "one", &e), 0);
	g->count = 99;
	assert_int_equal(snapshot_check(m, &toy, "one", &e), 0);
	assert_int_equal(snapshot_load(m, &toy, g, "one", &e), 0);
	assert_int_equal(g->count, 41);

	/* the same label again replaces it */
	g->count = 42;
	assert_int_equal(snapshot_take(m, &toy, g, "one", &e), 0);
	g->count = 0;
	assert_int_equal(snapshot_load(m, &toy, g, "one", &e), 0);
	assert_int_equal(g->count, 42);
	json_t *all = snapshot_list(m);
	assert_int_equal(json_array_size(all), 1);
	assert_string_equal(json_str(json_array_get(all, 0), "label", ""), "one");
	assert_string_equal(json_str(json_array_get(all, 0), "machine", ""), "a");
	assert_true(json_int(json_array_get(all, 0), "size", 0) > 0);
	json_decref(all);

	assert_int_equal(snapshot_remove(m, "one", &e), 0);
	assert_int_equal(snapshot_remove(m, "one", &e), -1);
	assert_int_equal(e.code, ENOENT);
	assert_string_equal(e.what, "machine 'a' has no snapshot 'one'");
	assert_string_equal(e.hint, "see which there are: joist snaps a");
	assert_int_equal(snapshot_load(m, &toy, g, "one", &e), -1);
	assert_int_equal(e.code, ENOENT);
	toy_destroy(g);
	spec_free(spec);
	drop(m);
}

static void
another_floor_is_refused(void **state)
{
	struct err e = { 0 };
	struct spec *spec;
	(void)state;
	struct machine *m = make("a", "toy", "", "no");
	struct guest *g = guest_of(m, 1, &spec);
	assert_int_equal(snapshot_take(m, &toy, g, "one", &e), 0);
	assert_int_equal(snapshot_load(m, &other, g, "one", &e), -1);
	assert_string_equal(e.what, "snapshot 'one' is not of a machine of the floor 'other'");
	assert_true(e.hint[0]);
	assert_int_equal(snapshot_check(m, &other, "one", &e), -1);
	assert_int_equal(snapshot_take(m, &plain, g, "two", &e), -1);
	assert_int_equal(e.code, ENOSYS);
	assert_string_equal(e.what, "a machine of the floor 'plain' cannot be saved");
	assert_string_equal(
	        e.hint, "floors that can: toy, other; this one can be paused: joist pause NAME");
	assert_int_equal(snapshot_load(m, &plain, g, "one", &e), -1);
	assert_int_equal(e.code, ENOSYS);
	toy_destroy(g);
	spec_free(spec);
	drop(m);
}

static void
labels_are_names(void **state)
{
	static const char *const bad[] = { "",    ".half", "..",  "a/b",
		                           "a b", "-a",    "a@b", "../config.json" };
	struct err e = { 0 };
	struct spec *spec;
	(void)state;
	struct machine *m = make("a", "toy", "", "no");
	struct guest *g = guest_of(m, 1, &spec);
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		assert_int_equal(snapshot_take(m, &toy, g, bad[i], &e), -1);
		assert_int_equal(e.code, EINVAL);
		assert_int_equal(snapshot_load(m, &toy, g, bad[i], &e), -1);
		assert_int_equal(e.code, EINVAL);
		assert_int_equal(snapshot_remove(m, bad[i], &e), -1);
		assert_int_equal(e.code, EINVAL);
		assert_true(e.hint[0]);
	}
	assert_true(exists(m, "config.json"));
	toy_destroy(g);
	spec_free(spec);
	drop(m);
}

/* What somebody who was killed left is not seen and goes with the next. */
static void
halves_are_nothing(void **state)
{
	struct err e = { 0 };
	struct spec *spec;
	(void)state;
	struct machine *m = make("a", "toy", "", "no");
	struct guest *g = guest_of(m, 5, &spec);
	assert_int_equal(mkdirat(m->dir, "snap", 0700), 0);
	char *junk = xcalloc(1, 100000);
	assert_int_equal(file_write(m->dir, "snap/.half", junk, 100000, 0600, false, &e), 0);
	free(junk);
	json_t *all = snapshot_list(m);
	assert_int_equal(json_array_size(all), 0);
	json_decref(all);
	assert_int_equal(snapshot_take(m, &toy, g, "one", &e), 0);
	assert_false(exists(m, "snap/.half"));
	assert_int_equal(snapshot_load(m, &toy, g, "one", &e), 0);

	g->mode = "shy";
	assert_int_equal(snapshot_take(m, &toy, g, "one", &e), -1);
	assert_string_equal(e.what, "it does not want to be saved");
	assert_false(exists(m, "snap/.half"));
	/* the older one of that label is as it was */
	assert_int_equal(snapshot_load(m, &toy, g, "one", &e), 0);

	g->mode = "talks";
	assert_int_equal(snapshot_take(m, &toy, g, "more", &e), 0);
	assert_int_equal(snapshot_load(m, &toy, g, "more", &e), -1);
	assert_string_equal(e.what, "snapshot 'more' is damaged: there is more than belongs to it");
	toy_destroy(g);
	spec_free(spec);
	drop(m);
}

static void
they_are_listed_by_age_and_given_on(void **state)
{
	static const char *const labels[] = { "z", "m", "a" };
	struct err e = { 0 };
	struct spec *spec;
	(void)state;
	struct machine *m = make("a", "toy", "", "no"), *to = make("b", "toy", "", "no");
	struct guest *g = guest_of(m, 8, &spec);
	for (int i = 0; i < 3; i++) {
		char path[16];
		assert_int_equal(snapshot_take(m, &toy, g, labels[i], &e), 0);
		snprintf(path, sizeof path, "snap/%s", labels[i]);
		struct timespec t[2] = { { .tv_sec = 1000 + i }, { .tv_sec = 1000 + i } };
		assert_int_equal(utimensat(m->dir, path, t, 0), 0);
	}
	json_t *all = snapshot_list(m);
	for (int i = 0; i < 3; i++)
		assert_string_equal(json_str(json_array_get(all, (size_t)i), "label", ""),
		                    labels[i]);
	json_decref(all);
	assert_int_equal(snapshot_copy(m, to, "m", &e), 0);
	assert_int_equal(snapshot_copy(m, to, "none", &e), -1);
	/* it outlives the one that it came from */
	drop(m);
	g->count = 0;
	assert_int_equal(snapshot_load(to, &toy, g, "m", &e), 0);
	assert_int_equal(g->count, 8);
	toy_destroy(g);
	spec_free(spec);
	drop(to);
}

static void
a_guest_can_be_made_anew(void **state)
{
	struct err e = { 0 };
	struct home home;
	struct spec *spec;
	(void)state;
	struct machine *m = make("a", "toy", "", "no");
	struct guest *g = guest_of(m, 77, &spec);
	machine_home(m, &home);
	made = ended = 0;
	assert_int_equal(snapshot_anew(&toy, spec, &home, &g, &e), 0);
	assert_int_equal(made, 1);
	assert_int_equal(ended, 1);
	assert_int_equal(g->count, 77);
	assert_true(g->started);

	/* who cannot be saved stays who it is */
	g->mode = "shy";
	assert_int_equal(snapshot_anew(&toy, spec, &home, &g, &e), 0);
	assert_int_equal(made, 1);
	assert_int_equal(g->count, 77);

	/* who cannot be loaded is gone */
	g->mode = "talks";
	assert_int_equal(snapshot_anew(&toy, spec, &home, &g, &e), -1);
	assert_null(g);
	assert_int_equal(made + 1, ended);
	assert_true(e.what[0]);
	spec_free(spec);
	drop(m);
}

/* -- monitors ------------------------------------------------------------------------ */

static int
ask_first(struct machine *m, const char *verb, const char *label)
{
	struct err e = { 0 };
	int sock = control_connect(m, &e);
	if (sock < 0)
		fail_msg("%s", e.what);
	json_t *q = json_pack("{s:s, s:s*}", "do", verb, "label", label);
	assert_int_equal(channel_send_json(sock, q, NULL, 0), 0);
	json_decref(q);
	return sock;
}

static json_t *
hear(int sock, struct err *e)
{
	struct channel c = { 0 };
	*e = (struct err){ 0 };
	json_t *answer = control_answer(sock, &c, e);
	channel_free(&c);
	close(sock);
	return answer;
}

static int
ask(struct machine *m, const char *verb, const char *label, struct err *e)
{
	json_t *answer = hear(ask_first(m, verb, label), e);
	json_decref(answer);
	return answer ? 0 : -1;
}

static json_int_t
count(struct machine *m)
{
	struct err e;
	json_t *o = hear(ask_first(m, "state", NULL), &e);
	json_int_t n = json_int(json_object_get(o, "stats"), "count", -1);
	json_decref(o);
	return n;
}

static const char *
status(struct machine *m)
{
	struct err e = { 0 };
	assert_int_equal(machine_read(m, &e), 0);
	return state_names[m->state.status];
}

static void
start(struct machine *m)
{
	struct err e = { 0 };
	if (machine_lock(m, &e) < 0 || machine_read(m, &e) < 0 || monitor_spawn(m, &e) < 0)
		fail_msg("%s", e.what);
	machine_unlock(m);
	assert_string_equal(status(m), "running");
}

/* Also one that waits for its next try, or has ended by itself. */
static void
stop(struct machine *m)
{
	struct err e = { 0 };
	struct channel c = { 0 };
	int sock = control_connect(m, NULL);
	if (sock < 0)
		return;
	json_t *q = json_pack("{s:s, s:i}", "do", "stop", "time", 0);
	json_decref(control_ask(sock, &c, q, NULL, 0, &e));
	json_decref(q);
	channel_free(&c);
	close(sock);
}

/* It counts on from n. */
static void
counts(struct machine *m, json_int_t n)
{
	for (int i = 0; i < 1000 && count(m) <= n; i++)
		usleep(5000);
	assert_true(count(m) > n);
}

static void
it_goes_on_and_comes_back(void **state)
{
	struct err e = { 0 };
	(void)state;
	struct machine *m = make("a", "toy", "", "no");
	start(m);
	counts(m, 50);
	json_int_t before = count(m);
	assert_int_equal(ask(m, "snapshot", "one", &e), 0);
	json_int_t after = count(m);
	assert_string_equal(status(m), "running");
	counts(m, after + 200);
	stop(m);

	free(m->restore);
	m->restore = xstrdup("one");
	start(m);
	json_int_t now = count(m);
	assert_true(now >= before);
	assert_true(now < after + 200);
	counts(m, now);
	/* the next start begins at the beginning again */
	stop(m);
	free(m->restore);
	m->restore = NULL;
	start(m);
	assert_true(count(m) < before);
	stop(m);

	char *events;
	assert_int_equal(file_read(store->dir, "events", 1 << 20, &events, NULL, &e), 0);
	assert_non_null(strstr(events, "\"event\":\"snapshot\",\"name\":\"a\",\"detail\":\"one\""));
	assert_non_null(strstr(events, "\"event\":\"restore\",\"name\":\"a\",\"detail\":\"one\""));
	free(events);
	drop(m);
}

static void
paused_it_stays_paused(void **state)
{
	struct err e = { 0 };
	(void)state;
	struct machine *m = make("a", "toy", "", "no");
	start(m);
	counts(m, 5);
	assert_int_equal(ask(m, "pause", NULL, &e), 0);
	json_int_t n = count(m);
	assert_int_equal(ask(m, "snapshot", "one", &e), 0);
	assert_int_equal(ask(m, "snapshot", "two", &e), 0);
	assert_string_equal(status(m), "paused");
	usleep(20000);
	assert_int_equal(count(m), n);
	assert_int_equal(ask(m, "resume", NULL, &e), 0);
	counts(m, n);
	stop(m);

	m->restore = xstrdup("two");
	start(m);
	assert_true(count(m) >= n);
	stop(m);
	drop(m);
}

/* Whoever asks at the same time has an answer each, and the machine ends up
 * where they wanted it. */
static void
many_may_ask_at_once(void **state)
{
	enum { N = 12 };
	struct err e = { 0 };
	int sock[N];
	(void)state;
	struct machine *m = make("a", "toy", "", "no");
	start(m);
	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < N; i++) {
			char label[16];
			snprintf(label, sizeof label, "s%d", i);
			bool pause = round > 0 && i == (round == 1 ? 0 : N / 2);
			sock[i] = ask_first(m, pause ? "pause" : "snapshot", label);
		}
		for (int i = 0; i < N; i++) {
			json_t *answer = hear(sock[i], &e);
			if (!answer)
				fail_msg("%s", e.what);
			json_decref(answer);
		}
		if (round > 0) {
			assert_string_equal(status(m), "paused");
			assert_int_equal(ask(m, "resume", NULL, &e), 0);
		}
		counts(m, count(m) + 5);
		assert_string_equal(status(m), "running");
	}
	json_t *all = snapshot_list(m);
	assert_int_equal(json_array_size(all), N);
	json_decref(all);
	stop(m);
	drop(m);
}

static void
what_fails_is_said_and_it_goes_on(void **state)
{
	struct err e = { 0 };
	(void)state;
	struct machine *m = make("a", "toy", "shy", "no");
	start(m);
	assert_int_equal(ask(m, "snapshot", "one", &e), -1);
	assert_string_equal(e.what, "it does not want to be saved");
	assert_int_equal(ask(m, "snapshot", "a b", &e), -1);
	assert_int_equal(ask(m, "snapshot", NULL, &e), -1);
	counts(m, count(m));
	stop(m);
	drop(m);

	m = make("a", "plain", "", "no");
	start(m);
	assert_int_equal(ask(m, "snapshot", "one", &e), -1);
	assert_int_equal(e.code, ENOSYS);
	counts(m, count(m));
	stop(m);
	drop(m);

	m = make("a", "toy", "stubborn", "no");
	start(m);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(ask(m, "snapshot", "one", &e), -1);
		assert_string_equal(e.what, "it does not want to");
		counts(m, count(m));
		assert_int_equal(ask(m, "pause", NULL, &e), -1);
		assert_string_equal(status(m), "running");
	}
	stop(m);
	drop(m);
}

static void
an_end_on_the_way_is_no_snapshot(void **state)
{
	static const char *const restart[] = { "no", "always" };
	struct err e = { 0 };
	(void)state;
	for (int i = 0; i < 2; i++) {
		struct machine *m = make("a", "toy", "ends", restart[i]);
		/* a harsh build puts it to rest before anybody can ask: that is its end */
		struct err why = { 0 };
		assert_int_equal(machine_lock(m, &e), 0);
		monitor_spawn(m, &why);
		machine_unlock(m);
		if (!harsh_on()) {
			assert_int_equal(ask(m, "snapshot", "one", &e), -1);
			assert_string_equal(e.what, "machine 'a' ended before it came to rest");
		}
		assert_false(exists(m, "snap/one"));
		stop(m);
		drop(m);
	}
}

/* It would not be better at the second try, whatever its restart policy. */
static void
a_damaged_one_ends_it_for_good(void **state)
{
	struct err e = { 0 };
	(void)state;
	struct machine *m = make("a", "toy", "", "always");
	start(m);
	assert_int_equal(ask(m, "snapshot", "one", &e), 0);
	stop(m);
	int fd = openat(m->dir, "snap/one", O_WRONLY | O_CLOEXEC);
	assert_int_equal(pwrite(fd, "?", 1, 40), 1);
	close(fd);
	free(m->restore);
	m->restore = xstrdup("one");
	assert_int_equal(machine_lock(m, &e), 0);
	assert_int_equal(machine_read(m, &e), 0);
	assert_int_equal(monitor_spawn(m, &e), -1);
	assert_string_equal(e.what, "snapshot 'one' is damaged: a checksum is wrong");
	machine_unlock(m);
	assert_int_equal(machine_lock(m, &e), 0);
	assert_string_equal(status(m), "stopped");
	assert_string_equal(m->state.error, "snapshot 'one' is damaged: a checksum is wrong");
	drop(m);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_is_taken_can_be_loaded),
		TEST(another_floor_is_refused),
		TEST(labels_are_names),
		TEST(halves_are_nothing),
		TEST(they_are_listed_by_age_and_given_on),
		TEST(a_guest_can_be_made_anew),
		TEST(it_goes_on_and_comes_back),
		TEST(paused_it_stays_paused),
		TEST(many_may_ask_at_once),
		TEST(what_fails_is_said_and_it_goes_on),
		TEST(an_end_on_the_way_is_no_snapshot),
		TEST(a_damaged_one_ends_it_for_good),
	};
	return cmocka_run_group_tests(tests, open_store, close_store);
}
