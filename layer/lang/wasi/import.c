/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/lang/wasi/wasi.h"

#include <errno.h>
#include <string.h>

#include "layer/lang/wasi/inner.h"

static uint32_t
types(const char *letters, valtype *v)
{
	uint32_t n = 0;
	for (; letters[n]; n++)
		v[n] = letters[n] == 'I' ? T_I64 : T_I32;
	return n;
}

static const struct wasi_row *
find(struct name module, struct name name, int *unstable)
{
	for (size_t i = 0; i < FN_COUNT; i++)
		for (int u = 0; u < 2; u++) {
			const char *full = wasi_row[i].name[u],
			           *dot = full ? strchr(full, '.') : NULL;
			/* sockets came with preview 1 */
			if (!dot || (u && i == FN_sock_accept))
				continue;
			if (module_name_is(module, full, (size_t)(dot - full)) &&
			    module_name_is(name, dot + 1, strlen(dot + 1))) {
				*unstable = u;
				return &wasi_row[i];
			}
		}
	return NULL;
}

bool
wasi_import(struct wasi *w, struct wasm_store *s, struct name module, struct name name,
            uint32_t type_id, struct external *out, struct err *e)
{
	int u;
	const struct wasi_row *row = find(module, name, &u);
	if (!row) {
		fail(e, ENOENT, "unknown import: %.*s.%.*s", (int)module.n, module.p, (int)name.n,
		     name.p);
		return false;
	}
	valtype in[16], res[1];
	uint32_t nin = types(row->params, in), nres = types(row->results, res);
	uint32_t id = type_func(in, nin, res, nres);
	if (id != type_id) {
		fail(e, EINVAL, "incompatible import type: %s takes (%s) and gives (%s)",
		     row->name[u], row->params, row->results);
		return false;
	}
	/* Each thread of wasi-threads makes an instance. */
	pthread_mutex_lock(&w->lock);
	if (w->store != s) {
		w->store = s;
		memset(w->func, 0, sizeof w->func);
	}
	struct func **f = &w->func[u][row - wasi_row];
	if (!*f)
		*f = store_host(s, id, wasi_enter, &w->bind[u][row - wasi_row], row->name[u]);
	*out = (struct external){ .kind = EXTERN_FUNC, .func = *f };
	pthread_mutex_unlock(&w->lock);
	return true;
}
