/* registry_tree.h -- what registry_host.c fills the fresh tree with.
 *
 * Paths begin with HKLM, HKCU or HKU; keys on the way are made.  Under the registry's lock, and
 * nothing of it is written to the log.
 */
#ifndef LAYER_API_NT_REGISTRY_REGISTRY_TREE_H
#define LAYER_API_NT_REGISTRY_REGISTRY_TREE_H

#include "layer/api/nt/registry/registry.h"

/* name NULL: only the key */
void registry_tree_data(const char *path, const char *name, DWORD type, const void *data, DWORD size);
void registry_tree_text(const char *path, const char *name, DWORD type, const char *text);
void registry_tree_number(const char *path, const char *name, DWORD number);
void registry_tree_begin(void);         /* registry_host.c's */

#endif
