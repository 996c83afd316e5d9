/* SPDX-License-Identifier: Apache-2.0 */
/* disk.c -- the face of the library: disk images. */
#include "include/joist.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "all/face.h"
#include "base/arena.h"
#include "base/json.h"
#include "base/str.h"
#include "img/disk.h"

enum { CHAIN_MOST = 200, NO_CHECKS = 63 };

/* -- options --------------------------------------------------------------------- */

/* Bytes; absent is `fallback`. */
static int
bytes_of(const json_t *o, const char *key, uint64_t fallback, uint64_t *out, struct err *e)
{
	int64_t v = -1;

	*out = fallback;
	if (!json_object_get(o, key))
		return 0;
	if (json_opt_int(o, key, &v, e) < 0)
		return -1;
	if (v < 0)
		return fail(e, EINVAL, "%s: a disk cannot be so long", key);
	*out = (uint64_t)v;
	return 0;
}

/* "raw" and "qcow2" as flags of disk_open; without a word the image is looked at. */
static int
flags_of(const json_t *o, unsigned *flags, struct err *e)
{
	const char *format = NULL;
	bool share = false;

	if (json_opt_str(o, "format", &format, e) < 0 ||
	    json_opt_bool(o, "force_share", &share, e) < 0)
		return -1;
	if (share)
		*flags |= DISK_UNLOCKED;
	if (!format)
		return 0;
	if (strcmp(format, "raw") == 0)
		*flags |= DISK_RAW;
	else if (strcmp(format, "qcow2") == 0)
		*flags |= DISK_QCOW2;
	else {
		fail(e, EINVAL, "there is no disk format '%s'", format);
		return err_hint(e, "the formats are raw and qcow2");
	}
	return 0;
}

static bool
yes(const char *value, bool *out)
{
	*out = !*value || strcmp(value, "on") == 0 || strcmp(value, "true") == 0 ||
	       strcmp(value, "yes") == 0;
	return *out || strcmp(value, "off") == 0 || strcmp(value, "false") == 0 ||
	       strcmp(value, "no") == 0;
}

/* One "key=value" of -o; what it names lives as long as `text`. */
static int
option(struct disk_options *o, char *text, struct err *e)
{
	char *eq = strchr(text, '='), *value = eq ? eq + 1 : text + strlen(text);
	uint64_t n = 0;
	bool good = true;

	if (eq)
		*eq = '\0';
	if (strcmp(text, "cluster_size") == 0) {
		good = str_size(value, &n) && n <= UINT32_MAX && n > 0;
		o->cluster_size = (uint32_t)n;
	} else if (strcmp(text, "refcount_bits") == 0) {
		good = str_u64(value, 64, &n) && n > 0;
		o->refcount_bits = (uint32_t)n;
	} else if (strcmp(text, "compat") == 0) {
		o->version = strcmp(value, "0.10") == 0 || strcmp(value, "v2") == 0 ? 2 : 3;
		good = o->version == 2 || strcmp(value, "1.1") == 0 || strcmp(value, "v3") == 0;
	} else if (strcmp(text, "lazy_refcounts") == 0) {
		good = yes(value, &o->lazy_refcounts);
	} else if (strcmp(text, "preallocation") == 0) {
		o->preallocation = value;
	} else if (strcmp(text, "compression_type") == 0) {
		o->compression = value;
	} else if (strcmp(text, "backing_file") == 0) {
		o->backing = value;
	} else if (strcmp(text, "backing_fmt") == 0) {
		o->backing_format = value;
	} else {
		fail(e, EINVAL, "a disk image has no option '%s'", text);
		return err_hint(e, "the options are cluster_size, compat, refcount_bits, "
		                   "lazy_refcounts, preallocation, compression_type");
	}
	return good ? 0 : fail(e, EINVAL, "the option %s cannot be '%s'", text, value);
}

/* How a new image shall be; strings are kept in `a`. */
static int
options_of(const json_t *o, const char *format_key, const char *path, struct arena *a,
           struct disk_options *out, struct err *e)
{
	json_t *list = NULL, *v;
	size_t i;

