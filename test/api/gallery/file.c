/* SPDX-License-Identifier: Apache-2.0 */
// Files: opening, sharing, reading and writing, sizes, attributes, names, deleting.
// needs: joist mingw

// test: what CreateFile answers
// run: cd $W && joist run --rm $GUEST open
// expect: new 0
// expect: new again 80
// expect: always 183
// expect: other letters 0
// expect: not there 2
// expect: no folder 3
// expect: a folder 5
// expect: backup 0
// expect: truncate 0 size 0
// expect: wildcard 123
// expect: nul 0
// expect: unc 53

// test: who shares what
// run: cd $W && joist run --rm $GUEST share
// expect: second reader 0
// expect: second writer 32
// expect: delete 32
// expect: attributes only 0
// expect: after close 0
// expect: shared delete 1

// test: positions, ends and sizes
// run: cd $W && joist run --rm $GUEST position
// expect: wrote 10
// expect: at 4 read 6 456789
// expect: end 1 0
// expect: at an offset 3 234
// expect: before the start 131
// expect: size 10
// expect: cut 5
// expect: grown 20 0
// expect: appended 21

// test: attributes and times
// run: cd $W && joist run --rm $GUEST attributes
// expect: file 20
// expect: read-only 21
// expect: write refused 5
// expect: delete refused 5
// expect: hidden 22
// expect: folder 10
// expect: time 1 132223104000000000
// expect: missing ffffffff 2

// test: moving, copying, replacing, deleting
// run: cd $W && joist run --rm $GUEST move
// expect: moved 1
// expect: onto another 183
// expect: onto another by force 1
// expect: only letters 1 Z.TXT
// expect: copied 1
// expect: copy again 80
// expect: not empty 145
// expect: folder gone 1
// expect: file as folder 267
// expect: replaced 1 new old
// expect: linked 1 2

// test: a file that goes when it is closed
// run: cd $W && joist run --rm $GUEST gone
// expect: there 1
// expect: gone 2
// expect: posix gone at once 2

// test: ranges
// run: cd $W && joist run --rm $GUEST lock
// expect: first 1
// expect: second 33
// expect: other range 1
// expect: after 1

// test: links
// run: cd $W && joist run --rm $GUEST link
// expect: made 1
// expect: attributes 420
// expect: content x
// expect: reparse a000000c target.txt
#define _WIN32_WINNT 0x0A00
#include <windows.h>
#include <winioctl.h>
#include <stdio.h>
#include <string.h>

static HANDLE
op(const char *name, DWORD access, DWORD share, DWORD how, DWORD flags)
{
	SetLastError(12345);
	return CreateFileA(name, access, share, NULL, how, flags, NULL);
}

static void
put(const char *name, const char *text)
{
	DWORD n;
	HANDLE h = op(name, GENERIC_WRITE, 0, CREATE_ALWAYS, 0);
	WriteFile(h, text, (DWORD)strlen(text), &n, NULL);
	CloseHandle(h);
}

static const char *
get(const char *name)
{
	static char buf[64];
	DWORD n = 0;
	HANDLE h = op(name, GENERIC_READ, 7, OPEN_EXISTING, 0);
	ReadFile(h, buf, sizeof buf - 1, &n, NULL);
	buf[n] = 0;
	CloseHandle(h);
	return buf;
}

static void
say(const char *what, HANDLE h)
{
	printf("%s %lu\n", what, GetLastError());
	if (h != INVALID_HANDLE_VALUE)
		CloseHandle(h);
}

static void
test_open(void)
{
	say("new", op("a.txt", GENERIC_WRITE, 0, CREATE_NEW, 0));
	say("new again", op("a.txt", GENERIC_WRITE, 0, CREATE_NEW, 0));
	say("always", op("a.txt", GENERIC_WRITE, 0, CREATE_ALWAYS, 0));
	say("other letters", op("A.TXT", GENERIC_READ, 0, OPEN_EXISTING, 0));
	say("not there", op("b.txt", GENERIC_READ, 0, OPEN_EXISTING, 0));
	say("no folder", op("none\\b.txt", GENERIC_READ, 0, OPEN_EXISTING, 0));
	CreateDirectoryA("sub", NULL);
	say("a folder", op("sub", GENERIC_READ, 7, OPEN_EXISTING, 0));
	say("backup", op("sub", GENERIC_READ, 7, OPEN_EXISTING, FILE_FLAG_BACKUP_SEMANTICS));
	put("a.txt", "text");
	HANDLE h = op("a.txt", GENERIC_WRITE, 0, TRUNCATE_EXISTING, 0);
	DWORD e = GetLastError();
	printf("truncate %lu size %lu\n", e, GetFileSize(h, NULL));
	CloseHandle(h);
	say("wildcard", op("a?.txt", GENERIC_READ, 0, OPEN_EXISTING, 0));
	say("nul", op("NUL", GENERIC_WRITE, 0, OPEN_EXISTING, 0));
	say("unc", op("\\\\server\\share\\x", GENERIC_READ, 0, OPEN_EXISTING, 0));
}

