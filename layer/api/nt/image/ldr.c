/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/api/nt/image/ldr.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/str.h"
#include "layer/api/dll/table.h"
#include "layer/api/nt/image/bind.h"
#include "layer/api/nt/image/image.h"
#include "layer/api/nt/image/seek.h"
#include "layer/api/nt/text/nls.h"
#include "layer/api/nt/own.h"
#include "layer/api/nt/file/path.h"
#include "layer/api/nt/peb.h"
#include "layer/api/nt/thread/thread.h"
#include "layer/api/nt/image/undone.h"

enum { LOAD_DATAFILE = 2 | 0x20 | 0x40, FOR_GOOD = -1, NAME_MOST = 260 };
enum { DLL_PROCESS_DETACH, DLL_PROCESS_ATTACH, DLL_THREAD_ATTACH, DLL_THREAD_DETACH };

static pthread_mutex_t lock = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP;
/* under lock */
static struct module *modules, **last_module = &modules;
static struct module *program;
static DWORD load_flags; /* of the LoadLibraryEx that goes on: for what it needs, too */
static bool running;     /* DllMain of what is loaded is called at once */
static _Atomic bool detached;

void ldr_lock(void) { pthread_mutex_lock(&lock); }
void ldr_unlock(void) { pthread_mutex_unlock(&lock); }
struct module *ldr_main(void) { return program; }

/* -- the list ------------------------------------------------------------------------------ */

static void
append(struct LIST_ENTRY *head, struct LIST_ENTRY *l)
{
	l->Flink = head;
	l->Blink = head->Blink;
	head->Blink->Flink = l;
	head->Blink = l;
}

static void
unlink_entry(struct LIST_ENTRY *l)
{
	if (!l->Flink)
		return;
	l->Blink->Flink = l->Flink;
	l->Flink->Blink = l->Blink;
	l->Flink = l->Blink = NULL;
}

static struct module *
add(const char *name, const char *path, const char *shown, void *base, uint32_t size, void *entry)
{
	struct module *m = xcalloc(1, sizeof *m);
	m->name = xstrdup(name);
	m->path = path ? xstrdup(path) : NULL;
	m->refs = 1;
	m->builtin = !path;
	m->entry.DllBase = base;
	m->entry.SizeOfImage = size;
	m->entry.EntryPoint = entry;
	m->entry.TlsIndex = 0xffff;
	m->entry.LoadCount = 1;
	WCHAR *full;
	if (path) {
		full = path_windows(path);
	} else {
		char *system = xprintf("C:\\Windows\\System32\\%s", shown);
		full = nls_wide(system);
		free(system);
	}
	peb_string(&m->entry.FullDllName, full);
	size_t at = m->entry.FullDllName.Length / 2;
	while (at > 0 && full[at - 1] != '\\')
		at--;
	m->entry.BaseDllName.Buffer = full + at;
	m->entry.BaseDllName.Length = (USHORT)(m->entry.FullDllName.Length - 2 * at);
	m->entry.BaseDllName.MaximumLength = (USHORT)(m->entry.BaseDllName.Length + 2);
	append(&peb_ldr.InLoadOrderModuleList, &m->entry.InLoadOrderLinks);
	append(&peb_ldr.InMemoryOrderModuleList, &m->entry.InMemoryOrderLinks);
	*last_module = m;
	last_module = &m->next;
	return m;
}

static void
drop(struct module *m)
{
	struct module **at = &modules;
	while (*at != m)
		at = &(*at)->next;
	*at = m->next;
	if (last_module == &m->next)
		last_module = at;
	unlink_entry(&m->entry.InLoadOrderLinks);
	unlink_entry(&m->entry.InMemoryOrderLinks);
	unlink_entry(&m->entry.InInitializationOrderLinks);
	free(m->entry.FullDllName.Buffer);
	free((char *)m->name);
	free(m->path);
	free(m);
}

static struct module *
loaded(const char *name)
{
	for (struct module *m = modules; m; m = m->next)
		if (!m->resources_only && strcmp(m->name, name) == 0)
			return m;
	return NULL;
}

