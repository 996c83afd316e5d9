/* pseudo.h -- a pseudo console: a terminal of the host between a program and its own children.
 *
 * What the program writes into one pipe is typed there, what its children print comes out of the
 * other.  The sandbox has no way to a new terminal, so the monitor makes it and sends both
 * sides (birth.monitor_fd).  A child that is attached gets it as its controlling terminal; what
 * it prints is moved from then on, by two threads of this process, as Windows' host for a
 * console begins when its first client does.
 */
#ifndef LAYER_API_NT_FILE_PSEUDO_H
#define LAYER_API_NT_FILE_PSEUDO_H

#include "layer/api/nt/file/console.h"

struct pseudo;

/* The handles stay the caller's. */
NTSTATUS pseudo_new(struct COORD size, HANDLE input, HANDLE output, struct pseudo **out);
NTSTATUS pseudo_resize(struct pseudo *p, struct COORD size);
/* Its clients are told to end; what they still print comes out.  p is gone. */
void pseudo_close(struct pseudo *p);
/* The output ends when the last client has. */
void pseudo_release(struct pseudo *p);

/* A child is about to begin: its terminal (lent until the next call), and the standard handles,
 * which the caller closes. */
NTSTATUS pseudo_attach(struct pseudo *p, int *terminal, HANDLE std[3]);
void pseudo_attached(struct pseudo *p, int32_t pid);    /* of the host */

/* -- what the monitor and its programs say to each other ---------------------------- */

/* The monitor's side: a request has come; false: there is nobody to ask any more. */
bool pseudo_serve(int sock);

#endif
