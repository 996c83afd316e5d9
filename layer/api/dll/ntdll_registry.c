/* SPDX-License-Identifier: Apache-2.0 */
/* ntdll_registry.c -- RtlQueryRegistryValues and its kin: many values by a table, one by name. */
#include <stdlib.h>
#include <string.h>

#include "layer/api/dll/dll.h"
#include "layer/api/dll/ntdll_key.h"
#include "layer/api/nt/env.h"
#include "layer/api/nt/mem/heap.h"
#include "layer/api/nt/sid.h"
#include "layer/api/nt/text/nls.h"

WINAPI NTSTATUS ntdll_NtOpenKey(HANDLE *out, ACCESS_MASK access, struct OBJECT_ATTRIBUTES *a);

enum { RELATIVE_MOST = 6, RELATIVE_HANDLE = 0x40000000, RELATIVE_MASK = 0xff };

static const char *const bases[RELATIVE_MOST] = {
	"",
	"MACHINE\\SYSTEM\\CurrentControlSet\\Services",
	"MACHINE\\SYSTEM\\CurrentControlSet\\Control",
	"MACHINE\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion",
	"MACHINE\\HARDWARE\\DEVICEMAP",
	NULL,
};

/* The key that a path is of, a count. */
static NTSTATUS
open_path(ULONG relative, const WCHAR *path, bool make, struct registry_key **out)
{
	static const WCHAR head[] = u"\\Registry\\";
	struct registry_node *user = NULL;
	struct registry_key *base = NULL;
	ULONG which = relative & RELATIVE_MASK;
	NTSTATUS s = STATUS_SUCCESS;
	if (relative & RELATIVE_HANDLE) {
		struct object *o;
		s = handle_get((HANDLE)(uintptr_t)path, &registry_class, &o);
		*out = (struct registry_key *)o;
		return s;
	}
	if (which >= RELATIVE_MOST)
		return STATUS_INVALID_PARAMETER;
	if (!path)
		path = u"";
	if (which == 0) {
		size_t n = sizeof head / sizeof *head - 1;
		if (nls_length(path) < n || nls_compare_case(path, n, head, n))
			return STATUS_OBJECT_PATH_SYNTAX_BAD;
		path += n;
		return registry_open_key(NULL, path, nls_length(path), make, 0, out, NULL);
	}
	if (!bases[which]) {
		if ((s = registry_root(REGISTRY_USER, &user)) < 0)
			return s;
		return registry_open_key(user, path, nls_length(path), make, 0, out, NULL);
	}
	WCHAR *w = nls_wide(bases[which]);
	s = w ? registry_open_key(NULL, w, nls_length(w), make, 0, &base, NULL) : STATUS_NO_MEMORY;
	free(w);
	if (s < 0)
		return s;
	s = registry_open_key(base->node, path, nls_length(path), make, 0, out, NULL);
	object_unref(&base->object);
	return s;
}

WINAPI NTSTATUS
ntdll_RtlCheckRegistryKey(ULONG relative, const WCHAR *path)
{
	struct registry_key *k;
	NTSTATUS s = open_path(relative, path, false, &k);
	if (s >= 0)
		object_unref(&k->object);
	return s;
}

WINAPI NTSTATUS
ntdll_RtlCreateRegistryKey(ULONG relative, const WCHAR *path)
{
	struct registry_key *k;
	NTSTATUS s = open_path(relative, path, true, &k);
	if (s >= 0)
		object_unref(&k->object);
	return s;
}

WINAPI NTSTATUS
ntdll_RtlWriteRegistryValue(ULONG relative, const WCHAR *path, const WCHAR *name, ULONG type,
                            const void *data, ULONG n)
{
	struct registry_key *k;
	NTSTATUS s = open_path(relative, path, true, &k);
	if (s < 0)
		return s;
	s = registry_set(k->node, name, type, data, n);
	object_unref(&k->object);
	return s;
}

WINAPI NTSTATUS
ntdll_RtlDeleteRegistryValue(ULONG relative, const WCHAR *path, const WCHAR *name)
{
	struct registry_key *k;
	NTSTATUS s = open_path(relative, path, false, &k);
	if (s < 0)
		return s;
	s = registry_unset(k->node, name);
	object_unref(&k->object);
	return s;
}

/* To be freed by RtlFreeUnicodeString. */
WINAPI NTSTATUS
ntdll_RtlFormatCurrentUserKeyPath(struct UNICODE_STRING *out)
{
	static const WCHAR head[] = u"\\REGISTRY\\USER\\";
	WCHAR sid[128];
	size_t n = sid_user_text(sid, 128), bytes = sizeof head + n * sizeof(WCHAR);
	WCHAR *p = heap_alloc(heap_process(), 0, bytes);
	if (!p)
		return STATUS_NO_MEMORY;
	memcpy(p, head, sizeof head);
	memcpy((BYTE *)p + sizeof head - sizeof *p, sid, (n + 1) * sizeof *p);
	*out = (struct UNICODE_STRING){ (USHORT)(bytes - sizeof *p), (USHORT)bytes, p };
	return STATUS_SUCCESS;
}

