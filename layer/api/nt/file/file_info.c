/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/api/nt/file/file_info.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "layer/api/nt/file/file_fs.h"
#include "layer/api/nt/file/pipe.h"
#include "layer/api/nt/text/utf.h"

void
file_info_basic(const struct file_facts *x, struct FILE_BASIC_INFORMATION *out)
{
	memset(out, 0, sizeof *out);
	out->CreationTime = x->created;
	out->LastAccessTime = x->accessed;
	out->LastWriteTime = x->written;
	out->ChangeTime = x->changed;
	out->FileAttributes = x->attributes ? x->attributes : FILE_ATTRIBUTE_NORMAL;
}

void
file_info_network(const struct file_facts *x, struct FILE_NETWORK_OPEN_INFORMATION *out)
{
	memset(out, 0, sizeof *out);
	out->CreationTime = x->created;
	out->LastAccessTime = x->accessed;
	out->LastWriteTime = x->written;
	out->ChangeTime = x->changed;
	out->AllocationSize = (int64_t)x->allocated;
	out->EndOfFile = (int64_t)x->size;
	out->FileAttributes = x->attributes ? x->attributes : FILE_ATTRIBUTE_NORMAL;
}

struct standard {
	int64_t AllocationSize, EndOfFile;
	ULONG NumberOfLinks;
	BOOLEAN DeletePending, Directory;
};

static void
standard(struct file *f, const struct file_facts *x, struct standard *out)
{
	memset(out, 0, sizeof *out);
	out->AllocationSize = (int64_t)x->allocated;
	out->EndOfFile = (int64_t)x->size;
	out->NumberOfLinks = x->links;
	out->DeletePending = f->delete_on_close;
	out->Directory = f->folder;
}

static ULONG
mode_of(const struct file *f)
{
	return f->options &
	       (FILE_WRITE_THROUGH | FILE_SEQUENTIAL_ONLY | FILE_NO_INTERMEDIATE_BUFFERING |
	        FILE_SYNCHRONOUS_IO_ALERT | FILE_SYNCHRONOUS_IO_NONALERT | FILE_DELETE_ON_CLOSE);
}

/* The path without the drive: FileNameLength, and as much of the name as there is room for. */
static NTSTATUS
name_info(struct file *f, char *out, ULONG n, ULONG_PTR *done)
{
	pthread_mutex_lock(&f->lock);
	WCHAR *w = f->path ? path_windows(f->path) : NULL;
	pthread_mutex_unlock(&f->lock);
	const WCHAR *name = w ? w + 2 : u"";
	if (!w && f->kind->type == FILE_TYPE_DISK)
		return STATUS_OBJECT_PATH_NOT_FOUND;
	if (n < 4)
		return STATUS_INFO_LENGTH_MISMATCH;
	uint32_t bytes = (uint32_t)(utf_length(name) * 2);
	memcpy(out, &bytes, 4);
	uint32_t room = n - 4 < bytes ? n - 4 : bytes;
	memcpy(out + 4, name, room);
	*done = 4 + room;
	free(w);
	return room < bytes ? STATUS_BUFFER_OVERFLOW : STATUS_SUCCESS;
}

static NTSTATUS
answer(const void *value, size_t size, void *out, ULONG n, ULONG_PTR *done)
{
	if (n < size)
		return STATUS_INFO_LENGTH_MISMATCH;
	memcpy(out, value, size);
	*done = size;
	return STATUS_SUCCESS;
}

static NTSTATUS
all_info(struct file *f, const struct file_facts *x, char *out, ULONG n, ULONG_PTR *done)
{
	if (n < 104)
		return STATUS_INFO_LENGTH_MISMATCH;
	memset(out, 0, 100);
	struct FILE_BASIC_INFORMATION b;
	struct standard st;
	file_info_basic(x, &b);
	standard(f, x, &st);
	off_t at = f->kind == &file_disk ? lseek(f->fd, 0, SEEK_CUR) : 0;
	int64_t position = at < 0 ? 0 : at;
	ULONG mode = mode_of(f);
	memcpy(out, &b, 40);
	memcpy(out + 40, &st, 24);
	memcpy(out + 64, &x->id, 8);
	memcpy(out + 76, &f->access, 4);
	memcpy(out + 80, &position, 8);
	memcpy(out + 88, &mode, 4);
	ULONG_PTR name;
	NTSTATUS s = name_info(f, out + 96, n - 96, &name);
	*done = 96 + name;
	return s;
}

