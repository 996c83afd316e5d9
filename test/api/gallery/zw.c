/* SPDX-License-Identifier: Apache-2.0 */
// The system's services by their other names: files, memory, threads, processes.
// needs: joist mingw
// libs: -lntdll
// run: joist run --rm $GUEST
// expect: files: ok
// expect: folders: ok
// expect: locks and control: ok
// expect: cancelled: ok
// expect: memory: ok
// expect: threads: ok
// expect: processes: ok
// expect: raised and continued: ok
#define _WIN32_WINNT 0x0A00
#include "check.h"
#include <stdlib.h>
#include <winioctl.h>
#include <winternl.h>

/* ntdll's, which headers have in part only. */
#define FUNCTIONS                                                                                  \
	F(ZwOpenFile, HANDLE *, ULONG, OBJECT_ATTRIBUTES *, IO_STATUS_BLOCK *, ULONG, ULONG)       \
	F(ZwQueryAttributesFile, OBJECT_ATTRIBUTES *, void *)                                      \
	F(ZwQueryFullAttributesFile, OBJECT_ATTRIBUTES *, void *)                                  \
	F(ZwQueryInformationFile, HANDLE, IO_STATUS_BLOCK *, void *, ULONG, int)                   \
	F(ZwSetInformationFile, HANDLE, IO_STATUS_BLOCK *, void *, ULONG, int)                     \
	F(ZwQueryVolumeInformationFile, HANDLE, IO_STATUS_BLOCK *, void *, ULONG, int)             \
	F(ZwQueryDirectoryFile, HANDLE, HANDLE, void *, void *, IO_STATUS_BLOCK *, void *, ULONG,  \
	  int, BOOLEAN, UNICODE_STRING *, BOOLEAN)                                                 \
	F(ZwQueryDirectoryFileEx, HANDLE, HANDLE, void *, void *, IO_STATUS_BLOCK *, void *,       \
	  ULONG, int, ULONG, UNICODE_STRING *)                                                     \
	F(ZwLockFile, HANDLE, HANDLE, void *, void *, IO_STATUS_BLOCK *, LARGE_INTEGER *,          \
	  LARGE_INTEGER *, ULONG, BOOLEAN, BOOLEAN)                                                \
	F(ZwUnlockFile, HANDLE, IO_STATUS_BLOCK *, LARGE_INTEGER *, LARGE_INTEGER *, ULONG)        \
	F(ZwFsControlFile, HANDLE, HANDLE, void *, void *, IO_STATUS_BLOCK *, ULONG, void *,       \
	  ULONG, void *, ULONG)                                                                    \
	F(ZwDeviceIoControlFile, HANDLE, HANDLE, void *, void *, IO_STATUS_BLOCK *, ULONG, void *, \
	  ULONG, void *, ULONG)                                                                    \
	F(ZwCancelIoFile, HANDLE, IO_STATUS_BLOCK *)                                               \
	F(ZwCancelIoFileEx, HANDLE, IO_STATUS_BLOCK *, IO_STATUS_BLOCK *)                          \
	F(ZwCancelSynchronousIoFile, HANDLE, IO_STATUS_BLOCK *, IO_STATUS_BLOCK *)                 \
	F(ZwAllocateVirtualMemory, HANDLE, void **, ULONG_PTR, SIZE_T *, ULONG, ULONG)             \
	F(ZwFreeVirtualMemory, HANDLE, void **, SIZE_T *, ULONG)                                   \
	F(ZwProtectVirtualMemory, HANDLE, void **, SIZE_T *, ULONG, ULONG *)                       \
	F(ZwQueryVirtualMemory, HANDLE, void *, int, void *, SIZE_T, SIZE_T *)                     \
	F(ZwGetContextThread, HANDLE, CONTEXT *)                                                   \
	F(ZwSetContextThread, HANDLE, CONTEXT *)                                                   \
	F(ZwSuspendThread, HANDLE, ULONG *)                                                        \
	F(ZwResumeThread, HANDLE, ULONG *)                                                         \
	F(NtAlertResumeThread, HANDLE, ULONG *)                                                    \
	F(ZwOpenProcess, HANDLE *, ULONG, OBJECT_ATTRIBUTES *, void *)                             \
	F(ZwQueryInformationProcess, HANDLE, int, void *, ULONG, ULONG *)                          \
	F(ZwSetInformationProcess, HANDLE, int, void *, ULONG)                                     \
	F(NtSetInformationProcess, HANDLE, int, void *, ULONG)                                     \
	F(ZwTerminateProcess, HANDLE, NTSTATUS)                                                    \
	F(RtlExitUserProcess, NTSTATUS)                                                            \
	F(ZwRaiseException, EXCEPTION_RECORD *, CONTEXT *, BOOLEAN)                                \
	F(NtRaiseException, EXCEPTION_RECORD *, CONTEXT *, BOOLEAN)                                \
	F(ZwContinue, CONTEXT *, BOOLEAN)                                                          \
	F(NtContinue, CONTEXT *, BOOLEAN)
