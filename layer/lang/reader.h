/* reader.h -- what the readers of a binary module share: a place in its bytes.
 *
 * Reading stops at the first error by a jump to module_read, which gives back
 * all that was made: a module is whole or not there.  Only module.c, read.c and
 * the validator (valid.h) know this header.
 */
#ifndef LAYER_LANG_READER_H
#define LAYER_LANG_READER_H

#include <setjmp.h>
#include <stdbool.h>
#include <stdint.h>

#include "layer/lang/module.h"

/* What engines agree on (the JavaScript interface's limits), so that a hostile
 * module cannot make a small file into a large table. */
enum {
	READER_TYPES = 1000000,
	READER_FUNCS = 1000000,
	READER_IMPORTS = 1000000,
	READER_EXPORTS = 1000000,
	READER_GLOBALS = 1000000,
	READER_SEGMENTS = 10000000,
	READER_TABLES = 100000,
	READER_MEMORIES = 100000,
	READER_TAGS = 1000000,
	READER_PARAMS = 1000,
	READER_FIELDS = 10000,
	READER_LOCALS = 50000,
};

/* Features that inspect names. */
enum feature {
	FEATURE_SIMD = 1,
	FEATURE_RELAXED = 2,
	FEATURE_ATOMICS = 4,
	FEATURE_GC = 8,
	FEATURE_EXCEPTIONS = 16,
	FEATURE_LEGACY_EXCEPTIONS = 32,
	FEATURE_TAIL_CALLS = 64,
	FEATURE_BULK = 128,
	FEATURE_REFERENCES = 256,
	FEATURE_MULTI_VALUE = 512,
	FEATURE_MULTI_MEMORY = 1024,
	FEATURE_MEMORY64 = 2048,
	FEATURE_WIDE = 4096,
	FEATURE_PAGE_SIZE = 8192,
	FEATURE_SATURATING = 16384,
	FEATURE_SIGN_EXTENSION = 32768,
	FEATURE_SHARED = 65536,
	FEATURE_TABLE64 = 131072,
};

struct reader {
	const uint8_t *start, *p, *end; /* end of what is being read: a section, a body */
	struct module *m;
	struct err *e;
	jmp_buf out;
	const char *where; /* "type section", "function 12" ... */
	uint32_t function; /* being validated, or UINT32_MAX */
	bool has_data_count;
	uint32_t data_count;
	struct typedefn *group;       /* own: the recursion group being read */
	uint32_t group_first, ngroup; /* its place among the module's types */
	struct valid *valid;          /* own: scratch of the validator */
};

/* Leave with a sentence. */
_Noreturn void reader_stop(struct reader *r, const uint8_t *at, const char *fmt, ...)
        __attribute__((format(printf, 3, 4)));

uint64_t reader_uleb_slow(struct reader *r, int bits);
int64_t reader_sleb_slow(struct reader *r, int bits);

static inline uint8_t
reader_u8(struct reader *r)
{
	if (r->p >= r->end)
		reader_stop(r, r->p, "unexpected end of section or function");
	return *r->p++;
}

static inline uint32_t
reader_u32(struct reader *r)
{
	if (r->p < r->end && *r->p < 0x80)
		return *r->p++;
	return (uint32_t)reader_uleb_slow(r, 32);
}

static inline uint64_t
reader_u64(struct reader *r)
{
	if (r->p < r->end && *r->p < 0x80)
		return *r->p++;
	return reader_uleb_slow(r, 64);
}

valtype reader_valtype(struct reader *r);
uint32_t reader_heaptype(struct reader *r);

/* valid.c: the function whose body is [p, end) of the reader. */
void valid_function(struct reader *r, uint32_t index);
/* A constant expression that gives `want`, with its end.  It may name the first `globals`. */
struct expr valid_constant(struct reader *r, valtype want, uint32_t globals);
void valid_free(struct reader *r);

#endif
