/* shared.h -- memory that all processes of one machine share.
 *
 * It is a file without a name, made when the first process needs it and inherited by all that
 * come after: the table of processes, and what has a name or was inherited.  Any process may be killed at any
 * time, so its lock is robust and whoever finds a dead holder goes on: what is under the
 * lock is changed in an order in which every half-done state is a valid one.  Waiting is
 * done on futexes of the machine; a process that waits has a bell, which those ring who
 * change what it waits for.
 */
#ifndef LAYER_API_NT_SHARED_H
#define LAYER_API_NT_SHARED_H

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
	_Atomic uint32_t listens;       /* has it a thread that waits for the bell? */
	_Atomic uint32_t threads;
	_Atomic uint32_t job;           /* number of its job + 1, or 0 */
	uint32_t parent;
	uint32_t main_thread;           /* its first thread's id */
	uint64_t created, ended;        /* FILETIME */
	uint64_t cpu_user, cpu_kernel;  /* 100 ns; known when it has ended */
	WCHAR image[MAX_PATH];          /* Windows path of its program */
};

/* A named or inherited event, mutex, semaphore or section. */
enum shared_kind { SHARED_NOTHING, SHARED_EVENT, SHARED_MUTEX, SHARED_SEMAPHORE, SHARED_SECTION,
	           SHARED_TIMER, SHARED_JOB };

struct shared_thing {
	uint32_t kind;                  /* under the lock, as is what follows */
	uint32_t refs;                  /* processes that have it open */
	uint32_t users[SHARED_PROCESSES / 32];  /* which ones: a bit each */
	WCHAR name[SHARED_NAME];        /* "" for one that was inherited */
	/* any process, atomically */
	_Atomic int32_t state;          /* as struct object's */
	_Atomic uint32_t owner;         /* of a mutex: thread id, 0 for none */
	_Atomic uint32_t owner_process; /* and the index of its process + 1 */
	_Atomic uint32_t recursion;
	_Atomic uint32_t abandoned;
	_Atomic uint32_t flags;         /* manual reset ... */
	_Atomic int64_t limit;          /* of a semaphore; a section's size */
};

struct shared {
	uint32_t magic, size;
	_Atomic uint32_t lock;          /* futex: index of the holder + 1, waiters in bit 31 */
	uint32_t nthing;                /* under the lock: places of thing[] ever used */
	struct shared_process process[SHARED_PROCESSES];
	struct shared_thing thing[SHARED_THINGS];
};

extern struct shared *shared;           /* NULL before shared_start() */

/* Make it, unless it is there.  process.h's process_share() also takes our place in it. */
int shared_start(struct err *e);
/* Map one that was inherited; takes the descriptor. */
int shared_adopt(int fd, struct err *e);
int shared_fd(void);                    /* lent */

void shared_lock(void);
void shared_unlock(void);

/* A place in the table of processes, SHARED_STARTING; NULL: there are too many. */
struct shared_process *shared_new_process(const WCHAR *image, uint32_t parent);
struct shared_process *shared_find_process(uint32_t id);       /* not FREE; or NULL */
struct shared_process *shared_self(void);
void shared_be(struct shared_process *p);       /* that is us */
bool shared_lives(struct shared_process *p);
void shared_gate_wait(struct shared_process *p);
uint32_t shared_gate_open(struct shared_process *p);    /* what it was */
void shared_listen(uint32_t seen);              /* until our bell is another than that */

/* A thing by name and kind: *made says that it is new.  name NULL: an unnamed one.
 * STATUS_OBJECT_TYPE_MISMATCH: the name is something else's.  STATUS_OBJECT_NAME_NOT_FOUND
 * when it is only to be opened. */
NTSTATUS shared_open(enum shared_kind kind, const WCHAR *name, bool make, struct shared_thing **out,
                     bool *made);
void shared_close(struct shared_thing *t);      /* this process has it open no longer */
void shared_adopt_thing(struct shared_thing *t);        /* an inherited one: one user more */
void shared_ring(struct shared_thing *t);       /* its state has changed: wake all users' bells */

#endif
