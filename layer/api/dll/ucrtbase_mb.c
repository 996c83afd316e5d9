/* SPDX-License-Identifier: Apache-2.0 */
/* ucrtbase_mb.c -- multibyte characters to wide ones and back. */
#include "layer/api/dll/dll.h"
#include "layer/api/dll/ucrtbase.h"

#include <string.h>

#define LOCALE const struct crt_locale_pointers *l

static int
to_wide(WCHAR *out, const char *s, size_t n, const struct crt_locale *l)
{
	uint32_t c;
	if (!s || n == 0)
		return 0;
	int used = crt_decode(l->codepage, s, n, &c);
	if (used < 0 || c > 0xffff) {
		if (out)
			*out = 0;
		return crt_error(CRT_EILSEQ);
	}
	if (out)
		*out = (WCHAR)c;
	return used;
}

WINAPI int
ucrtbase__mbtowc_l(WCHAR *out, const char *s, size_t n, LOCALE)
{
	return to_wide(out, s, n, crt_locale_of(l));
}

WINAPI int
ucrtbase_mbtowc(WCHAR *out, const char *s, size_t n)
{
	return to_wide(out, s, n, crt_locale());
}

WINAPI int
ucrtbase__mblen_l(const char *s, size_t n, LOCALE)
{
	return to_wide(NULL, s, n, crt_locale_of(l));
}

WINAPI int
ucrtbase_mblen(const char *s, size_t n)
{
	return to_wide(NULL, s, n, crt_locale());
}

WINAPI int
ucrtbase__wctomb_s_l(int *n, char *out, size_t room, WCHAR c, LOCALE)
{
	char bytes[4];
	const struct crt_locale *locale = crt_locale_of(l);
	if (!out) {
		if (n)
			*n = 0; /* no state */
		return 0;
	}
	REQUIRE(room <= INT32_MAX, EINVAL);
	int used = crt_encode(locale->codepage, c, bytes);
	if (n)
		*n = used;
	if (used < 0) {
		if (room > 0)
			memset(out, 0, room);
		return crt_thread.error = CRT_EILSEQ;
	}
	if ((size_t)used > room)
		return crt_invalid(ERANGE);
	memcpy(out, bytes, (size_t)used);
	return 0;
}

WINAPI int
ucrtbase_wctomb_s(int *n, char *out, size_t room, WCHAR c)
{
	return ucrtbase__wctomb_s_l(n, out, room, c, NULL);
}

WINAPI int
ucrtbase__wctomb_l(char *out, WCHAR c, LOCALE)
{
	int n = -1;
	return ucrtbase__wctomb_s_l(&n, out, (size_t)crt_locale_of(l)->mb_cur_max, c, l) ? -1 : n;
}

WINAPI int
ucrtbase_wctomb(char *out, WCHAR c)
{
	return ucrtbase__wctomb_l(out, c, NULL);
}

/* -- strings -------------------------------------------------------------------------------- */

/* Units that s has; at most n are stored, with a zero when there is room.  -1: not valid. */
static size_t
string_to_wide(WCHAR *out, const char *s, size_t n, const struct crt_locale *l)
{
	size_t j = 0;
	while (!out || j < n) {
		uint32_t c;
		WCHAR pair[2];
		int used = crt_decode(l->codepage, s, strnlen(s, 3) + 1, &c);
		if (used < 0) {
			crt_error(CRT_EILSEQ);
			return (size_t)-1;
		}
		if (used == 0) {
			if (out)
				out[j] = 0;
			return j;
		}
		int units = crt_encode16(c, pair);
		if (out && j + (size_t)units > n)
			break;
		if (out)
			memcpy(out + j, pair, (size_t)units * sizeof *out);
		j += (size_t)units;
		s += used;
	}
	return j;
}

static size_t
string_to_bytes(char *out, const WCHAR *s, size_t n, const struct crt_locale *l)
{
	size_t j = 0;
	while (!out || j < n) {
		uint32_t c;
		char bytes[4];
		if (!*s) {
			if (out)
				out[j] = 0;
			return j;
		}
		int used = crt_decode16(s, s[1] ? 2 : 1, &c);
		int m = crt_encode(l->codepage, c, bytes);
		if (m < 0) {
			crt_error(CRT_EILSEQ);
			return (size_t)-1;
		}
		if (out && j + (size_t)m > n)
			break;
		if (out)
			memcpy(out + j, bytes, (size_t)m);
		j += (size_t)m;
		s += used;
	}
	return j;
}

