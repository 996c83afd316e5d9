/* SPDX-License-Identifier: Apache-2.0 */
/* things.c -- the face of the library: images. */
#include "include/joist.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "all/face.h"
#include "base/json.h"
#include "base/proc.h"
#include "base/vec.h"
#include "img/collect.h"
#include "img/image.h"
#include "img/listing.h"

/* Each question opens the store anew: it is cheap, and no lock is held between. */
static int
images(struct joist *j, struct image_store *is, struct err *e)
{
	struct store *s = face_store(j, e);
	return s ? image_store_open(is, s->path, e) : -1;
}

static int
answer(json_t *doc, char **json)
{
	if (!doc)
		return -1;
	*json = face_text(doc);
	return 0;
}

int
joist_images(struct joist *j, const char *filter, char **json, struct err *e)
{
	struct image_store s;

	if (images(j, &s, e) < 0)
		return -1;
	int rc = answer(listing_all(&s, filter, e), json);
	image_store_close(&s);
	return rc;
}

int
joist_image_inspect(struct joist *j, const char *ref, char **json, struct err *e)
{
	struct image_store s;

	if (images(j, &s, e) < 0)
		return -1;
	int rc = answer(listing_one(&s, ref, e), json);
	image_store_close(&s);
	return rc;
}

int
joist_rmi(struct joist *j, const char *ref, bool force, char **json, struct err *e)
{
	struct image_store s;
	json_t *report = NULL;

	if (images(j, &s, e) < 0)
		return -1;
	int rc = collect_remove(&s, ref, force, &report, e);
	if (rc == 0)
		rc = answer(report, json);
	image_store_close(&s);
	return rc;
}

int
joist_image_gc(struct joist *j, bool all_unused, char **json, struct err *e)
{
	struct image_store s;
	json_t *report = NULL;

	if (images(j, &s, e) < 0)
		return -1;
	int rc = collect_run(&s, all_unused, &report, e);
	if (rc == 0)
		rc = answer(report, json);
	image_store_close(&s);
	return rc;
}

int
joist_image_program(struct joist *j, char *const argv[], int *status, struct err *e)
{
	struct store *s = face_store(j, e);
	struct vec v = { 0 };

	if (!s)
		return -1;
	char *program = proc_libexec("joist-image");
	vec_push(&v, program);
	vec_push(&v, (char *)"--root");
	vec_push(&v, s->path);
	for (; *argv; argv++)
		vec_push(&v, *argv);
	pid_t pid = proc_spawn(vec_argv(&v), NULL, (int[3]){ 0, 1, 2 }, e);
	if (pid > 0)
		*status = proc_wait(pid);
	else if (e && e->code == ENOENT)
		err_hint(e,
		         "it belongs beside this program in libexec/joist; or set JOIST_LIBEXEC");
	vec_free(&v);
	free(program);
	return pid > 0 ? 0 : -1;
}
