/* SPDX-License-Identifier: Apache-2.0 */
// Handles that one process puts into another one's table, or takes out of it: DuplicateHandle.
// needs: joist mingw
// libs: -lws2_32 -ladvapi32
// run: joist run --rm $GUEST
// expect: into: file 'from child', pipe 'child' then 109, section 42 43, socket 'hi' 0, child 0
// expect: out of: file 'mine', pipe 'ping', section 7, event 258 0, mutex 258 0, semaphore 0 0 258
// expect: closed there: 6 6 6, an end of file 109
// expect: within: 1, a wait 0
// expect: the process itself: 1
// expect: from one to another: 0
// expect: named pipe: 'message' 0
// expect: deleted by who has it last: 1 0
// expect: spinning 0, reading 0, accepting 0, suspended 0, sleeping 0
// expect: no handle 6, no such process 5, a port 50, pseudo thread 6
// expect: access: 5 in the child, 0
// expect: a process that was opened to be looked at: 5, for that 0
// expect: a thread there: 258, ended 0 44, id 1, its process 1, the same 1
// expect: threads of one that was killed: 0 9, of ours there 0 55, resumed 50
// expect: a thread inherited: 0 66, in its own process 1
// expect: a job: one process 1, then 0, killed with its last handle 0 there 258 0
// expect: whose holder was killed: 258 0
// expect: a key: 23, and from there 24
// expect: 300 times, handles 0
// expect: inherited: a process 0 11
#include <winsock2.h>
#include <ws2tcpip.h>
#include "share.h"

/* What parent and child tell each other. */
static struct told {
	volatile UINT64 h[8];
	volatile LONG n;
} * told;
static HANDLE go, done;

static void
meet(void)
{
	HANDLE m = CreateFileMappingA(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE, 0, 4096, "told");
	told = MapViewOfFile(m, FILE_MAP_WRITE, 0, 0, 0);
	go = CreateEventA(NULL, FALSE, FALSE, "go");
	done = CreateEventA(NULL, FALSE, FALSE, "done");
}

static HANDLE told_handle(int i) { return (HANDLE)(UINT_PTR)told->h[i]; }
static void tell(int i, HANDLE h) { told->h[i] = (UINT_PTR)h; }

static HANDLE
temp_file(DWORD flags)
{
	return CreateFileA("share_handle.tmp", GENERIC_READ | GENERIC_WRITE | DELETE,
	                   FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL,
	                   CREATE_ALWAYS, flags, NULL);
}

/* A pair of connected sockets. */
static int
pair(SOCKET s[2])
{
	struct sockaddr_in a = { .sin_family = AF_INET };
	int n = sizeof a;
	SOCKET l = socket(AF_INET, SOCK_STREAM, 0);
	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (bind(l, (struct sockaddr *)&a, n) || listen(l, 1) ||
	    getsockname(l, (struct sockaddr *)&a, &n))
		return WSAGetLastError();
	s[0] = socket(AF_INET, SOCK_STREAM, 0);
	if (connect(s[0], (struct sockaddr *)&a, n))
		return WSAGetLastError();
	s[1] = accept(l, NULL, NULL);
	closesocket(l);
	return s[1] == INVALID_SOCKET;
}

/* -- what children do ------------------------------------------------------------------ */

static int
takes(int n, char **v)
{
	(void)n, (void)v;
	DWORD k;
	meet();
	WaitForSingleObject(go, INFINITE);
	if (!WriteFile(told_handle(0), "from child", 10, &k, NULL))
		return 1;
	if (!WriteFile(told_handle(1), "child", 5, &k, NULL) || !CloseHandle(told_handle(1)))
		return 2;
	int *p = MapViewOfFile(told_handle(2), FILE_MAP_WRITE, 0, 0, 0);
	if (!p || *p != 42)
		return 3;
	*p = 43;
	if (send((SOCKET)told->h[3], "hi", 2, 0) != 2 || closesocket((SOCKET)told->h[3]))
		return 4;
	return 0;
}

