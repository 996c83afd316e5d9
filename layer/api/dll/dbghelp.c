/* SPDX-License-Identifier: Apache-2.0 */
/* dbghelp.c -- symbols of the process itself: what its modules export.  No files of symbols are
 * read, so there are no lines. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "layer/api/dll/dll.h"
#include "layer/api/nt/env.h"
#include "layer/api/nt/image/ldr.h"
#include "layer/api/nt/text/nls.h"

enum {
	ERROR_INVALID_ADDRESS = 487,
	SESSIONS = 16,
	FAR = 1 << 20 /* a function of ours is not longer */
};

WINAPI DWORD kernel32_GetProcessId(HANDLE process);

static _Atomic DWORD options = 6;

WINAPI DWORD
dbghelp_SymGetOptions(void)
{
	return options;
}

WINAPI DWORD
dbghelp_SymSetOptions(DWORD o)
{
	options = o;
	return o;
}

/* -- sessions, by the number that the caller chose --------------------------------------- */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct {
	HANDLE process; /* NULL: free */
	WCHAR *path;    /* own */
} sessions[SESSIONS];

/* Under the lock; SESSIONS: there is none. */
static size_t
find(HANDLE process)
{
	size_t i = 0;
	while (i < SESSIONS && sessions[i].process != process)
		i++;
	return i;
}

/* Where symbols are looked for when nothing was said: here, and by two variables. */
static WCHAR *
default_path(void)
{
	static const WCHAR *const names[] = { u"_NT_SYMBOL_PATH", u"_NT_ALTERNATE_SYMBOL_PATH" };
	WCHAR *path = nls_dup(u".");
	for (size_t i = 0; path && i < 2; i++) {
		WCHAR *more = env_dup(names[i]), *longer;
		if (!more)
			continue;
		size_t n = nls_length(path), k = nls_length(more);
		if ((longer = realloc(path, (n + k + 2) * sizeof *path))) {
			longer[n] = ';';
			memcpy(longer + n + 1, more, (k + 1) * sizeof *more);
			path = longer;
		}
		free(more);
	}
	return path;
}

WINAPI BOOL
dbghelp_SymInitializeW(HANDLE process, const WCHAR *path, BOOL invade)
{
	(void)invade;
	if (!process)
		return refuse(ERROR_INVALID_HANDLE);
	WCHAR *own = path ? nls_dup(path) : default_path();
	DWORD e = own ? ERROR_SUCCESS : ERROR_NOT_ENOUGH_MEMORY;
	pthread_mutex_lock(&lock);
	size_t i = find(NULL);
	if (!e && find(process) < SESSIONS)
		e = ERROR_INVALID_PARAMETER; /* it is begun already */
	else if (!e && i == SESSIONS)
		e = ERROR_NOT_ENOUGH_MEMORY;
	if (!e) {
		sessions[i].process = process;
		sessions[i].path = own;
	}
	pthread_mutex_unlock(&lock);
	if (e)
		free(own);
	return e ? refuse(e) : TRUE;
}

WINAPI BOOL
dbghelp_SymInitialize(HANDLE process, const char *path, BOOL invade)
{
	WCHAR *w = path ? nls_wide_ansi(path) : NULL;
	BOOL ok = dbghelp_SymInitializeW(process, w, invade);
	free(w);
	return ok;
}

/* Give a session another path; NULL: end it. */
static BOOL
change(HANDLE process, WCHAR *path)
{
	WCHAR *old = path;
	pthread_mutex_lock(&lock);
	size_t i = process ? find(process) : SESSIONS;
	if (i < SESSIONS) {
		old = sessions[i].path;
		sessions[i].path = path;
		if (!path)
			sessions[i].process = NULL;
	}
	pthread_mutex_unlock(&lock);
	free(old);
	return i < SESSIONS ? TRUE : refuse(ERROR_INVALID_HANDLE);
}

WINAPI BOOL
dbghelp_SymCleanup(HANDLE process)
{
	return change(process, NULL);
}

WINAPI BOOL
dbghelp_SymSetSearchPathW(HANDLE process, const WCHAR *path)
{
	WCHAR *own = path ? nls_dup(path) : default_path();
	return own ? change(process, own) : refuse(ERROR_NOT_ENOUGH_MEMORY);
}

