/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"

json_t *
json_parse(const char *text, size_t n, const char *name, struct err *e)
{
	json_error_t je;
	json_t *doc = json_loadb(text, n, JSON_REJECT_DUPLICATES, &je);
	if (!doc)
		fail(e, EINVAL, "'%s' is not valid JSON: line %d, column %d: %s", name, je.line,
		     je.column, je.text);
	return doc;
}

json_t *
json_file(int dir, const char *path, struct err *e)
{
	char *text;
	size_t n;

	if (file_read(dir, path, JSON_MOST, &text, &n, e) < 0)
		return NULL;
	json_t *doc = json_parse(text, n, path, e);
	free(text);
	return doc;
}

int
json_save(int dir, const char *path, const json_t *doc, bool durable, struct err *e)
{
	char *text = json_dumps(doc, JSON_COMPACT | JSON_ENCODE_ANY);
	if (!text)
		return fail(e, EINVAL, "cannot write '%s': not representable as JSON", path);
	int rc = file_write(dir, path, text, strlen(text), 0600, durable, e);
	free(text);
	return rc;
}

static int
wrong(struct err *e, const char *key, const char *kind)
{
	return fail(e, EINVAL, "'%s' must be %s", key, kind);
}

int
json_opt_str(const json_t *o, const char *key, const char **out, struct err *e)
{
	json_t *v = json_object_get(o, key);
	if (!v || json_is_null(v))
		return 0;
	if (!json_is_string(v))
		return wrong(e, key, "a string");
	*out = json_string_value(v);
	return 0;
}

int
json_opt_bool(const json_t *o, const char *key, bool *out, struct err *e)
{
	json_t *v = json_object_get(o, key);
	if (!v || json_is_null(v))
		return 0;
	if (!json_is_boolean(v))
		return wrong(e, key, "true or false");
	*out = json_is_true(v);
	return 0;
}

int
json_opt_int(const json_t *o, const char *key, int64_t *out, struct err *e)
{
	json_t *v = json_object_get(o, key);
	if (!v || json_is_null(v))
		return 0;
	if (!json_is_integer(v))
		return wrong(e, key, "a whole number");
	*out = json_integer_value(v);
	return 0;
}

int
json_opt_obj(const json_t *o, const char *key, json_t **out, struct err *e)
{
	json_t *v = json_object_get(o, key);
	if (!v || json_is_null(v))
		return 0;
	if (!json_is_object(v))
		return wrong(e, key, "an object");
	*out = v;
	return 0;
}

int
json_opt_arr(const json_t *o, const char *key, json_t **out, struct err *e)
{
	json_t *v = json_object_get(o, key);
	if (!v || json_is_null(v))
		return 0;
	if (!json_is_array(v))
		return wrong(e, key, "a list");
	*out = v;
	return 0;
}

const char *
json_str(const json_t *o, const char *key, const char *fallback)
{
	const char *s = json_string_value(json_object_get(o, key));
	return s ? s : fallback;
}

int64_t
json_int(const json_t *o, const char *key, int64_t fallback)
{
	json_t *v = json_object_get(o, key);
	return json_is_integer(v) ? json_integer_value(v) : fallback;
}

bool
json_yes(const json_t *o, const char *key)
{
	return json_is_true(json_object_get(o, key));
}
