/* bind.h -- an image's imports, thread-local storage and exports.
 *
 * What is read here is the program's own image, mapped: every RVA is looked at through
 * pe_at(), so a hostile one is an error and not a fault.
 */
#ifndef LAYER_API_NT_IMAGE_BIND_H
#define LAYER_API_NT_IMAGE_BIND_H

#include "layer/api/nt/image/ldr.h"
#include "layer/api/nt/image/pe.h"

/* Fill the import address table: every DLL is loaded by `load`, every function resolves.
 * 126 and a sentence when a DLL is not there. */
int bind_imports(struct module *m, const struct pe *pe,
                 struct module *(*load)(const char *dll, struct module *by, struct err *e),
                 struct err *e);

/* Does it import a function by which it loads or starts what its imports do not name? */
bool bind_leads_on(const struct module *m, const struct pe *pe);

/* The address of an export of a mapped file; *forward receives "DLL.Function" instead, when it
 * is one.  NULL: there is none. */
void *bind_export(struct module *m, const char *name, const char **forward);

/* Thread-local storage of an image ("PE Format", The .tls Section). */
int bind_tls(struct module *m, const struct pe *pe, struct err *e);     /* a number for it */
void bind_tls_thread(struct TEB *t);            /* blocks of all modules for a new thread */
void bind_tls_thread_end(struct TEB *t);
void bind_tls_call(struct module *m, DWORD reason);     /* its callbacks */

#endif
