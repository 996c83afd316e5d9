/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/lang/read.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "layer/lang/reader.h"

/* -- small parts ---------------------------------------------------------------- */

/* A count of things, each of which takes a byte at least: a lie about it is found
 * before the memory is asked for. */
static uint32_t
count(struct reader *r, uint32_t limit, const char *what)
{
	const uint8_t *at = r->p;
	uint32_t n = reader_u32(r);
	if (n > limit)
		reader_stop(r, at, "too many %s", what);
	if (n > (uint64_t)(r->end - r->p))
		reader_stop(r, at,
		            "length out of bounds: unexpected end of section or function (%u %s)",
		            n, what);
	return n;
}

static bool
utf8_ok(const uint8_t *p, const uint8_t *end)
{
	while (p < end) {
		uint8_t b = *p++;
		if (b < 0x80)
			continue;
		int more = b >= 0xf0 ? 3 : b >= 0xe0 ? 2 : 1;
		if (b < 0xc2 || b > 0xf4 || end - p < more)
			return false;
		uint32_t c = b & (0x3fU >> more);
		for (; more; more--, p++) {
			if ((*p & 0xc0) != 0x80)
				return false;
			c = c << 6 | (*p & 0x3f);
		}
		if ((b >= 0xe0 && c < 0x800) || (b >= 0xf0 && c < 0x10000) || c > 0x10ffff ||
		    (c >= 0xd800 && c < 0xe000))
			return false;
	}
	return true;
}

static struct name
name(struct reader *r)
{
	const uint8_t *at = r->p;
	uint32_t n = at < r->end ? reader_u32(r) : UINT32_MAX;
	if (n > (size_t)(r->end - r->p))
		reader_stop(r, at, "length out of bounds: unexpected end of section or function");
	if (!utf8_ok(r->p, r->p + n))
		reader_stop(r, r->p, "malformed UTF-8 encoding");
	struct name v = { (const char *)r->p, n };
	r->p += n;
	return v;
}

/* -- types (5.3, 5.5.4) ------------------------------------------------------------ */

/* Does a type index name a definition of the group being read? */
static bool
in_group(const struct reader *r, uint64_t index)
{
	return index >= r->group_first && index - r->group_first < r->ngroup;
}

uint32_t
reader_heaptype(struct reader *r)
{
	const uint8_t *at = r->p;
	int64_t v = r->p < r->end && *r->p < 0x40 ? *r->p++ : reader_sleb_slow(r, 33);
	if (v >= 0) {
		if (in_group(r, (uint64_t)v))
			return TYPE_LOCAL | ((uint32_t)v - r->group_first);
		if (v >= r->m->ntype)
			reader_stop(r, at, "unknown type %u", (unsigned)v);
		return r->m->type[v];
	}
	uint32_t h = (uint32_t)(v & 0x7f) | HEAP_ABSTRACT;
	if (v < -64 ||
	    !((h >= HEAP_EXN && h <= HEAP_NOFUNC) || h == HEAP_NOEXN || h == HEAP_NOEXTERN))
		reader_stop(r, at, "malformed reference type");
	if (h != HEAP_FUNC) /* a table of functions is as old as the format */
		r->m->features |= h == HEAP_EXTERN ? FEATURE_REFERENCES : FEATURE_GC;
	return h;
}

valtype
reader_valtype(struct reader *r)
{
	uint8_t b = reader_u8(r);
	switch (b) {
	case T_V128: r->m->features |= FEATURE_SIMD; return b;
	case T_I32:
	case T_I64:
	case T_F32:
	case T_F64: return b;
	case 0x63: return T_REF | T_NULL | reader_heaptype(r);
	case 0x64: return T_REF | reader_heaptype(r);
	case 0x69:
	case 0x6a:
	case 0x6b:
	case 0x6c:
	case 0x6d:
	case 0x6e:
	case 0x6f:
	case 0x70:
	case 0x71:
	case 0x72:
	case 0x73:
	case 0x74: r->p--; return T_REF | T_NULL | reader_heaptype(r);
	default: reader_stop(r, r->p - 1, "malformed value type 0x%02x", b);
	}
}

