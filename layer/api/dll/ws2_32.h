/* ws2_32.h -- what the files of WS2_32.dll share. */
#ifndef LAYER_API_DLL_WS2_32_H
#define LAYER_API_DLL_WS2_32_H

#include "layer/api/dll/dll.h"
#include "layer/api/nt/socket/socket.h"

enum { SOCKET_ERROR = -1 };

#define INVALID_SOCKET ((HANDLE)(intptr_t)-1)

typedef void WINAPI (*ws2_32_routine)(DWORD error, DWORD n, struct OVERLAPPED *o, DWORD flags);

/* 0, or SOCKET_ERROR with the error. */
static inline int
wsa(int error)
{
	if (!error)
		return 0;
	last_error((DWORD)error);
	return SOCKET_ERROR;
}

bool ws2_32_started(void); /* WSAStartup was called */

/* The request of an overlapped call; routine may be NULL. */
struct file_request ws2_32_request(struct OVERLAPPED *o, ws2_32_routine routine);

/* The buffers of an operation; 0 or an error. */
int ws2_32_buffers(struct socket_op *op, const struct WSABUF *b, DWORD n);
/* Give the operation to the socket: takes op and f's count over, sets the last error. */
int ws2_32_begin(struct file *f, struct socket_op *op, struct OVERLAPPED *o, ws2_32_routine routine,
                 DWORD *done);

#endif
