/* ldr.h -- modules: the program, its own DLLs and the system's.
 *
 * A module is a mapped PE file or one of our tables' images (dll/image.S); both are in the
 * PEB's lists and have the same functions.  One lock, the loader's, guards the list; DllMain is
 * called under it, in order of dependence.
 */
#ifndef LAYER_API_NT_IMAGE_LDR_H
#define LAYER_API_NT_IMAGE_LDR_H

#include "base/err.h"
#include "layer/api/nt/status.h"
#include "layer/api/nt/teb.h"

struct pe;
struct table;

struct module {
	struct LDR_DATA_TABLE_ENTRY entry;      /* first: what the program sees */
	const char *name;       /* own: the base name, lower case, "kernel32.dll" */
	char *path;             /* own: of the host; NULL for one of ours */
	uint32_t refs;          /* under the loader's lock; UINT32_MAX: for good */
	const struct table *table;      /* of one of ours, else NULL */
	bool builtin, started, resources_only;
	struct module *next;
};

/* The program: map, bind, and all that it imports; *pe is what its headers say.  126 and 127
 * with a sentence when it cannot. */
int ldr_program(const char *path, struct pe *pe, struct err *e);
struct module *ldr_main(void);
/* TLS callbacks and DllMain of all; then the entry point may be called. */
NTSTATUS ldr_start(void);
void ldr_thread_attach(void);           /* the calling thread: TLS blocks, DLL_THREAD_ATTACH */
void ldr_thread_detach(void);
void ldr_process_detach(void);          /* ExitProcess; once */

/* name: of Windows, with or without a folder and .dll.  A count more. */
NTSTATUS ldr_load(const WCHAR *name, DWORD flags, struct module **out);
NTSTATUS ldr_unload(struct module *m);
struct module *ldr_find(const WCHAR *name);             /* loaded already, or NULL; no count */
struct module *ldr_find_ascii(const char *name);
struct module *ldr_of(const void *base);                /* HMODULE; NULL: the program */
struct module *ldr_at(const void *address);             /* which one holds it; ours: ntdll */
void ldr_each(bool (*f)(struct module *m, void *ctx), void *ctx);
void ldr_lock(void);
void ldr_unlock(void);

/* An export by name or, when name is below 65536, by ordinal; forwarders are followed.  NULL:
 * it has none, or it is not done. */
void *ldr_symbol(struct module *m, const char *name);

#endif
