/* module.h -- a WebAssembly program as read and validated.
 *
 * A module is constant after module_read and may be shared by instances and
 * threads.  It points into its bytes, which must outlive it.  Indices are those
 * of the specification: imports come first in each index space.
 */
#ifndef LAYER_LANG_MODULE_H
#define LAYER_LANG_MODULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "layer/lang/type.h"

struct name { /* UTF-8, not terminated, may hold zeros */
	const char *p;
	uint32_t n;
};

enum extern_kind { EXTERN_FUNC, EXTERN_TABLE, EXTERN_MEMORY, EXTERN_GLOBAL, EXTERN_TAG };

struct limits {
	uint64_t min, max;
	bool has_max, is64, shared;
	uint8_t page; /* memories: log2 of the page size, 16 or 0 */
};

struct expr { /* a constant expression, its `end` included; offset 0: none */
	uint32_t offset, size;
};

struct body {
	uint32_t offset, size;
}; /* of the locals and code, in the bytes */
struct tabledef {
	valtype elem;
	struct limits limits;
	struct expr init;
};
struct memorydef {
	struct limits limits;
};
struct globaldef {
	valtype type;
	bool mut;
	struct expr init;
};

struct import {
	struct name module, name;
	enum extern_kind kind;
	uint32_t index; /* in its index space */
};

struct export
{
	struct name name;
	enum extern_kind kind;
	uint32_t index;
};

enum segment_mode { SEGMENT_PASSIVE, SEGMENT_ACTIVE, SEGMENT_DECLARED };

struct elemdef {
	enum segment_mode mode;
	valtype type;
	uint32_t table;
	struct expr at; /* active: where */
	uint32_t n;
	bool exprs;            /* items are constant expressions, else function indices */
	uint32_t offset, size; /* of the items in the bytes, behind their count */
};

struct datadef {
	enum segment_mode mode;
	uint32_t memory;
	struct expr at;
	uint32_t offset, size; /* of its bytes */
};

struct custom {
	struct name name;
	uint32_t offset, size; /* of what follows the name */
};

struct section {
	uint8_t id;
	uint32_t offset, size;
};

struct module {
	const uint8_t *bytes; /* lent, or own through `map` */
	size_t nbytes;
	void *map; /* own: what module_open mapped */
	int fd;    /* own: the file, to map segments from; or -1 */

	uint32_t ntype, nimport, nexport, nelem, ndata, ncustom, nsection;
	uint32_t *type; /* own, as all below: ids */
	struct import *import;
	struct export *export;
	struct elemdef *elem;
	struct datadef *data;
	struct custom *custom;
	struct section *section;

	/* index spaces, imports first */
	uint32_t nfunc, ntable, nmemory, nglobal, ntag;
	uint32_t func_imports, table_imports, memory_imports, global_imports, tag_imports;
	uint32_t *func;    /* type ids */
	struct body *body; /* nfunc - func_imports */
	struct tabledef *table;
	struct memorydef *memory;
	struct globaldef *global;
	uint32_t *tag; /* type ids of functions without results */

	bool has_start;
	uint32_t start;
	uint32_t features;      /* what it uses, for inspect: enum feature */
	uint8_t *declared;      /* bit per function: ref.func may name it */
	uint32_t *export_order; /* indices of exports, by name */
};

/* Read and validate.  `bytes` are lent and must outlive the module.  An error's
 * sentence is "TEXT at offset 0xN (WHERE)", TEXT being the specification's. */
struct module *module_read(const uint8_t *bytes, size_t n, struct err *e);

/* Map a file (.wasm; the reader of text is the caller's business). */
struct module *module_open(int dir, const char *path, struct err *e);
void module_free(struct module *m); /* NULL is allowed */

/* The export of that name, or NULL. */
const struct export *module_export(const struct module *m, const char *name, size_t n);
int module_name_compare(struct name a, struct name b); /* as memcmp */
static inline bool
module_name_is(struct name a, const char *s, size_t n)
{
	return a.n == n && __builtin_memcmp(a.p, s, n) == 0;
}

#endif
