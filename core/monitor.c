/* SPDX-License-Identifier: Apache-2.0 */
#include "core/monitor.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/file.h"
#include "base/harsh.h"
#include "base/json.h"
#include "base/proc.h"
#include "base/str.h"
#include "core/control.h"
#include "core/event.h"
#include "core/log.h"
#include "core/machine.h"
#include "core/snapshot.h"
#include "core/spec.h"
#include "core/watch.h"

#define SECOND INT64_C(1000000000)

enum { GUEST_STACK = 256 << 10, PASSING = 50 * 1000 * 1000 /* ns */ };

/* -- the guest's thread, or none ------------------------------------------------------ */

static void happened(struct watch *w, unsigned reasons);

/* Is the guest outside now, and stays there until it is let in again? */
static bool
rests(const struct watch *w, enum why why)
{
	return why == WHY_KICK || why == WHY_DEBUG || why == WHY_STUCK ||
	       (why == WHY_START && w->held_first);
}

static void
report(struct watch *w, enum why why)
{
	uint64_t one = 1;

	pthread_mutex_lock(&w->lock);
	w->reports |= 1u << why;
	pthread_mutex_unlock(&w->lock);
	ssize_t put = write(w->report_fd, &one, sizeof one);
	(void)put;
}

static void *
guest_main(void *ctx)
{
	struct watch *w = ctx;

	for (;;) {
		pthread_mutex_lock(&w->lock);
		while (!w->may_enter && !w->must_return)
			pthread_cond_wait(&w->go, &w->lock);
		bool leave = w->must_return;
		pthread_mutex_unlock(&w->lock);
		if (leave)
			return NULL;
		enum why why = w->layer->enter(w->guest, &w->err);
		bool stays = rests(w, why);
		if (stays) {
			pthread_mutex_lock(&w->lock);
			w->may_enter = false;
			pthread_mutex_unlock(&w->lock);
		}
		report(w, why);
		if (why != WHY_START && !stays)
			return NULL;
	}
}

/* A guest that runs by itself has something to say, or is to begin. */
static void
step(struct watch *w)
{
	enum why why = w->layer->enter(w->guest, &w->err);

	if (why == WHY_LATER)
		return;
	if (rests(w, why)) {
		w->may_enter = false;
		loop_events(w->waits, 0);
	}
	happened(w, 1u << why);
}

static void
awaited(void *ctx, uint32_t events)
{
	(void)events;
	step(ctx);
}

void
watch_enter(struct watch *w)
{
	w->sent = 0;
	if (w->waits) {
		w->may_enter = true;
		loop_events(w->waits, EPOLLIN);
		step(w);
		return;
	}
	pthread_mutex_lock(&w->lock);
	w->may_enter = true;
	pthread_cond_signal(&w->go);
	pthread_mutex_unlock(&w->lock);
}

void
watch_settle(struct watch *w)
{
	if (w->guest && !w->over && w->layer->settle)
		w->layer->settle(w->guest);
}

/* -- what may be asked -------------------------------------------------------------- */

bool
watch_running(const struct watch *w)
{
	return w->guest && !w->over && w->machine->state.status == LIFE_RUNNING && !w->pausing;
}

/* Whoever put it to rest. */
static void
go_on(struct watch *w)
{
	if (hold_on(w))
		hold_resume(w, NULL);
	else
		watch_resume(w, NULL);
}

int
watch_signal(struct watch *w, int sig, struct err *e)
{
	if (!w->guest || w->over) {
		fail(e, ESRCH, "machine '%s' is not running", w->machine->name);
		return err_hint(e, "start it with: joist start %s", w->machine->name);
	}
	if (!w->layer->signal)
		return fail(e, ENOSYS, "floor '%s' takes no signals", w->layer->name);
	if (sig == SIGKILL && w->machine->state.status == LIFE_PAUSED)
		go_on(w);
	if (sig == 0)
		return 0;
	w->sent = sig;
	return w->layer->signal(w->guest, sig, e);
}

static void
out_of_patience(void *ctx, uint32_t events)
{
	struct watch *w = ctx;

	(void)events;
	watch_signal(w, SIGKILL, NULL);
}

