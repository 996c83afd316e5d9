/* SPDX-License-Identifier: Apache-2.0 */
#include "libexec/image/registry.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/file.h"
#include "base/json.h"
#include "base/str.h"
#include "libexec/image/auth.h"
#include "libexec/image/hash.h"

enum { TRIES = 6, HANDLES = 16, WAIT_MOST = 60 };

struct registry {
	char *host, *path, *base, *scope; /* own */
	struct auth auth;                 /* own */
	struct http_rules rules;
	char *authorities, *cert, *key; /* own */
	bool push;

	/* under lock */
	pthread_mutex_t lock;
	struct http *handles[HANDLES]; /* own; idle ones */
	size_t nhandles;
	char *header;        /* own; Authorization, or NULL */
	unsigned generation; /* of header */
};

/* -- handles ------------------------------------------------------------------------ */

static struct http *
borrow(struct registry *g)
{
	pthread_mutex_lock(&g->lock);
	struct http *h = g->nhandles ? g->handles[--g->nhandles] : NULL;
	pthread_mutex_unlock(&g->lock);
	return h ? h : http_new(&g->rules);
}

static void
give_back(struct registry *g, struct http *h)
{
	pthread_mutex_lock(&g->lock);
	bool room = g->nhandles < HANDLES;
	if (room)
		g->handles[g->nhandles++] = h;
	pthread_mutex_unlock(&g->lock);
	if (!room)
		http_free(h);
}

/* -- who we are ------------------------------------------------------------------------- */

static void
escape(struct str *s, const char *text)
{
	for (; *text; text++) {
		if (isalnum((unsigned char)*text) || strchr("-._~", *text))
			str_addc(s, *text);
		else
			str_printf(s, "%%%02X", (unsigned char)*text);
	}
}

/* The distribution project's token specification. */
static int
fetch_token(struct registry *g, struct http *h, const struct auth_challenge *c, char **header,
            struct err *e)
{
	struct http_reply r;
	struct str url = { 0 }, form = { 0 };
	struct http_request q = { .method = "GET", .fd = -1 };
	char *basic = NULL;
	int rc = -1;

	if (!c->realm || (!str_starts(c->realm, "https://") && !str_starts(g->base, "http://"))) {
		fail(e, EPROTO, "registry '%s' asks for a token from '%.100s', which is not HTTPS",
		     g->host, c->realm ? c->realm : "nowhere");
		return err_hint(e, "for a registry without TLS use --plain-http");
	}
	str_add(&url, c->realm);
	if (g->auth.identity) {
		/* OAuth 2: the identity token gets an access token. */
		q.method = "POST";
		str_add(&form, "grant_type=refresh_token&client_id=joist&service=");
		escape(&form, c->service ? c->service : "");
		str_add(&form, "&scope=");
		escape(&form, g->scope);
		str_add(&form, "&refresh_token=");
		escape(&form, g->auth.identity);
		q.body = form.p;
		q.n = (int64_t)form.n;
		vec_push(&q.headers, "Content-Type: application/x-www-form-urlencoded");
	} else {
		str_addc(&url, strchr(c->realm, '?') ? '&' : '?');
		str_add(&url, "service=");
		escape(&url, c->service ? c->service : "");
		/* The scope is a list with spaces; each is a parameter of its own. */
		char *all = xstrdup(g->scope), *rest = all, *one;
		while ((one = strsep(&rest, " "))) {
			str_add(&url, "&scope=");
			escape(&url, one);
		}
		free(all);
		if (g->auth.user) {
			basic = auth_basic(&g->auth);
			vec_push(&q.headers, basic);
		}
	}
	q.url = url.p;
	if (http_do(h, &q, &r, e) < 0) {
		err_prefix(e, "token for '%s'", g->host);
		goto out;
	}
	json_t *doc =
	        r.status == 200 ? json_parse(str_text(&r.body), r.body.n, "the token", NULL) : NULL;
	const char *token = json_str(doc, "token", json_str(doc, "access_token", ""));
	if (*token && !strpbrk(token, "\r\n")) {
		*header = xprintf("Authorization: Bearer %s", token);
		rc = 0;
	} else if (r.status == 401 || r.status == 403) {
		fail(e, EACCES, "registry '%s' does not accept the credentials", g->host);
		err_hint(e,
		         "log in with docker login or podman login, or use --creds USER:PASSWORD");
	} else {
		registry_refused(g, &r, "no token", e);
	}
	json_decref(doc);
	http_reply_free(&r);
out:
	vec_free(&q.headers);
	free(basic);
	str_free(&url);
	str_free(&form);
	return rc;
}

