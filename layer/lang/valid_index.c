/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/lang/valid.h"

uint32_t
valid_index(struct reader *r, uint32_t n, const char *what)
{
	const uint8_t *at = r->p;
	uint32_t i = reader_u32(r);
	if (i >= n)
		reader_stop(r, at, "unknown %s %u", what, i);
	return i;
}

const struct type *
valid_type_index(struct reader *r, enum type_kind kind)
{
	const uint8_t *at = r->p;
	uint32_t i = valid_index(r, r->m->ntype, "type");
	const struct type *t = type_of(r->m->type[i]);
	if (t->kind != kind)
		reader_stop(r, at, "type mismatch: type %u is no %s", i,
		            kind == TYPE_FUNC     ? "function"
		            : kind == TYPE_STRUCT ? "structure"
		                                  : "array");
	return t;
}

uint32_t
valid_table_index(struct reader *r)
{
	return valid_index(r, r->m->ntable, "table");
}

uint32_t
valid_memory_index(struct reader *r)
{
	return valid_index(r, r->m->nmemory, "memory");
}

const struct type *
valid_func_index(struct reader *r)
{
	return type_of(r->m->func[valid_index(r, r->m->nfunc, "function")]);
}

const struct type *
valid_tag_index(struct reader *r)
{
	return type_of(r->m->tag[valid_index(r, r->m->ntag, "tag")]);
}

uint32_t
valid_elem_at(struct reader *r, const uint8_t *at, uint32_t i)
{
	if (i >= r->m->nelem)
		reader_stop(r, at, "unknown elem segment %u", i);
	return i;
}

uint32_t
valid_elem_index(struct reader *r)
{
	const uint8_t *at = r->p;
	return valid_elem_at(r, at, reader_u32(r));
}

void
valid_data_at(struct reader *r, const uint8_t *at, uint32_t i)
{
	if (!r->has_data_count)
		reader_stop(r, at, "data count section required");
	if (i >= r->data_count)
		reader_stop(r, at, "unknown data segment %u", i);
}

void
valid_data_index(struct reader *r)
{
	const uint8_t *at = r->p;
	valid_data_at(r, at, reader_u32(r));
}

valtype
valid_memarg(struct reader *r, unsigned natural, bool exact)
{
	const uint8_t *at = r->p;
	uint32_t flags = reader_u32(r), memory = 0;
	if (flags >= 128)
		reader_stop(r, at, "malformed memop flags");
	if (flags & 64) {
		memory = reader_u32(r);
		flags -= 64;
	}
	if (memory >= r->m->nmemory)
		reader_stop(r, at, "unknown memory %u", memory);
	if (flags > natural || (exact && flags != natural))
		reader_stop(r, at,
		            exact ? "alignment must be natural: alignment must not be larger than "
		                    "natural"
		                  : "alignment must not be larger than natural");
	at = r->p;
	const struct limits *l = &r->m->memory[memory].limits;
	uint64_t offset = reader_u64(r);
	if (!l->is64 && offset > UINT32_MAX)
		reader_stop(r, at, "offset out of range");
	return valid_address_type(l);
}
