/* SPDX-License-Identifier: Apache-2.0 */
// A small program that finds out about sockets late: it loads ws2_32 itself, and starts another one
// that does.
// needs: joist mingw
// run: joist run --rm $GUEST
// expect: loaded late: echo
// expect: started late: echo
#include <winsock2.h>
#include <stdio.h>

#define OF(name) __typeof__(&name) name##_ = (void *)GetProcAddress(lib, #name)

/* Says something to itself by way of 127.0.0.1. */
static const char *
echo(void)
{
	static char heard[8];
	HMODULE lib = LoadLibraryA("ws2_32.dll");
	OF(WSAStartup);
	OF(socket);
	OF(bind);
	OF(listen);
	OF(getsockname);
	OF(connect);
	OF(accept);
	OF(send);
	OF(recv);
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = 0x0100007f };
	int n = sizeof a;
	WSADATA d;

	if (WSAStartup_(0x202, &d))
		return "no start";
	SOCKET l = socket_(AF_INET, SOCK_STREAM, 0), c = socket_(AF_INET, SOCK_STREAM, 0);
	if (l == INVALID_SOCKET || bind_(l, (void *)&a, sizeof a) || listen_(l, 1) ||
	    getsockname_(l, (void *)&a, &n))
		return "no listener";
	if (connect_(c, (void *)&a, sizeof a))
		return "no way there";
	SOCKET s = accept_(l, NULL, NULL);
	send_(c, "echo", 4, 0);
	heard[recv_(s, heard, 4, 0)] = 0;
	return heard;
}

int
main(int argc, char **argv)
{
	STARTUPINFOA si = { sizeof si };
	PROCESS_INFORMATION pi;
	char line[MAX_PATH + 8];

	printf("%s late: %s\n", argc > 1 ? "started" : "loaded", echo());
	fflush(stdout);
	if (argc > 1)
		return 0;
	snprintf(line, sizeof line, "\"%s\" again", argv[0]);
	if (CreateProcessA(NULL, line, NULL, NULL, FALSE, 0, NULL, NULL, &si, &pi))
		WaitForSingleObject(pi.hProcess, INFINITE);
	return 0;
}
