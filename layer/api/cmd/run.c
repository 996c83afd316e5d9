/* SPDX-License-Identifier: Apache-2.0 */
/* run.c -- a tree is run: redirections, pipes, conditions, and what a command is. */
#include <stdlib.h>

#include "base/vec.h"
#include "layer/api/cmd/cmd.h"
#include "layer/api/nt/file/path_system.h"

/* -- what the expansions ask --------------------------------------------------------- */

static WCHAR *
ask_variable(void *ctx, const WCHAR *name)
{
	return cmd_variable(ctx, name);
}

static WCHAR *
ask_argument(void *ctx, int n)
{
	struct cmd *c = ctx;
	struct batch *b = c->batch;
	struct wtext t = { 0 };

	if (!b)
		return NULL;
	if (n >= 0)
		return wtext_dup((size_t)n < b->nargs ? b->args[n] : u"");
	/* %* is what was given, whatever has been shifted. */
	for (size_t i = 1; i < b->nargs + b->shifted; i++) {
		if (t.n)
			wtext_addc(&t, ' ');
		wtext_add(&t, b->args[(ptrdiff_t)i - (ptrdiff_t)b->shifted]);
	}
	return wtext_take(&t);
}

static WCHAR *
ask_for(void *ctx, WCHAR letter)
{
	struct cmd *c = ctx;

	return letter < CMD_LETTERS ? wtext_dup(c->letters[letter]) : NULL;
}

static WCHAR *
ask_full(void *ctx, const WCHAR *name)
{
	struct cmd *c = ctx;

	/* %~dp0 is the batch file, also when it was found on the path or called by a short name. */
	if (c->batch && c->batch->first && wtext_cmp(name, c->batch->first) == 0)
		return wtext_dup(c->batch->path);
	return cmd_full(name);
}

static WCHAR *
ask_about(void *ctx, const WCHAR *path, char what)
{
	static const struct {
		DWORD bit;
		char letter;
	} bits[] = { { 0x10, 'd' },  { 1, 'r' },      { 0x20, 'a' },  { 2, 'h' },    { 4, 's' },
		     { 0x800, 'c' }, { 0x1000, 'o' }, { 0x100, 't' }, { 0x400, 'l' } };
	struct WIN32_FIND_DATAW d;
	struct wtext t = { 0 };
	HANDLE h = kernel32_FindFirstFileW(path, &d);

	(void)ctx;
	if (h == INVALID_HANDLE_VALUE)
		return NULL;
	kernel32_FindClose(h);
	if (what == 'z') {
		wtext_number(&t, (int64_t)d.nFileSizeHigh << 32 | d.nFileSizeLow);
	} else if (what == 't') {
		struct wtext stamp = { 0 };
		cmd_stamp(&d.ftLastWriteTime, &stamp);
		/* One space here, two in dir. */
		for (const WCHAR *p = wtext_of(&stamp); *p; p++)
			if (p[0] != ' ' || p[1] != ' ')
				wtext_addc(&t, *p);
		wtext_free(&stamp);
	} else {
		for (size_t i = 0; i < sizeof bits / sizeof *bits; i++)
			wtext_addc(&t,
			           d.dwFileAttributes & bits[i].bit ? (WCHAR)bits[i].letter : '-');
	}
	return wtext_take(&t);
}

static WCHAR *
ask_search(void *ctx, const WCHAR *variable, const WCHAR *name)
{
	WCHAR *list = cmd_variable(ctx, variable), *found = NULL;

	if (cmd_exists(name))
		found = cmd_full(name);
	for (const WCHAR *p = list; p && *p && !found;) {
		size_t n = 0;
		while (p[n] && p[n] != ';')
			n++;
		WCHAR *folder = wtext_dupn(p, n), *whole = cmd_join(folder, name);
		if (n && cmd_exists(whole))
			found = cmd_full(whole);
		free(folder);
		free(whole);
		p += n + (p[n] == ';');
	}
	free(list);
	return found;
}

void
cmd_expander(struct cmd *c, struct expand *x)
{
	*x = (struct expand){ c->batch != NULL,
		              c->extensions,
		              c,
		              ask_variable,
		              c->batch ? ask_argument : NULL,
		              ask_for,
		              ask_full,
		              ask_about,
		              ask_search };
}

WCHAR *
cmd_expand(struct cmd *c, const WCHAR *text)
{
	struct expand x;
	struct wtext one = { 0 }, both = { 0 };

	cmd_expander(c, &x);
	expand_for(&x, text, &one);
	if (!c->delayed)
		return wtext_take(&one);
	expand_delayed(&x, wtext_of(&one), &both);
	wtext_free(&one);
	return wtext_take(&both);
}

