/* SPDX-License-Identifier: Apache-2.0 */
/* cglimit.c -- config-linux.md#control-groups, written to the files of the
 * version that has the controller. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "layer/os/cgdir.h"

/* How a number is written in version 2. */
enum form {
	SAME,    /* as it is */
	MAX,     /* -1 is "max" */
	SHARES,  /* cpu.shares 2..262144 to cpu.weight 1..10000 */
	WEIGHT,  /* blkio.weight 10..1000 to io.weight 1..10000 */
	ONLY_V1, /* version 2 has nothing like it */
	GONE,    /* nor has version 1 in newer kernels: not worth the run */
};

enum zero { UNSET, ITSELF };

static const struct {
	const char *group, *key;
	enum controller controller;
	const char *v1, *v2;
	enum form form;
	int64_t least, most;
	enum zero zero;
} rows[] = {
#define LIMIT(group, key, controller, v1, v2, form, least, most, zero)                             \
	{ group, key, controller, v1, v2, form, least, most, zero },
#include "layer/os/cglimit.def"
#undef LIMIT
};

enum { ROWS = sizeof rows / sizeof rows[0] };

/* The controller's file, or the other name that it has on some hosts. */
static int
write_file(int dir, const char *file, const char *text)
{
	if (file_poke(dir, file, text) == 0)
		return 0;
	/* Weights belong to a scheduler; this one has files of its own. */
	if (errno == ENOENT && strcmp(file, "blkio.weight") == 0)
		return file_poke(dir, "blkio.bfq.weight", text);
	if (errno == ENOENT && strcmp(file, "blkio.weight_device") == 0)
		return file_poke(dir, "blkio.bfq.weight_device", text);
	return -1;
}

static int
put(struct cgroup *c, enum controller which, const char *v1, const char *v2, const char *text1,
    const char *text2, struct err *e)
{
	struct err why = { 0 };
	bool two;
	int dir = cgdir_of(c, which, &two, &why);
	const char *file = two ? v2 : v1, *text = two ? text2 : text1;

	if (dir >= 0 && file && write_file(dir, file, text) == 0)
		return 0;
	if (dir >= 0)
		fail(&why, file ? errno : ENOENT, "'%s' = '%s': %s", file ? file : v1, text,
		     file ? strerror(errno) : "cgroup version 2 has no such limit");
	if (c->rootless) {
		err_warn("a limit is not set: %s", why.what);
		return 0;
	}
	fail(e, why.code, "the limit cannot be set: %s", why.what);
	return err_hint(e, "%s", why.hint[0] ? why.hint : "leave it out, or see: joist doctor");
}

static void
convert(enum form form, int64_t v, char v1[24], char v2[24])
{
	snprintf(v1, 24, "%" PRId64, v);
	if (form == SHARES) {
		v = v > 262144 ? 262144 : v; /* as version 1 does */
		v = v < 2 ? 1 : 1 + (v - 2) * 9999 / 262142;
	} else if (form == WEIGHT) {
		v = v < 10 ? 1 : 1 + (v - 10) * 9999 / 990;
	}
	if (form == MAX && v < 0)
		snprintf(v2, 24, "max");
	else
		snprintf(v2, 24, "%" PRId64, v);
}

static int
numbers(struct cgroup *c, const json_t *resources, struct err *e)
{
	for (size_t i = 0; i < ROWS; i++) {
		json_t *group = NULL;
		int64_t v = INT64_MIN;
		char v1[24], v2[24];

		if (json_opt_obj(resources, rows[i].group, &group, e) < 0)
			return err_prefix(e, "linux.resources");
		if (json_opt_int(group, rows[i].key, &v, e) < 0)
			return err_prefix(e, "linux.resources.%s", rows[i].group);
		if (v == INT64_MIN || (v == 0 && rows[i].zero == UNSET))
			continue;
		if (v < rows[i].least || v > rows[i].most)
			return fail(e, EINVAL,
			            "linux.resources.%s.%s must be from %" PRId64 " to %" PRId64
			            ", not %" PRId64,
			            rows[i].group, rows[i].key, rows[i].least, rows[i].most, v);
		/* pids.limit: 0 and less is no limit. */
		if (rows[i].controller == C_PIDS && v <= 0)
			v = -1;
		convert(rows[i].form, v, v1, v2);
		if (rows[i].controller == C_PIDS && v < 0)
			memcpy(v1, "max", 4);
		struct err why = { 0 };
		if (put(c, rows[i].controller, rows[i].v1, rows[i].v2, v1, v2, &why) == 0)
			continue;
		if (rows[i].form != GONE) {
			if (e)
				*e = why;
			return -1;
		}
		err_warn("linux.resources.%s.%s is left out: kernels no longer have it",
		         rows[i].group, rows[i].key);
	}
	return 0;
}

