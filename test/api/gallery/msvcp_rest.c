/* SPDX-License-Identifier: Apache-2.0 */
// msvcp140: what the C++ library's headers call besides its classes: threads, locks, characters,
// numbers in text.
// needs: joist mingw
// run: joist run --rm $GUEST
// expect: threads: ok
// expect: locks: ok
// expect: thread end: ok
// expect: times: ok
// expect: characters: ok
// expect: comparing: ok
// expect: numbers: ok
// expect: mathematics: ok
// expect: files: ok
// expect: locale: ok
// expect: Unicode: ok
// expect: tasks: ok
// expect: older programs: ok
#include <errno.h>
#include <math.h>
#include <stdint.h>
#include <wchar.h>
#include "check.h"

enum { SUCCESS, NOMEM, TIMEDOUT, BUSY, FAILED_ };

static FARPROC
of(const char *name)
{
	FARPROC p = GetProcAddress(LoadLibraryA("msvcp140.dll"), name);
	if (!p)
		printf("no %s\n", name);
	return p;
}
#define CALL(result, name, ...) ((result(*)(__VA_ARGS__))(void *)of(#name))
#define CXX(result, name, ...)  ((result(*)(__VA_ARGS__))(void *)of(name))

struct thrd {
	HANDLE handle;
	DWORD id;
};
struct xtime {
	int64_t seconds;
	int32_t nanoseconds;
};

static unsigned WINAPI
thread(void *x)
{
	*(int *)x = 5;
	CALL(void, _Thrd_yield, void)();
	CALL(void, _Thrd_exit, int)(17);
	return 1;
}

static void
threads(void)
{
	struct thrd t, me;
	int x = 0, code = 0;
	IS(CALL(int, _Thrd_start, struct thrd *, void *, void *)(&t, thread, &x) == SUCCESS);
	CALL(void *, _Thrd_current, struct thrd *)(&me);
	IS(me.id == GetCurrentThreadId());
	IS(!CALL(int, _Thrd_equal, struct thrd *, struct thrd *)(&t, &me));
	IS(CALL(int, _Thrd_lt, struct thrd *, struct thrd *)(&t, &me) == (t.id < me.id));
	IS(CALL(int, _Thrd_join, struct thrd *, int *)(&t, &code) == SUCCESS && code == 17 &&
	   x == 5);
	IS(CALL(int, _Thrd_start, struct thrd *, void *, void *)(&t, thread, &x) == SUCCESS);
	IS(CALL(int, _Thrd_detach, struct thrd *)(&t) == SUCCESS);
	SYSTEM_INFO si;
	GetSystemInfo(&si);
	IS(CALL(unsigned, _Thrd_hardware_concurrency, void)() == si.dwNumberOfProcessors);
	done("threads");
}

static void *shared;
static DWORD WINAPI
try_shared(void *x)
{
	int s = CALL(int, _Smtx_try_lock_shared, void *)(x),
	    e = CALL(int, _Smtx_try_lock_exclusive, void *)(x);
	if (s)
		CALL(void, _Smtx_unlock_shared, void *)(x);
	if (e)
		CALL(void, _Smtx_unlock_exclusive, void *)(x);
	return (DWORD)(s * 10 + e);
}

static DWORD
elsewhere(LPTHREAD_START_ROUTINE f, void *x)
{
	DWORD code = 99;
	HANDLE t = CreateThread(NULL, 0, f, x, 0, NULL);
	WaitForSingleObject(t, INFINITE);
	GetExitCodeThread(t, &code);
	CloseHandle(t);
	return code;
}

static DWORD WINAPI
timed(void *m)
{
	struct xtime t;
	CALL(int, xtime_get, struct xtime *, int)(&t, 1);
	t.nanoseconds += 20000000;
	return (DWORD)CALL(int, _Mtx_timedlock, void *, struct xtime *)(m, &t);
}

