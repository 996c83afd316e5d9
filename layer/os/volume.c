/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/os/volume.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/str.h"
#include "layer/os/mount.h"

static json_t *
words(const char *text, const char *sep)
{
	json_t *list = json_array();
	char *copy = xstrdup(text), *rest = copy, *w;

	while ((w = strsep(&rest, sep)))
		if (*w)
			json_array_append_new(list, json_string(w));
	free(copy);
	return list;
}

static void
add(json_t *mounts, const char *type, const char *source, const char *dest, json_t *options)
{
	json_array_append_new(mounts, json_pack("{s:s, s:s, s:s, s:o}", "destination", dest, "type",
	                                        type, "source", source, "options", options));
}

static int
absolute(const char *dest, const char *whole, struct err *e)
{
	if (dest[0] == '/')
		return 0;
	fail(e, EINVAL, "volume '%s': the place inside must be an absolute path", whole);
	return err_hint(e, "write it as SRC:/DST[:ro]");
}

/* A bind mount has no file system that would know further options.  "ro" holds
 * for the mounts below too: whoever asks for it does not know of them. */
static int
bind_options(json_t *o, const char *whole, struct err *e)
{
	bool ro = false;
	size_t i;
	json_t *v;

	json_array_foreach(o, i, v) {
		const char *word = json_string_value(v);
		if (!mount_knows(word)) {
			fail(e, EINVAL, "volume '%s': there is no option '%s'", whole, word);
			return err_hint(e, "write it as SRC:/DST[:ro]");
		}
		ro = strcmp(word, "ro") == 0 || (ro && strcmp(word, "rw") != 0);
	}
	json_array_insert_new(o, 0, json_string("rbind"));
	if (ro)
		json_array_append_new(o, json_string("rro"));
	return 0;
}

/* SRC[:DST[:OPTS]]; a relative SRC starts at our working folder. */
static int
volume(json_t *mounts, const char *text, struct err *e)
{
	char *copy = xstrdup(text), *rest = copy, real[PATH_MAX];
	const char *src = strsep(&rest, ":"), *dst = strsep(&rest, ":"), *opts = rest;
	int rc = -1;

	if (!dst || !*dst) {
		fail(e, EINVAL, "volume '%s' does not say where it goes", text);
		err_hint(e, "write it as SRC:/DST[:ro]; an empty folder in memory is --tmpfs DIR");
	} else if (absolute(dst, text, e) == 0) {
		if (!realpath(src, real)) {
			fail(e, errno, "volume '%s': %s", src, strerror(errno));
			err_hint(e, "make it first: mkdir -p %s", src);
		} else {
			json_t *o = words(opts ? opts : "", ",");
			rc = bind_options(o, text, e);
			if (rc == 0)
				add(mounts, "bind", real, dst, json_incref(o));
			json_decref(o);
		}
	}
	free(copy);
	return rc;
}

static int
tmpfs(json_t *mounts, const char *text, struct err *e)
{
	const char *colon = strchr(text, ':');
	char *dest = xprintf("%.*s", (int)(colon ? (size_t)(colon - text) : strlen(text)), text);
	int rc = absolute(dest, text, e);

	if (rc == 0) {
		json_t *o = words(colon ? colon + 1 : "", ",");
		json_array_insert_new(o, 0, json_string("nosuid"));
		json_array_insert_new(o, 1, json_string("nodev"));
		add(mounts, "tmpfs", "tmpfs", dest, o);
	}
	free(dest);
	return rc;
}

/* type=bind,src=,dst=[,ro][,bind-propagation=..][,tmpfs-size=..][,tmpfs-mode=..] */
static int
long_form(json_t *mounts, const char *text, struct err *e)
{
	char *copy = xstrdup(text), *rest = copy, *w, real[PATH_MAX];
	const char *type = "bind", *src = NULL, *dst = NULL;
	json_t *o = json_array();
	int rc = -1;

	while ((w = strsep(&rest, ","))) {
		char *v = strchr(w, '=');
		if (v)
			*v++ = '\0';
		if (strcmp(w, "type") == 0 && v)
			type = v;
		else if ((strcmp(w, "src") == 0 || strcmp(w, "source") == 0) && v)
			src = v;
		else if ((strcmp(w, "dst") == 0 || strcmp(w, "destination") == 0 ||
		          strcmp(w, "target") == 0) &&
		         v)
			dst = v;
		else if (strcmp(w, "ro") == 0 || strcmp(w, "readonly") == 0) {
			if (!v || strcmp(v, "true") == 0)
				json_array_append_new(o, json_string("ro"));
		} else if (strcmp(w, "bind-propagation") == 0 && v)
			json_array_append_new(o, json_string(v));
		else if (strcmp(w, "tmpfs-size") == 0 && v)
			json_array_append_new(o, json_sprintf("size=%s", v));
		else if (strcmp(w, "tmpfs-mode") == 0 && v)
			json_array_append_new(o, json_sprintf("mode=%s", v));
		else {
			fail(e, EINVAL, "--mount '%s': there is no '%s'", text, w);
			err_hint(e,
			         "use type=bind|tmpfs, src, dst, ro, bind-propagation, tmpfs-size, "
			         "tmpfs-mode");
			goto out;
		}
	}
	if (!dst) {
		fail(e, EINVAL, "--mount '%s' does not say where it goes", text);
		err_hint(e, "add dst=/DIR");
	} else if (absolute(dst, text, e) < 0) {
		goto out;
	} else if (strcmp(type, "tmpfs") == 0) {
		add(mounts, "tmpfs", "tmpfs", dst, json_incref(o));
		rc = 0;
	} else if (strcmp(type, "bind") != 0) {
		fail(e, EINVAL, "--mount '%s': there is no type '%s'", text, type);
		err_hint(e, "use bind or tmpfs");
	} else if (!src || !realpath(src, real)) {
		fail(e, src ? errno : EINVAL, "--mount: '%s': %s",
		     src ? src : "src=", src ? strerror(errno) : "is missing");
		err_hint(e, "name a folder or file that is there");
	} else {
		rc = bind_options(o, text, e);
		if (rc == 0)
			add(mounts, "bind", real, dst, json_incref(o));
	}
out:
	json_decref(o);
	free(copy);
	return rc;
}

int
volume_add(json_t *mounts, const json_t *request, struct err *e)
{
	static const struct {
		const char *key;
		int (*add)(json_t *mounts, const char *text, struct err *e);
	} kinds[] = { { "volume", volume }, { "mount", long_form }, { "tmpfs", tmpfs } };
	size_t i;
	json_t *v;

	for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++)
		json_array_foreach(json_object_get(request, kinds[k].key), i, v)
			if (kinds[k].add(mounts, json_string_value(v), e) < 0)
				return -1;
	return 0;
}
