/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "cli/cli.h"
#include "cli/verbs.h"

const struct verb cli_verbs[] = {
#define FLAG(...)
#define VERB(name, group, arguments, least, most, sets, brief, detail)                             \
	{ #name, #group, arguments, least, most, sets, brief, detail, verb_##name },
#define VERB_OF(noun, name, group, arguments, least, most, sets, brief, detail)                    \
	{                                                                                          \
		#noun " " #name, #group, arguments,           least, most, sets,                   \
		brief,           detail, verb_##noun##_##name                                      \
	},
#include "cli/verb.def"
#undef VERB_OF
#undef VERB
#undef FLAG
	{ NULL, NULL, NULL, 0, 0, 0, NULL, NULL, NULL },
};

static int
perform(struct call *c)
{
	struct err e = { 0 };

	if (!c->quiet)
		err_warn_to(say_warning);
	c->joist = joist_open(json_str(c->flags, "root", NULL), &e);
	if (!c->joist)
		return say_error(&e);
	int status = c->verb->run(c);
	/* What was printed must have arrived: a full disk is an error too. */
	if (fflush(stdout) != 0 && status == 0) {
		fail(&e, EIO, "standard output: the text could not be written");
		err_hint(&e, "look for a full disk or a closed pipe");
		status = say_error(&e);
	}
	joist_close(c->joist);
	return status;
}

int
main(int argc, char **argv)
{
	struct call c = { 0 };
	struct err e = { 0 };
	int again = joist_again(argc, argv);

	if (again >= 0)
		return again;
	json_start();
	int status = parse_line(argc, argv, &c, &e) < 0 ? say_error(&e) : perform(&c);
	json_decref(c.flags);
	free(c.args);
	return status;
}
