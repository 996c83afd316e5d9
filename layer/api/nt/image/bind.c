/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/api/nt/image/bind.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/arena.h"
#include "layer/api/dll/table.h"
#include "layer/api/nt/thread/thread.h"
#include "layer/api/nt/image/undone.h"

/* -- imports ------------------------------------------------------------------------------- */

struct descriptor {
	uint32_t lookup, stamp, chain, name, table;
};

static int
damaged(struct err *e, const char *what)
{
	fail(e, ENOEXEC, "%s", what);
	err_hint(e, "the file is damaged or not complete; get it again");
	return err_status(e, EXIT_CANNOT_EXEC);
}

/* A function of a DLL of ours: also where the DLL's name is only that of a set. */
static void *
ours(struct module *from, const char *dll, const char *name)
{
	const struct table *t;
	void *p = ldr_symbol(from, name);
	if (!p && (uintptr_t)name >= 65536 && strncasecmp(dll, "api-ms-win-", 11) == 0)
		for (size_t i = 0; !p && (t = table_next(i)); i++)
			p = table_symbol(t, name);
	return p;
}

static void *
resolve(struct module *from, const char *dll, const char *name)
{
	char number[16] = "#";
	void *p = from->builtin ? ours(from, dll, name) : ldr_symbol(from, name);
	if ((uintptr_t)name < 65536) {
		unsigned n = (unsigned)(uintptr_t)name, k = 0;
		char digits[8];
		do
			digits[k++] = (char)('0' + n % 10);
		while (n /= 10);
		for (unsigned i = 0; i < k; i++)
			number[1 + i] = digits[k - 1 - i];
		name = number;
	}
	if (!p)
		return undone_stub(dll, name);
	return from->builtin ? undone_trace(dll, name, p) : p;
}

static int
bind_one(struct module *m, uint32_t size, const struct descriptor *d, struct module *from,
         const char *dll, struct err *e)
{
	char *base = (char *)m->entry.DllBase;
	uint32_t lookup = d->lookup ? d->lookup : d->table;
	for (uint32_t i = 0;; i++) {
		uint64_t v;
		const void *at = pe_at(base, size, lookup + i * 8, 8);
		const void *slot = pe_at(base, size, d->table + i * 8, 8);
		if (!at || !slot || i > UINT32_MAX / 16)
			return damaged(e, "its import table reaches outside its image");
		memcpy(&v, at, 8);
		if (v == 0)
			return 0;
		const char *name = (const char *)(uintptr_t)(v & 0xffff);
		if (!(v >> 63)) {
			name = pe_text(base, size, (uint32_t)v + 2);
			if (!name || v > INT32_MAX)
				return damaged(e, "an import has no name");
		} else if (!name) {
			return damaged(e, "an import has the ordinal 0");
		}
		void *p = resolve(from, dll, name);
		if (!p)
			return fail(e, ENOMEM, "there is no memory for its imports");
		memcpy(base + d->table + i * 8, &p, 8);
	}
}

int
bind_imports(struct module *m, const struct pe *pe,
             struct module *(*load)(const char *dll, struct module *by, struct err *e),
             struct err *e)
{
	char *base = (char *)m->entry.DllBase;
	uint32_t at = pe->dir[PE_IMPORT].rva;
	if (!at)
		return 0;
	for (;; at += sizeof(struct descriptor)) {
		struct descriptor d;
		const void *p = pe_at(base, pe->size, at, sizeof d);
		if (!p)
			return damaged(e, "its import directory reaches outside its image");
		memcpy(&d, p, sizeof d);
		if (!d.name || !d.table)
			return 0;
		const char *dll = pe_text(base, pe->size, d.name);
		if (!dll || strlen(dll) > 255)
			return damaged(e, "an imported DLL has no name");
		struct module *from = load(dll, m, e);
		if (!from || bind_one(m, pe->size, &d, from, dll, e) < 0)
			return -1;
	}
}

/* -- what it may come to ---------------------------------------------------------------------- */

