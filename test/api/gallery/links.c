/* SPDX-License-Identifier: Apache-2.0 */
// Links and paths of rare forms: links from a drive's root, junctions, a link with a backslash behind
// it, dots that are taken as they are, folders that may be passed but not listed; a writer of a
// full pipe that is cancelled; the first thread of another process by its id, and children that
// are called another one's.
// needs: joist mingw
// run: joist run --rm $GUEST
// expect: links: ok
// expect: dots: ok
// expect: spelling: ok
// expect: a full pipe: ok
// expect: another's thread: ok
// expect: another's child: ok
#define _WIN32_WINNT 0x0A00
#include "check.h"
#include <tlhelp32.h>
#include <winioctl.h>

static const char folder[] = "C:\\Users\\joist\\AppData\\Local\\Temp";

static void
put(const char *name, const char *text)
{
	DWORD n;
	HANDLE f = CreateFileA(name, GENERIC_WRITE, 0, NULL, CREATE_ALWAYS, 0, NULL);
	IS(f != INVALID_HANDLE_VALUE && WriteFile(f, text, (DWORD)strlen(text), &n, NULL));
	CloseHandle(f);
}

static int
holds(const char *name, const char *text)
{
	char room[32] = { 0 };
	DWORD n = 0;
	HANDLE f = CreateFileA(name, GENERIC_READ, 7, NULL, OPEN_EXISTING, 0, NULL);
	ReadFile(f, room, 31, &n, NULL);
	CloseHandle(f);
	return f != INVALID_HANDLE_VALUE && strcmp(room, text) == 0;
}

/* A mount point as mklink /J makes one. */
static BOOL
junction(const char *name, const WCHAR *target, BOOL printed)
{
	struct {
		DWORD tag;
		WORD length, reserved, sub_at, sub_length, print_at, print_length;
		WCHAR text[300];
	} r = { IO_REPARSE_TAG_MOUNT_POINT, 0, 0, 0, 0, 0, 0, { 0 } };
	size_t n = wcslen(target), m = printed ? n - 4 : 0;
	memcpy(r.text, target, n * 2);
	memcpy(r.text + n + 1, target + 4, m * 2);
	r.sub_length = (WORD)(n * 2);
	r.print_at = (WORD)(n * 2 + 2);
	r.print_length = (WORD)(m * 2);
	r.length = (WORD)(8 + (n + m + 2) * 2);
	DWORD done;
	CreateDirectoryA(name, NULL);
	HANDLE f = CreateFileA(name, GENERIC_WRITE, 0, NULL, OPEN_EXISTING,
	                       FILE_FLAG_OPEN_REPARSE_POINT | FILE_FLAG_BACKUP_SEMANTICS, NULL);
	BOOL ok = DeviceIoControl(f, FSCTL_SET_REPARSE_POINT, &r, r.length + 8u, NULL, 0, &done,
	                          NULL);
	CloseHandle(f);
	return ok;
}

/* What a link says that it is, and where it leads. */
static DWORD
tag(const char *name, const WCHAR *shown)
{
	union {
		struct {
			DWORD tag;
			WORD length, reserved, sub_at, sub_length, print_at, print_length;
			char names[1000];
		};
		char room[1024];
	} r;
	WIN32_FIND_DATAA d;
	DWORD n = 0;
	HANDLE f = CreateFileA(name, 0, 7, NULL, OPEN_EXISTING,
	                       FILE_FLAG_OPEN_REPARSE_POINT | FILE_FLAG_BACKUP_SEMANTICS, NULL);
	IS(DeviceIoControl(f, FSCTL_GET_REPARSE_POINT, NULL, 0, &r, sizeof r, &n, NULL));
	CloseHandle(f);
	IS(n == r.length + 8u);
	const char *names = r.names + (r.tag == IO_REPARSE_TAG_SYMLINK ? 4 : 0);
	IS(r.print_length == wcslen(shown) * 2 &&
	   !memcmp(names + r.print_at, shown, r.print_length));
	IS(r.sub_length == r.print_length + 8 && !memcmp(names + r.sub_at, L"\\??\\", 8) &&
	   !memcmp(names + r.sub_at + 8, shown, r.print_length));
	f = FindFirstFileA(name, &d);
	IS(f != INVALID_HANDLE_VALUE && FindClose(f) && d.dwReserved0 == r.tag);
	return r.tag;
}