static void
test_share(void)
{
	put("s.txt", "x");
	HANDLE h = op("s.txt", GENERIC_READ, FILE_SHARE_READ, OPEN_EXISTING, 0);
	say("second reader", op("s.txt", GENERIC_READ, FILE_SHARE_READ, OPEN_EXISTING, 0));
	say("second writer", op("s.txt", GENERIC_WRITE, 7, OPEN_EXISTING, 0));
	DeleteFileA("s.txt");
	printf("delete %lu\n", GetLastError());
	say("attributes only", op("s.txt", 0, 0, OPEN_EXISTING, 0));
	CloseHandle(h);
	say("after close", op("s.txt", GENERIC_WRITE, 0, OPEN_EXISTING, 0));
	h = op("s.txt", GENERIC_READ, 7, OPEN_EXISTING, 0);
	printf("shared delete %d\n", DeleteFileA("s.txt"));
	CloseHandle(h);
}

static void
test_position(void)
{
	char b[32] = "";
	DWORD n;
	HANDLE h = op("p.txt", GENERIC_READ | GENERIC_WRITE, 0, CREATE_ALWAYS, 0);
	WriteFile(h, "0123456789", 10, &n, NULL);
	printf("wrote %lu\n", n);
	DWORD at = SetFilePointer(h, 4, NULL, FILE_BEGIN);
	ReadFile(h, b, sizeof b, &n, NULL);
	printf("at %lu read %lu %.*s\n", at, n, (int)n, b);
	BOOL ok = ReadFile(h, b, sizeof b, &n, NULL);
	printf("end %d %lu\n", ok, n);
	OVERLAPPED o = { .Offset = 2 };
	ReadFile(h, b, 3, &n, &o);
	printf("at an offset %lu %.*s\n", n, (int)n, b);
	SetLastError(0);
	SetFilePointer(h, -1, NULL, FILE_BEGIN);
	printf("before the start %lu\n", GetLastError());
	LARGE_INTEGER size, where = { .QuadPart = 5 };
	GetFileSizeEx(h, &size);
	printf("size %lld\n", size.QuadPart);
	SetFilePointerEx(h, where, NULL, FILE_BEGIN);
	SetEndOfFile(h);
	printf("cut %lu\n", GetFileSize(h, NULL));
	FILE_END_OF_FILE_INFO end = { .EndOfFile.QuadPart = 20 };
	SetFileInformationByHandle(h, FileEndOfFileInfo, &end, sizeof end);
	SetFilePointer(h, 19, NULL, FILE_BEGIN);
	ReadFile(h, b, 1, &n, NULL);
	printf("grown %lu %d\n", GetFileSize(h, NULL), b[0]);
	FlushFileBuffers(h);
	CloseHandle(h);
	h = op("p.txt", FILE_APPEND_DATA, 0, OPEN_EXISTING, 0);
	WriteFile(h, "!", 1, &n, NULL);
	printf("appended %lu\n", GetFileSize(h, NULL));
	CloseHandle(h);
}

static void
test_attributes(void)
{
	put("t.txt", "x");
	printf("file %lx\n", GetFileAttributesA("t.txt"));
	SetFileAttributesA("t.txt", FILE_ATTRIBUTE_READONLY);
	printf("read-only %lx\n", GetFileAttributesA("t.txt"));
	say("write refused", op("t.txt", GENERIC_WRITE, 0, OPEN_EXISTING, 0));
	DeleteFileA("t.txt");
	printf("delete refused %lu\n", GetLastError());
	SetFileAttributesA("t.txt", FILE_ATTRIBUTE_HIDDEN);
	printf("hidden %lx\n", GetFileAttributesA("t.txt"));
	CreateDirectoryA("dir", NULL);
	printf("folder %lx\n", GetFileAttributesA("dir\\"));
	ULARGE_INTEGER t = { .QuadPart = 132223104000000000 };
	FILETIME f = { t.LowPart, t.HighPart }, g = { 0, 0 };
	HANDLE h = op("t.txt", FILE_WRITE_ATTRIBUTES, 7, OPEN_EXISTING, 0);
	BOOL ok = SetFileTime(h, NULL, NULL, &f);
	GetFileTime(h, NULL, NULL, &g);
	t.LowPart = g.dwLowDateTime;
	t.HighPart = g.dwHighDateTime;
	printf("time %d %llu\n", ok, t.QuadPart);
	CloseHandle(h);
	DWORD a = GetFileAttributesA("none");
	printf("missing %lx %lu\n", a, GetLastError());
}

