/* socket.h -- sockets: file objects whose descriptor is a socket of the host.
 *
 * A descriptor is left blocking, so that a blocking call is one system call; what must not wait
 * says so in each call (MSG_DONTWAIT), and what listens or connects is made non-blocking.  An
 * overlapped operation is tried at once; when it would wait it stands in one of the socket's two
 * queues until the reactor finds the descriptor ready.  Functions give Winsock's error numbers,
 * 0 for none; families and addresses are Winsock's outside, the host's inside
 * (socket_address.c).
 */
#ifndef LAYER_API_NT_SOCKET_SOCKET_H
#define LAYER_API_NT_SOCKET_SOCKET_H

#include <sys/socket.h>
#include <sys/uio.h>

#include "layer/api/nt/file/file.h"

/* Winsock's words that are not the host's. */
enum {
	WS_AF_INET6 = 23,
	WS_AF_UNIX = 1,
	WS_AF_INET = 2,

	WS_SOL_SOCKET = 0xffff,

	WS_MSG_OOB = 1,
	WS_MSG_PEEK = 2,
	WS_MSG_DONTROUTE = 4,
	WS_MSG_WAITALL = 8,
	WS_MSG_TRUNC = 0x100,
	WS_MSG_CTRUNC = 0x200,
	WS_MSG_PARTIAL = 0x8000,

	WSAEINTR = 10004,
	WSAEACCES = 10013,
	WSAEFAULT = 10014,
	WSAEINVAL = 10022,
	WSAEMFILE = 10024,
	WSAEWOULDBLOCK = 10035,
	WSAEALREADY = 10037,
	WSAENOTSOCK = 10038,
	WSAEMSGSIZE = 10040,
	WSAEPROTOTYPE = 10041,
	WSAENOPROTOOPT = 10042,
	WSAEPROTONOSUPPORT = 10043,
	WSAESOCKTNOSUPPORT = 10044,
	WSAEOPNOTSUPP = 10045,
	WSAEAFNOSUPPORT = 10047,
	WSAEADDRINUSE = 10048,
	WSAECONNABORTED = 10053,
	WSAECONNRESET = 10054,
	WSAENOBUFS = 10055,
	WSAEISCONN = 10056,
	WSAENOTCONN = 10057,
	WSAESHUTDOWN = 10058,
	WSAETIMEDOUT = 10060,
	WSAECONNREFUSED = 10061,
	WSAVERNOTSUPPORTED = 10092,
	WSANOTINITIALISED = 10093,
	WSA_IO_PENDING = 997,
	WSA_OPERATION_ABORTED = 995,
	WSATYPE_NOT_FOUND = 10109,
	WSAHOST_NOT_FOUND = 11001,
	WSATRY_AGAIN = 11002,
	WSANO_RECOVERY = 11003,
	WSANO_DATA = 11004,

	FD_READ = 1,
	FD_WRITE = 2,
	FD_OOB = 4,
	FD_ACCEPT = 8,
	FD_CONNECT = 0x10,
	FD_CLOSE = 0x20,
	FD_EVENTS = 10,
};

struct WSABUF {
	ULONG len;
	char *buf;
};

/* Any address of Winsock: what its family is decides. */
struct ws_sockaddr {
	USHORT family;
	BYTE data[126];
};

struct WSAMSG {
	struct ws_sockaddr *name;
	INT namelen;
	struct WSABUF *lpBuffers;
	ULONG dwBufferCount;
	struct WSABUF Control;
	DWORD dwFlags;
};

struct socket_op;
struct socket_poll;

struct socket {
	struct file *file; /* lent: we are its own */
	/* fixed */
	int family, type, protocol; /* Winsock's numbers */
	/* any thread, atomically */
	_Atomic bool nonblocking, bound, listening, connected, connecting, shut_send, shut_receive;
	_Atomic bool exclusive;
	_Atomic uint32_t send_ms, receive_ms; /* SO_SNDTIMEO, SO_RCVTIMEO: the host rounds them */
	_Atomic uint32_t blocked;             /* threads that wait in the host */
	_Atomic int error;                    /* of a connect that ended later: SO_ERROR */
	_Atomic uint64_t connected_at;        /* nanoseconds of CLOCK_MONOTONIC; 0: it is not */
	_Atomic bool observed;                /* events or polls look at it */
	/* steady.h's lock, and under it */
	_Atomic uint32_t lock;
	struct socket_queue {
		struct socket *socket;
		struct socket_op *first, *last;
		struct reactor_wait wait, accepted; /* of the socket; of one that it accepts */
		bool armed;                         /* one of them */
	} in, out;
	struct socket_poll *polls; /* AFD's, that look at it */
	/* WSAEventSelect */
	struct object *event;              /* own (a count), or NULL */
	uint32_t mask, recorded, disabled; /* FD_... */
	int errors[FD_EVENTS];
	struct reactor_wait event_wait;
	bool event_armed;
};

extern const struct file_kind socket_kind;

/* -- socket_error.c ----------------------------------------------------------- */

int socket_error(int error);       /* Winsock's, of an errno */
NTSTATUS socket_status(int error); /* of an errno */
int socket_error_of(NTSTATUS s);   /* Winsock's, of a status */

/* -- socket_address.c --------------------------------------------------------- */

/* To the host's; *n is its size.  WSAEFAULT, WSAEAFNOSUPPORT. */
int socket_address_in(const struct ws_sockaddr *a, int size, struct sockaddr_storage *out,
                      socklen_t *n);
/* To Winsock's, into *size bytes (then what it needs).  WSAEFAULT: too small. */
int socket_address_out(const struct sockaddr_storage *a, socklen_t n, struct ws_sockaddr *out,
                       int *size);
