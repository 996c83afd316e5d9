/* SPDX-License-Identifier: Apache-2.0 */
// Folders: searches, wildcards, paths, temporary names, drives, changes.
// needs: joist mingw
// libs: -lntdll

// test: wildcards as Windows has them
// run: cd $W && mkdir f && touch f/a.txt f/B.txt f/c f/long.name.dat && joist run --rm $GUEST find
// expect: *.* : . .. a.txt B.txt c long.name.dat
// expect: * : . .. a.txt B.txt c long.name.dat
// expect: *. : . .. c
// expect: *.txt : a.txt B.txt
// expect: ?.txt : a.txt B.txt
// expect: a.??? : a.txt
// expect: C??? : c
// expect: *.name.* : long.name.dat
// expect: A.TXT : a.txt
// expect: none : 2
// expect: no folder : 3
// expect: level 1 folders only: . ..

// test: full paths
// run: cd $W && joist run --rm $GUEST path
// expect: C:\a\b\..\c -> C:\a\c (c)
// expect: C:/x/./y/ -> C:\x\y\ (-)
// expect: C:\x. -> C:\x (x)
// expect: C:\.. -> C:\ (-)
// expect: \\?\C:\x\..\y -> \\?\C:\y (y)
// expect: \\.\pipe\x -> \\.\pipe\x (x)
// expect: NUL -> \\.\NUL (NUL)
// expect: \\server\share\..\x -> \\server\share\x (x)
// expect: short 6

// test: temporary files are in the machine's own folder
// run: cd $W && joist run --rm $GUEST temp
// expect: C: Temp 1
// expect: made 1 1
// expect: named 1f .TMP

// test: drives
// run: cd $W && joist run --rm $GUEST drives
// expect: C: fixed 3, Z: fixed 3, Q: 1
// expect: NTFS 255
// expect: space 1
// expect: volume C:\
// expect: guid 49 C:\

// test: changes in a folder are told
// run: cd $W && joist run --rm $GUEST watch
// expect: pending 1
// expect: 1 new.txt
// expect: notified 0
// expect: quiet 258

// test: the native calls
// run: cd $W && joist run --rm $GUEST native
// expect: create 0 2
// expect: write 0 5
// expect: query 0 size 5 mode 20
// expect: relative 0
// expect: directory 0 n.txt
// expect: end 80000006
// expect: attributes 0 20
// expect: missing c0000034
// expect: type 2 5 4 6
#define _WIN32_WINNT 0x0A00
#include <windows.h>
#include <winternl.h>
#include <stdio.h>
#include <string.h>

static void
list(const char *expression)
{
	WIN32_FIND_DATAA d;
	char p[64];
	snprintf(p, sizeof p, "f\\%s", expression);
	HANDLE h = FindFirstFileA(p, &d);
	printf("%s :", expression);
	if (h == INVALID_HANDLE_VALUE)
		printf(" %lu", GetLastError());
	else
		do
			printf(" %s", d.cFileName);
		while (FindNextFileA(h, &d));
	if (h != INVALID_HANDLE_VALUE)
		FindClose(h);
	printf("\n");
}

static void
find(void)
{
	static const char *const all[] = { "*.*",   "*",    "*.",       "*.txt", "?.txt",
		                           "a.???", "C???", "*.name.*", "A.TXT", "none" };
	WIN32_FIND_DATAA d;
	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		list(all[i]);
	FindFirstFileA("g\\*", &d);
	printf("no folder : %lu\n", GetLastError());
	HANDLE h = FindFirstFileExA("f\\*", FindExInfoBasic, &d, FindExSearchLimitToDirectories,
	                            NULL, 2);
	printf("level 1 folders only:");
	do
		printf(" %s", d.cFileName);
	while (FindNextFileA(h, &d));
	printf("\n");
	FindClose(h);
}

static void
path(void)
{
	static const char *const all[] = {
		"C:\\a\\b\\..\\c",     "C:/x/./y/",      "C:\\x.", "C:\\..",
		"\\\\?\\C:\\x\\..\\y", "\\\\.\\pipe\\x", "NUL",    "\\\\server\\share\\..\\x"
	};
	char out[MAX_PATH], *part;
	for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
		GetFullPathNameA(all[i], sizeof out, out, &part);
		printf("%s -> %s (%s)\n", all[i], out, part ? part : "-");
	}
	printf("short %lu\n", GetFullPathNameA("C:\\ab", 3, out, NULL));
}

