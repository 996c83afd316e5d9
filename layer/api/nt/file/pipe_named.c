/* SPDX-License-Identifier: Apache-2.0 */
/* Named pipes: making, opening and closing their ends. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "layer/api/nt/file/pipe.h"
#include "layer/api/nt/file/pipe_named.h"
#include "layer/api/nt/object/shared.h"
#include "layer/api/nt/process/birth.h"
#include "layer/api/nt/text/utf.h"

/* -- ends ------------------------------------------------------------------------------------ */

static struct pipe *
pipe_of(struct file *f)
{
	struct pipe *p = calloc(1, sizeof *p);
	if (!p)
		return NULL;
	p->file = f;
	p->bell = p->passed = -1;
	p->state = PIPE_CONNECTED_STATE;
	pthread_mutex_init(&p->reading, NULL);
	pthread_mutex_init(&p->writing, NULL);
	f->own = p;
	return p;
}

static void
named_close(struct file *f)
{
	struct pipe *p = f->own;
	pthread_mutex_lock(&pipe_name_lock);
	if (p->name)
		pipe_name_leave(p);
	p->state = PIPE_DISCONNECTED_STATE;
	pthread_mutex_unlock(&pipe_name_lock);
	/* A child that was given this end has it still: the other end hears of the last. */
	if (f->fd >= 0 && !p->given)
		(void)shutdown(f->fd, SHUT_RDWR);
}

static void
named_destroy(struct file *f)
{
	struct pipe *p = f->own;
	if (!p)
		return;
	if (p->bell >= 0)
		close(p->bell);
	if (p->passed >= 0)
		close(p->passed);
	pthread_mutex_destroy(&p->reading);
	pthread_mutex_destroy(&p->writing);
	free(p);
}

/* -- making and opening ------------------------------------------------------------------- */

NTSTATUS
pipe_make(const WCHAR *name, const struct pipe_make *m, ACCESS_MASK access, DWORD share,
          DWORD options, struct file **out)
{
	static _Atomic uint32_t unnamed;
	WCHAR own[32];
	name = pipe_name_bare(name);
	if (!*name) {
		/* one that is opened by its server's handle alone */
		char text[32];
		int n = snprintf(text, sizeof text, "joist.%x.%x", birth.process_id, ++unnamed);
		own[utf_to_16(own, text, (size_t)n)] = 0;
		name = own;
	}
	struct file *f = file_new(&pipe_named_kind, -1);
	struct pipe *p = f ? pipe_of(f) : NULL;
	if (!p) {
		if (f) {
			f->kind = &file_null;
			file_unref(f);
		}
		return STATUS_NO_MEMORY;
	}
	p->server = true;
	p->like = *m;
	p->messages = m->messages;
	p->read_messages = m->read_messages;
	p->nowait = m->nowait;
	p->state = PIPE_LISTENING_STATE;
	f->access = file_access(access) | FILE_READ_ATTRIBUTES | ACCESS_SYNCHRONIZE;
	if (m->inbound)
		f->access |= FILE_GENERIC_READ;
	if (m->outbound)
		f->access |= FILE_GENERIC_WRITE;
	f->share = share;
	f->options = options;
	f->overlapped = !(options & (FILE_SYNCHRONOUS_IO_ALERT | FILE_SYNCHRONOUS_IO_NONALERT));
	f->object.state = !f->overlapped;
	ULONG others = pipe_name_others(name);
	pthread_mutex_lock(&pipe_name_lock);
	NTSTATUS s = pipe_name_add(name, m, p, others);
	pthread_mutex_unlock(&pipe_name_lock);
	if (s < 0)
		file_unref(f);
	else
		*out = f;
	return s;
}

static bool
allowed(const struct pipe_make *m, ACCESS_MASK a)
{
	return !((a & FILE_READ_DATA && !m->outbound) || (a & FILE_WRITE_DATA && !m->inbound));
}

static NTSTATUS
open_root(ACCESS_MASK access, struct file **out)
{
	struct file *f = file_new(&pipe_named_kind, -1);
	struct pipe *p = f ? pipe_of(f) : NULL;
	if (!p)
		return STATUS_NO_MEMORY;
	p->root = true;
	f->access = access;
	*out = f;
	return STATUS_SUCCESS;
}

