/* SPDX-License-Identifier: Apache-2.0 */
/* ucrtbase_process.c -- other programs: _spawn, _exec, system, _popen, and modules.
 *
 * Arguments are joined by spaces as they are: who needs quotation marks writes them, as on
 * Windows.  A program that is overlaid by another waits for it and ends with its code.
 */
#include "layer/api/dll/dll.h"
#include "layer/api/dll/ucrtbase.h"
#include "layer/api/nt/text/nls.h"

#include <string.h>

enum { MODE_WAIT, MODE_NOWAIT, MODE_OVERLAY, MODE_NOWAIT_O, MODE_DETACH };

struct startup_info {
	DWORD cb;
	WCHAR *reserved, *desktop, *title;
	DWORD x, y, width, height, columns, rows, fill, flags;
	WORD show, reserved2_size;
	void *reserved2;
	HANDLE in, out, err;
};

struct process_information {
	HANDLE process, thread;
	DWORD process_id, thread_id;
};

WINAPI WCHAR *ucrtbase__wgetenv(const WCHAR *name);

static bool is_cmd(const WCHAR *name);

static BOOL
create(const WCHAR *program, WCHAR *line, void *env, DWORD flags, struct startup_info *si,
       struct process_information *pi)
{
	static _Atomic uintptr_t known;
	uintptr_t f = ucrtbase_late_find(&known, "CreateProcessW");
	if (!f)
		return FALSE;
	if (program && is_cmd(program))
		program = NULL;
	return ((BOOL(WINAPI *)(const WCHAR *, WCHAR *, void *, void *, BOOL, DWORD, void *,
	                        const WCHAR *, struct startup_info *,
	                        struct process_information *))f)(
	        program, line, NULL, NULL, TRUE, flags | 0x400 /* CREATE_UNICODE_ENVIRONMENT */,
	        env, NULL, si, pi);
}

static DWORD
wait_for(HANDLE h)
{
	DWORD code = (DWORD)-1;
	kernel32_WaitForSingleObject(h, INFINITE);
	kernel32_GetExitCodeProcess(h, &code);
	return code;
}

/* Strings of a list, each followed by `between`; a zero more at the end. */
static WCHAR *
join(const WCHAR *const *list, WCHAR between)
{
	size_t n = 2, j = 0;
	for (size_t i = 0; list[i]; i++)
		n += crt_wcslen(list[i]) + 1;
	WCHAR *out = crt_alloc(n * sizeof *out);
	if (!out)
		return NULL;
	for (size_t i = 0; list[i]; i++) {
		size_t m = crt_wcslen(list[i]);
		if (i > 0)
			out[j++] = between;
		memcpy(out + j, list[i], m * sizeof *out);
		j += m;
	}
	out[j] = 0;
	out[j + 1] = 0;
	return out;
}

static bool
has(const WCHAR *s, const char *set)
{
	for (; *s; s++)
		for (const char *p = set; *p; p++)
			if (*s == (WCHAR)*p)
				return true;
	return false;
}

/* The name as it is, or with an extension that makes it a file. */
static bool
with_extension(WCHAR *name, size_t n)
{
	static const char *const kinds[] = { ".com", ".exe", ".bat", ".cmd" };
	const WCHAR *last = name;
	for (const WCHAR *p = name; *p; p++)
		if (*p == '/' || *p == '\\')
			last = p;
	DWORD a = kernel32_GetFileAttributesW(name);
	if (has(last, "."))
		return a != 0xffffffff && !(a & 0x10);
	for (size_t k = 0; k < 4; k++) {
		for (size_t i = 0; i <= 4; i++)
			name[n + i] = (WCHAR)kinds[k][i];
		a = kernel32_GetFileAttributesW(name);
		if (a != 0xffffffff && !(a & 0x10))
			return true;
	}
	name[n] = 0;
	return false;
}

/* cmd.exe is a part of Joist: there is no file, and CreateProcess finds it by its name. */
static bool
is_cmd(const WCHAR *name)
{
	const WCHAR *base = name;
	for (const WCHAR *p = name; *p; p++)
		if (*p == '/' || *p == '\\')
			base = p + 1;
	return nls_equal_ascii(base, "cmd") || nls_equal_ascii(base, "cmd.exe");
}

/* The file that a name means; to be freed. */
static WCHAR *
find_program(const WCHAR *name, bool search)
{
	if (is_cmd(name)) {
		size_t size = (crt_wcslen(name) + 1) * sizeof *name;
		WCHAR *copy = crt_alloc(size);
		return copy ? memcpy(copy, name, size) : NULL;
	}
	size_t n = crt_wcslen(name), room = n + 1024;
	WCHAR *out = crt_alloc((room + 16) * sizeof *out);
	if (!out)
		return NULL;
	memcpy(out, name, (n + 1) * sizeof *out);
	if (with_extension(out, n))
		return out;
	const WCHAR *path = search && !has(name, "/\\:") ? ucrtbase__wgetenv(u"PATH") : NULL;
	while (path && *path) {
		const WCHAR *end = path;
		while (*end && *end != ';')
			end++;
		size_t m = (size_t)(end - path);
		if (m > 0 && m < 1000) {
			memcpy(out, path, m * sizeof *out);
			if (out[m - 1] != '\\' && out[m - 1] != '/')
				out[m++] = '\\';
			memcpy(out + m, name, (n + 1) * sizeof *out);
			if (with_extension(out, m + n))
				return out;
		}
		path = *end ? end + 1 : end;
	}
	crt_free(out);
	crt_thread.dos_error = 2;
	crt_error(ENOENT);
	return NULL;
}

