/* SPDX-License-Identifier: Apache-2.0 */
/* shell32_execute.c -- files that are opened: programs and batch files run, for others no program
 * is known. */
#include <stdlib.h>
#include <string.h>

#include "layer/api/dll/dll.h"
#include "layer/api/dll/kernel32_process.h"
#include "layer/api/nt/text/nls.h"

enum {
	SE_ERR_FNF = 2,
	SE_ERR_ACCESSDENIED = 5,
	SE_ERR_NOASSOC = 31,
	STARTED = 42, /* whatever is above 32 */
	ERROR_CANCELLED = 1223,
	ERROR_NO_ASSOCIATION = 1155,
	NOCLOSEPROCESS = 0x40,
	LONGEST = 32768,
};

struct SHELLEXECUTEINFOW {
	DWORD cbSize, fMask;
	HWND hwnd;
	const WCHAR *lpVerb, *lpFile, *lpParameters, *lpDirectory;
	int nShow;
	HMODULE hInstApp;
	void *lpIDList;
	const WCHAR *lpClass;
	HANDLE hkeyClass;
	DWORD dwHotKey;
	HANDLE hIcon, hProcess;
};
_Static_assert(sizeof(struct SHELLEXECUTEINFOW) == 112, "SHELLEXECUTEINFOW of x64");

WINAPI DWORD kernel32_SearchPathW(const WCHAR *path, const WCHAR *name, const WCHAR *extension,
                                  DWORD n, WCHAR *buffer, WCHAR **file);
WINAPI DWORD kernel32_GetFileAttributesW(const WCHAR *path);
WINAPI BOOL kernel32_CloseHandle(HANDLE h);
WINAPI BOOL kernel32_CreateProcessW(const WCHAR *application, WCHAR *line,
                                    struct SECURITY_ATTRIBUTES *process,
                                    struct SECURITY_ATTRIBUTES *thread, BOOL inherit, DWORD flags,
                                    void *environment, const WCHAR *current,
                                    struct STARTUPINFOEXW *info, struct PROCESS_INFORMATION *pi);

static bool
runs(const WCHAR *path)
{
	static const WCHAR *const ends[] = { u".exe", u".com", u".bat", u".cmd" };
	size_t n = nls_length(path);
	for (size_t i = 0; n > 4 && i < sizeof ends / sizeof *ends; i++)
		if (nls_equal(path + n - 4, ends[i]))
			return true;
	return false;
}

/* "path" parameters */
static WCHAR *
line_of(const WCHAR *path, const WCHAR *parameters)
{
	size_t n = nls_length(path), k = parameters ? nls_length(parameters) : 0;
	WCHAR *line = malloc((n + k + 4) * sizeof *line), *p = line;
	if (!line)
		return NULL;
	*p++ = '"';
	memcpy(p, path, n * sizeof *p);
	p += n;
	*p++ = '"';
	if (k) {
		*p++ = ' ';
		memcpy(p, parameters, k * sizeof *p);
		p += k;
	}
	*p = 0;
	return line;
}

/* The process (its handle is the caller's), or NULL with *code and the last error. */
static HANDLE
execute(const WCHAR *verb, const WCHAR *file, const WCHAR *parameters, const WCHAR *folder,
        int *code)
{
	struct STARTUPINFOEXW s = { 0 };
	struct PROCESS_INFORMATION pi = { 0 };
	WCHAR *path = malloc(LONGEST * sizeof *path), *line;
	DWORD n = path && file && *file
	                  ? kernel32_SearchPathW(NULL, file, u".exe", LONGEST, path, NULL)
	                  : 0;
	bool elevate = verb && nls_equal_ascii(verb, "runas");
	DWORD e = 0;
	*code = SE_ERR_NOASSOC;
	if (!n || n >= LONGEST) {
		*code = SE_ERR_FNF;
		e = ERROR_FILE_NOT_FOUND;
	} else if (elevate) { /* nobody is there who would agree */
		*code = SE_ERR_ACCESSDENIED;
		e = ERROR_CANCELLED;
	} else if (!runs(path) || (verb && *verb && !nls_equal_ascii(verb, "open"))) {
		e = ERROR_NO_ASSOCIATION;
	} else if ((line = line_of(path, parameters))) {
		s.cb = 104; /* STARTUPINFOW */
		if (!kernel32_CreateProcessW(NULL, line, NULL, NULL, FALSE, 0, NULL,
		                             folder && *folder ? folder : NULL, &s, &pi)) {
			e = teb()->LastErrorValue;
			*code = SE_ERR_ACCESSDENIED;
		}
		free(line);
	} else {
		e = ERROR_NOT_ENOUGH_MEMORY;
		*code = 8; /* SE_ERR_OOM */
	}
	free(path);
	if (e) {
		last_error(e);
		return NULL;
	}
	kernel32_CloseHandle(pi.hThread);
	*code = STARTED;
	return pi.hProcess;
}

WINAPI BOOL
shell32_ShellExecuteExW(struct SHELLEXECUTEINFOW *info)
{
	int code;
	if (!info || info->cbSize != sizeof *info)
		return refuse(ERROR_INVALID_PARAMETER);
	info->hProcess = NULL;
	HANDLE p =
	        execute(info->lpVerb, info->lpFile, info->lpParameters, info->lpDirectory, &code);
	info->hInstApp = (HMODULE)(uintptr_t)code;
	if (!p)
		return FALSE;
	if (info->fMask & NOCLOSEPROCESS)
		info->hProcess = p;
	else
		kernel32_CloseHandle(p);
	return TRUE;
}

/* The same structure with narrow strings. */
WINAPI BOOL
shell32_ShellExecuteExA(struct SHELLEXECUTEINFOW *info)
{
	if (!info || info->cbSize != sizeof *info)
		return refuse(ERROR_INVALID_PARAMETER);
	struct SHELLEXECUTEINFOW w = *info;
	WCHAR *verb = nls_wide_ansi((const char *)info->lpVerb),
	      *file = nls_wide_ansi((const char *)info->lpFile),
	      *parameters = nls_wide_ansi((const char *)info->lpParameters),
	      *folder = nls_wide_ansi((const char *)info->lpDirectory);
	w.lpVerb = verb;
	w.lpFile = file;
	w.lpParameters = parameters;
	w.lpDirectory = folder;
	BOOL ok = shell32_ShellExecuteExW(&w);
	info->hInstApp = w.hInstApp;
	info->hProcess = w.hProcess;
	free(verb);
	free(file);
	free(parameters);
	free(folder);
	return ok;
}

WINAPI HMODULE
shell32_ShellExecuteW(HWND owner, const WCHAR *verb, const WCHAR *file, const WCHAR *parameters,
                      const WCHAR *folder, int show)
{
	int code;
	(void)owner, (void)show;
	HANDLE p = execute(verb, file, parameters, folder, &code);
	if (p)
		kernel32_CloseHandle(p);
	return (HMODULE)(uintptr_t)code;
}

WINAPI HMODULE
shell32_ShellExecuteA(HWND owner, const char *verb, const char *file, const char *parameters,
                      const char *folder, int show)
{
	struct SHELLEXECUTEINFOW w = { .cbSize = sizeof w,
		                       .lpVerb = (const WCHAR *)(const void *)verb };
	(void)owner;
	w.lpFile = (const WCHAR *)(const void *)file;
	w.lpParameters = (const WCHAR *)(const void *)parameters;
	w.lpDirectory = (const WCHAR *)(const void *)folder;
	w.nShow = show;
	shell32_ShellExecuteExA(&w);
	return w.hInstApp;
}
