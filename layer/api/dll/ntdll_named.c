/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/api/dll/ntdll_named.h"

#include "layer/api/nt/object/name.h"

NTSTATUS
ntdll_named_give(HANDLE *h, ACCESS_MASK access, const struct OBJECT_ATTRIBUTES *a, struct object *o)
{
	NTSTATUS s = STATUS_SUCCESS;

	if (!o)
		return STATUS_NO_MEMORY;
	if (a && a->ObjectName && a->ObjectName->Length)
		s = name_give(&o, a->ObjectName);
	if (s < 0)
		return s;
	if (s == STATUS_OBJECT_NAME_EXISTS && !(a->Attributes & OBJ_OPENIF)) {
		object_unref(o);
		return STATUS_OBJECT_NAME_COLLISION;
	}
	*h = handle_new(o, access, a && (a->Attributes & OBJ_INHERIT));
	return *h ? s : STATUS_NO_MEMORY;
}

NTSTATUS
ntdll_named_open(HANDLE *h, ACCESS_MASK access, const struct OBJECT_ATTRIBUTES *a,
                 const struct object_class *class)
{
	struct object *o;
	NTSTATUS s;

	if (!a || !a->ObjectName)
		return STATUS_INVALID_PARAMETER;
	s = name_open(class, a->ObjectName, &o);
	if (s < 0)
		return s;
	*h = handle_new(o, access, a->Attributes & OBJ_INHERIT);
	return *h ? STATUS_SUCCESS : STATUS_NO_MEMORY;
}

NTSTATUS
ntdll_named_get(HANDLE h, const struct object_class *class, ACCESS_MASK right, struct object **o)
{
	ACCESS_MASK access = 0;
	NTSTATUS s = handle_get(h, class, o);

	if (s < 0)
		return s;
	handle_flags(h, &access, NULL);
	if ((access & right) == right)
		return STATUS_SUCCESS;
	object_unref(*o);
	return STATUS_ACCESS_DENIED;
}
