/* SPDX-License-Identifier: Apache-2.0 */
#include "libexec/image/change.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/arena.h"
#include "base/str.h"

/* The next word: quotes keep spaces, a backslash keeps what follows it. */
static char *
word(const char **at)
{
	struct str s = { 0 };
	const char *p = *at;
	char quote = 0;

	while (isspace((unsigned char)*p))
		p++;
	if (!*p)
		return NULL;
	str_add(&s, "");
	for (; *p && (quote || !isspace((unsigned char)*p)); p++) {
		if (*p == quote)
			quote = 0;
		else if (!quote && (*p == '"' || *p == '\''))
			quote = *p;
		else if (*p == '\\' && quote != '\'' && p[1])
			str_addc(&s, *++p);
		else
			str_addc(&s, *p);
	}
	*at = p;
	char *out = str_take(&s);
	return out ? out : xstrdup("");
}

/* ["a", "b"] as it is; anything else is for a shell. */
static json_t *
command(const char *text, const char *instruction, struct err *e)
{
	if (*text != '[')
		return json_pack("[s, s, s]", "/bin/sh", "-c", text);
	json_t *list = json_loads(text, 0, NULL), *v;
	size_t i;
	bool good = json_is_array(list);

	json_array_foreach(list, i, v) {
		good = good && json_is_string(v);
	}
	if (good)
		return list;
	json_decref(list);
	fail(e, EINVAL, "'%.100s': what follows is no list of texts", instruction);
	err_hint(e, "write it so: CMD [\"/bin/sh\", \"-c\", \"echo hello\"]");
	return NULL;
}

static void
env(json_t *config, const char *key, const char *value)
{
	json_t *list = json_object_get(config, "Env"), *v;
	size_t n = strlen(key), i;

	if (!list) {
		list = json_array();
		json_object_set_new(config, "Env", list);
	}
	json_array_foreach(list, i, v) {
		const char *old = json_string_value(v);
		if (old && strncmp(old, key, n) == 0 && old[n] == '=') {
			json_array_remove(list, i);
			break;
		}
	}
	json_array_append_new(list, json_sprintf("%s=%s", key, value));
}

/* K=V K2="V 2", or K V */
static int
pairs(json_t *config, const char *text, bool is_env, const char *instruction, struct err *e)
{
	json_t *labels = json_object_get(config, "Labels");
	const char *at = text;
	char *w;

	if (!is_env && !labels) {
		labels = json_object();
		json_object_set_new(config, "Labels", labels);
	}
	while ((w = word(&at))) {
		char *equal = strchr(w, '=');
		const char *value = equal ? equal + 1 : at + strspn(at, " \t");
		if (equal)
			*equal = '\0';
		if (!*w || (!equal && !*value)) {
			free(w);
			fail(e, EINVAL, "'%.100s': it needs NAME=VALUE", instruction);
			return err_hint(e, "write it so: %s NAME=VALUE", is_env ? "ENV" : "LABEL");
		}
		if (is_env)
			env(config, w, value);
		else
			json_object_set_new(labels, w, json_string(value));
		free(w);
		if (!equal)
			break;
	}
	return 0;
}

static void
members(json_t *config, const char *key, const char *text, bool port)
{
	json_t *o = json_object_get(config, key), *list = json_loads(text, 0, NULL), *v;
	const char *at = text;
	size_t i;
	char *w;

	if (!o) {
		o = json_object();
		json_object_set_new(config, key, o);
	}
	if (json_is_array(list)) {
		json_array_foreach(list, i, v) {
			if (json_is_string(v))
				json_object_set_new(o, json_string_value(v), json_object());
		}
		json_decref(list);
		return;
	}
	json_decref(list);
	while ((w = word(&at))) {
		char *name = port && !strchr(w, '/') ? xprintf("%s/tcp", w) : xstrdup(w);
		json_object_set_new(o, name, json_object());
		free(name);
		free(w);
	}
}