#define F(name, ...) static NTSTATUS(NTAPI *name##_)(__VA_ARGS__);
FUNCTIONS
#undef F

#define SELF GetCurrentProcess()
enum {
	OBJECT_NAME_NOT_FOUND = (int)0xc0000034,
	INVALID_HANDLE = (int)0xc0000008,
	INFO_LENGTH = (int)0xc0000004,
	NO_MORE_FILES = (int)0x80000006,
	NOT_LOCKED = (int)0xc000007e,
	LOCK_CONFLICT = (int)0xc0000054,
	INVALID_DEVICE = (int)0xc0000010,
	NOT_FOUND = (int)0xc0000225,
	CANCELLED = (int)0xc0000120,
	BROKEN = (int)0xc000014b,
};

static OBJECT_ATTRIBUTES *
named(const WCHAR *path)
{
	static OBJECT_ATTRIBUTES a;
	static UNICODE_STRING s;
	RtlInitUnicodeString(&s, path);
	InitializeObjectAttributes(&a, &s, OBJ_CASE_INSENSITIVE, NULL, NULL);
	return &a;
}

static void
files(void)
{
	IO_STATUS_BLOCK io;
	HANDLE h = NULL, none = (HANDLE)0x7ffffff0;
	struct {
		LARGE_INTEGER t[4];
		ULONG attributes;
	} basic;
	struct {
		LARGE_INTEGER t[4], allocated, size;
		ULONG attributes;
	} full;
	struct {
		LARGE_INTEGER allocated, size;
		ULONG links;
		BOOLEAN deleted, folder;
	} standard;
	struct {
		LARGE_INTEGER total, available;
		ULONG sectors, bytes;
	} volume;
	LARGE_INTEGER end = { .QuadPart = 1000 };
	HANDLE made = CreateFileW(L"C:\\zw.txt", GENERIC_WRITE, 0, NULL, CREATE_ALWAYS, 0, NULL);
	DWORD n;
	IS(WriteFile(made, "hello", 5, &n, NULL) && CloseHandle(made));
	IS(ZwOpenFile_(&h, FILE_GENERIC_READ | FILE_GENERIC_WRITE, named(L"\\??\\C:\\zw.txt"), &io,
	               3, 0x60) == 0 &&
	   h && io.Information == 1); /* FILE_OPENED */
	IS(ZwQueryInformationFile_(h, &io, &standard, sizeof standard, 5) == 0 &&
	   standard.size.QuadPart == 5 && standard.links == 1 && !standard.folder);
	IS(ZwQueryInformationFile_(h, &io, &standard, 4, 5) == INFO_LENGTH);
	IS(ZwSetInformationFile_(h, &io, &end, sizeof end, 20) == 0); /* end of file */
	/* a priority that is none (FileIoPriorityHintInformation, 43) changes nothing */
	ULONG hint = 1, bad = 9;
	IS(ZwSetInformationFile_(h, &io, &hint, sizeof hint, 43) == 0 &&
	   ZwSetInformationFile_(h, &io, &bad, sizeof bad, 43) != 0 &&
	   ZwQueryInformationFile_(h, &io, &bad, sizeof bad, 43) == 0 && bad == 1);
	IS(ZwQueryFullAttributesFile_(named(L"\\??\\C:\\zw.txt"), &full) == 0 &&
	   full.size.QuadPart == 1000 && !(full.attributes & FILE_ATTRIBUTE_DIRECTORY));
	IS(ZwQueryAttributesFile_(named(L"\\??\\C:\\"), &basic) == 0 &&
	   basic.attributes & FILE_ATTRIBUTE_DIRECTORY);
	IS(ZwQueryVolumeInformationFile_(h, &io, &volume, sizeof volume, 3) == 0 &&
	   volume.total.QuadPart >= volume.available.QuadPart && volume.bytes >= 512);
	IS(ZwQueryVolumeInformationFile_(h, &io, &volume, 4, 3) == INFO_LENGTH);
	IS(CloseHandle(h) && DeleteFileW(L"C:\\zw.txt"));
	IS(ZwOpenFile_(&h, FILE_GENERIC_READ, named(L"\\??\\C:\\zw.txt"), &io, 3, 0x60) ==
	   OBJECT_NAME_NOT_FOUND);
	IS(ZwQueryAttributesFile_(named(L"\\??\\C:\\zw.txt"), &basic) == OBJECT_NAME_NOT_FOUND);
	IS(ZwQueryFullAttributesFile_(named(L"\\??\\C:\\zw.txt"), &full) == OBJECT_NAME_NOT_FOUND);
	IS(ZwQueryInformationFile_(none, &io, &standard, sizeof standard, 5) == INVALID_HANDLE);
	IS(ZwSetInformationFile_(none, &io, &end, sizeof end, 20) == INVALID_HANDLE);
	done("files");
}

