/* SPDX-License-Identifier: Apache-2.0 */
// Named pipes whose instances are of several processes.
// needs: joist mingw
// run: joist run --rm $GUEST
// expect: given to a child before anybody came: 0, 'one' 'two', ended 0
// expect: with a handle left here: 50, then it is ours 0
// expect: one of several: 'mine' 'theirs', none left 231
// expect: all busy: 121, then 0, connected 1
// expect: from another process: the first 5, one more than allowed 231, of no name 2
// expect: the way back: 0 'back'
#include "share.h"

#define NAME "\\\\.\\pipe\\share_pipe"
static HANDLE go, done;
static volatile UINT64 *told; /* a handle's number */

static HANDLE
make(DWORD open, DWORD most)
{
	return CreateNamedPipeA(NAME, PIPE_ACCESS_DUPLEX | open,
	                        PIPE_TYPE_MESSAGE | PIPE_READMODE_MESSAGE, most, 64, 64, 1000,
	                        NULL);
}

static HANDLE
client(void)
{
	return CreateFileA(NAME, GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING, 0, NULL);
}

static void
meet(void)
{
	go = CreateEventA(NULL, FALSE, FALSE, "pipe go");
	done = CreateEventA(NULL, FALSE, FALSE, "pipe done");
	HANDLE m = CreateFileMappingA(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE, 0, 4096,
	                              "pipe told");
	told = MapViewOfFile(m, FILE_MAP_WRITE, 0, 0, 0);
}

/* Answer what is asked, n times, with one instance. */
static int
answers(int n, char **v)
{
	char text[8];
	DWORD k;
	(void)n, (void)v;
	meet();
	HANDLE p = (HANDLE)(UINT_PTR)*told;
	for (int i = 0; i < 2; i++) {
		if (!ConnectNamedPipe(p, NULL) && GetLastError() != ERROR_PIPE_CONNECTED)
			return 10 + (int)GetLastError();
		if (!ReadFile(p, text, sizeof text, &k, NULL) || !WriteFile(p, text, k, &k, NULL))
			return 2;
		FlushFileBuffers(p);
		DisconnectNamedPipe(p);
	}
	return 0;
}

static int
serves(int n, char **v)
{
	DWORD k;
	(void)n, (void)v;
	meet();
	HANDLE p = make(0, 4);
	SetEvent(done);
	ConnectNamedPipe(p, NULL);
	WriteFile(p, "theirs", 6, &k, NULL);
	WaitForSingleObject(go, INFINITE);
	DisconnectNamedPipe(p);
	ConnectNamedPipe(p, NULL);
	return 0;
}

static int
tries(int n, char **v)
{
	(void)n, (void)v;
	HANDLE p = make(v[0][0] == '1' ? FILE_FLAG_FIRST_PIPE_INSTANCE : 0, 1);
	return p == INVALID_HANDLE_VALUE ? (int)GetLastError() : 0;
}

/* Takes the pipe of its parent away from it. */
static int
takes(int n, char **v)
{
	HANDLE parent = OpenProcess(PROCESS_DUP_HANDLE, FALSE, strtoul(v[1], NULL, 10)), p;
	DWORD k;
	(void)n;
	meet();
	if (!DuplicateHandle(parent, handle(v[0]), GetCurrentProcess(), &p, 0, FALSE,
	                     DUPLICATE_SAME_ACCESS | DUPLICATE_CLOSE_SOURCE))
		return (int)GetLastError();
	SetEvent(done);
	if (!ConnectNamedPipe(p, NULL) && GetLastError() != ERROR_PIPE_CONNECTED)
		return 100 + (int)GetLastError();
	return !WriteFile(p, "back", 4, &k, NULL);
}

static const struct part parts[] = {
	{ "answers", answers }, { "serves", serves }, { "tries", tries }, { "takes", takes }, { 0 },
};