WINAPI size_t
ucrtbase__mbstowcs_l(WCHAR *out, const char *s, size_t n, LOCALE)
{
	REQUIRE(s, (size_t)-1);
	return string_to_wide(out, s, n, crt_locale_of(l));
}

WINAPI size_t
ucrtbase_mbstowcs(WCHAR *out, const char *s, size_t n)
{
	return ucrtbase__mbstowcs_l(out, s, n, NULL);
}

WINAPI size_t
ucrtbase__wcstombs_l(char *out, const WCHAR *s, size_t n, LOCALE)
{
	REQUIRE(s, (size_t)-1);
	return string_to_bytes(out, s, n, crt_locale_of(l));
}

WINAPI size_t
ucrtbase_wcstombs(char *out, const WCHAR *s, size_t n)
{
	return ucrtbase__wcstombs_l(out, s, n, NULL);
}

WINAPI int
ucrtbase__mbstowcs_s_l(size_t *done, WCHAR *out, size_t room, const char *s, size_t n, LOCALE)
{
	const struct crt_locale *locale = crt_locale_of(l);
	REQUIRE((out && room > 0) || (!out && room == 0), EINVAL);
	if (out)
		*out = 0;
	if (done)
		*done = 0;
	REQUIRE(s, EINVAL);
	size_t most = out ? (n < room ? n : room) : n;
	size_t got = string_to_wide(out, s, most, locale);
	if (got == (size_t)-1) {
		if (out)
			*out = 0;
		return crt_thread.error;
	}
	int r = 0;
	got++;
	if (out) {
		if (got > room) {
			if (n != CRT_TRUNCATE) {
				*out = 0;
				return crt_invalid(ERANGE);
			}
			got = room;
			r = CRT_STRUNCATE;
		}
		out[got - 1] = 0;
	}
	if (done)
		*done = got;
	return r;
}

WINAPI int
ucrtbase_mbstowcs_s(size_t *done, WCHAR *out, size_t room, const char *s, size_t n)
{
	return ucrtbase__mbstowcs_s_l(done, out, room, s, n, NULL);
}

WINAPI int
ucrtbase__wcstombs_s_l(size_t *done, char *out, size_t room, const WCHAR *s, size_t n, LOCALE)
{
	const struct crt_locale *locale = crt_locale_of(l);
	REQUIRE((out && room > 0) || (!out && room == 0), EINVAL);
	if (out)
		*out = 0;
	if (done)
		*done = 0;
	REQUIRE(s, EINVAL);
	size_t most = out ? (n < room ? n : room) : n;
	size_t got = string_to_bytes(out, s, most, locale);
	if (got == (size_t)-1) {
		if (out)
			*out = 0;
		return crt_thread.error;
	}
	int r = 0;
	got++;
	if (out) {
		if (got > room) {
			if (n != CRT_TRUNCATE) {
				*out = 0;
				return crt_invalid(ERANGE);
			}
			got = room;
			r = CRT_STRUNCATE;
		}
		out[got - 1] = 0;
	}
	if (done)
		*done = got;
	return r;
}

WINAPI int
ucrtbase_wcstombs_s(size_t *done, char *out, size_t room, const WCHAR *s, size_t n)
{
	return ucrtbase__wcstombs_s_l(done, out, room, s, n, NULL);
}

WINAPI size_t
ucrtbase__mbstrlen_l(const char *s, LOCALE)
{
	return s ? string_to_wide(NULL, s, 0, crt_locale_of(l)) : (size_t)-1;
}

WINAPI size_t
ucrtbase__mbstrlen(const char *s)
{
	return ucrtbase__mbstrlen_l(s, NULL);
}

WINAPI size_t
ucrtbase__mbstrnlen_l(const char *s, size_t n, LOCALE)
{
	const struct crt_locale *locale = crt_locale_of(l);
	size_t count = 0;
	REQUIRE(s && n <= INT32_MAX, (size_t)-1);
	for (size_t i = 0; i < n && s[i]; count++) {
		uint32_t c;
		int used = crt_decode(locale->codepage, s + i, strnlen(s + i, 4), &c);
		if (used < 0)
			return (size_t)-1;
		i += (size_t)used;
		if (i > n)
			return n;
	}
	return count;
}

WINAPI size_t
ucrtbase__mbstrnlen(const char *s, size_t n)
{
	return ucrtbase__mbstrnlen_l(s, n, NULL);
}

/* -- with a state: bytes of a character that is not whole yet -------------------------------- */

/* state->wchar holds up to three bytes that were given, state->byte how many; after a character
 * beyond 16 bits it holds the second half, and byte is 0x80. */
