/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/api/nt/file/file_fs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

#include "base/str.h"
#include "layer/api/nt/file/file.h"
#include "layer/api/nt/text/utf.h"

#define NT_EPOCH INT64_C(11644473600)
static const char xattr_name[] = "user.joist.attributes";

int64_t
file_time(int64_t sec, uint32_t nsec)
{
	return (sec + NT_EPOCH) * 10000000 + nsec / 100;
}

void
file_time_back(int64_t nt, struct timespec *to)
{
	to->tv_sec = nt / 10000000 - NT_EPOCH;
	to->tv_nsec = nt % 10000000 * 100;
}

static int64_t
stamp(const struct statx_timestamp *t)
{
	return file_time(t->tv_sec, t->tv_nsec);
}

static uint32_t
hidden_of(int dirfd, const char *name)
{
	uint32_t v = 0;
	ssize_t n;
	if (!*name) {
		n = fgetxattr(dirfd, xattr_name, &v, sizeof v);
	} else if (*name == '/') {
		n = getxattr(name, xattr_name, &v, sizeof v);
	} else {
		int fd = openat(dirfd, name, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW);
		n = fd < 0 ? -1 : fgetxattr(fd, xattr_name, &v, sizeof v);
		if (fd >= 0)
			close(fd);
	}
	return n == sizeof v ? v & (FILE_ATTRIBUTE_HIDDEN | FILE_ATTRIBUTE_SYSTEM) : 0;
}

uint32_t
file_link_tag(int dirfd, const char *name)
{
	char to[4096];
	ssize_t n = readlinkat(dirfd, name, to, sizeof to);
	return n > 1 && *to == '/' && to[n - 1] == '/' ? FILE_TAG_JUNCTION : FILE_TAG_SYMLINK;
}

NTSTATUS
file_facts_at(int dirfd, const char *name, bool follow, struct file_facts *out)
{
	struct statx x;
	int flags = AT_STATX_SYNC_AS_STAT | (*name ? 0 : AT_EMPTY_PATH) |
	            (follow ? 0 : AT_SYMLINK_NOFOLLOW);
	if (statx(dirfd, name, flags, STATX_BASIC_STATS | STATX_BTIME, &x) < 0)
		return status_errno(errno);
	out->accessed = stamp(&x.stx_atime);
	out->written = stamp(&x.stx_mtime);
	out->changed = stamp(&x.stx_ctime);
	out->created = x.stx_mask & STATX_BTIME ? stamp(&x.stx_btime) : out->written;
	/* a file that was unpacked with an older time was not made after it was written */
	if (out->created > out->written)
		out->created = out->written;
	out->size = x.stx_size;
	out->allocated = x.stx_blocks * 512;
	out->id = x.stx_ino;
	out->links = x.stx_nlink;
	out->volume = (uint32_t)(x.stx_dev_major << 20 ^ x.stx_dev_minor);
	out->tag = 0;
	uint32_t a = 0;
	if (S_ISDIR(x.stx_mode)) {
		a = FILE_ATTRIBUTE_DIRECTORY;
		out->size = out->allocated = 0;
		out->links = 1;
	} else if (S_ISLNK(x.stx_mode)) {
		struct stat st;
		a = FILE_ATTRIBUTE_REPARSE_POINT;
		out->tag = file_link_tag(dirfd, name);
		out->size = 0;
		if (*name && fstatat(dirfd, name, &st, 0) == 0 && S_ISDIR(st.st_mode))
			a |= FILE_ATTRIBUTE_DIRECTORY;
	} else {
		a = FILE_ATTRIBUTE_ARCHIVE;
		if (!(x.stx_mode & 0222))
			a |= FILE_ATTRIBUTE_READONLY;
	}
	if (x.stx_mode & S_ISVTX && !out->tag)
		a |= hidden_of(dirfd, name);
	out->attributes = a;
	return STATUS_SUCCESS;
}

NTSTATUS
file_facts(struct file *f, struct file_facts *out)
{
	if (f->fd < 0) {
		*out = (struct file_facts){ .attributes = FILE_ATTRIBUTE_NORMAL, .links = 1 };
		return STATUS_SUCCESS;
	}
	NTSTATUS s = file_facts_at(f->fd, "", true, out);
	if (s >= 0 && out->tag && f->path) {
		/* a link that was opened itself: whether it is a folder's is known by its path */
		struct stat st;
		pthread_mutex_lock(&f->lock);
		if (stat(f->path, &st) == 0 && S_ISDIR(st.st_mode))
			out->attributes |= FILE_ATTRIBUTE_DIRECTORY;
		pthread_mutex_unlock(&f->lock);
	}
	if (s >= 0 && f->kind->type != FILE_TYPE_DISK) {
		out->attributes = FILE_ATTRIBUTE_NORMAL;
		out->size = 0;
	}
	return s;
}

