/* SPDX-License-Identifier: Apache-2.0 */
/* ntdll_key.c -- the native calls for the registry: \Registry\Machine, \Registry\User. */
#include <stdlib.h>
#include <string.h>

#include "layer/api/dll/dll.h"
#include "layer/api/dll/ntdll_key.h"
#include "layer/api/nt/clock.h"
#include "layer/api/nt/object/sync.h"
#include "layer/api/nt/object/wait.h"
#include "layer/api/nt/text/nls.h"

enum { OBJ_INHERIT = 2, OPTION_VOLATILE = 1 };

/* -- handles and names ------------------------------------------------------------------------ */

static NTSTATUS
node_of(HANDLE h, struct registry_key **k)
{
	struct object *o;
	NTSTATUS s = handle_get(h, &registry_class, &o);
	if (s >= 0)
		*k = (struct registry_key *)o;
	return s;
}

static void put_back(struct registry_key *k) { object_unref(&k->object); }

/* Of a counted string that ends anywhere; to be freed. */
static WCHAR *
name_of(const struct UNICODE_STRING *u)
{
	size_t n = u && u->Buffer ? u->Length / sizeof(WCHAR) : 0;
	WCHAR *w = malloc((n + 1) * sizeof *w);
	if (!w)
		return NULL;
	if (n)
		memcpy(w, u->Buffer, n * sizeof *w);
	w[n] = 0;
	return w;
}

/* Where a path begins, and what is left of it: with a root a relative one, else \Registry\... */
static NTSTATUS
start(const struct OBJECT_ATTRIBUTES *a, struct registry_key **root, const WCHAR **path, size_t *n)
{
	static const WCHAR head[] = u"\\Registry";
	enum { HEAD = sizeof head / sizeof *head - 1 };
	*root = NULL;
	if (!a || (!a->ObjectName && !a->RootDirectory))
		return STATUS_INVALID_PARAMETER;
	*path = a->ObjectName && a->ObjectName->Buffer ? a->ObjectName->Buffer : u"";
	*n = a->ObjectName ? a->ObjectName->Length / sizeof(WCHAR) : 0;
	if (a->RootDirectory) {
		if (*n && **path == '\\')
			return STATUS_OBJECT_PATH_SYNTAX_BAD;
		return node_of(a->RootDirectory, root);
	}
	if (!*n || **path != '\\')
		return STATUS_OBJECT_PATH_SYNTAX_BAD;
	if (*n < HEAD || nls_compare_case(*path, HEAD, head, HEAD) ||
	    (*n > HEAD && (*path)[HEAD] != '\\'))
		return STATUS_OBJECT_TYPE_MISMATCH;
	*path += HEAD;
	*n -= HEAD;
	return STATUS_SUCCESS;
}

static NTSTATUS
open_key(HANDLE *out, ACCESS_MASK access, const struct OBJECT_ATTRIBUTES *a, bool make,
         DWORD options, bool *made)
{
	struct registry_key *root, *above = NULL, *k = NULL;
	const WCHAR *path;
	size_t n;
	if (!out || !a)
		return STATUS_ACCESS_VIOLATION;
	NTSTATUS s = start(a, &root, &path, &n);
	if (s < 0)
		return s;
	while (n && path[n - 1] == '\\')
		n--;
	size_t last = n;
	while (make && last && path[last - 1] != '\\')
		last--;
	/* only the last of a path is made: what it is to be in has to be there */
	if (make)
		s = registry_open_key(root ? root->node : NULL, path, last, false, 0, &above, NULL);
	if (s >= 0)
		s = registry_open_key(above  ? above->node
		                      : root ? root->node
		                             : NULL,
		                      path + (make ? last : 0), n - (make ? last : 0), make,
		                      options, &k, made);
	if (above)
		put_back(above);
	if (root)
		put_back(root);
	if (s < 0)
		return s;
	HANDLE h = handle_new(&k->object, access, a->Attributes & OBJ_INHERIT);
	if (!h)
		return STATUS_NO_MEMORY;
	*out = h;
	return STATUS_SUCCESS;
}

