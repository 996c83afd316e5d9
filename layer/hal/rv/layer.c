/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "base/arena.h"
#include "base/file.h"
#include "base/json.h"
#include "base/proc.h"
#include "base/proc.h"
#include "core/artifact.h"
#include "core/pages.h"
#include "layer/hal/dev/lazy.h"
#include "layer/hal/dev/virtio_gpu.h"
#include "layer/hal/rv/agent.h"
#include "layer/hal/rv/computer.h"
#include "layer/hal/rv/debug.h"
#include "layer/hal/rv/gdb.h"
#include "layer/hal/rv/inspect.h"
#include "layer/hal/rv/network.h"
#include "layer/hal/rv/rv.h"

/* The layer `rv`: a RISC-V computer in software. */

#define RAM_TAG SNAP_TAG('R', 'A', 'M', ' ')

static int
probe(const struct artifact *a)
{
	return a->kind == ARTIFACT_FILE && a->floor && strcmp(a->floor, "rv") == 0 ? 90 : 0;
}

static void
destroy(struct guest *g)
{
	if (!g)
		return;
	computer_free(g);
	free(g);
}

static struct guest *
create(const struct spec *s, const struct home *h, struct err *e)
{
	struct guest *g = xcalloc(1, sizeof *g);
	g->spec = s;
	g->home = *h;
	g->in = g->out = g->err = g->terminal = g->settling = -1;
	if (computer_build(g, e) == 0)
		return g;
	destroy(g);
	return NULL;
}

/* -- lives -------------------------------------------------------------------------------------- */

/* From so many resets of short lives on, one life begins a second. */
enum { RESETS = 10 };
#define SHORT_LIFE INT64_C(1000000000)

/* A guest that can do nothing but reset shall not burn a processor of the host. */
static void
slow_down(struct guest *g)
{
	int64_t now = proc_monotonic();
	g->resets = now - g->born < SHORT_LIFE ? g->resets + 1 : 0;
	if (g->resets < RESETS) {
		g->born = now;
		return;
	}
	g->born += SHORT_LIFE;
	if (g->slowed)
		return;
	g->slowed = true;
	dprintf(g->err < 0 ? g->out : g->err,
	        "joist: the guest resets again and again: from now on once a second\n");
}

/* At rest, until its life may begin or somebody wants something of it. */
static void
wait_for_life(struct guest *g)
{
	enum { SLICE = 10000000 };
	int64_t left;
	while ((left = g->born - proc_monotonic()) > 0 && !atomic_load(&g->kicked) &&
	       !atomic_load(&g->signal))
		nanosleep(&(struct timespec){ .tv_nsec = left < SLICE ? left : SLICE }, NULL);
}

/* The guest, or a device, has something for the whole machine. */
static enum why
raised(struct guest *g, struct err *e)
{
	enum board_event what;
	int status;
	struct err why = { 0 };
	if (!board_raised(g->board, &what, &status, &why))
		return WHY_START;
	switch (what) {
	case BOARD_RESET:
		if (g->options.no_reboot) {
			g->status = 0;
			return WHY_EXIT;
		}
		slow_down(g);
		if (computer_boot(g, e) < 0) {
			g->status = EXIT_OURS;
			return WHY_FAULT;
		}
		return WHY_START;
	case BOARD_FAULT:
		*e = why;
		g->status = EXIT_OURS;
		return WHY_FAULT;
	case BOARD_STUCK:
		*e = why;
		err_hint(e, "make room, then: joist resume %s", g->home.name);
		return WHY_STUCK;
	default: g->status = status; return WHY_EXIT;
	}
}

