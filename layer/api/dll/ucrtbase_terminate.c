/* SPDX-License-Identifier: Apache-2.0 */
/* ucrtbase_terminate.c -- terminate(), unexpected(), what a call of a pure virtual function does;
 * going on after a stack overflow. */
#include "layer/api/dll/dll.h"
#include "layer/api/nt/except/cxx.h"
#include "layer/api/nt/except/except.h"

typedef void(WINAPI handler)(void);

WINAPI _Noreturn void ucrtbase_abort(void);

static handler *_Atomic purecall;

WINAPI _Noreturn void
ucrtbase_terminate(void)
{
	handler *f = cxx_thread()->terminate;
	if (f)
		f();
	ucrtbase_abort();
}

WINAPI handler *
ucrtbase_set_terminate(handler *f)
{
	struct cxx_thread *t = cxx_thread();
	handler *before = t->terminate ? t->terminate : ucrtbase_abort;
	t->terminate = f;
	return before;
}

WINAPI handler *
ucrtbase__get_terminate(void)
{
	handler *f = cxx_thread()->terminate;
	return f ? f : ucrtbase_abort;
}

WINAPI handler *
ucrtbase_set_unexpected(handler *f)
{
	struct cxx_thread *t = cxx_thread();
	handler *before = t->unexpected;
	t->unexpected = f;
	return before;
}

WINAPI handler *
ucrtbase__get_unexpected(void)
{
	return cxx_thread()->unexpected;
}

WINAPI void
ucrtbase_unexpected(void)
{
	handler *f = cxx_thread()->unexpected;
	if (f)
		f();
	ucrtbase_terminate();
}

WINAPI void
ucrtbase__purecall(void)
{
	handler *f = purecall;
	if (f)
		f();
	ucrtbase_abort();
}

WINAPI handler *
ucrtbase__set_purecall_handler(handler *f)
{
	handler *before = purecall;
	purecall = f;
	return before;
}

WINAPI handler *
ucrtbase__get_purecall_handler(void)
{
	return purecall;
}

WINAPI int
ucrtbase__resetstkoflw(void)
{
	return except_reset_stack();
}
