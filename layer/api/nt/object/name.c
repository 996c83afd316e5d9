/* SPDX-License-Identifier: Apache-2.0 */
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "layer/api/nt/thread/steady.h"
#include "layer/api/nt/object/name.h"
#include "layer/api/nt/mem/section.h"
#include "layer/api/nt/object/shared.h"
#include "layer/api/nt/status.h"
#include "layer/api/nt/object/sync_share.h"

struct named {
	struct object *object; /* lent: it forgets its name before it goes */
	struct named *next;
	size_t length; /* WCHARs */
	WCHAR name[];
};

enum { BUCKETS = 256 };

static _Atomic uint32_t names_lock;
static struct named *bucket[BUCKETS];

static bool
starts(const WCHAR **p, size_t *n, const WCHAR *with)
{
	size_t i = 0;

	for (; with[i]; i++) {
		WCHAR c = i < *n ? (*p)[i] : 0;

		if (c >= u'A' && c <= u'Z')
			c += 32;
		if (c != with[i])
			return false;
	}
	*p += i;
	*n -= i;
	return true;
}

/* Kernel object namespaces: Local\ is the session's own, which is where names without a prefix
 * are; there is one session here, so \BaseNamedObjects is both. */
static NTSTATUS
strip(const struct UNICODE_STRING *name, const WCHAR **p, size_t *n)
{
	*p = name->Buffer;
	*n = name->Length / 2;
	if (starts(p, n, u"\\sessions\\")) {
		while (*n && **p != u'\\')
			++*p, --*n;
		if (!starts(p, n, u"\\basenamedobjects\\"))
			return STATUS_OBJECT_PATH_NOT_FOUND;
	} else if (!starts(p, n, u"\\basenamedobjects\\") && !starts(p, n, u"\\kernelobjects\\") &&
	           *n && **p == u'\\')
		starts(p, n, u"\\");
	if (starts(p, n, u"session\\")) {
		while (*n && **p != u'\\')
			++*p, --*n;
		if (!starts(p, n, u"\\"))
			return STATUS_OBJECT_NAME_INVALID;
	} else if (!starts(p, n, u"local\\"))
		starts(p, n, u"global\\");
	if (!*n)
		return STATUS_OBJECT_NAME_INVALID;
	for (size_t i = 0; i < *n; i++)
		if ((*p)[i] == u'\\')
			return STATUS_OBJECT_PATH_NOT_FOUND;
	return STATUS_SUCCESS;
}

static struct named **
place(const WCHAR *p, size_t n)
{
	uint32_t h = 2166136261u;
	struct named **at;

	for (size_t i = 0; i < n; i++)
		h = (h ^ p[i]) * 16777619u;
	for (at = &bucket[h % BUCKETS]; *at; at = &(*at)->next)
		if ((*at)->length == n && !memcmp((*at)->name, p, n * sizeof *p))
			break;
	return at;
}

NTSTATUS
name_plain(const struct UNICODE_STRING *name, WCHAR **out)
{
	const WCHAR *p;
	size_t n;
	NTSTATUS s = strip(name, &p, &n);

	if (s < 0)
		return s;
	*out = calloc(n + 1, sizeof **out);
	if (!*out)
		return STATUS_NO_MEMORY;
	memcpy(*out, p, n * sizeof **out);
	return STATUS_SUCCESS;
}

/* Does another kind of object of this process have it? */
static bool
taken(const WCHAR *plain)
{
	size_t n = 0;

	while (plain[n])
		n++;
	steady_lock(&names_lock);
	bool yes = *place(plain, n);
	steady_unlock(&names_lock);
	return yes;
}

static NTSTATUS
give_shared(struct object **o, const struct UNICODE_STRING *name)
{
	WCHAR *plain;
	NTSTATUS s = name_plain(name, &plain);

	if (s < 0) {
		object_unref(*o);
		return s;
	}
	if (taken(plain)) {
		object_unref(*o);
		s = STATUS_OBJECT_TYPE_MISMATCH;
	} else
		s = sync_share_give(o, plain);
	free(plain);
	return s;
}