void
watch_stop(struct watch *w, int sig, int64_t patience)
{
	w->stopping = true;
	w->machine->state.stopped_by_user = true;
	if (!w->guest) { /* between two runs: there will be no next */
		loop_stop(w->loop);
		return;
	}
	if (w->machine->state.status == LIFE_PAUSED)
		go_on(w);
	if (watch_signal(w, patience == 0 ? SIGKILL : sig, NULL) < 0)
		return;
	if (!w->stop_timer)
		w->stop_timer = loop_timer(w->loop, patience, out_of_patience, w);
	else
		loop_again(w->stop_timer, patience);
}

int
watch_pause(struct watch *w, struct err *e)
{
	if (hold_on(w)) {
		fail(e, EBUSY, "machine '%s' is held by a debugger", w->machine->name);
		return err_hint(e, "it rests already; let it go first: type detach into gdb");
	}
	if (w->machine->state.status == LIFE_PAUSED)
		return 0;
	if (!watch_running(w)) {
		fail(e, ESRCH, "machine '%s' is not running", w->machine->name);
		return err_hint(e, "see its state with: joist ps -a");
	}
	bool on_its_way = w->saving;
	w->pausing = true;
	if (!on_its_way)
		w->layer->kick(w->guest);
	return 0;
}

int
watch_save(struct watch *w, struct err *e)
{
	if (!watch_running(w) && !w->pausing) {
		fail(e, ESRCH, "machine '%s' is not running", w->machine->name);
		return err_hint(e, "start it with: joist start %s", w->machine->name);
	}
	bool on_its_way = w->saving || w->pausing;
	w->saving = true;
	if (!on_its_way)
		w->layer->kick(w->guest);
	return 0;
}

int
watch_resume(struct watch *w, struct err *e)
{
	if (hold_on(w))
		return hold_resume(w, e);
	if (w->machine->state.status != LIFE_PAUSED) {
		fail(e, EINVAL, "machine '%s' is not paused", w->machine->name);
		return err_hint(e, "see its state with: joist ps -a");
	}
	w->machine->state.status = LIFE_RUNNING;
	state_set(&w->machine->state.error, NULL);
	machine_write(w->machine, NULL);
	event_add(w->machine->store, "resume", w->machine->name, NULL);
	watch_settle(w);
	watch_enter(w);
	return 0;
}

/* -- what happened ------------------------------------------------------------------- */

static void
tell_ready(struct watch *w, const struct err *e)
{
	serve_greet(w, e);
	if (w->ready_fd < 0)
		return;
	json_t *doc = e ? control_error(e) : json_pack("{s:b}", "ok", 1);
	channel_send_json(w->ready_fd, doc, NULL, 0);
	json_decref(doc);
	close(w->ready_fd);
	w->ready_fd = -1;
}

void
watch_write(struct watch *w)
{
	struct err e = { 0 };

	/* A full disk must not end a machine that runs well. */
	if (machine_write(w->machine, &e) < 0)
		err_warn("machine '%s': %s", w->machine->name, e.what);
}

static void
running(struct watch *w)
{
	struct state *s = &w->machine->state;

	w->starting = false;
	s->status = LIFE_RUNNING;
	s->started = proc_now();
	s->pid = w->layer->pid ? w->layer->pid(w->guest) : 0;
	if (w->layer->inspect) {
		json_t *o = w->layer->inspect(w->guest);
		json_decref(s->net);
		s->net = json_incref(json_object_get(o, "network"));
		json_decref(o);
	}
	stream_started(w);
	if (!w->show_timer)
		watch_write(w);
	event_add(w->machine->store, "start", w->machine->name, NULL);
	health_start(w);
	tell_ready(w, NULL);
}

static void
started(struct watch *w)
{
	if ((w->pausing || w->saving) && w->err.code) {
		w->pausing = w->saving = false;
		serve_rest(w, &w->err);
		w->err = (struct err){ 0 };
	}
	if (w->machine->state.status == LIFE_RUNNING)
		return;
	if (w->starting) { /* it could not come to rest */
		w->err = (struct err){ 0 };
		running(w);
		return;
	}
	w->starting = true;
	/* A harsh build puts every machine to rest once before it is called
	 * running, so that each test is a test of coming back too. */
	if (harsh_on() && !w->held_first)
		w->layer->kick(w->guest);
	else
		running(w);
	if (w->held_first)
		hold_begins(w);
}

