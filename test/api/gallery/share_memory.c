/* SPDX-License-Identifier: Apache-2.0 */
// Memory of another process: VirtualAllocEx and its like.
// needs: joist mingw
// run: joist run --rm $GUEST
// expect: reserved where it is told 1, free before 10000, then 2000 20000 of 1
// expect: the same once more 487
// expect: committed 1, written 1, read 'there', protected 1 was 4, now 2
// expect: written over 0
// expect: it sees 't' 2, and changes it: 'T'
// expect: released 1, then 10000
// expect: only to be looked at: 5, 1
// expect: of one that has ended: 0 5
// expect: command lines: looks looks, of ours 1 1
// libs: -lntdll
#include "share.h"
#include <winternl.h>

static HANDLE go, done;

static void
meet(void)
{
	go = CreateEventA(NULL, FALSE, FALSE, "memory go");
	done = CreateEventA(NULL, FALSE, FALSE, "memory done");
}

static int
looks(int n, char **v)
{
	MEMORY_BASIC_INFORMATION m;
	DWORD old;
	(void)n;
	meet();
	SetEvent(done);
	WaitForSingleObject(go, INFINITE);
	char *at = (char *)handle(v[0]);
	VirtualQuery(at, &m, sizeof m);
	int code = *at << 8 | (int)m.Protect;
	VirtualProtect(at, 1, PAGE_READWRITE, &old);
	*at = 'T';
	SetEvent(done);
	WaitForSingleObject(go, INFINITE);
	return code;
}

static const struct part parts[] = { { "looks", looks }, { 0 } };

/* The last word but one of a command line: what the child is. */
static const char *
word(UNICODE_STRING *u, WCHAR *text, char out[16])
{
	WCHAR *name = wcsstr(text, L"looks");
	text[u->Length / 2] = 0;
	snprintf(out, 16, "%.5ls", name ? name : L"-");
	return out;
}

/* As debuggers and lists of processes read it, and as it is asked for. */
static void
command_line(HANDLE p, char read[16], char asked[16])
{
	PROCESS_BASIC_INFORMATION b = { 0 };
	RTL_USER_PROCESS_PARAMETERS q = { 0 };
	PEB peb = { 0 };
	WCHAR text[512] = L"";
	union {
		UNICODE_STRING u;
		WCHAR room[512];
	} a = { { 0 } };
	SIZE_T k;
	NtQueryInformationProcess(p, ProcessBasicInformation, &b, sizeof b, NULL);
	ReadProcessMemory(p, b.PebBaseAddress, &peb, sizeof peb, &k);
	ReadProcessMemory(p, peb.ProcessParameters, &q, sizeof q, &k);
	ReadProcessMemory(p, q.CommandLine.Buffer, text, q.CommandLine.Length, &k);
	word(&q.CommandLine, text, read);
	if (NtQueryInformationProcess(p, 60, &a, sizeof a, NULL) == 0)
		word(&a.u, a.u.Buffer, asked);
}

int
main(int argc, char **argv)
{
	int code = part(parts, argc, argv);
	MEMORY_BASIC_INFORMATION m, f;
	char text[8] = "";
	SIZE_T k;
	DWORD old = 0;

	if (code >= 0)
		return code;
	meet();
	/* a place that is free here is free there, too */
	char *want = VirtualAlloc(NULL, 1 << 20, MEM_RESERVE, PAGE_NOACCESS);
	VirtualFree(want, 0, MEM_RELEASE);
	HANDLE p = start("looks %llx", (unsigned long long)(UINT_PTR)want);
	WaitForSingleObject(done, INFINITE);
	VirtualQueryEx(p, want, &f, sizeof f);
	char *at = VirtualAllocEx(p, want, 1 << 20, MEM_RESERVE, PAGE_READWRITE);
	VirtualQueryEx(p, want, &m, sizeof m);
	printf("reserved where it is told %d, free before %lx, then %lx %lx of %d\n", at == want,
	       f.State, m.State, m.Type, m.RegionSize == 1 << 20);
	SetLastError(0);
	at = VirtualAllocEx(p, want, 1 << 20, MEM_RESERVE, PAGE_READWRITE);
	printf("the same once more %lu\n", at ? 0 : GetLastError());
	int committed = VirtualAllocEx(p, want, 4096, MEM_COMMIT, PAGE_READWRITE) == want;
	int written = WriteProcessMemory(p, want, "there", 5, &k) && k == 5;
	ReadProcessMemory(p, want, text, 5, &k);
	int protected = VirtualProtectEx(p, want, 4096, PAGE_READONLY, &old);
	VirtualQueryEx(p, want, &m, sizeof m);
	printf("committed %d, written %d, read '%s', protected %d was %lx, now %lx\n", committed,
	       written, text, protected, old, m.Protect);
	printf("written over %d\n", WriteProcessMemory(p, want, "x", 1, &k));
	SetEvent(go);
	WaitForSingleObject(done, INFINITE);
	ReadProcessMemory(p, want, text, 1, &k);
	int released = VirtualFreeEx(p, want, 0, MEM_RELEASE);
	VirtualQueryEx(p, want, &m, sizeof m);
	HANDLE look = OpenProcess(PROCESS_QUERY_INFORMATION, FALSE, GetProcessId(p));
	at = VirtualAllocEx(look, NULL, 1, MEM_RESERVE, PAGE_NOACCESS);
	DWORD refused = at ? 0 : GetLastError();
	int seen = VirtualQueryEx(look, want, &f, sizeof f) == sizeof f;
	HANDLE ended;
	DuplicateHandle(GetCurrentProcess(), p, GetCurrentProcess(), &ended, 0, FALSE,
	                DUPLICATE_SAME_ACCESS);
	char line[4][16] = { "", "", "", "" };
	HANDLE self = OpenProcess(PROCESS_QUERY_INFORMATION | PROCESS_VM_READ, FALSE,
	                          GetCurrentProcessId());
	command_line(p, line[0], line[1]);
	command_line(self, line[2], line[3]);
	SetEvent(go);
	code = end(p);
	printf("it sees '%c' %d, and changes it: '%c'\n", code >> 8, code & 0xff, text[0]);
	printf("released %d, then %lx\n", released, m.State);
	printf("only to be looked at: %lu, %d\n", refused, seen);
	at = VirtualAllocEx(ended, NULL, 1, MEM_RESERVE, PAGE_NOACCESS);
	printf("of one that has ended: %d %lu\n", at != NULL, GetLastError());
	printf("command lines: %s %s, of ours %d %d\n", line[0], line[1], line[2][0] == '-',
	       line[3][0] == '-');
	return 0;
}
