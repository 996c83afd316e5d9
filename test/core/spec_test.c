/* SPDX-License-Identifier: Apache-2.0 */
#include "test/unit.h"

#include <errno.h>
#include <string.h>

#include "base/arena.h"
#include "base/json.h"
#include "core/spec.h"

static struct spec *
of(const char *text, const char *bundle, struct err *e)
{
	*e = (struct err){ 0 };
	json_t *doc = json_parse(text, strlen(text), "test", e);
	return doc ? spec_of(doc, bundle, "config.json", e) : NULL;
}

static void
a_small_bundle(void **state)
{
	struct err e;

	(void)state;
	struct spec *s =
	        of("{\"ociVersion\":\"1.2.0\",\"process\":{\"args\":[\"sh\",\"-c\",\"true\"],"
	           "\"env\":[\"A=b\"],\"cwd\":\"/tmp\",\"terminal\":true,"
	           "\"consoleSize\":{\"height\":24,\"width\":80},"
	           "\"user\":{\"uid\":7,\"gid\":8,\"umask\":18,\"additionalGids\":[1,2]},"
	           "\"oomScoreAdj\":-5,\"noNewPrivileges\":true},"
	           "\"root\":{\"path\":\"rootfs\",\"readonly\":true},\"hostname\":\"box\","
	           "\"annotations\":{\"dev.joist.image\":\"alpine\"}}",
	           "/b", &e);
	assert_non_null(s);
	assert_string_equal(s->process.args[2], "true");
	assert_null(s->process.args[3]);
	assert_string_equal(s->process.env[0], "A=b");
	assert_string_equal(s->process.cwd, "/tmp");
	assert_true(s->process.terminal && s->process.no_new_privs && s->root_readonly);
	assert_int_equal(s->process.rows, 24);
	assert_int_equal(s->process.cols, 80);
	assert_int_equal(s->process.uid, 7);
	assert_int_equal(s->process.gid, 8);
	assert_int_equal(s->process.umask, 18);
	assert_int_equal(s->process.ngroups, 2);
	assert_int_equal(s->process.groups[1], 2);
	assert_true(s->process.has_oom_adj);
	assert_int_equal(s->process.oom_adj, -5);
	assert_string_equal(s->root, "/b/rootfs");
	assert_string_equal(s->hostname, "box");
	assert_string_equal(spec_note(s, "image", "none"), "alpine");
	assert_string_equal(spec_note(s, "other", "none"), "none");
	spec_free(s);
	spec_free(NULL);
}

static void
the_linux_part(void **state)
{
	struct err e;

	(void)state;
	struct spec *s =
	        of("{\"ociVersion\":\"1.0.2\",\"process\":{\"args\":[\"x\"],\"cwd\":\"/\"},"
	           "\"root\":{\"path\":\"/r\"},\"linux\":{\"namespaces\":[{\"type\":\"pid\"},"
	           "{\"type\":\"network\",\"path\":\"/proc/1/ns/net\"},{\"type\":\"user\"}],"
	           "\"uidMappings\":[{\"containerID\":0,\"hostID\":1000,\"size\":10}],"
	           "\"devices\":[{\"path\":\"/dev/n\",\"type\":\"u\",\"major\":1,\"minor\":3,"
	           "\"fileMode\":438}],\"maskedPaths\":[\"/proc/kcore\"],"
	           "\"cgroupsPath\":\"/a/b\"}}",
	           NULL, &e);
	assert_non_null(s);
	assert_true(s->ns[NS_PID].fresh && !s->ns[NS_PID].path);
	assert_string_equal(s->ns[NS_NETWORK].path, "/proc/1/ns/net");
	assert_false(s->ns[NS_NETWORK].fresh || s->ns[NS_IPC].fresh);
	assert_int_equal(s->nuid_map, 1);
	assert_int_equal(s->uid_map[0].outside, 1000);
	assert_int_equal(s->ndevices, 1);
	assert_int_equal(s->devices[0].type, 'c');
	assert_int_equal(s->devices[0].mode, 0666);
	assert_string_equal(s->masked[0], "/proc/kcore");
	assert_string_equal(s->cgroups_path, "/a/b");
	assert_string_equal(s->root, "/r");
	spec_free(s);
}

