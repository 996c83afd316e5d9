/* SPDX-License-Identifier: Apache-2.0 */
/* The native calls for files. */
#include <stdlib.h>
#include <string.h>

#include "layer/api/dll/dll.h"
#include "layer/api/nt/file/dir.h"
#include "layer/api/nt/file/file_fs.h"
#include "layer/api/nt/file/file_info.h"
#include "layer/api/nt/file/pipe.h"
#include "layer/api/nt/thread/thread.h"
#include "layer/api/nt/file/notify.h"

WINAPI NTSTATUS
ntdll_NtCreateFile(HANDLE *out, ACCESS_MASK access, struct OBJECT_ATTRIBUTES *a,
                   struct IO_STATUS_BLOCK *iosb, int64_t *allocation, ULONG attributes, ULONG share,
                   ULONG disposition, ULONG options, void *ea, ULONG ea_size)
{
	struct path p;
	struct file *f = NULL;
	ULONG_PTR what = FILE_OPENED;
	(void)allocation, (void)ea, (void)ea_size;
	if (!a || !out || !iosb)
		return STATUS_ACCESS_VIOLATION;
	NTSTATUS s = path_parse_nt(a, &p);
	if (s < 0)
		return s;
	s = file_create(&p, access, attributes, share, disposition, options, &f, &what);
	path_free(&p);
	if (s < 0) {
		if (s == STATUS_OBJECT_NAME_COLLISION)
			iosb->Information = FILE_EXISTS;
		return s;
	}
	*out = handle_new(&f->object, f->access, a->Attributes & 2); /* OBJ_INHERIT */
	if (!*out)
		return STATUS_NO_MEMORY;
	iosb->Status = s;
	iosb->Information = what;
	return s;
}

WINAPI NTSTATUS
ntdll_NtOpenFile(HANDLE *out, ACCESS_MASK access, struct OBJECT_ATTRIBUTES *a,
                 struct IO_STATUS_BLOCK *iosb, ULONG share, ULONG options)
{
	return ntdll_NtCreateFile(out, access, a, iosb, NULL, 0, share, FILE_OPEN, options, NULL,
	                          0);
}

static NTSTATUS
transfer(HANDLE h, const struct file_request *r, void *buf, ULONG n, const int64_t *offset,
         bool write)
{
	struct file *f;
	NTSTATUS s = file_get(h, write ? FILE_WRITE_DATA | FILE_APPEND_DATA : FILE_READ_DATA, &f);
	if (s < 0)
		return s;
	int64_t at = offset ? *offset : FILE_CURRENT;
	s = write ? file_begin_write(f, r, buf, n, at) : file_begin_read(f, r, buf, n, at);
	file_unref(f);
	return s;
}

WINAPI NTSTATUS
ntdll_NtReadFile(HANDLE h, HANDLE event, void *apc, void *context, struct IO_STATUS_BLOCK *iosb,
                 void *buf, ULONG n, int64_t *offset, ULONG *key)
{
	(void)key;
	return transfer(h, &(struct file_request){ event, apc, context, iosb }, buf, n, offset,
	                false);
}

WINAPI NTSTATUS
ntdll_NtWriteFile(HANDLE h, HANDLE event, void *apc, void *context, struct IO_STATUS_BLOCK *iosb,
                  const void *buf, ULONG n, int64_t *offset, ULONG *key)
{
	(void)key;
	return transfer(h, &(struct file_request){ event, apc, context, iosb },
	                (void *)(uintptr_t)buf, n, offset, true);
}

WINAPI NTSTATUS
ntdll_NtFlushBuffersFile(HANDLE h, struct IO_STATUS_BLOCK *iosb)
{
	struct file *f;
	NTSTATUS s = file_get(h, 0, &f);
	if (s < 0)
		return s;
	if (f->kind->flush)
		s = f->kind->flush(f);
	file_unref(f);
	iosb->Status = s;
	iosb->Information = 0;
	return s;
}