/* -- redirections ----------------------------------------------------------------------- */

static bool
redirect(struct cmd *c, const struct redirect *r, struct vec *opened)
{
	struct SECURITY_ATTRIBUTES sa = { sizeof sa, NULL, TRUE };
	struct wtext name = { 0 };

	if (r->kind == REDIRECT_DUP) {
		HANDLE h = c->std[r->of];
		if (!h || h == INVALID_HANDLE_VALUE) {
			cmd_system(c, ERROR_INVALID_HANDLE);
			return false;
		}
		c->std[r->handle] = h;
		return true;
	}
	WCHAR *expanded = cmd_expand(c, r->target);
	expand_unquote(expanded, &name);
	free(expanded);
	HANDLE h = kernel32_CreateFileW(
	        wtext_of(&name), r->kind == REDIRECT_READ ? (DWORD)GENERIC_READ : GENERIC_WRITE,
	        r->kind == REDIRECT_WRITE ? 3 : FILE_SHARE_ALL, &sa,
	        r->kind == REDIRECT_READ    ? OPEN_EXISTING
	        : r->kind == REDIRECT_WRITE ? CREATE_ALWAYS
	                                    : OPEN_ALWAYS,
	        FILE_ATTRIBUTE_NORMAL, NULL);
	wtext_free(&name);
	if (h == INVALID_HANDLE_VALUE) {
		cmd_last(c);
		return false;
	}
	if (r->kind == REDIRECT_APPEND)
		kernel32_SetFilePointerEx(h, 0, NULL, 2);
	c->std[r->handle] = h;
	vec_push(opened, h);
	return true;
}

/* -- pipes ------------------------------------------------------------------------------ */

static bool
is_pure(struct cmd *c, const struct node *n)
{
	const WCHAR *args;
	bool pure;

	if (n->kind != NODE_COMMAND || n->redirects)
		return false;
	WCHAR *text = cmd_expand(c, n->text);
	const struct builtin *b = builtin_named(text, &args);
	if (b) {
		pure = wtext_chr(u"P", (WCHAR)b->flags[0]) && b->flags[0];
	} else {
		const WCHAR *rest;
		WCHAR *name = cmd_name(text, &rest), *program = cmd_program(c, name);
		pure = (!program || path_system_tool(program)) && builtin_fallback(name);
		free(name);
		free(program);
	}
	free(text);
	return pure;
}

/* One side as a process with our standard handles. */
static HANDLE
side(struct cmd *c, const struct node *n)
{
	struct wtext whole = { 0 };
	const WCHAR *args;
	HANDLE h = NULL;

	if (n->kind == NODE_COMMAND && !n->redirects) {
		WCHAR *text = cmd_expand(c, n->text), *from = text;
		if (!builtin_named(text, &args)) {
			const WCHAR *rest;
			WCHAR *name = cmd_name(text, &rest), *program = cmd_program(c, name);
			while (*from == ' ' || *from == '\t')
				from++;
			if (program && !cmd_is_batch(program))
				h = cmd_spawn(c, program, from, NULL);
			free(name);
			free(program);
		}
		free(text);
		if (h)
			return h;
	}
	syntax_text(n, &whole);
	WCHAR *text = cmd_expand(c, wtext_of(&whole));
	wtext_free(&whole);
	h = cmd_spawn_self(c, text);
	free(text);
	if (!h)
		cmd_last(c);
	return h;
}

/* The sides of a|b|c; *n of them. */
static const struct node **
sides(const struct node *n, size_t *count)
{
	struct vec v = { 0 };

	for (; n->kind == NODE_PIPE && !n->redirects; n = n->right)
		vec_push(&v, (void *)(uintptr_t)n->left);
	vec_push(&v, (void *)(uintptr_t)n);
	*count = v.n;
	return (const struct node **)v.p;
}

static void
let_go(HANDLE *h)
{
	if (*h)
		kernel32_CloseHandle(*h);
	*h = NULL;
}

