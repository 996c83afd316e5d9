/* SPDX-License-Identifier: Apache-2.0 */
/* The store: finding, listing, removing and collecting images. */
#include "test/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/file.h"
#include "base/json.h"
#include "img/collect.h"
#include "img/image.h"
#include "img/listing.h"
#include "img/ref.h"

/* Digests here are made up: the store trusts what it took in. */
static char *
digest(char c)
{
	char *d = xprintf("sha256:%064d", 0);

	memset(d + 7, c, 64);
	return d;
}

static struct image_store
fresh(char root[64])
{
	struct image_store s;

	strncpy(root, "/tmp/joist-image-test.XXXXXX", 63);
	root[63] = '\0';
	assert_non_null(mkdtemp(root));
	assert_int_equal(image_store_open(&s, root, NULL), 0);
	return s;
}

static void
done(struct image_store *s, const char *root)
{
	image_store_close(s);
	assert_int_equal(file_remove(AT_FDCWD, root, NULL), 0);
}

static void
blob(struct image_store *s, const char *d, const json_t *doc)
{
	char path[80], *text = json_dumps(doc, JSON_COMPACT);

	assert_int_equal(file_write(s->layout.dir, layout_blob(d, path), text, strlen(text), 0600,
	                            false, NULL),
	                 0);
	free(text);
}

/* An image "name" with manifest mmm.., configuration ccc.., one layer lll.. */
static void
add(struct image_store *s, const char *name, char m, char c, char l)
{
	char *md = digest(m), *cd = digest(c), *ld = digest(l), path[80];
	json_t *manifest =
	        json_pack("{s:i, s:{s:s, s:i}, s:[{s:s, s:i}]}", "schemaVersion", 2, "config",
	                  "digest", cd, "size", 10, "layers", "digest", ld, "size", 20);
	json_t *config = json_pack("{s:s, s:s, s:{s:[s]}}", "os", "linux", "architecture", "amd64",
	                           "rootfs", "diff_ids", ld);

	blob(s, md, manifest);
	blob(s, cd, config);
	blob(s, ld, config);
	char *fs = xprintf("%s/fs", image_layer(ld, path));
	assert_int_equal(file_mkdirs(s->dir, fs, 0755, NULL), 0);
	assert_int_equal(image_tag(s, name,
	                           json_pack("{s:s, s:s, s:i}", "mediaType", MEDIA_MANIFEST,
	                                     "digest", md, "size", 30),
	                           NULL),
	                 0);
	free(fs);
	json_decref(manifest);
	json_decref(config);
	free(md);
	free(cd);
	free(ld);
}

static void
machine(struct image_store *s, const char *name, char m, char l)
{
	char *md = digest(m), *ld = digest(l), *path = xprintf("machines/%s", name);
	json_t *doc = json_pack("{s:{s:s, s:s}}", "annotations", "dev.joist.image.digest", md,
	                        "dev.joist.image.layers", ref_hex(ld));

	assert_int_equal(file_mkdirs(s->dir, path, 0700, NULL), 0);
	char *file = xprintf("%s/config.json", path);
	assert_int_equal(json_save(s->dir, file, doc, false, NULL), 0);
	json_decref(doc);
	free(file);
	free(path);
	free(md);
	free(ld);
}

static bool
there(struct image_store *s, char c)
{
	char *d = digest(c);
	bool yes = layout_has(&s->layout, d, -1);

	free(d);
	return yes;
}

static bool
unpacked(struct image_store *s, char c)
{
	char *d = digest(c);
	bool yes = image_has_layer(s, d);

	free(d);
	return yes;
}

