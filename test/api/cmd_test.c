/* SPDX-License-Identifier: Apache-2.0 */
/* The expansions, the parser and the arithmetic of cmd, by tables. */
#include "test/unit.h"

#include <stdlib.h>
#include <string.h>

#include "layer/api/cmd/arith.h"
#include "layer/api/cmd/expand.h"
#include "layer/api/cmd/syntax.h"

static WCHAR *
wide(const char *s)
{
	struct wtext t = { 0 };

	wtext_utf8(&t, s, strlen(s));
	return wtext_take(&t);
}

static void
same(const WCHAR *got, const char *want, const char *of)
{
	char *s = wtext_to_utf8(got, wtext_len(got), NULL);

	if (strcmp(s, want) != 0)
		print_message("# of '%s'\n", of);
	assert_string_equal(s, want);
	free(s);
}

/* -- expansion -------------------------------------------------------------------- */

static WCHAR *
variable(void *ctx, const WCHAR *name)
{
	(void)ctx;
	if (wtext_is(name, "name"))
		return wide("Joist is here");
	if (wtext_is(name, "n"))
		return wide("12");
	if (wtext_is(name, "path"))
		return wide("C:\\bin;D:\\x");
	if (wtext_is(name, "odd name (x86)"))
		return wide("odd");
	if (wtext_is(name, "bang"))
		return wide("a!n!b%n%");
	return NULL;
}

static WCHAR *
argument(void *ctx, int n)
{
	static const char *const args[] = { "run.bat", "\"C:\\a b\\c.d.txt\"", "plain" };

	(void)ctx;
	if (n < 0)
		return wide("\"C:\\a b\\c.d.txt\" plain");
	return n < 3 ? wide(args[n]) : wide("");
}

static WCHAR *
of_for(void *ctx, WCHAR c)
{
	(void)ctx;
	return c == 'i' ? wide("\"D:\\some dir\\file.tar.gz\"") : c == 'a' ? wide("one") : NULL;
}

static WCHAR *
about(void *ctx, const WCHAR *path, char what)
{
	(void)ctx;
	(void)path;
	return wide(what == 'a' ? "--a------" : what == 't' ? "01/02/2026 03:04 PM" : "321");
}

static WCHAR *
search(void *ctx, const WCHAR *var, const WCHAR *name)
{
	(void)ctx;
	return wtext_is(var, "path") && wtext_is(name, "plain") ? wide("C:\\bin\\plain") : NULL;
}

static const struct expand batch = { true,   true, NULL,  variable, argument,
	                             of_for, NULL, about, search };
static const struct expand prompt = {
	false, true, NULL, variable, NULL, of_for, NULL, about, search
};

