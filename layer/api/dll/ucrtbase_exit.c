/* SPDX-License-Identifier: Apache-2.0 */
/* ucrtbase_exit.c -- what runs when a program or a thread ends, and how threads begin. */
#include "layer/api/dll/dll.h"
#include "layer/api/dll/ucrtbase.h"
#include "layer/api/nt/process/birth.h"
#include "layer/api/nt/except/except.h"

#include <string.h>

typedef void(WINAPI *function)(void);
typedef void(WINAPI *tls_callback)(void *module, DWORD reason, void *reserved);

enum { ABORT_MESSAGE = 1, ABORT_REPORT = 2 };

static struct ucrtbase_onexit_table at_exit, quick;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static tls_callback thread_local_at_exit;
static unsigned abort_behavior = ABORT_MESSAGE | ABORT_REPORT;

/* -- tables of functions, ours and those of modules ------------------------------------ */

WINAPI int
ucrtbase__initialize_onexit_table(struct ucrtbase_onexit_table *t)
{
	if (!t)
		return -1;
	/* one that is in use stays as it is */
	if (t->first == t->end)
		memset(t, 0, sizeof *t);
	return 0;
}

static int
add(struct ucrtbase_onexit_table *t, void *f)
{
	int r = 0;
	pthread_mutex_lock(&lock);
	if (t->last == t->end) {
		size_t n = (size_t)(t->end - t->first), room = n ? n * 2 : 32;
		void **first = crt_realloc(t->first, room * sizeof *first);
		if (first) {
			t->first = first;
			t->last = first + n;
			t->end = first + room;
		} else {
			r = -1;
		}
	}
	if (r == 0)
		*t->last++ = f;
	pthread_mutex_unlock(&lock);
	return r;
}

WINAPI int
ucrtbase__register_onexit_function(struct ucrtbase_onexit_table *t, int(WINAPI *f)(void))
{
	return t ? add(t, (void *)(uintptr_t)f) : -1;
}

/* The last first; those that are added meanwhile too. */
WINAPI int
ucrtbase__execute_onexit_table(struct ucrtbase_onexit_table *t)
{
	if (!t)
		return -1;
	for (;;) {
		function f = NULL;
		pthread_mutex_lock(&lock);
		bool more = t->last != t->first;
		if (more)
			f = (function)(uintptr_t) * --t->last;
		pthread_mutex_unlock(&lock);
		if (!more)
			break;
		if (f)
			f();
	}
	crt_free(t->first);
	memset(t, 0, sizeof *t);
	return 0;
}

WINAPI int
ucrtbase__crt_atexit(function f)
{
	return add(&at_exit, (void *)(uintptr_t)f);
}

WINAPI int
ucrtbase__crt_at_quick_exit(function f)
{
	return add(&quick, (void *)(uintptr_t)f);
}

int
ucrtbase_exit_register(WINAPI int (*f)(void))
{
	return add(&at_exit, (void *)(uintptr_t)f);
}

WINAPI void
ucrtbase__register_thread_local_exe_atexit_callback(tls_callback f)
{
	if (!thread_local_at_exit)
		thread_local_at_exit = f;
}

/* -- the end of the process --------------------------------------------------------------- */

static void
clean(void)
{
	tls_callback f = thread_local_at_exit;
	thread_local_at_exit = NULL;
	if (f)
		f(NULL, 0 /* DLL_PROCESS_DETACH */, NULL);
	ucrtbase__execute_onexit_table(&at_exit);
	ucrtbase_stream_flush_all();
}

WINAPI void
ucrtbase__cexit(void)
{
	clean();
}

WINAPI void
ucrtbase__c_exit(void)
{
}

WINAPI _Noreturn void
ucrtbase_exit(int code)
{
	clean();
	kernel32_ExitProcess((DWORD)code);
}

WINAPI _Noreturn void
ucrtbase__exit(int code)
{
	kernel32_ExitProcess((DWORD)code);
}

WINAPI _Noreturn void
ucrtbase_quick_exit(int code)
{
	ucrtbase__execute_onexit_table(&quick);
	kernel32_ExitProcess((DWORD)code);
}

WINAPI unsigned
ucrtbase__set_abort_behavior(unsigned flags, unsigned mask)
{
	unsigned before = abort_behavior;
	abort_behavior = (before & ~mask) | (flags & mask);
	return before;
}

WINAPI _Noreturn void
ucrtbase_abort(void)
{
	ucrtbase_raise(22 /* SIGABRT */);
	ucrtbase_stream_flush_all();
	if (crt_lenient && abort_behavior & ABORT_MESSAGE) {
		static const char text[] =
		        "\nThis application has requested the Runtime to terminate it in an "
		        "unusual way.\n"
		        "Please contact the application's support team for more information.\n";
		ucrtbase_fd_write(2, text, sizeof text - 1);
	}
	/* __fastfail(FAST_FAIL_FATAL_APP_EXIT), which no handler sees */
	if (!crt_lenient && abort_behavior & ABORT_REPORT)
		birth_end(0xc0000409);
	kernel32_ExitProcess(3);
}

