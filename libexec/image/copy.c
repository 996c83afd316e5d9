/* SPDX-License-Identifier: Apache-2.0 */
#include "libexec/image/copy.h"

#include <archive.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/file.h"
#include "base/host_linux.h"
#include "base/json.h"
#include "base/str.h"
#include "img/collect.h"
#include "libexec/image/apply.h"
#include "libexec/image/computer.h"
#include "libexec/image/machine_root.h"
#include "libexec/image/pack.h"
#include "libexec/image/unpack.h"

/* One end of a copy. */
struct side {
	const char *machine;         /* own; NULL: the outside */
	const char *path;            /* lent */
	int root;                    /* own: of the machine; AT_FDCWD outside */
	uid_t uid;                   /* who its root is on the host */
	struct machine_root stopped; /* own, when the machine does not run */
	struct computer computer;    /* own; its files pass through a temporary folder, */
	char *temporary;             /* own: this one, which is `root` then; else NULL */
	bool stream;                 /* "-" */
};

/* -- the two ends ----------------------------------------------------------------- */

/* NAME:PATH, unless there is a '/' before the colon (./a:b is a file). */
static void
side_of(struct side *d, const char *text)
{
	const char *colon = strchr(text, ':'), *slash = strchr(text, '/');

	*d = (struct side){ .path = text, .root = AT_FDCWD, .stopped.fd = -1 };
	d->stream = strcmp(text, "-") == 0;
	if (colon && colon != text && (!slash || colon < slash)) {
		d->machine = xprintf("%.*s", (int)(colon - text), text);
		d->path = colon + 1;
	}
}

/* The host's number of a process's root, from its uid_map. */
static uid_t
root_of(int pid)
{
	char path[40], text[256];
	unsigned inside, outside;

	snprintf(path, sizeof path, "/proc/%d/uid_map", pid);
	if (file_peek(AT_FDCWD, path, text, sizeof text) < 0 ||
	    sscanf(text, "%u %u", &inside, &outside) != 2 || inside != 0)
		return 0;
	return outside;
}

static int
side_open(struct side *d, struct image_store *s, bool write, struct err *e)
{
	if (!d->machine)
		return 0;
	if (!*d->machine || d->machine[0] == '.' || strchr(d->machine, '/'))
		return fail(e, EINVAL, "'%s' is not the name of a machine", d->machine);
	int is = computer_open(&d->computer, s, d->machine, e);
	if (is < 0)
		return -1;
	if (is > 0) {
		d->temporary = unpack_temporary(s, &d->root, e);
		return d->temporary ? 0 : -1;
	}
	char *at = xprintf("machines/%s/state.json", d->machine);
	json_t *state = json_file(s->dir, at, NULL);
	int pid = (int)json_int(state, "pid", 0);
	json_decref(state);
	free(at);
	if (pid <= 0) {
		int rc = write ? machine_root_write(&d->stopped, s, d->machine, e)
		               : machine_root_open(&d->stopped, s, d->machine, e);
		d->root = d->stopped.fd;
		return rc;
	}
	char path[40];
	snprintf(path, sizeof path, "/proc/%d/root", pid);
	d->root = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	d->uid = geteuid() == 0 ? root_of(pid) : 0;
	if (d->root < 0)
		return fail(e, errno, "machine '%s': its root cannot be entered: %s", d->machine,
		            strerror(errno));
	return 0;
}

static void
side_close(struct side *d, struct image_store *s)
{
	if (d->stopped.fd >= 0)
		machine_root_close(&d->stopped, s);
	else if (d->root >= 0)
		close(d->root);
	if (d->temporary)
		collect_folder(s, d->temporary, NULL);
	free(d->temporary);
	computer_close(&d->computer);
	free((char *)d->machine);
}

/* What is made in a machine with users of its own must be its root's. */
static void
become(const struct side *d)
{
	if (geteuid() != 0)
		return;
	setfsgid(d->uid);
	setfsuid(d->uid);
}

static int
side_path(const struct side *d, const char *path, bool follow)
{
	uint64_t flags = O_PATH | O_CLOEXEC | (follow ? 0 : O_NOFOLLOW);

	if (d->machine)
		return host_openat2(d->root, *path ? path : "/", flags, 0,
		                    RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS);
	return openat(AT_FDCWD, path, (int)flags);
}

/* -- copying -------------------------------------------------------------------------- */

struct job {
	const struct side *from, *to;
	bool archive;
};

static int
fault(const char *name, struct err *e)
{
	fail(e, errno, "'%s': %s", name, strerror(errno));
	return errno == ENOSPC ? err_hint(e, "free some space there") : -1;
}

