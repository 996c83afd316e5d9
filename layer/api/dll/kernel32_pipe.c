/* SPDX-License-Identifier: Apache-2.0 */
/* Pipes. */
#include <stdlib.h>
#include <string.h>

#include "layer/api/dll/dll.h"
#include "layer/api/nt/process/birth.h"
#include "layer/api/nt/file/pipe.h"
#include "layer/api/nt/text/utf.h"
#include "layer/api/nt/object/wait.h"

WINAPI BOOL
kernel32_CreatePipe(HANDLE *reader, HANDLE *writer, struct SECURITY_ATTRIBUTES *sa, DWORD size)
{
	struct file *r, *w;
	NTSTATUS s = pipe_new(&r, &w, size);
	if (s < 0)
		return succeed(s);
	bool inherit = sa && sa->bInheritHandle;
	HANDLE h = handle_new(&r->object, r->access, inherit);
	HANDLE k = handle_new(&w->object, w->access, inherit);
	if (!h || !k) {
		if (h)
			(void)handle_close(h);
		if (k)
			(void)handle_close(k);
		return refuse(ERROR_NOT_ENOUGH_MEMORY);
	}
	*reader = h;
	*writer = k;
	return TRUE;
}

/* \\.\pipe\NAME */
static NTSTATUS
pipe_name(const WCHAR *name, WCHAR **out)
{
	struct path p;
	NTSTATUS s = path_parse(name, &p);
	if (s < 0)
		return s;
	if (!p.device || utf_compare_n(p.device, u"pipe\\", 5) || !p.device[5])
		s = STATUS_OBJECT_NAME_INVALID;
	else
		*out = utf_copy(p.device, utf_length(p.device));
	path_free(&p);
	return s >= 0 && !*out ? STATUS_NO_MEMORY : s;
}

WINAPI HANDLE
kernel32_CreateNamedPipeW(const WCHAR *name, DWORD open, DWORD mode, DWORD most, DWORD out_size,
                          DWORD in_size, DWORD timeout, struct SECURITY_ATTRIBUTES *sa)
{
	WCHAR *text;
	struct file *f;
	if (!(open & 3) || !most || most > 255 || (mode & 2 && !(mode & 4))) {
		last_error(ERROR_INVALID_PARAMETER);
		return INVALID_HANDLE_VALUE;
	}
	struct pipe_make m = {
		.inbound = open & 1,
		.outbound = open & 2,
		.messages = mode & 4,
		.read_messages = mode & 2,
		.nowait = mode & 1,
		.most = most == 255 ? UINT32_MAX : most,
		.in_quota = in_size,
		.out_quota = out_size,
		.timeout = -(int64_t)(timeout ? timeout : 50) * 10000,
		.first = open & 0x80000,
	};
	HANDLE h = NULL;
	NTSTATUS s = pipe_name(name, &text);
	if (s >= 0) {
		s = pipe_make(text, &m, open & 0x1fc0000 & ~0x80000u, 3,
		              open & 0x40000000 ? 0 : FILE_SYNCHRONOUS_IO_NONALERT, &f);
		free(text);
	}
	if (s >= 0 && !(h = handle_new(&f->object, f->access, sa && sa->bInheritHandle)))
		s = STATUS_NO_MEMORY;
	if (s < 0) {
		succeed(s);
		return INVALID_HANDLE_VALUE;
	}
	return h;
}

WINAPI HANDLE
kernel32_CreateNamedPipeA(const char *name, DWORD open, DWORD mode, DWORD most, DWORD out_size,
                          DWORD in_size, DWORD timeout, struct SECURITY_ATTRIBUTES *sa)
{
	WCHAR *w = name ? utf_wide(name) : NULL;
	HANDLE h = kernel32_CreateNamedPipeW(w, open, mode, most, out_size, in_size, timeout, sa);
	free(w);
	return h;
}

struct pend {
	struct file *f;
	struct file_request r;
};

static struct file_pending *
pend(void *ctx)
{
	struct pend *p = ctx;
	return file_pend(p->f, &p->r);
}

