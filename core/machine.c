/* SPDX-License-Identifier: Apache-2.0 */
#include "core/machine.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/file.h"
#include "base/json.h"
#include "base/proc.h"
#include "base/str.h"
#include "base/vec.h"
#include "core/event.h"
#include "core/spec.h"

/* The file whose lock says that a monitor lives.  It is written once and never
 * replaced, so its inode is the machine's own. */
#define LOCK_FILE "config.json"

bool
machine_name_ok(const char *name)
{
	size_t n = strlen(name);

	if (n == 0 || n > MACHINE_NAME_MAX || !isalnum((unsigned char)name[0]))
		return false;
	for (size_t i = 1; i < n; i++)
		if (!isalnum((unsigned char)name[i]) && !strchr("_.-", name[i]))
			return false;
	return true;
}

/* A name nobody has: "oak-beam-3f9c". */
static char *
made_up(void)
{
	static const char *const wood[] = { "oak",   "elm",   "ash",   "fir",   "pine",  "teak",
		                            "yew",   "lime",  "birch", "cedar", "maple", "larch",
		                            "alder", "hazel", "beech", "plum" };
	static const char *const part[] = { "beam",   "truss",  "post",   "stud",
		                            "plank",  "rafter", "sill",   "brace",
		                            "purlin", "lintel", "girder", "batten",
		                            "strut",  "dowel",  "tenon",  "gable" };
	unsigned r = 0;

	if (getrandom(&r, sizeof r, 0) != sizeof r)
		r = (unsigned)proc_now();
	return xprintf("%s-%s-%04x", wood[r & 15], part[(r >> 4) & 15], (r >> 8) & 0xffff);
}

static struct machine *
handle(struct store *s, const char *name)
{
	struct machine *m = xcalloc(1, sizeof *m);

	m->store = s;
	m->name = xstrdup(name);
	m->path = xprintf("%s/machines/%s", s->path, name);
	m->dir = m->lock = -1;
	m->durable = true;
	m->state.exit = -1;
	return m;
}

void
machine_close(struct machine *m)
{
	if (!m)
		return;
	if (m->dir >= 0)
		close(m->dir);
	if (m->lock >= 0)
		close(m->lock);
	json_decref(m->config);
	state_free(&m->state);
	free(m->name);
	free(m->path);
	free(m->restore);
	free(m);
}