static int
offers(int n, char **v)
{
	HANDLE r, w;
	DWORD k;
	(void)n, (void)v;
	meet();
	HANDLE f = temp_file(0);
	WriteFile(f, "mine", 4, &k, NULL);
	CreatePipe(&r, &w, NULL, 0);
	WriteFile(w, "ping", 4, &k, NULL);
	HANDLE m = CreateFileMappingA(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE, 0, 4096, NULL);
	*(int *)MapViewOfFile(m, FILE_MAP_WRITE, 0, 0, 0) = 7;
	HANDLE all[] = { f,
		         r,
		         m,
		         CreateEventA(NULL, FALSE, FALSE, NULL),
		         CreateMutexA(NULL, TRUE, NULL),
		         CreateSemaphoreA(NULL, 2, 2, NULL),
		         w };
	for (int i = 0; i < 7; i++)
		tell(i, all[i]);
	SetEvent(done);
	WaitForSingleObject(go, INFINITE);
	SetEvent(all[3]);
	ReleaseMutex(all[4]);
	SetEvent(done);
	WaitForSingleObject(go, INFINITE);
	/* the parent has closed three of them */
	for (int i = 0; i < 3; i++)
		told->h[i] = CloseHandle(all[i == 2 ? 6 : i]) ? 0 : GetLastError();
	SetEvent(done);
	WaitForSingleObject(go, INFINITE);
	return 0;
}

static int
spins(int n, char **v)
{
	(void)n, (void)v;
	meet();
	tell(0, CreateEventA(NULL, TRUE, TRUE, NULL));
	SetEvent(done);
	for (volatile LONG *stop = &told->n; !*stop;)
		;
	return 0;
}

static int
reads(int n, char **v)
{
	HANDLE r, w;
	DWORD k;
	char c;
	(void)n, (void)v;
	meet();
	CreatePipe(&r, &w, NULL, 0);
	tell(0, CreateEventA(NULL, TRUE, TRUE, NULL));
	SetEvent(done);
	ReadFile(r, &c, 1, &k, NULL);
	return 0;
}

static int
accepts(int n, char **v)
{
	struct sockaddr_in a = { .sin_family = AF_INET };
	WSADATA w;
	(void)n, (void)v;
	WSAStartup(0x202, &w);
	meet();
	SOCKET l = socket(AF_INET, SOCK_STREAM, 0);
	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	bind(l, (struct sockaddr *)&a, sizeof a);
	listen(l, 1);
	tell(0, CreateEventA(NULL, TRUE, TRUE, NULL));
	SetEvent(done);
	accept(l, NULL, NULL);
	return 0;
}

static int
sleeps(int n, char **v)
{
	(void)n, (void)v;
	meet();
	tell(0, CreateEventA(NULL, TRUE, TRUE, NULL));
	SetEvent(done);
	Sleep(INFINITE);
	return 0;
}

static int
limited(int n, char **v)
{
	(void)n, (void)v;
	meet();
	WaitForSingleObject(go, INFINITE);
	told->h[1] = SetEvent(told_handle(0)) ? 0 : GetLastError();
	return (int)WaitForSingleObject(told_handle(0), 0);
}

static int
holds_file(int n, char **v)
{
	(void)n, (void)v;
	meet();
	tell(0, temp_file(FILE_FLAG_DELETE_ON_CLOSE));
	SetEvent(done);
	Sleep(INFINITE);
	return 0;
}

static int
waits_for(int n, char **v)
{
	DWORD code = 99;
	(void)n;
	HANDLE p = handle(v[0]);
	if (WaitForSingleObject(p, 10000) || !GetExitCodeProcess(p, &code))
		return 98;
	return (int)code;
}

static int
server(int n, char **v)
{
	DWORD k;
	(void)n, (void)v;
	meet();
	WaitForSingleObject(go, INFINITE);
	return WriteFile(told_handle(0), "message", 7, &k, NULL) ? 0 : (int)GetLastError();
}

static int ends_with(int n, char **v) { (void)n; Sleep(50); return (int)strtol(v[0], NULL, 10); }

static DWORD WINAPI
code_later(void *event)
{
	WaitForSingleObject(event, 10000);
	return 44;
}

static int
has_thread(int n, char **v)
{
	DWORD id;
	(void)n, (void)v;
	meet();
	HANDLE e = CreateEventA(NULL, TRUE, FALSE, NULL);
	tell(0, CreateThread(NULL, 0, code_later, e, 0, &id));
	tell(1, e);
	told->h[2] = id;
	tell(3, CreateThread(NULL, 0, code_later, CreateEventA(NULL, TRUE, FALSE, NULL), 0, NULL));
	SetEvent(done);
	WaitForSingleObject(go, INFINITE);
	/* what came back from the parent is our own thread */
	return GetThreadId(told_handle(4)) == GetThreadId(told_handle(3));
}

