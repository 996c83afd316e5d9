/* SPDX-License-Identifier: Apache-2.0 */
/* What is known of files, and changing it: attributes, times, classes, ranges, controls. */
#include <stdlib.h>
#include <string.h>

#include "layer/api/dll/dll.h"
#include "layer/api/nt/file/dir.h"
#include "layer/api/nt/file/file_fs.h"
#include "layer/api/nt/file/file_info.h"
#include "layer/api/nt/file/file_volume.h"
#include "layer/api/nt/thread/thread.h"
#include "layer/api/nt/text/utf.h"

/* -- by name ---------------------------------------------------------------------------- */

struct WIN32_FILE_ATTRIBUTE_DATA {
	DWORD dwFileAttributes;
	struct FILETIME ftCreationTime, ftLastAccessTime, ftLastWriteTime;
	DWORD nFileSizeHigh, nFileSizeLow;
};

static struct FILETIME
filetime(int64_t t)
{
	return (struct FILETIME){ (DWORD)t, (DWORD)(t >> 32) };
}

static NTSTATUS
facts_of(const WCHAR *name, struct file_facts *x)
{
	struct path p;
	NTSTATUS s = path_parse(name, &p);
	if (s < 0)
		return s;
	s = file_facts_of(&p, x);
	path_free(&p);
	return s;
}

WINAPI DWORD
kernel32_GetFileAttributesW(const WCHAR *name)
{
	struct file_facts x;
	NTSTATUS s = facts_of(name, &x);
	if (s < 0) {
		succeed(s);
		return 0xffffffff;
	}
	return x.attributes;
}

WINAPI DWORD
kernel32_GetFileAttributesA(const char *name)
{
	WCHAR *w = name ? utf_wide(name) : NULL;
	DWORD a = kernel32_GetFileAttributesW(w);
	free(w);
	return a;
}

WINAPI BOOL
kernel32_GetFileAttributesExW(const WCHAR *name, int level, struct WIN32_FILE_ATTRIBUTE_DATA *d)
{
	struct file_facts x;
	if (level != 0)
		return refuse(ERROR_INVALID_PARAMETER);
	NTSTATUS s = facts_of(name, &x);
	if (s < 0)
		return succeed(s);
	d->dwFileAttributes = x.attributes;
	d->ftCreationTime = filetime(x.created);
	d->ftLastAccessTime = filetime(x.accessed);
	d->ftLastWriteTime = filetime(x.written);
	d->nFileSizeHigh = (DWORD)(x.size >> 32);
	d->nFileSizeLow = (DWORD)x.size;
	return TRUE;
}

WINAPI BOOL
kernel32_GetFileAttributesExA(const char *name, int level, struct WIN32_FILE_ATTRIBUTE_DATA *d)
{
	WCHAR *w = name ? utf_wide(name) : NULL;
	BOOL ok = kernel32_GetFileAttributesExW(w, level, d);
	free(w);
	return ok;
}

WINAPI BOOL
kernel32_SetFileAttributesW(const WCHAR *name, DWORD attributes)
{
	struct path p;
	struct file_facts x;
	NTSTATUS s = path_parse(name, &p);
	if (s < 0)
		return succeed(s);
	s = file_facts_of(&p, &x);
	if (s >= 0 && p.readonly)
		s = STATUS_MEDIA_WRITE_PROTECTED;
	if (s >= 0)
		s = file_set_attributes(p.host, attributes);
	path_free(&p);
	return succeed(s);
}

WINAPI BOOL
kernel32_SetFileAttributesA(const char *name, DWORD attributes)
{
	WCHAR *w = name ? utf_wide(name) : NULL;
	BOOL ok = kernel32_SetFileAttributesW(w, attributes);
	free(w);
	return ok;
}

WINAPI DWORD
kernel32_GetCompressedFileSizeW(const WCHAR *name, DWORD *high)
{
	struct file_facts x;
	NTSTATUS s = facts_of(name, &x);
	if (s < 0) {
		succeed(s);
		return 0xffffffff;
	}
	uint64_t n = x.allocated < x.size ? x.allocated : x.size;
	if (high)
		*high = (DWORD)(n >> 32);
	last_error(ERROR_SUCCESS);
	return (DWORD)n;
}

WINAPI DWORD
kernel32_GetCompressedFileSizeA(const char *name, DWORD *high)
{
	WCHAR *w = name ? utf_wide(name) : NULL;
	DWORD n = kernel32_GetCompressedFileSizeW(w, high);
	free(w);
	return n;
}

