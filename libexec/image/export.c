/* SPDX-License-Identifier: Apache-2.0 */
#include "libexec/image/export.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/file.h"
#include "base/str.h"
#include "libexec/image/computer.h"
#include "libexec/image/machine_file.h"
#include "libexec/image/machine_root.h"
#include "libexec/image/pack.h"
#include "libexec/image/save.h"

/* Where the bytes go: a file beside its final name, or standard output. */
struct output {
	int fd;
	char *temporary; /* own; NULL: standard output */
	const char *path;
};

static int
output_open(struct output *out, const char *path, struct err *e)
{
	*out = (struct output){ .fd = 1, .path = path };
	if (!path || strcmp(path, "-") == 0) {
		if (!isatty(1))
			return 0;
		fail(e, EINVAL, "an archive is not for a terminal");
		return err_hint(e, "write it to a file: --output FILE");
	}
	struct stat st;
	/* A pipe or a device is written as it is. */
	if (stat(path, &st) == 0 && !S_ISREG(st.st_mode)) {
		out->fd = open(path, O_WRONLY | O_CLOEXEC);
	} else {
		out->temporary = xprintf("%s.part-%d", path, (int)getpid());
		out->fd = open(out->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	}
	if (out->fd >= 0)
		return 0;
	free(out->temporary);
	out->temporary = NULL;
	return fail(e, errno, "'%s': %s", path, strerror(errno));
}

static int
output_put(void *ctx, const void *bytes, size_t n, struct err *e)
{
	struct output *out = ctx;

	if (file_write_all(out->fd, bytes, n) == 0)
		return 0;
	fail(e, errno, "'%s': %s", out->path ? out->path : "standard output", strerror(errno));
	return errno == ENOSPC ? err_hint(e, "free some space there; nothing was left of the file")
	                       : -1;
}

static int
output_close(struct output *out, int rc, struct err *e)
{
	if (!out->temporary)
		return rc;
	if (close(out->fd) < 0 && rc == 0)
		rc = fail(e, errno, "'%s': %s", out->path, strerror(errno));
	if (rc == 0 && rename(out->temporary, out->path) < 0)
		rc = fail(e, errno, "'%s': %s", out->path, strerror(errno));
	if (rc < 0)
		unlink(out->temporary);
	free(out->temporary);
	return rc;
}

static bool
is_machine(struct image_store *s, const char *name)
{
	char *path = xprintf("machines/%s/config.json", name);
	bool yes = *name && name[0] != '.' && !strchr(name, '/') &&
	           faccessat(s->dir, path, F_OK, 0) == 0;

	free(path);
	return yes;
}

static int
machine(struct image_store *s, const struct options *o, const char *name, struct err *e)
{
	struct output out;
	struct machine_root root;

	if (computer_is(s, name)) {
		if (output_open(&out, o->output, e) < 0)
			return -1;
		return output_close(&out, machine_file_save(s, name, output_put, &out, e), e);
	}
	if (machine_root_open(&root, s, name, e) < 0)
		return -1;
	int rc = output_open(&out, o->output, e);
	if (rc == 0)
		rc = output_close(&out, pack_folder(root.fd, output_put, &out, e), e);
	machine_root_close(&root, s);
	return rc;
}

int
export_command(struct image_store *s, const struct options *o, struct err *e)
{
	const char *format = o->format ? o->format : "oci";
	struct output out;

	if (o->machine)
		return machine(s, o, o->machine, e);
	if (o->nargs < 1) {
		fail(e, EINVAL, "export needs an image or a machine");
		return err_hint(e, "write: joist export [-o FILE] NAME|IMAGE");
	}
	/* A machine's name comes before an image's. */
	if (!o->format && is_machine(s, o->args[0]))
		return machine(s, o, o->args[0], e);
	if (strcmp(format, "oci-dir") == 0)
		return save_folder(s, o, o->output, e);
	bool docker = strcmp(format, "docker") == 0 || strcmp(format, "docker-archive") == 0;
	if (!docker && strcmp(format, "oci") != 0 && strcmp(format, "oci-archive") != 0) {
		fail(e, EINVAL, "--format: '%.40s' is not a form of images", format);
		return err_hint(e, "choose one: oci, docker, oci-dir");
	}
	if (output_open(&out, o->output, e) < 0)
		return -1;
	int rc = docker ? save_docker(s, o, output_put, &out, e)
	                : save_oci(s, o, output_put, &out, e);
	return output_close(&out, rc, e);
}

int
export_flatten(struct image_store *s, const struct options *o, struct err *e)
{
	if (!o->machine) {
		fail(e, EINVAL, "flatten needs --machine NAME");
		return -1;
	}
	return machine_root_flatten(s, o->machine, "flat", e);
}