static int
waits_thread(int n, char **v)
{
	DWORD code = 0;
	meet();
	if (!n)
		WaitForSingleObject(go, INFINITE);
	HANDLE t = n ? handle(v[0]) : told_handle(0);
	if (WaitForSingleObject(t, 10000) || !GetExitCodeThread(t, &code))
		return 99;
	return (int)code;
}

/* A job that ends its members is closed here. */
static int
has_job(int n, char **v)
{
	(void)n, (void)v;
	meet();
	WaitForSingleObject(go, INFINITE);
	JOBOBJECT_BASIC_ACCOUNTING_INFORMATION a;
	if (!QueryInformationJobObject(told_handle(0), JobObjectBasicAccountingInformation, &a,
	                               sizeof a, NULL))
		return 99;
	SetEvent(done);
	WaitForSingleObject(go, INFINITE);
	CloseHandle(told_handle(0));
	return (int)a.ActiveProcesses;
}

static int
has_key(int n, char **v)
{
	DWORD x = 0, size = sizeof x;
	HKEY k = NULL;
	(void)n, (void)v;
	meet();
	WaitForSingleObject(go, INFINITE);
	if (RegQueryValueExA((HKEY)told_handle(0), "x", NULL, NULL, (BYTE *)&x, &size))
		return 99;
	RegCreateKeyA((HKEY)told_handle(0), "below", &k);
	size = 24;
	RegSetValueExA(k, "y", 0, REG_DWORD, (BYTE *)&size, sizeof size);
	tell(1, k);
	SetEvent(done);
	WaitForSingleObject(go, INFINITE);
	return (int)x;
}

static const struct part parts[] = {
	{ "has_job", has_job },       { "has_key", has_key },
	{ "has_thread", has_thread }, { "waits_thread", waits_thread },
	{ "takes", takes },           { "offers", offers },
	{ "spins", spins },           { "reads", reads },
	{ "accepts", accepts },       { "sleeps", sleeps },
	{ "limited", limited },       { "file", holds_file },
	{ "waits", waits_for },       { "server", server },
	{ "ends", ends_with },        { NULL, NULL },
};

/* -- the parent -------------------------------------------------------------------------- */

static DWORD
give_to(HANDLE process, HANDLE h, int i, DWORD options)
{
	HANDLE there = NULL;
	DWORD e = DuplicateHandle(GetCurrentProcess(), h, process, &there, 0, FALSE, options)
	                  ? 0
	                  : GetLastError();
	tell(i, there);
	return e;
}

static HANDLE
get_from(HANDLE process, HANDLE h, DWORD options)
{
	HANDLE mine = NULL;
	if (!DuplicateHandle(process, h, GetCurrentProcess(), &mine, 0, FALSE,
	                     options | DUPLICATE_SAME_ACCESS))
		return NULL;
	return mine;
}

static const char *
text_of(HANDLE h, DWORD *why)
{
	static char text[8][32];
	static int next;
	char *t = text[next++ % 8];
	DWORD n = 0;
	*why = ReadFile(h, t, 31, &n, NULL) ? 0 : GetLastError();
	t[n] = 0;
	return t;
}

static void
into(void)
{
	HANDLE p = start("takes"), r, w;
	DWORD e1, e2;
	SOCKET s[2];
	char hi[8] = "";
	HANDLE f = temp_file(0);
	CreatePipe(&r, &w, NULL, 0);
	HANDLE m = CreateFileMappingA(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE, 0, 4096, NULL);
	int *x = MapViewOfFile(m, FILE_MAP_WRITE, 0, 0, 0);
	*x = 42;
	pair(s);
	DWORD e = give_to(p, f, 0, DUPLICATE_SAME_ACCESS);
	e |= give_to(p, w, 1, DUPLICATE_SAME_ACCESS | DUPLICATE_CLOSE_SOURCE);
	e |= give_to(p, m, 2, DUPLICATE_SAME_ACCESS);
	e |= give_to(p, (HANDLE)s[1], 3, DUPLICATE_SAME_ACCESS);
	closesocket(s[1]);
	if (e)
		printf("DuplicateHandle: %lu\n", e);
	SetEvent(go);
	const char *a = text_of(r, &e1);
	text_of(r, &e2);
	recv(s[0], hi, 2, MSG_WAITALL);
	int eof = recv(s[0], hi + 3, 1, 0), code = end(p);
	/* one position for both */
	DWORD at = SetFilePointer(f, 0, NULL, FILE_CURRENT);
	SetFilePointer(f, 0, NULL, FILE_BEGIN);
	printf("into: file '%s', pipe '%s' then %lu, section %lu %d, socket '%s' %d, child %d\n",
	       at == 10 ? text_of(f, &e1) : "elsewhere", a, e2, *x == 43 ? 42ul : 0ul, *x, hi, eof,
	       code);
	HANDLE all[] = { f, r, m };
	for (int i = 0; i < 3; i++)
		CloseHandle(all[i]);
	closesocket(s[0]);
	UnmapViewOfFile(x);
}