static void
locks(void)
{
	void *m = NULL, *c = NULL;
	CALL(void, _Smtx_lock_shared, void *)(&shared);
	IS(elsewhere(try_shared, &shared) == 10);
	CALL(void, _Smtx_unlock_shared, void *)(&shared);
	CALL(void, _Smtx_lock_exclusive, void *)(&shared);
	IS(elsewhere(try_shared, &shared) == 0);
	CALL(void, _Smtx_unlock_exclusive, void *)(&shared);
	IS(!shared);
	IS(CALL(int, _Mtx_init, void **, int)(&m, 1) == SUCCESS && m);
	IS(CALL(int, _Cnd_init, void **)(&c) == SUCCESS && c);
	IS(timed(m) == SUCCESS && elsewhere(timed, m) == TIMEDOUT);
	IS(CALL(int, _Mtx_current_owns, void *)(m) == 1);
	CALL(void, _Mtx_clear_owner, void *)(m);
	IS(CALL(int, _Mtx_current_owns, void *)(m) == 0);
	CALL(void, _Mtx_reset_owner, void *)(m);
	IS(CALL(int, _Mtx_current_owns, void *)(m) == 1 &&
	   CALL(void *, _Mtx_getconcrtcs, void *)(m));
	CALL(int, _Mtx_unlock, void *)(m);
	CALL(void, _Cnd_destroy, void *)(c);
	CALL(void, _Mtx_destroy, void *)(m);
	int lock = 9;
	IS(CXX(int *, "??0_Lockit@std@@QEAA@H@Z", int *, int)(&lock, 3) == &lock && lock == 3);
	CXX(void, "??0_Lockit@std@@QEAA@XZ", int *)(&lock);
	IS(lock == 0);
	CXX(void, "??1_Lockit@std@@QEAA@XZ", int *)(&lock);
	CXX(void, "??1_Lockit@std@@QEAA@XZ", int *)(&lock);
	CALL(void, _Lock_shared_ptr_spin_lock, void)();
	CALL(void, _Unlock_shared_ptr_spin_lock, void)();
	done("locks");
}

static int ended;
static void *end_mutex, *end_condition;
static DWORD WINAPI
ends(void *x)
{
	(void)x;
	CALL(int, _Mtx_lock, void *)(end_mutex);
	CALL(void, _Cnd_register_at_thread_exit, void *, void *, int *)
	(end_condition, end_mutex, &ended);
	CALL(void, _Cnd_do_broadcast_at_thread_exit, void)();
	return 0;
}

static void
thread_end(void)
{
	int other = 0;
	CALL(int, _Mtx_init, void **, int)(&end_mutex, 1);
	CALL(int, _Cnd_init, void **)(&end_condition);
	CALL(int, _Mtx_lock, void *)(end_mutex);
	HANDLE t = CreateThread(NULL, 0, ends, NULL, 0, NULL);
	while (!ended)
		CALL(int, _Cnd_wait, void *, void *)(end_condition, end_mutex);
	CALL(int, _Mtx_unlock, void *)(end_mutex);
	WaitForSingleObject(t, INFINITE);
	IS(ended == 1);
	CALL(void, _Cnd_register_at_thread_exit, void *, void *, int *)
	(end_condition, end_mutex, &other);
	CALL(void, _Cnd_unregister_at_thread_exit, void *)(end_mutex);
	CALL(void, _Cnd_do_broadcast_at_thread_exit, void)();
	IS(other == 0);
	done("thread end");
}

static void
times(void)
{
	struct xtime a, b;
	IS(CALL(int, xtime_get, struct xtime *, int)(&a, 1) == 1 &&
	   !CALL(int, xtime_get, struct xtime *, int)(&b, 2));
	b = a;
	b.nanoseconds += 15000000;
	DWORD before = GetTickCount();
	CALL(void, _Thrd_sleep, struct xtime *)(&b);
	CALL(void, _Thrd_sleep_for, unsigned)(5);
	IS(GetTickCount() - before >= 15);
	IS(CALL(int, _Xtime_diff_to_millis2, struct xtime *, struct xtime *)(&b, &a) == 15);
	IS(CALL(int, _Xtime_diff_to_millis2, struct xtime *, struct xtime *)(&a, &b) == 0);
	IS(CALL(int, _Xtime_diff_to_millis, struct xtime *)(&a) == 0);
	done("times");
}

struct ctypevec {
	unsigned page;
	const short *table;
	int own;
	wchar_t *name;
};

