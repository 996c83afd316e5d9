/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/api/nt/crypto/x509.h"

#include <stdio.h>
#include <string.h>

/* -- elements ------------------------------------------------------------------------------- */

enum {
	BOOLEAN = 1,
	INTEGER,
	BITS,
	OCTETS,
	OID = 6,
	UTC = 0x17,
	GENERAL,
	SEQUENCE = 0x30,
	CONTEXT = 0xa0
};

bool
x509_next(struct x509_span *from, struct x509_element *out)
{
	const uint8_t *p = from->p;
	size_t n = from->n, head = 2, length;

	if (n < 2 || (p[0] & 31) == 31)
		return false;
	length = p[1];
	if (length >= 128) {
		size_t bytes = length & 127;
		if (!bytes || bytes > 4 || n < 2 + bytes)
			return false;
		length = 0;
		for (size_t i = 0; i < bytes; i++)
			length = length << 8 | p[2 + i];
		head += bytes;
	}
	if (length > n - head)
		return false;
	out->tag = p[0];
	out->whole = (struct x509_span){ p, head + length };
	out->in = (struct x509_span){ p + head, length };
	from->p += head + length;
	from->n -= head + length;
	return true;
}

bool
x509_take(struct x509_span *from, uint8_t tag, struct x509_element *out)
{
	return from->n && from->p[0] == tag && x509_next(from, out);
}

bool
x509_same(struct x509_span a, struct x509_span b)
{
	return a.n == b.n && (!a.n || !memcmp(a.p, b.p, a.n));
}

size_t
x509_oid_text(struct x509_span oid, char *out, size_t room)
{
	size_t used = 0;
	uint64_t v = 0;

	for (size_t i = 0; i < oid.n; i++) {
		v = v << 7 | (oid.p[i] & 127);
		if (oid.p[i] & 128)
			continue;
		uint64_t first = used ? 0 : v < 40 ? 0 : v < 80 ? 1 : 2;
		char number[48];
		int n = used ? snprintf(number, sizeof number, ".%llu", (unsigned long long)v)
		             : snprintf(number, sizeof number, "%llu.%llu",
		                        (unsigned long long)first,
		                        (unsigned long long)(v - first * 40));
		for (int k = 0; k < n; k++, used++)
			if (used < room)
				out[used] = number[k];
		v = 0;
	}
	if (used < room)
		out[used] = 0;
	else if (room)
		out[room - 1] = 0;
	return used + 1;
}

bool
x509_oid_is(struct x509_span oid, const char *text)
{
	char own[128];
	return x509_oid_text(oid, own, sizeof own) <= sizeof own && !strcmp(own, text);
}

/* -- one certificate ------------------------------------------------------------------------ */

static int64_t
days_before(int64_t y, int64_t m, int64_t d) /* since 1601 */
{
	static const int16_t before[] = { 0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334 };
	bool leap = m > 2 && y % 4 == 0 && (y % 100 || y % 400 == 0);
	int64_t k = y - 1601;

	return k * 365 + k / 4 - k / 100 + k / 400 + before[m - 1] + leap + d - 1;
}

bool
x509_time(struct x509_span *from, int64_t *out)
{
	struct x509_element e;
	int64_t v[6] = { 0 };
	size_t i = 0;

	if (!x509_next(from, &e) || (e.tag != UTC && e.tag != GENERAL))
		return false;
	size_t digits = e.tag == UTC ? 12 : 14;
	if (e.in.n < digits)
		return false;
	for (size_t k = 0; k < digits; k++) {
		if (e.in.p[k] < '0' || e.in.p[k] > '9')
			return false;
		v[i] = v[i] * 10 + (e.in.p[k] - '0');
		size_t done = k + 1 - (digits - 12);
		if (k + 1 > digits - 12 && done % 2 == 0)
			i++;
	}
	if (e.tag == UTC)
		v[0] += v[0] < 50 ? 2000 : 1900;
	if (v[0] < 1601 || v[1] < 1 || v[1] > 12 || v[2] < 1 || v[2] > 31 || v[3] > 23 ||
	    v[4] > 59 || v[5] > 60)
		return false;
	*out = ((days_before(v[0], v[1], v[2]) * 24 + v[3]) * 60 + v[4]) * 60 + v[5];
	*out *= 10000000;
	return true;
}

/* AlgorithmIdentifier */
static bool
algorithm(struct x509_span *from, struct x509_span *oid, struct x509_span *more)
{
	struct x509_element e, o;

	if (!x509_take(from, SEQUENCE, &e) || !x509_take(&e.in, OID, &o))
		return false;
	*oid = o.in;
	*more = e.in;
	return true;
}

static bool
bits(struct x509_span *from, uint8_t tag, struct x509_span *out)
{
	struct x509_element e;

	if (!x509_take(from, tag, &e) || !e.in.n)
		return false;
	*out = (struct x509_span){ e.in.p + 1, e.in.n - 1 };
	return true;
}

static bool
basic_constraints(struct x509 *x)
{
	struct x509_span v = x->known[X509_BASIC];
	struct x509_element e, b;

	if (!x509_take(&v, SEQUENCE, &e))
		return false;
	if (x509_take(&e.in, BOOLEAN, &b))
		x->ca = b.in.n == 1 && b.in.p[0];
	if (x509_take(&e.in, INTEGER, &b)) {
		if (b.in.n != 1 || b.in.p[0] > 127)
			return false;
		x->path_most = b.in.p[0];
	}
	return true;
}

