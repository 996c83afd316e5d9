/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/time.h>

#include "layer/api/nt/socket/socket.h"
#include "layer/api/nt/socket/socket_protocol.h"
#include "layer/api/nt/object/wait.h"

enum how { FLAG, NUMBER, TIME, LINGER, BYTES, BUFFER, DONTFRAGMENT, DISCOVER, SOURCE };

static const struct option {
	int level, name, host_level, host_name;
	enum how how;
} options[] = {
#define OPTION(level, name, host_level, host_name, how) { level, name, host_level, host_name, how },
#include "layer/api/nt/socket/socket_option.def"
#undef OPTION
};

/* Winsock's own. */
enum {
	WS_SO_REUSEADDR = 4,
	WS_SO_DONTLINGER = ~0x80,
	WS_SO_EXCLUSIVEADDRUSE = ~4,
	WS_SO_SNDLOWAT = 0x1003,
	WS_SO_ERROR = 0x1007,
	WS_SO_TYPE = 0x1008,
	WS_SO_BSP_STATE = 0x1009,
	WS_SO_MAX_MSG_SIZE = 0x2003,
	WS_SO_PROTOCOL_INFOA = 0x2004,
	WS_SO_PROTOCOL_INFOW = 0x2005,
	WS_SO_CONDITIONAL_ACCEPT = 0x3002,
	WS_SO_PAUSE_ACCEPT = 0x3003,
	WS_SO_RANDOMIZE_PORT = 0x3005,
	WS_SO_PORT_SCALABILITY = 0x3006,
	WS_SO_REUSE_UNICASTPORT = 0x3007,
	WS_SO_OPENTYPE = 0x7008,
	WS_SO_UPDATE_ACCEPT_CONTEXT = 0x700b,
	WS_SO_CONNECT_TIME = 0x700c,
	WS_SO_UPDATE_CONNECT_CONTEXT = 0x7010,
};

static const struct option *
find(int level, int name)
{
	for (size_t i = 0; i < sizeof options / sizeof *options; i++)
		if (options[i].level == level && options[i].name == name)
			return options + i;
	return NULL;
}

/* A number into 1, 2, 4 or more bytes. */
static int
put(void *out, int *size, DWORD value)
{
	if (*size < 1)
		return WSAEFAULT;
	int n = *size < 4 ? *size : 4;
	memcpy(out, &value, (size_t)n);
	*size = n;
	return 0;
}

static DWORD
take(const void *in, int size)
{
	DWORD v = 0;
	memcpy(&v, in, size < 4 ? (size_t)size : 4);
	return v;
}

static int
get_host(int fd, const struct option *o, void *out, int *size)
{
	unsigned char value[256];
	socklen_t n = o->how == LINGER  ? sizeof(struct linger)
	              : o->how == BYTES ? sizeof value
	                                : sizeof(int);
	if (getsockopt(fd, o->host_level, o->host_name, value, &n) < 0)
		return socket_error(errno);
	int v = 0;
	memcpy(&v, value, n < 4 ? n : 4);
	switch (o->how) {
	case FLAG: return put(out, size, v != 0);
	case BUFFER: return put(out, size, (DWORD)v / 2); /* the host counts its own needs too */
	case NUMBER: return put(out, size, (DWORD)v);
	case TIME: break; /* as it was set */
	case LINGER: {
		struct linger l;
		memcpy(&l, value, sizeof l);
		USHORT w[2] = { (USHORT)(l.l_onoff != 0), (USHORT)l.l_linger };
		if (*size < (int)sizeof w)
			return WSAEFAULT;
		memcpy(out, w, sizeof w);
		*size = sizeof w;
		return 0;
	}
	case DONTFRAGMENT: return put(out, size, v == IP_PMTUDISC_DO);
	case DISCOVER:
		return put(out, size,
		           v == IP_PMTUDISC_DO      ? 1
		           : v == IP_PMTUDISC_PROBE ? 3
		           : v == IP_PMTUDISC_DONT  ? 2
		                                    : 0);
	case BYTES:
		if (*size < (int)n)
			n = (socklen_t)*size;
		memcpy(out, value, n);
		*size = (int)n;
		return 0;
	case SOURCE: break;
	}
	return WSAENOPROTOOPT;
}

static int
set_host(int fd, const struct option *o, const void *in, int size)
{
	unsigned char value[256];
	socklen_t n = sizeof(int);
	int v = (int)take(in, size);
	switch (o->how) {
	case FLAG: v = v != 0; break;
	case DONTFRAGMENT: v = v ? IP_PMTUDISC_DO : IP_PMTUDISC_DONT; break;
	case DISCOVER:
		v = v == 1   ? IP_PMTUDISC_DO
		    : v == 2 ? IP_PMTUDISC_DONT
		    : v == 3 ? IP_PMTUDISC_PROBE
		             : IP_PMTUDISC_WANT;
		break;
	case BUFFER:
	case NUMBER: break;
	default: v = 0; break;
	}
	memcpy(value, &v, sizeof v);
	if (o->how == TIME) {
		DWORD ms = take(in, size);
		struct timeval t = { ms / 1000, ms % 1000 * 1000 };
		memcpy(value, &t, n = sizeof t);
	} else if (o->how == LINGER) {
		USHORT w[2];
		if (size < (int)sizeof w)
			return WSAEFAULT;
		memcpy(w, in, sizeof w);
		struct linger l = { w[0] != 0, w[1] };
		memcpy(value, &l, n = sizeof l);
	} else if (o->how == SOURCE) {
		/* ip_mreq_source: multicast, source, interface; the host has interface before source */
		if (size < 12)
			return WSAEFAULT;
		memcpy(value, in, 4);
		memcpy(value + 4, (const char *)in + 8, 4);
		memcpy(value + 8, (const char *)in + 4, 4);
		n = 12;
	} else if (o->how == BYTES) {
		n = size < (int)sizeof value ? (socklen_t)size : sizeof value;
		memcpy(value, in, n);
	}
	return setsockopt(fd, o->host_level, o->host_name, value, n) < 0 ? socket_error(errno) : 0;
}