WINAPI NTSTATUS
ntdll_NtFlushBuffersFileEx(HANDLE h, ULONG flags, void *parameters, ULONG n,
                           struct IO_STATUS_BLOCK *iosb)
{
	(void)flags, (void)parameters, (void)n;
	return ntdll_NtFlushBuffersFile(h, iosb);
}

/* -- classes ------------------------------------------------------------------------------- */

WINAPI NTSTATUS
ntdll_NtQueryInformationFile(HANDLE h, struct IO_STATUS_BLOCK *iosb, void *out, ULONG n,
                             ULONG class)
{
	struct file *f;
	ULONG_PTR done = 0;
	NTSTATUS s = file_get(h, 0, &f);
	if (s < 0)
		return s;
	s = file_info_query(f, class, out, n, &done);
	file_unref(f);
	iosb->Status = s;
	iosb->Information = done;
	return s;
}

WINAPI NTSTATUS
ntdll_NtSetInformationFile(HANDLE h, struct IO_STATUS_BLOCK *iosb, void *in, ULONG n, ULONG class)
{
	struct file *f;
	NTSTATUS s = file_get(h, 0, &f);
	if (s < 0)
		return s;
	s = file_info_set(f, class, in, n);
	file_unref(f);
	iosb->Status = s;
	iosb->Information = 0;
	return s;
}

WINAPI NTSTATUS
ntdll_NtQueryVolumeInformationFile(HANDLE h, struct IO_STATUS_BLOCK *iosb, void *out, ULONG n,
                                   ULONG class)
{
	struct file *f;
	ULONG_PTR done = 0;
	NTSTATUS s = file_get(h, 0, &f);
	if (s < 0)
		return s;
	s = file_info_volume(f, class, out, n, &done);
	file_unref(f);
	iosb->Status = s;
	iosb->Information = done;
	return s;
}

static NTSTATUS
facts_of(struct OBJECT_ATTRIBUTES *a, struct file_facts *x)
{
	struct path p;
	NTSTATUS s = path_parse_nt(a, &p);
	if (s < 0)
		return s;
	s = file_facts_of(&p, x);
	path_free(&p);
	return s;
}

WINAPI NTSTATUS
ntdll_NtQueryAttributesFile(struct OBJECT_ATTRIBUTES *a, struct FILE_BASIC_INFORMATION *out)
{
	struct file_facts x;
	NTSTATUS s = facts_of(a, &x);
	if (s >= 0)
		file_info_basic(&x, out);
	return s;
}

WINAPI NTSTATUS
ntdll_NtQueryFullAttributesFile(struct OBJECT_ATTRIBUTES *a,
                                struct FILE_NETWORK_OPEN_INFORMATION *out)
{
	struct file_facts x;
	NTSTATUS s = facts_of(a, &x);
	if (s >= 0)
		file_info_network(&x, out);
	return s;
}

WINAPI NTSTATUS
ntdll_NtQueryInformationByName(struct OBJECT_ATTRIBUTES *a, struct IO_STATUS_BLOCK *iosb, void *out,
                               ULONG n, ULONG class)
{
	struct path p;
	struct file *f;
	ULONG_PTR done = 0, what;
	NTSTATUS s = path_parse_nt(a, &p);
	if (s < 0)
		return s;
	s = file_create(&p, FILE_READ_ATTRIBUTES, 0, 7, FILE_OPEN, FILE_OPEN_REPARSE_POINT, &f,
	                &what);
	path_free(&p);
	if (s < 0)
		return s;
	s = file_info_query(f, class, out, n, &done);
	file_unref(f);
	iosb->Status = s;
	iosb->Information = done;
	return s;
}

WINAPI NTSTATUS
ntdll_NtDeleteFile(struct OBJECT_ATTRIBUTES *a)
{
	struct path p;
	struct file_facts x;
	NTSTATUS s = path_parse_nt(a, &p);
	if (s < 0)
		return s;
	s = file_facts_of(&p, &x);
	if (s >= 0)
		s = file_delete(&p, x.attributes & FILE_ATTRIBUTE_DIRECTORY);
	path_free(&p);
	return s;
}

