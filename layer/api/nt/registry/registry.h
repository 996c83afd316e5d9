/* registry.h -- the registry: a tree of keys with values, one for each machine.
 *
 * It is what is compiled in (registry.def, and what is known of the host) with a log of changes
 * on top, a file in the machine's folder.  Nothing is read before the first call.  A change is one
 * record behind the last one, made valid by one word in the log's mapped header; other processes
 * see that word move and read on.  A log that is mostly past is written anew, and the old one
 * says so.  What is volatile stands there too, with the machine's run that it is of.  Who changes
 * something rings for the processes that watch.  All keys of this process are under one lock.
 */
#ifndef LAYER_API_NT_REGISTRY_REGISTRY_H
#define LAYER_API_NT_REGISTRY_REGISTRY_H

#include "layer/api/nt/object/object.h"
#include "layer/api/nt/status.h"

enum { REG_NONE, REG_SZ, REG_EXPAND_SZ, REG_BINARY, REG_DWORD, REG_DWORD_BE, REG_LINK, REG_MULTI_SZ,
       REG_QWORD = 11 };
enum { REGISTRY_VOLATILE = 1 };

extern const struct object_class registry_class;

struct registry_node;

/* What a handle is. */
struct registry_key {
	struct object object;           /* first */
	struct registry_node *node;     /* a count */
};

/* Where a path begins: HKEY_CLASSES_ROOT is 0 ... as in winreg.h. */
enum registry_root { REGISTRY_CLASSES, REGISTRY_USER, REGISTRY_MACHINE, REGISTRY_USERS,
	             REGISTRY_CONFIG = 5 };

NTSTATUS registry_root(enum registry_root r, struct registry_node **out);      /* lent, for good */
/* One count more of a node that is kept without a handle; and back. */
void registry_hold(struct registry_node *n);
void registry_release(struct registry_node *n);

/* path is relative to from ("" is from itself).  *made: it was not there. */
NTSTATUS registry_open_key(struct registry_node *from, const WCHAR *path, size_t length, bool make,
                       DWORD options, struct registry_key **out, bool *made);
/* *size: room before, the value's size after (also with STATUS_BUFFER_OVERFLOW). */
NTSTATUS registry_get(struct registry_node *n, const WCHAR *name, DWORD *type, void *data, DWORD *size);
NTSTATUS registry_set(struct registry_node *n, const WCHAR *name, DWORD type, const void *data, DWORD size);
NTSTATUS registry_unset(struct registry_node *n, const WCHAR *name);
/* The key itself; tree: with all below it.  STATUS_CANNOT_DELETE: it has keys below it. */
NTSTATUS registry_delete(struct registry_node *n, bool tree);
/* Another name beside its siblings.  STATUS_OBJECT_NAME_COLLISION, STATUS_OBJECT_NAME_INVALID. */
NTSTATUS registry_rename(struct registry_node *n, const WCHAR *name, size_t length);
/* The name goes into a buffer of 256 units.  STATUS_NO_MORE_ENTRIES. */
NTSTATUS registry_key_at(struct registry_node *n, DWORD i, WCHAR name[256], int64_t *when);
NTSTATUS registry_value_at(struct registry_node *n, DWORD i, WCHAR *name, DWORD *length, DWORD *type,
                           void *data, DWORD *size);

struct registry_info {
	DWORD keys, longest_key, values, longest_name, longest_value;   /* names in units */
	int64_t when;
};

NTSTATUS registry_info(struct registry_node *n, struct registry_info *out);
/* \REGISTRY\MACHINE\...; to be freed */
WCHAR *registry_key_path(struct registry_node *n);
/* Signal an event (a count, taken over) at the next change, whichever process makes it. */
NTSTATUS registry_watch(struct registry_node *n, bool below, struct object *event);

/* -- between registry.c and registry_log.c, under the lock ---------------------------------- */

enum registry_op { REGISTRY_SET = 1, REGISTRY_UNSET, REGISTRY_MAKE, REGISTRY_DELETE };

struct registry_record {
	enum registry_op op;
	const WCHAR *path;              /* from the root, parts joined by backslashes */
	size_t path_length;
	const WCHAR *name;
	size_t name_length;
	DWORD type;
	const BYTE *data;
	DWORD size;
	uint32_t run;                   /* of the machine: it is forgotten after that; 0: it stays */
	int64_t when;
};

/* One record out of untrusted bytes: how many it is, 0 when it is none. */
size_t registry_log_parse(const uint8_t *p, size_t n, struct registry_record *out);
/* Apply what others have written; first: all of it.  apply is told each record. */
void registry_log_read(void (*apply)(const struct registry_record *r), void (*restart)(void));
NTSTATUS registry_log_add(const struct registry_record *r);

#endif
