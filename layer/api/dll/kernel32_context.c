/* SPDX-License-Identifier: Apache-2.0 */
/* kernel32_context.c -- contexts in buffers, and what of vector registers is in them. */
#include <string.h>

#include "layer/api/dll/dll.h"
#include "layer/api/nt/except/except.h"
#include "layer/api/nt/except/xstate.h"

enum { CONTEXT_AMD64 = 0x100000, XSTATE_FLAG = 0x40 };

/* An area begins at a multiple of 64, wherever the buffer does. */
WINAPI BOOL
kernel32_InitializeContext2(void *buffer, DWORD flags, struct CONTEXT **context, DWORD *length,
                            ULONG64 features)
{
	DWORD need = sizeof(struct CONTEXT) + 15;
	if (!(flags & CONTEXT_AMD64))
		return refuse(ERROR_INVALID_PARAMETER);
	features &= xstate_enabled();
	if (flags & XSTATE_FLAG)
		need += (DWORD)(sizeof(struct CONTEXT_EX) + 63 + xstate_size(features));
	if (!buffer || *length < need) {
		*length = need;
		return refuse(ERROR_INSUFFICIENT_BUFFER);
	}
	struct CONTEXT *c = (struct CONTEXT *)(((uintptr_t)buffer + 15) & ~(uintptr_t)15);
	memset(c, 0, sizeof *c);
	c->ContextFlags = flags;
	if (flags & XSTATE_FLAG) {
		struct CONTEXT_EX *ex = (struct CONTEXT_EX *)(c + 1);
		uintptr_t area = ((uintptr_t)(ex + 1) + 63) & ~(uintptr_t)63;
		xstate_attach(c, ex, (struct XSTATE *)area, (LONG)(area - (uintptr_t)ex), features);
	}
	*context = c;
	return TRUE;
}

WINAPI BOOL
kernel32_InitializeContext(void *buffer, DWORD flags, struct CONTEXT **context, DWORD *length)
{
	return kernel32_InitializeContext2(buffer, flags, context, length, UINT64_MAX);
}

WINAPI BOOL
kernel32_CopyContext(struct CONTEXT *to, DWORD flags, const struct CONTEXT *from)
{
	if (!(flags & CONTEXT_AMD64) || flags & ~to->ContextFlags)
		return refuse(ERROR_INVALID_PARAMETER);
	flags &= from->ContextFlags;
	except_context_parts(to, from, flags);
	struct XSTATE *x = xstate_of(to), *y = xstate_of(from);
	if (flags & XSTATE_FLAG && x && y)
		xstate_copy(x, y, XSTATE_FEATURES);
	return TRUE;
}

WINAPI BOOL
kernel32_GetXStateFeaturesMask(struct CONTEXT *c, DWORD64 *mask)
{
	const struct XSTATE *x = xstate_of(c);
	bool legacy = (c->ContextFlags & CONTEXT_FLOATING_POINT) == CONTEXT_FLOATING_POINT;
	if (!(c->ContextFlags & CONTEXT_AMD64))
		return FALSE;
	*mask = (legacy ? XSTATE_LEGACY : 0) | (x ? x->Mask & xstate_features(x) : 0);
	return TRUE;
}

WINAPI BOOL
kernel32_SetXStateFeaturesMask(struct CONTEXT *c, DWORD64 mask)
{
	struct XSTATE *x = xstate_of(c);
	DWORD64 more = mask & ~(DWORD64)XSTATE_LEGACY;
	if (!(c->ContextFlags & CONTEXT_AMD64) || more & ~(x ? xstate_features(x) : 0))
		return FALSE;
	if (mask & XSTATE_LEGACY)
		c->ContextFlags |= CONTEXT_FLOATING_POINT;
	if (x)
		x->Mask = more;
	return TRUE;
}

WINAPI void *
kernel32_LocateXStateFeature(struct CONTEXT *c, DWORD feature, DWORD *length)
{
	const struct XSTATE *x = xstate_of(c);
	DWORD size = 0;
	void *at = NULL;
	if (!(c->ContextFlags & CONTEXT_AMD64))
		return NULL;
	switch (feature) {
	case 0:
		at = &c->FltSave;
		size = offsetof(struct XMM_SAVE_AREA32, XmmRegisters);
		break;
	case 1:
		at = c->FltSave.XmmRegisters;
		size = sizeof c->FltSave.XmmRegisters;
		break;
	default: at = x ? xstate_feature(x, feature, &size) : NULL; break;
	}
	if (at && length)
		*length = size;
	return at;
}
