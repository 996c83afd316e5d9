/* SPDX-License-Identifier: Apache-2.0 */
#include <pthread.h>
#include <string.h>

#include "layer/api/dll/ws2_32.h"
#include "layer/api/nt/object/post.h"
#include "layer/api/nt/socket/socket_protocol.h"

enum { WSA_FLAG_OVERLAPPED = 1, WSA_FLAG_NO_HANDLE_INHERIT = 0x80, FROM_PROTOCOL_INFO = -1 };

static HANDLE
handle_of(struct file *f, bool inherit)
{
	HANDLE h = handle_new(&f->object, f->access, inherit);
	if (!h) {
		last_error(WSAEMFILE);
		return INVALID_SOCKET;
	}
	return h;
}

/* A socket's second handle: WSAPROTOCOL_INFO carries the number of a place where the socket is held
 * until WSASocket takes it, once; for another process, the handle that it was given there. */
enum { LENT = 64, GIVEN = (int)0x80000000 };
static pthread_mutex_t lent_lock = PTHREAD_MUTEX_INITIALIZER;
static struct file *lent[LENT]; /* a count each, under the lock */

static DWORD
lend(struct file *f)
{
	DWORD i = 0;
	pthread_mutex_lock(&lent_lock);
	while (i < LENT && lent[i])
		i++;
	if (i < LENT) {
		object_ref(&f->object);
		lent[i] = f;
	}
	pthread_mutex_unlock(&lent_lock);
	return i < LENT ? i + 1 : 0;
}

/* NULL: none is there. */
static struct file *
borrow(DWORD place)
{
	struct file *f = NULL;
	pthread_mutex_lock(&lent_lock);
	if (place && place <= LENT) {
		f = lent[place - 1];
		lent[place - 1] = NULL;
	}
	pthread_mutex_unlock(&lent_lock);
	return f;
}

/* 0: there is no such process, or it ends. */
static DWORD
give(struct file *f, DWORD process)
{
	const struct post_terms t = { .access = f->access };
	struct process *p;
	HANDLE h = NULL;
	if (process_open(process, &p) < 0)
		return 0;
	(void)post_put(p, &f->object, &t, &h);
	object_unref(&p->object);
	return h ? (DWORD)GIVEN | (DWORD)(uintptr_t)h : 0;
}

/* What another process has put here: a handle, for the one that it has come with. */
static HANDLE
accept_given(HANDLE given, bool inherit)
{
	struct file *f;
	struct socket *s;
	if (socket_get(given, &f, &s)) {
		last_error(WSAEINVAL);
		return INVALID_SOCKET;
	}
	HANDLE h = handle_of(f, inherit);
	handle_close(given);
	return h;
}

static int
duplicate(HANDLE h, DWORD process, bool wide, void *out)
{
	struct file *f;
	struct socket *s;
	struct WSAPROTOCOL_INFO p;
	int e = socket_get(h, &f, &s), size = wide ? SOCKET_INFO_W : SOCKET_INFO_A;
	if (e)
		return wsa(e);
	if (!out)
		e = WSAEFAULT;
	else
		e = socket_protocol_of(s, wide, out, &size);
	if (!e) {
		memcpy(&p, out, sizeof p);
		bool self = process == (DWORD)(uintptr_t)teb()->ClientId.UniqueProcess;
		p.dwProviderReserved = self ? lend(f) : give(f, process);
		memcpy(out, &p, sizeof p);
		e = p.dwProviderReserved ? 0 : self ? WSAEMFILE : WSAEINVAL;
	}
	object_unref(&f->object);
	return wsa(e);
}

static HANDLE
make(int family, int type, int protocol, const struct WSAPROTOCOL_INFO *p, DWORD flags)
{
	struct file *f;
	if (!ws2_32_started()) {
		last_error(WSANOTINITIALISED);
		return INVALID_SOCKET;
	}
	bool inherit = !(flags & WSA_FLAG_NO_HANDLE_INHERIT);
	if (p && p->dwProviderReserved & (DWORD)GIVEN)
		return accept_given((HANDLE)(uintptr_t)(p->dwProviderReserved & ~(DWORD)GIVEN),
		                    inherit);
	if (p && p->dwProviderReserved) {
		if (!(f = borrow(p->dwProviderReserved))) {
			last_error(WSAEINVAL);
			return INVALID_SOCKET;
		}
		return handle_of(f, inherit);
	}
	if (p) {
		family = family == FROM_PROTOCOL_INFO ? p->iAddressFamily : family;
		type = type == FROM_PROTOCOL_INFO ? p->iSocketType : type;
		protocol = protocol == FROM_PROTOCOL_INFO ? p->iProtocol : protocol;
	}
	int e = socket_new(family, type, protocol, flags & WSA_FLAG_OVERLAPPED, &f);
	if (e) {
		last_error((DWORD)e);
		return INVALID_SOCKET;
	}
	return handle_of(f, inherit);
}