static valtype
reftype(struct reader *r)
{
	const uint8_t *at = r->p;
	if (r->p < r->end && *r->p >= T_V128 && *r->p <= T_I32)
		reader_stop(r, at, "malformed reference type");
	valtype t = reader_valtype(r);
	if (!type_is_ref(t))
		reader_stop(r, at, "malformed reference type");
	return t;
}

static bool
mutability(struct reader *r)
{
	uint8_t b = reader_u8(r);
	if (b > 1)
		reader_stop(r, r->p - 1, "malformed mutability");
	return b;
}

static void
valtypes(struct reader *r, struct typedefn *d, uint32_t before, uint32_t n)
{
	d->v = xrealloc(d->v, (before + n + 1) * sizeof *d->v);
	for (uint32_t i = 0; i < n; i++)
		d->v[before + i] = reader_valtype(r);
}

static void
storage(struct reader *r, struct typedefn *d, uint32_t i)
{
	uint8_t b = r->p < r->end ? *r->p : 0;
	if (b == T_I8 || b == T_I16) {
		d->v[i] = b;
		r->p++;
	} else {
		d->v[i] = reader_valtype(r);
	}
	d->mut[i] = mutability(r);
}

static void
composite(struct reader *r, struct typedefn *d)
{
	uint8_t form = reader_u8(r);
	switch (form) {
	case 0x60:
		d->kind = TYPE_FUNC;
		d->nparam = count(r, READER_PARAMS, "parameters");
		valtypes(r, d, 0, d->nparam);
		d->nresult = count(r, READER_PARAMS, "results");
		valtypes(r, d, d->nparam, d->nresult);
		if (d->nresult > 1)
			r->m->features |= FEATURE_MULTI_VALUE;
		break;
	case 0x5f:
	case 0x5e:
		r->m->features |= FEATURE_GC;
		d->kind = form == 0x5f ? TYPE_STRUCT : TYPE_ARRAY;
		d->nfield = form == 0x5f ? count(r, READER_FIELDS, "fields") : 1;
		d->v = xcalloc(d->nfield + 1, sizeof *d->v);
		d->mut = xcalloc(d->nfield + 1, 1);
		for (uint32_t i = 0; i < d->nfield; i++)
			storage(r, d, i);
		break;
	default:
		reader_stop(r, r->p - 1,
		            "integer representation too long: malformed definition type 0x%02x",
		            form);
	}
}

static void
subtype(struct reader *r, struct typedefn *d)
{
	uint8_t form = r->p < r->end ? *r->p : 0;
	d->final = true;
	d->super = TYPE_NOSUPER;
	if (form == 0x50 || form == 0x4f) {
		r->m->features |= FEATURE_GC;
		r->p++;
		d->final = form == 0x4f;
		const uint8_t *at = r->p;
		uint32_t n = reader_u32(r);
		if (n > 1)
			reader_stop(r, at, "sub type has more than one super type");
		if (n == 1) {
			at = r->p;
			uint32_t index = reader_u32(r);
			if (in_group(r, index))
				d->super = TYPE_LOCAL | (index - r->group_first);
			else if (index < r->m->ntype)
				d->super = r->m->type[index];
			else
				reader_stop(r, at, "unknown type %u", index);
		}
	}
	composite(r, d);
}

void
read_forget_group(struct reader *r)
{
	for (uint32_t i = 0; i < r->ngroup; i++) {
		free(r->group[i].v);
		free(r->group[i].mut);
	}
	free(r->group);
	r->group = NULL;
	r->ngroup = 0;
}

