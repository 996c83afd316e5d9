/* SPDX-License-Identifier: Apache-2.0 */
/* mkdoc man|bash|zsh: the manual page and the shells' completion, out of
 * cli/verb.def, so that no flag can be without its line in each of them. */
#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum { MANY = 1 << 20 };
enum kind { BOOL, STR, LIST, INT, REAL, SIZE, TIME };
enum group { RUN, LOOK, ENTER, SAVE, THINGS, DISKS, MORE };

/* The sets of verb.def; which is which does not matter here, only what they share. */
enum {
	SET_GLOBAL = 1 << 0,
	SET_MACHINE = 1 << 1,
	SET_RUN = 1 << 2,
	SET_GUEST = 1 << 3,
	SET_START = 1 << 4,
	SET_STOP = 1 << 5,
	SET_ALL = 1 << 6,
	SET_KILL = 1 << 7,
	SET_RM = 1 << 8,
	SET_JSON = 1 << 9,
	SET_PS = 1 << 10,
	SET_RESTORE = 1 << 22,
	SET_LOGS = 1 << 11,
	SET_TOP = 1 << 12,
	SET_EVENTS = 1 << 13,
	SET_EXEC = 1 << 14,
	SET_ATTACH = 1 << 15,
	SET_CP = 1 << 16,
	SET_REGISTRY = 1 << 17,
	SET_PULL = 1 << 18,
	SET_RMI = 1 << 19,
	SET_IMPORT = 1 << 20,
	SET_EXPORT = 1 << 21,
	SET_DISK_NEW = 1 << 23,
	SET_DISK_INFO = 1 << 24,
	SET_DISK_CONVERT = 1 << 25,
	SET_DISK_CHECK = 1 << 26,
	SET_DISK_SNAPSHOT = 1 << 27,
	SET_DISK_RESIZE = 1 << 28,
	SET_DEBUG = 1 << 29,
};

struct verb {
	const char *name;
	enum group group;
	const char *args;
	int least, most;
	unsigned sets;
	const char *brief, *detail;
};

struct flag {
	unsigned set;
	char letter;
	const char *name;
	enum kind kind;
	const char *arg, *help;
};

