/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/lang/wasi/inner.h"

#include <errno.h>
#include <string.h>

#include "layer/lang/wasi/wasi.h"

/* -- arguments and environment -------------------------------------------------- */

/* where pointers go, where text goes */
static int
get(struct wasi_call *c, const uint64_t *a, const struct wasi_strings *s)
{
	uint8_t *list = wasi_mem(c, a[0], (uint64_t)s->count * 4), *to = wasi_mem(c, a[1], s->n);
	if (!list || !to)
		return EFAULT;
	uint32_t at = (uint32_t)a[1];
	const char *p = s->p;
	for (uint32_t i = 0; i < s->count; i++) {
		uint32_t n = (uint32_t)strlen(p) + 1;
		wasi_put32(list + 4 * (size_t)i, at);
		at += n;
		p += n;
	}
	if (s->n)
		memcpy(to, s->p, s->n);
	return 0;
}

static int
sizes(struct wasi_call *c, const uint64_t *a, const struct wasi_strings *s)
{
	uint8_t *count = wasi_mem(c, a[0], 4), *n = wasi_mem(c, a[1], 4);
	if (!count || !n)
		return EFAULT;
	wasi_put32(count, s->count);
	wasi_put32(n, (uint32_t)s->n);
	return 0;
}

int wasi_args_get(struct wasi_call *c, const uint64_t *a) { return get(c, a, &c->w->args); }

int wasi_args_sizes_get(struct wasi_call *c, const uint64_t *a) { return sizes(c, a, &c->w->args); }

int wasi_environ_get(struct wasi_call *c, const uint64_t *a) { return get(c, a, &c->w->env); }

int wasi_environ_sizes_get(struct wasi_call *c, const uint64_t *a) { return sizes(c, a, &c->w->env); }

/* -- the end ---------------------------------------------------------------------- */

int
wasi_proc_exit(struct wasi_call *c, const uint64_t *a)
{
	c->t->status = (int)(uint32_t)a[0];
	return WASI_EXIT;
}

/* What Linux does with a signal that nobody handles: the program has no handlers. */
int
wasi_proc_raise(struct wasi_call *c, const uint64_t *a)
{
	enum {
		ENDS = 0,
		NONE = 1,
		CHLD = 16,
		CONT,
		STOP,
		TSTP,
		TTIN,
		TTOU,
		URG,
		WINCH = 27,
		SYS = 30
	};
	/* WASI has its own numbers: none, hup, int, quit, ill, trap, abrt, bus, fpe, kill,
	 * usr1, segv, usr2, pipe, alrm, term, chld, ... which are 128 + N for a shell. */
	static const uint8_t host[] = { 0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10,
		                        11, 12, 13, 14, 15, 17, 18, 19, 20, 21, 22,
		                        23, 24, 25, 26, 27, 28, 29, 30, 31 };
	uint32_t signal = (uint32_t)a[0];
	if (signal > SYS)
		return EINVAL;
	switch (signal) {
	case 0:
	case CHLD:
	case CONT:
	case URG:
	case WINCH: return 0;
	case STOP:
	case TSTP:
	case TTIN:
	case TTOU: return EOPNOTSUPP; /* nobody could let it go on */
	default: c->t->status = 128 + host[signal]; return WASI_EXIT;
	}
}