/* Nobody sees the folder yet, so the file need not appear in one step. */
static int
first_config(struct machine *m, struct err *e)
{
	char *text = json_dumps(m->config, JSON_COMPACT);
	int fd = openat(m->dir, "config.json", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	int rc = fd < 0 || file_write_all(fd, text, strlen(text)) < 0 ||
	         (m->durable && fsync(fd) < 0);

	if (rc)
		fail(e, errno, "cannot write machine '%s': %s", m->name, strerror(errno));
	if (fd >= 0)
		close(fd);
	free(text);
	return rc ? -1 : 0;
}

/* Write the folder under a name that no machine can have, then give it its
 * own in one step. */
static int
furnish(struct machine *m, const char *draft, struct err *e)
{
	int dir = m->store->machines;

	if (mkdirat(dir, draft, 0700) < 0)
		return fail(e, errno, "cannot make machine '%s': %s", m->name, strerror(errno));
	m->dir = file_opendir(dir, draft, e);
	if (m->dir < 0 || first_config(m, e) < 0 || (m->durable && machine_write(m, e) < 0))
		return -1;
	if (renameat2(dir, draft, dir, m->name, 1 /* RENAME_NOREPLACE */) == 0)
		return 0;
	if (errno != EEXIST && errno != ENOTEMPTY)
		return fail(e, errno, "cannot make machine '%s': %s", m->name, strerror(errno));
	fail(e, EEXIST, "there is a machine '%s' already", m->name);
	return err_hint(e, "remove it with: joist rm %s, or choose another --name", m->name);
}

struct machine *
machine_new(struct store *s, const char *name, const json_t *config, struct err *e)
{
	if (name && !machine_name_ok(name)) {
		fail(e, EINVAL, "'%s' is no name for a machine", name);
		err_hint(e, "use at most 63 letters, digits, '_', '.' and '-', a letter or digit "
		            "first");
		return NULL;
	}
	for (int tries = 0;; tries++) {
		char *own = name ? xstrdup(name) : made_up();
		char *draft = xprintf(".%s.%d.%ld", own, (int)getpid(), (long)clock());
		struct machine *m = handle(s, own);
		free(own);
		m->config = json_incref((json_t *)config);
		m->durable = strcmp(spec_note_of(config, "rm", ""), "true") != 0;
		m->state.status = LIFE_CREATED;
		m->state.created = proc_now();
		int rc = furnish(m, draft, e);
		if (rc < 0)
			file_remove(s->machines, draft, NULL);
		free(draft);
		if (rc == 0) {
			event_add(s, "create", m->name, NULL);
			return m;
		}
		machine_close(m);
		if (name || !e || e->code != EEXIST || tries == 20)
			return NULL;
	}
}

static int
no_such(const char *name, struct err *e)
{
	fail(e, ENOENT, "there is no machine '%s'", name);
	return err_hint(e, "see those that are: joist ps -a");
}

struct machine *
machine_open(struct store *s, const char *name, struct err *e)
{
	if (!machine_name_ok(name))
		return no_such(name, e), NULL;
	struct machine *m = handle(s, name);
	m->dir = openat(s->machines, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (m->dir < 0) {
		if (errno == ENOENT)
			no_such(name, e);
		else
			fail(e, errno, "machine '%s': %s", name, strerror(errno));
		goto bad;
	}
	m->config = json_file(m->dir, "config.json", e);
	if (!m->config || machine_read(m, e) < 0) {
		if (e && e->code == ENOENT) /* it went away under our hands */
			no_such(name, e);
		else {
			err_prefix(e, "machine '%s'", name);
			err_hint(e, "remove it with: joist rm -f %s", name);
		}
		goto bad;
	}
	m->durable = strcmp(spec_note_of(m->config, "rm", ""), "true") != 0;
	return m;
bad:
	machine_close(m);
	return NULL;
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* A maker that was killed leaves its draft (machine_new).  It is gone for good
 * when no process of that number lives; one in another pid namespace may, so it
 * gets two seconds, a thousand times what it needs. */
static void
drop_draft(struct store *s, const char *draft)
{
	const char *tail = strrchr(draft, '.'), *p = tail;
	struct stat st;

	while (p && p > draft && p[-1] != '.')
		p--;
	long pid = p && p > draft + 1 ? strtol(p, NULL, 10) : 0;
	if (pid <= 0 || (kill((pid_t)pid, 0) == 0 || errno != ESRCH))
		return;
	if (fstatat(s->machines, draft, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    time(NULL) - st.st_mtime > 2)
		file_remove(s->machines, draft, NULL);
}

char **
machine_names(struct store *s, struct err *e)
{
	int fd = openat(s->machines, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct vec v = { 0 };
	struct dirent *ent;

	if (!d) {
		fail(e, errno, "cannot list '%s/machines': %s", s->path, strerror(errno));
		if (fd >= 0)
			close(fd);
		return NULL;
	}
	while ((ent = readdir(d))) {
		if (machine_name_ok(ent->d_name))
			vec_push(&v, xstrdup(ent->d_name));
		else if (strcmp(ent->d_name, ".") != 0 && strcmp(ent->d_name, "..") != 0)
			drop_draft(s, ent->d_name);
	}
	closedir(d);
	vec_argv(&v);
	if (v.n > 0)
		qsort(v.p, v.n, sizeof *v.p, by_name);
	return (char **)v.p;
}

void
machine_names_free(char **names)
{
	for (size_t i = 0; names && names[i]; i++)
		free(names[i]);
	free(names);
}

bool
machine_has_monitor(struct machine *m)
{
	struct flock l = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

	if (m->lock >= 0)
		return true;
	int fd = openat(m->dir, LOCK_FILE, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return false;
	int rc = fcntl(fd, F_OFD_GETLK, &l);
	close(fd);
	return rc == 0 && l.l_type != F_UNLCK;
}

int
machine_lock(struct machine *m, struct err *e)
{
	struct flock l = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	int fd = openat(m->dir, LOCK_FILE, O_RDWR | O_CLOEXEC);

	if (fd < 0)
		return fail(e, errno, "machine '%s': lock: %s", m->name, strerror(errno));
	/* A monitor that has told of its end still needs a moment to go. */
	for (int ms = 1; fcntl(fd, F_OFD_SETLK, &l) < 0; ms *= 2) {
		if ((errno != EAGAIN && errno != EACCES) || ms > 1024) {
			int why = errno;
			close(fd);
			return fail(e, why, "machine '%s' is %s", m->name,
			            why == EAGAIN || why == EACCES ? "running or being changed"
			                                           : strerror(why));
		}
		nanosleep(&(struct timespec){ .tv_nsec = ms * 1000000L % 1000000000L }, NULL);
	}
	m->lock = fd;
	return 0;
}

void
machine_unlock(struct machine *m)
{
	if (m->lock >= 0)
		close(m->lock);
	m->lock = -1;
}

int
machine_read(struct machine *m, struct err *e)
{
	struct err why = { 0 };
	json_t *doc = json_file(m->dir, "state.json", &why);

	/* A machine with --rm has none until it runs, and for a moment longer (monitor.c). */
	if (!doc && why.code == ENOENT && faccessat(m->dir, "config.json", F_OK, 0) == 0) {
		state_free(&m->state);
		m->state.status = machine_has_monitor(m) ? LIFE_RUNNING : LIFE_CREATED;
		return 0;
	}
	if (!doc)
		return fail(e, why.code, "%s", why.what);
	state_free(&m->state);
	int rc = state_load(&m->state, doc, e);
	json_decref(doc);
	return rc;
}

int
machine_write(struct machine *m, struct err *e)
{
	json_t *doc = state_save(&m->state);

	json_object_set_new(doc, "ociVersion", json_string("1.2.0"));
	json_object_set_new(doc, "id", json_string(m->name));
	json_object_set_new(doc, "bundle", json_string(m->path));
	int rc = json_save(m->dir, "state.json", doc, m->durable, e);
	/* What happens on a full disk is to be seen too, that the disk is full above all. */
	char *text = rc < 0 ? json_dumps(doc, JSON_COMPACT) : NULL;
	if (text && file_over(m->dir, "state.json", text, NULL) == 0) {
		rc = 0;
		if (e)
			*e = (struct err){ 0 };
	}
	free(text);
	json_decref(doc);
	return rc;
}

const struct layer *
machine_layer(const struct machine *m, struct err *e)
{
	const char *stack = spec_note_of(m->config, "stack", "os");
	/* what stands in the outermost floor is a program of that */
	char *outer = xprintf("%.*s", (int)strcspn(stack, "/"), stack);
	const struct layer *l = layer_find(outer);
	free(outer);

	if (!l) {
		fail(e, ENOSYS, "machine '%s' stands on '%s', a floor that this build lacks",
		     m->name, stack);
		err_hint(e, "see the floors of this build: joist version");
	}
	return l;
}

void
machine_home(const struct machine *m, struct home *h)
{
	*h = (struct home){ .name = m->name,
		            .root = m->store->dir,
		            .root_path = m->store->path,
		            .dir = m->dir,
		            .dir_path = m->path,
		            .fd = { -1, -1, -1 },
		            .rootless = m->store->rootless };
}

/* Does its state claim a monitor? */
static bool
lives(const struct machine *m)
{
	return m->state.status == LIFE_RUNNING || m->state.status == LIFE_PAUSED ||
	       m->state.status == LIFE_RESTARTING;
}

int
machine_settle(struct machine *m, struct err *e)
{
	if (!lives(m))
		return 0;
	if (machine_has_monitor(m))
		return 0;
	if (machine_lock(m, e) < 0)
		return -1;
	/* Somebody may have settled or started it before we had the lock. */
	if (machine_read(m, e) < 0) {
		machine_unlock(m);
		return -1;
	}
	if (lives(m)) {
		bool rebooted = !m->state.boot || strcmp(m->state.boot, proc_boot_id()) != 0;
		const struct layer *l = machine_layer(m, NULL);
		struct home h;

		machine_home(m, &h);
		if (l && l->recover)
			l->recover(m->name, m->config, &h);
		m->state.status = LIFE_STOPPED;
		m->state.pid = m->state.monitor = 0;
		m->state.finished = proc_now();
		m->state.exit = 137;
		state_set(&m->state.error,
		          rebooted ? "the host was restarted" : "its monitor was killed");
		event_add(m->store, "die", m->name, m->state.error);
		machine_write(m, NULL);
	}
	machine_unlock(m);
	return 0;
}

int
machine_wreck(struct store *s, const char *name, struct err *e)
{
	struct machine *m = handle(s, name);
	struct home h;
	int rc = -1;

	m->dir = openat(s->machines, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (m->dir < 0) {
		rc = file_remove(s->machines, name, e); /* not even a folder */
	} else if (machine_lock(m, e) == 0) {
		/* Nothing tells which floor it stood on: ask each to clean up. */
		machine_home(m, &h);
		for (size_t i = 0; layer_at(i); i++)
			if (layer_at(i)->recover)
				layer_at(i)->recover(name, NULL, &h);
		rc = machine_delete(m, e);
	}
	machine_close(m);
	return rc;
}

int
machine_delete(struct machine *m, struct err *e)
{
	/* Out of sight in one step; a crash in the middle leaves a folder that
	 * no machine can have, which the next removal clears. */
	char *grave = xprintf(".gone.%s.%d", m->name, (int)getpid());
	int rc = renameat(m->store->machines, m->name, m->store->machines, grave);

	if (rc < 0)
		fail(e, errno, "cannot remove machine '%s': %s", m->name, strerror(errno));
	else
		rc = file_remove(m->store->machines, grave, e);
	free(grave);
	if (rc == 0)
		event_add(m->store, "remove", m->name, NULL);
	return rc;
}