intptr_t
ucrtbase_process_spawn(int mode, const WCHAR *name, const WCHAR *const *args,
                       const WCHAR *const *env, bool search)
{
	struct startup_info si = { .cb = sizeof si };
	struct process_information pi = { 0 };
	REQUIRE(name && *name && args && args[0] && mode >= MODE_WAIT && mode <= MODE_DETACH, -1);
	size_t size = 0;
	WCHAR *program = find_program(name, search), *line = program ? join(args, ' ') : NULL;
	WCHAR *block = line && env ? join(env, 0) : NULL;
	intptr_t r = -1;
	ucrtbase_stream_flush_all();
	si.reserved2 = line ? ucrtbase_fd_inherit(&size) : NULL;
	si.reserved2_size = (WORD)size;
	if (line && !create(program, line, block, mode == MODE_DETACH ? 8 : 0, &si, &pi)) {
		crt_dos_error(kernel32_GetLastError());
	} else if (line) {
		kernel32_CloseHandle(pi.thread);
		if (mode == MODE_OVERLAY)
			ucrtbase__exit((int)wait_for(pi.process));
		if (mode == MODE_WAIT) {
			r = (int)wait_for(pi.process);
			kernel32_CloseHandle(pi.process);
		} else if (mode == MODE_DETACH) {
			kernel32_CloseHandle(pi.process);
			r = 0;
		} else {
			r = (intptr_t)pi.process;
		}
	}
	crt_free(si.reserved2);
	crt_free(block);
	crt_free(line);
	crt_free(program);
	return r;
}

static WCHAR **
widen(const char *const *list)
{
	size_t n = 0;
	while (list[n])
		n++;
	WCHAR **out = crt_zalloc((n + 1) * sizeof *out);
	for (size_t i = 0; out && i < n; i++)
		out[i] = crt_wide(crt_acp(), list[i]);
	return out;
}

static void
free_list(WCHAR **list)
{
	for (size_t i = 0; list && list[i]; i++)
		crt_free(list[i]);
	crt_free(list);
}

intptr_t
ucrtbase_process_spawn_narrow(int mode, const char *name, const char *const *args,
                              const char *const *env, bool search)
{
	REQUIRE(name && args, -1);
	WCHAR *n = crt_wide(crt_acp(), name), **a = widen(args), **e = env ? widen(env) : NULL;
	intptr_t r = n && a ? ucrtbase_process_spawn(mode, n, (const WCHAR *const *)a,
	                                             (const WCHAR *const *)e, search)
	                    : -1;
	crt_free(n);
	free_list(a);
	free_list(e);
	return r;
}

WINAPI intptr_t
ucrtbase__cwait(int *status, intptr_t process, int action)
{
	(void)action;
	if (process == -1 || process == -2) {
		crt_thread.dos_error = ERROR_INVALID_HANDLE;
		return crt_error(ECHILD);
	}
	DWORD code;
	kernel32_WaitForSingleObject((HANDLE)process, INFINITE);
	if (!kernel32_GetExitCodeProcess((HANDLE)process, &code)) {
		crt_thread.dos_error = kernel32_GetLastError();
		return crt_error(ECHILD);
	}
	kernel32_CloseHandle((HANDLE)process);
	if (status)
		*status = (int)code;
	return process;
}

/* -- the command interpreter ---------------------------------------------------------------- */

/* COMSPEC, or cmd.exe where it is found. */
static const WCHAR *
interpreter(void)
{
	const WCHAR *s = ucrtbase__wgetenv(u"COMSPEC");
	return s && *s ? s : u"cmd.exe";
}

WINAPI int
ucrtbase__wsystem(const WCHAR *command)
{
	const WCHAR *shell = interpreter();
	if (!command) {
		WCHAR *p = find_program(shell, true);
		crt_free(p);
		return p != NULL;
	}
	const WCHAR *args[] = { shell, u"/c", command, NULL };
	return (int)ucrtbase_process_spawn(MODE_WAIT, shell, args, NULL, true);
}

WINAPI int
ucrtbase_system(const char *command)
{
	WCHAR *w = command ? crt_wide(crt_acp(), command) : NULL;
	int r = command && !w ? -1 : ucrtbase__wsystem(w);
	crt_free(w);
	return r;
}

enum { PIPES = 64 };

