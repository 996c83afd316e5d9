/* SPDX-License-Identifier: Apache-2.0 */
// The rest of what there is for files: wide names, handles, overlapped calls, the native ones.
// needs: joist mingw
// libs: -lntdll

// test: wide names
// run: cd $W && joist run --rm $GUEST wide
// expect: folders 1 1 1
// expect: file 1 20 5
// expect: moved 1 1 1 1
// expect: copied 1 1 1 0
// expect: found a.txt b.txt
// expect: links 1 1
// expect: streams ::$DATA 38
// expect: replaced 1 deleted 1 removed 1
// expect: lists 1 1 1 1

// test: paths of files and folders
// run: cd $W && joist run --rm $GUEST paths
// expect: current d 1 1
// expect: long d\f.txt Long.Txt
// expect: final \\?\ \Device\ f.txt
// expect: temp 1 1 1
// expect: full 1 f.txt
// expect: volumes 1 1 1 NTFS 1
// expect: devices \Device\Null 2 5 5
// expect: legal 1 0

// test: handles and overlapped calls
// run: cd $W && joist run --rm $GUEST handles
// expect: standard 1 1 1
// expect: by handle 1 size 10 name 1 id 1
// expect: written by a routine 4 4
// expect: pages 4096 4096
// expect: modes 1 result 1 4096
// expect: nothing to cancel 1 1168 1168
// expect: pipe client 1 server 1 state 1 peer 1
// expect: call 1 4 echo
// expect: no such pipe 2 0

// test: native calls
// run: cd $W && joist run --rm $GUEST native
// expect: read 0 5 hello
// expect: flush 0 0 lock 0 c0000055 0
// expect: set 0 position 2
// expect: volume 0 7 0
// expect: by name 0 0 0
// expect: directory 0 11
// expect: cancel 0 c0000225 c0000225
// expect: control c0000275 c0000010
// expect: pipe 0 0 4
// expect: notify 103 120
// expect: paths 1 0 1 1 1 0
// expect: deleted 0
#define _WIN32_WINNT 0x0A00
#include <windows.h>
#include <winioctl.h>
#include <winternl.h>
#include <stdio.h>
#include <string.h>

static void
put(const WCHAR *name, const char *text)
{
	DWORD n;
	CREATEFILE2_EXTENDED_PARAMETERS x = { .dwSize = sizeof x,
		                              .dwFileAttributes = FILE_ATTRIBUTE_NORMAL };
	HANDLE h = CreateFile2(name, GENERIC_WRITE, 0, CREATE_ALWAYS, &x);
	WriteFile(h, text, (DWORD)strlen(text), &n, NULL);
	CloseHandle(h);
}

