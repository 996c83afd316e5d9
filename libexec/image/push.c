/* SPDX-License-Identifier: Apache-2.0 */
#include "libexec/image/push.h"

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
#include "img/manifest.h"
#include "img/ref.h"
#include "libexec/image/registry.h"

enum { AT_ONCE = 4, CHUNK = 64 << 20, TRIES = 4, FROM_MOST = 8 };

struct piece {
	struct descriptor d;
	struct progress_row *row; /* lent */
};

struct push {
	struct image_store *s;
	const struct options *o;
	struct registry *g;           /* own */
	char *from[FROM_MOST + 1];    /* own; other repositories there that we have */
	json_t *from_docs[FROM_MOST]; /* own; their manifests */
	struct piece *pieces;         /* own */
	size_t n;

	/* under lock */
	pthread_mutex_t lock;
	size_t next;
	bool failed;
	struct err err;
};

/* -- one blob -------------------------------------------------------------------------- */

/* 1: it is there. */
static int
is_there(struct push *p, const struct descriptor *d, struct err *e)
{
	struct http_request q = { .method = "HEAD", .fd = -1 };
	struct http_reply r;
	char *url = xprintf("/v2/%s/blobs/%s", registry_path(p->g), d->digest);

	q.url = url;
	int rc = registry_call(p->g, &q, &r, true, e);
	free(url);
	if (rc < 0)
		return -1;
	bool yes = r.status == 200;
	http_reply_free(&r);
	return yes;
}

static const char *
mounted_from(struct push *p, const struct descriptor *d)
{
	json_t *layer;
	size_t k;

	for (size_t i = 0; p->from[i]; i++)
		json_array_foreach(json_object_get(p->from_docs[i], "layers"), k, layer) {
			if (strcmp(json_str(layer, "digest", ""), d->digest) == 0)
				return p->from[i];
		}
	return NULL;
}

/* Begin an upload: where to, or "" when the registry took it from another
 * repository. */
static char *
begin(struct push *p, const struct descriptor *d, struct err *e)
{
	struct http_request q = { .method = "POST", .fd = -1 };
	struct http_reply r;
	char *to = NULL, *url;
	const char *from = mounted_from(p, d);

	if (from)
		url = xprintf("/v2/%s/blobs/uploads/?mount=%s&from=%s", registry_path(p->g),
		              d->digest, from);
	else
		url = xprintf("/v2/%s/blobs/uploads/", registry_path(p->g));
	q.url = url;
	if (registry_call(p->g, &q, &r, true, e) == 0) {
		if (r.status == 201)
			to = xstrdup("");
		else if (r.status == 202 && r.location)
			to = registry_url(p->g, r.location);
		else
			registry_refused(p->g, &r, "an upload cannot begin", e);
		http_reply_free(&r);
	}
	free(url);
	return to;
}

/* Send a part; *to is where the next one goes. */
static int
send_part(struct push *p, struct http_request *q, const char *method, char **to, const char *range,
          struct err *e)
{
	struct http_reply r;
	int rc = -1;

	q->method = method;
	q->url = *to;
	vec_push(&q->headers, "Content-Type: application/octet-stream");
	if (range)
		vec_push(&q->headers, (char *)(uintptr_t)range);
	if (registry_call(p->g, q, &r, false, e) == 0) {
		if (r.status / 100 == 2)
			rc = 0;
		else
			registry_refused(p->g, &r, "it did not take a layer", e);
		if (rc == 0 && r.location) {
			char *next = registry_url(p->g, r.location);
			free(*to);
			*to = next;
		}
		http_reply_free(&r);
	}
	vec_free(&q->headers);
	return rc;
}

/* How much of a broken upload is there? -1: all is to be sent again. */
static int64_t
arrived(struct push *p, const char *to)
{
	struct http_request q = { .method = "GET", .url = to, .fd = -1 };
	struct http_reply r;
	int64_t n = -1;

	if (registry_call(p->g, &q, &r, true, NULL) < 0)
		return -1;
	if (r.status == 204 && r.range) {
		const char *dash = strchr(r.range, '-');
		n = dash ? strtoll(dash + 1, NULL, 10) + 1 : -1;
	}
	http_reply_free(&r);
	return n;
}

