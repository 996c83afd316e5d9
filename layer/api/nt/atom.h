/* atom.h -- strings with numbers: atoms, of the process.
 *
 * Below 0xc000 an atom is the number itself ("#123"); above it is a counted string that is
 * found without case.  Window classes and clipboard formats have theirs here too.
 */
#ifndef LAYER_API_NT_ATOM_H
#define LAYER_API_NT_ATOM_H

#include "layer/api/nt/types.h"

enum { ATOM_FIRST = 0xc000, ATOM_LOCAL = 0, ATOM_GLOBAL, ATOM_USER, ATOM_TABLES };

/* 0: there is none, or no room.  name may be a number below 65536. */
ATOM atom_add(int table, const WCHAR *name);
ATOM atom_find(int table, const WCHAR *name);
bool atom_delete(int table, ATOM a);
/* Units without the final zero; cut where room ends.  0: there is none. */
size_t atom_name(int table, ATOM a, WCHAR *out, size_t room);

#endif