WINAPI NTSTATUS
ntdll_NtCreateKey(HANDLE *out, ACCESS_MASK access, struct OBJECT_ATTRIBUTES *a, ULONG title,
                  struct UNICODE_STRING *class, ULONG options, ULONG *disposition)
{
	enum { CREATED = 1, OPENED };
	bool made = false;
	(void)title, (void)class;
	NTSTATUS s = open_key(out, access, a, true,
	                      options & OPTION_VOLATILE ? REGISTRY_VOLATILE : 0, &made);
	if (s >= 0 && disposition)
		*disposition = made ? CREATED : OPENED;
	return s;
}

WINAPI NTSTATUS
ntdll_NtOpenKey(HANDLE *out, ACCESS_MASK access, struct OBJECT_ATTRIBUTES *a)
{
	return open_key(out, access, a, false, 0, NULL);
}

WINAPI NTSTATUS
ntdll_NtOpenKeyEx(HANDLE *out, ACCESS_MASK access, struct OBJECT_ATTRIBUTES *a, ULONG options)
{
	(void)options; /* for backups, and links as themselves: there are none */
	return open_key(out, access, a, false, 0, NULL);
}

WINAPI NTSTATUS
ntdll_NtDeleteKey(HANDLE h)
{
	struct registry_key *k;
	NTSTATUS s = node_of(h, &k);
	if (s < 0)
		return s;
	s = registry_delete(k->node, false);
	put_back(k);
	return s;
}

WINAPI NTSTATUS
ntdll_NtRenameKey(HANDLE h, struct UNICODE_STRING *name)
{
	struct registry_key *k;
	if (!name)
		return STATUS_ACCESS_VIOLATION;
	NTSTATUS s = node_of(h, &k);
	if (s < 0)
		return s;
	s = registry_rename(k->node, name->Buffer, name->Length / sizeof(WCHAR));
	put_back(k);
	return s;
}

/* Everything is in the log as soon as it is done. */
WINAPI NTSTATUS
ntdll_NtFlushKey(HANDLE h)
{
	struct registry_key *k;
	NTSTATUS s = node_of(h, &k);
	if (s >= 0)
		put_back(k);
	return s;
}

/* -- what is said of keys ---------------------------------------------------------------------- */

/* Fixed parts; names and data follow. */
struct key_basic {
	int64_t when;
	ULONG title, name_size;
};
struct key_node {
	int64_t when;
	ULONG title, class_offset, class_size, name_size;
};
struct key_full {
	int64_t when;
	ULONG title, class_offset, class_size, keys, key_most, class_most, values, name_most,
	        data_most;
};
struct key_cached {
	int64_t when;
	ULONG title, keys, key_most, values, name_most, data_most, name_size;
};

/* A fixed part and what is behind it, as far as there is room. */
static NTSTATUS
give(const void *fixed, size_t n, const void *rest, size_t m, void *out, ULONG room, ULONG *size)
{
	*size = (ULONG)(n + m);
	if (room < n)
		return STATUS_BUFFER_TOO_SMALL;
	memcpy(out, fixed, n);
	size_t k = room - n < m ? room - n : m;
	if (k)
		memcpy((BYTE *)out + n, rest, k);
	return k < m ? STATUS_BUFFER_OVERFLOW : STATUS_SUCCESS;
}

static int64_t
filetime(int64_t t)
{
	struct FILETIME f = clock_filetime(t);
	return (int64_t)((uint64_t)f.dwHighDateTime << 32 | f.dwLowDateTime);
}

