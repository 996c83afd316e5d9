/* SPDX-License-Identifier: Apache-2.0 */
#include "all/takes.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "core/layer.h"

/* What the life of a machine is made of, on every floor; --net none is what all have. */
static const char every[] =
        "annotation args artifact consoleSize detach detach_keys env env_file in interactive "
        "label log_opt name platform program pull quiet restart rm root stop_signal "
        "stop_timeout tty workdir";

static bool
has(const char *words, const char *key)
{
	size_t n = strlen(key);
	const char *at = words;

	for (; (at = strstr(at, key)); at += n)
		if ((at == words || at[-1] == ' ') && (!at[n] || at[n] == ' '))
			return true;
	return false;
}

int
takes_check(const struct layer *l, const json_t *request, struct err *e)
{
	const char *key;
	json_t *v;

	json_object_foreach((json_t *)request, key, v) {
		bool none = json_is_false(v) || json_is_null(v) ||
		            (strcmp(key, "net") == 0 && json_is_string(v) &&
		             strcmp(json_string_value(v), "none") == 0);
		if (!l->takes || none || has(every, key) || has(l->takes, key))
			continue;
		char *flag = xstrdup(key);
		for (char *p = flag; *p; p++)
			if (*p == '_')
				*p = '-';
		fail(e, EINVAL, "--%s is nothing that floor '%s' has", flag, l->name);
		free(flag);
		if (l->floor == FLOOR_API || l->floor == FLOOR_LANGUAGE)
			return err_hint(e,
			                "leave it out, or give the program a container: --in os/%s",
			                l->name);
		return err_hint(e, "leave it out; what each flag is for: joist help run");
	}
	return 0;
}
