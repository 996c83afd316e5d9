/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>

#include "base/arena.h"
#include "base/file.h"
#include "base/str.h"

/* Whole numbers above INT64_MAX as the negative ones of the same 64 bits; NULL
 * when there is none. */
static char *
fold_unsigned(const char *text, size_t n, size_t *out_n)
{
	/* 19 digits may become 20 characters. */
	size_t room = n + n / 19 + 32;
	char *out = xmalloc(room);
	bool in_string = false, any = false;
	size_t k = 0;

	for (size_t i = 0; i < n;) {
		size_t len = 0;
		uint64_t v = 0;
		bool fits = true;

		while (!in_string && i + len < n && text[i + len] >= '0' && text[i + len] <= '9') {
			unsigned digit = (unsigned)(text[i + len++] - '0');
			fits = fits && v <= (UINT64_MAX - digit) / 10;
			v = fits ? v * 10 + digit : 0;
		}
		bool whole = len && (i == 0 || !strchr("-+.eE", text[i - 1])) &&
		             (i + len == n || !strchr(".eE", text[i + len]));
		if (whole && fits && v > INT64_MAX) {
			k += (size_t)snprintf(out + k, room - k, "%" PRId64, (int64_t)v);
			i += len;
			any = true;
			continue;
		}
		if (!len) {
			if (text[i] == '"')
				in_string = !in_string;
			/* The escaped character goes along with its backslash. */
			len = in_string && text[i] == '\\' && i + 1 < n ? 2 : 1;
		}
		memcpy(out + k, text + i, len);
		k += len;
		i += len;
	}
	if (!any) {
		free(out);
		return NULL;
	}
	*out_n = k;
	return out;
}

void
json_start(void)
{
	const unsigned char *random = (const unsigned char *)getauxval(AT_RANDOM);
	uint64_t seed = STR_HASH;

	/* The C library keeps secrets made of the same bytes: only a hash of them
	 * goes into tables. */
	for (int i = 0; random && i < 16; i++)
		seed = (seed ^ random[i]) * UINT64_C(1099511628211);
	if (random)
		json_object_seed((size_t)seed | 1);
}

json_t *
json_parse(const char *text, size_t n, const char *name, struct err *e)
{
	json_error_t je;
	json_t *doc = json_loadb(text, n, JSON_REJECT_DUPLICATES, &je);
	size_t folded_n;
	char *folded = NULL;

	if (!doc && json_error_code(&je) == json_error_numeric_overflow)
		folded = fold_unsigned(text, n, &folded_n);
	if (folded)
		doc = json_loadb(folded, folded_n, JSON_REJECT_DUPLICATES, &je);
	free(folded);
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
