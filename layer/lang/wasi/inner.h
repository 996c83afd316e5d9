/* inner.h -- what the files of this folder share.
 *
 * Inside, an error is an errno of the host, ENOTCAPABLE included; import.c
 * turns it into WASI's once, on the way out.  A function of wasi.def is
 *
 *   int wasi_NAME(struct wasi_call *c, const uint64_t *a)
 *
 * a the arguments in their slots; it returns 0, an errno, WASI_AGAIN or
 * WASI_EXIT.  What it holds with wasi_hold is let go when it returns.
 *
 * It measures all that it was given before it does anything, and it reads what
 * stands in the program's memory once: another thread may be writing there.
 */
#ifndef LAYER_LANG_WASI_INNER_H
#define LAYER_LANG_WASI_INNER_H

#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>

#include "layer/lang/store.h"
#include "layer/lang/wasi/wasi.h"

struct wasi_call;

enum { ENOTCAPABLE = 4096 };            /* beyond the host's own */
enum { WASI_AGAIN = INT_MIN, WASI_EXIT };

/* -- WASI's numbers ------------------------------------------------------------- */

enum wasi_right_bit {
#define RIGHT(name, kinds) BIT_##name,
#include "layer/lang/wasi/right.def"
#undef RIGHT
	BIT_COUNT
};
#define RIGHT_(name) ((uint64_t)1 << BIT_##name)
enum { KIND_FILE = 'f', KIND_DIR = 'd', KIND_STREAM = 't', KIND_CONNECTION = 's', KIND_LISTENER = 'l' };

enum { TYPE_UNKNOWN, TYPE_BLOCK, TYPE_CHARACTER, TYPE_DIRECTORY, TYPE_REGULAR, TYPE_DGRAM,
       TYPE_STREAM, TYPE_LINK };
enum { FDFLAG_APPEND = 1, FDFLAG_DSYNC = 2, FDFLAG_NONBLOCK = 4, FDFLAG_RSYNC = 8, FDFLAG_SYNC = 16 };
enum { LOOKUP_FOLLOW = 1 };

enum wasi_function {
#define FN(name, params, results) FN_##name,
#include "layer/lang/wasi/wasi.def"
#undef FN
	FN_thread_spawn, FN_COUNT
};

/* -- open files ----------------------------------------------------------------- */

/* Where an open file comes from, and with that how a snapshot finds it again. */
enum wasi_source { SOURCE_STDIO, SOURCE_SOCKET, SOURCE_DIR, SOURCE_PATH, SOURCE_ACCEPTED };

struct wasi_entry { uint64_t ino; uint32_t at, n; uint8_t type; };     /* name: bytes of the listing */
struct wasi_listing {
	struct wasi_entry *entry;       /* own */
	size_t n;
	struct buf names;
};

struct wasi_file {
	/* fixed */
	int fd;                         /* own */
	char kind;                      /* column of right.def */
	uint8_t type;
	uint8_t source;                 /* enum wasi_source */
	uint32_t number;                /* which of these; SOURCE_PATH: beneath which folder */
	char *path;                     /* own: SOURCE_PATH, when it was opened */
	int access;                     /* O_RDONLY, O_WRONLY, O_RDWR */
	bool lent;                      /* others have the same open file: it may block */
	bool readonly;

	/* any thread */
	_Atomic uint32_t refs;
	_Atomic uint64_t base, inheriting;
	_Atomic uint16_t flags;         /* FDFLAG_ */

	/* under lock */
	pthread_mutex_t lock;
	struct wasi_listing *listing;   /* own: what fd_readdir goes through, or NULL */
};

/* -- a guest -------------------------------------------------------------------- */

struct wasi_bind {                      /* what a host function is called with */
	struct wasi *w;
	int (*fn)(struct wasi_call *c, const uint64_t *a);
	bool unstable, results;
};

struct wasi_strings { char *p; size_t n; uint32_t count; };    /* p own: each ends with 0 */

/* A call that waits for a time from now: since when, for when it is called again. */
struct wasi_sleep { uint32_t thread; uint64_t in, out, n, since; };

struct wasi_given { char *guest; int fd; bool readonly; };     /* both own */

struct wasi {
	/* fixed */
	struct wasi_strings args, env;
	struct wasi_given *dir;         /* own */
	size_t ndir, nsocket;
	bool clocks, deterministic;
	bool walk;                      /* no openat2: resolve paths step by step */
	uint64_t offset;                /* added to the host's monotonic clock */
	int (*spawn)(void *ctx, struct thread *caller, uint32_t start_arg, uint32_t tid);
	void *spawn_ctx;

	_Atomic uint32_t tid;           /* the last one given */

	pthread_mutex_t lock;           /* all below */
	struct wasi_file **file;        /* own: the descriptors; NULL where there is none */
	size_t nfile;
	struct wasi_sleep *sleep;       /* own */
	size_t nsleep;
	uint64_t random;                /* deterministic */

	struct wasm_store *store;       /* lent: whose these are */
	struct func *func[2][FN_COUNT]; /* lent: [1] is wasi_unstable */
	struct wasi_bind bind[2][FN_COUNT];
};

/* -- a call --------------------------------------------------------------------- */

struct wasi_call {
	struct thread *t;
	struct wasi *w;
	struct memory *m;               /* of the caller, or NULL */
	bool unstable;                  /* the layouts of wasi_unstable (snapshot 0) */
	struct wasi_file *held[2];
};