/* -- by handle -------------------------------------------------------------------------- */

struct BY_HANDLE_FILE_INFORMATION {
	DWORD dwFileAttributes;
	struct FILETIME ftCreationTime, ftLastAccessTime, ftLastWriteTime;
	DWORD dwVolumeSerialNumber, nFileSizeHigh, nFileSizeLow, nNumberOfLinks, nFileIndexHigh,
	        nFileIndexLow;
};

WINAPI BOOL
kernel32_GetFileInformationByHandle(HANDLE h, struct BY_HANDLE_FILE_INFORMATION *d)
{
	struct file *f;
	struct file_facts x;
	NTSTATUS s = file_get(h, 0, &f);
	if (s < 0)
		return succeed(s);
	s = f->kind->type == FILE_TYPE_DISK   ? file_facts(f, &x)
	    : f->kind->type == FILE_TYPE_PIPE ? STATUS_INVALID_DEVICE_REQUEST
	                                      : STATUS_INVALID_HANDLE;
	file_unref(f);
	if (s < 0)
		return succeed(s);
	d->dwFileAttributes = x.attributes;
	d->ftCreationTime = filetime(x.created);
	d->ftLastAccessTime = filetime(x.accessed);
	d->ftLastWriteTime = filetime(x.written);
	d->dwVolumeSerialNumber = x.volume;
	d->nFileSizeHigh = (DWORD)(x.size >> 32);
	d->nFileSizeLow = (DWORD)x.size;
	d->nNumberOfLinks = x.links;
	d->nFileIndexHigh = (DWORD)(x.id >> 32);
	d->nFileIndexLow = (DWORD)x.id;
	return TRUE;
}

/* FILE_INFO_BY_HANDLE_CLASS as classes of the native call. */
static const uint8_t classes[] = {
	FileBasicInformation,
	FileStandardInformation,
	FileNameInformation,
	FileRenameInformation,
	FileDispositionInformation,
	FileAllocationInformation,
	FileEndOfFileInformation,
	FileStreamInformation,
	FileCompressionInformation,
	FileAttributeTagInformation,
	37,
	37,
	FileIoPriorityHintInformation,
	0,
	2,
	2,
	0,
	FileAlignmentInformation,
	FileIdInformation,
	60,
	60,
	FileDispositionInformationEx,
	FileRenameInformationEx,
	FileCaseSensitiveInformation,
	FileNormalizedNameInformation,
};

WINAPI BOOL
kernel32_GetFileInformationByHandleEx(HANDLE h, int class, void *out, DWORD n)
{
	struct file *f;
	ULONG_PTR done;
	if (class < 0 || (size_t) class >= sizeof classes || !(classes[class] || class == 16))
		return refuse(ERROR_INVALID_PARAMETER);
	NTSTATUS s = file_get(h, 0, &f);
	if (s < 0)
		return succeed(s);
	switch (class) {
	case 10:
	case 11:
	case 14:
	case 15:
	case 19:
	case 20:
		s = dir_query(f, classes[class], out, n, false, NULL, 0,
		              class == 11 || class == 15 || class == 20, &done);
		break;
	case 16: s = file_info_volume(f, 11, out, n, &done); break;
	case 7:
		s = file_info_query(f, classes[class], out, n, &done);
		if (s >= 0 && !done)
			s = STATUS_END_OF_FILE; /* a folder has no streams */
		break;
	default: s = file_info_query(f, classes[class], out, n, &done);
	}
	file_unref(f);
	if (s == STATUS_BUFFER_OVERFLOW)
		return refuse(ERROR_MORE_DATA);
	return succeed(s);
}

WINAPI BOOL
kernel32_SetFileInformationByHandle(HANDLE h, int class, void *in, DWORD n)
{
	struct file *f;
	if (class < 0 || (size_t) class >= sizeof classes || !classes[class])
		return refuse(ERROR_INVALID_PARAMETER);
	NTSTATUS s = file_get(h, 0, &f);
	if (s < 0)
		return succeed(s);
	s = file_info_set(f, classes[class], in, n);
	file_unref(f);
	return succeed(s);
}

