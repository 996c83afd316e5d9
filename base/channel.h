/* channel.h -- messages over a byte stream.
 *
 * A frame is a little-endian u32 that counts the payload, one byte that says
 * its kind, the payload.  Descriptors travel with the first byte of a frame
 * where the stream is a Unix socket; any byte stream carries the rest, so that
 * commands can travel inwards to a machine within a machine.  What is said in
 * the frames is in core/control.h.
 */
#ifndef BASE_CHANNEL_H
#define BASE_CHANNEL_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/str.h"

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

/* As channel_read, but nothing behind the frame that is being read: what
 * follows on the socket is for whoever reads it next. */
ssize_t channel_read_frame(struct channel *c, int sock);
void channel_free(struct channel *c);   /* closes what was not taken */

/* Write one frame with descriptors (lent), waiting if needed. */
int channel_send(int sock, enum frame_kind kind, const void *data, size_t n, const int *fds,
                 size_t nfd);
int channel_send_json(int sock, const json_t *doc, const int *fds, size_t nfd);

#endif
