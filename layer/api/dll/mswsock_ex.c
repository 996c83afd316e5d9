/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "layer/api/dll/mswsock.h"
#include "layer/api/dll/ws2_32.h"

WINAPI BOOL
mswsock_AcceptEx(HANDLE listener, HANDLE accept, char *out, DWORD receive, DWORD local,
                 DWORD remote, DWORD *done, struct OVERLAPPED *o)
{
	struct file *f, *g;
	struct socket *s, *t;
	int e = socket_get(listener, &f, &s);
	if (e)
		return refuse((DWORD)e);
	e = socket_get(accept, &g, &t);
	if (e) {
		object_unref(&f->object);
		return refuse((DWORD)e);
	}
	struct socket_op *op = NULL;
	if (!o || !s->listening || t->connected || t->bound || s->family != t->family ||
	    s->type != t->type || (!out && receive + local + remote))
		e = WSAEINVAL;
	else if (!(op = socket_op_new(s, SOCKET_ACCEPT)))
		e = WSAENOBUFS;
	if (e) {
		object_unref(&g->object);
		object_unref(&f->object);
		return refuse((DWORD)e);
	}
	op->accepted = g;
	op->buffer = out;
	op->receive = receive;
	op->local = local;
	op->remote = remote;
	return ws2_32_begin(f, op, o, NULL, done) == 0;
}

WINAPI void
mswsock_GetAcceptExSockaddrs(char *out, DWORD receive, DWORD local, DWORD remote,
                             struct ws_sockaddr **l, int *nl, struct ws_sockaddr **r, int *nr)
{
	char *a = out + receive, *b = a + local;
	(void)remote;
	/* its length is in front of each */
	memcpy(nl, a, sizeof *nl);
	*l = (struct ws_sockaddr *)(a + 4);
	memcpy(nr, b, sizeof *nr);
	*r = (struct ws_sockaddr *)(b + 4);
}

WINAPI BOOL
mswsock_ConnectEx(HANDLE h, struct ws_sockaddr *a, int size, char *data, DWORD n, DWORD *done,
                  struct OVERLAPPED *o)
{
	struct file *f;
	struct socket *s;
	int e = socket_get(h, &f, &s);
	if (e)
		return refuse((DWORD)e);
	struct socket_op *op = NULL;
	if (!o || !s->bound)
		e = WSAEINVAL;
	else if (s->connected)
		e = WSAEISCONN;
	else if (!(op = socket_op_new(s, SOCKET_CONNECT)))
		e = WSAENOBUFS;
	if (e) {
		object_unref(&f->object);
		return refuse((DWORD)e);
	}
	op->t.address = a;
	op->t.address_length = size;
	if (n && data) {
		op->few[0] = (struct iovec){ data, n };
		op->t.n = 1;
	}
	return ws2_32_begin(f, op, o, NULL, done) == 0;
}

/* Overlapped, or waited for: the two are one function. */
static BOOL
finish(struct file *f, struct socket_op *op, struct OVERLAPPED *o)
{
	if (o)
		return ws2_32_begin(f, op, o, NULL, NULL) == 0;
	NTSTATUS st;
	while ((st = op->what == SOCKET_FILE ? socket_try_file(op) : socket_try_disconnect(op)) ==
	       STATUS_PENDING)
		if ((st = file_wait(f, f->fd, 4 /* POLLOUT */, -1)) < 0)
			break;
	socket_op_free(op);
	object_unref(&f->object);
	int e = socket_error_of(st);
	return e ? refuse((DWORD)e) : TRUE;
}

WINAPI BOOL
mswsock_DisconnectEx(HANDLE h, struct OVERLAPPED *o, DWORD flags, DWORD reserved)
{
	struct file *f;
	struct socket *s;
	int e = socket_get(h, &f, &s);
	if (e)
		return refuse((DWORD)e);
	struct socket_op *op = NULL;
	if (reserved || flags & ~2u)
		e = WSAEINVAL;
	else if (!s->connected)
		e = WSAENOTCONN;
	else if (!(op = socket_op_new(s, SOCKET_DISCONNECT)))
		e = WSAENOBUFS;
	if (e) {
		object_unref(&f->object);
		return refuse((DWORD)e);
	}
	op->options = flags;
	return finish(f, op, o);
}

