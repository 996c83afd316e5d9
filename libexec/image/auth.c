/* SPDX-License-Identifier: Apache-2.0 */
#include "libexec/image/auth.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/file.h"
#include "base/json.h"
#include "base/proc.h"
#include "base/str.h"

void
auth_free(struct auth *a)
{
	free(a->user);
	free(a->secret);
	free(a->identity);
	*a = (struct auth){ 0 };
}

char *
auth_basic(const struct auth *a)
{
	char *plain = xprintf("%s:%s", a->user, a->secret);
	size_t n = strlen(plain);
	unsigned char *out = xmalloc(n * 4 / 3 + 8);

	EVP_EncodeBlock(out, (unsigned char *)plain, (int)n);
	char *header = xprintf("Authorization: Basic %s", (char *)out);
	free(out);
	free(plain);
	return header;
}

/* "user:password" in base 64. */
static bool
decode(const char *text, struct auth *a)
{
	size_t n = strlen(text);
	bool good = false;

	if (n == 0 || n % 4 || n > 64 << 10)
		return false;
	char *out = xcalloc(1, n + 1);
	int k = EVP_DecodeBlock((unsigned char *)out, (const unsigned char *)text, (int)n);
	if (k > 0) {
		out[k] = '\0';
		char *colon = strchr(out, ':');
		if (colon) {
			*colon = '\0';
			a->user = xstrdup(out);
			a->secret = xstrdup(colon + 1);
			good = true;
		}
	}
	free(out);
	return good;
}

/* docker-credential-NAME get, with the server on its standard input. */
static int
helper(const char *name, const char *server, struct auth *a, struct err *e)
{
	struct str s = { 0 };
	int in[2], out[2];
	char buf[4096];

	if (strchr(name, '/') || pipe2(in, O_CLOEXEC) < 0)
		return fail(e, EINVAL, "the credential helper '%.80s' cannot be run", name);
	if (pipe2(out, O_CLOEXEC) < 0) {
		close(in[0]);
		close(in[1]);
		return fail(e, errno, "cannot make a pipe: %s", strerror(errno));
	}
	char *program = xprintf("docker-credential-%s", name);
	char *argv[] = { program, "get", NULL };
	pid_t pid = proc_spawn(argv, NULL, (int[3]){ in[0], out[1], -1 }, e);
	close(in[0]);
	close(out[1]);
	if (pid > 0)
		file_write_all(in[1], server, strlen(server));
	close(in[1]);
	while (pid > 0 && s.n < 64 << 10) {
		ssize_t n = read(out[0], buf, sizeof buf);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		str_addn(&s, buf, (size_t)n);
	}
	close(out[0]);
	int status = pid > 0 ? proc_wait(pid) : -1;
	/* It has nothing for this server: nobody. */
	if (status == 0 && s.n) {
		json_t *doc = json_parse(s.p, s.n, program, NULL);
		const char *user = json_str(doc, "Username", ""),
		           *secret = json_str(doc, "Secret", "");
		if (strcmp(user, "<token>") == 0) {
			a->identity = xstrdup(secret);
		} else if (*user) {
			a->user = xstrdup(user);
			a->secret = xstrdup(secret);
		}
		json_decref(doc);
	}
	if (pid < 0)
		err_warn("credentials of '%s': %s is not there", server, program);
	free(program);
	str_free(&s);
	return 0;
}

/* An entry's key: "host", "https://host/v1/", "host/path". */
static bool
matches(const char *key, const char *host, const char *path)
{
	char name[512];
	size_t n;

	if (str_starts(key, "https://"))
		key += 8;
	else if (str_starts(key, "http://"))
		key += 7;
	n = strcspn(key, "/");
	bool hub = strcmp(host, "docker.io") == 0 &&
	           (strncmp(key, "index.docker.io", n) == 0 ||
	            strncmp(key, "registry-1.docker.io", n) == 0) &&
	           n > 14;
	if (!hub && (strlen(host) != n || strncmp(key, host, n) != 0))
		return false;
	const char *rest = key + n;
	if (*rest == '\0' || strcmp(rest, "/") == 0 || str_starts(rest, "/v1") ||
	    str_starts(rest, "/v2"))
		return true;
	snprintf(name, sizeof name, "%s", path);
	size_t k = strlen(rest + 1);
	return strncmp(rest + 1, name, k) == 0 && (name[k] == '\0' || name[k] == '/');
}

