/* wtext.h -- 16-bit strings of the command interpreter: one that grows, and questions.
 *
 * A struct wtext is always terminated; a zeroed one is empty.  No memory ends the process
 * (base/arena.h).  Case is folded for the letters of Latin, Greek and Cyrillic.
 */
#ifndef LAYER_API_CMD_WTEXT_H
#define LAYER_API_CMD_WTEXT_H

#include "layer/api/nt/types.h"

struct wtext {
	WCHAR *p;       /* own; NULL while empty */
	size_t n, cap;
};

void wtext_add(struct wtext *t, const WCHAR *s);
void wtext_addn(struct wtext *t, const WCHAR *s, size_t n);
void wtext_addc(struct wtext *t, WCHAR c);
void wtext_ascii(struct wtext *t, const char *s);       /* bytes as they are */
void wtext_utf8(struct wtext *t, const char *s, size_t n);
void wtext_number(struct wtext *t, int64_t n);
void wtext_cut(struct wtext *t, size_t n);              /* keep the first n */
const WCHAR *wtext_of(const struct wtext *t);           /* never NULL */
WCHAR *wtext_take(struct wtext *t);                     /* the caller's; t is empty again */
void wtext_free(struct wtext *t);

size_t wtext_len(const WCHAR *s);
WCHAR *wtext_dup(const WCHAR *s);                       /* NULL gives NULL */
WCHAR *wtext_dupn(const WCHAR *s, size_t n);
int wtext_cmp(const WCHAR *a, const WCHAR *b);
int wtext_icmp(const WCHAR *a, const WCHAR *b);
int wtext_nicmp(const WCHAR *a, const WCHAR *b, size_t n);
WCHAR *wtext_chr(const WCHAR *s, WCHAR c);
WCHAR *wtext_rchr(const WCHAR *s, WCHAR c);
WCHAR wtext_upper(WCHAR c);
bool wtext_is(const WCHAR *s, const char *ascii);       /* the same but for case */
/* * and ? as cmd has them, without case: "*.*" is every name, a final dot is none. */
bool wtext_match(const WCHAR *pattern, const WCHAR *name);
char *wtext_to_utf8(const WCHAR *s, size_t n, size_t *size);    /* the caller's, terminated */

/* A whole number as C writes it (decimal, 0x, 0 octal), with a sign. */
bool wtext_int(const WCHAR *s, int32_t *out);

#endif