static bool
leads_on(const char *name)
{
	static const char *const ways[] = {
		"CreateProcess", "LoadLibrary", "LdrLoadDll", "ShellExecute", "WinExec",
		"_execv",        "_popen",      "_spawn",     "_wexecv",      "_wpopen",
		"_wspawn",       "_wsystem",    "execv",      "spawn",        "system",
	};
	for (size_t i = 0; i < sizeof ways / sizeof *ways; i++)
		if (strncmp(name, ways[i], strlen(ways[i])) == 0)
			return true;
	return false;
}

bool
bind_leads_on(const struct module *m, const struct pe *pe)
{
	const char *base = (const char *)m->entry.DllBase;
	uint32_t at = pe->dir[PE_IMPORT].rva;
	const void *p;
	for (; at && (p = pe_at(base, pe->size, at, sizeof(struct descriptor)));
	     at += sizeof(struct descriptor)) {
		struct descriptor d;
		memcpy(&d, p, sizeof d);
		if (!d.name || !d.table)
			return false;
		if (!d.lookup) /* the names are gone, where the addresses stand */
			return true;
		for (uint32_t k = d.lookup; (p = pe_at(base, pe->size, k, 8)); k += 8) {
			uint64_t v;
			memcpy(&v, p, 8);
			if (!v)
				break;
			const char *name =
			        v >> 63 ? NULL : pe_text(base, pe->size, (uint32_t)v + 2);
			if (name && leads_on(name))
				return true;
		}
	}
	return false;
}

/* -- exports of files ------------------------------------------------------------------------- */

struct exports {
	uint32_t flags, stamp, version, name, base, functions, names, function_at, name_at,
	        ordinal_at;
};

static int
index_of(const char *base, uint32_t size, const struct exports *x, const char *name)
{
	uint32_t low = 0, high = x->names;
	while (low < high) {
		uint32_t mid = low + (high - low) / 2, rva;
		uint16_t index;
		const void *at = pe_at(base, size, x->name_at + mid * 4, 4);
		const void *ord = pe_at(base, size, x->ordinal_at + mid * 2, 2);
		if (!at || !ord)
			return -1;
		memcpy(&rva, at, 4);
		memcpy(&index, ord, 2);
		const char *s = pe_text(base, size, rva);
		int c = s ? strcmp(name, s) : -1;
		if (c == 0)
			return index;
		if (c < 0)
			high = mid;
		else
			low = mid + 1;
	}
	return -1;
}

void *
bind_export(struct module *m, const char *name, const char **forward)
{
	const char *base = (const char *)m->entry.DllBase;
	uint32_t size = m->entry.SizeOfImage, rva;
	struct pe_range dir = pe_directory(base, size, PE_EXPORT);
	struct exports x;
	*forward = NULL;
	const void *p = dir.rva ? pe_at(base, size, dir.rva, sizeof x) : NULL;
	if (!p)
		return NULL;
	memcpy(&x, p, sizeof x);
	if (x.functions > size / 4 || x.names > size / 4)
		return NULL;
	int64_t i = (uintptr_t)name < 65536 ? (int64_t)(uintptr_t)name - x.base
	                                    : index_of(base, size, &x, name);
	if (i < 0 || i >= x.functions)
		return NULL;
	p = pe_at(base, size, x.function_at + (uint32_t)i * 4, 4);
	if (!p)
		return NULL;
	memcpy(&rva, p, 4);
	if (!rva || rva >= size)
		return NULL;
	if (rva >= dir.rva && rva - dir.rva < dir.size) {
		*forward = pe_text(base, size, rva);
		return NULL;
	}
	return (void *)(uintptr_t)(base + rva);
}

/* -- thread-local storage ---------------------------------------------------------------------- */

struct tls_directory {
	uint64_t start, end, index, callbacks;
	uint32_t zero, flags;
};

enum { MOST = 256 };

/* Written under the loader's lock; a thread's own blocks only by itself or before it runs. */
static struct {
	const void *data;
	size_t size, zero, align;
} tls[MOST];
static _Atomic uint32_t ntls;

