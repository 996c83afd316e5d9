/* SPDX-License-Identifier: Apache-2.0 */
#include "core/artifact.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/cur.h"
#include "base/str.h"

static const struct {
	const char *type;
	size_t at;
	const char *bytes;
	size_t n;
	const char *floor, *about;
} magic[] = {
#define MAGIC(type, at, bytes, n, floor, about) { type, at, bytes, n, floor, about },
#include "core/artifact.def"
#undef MAGIC
};

/* elf.h, e_machine: which processors' programs we can name. */
static const struct {
	unsigned machine;
	const char *about;
} elf_machines[] = {
	{ 62, "a Linux program for x86-64" },      { 183, "a Linux program for arm64" },
	{ 243, "a program or kernel for RISC-V" }, { 3, "a Linux program for 32-bit x86" },
	{ 40, "a Linux program for 32-bit ARM" },
};

static void
elf(struct artifact *a)
{
	struct cur c = cur_of(a->head, a->nhead);

	cur_bytes(&c, 18);
	unsigned machine = cur_u16(&c);
	a->type = "elf";
	a->about = "an ELF file for a processor that Joist does not know";
	for (size_t i = 0; i < sizeof elf_machines / sizeof elf_machines[0]; i++)
		if (!c.bad && elf_machines[i].machine == machine)
			a->about = elf_machines[i].about;
	if (machine == 243)
		a->floor = "rv";
}

/* The text form of a WebAssembly module begins, behind space and comments, with
 * "(module". */
static bool
is_module_text(const unsigned char *p, size_t n)
{
	const char *s = (const char *)p, *end = s + n;
	for (;;) {
		while (s < end && strchr(" \t\r\n", *s))
			s++;
		if (end - s < 2)
			return false;
		if (s[0] == ';' && s[1] == ';') {
			while (s < end && *s != '\n')
				s++;
		} else if (s[0] == '(' && s[1] == ';') {
			int depth = 0;
			do {
				if (end - s < 2)
					return false;
				bool in = s[0] == '(' && s[1] == ';',
				     out = s[0] == ';' && s[1] == ')';
				depth += in - out;
				s += in || out ? 2 : 1;
			} while (depth);
		} else {
			return end - s >= 7 && memcmp(s, "(module", 7) == 0;
		}
	}
}

static void
file_kind(struct artifact *a, int fd)
{
	unsigned char far[8];

	ssize_t n = pread(fd, a->head, sizeof a->head, 0);
	a->nhead = n > 0 ? (size_t)n : 0;
	a->kind = ARTIFACT_FILE;
	if (a->nhead >= 4 && memcmp(a->head, "\177ELF", 4) == 0) {
		elf(a);
		return;
	}
	for (size_t i = 0; i < sizeof magic / sizeof magic[0]; i++) {
		const unsigned char *p = a->head + magic[i].at;
		if (magic[i].at + magic[i].n > a->nhead) {
			if (magic[i].at < sizeof a->head || magic[i].n > sizeof far ||
			    pread(fd, far, magic[i].n, (off_t)magic[i].at) != (ssize_t)magic[i].n)
				continue;
			p = far;
		}
		if (memcmp(p, magic[i].bytes, magic[i].n) != 0)
			continue;
		a->type = magic[i].type;
		a->about = magic[i].about;
		a->floor = magic[i].floor;
		return;
	}
	if (is_module_text(a->head, a->nhead)) {
		a->type = "wat";
		a->about = "a WebAssembly module as text";
		a->floor = "wasm";
		return;
	}
	a->kind = ARTIFACT_UNKNOWN;
	a->type = a->nhead ? "unknown" : "empty";
	a->about = a->nhead ? "nothing that Joist knows" : "an empty file";
}

static void
folder_kind(struct artifact *a, int fd)
{
	a->floor = "os";
	if (faccessat(fd, "oci-layout", F_OK, 0) == 0) {
		a->kind = ARTIFACT_LAYOUT;
		a->type = "oci-layout";
		a->about = "an OCI image layout";
	} else if (faccessat(fd, "config.json", F_OK, 0) == 0) {
		a->kind = ARTIFACT_BUNDLE;
		a->type = "oci-bundle";
		a->about = "an OCI runtime bundle";
	} else {
		a->kind = ARTIFACT_FOLDER;
		a->type = "folder";
		a->about = "a root folder";
	}
}

/* oci:DIR[:TAG]; the part behind the last ':' is a tag unless it has a '/'. */
static char *
layout_path(struct artifact *a, const char *name)
{
	char *path = xstrdup(name + 4), *colon = strrchr(path, ':');

	if (colon && !strchr(colon, '/')) {
		a->tag = xstrdup(colon + 1);
		*colon = '\0';
	}
	return path;
}

struct artifact *
artifact_of(const char *name, struct err *e)
{
	struct artifact *a = xcalloc(1, sizeof *a);
	bool layout = str_starts(name, "oci:");
	bool path = layout || name[0] == '/' || name[0] == '.';
	char real[PATH_MAX], *given = layout ? layout_path(a, name) : xstrdup(name);
	struct stat st;

	a->name = xstrdup(name);
	int fd = open(given, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0 && !path) {
		a->kind = ARTIFACT_IMAGE;
		a->type = "image";
		a->about = "an image reference";
		a->floor = "os";
		free(given);
		return a;
	}
	if (fd < 0 || fstat(fd, &st) < 0 || !realpath(given, real)) {
		fail(e, errno, "'%s': %s", given, strerror(errno));
		err_status(e, errno == ENOENT ? EXIT_NOT_FOUND : EXIT_CANNOT_EXEC);
		err_hint(e, "an image is named without './': joist run NAME");
		goto bad;
	}
	if (S_ISDIR(st.st_mode))
		folder_kind(a, fd);
	else if (S_ISREG(st.st_mode) || S_ISBLK(st.st_mode))
		file_kind(a, fd);
	else {
		fail(e, EINVAL, "'%s' is neither a file nor a folder", given);
		err_status(e, EXIT_CANNOT_EXEC);
		goto bad;
	}
	if (layout && a->kind != ARTIFACT_LAYOUT) {
		fail(e, EINVAL, "'%s' is no OCI layout: it has no file 'oci-layout'", given);
		goto bad;
	}
	/* A folder that only happens to have an image's name is not meant. */
	if (!path && a->kind != ARTIFACT_FILE && !strchr(name, '/')) {
		a->kind = ARTIFACT_IMAGE;
		a->type = "image";
		a->about = "an image reference";
		a->floor = "os";
	} else {
		a->path = xstrdup(real);
	}
	close(fd);
	free(given);
	return a;
bad:
	if (fd >= 0)
		close(fd);
	free(given);
	artifact_free(a);
	return NULL;
}

void
artifact_free(struct artifact *a)
{
	if (!a)
		return;
	free(a->name);
	free(a->path);
	free(a->tag);
	free(a);
}
