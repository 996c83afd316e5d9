/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/os/default.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/json.h"
#include "base/str.h"
#include "core/spec.h"
#include "layer/os/caps.h"
#include "layer/os/idmap.h"
#include "layer/os/limit.h"
#include "layer/os/volume.h"

static const struct {
	const char *dest, *type, *source, *options[8];
} usual_mounts[] = {
	{ "/proc", "proc", "proc", { "nosuid", "noexec", "nodev" } },
	{ "/dev", "tmpfs", "tmpfs", { "nosuid", "strictatime", "mode=755", "size=65536k" } },
	{ "/dev/pts",
	  "devpts",
	  "devpts",
	  { "nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5" } },
	{ "/dev/shm", "tmpfs", "shm", { "nosuid", "noexec", "nodev", "mode=1777", "size=65536k" } },
	{ "/dev/mqueue", "mqueue", "mqueue", { "nosuid", "noexec", "nodev" } },
	{ "/sys", "sysfs", "sysfs", { "nosuid", "noexec", "nodev", "ro" } },
	{ "/sys/fs/cgroup", "cgroup", "cgroup", { "nosuid", "noexec", "nodev", "ro" } },
};

static const char *const masked[] = {
	"/proc/acpi",
	"/proc/asound",
	"/proc/interrupts",
	"/proc/kcore",
	"/proc/keys",
	"/proc/latency_stats",
	"/proc/timer_list",
	"/proc/timer_stats",
	"/proc/sched_debug",
	"/proc/scsi",
	"/sys/firmware",
	"/sys/devices/virtual/powercap",
	NULL,
};

static const char *const readonly[] = {
	"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger", NULL,
};

static json_t *
list_of(const char *const *text)
{
	json_t *list = json_array();

	for (; *text; text++)
		json_array_append_new(list, json_string(*text));
	return list;
}

static bool
has_mount(const json_t *mounts, const char *dest)
{
	size_t i;
	json_t *m;

	json_array_foreach(mounts, i, m)
		if (strcmp(json_str(m, "destination", ""), dest) == 0)
			return true;
	return false;
}

static int
mounts(json_t *config, const json_t *request, bool privileged, struct err *e)
{
	json_t *all = json_array(), *own = json_array();
	int64_t shm = json_int(request, "shm_size", 0);

	if (volume_add(own, request, e) < 0) {
		json_decref(all);
		json_decref(own);
		return -1;
	}
	for (size_t i = 0; i < sizeof usual_mounts / sizeof usual_mounts[0]; i++) {
		json_t *o = json_array();
		const char *dest = usual_mounts[i].dest;

		/* One's own volume on the same place stands instead. */
		if (has_mount(own, dest)) {
			json_decref(o);
			continue;
		}
		for (int k = 0; k < 8 && usual_mounts[i].options[k]; k++) {
			const char *text = usual_mounts[i].options[k];
			if (privileged && strcmp(text, "ro") == 0)
				text = "rw";
			if (shm && strcmp(dest, "/dev/shm") == 0 && str_starts(text, "size="))
				json_array_append_new(o, json_sprintf("size=%lld", (long long)shm));
			else
				json_array_append_new(o, json_string(text));
		}
		json_array_append_new(all, json_pack("{s:s, s:s, s:s, s:o}", "destination", dest,
		                                     "type", usual_mounts[i].type, "source",
		                                     usual_mounts[i].source, "options", o));
	}
	json_array_extend(all, own);
	json_decref(own);
	json_object_set_new(config, "mounts", all);
	return 0;
}

/* -- namespaces --------------------------------------------------------------- */

static int
mode(const json_t *request, const char *key, const char *fallback, bool *private, struct err *e)
{
	const char *m = json_str(request, key, fallback);

	*private = strcmp(m, "private") == 0;
	if (*private || strcmp(m, "host") == 0)
		return 0;
	fail(e, EINVAL, "--%s '%s' is neither private nor host", key, m);
	return err_hint(e, "use --%s private or --%s host", key, key);
}

static void
map(json_t *linux_part, const char *key, const struct idmap *m, size_t n)
{
	json_t *list = json_array();

	for (size_t i = 0; i < n; i++)
		json_array_append_new(list, json_pack("{s:I, s:I, s:I}", "containerID",
		                                      (json_int_t)m[i].inside, "hostID",
		                                      (json_int_t)m[i].outside, "size",
		                                      (json_int_t)m[i].count));
	json_object_set_new(linux_part, key, list);
}

/* Root's private user namespaces take this range: high, and the one that the
 * field's tools give to "nobody's" containers when no other is written down. */
static const struct idmap private_range = { 0, 1000000000, 65536 };

static int
user_namespace(json_t *linux_part, json_t *list, const json_t *request, struct err *e)
{
	struct idmap uid[2], gid[2];
	bool private;

	if (mode(request, "userns", geteuid() ? "private" : "host", &private, e) < 0)
		return -1;
	if (geteuid() != 0) {
		/* Without the host's root there is no container but in a user
		 * namespace; with the host's ranges it has more than one user. */
		bool ranges = idmap_ranges(uid, gid);
		map(linux_part, "uidMappings", uid, ranges ? 2 : 1);
		map(linux_part, "gidMappings", gid, ranges ? 2 : 1);
		private = true;
	} else if (private) {
		map(linux_part, "uidMappings", &private_range, 1);
		map(linux_part, "gidMappings", &private_range, 1);
	}
	if (private)
		json_array_append_new(list, json_pack("{s:s}", "type", "user"));
	return 0;
}

