/* type.h -- the types of values, functions and aggregates.
 *
 * A value type is a number that says everything: two are equal exactly when
 * the numbers are.  Defined types (functions, structures, arrays) have an id
 * that is the same for every module of the process: a recursion group is
 * looked up by its structure when it is read (Core specification 3.1.3, type
 * equivalence), so that equality and subtyping never walk a type again.
 *
 * The registry only grows while a module holds it, and goes with the last one.
 * Adding is under a lock; looking up an id that one has is free of locks.
 */
#ifndef LAYER_LANG_TYPE_H
#define LAYER_LANG_TYPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

typedef uint32_t valtype;

/* Number and vector types, as encoded (5.3.1); T_BOT fits everywhere. */
enum {
	T_BOT = 0,
	T_I32 = 0x7f,
	T_I64 = 0x7e,
	T_F32 = 0x7d,
	T_F64 = 0x7c,
	T_V128 = 0x7b,
	T_I8 = 0x78,
	T_I16 = 0x77, /* storage of a field only */
};

/* A reference type is T_REF, perhaps T_NULL, and a heap type in the low bits. */
#define T_REF  0x80000000U
#define T_NULL 0x40000000U
#define T_HEAP 0x00ffffffU

/* Heap types: an id below HEAP_ABSTRACT, or one of these (low byte as encoded, 5.3.3). */
enum {
	HEAP_ABSTRACT = 0xffff00,
	HEAP_ARRAY = 0xffff6a,
	HEAP_STRUCT,
	HEAP_I31,
	HEAP_EQ,
	HEAP_ANY,
	HEAP_EXTERN,
	HEAP_FUNC,
	HEAP_NONE,
	HEAP_NOEXTERN,
	HEAP_NOFUNC,
	HEAP_NOEXN,
	HEAP_EXN = 0xffff69,
};

#define T_FUNCREF   (T_REF | T_NULL | HEAP_FUNC)
#define T_EXTERNREF (T_REF | T_NULL | HEAP_EXTERN)
#define T_EXNREF    (T_REF | T_NULL | HEAP_EXN)

enum type_kind { TYPE_FUNC, TYPE_STRUCT, TYPE_ARRAY };

struct field {
	valtype type; /* a storage type */
	bool mut;
	uint32_t offset; /* in the object, behind its header; 0 for an array's elements */
};

struct type {
	enum type_kind kind;
	bool final;
	uint32_t id;
	uint32_t depth;         /* number of supertypes above it */
	const uint32_t *supers; /* ids by depth; supers[depth] == id */

	/* function */
	uint32_t nparam, nresult;
	const valtype *param, *result;
	uint32_t pslots, rslots; /* 8-byte slots that they take; v128 takes two */

	/* structure: fields; array: field[0] is its element */
	uint32_t nfield;
	const struct field *field;
	uint32_t size; /* bytes of a structure behind its header */
};

/* A definition as read, before it has an id: heap types inside the group are
 * TYPE_LOCAL | place in the group. */
#define TYPE_LOCAL   0x00800000U
#define TYPE_NOSUPER 0xffffffffU

struct typedefn {
	enum type_kind kind;
	bool final;
	uint32_t super; /* heap type number, or TYPE_NOSUPER */
	uint32_t nparam, nresult;
	valtype *v;   /* own: params, results; or the fields' types */
	uint8_t *mut; /* own: fields */
	uint32_t nfield;
};

/* One module more, one less, that uses the registry. */
void type_hold(void);
void type_drop(void);

/* Ids of a recursion group: n definitions get ids *first .. *first + n - 1. */
int type_group(const struct typedefn *d, uint32_t n, uint32_t *first, struct err *e);

/* The id of a plain final function type. */
uint32_t type_func(const valtype *param, uint32_t nparam, const valtype *result, uint32_t nresult);

const struct type *type_of(uint32_t id); /* lent; the id must be one given */

/* Is a <= b?  (3.3: matching) */
bool type_matches(valtype a, valtype b);
bool type_heap_matches(uint32_t a, uint32_t b);
uint32_t type_top(uint32_t heap); /* HEAP_ANY, HEAP_FUNC, HEAP_EXTERN, HEAP_EXN */

static inline bool type_is_ref(valtype t) { return (t & T_REF) != 0; }
static inline uint32_t type_slots(valtype t) { return t == T_V128 ? 2 : 1; }
static inline bool type_defaultable(valtype t) { return !(t & T_REF) || (t & T_NULL); }

/* Bytes of a storage type in memory: 1, 2, 4, 8, 16. */
uint32_t type_bytes(valtype t);

/* "i32", "(ref null 3)", as in the text format; buf holds at least 48 bytes. */
const char *type_text(valtype t, char *buf);

#endif
