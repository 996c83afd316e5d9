/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/api/dll/dll.h"
#include "layer/api/nt/thread/fiber.h"

enum { ERROR_ALREADY_FIBER = 1280, ERROR_ALREADY_THREAD = 1281 };

WINAPI void *
kernel32_ConvertThreadToFiberEx(void *parameter, DWORD flags)
{
	struct fiber *f;

	if (flags & ~1u) { /* FIBER_FLAG_FLOAT_SWITCH: it always is */
		last_error(ERROR_INVALID_PARAMETER);
		return NULL;
	}
	if (fiber_is()) {
		last_error(ERROR_ALREADY_FIBER);
		return NULL;
	}
	f = fiber_of_thread(parameter);
	if (!f)
		last_error(ERROR_NOT_ENOUGH_MEMORY);
	return f;
}

WINAPI void *
kernel32_ConvertThreadToFiber(void *parameter)
{
	return kernel32_ConvertThreadToFiberEx(parameter, 0);
}

WINAPI BOOL
kernel32_ConvertFiberToThread(void)
{
	return fiber_to_thread() ? TRUE : refuse(ERROR_ALREADY_THREAD);
}

WINAPI void *
kernel32_CreateFiberEx(SIZE_T commit, SIZE_T reserve, DWORD flags, void *start, void *parameter)
{
	struct fiber *f;

	if ((flags & ~1u) || !start) {
		last_error(ERROR_INVALID_PARAMETER);
		return NULL;
	}
	if (!reserve)
		reserve = commit > thread_stack_default ? commit : thread_stack_default;
	f = fiber_new(reserve, start, parameter);
	if (!f)
		last_error(ERROR_NOT_ENOUGH_MEMORY);
	return f;
}

WINAPI void *
kernel32_CreateFiber(SIZE_T stack, void *start, void *parameter)
{
	return kernel32_CreateFiberEx(stack, 0, 0, start, parameter);
}

WINAPI void
kernel32_SwitchToFiber(void *f)
{
	fiber_switch(f);
}

WINAPI void
kernel32_DeleteFiber(void *f)
{
	fiber_delete(f);
}

WINAPI BOOL
kernel32_IsThreadAFiber(void)
{
	return fiber_is();
}
