/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/api/nt/file/file.h"
#include "layer/api/nt/file/file_fs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <termios.h>
#include <unistd.h>

#include "layer/api/nt/file/console.h"
#include "layer/api/nt/file/dir.h"
#include "layer/api/nt/file/pipe.h"
#include "layer/api/nt/socket/socket.h"
#include "layer/api/nt/text/utf.h"
#include "layer/api/nt/file/notify.h"

/* -- the object ----------------------------------------------------------------- */

static void
closed(struct object *o)
{
	struct file *f = (struct file *)o;
	atomic_store_explicit(&f->closed, true, memory_order_release);
	file_share_leave(f);
	if (f->delete_on_close && f->path) {
		struct stat st;
		if (lstat(f->path, &st) == 0 && file_share_is(f, &st))
			(void)(S_ISDIR(st.st_mode) ? rmdir(f->path) : unlink(f->path));
	}
	if (f->readers.first || f->writers.first || f->others)
		(void)file_cancel(f, NULL, 0);
	if (f->kind->close)
		f->kind->close(f);
}

static void
destroyed(struct object *o)
{
	struct file *f = (struct file *)o;
	if (f->kind->destroy)
		f->kind->destroy(f);
	if (f->shared)
		file_share_leave(f);
	if (f->dir)
		dir_free(f->dir);
	notify_free(f->watch);
	if (f->port)
		object_unref(f->port);
	if (f->fd >= 0)
		syscall(SYS_close, f->fd);
	file_forget_locks(f);
	pthread_mutex_destroy(&f->lock);
	free(f->path);
	free(f);
}

static bool
taken(struct object *o, struct thread *t, NTSTATUS *status)
{
	(void)t, (void)status;
	struct file *f = (struct file *)o;
	return f->kind->ready ? f->kind->ready(f) : o->state != 0;
}

/* What another process needs: kinds that live in a descriptor alone. */
enum { GIVEN_FD, GIVEN_NULL, GIVEN_PIPE, GIVEN_SOCKET };

static bool
give(struct object *o, struct inherit *i)
{
	struct file *f = (struct file *)o;
	uint64_t what = GIVEN_FD;
	if (f->fd < 0 && f->kind != &file_null && f->kind != &pipe_named_kind)
		return false;
	if (f->kind == &file_null)
		what = GIVEN_NULL;
	if (f->kind == &pipe_named_kind) {
		if (!pipe_give(f, i))
			return false;
		what = GIVEN_PIPE;
	}
	if (f->kind == &socket_kind) {
		socket_give(f->own, i->number + 4);
		what = GIVEN_SOCKET;
	}
	i->fd[0] = f->fd;
	i->number[0] = f->access;
	i->number[1] = (uint64_t)f->share << 32 | f->options;
	i->number[2] = (uint64_t)f->append | (uint64_t)f->overlapped << 1 |
	               (uint64_t)f->folder << 2 |
	               (uint64_t)(f->kind == &console_kind && console_is_input(f)) << 3 |
	               (uint64_t)f->root << 32;
	/* who has the last handle deletes it */
	if (i->moved && f->delete_on_close) {
		i->number[2] |= 1 << 4;
		file_share_deleting(f, false);
	}
	i->number[3] = what;
	pthread_mutex_lock(&f->lock);
	if (f->path)
		i->text = utf_wide(f->path);
	pthread_mutex_unlock(&f->lock);
	return true;
}

static struct object *
remake(const struct inherit *i)
{
	struct file *f = NULL;
	if (i->number[3] == GIVEN_NULL)
		f = file_new(&file_null, -1);
	else if (i->number[3] == GIVEN_PIPE)
		f = pipe_remake(i);
	else if (i->number[3] == GIVEN_SOCKET)
		f = socket_remake(i->fd[0], i->number + 4);
	else if (file_adopt(i->fd[0], (ACCESS_MASK)i->number[0], &f) < 0)
		return NULL;
	if (!f)
		return NULL;
	f->access = (ACCESS_MASK)i->number[0];
	f->share = (uint32_t)(i->number[1] >> 32);
	f->options = (uint32_t)i->number[1];
	f->append = i->number[2] & 1;
	f->overlapped = i->number[2] >> 1 & 1;
	f->folder = i->number[2] >> 2 & 1;
	f->delete_on_close = i->number[2] >> 4 & 1;
	f->root = (uint32_t)(i->number[2] >> 32);
	if (f->kind == &console_kind)
		console_set_input(f, i->number[2] >> 3 & 1);
	if (i->text && f->kind != &pipe_named_kind) {
		free(f->path);
		f->path = utf_narrow(i->text);
	}
	if (f->kind == &file_disk)
		file_share_join(f);
	return &f->object;
}