static struct {
	FILE_ *f;
	HANDLE process;
} pipes[PIPES];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static bool
remember(FILE_ *f, HANDLE process)
{
	bool good = false;
	pthread_mutex_lock(&lock);
	for (int i = 0; i < PIPES && !good; i++)
		if (!pipes[i].f) {
			pipes[i].f = f;
			pipes[i].process = process;
			good = true;
		}
	pthread_mutex_unlock(&lock);
	return good;
}

WINAPI FILE_ *
ucrtbase__wpopen(const WCHAR *command, const WCHAR *mode)
{
	struct SECURITY_ATTRIBUTES sa = { sizeof sa, NULL, TRUE };
	struct startup_info si = { .cb = sizeof si, .flags = 0x100 /* STARTF_USESTDHANDLES */ };
	struct process_information pi;
	HANDLE r, w;
	REQUIRE(command && mode && (mode[0] == 'r' || mode[0] == 'w'), NULL);
	bool reads = mode[0] == 'r';
	const WCHAR *args[] = { interpreter(), u"/c", command, NULL };
	WCHAR *program = find_program(args[0], true), *line = program ? join(args, ' ') : NULL;
	FILE_ *f = NULL;
	if (!line)
		goto out;
	if (!kernel32_CreatePipe(&r, &w, &sa, 1024)) {
		crt_dos_error(kernel32_GetLastError());
		goto out;
	}
	HANDLE ours = reads ? r : w, theirs = reads ? w : r;
	kernel32_SetHandleInformation(ours, 1 /* HANDLE_FLAG_INHERIT */, 0);
	si.in = reads ? kernel32_GetStdHandle((DWORD)-10) : theirs;
	si.out = reads ? theirs : kernel32_GetStdHandle((DWORD)-11);
	si.err = kernel32_GetStdHandle((DWORD)-12);
	ucrtbase_stream_flush_all();
	BOOL started = create(program, line, NULL, 0, &si, &pi);
	if (!started)
		crt_dos_error(kernel32_GetLastError());
	kernel32_CloseHandle(theirs);
	bool binary = mode[1] == 'b' || (mode[1] != 't' && ucrtbase_fmode & O_WIN_BINARY);
	int fd = started ? ucrtbase_fd_of(ours, FD_PIPE | FD_NOINHERIT | (binary ? 0 : FD_TEXT),
	                                  FD_ANSI)
	                 : -1;
	f = fd >= 0 ? ucrtbase_stream_of(fd, reads ? u"r" : u"w") : NULL;
	if (!f)
		kernel32_CloseHandle(ours);
	if (started) {
		kernel32_CloseHandle(pi.thread);
		if (!f || !remember(f, pi.process))
			kernel32_CloseHandle(pi.process);
	}
out:
	crt_free(line);
	crt_free(program);
	return f;
}

WINAPI FILE_ *
ucrtbase__popen(const char *command, const char *mode)
{
	REQUIRE(command && mode, NULL);
	WCHAR *c = crt_wide(crt_acp(), command), *m = crt_wide(0, mode);
	FILE_ *f = c && m ? ucrtbase__wpopen(c, m) : NULL;
	crt_free(c);
	crt_free(m);
	return f;
}

WINAPI int ucrtbase_fclose(FILE_ *f);

WINAPI int
ucrtbase__pclose(FILE_ *f)
{
	HANDLE process = NULL;
	int status = -1;
	REQUIRE(f, -1);
	pthread_mutex_lock(&lock);
	for (int i = 0; i < PIPES; i++)
		if (pipes[i].f == f) {
			process = pipes[i].process;
			pipes[i].f = NULL;
		}
	pthread_mutex_unlock(&lock);
	if (!process)
		return crt_error(ECHILD);
	ucrtbase_fclose(f);
	return ucrtbase__cwait(&status, (intptr_t)process, 0) < 0 ? -1 : status;
}

/* -- modules and other old words --------------------------------------------------------------- */

WINAPI intptr_t
ucrtbase__loaddll(char *name)
{
	WCHAR *w = ucrtbase_path(name);
	HMODULE m = w ? kernel32_LoadLibraryW(w) : NULL;
	crt_free(w);
	return (intptr_t)m;
}

WINAPI int
ucrtbase__unloaddll(intptr_t module)
{
	if (kernel32_FreeLibrary((HMODULE)module))
		return 0;
	crt_thread.dos_error = kernel32_GetLastError();
	return (int)crt_thread.dos_error;
}

WINAPI FARPROC
ucrtbase__getdllprocaddr(intptr_t module, char *name, intptr_t ordinal)
{
	if (!name)
		return ordinal <= 65535 ? kernel32_GetProcAddress((HMODULE)module, (char *)ordinal)
		                        : NULL;
	return ordinal == -1 ? kernel32_GetProcAddress((HMODULE)module, name) : NULL;
}

WINAPI void
ucrtbase__sleep(unsigned ms)
{
	kernel32_Sleep(ms ? ms : 1);
}

WINAPI void
ucrtbase__beep(unsigned frequency, unsigned duration)
{
	(void)frequency;
	(void)duration;
}

WINAPI void
ucrtbase__seterrormode(int mode)
{
	(void)mode; /* there are no boxes that could be turned off */
}