static void
percents_are_expanded_as_in_batch_files(void **state)
{
	static const char *const rows[][2] = {
		{ "echo %NAME%", "echo Joist is here" },
		{ "%name:~0,5%", "Joist" },
		{ "%name:~6%", "is here" },
		{ "%name:~-4%", "here" },
		{ "%name:~-4,-1%", "her" },
		{ "%name:~0,-5%", "Joist is" },
		{ "%name:~99%", "" },
		{ "%name:is=was%", "Jowast was here" },
		{ "%name:IS=%", "Jot  here" },
		{ "%name:*is=X%", "Xt is here" },
		{ "%name:zz=y%", "Joist is here" },
		{ "%none%", "" },
		{ "a%none:x=y%b", "ax=yb" },
		{ "100%%", "100%" },
		{ "%%i", "%i" },
		{ "50% off", "50 off" },
		{ "%odd name (x86)%", "odd" },
		{ "%0 %1 %2 %3.", "run.bat \"C:\\a b\\c.d.txt\" plain ." },
		{ "%~1", "C:\\a b\\c.d.txt" },
		{ "%~d1|%~p1|%~n1|%~x1", "C:|\\a b\\|c.d|.txt" },
		{ "%~dp1", "C:\\a b\\" },
		{ "%~nx1", "c.d.txt" },
		{ "%~f1", "C:\\a b\\c.d.txt" },
		{ "%~z1 %~t1 %~a1", "321 01/02/2026 03:04 PM --a------" },
		{ "%~nz1", "321 c.d" },
		{ "%~$PATH:2", "C:\\bin\\plain" },
		{ "%~dp$PATH:2", "C:\\bin\\" },
		{ "%~dp3", "" },
		{ "%*", "\"C:\\a b\\c.d.txt\" plain" },
		{ "%n%%n%", "1212" },
		{ "%bang%", "a!n!b%n%" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct wtext t = { 0 };
		WCHAR *in = wide(rows[i][0]);
		expand_percent(&batch, in, &t);
		same(wtext_of(&t), rows[i][1], rows[i][0]);
		wtext_free(&t);
		free(in);
	}
}

static void
percents_stay_on_a_command_line(void **state)
{
	static const char *const rows[][2] = {
		{ "%none%", "%none%" }, { "%none:~1%", "%none:~1%" },
		{ "100%", "100%" },     { "%n%%", "12%" },
		{ "%1 %*", "%1 %*" },   { "for %i in (%n%) do %i", "for %i in (12) do %i" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct wtext t = { 0 };
		WCHAR *in = wide(rows[i][0]);
		expand_percent(&prompt, in, &t);
		same(wtext_of(&t), rows[i][1], rows[i][0]);
		wtext_free(&t);
		free(in);
	}
}

static void
delayed_and_for_variables(void **state)
{
	static const char *const delayed[][2] = {
		{ "!n!", "12" },       { "a^b", "a^b" },   { "a^b!n!", "ab12" },
		{ "x^!n!", "x!n" },    { "!none!.", "." }, { "!name:~0,1!!name:~-1!", "Je" },
		{ "hello!", "hello" },
	};
	static const char *const loop[][2] = {
		{ "%i", "\"D:\\some dir\\file.tar.gz\"" },
		{ "%~i", "D:\\some dir\\file.tar.gz" },
		{ "%~nxi", "file.tar.gz" },
		{ "%~dpi.", "D:\\some dir\\." },
		{ "%a%b", "one%b" },
		{ "%j %", "%j %" },
		{ "%~na", "one" },
		{ "%~xi%~a", ".gzone" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof delayed / sizeof *delayed; i++) {
		struct wtext t = { 0 };
		WCHAR *in = wide(delayed[i][0]);
		expand_delayed(&batch, in, &t);
		same(wtext_of(&t), delayed[i][1], delayed[i][0]);
		wtext_free(&t);
		free(in);
	}
	for (size_t i = 0; i < sizeof loop / sizeof *loop; i++) {
		struct wtext t = { 0 };
		WCHAR *in = wide(loop[i][0]);
		expand_for(&batch, in, &t);
		same(wtext_of(&t), loop[i][1], loop[i][0]);
		wtext_free(&t);
		free(in);
	}
}

/* -- parser ----------------------------------------------------------------------- */

/* The tree with its precedence made visible. */
static void
draw(const struct node *n, struct wtext *t)
{
	static const char *const ops[] = {
		[NODE_THEN] = " & ", [NODE_AND] = " && ", [NODE_OR] = " || ", [NODE_PIPE] = " | "
	};

	if (!n)
		return;
	switch (n->kind) {
	case NODE_COMMAND:
		wtext_addc(t, '[');
		wtext_add(t, n->text);
		wtext_addc(t, ']');
		break;
	case NODE_REM: wtext_ascii(t, "rem"); break;
	case NODE_BLOCK:
		wtext_addc(t, '{');
		draw(n->left, t);
		wtext_addc(t, '}');
		break;
	case NODE_IF:
		wtext_ascii(t, n->not ? "if not " : "if ");
		wtext_number(t, n->test);
		wtext_addc(t, ' ');
		wtext_add(t, n->a);
		if (n->b) {
			wtext_addc(t, ',');
			wtext_add(t, n->b);
		}
		wtext_addc(t, ' ');
		draw(n->left, t);
		if (n->right) {
			wtext_ascii(t, " else ");
			draw(n->right, t);
		}
		break;
	case NODE_FOR:
		wtext_ascii(t, "for ");
		if (n->mode)
			wtext_addc(t, n->mode);
		if (n->options)
			wtext_add(t, n->options);
		wtext_addc(t, n->letter);
		wtext_addc(t, '(');
		wtext_add(t, n->set);
		wtext_addc(t, ')');
		draw(n->left, t);
		break;
	default:
		wtext_addc(t, '<');
		draw(n->left, t);
		wtext_ascii(t, ops[n->kind]);
		draw(n->right, t);
		wtext_addc(t, '>');
	}
	for (const struct redirect *r = n->redirects; r; r = r->next) {
		wtext_addc(t, (WCHAR)('0' + r->handle));
		wtext_ascii(t, r->kind == REDIRECT_READ     ? "<"
		               : r->kind == REDIRECT_APPEND ? ">>"
		                                            : ">");
		if (r->kind == REDIRECT_DUP) {
			wtext_addc(t, '&');
			wtext_number(t, r->of);
		} else {
			wtext_add(t, r->target);
		}
	}
}

static const char *const *lines;

static bool
next_line(void *ctx, struct wtext *line)
{
	(void)ctx;
	if (!lines || !*lines)
		return false;
	wtext_ascii(line, *lines++);
	return true;
}

static void
parsed(const char *text, const char *want)
{
	struct parse p = { .arena = arena_new(), .more = next_line };
	struct wtext t = { 0 };
	WCHAR *in = wide(text);
	struct node *n = syntax_line(&p, in);

	if (p.failed) {
		wtext_ascii(&t, "? ");
		wtext_add(&t, p.unexpected);
	} else {
		draw(n, &t);
	}
	same(wtext_of(&t), want, text);
	/* What is written out again is the same tree. */
	if (n) {
		struct wtext again = { 0 }, tree = { 0 };
		syntax_text(n, &again);
		struct parse q = { .arena = p.arena };
		draw(syntax_line(&q, wtext_of(&again)), &tree);
		same(wtext_of(&tree), want, text);
		syntax_free(&q);
		wtext_free(&again);
		wtext_free(&tree);
	}
	wtext_free(&t);
	syntax_free(&p);
	arena_free(p.arena);
	free(in);
}

static void
lines_become_trees(void **state)
{
	static const char *const rows[][2] = {
		{ "", "" },
		{ "  echo hi", "[echo hi]" },
		{ "a & b && c || d | e", "<[a ] & <<[b ] && [c ]> || <[d ] | [e]>>>" },
		{ "a|b|c", "<[a] | <[b] | [c]>>" },
		{ "@echo off", "[echo off]" },
		{ "echo a^&b \"c&d\"", "[echo a&b \"c&d\"]" },
		{ "echo a^^b", "[echo a^b]" },
		{ "dir >out.txt 2>&1", "[dir  ]1>out.txt2>&1" },
		{ "echo x>>\"a b\"", "[echo x]1>>\"a b\"" },
		{ "echo 12>f", "[echo 12]1>f" },
		{ "echo 1 2>f", "[echo 1 ]2>f" },
		{ ">f echo hi", "[echo hi]1>f" },
		{ "sort<in>out", "[sort]0<in1>out" },
		{ "(a & b) > f", "{<[a ] & [b]>}1>f" },
		{ "(a) && (b)", "<{[a]} && {[b]}>" },
		{ "if exist x del x", "if 0 x [del x]" },
		{ "if not defined A (b) else c & d", "if not 1 A {[b]} else <[c ] & [d]>" },
		{ "if errorlevel 1 goto x", "if 2 1 [goto x]" },
		{ "if \"%a\"==\"x y\" echo", "if 4 \"%a\",\"x y\" [echo]" },
		{ "if /i a==A b & c", "if 4 a,A <[b ] & [c]>" },
		{ "if 1 LSS 2 (a) ELSE (b)", "if 7 1,2 {[a]} else {[b]}" },
		{ "if a neq b if c==d e", "if 6 a,b if 4 c,d [e]" },
		{ "for %i in (1 2,3) do echo %i", "for i(1 2,3)[echo %i]" },
		{ "for /l %n in (1,1,3) do (a&b)", "for Ln(1,1,3){<[a] & [b]>}" },
		{ "for /f \"tokens=1,2 delims=;\" %a in ('x ^| y') do z",
		  "for F\"tokens=1,2 delims=;\"a('x | y')[z]" },
		{ "for /r C:\\x %f in (*.c) do z", "for RC:\\xf(*.c)[z]" },
		{ "rem a & b", "rem" },
		{ "a & rem b & c", "<[a ] & rem>" },
		{ ":label is here", "" },
		{ "a &", "[a ]" },
		{ "a && && b", "? &&" },
		{ "| a", "? |" },
		{ "if a b", "? b" },
		{ "if exist", "? " },
		{ "(a", "? " },
		{ "for i in (a) do b", "? i" },
		{ "for %i in (a) b", "? b" },
		{ "echo a >", "? " },
		{ "(a) b", "? b" },
		{ "echo a)", "[echo a)]" },
		{ "(echo a^))", "{[echo a)]}" },
		{ "(echo \")\")", "{[echo \")\"]}" },
	};

	(void)state;
	lines = NULL;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		parsed(rows[i][0], rows[i][1]);
}

static void
blocks_go_over_many_lines(void **state)
{
	static const char *const block[] = { "  echo a",    "",         "  if 1==1 (", "echo b",
		                             "  ) else (",  "rem no )", "echo c)",     ") >out",
		                             "echo behind", NULL };
	static const char *const set[] = { "one", "two) do (", "echo %i", ")", NULL };
	static const char *const long_line[] = { "b", NULL };

	(void)state;
	lines = block;
	parsed("(", "{<[echo a] & if 4 1,1 {[echo b]} else {<rem & [echo c]>}>}1>out");
	assert_string_equal(*lines, "echo behind");
	lines = set;
	parsed("for %i in (", "for i( one two){[echo %i]}");
	lines = long_line;
	parsed("echo a^", "[echo ab]");
}

/* -- set /a ----------------------------------------------------------------------- */

static int32_t assigned;

static void
assign(void *ctx, const WCHAR *name, int32_t value)
{
	(void)ctx;
	(void)name;
	assigned = value;
}

static void
set_a_calculates(void **state)
{
	static const struct {
		const char *text;
		int32_t value, error;
	} rows[] = {
		{ "1+2*3", 7, 0 },
		{ "(1+2)*3", 9, 0 },
		{ "7/2", 3, 0 },
		{ "-7/2", -3, 0 },
		{ "7%4", 3, 0 },
		{ "1<<4|1", 17, 0 },
		{ "6&3^1", 3, 0 },
		{ "0x10+010", 24, 0 },
		{ "!0+!5", 1, 0 },
		{ "~5", -6, 0 },
		{ "- -3", 3, 0 },
		{ "n*2", 24, 0 },
		{ "undefined+1", 1, 0 },
		{ "x=5", 5, 0 },
		{ "x+=5", 5, 0 },
		{ "n-=2", 10, 0 },
		{ "a=b=4", 4, 0 },
		{ "1,2,3", 3, 0 },
		{ "\"n + 1\"", 13, 0 },
		{ "2147483647+1", INT32_MIN, 0 },
		{ "-2147483647-1", INT32_MIN, 0 },
		{ "(0-2147483647-1)/-1", INT32_MIN, 0 },
		{ "1/0", 0, 1073750993 },
		{ "1%0", 0, 1073750993 },
		{ "(1", 0, 1073750988 },
		{ "1)", 0, 1073750988 },
		{ "1+", 0, 1073750989 },
		{ "1 2", 0, 1073750990 },
		{ "08", 0, 1073750991 },
		{ "12x", 0, 1073750991 },
		{ "99999999999", 0, 1073750992 },
	};
	const struct arith a = { NULL, variable, assign };

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		WCHAR *in = wide(rows[i].text);
		const char *why = NULL;
		int32_t v = 0, error = arith_run(&a, in, &v, &why);
		if (error != rows[i].error || (!error && v != rows[i].value))
			print_message("# of '%s': %d, %d\n", rows[i].text, v, error);
		assert_int_equal(error, rows[i].error);
		assert_int_equal(!error, !why);
		if (!error)
			assert_int_equal(v, rows[i].value);
		free(in);
	}
	WCHAR *in = wide("x=2+3");
	const char *why;
	int32_t v;
	assert_int_equal(arith_run(&a, in, &v, &why), 0);
	assert_int_equal(assigned, 5);
	free(in);
}

static void
names_match_patterns(void **state)
{
	static const struct {
		const char *pattern, *name;
		bool is;
	} rows[] = {
		{ "*.*", "README", true },       { "*.txt", "a.TXT", true },
		{ "*.txt", "a.txt.bak", false }, { "a?c", "abc", true },
		{ "a?c", "ac", false },          { "a??", "a", true },
		{ "*a*b*", "xxaYYbz", true },    { "*.", "name", true },
		{ "foo*.c", "foo1.c", true },    { "foo", "FOO", true },
		{ "foo.*", "foo", true },        { "", "x", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		WCHAR *p = wide(rows[i].pattern), *n = wide(rows[i].name);
		if (wtext_match(p, n) != rows[i].is)
			print_message("# %s %s\n", rows[i].pattern, rows[i].name);
		assert_int_equal(wtext_match(p, n), rows[i].is);
		free(p);
		free(n);
	}
}

UNIT_MAIN(cmocka_unit_test(percents_are_expanded_as_in_batch_files),
          cmocka_unit_test(percents_stay_on_a_command_line),
          cmocka_unit_test(delayed_and_for_variables), cmocka_unit_test(lines_become_trees),
          cmocka_unit_test(blocks_go_over_many_lines), cmocka_unit_test(set_a_calculates),
          cmocka_unit_test(names_match_patterns))
