/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/api/nt/image/seek.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "layer/api/nt/env.h"
#include "layer/api/nt/file/path.h"
#include "layer/api/nt/text/nls.h"

struct folder {
	struct folder *next;
	WCHAR name[];
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
/* under lock */
static struct folder *added;
static WCHAR *set;
static DWORD standard;

/* A file of that path, as it is written or without case; to be freed. */
static char *
file(const WCHAR *path)
{
	char *found = NULL;
	WCHAR *device = NULL;
	struct stat st;
	if (path_host(path, true, &found, &device) != 0 || !found || access(found, R_OK) < 0 ||
	    stat(found, &st) < 0 || S_ISDIR(st.st_mode)) {
		free(found);
		found = NULL;
	}
	free(device);
	return found;
}

static char *
in_folder(const WCHAR *folder, size_t n, const WCHAR *name)
{
	size_t k = nls_length(name);
	WCHAR *path = malloc((n + k + 2) * sizeof *path);
	if (!path || !n) {
		free(path);
		return NULL;
	}
	memcpy(path, folder, n * 2);
	if (path[n - 1] != '\\' && path[n - 1] != '/')
		path[n++] = '\\';
	memcpy(path + n, name, (k + 1) * 2);
	char *found = file(path);
	free(path);
	return found;
}

/* Beside a file of the host. */
static char *
beside(const char *of, const char *name)
{
	const char *slash = of ? strrchr(of, '/') : NULL;
	if (!slash)
		return NULL;
	char *own = xprintf("%.*s/%s", (int)(slash - of), of, name);
	if (access(own, R_OK) == 0)
		return own;
	/* as Windows compares: without case */
	WCHAR *w = path_windows(own);
	char *found = w ? file(w) : NULL;
	free(w);
	free(own);
	return found;
}

static char *
on_path(const WCHAR *name)
{
	WCHAR *list = env_dup(u"PATH");
	char *found = NULL;
	for (const WCHAR *p = list; p && *p && !found;) {
		size_t n = 0;
		while (p[n] && p[n] != ';')
			n++;
		found = n > 1 && p[0] == '"' && p[n - 1] == '"' ? in_folder(p + 1, n - 2, name)
		                                                : in_folder(p, n, name);
		p += n + (p[n] == ';');
	}
	free(list);
	return found;
}

/* Those that the program named: SetDllDirectory's, then AddDllDirectory's. */
static char *
in_named(const WCHAR *name, bool all)
{
	char *found = NULL;
	pthread_mutex_lock(&lock);
	if (set && *set)
		found = in_folder(set, nls_length(set), name);
	for (struct folder *f = added; all && f && !found; f = f->next)
		found = in_folder(f->name, nls_length(f->name), name);
	pthread_mutex_unlock(&lock);
	return found;
}

char *
seek_dll(const char *name, const char *program, const char *by, DWORD flags)
{
	WCHAR *w = nls_wide(name);
	char *found = NULL;
	if (!w)
		return NULL;
	pthread_mutex_lock(&lock);
	bool no_current = set != NULL;
	if (!(flags &= SEEK_FLAGS))
		flags = standard;
	pthread_mutex_unlock(&lock);
	if (flags & SEEK_DEFAULT_DIRS)
		flags |= SEEK_APPLICATION_DIR | SEEK_USER_DIRS;
	if (!flags || flags & SEEK_APPLICATION_DIR)
		found = beside(program, name);
	if (!found)
		found = beside(by, name);
	if (!found && (!flags || flags & SEEK_USER_DIRS))
		found = in_named(w, flags);
	if (!found && !flags && !no_current)
		found = file(w);
	if (!found && !flags)
		found = on_path(w);
	free(w);
	return found;
}

NTSTATUS
seek_set_folder(const WCHAR *folder)
{
	WCHAR *copy = folder ? nls_dup(folder) : NULL;
	if (folder && !copy)
		return STATUS_NO_MEMORY;
	/* the list of them is one */
	for (const WCHAR *p = folder; p && *p; p++)
		if (*p == ';') {
			free(copy);
			return STATUS_INVALID_PARAMETER;
		}
	pthread_mutex_lock(&lock);
	WCHAR *old = set;
	set = copy;
	pthread_mutex_unlock(&lock);
	free(old);
	return STATUS_SUCCESS;
}

WCHAR *
seek_folder(void)
{
	pthread_mutex_lock(&lock);
	WCHAR *copy = set ? nls_dup(set) : NULL;
	pthread_mutex_unlock(&lock);
	return copy;
}

NTSTATUS
seek_add(const WCHAR *folder, void **cookie)
{
	char *host = NULL;
	WCHAR *device = NULL;
	struct stat st;
	enum path_kind kind = path_kind(folder);
	*cookie = NULL;
	if (kind != PATH_DRIVE_ABSOLUTE && kind != PATH_UNC && kind != PATH_DEVICE)
		return STATUS_INVALID_PARAMETER;
	bool there = path_host(folder, true, &host, &device) == 0 && host && stat(host, &st) == 0 &&
	             S_ISDIR(st.st_mode);
	free(host);
	free(device);
	if (!there)
		return STATUS_OBJECT_NAME_NOT_FOUND;
	size_t n = nls_length(folder) + 1;
	struct folder *f = malloc(sizeof *f + n * sizeof *folder);
	if (!f)
		return STATUS_NO_MEMORY;
	memcpy(f->name, folder, n * sizeof *folder);
	pthread_mutex_lock(&lock);
	f->next = added;
	added = f;
	pthread_mutex_unlock(&lock);
	*cookie = f;
	return STATUS_SUCCESS;
}

NTSTATUS
seek_remove(void *cookie)
{
	struct folder *f;
	pthread_mutex_lock(&lock);
	for (struct folder **at = &added; (f = *at); at = &f->next)
		if (f == cookie) {
			*at = f->next;
			break;
		}
	pthread_mutex_unlock(&lock);
	free(f);
	return f ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER;
}

void
seek_default(DWORD flags)
{
	pthread_mutex_lock(&lock);
	standard = flags;
	pthread_mutex_unlock(&lock);
}
