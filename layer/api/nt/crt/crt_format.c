/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/api/nt/crt/crt_format.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LEFT = 1, PLUS = 2, SPACE = 4, ALTERNATE = 8, ZERO = 16 };
enum size { SIZE_NONE, SIZE_CHAR, SIZE_SHORT, SIZE_LONG, SIZE_8, SIZE_WIDE };

bool crt_format_count_output;

struct format {
	struct crt_out *out;
	const struct crt_locale *locale;
	uint64_t options;
	const void *at; /* in the format */
	const uint64_t *args;
	uint64_t next; /* which argument */
	int64_t count; /* units so far */
	/* of this conversion */
	int flags, width, precision; /* precision -1: none given */
	enum size size;
};

static uint32_t
peek(const struct format *f)
{
	return f->out->wide ? *(const WCHAR *)f->at : *(const unsigned char *)f->at;
}

static void
skip(struct format *f)
{
	f->at = (const char *)f->at + (f->out->wide ? 2 : 1);
}

static int
put(struct format *f, const void *p, size_t n)
{
	f->count += (int64_t)n;
	return n == 0 ? 0 : f->out->put(f->out, p, n);
}

/* ASCII, to either kind of output. */
static int
put_ascii(struct format *f, const char *p, size_t n)
{
	WCHAR w[64];
	if (!f->out->wide)
		return put(f, p, n);
	while (n > 0) {
		size_t some = n < 64 ? n : 64;
		for (size_t i = 0; i < some; i++)
			w[i] = (unsigned char)p[i];
		if (put(f, w, some) < 0)
			return -1;
		p += some;
		n -= some;
	}
	return 0;
}

static int
pad(struct format *f, char c, int64_t n)
{
	char s[64];
	memset(s, c, sizeof s);
	for (; n > 0; n -= 64)
		if (put_ascii(f, s, n < 64 ? (size_t)n : 64) < 0)
			return -1;
	return 0;
}

/* prefix, zeros and digits in their field. */
static int
number(struct format *f, const char *prefix, int64_t zeros, const char *digits, size_t n)
{
	int64_t used = (int64_t)strlen(prefix) + (int64_t)n;
	if (zeros == 0 && f->flags & ZERO && !(f->flags & LEFT) && f->width > used)
		zeros = f->width - used;
	used += zeros;
	if (!(f->flags & LEFT) && pad(f, ' ', f->width - used) < 0)
		return -1;
	if (put_ascii(f, prefix, strlen(prefix)) < 0 || pad(f, '0', zeros) < 0 ||
	    put_ascii(f, digits, n) < 0)
		return -1;
	return f->flags & LEFT ? pad(f, ' ', f->width - used) : 0;
}

static uint64_t
argument(struct format *f)
{
	return f->args[f->next++];
}

static int
integer(struct format *f, char conversion)
{
	uint64_t v = argument(f);
	bool is_signed = conversion == 'd' || conversion == 'i', negative = false;
	char digits[32];
	char prefix[3] = "";
	const char *letters = conversion == 'X' ? "0123456789ABCDEF" : "0123456789abcdef";
	unsigned base = conversion == 'o' ? 8 : conversion == 'x' || conversion == 'X' ? 16 : 10;
	size_t n = sizeof digits;
	switch (f->size) {
	case SIZE_CHAR: v = is_signed ? (uint64_t)(int8_t)v : (uint8_t)v; break;
	case SIZE_SHORT: v = is_signed ? (uint64_t)(int16_t)v : (uint16_t)v; break;
	case SIZE_8: break;
	default: v = is_signed ? (uint64_t)(int32_t)v : (uint32_t)v; break;
	}
	if (is_signed && (int64_t)v < 0) {
		negative = true;
		v = 0 - v;
	}
	if (f->precision >= 0)
		f->flags &= ~ZERO;
	for (uint64_t rest = v; rest != 0; rest /= base)
		digits[--n] = letters[rest % base];
	if (v == 0 && f->precision != 0)
		digits[--n] = '0';
	if (is_signed)
		prefix[0] = (char)(negative           ? '-'
		                   : f->flags & PLUS  ? '+'
		                   : f->flags & SPACE ? ' '
		                                      : 0);
	else if (f->flags & ALTERNATE && base == 16 && v != 0) {
		prefix[0] = '0';
		prefix[1] = conversion;
	}
	int64_t have = (int64_t)(sizeof digits - n);
	if (f->flags & ALTERNATE && base == 8 && f->precision <= have &&
	    (have == 0 || digits[n] != '0'))
		digits[--n] = '0', have++;
	return number(f, prefix, f->precision > have ? f->precision - have : 0, digits + n,
	              (size_t)have);
}