NTSTATUS
file_facts_of(struct path *p, struct file_facts *out)
{
	if (p->device) {
		/* reserved names are there, in each folder */
		*out = (struct file_facts){ .attributes = FILE_ATTRIBUTE_ARCHIVE, .links = 1 };
		const char *nul = "NUL";
		for (size_t i = 0; i < 4; i++)
			if (p->device[i] != (WCHAR)nul[i])
				return STATUS_OBJECT_NAME_INVALID;
		return STATUS_SUCCESS;
	}
	const char *name;
	int at = path_at(p, &name);
	NTSTATUS s = file_facts_at(at, name, false, out);
	if (s == STATUS_OBJECT_NAME_NOT_FOUND) {
		s = path_search(p, true);
		if (s >= 0)
			s = file_facts_at(AT_FDCWD, p->host, false, out);
	}
	if (s >= 0 && p->folder && !(out->attributes & FILE_ATTRIBUTE_DIRECTORY))
		return STATUS_NOT_A_DIRECTORY;
	if (s >= 0 && p->readonly && !(out->attributes & FILE_ATTRIBUTE_DIRECTORY))
		out->attributes |= FILE_ATTRIBUTE_READONLY;
	return s;
}

NTSTATUS
file_set_times(int fd, const char *host, int64_t accessed, int64_t written)
{
	struct timespec t[2] = { { 0, UTIME_OMIT }, { 0, UTIME_OMIT } };
	if (accessed > 0)
		file_time_back(accessed, &t[0]);
	if (written > 0)
		file_time_back(written, &t[1]);
	if (t[0].tv_nsec == UTIME_OMIT && t[1].tv_nsec == UTIME_OMIT)
		return STATUS_SUCCESS;
	int r = host ? utimensat(AT_FDCWD, host, t, AT_SYMLINK_NOFOLLOW)
	             : utimensat(fd, "", t, AT_EMPTY_PATH);
	return r < 0 ? status_errno(errno) : STATUS_SUCCESS;
}

NTSTATUS
file_set_attributes(const char *host, DWORD a)
{
	struct stat st;
	if (lstat(host, &st) < 0)
		return status_errno(errno);
	if (S_ISLNK(st.st_mode))
		return STATUS_SUCCESS;
	mode_t mode = st.st_mode & 07777;
	if (!S_ISDIR(st.st_mode)) {
		if (a & FILE_ATTRIBUTE_READONLY)
			mode &= ~0222u;
		else if (!(mode & 0222))
			/* who may read may write again, as far as the umask would let a new file */
			mode |= 0200;
	}
	uint32_t hidden = a & (FILE_ATTRIBUTE_HIDDEN | FILE_ATTRIBUTE_SYSTEM);
	if (hidden || mode & S_ISVTX) {
		/* an extended attribute is written as the file is: not while it is read-only */
		bool locked = !(st.st_mode & 0200) && chmod(host, (st.st_mode & 07777) | 0200) == 0;
		if (hidden && setxattr(host, xattr_name, &hidden, sizeof hidden, 0) == 0)
			mode |= S_ISVTX;
		else if (!hidden && removexattr(host, xattr_name) == 0)
			mode &= ~(mode_t)S_ISVTX;
		if (locked)
			st.st_mode |= 0200;
	}
	if (mode != (st.st_mode & 07777) && chmod(host, mode) < 0)
		return status_errno(errno);
	return STATUS_SUCCESS;
}

/* -- deleting, making --------------------------------------------------------------- */

/* lstat, by another spelling when there is none as it is. */
static NTSTATUS
look(struct path *p, struct stat *st)
{
	if (p->device)
		return STATUS_ACCESS_DENIED;
	if (lstat(p->host, st) == 0)
		return STATUS_SUCCESS;
	if (errno != ENOENT)
		return status_errno(errno);
	NTSTATUS s = path_search(p, true);
	if (s >= 0 && lstat(p->host, st) < 0)
		s = status_errno(errno);
	return s;
}

static bool
folder_link(const char *host, const struct stat *st)
{
	struct stat to;
	return S_ISLNK(st->st_mode) && stat(host, &to) == 0 && S_ISDIR(to.st_mode);
}

