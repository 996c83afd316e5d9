/* SPDX-License-Identifier: Apache-2.0 */
// Pipes: anonymous and named, bytes and messages, waiting and overlapped.
// needs: joist mingw

// test: an anonymous pipe
// run: cd $W && joist run --rm $GUEST anonymous
// expect: peek 3 of 5 hel
// expect: read 5 hello
// expect: type 3
// expect: end 0 109
// expect: no reader 0 232

// test: a named pipe of messages
// run: cd $W && joist run --rm $GUEST messages
// expect: busy 231
// expect: connected 535
// expect: part 0 234 4 long
// expect: rest 1 5  text
// expect: next 1 3 two
// expect: info 5 1
// expect: transact 1 4 echo
// expect: gone 0 109

// test: an overlapped server and a completion port
// run: cd $W && joist run --rm $GUEST overlapped
// expect: connect 997
// expect: connected key 7 bytes 0
// expect: read 997
// expect: read key 7 bytes 4 ping
// expect: cancelled 995

// test: standard handles that are pipes answer as pipes
// run: cd $W && echo hello | joist run -i --rm $GUEST standard | cat
// expect: in 3 out 3
// expect: wait mode 1
// expect: read 6
// expect: end 0 109
#define _WIN32_WINNT 0x0A00
#include <windows.h>
#include <stdio.h>
#include <string.h>

static void
anonymous(void)
{
	HANDLE r, w;
	DWORD n = 0, there = 0;
	char b[64] = "";
	CreatePipe(&r, &w, NULL, 0);
	WriteFile(w, "hello", 5, &n, NULL);
	PeekNamedPipe(r, b, 3, &n, &there, NULL);
	printf("peek %lu of %lu %.3s\n", n, there, b);
	ReadFile(r, b, sizeof b, &n, NULL);
	printf("read %lu %.*s\n", n, (int)n, b);
	printf("type %lu\n", GetFileType(r));
	CloseHandle(w);
	BOOL ok = ReadFile(r, b, sizeof b, &n, NULL);
	printf("end %d %lu\n", ok, GetLastError());
	CloseHandle(r);
	CreatePipe(&r, &w, NULL, 0);
	CloseHandle(r);
	ok = WriteFile(w, "x", 1, &n, NULL);
	printf("no reader %d %lu\n", ok, GetLastError());
	CloseHandle(w);
}

static DWORD WINAPI
answer(void *server)
{
	DWORD n;
	char b[16];
	if (ReadFile(server, b, sizeof b, &n, NULL) && n == 3)
		WriteFile(server, "echo", 4, &n, NULL);
	return 0;
}

static void
messages(void)
{
	DWORD n, mode = PIPE_READMODE_MESSAGE, flags, most;
	char b[64];
	HANDLE s =
	        CreateNamedPipeA("\\\\.\\pipe\\joist-test", PIPE_ACCESS_DUPLEX,
	                         PIPE_TYPE_MESSAGE | PIPE_READMODE_MESSAGE, 1, 4096, 4096, 0, NULL);
	HANDLE c = CreateFileA("\\\\.\\pipe\\JOIST-test", GENERIC_READ | GENERIC_WRITE, 0, NULL,
	                       OPEN_EXISTING, 0, NULL);
	CreateFileA("\\\\.\\pipe\\joist-test", GENERIC_READ, 0, NULL, OPEN_EXISTING, 0, NULL);
	printf("busy %lu\n", GetLastError());
	ConnectNamedPipe(s, NULL);
	printf("connected %lu\n", GetLastError());
	SetNamedPipeHandleState(c, &mode, NULL, NULL);
	WriteFile(s, "long text", 9, &n, NULL);
	WriteFile(s, "two", 3, &n, NULL);
	SetLastError(0);
	BOOL ok = ReadFile(c, b, 4, &n, NULL);
	printf("part %d %lu %lu %.*s\n", ok, GetLastError(), n, (int)n, b);
	ok = ReadFile(c, b, 64, &n, NULL);
	printf("rest %d %lu %.*s\n", ok, n, (int)n, b);
	ok = ReadFile(c, b, 64, &n, NULL);
	printf("next %d %lu %.*s\n", ok, n, (int)n, b);
	GetNamedPipeInfo(s, &flags, NULL, NULL, &most);
	printf("info %lu %lu\n", flags, most);
	HANDLE t = CreateThread(NULL, 0, answer, s, 0, NULL);
	ok = TransactNamedPipe(c, "abc", 3, b, sizeof b, &n, NULL);
	printf("transact %d %lu %.*s\n", ok, n, (int)n, b);
	WaitForSingleObject(t, INFINITE);
	CloseHandle(s);
	ok = ReadFile(c, b, 64, &n, NULL);
	printf("gone %d %lu\n", ok, GetLastError());
}

static void
overlapped(void)
{
	OVERLAPPED o = { 0 }, *out;
	ULONG_PTR key;
	DWORD n;
	char b[16];
	HANDLE s = CreateNamedPipeA("\\\\.\\pipe\\joist-over",
	                            PIPE_ACCESS_DUPLEX | FILE_FLAG_OVERLAPPED, PIPE_TYPE_BYTE, 1,
	                            4096, 4096, 0, NULL);
	HANDLE port = CreateIoCompletionPort(s, NULL, 7, 0);
	ConnectNamedPipe(s, &o);
	printf("connect %lu\n", GetLastError());
	HANDLE c = CreateFileA("\\\\.\\pipe\\joist-over", GENERIC_READ | GENERIC_WRITE, 0, NULL,
	                       OPEN_EXISTING, 0, NULL);
	if (GetQueuedCompletionStatus(port, &n, &key, &out, 5000))
		printf("connected key %d bytes %lu\n", (int)key, n);
	ReadFile(s, b, sizeof b, NULL, &o);
	printf("read %lu\n", GetLastError());
	WriteFile(c, "ping", 4, &n, NULL);
	if (GetQueuedCompletionStatus(port, &n, &key, &out, 5000))
		printf("read key %d bytes %lu %.*s\n", (int)key, n, (int)n, b);
	ReadFile(s, b, sizeof b, NULL, &o);
	CancelIoEx(s, &o);
	if (!GetQueuedCompletionStatus(port, &n, &key, &out, 5000))
		printf("cancelled %lu\n", GetLastError());
}

static void
standard(void)
{
	HANDLE in = GetStdHandle(STD_INPUT_HANDLE), out = GetStdHandle(STD_OUTPUT_HANDLE);
	DWORD n, mode = PIPE_READMODE_BYTE | PIPE_WAIT;
	char b[64];
	printf("in %lu out %lu\n", GetFileType(in), GetFileType(out));
	printf("wait mode %d\n", SetNamedPipeHandleState(out, &mode, NULL, NULL));
	ReadFile(in, b, sizeof b, &n, NULL);
	printf("read %lu\n", n);
	BOOL ok = ReadFile(in, b, sizeof b, &n, NULL);
	printf("end %d %lu\n", ok, GetLastError());
}

int
main(int argc, char **argv)
{
	const char *t = argc > 1 ? argv[1] : "";
	setvbuf(stdout, NULL, _IONBF, 0);
	if (!strcmp(t, "anonymous"))
		anonymous();
	else if (!strcmp(t, "messages"))
		messages();
	else if (!strcmp(t, "overlapped"))
		overlapped();
	else if (!strcmp(t, "standard"))
		standard();
	else
		return 1;
	return 0;
}
