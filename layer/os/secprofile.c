/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/os/secprofile.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#include "base/json.h"
#include "layer/os/caps.h"

/* This machine, as the profiles name processors. */
static const struct {
	const char *machine, *name, *arch;
} processors[] = {
	{ "x86_64", "amd64", "SCMP_ARCH_X86_64" },
	{ "aarch64", "arm64", "SCMP_ARCH_AARCH64" },
	{ "i686", "386", "SCMP_ARCH_X86" },
	{ "armv7l", "arm", "SCMP_ARCH_ARM" },
	{ "ppc64le", "ppc64le", "SCMP_ARCH_PPC64LE" },
	{ "s390x", "s390x", "SCMP_ARCH_S390X" },
	{ "riscv64", "riscv64", "SCMP_ARCH_RISCV64" },
};

struct place {
	struct utsname host;
	const char *name, *arch;
	uint64_t caps;
};

static bool
holds(const struct place *p, const char *cap)
{
	int n = caps_number(cap);

	return n >= 0 && p->caps & UINT64_C(1) << n;
}

static bool
newer(const struct place *p, const char *least)
{
	unsigned have[2] = { 0, 0 }, want[2] = { 0, 0 };

	sscanf(p->host.release, "%u.%u", &have[0], &have[1]);
	sscanf(least, "%u.%u", &want[0], &want[1]);
	return have[0] != want[0] ? have[0] > want[0] : have[1] >= want[1];
}

/* How the conditions of one side meet this place: all of `includes` must hold,
 * none of `excludes`. */
static int
meets(const json_t *conditions, bool include, const struct place *p, bool *ok, struct err *e)
{
	json_t *caps = NULL, *arches = NULL, *v;
	const char *kernel = NULL;
	bool listed = false;
	size_t i;

	if (json_opt_arr(conditions, "caps", &caps, e) < 0 ||
	    json_opt_arr(conditions, "arches", &arches, e) < 0 ||
	    json_opt_str(conditions, "minKernel", &kernel, e) < 0)
		return err_prefix(e, include ? "includes" : "excludes");
	json_array_foreach(caps, i, v) {
		if (!json_is_string(v))
			return fail(e, EINVAL, "'caps' must be a list of names");
		if (holds(p, json_string_value(v)) != include)
			*ok = false;
	}
	json_array_foreach(arches, i, v) {
		if (!json_is_string(v))
			return fail(e, EINVAL, "'arches' must be a list of names");
		listed = listed || strcmp(json_string_value(v), p->name) == 0;
	}
	if (json_array_size(arches) && listed != include)
		*ok = false;
	if (kernel && newer(p, kernel) != include)
		*ok = false;
	return 0;
}

static int
calls(const json_t *profile, json_t *out, const struct place *p, struct err *e)
{
	json_t *list = NULL, *o;
	size_t i;

	if (json_opt_arr(profile, "syscalls", &list, e) < 0)
		return -1;
	json_array_foreach(list, i, o) {
		json_t *with = NULL, *without = NULL;
		const char *name = NULL;
		bool ok = true;

		if (!json_is_object(o))
			return fail(e, EINVAL, "syscalls[%zu] must be an object", i);
		if (json_opt_obj(o, "includes", &with, e) < 0 ||
		    json_opt_obj(o, "excludes", &without, e) < 0 ||
		    json_opt_str(o, "name", &name, e) < 0 || meets(with, true, p, &ok, e) < 0 ||
		    meets(without, false, p, &ok, e) < 0)
			return err_prefix(e, "syscalls[%zu]", i);
		if (!ok)
			continue;
		json_t *plain = json_copy(o);
		json_object_del(plain, "includes");
		json_object_del(plain, "excludes");
		json_object_del(plain, "comment");
		/* the oldest form: one name, not a list */
		if (name && !json_object_get(o, "names"))
			json_object_set_new(plain, "names", json_pack("[s]", name));
		json_object_del(plain, "name");
		json_array_append_new(out, plain);
	}
	return 0;
}

static int
arches(const json_t *profile, json_t *out, const struct place *p, struct err *e)
{
	json_t *map = NULL, *o, *v;
	size_t i, k;

	if (json_opt_arr(profile, "archMap", &map, e) < 0)
		return -1;
	json_array_foreach(map, i, o) {
		json_t *sub = NULL;
		const char *arch = "";

		if (json_opt_str(o, "architecture", &arch, e) < 0 ||
		    json_opt_arr(o, "subArchitectures", &sub, e) < 0)
			return err_prefix(e, "archMap[%zu]", i);
		if (strcmp(arch, p->arch) != 0)
			continue;
		json_array_append_new(out, json_string(arch));
		json_array_foreach(sub, k, v)
			json_array_append(out, v);
	}
	return 0;
}

static bool
is_plain(const json_t *profile)
{
	json_t *o;
	size_t i;

	json_array_foreach(json_object_get(profile, "syscalls"), i, o)
		if (json_object_get(o, "includes") || json_object_get(o, "excludes") ||
		    json_object_get(o, "name"))
			return false;
	return !json_object_get(profile, "archMap");
}

json_t *
secprofile_plain(const json_t *profile, uint64_t caps, struct err *e)
{
	struct place p = { .name = "", .arch = "", .caps = caps };

	if (is_plain(profile))
		return json_incref((json_t *)profile);
	uname(&p.host);
	for (size_t i = 0; i < sizeof processors / sizeof processors[0]; i++)
		if (strcmp(p.host.machine, processors[i].machine) == 0) {
			p.name = processors[i].name;
			p.arch = processors[i].arch;
		}
	json_t *out = json_copy((json_t *)profile), *list = json_array(), *archs = json_array();
	if (calls(profile, list, &p, e) < 0 || arches(profile, archs, &p, e) < 0) {
		err_prefix(e, "linux.seccomp");
		json_decref(list);
		json_decref(archs);
		json_decref(out);
		return NULL;
	}
	json_object_set_new(out, "syscalls", list);
	if (json_array_size(archs))
		json_object_set(out, "architectures", archs);
	json_decref(archs);
	json_object_del(out, "archMap");
	return out;
}
