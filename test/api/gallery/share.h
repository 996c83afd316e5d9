/* share.h -- a program that starts itself again: each row of `parts` is what a child does, and
 * its code is what its function says.
 */
#include <windows.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct part {
	const char *name;
	int (*run)(int argc, char **argv);
};

/* A child that does this; its process, to be closed. */
static HANDLE
start(const char *what, ...)
{
	char self[MAX_PATH], line[1024];
	STARTUPINFOA si = { .cb = sizeof si };
	PROCESS_INFORMATION pi;
	va_list v;

	GetModuleFileNameA(NULL, self, sizeof self);
	int n = snprintf(line, sizeof line, "\"%s\" ", self);
	va_start(v, what);
	vsnprintf(line + n, sizeof line - (size_t)n, what, v);
	va_end(v);
	if (!CreateProcessA(NULL, line, NULL, NULL, TRUE, 0, NULL, NULL, &si, &pi)) {
		printf("no process: %lu\n", GetLastError());
		exit(99);
	}
	CloseHandle(pi.hThread);
	return pi.hProcess;
}

/* Its code, when it has ended. */
static int
end(HANDLE process)
{
	DWORD code = 0;

	WaitForSingleObject(process, INFINITE);
	GetExitCodeProcess(process, &code);
	CloseHandle(process);
	return (int)code;
}

static HANDLE
handle(const char *text)
{
	return (HANDLE)(UINT_PTR)strtoull(text, NULL, 16);
}

/* The part that this process was started for; -1: it is the first one. */
static int
part(const struct part *parts, int argc, char **argv)
{
	for (; argc > 1 && parts->name; parts++)
		if (strcmp(parts->name, argv[1]) == 0)
			return parts->run(argc - 2, argv + 2);
	return argc > 1 ? 98 : -1;
}