static void
characters(void)
{
	struct ctypevec v;
	struct {
		unsigned page, longest;
		int c;
		unsigned char lead[32];
	} cvt;
	short kinds[2];
	wchar_t w = 0;
	char n = 0, text[4];
	IS(CALL(void *, _Getctype, void *)(&v) == &v && v.table['a'] & 2 && v.table['5'] & 4 &&
	   !v.name);
	IS(CALL(void *, _Getcvt, void *)(&cvt) == &cvt && cvt.longest == 1 && cvt.c);
	IS(CALL(int, _Tolower, int, void *)('Q', &v) == 'q' &&
	   CALL(int, _Toupper, int, void *)('q', &v) == 'Q');
	IS(CALL(int, _Tolower, int, void *)(0xc4, &v) == 0xc4);
	IS(CALL(wchar_t, _Towlower, wchar_t, void *)(L'Q', &v) == L'q');
	IS(CALL(wchar_t, _Towupper, wchar_t, void *)(L'\xe4', &v) == L'\xe4');
	IS(CALL(short, _Getwctype, wchar_t, void *)(L'\xe4', &v) & 2);
	IS(CALL(void *, _Getwctypes, const wchar_t *, const wchar_t *, short *,
	        void *)(L"A ", L"A " + 2, kinds, &v) &&
	   kinds[0] & 1 && kinds[1] & 8);
	IS(CALL(int, _Mbrtowc, wchar_t *, const char *, size_t, void *, void *)(&w, "\xe4", 1, NULL,
	                                                                        &cvt) == 1 &&
	   w == 0xe4);
	IS(CALL(int, _Wcrtomb, char *, wchar_t, void *, void *)(&n, 0xe4, NULL, &cvt) == 1 &&
	   n == '\xe4');
	IS(CALL(int, _Wcrtomb, char *, wchar_t, void *, void *)(&n, 0x20ac, NULL, &cvt) == -1);
	IS(CALL(int, __crtLCMapStringA, void *, DWORD, const char *, int, char *, int, int,
	        BOOL)(NULL, 0x100, "AbC", 3, text, 4, 0, TRUE) == 3 &&
	   memcmp(text, "abc", 3) == 0);
	wchar_t wide[4];
	IS(CALL(int, __crtLCMapStringW, void *, DWORD, const wchar_t *, int, wchar_t *,
	        int)(L"", 0x200, L"ab", 2, wide, 4) == 2 &&
	   wide[1] == 'B');
	IS(CALL(int, __crtCompareStringW, void *, DWORD, const wchar_t *, int, const wchar_t *,
	        int)(L"", 1, L"a", 1, L"A", 1) == 2);
	done("characters");
}

static void
comparing(void)
{
	struct {
		unsigned page;
		wchar_t *name;
	} v;
	char to[4];
	wchar_t wto[4];
	const char *a = "abc", *b = "abd";
	const wchar_t *wa = L"abc", *wb = L"abd";
	CALL(void *, _Getcoll, void *)(&v);
	IS(!v.name && CALL(int, _Getdateorder, void)() == 2);
#define STRCOLL(n, m)                                                                              \
	CALL(int, _Strcoll, const void *, const void *, const void *, const void *, void *)        \
	(a, a + n, b, b + m, &v)
#define WCSCOLL(n, m)                                                                              \
	CALL(int, _Wcscoll, const void *, const void *, const void *, const void *, void *)        \
	(wa, wa + n, wb, wb + m, &v)
	IS(STRCOLL(3, 3) == -1 && STRCOLL(2, 2) == 0 && STRCOLL(2, 1) == 1);
	IS(WCSCOLL(3, 3) == -1 && WCSCOLL(2, 2) == 0 && WCSCOLL(1, 2) == -1);
	IS(CALL(size_t, _Strxfrm, void *, void *, const void *, const void *,
	        void *)(to, to + 4, a, a + 3, &v) == 3 &&
	   !memcmp(to, a, 3));
	IS(CALL(size_t, _Strxfrm, void *, void *, const void *, const void *,
	        void *)(NULL, NULL, a, a + 3, &v) == 3);
	IS(CALL(size_t, _Wcsxfrm, void *, void *, const void *, const void *,
	        void *)(wto, wto + 4, wa, wa + 3, &v) == 3 &&
	   !memcmp(wto, wa, 6));
	done("comparing");
}

