/* SPDX-License-Identifier: Apache-2.0 */
/* ucrtbase_env.c -- the environment, narrow and wide, and the process' own below them.
 *
 * As on Windows a C program has copies, made at its start; _putenv() changes these and the
 * process' environment.  Strings that getenv() gave stay where they are until their variable
 * changes.
 */
#include "layer/api/dll/dll.h"
#include "layer/api/dll/ucrtbase.h"

#include <string.h>

char **ucrtbase_environ, **ucrtbase_initial_environ;
WCHAR **ucrtbase_wenviron, **ucrtbase_initial_wenviron;

static pthread_once_t begun = PTHREAD_ONCE_INIT;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void
begin(void)
{
	const WCHAR *block = teb()->ProcessEnvironmentBlock->ProcessParameters->Environment;
	size_t n = 0, i = 0;
	for (const WCHAR *p = block; p && *p; p += crt_wcslen(p) + 1)
		n++;
	ucrtbase_wenviron = crt_zalloc((n + 1) * sizeof *ucrtbase_wenviron);
	ucrtbase_environ = crt_zalloc((n + 1) * sizeof *ucrtbase_environ);
	if (!ucrtbase_wenviron || !ucrtbase_environ)
		return;
	for (const WCHAR *p = block; p && *p; p += crt_wcslen(p) + 1) {
		if (*p == '=')
			continue; /* the current folders of drives */
		size_t size = (crt_wcslen(p) + 1) * sizeof *p;
		WCHAR *copy = crt_alloc(size);
		char *narrow = crt_narrow(crt_acp(), p);
		if (!copy || !narrow)
			return;
		memcpy(copy, p, size);
		ucrtbase_wenviron[i] = copy;
		ucrtbase_environ[i++] = narrow;
	}
	ucrtbase_initial_environ = ucrtbase_environ;
	ucrtbase_initial_wenviron = ucrtbase_wenviron;
}

int
ucrtbase_env_begin(void)
{
	pthread_once(&begun, begin);
	return ucrtbase_environ ? 0 : -1;
}

/* Where a name's variable is, or -1. */
static int
find(const WCHAR *name, size_t n)
{
	for (int i = 0; ucrtbase_wenviron[i]; i++) {
		const WCHAR *e = ucrtbase_wenviron[i];
		size_t j = 0;
		while (j < n && e[j] && crt_ctype_upper(e[j]) == crt_ctype_upper(name[j]))
			j++;
		if (j == n && e[n] == '=')
			return i;
	}
	return -1;
}

/* value NULL: it goes. */
static int
set(const WCHAR *name, size_t n, const WCHAR *value)
{
	size_t count = 0;
	int at = find(name, n);
	while (ucrtbase_wenviron[count])
		count++;
	if (!value) {
		if (at < 0)
			return 0;
		crt_free(ucrtbase_wenviron[at]);
		crt_free(ucrtbase_environ[at]);
		/* the order of what is left stays */
		memmove(ucrtbase_wenviron + at, ucrtbase_wenviron + at + 1,
		        (count - (size_t)at) * sizeof *ucrtbase_wenviron);
		memmove(ucrtbase_environ + at, ucrtbase_environ + at + 1,
		        (count - (size_t)at) * sizeof *ucrtbase_environ);
		return 0;
	}
	size_t m = crt_wcslen(value);
	WCHAR *wide = crt_alloc((n + m + 2) * sizeof *wide);
	if (!wide)
		return -1;
	memcpy(wide, name, n * sizeof *wide);
	wide[n] = '=';
	memcpy(wide + n + 1, value, (m + 1) * sizeof *wide);
	char *narrow = crt_narrow(crt_acp(), wide);
	if (!narrow) {
		crt_free(wide);
		return -1;
	}
	if (at >= 0) {
		crt_free(ucrtbase_wenviron[at]);
		crt_free(ucrtbase_environ[at]);
		ucrtbase_wenviron[at] = wide;
		ucrtbase_environ[at] = narrow;
		return 0;
	}
	WCHAR **w = crt_realloc(ucrtbase_wenviron, (count + 2) * sizeof *w);
	if (w)
		ucrtbase_wenviron = w;
	char **c = crt_realloc(ucrtbase_environ, (count + 2) * sizeof *c);
	if (c)
		ucrtbase_environ = c;
	if (!w || !c) {
		crt_free(wide);
		crt_free(narrow);
		return -1;
	}
	w[count] = wide;
	w[count + 1] = NULL;
	c[count] = narrow;
	c[count + 1] = NULL;
	ucrtbase_initial_environ = c;
	ucrtbase_initial_wenviron = w;
	return 0;
}

/* Both the copies and the process'. An empty value: it goes. */
static int
put(const WCHAR *name, size_t n, const WCHAR *value)
{
	WCHAR *copy;
	if (ucrtbase_env_begin() < 0 || !(copy = crt_zalloc((n + 1) * sizeof *copy)))
		return -1;
	memcpy(copy, name, n * sizeof *copy);
	if (value && !*value)
		value = NULL;
	pthread_mutex_lock(&lock);
	int r = set(name, n, value);
	pthread_mutex_unlock(&lock);
	if (r == 0 && !kernel32_SetEnvironmentVariableW(copy, value) && value)
		r = -1;
	crt_free(copy);
	return r;
}

WINAPI int
ucrtbase__wputenv(const WCHAR *s)
{
	REQUIRE(s, -1);
	const WCHAR *eq = s;
	while (*eq && *eq != '=')
		eq++;
	if (!*eq || eq == s)
		return crt_error(EINVAL);
	return put(s, (size_t)(eq - s), eq + 1);
}

