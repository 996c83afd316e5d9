/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/os/rlimit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "base/arena.h"
#include "base/json.h"

static const struct {
	const char *name;
	int which;
} table[] = {
#define RLIMIT(name) { "RLIMIT_" #name, RLIMIT_##name },
#include "layer/os/rlimit.def"
#undef RLIMIT
};

enum { COUNT = sizeof table / sizeof table[0] };

struct rlimits {
	size_t n;
	struct {
		int which;
		struct rlimit limit;
		const char *name;
	} list[COUNT];
};

/* What is unlimited is written as the largest unsigned number, which arrives
 * as -1 (base/json.h), or as -1 itself. */
static int
value(const json_t *o, const char *key, rlim_t *out)
{
	json_t *v = json_object_get(o, key);
	json_int_t n = json_integer_value(v);

	if (!json_is_integer(v))
		return -1;
	*out = n == INT64_MAX ? RLIM_INFINITY : (rlim_t)n;
	return 0;
}

int
rlimits_parse(const json_t *list, struct rlimits **out, struct err *e)
{
	struct rlimits *r = xcalloc(1, sizeof *r);
	json_t *o;
	size_t i, k;

	*out = NULL;
	json_array_foreach(list, i, o) {
		const char *type = json_str(o, "type", "");
		for (k = 0; k < COUNT && strcmp(table[k].name, type) != 0; k++)
			;
		if (k == COUNT) {
			fail(e, EINVAL, "process.rlimits[%zu]: there is no limit '%s'", i, type);
			err_hint(e, "names are as in getrlimit(2), such as RLIMIT_NOFILE (--ulimit "
			            "nofile=)");
			goto bad;
		}
		for (size_t m = 0; m < r->n; m++)
			if (r->list[m].which == table[k].which) {
				fail(e, EINVAL, "process.rlimits: '%s' is listed twice", type);
				goto bad;
			}
		r->list[r->n].which = table[k].which;
		r->list[r->n].name = table[k].name;
		struct rlimit *l = &r->list[r->n].limit;
		if (value(o, "soft", &l->rlim_cur) < 0 || value(o, "hard", &l->rlim_max) < 0 ||
		    l->rlim_cur > l->rlim_max) {
			fail(e, EINVAL,
			     "process.rlimits: '%s' needs 'soft' and 'hard', and soft must not be "
			     "more than hard",
			     type);
			goto bad;
		}
		r->n++;
	}
	*out = r;
	return 0;
bad:
	free(r);
	return -1;
}

int
rlimits_apply(const struct rlimits *r, struct err *e)
{
	for (size_t i = 0; r && i < r->n; i++) {
		struct rlimit want = r->list[i].limit, have;
		__rlimit_resource_t which = (__rlimit_resource_t)r->list[i].which;

		if (setrlimit(which, &want) == 0)
			continue;
		if (errno != EPERM || getrlimit(which, &have) < 0)
			return fail(e, errno, "%s: %s", r->list[i].name, strerror(errno));
		if (want.rlim_max > have.rlim_max)
			want.rlim_max = have.rlim_max;
		if (want.rlim_cur > want.rlim_max)
			want.rlim_cur = want.rlim_max;
		if (setrlimit(which, &want) < 0)
			return fail(e, errno, "%s: %s", r->list[i].name, strerror(errno));
		err_warn("%s cannot be raised without CAP_SYS_RESOURCE; it is %llu",
		         r->list[i].name, (unsigned long long)want.rlim_max);
	}
	return 0;
}

void
rlimits_free(struct rlimits *r)
{
	free(r);
}
