/* SPDX-License-Identifier: Apache-2.0 */
/* Sending and receiving. */
#include <stdlib.h>
#include <string.h>

#include "layer/api/dll/ws2_32.h"
#include "layer/api/nt/object/wait.h"

enum { MANY = 4, LOTS = 65536, WSA_IO_INCOMPLETE = 996 };

/* -- overlapped ------------------------------------------------------------------- */

/* The APC of a completion routine. */
static WINAPI void
call_routine(ws2_32_routine routine, struct IO_STATUS_BLOCK *iosb, void *reserved)
{
	(void)reserved;
	routine((DWORD)socket_error_of(iosb->Status), (DWORD)iosb->Information,
	        (struct OVERLAPPED *)iosb, 0);
}

struct file_request
ws2_32_request(struct OVERLAPPED *o, ws2_32_routine routine)
{
	struct file_request r = { .iosb = (struct IO_STATUS_BLOCK *)o, .apc_context = o };
	if (routine) {
		r.apc = (void *)(uintptr_t)call_routine;
		r.apc_context = (void *)(uintptr_t)routine;
	} else {
		r.event = o->hEvent;
		/* an event with its lowest bit set: nothing for the port */
		if ((uintptr_t)o->hEvent & 1)
			r.apc_context = NULL;
	}
	return r;
}

int
ws2_32_buffers(struct socket_op *op, const struct WSABUF *b, DWORD n)
{
	if (n > LOTS || (n && !b))
		return n > LOTS ? WSAEINVAL : WSAEFAULT;
	if (n > MANY) {
		op->many = calloc(n, sizeof *op->many);
		if (!op->many)
			return WSAENOBUFS;
		op->t.vec = op->many;
	}
	for (DWORD i = 0; i < n; i++)
		op->t.vec[i] = (struct iovec){ b[i].buf, b[i].len };
	op->t.n = n;
	return 0;
}

int
ws2_32_begin(struct file *f, struct socket_op *op, struct OVERLAPPED *o, ws2_32_routine routine,
             DWORD *done)
{
	struct file_request r = ws2_32_request(o, routine);
	size_t n = 0;
	int e = socket_start(op, &r, &n);
	object_unref(&f->object);
	if (!e && done)
		*done = (DWORD)n;
	return wsa(e);
}

/* A transfer of buffers: overlapped when there is an OVERLAPPED and the socket is. */
static int
transfer(HANDLE h, bool send, const struct WSABUF *b, DWORD n, DWORD *done, DWORD flags,
         DWORD *flags_out, struct ws_sockaddr *a, int *size_out, int size, struct WSAMSG *m,
         struct OVERLAPPED *o, ws2_32_routine routine)
{
	struct file *f;
	struct socket *s;
	int e = socket_get(h, &f, &s);
	if (e)
		return wsa(e);
	struct socket_op here = { .lent = true }, *op = &here;
	bool later = o && f->overlapped;
	socket_op_init(op, s, send ? SOCKET_SEND : SOCKET_RECEIVE);
	e = ws2_32_buffers(op, b, n);
	if (!e && send && s->shut_send)
		e = WSAESHUTDOWN;
	if (e) {
		socket_op_free(op);
		object_unref(&f->object);
		return wsa(e);
	}
	op->t.flags = (int)flags;
	op->t.address = a;
	op->t.address_size = size_out;
	op->t.address_length = size;
	op->t.message = m;
	if (later) {
		op->flags_out = flags_out;
		return ws2_32_begin(f, op, o, routine, done);
	}
	size_t moved = 0;
	e = send ? socket_send(s, &op->t, &moved) : socket_receive(s, &op->t, &moved);
	if (done)
		*done = (DWORD)moved;
	if (flags_out)
		*flags_out = (DWORD)op->t.flags;
	free(here.many);
	object_unref(&f->object);
	return wsa(e);
}

WINAPI int
ws2_32_WSASend(HANDLE h, struct WSABUF *b, DWORD n, DWORD *done, DWORD flags, struct OVERLAPPED *o,
               ws2_32_routine routine)
{
	return transfer(h, true, b, n, done, flags, NULL, NULL, NULL, 0, NULL, o, routine);
}

WINAPI int
ws2_32_WSASendTo(HANDLE h, struct WSABUF *b, DWORD n, DWORD *done, DWORD flags,
                 struct ws_sockaddr *a, int size, struct OVERLAPPED *o, ws2_32_routine routine)
{
	return transfer(h, true, b, n, done, flags, NULL, a, NULL, size, NULL, o, routine);
}

WINAPI int
ws2_32_WSARecv(HANDLE h, struct WSABUF *b, DWORD n, DWORD *done, DWORD *flags, struct OVERLAPPED *o,
               ws2_32_routine routine)
{
	if (!flags)
		return wsa(WSAEFAULT);
	return transfer(h, false, b, n, done, *flags, flags, NULL, NULL, 0, NULL, o, routine);
}