bool
watch_anew(const struct watch *w)
{
	return harsh_on() && w->layer->save && w->layer->load;
}

static bool
anew(struct watch *w)
{
	if (!watch_anew(w))
		return true;
	if (snapshot_anew(w->layer, w->spec, &w->home, &w->guest, &w->err) == 0) {
		w->err = (struct err){ 0 };
		/* What the old one was told behind its last instruction, the new one has not heard. */
		if (w->sent && w->layer->signal)
			w->layer->signal(w->guest, w->sent, NULL);
		return true;
	}
	pthread_mutex_lock(&w->lock);
	w->must_return = true;
	pthread_cond_signal(&w->go);
	pthread_mutex_unlock(&w->lock);
	w->over = true;
	loop_stop(w->loop);
	return false;
}

static void
at_rest(struct watch *w, bool broke)
{
	/* What a debugger waits for lives in this guest. */
	if (!hold_joined(w) && !anew(w))
		return;
	if (w->starting) {
		running(w);
		if (!hold_rests(w, broke))
			watch_enter(w);
		return;
	}
	if (w->saving) {
		w->saving = false;
		serve_save(w);
	}
	if (hold_rests(w, broke)) {
		w->pausing = false;
		serve_rest(w, NULL);
		if (w->stopping)
			go_on(w);
		return;
	}
	if (!w->pausing) {
		watch_settle(w);
		watch_enter(w);
		return;
	}
	w->pausing = false;
	w->machine->state.status = LIFE_PAUSED;
	watch_write(w);
	event_add(w->machine->store, "pause", w->machine->name, NULL);
	serve_rest(w, NULL);
	/* Somebody asked for the end while we were on our way to rest. */
	if (w->stopping)
		watch_resume(w, NULL);
}

/* Whoever looks at the machine is told what to mend; then it waits, paused. */
static void
stuck(struct watch *w)
{
	struct err why = w->err;

	w->err = (struct err){ 0 };
	stream_say(w, &why);
	state_set(&w->machine->state.error, why.what);
	event_add(w->machine->store, "stuck", w->machine->name, why.what);
	w->pausing = true;
	at_rest(w, false);
}

static void
reported(void *ctx, uint32_t events)
{
	struct watch *w = ctx;
	uint64_t n;

	(void)events;
	if (read(w->report_fd, &n, sizeof n) < 0)
		return;
	pthread_mutex_lock(&w->lock);
	unsigned why = w->reports;
	w->reports = 0;
	pthread_mutex_unlock(&w->lock);
	happened(w, why);
}

static void
happened(struct watch *w, unsigned why)
{
	if (why & 1u << WHY_START)
		started(w);
	if (why & 1u << WHY_STUCK)
		stuck(w);
	else if (why & (1u << WHY_KICK | 1u << WHY_DEBUG))
		at_rest(w, why & 1u << WHY_DEBUG);
	if (why & (1u << WHY_EXIT | 1u << WHY_FAULT | 1u << WHY_RESET)) {
		if (w->starting)
			running(w);
		w->over = true;
		loop_stop(w->loop);
	}
}

/* Signals to a foreground monitor are meant for its guest. */
static void
signalled(void *ctx, uint32_t events)
{
	struct watch *w = ctx;
	struct signalfd_siginfo info;

	(void)events;
	if (read(w->signal_fd, &info, sizeof info) != sizeof info)
		return;
	int sig = (int)info.ssi_signo;
	if (!w->guest) {
		w->stopping = true;
		loop_stop(w->loop);
		return;
	}
	if (sig == SIGINT || sig == SIGTERM || sig == SIGQUIT)
		w->stopping = true; /* no restart behind the back of who pressed it */
	watch_signal(w, sig, NULL);
}

/* -- one run -------------------------------------------------------------------------- */

/* The guest goes on from a snapshot.  It said long ago that it started. */
static int
recall(struct watch *w, struct err *e)
{
	struct machine *m = w->machine;

	if (snapshot_load(m, w->layer, w->guest, m->restore, e) < 0)
		return -1;
	event_add(m->store, "restore", m->name, m->restore);
	free(m->restore);
	m->restore = NULL;
	report(w, WHY_START);
	return 0;
}