static void
resolving(void **state)
{
	char root[64];
	struct image_store s = fresh(root);
	struct image im;
	struct err e = { 0 };
	(void)state;

	assert_int_equal(image_resolve(&s, "none", NULL, &im, &e), -1);
	assert_int_equal(e.code, ENOENT);
	assert_string_equal(e.what, "image 'none' is not in the store");
	assert_string_equal(e.hint, "get it with: joist pull none");
	add(&s, "docker.io/library/app:latest", '1', '2', '3');
	static const char *const names[] = { "app", "app:latest", "docker.io/library/app", "111111",
		                             "sha256:11111111" };
	for (size_t i = 0; i < 5; i++) {
		assert_int_equal(image_resolve(&s, names[i], NULL, &im, &e), 0);
		assert_string_equal(im.name, "docker.io/library/app:latest");
		assert_int_equal(im.nlayers, 1);
		assert_true(im.paths[0][0] == '/' && access(im.paths[0], F_OK) == 0);
		assert_string_equal(im.layers, im.ids[0]);
		image_free(&im);
	}
	assert_int_equal(image_resolve(&s, "app:2", NULL, &im, &e), -1);
	assert_int_equal(image_resolve(&s, "Not/A Name", NULL, &im, &e), -1);
	assert_int_equal(e.code, EINVAL);
	assert_int_equal(file_remove(s.dir, "layers", NULL), 0);
	assert_int_equal(image_resolve(&s, "app", NULL, &im, &e), -1);
	assert_int_equal(e.code, ENODATA);
	done(&s, root);
}

static void
removing(void **state)
{
	char root[64];
	struct image_store s = fresh(root);
	json_t *report;
	struct err e = { 0 };
	(void)state;

	add(&s, "docker.io/library/one:latest", '1', '2', '3');
	add(&s, "docker.io/library/two:latest", '4', '5', '3');
	add(&s, "docker.io/library/three:latest", '4', '5', '3');
	machine(&s, "web", '1', '3');
	assert_int_equal(collect_remove(&s, "one", false, &report, &e), -1);
	assert_non_null(strstr(e.what, "used by machine 'web'"));
	assert_true(e.hint[0]);
	/* one of two names */
	assert_int_equal(collect_remove(&s, "two", false, &report, &e), 0);
	assert_int_equal(json_array_size(json_object_get(report, "deleted")), 0);
	json_decref(report);
	assert_true(there(&s, '4'));
	assert_int_equal(collect_remove(&s, "three", false, &report, &e), 0);
	json_decref(report);
	assert_true(!there(&s, '4') && !there(&s, '5'));
	/* the layer is the machine's too */
	assert_true(there(&s, '1') && there(&s, '3') && unpacked(&s, '3'));
	/* by force the name goes, and what the machine needs stays */
	assert_int_equal(collect_remove(&s, "one", true, &report, &e), 0);
	json_decref(report);
	assert_true(unpacked(&s, '3') && there(&s, '1'));
	assert_int_equal(file_remove(s.dir, "machines/web", NULL), 0);
	assert_int_equal(collect_run(&s, false, &report, &e), 0);
	assert_true(!unpacked(&s, '3') && !there(&s, '1'));
	json_decref(report);
	assert_int_equal(collect_remove(&s, "one", false, &report, &e), -1);
	assert_int_equal(e.code, ENOENT);
	done(&s, root);
}

static void
collecting(void **state)
{
	char root[64];
	struct image_store s = fresh(root), reader;
	json_t *report;
	(void)state;

	add(&s, "docker.io/library/used:latest", '1', '2', '3');
	add(&s, "docker.io/library/unused:latest", '4', '5', '6');
	machine(&s, "web", '1', '3');
	/* somebody is just making a machine: nothing goes */
	assert_int_equal(image_store_open(&reader, root, NULL), 0);
	assert_int_equal(image_share(&reader, NULL), 0);
	assert_int_equal(collect_run(&s, true, &report, NULL), 0);
	assert_true(json_yes(report, "busy"));
	assert_true(there(&s, '4') && unpacked(&s, '6'));
	json_decref(report);
	image_store_close(&reader);
	/* a machine that cannot be read stops the collector */
	assert_int_equal(file_mkdirs(s.dir, "machines/odd", 0700, NULL), 0);
	assert_int_equal(file_write(s.dir, "machines/odd/config.json", "{", 1, 0600, false, NULL),
	                 0);
	struct err e = { 0 };
	assert_int_equal(collect_run(&s, false, NULL, &e), -1);
	assert_true(e.what[0] && there(&s, '4'));
	assert_int_equal(file_remove(s.dir, "machines/odd", NULL), 0);
	assert_int_equal(collect_run(&s, true, &report, NULL), 0);
	json_decref(report);
	assert_true(!there(&s, '4') && !unpacked(&s, '6') && there(&s, '1') && unpacked(&s, '3'));
	done(&s, root);
}