NTSTATUS
file_delete(struct path *p, bool folder)
{
	struct stat st;
	NTSTATUS s = look(p, &st);
	if (s < 0)
		return s;
	if (p->readonly)
		return STATUS_MEDIA_WRITE_PROTECTED;
	bool dir = S_ISDIR(st.st_mode), link = folder_link(p->host, &st);
	if (folder && !dir && !link && !S_ISLNK(st.st_mode))
		return STATUS_NOT_A_DIRECTORY;
	if (!folder && (dir || link))
		return STATUS_FILE_IS_A_DIRECTORY;
	if (!folder && !S_ISLNK(st.st_mode) && !(st.st_mode & 0222))
		return STATUS_CANNOT_DELETE;
	s = file_share_delete(st.st_dev, st.st_ino, NULL);
	if (s < 0)
		return s;
	int r = dir ? rmdir(p->host) : unlink(p->host);
	if (r < 0)
		return errno == EEXIST ? STATUS_DIRECTORY_NOT_EMPTY : status_errno(errno);
	return STATUS_SUCCESS;
}

/* What is to be made: its folder must be there, and *exists says whether it is itself. */
static NTSTATUS
target(struct path *p, struct stat *st, bool *exists)
{
	if (p->device)
		return STATUS_OBJECT_NAME_INVALID;
	*exists = lstat(p->host, st) == 0;
	if (*exists)
		return STATUS_SUCCESS;
	if (errno != ENOENT)
		return status_errno(errno);
	NTSTATUS s = path_search(p, false);
	*exists = s >= 0 && lstat(p->host, st) == 0;
	return s < 0 ? s : p->readonly ? STATUS_MEDIA_WRITE_PROTECTED : STATUS_SUCCESS;
}

static NTSTATUS
made(const struct path *p, int r)
{
	if (r < 0)
		return errno == ENOENT ? STATUS_OBJECT_PATH_NOT_FOUND : status_errno(errno);
	path_added(p->host);
	return STATUS_SUCCESS;
}

NTSTATUS
file_mkdir(struct path *p)
{
	struct stat st;
	bool exists;
	NTSTATUS s = target(p, &st, &exists);
	if (s < 0)
		return s;
	if (exists)
		return STATUS_OBJECT_NAME_COLLISION;
	return made(p, mkdir(p->host, 0777));
}

NTSTATUS
file_link(struct path *new, struct path *existing, bool replace)
{
	struct stat st, old;
	bool exists;
	NTSTATUS s = look(existing, &old);
	if (s < 0 || (s = target(new, &st, &exists)) < 0)
		return s;
	if (S_ISDIR(old.st_mode))
		return STATUS_FILE_IS_A_DIRECTORY;
	if (exists && !replace)
		return STATUS_OBJECT_NAME_COLLISION;
	if (exists && unlink(new->host) < 0)
		return status_errno(errno);
	return made(new, link(existing->host, new->host));
}

/* A target with a drive becomes the host's absolute path; a relative one stays relative. */
/* "\\way" is on the link's own drive: for the host, from the link's folder up to the drive's root
 * and on.  To be freed; NULL: the link is on no drive, or its drive is all of the host. */
static char *
from_root(const char *link, const WCHAR *way)
{
	WCHAR *shown = path_windows(link);
	const char *root = shown ? path_drive_root(shown[0]) : NULL;
	char *rest = utf_narrow(way);
	struct str s = { 0 };
	for (char *c = rest; c && *c; c++)
		if (*c == '\\')
			*c = '/';
	if (root && *root && rest) {
		size_t up = 0;
		for (const WCHAR *c = shown; *c; c++)
			up += *c == '\\';
		/* one is the root's, one that of the link's name */
		str_add(&s, up > 1 ? ".." : ".");
		for (size_t i = 2; i < up; i++)
			str_add(&s, "/..");
		str_add(&s, rest[1] ? rest : "");
	}
	free(rest);
	free(shown);
	return s.n ? s.p : NULL;
}