static void
numbers(void)
{
	char *end;
	wchar_t *wend;
	int error = 9;
	IS(CALL(double, _Stod, const char *, char **, long)("1.5x", &end, 2) == 150 && *end == 'x');
	IS(CALL(double, _Stodx, const char *, char **, long, int *)("1e999", &end, 0, &error) ==
	           HUGE_VAL &&
	   error == ERANGE);
	IS(CALL(float, _Stof, const char *, char **, long)("25", &end, -1) == 2.5f);
	IS(CALL(float, _Stofx, const char *, char **, long, int *)("2", &end, 0, &error) == 2 &&
	   error == 0);
	IS(CALL(double, _Stold, const char *, char **, long)("2", &end, 0) == 2);
	IS(CALL(double, _Stoldx, const char *, char **, long, int *)("3", &end, 0, &error) == 3);
	IS(CALL(double, _WStod, const wchar_t *, wchar_t **, long)(L"2.5", &wend, 0) == 2.5);
	IS(CALL(double, _WStodx, const wchar_t *, wchar_t **, long, int *)(L"2.5", &wend, 1,
	                                                                   &error) == 25);
	IS(CALL(double, _WStold, const wchar_t *, wchar_t **, long)(L"4", &wend, 0) == 4);
	IS(CALL(double, _WStoldx, const wchar_t *, wchar_t **, long, int *)(L"4", &wend, 0,
	                                                                    &error) == 4);
	IS(CALL(float, _WStof, const wchar_t *, wchar_t **, long)(L"4", &wend, 0) == 4);
	IS(CALL(long long, _Stoll, const char *, char **, int)("-ff", &end, 16) == -255);
	IS(CALL(long long, _Stollx, const char *, char **, int, int *)("99999999999999999999", &end,
	                                                               10, &error) == INT64_MAX &&
	   error == ERANGE);
	IS(CALL(unsigned long long, _Stoull, const char *, char **, int)("17", &end, 8) == 15);
	IS(CALL(unsigned long long, _Stoullx, const char *, char **, int, int *)("1", &end, 0,
	                                                                         &error) == 1 &&
	   !error);
	IS(CALL(long, _Stolx, const char *, char **, int, int *)("-5", &end, 0, &error) == -5);
	IS(CALL(unsigned long, _Stoulx, const char *, char **, int, int *)("5", &end, 0, &error) ==
	   5);
	done("numbers");
}

static void
mathematics(void)
{
	double d = 1, inf = *(double *)of("_Inf"), nan = *(double *)of("_Nan"), x = 2;
	float f = 1, finf = *(float *)of("_FInf"), fnan = *(float *)of("_FNan");
	IS(isinf(inf) && isnan(nan) && isinf(finf) && isnan(fnan));
	IS(*(double *)of("_Hugeval") == inf && *(double *)of("_LInf") == inf &&
	   isnan(*(double *)of("_LNan")));
	IS(*(double *)of("_Denorm") == 4.9406564584124654e-324 && *(double *)of("_LDenorm") > 0);
	IS(*(float *)of("_FDenorm") > 0 && isnan(*(double *)of("_Snan")) &&
	   isnan(*(float *)of("_FSnan")) && isnan(*(double *)of("_LSnan")));
	IS(*(double *)of("_Eps") == ldexp(1, -53) && *(double *)of("_LEps") == ldexp(1, -53) &&
	   *(float *)of("_FEps") == ldexpf(1, -24));
	IS(*(double *)of("_Rteps") < 1e-7 && *(double *)of("_LRteps") < 1e-7 &&
	   *(float *)of("_FRteps") < 1e-3f);
	IS(*(double *)of("_Xbig") > 700 && *(double *)of("_LXbig") > 700);
	IS(CALL(short, _Dtest, double *)(&inf) == 1 && CALL(short, _Dtest, double *)(&nan) == 2 &&
	   CALL(short, _Dtest, double *)(&d) == -1);
	IS(CALL(short, _LDtest, double *)(&d) == -1 && CALL(short, _FDtest, float *)(&finf) == 1 &&
	   CALL(short, _FDtest, float *)(&f) == -1);
	d = 0;
	IS(CALL(short, _Dtest, double *)(&d) == 0);
	IS(CALL(short, _Exp, double *, double, short)(&d, 3, 1) == -1 && d == 6);
	d = 0;
	IS(CALL(short, _LExp, double *, double, short)(&d, 1, 2) == -1 && d == 4);
	f = 0;
	IS(CALL(short, _FExp, float *, float, short)(&f, 1, 3) == -1 && f == 8);
	IS(fabs(CALL(double, _Cosh, double, double)(x, 2) - 2 * cosh(x)) < 1e-12 &&
	   CALL(double, _LCosh, double, double)(x, 0) == 0);
	IS(fabs(CALL(double, _Sinh, double, double)(x, 2) - 2 * sinh(x)) < 1e-12 &&
	   CALL(double, _LSinh, double, double)(0, 1) == 0);
	IS(fabs(CALL(float, _FCosh, float, float)(1, 2) - 2 * cosh(1)) < 1e-6 &&
	   fabs(CALL(float, _FSinh, float, float)(1, 2) - 2 * sinh(1)) < 1e-6);
	done("mathematics");
}

enum {
	IN_ = 1,
	OUT_ = 2,
	ATE = 4,
	APP = 8,
	TRUNC = 16,
	BINARY = 32,
	NOCREATE = 64,
	NOREPLACE = 128
};

