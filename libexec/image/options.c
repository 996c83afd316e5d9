/* SPDX-License-Identifier: Apache-2.0 */
#include "libexec/image/options.h"

#include <errno.h>
#include <getopt.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

atomic_bool options_stop;

enum kind { TEXT, YES, TRUTH, LIST };

static const struct {
	const char *name;
	char letter;
	enum kind kind;
	size_t at;
} flags[] = {
	{ "root", 0, TEXT, offsetof(struct options, root) },
	{ "quiet", 'q', YES, offsetof(struct options, quiet) },
	{ "platform", 0, TEXT, offsetof(struct options, platform) },
	{ "plain-http", 0, YES, offsetof(struct options, plain_http) },
	{ "tls-verify", 0, TRUTH, offsetof(struct options, no_verify) },
	{ "cert-dir", 0, TEXT, offsetof(struct options, cert_dir) },
	{ "creds", 0, TEXT, offsetof(struct options, creds) },
	{ "all-platforms", 0, YES, offsetof(struct options, all_platforms) },
	{ "no-digest", 0, YES, offsetof(struct options, no_digest) },
	{ "change", 'c', LIST, offsetof(struct options, changes) },
	{ "message", 'm', TEXT, offsetof(struct options, message) },
	{ "output", 'o', TEXT, offsetof(struct options, output) },
	{ "format", 0, TEXT, offsetof(struct options, format) },
	{ "machine", 0, TEXT, offsetof(struct options, machine) },
	{ "archive", 'a', YES, offsetof(struct options, archive) },
	{ "follow-link", 'L', YES, offsetof(struct options, follow) },
};

enum { FLAGS = sizeof flags / sizeof flags[0] };

static int
set(struct options *o, size_t i, char *value, struct err *e)
{
	char *field = (char *)o + flags[i].at;

	switch (flags[i].kind) {
	case TEXT: *(const char **)(void *)field = value; break;
	case YES: *(bool *)field = true; break;
	case LIST: vec_push((struct vec *)(void *)field, value); break;
	case TRUTH:
		if (strcasecmp(value, "false") != 0 && strcasecmp(value, "true") != 0) {
			fail(e, EINVAL, "--%s: '%.80s' is neither true nor false", flags[i].name,
			     value);
			return err_hint(e, "write --%s=false", flags[i].name);
		}
		*(bool *)field = strcasecmp(value, "false") == 0;
		break;
	}
	return 0;
}

int
options_parse(struct options *o, int argc, char **argv, struct err *e)
{
	struct option longs[FLAGS + 1] = { { 0 } };
	int got, index;

	*o = (struct options){ 0 };
	for (size_t i = 0; i < FLAGS; i++)
		longs[i] = (struct option){ flags[i].name,
			                    flags[i].kind == YES ? no_argument : required_argument,
			                    NULL, 256 + (int)i };
	opterr = 0;
	while ((got = getopt_long(argc, argv, ":qc:m:o:aL", longs, &index)) != -1) {
		if (got == '?' || got == ':') {
			fail(e, EINVAL,
			     got == ':' ? "flag '%s' needs a value" : "unknown flag '%s'",
			     argv[optind - 1]);
			return err_hint(e, "see: joist help %s", o->verb ? o->verb : "pull");
		}
		for (size_t i = 0; i < FLAGS; i++)
			if (got == 256 + (int)i || (got < 256 && got == flags[i].letter))
				if (set(o, i, optarg, e) < 0)
					return -1;
	}
	if (optind >= argc)
		return fail(e, EINVAL,
		            "no subcommand: pull, push, import, export, unpack, flatten or cp");
	o->verb = argv[optind];
	o->args = argv + optind + 1;
	o->nargs = argc - optind - 1;
	if (!o->root)
		o->root = getenv("JOIST_ROOT");
	if (!o->root || !*o->root) {
		fail(e, EINVAL, "no store");
		return err_hint(e,
		                "this program is run by joist; by hand: joist-image --root DIR %s",
		                o->verb);
	}
	return 0;
}
