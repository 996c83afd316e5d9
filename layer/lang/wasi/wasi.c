/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/lang/wasi/wasi.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "layer/lang/wasi/inner.h"

static struct wasi_strings
strings(char *const *list)
{
	struct wasi_strings s = { 0 };
	struct buf b = { 0 };
	for (; list && *list; list++, s.count++)
		buf_put(&b, *list, strlen(*list) + 1);
	s.p = (char *)b.p;
	s.n = b.n;
	return s;
}

/* One more descriptor of the guest, as it was given to us. */
static int
give(struct wasi *w, int fd, enum wasi_source source, uint32_t number, uint32_t at)
{
	int own = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	struct wasi_file *f = own < 0 ? NULL : wasi_file_new(own, source, number);
	if (!f)
		return -1;
	f->lent = true;
	if (source == SOURCE_STDIO) {
		/* Each is for one direction, though a terminal has both. */
		bool in = f->access != O_WRONLY, out = f->access != O_RDONLY;
		if (!in)
			f->base &= ~RIGHT_(FD_READ);
		if (!out)
			f->base &= ~(RIGHT_(FD_WRITE) | RIGHT_(FD_ALLOCATE) |
			             RIGHT_(FD_FILESTAT_SET_SIZE));
		/* That somebody redirected it from a folder does not give the folder. */
		if (f->kind == KIND_DIR) {
			f->base = RIGHT_(FD_FILESTAT_GET);
			f->inheriting = 0;
		}
	}
	if (source == SOURCE_DIR)
		f->readonly = w->dir[number].readonly;
	w->file[at] = f;
	return 0;
}

struct wasi *
wasi_new(const struct wasi_config *c, struct err *e)
{
	struct wasi *w = xcalloc(1, sizeof *w);
	pthread_mutex_init(&w->lock, NULL);
	w->args = strings(c->argv);
	w->env = strings(c->env);
	w->clocks = c->clocks;
	w->deterministic = c->deterministic;
	w->random = c->seed;
	w->spawn = c->spawn;
	w->spawn_ctx = c->spawn_ctx;
	wasi_bind(w);

	w->nfile = 3 + c->nsocket + c->ndir;
	w->file = xcalloc(w->nfile, sizeof(struct wasi_file *));
	w->dir = xcalloc(c->ndir ? c->ndir : 1, sizeof *w->dir);
	for (uint32_t i = 0; i < 3; i++)
		if (c->fd[i] >= 0 && give(w, c->fd[i], SOURCE_STDIO, i, i) < 0) {
			fail(e, errno, "descriptor %d of the program: %s", (int)i, strerror(errno));
			goto undo;
		}
	for (uint32_t i = 0; i < c->nsocket; i++, w->nsocket++) {
		int flags = fcntl(c->sockets[i], F_GETFL);
		if (flags < 0 || fcntl(c->sockets[i], F_SETFL, flags | O_NONBLOCK) < 0 ||
		    give(w, c->sockets[i], SOURCE_SOCKET, i, 3 + i) < 0) {
			fail(e, errno, "listening socket %d: %s", (int)i, strerror(errno));
			goto undo;
		}
		if (w->file[3 + i]->kind != KIND_LISTENER) {
			fail(e, EINVAL, "listening socket %d: it does not listen", (int)i);
			goto undo;
		}
	}
	for (uint32_t i = 0; i < c->ndir; i++) {
		struct wasi_given *d = &w->dir[w->ndir++];
		d->guest = xstrdup(c->dirs[i].guest);
		d->readonly = c->dirs[i].readonly;
		d->fd = fcntl(c->dirs[i].fd, F_DUPFD_CLOEXEC, 3);
		if (d->fd < 0 ||
		    give(w, d->fd, SOURCE_DIR, i, (uint32_t)(3 + c->nsocket + i)) < 0) {
			fail(e, errno, "folder '%s': %s", d->guest, strerror(errno));
			goto undo;
		}
		if (w->file[3 + c->nsocket + i]->kind != KIND_DIR) {
			fail(e, ENOTDIR, "folder '%s': %s", d->guest, strerror(ENOTDIR));
			goto undo;
		}
		if (i == 0)
			w->walk = wasi_beneath_missing(d->fd);
	}
	return w;
undo:
	wasi_free(w);
	return NULL;
}

void
wasi_free(struct wasi *w)
{
	if (!w)
		return;
	for (size_t i = 0; i < w->nfile; i++)
		wasi_file_put(w->file[i]);
	for (size_t i = 0; i < w->ndir; i++) {
		free(w->dir[i].guest);
		if (w->dir[i].fd >= 0)
			close(w->dir[i].fd);
	}
	free(w->file);
	free(w->dir);
	free(w->sleep);
	free(w->args.p);
	free(w->env.p);
	pthread_mutex_destroy(&w->lock);
	free(w);
}
