/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/lang/module.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "all/wasm/thing.h"
#include "base/arena.h"
#include "include/wasm.h"

static struct thing_module *
read(const wasm_byte_vec_t *binary)
{
	struct thing_module *m = xcalloc(1, sizeof *m);
	atomic_init(&m->users, 1);
	m->bytes = xmalloc(binary->size + 1);
	if (binary->size)
		memcpy(m->bytes, binary->data, binary->size);
	m->module = module_read((const uint8_t *)m->bytes, binary->size, NULL);
	if (m->module)
		return m;
	free(m->bytes);
	free(m);
	return NULL;
}

/* A handle for a user more. */
static wasm_module_t *
handle(wasm_store_t *s, struct thing_module *m)
{
	wasm_ref_t *r = thing_new(s, THING_MODULE);
	r->module = m;
	return (wasm_module_t *)r;
}

wasm_module_t *
wasm_module_new(wasm_store_t *s, const wasm_byte_vec_t *binary)
{
	struct thing_module *m = read(binary);
	return m ? handle(s, m) : NULL;
}

bool
wasm_module_validate(wasm_store_t *s, const wasm_byte_vec_t *binary)
{
	(void)s;
	struct module *m = module_read((const uint8_t *)binary->data, binary->size, NULL);
	module_free(m);
	return m != NULL;
}

wasm_shared_module_t *
wasm_module_share(const wasm_module_t *m)
{
	return (wasm_shared_module_t *)thing_module_hold(((const wasm_ref_t *)m)->module);
}

void
wasm_shared_module_delete(wasm_shared_module_t *m)
{
	if (m)
		thing_module_drop((struct thing_module *)m);
}

wasm_module_t *
wasm_module_obtain(wasm_store_t *s, const wasm_shared_module_t *m)
{
	return handle(s, thing_module_hold((struct thing_module *)m));
}

void
wasm_module_serialize(const wasm_module_t *r, wasm_byte_vec_t *out)
{
	const struct thing_module *m = ((const wasm_ref_t *)r)->module;
	wasm_byte_vec_new(out, m->module->nbytes, m->bytes);
}

wasm_module_t *
wasm_module_deserialize(wasm_store_t *s, const wasm_byte_vec_t *bytes)
{
	return wasm_module_new(s, bytes);
}

static wasm_externtype_t *
type_at(const struct module *m, enum extern_kind kind, uint32_t index)
{
	switch (kind) {
	case EXTERN_FUNC: return (wasm_externtype_t *)thing_functype_of(m->func[index]);
	case EXTERN_TABLE: return thing_tabletype_of(m->table[index].elem, &m->table[index].limits);
	case EXTERN_MEMORY: return thing_memorytype_of(&m->memory[index].limits);
	case EXTERN_GLOBAL: return thing_globaltype_of(m->global[index].type, m->global[index].mut);
	default: return thing_tagtype_of(m->tag[index]);
	}
}

void
wasm_module_imports(const wasm_module_t *r, wasm_importtype_vec_t *out)
{
	const struct module *m = ((const wasm_ref_t *)r)->module->module;
	wasm_importtype_vec_new_uninitialized(out, m->nimport);
	for (uint32_t i = 0; i < m->nimport; i++) {
		const struct import *x = &m->import[i];
		wasm_name_t module, name;
		wasm_name_new(&module, x->module.n, x->module.p);
		wasm_name_new(&name, x->name.n, x->name.p);
		out->data[i] = wasm_importtype_new(&module, &name, type_at(m, x->kind, x->index));
	}
}

void
wasm_module_exports(const wasm_module_t *r, wasm_exporttype_vec_t *out)
{
	const struct module *m = ((const wasm_ref_t *)r)->module->module;
	wasm_exporttype_vec_new_uninitialized(out, m->nexport);
	for (uint32_t i = 0; i < m->nexport; i++) {
		const struct export *x = &m->export[i];
		wasm_name_t name;
		wasm_name_new(&name, x->name.n, x->name.p);
		out->data[i] = wasm_exporttype_new(&name, type_at(m, x->kind, x->index));
	}
}