static int
upload(struct push *p, struct piece *x, int fd, struct err *e)
{
	char range[80], *to = begin(p, &x->d, e);
	int64_t at = 0;
	int rc = 0, broken = 0;

	if (!to)
		return -1;
	/* Large ones go in chunks: what has arrived is not sent twice. */
	while (*to && x->d.size > CHUNK && at < x->d.size) {
		struct http_request q = { .fd = fd, .at = at, .sent = &x->row->done };
		q.n = x->d.size - at < CHUNK ? x->d.size - at : CHUNK;
		snprintf(range, sizeof range, "Content-Range: %lld-%lld", (long long)at,
		         (long long)(at + q.n - 1));
		int64_t n = q.n;
		struct err tried = { 0 };
		if (send_part(p, &q, "PATCH", &to, range, &tried) == 0) {
			at += n;
			continue;
		}
		at = tried.code == ECOMM && ++broken < TRIES ? arrived(p, to) : -1;
		if (at < 0 || at > x->d.size) {
			if (e)
				*e = tried;
			rc = -1;
			break;
		}
	}
	if (rc == 0 && *to) {
		struct http_request q = {
			.fd = fd, .at = at, .n = x->d.size - at, .sent = &x->row->done
		};
		char *last = xprintf("%s%cdigest=%s", to, strchr(to, '?') ? '&' : '?', x->d.digest);
		free(to);
		to = last;
		rc = send_part(p, &q, "PUT", &to, NULL, e);
	}
	free(to);
	return rc;
}

static int
blob(struct push *p, struct piece *x, struct err *e)
{
	char path[80];
	int rc = is_there(p, &x->d, e);

	if (rc != 0) {
		atomic_store(&x->row->state, PROGRESS_THERE);
		return rc < 0 ? -1 : 0;
	}
	int fd = openat(p->s->layout.dir, layout_blob(x->d.digest, path), O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		fail(e, errno, "broken image: %.19s... is not in the store: %s", x->d.digest,
		     strerror(errno));
		return err_hint(e, "get it anew with: joist pull");
	}
	atomic_store(&x->row->state, PROGRESS_RUNS);
	for (int try = 0; try < TRIES; try++) {
		struct err tried = { 0 };
		struct timespec pause = { .tv_sec = try };
		nanosleep(&pause, NULL);
		rc = upload(p, x, fd, &tried);
		if (rc < 0 && e)
			*e = tried;
		if (rc == 0 || tried.code != ECOMM || atomic_load(&options_stop))
			break;
	}
	close(fd);
	return rc;
}

static void *
worker(void *ctx)
{
	struct push *p = ctx;

	for (;;) {
		struct err e = { 0 };
		pthread_mutex_lock(&p->lock);
		size_t i = p->failed ? p->n : p->next;
		if (i < p->n)
			p->next++;
		pthread_mutex_unlock(&p->lock);
		if (i >= p->n)
			return NULL;
		struct progress_row *row = p->pieces[i].row;
		int rc = blob(p, &p->pieces[i], &e);
		if (rc < 0)
			atomic_store(&row->state, PROGRESS_FAILED);
		else if (atomic_load(&row->state) != PROGRESS_THERE)
			atomic_store(&row->state, PROGRESS_DONE);
		pthread_mutex_lock(&p->lock);
		if (rc < 0 && !p->failed) {
			p->err = e;
			p->failed = true;
		}
		pthread_mutex_unlock(&p->lock);
	}
}

static int
blobs(struct push *p, const struct manifest *m, struct err *e)
{
	struct progress *bars = progress_new("sent", p->o->quiet);
	pthread_t threads[AT_ONCE];
	size_t started = 0;

	p->pieces = xcalloc(m->nlayers + 1, sizeof *p->pieces);
	p->n = p->next = 0;
	p->failed = false;
	for (size_t i = 0; i <= m->nlayers; i++) {
		const struct descriptor *d = i < m->nlayers ? &m->layers[i] : &m->config;
		bool twice = false;
		for (size_t k = 0; k < p->n; k++)
			twice |= strcmp(p->pieces[k].d.digest, d->digest) == 0;
		if (!twice)
			p->pieces[p->n++] =
			        (struct piece){ *d, progress_row(bars, d->digest, d->size) };
	}
	progress_start(bars);
	while (started < AT_ONCE && started < p->n &&
	       pthread_create(&threads[started], NULL, worker, p) == 0)
		started++;
	if (started == 0)
		worker(p);
	for (size_t i = 0; i < started; i++)
		pthread_join(threads[i], NULL);
	progress_free(bars);
	free(p->pieces);
	p->pieces = NULL;
	if (p->failed && e)
		*e = p->err;
	return p->failed ? -1 : 0;
}

/* -- the image ------------------------------------------------------------------------------ */