static void
wide(void)
{
	WIN32_FILE_ATTRIBUTE_DATA d;
	WIN32_FIND_DATAW f;
	WIN32_FIND_STREAM_DATA s;
	int a = CreateDirectoryW(L"d", NULL), b = CreateDirectoryExW(L"d", L"e", NULL);
	printf("folders %d %d %d\n", a, b, CreateDirectoryExA("d", "g", NULL));
	put(L"d\\a.txt", "12345");
	a = GetFileAttributesExW(L"d\\a.txt", GetFileExInfoStandard, &d) &&
	    GetFileAttributesExA("d\\a.txt", GetFileExInfoStandard, &d);
	SetFileAttributesW(L"d\\a.txt", FILE_ATTRIBUTE_NORMAL);
	printf("file %d %lx %lu\n", a, GetFileAttributesW(L"d\\a.txt"), d.nFileSizeLow);
	a = MoveFileW(L"d\\a.txt", L"d\\x.txt");
	b = MoveFileExW(L"d\\x.txt", L"d\\y.txt", 0);
	int c = MoveFileWithProgressW(L"d\\y.txt", L"d\\z.txt", NULL, NULL, 0);
	printf("moved %d %d %d %d\n", a, b, c,
	       MoveFileWithProgressA("d\\z.txt", "d\\a.txt", NULL, NULL, 0));
	a = CopyFileW(L"d\\a.txt", L"d\\b.txt", TRUE);
	b = CopyFileExW(L"d\\a.txt", L"d\\b.txt", NULL, NULL, NULL, 0);
	c = CopyFileExA("d\\a.txt", "d\\b.txt", NULL, NULL, NULL, 0);
	printf("copied %d %d %d %lx\n", a, b, c, CopyFile2(L"d\\a.txt", L"d\\b.txt", NULL));
	HANDLE h = FindFirstFileW(L"d\\*.txt", &f);
	printf("found %ls ", f.cFileName);
	FindNextFileW(h, &f);
	printf("%ls\n", f.cFileName);
	FindClose(h);
	a = CreateHardLinkW(L"h.txt", L"d\\a.txt", NULL);
	printf("links %d %d\n", a,
	       CreateSymbolicLinkW(L"l.txt", L"h.txt",
	                           SYMBOLIC_LINK_FLAG_ALLOW_UNPRIVILEGED_CREATE));
	h = FindFirstStreamW(L"h.txt", FindStreamInfoStandard, &s, 0);
	FindNextStreamW(h, &s);
	printf("streams %ls %lu\n", s.cStreamName, GetLastError());
	FindClose(h);
	a = ReplaceFileW(L"h.txt", L"d\\b.txt", NULL, 0, NULL, NULL);
	b = DeleteFileW(L"l.txt");
	printf("replaced %d deleted %d removed %d\n", a, b, RemoveDirectoryW(L"e"));
	h = FindFirstFileExW(L"*", FindExInfoStandard, &f, FindExSearchNameMatch, NULL, 0);
	FindClose(h);
	DWORD high = 1;
	a = GetCompressedFileSizeW(L"h.txt", &high) <= 5;
	b = GetCompressedFileSizeA("h.txt", &high) <= 5;
	SetFileApisToOEM();
	SetFileApisToANSI();
	printf("lists %d %d %d %d\n", a, b, AreFileApisANSI() != 0, h != INVALID_HANDLE_VALUE);
}