/* The first or the last side may be a command of ours that changes nothing: it needs no process. */
static int32_t
pipeline(struct cmd *c, const struct node *n)
{
	size_t count;
	const struct node **side_of = sides(n, &count);
	HANDLE *process = calloc(count, sizeof *process), in = NULL, out = NULL, first_out = NULL;
	HANDLE std0 = c->std[0], std1 = c->std[1];
	bool first_here = is_pure(c, side_of[0]);
	bool last_here = !first_here && is_pure(c, side_of[count - 1]);
	int32_t code = 1;

	for (size_t i = 0; process && i < count; i++) {
		HANDLE read = NULL;
		bool last = i + 1 == count;
		if (!last && !kernel32_CreatePipe(&read, &out, NULL, 0)) {
			cmd_last(c);
			break;
		}
		c->std[0] = in ? in : std0;
		c->std[1] = last ? std1 : out;
		if (i == 0 && first_here) {
			first_out = out;
			out = NULL;
		} else if (last && last_here) {
			code = cmd_run(c, side_of[i]);
		} else {
			process[i] = side(c, side_of[i]);
		}
		let_go(&in);
		let_go(&out);
		in = read;
	}
	if (first_out) {
		c->std[0] = std0;
		c->std[1] = first_out;
		cmd_run(c, side_of[0]);
		let_go(&first_out);
	}
	let_go(&in);
	c->std[0] = std0;
	c->std[1] = std1;
	for (size_t i = 0; process && i < count; i++) {
		int32_t own = process[i] ? cmd_wait(process[i]) : 1;
		if (i + 1 == count && !last_here)
			code = own;
	}
	free(process);
	free(side_of);
	return c->errorlevel = code;
}

/* -- if --------------------------------------------------------------------------------- */

static int
compare(const WCHAR *a, const WCHAR *b, bool fold)
{
	return fold ? wtext_icmp(a, b) : wtext_cmp(a, b);
}

static bool
relation(const struct node *n, const WCHAR *a, const WCHAR *b)
{
	int32_t x, y;
	int order;

	if (n->test == IF_SAME)
		return compare(a, b, n->ignore_case) == 0;
	if (wtext_int(a, &x) && wtext_int(b, &y))
		order = x < y ? -1 : x > y;
	else
		order = compare(a, b, n->ignore_case);
	switch (n->test) {
	case IF_EQU: return order == 0;
	case IF_NEQ: return order != 0;
	case IF_LSS: return order < 0;
	case IF_LEQ: return order <= 0;
	case IF_GTR: return order > 0;
	default: return order >= 0;
	}
}

static bool
holds(struct cmd *c, const struct node *n)
{
	WCHAR *a = cmd_expand(c, n->a), *b = n->b ? cmd_expand(c, n->b) : NULL, *value;
	struct wtext name = { 0 };
	int32_t level = 0;
	bool is;

	switch (n->test) {
	case IF_EXIST:
		expand_unquote(a, &name);
		/* folder\ and folder\. ask for a folder */
		is = name.n && cmd_exists(wtext_of(&name));
		break;
	case IF_DEFINED:
		value = cmd_variable(c, a);
		is = value;
		free(value);
		break;
	case IF_ERRORLEVEL:
		wtext_int(a, &level);
		is = c->errorlevel >= level;
		break;
	case IF_VERSION:
		wtext_int(a, &level);
		is = 2 >= level;
		break;
	default: is = relation(n, a, b);
	}
	wtext_free(&name);
	free(a);
	free(b);
	return is != n->not ;
}

/* -- commands --------------------------------------------------------------------------- */

static bool
delimits(WCHAR c)
{
	return c == ' ' || c == '\t' || c == ',' || c == ';' || c == '=' || c == '\n';
}

/* "D:" alone makes that drive the current one. */
static bool
drive(struct cmd *c, const WCHAR *text)
{
	WCHAR name[3] = { text[0], ':', 0 };

	if (text[0] > 'z' || wtext_upper(text[0]) < 'A' || text[1] != ':')
		return false;
	for (const WCHAR *p = text + 2; *p; p++)
		if (!delimits(*p))
			return false;
	if (kernel32_SetCurrentDirectoryW(name))
		c->errorlevel = 0;
	else
		c->errorlevel = cmd_system(c, 15);
	return true;
}

/* May this builtin's success be seen in ERRORLEVEL?  Microsoft's list: some leave it alone. */
static void
remember(struct cmd *c, const struct builtin *b, int32_t code)
{
	bool keeps = false, in_cmd = false;

	for (const char *f = b->flags; *f; f++) {
		keeps |= *f == 'K';
		in_cmd |= *f == 'C';
	}
	if (code == 0 && keeps)
		return;
	if (code == 0 && in_cmd && c->batch && wtext_is(wtext_rchr(c->batch->path, '.'), ".bat"))
		return;
	c->errorlevel = code;
}