static NTSTATUS
stream_info(struct file *f, const struct file_facts *x, char *out, ULONG n, ULONG_PTR *done)
{
	static const WCHAR name[] = u"::$DATA";
	if (f->folder) {
		*done = 0;
		return STATUS_SUCCESS;
	}
	struct {
		ULONG next, length;
		int64_t size, allocation;
	} s = { 0, 14, (int64_t)x->size, (int64_t)x->allocated };
	if (n < sizeof s + 14)
		return STATUS_BUFFER_OVERFLOW;
	memcpy(out, &s, sizeof s);
	memcpy(out + sizeof s, name, 14);
	*done = sizeof s + 14;
	return STATUS_SUCCESS;
}

/* What needs no look at the file. */
static NTSTATUS
query_open(struct file *f, ULONG class, void *out, ULONG n, ULONG_PTR *done)
{
	ULONG v;
	off_t at;
	switch (class) {
	case FileAccessInformation: return answer(&f->access, 4, out, n, done);
	case FileModeInformation: v = mode_of(f); return answer(&v, 4, out, n, done);
	case FileEaInformation:
	case FileAlignmentInformation: v = 0; return answer(&v, 4, out, n, done);
	case FilePositionInformation:
		at = f->kind == &file_disk ? lseek(f->fd, 0, SEEK_CUR) : 0;
		return at < 0 ? status_errno(errno) : answer(&(int64_t){ at }, 8, out, n, done);
	case FileNameInformation:
	case FileNormalizedNameInformation: return name_info(f, out, n, done);
	case FilePipeInformation: {
		ULONG modes[2];
		NTSTATUS s = pipe_modes(f, &modes[0], &modes[1]);
		return s < 0 ? s : answer(modes, sizeof modes, out, n, done);
	}
	case FilePipeLocalInformation: {
		struct pipe_local l;
		NTSTATUS s = pipe_local(f, &l);
		return s < 0 ? s : answer(&l, sizeof l, out, n, done);
	}
	case FileIoCompletionNotificationInformation:
		v = f->modes;
		return answer(&v, 4, out, n, done);
	case FileIoPriorityHintInformation:
		v = f->io_priority ? f->io_priority - 1 : 2;
		return answer(&v, 4, out, n, done);
	case FileCaseSensitiveInformation: v = 0; return answer(&v, 4, out, n, done);
	case FileAlternateNameInformation:
		return STATUS_OBJECT_NAME_NOT_FOUND; /* no short names are kept */
	}
	return STATUS_INVALID_INFO_CLASS;
}

