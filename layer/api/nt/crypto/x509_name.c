/* SPDX-License-Identifier: Apache-2.0 */
/* For which names a certificate is.  RFC 6125, RFC 5280 4.2.1.6 and 4.2.1.10. */
#include <arpa/inet.h>
#include <string.h>
#include <strings.h>

#include "layer/api/nt/crypto/x509.h"

enum { OID = 6, SEQUENCE = 0x30, SET = 0x31, DNS = 0x82, ADDRESS = 0x87 };

/* Names of hosts are compared without case and without a final point. */
static size_t
length(struct x509_span s)
{
	return s.n && s.p[s.n - 1] == '.' ? s.n - 1 : s.n;
}

static bool
matches(struct x509_span pattern, const char *host)
{
	struct x509_span h = { (const uint8_t *)host, strlen(host) };
	size_t n = length(pattern), m = length(h);

	if (n > 2 && pattern.p[0] == '*' && pattern.p[1] == '.') {
		/* one label, and not the whole of a domain of one label */
		const uint8_t *point = memchr(host, '.', m);
		if (!point || point == h.p || !memchr(pattern.p + 2, '.', n - 2))
			return false;
		m -= (size_t)(point - h.p);
		return m == n - 1 &&
		       !strncasecmp((const char *)point, (const char *)pattern.p + 1, m);
	}
	return n && n == m && !strncasecmp(host, (const char *)pattern.p, n);
}

/* An address in numbers: its bytes. */
static size_t
address(const char *host, uint8_t out[16])
{
	if (inet_pton(AF_INET, host, out) == 1)
		return 4;
	return inet_pton(AF_INET6, host, out) == 1 ? 16 : 0;
}

/* The last common name, for a certificate of old. */
static struct x509_span
common_name(const struct x509 *x)
{
	struct x509_span all = x->subject, name = { NULL, 0 };
	struct x509_element e, set, pair, oid, value;

	if (!x509_take(&all, SEQUENCE, &e))
		return name;
	while (x509_take(&e.in, SET, &set))
		while (x509_take(&set.in, SEQUENCE, &pair))
			if (x509_take(&pair.in, OID, &oid) && oid.in.n == 3 &&
			    !memcmp(oid.in.p, "\x55\x04\x03", 3) && x509_next(&pair.in, &value))
				name = value.in;
	return name;
}

bool
x509_for_host(const struct x509 *x, const char *host)
{
	struct x509_span v = x->known[X509_NAMES];
	struct x509_element all, e;
	uint8_t number[16];
	size_t n = address(host, number);
	bool named = false;

	if (v.p && x509_take(&v, SEQUENCE, &all))
		while (x509_next(&all.in, &e)) {
			named |= e.tag == DNS || e.tag == ADDRESS;
			if (n ? e.tag == ADDRESS && x509_same(e.in, (struct x509_span){ number, n })
			      : e.tag == DNS && matches(e.in, host))
				return true;
		}
	return !named && !n && matches(common_name(x), host);
}

/* -- constraints ------------------------------------------------------------------------------- */

/* Is a name, or an address with its mask, in a part of all? */
static bool
within(const struct x509_element *name, const struct x509_element *part)
{
	struct x509_span a = name->in, b = part->in;

	if (name->tag == ADDRESS) {
		if (b.n != 2 * a.n)
			return false;
		for (size_t i = 0; i < a.n; i++)
			if ((a.p[i] & b.p[a.n + i]) != (b.p[i] & b.p[a.n + i]))
				return false;
		return true;
	}
	if (b.n && b.p[0] == '.') {
		b.p++;
		b.n--;
	}
	size_t n = length(a), m = length(b);
	return !m || (n >= m && !strncasecmp((const char *)a.p + n - m, (const char *)b.p, m) &&
	              (n == m || a.p[n - m - 1] == '.'));
}

/* *any: there is a part for this kind of name. */
static bool
in_one(const struct x509_element *name, struct x509_span parts, bool *any)
{
	struct x509_element tree, base;

	*any = false;
	while (x509_take(&parts, SEQUENCE, &tree)) {
		if (!x509_next(&tree.in, &base) || base.tag != name->tag)
			continue;
		*any = true;
		if (within(name, &base))
			return true;
	}
	return false;
}

/* It is in nothing that is excluded, and in what is permitted when that says anything of its kind. */
static bool
allows(const struct x509_element *name, struct x509_span permitted, struct x509_span excluded)
{
	bool any;

	return !in_one(name, excluded, &any) && (in_one(name, permitted, &any) || !any);
}

bool
x509_allows(const struct x509 *ca, const struct x509 *x)
{
	struct x509_span v = ca->known[X509_CONSTRAINTS], names = x->known[X509_NAMES];
	struct x509_element all, e, list, permitted = { 0 }, excluded = { 0 };

	if (!v.p)
		return true;
	if (!x509_take(&v, SEQUENCE, &all))
		return false;
	(void)x509_take(&all.in, 0xa0, &permitted);
	(void)x509_take(&all.in, 0xa1, &excluded);
	/* one of old, whose common name x509_for_host() takes for a server's */
	if (!names.p && !x->ca) {
		e = (struct x509_element){ .tag = DNS, .in = common_name(x) };
		return !e.in.n || allows(&e, permitted.in, excluded.in);
	}
	if (!names.p)
		return true;
	if (!x509_take(&names, SEQUENCE, &list))
		return false;
	while (x509_next(&list.in, &e))
		if ((e.tag == DNS || e.tag == ADDRESS) && !allows(&e, permitted.in, excluded.in))
			return false;
	return true;
}