static NTSTATUS
open_shared(const struct object_class *class, const struct UNICODE_STRING *name,
            struct object **out)
{
	WCHAR *plain;
	NTSTATUS s = name_plain(name, &plain);

	if (s < 0)
		return s;
	s = taken(plain) ? STATUS_OBJECT_TYPE_MISMATCH : sync_share_open(class, plain, out);
	free(plain);
	return s;
}

/* The name is that of a thing of the machine, which this class has none of. */
static bool
machines(const struct object_class *class, const WCHAR *p, size_t n)
{
	WCHAR *plain;
	bool yes;

	if (class == &section_class || !shared)
		return false;
	plain = calloc(n + 1, sizeof *plain);
	if (!plain)
		return false;
	memcpy(plain, p, n * sizeof *plain);
	yes = shared_named(plain);
	free(plain);
	return yes;
}

NTSTATUS
name_give(struct object **o, const struct UNICODE_STRING *name)
{
	struct object *other = NULL;
	struct named **at, *new;
	NTSTATUS s;
	const WCHAR *p;
	size_t n;

	if (sync_share_can((*o)->class))
		return give_shared(o, name);
	s = strip(name, &p, &n);
	if (s >= 0 && machines((*o)->class, p, n))
		s = STATUS_OBJECT_TYPE_MISMATCH;
	new = s < 0 ? NULL : malloc(sizeof *new + n * sizeof *p);
	if (!new) {
		object_unref(*o);
		return s < 0 ? s : STATUS_NO_MEMORY;
	}
	steady_lock(&names_lock);
	at = place(p, n);
	if (*at && object_try_ref((*at)->object)) {
		other = (*at)->object;
	} else if (*at) {
		(*at)->object->named = false;
		(*at)->object = *o;
		(*o)->named = true;
	} else {
		new->object = *o;
		new->next = NULL;
		new->length = n;
		memcpy(new->name, p, n * sizeof *p);
		*at = new;
		new = NULL;
		(*o)->named = true;
	}
	steady_unlock(&names_lock);
	free(new);
	if (other) {
		s = other->class == (*o)->class ? STATUS_OBJECT_NAME_EXISTS
		                                : STATUS_OBJECT_TYPE_MISMATCH;
		object_unref(*o);
		if (s < 0)
			object_unref(other);
		else
			*o = other;
		return s;
	}
	(*o)->name = malloc((n + 1) * sizeof *p);
	if ((*o)->name) {
		memcpy((*o)->name, p, n * sizeof *p);
		(*o)->name[n] = 0;
	}
	return STATUS_SUCCESS;
}

NTSTATUS
name_open(const struct object_class *class, const struct UNICODE_STRING *name, struct object **out)
{
	struct object *o = NULL;
	struct named **at;
	const WCHAR *p;
	size_t n;
	NTSTATUS s;

	if (sync_share_can(class))
		return open_shared(class, name, out);
	s = strip(name, &p, &n);
	if (s < 0)
		return s;
	if (machines(class, p, n))
		return STATUS_OBJECT_TYPE_MISMATCH;
	steady_lock(&names_lock);
	at = place(p, n);
	if (*at && object_try_ref((*at)->object))
		o = (*at)->object;
	steady_unlock(&names_lock);
	if (!o)
		return STATUS_OBJECT_NAME_NOT_FOUND;
	if (o->class != class) {
		object_unref(o);
		return STATUS_OBJECT_TYPE_MISMATCH;
	}
	*out = o;
	return STATUS_SUCCESS;
}

void
name_forget(struct object *o)
{
	struct named *gone = NULL;

	if (o->thing) {
		sync_share_closed(o);
		return;
	}
	steady_lock(&names_lock);
	if (atomic_load(&o->handles)) { /* it was opened again meanwhile */
		steady_unlock(&names_lock);
		return;
	}
	for (size_t i = 0; i < BUCKETS && !gone && o->named; i++)
		for (struct named **at = &bucket[i]; *at; at = &(*at)->next)
			if ((*at)->object == o) {
				gone = *at;
				*at = gone->next;
				break;
			}
	o->named = false;
	steady_unlock(&names_lock);
	free(gone);
}
