/* SPDX-License-Identifier: Apache-2.0 */
/* Names, manifests, indexes, configurations and challenges of strangers. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/json.h"
#include "img/manifest.h"
#include "img/ref.h"
#include "libexec/image/auth.h"
#include "libexec/image/change.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void
names(const char *text)
{
	struct ref r, again;
	struct platform p;
	char plat[100];

	if (ref_parse(text, &r, NULL) == 0) {
		/* What we spell, we read, and it means the same. */
		char *name = ref_name(&r);
		if (ref_parse(name, &again, NULL) < 0)
			abort();
		char *same = ref_name(&again);
		if (strcmp(name, same) != 0)
			abort();
		ref_free(&again);
		ref_free(&r);
		free(same);
		free(name);
	}
	if (manifest_platform(text, &p, NULL) == 0)
		manifest_platform_text(&p, plat);
	struct auth_challenge c;
	auth_challenge(text, &c);
	auth_challenge_free(&c);
	json_t *config = json_object();
	change_apply(config, text, NULL);
	json_decref(config);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	char *text = xmalloc(n + 1);
	struct platform host = manifest_host();
	struct descriptor d;
	struct manifest m;
	struct err e = { 0 };
	const char **ids;

	memcpy(text, data, n);
	text[n] = '\0';
	names(text);
	json_t *doc = json_parse(text, n, "fuzz", &e);
	if (doc) {
		if (manifest_is_index(doc) && manifest_pick(doc, &host, &d, &e) == 0 &&
		    (!ref_is_digest(d.digest) || d.size < 0))
			abort();
		if (manifest_diff_ids(doc, 1, &ids, &e) == 0) {
			if (!ref_is_digest(ids[0]))
				abort();
			free(ids);
		}
		if (manifest_of(doc, &m, &e) == 0) {
			for (size_t i = 0; i < m.nlayers; i++)
				if (!ref_is_digest(m.layers[i].digest) || m.layers[i].size < 0)
					abort();
			manifest_free(&m);
		}
	}
	free(text);
	return 0;
}