WINAPI NTSTATUS
ntdll_RtlOpenCurrentUser(ACCESS_MASK access, HANDLE *out)
{
	struct UNICODE_STRING path;
	struct OBJECT_ATTRIBUTES a = { .Length = sizeof a, .ObjectName = &path };
	NTSTATUS s = ntdll_RtlFormatCurrentUserKeyPath(&path);
	if (s < 0)
		return s;
	s = ntdll_NtOpenKey(out, access, &a);
	heap_free(heap_process(), 0, path.Buffer);
	return s;
}

/* -- by a table -------------------------------------------------------------------------------- */

/* RTL_QUERY_REGISTRY_TABLE */
typedef WINAPI NTSTATUS (*routine)(const WCHAR *name, ULONG type, void *data, ULONG n,
                                   void *context, void *own);
struct query {
	routine f;
	ULONG flags;
	const WCHAR *name;
	void *own;
	ULONG default_type;
	const void *default_data;
	ULONG default_size;
};

enum {
	SUBKEY = 1,
	TOPKEY = 2,
	REQUIRED = 4,
	NOVALUE = 8,
	NOEXPAND = 0x10,
	DIRECT = 0x20,
	DELETE = 0x40
};

struct answer {
	const WCHAR *name;
	ULONG type;
	const BYTE *data;
	ULONG n;
};

static bool is_text(ULONG type) { return type == REG_SZ || type == REG_EXPAND_SZ; }

static NTSTATUS
direct_text(struct UNICODE_STRING *to, const BYTE *data, ULONG n)
{
	if (n > UINT16_MAX - 1u)
		return STATUS_BUFFER_TOO_SMALL;
	if (!to->Buffer) {
		if (!(to->Buffer = heap_alloc(heap_process(), 0, n + 2)))
			return STATUS_NO_MEMORY;
		to->MaximumLength = (USHORT)n;
	} else if (n > to->MaximumLength) {
		return STATUS_BUFFER_TOO_SMALL;
	}
	memcpy(to->Buffer, data, n);
	/* the text has its end with it, which does not count */
	ULONG k = n / sizeof(WCHAR);
	to->Length = (USHORT)((k && !to->Buffer[k - 1] ? k - 1 : k) * sizeof(WCHAR));
	return STATUS_SUCCESS;
}

/* Other data: up to 4 bytes as they are; more of them as they are when the place begins with
 * their room negated, else behind length and type. */
static NTSTATUS
direct_data(void *to, const struct answer *a)
{
	int32_t room;
	if (a->n <= 4) {
		memcpy(to, a->data, a->n);
		return STATUS_SUCCESS;
	}
	memcpy(&room, to, sizeof room);
	if (room < 0) {
		if ((ULONG) - (int64_t)room < a->n)
			return STATUS_BUFFER_TOO_SMALL;
		memcpy(to, a->data, a->n);
		return STATUS_SUCCESS;
	}
	if ((ULONG)room < a->n + 8)
		return STATUS_BUFFER_TOO_SMALL;
	memcpy(to, (ULONG[]){ a->n, a->type }, 8);
	memcpy((BYTE *)to + 8, a->data, a->n);
	return STATUS_SUCCESS;
}

static NTSTATUS
hand_over(const struct query *q, const struct answer *a, void *context)
{
	if (q->flags & DIRECT)
		return is_text(a->type) ? direct_text(q->own, a->data, a->n)
		                        : direct_data(q->own, a);
	return q->f ? q->f(a->name, a->type, (void *)(uintptr_t)a->data, a->n, context, q->own)
	            : STATUS_SUCCESS;
}

/* Lists one by one, variables by their values, unless it is asked not to. */
static NTSTATUS
give(const struct query *q, const struct answer *a, void *context, const WCHAR *environment)
{
	NTSTATUS s = STATUS_SUCCESS;
	const WCHAR *w = (const WCHAR *)(const void *)a->data;
	ULONG n = a->n / sizeof(WCHAR);
	if ((q->flags & NOEXPAND) || (a->type != REG_EXPAND_SZ && a->type != REG_MULTI_SZ))
		return hand_over(q, a, context);
	if (a->type == REG_MULTI_SZ && !(q->flags & DIRECT)) {
		for (ULONG i = 0, end; s >= 0 && i < n && w[i]; i = end) {
			for (end = i; end < n && w[end];)
				end++;
			end += end < n;
			struct answer one = { a->name, REG_SZ, (const BYTE *)(w + i),
				              (end - i) * (ULONG)sizeof(WCHAR) };
			s = hand_over(q, &one, context);
		}
		return s;
	}
	if (a->type == REG_MULTI_SZ)
		return hand_over(q, a, context);
	while (n && !w[n - 1])
		n--;
	size_t room = env_expand(environment, w, n, NULL, 0) + 1;
	WCHAR *p = malloc(room * sizeof *p);
	if (!p)
		return STATUS_NO_MEMORY;
	env_expand(environment, w, n, p, room);
	p[room - 1] = 0;
	struct answer one = { a->name, REG_SZ, (const BYTE *)p, (ULONG)(room * sizeof *p) };
	s = hand_over(q, &one, context);
	free(p);
	return s;
}