static void
out_of(void)
{
	HANDLE p = start("offers"), h[7], mine[7];
	DWORD e, w[6];
	WaitForSingleObject(done, INFINITE);
	for (int i = 0; i < 7; i++)
		h[i] = told_handle(i);
	for (int i = 0; i < 6; i++)
		mine[i] = get_from(p, h[i], i < 2 ? DUPLICATE_CLOSE_SOURCE : 0);
	SetFilePointer(mine[0], 0, NULL, FILE_BEGIN);
	const int *x = MapViewOfFile(mine[2], FILE_MAP_READ, 0, 0, 0);
	w[0] = WaitForSingleObject(mine[3], 0);
	w[1] = WaitForSingleObject(mine[4], 0);
	SetEvent(go);
	WaitForSingleObject(done, INFINITE);
	w[2] = WaitForSingleObject(mine[3], 0);
	w[3] = WaitForSingleObject(mine[4], 0);
	const char *file = text_of(mine[0], &e), *pipe = text_of(mine[1], &e);
	printf("out of: file '%s', pipe '%s', section %d, event %lu %lu, mutex %lu %lu, ", file,
	       pipe, x ? *x : 0, w[0], w[2], w[1], w[3]);
	w[0] = WaitForSingleObject(mine[5], 0);
	w[1] = WaitForSingleObject(mine[5], 0);
	printf("semaphore %lu %lu %lu\n", w[0], w[1], WaitForSingleObject(mine[5], 0));
	ReleaseMutex(mine[4]);
	/* nobody has the other end when it is closed there */
	DuplicateHandle(p, h[6], NULL, NULL, 0, FALSE, DUPLICATE_CLOSE_SOURCE);
	text_of(mine[1], &e);
	SetEvent(go);
	WaitForSingleObject(done, INFINITE);
	printf("closed there: %d %d %d, an end of file %lu\n", (int)told->h[0], (int)told->h[1],
	       (int)told->h[2], e);
	/* a second handle of its event, in its own table */
	HANDLE second = NULL;
	int ok = DuplicateHandle(p, h[3], p, &second, EVENT_ALL_ACCESS, FALSE, 0) && second &&
	         second != h[3];
	HANDLE third = get_from(p, second, 0);
	SetEvent(third);
	printf("within: %d, a wait %lu\n", ok, WaitForSingleObject(mine[3], 0));
	CloseHandle(third);
	HANDLE self = get_from(p, GetCurrentProcess(), 0);
	printf("the process itself: %d\n", GetProcessId(self) == GetProcessId(p));
	CloseHandle(self);
	/* its section goes to another child */
	HANDLE q = start("takes"), r2, w2, f = temp_file(0), there;
	CreatePipe(&r2, &w2, NULL, 0);
	DuplicateHandle(p, h[2], q, &there, 0, FALSE, DUPLICATE_SAME_ACCESS);
	tell(2, there);
	UnmapViewOfFile(x);
	int *y = MapViewOfFile(mine[2], FILE_MAP_WRITE, 0, 0, 0);
	*y = 42;
	SOCKET s[2];
	pair(s);
	give_to(q, f, 0, DUPLICATE_SAME_ACCESS);
	give_to(q, w2, 1, DUPLICATE_SAME_ACCESS);
	give_to(q, (HANDLE)s[1], 3, DUPLICATE_SAME_ACCESS);
	SetEvent(go);
	/* both wait for it: one takes it, and tells the other */
	Sleep(50);
	SetEvent(go);
	int code = end(q);
	printf("from one to another: %d\n", *y == 43 ? code : 100 + code);
	end(p);
	for (int i = 0; i < 6; i++)
		CloseHandle(mine[i]);
	HANDLE all[] = { r2, w2, f };
	for (int i = 0; i < 3; i++)
		CloseHandle(all[i]);
	closesocket(s[0]);
	closesocket(s[1]);
	UnmapViewOfFile(y);
}

