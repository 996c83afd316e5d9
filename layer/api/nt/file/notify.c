/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/api/nt/except/except.h"
#include "layer/api/nt/file/notify.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "layer/api/nt/text/utf.h"

enum {
	CHANGE_FILE_NAME = 1,
	CHANGE_DIR_NAME = 2,
	CHANGE_ATTRIBUTES = 4,
	CHANGE_SIZE = 8,
	CHANGE_LAST_WRITE = 0x10,
	CHANGE_LAST_ACCESS = 0x20,
	CHANGE_CREATION = 0x40,
	CHANGE_SECURITY = 0x100,

	ACTION_ADDED = 1,
	ACTION_REMOVED,
	ACTION_MODIFIED,
	ACTION_OLD_NAME,
	ACTION_NEW_NAME,

	MOST_KEPT = 16384,
};

/* A folder that is watched: which one, from the watched root on ("" is itself). */
struct place {
	int wd;
	char *path; /* own */
};

struct change {
	struct change *next;
	uint32_t action;
	size_t n;
	WCHAR name[];
};

struct watch {
	struct file *file; /* lent: it has us */
	struct reactor_wait wait;
	DWORD filter;
	bool subtree, signal, armed;
	/* under lock */
	pthread_mutex_t lock;
	struct place *places; /* own */
	size_t nplace, room;
	struct change *first, **last;
	size_t kept;
	bool lost;
	struct file_pending
	        *asking; /* who waits, oldest first; each is also in the file's others */
};

static uint32_t
mask_of(DWORD filter, bool subtree)
{
	uint32_t m = IN_ONLYDIR;
	if (filter & (CHANGE_FILE_NAME | CHANGE_DIR_NAME | CHANGE_CREATION) || subtree)
		m |= IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO;
	if (filter & (CHANGE_SIZE | CHANGE_LAST_WRITE))
		m |= IN_MODIFY;
	if (filter & (CHANGE_ATTRIBUTES | CHANGE_SECURITY | CHANGE_LAST_WRITE))
		m |= IN_ATTRIB;
	if (filter & CHANGE_LAST_ACCESS)
		m |= IN_ACCESS;
	return m;
}

/* Watch a folder and, with subtree, those in it. */
static void
add(struct watch *w, const char *host, const char *path, int depth)
{
	int wd = inotify_add_watch(w->wait.fd, host, mask_of(w->filter, w->subtree));
	if (wd < 0 || depth > 64)
		return;
	if (w->nplace == w->room) {
		size_t room = w->room ? w->room * 2 : 8;
		struct place *p = realloc(w->places, room * sizeof *p);
		if (!p)
			return;
		w->places = p;
		w->room = room;
	}
	char *own = strdup(path);
	if (!own)
		return;
	w->places[w->nplace++] = (struct place){ wd, own };
	DIR *d = w->subtree ? opendir(host) : NULL;
	if (!d)
		return;
	struct dirent *e;
	while ((e = readdir(d))) {
		if (e->d_type != DT_DIR || !strcmp(e->d_name, ".") || !strcmp(e->d_name, ".."))
			continue;
		char *below = NULL, *name = NULL;
		if (asprintf(&below, "%s/%s", host, e->d_name) > 0 &&
		    asprintf(&name, "%s%s%s", path, *path ? "/" : "", e->d_name) > 0)
			add(w, below, name, depth + 1);
		free(below);
		free(name);
	}
	closedir(d);
}

static struct place *
place_of(struct watch *w, int wd)
{
	for (size_t i = 0; i < w->nplace; i++)
		if (w->places[i].wd == wd)
			return &w->places[i];
	return NULL;
}

static void
forget_all(struct watch *w)
{
	while (w->first) {
		struct change *c = w->first;
		w->first = c->next;
		free(c);
	}
	w->last = &w->first;
	w->kept = 0;
}

static void
keep(struct watch *w, const char *folder, const char *name, uint32_t action)
{
	size_t a = strlen(folder), b = strlen(name);
	struct change *c =
	        w->kept < MOST_KEPT ? malloc(sizeof *c + (a + b + 2) * sizeof(WCHAR)) : NULL;
	if (!c) {
		w->lost = true;
		forget_all(w);
		return;
	}
	c->next = NULL;
	c->action = action;
	c->n = utf_to_16(c->name, folder, a);
	if (a)
		c->name[c->n++] = '\\';
	c->n += utf_to_16(c->name + c->n, name, b);
	for (size_t i = 0; i < c->n; i++)
		if (c->name[i] == '/')
			c->name[i] = '\\';
	/* writing in pieces is one change */
	if (action == ACTION_MODIFIED)
		for (struct change *d = w->first; d; d = d->next)
			if (!d->next && d->action == action && d->n == c->n &&
			    !memcmp(d->name, c->name, c->n * 2)) {
				free(c);
				return;
			}
	*w->last = c;
	w->last = &c->next;
	w->kept++;
}

