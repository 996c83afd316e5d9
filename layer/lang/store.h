/* store.h -- what exists while programs run: instances and all that they share.
 *
 * A store (the specification's word; that of core/store.h is another) owns its
 * instances, functions, memories, tables, globals, tags, heap and threads; they live
 * as long as it does, each has a number in it, and a reference is never a host
 * pointer.  That is why a store can be written to a snapshot as it stands (save.c).
 *
 * A value takes one 8-byte slot, v128 two.  An i32 or f32 has its bits in the
 * low half; the high half of a slot is not defined for them.  A reference slot is:
 *
 *   0                    null
 *   ....1                i31: value << 1 | 1 (31 bits of value)
 *   ..000                heap object: byte offset from the heap's base (heap.h)
 *   ..010                function: byte offset in the store's function table, | 2
 *   ..100                host value: number << 3 | 4
 */
#ifndef LAYER_LANG_STORE_H
#define LAYER_LANG_STORE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "base/err.h"
#include "layer/lang/module.h"
#include "layer/lang/type.h"

struct code;
struct heap;
struct instance;
struct wasm_store;
struct thread;

enum trap {
#define TRAP(name, text) TRAP_##name,
#include "layer/lang/trap.def"
#undef TRAP
	TRAP_COUNT
};
extern const char *const store_trap_text[TRAP_COUNT];

/* -- functions ---------------------------------------------------------------- */

/* What a host function answers. */
enum host {
	HOST_OK,
	HOST_TRAP,  /* t->trap says which; t->err may say more */
	HOST_EXIT,  /* end the program with t->status */
	HOST_AGAIN, /* kicked while it waited: call me again when it goes on */
};

/* slots: the arguments, and there the results go; it has room for both.  The
 * memory of the calling instance is t->caller's. */
typedef enum host host_fn(struct thread *t, void *env, uint64_t *slots);

struct func {                     /* 64 bytes: a reference is an offset */
	const uint64_t *code;     /* entry of its translation; NULL until first called */
	struct instance *inst;    /* lent; NULL for a host function */
	uint32_t type;            /* id */
	uint32_t frame;           /* slots that its frame takes, once translated */
	struct code *translation; /* own; NULL until first called */
	uint32_t index;           /* in its module */
	uint32_t pslots;          /* of its parameters */
	host_fn *host;
	void *env;             /* lent */
	const char *host_name; /* lent: "wasi_snapshot_preview1.fd_write", names it in a snapshot */
};

/* -- memories, tables, globals, tags ------------------------------------------ */

struct memory {
	uint8_t *base;         /* fixed while a thread runs, see memory_grow */
	_Atomic uint64_t size; /* bytes */
	struct limits limits;  /* min is the size it began with, in pages */
	size_t reserved;       /* bytes of address space behind base */
	uint32_t number;       /* in its store */
	pthread_mutex_t lock;  /* shared memories: growth and waiters */
	struct waiter *waiters;
};

struct table {
	uint64_t *elem; /* own */
	uint64_t size, cap;
	struct limits limits;
	valtype type;
	uint32_t number;
};

struct global {
	uint64_t v[2];
	valtype type;
	bool mut;
	uint32_t number;
};

struct tag {
	uint32_t type;
	uint32_t number;
};

struct external { /* what can be imported and exported */
	enum extern_kind kind;
	union {
		struct func *func;
		struct table *table;
		struct memory *memory;
		struct global *global;
		struct tag *tag;
	};
};

/* -- instances ---------------------------------------------------------------- */

struct instance {
	struct wasm_store *store; /* lent */
	struct module *module;    /* lent; outlives the store */
	uint32_t number;          /* in its store */
	char *name;               /* own: for messages and linking, or NULL */

	struct func *func;         /* of its own functions: func[index - func_imports] */
	struct func **func_import; /* own list */
	struct table **table;      /* own lists of lent things, imports first */
	struct memory **memory;
	struct global **global;
	struct tag **tag;
	uint64_t **elem;       /* own: evaluated segments; NULL once dropped */
	uint32_t *elem_n;      /* their lengths, 0 once dropped */
	uint8_t *data_dropped; /* own */
};

