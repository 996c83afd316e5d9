/* SPDX-License-Identifier: Apache-2.0 */
/* kernel32_processes.c -- handles of processes: opening, asking, ending; lists of processes. */
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "layer/api/dll/kernel32_process.h"
#include "layer/api/nt/image/ldr.h"
#include "layer/api/nt/text/nls.h"
#include "layer/api/nt/object/shared.h"
#include "layer/api/nt/thread/thread.h"

static NTSTATUS
get(HANDLE h, struct process **p)
{
	struct object *o;
	NTSTATUS s = handle_get(h, &process_class, &o);

	*p = s < 0 ? NULL : (struct process *)o;
	return s;
}

WINAPI HANDLE
kernel32_OpenProcess(DWORD access, BOOL inherit, DWORD id)
{
	struct process *p;

	if (!id) {
		refuse(ERROR_INVALID_PARAMETER);
		return NULL;
	}
	if (!succeed(process_open(id, &p)))
		return NULL;
	HANDLE h = handle_new(&p->object, access, inherit);
	if (!h)
		refuse(ERROR_NOT_ENOUGH_MEMORY);
	return h;
}

WINAPI BOOL
kernel32_TerminateProcess(HANDLE h, UINT code)
{
	struct process *p;
	NTSTATUS s = get(h, &p);

	if (s < 0)
		return succeed(s);
	s = process_terminate(p, code);
	object_unref(&p->object);
	return succeed(s);
}

WINAPI BOOL
kernel32_GetExitCodeProcess(HANDLE h, DWORD *code)
{
	struct process *p;
	NTSTATUS s = get(h, &p);

	if (s < 0)
		return succeed(s);
	*code = process_code(p);
	object_unref(&p->object);
	return TRUE;
}

WINAPI DWORD
kernel32_GetProcessId(HANDLE h)
{
	struct process *p;
	NTSTATUS s = get(h, &p);

	if (s < 0)
		return (DWORD)succeed(s);
	DWORD id = p->id;
	object_unref(&p->object);
	return id;
}

WINAPI BOOL
kernel32_GetProcessHandleCount(HANDLE h, DWORD *n)
{
	struct process *p;
	NTSTATUS s = get(h, &p);

	if (s < 0)
		return succeed(s);
	*n = p == process_self() ? handle_count() : 0;
	object_unref(&p->object);
	return TRUE;
}

WINAPI BOOL
kernel32_QueryFullProcessImageNameW(HANDLE h, DWORD flags, WCHAR *buffer, DWORD *n)
{
	struct process *p;
	WCHAR own[MAX_PATH];
	NTSTATUS s = get(h, &p);

	(void)flags;
	if (s < 0)
		return succeed(s);
	const WCHAR *name = p == process_self() ? process_image() : shared_image(p->slot, own);
	size_t len = nls_length(name);
	bool fits = len < *n;
	if (fits) {
		memcpy(buffer, name, (len + 1) * sizeof *buffer);
		*n = (DWORD)len;
	}
	object_unref(&p->object);
	return fits ? TRUE : refuse(ERROR_INSUFFICIENT_BUFFER);
}

WINAPI BOOL
kernel32_QueryFullProcessImageNameA(HANDLE h, DWORD flags, char *buffer, DWORD *n)
{
	WCHAR name[1024];
	DWORD units = 1024;

	if (!kernel32_QueryFullProcessImageNameW(h, flags, name, &units))
		return FALSE;
	char *text = nls_ansi(name);
	size_t len = text ? strlen(text) : 0;
	bool fits = text && len < *n;
	if (fits) {
		memcpy(buffer, text, len + 1);
		*n = (DWORD)len;
	}
	free(text);
	return fits ? TRUE : refuse(ERROR_INSUFFICIENT_BUFFER);
}

WINAPI DWORD
kernel32_K32GetProcessImageFileNameW(HANDLE h, WCHAR *buffer, DWORD n)
{
	return kernel32_QueryFullProcessImageNameW(h, 0, buffer, &n) ? n : 0;
}

WINAPI DWORD
kernel32_K32GetProcessImageFileNameA(HANDLE h, char *buffer, DWORD n)
{
	return kernel32_QueryFullProcessImageNameA(h, 0, buffer, &n) ? n : 0;
}

/* A process that is being made has no window to wait for: consoles say so. */
WINAPI DWORD
kernel32_WaitForInputIdle(HANDLE h, DWORD ms)
{
	struct process *p;
	NTSTATUS s = get(h, &p);

	(void)ms;
	if (s >= 0)
		object_unref(&p->object);
	refuse(s < 0 ? ERROR_INVALID_HANDLE : 1471 /* ERROR_NOT_GUI_PROCESS */);
	return (DWORD)-1;
}

