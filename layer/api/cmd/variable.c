/* SPDX-License-Identifier: Apache-2.0 */
/* variable.c -- set in its four forms, path and prompt. */
#include <stdlib.h>

#include "base/arena.h"
#include "layer/api/cmd/arith.h"
#include "layer/api/cmd/builtin.h"

/* set and set PREFIX */
static int32_t
list(struct cmd *c, const WCHAR *prefix)
{
	WCHAR *block = kernel32_GetEnvironmentStringsW();
	struct wtext t = { 0 };
	size_t n = wtext_len(prefix);
	int32_t code = 0;

	while (n && (prefix[n - 1] == ' ' || prefix[n - 1] == '\t'))
		n--;
	for (const WCHAR *p = block; *p; p += wtext_len(p) + 1) {
		if (*p == '=' || (n && wtext_nicmp(p, prefix, n) != 0))
			continue;
		wtext_add(&t, p);
		wtext_ascii(&t, "\r\n");
	}
	kernel32_FreeEnvironmentStringsW(block);
	if (t.n) {
		cmd_out(c, wtext_of(&t));
	} else if (n) {
		wtext_ascii(&t, "Environment variable ");
		wtext_addn(&t, prefix, n);
		wtext_ascii(&t, " not defined\r\n");
		cmd_write(c, c->std[2], t.p, t.n);
		code = 1;
	}
	wtext_free(&t);
	return code;
}

static WCHAR *
get(void *ctx, const WCHAR *name)
{
	return cmd_variable(ctx, name);
}

static void
put(void *ctx, const WCHAR *name, int32_t value)
{
	struct wtext t = { 0 };

	(void)ctx;
	wtext_number(&t, value);
	kernel32_SetEnvironmentVariableW(name, wtext_of(&t));
	wtext_free(&t);
}

static int32_t
calculate(struct cmd *c, const WCHAR *text)
{
	const struct arith a = { c, get, put };
	const char *why;
	int32_t value, error = arith_run(&a, text, &value, &why);

	if (error) {
		cmd_fail(c, why);
		return error;
	}
	/* Shown on a command line, not in a batch file. */
	if (!c->batch) {
		struct wtext t = { 0 };
		wtext_number(&t, value);
		cmd_out(c, wtext_of(&t));
		wtext_free(&t);
	}
	return 0;
}

/* "name=value" or name=value: up to the last quote when it begins with one. */
static WCHAR *
assignment(const WCHAR *s)
{
	const WCHAR *last;

	if (*s != '"')
		return wtext_dup(s);
	s++;
	last = wtext_rchr(s, '"');
	return last ? wtext_dupn(s, (size_t)(last - s)) : wtext_dup(s);
}

static int32_t
ask(struct cmd *c, const WCHAR *s)
{
	WCHAR *text = assignment(s), *equal = wtext_chr(text, '=');
	struct wtext line = { 0 }, prompt = { 0 };
	int32_t code = 1;

	if (!equal) {
		free(text);
		return cmd_fail(c, "The syntax of the command is incorrect.");
	}
	*equal = 0;
	expand_unquote(equal + 1, &prompt);
	cmd_out(c, wtext_of(&prompt));
	if (cmd_read_line(c, c->std[0], &line) && line.n) {
		kernel32_SetEnvironmentVariableW(text, wtext_of(&line));
		code = 0;
	}
	wtext_free(&prompt);
	wtext_free(&line);
	free(text);
	return code;
}

int32_t
builtin_set(struct cmd *c, const WCHAR *args)
{
	while (*args && wtext_chr(u" \t,;=", *args))
		args++;
	if (c->extensions && *args == '/') {
		WCHAR mode = wtext_upper(args[1]);
		const WCHAR *rest = args[1] ? args + 2 : args + 1;
		while (*rest == ' ' || *rest == '\t')
			rest++;
		if (mode == 'A')
			return calculate(c, rest);
		if (mode == 'P')
			return ask(c, rest);
		return cmd_fail(c, "The syntax of the command is incorrect.");
	}
	WCHAR *text = assignment(args), *equal = wtext_chr(text, '=');
	int32_t code = 0;
	if (!equal) {
		code = list(c, text);
	} else if (equal == text) {
		code = cmd_fail(c, "The syntax of the command is incorrect.");
	} else {
		*equal = 0;
		/* Removing what is not there is an error that says nothing. */
		WCHAR *before = equal[1] ? NULL : cmd_getenv(text);
		if (!equal[1] && !before)
			code = 1;
		kernel32_SetEnvironmentVariableW(text, equal[1] ? equal + 1 : NULL);
		free(before);
	}
	free(text);
	return code;
}

int32_t
builtin_path(struct cmd *c, const WCHAR *args)
{
	struct wtext t = { 0 };

	while (*args == ' ' || *args == '\t' || *args == '=')
		args++;
	if (*args) {
		kernel32_SetEnvironmentVariableW(u"PATH", wtext_is(args, ";") ? NULL : args);
		return 0;
	}
	WCHAR *path = cmd_getenv(u"PATH");
	if (path) {
		wtext_ascii(&t, "PATH=");
		wtext_add(&t, path);
	} else {
		wtext_ascii(&t, "No Path");
	}
	wtext_ascii(&t, "\r\n");
	cmd_out(c, wtext_of(&t));
	wtext_free(&t);
	free(path);
	return 0;
}

int32_t
builtin_prompt(struct cmd *c, const WCHAR *args)
{
	(void)c;
	while (*args == ' ' || *args == '\t' || *args == '=')
		args++;
	kernel32_SetEnvironmentVariableW(u"PROMPT", *args ? args : NULL);
	return 0;
}
