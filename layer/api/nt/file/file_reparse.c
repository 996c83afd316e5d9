/* SPDX-License-Identifier: Apache-2.0 */
/* FSCTLs of files: links as reparse points, and what file systems are asked for.
 * MS-FSCC 2.1.2.4 (symbolic links) and 2.1.2.5 (mount points). */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "layer/api/nt/file/file_fs.h"
#include "layer/api/nt/text/utf.h"

enum {
	FSCTL_SET_COMPRESSION = 0x9c040,
	FSCTL_GET_COMPRESSION = 0x9003c,
	FSCTL_LOCK_VOLUME = 0x90018,
	FSCTL_UNLOCK_VOLUME = 0x9001c,
	FSCTL_IS_VOLUME_MOUNTED = 0x90028,
	FSCTL_SET_SPARSE = 0x900c4,
	FSCTL_SET_ZERO_DATA = 0x980c8,
	FSCTL_GET_REPARSE_POINT = 0x900a8,
	FSCTL_SET_REPARSE_POINT = 0x900a4,
	FSCTL_DELETE_REPARSE_POINT = 0x900ac,
	FSCTL_GET_OBJECT_ID = 0x9009c,
};

/* REPARSE_DATA_BUFFER: of a symbolic link with Flags, of a mount point without. */
struct reparse {
	uint32_t tag;
	uint16_t length, reserved;
	uint16_t substitute_at, substitute_length, print_at, print_length;
	uint32_t flags; /* 1: relative */
	WCHAR path[];
};

static char *
target_of(struct file *f)
{
	char buf[4096];
	ssize_t n = readlinkat(f->fd, "", buf, sizeof buf);
	return n < 0 ? NULL : strndup(buf, (size_t)n);
}

/* What is shown, and what it is substituted by, both with a final zero.  As mklink makes them: of a
 * junction the latter comes first, and there are programs that look nowhere else. */
static void
describe(struct reparse *r, bool junction, const WCHAR *print, size_t n, size_t prefix)
{
	size_t head = junction ? offsetof(struct reparse, flags) : offsetof(struct reparse, path);
	size_t shown = junction ? n + prefix + 1 : 0, meant = junction ? 0 : n + 1;
	WCHAR *names = (WCHAR *)((char *)r + head);
	r->length = (uint16_t)(head - 8 + (2 * n + prefix + 2) * sizeof(WCHAR));
	r->print_at = (uint16_t)(shown * 2);
	r->print_length = (uint16_t)(n * 2);
	r->substitute_at = (uint16_t)(meant * 2);
	r->substitute_length = (uint16_t)((n + prefix) * 2);
	memcpy(names + shown, print, n * 2);
	memcpy(names + meant, u"\\??\\", prefix * 2);
	memcpy(names + meant + prefix, print, n * 2);
}

static NTSTATUS
get_link(struct file *f, void *out, ULONG nout, ULONG_PTR *done)
{
	char *to = target_of(f);
	if (!to)
		return errno == EINVAL || errno == ENOENT ? STATUS_NOT_A_REPARSE_POINT
		                                          : status_errno(errno);
	bool relative = *to != '/', junction = false;
	size_t length = strlen(to);
	if (!relative && length > 1 && to[length - 1] == '/') {
		junction = true;
		to[length - 1] = 0;
	}
	WCHAR *print = relative ? utf_wide(to) : path_windows(to);
	free(to);
	if (!print)
		return STATUS_ACCESS_DENIED;
	size_t n = utf_length(print), prefix = relative ? 0 : 4;
	for (size_t i = 0; i < n; i++)
		if (print[i] == '/')
			print[i] = '\\';
	size_t size = offsetof(struct reparse, path) + (2 * n + prefix + 2) * sizeof(WCHAR);
	if (junction)
		size -= sizeof(uint32_t); /* it has no flags */
	struct reparse *r = calloc(1, size + sizeof *r);
	NTSTATUS s = r ? STATUS_SUCCESS : STATUS_NO_MEMORY;
	if (r) {
		r->tag = (uint32_t)(junction ? FILE_TAG_JUNCTION : FILE_TAG_SYMLINK);
		if (!junction)
			r->flags = relative;
		describe(r, junction, print, n, prefix);
		if (nout < size)
			s = nout < 24 ? STATUS_BUFFER_TOO_SMALL : STATUS_BUFFER_OVERFLOW;
		if (s == STATUS_SUCCESS || s == STATUS_BUFFER_OVERFLOW)
			memcpy(out, r, *done = nout < size ? nout : size);
	}
	free(r);
	free(print);
	return s;
}