/* FILEs are the DLL's run-time's. */
static int
crt_close(void *f)
{
	return ((int (*)(void *))(void *)GetProcAddress(LoadLibraryA("ucrtbase.dll"), "fclose"))(f);
}
static long
crt_tell(void *f)
{
	return ((long (*)(void *))(void *)GetProcAddress(LoadLibraryA("ucrtbase.dll"), "ftell"))(f);
}
static int
crt_puts(const char *s, void *f)
{
	return ((int (*)(const char *, void *))(void *)GetProcAddress(LoadLibraryA("ucrtbase.dll"),
	                                                              "fputs"))(s, f);
}

static void
files(void)
{
	void *(*open)(const char *, int, int) = (void *)of("?_Fiopen@std@@YAPEAU_iobuf@@PEBDHH@Z");
	void *(*wide)(const wchar_t *, int, int) =
	        (void *)of("?_Fiopen@std@@YAPEAU_iobuf@@PEB_WHH@Z");
	IS(of("?_Fiopen@std@@YAPEAU_iobuf@@PEBGHH@Z") == (FARPROC)(void *)wide);
	IS(!open("fiopen.txt", IN_, 64) && !open("fiopen.txt", OUT_ | NOCREATE, 64) &&
	   !open("x", TRUNC, 64));
	void *f = open("fiopen.txt", OUT_ | BINARY, 64);
	IS(f && crt_puts("12345", f) >= 0 && crt_close(f) == 0);
	IS(!open("fiopen.txt", OUT_ | NOREPLACE, 64));
	f = wide(L"fiopen.txt", IN_ | ATE, 64);
	IS(f && crt_tell(f) == 5 && crt_close(f) == 0);
	f = wide(L"fiopen.txt", APP, 64);
	IS(f && crt_puts("6", f) >= 0 && crt_close(f) == 0);
	f = wide(L"fiopen.txt", IN_ | OUT_ | ATE, 64);
	IS(f && crt_tell(f) == 6 && crt_close(f) == 0);
	f = wide(L"fiopen.txt", IN_ | OUT_ | TRUNC | ATE, 64);
	IS(f && crt_tell(f) == 0 && crt_close(f) == 0);
	DeleteFileA("fiopen.txt");
	done("files");
}