/* Is a change of names of this sort asked for? */
static bool
named(const struct watch *w, bool dir)
{
	return w->filter & (dir ? CHANGE_DIR_NAME : CHANGE_FILE_NAME);
}

static void
event(struct watch *w, const struct inotify_event *e, const struct inotify_event *next)
{
	static uint32_t moved; /* the cookie of a move whose first half was told as one */
	struct place *p = place_of(w, e->wd);
	if (e->mask & IN_Q_OVERFLOW) {
		w->lost = true;
		forget_all(w);
		return;
	}
	if (!p)
		return;
	if (e->mask & IN_IGNORED) {
		free(p->path);
		*p = w->places[--w->nplace];
		return;
	}
	bool dir = e->mask & IN_ISDIR;
	const char *name = e->len ? e->name : "";
	if (!*name)
		return;
	if (e->mask & IN_CREATE && dir && w->subtree) {
		char *host = NULL, *path = NULL;
		if (asprintf(&host, "%s/%s%s%s", w->file->path, p->path, *p->path ? "/" : "",
		             name) > 0 &&
		    asprintf(&path, "%s%s%s", p->path, *p->path ? "/" : "", name) > 0)
			add(w, host, path, 0);
		free(host);
		free(path);
		p = place_of(w, e->wd); /* it may have moved */
		if (!p)
			return;
	}
	if (e->mask & IN_CREATE && named(w, dir))
		keep(w, p->path, name, ACTION_ADDED);
	if (e->mask & IN_DELETE && named(w, dir))
		keep(w, p->path, name, ACTION_REMOVED);
	if (e->mask & IN_MOVED_FROM && named(w, dir)) {
		bool pair = next && next->mask & IN_MOVED_TO && next->cookie == e->cookie;
		moved = pair ? e->cookie : 0;
		keep(w, p->path, name, pair ? ACTION_OLD_NAME : ACTION_REMOVED);
	}
	if (e->mask & IN_MOVED_TO && named(w, dir))
		keep(w, p->path, name,
		     e->cookie && e->cookie == moved ? ACTION_NEW_NAME : ACTION_ADDED);
	if (e->mask & (IN_MODIFY | IN_ATTRIB | IN_ACCESS))
		keep(w, p->path, name, ACTION_MODIFIED);
}

/* What the host has to tell; under lock. */
static void
collect(struct watch *w)
{
	_Alignas(struct inotify_event) char buf[16384];
	ssize_t n;
	while ((n = read(w->wait.fd, buf, sizeof buf)) > 0)
		for (ssize_t i = 0; i < n;) {
			const struct inotify_event *e = (const void *)(buf + i);
			i += (ssize_t)(sizeof *e + e->len);
			event(w, e, i < n ? (const void *)(buf + i) : NULL);
		}
}

/* Into the program's buffer; under lock. */
struct filling {
	const struct watch *w;
	char *buf; /* the program's */
	size_t n, at;
	bool lost;
};

static void
fill_it(void *a)
{
	struct filling *f = a;
	char *before = NULL;
	for (struct change *c = f->w->first; c && !f->lost; c = c->next) {
		size_t start = (f->at + 3) & ~(size_t)3;
		uint32_t head[3] = { 0, c->action, (uint32_t)(c->n * 2) };
		if (start + sizeof head + c->n * 2 > f->n) {
			f->lost = true;
			break;
		}
		memcpy(f->buf + start, head, sizeof head);
		memcpy(f->buf + start + sizeof head, c->name, c->n * 2);
		if (before) {
			uint32_t distance = (uint32_t)(f->buf + start - before);
			memcpy(before, &distance, 4);
		}
		before = f->buf + start;
		f->at = start + sizeof head + c->n * 2;
	}
}

static NTSTATUS
fill(struct watch *w, char *buf, size_t n, ULONG_PTR *done)
{
	struct filling f = { w, buf, n, 0, w->lost };
	bool good = except_try(fill_it, &f);
	*done = 0;
	w->lost = false;
	forget_all(w);
	if (!good)
		return STATUS_ACCESS_VIOLATION;
	if (f.lost)
		return STATUS_NOTIFY_ENUM_DIR;
	*done = f.at;
	return STATUS_SUCCESS;
}

static void
told(struct reactor_wait *wait, uint32_t events)
{
	struct watch *w = (struct watch *)((char *)wait - offsetof(struct watch, wait));
	struct file_pending *p = NULL;
	ULONG_PTR done = 0;
	NTSTATUS s = STATUS_SUCCESS;
	(void)events;
	pthread_mutex_lock(&w->lock);
	w->armed = false;
	collect(w);
	if (w->signal && (w->first || w->lost)) {
		forget_all(w);
		w->lost = false;
		object_signal(&w->file->object);
	} else if ((w->first || w->lost) && (p = w->asking) && file_unpend_other(p)) {
		w->asking = p->own;
		p->own = NULL;
		s = fill(w, p->x.buf, p->x.n, &done);
	} else {
		p = NULL;
	}
	if (w->signal || w->asking)
		w->armed = reactor_arm(wait) == 0;
	pthread_mutex_unlock(&w->lock);
	if (p)
		file_end(p, s, done);
}