static void
types(struct reader *r)
{
	struct module *m = r->m;
	uint32_t n = count(r, READER_TYPES, "types"), cap = n;
	m->type = xcalloc((size_t)cap + 1, sizeof *m->type);
	for (uint32_t i = 0; i < n; i++) {
		const uint8_t *at = r->p;
		uint32_t k = 1;
		if (r->p < r->end && *r->p == 0x4e) {
			r->p++;
			r->m->features |= FEATURE_GC;
			k = count(r, READER_TYPES, "types of a group");
		}
		if (m->ntype + k > cap) {
			if (m->ntype + k > READER_TYPES)
				reader_stop(r, at, "too many types");
			cap = (m->ntype + k) * 2;
			m->type = xrealloc(m->type, ((size_t)cap + 1) * sizeof *m->type);
		}
		r->group = xcalloc((size_t)k + 1, sizeof *r->group);
		r->ngroup = k;
		r->group_first = m->ntype;
		for (uint32_t j = 0; j < k; j++)
			subtype(r, &r->group[j]);
		uint32_t first = 0;
		struct err why = { 0 };
		if (type_group(r->group, k, &first, &why) < 0)
			reader_stop(r, at, "%s", why.what);
		for (uint32_t j = 0; j < k; j++)
			m->type[m->ntype++] = first + j;
		read_forget_group(r);
	}
}

static uint32_t
functype(struct reader *r)
{
	const uint8_t *at = r->p;
	uint32_t index = reader_u32(r);
	if (index >= r->m->ntype || type_of(r->m->type[index])->kind != TYPE_FUNC)
		reader_stop(r, at, "unknown type %u", index);
	return r->m->type[index];
}

/* -- limits and the things that have them (5.3.9 .. 5.3.11) -------------------------- */

static struct limits
limits(struct reader *r, bool memory)
{
	struct module *m = r->m;
	const uint8_t *at = r->p;
	uint8_t flags = reader_u8(r);
	if (flags & ~(memory ? 0xf : 5) && flags & 0x80)
		reader_stop(r, at, "integer representation too long: malformed limits flags");
	if (flags & ~(memory ? 0xf : 5))
		reader_stop(r, at, "malformed limits flags");
	struct limits l = {
		.has_max = flags & 1, .shared = flags & 2, .is64 = flags & 4, .page = 16
	};
	if (flags & 8 && r->p >= r->end)
		reader_stop(r, at, "malformed limits flags: unexpected end of section or function");
	l.min = reader_u64(r);
	if (l.has_max)
		l.max = reader_u64(r);
	if (flags & 8) {
		at = r->p;
		uint32_t page = reader_u32(r);
		if (page != 0 && page != 16)
			reader_stop(r, at, "invalid custom page size");
		l.page = (uint8_t)page;
		m->features |= FEATURE_PAGE_SIZE;
	}
	if (memory) {
		/* 3.2.15, with the page size: at most 2^32 or 2^64 bytes */
		uint64_t most = l.is64 ? (l.page ? (uint64_t)1 << 48 : UINT64_MAX)
		                       : (l.page ? 1U << 16 : UINT32_MAX);
		if (l.min > most || (l.has_max && l.max > most))
			reader_stop(r, at,
			            l.is64 ? "memory size must be at most 2^48 pages"
			                   : "memory size must be at most 65536 pages (4GiB), i32 "
			                     "constant out of range");
		if (l.shared && !l.has_max)
			reader_stop(r, at, "shared memory must have maximum");
		m->features |= (l.is64 ? FEATURE_MEMORY64 : 0) | (l.shared ? FEATURE_SHARED : 0);
	} else if (l.is64) {
		m->features |= FEATURE_TABLE64;
	} else if (l.min > UINT32_MAX || (l.has_max && l.max > UINT32_MAX)) {
		reader_stop(r, at, "table size must be at most 2^32-1, i32 constant out of range");
	}
	if (l.has_max && l.min > l.max)
		reader_stop(r, at, "size minimum must not be greater than maximum");
	return l;
}

static struct tabledef
tabletype(struct reader *r)
{
	struct tabledef t = { 0 };
	t.elem = reftype(r);
	t.limits = limits(r, false);
	return t;
}

