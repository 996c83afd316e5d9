/* SPDX-License-Identifier: Apache-2.0 */
/* ntdll_port.c -- completion ports and wait completion packets, natively. */
#include <string.h>

#include "layer/api/dll/dll.h"
#include "layer/api/dll/kernel32_sync.h"
#include "layer/api/dll/ntdll_named.h"
#include "layer/api/nt/object/packet.h"
#include "layer/api/nt/object/port.h"
#include "layer/api/nt/object/wait.h"

enum { ALL = 0x1f0003 };

WINAPI NTSTATUS
ntdll_NtCreateIoCompletion(HANDLE *h, ACCESS_MASK access, const struct OBJECT_ATTRIBUTES *a,
                           ULONG threads)
{
	return ntdll_named_give(h, kernel32_sync_access(access, ALL), a, port_new(threads));
}

WINAPI NTSTATUS
ntdll_NtOpenIoCompletion(HANDLE *h, ACCESS_MASK access, const struct OBJECT_ATTRIBUTES *a)
{
	return ntdll_named_open(h, kernel32_sync_access(access, ALL), a, &port_class);
}

WINAPI NTSTATUS
ntdll_NtSetIoCompletion(HANDLE h, void *key, void *context, NTSTATUS status, ULONG_PTR information)
{
	struct packet p = { (ULONG_PTR)key, context, status, information };
	struct object *o;
	NTSTATUS s = handle_get(h, &port_class, &o);

	if (s < 0)
		return s;
	s = port_post(o, &p);
	object_unref(o);
	return s;
}

WINAPI NTSTATUS
ntdll_NtSetIoCompletionEx(HANDLE h, HANDLE reserve, void *key, void *context, NTSTATUS status,
                          ULONG_PTR information)
{
	(void)reserve; /* memory set aside for the packet: malloc's is */
	return ntdll_NtSetIoCompletion(h, key, context, status, information);
}

WINAPI NTSTATUS
ntdll_NtRemoveIoCompletion(HANDLE h, void **key, void **context, struct IO_STATUS_BLOCK *iosb,
                           const LONGLONG *timeout)
{
	struct object *o;
	struct packet p;
	ULONG n;
	NTSTATUS s = handle_get(h, &port_class, &o);

	if (s < 0)
		return s;
	s = port_take(o, &p, 1, &n, false, wait_deadline_nt(timeout));
	object_unref(o);
	if (!n)
		return s;
	*key = (void *)p.key;
	*context = p.apc_context;
	iosb->Information = p.information;
	iosb->Status = p.status;
	return STATUS_SUCCESS;
}

struct FILE_IO_COMPLETION_INFORMATION {
	void *KeyContext, *ApcContext;
	struct IO_STATUS_BLOCK IoStatusBlock;
};

WINAPI NTSTATUS
ntdll_NtRemoveIoCompletionEx(HANDLE h, struct FILE_IO_COMPLETION_INFORMATION *out, ULONG room,
                             ULONG *count, const LONGLONG *timeout, BOOLEAN alertable)
{
	struct object *o;
	struct packet p[64];
	ULONG n;
	NTSTATUS s;

	if (!room)
		return STATUS_INVALID_PARAMETER;
	s = handle_get(h, &port_class, &o);
	if (s < 0)
		return s;
	s = port_take(o, p, room < 64 ? room : 64, &n, alertable, wait_deadline_nt(timeout));
	object_unref(o);
	*count = n;
	for (ULONG i = 0; i < n; i++) {
		out[i].KeyContext = (void *)p[i].key;
		out[i].ApcContext = p[i].apc_context;
		out[i].IoStatusBlock.Information = p[i].information;
		out[i].IoStatusBlock.Status = p[i].status;
	}
	return s;
}

WINAPI NTSTATUS
ntdll_NtQueryIoCompletion(HANDLE h, ULONG class, void *out, ULONG size, ULONG *returned)
{
	struct object *o;
	uint32_t depth;
	NTSTATUS s;

	if (class)
		return STATUS_INVALID_INFO_CLASS;
	if (size != sizeof depth)
		return STATUS_INFO_LENGTH_MISMATCH;
	s = handle_get(h, &port_class, &o);
	if (s < 0)
		return s;
	depth = port_depth(o);
	object_unref(o);
	memcpy(out, &depth, sizeof depth);
	if (returned)
		*returned = sizeof depth;
	return STATUS_SUCCESS;
}

/* -- wait completion packets ------------------------------------------------------------- */

WINAPI NTSTATUS
ntdll_NtCreateWaitCompletionPacket(HANDLE *h, ACCESS_MASK access, const struct OBJECT_ATTRIBUTES *a)
{
	struct object *o = packet_new();

	if (!o)
		return STATUS_NO_MEMORY;
	*h = handle_new(o, access, a && (a->Attributes & OBJ_INHERIT));
	return *h ? STATUS_SUCCESS : STATUS_NO_MEMORY;
}

WINAPI NTSTATUS
ntdll_NtAssociateWaitCompletionPacket(HANDLE packet, HANDLE port, HANDLE target, void *key,
                                      void *context, NTSTATUS status, ULONG_PTR information,
                                      BOOLEAN *signalled)
{
	struct packet what = { (ULONG_PTR)key, context, status, information };
	struct object *o = NULL, *p = NULL, *t = NULL;
	bool already = false;
	NTSTATUS s = handle_get(packet, &packet_class, &o);

	if (s >= 0)
		s = handle_get(port, &port_class, &p);
	if (s >= 0)
		s = handle_get(target, NULL, &t);
	if (s >= 0)
		s = p == t ? STATUS_INVALID_PARAMETER : packet_associate(o, p, t, &what, &already);
	if (s >= 0 && signalled)
		*signalled = already;
	if (t)
		object_unref(t);
	if (p)
		object_unref(p);
	if (o)
		object_unref(o);
	return s;
}

WINAPI NTSTATUS
ntdll_NtCancelWaitCompletionPacket(HANDLE packet, BOOLEAN take)
{
	struct object *o;
	NTSTATUS s = handle_get(packet, &packet_class, &o);

	if (s < 0)
		return s;
	s = packet_cancel(o, take);
	object_unref(o);
	return s;
}
