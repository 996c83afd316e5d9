/* SPDX-License-Identifier: Apache-2.0 */
// What programs that were ported to Windows count on: that a variable that is not there can be
// removed, what the errors of loops, folders and missing paths are, the protocol of a local socket,
// an address that is too short, polls that end each other, and a message that is too long, which
// is told once; functions that are looked for in KERNEL32.dll and ntdll.dll by their names, and
// a list of attributes that was never made.
// needs: joist mingw
// libs: -lws2_32 -lntdll
// run: joist run --rm $GUEST
// expect: variables: ok
// expect: errors of paths: ok
// expect: a local socket: ok
// expect: a short address: ok
// expect: polls: ok
// expect: told once: ok
// expect: names: ok
// expect: other places: ok
// expect: no serial ports: ok
// expect: tables of the network: ok
#define _WIN32_WINNT 0x0A00
#include <winsock2.h>
#include <ws2tcpip.h>
#include <iphlpapi.h>
#include "check.h"
#include <stdint.h>
#include <winternl.h>

#define WSA(e, code) (WSASetLastError(0), IS(e), IS(WSAGetLastError() == (code)))

struct poll_info {
	LARGE_INTEGER timeout;
	ULONG count, exclusive;
	HANDLE h;
	ULONG events;
	LONG status;
};

static NTSTATUS(NTAPI *control)(HANDLE, HANDLE, void *, void *, IO_STATUS_BLOCK *, ULONG, void *,
                                ULONG, void *, ULONG);

int main(void);

static void
variables(void)
{
	IS(SetEnvironmentVariableW(L"JOIST_NEVER_SET", NULL));
	IS(SetEnvironmentVariableA("JOIST_NEVER_SET", NULL));
	IS(SetEnvironmentVariableA("JOIST_SET", "1") && SetEnvironmentVariableA("JOIST_SET", NULL));
	ERR(GetEnvironmentVariableA("JOIST_SET", NULL, 0), ERROR_ENVVAR_NOT_FOUND);
	ERR(SetEnvironmentVariableW(L"A=B", NULL), ERROR_INVALID_PARAMETER);
	done("variables");
}

static HANDLE
open_it(const char *name, DWORD how, DWORD flags)
{
	return CreateFileA(name, GENERIC_WRITE, 7, NULL, how, flags, NULL);
}

static void
paths(void)
{
	char temp[MAX_PATH];
	DWORD a, b, c, d;
	ULARGE_INTEGER u;
	GetTempPathA(sizeof temp, temp);
	IS(SetCurrentDirectoryA(temp));
	IS(CreateSymbolicLinkA("loop", "loop", SYMBOLIC_LINK_FLAG_ALLOW_UNPRIVILEGED_CREATE));
	ERR(open_it("loop", OPEN_EXISTING, 0) != INVALID_HANDLE_VALUE, ERROR_CANT_RESOLVE_FILENAME);
	HANDLE h = open_it("loop", OPEN_EXISTING, FILE_FLAG_OPEN_REPARSE_POINT);
	IS(h != INVALID_HANDLE_VALUE && CloseHandle(h) && DeleteFileA("loop"));
	IS(CreateDirectoryA("folder", NULL));
	ERR(open_it("folder", CREATE_ALWAYS, FILE_FLAG_BACKUP_SEMANTICS) != INVALID_HANDLE_VALUE,
	    ERROR_FILE_EXISTS);
	ERR(open_it("folder", CREATE_NEW, FILE_FLAG_BACKUP_SEMANTICS) != INVALID_HANDLE_VALUE,
	    ERROR_FILE_EXISTS);
	IS(RemoveDirectoryA("folder"));
	ERR(GetDiskFreeSpaceA("nothing", &a, &b, &c, &d), ERROR_FILE_NOT_FOUND);
	ERR(GetDiskFreeSpaceExA("nothing", &u, NULL, NULL), ERROR_PATH_NOT_FOUND);
	ERR(GetDiskFreeSpaceA("nothing\\more", &a, &b, &c, &d), ERROR_PATH_NOT_FOUND);
	done("errors of paths");
}

static void
local(void)
{
	static const GUID provider = {
		0xa00943d9, 0x9c2e, 0x4633, { 0x9b, 0x59, 0x00, 0x57, 0xa3, 0x16, 0x09, 0x94 }
	};
	WSAPROTOCOL_INFOW p;
	int n = sizeof p;
	SOCKET s = socket(AF_UNIX, SOCK_STREAM, 0);
	IS(!getsockopt(s, SOL_SOCKET, SO_PROTOCOL_INFOW, (char *)&p, &n) && n == sizeof p);
	IS(p.iAddressFamily == AF_UNIX && p.iSocketType == SOCK_STREAM && p.iMaxSockAddr == 110);
	IS(!memcmp(&p.ProviderId, &provider, sizeof provider) && !wcscmp(p.szProtocol, L"AF_UNIX"));
	closesocket(s);
	s = socket(AF_INET6, SOCK_DGRAM, 0);
	IS(!getsockopt(s, SOL_SOCKET, SO_PROTOCOL_INFOW, (char *)&p, &n));
	IS(p.ProviderId.Data1 == 0xf9eab0c0 && p.iProtocol == IPPROTO_UDP);
	closesocket(s);
	done("a local socket");
}