struct TRANSMIT_FILE_BUFFERS {
	void *Head;
	DWORD HeadLength;
	void *Tail;
	DWORD TailLength;
};

WINAPI BOOL
mswsock_TransmitFile(HANDLE h, HANDLE file, DWORD n, DWORD each, struct OVERLAPPED *o,
                     const struct TRANSMIT_FILE_BUFFERS *b, DWORD flags)
{
	struct file *f, *source = NULL;
	struct socket *s;
	(void)each;
	int e = socket_get(h, &f, &s), fd = -1;
	if (e)
		return refuse((DWORD)e);
	struct stat st = { 0 };
	if (!s->connected)
		e = WSAENOTCONN;
	else if (file && (file_descriptor(file, &source, &fd) < 0 || fstat(fd, &st) < 0))
		e = ERROR_INVALID_HANDLE;
	struct socket_op *op = e ? NULL : socket_op_new(s, SOCKET_FILE);
	if (!op) {
		if (source)
			object_unref(&source->object);
		object_unref(&f->object);
		return refuse(e ? (DWORD)e : WSAENOBUFS);
	}
	op->source = source;
	op->options = flags;
	if (b && b->Head)
		op->head = (struct iovec){ b->Head, b->HeadLength };
	if (b && b->Tail)
		op->tail = (struct iovec){ b->Tail, b->TailLength };
	if (source) {
		op->offset = o ? (int64_t)((uint64_t)o->OffsetHigh << 32 | o->Offset)
		               : (int64_t)lseek(fd, 0, 1);
		int64_t left = st.st_size - op->offset;
		op->left = left < 0 ? 0 : n && (int64_t)n < left ? n : (size_t)left;
	}
	return finish(f, op, o);
}

int WINAPI ws2_32_WSARecvMsg(HANDLE h, struct WSAMSG *m, DWORD *done, struct OVERLAPPED *o,
                             ws2_32_routine routine);
int WINAPI ws2_32_WSASendMsg(HANDLE h, struct WSAMSG *m, DWORD flags, DWORD *done,
                             struct OVERLAPPED *o, ws2_32_routine routine);

/* WSAID_...: the numbers of mswsock.h. */
static const struct {
	uint32_t first;
	uint16_t second, third;
	uint8_t rest[8];
	FARPROC function;
} functions[] = {
	{ 0xb5367df1,
	  0xcbac,
	  0x11cf,
	  { 0x95, 0xca, 0x00, 0x80, 0x5f, 0x48, 0xa1, 0x92 },
	  (FARPROC)mswsock_AcceptEx },
	{ 0xb5367df2,
	  0xcbac,
	  0x11cf,
	  { 0x95, 0xca, 0x00, 0x80, 0x5f, 0x48, 0xa1, 0x92 },
	  (FARPROC)mswsock_GetAcceptExSockaddrs },
	{ 0xb5367df0,
	  0xcbac,
	  0x11cf,
	  { 0x95, 0xca, 0x00, 0x80, 0x5f, 0x48, 0xa1, 0x92 },
	  (FARPROC)mswsock_TransmitFile },
	{ 0x25a207b9,
	  0xddf3,
	  0x4660,
	  { 0x8e, 0xe9, 0x76, 0xe5, 0x8c, 0x74, 0x06, 0x3e },
	  (FARPROC)mswsock_ConnectEx },
	{ 0x7fda2e11,
	  0x8630,
	  0x436f,
	  { 0xa0, 0x31, 0xf5, 0x36, 0xa6, 0xee, 0xc1, 0x57 },
	  (FARPROC)mswsock_DisconnectEx },
	{ 0xf689d7c8,
	  0x6f1f,
	  0x436b,
	  { 0x8a, 0x53, 0xe5, 0x4f, 0xe3, 0x51, 0xc3, 0x22 },
	  (FARPROC)ws2_32_WSARecvMsg },
	{ 0xa441e712,
	  0x754f,
	  0x43ca,
	  { 0x84, 0xa7, 0x0d, 0xee, 0x44, 0xcf, 0x60, 0x6d },
	  (FARPROC)ws2_32_WSASendMsg },
};

void *
mswsock_function(const void *guid)
{
	for (size_t i = 0; i < sizeof functions / sizeof *functions; i++)
		if (!memcmp(guid, &functions[i], 16))
			return (void *)(uintptr_t)functions[i].function;
	return NULL;
}