NTSTATUS
file_info_query(struct file *f, ULONG class, void *out, ULONG n, ULONG_PTR *done)
{
	struct file_facts x;
	*done = 0;
	if (f->kind->query) {
		NTSTATUS s = f->kind->query(f, class, out, n, done);
		if (s != STATUS_INVALID_INFO_CLASS)
			return s;
	}
	NTSTATUS s = query_open(f, class, out, n, done);
	if (s != STATUS_INVALID_INFO_CLASS)
		return s;
	if ((s = file_facts(f, &x)) < 0)
		return s;
	switch (class) {
	case FileBasicInformation: {
		struct FILE_BASIC_INFORMATION b;
		file_info_basic(&x, &b);
		return answer(&b, sizeof b, out, n, done);
	}
	case FileStandardInformation: {
		struct standard st;
		standard(f, &x, &st);
		return answer(&st, sizeof st, out, n, done);
	}
	case FileInternalInformation: return answer(&x.id, 8, out, n, done);
	case FileAllInformation: return all_info(f, &x, out, n, done);
	case FileNetworkOpenInformation: {
		struct FILE_NETWORK_OPEN_INFORMATION w;
		file_info_network(&x, &w);
		return answer(&w, sizeof w, out, n, done);
	}
	case FileAttributeTagInformation: {
		ULONG v[2] = { x.attributes ? x.attributes : FILE_ATTRIBUTE_NORMAL, x.tag };
		return answer(v, sizeof v, out, n, done);
	}
	case FileStreamInformation: return stream_info(f, &x, out, n, done);
	case FileCompressionInformation: {
		struct {
			int64_t size;
			USHORT format;
			UCHAR shift[3], reserved[3];
		} c = { .size = (int64_t)x.size };
		return answer(&c, sizeof c, out, n, done);
	}
	case FileStandardLinkInformation: {
		ULONG v[3] = { x.links, x.links,
			       (f->delete_on_close ? 1u : 0u) | (f->folder ? 0x100u : 0u) };
		return answer(v, sizeof v, out, n, done);
	}
	case FileIdInformation: {
		uint64_t v[3] = { x.volume, x.id, 0 };
		return answer(v, sizeof v, out, n, done);
	}
	case FileStatInformation: {
		struct {
			uint64_t id;
			int64_t times[4], allocation, end;
			ULONG attributes, tag, links;
			ACCESS_MASK access;
		} v = { x.id,
			{ x.created, x.accessed, x.written, x.changed },
			(int64_t)x.allocated,
			(int64_t)x.size,
			x.attributes ? x.attributes : FILE_ATTRIBUTE_NORMAL,
			x.tag,
			x.links,
			FILE_ALL_ACCESS };
		return answer(&v, sizeof v, out, n, done);
	}
	}
	return STATUS_INVALID_INFO_CLASS;
}

/* -- setting ----------------------------------------------------------------------- */

static char *
path_of(struct file *f)
{
	pthread_mutex_lock(&f->lock);
	char *p = f->path ? strdup(f->path) : NULL;
	pthread_mutex_unlock(&f->lock);
	return p;
}

static NTSTATUS
set_basic(struct file *f, const struct FILE_BASIC_INFORMATION *b)
{
	if (f->readonly_drive)
		return STATUS_MEDIA_WRITE_PROTECTED;
	if (f->kind->type != FILE_TYPE_DISK)
		return STATUS_SUCCESS;
	char *host = path_of(f);
	NTSTATUS s = file_set_times(f->fd, NULL, b->LastAccessTime, b->LastWriteTime);
	if (s < 0 && host)
		s = file_set_times(-1, host, b->LastAccessTime, b->LastWriteTime);
	if (s >= 0 && b->FileAttributes && host)
		s = file_set_attributes(host, b->FileAttributes);
	free(host);
	return s;
}

enum {
	DISPOSE_DELETE = 1,
	DISPOSE_POSIX = 2,
	DISPOSE_FORCE_IMAGE = 4,
	DISPOSE_ON_CLOSE = 8,
	DISPOSE_READONLY = 0x10
};

static NTSTATUS
dispose(struct file *f, ULONG flags)
{
	struct stat st;
	if (!(f->access & ACCESS_DELETE))
		return STATUS_ACCESS_DENIED;
	if (!(flags & DISPOSE_DELETE)) {
		file_share_deleting(f, false);
		return STATUS_SUCCESS;
	}
	if (f->readonly_drive)
		return STATUS_MEDIA_WRITE_PROTECTED;
	if (fstat(f->fd, &st) < 0)
		return status_errno(errno);
	if (S_ISREG(st.st_mode) && !(st.st_mode & 0222) && !(flags & DISPOSE_READONLY))
		return STATUS_CANNOT_DELETE;
	char *host = path_of(f);
	if (!host)
		return STATUS_INVALID_PARAMETER;
	NTSTATUS s = STATUS_SUCCESS;
	if (S_ISDIR(st.st_mode)) {
		/* a folder with something in it cannot be deleted, and that is said now */
		if (rmdir(host) < 0)
			s = errno == EEXIST ? STATUS_DIRECTORY_NOT_EMPTY : status_errno(errno);
		else if (!(flags & DISPOSE_POSIX) && mkdir(host, st.st_mode & 07777) == 0) {
			/* its name goes when its last handle does */
			if (stat(host, &st) == 0)
				file_share_became(f, &st);
			file_share_deleting(f, true);
		}
	} else if (flags & DISPOSE_POSIX) {
		if (unlink(host) < 0)
			s = status_errno(errno);
	} else {
		file_share_deleting(f, true);
	}
	free(host);
	return s;
}

