/* name.h -- the names of kernel objects: \BaseNamedObjects and Local\, Global\.
 *
 * A name belongs to one object while it has handles, and its class says who may open it.
 * Names of events, mutants, semaphores and sections are the machine's (sync_share.h,
 * section_share.h); those of the other classes are the process'.
 */
#ifndef LAYER_API_NT_OBJECT_NAME_H
#define LAYER_API_NT_OBJECT_NAME_H

#include "layer/api/nt/object/object.h"

/* Give *o its name and a handle's right to it; when there is one of this name already, *o is
 * given back and the other one, counted, put there: STATUS_OBJECT_NAME_EXISTS, or
 * STATUS_OBJECT_TYPE_MISMATCH when it is of another class (*o is given back then, too). */
NTSTATUS name_give(struct object **o, const struct UNICODE_STRING *name);
NTSTATUS name_open(const struct object_class *class, const struct UNICODE_STRING *name, struct object **out);
/* The name without the folder that it is in; to be freed. */
NTSTATUS name_plain(const struct UNICODE_STRING *name, WCHAR **out);
void name_forget(struct object *o);     /* it has no handle any more */

#endif