struct names {
	ULONG next, index, length;
	WCHAR name[100];
};

static void
folders(void)
{
	IO_STATUS_BLOCK io;
	HANDLE h;
	struct names e;
	UNICODE_STRING all;
	int seen = 0;
	CreateDirectoryW(L"C:\\zwdir", NULL);
	CloseHandle(
	        CreateFileW(L"C:\\zwdir\\a.txt", GENERIC_WRITE, 0, NULL, CREATE_ALWAYS, 0, NULL));
	CloseHandle(
	        CreateFileW(L"C:\\zwdir\\b.log", GENERIC_WRITE, 0, NULL, CREATE_ALWAYS, 0, NULL));
	IS(ZwOpenFile_(&h, FILE_LIST_DIRECTORY | SYNCHRONIZE, named(L"\\??\\C:\\zwdir"), &io, 7,
	               0x21) == 0);
	RtlInitUnicodeString(&all, L"*.txt");
	/* one at a time, FileNamesInformation: the one that matches, then no more */
	IS(ZwQueryDirectoryFile_(h, NULL, NULL, NULL, &io, &e, sizeof e, 12, TRUE, &all, TRUE) ==
	           0 &&
	   e.length == 10 && !memcmp(e.name, L"a.txt", 10));
	IS(ZwQueryDirectoryFile_(h, NULL, NULL, NULL, &io, &e, sizeof e, 12, TRUE, NULL, FALSE) ==
	   NO_MORE_FILES);
	/* SL_RESTART_SCAN, then SL_RETURN_SINGLE_ENTRY: with another pattern from the start */
	CloseHandle(h);
	ZwOpenFile_(&h, FILE_LIST_DIRECTORY | SYNCHRONIZE, named(L"\\??\\C:\\zwdir"), &io, 7, 0x21);
	NTSTATUS s =
	        ZwQueryDirectoryFileEx_(h, NULL, NULL, NULL, &io, &e, sizeof e, 12, 1 | 2, NULL);
	while (s == 0) {
		seen++;
		s = ZwQueryDirectoryFileEx_(h, NULL, NULL, NULL, &io, &e, sizeof e, 12, 2, NULL);
	}
	IS(s == NO_MORE_FILES && seen == 4); /* and the folder itself, and the one above */
	CloseHandle(h);
	IS(ZwQueryDirectoryFile_(h, NULL, NULL, NULL, &io, &e, sizeof e, 12, TRUE, NULL, TRUE) ==
	   INVALID_HANDLE);
	IS(ZwQueryDirectoryFileEx_(h, NULL, NULL, NULL, &io, &e, sizeof e, 12, 2, NULL) ==
	   INVALID_HANDLE);
	DeleteFileW(L"C:\\zwdir\\a.txt");
	DeleteFileW(L"C:\\zwdir\\b.log");
	IS(RemoveDirectoryW(L"C:\\zwdir"));
	done("folders");
}