/* -- loading -------------------------------------------------------------------------------- */

static struct module *
load_table(const struct table *t)
{
	char name[NAME_MOST];
	snprintf(name, sizeof name, strchr(t->name, '.') ? "%s" : "%s.dll", t->name);
	struct module *m = loaded(name);
	if (m)
		return m;
	void *image = (void *)(uintptr_t)t->image;
	if (!image) {
		/* known, with nothing in it: but headers */
		extern const char dll_image_nothing[];
		image = (void *)(uintptr_t)dll_image_nothing;
	}
	m = add(name, NULL, t->image ? t->file : name, image, 0x10000, NULL);
	m->table = t;
	m->refs = (uint32_t)FOR_GOOD;
	m->started = !table_starts(t);
	append(&peb_ldr.InInitializationOrderModuleList, &m->entry.InInitializationOrderLinks);
	return m;
}

static struct module *load_import(const char *dll, struct module *by, struct err *e);

/* An open file, which stays open. */
static struct module *
load_image(int fd, const struct pe *pe, const char *path, const char *name, bool data,
           struct err *e)
{
	char *base = image_map(fd, path, pe, e);
	if (!base)
		return NULL;
	struct module *m =
	        add(name, path, NULL, base, pe->size, pe->entry ? base + pe->entry : NULL);
	m->resources_only = data;
	m->entry.TimeDateStamp = pe->stamp;
	m->entry.Flags = pe->characteristics & PE_FILE_DLL ? 4 : 0; /* LDRP_IMAGE_DLL */
	if (!program && !(pe->characteristics & PE_FILE_DLL))
		program = m;
	if (!data && (bind_imports(m, pe, load_import, e) < 0 || bind_tls(m, pe, e) < 0)) {
		err_prefix(e, "'%s'", path);
		goto undo;
	}
	if (image_protect(base, pe, e) < 0)
		goto undo;
	if (!data)
		append(&peb_ldr.InInitializationOrderModuleList,
		       &m->entry.InInitializationOrderLinks);
	return m;
undo:
	if (m == program)
		program = NULL;
	image_unmap(base, pe);
	drop(m);
	return NULL;
}

static struct module *
load_file(const char *path, const char *name, bool data, struct err *e)
{
	struct pe pe;
	int fd = image_open(path, &pe, e);
	if (fd < 0)
		return NULL;
	struct module *m = load_image(fd, &pe, path, name, data, e);
	close(fd);
	return m;
}

/* The file of a DLL that `by` needs, or that LoadLibraryEx was called for. */
static char *
search(const char *name, const struct module *by)
{
	return seek_dll(name, program ? program->path : NULL, by ? by->path : NULL, load_flags);
}

/* What a program brings itself and Windows would take before its own. */
static bool
may_be_brought(const struct table *t)
{
	return !t->image || str_starts(t->name, "vcruntime") || str_starts(t->name, "msvcp") ||
	       strcmp(t->name, "dbghelp") == 0;
}

static void
lower(const char *name, char *to)
{
	size_t n = 0;
	for (; name[n] && n < NAME_MOST - 5; n++)
		to[n] = (char)(name[n] >= 'A' && name[n] <= 'Z' ? name[n] + 32 : name[n]);
	to[n] = '\0';
	if (n && to[n - 1] == '.')
		to[n - 1] = '\0';
	else if (!strchr(to, '.'))
		memcpy(to + n, ".dll", 5);
}

/* base: lower case, with its ending.  NULL with e empty: it is nowhere. */
static struct module *
load_base(const char *base, const char *spelled, struct module *by, struct err *e)
{
	char plain[NAME_MOST];
	struct module *m = loaded(base);
	if (m)
		return m;
	snprintf(plain, sizeof plain, "%s", base);
	const struct table *t = table_of_set(plain);
	if (!t)
		t = table_find(plain);
	if (t && !may_be_brought(t))
		return load_table(t);
	char *path = search(spelled, by);
	if (path) {
		m = load_file(path, base, false, e);
		free(path);
		return m;
	}
	return t ? load_table(t) : NULL;
}

