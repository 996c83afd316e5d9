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
	SAME,           /* as it is */
	MAX,            /* -1 is "max" */
	SHARES,         /* cpu.shares 2..262144 to cpu.weight 1..10000 */
	WEIGHT,         /* blkio.weight 10..1000 to io.weight 1..10000 */
	ONLY_V1,        /* version 2 has nothing like it */
};

static const struct {
	const char *group, *key;
	enum controller controller;
	const char *v1, *v2;
	enum form form;
} rows[] = {
#define LIMIT(group, key, controller, v1, v2, form) { group, key, controller, v1, v2, form },
#include "layer/os/cglimit.def"
#undef LIMIT
};

enum { ROWS = sizeof rows / sizeof rows[0] };

static int
put(struct cgroup *c, enum controller which, const char *v1, const char *v2, const char *text1,
    const char *text2, struct err *e)
{
	struct err why = { 0 };
	bool two;
	int dir = cgdir_of(c, which, &two, &why);
	const char *file = two ? v2 : v1, *text = two ? text2 : text1;

	if (dir >= 0 && file && file_poke(dir, file, text) == 0)
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
	if (form == SHARES)
		v = v < 2 ? 1 : 1 + (v - 2) * 9999 / 262142;
	else if (form == WEIGHT)
		v = v < 10 ? 1 : 1 + (v - 10) * 9999 / 990;
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

		if (json_opt_obj(resources, rows[i].group, &group, e) < 0 ||
		    json_opt_int(group, rows[i].key, &v, e) < 0)
			return err_prefix(e, "linux.resources.%s", rows[i].group);
		if (v == INT64_MIN)
			continue;
		/* pids.limit: 0 and less is no limit. */
		if (rows[i].controller == C_PIDS && v <= 0)
			v = -1;
		convert(rows[i].form, v, v1, v2);
		if (rows[i].controller == C_PIDS && v < 0)
			memcpy(v1, "max", 4);
		if (put(c, rows[i].controller, rows[i].v1, rows[i].v2, v1, v2, e) < 0)
			return -1;
	}
	return 0;
}

/* memory.swap counts memory and swap together, in version 2 only swap. */
static int
swap(struct cgroup *c, const json_t *memory, struct err *e)
{
	int64_t both = json_int(memory, "swap", 0), limit = json_int(memory, "limit", -1);
	char v1[24], v2[24];

	if (!json_object_get(memory, "swap"))
		return 0;
	if (both >= 0 && limit >= 0 && both < limit)
		return fail(e, EINVAL, "linux.resources.memory: 'swap' is memory and swap together and "
		                       "cannot be less than 'limit'");
	convert(MAX, both, v1, v2);
	if (both >= 0)
		snprintf(v2, sizeof v2, "%" PRId64, limit >= 0 ? both - limit : both);
	return put(c, C_MEMORY, "memory.memsw.limit_in_bytes", "memory.swap.max", v1, v2, e);
}