WINAPI int
ucrtbase__putenv(const char *s)
{
	REQUIRE(s, -1);
	WCHAR *w = crt_wide(crt_acp(), s);
	int r = w ? ucrtbase__wputenv(w) : -1;
	crt_free(w);
	return r;
}

WINAPI int
ucrtbase__wputenv_s(const WCHAR *name, const WCHAR *value)
{
	REQUIRE(name && value && name[0], EINVAL);
	for (const WCHAR *p = name; *p; p++)
		REQUIRE(*p != '=', EINVAL);
	return put(name, crt_wcslen(name), value) < 0 ? (crt_thread.error = EINVAL) : 0;
}

WINAPI int
ucrtbase__putenv_s(const char *name, const char *value)
{
	REQUIRE(name && value, EINVAL);
	WCHAR *n = crt_wide(crt_acp(), name), *v = crt_wide(crt_acp(), value);
	int r = n && v ? ucrtbase__wputenv_s(n, v) : ENOMEM;
	crt_free(n);
	crt_free(v);
	return r;
}

WINAPI WCHAR *
ucrtbase__wgetenv(const WCHAR *name)
{
	REQUIRE(name && crt_wcsnlen(name, 32768) < 32768, NULL);
	if (ucrtbase_env_begin() < 0)
		return NULL;
	size_t n = crt_wcslen(name);
	pthread_mutex_lock(&lock);
	int i = n ? find(name, n) : -1;
	WCHAR *v = i < 0 ? NULL : ucrtbase_wenviron[i] + n + 1;
	pthread_mutex_unlock(&lock);
	return v;
}

static char *
get(const char *name)
{
	char *v = NULL;
	if (ucrtbase_env_begin() < 0)
		return NULL;
	WCHAR *w = crt_wide(crt_acp(), name);
	if (!w)
		return NULL;
	pthread_mutex_lock(&lock);
	int i = *w ? find(w, crt_wcslen(w)) : -1;
	if (i >= 0 && (v = strchr(ucrtbase_environ[i], '=')))
		v++;
	pthread_mutex_unlock(&lock);
	crt_free(w);
	return v;
}

WINAPI char *
ucrtbase_getenv(const char *name)
{
	REQUIRE(name && strnlen(name, 32768) < 32768, NULL);
	return get(name);
}

WINAPI int
ucrtbase_getenv_s(size_t *need, char *out, size_t room, const char *name)
{
	REQUIRE(need, EINVAL);
	*need = 0;
	REQUIRE((out != NULL) == (room > 0), EINVAL);
	if (out)
		*out = 0;
	REQUIRE(name, EINVAL);
	const char *v = get(name);
	if (!v)
		return 0;
	*need = strlen(v) + 1;
	if (room == 0)
		return 0;
	if (*need > room)
		return crt_thread.error = ERANGE;
	memcpy(out, v, *need);
	return 0;
}

WINAPI int
ucrtbase__wgetenv_s(size_t *need, WCHAR *out, size_t room, const WCHAR *name)
{
	REQUIRE(need, EINVAL);
	*need = 0;
	REQUIRE((out != NULL) == (room > 0), EINVAL);
	if (out)
		*out = 0;
	REQUIRE(name, EINVAL);
	const WCHAR *v = ucrtbase__wgetenv(name);
	if (!v)
		return 0;
	*need = crt_wcslen(v) + 1;
	if (room == 0)
		return 0;
	if (*need > room)
		return crt_thread.error = ERANGE;
	memcpy(out, v, *need * sizeof *v);
	return 0;
}

WINAPI int
ucrtbase__dupenv_s(char **out, size_t *n, const char *name)
{
	REQUIRE(out, EINVAL);
	*out = NULL;
	if (n)
		*n = 0;
	REQUIRE(name, EINVAL);
	const char *v = get(name);
	if (!v)
		return 0;
	size_t size = strlen(v) + 1;
	if (!(*out = crt_alloc(size)))
		return ENOMEM;
	memcpy(*out, v, size);
	if (n)
		*n = size;
	return 0;
}

WINAPI int
ucrtbase__wdupenv_s(WCHAR **out, size_t *n, const WCHAR *name)
{
	REQUIRE(out, EINVAL);
	*out = NULL;
	if (n)
		*n = 0;
	REQUIRE(name, EINVAL);
	const WCHAR *v = ucrtbase__wgetenv(name);
	if (!v)
		return 0;
	size_t size = crt_wcslen(v) + 1;
	if (!(*out = crt_alloc(size * sizeof *v)))
		return ENOMEM;
	memcpy(*out, v, size * sizeof *v);
	if (n)
		*n = size;
	return 0;
}

WINAPI int
ucrtbase__initialize_narrow_environment(void)
{
	return ucrtbase_env_begin();
}

WINAPI int
ucrtbase__initialize_wide_environment(void)
{
	return ucrtbase_env_begin();
}

WINAPI char **
ucrtbase__get_initial_narrow_environment(void)
{
	ucrtbase_env_begin();
	return ucrtbase_initial_environ;
}

WINAPI WCHAR **
ucrtbase__get_initial_wide_environment(void)
{
	ucrtbase_env_begin();
	return ucrtbase_initial_wenviron;
}

WINAPI char ***
ucrtbase___p__environ(void)
{
	ucrtbase_env_begin();
	return &ucrtbase_environ;
}

WINAPI WCHAR ***
ucrtbase___p__wenviron(void)
{
	ucrtbase_env_begin();
	return &ucrtbase_wenviron;
}
