/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/os/sysctl.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/str.h"
#include "core/spec.h"

/* Parameters, or their beginnings when they end in '.', and whose they are. */
static const struct {
	const char *name;
	enum ns ns;
} known[] = {
	{ "kernel.msgmax", NS_IPC },   { "kernel.msgmnb", NS_IPC },
	{ "kernel.msgmni", NS_IPC },   { "kernel.sem", NS_IPC },
	{ "kernel.shmall", NS_IPC },   { "kernel.shmmax", NS_IPC },
	{ "kernel.shmmni", NS_IPC },   { "kernel.shm_rmid_forced", NS_IPC },
	{ "fs.mqueue.", NS_IPC },      { "kernel.domainname", NS_UTS },
	{ "kernel.hostname", NS_UTS }, { "net.", NS_NETWORK },
	{ "user.", NS_USER },
};

/* "net.ipv4.conf.eth0/1.x": dots part, a slash inside a name is a dot. */
static void
path_of(const char *name, char *path, size_t size)
{
	snprintf(path, size, "/proc/sys/%s", name);
	for (char *p = path + 10; *p; p++)
		*p = *p == '.' ? '/' : *p == '/' ? '.' : *p;
}

int
sysctl_check(const struct spec *s, struct err *e)
{
	const char *name;
	json_t *v;

	json_object_foreach((json_t *)s->sysctl, name, v) {
		size_t i = 0, n = sizeof known / sizeof known[0];
		while (i < n && !(str_ends(known[i].name, ".") ? str_starts(name, known[i].name)
		                                               : strcmp(name, known[i].name) == 0))
			i++;
		if (!json_is_string(v))
			return fail(e, EINVAL, "linux.sysctl: '%s' must be a string", name);
		if (i == n || strstr(name, "..") || strstr(name, "//")) {
			fail(e, EPERM,
			     "sysctl '%s' does not belong to a container but to the whole host",
			     name);
			return err_hint(
			        e,
			        "containers may set net.*, fs.mqueue.* and kernel.shm*, msg*, sem");
		}
		if (!s->ns[known[i].ns].fresh && !s->ns[known[i].ns].path) {
			fail(e, EPERM, "sysctl '%s' needs a %s namespace of its own", name,
			     spec_ns_names[known[i].ns]);
			return err_hint(e, "do not share that namespace with the host");
		}
	}
	return 0;
}

int
sysctl_apply(const json_t *all, struct err *e)
{
	const char *name;
	char path[512];
	json_t *v;

	json_object_foreach((json_t *)all, name, v) {
		path_of(name, path, sizeof path);
		if (file_poke(AT_FDCWD, path, json_string_value(v)) < 0)
			return fail(e, errno, "sysctl '%s': %s", name, strerror(errno));
	}
	return 0;
}
