/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "layer/api/dll/ws2_32.h"
#include "layer/api/dll/mswsock.h"

WINAPI int
ws2_32_getsockopt(HANDLE h, int level, int option, void *out, int *size)
{
	struct file *f;
	struct socket *s;
	int e = socket_get(h, &f, &s);
	/* SO_OPENTYPE is asked of no socket */
	if (e && h == INVALID_SOCKET && level == WS_SOL_SOCKET && option == 0x7008 && out && size &&
	    *size >= 4) {
		*(DWORD *)out = 0;
		*size = 4;
		return 0;
	}
	if (e)
		return wsa(e);
	e = socket_get_option(s, level, option, out, size);
	object_unref(&f->object);
	return wsa(e);
}

WINAPI int
ws2_32_setsockopt(HANDLE h, int level, int option, const void *in, int size)
{
	struct file *f;
	struct socket *s;
	int e = socket_get(h, &f, &s);
	if (e && h == INVALID_SOCKET && level == WS_SOL_SOCKET && option == 0x7008)
		return 0;
	if (e)
		return wsa(e);
	e = socket_set_option(s, level, option, in, size);
	object_unref(&f->object);
	return wsa(e);
}

enum {
	IOC_FIONREAD = 0x4004667f,
	IOC_FIONBIO = (int)0x8004667e,
	IOC_SIOCATMARK = 0x40047307,

	SIO_ADDRESS_LIST_QUERY = 0x48000016,
	SIO_ADDRESS_LIST_CHANGE = 0x28000017,
	SIO_BASE_HANDLE = 0x48000022,
	SIO_BSP_HANDLE = 0x4800001b,
	SIO_BSP_HANDLE_SELECT = 0x4800001c,
	SIO_BSP_HANDLE_POLL = 0x4800001d,
	SIO_GET_EXTENSION_FUNCTION_POINTER = (int)0xc8000006,
	SIO_KEEPALIVE_VALS = (int)0x98000004,
	SIO_LOOPBACK_FAST_PATH = (int)0x98000010,
	SIO_TCP_SET_ACK_FREQUENCY = (int)0x98000017,
	SIO_TCP_INITIAL_RTO = (int)0x98000011,
	SIO_UDP_CONNRESET = (int)0x9800000c,
	SIO_UDP_NETRESET = (int)0x9800000f,
	SIO_FLUSH = 0x28000004,
};

static int
number_out(void *out, DWORD nout, DWORD *done, DWORD v)
{
	if (!out || nout < sizeof v)
		return WSAEFAULT;
	memcpy(out, &v, sizeof v);
	if (done)
		*done = sizeof v;
	return 0;
}

static int
keepalive(int fd, const DWORD *in, DWORD nin)
{
	/* on, time, interval: milliseconds; the host has seconds */
	if (!in || nin < 12)
		return WSAEFAULT;
	int on = in[0] != 0, idle = (int)((in[1] + 999) / 1000),
	    every = (int)((in[2] + 999) / 1000);
	idle = idle < 1 ? 1 : idle;
	every = every < 1 ? 1 : every;
	if (setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on) < 0 ||
	    (on && (setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof idle) < 0 ||
	            setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &every, sizeof every) < 0)))
		return socket_error(errno);
	return 0;
}

static int
control(struct socket *s, HANDLE h, DWORD code, const void *in, DWORD nin, void *out, DWORD nout,
        DWORD *done)
{
	int fd = s->file->fd, v = 0;
	if (done)
		*done = 0;
	switch ((int)code) {
	case IOC_FIONBIO:
		if (!in || nin < 4)
			return WSAEFAULT;
		/* a socket whose events are selected stays as it is */
		if (s->event && !*(const DWORD *)in)
			return WSAEINVAL;
		return socket_nonblocking(s, *(const DWORD *)in);
	case IOC_FIONREAD:
		if (ioctl(fd, FIONREAD, &v) < 0)
			return socket_error(errno);
		return number_out(out, nout, done, (DWORD)v);
	case IOC_SIOCATMARK:
		v = s->type == SOCK_STREAM ? sockatmark(fd) : 0;
		/* TRUE when no urgent data is to be read any more */
		return number_out(out, nout, done, v > 0 ? FALSE : TRUE);
	case SIO_GET_EXTENSION_FUNCTION_POINTER: {
		void *f = in && nin >= 16 ? mswsock_function(in) : NULL;
		if (!f)
			return WSAEINVAL;
		if (!out || nout < sizeof f)
			return WSAEFAULT;
		memcpy(out, &f, sizeof f);
		if (done)
			*done = sizeof f;
		return 0;
	}
	case SIO_BASE_HANDLE:
	case SIO_BSP_HANDLE:
	case SIO_BSP_HANDLE_SELECT:
	case SIO_BSP_HANDLE_POLL:
		if (!out || nout < sizeof h)
			return WSAEFAULT;
		memcpy(out, &h, sizeof h);
		if (done)
			*done = sizeof h;
		return 0;
	case SIO_KEEPALIVE_VALS: return keepalive(fd, in, nin);
	case SIO_LOOPBACK_FAST_PATH: return WSAEOPNOTSUPP; /* as Windows since 10.0.18362 */
	case SIO_TCP_SET_ACK_FREQUENCY:
	case SIO_TCP_INITIAL_RTO:
	case SIO_UDP_CONNRESET:
	case SIO_UDP_NETRESET:
	case SIO_FLUSH: return 0;
	default: return WSAEOPNOTSUPP;
	}
}

WINAPI int
ws2_32_WSAIoctl(HANDLE h, DWORD code, void *in, DWORD nin, void *out, DWORD nout, DWORD *done,
                struct OVERLAPPED *o, ws2_32_routine routine)
{
	struct file *f;
	struct socket *s;
	int e = socket_get(h, &f, &s);
	if (e)
		return wsa(e);
	if (!done && !o) {
		object_unref(&f->object);
		return wsa(WSAEFAULT);
	}
	DWORD n = 0;
	e = control(s, h, code, in, nin, out, nout, &n);
	if (!e && done)
		*done = n;
	if (!e && o && f->overlapped) {
		struct file_request r = ws2_32_request(o, routine);
		(void)file_at_once(f, &r, STATUS_SUCCESS, n);
	}
	object_unref(&f->object);
	return wsa(e);
}

WINAPI int
ws2_32_ioctlsocket(HANDLE h, LONG code, ULONG *value)
{
	struct file *f;
	struct socket *s;
	if (!value)
		return wsa(WSAEFAULT);
	int e = socket_get(h, &f, &s);
	if (e)
		return wsa(e);
	if (code == IOC_FIONBIO || code == IOC_FIONREAD || code == IOC_SIOCATMARK)
		e = control(s, h, (DWORD)code, value, sizeof *value, value, sizeof *value, NULL);
	else
		e = WSAEOPNOTSUPP;
	object_unref(&f->object);
	return wsa(e);
}
