/* SPDX-License-Identifier: Apache-2.0 */
/* ucrtbase_spawn.c -- the many names of _spawn and _exec: a list or an array, an environment,
 * a search along PATH, narrow or wide. */
#include "layer/api/dll/dll.h"
#include "layer/api/dll/ucrtbase.h"

enum { MODE_OVERLAY = 2 };

/* Arguments up to a null pointer, and behind it the environment when there is one. */
static intptr_t
listed(int mode, const char *name, const char *first, const uint64_t *rest, bool env, bool search)
{
	size_t n = 0;
	REQUIRE(first, -1);
	while (rest[n])
		n++;
	const char **args = crt_zalloc((n + 2) * sizeof *args);
	if (!args)
		return -1;
	args[0] = first;
	for (size_t i = 0; i < n; i++)
		args[i + 1] = (const char *)(uintptr_t)rest[i];
	intptr_t r = ucrtbase_process_spawn_narrow(
	        mode, name, args, env ? (const char *const *)(uintptr_t)rest[n + 1] : NULL, search);
	crt_free(args);
	return r;
}

/* Arguments up to a null pointer, and behind it the environment when there is one. */
static intptr_t
listed_wide(int mode, const WCHAR *name, const WCHAR *first, const uint64_t *rest, bool env,
            bool search)
{
	size_t n = 0;
	REQUIRE(first, -1);
	while (rest[n])
		n++;
	const WCHAR **args = crt_zalloc((n + 2) * sizeof *args);
	if (!args)
		return -1;
	args[0] = first;
	for (size_t i = 0; i < n; i++)
		args[i + 1] = (const WCHAR *)(uintptr_t)rest[i];
	intptr_t r = ucrtbase_process_spawn(
	        mode, name, args, env ? (const WCHAR *const *)(uintptr_t)rest[n + 1] : NULL,
	        search);
	crt_free(args);
	return r;
}

WINAPI intptr_t
ucrtbase__spawnv(int mode, const char *name, const char *const *args)
{
	return ucrtbase_process_spawn_narrow(mode, name, args, NULL, false);
}

WINAPI intptr_t
ucrtbase__spawnve(int mode, const char *name, const char *const *args, const char *const *env)
{
	return ucrtbase_process_spawn_narrow(mode, name, args, env, false);
}

WINAPI intptr_t
ucrtbase__execv(const char *name, const char *const *args)
{
	return ucrtbase_process_spawn_narrow(MODE_OVERLAY, name, args, NULL, false);
}

WINAPI intptr_t
ucrtbase__execve(const char *name, const char *const *args, const char *const *env)
{
	return ucrtbase_process_spawn_narrow(MODE_OVERLAY, name, args, env, false);
}

WINAPI intptr_t
ucrtbase__spawnl(int mode, const char *name, const char *first, ...)
{
	__builtin_ms_va_list ap;
	__builtin_ms_va_start(ap, first);
	intptr_t r = listed(mode, name, first, (const uint64_t *)(void *)ap, false, false);
	__builtin_ms_va_end(ap);
	return r;
}

WINAPI intptr_t
ucrtbase__execl(const char *name, const char *first, ...)
{
	__builtin_ms_va_list ap;
	__builtin_ms_va_start(ap, first);
	intptr_t r = listed(MODE_OVERLAY, name, first, (const uint64_t *)(void *)ap, false, false);
	__builtin_ms_va_end(ap);
	return r;
}

WINAPI intptr_t
ucrtbase__spawnle(int mode, const char *name, const char *first, ...)
{
	__builtin_ms_va_list ap;
	__builtin_ms_va_start(ap, first);
	intptr_t r = listed(mode, name, first, (const uint64_t *)(void *)ap, true, false);
	__builtin_ms_va_end(ap);
	return r;
}

WINAPI intptr_t
ucrtbase__execle(const char *name, const char *first, ...)
{
	__builtin_ms_va_list ap;
	__builtin_ms_va_start(ap, first);
	intptr_t r = listed(MODE_OVERLAY, name, first, (const uint64_t *)(void *)ap, true, false);
	__builtin_ms_va_end(ap);
	return r;
}

WINAPI intptr_t
ucrtbase__spawnvp(int mode, const char *name, const char *const *args)
{
	return ucrtbase_process_spawn_narrow(mode, name, args, NULL, true);
}

WINAPI intptr_t
ucrtbase__spawnvpe(int mode, const char *name, const char *const *args, const char *const *env)
{
	return ucrtbase_process_spawn_narrow(mode, name, args, env, true);
}

WINAPI intptr_t
ucrtbase__execvp(const char *name, const char *const *args)
{
	return ucrtbase_process_spawn_narrow(MODE_OVERLAY, name, args, NULL, true);
}

WINAPI intptr_t
ucrtbase__execvpe(const char *name, const char *const *args, const char *const *env)
{
	return ucrtbase_process_spawn_narrow(MODE_OVERLAY, name, args, env, true);
}

WINAPI intptr_t
ucrtbase__spawnlp(int mode, const char *name, const char *first, ...)
{
	__builtin_ms_va_list ap;
	__builtin_ms_va_start(ap, first);
	intptr_t r = listed(mode, name, first, (const uint64_t *)(void *)ap, false, true);
	__builtin_ms_va_end(ap);
	return r;
}

WINAPI intptr_t
ucrtbase__execlp(const char *name, const char *first, ...)
{
	__builtin_ms_va_list ap;
	__builtin_ms_va_start(ap, first);
	intptr_t r = listed(MODE_OVERLAY, name, first, (const uint64_t *)(void *)ap, false, true);
	__builtin_ms_va_end(ap);
	return r;
}

