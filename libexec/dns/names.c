/* SPDX-License-Identifier: Apache-2.0 */
#include "libexec/dns/names.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "base/json.h"

static uint32_t
number(const char *ip)
{
	struct in_addr a;
	return ip && inet_pton(AF_INET, ip, &a) == 1 ? ntohl(a.s_addr) : 0;
}

void
names_fresh(struct names *n)
{
	struct stat st;

	if (fstatat(n->dir, n->file, &st, 0) < 0) {
		json_decref(n->book);
		n->book = NULL;
		return;
	}
	int64_t changed = (int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec;
	if (n->book && changed == n->seen && st.st_ino == n->inode)
		return;
	json_t *book = json_file(n->dir, n->file, NULL);
	if (!book)
		return;
	json_decref(n->book);
	n->book = book;
	n->seen = changed;
	n->inode = st.st_ino;
}

size_t
names_count(const struct names *n)
{
	return json_object_size(json_object_get(n->book, "leases"));
}

uint32_t
names_gateway(const struct names *n)
{
	return number(json_str(n->book, "gateway", NULL));
}

size_t
names_find(const struct names *n, const char *name, uint32_t *ip, size_t most)
{
	size_t len = strlen(name), tail = strlen(n->network), found = 0, i;
	const char *machine;
	json_t *lease, *v;

	if (len > tail + 1 && name[len - tail - 1] == '.' &&
	    strcasecmp(name + len - tail, n->network) == 0)
		len -= tail + 1;
	json_object_foreach(json_object_get(n->book, "leases"), machine, lease) {
		bool hit = false;
		json_array_foreach(json_object_get(lease, "names"), i, v) {
			const char *own = json_string_value(v);
			hit = hit ||
			      (own && strlen(own) == len && strncasecmp(own, name, len) == 0);
		}
		uint32_t a = hit ? number(json_str(lease, "ip", NULL)) : 0;
		if (a && found < most)
			ip[found++] = a;
	}
	return found;
}

const char *
names_of(const struct names *n, uint32_t ip)
{
	const char *machine;
	json_t *lease;

	json_object_foreach(json_object_get(n->book, "leases"), machine, lease)
		if (ip && number(json_str(lease, "ip", NULL)) == ip)
			return machine;
	return NULL;
}
