/* SPDX-License-Identifier: Apache-2.0 */
#include "net/lease.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/file.h"
#include "base/json.h"
#include "base/str.h"
#include "base/vec.h"

/* 10.89.0.0/16 in parts of 256 addresses, as tools of the field do. */
#define FIRST_SUBNET UINT32_C(0x0a590000)

static uint32_t
number(const char *ip)
{
	struct in_addr a;
	return ip && inet_pton(AF_INET, ip, &a) == 1 ? ntohl(a.s_addr) : 0;
}

static char *
text_of(uint32_t ip)
{
	return xprintf("%u.%u.%u.%u", ip >> 24, ip >> 16 & 255, ip >> 8 & 255, ip & 255);
}

static int
bad_name(const char *name, struct err *e)
{
	fail(e, EINVAL, "'%s' is no name for a network", name);
	return err_hint(e, "use letters, digits, '-' and '_', at most 40");
}

static bool
name_ok(const char *name)
{
	size_t n = strlen(name);
	return n > 0 && n <= 40 &&
	       strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") ==
	               n &&
	       name[0] != '-';
}

/* Does the host reach these 256 addresses by some route already? */
static bool
routed(uint32_t subnet)
{
	char *text, *rest, *line;
	bool found = false;

	if (file_read(AT_FDCWD, "/proc/net/route", 1 << 20, &text, NULL, NULL) < 0)
		return false;
	rest = text;
	while ((line = strsep(&rest, "\n"))) {
		char dev[32];
		unsigned dest, gateway, mask;
		if (sscanf(line, "%31s %x %x %*x %*d %*d %*d %x", dev, &dest, &gateway, &mask) != 4)
			continue;
		uint32_t d = ntohl(dest), m = ntohl(mask);
		/* A default route reaches everything and claims nothing. */
		found = found || (m && ((subnet & m) == (d & m) || (d & 0xffffff00) == subnet));
	}
	free(text);
	return found;
}

/* Is it another network's of this store? */
static bool
taken(int dir, uint32_t subnet)
{
	int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *ent;
	bool found = false;

	while (d && !found && (ent = readdir(d))) {
		if (!str_ends(ent->d_name, ".json"))
			continue;
		json_t *o = json_file(dir, ent->d_name, NULL);
		found = (number(json_str(o, "gateway", NULL)) & 0xffffff00) == subnet;
		json_decref(o);
	}
	if (d)
		closedir(d);
	return found;
}

static int
fresh(struct lease_book *b, const char *network, struct err *e)
{
	uint32_t hash = (uint32_t)str_hash(network, str_hash("/", str_hash(b->root, STR_HASH)));
	uint32_t subnet = 0;

	for (uint32_t i = 0; i < 256 && !subnet; i++) {
		uint32_t s = FIRST_SUBNET + i * 256;
		if (!taken(b->dir, s) && !routed(s))
			subnet = s;
	}
	if (!subnet) {
		fail(e, EADDRNOTAVAIL, "no subnet of 10.89.0.0/16 is free for network '%s'",
		     network);
		return err_hint(e,
		                "remove networks that are not used any more from the store's net/");
	}
	char *gateway = text_of(subnet + 1), *range = text_of(subnet);
	b->doc = json_pack("{s:s, s:s+, s:o, s:s, s:{}}", "name", network, "subnet", range, "/24",
	                   "bridge", json_sprintf("jst-%08x", hash), "gateway", gateway, "leases");
	free(gateway);
	free(range);
	return 0;
}

