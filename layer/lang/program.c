/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/lang/program.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/file.h"
#include "core/snap.h"
#include "layer/lang/guest.h"
#include "layer/lang/text/text.h"

enum { TEXT_MOST = 256 << 20 };

/* Text is whatever does not begin as a module. */
static bool
is_binary(const char *path)
{
	char head[4] = { 0 };
	ssize_t n = file_peek(AT_FDCWD, path, head, sizeof head);
	return n < 1 || head[0] == '\0' || strchr("( \t\r\n;\xef", head[0]) == NULL;
}

static int
open_text(struct program *p, struct err *e)
{
	char *text;
	size_t n;
	if (file_read(AT_FDCWD, p->path, TEXT_MOST, &text, &n, e) < 0)
		return -1;
	int rc = text_module(text, n, &p->binary, e);
	free(text);
	if (rc == 0) {
		p->module = module_read(p->binary.p, p->binary.n, e);
		rc = p->module ? 0 : -1;
	}
	return rc < 0 ? err_prefix(e, "'%s'", p->path) : 0;
}

int
program_open(struct program *p, const char *path, struct err *e)
{
	int rc = 0;
	*p = (struct program){ .path = xstrdup(path) };
	if (is_binary(path))
		rc = (p->module = module_open(AT_FDCWD, path, e)) ? 0 : -1;
	else
		rc = open_text(p, e);
	if (rc == 0)
		return 0;
	if (e && !e->hint[0])
		err_hint(e, "the file is damaged, or was made by a tool that is; make it again");
	err_status(e, EXIT_CANNOT_EXEC);
	return -1;
}

void
program_free(struct program *p)
{
	module_free(p->module);
	buf_free(&p->binary);
	free(p->shared);
	free(p->path);
	*p = (struct program){ 0 };
}

/* A memory that is imported, as threads do: made once, for all instances. */
static bool
shared_memory(struct program *p, uint32_t k, struct wasm_store *s, struct external *out,
              struct err *e)
{
	const struct import *x = &p->module->import[k];
	if (!p->shared)
		p->shared = xcalloc(p->module->nimport, sizeof *p->shared);
	if (!p->shared[k].memory) {
		p->shared[k].kind = EXTERN_MEMORY;
		p->shared[k].memory = memory_new(s, &p->module->memory[x->index].limits, e);
	}
	*out = p->shared[k];
	return out->memory != NULL;
}

void
program_share(struct program *p, struct wasm_store *s, const uint32_t *number)
{
	for (uint32_t i = 0; i < p->module->nimport; i++) {
		if (number[i] == UINT32_MAX)
			continue;
		if (!p->shared)
			p->shared = xcalloc(p->module->nimport, sizeof *p->shared);
		p->shared[i] = (struct external){ .kind = EXTERN_MEMORY,
			                          .memory = s->memory.p[number[i]] };
	}
}

uint32_t
program_crc(struct program *p)
{
	if (!p->has_crc)
		p->crc = snap_crc(p->module->bytes, p->module->nbytes);
	p->has_crc = true;
	return p->crc;
}

static int
no_import(const struct import *x, const char *why, struct err *e)
{
	fail(e, ENOSYS, "the program needs %.*s.%.*s: %s", (int)x->module.n, x->module.p,
	     (int)x->name.n, x->name.p, why);
	err_hint(e, "Joist gives WASI preview 1 and wasi-threads; see what it needs: joist inspect "
	            "FILE");
	return err_status(e, EXIT_CANNOT_EXEC);
}

int
program_link(struct program *p, struct guest *g, struct thread *t, struct instance **out,
             struct err *e)
{
	struct module *m = p->module;
	struct external *imports = xcalloc((size_t)m->nimport + 1, sizeof *imports);
	int rc = 0;
	for (uint32_t k = 0; k < m->nimport && rc == 0; k++) {
		const struct import *x = &m->import[k];
		if (x->kind == EXTERN_FUNC) {
			struct err why = { 0 };
			if (!wasi_import(g->wasi, t->store, x->module, x->name, m->func[x->index],
			                 &imports[k], &why))
				rc = no_import(x, why.what[0] ? why.what : "unknown import", e);
		} else if (x->kind != EXTERN_MEMORY) {
			rc = no_import(x, "unknown import", e);
		} else if (!shared_memory(p, k, t->store, &imports[k], e)) {
			rc = -1;
		}
	}
	if (rc == 0) {
		enum link r = link_make(t, m, imports, NULL, out, e);
		if (r == LINK_TRAP)
			rc = fail(e, EFAULT, "'%s' cannot be instantiated: %s", p->path,
			          store_trap_text[t->trap]);
		else if (r != LINK_OK)
			rc = -1;
		if (rc < 0)
			err_status(e, EXIT_CANNOT_EXEC);
	}
	free(imports);
	return rc;
}