WINAPI BOOL
dbghelp_SymGetSearchPathW(HANDLE process, WCHAR *out, DWORD room)
{
	if (!out || !room)
		return refuse(ERROR_INVALID_PARAMETER);
	pthread_mutex_lock(&lock);
	size_t i = process ? find(process) : SESSIONS;
	if (i < SESSIONS) {
		size_t n = nls_length(sessions[i].path);
		n = n < room ? n : room - 1;
		memcpy(out, sessions[i].path, n * sizeof *out);
		out[n] = 0;
	}
	pthread_mutex_unlock(&lock);
	return i < SESSIONS ? TRUE : refuse(ERROR_INVALID_HANDLE);
}

static bool
begun(HANDLE process)
{
	pthread_mutex_lock(&lock);
	size_t i = process ? find(process) : SESSIONS;
	pthread_mutex_unlock(&lock);
	return i < SESSIONS;
}

/* The modules are looked at when a symbol is asked for. */
WINAPI BOOL
dbghelp_SymRefreshModuleList(HANDLE process)
{
	return begun(process) ? TRUE : refuse(ERROR_INVALID_HANDLE);
}

/* -- addresses ------------------------------------------------------------------------------ */

struct search {
	uintptr_t address, found;
	const char *name;
	struct module *module;
	bool ours; /* the address is in one of our tables' DLLs, which lie in one piece */
};

static uint32_t
word(const BYTE *p)
{
	uint32_t v;
	memcpy(&v, p, sizeof v);
	return v;
}

/* The export of the module that is nearest below the address. */
static bool
look(struct module *m, void *ctx)
{
	struct search *s = ctx;
	const BYTE *base = m->entry.DllBase, *pe = base + word(base + 0x3c);
	uint32_t at = word(pe + 24 + 112),
	         size = word(pe + 24 + 116); /* PE32+: the first directory */
	if (m->builtin != s->ours || !at)
		return true;
	if (!s->ours &&
	    (s->address < (uintptr_t)base || s->address >= (uintptr_t)base + m->entry.SizeOfImage))
		return true;
	const BYTE *d = base + at;
	const BYTE *functions = base + word(d + 28), *names = base + word(d + 32),
	           *ordinals = base + word(d + 36);
	for (uint32_t i = 0, n = word(d + 24); i < n; i++) {
		WORD ordinal;
		memcpy(&ordinal, ordinals + (size_t)i * 2, 2);
		uint32_t rva = word(functions + (size_t)ordinal * 4);
		uintptr_t a = (uintptr_t)base + rva;
		if (!rva || (rva >= at && rva - at < size) || a > s->address || a <= s->found)
			continue;
		s->found = a;
		s->name = (const char *)base + word(names + (size_t)i * 4);
		s->module = m;
	}
	return true;
}

static bool
self(HANDLE process)
{
	return process == (HANDLE)-1 ||
	       kernel32_GetProcessId(process) == (DWORD)(uintptr_t)teb()->ClientId.UniqueProcess;
}

/* 0 or an error. */
static DWORD
nearest(HANDLE process, DWORD64 address, struct search *s)
{
	struct module *at;
	*s = (struct search){ .address = (uintptr_t)address };
	if (!begun(process))
		return ERROR_INVALID_HANDLE;
	if (!self(process) || !(at = ldr_at((const void *)s->address)))
		return ERROR_MOD_NOT_FOUND;
	s->ours = at->builtin;
	ldr_each(look, s);
	return s->name && (!s->ours || s->address - s->found < FAR) ? ERROR_SUCCESS
	                                                            : ERROR_INVALID_ADDRESS;
}

struct SYMBOL_INFO {
	ULONG SizeOfStruct, TypeIndex;
	DWORD64 Reserved[2];
	ULONG Index, Size;
	DWORD64 ModBase;
	ULONG Flags;
	DWORD64 Value, Address;
	ULONG Register, Scope, Tag, NameLen, MaxNameLen;
	BYTE Name[4]; /* char or WCHAR */
};
_Static_assert(sizeof(struct SYMBOL_INFO) == 88, "SYMBOL_INFO of x64");

