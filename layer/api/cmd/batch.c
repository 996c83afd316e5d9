/* SPDX-License-Identifier: Apache-2.0 */
/* batch.c -- batch files: their lines, labels and arguments, call and setlocal. */
#include <stdlib.h>

#include "base/arena.h"
#include "layer/api/cmd/cmd.h"

bool
cmd_next_line(struct cmd *c, struct wtext *line)
{
	struct batch *b = c->batch;
	const WCHAR *s = b->text + b->at;
	size_t n = 0;

	if (!*s)
		return false;
	while (s[n] && s[n] != '\n' && s[n] != 0x1a)
		n++;
	size_t keep = n && s[n - 1] == '\r' ? n - 1 : n;
	wtext_addn(line, s, keep);
	b->at += s[n] == '\n' ? n + 1 : n;
	if (s[n] == 0x1a)
		b->at += wtext_len(s + n);
	return true;
}

/* -- labels ------------------------------------------------------------------------------ */

static bool
ends_label(WCHAR c)
{
	return !c || wtext_chr(u" \t\r\n:+,;=&|<>", c);
}

/* Is there the label at this line?  *next: the line behind it. */
static bool
label_at(const WCHAR *text, size_t at, const WCHAR *label, size_t len, size_t *next)
{
	const WCHAR *s = text + at;

	while (*s && wtext_chr(u" \t,;=", *s))
		s++;
	bool is = *s == ':';
	if (is) {
		for (s++; *s && wtext_chr(u" \t,;=", *s);)
			s++;
		is = wtext_nicmp(s, label, len) == 0 && ends_label(s[len]);
	}
	while (*s && *s != '\n')
		s++;
	*next = (size_t)(s - text) + (*s == '\n');
	return is;
}

/* From here to the end, then from the start to here. */
static bool
find_label(const struct batch *b, const WCHAR *label, size_t *found)
{
	size_t len = 0, next;

	while (*label && wtext_chr(u" \t,;=:", *label))
		label++;
	while (!ends_label(label[len]))
		len++;
	if (!len)
		return false;
	for (int turn = 0; turn < 2; turn++) {
		size_t at = turn ? 0 : b->at, end = turn ? b->at : SIZE_MAX;
		for (; b->text[at] && at < end; at = next) {
			if (label_at(b->text, at, label, len, &next)) {
				*found = next;
				return true;
			}
		}
	}
	return false;
}

static int32_t
no_label(struct cmd *c, const WCHAR *label)
{
	struct wtext t = { 0 };

	while (*label == ':' || *label == ' ')
		label++;
	wtext_ascii(&t, "The system cannot find the batch label specified - ");
	for (; !ends_label(*label); label++)
		wtext_addc(&t, *label);
	wtext_ascii(&t, "\r\n");
	cmd_write(c, c->std[2], t.p, t.n);
	wtext_free(&t);
	return 1;
}

bool
cmd_goto(struct cmd *c, const WCHAR *label)
{
	size_t at;

	while (*label == ' ' || *label == '\t')
		label++;
	if (!c->batch)
		return true;
	if (wtext_nicmp(label, u":eof", 4) == 0 && ends_label(label[4])) {
		c->jump = JUMP_RETURN;
		return true;
	}
	if (!find_label(c->batch, label, &at)) {
		no_label(c, label);
		c->errorlevel = 1;
		c->jump = JUMP_ABORT;
		return false;
	}
	c->batch->at = at;
	c->jump = JUMP_GOTO;
	return true;
}

/* -- setlocal ---------------------------------------------------------------------------- */

static size_t
block_size(const WCHAR *block)
{
	size_t n = 0;

	while (block[n])
		n += wtext_len(block + n) + 1;
	return n + 1;
}

void
cmd_setlocal(struct cmd *c)
{
	struct local *l = xcalloc(1, sizeof *l);
	WCHAR *block = kernel32_GetEnvironmentStringsW();

	l->environment = wtext_dupn(block, block_size(block));
	kernel32_FreeEnvironmentStringsW(block);
	l->current = cmd_current();
	l->extensions = c->extensions;
	l->delayed = c->delayed;
	l->batch = c->batch;
	l->up = c->locals;
	c->locals = l;
}

/* Give each variable of the block to f: its name and value, or NULL to remove. */
static void
restore_environment(const WCHAR *saved)
{
	WCHAR *now = kernel32_GetEnvironmentStringsW();

	for (const WCHAR *p = now; *p; p += wtext_len(p) + 1) {
		const WCHAR *equal = wtext_chr(p + 1, '=');
		if (!equal || *p == '=')
			continue;
		WCHAR *name = wtext_dupn(p, (size_t)(equal - p));
		kernel32_SetEnvironmentVariableW(name, NULL);
		free(name);
	}
	kernel32_FreeEnvironmentStringsW(now);
	for (const WCHAR *p = saved; *p; p += wtext_len(p) + 1) {
		const WCHAR *equal = wtext_chr(p + 1, '=');
		if (!equal || *p == '=')
			continue;
		WCHAR *name = wtext_dupn(p, (size_t)(equal - p));
		kernel32_SetEnvironmentVariableW(name, equal + 1);
		free(name);
	}
}