static void
named_pipe(void)
{
	HANDLE p = start("server");
	DWORD e, k;
	char text[16] = "";
	HANDLE s = CreateNamedPipeA("\\\\.\\pipe\\share_handle", PIPE_ACCESS_DUPLEX,
	                            PIPE_TYPE_MESSAGE | PIPE_READMODE_MESSAGE, 1, 0, 0, 0, NULL);
	HANDLE c = CreateFileA("\\\\.\\pipe\\share_handle", GENERIC_READ | GENERIC_WRITE, 0, NULL,
	                       OPEN_EXISTING, 0, NULL);
	e = give_to(p, s, 0, DUPLICATE_SAME_ACCESS | DUPLICATE_CLOSE_SOURCE);
	SetEvent(go);
	ReadFile(c, text, 15, &k, NULL);
	printf("named pipe: '%s' %lu\n", text, e + (DWORD)end(p));
	CloseHandle(c);
}

static int there(void) { return GetFileAttributesA("share_handle.tmp") != INVALID_FILE_ATTRIBUTES; }

static void
deleted(void)
{
	HANDLE p = start("file");
	WaitForSingleObject(done, INFINITE);
	HANDLE mine = get_from(p, told_handle(0), DUPLICATE_CLOSE_SOURCE);
	TerminateProcess(p, 0);
	end(p);
	int before = there();
	CloseHandle(mine);
	printf("deleted by who has it last: %d %d\n", before, there());
}

/* Take an event from a child that does this. */
static int
from_busy(const char *what)
{
	told->n = 0;
	HANDLE p = start(what);
	WaitForSingleObject(done, INFINITE);
	Sleep(30);
	HANDLE e = get_from(p, told_handle(0), 0);
	int r = e ? (int)WaitForSingleObject(e, 0) : (int)GetLastError();
	CloseHandle(e);
	InterlockedExchange(&told->n, 1);
	TerminateProcess(p, 0);
	end(p);
	return r;
}

static int
suspended(void)
{
	char self[MAX_PATH], line[1024];
	STARTUPINFOA si = { .cb = sizeof si };
	PROCESS_INFORMATION pi;
	GetModuleFileNameA(NULL, self, sizeof self);
	snprintf(line, sizeof line, "\"%s\" server", self);
	if (!CreateProcessA(NULL, line, NULL, NULL, FALSE, CREATE_SUSPENDED, NULL, NULL, &si, &pi))
		return 99;
	HANDLE r, w;
	DWORD e;
	CreatePipe(&r, &w, NULL, 0);
	e = give_to(pi.hProcess, w, 0, DUPLICATE_SAME_ACCESS | DUPLICATE_CLOSE_SOURCE);
	ResumeThread(pi.hThread);
	CloseHandle(pi.hThread);
	SetEvent(go);
	DWORD x = 0;
	const char *t = e ? "" : text_of(r, &x);
	int code = end(pi.hProcess);
	CloseHandle(r);
	return e ? (int)e : strcmp(t, "message") ? 77 : code;
}

static void
errors(void)
{
	HANDLE p = start("sleeps"), x;
	WaitForSingleObject(done, INFINITE);
	DWORD none = get_from(p, (HANDLE)0x7770, 0) ? 0 : GetLastError();
	HANDLE port = CreateIoCompletionPort(INVALID_HANDLE_VALUE, NULL, 0, 0);
	DWORD no = give_to(p, port, 0, DUPLICATE_SAME_ACCESS);
	DWORD thread = get_from(p, GetCurrentThread(), 0) ? 0 : GetLastError();
	TerminateProcess(p, 1);
	WaitForSingleObject(p, INFINITE);
	HANDLE f = temp_file(0);
	DWORD dead =
	        DuplicateHandle(GetCurrentProcess(), f, p, &x, 0, FALSE, 2) ? 0 : GetLastError();
	printf("no handle %lu, no such process %lu, a port %lu, pseudo thread %lu\n", none, dead,
	       no, thread);
	CloseHandle(port);
	CloseHandle(f);
	CloseHandle(p);
}

static int
compare(HANDLE a, HANDLE b)
{
	BOOL(WINAPI * f)(HANDLE, HANDLE);
	FARPROC p = GetProcAddress(GetModuleHandleA("kernelbase"), "CompareObjectHandles");
	memcpy(&f, &p, sizeof f);
	return f(a, b);
}

