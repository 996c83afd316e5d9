/* SPDX-License-Identifier: Apache-2.0 */
/* Opening, reading and writing files; standard handles. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "layer/api/dll/dll.h"
#include "layer/api/nt/file/file.h"
#include "layer/api/nt/file/file_fs.h"
#include "layer/api/nt/thread/thread.h"
#include "layer/api/nt/text/utf.h"
#include "layer/api/nt/object/wait.h"

/* -- standard handles ---------------------------------------------------------------- */

static HANDLE *
standard(DWORD which)
{
	struct RTL_USER_PROCESS_PARAMETERS *p = teb()->ProcessEnvironmentBlock->ProcessParameters;
	switch ((int)which) {
	case -10: return &p->StandardInput;
	case -11: return &p->StandardOutput;
	case -12: return &p->StandardError;
	}
	return NULL;
}

WINAPI HANDLE
kernel32_GetStdHandle(DWORD which)
{
	HANDLE *h = standard(which);
	if (!h) {
		last_error(ERROR_INVALID_HANDLE);
		return INVALID_HANDLE_VALUE;
	}
	return *h;
}

WINAPI BOOL
kernel32_SetStdHandle(DWORD which, HANDLE h)
{
	HANDLE *at = standard(which);
	if (!at)
		return refuse(ERROR_INVALID_HANDLE);
	*at = h;
	return TRUE;
}

WINAPI BOOL
kernel32_SetStdHandleEx(DWORD which, HANDLE h, HANDLE *before)
{
	HANDLE *at = standard(which);
	if (!at)
		return refuse(ERROR_INVALID_HANDLE);
	if (before)
		*before = *at;
	*at = h;
	return TRUE;
}

/* -- opening ------------------------------------------------------------------------- */

/* What CreateFile's flags are as options of the native call. */
static DWORD
options_of(DWORD flags, ACCESS_MASK *access)
{
	DWORD o = 0;
	if (!(flags & 0x40000000)) /* FILE_FLAG_OVERLAPPED */
		o |= FILE_SYNCHRONOUS_IO_NONALERT;
	if (flags & 0x80000000)
		o |= FILE_WRITE_THROUGH;
	if (flags & 0x20000000)
		o |= FILE_NO_INTERMEDIATE_BUFFERING;
	if (flags & 0x08000000)
		o |= FILE_SEQUENTIAL_ONLY;
	if (flags & 0x04000000) {
		o |= FILE_DELETE_ON_CLOSE;
		*access |= ACCESS_DELETE;
	}
	if (flags & 0x00200000)
		o |= FILE_OPEN_REPARSE_POINT;
	if (flags & 0x02000000) /* FILE_FLAG_BACKUP_SEMANTICS: folders too */
		o |= FILE_OPEN_FOR_BACKUP_INTENT;
	else
		o |= FILE_NON_DIRECTORY_FILE;
	*access |= FILE_READ_ATTRIBUTES | ACCESS_SYNCHRONIZE;
	return o;
}