bool
cmd_endlocal(struct cmd *c)
{
	struct local *l = c->locals;

	if (!l || l->batch != c->batch)
		return false;
	restore_environment(l->environment);
	kernel32_SetCurrentDirectoryW(l->current);
	c->extensions = l->extensions;
	c->delayed = l->delayed;
	c->locals = l->up;
	free(l->environment);
	free(l->current);
	free(l);
	return true;
}

/* -- running ----------------------------------------------------------------------------- */

/* %0 and what follows it, quotes and all. */
static void
split_args(struct batch *b, const WCHAR *name, const WCHAR *s)
{
	size_t cap = 10;

	b->args = xcalloc(cap, sizeof *b->args);
	b->args[b->nargs++] = wtext_dup(name);
	b->first = wtext_dup(name);
	for (;;) {
		struct wtext t = { 0 };
		bool quoted = false;
		while (*s && wtext_chr(u" \t,;=\n", *s))
			s++;
		if (!*s)
			return;
		for (; *s && (quoted || !wtext_chr(u" \t,;=\n", *s)); s++) {
			if (*s == '"')
				quoted = !quoted;
			wtext_addc(&t, *s);
		}
		if (b->nargs == cap)
			b->args = xrealloc(b->args, (cap *= 2) * sizeof *b->args);
		b->args[b->nargs++] = wtext_take(&t);
	}
}

static int32_t
run_lines(struct cmd *c, struct batch *b)
{
	if (++c->depth > CMD_DEEPEST) {
		c->depth--;
		c->jump = JUMP_ABORT;
		return c->errorlevel = cmd_fail(c, "The batch recursion is too deep.");
	}
	b->up = c->batch;
	c->batch = b;
	while (!c->jump) {
		struct wtext line = { 0 };
		if (!cmd_next_line(c, &line))
			break;
		cmd_line(c, wtext_of(&line));
		wtext_free(&line);
		if (c->jump == JUMP_GOTO)
			c->jump = JUMP_NONE;
	}
	if (c->jump == JUMP_RETURN)
		c->jump = JUMP_NONE;
	while (cmd_endlocal(c))
		;
	c->batch = b->up;
	if (c->jump == JUMP_ABORT && !c->batch)
		c->jump = JUMP_NONE;
	c->depth--;
	return c->errorlevel;
}

static void
free_batch(struct batch *b)
{
	for (size_t i = 0; i < b->nargs + b->shifted; i++)
		free(b->args[(ptrdiff_t)i - (ptrdiff_t)b->shifted]);
	free(b->args ? b->args - b->shifted : NULL);
	free(b->first);
	free(b->path);
	if (b->owns_text)
		free(b->text);
}

int32_t
cmd_batch(struct cmd *c, const WCHAR *path, const WCHAR *name, const WCHAR *args)
{
	struct batch b = { .owns_text = true };
	HANDLE h = kernel32_CreateFileW(path, (DWORD)GENERIC_READ, FILE_SHARE_ALL, NULL,
	                                OPEN_EXISTING, 0, NULL);

	if (h == INVALID_HANDLE_VALUE)
		return c->errorlevel = cmd_last(c);
	b.text = cmd_read(h);
	kernel32_CloseHandle(h);
	b.path = wtext_dup(path);
	split_args(&b, name, args);
	bool chained = c->batch != NULL;
	int32_t code = run_lines(c, &b);
	free_batch(&b);
	/* Without call there is no way back. */
	if (chained && !c->jump)
		c->jump = JUMP_RETURN;
	return code;
}

/* call expands once more, and comes back. */
int32_t
cmd_call(struct cmd *c, const WCHAR *args)
{
	struct wtext text = { 0 };
	struct expand x;
	int32_t code;
	size_t at;

	while (*args == ' ' || *args == '\t')
		args++;
	cmd_expander(c, &x);
	expand_percent(&x, args, &text);
	if (*wtext_of(&text) == ':') {
		struct batch b = { 0 };
		const WCHAR *rest;
		WCHAR *label = cmd_name(wtext_of(&text), &rest);
		if (!c->batch) {
			code = cmd_fail(
			        c, "Invalid attempt to call batch label outside of batch script.");
		} else if (wtext_is(label, ":eof")) {
			code = c->errorlevel;
		} else if (!find_label(c->batch, label, &at)) {
			code = no_label(c, label);
		} else {
			b.text = c->batch->text;
			b.path = wtext_dup(c->batch->path);
			b.at = at;
			split_args(&b, label, rest);
			code = run_lines(c, &b);
			free_batch(&b);
		}
		free(label);
		wtext_free(&text);
		return code;
	}
	const WCHAR *rest;
	const WCHAR *ignored;
	WCHAR *name = cmd_name(wtext_of(&text), &rest), *program = NULL;
	if (!builtin_named(wtext_of(&text), &ignored))
		program = cmd_program(c, name);
	if (program && cmd_is_batch(program)) {
		code = cmd_batch(c, program, name, rest);
		if (c->jump == JUMP_RETURN)
			c->jump = JUMP_NONE;
	} else if (*wtext_of(&text)) {
		code = cmd_text(c, wtext_of(&text));
	} else {
		code = 0;
	}
	free(program);
	free(name);
	wtext_free(&text);
	return code;
}
