/* SPDX-License-Identifier: Apache-2.0 */
/* kernel32_report.c -- what a program wants in reports of its errors, and how to come back after
 * one.  No report is sent; what was registered is kept, so that it can be taken back. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "layer/api/dll/dll.h"
#include "layer/api/nt/text/nls.h"

#define OF_WIN32(e)  ((HRESULT)(0x80070000u | (DWORD)(e)))
#define E_INVALIDARG ((HRESULT)0x80070057)

enum {
	MOST_ENTRIES = 512,       /* WER_MAX_REGISTERED_ENTRIES: blocks and files */
	MOST_MODULES = 16,        /* WER_MAX_REGISTERED_RUNTIME_EXCEPTION_MODULES */
	MOST_BLOCK = 64 << 10,    /* WER_MAX_MEM_BLOCK_SIZE */
	LONGEST_PING = 5 * 60000, /* RECOVERY_MAX_PING_INTERVAL */
	LONGEST_LINE = 1024,      /* RESTART_MAX_CMD_LINE, with its end */
	LONGEST_NAME = 32767,
};

/* What is registered: a block of memory (no name), a file (no address), a module. */
struct entry {
	WCHAR *name; /* own */
	const void *address;
};

static struct list {
	struct entry *e; /* own */
	size_t n;
	const size_t most;
} entries = { NULL, 0, MOST_ENTRIES }, modules = { NULL, 0, MOST_MODULES };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static HRESULT
keep(struct list *l, const WCHAR *name, const void *address)
{
	HRESULT r = 0;
	size_t n = name ? nls_length(name) : 0;
	WCHAR *copy = name ? malloc((n + 1) * sizeof *copy) : NULL;
	if (copy)
		memcpy(copy, name, (n + 1) * sizeof *copy);
	pthread_mutex_lock(&lock);
	struct entry *more = l->n < l->most ? realloc(l->e, (l->n + 1) * sizeof *more) : NULL;
	if (l->n == l->most)
		r = OF_WIN32(ERROR_INSUFFICIENT_BUFFER);
	else if (!more || (name && !copy))
		r = OF_WIN32(ERROR_NOT_ENOUGH_MEMORY);
	if (more)
		l->e = more;
	if (r >= 0)
		l->e[l->n++] = (struct entry){ copy, address };
	pthread_mutex_unlock(&lock);
	if (r < 0)
		free(copy);
	return r;
}

static bool
same(const struct entry *e, const WCHAR *name, const void *address)
{
	size_t n = name ? nls_length(name) : 0;
	if (e->address != address || !e->name != !name)
		return false;
	return !name || nls_compare_case(e->name, nls_length(e->name), name, n) == 0;
}

static HRESULT
forget(struct list *l, const WCHAR *name, const void *address)
{
	HRESULT r = OF_WIN32(ERROR_NOT_FOUND);
	WCHAR *gone = NULL;
	pthread_mutex_lock(&lock);
	for (size_t i = 0; i < l->n; i++) {
		if (!same(&l->e[i], name, address))
			continue;
		gone = l->e[i].name;
		l->e[i] = l->e[--l->n];
		r = 0;
		break;
	}
	pthread_mutex_unlock(&lock);
	free(gone);
	return r;
}

WINAPI HRESULT
kernel32_WerRegisterMemoryBlock(void *address, DWORD size)
{
	if (!address || !size || size > MOST_BLOCK)
		return E_INVALIDARG;
	return keep(&entries, NULL, address);
}

WINAPI HRESULT
kernel32_WerUnregisterMemoryBlock(void *address)
{
	return forget(&entries, NULL, address);
}

WINAPI HRESULT
kernel32_WerRegisterFile(const WCHAR *file, int type, DWORD flags)
{
	(void)flags;
	if (!file || type < 1 || nls_length(file) > LONGEST_NAME)
		return E_INVALIDARG;
	return keep(&entries, file, NULL);
}

WINAPI HRESULT
kernel32_WerUnregisterFile(const WCHAR *file)
{
	return file ? forget(&entries, file, NULL) : E_INVALIDARG;
}

WINAPI HRESULT
kernel32_WerRegisterRuntimeExceptionModule(const WCHAR *dll, void *context)
{
	if (!dll || nls_length(dll) > LONGEST_NAME)
		return E_INVALIDARG;
	return keep(&modules, dll, context);
}

WINAPI HRESULT
kernel32_WerUnregisterRuntimeExceptionModule(const WCHAR *dll, void *context)
{
	return dll ? forget(&modules, dll, context) : E_INVALIDARG;
}

static _Atomic DWORD wer_flags;

WINAPI HRESULT
kernel32_WerGetFlags(HANDLE process, DWORD *flags)
{
	(void)process;
	if (!flags)
		return E_INVALIDARG;
	*flags = wer_flags;
	return 0;
}

WINAPI HRESULT
kernel32_WerSetFlags(DWORD flags)
{
	wer_flags = flags;
	return 0;
}

/* -- coming back: nobody starts a program again here, who asks for it is told so nowhere -- */

WINAPI HRESULT
kernel32_RegisterApplicationRestart(const WCHAR *line, DWORD flags)
{
	if (flags & ~15u)
		return E_INVALIDARG;
	return line && nls_length(line) >= LONGEST_LINE ? OF_WIN32(ERROR_INSUFFICIENT_BUFFER) : 0;
}

WINAPI HRESULT
kernel32_UnregisterApplicationRestart(void)
{
	return 0;
}

WINAPI HRESULT
kernel32_RegisterApplicationRecoveryCallback(void *callback, void *context, DWORD ping, DWORD flags)
{
	(void)context, (void)flags;
	return !callback || ping > LONGEST_PING ? E_INVALIDARG : 0;
}

WINAPI HRESULT
kernel32_UnregisterApplicationRecoveryCallback(void)
{
	return 0;
}
