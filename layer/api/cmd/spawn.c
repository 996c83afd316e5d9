/* SPDX-License-Identifier: Apache-2.0 */
/* spawn.c -- programs: how cmd finds and starts them. */
#include <stdlib.h>

#include "layer/api/cmd/cmd.h"
#include "layer/api/nt/file/path_system.h"

static bool
delimits(WCHAR c)
{
	return c == ' ' || c == '\t' || c == ',' || c == ';' || c == '=' || c == '\n';
}

WCHAR *
cmd_name(const WCHAR *text, const WCHAR **rest)
{
	struct wtext t = { 0 };
	bool quoted = false;
	const WCHAR *s = text;

	while (delimits(*s))
		s++;
	for (; *s && (quoted || (!delimits(*s) && *s != '/')); s++) {
		if (*s == '"')
			quoted = !quoted;
		else
			wtext_addc(&t, *s);
	}
	*rest = s;
	return wtext_take(&t);
}

bool
cmd_is_batch(const WCHAR *path)
{
	const WCHAR *dot = wtext_rchr(path, '.');

	return dot && (wtext_is(dot, ".bat") || wtext_is(dot, ".cmd"));
}

static bool
is_file(const WCHAR *path)
{
	DWORD a = kernel32_GetFileAttributesW(path);

	return a != (DWORD)INVALID_ATTRIBUTES && !(a & FILE_ATTRIBUTE_DIRECTORY);
}

/* The file itself, when its name has an extension, or with one of PATHEXT. */
static WCHAR *
with_extension(const WCHAR *path, const WCHAR *extensions)
{
	if (wtext_chr(cmd_base_of(path), '.') && is_file(path))
		return wtext_dup(path);
	for (const WCHAR *e = extensions; *e;) {
		struct wtext t = { 0 };
		size_t n = 0;
		while (e[n] && e[n] != ';')
			n++;
		wtext_add(&t, path);
		wtext_addn(&t, e, n);
		if (n && is_file(wtext_of(&t)))
			return wtext_take(&t);
		wtext_free(&t);
		e += n + (e[n] == ';');
	}
	return NULL;
}

static WCHAR *
along_path(const WCHAR *name, const WCHAR *extensions)
{
	WCHAR *path = cmd_getenv(u"PATH"), *found = NULL;

	for (const WCHAR *p = path; p && *p && !found;) {
		struct wtext folder = { 0 };
		bool quoted = false;
		for (; *p && (quoted || *p != ';'); p++) {
			if (*p == '"')
				quoted = !quoted;
			else
				wtext_addc(&folder, *p);
		}
		p += *p == ';';
		if (folder.n) {
			WCHAR *whole = cmd_join(wtext_of(&folder), name);
			found = with_extension(whole, extensions);
			free(whole);
		}
		wtext_free(&folder);
	}
	free(path);
	return found;
}

WCHAR *
cmd_program(struct cmd *c, const WCHAR *name)
{
	WCHAR *extensions = cmd_getenv(u"PATHEXT"), *found;

	(void)c;
	if (!*name)
		return NULL;
	if (!extensions)
		extensions = wtext_dup(u".COM;.EXE;.BAT;.CMD");
	found = with_extension(name, extensions);
	if (!found && cmd_base_of(name) == name)
		found = along_path(name, extensions);
	free(extensions);
	if (found) {
		WCHAR *full = cmd_full(found);
		free(found);
		found = full;
	}
	return found;
}

static bool
usable(HANDLE h)
{
	return h && h != INVALID_HANDLE_VALUE;
}

HANDLE
cmd_spawn(struct cmd *c, const WCHAR *program, const WCHAR *line, const WCHAR *current)
{
	struct STARTUPINFOW s = { .cb = sizeof s, .dwFlags = STARTF_USESTDHANDLES };
	struct PROCESS_INFORMATION pi;
	WCHAR *own = wtext_dup(line);

	s.hStdInput = c->std[0];
	s.hStdOutput = c->std[1];
	s.hStdError = c->std[2];
	for (int i = 0; i < 3; i++)
		if (usable(c->std[i]))
			kernel32_SetHandleInformation(c->std[i], 1, 1);
	BOOL started =
	        kernel32_CreateProcessW(program, own, NULL, NULL, TRUE, 0, NULL, current, &s, &pi);
	free(own);
	if (!started)
		return NULL;
	kernel32_CloseHandle(pi.hThread);
	return pi.hProcess;
}

HANDLE
cmd_spawn_self(struct cmd *c, const WCHAR *text)
{
	WCHAR *comspec = cmd_getenv(u"COMSPEC");
	struct wtext line = { 0 };

	wtext_add(&line, comspec ? comspec : u"C:\\Windows\\System32\\cmd.exe");
	wtext_ascii(&line, " /S /D /c\" ");
	wtext_add(&line, text);
	wtext_addc(&line, '"');
	free(comspec);
	HANDLE h = cmd_spawn(c, NULL, wtext_of(&line), NULL);
	wtext_free(&line);
	return h;
}

int32_t
cmd_wait(HANDLE process)
{
	DWORD code = 1;

	kernel32_WaitForSingleObject(process, INFINITE);
	kernel32_GetExitCodeProcess(process, &code);
	kernel32_CloseHandle(process);
	return (int32_t)code;
}

static int32_t
unknown(struct cmd *c, const WCHAR *name)
{
	struct wtext t = { 0 };

	wtext_addc(&t, '\'');
	wtext_add(&t, name);
	wtext_ascii(&t, "' is not recognized as an internal or external command,\r\n"
	                "operable program or batch file.\r\n");
	cmd_write(c, c->std[2], t.p, t.n);
	wtext_free(&t);
	/* `cmd /c nothing` ends with 1, a batch file goes on with 9009. */
	return c->batch ? 9009 : 1;
}

/* Where a name starts, and with what: quotes and all, as the program's own command line. */
static int32_t
start(struct cmd *c, const WCHAR *program, const WCHAR *name, const WCHAR *text)
{
	HANDLE h = cmd_spawn(c, program, text, NULL);

	if (h)
		return cmd_wait(h);
	DWORD error = kernel32_GetLastError();
	struct wtext t = { 0 };
	if (error == 193 || error == 216) {
		wtext_ascii(&t, error == 193
		                        ? "This program cannot run: it is no 64-bit program of "
		                          "Windows: "
		                        : "This version is not compatible with this machine: ");
		wtext_add(&t, name);
		wtext_ascii(&t, "\r\n");
		cmd_write(c, c->std[2], t.p, t.n);
		wtext_free(&t);
		return error == 216 ? 216 : 9009;
	}
	cmd_system(c, error);
	return error == 5 ? 1 : 9009;
}

int32_t
cmd_external(struct cmd *c, const WCHAR *text)
{
	const WCHAR *rest;
	WCHAR *name = cmd_name(text, &rest), *program = cmd_program(c, name);
	const struct builtin *b;
	int32_t code;

	while (delimits(*text))
		text++;
	if (program && cmd_is_batch(program)) {
		code = cmd_batch(c, program, name, rest);
	} else if ((!program || path_system_tool(program)) && (b = builtin_fallback(name))) {
		code = b->run(c, rest);
	} else if (program) {
		code = start(c, program, name, text);
	} else if (wtext_is(cmd_base_of(name), "cmd") || wtext_is(cmd_base_of(name), "cmd.exe")) {
		code = start(c, NULL, name, text);
	} else {
		code = unknown(c, name);
	}
	free(program);
	free(name);
	c->errorlevel = code;
	return code;
}