static void
process_rights(void)
{
	HANDLE p = start("sleeps"), e = CreateEventA(NULL, FALSE, FALSE, NULL);
	WaitForSingleObject(done, INFINITE);
	HANDLE look = OpenProcess(PROCESS_QUERY_LIMITED_INFORMATION, FALSE, GetProcessId(p));
	HANDLE dup = OpenProcess(PROCESS_DUP_HANDLE, FALSE, GetProcessId(p));
	DWORD no = give_to(look, e, 1, DUPLICATE_SAME_ACCESS);
	DWORD yes = give_to(dup, e, 1, DUPLICATE_SAME_ACCESS);
	printf("a process that was opened to be looked at: %lu, for that %lu\n", no, yes);
	TerminateProcess(p, 0);
	end(p);
	CloseHandle(look);
	CloseHandle(dup);
	CloseHandle(e);
}

static DWORD WINAPI
sleep_then(void *code)
{
	Sleep(50);
	return (DWORD)(UINT_PTR)code;
}

static void
threads(void)
{
	SECURITY_ATTRIBUTES sa = { sizeof sa, NULL, TRUE };
	DWORD code = 0;
	HANDLE p = start("has_thread");
	WaitForSingleObject(done, INFINITE);
	HANDLE t = get_from(p, told_handle(0), 0), u = get_from(p, told_handle(3), 0);
	HANDLE same = get_from(p, told_handle(0), 0), e = get_from(p, told_handle(1), 0);
	DWORD w = WaitForSingleObject(t, 20);
	int is = compare(t, same), id = GetThreadId(t) == told->h[2];
	int pid = GetProcessIdOfThread(t) == GetProcessId(p);
	CloseHandle(same);
	SetEvent(e);
	DWORD x = WaitForSingleObject(t, 10000);
	GetExitCodeThread(t, &code);
	printf("a thread there: %lu, ended %lu %lu, id %d, its process %d, the same %d\n", w, x,
	       code, id, pid, is);
	give_to(p, u, 4, DUPLICATE_SAME_ACCESS);
	SetEvent(go);
	int back = end(p);
	CloseHandle(t);
	CloseHandle(u);
	CloseHandle(e);
	p = start("has_thread");
	WaitForSingleObject(done, INFINITE);
	u = get_from(p, told_handle(3), 0);
	DWORD resumed = ResumeThread(u) == (DWORD)-1 ? GetLastError() : 0;
	TerminateProcess(p, 9);
	x = WaitForSingleObject(u, 10000);
	GetExitCodeThread(u, &code);
	end(p);
	CloseHandle(u);
	p = start("waits_thread");
	t = CreateThread(NULL, 0, sleep_then, (void *)55, 0, NULL);
	w = give_to(p, t, 0, DUPLICATE_SAME_ACCESS | DUPLICATE_CLOSE_SOURCE);
	SetEvent(go);
	printf("threads of one that was killed: %lu %lu, of ours there %lu %d, resumed %lu\n", x,
	       code, w, end(p), resumed);
	t = CreateThread(&sa, 0, sleep_then, (void *)66, 0, NULL);
	p = start("waits_thread %llx", (UINT64)(UINT_PTR)t);
	DWORD mine = WaitForSingleObject(t, 10000);
	printf("a thread inherited: %lu %d, in its own process %d\n", mine, end(p), back);
	CloseHandle(t);
}

static void
jobs(void)
{
	JOBOBJECT_EXTENDED_LIMIT_INFORMATION l = { 0 };
	HANDLE j = CreateJobObjectA(NULL, "share_handle"),
	       again = OpenJobObjectA(JOB_OBJECT_ALL_ACCESS, FALSE, "share_handle");
	HANDLE member = start("sleeps"), p = start("has_job");
	WaitForSingleObject(done, INFINITE);
	l.BasicLimitInformation.LimitFlags = JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE;
	SetInformationJobObject(j, JobObjectExtendedLimitInformation, &l, sizeof l);
	AssignProcessToJobObject(j, member);
	/* the second handle still holds it, and the third one */
	CloseHandle(again);
	DWORD one = WaitForSingleObject(member, 50);
	DWORD e = give_to(p, j, 0, DUPLICATE_SAME_ACCESS | DUPLICATE_CLOSE_SOURCE);
	SetEvent(go);
	WaitForSingleObject(done, INFINITE);
	DWORD two = WaitForSingleObject(member, 50);
	SetEvent(go);
	int active = end(p);
	printf("a job: one process %d, then %lu, killed with its last handle %lu there %lu %lu\n",
	       active, e, one == 258 ? 0 : one, two, WaitForSingleObject(member, 10000));
	CloseHandle(member);
	j = CreateJobObjectA(NULL, NULL);
	SetInformationJobObject(j, JobObjectExtendedLimitInformation, &l, sizeof l);
	member = start("sleeps"), p = start("has_job");
	WaitForSingleObject(done, INFINITE);
	AssignProcessToJobObject(j, member);
	give_to(p, j, 0, DUPLICATE_SAME_ACCESS | DUPLICATE_CLOSE_SOURCE);
	one = WaitForSingleObject(member, 50);
	TerminateProcess(p, 0);
	end(p);
	printf("whose holder was killed: %lu %lu\n", one, WaitForSingleObject(member, 10000));
	CloseHandle(member);
}

