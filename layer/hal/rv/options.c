/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/hal/rv/options.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/json.h"
#include "base/str.h"
#include "core/artifact.h"
#include "layer/hal/dev/vnc.h"
#include "layer/hal/rv/rv.h"

#define MIB            (INT64_C(1) << 20)
#define MEMORY_DEFAULT (1024 * MIB)
#define MEMORY_LEAST   (16 * MIB)
#define MEMORY_MOST    (INT64_C(1) << 40)
#define VNC_DEFAULT    "127.0.0.1:5900"
#define U_BOOT         "/usr/lib/u-boot/qemu-riscv64_smode/u-boot.bin" /* Debian's u-boot-qemu */

/* What Linux's driver takes, and our card has room for. */
enum { SIDE_LEAST = 32, SIDE_MOST = 8192, WIDTH = 1024, HEIGHT = 768 };

/* Flags that name one file. */
static const struct {
	const char *flag, *note;
} files[] = {
	{ "kernel", "rv.kernel" },
	{ "initrd", "rv.initrd" },
	{ "firmware", "rv.firmware" },
	{ "dtb", "rv.dtb" },
};

static int
file_note(json_t *config, const char *note, const char *path, struct err *e)
{
	char *whole = realpath(path, NULL);
	if (!whole) {
		fail(e, errno, "'%s': %s", path, strerror(errno));
		err_hint(e, "give the path of a file");
		return err_status(e, errno == ENOENT ? EXIT_NOT_FOUND : EXIT_CANNOT_EXEC);
	}
	spec_note_set(config, note, whole);
	free(whole);
	return 0;
}

static const char *const uses[] = {
	[DISK_OVERLAY] = "overlay",
	[DISK_DIRECT] = "rw",
	[DISK_READ_ONLY] = "ro",
};

/* FILE[:rw|:ro], which is cut */
static char *
disk_path(char *text, enum disk_use *use)
{
	char *colon = strrchr(text, ':');
	*use = DISK_OVERLAY;
	for (enum disk_use u = DISK_DIRECT; colon > text && u <= DISK_READ_ONLY; u++)
		if (strcmp(colon + 1, uses[u]) == 0) {
			*use = u;
			*colon = '\0';
			break;
		}
	return text;
}

static int
add_disk(json_t *disks, const char *path, enum disk_use use, struct err *e)
{
	char *whole = realpath(path, NULL);
	int rc = 0;
	if (!whole) {
		fail(e, errno, "disk '%s': %s", path, strerror(errno));
		rc = err_hint(e, "make one with: joist disk new %s 10G", path);
	} else if (json_array_size(disks) >= OPTIONS_DISKS) {
		rc = fail(e, E2BIG, "a computer has at most %d disks", OPTIONS_DISKS);
	} else {
		json_array_append_new(disks,
		                      json_pack("{s:s, s:s}", "path", whole, "use", uses[use]));
	}
	free(whole);
	return rc;
}

static int
named_disk(json_t *disks, const char *text, struct err *e)
{
	char *copy = xstrdup(text);
	enum disk_use use;
	const char *path = disk_path(copy, &use);
	int rc = add_disk(disks, path, use, e);
	free(copy);
	return rc;
}

/* FILE[:ro] */
static int
add_flash(json_t *banks, const char *text, struct err *e)
{
	char *path = xstrdup(text);
	size_t n = strlen(path);
	bool readonly = n > 3 && strcmp(path + n - 3, ":ro") == 0;
	if (readonly)
		path[n - 3] = '\0';
	char *whole = realpath(path, NULL);
	int rc = 0;
	if (!whole) {
		fail(e, errno, "flash '%s': %s", path, strerror(errno));
		err_hint(e, "give firmware for QEMU's board 'virt', such as Debian's package "
		            "qemu-efi-riscv64 has");
		rc = err_status(e, EXIT_NOT_FOUND);
	} else if (json_array_size(banks) >= OPTIONS_FLASH) {
		rc = fail(e, E2BIG, "a computer has %d banks of flash memory", OPTIONS_FLASH);
	} else {
		json_array_append_new(banks,
		                      json_pack("{s:s, s:b}", "path", whole, "readonly", readonly));
	}
	free(whole);
	free(path);
	return rc;
}

static int
flash(json_t *config, const json_t *request, struct err *e)
{
	json_t *banks = json_array(), *v;
	size_t i;
	int rc = 0;
	json_array_foreach(json_object_get(request, "flash"), i, v)
		if (rc == 0)
			rc = add_flash(banks, json_string_value(v), e);
	if (rc == 0 && json_array_size(banks)) {
		char *text = json_dumps(banks, JSON_COMPACT);
		spec_note_set(config, "rv.flash", text);
		free(text);
	}
	json_decref(banks);
	return rc;
}

