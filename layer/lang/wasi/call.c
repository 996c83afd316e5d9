/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/lang/wasi/inner.h"

#include <errno.h>

#include "layer/lang/wasi/wasi.h"

/* Rows of both modules stand in the order of enum wasi_function. */
const struct wasi_row wasi_row[FN_COUNT] = {
#define FN(n, p, r) { { "wasi_snapshot_preview1." #n, "wasi_unstable." #n }, p, r, wasi_##n },
#include "layer/lang/wasi/wasi.def"
#undef FN
	{ { "wasi.thread-spawn", NULL }, "i", "i", wasi_thread_spawn },
};

int
wasi_errno(int host)
{
	switch (host) {
	case 0: return 0;
#define ERRNO(number, name, e)                                                                     \
	case e:                                                                                    \
		return number;
#include "layer/lang/wasi/errno.def"
#undef ERRNO
	/* what Linux says and WASI has no word for */
	case ESHUTDOWN: return 64;
	case ENONET: return 38;
	case EHOSTDOWN: return 23;
	case ENOTBLK: return 28;
	default: return 29; /* EIO */
	}
}

static struct memory *
memory_of(const struct instance *i)
{
	const struct export *x = i ? module_export(i->module, "memory", 6) : NULL;
	return x && x->kind == EXTERN_MEMORY ? i->memory[x->index] : NULL;
}

enum host
wasi_enter(struct thread *t, void *bind, uint64_t *slots)
{
	const struct wasi_bind *b = bind;
	struct wasi_call c = {
		.t = t, .w = b->w, .m = memory_of(t->caller), .unstable = b->unstable
	};
	int r = b->fn(&c, slots);
	for (size_t i = 0; i < sizeof c.held / sizeof c.held[0]; i++)
		wasi_file_put(c.held[i]);
	if (r == WASI_AGAIN)
		return HOST_AGAIN;
	if (r == WASI_EXIT)
		return HOST_EXIT;
	/* thread-spawn has a number of its own to give */
	if (b->fn == wasi_thread_spawn)
		slots[0] = (uint32_t)r;
	else if (b->results)
		slots[0] = (uint32_t)wasi_errno(r);
	return HOST_OK;
}

void
wasi_bind(struct wasi *w)
{
	for (int u = 0; u < 2; u++)
		for (size_t i = 0; i < FN_COUNT; i++)
			w->bind[u][i] = (struct wasi_bind){ .w = w,
				                            .fn = wasi_row[i].fn,
				                            .unstable = u,
				                            .results = wasi_row[i].results[0] };
}
