/* SPDX-License-Identifier: Apache-2.0 */
#include "libexec/image/intake.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/json.h"
#include "img/collect.h"
#include "img/ref.h"
#include "libexec/image/options.h"
#include "libexec/image/unpack.h"

enum { AT_ONCE = 4 };

struct piece {
	struct descriptor d;
	char diff_id[80];         /* "": only keep it */
	struct progress_row *row; /* lent */
};

struct work {
	struct intake *in;
	struct piece *pieces; /* own */
	size_t n;

	/* under lock */
	pthread_mutex_t lock;
	size_t next;
	bool failed;
	struct err err; /* the first one */
};

struct unpacking {
	struct work *w;
	struct piece *p;
	struct blob *b;
	struct err err;
	int rc;
};

static void *
unpack_main(void *ctx)
{
	struct unpacking *u = ctx;

	u->rc = unpack_layer(u->w->in->store, u->b->feed, u->p->d.size, u->p->diff_id,
	                     &options_stop, &u->err);
	return NULL;
}

static int
bring(struct work *w, struct piece *p, struct blob *b, struct err *e)
{
	if (b->present)
		return 0;
	atomic_store(&p->row->state, PROGRESS_RUNS);
	if (w->in->bring(w->in->ctx, &p->d, b, p->row, e) == 0 && blob_commit(b, e) == 0)
		return 0;
	feed_end(b->feed, false);
	return -1;
}

/* One layer: brought and unpacked at the same time. */
static int
piece(struct work *w, struct piece *p, struct err *e)
{
	struct image_store *s = w->in->store;
	struct unpacking u = { .w = w, .p = p, .b = &(struct blob){ 0 } };
	bool wanted = p->diff_id[0] != '\0';
	pthread_t thread;

	if (layout_has(&s->layout, p->d.digest, p->d.size) &&
	    (!wanted || image_has_layer(s, p->diff_id))) {
		atomic_store(&p->row->state, PROGRESS_THERE);
		return 0;
	}
	if (blob_open(u.b, s, p->d.digest, p->d.size, e) < 0)
		return -1;
	wanted = wanted && !image_has_layer(s, p->diff_id);
	if (!wanted) {
		int rc = bring(w, p, u.b, e);
		blob_close(u.b);
		return rc;
	}
	if (pthread_create(&thread, NULL, unpack_main, &u) != 0) {
		blob_close(u.b);
		return fail(e, EAGAIN, "cannot start a thread");
	}
	int rc = bring(w, p, u.b, e);
	if (rc == 0)
		atomic_store(&p->row->state, PROGRESS_UNPACKS);
	pthread_join(thread, NULL);
	/* The unpacker gave up first: its reason is the reason. */
	if (u.rc < 0 && (rc == 0 || feed_dropped(u.b->feed))) {
		if (rc == 0 || (e && e->code == ECANCELED)) {
			*e = u.err;
			if (u.err.code != EINTR)
				err_prefix(e, "layer %.19s", p->d.digest);
		}
		rc = -1;
	}
	/* Only what the network cut off, or the user, is worth going on with. */
	if (rc < 0 && !u.b->present && e->code != EINTR && e->code != ECOMM)
		unlinkat(s->dir, u.b->partial, 0);
	blob_close(u.b);
	return rc;
}

static void *
worker(void *ctx)
{
	struct work *w = ctx;

	for (;;) {
		struct err e = { 0 };
		pthread_mutex_lock(&w->lock);
		size_t i = w->failed ? w->n : w->next;
		if (i < w->n)
			w->next++;
		pthread_mutex_unlock(&w->lock);
		if (i >= w->n)
			return NULL;
		struct piece *p = &w->pieces[i];
		int rc = piece(w, p, &e);
		if (rc == 0) {
			if (atomic_load(&p->row->state) != PROGRESS_THERE)
				atomic_store(&p->row->state, PROGRESS_DONE);
			continue;
		}
		atomic_store(&p->row->state, PROGRESS_FAILED);
		pthread_mutex_lock(&w->lock);
		if (!w->failed)
			w->err = e;
		w->failed = true;
		pthread_mutex_unlock(&w->lock);
	}
}