static void
temp(void)
{
	char dir[MAX_PATH], name[MAX_PATH];
	GetTempPathA(sizeof dir, dir);
	size_t n0 = strlen(dir);
	printf("%.2s %.4s %d\n", dir, dir + n0 - 5, dir[n0 - 1] == '\\');
	UINT n = GetTempFileNameA(dir, "abcd", 0, name);
	printf("made %d %d\n", n != 0, GetFileAttributesA(name) != INVALID_FILE_ATTRIBUTES);
	DeleteFileA(name);
	n = GetTempFileNameA(dir, "x", 0x1f, name);
	printf("named %x %s\n", n, strrchr(name, '.'));
}

static void
drives(void)
{
	char fs[16], root[MAX_PATH];
	DWORD longest;
	ULARGE_INTEGER a, t, f;
	WCHAR guid[64], names[8];
	printf("C: fixed %u, Z: fixed %u, Q: %u\n", GetDriveTypeA("C:\\"), GetDriveTypeA("Z:\\"),
	       GetDriveTypeA("Q:\\"));
	GetVolumeInformationA("C:\\", NULL, 0, NULL, &longest, NULL, fs, sizeof fs);
	printf("%s %lu\n", fs, longest);
	printf("space %d\n", GetDiskFreeSpaceExA("C:\\", &a, &t, &f) && t.QuadPart >= f.QuadPart);
	GetVolumePathNameA("C:\\Windows\\x", root, sizeof root);
	printf("volume %s\n", root);
	GetVolumeNameForVolumeMountPointW(L"C:\\", guid, 64);
	DWORD n;
	GetVolumePathNamesForVolumeNameW(guid, names, 8, &n);
	printf("guid %d %ls\n", lstrlenW(guid), names);
}

static void
watch(void)
{
	OVERLAPPED o = { .hEvent = CreateEventA(NULL, TRUE, FALSE, NULL) };
	DWORD n;
	_Alignas(8) char buf[512];
	CreateDirectoryA("w", NULL);
	HANDLE d = CreateFileA("w", FILE_LIST_DIRECTORY, 7, NULL, OPEN_EXISTING,
	                       FILE_FLAG_BACKUP_SEMANTICS | FILE_FLAG_OVERLAPPED, NULL);
	printf("pending %d\n", ReadDirectoryChangesW(d, buf, sizeof buf, FALSE,
	                                             FILE_NOTIFY_CHANGE_FILE_NAME, NULL, &o, NULL));
	HANDLE c = FindFirstChangeNotificationA("w", FALSE, FILE_NOTIFY_CHANGE_FILE_NAME);
	CloseHandle(CreateFileA("w\\new.txt", GENERIC_WRITE, 0, NULL, CREATE_NEW, 0, NULL));
	if (GetOverlappedResult(d, &o, &n, TRUE) && n) {
		FILE_NOTIFY_INFORMATION *i = (void *)buf;
		printf("%lu %.*ls\n", i->Action, (int)i->FileNameLength / 2, i->FileName);
	}
	printf("notified %lu\n", WaitForSingleObject(c, 5000));
	FindNextChangeNotification(c);
	printf("quiet %lu\n", WaitForSingleObject(c, 50));
	FindCloseChangeNotification(c);
	CloseHandle(d);
}

NTSTATUS NTAPI NtQueryDirectoryFile(HANDLE, HANDLE, PIO_APC_ROUTINE, PVOID, PIO_STATUS_BLOCK, PVOID,
                                    ULONG, FILE_INFORMATION_CLASS, BOOLEAN, PUNICODE_STRING,
                                    BOOLEAN);
NTSTATUS NTAPI NtQueryAttributesFile(POBJECT_ATTRIBUTES, PVOID);
NTSTATUS NTAPI NtWriteFile(HANDLE, HANDLE, PIO_APC_ROUTINE, PVOID, PIO_STATUS_BLOCK, PVOID, ULONG,
                           PLARGE_INTEGER, PULONG);