static void
keys(void)
{
	DWORD x = 23, size = sizeof x;
	HKEY k = NULL;
	HANDLE p = start("has_key");
	RegCreateKeyA(HKEY_CURRENT_USER, "Software\\share_handle", &k);
	RegSetValueExA(k, "x", 0, REG_DWORD, (BYTE *)&x, sizeof x);
	give_to(p, (HANDLE)k, 0, DUPLICATE_SAME_ACCESS);
	SetEvent(go);
	WaitForSingleObject(done, INFINITE);
	HKEY below = (HKEY)get_from(p, told_handle(1), 0);
	x = 0;
	RegQueryValueExA(below, "y", NULL, NULL, (BYTE *)&x, &size);
	SetEvent(go);
	printf("a key: %d, and from there %lu\n", end(p), x);
	RegCloseKey(below);
	RegCloseKey(k);
	RegDeleteTreeA(HKEY_CURRENT_USER, "Software\\share_handle");
}

static void
rights(void)
{
	HANDLE p = start("limited"), there;
	HANDLE e = CreateEventA(NULL, TRUE, TRUE, NULL);
	DuplicateHandle(GetCurrentProcess(), e, p, &there, SYNCHRONIZE, FALSE, 0);
	tell(0, there);
	SetEvent(go);
	int code = end(p);
	printf("access: %d in the child, %d\n", (int)told->h[1], code);
	CloseHandle(e);
}

static void
often(void)
{
	HANDLE p = start("sleeps"), f = temp_file(0);
	DWORD before, after;
	int n = 0;
	WaitForSingleObject(done, INFINITE);
	GetProcessHandleCount(GetCurrentProcess(), &before);
	for (int i = 0; i < 300; i++) {
		HANDLE mine;
		if (give_to(p, f, 0, DUPLICATE_SAME_ACCESS) ||
		    !(mine = get_from(p, told_handle(0), DUPLICATE_CLOSE_SOURCE)))
			break;
		n += CloseHandle(mine);
	}
	GetProcessHandleCount(GetCurrentProcess(), &after);
	printf("%d times, handles %ld\n", n, (long)(after - before));
	CloseHandle(f);
	TerminateProcess(p, 0);
	end(p);
}

static void
inherited(void)
{
	HANDLE a = start("ends 11"), b;
	DuplicateHandle(GetCurrentProcess(), a, GetCurrentProcess(), &b, 0, TRUE,
	                DUPLICATE_SAME_ACCESS);
	int code = end(start("waits %llx", (UINT64)(UINT_PTR)b));
	printf("inherited: a process %d %d\n", (int)WaitForSingleObject(a, 0), code);
	CloseHandle(a);
	CloseHandle(b);
}

int
main(int argc, char **argv)
{
	WSADATA w;
	WSAStartup(0x202, &w);
	int code = part(parts, argc, argv);

	if (code >= 0)
		return code;
	setvbuf(stdout, NULL, _IONBF, 0);
	meet();
	into();
	out_of();
	named_pipe();
	deleted();
	int a = from_busy("spins"), b = from_busy("reads"), c = from_busy("accepts");
	int d = suspended();
	printf("spinning %d, reading %d, accepting %d, suspended %d, sleeping %d\n", a, b, c, d,
	       from_busy("sleeps"));
	errors();
	rights();
	process_rights();
	threads();
	jobs();
	keys();
	often();
	inherited();
	DeleteFileA("share_handle.tmp");
	return 0;
}