WINAPI intptr_t
ucrtbase__spawnlpe(int mode, const char *name, const char *first, ...)
{
	__builtin_ms_va_list ap;
	__builtin_ms_va_start(ap, first);
	intptr_t r = listed(mode, name, first, (const uint64_t *)(void *)ap, true, true);
	__builtin_ms_va_end(ap);
	return r;
}

WINAPI intptr_t
ucrtbase__execlpe(const char *name, const char *first, ...)
{
	__builtin_ms_va_list ap;
	__builtin_ms_va_start(ap, first);
	intptr_t r = listed(MODE_OVERLAY, name, first, (const uint64_t *)(void *)ap, true, true);
	__builtin_ms_va_end(ap);
	return r;
}

WINAPI intptr_t
ucrtbase__wspawnv(int mode, const WCHAR *name, const WCHAR *const *args)
{
	return ucrtbase_process_spawn(mode, name, args, NULL, false);
}

WINAPI intptr_t
ucrtbase__wspawnve(int mode, const WCHAR *name, const WCHAR *const *args, const WCHAR *const *env)
{
	return ucrtbase_process_spawn(mode, name, args, env, false);
}

WINAPI intptr_t
ucrtbase__wexecv(const WCHAR *name, const WCHAR *const *args)
{
	return ucrtbase_process_spawn(MODE_OVERLAY, name, args, NULL, false);
}

WINAPI intptr_t
ucrtbase__wexecve(const WCHAR *name, const WCHAR *const *args, const WCHAR *const *env)
{
	return ucrtbase_process_spawn(MODE_OVERLAY, name, args, env, false);
}

WINAPI intptr_t
ucrtbase__wspawnl(int mode, const WCHAR *name, const WCHAR *first, ...)
{
	__builtin_ms_va_list ap;
	__builtin_ms_va_start(ap, first);
	intptr_t r = listed_wide(mode, name, first, (const uint64_t *)(void *)ap, false, false);
	__builtin_ms_va_end(ap);
	return r;
}

WINAPI intptr_t
ucrtbase__wexecl(const WCHAR *name, const WCHAR *first, ...)
{
	__builtin_ms_va_list ap;
	__builtin_ms_va_start(ap, first);
	intptr_t r =
	        listed_wide(MODE_OVERLAY, name, first, (const uint64_t *)(void *)ap, false, false);
	__builtin_ms_va_end(ap);
	return r;
}

WINAPI intptr_t
ucrtbase__wspawnle(int mode, const WCHAR *name, const WCHAR *first, ...)
{
	__builtin_ms_va_list ap;
	__builtin_ms_va_start(ap, first);
	intptr_t r = listed_wide(mode, name, first, (const uint64_t *)(void *)ap, true, false);
	__builtin_ms_va_end(ap);
	return r;
}

WINAPI intptr_t
ucrtbase__wexecle(const WCHAR *name, const WCHAR *first, ...)
{
	__builtin_ms_va_list ap;
	__builtin_ms_va_start(ap, first);
	intptr_t r =
	        listed_wide(MODE_OVERLAY, name, first, (const uint64_t *)(void *)ap, true, false);
	__builtin_ms_va_end(ap);
	return r;
}

WINAPI intptr_t
ucrtbase__wspawnvp(int mode, const WCHAR *name, const WCHAR *const *args)
{
	return ucrtbase_process_spawn(mode, name, args, NULL, true);
}

WINAPI intptr_t
ucrtbase__wspawnvpe(int mode, const WCHAR *name, const WCHAR *const *args, const WCHAR *const *env)
{
	return ucrtbase_process_spawn(mode, name, args, env, true);
}

WINAPI intptr_t
ucrtbase__wexecvp(const WCHAR *name, const WCHAR *const *args)
{
	return ucrtbase_process_spawn(MODE_OVERLAY, name, args, NULL, true);
}

WINAPI intptr_t
ucrtbase__wexecvpe(const WCHAR *name, const WCHAR *const *args, const WCHAR *const *env)
{
	return ucrtbase_process_spawn(MODE_OVERLAY, name, args, env, true);
}

WINAPI intptr_t
ucrtbase__wspawnlp(int mode, const WCHAR *name, const WCHAR *first, ...)
{
	__builtin_ms_va_list ap;
	__builtin_ms_va_start(ap, first);
	intptr_t r = listed_wide(mode, name, first, (const uint64_t *)(void *)ap, false, true);
	__builtin_ms_va_end(ap);
	return r;
}

WINAPI intptr_t
ucrtbase__wexeclp(const WCHAR *name, const WCHAR *first, ...)
{
	__builtin_ms_va_list ap;
	__builtin_ms_va_start(ap, first);
	intptr_t r =
	        listed_wide(MODE_OVERLAY, name, first, (const uint64_t *)(void *)ap, false, true);
	__builtin_ms_va_end(ap);
	return r;
}

WINAPI intptr_t
ucrtbase__wspawnlpe(int mode, const WCHAR *name, const WCHAR *first, ...)
{
	__builtin_ms_va_list ap;
	__builtin_ms_va_start(ap, first);
	intptr_t r = listed_wide(mode, name, first, (const uint64_t *)(void *)ap, true, true);
	__builtin_ms_va_end(ap);
	return r;
}

WINAPI intptr_t
ucrtbase__wexeclpe(const WCHAR *name, const WCHAR *first, ...)
{
	__builtin_ms_va_list ap;
	__builtin_ms_va_start(ap, first);
	intptr_t r =
	        listed_wide(MODE_OVERLAY, name, first, (const uint64_t *)(void *)ap, true, true);
	__builtin_ms_va_end(ap);
	return r;
}