/* -- folders ------------------------------------------------------------------------------- */

static NTSTATUS
query_directory(HANDLE h, const struct file_request *r, void *out, ULONG n, ULONG class,
                bool single, const struct UNICODE_STRING *name, bool restart)
{
	struct file *f;
	ULONG_PTR done;
	NTSTATUS s = file_get(h, 0, &f);
	if (s < 0)
		return s;
	s = dir_query(f, class, out, n, single, name ? name->Buffer : NULL,
	              name ? name->Length / 2 : 0, restart, &done);
	if (r->iosb) {
		r->iosb->Status = s;
		r->iosb->Information = done;
	}
	s = file_at_once(f, r, s, done);
	file_unref(f);
	return s;
}

WINAPI NTSTATUS
ntdll_NtQueryDirectoryFile(HANDLE h, HANDLE event, void *apc, void *context,
                           struct IO_STATUS_BLOCK *iosb, void *out, ULONG n, ULONG class,
                           BOOLEAN single, struct UNICODE_STRING *name, BOOLEAN restart)
{
	return query_directory(h, &(struct file_request){ event, apc, context, iosb }, out, n,
	                       class, single, name, restart);
}

WINAPI NTSTATUS
ntdll_NtQueryDirectoryFileEx(HANDLE h, HANDLE event, void *apc, void *context,
                             struct IO_STATUS_BLOCK *iosb, void *out, ULONG n, ULONG class,
                             ULONG flags, struct UNICODE_STRING *name)
{
	/* SL_RESTART_SCAN, SL_RETURN_SINGLE_ENTRY */
	return query_directory(h, &(struct file_request){ event, apc, context, iosb }, out, n,
	                       class, flags & 2, name, flags & 1);
}

/* -- controls, ranges, cancelling ----------------------------------------------------------- */

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

WINAPI NTSTATUS
ntdll_NtDeviceIoControlFile(HANDLE h, HANDLE event, void *apc, void *context,
                            struct IO_STATUS_BLOCK *iosb, ULONG code, void *in, ULONG nin,
                            void *out, ULONG nout)
{
	struct pend p = { .r = { event, apc, context, iosb } };
	ULONG_PTR n = 0;
	NTSTATUS s = file_get(h, 0, &p.f);
	if (s < 0)
		return s;
	s = p.f->kind->control ? p.f->kind->control(p.f, code, in, nin, out, nout, &n, pend, &p)
	                       : STATUS_INVALID_DEVICE_REQUEST;
	if (s != STATUS_PENDING)
		s = file_at_once(p.f, &p.r, s, n);
	file_unref(p.f);
	return s;
}

WINAPI NTSTATUS
ntdll_NtFsControlFile(HANDLE h, HANDLE event, void *apc, void *context,
                      struct IO_STATUS_BLOCK *iosb, ULONG code, void *in, ULONG nin, void *out,
                      ULONG nout)
{
	return ntdll_NtDeviceIoControlFile(h, event, apc, context, iosb, code, in, nin, out, nout);
}

WINAPI NTSTATUS
ntdll_NtLockFile(HANDLE h, HANDLE event, void *apc, void *context, struct IO_STATUS_BLOCK *iosb,
                 int64_t *offset, int64_t *length, ULONG key, BOOLEAN at_once, BOOLEAN exclusive)
{
	struct file *f;
	(void)key;
	struct file_request r = { event, apc, context, iosb };
	NTSTATUS s = file_get(h, 0, &f);
	if (s < 0)
		return s;
	s = file_lock(f, *offset, *length, exclusive, !at_once);
	if (s >= 0)
		s = file_at_once(f, &r, s, 0);
	file_unref(f);
	return s;
}

WINAPI NTSTATUS
ntdll_NtUnlockFile(HANDLE h, struct IO_STATUS_BLOCK *iosb, int64_t *offset, int64_t *length,
                   ULONG key)
{
	struct file *f;
	(void)key;
	NTSTATUS s = file_get(h, 0, &f);
	if (s < 0)
		return s;
	s = file_unlock(f, *offset, *length);
	file_unref(f);
	iosb->Status = s;
	iosb->Information = 0;
	return s;
}