static void
locale(void)
{
	/* _Locinfo: a lock and six strings */
	char info[104];
	struct {
		unsigned page;
		wchar_t *name;
	} coll;
	char message[80];
	struct ctypevec v;
	IS(CXX(void *, "??0_Locinfo@std@@QEAA@PEBD@Z", void *, const char *)(info, "C") == info);
	IS(!strcmp(CXX(const char *, "?_Getname@_Locinfo@std@@QEBAPEBDXZ", void *)(info), "C"));
	IS(!strncmp(CXX(const char *, "?_Getdays@_Locinfo@std@@QEBAPEBDXZ", void *)(info),
	            ":Sun:Sunday", 11));
	IS(!strncmp(CXX(const char *, "?_Getmonths@_Locinfo@std@@QEBAPEBDXZ", void *)(info),
	            ":Jan:January", 12));
	IS(!wcsncmp(CXX(const wchar_t *, "?_W_Getdays@_Locinfo@std@@QEBAPEBGXZ", void *)(info),
	            L":Sun:Sunday", 11));
	IS(!wcsncmp(CXX(const wchar_t *, "?_W_Getmonths@_Locinfo@std@@QEBAPEBGXZ", void *)(info),
	            L":Jan:January", 12));
	IS(!strcmp(CXX(const char *, "?_Gettrue@_Locinfo@std@@QEBAPEBDXZ", void *)(info), "true"));
	IS(!strcmp(CXX(const char *, "?_Getfalse@_Locinfo@std@@QEBAPEBDXZ", void *)(info),
	           "false"));
	IS(CXX(int, "?_Getdateorder@_Locinfo@std@@QEBAHXZ", void *)(info) == 2);
	IS(**CXX(char **, "?_Getlconv@_Locinfo@std@@QEBAPEBUlconv@@XZ", void *)(info) == '.');
	CXX(void *, "?_Getcoll@_Locinfo@std@@QEBA?AU_Collvec@@XZ", void *, void *)(info, &coll);
	CXX(void *, "?_Getctype@_Locinfo@std@@QEBA?AU_Ctypevec@@XZ", void *, void *)(info, &v);
	IS(!coll.name && v.table['z'] & 2);
	CXX(void, "??1_Locinfo@std@@QEAA@XZ", void *)(info);
	IS(CXX(DWORD, "?_Winerror_message@std@@YAKKPEADK@Z", DWORD, char *, DWORD)(5, message,
	                                                                           80) == 17);
	IS(!strncmp(message, "Access is denied.", 17));
	/* ctype<char>::id and its facet */
	void *f = NULL;
	IS(CXX(size_t, "?_Getcat@?$ctype@D@std@@SA_KPEAPEBVfacet@locale@2@PEBV42@@Z", void **,
	       void *)(&f, NULL) == 2 &&
	   f);
	IS(CXX(char, "?toupper@?$ctype@D@std@@QEBADD@Z", void *, char)(f, 'x') == 'X');
	IS(CXX(int, "?is@?$ctype@D@std@@QEBA_NFD@Z", void *, short, char)(f, 4, '7') & 1);
	char text[] = "aBc";
	CXX(void *, "?tolower@?$ctype@D@std@@QEBAPEBDPEADPEBD@Z", void *, char *, char *)
	(f, text, text + 3);
	IS(!strcmp(text, "abc"));
	void *w = NULL;
	CXX(size_t, "?_Getcat@?$ctype@_W@std@@SA_KPEAPEBVfacet@locale@2@PEBV42@@Z", void **, void *)
	(&w, NULL);
	IS(CXX(wchar_t, "?tolower@?$ctype@_W@std@@QEBA_W_W@Z", void *, wchar_t)(w, L'X') == L'x');
	IS(CXX(int, "?is@?$ctype@_W@std@@QEBA_NF_W@Z", void *, short, wchar_t)(w, 8, L'\x2003') &
	   1);
	IS(CXX(wchar_t, "?widen@?$ctype@_W@std@@QEBA_WD@Z", void *, char)(w, '\xe4') == 0xe4);
	IS(CXX(char, "?narrow@?$ctype@_W@std@@QEBAD_WD@Z", void *, wchar_t, char)(w, 0x20ac, '?') ==
	   '?');
	/* codecvt<wchar_t, char, mbstate_t> */
	void *c = NULL;
	const wchar_t *from = L"a\x20ac", *mid;
	char out[4], *out_mid;
	CXX(size_t, "?_Getcat@?$codecvt@_WDU_Mbstatet@@@std@@SA_KPEAPEBVfacet@locale@2@PEBV42@@Z",
	    void **, void *)
	(&c, NULL);
	IS(CXX(int,
	       "?out@?$codecvt@_WDU_Mbstatet@@@std@@QEBAHAEAU_Mbstatet@@PEB_W1AEAPEB_WPEAD3AEAPEAD@"
	       "Z",
	       void *, void *, const wchar_t *, const wchar_t *, const wchar_t **, char *, char *,
	       char **)(c, NULL, from, from + 2, &mid, out, out + 4, &out_mid) == 2);
	IS(mid == from + 1 && out_mid == out + 1 && out[0] == 'a');
	IS(!(CXX(int, "?always_noconv@codecvt_base@std@@QEBA_NXZ", void *)(c) & 1));
	done("locale");
}

/* codecvt<char16_t, ...> and codecvt<char32_t, ...>: UTF-8, with or without a byte order mark */
enum { OK, PARTIAL, WRONG };
typedef struct {
	unsigned long w;
	unsigned short b, s;
} state_t;
#define IN16                                                                                       \
	CXX(int,                                                                                   \
	    "?in@?$codecvt@_SDU_Mbstatet@@@std@@QEBAHAEAU_Mbstatet@@PEBD1AEAPEBDPEA_S3AEAPEA_S@Z", \
	    void *, state_t *, const char *, const char *, const char **, wchar_t *, wchar_t *,    \
	    wchar_t **)
#define OUT16                                                                                      \
	CXX(int,                                                                                   \
	    "?out@?$codecvt@_SDU_Mbstatet@@@std@@QEBAHAEAU_Mbstatet@@PEB_S1AEAPEB_SPEAD3AEAPEAD@"  \
	    "Z",                                                                                   \
	    void *, state_t *, const wchar_t *, const wchar_t *, const wchar_t **, char *, char *, \
	    char **)
#define IN32                                                                                       \
	CXX(int,                                                                                   \
	    "?in@?$codecvt@_UDU_Mbstatet@@@std@@QEBAHAEAU_Mbstatet@@PEBD1AEAPEBDPEA_U3AEAPEA_U@Z", \
	    void *, state_t *, const char *, const char *, const char **, unsigned *, unsigned *,  \
	    unsigned **)
#define OUT32                                                                                      \
	CXX(int,                                                                                   \
	    "?out@?$codecvt@_UDU_Mbstatet@@@std@@QEBAHAEAU_Mbstatet@@PEB_U1AEAPEB_UPEAD3AEAPEAD@"  \
	    "Z",                                                                                   \
	    void *, state_t *, const unsigned *, const unsigned *, const unsigned **, char *,      \
	    char *, char **)

