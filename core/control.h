/* control.h -- the messages that a monitor understands.
 *
 * A connection to a machine's control socket carries frames: a little-endian
 * u32 that counts the payload, one byte that says its kind, the payload.
 * Descriptors travel with the first byte of a frame.  The first frame of a
 * connection is a JSON request, {"do": VERB, ...}; the answer is a JSON frame
 * {"ok": true, ...} or {"error": WHAT, "hint": .., "code": .., "status": ..}.
 *
 *   state                       what inspect and top want to know
 *   stop {time, signal}         answered when the machine has ended
 *   kill {signal}
 *   pause, resume
 *   exec {process} + 3 fds      a terminal's master side comes with the answer;
 *                               a second frame {"exit": N} at its end
 *   attach {stdin}              then FRAME_OUT and FRAME_ERR from the monitor,
 *                               FRAME_IN and FRAME_SIZE to it; {"exit": N} last
 *   wait                        {"exit": N} when the machine has ended
 *
 * The same frames serve over any byte stream, so that commands can travel
 * inwards to a machine within a machine.
 */
#ifndef CORE_CONTROL_H
#define CORE_CONTROL_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

struct machine;

enum frame_kind {
	FRAME_JSON = 'J',
	FRAME_IN = 'I', FRAME_OUT = 'O', FRAME_ERR = 'E',
	FRAME_SIZE = 'W',       /* rows and columns, u16 each */
};

enum { FRAME_MOST = 4 << 20, FRAME_FDS = 4, FRAME_HEAD = 5 };

/* One side's reading half.  Zeroed is fresh. */
struct channel {
	struct str in;          /* bytes that came and were not taken yet */
	size_t taken;           /* of these, the frame that was given out last */
	int fd[FRAME_FDS];      /* own: descriptors not taken yet */
	size_t nfd;
};

struct frame {
	enum frame_kind kind;
	const char *data;       /* lent by the channel until its next use; terminated by 0 */
	size_t n;
};

/* Take the next whole frame: 1 and *f, 0 when more bytes are needed, -1 when
 * the stream is broken (too long, unknown kind). */
int channel_next(struct channel *c, struct frame *f, struct err *e);

/* Read what is there; 0 at the end of the stream, -1 with errno. */
ssize_t channel_read(struct channel *c, int sock);
void channel_free(struct channel *c);   /* closes what was not taken */

/* Write one frame with descriptors (lent), waiting if needed. */
int channel_send(int sock, enum frame_kind kind, const void *data, size_t n, const int *fds,
                 size_t nfd);
int channel_send_json(int sock, const json_t *doc, const int *fds, size_t nfd);

/* -- the client's side ------------------------------------------------------ */

/* Connect to a machine's monitor; ESRCH with a sentence when it has none. */
int control_connect(struct machine *m, struct err *e);

/* Send a request and wait for the answer (own), whose error becomes *e.
 * fd[0..*nfd) go along and come back as those of the answer. */
json_t *control_ask(int sock, struct channel *c, const json_t *request, const int *fds, size_t nfd,
                    struct err *e);

/* Wait for the next JSON frame. */
json_t *control_answer(int sock, struct channel *c, struct err *e);

/* -- the monitor's side ------------------------------------------------------ */

int control_listen(struct machine *m, struct err *e);   /* a listening socket */
bool control_may(int sock);             /* is the peer our user, or root? */
json_t *control_error(const struct err *e);

#endif
