/* SPDX-License-Identifier: Apache-2.0 */
/* Finding a name without case, in a folder of a host that has case.
 *
 * Asked only after the exact name was not found, so it is mostly asked for what is not there:
 * folders that were read are kept with their names folded, until their time of change is
 * another.  What we put in ourselves (path_added) does not make a folder forgotten.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/str.h"
#include "layer/api/nt/file/path.h"
#include "layer/api/nt/process/birth.h"
#include "layer/api/nt/text/utf.h"

enum { FOLDERS = 64, LONGEST = 320 };

struct folder {
	dev_t dev;
	ino_t ino;
	struct timespec changed;
	struct str names; /* each with its zero */
	uint32_t *slots;  /* own: offset + 1 of a name, by hash */
	size_t nslot, count;
	uint64_t used;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct folder folders[FOLDERS];
static uint64_t ticks;

/* Two names are the same when these are: one 64-bit number a name would not do. */
static size_t
fold(const char *name, size_t n, WCHAR *to)
{
	n = utf_to_16(to, name, n);
	for (size_t i = 0; i < n; i++)
		to[i] = utf_upper(to[i]);
	return n;
}

static uint32_t
hash(const WCHAR *w, size_t n)
{
	uint32_t h = 2166136261u;
	for (size_t i = 0; i < n; i++)
		h = (h ^ w[i]) * 16777619u;
	return h ^ h >> 15;
}