NTSTATUS
file_symlink(struct path *new, const WCHAR *to, bool junction)
{
	struct stat st;
	bool exists;
	NTSTATUS s = target(new, &st, &exists);
	if (s < 0)
		return s;
	if (exists)
		return STATUS_OBJECT_NAME_COLLISION;
	char *text = NULL;
	enum path_kind k = path_kind(to);
	if (k == PATH_RELATIVE) {
		text = utf_narrow(to);
		for (char *c = text; c && *c; c++)
			if (*c == '\\')
				*c = '/';
	} else if (k != PATH_ROOTED || to[1] == '?' || !(text = from_root(new->host, to))) {
		struct path p;
		s = path_parse(to, &p);
		if (s >= 0 && p.device)
			s = STATUS_OBJECT_NAME_INVALID;
		if (s >= 0) {
			/* its parts as they are spelled, as far as they are there */
			if (lstat(p.host, &st) < 0)
				(void)path_search(&p, false);
			text = p.host;
			p.host = NULL;
		}
		path_free(&p);
		if (s < 0)
			return s;
	}
	char *marked = NULL;
	if (text && junction && asprintf(&marked, "%s/", text) < 0)
		marked = NULL;
	if (!text || (junction && !marked)) {
		free(text);
		return STATUS_NO_MEMORY;
	}
	s = made(new, symlink(junction ? marked : text, new->host));
	free(marked);
	free(text);
	return s;
}

/* -- moving ------------------------------------------------------------------------- */

static bool
inside(const char *inner, const char *outer)
{
	size_t n = strlen(outer);
	return !strncmp(inner, outer, n) && inner[n] == '/';
}

static NTSTATUS
may_replace(const struct path *from, const struct stat *a, const struct path *to,
            const struct stat *b, DWORD flags)
{
	(void)from;
	if (a->st_dev == b->st_dev && a->st_ino == b->st_ino)
		return STATUS_SUCCESS; /* itself: perhaps in other letters */
	if (!(flags & FILE_MOVE_REPLACE))
		return STATUS_OBJECT_NAME_COLLISION;
	if (S_ISDIR(b->st_mode) || S_ISDIR(a->st_mode))
		return STATUS_ACCESS_DENIED;
	if (!(b->st_mode & 0222) && !S_ISLNK(b->st_mode))
		return STATUS_ACCESS_DENIED;
	NTSTATUS s = file_share_delete(b->st_dev, b->st_ino, NULL);
	(void)to;
	return s < 0 ? STATUS_ACCESS_DENIED : s;
}

NTSTATUS
file_move(struct path *from, struct path *to, DWORD flags, struct file *self)
{
	struct stat a, b;
	bool exists;
	char *asked = to->host ? strdup(to->host) : NULL;
	NTSTATUS s = look(from, &a);
	if (s >= 0)
		s = target(to, &b, &exists);
	if (s >= 0 && (from->readonly || to->readonly))
		s = STATUS_MEDIA_WRITE_PROTECTED;
	if (s >= 0)
		s = file_share_delete(a.st_dev, a.st_ino, self);
	if (s >= 0 && exists)
		s = may_replace(from, &a, to, &b, flags);
	if (s >= 0 && S_ISDIR(a.st_mode) && inside(to->host, from->host))
		s = STATUS_SHARING_VIOLATION;
	if (s < 0)
		goto out;
	bool self_name = exists && a.st_dev == b.st_dev && a.st_ino == b.st_ino;
	if (self_name && asked && strcmp(from->host, to->host) == 0) {
		/* only its letters change */
		char *slash = strrchr(to->host, '/'), *wanted = strrchr(asked, '/');
		if (slash && wanted && strlen(slash) == strlen(wanted))
			memcpy(slash, wanted, strlen(slash));
		if (!strcmp(from->host, to->host))
			goto out;
	}
	if (rename(from->host, to->host) == 0) {
		path_added(to->host);
		file_share_moved(from->host, to->host);
	} else if (errno == EXDEV && flags & FILE_MOVE_COPY && !S_ISDIR(a.st_mode)) {
		s = file_copy(from, to, !(flags & FILE_MOVE_REPLACE), true, NULL, NULL);
		if (s >= 0 && unlink(from->host) < 0)
			s = status_errno(errno);
	} else {
		s = errno == ENOENT ? STATUS_OBJECT_PATH_NOT_FOUND : status_errno(errno);
	}
out:
	free(asked);
	return s;
}

/* -- locks of byte ranges ------------------------------------------------------------ */

/* Locks of an open file description, as those of a Windows handle are.  The host forbids nobody
 * to read and write what is locked. */
static struct flock
range(int64_t offset, int64_t length, short type)
{
	uint64_t o = (uint64_t)offset, n = (uint64_t)length, most = INT64_MAX;
	if (o > most - 1)
		o = most - 1;
	if (n > most - o)
		n = most - o;
	return (struct flock){
		.l_type = type, .l_whence = SEEK_SET, .l_start = (off_t)o, .l_len = (off_t)n
	};
}

