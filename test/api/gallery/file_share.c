/* SPDX-License-Identifier: Apache-2.0 */
// needs: joist mingw
// run: joist run --rm $GUEST
// expect: pairs: 0 wrong of 4096
// expect: another file: 0 wrong of 64
// expect: open with others: 1
// expect: pending: 303 opened 0
// expect: taken back: 0 opened 1
// expect: deleted: 2
// expect: kept by its reader: 32 then 0
// expect: on close: shared 1, without FILE_SHARE_DELETE 32, then gone 2
// expect: a folder: 5, to be listed 0, to be read as backup 1
// expect: moved on: one two one
// expect: other letters: one
// expect: folder gone: 3

/* Sharing modes: every pair of access and sharing, of one file and of two, with other files open;
 * files that are to be deleted; names in the current folder. */
#include <stdio.h>
#include <string.h>
#include <windows.h>

static HANDLE
open_as(const char *name, int access, int share)
{
	DWORD a = (access & 1 ? GENERIC_READ : 0) | (access & 2 ? GENERIC_WRITE : 0) |
	          (access & 4 ? DELETE : 0);
	return CreateFileA(name, a, (DWORD)share, NULL, OPEN_EXISTING, 0, NULL);
}

static void
make(const char *name, const char *text)
{
	DWORD n;
	HANDLE h = CreateFileA(name, GENERIC_WRITE, 0, NULL, CREATE_ALWAYS, 0, NULL);
	WriteFile(h, text, (DWORD)strlen(text), &n, NULL);
	CloseHandle(h);
}

/* Rights are bits as sharing is, so a pair gets along when each is let by the other's share. */
static int
may(int a, int sa, int b, int sb)
{
	return !a || !b || (!(a & ~sb) && !(b & ~sa));
}

static void
pairs(void)
{
	int wrong = 0, n = 0;
	for (int a = 0; a < 8; a++)
		for (int sa = 0; sa < 8; sa++) {
			HANDLE h = open_as("one.txt", a, sa);
			for (int b = 0; b < 8; b++)
				for (int sb = 0; sb < 8; sb++, n++) {
					HANDLE g = open_as("one.txt", b, sb);
					int ok = g != INVALID_HANDLE_VALUE;
					wrong += ok != may(a, sa, b, sb) ||
					         (!ok && GetLastError() != ERROR_SHARING_VIOLATION);
					if (ok)
						CloseHandle(g);
				}
			CloseHandle(h);
		}
	printf("pairs: %d wrong of %d\n", wrong, n);
	wrong = n = 0;
	for (int a = 0; a < 8; a++)
		for (int sa = 0; sa < 8; sa++, n++) {
			HANDLE h = open_as("one.txt", a, sa), g = open_as("two.txt", 7, 0);
			wrong += h == INVALID_HANDLE_VALUE || g == INVALID_HANDLE_VALUE;
			CloseHandle(g);
			CloseHandle(h);
		}
	printf("another file: %d wrong of %d\n", wrong, n);
	/* many that nobody minds, then one that minds one of them */
	HANDLE many[20], h;
	for (int i = 0; i < 20; i++)
		many[i] = open_as(i == 7 ? "one.txt" : "two.txt", 1, 7);
	h = open_as("one.txt", 1, 6); /* denies reading, and somebody reads it */
	wrong = h != INVALID_HANDLE_VALUE;
	CloseHandle(many[7]);
	h = open_as("one.txt", 1, 6);
	wrong += h == INVALID_HANDLE_VALUE;
	many[7] = open_as("one.txt", 1, 7);
	wrong += many[7] != INVALID_HANDLE_VALUE;
	CloseHandle(h);
	for (int i = 0; i < 20; i++)
		if (i != 7)
			CloseHandle(many[i]);
	printf("open with others: %d\n", !wrong);
}

