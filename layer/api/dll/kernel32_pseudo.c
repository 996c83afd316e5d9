/* SPDX-License-Identifier: Apache-2.0 */
/* kernel32_pseudo.c -- pseudo consoles.  Who calls these gets an HRESULT, no last error. */
#include "layer/api/dll/dll.h"
#include "layer/api/nt/file/pseudo.h"

static HRESULT
result(NTSTATUS s)
{
	return s >= 0 ? 0 : (HRESULT)(0x80070000 | status_error(s));
}

/* flags: PSEUDOCONSOLE_INHERIT_CURSOR needs nothing: the cursor is where the terminal has it. */
WINAPI HRESULT
kernel32_CreatePseudoConsole(struct COORD size, HANDLE input, HANDLE output, DWORD flags,
                             struct pseudo **out)
{
	(void)flags;
	if (!out || size.X <= 0 || size.Y <= 0)
		return result(STATUS_INVALID_PARAMETER);
	return result(pseudo_new(size, input, output, out));
}

WINAPI HRESULT
kernel32_ResizePseudoConsole(struct pseudo *p, struct COORD size)
{
	return result(p ? pseudo_resize(p, size) : STATUS_INVALID_PARAMETER);
}

WINAPI void
kernel32_ClosePseudoConsole(struct pseudo *p)
{
	if (p)
		pseudo_close(p);
}

WINAPI HRESULT
kernel32_ReleasePseudoConsole(struct pseudo *p)
{
	if (!p)
		return result(STATUS_INVALID_PARAMETER);
	pseudo_release(p);
	return 0;
}
