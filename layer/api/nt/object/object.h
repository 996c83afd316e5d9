/* object.h -- kernel objects of the process, and the handles that programs know them by.
 *
 * An object is counted: who holds a pointer holds a count.  Handles are multiples of four;
 * looking one up takes no lock, so that it is quick and never waits for a suspended thread.
 * An object that can be waited for says when: object_signal() wakes whoever waits (wait.h).
 */
#ifndef LAYER_API_NT_OBJECT_OBJECT_H
#define LAYER_API_NT_OBJECT_OBJECT_H

#include "layer/api/nt/types.h"

struct inherit;
struct object;
struct shared_thing;
struct thread;
struct waiter;

struct object_class {
	const char *name;       /* as NtQueryObject says: Event, Mutant, File ... */
	void (*destroy)(struct object *o);      /* the last count is gone: free it */
	/* Optional.  The last handle is closed, while counts may be left: end what is shared. */
	void (*close)(struct object *o);
	/* Optional.  Try to take it for a wait: true when the wait is over.  NULL: it is
	 * waited for until its state is not 0, and stays as it is (files, threads,
	 * processes, manual-reset events).  *status may be set (STATUS_ABANDONED_WAIT_0). */
	bool (*take)(struct object *o, struct thread *t, NTSTATUS *status);
	/* Optional, both or none: another process may have it, by inheritance or DuplicateHandle.
	 * give says what the other one needs (false: this one cannot go); its descriptors are
	 * lent as long as the object is counted.  remake is called in the other process: a new
	 * object, one count, or NULL.  It owns the descriptors, which are close-on-exec. */
	bool (*give)(struct object *o, struct inherit *i);
	struct object *(*remake)(const struct inherit *i);
	/* Optional.  Its operations end at a completion port from now on; once.  Counts stay the
	 * caller's. */
	NTSTATUS (*associate)(struct object *o, struct object *port, ULONG_PTR key);
	/* Optional, with take.  It is there to be taken from a time on (CLOCK_MONOTONIC; 0: now,
	 * UINT64_MAX: never): who waits looks at the time himself.  watched: somebody wants
	 * object_wake() to be called then. */
	uint64_t (*due)(struct object *o, bool watched);
};

/* What goes to another process of an object. */
struct inherit {
	int fd[2];              /* -1: none */
	uint64_t number[8];     /* as the class likes */
	WCHAR *text;            /* own, or NULL: a path, a name */
	uint32_t child;         /* for give(): its place in the table of processes (shared.h) */
	bool moved;             /* for give(): this process closes its last handle of it */
};

struct object {
	_Alignas(16) const struct object_class *class;  /* fixed */
	_Atomic uint32_t refs;
	_Atomic uint32_t handles;
	/* 0: whoever waits waits.  Else by class: 1, a semaphore's count ... */
	_Atomic int32_t state;
	_Atomic uint8_t kind;                   /* enum object_kind; fixed, or SHARED from once on */
	bool stable;                            /* handle.h: fixed */
	bool named;                             /* its name is in the table (name.c) */
	/* steady.h's lock, and under it */
	_Atomic uint32_t lock;
	struct waiter *_Atomic waiters;
	WCHAR *name;            /* own, or NULL */
	struct shared_thing *_Atomic thing;     /* OBJECT_SHARED: what it is to the machine */
};

/* What taking it for a wait does; those but the last two need no call of take(). */
enum object_kind {
	OBJECT_STAYS,           /* state != 0 is enough, and stays: manual-reset events, threads */
	OBJECT_ONE,             /* state 1 becomes 0: auto-reset events */
	OBJECT_COUNT,           /* one less: semaphores */
	OBJECT_MUTANT,          /* sync.h */
	OBJECT_ASKS,            /* the class' take() */
	OBJECT_SHARED,          /* an event, a semaphore or a mutant of the machine: sync_share.h */
};

void object_init(struct object *o, const struct object_class *class, int32_t state); /* one count */
struct object *object_ref(struct object *o);
bool object_try_ref(struct object *o);  /* false: its last count is just being given back */
void object_unref(struct object *o);
void object_close(struct object *o);    /* handle.c: a handle is closed; takes its count */
void object_signal(struct object *o);   /* state = 1, and wake */
void object_reset(struct object *o);    /* state = 0 */
void object_wake(struct object *o);     /* its state has changed: let waiters take it */

/* A new handle; takes the caller's count over, also when it fails.  NULL: no memory. */
HANDLE handle_new(struct object *o, ACCESS_MASK access, bool inherit);
/* The object of a handle, counted: class NULL takes any.  The pseudo-handles -1 (process) and
 * -2 (thread) work.  STATUS_INVALID_HANDLE, STATUS_OBJECT_TYPE_MISMATCH. */
NTSTATUS handle_get(HANDLE h, const struct object_class *class, struct object **out);
NTSTATUS handle_close(HANDLE h);
NTSTATUS handle_flags(HANDLE h, ACCESS_MASK *access, bool *inherit);
NTSTATUS handle_inherit(HANDLE h, bool inherit);
NTSTATUS handle_protect(HANDLE h, bool protect);        /* from being closed */
bool handle_protected(HANDLE h);
uint32_t handle_count(void);
/* Each inheritable handle, with its object (lent), until f says false. */
void handle_each(bool (*f)(void *ctx, HANDLE h, struct object *o, ACCESS_MASK a, bool inherit), void *ctx);
/* A handle with this value, for a process that inherits: takes the count over. */
NTSTATUS handle_put(HANDLE h, struct object *o, ACCESS_MASK access, bool inherit);

#endif