static HANDLE
open_file(const WCHAR *name, DWORD access, DWORD share, const struct SECURITY_ATTRIBUTES *sa,
          DWORD disposition, DWORD flags)
{
	static const uint8_t dispositions[] = { 0xff,      FILE_CREATE,  FILE_OVERWRITE_IF,
		                                FILE_OPEN, FILE_OPEN_IF, FILE_OVERWRITE };
	struct path p;
	struct file *f;
	ULONG_PTR what = FILE_OPENED;
	HANDLE h = NULL;
	if (disposition < 1 || disposition > 5) {
		last_error(ERROR_INVALID_PARAMETER);
		return INVALID_HANDLE_VALUE;
	}
	ACCESS_MASK a = access;
	DWORD options = options_of(flags, &a);
	if (disposition == 5 && !(access & 0x50000002)) {
		/* TRUNCATE_EXISTING needs the right to write */
		last_error(ERROR_INVALID_PARAMETER);
		return INVALID_HANDLE_VALUE;
	}
	NTSTATUS s = path_parse(name, &p);
	if (s >= 0) {
		s = file_create(&p, a, flags & 0xffff, share, dispositions[disposition], options,
		                &f, &what);
		path_free(&p);
	}
	if (s >= 0) {
		h = handle_new(&f->object, f->access, sa && sa->bInheritHandle);
		if (!h)
			s = STATUS_NO_MEMORY;
	}
	if (s < 0) {
		/* CreateFile says so in words of its own, also of a folder for CREATE_ALWAYS */
		DWORD e = status_error(s);
		last_error(s == STATUS_OBJECT_NAME_COLLISION ? ERROR_FILE_EXISTS : e);
		return INVALID_HANDLE_VALUE;
	}
	last_error((disposition == 2 && what == FILE_OVERWRITTEN) ||
	                           (disposition == 4 && what == FILE_OPENED)
	                   ? ERROR_ALREADY_EXISTS
	                   : ERROR_SUCCESS);
	return h;
}

WINAPI HANDLE
kernel32_CreateFileW(const WCHAR *name, DWORD access, DWORD share, struct SECURITY_ATTRIBUTES *sa,
                     DWORD disposition, DWORD flags, HANDLE like)
{
	(void)like;
	return open_file(name, access, share, sa, disposition, flags);
}

WINAPI HANDLE
kernel32_CreateFileA(const char *name, DWORD access, DWORD share, struct SECURITY_ATTRIBUTES *sa,
                     DWORD disposition, DWORD flags, HANDLE like)
{
	WCHAR few[260];
	size_t n = name ? strlen(name) : 0;
	WCHAR *w = n >= sizeof few / sizeof *few ? utf_wide_n(name, n) : few;
	(void)like;
	if (w == few)
		few[utf_to_16(few, name, n)] = 0;
	HANDLE h = open_file(name ? w : NULL, access, share, sa, disposition, flags);
	if (w != few)
		free(w);
	return h;
}

struct CREATEFILE2_EXTENDED_PARAMETERS {
	DWORD dwSize, dwFileAttributes, dwFileFlags, dwSecurityQosFlags;
	struct SECURITY_ATTRIBUTES *lpSecurityAttributes;
	HANDLE hTemplateFile;
};

WINAPI HANDLE
kernel32_CreateFile2(const WCHAR *name, DWORD access, DWORD share, DWORD disposition,
                     struct CREATEFILE2_EXTENDED_PARAMETERS *x)
{
	return open_file(name, access, share, x ? x->lpSecurityAttributes : NULL, disposition,
	                 x ? (x->dwFileAttributes & 0xffff) | x->dwFileFlags : 0);
}

/* The same file once more, by the name that it has now. */
WINAPI HANDLE
kernel32_ReOpenFile(HANDLE h, DWORD access, DWORD share, DWORD flags)
{
	struct file *f, *again = NULL;
	struct path p = { 0 };
	ACCESS_MASK a = access;
	bool other = false;
	struct stat st;
	ULONG_PTR what;
	DWORD options = options_of(flags, &a);
	NTSTATUS s = file_get(h, 0, &f);
	if (s >= 0) {
		pthread_mutex_lock(&f->lock);
		p = (struct path){ .host = f->path ? strdup(f->path) : NULL,
			           .root = f->root,
			           .folder = f->folder,
			           .readonly = f->readonly_drive };
		s = p.host ? STATUS_SUCCESS : f->path ? STATUS_NO_MEMORY : STATUS_NOT_SUPPORTED;
		pthread_mutex_unlock(&f->lock);
		if (f->folder)
			options = (options & ~(DWORD)FILE_NON_DIRECTORY_FILE) |
			          FILE_OPEN_FOR_BACKUP_INTENT;
		if (s >= 0)
			s = file_create(&p, a, 0, share, FILE_OPEN, options, &again, &what);
		path_free(&p);
		other = s >= 0 && (fstat(again->fd, &st) < 0 || !file_share_is(f, &st));
		file_unref(f);
	}
	HANDLE out = s >= 0 ? handle_new(&again->object, again->access, false) : NULL;
	if (s >= 0 && !out)
		s = STATUS_NO_MEMORY;
	if (s >= 0 && other) { /* another one has its name */
		handle_close(out);
		s = STATUS_OBJECT_NAME_NOT_FOUND;
	}
	if (s < 0) {
		last_error(status_error(s));
		return INVALID_HANDLE_VALUE;
	}
	return out;
}