int
socket_get_option(struct socket *s, int level, int name, void *out, int *size)
{
	int fd = s->file->fd;
	if (!out || !size)
		return WSAEFAULT;
	const struct option *o = find(level, name);
	if (o && o->how == TIME)
		return put(out, size, o->host_name == SO_RCVTIMEO ? s->receive_ms : s->send_ms);
	if (o)
		return get_host(fd, o, out, size);
	if (level != WS_SOL_SOCKET)
		return WSAENOPROTOOPT;
	int v = 0;
	socklen_t n = sizeof v;
	switch (name) {
	case WS_SO_ERROR:
		v = s->error;
		s->error = 0;
		if (!v && getsockopt(fd, SOL_SOCKET, SO_ERROR, &v, &n) < 0)
			return socket_error(errno);
		return put(out, size, v ? (DWORD)socket_error(v) : 0);
	case WS_SO_TYPE: return put(out, size, (DWORD)s->type);
	case WS_SO_REUSEADDR:
		if (s->type == SOCK_STREAM)
			return put(out, size, 0);
		if (getsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &v, &n) < 0)
			return socket_error(errno);
		return put(out, size, v != 0);
	case WS_SO_EXCLUSIVEADDRUSE: return put(out, size, s->exclusive);
	case WS_SO_DONTLINGER: {
		struct linger l;
		n = sizeof l;
		if (getsockopt(fd, SOL_SOCKET, SO_LINGER, &l, &n) < 0)
			return socket_error(errno);
		return put(out, size, !l.l_onoff);
	}
	case WS_SO_SNDLOWAT:
	case WS_SO_CONDITIONAL_ACCEPT:
	case WS_SO_PAUSE_ACCEPT:
	case WS_SO_RANDOMIZE_PORT:
	case WS_SO_PORT_SCALABILITY:
	case WS_SO_REUSE_UNICASTPORT:
	case WS_SO_OPENTYPE: return put(out, size, 0);
	case WS_SO_MAX_MSG_SIZE: return put(out, size, s->type == SOCK_DGRAM ? 65507 : UINT32_MAX);
	case WS_SO_CONNECT_TIME:
		/* seconds; what is not connected has all bits set */
		return put(out, size,
		           s->connected_at ? (DWORD)((wait_now() - s->connected_at) / 1000000000)
		                           : UINT32_MAX);
	case WS_SO_PROTOCOL_INFOA:
	case WS_SO_PROTOCOL_INFOW:
		return socket_protocol_of(s, name == WS_SO_PROTOCOL_INFOW, out, size);
	case WS_SO_BSP_STATE:
	default: return WSAENOPROTOOPT;
	}
}

int
socket_set_option(struct socket *s, int level, int name, const void *in, int size)
{
	int fd = s->file->fd;
	/* these two come with nothing or a socket */
	if (level == WS_SOL_SOCKET &&
	    (name == WS_SO_UPDATE_ACCEPT_CONTEXT || name == WS_SO_UPDATE_CONNECT_CONTEXT))
		return s->connected ? 0 : WSAENOTCONN;
	if (!in || size < 1)
		return WSAEFAULT;
	const struct option *o = find(level, name);
	if (o) {
		int e = set_host(fd, o, in, size);
		if (!e && o->how == TIME)
			*(o->host_name == SO_RCVTIMEO ? &s->receive_ms : &s->send_ms) =
			        take(in, size);
		return e;
	}
	if (level == IPPROTO_TCP && (name == 2 || name == 5 || name == 10))
		return 0; /* TCP_EXPEDITED_1122, TCP_MAXRT, TCP_TIMESTAMPS: hints */
	if (level != WS_SOL_SOCKET)
		return WSAENOPROTOOPT;
	int v = take(in, size) != 0;
	switch (name) {
	case WS_SO_REUSEADDR:
		if (v && s->exclusive)
			return WSAEINVAL;
		/* For streams it lets others steal a port on Windows; the host never does. */
		if (s->type != SOCK_STREAM &&
		    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &v, sizeof v) < 0)
			return socket_error(errno);
		return 0;
	case WS_SO_EXCLUSIVEADDRUSE: s->exclusive = v; return 0;
	case WS_SO_DONTLINGER: {
		struct linger l = { !v, 0 };
		return setsockopt(fd, SOL_SOCKET, SO_LINGER, &l, sizeof l) < 0 ? socket_error(errno)
		                                                               : 0;
	}
	case WS_SO_CONDITIONAL_ACCEPT:
	case WS_SO_PAUSE_ACCEPT:
	case WS_SO_RANDOMIZE_PORT:
	case WS_SO_PORT_SCALABILITY:
	case WS_SO_REUSE_UNICASTPORT:
	case WS_SO_OPENTYPE: return 0;
	default: return WSAENOPROTOOPT;
	}
}