	if (json_opt_str(o, format_key, &out->format, e) < 0 ||
	    json_opt_str(o, "backing", &out->backing, e) < 0 ||
	    json_opt_str(o, "backing_format", &out->backing_format, e) < 0 ||
	    json_opt_arr(o, "option", &list, e) < 0)
		return -1;
	json_array_foreach(list, i, v) {
		char *rest = arena_dup(a, json_string_value(v) ? json_string_value(v) : ""), *one;
		while ((one = strsep(&rest, ",")))
			if (*one && option(out, one, e) < 0)
				return -1;
	}
	/* Its name says it, or that it shall stand on another. */
	if (!out->format)
		out->format = out->backing || str_ends(path, ".qcow2") ? "qcow2" : "raw";
	if (strcmp(out->format, "raw") == 0 &&
	    (out->cluster_size || out->version || out->refcount_bits || out->lazy_refcounts ||
	     out->compression)) {
		fail(e, EINVAL, "a raw image has no option but preallocation");
		return err_hint(e, "make a qcow2 image, with -f or -O");
	}
	return 0;
}

/* -- the verbs --------------------------------------------------------------------- */

static json_t *
look(const char *path, unsigned flags, struct err *e)
{
	struct disk *d = disk_open(AT_FDCWD, path, flags | DISK_ALONE, e);

	if (!d)
		return NULL;
	json_t *info = disk_info(d, e);
	disk_close(d);
	return info;
}

static int
new_disk(const char *path, const json_t *o, char **json, struct err *e)
{
	struct disk_options how = { 0 };
	struct arena *a = arena_new();
	uint64_t size;
	int rc = -1;

	if (options_of(o, "format", path, a, &how, e) < 0 || bytes_of(o, "size", 0, &size, e) < 0)
		goto out;
	if (!json_object_get(o, "size") && !how.backing) {
		fail(e, EINVAL, "disk '%s': how long shall it be?", path);
		err_hint(e, "joist disk new %s 10G", path);
		goto out;
	}
	if (disk_create(AT_FDCWD, path, size, &how, e) < 0)
		goto out;
	json_t *info = look(path, strcmp(how.format, "raw") == 0 ? DISK_RAW : DISK_QCOW2, e);
	if (info) {
		*json = face_text(info);
		rc = 0;
	}
out:
	arena_free(a);
	return rc;
}

static int
info(const char *path, const json_t *o, char **json, struct err *e)
{
	unsigned flags = 0;
	json_t *list, *one;

	if (flags_of(o, &flags, e) < 0 || !(one = look(path, flags, e)))
		return -1;
	if (!json_yes(o, "backing_chain")) {
		*json = face_text(one);
		return 0;
	}
	list = json_array();
	json_array_append_new(list, one);
	for (;;) {
		const char *next = json_str(one, "full-backing-filename", NULL);
		const char *format = json_str(one, "backing-filename-format", "");
		flags &= DISK_UNLOCKED;
		flags |= strcmp(format, "raw") == 0 ? DISK_RAW : 0;
		flags |= strcmp(format, "qcow2") == 0 ? DISK_QCOW2 : 0;
		if (!next)
			break;
		if (json_array_size(list) == CHAIN_MOST)
			one = NULL, fail(e, ELOOP, "disk '%s' stands on itself", path);
		else
			one = look(next, flags, e);
		if (!one) {
			json_decref(list);
			return -1;
		}
		json_array_append_new(list, one);
	}
	*json = face_text(list);
	return 0;
}

static void
number(json_t *o, const char *key, uint64_t v)
{
	json_object_set_new(o, key, json_integer((json_int_t)v));
}