static BOOL
symbol(HANDLE process, DWORD64 address, DWORD64 *away, struct SYMBOL_INFO *out, bool wide)
{
	enum { SYMFLAG_EXPORT = 0x200, SYM_TAG_PUBLIC = 10 };
	struct search s;
	if (!out || out->SizeOfStruct != sizeof *out)
		return refuse(ERROR_INVALID_PARAMETER);
	DWORD e = nearest(process, address, &s);
	if (e)
		return refuse(e);
	size_t n = strlen(s.name), room = out->MaxNameLen;
	if (away)
		*away = s.address - s.found;
	out->ModBase = (DWORD64)(uintptr_t)s.module->entry.DllBase;
	out->Address = s.found;
	out->Flags = SYMFLAG_EXPORT;
	out->Tag = SYM_TAG_PUBLIC;
	out->TypeIndex = out->Index = out->Size = out->Register = out->Scope = 0;
	out->Value = 0;
	out->NameLen = (ULONG)n;
	for (size_t i = 0; i <= n && i < room; i++) {
		WCHAR c = i < n && i + 1 < room ? (BYTE)s.name[i] : 0;
		if (wide)
			memcpy(out->Name + i * 2, &c, 2);
		else
			out->Name[i] = (BYTE)c;
	}
	return TRUE;
}

WINAPI BOOL
dbghelp_SymFromAddr(HANDLE process, DWORD64 address, DWORD64 *away, struct SYMBOL_INFO *out)
{
	return symbol(process, address, away, out, false);
}

WINAPI BOOL
dbghelp_SymFromAddrW(HANDLE process, DWORD64 address, DWORD64 *away, struct SYMBOL_INFO *out)
{
	return symbol(process, address, away, out, true);
}

WINAPI BOOL
dbghelp_SymGetLineFromAddr64(HANDLE process, DWORD64 address, DWORD *away, void *line)
{
	(void)address, (void)away, (void)line;
	return refuse(begun(process) ? ERROR_INVALID_ADDRESS : ERROR_INVALID_HANDLE);
}

WINAPI BOOL
dbghelp_SymGetLineFromAddrW64(HANDLE process, DWORD64 address, DWORD *away, void *line)
{
	return dbghelp_SymGetLineFromAddr64(process, address, away, line);
}

WINAPI DWORD64
dbghelp_SymGetModuleBase64(HANDLE process, DWORD64 address)
{
	struct module *m = self(process) ? ldr_at((const void *)(uintptr_t)address) : NULL;
	return m ? (DWORD64)(uintptr_t)m->entry.DllBase : (DWORD64)refuse(ERROR_MOD_NOT_FOUND);
}

WINAPI BOOL
dbghelp_MiniDumpWriteDump(HANDLE process, DWORD id, HANDLE file, int type, void *exception,
                          void *user, void *callback)
{
	(void)process, (void)id, (void)file, (void)type, (void)exception, (void)user,
	        (void)callback;
	return refuse(ERROR_NOT_SUPPORTED);
}

/* -- decorated names ---------------------------------------------------------------------- */

/* ?name@inner@outer@@...: outer::inner::name.  0: it is more than that. */
static size_t
plain(const char *s, char *out, size_t room)
{
	const char *part[16];
	size_t length[16], n = 0, k = 0;
	for (s++; *s && *s != '@'; s++) {
		if (n == 16 || *s == '?' || (*s >= '0' && *s <= '9'))
			return 0;
		part[n] = s;
		length[n] = strcspn(s, "@");
		s += length[n++];
		if (!*s)
			return 0;
	}
	for (size_t i = n; *s && i-- > 0;) {
		if (k + length[i] + 3 > room)
			return 0;
		memcpy(out + k, part[i], length[i]);
		k += length[i];
		if (i)
			memcpy(out + k, "::", 2), k += 2;
	}
	return k;
}

/* The name alone; a name that nobody can take apart stays as it is. */
WINAPI DWORD
dbghelp_UnDecorateSymbolName(const char *name, char *out, DWORD room, DWORD flags)
{
	enum { UNDNAME_NAME_ONLY = 0x1000 };
	char bare[512];
	size_t n = 0;
	if (!name || !out || !room)
		return (DWORD)refuse(ERROR_INVALID_PARAMETER);
	if (flags & UNDNAME_NAME_ONLY && *name == '?' && (n = plain(name, bare, sizeof bare)))
		name = bare;
	else
		n = strlen(name);
	if (n >= room)
		n = room - 1;
	memcpy(out, name, n);
	out[n] = 0;
	return (DWORD)n;
}