/* FILE_RENAME_INFORMATION and FILE_LINK_INFORMATION. */
struct naming {
	union {
		BOOLEAN replace;
		ULONG flags;
	};
	HANDLE root;
	ULONG length;
	WCHAR name[];
};

static bool
begins(const WCHAR *s, const WCHAR *with)
{
	while (*with && *s == *with)
		s++, with++;
	return !*with;
}

static NTSTATUS
target_of(struct file *f, const struct naming *r, ULONG n, struct path *to)
{
	if (n < offsetof(struct naming, name) || r->length > n - offsetof(struct naming, name) ||
	    !r->length)
		return STATUS_INVALID_PARAMETER;
	WCHAR *name = utf_copy(r->name, r->length / 2);
	if (!name)
		return STATUS_NO_MEMORY;
	NTSTATUS s;
	bool plain = true;
	for (WCHAR *w = name; *w; w++)
		plain &= *w != '\\' && *w != ':';
	if (r->root || begins(name, u"\\??\\") || begins(name, u"\\Device\\")) {
		struct UNICODE_STRING u = { (USHORT)r->length, (USHORT)r->length, name };
		struct OBJECT_ATTRIBUTES a = { .Length = sizeof a,
			                       .RootDirectory = r->root,
			                       .ObjectName = &u };
		s = path_parse_nt(&a, to);
	} else if (plain) {
		/* in the same folder */
		char *host = path_of(f), *slash = host ? strrchr(host, '/') : NULL,
		     *text = utf_narrow(name);
		s = host && slash && text ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER;
		*to = (struct path){ 0 };
		if (s >= 0) {
			size_t before = (size_t)(slash + 1 - host), len = strlen(text);
			to->host = malloc(before + len + 1);
			to->root = f->root;
			if (to->host) {
				memcpy(to->host, host, before);
				memcpy(to->host + before, text, len + 1);
			} else {
				s = STATUS_NO_MEMORY;
			}
		}
		free(host);
		free(text);
	} else {
		s = path_parse(name, to);
	}
	free(name);
	if (s >= 0 && to->device) {
		path_free(to);
		return STATUS_OBJECT_NAME_INVALID;
	}
	return s;
}

static NTSTATUS
rename_or_link(struct file *f, const struct naming *r, ULONG n, bool link, DWORD flags)
{
	struct path to, from = { 0 };
	if (!link && !(f->access & ACCESS_DELETE))
		return STATUS_ACCESS_DENIED;
	NTSTATUS s = target_of(f, r, n, &to);
	if (s < 0)
		return s;
	from.host = path_of(f);
	from.root = f->root;
	from.readonly = f->readonly_drive;
	if (!from.host)
		s = STATUS_INVALID_PARAMETER;
	else if (link)
		s = file_link(&to, &from, flags & FILE_MOVE_REPLACE);
	else
		s = file_move(&from, &to, flags, f);
	path_free(&from);
	path_free(&to);
	return s;
}

static NTSTATUS
set_end(struct file *f, int64_t end)
{
	if (!(f->access & FILE_WRITE_DATA))
		return STATUS_ACCESS_DENIED;
	if (end < 0 || f->folder || f->kind != &file_disk)
		return STATUS_INVALID_PARAMETER;
	return ftruncate(f->fd, end) < 0 ? status_errno(errno) : STATUS_SUCCESS;
}

static NTSTATUS
set_allocation(struct file *f, int64_t size)
{
	struct stat st;
	if (!(f->access & FILE_WRITE_DATA))
		return STATUS_ACCESS_DENIED;
	if (size < 0 || f->folder || f->kind != &file_disk)
		return STATUS_INVALID_PARAMETER;
	if (fstat(f->fd, &st) < 0)
		return status_errno(errno);
	if (size < st.st_size)
		return set_end(f, size);
	/* room behind the end; a file system that cannot does without */
	if (size > st.st_size && fallocate(f->fd, FALLOC_FL_KEEP_SIZE, 0, size) < 0 &&
	    errno == ENOSPC)
		return STATUS_DISK_FULL;
	return STATUS_SUCCESS;
}

