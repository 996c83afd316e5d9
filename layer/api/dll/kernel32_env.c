/* SPDX-License-Identifier: Apache-2.0 */
/* kernel32_env.c -- environment variables, the command line, start-up information. */
#include <stdlib.h>
#include <string.h>

#include "layer/api/dll/dll.h"
#include "layer/api/nt/env.h"
#include "layer/api/nt/text/nls.h"

static struct RTL_USER_PROCESS_PARAMETERS *
parameters(void)
{
	return teb()->ProcessEnvironmentBlock->ProcessParameters;
}

WINAPI WCHAR *
kernel32_GetCommandLineW(void)
{
	return parameters()->CommandLine.Buffer;
}

WINAPI char *
kernel32_GetCommandLineA(void)
{
	static char *_Atomic line;
	char *none = NULL, *p;
	if (line)
		return line;
	p = nls_ansi(parameters()->CommandLine.Buffer);
	if (!__atomic_compare_exchange_n((char **)&line, &none, p, false, __ATOMIC_SEQ_CST,
	                                 __ATOMIC_SEQ_CST))
		free(p);
	return line;
}

WINAPI DWORD
kernel32_GetEnvironmentVariableW(const WCHAR *name, WCHAR *out, DWORD size)
{
	size_t n;
	if (!name || env_get(name, nls_length(name), NULL, 0, &n) == STATUS_VARIABLE_NOT_FOUND)
		return (DWORD)refuse(ERROR_ENVVAR_NOT_FOUND);
	NTSTATUS s =
	        size ? env_get(name, nls_length(name), out, size - 1, &n) : STATUS_BUFFER_TOO_SMALL;
	if (s == STATUS_VARIABLE_NOT_FOUND)
		return (DWORD)refuse(ERROR_ENVVAR_NOT_FOUND);
	if (s < 0 || n >= size)
		return (DWORD)n + 1;
	out[n] = 0;
	last_error(0);
	return (DWORD)n;
}

WINAPI DWORD
kernel32_GetEnvironmentVariableA(const char *name, char *out, DWORD size)
{
	WCHAR *w = nls_wide_ansi(name), *value = w ? env_dup(w) : NULL;
	size_t n;
	free(w);
	if (!value)
		return (DWORD)refuse(ERROR_ENVVAR_NOT_FOUND);
	n = nls_8_of_16(value, nls_length(value), NULL, 0, NULL);
	if (n < size)
		nls_ansi_to(value, out, size);
	free(value);
	last_error(0);
	return (DWORD)(n < size ? n : n + 1);
}

WINAPI BOOL
kernel32_SetEnvironmentVariableW(const WCHAR *name, const WCHAR *value)
{
	if (!name || !*name)
		return refuse(ERROR_INVALID_PARAMETER);
	return succeed(env_set(name, nls_length(name), value, value ? nls_length(value) : 0));
}

WINAPI BOOL
kernel32_SetEnvironmentVariableA(const char *name, const char *value)
{
	WCHAR *n = nls_wide_ansi(name), *v = nls_wide_ansi(value);
	BOOL ok = kernel32_SetEnvironmentVariableW(n, v);
	free(n);
	free(v);
	return ok;
}

WINAPI WCHAR *
kernel32_GetEnvironmentStringsW(void)
{
	WCHAR *block = env_block(NULL);
	if (!block)
		last_error(ERROR_NOT_ENOUGH_MEMORY);
	return block;
}

WINAPI char *
kernel32_GetEnvironmentStringsA(void)
{
	size_t units, n;
	WCHAR *block = env_block(&units);
	char *out = NULL;
	if (block) {
		n = nls_8_of_16(block, units, NULL, 0, NULL);
		if ((out = malloc(n)))
			nls_8_of_16(block, units, out, n, NULL);
	}
	free(block);
	if (!out)
		last_error(ERROR_NOT_ENOUGH_MEMORY);
	return out;
}

WINAPI BOOL
kernel32_FreeEnvironmentStringsW(WCHAR *block)
{
	free(block);
	return TRUE;
}

WINAPI BOOL
kernel32_FreeEnvironmentStringsA(char *block)
{
	free(block);
	return TRUE;
}

WINAPI BOOL
kernel32_SetEnvironmentStringsW(const WCHAR *block)
{
	if (!block)
		return refuse(ERROR_INVALID_PARAMETER);
	return succeed(env_replace(block));
}

WINAPI DWORD
kernel32_ExpandEnvironmentStringsW(const WCHAR *s, WCHAR *out, DWORD size)
{
	if (!s)
		return (DWORD)refuse(ERROR_INVALID_PARAMETER);
	return (DWORD)env_expand(NULL, s, nls_length(s), out, out ? size : 0) + 1;
}

WINAPI DWORD
kernel32_ExpandEnvironmentStringsA(const char *s, char *out, DWORD size)
{
	WCHAR *w = nls_wide_ansi(s), *value;
	size_t n, m;
	if (!w)
		return (DWORD)refuse(ERROR_INVALID_PARAMETER);
	n = env_expand(NULL, w, nls_length(w), NULL, 0);
	value = malloc((n + 1) * sizeof *value);
	if (!value) {
		free(w);
		return (DWORD)refuse(ERROR_NOT_ENOUGH_MEMORY);
	}
	env_expand(NULL, w, nls_length(w), value, n + 1);
	value[n] = 0;
	m = nls_ansi_to(value, out, out ? size : 0) + 1;
	free(w);
	free(value);
	return (DWORD)m;
}

struct STARTUPINFOW {
	DWORD cb;
	void *lpReserved, *lpDesktop, *lpTitle;
	DWORD dwX, dwY, dwXSize, dwYSize, dwXCountChars, dwYCountChars, dwFillAttribute, dwFlags;
	WORD wShowWindow, cbReserved2;
	void *lpReserved2;
	HANDLE hStdInput, hStdOutput, hStdError;
};

static void
startup(struct STARTUPINFOW *s)
{
	struct RTL_USER_PROCESS_PARAMETERS *p = parameters();
	memset(s, 0, sizeof *s);
	s->cb = sizeof *s;
	s->lpReserved = p->ShellInfo.Buffer;
	s->lpDesktop = p->DesktopInfo.Buffer;
	s->lpTitle = p->WindowTitle.Buffer;
	s->dwX = p->StartingX;
	s->dwY = p->StartingY;
	s->dwXSize = p->CountX;
	s->dwYSize = p->CountY;
	s->dwXCountChars = p->CountCharsX;
	s->dwYCountChars = p->CountCharsY;
	s->dwFillAttribute = p->FillAttribute;
	s->dwFlags = p->WindowFlags;
	s->wShowWindow = (WORD)p->ShowWindowFlags;
	s->cbReserved2 = p->RuntimeData.Length;
	s->lpReserved2 = p->RuntimeData.Buffer;
	if (s->dwFlags & 0x700) { /* STARTF_USESTDHANDLES and its kin */
		s->hStdInput = p->StandardInput;
		s->hStdOutput = p->StandardOutput;
		s->hStdError = p->StandardError;
	}
}

WINAPI void
kernel32_GetStartupInfoW(struct STARTUPINFOW *s)
{
	startup(s);
}

WINAPI void
kernel32_GetStartupInfoA(struct STARTUPINFOW *s)
{
	static char *title, *desktop;
	startup(s);
	if (s->lpTitle && !title)
		title = nls_ansi(s->lpTitle);
	if (s->lpDesktop && !desktop)
		desktop = nls_ansi(s->lpDesktop);
	s->lpTitle = title;
	s->lpDesktop = desktop;
	s->lpReserved = NULL;
}