static void
broken_ones_hinder_none(void **state)
{
	char root[64];
	struct image_store s = fresh(root);
	struct image im;
	json_t *list, *one;
	(void)state;

	add(&s, "docker.io/library/good:latest", '1', '2', '3');
	add(&s, "docker.io/library/bad:latest", '4', '5', '6');
	char *d = digest('5'), path[80];
	assert_int_equal(
	        file_write(s.layout.dir, layout_blob(d, path), "[[[[", 4, 0600, false, NULL), 0);
	free(d);
	assert_int_equal(image_resolve(&s, "good", NULL, &im, NULL), 0);
	image_free(&im);
	struct err e = { 0 };
	assert_int_equal(image_resolve(&s, "bad", NULL, &im, &e), -1);
	assert_non_null(strstr(e.what, "broken image"));
	image_release(&s);
	list = listing_all(&s, NULL, NULL);
	assert_int_equal(json_array_size(list), 2);
	assert_null(json_object_get(json_array_get(list, 0), "broken"));
	assert_non_null(json_object_get(json_array_get(list, 1), "broken"));
	json_decref(list);
	list = listing_all(&s, "good", NULL);
	assert_int_equal(json_array_size(list), 1);
	assert_string_equal(json_str(json_array_get(list, 0), "name", ""), "good:latest");
	assert_int_equal(json_int(json_array_get(list, 0), "size", 0), 30);
	json_decref(list);
	one = listing_one(&s, "good", NULL);
	assert_string_equal(json_str(json_array_get(json_object_get(one, "names"), 0), "", "x"),
	                    "x");
	assert_non_null(json_object_get(one, "config"));
	json_decref(one);
	assert_int_equal(collect_remove(&s, "bad", false, NULL, NULL), 0);
	assert_true(there(&s, '1') && !there(&s, '4'));
	done(&s, root);
}

static void
several_platforms(void **state)
{
	char root[64];
	struct image_store s = fresh(root);
	struct err e = { 0 };
	(void)state;

	char *one = digest('1'), *two = digest('2');
	for (int i = 0; i < 3; i++)
		assert_int_equal(
		        image_tag(&s, "docker.io/library/app:latest",
		                  json_pack("{s:s, s:i, s:{s:s, s:s}}", "digest",
		                            i == 2 ? two : one, "size", 1, "platform", "os",
		                            "linux", "architecture", i ? "amd64" : "s390x"),
		                  NULL),
		        0);
	json_t *index = layout_index(&s.layout, NULL);
	/* the third took the second's place, and the first is of another platform */
	assert_int_equal(json_array_size(json_object_get(index, "manifests")), 2);
	assert_string_equal(json_str(image_lookup(index, "app", "linux/s390x", &e), "digest", ""),
	                    one);
	assert_string_equal(json_str(image_lookup(index, "app", "linux/amd64", &e), "digest", ""),
	                    two);
	assert_null(image_lookup(index, "app", "linux/arm64", &e));
	assert_non_null(strstr(e.hint, "--platform linux/arm64"));
	json_decref(index);
	free(one);
	free(two);
	done(&s, root);
}

UNIT_MAIN(TEST(resolving), TEST(removing), TEST(collecting), TEST(broken_ones_hinder_none),
          TEST(several_platforms))