#define FLAG(...)
#define VERB(name, group, args, least, most, sets, brief, detail)                                  \
	{ #name, group, args, least, most, sets, brief, detail },
#define VERB_OF(noun, name, group, args, least, most, sets, brief, detail)                         \
	{ #noun " " #name, group, args, least, most, sets, brief, detail },
static const struct verb verbs[] = {
#include "cli/verb.def"
};
#undef FLAG
#undef VERB
#undef VERB_OF

#define VERB(...)
#define VERB_OF(...)
#define FLAG(set, letter, name, kind, arg, help) { set, letter, name, kind, arg, help },
static const struct flag flags[] = {
#include "cli/verb.def"
};
#undef FLAG
#undef VERB
#undef VERB_OF

enum { VERBS = sizeof verbs / sizeof verbs[0], FLAGS = sizeof flags / sizeof flags[0] };

static const char *const group_title[] = {
	[RUN] = "Running machines",
	[LOOK] = "Looking",
	[ENTER] = "Entering",
	[SAVE] = "Going back",
	[THINGS] = "Images",
	[DISKS] = "Disk images",
	[MORE] = "More",
};

/* -- the manual page, mdoc(7) ---------------------------------------------- */

/* Text for roff: no line begins with a control character, a backslash is one,
 * each sentence begins a line and a long one is broken. */
static void
text(const char *s)
{
	bool fresh = true;
	int column = 0;

	for (; *s; s++) {
		if (*s == ' ' && column + 1 + (int)strcspn(s + 1, " ") > 78) {
			putchar('\n');
			fresh = true;
			continue;
		}
		if (fresh && (*s == '.' || *s == '\''))
			fputs("\\&", stdout);
		column = fresh ? 1 : column + 1;
		fresh = false;
		if (*s == '\\') {
			fputs("\\e", stdout);
		} else if (*s == '.' && s[1] == ' ' && isupper((unsigned char)s[2])) {
			fputs(".\n", stdout);
			s++;
			fresh = true;
		} else {
			putchar(*s);
		}
	}
	putchar('\n');
}

/* A sentence: begins with a capital, ends with a full stop. */
static void
sentence(const char *s)
{
	char buf[512];

	snprintf(buf, sizeof buf, "%s", s);
	buf[0] = (char)toupper((unsigned char)buf[0]);
	size_t n = strlen(buf);
	if (n > 0 && n + 1 < sizeof buf && buf[n - 1] != '.') {
		buf[n] = '.';
		buf[n + 1] = '\0';
	}
	text(buf);
}

/* One word as the argument of a macro: a word that is a macro's name or a
 * punctuation mark would be taken for one. */
static void
word(const char *s)
{
	fputs("\\&", stdout);
	for (; *s; s++)
		fputs(*s == '\\' ? "\\e" : *s == '"' ? "\\(dq" : (char[]){ *s, '\0' }, stdout);
}

static void
man_flag(const struct flag *f)
{
	printf(".It ");
	if (f->letter)
		printf("Fl %c , ", f->letter);
	printf("Fl \\-%s", f->name);
	if (f->kind != BOOL) {
		printf(" Ar ");
		word(f->arg);
	}
	putchar('\n');
	sentence(f->help);
	if (f->kind == LIST)
		puts("May be given more than once.");
}

static void
man_flags(unsigned sets)
{
	bool any = false;

	for (int i = 0; i < FLAGS; i++) {
		if (!(flags[i].set & sets))
			continue;
		if (!any)
			puts(".Bl -tag -width Ds");
		any = true;
		man_flag(&flags[i]);
	}
	if (any)
		puts(".El");
}

static void
man_verb(const struct verb *v)
{
	printf(".Ss joist %s\n", v->name);
	puts(".Nm joist");
	printf(".Cm %s\n", v->name);
	if (v->sets & ~(unsigned)SET_GUEST)
		puts(".Op Ar flags");
	if (*v->args) {
		printf(".Ar ");
		word(v->args);
		putchar('\n');
	}
	puts(".Pp");
	sentence(v->brief);
	if (*v->detail)
		text(v->detail);
	if (v->sets & SET_GUEST)
		puts("What follows is the guest's own, also when it begins with a dash.");
	if (v->sets & SET_MACHINE)
		puts("Takes the flags of\n.Sx FLAGS OF A MACHINE .");
	man_flags(v->sets & ~(unsigned)SET_MACHINE);
}

static const char man_head[] =
        ".\\\" Made from cli/verb.def by tool/mkdoc.c (make doc).\n"
        ".Dd November 23, 2026\n"
        ".Dt JOIST 1\n"
        ".Os\n"
        ".Sh NAME\n"
        ".Nm joist\n"
        ".Nd hierarchical virtual machines: isolation is a dial, state is a file\n"
        ".Sh SYNOPSIS\n"
        ".Nm joist\n"
        ".Op Ar global flags\n"
        ".Ar verb\n"
        ".Op Ar flags\n"
        ".Op Ar name | artifact\n"
        ".Op Ar argument ...\n"
        ".Sh DESCRIPTION\n"
        ".Nm\n"
        "runs machines: guests with a name and a life of their own.\n"
        "There is no daemon; one small process, the monitor, belongs to each running\n"
        "machine, and all that is known of a machine is in files.\n"
        "An artifact says by its bytes what it is and on which floor it runs; this\n"
        "version has the operating system floor: containers from OCI images, OCI\n"
        "bundles and plain root folders.\n"
        ".Pp\n"
        "Flags come before the positional arguments.\n"
        "A flag that has a value takes it as the next word or behind an equals sign;\n"
        "letters can be joined\n"
        ".Pq Fl it .\n"
        "Sizes are bytes or have a unit\n"
        ".Pq 512M , 1.5G ;\n"
        "times are seconds or have one\n"
        ".Pq 250ms , 10s , 1h30m .\n"
        ".Pp\n"
        "The global flags are:\n";

static const char man_tail[] =
        ".Sh ENVIRONMENT\n"
        ".Bl -tag -width Ds\n"
        ".It Ev JOIST_ROOT\n"
        "The folder of the store.\n"
        ".It Ev JOIST_LIBEXEC\n"
        "The folder of the helper programs, when they are not beside\n"
        ".Nm .\n"
        ".It Ev XDG_DATA_HOME\n"
        "Where the store of a user other than root is.\n"
        ".El\n"
        ".Sh FILES\n"
        ".Bl -tag -width Ds\n"
        ".It Pa /var/lib/joist\n"
        "The store of root.\n"
        ".It Pa ~/.local/share/joist\n"
        "The store of another user.\n"
        ".It Pa ~/.docker/config.json\n"
        "Credentials for registries.\n"
        ".El\n"
        ".Sh EXIT STATUS\n"
        "The exit status of\n"
        ".Cm run ,\n"
        ".Cm exec\n"
        "and\n"
        ".Cm attach\n"
        "is the guest's own, or 128 and the number of the signal that ended it.\n"
        "Otherwise it is 0, or:\n"
        ".Bl -tag -width Ds\n"
        ".It 125\n"
        ".Nm\n"
        "itself failed; two lines on standard error say what happened and what to do.\n"
        ".It 126\n"
        "The command cannot be executed.\n"
        ".It 127\n"
        "The command is not there.\n"
        ".El\n"
        ".Sh EXAMPLES\n"
        "Run a program in a root folder, with nothing to prepare:\n"
        ".Dl joist run --rm ./rootfs /bin/sh -c 'echo hello'\n"
        ".Pp\n"
        "Keep a machine with limits and a published port in the background:\n"
        ".Dl joist run -d --name web -m 256M -c 0.5 -p 8080:80 nginx\n"
        ".Pp\n"
        "Look into it, then let it go:\n"
        ".Dl joist exec -it web sh\n"
        ".Dl joist rm -f web\n"
        ".Sh STANDARDS\n"
        "A machine's specification is a configuration of the OCI runtime\n"
        "specification 1.2; images are those of the OCI image specification 1.1, got\n"
        "and sent by the OCI distribution specification 1.1.\n";

static int
man(void)
{
	fputs(man_head, stdout);
	man_flags(SET_GLOBAL);
	puts(".Sh COMMANDS");
	for (int g = RUN; g <= MORE; g++) {
		printf("%s:\n.Bl -tag -width restart -compact\n", group_title[g]);
		for (int i = 0; i < VERBS; i++)
			if ((int)verbs[i].group == g) {
				printf(".It Cm %s\n", verbs[i].name);
				sentence(verbs[i].brief);
			}
		puts(g < MORE ? ".El\n.Pp" : ".El");
	}
	for (int i = 0; i < VERBS; i++)
		man_verb(&verbs[i]);
	puts(".Sh FLAGS OF A MACHINE");
	puts("What\n.Cm run\nand\n.Cm create\ntake; there is no other place to configure a "
	     "machine.");
	man_flags(SET_MACHINE);
	fputs(man_tail, stdout);
	return 0;
}

/* -- verbs of two words ------------------------------------------------------- */

static size_t
noun_length(const struct verb *v)
{
	size_t n = strcspn(v->name, " ");
	return v->name[n] ? n : 0;
}

/* Is it the first verb of its noun? */
static bool
noun_begins(int i)
{
	size_t n = noun_length(&verbs[i]);
	return n > 0 && (i == 0 || strncmp(verbs[i].name, verbs[i - 1].name, n + 1) != 0);
}

/* Its name in the pattern of a shell's case. */
static void
label(const struct verb *v)
{
	for (const char *p = v->name; *p; p++)
		printf(*p == ' ' ? "\\%c" : "%c", *p);
}

/* -- completion ------------------------------------------------------------ */

/* What an argument is, as far as a shell can complete it. */
static const char *
nature(const char *arg)
{
	if (strstr(arg, "ARTIFACT"))
		return "artifact";
	if (strstr(arg, "PATH"))
		return "path";
	if (strstr(arg, "NAME") && strstr(arg, "IMAGE"))
		return "any";
	if (strstr(arg, "IMAGE") && !strstr(arg, "SOURCE"))
		return "image";
	if (strncmp(arg, "NAME", 4) == 0 || strncmp(arg, "[NAME", 5) == 0)
		return "machine";
	if (strstr(arg, "VERB"))
		return "verb";
	if (strstr(arg, "DIR") || strstr(arg, "FILE") || strstr(arg, "SRC") ||
	    strstr(arg, "SOURCE"))
		return "file";
	return "none";
}

static bool
is_choice(const char *arg)
{
	return strchr(arg, '|') && islower((unsigned char)arg[0]);
}

static void
choices(const char *arg)
{
	for (; *arg; arg++)
		putchar(*arg == '|' ? ' ' : *arg);
}

static void
bash_flag_names(unsigned sets)
{
	for (int i = 0; i < FLAGS; i++)
		if (flags[i].set & sets) {
			if (flags[i].letter)
				printf(" -%c", flags[i].letter);
			printf(" --%s", flags[i].name);
		}
}

/* Does the same letter or name mean another thing in another set? */
static void
bash_values(const struct verb *v)
{
	for (int i = 0; i < FLAGS; i++) {
		const struct flag *f = &flags[i];
		if (!(f->set & v->sets) || f->kind == BOOL)
			continue;
		putchar('\t');
		label(v);
		printf(":--%s", f->name);
		if (f->letter) {
			putchar('|');
			label(v);
			printf(":-%c", f->letter);
		}
		if (is_choice(f->arg)) {
			fputs(") _joist_words '", stdout);
			choices(f->arg);
			fputs("' ;;\n", stdout);
		} else {
			printf(") _joist_%s ;;\n", nature(f->arg));
		}
	}
}

static const char bash_head[] =
        "# bash completion for joist; made from cli/verb.def by tool/mkdoc.c (make doc).\n"
        "# shellcheck shell=bash disable=SC2207,SC2034\n"
        "\n"
        "_joist_words() { COMPREPLY=($(compgen -W \"$1\" -- \"$cur\")); }\n"
        "_joist_none() { COMPREPLY=(); }\n"
        "_joist_file() { COMPREPLY=($(compgen -f -- \"$cur\")); compopt -o filenames 2>/dev/null; "
        "}\n"
        "_joist_machine() { _joist_words \"$(joist ps -a --names 2>/dev/null)\"; }\n"
        "_joist_images() { joist images 2>/dev/null | awk 'NR > 1 { print $1 }'; }\n"
        "_joist_image() { _joist_words \"$(_joist_images)\"; }\n"
        "_joist_any() { _joist_words \"$(joist ps -a --names 2>/dev/null) $(_joist_images)\"; }\n"
        "_joist_artifact() {\n"
        "\t_joist_file\n"
        "\tCOMPREPLY+=($(compgen -W \"$(_joist_images)\" -- \"$cur\"))\n"
        "}\n"
        "_joist_path() {\n"
        "\t_joist_file\n"
        "\tCOMPREPLY+=($(compgen -S : -W \"$(joist ps -a --names 2>/dev/null)\" -- \"$cur\"))\n"
        "\tcompopt -o nospace 2>/dev/null\n"
        "}\n"
        "_joist_verb() { _joist_words \"$_joist_verbs\"; }\n";

static const char bash_tail[] =
        "\n"
        "_joist() {\n"
        "\tlocal cur prev verb='' words i w\n"
        "\tcur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}\n"
        "\tfor ((i = 1; i < COMP_CWORD; i++)); do\n"
        "\t\tw=${COMP_WORDS[i]}\n"
        "\t\tcase $w in\n"
        "\t\t--root) i=$((i + 1)) ;;\n"
        "\t\t-*) ;;\n"
        "\t\t*)\n"
        "\t\t\tverb=$w words=$(_joist_second \"$w\")\n"
        "\t\t\t[ -n \"$words\" ] || break\n"
        "\t\t\t[ $((i + 1)) -lt \"$COMP_CWORD\" ] || { _joist_words \"$words\"; return; }\n"
        "\t\t\tverb=\"$w ${COMP_WORDS[i + 1]}\"\n"
        "\t\t\tbreak ;;\n"
        "\t\tesac\n"
        "\tdone\n"
        "\tif [ -z \"$verb\" ]; then\n"
        "\t\tcase $prev:$cur in\n"
        "\t\t--root:*) _joist_file ;;\n"
        "\t\t*:-*) _joist_words \"$_joist_global\" ;;\n"
        "\t\t*) _joist_verb ;;\n"
        "\t\tesac\n"
        "\t\treturn\n"
        "\tfi\n"
        "\t_joist_value \"$verb\" \"$prev\" && return\n"
        "\tcase $cur in\n"
        "\t-*) _joist_words \"$(_joist_flags \"$verb\")\" ;;\n"
        "\t*) _joist_argument \"$verb\" ;;\n"
        "\tesac\n"
        "}\n"
        "complete -F _joist joist\n";

static int
bash(void)
{
	fputs(bash_head, stdout);
	fputs("_joist_verbs='", stdout);
	for (int i = 0; i < VERBS; i++)
		if (!noun_length(&verbs[i]))
			printf("%s%s", i ? " " : "", verbs[i].name);
		else if (noun_begins(i))
			printf(" %.*s", (int)noun_length(&verbs[i]), verbs[i].name);
	fputs("'\n_joist_global='", stdout);
	bash_flag_names(SET_GLOBAL);
	puts("'\n\n# What a verb of two words goes on with.\n_joist_second() {\n\tcase $1 in");
	for (int i = 0; i < VERBS; i++) {
		size_t n = noun_length(&verbs[i]);
		if (noun_begins(i))
			printf("\t%.*s) echo '", (int)n, verbs[i].name);
		if (n)
			printf("%s%s", noun_begins(i) ? "" : " ", verbs[i].name + n + 1);
		if (n && (i + 1 == VERBS || noun_length(&verbs[i + 1]) != n || noun_begins(i + 1)))
			puts("' ;;");
	}
	puts("\tesac\n}\n\n_joist_flags() {\n\tcase $1 in");
	for (int i = 0; i < VERBS; i++) {
		putchar('\t');
		label(&verbs[i]);
		fputs(") echo '", stdout);
		bash_flag_names(verbs[i].sets);
		puts("' ;;");
	}
	puts("\tesac\n}\n\n# What follows a flag that takes a value.\n_joist_value() {\n\tcase "
	     "$1:$2 in");
	for (int i = 0; i < VERBS; i++)
		bash_values(&verbs[i]);
	puts("\t*) return 1 ;;\n\tesac\n}\n\n_joist_argument() {\n\tcase $1 in");
	for (int i = 0; i < VERBS; i++)
		putchar('\t'), label(&verbs[i]), printf(") _joist_%s ;;\n", nature(verbs[i].args));
	puts("\tesac\n}");
	fputs(bash_tail, stdout);
	return 0;
}

/* Text inside '...' and [...] and before a colon of a zsh _arguments line. */
static void
zsh_text(const char *s)
{
	for (; *s; s++) {
		if (*s == '\'')
			fputs("'\\''", stdout);
		else if (strchr("[]:\\", *s))
			printf("\\%c", *s);
		else
			putchar(*s);
	}
}

static void
zsh_action(const char *arg)
{
	if (is_choice(arg)) {
		putchar('(');
		choices(arg);
		putchar(')');
	} else if (strcmp(nature(arg), "file") == 0) {
		fputs("_files", stdout);
	} else if (strcmp(nature(arg), "none") == 0) {
		putchar(' ');
	} else {
		printf("_joist_%s", nature(arg));
	}
}

static void
zsh_flag(const struct flag *f, const char *indent)
{
	const char *again = f->kind == LIST ? "*" : "";

	for (int letter = f->letter ? 1 : 0; letter >= 0; letter--) {
		printf("%s'%s", indent, again);
		if (letter)
			printf("-%c", f->letter);
		else
			printf("--%s%s", f->name, f->kind == BOOL ? "" : "=");
		putchar('[');
		zsh_text(f->help);
		putchar(']');
		if (f->kind != BOOL) {
			putchar(':');
			zsh_text(f->arg);
			putchar(':');
			zsh_action(f->arg);
		}
		puts("' \\");
	}
}

static const char zsh_head[] =
        "#compdef joist\n"
        "# zsh completion for joist; made from cli/verb.def by tool/mkdoc.c (make doc).\n"
        "\n"
        "_joist_machine() { compadd -- ${(f)\"$(joist ps -a --names 2>/dev/null)\"} }\n"
        "_joist_image() { compadd -- ${(f)\"$(joist images 2>/dev/null | awk 'NR > 1 { print $1 "
        "}')\"} }\n"
        "_joist_any() { _joist_machine; _joist_image }\n"
        "_joist_artifact() { _joist_image; _files }\n"
        "_joist_path() { compadd -S : -- ${(f)\"$(joist ps -a --names 2>/dev/null)\"}; _files }\n"
        "_joist_verb() { _describe verb _joist_verbs }\n"
        "\n"
        "_joist_verbs=(\n";

/* 'name:brief' of the verb, or of the second word of one. */
static void
zsh_describe(const char *name, const char *brief, const char *indent)
{
	printf("%s'%s:", indent, name);
	zsh_text(brief);
	puts("'");
}

static void
zsh_verb(const struct verb *v, const char *indent)
{
	char deeper[16];

	snprintf(deeper, sizeof deeper, "%s\t", indent);
	printf("%s_arguments -s \\\n", indent);
	for (int k = 0; k < FLAGS; k++)
		if (flags[k].set & v->sets)
			zsh_flag(&flags[k], deeper);
	printf("%s'%s:", deeper, v->sets & SET_GUEST ? "1" : "*");
	zsh_text(*v->args ? v->args : "nothing");
	putchar(':');
	zsh_action(v->args);
	if (v->sets & SET_GUEST)
		printf("' \\\n%s'*::argument:_files' ;;\n", deeper);
	else
		puts("' ;;");
}

/* The verbs of two words that begin with the one at i. */
static void
zsh_noun(int i)
{
	size_t n = noun_length(&verbs[i]);
	int end = i + 1;

	while (end < VERBS && noun_length(&verbs[end]) == n && !noun_begins(end))
		end++;
	printf("\t%.*s)\n\t\tif (( CURRENT == 2 )); then\n\t\t\tlocal -a second=(\n", (int)n,
	       verbs[i].name);
	for (int k = i; k < end; k++)
		zsh_describe(verbs[k].name + n + 1, verbs[k].brief, "\t\t\t\t");
	puts("\t\t\t)\n\t\t\t_describe verb second\n\t\t\treturn\n\t\tfi\n"
	     "\t\tshift words\n\t\t(( CURRENT-- ))\n\t\tcase $words[1] in");
	for (int k = i; k < end; k++) {
		printf("\t\t%s)\n", verbs[k].name + n + 1);
		zsh_verb(&verbs[k], "\t\t\t");
	}
	puts("\t\tesac ;;");
}

static int
zsh(void)
{
	char noun[32];

	fputs(zsh_head, stdout);
	for (int i = 0; i < VERBS; i++) {
		size_t n = noun_length(&verbs[i]);
		snprintf(noun, sizeof noun, "%.*s", (int)n, verbs[i].name);
		if (n == 0)
			zsh_describe(verbs[i].name, verbs[i].brief, "\t");
		else if (noun_begins(i))
			zsh_describe(noun, group_title[verbs[i].group], "\t");
	}
	puts(")\n\n_joist() {\n\tlocal state line\n\t_arguments -C \\");
	for (int i = 0; i < FLAGS; i++)
		if (flags[i].set & SET_GLOBAL)
			zsh_flag(&flags[i], "\t\t");
	puts("\t\t'1:verb:_joist_verb' \\\n\t\t'*::argument:->rest'\n"
	     "\t[[ $state == rest ]] || return\n\tcase $line[1] in");
	for (int i = 0; i < VERBS; i++) {
		if (noun_begins(i))
			zsh_noun(i);
		if (noun_length(&verbs[i]))
			continue;
		printf("\t%s)\n", verbs[i].name);
		zsh_verb(&verbs[i], "\t\t");
	}
	puts("\tesac\n}\n\n_joist \"$@\"");
	return 0;
}

int
main(int argc, char **argv)
{
	const char *what = argc == 2 ? argv[1] : "";

	if (strcmp(what, "man") == 0)
		return man();
	if (strcmp(what, "bash") == 0)
		return bash();
	if (strcmp(what, "zsh") == 0)
		return zsh();
	fputs("usage: mkdoc man|bash|zsh\n", stderr);
	return 2;
}