const struct object_class file_class = { "File", destroyed, closed,        taken,
	                                 give,   remake,    file_set_port, NULL };

struct file *
file_new(const struct file_kind *kind, int fd)
{
	struct file *f = malloc(sizeof *f);
	if (!f) {
		if (fd >= 0)
			close(fd);
		return NULL;
	}
	/* Not all of it, or the compiler makes it a calloc(), which does not take what free() has
	 * just cached. */
	memset(&f->kind, 0, sizeof *f - offsetof(struct file, kind));
	object_init(&f->object, &file_class, 1);
	f->kind = kind;
	f->fd = fd;
	f->options = FILE_SYNCHRONOUS_IO_NONALERT;
	f->share = FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE;
	pthread_mutex_init(&f->lock, NULL);
	return f;
}

void
file_unref(struct file *f)
{
	object_unref(&f->object);
}

/* -- opening -------------------------------------------------------------------- */

/* Names of devices, and who opens them. */
static const struct {
	const char *name; /* ends with a backslash: what begins with it */
	file_opener *open;
} devices[] = {
	{ "NUL", file_open_null },
	{ "\\Device\\Null", file_open_null },
	{ "pipe\\", pipe_open },
	{ "\\Device\\NamedPipe", pipe_open },
	{ "\\Device\\NamedPipe\\", pipe_open },
	{ "CON", console_open },
	{ "CONIN$", console_open },
	{ "CONOUT$", console_open },
	{ "\\Device\\ConDrv\\", console_open },
	{ "\\Device\\Afd", afd_open },
	{ "\\Device\\Afd\\", afd_open },
};

static NTSTATUS
open_device(const WCHAR *name, ACCESS_MASK access, DWORD share, DWORD disposition, DWORD options,
            struct file **out)
{
	for (size_t i = 0; i < sizeof devices / sizeof *devices; i++) {
		const char *d = devices[i].name;
		size_t n = 0;
		while (d[n] && utf_upper(name[n]) == utf_upper((WCHAR)d[n]))
			n++;
		if (!d[n] && (!name[n] || d[n - 1] == '\\'))
			return devices[i].open(name, access, share, disposition, options, out);
	}
	return file_open_volume(name, access, share, disposition, options, out);
}

ACCESS_MASK
file_access(ACCESS_MASK a)
{
	if (a & 0x80000000u)
		a |= FILE_GENERIC_READ;
	if (a & 0x40000000)
		a |= FILE_GENERIC_WRITE;
	if (a & 0x20000000)
		a |= FILE_GENERIC_EXECUTE;
	if (a & 0x10000000)
		a |= FILE_ALL_ACCESS;
	if (a & 0x2000000) /* MAXIMUM_ALLOWED */
		a |= FILE_ALL_ACCESS;
	return a & 0x11f01ff;
}

static int
open_flags(ACCESS_MASK access, DWORD options)
{
	bool r = access & (FILE_READ_DATA | FILE_EXECUTE),
	     w = access & (FILE_WRITE_DATA | FILE_APPEND_DATA);
	int flags = O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
	if (w && !(access & FILE_WRITE_DATA))
		flags |= O_APPEND;
	if (options & FILE_WRITE_THROUGH && w)
		flags |= O_DSYNC;
	if (options & FILE_OPEN_REPARSE_POINT)
		flags |= O_NOFOLLOW;
	return flags | (r && w ? O_RDWR : w ? O_WRONLY : r ? O_RDONLY : O_PATH);
}