static int
pointer(struct format *f)
{
	f->precision = 16;
	f->size = SIZE_8;
	f->flags &= ~(ALTERNATE | ZERO);
	return integer(f, 'X');
}

/* -- floating point ----------------------------------------------------------- */

/* "1#INF" and its kin: what msvcrt.dll says, rounded like digits where precision cuts it. */
static int
legacy_special(char *out, double v, char conversion, int precision, bool alternate)
{
	uint64_t bits;
	memcpy(&bits, &v, sizeof bits);
	const char *name = isinf(v)                        ? "#INF"
	                   : bits == 0xfff8000000000000ull ? "#IND"
	                   : bits & 0x8000000000000ull     ? "#QNAN"
	                                                   : "#SNAN";
	char lower = (char)(conversion | 0x20);
	int n = 0, len = (int)strlen(name);
	int digits = lower == 'g' ? (precision == 0 ? 0 : precision - 1) : precision;
	out[n++] = '1';
	if (digits > 0 || alternate)
		out[n++] = '.';
	for (int i = 0; i < digits; i++) {
		if (i >= len && lower == 'g' && !alternate)
			break;
		out[n++] = i < len ? name[i] : '0';
	}
	if (digits > 0 && digits < len && name[digits] >= '5')
		out[n - 1]++;
	if (lower == 'e') {
		memcpy(out + n, conversion == 'E' ? "E+000" : "e+000", 5);
		n += 5;
	}
	return n;
}

static int
special(char *out, double v, char conversion)
{
	uint64_t bits;
	const char *name = "inf";
	bool capital = conversion < 'a';
	int n = 0;
	memcpy(&bits, &v, sizeof bits);
	if (isnan(v))
		name = bits == 0xfff8000000000000ull  ? "nan(ind)"
		       : !(bits & 0x8000000000000ull) ? "nan(snan)"
		                                      : "nan";
	for (; name[n]; n++)
		out[n] = (char)(capital && name[n] >= 'a' ? name[n] - 32 : name[n]);
	return n;
}

size_t
crt_format_room(double v, int precision)
{
	(void)v;
	return (size_t)(precision < 0 ? 13 : precision) + 340;
}

/* Whether v is exactly between two numbers of `decimals` decimals: k / 2^b in its lowest terms
 * has b decimals, and the last is a 5. */
static bool
tie(double v, int decimals)
{
	int e;
	double power = 10;
	uint64_t m = (uint64_t)ldexp(frexp(v, &e), 53);
	if (m == 0)
		return false;
	int bits = 53 - e - __builtin_ctzll(m);
	if (decimals >= 0)
		return bits == decimals + 1;
	if (bits > 0 || decimals < -22)
		return false;
	for (int i = -1; i > decimals; i--)
		power *= 10;
	return fmod(v, power) == power / 2;
}

/* Of %e and %g: decimals of the last digit that is written. */
static int
last_place(double v, int precision)
{
	char s[32];
	const char *e;
	snprintf(s, sizeof s, "%.17e", v);
	e = strchr(s, 'e');
	return precision - (e ? (int)strtol(e + 1, NULL, 10) : 0);
}

/* The host writes at least two digits of an exponent, so does ucrt; msvcrt three. */
static int
three_digits(char *out, int n)
{
	int i = n - 1;
	while (i > 0 && out[i] != 'e' && out[i] != 'E')
		i--;
	if (i == 0 || n - i != 4)
		return n;
	out[n] = out[n - 1];
	out[n - 1] = out[n - 2];
	out[n - 2] = '0';
	return n + 1;
}

