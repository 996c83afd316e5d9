/* SPDX-License-Identifier: Apache-2.0 */
#include "base/user.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/host_linux.h"
#include "base/str.h"

/* One line at a time from a file, in a buffer of our own: the child must not
 * allocate.  A line longer than the buffer is skipped. */
struct lines {
	int fd;
	size_t at, n;
	char buf[8192];
};

static int
lines_open(struct lines *l, const char *path)
{
	l->at = l->n = 0;
	l->fd = host_openat2(AT_FDCWD, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0,
	                     RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS);
	return l->fd;
}

static char *
lines_next(struct lines *l)
{
	bool skip = false;

	if (l->fd < 0)
		return NULL;
	for (;;) {
		char *from = l->buf + l->at, *nl = memchr(from, '\n', l->n - l->at);
		if (nl) {
			*nl = '\0';
			l->at = (size_t)(nl - l->buf) + 1;
			if (!skip)
				return from;
			skip = false;
			continue;
		}
		memmove(l->buf, from, l->n - l->at);
		l->n -= l->at;
		l->at = 0;
		if (l->n == sizeof l->buf - 1) {
			skip = true;
			l->n = 0;
		}
		ssize_t got = read(l->fd, l->buf + l->n, sizeof l->buf - 1 - l->n);
		if (got <= 0) {
			if (l->n == 0 || skip)
				return NULL;
			l->buf[l->n] = '\0';
			l->at = l->n;
			l->n = 0;
			return l->buf;
		}
		l->n += (size_t)got;
	}
}

static void
lines_close(struct lines *l)
{
	if (l->fd >= 0)
		close(l->fd);
}

/* Split at ':' in place; missing fields are "". */
static void
split(char *line, char *field[], size_t n)
{
	static char empty[1];

	for (size_t i = 0; i < n; i++) {
		field[i] = line ? line : empty;
		if (line && (line = strchr(line, ':')))
			*line++ = '\0';
	}
}

static bool
number(const char *s, uint32_t *out)
{
	uint64_t v;

	if (!str_u64(s, UINT32_MAX - 1, &v))
		return false;
	*out = (uint32_t)v;
	return true;
}

/* Find a user by name, or by number when name is NULL. */
static bool
passwd(const char *name, uid_t uid, struct identity *id)
{
	struct lines l;
	char *line, *f[6];
	uint32_t u, g;
	bool found = false;

	lines_open(&l, "/etc/passwd");
	while (!found && (line = lines_next(&l))) {
		split(line, f, 6);
		if (!number(f[2], &u) || !number(f[3], &g))
			continue;
		found = name ? strcmp(f[0], name) == 0 : u == uid;
		if (!found)
			continue;
		id->uid = u;
		id->gid = g;
		if (f[5][0] == '/')
			snprintf(id->home, sizeof id->home, "%s", f[5]);
	}
	lines_close(&l);
	return found;
}

static bool
listed(char *members, const char *user)
{
	char *m;

	while ((m = strsep(&members, ",")))
		if (strcmp(m, user) == 0)
			return true;
	return false;
}

static int
add_group(struct identity *id, gid_t gid)
{
	for (size_t i = 0; i < id->ngroups; i++)
		if (id->groups[i] == gid)
			return 0;
	if (id->ngroups == USER_GROUPS)
		return -1;
	id->groups[id->ngroups++] = gid;
	return 0;
}

/* Groups that list the user; with `group` only look that one's number up. */
static bool
groups(const char *user, const char *group, gid_t *gid, struct identity *id)
{
	struct lines l;
	char *line, *f[4];
	uint32_t g;
	bool found = false;

	lines_open(&l, "/etc/group");
	while (!found && (line = lines_next(&l))) {
		split(line, f, 4);
		if (!number(f[2], &g))
			continue;
		if (group && strcmp(f[0], group) == 0) {
			*gid = g;
			found = true;
		} else if (!group && user && listed(f[3], user)) {
			add_group(id, g);
		}
	}
	lines_close(&l);
	return found;
}

static int
group_of(const char *name, gid_t *gid, struct err *e)
{
	uint32_t n;

	if (groups(NULL, name, gid, NULL))
		return 0;
	if (number(name, &n)) {
		*gid = n;
		return 0;
	}
	fail(e, ENOENT, "there is no group '%s' in the machine's /etc/group", name);
	return err_hint(e, "use a number, or a group that it has");
}

int
user_find(const char *who, char *const *more, struct identity *id, struct err *e)
{
	char user[256];
	const char *colon = strchr(who, ':');
	uint32_t n;

	*id = (struct identity){ .home = "/" };
	snprintf(user, sizeof user, "%.*s", (int)(colon ? (size_t)(colon - who) : strlen(who)),
	         who);
	if (user[0] && !passwd(user, 0, id)) {
		if (!number(user, &n)) {
			fail(e, ENOENT, "there is no user '%s' in the machine's /etc/passwd", user);
			return err_hint(e, "use a number, or a user that it has");
		}
		id->uid = n;
		passwd(NULL, n, id);
	} else if (!user[0]) {
		passwd(NULL, 0, id);
	}
	if (colon && colon[1]) {
		if (group_of(colon + 1, &id->gid, e) < 0)
			return -1;
	} else if (user[0]) {
		groups(user, NULL, NULL, id);
	}
	add_group(id, id->gid);
	for (; more && *more; more++) {
		gid_t g;
		if (group_of(*more, &g, e) < 0)
			return -1;
		if (add_group(id, g) < 0)
			return fail(e, E2BIG, "more than %d groups", USER_GROUPS);
	}
	return 0;
}

void
user_home(uid_t uid, char *home, size_t size)
{
	struct identity id = { .home = "/" };

	passwd(NULL, uid, &id);
	snprintf(home, size, "%s", id.home);
}
