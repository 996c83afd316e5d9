/* process.h -- processes of the program: making, watching and ending them.
 *
 * A child is our own binary started again with its birth in a descriptor.  Its 32 bits of exit
 * code stand in the machine's shared memory (shared.h), written before it ends; its pidfd says
 * when.  A process object is signalled from the reactor.  Nobody waits for the host's
 * children: they are reaped by the host at once.
 */
#ifndef LAYER_API_NT_PROCESS_PROCESS_H
#define LAYER_API_NT_PROCESS_PROCESS_H

#include "base/err.h"
#include "layer/api/nt/process/again.h"
#include "layer/api/nt/process/birth.h"
#include "layer/api/nt/object/object.h"
#include "layer/api/nt/object/reactor.h"
#include "layer/api/nt/status.h"

extern const struct object_class process_class;
extern const struct object_class process_thread_class;  /* a thread of another process */

struct shared_process;
struct job;

struct process {
	struct object object;           /* first: signalled when it has ended */
	/* fixed */
	struct shared_process *slot;    /* lent: the machine's table */
	uint32_t id;
	int pidfd;                      /* own; -1: ourselves, or it had ended before */
	/* any thread, atomically */
	_Atomic uint32_t exit_code;     /* STILL_ACTIVE (259) while it runs */
	/* the reactor's, until it has ended */
	struct reactor_wait wait;
	struct process_thread *thread;  /* own (a count), or NULL */
	struct job *job;                /* own (a count): is told when it ends; or NULL */
};

/* A thread of another process: the first one, as CreateProcess gives it, which can be resumed and
 * ends with the process; or one whose handle came from there, with an event of the machine
 * (object.thing) that is set when it ends. */
struct process_thread {
	struct object object;
	struct process *process;        /* own (a count) */
	uint32_t id;
	struct process_thread *next;    /* of those with an event (process_thread.c) */
};

struct process_start {
	const WCHAR *image;             /* Windows path of the program; or NULL: our cmd */
	const WCHAR *command_line;
	const WCHAR *environment;       /* NULL: ours */
	const WCHAR *current;           /* NULL: ours */
	const WCHAR *title;             /* or NULL */
	HANDLE std[3];
	bool std_given;                 /* STARTF_USESTDHANDLES */
	bool inherit;
	const HANDLE *list;             /* of PROC_THREAD_ATTRIBUTE_HANDLE_LIST, or NULL */
	size_t nlist;
	DWORD flags;                    /* CREATE_SUSPENDED ... */
	DWORD show, start_flags;
	const void *reserved;           /* lpReserved2: descriptors of the C run-time */
	WORD reserved_size;
	uint32_t parent_id;             /* whose child it is called; 0: ours */
	struct job *job;                /* to be born in, or NULL: the parent's */
	struct pseudo *pseudo;          /* the console to be attached to; NULL: the parent's */
	int terminal;                   /* of that: what becomes its controlling terminal */
};

/* One count each. */
NTSTATUS process_new(const struct process_start *s, struct process **out, struct process_thread **thread);
NTSTATUS process_open(uint32_t id, struct process **out);
/* The first thread of another process, by the thread's id. */
NTSTATUS process_open_thread(uint32_t id, struct process_thread **out);
/* Takes pidfd; job: is told of its end; thread: its first one, a count too, or NULL. */
struct process *process_watch(struct shared_process *slot, int pidfd, struct job *job, struct process_thread **thread);
NTSTATUS process_of_slot(struct shared_process *slot, struct process **out);
struct process *process_self(void);             /* lent */
const WCHAR *process_image(void);               /* our program's Windows path; lent */
#define PROCESS_CMD u"C:\\Windows\\System32\\cmd.exe"
/* End it; itself too, then it does not come back. */
NTSTATUS process_terminate(struct process *p, uint32_t code);
NTSTATUS process_resume(struct process_thread *t, ULONG *before);

/* We are in the machine's table: before anything is asked of it. */
int process_share(struct err *e);
/* The 100 ns of processor time and the exit code, as far as they are known. */
uint32_t process_code(struct process *p);

/* -- process_thread.c: threads that other processes have handles of -- */

uint32_t process_thread_code(struct process_thread *t);
/* thread_class' give and remake. */
bool process_thread_give(struct object *o, struct inherit *i);
struct object *process_thread_remake(const struct inherit *i);
/* It has ended, for those: the thread's, before and after it is signalled. */
void process_thread_ended(struct shared_thing *end, uint32_t code);

/* -- process_new.c's and process_again.c's --------------------------------------- */

int process_exe(void);          /* a descriptor of our own executable; lent */
void process_exe_adopt(int fd);

/* -- birth.c's: in this order -------------------------------------------------- */

/* Before the sandbox: our own executable, the shared memory, our place in the table. */
int process_begin(struct birth *b, struct err *e);
/* When handles can be made: those that were inherited. */
NTSTATUS process_inherit(struct birth *b);
/* Before the program's first instruction: it may have been made suspended. */
void process_gate(void);
/* The last words: our exit code, for whoever looks.  Any thread, once. */
void process_end(uint32_t code);

#endif