static struct globaldef
globaltype(struct reader *r)
{
	struct globaldef g = { 0 };
	g.type = reader_valtype(r);
	g.mut = mutability(r);
	return g;
}

static uint32_t
tagtype(struct reader *r)
{
	const uint8_t *at = r->p;
	if (reader_u8(r) != 0)
		reader_stop(r, at, "malformed tag attribute");
	uint32_t t = functype(r);
	r->m->features |= FEATURE_EXCEPTIONS;
	if (type_of(t)->nresult)
		reader_stop(r, at, "non-empty tag result type");
	return t;
}

/* -- sections (5.5) -------------------------------------------------------------------- */

/* Room for n more in an index space that imports may have begun. */
#define GROW(list, have, n) ((list) = xrealloc((list), ((size_t)(have) + (n) + 1) * sizeof *(list)))

static void
imports(struct reader *r)
{
	struct module *m = r->m;
	uint32_t n = count(r, READER_IMPORTS, "imports");
	m->import = xcalloc((size_t)n + 1, sizeof *m->import);
	GROW(m->func, 0, n);
	for (uint32_t i = 0; i < n; i++) {
		struct import *x = &m->import[i];
		x->module = name(r);
		x->name = name(r);
		const uint8_t *at = r->p;
		uint8_t kind = reader_u8(r);
		if (kind > EXTERN_TAG)
			reader_stop(r, at, "malformed import kind");
		x->kind = (enum extern_kind)kind;
		switch (x->kind) {
		case EXTERN_FUNC:
			x->index = m->nfunc;
			m->func[m->nfunc++] = functype(r);
			break;
		case EXTERN_TABLE:
			x->index = m->ntable;
			GROW(m->table, m->ntable, 1);
			m->table[m->ntable++] = tabletype(r);
			break;
		case EXTERN_MEMORY:
			x->index = m->nmemory;
			GROW(m->memory, m->nmemory, 1);
			m->memory[m->nmemory++].limits = limits(r, true);
			break;
		case EXTERN_GLOBAL:
			x->index = m->nglobal;
			if ((m->nglobal & (m->nglobal - 1)) == 0)
				GROW(m->global, m->nglobal, m->nglobal ? m->nglobal : 1);
			m->global[m->nglobal++] = globaltype(r);
			break;
		case EXTERN_TAG:
			x->index = m->ntag;
			GROW(m->tag, m->ntag, 1);
			m->tag[m->ntag++] = tagtype(r);
			break;
		}
		m->nimport = i + 1;
	}
	m->func_imports = m->nfunc;
	m->table_imports = m->ntable;
	m->memory_imports = m->nmemory;
	m->global_imports = m->nglobal;
	m->tag_imports = m->ntag;
}

static void
functions(struct reader *r)
{
	struct module *m = r->m;
	uint32_t n = count(r, READER_FUNCS, "functions");
	GROW(m->func, m->nfunc, n);
	for (uint32_t i = 0; i < n; i++)
		m->func[m->nfunc++] = functype(r);
}

static void
tables(struct reader *r)
{
	struct module *m = r->m;
	uint32_t n = count(r, READER_TABLES, "tables");
	GROW(m->table, m->ntable, n);
	for (uint32_t i = 0; i < n; i++) {
		struct tabledef t;
		if (r->p < r->end && *r->p == 0x40) {
			const uint8_t *at = r->p++;
			if (reader_u8(r) != 0)
				reader_stop(r, at, "malformed table");
			t = tabletype(r);
			t.init = valid_constant(r, t.elem, m->nglobal);
		} else {
			const uint8_t *at = r->p;
			t = tabletype(r);
			if (!type_defaultable(t.elem))
				reader_stop(r, at,
				            "type mismatch: a table of non-null references needs a "
				            "first value");
		}
		m->table[m->ntable++] = t;
	}
}

