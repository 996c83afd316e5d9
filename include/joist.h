/* joist.h -- the library: every verb of Joist, without its command line.
 *
 * The law: what goes in and what comes out is JSON text, so that a program,
 * the command line and the HTTP interface ask for the same things in the same
 * words.  A request is an object whose members are the flags of the verb (see
 * `joist help VERB`) with '-' written as '_'.
 *
 * Strings returned through an out parameter are the caller's, to be freed with
 * free().  Every function returns 0, or -1 and fills *e.  A struct joist may be
 * used by one thread at a time; two of them, also in two processes, may be open
 * on the same store.
 */
#ifndef JOIST_H
#define JOIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

struct joist;

/* Version of the library, such as "0.1.0". */
const char *joist_version(void);

/* A program of a guest starts another one by starting this program under the name of
 * "joist-again".  A program that runs machines calls this before anything else, and exits
 * with the answer unless that is -1: it was started by a user. */
int joist_again(int argc, char **argv);

/* The floors of this build as a JSON list of {"name", "floor", "about"}; lent. */
const char *joist_floors(void);

/* Open the store in folder `root`; NULL takes $JOIST_ROOT, else the place for
 * this user.  The folder is made when something is first kept in it. */
struct joist *joist_open(const char *root, struct err *e);
void joist_close(struct joist *j);
const char *joist_root(const struct joist *j);

/* -- machines ---------------------------------------------------------- */

/* Make a machine.  Members: "artifact" (required), "args", and the flags of
 * `create`; one that the artifact's floor has no use for is EINVAL.  *name receives its
 * name.  When an image had to be fetched and could not be, the image program has said so
 * on standard error, and *e has no words. */
int joist_create(struct joist *j, const char *request, char **name, struct err *e);

/* Run a stopped or created machine in this process until it ends; its output
 * goes to our standard descriptors.  *status is its exit status. */
int joist_run(struct joist *j, const char *name, int *status, struct err *e);

/* Start it with a monitor of its own and return when its first program runs. */
int joist_start(struct joist *j, const char *name, struct err *e);

/* Start it likewise and take part in its streams from the first byte, as
 * joist_attach does.  The answer to the start is the first frame: {"ok": ..} or
 * {"error": .., "hint": .., "status": ..}. */
int joist_start_attached(struct joist *j, const char *name, bool with_input, struct err *e);

/* Members of options may be absent; NULL is no option.
 *   stop     time (ns), signal        kill     signal
 *   rm       force                    restart  time, signal */
int joist_stop(struct joist *j, const char *name, const char *options, struct err *e);
int joist_kill(struct joist *j, const char *name, const char *options, struct err *e);
int joist_rm(struct joist *j, const char *name, const char *options, struct err *e);
int joist_pause(struct joist *j, const char *name, struct err *e);
int joist_resume(struct joist *j, const char *name, struct err *e);
int joist_restart(struct joist *j, const char *name, const char *options, struct err *e);

/* Let a debugger in: *where (the caller's) is what gdb's `target remote` wants, a path or
 * HOST:PORT.  Members of options: "socket", a path; "port", of this host alone, 0 for any;
 * with neither a socket in the machine's folder; "wait": hold the machine until one has
 * come and gone.  ENOSYS: its floor has no debugger. */
int joist_debug(struct joist *j, const char *name, const char *options, char **where, struct err *e);

/* Snapshots.  ref is NAME@LABEL; joist_snapshot without @LABEL makes one up out of
 * the time, and *label (the caller's) says which.  The machine rests while it is
 * written and goes on.  joist_restore makes it run again from there, in the
 * background: a stopped machine, or with "force" a running one, which is killed;
 * with "name" a new machine of that name.  *name (the caller's) is the machine's.
 * ENOSYS: its floor cannot do that.  joist_rm takes NAME@LABEL too. */
int joist_snapshot(struct joist *j, const char *ref, char **label, struct err *e);
int
joist_restore(struct joist *j, const char *ref, const char *options, char **name, struct err *e);
int joist_restore_attached(struct joist *j, const char *ref, const char *options, bool with_input,
                           struct err *e); /* as joist_start_attached */
/* A list; of one machine, or with NULL of all. */
int joist_snaps(struct joist *j, const char *name, char **json, struct err *e);

/* Wait until it is not running; *status is its exit status. */
int joist_wait(struct joist *j, const char *name, int *status, struct err *e);