/* SRC:DST[:ro]: a folder that the guest mounts by 9P. */
static int
volume(json_t *mounts, const char *text, struct err *e)
{
	char *copy = xstrdup(text), *rest = copy;
	const char *source = strsep(&rest, ":"), *dest = strsep(&rest, ":"), *how = rest;
	char *whole = realpath(source, NULL);
	int rc = 0;
	if (!dest || *dest != '/' || (how && strcmp(how, "ro") && strcmp(how, "rw"))) {
		fail(e, EINVAL, "-v '%s' cannot be read", text);
		rc = err_hint(e, "write it as -v FOLDER:/INSIDE[:ro]");
	} else if (!whole) {
		rc = fail(e, errno, "-v '%s': %s", source, strerror(errno));
	} else {
		json_array_append_new(mounts, json_pack("{s:s, s:s, s:s, s:[s]}", "destination",
		                                        dest, "source", whole, "type", "bind",
		                                        "options", how ? how : "rw"));
	}
	free(whole);
	free(copy);
	return rc;
}

/* The network's annotations are the same for all floors (all/make.c). */
static int
network(const json_t *config, struct err *e)
{
	if (strcmp(spec_note_of(config, "net", "none"), "host") != 0)
		return 0;
	fail(e, EINVAL, "a computer cannot share the host's network");
	return err_hint(e, "use --net user, or the name of a network");
}

/* A file that need not be there yet, and is empty now: the guest, which may be made again and
 * again (reset, restore), adds to it.  The monitor's working folder is another one. */
static int
trace(json_t *config, const char *path, struct err *e)
{
	char *here = *path == '/' ? NULL : getcwd(NULL, 0);
	char *whole = here ? xprintf("%s/%s", here, path) : xstrdup(path);
	FILE *f = fopen(whole, "we");
	int rc =
	        f && fclose(f) == 0 ? 0 : fail(e, errno, "--trace '%s': %s", path, strerror(errno));
	if (rc < 0)
		err_hint(e, "name a file that you may write");
	spec_note_set(config, "rv.trace", whole);
	free(whole);
	free(here);
	return rc;
}

/* WxH */
static bool
read_size(const char *text, uint32_t *width, uint32_t *height)
{
	char *copy = xstrdup(text), *x = strchr(copy, 'x');
	uint64_t w = 0, h = 0;
	if (x)
		*x = '\0';
	bool good = x && str_u64(copy, SIDE_MOST, &w) && str_u64(x + 1, SIDE_MOST, &h) &&
	            w >= SIDE_LEAST && h >= SIDE_LEAST;
	*width = (uint32_t)w;
	*height = (uint32_t)h;
	free(copy);
	return good;
}

/* Where a machine shows its screen is the same from wherever it is started. */
static int
vnc_note(json_t *config, const char *address, bool password, struct err *e)
{
	bool far;
	char *whole = NULL;
	if (str_starts(address, "unix:") && address[5] && address[5] != '/') {
		char *here = realpath(".", NULL);
		whole = xprintf("unix:%s/%s", here ? here : "", address + 5);
		free(here);
	}
	address = whole ? whole : address;
	int rc = vnc_check(address, &far, e);
	if (rc == 0 && far && !password) {
		fail(e, EINVAL, "VNC at %s could be reached by everybody", address);
		rc = err_hint(e, "give it a password: --vnc-password FILE, or let it listen on "
		                 "127.0.0.1");
	}
	if (rc == 0)
		spec_note_set(config, "rv.vnc", address);
	free(whole);
	return rc;
}