/* FILE_COMPLETION_INFORMATION */
static NTSTATUS
set_port(struct file *f, const void *in)
{
	struct {
		HANDLE port;
		ULONG_PTR key;
	} c;
	struct object *port;

	memcpy(&c, in, sizeof c);
	NTSTATUS s = handle_get(c.port, &port_class, &port);
	if (s < 0)
		return s;
	s = file_set_port(&f->object, port, c.key);
	object_unref(port);
	return s;
}

NTSTATUS
file_info_set(struct file *f, ULONG class, const void *in, ULONG n)
{
	static const uint8_t sizes[] = {
		[FileBasicInformation] = 36,
		[FileRenameInformation] = 20,
		[FileLinkInformation] = 20,
		[FileDispositionInformation] = 1,
		[FilePositionInformation] = 8,
		[FileModeInformation] = 4,
		[FileAllocationInformation] = 8,
		[FileEndOfFileInformation] = 8,
		[FilePipeInformation] = 8,
		[FileCompletionInformation] = 16,
		[FileValidDataLengthInformation] = 8,
		[FileIoCompletionNotificationInformation] = 4,
		[FileIoPriorityHintInformation] = 4,
		[FileDispositionInformationEx] = 4,
		[FileRenameInformationEx] = 20,
		[FileLinkInformationEx] = 20,
		[FileCaseSensitiveInformation] = 4,
	};
	if (class >= sizeof sizes || !sizes[class])
		return STATUS_INVALID_INFO_CLASS;
	if (n < sizes[class])
		return STATUS_INFO_LENGTH_MISMATCH;
	int64_t v = 0;
	ULONG u = 0;
	memcpy(&v, in, n < 8 ? n : 8);
	memcpy(&u, in, n < 4 ? n : 4);
	switch (class) {
	case FileBasicInformation: {
		struct FILE_BASIC_INFORMATION b = { 0 };
		memcpy(&b, in, 36);
		return set_basic(f, &b);
	}
	case FileRenameInformation:
	case FileLinkInformation:
		return rename_or_link(f, in, n, class == FileLinkInformation,
		                      (u & 0xff) ? FILE_MOVE_REPLACE : 0);
	case FileRenameInformationEx:
	case FileLinkInformationEx:
		return rename_or_link(f, in, n, class == FileLinkInformationEx,
		                      u & (FILE_MOVE_REPLACE | FILE_MOVE_POSIX));
	case FileDispositionInformation: return dispose(f, (u & 0xff) ? DISPOSE_DELETE : 0);
	case FileDispositionInformationEx:
		if (u & DISPOSE_ON_CLOSE) {
			file_share_deleting(f, u & DISPOSE_DELETE);
			return STATUS_SUCCESS;
		}
		return dispose(f, u);
	case FilePositionInformation:
		if (v < 0 || f->kind != &file_disk)
			return STATUS_INVALID_PARAMETER;
		return lseek(f->fd, v, SEEK_SET) < 0 ? status_errno(errno) : STATUS_SUCCESS;
	case FileModeInformation:
		f->options = (f->options & ~(uint32_t)(FILE_WRITE_THROUGH | FILE_SEQUENTIAL_ONLY)) |
		             (u & (FILE_WRITE_THROUGH | FILE_SEQUENTIAL_ONLY));
		return STATUS_SUCCESS;
	case FileAllocationInformation: return set_allocation(f, v);
	case FileEndOfFileInformation: return set_end(f, v);
	case FilePipeInformation: {
		ULONG modes[2];
		memcpy(modes, in, sizeof modes);
		return pipe_set_modes(f, modes[0], modes[1]);
	}
	case FileCompletionInformation: return set_port(f, in);
	case FileValidDataLengthInformation:
		return f->access & FILE_WRITE_DATA ? STATUS_SUCCESS : STATUS_ACCESS_DENIED;
	case FileIoCompletionNotificationInformation: f->modes |= u & 7; return STATUS_SUCCESS;
	case FileIoPriorityHintInformation:
		if (u > 4)
			return STATUS_INVALID_PARAMETER;
		f->io_priority = u + 1;
		return STATUS_SUCCESS;
	}
	/* folders cannot be told to know case: the host's do, and we look without */
	return STATUS_NOT_SUPPORTED;
}