ULONG NTAPI RtlDetermineDosPathNameType_U(PCWSTR);

static void
native(void)
{
	UNICODE_STRING u;
	OBJECT_ATTRIBUTES a;
	IO_STATUS_BLOCK io;
	HANDLE h, d, r;
	_Alignas(8) char buf[512];
	CreateDirectoryA("n", NULL);
	RtlDosPathNameToNtPathName_U(L"n\\n.txt", &u, NULL, NULL);
	InitializeObjectAttributes(&a, &u, OBJ_CASE_INSENSITIVE, NULL, NULL);
	NTSTATUS s = NtCreateFile(&h, GENERIC_READ | GENERIC_WRITE | SYNCHRONIZE, &a, &io, NULL, 0,
	                          7, 5, 0x60, NULL, 0);
	printf("create %lx %d\n", s, (int)io.Information);
	s = NtWriteFile(h, NULL, NULL, NULL, &io, "12345", 5, NULL, NULL);
	printf("write %lx %d\n", s, (int)io.Information);
	struct {
		LARGE_INTEGER allocation, end;
		ULONG links;
		BOOLEAN pending, directory;
	} standard;
	ULONG mode;
	s = NtQueryInformationFile(h, &io, &standard, sizeof standard, (FILE_INFORMATION_CLASS)5);
	NtQueryInformationFile(h, &io, &mode, sizeof mode, (FILE_INFORMATION_CLASS)16);
	printf("query %lx size %d mode %lx\n", s, (int)standard.end.QuadPart, mode);
	CloseHandle(h);
	RtlDosPathNameToNtPathName_U(L"n", &u, NULL, NULL);
	s = NtOpenFile(&d, FILE_LIST_DIRECTORY | SYNCHRONIZE, &a, &io, 7, 0x21);
	UNICODE_STRING name;
	RtlInitUnicodeString(&name, L"N.TXT");
	InitializeObjectAttributes(&a, &name, OBJ_CASE_INSENSITIVE, d, NULL);
	s = NtOpenFile(&r, GENERIC_READ | SYNCHRONIZE, &a, &io, 7, 0x60);
	printf("relative %lx\n", s);
	struct {
		ULONG next, index;
		LARGE_INTEGER times[4], end, allocation;
		ULONG attributes, length;
		WCHAR name[100];
	} *e = (void *)buf;
	UNICODE_STRING star;
	RtlInitUnicodeString(&star, L"*.txt");
	s = NtQueryDirectoryFile(d, NULL, NULL, NULL, &io, buf, sizeof buf,
	                         (FILE_INFORMATION_CLASS)1, TRUE, &star, TRUE);
	printf("directory %lx %.*ls\n", s, (int)e->length / 2, e->name);
	s = NtQueryDirectoryFile(d, NULL, NULL, NULL, &io, buf, sizeof buf,
	                         (FILE_INFORMATION_CLASS)1, TRUE, NULL, FALSE);
	printf("end %lx\n", s);
	struct {
		LARGE_INTEGER times[4];
		ULONG attributes;
	} basic;
	s = NtQueryAttributesFile(&a, &basic);
	printf("attributes %lx %lx\n", s, basic.attributes);
	RtlInitUnicodeString(&name, L"none");
	printf("missing %lx\n", NtQueryAttributesFile(&a, &basic));
	printf("type %lu %lu %lu %lu\n", RtlDetermineDosPathNameType_U(L"C:\\x"),
	       RtlDetermineDosPathNameType_U(L"x"), RtlDetermineDosPathNameType_U(L"\\x"),
	       RtlDetermineDosPathNameType_U(L"\\\\.\\x"));
}

int
main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*run)(void);
	} tests[] = {
		{ "find", find },     { "path", path },   { "temp", temp },
		{ "drives", drives }, { "watch", watch }, { "native", native },
	};
	for (size_t i = 0; i < sizeof tests / sizeof *tests; i++)
		if (argc > 1 && !strcmp(argv[1], tests[i].name)) {
			tests[i].run();
			return 0;
		}
	return 1;
}
