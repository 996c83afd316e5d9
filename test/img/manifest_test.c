/* SPDX-License-Identifier: Apache-2.0 */
/* Documents of an image, good and hostile. */
#include "test/unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "img/manifest.h"

#define HEX    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define CONFIG "\"config\":{\"mediaType\":\"c\",\"digest\":\"sha256:" HEX "\",\"size\":2}"
#define LAYER  "{\"mediaType\":\"l\",\"digest\":\"sha256:" HEX "\",\"size\":3}"

static json_t *
doc(const char *text)
{
	json_t *d = json_loads(text, 0, NULL);

	assert_non_null(d);
	return d;
}

static void
good_manifest(void **state)
{
	struct manifest m;
	(void)state;

	assert_int_equal(manifest_of(doc("{\"schemaVersion\":2," CONFIG ",\"layers\":[" LAYER
	                                 "," LAYER "]}"),
	                             &m, NULL),
	                 0);
	assert_int_equal(m.nlayers, 2);
	assert_int_equal(m.layers[1].size, 3);
	assert_string_equal(m.layers[1].media, "l");
	manifest_free(&m);
	assert_int_equal(manifest_of(doc("{" CONFIG "}"), &m, NULL), 0);
	assert_int_equal(m.nlayers, 0);
	manifest_free(&m);
}

static void
bad_manifests(void **state)
{
	static const char *const texts[] = {
		"{}",
		"[]",
		"{\"schemaVersion\":1}",
		"{\"config\":7}",
		"{\"config\":{}}",
		"{" CONFIG ",\"layers\":{}}",
		"{" CONFIG ",\"layers\":[7]}",
		"{" CONFIG ",\"layers\":[{}]}",
		"{\"config\":{\"digest\":\"sha256:../../x\",\"size\":1}}",
		"{\"config\":{\"digest\":\"sha256:" HEX "\"}}",
		"{\"config\":{\"digest\":\"sha256:" HEX "\",\"size\":-1}}",
		"{\"config\":{\"digest\":\"sha256:" HEX "\",\"size\":1.5}}",
		"{\"config\":{\"digest\":\"sha256:" HEX "\",\"size\":\"1\"}}",
		"{\"config\":{\"digest\":7,\"size\":1}}",
	};
	struct manifest m;
	(void)state;

	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		struct err e = { 0 };
		assert_int_equal(manifest_of(doc(texts[i]), &m, &e), -1);
		assert_true(e.what[0]);
		assert_null(m.doc);
	}
	/* more layers than overlayfs takes */
	json_t *d = doc("{" CONFIG ",\"layers\":[]}"), *list = json_object_get(d, "layers");
	for (int i = 0; i <= MANIFEST_LAYERS; i++)
		json_array_append_new(list, doc(LAYER));
	struct err e = { 0 };
	assert_int_equal(manifest_of(d, &m, &e), -1);
	assert_int_equal(e.code, E2BIG);
}

static void
diff_ids(void **state)
{
	const char **ids;
	(void)state;

	json_t *c = doc("{\"rootfs\":{\"diff_ids\":[\"sha256:" HEX "\"]}}");
	assert_int_equal(manifest_diff_ids(c, 1, &ids, NULL), 0);
	free(ids);
	assert_int_equal(manifest_diff_ids(c, 2, &ids, NULL), -1);
	assert_int_equal(manifest_diff_ids(c, 0, &ids, NULL), -1);
	json_decref(c);
	c = doc("{\"rootfs\":{\"diff_ids\":[\"sha256:../../../../etc\"]}}");
	assert_int_equal(manifest_diff_ids(c, 1, &ids, NULL), -1);
	json_decref(c);
	c = doc("[]");
	assert_int_equal(manifest_diff_ids(c, 0, &ids, NULL), -1);
	json_decref(c);
}

static void
platforms(void **state)
{
	static const char *const bad[] = { "linux/", "/", "a/b/c/d", "linux/amd64 x", "linux//v8" };
	struct platform p;
	char text[100];
	(void)state;

	assert_int_equal(manifest_platform("linux/arm/v7", &p, NULL), 0);
	assert_string_equal(manifest_platform_text(&p, text), "linux/arm/v7");
	assert_int_equal(manifest_platform("linux/arm64", &p, NULL), 0);
	assert_string_equal(manifest_platform_text(&p, text), "linux/arm64");
	assert_int_equal(manifest_platform("x86_64", &p, NULL), 0);
	assert_string_equal(manifest_platform_text(&p, text), "linux/amd64");
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_int_equal(manifest_platform(bad[i], &p, NULL), -1);
}

static void
picking(void **state)
{
	static const char *const rows[][2] = { { "linux/arm/v7", "2" },
		                               { "linux/arm/v6", "1" },
		                               { "linux/arm64", "3" },
		                               { "linux/arm64/v8", "3" } };
	struct descriptor d;
	struct platform p;
	(void)state;

#define MEMBER(arch, more, n)                                                                      \
	"{\"digest\":\"sha256:" HEX "\",\"size\":" n ",\"platform\":{\"os\":\"linux\"," more       \
	"\"architecture\":\"" arch "\"}}"
	json_t *index = doc("{\"manifests\":[" MEMBER("unknown", "", "9") "," MEMBER(
	        "arm", "\"variant\":\"v6\",", "1") "," MEMBER("arm", "\"variant\":\"v7\",",
	                                                      "2") "," MEMBER("arm64", "",
	                                                                      "3") "]}");
	assert_true(manifest_is_index(index));
	for (size_t i = 0; i < 4; i++) {
		assert_int_equal(manifest_platform(rows[i][0], &p, NULL), 0);
		assert_int_equal(manifest_pick(index, &p, &d, NULL), 0);
		assert_int_equal(d.size, atoll(rows[i][1]));
	}
	struct err e = { 0 };
	manifest_platform("linux/s390x", &p, NULL);
	assert_int_equal(manifest_pick(index, &p, &d, &e), -1);
	assert_int_equal(e.code, ENOENT);
	assert_non_null(strstr(e.hint, "linux/arm/v7"));
	json_decref(index);
}

UNIT_MAIN(TEST(good_manifest), TEST(bad_manifests), TEST(diff_ids), TEST(platforms), TEST(picking))