static void
attributes(const struct job *j, int from, int to)
{
	char names[65536], value[65536];

	if (!j->archive)
		return;
	ssize_t n = flistxattr(from, names, sizeof names);
	for (char *p = names; n > 0 && p < names + n; p += strlen(p) + 1) {
		if (str_starts(p, "trusted.overlay.") || str_starts(p, "user.overlay."))
			continue;
		ssize_t k = fgetxattr(from, p, value, sizeof value);
		if (k >= 0)
			fsetxattr(to, p, value, (size_t)k, 0);
	}
}

static int
bytes(int from, int to)
{
	static char buf[256 << 10];
	ssize_t n;

	while ((n = copy_file_range(from, NULL, to, NULL, 1 << 30, 0)) > 0)
		;
	if (n == 0)
		return 0;
	while ((n = read(from, buf, sizeof buf)) > 0)
		if (file_write_all(to, buf, (size_t)n) < 0)
			return -1;
	return n < 0 ? -1 : 0;
}

/* Open again what a path descriptor names: through /proc's link it is the very
 * file, whatever stands under its name by now. */
static int
reopen(int what)
{
	char self[40];

	snprintf(self, sizeof self, "/proc/self/fd/%d", what);
	return open(self, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
}

static int
regular(const struct job *j, int what, const struct stat *st, int to, const char *as, struct err *e)
{
	struct timespec times[2] = { st->st_atim, st->st_mtim };

	become(j->from);
	int in = reopen(what);
	if (in < 0)
		return fault(as, e);
	become(j->to);
	/* Made anew: what had the name may be a link, or shared. */
	int out = -1, rc = unlinkat(to, as, 0) < 0 && errno != ENOENT ? -1 : 0;
	if (rc == 0)
		out = openat(to, as, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (out < 0 || bytes(in, out) < 0 ||
	    (j->archive && fchown(out, st->st_uid, st->st_gid) < 0) ||
	    fchmod(out, st->st_mode & (j->archive ? 07777 : 0777)) < 0) {
		rc = fault(as, e);
	} else {
		attributes(j, in, out);
		futimens(out, times);
	}
	close(in);
	if (out >= 0 && close(out) < 0 && rc == 0)
		rc = fault(as, e);
	return rc;
}

static int
symbolic(const struct job *j, int what, int to, const char *as, struct err *e)
{
	char target[4096];

	become(j->from);
	ssize_t n = readlinkat(what, "", target, sizeof target - 1);
	if (n < 0)
		return fault(as, e);
	target[n] = '\0';
	become(j->to);
	unlinkat(to, as, 0);
	return symlinkat(target, to, as) < 0 ? fault(as, e) : 0;
}

static int item(const struct job *j, int what, int to, const char *as, struct err *e);

/* All that is in the folder `what` into folder `to`; both lent. */
static int
contents(const struct job *j, int what, int to, struct err *e)
{
	become(j->from);
	int fd = openat(what, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *ent;
	int rc = 0;

	if (!d) {
		fault(".", e);
		if (fd >= 0)
			close(fd);
		return -1;
	}
	while (rc == 0 && (ent = readdir(d))) {
		if (strcmp(ent->d_name, ".") == 0 || strcmp(ent->d_name, "..") == 0)
			continue;
		become(j->from);
		int one = openat(what, ent->d_name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
		if (one < 0 && errno == ENOENT)
			continue; /* it went meanwhile */
		rc = one < 0 ? fault(ent->d_name, e) : item(j, one, to, ent->d_name, e);
		if (one >= 0)
			close(one);
		if (rc == 0 && atomic_load(&options_stop))
			rc = fail(e, EINTR, "interrupted");
	}
	closedir(d);
	return rc;
}

static int
folder(const struct job *j, int what, const struct stat *st, int to, const char *as, struct err *e)
{
	int out = -1, rc = 0;

	become(j->to);
	if ((mkdirat(to, as, 0700) < 0 && errno != EEXIST) ||
	    (out = openat(to, as, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW)) < 0)
		return fault(as, e);
	rc = contents(j, what, out, e);
	become(j->to);
	if (rc == 0 && ((j->archive && fchown(out, st->st_uid, st->st_gid) < 0) ||
	                fchmod(out, st->st_mode & (j->archive ? 07777 : 0777)) < 0))
		rc = fault(as, e);
	close(out);
	return rc;
}

/* What a path descriptor (lent) names becomes `as` in folder `to`. */
static int
item(const struct job *j, int what, int to, const char *as, struct err *e)
{
	struct stat st;

	if (fstat(what, &st) < 0)
		return fault(as, e);
	if (S_ISREG(st.st_mode))
		return regular(j, what, &st, to, as, e);
	if (S_ISDIR(st.st_mode))
		return folder(j, what, &st, to, as, e);
	if (S_ISLNK(st.st_mode))
		return symbolic(j, what, to, as, e);
	if (S_ISSOCK(st.st_mode))
		return 0; /* it would be one that nobody listens to */
	become(j->to);
	unlinkat(to, as, 0);
	return mknodat(to, as, st.st_mode, st.st_rdev) < 0 ? fault(as, e) : 0;
}

/* -- where to --------------------------------------------------------------------------- */

static void
last_part(const char *path, char name[256])
{
	size_t n = strlen(path);

	while (n > 1 && path[n - 1] == '/')
		n--;
	size_t at = n;
	while (at > 0 && path[at - 1] != '/')
		at--;
	snprintf(name, 256, "%.*s", (int)(n - at), path + at);
}

/* A path without its last part. */
static char *
upper_part(const char *path)
{
	char name[256], *up = xstrdup(path);
	size_t n = strlen(up);

	last_part(path, name);
	while (n > 1 && up[n - 1] == '/')
		n--;
	up[n - strlen(name)] = '\0';
	return up;
}

static int
no_folder(const char *path, struct err *e)
{
	fail(e, ENOENT, "the folder '%s' is not there", path);
	return err_hint(e, "make it first");
}

static int
no_file(const char *path, struct err *e)
{
	fail(e, ENOTDIR, "'%s' is a file, and a folder cannot become one", path);
	return err_hint(e, "name a folder");
}

/* The folder that holds `path`, opened. */
static int
parent(const struct side *d, const char *path, struct err *e)
{
	char *copy = upper_part(path);
	const char *up = *copy ? copy : d->machine ? "/" : ".";
	int at = side_path(d, up, true);
	int fd = at < 0 ? -1 : openat(at, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0) {
		fail(e, errno, "the folder '%s': %s", up, strerror(errno));
		err_hint(e, "make it first");
	}
	if (at >= 0)
		close(at);
	free(copy);
	return fd;
}

/* The same as put(), below, where the guest says what is there: what it is to have is put
 * together first. */
static int
put_computer(const struct job *j, int what, const char *src, struct err *e)
{
	const struct side *to = j->to;
	bool inside = str_ends(src, "/.") || strcmp(src, ".") == 0;
	int kind = computer_look(&to->computer, to->path, e), rc;
	bool into = kind == COMPUTER_FOLDER;
	struct stat st;
	char as[256];

	if (kind < 0)
		return -1;
	if (fstat(what, &st) < 0)
		return fault(src, e);
	if (S_ISDIR(st.st_mode) && kind == COMPUTER_FILE)
		return no_file(to->path, e);
	if (!S_ISDIR(st.st_mode) && !into && str_ends(to->path, "/"))
		return no_folder(to->path, e);
	char *folder = into ? xstrdup(to->path) : upper_part(to->path);
	last_part(into ? src : to->path, as);
	if (kind == COMPUTER_NOWHERE)
		rc = no_folder(folder, e);
	else if (into && inside)
		rc = contents(j, what, to->root, e);
	else
		rc = item(j, what, to->root, as, e);
	if (rc == 0)
		rc = computer_give(&to->computer, to->root, folder, e);
	free(folder);
	return rc;
}

/* As `cp -r` does: a folder that exists takes the source under its own name,
 * any other name is the new one; "SRC/." means what is in SRC. */
static int
put(const struct job *j, int what, const char *src, struct err *e)
{
	const struct side *to = j->to;
	bool inside = str_ends(src, "/.") || strcmp(src, ".") == 0;
	struct stat st, dst;
	char as[256];
	int rc = -1, into = -1;

	if (to->temporary)
		return put_computer(j, what, src, e);
	if (fstat(what, &st) < 0)
		return fault(src, e);
	become(to);
	int fd = side_path(to, to->path, true);
	bool exists = fd >= 0 && fstat(fd, &dst) == 0, is_folder = exists && S_ISDIR(dst.st_mode);
	if (S_ISDIR(st.st_mode) && exists && !is_folder) {
		no_file(to->path, e);
	} else if (!S_ISDIR(st.st_mode) && !is_folder && str_ends(to->path, "/")) {
		no_folder(to->path, e);
	} else if (is_folder) {
		into = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		last_part(src, as);
		rc = into < 0 ? fault(to->path, e) : 0;
	} else {
		into = parent(to, to->path, e);
		last_part(to->path, as);
		rc = into < 0 ? -1 : 0;
	}
	if (rc == 0)
		rc = inside && is_folder ? contents(j, what, into, e) : item(j, what, into, as, e);
	if (into >= 0)
		close(into);
	if (fd >= 0)
		close(fd);
	return rc;
}

/* -- tar streams -------------------------------------------------------------------------- */

static int
to_output(void *ctx, const void *data, size_t n, struct err *e)
{
	(void)ctx;
	return file_write_all(1, data, n) < 0 ? fault("standard output", e) : 0;
}

static int
no_terminal(const char *src, struct err *e)
{
	if (!isatty(1))
		return 0;
	fail(e, EINVAL, "an archive is not for a terminal");
	return err_hint(e, "write it to a file: joist cp %s - > FILE", src);
}

/* NAME:PATH - : by way of a temporary folder, which is then packed. */
static int
stream_out(struct image_store *s, struct job *j, int what, const char *src, struct err *e)
{
	struct side temporary = { .root = AT_FDCWD };
	char as[256];
	int fd, rc;

	if (no_terminal(src, e) < 0)
		return -1;
	char *path = unpack_temporary(s, &fd, e);
	if (!path)
		return -1;
	last_part(src, as);
	j->to = &temporary;
	j->archive = true;
	rc = *as && strcmp(as, ".") != 0 && strcmp(as, "/") != 0 ? item(j, what, fd, as, e)
	                                                         : contents(j, what, fd, e);
	if (rc == 0)
		rc = pack_folder(fd, to_output, NULL, e);
	close(fd);
	collect_folder(s, path, NULL);
	free(path);
	return rc;
}

/* - NAME:PATH : unpacked into a temporary folder first, where hostile names
 * are refused. */
static int
stream_in(struct image_store *s, struct job *j, struct err *e)
{
	struct side temporary = { .root = AT_FDCWD };
	struct archive *a = archive_read_new();
	int fd, rc = -1;

	archive_read_support_filter_all(a);
	archive_read_support_format_tar(a);
	char *path = unpack_temporary(s, &fd, e);
	if (path && archive_read_open_fd(a, 0, 64 << 10) != ARCHIVE_OK) {
		fail(e, EINVAL, "standard input is no tar archive: %s", archive_error_string(a));
	} else if (path) {
		struct apply p = { .root = fd,
			           .policy = node_policy(),
			           .stop = &options_stop,
			           .limits = apply_limits(fd, 1 << 30) };
		rc = apply_archive(&p, a, e);
	}
	archive_read_free(a);
	j->from = &temporary;
	j->archive = true;
	if (rc == 0)
		rc = put(j, fd, ".", e);
	if (path) {
		close(fd);
		collect_folder(s, path, NULL);
	}
	free(path);
	return rc;
}

/* What a computer has sent: all of it, or its one entry, whatever that is called. */
static int
only_entry(int folder, const char *path)
{
	bool all = str_ends(path, "/.") || !*path || strspn(path, "/") == strlen(path);
	DIR *d = all ? NULL : fdopendir(openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	const struct dirent *ent = NULL;

	while (d && (ent = readdir(d)) &&
	       (strcmp(ent->d_name, ".") == 0 || strcmp(ent->d_name, "..") == 0))
		;
	int fd = openat(folder, ent ? ent->d_name : ".", O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (d)
		closedir(d);
	return fd;
}

int
copy_command(struct image_store *s, const struct options *o, struct err *e)
{
	struct side from, to;
	struct job j = { .from = &from, .to = &to, .archive = o->archive };
	const char *src = o->args[0];
	int rc = -1, what = -1;

	side_of(&from, src);
	side_of(&to, o->args[1]);
	if (!from.machine && !to.machine) {
		fail(e, EINVAL, "neither '%s' nor '%s' is in a machine", src, o->args[1]);
		err_hint(e, "write one as NAME:PATH");
	} else if (side_open(&from, s, false, e) == 0 && side_open(&to, s, true, e) == 0) {
		bool follow = o->follow || str_ends(from.path, "/.");
		if (from.stream) {
			rc = stream_in(s, &j, e);
		} else if (from.temporary && to.stream) {
			rc = no_terminal(src, e) < 0
			             ? -1
			             : computer_send(&from.computer, from.path, follow, 1, e);
		} else if (from.temporary &&
		           computer_take(&from.computer, from.path, follow, from.root, e) < 0) {
			rc = -1;
		} else if ((what = from.temporary ? only_entry(from.root, from.path)
		                                  : side_path(&from, from.path, follow)) < 0) {
			fail(e, errno, "'%s': %s", src, strerror(errno));
			err_hint(e, "look what is there");
		} else {
			rc = to.stream ? stream_out(s, &j, what, from.path, e)
			               : put(&j, what, from.path, e);
		}
	}
	become(&(struct side){ .uid = 0 });
	if (what >= 0)
		close(what);
	side_close(&from, s);
	side_close(&to, s);
	return rc;
}
