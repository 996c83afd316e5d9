/* SPDX-License-Identifier: Apache-2.0 */
/* shell.c -- cmd as a program: its command line, and the lines of who types them. */
#include "layer/api/cmd/shell.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/vec.h"
#include "layer/api/cmd/cmd.h"
#include "layer/api/nt/file/path_system.h"

struct options {
	bool command, keep, strip, silent;
	const WCHAR *text; /* what follows /c or /k */
};

/* cmd /a/b /c text: the first word is the program's own. */
static void
read_options(struct cmd *c, const WCHAR *line, struct options *o)
{
	const WCHAR *rest;
	WCHAR *own = cmd_name(line, &rest);

	free(own);
	for (const WCHAR *s = rest; *s;) {
		if (*s != '/') {
			s++;
			continue;
		}
		WCHAR f = wtext_upper(s[1]);
		s += s[1] ? 2 : 1;
		if (f == 'C' || f == 'K' || f == 'R') {
			o->command = true;
			o->keep = f == 'K';
			o->text = s;
			return;
		}
		if (f == 'S')
			o->strip = true;
		else if (f == 'Q')
			o->silent = true;
		else if (f == 'U')
			c->unicode = true;
		else if (f == 'A')
			c->unicode = false;
		else if (f == 'V')
			c->delayed = *s == ':' && wtext_nicmp(s + 1, u"off", 3) != 0;
		else if (f == 'E')
			c->extensions = *s != ':' || wtext_nicmp(s + 1, u"off", 3) != 0;
		/* /d and /f ask for nothing that there is */
		while (*s && *s != ' ' && *s != '/')
			s++;
	}
}

/* As `cmd /?` says it: the quotes stay only when there are exactly two of them, no /s, nothing
 * special between them, a space, and the text between them names a program. */
static WCHAR *
unquoted(struct cmd *c, const struct options *o)
{
	const WCHAR *s = o->text;
	size_t quotes = 0;
	bool special = false, space = false;

	while (*s == ' ' || *s == '\t')
		s++;
	if (*s != '"')
		return wtext_dup(s);
	for (const WCHAR *p = s; *p; p++)
		quotes += *p == '"';
	for (const WCHAR *p = s + 1; *p && *p != '"'; p++) {
		special |= wtext_chr(u"&<>()@^|", *p) != NULL;
		space |= *p == ' ';
	}
	if (!o->strip && quotes == 2 && !special && space) {
		const WCHAR *rest;
		WCHAR *name = cmd_name(s, &rest), *program = cmd_program(c, name);
		bool is = program;
		free(program);
		free(name);
		if (is)
			return wtext_dup(s);
	}
	struct wtext t = { 0 };
	const WCHAR *last = wtext_rchr(s + 1, '"');
	for (const WCHAR *p = s + 1; *p; p++)
		if (p != last)
			wtext_addc(&t, *p);
	return wtext_take(&t);
}

static void
prompt(struct cmd *c)
{
	WCHAR *format = cmd_getenv(u"PROMPT"), *cd = cmd_current();
	struct wtext t = { 0 };

	if (c->echo) {
		wtext_ascii(&t, "\r\n");
		for (const WCHAR *p = format ? format : u"$P$G"; *p; p++) {
			if (*p != '$' || !p[1]) {
				wtext_addc(&t, *p);
				continue;
			}
			static const WCHAR from[] = u"GLBSAQCF$", to[] = u"><| &=()$";
			const WCHAR *at = wtext_chr(from, wtext_upper(*++p));
			if (wtext_upper(*p) == 'P')
				wtext_add(&t, cd);
			else if (*p == '_')
				wtext_ascii(&t, "\r\n");
			else if (at && *at)
				wtext_addc(&t, to[at - from]);
		}
		cmd_out(c, wtext_of(&t));
	}
	wtext_free(&t);
	free(format);
	free(cd);
}

static void
interactive(struct cmd *c)
{
	if (c->echo && !c->line[0])
		cmd_say(c, "");
	while (c->jump != JUMP_EXIT) {
		struct wtext line = { 0 };
		prompt(c);
		bool is = cmd_read_line(c, c->std[0], &line);
		/* What was not typed is shown, so that the output can be read. */
		if (is && c->echo && kernel32_GetFileType(c->std[0]) != FILE_TYPE_CHAR) {
			cmd_out(c, wtext_of(&line));
			cmd_say(c, "");
		}
		if (is)
			cmd_line(c, wtext_of(&line));
		wtext_free(&line);
		if (!is)
			break;
		if (c->jump != JUMP_EXIT)
			c->jump = JUMP_NONE;
	}
}

/* A program of System32 that is one of our commands: the first word is its path. */
static const struct builtin *
tool(const WCHAR *line, const WCHAR **rest)
{
	size_t n = 0;

	while (line[n] && line[n] != ' ' && line[n] != '\t')
		n++;
	WCHAR *path = wtext_dupn(line, n);
	const struct builtin *b = path_system_tool(path) ? builtin_fallback(path) : NULL;
	free(path);
	*rest = line + n;
	return b;
}

uint32_t
cmd_main(const WCHAR *command_line)
{
	struct cmd *c = xcalloc(1, sizeof *c);
	struct options o = { 0 };
	struct SYSTEMTIME now;

	c->echo = c->extensions = true;
	c->folders = xcalloc(1, sizeof *c->folders);
	c->line = wtext_dup(command_line);
	for (int i = 0; i < 3; i++)
		c->std[i] = kernel32_GetStdHandle((DWORD)(-10 - i));
	kernel32_GetLocalTime(&now);
	c->random = (uint32_t)(now.wSecond * 1000 + now.wMilliseconds) * 2654435761u;
	const WCHAR *rest;
	const struct builtin *b = tool(command_line, &rest);
	if (b)
		c->errorlevel = b->run(c, rest);
	else
		read_options(c, command_line, &o);
	if (o.silent)
		c->echo = false;
	if (o.command) {
		WCHAR *text = unquoted(c, &o);
		int32_t code = cmd_line(c, text);
		/* A last command that says nothing to ERRORLEVEL still answers for us. */
		if (!o.keep && c->jump != JUMP_EXIT && c->errorlevel == 0)
			c->errorlevel = code;
		free(text);
		if (c->jump != JUMP_EXIT)
			c->jump = JUMP_NONE;
	}
	if (!b && (!o.command || (o.keep && c->jump != JUMP_EXIT))) {
		c->interactive = true;
		interactive(c);
	}
	uint32_t code = (uint32_t)c->errorlevel;
	while (c->folders->n)
		free(c->folders->p[--c->folders->n]);
	vec_free(c->folders);
	free(c->folders);
	free(c->line);
	free(c);
	return code;
}