/* -- volumes -------------------------------------------------------------------------- */

static NTSTATUS
volume_space(struct file *f, ULONG class, void *out, ULONG n, ULONG_PTR *done)
{
	struct statvfs v;
	if (f->fd < 0 || fstatvfs(f->fd, &v) < 0)
		return STATUS_INVALID_DEVICE_REQUEST;
	uint32_t unit = v.f_frsize ? (uint32_t)v.f_frsize : 4096;
	if (class == 3) {
		struct {
			int64_t total, available;
			ULONG sectors, bytes;
		} s = { (int64_t)v.f_blocks, (int64_t)v.f_bavail, unit >= 512 ? unit / 512 : 1,
			unit >= 512 ? 512 : unit };
		return answer(&s, sizeof s, out, n, done);
	}
	struct {
		int64_t total, available, actual;
		ULONG sectors, bytes;
	} s = { (int64_t)v.f_blocks, (int64_t)v.f_bavail, (int64_t)v.f_bfree,
		unit >= 512 ? unit / 512 : 1, unit >= 512 ? 512 : unit };
	return answer(&s, sizeof s, out, n, done);
}

/* Fields, then a name of which as much is given as there is room for. */
static NTSTATUS
named(const void *head, size_t size, const WCHAR *name, char *out, ULONG n, ULONG_PTR *done)
{
	size_t bytes = utf_length(name) * 2, room;
	if (n < size)
		return STATUS_INFO_LENGTH_MISMATCH;
	memcpy(out, head, size);
	room = n - size < bytes ? n - size : bytes;
	memcpy(out + size, name, room);
	*done = size + room;
	return room < bytes ? STATUS_BUFFER_OVERFLOW : STATUS_SUCCESS;
}

NTSTATUS
file_info_volume(struct file *f, ULONG class, void *out, ULONG n, ULONG_PTR *done)
{
	struct file_facts x;
	NTSTATUS s;
	*done = 0;
	switch (class) {
	case 1: { /* FileFsVolumeInformation */
		if (f->kind->type != FILE_TYPE_DISK)
			return STATUS_INVALID_DEVICE_REQUEST;
		if ((s = file_facts(f, &x)) < 0)
			return s;
		char head[18] = { 0 };
		uint32_t serial = x.volume, length = 10;
		memcpy(head + 8, &serial, 4);
		memcpy(head + 12, &length, 4);
		return named(head, sizeof head, u"Joist", out, n, done);
	}
	case 3: /* FileFsSizeInformation */
	case 7: /* FileFsFullSizeInformation */ return volume_space(f, class, out, n, done);
	case 4: { /* FileFsDeviceInformation */
		ULONG v[2] = { f->kind->device, f->kind->type == FILE_TYPE_DISK ? 0x20 : 0 };
		return answer(v, sizeof v, out, n, done);
	}
	case 5: { /* FileFsAttributeInformation */
		if (f->kind->type != FILE_TYPE_DISK)
			return STATUS_INVALID_DEVICE_REQUEST;
		/* case kept, Unicode, sparse files, reparse points, hard links, open by POSIX unlink */
		struct {
			ULONG attributes, component, length;
		} v = { 0x2 | 0x4 | 0x40 | 0x80 | 0x400000 | 0x400 |
			        (f->readonly_drive ? 0x80000u : 0u),
			255, 8 };
		return named(&v, sizeof v, u"NTFS", out, n, done);
	}
	case 11: { /* FileFsSectorSizeInformation */
		ULONG v[7] = { 512, 4096, 4096, 4096, 3, 0, 0 };
		return answer(v, sizeof v, out, n, done);
	}
	}
	return STATUS_INVALID_INFO_CLASS;
}
