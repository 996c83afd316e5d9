/* SPDX-License-Identifier: Apache-2.0 */
#include "core/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/file.h"

static char *
place(const char *path)
{
	const char *env = getenv("JOIST_ROOT"), *data = getenv("XDG_DATA_HOME"),
	           *home = getenv("HOME");

	if (path && *path)
		return xstrdup(path);
	if (env && *env)
		return xstrdup(env);
	if (geteuid() == 0)
		return xstrdup("/var/lib/joist");
	if (data && data[0] == '/')
		return xprintf("%s/joist", data);
	if (home && home[0] == '/')
		return xprintf("%s/.local/share/joist", home);
	return NULL;
}

static char *
absolute(char *path)
{
	char cwd[4096];

	if (path[0] == '/' || !getcwd(cwd, sizeof cwd))
		return path;
	char *full = xprintf("%s/%s", cwd, path);
	free(path);
	return full;
}

static int
folder(int dir, const char *name, struct err *e)
{
	int fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT) {
		if (file_mkdirs(dir, name, 0700, e) < 0)
			return -1;
		fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	}
	if (fd < 0)
		return fail(e, errno, "the store's folder '%s': %s", name, strerror(errno));
	return fd;
}

struct store *
store_open(const char *path, struct err *e)
{
	char *p = place(path);

	if (!p) {
		fail(e, ENOENT, "there is no place for the store: $HOME is not set");
		err_hint(e, "say where: joist --root DIR, or JOIST_ROOT=DIR");
		return NULL;
	}
	struct store *s = xcalloc(1, sizeof *s);
	s->path = absolute(p);
	s->rootless = geteuid() != 0;
	s->events = -1;
	s->dir = folder(AT_FDCWD, s->path, e);
	s->machines = s->dir < 0 ? -1 : folder(s->dir, "machines", e);
	if (s->machines < 0) {
		if (e && (e->code == EACCES || e->code == EPERM))
			err_hint(e, "use a store of your own: joist --root DIR, or JOIST_ROOT=DIR");
		store_close(s);
		return NULL;
	}
	return s;
}

void
store_close(struct store *s)
{
	if (!s)
		return;
	if (s->events >= 0)
		close(s->events);
	if (s->machines >= 0)
		close(s->machines);
	if (s->dir >= 0)
		close(s->dir);
	free(s->path);
	free(s);
}

int
store_folder(struct store *s, const char *name, struct err *e)
{
	return folder(s->dir, name, e);
}
