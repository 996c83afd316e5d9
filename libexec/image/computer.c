/* SPDX-License-Identifier: Apache-2.0 */
#include "libexec/image/computer.h"

#include <archive.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/file.h"
#include "base/json.h"
#include "base/proc.h"
#include "base/vec.h"
#include "libexec/image/apply.h"
#include "libexec/image/options.h"
#include "libexec/image/pack.h"

/* What the guest's shell is asked; $1 and $2 are paths. */
static const char look[] =
        "if [ -d \"$1\" ]; then exit 10; elif [ -e \"$1\" ] || [ -L \"$1\" ]; then exit 11; "
        "elif [ -d \"$2\" ]; then exit 12; else exit 13; fi";
static const char send[] = "cd \"$1\" && exec tar -cf - -- \"$2\"";
static const char send_followed[] =
        "p=$(readlink -f -- \"$1/$2\") && cd \"${p%/*}/\" && exec tar -cf - -- \"${p##*/}\"";
static const char take[] = "cd \"$1\" && exec tar -xf -";

/* -- which machine ---------------------------------------------------------------------------- */

bool
computer_is(struct image_store *s, const char *name)
{
	char *at = xprintf("machines/%s/config.json", name);
	json_t *config = json_file(s->dir, at, NULL);
	bool is = strcmp(json_str(json_object_get(config, "annotations"), "dev.joist.stack", ""),
	                 "rv") == 0;
	free(at);
	json_decref(config);
	return is;
}

int
computer_open(struct computer *c, struct image_store *s, const char *name, struct err *e)
{
	*c = (struct computer){ .name = name };
	if (!computer_is(s, name))
		return 0;
	char *at = xprintf("machines/%s/state.json", name);
	json_t *state = json_file(s->dir, at, NULL);
	const char *status = json_str(state, "status", "");
	int rc = 1;
	if (strcmp(status, "paused") == 0) {
		rc = fail(e, EAGAIN, "machine '%s' is paused, and its guest hands out the files",
		          name);
		err_hint(e, "let it go on: joist resume %s", name);
	} else if (strcmp(status, "running") != 0) {
		rc = fail(e, ESRCH, "computer '%s' does not run, and its guest hands out the files",
		          name);
		err_hint(e, "start it: joist start %s", name);
	} else {
		c->socket = xprintf("%s/machines/%s/vsock", s->root, name);
	}
	free(at);
	json_decref(state);
	return rc;
}

void
computer_close(struct computer *c)
{
	free(c->socket);
	c->socket = NULL;
}

/* -- programs of the guest ------------------------------------------------------------------------ */

/* sh -c SCRIPT sh A B, with these two as its input and output: the pid of who carries them
 * (libexec/agent/wire.h). */
static pid_t
shell(const struct computer *c, const char *script, const char *a, const char *b, int in, int out,
      struct err *e)
{
	struct vec words = { 0 };
	const char *const args[] = { "sh", "-c", script, "sh", a, b };
	char *program = proc_libexec("joist-agent");
	char *argv[] = { program, "call", c->socket, NULL };
	for (size_t i = 0; i < sizeof args / sizeof args[0]; i++)
		vec_push(&words, xprintf("arg=%s", args[i]));
	vec_push(&words, xstrdup("cwd=/"));
	vec_push(&words, xprintf("machine=%s", c->name));
	pid_t pid = proc_spawn(argv, vec_argv(&words), (int[3]){ in, out, 2 }, e);
	for (size_t i = 0; i < words.n; i++)
		free(words.p[i]);
	vec_free(&words);
	free(program);
	return pid;
}

/* Its end, when all else went well; what it had to say it has said. */
static int
ended(const struct computer *c, pid_t pid, int rc, struct err *e)
{
	if (rc < 0)
		kill(pid, SIGTERM); /* else it would wait for us */
	int status = proc_wait(pid);
	if (rc < 0 || status == 0)
		return rc;
	fail(e, EREMOTE, "tar in machine '%s' ended with %d", c->name, status);
	return err_hint(e, "look at what it says above");
}

