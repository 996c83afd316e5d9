/* SPDX-License-Identifier: Apache-2.0 */
#include "libexec/image/http.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/arena.h"
#include "libexec/image/options.h"

enum { BODY_MOST = 4 << 20, CONNECT_S = 20, SILENCE_S = 30 };

struct http {
	CURL *curl; /* own */
	const struct http_rules *rules;
	char words[CURL_ERROR_SIZE];
};

/* One request on its way. */
struct transfer {
	const struct http_request *q;
	struct http_reply *r;
	struct http *h;
	struct err *e;
	struct err own; /* what the sink or we had to say */
	int64_t sent;
};

struct http *
http_new(const struct http_rules *rules)
{
	struct http *h = xcalloc(1, sizeof *h);

	h->rules = rules;
	h->curl = curl_easy_init();
	if (!h->curl)
		abort();
	return h;
}

void
http_free(struct http *h)
{
	if (!h)
		return;
	curl_easy_cleanup(h->curl);
	free(h);
}

void
http_reply_free(struct http_reply *r)
{
	str_free(&r->body);
	free(r->type);
	free(r->location);
	free(r->challenge);
	free(r->digest);
	free(r->range);
	free(r->retry_after);
	*r = (struct http_reply){ 0 };
}

static size_t
got_header(char *line, size_t size, size_t n, void *ctx)
{
	struct transfer *t = ctx;
	struct http_reply *r = t->r;
	struct {
		const char *name;
		char **value;
	} wanted[] = {
		{ "content-type:", &r->type },
		{ "location:", &r->location },
		{ "www-authenticate:", &r->challenge },
		{ "docker-content-digest:", &r->digest },
		{ "range:", &r->range },
		{ "retry-after:", &r->retry_after },
	};

	n *= size;
	/* Each answer on the way starts anew. */
	if (n > 5 && strncmp(line, "HTTP/", 5) == 0) {
		http_reply_free(r);
		r->range_start = -1;
		return n;
	}
	char *text = xprintf("%.*s", (int)n, line);
	text[strcspn(text, "\r\n")] = '\0';
	for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
		size_t k = strlen(wanted[i].name);
		if (strncasecmp(text, wanted[i].name, k) != 0)
			continue;
		/* Of several challenges we take the one with a token. */
		bool better = strncasecmp(text + k + strspn(text + k, " "), "bearer", 6) == 0;
		if (*wanted[i].value && wanted[i].value == &r->challenge && !better)
			continue;
		free(*wanted[i].value);
		*wanted[i].value = xstrdup(text + k + strspn(text + k, " \t"));
	}
	if (strncasecmp(text, "content-range: bytes ", 21) == 0)
		r->range_start = strtoll(text + 21, NULL, 10);
	free(text);
	return n;
}

static size_t
got_body(char *bytes, size_t size, size_t n, void *ctx)
{
	struct transfer *t = ctx;
	long status = 0;

	n *= size;
	curl_easy_getinfo(t->h->curl, CURLINFO_RESPONSE_CODE, &status);
	t->r->status = status;
	if (t->q->sink && status / 100 == 2)
		return t->q->sink(t->q->ctx, status, bytes, n, &t->own) == 0 ? n : 0;
	if (t->r->body.n + n > BODY_MOST) {
		fail(&t->own, EFBIG, "the registry's answer is larger than %d bytes", BODY_MOST);
		return 0;
	}
	str_addn(&t->r->body, bytes, n);
	return n;
}

static size_t
give_body(char *buf, size_t size, size_t n, void *ctx)
{
	struct transfer *t = ctx;
	int64_t left = t->q->n - t->sent;

	n *= size;
	if (left < (int64_t)n)
		n = (size_t)left;
	if (n == 0)
		return 0;
	if (t->q->body) {
		memcpy(buf, (const char *)t->q->body + t->sent, n);
	} else {
		ssize_t got = pread(t->q->fd, buf, n, t->q->at + t->sent);
		if (got <= 0) {
			fail(&t->own, EIO, "a blob of the store ends too early");
			return CURL_READFUNC_ABORT;
		}
		n = (size_t)got;
	}
	t->sent += (int64_t)n;
	if (t->q->sent)
		atomic_store(t->q->sent, t->q->at + t->sent);
	return n;
}

static int
rewind_body(void *ctx, curl_off_t at, int origin)
{
	struct transfer *t = ctx;

	if (origin != SEEK_SET)
		return CURL_SEEKFUNC_CANTSEEK;
	t->sent = at;
	return CURL_SEEKFUNC_OK;
}

static int
look(void *ctx, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
	(void)ctx;
	(void)a;
	(void)b;
	(void)c;
	(void)d;
	return atomic_load(&options_stop);
}

static void
set_tls(CURL *c, const struct http_rules *rules)
{
	if (rules->no_verify) {
		curl_easy_setopt(c, CURLOPT_SSL_VERIFYPEER, 0L);
		curl_easy_setopt(c, CURLOPT_SSL_VERIFYHOST, 0L);
	}
	if (rules->authorities) {
		struct curl_blob b = { (void *)(uintptr_t)rules->authorities,
			               strlen(rules->authorities), CURL_BLOB_NOCOPY };
		curl_easy_setopt(c, CURLOPT_CAINFO_BLOB, &b);
	}
	if (rules->cert)
		curl_easy_setopt(c, CURLOPT_SSLCERT, rules->cert);
	if (rules->key)
		curl_easy_setopt(c, CURLOPT_SSLKEY, rules->key);
}

