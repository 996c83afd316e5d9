/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/os/idmap.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/file.h"
#include "base/host_linux.h"
#include "base/json.h"
#include "base/proc.h"
#include "base/str.h"
#include "base/vec.h"

/* The largest range that a file gives to our user, by number or by name. */
static bool
range(const char *file, const char *name, uint32_t *from, uint32_t *count)
{
	char *text, *line, *rest, uid[16];
	bool found = false;

	if (file_read(AT_FDCWD, file, 1 << 20, &text, NULL, NULL) < 0)
		return false;
	snprintf(uid, sizeof uid, "%u", geteuid());
	*count = 0;
	rest = text;
	while ((line = strsep(&rest, "\n"))) {
		char *who = strsep(&line, ":"), *start = strsep(&line, ":"), *n = line;
		uint64_t a, b;
		if (!start || !n || (strcmp(who, uid) != 0 && (!name || strcmp(who, name) != 0)))
			continue;
		if (!str_u64(start, UINT32_MAX - 1, &a) || !str_u64(n, UINT32_MAX - a, &b) ||
		    b <= *count)
			continue;
		*from = (uint32_t)a;
		*count = (uint32_t)b;
		found = true;
	}
	free(text);
	return found;
}

/* Our user's name from /etc/passwd: a static program cannot ask the C library,
 * which would load the name service. */
static char *
our_name(void)
{
	char *text, *line, *rest, *name = NULL;

	if (file_read(AT_FDCWD, "/etc/passwd", 4 << 20, &text, NULL, NULL) < 0)
		return NULL;
	rest = text;
	while (!name && (line = strsep(&rest, "\n"))) {
		char *who = strsep(&line, ":"), *uid;
		uint64_t n;
		strsep(&line, ":");
		uid = strsep(&line, ":");
		if (uid && str_u64(uid, UINT32_MAX, &n) && n == geteuid())
			name = xstrdup(who);
	}
	free(text);
	return name;
}

bool
idmap_ranges(struct idmap uid[2], struct idmap gid[2])
{
	char *name = our_name();
	struct idmap u = { .inside = 1 }, g = { .inside = 1 };
	bool ok = proc_which("newuidmap", NULL, 0) && proc_which("newgidmap", NULL, 0) &&
	          range("/etc/subuid", name, &u.outside, &u.count) &&
	          range("/etc/subgid", name, &g.outside, &g.count);

	free(name);
	uid[0] = (struct idmap){ .outside = geteuid(), .count = 1 };
	gid[0] = (struct idmap){ .outside = getegid(), .count = 1 };
	uid[1] = u;
	gid[1] = g;
	return ok;
}

static int
direct(pid_t pid, const char *file, const struct idmap *map, size_t n, struct err *e)
{
	struct str s = { 0 };
	char path[64];

	for (size_t i = 0; i < n; i++)
		str_printf(&s, "%u %u %u\n", map[i].inside, map[i].outside, map[i].count);
	snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, file);
	int rc = file_poke(AT_FDCWD, path, str_text(&s));
	int why = errno;
	str_free(&s);
	if (rc == 0)
		return 0;
	fail(e, why, "cannot write the user namespace's %s: %s", file, strerror(why));
	return err_hint(e, "ranges must not overlap, and must be ours to give");
}

static int
through(const char *program, pid_t pid, const struct idmap *map, size_t n, struct err *e)
{
	struct vec argv = { 0 };
	char *out = NULL;

	vec_push(&argv, xstrdup(program));
	vec_push(&argv, xprintf("%d", (int)pid));
	for (size_t i = 0; i < n; i++) {
		vec_push(&argv, xprintf("%u", map[i].inside));
		vec_push(&argv, xprintf("%u", map[i].outside));
		vec_push(&argv, xprintf("%u", map[i].count));
	}
	int status = proc_run(vec_argv(&argv), &out, e);
	for (size_t i = 0; i < argv.n; i++)
		free(argv.p[i]);
	vec_free(&argv);
	if (status > 0) {
		if (out)
			out[strcspn(out, "\n")] = '\0';
		fail(e, EPERM, "%s refused the mapping: %s", program, out ? out : "");
		err_hint(e, "look at /etc/subuid and /etc/subgid; %s must be set-user-ID root",
		         program);
	}
	free(out);
	return status == 0 ? 0 : -1;
}

int
idmap_write(pid_t pid, const struct spec *s, bool helper, struct err *e)
{
	if (helper)
		return through("newuidmap", pid, s->uid_map, s->nuid_map, e) < 0
		               ? -1
		               : through("newgidmap", pid, s->gid_map, s->ngid_map, e);
	if (direct(pid, "uid_map", s->uid_map, s->nuid_map, e) < 0)
		return -1;
	return direct(pid, "gid_map", s->gid_map, s->ngid_map, e);
}

int
idmap_namespace(const struct idmap *uid, size_t nuid, const struct idmap *gid, size_t ngid,
                struct err *e)
{
	struct clone_args a = { .flags = CLONE_NEWUSER | CLONE_CLEAR_SIGHAND,
		                .exit_signal = SIGCHLD };
	char path[32];

	pid_t pid = host_clone3(&a);
	if (pid == 0)
		for (;;)
			pause();
	if (pid < 0)
		return fail(e, errno, "cannot make a user namespace: %s", strerror(errno));
	int fd = -1;
	if (direct(pid, "uid_map", uid, nuid, e) == 0 &&
	    direct(pid, "gid_map", gid, ngid, e) == 0) {
		snprintf(path, sizeof path, "/proc/%d/ns/user", (int)pid);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			fail(e, errno, "'%s': %s", path, strerror(errno));
	}
	kill(pid, SIGKILL);
	proc_wait(pid);
	return fd;
}

static int
read_map(const json_t *list, struct idmap *map, size_t most, size_t *n, struct err *e)
{
	*n = json_array_size(list);
	if (*n == 0 || *n > most)
		return fail(e, EINVAL, "a mount's id mapping must have 1 to %zu lines", most);
	for (size_t i = 0; i < *n; i++) {
		json_t *o = json_array_get(list, i);
		int64_t in = json_int(o, "containerID", -1), out = json_int(o, "hostID", -1),
		        k = json_int(o, "size", -1);
		if (in < 0 || out < 0 || k < 1 || in + k > UINT32_MAX || out + k > UINT32_MAX)
			return fail(e, EINVAL,
			            "a mount's id mapping needs containerID, hostID and size");
		map[i] = (struct idmap){ (uint32_t)in, (uint32_t)out, (uint32_t)k };
	}
	return 0;
}

int
idmap_of_mount(const struct spec *s, const struct mount_spec *m, struct err *e)
{
	struct idmap uid[32], gid[32];
	size_t nu, ng;

	if (!m->uid_map && !m->gid_map) {
		if (s->nuid_map == 0)
			return fail(e, EINVAL, "mount '%s': 'idmap' needs a mapping", m->dest);
		return idmap_namespace(s->uid_map, s->nuid_map, s->gid_map, s->ngid_map, e);
	}
	if (read_map(m->uid_map, uid, 32, &nu, e) < 0 || read_map(m->gid_map, gid, 32, &ng, e) < 0)
		return err_prefix(e, "mount '%s'", m->dest);
	return idmap_namespace(uid, nu, gid, ng, e);
}