static int
run(struct work *w, struct err *e)
{
	pthread_t threads[AT_ONCE];
	size_t started = 0;

	pthread_mutex_init(&w->lock, NULL);
	while (started < AT_ONCE && started < w->n &&
	       pthread_create(&threads[started], NULL, worker, w) == 0)
		started++;
	if (started == 0)
		worker(w);
	for (size_t i = 0; i < started; i++)
		pthread_join(threads[i], NULL);
	pthread_mutex_destroy(&w->lock);
	if (w->failed && e)
		*e = w->err;
	return w->failed ? -1 : 0;
}

static int
layers(struct intake *in, const struct manifest *m, const char **ids, struct err *e)
{
	struct work w = { .in = in, .pieces = xcalloc(m->nlayers + 1, sizeof(struct piece)) };
	struct progress *bars = progress_new(in->verb, in->quiet);

	for (size_t i = 0; i < m->nlayers; i++) {
		bool twice = false;
		for (size_t k = 0; k < w.n; k++)
			twice |= strcmp(w.pieces[k].d.digest, m->layers[i].digest) == 0;
		if (twice)
			continue;
		struct piece *p = &w.pieces[w.n++];
		p->d = m->layers[i];
		if (ids)
			memcpy(p->diff_id, ids[i], strlen(ids[i]) + 1);
		p->row = progress_row(bars, p->d.digest, p->d.size);
	}
	progress_start(bars);
	int rc = run(&w, e);
	progress_free(bars);
	free(w.pieces);
	return rc;
}

/* The configuration: a small blob that is needed first. */
static json_t *
config_of(struct intake *in, const struct descriptor *d, struct err *e)
{
	struct progress_row row = { .total = d->size };
	struct blob b;

	if (d->size > MANIFEST_MOST) {
		fail(e, EFBIG, "broken image: its configuration has %lld bytes",
		     (long long)d->size);
		return NULL;
	}
	if (blob_open(&b, in->store, d->digest, d->size, e) < 0)
		return NULL;
	int rc = 0;
	if (!b.present)
		rc = in->bring(in->ctx, d, &b, &row, e) < 0 || blob_commit(&b, e) < 0 ? -1 : 0;
	blob_close(&b);
	return rc == 0 ? layout_json(&in->store->layout, d->digest, "configuration", e) : NULL;
}

json_t *
intake_descriptor(const char *media, const char *digest, size_t n, const json_t *config)
{
	json_t *d = json_pack("{s:s, s:s, s:I}", "mediaType", *media ? media : MEDIA_MANIFEST,
	                      "digest", digest, "size", (json_int_t)n);

	if (!config)
		return d;
	json_t *p = json_pack("{s:s, s:s}", "os", json_str(config, "os", "linux"), "architecture",
	                      json_str(config, "architecture", "unknown"));
	if (*json_str(config, "variant", ""))
		json_object_set_new(p, "variant", json_string(json_str(config, "variant", "")));
	json_object_set_new(d, "platform", p);
	return d;
}

static json_t *
take(struct intake *in, const char *text, size_t n, const char *digest, bool unpack, struct err *e)
{
	json_t *doc = json_parse(text, n, "the manifest", e), *config = NULL, *d = NULL;
	const char **ids = NULL;
	struct manifest m;

	if (!doc || manifest_of(doc, &m, e) < 0)
		return NULL;
	config = config_of(in, &m.config, e);
	if (!config)
		goto out;
	if (unpack && manifest_diff_ids(config, m.nlayers, &ids, e) < 0) {
		/* Signatures, charts and the like are kept in registries too. */
		if (!json_object_get(config, "rootfs"))
			err_hint(e, "it is no image that can be run: its configuration is %.80s",
			         m.config.media);
		goto out;
	}
	if (layers(in, &m, ids, e) == 0 && blob_put(in->store, text, n, digest, NULL, e) == 0)
		d = intake_descriptor(json_str(m.doc, "mediaType", ""), digest, n, config);
out:
	free(ids);
	json_decref(config);
	manifest_free(&m);
	return d;
}

json_t *
intake_manifest(struct intake *in, const char *text, size_t n, const char *digest, struct err *e)
{
	return take(in, text, n, digest, true, e);
}

json_t *
intake_foreign(struct intake *in, const char *text, size_t n, const char *digest, struct err *e)
{
	return take(in, text, n, digest, false, e);
}

void
intake_failed(struct image_store *s, const struct err *e)
{
	image_release(s);
	if (e->code != ECOMM && e->code != EINTR)
		collect_run(s, false, NULL, NULL);
}
