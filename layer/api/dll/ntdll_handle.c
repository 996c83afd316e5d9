/* SPDX-License-Identifier: Apache-2.0 */
#include <stdatomic.h>
#include <string.h>

#include "layer/api/dll/dll.h"
#include "layer/api/dll/ntdll_handle.h"
#include "layer/api/nt/object/handle_gift.h"
#include "layer/api/nt/text/nls.h"
#include "layer/api/nt/object/object.h"
#include "layer/api/nt/object/post.h"
#include "layer/api/nt/process/process.h"

enum {
	PROCESS_DUP_HANDLE = 0x40,
	GENERIC_ALL = 0x10000000,
	MAXIMUM_ALLOWED = 0x2000000,
	OBJ_INHERIT = 2,
	ObjectBasicInformation = 0,
	ObjectNameInformation = 1,
	ObjectTypeInformation = 2,
	ObjectHandleFlagInformation = 4,
};

WINAPI NTSTATUS
ntdll_NtClose(HANDLE h)
{
	return handle_close(h);
}

/* The process of a handle that allows to change its handles: counted, or NULL for our own. */
static NTSTATUS
process_of(HANDLE process, struct process **out)
{
	struct object *o;
	NTSTATUS s;

	*out = NULL;
	if (process == (HANDLE)-1)
		return STATUS_SUCCESS;
	s = handle_get(process, &process_class, &o);
	if (s < 0)
		return s;
	if (o == &process_self()->object) {
		object_unref(o);
		return STATUS_SUCCESS;
	}
	ACCESS_MASK access = 0;
	handle_flags(process, &access, NULL);
	if (!(access & (PROCESS_DUP_HANDLE | GENERIC_ALL | MAXIMUM_ALLOWED))) {
		object_unref(o);
		return STATUS_ACCESS_DENIED;
	}
	*out = (struct process *)o;
	return STATUS_SUCCESS;
}

/* A handle of o in our table, or in another process'.  Takes the count. */
static NTSTATUS
put(struct process *other, struct object *o, const struct post_terms *t, HANDLE *out)
{
	NTSTATUS s;

	if (!other) {
		*out = handle_new(o, t->access, t->inherit);
		return *out ? STATUS_SUCCESS : STATUS_NO_MEMORY;
	}
	s = handle_gift_can(o) ? handle_gift_give(other, o, t->access, t->inherit, out)
	                       : post_put(other, o, t, out);
	object_unref(o);
	return s;
}

/* What is behind a handle of ours, counted, and what the handle is like. */
static NTSTATUS
get(HANDLE h, struct post_terms *t, struct object **o)
{
	NTSTATUS s = handle_flags(h, &t->access, &t->inherit);

	return s < 0 ? s : handle_get(h, NULL, o);
}

static NTSTATUS
duplicate(struct process *source, HANDLE h, bool put_it, struct process *other, HANDLE *out,
          const struct post_terms *want)
{
	struct post_terms t = *want;
	struct object *o = NULL;
	NTSTATUS s;

	if (source && other && put_it && source->id == other->id)
		return post_within(source, h, want, out);
	s = source ? post_get(source, h, &t, put_it ? &o : NULL) : get(h, &t, &o);
	if (s < 0)
		return s;
	if (!(want->options & DUPLICATE_SAME_ACCESS))
		t.access = want->access;
	if (!(want->options & DUPLICATE_SAME_ATTRIBUTES))
		t.inherit = want->inherit;
	t.moved = put_it && !source && want->options & DUPLICATE_CLOSE_SOURCE &&
	          atomic_load(&o->handles) == 1 && !handle_protected(h);
	if (put_it)
		s = put(other, o, &t, out);
	else if (o)
		object_unref(o);
	/* Whatever came of it.  That of another process is closed there. */
	if (!source && want->options & DUPLICATE_CLOSE_SOURCE)
		handle_close(h);
	return s;
}

WINAPI NTSTATUS
ntdll_NtDuplicateObject(HANDLE from, HANDLE h, HANDLE to, HANDLE *out, ACCESS_MASK access,
                        ULONG attributes, ULONG options)
{
	const struct post_terms want = { access, attributes & OBJ_INHERIT, options, false };
	struct process *source = NULL, *other = NULL;
	HANDLE new = NULL;
	NTSTATUS s = process_of(from, &source);

	if (s >= 0 && to)
		s = process_of(to, &other);
	if (s >= 0)
		s = duplicate(source, h, to && out, other, &new, &want);
	if (source)
		object_unref(&source->object);
	if (other)
		object_unref(&other->object);
	if (s >= 0 && new)
		*out = new;
	return s;
}

WINAPI NTSTATUS
ntdll_NtCompareObjects(HANDLE a, HANDLE b)
{
	struct object *o, *p;
	NTSTATUS s = handle_get(a, NULL, &o);

	if (s < 0)
		return s;
	s = handle_get(b, NULL, &p);
	if (s >= 0) {
		s = o == p ? STATUS_SUCCESS : STATUS_NOT_SAME_OBJECT;
		object_unref(p);
	}
	object_unref(o);
	return s;
}

