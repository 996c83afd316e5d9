/* field.h -- the state of a device or processor as a table.
 *
 * One table per structure names every member that is state: it is written to a
 * snapshot, read from one and shown as JSON by `inspect` from that table, so
 * that nothing can be forgotten in one of the three.  In a snapshot a field is
 * known by its name: an older snapshot that lacks one leaves it as reset made
 * it, one that has more than we know is of a newer version and is refused.
 */
#ifndef LAYER_HAL_DEV_FIELD_H
#define LAYER_HAL_DEV_FIELD_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/cur.h"
#include "base/err.h"

enum field_kind { FIELD_BOOL, FIELD_U8, FIELD_U16, FIELD_U32, FIELD_U64 };

struct field {
	const char *name; /* NULL ends a table */
	enum field_kind kind;
	uint32_t offset, count; /* elements; 1 for a scalar */
};

/* A row for member m of structure s, whose elements are of that kind. */
#define FIELD(s, m, kind_, bytes)                                                                  \
	{                                                                                          \
#m, kind_, offsetof(s, m), sizeof(((s *)0)->m) / (bytes)                           \
	}
#define FIELD_OF_BOOL(s, m) FIELD(s, m, FIELD_BOOL, sizeof(bool))
#define FIELD_OF_U8(s, m)   FIELD(s, m, FIELD_U8, 1)
#define FIELD_OF_U16(s, m)  FIELD(s, m, FIELD_U16, 2)
#define FIELD_OF_U32(s, m)  FIELD(s, m, FIELD_U32, 4)
#define FIELD_OF_U64(s, m)  FIELD(s, m, FIELD_U64, 8)

/* Append all fields of `object`, little-endian, each with its name. */
void field_save(struct buf *b, const struct field *table, const void *object);

/* Read what field_save wrote.  `who` names the object in an error. */
int
field_load(struct cur *c, const struct field *table, void *object, const char *who, struct err *e);

/* {"name": value}: numbers; 64-bit ones as "0x..." strings; lists for arrays, and for
 * long ones of bytes a string of hexadecimal digits, without the zeros at its end. */
json_t *field_json(const struct field *table, const void *object);

#endif