static void
set_up(struct transfer *t, struct curl_slist *headers)
{
	CURL *c = t->h->curl;
	const struct http_request *q = t->q;
	bool tls = strncmp(q->url, "https:", 6) == 0;

	curl_easy_reset(c);
	curl_easy_setopt(c, CURLOPT_URL, q->url);
	curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(c, CURLOPT_USERAGENT, "joist/" JOIST_VERSION);
	curl_easy_setopt(c, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(c, CURLOPT_ERRORBUFFER, t->h->words);
	curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(c, CURLOPT_REDIR_PROTOCOLS_STR, tls ? "https" : "http,https");
	curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION,
	                 strcmp(q->method, "GET") == 0 || strcmp(q->method, "HEAD") == 0 ? 1L : 0L);
	curl_easy_setopt(c, CURLOPT_MAXREDIRS, 8L);
	curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT, (long)CONNECT_S);
	curl_easy_setopt(c, CURLOPT_LOW_SPEED_LIMIT, 1L);
	curl_easy_setopt(c, CURLOPT_LOW_SPEED_TIME, (long)SILENCE_S);
	curl_easy_setopt(c, CURLOPT_BUFFERSIZE, 256L << 10);
	curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, got_header);
	curl_easy_setopt(c, CURLOPT_HEADERDATA, t);
	curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, got_body);
	curl_easy_setopt(c, CURLOPT_WRITEDATA, t);
	curl_easy_setopt(c, CURLOPT_NOPROGRESS, 0L);
	curl_easy_setopt(c, CURLOPT_XFERINFOFUNCTION, look);
	set_tls(c, t->h->rules);
	if (strcmp(q->method, "HEAD") == 0) {
		curl_easy_setopt(c, CURLOPT_NOBODY, 1L);
	} else if (strcmp(q->method, "GET") != 0) {
		curl_easy_setopt(c, CURLOPT_UPLOAD, 1L);
		curl_easy_setopt(c, CURLOPT_CUSTOMREQUEST, q->method);
		curl_easy_setopt(c, CURLOPT_INFILESIZE_LARGE, (curl_off_t)q->n);
		curl_easy_setopt(c, CURLOPT_READFUNCTION, give_body);
		curl_easy_setopt(c, CURLOPT_READDATA, t);
		curl_easy_setopt(c, CURLOPT_SEEKFUNCTION, rewind_body);
		curl_easy_setopt(c, CURLOPT_SEEKDATA, t);
		curl_easy_setopt(c, CURLOPT_UPLOAD_BUFFERSIZE, 256L << 10);
	}
}

static int
explain(struct transfer *t, CURLcode rc, struct err *e)
{
	const char *words = t->h->words[0] ? t->h->words : curl_easy_strerror(rc);
	char host[128];
	const char *p = strstr(t->q->url, "://");

	p = p ? p + 3 : t->q->url;
	snprintf(host, sizeof host, "%.*s", (int)strcspn(p, "/?"), p);
	if (atomic_load(&options_stop))
		return fail(e, EINTR, "interrupted");
	if (t->own.code) {
		if (e)
			*e = t->own;
		return -1;
	}
	fail(e, ECOMM, "'%s': %s", host, words);
	switch (rc) {
	case CURLE_COULDNT_RESOLVE_HOST:
		return err_hint(e, "check the registry's name and this host's network");
	case CURLE_COULDNT_CONNECT:
		return err_hint(e, "is the registry running there? check host and port");
	case CURLE_PEER_FAILED_VERIFICATION:
		return err_hint(e,
		                "trust its certificate with --cert-dir DIR, or --tls-verify=false");
	case CURLE_SSL_CONNECT_ERROR: return err_hint(e, "if it speaks no TLS, use --plain-http");
	case CURLE_OPERATION_TIMEDOUT:
		return err_hint(e, "it did not answer in time; what came is kept, try again");
	default: return err_hint(e, "what came so far is kept; try again");
	}
}

int
http_do(struct http *h, const struct http_request *q, struct http_reply *r, struct err *e)
{
	struct transfer t = { .q = q, .r = r, .h = h, .e = e };
	struct curl_slist *headers = curl_slist_append(NULL, "Expect:");

	*r = (struct http_reply){ .range_start = -1 };
	for (size_t i = 0; i < q->headers.n; i++)
		headers = curl_slist_append(headers, q->headers.p[i]);
	h->words[0] = '\0';
	set_up(&t, headers);
	CURLcode rc = curl_easy_perform(h->curl);
	curl_slist_free_all(headers);
	if (rc == CURLE_OK) {
		curl_easy_getinfo(h->curl, CURLINFO_RESPONSE_CODE, &r->status);
		return 0;
	}
	http_reply_free(r);
	return explain(&t, rc, e);
}