WINAPI BOOL
kernel32_DebugActiveProcess(DWORD id)
{
	(void)id;
	return refuse(ERROR_ACCESS_DENIED);
}

/* -- lists ------------------------------------------------------------------------------------- */

WINAPI BOOL
kernel32_K32EnumProcesses(DWORD *ids, DWORD size, DWORD *needed)
{
	DWORD n = 0, room = size / sizeof *ids;

	if (process_share(NULL) < 0)
		return refuse(ERROR_NOT_ENOUGH_MEMORY);
	for (uint32_t i = 0; i < SHARED_PROCESSES && n < room; i++)
		if (shared_lives(&shared->process[i]))
			ids[n++] = atomic_load(&shared->process[i].id);
	*needed = n * (DWORD)sizeof *ids;
	return TRUE;
}

struct modules {
	HMODULE *list;
	DWORD n, room;
};

static bool
add_module(struct module *m, void *ctx)
{
	struct modules *l = ctx;

	if (l->n < l->room)
		l->list[l->n] = m->entry.DllBase;
	l->n++;
	return true;
}

WINAPI BOOL
kernel32_K32EnumProcessModules(HANDLE h, HMODULE *list, DWORD size, DWORD *needed)
{
	struct process *p;
	struct modules l = { list, 0, size / (DWORD)sizeof *list };
	NTSTATUS s = get(h, &p);

	if (s < 0)
		return succeed(s);
	object_unref(&p->object);
	/* Of another process only its program is known, and that not by address. */
	if (p != process_self())
		return refuse(ERROR_ACCESS_DENIED);
	ldr_each(add_module, &l);
	*needed = l.n * (DWORD)sizeof *list;
	return TRUE;
}

WINAPI BOOL
kernel32_K32EnumProcessModulesEx(HANDLE h, HMODULE *list, DWORD size, DWORD *needed, DWORD which)
{
	(void)which;
	return kernel32_K32EnumProcessModules(h, list, size, needed);
}

/* -- toolhelp ----------------------------------------------------------------------------------- */

struct PROCESSENTRY32W {
	DWORD dwSize, cntUsage, th32ProcessID;
	ULONG_PTR th32DefaultHeapID;
	DWORD th32ModuleID, cntThreads, th32ParentProcessID;
	LONG pcPriClassBase;
	DWORD dwFlags;
	WCHAR szExeFile[MAX_PATH];
};

struct PROCESSENTRY32 {
	DWORD dwSize, cntUsage, th32ProcessID;
	ULONG_PTR th32DefaultHeapID;
	DWORD th32ModuleID, cntThreads, th32ParentProcessID;
	LONG pcPriClassBase;
	DWORD dwFlags;
	char szExeFile[MAX_PATH];
};

struct MODULEENTRY32W {
	DWORD dwSize, th32ModuleID, th32ProcessID, GlblcntUsage, ProccntUsage;
	BYTE *modBaseAddr;
	DWORD modBaseSize;
	HMODULE hModule;
	WCHAR szModule[256], szExePath[MAX_PATH];
};

struct MODULEENTRY32 {
	DWORD dwSize, th32ModuleID, th32ProcessID, GlblcntUsage, ProccntUsage;
	BYTE *modBaseAddr;
	DWORD modBaseSize;
	HMODULE hModule;
	char szModule[256], szExePath[MAX_PATH];
};

struct THREADENTRY32 {
	DWORD dwSize, cntUsage, th32ThreadID, th32OwnerProcessID;
	LONG tpBasePri, tpDeltaPri;
	DWORD dwFlags;
};

enum {
	SNAP_PROCESS = 2,
	SNAP_THREAD = 4,
	SNAP_MODULE = 8,
	SNAP_MODULE32 = 0x10,
};

struct snapshot {
	struct object object;            /* first */
	struct PROCESSENTRY32W *process; /* own, as are the next two */
	struct MODULEENTRY32W *module;
	struct THREADENTRY32 *thread;
	size_t nprocess, nmodule, nthread;
	/* the caller's one thread */
	size_t at_process, at_module, at_thread;
};

static void
destroy(struct object *o)
{
	struct snapshot *s = (struct snapshot *)o;

	free(s->process);
	free(s->module);
	free(s->thread);
	free(s);
}

static const struct object_class snapshot_class = { .name = "Section", .destroy = destroy };

static const WCHAR *
base_name(const WCHAR *path)
{
	const WCHAR *base = path;

	for (; *path; path++)
		if (*path == '\\')
			base = path + 1;
	return base;
}

/* At most n units with the final zero. */
static void
copy(WCHAR *to, const WCHAR *from, size_t n)
{
	size_t i = 0;

	for (; from[i] && i + 1 < n; i++)
		to[i] = from[i];
	to[i] = 0;
}