int32_t
cmd_text(struct cmd *c, const WCHAR *text)
{
	const WCHAR *args;

	while (delimits(*text))
		text++;
	if (!*text)
		return c->errorlevel;
	if (drive(c, text))
		return c->errorlevel;
	const struct builtin *b = builtin_named(text, &args);
	if (!b)
		return cmd_external(c, text);
	int32_t code = b->run(c, args);
	if (!c->jump)
		remember(c, b, code);
	return code;
}

static int32_t
bare(struct cmd *c, const struct node *n)
{
	int32_t code = 0;
	WCHAR *text;

	switch (n->kind) {
	case NODE_COMMAND:
		text = cmd_expand(c, n->text);
		code = cmd_text(c, text);
		free(text);
		return code;
	case NODE_REM: return 0;
	case NODE_BLOCK: return cmd_run(c, n->left);
	case NODE_IF:
		if (holds(c, n))
			return cmd_run(c, n->left);
		return n->right ? cmd_run(c, n->right) : 0;
	case NODE_FOR: return cmd_for(c, n);
	case NODE_PIPE: return pipeline(c, n);
	case NODE_THEN:
		code = cmd_run(c, n->left);
		return c->jump || !n->right ? code : cmd_run(c, n->right);
	case NODE_AND:
		code = cmd_run(c, n->left);
		return c->jump || code != 0 ? code : cmd_run(c, n->right);
	case NODE_OR:
		code = cmd_run(c, n->left);
		return c->jump || code == 0 ? code : cmd_run(c, n->right);
	}
	return code;
}

int32_t
cmd_run(struct cmd *c, const struct node *n)
{
	HANDLE saved[CMD_HANDLES];
	struct vec opened = { 0 };
	int32_t code = 1;
	bool fine = true;

	if (!n || c->jump)
		return c->errorlevel;
	if (!n->redirects)
		return bare(c, n);
	for (int i = 0; i < CMD_HANDLES; i++)
		saved[i] = c->std[i];
	for (const struct redirect *r = n->redirects; r && fine; r = r->next)
		fine = redirect(c, r, &opened);
	if (fine)
		code = bare(c, n);
	else
		c->errorlevel = 1;
	for (int i = 0; i < CMD_HANDLES; i++)
		c->std[i] = saved[i];
	for (size_t i = 0; i < opened.n; i++)
		kernel32_CloseHandle(opened.p[i]);
	vec_free(&opened);
	return code;
}

/* -- lines ------------------------------------------------------------------------------ */

static bool
more(void *ctx, struct wtext *out)
{
	struct cmd *c = ctx;
	struct wtext line = { 0 };
	struct expand x;

	if (!c->batch || !cmd_next_line(c, &line))
		return false;
	cmd_expander(c, &x);
	expand_percent(&x, wtext_of(&line), out);
	wtext_free(&line);
	return true;
}

/* A batch file shows what it runs, with its prompt, unless it was told not to. */
static void
show(struct cmd *c, const struct node *n)
{
	struct wtext t = { 0 };

	if (!c->echo || !c->batch || n->silent)
		return;
	WCHAR *cd = cmd_current();
	wtext_ascii(&t, "\r\n");
	wtext_add(&t, cd);
	wtext_addc(&t, '>');
	free(cd);
	syntax_show(n, &t);
	wtext_ascii(&t, " \r\n");
	cmd_out(c, wtext_of(&t));
	wtext_free(&t);
}

static void
syntax(struct cmd *c, const struct parse *p)
{
	struct wtext t = { 0 };

	if (p->unexpected) {
		wtext_add(&t, p->unexpected);
		wtext_ascii(&t, " was unexpected at this time.\r\n");
	} else {
		wtext_ascii(&t, "The syntax of the command is incorrect.\r\n");
	}
	cmd_write(c, c->std[2], t.p, t.n);
	wtext_free(&t);
	c->errorlevel = c->batch ? 255 : 1;
	if (c->batch)
		c->jump = JUMP_ABORT;
}

int32_t
cmd_line(struct cmd *c, const WCHAR *line)
{
	struct parse p = { .arena = arena_new(), .more = more, .ctx = c };
	struct wtext t = { 0 };
	struct expand x;
	int32_t code = c->errorlevel;

	cmd_expander(c, &x);
	expand_percent(&x, line, &t);
	struct node *n = syntax_line(&p, wtext_of(&t));
	wtext_free(&t);
	if (p.failed) {
		syntax(c, &p);
		code = c->errorlevel;
	} else if (n) {
		show(c, n);
		code = cmd_run(c, n);
	}
	syntax_free(&p);
	arena_free(p.arena);
	return code;
}
