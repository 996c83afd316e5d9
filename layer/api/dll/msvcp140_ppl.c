/* SPDX-License-Identifier: Apache-2.0 */
/* msvcp140_ppl.c -- tasks of <ppltasks.h> and <future>: a thread pool's work, and where a
 * continuation runs, which outside of COM's apartments is anywhere. */
#include "layer/api/dll/msvcp140.h"

struct chore {
	void *work;
	WINAPI void (*f)(void *);
	void *data;
};

WINAPI void *kernel32_CreateThreadpoolWork(void *f, void *x, void *environ);
WINAPI void kernel32_SubmitThreadpoolWork(void *work);
WINAPI void kernel32_CloseThreadpoolWork(void *work);
WINAPI DWORD kernel32_GetCurrentThreadId(void);
WINAPI _Noreturn void ucrtbase_terminate(void);

WINAPI static void
run(void *instance, void *x, void *work)
{
	struct chore *c = x;
	(void)instance, (void)work;
	c->f(c->data);
}

WINAPI int
msvcp140_ppl_Reschedule_chore(const struct chore *c)
{
	kernel32_SubmitThreadpoolWork(c->work);
	return 0;
}

/* 0, or an error of errno.h */
WINAPI int
msvcp140_ppl_Schedule_chore(struct chore *c)
{
	c->work = kernel32_CreateThreadpoolWork((void *)(uintptr_t)run, c, NULL);
	return c->work ? msvcp140_ppl_Reschedule_chore(c) : -1;
}

WINAPI void
msvcp140_ppl_Release_chore(struct chore *c)
{
	if (c->work)
		kernel32_CloseThreadpoolWork(c->work);
	c->work = NULL;
}

/* An exception of a task that nobody has asked for its result. */
WINAPI _Noreturn void
msvcp140_ppl_ReportUnobservedException(void)
{
	ucrtbase_terminate();
}

WINAPI void
msvcp140_ppl_ReportUnhandledError(void *holder)
{
	(void)holder;
}

WINAPI long
msvcp140_ppl_GetCurrentThreadId(void)
{
	return (long)(int32_t)kernel32_GetCurrentThreadId();
}

/* task_continuation_context(), _ContextCallback::_Capture and _Reset */
WINAPI void **
msvcp140_ppl_no_context(void **context)
{
	*context = NULL;
	return context;
}

enum { FUNCTION_CALL = 2, FUNCTION_DELETE = 4, FUNCTION_OBJECT = 7 };

/* The function is an argument by value, so it ends here. */
WINAPI void
msvcp140_ppl_CallInContext(void *const *context, void **function, bool agile)
{
	void *f = function[FUNCTION_OBJECT];
	(void)context, (void)agile;
	if (!f)
		return;
	VIRTUAL(f, FUNCTION_CALL, WINAPI void (*)(void *), f);
	VIRTUAL(f, FUNCTION_DELETE, WINAPI void (*)(void *, bool), f, f != (void *)function);
	function[FUNCTION_OBJECT] = NULL;
}

/* _TaskEventLogger: nobody looks at it */
WINAPI void
msvcp140_ppl_log(void *logger)
{
	(void)logger;
}