/* An instance goes to a child that has not begun; how that went. */
static DWORD
give(HANDLE p, HANDLE *child)
{
	char self[MAX_PATH], line[MAX_PATH + 64];
	STARTUPINFOA si = { .cb = sizeof si };
	PROCESS_INFORMATION pi;
	HANDLE there = NULL;
	GetModuleFileNameA(NULL, self, sizeof self);
	snprintf(line, sizeof line, "\"%s\" answers", self);
	CreateProcessA(NULL, line, NULL, NULL, FALSE, CREATE_SUSPENDED, NULL, NULL, &si, &pi);
	DWORD e = DuplicateHandle(GetCurrentProcess(), p, pi.hProcess, &there, 0, FALSE,
	                          DUPLICATE_SAME_ACCESS | DUPLICATE_CLOSE_SOURCE)
	                  ? 0
	                  : GetLastError();
	*told = (UINT_PTR)there;
	ResumeThread(pi.hThread);
	CloseHandle(pi.hThread);
	*child = pi.hProcess;
	return e;
}

static void
given(void)
{
	char one[8] = "", two[8] = "";
	HANDLE child, p, same;
	DWORD k, e = give(make(0, 1), &child);

	CallNamedPipeA(NAME, "one", 3, one, 7, &k, 5000);
	CallNamedPipeA(NAME, "two", 3, two, 7, &k, 5000);
	printf("given to a child before anybody came: %lu, '%s' '%s', ended %d\n", e, one, two,
	       end(child));

	p = make(0, 1);
	DuplicateHandle(GetCurrentProcess(), p, GetCurrentProcess(), &same, 0, FALSE,
	                DUPLICATE_SAME_ACCESS);
	e = give(p, &child);
	end(child);
	HANDLE c = client();
	printf("with a handle left here: %lu, then it is ours %lu\n", e,
	       c == INVALID_HANDLE_VALUE ? GetLastError() : 0);
	CloseHandle(c);
	CloseHandle(same);
}

static void
several(void)
{
	char a[8] = "", b[8] = "";
	DWORD k;
	HANDLE mine = make(0, 4);
	HANDLE child = start("serves");
	WaitForSingleObject(done, INFINITE);
	HANDLE x = client(), y = client(), z = client();
	WriteFile(mine, "mine", 4, &k, NULL);
	ReadFile(x, a, 7, &k, NULL);
	ReadFile(y, b, 7, &k, NULL);
	printf("one of several: '%s' '%s', none left %lu\n", a, b,
	       z == INVALID_HANDLE_VALUE ? GetLastError() : 0);
	DWORD busy = WaitNamedPipeA(NAME, 30) ? 0 : GetLastError();
	CloseHandle(y);
	SetEvent(go);
	DWORD then = WaitNamedPipeA(NAME, 5000) ? 0 : GetLastError();
	y = client();
	printf("all busy: %lu, then %lu, connected %d\n", busy, then, y != INVALID_HANDLE_VALUE);
	end(child);
	CloseHandle(x);
	CloseHandle(y);
	CloseHandle(mine);
}

int
main(int argc, char **argv)
{
	int code = part(parts, argc, argv);
	char text[8] = "";
	DWORD k;

	if (code >= 0)
		return code;
	setvbuf(stdout, NULL, _IONBF, 0);
	meet();
	given();
	several();
	HANDLE p = make(0, 1);
	int first = end(start("tries 1")), more = end(start("tries 0"));
	CloseHandle(p);
	CloseHandle(client());
	printf("from another process: the first %d, one more than allowed %d, of no name %lu\n",
	       first, more, GetLastError());
	p = make(0, 1);
	HANDLE child =
	        start("takes %llx %lu", (unsigned long long)(UINT_PTR)p, GetCurrentProcessId());
	WaitForSingleObject(done, INFINITE);
	HANDLE c = client();
	ReadFile(c, text, 7, &k, NULL);
	printf("the way back: %d '%s'\n", end(child), text);
	return 0;
}