/* memory.swap counts memory and swap together, in version 2 only swap. */
static int
swap(struct cgroup *c, const json_t *memory, struct err *e)
{
	int64_t both = 0, limit = 0;
	char v1[24], v2[24];

	if (json_opt_int(memory, "swap", &both, e) < 0 ||
	    json_opt_int(memory, "limit", &limit, e) < 0)
		return err_prefix(e, "linux.resources.memory");
	if (both == 0)
		return 0;
	if (both > 0 && limit <= 0)
		return fail(e, EINVAL,
		            "linux.resources.memory.swap needs a 'limit' beside it: it is "
		            "memory and swap together");
	if (both < -1 || (both > 0 && both < limit))
		return fail(e, EINVAL,
		            "linux.resources.memory.swap is memory and swap together and must "
		            "be -1, or at least 'limit'");
	convert(MAX, both, v1, v2);
	if (both > 0)
		snprintf(v2, sizeof v2, "%" PRId64, both - limit);
	return put(c, C_MEMORY, "memory.memsw.limit_in_bytes", "memory.swap.max", v1, v2, e);
}

/* disableOOMKiller: version 2 has no such switch, and a container that is
 * ended when it takes too much is what others give there too. */
static int
oom_killer(struct cgroup *c, const json_t *memory, struct err *e)
{
	bool off = false, two = false;

	if (json_opt_bool(memory, "disableOOMKiller", &off, e) < 0)
		return err_prefix(e, "linux.resources.memory");
	if (!off)
		return 0;
	if (cgdir_of(c, C_MEMORY, &two, NULL) >= 0 && two) {
		err_warn("the OOM killer stays on: cgroup version 2 cannot turn it off");
		return 0;
	}
	return put(c, C_MEMORY, "memory.oom_control", NULL, "1", "1", e);
}

static int
processor(struct cgroup *c, const json_t *cpu, struct err *e)
{
	int64_t quota = 0, period = 0;
	const char *cpus = NULL, *mems = NULL;
	char q[24], p[24], both[64];
	bool two = false;

	if (json_opt_int(cpu, "quota", &quota, e) < 0 ||
	    json_opt_int(cpu, "period", &period, e) < 0 ||
	    json_opt_str(cpu, "cpus", &cpus, e) < 0 || json_opt_str(cpu, "mems", &mems, e) < 0)
		return err_prefix(e, "linux.resources.cpu");
	if (period < 0)
		return fail(e, EINVAL,
		            "linux.resources.cpu.period must be microseconds, not %" PRId64,
		            period);
	snprintf(p, sizeof p, "%" PRId64, period ? period : 100000);
	snprintf(q, sizeof q, "%" PRId64, quota > 0 ? quota : -1);
	snprintf(both, sizeof both, "%s %s", quota > 0 ? q : "max", p);
	/* Version 1 has a file for each, and the period comes first. */
	if (period || quota) {
		bool v1 = cgdir_of(c, C_CPU, &two, NULL) < 0 || !two;
		if (v1 && put(c, C_CPU, "cpu.cfs_period_us", NULL, p, p, e) < 0)
			return -1;
		if ((quota || !v1) && put(c, C_CPU, "cpu.cfs_quota_us", "cpu.max", q, both, e) < 0)
			return -1;
	}
	if (cpus && *cpus && put(c, C_CPUSET, "cpuset.cpus", "cpuset.cpus", cpus, cpus, e) < 0)
		return -1;
	if (mems && *mems)
		return put(c, C_CPUSET, "cpuset.mems", "cpuset.mems", mems, mems, e);
	return 0;
}

