/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/lang/invoke.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "core/spec.h"

static struct func *
find(const struct guest *g, const char *name)
{
	struct external x;
	if (!link_export(g->main, name, strlen(name), &x) || x.kind != EXTERN_FUNC)
		return NULL;
	return x.func;
}

static bool
number(const char *text, valtype t, uint64_t *out)
{
	char *end;
	errno = 0;
	switch (t) {
	case T_I32:
	case T_I64: {
		bool minus = *text == '-';
		uint64_t v = strtoull(text, &end, 0), most = t == T_I32 ? UINT32_MAX : UINT64_MAX;
		if (minus ? -v > most / 2 + 1 : v > most)
			return false;
		*out = t == T_I32 ? (uint32_t)v : v;
		break;
	}
	case T_F32: {
		float f = strtof(text, &end);
		*out = 0;
		memcpy(out, &f, 4);
		break;
	}
	case T_F64: {
		double d = strtod(text, &end);
		memcpy(out, &d, 8);
		break;
	}
	default: return false;
	}
	return end != text && *end == '\0' && (errno == 0 || t == T_F32 || t == T_F64);
}

static int
arguments(struct guest *g, const char *name, struct err *e)
{
	const struct type *t = type_of(g->entry->type);
	char **args = g->spec->process.args + 1;
	uint32_t n = 0;
	while (args[n])
		n++;
	if (n != t->nparam || t->nparam > 32) {
		fail(e, EINVAL, "function '%s' takes %u arguments, %u are given", name, t->nparam,
		     n);
		return err_hint(e, "numbers behind the file: joist run --invoke %s FILE 1 2", name);
	}
	for (uint32_t i = 0; i < n; i++)
		if (!number(args[i], t->param[i], &g->args[i])) {
			char buf[48];
			fail(e, EINVAL, "argument '%s' of '%s' is no %s", args[i], name,
			     type_text(t->param[i], buf));
			return err_hint(e, "only numbers can be given on the command line");
		}
	return 0;
}

int
invoke_find(struct guest *g, struct err *e)
{
	const char *name = g->grant.invoke;
	g->initialize = find(g, "_initialize");
	g->entry = find(g, name ? name : "_start");
	if (!name && !g->entry) {
		name = "main";
		g->entry = find(g, name);
	}
	if (!name && g->entry)
		return 0;
	if (!g->entry && g->grant.invoke) {
		fail(e, ENOENT, "'%s' exports no function '%s'", g->program.path, name);
		err_hint(e, "see what it exports: joist inspect %s", g->program.path);
		return err_status(e, EXIT_CANNOT_EXEC);
	}
	/* A module with only a start function, or of nothing but definitions, has run then. */
	if (!g->entry)
		return 0;
	g->print = true;
	if (arguments(g, name, e) < 0)
		return err_status(e, EXIT_CANNOT_EXEC);
	return 0;
}

static int
print_one(char *buf, size_t size, valtype t, const uint64_t *v)
{
	float f;
	double d;
	switch (t) {
	case T_I32: return snprintf(buf, size, "%" PRId32 "\n", (int32_t)v[0]);
	case T_I64: return snprintf(buf, size, "%" PRId64 "\n", (int64_t)v[0]);
	case T_F32: memcpy(&f, v, 4); return snprintf(buf, size, "%.9g\n", (double)f);
	case T_F64: memcpy(&d, v, 8); return snprintf(buf, size, "%.17g\n", d);
	case T_V128: return snprintf(buf, size, "0x%016" PRIx64 "%016" PRIx64 "\n", v[1], v[0]);
	default: return snprintf(buf, size, "%s\n", v[0] ? "ref" : "null");
	}
}

void
invoke_print(struct guest *g, const uint64_t *results)
{
	const struct type *t = type_of(g->entry->type);
	char buf[64];
	for (uint32_t i = 0; i < t->nresult; i++) {
		int n = print_one(buf, sizeof buf, t->result[i], results);
		if (g->home.fd[1] >= 0)
			file_write_all(g->home.fd[1], buf, (size_t)n);
		results += type_slots(t->result[i]);
	}
}