static bool
take_processes(struct snapshot *s)
{
	s->process = calloc(SHARED_PROCESSES, sizeof *s->process);
	for (uint32_t i = 0; s->process && i < SHARED_PROCESSES; i++) {
		struct shared_process *p = &shared->process[i];
		WCHAR image[MAX_PATH];
		if (!shared_lives(p))
			continue;
		struct PROCESSENTRY32W *e = &s->process[s->nprocess++];
		e->th32ProcessID = atomic_load(&p->id);
		e->th32ParentProcessID = p->parent;
		e->cntThreads = p == shared_self() ? thread_count() : atomic_load(&p->threads);
		e->pcPriClassBase = 8;
		copy(e->szExeFile, base_name(shared_image(p, image)), MAX_PATH);
	}
	return s->process;
}

static bool
take_module(struct module *m, void *ctx)
{
	struct snapshot *s = ctx;
	struct MODULEENTRY32W *more = realloc(s->module, (s->nmodule + 1) * sizeof *more);

	if (!more)
		return false;
	s->module = more;
	struct MODULEENTRY32W *e = &more[s->nmodule++];
	memset(e, 0, sizeof *e);
	e->th32ModuleID = 1;
	e->th32ProcessID = process_self()->id;
	e->GlblcntUsage = e->ProccntUsage = 0xffff;
	e->modBaseAddr = m->entry.DllBase;
	e->modBaseSize = m->entry.SizeOfImage;
	e->hModule = m->entry.DllBase;
	copy(e->szModule, m->entry.BaseDllName.Buffer ? m->entry.BaseDllName.Buffer : u"", 256);
	copy(e->szExePath, m->entry.FullDllName.Buffer ? m->entry.FullDllName.Buffer : u"",
	     MAX_PATH);
	return true;
}

struct threads {
	struct THREADENTRY32 *list;
	size_t n, room;
};

static void
take_thread(struct thread *t, void *ctx)
{
	struct threads *l = ctx;

	if (l->n < l->room)
		l->list[l->n++] = (struct THREADENTRY32){
			.th32ThreadID = (DWORD)(uintptr_t)t->teb->ClientId.UniqueThread,
			.th32OwnerProcessID = process_self()->id,
			.tpBasePri = 8,
		};
}

/* Ours one by one; of the others their first ones. */
static bool
take_threads(struct snapshot *s)
{
	struct threads l = { NULL, 0, thread_count() + 64 };

	l.list = calloc(l.room + SHARED_PROCESSES, sizeof *l.list);
	if (!l.list)
		return false;
	thread_each(take_thread, &l);
	for (uint32_t i = 0; i < SHARED_PROCESSES; i++) {
		struct shared_process *p = &shared->process[i];
		if (p != shared_self() && shared_lives(p))
			l.list[l.n++] = (struct THREADENTRY32){
				.th32ThreadID = p->main_thread,
				.th32OwnerProcessID = atomic_load(&p->id),
				.tpBasePri = 8,
			};
	}
	s->thread = l.list;
	s->nthread = l.n;
	return true;
}

WINAPI HANDLE
kernel32_CreateToolhelp32Snapshot(DWORD flags, DWORD id)
{
	struct snapshot *s = calloc(1, sizeof *s);
	bool fine = s && process_share(NULL) >= 0;

	if (fine && flags & SNAP_PROCESS)
		fine = take_processes(s);
	if (fine && flags & SNAP_THREAD)
		fine = take_threads(s);
	if (fine && flags & (SNAP_MODULE | SNAP_MODULE32)) {
		if (id && id != process_self()->id) {
			free(s->process);
			free(s->thread);
			free(s);
			refuse(ERROR_ACCESS_DENIED);
			return INVALID_HANDLE_VALUE;
		}
		ldr_each(take_module, s);
	}
	if (!fine) {
		free(s ? s->process : NULL);
		free(s);
		refuse(ERROR_NOT_ENOUGH_MEMORY);
		return INVALID_HANDLE_VALUE;
	}
	object_init(&s->object, &snapshot_class, 0);
	HANDLE h = handle_new(&s->object, 0x1f0000, flags & 0x80000000);
	return h ? h : INVALID_HANDLE_VALUE;
}

static struct snapshot *
snapshot_of(HANDLE h)
{
	struct object *o;

	if (!succeed(handle_get(h, &snapshot_class, &o)))
		return NULL;
	return (struct snapshot *)o;
}

