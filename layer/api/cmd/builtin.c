/* SPDX-License-Identifier: Apache-2.0 */
/* builtin.c -- the table of commands, and those about the interpreter itself. */
#include "layer/api/cmd/builtin.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/vec.h"
#include "layer/api/nt/teb.h"

static const struct builtin builtins[] = {
#define BUILTIN(name, function, flags, brief) { name, builtin_##function, flags, brief },
#define FALLBACK(...)
#include "layer/api/cmd/builtin.def"
#undef FALLBACK
#undef BUILTIN
};

static const struct builtin fallbacks[] = {
#define BUILTIN(...)
#define FALLBACK(name, ending, function, brief) { name, builtin_##function, "P", brief },
#include "layer/api/cmd/builtin.def"
#undef FALLBACK
#undef BUILTIN
};

static bool
is_letter(WCHAR c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* May this stand directly behind the name: dir/b, cd.., echo.text, cd\x? */
static bool
follows(const struct builtin *b, const WCHAR *s)
{
	if (!*s || wtext_chr(u" \t,;=/\n", *s))
		return true;
	if (strcmp(b->name, "echo") == 0)
		return wtext_chr(u".:([]+\\\"", *s);
	if (strcmp(b->name, "goto") == 0 || strcmp(b->name, "call") == 0)
		return *s == ':';
	return *s == '\\' || *s == '"' || (*s == '.' && (s[1] == '.' || s[1] == '\\' || !s[1]));
}

const struct builtin *
builtin_named(const WCHAR *text, const WCHAR **args)
{
	size_t n = 0;

	while (*text == ' ' || *text == '\t' || *text == ',' || *text == ';' || *text == '=')
		text++;
	while (is_letter(text[n]))
		n++;
	WCHAR *name = wtext_dupn(text, n);
	const struct builtin *found = NULL;
	for (size_t i = 0; i < sizeof builtins / sizeof *builtins && !found; i++)
		if (wtext_is(name, builtins[i].name) && follows(&builtins[i], text + n))
			found = &builtins[i];
	free(name);
	*args = text + n;
	return found;
}

const struct builtin *
builtin_fallback(const WCHAR *name)
{
	const WCHAR *dot = wtext_rchr(name, '.');
	size_t n = dot && (wtext_is(dot, ".exe") || wtext_is(dot, ".com")) ? (size_t)(dot - name)
	                                                                   : wtext_len(name);
	WCHAR *base = wtext_dupn(name, n);
	const WCHAR *last = cmd_base_of(base);
	const struct builtin *found = NULL;

	for (size_t i = 0; i < sizeof fallbacks / sizeof *fallbacks && !found; i++)
		if (wtext_is(last, fallbacks[i].name))
			found = &fallbacks[i];
	free(base);
	return found;
}

static const WCHAR *
trim(const WCHAR *s)
{
	while (*s && wtext_chr(u" \t,;=", *s))
		s++;
	return s;
}

/* Without space at both ends. */
static WCHAR *
trimmed(const WCHAR *s)
{
	s = trim(s);
	size_t n = wtext_len(s);
	while (n && (s[n - 1] == ' ' || s[n - 1] == '\t'))
		n--;
	return wtext_dupn(s, n);
}

int32_t
builtin_nothing(struct cmd *c, const WCHAR *args)
{
	(void)c;
	(void)args;
	return 0;
}

int32_t
builtin_echo(struct cmd *c, const WCHAR *args)
{
	struct wtext t = { 0 };

	if (!*args || *args == ' ' || *args == '\t') {
		const WCHAR *first = args;
		while (*first == ' ' || *first == '\t')
			first++;
		WCHAR *word = trimmed(args);
		bool on = wtext_is(word, "on"), off = wtext_is(word, "off"), none = !*first;
		free(word);
		if (on || off) {
			c->echo = on;
			return 0;
		}
		if (none) {
			cmd_say(c, c->echo ? "ECHO is on." : "ECHO is off.");
			return 0;
		}
	}
	if (*args && *args != '"')
		args++;
	wtext_add(&t, args);
	wtext_ascii(&t, "\r\n");
	cmd_write(c, c->std[1], t.p, t.n);
	wtext_free(&t);
	return 0;
}

int32_t
builtin_call(struct cmd *c, const WCHAR *args)
{
	int32_t code = cmd_call(c, args);

	if (!c->jump)
		c->errorlevel = code;
	return code;
}

int32_t
builtin_leave(struct cmd *c, const WCHAR *args)
{
	struct words w = cmd_words_of(args);
	size_t i = 0;
	bool b = w.n && wtext_is(w.p[0].text, "/b");
	int32_t code;

	i += b;
	if (i < w.n && wtext_int(w.p[i].text, &code))
		c->errorlevel = code;
	c->jump = b && c->batch ? JUMP_RETURN : JUMP_EXIT;
	cmd_words_free(&w);
	return c->errorlevel;
}

int32_t
builtin_jump(struct cmd *c, const WCHAR *args)
{
	const WCHAR *label = trim(args);

	if (!*label) {
		c->jump = c->batch ? JUMP_ABORT : c->jump;
		return c->errorlevel = cmd_fail(c, "No batch label specified to GOTO command.");
	}
	return cmd_goto(c, label) ? c->errorlevel : 1;
}

int32_t
builtin_shift(struct cmd *c, const WCHAR *args)
{
	struct batch *b = c->batch;
	int32_t from = 0;

	args = trim(args);
	if (*args == '/' && (args[1] < '0' || args[1] > '8'))
		return cmd_fail(c, "Invalid parameter to SHIFT command");
	if (*args == '/')
		from = args[1] - '0';
	if (!b || (size_t)from >= b->nargs)
		return 0;
	if (from == 0) {
		b->args++;
		b->shifted++;
	} else {
		free(b->args[from]);
		memmove(b->args + from, b->args + from + 1,
		        (b->nargs - (size_t)from - 1) * sizeof *b->args);
	}
	b->nargs--;
	return 0;
}

int32_t
builtin_setlocal(struct cmd *c, const WCHAR *args)
{
	struct words w = cmd_words_of(args);
	int32_t code = 0;

	if (c->batch)
		cmd_setlocal(c);
	for (size_t i = 0; i < w.n && code == 0; i++) {
		const WCHAR *s = w.p[i].text;
		if (wtext_is(s, "enabledelayedexpansion") || wtext_is(s, "disabledelayedexpansion"))
			c->delayed = c->batch ? wtext_upper(*s) == 'E' : c->delayed;
		else if (wtext_is(s, "enableextensions") || wtext_is(s, "disableextensions"))
			c->extensions = c->batch ? wtext_upper(*s) == 'E' : c->extensions;
		else
			code = cmd_fail(c, "Invalid parameter to SETLOCAL command");
	}
	cmd_words_free(&w);
	return code;
}

int32_t
builtin_endlocal(struct cmd *c, const WCHAR *args)
{
	(void)args;
	cmd_endlocal(c);
	return 0;
}

int32_t
builtin_cls(struct cmd *c, const WCHAR *args)
{
	(void)args;
	cmd_out(c, kernel32_GetFileType(c->std[1]) == FILE_TYPE_CHAR ? u"\033[2J\033[H" : u"\f");
	return 0;
}

int32_t
builtin_ver(struct cmd *c, const WCHAR *args)
{
	const struct PEB *peb = teb()->ProcessEnvironmentBlock;
	struct wtext t = { 0 };

	(void)args;
	wtext_ascii(&t, "\r\nMicrosoft Windows [Version ");
	wtext_number(&t, peb->OSMajorVersion);
	wtext_addc(&t, '.');
	wtext_number(&t, peb->OSMinorVersion);
	wtext_addc(&t, '.');
	wtext_number(&t, peb->OSBuildNumber);
	wtext_ascii(&t, "]\r\n");
	cmd_out(c, wtext_of(&t));
	wtext_free(&t);
	return 0;
}

int32_t
builtin_chcp(struct cmd *c, const WCHAR *args)
{
	args = trim(args);
	if (*args && !wtext_is(args, "65001"))
		return cmd_fail(c, "Invalid code page");
	cmd_say(c, "Active code page: 65001");
	return 0;
}

int32_t
builtin_verify(struct cmd *c, const WCHAR *args)
{
	if (!*trim(args))
		cmd_say(c, "VERIFY is off.");
	return 0;
}

int32_t
builtin_assoc(struct cmd *c, const WCHAR *args)
{
	struct wtext t = { 0 };

	args = trim(args);
	if (!*args)
		return 0;
	wtext_ascii(&t, "File association not found for extension ");
	wtext_add(&t, args);
	wtext_ascii(&t, "\r\n");
	cmd_write(c, c->std[2], t.p, t.n);
	wtext_free(&t);
	return 1;
}

int32_t
builtin_ftype(struct cmd *c, const WCHAR *args)
{
	struct wtext t = { 0 };

	args = trim(args);
	if (!*args)
		return 0;
	wtext_ascii(&t, "File type '");
	wtext_add(&t, args);
	wtext_ascii(&t, "' not found or no open command associated with it.\r\n");
	cmd_write(c, c->std[2], t.p, t.n);
	wtext_free(&t);
	return 2;
}

int32_t
builtin_pause(struct cmd *c, const WCHAR *args)
{
	char b;
	DWORD n;

	(void)args;
	cmd_out(c, u"Press any key to continue . . . ");
	kernel32_ReadFile(c->std[0], &b, 1, &n, NULL);
	cmd_say(c, "");
	return 0;
}

static void
stamp(struct cmd *c, bool date, bool brief)
{
	WCHAR *text = cmd_variable(c, date ? u"DATE" : u"TIME");
	struct wtext t = { 0 };

	if (!brief)
		wtext_ascii(&t, date ? "The current date is: " : "The current time is: ");
	if (!date && brief) {
		struct SYSTEMTIME now;
		kernel32_GetLocalTime(&now);
		int h = now.wHour % 12 ? now.wHour % 12 : 12;
		wtext_ascii(&t, h < 10 ? "0" : "");
		wtext_number(&t, h);
		wtext_ascii(&t, now.wMinute < 10 ? ":0" : ":");
		wtext_number(&t, now.wMinute);
		wtext_ascii(&t, now.wHour < 12 ? " AM" : " PM");
	} else {
		wtext_add(&t, text);
	}
	wtext_ascii(&t, "\r\n");
	cmd_out(c, wtext_of(&t));
	wtext_free(&t);
	free(text);
}

static int32_t
clock_command(struct cmd *c, const WCHAR *args, bool date)
{
	struct words flags = { 0 }, w = cmd_words_flags(args, &flags);
	bool brief = cmd_flag(&flags, "T"), set = w.n > 0;

	cmd_words_free(&w);
	cmd_words_free(&flags);
	if (set) /* the clock is the host's */
		return cmd_system(c, 1314);
	stamp(c, date, brief);
	return 0;
}

int32_t
builtin_date(struct cmd *c, const WCHAR *args)
{
	return clock_command(c, args, true);
}

int32_t
builtin_time(struct cmd *c, const WCHAR *args)
{
	return clock_command(c, args, false);
}

int32_t
builtin_timeout(struct cmd *c, const WCHAR *args)
{
	struct words flags = { 0 }, w = cmd_words_flags(args, &flags);
	int32_t seconds = 0;
	bool has = w.n && wtext_int(w.p[0].text, &seconds);

	/* `/t 5` is a flag and a word. */
	cmd_words_free(&w);
	cmd_words_free(&flags);
	if (!has || seconds < -1 || seconds > 99999)
		return cmd_fail(c, "ERROR: Invalid syntax. Type \"TIMEOUT /?\" for usage.");
	kernel32_Sleep(seconds < 0 ? INFINITE : (DWORD)seconds * 1000);
	return 0;
}

/* start ["title"] [/d folder] [/b] [/wait] ... command */
int32_t
builtin_start(struct cmd *c, const WCHAR *args)
{
	struct wtext folder = { 0 };
	bool wait = false;
	const WCHAR *s = trim(args);
	int32_t code = 0;

	if (*s == '"') { /* a title */
		for (s++; *s && *s != '"'; s++)
			;
		s = trim(s + (*s == '"'));
	}
	while (*s == '/') {
		const WCHAR *rest;
		WCHAR *flag = cmd_name(s + 1, &rest);
		if (wtext_is(flag, "wait") || wtext_is(flag, "w"))
			wait = true;
		s = trim(rest);
		if (wtext_is(flag, "d")) {
			WCHAR *name = cmd_name(s, &rest);
			wtext_add(&folder, name);
			free(name);
			s = trim(rest);
		}
		free(flag);
	}
	const WCHAR *rest, *ignored;
	WCHAR *name = cmd_name(s, &rest), *program = NULL, *current = NULL;
	HANDLE h;
	if (folder.n)
		current = cmd_full(wtext_of(&folder));
	if (!builtin_named(s, &ignored))
		program = cmd_program(c, name);
	if (program && !cmd_is_batch(program))
		h = cmd_spawn(c, program, s, current);
	else if (*s && (program || builtin_named(s, &ignored) || builtin_fallback(name)))
		h = cmd_spawn_self(c, s);
	else if (wtext_is(cmd_base_of(name), "cmd") || wtext_is(cmd_base_of(name), "cmd.exe"))
		h = cmd_spawn(c, NULL, s, current);
	else
		h = NULL;
	if (h && wait) {
		code = c->errorlevel = cmd_wait(h);
	} else if (h) {
		kernel32_CloseHandle(h);
	} else {
		struct wtext t = { 0 };
		wtext_ascii(&t, "The system cannot find the file ");
		wtext_add(&t, name);
		wtext_ascii(&t, ".\r\n");
		cmd_write(c, c->std[2], t.p, t.n);
		wtext_free(&t);
		code = 9059;
	}
	free(current);
	free(program);
	free(name);
	wtext_free(&folder);
	return code;
}

int32_t
builtin_where(struct cmd *c, const WCHAR *args)
{
	struct words flags = { 0 }, w = cmd_words_flags(args, &flags);
	bool quiet = cmd_flag(&flags, "Q");
	int32_t code = w.n ? 0 : 2;

	for (size_t i = 0; i < w.n; i++) {
		WCHAR *found = cmd_program(c, w.p[i].text);
		struct wtext t = { 0 };
		wtext_add(&t, found);
		wtext_ascii(&t, "\r\n");
		if (found && !quiet)
			cmd_out(c, wtext_of(&t));
		if (!found)
			code = 1;
		if (!found && !quiet)
			cmd_fail(c, "INFO: Could not find files for the given pattern(s).");
		wtext_free(&t);
		free(found);
	}
	cmd_words_free(&w);
	cmd_words_free(&flags);
	return code;
}
