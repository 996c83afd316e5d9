/* SPDX-License-Identifier: Apache-2.0 */
/* Stacks, frame by frame, and the modules that are loaded: of this process, on x64.
 *
 * The first call shows the frame that the context stands in; each one after it leaves a frame.  A stack
 * that is broken is the end of the walk, also when it points nowhere.
 */
#include <stdlib.h>
#include <string.h>

#include "layer/api/dll/dll.h"
#include "layer/api/nt/except/except.h"
#include "layer/api/nt/except/unwind.h"
#include "layer/api/nt/image/ldr.h"
#include "layer/api/nt/text/nls.h"

enum { MACHINE_AMD64 = 0x8664, ADDR_MODE_FLAT = 3, UNWIND_ANY = 0, ERROR_BAD_EXE_FORMAT = 193 };
#define BEGUN 0x6b6c6157u /* Reserved[2]: the first frame was shown */

struct ADDRESS64 {
	DWORD64 Offset;
	WORD Segment;
	int Mode;
};

struct KDHELP64 {
	BYTE of_kernels[112];
};

struct STACKFRAME64 {
	struct ADDRESS64 AddrPC, AddrReturn, AddrFrame, AddrStack, AddrBStore;
	void *FuncTableEntry;
	DWORD64 Params[4];
	BOOL Far, Virtual;
	DWORD64 Reserved[3];
	struct KDHELP64 KdHelp;
};
_Static_assert(sizeof(struct STACKFRAME64) == 264, "STACKFRAME64");

struct STACKFRAME_EX {
	struct STACKFRAME64 frame;
	DWORD StackFrameSize, InlineFrameContext;
};

typedef WINAPI void *function_access(HANDLE process, DWORD64 pc);

WINAPI DWORD kernel32_GetProcessId(HANDLE process);

static bool
self(HANDLE process)
{
	return process == (HANDLE)-1 ||
	       kernel32_GetProcessId(process) == (DWORD)(uintptr_t)teb()->ClientId.UniqueProcess;
}

/* NULL: a function without an entry leaves nothing to unwind but its return address. */
WINAPI void *
dbghelp_SymFunctionTableAccess64(HANDLE process, DWORD64 pc)
{
	struct image im;
	return self(process) ? functable_find(pc, &im) : NULL;
}

WINAPI void *
dbghelp_SymFunctionTableAccess64AccessRoutines(HANDLE process, DWORD64 pc, void *read, void *base)
{
	(void)read, (void)base;
	return dbghelp_SymFunctionTableAccess64(process, pc);
}

/* -- frames --------------------------------------------------------------------------------------- */

struct step {
	struct CONTEXT *c;
	bool exact, ok;
};

static void
leave(void *arg)
{
	static const struct bounds anywhere = { 0, UINT64_MAX };
	struct step *s = arg;
	struct unwind_frame f = { .exact = s->exact };
	s->ok = unwind_step(s->c, UNWIND_ANY, &anywhere, &f) && s->c->Rip;
}

/* false: there is nobody above, or nobody knows. */
static bool
leave_frame(struct CONTEXT *c, bool exact)
{
	uint64_t before = c->Rsp;
	struct step s = { c, exact, false };
	return except_try(leave, &s) && s.ok && c->Rsp > before;
}

static void
put(struct ADDRESS64 *a, DWORD64 offset)
{
	*a = (struct ADDRESS64){ offset, 0, ADDR_MODE_FLAT };
}

/* The first four arguments are where the caller left room for them, when it was used. */
static void
put_parameters(struct STACKFRAME64 *f, DWORD64 stack)
{
	if (!except_copy(f->Params, (const void *)(uintptr_t)stack, sizeof f->Params))
		memset(f->Params, 0, sizeof f->Params);
}

WINAPI BOOL
dbghelp_StackWalk64(DWORD machine, HANDLE process, HANDLE thread, struct STACKFRAME64 *f,
                    struct CONTEXT *c, void *read, function_access *access, void *base,
                    void *translate)
{
	(void)thread, (void)read, (void)base, (void)translate;
	if (machine != MACHINE_AMD64 || !f || !c || !self(process))
		return refuse(ERROR_INVALID_PARAMETER);
	bool first = f->Reserved[2] != BEGUN;
	/* a fault stands in its function; what was called is behind the call */
	if (!first && !leave_frame(c, f->Reserved[1]))
		return FALSE;
	f->Reserved[1] = first;
	f->Reserved[2] = BEGUN;
	struct CONTEXT *above = malloc(sizeof *above);
	if (!above)
		return refuse(ERROR_NOT_ENOUGH_MEMORY);
	*above = *c;
	bool more = leave_frame(above, first);
	put(&f->AddrPC, c->Rip);
	put(&f->AddrReturn, more ? above->Rip : 0);
	put(&f->AddrStack, c->Rsp);
	put(&f->AddrFrame, more ? above->Rsp - 2 * sizeof(DWORD64) : c->Rbp);
	put(&f->AddrBStore, 0);
	put_parameters(f, more ? above->Rsp : c->Rsp);
	free(above);
	f->FuncTableEntry = access ? access(process, c->Rip) : NULL;
	f->Far = FALSE;
	f->Virtual = TRUE;
	return TRUE;
}