/* After a 401: a new Authorization header.  `seen` is the generation that was
 * refused; another thread may have made a newer one meanwhile. */
static int
authorize(struct registry *g, struct http *h, const struct http_reply *r, unsigned seen, bool last,
          struct err *e)
{
	struct auth_challenge c;
	char *header = NULL;
	int rc = -1;

	if (!auth_challenge(r->challenge, &c))
		return registry_refused(g, r, "it is refused", e);
	pthread_mutex_lock(&g->lock);
	if (g->generation != seen) {
		rc = 0;
	} else if (last || (c.basic && !g->auth.user)) {
		registry_refused(g, r, "it is refused", e);
	} else if (c.basic) {
		header = auth_basic(&g->auth);
		rc = 0;
	} else {
		rc = fetch_token(g, h, &c, &header, e);
	}
	if (header) {
		free(g->header);
		g->header = header;
		g->generation++;
	}
	pthread_mutex_unlock(&g->lock);
	auth_challenge_free(&c);
	return rc;
}

/* -- requests --------------------------------------------------------------------------- */

char *
registry_url(const struct registry *g, const char *location)
{
	if (str_starts(location, "http://") || str_starts(location, "https://"))
		return xstrdup(location);
	return xprintf("%s%s%s", g->base, *location == '/' ? "" : "/", location);
}

/* Is a URL on the registry itself?  Only there we say who we are. */
static bool
ours(const struct registry *g, const char *url)
{
	size_t n = strlen(g->base);

	return strncmp(url, g->base, n) == 0 && (url[n] == '/' || url[n] == '?' || url[n] == '\0');
}

static int
once(struct registry *g, struct http *h, const struct http_request *asked, struct http_reply *r,
     struct err *e)
{
	char *url = registry_url(g, asked->url);
	int rc = -1;

	for (int round = 0; round < 3; round++) {
		struct http_request q = *asked;
		char *header = NULL;
		q.url = url;
		q.headers = (struct vec){ 0 };
		for (size_t i = 0; i < asked->headers.n; i++)
			vec_push(&q.headers, asked->headers.p[i]);
		pthread_mutex_lock(&g->lock);
		unsigned seen = g->generation;
		if (g->header && ours(g, url))
			vec_push(&q.headers, header = xstrdup(g->header));
		pthread_mutex_unlock(&g->lock);
		rc = http_do(h, &q, r, e);
		free(header);
		vec_free(&q.headers);
		if (rc < 0 || r->status != 401)
			break;
		rc = authorize(g, h, r, seen, round == 2, e);
		http_reply_free(r);
		if (rc < 0)
			break;
		rc = -1;
	}
	free(url);
	return rc;
}

static void
nap(int try, const struct http_reply *r)
{
	uint64_t seconds = 0;
	struct timespec tenth = { .tv_nsec = 100000000 };
	int tenths = 2 << try;

	if (r->retry_after && str_u64(r->retry_after, WAIT_MOST, &seconds))
		tenths = (int)seconds * 10;
	/* Many that were cut off at once should not come back at once. */
	tenths += (int)(getpid() % 5);
	while (tenths-- > 0 && !atomic_load(&options_stop))
		nanosleep(&tenth, NULL);
}

int
registry_call(struct registry *g, struct http_request *q, struct http_reply *r, bool again,
              struct err *e)
{
	struct http *h = borrow(g);
	int rc = -1;

