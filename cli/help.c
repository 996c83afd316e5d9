/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/str.h"
#include "cli/cli.h"
#include "cli/verbs.h"

static const struct {
	const char *group, *title;
} groups[] = {
	{ "RUN", "Run" },       { "LOOK", "Look" },   { "ENTER", "Enter" }, { "SAVE", "Time" },
	{ "THINGS", "Things" }, { "DISKS", "Disks" }, { "MORE", "More" },
};

/* Text folded at 78 columns behind an indent. */
static void
fold(const char *text, int indent)
{
	int column = indent;

	printf("%*s", indent, "");
	while (*text) {
		size_t n = strcspn(text, " ");
		if (column > indent && column + (int)n + 1 > 78) {
			printf("\n%*s", indent, "");
			column = indent;
		} else if (column > indent) {
			putchar(' ');
			column++;
		}
		fwrite(text, 1, n, stdout);
		column += (int)n;
		text += n + (text[n] == ' ');
	}
	putchar('\n');
}

static void
flag_line(const struct flag *f)
{
	char left[48];

	snprintf(left, sizeof left, "%c%c%s --%s%s%s", f->letter ? '-' : ' ',
	         f->letter ? f->letter : ' ', f->letter ? "," : " ", f->name,
	         *f->argument ? " " : "", f->argument);
	if (strlen(left) > 28)
		printf("  %s\n  %28s  %s\n", left, "", f->help);
	else
		printf("  %-28s  %s\n", left, f->help);
}

static int
one(const struct verb *v)
{
	bool any = false;

	printf("joist %s%s%s%s\n\n", v->name, v->sets & ~(unsigned)SET_GUEST ? " [FLAGS]" : "",
	       *v->arguments ? " " : "", v->arguments);
	printf("  %s.\n", v->brief);
	if (*v->detail) {
		putchar('\n');
		fold(v->detail, 2);
	}
	for (const struct flag *f = cli_flags; f->name; f++) {
		if (!(f->set & v->sets))
			continue;
		if (!any)
			puts("\nFlags:");
		any = true;
		flag_line(f);
	}
	return 0;
}

/* The verbs of a noun, if it is one. */
static bool
noun(const char *name)
{
	size_t n = strlen(name);
	bool any = false;

	for (const struct verb *v = cli_verbs; v->name; v++) {
		if (strncmp(v->name, name, n) != 0 || v->name[n] != ' ')
			continue;
		printf("%sjoist %s %s\n  %s.\n", any ? "\n" : "", v->name, v->arguments, v->brief);
		any = true;
	}
	return any;
}

int
verb_help(struct call *c)
{
	if (c->nargs) {
		const struct verb *v = parse_words(c->args, c->nargs);
		struct err e = { 0 };
		if (v)
			return one(v);
		if (noun(c->args[0]))
			return 0;
		fail(&e, 22, "there is no verb '%s'", c->args[0]);
		err_hint(&e, "see them all: joist help");
		return say_error(&e);
	}
	puts("joist [GLOBAL] VERB [FLAGS] [NAME | ARTIFACT] [ARGS...]\n\n"
	     "Runs containers from images, bundles and folders: one program, no daemon.");
	for (size_t g = 0; g < sizeof groups / sizeof groups[0]; g++) {
		printf("\n%s:\n", groups[g].title);
		for (const struct verb *v = cli_verbs; v->name; v++)
			if (strcmp(v->group, groups[g].group) == 0)
				printf("  %-13s %s\n", v->name, v->brief);
	}
	puts("\nGlobal flags:");
	for (const struct flag *f = cli_flags; f->name; f++)
		if (f->set & SET_GLOBAL)
			flag_line(f);
	puts("\nMore of a verb: joist help VERB.  Try: joist run --rm docker.io/library/alpine:3 "
	     "echo hello");
	return 0;
}
