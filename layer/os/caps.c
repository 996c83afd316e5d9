/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/os/caps.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/file.h"
#include "base/json.h"

static const struct {
	const char *name;
	int number;
	bool usual;
} table[] = {
#define CAP(name, number, usual) { "CAP_" #name, number, usual },
#include "layer/os/caps.def"
#undef CAP
};

enum { COUNT = sizeof table / sizeof table[0] };

int
caps_number(const char *name)
{
	if (strncasecmp(name, "CAP_", 4) == 0)
		name += 4;
	for (size_t i = 0; i < COUNT; i++)
		if (strcasecmp(name, table[i].name + 4) == 0)
			return table[i].number;
	return -1;
}

const char *
caps_name(int number)
{
	for (size_t i = 0; i < COUNT; i++)
		if (table[i].number == number)
			return table[i].name;
	return NULL;
}

/* The highest capability of this kernel. */
static int
last_cap(void)
{
	static int last;
	char text[16];

	if (!last)
		last = file_peek(AT_FDCWD, "/proc/sys/kernel/cap_last_cap", text, sizeof text) > 0
		               ? (int)strtol(text, NULL, 10)
		               : 40;
	return last;
}

/* A name stands in up to five lists, and one warning is enough. */
static bool
said(const json_t *o, const char *key, const char *name)
{
	json_t *v;
	size_t i;

	if (strcmp(key, "bounding") == 0)
		return false;
	json_array_foreach(json_object_get(o, "bounding"), i, v)
		if (json_is_string(v) && strcmp(json_string_value(v), name) == 0)
			return true;
	return false;
}

static int
set_of(const json_t *o, const char *key, uint64_t *set, struct err *e)
{
	json_t *list = NULL, *v;
	size_t i;

	if (json_opt_arr(o, key, &list, e) < 0)
		return err_prefix(e, "process.capabilities");
	json_array_foreach(list, i, v) {
		const char *name = json_string_value(v);
		int n = name ? caps_number(name) : -1;
		if (!name)
			return fail(e, EINVAL, "process.capabilities.%s must be a list of names",
			            key);
		/* config.md: a value that cannot be granted is worth a warning and
		 * no failure. */
		if (n >= 0 && n <= last_cap())
			*set |= UINT64_C(1) << n;
		else if (!said(o, key, name))
			err_warn(n < 0 ? "nobody knows a capability '%s'; it is left out"
			               : "this kernel has no capability '%s'; it is left out",
			         name);
	}
	return 0;
}

int
caps_parse(const json_t *o, struct caps **out, struct err *e)
{
	struct caps *c = xcalloc(1, sizeof *c);

	*out = c;
	if (set_of(o, "bounding", &c->bounding, e) < 0 ||
	    set_of(o, "effective", &c->effective, e) < 0 ||
	    set_of(o, "permitted", &c->permitted, e) < 0 ||
	    set_of(o, "inheritable", &c->inheritable, e) < 0 ||
	    set_of(o, "ambient", &c->ambient, e) < 0) {
		caps_free(c);
		*out = NULL;
		return -1;
	}
	/* capset(2): what is effective must be permitted, what is ambient both
	 * permitted and inheritable. */
	c->effective &= c->permitted;
	c->ambient &= c->permitted & c->inheritable;
	return 0;
}

void
caps_free(struct caps *c)
{
	free(c);
}

uint64_t
caps_effective(const struct caps *c)
{
	return c ? c->bounding : 0;
}

static int
change(uint64_t *set, const json_t *list, bool add, struct err *e)
{
	json_t *v;
	size_t i;

	json_array_foreach(list, i, v) {
		const char *name = json_string_value(v);
		uint64_t bits = 0;
		if (strcasecmp(name, "ALL") == 0) {
			for (int n = 0; n <= last_cap(); n++)
				bits |= UINT64_C(1) << n;
		} else if (caps_number(name) >= 0) {
			bits = UINT64_C(1) << caps_number(name);
		} else {
			fail(e, EINVAL, "there is no capability '%s'", name);
			return err_hint(
			        e, "names are as in capabilities(7), such as NET_ADMIN, or ALL");
		}
		*set = add ? *set | bits : *set & ~bits;
	}
	return 0;
}

/* "ALL" first, so that --cap-drop ALL --cap-add CHOWN leaves one, and
 * --cap-add ALL --cap-drop CHOWN all but one. */
static bool
has_all(const json_t *list)
{
	json_t *v;
	size_t i;

	json_array_foreach(list, i, v)
		if (strcasecmp(json_string_value(v), "ALL") == 0)
			return true;
	return false;
}

json_t *
caps_of_request(const json_t *add, const json_t *drop, bool privileged, struct err *e)
{
	uint64_t set = 0;
	bool all = privileged || has_all(add);

	for (size_t i = 0; i < COUNT; i++)
		if ((all && table[i].number <= last_cap()) || (!all && table[i].usual))
			set |= UINT64_C(1) << table[i].number;
	if (has_all(drop))
		set = 0;
	if (has_all(drop) ? change(&set, add, true, e) < 0
	                  : change(&set, add, true, e) < 0 || change(&set, drop, false, e) < 0)
		return NULL;
	json_t *names = json_array();
	for (size_t i = 0; i < COUNT; i++)
		if (set & UINT64_C(1) << table[i].number)
			json_array_append_new(names, json_string(table[i].name));
	json_t *o = json_pack("{s:O, s:O, s:O}", "bounding", names, "effective", names, "permitted",
	                      names);
	json_decref(names);
	return o;
}

int
caps_before_setid(const struct caps *c, struct err *e)
{
	if (!c)
		return 0;
	for (int n = 0; n <= last_cap(); n++)
		if (!(c->bounding & UINT64_C(1) << n) && prctl(PR_CAPBSET_DROP, n, 0, 0, 0) < 0 &&
		    errno != EINVAL && errno != EPERM)
			return fail(e, errno, "cannot drop %s: %s", caps_name(n), strerror(errno));
	if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0)
		return fail(e, errno, "cannot keep capabilities: %s", strerror(errno));
	return 0;
}

int
caps_after_setid(const struct caps *c, struct err *e)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2];

	if (!c)
		return 0;
	for (int i = 0; i < 2; i++) {
		data[i].effective = (uint32_t)(c->effective >> (32 * i));
		data[i].permitted = (uint32_t)(c->permitted >> (32 * i));
		data[i].inheritable = (uint32_t)(c->inheritable >> (32 * i));
	}
	if (syscall(SYS_capset, &head, data) < 0) {
		/* More than we have ourselves: give what there is. */
		struct __user_cap_data_struct have[2];
		if (errno != EPERM || syscall(SYS_capget, &head, have) < 0)
			return fail(e, errno, "cannot set capabilities: %s", strerror(errno));
		for (int i = 0; i < 2; i++) {
			data[i].permitted &= have[i].permitted;
			data[i].effective &= have[i].permitted;
			data[i].inheritable &= have[i].permitted;
		}
		if (syscall(SYS_capset, &head, data) < 0)
			return fail(e, errno, "cannot set capabilities: %s", strerror(errno));
	}
	/* Ambient ones of ours live on where they are permitted and inheritable. */
	if (c->inheritable & c->permitted & ~c->ambient)
		prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	for (int n = 0; n <= last_cap(); n++)
		if (c->ambient & UINT64_C(1) << n &&
		    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, n, 0, 0) < 0 && errno != EPERM)
			return fail(e, errno, "cannot raise ambient %s: %s", caps_name(n),
			            strerror(errno));
	return 0;
}
