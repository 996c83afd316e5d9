/* SPDX-License-Identifier: Apache-2.0 */
/* Changes in folders. */
#include <stdlib.h>

#include "layer/api/dll/dll.h"
#include "layer/api/nt/text/utf.h"
#include "layer/api/nt/file/notify.h"

typedef void(WINAPI *completion)(DWORD error, DWORD n, struct OVERLAPPED *o);

static WINAPI void
completed(void *context, struct IO_STATUS_BLOCK *iosb, ULONG reserved)
{
	(void)reserved;
	((completion)(uintptr_t)context)(iosb->Status < 0 ? status_error(iosb->Status) : 0,
	                                 (DWORD)iosb->Information, (struct OVERLAPPED *)iosb);
}

WINAPI BOOL
kernel32_ReadDirectoryChangesW(HANDLE h, void *buf, DWORD n, BOOL subtree, DWORD filter,
                               DWORD *done, struct OVERLAPPED *o, completion routine)
{
	struct file *f;
	struct IO_STATUS_BLOCK own = { .Status = STATUS_SUCCESS };
	struct file_request r = { .iosb = &own };
	ULONG_PTR k = 0;
	NTSTATUS s = file_get(h, 0, &f);
	if (s < 0)
		return succeed(s);
	if (f->overlapped && !o) {
		file_unref(f);
		return refuse(ERROR_INVALID_PARAMETER);
	}
	if (o && f->overlapped) {
		r.event = routine ? NULL : o->hEvent;
		r.apc = routine ? (void *)(uintptr_t)completed : NULL;
		r.apc_context = routine                    ? (void *)(uintptr_t)routine
		                : (uintptr_t)o->hEvent & 1 ? NULL
		                                           : (void *)o;
		r.iosb = (struct IO_STATUS_BLOCK *)&o->Internal;
		o->Internal = (ULONG_PTR)STATUS_PENDING;
	}
	s = notify_read(f, &r, buf, n, filter, subtree, &k);
	if (s != STATUS_PENDING)
		s = file_at_once(f, &r, s, k);
	file_unref(f);
	if (s >= 0 && done && !r.apc && r.iosb == &own)
		*done = (DWORD)k;
	/* TRUE: it was begun */
	return succeed(s);
}

static HANDLE
first(const WCHAR *name, BOOL subtree, DWORD filter)
{
	struct path p;
	struct file *f;
	ULONG_PTR what;
	HANDLE h = NULL;
	NTSTATUS s = path_parse(name, &p);
	if (s >= 0) {
		s = file_create(&p, FILE_READ_DATA | ACCESS_SYNCHRONIZE, 0, 7, FILE_OPEN,
		                FILE_DIRECTORY_FILE, &f, &what);
		path_free(&p);
	}
	if (s >= 0 && (s = notify_signal(f, filter, subtree)) < 0)
		file_unref(f);
	else if (s >= 0 && !(h = handle_new(&f->object, f->access, false)))
		s = STATUS_NO_MEMORY;
	if (s < 0) {
		succeed(s);
		return INVALID_HANDLE_VALUE;
	}
	return h;
}

WINAPI HANDLE
kernel32_FindFirstChangeNotificationW(const WCHAR *name, BOOL subtree, DWORD filter)
{
	return first(name, subtree, filter);
}

WINAPI HANDLE
kernel32_FindFirstChangeNotificationA(const char *name, BOOL subtree, DWORD filter)
{
	WCHAR *w = name ? utf_wide(name) : NULL;
	HANDLE h = first(w, subtree, filter);
	free(w);
	return h;
}

WINAPI BOOL
kernel32_FindNextChangeNotification(HANDLE h)
{
	struct file *f;
	NTSTATUS s = file_get(h, 0, &f);
	if (s < 0)
		return succeed(s);
	s = notify_again(f);
	file_unref(f);
	return succeed(s);
}

WINAPI BOOL
kernel32_FindCloseChangeNotification(HANDLE h)
{
	return succeed(handle_close(h));
}