int socket_family_in(int family); /* the host's; -1: none */
int socket_family_out(int family);

/* -- socket.c ------------------------------------------------------------------- */

int socket_new(int family, int type, int protocol, bool overlapped, struct file **out);
/* A descriptor that is a connected or listening socket. */
struct file *socket_of_fd(int fd, int family, int type, int protocol, bool overlapped);
/* For another process: what stands beside the descriptor. */
void socket_give(const struct socket *s, uint64_t number[4]);
struct file *socket_remake(int fd, const uint64_t number[4]);
/* The socket of a handle; f is counted.  WSAENOTSOCK. */
int socket_get(HANDLE h, struct file **f, struct socket **s);
int socket_bind(struct socket *s, const struct ws_sockaddr *a, int size);
int socket_listen(struct socket *s, int backlog);
/* Wait for one when it blocks.  The address as socket_address_out(); both may be NULL. */
int socket_accept(struct socket *s, struct file **out, struct ws_sockaddr *a, int *size);
int socket_connect(struct socket *s, const struct ws_sockaddr *a, int size);
int socket_shutdown(struct socket *s, int how);
int socket_name(struct socket *s, bool peer, struct ws_sockaddr *a, int *size);
int socket_nonblocking(struct socket *s, bool on);
/* Between a blocking call of the host and its end. */
void socket_connected(struct socket *s);
/* connect(), also where an attempt before has failed. */
int socket_host_connect(int fd, const struct sockaddr_storage *a, socklen_t n);

/* -- socket_io.c ---------------------------------------------------------------- */

struct socket_transfer {
	struct iovec *vec; /* changed while it goes on */
	size_t n;
	int flags;                   /* Winsock's; comes back */
	struct ws_sockaddr *address; /* of recvfrom, sendto; or NULL */
	int *address_size;           /* of recvfrom */
	int address_length;          /* of sendto */
	struct WSAMSG *message;      /* control data, or NULL */
};

/* *done bytes; waits when the socket blocks. */
int socket_receive(struct socket *s, struct socket_transfer *t, size_t *done);
int socket_send(struct socket *s, struct socket_transfer *t, size_t *done);

enum socket_what {
	SOCKET_RECEIVE,
	SOCKET_SEND,
	SOCKET_ACCEPT,
	SOCKET_CONNECT,
	SOCKET_DISCONNECT,
	SOCKET_FILE
};

/* An overlapped operation: tried, and queued when it would wait. */
struct socket_op {
	enum socket_what what;
	struct file_pending *pending;
	struct socket_op *next;
	struct socket *socket;
	bool finished;
	bool lent; /* of its caller's stack: socket_start() copies it when it must last */
	NTSTATUS status;
	size_t done;
	struct socket_transfer t;
	struct iovec few[4];
	struct iovec *many; /* own, or NULL */
	DWORD *flags_out;   /* of the program, or NULL */
	/* accept */
	struct file *accepted; /* own (a count) */
	char *buffer;
	DWORD receive, local, remote;
	int phase; /* accept: 1 it has come, data is due; connect: 1 it is under way */
	/* file */
	struct file *source; /* own (a count) */
	int64_t offset;
	size_t left;
	DWORD options;
	struct iovec head, tail;
};

struct socket_op *socket_op_new(struct socket *s, enum socket_what what);
void socket_op_init(struct socket_op *op, struct socket *s, enum socket_what what); /* of zeroes */
void socket_op_free(struct socket_op *op);
/* Takes op over.  0: it has ended (and was told); WSA_IO_PENDING; or an error. */
int socket_start(struct socket_op *op, const struct file_request *r, size_t *done);
NTSTATUS socket_try_receive(struct socket_op *op);
NTSTATUS socket_try_send(struct socket_op *op);
NTSTATUS socket_afd_receive(struct socket *s, bool datagram, const void *in, ULONG nin, ULONG_PTR *done,
                            struct file_pending *(*pend)(void *ctx), void *ctx);
void socket_io_end(struct socket *s); /* before its descriptor is closed */
/* Threads and operations that wait are told that the socket is gone. */
void socket_wake(struct socket *s);

/* -- socket_ex.c ---------------------------------------------------------------- */

NTSTATUS socket_try_accept(struct socket_op *op);
NTSTATUS socket_try_connect(struct socket_op *op);
NTSTATUS socket_try_disconnect(struct socket_op *op);
NTSTATUS socket_try_file(struct socket_op *op);

/* -- socket_event.c ------------------------------------------------------------- */

/* event NULL or mask 0: none any more. */
int socket_event_select(struct socket *s, struct object *event, uint32_t mask);
void socket_event_take(struct socket *s, uint32_t *events, int errors[FD_EVENTS]);
/* A call has made these events possible again (FD_READ after recv ...). */
void socket_event_again(struct socket *s, uint32_t events);
void socket_event_close(struct socket *s);

/* -- socket_option.c ------------------------------------------------------------ */

int socket_get_option(struct socket *s, int level, int name, void *out, int *size);
int socket_set_option(struct socket *s, int level, int name, const void *in, int size);

/* -- afd.c ---------------------------------------------------------------------- */

void afd_changed(struct socket *s); /* under its lock: it listens, connects or is connected now */
void afd_closed(struct socket *s);  /* polls that look at it end with AFD_POLL_LOCAL_CLOSE */
file_opener afd_open;               /* \Device\Afd... */
/* IOCTL_AFD_POLL on any file: afd's own or a socket. */
NTSTATUS afd_poll(struct file *f, const void *in, ULONG nin, void *out, ULONG nout, ULONG_PTR *done,
                  struct file_pending *(*pend)(void *ctx), void *ctx);

#endif