static struct module *
load_import(const char *dll, struct module *by, struct err *e)
{
	char base[NAME_MOST];
	struct err inner = { 0 };
	lower(dll, base);
	struct module *m = load_base(base, dll, by, &inner);
	if (m && m->refs != (uint32_t)FOR_GOOD)
		m->refs++;
	if (m)
		return m;
	if (inner.code) {
		*e = inner;
		return NULL;
	}
	fail(e, ENOENT,
	     "it needs '%s', which is not beside it and is no DLL of Windows that "
	     "Joist has",
	     dll);
	err_hint(e, "put the DLL into the program's folder");
	err_status(e, EXIT_CANNOT_EXEC);
	return NULL;
}

int
ldr_program(const char *path, struct pe *pe, struct err *e)
{
	const char *slash = strrchr(path, '/');
	char name[NAME_MOST];
	ldr_lock();
	lower(slash ? slash + 1 : path, name);
	int fd = image_open(path, pe, e);
	int rc = -1;
	if (fd >= 0) {
		if (pe->characteristics & PE_FILE_DLL || !pe->entry) {
			fail(e, ENOEXEC, "'%s' is a DLL, not a program", path);
			err_hint(e, "run the program that uses it");
			err_status(e, EXIT_CANNOT_EXEC);
		} else {
			load_table(table_find("ntdll"));
			load_table(table_find("kernel32"));
			load_table(table_find("kernelbase"));
			rc = load_image(fd, pe, path, name, false, e) ? 0 : -1;
		}
		close(fd);
	}
	if (rc == 0) {
		/* Windows has the program first in the list. */
		struct LIST_ENTRY *l = &program->entry.InLoadOrderLinks,
		                  *m = &program->entry.InMemoryOrderLinks;
		unlink_entry(l);
		unlink_entry(m);
		append(peb_ldr.InLoadOrderModuleList.Flink, l);
		append(peb_ldr.InMemoryOrderModuleList.Flink, m);
		program->refs = (uint32_t)FOR_GOOD;
		peb_block.ImageBaseAddress = program->entry.DllBase;
		peb_block.ImageSubsystem = pe->subsystem;
		peb_block.ImageSubsystemMajorVersion = 6;
	}
	ldr_unlock();
	return rc;
}

/* -- beginning and ending ------------------------------------------------------------------------ */

static BOOL
call_main(struct module *m, DWORD reason, void *reserved)
{
	BOOL(WINAPI * f)(void *base, DWORD why, void *reserved);
	bind_tls_call(m, reason);
	if (m == program || !m->entry.EntryPoint || m->builtin || m->resources_only)
		return TRUE;
	memcpy(&f, &m->entry.EntryPoint, sizeof f);
	return f(m->entry.DllBase, reason, reserved);
}

/* In the order in which they were initialised: what others stand on first. */
static NTSTATUS
start_all(void *reserved)
{
	struct LIST_ENTRY *head = &peb_ldr.InInitializationOrderModuleList, *l;
	for (l = head->Flink; l != head; l = l->Flink) {
		struct module *m = (void *)((char *)l - offsetof(struct module,
		                                                 entry.InInitializationOrderLinks));
		if (m->started)
			continue;
		m->started = true;
		if (m->builtin)
			table_start(m->table);
		else if (!call_main(m, DLL_PROCESS_ATTACH, reserved))
			return STATUS_DLL_INIT_FAILED;
	}
	return STATUS_SUCCESS;
}

NTSTATUS
ldr_start(void)
{
	ldr_lock();
	running = true;
	peb_ldr.Initialized = TRUE;
	NTSTATUS s = start_all((void *)1);
	ldr_unlock();
	return s;
}

