/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/api/dll/table.h"

#include <string.h>

#include "base/str.h"
#include "layer/api/dll/msvcp140.h"

#define DLL(name, file, brief) extern const char dll_image_##name[], dll_extra_##name[];
#define SYSTEM(name)
#include "layer/api/dll/dlls.def"
#undef DLL
#undef SYSTEM

static const struct table tables[] = {
#define DLL(name, file, brief) { #name, file, brief, dll_image_##name, dll_extra_##name },
#define SYSTEM(name)           { name, name, "", NULL, NULL },
#include "layer/api/dll/dlls.def"
#undef DLL
#undef SYSTEM
};

enum { TABLES = sizeof tables / sizeof *tables, EXPORTS = 0x170 };

/* Of image.inc. */
struct exports {
	uint32_t unused[4], base, functions, names, function_at, name_at, ordinal_at;
};

struct extra {
	uint16_t ordinal, args;
};

const struct table *
table_at(size_t i)
{
	return i < TABLES ? &tables[i] : NULL;
}

const struct table *
table_find(const char *name)
{
	size_t n = strlen(name);
	if (n > 4 && strcmp(name + n - 4, ".dll") == 0)
		n -= 4;
	for (size_t i = 0; i < TABLES; i++)
		if (tables[i].name[0] == name[0] && strncmp(tables[i].name, name, n) == 0 &&
		    tables[i].name[n] == '\0')
			return &tables[i];
	return NULL;
}

/* The longest part of the name of a set that says whose it is. */
static const struct {
	const char *set, *dll;
} sets[] = {
	{ "api-ms-win-crt-", "ucrtbase" },
	{ "api-ms-win-core-com-", "combase" },
	{ "api-ms-win-core-winrt-", "combase" },
	{ "api-ms-win-core-registry-", "advapi32" },
	{ "api-ms-win-core-shlwapi-", "shlwapi" },
	{ "api-ms-win-core-version-", "version" },
	{ "api-ms-win-core-rtlsupport-", "ntdll" },
	{ "api-ms-win-shcore-", "shcore" },
	{ "api-ms-win-security-", "advapi32" },
	{ "api-ms-win-eventing-", "advapi32" },
	{ "api-ms-win-service-", "advapi32" },
	{ "api-ms-win-power-", "powrprof" },
	{ "api-ms-win-", "kernelbase" },
};

const struct table *
table_of_set(const char *name)
{
	for (size_t i = 0; i < sizeof sets / sizeof *sets; i++)
		if (str_starts(name, sets[i].set))
			return table_find(sets[i].dll);
	return NULL;
}

const struct table *
table_next(size_t n)
{
	static const char *const order[] = { "kernelbase", "ntdll",  "advapi32", "combase",
		                             "shlwapi",    "user32", "version",  "shcore",
		                             "powrprof",   "shell32" };
	return n < sizeof order / sizeof *order ? table_find(order[n]) : NULL;
}

bool
table_starts(const struct table *t)
{
	return t->image == dll_image_msvcp140;
}

void
table_start(const struct table *t)
{
	if (table_starts(t))
		msvcp140_start();
}

static const struct exports *
exports_of(const struct table *t)
{
	return (const void *)((const char *)t->image + EXPORTS);
}

static const uint32_t *
words(const struct table *t, uint32_t at)
{
	return (const void *)((const char *)t->image + at);
}

static void *
address(const struct table *t, size_t i)
{
	return (void *)((uintptr_t)t->image + words(t, exports_of(t)->function_at)[i]);
}

void *
table_symbol(const struct table *t, const char *name)
{
	if (!t->image)
		return NULL;
	const struct exports *x = exports_of(t);
	const uint32_t *names = words(t, x->name_at);
	size_t low = 0, high = x->names;
	while (low < high) {
		size_t mid = (low + high) / 2;
		int c = strcmp(name, (const char *)t->image + names[mid]);
		if (c == 0)
			return address(t, mid);
		if (c < 0)
			high = mid;
		else
			low = mid + 1;
	}
	return NULL;
}

void *
table_ordinal(const struct table *t, uint16_t ordinal)
{
	const struct extra *x = t->extra;
	for (size_t i = 0; t->image && ordinal && i < exports_of(t)->names; i++)
		if (x[i].ordinal == ordinal)
			return address(t, i);
	return NULL;
}

bool
table_export(const struct table *t, size_t i, const char **name, void **at, uint16_t *ordinal,
             uint16_t *args)
{
	const struct extra *x = t->extra;
	if (!t->image || i >= exports_of(t)->names)
		return false;
	*name = (const char *)t->image + words(t, exports_of(t)->name_at)[i];
	*at = address(t, i);
	*ordinal = x[i].ordinal;
	*args = x[i].args;
	return true;
}

unsigned
table_args(const void *address)
{
	const struct table *t;
	for (size_t k = 0; (t = table_at(k)); k++) {
		const char *name;
		void *at;
		uint16_t ordinal, args;
		for (size_t i = 0; table_export(t, i, &name, &at, &ordinal, &args); i++)
			if (at == address)
				return args;
	}
	return 0;
}
