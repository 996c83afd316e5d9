/* pipe_named.h -- what the files of named pipes share.
 *
 * A name is known while a server has an instance of it, in each process that has one; a client
 * takes an instance that listens, and from then on the two ends are a pair of sockets.  Names, states and who waits to be
 * connected change under pipe_name_lock; what moves through an end under that end's own locks.
 */
#ifndef LAYER_API_NT_FILE_PIPE_NAMED_H
#define LAYER_API_NT_FILE_PIPE_NAMED_H

#include <pthread.h>

#include "layer/api/nt/file/pipe.h"
#include "layer/api/nt/object/reactor.h"

struct pipe_name {
	WCHAR *text;           /* own, in upper case, without "pipe\" */
	struct pipe_make like; /* what the first instance was made with */
	struct pipe *instances;
	ULONG count;
	int listener;      /* own, or -1 */
	uint64_t number;   /* of its path: who made it, and how many before */
	struct reactor_wait wait;
	bool armed;
	bool passed;       /* the listener goes to another process */
	struct pipe_name *next;
};

struct pipe {
	struct file *file; /* lent: it has us */
	bool server, messages, read_messages, nowait, root;
	_Atomic bool given; /* a child has this end too */
	uint32_t peer;      /* process, or 0 */
	struct pipe_make like;

	/* under pipe_name_lock */
	struct pipe_name *name; /* of a server */
	struct pipe *next;      /* of the name's instances */
	int state;              /* PIPE_..._STATE */
	bool moving;            /* it goes to another process: no client is for us */
	int passed;             /* own: its name's listener, which goes too; -1 */
	struct file_pending *connecting;
	int bell; /* own: rung when a client has come; -1 */

	pthread_mutex_t reading, writing;
	/* under reading */
	uint8_t head[4];
	uint32_t head_n, left; /* left: of the message, once head_n is 4 */
	/* under writing */
	size_t wrote; /* of head and message of the write at work */
};

/* pipe_name.c; those without a lock of their own are called under this one */
extern pthread_mutex_t pipe_name_lock;

/* What the keeper of a name answers. */
struct pipe_hello {
	uint32_t ok, process, count;
	struct pipe_make like;
};

const WCHAR *pipe_name_bare(const WCHAR *name); /* without the folder's name in front */
struct pipe_name *pipe_name_find(const WCHAR *text);
/* An instance that waits; those that were asked to connect first. */
struct pipe *pipe_name_listening(const struct pipe_name *n);
/* A client is there: its descriptor becomes the instance's.  What was waiting for it is to be
 * ended without the lock: file_unpend_other, file_end. */
struct file_pending *pipe_name_join(struct pipe *p, int fd, uint32_t peer);
/* others: instances that other processes have. */
NTSTATUS pipe_name_add(const WCHAR *text, const struct pipe_make *m, struct pipe *p, ULONG others);
void pipe_name_leave(struct pipe *p); /* of a server; the last one takes the name along */
/* An instance of another process; without the lock.  out NULL: whether one listens. */
NTSTATUS pipe_name_ask(const WCHAR *text, int *out, struct pipe_hello *h);
ULONG pipe_name_others(const WCHAR *text); /* instances of other processes; without the lock */
/* The instance goes to another process, with its last handle.  *listener: lent, and *number its
 * name's, when that has no other instance here; else -1. */
bool pipe_name_move(struct pipe *p, int *listener, uint64_t *number);
/* It has come; takes the listener. */
NTSTATUS pipe_name_moved(const WCHAR *text, struct pipe *p, int listener, uint64_t number);

/* pipe_data.c */
NTSTATUS pipe_data_unable(const struct pipe *p); /* why there is no other end */
NTSTATUS pipe_data_read(struct file *f, struct file_io *x);
NTSTATUS pipe_data_write(struct file *f, struct file_io *x);
NTSTATUS pipe_data_flush(struct file *f);
NTSTATUS pipe_data_transceive(struct file *f, const void *in, ULONG nin, void *out, ULONG nout,
                              ULONG_PTR *done);

/* pipe_control.c */
NTSTATUS pipe_control(struct file *f, ULONG code, const void *in, ULONG nin, void *out, ULONG nout,
                      ULONG_PTR *done, struct file_pending *(*pend)(void *ctx), void *ctx);

#endif
