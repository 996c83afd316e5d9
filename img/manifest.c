/* SPDX-License-Identifier: Apache-2.0 */
#include "img/manifest.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "base/arena.h"
#include "base/json.h"
#include "base/str.h"
#include "img/ref.h"

/* What uname(2) and what Go call the same processor. */
static const struct {
	const char *machine, *arch, *variant;
} arches[] = {
	{ "x86_64", "amd64", "" },        { "aarch64", "arm64", "v8" },
	{ "riscv64", "riscv64", "" },     { "armv7l", "arm", "v7" },
	{ "armv6l", "arm", "v6" },        { "i686", "386", "" },
	{ "ppc64le", "ppc64le", "" },     { "s390x", "s390x", "" },
	{ "loongarch64", "loong64", "" },
};

struct platform
manifest_host(void)
{
	struct platform p = { .os = "linux" };
	struct utsname u;

	uname(&u);
	snprintf(p.arch, sizeof p.arch, "%.31s", u.machine);
	for (size_t i = 0; i < sizeof arches / sizeof arches[0]; i++) {
		if (strcmp(u.machine, arches[i].machine) != 0)
			continue;
		snprintf(p.arch, sizeof p.arch, "%s", arches[i].arch);
		snprintf(p.variant, sizeof p.variant, "%s", arches[i].variant);
	}
	return p;
}

/* Other spellings of the same: "x86_64", "aarch64". */
static void
same_names(struct platform *p)
{
	for (size_t i = 0; i < sizeof arches / sizeof arches[0]; i++)
		if (strcmp(p->arch, arches[i].machine) == 0)
			snprintf(p->arch, sizeof p->arch, "%s", arches[i].arch);
	/* arm64 has only had v8 in image names, and it goes without saying. */
	if (strcmp(p->arch, "arm64") == 0 && !p->variant[0])
		snprintf(p->variant, sizeof p->variant, "v8");
}

int
manifest_platform(const char *text, struct platform *p, struct err *e)
{
	char buf[100], *rest = buf, *part[3] = { 0 };
	size_t n = 0;

	*p = manifest_host();
	if (!text || !*text)
		return 0;
	if (strlen(text) < sizeof buf &&
	    strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRS"
	                 "TUVWXYZ0123456789._-/") == strlen(text)) {
		snprintf(buf, sizeof buf, "%s", text);
		while (n < 3 && rest)
			part[n++] = strsep(&rest, "/");
	}
	bool bad = n == 0 || rest;
	for (size_t i = 0; i < n; i++)
		bad |= !part[i][0] || strlen(part[i]) > 31;
	if (bad) {
		fail(e, EINVAL, "'%.80s' is not a platform", text);
		return err_hint(e, "write OS/ARCH[/VARIANT], such as linux/amd64 or linux/arm/v7");
	}
	if (n == 1) {
		p->variant[0] = '\0';
		snprintf(p->arch, sizeof p->arch, "%s", part[0]);
	} else {
		snprintf(p->os, sizeof p->os, "%s", part[0]);
		snprintf(p->arch, sizeof p->arch, "%s", part[1]);
		snprintf(p->variant, sizeof p->variant, "%s", n == 3 ? part[2] : "");
	}
	same_names(p);
	return 0;
}

const char *
manifest_platform_text(const struct platform *p, char buf[100])
{
	bool plain =
	        !p->variant[0] || (strcmp(p->arch, "arm64") == 0 && strcmp(p->variant, "v8") == 0);
	snprintf(buf, 100, "%s/%s%s%s", p->os, p->arch, plain ? "" : "/", plain ? "" : p->variant);
	return buf;
}

int
manifest_descriptor(const json_t *o, const char *what, struct descriptor *d, struct err *e)
{
	*d = (struct descriptor){ .media = "", .size = -1, .json = o };
	if (!json_is_object(o))
		return fail(e, EINVAL, "%s is not a descriptor", what);
	if (json_opt_str(o, "mediaType", &d->media, e) < 0 ||
	    json_opt_str(o, "digest", &d->digest, e) < 0 ||
	    json_opt_int(o, "size", &d->size, e) < 0)
		return err_prefix(e, "%s", what);
	if (!d->digest || !ref_is_digest(d->digest)) {
		fail(e, EINVAL, "%s: '%.80s' is not a SHA-256 digest", what,
		     d->digest ? d->digest : "");
		return err_hint(e, "only images that are named by SHA-256 can be used");
	}
	if (d->size < 0)
		return fail(e, EINVAL, "%s: its size is missing or negative", what);
	return 0;
}

bool
manifest_is_index(const json_t *doc)
{
	return json_is_array(json_object_get(doc, "manifests"));
}