static void
unicode(void)
{
	void *a = NULL, *b = NULL;
	static const char text[] = "\xef\xbb\xbfh\xc3\xa9\xf0\x9f\x98\x80";
	const char *mid;
	wchar_t w[8], *wmid;
	const wchar_t *wfrom = L"h\xe9\xd83d\xde00", *wend;
	unsigned u[8], *umid;
	const unsigned *uend;
	char out[16], *omid;
	state_t s = { 0 };
	CXX(size_t, "?_Getcat@?$codecvt@_SDU_Mbstatet@@@std@@SA_KPEAPEBVfacet@locale@2@PEBV42@@Z",
	    void **, void *)
	(&a, NULL);
	CXX(size_t, "?_Getcat@?$codecvt@_UDU_Mbstatet@@@std@@SA_KPEAPEBVfacet@locale@2@PEBV42@@Z",
	    void **, void *)
	(&b, NULL);
	IS(IN16(a, &s, text, text + 10, &mid, w, w + 8, &wmid) == OK && wmid == w + 4 &&
	   mid == text + 10);
	IS(!memcmp(w, wfrom, 8));
	IS(IN16(a, &s, text + 6, text + 9, &mid, w, w + 8, &wmid) == PARTIAL && mid == text + 6 &&
	   wmid == w);
	IS(IN16(a, &s, text + 3, text + 10, &mid, w, w + 3, &wmid) == PARTIAL && mid == text + 6 &&
	   wmid == w + 2);
	IS(IN16(a, &s, text + 7, text + 10, &mid, w, w + 8, &wmid) == WRONG && mid == text + 7);
	IS(OUT16(a, &s, wfrom, wfrom + 4, &wend, out, out + 16, &omid) == OK && omid == out + 7 &&
	   !memcmp(out, text + 3, 7));
	IS(OUT16(a, &s, wfrom, wfrom + 3, &wend, out, out + 16, &omid) == PARTIAL &&
	   wend == wfrom + 2);
	IS(OUT16(a, &s, wfrom + 3, wfrom + 4, &wend, out, out + 16, &omid) == WRONG);
	s.w = 0;
	IS(IN32(b, &s, text, text + 10, &mid, u, u + 8, &umid) == OK && umid == u + 3 &&
	   u[2] == 0x1f600);
	IS(OUT32(b, &s, u, u + 3, &uend, out, out + 16, &omid) == OK && omid == out + 7 &&
	   !memcmp(out, text + 3, 7));
	IS(OUT32(b, &s, u + 1, u + 3, &uend, out, out + 3, &omid) == PARTIAL && uend == u + 2 &&
	   omid == out + 2);
	IS(CXX(int, "?length@?$codecvt@_SDU_Mbstatet@@@std@@QEBAHAEAU_Mbstatet@@PEBD1_K@Z", void *,
	       state_t *, const char *, const char *, size_t)(a, &s, text + 3, text + 10, 2) == 3);
	IS(CXX(int, "?max_length@codecvt_base@std@@QEBAHXZ", void *)(a) == 9);
	IS(CXX(int, "?encoding@codecvt_base@std@@QEBAHXZ", void *)(a) == 0);
	IS(CXX(int, "?encoding@codecvt_base@std@@QEBAHXZ", void *)(b) == -1);
	/* a mark is written */
	char own[32];
	CXX(void *, "??0?$codecvt@_UDU_Mbstatet@@@std@@QEAA@AEBV_Locinfo@1@KW4_Codecvt_mode@1@_K@Z",
	    void *, void *, unsigned long, int, size_t)
	(own, NULL, 0x7f, 2, 1);
	s.w = 0;
	IS(OUT32(own, &s, u, u + 1, &uend, out, out + 16, &omid) == OK && omid == out + 4 &&
	   !memcmp(out, text, 4));
	IS(OUT32(own, &s, u + 1, u + 2, &uend, out, out + 16, &omid) == WRONG);
	done("Unicode");
}

static int worked;
static void
work(void *x)
{
	worked += *(int *)x;
}