int
crt_format_double(char *out, size_t room, double v, char conversion, int precision, bool alternate,
                  uint64_t options)
{
	char format[8] = "%";
	char lower = (char)(conversion | 0x20);
	int n = 1;
	v = fabs(v);
	if (precision < 0)
		precision = lower == 'a' ? 13 : 6;
	if (lower == 'g' && precision == 0)
		precision = 1;
	if (alternate)
		format[n++] = '#';
	memcpy(format + n, ".*", 2);
	format[n + 2] = conversion;
	/* Without _CRT_INTERNAL_PRINTF_STANDARD_ROUNDING a tie goes away from zero. */
	if (!(options & CRT_FORMAT_STANDARD_ROUNDING) && precision < 1100 && v != 0 &&
	    lower != 'a') {
		int decimals = lower == 'f'   ? precision
		               : lower == 'e' ? last_place(v, precision)
		                              : last_place(v, precision - 1);
		if (tie(v, decimals))
			v = nextafter(v, INFINITY);
	}
	n = snprintf(out, room, format, precision, v);
	if (options & CRT_FORMAT_THREE_DIGITS && lower != 'a' && lower != 'f')
		n = three_digits(out, n);
	return n;
}

static int
floating(struct format *f, char conversion)
{
	double v;
	uint64_t bits = argument(f);
	char local[512], prefix[4] = "", *out = local;
	int n = 0, p = 0, r;
	memcpy(&v, &bits, sizeof v);
	if (bits >> 63)
		prefix[n++] = '-';
	else if (f->flags & PLUS)
		prefix[n++] = '+';
	else if (f->flags & SPACE)
		prefix[n++] = ' ';
	prefix[n] = 0;
	if (isnan(v) || isinf(v)) {
		if (f->options & CRT_FORMAT_LEGACY_MSVCRT) {
			int precision = f->precision < 0     ? 6
			                : f->precision > 400 ? 400
			                                     : f->precision;
			n = legacy_special(local, v, conversion, precision, f->flags & ALTERNATE);
		} else {
			n = special(local, v, conversion);
			f->flags &= ~ZERO;
		}
		return number(f, prefix, 0, local, (size_t)n);
	}
	size_t room = crt_format_room(v, f->precision);
	if (room > sizeof local && !(out = malloc(room)))
		return crt_error(ENOMEM);
	n = crt_format_double(out, room, v, conversion, f->precision, f->flags & ALTERNATE,
	                      f->options);
	if ((conversion | 0x20) == 'a') {
		size_t at = strlen(prefix);
		prefix[at] = '0';
		prefix[at + 1] = out[1];
		prefix[at + 2] = 0;
		p = 2;
	}
	r = number(f, prefix, 0, out + p, (size_t)(n - p));
	if (out != local)
		free(out);
	return r;
}

/* -- characters and strings --------------------------------------------------- */

/* Text of the other width than the output's: converted, `most` units of output at most.
 * With out NULL it is only measured. */
static int64_t
convert(struct format *f, const void *s, int64_t units, int64_t most, bool emit)
{
	int64_t total = 0;
	unsigned page = f->locale->codepage;
	for (int64_t i = 0; units < 0 || i < units;) {
		uint32_t c;
		int used, n;
		char bytes[4];
		WCHAR wide[2];
		if (f->out->wide) {
			const char *p = (const char *)s + i;
			if (units < 0 && *p == 0)
				break;
			size_t left = units < 0 ? strnlen(p, 4) : (size_t)(units - i);
			used = crt_decode(page, p, left, &c);
			if (used < 0)
				return crt_error(CRT_EILSEQ);
			if (used == 0)
				used = 1;
			n = crt_encode16(c, wide);
		} else {
			const WCHAR *p = (const WCHAR *)s + i;
			if (units < 0 && *p == 0)
				break;
			used = crt_decode16(p, units < 0 ? (p[1] ? 2 : 1) : (size_t)(units - i),
			                    &c);
			n = crt_encode(page, c, bytes);
			if (n < 0)
				return crt_error(CRT_EILSEQ);
		}
		if (most >= 0 && total + n > most)
			break;
		if (emit && put(f, f->out->wide ? (void *)wide : (void *)bytes, (size_t)n) < 0)
			return -1;
		total += n;
		i += used;
		if (most >= 0 && total == most)
			break;
	}
	return total;
}