static int
block(struct cgroup *c, const json_t *io, struct err *e)
{
	static const struct {
		const char *key, *v1, *v2, *value;
	} lists[] = {
		{ "throttleReadBpsDevice", "blkio.throttle.read_bps_device", "rbps", "rate" },
		{ "throttleWriteBpsDevice", "blkio.throttle.write_bps_device", "wbps", "rate" },
		{ "throttleReadIOPSDevice", "blkio.throttle.read_iops_device", "riops", "rate" },
		{ "throttleWriteIOPSDevice", "blkio.throttle.write_iops_device", "wiops", "rate" },
		{ "weightDevice", "blkio.weight_device", NULL, "weight" },
	};
	json_t *d;
	size_t i;

	for (size_t k = 0; k < sizeof lists / sizeof lists[0]; k++) {
		json_t *list = NULL;
		if (json_opt_arr(io, lists[k].key, &list, e) < 0)
			return err_prefix(e, "linux.resources.blockIO");
		json_array_foreach(list, i, d) {
			int64_t ma = json_int(d, "major", -1), mi = json_int(d, "minor", -1);
			int64_t v = json_int(d, lists[k].value, -1);
			char v1[80], v2[80];

			if (ma < 0 || mi < 0 || v < 0)
				return fail(e, EINVAL,
				            "linux.resources.blockIO.%s: needs major, minor and %s",
				            lists[k].key, lists[k].value);
			snprintf(v1, sizeof v1, "%" PRId64 ":%" PRId64 " %" PRId64, ma, mi, v);
			memcpy(v2, v1, sizeof v2);
			/* 0 takes a rate away; version 2 says "max" for that. */
			if (lists[k].v2 && v)
				snprintf(v2, sizeof v2, "%" PRId64 ":%" PRId64 " %s=%" PRId64, ma,
				         mi, lists[k].v2, v);
			else if (lists[k].v2)
				snprintf(v2, sizeof v2, "%" PRId64 ":%" PRId64 " %s=max", ma, mi,
				         lists[k].v2);
			if (put(c, C_IO, lists[k].v1, lists[k].v2 ? "io.max" : "io.bfq.weight", v1,
			        v2, e) < 0)
				return -1;
		}
	}
	return 0;
}

static int
huge_pages(struct cgroup *c, const json_t *list, struct err *e)
{
	json_t *o;
	size_t i;

	json_array_foreach(list, i, o) {
		const char *size = json_str(o, "pageSize", "");
		char v1[64], v2[64], n1[24], n2[24];
		if (!*size || strlen(size) > 16 || strspn(size, "0123456789KMGB") != strlen(size))
			return fail(e, EINVAL,
			            "linux.resources.hugepageLimits: '%s' is no page size", size);
		if (!json_is_integer(json_object_get(o, "limit")))
			return fail(e, EINVAL,
			            "linux.resources.hugepageLimits: '%s' needs a 'limit'", size);
		snprintf(v1, sizeof v1, "hugetlb.%s.limit_in_bytes", size);
		snprintf(v2, sizeof v2, "hugetlb.%s.max", size);
		convert(MAX, json_int(o, "limit", 0), n1, n2);
		if (put(c, C_HUGETLB, v1, v2, n1, n2, e) < 0)
			return -1;
	}
	return 0;
}

/* A name that becomes part of a line: of one word. */
static bool
word(const char *s)
{
	return *s && strlen(s) < 64 && !strpbrk(s, " \t\r\n");
}

