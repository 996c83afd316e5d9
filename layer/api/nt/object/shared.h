/* shared.h -- memory that all processes of one machine share.
 *
 * It is a file without a name, made when the first process needs it and inherited by all that
 * come after: the table of processes, and what has a name or was inherited.  Any process may be killed at any
 * time, so its lock is robust and whoever finds a dead holder goes on: what is under the
 * lock is changed in an order in which every half-done state is a valid one.  Waiting is
 * done on futexes of the machine; a process that waits has a bell, which those ring who
 * change what it waits for.
 */
#ifndef LAYER_API_NT_OBJECT_SHARED_H
#define LAYER_API_NT_OBJECT_SHARED_H

#include "base/err.h"
#include "layer/api/nt/status.h"
#include "layer/api/nt/types.h"

enum {
	SHARED_PROCESSES = 1024,
	SHARED_THINGS = 4096,
	SHARED_NAME = 116,      /* WCHARs; a longer name is cut and ends with its hash */
};

enum shared_state { SHARED_FREE, SHARED_STARTING, SHARED_ALIVE, SHARED_ENDED };

/* A process.  Its id is fixed while it is not FREE. */
struct shared_process {
	_Atomic uint32_t state;         /* enum shared_state */
	_Atomic uint32_t id;            /* as programs see it: a multiple of 4 */
	_Atomic int32_t pid;            /* of the host, in the machine's namespace */
	_Atomic uint32_t exit_code;     /* STILL_ACTIVE (259) until it ends */
	_Atomic uint32_t gate;          /* futex: 1 while it waits to be resumed */
	_Atomic uint32_t bell;          /* futex: counts what it should look at */
	_Atomic uint32_t threads;
	_Atomic uint32_t job;           /* number of its job + 1, or 0 */
	_Atomic uint32_t post;          /* futex: whether it answers (post.c) */
	_Atomic uint32_t gifts;         /* handles that others have put into its table */
	_Atomic uint32_t watches;       /* it wants to hear of changes of the registry */
	_Atomic uint32_t files;         /* its entries in file[] */
	_Atomic uint64_t peb;           /* where its environment block is, in its own memory */
	uint32_t parent;
	uint32_t main_thread;           /* its first thread's id */
	uint64_t created, ended;        /* FILETIME */
	uint64_t cpu_user, cpu_kernel;  /* 100 ns; known when it has ended */
	WCHAR image[MAX_PATH];          /* Windows path of its program */
};

/* A named or inherited event, mutex, semaphore, timer, section, keyed event or job. */
enum shared_kind { SHARED_NOTHING, SHARED_EVENT, SHARED_MUTEX, SHARED_SEMAPHORE, SHARED_SECTION,
	           SHARED_JOB, SHARED_TIMER, SHARED_KEYED };
enum { SHARED_MANUAL = 1 };     /* flag of an event, a timer */

struct shared_thing {
	/* under the lock */
	uint32_t kind;
	uint32_t hash;                  /* of the name */
	uint32_t refs;                  /* processes that have it */
	uint32_t users[SHARED_PROCESSES / 32];  /* which ones: a bit each */
	uint32_t open[SHARED_PROCESSES / 32];   /* those of them that have a handle: the name is theirs */
	WCHAR name[SHARED_NAME];        /* "" for one that was inherited, or has no handle any more */
	/* changed under the lock, but for a job's */
	_Atomic int32_t state;          /* an event's, a semaphore's count; of a job: job.c */
	_Atomic uint32_t owner;         /* of a mutex: its process' index + 1, 0 for nobody; of a
	                                 * timer: how often it was set */
	_Atomic uint32_t abandoned;
	_Atomic uint32_t recursion;     /* of a job; a timer's period in ms */
	_Atomic uint32_t flags;         /* SHARED_MANUAL; a job's */
	_Atomic int64_t limit;          /* of a semaphore; a section's size; when a timer is due */
};

/* A wait of one thread, as far as it is for things of the machine: shared_sync.h. */
enum shared_wait_state { SHARED_WAITING, SHARED_GRANTED, SHARED_LOOK };
enum { SHARED_WAIT_MOST = 64, SHARED_WAITS = 4096, SHARED_ABANDONED = 0x80 };

struct shared_wait {
	_Atomic uint32_t state;         /* futex: enum shared_wait_state */
	_Atomic uint32_t process;       /* its index + 1; 0: a free place */
	uint64_t turn;                  /* who came first */
	uint32_t result;                /* GRANTED: which of thing[], and SHARED_ABANDONED */
	uint16_t n;
	uint8_t all;                    /* it looks itself whether all are there */
	uint8_t bell;                   /* no thread sleeps: its process has a listener */
	uint16_t thing[SHARED_WAIT_MOST];
};

/* A handle that another process has put into one's table: it is found when it is used. */
struct shared_gift {
	_Atomic uint32_t target;        /* whose: index + 1; 0: a free place */
	uint32_t number;                /* the handle's index in the target's table */
	uint32_t thing;                 /* index + 1; 0: it is a process */
	uint32_t process;               /* its id */
	uint32_t access, inherit;
};

enum { SHARED_GIFTS = 4096 };

