/* queue.h -- messages of threads, and windows that are only there to get them.
 *
 * A thread has a queue as soon as it asks for one; an event of it is signalled while something
 * lies in it.  A window is a number, a procedure and some words.  Nothing is ever drawn.
 */
#ifndef LAYER_API_NT_THREAD_QUEUE_H
#define LAYER_API_NT_THREAD_QUEUE_H

#include "layer/api/nt/object/object.h"
#include "layer/api/nt/status.h"

struct MSG {
	HWND hwnd;
	UINT message;
	ULONG_PTR wParam;
	LONG_PTR lParam;
	DWORD time;
	LONG x, y;
};

typedef LONG_PTR(WINAPI queue_procedure)(HWND w, UINT message, ULONG_PTR a, LONG_PTR b);

bool queue_post(DWORD thread, const struct MSG *m);     /* false: no such thread's queue */
void queue_quit(int code);
/* Take (or look at) one that fits; wait until the deadline.  false: none came. */
bool queue_take(struct MSG *m, HWND w, UINT first, UINT last, bool remove, uint64_t deadline);
struct object *queue_event(void);       /* of the calling thread, lent */
ULONG_PTR queue_timer(HWND w, ULONG_PTR id, DWORD ms, void *f);
bool queue_no_timer(HWND w, ULONG_PTR id);

#endif
