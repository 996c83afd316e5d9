/* SPDX-License-Identifier: Apache-2.0 */
/* Connecting and disconnecting named pipes, and what is known of them. */
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "layer/api/nt/file/pipe.h"
#include "layer/api/nt/file/pipe_named.h"
#include "layer/api/nt/object/wait.h"

enum {
	FSCTL_PIPE_DISCONNECT = 0x110004,
	FSCTL_PIPE_LISTEN = 0x110008,
	FSCTL_PIPE_PEEK = 0x11400c,
	FSCTL_PIPE_TRANSCEIVE = 0x11c017,
	FSCTL_PIPE_WAIT = 0x110018,
};

static void
cancel_connect(struct file_pending *w)
{
	struct pipe *p = w->file->own;
	pthread_mutex_lock(&pipe_name_lock);
	bool mine = p->connecting == w;
	if (mine)
		p->connecting = NULL;
	pthread_mutex_unlock(&pipe_name_lock);
	file_end(w, mine ? STATUS_CANCELLED : STATUS_SUCCESS, 0);
}

/* ConnectNamedPipe.  In the thread of a synchronous file, else later. */
static NTSTATUS
connect_pipe(struct file *f, struct file_pending *(*pend)(void *ctx), void *ctx)
{
	struct pipe *p = f->own;
	NTSTATUS s = STATUS_SUCCESS;
	if (!p->server)
		return STATUS_INVALID_DEVICE_REQUEST;
	pthread_mutex_lock(&pipe_name_lock);
	if (p->state == PIPE_CONNECTED_STATE)
		s = STATUS_PIPE_CONNECTED;
	else if (p->state == PIPE_CLOSING_STATE)
		s = STATUS_PIPE_CLOSING;
	else if (p->connecting)
		s = STATUS_INVALID_PARAMETER;
	else
		p->state = PIPE_LISTENING_STATE;
	if (s < 0 || p->nowait) {
		pthread_mutex_unlock(&pipe_name_lock);
		return s < 0 ? s : STATUS_PIPE_LISTENING;
	}
	if (f->overlapped) {
		struct file_pending *w = pend(ctx);
		if (w) {
			w->cancel = cancel_connect;
			p->connecting = w;
			file_pend_other(w);
		}
		pthread_mutex_unlock(&pipe_name_lock);
		return w ? STATUS_PENDING : STATUS_NO_MEMORY;
	}
	if (p->bell < 0)
		p->bell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	int bell = p->bell;
	pthread_mutex_unlock(&pipe_name_lock);
	for (;;) {
		s = file_wait(f, bell, POLLIN, -1);
		uint64_t count;
		if (read(bell, &count, sizeof count) == sizeof count || s < 0)
			return s;
	}
}

static NTSTATUS
disconnect(struct file *f)
{
	struct pipe *p = f->own;
	if (!p->server)
		return STATUS_INVALID_DEVICE_REQUEST;
	(void)file_cancel(f, NULL, 0);
	pthread_mutex_lock(&pipe_name_lock);
	int fd = f->fd;
	NTSTATUS s =
	        p->state == PIPE_DISCONNECTED_STATE ? STATUS_PIPE_DISCONNECTED : STATUS_SUCCESS;
	f->fd = -1;
	p->state = PIPE_DISCONNECTED_STATE;
	pthread_mutex_unlock(&pipe_name_lock);
	if (fd >= 0) {
		(void)shutdown(fd, SHUT_RDWR);
		close(fd);
	}
	return s;
}

static NTSTATUS
peek(struct file *f, void *out, ULONG nout, ULONG_PTR *done)
{
	struct {
		ULONG state, available, messages, length;
	} r = { 0, 0, 0, 0 };
	size_t seen, available, message;
	if (nout < sizeof r)
		return STATUS_INFO_LENGTH_MISMATCH;
	NTSTATUS s = pipe_named_peek(f, (char *)out + 16, nout - 16, &seen, &available, &message);
	if (s < 0)
		return s;
	r.state = (ULONG)((struct pipe *)f->own)->state;
	r.available = (ULONG)available;
	r.messages = available != 0;
	r.length = (ULONG)message;
	memcpy(out, &r, sizeof r);
	*done = sizeof r + seen;
	return available > seen && nout > 16 ? STATUS_BUFFER_OVERFLOW : STATUS_SUCCESS;
}

