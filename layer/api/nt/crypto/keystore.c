/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/api/nt/crypto/keystore.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "layer/api/nt/crypto/digest.h"
#include "layer/api/nt/crypto/protect.h"
#include "layer/api/nt/process/birth.h"
#include "layer/api/nt/text/nls.h"

static const char prefix[] = "key-";
static const char *const kinds[KEYSTORE_KINDS] = { "cng", "cng-machine", "csp", "csp-machine" };

void
keystore_unique(enum keystore_kind k, const WCHAR *name, char out[KEYSTORE_UNIQUE + 1])
{
	BYTE hash[DIGEST_MOST];
	struct digest d;
	digest_start(&d, DIGEST_SHA256);
	digest_add(&d, kinds[k], strlen(kinds[k]) + 1);
	for (; *name; name++) {
		WCHAR c = nls_low(*name);
		digest_add(&d, &c, sizeof c);
	}
	digest_end(&d, hash);
	for (int i = 0; i < KEYSTORE_UNIQUE / 2; i++)
		snprintf(out + 2 * i, 3, "%02x", hash[i]);
}

/* NULL: no machine's folder, or no memory. */
static char *
file_of(enum keystore_kind k, const WCHAR *name, const char *suffix)
{
	char unique[KEYSTORE_UNIQUE + 1], *path;
	keystore_unique(k, name, unique);
	if (!birth.store || asprintf(&path, "%s/%s%s%s", birth.store, prefix, unique, suffix) < 0)
		return NULL;
	return path;
}

/* -1: no folder, or nobody may write there. */
static int
lock_all(void)
{
	char *path;
	if (!birth.store || asprintf(&path, "%s/keys", birth.store) < 0)
		return -1;
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	free(path);
	if (fd >= 0 && flock(fd, LOCK_EX) < 0) {
		close(fd);
		fd = -1;
	}
	return fd;
}

static NTSTATUS
write_file(const char *path, const BYTE *p, size_t n)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0)
		return STATUS_ACCESS_DENIED;
	size_t done = 0;
	while (done < n) {
		ssize_t m = write(fd, p + done, n - done);
		if (m < 0 && errno == EINTR)
			continue;
		if (m <= 0)
			break;
		done += (size_t)m;
	}
	bool ok = done == n && fsync(fd) == 0;
	close(fd);
	if (!ok)
		unlink(path);
	return ok ? STATUS_SUCCESS : STATUS_DISK_FULL;
}

NTSTATUS
keystore_put(enum keystore_kind k, const WCHAR *name, const void *p, size_t n, bool replace)
{
	struct protect data = { p, (DWORD)n, name, kinds[k], (DWORD)strlen(kinds[k]) };
	if (n > KEYSTORE_MOST || !*name || nls_length(name) > KEYSTORE_NAME_MOST)
		return STATUS_INVALID_PARAMETER;
	size_t room = protect_room(&data);
	char *path = file_of(k, name, ""), *fresh = file_of(k, name, ".new");
	BYTE *sealed = malloc(room);
	int lock = path && fresh && sealed ? lock_all() : -1;
	NTSTATUS s = lock < 0 ? STATUS_ACCESS_DENIED : protect_seal(&data, sealed);
	if (s >= 0 && !replace && access(path, F_OK) == 0)
		s = STATUS_OBJECT_NAME_COLLISION;
	if (s >= 0)
		s = write_file(fresh, sealed, room);
	if (s >= 0 && rename(fresh, path) < 0)
		s = STATUS_ACCESS_DENIED;
	if (lock >= 0)
		close(lock);
	free(sealed);
	free(fresh);
	free(path);
	return s;
}

/* The file's bytes, in one piece. */
static NTSTATUS
read_file(const char *path, BYTE **out, size_t *n)
{
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return errno == ENOENT ? STATUS_OBJECT_NAME_NOT_FOUND : STATUS_ACCESS_DENIED;
	NTSTATUS s = STATUS_DATA_ERROR;
	*out = NULL;
	if (fstat(fd, &st) == 0 && st.st_size > 0 && st.st_size < 2 * KEYSTORE_MOST &&
	    (*out = malloc((size_t)st.st_size))) {
		size_t done = 0;
		ssize_t m;
		while (done < (size_t)st.st_size &&
		       ((m = read(fd, *out + done, (size_t)st.st_size - done)) > 0 ||
		        (m < 0 && errno == EINTR)))
			done += m > 0 ? (size_t)m : 0;
		*n = done;
		s = done == (size_t)st.st_size ? STATUS_SUCCESS : STATUS_DATA_ERROR;
	}
	close(fd);
	if (s < 0)
		free(*out);
	return s;
}

static NTSTATUS
open_file(enum keystore_kind k, const char *path, BYTE **p, size_t *n, WCHAR **name)
{
	BYTE *sealed = NULL;
	size_t size = 0;
	DWORD have = 0;
	NTSTATUS s = read_file(path, &sealed, &size);
	if (s < 0)
		return s;
	struct protect data = { sealed, (DWORD)size, NULL, kinds[k], (DWORD)strlen(kinds[k]) };
	*p = malloc(size);
	s = *p ? protect_open(&data, *p, &have, name) : STATUS_NO_MEMORY;
	free(sealed);
	if (s < 0)
		free(*p);
	*n = have;
	return s;
}

NTSTATUS
keystore_get(enum keystore_kind k, const WCHAR *name, BYTE **p, size_t *n)
{
	char *path = file_of(k, name, "");
	if (!path)
		return STATUS_OBJECT_NAME_NOT_FOUND;
	NTSTATUS s = open_file(k, path, p, n, NULL);
	free(path);
	return s;
}

NTSTATUS
keystore_delete(enum keystore_kind k, const WCHAR *name)
{
	char *path = file_of(k, name, "");
	if (!path)
		return STATUS_OBJECT_NAME_NOT_FOUND;
	NTSTATUS s = STATUS_SUCCESS;
	if (unlink(path) < 0)
		s = errno == ENOENT ? STATUS_OBJECT_NAME_NOT_FOUND : STATUS_ACCESS_DENIED;
	free(path);
	return s;
}

NTSTATUS
keystore_list(enum keystore_kind k, WCHAR ***names, size_t *n)
{
	DIR *d = birth.store ? opendir(birth.store) : NULL;
	struct dirent *e;
	*names = NULL;
	*n = 0;
	while (d && (e = readdir(d))) {
		WCHAR *name = NULL, **more;
		size_t size = 0;
		char *path;
		BYTE *p;
		if (strncmp(e->d_name, prefix, sizeof prefix - 1) ||
		    strlen(e->d_name) != sizeof prefix - 1 + KEYSTORE_UNIQUE ||
		    asprintf(&path, "%s/%s", birth.store, e->d_name) < 0)
			continue;
		/* one of another kind does not open with this one's name */
		NTSTATUS s = open_file(k, path, &p, &size, &name);
		free(path);
		if (s < 0)
			continue;
		explicit_bzero(p, size);
		free(p);
		if (!(more = realloc(*names, (*n + 1) * sizeof *more))) {
			free(name);
			break;
		}
		*names = more;
		more[(*n)++] = name;
	}
	if (d)
		closedir(d);
	return STATUS_SUCCESS;
}