static int
check(const char *path, const json_t *o, char **json, struct err *e)
{
	const char *repair = NULL;
	struct disk_check c = { 0 };
	unsigned flags = DISK_ALONE | DISK_REPAIR, fix = 0;
	int rc = -1;

	if (flags_of(o, &flags, e) < 0 || json_opt_str(o, "repair", &repair, e) < 0)
		return -1;
	if (repair) {
		fix = strcmp(repair, "leaks") == 0 ? DISK_FIX_LEAKS
		      : strcmp(repair, "all") == 0 ? DISK_FIX_ALL
		                                   : 0;
		if (!fix)
			return fail(e, EINVAL, "leaks or all can be repaired, not '%s'", repair);
		flags |= DISK_WRITE;
	}
	struct disk *d = disk_open(AT_FDCWD, path, flags, e);
	if (!d)
		return -1;
	if (strcmp(disk_format(d), "raw") == 0) {
		fail(e, ENOTSUP, "disk '%s' is raw: there is nothing in it to check", path);
		err_hint(e, "if it is of another format, say which with -f");
		err_status(e, NO_CHECKS);
	} else {
		rc = disk_check(d, fix, &c, e);
	}
	if (rc == 0) {
		json_t *r = json_object();
		json_object_set_new(r, "filename", json_string(path));
		json_object_set_new(r, "format", json_string(disk_format(d)));
		number(r, "check-errors", 0);
		number(r, "image-end-offset", c.end);
		number(r, "total-clusters", c.total);
		number(r, "allocated-clusters", c.allocated);
		number(r, "fragmented-clusters", c.fragmented);
		number(r, "compressed-clusters", c.compressed);
		if (c.leaks)
			number(r, "leaks", c.leaks);
		if (c.corruptions)
			number(r, "corruptions", c.corruptions);
		if (c.leaks_fixed)
			number(r, "leaks-fixed", c.leaks_fixed);
		if (c.corruptions_fixed)
			number(r, "corruptions-fixed", c.corruptions_fixed);
		if (c.findings)
			json_object_set(r, "findings", c.findings);
		*json = face_text(r);
	}
	json_decref(c.findings);
	int end = disk_close(d);
	if (rc == 0 && end < 0) {
		free(*json);
		rc = fail(e, -end, "disk '%s': %s", path, strerror(-end));
	}
	return rc;
}

static int
snapshot(const char *path, const json_t *o, char **json, struct err *e)
{
	static const struct {
		const char *key;
		int (*f)(struct disk *d, const char *name, struct err *e);
	} acts[] = { { "create", disk_snapshot_make },
		     { "apply", disk_snapshot_apply },
		     { "delete", disk_snapshot_drop } };
	const char *name = NULL, *value;
	unsigned flags = DISK_ALONE;
	int act = -1, rc = 0;

	if (flags_of(o, &flags, e) < 0)
		return -1;
	for (int i = 0; i < 3; i++) {
		value = NULL;
		if (json_opt_str(o, acts[i].key, &value, e) < 0)
			return -1;
		if (value && name)
			return fail(e, EINVAL, "one of create, apply and delete at a time");
		if (value) {
			name = value;
			act = i;
		}
	}
	if (act >= 0)
		flags = (flags | DISK_WRITE) & ~(unsigned)DISK_UNLOCKED;
	struct disk *d = disk_open(AT_FDCWD, path, flags, e);
	if (!d)
		return -1;
	if (act >= 0)
		rc = acts[act].f(d, name, e);
	json_t *list = rc == 0 ? disk_snapshots(d) : NULL;
	int end = disk_close(d);
	if (rc == 0 && end < 0)
		rc = fail(e, -end, "disk '%s': %s", path, strerror(-end));
	if (rc < 0) {
		json_decref(list);
		return -1;
	}
	*json = face_text(list);
	return 0;
}

