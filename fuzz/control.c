/* SPDX-License-Identifier: Apache-2.0 */
/* The control protocol: any bytes, in pieces of any size, as one side reads
 * them from its socket; each request and state document that comes out too. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/json.h"
#include "core/control.h"
#include "core/spec.h"
#include "core/state.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void
document(const struct frame *f)
{
	struct err e = { 0 };
	struct state s = { 0 };
	struct process p;

	json_t *doc = json_parse(f->data, f->n, "fuzz", &e);
	if (!doc)
		return;
	if (state_load(&s, doc, &e) == 0)
		json_decref(state_save(&s));
	state_free(&s);
	struct arena *a = arena_new();
	spec_process(json_object_get(doc, "process"), &p, a, &e);
	arena_free(a);
	json_decref(doc);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct channel c = { 0 };
	struct frame f;
	struct err e = { 0 };
	int rc = 0;

	/* The first byte says how large the pieces are. */
	size_t piece = n ? data[0] % 64 + 1u : 1;
	for (size_t at = 1; at < n && rc >= 0; at += piece) {
		/* As channel_read: what was given out is gone before more is taken. */
		if (c.taken) {
			memmove(c.in.p, c.in.p + c.taken, c.in.n - c.taken);
			str_cut(&c.in, c.in.n - c.taken);
			c.taken = 0;
		}
		str_addn(&c.in, data + at, n - at < piece ? n - at : piece);
		while ((rc = channel_next(&c, &f, &e)) > 0) {
			if (f.data[f.n] != '\0')
				abort();
			if (f.kind == FRAME_JSON)
				document(&f);
		}
	}
	channel_free(&c);
	return 0;
}