static int
display(json_t *config, const json_t *request, struct err *e)
{
	const char *kind = json_str(request, "display", "none");
	const char *size = json_str(request, "resolution", NULL);
	const char *password = json_str(request, "vnc_password", NULL);
	bool vnc = strcmp(kind, "vnc") == 0 || str_starts(kind, "vnc=");
	uint32_t width, height;
	if (!vnc && strcmp(kind, "screen") != 0 && strcmp(kind, "none") != 0) {
		fail(e, EINVAL, "there is no display '%s'", kind);
		return err_hint(e, "use --display none, screen, vnc, vnc=HOST:PORT or "
		                   "vnc=unix:PATH");
	}
	if (size && strcmp(kind, "none") == 0) {
		fail(e, EINVAL, "--resolution %s: the computer has no screen", size);
		return err_hint(e, "give it one: --display screen");
	}
	if (password && !vnc) {
		fail(e, EINVAL, "--vnc-password %s: its screen is not served by VNC", password);
		return err_hint(e, "use --display vnc");
	}
	if (size && !read_size(size, &width, &height)) {
		fail(e, EINVAL, "a screen cannot have %s pixels", size);
		return err_hint(e, "write --resolution WxH, each %d to %d", SIDE_LEAST, SIDE_MOST);
	}
	if (strcmp(kind, "none") != 0)
		spec_note_set(config, "rv.display", vnc ? "vnc" : "screen");
	if (size)
		spec_note_set(config, "rv.resolution", size);
	if (password && file_note(config, "rv.vnc-password", password, e) < 0)
		return -1;
	return vnc ? vnc_note(config, kind[3] ? kind + 4 : VNC_DEFAULT, password != NULL, e) : 0;
}

/* The artifact is a disk, the first one, unless --disk says how it is used. */
static int
first_disk(json_t *disks, const char *path, const json_t *request, struct err *e)
{
	const json_t *v;
	size_t i;
	json_array_foreach(json_object_get(request, "disk"), i, v) {
		char *text = xstrdup(json_string_value(v));
		enum disk_use use;
		char *whole = realpath(disk_path(text, &use), NULL);
		bool same = whole && strcmp(whole, path) == 0;
		free(whole);
		free(text);
		if (same)
			return 0;
	}
	return add_disk(disks, path, DISK_OVERLAY, e);
}

static int
artifact(json_t *config, json_t *disks, const json_t *request, struct err *e)
{
	const char *path = spec_note_of(config, "artifact", NULL);
	struct artifact *a = path ? artifact_of(path, e) : NULL;
	if (!a)
		return path ? -1 : 0;
	int rc = 0;
	if (strcmp(a->type, "qcow2") == 0 || strcmp(a->type, "disk") == 0 ||
	    strcmp(a->type, "iso") == 0)
		rc = first_disk(disks, path, request, e);
	else if (!spec_note_of(config, "rv.kernel", NULL))
		spec_note_set(config, "rv.kernel", path);
	artifact_free(a);
	return rc;
}

static int
numbers(json_t *config, const json_t *request, struct err *e)
{
	int64_t memory = json_int(request, "memory", MEMORY_DEFAULT);
	double cpus = json_number_value(json_object_get(request, "cpus"));
	char text[24];
	if (memory < MEMORY_LEAST || memory > MEMORY_MOST) {
		fail(e, EINVAL, "a computer cannot have %lld bytes of memory", (long long)memory);
		return err_hint(e, "give it 16M to 1T with -m");
	}
	if (cpus < 0 || cpus > RV_HARTS || cpus != (unsigned)cpus) {
		fail(e, EINVAL, "a computer cannot have %g processors", cpus);
		return err_hint(e, "give it 1 to %d with --cpus", RV_HARTS);
	}
	memory &= ~(2 * MIB - 1);
	json_object_set_new(
	        config, "linux",
	        json_pack("{s:{s:{s:I}}}", "resources", "memory", "limit", (json_int_t)memory));
	snprintf(text, sizeof text, "%u", cpus == 0 ? 1 : (unsigned)cpus);
	spec_note_set(config, "rv.harts", text);
	return 0;
}

/* A computer that has only disks begins with U-Boot, which looks for a system on them. */
static int
beginning(json_t *config, struct err *e)
{
	if (spec_note_of(config, "rv.kernel", NULL) || spec_note_of(config, "rv.firmware", NULL) ||
	    spec_note_of(config, "rv.flash", NULL))
		return 0;
	if (access(U_BOOT, R_OK) == 0) {
		spec_note_set(config, "rv.kernel", U_BOOT);
		return 0;
	}
	fail(e, ENOENT, "the computer has nothing to begin with: U-Boot is not installed");
	err_hint(e, "install the package u-boot-qemu (" U_BOOT "), or give --kernel FILE");
	return err_status(e, EXIT_CANNOT_EXEC);
}