/* -- reading and writing ------------------------------------------------------------- */

static void
request(struct file_request *r, struct OVERLAPPED *o, void *apc)
{
	r->event = apc ? NULL : o->hEvent;
	r->apc = apc;
	r->apc_context = apc ? (void *)o : (uintptr_t)o->hEvent & 1 ? NULL : (void *)o;
	r->iosb = (struct IO_STATUS_BLOCK *)&o->Internal;
}

static int64_t
offset_of(const struct OVERLAPPED *o)
{
	return (int64_t)((uint64_t)o->OffsetHigh << 32 | o->Offset);
}

/* ReadFile and WriteFile.  A completion routine of the Ex functions comes as an APC that is
 * given the error, the count and the OVERLAPPED (file_completion below). */
static BOOL
transfer(HANDLE h, void *buf, DWORD n, DWORD *done, struct OVERLAPPED *o, bool write)
{
	struct file *f;
	struct IO_STATUS_BLOCK own = { .Status = STATUS_SUCCESS };
	struct file_request r = { .iosb = &own };
	if (done)
		*done = 0;
	NTSTATUS s = file_get(h, write ? FILE_WRITE_DATA | FILE_APPEND_DATA : FILE_READ_DATA, &f);
	if (s < 0)
		return succeed(s);
	int64_t offset = FILE_CURRENT;
	if (o) {
		request(&r, o, NULL);
		o->Internal = (ULONG_PTR)STATUS_PENDING;
		offset = offset_of(o);
	} else if (f->overlapped) {
		if (f->kind->type == FILE_TYPE_DISK) {
			file_unref(f);
			return refuse(ERROR_INVALID_PARAMETER);
		}
	}
	s = write ? file_begin_write(f, &r, buf, n, offset)
	          : file_begin_read(f, &r, buf, n, offset);
	if (s == STATUS_PENDING && !o) {
		/* an overlapped pipe used without an OVERLAPPED: wait for it */
		(void)wait_objects(1, (struct object *[]){ &f->object }, true, false, WAIT_FOREVER);
		s = own.Status;
	}
	bool disk = f->kind->type == FILE_TYPE_DISK, overlapped = f->overlapped;
	file_unref(f);
	if (s == STATUS_PENDING)
		return refuse(ERROR_IO_PENDING);
	if (done)
		*done = (DWORD)(o ? o->InternalHigh : own.Information);
	if (s == STATUS_END_OF_FILE) {
		if (done)
			*done = 0;
		/* a file that is read in order ends with nothing; with an OVERLAPPED it is an error */
		if (!o || (!overlapped && !disk))
			return TRUE;
		o->Internal = (ULONG_PTR)(LONG)STATUS_END_OF_FILE;
		o->InternalHigh = 0;
	} else if (s < 0 && o) {
		o->Internal = (ULONG_PTR)(LONG)s;
	}
	return s == STATUS_BUFFER_OVERFLOW ? refuse(ERROR_MORE_DATA) : succeed(s);
}

WINAPI BOOL
kernel32_ReadFile(HANDLE h, void *buf, DWORD n, DWORD *done, struct OVERLAPPED *o)
{
	return transfer(h, buf, n, done, o, false);
}

WINAPI BOOL
kernel32_WriteFile(HANDLE h, const void *buf, DWORD n, DWORD *done, struct OVERLAPPED *o)
{
	return transfer(h, (void *)(uintptr_t)buf, n, done, o, true);
}

