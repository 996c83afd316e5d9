/* SPDX-License-Identifier: Apache-2.0 */
/* reg.c -- reg: the registry from a command line.  query, add and delete, with the texts of Windows,
 * which programs look for in what it writes. */
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "layer/api/cmd/builtin.h"

enum { KEY_READ = 0x20019, KEY_WRITE = 0x20006, NAME_MOST = 256, DATA_MOST = 65536, DEEPEST = 64 };
enum { REG_NONE, REG_SZ, REG_EXPAND_SZ, REG_BINARY, REG_DWORD, REG_MULTI_SZ = 7, REG_QWORD = 11 };

WINAPI LONG advapi32_RegOpenKeyExW(HKEY root, const WCHAR *path, DWORD options, ACCESS_MASK access,
                                   HKEY *out);
WINAPI LONG advapi32_RegCreateKeyExW(HKEY root, const WCHAR *path, DWORD reserved, WCHAR *class,
                                     DWORD options, ACCESS_MASK access,
                                     const struct SECURITY_ATTRIBUTES *security, HKEY *out,
                                     DWORD *made);
WINAPI LONG advapi32_RegCloseKey(HKEY h);
WINAPI LONG advapi32_RegEnumKeyExW(HKEY h, DWORD i, WCHAR *name, DWORD *length, DWORD *reserved,
                                   WCHAR *class, DWORD *class_length, struct FILETIME *when);
WINAPI LONG advapi32_RegEnumValueW(HKEY h, DWORD index, WCHAR *name, DWORD *n, DWORD *reserved,
                                   DWORD *type, BYTE *data, DWORD *size);
WINAPI LONG advapi32_RegQueryValueExW(HKEY h, const WCHAR *name, DWORD *reserved, DWORD *type,
                                      BYTE *data, DWORD *n);
WINAPI LONG advapi32_RegSetValueExW(HKEY h, const WCHAR *name, DWORD reserved, DWORD type,
                                    const BYTE *data, DWORD n);
WINAPI LONG advapi32_RegDeleteValueW(HKEY h, const WCHAR *name);
WINAPI LONG advapi32_RegDeleteTreeW(HKEY root, const WCHAR *path);

static const struct {
	const char *word;
	DWORD type;
} types[] = {
	{ "REG_NONE", REG_NONE },           { "REG_SZ", REG_SZ },
	{ "REG_EXPAND_SZ", REG_EXPAND_SZ }, { "REG_BINARY", REG_BINARY },
	{ "REG_DWORD", REG_DWORD },         { "REG_MULTI_SZ", REG_MULTI_SZ },
	{ "REG_QWORD", REG_QWORD },
};

static const struct {
	const char *brief, *full;
	uint32_t key;
} roots[] = {
	{ "HKCR", "HKEY_CLASSES_ROOT", 0x80000000 },   { "HKCU", "HKEY_CURRENT_USER", 0x80000001 },
	{ "HKLM", "HKEY_LOCAL_MACHINE", 0x80000002 },  { "HKU", "HKEY_USERS", 0x80000003 },
	{ "HKCC", "HKEY_CURRENT_CONFIG", 0x80000005 },
};

/* What is asked: the key, and the words behind flags, lent of w. */
struct wish {
	HKEY root;
	const WCHAR *path; /* below the root */
	WCHAR *shown;      /* own: the key's full name */
	const WCHAR *value, *type, *data;
	WCHAR separator;
	bool unnamed, all, deep, force, bad;
};

static bool
is_flag(const WCHAR *s, const char *ascii)
{
	return (*s == '/' || *s == '-') && wtext_is(s + 1, ascii);
}

static void
read_key(const WCHAR *s, struct wish *o)
{
	size_t n = 0;
	while (s[n] && s[n] != '\\')
		n++;
	WCHAR *root = wtext_dupn(s, n);
	for (size_t i = 0; i < sizeof roots / sizeof *roots; i++)
		if (wtext_is(root, roots[i].brief) || wtext_is(root, roots[i].full)) {
			struct wtext t = { 0 };
			wtext_ascii(&t, roots[i].full);
			wtext_add(&t, s + n);
			o->root = (HKEY)(uintptr_t)(int64_t)(int32_t)roots[i].key;
			o->path = s + n + (s[n] == '\\');
			o->shown = wtext_take(&t);
		}
	free(root);
	o->bad |= !o->root;
}

