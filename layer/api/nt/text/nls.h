/* nls.h -- characters of the program: case, UTF-8 and UTF-16, code pages.
 *
 * Case and ordinal comparison work on code units, as Windows' do.  Code page 0 (CP_ACP), 1 and
 * 3 are the machine's, and that is UTF-8: arguments, names of files and terminals of the host
 * are, and so the A functions lose nothing.  No function here sets the last error.
 */
#ifndef LAYER_API_NT_TEXT_NLS_H
#define LAYER_API_NT_TEXT_NLS_H

#include "layer/api/nt/status.h"
#include "layer/api/nt/types.h"

enum { NLS_UTF7 = 65000, NLS_UTF8 = 65001, NLS_ANSI = NLS_UTF8, NLS_OEM = NLS_UTF8 };

WCHAR nls_up(WCHAR c);
WCHAR nls_low(WCHAR c);
size_t nls_length(const WCHAR *s);
/* As memcmp, code unit by code unit; the second looks at upper case. */
int nls_compare(const WCHAR *a, size_t n, const WCHAR *b, size_t m);
int nls_compare_case(const WCHAR *a, size_t n, const WCHAR *b, size_t m);
bool nls_equal(const WCHAR *a, const WCHAR *b);                 /* without case */
bool nls_equal_ascii(const WCHAR *a, const char *b);            /* without case */
const uint16_t *nls_type(WCHAR c);                              /* CT_CTYPE1, 2, 3 */
WCHAR *nls_dup(const WCHAR *s);                                 /* to be freed */

/* UTF-8: what is wrong becomes U+FFFD and *bad is set.  Writes at most `room` units and
 * returns how many there are; out NULL only counts. */
size_t nls_16_of_8(const char *s, size_t n, WCHAR *out, size_t room, bool *bad);
size_t nls_8_of_16(const WCHAR *s, size_t n, char *out, size_t room, bool *bad);

/* Ended by a zero, to be freed: UTF-8 of the host and the program's WCHAR. */
WCHAR *nls_wide(const char *utf8);
char *nls_utf8(const WCHAR *s);
/* The same for what A functions get and give (code page CP_ACP); NULL stays NULL. */
WCHAR *nls_wide_ansi(const char *s);
char *nls_ansi(const WCHAR *s);
/* Into a buffer of the caller: how much it is without the final zero; cut where room ends. */
size_t nls_ansi_to(const WCHAR *s, char *out, size_t room);

/* Code pages. */
UINT nls_page(UINT page);               /* CP_ACP ... -> its number */
bool nls_page_valid(UINT page);
bool nls_page_lead(UINT page, BYTE c);  /* IsDBCSLeadByteEx */
/* Has it characters of two bytes?  *otherwise: the one for what is none. */
bool nls_page_double(UINT page, WCHAR *otherwise);
/* MultiByteToWideChar and WideCharToMultiByte with lengths given: the count, or the Win32
 * error negated. */
int nls_decode(UINT page, DWORD flags, const char *s, int n, WCHAR *out, int room);
int nls_encode(UINT page, DWORD flags, const WCHAR *s, int n, char *out, int room,
               const char *otherwise, BOOL *used);

/* normal.c: forms as NormalizeString counts them: 1 C, 2 D, 5 KC, 6 KD.  Points, not units. */
unsigned nls_class(uint32_t c);
/* Full decomposition of one character into at most 18 points. */
size_t nls_decompose(uint32_t c, bool compat, uint32_t out[18]);
uint32_t nls_compose(uint32_t a, uint32_t b);   /* 0: they do not */
/* UTF-16 to UTF-16, malloc'd; *bad_at is where a lone surrogate is, or SIZE_MAX. */
WCHAR *nls_normalize(unsigned form, const WCHAR *s, size_t n, size_t *count, size_t *bad_at);

/* collate.c: linguistic comparison: -1, 0, 1; flags as CompareStringEx's. */
int nls_collate(DWORD flags, const WCHAR *a, size_t n, const WCHAR *b, size_t m);
size_t nls_sort_key(DWORD flags, const WCHAR *s, size_t n, BYTE *out, size_t room);

#endif
