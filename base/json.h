/* json.h -- jansson with our errors: the few calls that every reader repeats.
 *
 * Getters are forgiving about absence and strict about type: json_need_* and
 * json_opt_* fail with the path of the key when a value has another type than
 * asked for.  Strings returned are lent by the document.
 */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

/* Largest document that Joist reads, unless a caller says otherwise. */
enum { JSON_MOST = 8 << 20 };

/* Seed jansson's hash tables from the random bytes that the kernel gave this
 * process (getauxval(3), AT_RANDOM): jansson itself would open /dev/urandom at
 * every start of a program.  Once, before any document is made. */
void json_start(void);

/* Whole numbers from INT64_MAX + 1 to UINT64_MAX ("no limit" in the files of
 * other tools) arrive as the negative number of the same 64 bits: the largest
 * is -1.  Parse text; the error names `name`, line and column.  Owned by the caller. */
json_t *json_parse(const char *text, size_t n, const char *name, struct err *e);
json_t *json_file(int dir, const char *path, struct err *e);

/* Write a document in one step (base/file.h). */
int json_save(int dir, const char *path, const json_t *doc, bool durable, struct err *e);

/* Optional members: 0 and *out untouched when absent or null. */
int json_opt_str(const json_t *o, const char *key, const char **out, struct err *e);
int json_opt_bool(const json_t *o, const char *key, bool *out, struct err *e);
int json_opt_int(const json_t *o, const char *key, int64_t *out, struct err *e);
int json_opt_obj(const json_t *o, const char *key, json_t **out, struct err *e);
int json_opt_arr(const json_t *o, const char *key, json_t **out, struct err *e);

/* Shorthand for reading our own documents: never fail, give the fallback. */
const char *json_str(const json_t *o, const char *key, const char *fallback);
int64_t json_int(const json_t *o, const char *key, int64_t fallback);
bool json_yes(const json_t *o, const char *key);

#endif
