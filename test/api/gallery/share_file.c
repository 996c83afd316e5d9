/* SPDX-License-Identifier: Apache-2.0 */
// Files that several processes open: sharing modes, locks of byte ranges, deletion.
// needs: joist mingw
// run: joist run --rm $GUEST
// expect: for oneself: 32 32, only attributes 0, afterwards 0
// expect: readers: read 0, write 32, who does not let us write 32
// expect: writers: 0 0
// expect: opened before there were others: 32
// expect: held there 32, delete 32, move 32, after it was killed 0
// expect: delete is shared: 0, its name is gone 2
// expect: delete pending: 303, undone 0, deleted 2
// expect: delete on close there: 32 0, then 2
// expect: left open by one that ended 0, gone 2
// expect: inherited: closed here 32, the end 0
// expect: inherited: closed there 0, still open here 32
// expect: given away: 32, the end 0
// expect: a folder: 32 0
// expect: 300 files of one that was killed: 300
// expect: many at once: 0
// expect: locked: 33 33, beside it 0, shared 0 33, after it 0
// expect: a lock that is waited for 0, late enough 1
// expect: locked there 33, after it was killed 0
#include "share.h"

#define FILE_NAME "share_file.tmp"
static HANDLE ready, go;

static void
meet(void)
{
	ready = CreateSemaphoreA(NULL, 0, 100, "ready");
	go = CreateEventA(NULL, FALSE, FALSE, "go");
}

static HANDLE
open_as(const char *name, DWORD access, DWORD share, DWORD flags)
{
	return CreateFileA(name, access, share, NULL, OPEN_ALWAYS, flags, NULL);
}

/* ACCESS SHARE: what comes of it; 0 is success. */
static int
opens(int n, char **v)
{
	DWORD access = 0, flags = 0;
	for (const char *p = v[0]; *p; p++)
		access |= *p == 'r'   ? GENERIC_READ
		          : *p == 'w' ? GENERIC_WRITE
		          : *p == 'd' ? DELETE
		                      : FILE_READ_ATTRIBUTES;
	if (n > 3)
		flags = FILE_FLAG_BACKUP_SEMANTICS;
	HANDLE f = CreateFileA(n > 2 ? v[2] : FILE_NAME, access, (DWORD)strtoul(v[1], NULL, 10),
	                       NULL, OPEN_EXISTING, flags, NULL);
	return f == INVALID_HANDLE_VALUE ? (int)GetLastError() : 0;
}

static int
holds(int n, char **v)
{
	(void)n;
	meet();
	DWORD flags = v[1][0] == 'x' ? FILE_FLAG_DELETE_ON_CLOSE : 0;
	HANDLE f = open_as(FILE_NAME, GENERIC_READ | (flags ? DELETE : 0),
	                   (DWORD)strtoul(v[0], NULL, 10), flags);
	ReleaseSemaphore(ready, 1, NULL);
	WaitForSingleObject(go, INFINITE);
	return !CloseHandle(f);
}

static int
holds_many(int n, char **v)
{
	char name[32];
	(void)n, (void)v;
	meet();
	for (int i = 0; i < 300; i++) {
		snprintf(name, sizeof name, "share_file.%d", i);
		if (open_as(name, GENERIC_WRITE, 0, 0) == INVALID_HANDLE_VALUE)
			return (int)GetLastError();
	}
	ReleaseSemaphore(ready, 1, NULL);
	Sleep(INFINITE);
	return 0;
}

static int
deletes(int n, char **v)
{
	(void)n, (void)v;
	return DeleteFileA(FILE_NAME) ? 0 : (int)GetLastError();
}

static int
moves(int n, char **v)
{
	(void)n, (void)v;
	return MoveFileA(FILE_NAME, FILE_NAME ".moved") ? 0 : (int)GetLastError();
}

static int
waits(int n, char **v)
{
	(void)n, (void)v;
	meet();
	ReleaseSemaphore(ready, 1, NULL);
	WaitForSingleObject(go, INFINITE);
	return 0;
}

/* Opens and closes all the time. */
static int
churns(int n, char **v)
{
	char name[32];
	(void)n;
	for (int i = 0; i < 2000; i++) {
		snprintf(name, sizeof name, "share_file.%s%d", v[0], i % 7);
		HANDLE f = open_as(name, GENERIC_WRITE | DELETE, 0, FILE_FLAG_DELETE_ON_CLOSE);
		if (f == INVALID_HANDLE_VALUE)
			return (int)GetLastError();
		HANDLE g = open_as(name, GENERIC_READ, 7, 0);
		if (g != INVALID_HANDLE_VALUE || GetLastError() != ERROR_SHARING_VIOLATION)
			return 1;
		CloseHandle(f);
	}
	return 0;
}