	for (int try = 1; try <= TRIES; try++) {
		rc = once(g, h, q, r, e);
		bool stumbled =
		        rc < 0 ? e && e->code == ECOMM : r->status >= 500 || r->status == 429;
		/* A name that is not there will not be there in a second. */
		if (!stumbled || !again || try == TRIES || (rc < 0 && try == 3))
			break;
		nap(try, r);
		if (atomic_load(&options_stop))
			break;
		if (rc == 0)
			http_reply_free(r);
	}
	give_back(g, h);
	return rc;
}

int
registry_refused(struct registry *g, const struct http_reply *r, const char *what, struct err *e)
{
	json_t *doc = r->body.n ? json_loads(str_text(&r->body), 0, NULL) : NULL;
	const char *said =
	        json_str(json_array_get(json_object_get(doc, "errors"), 0), "message", "");
	char words[100];
	size_t n = 0;

	/* It comes from a stranger and goes to a terminal. */
	for (; *said && n < sizeof words - 1; said++)
		words[n++] = isprint((unsigned char)*said) ? *said : '?';
	words[n] = '\0';
	json_decref(doc);
	fail(e,
	     r->status == 404                       ? ENOENT
	     : r->status == 401 || r->status == 403 ? EACCES
	                                            : ECOMM,
	     "registry '%s': %s: status %ld%s%s", g->host, what, r->status, n ? ", " : "", words);
	switch (r->status) {
	case 401:
		return err_hint(e, g->auth.user || g->auth.identity
		                           ? "the saved login may not do this (or there is no such "
		                             "image); log in "
		                             "anew, or use --creds USER:PASSWORD"
		                           : "there is no such image, or it needs a login: docker "
		                             "login, podman "
		                             "login, or --creds USER:PASSWORD");
	case 403: return err_hint(e, "this user may not do that there");
	case 404: return err_hint(e, "check the name and the tag");
	case 429: return err_hint(e, "it allows no more for now: wait, or log in");
	default:
		return r->status >= 500 ? err_hint(e, "its server is in trouble: try again later")
		                        : -1;
	}
}

const char *
registry_path(const struct registry *g)
{
	return g->path;
}

/* -- opening ---------------------------------------------------------------------------- */

/* NAME.crt in the folder are authorities to trust too, NAME.cert and .key ours. */
static void
certificates(struct registry *g, const char *dir)
{
	static const char system_list[] = "/etc/ssl/certs/ca-certificates.crt";
	struct str all = { 0 };
	struct dirent *ent;
	char *text;
	DIR *d = opendir(dir);

	while (d && (ent = readdir(d))) {
		char *path = xprintf("%s/%s", dir, ent->d_name);
		if ((str_ends(path, ".crt") || str_ends(path, ".pem")) &&
		    file_read(AT_FDCWD, path, 4 << 20, &text, NULL, NULL) == 0) {
			str_printf(&all, "%s\n", text);
			free(text);
		} else if (str_ends(path, ".cert") && !g->cert) {
			g->cert = xstrdup(path);
			g->key = xprintf("%.*s.key", (int)(strlen(path) - 5), path);
		}
		free(path);
	}
	if (d)
		closedir(d);
	if (all.n && file_read(AT_FDCWD, system_list, 16 << 20, &text, NULL, NULL) == 0) {
		str_add(&all, text);
		free(text);
	}
	g->authorities = all.n ? str_take(&all) : NULL;
	str_free(&all);
}

static void
find_certificates(struct registry *g, const struct options *o)
{
	static const char *const places[] = { "/etc/containers/certs.d", "/etc/docker/certs.d" };

	if (o->cert_dir)
		certificates(g, o->cert_dir);
	for (size_t i = 0; i < 2 && !o->cert_dir && !g->authorities && !g->cert; i++) {
		char *dir = xprintf("%s/%s", places[i], g->host);
		certificates(g, dir);
		free(dir);
	}
	g->rules = (struct http_rules){ .no_verify = o->no_verify,
		                        .authorities = g->authorities,
		                        .cert = g->cert,
		                        .key = g->key };
}

