/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/api/nt/image/image_cache.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/vec.h"

static const char *folder; /* lent */

void
image_cache(const char *path)
{
	folder = path;
}

static size_t
whole(const struct pe *pe)
{
	return ((size_t)pe->size + 4095) & ~(size_t)4095;
}

/* Another file of that path, and the same one changed, have another name. */
static char *
name_of(int fd)
{
	struct stat st;
	if (!folder || fstat(fd, &st) < 0)
		return NULL;
	return xprintf("%s/%llx-%llx-%llx-%llx.%09lx", folder, (unsigned long long)st.st_dev,
	               (unsigned long long)st.st_ino, (unsigned long long)st.st_size,
	               (unsigned long long)st.st_ctim.tv_sec, st.st_ctim.tv_nsec);
}

/* Within a file system by its own means, else through the page cache. */
static int
copy(int from, int to, uint64_t at, uint64_t n, uint64_t dest)
{
	off_t in = (off_t)at, out = (off_t)dest;
	bool far = false;
	while (n) {
		ssize_t k = far ? sendfile(to, from, &in, n)
		                : copy_file_range(from, &in, to, &out, n, 0);
		if (k < 0 && !far) {
			far = true;
			if (lseek(to, out, SEEK_SET) < 0)
				return -1;
			continue;
		}
		if (k <= 0)
			return -1;
		n -= (uint64_t)k;
	}
	return 0;
}

static int
make(int fd, const char *name, const struct pe *pe)
{
	char *half = xprintf("%s.%d", name, (int)getpid());
	char *parent = xprintf("%.*s", (int)(strrchr(folder, '/') - folder), folder);
	mkdir(parent, 0700);
	mkdir(folder, 0700);
	free(parent);
	int to = open(half, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	int rc = to < 0 || ftruncate(to, (off_t)whole(pe)) < 0 ||
	                         copy(fd, to, 0, pe->header_size, 0) < 0
	                 ? -1
	                 : 0;
	for (uint32_t i = 0; rc == 0 && i < pe->nsection; i++)
		rc = copy(fd, to, pe->section[i].offset, pe->section[i].file_size,
		          pe->section[i].rva);
	if (rc == 0)
		rc = rename(half, name);
	if (rc == 0)
		image_cache_trim(folder, IMAGE_CACHE_MOST);
	if (rc < 0 && to >= 0) {
		unlink(half);
		close(to);
		to = -1;
	}
	free(half);
	return to;
}

int
image_cache_open(int fd, const struct pe *pe)
{
	struct stat st;
	char *name = name_of(fd);
	if (!name)
		return -1;
	int file = open(name, O_RDONLY | O_CLOEXEC);
	if (file < 0)
		file = make(fd, name, pe);
	free(name);
	if (file >= 0 && (fstat(file, &st) < 0 || (size_t)st.st_size != whole(pe))) {
		close(file);
		return -1;
	}
	return file;
}

/* -- room ----------------------------------------------------------------------------------- */

struct kept {
	char *name;
	uint64_t size;
	struct timespec used;
};

static int
by_age(const void *a, const void *b)
{
	const struct timespec *x = &((const struct kept *)a)->used,
	                      *y = &((const struct kept *)b)->used;
	if (x->tv_sec != y->tv_sec)
		return x->tv_sec < y->tv_sec ? -1 : 1;
	return x->tv_nsec < y->tv_nsec ? -1 : x->tv_nsec > y->tv_nsec;
}

void
image_cache_trim(const char *path, uint64_t most)
{
	struct kept *list = NULL;
	size_t n = 0, room = 0;
	uint64_t sum = 0;
	DIR *d = opendir(path);
	struct stat st;
	for (struct dirent *x; d && (x = readdir(d));) {
		if (fstatat(dirfd(d), x->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
		    !S_ISREG(st.st_mode))
			continue;
		if (n == room)
			list = xrealloc(list, (room = room ? 2 * room : 64) * sizeof *list);
		/* a file system may not keep the time of use; then it is that of making */
		struct timespec used =
		        st.st_atim.tv_sec > st.st_mtim.tv_sec ? st.st_atim : st.st_mtim;
		list[n++] = (struct kept){ xstrdup(x->d_name), (uint64_t)st.st_blocks * 512, used };
		sum += list[n - 1].size;
	}
	if (n > 0)
		qsort(list, n, sizeof *list, by_age);
	for (size_t i = 0; i < n; i++) {
		/* who has it mapped keeps it */
		if (sum > most && unlinkat(dirfd(d), list[i].name, 0) == 0)
			sum -= list[i].size;
		free(list[i].name);
	}
	free(list);
	if (d)
		closedir(d);
}