static int
start_thread(struct watch *w, struct err *e)
{
	pthread_attr_t attr;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, GUEST_STACK);
	int rc = pthread_create(&w->thread, &attr, guest_main, w);
	pthread_attr_destroy(&attr);
	if (rc != 0)
		return fail(e, rc, "cannot start a thread: %s", strerror(rc));
	w->has_thread = true;
	return 0;
}

static int
open_control(struct watch *w, struct err *e)
{
	if (!w->serving && serve_open(w, e) < 0)
		return -1;
	w->serving = true;
	return 0;
}

/* A machine that nobody can find when it is over, and that leaves nothing on the host when its
 * monitor is killed, may be over in a millisecond: the file of its state and its socket, half of
 * what it costs, are made only when it stays. */
static bool
passing(const struct watch *w)
{
	return w->mode == MONITOR_DIRECT && !w->layer->recover && !w->held_first && !w->serving;
}

static void
show(void *ctx, uint32_t events)
{
	struct watch *w = ctx;
	struct err e = { 0 };

	(void)events;
	loop_remove(w->show_timer);
	w->show_timer = NULL;
	if (open_control(w, &e) < 0)
		err_warn("machine '%s': %s", w->machine->name, e.what);
	if (w->machine->state.status == LIFE_RUNNING)
		watch_write(w);
}

/* A guest without a thread takes its first step. */
static int
set_out(struct watch *w, struct err *e)
{
	w->waits = loop_fd(w->loop, w->layer->wait_fd(w->guest), w->may_enter ? EPOLLIN : 0,
	                   awaited, w, e);
	if (!w->waits)
		return -1;
	if (w->may_enter)
		step(w);
	return 0;
}

static int
begin(struct watch *w, struct err *e)
{
	struct machine *m = w->machine;
	uint64_t size = strtoull(spec_note(w->spec, "log.max-size", "10485760"), NULL, 10);
	unsigned files = (unsigned)strtoul(spec_note(w->spec, "log.max-file", "3"), NULL, 10);

	w->over = w->pausing = w->saving = w->starting = false;
	w->held_first = strcmp(spec_note(w->spec, "debug", ""), "true") == 0;
	w->may_enter = !w->held_first || !m->restore;
	w->must_return = false;
	w->reports = 0;
	w->err = (struct err){ 0 };
	state_set(&m->state.error, NULL);
	m->state.oom = false;
	machine_home(m, &w->home);
	if (w->mode != MONITOR_DIRECT && !w->log && !(w->log = log_open(m->dir, size, files, e)))
		return -1;
	if (stream_open(w, e) < 0)
		return -1;
	w->guest = w->layer->create(w->spec, &w->home, e);
	if (w->guest && m->restore && recall(w, e) < 0)
		return -1;
	if (!w->guest || (w->layer->wait_fd && set_out(w, e) < 0))
		return -1;
	/* The guest is on its way; what it does not need is done meanwhile. */
	if (passing(w))
		w->show_timer = loop_timer(w->loop, PASSING, show, w);
	else if (open_control(w, e) < 0)
		return -1;
	const char *where = w->held_first ? hold_open(w, NULL, -1, e) : NULL;
	if (w->held_first && !where)
		return -1;
	if (where && w->mode != MONITOR_QUIET)
		err_warn("machine '%s' waits for: gdb -ex 'target remote %s'", m->name, where);
	return w->waits ? 0 : start_thread(w, e);
}

/* The end of one run; its exit status. */
static int
finish(struct watch *w, const struct err *why)
{
	struct state *s = &w->machine->state;
	int status = why ? err_exit(why) : 0;

	if (w->has_thread || w->waits) {
		if (w->has_thread)
			pthread_join(w->thread, NULL);
		w->has_thread = false;
		loop_remove(w->waits);
		w->waits = NULL;
		status = w->guest ? w->layer->exit_code(w->guest) : err_exit(&w->err);
		s->oom = w->guest && w->layer->oom && w->layer->oom(w->guest);
	}
	if (w->pausing || w->saving) {
		struct err e = { 0 };
		fail(&e, ESRCH, "machine '%s' ended before it came to rest", w->machine->name);
		err_hint(&e, "see how: joist ps -a");
		serve_rest(w, &e);
	}
	health_stop(w);
	loop_remove(w->stop_timer);
	loop_remove(w->show_timer);
	w->stop_timer = w->show_timer = NULL;
	if (w->stream)
		stream_drain(w);
	serve_exec_ended(w);
	if (w->guest)
		hold_ended(w);
	w->layer->destroy(w->guest);
	w->guest = NULL;
	stream_close(w);
	s->status = LIFE_STOPPED;
	s->pid = 0;
	s->finished = proc_now();
	s->exit = status;
	state_set(&s->error, why ? why->what : NULL);
	char detail[32];
	snprintf(detail, sizeof detail, "exit %d%s", status, s->oom ? ", out of memory" : "");
	event_add(w->machine->store, "die", w->machine->name, detail);
	return status;
}

