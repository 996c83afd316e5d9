/* SPDX-License-Identifier: Apache-2.0 */
/* The tables of the system DLLs as a program sees them: headers that can be walked, names in
 * order, and every row found by the binary search of GetProcAddress. */
#include "test/unit.h"

#include <string.h>

#include "layer/api/dll/table.h"

struct directory {
	uint32_t flags, stamp;
	uint16_t major, minor;
	uint32_t name, base, nfunction, nname, functions, names, ordinals;
};

static const struct directory *
exports(const struct table *t)
{
	const uint8_t *b = t->image;
	uint32_t pe, rva;

	memcpy(&pe, b + 0x3c, 4);
	assert_memory_equal(b + pe, "PE\0\0", 4);
	memcpy(&rva, b + pe + 24 + 112, 4);
	return (const struct directory *)(const void *)(b + rva);
}

static void
every_row_is_found(void **state)
{
	size_t rows = 0, tables = 0;

	(void)state;
	for (size_t i = 0; table_at(i); i++) {
		const struct table *t = table_at(i);
		const char *name, *before = NULL;
		void *address;
		uint16_t ordinal, args;
		assert_ptr_equal(table_find(t->name), t);
		if (!t->image)
			continue;
		tables++;
		for (size_t k = 0; table_export(t, k, &name, &address, &ordinal, &args); k++) {
			rows++;
			if (before && strcmp(before, name) >= 0)
				fail_msg("%s: %s stands before %s", t->file, before, name);
			before = name;
			if (table_symbol(t, name) != address || !address)
				fail_msg("%s: %s is not found", t->file, name);
			if (ordinal && table_ordinal(t, ordinal) != address)
				fail_msg("%s: %s is not found by its ordinal %u", t->file, name,
				         ordinal);
		}
	}
	assert_true(tables > 20 && rows > 500);
}

static void
directories_can_be_walked(void **state)
{
	(void)state;
	for (size_t i = 0; table_at(i); i++) {
		const struct table *t = table_at(i);
		if (!t->image)
			continue;
		const uint8_t *b = t->image;
		const struct directory *d = exports(t);
		const uint32_t *names = (const uint32_t *)(const void *)(b + d->names);
		const uint32_t *functions = (const uint32_t *)(const void *)(b + d->functions);
		const uint16_t *ordinals = (const uint16_t *)(const void *)(b + d->ordinals);
		assert_string_equal((const char *)b + d->name, t->file);
		for (uint32_t k = 0; k < d->nname; k++) {
			assert_true(ordinals[k] < d->nfunction);
			assert_ptr_equal(b + functions[ordinals[k]],
			                 table_symbol(t, (const char *)b + names[k]));
		}
	}
}

static void
what_is_not_there_is_not_found(void **state)
{
	(void)state;
	for (size_t i = 0; table_at(i); i++) {
		const struct table *t = table_at(i);
		if (!t->image)
			continue;
		assert_null(table_symbol(t, ""));
		assert_null(table_symbol(t, "!"));
		assert_null(table_symbol(t, "zzzz_no_such_function"));
	}
	assert_null(table_find("no_such_dll"));
	assert_null(table_of_set("no_such_set"));
	assert_non_null(table_of_set("api-ms-win-core-file-l1-1-0"));
	assert_non_null(table_find("kernel32.dll"));
}

UNIT_MAIN(TEST(every_row_is_found), TEST(directories_can_be_walked),
          TEST(what_is_not_there_is_not_found))