static void
each_started(DWORD reason, bool backwards)
{
	struct LIST_ENTRY *head = &peb_ldr.InInitializationOrderModuleList, *l, *next;
	if (!head->Flink) /* no program: a test's threads */
		return;
	for (l = backwards ? head->Blink : head->Flink; l != head; l = next) {
		struct module *m = (void *)((char *)l - offsetof(struct module,
		                                                 entry.InInitializationOrderLinks));
		next = backwards ? l->Blink : l->Flink;
		if (m->started && !m->builtin && !(m->entry.Flags & 0x40000))
			call_main(m, reason, reason == DLL_PROCESS_DETACH ? (void *)1 : NULL);
	}
}

void
ldr_thread_attach(void)
{
	if (!teb()->ThreadLocalStoragePointer)
		bind_tls_thread(teb());
	if (!running) /* the first thread: ldr_start() is what attaches it */
		return;
	ldr_lock();
	each_started(DLL_THREAD_ATTACH, false);
	ldr_unlock();
}

void
ldr_thread_detach(void)
{
	if (!atomic_load(&detached)) {
		ldr_lock();
		each_started(DLL_THREAD_DETACH, true);
		ldr_unlock();
	}
	bind_tls_thread_end(teb());
}

void
ldr_process_detach(void)
{
	if (atomic_exchange(&detached, true))
		return;
	ldr_lock();
	peb_ldr.ShutdownInProgress = TRUE;
	each_started(DLL_PROCESS_DETACH, true);
	ldr_unlock();
}

/* -- what programs ask -------------------------------------------------------------------------------- */

/* The base name of a name of Windows, in UTF-8; *folder tells whether there was more. */
static bool
spelled(const WCHAR *name, char *to, bool *folder)
{
	const WCHAR *base = name;
	*folder = false;
	for (const WCHAR *p = name; *p; p++)
		if (*p == '\\' || *p == '/' || *p == ':') {
			base = p + 1;
			*folder = true;
		}
	bool bad;
	size_t n = nls_8_of_16(base, nls_length(base), to, NAME_MOST - 8, &bad);
	if (n > NAME_MOST - 8)
		return false;
	to[n] = '\0';
	return n > 0;
}

/* host: freed here. */
static struct module *
load_host(char *host, const char *base, bool data, struct err *e)
{
	struct module *m = NULL;
	if (host && access(host, R_OK) == 0) {
		for (m = modules; m; m = m->next)
			if (m->path && m->resources_only == data && strcmp(m->path, host) == 0)
				break;
		if (!m)
			m = load_file(host, base, data, e);
	}
	free(host);
	return m;
}

static struct module *
load_path(const WCHAR *name, const char *base, bool data, struct err *e)
{
	char *host = NULL;
	WCHAR *device = NULL;
	if (path_host(name, true, &host, &device) != 0) {
		free(host);
		host = NULL;
	}
	free(device);
	return load_host(host, base, data, e);
}

NTSTATUS
ldr_load(const WCHAR *name, DWORD flags, struct module **out)
{
	char text[NAME_MOST], base[NAME_MOST];
	bool folder, data = flags & LOAD_DATAFILE;
	struct err e = { 0 };
	struct module *m = NULL;
	*out = NULL;
	if (!spelled(name, text, &folder))
		return STATUS_DLL_NOT_FOUND;
	lower(text, base);
	ldr_lock();
	const DWORD outer = load_flags;
	load_flags = flags;
	const struct table *t = table_find(base);
	if (folder && !(t && t->image && !may_be_brought(t)))
		m = load_path(name, base, data, &e);
	if (!m && !e.code && (!folder || t || loaded(base))) {
		if (data && !t && !loaded(base))
			m = load_host(search(strchr(text, '.') ? text : base, NULL), base, true,
			              &e);
		else
			m = load_base(base, strchr(text, '.') ? text : base, NULL, &e);
	}
	load_flags = outer;
	NTSTATUS s = STATUS_SUCCESS;
	if (m && m->refs != (uint32_t)FOR_GOOD && (m->started || !running))
		m->refs++;
	if (m && running && !data) {
		s = start_all(NULL);
		if (s < 0)
			m = NULL;
	}
	ldr_unlock();
	*out = m;
	if (m)
		return STATUS_SUCCESS;
	if (s < 0)
		return s;
	if (e.code == EACCES || e.code == EPERM)
		return STATUS_ACCESS_DENIED;
	return !e.code || e.status == EXIT_NOT_FOUND || strstr(e.what, "it needs '")
	               ? STATUS_DLL_NOT_FOUND
	               : STATUS_INVALID_IMAGE_FORMAT;
}

