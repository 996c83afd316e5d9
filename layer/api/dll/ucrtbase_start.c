/* SPDX-License-Identifier: Apache-2.0 */
/* ucrtbase_start.c -- what a program's start-up code asks for: initialisers and arguments.
 *
 * A command line is split as "Parsing C command-line arguments" says: 2n backslashes before a
 * quotation mark are n, an odd one makes the mark itself, and two marks inside quotation are
 * one.  The program's name knows no backslashes.
 */
#include "layer/api/dll/dll.h"
#include "layer/api/dll/ucrtbase.h"

#include <string.h>

int ucrtbase_argc;
char **ucrtbase_argv, *ucrtbase_acmdln, *ucrtbase_pgmptr;
WCHAR **ucrtbase_wargv, *ucrtbase_wcmdln, *ucrtbase_wpgmptr;
int ucrtbase_app_type;

static pthread_once_t lined = PTHREAD_ONCE_INIT;

struct list {
	WCHAR **at;
	size_t n, room;
};

static bool
add(struct list *l, const WCHAR *s, size_t n)
{
	if (l->n == l->room) {
		size_t room = l->room ? l->room * 2 : 16;
		WCHAR **at = crt_realloc(l->at, (room + 1) * sizeof *at);
		if (!at)
			return false;
		l->at = at;
		l->room = room;
	}
	WCHAR *copy = crt_alloc((n + 1) * sizeof *copy);
	if (!copy)
		return false;
	memcpy(copy, s, n * sizeof *copy);
	copy[n] = 0;
	l->at[l->n++] = copy;
	l->at[l->n] = NULL;
	return true;
}

static void
begin_line(void)
{
	struct UNICODE_STRING *s = &teb()->ProcessEnvironmentBlock->ProcessParameters->CommandLine;
	size_t n = s->Length / sizeof(WCHAR);
	WCHAR path[1024];
	ucrtbase_wcmdln = crt_zalloc((n + 1) * sizeof(WCHAR));
	if (!ucrtbase_wcmdln)
		return;
	if (s->Buffer)
		memcpy(ucrtbase_wcmdln, s->Buffer, n * sizeof(WCHAR));
	ucrtbase_acmdln = crt_narrow(crt_acp(), ucrtbase_wcmdln);
	n = kernel32_GetModuleFileNameW(NULL, path, 1024);
	if (n > 0 && n < 1024 && (ucrtbase_wpgmptr = crt_zalloc((n + 1) * sizeof(WCHAR)))) {
		memcpy(ucrtbase_wpgmptr, path, n * sizeof(WCHAR));
		ucrtbase_pgmptr = crt_narrow(crt_acp(), ucrtbase_wpgmptr);
	}
}

void
ucrtbase_start_line(void)
{
	pthread_once(&lined, begin_line);
}

/* -- file names for * and ? ------------------------------------------------------------ */

struct find_data {
	DWORD attributes, times[6], size[2], reserved[2];
	WCHAR name[260], alternate[14];
	DWORD rest[2];
};

WINAPI HANDLE kernel32_FindFirstFileW(const WCHAR *, void *);
WINAPI BOOL kernel32_FindNextFileW(HANDLE, void *);
WINAPI BOOL kernel32_FindClose(HANDLE);

static int
compare_names(const WCHAR *a, const WCHAR *b)
{
	for (;; a++, b++) {
		WCHAR x = crt_ctype_upper(*a), y = crt_ctype_upper(*b);
		if (x != y)
			return x < y ? -1 : 1;
		if (x == 0)
			return 0;
	}
}

/* The files that an argument names, sorted; none: the argument itself. */
static bool
expand(struct list *l, const WCHAR *arg, size_t n)
{
	struct find_data d;
	size_t folder = n, first = l->n;
	WCHAR full[1024];
	if (n >= 512)
		return add(l, arg, n);
	while (folder > 0 && arg[folder - 1] != '\\' && arg[folder - 1] != '/' &&
	       arg[folder - 1] != ':')
		folder--;
	HANDLE h = kernel32_FindFirstFileW(arg, &d);
	if (h == INVALID_HANDLE_VALUE)
		return add(l, arg, n);
	do {
		size_t m = crt_wcslen(d.name);
		if (d.name[0] == '.' && (d.name[1] == 0 || (d.name[1] == '.' && d.name[2] == 0)))
			continue;
		memcpy(full, arg, folder * sizeof(WCHAR));
		memcpy(full + folder, d.name, m * sizeof(WCHAR));
		if (!add(l, full, folder + m))
			break;
	} while (kernel32_FindNextFileW(h, &d));
	kernel32_FindClose(h);
	if (l->n == first)
		return add(l, arg, n);
	for (size_t i = first + 1; i < l->n; i++)
		for (size_t j = i; j > first && compare_names(l->at[j], l->at[j - 1]) < 0; j--) {
			WCHAR *swap = l->at[j];
			l->at[j] = l->at[j - 1];
			l->at[j - 1] = swap;
		}
	return true;
}

/* -- splitting --------------------------------------------------------------------------- */

static bool is_blank(WCHAR c) { return c == ' ' || c == '\t'; }