/* s of `units` units (-1: up to its zero) in a field. */
static int
text(struct format *f, const void *s, bool wide, int64_t units)
{
	int64_t most = f->precision, n;
	bool same = wide == f->out->wide;
	if (same) {
		if (units < 0)
			units = most >= 0 ? (int64_t)(wide ? crt_wcsnlen(s, (size_t)most)
			                                   : strnlen(s, (size_t)most))
			        : wide    ? (int64_t)crt_wcslen(s)
			                  : (int64_t)strlen(s);
		n = most >= 0 && units > most ? most : units;
	} else if ((n = convert(f, s, units, most, false)) < 0) {
		return -1;
	}
	char fill = f->flags & ZERO && !(f->flags & LEFT) ? '0' : ' ';
	if (!(f->flags & LEFT) && pad(f, fill, f->width - n) < 0)
		return -1;
	if (same ? put(f, s, (size_t)n) < 0 : convert(f, s, units, most, true) < 0)
		return -1;
	return f->flags & LEFT ? pad(f, ' ', f->width - n) : 0;
}

/* Whether %c %s mean wide text here: `other` for %C and %S. */
static bool
is_wide(const struct format *f, bool other)
{
	if (f->size == SIZE_SHORT)
		return false;
	if (f->size == SIZE_LONG || f->size == SIZE_WIDE)
		return true;
	if (!f->out->wide)
		return other;
	return f->options & CRT_FORMAT_LEGACY_WIDE ? !other : other;
}

static int
character(struct format *f, bool wide)
{
	uint64_t v = argument(f);
	WCHAR w = (WCHAR)v;
	char c = (char)v;
	f->precision = -1;
	if (wide && !f->out->wide) {
		char bytes[4];
		if (crt_encode(f->locale->codepage, w, bytes) < 0)
			return crt_error(CRT_EILSEQ);
	}
	return text(f, wide ? (void *)&w : (void *)&c, wide, 1);
}

static int
string(struct format *f, bool wide)
{
	const void *s = (const void *)(uintptr_t)argument(f);
	if (!s)
		s = wide ? (const void *)u"(null)" : "(null)";
	return text(f, s, wide, -1);
}

/* %Z: ANSI_STRING or UNICODE_STRING. */
static int
counted(struct format *f)
{
	const struct ANSI_STRING *s = (const void *)(uintptr_t)argument(f);
	bool wide = f->size == SIZE_LONG || f->size == SIZE_WIDE ||
	            (f->out->wide && f->size != SIZE_SHORT && f->options & CRT_FORMAT_LEGACY_WIDE);
	if (!s || !s->Buffer)
		return text(f, "(null)", false, -1);
	return text(f, s->Buffer, wide, wide ? s->Length / 2 : s->Length);
}

static int
count_written(struct format *f)
{
	void *p = (void *)(uintptr_t)argument(f);
	if (!crt_format_count_output || !p) {
		crt_invalid(EINVAL);
		return -1;
	}
	switch (f->size) {
	case SIZE_CHAR: *(int8_t *)p = (int8_t)f->count; break;
	case SIZE_SHORT: *(int16_t *)p = (int16_t)f->count; break;
	case SIZE_8: *(int64_t *)p = f->count; break;
	default: *(int32_t *)p = (int32_t)f->count; break;
	}
	return 0;
}

/* -- the format --------------------------------------------------------------- */

static int
decimal(struct format *f)
{
	int64_t v = 0;
	for (uint32_t c; (c = peek(f)) >= '0' && c <= '9'; skip(f))
		if (v < INT32_MAX)
			v = v * 10 + (c - '0');
	return v > INT32_MAX ? INT32_MAX : (int)v;
}

/* "n$" when these follow: the argument's number, else 0 and nothing is read. */
static int
position(struct format *f)
{
	const void *start = f->at;
	int n;
	if (!(f->options & CRT_FORMAT_POSITIONAL))
		return 0;
	n = decimal(f);
	if (n > 0 && n <= 100 && peek(f) == '$') {
		skip(f);
		return n;
	}
	f->at = start;
	return 0;
}

static int
star(struct format *f)
{
	int n = position(f);
	return n ? (int)f->args[n - 1] : (int)argument(f);
}