/* The next entry of one kind; size is that of the program's structure, which begins with it. */
static BOOL
next_process(HANDLE h, bool first, struct PROCESSENTRY32W *e)
{
	struct snapshot *s = snapshot_of(h);

	if (!s)
		return FALSE;
	if (first)
		s->at_process = 0;
	bool is = s->at_process < s->nprocess;
	if (is) {
		DWORD size = e->dwSize;
		*e = s->process[s->at_process++];
		e->dwSize = size;
	}
	object_unref(&s->object);
	return is ? TRUE : refuse(ERROR_NO_MORE_FILES);
}

WINAPI BOOL
kernel32_Process32FirstW(HANDLE h, struct PROCESSENTRY32W *e)
{
	return e->dwSize < sizeof *e ? refuse(ERROR_BAD_LENGTH) : next_process(h, true, e);
}

WINAPI BOOL
kernel32_Process32NextW(HANDLE h, struct PROCESSENTRY32W *e)
{
	return e->dwSize < sizeof *e ? refuse(ERROR_BAD_LENGTH) : next_process(h, false, e);
}

static BOOL
narrow_process(HANDLE h, bool first, struct PROCESSENTRY32 *e)
{
	struct PROCESSENTRY32W w = { .dwSize = sizeof w };

	if (e->dwSize < sizeof *e)
		return refuse(ERROR_BAD_LENGTH);
	if (!next_process(h, first, &w))
		return FALSE;
	memcpy((char *)e + 4, (char *)&w + 4, offsetof(struct PROCESSENTRY32, szExeFile) - 4);
	nls_ansi_to(w.szExeFile, e->szExeFile, sizeof e->szExeFile);
	return TRUE;
}

WINAPI BOOL
kernel32_Process32First(HANDLE h, struct PROCESSENTRY32 *e)
{
	return narrow_process(h, true, e);
}

WINAPI BOOL
kernel32_Process32Next(HANDLE h, struct PROCESSENTRY32 *e)
{
	return narrow_process(h, false, e);
}

static BOOL
next_module(HANDLE h, bool first, struct MODULEENTRY32W *e)
{
	struct snapshot *s = snapshot_of(h);

	if (!s)
		return FALSE;
	if (first)
		s->at_module = 0;
	bool is = s->at_module < s->nmodule;
	if (is) {
		DWORD size = e->dwSize;
		*e = s->module[s->at_module++];
		e->dwSize = size;
	}
	object_unref(&s->object);
	return is ? TRUE : refuse(ERROR_NO_MORE_FILES);
}

WINAPI BOOL
kernel32_Module32FirstW(HANDLE h, struct MODULEENTRY32W *e)
{
	return e->dwSize < sizeof *e ? refuse(ERROR_BAD_LENGTH) : next_module(h, true, e);
}

WINAPI BOOL
kernel32_Module32NextW(HANDLE h, struct MODULEENTRY32W *e)
{
	return e->dwSize < sizeof *e ? refuse(ERROR_BAD_LENGTH) : next_module(h, false, e);
}

static BOOL
narrow_module(HANDLE h, bool first, struct MODULEENTRY32 *e)
{
	struct MODULEENTRY32W w = { .dwSize = sizeof w };

	if (e->dwSize < sizeof *e)
		return refuse(ERROR_BAD_LENGTH);
	if (!next_module(h, first, &w))
		return FALSE;
	memcpy((char *)e + 4, (char *)&w + 4, offsetof(struct MODULEENTRY32, szModule) - 4);
	nls_ansi_to(w.szModule, e->szModule, sizeof e->szModule);
	nls_ansi_to(w.szExePath, e->szExePath, sizeof e->szExePath);
	return TRUE;
}

WINAPI BOOL
kernel32_Module32First(HANDLE h, struct MODULEENTRY32 *e)
{
	return narrow_module(h, true, e);
}

WINAPI BOOL
kernel32_Module32Next(HANDLE h, struct MODULEENTRY32 *e)
{
	return narrow_module(h, false, e);
}

static BOOL
next_thread(HANDLE h, bool first, struct THREADENTRY32 *e)
{
	struct snapshot *s;

	if (e->dwSize < sizeof *e)
		return refuse(ERROR_BAD_LENGTH);
	if (!(s = snapshot_of(h)))
		return FALSE;
	if (first)
		s->at_thread = 0;
	bool is = s->at_thread < s->nthread;
	if (is) {
		DWORD size = e->dwSize;
		*e = s->thread[s->at_thread++];
		e->dwSize = size;
	}
	object_unref(&s->object);
	return is ? TRUE : refuse(ERROR_NO_MORE_FILES);
}

WINAPI BOOL
kernel32_Thread32First(HANDLE h, struct THREADENTRY32 *e)
{
	return next_thread(h, true, e);
}

WINAPI BOOL
kernel32_Thread32Next(HANDLE h, struct THREADENTRY32 *e)
{
	return next_thread(h, false, e);
}
