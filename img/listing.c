/* SPDX-License-Identifier: Apache-2.0 */
#include "img/listing.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/json.h"
#include "base/str.h"
#include "img/collect.h"
#include "img/ref.h"

static const char *
name_of(const json_t *d)
{
	return json_str(json_object_get(d, "annotations"), LAYOUT_REF, "");
}

static json_t *
machines_of(json_t *users, const char *digest)
{
	json_t *list = json_array(), *use;
	const char *machine;

	json_object_foreach(users, machine, use) {
		if (strcmp(json_str(use, "digest", ""), digest) == 0)
			json_array_append_new(list, json_string(machine));
	}
	return list;
}

static int64_t
unpacked(struct image_store *s, const char *diff_id)
{
	char folder[80];

	char *path = xprintf("%s/info.json", image_layer(diff_id, folder));
	json_t *info = json_file(s->dir, path, NULL);
	int64_t n = json_int(info, "size", 0);
	json_decref(info);
	free(path);
	return n;
}

static void
platform_into(json_t *row, const json_t *config)
{
	struct platform p = { 0 };
	char text[100];

	snprintf(p.os, sizeof p.os, "%.31s", json_str(config, "os", "linux"));
	snprintf(p.arch, sizeof p.arch, "%.31s", json_str(config, "architecture", "unknown"));
	snprintf(p.variant, sizeof p.variant, "%.31s", json_str(config, "variant", ""));
	json_object_set_new(row, "platform", json_string(manifest_platform_text(&p, text)));
	json_object_set_new(row, "created", json_string(json_str(config, "created", "")));
}

/* Read the image behind a row; -1 when something of it is broken. */
static int
look(struct image_store *s, json_t *row, const char *digest, bool all, struct err *e)
{
	struct manifest m = { 0 };
	const char **ids = NULL;
	int64_t size = 0, disk = 0;
	json_t *layers = json_array(), *config = NULL;
	int rc = -1;

	json_t *doc = layout_json(&s->layout, digest, "manifest", e);
	if (!doc || manifest_of(doc, &m, e) < 0)
		goto out;
	config = layout_json(&s->layout, m.config.digest, "configuration", e);
	if (!config || manifest_diff_ids(config, m.nlayers, &ids, e) < 0)
		goto out;
	rc = 0;
	platform_into(row, config);
	size = m.config.size;
	for (size_t i = 0; i < m.nlayers; i++) {
		int64_t n = unpacked(s, ids[i]);
		size += m.layers[i].size;
		disk += n;
		json_array_append_new(layers, json_pack("{s:s, s:s, s:I, s:I}", "digest",
		                                        m.layers[i].digest, "diff_id", ids[i],
		                                        "size", (json_int_t)m.layers[i].size,
		                                        "unpacked", (json_int_t)n));
		if (!image_has_layer(s, ids[i]))
			rc = fail(e, ENODATA, "layer %zu is not unpacked", i + 1);
	}
	json_object_set_new(row, "size", json_integer(size));
	json_object_set_new(row, "unpacked", json_integer(disk));
	if (all) {
		json_object_set(row, "layers", layers);
		json_object_set(row, "manifest", m.doc);
		json_object_set(row, "config", config);
	} else {
		json_object_set_new(row, "layers", json_integer((json_int_t)m.nlayers));
	}
out:
	json_decref(layers);
	json_decref(config);
	free(ids);
	manifest_free(&m);
	return rc;
}

static void
add(struct image_store *s, json_t *list, const char *name, const char *digest, json_t *users)
{
	struct err bad = { 0 };

	json_t *row =
	        json_pack("{s:s, s:s, s:s#, s:o}", "name", ref_short(name), "digest", digest, "id",
	                  ref_hex(digest), (size_t)12, "machines", machines_of(users, digest));
	if (look(s, row, digest, false, &bad) < 0)
		json_object_set_new(row, "broken", json_string(bad.what));
	json_array_append_new(list, row);
}

static bool
wanted(const char *name, const char *digest, const char *filter, const char *full)
{
	size_t n;

	if (!filter || !*filter)
		return true;
	if (full && strcmp(name, full) == 0)
		return true;
	/* A name without its tag stands for all its tags. */
	n = strlen(filter);
	const char *brief = ref_short(name);
	if ((strncmp(brief, filter, n) == 0 && (brief[n] == ':' || brief[n] == '@')) ||
	    (strncmp(name, filter, n) == 0 && (name[n] == ':' || name[n] == '@')))
		return true;
	const char *hex = str_starts(filter, "sha256:") ? filter + 7 : filter;
	return strlen(hex) >= 6 && str_starts(ref_hex(digest), hex);
}

json_t *
listing_all(struct image_store *s, const char *filter, struct err *e)
{
	json_t *index = layout_index(&s->layout, e), *users = NULL, *list = NULL, *d, *inner;
	struct ref r = { 0 };
	size_t i, k;

	if (!index || !(users = collect_users(s, NULL, e)))
		goto out;
	char *full = filter && ref_parse(filter, &r, NULL) == 0 ? ref_name(&r) : NULL;
	ref_free(&r);
	list = json_array();
	json_array_foreach(json_object_get(index, "manifests"), i, d) {
		const char *digest = json_str(d, "digest", "");
		if (!ref_is_digest(digest) || !wanted(name_of(d), digest, filter, full))
			continue;
		json_t *doc = layout_json(&s->layout, digest, "manifest", NULL);
		if (doc && manifest_is_index(doc)) {
			json_array_foreach(json_object_get(doc, "manifests"), k, inner) {
				const char *one = json_str(inner, "digest", "");
				if (ref_is_digest(one) && layout_has(&s->layout, one, -1) &&
				    strcmp(json_str(json_object_get(inner, "platform"), "os", ""),
				           "unknown") != 0)
					add(s, list, name_of(d), one, users);
			}
		} else {
			add(s, list, name_of(d), digest, users);
		}
		json_decref(doc);
	}
	free(full);
out:
	json_decref(index);
	json_decref(users);
	return list;
}

json_t *
listing_one(struct image_store *s, const char *text, struct err *e)
{
	json_t *index = layout_index(&s->layout, e), *row = NULL, *names, *users, *d;
	struct platform host = manifest_host();
	struct descriptor desc;
	char *digest = NULL;
	size_t i;

	if (!index)
		return NULL;
	const json_t *o = image_lookup(index, text, NULL, e);
	if (!o || manifest_descriptor(o, "the store's index", &desc, e) < 0 ||
	    !(digest = layout_follow(&s->layout, &desc, &host, e)) ||
	    !(users = collect_users(s, NULL, e)))
		goto out;
	names = json_array();
	json_array_foreach(json_object_get(index, "manifests"), i, d) {
		if (strcmp(json_str(d, "digest", ""), desc.digest) == 0)
			json_array_append_new(names, json_string(ref_short(name_of(d))));
	}
	row = json_pack("{s:s, s:s#, s:o, s:o}", "digest", digest, "id", ref_hex(digest),
	                (size_t)12, "names", names, "machines", machines_of(users, digest));
	json_decref(users);
	struct err bad = { 0 };
	if (look(s, row, digest, true, &bad) < 0)
		json_object_set_new(row, "broken", json_string(bad.what));
out:
	free(digest);
	json_decref(index);
	return row;
}
