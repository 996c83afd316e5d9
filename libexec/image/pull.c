/* SPDX-License-Identifier: Apache-2.0 */
#include "libexec/image/pull.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/json.h"
#include "base/str.h"
#include "img/ref.h"
#include "libexec/image/intake.h"
#include "libexec/image/registry.h"

struct pull {
	struct image_store *s;
	const struct options *o;
	struct registry *g; /* own */
	struct intake in;
	struct platform platform;
};

/* From an index down to the manifest for our platform. */
static int
descend(struct pull *p, char **text, size_t *n, char digest[80], struct err *e)
{
	struct descriptor d;

	for (int depth = 0; depth < 4; depth++) {
		json_t *doc = json_parse(*text, *n, "the manifest", e);
		if (!doc)
			return -1;
		if (!manifest_is_index(doc)) {
			json_decref(doc);
			return 0;
		}
		int rc = manifest_pick(doc, &p->platform, &d, e);
		free(*text);
		*text = NULL;
		if (rc == 0)
			rc = registry_manifest(p->g, d.digest, text, n, digest, e);
		json_decref(doc);
		if (rc < 0)
			return -1;
	}
	return fail(e, ELOOP, "broken image: too many indexes within each other");
}

/* --all-platforms: every manifest of the index, ours unpacked. */
static json_t *
whole_index(struct pull *p, const char *text, size_t n, const char *digest, struct err *e)
{
	json_t *index = json_parse(text, n, "the index", e), *member, *done;
	struct descriptor ours = { 0 }, d;
	size_t i;

	if (!index)
		return NULL;
	if (!manifest_is_index(index)) {
		json_decref(index);
		return intake_manifest(&p->in, text, n, digest, e);
	}
	manifest_pick(index, &p->platform, &ours, NULL);
	json_array_foreach(json_object_get(index, "manifests"), i, member) {
		char *one = NULL, got[80];
		size_t k;
		if (manifest_descriptor(member, "a member of the index", &d, e) < 0 ||
		    registry_manifest(p->g, d.digest, &one, &k, got, e) < 0)
			goto bad;
		bool is_ours = ours.digest && strcmp(ours.digest, d.digest) == 0;
		done = is_ours ? intake_manifest(&p->in, one, k, d.digest, e)
		               : intake_foreign(&p->in, one, k, d.digest, e);
		free(one);
		if (!done)
			goto bad;
		json_decref(done);
	}
	if (blob_put(p->s, text, n, digest, NULL, e) < 0)
		goto bad;
	done = intake_descriptor(json_str(index, "mediaType", MEDIA_INDEX), digest, n, NULL);
	json_decref(index);
	return done;
bad:
	json_decref(index);
	return NULL;
}

int
pull_command(struct image_store *s, const struct options *o, struct err *e)
{
	struct pull p = { .s = s, .o = o };
	struct ref r;
	char *text = NULL, digest[80], *name = NULL;
	size_t n = 0;
	json_t *d = NULL;
	int rc = -1;

	if (manifest_platform(o->platform, &p.platform, e) < 0 || ref_parse(o->args[0], &r, e) < 0)
		return -1;
	name = ref_name(&r);
	p.g = registry_open(o, &r, false, NULL, e);
	if (!p.g)
		goto out;
	p.in = (struct intake){ .store = s,
		                .quiet = o->quiet,
		                .verb = "fetched",
		                .bring = registry_bring,
		                .ctx = p.g };
	progress_say(o->quiet, "pulling %s", ref_short(name));
	if (registry_manifest(p.g, r.digest ? r.digest : r.tag, &text, &n, digest, e) < 0)
		goto out;
	char asked[80];
	memcpy(asked, digest, sizeof asked);
	if (o->all_platforms)
		d = whole_index(&p, text, n, digest, e);
	else if (descend(&p, &text, &n, digest, e) == 0)
		d = intake_manifest(&p.in, text, n, digest, e);
	if (!d)
		goto out;
	/* What the tag stood for, so that the same can be asked for again. */
	json_object_set_new(d, "annotations", json_pack("{s:s}", "dev.joist.pulled", asked));
	rc = image_tag(s, name, d, e);
	if (rc == 0 && !o->no_digest) {
		printf("%s\n", digest);
		fflush(stdout);
	}
out:
	registry_close(p.g);
	ref_free(&r);
	free(text);
	free(name);
	return rc;
}