/* -- invalid parameters -------------------------------------------------------------------- */

WINAPI crt_invalid_handler
ucrtbase__set_invalid_parameter_handler(crt_invalid_handler f)
{
	crt_invalid_handler before = crt_invalid_process;
	crt_invalid_process = f;
	return before;
}

WINAPI crt_invalid_handler
ucrtbase__get_invalid_parameter_handler(void)
{
	return crt_invalid_process;
}

WINAPI crt_invalid_handler
ucrtbase__set_thread_local_invalid_parameter_handler(crt_invalid_handler f)
{
	crt_invalid_handler before = crt_thread.invalid;
	crt_thread.invalid = f;
	return before;
}

WINAPI crt_invalid_handler
ucrtbase__get_thread_local_invalid_parameter_handler(void)
{
	return crt_thread.invalid;
}

WINAPI void
ucrtbase__invalid_parameter_noinfo(void)
{
	crt_invalid(crt_thread.error);
}

WINAPI _Noreturn void
ucrtbase__invoke_watson(const WCHAR *expression, const WCHAR *function_, const WCHAR *file,
                        unsigned line, uintptr_t reserved)
{
	(void)expression, (void)function_, (void)file, (void)line, (void)reserved;
	except_raise(0xc0000417, EXCEPTION_NONCONTINUABLE, 0, NULL);
	birth_end(0xc0000417);
}

WINAPI _Noreturn void
ucrtbase__invalid_parameter_noinfo_noreturn(void)
{
	crt_invalid(crt_thread.error);
	ucrtbase__invoke_watson(NULL, NULL, NULL, 0, 0);
}

/* -- threads --------------------------------------------------------------------------------- */

struct start {
	unsigned(WINAPI *f)(void *);
	void *argument;
	HANDLE handle; /* of _beginthread: closed by the thread itself */
	bool plain;
};

WINAPI _Noreturn void
ucrtbase__endthreadex(unsigned code)
{
	HANDLE h = crt_thread.handle;
	crt_thread.handle = NULL;
	if (h)
		kernel32_CloseHandle(h);
	ucrtbase_late_ExitThread(code);
}

WINAPI _Noreturn void
ucrtbase__endthread(void)
{
	ucrtbase__endthreadex(0);
}

static WINAPI DWORD
run(void *argument)
{
	struct start s = *(struct start *)argument;
	crt_free(argument);
	if (s.plain)
		crt_thread.handle = s.handle;
	unsigned code = s.f(s.argument);
	ucrtbase__endthreadex(s.plain ? 0 : code);
}

WINAPI uintptr_t
ucrtbase__beginthreadex(void *security, unsigned stack, unsigned(WINAPI *f)(void *), void *argument,
                        unsigned flags, unsigned *id)
{
	REQUIRE(f, 0);
	struct start *s = crt_zalloc(sizeof *s);
	DWORD tid = 0;
	if (!s)
		return 0;
	s->f = f;
	s->argument = argument;
	HANDLE h =
	        ucrtbase_late_CreateThread(security, stack, (void *)(uintptr_t)run, s, flags, &tid);
	if (!h) {
		crt_dos_error(kernel32_GetLastError());
		crt_free(s);
		return 0;
	}
	if (id)
		*id = tid;
	return (uintptr_t)h;
}

WINAPI uintptr_t
ucrtbase__beginthread(void(WINAPI *f)(void *), unsigned stack, void *argument)
{
	REQUIRE(f, (uintptr_t)-1);
	struct start *s = crt_zalloc(sizeof *s);
	if (!s)
		return (uintptr_t)-1;
	s->f = (unsigned(WINAPI *)(void *))(uintptr_t)f;
	s->argument = argument;
	s->plain = true;
	/* it waits until it can know its handle */
	HANDLE h = ucrtbase_late_CreateThread(NULL, stack, (void *)(uintptr_t)run, s,
	                                      4 /* CREATE_SUSPENDED */, NULL);
	if (!h) {
		crt_dos_error(kernel32_GetLastError());
		crt_free(s);
		return (uintptr_t)-1;
	}
	s->handle = h;
	kernel32_ResumeThread(h);
	return (uintptr_t)h;
}

WINAPI DWORD
ucrtbase___threadid(void)
{
	return (DWORD)(uintptr_t)teb()->ClientId.UniqueThread;
}

WINAPI intptr_t
ucrtbase___threadhandle(void)
{
	return -2; /* GetCurrentThread() */
}

WINAPI int
ucrtbase__getpid(void)
{
	return (int)kernel32_GetCurrentProcessId();
}