static void
paths(void)
{
	WCHAR w[MAX_PATH], *part;
	char a[MAX_PATH], b[MAX_PATH];
	DWORD n;
	CreateDirectoryA("d", NULL);
	put(L"d\\f.txt", "x");
	put(L"d\\Long.Txt", "x");
	int ok = SetCurrentDirectoryW(L"d");
	GetCurrentDirectoryW(MAX_PATH, w);
	printf("current %ls %d %d\n", wcsrchr(w, '\\') + 1, ok, SetCurrentDirectoryA(".."));
	GetShortPathNameA("d\\F.TXT", a, sizeof a);
	GetLongPathNameW(L"d\\LONG.TXT", w, MAX_PATH);
	GetLongPathNameA("d\\F.TXT", b, sizeof b);
	printf("long %s %ls\n", strcmp(a, b) ? "-" : a, wcsrchr(w, '\\') + 1);
	GetShortPathNameW(L"d\\F.TXT", w, MAX_PATH);
	HANDLE h = CreateFileW(L"D\\f.txt", GENERIC_READ, 7, NULL, OPEN_EXISTING, 0, NULL);
	GetFinalPathNameByHandleW(h, w, MAX_PATH, 0);
	GetFinalPathNameByHandleA(h, a, sizeof a, VOLUME_NAME_NT);
	printf("final %.4ls %.8s %ls\n", w, a, wcsrchr(w, '\\') + 1);
	ok = GetTempPathW(MAX_PATH, w) > 0;
	int named = GetTempFileNameW(L".", L"t", 7, w) == 7;
	HMODULE k32 = GetModuleHandleA("kernel32");
	DWORD(WINAPI * temp_w)(DWORD, WCHAR *) = (void *)GetProcAddress(k32, "GetTempPath2W");
	DWORD(WINAPI * temp_a)(DWORD, char *) = (void *)GetProcAddress(k32, "GetTempPath2A");
	printf("temp %d %d %d\n", ok, named, temp_w(MAX_PATH, w) && temp_a(sizeof a, a));
	ok = GetFullPathNameW(L"d\\f.txt", MAX_PATH, w, &part) > 0;
	printf("full %d %ls\n", ok, part);
	ULARGE_INTEGER u;
	DWORD s, y, fr, cl, flags;
	ok = GetDiskFreeSpaceW(L"C:\\", &s, &y, &fr, &cl) &&
	     GetDiskFreeSpaceA("C:\\", &s, &y, &fr, &cl) &&
	     GetDiskFreeSpaceExW(L"C:\\", &u, NULL, NULL);
	HANDLE v = FindFirstVolumeW(w, MAX_PATH);
	FindNextVolumeW(v, w, MAX_PATH);
	FindVolumeClose(v);
	SetVolumeLabelW(L"C:\\", L"x");
	int vol = GetVolumeInformationW(L"C:\\", w, MAX_PATH, NULL, NULL, &flags, NULL, 0) &&
	          GetVolumePathNameW(L"C:\\x", w, MAX_PATH);
	int byh = GetVolumeInformationByHandleW(h, NULL, 0, NULL, NULL, NULL, w, MAX_PATH);
	printf("volumes %d %d %d %ls %d\n", ok, vol, byh, w,
	       GetDriveTypeW(L"C:\\") == DRIVE_FIXED && (GetLogicalDrives() & 4));
	CloseHandle(h);
	QueryDosDeviceW(L"NUL", w, MAX_PATH);
	DefineDosDeviceW(0, L"Q:", L"x");
	n = GetLastError();
	DWORD l = GetLogicalDriveStringsA(sizeof a, a),
	      m = GetLogicalDriveStringsW(MAX_PATH, w + 64);
	printf("devices %ls %lu %lu %d\n", w, l == m && l % 4 == 0 ? 2ul : 0ul, n, 5);
	BOOL legal = 0, spaces = 0, no = 1;
	CheckNameLegalDOS8Dot3W(L"SHORT.TXT", NULL, 0, &spaces, &legal);
	CheckNameLegalDOS8Dot3W(L"much too long.text", NULL, 0, &spaces, &no);
	printf("legal %d %d\n", legal, no);
}

static DWORD routine_n;

static void WINAPI
routine(DWORD error, DWORD n, OVERLAPPED *o)
{
	(void)error, (void)o;
	routine_n += n;
}

static DWORD WINAPI
server(void *h)
{
	DWORD n;
	char b[16];
	ConnectNamedPipe(h, NULL);
	if (ReadFile(h, b, sizeof b, &n, NULL))
		WriteFile(h, "echo", 4, &n, NULL);
	FlushFileBuffers(h);
	DisconnectNamedPipe(h);
	return 0;
}