static NTSTATUS
cancel(HANDLE h, struct IO_STATUS_BLOCK *which, uint32_t tid, struct IO_STATUS_BLOCK *iosb)
{
	struct file *f;
	NTSTATUS s = file_get(h, 0, &f);
	if (s < 0)
		return s;
	s = file_cancel(f, which, tid);
	file_unref(f);
	iosb->Status = s;
	iosb->Information = 0;
	return s;
}

WINAPI NTSTATUS
ntdll_NtCancelIoFile(HANDLE h, struct IO_STATUS_BLOCK *iosb)
{
	NTSTATUS s = cancel(h, NULL, (uint32_t)thread_self()->tid, iosb);
	return s == STATUS_NOT_FOUND ? STATUS_SUCCESS : s;
}

WINAPI NTSTATUS
ntdll_NtCancelIoFileEx(HANDLE h, struct IO_STATUS_BLOCK *which, struct IO_STATUS_BLOCK *iosb)
{
	return cancel(h, which, 0, iosb);
}

WINAPI NTSTATUS
ntdll_NtCancelSynchronousIoFile(HANDLE thread, struct IO_STATUS_BLOCK *which,
                                struct IO_STATUS_BLOCK *iosb)
{
	struct object *o;
	(void)which;
	NTSTATUS s = handle_get(thread, &thread_class, &o);
	if (s < 0)
		return s;
	s = file_cancel_thread((uint32_t)((struct thread *)o)->tid);
	object_unref(o);
	iosb->Status = s;
	iosb->Information = 0;
	return s;
}

/* -- pipes -------------------------------------------------------------------------------------- */

WINAPI NTSTATUS
ntdll_NtCreateNamedPipeFile(HANDLE *out, ULONG access, struct OBJECT_ATTRIBUTES *a,
                            struct IO_STATUS_BLOCK *iosb, ULONG share, ULONG disposition,
                            ULONG options, ULONG type, ULONG read_mode, ULONG completion,
                            ULONG most, ULONG in_quota, ULONG out_quota, int64_t *timeout)
{
	struct path p;
	struct file *f;
	NTSTATUS s = path_parse_nt(a, &p);
	if (s < 0)
		return s;
	/* what the server shares is what its clients may do */
	struct pipe_make m = {
		.inbound = share & FILE_SHARE_WRITE,
		.outbound = share & FILE_SHARE_READ,
		.messages = type & 1,
		.read_messages = read_mode & 1,
		.nowait = completion & 1,
		.most = most,
		.in_quota = in_quota,
		.out_quota = out_quota,
		.timeout = timeout ? *timeout : 0,
		.first = disposition == FILE_CREATE,
	};
	s = p.device && most ? pipe_make(p.device, &m, access, share, options, &f)
	                     : STATUS_INVALID_PARAMETER;
	path_free(&p);
	if (s < 0)
		return s;
	*out = handle_new(&f->object, f->access, a->Attributes & 2);
	if (!*out)
		return STATUS_NO_MEMORY;
	iosb->Status = STATUS_SUCCESS;
	iosb->Information = FILE_CREATED;
	return STATUS_SUCCESS;
}

/* -- changes ------------------------------------------------------------------------------------- */

WINAPI NTSTATUS
ntdll_NtNotifyChangeDirectoryFile(HANDLE h, HANDLE event, void *apc, void *context,
                                  struct IO_STATUS_BLOCK *iosb, void *buf, ULONG n, ULONG filter,
                                  BOOLEAN subtree)
{
	struct file *f;
	ULONG_PTR done;
	struct file_request r = { event, apc, context, iosb };
	NTSTATUS s = file_get(h, 0, &f);
	if (s < 0)
		return s;
	s = notify_read(f, &r, buf, n, filter, subtree, &done);
	if (s != STATUS_PENDING)
		s = file_at_once(f, &r, s, done);
	file_unref(f);
	return s;
}
