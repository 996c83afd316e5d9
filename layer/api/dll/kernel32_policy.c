/* SPDX-License-Identifier: Apache-2.0 */
/* kernel32_policy.c -- what a process forbids itself, and what it says of its importance.
 *
 * A prohibition is taken when it is kept: either we keep it, or what it is against does not exist
 * here (fonts of the desktop, extension points, images from other computers).  Others are refused,
 * so that no program takes itself for safer than it is.
 */
#include <string.h>

#include "layer/api/dll/dll.h"
#include "layer/api/dll/kernel32_process.h"
#include "layer/api/nt/host.h"

enum { POLICY_DEP = 0, POLICY_CHILD_PROCESS = 13, POLICIES = 21 };

static const struct {
	DWORD keeps; /* which of its bits */
} policy[POLICIES] = {
	[4] = { 1 },  /* no system calls of win32k: there are none */
	[6] = { 1 },  /* no extension points */
	[9] = { 3 },  /* no fonts but the system's */
	[10] = { 7 }, /* images: not from other computers, none of low integrity, System32 first */
	[POLICY_CHILD_PROCESS] = { 1 },
};

static _Atomic DWORD set[POLICIES];

bool
kernel32_process_childless(void)
{
	return set[POLICY_CHILD_PROCESS] & 1;
}

WINAPI BOOL
kernel32_GetProcessMitigationPolicy(HANDLE process, int which, void *out, SIZE_T size)
{
	struct object *o;
	if (which < 0 || which >= POLICIES || !out || size < sizeof(DWORD))
		return refuse(ERROR_INVALID_PARAMETER);
	if (!succeed(handle_get(process, &process_class, &o)))
		return FALSE;
	object_unref(o);
	memset(out, 0, size);
	DWORD flags = which == POLICY_DEP ? 1 : set[which]; /* always, of 64-bit programs */
	memcpy(out, &flags, sizeof flags);
	if (which == POLICY_DEP && size > sizeof flags)
		((BYTE *)out)[sizeof flags] = TRUE; /* Permanent */
	return TRUE;
}

/* What was forbidden is not allowed again. */
WINAPI BOOL
kernel32_SetProcessMitigationPolicy(int which, const void *in, SIZE_T size)
{
	DWORD flags;
	if (which < 0 || which >= POLICIES || !in || size < sizeof flags)
		return refuse(ERROR_INVALID_PARAMETER);
	memcpy(&flags, in, sizeof flags);
	if (which == POLICY_DEP || flags & ~policy[which].keeps)
		return refuse(ERROR_NOT_SUPPORTED);
	if (set[which] & ~flags)
		return refuse(ERROR_ACCESS_DENIED);
	set[which] |= flags;
	return TRUE;
}

/* These are of 32-bit programs. */
WINAPI BOOL
kernel32_GetProcessDEPPolicy(HANDLE process, DWORD *flags, BOOL *permanent)
{
	(void)process, (void)flags, (void)permanent;
	return refuse(ERROR_NOT_SUPPORTED);
}

WINAPI BOOL
kernel32_SetProcessDEPPolicy(DWORD flags)
{
	(void)flags;
	return refuse(ERROR_NOT_SUPPORTED);
}

WINAPI int
kernel32_GetSystemDEPPolicy(void)
{
	return 2;
}

/* -- information, by class --------------------------------------------------------------- */

enum {
	MEMORY_PRIORITY = 0,
	POWER_THROTTLING = 4,
	PROTECTION_LEVEL = 7,
	LEAP_SECONDS = 8,
	MACHINE = 9,
	CLASSES = 12,
};

struct throttling {
	ULONG version, control, state;
};

static _Atomic ULONG memory_priority = 5, leap_seconds;
static struct throttling throttling = { 1, 0, 0 };

static BOOL
give(void *out, DWORD room, const void *in, DWORD size)
{
	if (room != size)
		return refuse(ERROR_BAD_LENGTH);
	memcpy(out, in, size);
	return TRUE;
}

WINAPI BOOL
kernel32_GetProcessInformation(HANDLE process, int class, void *out, DWORD size)
{
	struct object *o;
	if (class < 0 || class >= CLASSES || !out)
		return refuse(ERROR_INVALID_PARAMETER);
	if (!succeed(handle_get(process, &process_class, &o)))
		return FALSE;
	object_unref(o);
	switch (class) {
	case MEMORY_PRIORITY: return give(out, size, &(ULONG){ memory_priority }, 4);
	case POWER_THROTTLING: return give(out, size, &throttling, sizeof throttling);
	case PROTECTION_LEVEL: return give(out, size, &(ULONG){ 0xfffffffe }, 4); /* none */
	case LEAP_SECONDS: return give(out, size, &(ULONG[]){ leap_seconds, 0 }, 8);
	case MACHINE: { /* x64, for programs and the system */
		struct {
			USHORT machine, reserved;
			DWORD attributes;
		} m = { 0x8664, 0, 3 };
		return give(out, size, &m, sizeof m);
	}
	default: return refuse(ERROR_NOT_SUPPORTED);
	}
}

/* Wishes to the scheduler and to the memory manager, which are the host's. */
WINAPI BOOL
kernel32_SetProcessInformation(HANDLE process, int class, void *in, DWORD size)
{
	struct object *o;
	ULONG v[3] = { 0 };
	DWORD need = class == MEMORY_PRIORITY    ? 4
	             : class == POWER_THROTTLING ? 12
	             : class == LEAP_SECONDS     ? 8
	                                         : 0;
	if (class < 0 || class >= CLASSES || !in)
		return refuse(ERROR_INVALID_PARAMETER);
	if (!succeed(handle_get(process, &process_class, &o)))
		return FALSE;
	object_unref(o);
	if (!need)
		return refuse(ERROR_NOT_SUPPORTED);
	if (size != need)
		return refuse(ERROR_BAD_LENGTH);
	memcpy(v, in, need);
	if (class == MEMORY_PRIORITY) {
		if (v[0] < 1 || v[0] > 5)
			return refuse(ERROR_INVALID_PARAMETER);
		memory_priority = v[0];
	} else if (class == POWER_THROTTLING) {
		/* version 1; execution speed, timer resolution; no state without control */
		if (v[0] != 1 || v[1] & ~5u || v[2] & ~v[1])
			return refuse(ERROR_INVALID_PARAMETER);
		throttling = (struct throttling){ v[0], v[1], v[2] };
	} else {
		leap_seconds = v[0] & 1;
	}
	return TRUE;
}