static int
health(json_t *config, const char *text, const char *instruction, struct err *e)
{
	json_t *h = json_object(), *test = NULL;
	const char *at = text;
	int64_t ns;
	uint64_t n;
	char *w;

	while ((w = word(&at))) {
		char *value = strchr(w, '=');
		if (strcasecmp(w, "NONE") == 0) {
			test = json_pack("[s]", "NONE");
		} else if (strcasecmp(w, "CMD") == 0) {
			at += strspn(at, " \t");
			json_t *args = *at == '[' ? command(at, instruction, e) : NULL;
			if (*at == '[' && !args) {
				free(w);
				json_decref(h);
				return -1;
			}
			test = args ? args : json_pack("[s, s]", "CMD-SHELL", at);
			if (args)
				json_array_insert_new(test, 0, json_string("CMD"));
		} else if (value && str_starts(w, "--interval=") && str_duration(value + 1, &ns)) {
			json_object_set_new(h, "Interval", json_integer(ns));
		} else if (value && str_starts(w, "--timeout=") && str_duration(value + 1, &ns)) {
			json_object_set_new(h, "Timeout", json_integer(ns));
		} else if (value && str_starts(w, "--start-period=") &&
		           str_duration(value + 1, &ns)) {
			json_object_set_new(h, "StartPeriod", json_integer(ns));
		} else if (value && str_starts(w, "--retries=") && str_u64(value + 1, 1000, &n)) {
			json_object_set_new(h, "Retries", json_integer((json_int_t)n));
		} else {
			free(w);
			break;
		}
		free(w);
		if (test)
			break;
	}
	if (!test) {
		json_decref(h);
		fail(e, EINVAL, "'%.100s': it is no health check", instruction);
		return err_hint(e, "write it so: HEALTHCHECK --interval=30s CMD /bin/check");
	}
	json_object_set_new(h, "Test", test);
	json_object_set_new(config, "Healthcheck", h);
	return 0;
}

int
change_apply(json_t *config, const char *instruction, struct err *e)
{
	static const struct {
		const char *word, *key;
		enum { LINE, COMMAND, ENV, LABEL, PORTS, FOLDERS, HEALTH } kind;
	} known[] = {
		{ "CMD", "Cmd", COMMAND },
		{ "ENTRYPOINT", "Entrypoint", COMMAND },
		{ "SHELL", "Shell", COMMAND },
		{ "ENV", "Env", ENV },
		{ "LABEL", "Labels", LABEL },
		{ "USER", "User", LINE },
		{ "WORKDIR", "WorkingDir", LINE },
		{ "STOPSIGNAL", "StopSignal", LINE },
		{ "EXPOSE", "ExposedPorts", PORTS },
		{ "VOLUME", "Volumes", FOLDERS },
		{ "HEALTHCHECK", "Healthcheck", HEALTH },
	};
	/* docker import takes "CMD=..." too */
	size_t n = strcspn(instruction, " \t=");
	const char *rest = instruction + n;

	rest += strspn(rest, rest[0] == '=' ? "=" : " \t");
	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
		if (strlen(known[i].word) != n || strncasecmp(known[i].word, instruction, n) != 0)
			continue;
		switch (known[i].kind) {
		case LINE: json_object_set_new(config, known[i].key, json_string(rest)); return 0;
		case ENV: return pairs(config, rest, true, instruction, e);
		case LABEL: return pairs(config, rest, false, instruction, e);
		case PORTS: members(config, known[i].key, rest, true); return 0;
		case FOLDERS: members(config, known[i].key, rest, false); return 0;
		case HEALTH: return health(config, rest, instruction, e);
		case COMMAND: {
			json_t *list = command(rest, instruction, e);
			if (!list)
				return -1;
			json_object_set_new(config, known[i].key, list);
			return 0;
		}
		}
	}
	fail(e, EINVAL, "'%.100s' is not an instruction that changes a configuration", instruction);
	return err_hint(e,
	                "these do: CMD ENTRYPOINT ENV USER WORKDIR EXPOSE VOLUME LABEL STOPSIGNAL "
	                "HEALTHCHECK SHELL");
}