static int
resize(const char *path, const json_t *o, char **json, struct err *e)
{
	uint64_t size, more, less;
	unsigned flags = DISK_WRITE;

	if (flags_of(o, &flags, e) < 0 || bytes_of(o, "size", UINT64_MAX, &size, e) < 0 ||
	    bytes_of(o, "grow", 0, &more, e) < 0 || bytes_of(o, "shrink_by", 0, &less, e) < 0)
		return -1;
	struct disk *d = disk_open(AT_FDCWD, path, flags & ~(unsigned)DISK_UNLOCKED, e);
	if (!d)
		return -1;
	uint64_t old = disk_size(d);
	int rc = 0;
	if (size == UINT64_MAX)
		size = less > old ? UINT64_MAX : old + more - less;
	if (size > INT64_MAX) {
		rc = fail(e, EINVAL, "disk '%s' cannot become so %s", path,
		          less > old ? "short" : "long");
	} else if (size < old && !json_yes(o, "shrink")) {
		rc = fail(e, EPERM, "disk '%s' would lose its last %llu bytes", path,
		          (unsigned long long)(old - size));
		err_hint(e, "make its file systems smaller first, and then say --shrink");
	} else {
		rc = disk_resize(d, size, e);
	}
	json_t *now = rc == 0 ? disk_info(d, e) : NULL;
	int end = disk_close(d);
	if (rc == 0 && end < 0)
		rc = fail(e, -end, "disk '%s': %s", path, strerror(-end));
	if (rc < 0) {
		json_decref(now);
		return -1;
	}
	*json = face_text(now);
	return 0;
}

/* Ask one question with the options as text. */
static int
ask(int (*f)(const char *, const json_t *, char **, struct err *), const char *path,
    const char *options, char **json, struct err *e)
{
	json_t *o = face_options(options, e);
	int rc = o ? f(path, o, json, e) : -1;

	json_decref(o);
	return rc;
}

int
joist_disk_new(struct joist *j, const char *path, const char *options, char **json, struct err *e)
{
	(void)j;
	return ask(new_disk, path, options, json, e);
}

int
joist_disk_info(struct joist *j, const char *path, const char *options, char **json, struct err *e)
{
	(void)j;
	return ask(info, path, options, json, e);
}

int
joist_disk_check(struct joist *j, const char *path, const char *options, char **json, struct err *e)
{
	(void)j;
	return ask(check, path, options, json, e);
}

int
joist_disk_snapshot(struct joist *j, const char *path, const char *options, char **json,
                    struct err *e)
{
	(void)j;
	return ask(snapshot, path, options, json, e);
}

int
joist_disk_resize(struct joist *j, const char *path, const char *options, char **json,
                  struct err *e)
{
	(void)j;
	return ask(resize, path, options, json, e);
}

int
joist_disk_convert(struct joist *j, const char *from, const char *to, const char *options,
                   void (*progress)(void *ctx, uint64_t done, uint64_t all), void *ctx, char **json,
                   struct err *e)
{
	json_t *o = face_options(options, e);
	struct disk_convert how = { .progress = progress, .arg = ctx };
	struct disk_options target = { 0 };
	struct arena *a = arena_new();
	const char *name = NULL;
	unsigned flags = 0;
	struct disk *d = NULL;
	int rc = -1;

	(void)j;
	if (!o || flags_of(o, &flags, e) < 0 ||
	    options_of(o, "output_format", to, a, &target, e) < 0 ||
	    bytes_of(o, "sparse", 4096, &how.sparse, e) < 0 ||
	    json_opt_str(o, "snapshot", &name, e) < 0)
		goto out;
	how.compress = json_yes(o, "compress");
	how.existing = json_yes(o, "no_create");
	if (how.existing && !json_object_get(o, "output_format"))
		target.format = NULL;
	d = disk_open(AT_FDCWD, from, flags, e);
	if (!d || (name && disk_snapshot_look(d, name, e) < 0) ||
	    disk_convert(d, AT_FDCWD, to, &target, &how, e) < 0)
		goto out;
	json_t *made = look(to,
	                    !target.format                      ? 0
	                    : strcmp(target.format, "raw") == 0 ? DISK_RAW
	                                                        : DISK_QCOW2,
	                    e);
	if (made) {
		*json = face_text(made);
		rc = 0;
	}
out:
	disk_close(d);
	arena_free(a);
	json_decref(o);
	return rc;
}
