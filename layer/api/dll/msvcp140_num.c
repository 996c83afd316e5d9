/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/api/dll/msvcp140_num.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "layer/api/nt/crt/crt_format.h"

/* -- to text ---------------------------------------------------------------------------------------- */

static void
begin(struct num *n)
{
	n->text = n->own;
	n->n = n->prefix = n->whole = 0;
}

static void
add(struct num *n, char c)
{
	n->text[n->n++] = c;
}

void
msvcp140_num_integer(struct num *n, uint64_t value, bool negative, int flags)
{
	const char *digits = flags & IOS_UPPERCASE ? "0123456789ABCDEF" : "0123456789abcdef";
	int field = flags & IOS_BASE;
	unsigned base = field == IOS_OCT ? 8 : field == IOS_HEX ? 16 : 10;
	char back[24];
	size_t k = 0;
	begin(n);
	if (base == 10 && negative)
		add(n, '-');
	else if (base == 10 && flags & IOS_SHOWPOS)
		add(n, '+');
	if (flags & IOS_SHOWBASE && base == 16 && value) {
		add(n, '0');
		add(n, flags & IOS_UPPERCASE ? 'X' : 'x');
	}
	n->prefix = n->n;
	uint64_t rest = base == 10 && negative ? 0 - value : value;
	do
		back[k++] = digits[rest % base];
	while (rest /= base);
	if (flags & IOS_SHOWBASE && base == 8 && value)
		back[k++] = '0';
	n->whole = k;
	while (k)
		add(n, back[--k]);
}

void
msvcp140_num_pointer(struct num *n, const void *p)
{
	msvcp140_num_integer(n, (uintptr_t)p, false, IOS_HEX | IOS_UPPERCASE);
	memmove(n->text + 16 - n->n, n->text, n->n);
	memset(n->text, '0', 16 - n->n);
	n->n = 16;
	n->whole = 0;
}

/* As printf has them.  No precision is 6, but all digits of %a; of %g 0 is 1. */
void
msvcp140_num_real(struct num *n, double value, int64_t precision, int flags)
{
	int field = flags & IOS_FLOAT;
	char kind = field == IOS_FLOAT        ? 'a'
	            : field == IOS_FIXED      ? 'f'
	            : field == IOS_SCIENTIFIC ? 'e'
	                                      : 'g';
	if (precision < 0)
		precision = 6;
	if (precision > 0x100000)
		precision = 0x100000;
	if (kind == 'a')
		precision = -1;
	begin(n);
	size_t room = crt_format_room(value, (int)precision) + 2;
	if (room > sizeof n->own)
		n->text = msvcp140_new(room);
	if (signbit(value))
		add(n, '-');
	else if (flags & IOS_SHOWPOS)
		add(n, '+');
	n->prefix = n->n;
	int k = crt_format_double(n->text + n->n, room - 2, value,
	                          (char)(flags & IOS_UPPERCASE ? kind - 32 : kind), (int)precision,
	                          flags & IOS_SHOWPOINT, CRT_FORMAT_STANDARD_ROUNDING);
	n->n += k > 0 ? (size_t)k : 0;
	if (kind == 'a' && isfinite(value))
		n->prefix += 2; /* 0x */
	else
		while (n->prefix + n->whole < n->n && n->text[n->prefix + n->whole] >= '0' &&
		       n->text[n->prefix + n->whole] <= '9')
			n->whole++;
}

void
msvcp140_num_end(struct num *n)
{
	if (n->text != n->own)
		crt_free(n->text);
}

/* -- from text ---------------------------------------------------------------------------------------- */

void
msvcp140_num_begin(struct scan *s, int flags, bool real)
{
	int field = flags & IOS_BASE;
	*s = (struct scan){ .real = real };
	s->base = field == IOS_OCT ? 8 : field == IOS_HEX ? 16 : field ? 10 : 0;
	if (real)
		s->base = 10;
}

static bool
keep(struct scan *s, char c)
{
	/* what does not fit cannot change the number but by its size */
	if (s->n < sizeof s->text - 1 - (s->exponent ? 0 : 16))
		s->text[s->n++] = c;
	return true;
}

