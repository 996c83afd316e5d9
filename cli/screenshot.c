/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/file.h"
#include "cli/cli.h"
#include "cli/verbs.h"

int
verb_screenshot(struct call *c)
{
	struct err e = { 0 };
	void *png;
	size_t n;
	if (joist_screenshot(c->joist, c->args[0], &png, &n, &e) < 0)
		return say_error(&e);
	char *path = c->nargs > 1 ? xstrdup(c->args[1]) : xprintf("%s.png", c->args[0]);
	int rc = 0;
	if (strcmp(path, "-") != 0)
		rc = file_write(AT_FDCWD, path, png, n, 0666, false, &e);
	else if (file_write_all(STDOUT_FILENO, png, n) < 0)
		rc = fail(&e, errno, "cannot write the picture: %s", strerror(errno));
	free(path);
	free(png);
	return rc < 0 ? say_error(&e) : 0;
}
