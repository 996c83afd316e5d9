/* err.h -- an error is a value with a sentence.
 *
 * A function that can fail takes a struct err last, returns -1 or NULL, and
 * leaves in it what happened (object and cause) and, where it is known, what
 * to do.  Nobody but the clients prints one.  A NULL err is allowed: the
 * caller does not care for the words.
 *
 * A sentence often names what came from outside, so each is made printable
 * (base/str.h) when it is made: it is one line of UTF-8 without controls.
 */
#ifndef BASE_ERR_H
#define BASE_ERR_H

/* Exit statuses of the command line; anything else is the guest's own. */
enum {
	EXIT_OURS = 125,      /* Joist itself failed */
	EXIT_CANNOT_EXEC = 126,
	EXIT_NOT_FOUND = 127,
};

struct err {
	int  code;              /* an errno value, 0 when nothing failed */
	int  status;            /* exit status to use; 0 means EXIT_OURS */
	char what[384];         /* one line, no final newline */
	char hint[256];         /* what to do, or empty */
};

/* Fill *e and return -1.  An earlier hint and status are forgotten. */
int fail(struct err *e, int code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Add what to do to an error just made; returns -1 like fail. */
int err_hint(struct err *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Give an error just made another exit status; returns -1 like fail. */
int err_status(struct err *e, int status);

/* Put "prefix: " before the sentence; returns -1 like fail. */
int err_prefix(struct err *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* The exit status that an error stands for. */
int err_exit(const struct err *e);

/* A warning: something is missing and the work goes on without it.  The sink
 * belongs to the process and is set once by the client before any thread
 * starts; with none, warnings are dropped. */
void err_warn_to(void (*sink)(const char *sentence));
void err_warn(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