/* The folder and the last name of a path: "" is "/", as a machine's paths begin there. */
static void
parts(const char *path, char **folder, char **name)
{
	size_t n = strlen(path);
	while (n > 1 && path[n - 1] == '/')
		n--;
	size_t at = n;
	while (at > 0 && path[at - 1] != '/')
		at--;
	*folder = xprintf("/%.*s", (int)at, path);
	*name = at == n ? xstrdup(".") : xprintf("%.*s", (int)(n - at), path + at);
}

int
computer_look(const struct computer *c, const char *path, struct err *e)
{
	char *folder, *name, *whole = xprintf("/%s", path);
	parts(path, &folder, &name);
	pid_t pid = shell(c, look, whole, folder, -1, 2, e);
	int status = pid < 0 ? -1 : proc_wait(pid);
	free(whole);
	free(folder);
	free(name);
	if (pid < 0 || (status >= COMPUTER_FOLDER && status <= COMPUTER_NOWHERE))
		return status;
	fail(e, EREMOTE, "machine '%s' does not say what '%s' is", c->name, path);
	return err_hint(e, "look at what it says above");
}

/* Ask for a path's tar stream. */
static pid_t
ask(const struct computer *c, const char *path, bool follow, int to, struct err *e)
{
	char *folder, *name;
	int what = computer_look(c, path, e);
	if (what < 0)
		return -1;
	if (what != COMPUTER_FOLDER && what != COMPUTER_FILE) {
		fail(e, ENOENT, "'%s:%s': %s", c->name, path, strerror(ENOENT));
		return err_hint(e, "look what is there: joist exec %s ls", c->name);
	}
	parts(path, &folder, &name);
	pid_t pid = shell(c, follow && strcmp(name, ".") != 0 ? send_followed : send, folder, name,
	                  -1, to, e);
	free(folder);
	free(name);
	return pid;
}

int
computer_send(const struct computer *c, const char *path, bool follow, int to, struct err *e)
{
	pid_t pid = ask(c, path, follow, to, e);
	return pid < 0 ? -1 : ended(c, pid, 0, e);
}

int
computer_take(const struct computer *c, const char *path, bool follow, int folder, struct err *e)
{
	struct apply p = { .root = folder, .policy = node_policy(), .stop = &options_stop };
	int fd[2];
	if (pipe2(fd, O_CLOEXEC) < 0)
		return fail(e, errno, "cannot make a pipe: %s", strerror(errno));
	pid_t pid = ask(c, path, follow, fd[1], e);
	close(fd[1]);
	int rc = pid < 0 ? -1 : 0;
	if (rc == 0) {
		struct archive *a = archive_read_new();
		archive_read_support_format_tar(a);
		p.limits = apply_limits(folder, INT64_C(1) << 30);
		if (archive_read_open_fd(a, fd[0], 64 << 10) == ARCHIVE_OK)
			rc = apply_archive(&p, a, e);
		else
			rc = fail(e, EREMOTE, "machine '%s' sent no tar stream", c->name);
		archive_read_free(a);
	}
	close(fd[0]);
	return pid < 0 ? -1 : ended(c, pid, rc, e);
}

static int
to_pipe(void *ctx, const void *bytes, size_t n, struct err *e)
{
	const int *fd = ctx;
	return file_write_all(*fd, bytes, n) < 0
	               ? fail(e, errno, "to the guest: %s", strerror(errno))
	               : 0;
}

int
computer_give(const struct computer *c, int folder, const char *into, struct err *e)
{
	char *whole = xprintf("/%s", into);
	int fd[2];
	if (pipe2(fd, O_CLOEXEC) < 0) {
		free(whole);
		return fail(e, errno, "cannot make a pipe: %s", strerror(errno));
	}
	pid_t pid = shell(c, take, whole, "", fd[0], 2, e);
	close(fd[0]);
	int rc = pid < 0 ? -1 : pack_entries(folder, to_pipe, &fd[1], e);
	close(fd[1]);
	free(whole);
	if (pid < 0)
		return -1;
	/* it has given up: it knows why, the pipe does not */
	bool broken = rc < 0 && e && e->code == EPIPE;
	return ended(c, pid, broken ? 0 : rc, e) < 0 || broken ? -1 : 0;
}