WINAPI BOOL
dbghelp_StackWalkEx(DWORD machine, HANDLE process, HANDLE thread, struct STACKFRAME_EX *f,
                    struct CONTEXT *c, void *read, function_access *access, void *base,
                    void *translate, DWORD flags)
{
	(void)flags;
	if (!f || f->StackFrameSize != sizeof *f)
		return refuse(ERROR_INVALID_PARAMETER);
	f->InlineFrameContext = 0; /* nothing was inlined, as far as is known */
	return dbghelp_StackWalk64(machine, process, thread, &f->frame, c, read, access, base,
	                           translate);
}

/* -- modules -------------------------------------------------------------------------------------- */

typedef WINAPI BOOL each_module(const void *name, DWORD64 base, ULONG size, void *context);

struct loaded {
	WCHAR *name; /* own */
	DWORD64 base;
	ULONG size;
};

struct list {
	struct loaded *p; /* own */
	size_t n, room;
};

static bool
note(struct module *m, void *context)
{
	struct list *l = context;
	if (l->n == l->room) {
		size_t room = l->room ? 2 * l->room : 32;
		struct loaded *p = realloc(l->p, room * sizeof *p);
		if (!p)
			return false;
		l->p = p;
		l->room = room;
	}
	const struct UNICODE_STRING *u = &m->entry.FullDllName;
	WCHAR *name = calloc(u->Length / sizeof *name + 1, sizeof *name);
	if (!name)
		return false;
	memcpy(name, u->Buffer, u->Length);
	l->p[l->n++] =
	        (struct loaded){ name, (DWORD64)(uintptr_t)m->entry.DllBase, m->entry.SizeOfImage };
	return true;
}

/* The list is made before the program's function sees it, which may load more. */
static BOOL
each(HANDLE process, each_module *f, void *context, bool wide)
{
	struct list l = { 0 };
	bool go = true;
	if (!self(process))
		return refuse(ERROR_INVALID_HANDLE);
	ldr_each(note, &l);
	for (size_t i = 0; i < l.n; i++) {
		char *narrow = wide ? NULL : nls_ansi(l.p[i].name);
		if (go && (wide || narrow))
			go = f(wide ? (const void *)l.p[i].name : narrow, l.p[i].base, l.p[i].size,
			       context);
		free(narrow);
		free(l.p[i].name);
	}
	free(l.p);
	return TRUE;
}

WINAPI BOOL
dbghelp_EnumerateLoadedModulesW64(HANDLE process, each_module *f, void *context)
{
	return each(process, f, context, true);
}

WINAPI BOOL
dbghelp_EnumerateLoadedModules64(HANDLE process, each_module *f, void *context)
{
	return each(process, f, context, false);
}

struct IMAGEHLP_MODULE64 {
	DWORD SizeOfStruct;
	DWORD64 BaseOfImage;
	DWORD ImageSize, TimeDateStamp, CheckSum, NumSyms;
	int SymType; /* 4: exports */
	BYTE texts
	        []; /* ModuleName[32], ImageName[256], LoadedImageName[256], LoadedPdbName[256], of char or WCHAR */
};