/* One argument from *at into out; true when an unquoted wildcard is in it. */
static bool
argument(const WCHAR **at, WCHAR *out, size_t *n)
{
	const WCHAR *p = *at;
	bool quoted = false, wild = false;
	*n = 0;
	while (*p && (quoted || !is_blank(*p))) {
		size_t slashes = 0;
		for (; *p == '\\'; p++)
			slashes++;
		if (*p != '"') {
			while (slashes-- > 0)
				out[(*n)++] = '\\';
			if (*p && (quoted || !is_blank(*p))) {
				wild |= !quoted && (*p == '*' || *p == '?');
				out[(*n)++] = *p++;
			}
			continue;
		}
		for (size_t i = 0; i < slashes / 2; i++)
			out[(*n)++] = '\\';
		if (slashes % 2) {
			out[(*n)++] = *p++;
		} else if (quoted && p[1] == '"') {
			out[(*n)++] = '"';
			p += 2;
		} else {
			quoted = !quoted;
			p++;
		}
	}
	*at = p;
	return wild;
}

static bool
split(const WCHAR *line, int mode, struct list *l)
{
	size_t n = 0;
	bool quoted = false, good;
	const WCHAR *p = line;
	WCHAR *out = crt_alloc((crt_wcslen(line) + 1) * sizeof *out);
	if (!out)
		return false;
	for (; *p && (quoted || !is_blank(*p)); p++) {
		if (*p == '"')
			quoted = !quoted;
		else
			out[n++] = *p;
	}
	good = add(l, out, n);
	while (good) {
		while (is_blank(*p))
			p++;
		if (!*p)
			break;
		bool wild = argument(&p, out, &n);
		out[n] = 0;
		good = wild && mode == ARGV_EXPANDED ? expand(l, out, n) : add(l, out, n);
	}
	crt_free(out);
	return good;
}

int
ucrtbase_start_argv(int mode, bool wide)
{
	struct list l = { 0 };
	char **narrow;
	if (mode < ARGV_NONE || mode > ARGV_EXPANDED) {
		crt_invalid(EINVAL);
		return EINVAL;
	}
	if (mode == ARGV_NONE)
		return 0;
	ucrtbase_start_line();
	const WCHAR *line =
	        ucrtbase_wcmdln && ucrtbase_wcmdln[0] ? ucrtbase_wcmdln : ucrtbase_wpgmptr;
	if (!line || !split(line, mode, &l))
		return ENOMEM;
	ucrtbase_argc = (int)l.n;
	if (wide) {
		ucrtbase_wargv = l.at;
		return 0;
	}
	narrow = crt_zalloc((l.n + 1) * sizeof *narrow);
	if (!narrow)
		return ENOMEM;
	for (size_t i = 0; i < l.n; i++) {
		narrow[i] = crt_narrow(crt_acp(), l.at[i]);
		crt_free(l.at[i]);
	}
	crt_free(l.at);
	ucrtbase_argv = narrow;
	return 0;
}

WINAPI int
ucrtbase__configure_narrow_argv(int mode)
{
	return ucrtbase_start_argv(mode, false);
}

WINAPI int
ucrtbase__configure_wide_argv(int mode)
{
	return ucrtbase_start_argv(mode, true);
}

/* Behind the program's name, for WinMain(). */
static const WCHAR *
winmain_line(void)
{
	bool quoted = false;
	ucrtbase_start_line();
	const WCHAR *p = ucrtbase_wcmdln ? ucrtbase_wcmdln : u"";
	for (; *p > ' ' || (*p && quoted); p++)
		if (*p == '"')
			quoted = !quoted;
	while (*p && *p <= ' ')
		p++;
	return p;
}

WINAPI WCHAR *
ucrtbase__get_wide_winmain_command_line(void)
{
	return (WCHAR *)winmain_line();
}

WINAPI char *
ucrtbase__get_narrow_winmain_command_line(void)
{
	static char *line;
	if (!line)
		line = crt_narrow(crt_acp(), winmain_line());
	return line;
}

WINAPI int *
ucrtbase___p___argc(void)
{
	return &ucrtbase_argc;
}

WINAPI char ***
ucrtbase___p___argv(void)
{
	return &ucrtbase_argv;
}

WINAPI WCHAR ***
ucrtbase___p___wargv(void)
{
	return &ucrtbase_wargv;
}

WINAPI char **
ucrtbase___p__acmdln(void)
{
	ucrtbase_start_line();
	return &ucrtbase_acmdln;
}

WINAPI WCHAR **
ucrtbase___p__wcmdln(void)
{
	ucrtbase_start_line();
	return &ucrtbase_wcmdln;
}

WINAPI char **
ucrtbase___p__pgmptr(void)
{
	ucrtbase_start_line();
	return &ucrtbase_pgmptr;
}

WINAPI WCHAR **
ucrtbase___p__wpgmptr(void)
{
	ucrtbase_start_line();
	return &ucrtbase_wpgmptr;
}

WINAPI int
ucrtbase__get_pgmptr(char **out)
{
	REQUIRE(out, EINVAL);
	*out = *ucrtbase___p__pgmptr();
	return 0;
}

WINAPI int
ucrtbase__get_wpgmptr(WCHAR **out)
{
	REQUIRE(out, EINVAL);
	*out = *ucrtbase___p__wpgmptr();
	return 0;
}

/* -- initialisers --------------------------------------------------------------------------- */

WINAPI void
ucrtbase__initterm(void(WINAPI **f)(void), void(WINAPI **end)(void))
{
	for (; f < end; f++)
		if (*f)
			(*f)();
}

WINAPI int
ucrtbase__initterm_e(int(WINAPI **f)(void), int(WINAPI **end)(void))
{
	for (; f < end; f++) {
		int r = *f ? (*f)() : 0;
		if (r)
			return r;
	}
	return 0;
}

WINAPI void
ucrtbase__set_app_type(int type)
{
	ucrtbase_app_type = type;
}

WINAPI int
ucrtbase__query_app_type(void)
{
	return ucrtbase_app_type;
}