static NTSTATUS
give_default(const struct query *q, void *context, const WCHAR *environment)
{
	struct answer a = { q->name, q->default_type, q->default_data, q->default_size };
	if (q->flags & REQUIRED)
		return STATUS_OBJECT_NAME_NOT_FOUND;
	if (!q->default_type)
		return STATUS_SUCCESS;
	if (!a.n && a.data && is_text(a.type))
		a.n = (ULONG)(nls_length((const WCHAR *)(const void *)a.data) + 1) * 2;
	return give(q, &a, context, environment);
}

/* All values of a key. */
static NTSTATUS
give_all(const struct query *q, struct registry_node *n, void *context, const WCHAR *environment)
{
	NTSTATUS s = STATUS_SUCCESS;
	DWORD i = 0;
	WCHAR *name = malloc(NTDLL_KEY_NAME * sizeof *name);
	if (!name)
		return STATUS_NO_MEMORY;
	while (s >= 0) {
		struct answer a = { .name = name };
		BYTE *data;
		s = ntdll_key_value_at(n, i, name, &a.type, &data, &a.n);
		if (s < 0)
			break;
		a.data = data;
		s = give(q, &a, context, environment);
		free(data);
		if (s >= 0 && (q->flags & DELETE))
			s = registry_unset(n, name);
		else
			i++;
	}
	free(name);
	if (s == STATUS_NO_MORE_ENTRIES)
		s = !i && (q->flags & REQUIRED) ? STATUS_OBJECT_NAME_NOT_FOUND : STATUS_SUCCESS;
	return s;
}

static NTSTATUS
give_one(const struct query *q, struct registry_node *n, void *context, const WCHAR *environment)
{
	struct answer a = { .name = q->name };
	BYTE *data;
	NTSTATUS s = ntdll_key_value(n, q->name, &a.type, &data, &a.n);
	if (s == STATUS_OBJECT_NAME_NOT_FOUND)
		return give_default(q, context, environment);
	if (s < 0)
		return s;
	a.data = data;
	s = give(q, &a, context, environment);
	free(data);
	if (s >= 0 && (q->flags & DELETE))
		registry_unset(n, q->name);
	return s;
}

/* A row, with the key that its values are of: a row may go into a key below the first. */
static NTSTATUS
answer(const struct query *q, struct registry_key *top, struct registry_key **at, void *context,
       const WCHAR *environment)
{
	NTSTATUS s;
	if ((q->flags & (SUBKEY | TOPKEY)) && *at != top) {
		object_unref(&(*at)->object);
		*at = top;
	}
	if (q->flags & SUBKEY) {
		struct registry_key *below;
		if (!q->name)
			return STATUS_INVALID_PARAMETER;
		s = registry_open_key(top->node, q->name, nls_length(q->name), false, 0, &below,
		                      NULL);
		if (s == STATUS_OBJECT_NAME_NOT_FOUND && !(q->flags & REQUIRED))
			return STATUS_SUCCESS;
		if (s < 0)
			return s;
		*at = below;
		if (!q->f)
			return STATUS_SUCCESS;
		return q->flags & NOVALUE ? q->f(NULL, REG_NONE, NULL, 0, context, q->own)
		                          : give_all(q, below->node, context, environment);
	}
	if (q->flags & DIRECT) {
		if (!q->name || !q->own || q->f)
			return STATUS_INVALID_PARAMETER;
		return give_one(q, (*at)->node, context, environment);
	}
	if (q->flags & NOVALUE)
		return q->f ? q->f(NULL, REG_NONE, NULL, 0, context, q->own) : STATUS_SUCCESS;
	return q->name ? give_one(q, (*at)->node, context, environment)
	               : give_all(q, (*at)->node, context, environment);
}

WINAPI NTSTATUS
ntdll_RtlQueryRegistryValues(ULONG relative, const WCHAR *path, struct query *table, void *context,
                             const WCHAR *environment)
{
	struct registry_key *top, *at;
	if (!table)
		return STATUS_INVALID_PARAMETER;
	NTSTATUS s = open_path(relative, path, false, &top);
	if (s < 0)
		return s;
	at = top;
	for (struct query *q = table; s >= 0 && (q->f || (q->flags & (SUBKEY | DIRECT))); q++)
		s = answer(q, top, &at, context, environment);
	if (at != top)
		object_unref(&at->object);
	object_unref(&top->object);
	return s;
}
