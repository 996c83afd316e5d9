/* SPDX-License-Identifier: Apache-2.0 */
/* What a process is confined by beside the filter: capabilities as they are
 * applied, resource limits, kernel parameters, labels. */
#include "test/unit.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/err.h"
#include "base/json.h"
#include "core/spec.h"
#include "layer/os/caps.h"
#include "layer/os/lsm.h"
#include "layer/os/rlimit.h"
#include "layer/os/sysctl.h"

#define BIT(name) (UINT64_C(1) << caps_number(name))
#define COUNT(a)  (sizeof(a) / sizeof(a)[0])

static int warnings;

static void
count_warning(const char *sentence)
{
	(void)sentence;
	warnings++;
}

static json_t *
doc(const char *text)
{
	char *copy = strdup(text);
	struct err e = { 0 };

	for (char *p = copy; *p; p++)
		*p = *p == '\'' ? '"' : *p;
	json_t *o = json_parse(copy, strlen(copy), "test", &e);
	if (!o)
		fail_msg("%s", e.what);
	free(copy);
	return o;
}

/* -- reading -------------------------------------------------------------------------- */

static void
reading_sets(void **state)
{
	struct caps *c;
	json_t *o = doc("{'bounding': ['CAP_CHOWN', 'CAP_KILL'], 'permitted': ['CAP_CHOWN'],"
	                " 'effective': ['CAP_CHOWN', 'CAP_KILL'], 'inheritable': ['CAP_CHOWN'],"
	                " 'ambient': ['CAP_CHOWN', 'CAP_KILL']}");

	(void)state;
	assert_int_equal(caps_parse(o, &c, NULL), 0);
	assert_int_equal(c->bounding, BIT("CHOWN") | BIT("KILL"));
	/* Never more than what capset(2) would take. */
	assert_int_equal(c->effective, BIT("CHOWN"));
	assert_int_equal(c->ambient, BIT("CHOWN"));
	assert_int_equal(caps_effective(c), c->bounding);
	caps_free(c);
	json_decref(o);

	/* Absent is none. */
	assert_int_equal(caps_parse(NULL, &c, NULL), 0);
	assert_int_equal(c->bounding | c->effective | c->permitted | c->inheritable | c->ambient,
	                 0);
	caps_free(c);

	/* Unknown is one warning, however many lists it is in. */
	o = doc("{'bounding': ['CAP_FLY', 'CAP_KILL'], 'permitted': ['CAP_FLY'], 'effective': "
	        "['CAP_FLY']}");
	warnings = 0;
	assert_int_equal(caps_parse(o, &c, NULL), 0);
	assert_int_equal(warnings, 1);
	assert_int_equal(c->bounding, BIT("KILL"));
	caps_free(c);
	json_decref(o);
}