static bool
is_local(const char *host)
{
	return str_starts(host, "localhost") || str_starts(host, "127.") ||
	       str_starts(host, "[::1]");
}

/* Does it answer there at all?  Any answer will do. */
static int
ping(struct registry *g, const char *scheme, const char *host, long *status, struct err *e)
{
	struct http_request q = { .method = "GET", .fd = -1 };
	struct http_reply r;

	free(g->base);
	g->base = xprintf("%s://%s", scheme, host);
	char *url = xprintf("%s/v2/", g->base);
	q.url = url;
	struct http *h = borrow(g);
	int rc = http_do(h, &q, &r, e);
	if (rc == 0) {
		*status = r.status;
		http_reply_free(&r);
	}
	give_back(g, h);
	free(url);
	return rc;
}

/* TLS, except where it was said otherwise; for registries on this host and
 * with --tls-verify=false plain HTTP is tried too. */
static int
find_base(struct registry *g, const struct options *o, struct err *e)
{
	const char *host = strcmp(g->host, "docker.io") == 0 ? "registry-1.docker.io" : g->host;
	long status = 0;

	if (!o->plain_http && !is_local(host) && !o->no_verify) {
		g->base = xprintf("https://%s", host);
		return 0;
	}
	if (o->plain_http || is_local(host)) {
		/* A server that wants TLS says 400 to plain words. */
		int rc = ping(g, "http", host, &status, e);
		if (o->plain_http || (rc == 0 && status != 400))
			return rc;
		struct err other = { 0 };
		if (ping(g, "https", host, &status, &other) == 0)
			return 0;
		if (rc == 0 && e)
			*e = other;
		return -1;
	}
	if (ping(g, "https", host, &status, e) == 0)
		return 0;
	struct err other = { 0 };
	return ping(g, "http", host, &status, &other);
}

struct registry *
registry_open(const struct options *o, const struct ref *r, bool push, const char *const *from,
              struct err *e)
{
	struct registry *g = xcalloc(1, sizeof *g);
	struct str scope = { 0 };

	pthread_mutex_init(&g->lock, NULL);
	g->host = xstrdup(r->host);
	g->path = xstrdup(r->path);
	g->push = push;
	str_printf(&scope, "repository:%s:%s", r->path, push ? "pull,push" : "pull");
	for (size_t i = 0; from && from[i]; i++)
		str_printf(&scope, " repository:%s:pull", from[i]);
	g->scope = str_take(&scope);
	find_certificates(g, o);
	if (auth_find(&g->auth, o->creds, r->host, r->path, e) == 0 && find_base(g, o, e) == 0)
		return g;
	registry_close(g);
	return NULL;
}

void
registry_close(struct registry *g)
{
	if (!g)
		return;
	while (g->nhandles)
		http_free(g->handles[--g->nhandles]);
	auth_free(&g->auth);
	free(g->host);
	free(g->path);
	free(g->base);
	free(g->scope);
	free(g->header);
	free(g->authorities);
	free(g->cert);
	free(g->key);
	pthread_mutex_destroy(&g->lock);
	free(g);
}

/* -- reading ---------------------------------------------------------------------------- */