static size_t
restartable(uint32_t *out, const char *s, size_t n, struct crt_mbstate *state)
{
	char bytes[4];
	size_t have = state->byte, given = 0;
	uint32_t c;
	if (!s) {
		s = "";
		n = 1;
	}
	memcpy(bytes, &state->wchar, sizeof bytes);
	while (given < n && have < 4) {
		bytes[have++] = s[given++];
		int used = crt_decode(crt_locale()->codepage, bytes, have, &c);
		if (used == -2)
			continue;
		memset(state, 0, sizeof *state);
		if (used < 0) {
			crt_error(CRT_EILSEQ);
			return (size_t)-1;
		}
		*out = c;
		return used == 0 ? 0 : given;
	}
	memset(state, 0, sizeof *state);
	memcpy(&state->wchar, bytes, have < 4 ? have : 4);
	state->byte = (uint16_t)have;
	return (size_t)-2;
}

WINAPI size_t
ucrtbase_mbrtowc(WCHAR *out, const char *s, size_t n, struct crt_mbstate *state)
{
	uint32_t c = 0;
	size_t r = restartable(&c, s, n, state ? state : &crt_thread.states[0]);
	if ((ptrdiff_t)r < 0)
		return r;
	if (c > 0xffff) {
		crt_error(CRT_EILSEQ);
		return (size_t)-1;
	}
	if (out && s)
		*out = (WCHAR)c;
	return r;
}

WINAPI size_t
ucrtbase_mbrlen(const char *s, size_t n, struct crt_mbstate *state)
{
	uint32_t c;
	return restartable(&c, s, n, state ? state : &crt_thread.states[1]);
}

WINAPI size_t
ucrtbase_mbrtoc32(uint32_t *out, const char *s, size_t n, struct crt_mbstate *state)
{
	uint32_t c = 0;
	size_t r = restartable(&c, s, n, state ? state : &crt_thread.states[2]);
	if ((ptrdiff_t)r >= 0 && out && s)
		*out = c;
	return r;
}

WINAPI size_t
ucrtbase_mbrtoc16(WCHAR *out, const char *s, size_t n, struct crt_mbstate *state)
{
	uint32_t c = 0;
	WCHAR pair[2];
	if (!state)
		state = &crt_thread.states[3];
	if (state->state == 1) { /* the half that is left */
		if (out)
			*out = (WCHAR)state->wchar;
		memset(state, 0, sizeof *state);
		return (size_t)-3;
	}
	size_t r = restartable(&c, s, n, state);
	if ((ptrdiff_t)r < 0)
		return r;
	if (crt_encode16(c, pair) == 2) {
		state->wchar = pair[1];
		state->state = 1;
	}
	if (out && s)
		*out = pair[0];
	return r;
}

static size_t
encode(char *out, uint32_t c)
{
	int n = crt_encode(crt_locale()->codepage, c, out);
	if (n < 0)
		crt_error(CRT_EILSEQ);
	return (size_t)(ptrdiff_t)n;
}

WINAPI size_t
ucrtbase_wcrtomb(char *out, WCHAR c, struct crt_mbstate *state)
{
	char bytes[4];
	(void)state;
	return encode(out ? out : bytes, out ? c : 0);
}

WINAPI size_t
ucrtbase_c32rtomb(char *out, uint32_t c, struct crt_mbstate *state)
{
	char bytes[4];
	(void)state;
	return encode(out ? out : bytes, out ? c : 0);
}

WINAPI size_t
ucrtbase_c16rtomb(char *out, WCHAR c, struct crt_mbstate *state)
{
	char bytes[4];
	if (!state)
		state = &crt_thread.states[4];
	if (!out) {
		memset(state, 0, sizeof *state);
		return 1;
	}
	if (state->state == 1) {
		uint32_t high = state->wchar;
		memset(state, 0, sizeof *state);
		if ((c & 0xfc00) != 0xdc00) {
			crt_error(CRT_EILSEQ);
			return (size_t)-1;
		}
		return encode(out, 0x10000 + ((high & 0x3ff) << 10) + (c & 0x3ffu));
	}
	if ((c & 0xfc00) == 0xd800) {
		state->wchar = c;
		state->state = 1;
		return 0;
	}
	return encode(out ? out : bytes, c);
}

