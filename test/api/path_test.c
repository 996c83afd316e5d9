/* SPDX-License-Identifier: Apache-2.0 */
/* Paths: kinds, full paths, which file of the host; names in UTF-16 and UTF-8; wildcards. */
#include "test/unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "layer/api/nt/process/birth.h"
#include "layer/api/nt/file/dir.h"
#include "layer/api/nt/file/path.h"
#include "layer/api/nt/text/utf.h"

static char root[] = "/tmp/joist-path-XXXXXX";

/* C: is an empty folder, and the current one; Z: is the host's root. */
static void
given(void)
{
	static struct drive drives[] = { { u'C', NULL, false }, { u'Z', "", false } };
	if (birth.ndrive)
		return;
	assert_non_null(mkdtemp(root));
	drives[0].root = root;
	birth.drives = drives;
	birth.ndrive = 2;
	birth.cwd = root;
}

static void
full(const char *from, const char *to)
{
	WCHAR *w = utf_wide(from), *out = NULL;
	assert_int_equal(path_full(w, &out), STATUS_SUCCESS);
	char *s = utf_narrow(out);
	assert_string_equal(s, to);
	free(w);
	free(out);
	free(s);
}

static void
test_kinds(void **state)
{
	(void)state;
	assert_int_equal(path_kind(u"\\\\server\\x"), PATH_UNC);
	assert_int_equal(path_kind(u"C:\\x"), PATH_DRIVE_ABSOLUTE);
	assert_int_equal(path_kind(u"C:x"), PATH_DRIVE_RELATIVE);
	assert_int_equal(path_kind(u"/x"), PATH_ROOTED);
	assert_int_equal(path_kind(u"x"), PATH_RELATIVE);
	assert_int_equal(path_kind(u"//./x"), PATH_DEVICE);
	assert_int_equal(path_kind(u"\\\\?"), PATH_DEVICE_ROOT);
}

static void
test_full(void **state)
{
	(void)state;
	given();
	full("a", "C:\\a");
	full("C:a\\..\\b", "C:\\b");
	full("\\x\\.\\y", "C:\\x\\y");
	full("Z:/a//b/../c/", "Z:\\a\\c\\");
	full("C:\\..\\..\\x", "C:\\x");
	full("C:\\dots...", "C:\\dots");
	full("C:\\a.\\b", "C:\\a\\b");
	full("\\\\.", "\\\\.");
	full("\\\\?", "\\\\?");
	full("nul", "\\\\.\\NUL");
	full("C:\\x\\nul", "\\\\.\\NUL");
	full("nul.txt", "C:\\nul.txt");
	full("con", "\\\\.\\CON");
	full("C:\\x\\con", "C:\\x\\con");
	WCHAR *none;
	assert_int_equal(path_full(u"", &none), STATUS_OBJECT_NAME_INVALID);
}

static NTSTATUS
host(const WCHAR *p, const char *want)
{
	struct path out;
	NTSTATUS s = path_parse(p, &out);
	if (s >= 0 && want && out.host) {
		if (want[0] == '~') {
			assert_int_equal(strncmp(out.host, root, strlen(root)), 0);
			assert_string_equal(out.host + strlen(root), want + 1);
		} else {
			assert_string_equal(out.host, want);
		}
	}
	if (s >= 0)
		path_free(&out);
	return s;
}

static void
test_hosts(void **state)
{
	(void)state;
	given();
	assert_int_equal(host(u"C:\\a\\b", "~/a/b"), STATUS_SUCCESS);
	assert_int_equal(host(u"\\\\?\\C:\\a", "~/a"), STATUS_SUCCESS);
	assert_int_equal(host(u"\\??\\Z:\\etc", "/etc"), STATUS_SUCCESS);
	assert_int_equal(host(u"Z:\\", "/"), STATUS_SUCCESS);
	assert_int_equal(host(u"Z:\\x::$DATA", "/x"), STATUS_SUCCESS);
	assert_int_equal(host(u"Q:\\x", NULL), STATUS_OBJECT_PATH_NOT_FOUND);
	assert_int_equal(host(u"\\\\server\\share\\x", NULL), STATUS_BAD_NETWORK_PATH);
	assert_int_equal(host(u"\\\\?\\UNC\\server\\x", NULL), STATUS_BAD_NETWORK_PATH);
	assert_int_equal(host(u"C:\\a*", NULL), STATUS_OBJECT_NAME_INVALID);
	assert_int_equal(host(u"C:\\a:stream", NULL), STATUS_OBJECT_NAME_INVALID);
	assert_int_equal(host(u"\\\\?\\C:\\a/b", NULL), STATUS_OBJECT_NAME_INVALID);
	struct path p;
	assert_int_equal(path_parse(u"\\\\.\\pipe\\x\\y", &p), STATUS_SUCCESS);
	assert_non_null(p.device);
	assert_int_equal(utf_compare(p.device, u"PIPE\\x\\y"), 0);
	path_free(&p);
}