/* -- restarts --------------------------------------------------------------------------- */

static bool
again(struct watch *w, int status, bool failed_to_start)
{
	const char *policy = spec_note(w->spec, "restart", "no");
	struct state *s = &w->machine->state;

	if (w->restart_asked) {
		w->restart_asked = w->stopping = false;
		s->restarts = 0;
		w->backoff = 0;
		s->stopped_by_user = false;
		return true;
	}
	if (w->stopping || failed_to_start || strcmp(policy, "no") == 0)
		return false;
	if (str_starts(policy, "on-failure")) {
		uint64_t most = UINT64_MAX;
		if (status == 0)
			return false;
		if (policy[10] == ':')
			str_u64(policy + 11, INT64_MAX, &most);
		if ((uint64_t)s->restarts >= most)
			return false;
	}
	s->restarts++;
	/* A run of ten seconds was a good one: start over with short waits. */
	if (s->finished - s->started > 10 * SECOND || w->backoff == 0)
		w->backoff = SECOND / 10;
	else if (w->backoff < 60 * SECOND)
		w->backoff *= 2;
	return true;
}

static void
wake(void *ctx, uint32_t events)
{
	(void)events;
	loop_stop(((struct watch *)ctx)->loop);
}

/* Wait out the pause between two runs; the control socket is served. */
static void
rest(struct watch *w)
{
	if (w->backoff == 0)
		return;
	w->machine->state.status = LIFE_RESTARTING;
	watch_write(w);
	struct source *t = loop_timer(w->loop, w->backoff, wake, w);
	loop_run(w->loop, NULL);
	loop_remove(t);
}

/* -- the life ------------------------------------------------------------------------------ */

static int
open_watch(struct watch *w, struct machine *m, enum monitor_mode mode, int ready_fd, struct err *e)
{
	*w = (struct watch){
		.machine = m, .mode = mode, .ready_fd = ready_fd, .report_fd = -1, .signal_fd = -1
	};
	pthread_mutex_init(&w->lock, NULL);
	pthread_cond_init(&w->go, NULL);
	w->layer = machine_layer(m, e);
	if (!w->layer)
		return -1;
	const char *bundle = spec_note_of(m->config, "bundle", m->path);
	w->spec = spec_of(json_incref(m->config), bundle, m->name, e);
	w->loop = w->spec ? loop_new(e) : NULL;
	if (!w->loop)
		return -1;
	w->report_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (w->report_fd < 0 || !loop_fd(w->loop, w->report_fd, EPOLLIN, reported, w, e))
		return fail(e, errno, "cannot make an event descriptor: %s", strerror(errno));
	static const int handed_on[] = { SIGTERM, SIGINT,  SIGQUIT, SIGHUP,
		                         SIGUSR1, SIGUSR2, SIGALRM, SIGWINCH };
	sigset_t set;
	sigemptyset(&set);
	/* In the background only SIGTERM means the machine. */
	size_t most = mode == MONITOR_QUIET ? 1 : sizeof handed_on / sizeof handed_on[0];
	for (size_t i = 0; i < most; i++)
		sigaddset(&set, handed_on[i]);
	w->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	/* Blocked and not ignored: who is ignored stays so for the guest. */
	sigaddset(&set, SIGPIPE);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	if (w->signal_fd < 0 || !loop_fd(w->loop, w->signal_fd, EPOLLIN, signalled, w, e))
		return fail(e, errno, "cannot make a signal descriptor: %s", strerror(errno));
	return 0;
}

