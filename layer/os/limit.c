/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/os/limit.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/arena.h"
#include "base/json.h"
#include "base/str.h"

static json_t *
part(json_t *o, const char *key)
{
	json_t *p = json_object_get(o, key);

	if (!p) {
		p = json_object();
		json_object_set_new(o, key, p);
	}
	return p;
}

static void
copy(json_t *resources, const char *group, const char *key, const json_t *request, const char *flag)
{
	json_t *v = json_object_get(request, flag);

	if (v)
		json_object_set(part(resources, group), key, v);
}

static int
memory(json_t *resources, const json_t *request, struct err *e)
{
	int64_t limit = json_int(request, "memory", -1);
	const char *swap = json_str(request, "memory_swap", NULL);
	uint64_t bytes;

	copy(resources, "memory", "limit", request, "memory");
	copy(resources, "memory", "reservation", request, "memory_reservation");
	if (limit >= 0 && limit < 512 * 1024) {
		fail(e, EINVAL, "a memory limit of %lld bytes is too small to run anything",
		     (long long)limit);
		return err_hint(e, "give at least 512K, such as -m 64M");
	}
	if (json_yes(request, "oom_kill_disable"))
		json_object_set_new(part(resources, "memory"), "disableOOMKiller", json_true());
	if (!swap)
		return 0;
	if (strcmp(swap, "-1") == 0) {
		json_object_set_new(part(resources, "memory"), "swap", json_integer(-1));
		return 0;
	}
	if (!str_size(swap, &bytes))
		return fail(e, EINVAL, "--memory-swap '%s' is no size", swap),
		       err_hint(e, "write it as 512M or 2G, or -1 for no limit");
	if (limit < 0 || (int64_t)bytes < limit)
		return fail(e, EINVAL,
		            "--memory-swap is memory and swap together: it needs -m, and "
		            "cannot be less"),
		       err_hint(e, "give -m too, or raise it");
	json_object_set_new(part(resources, "memory"), "swap", json_integer((json_int_t)bytes));
	return 0;
}

static int
throttle(json_t *resources, const json_t *request, const char *flag, const char *key, bool size,
         struct err *e)
{
	size_t i;
	json_t *v;

	json_array_foreach(json_object_get(request, flag), i, v) {
		const char *text = json_string_value(v), *colon = strrchr(text, ':');
		char *dev = xprintf("%.*s", (int)(colon ? (size_t)(colon - text) : 0), text);
		struct stat st;
		uint64_t rate = 0;
		bool number = colon && (size ? str_size(colon + 1, &rate)
		                             : str_u64(colon + 1, INT64_MAX, &rate));
		int rc = number ? stat(dev, &st) : -1;
		free(dev);
		if (!number)
			return fail(e, EINVAL, "'%s' is no device with a rate", text),
			       err_hint(e, "write it as /dev/sda:10M");
		if (rc < 0 || !S_ISBLK(st.st_mode))
			return fail(e, ENOTBLK, "'%s' does not name a block device", text),
			       err_hint(e, "list them with: lsblk");
		json_t *io = part(resources, "blockIO"), *list = json_object_get(io, key);
		if (!list) {
			list = json_array();
			json_object_set_new(io, key, list);
		}
		json_array_append_new(list, json_pack("{s:i, s:i, s:I}", "major", major(st.st_rdev),
		                                      "minor", minor(st.st_rdev), "rate",
		                                      (json_int_t)rate));
	}
	return 0;
}

int
limit_add(json_t *resources, const json_t *request, struct err *e)
{
	json_t *cpus = json_object_get(request, "cpus");

	if (memory(resources, request, e) < 0)
		return -1;
	if (cpus) {
		double n = json_number_value(cpus);
		if (!(n >= 0.01 && n <= 8192))
			return fail(e, ERANGE, "--cpus must be from 0.01 to 8192"),
			       err_hint(e, "such as -c 1.5 for one and a half processors");
		json_t *cpu = part(resources, "cpu");
		json_object_set_new(cpu, "period", json_integer(100000));
		json_object_set_new(cpu, "quota", json_integer((json_int_t)(n * 100000)));
	}
	copy(resources, "cpu", "shares", request, "cpu_shares");
	copy(resources, "cpu", "cpus", request, "cpuset_cpus");
	copy(resources, "cpu", "mems", request, "cpuset_mems");
	copy(resources, "pids", "limit", request, "pids_limit");
	copy(resources, "blockIO", "weight", request, "blkio_weight");
	if (throttle(resources, request, "device_read_bps", "throttleReadBpsDevice", true, e) < 0 ||
	    throttle(resources, request, "device_write_bps", "throttleWriteBpsDevice", true, e) <
	            0 ||
	    throttle(resources, request, "device_read_iops", "throttleReadIOPSDevice", false, e) <
	            0 ||
	    throttle(resources, request, "device_write_iops", "throttleWriteIOPSDevice", false, e) <
	            0)
		return -1;
	return 0;
}