static NTSTATUS
key_info(struct registry_node *n, const WCHAR *name, ULONG class, void *out, ULONG room,
         ULONG *size)
{
	enum { BASIC, NODE, FULL, NAME, CACHED, FLAGS, VIRTUAL, TAGS };
	struct registry_info i;
	ULONG bytes = (ULONG)(nls_length(name) * sizeof(WCHAR)), none[3] = { 0 };
	NTSTATUS s = registry_info(n, &i);
	if (s < 0)
		return s;
	int64_t when = filetime(i.when);
	switch (class) {
	case BASIC: {
		struct key_basic b = { when, 0, bytes };
		return give(&b, 16, name, bytes, out, room, size);
	}
	case NODE: {
		struct key_node b = { when, 0, UINT32_MAX, 0, bytes };
		return give(&b, sizeof b, name, bytes, out, room, size);
	}
	case FULL: {
		struct key_full b = { when,
			              0,
			              UINT32_MAX,
			              0,
			              i.keys,
			              i.longest_key * 2,
			              0,
			              i.values,
			              i.longest_name * 2,
			              i.longest_value };
		return give(&b, 44, NULL, 0, out, room, size);
	}
	case NAME: return give(&bytes, 4, name, bytes, out, room, size);
	case CACHED: {
		struct key_cached b = { when,
			                0,
			                i.keys,
			                i.longest_key * 2,
			                i.values,
			                i.longest_name * 2,
			                i.longest_value,
			                bytes };
		return give(&b, 36, NULL, 0, out, room, size);
	}
	case FLAGS: return give(none, 12, NULL, 0, out, room, size);
	case TAGS: return give(none, 4, NULL, 0, out, room, size);
	}
	return STATUS_INVALID_PARAMETER;
}

WINAPI NTSTATUS
ntdll_NtQueryKey(HANDLE h, ULONG class, void *out, ULONG room, ULONG *size)
{
	enum { NAME = 3 };
	struct registry_key *k;
	if (!size)
		return STATUS_ACCESS_VIOLATION;
	NTSTATUS s = node_of(h, &k);
	if (s < 0)
		return s;
	/* its own name is the last part of its path, but for the class that wants all of it */
	WCHAR *path = registry_key_path(k->node);
	const WCHAR *name = path;
	if (!path) {
		put_back(k);
		return STATUS_NO_MEMORY;
	}
	if (class != NAME)
		for (const WCHAR *p = path; *p; p++)
			if (*p == '\\')
				name = p + 1;
	s = key_info(k->node, name, class, out, room, size);
	free(path);
	put_back(k);
	return s;
}

WINAPI NTSTATUS
ntdll_NtEnumerateKey(HANDLE h, ULONG i, ULONG class, void *out, ULONG room, ULONG *size)
{
	struct registry_key *k, *child;
	WCHAR name[256];
	int64_t when;
	if (!size)
		return STATUS_ACCESS_VIOLATION;
	NTSTATUS s = node_of(h, &k);
	if (s < 0)
		return s;
	s = registry_key_at(k->node, i, name, &when);
	if (s >= 0)
		s = registry_open_key(k->node, name, nls_length(name), false, 0, &child, NULL);
	if (s >= 0) {
		s = key_info(child->node, name, class, out, room, size);
		put_back(child);
	}
	put_back(k);
	return s;
}

/* -- values ------------------------------------------------------------------------------------ */

struct value_full {
	ULONG title, type, data_offset, data_size, name_size;
};