static void
short_address(void)
{
	struct sockaddr_in a = { .sin_family = AF_INET };
	struct sockaddr_in6 b = { .sin6_family = AF_INET6 };
	SOCKET s = socket(AF_INET6, SOCK_STREAM, 0);
	WSA(bind(s, (struct sockaddr *)&a, sizeof a) == SOCKET_ERROR, WSAEFAULT);
	closesocket(s);
	s = socket(AF_INET, SOCK_STREAM, 0);
	WSA(bind(s, (struct sockaddr *)&b, sizeof b) == SOCKET_ERROR, WSAEAFNOSUPPORT);
	closesocket(s);
	done("a short address");
}

static void
polls(void)
{
	UNICODE_STRING name;
	OBJECT_ATTRIBUTES at;
	IO_STATUS_BLOCK io, one = { 0 }, two = { 0 }, loose = { 0 };
	HANDLE h;
	WCHAR text[] = L"\\Device\\Afd\\Test";
	name.Buffer = text;
	name.Length = (USHORT)(2 * wcslen(text));
	name.MaximumLength = name.Length;
	InitializeObjectAttributes(&at, &name, 0, NULL, NULL);
	IS(!NtCreateFile(&h, SYNCHRONIZE, &at, &io, NULL, 0, 3, FILE_OPEN, 0, NULL, 0));
	HANDLE port = CreateIoCompletionPort(h, NULL, 3, 0);
	SOCKET s = socket(AF_INET, SOCK_STREAM, 0);
	struct poll_info p = { .count = 1, .exclusive = TRUE, .h = (HANDLE)s, .events = 1 }, q = p,
	                 r = p;
	p.timeout.QuadPart = q.timeout.QuadPart = r.timeout.QuadPart = INT64_MAX;
	r.exclusive = FALSE;
	DWORD n;
	ULONG_PTR key;
	OVERLAPPED *o = NULL;
	IS(control(h, NULL, NULL, &loose, &loose, 0x12024, &r, sizeof r, &r, sizeof r) == 0x103);
	IS(control(h, NULL, NULL, &one, &one, 0x12024, &p, sizeof p, &p, sizeof p) == 0x103);
	IS(!GetQueuedCompletionStatus(port, &n, &key, &o, 0) && !o);
	IS(control(h, NULL, NULL, &two, &two, 0x12024, &q, sizeof q, &q, sizeof q) == 0x103);
	/* the first one only: the second waits, and so does the one that is not exclusive */
	ERR(GetQueuedCompletionStatus(port, &n, &key, &o, 5000), ERROR_OPERATION_ABORTED);
	IS(o == (void *)&one && one.Status == (NTSTATUS)0xc0000120);
	IS(!GetQueuedCompletionStatus(port, &n, &key, &o, 0) && !o);
	closesocket(s);
	int seen = 0;
	for (int i = 0; i < 2 && GetQueuedCompletionStatus(port, &n, &key, &o, 5000); i++)
		seen |= o == (void *)&two ? 1 : o == (void *)&loose ? 2 : 4;
	IS(seen == 3);
	CloseHandle(h);
	CloseHandle(port);
	done("polls");
}

/* libuv receives so: a call that says at once that the message is longer is not told again. */
static void
once(void)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int size = sizeof a;
	SOCKET s = socket(AF_INET, SOCK_DGRAM, 0), to = socket(AF_INET, SOCK_DGRAM, 0);
	char byte;
	WSABUF b = { 0, &byte };
	struct {
		WSABUF *buffers;
		ULONG count, afd, tdi;
	} in = { &b, 1, 2, 0x20 | 0x80 }; /* overlapped; TDI_RECEIVE_NORMAL and _PEEK */
	IO_STATUS_BLOCK io = { 0 };
	OVERLAPPED *o, v = { 0 };
	DWORD n, flags = 0;
	ULONG_PTR key;
	IS(!bind(to, (struct sockaddr *)&a, size) &&
	   !getsockname(to, (struct sockaddr *)&a, &size));
	HANDLE port = CreateIoCompletionPort((HANDLE)to, NULL, 3, 0);
	IS(SetFileCompletionNotificationModes((HANDLE)to, FILE_SKIP_COMPLETION_PORT_ON_SUCCESS |
	                                                          FILE_SKIP_SET_EVENT_ON_HANDLE));
	IS(sendto(s, "long", 4, 0, (struct sockaddr *)&a, size) == 4);
	IS(control((HANDLE)to, NULL, NULL, &io, &io, 0x12017, &in, sizeof in, NULL, 0) ==
	   (NTSTATUS)0x80000005);
	IS(!GetQueuedCompletionStatus(port, &n, &key, &o, 0) && !o);
	/* Winsock says that it comes later, and so it has to */
	WSA(WSARecv(to, &b, 1, &n, &flags, &v, NULL) == SOCKET_ERROR, WSA_IO_PENDING);
	IS(!GetQueuedCompletionStatus(port, &n, &key, &o, 5000) && o == &v);
	IS(!GetQueuedCompletionStatus(port, &n, &key, &o, 0) && !o);
	closesocket(s), closesocket(to);
	CloseHandle(port);
	done("told once");
}