int
registry_manifest(struct registry *g, const char *reference, char **text, size_t *n,
                  char digest[80], struct err *e)
{
	struct http_request q = { .method = "GET", .fd = -1 };
	struct http_reply r;
	char *url = xprintf("/v2/%s/manifests/%s", g->path, reference);
	int rc = -1;

	q.url = url;
	vec_push(&q.headers, "Accept: " MEDIA_INDEX ", " MEDIA_MANIFEST ", " MEDIA_LIST_2
	                     ", " MEDIA_MANIFEST_2);
	if (registry_call(g, &q, &r, true, e) < 0)
		goto out;
	if (r.status != 200) {
		char *what = xprintf("manifest of %s:%s", g->path, reference);
		registry_refused(g, &r, what, e);
		free(what);
	} else {
		hash_of(str_text(&r.body), r.body.n, digest);
		const char *want = ref_is_digest(reference)              ? reference
		                   : r.digest && ref_is_digest(r.digest) ? r.digest
		                                                         : digest;
		if (strcmp(want, digest) != 0) {
			fail(e, EBADMSG,
			     "wrong digest: the manifest %.19s... that was sent is %.19s...", want,
			     digest);
			err_hint(e,
			         "nothing of it was kept; try again, or ask who runs the registry");
		} else {
			*n = r.body.n;
			*text = str_take(&r.body);
			rc = 0;
		}
	}
	http_reply_free(&r);
out:
	vec_free(&q.headers);
	free(url);
	return rc;
}

struct bringing {
	struct blob *b;
	struct progress_row *row;
	int64_t at;   /* of the next byte that comes */
	int64_t from; /* where this answer begins, when it is a part */
};

static int
came(void *ctx, long status, const void *bytes, size_t n, struct err *e)
{
	struct bringing *d = ctx;
	const char *p = bytes;

	/* A server that does not know ranges sends all of it again: what we have
	 * goes by; the digest at the end covers both. */
	if (status != 206 && d->from) {
		d->at = 0;
		d->from = 0;
	}
	if (d->at < d->b->have) {
		size_t skip = (size_t)(d->b->have - d->at);
		if (skip > n)
			skip = n;
		p += skip;
		n -= skip;
		d->at += (int64_t)skip;
	}
	if (n == 0)
		return 0;
	d->at += (int64_t)n;
	if (blob_write(d->b, p, n, e) < 0)
		return -1;
	atomic_store(&d->row->done, d->b->have);
	return 0;
}

int
registry_bring(void *registry, const struct descriptor *desc, struct blob *b,
               struct progress_row *row, struct err *e)
{
	struct registry *g = registry;
	struct http *h = borrow(g);
	struct http_reply r = { 0 };
	char *url = xprintf("/v2/%s/blobs/%s", g->path, desc->digest);
	int rc = b->size > 0 && b->have == b->size ? 0 : -1, idle = 0;

	while (rc < 0) {
		struct bringing d = { .b = b, .row = row, .at = b->have, .from = b->have };
		struct http_request q = {
			.method = "GET", .url = url, .fd = -1, .sink = came, .ctx = &d
		};
		char range[64];
		int64_t before = b->have;
		if (b->have > 0) {
			snprintf(range, sizeof range, "Range: bytes=%lld-", (long long)b->have);
			vec_push(&q.headers, range);
		}
		struct err tried = { 0 };
		rc = once(g, h, &q, &r, &tried);
		vec_free(&q.headers);
		if (rc == 0 && r.status == 206 && r.range_start != d.from)
			rc = fail(&tried, EBADMSG, "registry '%s' sent another part than asked for",
			          g->host);
		else if (rc == 0 && r.status / 100 != 2)
			rc = registry_refused(g, &r, desc->digest, &tried);
		else if (rc == 0 && b->have < b->size)
			rc = fail(&tried, ECOMM,
			          "registry '%s' stopped after %lld of %lld bytes of %.19s...",
			          g->host, (long long)b->have, (long long)b->size, desc->digest);
		/* 416: what we have is not what the server has. */
		bool stumbled = rc < 0 && tried.code == ECOMM && r.status != 416;
		idle = b->have > before ? 0 : idle + 1;
		if (rc == 0 || !stumbled || idle >= TRIES - 1 || atomic_load(&options_stop)) {
			if (rc < 0 && e)
				*e = tried;
			if (rc < 0 && stumbled && e && !e->hint[0])
				err_hint(e, "what came so far is kept; try again");
			http_reply_free(&r);
			break;
		}
		nap(idle + 1, &r);
		http_reply_free(&r);
		rc = b->size > 0 && b->have == b->size ? 0 : -1;
	}
	give_back(g, h);
	free(url);
	return rc;
}
