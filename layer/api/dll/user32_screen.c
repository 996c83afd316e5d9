/* SPDX-License-Identifier: Apache-2.0 */
/* user32_screen.c -- the one screen, as a session has it that nobody looks at: 1024 by 768 points,
 * with a cursor that only the program moves. */
#include <stdatomic.h>
#include <string.h>

#include "layer/api/dll/dll.h"
#include "layer/api/nt/text/nls.h"

enum { WIDE = 1024, HIGH = 768, MONITOR = 0x10001, ERROR_NOACCESS = 998 };
static const WCHAR display[] = u"\\\\.\\DISPLAY1";

struct RECT {
	LONG left, top, right, bottom;
};
static const struct RECT screen = { 0, 0, WIDE, HIGH };

typedef BOOL WINAPI monitor_procedure(HANDLE m, HANDLE dc, struct RECT *r, LONG_PTR param);

WINAPI BOOL
user32_EnumDisplayMonitors(HANDLE dc, const struct RECT *clip, monitor_procedure *f, LONG_PTR param)
{
	struct RECT r = screen;
	if (!f)
		return refuse(ERROR_INVALID_PARAMETER);
	if (dc) /* there are none */
		return refuse(ERROR_INVALID_HANDLE);
	if (clip &&
	    (clip->left >= WIDE || clip->top >= HIGH || clip->right <= 0 || clip->bottom <= 0))
		return TRUE;
	return f((HANDLE)(uintptr_t)MONITOR, NULL, &r, param);
}

/* MONITOR_DEFAULTTONULL 0, ...PRIMARY 1, ...NEAREST 2: no window is on the screen. */
WINAPI HANDLE
user32_MonitorFromWindow(HWND w, DWORD flags)
{
	(void)w;
	return flags & 3 ? (HANDLE)(uintptr_t)MONITOR : NULL;
}

struct MONITORINFOEXW {
	DWORD cbSize;
	struct RECT rcMonitor, rcWork;
	DWORD dwFlags;
	WCHAR szDevice[32];
};

WINAPI BOOL
user32_GetMonitorInfoW(HANDLE m, struct MONITORINFOEXW *out)
{
	if ((uintptr_t)m != MONITOR)
		return refuse(1461); /* ERROR_INVALID_MONITOR_HANDLE */
	if (!out || (out->cbSize != 40 && out->cbSize != sizeof *out))
		return refuse(ERROR_INVALID_PARAMETER);
	out->rcMonitor = out->rcWork = screen;
	out->dwFlags = 1; /* primary */
	if (out->cbSize == sizeof *out) {
		memset(out->szDevice, 0, sizeof out->szDevice);
		memcpy(out->szDevice, display, sizeof display);
	}
	return TRUE;
}

struct DISPLAY_DEVICEW {
	DWORD cb;
	WCHAR DeviceName[32], DeviceString[128];
	DWORD StateFlags;
	WCHAR DeviceID[128], DeviceKey[128];
};

WINAPI BOOL
user32_EnumDisplayDevicesW(const WCHAR *device, DWORD i, struct DISPLAY_DEVICEW *out, DWORD flags)
{
	static const WCHAR what[] = u"Display";
	(void)flags;
	if (device || i || !out ||
	    out->cb < 4 + sizeof out->DeviceName + sizeof out->DeviceString + 4)
		return FALSE;
	memset((char *)out + 4, 0, (out->cb < sizeof *out ? out->cb : sizeof *out) - 4);
	memcpy(out->DeviceName, display, sizeof display);
	memcpy(out->DeviceString, what, sizeof what);
	out->StateFlags = 5; /* of the desktop, primary */
	return TRUE;
}

/* DEVMODEW: what of it a display has.  One mode, which is the current one (-1) and the one of
 * the registry (-2), too. */
WINAPI BOOL
user32_EnumDisplaySettingsW(const WCHAR *device, DWORD mode, BYTE *out)
{
	enum { SIZE = 220, SIZE_AT = 68, FIELDS_AT = 72, DEPTH_AT = 168 };
	const struct {
		DWORD bits, width, height, flags, hertz;
	} m = { 32, WIDE, HIGH, 0, 60 };
	const DWORD fields = 0x00040000 | 0x00080000 | 0x00100000 | 0x00200000 | 0x00400000;
	WORD size;
	if ((device && !nls_equal(device, display)) || !out || (mode && mode < 0xfffffffe))
		return FALSE;
	memcpy(&size, out + SIZE_AT, 2);
	if (size < DEPTH_AT + sizeof m)
		return FALSE;
	memset(out, 0, SIZE_AT);
	memcpy(out, display, sizeof display);
	memset(out + FIELDS_AT, 0, (size < SIZE ? size : SIZE) - (size_t)FIELDS_AT);
	memcpy(out + FIELDS_AT, &fields, 4);
	memcpy(out + DEPTH_AT, &m, sizeof m);
	return TRUE;
}

WINAPI BOOL
user32_EnumDisplaySettingsExW(const WCHAR *device, DWORD mode, BYTE *out, DWORD flags)
{
	(void)flags;
	return user32_EnumDisplaySettingsW(device, mode, out);
}

/* -- the cursor: y above x ---------------------------------------------------------------- */

static _Atomic uint64_t cursor;

static uint32_t
within(int v, int most)
{
	return v < 0 ? 0 : (uint32_t)(v < most ? v : most - 1);
}

WINAPI BOOL
user32_GetCursorPos(LONG out[2])
{
	uint64_t at = cursor;
	if (!out)
		return refuse(ERROR_NOACCESS);
	out[0] = (LONG)(uint32_t)at;
	out[1] = (LONG)(at >> 32);
	return TRUE;
}

WINAPI BOOL
user32_SetCursorPos(int x, int y)
{
	cursor = (uint64_t)within(y, HIGH) << 32 | within(x, WIDE);
	return TRUE;
}

/* -- awareness of points of an inch: said once --------------------------------------------- */

static _Atomic bool aware;

WINAPI BOOL
user32_SetProcessDPIAware(void)
{
	aware = true;
	return TRUE;
}

/* DPI_AWARENESS_CONTEXT: -1 (unaware) to -5 */
WINAPI BOOL
user32_SetProcessDpiAwarenessContext(HANDLE c)
{
	if ((intptr_t)c > -1 || (intptr_t)c < -5)
		return refuse(ERROR_INVALID_PARAMETER);
	return atomic_exchange(&aware, true) ? refuse(ERROR_ACCESS_DENIED) : TRUE;
}
