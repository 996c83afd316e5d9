/* SPDX-License-Identifier: Apache-2.0 */
/* ucrtbase_misc.c -- what fits nowhere else: limits, names of days, reading a console's line. */
#include "layer/api/dll/dll.h"
#include "layer/api/dll/ucrtbase.h"
#include "layer/api/nt/process/birth.h"
#include "layer/api/nt/except/except.h"

#include <string.h>

static _Atomic int most_streams = 512;

WINAPI int
ucrtbase__getmaxstdio(void)
{
	return most_streams;
}

WINAPI int
ucrtbase__setmaxstdio(int n)
{
	REQUIRE(n >= 20 && n <= FD_MOST, -1);
	most_streams = n;
	return n;
}

/* tmpfile()'s go when they are closed, which is at the end at the latest. */
WINAPI int
ucrtbase__rmtmp(void)
{
	return 0;
}

WINAPI void
ucrtbase__crt_debugger_hook(int reserved)
{
	(void)reserved;
}

WINAPI _Noreturn void
ucrtbase___report_gsfailure(uintptr_t cookie)
{
	(void)cookie;
	except_raise(0xc0000409, EXCEPTION_NONCONTINUABLE, 0,
	             NULL); /* STATUS_STACK_BUFFER_OVERRUN */
	birth_end(0xc0000409);
}

static void *
copy(const void *p, size_t n)
{
	void *q = crt_alloc(n);
	return q ? memcpy(q, p, n) : NULL;
}

/* Short and long names by turns, as C++ streams want them. */
WINAPI char *
ucrtbase__Getdays(void)
{
	static const char s[] =
	        ":Sun:Sunday:Mon:Monday:Tue:Tuesday:Wed:Wednesday:Thu:Thursday:Fri:Friday"
	        ":Sat:Saturday";
	return copy(s, sizeof s);
}

WINAPI char *
ucrtbase__Getmonths(void)
{
	static const char s[] =
	        ":Jan:January:Feb:February:Mar:March:Apr:April:May:May:Jun:June:Jul:July"
	        ":Aug:August:Sep:September:Oct:October:Nov:November:Dec:December";
	return copy(s, sizeof s);
}

WINAPI WCHAR *
ucrtbase__W_Getdays(void)
{
	static const WCHAR s[] = u":Sun:Sunday:Mon:Monday:Tue:Tuesday:Wed:Wednesday:Thu:Thursday"
	                         u":Fri:Friday:Sat:Saturday";
	return copy(s, sizeof s);
}

WINAPI WCHAR *
ucrtbase__W_Getmonths(void)
{
	static const WCHAR s[] = u":Jan:January:Feb:February:Mar:March:Apr:April:May:May:Jun:June"
	                         u":Jul:July:Aug:August:Sep:September:Oct:October:Nov:November"
	                         u":Dec:December";
	return copy(s, sizeof s);
}

/* -- lines of a console: s[0] says how many fit, s[1] how many there were -------------------- */

WINAPI int ucrtbase__getche(void);
WINAPI WCHAR ucrtbase__getwche(void);

WINAPI int
ucrtbase__cgets_s(char *out, size_t room, size_t *n)
{
	size_t i = 0;
	int c;
	REQUIRE(out && room > 0 && n, EINVAL);
	while ((c = ucrtbase__getche()) >= 0 && c != '\r' && c != '\n' && i + 1 < room)
		out[i++] = (char)c;
	out[i] = 0;
	*n = i;
	return c < 0 && i == 0 ? (crt_thread.error = EBADF) : 0;
}

WINAPI int
ucrtbase__cgetws_s(WCHAR *out, size_t room, size_t *n)
{
	size_t i = 0;
	WCHAR c;
	REQUIRE(out && room > 0 && n, EINVAL);
	while ((c = ucrtbase__getwche()) != 0xffff && c != '\r' && c != '\n' && i + 1 < room)
		out[i++] = c;
	out[i] = 0;
	*n = i;
	return c == 0xffff && i == 0 ? (crt_thread.error = EBADF) : 0;
}

WINAPI char *
ucrtbase__cgets(char *s)
{
	size_t n;
	REQUIRE(s && s[0] > 0, NULL);
	if (ucrtbase__cgets_s(s + 2, (unsigned char)s[0], &n))
		return NULL;
	s[1] = (char)n;
	return s + 2;
}

WINAPI WCHAR *
ucrtbase__cgetws(WCHAR *s)
{
	size_t n;
	REQUIRE(s && s[0] > 0, NULL);
	if (ucrtbase__cgetws_s(s + 2, s[0], &n))
		return NULL;
	s[1] = (WCHAR)n;
	return s + 2;
}
