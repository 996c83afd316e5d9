/* SPDX-License-Identifier: Apache-2.0 */
/* ucrtbase_signal.c -- signal(), raise(), and exceptions that are signals to a C program. */
#include "layer/api/dll/dll.h"
#include "layer/api/dll/ucrtbase.h"
#include "layer/api/nt/except/except.h"

typedef void(WINAPI *handler)(int);
typedef void(WINAPI *fpe_handler)(int, int);

enum {
	W_SIGINT = 2,
	W_SIGILL = 4,
	W_SIGABRT_OLD = 6,
	W_SIGFPE = 8,
	W_SIGSEGV = 11,
	W_SIGTERM = 15,
	W_SIGBREAK = 21,
	W_SIGABRT = 22
};

#define DEFAULT     ((handler)0)
#define IGNORE      ((handler)1)
#define GET         ((handler)2)
#define ACKNOWLEDGE ((handler)4)
#define FAILED      ((handler)(intptr_t)-1)

static handler _Atomic process[4]; /* SIGINT, SIGBREAK, SIGABRT, SIGTERM */
static _Atomic bool console;

static int
process_index(int sig)
{
	switch (sig) {
	case W_SIGINT: return 0;
	case W_SIGBREAK: return 1;
	case W_SIGABRT:
	case W_SIGABRT_OLD: return 2;
	case W_SIGTERM: return 3;
	default: return -1;
	}
}

static int
thread_index(int sig)
{
	return sig == W_SIGFPE ? 0 : sig == W_SIGILL ? 1 : sig == W_SIGSEGV ? 2 : -1;
}

static WINAPI BOOL
on_console(DWORD event)
{
	int sig = event == 0 ? W_SIGINT : W_SIGBREAK, i = process_index(sig);
	handler f = process[i];
	if (f == DEFAULT)
		return FALSE;
	if (f != IGNORE) {
		process[i] = DEFAULT;
		f(sig);
	}
	return TRUE;
}

WINAPI handler
ucrtbase_signal(int sig, handler f)
{
	int i = process_index(sig), j = thread_index(sig);
	if ((i < 0 && j < 0) || f == ACKNOWLEDGE) {
		crt_error(EINVAL);
		return FAILED;
	}
	handler before = i >= 0 ? process[i] : (handler)(uintptr_t)crt_thread.signals[j];
	if (f == GET)
		return before;
	if ((sig == W_SIGINT || sig == W_SIGBREAK) && !console) {
		console = true;
		ucrtbase_late_SetConsoleCtrlHandler((void *)(uintptr_t)on_console, TRUE);
	}
	if (i >= 0)
		process[i] = f;
	else
		crt_thread.signals[j] = (void *)(uintptr_t)f;
	return before;
}

WINAPI int
ucrtbase_raise(int sig)
{
	int i = process_index(sig), j = thread_index(sig);
	REQUIRE(i >= 0 || j >= 0, -1);
	handler f = i >= 0 ? process[i] : (handler)(uintptr_t)crt_thread.signals[j];
	if (f == IGNORE)
		return 0;
	if (f == DEFAULT) {
		if (i == 2)
			return 0; /* abort() goes on itself */
		ucrtbase__exit(3);
	}
	if (i >= 0) {
		process[i] = DEFAULT;
		f(sig);
		return 0;
	}
	void *before = crt_thread.exception_pointers;
	crt_thread.exception_pointers = NULL;
	crt_thread.signals[j] = NULL;
	if (sig == W_SIGFPE) {
		int code = crt_thread.fpe_code;
		crt_thread.fpe_code = 0x8c; /* _FPE_EXPLICITGEN */
		((fpe_handler)(uintptr_t)f)(sig, crt_thread.fpe_code);
		crt_thread.fpe_code = code;
	} else {
		f(sig);
	}
	crt_thread.exception_pointers = before;
	return 0;
}

/* Exceptions that a handler of signal() is called for. */
static const struct {
	DWORD code;
	int sig, fpe;
} map[] = {
	{ 0xc0000005, W_SIGSEGV, 0 },   { 0xc000001d, W_SIGILL, 0 },
	{ 0xc0000096, W_SIGILL, 0 },    { 0xc000008d, W_SIGFPE, 0x82 },
	{ 0xc000008e, W_SIGFPE, 0x83 }, { 0xc000008f, W_SIGFPE, 0x86 },
	{ 0xc0000090, W_SIGFPE, 0x81 }, { 0xc0000091, W_SIGFPE, 0x84 },
	{ 0xc0000092, W_SIGFPE, 0x8a }, { 0xc0000093, W_SIGFPE, 0x85 },
};

WINAPI int
ucrtbase__seh_filter_exe(DWORD code, struct EXCEPTION_POINTERS *p)
{
	for (size_t i = 0; i < sizeof map / sizeof map[0]; i++) {
		if (map[i].code != code)
			continue;
		int j = thread_index(map[i].sig);
		handler f = (handler)(uintptr_t)crt_thread.signals[j];
		if (f == DEFAULT)
			return 0; /* EXCEPTION_CONTINUE_SEARCH */
		if (f == IGNORE)
			return -1;
		void *before = crt_thread.exception_pointers;
		crt_thread.exception_pointers = p;
		crt_thread.signals[j] = NULL;
		if (map[i].sig == W_SIGFPE) {
			int fpe = crt_thread.fpe_code;
			crt_thread.fpe_code = map[i].fpe;
			((fpe_handler)(uintptr_t)f)(W_SIGFPE, map[i].fpe);
			crt_thread.fpe_code = fpe;
		} else {
			f(map[i].sig);
		}
		crt_thread.exception_pointers = before;
		return -1; /* EXCEPTION_CONTINUE_EXECUTION */
	}
	return 0;
}

/* In a DLL only what is a C++ exception is looked at. */
WINAPI int
ucrtbase__seh_filter_dll(DWORD code, struct EXCEPTION_POINTERS *p)
{
	return code == 0xe06d7363 ? ucrtbase__seh_filter_exe(code, p) : 0;
}

WINAPI void **
ucrtbase___pxcptinfoptrs(void)
{
	return &crt_thread.exception_pointers;
}

WINAPI int *
ucrtbase___fpecode(void)
{
	return &crt_thread.fpe_code;
}