#define FN(name, params, results) int wasi_##name(struct wasi_call *c, const uint64_t *a);
#include "layer/lang/wasi/wasi.def"
#undef FN
int wasi_thread_spawn(struct wasi_call *c, const uint64_t *a);

struct wasi_row {
	const char *name[2];            /* module.name: preview 1, unstable (or NULL) */
	const char *params, *results;
	int (*fn)(struct wasi_call *c, const uint64_t *a);
};
extern const struct wasi_row wasi_row[FN_COUNT];       /* by enum wasi_function */

/* The call itself, from a host function's arguments. */
enum host wasi_enter(struct thread *t, void *bind, uint64_t *slots);
void wasi_bind(struct wasi *w);         /* fill w->bind */

/* n bytes of the program's memory, or NULL: they are not all there (EFAULT). */
static inline uint8_t *
wasi_mem(const struct wasi_call *c, uint64_t at, uint64_t n)
{
	uint64_t size = c->m ? atomic_load_explicit(&c->m->size, memory_order_acquire) : 0;
	at = (uint32_t)at;      /* the upper half of a slot is not defined */
	return c->m && at <= size && n <= size - at ? c->m->base + at : NULL;
}

static inline void
wasi_put16(uint8_t *p, uint16_t v)
{
	p[0] = (uint8_t)v, p[1] = (uint8_t)(v >> 8);
}

static inline void
wasi_put32(uint8_t *p, uint32_t v)
{
	for (int i = 0; i < 4; i++)
		p[i] = (uint8_t)(v >> 8 * i);
}

static inline void
wasi_put64(uint8_t *p, uint64_t v)
{
	for (int i = 0; i < 8; i++)
		p[i] = (uint8_t)(v >> 8 * i);
}

static inline uint64_t
wasi_get_le(const uint8_t *p, int n)
{
	uint64_t v = 0;
	for (int i = 0; i < n; i++)
		v |= (uint64_t)p[i] << 8 * i;
	return v;
}

/* -- files (file.c) -------------------------------------------------------------- */

/* Hold the open file fd until the call returns, when it has all of these rights. */
int wasi_hold(struct wasi_call *c, uint64_t fd, uint64_t rights, struct wasi_file **out);
struct wasi_file *wasi_file_ref(struct wasi *w, uint32_t fd);  /* or NULL */
void wasi_file_put(struct wasi_file *f);                        /* NULL is allowed */

/* An open file out of a host descriptor, which it takes also when it fails (NULL,
 * errno).  It has the rights that its kind can have. */
struct wasi_file *wasi_file_new(int fd, enum wasi_source source, uint32_t number);
int wasi_file_add(struct wasi *w, struct wasi_file *f, uint32_t *fd);   /* takes f, always */
uint64_t wasi_file_rights(char kind);
uint8_t wasi_file_type(const struct stat *st, int fd);  /* fd -1: it has none */
void wasi_file_stat(uint8_t *to, const struct stat *st, uint8_t type, bool unstable);
enum { WASI_FILESTAT = 64, WASI_FILESTAT_UNSTABLE = 56 };
/* fst_flags to utimensat's times. */
int wasi_file_times(uint64_t atim, uint64_t mtim, uint32_t flags, struct timespec ts[2]);

/* The program's list of n buffers at `at`, its first IOV_MAX. */
int wasi_iov(struct wasi_call *c, uint64_t at, uint64_t n, struct iovec *iov, int *count);
void wasi_iov_skip(struct iovec **iov, int *n, size_t bytes);
int wasi_write_all(struct wasi_call *c, struct wasi_file *f, struct iovec *iov, int n, uint32_t *total);
void wasi_listing_free(struct wasi_listing *l);

/* -- names beneath a folder (beneath.c) -------------------------------------------- */

/* As openat2 with RESOLVE_BENEATH: a descriptor, or -1 and errno, ENOTCAPABLE
 * for a path that leads out. */
int wasi_beneath(const struct wasi *w, int dir, const char *path, int flags, mode_t mode);
bool wasi_beneath_missing(int dir);     /* the host has no openat2 */

/* The program's path at `at` as the host's; n bytes without a zero. */
int wasi_path_text(struct wasi_call *c, uint64_t at, uint64_t n, char out[PATH_MAX]);

/* A path as a folder and a name in it, for calls that make and remove names and
 * so never follow the last.  name may end with one slash. */
struct wasi_place {
	int fd;
	bool own;
	const char *name;       /* lent: of the path */
};
int wasi_beneath_parent(const struct wasi *w, int dir, char *path, struct wasi_place *p);
void wasi_beneath_done(struct wasi_place *p);

/* -- waiting (wait.c) --------------------------------------------------------------- */

/* ppoll that a kick ends: WASI_AGAIN.  Else 0, and what poll returned in *ready.  ns < 0: for
 * ever. */
int wasi_wait(struct wasi_call *c, struct pollfd *p, nfds_t n, int64_t ns, int *ready);
/* Until f is ready for POLLIN or POLLOUT; EAGAIN when it does not wait. */
int wasi_wait_file(struct wasi_call *c, struct wasi_file *f, short events);
/* What to do about errno behind a call on f: 0 call again, else what to return. */
int wasi_wait_again(struct wasi_call *c, struct wasi_file *f, int error);

/* -- clocks (clock.c) ----------------------------------------------------------------- */

uint64_t wasi_clock_now(const struct wasi *w, bool realtime);
uint64_t wasi_clock_host(void);         /* monotonic, as the host has it */

int wasi_errno(int host);               /* the number that the program gets */

#endif