static void
read_wish(const struct words *w, struct wish *o)
{
	*o = (struct wish){ .separator = 0 };
	if (w->n < 2) {
		o->bad = true;
		return;
	}
	read_key(w->p[1].text, o);
	for (size_t i = 2; i < w->n; i++) {
		const WCHAR *s = w->p[i].text, **to = NULL;
		if (is_flag(s, "v"))
			to = &o->value;
		else if (is_flag(s, "t"))
			to = &o->type;
		else if (is_flag(s, "d"))
			to = &o->data;
		else if (is_flag(s, "ve"))
			o->unnamed = true;
		else if (is_flag(s, "va"))
			o->all = true;
		else if (is_flag(s, "f"))
			o->force = true;
		else if (is_flag(s, "s") && wtext_is(w->p[0].text, "add") && i + 1 < w->n)
			o->separator = w->p[++i].text[0];
		else if (is_flag(s, "s"))
			o->deep = true;
		else if (!is_flag(s, "reg:32") && !is_flag(s, "reg:64"))
			o->bad = true;
		if (to && i + 1 < w->n)
			*to = w->p[++i].text;
		else if (to)
			o->bad = true;
	}
	if (o->unnamed)
		o->value = u"";
}

static int32_t
failed(struct cmd *c, LONG error)
{
	return cmd_fail(c, error == 2   ? "ERROR: The system was unable to find the specified "
	                                  "registry key or value."
	                   : error == 5 ? "ERROR: Access is denied."
	                                : "ERROR: The registry cannot do what was asked.");
}

static int32_t
done(struct cmd *c)
{
	cmd_say(c, "The operation completed successfully.");
	return 0;
}

/* -- query ------------------------------------------------------------------------------------- */

static void
hex(struct wtext *t, uint64_t n, unsigned digits, bool upper)
{
	while (digits < 16 && n >> 4 * digits)
		digits++;
	while (digits--)
		wtext_addc(t, (WCHAR)(upper ? "0123456789ABCDEF"
		                            : "0123456789abcdef")[n >> 4 * digits & 15]);
}

static void
show_data(struct wtext *t, DWORD type, const BYTE *data, DWORD n)
{
	uint64_t v = 0;
	const WCHAR *s = (const WCHAR *)(const void *)data;
	switch (type) {
	case REG_SZ:
	case REG_EXPAND_SZ:
		for (DWORD i = 0; i < n / 2 && s[i]; i++)
			wtext_addc(t, s[i]);
		break;
	case REG_MULTI_SZ:
		for (DWORD i = 0; i < n / 2 && (s[i] || (i + 1 < n / 2 && s[i + 1])); i++)
			if (s[i])
				wtext_addc(t, s[i]);
			else
				wtext_ascii(t, "\\0");
		break;
	case REG_DWORD:
	case REG_QWORD:
		memcpy(&v, data, n < sizeof v ? n : sizeof v);
		wtext_ascii(t, "0x");
		hex(t, v, 1, false);
		break;
	default:
		for (DWORD i = 0; i < n; i++)
			hex(t, data[i], 2, true);
	}
}

static void
show_value(struct cmd *c, const WCHAR *name, DWORD type, const BYTE *data, DWORD n)
{
	struct wtext t = { 0 };
	const char *word = "REG_NONE";
	for (size_t i = 0; i < sizeof types / sizeof *types; i++)
		word = types[i].type == type ? types[i].word : word;
	wtext_ascii(&t, "    ");
	if (*name)
		wtext_add(&t, name);
	else
		wtext_ascii(&t, "(Default)");
	wtext_ascii(&t, "    ");
	wtext_ascii(&t, word);
	wtext_ascii(&t, "    ");
	show_data(&t, type, data, n);
	wtext_ascii(&t, "\r\n");
	cmd_out(c, wtext_of(&t));
	wtext_free(&t);
}

static void
show_name(struct cmd *c, const WCHAR *name)
{
	cmd_out(c, name);
	cmd_say(c, "");
}