static void
links(void)
{
	IS(SetCurrentDirectoryA(folder) && CreateDirectoryA("to", NULL));
	put("to\\file", "text");
	/* its own drive's, whatever the current one is when it is followed */
	IS(CreateSymbolicLinkA("rooted", "\\Users\\joist\\AppData\\Local\\Temp\\to\\file", 2));
	IS(CreateSymbolicLinkA("folder", "\\Users\\joist\\AppData\\Local\\Temp\\to", 3));
	SetCurrentDirectoryA("Z:\\");
	IS(holds("C:\\Users\\joist\\AppData\\Local\\Temp\\rooted", "text"));
	IS(holds("C:\\Users\\joist\\AppData\\Local\\Temp\\folder\\file", "text"));
	SetCurrentDirectoryA(folder);
	IS(junction("one", L"\\??\\C:\\Users\\joist\\AppData\\Local\\Temp\\to", TRUE));
	IS(holds("one\\file", "text"));
	IS(junction("other", L"\\??\\C:\\Users\\joist\\AppData\\Local\\Temp\\to", FALSE));
	IS(holds("other\\file", "text"));
	static const WCHAR to[] = L"C:\\Users\\joist\\AppData\\Local\\Temp\\to";
	IS(tag("one", to) == IO_REPARSE_TAG_MOUNT_POINT);
	IS(CreateSymbolicLinkW(L"absolute", to, 3) &&
	   tag("absolute", to) == IO_REPARSE_TAG_SYMLINK);
	/* what is no file is not taken away */
	ERR(DeleteFileA("nul"), ERROR_ACCESS_DENIED);
	/* the link itself, not what it leads to */
	HANDLE f = CreateFileA("folder\\", 0, 7, NULL, OPEN_EXISTING,
	                       FILE_FLAG_OPEN_REPARSE_POINT | FILE_FLAG_BACKUP_SEMANTICS, NULL);
	BY_HANDLE_FILE_INFORMATION info;
	IS(GetFileInformationByHandle(f, &info) &&
	   info.dwFileAttributes & FILE_ATTRIBUTE_REPARSE_POINT);
	CloseHandle(f);
	done("links");
}

static void
dots(void)
{
	ERR(CreateDirectoryA("\\\\?\\C:\\Users\\.\\x", NULL), ERROR_INVALID_NAME);
	ERR(CreateDirectoryA("\\\\?\\C:\\Users\\..\\..\\x", NULL), ERROR_INVALID_NAME);
	ERR(CreateDirectoryA("\\\\?\\C:\\..", NULL), ERROR_INVALID_NAME);
	IS(CreateDirectoryA("\\\\?\\C:\\Users\\.x", NULL) &&
	   CreateDirectoryA("C:\\Users\\..\\y", NULL));
	IS(GetFileAttributesA("C:\\y") == FILE_ATTRIBUTE_DIRECTORY);
	done("dots");
}

/* Of the way to the program only its last folder can be listed. */
static void
spelling(const char *self)
{
	char name[MAX_PATH];
	IS(GetFileAttributesA(self) != INVALID_FILE_ATTRIBUTES);
	snprintf(name, sizeof name, "%s", self);
	CharUpperA(name);
	IS(GetFileAttributesA(name) != INVALID_FILE_ATTRIBUTES);
	done("spelling");
}

static HANDLE reader, writer;

static DWORD CALLBACK
writes(void *bytes)
{
	DWORD n = 0;
	SetLastError(0);
	BOOL ok = WriteFile(writer, bytes, 1 << 20, &n, NULL);
	return ok ? 1 : GetLastError();
}

static void
full_pipe(void)
{
	static char bytes[1 << 20];
	DWORD code = 0, n, there = 0;
	IS(CreatePipe(&reader, &writer, NULL, 0));
	HANDLE t = CreateThread(NULL, 0, writes, bytes, 0, NULL);
	while (there < 4096)
		PeekNamedPipe(reader, NULL, 0, NULL, &there, NULL);
	while (WaitForSingleObject(t, 20) == WAIT_TIMEOUT)
		CancelIoEx(writer, NULL);
	GetExitCodeThread(t, &code);
	IS(code == ERROR_OPERATION_ABORTED);
	/* what was written is there */
	IS(ReadFile(reader, bytes, 100, &n, NULL) && n == 100);
	CloseHandle(t);
	done("a full pipe");
}