/* A function of an instance's index space. */
static inline struct func *
instance_func(const struct instance *i, uint32_t index)
{
	return index < i->module->func_imports ? i->func_import[index]
	                                       : &i->func[index - i->module->func_imports];
}

/* -- threads ------------------------------------------------------------------- */

/* Why a thread's run came back. */
enum stop {
	STOP_DONE,  /* the call ended; its results stand at t->stack */
	STOP_KICK,  /* t->pending was set; at rest, run goes on */
	STOP_TRAP,  /* t->trap; fp, pc and func are where it happened, for run_backtrace */
	STOP_THROW, /* uncaught exception t->exception; the same */
	STOP_EXIT,  /* t->status */
};

/* Values that a constant expression has made so far: roots while it goes on. */
struct run_values {
	struct run_values *next;
	uint64_t *v;
	const uint8_t *ref; /* which of them are references */
	uint32_t n;
};

struct thread {
	struct wasm_store *store; /* lent */
	uint32_t number;

	/* its stack: 8-byte slots, mapped lazily */
	uint64_t *stack, *stack_end;
	size_t stack_bytes;

	/* any thread, atomically: leave run_go at the n-th call or loop from now; it is
	 * cleared when run_go comes back with STOP_KICK */
	_Atomic uint32_t pending;

	/* at rest, and while host functions run */
	bool running;       /* a call has begun and not ended */
	uint64_t *fp;       /* frame of func */
	const uint64_t *pc; /* next instruction */
	struct func *func;
	struct instance *caller;   /* whose code called the host */
	struct run_values *values; /* lent */
	int64_t fuel;              /* left; meaningful when the store meters */

	enum trap trap;
	uint64_t exception; /* reference */
	int status;
	struct err err; /* more about a trap, or empty */

	unsigned depth;          /* nested runs: a host function called back */
	struct run_outer *outer; /* lent: what those interrupted (run.h) */

	/* for run_kick: is somebody inside, and who */
	_Atomic bool inside;
	pthread_t self;
	void *host;                      /* lent: the host's own, for instance wasi's */
	struct memory *_Atomic waits_on; /* memory.wait: where, or NULL */
	struct timespec wait_until;      /* memory.wait that was kicked: when it ends; 0: none */
};

/* -- the store ----------------------------------------------------------------- */

struct store_limits {    /* 0: the default */
	uint64_t memory; /* bytes of all memories together */
	uint64_t heap;   /* bytes of the heap */
	uint64_t table;  /* elements of all tables together */
	uint64_t stack;  /* bytes of each thread's stack; 8 MiB */
	uint32_t instances, threads;
	bool meter;         /* count fuel */
	bool deterministic; /* canonical NaNs; no clocks (wasi looks) */
};

struct list {
	void **p;
	uint32_t n, cap;
};

struct wasm_store {
	struct store_limits limits;
	struct func *func; /* the function table: own mapping */
	size_t nfunc, func_cap;
	struct list instance, table, memory, global, tag, thread; /* own */
	struct heap *heap; /* own; made at the first allocation */
	_Atomic uint64_t memory_used, table_used;
	pthread_mutex_t lock; /* lists, translation, when threads are several */
	void *host;           /* lent */
};

struct wasm_store *store_new(const struct store_limits *l); /* l NULL: defaults; never fails */
void store_free(struct wasm_store *s);                      /* NULL is allowed */

struct thread *store_thread(struct wasm_store *s, struct err *e);
void store_thread_free(struct thread *t);

/* A host function; name is lent and names it in snapshots. */
struct func *store_host(struct wasm_store *s, uint32_t type, host_fn *fn, void *env,
                        const char *name);
