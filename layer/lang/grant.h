/* grant.h -- what a program of the language floor is given.
 *
 * grant_complete() turns a request (-v, --allow, -m, --fuel ...) into the
 * configuration: folders are `mounts`, memory is linux.resources, the rest are
 * annotations dev.joist.wasm.*.  grant_read() opens what the configuration says.
 * A program that is given nothing can write to its standard descriptors, read
 * the clocks and ask for random bytes; --deny-all takes the clocks too.
 */
#ifndef LAYER_LANG_GRANT_H
#define LAYER_LANG_GRANT_H

#include <jansson.h>

#include "core/spec.h"
#include "layer/lang/store.h"
#include "layer/lang/wasi/wasi.h"

struct grant {
	struct store_limits limits;
	int64_t fuel;          /* 0: not counted */
	int64_t time;          /* nanoseconds that it may run; 0: for ever */
	struct wasi_dir *dirs; /* own; their fds too */
	size_t ndir;
	int *sockets; /* own; they too */
	size_t nsocket;
	bool clocks;
	const char *invoke; /* lent by the spec: the function to call, or NULL */
};

int grant_complete(json_t *config, const json_t *request, struct err *e);
int grant_read(const struct spec *s, struct grant *g, struct err *e);
void grant_free(struct grant *g); /* a zeroed one too */

#endif
