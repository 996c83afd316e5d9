/* SPDX-License-Identifier: Apache-2.0 */
#include "img/ref.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/str.h"

enum { NAME_MOST = 255, TAG_MOST = 128, HEX = 64 };

static bool lower(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }
static bool alnum(char c) { return lower(c) || (c >= 'A' && c <= 'Z'); }

bool
ref_is_digest(const char *text)
{
	if (!text || !str_starts(text, "sha256:"))
		return false;
	text += 7;
	size_t n = strspn(text, "0123456789abcdef");
	return n == HEX && text[n] == '\0';
}

const char *
ref_hex(const char *digest)
{
	return digest + 7;
}

/* host := name ('.' name)* [':' port], or an IPv6 address in brackets */
static bool
host_ok(const char *s, size_t n)
{
	const char *end = s + n, *p = s;

	if (n && *p == '[') {
		p++;
		while (p < end && (strchr("0123456789abcdefABCDEF:.", *p)))
			p++;
		if (p == end || *p++ != ']')
			return false;
	} else {
		while (p < end && *p != ':') {
			const char *part = p;
			while (p < end && (alnum(*p) || *p == '-'))
				p++;
			if (p == part || part[0] == '-' || p[-1] == '-')
				return false;
			if (p < end && *p == '.')
				p++;
			else if (p < end && *p != ':')
				return false;
		}
	}
	if (p == end)
		return n > 0;
	if (*p++ != ':' || p == end || end - p > 5)
		return false;
	while (p < end && *p >= '0' && *p <= '9')
		p++;
	return p == end;
}

/* A component is words of a-z0-9, with one '.', one or two '_', or any number
 * of '-' between them. */
static bool
path_ok(const char *s, size_t n)
{
	const char *end = s + n, *p = s;

	while (p < end) {
		const char *word = p;
		while (p < end && lower(*p))
			p++;
		if (p == word)
			return false;
		if (p == end)
			return true;
		if (*p == '-') {
			while (p < end && *p == '-')
				p++;
		} else if (*p == '_') {
			p += p + 1 < end && p[1] == '_' ? 2 : 1;
		} else if (*p == '.' || *p == '/') {
			p++;
		} else {
			return false;
		}
	}
	return false;
}

static bool
tag_ok(const char *s, size_t n)
{
	if (n == 0 || n > TAG_MOST || !(alnum(s[0]) || s[0] == '_'))
		return false;
	for (size_t i = 1; i < n; i++)
		if (!alnum(s[i]) && !strchr("_.-", s[i]))
			return false;
	return true;
}

static bool
is_host(const char *s, size_t n)
{
	return memchr(s, '.', n) || memchr(s, ':', n) || s[0] == '[' ||
	       (n == 9 && memcmp(s, "localhost", 9) == 0);
}

static char *
cut(const char *s, size_t n)
{
	return xprintf("%.*s", (int)n, s);
}

static int
refuse(struct ref *r, const char *text, const char *why, struct err *e)
{
	ref_free(r);
	fail(e, EINVAL, "'%.200s' is not the name of an image: %s", text, why);
	return err_hint(e, "write [HOST[:PORT]/]NAME[:TAG][@sha256:DIGEST], NAME in lower case");
}

int
ref_parse(const char *text, struct ref *r, struct err *e)
{
	const char *name = text, *end = text + strlen(text), *at, *slash, *colon;

	*r = (struct ref){ 0 };
	if (end - text > 1024)
		return refuse(r, text, "it is too long", e);
	if ((at = strchr(name, '@'))) {
		if (!ref_is_digest(at + 1))
			return refuse(r, text, "what follows '@' is no SHA-256 digest", e);
		r->digest = xstrdup(at + 1);
		end = at;
	}
	slash = memchr(name, '/', (size_t)(end - name));
	if (slash && is_host(name, (size_t)(slash - name))) {
		if (!host_ok(name, (size_t)(slash - name)))
			return refuse(r, text, "its host is not valid", e);
		r->host = cut(name, (size_t)(slash - name));
		name = slash + 1;
	} else {
		r->host = xstrdup("docker.io");
	}
	if (strcmp(r->host, "index.docker.io") == 0) {
		free(r->host);
		r->host = xstrdup("docker.io");
	}
	colon = memchr(name, ':', (size_t)(end - name));
	if (colon) {
		if (!tag_ok(colon + 1, (size_t)(end - colon - 1)))
			return refuse(r, text, "its tag is not valid", e);
		r->tag = cut(colon + 1, (size_t)(end - colon - 1));
		end = colon;
	} else if (!r->digest) {
		r->tag = xstrdup("latest");
	}
	if (!path_ok(name, (size_t)(end - name)))
		return refuse(r, text, "a part of it is not valid", e);
	if (strcmp(r->host, "docker.io") == 0 && !memchr(name, '/', (size_t)(end - name)))
		r->path = xprintf("library/%.*s", (int)(end - name), name);
	else
		r->path = cut(name, (size_t)(end - name));
	if (strlen(r->host) + 1 + strlen(r->path) > NAME_MOST)
		return refuse(r, text, "it is too long", e);
	return 0;
}

void
ref_free(struct ref *r)
{
	free(r->host);
	free(r->path);
	free(r->tag);
	free(r->digest);
	*r = (struct ref){ 0 };
}

char *
ref_name(const struct ref *r)
{
	if (r->digest)
		return xprintf("%s/%s@%s", r->host, r->path, r->digest);
	return xprintf("%s/%s:%s", r->host, r->path, r->tag);
}

const char *
ref_short(const char *name)
{
	if (!str_starts(name, "docker.io/"))
		return name;
	name += 10;
	if (str_starts(name, "library/"))
		name += 8;
	return name;
}