WINAPI int
ucrtbase_wcrtomb_s(size_t *done, char *out, size_t room, WCHAR c, struct crt_mbstate *state)
{
	char bytes[4];
	REQUIRE((out && room > 0) || (!out && room == 0), EINVAL);
	size_t n = ucrtbase_wcrtomb(out ? bytes : NULL, c, state);
	if (done)
		*done = n;
	if (n == (size_t)-1) {
		if (out)
			*out = 0;
		return crt_thread.error;
	}
	if (out && n > room)
		return crt_invalid(ERANGE);
	if (out)
		memcpy(out, bytes, n);
	return 0;
}

WINAPI size_t
ucrtbase_mbsrtowcs(WCHAR *out, const char **s, size_t n, struct crt_mbstate *state)
{
	size_t j = 0;
	if (!state)
		state = &crt_thread.states[5];
	REQUIRE(s && *s, (size_t)-1);
	const char *p = *s;
	while (!out || j < n) {
		uint32_t c = 0;
		WCHAR pair[2];
		size_t used = restartable(&c, p, strnlen(p, 3) + 1, state);
		if ((ptrdiff_t)used < 0) {
			if (out)
				*s = p;
			return (size_t)-1;
		}
		if (used == 0) {
			if (out) {
				out[j] = 0;
				*s = NULL;
			}
			return j;
		}
		int units = crt_encode16(c, pair);
		if (out && j + (size_t)units > n)
			break;
		if (out)
			memcpy(out + j, pair, (size_t)units * sizeof *out);
		j += (size_t)units;
		p += used;
	}
	if (out)
		*s = p;
	return j;
}

WINAPI size_t
ucrtbase_wcsrtombs(char *out, const WCHAR **s, size_t n, struct crt_mbstate *state)
{
	size_t j = 0;
	(void)state;
	REQUIRE(s && *s, (size_t)-1);
	const WCHAR *p = *s;
	while (!out || j < n) {
		uint32_t c;
		char bytes[4];
		if (!*p) {
			if (out) {
				out[j] = 0;
				*s = NULL;
			}
			return j;
		}
		int units = crt_decode16(p, p[1] ? 2 : 1, &c);
		size_t m = encode(bytes, c);
		if (m == (size_t)-1) {
			if (out)
				*s = p;
			return m;
		}
		if (out && j + m > n)
			break;
		if (out)
			memcpy(out + j, bytes, m);
		j += m;
		p += units;
	}
	if (out)
		*s = p;
	return j;
}

WINAPI int
ucrtbase_mbsrtowcs_s(size_t *done, WCHAR *out, size_t room, const char **s, size_t n,
                     struct crt_mbstate *state)
{
	REQUIRE(s && ((out && room > 0) || (!out && room == 0)), EINVAL);
	size_t most = n < room ? n : room, got = ucrtbase_mbsrtowcs(out, s, most, state);
	if (done)
		*done = got == (size_t)-1 ? got : got + 1;
	if (got == (size_t)-1) {
		if (out)
			*out = 0;
		return crt_thread.error;
	}
	if (!out)
		return 0;
	if (got < room) {
		out[got] = 0;
		return 0;
	}
	if (n != CRT_TRUNCATE) {
		*out = 0;
		return crt_invalid(ERANGE);
	}
	out[room - 1] = 0;
	return CRT_STRUNCATE;
}

WINAPI int
ucrtbase_wcsrtombs_s(size_t *done, char *out, size_t room, const WCHAR **s, size_t n,
                     struct crt_mbstate *state)
{
	REQUIRE(s && ((out && room > 0) || (!out && room == 0)), EINVAL);
	size_t most = n < room ? n : room, got = ucrtbase_wcsrtombs(out, s, most, state);
	if (done)
		*done = got == (size_t)-1 ? got : got + 1;
	if (got == (size_t)-1) {
		if (out)
			*out = 0;
		return crt_thread.error;
	}
	if (!out)
		return 0;
	if (got < room) {
		out[got] = 0;
		return 0;
	}
	if (n != CRT_TRUNCATE) {
		*out = 0;
		return crt_invalid(ERANGE);
	}
	out[room - 1] = 0;
	return CRT_STRUNCATE;
}

WINAPI WCHAR
ucrtbase_btowc(int c)
{
	char b = (char)c;
	uint32_t point;
	if (c == -1 || crt_decode(crt_locale()->codepage, &b, 1, &point) < 0)
		return 0xffff;
	return (WCHAR)point;
}

WINAPI int
ucrtbase_wctob(WCHAR c)
{
	char bytes[4];
	if (c == 0xffff || crt_encode(crt_locale()->codepage, c, bytes) != 1)
		return -1;
	return (unsigned char)bytes[0];
}
