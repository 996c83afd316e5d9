/* table.h -- the system DLLs as their tables have them.
 *
 * What image.S laid out, as C sees it: read-only, for any thread.
 */
#ifndef LAYER_API_DLL_TABLE_H
#define LAYER_API_DLL_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct table {
	const char *name;       /* "kernel32", as dlls.def has it */
	const char *file;       /* "KERNEL32.DLL" */
	const char *brief;
	const void *image;      /* NULL: known, and nothing in it is done */
	const void *extra;
};

const struct table *table_at(size_t i);                 /* NULL behind the last */
/* By the base name, lower case, with or without .dll (others keep their ending). */
const struct table *table_find(const char *name);
/* The DLL that stands behind an API set (api-ms-win-..., lower case); NULL: it is none. */
const struct table *table_of_set(const char *name);
/* The nth DLL in which to look for a function of an API set that its own has not; NULL: no more. */
const struct table *table_next(size_t n);

/* A program loads it: what its variables hold is made now, and not for those who never do. */
bool table_starts(const struct table *t);
void table_start(const struct table *t);

void *table_symbol(const struct table *t, const char *name);
void *table_ordinal(const struct table *t, uint16_t ordinal);
/* The ith export; false behind the last. */
enum { TABLE_VARIABLE = 0xffff };       /* in place of a number of arguments */
bool table_export(const struct table *t, size_t i, const char **name, void **address,
                  uint16_t *ordinal, uint16_t *args);
/* How many arguments the function there takes, by the first row that has it; it looks at all. */
unsigned table_args(const void *address);

#endif