static void
memories(struct reader *r)
{
	struct module *m = r->m;
	uint32_t n = count(r, READER_MEMORIES, "memories");
	GROW(m->memory, m->nmemory, n);
	for (uint32_t i = 0; i < n; i++)
		m->memory[m->nmemory++].limits = limits(r, true);
	if (m->nmemory > 1)
		m->features |= FEATURE_MULTI_MEMORY;
}

static void
globals(struct reader *r)
{
	struct module *m = r->m;
	uint32_t n = count(r, READER_GLOBALS, "globals");
	GROW(m->global, m->nglobal, n);
	for (uint32_t i = 0; i < n; i++) {
		struct globaldef g = globaltype(r);
		g.init = valid_constant(r, g.type, m->nglobal);
		m->global[m->nglobal++] = g;
	}
}

static int
by_name(const void *a, const void *b, void *module)
{
	const struct module *m = module;
	return module_name_compare(m->export[*(const uint32_t *)a].name,
	                           m->export[*(const uint32_t *)b].name);
}

static void
exports(struct reader *r)
{
	static const char *const kinds[] = { "function", "table", "memory", "global", "tag" };
	struct module *m = r->m;
	uint32_t n = count(r, READER_EXPORTS, "exports");
	const uint8_t *start = r->p;
	m->export = xcalloc((size_t)n + 1, sizeof *m->export);
	m->export_order = xcalloc((size_t)n + 1, sizeof *m->export_order);
	for (uint32_t i = 0; i < n; i++) {
		struct export *x = &m->export[i];
		x->name = name(r);
		const uint8_t *at = r->p;
		uint8_t kind = reader_u8(r);
		if (kind > EXTERN_TAG)
			reader_stop(r, at, "malformed export kind");
		x->kind = (enum extern_kind)kind;
		at = r->p;
		x->index = reader_u32(r);
		const uint32_t have[] = { m->nfunc, m->ntable, m->nmemory, m->nglobal, m->ntag };
		if (x->index >= have[kind])
			reader_stop(r, at, "unknown %s %u", kinds[kind], x->index);
		if (kind == EXTERN_FUNC)
			m->declared[x->index / 8] |= (uint8_t)(1 << x->index % 8);
		m->export_order[i] = i;
	}
	qsort_r(m->export_order, n, sizeof *m->export_order, by_name, m);
	for (uint32_t i = 1; i < n; i++)
		if (module_name_compare(m->export[m->export_order[i - 1]].name,
		                        m->export[m->export_order[i]].name) == 0)
			reader_stop(r, start, "duplicate export name");
	m->nexport = n;
}

static void
start(struct reader *r)
{
	struct module *m = r->m;
	const uint8_t *at = r->p;
	m->start = reader_u32(r);
	if (m->start >= m->nfunc)
		reader_stop(r, at, "unknown function %u", m->start);
	const struct type *t = type_of(m->func[m->start]);
	if (t->nparam || t->nresult)
		reader_stop(r, at, "start function must take and give nothing");
	m->has_start = true;
}

static valtype
elemkind(struct reader *r)
{
	if (reader_u8(r) != 0)
		reader_stop(r, r->p - 1, "malformed element kind");
	return T_REF | HEAP_FUNC;
}

static void
elem_items(struct reader *r, struct elemdef *x)
{
	struct module *m = r->m;
	x->n = count(r, READER_SEGMENTS, "elements");
	const uint8_t *first = r->p;
	x->offset = (uint32_t)(r->p - r->start);
	for (uint32_t i = 0; i < x->n; i++) {
		if (x->exprs) {
			valid_constant(r, x->type, m->nglobal);
			continue;
		}
		const uint8_t *at = r->p;
		uint32_t f = reader_u32(r);
		if (f >= m->nfunc)
			reader_stop(r, at, "unknown function %u", f);
		m->declared[f / 8] |= (uint8_t)(1 << f % 8);
	}
	x->size = (uint32_t)(r->p - first);
}

