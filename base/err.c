/* SPDX-License-Identifier: Apache-2.0 */
#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"

static void (*warn_sink)(const char *sentence);

int
fail(struct err *e, int code, const char *fmt, ...)
{
	va_list ap;

	if (!e)
		return -1;
	/* The old sentence may be an argument of the new one. */
	char what[sizeof e->what];
	va_start(ap, fmt);
	vsnprintf(what, sizeof what, fmt, ap);
	va_end(ap);
	str_printable(what);
	e->code = code;
	e->status = 0;
	memcpy(e->what, what, sizeof what);
	e->hint[0] = '\0';
	return -1;
}

int
err_hint(struct err *e, const char *fmt, ...)
{
	va_list ap;

	if (!e)
		return -1;
	va_start(ap, fmt);
	vsnprintf(e->hint, sizeof e->hint, fmt, ap);
	va_end(ap);
	str_printable(e->hint);
	return -1;
}

int
err_status(struct err *e, int status)
{
	if (e)
		e->status = status;
	return -1;
}

int
err_prefix(struct err *e, const char *fmt, ...)
{
	char pre[sizeof e->what], all[2 * sizeof e->what + 2];
	va_list ap;

	if (!e)
		return -1;
	va_start(ap, fmt);
	vsnprintf(pre, sizeof pre, fmt, ap);
	va_end(ap);
	snprintf(all, sizeof all, "%s: %s", pre, e->what);
	memcpy(e->what, all, sizeof e->what - 1);
	e->what[sizeof e->what - 1] = '\0';
	str_printable(e->what);
	return -1;
}

int
err_exit(const struct err *e)
{
	return e->status ? e->status : EXIT_OURS;
}

void
err_warn_to(void (*sink)(const char *sentence))
{
	warn_sink = sink;
}

void
err_warn(const char *fmt, ...)
{
	char line[512];
	va_list ap;

	if (!warn_sink)
		return;
	va_start(ap, fmt);
	vsnprintf(line, sizeof line, fmt, ap);
	va_end(ap);
	str_printable(line);
	warn_sink(line);
}
