/* str.h -- a string that grows, and questions about strings.
 *
 * A struct str is always terminated: s.p is a C string as soon as anything
 * was added (and "" from str_text before).  A zeroed struct str is empty.
 */
#ifndef BASE_STR_H
#define BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct str {
	char  *p;       /* own */
	size_t n, cap;
};

void  str_add(struct str *s, const char *text);
void  str_addn(struct str *s, const void *bytes, size_t n);
void  str_addc(struct str *s, char c);
void  str_printf(struct str *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void  str_cut(struct str *s, size_t n);         /* keep the first n bytes */
const char *str_text(const struct str *s);
char *str_take(struct str *s);                  /* the caller owns it; s is empty again */
void  str_free(struct str *s);

bool str_starts(const char *s, const char *prefix);
bool str_ends(const char *s, const char *suffix);

/* Make text from anywhere fit for a terminal and for JSON: what is no UTF-8 and
 * what a terminal would obey becomes '?', a line break becomes a space. */
void str_printable(char *s);

/* A whole decimal number within limits, nothing before or after it. */
bool str_u64(const char *s, uint64_t max, uint64_t *out);
bool str_i64(const char *s, int64_t min, int64_t max, int64_t *out);

/* "512", "64k", "1.5G", "2GiB": bytes, powers of 1024 (as container tools do). */
bool str_size(const char *s, uint64_t *bytes);

/* "10", "1.5s", "250ms", "2m", "1h30m": nanoseconds; a bare number is seconds. */
bool str_duration(const char *s, int64_t *ns);

/* FNV-1a over a text: a short name for a long one, no protection.  `before` is
 * STR_HASH, or an earlier hash to go on from. */
#define STR_HASH UINT64_C(14695981039346656037)
uint64_t str_hash(const char *text, uint64_t before);

/* 1536 -> "1.5K", for people.  The text is in buf. */
const char *str_human(uint64_t bytes, char buf[16]);

#endif