typedef void(WINAPI *completion)(DWORD error, DWORD n, struct OVERLAPPED *o);

/* The APC of ReadFileEx: context is the routine, the status block is the OVERLAPPED's. */
static WINAPI void
completed(void *context, struct IO_STATUS_BLOCK *iosb, ULONG reserved)
{
	(void)reserved;
	((completion)(uintptr_t)context)(iosb->Status < 0 ? status_error(iosb->Status) : 0,
	                                 (DWORD)iosb->Information, (struct OVERLAPPED *)iosb);
}

static BOOL
transfer_ex(HANDLE h, void *buf, DWORD n, struct OVERLAPPED *o, completion routine, bool write)
{
	struct file *f;
	if (!o || !routine)
		return refuse(ERROR_INVALID_PARAMETER);
	NTSTATUS s = file_get(h, write ? FILE_WRITE_DATA | FILE_APPEND_DATA : FILE_READ_DATA, &f);
	if (s < 0)
		return succeed(s);
	struct file_request r;
	request(&r, o, (void *)(uintptr_t)completed);
	r.apc_context = (void *)(uintptr_t)routine;
	o->Internal = (ULONG_PTR)STATUS_PENDING;
	s = write ? file_begin_write(f, &r, buf, n, offset_of(o))
	          : file_begin_read(f, &r, buf, n, offset_of(o));
	file_unref(f);
	return succeed(s);
}

WINAPI BOOL
kernel32_ReadFileEx(HANDLE h, void *buf, DWORD n, struct OVERLAPPED *o, completion routine)
{
	return transfer_ex(h, buf, n, o, routine, false);
}

WINAPI BOOL
kernel32_WriteFileEx(HANDLE h, const void *buf, DWORD n, struct OVERLAPPED *o, completion routine)
{
	return transfer_ex(h, (void *)(uintptr_t)buf, n, o, routine, true);
}

/* Pages of a file, from and to places in memory. */
static BOOL
scatter(HANDLE h, void **segments, DWORD n, struct OVERLAPPED *o, bool write)
{
	struct file *f;
	if (!o)
		return refuse(ERROR_INVALID_PARAMETER);
	NTSTATUS s = file_get(h, write ? FILE_WRITE_DATA : FILE_READ_DATA, &f);
	if (s < 0)
		return succeed(s);
	ULONG_PTR done = 0;
	struct file_request r;
	request(&r, o, NULL);
	for (size_t i = 0; done < n && s >= 0; i++) {
		size_t part = n - done < 4096 ? n - done : 4096;
		struct file_io x = { segments[i], part, 0, offset_of(o) + (int64_t)done, true };
		s = f->kind == &file_disk ? (write ? f->kind->write : f->kind->read)(f, &x)
		                          : STATUS_INVALID_PARAMETER;
		done += x.done;
		if (x.done < part)
			break;
	}
	if (s == STATUS_END_OF_FILE && done)
		s = STATUS_SUCCESS;
	s = file_at_once(f, &r, s, done);
	file_unref(f);
	return succeed(s) && refuse(ERROR_IO_PENDING);
}

WINAPI BOOL
kernel32_ReadFileScatter(HANDLE h, void **segments, DWORD n, DWORD *reserved, struct OVERLAPPED *o)
{
	(void)reserved;
	return scatter(h, segments, n, o, false);
}

WINAPI BOOL
kernel32_WriteFileGather(HANDLE h, void **segments, DWORD n, DWORD *reserved, struct OVERLAPPED *o)
{
	(void)reserved;
	return scatter(h, segments, n, o, true);
}

WINAPI BOOL
kernel32_FlushFileBuffers(HANDLE h)
{
	struct file *f;
	NTSTATUS s = file_get(h, 0, &f);
	if (s < 0)
		return succeed(s);
	if (f->kind->type == FILE_TYPE_DISK && !(f->access & (FILE_WRITE_DATA | FILE_APPEND_DATA)))
		s = STATUS_ACCESS_DENIED;
	else if (f->kind->flush)
		s = f->kind->flush(f);
	else if (f->kind->device == 0x50)
		s = STATUS_INVALID_HANDLE;
	file_unref(f);
	return succeed(s);
}