static int
put_manifest(struct push *p, const char *reference, const char *text, size_t n, const char *media,
             struct err *e)
{
	struct http_request q = { .method = "PUT", .fd = -1, .body = text, .n = (int64_t)n };
	struct http_reply r;
	char *url = xprintf("/v2/%s/manifests/%s", registry_path(p->g), reference);
	char *type = xprintf("Content-Type: %s", media);
	int rc;

	q.url = url;
	vec_push(&q.headers, type);
	rc = registry_call(p->g, &q, &r, true, e);
	if (rc == 0) {
		if (r.status / 100 != 2)
			rc = registry_refused(p->g, &r, "it did not take the manifest", e);
		http_reply_free(&r);
	}
	vec_free(&q.headers);
	free(url);
	free(type);
	return rc;
}

/* A manifest with its blobs, or an index with its manifests. */
static int
push_one(struct push *p, const char *digest, const char *reference, int depth, struct err *e)
{
	char path[80], *text, *media;
	struct manifest m;
	json_t *member;
	size_t n, i;
	int rc = 0;

	if (file_read(p->s->layout.dir, layout_blob(digest, path), MANIFEST_MOST, &text, &n, e) < 0)
		return err_prefix(e, "broken image");
	json_t *doc = json_parse(text, n, digest, e);
	if (!doc || depth > 4) {
		json_decref(doc);
		free(text);
		return -1;
	}
	bool index = manifest_is_index(doc);
	media = xstrdup(json_str(doc, "mediaType", index ? MEDIA_INDEX : MEDIA_MANIFEST));
	if (index) {
		json_array_foreach(json_object_get(doc, "manifests"), i, member) {
			const char *inner = json_str(member, "digest", "");
			if (rc == 0)
				rc = ref_is_digest(inner)
				             ? push_one(p, inner, inner, depth + 1, e)
				             : fail(e, EINVAL,
				                    "broken image: bad digest in its index");
		}
		json_decref(doc);
	} else if ((rc = manifest_of(doc, &m, e)) == 0) {
		rc = blobs(p, &m, e);
		manifest_free(&m);
	}
	if (rc == 0)
		rc = put_manifest(p, reference, text, n, media, e);
	free(media);
	free(text);
	return rc;
}

/* Repositories of the same registry that our images came from. */
static void
find_mounts(struct push *p, const json_t *index, const struct ref *to)
{
	size_t n = 0, i;
	struct ref r;
	json_t *d;

	json_array_foreach(json_object_get(index, "manifests"), i, d) {
		const char *name = json_str(json_object_get(d, "annotations"), LAYOUT_REF, "");
		const char *digest = json_str(d, "digest", "");
		if (n == FROM_MOST || !ref_is_digest(digest) || ref_parse(name, &r, NULL) < 0)
			continue;
		if (strcmp(r.host, to->host) == 0 && strcmp(r.path, to->path) != 0) {
			p->from_docs[n] = layout_json(&p->s->layout, digest, "manifest", NULL);
			p->from[n++] = xstrdup(r.path);
		}
		ref_free(&r);
	}
}

int
push_command(struct image_store *s, const struct options *o, struct err *e)
{
	struct push p = { .s = s, .o = o };
	struct ref to = { 0 };
	char *digest = NULL;
	int rc = -1;

	pthread_mutex_init(&p.lock, NULL);
	json_t *index = layout_index(&s->layout, e);
	const json_t *d = index ? image_lookup(index, o->args[0], o->platform, e) : NULL;
	if (!d)
		goto out;
	digest = xstrdup(json_str(d, "digest", ""));
	const char *as = o->nargs > 1 ? o->args[1] : o->args[0];
	if (!ref_is_digest(digest) || ref_parse(as, &to, e) < 0)
		goto out;
	if (!to.tag && !(to.digest && strcmp(to.digest, digest) == 0)) {
		fail(e, EINVAL, "'%s' names other bytes than those of the image", as);
		err_hint(e, "push it to a tag: joist push %s HOST/NAME:TAG", o->args[0]);
		goto out;
	}
	find_mounts(&p, index, &to);
	p.g = registry_open(o, &to, true, (const char *const *)p.from, e);
	if (!p.g)
		goto out;
	char *name = ref_name(&to);
	progress_say(o->quiet, "pushing to %s", ref_short(name));
	free(name);
	rc = push_one(&p, digest, to.tag ? to.tag : to.digest, 0, e);
	if (rc == 0)
		printf("%s\n", digest);
out:
	registry_close(p.g);
	for (size_t i = 0; i < FROM_MOST; i++) {
		free(p.from[i]);
		json_decref(p.from_docs[i]);
	}
	pthread_mutex_destroy(&p.lock);
	ref_free(&to);
	free(digest);
	json_decref(index);
	return rc;
}