/* What is locked by a handle, for the host neither counts nor refuses what a description has
 * itself: an exclusive lock bears no other, and what is unlocked is exactly what was locked. */
struct file_range {
	struct file_range *next;
	uint64_t from, length;
	bool exclusive;
};

static bool
overlap(const struct file_range *r, uint64_t from, uint64_t length)
{
	return r->from < from + length && from < r->from + r->length;
}

/* Under f->lock. */
static bool
own_conflict(struct file *f, const struct file_range *n)
{
	for (struct file_range *r = f->ranges; r; r = r->next)
		if ((r->exclusive || n->exclusive) && overlap(r, n->from, n->length))
			return true;
	return false;
}

static int
host_lock(struct file *f, const struct file_range *r, bool wait)
{
	struct flock l =
	        range((int64_t)r->from, (int64_t)r->length, r->exclusive ? F_WRLCK : F_RDLCK);
	int result = fcntl(f->fd, wait ? F_OFD_SETLKW : F_OFD_SETLK, &l);
	if (result < 0 && errno == EBADF) {
		/* a descriptor that cannot write locks as a reader, and the other way round */
		l.l_type = r->exclusive ? F_RDLCK : F_WRLCK;
		result = fcntl(f->fd, wait ? F_OFD_SETLKW : F_OFD_SETLK, &l);
	}
	return result;
}

NTSTATUS
file_lock(struct file *f, int64_t offset, int64_t length, bool exclusive, bool wait)
{
	if (f->kind != &file_disk || f->folder)
		return STATUS_INVALID_DEVICE_REQUEST;
	if (!length)
		return STATUS_SUCCESS;
	struct file_range *n = malloc(sizeof *n);
	if (!n)
		return STATUS_NO_MEMORY;
	struct flock whole = range(offset, length, F_RDLCK);
	*n = (struct file_range){ NULL, (uint64_t)whole.l_start, (uint64_t)whole.l_len, exclusive };
	for (;;) {
		pthread_mutex_lock(&f->lock);
		bool own = own_conflict(f, n);
		int r = own ? -1 : host_lock(f, n, false), error = own ? EAGAIN : errno;
		if (r >= 0) {
			n->next = f->ranges;
			f->ranges = n;
		}
		pthread_mutex_unlock(&f->lock);
		if (r >= 0)
			return STATUS_SUCCESS;
		if (error != EAGAIN && error != EACCES) {
			free(n);
			return status_errno(error);
		}
		if (!wait) {
			free(n);
			return STATUS_LOCK_NOT_GRANTED;
		}
		/* Until the other lets go: of our own handle that is another thread, which no
		 * call of the host waits for. */
		if (own)
			nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
		else if (host_lock(f, n, true) < 0 && errno != EINTR) {
			error = errno;
			free(n);
			return status_errno(error);
		}
	}
}

/* Under f->lock: what others of the handle's shared locks still hold is not let go. */
static int
release(struct file *f, const struct file_range *gone)
{
	struct flock l = range((int64_t)gone->from, (int64_t)gone->length, F_UNLCK);
	int r = fcntl(f->fd, F_OFD_SETLK, &l);
	for (struct file_range *k = f->ranges; k && r >= 0; k = k->next)
		if (overlap(k, gone->from, gone->length))
			host_lock(f, k, false);
	return r;
}

NTSTATUS
file_unlock(struct file *f, int64_t offset, int64_t length)
{
	if (f->kind != &file_disk || f->folder)
		return STATUS_INVALID_DEVICE_REQUEST;
	if (!length)
		return STATUS_SUCCESS;
	struct flock whole = range(offset, length, F_UNLCK);
	struct file_range *gone = NULL;
	NTSTATUS s = STATUS_RANGE_NOT_LOCKED;
	pthread_mutex_lock(&f->lock);
	for (struct file_range **p = &f->ranges; *p; p = &(*p)->next) {
		if ((*p)->from != (uint64_t)whole.l_start || (*p)->length != (uint64_t)whole.l_len)
			continue;
		gone = *p;
		*p = gone->next;
		s = release(f, gone) < 0 ? status_errno(errno) : STATUS_SUCCESS;
		break;
	}
	pthread_mutex_unlock(&f->lock);
	free(gone);
	return s;
}

void
file_forget_locks(struct file *f)
{
	for (struct file_range *r = f->ranges, *next; r; r = next) {
		next = r->next;
		free(r);
	}
	f->ranges = NULL;
}
