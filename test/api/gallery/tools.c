/* SPDX-License-Identifier: Apache-2.0 */
// Programs of System32 that are commands of the built-in cmd, started as programs: where, sort,
// findstr, tasklist, taskkill.
// needs: joist mingw
// libs: -lpsapi
// run: cd $W && joist run --rm $GUEST
// expect: where: 0 'C:\Windows\System32\findstr.EXE'
// expect: sort: 0 'a|b'
// expect: findstr, its signs as they are: 0 'x&y>z'
// expect: a file that is there 1, no such one 2
// expect: tasklist: 0, of the child 1
// expect: its memory: more than a megabyte 1
// expect: taskkill without force 1, alive 258
// expect: taskkill of a tree: 0, 2 ended, code 1
// expect: taskkill by name: 128
#include "share.h"
#include <psapi.h>

/* The exit code of a line, and what it wrote: line ends as '|'. */
static int
output(const char *program, const char *line, char out[2048])
{
	SECURITY_ATTRIBUTES sa = { sizeof sa, NULL, TRUE };
	STARTUPINFOA si = { .cb = sizeof si, .dwFlags = STARTF_USESTDHANDLES };
	PROCESS_INFORMATION pi;
	HANDLE r, w;
	DWORD k, n = 0;
	char copy[256];
	snprintf(copy, sizeof copy, "%s", line);
	CreatePipe(&r, &w, &sa, 0);
	si.hStdOutput = si.hStdError = w;
	if (!CreateProcessA(program, copy, NULL, NULL, TRUE, 0, NULL, NULL, &si, &pi))
		return -(int)GetLastError();
	CloseHandle(w);
	while (n < 2047 && ReadFile(r, out + n, 2047 - n, &k, NULL) && k)
		n += k;
	CloseHandle(r);
	CloseHandle(pi.hThread);
	while (n && (out[n - 1] == '\n' || out[n - 1] == '\r'))
		n--;
	out[n] = 0;
	for (char *p = out, *q = out;; p++)
		if (*p != '\r' && !(*q++ = (char)(*p == '\n' ? '|' : *p)))
			break;
	return end(pi.hProcess);
}

static int
sleeps(int n, char **v)
{
	(void)v;
	HANDLE ready = OpenEventA(EVENT_MODIFY_STATE, FALSE, "tools ready");
	HANDLE child = n ? start("sleeps") : NULL;
	if (!n)
		SetEvent(ready);
	Sleep(60000);
	CloseHandle(child);
	return 0;
}

static const struct part parts[] = { { "sleeps", sleeps }, { 0 } };

static void
write_file(const char *name, const char *text)
{
	DWORD k;
	HANDLE h = CreateFileA(name, GENERIC_WRITE, 0, NULL, CREATE_ALWAYS, 0, NULL);
	WriteFile(h, text, (DWORD)strlen(text), &k, NULL);
	CloseHandle(h);
}

int
main(int argc, char **argv)
{
	int code = part(parts, argc, argv);
	char out[2048], line[256];
	PROCESS_MEMORY_COUNTERS m = { 0 };

	if (code >= 0)
		return code;
	setvbuf(stdout, NULL, _IONBF, 0);
	code = output(NULL, "where findstr", out);
	printf("where: %d '%s'\n", code, out);
	write_file("tools.txt", "b\r\na\r\n");
	code = output("C:\\Windows\\System32\\sort.exe", "any tools.txt", out);
	printf("sort: %d '%s'\n", code, out);
	write_file("tools.txt", "x&y>z\r\nelse\r\n");
	code = output(NULL, "findstr.exe \"y>z\" tools.txt", out);
	printf("findstr, its signs as they are: %d '%s'\n", code, out);
	DWORD there = GetFileAttributesA("C:\\Windows\\System32\\taskkill.exe");
	printf("a file that is there %d, no such one %d\n", there != INVALID_FILE_ATTRIBUTES,
	       -output("C:\\Windows\\System32\\none.exe", "none", out));

	HANDLE ready = CreateEventA(NULL, FALSE, FALSE, "tools ready");
	HANDLE p = start("sleeps with");
	DWORD id = GetProcessId(p);
	WaitForSingleObject(ready, 10000);
	snprintf(line, sizeof line, "tasklist /fo csv /nh /fi \"PID eq %lu\"", id);
	code = output(NULL, line, out);
	snprintf(line, sizeof line, "\",\"%lu\",\"Console\",\"1\",\"", id);
	printf("tasklist: %d, of the child %d\n", code,
	       strstr(out, line) != NULL && !strchr(out, '|'));
	GetProcessMemoryInfo(p, &m, sizeof m);
	printf("its memory: more than a megabyte %d\n", m.WorkingSetSize > 1 << 20);
	snprintf(line, sizeof line, "taskkill /pid %lu", id);
	code = output(NULL, line, out);
	printf("taskkill without force %d, alive %lu\n", code, WaitForSingleObject(p, 0));
	snprintf(line, sizeof line, "taskkill /T /F /PID %lu", id);
	code = output(NULL, line, out);
	int lines = 0;
	for (const char *q = out; (q = strstr(q, "SUCCESS: ")); q++)
		lines++;
	printf("taskkill of a tree: %d, %d ended, code %d\n", code, lines, end(p));
	printf("taskkill by name: %d\n", output(NULL, "taskkill /F /IM none.exe", out));
	return 0;
}