/* Open what is there.  A folder is opened for reading whatever was asked. */
static int
open_existing(const struct path *p, int flags, DWORD options)
{
	const char *name;
	int at = path_at(p, &name);
	/* without open(3)'s look whether the thread is cancelled: ours never are */
	int fd = (int)syscall(SYS_openat, at, name, flags);
	if (fd < 0 && errno == EISDIR && !(options & FILE_NON_DIRECTORY_FILE))
		fd = openat(at, name, (flags & ~(O_ACCMODE | O_APPEND | O_DSYNC)) | O_RDONLY);
	if (fd < 0 && errno == ELOOP && options & FILE_OPEN_REPARSE_POINT)
		fd = openat(at, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	return fd;
}

/* STATUS of an open that failed. */
static NTSTATUS
open_error(const char *host, DWORD options)
{
	struct stat st;
	switch (errno) {
	case EISDIR: return STATUS_FILE_IS_A_DIRECTORY;
	case ENOTDIR: return STATUS_OBJECT_PATH_NOT_FOUND;
	case ELOOP: return STATUS_REPARSE_POINT_NOT_RESOLVED;
	case EROFS: return STATUS_MEDIA_WRITE_PROTECTED;
	case EACCES:
		/* a sandbox answers so for a folder that was to be written, too */
		if (options & FILE_NON_DIRECTORY_FILE && stat(host, &st) == 0 &&
		    S_ISDIR(st.st_mode))
			return STATUS_FILE_IS_A_DIRECTORY;
		return STATUS_ACCESS_DENIED;
	case ETXTBSY: return STATUS_SHARING_VIOLATION;
	case ENXIO: return STATUS_NO_SUCH_DEVICE;
	}
	return status_errno(errno);
}

static int
make_new(struct path *p, int flags, DWORD attributes, DWORD options)
{
	int fd;
	if (options & FILE_DIRECTORY_FILE) {
		if (mkdir(p->host, 0777) < 0)
			return -1;
		fd = open(p->host, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	} else {
		mode_t mode = attributes & FILE_ATTRIBUTE_READONLY ? 0444 : 0666;
		bool path_only = flags & O_PATH;
		fd = open(p->host, (path_only ? O_RDWR | O_CLOEXEC : flags) | O_CREAT | O_EXCL,
		          mode);
	}
	if (fd >= 0)
		path_added(p->host);
	return fd;
}

/* The descriptor, and *what came of it.  Looks for another spelling once. */
static NTSTATUS
open_or_make(struct path *p, ACCESS_MASK access, DWORD attributes, DWORD disposition, DWORD options,
             int *out, ULONG_PTR *what)
{
	int flags = open_flags(access, options), fd;
	if (disposition == FILE_OVERWRITE || disposition == FILE_OVERWRITE_IF ||
	    disposition == FILE_SUPERSEDE)
		if ((flags & O_PATH) || (flags & O_ACCMODE) == O_RDONLY)
			flags = (flags & ~(O_PATH | O_ACCMODE)) | O_RDWR;
	bool make = disposition != FILE_OPEN && disposition != FILE_OVERWRITE;
	bool searched = false;
	fd = -1;
	if (make && p->folder && !(options & FILE_DIRECTORY_FILE))
		return STATUS_OBJECT_NAME_INVALID;
	for (int tries = 0; tries < 4; tries++) {
		if (disposition != FILE_CREATE || !searched) {
			fd = open_existing(p, flags, options);
			if (fd >= 0 || errno != ENOENT)
				goto opened;
		}
		if (!searched) {
			NTSTATUS s = path_search(p, !make);
			if (s < 0)
				return s;
			searched = true;
			continue;
		}
		if (!make)
			return STATUS_OBJECT_NAME_NOT_FOUND;
		if (p->readonly)
			return STATUS_MEDIA_WRITE_PROTECTED;
		fd = make_new(p, flags, attributes, options);
		if (fd >= 0) {
			*out = fd;
			*what = FILE_CREATED;
			return STATUS_SUCCESS;
		}
		if (errno == EEXIST && disposition == FILE_CREATE)
			return STATUS_OBJECT_NAME_COLLISION;
		if (errno != EEXIST)
			return errno == ENOENT ? STATUS_OBJECT_PATH_NOT_FOUND
			                       : open_error(p->host, options);
		/* somebody else was quicker, or it is a link to nothing */
	}
	return STATUS_OBJECT_NAME_NOT_FOUND;
opened:
	/* to be listed, perhaps */
	if (fd < 0 && errno == EACCES && !make && (fd = dir_open(p->host)) < 0)
		errno = EACCES;
	if (fd < 0 && disposition != FILE_CREATE)
		return open_error(p->host, options);
	if (disposition == FILE_CREATE) {
		if (fd >= 0)
			close(fd);
		else if (errno == ENOTDIR)
			return STATUS_OBJECT_PATH_NOT_FOUND;
		return STATUS_OBJECT_NAME_COLLISION;
	}
	*out = fd;
	*what = FILE_OPENED;
	return STATUS_SUCCESS;
}

/* Is what was opened what was asked for? */
static NTSTATUS
check_kind(const struct path *p, const struct stat *st, ACCESS_MASK access, DWORD options,
           bool made)
{
	bool dir = S_ISDIR(st->st_mode);
	if (dir && options & FILE_NON_DIRECTORY_FILE)
		return STATUS_FILE_IS_A_DIRECTORY;
	/* a link may be to a folder */
	bool link = S_ISLNK(st->st_mode) && options & FILE_OPEN_REPARSE_POINT;
	if (!dir && options & FILE_DIRECTORY_FILE && !link)
		return STATUS_NOT_A_DIRECTORY;
	if (!dir && p->folder && !link)
		return STATUS_OBJECT_NAME_INVALID;
	bool change = access & (FILE_WRITE_DATA | FILE_APPEND_DATA);
	if (!made && change && S_ISREG(st->st_mode) && !(st->st_mode & 0222))
		return STATUS_ACCESS_DENIED;
	if (options & FILE_DELETE_ON_CLOSE && !dir && !(st->st_mode & 0222) &&
	    !S_ISLNK(st->st_mode))
		return STATUS_CANNOT_DELETE;
	if (p->readonly && (change || access & ACCESS_DELETE || options & FILE_DELETE_ON_CLOSE) &&
	    !dir)
		return STATUS_MEDIA_WRITE_PROTECTED;
	return STATUS_SUCCESS;
}

/* What was opened, as far as it matters now: of st, the mode and the size.  What we have made is what it is, and one that is only
 * read needs to be a file and no more: the host says that sooner than all that it knows of it, for
 * only files can be read ahead, of which here is nothing to read. */
static NTSTATUS
look(struct file *f, const struct path *p, ACCESS_MASK access, DWORD attributes, DWORD disposition,
     DWORD options, bool made, struct stat *st)
{
	bool read_only = (access & (FILE_READ_DATA | FILE_WRITE_DATA | FILE_APPEND_DATA)) ==
	                         FILE_READ_DATA &&
	                 (disposition == FILE_OPEN || disposition == FILE_OPEN_IF) &&
	                 !(options & (FILE_DELETE_ON_CLOSE | FILE_DIRECTORY_FILE));
	st->st_size = 0;
	if (made)
		st->st_mode = (options & FILE_DIRECTORY_FILE ? S_IFDIR : S_IFREG) |
		              (attributes & FILE_ATTRIBUTE_READONLY ? 0444 : 0666);
	else if (read_only && syscall(SYS_readahead, f->fd, INT64_MAX / 2, 1) == 0)
		st->st_mode = S_IFREG | 0666;
	else if (syscall(SYS_fstat, f->fd, st) == 0) /* fstat(3) asks newfstatat */
		file_share_known(f, st);
	else
		return status_errno(errno);
	return check_kind(p, st, access, options, made);
}

/* Of an opened disk file: what it overwrites is emptied only when nobody forbids it. */
static NTSTATUS
overwrite(struct file *f, const struct stat *st, DWORD attributes, DWORD disposition,
          ULONG_PTR *what)
{
	if (disposition != FILE_OVERWRITE && disposition != FILE_OVERWRITE_IF &&
	    disposition != FILE_SUPERSEDE)
		return STATUS_SUCCESS;
	if (!S_ISREG(st->st_mode))
		return f->folder ? STATUS_OBJECT_NAME_COLLISION : STATUS_SUCCESS;
	if (st->st_size && ftruncate(f->fd, 0) < 0)
		return status_errno(errno);
	if (attributes & FILE_ATTRIBUTE_READONLY)
		(void)fchmod(f->fd, st->st_mode & 07555);
	*what = disposition == FILE_SUPERSEDE ? FILE_SUPERSEDED : FILE_OVERWRITTEN;
	return STATUS_SUCCESS;
}

static const struct file_kind *
kind_of(int fd, const struct stat *st)
{
	if (S_ISREG(st->st_mode) || S_ISDIR(st->st_mode) || S_ISLNK(st->st_mode) ||
	    S_ISBLK(st->st_mode))
		return &file_disk;
	if (S_ISFIFO(st->st_mode))
		return &pipe_host_kind;
	if (S_ISSOCK(st->st_mode))
		return &pipe_socket_kind;
	if (st->st_rdev == makedev(1, 3))
		return &file_null;
	struct termios t;
	return tcgetattr(fd, &t) == 0 ? &console_kind : &file_char;
}

NTSTATUS
file_create(struct path *p, ACCESS_MASK access, DWORD attributes, DWORD share, DWORD disposition,
            DWORD options, struct file **out, ULONG_PTR *what)
{
	access = file_access(access);
	if (disposition > FILE_OVERWRITE_IF ||
	    (options & (FILE_DIRECTORY_FILE | FILE_NON_DIRECTORY_FILE)) ==
	            (FILE_DIRECTORY_FILE | FILE_NON_DIRECTORY_FILE))
		return STATUS_INVALID_PARAMETER;
	if (p->device) {
		*what = FILE_OPENED;
		return open_device(p->device, access, share, disposition, options, out);
	}
	if (options & FILE_DIRECTORY_FILE && disposition != FILE_CREATE &&
	    disposition != FILE_OPEN && disposition != FILE_OPEN_IF)
		return STATUS_INVALID_PARAMETER;
	int fd = -1;
	NTSTATUS s = open_or_make(p, access, attributes, disposition, options, &fd, what);
	if (s < 0)
		return s;
	bool made = *what == FILE_CREATED;
	struct file *f = file_new(&file_disk, fd);
	if (!f)
		return STATUS_NO_MEMORY;
	struct stat st;
	s = look(f, p, access, attributes, disposition, options, made, &st);
	if (s < 0)
		goto fail;
	if (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode) && !S_ISLNK(st.st_mode)) {
		f->kind = kind_of(fd, &st);
		(void)fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK);
	}
	f->access = access;
	f->share = share;
	f->options = options;
	f->overlapped = !(options & (FILE_SYNCHRONOUS_IO_ALERT | FILE_SYNCHRONOUS_IO_NONALERT));
	atomic_init(&f->object.state, !f->overlapped); /* nobody else sees it yet */
	f->append = access & FILE_APPEND_DATA && !(access & FILE_WRITE_DATA);
	f->folder = S_ISDIR(st.st_mode);
	f->readonly_drive = p->readonly;
	if (f->kind == &file_disk && (s = file_share_enter(f)) < 0)
		goto fail;
	if (!made && (s = overwrite(f, &st, attributes, disposition, what)) < 0)
		goto fail;
	f->path = p->host;
	f->root = (uint32_t)p->root;
	p->host = NULL;
	atomic_store_explicit(&f->delete_on_close, options & FILE_DELETE_ON_CLOSE,
	                      memory_order_relaxed);
	*out = f;
	return STATUS_SUCCESS;
fail:
	file_unref(f);
	return s;
}

