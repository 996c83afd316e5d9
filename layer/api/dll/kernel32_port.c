/* SPDX-License-Identifier: Apache-2.0 */
/* kernel32_port.c -- I/O completion ports.
 *
 * What GetQueuedCompletionStatus gives back for an operation that failed is FALSE with the
 * operation's error, and its OVERLAPPED; only when that is NULL was it the call that failed.
 */
#include "layer/api/dll/dll.h"
#include "layer/api/dll/kernel32_sync.h"
#include "layer/api/nt/object/handle.h"
#include "layer/api/nt/object/port.h"
#include "layer/api/nt/object/wait.h"

enum { IO_COMPLETION_ALL_ACCESS = 0x1f0003, WAIT_TIMEOUT = 258, ERROR_ABANDONED_WAIT_0 = 735 };

static NTSTATUS
associate(HANDLE file, HANDLE port, ULONG_PTR key)
{
	struct object *f, *p;
	NTSTATUS s = handle_get(port, &port_class, &p);

	if (s < 0)
		return s;
	s = handle_get(file, NULL, &f);
	if (s >= 0) {
		s = f->class->associate ? f->class->associate(f, p, key) : STATUS_INVALID_PARAMETER;
		object_unref(f);
	}
	object_unref(p);
	return s;
}

WINAPI HANDLE
kernel32_CreateIoCompletionPort(HANDLE file, HANDLE port, ULONG_PTR key, DWORD threads)
{
	HANDLE made = NULL;
	NTSTATUS s;

	if (file == INVALID_HANDLE_VALUE && port) {
		last_error(ERROR_INVALID_PARAMETER);
		return NULL;
	}
	if (!port) {
		struct object *o = port_new(threads);

		made = port = o ? handle_new(o, IO_COMPLETION_ALL_ACCESS, false) : NULL;
		if (!port) {
			last_error(ERROR_NOT_ENOUGH_MEMORY);
			return NULL;
		}
	}
	if (file == INVALID_HANDLE_VALUE)
		return port;
	s = associate(file, port, key);
	if (s >= 0)
		return port;
	if (made)
		handle_close(made);
	last_error(status_error(s));
	return NULL;
}

WINAPI BOOL
kernel32_PostQueuedCompletionStatus(HANDLE h, DWORD bytes, ULONG_PTR key,
                                    struct OVERLAPPED *overlapped)
{
	struct packet p = { key, overlapped, STATUS_SUCCESS, bytes };
	struct object *o;
	NTSTATUS s = handle_get(h, &port_class, &o);

	if (s >= 0) {
		s = port_post(o, &p);
		object_unref(o);
	}
	return succeed(s);
}

static BOOL
nothing(NTSTATUS s)
{
	if (s == STATUS_TIMEOUT)
		return refuse(WAIT_TIMEOUT);
	if (s == STATUS_USER_APC)
		return refuse(STATUS_USER_APC); /* WAIT_IO_COMPLETION */
	if (s == STATUS_ABANDONED_WAIT_0)
		return refuse(ERROR_ABANDONED_WAIT_0);
	return succeed(s);
}

/* What is there already is taken without a count of the port, and without asking for the time. */
static NTSTATUS
take(HANDLE h, struct packet *p, ULONG n, ULONG *taken, bool alertable, DWORD ms)
{
	struct handle_entry *e;
	uint64_t word;
	struct object *o = handle_borrow(h, &e, &word);
	NTSTATUS s;

	*taken = 0;
	if (o) {
		if (o->class == &port_class && port_depth(o))
			port_take(o, p, n, taken, false, 0);
		handle_return(e, word);
		if (*taken)
			return STATUS_SUCCESS;
	}
	s = handle_get(h, &port_class, &o);
	if (s < 0)
		return s;
	s = port_take(o, p, n, taken, alertable, wait_deadline_ms(ms));
	object_unref(o);
	return s;
}

WINAPI BOOL
kernel32_GetQueuedCompletionStatus(HANDLE h, DWORD *bytes, ULONG_PTR *key,
                                   struct OVERLAPPED **overlapped, DWORD ms)
{
	struct packet p;
	ULONG n;
	NTSTATUS s;

	*overlapped = NULL;
	s = take(h, &p, 1, &n, false, ms);
	if (!n)
		return nothing(s);
	*bytes = (DWORD)p.information;
	*key = p.key;
	*overlapped = p.apc_context;
	return succeed(p.status);
}

struct OVERLAPPED_ENTRY {
	ULONG_PTR lpCompletionKey;
	struct OVERLAPPED *lpOverlapped;
	ULONG_PTR Internal;
	DWORD dwNumberOfBytesTransferred;
};

WINAPI BOOL
kernel32_GetQueuedCompletionStatusEx(HANDLE h, struct OVERLAPPED_ENTRY *entries, ULONG room,
                                     ULONG *count, DWORD ms, BOOL alertable)
{
	struct packet p[64];
	ULONG n;
	NTSTATUS s;

	if (!entries || !room)
		return refuse(ERROR_INVALID_PARAMETER);
	s = take(h, p, room < 64 ? room : 64, &n, alertable, ms);
	if (s < 0 && !n && (s == STATUS_INVALID_HANDLE || s == STATUS_OBJECT_TYPE_MISMATCH))
		return succeed(s);
	*count = n;
	if (!n)
		return nothing(s);
	for (ULONG i = 0; i < n; i++) {
		entries[i].lpCompletionKey = p[i].key;
		entries[i].lpOverlapped = p[i].apc_context;
		entries[i].Internal = (ULONG_PTR)p[i].status;
		entries[i].dwNumberOfBytesTransferred = (DWORD)p[i].information;
	}
	return TRUE;
}