static int
processor(struct cgroup *c, const json_t *cpu, struct err *e)
{
	int64_t quota = json_int(cpu, "quota", 0), period = json_int(cpu, "period", 0);
	const char *cpus = NULL, *mems = NULL;
	char q[24], p[24], both[64];

	if (period) {
		snprintf(p, sizeof p, "%" PRId64, period);
		if (quota == 0 && put(c, C_CPU, "cpu.cfs_period_us", "cpu.max", p,
		                      (snprintf(both, sizeof both, "max %" PRId64, period), both), e) < 0)
			return -1;
	}
	if (quota) {
		snprintf(q, sizeof q, "%" PRId64, quota);
		snprintf(p, sizeof p, "%" PRId64, period ? period : 100000);
		if (quota > 0)
			snprintf(both, sizeof both, "%s %s", q, p);
		else
			snprintf(both, sizeof both, "max %s", p);
		bool two;
		/* Version 1 has a file for each, and the period comes first. */
		if (cgdir_of(c, C_CPU, &two, NULL) >= 0 && !two &&
		    put(c, C_CPU, "cpu.cfs_period_us", NULL, p, p, e) < 0)
			return -1;
		if (put(c, C_CPU, "cpu.cfs_quota_us", "cpu.max", q, both, e) < 0)
			return -1;
	}
	if (json_opt_str(cpu, "cpus", &cpus, e) < 0 || json_opt_str(cpu, "mems", &mems, e) < 0)
		return err_prefix(e, "linux.resources.cpu");
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

	for (size_t k = 0; k < sizeof lists / sizeof lists[0]; k++)
		json_array_foreach(json_object_get(io, lists[k].key), i, d) {
			int64_t ma = json_int(d, "major", -1), mi = json_int(d, "minor", -1);
			int64_t v = json_int(d, lists[k].value, -1);
			char v1[80], v2[80];

			if (ma < 0 || mi < 0 || v < 0)
				return fail(e, EINVAL, "linux.resources.blockIO.%s: needs major, minor and %s",
				            lists[k].key, lists[k].value);
			snprintf(v1, sizeof v1, "%" PRId64 ":%" PRId64 " %" PRId64, ma, mi, v);
			if (lists[k].v2)
				snprintf(v2, sizeof v2, "%" PRId64 ":%" PRId64 " %s=%" PRId64, ma, mi,
				         lists[k].v2, v);
			else
				memcpy(v2, v1, sizeof v2);
			if (put(c, C_IO, lists[k].v1, lists[k].v2 ? "io.max" : "io.bfq.weight", v1, v2, e) < 0)
				return -1;
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
		char v1[64], v2[64], n[24];
		if (!*size || strlen(size) > 16 || strspn(size, "0123456789KMGB") != strlen(size))
			return fail(e, EINVAL, "linux.resources.hugepageLimits: '%s' is no page size", size);
		snprintf(v1, sizeof v1, "hugetlb.%s.limit_in_bytes", size);
		snprintf(v2, sizeof v2, "hugetlb.%s.max", size);
		snprintf(n, sizeof n, "%" PRId64, json_int(o, "limit", 0));
		if (put(c, C_HUGETLB, v1, v2, n, n, e) < 0)
			return -1;
	}
	return 0;
}

static int
network(struct cgroup *c, const json_t *net, struct err *e)
{
	json_t *o, *class = json_object_get(net, "classID");
	char line[128];
	size_t i;

	if (class) {
		snprintf(line, sizeof line, "%lld", (long long)json_integer_value(class));
		if (put(c, C_NET_CLS, "net_cls.classid", NULL, line, line, e) < 0)
			return -1;
	}
	json_array_foreach(json_object_get(net, "priorities"), i, o) {
		snprintf(line, sizeof line, "%.32s %lld", json_str(o, "name", ""),
		         (long long)json_int(o, "priority", 0));
		if (put(c, C_NET_PRIO, "net_prio.ifpriomap", NULL, line, line, e) < 0)
			return -1;
	}
	return 0;
}

static int
rdma(struct cgroup *c, const json_t *all, struct err *e)
{
	const char *device;
	json_t *o;
	char line[128];

	json_object_foreach((json_t *)all, device, o) {
		int n = snprintf(line, sizeof line, "%.64s", device);
		if (json_object_get(o, "hcaHandles"))
			n += snprintf(line + n, sizeof line - (size_t)n, " hca_handle=%lld",
			              (long long)json_int(o, "hcaHandles", 0));
		if (json_object_get(o, "hcaObjects"))
			snprintf(line + n, sizeof line - (size_t)n, " hca_object=%lld",
			         (long long)json_int(o, "hcaObjects", 0));
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
			return fail(e, EINVAL, "linux.resources.unified: '%s' is no file of a cgroup", file);
		if (c->v2 < 0 || file_poke(c->v2, file, json_string_value(v)) < 0)
			return fail(e, c->v2 < 0 ? ENOENT : errno, "linux.resources.unified: '%s': %s", file,
			            c->v2 < 0 ? "this host has no cgroup version 2" : strerror(errno));
	}
	return 0;
}

bool
cglimit_any(const json_t *resources)
{
	const char *key;
	json_t *v;

	json_object_foreach((json_t *)resources, key, v)
		if (strcmp(key, "devices") != 0 && json_object_size(v) + json_array_size(v) > 0)
			return true;
	return false;
}

int
cglimit_apply(struct cgroup *c, const json_t *resources, struct err *e)
{
	json_t *memory = NULL, *cpu = NULL, *io = NULL, *huge = NULL, *net = NULL, *dma = NULL,
	       *uni = NULL;

	if (!cglimit_any(resources))
		return 0;
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
	if (json_yes(memory, "disableOOMKiller"))
		return put(c, C_MEMORY, "memory.oom_control", NULL, "1", "1", e);
	return 0;
}