static void
flags(struct format *f)
{
	for (f->flags = 0;; skip(f))
		switch (peek(f)) {
		case '-': f->flags |= LEFT; break;
		case '+': f->flags |= PLUS; break;
		case ' ': f->flags |= SPACE; break;
		case '#': f->flags |= ALTERNATE; break;
		case '0': f->flags |= ZERO; break;
		default: return;
		}
}

static void
size(struct format *f)
{
	f->size = SIZE_NONE;
	for (;; skip(f))
		switch (peek(f)) {
		case 'h': f->size = f->size == SIZE_SHORT ? SIZE_CHAR : SIZE_SHORT; break;
		case 'l': f->size = f->size == SIZE_LONG ? SIZE_8 : SIZE_LONG; break;
		case 'w': f->size = SIZE_WIDE; break;
		case 'L': break; /* long double is double */
		case 'j':
		case 'z':
		case 't': f->size = SIZE_8; break;
		case 'I': {
			skip(f);
			const void *start = f->at;
			uint32_t a = peek(f);
			if (a == '6' || a == '3') {
				skip(f);
				if (peek(f) == (a == '6' ? '4' : '2')) {
					f->size = a == '6' ? SIZE_8 : SIZE_LONG;
					break;
				}
			}
			f->at = start;
			f->size = SIZE_8; /* I alone: of a pointer's size */
			return;
		}
		default: return;
		}
}

static int
conversion(struct format *f)
{
	uint32_t c = peek(f);
	if (c == 0)
		return 0; /* a lone % at the end */
	skip(f);
	switch (c) {
	case 'd':
	case 'i':
	case 'u':
	case 'o':
	case 'x':
	case 'X': return integer(f, (char)c);
	case 'e':
	case 'E':
	case 'f':
	case 'F':
	case 'g':
	case 'G':
	case 'a':
	case 'A': return floating(f, (char)c);
	case 'c':
	case 'C': return character(f, is_wide(f, c == 'C'));
	case 's':
	case 'S': return string(f, is_wide(f, c == 'S'));
	case 'Z': return counted(f);
	case 'p': return pointer(f);
	case 'n': return count_written(f);
	default: { /* not one of ours: as it stands */
		WCHAR w = (WCHAR)c;
		char b = (char)c;
		return put(f, f->out->wide ? (void *)&w : (void *)&b, 1);
	}
	}
}

static int
directive(struct format *f)
{
	uint64_t next = f->next;
	int n = position(f), r;
	flags(f);
	if (peek(f) == '*') {
		skip(f);
		f->width = star(f);
		if (f->width < 0) {
			f->flags |= LEFT;
			f->width = -f->width;
		}
	} else {
		f->width = decimal(f);
	}
	f->precision = -1;
	if (peek(f) == '.') {
		skip(f);
		if (peek(f) == '*') {
			skip(f);
			f->precision = star(f);
			if (f->precision < 0)
				f->precision = -1;
		} else {
			f->precision = decimal(f);
		}
	}
	size(f);
	if (n)
		f->next = (uint64_t)n - 1;
	r = conversion(f);
	if (n)
		f->next = next;
	return r;
}

int
crt_format(struct crt_out *o, uint64_t options, const void *format, const struct crt_locale *l,
           const uint64_t *args)
{
	struct format f = { .out = o, .locale = l, .options = options, .at = format, .args = args };
	size_t unit = o->wide ? 2 : 1;
	uint32_t c;
	while ((c = peek(&f)) != 0) {
		const void *start = f.at;
		if (c != '%') {
			while ((c = peek(&f)) != 0 && c != '%')
				skip(&f);
			size_t n = (size_t)((const char *)f.at - (const char *)start) / unit;
			if (put(&f, start, n) < 0)
				return -1;
			continue;
		}
		skip(&f);
		if (peek(&f) == '%') {
			if (put(&f, f.at, 1) < 0)
				return -1;
			skip(&f);
		} else if (directive(&f) < 0) {
			return -1;
		}
	}
	if (f.count > INT32_MAX) {
		crt_thread.error = CRT_EOVERFLOW;
		return -1;
	}
	return (int)f.count;
}