/* -- results of overlapped operations ------------------------------------------------ */

WINAPI BOOL
kernel32_GetOverlappedResultEx(HANDLE h, struct OVERLAPPED *o, DWORD *done, DWORD ms,
                               BOOL alertable)
{
	NTSTATUS now = __atomic_load_n((NTSTATUS *)&o->Internal, __ATOMIC_ACQUIRE);
	if (now == STATUS_PENDING) {
		if (!ms)
			return refuse(996); /* ERROR_IO_INCOMPLETE */
		HANDLE on = (HANDLE)((uintptr_t)o->hEvent & ~(uintptr_t)1);
		if (!on)
			on = h;
		NTSTATUS s = wait_handles(1, &on, false, alertable, wait_deadline_ms(ms));
		if (s == STATUS_TIMEOUT)
			return refuse(258);
		if (s == STATUS_USER_APC)
			return refuse(0xc0); /* WAIT_IO_COMPLETION */
		if (s < 0)
			return succeed(s);
		now = __atomic_load_n((NTSTATUS *)&o->Internal, __ATOMIC_ACQUIRE);
	}
	if (done)
		*done = (DWORD)o->InternalHigh;
	return now == STATUS_BUFFER_OVERFLOW ? refuse(ERROR_MORE_DATA) : succeed(now);
}

WINAPI BOOL
kernel32_GetOverlappedResult(HANDLE h, struct OVERLAPPED *o, DWORD *done, BOOL wait)
{
	return kernel32_GetOverlappedResultEx(h, o, done, wait ? INFINITE : 0, FALSE);
}

static BOOL
cancel(HANDLE h, struct OVERLAPPED *o, uint32_t tid)
{
	struct file *f;
	NTSTATUS s = file_get(h, 0, &f);
	if (s < 0)
		return succeed(s);
	s = file_cancel(f, o ? (struct IO_STATUS_BLOCK *)&o->Internal : NULL, tid);
	file_unref(f);
	return succeed(s);
}

WINAPI BOOL
kernel32_CancelIoEx(HANDLE h, struct OVERLAPPED *o)
{
	return cancel(h, o, 0);
}

WINAPI BOOL
kernel32_CancelIo(HANDLE h)
{
	/* that there was nothing is no error here */
	if (cancel(h, NULL, (uint32_t)thread_self()->tid))
		return TRUE;
	return teb()->LastErrorValue == ERROR_NOT_FOUND;
}

WINAPI BOOL
kernel32_CancelSynchronousIo(HANDLE h)
{
	struct object *o;
	NTSTATUS s = handle_get(h, &thread_class, &o);
	if (s < 0)
		return succeed(s);
	s = file_cancel_thread((uint32_t)((struct thread *)o)->tid);
	object_unref(o);
	return succeed(s);
}

WINAPI BOOL
kernel32_SetFileCompletionNotificationModes(HANDLE h, UCHAR modes)
{
	struct file *f;
	NTSTATUS s = file_get(h, 0, &f);
	if (s < 0)
		return succeed(s);
	f->modes |= modes;
	file_unref(f);
	return modes & ~7 ? refuse(ERROR_INVALID_PARAMETER) : TRUE;
}

/* -- positions and sizes ------------------------------------------------------------- */

static NTSTATUS
seek(HANDLE h, int64_t distance, DWORD method, int64_t *new)
{
	struct file *f;
	NTSTATUS s = file_get(h, 0, &f);
	if (s < 0)
		return s;
	if (f->kind != &file_disk) {
		s = f->kind->type == FILE_TYPE_PIPE ? STATUS_INVALID_DEVICE_REQUEST
		                                    : STATUS_SUCCESS;
		*new = 0;
	} else if (method > 2) {
		s = STATUS_INVALID_PARAMETER;
	} else {
		off_t at = lseek(f->fd, distance,
		                 method == 0   ? SEEK_SET
		                 : method == 1 ? SEEK_CUR
		                               : SEEK_END);
		*new = at;
		if (at < 0)
			s = errno == EINVAL ? (NTSTATUS)0x80070083
			                    : status_errno(errno); /* ERROR_NEGATIVE_SEEK */
	}
	file_unref(f);
	return s;
}