NTSTATUS
ldr_unload(struct module *m)
{
	/* A file stays mapped: others may hold addresses in it, and its DllMain has been told once.
	 * Windows keeps most DLLs as well, by pinning or by what they stand on. */
	ldr_lock();
	if (m->refs > 1 && m->refs != (uint32_t)FOR_GOOD)
		m->refs--;
	ldr_unlock();
	return STATUS_SUCCESS;
}

struct module *
ldr_find_ascii(const char *name)
{
	char base[NAME_MOST];
	lower(name, base);
	ldr_lock();
	struct module *m = loaded(base);
	if (!m) {
		const struct table *t = table_of_set(base);
		if (t) {
			snprintf(base, sizeof base, "%s.dll", t->name);
			m = loaded(base);
		}
	}
	ldr_unlock();
	return m;
}

struct module *
ldr_find(const WCHAR *name)
{
	char text[NAME_MOST];
	bool folder;
	if (!spelled(name, text, &folder))
		return NULL;
	struct module *m = ldr_find_ascii(text);
	if (m && folder && !m->builtin) {
		char *host = NULL;
		WCHAR *device = NULL;
		if (path_host(name, true, &host, &device) != 0 || !host ||
		    strcmp(host, m->path) != 0)
			m = NULL;
		free(host);
		free(device);
	}
	return m;
}

struct module *
ldr_of(const void *base)
{
	struct module *m;
	base = (const void *)((uintptr_t)base & ~(uintptr_t)3); /* LOAD_LIBRARY_AS_DATAFILE marks */
	if (!base)
		return program;
	ldr_lock();
	for (m = modules; m && m->entry.DllBase != base; m = m->next)
		;
	ldr_unlock();
	return m;
}

struct module *
ldr_at(const void *address)
{
	uintptr_t p = (uintptr_t)address;
	struct module *m;
	for (m = modules; m; m = m->next)
		if (!m->builtin && p - (uintptr_t)m->entry.DllBase < m->entry.SizeOfImage)
			return m;
	if (own_code(address))
		return loaded("ntdll.dll");
	return NULL;
}

void
ldr_each(bool (*f)(struct module *m, void *ctx), void *ctx)
{
	ldr_lock();
	for (struct module *m = modules; m && f(m, ctx); m = m->next)
		;
	ldr_unlock();
}

void *
ldr_symbol(struct module *m, const char *name)
{
	char dll[NAME_MOST];
	for (int depth = 0; depth < 8; depth++) {
		const char *forward;
		if (m->builtin) {
			const struct table *t = m->table;
			if ((uintptr_t)name < 65536)
				return table_ordinal(t, (uint16_t)(uintptr_t)name);
			void *p = table_symbol(t, name);
			/* it passes on what others do */
			if (strcmp(t->name, "kernelbase") == 0)
				for (size_t i = 0; !p && (t = table_next(i)); i++)
					p = table_symbol(t, name);
			return p;
		}
		void *p = bind_export(m, name, &forward);
		const char *dot = forward ? strrchr(forward, '.') : NULL;
		if (p || !dot || dot - forward > NAME_MOST - 8)
			return p;
		snprintf(dll, sizeof dll, "%.*s.dll", (int)(dot - forward), forward);
		struct err e = { 0 };
		ldr_lock();
		m = load_import(dll, m, &e);
		ldr_unlock();
		name = dot + 1;
		if (*name == '#')
			name = (const char *)(uintptr_t)(strtoul(name + 1, NULL, 10) & 0xffff);
		if (!m || !name)
			return NULL;
	}
	return NULL;
}