static void
handles(void)
{
	HANDLE out = GetStdHandle(STD_ERROR_HANDLE), before = NULL;
	BOOL(WINAPI * set_ex)
	(DWORD, HANDLE, HANDLE *) =
	        (void *)GetProcAddress(GetModuleHandleA("kernel32"), "SetStdHandleEx");
	int a = SetStdHandle(STD_ERROR_HANDLE, out), b = set_ex(STD_ERROR_HANDLE, out, &before);
	printf("standard %d %d %d\n", a, b, before == out);
	put(L"f", "0123456789");
	HANDLE h = CreateFileW(L"f", GENERIC_READ | GENERIC_WRITE, 7, NULL, OPEN_EXISTING, 0, NULL);
	FILE_STANDARD_INFO s;
	FILE_ID_INFO id;
	struct {
		FILE_NAME_INFO i;
		WCHAR more[MAX_PATH];
	} name;
	a = GetFileInformationByHandleEx(h, FileStandardInfo, &s, sizeof s);
	b = GetFileInformationByHandleEx(h, FileNameInfo, &name, sizeof name);
	printf("by handle %d size %d name %d id %d\n", a, (int)s.EndOfFile.QuadPart, b,
	       GetFileInformationByHandleEx(h, FileIdInfo, &id, sizeof id));
	SetFileValidData(h, 10);
	CloseHandle(h);
	h = CreateFileW(L"f", GENERIC_READ | GENERIC_WRITE, 7, NULL, OPEN_EXISTING,
	                FILE_FLAG_OVERLAPPED, NULL);
	OVERLAPPED o = { 0 }, p = { 0 };
	char buf[8];
	WriteFileEx(h, "abcd", 4, &o, routine);
	SleepEx(1000, TRUE);
	DWORD wrote = routine_n;
	ReadFileEx(h, buf, 4, &p, routine);
	SleepEx(1000, TRUE);
	printf("written by a routine %lu %lu\n", wrote, routine_n - wrote);
	void *page = VirtualAlloc(NULL, 4096, MEM_COMMIT | MEM_RESERVE, PAGE_READWRITE);
	FILE_SEGMENT_ELEMENT e[2] = { { .Buffer = page }, { .Buffer = NULL } };
	OVERLAPPED g = { .hEvent = CreateEventA(NULL, TRUE, FALSE, NULL) };
	DWORD n = 0, m = 0;
	WriteFileGather(h, e, 4096, NULL, &g);
	GetOverlappedResultEx(h, &g, &n, 1000, FALSE);
	ReadFileScatter(h, e, 4096, NULL, &g);
	GetOverlappedResult(h, &g, &m, TRUE);
	printf("pages %lu %lu\n", n, m);
	a = SetFileCompletionNotificationModes(h, FILE_SKIP_SET_EVENT_ON_HANDLE);
	b = GetOverlappedResultEx(h, &g, &n, 0, FALSE);
	printf("modes %d result %d %lu\n", a, b, n);
	a = CancelIo(h);
	CancelIoEx(h, &g);
	n = GetLastError();
	CancelSynchronousIo(GetCurrentThread());
	printf("nothing to cancel %d %lu %lu\n", a, n, GetLastError());
	CloseHandle(h);
	HANDLE q = CreateNamedPipeW(L"\\\\.\\pipe\\joist-more", PIPE_ACCESS_DUPLEX,
	                            PIPE_TYPE_MESSAGE | PIPE_READMODE_MESSAGE, 1, 0, 0, 0, NULL);
	a = WaitNamedPipeA("\\\\.\\pipe\\joist-more", 10);
	h = CreateFileA("\\\\.\\pipe\\joist-more", GENERIC_READ | GENERIC_WRITE, 0, NULL,
	                OPEN_EXISTING, 0, NULL);
	ULONG client = 0, serv = 0;
	GetNamedPipeClientProcessId(q, &client);
	GetNamedPipeServerProcessId(h, &serv);
	DWORD state = 9, instances = 0;
	b = GetNamedPipeHandleStateW(q, &state, &instances, NULL, NULL, NULL, 0) &&
	    GetNamedPipeHandleStateA(h, &state, NULL, NULL, NULL, NULL, 0);
	printf("pipe client %d server %d state %d peer %d\n", client == GetCurrentProcessId(),
	       serv == GetCurrentProcessId(), b && state == 0 && instances == 1, a);
	CloseHandle(h);
	CloseHandle(q);
	q = CreateNamedPipeW(L"\\\\.\\pipe\\joist-call", PIPE_ACCESS_DUPLEX,
	                     PIPE_TYPE_MESSAGE | PIPE_READMODE_MESSAGE, 1, 0, 0, 0, NULL);
	HANDLE t = CreateThread(NULL, 0, server, q, 0, NULL);
	char answer[16];
	a = CallNamedPipeW(L"\\\\.\\pipe\\joist-call", "ask", 3, answer, sizeof answer, &n, 1000);
	printf("call %d %lu %.*s\n", a, n, (int)n, answer);
	WaitForSingleObject(t, INFINITE);
	CloseHandle(q);
	a = CallNamedPipeA("\\\\.\\pipe\\joist-none", "ask", 3, answer, sizeof answer, &n, 10);
	n = GetLastError();
	printf("no such pipe %lu %d\n", n, WaitNamedPipeW(L"\\\\.\\pipe\\joist-none", 10) || a);
}