/* One of the pipe's own controls. */
static NTSTATUS
control(HANDLE h, ULONG code, void *in, DWORD nin, void *out, DWORD nout, ULONG_PTR *done,
        struct OVERLAPPED *o)
{
	struct IO_STATUS_BLOCK own = { .Status = STATUS_SUCCESS };
	struct pend p = { .r = { .iosb = &own } };
	ULONG_PTR n = 0;
	NTSTATUS s = file_get(h, 0, &p.f);
	if (s < 0)
		return s;
	if (o) {
		p.r = (struct file_request){ o->hEvent, NULL, (uintptr_t)o->hEvent & 1 ? NULL : o,
			                     (struct IO_STATUS_BLOCK *)&o->Internal };
		o->Internal = (ULONG_PTR)STATUS_PENDING;
	}
	s = p.f->kind == &pipe_named_kind
	            ? p.f->kind->control(p.f, code, in, nin, out, nout, &n, pend, &p)
	            : STATUS_INVALID_DEVICE_REQUEST;
	if (s == STATUS_PENDING && !o) {
		(void)wait_objects(1, (struct object *[]){ &p.f->object }, true, false,
		                   WAIT_FOREVER);
		s = own.Status;
	} else if (s != STATUS_PENDING) {
		s = file_at_once(p.f, &p.r, s, n);
	}
	file_unref(p.f);
	if (done)
		*done = n;
	return s;
}

static BOOL
told(NTSTATUS s)
{
	if (s == STATUS_PENDING)
		return refuse(ERROR_IO_PENDING);
	return s == STATUS_BUFFER_OVERFLOW ? refuse(ERROR_MORE_DATA) : succeed(s);
}

WINAPI BOOL
kernel32_ConnectNamedPipe(HANDLE h, struct OVERLAPPED *o)
{
	return told(control(h, 0x110008, NULL, 0, NULL, 0, NULL, o));
}

WINAPI BOOL
kernel32_DisconnectNamedPipe(HANDLE h)
{
	return told(control(h, 0x110004, NULL, 0, NULL, 0, NULL, NULL));
}

WINAPI BOOL
kernel32_TransactNamedPipe(HANDLE h, void *in, DWORD nin, void *out, DWORD nout, DWORD *done,
                           struct OVERLAPPED *o)
{
	ULONG_PTR n = 0;
	NTSTATUS s = control(h, 0x11c017, in, nin, out, nout, &n, o);
	if (done)
		*done = (DWORD)n;
	return told(s);
}

WINAPI BOOL
kernel32_WaitNamedPipeW(const WCHAR *name, DWORD ms)
{
	WCHAR *text;
	NTSTATUS s = pipe_name(name, &text);
	if (s < 0)
		return succeed(s);
	/* 0 is the time that the pipe was made with, 50 ms when that is not known */
	s = pipe_wait(text, wait_deadline_ms(ms ? ms : 50));
	free(text);
	return s == STATUS_IO_TIMEOUT ? refuse(121) : succeed(s);
}

WINAPI BOOL
kernel32_WaitNamedPipeA(const char *name, DWORD ms)
{
	WCHAR *w = name ? utf_wide(name) : NULL;
	BOOL ok = kernel32_WaitNamedPipeW(w, ms);
	free(w);
	return ok;
}

WINAPI BOOL
kernel32_PeekNamedPipe(HANDLE h, void *buf, DWORD n, DWORD *seen, DWORD *available, DWORD *left)
{
	struct file *f;
	size_t s_seen = 0, s_available = 0, s_left = 0;
	NTSTATUS s = file_get(h, FILE_READ_DATA, &f);
	if (s < 0)
		return succeed(s);
	s = f->kind->type == FILE_TYPE_PIPE
	            ? pipe_peek(f, buf, buf ? n : 0, &s_seen, &s_available, &s_left)
	            : STATUS_INVALID_DEVICE_REQUEST;
	file_unref(f);
	if (s < 0)
		return succeed(s);
	if (seen)
		*seen = (DWORD)s_seen;
	if (available)
		*available = (DWORD)s_available;
	if (left)
		*left = (DWORD)s_left;
	return TRUE;
}

WINAPI BOOL
kernel32_SetNamedPipeHandleState(HANDLE h, DWORD *mode, DWORD *collect, DWORD *timeout)
{
	struct file *f;
	NTSTATUS s = file_get(h, 0, &f);
	if (s < 0)
		return succeed(s);
	(void)collect, (void)timeout;
	if (mode)
		s = *mode & ~3u ? STATUS_INVALID_PARAMETER
		                : pipe_set_modes(f, *mode >> 1 & 1, *mode & 1);
	else
		s = f->kind->type == FILE_TYPE_PIPE ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER;
	file_unref(f);
	return succeed(s);
}

