/* log.h -- what a machine wrote, kept line by line with time and stream.
 *
 * A line of the file is "TIME STREAM TAG TEXT", as container runtimes of
 * clusters keep it: RFC 3339 time in UTC, stdout or stderr, F for a whole line
 * or P for a piece that a longer line was cut into.  A file that has grown to
 * its limit becomes log.1, that one log.2, and so on; the oldest goes.
 */
#ifndef CORE_LOG_H
#define CORE_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct log;

/* Keep logs in folder `dir` (lent).  max_size in bytes, max_files at least 1. */
struct log *log_open(int dir, uint64_t max_size, unsigned max_files, struct err *e);
void log_close(struct log *l);          /* flushes an unfinished line; NULL is allowed */

/* Take n bytes that came from stream 1 or 2 just now.  A full disk loses the
 * bytes, never the machine. */
void log_put(struct log *l, int stream, const char *bytes, size_t n);

struct log_query {
	bool follow;
	int64_t tail;           /* last lines only; -1 for all */
	int64_t since, until;   /* ns; 0 for no bound */
	/* asked while following: does the writer still live? */
	bool (*alive)(void *ctx);
	bool (*fn)(void *ctx, int stream, int64_t when, const char *text, size_t n);
	void *ctx;
};

int log_read(int dir, const struct log_query *q, struct err *e);

#endif