/* A limit of setrlimit(2): a number, or -1 or "unlimited" for none.  JSON has
 * no unsigned 64-bit numbers; INT64_MAX stands for infinity (rlimit.c). */
static bool
limit_value(const char *text, json_t **out)
{
	uint64_t v;

	if (strcmp(text, "-1") == 0 || strcmp(text, "unlimited") == 0)
		*out = json_integer(INT64_MAX);
	else if (str_u64(text, INT64_MAX, &v))
		*out = json_integer((json_int_t)v);
	else
		return false;
	return true;
}

int
limit_rlimits(json_t *process, const json_t *request, struct err *e)
{
	json_t *list = json_array(), *v;
	size_t i;

	json_array_foreach(json_object_get(request, "ulimit"), i, v) {
		char *text = xstrdup(json_string_value(v)), *rest = text;
		const char *name = strsep(&rest, "="), *soft = rest ? strsep(&rest, ":") : NULL;
		json_t *s = NULL, *h = NULL;
		struct str upper = { 0 };

		if (!soft || !limit_value(soft, &s) || !limit_value(rest ? rest : soft, &h)) {
			fail(e, EINVAL, "--ulimit '%s' is no limit", json_string_value(v));
			err_hint(e, "write it as nofile=1024 or nofile=1024:4096");
			json_decref(s);
			free(text);
			json_decref(list);
			return -1;
		}
		str_add(&upper, "RLIMIT_");
		for (const char *p = name; *p; p++)
			str_addc(&upper, (char)toupper((unsigned char)*p));
		json_array_append_new(
		        list, json_pack("{s:s, s:o, s:o}", "type", upper.p, "soft", s, "hard", h));
		str_free(&upper);
		free(text);
	}
	if (json_array_size(list))
		json_object_set(process, "rlimits", list);
	json_decref(list);
	return 0;
}

int
limit_devices(json_t *linux_part, json_t *resources, const json_t *request, struct err *e)
{
	json_t *nodes = json_array(), *rules = json_array(), *v;
	size_t i;
	int rc = 0;

	json_array_foreach(json_object_get(request, "device"), i, v) {
		char *text = xstrdup(json_string_value(v)), *rest = text;
		const char *src = strsep(&rest, ":"), *dst = rest ? strsep(&rest, ":") : NULL;
		const char *access = rest ? rest : "rwm";
		struct stat st;

		if (dst && dst[0] != '/' && !rest) { /* SRC:rwm */
			access = dst;
			dst = NULL;
		}
		if (stat(src, &st) < 0 || (!S_ISCHR(st.st_mode) && !S_ISBLK(st.st_mode))) {
			rc = fail(e, ENODEV, "--device '%s' is no device of this host", src);
			err_hint(e, "name a device file, such as /dev/fuse");
		} else if (!*access || access[strspn(access, "rwm")]) {
			rc = fail(e, EINVAL, "--device '%s': '%s' is no access", src, access);
			err_hint(e, "use letters of rwm: read, write, make");
		} else {
			const char *type = S_ISCHR(st.st_mode) ? "c" : "b";
			int ma = (int)major(st.st_rdev), mi = (int)minor(st.st_rdev);
			json_array_append_new(
			        nodes, json_pack("{s:s, s:s, s:i, s:i, s:i, s:i, s:i}", "path",
			                         dst ? dst : src, "type", type, "major", ma,
			                         "minor", mi, "fileMode", (int)(st.st_mode & 0777),
			                         "uid", (int)st.st_uid, "gid", (int)st.st_gid));
			json_array_append_new(rules, json_pack("{s:b, s:s, s:i, s:i, s:s}", "allow",
			                                       1, "type", type, "major", ma,
			                                       "minor", mi, "access", access));
		}
		free(text);
		if (rc < 0)
			break;
	}
	if (rc == 0 && json_array_size(nodes)) {
		json_object_set(linux_part, "devices", nodes);
		json_t *all = json_object_get(resources, "devices");
		if (all)
			json_array_extend(all, rules);
		else
			json_object_set(resources, "devices", rules);
	}
	json_decref(nodes);
	json_decref(rules);
	return rc;
}