static void
locks(void)
{
	IO_STATUS_BLOCK io;
	LARGE_INTEGER at = { .QuadPart = 10 }, n = { .QuadPart = 20 };
	HANDLE a = CreateFileW(L"C:\\zwlock", GENERIC_READ | GENERIC_WRITE, 7, NULL, CREATE_ALWAYS,
	                       FILE_FLAG_DELETE_ON_CLOSE, NULL);
	HANDLE b = CreateFileW(L"C:\\zwlock", GENERIC_READ | GENERIC_WRITE, 7, NULL, OPEN_EXISTING,
	                       0, NULL);
	BYTE out[64];
	IS(ZwLockFile_(a, NULL, NULL, NULL, &io, &at, &n, 0, TRUE, TRUE) == 0);
	/* at once: it is held by another handle */
	IS(ZwLockFile_(b, NULL, NULL, NULL, &io, &at, &n, 0, TRUE, TRUE) == (NTSTATUS)0xc0000055);
	IS(ZwUnlockFile_(b, &io, &at, &n, 0) == NOT_LOCKED);
	IS(ZwUnlockFile_(a, &io, &at, &n, 0) == 0);
	IS(ZwLockFile_(b, NULL, NULL, NULL, &io, &at, &n, 0, TRUE, TRUE) == 0 &&
	   ZwUnlockFile_(b, &io, &at, &n, 0) == 0);
	/* FSCTL_SET_SPARSE, and one of a device that no file is */
	IS(ZwFsControlFile_(a, NULL, NULL, NULL, &io, FSCTL_SET_SPARSE, NULL, 0, NULL, 0) == 0);
	IS(ZwFsControlFile_(a, NULL, NULL, NULL, &io, 0x9bad0, NULL, 0, NULL, 0) == INVALID_DEVICE);
	IS(ZwDeviceIoControlFile_(a, NULL, NULL, NULL, &io, 0x9bad0, NULL, 0, out, sizeof out) ==
	   INVALID_DEVICE);
	CloseHandle(b);
	CloseHandle(a);
	IS(ZwDeviceIoControlFile_(a, NULL, NULL, NULL, &io, 0x9bad0, NULL, 0, out, 4) ==
	   INVALID_HANDLE);
	done("locks and control");
}

static HANDLE server, client;
static volatile NTSTATUS read_status;

static DWORD WINAPI
reader(void *arg)
{
	char c;
	DWORD n;
	(void)arg;
	return ReadFile(client, &c, 1, &n, NULL) ? 0 : GetLastError();
}

static void
cancelled(void)
{
	IO_STATUS_BLOCK io = { 0 };
	OVERLAPPED o[2] = { { .hEvent = CreateEventW(NULL, TRUE, FALSE, NULL) },
		            { .hEvent = CreateEventW(NULL, TRUE, FALSE, NULL) } };
	char c[2];
	DWORD n, code = 0;
	server = CreateNamedPipeW(L"\\\\.\\pipe\\zw", PIPE_ACCESS_DUPLEX | FILE_FLAG_OVERLAPPED, 0,
	                          1, 100, 100, 0, NULL);
	client = CreateFileW(L"\\\\.\\pipe\\zw", GENERIC_READ | GENERIC_WRITE, 0, NULL,
	                     OPEN_EXISTING, 0, NULL);
	for (int i = 0; i < 2; i++)
		IS(!ReadFile(server, &c[i], 1, NULL, &o[i]) && GetLastError() == ERROR_IO_PENDING);
	/* one of them, then all of this thread */
	IS(ZwCancelIoFileEx_(server, (IO_STATUS_BLOCK *)&o[0], &io) == 0);
	IS(!GetOverlappedResult(server, &o[0], &n, TRUE) &&
	   GetLastError() == ERROR_OPERATION_ABORTED);
	IS(WaitForSingleObject(o[1].hEvent, 0) == WAIT_TIMEOUT);
	IS(ZwCancelIoFileEx_(server, (IO_STATUS_BLOCK *)&o[0], &io) == NOT_FOUND);
	IS(ZwCancelIoFile_(server, &io) == 0);
	IS(!GetOverlappedResult(server, &o[1], &n, TRUE) &&
	   GetLastError() == ERROR_OPERATION_ABORTED);
	IS(ZwCancelIoFile_((HANDLE)0x7ffffff0, &io) == INVALID_HANDLE);
	/* a thread that is within a call */
	HANDLE t = CreateThread(NULL, 0, reader, NULL, 0, NULL);
	while (ZwCancelSynchronousIoFile_(t, NULL, &io) == NOT_FOUND)
		Sleep(1);
	WaitForSingleObject(t, INFINITE);
	IS(GetExitCodeThread(t, &code) && code == ERROR_OPERATION_ABORTED);
	IS(ZwCancelSynchronousIoFile_((HANDLE)0x7ffffff0, NULL, &io) == INVALID_HANDLE);
	CloseHandle(client);
	CloseHandle(server);
	done("cancelled");
}