/* Each is refused, and the sentence names what is wrong. */
static void
what_makes_no_sense_is_refused(void **state)
{
	static const struct {
		const char *config, *word;
	} bad[] = {
		{ "[]", "object" },
		{ "{}", "ociVersion" },
		{ "{\"ociVersion\":\"2.0.0\"}", "2.0.0" },
		{ "{\"ociVersion\":12}", "ociVersion" },
		{ "{\"ociVersion\":\"1.0.2\",\"process\":[]}", "process" },
		{ "{\"ociVersion\":\"1.0.2\",\"process\":{\"args\":\"sh\",\"cwd\":\"/\"}}",
		  "args" },
		{ "{\"ociVersion\":\"1.0.2\",\"process\":{\"args\":[1],\"cwd\":\"/\"}}", "args" },
		{ "{\"ociVersion\":\"1.0.2\",\"process\":{\"args\":[\"x\"],\"cwd\":\"tmp\"}}",
		  "cwd" },
		{ "{\"ociVersion\":\"1.0.2\",\"process\":{\"args\":[\"x\"],\"cwd\":\"/\","
		  "\"user\":{\"uid\":-1}}}",
		  "uid" },
		{ "{\"ociVersion\":\"1.0.2\",\"process\":{\"args\":[\"x\"],\"cwd\":\"/\","
		  "\"user\":{\"uid\":4294967295}}}",
		  "uid" },
		{ "{\"ociVersion\":\"1.0.2\",\"process\":{\"args\":[\"x\"],\"cwd\":\"/\","
		  "\"oomScoreAdj\":1001}}",
		  "oomScoreAdj" },
		{ "{\"ociVersion\":\"1.0.2\",\"linux\":{\"namespaces\":[{\"type\":\"moon\"}]}}",
		  "moon" },
		{ "{\"ociVersion\":\"1.0.2\",\"linux\":{\"namespaces\":[{\"type\":\"pid\"},"
		  "{\"type\":\"pid\"}]}}",
		  "twice" },
		{ "{\"ociVersion\":\"1.0.2\",\"linux\":{\"namespaces\":[{\"type\":\"pid\","
		  "\"path\":\"x\"}]}}",
		  "path" },
		{ "{\"ociVersion\":\"1.0.2\",\"linux\":{\"uidMappings\":[{\"containerID\":0,"
		  "\"hostID\":0,\"size\":1}]}}",
		  "user namespace" },
		{ "{\"ociVersion\":\"1.0.2\",\"linux\":{\"devices\":[{\"path\":\"dev\","
		  "\"type\":\"c\"}]}}",
		  "path" },
		{ "{\"ociVersion\":\"1.0.2\",\"linux\":{\"devices\":[{\"path\":\"/dev/x\","
		  "\"type\":\"z\"}]}}",
		  "type" },
		{ "{\"ociVersion\":\"1.0.2\",\"hooks\":{\"prestart\":[{\"path\":\"rel\"}]}}",
		  "path" },
		{ "{\"ociVersion\":\"1.0.2\",\"mounts\":[{\"type\":\"tmpfs\"}]}", "mounts" },
		{ "{\"ociVersion\":\"1.0.2\",\"annotations\":{\"a\":1}}", "annotations" },
		{ "{\"ociVersion\":\"1.0.2\",\"root\":{\"path\":\"rel\"}}", "root" },
		{ "{\"ociVersion\":\"1.0.2\",\"hostname\":"
		  "\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
		  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"}",
		  "hostname" },
	};
	struct err e;

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		struct spec *s = of(bad[i].config, NULL, &e);
		if (s || !strstr(e.what, bad[i].word))
			print_message("# %s: %s\n", bad[i].config, s ? "taken" : e.what);
		assert_null(s);
		assert_non_null(strstr(e.what, bad[i].word));
		assert_non_null(strstr(e.what, "config.json"));
	}
}

static void
the_kernels_limit_of_id_maps(void **state)
{
	struct arena *a = arena_new();
	json_t *maps = json_array();
	struct err e = { 0 };

	(void)state;
	for (int i = 0; i < 341; i++)
		json_array_append_new(maps, json_pack("{s:i, s:i, s:i}", "containerID", i, "hostID",
		                                      i, "size", 1));
	json_t *doc = json_pack("{s:s, s:{s:[{s:s}], s:o}}", "ociVersion", "1.0.2", "linux",
	                        "namespaces", "type", "user", "uidMappings", maps);
	assert_null(spec_of(doc, NULL, "big", &e));
	assert_int_equal(e.code, E2BIG);
	arena_free(a);
}

static void
notes_are_set_and_read(void **state)
{
	json_t *doc = json_object();
	char many[200];

	(void)state;
	assert_string_equal(spec_note_of(doc, "a", "none"), "none");
	assert_int_equal(spec_note_set(doc, "a", "1"), 0);
	assert_int_equal(spec_note_set(doc, "a", "2"), 0);
	assert_string_equal(spec_note_of(doc, "a", "none"), "2");
	memset(many, 'k', sizeof many - 1);
	many[sizeof many - 1] = '\0';
	assert_string_equal(spec_note_of(doc, many, "none"), "none");
	json_decref(doc);
}

UNIT_MAIN(TEST(a_small_bundle), TEST(the_linux_part), TEST(what_makes_no_sense_is_refused),
          TEST(the_kernels_limit_of_id_maps), TEST(notes_are_set_and_read))