/* FROM LENGTH MODE */
static int
locks(int n, char **v)
{
	OVERLAPPED o = { .Offset = (DWORD)strtoul(v[0], NULL, 10) };
	DWORD flags = (strchr(v[2], 'x') ? LOCKFILE_EXCLUSIVE_LOCK : 0) |
	              (strchr(v[2], 'w') ? 0 : LOCKFILE_FAIL_IMMEDIATELY);
	(void)n;
	HANDLE f = open_as(FILE_NAME, GENERIC_READ | GENERIC_WRITE, 7, 0);
	if (!LockFileEx(f, flags, 0, (DWORD)strtoul(v[1], NULL, 10), 0, &o))
		return (int)GetLastError();
	if (strchr(v[2], 'h')) {
		meet();
		ReleaseSemaphore(ready, 1, NULL);
		Sleep(INFINITE);
	}
	return 0;
}

static int
closes(int n, char **v)
{
	(void)n;
	return CloseHandle(handle(v[0])) ? 0 : (int)GetLastError();
}

static int
leaves(int n, char **v)
{
	(void)n, (void)v;
	return open_as(FILE_NAME, GENERIC_WRITE | DELETE, 7, FILE_FLAG_DELETE_ON_CLOSE) ==
	       INVALID_HANDLE_VALUE;
}

static const struct part parts[] = {
	{ "leaves", leaves },   { "closes", closes },   { "opens", opens }, { "holds", holds },
	{ "many", holds_many }, { "deletes", deletes }, { "moves", moves }, { "waits", waits },
	{ "churns", churns },   { "locks", locks },     { NULL, NULL },
};

static int child(const char *what) { return end(start(what)); }
static void wait_ready(void) { WaitForSingleObject(ready, INFINITE); }

static DWORD
try_open(const char *name, DWORD access, DWORD share)
{
	HANDLE f = CreateFileA(name, access, share, NULL, OPEN_EXISTING, 0, NULL);
	DWORD e = f == INVALID_HANDLE_VALUE ? GetLastError() : 0;
	if (!e)
		CloseHandle(f);
	return e;
}

static void
modes(void)
{
	HANDLE f = open_as(FILE_NAME, GENERIC_READ, 0, 0);
	int a = child("opens r 7"), b = child("opens w 7"), c = child("opens a 7");
	CloseHandle(f);
	printf("for oneself: %d %d, only attributes %d, afterwards %d\n", a, b, c,
	       child("opens rw 0"));
	f = open_as(FILE_NAME, GENERIC_READ, FILE_SHARE_READ, 0);
	a = child("opens r 1"), b = child("opens w 7");
	CloseHandle(f);
	f = open_as(FILE_NAME, GENERIC_WRITE, 7, 0);
	printf("readers: read %d, write %d, who does not let us write %d\n", a, b,
	       child("opens r 1"));
	a = child("opens w 7"), b = child("opens r 3");
	printf("writers: %d %d\n", a, b);
	CloseHandle(f);
}

static void
other_way(void)
{
	HANDLE p = start("holds 1 -");
	wait_ready();
	DWORD w = try_open(FILE_NAME, GENERIC_WRITE, 7);
	int d = DeleteFileA(FILE_NAME) ? 0 : (int)GetLastError(), m = child("moves");
	TerminateProcess(p, 0);
	end(p);
	printf("held there %lu, delete %d, move %d, after it was killed %lu\n", w, d, m,
	       try_open(FILE_NAME, GENERIC_WRITE, 0));
}

static int exists(void) { return (int)try_open(FILE_NAME, GENERIC_READ, 7); }

static void
deletion(void)
{
	HANDLE f = open_as(FILE_NAME, GENERIC_READ, FILE_SHARE_DELETE | FILE_SHARE_READ, 0);
	int d = child("deletes");
	CloseHandle(f);
	printf("delete is shared: %d, its name is gone %d\n", d, exists());
	FILE_DISPOSITION_INFO yes = { TRUE }, no = { FALSE };
	f = open_as(FILE_NAME, GENERIC_READ | DELETE, 7, 0);
	SetFileInformationByHandle(f, FileDispositionInfo, &yes, sizeof yes);
	int pending = child("opens r 7");
	SetFileInformationByHandle(f, FileDispositionInfo, &no, sizeof no);
	int undone = child("opens r 7");
	SetFileInformationByHandle(f, FileDispositionInfo, &yes, sizeof yes);
	CloseHandle(f);
	printf("delete pending: %d, undone %d, deleted %d\n", pending, undone, child("opens r 7"));
	HANDLE p = start("holds 5 x");
	wait_ready();
	/* the file is open for deletion, which is to be shared */
	DWORD not_shared = try_open(FILE_NAME, GENERIC_READ, FILE_SHARE_READ);
	DWORD shared = try_open(FILE_NAME, GENERIC_READ, 7);
	SetEvent(go);
	end(p);
	printf("delete on close there: %lu %lu, then %d\n", not_shared, shared, exists());
}

static void
left_open(void)
{
	int code = child("leaves");
	printf("left open by one that ended %d, gone %d\n", code, exists());
}