WINAPI BOOL
kernel32_GetNamedPipeHandleStateW(HANDLE h, DWORD *state, DWORD *instances, DWORD *collect,
                                  DWORD *timeout, WCHAR *user, DWORD room)
{
	struct file *f;
	ULONG read_mode, wait_mode;
	struct pipe_local l;
	NTSTATUS s = file_get(h, 0, &f);
	if (s < 0)
		return succeed(s);
	s = pipe_modes(f, &read_mode, &wait_mode);
	if (s >= 0)
		s = pipe_local(f, &l);
	file_unref(f);
	if (s < 0)
		return succeed(s);
	if (state)
		*state = wait_mode | read_mode << 1;
	if (instances)
		*instances = l.CurrentInstances;
	if (collect)
		*collect = 0;
	if (timeout)
		*timeout = 0;
	if (user && room)
		*user = 0;
	return TRUE;
}

WINAPI BOOL
kernel32_GetNamedPipeHandleStateA(HANDLE h, DWORD *state, DWORD *instances, DWORD *collect,
                                  DWORD *timeout, char *user, DWORD room)
{
	if (user && room)
		*user = 0;
	return kernel32_GetNamedPipeHandleStateW(h, state, instances, collect, timeout, NULL, 0);
}

WINAPI BOOL
kernel32_GetNamedPipeInfo(HANDLE h, DWORD *flags, DWORD *out_size, DWORD *in_size, DWORD *most)
{
	struct file *f;
	struct pipe_local l;
	NTSTATUS s = file_get(h, 0, &f);
	if (s < 0)
		return succeed(s);
	s = pipe_local(f, &l);
	file_unref(f);
	if (s < 0)
		return succeed(s);
	if (flags)
		*flags = (l.NamedPipeEnd ? 1 : 0) | (l.NamedPipeType ? 4 : 0);
	if (out_size)
		*out_size = l.OutboundQuota;
	if (in_size)
		*in_size = l.InboundQuota;
	if (most)
		*most = l.MaximumInstances > 255 ? 255 : l.MaximumInstances;
	return TRUE;
}

/* The process at the server's or the client's end. */
static BOOL
process_of(HANDLE h, ULONG *id, bool of_server)
{
	struct file *f;
	bool server;
	NTSTATUS s = file_get(h, 0, &f);
	if (s < 0)
		return succeed(s);
	if (f->kind != &pipe_named_kind) {
		s = STATUS_INVALID_PARAMETER;
	} else {
		uint32_t peer = pipe_peer(f, &server);
		*id = server == of_server ? birth.process_id : peer;
	}
	file_unref(f);
	return succeed(s);
}

WINAPI BOOL
kernel32_GetNamedPipeClientProcessId(HANDLE h, ULONG *id)
{
	return process_of(h, id, false);
}

WINAPI BOOL
kernel32_GetNamedPipeServerProcessId(HANDLE h, ULONG *id)
{
	return process_of(h, id, true);
}

WINAPI BOOL
kernel32_CallNamedPipeW(const WCHAR *name, void *in, DWORD nin, void *out, DWORD nout, DWORD *done,
                        DWORD ms)
{
	WCHAR *text;
	struct file *f;
	ULONG_PTR n = 0;
	NTSTATUS s = pipe_name(name, &text);
	if (s < 0)
		return succeed(s);
	s = pipe_open(text, FILE_GENERIC_READ | FILE_GENERIC_WRITE, 0, FILE_OPEN,
	              FILE_SYNCHRONOUS_IO_NONALERT, &f);
	/* another one may be quicker */
	uint64_t late = wait_deadline_ms(ms == 1 ? 0 : ms ? ms : 50); /* 1: NMPWAIT_NOWAIT */
	while (s == STATUS_PIPE_NOT_AVAILABLE && pipe_wait(text, late) >= 0)
		s = pipe_open(text, FILE_GENERIC_READ | FILE_GENERIC_WRITE, 0, FILE_OPEN,
		              FILE_SYNCHRONOUS_IO_NONALERT, &f);
	free(text);
	if (s >= 0) {
		s = pipe_set_modes(f, 1, 0);
		if (s >= 0)
			s = f->kind->control(f, 0x11c017, in, nin, out, nout, &n, NULL, NULL);
		file_unref(f);
	}
	if (done)
		*done = (DWORD)n;
	return told(s);
}

WINAPI BOOL
kernel32_CallNamedPipeA(const char *name, void *in, DWORD nin, void *out, DWORD nout, DWORD *done,
                        DWORD ms)
{
	WCHAR *w = name ? utf_wide(name) : NULL;
	BOOL ok = kernel32_CallNamedPipeW(w, in, nin, out, nout, done, ms);
	free(w);
	return ok;
}