static void
bad_sets(void **state)
{
	static const char *const rows[][2] = {
		{ "{'bounding': 'CAP_CHOWN'}", "process.capabilities: 'bounding' must be a list" },
		{ "{'ambient': [7]}", "process.capabilities.ambient must be a list of names" },
		{ "{'permitted': {}}", "'permitted' must be a list" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		json_t *o = doc(rows[i][0]);
		struct caps *c = (struct caps *)1;
		struct err e = { 0 };
		assert_int_equal(caps_parse(o, &c, &e), -1);
		assert_null(c);
		if (!strstr(e.what, rows[i][1]))
			fail_msg("%s: \"%s\"", rows[i][0], e.what);
		json_decref(o);
	}
}

/* -- in a process ------------------------------------------------------------------------ */

static uint64_t
of_status(const char *key)
{
	char line[256];
	uint64_t v = ~UINT64_C(0);
	FILE *f = fopen("/proc/self/status", "r");

	while (f && fgets(line, sizeof line, f))
		if (strncmp(line, key, strlen(key)) == 0)
			v = strtoull(line + strlen(key), NULL, 16);
	if (f)
		fclose(f);
	return v;
}

/* Become `uid` with these sets; 0 when /proc says so too. */
static int
become(const char *sets, uid_t uid, uint64_t bnd, uint64_t prm, uint64_t eff, uint64_t amb)
{
	pid_t pid = fork();
	int w = -1;

	if (pid == 0) {
		json_t *o = doc(sets);
		struct caps *c;
		int rc = 10;
		if (caps_parse(o, &c, NULL) < 0 || caps_before_setid(c, NULL) < 0)
			_exit(1);
		if (setgroups(0, NULL) < 0 || setresgid(uid, uid, uid) < 0 ||
		    setresuid(uid, uid, uid) < 0)
			_exit(2);
		if (caps_after_setid(c, NULL) < 0)
			_exit(3);
		rc = of_status("CapBnd:") != bnd   ? 4
		     : of_status("CapPrm:") != prm ? 5
		     : of_status("CapEff:") != eff ? 6
		     : of_status("CapAmb:") != amb ? 7
		                                   : 0;
		_exit(rc);
	}
	assert_int_equal(waitpid(pid, &w, 0), pid);
	return WIFEXITED(w) ? WEXITSTATUS(w) : -1;
}

static void
applied_in_a_process(void **state)
{
	uint64_t two = BIT("CHOWN") | BIT("KILL");

	(void)state;
	if (geteuid() != 0)
		skip();
	const char *some =
	        "{'bounding': ['CAP_CHOWN', 'CAP_KILL'], 'permitted': ['CAP_CHOWN', 'CAP_KILL'],"
	        " 'effective': ['CAP_CHOWN']}";
	assert_int_equal(become(some, 0, two, two, BIT("CHOWN"), 0), 0);
	assert_int_equal(become(some, 1000, two, two, BIT("CHOWN"), 0), 0);
	assert_int_equal(become("{}", 0, 0, 0, 0, 0), 0);
	/* What is ambient survives the change of identity, and execve. */
	assert_int_equal(
	        become("{'bounding': ['CAP_CHOWN'], 'permitted': ['CAP_CHOWN'], 'effective':"
	               " ['CAP_CHOWN'], 'inheritable': ['CAP_CHOWN'], 'ambient': ['CAP_CHOWN']}",
	               1000, BIT("CHOWN"), BIT("CHOWN"), BIT("CHOWN"), BIT("CHOWN")),
	        0);
	assert_int_equal(caps_before_setid(NULL, NULL), 0);
	assert_int_equal(caps_after_setid(NULL, NULL), 0);
}

/* More than we have ourselves: what there is, and no failure. */
static void
more_than_we_have(void **state)
{
	(void)state;
	if (geteuid() != 0)
		skip();
	pid_t pid = fork();
	int w = -1;
	if (pid == 0) {
		struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
		struct __user_cap_data_struct data[2] = { { .permitted = 1, .effective = 1 } };
		struct caps c = { .bounding = 3, .permitted = 3, .effective = 3 };
		if (syscall(SYS_capset, &head, data) < 0 || caps_after_setid(&c, NULL) < 0)
			_exit(1);
		_exit(of_status("CapPrm:") == 1 && of_status("CapEff:") == 1 ? 0 : 2);
	}
	assert_int_equal(waitpid(pid, &w, 0), pid);
	assert_int_equal(w, 0);
}

/* -- resource limits ------------------------------------------------------------------------ */

static void
limits_of_a_process(void **state)
{
	static const char *const names[] = {
#define RLIMIT(name) "RLIMIT_" #name,
#include "layer/os/rlimit.def"
#undef RLIMIT
	};
	struct rlimits *r;
	struct rlimit have;
	char text[128];

	(void)state;
	assert_int_equal(COUNT(names), RLIM_NLIMITS);
	for (size_t i = 0; i < COUNT(names); i++) {
		snprintf(text, sizeof text, "[{'type': '%s', 'soft': 1, 'hard': 2}]", names[i]);
		json_t *o = doc(text);
		assert_int_equal(rlimits_parse(o, &r, NULL), 0);
		rlimits_free(r);
		json_decref(o);
	}
	assert_int_equal(rlimits_parse(NULL, &r, NULL), 0);
	assert_int_equal(rlimits_apply(r, NULL), 0);
	rlimits_free(r);

	json_t *o =
	        doc("[{'type': 'RLIMIT_NOFILE', 'soft': 50, 'hard': 60}, {'type': 'RLIMIT_CORE',"
	            " 'soft': 0, 'hard': 18446744073709551615}]");
	assert_int_equal(rlimits_parse(o, &r, NULL), 0);
	json_decref(o);
	pid_t pid = fork();
	int w = -1;
	if (pid == 0) {
		if (rlimits_apply(r, NULL) < 0)
			_exit(1);
		getrlimit(RLIMIT_NOFILE, &have);
		_exit(have.rlim_cur == 50 && have.rlim_max == 60 ? 0 : 2);
	}
	assert_int_equal(waitpid(pid, &w, 0), pid);
	assert_int_equal(w, 0);
	rlimits_free(r);
}

static void
bad_limits(void **state)
{
	static const char *const rows[][2] = {
		{ "[{'type': 'RLIMIT_FUN', 'soft': 1, 'hard': 1}]", "RLIMIT_FUN" },
		{ "[{'soft': 1, 'hard': 1}]", "process.rlimits[0]" },
		{ "[{'type': 'RLIMIT_CPU', 'soft': 2, 'hard': 1}]", "soft must not" },
		{ "[{'type': 'RLIMIT_CPU', 'soft': '1', 'hard': 1}]", "RLIMIT_CPU" },
		{ "[{'type': 'RLIMIT_CPU', 'hard': 1}]", "RLIMIT_CPU" },
		{ "[{'type': 'RLIMIT_CPU', 'soft': 1, 'hard': 1}, {'type': 'RLIMIT_CPU', 'soft': 1,"
		  "'hard': 1}]",
		  "twice" },
		{ "[3]", "process.rlimits[0]" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		json_t *o = doc(rows[i][0]);
		struct rlimits *r = (struct rlimits *)1;
		struct err e = { 0 };
		assert_int_equal(rlimits_parse(o, &r, &e), -1);
		assert_null(r);
		if (!strstr(e.what, rows[i][1]))
			fail_msg("%s: \"%s\"", rows[i][0], e.what);
		json_decref(o);
	}
}

/* -- kernel parameters, labels ---------------------------------------------------------------- */

static void
kernel_parameters(void **state)
{
	static const struct {
		const char *name, *namespaces, *why; /* NULL: allowed */
	} rows[] = {
		{ "net.ipv4.ip_forward", "network", NULL },
		{ "net.ipv4.ip_forward", "ipc", "network" },
		{ "kernel.shmmax", "ipc", NULL },
		{ "kernel.shmmax", "uts", "ipc" },
		{ "kernel.sem", "ipc", NULL },
		{ "fs.mqueue.msg_max", "ipc", NULL },
		{ "kernel.domainname", "uts", NULL },
		{ "kernel.panic", "uts", "whole host" },
		{ "kernel.shmmaximum", "ipc", "whole host" },
		{ "vm.swappiness", "ipc", "whole host" },
		{ "fs.file-max", "ipc", "whole host" },
		{ "net.//kernel.panic", "network", "whole host" },
		{ "net...kernel/panic", "network", "whole host" },
		{ "netkernel.panic", "network", "whole host" },
		{ "", "network", "whole host" },
	};
	char text[512];

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct err e = { 0 };
		snprintf(text, sizeof text,
		         "{'ociVersion': '1.2.0', 'root': {'path': '/'}, 'process': {'args': "
		         "['x'], 'cwd': '/',"
		         " 'user': {'uid': 0, 'gid': 0}}, 'linux': {'namespaces': [{'type': '%s'}],"
		         " 'sysctl': {'%s': '1'}}}",
		         rows[i].namespaces, rows[i].name);
		json_t *o = doc(text);
		struct spec *s = spec_of(o, NULL, "test", &e);
		if (!s)
			fail_msg("%s", e.what);
		int rc = sysctl_check(s, &e);
		if (rc != (rows[i].why ? -1 : 0) || (rows[i].why && !strstr(e.what, rows[i].why)))
			fail_msg("'%s' with %s: %d \"%s\"", rows[i].name, rows[i].namespaces, rc,
			         e.what);
		spec_free(s);
	}
}

static void
labels(void **state)
{
	struct err e = { 0 };

	(void)state;
	assert_int_equal(lsm_apply(NULL, NULL, &e), 0);
	assert_int_equal(lsm_apply("", "", &e), 0);
	assert_int_equal(lsm_apply("unconfined", NULL, &e), 0);
	assert_int_equal(lsm_check(NULL, &e), 0);
	assert_int_equal(lsm_check("", &e), 0);
	assert_int_equal(lsm_check("system_u:object_r:container_file_t:s0", &e), -1);
	assert_non_null(strstr(e.what, "linux.mountLabel"));
	/* What is asked for and not there is never passed over. */
	assert_int_equal(lsm_apply("joist-no-such-profile", NULL, &e), -1);
	assert_non_null(strstr(e.what, "joist-no-such-profile"));
	assert_int_equal(lsm_apply(NULL, "joist:no:such:label", &e), -1);
	assert_non_null(strstr(e.what, "joist:no:such:label"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(reading_sets),         TEST(bad_sets),
		TEST(applied_in_a_process), TEST(more_than_we_have),
		TEST(limits_of_a_process),  TEST(bad_limits),
		TEST(kernel_parameters),    TEST(labels),
	};

	err_warn_to(count_warning);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