/* -- handles and descriptors ------------------------------------------------------ */

NTSTATUS
file_adopt(int fd, ACCESS_MASK access, struct file **out)
{
	struct stat st;
	if (fstat(fd, &st) < 0)
		return STATUS_INVALID_HANDLE;
	struct file *f = file_new(kind_of(fd, &st), fd);
	if (!f)
		return STATUS_NO_MEMORY;
	f->access = access;
	file_share_known(f, &st);
	f->folder = S_ISDIR(st.st_mode);
	*out = f;
	return STATUS_SUCCESS;
}

void
file_standard(HANDLE std[3])
{
	for (int i = 0; i < 3; i++) {
		struct file *f;
		int flags = fcntl(i, F_GETFL), fd = flags < 0 ? -1 : fcntl(i, F_DUPFD_CLOEXEC, 3);
		std[i] = NULL;
		if (fd < 0)
			continue;
		ACCESS_MASK access = ACCESS_SYNCHRONIZE | FILE_READ_ATTRIBUTES;
		if ((flags & O_ACCMODE) != O_WRONLY)
			access |= FILE_GENERIC_READ;
		if ((flags & O_ACCMODE) != O_RDONLY)
			access |= FILE_GENERIC_WRITE;
		if (file_adopt(fd, access, &f) < 0) {
			close(fd);
			continue;
		}
		if (f->kind == &console_kind)
			console_set_input(f, i == 0);
		std[i] = handle_new(&f->object, access, true);
	}
}

