/* ntdll_named.h -- what all functions that make, open and use named objects have in common.
 *
 * Rights are what the object's class knows: GENERIC_... and MAXIMUM_ALLOWED have become that.
 */
#ifndef LAYER_API_DLL_NTDLL_NAMED_H
#define LAYER_API_DLL_NTDLL_NAMED_H

#include "layer/api/nt/object/object.h"
#include "layer/api/nt/status.h"

enum { OBJ_INHERIT = 2, OBJ_OPENIF = 0x80 };

/* Name a new object (NULL: there was no memory for it) as a (or NULL) says, and give out a handle.
 * STATUS_OBJECT_NAME_EXISTS with OBJ_OPENIF, else STATUS_OBJECT_NAME_COLLISION. */
NTSTATUS ntdll_named_give(HANDLE *h, ACCESS_MASK access, const struct OBJECT_ATTRIBUTES *a, struct object *o);
NTSTATUS ntdll_named_open(HANDLE *h, ACCESS_MASK access, const struct OBJECT_ATTRIBUTES *a,
                          const struct object_class *class);
/* An object of the class, counted, that the handle may be used on with `right`. */
NTSTATUS ntdll_named_get(HANDLE h, const struct object_class *class, ACCESS_MASK right, struct object **o);

#endif
