/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/lang/describe.h"

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "core/artifact.h"
#include "layer/lang/program.h"
#include "layer/lang/reader.h"

static const char *const kinds[] = { "function", "table", "memory", "global", "tag" };

static json_t *
text(struct name n)
{
	return json_stringn(n.p, n.n);
}

/* "(i32 i32) -> (i64)" */
static json_t *
signature(uint32_t id)
{
	const struct type *t = type_of(id);
	struct buf b = { 0 };
	char one[48];
	for (uint32_t i = 0; i <= t->nparam + t->nresult; i++) {
		const char *s = i == 0 ? "(" : "";
		if (i == t->nparam)
			s = i == 0 ? "() -> (" : ") -> (";
		buf_put(&b, s, strlen(s));
		if (i == t->nparam + t->nresult)
			break;
		if (i != 0 && i != t->nparam)
			buf_u8(&b, ' ');
		s = type_text(i < t->nparam ? t->param[i] : t->result[i - t->nparam], one);
		buf_put(&b, s, strlen(s));
	}
	buf_u8(&b, ')');
	json_t *v = json_stringn((const char *)b.p, b.n);
	buf_free(&b);
	return v;
}

static json_t *
limits(const struct limits *l)
{
	json_t *o = json_pack("{s:I}", "minimum", (json_int_t)l->min);
	if (l->has_max)
		json_object_set_new(o, "maximum", json_integer((json_int_t)l->max));
	if (l->is64)
		json_object_set_new(o, "address", json_string("i64"));
	if (l->shared)
		json_object_set_new(o, "shared", json_true());
	if (l->page != 16 && l->page == 0)
		json_object_set_new(o, "pageSize", json_integer(1));
	return o;
}

static json_t *
thing(const struct module *m, enum extern_kind kind, uint32_t index)
{
	char buf[48];
	json_t *o = json_pack("{s:s}", "kind", kinds[kind]);
	switch (kind) {
	case EXTERN_FUNC: json_object_set_new(o, "type", signature(m->func[index])); break;
	case EXTERN_TABLE:
		json_object_set_new(o, "element",
		                    json_string(type_text(m->table[index].elem, buf)));
		json_object_set_new(o, "limits", limits(&m->table[index].limits));
		break;
	case EXTERN_MEMORY:
		json_object_set_new(o, "limits", limits(&m->memory[index].limits));
		break;
	case EXTERN_GLOBAL:
		json_object_set_new(o, "type", json_string(type_text(m->global[index].type, buf)));
		json_object_set_new(o, "mutable", json_boolean(m->global[index].mut));
		break;
	case EXTERN_TAG: json_object_set_new(o, "type", signature(m->tag[index])); break;
	}
	return o;
}

static json_t *
sections(const struct module *m)
{
	static const char *const names[] = { "custom",     "type",    "import", "function",
		                             "table",      "memory",  "global", "export",
		                             "start",      "element", "code",   "data",
		                             "data count", "tag" };
	json_t *all = json_array();
	uint32_t custom = 0;
	for (uint32_t i = 0; i < m->nsection; i++) {
		const struct section *s = &m->section[i];
		json_t *o = json_pack("{s:s, s:I, s:I}", "name", names[s->id], "offset",
		                      (json_int_t)s->offset, "size", (json_int_t)s->size);
		if (s->id == 0)
			json_object_set_new(o, "custom", text(m->custom[custom++].name));
		json_array_append_new(all, o);
	}
	return all;
}

static json_t *
features(uint32_t set)
{
	static const struct {
		uint32_t bit;
		const char *name;
	} all[] = {
		{ FEATURE_SIMD, "simd" },
		{ FEATURE_RELAXED, "relaxed-simd" },
		{ FEATURE_ATOMICS, "atomics" },
		{ FEATURE_GC, "gc" },
		{ FEATURE_EXCEPTIONS, "exceptions" },
		{ FEATURE_LEGACY_EXCEPTIONS, "legacy-exceptions" },
		{ FEATURE_TAIL_CALLS, "tail-calls" },
		{ FEATURE_BULK, "bulk-memory" },
		{ FEATURE_REFERENCES, "reference-types" },
		{ FEATURE_MULTI_VALUE, "multi-value" },
		{ FEATURE_MULTI_MEMORY, "multi-memory" },
		{ FEATURE_MEMORY64, "memory64" },
		{ FEATURE_WIDE, "wide-arithmetic" },
		{ FEATURE_PAGE_SIZE, "custom-page-sizes" },
		{ FEATURE_SATURATING, "saturating-conversions" },
		{ FEATURE_SIGN_EXTENSION, "sign-extension" },
		{ FEATURE_SHARED, "shared-memory" },
		{ FEATURE_TABLE64, "table64" },
	};
	json_t *list = json_array();
	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		if (set & all[i].bit)
			json_array_append_new(list, json_string(all[i].name));
	return list;
}

json_t *
describe_program(const struct artifact *a, struct err *e)
{
	struct program p;
	if (program_open(&p, a->path, e) < 0) {
		program_free(&p);
		return NULL;
	}
	const struct module *m = p.module;
	json_t *imports = json_array(), *exports = json_array();
	for (uint32_t i = 0; i < m->nimport; i++) {
		json_t *o = thing(m, m->import[i].kind, m->import[i].index);
		json_object_set_new(o, "module", text(m->import[i].module));
		json_object_set_new(o, "name", text(m->import[i].name));
		json_array_append_new(imports, o);
	}
	for (uint32_t i = 0; i < m->nexport; i++) {
		json_t *o = thing(m, m->export[i].kind, m->export[i].index);
		json_object_set_new(o, "name", text(m->export[i].name));
		json_array_append_new(exports, o);
	}
	json_t *o =
	        json_pack("{s:s, s:s, s:I, s:o, s:o, s:o, s:o, s:{s:I, s:I, s:I, s:I, s:I, s:I}}",
	                  "kind", "module", "path", a->path, "size", (json_int_t)m->nbytes,
	                  "features", features(m->features), "imports", imports, "exports", exports,
	                  "sections", sections(m), "counts", "functions", (json_int_t)m->nfunc,
	                  "types", (json_int_t)m->ntype, "tables", (json_int_t)m->ntable,
	                  "memories", (json_int_t)m->nmemory, "globals", (json_int_t)m->nglobal,
	                  "tags", (json_int_t)m->ntag);
	program_free(&p);
	return o;
}