struct OBJECT_BASIC_INFORMATION {
	ULONG Attributes;
	ACCESS_MASK GrantedAccess;
	ULONG HandleCount, PointerCount, PagedPoolCharge, NonPagedPoolCharge, Reserved[3];
	ULONG NameInfoSize, TypeInfoSize, SecurityDescriptorSize;
	LONGLONG CreationTime;
};

static NTSTATUS
basic(HANDLE h, struct object *o, void *out, ULONG size, ULONG *needed)
{
	struct OBJECT_BASIC_INFORMATION b = { 0 };
	bool inherit = false;

	if (size != sizeof b)
		return STATUS_INFO_LENGTH_MISMATCH;
	handle_flags(h, &b.GrantedAccess, &inherit);
	b.Attributes = inherit ? OBJ_INHERIT : 0;
	b.HandleCount = atomic_load(&o->handles);
	b.PointerCount = atomic_load(&o->refs) - 1;
	memcpy(out, &b, sizeof b);
	*needed = sizeof b;
	return STATUS_SUCCESS;
}

/* A UNICODE_STRING with its text behind it, after `room` bytes of structure. */
static NTSTATUS
text(const WCHAR *prefix, const WCHAR *name, ULONG room, void *out, ULONG size, ULONG *needed)
{
	size_t p = nls_length(prefix), n = name ? nls_length(name) : 0;
	struct UNICODE_STRING u = { 0 };
	WCHAR *to;

	if (!name)
		p = 0;
	*needed = room + (ULONG)(name ? (p + n + 1) * sizeof *to : 0);
	if (size < room || size < *needed)
		return size < room ? STATUS_INFO_LENGTH_MISMATCH : STATUS_BUFFER_OVERFLOW;
	if (name) {
		to = (WCHAR *)((char *)out + room);
		memcpy(to, prefix, p * sizeof *to);
		memcpy(to + p, name, n * sizeof *to);
		to[p + n] = 0;
		u.Buffer = to;
		u.Length = (USHORT)((p + n) * sizeof *to);
		u.MaximumLength = (USHORT)(u.Length + sizeof *to);
	}
	memcpy(out, &u, sizeof u);
	return STATUS_SUCCESS;
}

static NTSTATUS
type(struct object *o, void *out, ULONG size, ULONG *needed)
{
	enum { TYPE_SIZE = 104 }; /* OBJECT_TYPE_INFORMATION of x64 */
	WCHAR name[32];
	size_t n = 0;

	for (; o->class->name[n] && n < 31; n++)
		name[n] = (WCHAR)o->class->name[n];
	name[n] = 0;
	if (size >= TYPE_SIZE)
		memset(out, 0, TYPE_SIZE);
	return text(u"", name, TYPE_SIZE, out, size, needed);
}

WINAPI NTSTATUS
ntdll_NtQueryObject(HANDLE h, ULONG class, void *out, ULONG size, ULONG *returned)
{
	ULONG needed = 0;
	struct object *o;
	BYTE flags[2];
	bool inherit;
	NTSTATUS s = handle_get(h, NULL, &o);

	if (s < 0)
		return s;
	switch (class) {
	case ObjectBasicInformation: s = basic(h, o, out, size, &needed); break;
	case ObjectNameInformation:
		s = text(u"\\Sessions\\1\\BaseNamedObjects\\", o->name,
		         sizeof(struct UNICODE_STRING), out, size, &needed);
		break;
	case ObjectTypeInformation: s = type(o, out, size, &needed); break;
	case ObjectHandleFlagInformation:
		s = size == sizeof flags ? handle_flags(h, NULL, &inherit)
		                         : STATUS_INFO_LENGTH_MISMATCH;
		if (s < 0)
			break;
		flags[0] = inherit;
		flags[1] = handle_protected(h);
		memcpy(out, flags, sizeof flags);
		needed = sizeof flags;
		break;
	default: s = STATUS_INVALID_INFO_CLASS;
	}
	object_unref(o);
	if (returned)
		*returned = needed;
	return s;
}

WINAPI NTSTATUS
ntdll_NtSetInformationObject(HANDLE h, ULONG class, const void *in, ULONG size)
{
	const BYTE *flags = in;
	NTSTATUS s;

	if (class != ObjectHandleFlagInformation)
		return STATUS_INVALID_INFO_CLASS;
	if (size != 2)
		return STATUS_INFO_LENGTH_MISMATCH;
	s = handle_inherit(h, flags[0]);
	return s < 0 ? s : handle_protect(h, flags[1]);
}

WINAPI NTSTATUS
ntdll_NtMakeTemporaryObject(HANDLE h)
{
	return handle_flags(h, NULL, NULL); /* they all are */
}
