/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/lang/guest.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/snap.h"
#include "layer/lang/invoke.h"
#include "layer/lang/save.h"

/* A guest at rest as chunks: which program, where in its life, its store, its open files. */
enum {
	CHUNK_GUEST = SNAP_TAG('W', 'G', 'S', 'T'),
	CHUNK_WASI = SNAP_TAG('W', 'A', 'S', 'I'),
};

int
guest_save(struct guest *g, struct snap *s, struct err *e)
{
	struct buf b = { 0 };
	buf_u64(&b, g->program.module->nbytes);
	buf_u32(&b, program_crc(&g->program));
	buf_u8(&b, (uint8_t)g->phase);
	buf_u32(&b, (uint32_t)g->status);
	buf_u32(&b, g->main->number);
	for (uint32_t i = 0; i < g->program.module->nimport; i++)
		buf_u32(&b, g->program.shared && g->program.shared[i].memory
		                    ? g->program.shared[i].memory->number
		                    : UINT32_MAX);
	int rc = snap_put_buf(s, CHUNK_GUEST, &b, e);
	b.n = 0;
	if (rc == 0)
		rc = wasi_save(g->wasi, &b, e);
	if (rc == 0)
		rc = snap_put_buf(s, CHUNK_WASI, &b, e);
	if (rc == 0)
		rc = save_store(g->store, s, e);
	buf_free(&b);
	return rc;
}

static struct module *
module_of(void *ctx, uint32_t instance, const char *name)
{
	struct guest *g = ctx;
	(void)instance, (void)name;
	return g->program.module;
}

static struct func *
host_of(void *ctx, struct wasm_store *s, const char *name, uint32_t type, struct err *e)
{
	struct guest *g = ctx;
	const char *dot = strchr(name, '.');
	struct external x = { 0 };
	if (!dot) {
		fail(e, ENOSYS, "the snapshot needs '%s', which is no function of WASI", name);
		return NULL;
	}
	struct name module = { name, (uint32_t)(dot - name) },
	            field = { dot + 1, (uint32_t)strlen(dot + 1) };
	return wasi_import(g->wasi, s, module, field, type, &x, e) ? x.func : NULL;
}

/* What the loaded store means to the guest. */
static int
adopt(struct guest *g, struct wasm_store *s, uint32_t number, const uint32_t *shared, struct err *e)
{
	struct module *m = g->program.module;
	if (number >= s->instance.n || s->thread.n == 0)
		return fail(e, EBADMSG, "the snapshot is damaged: it has no program");
	for (uint32_t i = 0; i < m->nimport; i++)
		if (shared[i] != UINT32_MAX &&
		    (shared[i] >= s->memory.n || m->import[i].kind != EXTERN_MEMORY))
			return fail(e, EBADMSG, "the snapshot is damaged: a shared memory");
	store_free(g->store);
	g->store = s;
	g->main = s->instance.p[number];
	program_share(&g->program, s, shared);
	if (invoke_find(g, e) < 0)
		return -1;
	return crew_adopt(g, e);
}

int
guest_load(struct guest *g, struct snap *snap, struct err *e)
{
	struct cur c;
	struct module *m = g->program.module;
	struct save_world w = { module_of, host_of, g };
	if (snap_get(snap, CHUNK_GUEST, &c, e) < 0)
		return -1;
	uint64_t size = cur_u64(&c);
	if (size != m->nbytes || cur_u32(&c) != program_crc(&g->program)) {
		fail(e, ESTALE, "'%s' is not the program that the snapshot was taken of",
		     g->program.path);
		return err_hint(e, "put the same file back, or restore another snapshot");
	}
	uint8_t phase = cur_u8(&c);
	uint32_t status = cur_u32(&c), number = cur_u32(&c);
	uint32_t *shared = calloc((size_t)m->nimport + 1, sizeof *shared);
	for (uint32_t i = 0; shared && i < m->nimport; i++)
		shared[i] = cur_u32(&c);
	int rc = shared && !c.bad && phase <= PHASE_OVER
	                 ? 0
	                 : fail(e, EBADMSG, "the snapshot is damaged: its guest");
	if (rc == 0)
		rc = snap_get(snap, CHUNK_WASI, &c, e);
	if (rc == 0)
		rc = wasi_load(g->wasi, &c, e);
	struct wasm_store *s = rc == 0 ? save_load(snap, &g->grant.limits, &w, e) : NULL;
	if (s && adopt(g, s, number, shared, e) < 0) {
		if (g->store != s)
			store_free(s);
		s = NULL;
	}
	free(shared);
	if (!s)
		return -1;
	g->phase = (enum phase)phase;
	g->started = false; /* to whoever enters it, it starts */
	g->status = (int)status;
	return 0;
}