static int
namespaces(json_t *linux_part, const json_t *request, const char *net, struct err *e)
{
	static const struct {
		const char *flag, *type;
	} modes[] = {
		{ "pid", "pid" }, { "ipc", "ipc" }, { "uts", "uts" }, { "cgroupns", "cgroup" }
	};
	json_t *list = json_array();
	bool private;

	json_object_set_new(linux_part, "namespaces", list);
	json_array_append_new(list, json_pack("{s:s}", "type", "mount"));
	for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
		if (mode(request, modes[i].flag, "private", &private, e) < 0)
			return -1;
		if (private)
			json_array_append_new(list, json_pack("{s:s}", "type", modes[i].type));
	}
	if (strcmp(net, "host") != 0)
		json_array_append_new(list, json_pack("{s:s}", "type", "network"));
	return user_namespace(linux_part, list, request, e);
}

/* -- confinement ---------------------------------------------------------------- */

static int
security_options(json_t *config, json_t *linux_part, json_t *process, const json_t *request,
                 bool privileged, struct err *e)
{
	const char *seccomp = privileged ? "unconfined" : "default";
	size_t i;
	json_t *v;

	json_array_foreach(json_object_get(request, "security_opt"), i, v) {
		const char *o = json_string_value(v), *value = strpbrk(o, "=:");
		size_t n = value ? (size_t)(value++ - o) : strlen(o);

		if (n == 17 && memcmp(o, "no-new-privileges", n) == 0) {
			json_object_set_new(process, "noNewPrivileges",
			                    json_boolean(!value || strcmp(value, "false") != 0));
		} else if (n == 7 && memcmp(o, "seccomp", n) == 0 && value) {
			seccomp = value;
		} else if (n == 8 && memcmp(o, "apparmor", n) == 0 && value) {
			json_object_set_new(process, "apparmorProfile", json_string(value));
		} else if (n == 5 && memcmp(o, "label", n) == 0 && value) {
			if (strcmp(value, "disable") != 0)
				json_object_set_new(process, "selinuxLabel", json_string(value));
		} else {
			fail(e, EINVAL, "there is no --security-opt '%s'", o);
			return err_hint(
			        e, "use no-new-privileges, seccomp=FILE|unconfined, apparmor=NAME "
			           "or label=LABEL");
		}
	}
	if (strcmp(seccomp, "default") != 0 && strcmp(seccomp, "unconfined") != 0) {
		json_t *profile = json_file(AT_FDCWD, seccomp, e);
		if (!profile)
			return err_prefix(e, "seccomp profile");
		json_object_set_new(linux_part, "seccomp", profile);
		seccomp = "custom";
	}
	return spec_note_set(config, "seccomp", seccomp);
}

static int
sysctls(json_t *linux_part, const json_t *request, struct err *e)
{
	json_t *all = json_object(), *v;
	size_t i;

	json_array_foreach(json_object_get(request, "sysctl"), i, v) {
		const char *text = json_string_value(v), *eq = strchr(text, '=');
		if (!eq || eq == text) {
			json_decref(all);
			fail(e, EINVAL, "--sysctl '%s' has no value", text);
			return err_hint(e, "write it as net.ipv4.ip_forward=1");
		}
		json_object_setn_new(all, text, (size_t)(eq - text), json_string(eq + 1));
	}
	if (json_object_size(all))
		json_object_set(linux_part, "sysctl", all);
	json_decref(all);
	return 0;
}

static json_t *
device_rules(bool privileged)
{
	return json_pack("[{s:b, s:s}]", "allow", privileged, "access", "rwm");
}

int
default_complete(json_t *config, const json_t *request, struct err *e)
{
	bool privileged = json_yes(request, "privileged");
	const char *net = spec_note_of(config, "net", "none");
	json_t *process = json_object_get(config, "process");
	json_t *lin = json_object(), *resources = json_object();
	const char *parent = json_str(request, "cgroup_parent", NULL);

	json_object_set_new(config, "linux", lin);
	json_object_set_new(lin, "resources", resources);
	json_object_set_new(resources, "devices", device_rules(privileged));
	if (parent)
		spec_note_set(config, "cgroup-parent", parent);
	if (!privileged) {
		json_object_set_new(lin, "maskedPaths", list_of(masked));
		json_object_set_new(lin, "readonlyPaths", list_of(readonly));
	}
	json_t *caps = caps_of_request(json_object_get(request, "cap_add"),
	                               json_object_get(request, "cap_drop"), privileged, e);
	if (!caps)
		return -1;
	json_object_set_new(process, "capabilities", caps);
	if (json_object_get(request, "oom_score_adj"))
		json_object_set(process, "oomScoreAdj", json_object_get(request, "oom_score_adj"));
	if (mounts(config, request, privileged, e) < 0 || namespaces(lin, request, net, e) < 0 ||
	    limit_add(resources, request, e) < 0 || limit_rlimits(process, request, e) < 0 ||
	    limit_devices(lin, resources, request, e) < 0 || sysctls(lin, request, e) < 0 ||
	    security_options(config, lin, process, request, privileged, e) < 0)
		return -1;
	return 0;
}