WINAPI BOOL
kernel32_GetFileTime(HANDLE h, struct FILETIME *created, struct FILETIME *accessed,
                     struct FILETIME *written)
{
	struct file *f;
	struct file_facts x;
	NTSTATUS s = file_get(h, 0, &f);
	if (s < 0)
		return succeed(s);
	s = file_facts(f, &x);
	file_unref(f);
	if (s < 0)
		return succeed(s);
	if (created)
		*created = filetime(x.created);
	if (accessed)
		*accessed = filetime(x.accessed);
	if (written)
		*written = filetime(x.written);
	return TRUE;
}

static int64_t
nt_time(const struct FILETIME *t)
{
	if (!t)
		return 0;
	int64_t v = (int64_t)((uint64_t)t->dwHighDateTime << 32 | t->dwLowDateTime);
	return v == -1 ? 0 : v;
}

WINAPI BOOL
kernel32_SetFileTime(HANDLE h, const struct FILETIME *created, const struct FILETIME *accessed,
                     const struct FILETIME *written)
{
	struct file *f;
	NTSTATUS s = file_get(h, FILE_WRITE_ATTRIBUTES, &f);
	if (s < 0)
		return succeed(s);
	/* when a file was made is the host's to say */
	struct FILE_BASIC_INFORMATION b = { nt_time(created), nt_time(accessed), nt_time(written),
		                            0, 0 };
	s = file_info_set(f, FileBasicInformation, &b, sizeof b);
	file_unref(f);
	return succeed(s);
}

/* A text and its length: what fits, or how much room it needs with its zero. */
static DWORD
give(const WCHAR *text, WCHAR *out, DWORD room)
{
	size_t n = utf_length(text);
	if (n + 1 > room)
		return (DWORD)n + 1;
	memcpy(out, text, (n + 1) * sizeof *out);
	return (DWORD)n;
}

WINAPI DWORD
kernel32_GetFinalPathNameByHandleW(HANDLE h, WCHAR *out, DWORD room, DWORD flags)
{
	struct file *f;
	NTSTATUS s = file_get(h, 0, &f);
	if (s < 0)
		return (DWORD)succeed(s);
	char *host = NULL;
	pthread_mutex_lock(&f->lock);
	if (f->path)
		host = f->options & FILE_OPEN_REPARSE_POINT ? strdup(f->path)
		                                            : realpath(f->path, NULL);
	if (f->path && !host)
		host = strdup(f->path);
	pthread_mutex_unlock(&f->lock);
	bool disk = f->kind->type == FILE_TYPE_DISK;
	file_unref(f);
	WCHAR *w = host ? path_windows(host) : NULL;
	free(host);
	if (!w) {
		last_error(disk ? ERROR_PATH_NOT_FOUND : ERROR_INVALID_FUNCTION);
		return 0;
	}
	size_t n = utf_length(w);
	WCHAR *text = malloc((n + 64) * sizeof *text), volume[49];
	if (!text) {
		free(w);
		last_error(ERROR_NOT_ENOUGH_MEMORY);
		return 0;
	}
	static const WCHAR device[] = u"\\Device\\HarddiskVolume";
	size_t at = 0, skip = 2;
	switch (flags & 7) {
	case 0:
		memcpy(text, u"\\\\?\\", 8);
		at = 4;
		skip = 0;
		break;
	case 1:
		file_volume_name(w[0], volume);
		memcpy(text, u"\\\\?\\", 8);
		at = 4 + utf_length(volume);
		memcpy(text + 4, volume, (at - 4) * sizeof *text);
		break;
	case 2: {
		at = sizeof device / sizeof *device - 1;
		memcpy(text, device, sizeof device);
		int number = w[0] - 'A' + 1;
		if (number >= 10)
			text[at++] = (WCHAR)('0' + number / 10);
		text[at++] = (WCHAR)('0' + number % 10);
		break;
	}
	case 4: break;
	default:
		free(w);
		free(text);
		last_error(ERROR_INVALID_PARAMETER);
		return 0;
	}
	memcpy(text + at, w + skip, (n - skip + 1) * sizeof *text);
	DWORD r = give(text, out, room);
	free(text);
	free(w);
	return r;
}

WINAPI DWORD
kernel32_GetFinalPathNameByHandleA(HANDLE h, char *out, DWORD room, DWORD flags)
{
	DWORD n = kernel32_GetFinalPathNameByHandleW(h, NULL, 0, flags);
	WCHAR *w = n ? malloc(n * sizeof *w) : NULL;
	if (!w)
		return 0;
	n = kernel32_GetFinalPathNameByHandleW(h, w, n, flags);
	char *text = utf_narrow_n(w, n);
	size_t len = text ? strlen(text) : 0;
	if (text && len < room)
		memcpy(out, text, len + 1);
	free(text);
	free(w);
	return len < room ? (DWORD)len : (DWORD)len + 1;
}