static bool
same_time(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

static void
forget(struct folder *f)
{
	str_free(&f->names);
	free(f->slots);
	*f = (struct folder){ 0 };
}

static bool
place(struct folder *f, size_t offset)
{
	const char *name = f->names.p + offset;
	size_t len = strlen(name);
	if (len >= LONGEST)
		return true;
	WCHAR w[LONGEST];
	size_t n = fold(name, len, w);
	size_t i = hash(w, n) & (f->nslot - 1);
	while (f->slots[i])
		i = (i + 1) & (f->nslot - 1);
	f->slots[i] = (uint32_t)offset + 1;
	return true;
}

static bool
grow(struct folder *f)
{
	size_t n = f->nslot ? f->nslot * 2 : 64;
	while (n < f->count * 2)
		n *= 2;
	free(f->slots);
	f->slots = calloc(n, sizeof *f->slots);
	f->nslot = n;
	if (!f->slots)
		return false;
	for (size_t at = 0; at < f->names.n; at += strlen(f->names.p + at) + 1)
		place(f, at);
	return true;
}

static bool
add(struct folder *f, const char *name)
{
	size_t at = f->names.n;
	str_addn(&f->names, name, strlen(name) + 1);
	f->count++;
	if (f->count * 2 > f->nslot)
		return grow(f);
	return place(f, at);
}

/* The layout of getdents64's records. */
struct record {
	uint64_t ino;
	int64_t off;
	unsigned short length;
	unsigned char type;
	char name[];
};

static bool
read_all(struct folder *f, int fd)
{
	_Alignas(8) char buf[32768];
	long n;
	while ((n = syscall(SYS_getdents64, fd, buf, sizeof buf)) > 0)
		for (long i = 0; i < n;) {
			const struct record *r = (const void *)(buf + i);
			str_addn(&f->names, r->name, strlen(r->name) + 1);
			f->count++;
			i += r->length;
		}
	return n == 0 && grow(f);
}

/* A folder that may be passed but not read: what of it leads to what the sandbox shows. */
static bool
guess_all(struct folder *f, const char *host)
{
	size_t n = strcmp(host, "/") == 0 ? 0 : strlen(host);
	for (size_t i = 0; i < birth.nshow + birth.ndrive; i++) {
		const char *path =
		        i < birth.nshow ? birth.show[i].path : birth.drives[i - birth.nshow].root;
		if (!path || strncmp(path, host, n) != 0 || path[n] != '/' || !path[n + 1])
			continue;
		size_t len = strcspn(path + n + 1, "/");
		str_addn(&f->names, path + n + 1, len);
		str_addn(&f->names, "", 1);
		f->count++;
	}
	return grow(f);
}

/* What is known of the folder, read anew when it has changed; under the lock. */
static struct folder *
folder_of(const char *host)
{
	struct stat st;
	if (stat(host, &st) < 0)
		return NULL;
	if (!S_ISDIR(st.st_mode)) {
		errno = ENOTDIR;
		return NULL;
	}
	struct folder *f = NULL;
	for (size_t i = 0; i < FOLDERS; i++) {
		struct folder *g = &folders[i];
		if (g->nslot && g->dev == st.st_dev && g->ino == st.st_ino) {
			g->used = ++ticks;
			if (same_time(&g->changed, &st.st_mtim))
				return g;
			f = g;
			break;
		}
		if (!f || g->used < f->used)
			f = g;
	}
	forget(f);
	int fd = open(host, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 && errno != EACCES)
		return NULL;
	f->dev = st.st_dev;
	f->ino = st.st_ino;
	f->changed = st.st_mtim;
	f->used = ++ticks;
	bool ok = fd < 0 ? guess_all(f, host) : read_all(f, fd);
	if (fd >= 0)
		close(fd);
	if (!ok) {
		forget(f);
		return NULL;
	}
	return f;
}

/* The spelling of a name; NULL: it is not there. */
static const char *
spelling(const struct folder *f, const char *name, size_t len)
{
	WCHAR w[LONGEST], v[LONGEST];
	if (len >= LONGEST)
		return NULL;
	size_t n = fold(name, len, w);
	for (size_t i = hash(w, n) & (f->nslot - 1); f->slots[i]; i = (i + 1) & (f->nslot - 1)) {
		const char *candidate = f->names.p + f->slots[i] - 1;
		if (fold(candidate, strlen(candidate), v) == n && !memcmp(v, w, n * sizeof *w))
			return candidate;
	}
	return NULL;
}

void
path_added(const char *host)
{
	const char *slash = strrchr(host, '/');
	if (!slash)
		return;
	size_t n = slash == host ? 1 : (size_t)(slash - host);
	char *dir = strndup(host, n);
	struct stat st;
	if (!dir)
		return;
	pthread_mutex_lock(&lock);
	if (stat(dir, &st) == 0)
		for (size_t i = 0; i < FOLDERS; i++) {
			struct folder *f = &folders[i];
			if (f->nslot && f->dev == st.st_dev && f->ino == st.st_ino) {
				const char *old = spelling(f, slash + 1, strlen(slash + 1));
				size_t at = old ? (size_t)(old - f->names.p) : 0;
				f->changed = st.st_mtim;
				/* it may be there in letters that are no more */
				if (old && strlen(old) == strlen(slash + 1))
					memcpy(f->names.p + at, slash + 1, strlen(slash + 1));
				else if (old || !add(f, slash + 1))
					forget(f);
				break;
			}
		}
	pthread_mutex_unlock(&lock);
	free(dir);
}

/* Each part, from the drive's root on: as it is when that exists, else as it is spelled. */
NTSTATUS
path_search(struct path *p, bool all)
{
	path_leave(p);
	char *host = p->host, *at = host + p->root;
	NTSTATUS s = STATUS_SUCCESS;
	while (s >= 0 && *at == '/') {
		char *end = at + 1;
		while (*end && *end != '/')
			end++;
		bool last = !*end;
		char kept = *end;
		size_t len = (size_t)(end - at - 1);
		struct stat st;
		*end = 0;
		if (len == 0 || lstat(host, &st) == 0) {
			*end = kept;
			at = end;
			continue;
		}
		if (errno != ENOENT) {
			s = errno == ENOTDIR ? STATUS_OBJECT_PATH_NOT_FOUND : status_errno(errno);
			*end = kept;
			break;
		}
		*at = 0;
		pthread_mutex_lock(&lock);
		struct folder *f = folder_of(at == host ? "/" : host);
		const char *name = f ? spelling(f, at + 1, len) : NULL;
		*at = '/';
		*end = kept;
		if (name && strlen(name) != len) {
			/* a letter may have more bytes in the other case */
			size_t n = strlen(name), rest = strlen(end) + 1,
			       before = (size_t)(at + 1 - host);
			char *longer = malloc(before + n + rest);
			if (!longer) {
				s = STATUS_NO_MEMORY;
			} else {
				memcpy(longer, host, before);
				memcpy(longer + before, name, n);
				memcpy(longer + before + n, end, rest);
				free(host);
				p->host = host = longer;
				at = longer + before + n;
			}
		} else if (name) {
			/* it may be gone since */
			char asked[LONGEST];
			memcpy(asked, at + 1, len);
			memcpy(at + 1, name, len);
			*end = 0;
			bool there = lstat(host, &st) == 0;
			*end = kept;
			if (!there) {
				memcpy(at + 1, asked, len);
				s = !last ? STATUS_OBJECT_PATH_NOT_FOUND
				    : all ? STATUS_OBJECT_NAME_NOT_FOUND
				          : STATUS_SUCCESS;
			}
			at = end;
		} else {
			s = !last ? STATUS_OBJECT_PATH_NOT_FOUND
			    : all ? STATUS_OBJECT_NAME_NOT_FOUND
			          : STATUS_SUCCESS;
			at = end;
		}
		pthread_mutex_unlock(&lock);
	}
	return s;
}