static void
tasks(void)
{
	int x = 7;
	struct {
		void *work;
		void (*f)(void *);
		void *data;
	} chore = { NULL, work, &x };
	void *context = &x;
	IS(CXX(int, "?_Schedule_chore@details@Concurrency@@YAHPEAU_Threadpool_chore@12@@Z",
	       void *)(&chore) == 0);
	for (int i = 0; i < 5000 && !*(volatile int *)&worked; i++)
		Sleep(1);
	IS(worked == 7 &&
	   CXX(int, "?_Reschedule_chore@details@Concurrency@@YAHPEBU_Threadpool_chore@12@@Z",
	       void *)(&chore) == 0);
	for (int i = 0; i < 5000 && *(volatile int *)&worked < 14; i++)
		Sleep(1);
	CXX(void, "?_Release_chore@details@Concurrency@@YAXPEAU_Threadpool_chore@12@@Z", void *)
	(&chore);
	IS(worked == 14 && !chore.work);
	CXX(void, "?_Capture@_ContextCallback@details@Concurrency@@AEAAXXZ", void *)(&context);
	IS(!context && CXX(long, "?GetCurrentThreadId@platform@details@Concurrency@@YAJXZ",
	                   void)() == (long)GetCurrentThreadId());
	done("tasks");
}

/* std::thread of Visual C++ 2015: the object stands on the stack of who starts it. */
struct pad {
	unsigned (**table)(struct pad *);
	void *condition, *mutex;
	char started;
	int *x;
};

static unsigned
go(struct pad *p)
{
	int *x = p->x;
	CXX(void, "?_Release@_Pad@std@@QEAAXXZ", struct pad *)(p);
	*x = 6;
	return 0;
}

static int
plain_thread(void *x)
{
	return *(int *)x + 1;
}

static int once, handled;
static int WINAPI
once_only(void *o, void *x, void **context)
{
	(void)o, (void)context;
	once += *(int *)x;
	return 1;
}

static void
handle_new(void)
{
	handled++;
}

static void
old(void)
{
	static unsigned (*table[])(struct pad *) = { go };
	int x = 0, code = 0;
	struct thrd t;
	struct pad p = { table, NULL, NULL, 1, &x };
	CXX(void *, "??0_Pad@std@@QEAA@XZ", struct pad *)(&p);
	IS(!p.started);
	CXX(void, "?_Launch@_Pad@std@@QEAAXPEAU_Thrd_imp_t@@@Z", struct pad *, struct thrd *)
	(&p, &t);
	CXX(void, "??1_Pad@std@@QEAA@XZ", struct pad *)(&p);
	IS(CALL(int, _Thrd_join, struct thrd *, int *)(&t, &code) == SUCCESS && x == 6);
	IS(CALL(int, _Thrd_create, struct thrd *, void *, void *)(&t, plain_thread, &x) == SUCCESS);
	IS(CALL(int, _Thrd_join, struct thrd *, int *)(&t, &code) == SUCCESS && code == 7);
	void *flag = NULL;
	int (*execute)(void **, void *, void *) =
	        (void *)of("?_Execute_once@std@@YAHAEAUonce_flag@1@P6AHPEAX1PEAPEAX@Z1@Z");
	IS(execute(&flag, once_only, &x) && execute(&flag, once_only, &x) && once == 6);
	void *(*set)(void *) = (void *)of("?set_new_handler@std@@YAP6AXXZP6AXXZ@Z");
	IS(!set(handle_new) &&
	   CXX(void *, "?get_new_handler@std@@YAP6AXXZXZ", void)() == (void *)handle_new);
	IS(set(NULL) == (void *)handle_new && handled == 0);
	IS(*(int *)of("?skipws@?$_Iosb@H@std@@2HB") == 1 &&
	   *(int *)of("?hex@?$_Iosb@H@std@@2HB") == 0x800);
	IS(*(int *)of("?floatfield@?$_Iosb@H@std@@2HB") == 0x3000 &&
	   *(int *)of("?badbit@?$_Iosb@H@std@@2HB") == 4);
	IS(*(int *)of("?binary@?$_Iosb@H@std@@2HB") == 32 &&
	   *(int *)of("?end@?$_Iosb@H@std@@2HB") == 2);
	IS(*(int *)of("?_Statmask@?$_Iosb@H@std@@2HB") == 0x17 &&
	   *(int *)of("?_Fmtmask@?$_Iosb@H@std@@2HB") == 0xffff);
	IS(*(long long *)of("?_BADOFF@std@@3_JB") == -1 && of("?nothrow@std@@3Unothrow_t@1@B"));
	IS(!*(void **)of("?_Raise_handler@std@@3P6AXAEBVexception@stdext@@@ZEA"));
	IS(!strcmp(CXX(const char *, "?_Future_error_map@std@@YAPEBDH@Z", int)(1),
	           "broken promise"));
	IS(!CXX(const char *, "?_Future_error_map@std@@YAPEBDH@Z", int)(9));
	done("older programs");
}

int
main(void)
{
	threads();
	locks();
	thread_end();
	times();
	characters();
	comparing();
	numbers();
	mathematics();
	files();
	locale();
	unicode();
	tasks();
	old();
	return 0;
}