/* What is there of it; what programs of old do not have room for is left out. */
static BOOL
module_info(HANDLE process, DWORD64 address, struct IMAGEHLP_MODULE64 *out, bool wide)
{
	enum { SYM_EXPORT = 4, NAME = 32, PATH = 256 };
	const size_t unit = wide ? sizeof(WCHAR) : 1, whole = (NAME + PATH) * unit;
	struct module *m = self(process) ? ldr_at((const void *)(uintptr_t)address) : NULL;
	if (!m)
		return refuse(ERROR_MOD_NOT_FOUND);
	if (!out || out->SizeOfStruct < sizeof *out + whole)
		return refuse(ERROR_INVALID_PARAMETER);
	size_t size = out->SizeOfStruct;
	memset((BYTE *)out + sizeof out->SizeOfStruct, 0, size - sizeof out->SizeOfStruct);
	out->BaseOfImage = (DWORD64)(uintptr_t)m->entry.DllBase;
	out->ImageSize = m->entry.SizeOfImage;
	out->TimeDateStamp = m->entry.TimeDateStamp;
	out->SymType = SYM_EXPORT;
	const struct UNICODE_STRING *names[] = { &m->entry.BaseDllName, &m->entry.FullDllName };
	const size_t at[] = { 0, NAME * unit }, room[] = { NAME, PATH };
	for (int k = 0; k < 2; k++) {
		size_t n = names[k]->Length / sizeof(WCHAR);
		if (!k) /* without its ending */
			for (size_t i = n; i-- > 0;)
				if (names[0]->Buffer[i] == '.') {
					n = i;
					break;
				}
		for (size_t i = 0; i < n && i + 1 < room[k]; i++) {
			WCHAR c = names[k]->Buffer[i];
			BYTE *to = out->texts + at[k] + i * unit;
			if (wide)
				memcpy(to, &c, sizeof c);
			else
				*to = c < 0x80 ? (BYTE)c : '?';
		}
	}
	return TRUE;
}

WINAPI BOOL
dbghelp_SymGetModuleInfoW64(HANDLE process, DWORD64 address, struct IMAGEHLP_MODULE64 *out)
{
	return module_info(process, address, out, true);
}

WINAPI BOOL
dbghelp_SymGetModuleInfo64(HANDLE process, DWORD64 address, struct IMAGEHLP_MODULE64 *out)
{
	return module_info(process, address, out, false);
}

/* -- headers of images ------------------------------------------------------------------------------- */

static uint32_t
word(const BYTE *p)
{
	uint32_t v;
	memcpy(&v, p, sizeof v);
	return v;
}

static void *
none(DWORD error)
{
	last_error(error);
	return NULL;
}

/* Of an image in memory, or of a file that was mapped; NULL: it is none. */
WINAPI void *
dbghelp_ImageNtHeader(void *base)
{
	BYTE *p = base, magic[64];
	if (!except_copy(magic, p, sizeof magic) || magic[0] != 'M' || magic[1] != 'Z')
		return none(ERROR_BAD_EXE_FORMAT);
	p += word(magic + 0x3c);
	if (!except_copy(magic, p, 4) || word(magic) != 0x4550)
		return none(ERROR_BAD_EXE_FORMAT);
	return p;
}

enum { SECTION = 40 };

static const BYTE *
section_of(const BYTE *pe, uint32_t rva)
{
	const BYTE *s = pe + 24 + (pe[20] | pe[21] << 8);
	for (unsigned i = 0, n = (unsigned)(pe[6] | pe[7] << 8); i < n; i++, s += SECTION) {
		uint32_t at = word(s + 12), size = word(s + 16);
		if (rva >= at && rva - at < size)
			return s;
	}
	return NULL;
}

WINAPI const void *
dbghelp_ImageRvaToSection(const void *headers, void *base, ULONG rva)
{
	(void)base;
	return section_of(headers, rva);
}

/* Where in a file that was mapped as it is. */
WINAPI void *
dbghelp_ImageRvaToVa(const void *headers, void *base, ULONG rva, const void **last)
{
	const BYTE *s = section_of(headers, rva);
	if (last)
		*last = s;
	return s ? (BYTE *)base + word(s + 20) + (rva - word(s + 12)) : NULL;
}

WINAPI void *
dbghelp_ImageDirectoryEntryToDataEx(void *base, BYTE mapped, WORD entry, ULONG *size,
                                    const void **section)
{
	BYTE *pe = dbghelp_ImageNtHeader(base);
	*size = 0;
	if (section)
		*section = NULL;
	if (!pe)
		return NULL;
	bool wide = pe[24] == 0x0b && pe[25] == 2;
	const BYTE *d = pe + 24 + (wide ? 112 : 96);
	if (entry >= word(d - 4) || !word(d + entry * 8u))
		return none(ERROR_INVALID_PARAMETER);
	uint32_t rva = word(d + entry * 8u);
	*size = word(d + entry * 8u + 4);
	const BYTE *s = section_of(pe, rva);
	if (section)
		*section = s;
	if (mapped || !s)
		return (BYTE *)base + rva;
	return (BYTE *)base + word(s + 20) + (rva - word(s + 12));
}

WINAPI void *
dbghelp_ImageDirectoryEntryToData(void *base, BYTE mapped, WORD entry, ULONG *size)
{
	return dbghelp_ImageDirectoryEntryToDataEx(base, mapped, entry, size, NULL);
}