static void
elements(struct reader *r)
{
	struct module *m = r->m;
	uint32_t n = count(r, READER_SEGMENTS, "element segments");
	m->elem = xcalloc((size_t)n + 1, sizeof *m->elem);
	for (uint32_t i = 0; i < n; i++) {
		struct elemdef *x = &m->elem[i];
		const uint8_t *at = r->p;
		uint32_t flags = reader_u32(r);
		if (flags > 7)
			reader_stop(r, at, "malformed elements segment kind");
		x->exprs = flags & 4;
		x->mode = !(flags & 1) ? SEGMENT_ACTIVE
		          : flags & 2  ? SEGMENT_DECLARED
		                       : SEGMENT_PASSIVE;
		if (x->mode == SEGMENT_ACTIVE) {
			at = r->p;
			x->table = flags & 2 ? reader_u32(r) : 0;
			if (x->table >= m->ntable)
				reader_stop(r, at, "unknown table %u", x->table);
			x->at = valid_constant(r, m->table[x->table].limits.is64 ? T_I64 : T_I32,
			                       m->nglobal);
		}
		if (flags & 3)
			x->type = x->exprs ? reftype(r) : elemkind(r);
		else
			x->type = x->exprs ? T_FUNCREF : T_REF | HEAP_FUNC;
		if (x->mode == SEGMENT_ACTIVE && !type_matches(x->type, m->table[x->table].elem))
			reader_stop(r, at,
			            "type mismatch: the segment's references do not fit the table");
		elem_items(r, x);
		m->nelem = i + 1;
	}
}

static void
code(struct reader *r)
{
	struct module *m = r->m;
	const uint8_t *at = r->p;
	uint32_t n = reader_u32(r);
	if (n != m->nfunc - m->func_imports)
		reader_stop(r, at,
		            "function and code section have inconsistent lengths, "
		            "or there is unexpected content after last section");
	m->body = xcalloc((size_t)n + 1, sizeof *m->body);
	const uint8_t *end = r->end;
	for (uint32_t i = 0; i < n; i++) {
		at = r->p;
		uint32_t size = reader_u32(r);
		if (size > (size_t)(end - r->p))
			reader_stop(r, at,
			            "length out of bounds: unexpected end of section or function");
		m->body[i] = (struct body){ (uint32_t)(r->p - r->start), size };
		r->end = r->p + size;
		r->function = m->func_imports + i;
		valid_function(r, m->func_imports + i);
		r->function = UINT32_MAX;
		r->end = end;
	}
}

static void
data(struct reader *r)
{
	struct module *m = r->m;
	uint32_t n = count(r, READER_SEGMENTS, "data segments");
	if (r->has_data_count && n != r->data_count)
		reader_stop(r, r->p, "data count and data section have inconsistent lengths");
	m->data = xcalloc((size_t)n + 1, sizeof *m->data);
	for (uint32_t i = 0; i < n; i++) {
		struct datadef *x = &m->data[i];
		const uint8_t *at = r->p;
		uint32_t flags = reader_u32(r);
		if (flags > 2)
			reader_stop(r, at, "malformed data segment kind");
		x->mode = flags == 1 ? SEGMENT_PASSIVE : SEGMENT_ACTIVE;
		if (x->mode == SEGMENT_ACTIVE) {
			at = r->p;
			x->memory = flags == 2 ? reader_u32(r) : 0;
			if (x->memory >= m->nmemory)
				reader_stop(r, at, "unknown memory %u", x->memory);
			x->at = valid_constant(r, m->memory[x->memory].limits.is64 ? T_I64 : T_I32,
			                       m->nglobal);
		}
		at = r->p;
		x->size = reader_u32(r);
		if (x->size > (size_t)(r->end - r->p))
			reader_stop(r, at,
			            "length out of bounds: unexpected end of section or function");
		x->offset = (uint32_t)(r->p - r->start);
		r->p += x->size;
		m->ndata = i + 1;
	}
}