static void
cancelled(struct file_pending *p)
{
	struct watch *w = p->file->watch;
	pthread_mutex_lock(&w->lock);
	for (struct file_pending **q = &w->asking; *q; q = (struct file_pending **)&(*q)->own)
		if (*q == p) {
			*q = p->own;
			break;
		}
	pthread_mutex_unlock(&w->lock);
	p->own = NULL;
	file_end(p, p->file->closed ? STATUS_NOTIFY_CLEANUP : STATUS_CANCELLED, 0);
}

static NTSTATUS
begin(struct file *f, DWORD filter, bool subtree, bool signal, struct watch **out)
{
	pthread_mutex_lock(&f->lock);
	if (f->watch) {
		*out = f->watch;
		pthread_mutex_unlock(&f->lock);
		return STATUS_SUCCESS;
	}
	NTSTATUS s = STATUS_SUCCESS;
	struct watch *w = calloc(1, sizeof *w);
	int fd = w && f->path ? inotify_init1(IN_NONBLOCK | IN_CLOEXEC) : -1;
	if (fd < 0) {
		s = w ? STATUS_INSUFFICIENT_RESOURCES : STATUS_NO_MEMORY;
		free(w);
	} else {
		w->file = f;
		w->filter = filter;
		w->subtree = subtree;
		w->signal = signal;
		w->last = &w->first;
		w->wait = (struct reactor_wait){ .ready = told, .fd = fd, .events = EPOLLIN };
		pthread_mutex_init(&w->lock, NULL);
		add(w, f->path, "", 0);
		f->watch = w;
		*out = w;
	}
	pthread_mutex_unlock(&f->lock);
	return s;
}

NTSTATUS
notify_read(struct file *f, const struct file_request *r, void *buf, ULONG n, DWORD filter,
            bool subtree, ULONG_PTR *done)
{
	struct watch *w;
	*done = 0;
	if (!f->folder || !(filter & 0x17f))
		return STATUS_INVALID_PARAMETER;
	if (!(f->access & FILE_READ_DATA))
		return STATUS_ACCESS_DENIED;
	NTSTATUS s = begin(f, filter, subtree, false, &w);
	if (s < 0)
		return s;
	pthread_mutex_lock(&w->lock);
	for (;;) {
		collect(w);
		if (!w->asking && (w->first || w->lost)) {
			s = fill(w, buf, n, done);
			pthread_mutex_unlock(&w->lock);
			return s;
		}
		if (f->overlapped)
			break;
		pthread_mutex_unlock(&w->lock);
		if ((s = file_wait(f, w->wait.fd, POLLIN, -1)) < 0)
			return s;
		pthread_mutex_lock(&w->lock);
	}
	struct file_pending *p = file_pend(f, r), **q = &w->asking;
	if (p) {
		p->x.buf = buf;
		p->x.n = n;
		p->cancel = cancelled;
		while (*q)
			q = (struct file_pending **)&(*q)->own;
		*q = p;
		file_pend_other(p);
		if (!w->armed)
			w->armed = reactor_arm(&w->wait) == 0;
	}
	pthread_mutex_unlock(&w->lock);
	return p ? STATUS_PENDING : STATUS_NO_MEMORY;
}

NTSTATUS
notify_signal(struct file *f, DWORD filter, bool subtree)
{
	struct watch *w;
	if (!f->folder || !(filter & 0x17f))
		return STATUS_INVALID_PARAMETER;
	object_reset(&f->object);
	NTSTATUS s = begin(f, filter, subtree, true, &w);
	if (s < 0)
		return s;
	pthread_mutex_lock(&w->lock);
	w->armed = reactor_arm(&w->wait) == 0;
	pthread_mutex_unlock(&w->lock);
	return w->armed ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES;
}

NTSTATUS
notify_again(struct file *f)
{
	if (!f->watch || !f->watch->signal)
		return STATUS_INVALID_HANDLE;
	object_reset(&f->object);
	return STATUS_SUCCESS;
}

void
notify_free(struct watch *w)
{
	if (!w)
		return;
	pthread_mutex_lock(&w->lock);
	bool ours = !w->armed || reactor_cancel(&w->wait);
	forget_all(w);
	for (size_t i = 0; i < w->nplace; i++)
		free(w->places[i].path);
	w->nplace = 0;
	w->signal = false;
	pthread_mutex_unlock(&w->lock);
	if (!ours)
		return; /* the reactor is just looking at it: it is left to it */
	close(w->wait.fd);
	free(w->places);
	free(w);
}
