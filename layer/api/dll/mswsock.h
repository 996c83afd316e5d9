/* mswsock.h -- the extensions of MSWSOCK.dll, which WSAIoctl gives by number. */
#ifndef LAYER_API_DLL_MSWSOCK_H
#define LAYER_API_DLL_MSWSOCK_H

/* The function of a GUID; NULL: there is none. */
void *mswsock_function(const void *guid);

#endif
