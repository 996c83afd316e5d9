/* wire.h -- what the agent in a guest and its callers say to each other.
 *
 * Frames over a stream: u32 length, little-endian, u8 kind, and that many bytes.  A
 * conversation begins with one request; what follows depends on what it asks.  A request
 * is words, each ended by a NUL, as an environment has them: "arg=ls", "cwd=/".  A word
 * that is not known is no error: callers may be newer than the agent.
 */
#ifndef LIBEXEC_AGENT_WIRE_H
#define LIBEXEC_AGENT_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

/* On vsock.  Below 1024: in the guest it is root's to have. */
enum { WIRE_PORT = 1000 };

enum {
	WIRE_MOST = 1 << 20, /* bytes in a frame */
	WIRE_FULL = 1 << 18, /* who has so much to be sent reads no more */
};

enum wire_kind {
	/* to the agent */
	WIRE_REQUEST = 'R',
	WIRE_INPUT = 'I', /* of the program; none: its end */
	WIRE_SIZE = 'W',  /* of its terminal: u16 rows, u16 columns */

	/* from the agent */
	WIRE_OUTPUT = 'O',
	WIRE_ERRORS = 'E', /* standard error */
	WIRE_ANSWER = 'A', /* text */
	WIRE_EXIT = 'X',   /* u32 exit status; the last one */
	WIRE_FAILED = 'F', /* u32 exit status, what happened, '\n', what to do; the last one */
};

struct wire {
	int fd; /* own, not blocking */
	struct buf in, out;
	size_t in_at, out_at;
};

struct frame {
	uint8_t kind;
	const uint8_t *p; /* lent until the next wire_read */
	size_t n;
};

void wire_open(struct wire *w, int fd);
void wire_close(struct wire *w);

/* Take what is there; false: the other side has gone. */
bool wire_read(struct wire *w);
/* 1: a frame; 0: not all of it is there; -1: this is nothing of ours. */
int wire_next(struct wire *w, struct frame *f);

void wire_put(struct wire *w, enum wire_kind kind, const void *bytes, size_t n);
void wire_put_u32(struct wire *w, enum wire_kind kind, uint32_t v, const char *text);
/* Send what goes; false: the other side has gone. */
bool wire_write(struct wire *w);
size_t wire_waiting(const struct wire *w); /* bytes not sent */
/* Send all, however long it takes. */
void wire_finish(struct wire *w);

#endif
