/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/hal/rv/inspect.h"

#include <inttypes.h>

#include "layer/hal/rv/insn.h"
#include "layer/hal/rv/tables.h"

/* Of all harts together: the answer of a monitor has an end. */
enum { RANGES = 16384 };

struct seen {
	json_t *hart[RV_HARTS];
	uint64_t satp[RV_HARTS];
};

static json_t *
named(const char *const *names, const uint64_t *values)
{
	json_t *o = json_object();
	for (unsigned i = 0; i < 32; i++)
		json_object_set_new(o, names[i], json_sprintf("0x%" PRIx64, values[i]));
	return o;
}

/* On the hart's own thread. */
static void
see(struct hart *h, const void *arg)
{
	struct seen *s = *(struct seen *const *)arg;
	json_t *o = field_json(hart_fields, h);
	json_object_set_new(o, "x", named(insn_integer, h->x));
	json_object_set_new(o, "f", named(insn_floating, h->f));
	s->hart[h->id] = o;
	s->satp[h->id] = h->satp;
}

json_t *
inspect_harts(struct rv *r)
{
	struct seen seen, *s = &seen;
	json_t *list = json_array();
	uint64_t all = r->nhart == 64 ? UINT64_MAX : (UINT64_C(1) << r->nhart) - 1;
	size_t left = RANGES;
	rv_each(r, all, see, &s, NULL);
	for (unsigned i = 0; i < r->nhart; i++) {
		json_t *pages = tables_json(r->bus, seen.satp[i],
		                            left < TABLES_RANGES ? left : TABLES_RANGES);
		left -= json_array_size(json_object_get(pages, "ranges"));
		json_object_set_new(seen.hart[i], "pages", pages);
		json_array_append_new(list, seen.hart[i]);
	}
	return list;
}