static void
memory(void)
{
	void *p = NULL;
	SIZE_T n = 10000, got = 0;
	ULONG old = 0;
	MEMORY_BASIC_INFORMATION m;
	IS(ZwAllocateVirtualMemory_(SELF, &p, 0, &n, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE) ==
	           0 &&
	   p && n == 12288); /* whole pages */
	void *q = (BYTE *)p + 5000;
	SIZE_T one = 10;
	IS(ZwProtectVirtualMemory_(SELF, &q, &one, PAGE_READONLY, &old) == 0 &&
	   old == PAGE_READWRITE && q == (BYTE *)p + 4096 && one == 4096);
	IS(ZwQueryVirtualMemory_(SELF, q, 0, &m, sizeof m, &got) == 0 && got == sizeof m &&
	   m.Protect == PAGE_READONLY && m.RegionSize == 4096 && m.AllocationBase == p);
	IS(ZwQueryVirtualMemory_(SELF, q, 0, &m, 8, &got) == INFO_LENGTH);
	IS(ZwProtectVirtualMemory_(SELF, &q, &one, 0x77, &old) == (NTSTATUS)0xc0000045);
	n = 0;
	IS(ZwFreeVirtualMemory_(SELF, &p, &n, MEM_RELEASE) == 0);
	IS(ZwFreeVirtualMemory_(SELF, &p, &n, MEM_RELEASE) < 0);
	p = NULL, n = 4096;
	IS(ZwAllocateVirtualMemory_(SELF, &p, 0, &n, MEM_COMMIT, 0x77) == (NTSTATUS)0xc0000045);
	done("memory");
}

static volatile LONG turns, stop, elsewhere;

static DWORD WINAPI
turn(void *arg)
{
	(void)arg;
	while (!stop)
		turns++;
	return 7;
}

static void
led(void)
{
	elsewhere = 1;
	ExitThread(9);
}

static void
threads(void)
{
	static CONTEXT c;
	ULONG before = 99;
	DWORD code;
	HANDLE none = (HANDLE)0x7ffffff0,
	       t = CreateThread(NULL, 0, turn, NULL, CREATE_SUSPENDED, NULL);
	IS(NtAlertResumeThread_(t, &before) == 0 && before == 1);
	while (turns < 1000)
		Sleep(1);
	IS(ZwSuspendThread_(t, &before) == 0 && before == 0);
	IS(ZwSuspendThread_(t, &before) == 0 && before == 1);
	c.ContextFlags = CONTEXT_FULL;
	IS(ZwGetContextThread_(t, &c) == 0);
	LONG now = turns;
	IS(ZwResumeThread_(t, &before) == 0 && before == 2);
	Sleep(5);
	IS(turns == now); /* it was stopped twice */
	/* it goes on elsewhere */
	c.Rip = (DWORD64)led;
	c.Rsp = (c.Rsp & ~(DWORD64)15) - 0x208;
	IS(ZwSetContextThread_(t, &c) == 0);
	IS(ZwResumeThread_(t, &before) == 0 && before == 1);
	WaitForSingleObject(t, INFINITE);
	IS(elsewhere && GetExitCodeThread(t, &code) && code == 9);
	IS(ZwSuspendThread_(none, &before) == INVALID_HANDLE);
	IS(ZwResumeThread_(none, &before) == INVALID_HANDLE);
	IS(NtAlertResumeThread_(none, &before) == INVALID_HANDLE);
	IS(ZwGetContextThread_(none, &c) == INVALID_HANDLE);
	IS(ZwSetContextThread_(none, &c) == INVALID_HANDLE);
	CloseHandle(t);
	done("threads");
}

static PROCESS_INFORMATION
child(const WCHAR *how)
{
	WCHAR self[MAX_PATH], line[MAX_PATH + 50];
	STARTUPINFOW si = { .cb = sizeof si };
	PROCESS_INFORMATION pi = { 0 };
	GetModuleFileNameW(NULL, self, MAX_PATH);
	wsprintfW(line, L"\"%s\" %s", self, how);
	IS(CreateProcessW(self, line, NULL, NULL, FALSE, 0, NULL, NULL, &si, &pi));
	return pi;
}

