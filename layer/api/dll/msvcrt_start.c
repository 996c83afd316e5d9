/* SPDX-License-Identifier: Apache-2.0 */
/* msvcrt_start.c -- how an old program starts, and the variables that it imports. */
#include "layer/api/dll/dll.h"
#include "layer/api/dll/msvcrt.h"

/* Windows 10, as a program without a manifest is told: 6.2. */
unsigned msvcrt_osplatform = 2, msvcrt_osver = 9200, msvcrt_winver = 0x602, msvcrt_winmajor = 6,
         msvcrt_winminor = 2;
double msvcrt_huge = __builtin_inf();
int msvcrt_mb_cur_max = 1;
const uint16_t *msvcrt_pctype = crt_ctype_c + 1;
const uint16_t *msvcrt_pwctype = crt_ctype_c + 1;
void (*msvcrt_aexit_rtn)(void);
int msvcrt_lc_codepage, msvcrt_lc_collate_cp;
uint32_t msvcrt_lc_handle[6];

static void
begin(void)
{
	crt_lenient = true;
	ucrtbase_start_line();
	ucrtbase_env_begin();
}

WINAPI void
msvcrt___set_app_type(int type)
{
	begin();
	ucrtbase_app_type = type;
}

struct startup {
	int new_mode;
};

WINAPI int ucrtbase__set_new_mode(int mode);

WINAPI int
msvcrt___getmainargs(int *argc, char ***argv, char ***env, int expand, struct startup *info)
{
	begin();
	if (ucrtbase_start_argv(expand ? ARGV_EXPANDED : ARGV_PLAIN, false))
		return -1;
	*argc = ucrtbase_argc;
	*argv = ucrtbase_argv;
	*env = ucrtbase_environ;
	if (info && info->new_mode == 1)
		ucrtbase__set_new_mode(1);
	return 0;
}

WINAPI int
msvcrt___wgetmainargs(int *argc, WCHAR ***argv, WCHAR ***env, int expand, struct startup *info)
{
	begin();
	if (ucrtbase_start_argv(expand ? ARGV_EXPANDED : ARGV_PLAIN, true))
		return -1;
	*argc = ucrtbase_argc;
	*argv = ucrtbase_wargv;
	*env = ucrtbase_wenviron;
	if (info && info->new_mode == 1)
		ucrtbase__set_new_mode(1);
	return 0;
}

WINAPI FILE_ *
msvcrt___iob_func(void)
{
	return ucrtbase_iob;
}

/* -- functions at the end ---------------------------------------------------------------- */

typedef int(WINAPI *function)(void);

WINAPI int
msvcrt_atexit(function f)
{
	return ucrtbase_exit_register(f);
}

WINAPI function
msvcrt__onexit(function f)
{
	return ucrtbase_exit_register(f) == 0 ? f : NULL;
}

/* The table of a DLL, between *first and *end; grown by one each time. */
WINAPI function
msvcrt___dllonexit(function f, function **first, function **end)
{
	if (!first || !*first || !end || !*end || *end < *first)
		return NULL;
	size_t n = (size_t)(*end - *first);
	function *t = crt_realloc(*first, (n + 1) * sizeof *t);
	if (!t)
		return NULL;
	t[n] = f;
	*first = t;
	*end = t + n + 1;
	return f;
}

/* Errors of start-up code: "runtime error R60nn". */
WINAPI _Noreturn void
msvcrt__amsg_exit(int code)
{
	char text[] = "\nruntime error R6000\n";
	text[18] = (char)('0' + code / 10 % 10);
	text[19] = (char)('0' + code % 10);
	ucrtbase_fd_write(2, text, sizeof text - 1);
	ucrtbase__exit(255);
}

/* -- locks that programs take themselves ------------------------------------------------- */

enum { LOCKS = 64, STREAM_LOCKS = 16 };

static pthread_mutex_t locks[LOCKS];
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void
make_locks(void)
{
	pthread_mutexattr_t a;
	pthread_mutexattr_init(&a);
	pthread_mutexattr_settype(&a, PTHREAD_MUTEX_RECURSIVE);
	for (int i = 0; i < LOCKS; i++)
		pthread_mutex_init(&locks[i], &a);
}

WINAPI void
msvcrt__lock(int n)
{
	pthread_once(&once, make_locks);
	/* from 16 on they are those of the standard streams */
	if (n >= STREAM_LOCKS && n < STREAM_LOCKS + 20)
		ucrtbase_stream_lock(&ucrtbase_iob[n - STREAM_LOCKS]);
	else if (n >= 0 && n < LOCKS)
		pthread_mutex_lock(&locks[n]);
}

WINAPI void
msvcrt__unlock(int n)
{
	if (n >= STREAM_LOCKS && n < STREAM_LOCKS + 20)
		ucrtbase_stream_unlock(&ucrtbase_iob[n - STREAM_LOCKS]);
	else if (n >= 0 && n < LOCKS)
		pthread_mutex_unlock(&locks[n]);
}

/* -- what the macros getc and putc call ---------------------------------------------------- */

WINAPI int
msvcrt__filbuf(FILE_ *f)
{
	ucrtbase_stream_lock(f);
	f->cnt = 0;
	int c = ucrtbase_stream_get(f);
	ucrtbase_stream_unlock(f);
	return c;
}

WINAPI int
msvcrt__flsbuf(int c, FILE_ *f)
{
	char b = (char)c;
	ucrtbase_stream_lock(f);
	f->cnt = 0;
	int r = ucrtbase_stream_write(f, &b, 1) < 0 || ucrtbase_stream_done(f) < 0
	                ? -1
	                : (unsigned char)b;
	ucrtbase_stream_unlock(f);
	return r;
}

WINAPI int
msvcrt__get_sbh_threshold(void)
{
	return 0;
}

WINAPI int
msvcrt__set_sbh_threshold(size_t n)
{
	return n == 0;
}

WINAPI uint32_t *
msvcrt____lc_handle_func(void)
{
	return msvcrt_lc_handle;
}

WINAPI WCHAR *ucrtbase_wcstok(WCHAR *s, const WCHAR *set, WCHAR **rest);

WINAPI WCHAR *
msvcrt_wcstok(WCHAR *s, const WCHAR *set)
{
	return ucrtbase_wcstok(s, set, NULL);
}