/* The values of a key that are asked for, under its name; how many. */
static size_t
show_values(struct cmd *c, const struct wish *o, HKEY h, const WCHAR *shown)
{
	BYTE *data = xmalloc(DATA_MOST);
	WCHAR name[NAME_MOST];
	DWORD type, n = NAME_MOST, size = DATA_MOST;
	size_t found = 0;
	for (DWORD i = 0; advapi32_RegEnumValueW(h, i, name, &n, NULL, &type, data, &size) != 259;
	     i++) {
		if (!o->value || wtext_icmp(o->value, name) == 0) {
			if (!found++)
				show_name(c, shown);
			show_value(c, name, type, data, size);
		}
		n = NAME_MOST;
		size = DATA_MOST;
	}
	if (!found && !o->value && o->deep)
		show_name(c, shown);
	if (found || (!o->value && o->deep))
		cmd_say(c, "");
	free(data);
	return found;
}

static size_t
show(struct cmd *c, const struct wish *o, HKEY h, const WCHAR *shown, int depth)
{
	WCHAR name[NAME_MOST];
	DWORD n = NAME_MOST;
	size_t found = show_values(c, o, h, shown);
	for (DWORD i = 0; advapi32_RegEnumKeyExW(h, i, name, &n, NULL, NULL, NULL, NULL) == 0;
	     i++) {
		WCHAR *below = cmd_join(shown, name);
		HKEY k;
		if (!o->deep && !o->value)
			show_name(c, below);
		else if (o->deep && depth < DEEPEST &&
		         advapi32_RegOpenKeyExW(h, name, 0, KEY_READ, &k) == 0) {
			found += show(c, o, k, below, depth + 1);
			advapi32_RegCloseKey(k);
		}
		free(below);
		n = NAME_MOST;
	}
	return found;
}

static int32_t
query(struct cmd *c, const struct wish *o)
{
	HKEY h;
	LONG error = advapi32_RegOpenKeyExW(o->root, o->path, 0, KEY_READ, &h);
	if (error)
		return failed(c, error);
	cmd_say(c, "");
	size_t found = show(c, o, h, o->shown, 0);
	advapi32_RegCloseKey(h);
	return o->value && !found ? failed(c, 2) : 0;
}

/* -- add and delete ------------------------------------------------------------------------------ */

/* Yes or no, of who types; a file's end is a no. */
static bool
sure(struct cmd *c, const WCHAR *what, const char *ask)
{
	struct wtext t = { 0 }, line = { 0 };
	wtext_add(&t, what);
	wtext_ascii(&t, ask);
	cmd_out(c, wtext_of(&t));
	wtext_free(&t);
	bool yes = cmd_read_line(c, c->std[0], &line) && wtext_upper(wtext_of(&line)[0]) == 'Y';
	wtext_free(&line);
	return yes;
}

static bool
digits(const WCHAR *s, uint64_t *out)
{
	unsigned base = s[0] == '0' && (s[1] | 32) == 'x' ? 16 : 10;
	s += base == 16 ? 2 : 0;
	if (!*s)
		return false;
	for (*out = 0; *s; s++) {
		WCHAR c = wtext_upper(*s);
		unsigned d = c >= '0' && c <= '9'   ? c - (unsigned)'0'
		             : c >= 'A' && c <= 'F' ? c - (unsigned)'A' + 10
		                                    : 99;
		if (d >= base || *out > (UINT64_MAX - d) / base)
			return false;
		*out = *out * base + d;
	}
	return true;
}

/* The bytes of a text as a type has them; false: it is none of that type. */
static bool
bytes_of(const struct wish *o, DWORD type, BYTE *out, DWORD *n)
{
	const WCHAR *s = o->data ? o->data : u"";
	size_t length = wtext_len(s);
	uint64_t v = 0;
	if (type == REG_DWORD || type == REG_QWORD) {
		*n = type == REG_DWORD ? 4 : 8;
		if (o->data && (!digits(s, &v) || (type == REG_DWORD && v > UINT32_MAX)))
			return false;
		memcpy(out, &v, *n);
		return true;
	}
	if (type == REG_BINARY) {
		*n = (DWORD)length / 2;
		for (size_t i = 0; i < length; i += 2) {
			const WCHAR pair[] = { '0', 'x', s[i], s[i + 1], 0 };
			if (length % 2 || *n > DATA_MOST || !digits(pair, &v))
				return false;
			out[i / 2] = (BYTE)v;
		}
		return true;
	}
	if (length > DATA_MOST / 2 - 2)
		return false;
	WCHAR *to = (WCHAR *)(void *)out;
	size_t k = 0;
	for (size_t i = 0; i < length; i++)
		if (type == REG_MULTI_SZ && o->separator && s[i] == o->separator)
			to[k++] = 0;
		else if (type == REG_MULTI_SZ && !o->separator && s[i] == '\\' && s[i + 1] == '0')
			to[k++] = 0, i++;
		else
			to[k++] = s[i];
	to[k++] = 0;
	if (type == REG_MULTI_SZ)
		to[k++] = 0;
	*n = (DWORD)(k * 2);
	return true;
}