static enum why
enter(struct guest *g, struct err *e)
{
	enum why why = WHY_START;
	if (!g->started) {
		/* not in create: who is loaded has no use for it */
		if (computer_boot(g, e) < 0) {
			g->status = err_exit(e);
			return WHY_FAULT;
		}
		g->started = true;
		g->born = proc_monotonic();
		return WHY_START;
	}
	while (why == WHY_START) {
		wait_for_life(g);
		board_wake(g->board);
		atomic_store(&g->inside, true);
		enum rv_why stop = rv_run(g->rv);
		atomic_store(&g->inside, false);
		board_rest(g->board);
		if (g->trace)
			fflush(g->trace);
		int sig = atomic_load(&g->signal);
		if (lazy_error(board_bus(g->board)->lazy, e) < 0) {
			g->status = EXIT_OURS;
			return WHY_FAULT;
		}
		if (stop == RV_RAISED) {
			why = raised(g, e);
		} else if (sig) {
			g->status = 128 + sig;
			why = WHY_EXIT;
		} else if (stop == RV_DEBUG) {
			why = WHY_DEBUG;
		} else if (atomic_exchange(&g->kicked, false)) {
			why = WHY_KICK;
		}
	}
	g->rested = proc_monotonic();
	return why;
}

static void
kick(struct guest *g)
{
	atomic_store(&g->kicked, true);
	rv_kick(g->rv);
}

static int
exit_code(const struct guest *g)
{
	return g->status;
}

static int
send_signal(struct guest *g, int sig, struct err *e)
{
	(void)e;
	if (sig == SIGCHLD || sig == SIGURG || sig == SIGWINCH || sig == SIGCONT)
		return 0;
	atomic_store(&g->signal, sig);
	rv_kick(g->rv);
	return 0;
}

static int
console(struct guest *g)
{
	return g->terminal;
}

/* -- looking ---------------------------------------------------------------------------------- */

/* What the process has in memory: nearly all of it is the guest's. */
static uint64_t
resident(void)
{
	char text[64];
	unsigned long pages = 0;
	if (file_peek(AT_FDCWD, "/proc/self/statm", text, sizeof text) > 0)
		sscanf(text, "%*u %lu", &pages);
	return (uint64_t)pages * 4096;
}

/* Microseconds that the processor has worked for it. */
static json_int_t
processor(void)
{
	struct rusage own;
	getrusage(RUSAGE_SELF, &own);
	return (json_int_t)(own.ru_utime.tv_sec + own.ru_stime.tv_sec) * 1000000 +
	       own.ru_utime.tv_usec + own.ru_stime.tv_usec;
}

static json_t *
stats(struct guest *g)
{
	/* who is at rest says nothing */
	json_t *inner = atomic_load(&g->inside) ? agent_stats(g) : NULL;
	json_t *memory = json_object_get(inner, "memory");
	json_int_t used = (json_int_t)json_int(memory, "used", -1), have = (json_int_t)resident();
	json_t *o = json_pack("{s:{s:I}, s:{s:I, s:I, s:I}, s:{s:I}}", "cpu", "usec", processor(),
	                      "memory", "current", used >= 0 ? used : have, "resident", have,
	                      "limit", (json_int_t)g->options.memory, "pids", "current",
	                      (json_int_t)json_int(inner, "processes", 0));
	if (inner)
		json_object_set_new(o, "guest", inner);
	return o;
}

static json_t *
inspect(struct guest *g)
{
	return json_pack("{s:o, s:o, s:o}", "harts", inspect_harts(g->rv), "devices",
	                 board_inspect(g->board), "network", network_inspect(g));
}

static void
recover(const char *name, const json_t *config, const struct home *h)
{
	(void)config;
	network_recover(name, h);
}

/* -- a debugger ------------------------------------------------------------------------------- */

static enum debug_wish
debug(struct guest *g, enum debug_event what, const void *bytes, size_t n, struct str *answer)
{
	struct rv *r = g->rv;
	switch (what) {
	case DEBUG_COMES:
		if (!r->debugger)
			debug_new(r);
		g->gdb = gdb_new(r);
		break;
	case DEBUG_SAYS: return gdb_says(g->gdb, bytes, n, answer);
	case DEBUG_RESTS: gdb_rests(g->gdb, answer); break;
	case DEBUG_ENDS: gdb_ends(g->gdb, g->status, answer); break;
	case DEBUG_LEAVES:
		gdb_free(g->gdb);
		g->gdb = NULL;
		if (!r->trace)
			debug_free(r->debugger);
		break;
	}
	return WISH_NOTHING;
}