static void
deleting(void)
{
	FILE_DISPOSITION_INFO on = { TRUE }, off = { FALSE };
	HANDLE h = open_as("one.txt", 5, 7), g;
	SetFileInformationByHandle(h, FileDispositionInfo, &on, sizeof on);
	g = open_as("one.txt", 1, 7);
	printf("pending: %lu opened %d\n", GetLastError(), g != INVALID_HANDLE_VALUE);
	SetFileInformationByHandle(h, FileDispositionInfo, &off, sizeof off);
	SetLastError(0);
	g = open_as("one.txt", 1, 7);
	printf("taken back: %lu opened %d\n", GetLastError(), g != INVALID_HANDLE_VALUE);
	CloseHandle(g);
	SetFileInformationByHandle(h, FileDispositionInfo, &on, sizeof on);
	CloseHandle(h);
	open_as("one.txt", 1, 7);
	printf("deleted: %lu\n", GetLastError());
	make("one.txt", "one");

	h = open_as("one.txt", 1, 3);
	DeleteFileA("one.txt");
	DWORD e = GetLastError();
	CloseHandle(h);
	SetLastError(0);
	DeleteFileA("one.txt");
	printf("kept by its reader: %lu then %lu\n", e, GetLastError());
	make("one.txt", "one");

	h = CreateFileA("one.txt", GENERIC_READ, 7, NULL, OPEN_EXISTING, FILE_FLAG_DELETE_ON_CLOSE,
	                NULL);
	g = open_as("one.txt", 1, 7);
	int shared = g != INVALID_HANDLE_VALUE;
	CloseHandle(g);
	open_as("one.txt", 1, 3);
	e = GetLastError();
	CloseHandle(h);
	open_as("one.txt", 1, 7);
	printf("on close: shared %d, without FILE_SHARE_DELETE %lu, then gone %lu\n", shared, e,
	       GetLastError());
}

static const char *
content(const char *name)
{
	static char b[4][16];
	static int at;
	char *to = b[at++ & 3];
	DWORD n = 0;
	HANDLE h = open_as(name, 1, 7);
	ReadFile(h, to, 15, &n, NULL);
	to[n] = 0;
	CloseHandle(h);
	return h == INVALID_HANDLE_VALUE ? "none" : to;
}

static void
folders(void)
{
	CreateDirectoryA("sub", NULL);
	SetLastError(0);
	open_as("sub", 1, 7);
	DWORD e = GetLastError();
	WIN32_FIND_DATAA d;
	SetLastError(0);
	HANDLE f = FindFirstFileA("sub\\*", &d), h;
	DWORD l = GetLastError();
	FindClose(f);
	h = CreateFileA("sub", GENERIC_READ, 7, NULL, OPEN_EXISTING, FILE_FLAG_BACKUP_SEMANTICS,
	                NULL);
	printf("a folder: %lu, to be listed %lu, to be read as backup %d\n", e, l,
	       h != INVALID_HANDLE_VALUE);
	CloseHandle(h);
	make("f.txt", "one");
	make("sub\\f.txt", "two");
	const char *a = content("f.txt");
	SetCurrentDirectoryA("sub");
	const char *b = content("f.txt");
	SetCurrentDirectoryA("..");
	printf("moved on: %s %s %s\n", a, b, content("f.txt"));
	printf("other letters: %s\n", content("SUB\\..\\F.TXT"));
	DeleteFileA("sub\\f.txt");
	RemoveDirectoryA("sub");
	open_as("sub\\f.txt", 1, 7);
	printf("folder gone: %lu\n", GetLastError());
	DeleteFileA("f.txt");
}

int
main(void)
{
	CreateDirectoryA("file_share.d", NULL);
	SetCurrentDirectoryA("file_share.d");
	make("one.txt", "one");
	make("two.txt", "two");
	pairs();
	deleting();
	folders();
	DeleteFileA("one.txt");
	DeleteFileA("two.txt");
	SetCurrentDirectoryA("..");
	RemoveDirectoryA("file_share.d");
	return 0;
}