static int32_t
add_value(struct cmd *c, const struct wish *o, HKEY h)
{
	DWORD type = REG_SZ, n = 0;
	bool known = !o->type;
	for (size_t i = 0; o->type && i < sizeof types / sizeof *types; i++)
		if (wtext_is(o->type, types[i].word)) {
			type = types[i].type;
			known = true;
		}
	BYTE *data = xmalloc(DATA_MOST + 8);
	int32_t code = 1;
	if (!known || !bytes_of(o, type, data, &n)) {
		cmd_fail(c, "ERROR: Invalid syntax.\r\nType \"REG ADD /?\" for usage.");
	} else if (!o->force &&
	           advapi32_RegQueryValueExW(h, o->value, NULL, NULL, NULL, NULL) == 0 &&
	           !sure(c, o->value, " exists, overwrite(Yes/No)? ")) {
		cmd_say(c, "The operation was canceled by the user.");
		code = 0;
	} else {
		LONG error = advapi32_RegSetValueExW(h, o->value, 0, type, data, n);
		code = error ? failed(c, error) : done(c);
	}
	free(data);
	return code;
}

static int32_t
add(struct cmd *c, const struct wish *o)
{
	HKEY h;
	LONG error = advapi32_RegCreateKeyExW(o->root, o->path, 0, NULL, 0, KEY_READ | KEY_WRITE,
	                                      NULL, &h, NULL);
	if (error)
		return failed(c, error);
	int32_t code = o->value ? add_value(c, o, h) : done(c);
	advapi32_RegCloseKey(h);
	return code;
}

static LONG
empty(HKEY h)
{
	WCHAR name[NAME_MOST];
	DWORD n = NAME_MOST;
	LONG error = 0;
	while (!error && advapi32_RegEnumValueW(h, 0, name, &n, NULL, NULL, NULL, NULL) == 0) {
		error = advapi32_RegDeleteValueW(h, name);
		n = NAME_MOST;
	}
	return error;
}

static int32_t delete (struct cmd *c, const struct wish *o)
{
	HKEY h;
	LONG error = advapi32_RegOpenKeyExW(o->root, o->path, 0, KEY_READ | KEY_WRITE, &h);
	if (error)
		return failed(c, error);
	if (!o->force && !sure(c, o->value ? o->value : o->shown, ", delete it (Yes/No)? ")) {
		advapi32_RegCloseKey(h);
		cmd_say(c, "The operation was canceled by the user.");
		return 0;
	}
	if (o->value)
		error = advapi32_RegDeleteValueW(h, o->value);
	else if (o->all)
		error = empty(h);
	advapi32_RegCloseKey(h);
	if (!o->value && !o->all)
		error = advapi32_RegDeleteTreeW(o->root, o->path);
	return error ? failed(c, error) : done(c);
}

int32_t
builtin_reg(struct cmd *c, const WCHAR *args)
{
	struct words w = cmd_words_of(args);
	struct wish o;
	int32_t code = 1;
	read_wish(&w, &o);
	if (o.bad)
		cmd_fail(c, "ERROR: Invalid syntax.\r\nType \"REG /?\" for usage.");
	else if (wtext_is(w.p[0].text, "query"))
		code = query(c, &o);
	else if (wtext_is(w.p[0].text, "add"))
		code = add(c, &o);
	else if (wtext_is(w.p[0].text, "delete"))
		code = delete (c, &o);
	else
		cmd_fail(c, "ERROR: Only query, add and delete are done here.");
	free(o.shown);
	cmd_words_free(&w);
	return code;
}