static NTSTATUS
value_info(const WCHAR *name, DWORD type, const BYTE *data, DWORD n, ULONG class, void *out,
           ULONG room, ULONG *size)
{
	enum { BASIC, FULL, PARTIAL, FULL_ALIGNED, PARTIAL_ALIGNED };
	ULONG bytes = (ULONG)(nls_length(name) * sizeof(WCHAR));
	if (class == BASIC)
		return give((ULONG[]){ 0, type, bytes }, 12, name, bytes, out, room, size);
	if (class == PARTIAL)
		return give((ULONG[]){ 0, type, n }, 12, data, n, out, room, size);
	if (class == PARTIAL_ALIGNED)
		return give((ULONG[]){ type, n }, 8, data, n, out, room, size);
	if (class != FULL && class != FULL_ALIGNED)
		return STATUS_INVALID_PARAMETER;
	ULONG step = class == FULL ? 4 : 8;
	ULONG at = (ULONG)(sizeof(struct value_full) + bytes + step - 1) & ~(step - 1);
	struct value_full f = { 0, type, at, n, bytes };
	/* the name, the gap before the data, the data */
	size_t rest = at - sizeof f + n;
	BYTE *p = calloc(1, rest ? rest : 1);
	if (!p)
		return STATUS_NO_MEMORY;
	memcpy(p, name, bytes);
	if (n)
		memcpy(p + at - sizeof f, data, n);
	NTSTATUS s = give(&f, sizeof f, p, rest, out, room, size);
	free(p);
	return s;
}

NTSTATUS
ntdll_key_value(struct registry_node *n, const WCHAR *name, DWORD *type, BYTE **data, DWORD *size)
{
	*data = NULL;
	for (DWORD room = 256;;) {
		/* room for an end behind text that was stored without one */
		BYTE *p = realloc(*data, room + 4);
		if (!p) {
			free(*data);
			return STATUS_NO_MEMORY;
		}
		*data = p;
		*size = room;
		NTSTATUS s = registry_get(n, name, type, p, size);
		if (s >= 0) {
			memset(p + *size, 0, 4);
			return s;
		}
		if (s != STATUS_BUFFER_OVERFLOW) {
			free(p);
			*data = NULL;
			return s;
		}
		room = *size;
	}
}

WINAPI NTSTATUS
ntdll_NtQueryValueKey(HANDLE h, struct UNICODE_STRING *name, ULONG class, void *out, ULONG room,
                      ULONG *size)
{
	struct registry_key *k;
	BYTE *data = NULL;
	DWORD type = 0, n = 0;
	if (!size)
		return STATUS_ACCESS_VIOLATION;
	NTSTATUS s = node_of(h, &k);
	if (s < 0)
		return s;
	WCHAR *text = name_of(name);
	s = text ? ntdll_key_value(k->node, text, &type, &data, &n) : STATUS_NO_MEMORY;
	if (s >= 0)
		s = value_info(text, type, data, n, class, out, room, size);
	free(data);
	free(text);
	put_back(k);
	return s;
}

NTSTATUS
ntdll_key_value_at(struct registry_node *n, DWORD i, WCHAR *name, DWORD *type, BYTE **data,
                   DWORD *size)
{
	*data = NULL;
	for (DWORD room = 256;;) {
		DWORD length = NTDLL_KEY_NAME;
		BYTE *p = realloc(*data, room + 4);
		if (!p) {
			free(*data);
			return STATUS_NO_MEMORY;
		}
		*data = p;
		*size = room;
		NTSTATUS s = registry_value_at(n, i, name, &length, type, p, size);
		if (s >= 0) {
			memset(p + *size, 0, 4);
			return s;
		}
		if (s != STATUS_BUFFER_OVERFLOW || *size <= room) {
			free(p);
			*data = NULL;
			return s;
		}
		room = *size;
	}
}

WINAPI NTSTATUS
ntdll_NtEnumerateValueKey(HANDLE h, ULONG i, ULONG class, void *out, ULONG room, ULONG *size)
{
	struct registry_key *k;
	BYTE *data = NULL;
	DWORD type = 0, n = 0;
	if (!size)
		return STATUS_ACCESS_VIOLATION;
	NTSTATUS s = node_of(h, &k);
	if (s < 0)
		return s;
	WCHAR *name = malloc(NTDLL_KEY_NAME * sizeof *name);
	s = name ? ntdll_key_value_at(k->node, i, name, &type, &data, &n) : STATUS_NO_MEMORY;
	if (s >= 0)
		s = value_info(name, type, data, n, class, out, room, size);
	free(data);
	free(name);
	put_back(k);
	return s;
}