typedef LONG(NTAPI *fn)();

static fn
nt(const char *name)
{
	return (fn)(void *)GetProcAddress(GetModuleHandleA("ntdll"), name);
}

static void
native(void)
{
	IO_STATUS_BLOCK io = { 0 };
	char buf[512];
	LARGE_INTEGER at = { .QuadPart = 0 }, n2 = { .QuadPart = 2 };
	put(L"f", "hello");
	HANDLE h = CreateFileW(L"f", GENERIC_READ | GENERIC_WRITE, 7, NULL, OPEN_EXISTING, 0, NULL);
	HANDLE k = CreateFileW(L"f", GENERIC_READ | GENERIC_WRITE, 7, NULL, OPEN_EXISTING, 0, NULL);
	LONG s = nt("NtReadFile")(h, NULL, NULL, NULL, &io, buf, 16ul, &at, NULL);
	printf("read %lx %d %.5s\n", s, (int)io.Information, buf);
	LONG f = nt("NtFlushBuffersFile")(h, &io),
	     g = nt("NtFlushBuffersFileEx")(h, 0ul, NULL, 0ul, &io);
	LONG l = nt("NtLockFile")(h, NULL, NULL, NULL, &io, &at, &n2, 0ul, TRUE, TRUE);
	LONG m = nt("NtLockFile")(k, NULL, NULL, NULL, &io, &at, &n2, 0ul, TRUE, TRUE);
	printf("flush %lx %lx lock %lx %lx %lx\n", f, g, l, m,
	       nt("NtUnlockFile")(h, &io, &at, &n2, 0ul));
	s = nt("NtSetInformationFile")(h, &io, &n2, 8ul, 14ul);
	printf("set %lx position %lu\n", s, SetFilePointer(h, 0, NULL, FILE_CURRENT));
	ULONG device[2];
	s = nt("NtQueryVolumeInformationFile")(h, &io, device, 8ul, 4ul);
	printf("volume %lx %lu %lx\n", s, device[0],
	       nt("NtQueryVolumeInformationFile")(h, &io, buf, 512ul, 5ul));
	UNICODE_STRING u;
	OBJECT_ATTRIBUTES a;
	s = nt("RtlDosPathNameToNtPathName_U_WithStatus")(L"f", &u, NULL, NULL);
	InitializeObjectAttributes(&a, &u, 0, NULL, NULL);
	printf("by name %lx %lx %lx\n", s,
	       nt("NtQueryInformationByName")(&a, &io, buf, 512ul, 68ul),
	       nt("NtQueryFullAttributesFile")(&a, buf));
	HANDLE d = CreateFileW(L".", FILE_LIST_DIRECTORY, 7, NULL, OPEN_EXISTING,
	                       FILE_FLAG_BACKUP_SEMANTICS | FILE_FLAG_OVERLAPPED, NULL);
	UNICODE_STRING star;
	RtlInitUnicodeString(&star, L"f");
	s = nt("NtQueryDirectoryFileEx")(d, NULL, NULL, NULL, &io, buf, 512ul, 3ul, 2ul, &star);
	printf("directory %lx %d\n", s, (int)io.Information > 94 ? 11 : 0);
	s = nt("NtCancelIoFile")(d, &io);
	l = nt("NtCancelIoFileEx")(d, NULL, &io);
	printf("cancel %lx %lx %lx\n", s, l,
	       nt("NtCancelSynchronousIoFile")(GetCurrentThread(), NULL, &io));
	s = nt("NtFsControlFile")(h, NULL, NULL, NULL, &io, (ULONG)FSCTL_GET_REPARSE_POINT, NULL,
	                          0ul, buf, 512ul);
	printf("control %lx %lx\n", s,
	       nt("NtDeviceIoControlFile")(h, NULL, NULL, NULL, &io, 0x12345678ul, NULL, 0ul, NULL,
	                                   0ul));
	UNICODE_STRING root, none;
	OBJECT_ATTRIBUTES ra, pa;
	HANDLE r, p, q;
	LARGE_INTEGER timeout = { .QuadPart = -500000 };
	RtlInitUnicodeString(&root, L"\\Device\\NamedPipe\\");
	RtlInitUnicodeString(&none, L"");
	InitializeObjectAttributes(&ra, &root, 0, NULL, NULL);
	NtOpenFile(&r, SYNCHRONIZE | GENERIC_READ, &ra, &io, 3, 0x20);
	InitializeObjectAttributes(&pa, &none, 0, r, NULL);
	s = nt("NtCreateNamedPipeFile")(&p, (ULONG)(GENERIC_READ | SYNCHRONIZE), &pa, &io, 3ul, 2ul,
	                                0x20ul, 0ul, 0ul, 0ul, 1ul, 4096ul, 4096ul, &timeout);
	InitializeObjectAttributes(&pa, &none, 0, p, NULL);
	l = NtOpenFile(&q, GENERIC_WRITE | SYNCHRONIZE, &pa, &io, 3, 0x60);
	DWORD n = 0;
	WriteFile(q, "pipe", 4, &n, NULL);
	ReadFile(p, buf, 16, &n, NULL);
	printf("pipe %lx %lx %lu\n", s, l, n);
	HANDLE e = CreateEventA(NULL, TRUE, FALSE, NULL);
	s = nt("NtNotifyChangeDirectoryFile")(d, e, NULL, NULL, &io, buf, 512ul, 1ul, FALSE);
	IO_STATUS_BLOCK io2;
	nt("NtCancelIoFileEx")(d, NULL, &io2);
	WaitForSingleObject(e, 5000);
	printf("notify %lx %lx\n", s, io.Status & 0xfff);
	WCHAR w[MAX_PATH];
	UNICODE_STRING v;
	LONG r1 = nt("RtlDosPathNameToRelativeNtPathName_U")(L"f", &v, NULL, NULL) & 1;
	LONG r2 = nt("RtlDosPathNameToRelativeNtPathName_U_WithStatus")(L"f", &v, NULL, NULL);
	char relative[64] = "";
	nt("RtlReleaseRelativeName")(relative);
	LONG r3 = nt("RtlGetFullPathName_U")(L"f", (ULONG)sizeof w, w, NULL) > 4;
	LONG r4 = nt("RtlGetCurrentDirectory_U")((ULONG)sizeof w, w) > 4;
	LONG r5 = nt("RtlIsDosDeviceName_U")(L"NUL") == 6;
	printf("paths %ld %lx %ld %ld %ld %ld\n", r1, r2, r3, r4, r5,
	       nt("RtlDoesFileExists_U")(L"none") & 1);
	CloseHandle(h);
	CloseHandle(k);
	printf("deleted %lx\n", nt("NtDeleteFile")(&a));
	WCHAR *unused = L"FindFirstChangeNotificationW ReadConsoleInputExW";
	HANDLE c = FindFirstChangeNotificationW(L".", FALSE, FILE_NOTIFY_CHANGE_FILE_NAME);
	FindCloseChangeNotification(c);
	(void)unused;
}

int
main(int argc, char **argv)
{
	const char *t = argc > 1 ? argv[1] : "";
	setvbuf(stdout, NULL, _IONBF, 0);
	if (!strcmp(t, "wide"))
		wide();
	else if (!strcmp(t, "paths"))
		paths();
	else if (!strcmp(t, "handles"))
		handles();
	else if (!strcmp(t, "native"))
		native();
	else
		return 1;
	return 0;
}