static bool
extension(struct x509 *x, struct x509_span from)
{
	/* 2.5.29.N */
	static const struct {
		uint8_t number;
		int known; /* -1: what it asks for needs nothing of us */
	} known[] = { { 19, X509_BASIC },
		      { 15, X509_USAGE },
		      { 37, X509_ENHANCED },
		      { 17, X509_NAMES },
		      { 30, X509_CONSTRAINTS },
		      { 14, X509_SUBJECT_KEY },
		      { 35, X509_ISSUER_KEY },
		      { 32, -1 },
		      { 36, -1 },
		      { 33, -1 },
		      { 31, -1 },
		      { 54, -1 } };
	struct x509_element oid, b, value;
	bool critical = false, understood = false;

	if (!x509_take(&from, OID, &oid))
		return false;
	if (x509_take(&from, BOOLEAN, &b))
		critical = b.in.n == 1 && b.in.p[0];
	if (!x509_take(&from, OCTETS, &value) || x->n == X509_EXTENSIONS)
		return false;
	x->extension[x->n++] = (struct x509_extension){ oid.in, value.in, critical };
	for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
		if (oid.in.n != 3 || memcmp(oid.in.p, "\x55\x1d", 2) ||
		    oid.in.p[2] != known[i].number)
			continue;
		understood = true;
		if (known[i].known < 0)
			continue;
		if (x->known[known[i].known].p) /* twice */
			return false;
		x->known[known[i].known] = value.in;
	}
	x->unknown_critical |= critical && !understood;
	return true;
}

static bool
extensions(struct x509 *x, struct x509_span from)
{
	struct x509_element all, e;
	struct x509_span usage;

	if (!x509_take(&from, SEQUENCE, &all))
		return false;
	while (all.in.n)
		if (!x509_take(&all.in, SEQUENCE, &e) || !extension(x, e.in))
			return false;
	if (x->known[X509_BASIC].p && !basic_constraints(x))
		return false;
	struct x509_span u = x->known[X509_USAGE];
	if (u.p) {
		if (!bits(&u, BITS, &usage))
			return false;
		x->usage = (uint16_t)((usage.n > 0 ? usage.p[0] << 8 : 0) |
		                      (usage.n > 1 ? usage.p[1] : 0));
	}
	return true;
}

static bool
signed_part(struct x509 *x, struct x509_span t)
{
	struct x509_element e;
	struct x509_span same, more;

	if (x509_take(&t, CONTEXT, &e)) {
		struct x509_element v;
		if (!x509_take(&e.in, INTEGER, &v) || v.in.n != 1 || v.in.p[0] > 2)
			return false;
		x->version = v.in.p[0];
	}
	if (!x509_take(&t, INTEGER, &e))
		return false;
	x->serial = e.in;
	/* what is signed says how, too */
	if (!algorithm(&t, &same, &more) || !x509_same(same, x->algorithm))
		return false;
	if (!x509_take(&t, SEQUENCE, &e))
		return false;
	x->issuer = e.whole;
	if (!x509_take(&t, SEQUENCE, &e) || !x509_time(&e.in, &x->from) ||
	    !x509_time(&e.in, &x->until))
		return false;
	if (!x509_take(&t, SEQUENCE, &e))
		return false;
	x->subject = e.whole;
	if (!x509_take(&t, SEQUENCE, &e))
		return false;
	x->key_all = e.whole;
	if (!algorithm(&e.in, &x->key_algorithm, &x->key_more) || !bits(&e.in, BITS, &x->key))
		return false;
	(void)bits(&t, 0x81, &x->issuer_id);
	(void)bits(&t, 0x82, &x->subject_id);
	if (x509_take(&t, CONTEXT | 3, &e))
		return extensions(x, e.in);
	return t.n == 0;
}

bool
x509_read(struct x509 *x, const uint8_t *p, size_t n)
{
	struct x509_span all = { p, n };
	struct x509_element c, t;

	memset(x, 0, sizeof *x);
	x->path_most = -1;
	if (!x509_take(&all, SEQUENCE, &c) || !x509_take(&c.in, SEQUENCE, &t) ||
	    !algorithm(&c.in, &x->algorithm, &x->algorithm_more) ||
	    !bits(&c.in, BITS, &x->signature))
		return false;
	x->raw = c.whole;
	x->signed_part = t.whole;
	return signed_part(x, t.in);
}

/* -- what it is good for --------------------------------------------------------------------- */

bool
x509_good_for(const struct x509 *x, const char *oid)
{
	struct x509_span v = x->known[X509_ENHANCED];
	struct x509_element all, e;
	char text[128];

	if (!v.p)
		return true;
	if (!x509_take(&v, SEQUENCE, &all))
		return false;
	while (x509_take(&all.in, OID, &e)) {
		x509_oid_text(e.in, text, sizeof text);
		if (!strcmp(text, oid) || !strcmp(text, "2.5.29.37.0")) /* any */
			return true;
	}
	return false;
}