NTSTATUS
pipe_open(const WCHAR *name, ACCESS_MASK access, DWORD share, DWORD disposition, DWORD options,
          struct file **out)
{
	(void)disposition;
	int pair[2] = { -1, -1 };
	struct pipe_hello h = { .process = birth.process_id };
	struct file_pending *waiting = NULL;
	name = pipe_name_bare(name);
	if (!*name)
		return open_root(access, out);
	struct file *f = file_new(&pipe_named_kind, -1);
	struct pipe *p = f ? pipe_of(f) : NULL;
	if (!p)
		return STATUS_NO_MEMORY;
	NTSTATUS s = STATUS_SUCCESS;
	pthread_mutex_lock(&pipe_name_lock);
	struct pipe_name *n = pipe_name_find(name);
	if (n) {
		struct pipe *server = pipe_name_listening(n);
		h.like = n->like;
		if (!allowed(&n->like, access))
			s = STATUS_ACCESS_DENIED;
		else if (!server)
			s = STATUS_PIPE_NOT_AVAILABLE;
		else if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
			s = status_errno(errno);
		else
			waiting = pipe_name_join(server, pair[0], birth.process_id);
	}
	if (waiting && !file_unpend_other(waiting))
		waiting = NULL;
	pthread_mutex_unlock(&pipe_name_lock);
	if (waiting)
		file_end(waiting, STATUS_SUCCESS, 0);
	/* instances of one name may be of several processes */
	if ((!n || (s == STATUS_PIPE_NOT_AVAILABLE && shared)) &&
	    (s = pipe_name_ask(name, &pair[1], &h)) >= 0 && !allowed(&h.like, access))
		s = STATUS_ACCESS_DENIED;
	f->fd = pair[1];
	if (s < 0) {
		file_unref(f);
		return s;
	}
	p->like = h.like;
	p->messages = h.like.messages;
	p->peer = h.process;
	f->access = access | FILE_READ_ATTRIBUTES | ACCESS_SYNCHRONIZE;
	f->share = share;
	f->options = options;
	f->overlapped = !(options & (FILE_SYNCHRONOUS_IO_ALERT | FILE_SYNCHRONOUS_IO_NONALERT));
	f->object.state = !f->overlapped;
	*out = f;
	return s;
}

WCHAR *
pipe_path(struct file *f)
{
	static const WCHAR root[] = u"\\Device\\NamedPipe";
	struct pipe *p = f->own;
	size_t r = sizeof root / sizeof *root - 1;
	WCHAR *w = NULL;
	pthread_mutex_lock(&pipe_name_lock);
	const WCHAR *text = f->kind == &pipe_named_kind && p->name ? p->name->text : u"";
	size_t n = utf_length(text);
	if (f->kind == &pipe_named_kind && (w = malloc((r + n + 2) * sizeof *w))) {
		memcpy(w, root, sizeof root);
		if (n)
			w[r++] = '\\';
		memcpy(w + r, text, (n + 1) * sizeof *w);
	}
	pthread_mutex_unlock(&pipe_name_lock);
	return w;
}

const struct file_kind pipe_named_kind = {
	.type = FILE_TYPE_PIPE,
	.device = 0x11, /* FILE_DEVICE_NAMED_PIPE */
	.read = pipe_data_read,
	.write = pipe_data_write,
	.control = pipe_control,
	.flush = pipe_data_flush,
	.close = named_close,
	.destroy = named_destroy,
};

/* -- another process' ------------------------------------------------------------------------- */

bool
pipe_give(struct file *f, struct inherit *i)
{
	struct pipe *p = f->own;
	uint64_t *number = i->number + 4;

	if (p->root || (f->fd < 0 && !(i->moved && p->server)))
		return false;
	if (i->moved && p->server) {
		if (!pipe_name_move(p, &i->fd[1], &number[2]))
			return false;
		i->text = utf_copy(p->name->text, utf_length(p->name->text));
		if (!i->text)
			return false;
	}
	p->given = true;
	number[0] = (uint64_t)p->server | (uint64_t)p->messages << 1 |
	            (uint64_t)p->read_messages << 2 | (uint64_t)p->nowait << 3 |
	            (uint64_t)p->like.inbound << 4 | (uint64_t)p->like.outbound << 5 |
	            (uint64_t)p->state << 8 | (uint64_t)p->like.most << 32;
	number[1] = (uint64_t)p->like.in_quota << 32 | p->like.out_quota;
	number[3] = (uint64_t)p->like.timeout;
	return true;
}

struct file *
pipe_remake(const struct inherit *i)
{
	const uint64_t *number = i->number + 4;
	struct file *f = file_new(&pipe_named_kind, i->fd[0]);
	struct pipe *p = f ? pipe_of(f) : NULL;
	if (!p) {
		if (i->fd[1] >= 0)
			close(i->fd[1]);
		return NULL;
	}
	uint64_t n = number[0];
	p->server = n & 1;
	p->messages = n >> 1 & 1;
	p->read_messages = n >> 2 & 1;
	p->nowait = n >> 3 & 1;
	p->like.messages = p->messages;
	p->like.inbound = n >> 4 & 1;
	p->like.outbound = n >> 5 & 1;
	p->like.most = (ULONG)(n >> 32);
	p->like.in_quota = (ULONG)(number[1] >> 32);
	p->like.out_quota = (ULONG)number[1];
	p->like.timeout = (int64_t)number[3];
	p->state = n >> 8 & 7;
	if (i->text && pipe_name_moved(i->text, p, i->fd[1], number[2]) < 0) {
		file_unref(f);
		return NULL;
	}
	return f;
}