/* Programs open names relative to it, as the system itself does. */
HANDLE
file_current(void)
{
	struct path p;
	struct file *f;
	ULONG_PTR what;
	WCHAR *w = path_current();
	NTSTATUS s = w ? path_parse(w, &p) : STATUS_NO_MEMORY;
	free(w);
	if (s < 0)
		return NULL;
	s = file_create(&p, FILE_EXECUTE | ACCESS_SYNCHRONIZE, 0, 7, FILE_OPEN,
	                FILE_DIRECTORY_FILE | FILE_SYNCHRONOUS_IO_NONALERT, &f, &what);
	path_free(&p);
	return s < 0 ? NULL : handle_new(&f->object, f->access, false);
}

NTSTATUS
file_get(HANDLE h, ACCESS_MASK need, struct file **out)
{
	struct object *o;
	NTSTATUS s = handle_get(h, &file_class, &o);
	if (s < 0)
		return s;
	struct file *f = (struct file *)o;
	if (need && !(f->access & need)) {
		file_unref(f);
		return STATUS_ACCESS_DENIED;
	}
	*out = f;
	return STATUS_SUCCESS;
}

NTSTATUS
file_path_at(HANDLE folder, const WCHAR *name, WCHAR **out)
{
	struct file *f;
	NTSTATUS s = file_get(folder, 0, &f);
	if (s < 0)
		return s;
	pthread_mutex_lock(&f->lock);
	WCHAR *base = f->path ? path_windows(f->path) : NULL;
	pthread_mutex_unlock(&f->lock);
	/* relative to the folder of pipes, or to a pipe that has no other name */
	if (!base && f->kind->type == FILE_TYPE_PIPE)
		base = pipe_path(f);
	file_unref(f);
	if (!base)
		return STATUS_OBJECT_PATH_NOT_FOUND;
	size_t b = utf_length(base), n = utf_length(name);
	WCHAR *w = malloc((b + n + 2) * sizeof *w);
	if (w) {
		memcpy(w, base, b * sizeof *w);
		if (n && b && w[b - 1] != '\\')
			w[b++] = '\\';
		memcpy(w + b, name, n * sizeof *w);
		w[b + n] = 0;
	}
	free(base);
	*out = w;
	return w ? STATUS_SUCCESS : STATUS_NO_MEMORY;
}

NTSTATUS
file_set_port(struct object *file, struct object *port, ULONG_PTR key)
{
	struct file *f = (struct file *)file;
	if (file->class != &file_class || !f->overlapped)
		return STATUS_INVALID_PARAMETER;
	pthread_mutex_lock(&f->lock);
	NTSTATUS s = STATUS_INVALID_PARAMETER;
	if (!f->port) {
		f->key = key;
		port_for_files(port);
		f->port = object_ref(port);
		s = STATUS_SUCCESS;
	}
	pthread_mutex_unlock(&f->lock);
	return s;
}

NTSTATUS
file_descriptor(HANDLE h, struct file **out, int *fd)
{
	NTSTATUS s = file_get(h, 0, out);
	if (s >= 0)
		*fd = (*out)->fd;
	return s;
}