/* KEY_VALUE_ENTRY */
struct value_entry {
	struct UNICODE_STRING *name;
	ULONG size, offset, type;
};

WINAPI NTSTATUS
ntdll_NtQueryMultipleValueKey(HANDLE h, struct value_entry *list, ULONG count, BYTE *out,
                              ULONG *room, ULONG *need)
{
	struct registry_key *k;
	ULONG at = 0;
	if (!list || !room || (!out && *room))
		return STATUS_ACCESS_VIOLATION;
	NTSTATUS s = node_of(h, &k);
	if (s < 0)
		return s;
	for (ULONG i = 0; s >= 0 && i < count; i++) {
		DWORD type = 0, n = 0;
		BYTE *data = NULL;
		WCHAR *text = name_of(list[i].name);
		s = text ? ntdll_key_value(k->node, text, &type, &data, &n) : STATUS_NO_MEMORY;
		if (s >= 0) {
			if ((uint64_t)at + n <= *room)
				memcpy(out + at, data, n);
			list[i].size = n, list[i].offset = at, list[i].type = type;
			at = (at + n + 3) & ~3u;
		}
		free(data);
		free(text);
	}
	put_back(k);
	if (s < 0)
		return s;
	if (need)
		*need = at;
	s = at > *room ? STATUS_BUFFER_OVERFLOW : STATUS_SUCCESS;
	*room = at;
	return s;
}

WINAPI NTSTATUS
ntdll_NtSetValueKey(HANDLE h, struct UNICODE_STRING *name, ULONG title, ULONG type, void *data,
                    ULONG n)
{
	struct registry_key *k;
	(void)title;
	if (n && !data)
		return STATUS_ACCESS_VIOLATION;
	NTSTATUS s = node_of(h, &k);
	if (s < 0)
		return s;
	WCHAR *text = name_of(name);
	s = text ? registry_set(k->node, text, type, data, n) : STATUS_NO_MEMORY;
	free(text);
	put_back(k);
	return s;
}

WINAPI NTSTATUS
ntdll_NtDeleteValueKey(HANDLE h, struct UNICODE_STRING *name)
{
	struct registry_key *k;
	NTSTATUS s = node_of(h, &k);
	if (s < 0)
		return s;
	WCHAR *text = name_of(name);
	s = text ? registry_unset(k->node, text) : STATUS_NO_MEMORY;
	free(text);
	put_back(k);
	return s;
}

/* -- changes ------------------------------------------------------------------------------------ */

/* The block says at once what it will have said when the event is signalled: nobody may write to
 * the program's memory by the time that somebody else changes a key. */
WINAPI NTSTATUS
ntdll_NtNotifyChangeKey(HANDLE h, HANDLE event, void *apc, void *context,
                        struct IO_STATUS_BLOCK *iosb, ULONG filter, BOOLEAN below, void *out,
                        ULONG size, BOOLEAN asynchronous)
{
	struct registry_key *k;
	struct object *o = NULL;
	(void)context, (void)out, (void)size;
	if (!(filter & 0xf) || !iosb)
		return STATUS_INVALID_PARAMETER;
	if (apc)
		return STATUS_NOT_SUPPORTED;
	NTSTATUS s = node_of(h, &k);
	if (s < 0)
		return s;
	if (event)
		s = handle_get(event, NULL, &o);
	else if (!(o = sync_event(true, false)))
		s = STATUS_NO_MEMORY;
	if (s >= 0) {
		if (event)
			object_reset(o);
		object_ref(o);
		s = registry_watch(k->node, below, o);
		iosb->Status = STATUS_NOTIFY_ENUM_DIR;
		iosb->Information = 0;
		if (s >= 0 && !asynchronous) {
			wait_objects(1, &o, false, false, WAIT_FOREVER);
			s = STATUS_NOTIFY_ENUM_DIR;
		} else if (s >= 0) {
			s = STATUS_PENDING;
		}
		object_unref(o);
	}
	put_back(k);
	return s;
}
