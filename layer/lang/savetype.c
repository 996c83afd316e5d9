/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/lang/savetype.h"

#include <errno.h>
#include <stdlib.h>

#include "base/arena.h"

enum { OF_INSTANCE, OF_HOST };
enum { VALUE_PLAIN, VALUE_DEFINED };

void
savetype_init(struct savetype *s, struct wasm_store *store)
{
	*s = (struct savetype){ .store = store };
	for (uint32_t i = 0; i < store->instance.n; i++) {
		const struct module *m = ((struct instance *)store->instance.p[i])->module;
		for (uint32_t k = 0; k < m->ntype; k++)
			if (m->type[k] >= s->n)
				s->n = m->type[k] + 1;
	}
	s->place = xcalloc((size_t)s->n + 1, sizeof *s->place);
	for (uint32_t i = 0; i < store->instance.n; i++) {
		const struct module *m = ((struct instance *)store->instance.p[i])->module;
		for (uint32_t k = 0; k < m->ntype; k++)
			if (!s->place[m->type[k]])
				s->place[m->type[k]] = ((uint64_t)i << 32 | k) + 1;
	}
}

void
savetype_free(struct savetype *s)
{
	free(s->place);
	s->place = NULL;
}

int
savetype_put_value(struct savetype *s, struct buf *b, valtype t, struct err *e)
{
	if (!type_is_ref(t) || (t & T_HEAP) >= HEAP_ABSTRACT) {
		buf_u8(b, VALUE_PLAIN);
		buf_u32(b, t);
		return 0;
	}
	buf_u8(b, VALUE_DEFINED);
	buf_u32(b, t & ~T_HEAP);
	return savetype_put(s, b, t & T_HEAP, e);
}

int
savetype_put(struct savetype *s, struct buf *b, uint32_t id, struct err *e)
{
	if (id < s->n && s->place[id]) {
		buf_u8(b, OF_INSTANCE);
		buf_u64(b, s->place[id] - 1);
		return 0;
	}
	const struct type *t = type_of(id);
	if (t->kind != TYPE_FUNC)
		return fail(e, EINVAL, "a type of the host cannot be saved");
	buf_u8(b, OF_HOST);
	buf_u32(b, t->nparam);
	buf_u32(b, t->nresult);
	for (uint32_t i = 0; i < t->nparam + t->nresult; i++)
		if (savetype_put_value(s, b, i < t->nparam ? t->param[i] : t->result[i - t->nparam],
		                       e) < 0)
			return -1;
	return 0;
}

static int
damaged(struct err *e)
{
	return fail(e, EBADMSG, "the snapshot names a type that is not there");
}

int
savetype_get_value(struct cur *c, struct module *const *modules, uint32_t n, valtype *t,
                   struct err *e)
{
	uint8_t how = cur_u8(c);
	*t = cur_u32(c);
	if (c->bad || how > VALUE_DEFINED)
		return damaged(e);
	if (how == VALUE_PLAIN) {
		bool ok = type_is_ref(*t) ? (*t & T_HEAP) >= HEAP_EXN && (*t & T_HEAP) <= HEAP_NOEXN
		                          : *t >= T_V128 && *t <= T_I32;
		return ok ? 0 : damaged(e);
	}
	uint32_t id;
	if (!type_is_ref(*t) || *t & T_HEAP || savetype_get(c, modules, n, &id, e) < 0)
		return damaged(e);
	*t |= id;
	return 0;
}

int
savetype_get(struct cur *c, struct module *const *modules, uint32_t n, uint32_t *id, struct err *e)
{
	uint8_t how = cur_u8(c);
	if (how == OF_INSTANCE) {
		uint64_t place = cur_u64(c);
		uint32_t i = (uint32_t)(place >> 32), k = (uint32_t)place;
		if (c->bad || i >= n || !modules[i] || k >= modules[i]->ntype)
			return damaged(e);
		*id = modules[i]->type[k];
		return 0;
	}
	uint32_t np = cur_u32(c), nr = cur_u32(c);
	if (c->bad || how != OF_HOST || np > 1000 || nr > 1000)
		return damaged(e);
	valtype *v = xcalloc((size_t)np + nr + 1, sizeof *v);
	int rc = 0;
	for (uint32_t i = 0; i < np + nr && rc == 0; i++)
		rc = savetype_get_value(c, modules, n, &v[i], e);
	if (rc == 0)
		*id = type_func(v, np, v + np, nr);
	free(v);
	return rc;
}