static void
processes(void)
{
	OBJECT_ATTRIBUTES a = { .Length = sizeof a };
	struct {
		ULONG_PTR exit, peb, affinity, priority, id, parent;
	} basic = { 0 };
	ULONG need = 0, mode = 1;
	DWORD code = 0;
	ULONG_PTR id[2] = { GetCurrentProcessId(), 0 };
	HANDLE h = NULL, none = (HANDLE)0x7ffffff0;
	IS(ZwOpenProcess_(&h, PROCESS_QUERY_INFORMATION, &a, id) == 0 && h);
	IS(ZwQueryInformationProcess_(h, 0, &basic, sizeof basic, &need) == 0 &&
	   basic.id == id[0] && need == sizeof basic);
	IS(ZwQueryInformationProcess_(h, 0, &basic, 4, &need) == INFO_LENGTH);
	IS(ZwQueryInformationProcess_(none, 0, &basic, sizeof basic, &need) == INVALID_HANDLE);
	CloseHandle(h);
	id[0] = 0x7ffffff0; /* STATUS_INVALID_CID */
	IS(ZwOpenProcess_(&h, PROCESS_QUERY_INFORMATION, &a, id) == (NTSTATUS)0xc000000b);
	for (int i = 0; i < 2; i++) {
		NTSTATUS(NTAPI * set)
		(HANDLE, int, void *, ULONG) =
		        i ? ZwSetInformationProcess_ : NtSetInformationProcess_;
		IS(set(SELF, 12, &mode, sizeof mode) == 0); /* the mode of hard errors */
		IS(set(SELF, 9999, &mode, sizeof mode) == (NTSTATUS)0xc0000003);
		IS(set(none, 12, &mode, sizeof mode) == INVALID_HANDLE);
		IS(set(SELF, 12, &mode, 1) == INFO_LENGTH);
	}
	PROCESS_INFORMATION pi = child(L"wait");
	IS(ZwTerminateProcess_(pi.hProcess, 0x1234567) == 0);
	WaitForSingleObject(pi.hProcess, INFINITE);
	IS(GetExitCodeProcess(pi.hProcess, &code) && code == 0x1234567);
	IS(ZwTerminateProcess_(none, 1) == INVALID_HANDLE);
	pi = child(L"exit");
	WaitForSingleObject(pi.hProcess, INFINITE);
	IS(GetExitCodeProcess(pi.hProcess, &code) && code == 0xc0ffee);
	done("processes");
}

static volatile LONG raised;

static LONG CALLBACK
seen(EXCEPTION_POINTERS *p)
{
	if (p->ExceptionRecord->ExceptionCode != 0x20001)
		return EXCEPTION_CONTINUE_SEARCH;
	raised += (LONG)p->ExceptionRecord->ExceptionInformation[0];
	return EXCEPTION_CONTINUE_EXECUTION;
}

static void
exceptions(void)
{
	static CONTEXT c;
	void *v = AddVectoredExceptionHandler(1, seen);
	for (volatile int i = 0; i < 2; i++) {
		EXCEPTION_RECORD r = { .ExceptionCode = 0x20001,
			               .NumberParameters = 1,
			               .ExceptionInformation = { 5 } };
		volatile int again = 0;
		/* the handler lets it go on where the context says: behind here */
		RtlCaptureContext(&c);
		if (!again++) {
			c.ContextFlags = CONTEXT_FULL;
			(i ? ZwRaiseException_ : NtRaiseException_)(&r, &c, TRUE);
			IS(!"it comes back here");
		}
		IS(again == 2 && raised == 5 * (i + 1));
		again = 0;
		RtlCaptureContext(&c);
		if (!again++) {
			(i ? ZwContinue_ : NtContinue_)(&c, FALSE);
			IS(!"it comes back here");
		}
		IS(again == 2);
	}
	IS(RemoveVectoredExceptionHandler(v));
	done("raised and continued");
}

int
main(int n, char **args)
{
	HMODULE h = GetModuleHandleA("ntdll.dll");
#define F(name, ...)                                                                               \
	if (!(name##_ = (void *)GetProcAddress(h, #name)))                                         \
		return printf("no %s\n", #name), 1;
	FUNCTIONS
#undef F
	if (n > 1 && !strcmp(args[1], "wait"))
		Sleep(INFINITE);
	if (n > 1 && !strcmp(args[1], "exit"))
		RtlExitUserProcess_(0xc0ffee);
	files();
	folders();
	locks();
	cancelled();
	memory();
	threads();
	processes();
	exceptions();
	return 0;
}