/* A virtual address of the directory, inside the image. */
static bool
inside(const struct module *m, uint64_t va, uint64_t n)
{
	uint64_t base = (uintptr_t)m->entry.DllBase;
	return va >= base && va - base <= m->entry.SizeOfImage &&
	       n <= m->entry.SizeOfImage - (va - base);
}

static void *
block_of(uint32_t i)
{
	size_t size = tls[i].size + tls[i].zero, align = tls[i].align;
	char *p = aligned_alloc(align, (size + align) & ~(align - 1));
	if (!p)
		abort();
	memcpy(p, tls[i].data, tls[i].size);
	memset(p + tls[i].size, 0, tls[i].zero);
	return p;
}

static void
give(struct thread *t, void *ctx)
{
	uint32_t i = *(uint32_t *)ctx;
	if (t->teb && t->teb->ThreadLocalStoragePointer && !t->teb->ThreadLocalStoragePointer[i])
		t->teb->ThreadLocalStoragePointer[i] = block_of(i);
}

int
bind_tls(struct module *m, const struct pe *pe, struct err *e)
{
	struct tls_directory d;
	uint32_t i = atomic_load(&ntls);
	m->entry.TlsIndex = 0xffff;
	const void *p = pe->dir[PE_TLS].rva
	                        ? pe_at(m->entry.DllBase, pe->size, pe->dir[PE_TLS].rva, sizeof d)
	                        : NULL;
	if (!p)
		return 0;
	memcpy(&d, p, sizeof d);
	if (d.end < d.start || !inside(m, d.start, d.end - d.start) || !inside(m, d.index, 4) ||
	    d.zero > INT32_MAX || (d.callbacks && !inside(m, d.callbacks, 8)))
		return damaged(e, "its thread-local storage reaches outside its image");
	if (i == MOST)
		return fail(e, ENOMEM, "more than %d modules have thread-local storage", MOST);
	unsigned log = d.flags >> 20 & 15; /* IMAGE_SCN_ALIGN_*: 1 is one byte */
	tls[i].data = (const void *)(uintptr_t)d.start;
	tls[i].size = d.end - d.start;
	tls[i].zero = d.zero;
	tls[i].align = log > 5 ? (size_t)1 << (log - 1) : 16;
	memcpy((void *)(uintptr_t)d.index, &i, 4);
	m->entry.TlsIndex = (USHORT)i;
	atomic_store(&ntls, i + 1);
	thread_each(give, &i);
	return 0;
}

void
bind_tls_thread(struct TEB *t)
{
	void **blocks = xcalloc(MOST, sizeof *blocks);
	for (uint32_t i = 0; i < atomic_load(&ntls); i++)
		blocks[i] = block_of(i);
	t->ThreadLocalStoragePointer = blocks;
}

void
bind_tls_thread_end(struct TEB *t)
{
	void **blocks = t->ThreadLocalStoragePointer;
	t->ThreadLocalStoragePointer = NULL;
	for (uint32_t i = 0; blocks && i < MOST; i++)
		free(blocks[i]);
	free(blocks);
}

void
bind_tls_call(struct module *m, DWORD reason)
{
	struct tls_directory d;
	if (m->builtin || m->resources_only || m->entry.TlsIndex == 0xffff)
		return;
	struct pe_range dir = pe_directory(m->entry.DllBase, m->entry.SizeOfImage, PE_TLS);
	const void *p = pe_at(m->entry.DllBase, m->entry.SizeOfImage, dir.rva, sizeof d);
	if (!dir.rva || !p)
		return;
	memcpy(&d, p, sizeof d);
	for (uint64_t at = d.callbacks; at && inside(m, at, 8); at += 8) {
		void(WINAPI * f)(void *base, DWORD why, void *reserved);
		memcpy(&f, (const void *)(uintptr_t)at, 8);
		if (!f)
			break;
		f(m->entry.DllBase, reason, NULL);
	}
}