WINAPI HANDLE
ws2_32_socket(int family, int type, int protocol)
{
	return make(family, type, protocol, NULL, WSA_FLAG_OVERLAPPED);
}

WINAPI HANDLE
ws2_32_WSASocketW(int family, int type, int protocol, const struct WSAPROTOCOL_INFO *p, UINT group,
                  DWORD flags)
{
	(void)group;
	return make(family, type, protocol, p, flags);
}

WINAPI int
ws2_32_closesocket(HANDLE h)
{
	struct file *f;
	struct socket *s;
	int e = socket_get(h, &f, &s);
	if (e)
		return wsa(ws2_32_started() ? e : WSANOTINITIALISED);
	object_unref(&f->object);
	return wsa(handle_close(h) < 0 ? WSAENOTSOCK : 0);
}

WINAPI int
ws2_32_bind(HANDLE h, const struct ws_sockaddr *a, int size)
{
	struct file *f;
	struct socket *s;
	int e = socket_get(h, &f, &s);
	if (e)
		return wsa(e);
	e = socket_bind(s, a, size);
	object_unref(&f->object);
	return wsa(e);
}

WINAPI int
ws2_32_listen(HANDLE h, int backlog)
{
	struct file *f;
	struct socket *s;
	int e = socket_get(h, &f, &s);
	if (e)
		return wsa(e);
	e = socket_listen(s, backlog);
	object_unref(&f->object);
	return wsa(e);
}

WINAPI HANDLE
ws2_32_accept(HANDLE h, struct ws_sockaddr *a, int *size)
{
	struct file *f, *new;
	struct socket *s;
	ACCESS_MASK access;
	bool inherit = true;
	int e = socket_get(h, &f, &s);
	if (!e) {
		e = socket_accept(s, &new, a, size);
		(void)handle_flags(h, &access, &inherit);
		object_unref(&f->object);
	}
	if (e) {
		last_error((DWORD)e);
		return INVALID_SOCKET;
	}
	return handle_of(new, inherit);
}

typedef int WINAPI (*condition)(struct WSABUF *caller, struct WSABUF *caller_data, void *sqos,
                                void *gqos, struct WSABUF *callee, struct WSABUF *callee_data,
                                UINT *group, DWORD_PTR data);

WINAPI HANDLE
ws2_32_WSAAccept(HANDLE h, struct ws_sockaddr *a, int *size, condition ask, DWORD_PTR data)
{
	HANDLE new = ws2_32_accept(h, a, size);
	if (new == INVALID_SOCKET || !ask)
		return new;
	/* The host has completed the connection before anybody can be asked: refused, it is closed.
	 * CF_ACCEPT 0, CF_REJECT 1, CF_DEFER 2. */
	struct ws_sockaddr from, to;
	int nfrom = sizeof from, nto = sizeof to;
	struct file *f;
	struct socket *s;
	if (socket_get(new, &f, &s))
		return INVALID_SOCKET;
	(void)socket_name(s, true, &from, &nfrom);
	(void)socket_name(s, false, &to, &nto);
	object_unref(&f->object);
	struct WSABUF caller = { (ULONG)nfrom, (char *)&from },
	              callee = { (ULONG)nto, (char *)&to }, none = { 0, NULL };
	UINT group = 0;
	int answer = ask(&caller, &none, NULL, NULL, &callee, &none, &group, data);
	if (answer == 0)
		return new;
	handle_close(new);
	last_error(answer == 2 ? (DWORD)WSATRY_AGAIN : (DWORD)WSAECONNREFUSED);
	return INVALID_SOCKET;
}

WINAPI int
ws2_32_connect(HANDLE h, const struct ws_sockaddr *a, int size)
{
	struct file *f;
	struct socket *s;
	int e = socket_get(h, &f, &s);
	if (e)
		return wsa(e);
	e = socket_connect(s, a, size);
	object_unref(&f->object);
	return wsa(e);
}