WINAPI BOOL
kernel32_SetFilePointerEx(HANDLE h, int64_t distance, int64_t *new, DWORD method)
{
	int64_t at;
	NTSTATUS s = seek(h, distance, method, &at);
	if (s >= 0 && new)
		*new = at;
	return succeed(s);
}

WINAPI DWORD
kernel32_SetFilePointer(HANDLE h, LONG low, LONG *high, DWORD method)
{
	int64_t at,
	        distance = high ? (int64_t)((uint64_t)(uint32_t)*high << 32 | (uint32_t)low) : low;
	NTSTATUS s = seek(h, distance, method, &at);
	if (s >= 0 && !high && at > 0xffffffff)
		s = STATUS_INVALID_PARAMETER;
	if (s < 0) {
		succeed(s);
		return 0xffffffff;
	}
	if (high)
		*high = (LONG)(at >> 32);
	last_error(ERROR_SUCCESS);
	return (DWORD)at;
}

WINAPI BOOL
kernel32_SetEndOfFile(HANDLE h)
{
	struct file *f;
	NTSTATUS s = file_get(h, FILE_WRITE_DATA, &f);
	if (s < 0)
		return succeed(s);
	off_t at = lseek(f->fd, 0, SEEK_CUR);
	if (f->kind != &file_disk)
		s = STATUS_INVALID_HANDLE;
	else if (at < 0 || ftruncate(f->fd, at) < 0)
		s = status_errno(errno);
	file_unref(f);
	return succeed(s);
}

WINAPI BOOL
kernel32_SetFileValidData(HANDLE h, int64_t length)
{
	struct file *f;
	struct stat st;
	NTSTATUS s = file_get(h, FILE_WRITE_DATA, &f);
	if (s < 0)
		return succeed(s);
	/* the host knows no invalid part of a file */
	if (fstat(f->fd, &st) < 0 || length < 0 || length > st.st_size)
		s = STATUS_INVALID_PARAMETER;
	file_unref(f);
	return succeed(s);
}

WINAPI BOOL
kernel32_GetFileSizeEx(HANDLE h, int64_t *size)
{
	struct file *f;
	struct stat st;
	NTSTATUS s = file_get(h, 0, &f);
	if (s < 0)
		return succeed(s);
	if (f->kind != &file_disk)
		s = f->kind->type == FILE_TYPE_PIPE ? STATUS_INVALID_DEVICE_REQUEST
		                                    : STATUS_INVALID_HANDLE;
	else if (fstat(f->fd, &st) < 0)
		s = status_errno(errno);
	else
		*size = S_ISDIR(st.st_mode) ? 0 : st.st_size;
	file_unref(f);
	return succeed(s);
}

WINAPI DWORD
kernel32_GetFileSize(HANDLE h, DWORD *high)
{
	int64_t size;
	if (!kernel32_GetFileSizeEx(h, &size))
		return 0xffffffff;
	if (high)
		*high = (DWORD)(size >> 32);
	last_error(ERROR_SUCCESS);
	return (DWORD)size;
}

WINAPI DWORD
kernel32_GetFileType(HANDLE h)
{
	struct file *f;
	NTSTATUS s = file_get(h, 0, &f);
	if (s < 0) {
		last_error(s == STATUS_OBJECT_TYPE_MISMATCH ? ERROR_INVALID_HANDLE
		                                            : status_error(s));
		return FILE_TYPE_UNKNOWN;
	}
	DWORD t = (DWORD)f->kind->type;
	file_unref(f);
	last_error(ERROR_SUCCESS);
	return t;
}
