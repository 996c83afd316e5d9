/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/json.h"
#include "base/str.h"
#include "cli/cli.h"

const struct flag cli_flags[] = {
#define VERB(...)
#define VERB_OF(...)
#define FLAG(set, letter, name, kind, argument, help)                                              \
	{ set, letter, name, KIND_##kind, argument, help },
#include "cli/verb.def"
#undef VERB
#undef VERB_OF
#undef FLAG
	{ 0, 0, NULL, KIND_BOOL, NULL, NULL },
};

const struct verb *
parse_verb(const char *name)
{
	for (const struct verb *v = cli_verbs; v->name; v++)
		if (strcmp(v->name, name) == 0)
			return v;
	return NULL;
}

/* "disk" of "disk new": how long it is, 0 for no noun. */
static size_t
noun_in(const char *name)
{
	size_t n = strcspn(name, " ");

	for (const struct verb *v = cli_verbs; v->name; v++)
		if (strncmp(v->name, name, n) == 0 && v->name[n] == ' ')
			return n;
	return 0;
}

const struct verb *
parse_words(char **word, int n)
{
	const struct verb *v = n > 0 ? parse_verb(word[0]) : NULL;

	if (!v && n > 1 && noun_in(word[0])) {
		char *both = xprintf("%s %s", word[0], word[1]);
		v = parse_verb(both);
		free(both);
	}
	return v;
}

static const struct flag *
by_name(unsigned sets, const char *name, size_t n)
{
	for (const struct flag *f = cli_flags; f->name; f++)
		if ((f->set & sets) && strlen(f->name) == n && memcmp(f->name, name, n) == 0)
			return f;
	/* A word that is well known elsewhere. */
	if (n == 7 && memcmp(name, "network", n) == 0)
		return by_name(sets, "net", 3);
	return NULL;
}

static const struct flag *
by_letter(unsigned sets, char letter)
{
	for (const struct flag *f = cli_flags; f->name; f++)
		if ((f->set & sets) && f->letter == letter)
			return f;
	return NULL;
}

/* How far two words are apart (Levenshtein), for "did you mean". */
static size_t
distance(const char *a, const char *b)
{
	size_t n = strlen(b), row[64];

	if (n >= 63)
		return 63;
	for (size_t k = 0; k <= n; k++)
		row[k] = k;
	for (size_t i = 1; *a; a++, i++) {
		size_t diagonal = row[0];
		row[0] = i;
		for (size_t k = 1; k <= n; k++) {
			size_t best = diagonal + (*a != b[k - 1]);
			diagonal = row[k];
			if (row[k] + 1 < best)
				best = row[k] + 1;
			if (row[k - 1] + 1 < best)
				best = row[k - 1] + 1;
			row[k] = best;
		}
	}
	return row[n];
}

static int
no_flag(const struct verb *v, const char *word, struct err *e)
{
	const char *near = NULL;
	size_t best = 3;
	char *bare = xprintf("%.*s", (int)strcspn(word, "="), word);

	for (const struct flag *f = cli_flags; f->name; f++) {
		char *full = xprintf("--%s", f->name);
		size_t d = f->set & (v->sets | SET_GLOBAL) ? distance(bare, full) : 99;
		free(full);
		if (d < best) {
			best = d;
			near = f->name;
		}
	}
	fail(e, EINVAL, "'%s' has no flag '%s'", v->name, bare);
	free(bare);
	if (near)
		return err_hint(e, "did you mean --%s? See: joist help %s", near, v->name);
	return err_hint(e, "see: joist help %s", v->name);
}

static int
bad_value(const struct flag *f, const char *value, const char *form, struct err *e)
{
	fail(e, EINVAL, "--%s '%s' is not %s", f->name, value, form);
	return err_hint(e, "%s: %s", f->argument, f->help);
}

static int
set(struct call *c, const struct flag *f, const char *value, struct err *e)
{
	char *key = xstrdup(f->name);
	json_t *v = NULL;
	int64_t i;
	uint64_t u;
	int rc = 0;

	for (char *p = key; *p; p++)
		if (*p == '-')
			*p = '_';
	switch (f->kind) {
	case KIND_BOOL:
		if (!value || strcmp(value, "true") == 0)
			v = json_true();
		else if (strcmp(value, "false") == 0)
			v = json_false();
		else
			rc = bad_value(f, value, "true or false", e);
		break;
	case KIND_INT:
		if (str_i64(value, INT64_MIN, INT64_MAX, &i))
			v = json_integer(i);
		else
			rc = bad_value(f, value, "a whole number", e);
		break;
	case KIND_REAL: {
		char *end;
		double d = strtod(value, &end);
		if (*value && !*end)
			v = json_real(d);
		else
			rc = bad_value(f, value, "a number", e);
		break;
	}
	case KIND_SIZE:
		if (str_size(value, &u))
			v = json_integer((json_int_t)u);
		else
			rc = bad_value(f, value, "a size such as 512M or 2G", e);
		break;
	case KIND_TIME:
		if (str_duration(value, &i))
			v = json_integer(i);
		else
			rc = bad_value(f, value, "a time such as 10s or 1m30s", e);
		break;
	case KIND_STR: v = json_string(value); break;
	case KIND_LIST:
		v = json_object_get(c->flags, key);
		v = v ? json_incref(v) : json_array();
		if (json_array_append_new(v, json_string(value)) < 0)
			rc = bad_value(f, "(bytes)", "valid UTF-8", e);
		break;
	}
	if (rc == 0 && !v)
		rc = bad_value(f, "(bytes)", "valid UTF-8", e);
	if (rc == 0)
		json_object_set_new(c->flags, key, v);
	free(key);
	return rc;
}

/* One word that begins with '-'; *i moves over a value of its own. */
static int
word(struct call *c, const struct verb *v, unsigned sets, int argc, char **argv, int *i,
     struct err *e)
{
	const char *w = argv[*i];
	const struct flag *f;

	if (w[1] == '-') {
		const char *eq = strchr(w, '=');
		f = by_name(sets, w + 2, eq ? (size_t)(eq - w) - 2 : strlen(w + 2));
		if (!f)
			return no_flag(v, w, e);
		if (f->kind == KIND_BOOL || eq)
			return set(c, f, eq ? eq + 1 : NULL, e);
	} else {
		/* Letters may stand together: -it, -m512M. */
		for (w++;; w++) {
			f = by_letter(sets, *w);
			if (!f) {
				char one[3] = { '-', *w, 0 };
				return no_flag(v, one, e);
			}
			if (f->kind != KIND_BOOL)
				break;
			if (set(c, f, NULL, e) < 0)
				return -1;
			if (!w[1])
				return 0;
		}
		if (w[1])
			return set(c, f, w[1] == '=' ? w + 2 : w + 1, e);
	}
	if (*i + 1 >= argc) {
		fail(e, EINVAL, "--%s needs a value: %s", f->name, f->argument);
		return err_hint(e, "see: joist help %s", v->name);
	}
	return set(c, f, argv[++*i], e);
}

/* SET_GUEST verbs keep their first argument; what follows is the guest's. */
static bool
guest_begins(const struct verb *v, int nargs)
{
	return (v->sets & SET_GUEST) && nargs >= 1;
}

static int
no_verb(const char *name, struct err *e)
{
	const char *near = NULL;
	size_t best = 3;

	for (const struct verb *v = cli_verbs; v->name; v++) {
		size_t d = distance(name, v->name);
		if (d < best) {
			best = d;
			near = v->name;
		}
	}
	fail(e, EINVAL, "there is no verb '%s'", name);
	if (near)
		return err_hint(e, "did you mean '%s'? See: joist help", near);
	return err_hint(e, "see: joist help");
}

/* The words that belong to a noun, for who said only that or another. */
static int
no_word(const char *name, struct err *e)
{
	size_t n = noun_in(name);
	struct str s = { 0 };

	for (const struct verb *v = cli_verbs; v->name; v++)
		if (strncmp(v->name, name, n) == 0 && v->name[n] == ' ')
			str_printf(&s, "%s%s", s.n ? ", " : "", v->name + n + 1);
	if (name[n])
		fail(e, EINVAL, "there is no verb '%s'", name);
	else
		fail(e, EINVAL, "'%s' takes one more word", name);
	err_hint(e, "one of: %s; see: joist help", str_text(&s));
	str_free(&s);
	return -1;
}

/* joist NOUN WORD; of the noun alone its help can be asked for. */
static const struct verb *
two_words(const char *name, int argc, char **argv, int *i, struct call *c, struct err *e)
{
	const char *next = *i < argc ? argv[*i] : "";

	if (strcmp(next, "--help") == 0 || strcmp(next, "-h") == 0) {
		*i = argc;
		c->args[c->nargs++] = (char *)name;
		return parse_verb("help");
	}
	bool word = *next && *next != '-';
	char *both = word ? xprintf("%s %s", name, next) : xstrdup(name);
	const struct verb *v = parse_verb(both);
	*i += word;
	if (!v)
		no_word(both, e);
	free(both);
	return v;
}

/* A negative number is no flag where sizes can be one. */
static bool
is_flag(const struct verb *v, const char *word)
{
	if (word[0] != '-' || !word[1])
		return false;
	return !(v->sets & SET_DISK_RESIZE) || word[1] < '0' || word[1] > '9';
}

/* When nothing else is the artifact, a computer's kernel is, or the first of its disks. */
static void
flag_artifact(struct call *c)
{
	const char *kernel = json_str(c->flags, "kernel", NULL);
	const char *disk = json_string_value(json_array_get(json_object_get(c->flags, "disk"), 0));
	const char *path = kernel ? kernel : disk;
	if (!path)
		return;
	size_t n = strlen(path);
	/* FILE:rw: how it is used is no part of its name */
	if (!kernel && n > 3 &&
	    (strcmp(path + n - 3, ":rw") == 0 || strcmp(path + n - 3, ":ro") == 0))
		n -= 3;
	/* a name without a slash would be an image's; the flags own the text */
	json_object_set_new(c->flags, "artifact",
	                    json_sprintf("%s%.*s", *path == '/' ? "" : "./", (int)n, path));
	c->args[c->nargs++] = (char *)json_str(c->flags, "artifact", NULL);
}

int
parse_line(int argc, char **argv, struct call *c, struct err *e)
{
	static const struct verb none = { .name = "joist", .sets = SET_GLOBAL };
	int i = 1;

	c->flags = json_object();
	c->args = xcalloc((size_t)argc + 1, sizeof *c->args);
	for (; i < argc && argv[i][0] == '-' && argv[i][1]; i++)
		if (word(c, &none, SET_GLOBAL, argc, argv, &i, e) < 0)
			return -1;
	const char *name = i < argc ? argv[i++] : "help";
	if (json_is_true(json_object_get(c->flags, "version")))
		name = "version";
	if (json_is_true(json_object_get(c->flags, "help")))
		name = "help";
	if (!parse_verb(name) && noun_in(name))
		c->verb = two_words(name, argc, argv, &i, c, e);
	else if (!(c->verb = parse_verb(name)))
		no_verb(name, e);
	if (!c->verb)
		return -1;
	for (bool flags = true; i < argc; i++) {
		if (guest_begins(c->verb, c->nargs))
			flags = false;
		if (flags && strcmp(argv[i], "--") == 0)
			flags = false;
		else if (flags && is_flag(c->verb, argv[i])) {
			if (word(c, c->verb, c->verb->sets | SET_GLOBAL, argc, argv, &i, e) < 0)
				return -1;
		} else {
			c->args[c->nargs++] = argv[i];
		}
	}
	/* joist run IMAGE -- COMMAND: the dashes only part the two. */
	if (guest_begins(c->verb, c->nargs) && c->nargs > 1 && strcmp(c->args[1], "--") == 0) {
		memmove(&c->args[1], &c->args[2], (size_t)(c->nargs - 1) * sizeof *c->args);
		c->nargs--;
	}
	if (json_is_true(json_object_get(c->flags, "help"))) {
		c->args[0] = (char *)c->verb->name;
		c->nargs = 1;
		c->verb = parse_verb("help");
	}
	if ((c->verb->sets & SET_MACHINE) && c->nargs == 0)
		flag_artifact(c);
	if (c->nargs < c->verb->least || (c->verb->most != MANY && c->nargs > c->verb->most)) {
		fail(e, EINVAL, "'%s' takes %s%s", c->verb->name,
		     *c->verb->arguments ? c->verb->arguments : "no arguments",
		     c->nargs < c->verb->least ? "" : ", not more");
		return err_hint(e, "see: joist help %s", c->verb->name);
	}
	c->quiet = json_is_true(json_object_get(c->flags, "quiet"));
	c->json = json_is_true(json_object_get(c->flags, "json"));
	return 0;
}
