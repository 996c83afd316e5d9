/* utf.h -- UTF-16 of the program to UTF-8 of the host, and back, losing nothing.
 *
 * A surrogate without its pair becomes the three bytes that it would have as a character
 * (WTF-8), and comes back as it was; a byte of the host that is no UTF-8 becomes the lone
 * surrogate U+DC80..U+DCFF, and comes back as that byte.  So each name of one side is a name
 * of the other.
 */
#ifndef LAYER_API_NT_TEXT_UTF_H
#define LAYER_API_NT_TEXT_UTF_H

#include "layer/api/nt/types.h"

size_t utf_length(const WCHAR *s);

/* Room for the worst case is 3 bytes a unit and 1 unit a byte; both return what was written,
 * without a final zero. */
size_t utf_to_8(char *to, const WCHAR *from, size_t n);
size_t utf_to_16(WCHAR *to, const char *from, size_t n);

/* Copies with a final zero, to be freed; NULL: no memory. */
char *utf_narrow(const WCHAR *s);
char *utf_narrow_n(const WCHAR *s, size_t n);
WCHAR *utf_wide(const char *s);
WCHAR *utf_wide_n(const char *s, size_t n);
WCHAR *utf_copy(const WCHAR *s, size_t n);

/* One unit in upper case, as names of files are compared. */
WCHAR utf_upper(WCHAR c);
int utf_compare(const WCHAR *a, const WCHAR *b);                /* without case */
int utf_compare_n(const WCHAR *a, const WCHAR *b, size_t n);    /* at most n units */

#endif