static void
test_move(void)
{
	put("x.txt", "new");
	printf("moved %d\n", MoveFileA("x.txt", "y.txt"));
	put("z.txt", "old");
	MoveFileA("y.txt", "z.txt");
	printf("onto another %lu\n", GetLastError());
	printf("onto another by force %d\n",
	       MoveFileExA("y.txt", "z.txt", MOVEFILE_REPLACE_EXISTING));
	WIN32_FIND_DATAA d;
	BOOL ok = MoveFileA("z.txt", "Z.TXT");
	FindClose(FindFirstFileA("z.txt", &d));
	printf("only letters %d %s\n", ok, d.cFileName);
	printf("copied %d\n", CopyFileA("z.txt", "c.txt", TRUE));
	CopyFileA("z.txt", "c.txt", TRUE);
	printf("copy again %lu\n", GetLastError());
	CreateDirectoryA("full", NULL);
	put("full\\x", "x");
	RemoveDirectoryA("full");
	printf("not empty %lu\n", GetLastError());
	DeleteFileA("full\\x");
	printf("folder gone %d\n", RemoveDirectoryA("full"));
	RemoveDirectoryA("c.txt");
	printf("file as folder %lu\n", GetLastError());
	put("r1", "old");
	put("r2", "new");
	ok = ReplaceFileA("r1", "r2", "r3", 0, NULL, NULL);
	printf("replaced %d %s ", ok, get("r1"));
	printf("%s\n", get("r3"));
	ok = CreateHardLinkA("l.txt", "r1", NULL);
	BY_HANDLE_FILE_INFORMATION i = { 0 };
	HANDLE h = op("l.txt", GENERIC_READ, 7, OPEN_EXISTING, 0);
	GetFileInformationByHandle(h, &i);
	CloseHandle(h);
	printf("linked %d %lu\n", ok, i.nNumberOfLinks);
}

static void
test_gone(void)
{
	HANDLE h = op("g.txt", GENERIC_WRITE | DELETE, 7, CREATE_ALWAYS, FILE_FLAG_DELETE_ON_CLOSE);
	printf("there %d\n", GetFileAttributesA("g.txt") != INVALID_FILE_ATTRIBUTES);
	CloseHandle(h);
	GetFileAttributesA("g.txt");
	printf("gone %lu\n", GetLastError());
	h = op("g.txt", GENERIC_WRITE | DELETE, 7, CREATE_ALWAYS, 0);
	struct {
		ULONG flags;
	} x = { 3 };
	SetFileInformationByHandle(h, 21, &x, sizeof x);
	GetFileAttributesA("g.txt");
	printf("posix gone at once %lu\n", GetLastError());
	CloseHandle(h);
}

static void
test_lock(void)
{
	put("k.txt", "0123456789");
	HANDLE a = op("k.txt", GENERIC_READ | GENERIC_WRITE, 7, OPEN_EXISTING, 0);
	HANDLE b = op("k.txt", GENERIC_READ | GENERIC_WRITE, 7, OPEN_EXISTING, 0);
	OVERLAPPED o = { .Offset = 0 };
	printf("first %d\n",
	       LockFileEx(a, LOCKFILE_EXCLUSIVE_LOCK | LOCKFILE_FAIL_IMMEDIATELY, 0, 4, 0, &o));
	LockFile(b, 2, 0, 2, 0);
	printf("second %lu\n", GetLastError());
	printf("other range %d\n", LockFile(b, 6, 0, 2, 0));
	UnlockFileEx(a, 0, 4, 0, &o);
	printf("after %d\n", LockFile(b, 2, 0, 2, 0));
	UnlockFile(b, 2, 0, 2, 0);
	CloseHandle(a);
	CloseHandle(b);
}

static void
test_link(void)
{
	put("target.txt", "x");
	printf("made %d\n", CreateSymbolicLinkA("link.txt", "target.txt", 2));
	printf("attributes %lx\n", GetFileAttributesA("link.txt") | FILE_ATTRIBUTE_ARCHIVE);
	printf("content %s\n", get("link.txt"));
	HANDLE h = op("link.txt", 0, 7, OPEN_EXISTING,
	              FILE_FLAG_OPEN_REPARSE_POINT | FILE_FLAG_BACKUP_SEMANTICS);
	struct {
		ULONG tag;
		USHORT length, reserved, sat, slen, pat, plen;
		ULONG flags;
		WCHAR text[256];
	} r;
	DWORD n;
	if (!DeviceIoControl(h, FSCTL_GET_REPARSE_POINT, NULL, 0, &r, sizeof r, &n, NULL))
		printf("reparse refused %lu\n", GetLastError());
	else
		printf("reparse %lx %.*ls\n", r.tag, r.plen / 2, r.text + r.pat / 2);
	CloseHandle(h);
}

int
main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*run)(void);
	} tests[] = {
		{ "open", test_open },         { "share", test_share },
		{ "position", test_position }, { "attributes", test_attributes },
		{ "move", test_move },         { "gone", test_gone },
		{ "lock", test_lock },         { "link", test_link },
	};
	for (size_t i = 0; i < sizeof tests / sizeof *tests; i++)
		if (argc > 1 && !strcmp(argv[1], tests[i].name)) {
			tests[i].run();
			return 0;
		}
	return 1;
}
