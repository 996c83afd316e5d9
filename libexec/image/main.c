/* SPDX-License-Identifier: Apache-2.0 */
/* joist-image: images between the store, registries and files.
 *
 *   joist-image --root DIR pull|push|import|export|unpack|flatten|cp [FLAGS] ...
 *
 * A program of its own, so that `joist run` never pays for the libraries here.
 */
#include <curl/curl.h>
#include <errno.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/proc.h"
#include "img/collect.h"
#include "img/image.h"
#include "img/subid.h"
#include "libexec/image/copy.h"
#include "libexec/image/export.h"
#include "libexec/image/import.h"
#include "libexec/image/intake.h"
#include "libexec/image/options.h"
#include "libexec/image/pull.h"
#include "libexec/image/push.h"

enum needs { READS = 0, ADDS = 1, REGISTRY = 2, BLOBS = 4 };

static const struct verb {
	const char *name;
	int least, most;
	int needs;
	const char *usage;
	int (*run)(struct image_store *, const struct options *, struct err *);
} verbs[] = {
	{ "pull", 1, 1, ADDS | REGISTRY, "IMAGE", pull_command },
	{ "push", 1, 2, REGISTRY | BLOBS, "IMAGE [AS]", push_command },
	{ "import", 1, 2, ADDS, "SOURCE [IMAGE]", import_command },
	{ "unpack", 1, 1, ADDS, "DIR[:TAG]", import_unpack },
	{ "export", 0, 1, READS, "IMAGE | --machine NAME", export_command },
	{ "flatten", 0, 0, READS, "--machine NAME", export_flatten },
	{ "cp", 2, 2, READS, "[NAME:]PATH [NAME:]PATH", copy_command },
};

static bool quiet;

static void
warn(const char *sentence)
{
	if (!quiet)
		fprintf(stderr, "joist: %s\n", sentence);
}

static int
say(const struct err *e)
{
	fprintf(stderr, "joist: %s\n", e->what[0] ? e->what : "it failed");
	if (e->hint[0])
		fprintf(stderr, "       %s\n", e->hint);
	return e->code == EINTR ? 130 : err_exit(e);
}

static void
stop(int signo)
{
	(void)signo;
	atomic_store(&options_stop, true);
}

/* A pull that a second signal does not wait for leaves a temporary folder; the
 * next one removes it. */
static void
signals(void)
{
	struct sigaction a = { .sa_handler = stop, .sa_flags = SA_RESETHAND };

	sigaction(SIGINT, &a, NULL);
	sigaction(SIGTERM, &a, NULL);
	sigaction(SIGHUP, &a, NULL);
	signal(SIGPIPE, SIG_IGN);
}

static const struct verb *
find(const struct options *o, struct err *e)
{
	for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++) {
		const struct verb *v = &verbs[i];
		if (strcmp(v->name, o->verb) != 0)
			continue;
		if (o->nargs >= v->least && o->nargs <= v->most)
			return v;
		fail(e, EINVAL, "%s: wrong number of arguments", v->name);
		err_hint(e, "write: joist %s %s", v->name, v->usage);
		return NULL;
	}
	fail(e, EINVAL, "unknown subcommand '%.80s'", o->verb);
	return NULL;
}

int
main(int argc, char **argv)
{
	struct image_store s;
	struct options o;
	struct err e = { 0 };
	const struct verb *v;

	/* Names in archives are bytes to us, but a library thinks about them. */
	setlocale(LC_CTYPE, "C");
	err_warn_to(warn);
	if (options_parse(&o, argc, argv, &e) < 0 || !(v = find(&o, &e)))
		return say(&e);
	quiet = o.quiet;
	umask(0);
	signals();
	/* One's own ids are needed to make, to read and to remove the files. */
	bool mapped = !(v->needs & BLOBS) && subid_possible();
	if (mapped && subid_enter(&e) < 0) {
		warn(e.what);
		e = (struct err){ 0 };
	}
	if (image_store_open(&s, o.root, &e) < 0)
		return say(&e);
	if (v->needs & ADDS)
		collect_sweep(&s);
	if (v->needs & REGISTRY)
		curl_global_init(CURL_GLOBAL_DEFAULT);
	int rc = image_share(&s, &e) < 0 ? -1 : v->run(&s, &o, &e);
	if (rc < 0 && atomic_load(&options_stop))
		e.code = EINTR;
	if (rc < 0 && !e.hint[0] && (v->needs & ADDS))
		err_hint(&e, e.code == EINTR
		                     ? "what came so far is kept: the same command goes on"
		                     : "nothing of it was kept; look at where it comes from");
	if (rc < 0 && (v->needs & ADDS))
		intake_failed(&s, &e);
	image_store_close(&s);
	if (v->needs & REGISTRY)
		curl_global_cleanup();
	vec_free(&o.changes);
	return rc < 0 ? say(&e) : 0;
}