static FARPROC
of(const char *dll, const char *name)
{
	FARPROC p = GetProcAddress(LoadLibraryA(dll), name);
	if (!p)
		printf("no %s of %s\n", name, dll);
	return p;
}
#define CALL(dll, result, name, ...) ((result(WINAPI *)(__VA_ARGS__))(void *)of(dll, #name))

/* .NET frees what it asked for with W by the name without a letter. */
static void
names(void)
{
	ADDRINFOEXA hints = { .ai_flags = AI_CANONNAME, .ai_family = AF_INET }, *l = NULL;
	ADDRINFOEXW *w = NULL;
	OVERLAPPED o = { 0 };
	static const char dll[] = "ws2_32";
	INT(WSAAPI * ask)
	(const char *, const char *, DWORD, GUID *, const ADDRINFOEXA *, ADDRINFOEXA **,
	 struct timeval *, OVERLAPPED *, void *, HANDLE *) = (void *)of(dll, "GetAddrInfoExA");
	IS(!ask("127.0.0.1", "80", NS_DNS, NULL, &hints, &l, NULL, NULL, NULL, NULL) && l);
	IS(!strcmp(l->ai_canonname, "127.0.0.1"));
	IS(((struct sockaddr_in *)l->ai_addr)->sin_port == htons(80));
	CALL(dll, void, FreeAddrInfoEx, void *)(l);
	WSA(ask("127.0.0.1", "80", NS_DNS, NULL, &hints, &l, NULL, &o, NULL, NULL) == WSAEINVAL,
	    WSAEINVAL);
	IS(!GetAddrInfoExW(L"127.0.0.1", L"80", NS_DNS, NULL, NULL, &w, NULL, NULL, NULL, NULL));
	CALL(dll, void, FreeAddrInfoEx, void *)(w);
	done("names");
}

static void
places(void)
{
	char text[64], bytes[8] = "abcdefg";
	WCHAR wide[64], before[MAX_PATH], now[MAX_PATH];
	static const char *const has[] = { "kernel32", "version" };
	for (int i = 0; i < 2; i++) {
		DWORD n = CALL(has[i], DWORD, VerLanguageNameA, DWORD, char *, DWORD)(0x409, text,
		                                                                      64);
		IS(n == strlen("English (United States)") &&
		   !strcmp(text, "English (United States)"));
		IS(CALL(has[i], DWORD, VerLanguageNameW, DWORD, WCHAR *, DWORD)(0x409, wide, 64) ==
		   n);
		IS(!wcscmp(wide, L"English (United States)"));
		IS(CALL(has[i], DWORD, VerLanguageNameA, DWORD, char *, DWORD)(0x409, text, 8) ==
		   n);
		IS(!strcmp(text, "English"));
	}
	static const char *const both[] = { "kernel32", "ntdll" };
	for (int i = 0; i < 2; i++) {
		CALL(both[i], void, RtlMoveMemory, void *, const void *, SIZE_T)
		(bytes + 1, bytes, 6);
		IS(!memcmp(bytes, "aabcdef", 8));
		CALL(both[i], void, RtlCopyMemory, void *, const void *, SIZE_T)(bytes, "xyz", 2);
		CALL(both[i], void, RtlFillMemory, void *, SIZE_T, int)(bytes + 2, 3, '-');
		CALL(both[i], void, RtlZeroMemory, void *, SIZE_T)(bytes + 5, 2);
		IS(!memcmp(bytes, "xy---\0\0", 8));
		memcpy(bytes, "abcdefg", 8);
	}
	UNICODE_STRING u = { 22, 24, L"C:\\Windows\\more" };
	NTSTATUS(NTAPI * set)(UNICODE_STRING *) = (void *)of("ntdll", "RtlSetCurrentDirectory_U");
	GetCurrentDirectoryW(MAX_PATH, before);
	IS(!set(&u) && GetCurrentDirectoryW(MAX_PATH, now) == 10 && !wcscmp(now, L"C:\\Windows"));
	u.Length = 32;
	IS(set(&u) < 0 && SetCurrentDirectoryW(before));
	DeleteProcThreadAttributeList(NULL);
	DWORD controls[2] = { 8, 0x4000 };
	BOOL(WINAPI * init)(const DWORD *) = (void *)of("comctl32", "InitCommonControlsEx");
	IS(init(controls));
	controls[0] = 4;
	ERR(init(controls), ERROR_INVALID_PARAMETER);
	done("other places");
}