WINAPI int
ws2_32_WSAConnect(HANDLE h, const struct ws_sockaddr *a, int size, struct WSABUF *caller,
                  struct WSABUF *callee, void *sqos, void *gqos)
{
	(void)caller, (void)callee, (void)sqos,
	        (void)gqos; /* TCP carries no data with a connection */
	return ws2_32_connect(h, a, size);
}

WINAPI int
ws2_32_shutdown(HANDLE h, int how)
{
	struct file *f;
	struct socket *s;
	int e = socket_get(h, &f, &s);
	if (e)
		return wsa(e);
	e = socket_shutdown(s, how);
	object_unref(&f->object);
	return wsa(e);
}

WINAPI int
ws2_32_WSASendDisconnect(HANDLE h, struct WSABUF *data)
{
	(void)data;
	return ws2_32_shutdown(h, 1);
}

WINAPI int
ws2_32_WSARecvDisconnect(HANDLE h, struct WSABUF *data)
{
	(void)data;
	return ws2_32_shutdown(h, 0);
}

static int
name(HANDLE h, bool peer, struct ws_sockaddr *a, int *size)
{
	struct file *f;
	struct socket *s;
	int e = socket_get(h, &f, &s);
	if (e)
		return wsa(e);
	e = socket_name(s, peer, a, size);
	object_unref(&f->object);
	return wsa(e);
}

WINAPI int
ws2_32_getsockname(HANDLE h, struct ws_sockaddr *a, int *size)
{
	return name(h, false, a, size);
}

WINAPI int
ws2_32_getpeername(HANDLE h, struct ws_sockaddr *a, int *size)
{
	return name(h, true, a, size);
}

WINAPI int
ws2_32_WSADuplicateSocketW(HANDLE h, DWORD process, void *out)
{
	return duplicate(h, process, true, out);
}

WINAPI int
ws2_32_WSADuplicateSocketA(HANDLE h, DWORD process, void *out)
{
	return duplicate(h, process, false, out);
}

WINAPI int
ws2_32_WSAEnumProtocolsW(const INT *wanted, char *out, DWORD *size)
{
	DWORD n = 0;
	if (!size)
		return wsa(WSAENOBUFS);
	bool take[SOCKET_PROTOCOLS];
	for (size_t i = 0; i < SOCKET_PROTOCOLS; i++) {
		char one[SOCKET_INFO_W];
		struct WSAPROTOCOL_INFO p;
		socket_protocol(i, true, one, &p);
		take[i] = !wanted;
		for (const INT *w = wanted; w && *w; w++)
			take[i] |= *w == p.iProtocol;
		n += take[i];
	}
	if (!out || *size < n * SOCKET_INFO_W) {
		*size = n * SOCKET_INFO_W;
		return wsa(WSAENOBUFS);
	}
	for (size_t i = 0; i < SOCKET_PROTOCOLS; i++) {
		struct WSAPROTOCOL_INFO p;
		if (!take[i])
			continue;
		socket_protocol(i, true, out, &p);
		out += SOCKET_INFO_W;
	}
	return (int)n;
}

/* With the layers that stand on others, of which there is none; it names its error by itself. */
WINAPI int
ws2_32_WSCEnumProtocols(const INT *wanted, char *out, DWORD *size, INT *error)
{
	int n = ws2_32_WSAEnumProtocolsW(wanted, out, size);
	if (n < 0 && error)
		*error = (INT)teb()->LastErrorValue;
	return n;
}

WINAPI int
ws2_32_WSAEnumProtocolsA(const INT *wanted, char *out, DWORD *size)
{
	char wide[SOCKET_PROTOCOLS * SOCKET_INFO_W];
	DWORD n = sizeof wide;
	int count = ws2_32_WSAEnumProtocolsW(wanted, wide, &n);
	if (!size || !out || *size < (DWORD)count * SOCKET_INFO_A) {
		if (size)
			*size = (DWORD)count * SOCKET_INFO_A;
		return wsa(WSAENOBUFS);
	}
	for (int i = 0; i < count; i++) {
		const char *from = wide + i * SOCKET_INFO_W;
		char *to = out + i * SOCKET_INFO_A;
		memcpy(to, from, sizeof(struct WSAPROTOCOL_INFO));
		for (int j = 0; j < 256; j++)
			to[sizeof(struct WSAPROTOCOL_INFO) + (size_t)j] =
			        from[sizeof(struct WSAPROTOCOL_INFO) + 2 * (size_t)j];
	}
	return count;
}