static int
from_file(const char *file, const char *host, const char *path, struct auth *a, struct err *e)
{
	json_t *doc = NULL, *v;
	const char *server = strcmp(host, "docker.io") == 0 ? "https://index.docker.io/v1/" : host;
	const char *key, *program = NULL;
	size_t best = 0, n;
	char *text;
	int rc = 0;

	if (file_read_if(AT_FDCWD, file, 1 << 20, &text, &n, NULL) < 0 || !text)
		return 0;
	doc = json_parse(text, n, file, e);
	free(text);
	if (!doc)
		return err_hint(e, "mend or remove that file, or use --creds USER:PASSWORD");
	json_object_foreach(json_object_get(doc, "credHelpers"), key, v) {
		if (matches(key, host, path))
			program = json_string_value(v);
	}
	/* The entry for the longest part of the name is the most particular. */
	json_object_foreach(json_object_get(doc, "auths"), key, v) {
		if (program || !matches(key, host, path) || strlen(key) < best)
			continue;
		struct auth one = { 0 };
		const char *token = json_str(v, "identitytoken", NULL);
		if (token)
			one.identity = xstrdup(token);
		if (!decode(json_str(v, "auth", ""), &one) && !token)
			continue;
		auth_free(a);
		*a = one;
		best = strlen(key);
	}
	if (!program && !a->user && !a->identity)
		program = json_str(doc, "credsStore", NULL);
	if (program)
		rc = helper(program, server, a, e);
	json_decref(doc);
	return rc;
}

int
auth_find(struct auth *a, const char *creds, const char *host, const char *path, struct err *e)
{
	const char *env[] = { getenv("REGISTRY_AUTH_FILE"), getenv("XDG_RUNTIME_DIR"),
		              getenv("DOCKER_CONFIG"), getenv("HOME") };
	static const char *const ends[] = { "", "/containers/auth.json", "/config.json",
		                            "/.docker/config.json" };

	*a = (struct auth){ 0 };
	if (creds) {
		const char *colon = strchr(creds, ':');
		a->user = colon ? xprintf("%.*s", (int)(colon - creds), creds) : xstrdup(creds);
		a->secret = colon ? xstrdup(colon + 1) : xstrdup("");
		if (colon || !isatty(0))
			return 0;
		char *typed = getpass("password: ");
		free(a->secret);
		a->secret = xstrdup(typed ? typed : "");
		return 0;
	}
	for (size_t i = 0; i < 4 && !a->user && !a->identity; i++) {
		if (!env[i] || !*env[i])
			continue;
		char *file = xprintf("%s%s", env[i], ends[i]);
		int rc = from_file(file, host, path, a, e);
		free(file);
		if (rc < 0)
			return -1;
	}
	return 0;
}

/* RFC 7235: scheme, then name="value" with commas. */
bool
auth_challenge(const char *header, struct auth_challenge *c)
{
	const char *p = header;

	*c = (struct auth_challenge){ 0 };
	if (!p)
		return false;
	c->bearer = strncasecmp(p, "bearer ", 7) == 0;
	c->basic = strncasecmp(p, "basic", 5) == 0;
	p += strcspn(p, " ");
	while (*p) {
		p += strspn(p, " ,\t");
		size_t n = strcspn(p, "= ,");
		if (p[n] != '=')
			break;
		const char *name = p;
		struct str value = { 0 };
		p += n + 1;
		if (*p == '"') {
			for (p++; *p && *p != '"'; p++) {
				if (*p == '\\' && p[1])
					p++;
				str_addc(&value, *p);
			}
			if (*p)
				p++;
		} else {
			size_t k = strcspn(p, " ,");
			str_addn(&value, p, k);
			p += k;
		}
		char **to = n == 5 && strncasecmp(name, "realm", 5) == 0     ? &c->realm
		            : n == 7 && strncasecmp(name, "service", 7) == 0 ? &c->service
		            : n == 5 && strncasecmp(name, "scope", 5) == 0   ? &c->scope
		                                                             : NULL;
		if (to && !*to)
			*to = xstrdup(str_text(&value));
		str_free(&value);
	}
	return c->bearer || c->basic;
}

void
auth_challenge_free(struct auth_challenge *c)
{
	free(c->realm);
	free(c->service);
	free(c->scope);
	*c = (struct auth_challenge){ 0 };
}