static void
serial(HANDLE h, DWORD why)
{
	DCB dcb;
	COMMTIMEOUTS times;
	COMMPROP properties;
	DWORD n;
	ERR(GetCommState(h, &dcb), why);
	ERR(SetCommState(h, &dcb), why);
	ERR(GetCommTimeouts(h, &times), why);
	ERR(SetCommTimeouts(h, &times), why);
	ERR(GetCommMask(h, &n), why);
	ERR(SetCommMask(h, EV_RXCHAR), why);
	ERR(GetCommModemStatus(h, &n), why);
	ERR(GetCommProperties(h, &properties), why);
	ERR(ClearCommError(h, &n, NULL), why);
	ERR(EscapeCommFunction(h, SETDTR), why);
	ERR(PurgeComm(h, PURGE_RXCLEAR), why);
	ERR(SetupComm(h, 64, 64), why);
	ERR(SetCommBreak(h), why);
	ERR(ClearCommBreak(h), why);
	ERR(TransmitCommChar(h, 'x'), why);
	ERR(WaitCommEvent(h, &n, NULL), why);
}

static void
ports(void)
{
	HANDLE h = CreateFileA("NUL", GENERIC_READ, 0, NULL, OPEN_EXISTING, 0, NULL);
	serial(h, ERROR_INVALID_FUNCTION);
	CloseHandle(h);
	serial(INVALID_HANDLE_VALUE, ERROR_INVALID_HANDLE);
	ERR(CreateFileA("COM1", GENERIC_READ, 0, NULL, OPEN_EXISTING, 0, NULL) !=
	            INVALID_HANDLE_VALUE,
	    ERROR_FILE_NOT_FOUND);
	done("no serial ports");
}

static void
network(void)
{
	static char rows[65536];
	static const char dll[] = "iphlpapi";
	MIB_IFTABLE *t = (MIB_IFTABLE *)rows;
	DWORD n = 0;
	ULONG size = 0;
	OVERLAPPED o = { 0 };
	HANDLE h = &o;
	IS(!CALL(dll, DWORD, GetNumberOfInterfaces, DWORD *)(&n));
	DWORD(WINAPI * table)(void *, ULONG *, BOOL) = (void *)of(dll, "GetIfTable");
	IS(n && table(NULL, &size, TRUE) == ERROR_INSUFFICIENT_BUFFER && size > sizeof(MIB_IFROW));
	size = sizeof rows;
	IS(!table(rows, &size, TRUE) && t->dwNumEntries == n);
	int loopback = 0;
	for (DWORD i = 0; i < n; i++) {
		MIB_IFROW one = { .dwIndex = t->table[i].dwIndex };
		IS(!CALL(dll, DWORD, GetIfEntry, MIB_IFROW *)(&one));
		IS(!memcmp(&one, &t->table[i], sizeof one) && one.dwIndex);
		loopback |= one.dwType == MIB_IF_TYPE_LOOPBACK;
	}
	MIB_IFROW none = { .dwIndex = 0xffff };
	IS(CALL(dll, DWORD, GetIfEntry, MIB_IFROW *)(&none) == ERROR_INVALID_DATA);
	IS(loopback);
	MIB_IPADDRTABLE *a = (MIB_IPADDRTABLE *)rows;
	size = 0;
	table = (void *)of(dll, "GetIpAddrTable");
	IS(table(NULL, &size, TRUE) == ERROR_INSUFFICIENT_BUFFER && size >= 4 + sizeof *a->table);
	IS(!table(rows, &size, TRUE));
	int own = 0;
	for (DWORD i = 0; i < a->dwNumEntries; i++)
		own |= a->table[i].dwAddr == htonl(INADDR_LOOPBACK) &&
		       a->table[i].dwMask == htonl(0xff000000) && a->table[i].dwIndex;
	IS(own);
	IS(CALL(dll, DWORD, GetFriendlyIfIndex, DWORD)(0x12345678) == 0x345678);
	done("tables of the network");
}

int
main(void)
{
	WSADATA w;
	WSAStartup(0x202, &w);
	control = (void *)GetProcAddress(GetModuleHandleA("ntdll"), "NtDeviceIoControlFile");
	variables();
	paths();
	local();
	short_address();
	polls();
	once();
	names();
	places();
	ports();
	network();
	return 0;
}