NTSTATUS
pipe_control(struct file *f, ULONG code, const void *in, ULONG nin, void *out, ULONG nout,
             ULONG_PTR *done, struct file_pending *(*pend)(void *ctx), void *ctx)
{
	*done = 0;
	switch (code) {
	case FSCTL_PIPE_LISTEN: return connect_pipe(f, pend, ctx);
	case FSCTL_PIPE_DISCONNECT: return disconnect(f);
	case FSCTL_PIPE_PEEK: return peek(f, out, nout, done);
	case FSCTL_PIPE_TRANSCEIVE: return pipe_data_transceive(f, in, nin, out, nout, done);
	case FSCTL_PIPE_WAIT: {
		/* FILE_PIPE_WAIT_FOR_BUFFER: timeout, length, whether it is given, the name */
		int64_t timeout;
		ULONG length;
		if (nin < 14)
			return STATUS_INVALID_PARAMETER;
		memcpy(&timeout, in, 8);
		memcpy(&length, (const char *)in + 8, 4);
		if (length > nin - 14)
			return STATUS_INVALID_PARAMETER;
		WCHAR *text = calloc(length / 2 + 1, sizeof *text);
		if (!text)
			return STATUS_NO_MEMORY;
		memcpy(text, (const char *)in + 14, length & ~1u);
		uint64_t deadline =
		        timeout < 0 ? wait_now() + (uint64_t)-timeout * 100 : WAIT_FOREVER;
		NTSTATUS s = pipe_wait(text, deadline);
		free(text);
		return s;
	}
	}
	return STATUS_INVALID_DEVICE_REQUEST;
}

/* -- what is known of one ------------------------------------------------------------------------------ */

NTSTATUS
pipe_named_local(struct file *f, struct pipe_local *out)
{
	struct pipe *p = f->own;
	size_t seen, available = 0, message;
	if (f->fd >= 0)
		(void)pipe_named_peek(f, NULL, 0, &seen, &available, &message);
	pthread_mutex_lock(&pipe_name_lock);
	*out = (struct pipe_local){
		.NamedPipeType = p->messages,
		.NamedPipeConfiguration = p->like.inbound && p->like.outbound ? 2
		                          : p->like.inbound                   ? 0
		                                                              : 1,
		.MaximumInstances = p->like.most,
		.CurrentInstances = p->name ? p->name->count : 1,
		.InboundQuota = p->like.in_quota,
		.ReadDataAvailable = (ULONG)available,
		.OutboundQuota = p->like.out_quota,
		.WriteQuotaAvailable = p->like.out_quota,
		.NamedPipeState = (ULONG)p->state,
		.NamedPipeEnd = p->server,
	};
	pthread_mutex_unlock(&pipe_name_lock);
	return STATUS_SUCCESS;
}

NTSTATUS
pipe_named_modes(struct file *f, ULONG *read_mode, ULONG *wait_mode)
{
	struct pipe *p = f->own;
	*read_mode = p->read_messages;
	*wait_mode = p->nowait;
	return STATUS_SUCCESS;
}

NTSTATUS
pipe_named_set_modes(struct file *f, ULONG read_mode, ULONG wait_mode)
{
	struct pipe *p = f->own;
	if (read_mode > 1 || wait_mode > 1 || (read_mode && !p->messages))
		return STATUS_INVALID_PARAMETER;
	p->read_messages = read_mode;
	p->nowait = wait_mode;
	return STATUS_SUCCESS;
}

uint32_t
pipe_peer(struct file *f, bool *server)
{
	struct pipe *p = f->own;
	struct ucred c;
	socklen_t n = sizeof c;
	*server = p->server;
	if (p->peer || f->fd < 0)
		return p->peer;
	return getsockopt(f->fd, SOL_SOCKET, SO_PEERCRED, &c, &n) == 0 ? (uint32_t)c.pid : 0;
}