static int
digit(char c)
{
	return c >= '0' && c <= '9'   ? c - '0'
	       : c >= 'a' && c <= 'f' ? c - 'a' + 10
	       : c >= 'A' && c <= 'F' ? c - 'A' + 10
	                              : 99;
}

/* A sign begins a number or its exponent. */
static bool
sign_fits(const struct scan *s)
{
	char before = s->n ? s->text[s->n - 1] : 0;
	return !s->n ||
	       (s->exponent && (before == 'e' || before == 'E' || before == 'p' || before == 'P'));
}

static bool
take_real(struct scan *s, char c)
{
	if (c == '.' && !s->point && !s->exponent) {
		s->point = true;
		return keep(s, c);
	}
	bool e = s->base == 16 ? c == 'p' || c == 'P' : c == 'e' || c == 'E';
	if (!e || !s->digits || s->exponent)
		return false;
	s->exponent = true;
	return keep(s, c);
}

bool
msvcp140_num_take(struct scan *s, char c)
{
	int base = s->exponent ? 10 : s->base ? s->base : s->zero ? 8 : 10;
	if (c == '+' || c == '-')
		return sign_fits(s) && keep(s, c);
	if ((c == 'x' || c == 'X') && s->zero &&
	    (s->base == 0 || s->base == 16 || (s->real && s->base == 10))) {
		s->base = 16;
		s->zero = s->digits = false;
		return keep(s, c);
	}
	if (digit(c) >= base)
		return s->real && take_real(s, c);
	s->zero = !s->digits && !s->point && c == '0';
	s->digits = true;
	if (!s->base && !s->zero) {
		/* the first digit says the base, when there is no prefix */
		size_t first = s->n && (s->text[0] == '-' || s->text[0] == '+');
		s->base = s->n > first && s->text[first] == '0' ? 8 : 10;
	}
	return keep(s, c);
}

/* Its size without a sign; false: none, or too large for 64 bits (*out is the largest). */
static int
magnitude(struct scan *s, bool *negative, uint64_t *out)
{
	size_t i = 0;
	unsigned base = s->base ? (unsigned)s->base : 10;
	*out = 0;
	*negative = s->n && s->text[0] == '-';
	if (!s->digits)
		return IOS_FAIL;
	if (s->text[0] == '-' || s->text[0] == '+')
		i++;
	if (base == 16 && s->n > i + 1 && (s->text[i + 1] == 'x' || s->text[i + 1] == 'X'))
		i += 2;
	for (; i < s->n; i++)
		if (__builtin_mul_overflow(*out, base, out) ||
		    __builtin_add_overflow(*out, (unsigned)digit(s->text[i]), out)) {
			*out = UINT64_MAX;
			return IOS_FAIL;
		}
	return 0;
}

int
msvcp140_num_signed(struct scan *s, int64_t least, int64_t most, int64_t *out)
{
	bool negative;
	uint64_t size, limit;
	int state = magnitude(s, &negative, &size);
	if (!s->digits) {
		*out = 0;
		return state;
	}
	limit = negative ? 0 - (uint64_t)least : (uint64_t)most;
	if (size > limit) {
		*out = negative ? least : most;
		return IOS_FAIL;
	}
	*out = (int64_t)(negative ? 0 - size : size);
	return state;
}

/* A sign makes it what it would be in so many bits. */
int
msvcp140_num_unsigned(struct scan *s, uint64_t most, uint64_t *out)
{
	bool negative;
	int state = magnitude(s, &negative, out);
	if (!s->digits)
		return state;
	if (state || *out > most) {
		*out = most;
		return IOS_FAIL;
	}
	if (negative)
		*out = (0 - *out) & most;
	return 0;
}

int
msvcp140_num_double(struct scan *s, bool single, double *out)
{
	char *end;
	s->text[s->n] = 0;
	*out = 0;
	if (!s->digits)
		return IOS_FAIL;
	double v = single ? (double)strtof(s->text, &end) : strtod(s->text, &end);
	if (*end)
		return IOS_FAIL; /* an exponent without digits */
	*out = v;
	if (!isinf(v))
		return 0;
	*out = v > 0 ? (single ? 3.402823466e+38F : 1.7976931348623157e+308)
	             : (single ? -3.402823466e+38F : -1.7976931348623157e+308);
	return IOS_FAIL;
}