WINAPI int
ws2_32_WSARecvFrom(HANDLE h, struct WSABUF *b, DWORD n, DWORD *done, DWORD *flags,
                   struct ws_sockaddr *a, int *size, struct OVERLAPPED *o, ws2_32_routine routine)
{
	if (!flags || (a && !size))
		return wsa(WSAEFAULT);
	return transfer(h, false, b, n, done, *flags, flags, a, size, 0, NULL, o, routine);
}

WINAPI int
ws2_32_WSASendMsg(HANDLE h, struct WSAMSG *m, DWORD flags, DWORD *done, struct OVERLAPPED *o,
                  ws2_32_routine routine)
{
	if (!m)
		return wsa(WSAEFAULT);
	return transfer(h, true, m->lpBuffers, m->dwBufferCount, done, flags, NULL,
	                m->namelen ? m->name : NULL, NULL, m->namelen, m, o, routine);
}

/* WSARecvMsg: only by SIO_GET_EXTENSION_FUNCTION_POINTER. */
WINAPI int
ws2_32_WSARecvMsg(HANDLE h, struct WSAMSG *m, DWORD *done, struct OVERLAPPED *o,
                  ws2_32_routine routine)
{
	if (!m)
		return wsa(WSAEFAULT);
	return transfer(h, false, m->lpBuffers, m->dwBufferCount, done, m->dwFlags, NULL, m->name,
	                m->name ? &m->namelen : NULL, 0, m, o, routine);
}

/* -- the plain ones --------------------------------------------------------------- */

static int
plain(HANDLE h, bool send, char *buf, int n, int flags, struct ws_sockaddr *a, int *size_out,
      int size)
{
	struct file *f;
	struct socket *s;
	if (n < 0)
		return wsa(WSAEFAULT);
	int e = socket_get(h, &f, &s);
	if (e)
		return wsa(e);
	struct iovec v = { buf, (size_t)n };
	struct socket_transfer t = {
		.vec = &v,
		.n = 1,
		.flags = flags,
		.address = a,
		.address_size = size_out,
		.address_length = size,
	};
	size_t done = 0;
	e = send ? socket_send(s, &t, &done) : socket_receive(s, &t, &done);
	object_unref(&f->object);
	return e ? wsa(e) : (int)done;
}

WINAPI int
ws2_32_send(HANDLE h, const char *buf, int n, int flags)
{
	return plain(h, true, (char *)(uintptr_t)buf, n, flags, NULL, NULL, 0);
}

WINAPI int
ws2_32_sendto(HANDLE h, const char *buf, int n, int flags, struct ws_sockaddr *a, int size)
{
	return plain(h, true, (char *)(uintptr_t)buf, n, flags, a, NULL, size);
}

WINAPI int
ws2_32_recv(HANDLE h, char *buf, int n, int flags)
{
	return plain(h, false, buf, n, flags, NULL, NULL, 0);
}

WINAPI int
ws2_32_recvfrom(HANDLE h, char *buf, int n, int flags, struct ws_sockaddr *a, int *size)
{
	return plain(h, false, buf, n, flags, size ? a : NULL, size, 0);
}

WINAPI int
ws2_32_WSARecvEx(HANDLE h, char *buf, int n, int *flags)
{
	if (!flags)
		return wsa(WSAEFAULT);
	int r = ws2_32_recv(h, buf, n, *flags);
	/* a message that did not fit is told in the flags, not as an error */
	if (r < 0 && teb()->LastErrorValue == WSAEMSGSIZE) {
		*flags = WS_MSG_PARTIAL;
		return n;
	}
	*flags = 0;
	return r;
}

WINAPI BOOL
ws2_32_WSAGetOverlappedResult(HANDLE h, struct OVERLAPPED *o, DWORD *n, BOOL wait, DWORD *flags)
{
	struct file *f;
	struct socket *s;
	if (!o || !n)
		return refuse(WSAEFAULT);
	int e = socket_get(h, &f, &s);
	if (e)
		return refuse((DWORD)e);
	NTSTATUS st;
	while ((st = (NTSTATUS)__atomic_load_n(&o->Internal, __ATOMIC_ACQUIRE)) == STATUS_PENDING &&
	       wait) {
		HANDLE event = (HANDLE)((uintptr_t)o->hEvent & ~(uintptr_t)1);
		struct object *file = &f->object;
		NTSTATUS w = event ? wait_handles(1, &event, false, false, WAIT_FOREVER)
		                   : wait_objects(1, &file, false, false, WAIT_FOREVER);
		if (w < 0)
			break;
	}
	object_unref(&f->object);
	if (st == STATUS_PENDING)
		return refuse(WSA_IO_INCOMPLETE);
	*n = (DWORD)o->InternalHigh;
	if (flags)
		*flags = st == STATUS_BUFFER_OVERFLOW ? WS_MSG_PARTIAL : 0;
	e = socket_error_of(st);
	return e ? refuse((DWORD)e) : TRUE;
}