int
lease_open(struct lease_book *b, const char *root, const char *network, bool make, struct err *e)
{
	struct err why = { 0 };

	*b = (struct lease_book){ .dir = -1, .lock = -1 };
	if (!name_ok(network))
		return bad_name(network, e);
	char *path = xprintf("%s/net", root);
	b->root = xstrdup(root);
	b->file = xprintf("%s.json", network);
	if (!make || file_mkdirs(AT_FDCWD, path, 0700, e) == 0)
		b->dir = file_opendir(AT_FDCWD, path, e);
	free(path);
	if (b->dir >= 0)
		b->lock = openat(b->dir, "lock", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (b->lock < 0 || flock(b->lock, LOCK_EX) < 0) {
		if (b->dir >= 0)
			fail(e, errno, "network '%s': %s", network, strerror(errno));
		lease_close(b);
		return -1;
	}
	b->doc = json_file(b->dir, b->file, &why);
	/* A book that cannot be read is written anew: its machines take their
	 * leases when they start. */
	if (!b->doc && (why.code == ENOENT || why.code == EINVAL) && make) {
		if (fresh(b, network, e) < 0) {
			lease_close(b);
			return -1;
		}
	} else if (!b->doc) {
		fail(e, why.code, "network '%s': %s", network, why.what);
		lease_close(b);
		return -1;
	}
	if (!json_is_object(json_object_get(b->doc, "leases")))
		json_object_set_new(b->doc, "leases", json_object());
	return 0;
}

int
lease_save(struct lease_book *b, struct err *e)
{
	return json_save(b->dir, b->file, b->doc, false, e);
}

void
lease_close(struct lease_book *b)
{
	if (b->lock >= 0)
		close(b->lock);
	if (b->dir >= 0)
		close(b->dir);
	json_decref(b->doc);
	free(b->root);
	free(b->file);
	*b = (struct lease_book){ .dir = -1, .lock = -1 };
}

uint32_t
lease_gateway(const struct lease_book *b)
{
	return number(json_str(b->doc, "gateway", ""));
}

const char *
lease_bridge(const struct lease_book *b)
{
	return json_str(b->doc, "bridge", "");
}

size_t
lease_count(const struct lease_book *b)
{
	return json_object_size(json_object_get(b->doc, "leases"));
}

/* Leases whose machine has no folder any more. */
static void
take_back(struct lease_book *b)
{
	json_t *all = json_object_get(b->doc, "leases"), *v;
	const char *machine;
	void *next;

	json_object_foreach_safe(all, next, machine, v) {
		char *path = xprintf("%s/machines/%s", b->root, machine);
		if (access(path, F_OK) < 0 && errno == ENOENT)
			json_object_del(all, machine);
		free(path);
	}
}

static bool
leased(const struct lease_book *b, uint32_t ip, const char *but)
{
	const char *machine;
	json_t *v;

	json_object_foreach(json_object_get(b->doc, "leases"), machine, v)
		if (strcmp(machine, but) != 0 && number(json_str(v, "ip", "")) == ip)
			return true;
	return false;
}

int
lease_take(struct lease_book *b, const char *machine, const char *ip, uint32_t *address,
           struct err *e)
{
	uint32_t gateway = lease_gateway(b), base = gateway & 0xffffff00, want = number(ip);

	take_back(b);
	if (!gateway)
		return fail(e, EINVAL, "network '%s' has no gateway written down", b->file);
	if (ip && ((want & 0xffffff00) != base || want == gateway || (want & 255) == 0 ||
	           (want & 255) == 255)) {
		fail(e, EINVAL, "--ip '%s' is no address of the network's %s", ip,
		     json_str(b->doc, "subnet", "subnet"));
		return err_hint(e, "choose one inside, not the first and not the last");
	}
	if (ip && leased(b, want, machine)) {
		fail(e, EADDRINUSE, "address '%s' is another machine's", ip);
		return err_hint(e, "leave --ip out, or choose another");
	}
	for (uint32_t i = 2; !want && i < 255; i++)
		if (!leased(b, base + i, machine))
			want = base + i;
	if (!want) {
		fail(e, EADDRNOTAVAIL, "all addresses of the network are taken");
		return err_hint(e, "use a second network");
	}
	/* A locally administered address made of the IP, so that a machine that
	 * comes back is known to its neighbours. */
	char *text = text_of(want);
	json_object_set_new(json_object_get(b->doc, "leases"), machine,
	                    json_pack("{s:s, s:o}", "ip", text, "mac",
	                              json_sprintf("02:59:%02x:%02x:%02x:%02x", want >> 24,
	                                           want >> 16 & 255, want >> 8 & 255, want & 255)));
	free(text);
	*address = want;
	return 0;
}

void
lease_give_back(struct lease_book *b, const char *machine)
{
	json_object_del(json_object_get(b->doc, "leases"), machine);
	take_back(b);
}

char **
lease_networks_of(const char *root, const char *machine)
{
	char *path = xprintf("%s/net", root);
	int dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = dir < 0 ? NULL : fdopendir(dir);
	struct vec v = { 0 };
	struct dirent *ent;

	free(path);
	while (d && (ent = readdir(d))) {
		if (!str_ends(ent->d_name, ".json"))
			continue;
		json_t *o = json_file(dirfd(d), ent->d_name, NULL);
		if (json_object_get(json_object_get(o, "leases"), machine))
			vec_push(&v, xprintf("%.*s", (int)strlen(ent->d_name) - 5, ent->d_name));
		json_decref(o);
	}
	if (d)
		closedir(d);
	return vec_argv(&v);
}