/* What another process does to a folder is seen, and so is what we do ourselves. */
static void
test_search(void **state)
{
	(void)state;
	given();
	char file[256], *found;
	WCHAR *device;
	snprintf(file, sizeof file, "%s/Some Folder", root);
	assert_int_equal(mkdir(file, 0777), 0);
	snprintf(file, sizeof file, "%s/Some Folder/Ünïcode.TXT", root);
	int fd = open(file, O_CREAT | O_WRONLY, 0666);
	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(path_host(u"c:\\SOME folder\\ünÏCODE.txt", true, &found, &device),
	                 STATUS_SUCCESS);
	assert_string_equal(found, file);
	free(found);
	assert_int_equal(path_host(u"c:\\some folder\\none", true, &found, &device),
	                 STATUS_OBJECT_NAME_NOT_FOUND);
	assert_int_equal(path_host(u"c:\\some folder\\none\\x", false, &found, &device),
	                 STATUS_OBJECT_PATH_NOT_FOUND);
	assert_int_equal(path_host(u"c:\\some folder\\none", false, &found, &device),
	                 STATUS_SUCCESS);
	assert_non_null(strstr(found, "/Some Folder/none"));
	free(found);
	unlink(file);
	assert_int_equal(path_host(u"c:\\some folder\\ÜNÏCODE.txt", true, &found, &device),
	                 STATUS_OBJECT_NAME_NOT_FOUND);
	snprintf(file, sizeof file, "%s/Some Folder", root);
	assert_int_equal(rmdir(file), 0);
	WCHAR *w = path_windows(file);
	assert_int_equal(utf_compare(w, u"C:\\Some Folder"), 0);
	free(w);
}

static void
test_utf(void **state)
{
	(void)state;
	/* each pair of units, and each pair of bytes, comes back as it was */
	for (uint32_t c = 0; c < 0x10000; c += 7) {
		WCHAR w[2] = { (WCHAR)c, 0xd83d }, v[8];
		char s[8];
		assert_int_equal(utf_to_16(v, s, utf_to_8(s, w, 2)), 2);
		assert_memory_equal(v, w, sizeof w);
		unsigned char b[2] = { (unsigned char)(c >> 8), (unsigned char)c };
		assert_int_equal(utf_to_8(s, v, utf_to_16(v, (char *)b, 2)), 2);
		assert_memory_equal(s, b, 2);
	}
	WCHAR smile[] = { 0xd83d, 0xde00 };
	char s[8];
	assert_int_equal(utf_to_8(s, smile, 2), 4);
	assert_memory_equal(s, "\xf0\x9f\x98\x80", 4);
}

static bool
match(const WCHAR *x, const WCHAR *name)
{
	return dir_match(x, utf_length(x), name, utf_length(name));
}

static void
test_match(void **state)
{
	(void)state;
	assert_true(match(u"*", u"anything.at.all"));
	assert_true(match(u"A*C", u"abbbc"));
	assert_false(match(u"a?c", u"ac"));
	assert_true(match(u"a>", u"a"));
	assert_true(match(u"a>.txt", u"a.txt"));
	assert_true(match(u"<", u"noext"));
	assert_false(match(u"<", u"with.ext"));
	assert_true(match(u"<.txt", u"a.b.txt"));
	assert_true(match(u"a\"", u"a"));
	assert_true(match(u"a\"", u"a."));
	assert_false(match(u"a\"", u"ab"));
	assert_false(match(u"", u"a"));
	assert_true(match(u"***a***", u"bab"));
}

static int
end(void **state)
{
	(void)state;
	char cmd[256];
	static const char *const left[] = {
		"Program Files/Common Files",
		"Program Files",
		"Program Files (x86)",
		"ProgramData",
		"Users/Public",
		"Users/joist/AppData/Local/Temp",
		"Users/joist/AppData/Local",
		"Users/joist/AppData/LocalLow",
		"Users/joist/AppData/Roaming",
		"Users/joist/AppData",
		"Users/joist/Desktop",
		"Users/joist/Documents",
		"Users/joist/Downloads",
		"Users/joist",
		"Users",
		"Windows/Fonts",
		"Windows/System32/drivers/etc",
		"Windows/System32/drivers",
		"Windows/System32",
		"Windows/SysWOW64",
		"Windows/Temp",
		"Windows",
		"",
	};
	/* C: was furnished when it was touched */
	for (size_t i = 0; birth.ndrive && i < sizeof left / sizeof *left; i++) {
		snprintf(cmd, sizeof cmd, "%s/%s", root, left[i]);
		(void)rmdir(cmd);
	}
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kinds), cmocka_unit_test(test_full),
		cmocka_unit_test(test_hosts), cmocka_unit_test(test_search),
		cmocka_unit_test(test_utf),   cmocka_unit_test(test_match),
	};
	return cmocka_run_group_tests(tests, NULL, end);
}