/* -- ranges ------------------------------------------------------------------------------ */

static NTSTATUS
lock(HANDLE h, uint64_t offset, uint64_t n, DWORD flags)
{
	struct file *f;
	NTSTATUS s = file_get(h, 0, &f);
	if (s < 0)
		return s;
	s = file_lock(f, (int64_t)offset, (int64_t)n, flags & 2, !(flags & 1));
	file_unref(f);
	return s;
}

static NTSTATUS
unlock(HANDLE h, uint64_t offset, uint64_t n)
{
	struct file *f;
	NTSTATUS s = file_get(h, 0, &f);
	if (s < 0)
		return s;
	s = file_unlock(f, (int64_t)offset, (int64_t)n);
	file_unref(f);
	return s;
}

WINAPI BOOL
kernel32_LockFile(HANDLE h, DWORD low, DWORD high, DWORD nlow, DWORD nhigh)
{
	return succeed(lock(h, (uint64_t)high << 32 | low, (uint64_t)nhigh << 32 | nlow, 3));
}

WINAPI BOOL
kernel32_UnlockFile(HANDLE h, DWORD low, DWORD high, DWORD nlow, DWORD nhigh)
{
	return succeed(unlock(h, (uint64_t)high << 32 | low, (uint64_t)nhigh << 32 | nlow));
}

static void
ended(HANDLE h, struct OVERLAPPED *o, NTSTATUS s)
{
	struct file *f;
	struct file_request r = { o->hEvent, NULL, (uintptr_t)o->hEvent & 1 ? NULL : o,
		                  (struct IO_STATUS_BLOCK *)&o->Internal };
	if (s >= 0 && file_get(h, 0, &f) >= 0) {
		(void)file_at_once(f, &r, s, 0);
		file_unref(f);
	}
}

WINAPI BOOL
kernel32_LockFileEx(HANDLE h, DWORD flags, DWORD reserved, DWORD nlow, DWORD nhigh,
                    struct OVERLAPPED *o)
{
	if (reserved || !o)
		return refuse(ERROR_INVALID_PARAMETER);
	NTSTATUS s = lock(h, (uint64_t)o->OffsetHigh << 32 | o->Offset,
	                  (uint64_t)nhigh << 32 | nlow, flags);
	ended(h, o, s);
	return succeed(s);
}

WINAPI BOOL
kernel32_UnlockFileEx(HANDLE h, DWORD reserved, DWORD nlow, DWORD nhigh, struct OVERLAPPED *o)
{
	if (reserved || !o)
		return refuse(ERROR_INVALID_PARAMETER);
	NTSTATUS s =
	        unlock(h, (uint64_t)o->OffsetHigh << 32 | o->Offset, (uint64_t)nhigh << 32 | nlow);
	ended(h, o, s);
	return succeed(s);
}

/* -- controls ---------------------------------------------------------------------------- */

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

WINAPI BOOL
kernel32_DeviceIoControl(HANDLE h, DWORD code, void *in, DWORD nin, void *out, DWORD nout,
                         DWORD *done, struct OVERLAPPED *o)
{
	struct IO_STATUS_BLOCK own = { .Status = STATUS_SUCCESS };
	struct pend p = { .r = { .iosb = &own } };
	ULONG_PTR n = 0;
	NTSTATUS s = file_get(h, 0, &p.f);
	if (s < 0)
		return succeed(s);
	if (o) {
		p.r = (struct file_request){ o->hEvent, NULL, (uintptr_t)o->hEvent & 1 ? NULL : o,
			                     (struct IO_STATUS_BLOCK *)&o->Internal };
		o->Internal = (ULONG_PTR)STATUS_PENDING;
	}
	s = p.f->kind->control ? p.f->kind->control(p.f, code, in, nin, out, nout, &n, pend, &p)
	                       : STATUS_INVALID_DEVICE_REQUEST;
	if (s != STATUS_PENDING)
		s = file_at_once(p.f, &p.r, s, n);
	file_unref(p.f);
	if (done)
		*done = (DWORD)n;
	if (s == STATUS_PENDING)
		return refuse(ERROR_IO_PENDING);
	return s == STATUS_BUFFER_OVERFLOW ? refuse(ERROR_MORE_DATA) : succeed(s);
}
