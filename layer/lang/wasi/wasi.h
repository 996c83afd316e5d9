/* wasi.h -- WASI preview 1: what a WebAssembly program sees of the world.
 *
 * A program reaches the files beneath the folders that it was given and no
 * others, whatever it says: every path is resolved beneath its folder by the
 * kernel (openat2, RESOLVE_BENEATH), so `..`, absolute paths and links end at
 * its edge.  Every address that it names is measured against its memory before
 * anything is done, and an error is an errno for the program, never a trap.
 *
 * A call that has to wait waits in one place (wait.c) and comes back with
 * HOST_AGAIN when its thread is kicked; it has done nothing by then and is
 * called again with the same arguments.  A kick is t->pending and then SIGURG,
 * which the process handles with an empty function.  SIGPIPE must be blocked
 * or ignored.
 *
 * What is not as in other engines: symbolic links with absolute targets are
 * neither made nor read; without `clocks` a clock says ENOTSUP, though a
 * program may still sleep; new descriptors are never 0, 1 or 2.
 */
#ifndef LAYER_LANG_WASI_WASI_H
#define LAYER_LANG_WASI_WASI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/cur.h"
#include "base/err.h"
#include "layer/lang/module.h"
#include "layer/lang/store.h"

struct wasi;

struct wasi_dir {
	const char *guest;              /* as the program names it: "/", "." or "/data" */
	int fd;                         /* a folder; lent */
	bool readonly;                  /* what would write is EROFS */
};

struct wasi_config {                    /* all lent, and only during wasi_new */
	char *const *argv, *const *env; /* end with NULL; NULL: none */
	const struct wasi_dir *dirs;
	size_t ndir;
	int fd[3];                      /* standard input, output and error; -1: closed */
	const int *sockets;             /* listening; made non-blocking */
	size_t nsocket;                 /* they are 3, 4, ... and the folders come behind them */
	bool clocks;                    /* clock_time_get and clock_res_get work */
	bool deterministic;             /* random_get is a fixed stream, folders are sorted */
	uint64_t seed;                  /* of that stream */

	/* Start a thread of the program in a new instance of its module (wasi-threads):
	 * wasi_thread_start(tid, start_arg).  Returns 0, or -1 when it cannot.  NULL:
	 * thread-spawn always fails. */
	int (*spawn)(void *ctx, struct thread *caller, uint32_t start_arg, uint32_t tid);
	void *spawn_ctx;
};

/* The descriptors in c are duplicated. */
struct wasi *wasi_new(const struct wasi_config *c, struct err *e);
void wasi_free(struct wasi *w);         /* NULL is allowed; no thread is in a call */

/* The host function of an import: modules "wasi_snapshot_preview1",
 * "wasi_unstable" and "wasi".  It is made once per store.  false: it is not one of ours
 * ("unknown import") or has another type ("incompatible import type"). */
bool wasi_import(struct wasi *w, struct wasm_store *s, struct name module, struct name name,
                 uint32_t type_id, struct external *out, struct err *e);

/* Open files as where to find them again, no host descriptors; no thread is in a call.
 * -1: something is open that cannot be found again (a removed file, a connection). */
int wasi_save(struct wasi *w, struct buf *b, struct err *e);
/* Into a fresh wasi_new with folders of the same names.  -1: w is good for
 * nothing but wasi_free. */
int wasi_load(struct wasi *w, struct cur *c, struct err *e);

#endif