static void
close_watch(struct watch *w)
{
	serve_close(w);
	hold_close(w);
	log_close(w->log);
	loop_free(w->loop);
	if (w->report_fd >= 0)
		close(w->report_fd);
	if (w->signal_fd >= 0)
		close(w->signal_fd);
	if (w->ready_fd >= 0)
		close(w->ready_fd);
	spec_free(w->spec);
}

/* Who is told of the start: nobody, who waits for it, or who stays attached. */
struct hello {
	int fd; /* own; -1 */
	bool attached, input;
};

static int
live(struct machine *m, enum monitor_mode mode, struct hello hello, int *status, struct err *e)
{
	struct state *s = &m->state;
	struct watch w;
	bool failed = false;

	*status = EXIT_OURS;
	if (open_watch(&w, m, mode, hello.fd, e) < 0) {
		tell_ready(&w, e);
		close_watch(&w);
		return -1;
	}
	if (hello.attached) {
		serve_adopt(&w, hello.fd, hello.input);
		w.ready_fd = -1;
	}
	s->monitor = getpid();
	s->restarts = 0;
	s->stopped_by_user = false;
	s->no_log = mode == MONITOR_DIRECT;
	state_set(&s->boot, proc_boot_id());
	for (;;) {
		struct err why = { 0 };
		bool ran = begin(&w, &why) == 0 && (w.over || loop_run(w.loop, &why) == 0);
		failed = !ran || w.err.code;
		if (w.err.code)
			why = w.err;
		*status = finish(&w, failed ? &why : NULL);
		if (failed) {
			tell_ready(&w, &why);
			if (e)
				*e = why;
		}
		/* What it should have begun from will not be better the next time. */
		bool no_use = m->restore || (s->restarts == 0 && s->started == 0);
		if (!again(&w, *status, failed && no_use))
			break;
		rest(&w);
		if (w.stopping)
			break;
	}
	s->status = LIFE_STOPPED;
	s->monitor = 0;
	bool remove = strcmp(spec_note(w.spec, "rm", ""), "true") == 0;
	if (!remove)
		watch_write(&w);
	tell_ready(&w, NULL);
	serve_ended(&w, *status);
	close_watch(&w);
	if (remove)
		machine_delete(m, NULL);
	return failed ? -1 : 0;
}

int
monitor_run(struct machine *m, enum monitor_mode mode, int *status, struct err *e)
{
	return live(m, mode, (struct hello){ .fd = -1 }, status, e);
}

/* -- in the background ------------------------------------------------------------------------ */

static _Noreturn void
background(struct machine *m, struct hello hello)
{
	struct err e = { 0 };
	int status;

	setsid();
	if (chdir("/") < 0)
		_exit(EXIT_OURS);
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	for (int i = 0; i < 3; i++)
		dup2(null, i);
	if (null > 2)
		close(null);
	err_warn_to(NULL);
	live(m, MONITOR_QUIET, hello, &status, &e);
	_exit(status);
}

/* Returns our end of the monitor's first conversation. */
static int
spawn(struct machine *m, bool attached, bool input, struct err *e)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return fail(e, errno, "cannot make a socket pair: %s", strerror(errno));
	pid_t pid = fork();
	if (pid == 0) {
		close(pair[0]);
		/* Not our child, so that nobody has to wait for it. */
		if (fork() != 0)
			_exit(0);
		background(m,
		           (struct hello){ .fd = pair[1], .attached = attached, .input = input });
	}
	close(pair[1]);
	if (pid < 0) {
		close(pair[0]);
		return fail(e, errno, "cannot start a monitor: %s", strerror(errno));
	}
	proc_wait(pid);
	return pair[0];
}

int
monitor_spawn_attached(struct machine *m, bool input, struct err *e)
{
	return spawn(m, true, input, e);
}

int
monitor_spawn(struct machine *m, struct err *e)
{
	struct channel c = { 0 };
	int sock = spawn(m, false, false, e);

	if (sock < 0)
		return -1;
	json_t *ok = control_answer(sock, &c, e);
	json_decref(ok);
	channel_free(&c);
	close(sock);
	if (!ok && e && e->code == EPIPE)
		fail(e, EPIPE, "machine '%s': its monitor ended before it began", m->name);
	return ok ? 0 : -1;
}