int
manifest_fits(const json_t *descriptor, const struct platform *p)
{
	const json_t *o = json_object_get(descriptor, "platform");
	struct platform q = { 0 };

	if (!json_is_object(o))
		return 1;
	snprintf(q.os, sizeof q.os, "%.31s", json_str(o, "os", ""));
	snprintf(q.arch, sizeof q.arch, "%.31s", json_str(o, "architecture", ""));
	snprintf(q.variant, sizeof q.variant, "%.31s", json_str(o, "variant", ""));
	same_names(&q);
	if (strcmp(q.os, p->os) != 0 || strcmp(q.arch, p->arch) != 0)
		return 0;
	if (strcmp(q.variant, p->variant) == 0)
		return 20;
	/* A lower variant of the same processor runs too; the nearest is best. */
	if (!p->variant[0] || !q.variant[0])
		return 10;
	return q.variant[0] == 'v' && p->variant[0] == 'v' && q.variant[1] < p->variant[1]
	               ? 2 + (q.variant[1] - '0') % 8
	               : 0;
}

static void
offered(const json_t *list, struct err *e)
{
	struct str s = { 0 };
	char one[100];
	size_t i;
	json_t *d;

	json_array_foreach(list, i, d) {
		const json_t *o = json_object_get(d, "platform");
		struct platform q = { 0 };
		if (!o || strcmp(json_str(o, "os", "unknown"), "unknown") == 0 || s.n > 150)
			continue;
		snprintf(q.os, sizeof q.os, "%.31s", json_str(o, "os", ""));
		snprintf(q.arch, sizeof q.arch, "%.31s", json_str(o, "architecture", ""));
		snprintf(q.variant, sizeof q.variant, "%.31s", json_str(o, "variant", ""));
		str_printf(&s, "%s%s", s.n ? " " : "", manifest_platform_text(&q, one));
	}
	if (s.n)
		err_hint(e, "choose one with --platform: %s", s.p);
	str_free(&s);
}

int
manifest_pick(const json_t *index, const struct platform *p, struct descriptor *d, struct err *e)
{
	const json_t *list = json_object_get(index, "manifests");
	const json_t *best = NULL;
	char text[100];
	int most = 0;
	size_t i;
	json_t *o;

	json_array_foreach(list, i, o) {
		int fit = manifest_fits(o, p);
		if (fit > most) {
			most = fit;
			best = o;
		}
	}
	if (!best) {
		fail(e, ENOENT, "the image is not made for %s", manifest_platform_text(p, text));
		offered(list, e);
		return -1;
	}
	return manifest_descriptor(best, "a member of the index", d, e);
}

int
manifest_of(json_t *doc, struct manifest *m, struct err *e)
{
	char what[40];
	json_t *list = NULL;

	*m = (struct manifest){ .doc = doc };
	if (!json_is_object(doc)) {
		fail(e, EINVAL, "the manifest is not a JSON object");
		goto bad;
	}
	if (json_int(doc, "schemaVersion", 0) == 1) {
		fail(e, EINVAL, "the manifest is of the old form (schema 1)");
		err_hint(e, "push the image anew with a tool of this decade");
		goto bad;
	}
	if (manifest_descriptor(json_object_get(doc, "config"), "config", &m->config, e) < 0 ||
	    json_opt_arr(doc, "layers", &list, e) < 0)
		goto bad;
	if (json_array_size(list) > MANIFEST_LAYERS) {
		fail(e, E2BIG, "the manifest has %zu layers, more than %d", json_array_size(list),
		     MANIFEST_LAYERS);
		goto bad;
	}
	m->nlayers = json_array_size(list);
	m->layers = xcalloc(m->nlayers + 1, sizeof *m->layers);
	for (size_t i = 0; i < m->nlayers; i++) {
		snprintf(what, sizeof what, "layer %zu", i + 1);
		if (manifest_descriptor(json_array_get(list, i), what, &m->layers[i], e) < 0)
			goto bad;
	}
	return 0;
bad:
	manifest_free(m);
	return err_prefix(e, "broken manifest");
}

void
manifest_free(struct manifest *m)
{
	json_decref(m->doc);
	free(m->layers);
	*m = (struct manifest){ 0 };
}

int
manifest_diff_ids(const json_t *config, size_t n, const char ***ids, struct err *e)
{
	const json_t *list = json_object_get(json_object_get(config, "rootfs"), "diff_ids");

	*ids = NULL;
	if (!json_is_object(config) || (n && !json_is_array(list)))
		return fail(e, EINVAL, "broken image: its configuration has no rootfs.diff_ids");
	if (json_array_size(list) != n)
		return fail(e, EINVAL, "broken image: %zu layers, but %zu diff ids", n,
		            json_array_size(list));
	const char **out = xcalloc(n + 1, sizeof *out);
	for (size_t i = 0; i < n; i++) {
		out[i] = json_string_value(json_array_get(list, i));
		if (!out[i] || !ref_is_digest(out[i])) {
			free(out);
			return fail(e, EINVAL, "broken image: diff id %zu is not a SHA-256 digest",
			            i + 1);
		}
	}
	*ids = out;
	return 0;
}