static void
tags(struct reader *r)
{
	struct module *m = r->m;
	uint32_t n = count(r, READER_TAGS, "tags");
	GROW(m->tag, m->ntag, n);
	for (uint32_t i = 0; i < n; i++)
		m->tag[m->ntag++] = tagtype(r);
}

static void
data_count(struct reader *r)
{
	r->data_count = reader_u32(r);
	r->has_data_count = true;
}

static void
custom(struct reader *r)
{
	struct module *m = r->m;
	if ((m->ncustom & (m->ncustom - 1)) == 0)
		GROW(m->custom, m->ncustom, m->ncustom ? m->ncustom : 1);
	struct custom *x = &m->custom[m->ncustom];
	x->name = name(r);
	x->offset = (uint32_t)(r->p - r->start);
	x->size = (uint32_t)(r->end - r->p);
	r->p = r->end;
	m->ncustom++;
}

static const struct kind {
	const char *name;
	void (*read)(struct reader *r);
	int order; /* sections come in this order (5.5.2) */
} kinds[] = {
	{ "custom section", custom, 0 },
	{ "type section", types, 1 },
	{ "import section", imports, 2 },
	{ "function section", functions, 3 },
	{ "table section", tables, 4 },
	{ "memory section", memories, 5 },
	{ "global section", globals, 7 },
	{ "export section", exports, 8 },
	{ "start section", start, 9 },
	{ "element section", elements, 10 },
	{ "code section", code, 12 },
	{ "data section", data, 13 },
	{ "data count section", data_count, 11 },
	{ "tag section", tags, 6 },
};

/* What the sections after the functions may set bits in. */
static void
make_declared(struct module *m)
{
	if (!m->declared)
		m->declared = xcalloc(m->nfunc / 8 + 1, 1);
}

void
read_module(struct reader *r)
{
	struct module *m = r->m;
	const uint8_t *end = r->end;
	if (end - r->p < 4 || memcmp(r->p, "\0asm", 4) != 0)
		reader_stop(r, r->p,
		            end - r->p < 4 ? "unexpected end: magic header not detected"
		                           : "magic header not detected");
	r->p += 4;
	if (end - r->p < 4 || memcmp(r->p, "\1\0\0", 4) != 0)
		reader_stop(r, r->p,
		            end - r->p < 4 ? "unexpected end: unknown binary version"
		            : memcmp(r->p, "\15\0\1", 4) == 0
		                    ? "unknown binary version: a component, not a core module"
		                    : "unknown binary version");
	r->p += 4;
	int last = 0;
	while (r->p < end) {
		const uint8_t *at = r->p;
		r->end = end;
		r->where = "section header";
		uint8_t id = reader_u8(r);
		if (id >= sizeof kinds / sizeof *kinds)
			reader_stop(r, at, "malformed section id %u", id);
		uint32_t size = reader_u32(r);
		if (size > (size_t)(end - r->p))
			reader_stop(r, at, "length out of bounds: unexpected end");
		if (id && kinds[id].order <= last)
			reader_stop(r, at, "unexpected content after last section");
		if (id)
			last = kinds[id].order;
		if ((m->nsection & (m->nsection - 1)) == 0)
			GROW(m->section, m->nsection, m->nsection ? m->nsection : 1);
		m->section[m->nsection++] =
		        (struct section){ id, (uint32_t)(r->p - r->start), size };
		r->end = r->p + size;
		r->where = kinds[id].name;
		if (last >= 4)
			make_declared(m);
		kinds[id].read(r);
		if (r->p != r->end)
			reader_stop(r, r->p, "section size mismatch");
	}
	r->where = "module";
	if (m->nfunc > m->func_imports && !m->body)
		reader_stop(r, r->p, "function and code section have inconsistent lengths");
	if (r->has_data_count && r->data_count && !m->data)
		reader_stop(r, r->p, "data count and data section have inconsistent lengths");
	make_declared(m);
}