/* Run a command in a machine.  Members: "args" (required), the flags of
 * `exec`.  fd are its standard descriptors, lent (-1: /dev/null).  With "tty"
 * fd is not used and *console receives the master side of its terminal, the
 * caller's.  Returns a descriptor, the caller's, for joist_exec_wait. */
int joist_exec(struct joist *j, const char *name, const char *request, const int fd[3],
               int *console, struct err *e);
int joist_exec_wait(int wait_fd, int *status, struct err *e);

/* Take part in a machine's standard streams.  Returns a connected Unix socket, the
 * caller's, that carries frames: a little-endian u32 counts the payload, one byte
 * says its kind ('J' JSON, 'I' for its input, 'O' its output, 'E' its errors, 'W'
 * rows and columns, u16 each), the payload. */
int joist_attach(struct joist *j, const char *name, bool with_input, struct err *e);

/* -- looking ----------------------------------------------------------- */

/* A list of machines; with "all" the stopped ones too.  The truth: a machine
 * whose monitor was killed is put in order first. */
int joist_ps(struct joist *j, const char *options, char **json, struct err *e);
int joist_inspect(struct joist *j, const char *name, char **json, struct err *e);
/* What is in a file: imports, exports ...; ENOENT: no floor of this build knows it. */
int joist_describe(struct joist *j, const char *path, char **json, struct err *e);
/* What its screen shows, running or paused, as a PNG file of *n bytes; *png is the
 * caller's.  ENODEV or ENOSYS: it has no screen; EAGAIN: it shows nothing yet. */
int
joist_screenshot(struct joist *j, const char *name, void **png, size_t *n, struct err *e);
int joist_top(struct joist *j, const char *name, char **json, struct err *e);
int joist_what(struct joist *j, const char *path, char **json, struct err *e);
int joist_doctor(struct joist *j, char **json, struct err *e);

/* Call fn with each event (a JSON object in one line), oldest first.  Members:
 * follow, since, until, names.  fn returns false to stop. */
int joist_events(struct joist *j, const char *options, bool (*fn)(void *ctx, const char *line),
                 void *ctx, struct err *e);

/* Call fn with each piece of output.  Members: follow, tail, since, until.
 * stream is 1 or 2; `when` is in ns since 1970. */
int joist_logs(struct joist *j, const char *name, const char *options,
               bool (*fn)(void *ctx, int stream, int64_t when, const char *text, size_t n),
               void *ctx, struct err *e);

/* -- images ------------------------------------------------------------ */
int joist_images(struct joist *j, const char *filter, char **json, struct err *e);
int joist_image_inspect(struct joist *j, const char *ref, char **json, struct err *e);
int joist_rmi(struct joist *j, const char *ref, bool force, char **json, struct err *e);
int joist_image_gc(struct joist *j, bool all_unused, char **json, struct err *e);

/* pull, push, import, export: run the image program with these arguments
 * (argv[0] is the verb) and our standard descriptors; *status is its exit
 * status.  The program has said on standard error what went wrong. */
int joist_image_program(struct joist *j, char *const argv[], int *status, struct err *e);

/* -- disks ------------------------------------------------------------- */

/* Disk images of computers, by the path of their file.  Members of options, all
 * optional: "format" (of what is there), "force_share" (look at what a machine
 * writes), and
 *   new       size, backing, backing_format, option ("K=V,..." each)
 *   info      backing_chain; *json is an object, or with that an array of them
 *   check     repair ("leaks" or "all")
 *   snapshot  one of create, apply, delete: a name; *json is the list then
 *   resize    size, or grow or shrink_by (bytes); shrink (must be true for that)
 *   convert   output_format, option, backing, backing_format, compress, sparse
 *             (bytes), no_create, snapshot (a name); "format" is the source's
 * Sizes are bytes.  *json (the caller's) is as `qemu-img --output=json` says it. */
int joist_disk_new(struct joist *j, const char *path, const char *options, char **json,
                   struct err *e);
int joist_disk_info(struct joist *j, const char *path, const char *options, char **json,
                    struct err *e);
int joist_disk_check(struct joist *j, const char *path, const char *options, char **json,
                     struct err *e);
int joist_disk_snapshot(struct joist *j, const char *path, const char *options, char **json,
                        struct err *e);
int joist_disk_resize(struct joist *j, const char *path, const char *options, char **json,
                      struct err *e);
/* progress may be NULL. */
int joist_disk_convert(struct joist *j, const char *from, const char *to, const char *options,
                       void (*progress)(void *ctx, uint64_t done, uint64_t all), void *ctx,
                       char **json, struct err *e);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif

#endif