/* n fresh functions in one row, or NULL when the table is full. */
struct func *store_funcs(struct wasm_store *s, size_t n, struct err *e);
void store_funcs_take_back(struct wasm_store *s, struct func *f, size_t n);
struct global *store_global(struct wasm_store *s, valtype t, bool mut, const uint64_t v[2]);
struct tag *store_tag(struct wasm_store *s, uint32_t type);
void store_add(struct wasm_store *s, struct list *l, void *thing, uint32_t *number);
/* Undo store_add; false: others were added since, and it stays. */
bool store_take_back(struct wasm_store *s, struct list *l, const void *thing);
void store_instance_free(struct instance *i);

static inline uint64_t
store_ref(const struct wasm_store *s, const struct func *f)
{
	return f ? ((uint64_t)((const char *)f - (const char *)s->func) | 2) : 0;
}
static inline struct func *
store_func(const struct wasm_store *s, uint64_t ref)
{
	return (struct func *)((char *)s->func + (ref & ~(uint64_t)7));
}

/* Function references: ref & 7 == 2.  The first function is at offset 64. */

/* -- memory.c and table.c -------------------------------------------------------- */

struct memory *memory_new(struct wasm_store *s, const struct limits *l, struct err *e);
void memory_free(struct memory *m);
/* A kicked thread leaves its wait. */
void memory_wake_thread(struct thread *t);
/* Returns the old size in pages, or UINT64_MAX: it cannot.  base may move only when
 * the memory is not shared. */
uint64_t memory_grow(struct wasm_store *s, struct memory *m, uint64_t pages);
uint64_t memory_pages(const struct memory *m);
uint32_t memory_notify(struct memory *m, uint64_t addr, uint32_t count);
/* 0 woken, 1 not equal, 2 timed out, 3 kicked (t->pending). ns < 0: for ever. */
int memory_wait(struct thread *t, struct memory *m, uint64_t addr, uint64_t expected, int bytes,
                int64_t ns);

struct table *
table_new(struct wasm_store *s, valtype type, const struct limits *l, uint64_t init, struct err *e);
void table_free(struct table *t);
uint64_t table_grow(struct wasm_store *s, struct table *t, uint64_t n, uint64_t init);

/* -- link.c: instances out of modules -------------------------------------------- */

enum link { LINK_OK, LINK_UNLINKABLE, LINK_TRAP, LINK_EXIT };

/* imports: one per m->import, in order.  Runs the initialisers and then the
 * start function on t.  LINK_UNLINKABLE: e's sentence begins with the
 * specification's ("unknown import" for one without a thing, "incompatible import
 * type"); nothing is left in the store.  LINK_TRAP:
 * t->trap; the instance exists, what it wrote stays (4.7.2). */
enum link link_instance(struct thread *t, struct module *m, const struct external *imports,
                        const char *name, struct instance **out, struct err *e);
/* For save.c: an instance with empty lists; and its functions, in one row. */
struct instance *link_bare(struct wasm_store *s, struct module *m);
int link_functions(struct instance *i, struct err *e);

/* The same without the start function: no instruction of the module has run. */
enum link link_make(struct thread *t, struct module *m, const struct external *imports,
                    const char *name, struct instance **out, struct err *e);
bool link_export(const struct instance *i, const char *name, size_t n, struct external *out);

/* -- run.c: calls ----------------------------------------------------------------- */

/* Begin a call (nothing may be running on t), then run until there is a reason. */
int run_begin(struct thread *t, struct func *f, const uint64_t *args, struct err *e);
enum stop run_go(struct thread *t);
/* Both, and again after each kick; results (rslots of its type) are copied. */
enum stop run_call(struct thread *t, struct func *f, const uint64_t *args, uint64_t *results);
/* "  #0 name (module.wasm+0x12f)" lines, innermost first, of where it stopped; owned. */
char *run_backtrace(struct thread *t);
/* Set t->pending from anywhere; a thread in a host function gets SIGURG too. */
void run_kick(struct thread *t);

/* Every reference that is alive on t's stack, by address (for heap.c).  What is no
 * reference to a heap object is visited too. */
void run_roots(struct thread *t, void (*visit)(void *ctx, uint64_t *slot), void *ctx);

#endif