static uint32_t *
picture(struct guest *g, uint32_t *width, uint32_t *height, struct err *e)
{
	if (!g->gpu) {
		fail(e, ENODEV, "machine '%s' has no screen", g->home.name);
		err_hint(e, "make it with one: joist run --display screen ...");
		return NULL;
	}
	uint32_t *pixels = screen_take(virtio_gpu_screen(g->gpu), width, height);
	if (!pixels) {
		fail(e, EAGAIN, "machine '%s' shows nothing on its screen", g->home.name);
		err_hint(e, "try again when its driver has started");
	}
	return pixels;
}

/* -- at rest: to a snapshot and back --------------------------------------------------------------- */

/* RAM goes first: a device that is loaded may look at it. */
static int
save(struct guest *g, struct snap *s, struct err *e)
{
	const struct bus *b = board_bus(g->board);
	int folder = snap_folder(s);
	/* in memory: the disks wait where they are, in case nobody goes on with this guest */
	if ((folder >= 0 ? computer_keep_disks(g, folder, e) : computer_flush_disks(g, e)) < 0)
		return -1;
	if (pages_put(s, RAM_TAG, b->ram_start, b->ram, b->ram_size, e) < 0 ||
	    lazy_error(b->lazy, e) < 0 || rv_save(g->rv, s, e) < 0)
		return -1;
	return board_save(g->board, s, e);
}

/* The guest saw zeros where there was something else. */
static void
damaged(void *ctx)
{
	struct guest *g = ctx;
	rv_kick(g->rv);
}

/* RAM stays in the file until somebody looks at it, where that can be. */
static int
load_memory(struct guest *g, struct snap *s, struct err *e)
{
	struct bus *b = board_bus(g->board);
	struct pages *p = pages_open(s, RAM_TAG, b->ram_start, b->ram_size, e);
	if (!p)
		return -1;
	if (pages_stay(p) && lazy_begin(b, p, damaged, g))
		return 0;
	int rc = pages_all(p, b->ram, e);
	pages_close(p);
	return rc;
}

static int
load(struct guest *g, struct snap *s, struct err *e)
{
	int folder = snap_folder(s);
	computer_forget(g);
	if (load_memory(g, s, e) < 0 || rv_load(g->rv, s, e) < 0 ||
	    board_load(g->board, s, e) < 0 ||
	    (snap_is_file(s) && computer_take_disks(g, folder, e) < 0))
		return -1;
	for (unsigned i = 0; i < g->rv->nhart; i++)
		rv_timer(g->rv->hart[i]);
	g->started = true;
	g->rested = 0;
	return 0;
}

const struct layer rv_layer = {
	.name = "rv",
	.floor = FLOOR_HARDWARE,
	.brief = "a RISC-V computer in software",
	.probe = probe,
	.takes = "append cpus debug deterministic disk display dns dns_search dtb firmware flash "
	         "health_cmd health_interval health_retries health_start_period health_timeout "
	         "hostname initrd ip kernel memory net net_alias no_healthcheck no_reboot "
	         "publish resolution trace vnc_password volume",
	.complete = options_complete,
	.create = create,
	.destroy = destroy,
	.enter = enter,
	.kick = kick,
	.exit_code = exit_code,
	.save = save,
	.load = load,
	.signal = send_signal,
	.exec = agent_exec,
	.reap = agent_reap,
	.cancel = agent_cancel,
	.console = console,
	.settle = agent_settle,
	.stats = stats,
	.inspect = inspect,
	.debug = debug,
	.picture = picture,
	.recover = recover,
};