static void
handles(void)
{
	SECURITY_ATTRIBUTES sa = { sizeof sa, NULL, TRUE };
	HANDLE f = CreateFileA(FILE_NAME, GENERIC_READ, 0, &sa, OPEN_ALWAYS, 0, NULL);
	HANDLE p = start("waits"), there;
	wait_ready();
	CloseHandle(f);
	DWORD held = try_open(FILE_NAME, GENERIC_READ, 7);
	SetEvent(go);
	end(p);
	printf("inherited: closed here %lu, the end %lu\n", held,
	       try_open(FILE_NAME, GENERIC_READ, 7));
	f = CreateFileA(FILE_NAME, GENERIC_READ, 0, &sa, OPEN_ALWAYS, 0, NULL);
	int closed = end(start("closes %llx", (UINT64)(UINT_PTR)f));
	held = try_open(FILE_NAME, GENERIC_READ, 7);
	CloseHandle(f);
	printf("inherited: closed there %d, still open here %lu\n", closed, held);
	p = start("waits");
	wait_ready();
	f = open_as(FILE_NAME, GENERIC_READ, 0, 0);
	DuplicateHandle(GetCurrentProcess(), f, p, &there, 0, FALSE,
	                DUPLICATE_SAME_ACCESS | DUPLICATE_CLOSE_SOURCE);
	held = try_open(FILE_NAME, GENERIC_READ, 7);
	SetEvent(go);
	end(p);
	printf("given away: %lu, the end %lu\n", held, try_open(FILE_NAME, GENERIC_READ, 7));
	CreateDirectoryA("share_folder.tmp", NULL);
	f = CreateFileA("share_folder.tmp", GENERIC_READ, 0, NULL, OPEN_EXISTING,
	                FILE_FLAG_BACKUP_SEMANTICS, NULL);
	int a = child("opens r 7 share_folder.tmp folder");
	CloseHandle(f);
	printf("a folder: %d %d\n", a, child("opens r 7 share_folder.tmp folder"));
	RemoveDirectoryA("share_folder.tmp");
}

static void
many(void)
{
	char name[32];
	int n = 0, bad = 0;
	HANDLE p = start("many"), q[3];
	wait_ready();
	TerminateProcess(p, 0);
	end(p);
	for (int i = 0; i < 300; i++) {
		snprintf(name, sizeof name, "share_file.%d", i);
		n += try_open(name, GENERIC_READ, 0) == 0;
		DeleteFileA(name);
	}
	printf("300 files of one that was killed: %d\n", n);
	for (int i = 0; i < 3; i++)
		q[i] = start("churns %c", 'a' + i);
	for (int i = 0; i < 3; i++)
		bad += end(q[i]);
	printf("many at once: %d\n", bad);
}

static void
ranges(void)
{
	OVERLAPPED o = { .Offset = 10 }, s = { .Offset = 100 };
	HANDLE f = open_as(FILE_NAME, GENERIC_READ | GENERIC_WRITE, 7, 0);
	LockFileEx(f, LOCKFILE_EXCLUSIVE_LOCK, 0, 10, 0, &o);
	LockFileEx(f, 0, 0, 10, 0, &s);
	int a = child("locks 15 10 x"), b = child("locks 0 11 s"), c = child("locks 20 10 x");
	int d = child("locks 105 1 s"), e = child("locks 105 1 x");
	UnlockFileEx(f, 0, 10, 0, &o);
	printf("locked: %d %d, beside it %d, shared %d %d, after it %d\n", a, b, c, d, e,
	       child("locks 15 10 x"));
	LockFileEx(f, LOCKFILE_EXCLUSIVE_LOCK, 0, 10, 0, &o);
	DWORD from = GetTickCount();
	HANDLE p = start("locks 10 10 xw");
	Sleep(100);
	UnlockFileEx(f, 0, 10, 0, &o);
	a = end(p);
	printf("a lock that is waited for %d, late enough %d\n", a, GetTickCount() - from >= 90);
	p = start("locks 10 10 xh");
	wait_ready();
	DWORD held =
	        LockFileEx(f, LOCKFILE_EXCLUSIVE_LOCK | LOCKFILE_FAIL_IMMEDIATELY, 0, 10, 0, &o)
	                ? 0
	                : GetLastError();
	TerminateProcess(p, 0);
	end(p);
	printf("locked there %lu, after it was killed %d\n", held,
	       LockFileEx(f, LOCKFILE_EXCLUSIVE_LOCK | LOCKFILE_FAIL_IMMEDIATELY, 0, 10, 0, &o)
	               ? 0
	               : (int)GetLastError());
	CloseHandle(f);
}

int
main(int argc, char **argv)
{
	int code = part(parts, argc, argv);

	if (code >= 0)
		return code;
	setvbuf(stdout, NULL, _IONBF, 0);
	HANDLE early = open_as(FILE_NAME, GENERIC_READ, 0, 0);
	int before = child("opens r 7");
	CloseHandle(early);
	meet();
	modes();
	printf("opened before there were others: %d\n", before);
	other_way();
	deletion();
	left_open();
	handles();
	many();
	ranges();
	DeleteFileA(FILE_NAME);
	return 0;
}