/* An empty folder (or file) becomes a link in its place. */
static NTSTATUS
set_link(struct file *f, const void *in, ULONG nin)
{
	const struct reparse *r = in;
	size_t head = 16;
	if (nin < head)
		return STATUS_INVALID_PARAMETER;
	bool symlink_tag = r->tag == (uint32_t)FILE_TAG_SYMLINK;
	if (!symlink_tag && r->tag != (uint32_t)FILE_TAG_JUNCTION)
		return STATUS_IO_REPARSE_TAG_NOT_HANDLED;
	if (symlink_tag)
		head = 20;
	if (nin < head + r->substitute_at + r->substitute_length)
		return STATUS_INVALID_PARAMETER;
	const char *names = (const char *)in + head;
	size_t n = r->substitute_length / 2;
	WCHAR *to = calloc(n + 1, sizeof *to);
	if (!to)
		return STATUS_NO_MEMORY;
	memcpy(to, names + r->substitute_at, n * 2);
	pthread_mutex_lock(&f->lock);
	char *host = f->path ? strdup(f->path) : NULL;
	pthread_mutex_unlock(&f->lock);
	NTSTATUS s = host ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER;
	if (s >= 0 && (f->folder ? rmdir(host) : unlink(host)) < 0)
		s = status_errno(errno);
	if (s >= 0) {
		struct path p = { .host = host };
		s = file_symlink(&p, to, !symlink_tag);
		host = p.host;
		if (s < 0 && f->folder)
			(void)mkdir(host, 0777);
	}
	free(host);
	free(to);
	return s;
}

static NTSTATUS
delete_link(struct file *f)
{
	NTSTATUS s = STATUS_NOT_A_REPARSE_POINT;
	char *to = target_of(f);
	pthread_mutex_lock(&f->lock);
	if (to && f->path && unlink(f->path) == 0)
		s = mkdir(f->path, 0777) < 0 ? status_errno(errno) : STATUS_SUCCESS;
	pthread_mutex_unlock(&f->lock);
	free(to);
	return s;
}

NTSTATUS
file_fs_control(struct file *f, ULONG code, const void *in, ULONG nin, void *out, ULONG nout,
                ULONG_PTR *done, struct file_pending *(*pend)(void *ctx), void *ctx)
{
	(void)pend, (void)ctx;
	*done = 0;
	switch (code) {
	case FSCTL_GET_REPARSE_POINT: return get_link(f, out, nout, done);
	case FSCTL_SET_REPARSE_POINT: return set_link(f, in, nin);
	case FSCTL_DELETE_REPARSE_POINT: return delete_link(f);
	case FSCTL_SET_SPARSE:
	case FSCTL_IS_VOLUME_MOUNTED: return STATUS_SUCCESS; /* files of the host are sparse */
	case FSCTL_GET_COMPRESSION:
		if (nout < 2)
			return STATUS_BUFFER_TOO_SMALL;
		memset(out, 0, 2);
		*done = 2;
		return STATUS_SUCCESS;
	case FSCTL_SET_ZERO_DATA: {
		int64_t v[2];
		if (nin < sizeof v)
			return STATUS_INVALID_PARAMETER;
		memcpy(v, in, sizeof v);
		if (v[0] < 0 || v[1] < v[0])
			return STATUS_INVALID_PARAMETER;
		if (v[1] > v[0] && fallocate(f->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
		                             v[0], v[1] - v[0]) < 0)
			return status_errno(errno);
		return STATUS_SUCCESS;
	}
	}
	return STATUS_INVALID_DEVICE_REQUEST;
}