static void
anothers(char *self)
{
	STARTUPINFOA si = { .cb = sizeof si };
	PROCESS_INFORMATION pi;
	THREADENTRY32 e = { .dwSize = sizeof e };
	char line[MAX_PATH + 20];
	DWORD code = 0, resumed = 0;
	snprintf(line, sizeof line, "\"%s\" child", self);
	IS(CreateProcessA(NULL, line, NULL, NULL, FALSE, CREATE_SUSPENDED, NULL, NULL, &si, &pi));
	HANDLE s = CreateToolhelp32Snapshot(TH32CS_SNAPTHREAD, 0);
	for (BOOL is = Thread32First(s, &e); is; is = Thread32Next(s, &e)) {
		if (e.th32OwnerProcessID != pi.dwProcessId)
			continue;
		HANDLE t = OpenThread(THREAD_SUSPEND_RESUME, FALSE, e.th32ThreadID);
		resumed += ResumeThread(t) == 1;
		CloseHandle(t);
	}
	CloseHandle(s);
	IS(resumed == 1 && WaitForSingleObject(pi.hProcess, 30000) == 0);
	IS(GetExitCodeProcess(pi.hProcess, &code) && code == 7);
	ERR(OpenThread(THREAD_SUSPEND_RESUME, FALSE, 0x7ffffff0), ERROR_INVALID_PARAMETER);
	done("another's thread");
}

static void
anothers_child(char *self)
{
	STARTUPINFOEXA si = { .StartupInfo.cb = sizeof si };
	PROCESS_INFORMATION a, b;
	PROCESSENTRY32 e = { .dwSize = sizeof e };
	char line[MAX_PATH + 20];
	SIZE_T n = 0;
	DWORD of = 0;
	snprintf(line, sizeof line, "\"%s\" child", self);
	IS(CreateProcessA(NULL, line, NULL, NULL, FALSE, CREATE_SUSPENDED, NULL, NULL,
	                  &si.StartupInfo, &a));
	InitializeProcThreadAttributeList(NULL, 1, 0, &n);
	si.lpAttributeList = HeapAlloc(GetProcessHeap(), 0, n);
	IS(InitializeProcThreadAttributeList(si.lpAttributeList, 1, 0, &n));
	IS(UpdateProcThreadAttribute(si.lpAttributeList, 0, PROC_THREAD_ATTRIBUTE_PARENT_PROCESS,
	                             &a.hProcess, sizeof a.hProcess, NULL, NULL));
	IS(CreateProcessA(NULL, line, NULL, NULL, FALSE,
	                  CREATE_SUSPENDED | EXTENDED_STARTUPINFO_PRESENT, NULL, NULL,
	                  &si.StartupInfo, &b));
	HANDLE s = CreateToolhelp32Snapshot(TH32CS_SNAPPROCESS, 0);
	for (BOOL is = Process32First(s, &e); is; is = Process32Next(s, &e))
		of = e.th32ProcessID == b.dwProcessId ? e.th32ParentProcessID : of;
	CloseHandle(s);
	IS(of == a.dwProcessId);
	IS(TerminateProcess(b.hProcess, 1) && TerminateProcess(a.hProcess, 1));
	HANDLE none = NULL;
	DeleteProcThreadAttributeList(si.lpAttributeList);
	InitializeProcThreadAttributeList(si.lpAttributeList, 1, 0, &n);
	UpdateProcThreadAttribute(si.lpAttributeList, 0, PROC_THREAD_ATTRIBUTE_PARENT_PROCESS,
	                          &none, sizeof none, NULL, NULL);
	ERR(CreateProcessA(NULL, line, NULL, NULL, FALSE, EXTENDED_STARTUPINFO_PRESENT, NULL, NULL,
	                   &si.StartupInfo, &b),
	    ERROR_INVALID_HANDLE);
	done("another's child");
}

int
main(int argc, char **argv)
{
	char self[MAX_PATH];
	if (argc > 1)
		return 7;
	(void)argv;
	GetModuleFileNameA(NULL, self, sizeof self);
	links();
	dots();
	spelling(self);
	full_pipe();
	anothers(self);
	anothers_child(self);
	return 0;
}
