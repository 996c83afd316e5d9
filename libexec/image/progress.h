/* progress.h -- how far long work is, on standard error.
 *
 * On a terminal a block of lines is redrawn ten times a second; elsewhere a
 * line is printed when a piece is done; when quiet, nothing.  The counters may
 * be set by any thread.
 */
#ifndef LIBEXEC_IMAGE_PROGRESS_H
#define LIBEXEC_IMAGE_PROGRESS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum progress_state {
	PROGRESS_WAITS, PROGRESS_RUNS, PROGRESS_UNPACKS, PROGRESS_DONE, PROGRESS_THERE, PROGRESS_FAILED
};

struct progress_row {
	char name[16];
	int64_t total;
	_Atomic int64_t done;
	_Atomic int state;
	bool said;              /* the drawer's */
};

struct progress;

/* `verb` is what is done to a piece: "fetched", "sent", "copied". */
struct progress *progress_new(const char *verb, bool quiet);
struct progress_row *progress_row(struct progress *p, const char *digest, int64_t total);
void progress_start(struct progress *p);        /* after the last row */
void progress_free(struct progress *p);         /* draws the end; NULL is allowed */

/* One line for people, unless quiet. */
void progress_say(bool quiet, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