static int
network(struct cgroup *c, const json_t *net, struct err *e)
{
	json_t *o, *list = NULL;
	int64_t class = -1, priority;
	char line[128];
	size_t i;

	if (json_opt_int(net, "classID", &class, e) < 0 ||
	    json_opt_arr(net, "priorities", &list, e) < 0)
		return err_prefix(e, "linux.resources.network");
	if (json_object_get(net, "classID") && (class < 0 || class > UINT32_MAX))
		return fail(e, EINVAL,
		            "linux.resources.network.classID must be from 0 to 0xffffffff");
	if (class > 0) {
		snprintf(line, sizeof line, "%" PRId64, class);
		if (put(c, C_NET_CLS, "net_cls.classid", NULL, line, line, e) < 0)
			return -1;
	}
	json_array_foreach(list, i, o) {
		const char *name = json_str(o, "name", "");
		priority = json_int(o, "priority", -1);
		if (!word(name) || priority < 0 || priority > UINT32_MAX)
			return fail(e, EINVAL,
			            "linux.resources.network.priorities[%zu] needs a 'name' and a "
			            "'priority'",
			            i);
		snprintf(line, sizeof line, "%s %" PRId64, name, priority);
		if (put(c, C_NET_PRIO, "net_prio.ifpriomap", NULL, line, line, e) < 0)
			return -1;
	}
	return 0;
}

static int
rdma(struct cgroup *c, const json_t *all, struct err *e)
{
	static const char *const keys[][2] = { { "hcaHandles", "hca_handle" },
		                               { "hcaObjects", "hca_object" } };
	const char *device;
	json_t *o;
	char line[160];

	json_object_foreach((json_t *)all, device, o) {
		if (!word(device))
			return fail(e, EINVAL, "linux.resources.rdma: '%s' is no device", device);
		int n = snprintf(line, sizeof line, "%s", device);
		for (int k = 0; k < 2; k++) {
			int64_t v = -1;
			if (json_opt_int(o, keys[k][0], &v, e) < 0)
				return err_prefix(e, "linux.resources.rdma.%s", device);
			if (v >= 0)
				n += snprintf(line + n, sizeof line - (size_t)n, " %s=%" PRId64,
				              keys[k][1], v);
		}
		if (put(c, C_RDMA, "rdma.max", "rdma.max", line, line, e) < 0)
			return -1;
	}
	return 0;
}

/* unified: files of version 2 by name. */
static int
unified(struct cgroup *c, const json_t *all, struct err *e)
{
	const char *file;
	json_t *v;

	json_object_foreach((json_t *)all, file, v) {
		if (strchr(file, '/') || !json_is_string(v))
			return fail(e, EINVAL,
			            "linux.resources.unified: '%s' is no file of a cgroup", file);
		if (c->v2 >= 0 && file_poke(c->v2, file, json_string_value(v)) == 0)
			continue;
		int why = c->v2 < 0 ? ENOENT : errno;
		const char *text = c->v2 < 0 ? "this host has no cgroup version 2" : strerror(why);
		if (!c->rootless)
			return fail(e, why, "linux.resources.unified: '%s': %s", file, text);
		err_warn("a limit is not set: '%s': %s", file, text);
	}
	return 0;
}

bool
cglimit_any(const json_t *resources)
{
	const char *key;
	json_t *v;

	json_object_foreach((json_t *)resources, key, v)
		if (strcmp(key, "devices") != 0 && !json_is_null(v) &&
		    (json_object_size(v) + json_array_size(v) > 0 ||
		     !(json_is_object(v) || json_is_array(v))))
			return true;
	return false;
}

int
cglimit_apply(struct cgroup *c, const json_t *resources, struct err *e)
{
	json_t *memory = NULL, *cpu = NULL, *io = NULL, *huge = NULL, *net = NULL, *dma = NULL,
	       *uni = NULL;

	if (json_opt_obj(resources, "memory", &memory, e) < 0 ||
	    json_opt_obj(resources, "cpu", &cpu, e) < 0 ||
	    json_opt_obj(resources, "blockIO", &io, e) < 0 ||
	    json_opt_arr(resources, "hugepageLimits", &huge, e) < 0 ||
	    json_opt_obj(resources, "network", &net, e) < 0 ||
	    json_opt_obj(resources, "rdma", &dma, e) < 0 ||
	    json_opt_obj(resources, "unified", &uni, e) < 0)
		return err_prefix(e, "linux.resources");
	if (numbers(c, resources, e) < 0 || swap(c, memory, e) < 0 || processor(c, cpu, e) < 0 ||
	    block(c, io, e) < 0 || huge_pages(c, huge, e) < 0 || network(c, net, e) < 0 ||
	    rdma(c, dma, e) < 0 || unified(c, uni, e) < 0)
		return -1;
	return oom_killer(c, memory, e);
}