/* An open file, as others have to heed it: shared_file.h. */
struct shared_file {
	_Atomic uint32_t process;       /* its index + 1; 0: a free place */
	_Atomic uint32_t next;          /* of its bucket, or of the free ones: index + 1 */
	uint64_t dev, ino;
	uint8_t want, share, pending;
};

enum { SHARED_FILES = 32768, SHARED_FILE_BUCKETS = 8192 };

struct shared {
	uint32_t magic, size;
	uint32_t run;                   /* tells this run of the machine from others */
	_Atomic uint32_t lock;          /* futex: index of the holder + 1, waiters in bit 31 */
	/* under the lock */
	uint32_t nthing, nwait, ngift, nfile;   /* places ever used */
	uint32_t file_free;             /* index + 1 */
	uint64_t turn;
	/* What is being handed to a waiter: who finds a dead holder of the lock does it again. */
	struct {
		_Atomic uint32_t wait;  /* index + 1; 0: nothing */
		_Atomic uint32_t thing, result, owner;
		_Atomic int32_t state;
	} redo;
	struct shared_process process[SHARED_PROCESSES];
	struct shared_wait wait[SHARED_WAITS];
	struct shared_gift gift[SHARED_GIFTS];
	struct shared_thing thing[SHARED_THINGS];
	_Atomic uint32_t file_bucket[SHARED_FILE_BUCKETS];      /* index + 1 */
	struct shared_file file[SHARED_FILES];
};

extern struct shared *shared;           /* NULL before shared_start() */

/* Make it, unless it is there.  process.h's process_share() also takes our place in it. */
int shared_start(struct err *e);
/* Map one that was inherited; takes the descriptor. */
int shared_adopt(int fd, struct err *e);
int shared_fd(void);                    /* lent */
uint32_t shared_run(void);              /* never 0 */

void shared_lock(void);
void shared_unlock(void);

/* A place in the table of processes, SHARED_STARTING; NULL: there are too many. */
struct shared_process *shared_new_process(const WCHAR *image, uint32_t parent);
struct shared_process *shared_find_process(uint32_t id);       /* not FREE; or NULL */
struct shared_process *shared_self(void);
void shared_be(struct shared_process *p);       /* that is us */
bool shared_lives(struct shared_process *p);    /* and has not said that it ends */
bool shared_dead(const struct shared_process *p);       /* none of its threads runs any more */
/* Its program's path: a copy that ends, whatever stands there. */
const WCHAR *shared_image(const struct shared_process *p, WCHAR out[MAX_PATH]);
void shared_gate_wait(struct shared_process *p);
uint32_t shared_gate_open(struct shared_process *p);    /* what it was */
uint32_t shared_bell(void);
void shared_listen(uint32_t seen);              /* until our bell is another than that */
void shared_ring(struct shared_process *p);
void shared_ring_watchers(void);        /* all others that watch the registry */
/* Until the word is another than that, somebody wakes it, or the milliseconds are over. */
void shared_wait(_Atomic uint32_t *word, uint32_t value, uint32_t ms);
void shared_wake(_Atomic uint32_t *word);

/* Of ours; 0 when there is no such process. */
uint32_t shared_index(void);
/* It has ended, or was never born: what it had is nobody's now.  id: unless its place is
 * another one's by now; 0 is any. */
void shared_gone(struct shared_process *p, uint32_t id);

/* -- shared_thing.c ------------------------------------------------------------------------- */

/* How a new one begins. */
struct shared_first {
	int32_t state;
	bool owned;                     /* a mutex, by the calling process */
	uint32_t flags;
	int64_t limit;
};

/* A thing by name and kind: *made says that it is new.  name NULL: an unnamed one.
 * STATUS_OBJECT_TYPE_MISMATCH: the name is something else's.  STATUS_OBJECT_NAME_NOT_FOUND
 * when it is only to be opened. */
NTSTATUS shared_open(enum shared_kind kind, const WCHAR *name, const struct shared_first *make,
                     struct shared_thing **out, bool *made);
bool shared_named(const WCHAR *name);           /* is it a thing's name? */
void shared_close(struct shared_thing *t);      /* this process has it no longer */
/* The same, and when it was the last one, end(t) before its place is free.  Under the lock. */
void shared_close_with(struct shared_thing *t, void (*end)(const struct shared_thing *t));
bool shared_elsewhere(struct shared_thing *t);          /* another process has a handle of it */
void shared_ring_users(const struct shared_thing *t);   /* all others that have it */
void shared_nameless(struct shared_thing *t);   /* our last handle is closed, but we have it still */
/* A process has it too: an inherited one, or one that is given.  With a handle. */
void shared_use(struct shared_thing *t, uint32_t index);
/* One that a number from elsewhere means, of this kind or SHARED_NOTHING for any; or NULL. */
struct shared_thing *shared_at(uint64_t number, enum shared_kind kind);
uint32_t shared_number(const struct shared_thing *t);
/* Put a handle into another process' table.  0: there are too many. */
uint32_t shared_give(struct shared_process *to, const struct shared_gift *what);
bool shared_gift(uint32_t number, struct shared_gift *out);     /* ours: take it */
/* Under the lock: all that the process of this index had. */
void shared_thing_gone(uint32_t index);

#endif