int
options_complete(json_t *config, const json_t *request, struct err *e)
{
	json_t *disks = json_array(), *mounts = json_array(), *v;
	size_t i;
	int rc = numbers(config, request, e);
	for (i = 0; rc == 0 && i < sizeof files / sizeof *files; i++) {
		const char *path = json_str(request, files[i].flag, NULL);
		if (path)
			rc = file_note(config, files[i].note, path, e);
	}
	if (rc == 0)
		rc = artifact(config, disks, request, e);
	json_array_foreach(json_object_get(request, "disk"), i, v)
		if (rc == 0)
			rc = named_disk(disks, json_string_value(v), e);
	json_array_foreach(json_object_get(request, "volume"), i, v)
		if (rc == 0)
			rc = volume(mounts, json_string_value(v), e);
	json_object_set_new(config, "mounts", mounts);
	if (rc == 0)
		rc = flash(config, request, e);
	if (rc == 0)
		rc = network(config, e);
	if (rc == 0)
		rc = display(config, request, e);
	if (json_array_size(disks)) {
		char *text = json_dumps(disks, JSON_COMPACT);
		spec_note_set(config, "rv.disks", text);
		free(text);
	}
	json_decref(disks);
	if (rc == 0 && json_str(request, "trace", NULL))
		rc = trace(config, json_str(request, "trace", ""), e);
	if (json_str(request, "append", NULL))
		spec_note_set(config, "rv.append", json_str(request, "append", ""));
	if (json_yes(request, "deterministic"))
		spec_note_set(config, "rv.deterministic", "true");
	if (json_yes(request, "no_reboot"))
		spec_note_set(config, "rv.no-reboot", "true");
	return rc == 0 ? beginning(config, e) : rc;
}

static void
read_display(const struct spec *s, struct options *o)
{
	o->screen = strcmp(spec_note(s, "rv.display", "none"), "none") != 0;
	o->vnc = spec_note(s, "rv.vnc", NULL);
	o->vnc_password = spec_note(s, "rv.vnc-password", NULL);
	if (!read_size(spec_note(s, "rv.resolution", ""), &o->width, &o->height)) {
		o->width = WIDTH;
		o->height = HEIGHT;
	}
}

static int
read_disks(const struct spec *s, struct options *o, struct err *e)
{
	json_t *list = json_loads(spec_note(s, "rv.disks", "[]"), 0, NULL), *v;
	size_t i;
	int rc = 0;
	json_array_foreach(list, i, v) {
		const char *path = json_str(v, "path", NULL), *use = json_str(v, "use", "overlay");
		if (!path || o->ndisk == OPTIONS_DISKS) {
			rc = fail(e, EINVAL, "annotation dev.joist.rv.disks is no list of disks");
			break;
		}
		o->disk[o->ndisk].path = xstrdup(path);
		o->disk[o->ndisk++].use = strcmp(use, "rw") == 0   ? DISK_DIRECT
		                          : strcmp(use, "ro") == 0 ? DISK_READ_ONLY
		                                                   : DISK_OVERLAY;
	}
	json_decref(list);
	return rc;
}

static int
read_flash(const struct spec *s, struct options *o, struct err *e)
{
	json_t *list = json_loads(spec_note(s, "rv.flash", "[]"), 0, NULL), *v;
	size_t i;
	int rc = 0;
	json_array_foreach(list, i, v) {
		const char *path = json_str(v, "path", NULL);
		if (!path || o->nflash == OPTIONS_FLASH) {
			rc = fail(e, EINVAL, "annotation dev.joist.rv.flash is no list of banks");
			break;
		}
		o->flash[o->nflash].path = xstrdup(path);
		o->flash[o->nflash++].readonly = json_yes(v, "readonly");
	}
	json_decref(list);
	return rc;
}

int
options_read(const struct spec *s, struct options *o, struct err *e)
{
	const json_t *memory = json_object_get(s->resources, "memory");
	o->kernel = spec_note(s, "rv.kernel", NULL);
	o->initrd = spec_note(s, "rv.initrd", NULL);
	o->firmware = spec_note(s, "rv.firmware", NULL);
	o->dtb = spec_note(s, "rv.dtb", NULL);
	o->trace = spec_note(s, "rv.trace", NULL);
	o->append = spec_note(s, "rv.append", NULL);
	o->memory = (uint64_t)json_int(memory, "limit", MEMORY_DEFAULT);
	o->harts = (unsigned)strtoul(spec_note(s, "rv.harts", "1"), NULL, 10);
	read_display(s, o);
	o->deterministic = strcmp(spec_note(s, "rv.deterministic", ""), "true") == 0;
	o->no_reboot = strcmp(spec_note(s, "rv.no-reboot", ""), "true") == 0;
	return read_flash(s, o, e) < 0 ? -1 : read_disks(s, o, e);
}

void
options_free(struct options *o)
{
	for (unsigned i = 0; i < o->ndisk; i++)
		free(o->disk[i].path);
	for (unsigned i = 0; i < o->nflash; i++)
		free(o->flash[i].path);
}
