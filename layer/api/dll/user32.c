/* SPDX-License-Identifier: Apache-2.0 */
/* user32.c -- what needs no window: metrics, parameters, characters, text; no display is there. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "layer/api/dll/dll.h"
#include "layer/api/nt/atom.h"
#include "layer/api/nt/text/nls.h"
#include "layer/api/nt/image/resource.h"

/* As a session without a display says: a screen of its least size, no mouse. */
WINAPI int
user32_GetSystemMetrics(int n)
{
	switch (n) {
	case 0:
	case 16:
	case 61:
	case 78: return 1024; /* SM_CXSCREEN and its kin */
	case 1:
	case 17:
	case 62:
	case 79: return 768;
	case 2:
	case 3: return 17;
	case 4: return 23;
	case 5:
	case 6: return 1;
	case 11:
	case 12:
	case 13:
	case 14: return 32;
	case 15: return 20;
	case 49:
	case 50: return 16;
	case 80: return 1; /* SM_CMONITORS */
	case 81: return 1;
	case 36:
	case 37: return 4;
	case 68:
	case 69: return 4;
	case 63: return 3;     /* SM_NETWORK */
	case 67: return 0;     /* normal boot */
	case 0x1000: return 0; /* no remote session */
	default: return 0;
	}
}

/* What is drawn grows with the points of an inch, of which 96 are usual; the screen does not. */
WINAPI int
user32_GetSystemMetricsForDpi(int n, UINT dpi)
{
	int v = user32_GetSystemMetrics(n);
	bool drawn = (n >= 2 && n <= 15) || n == 20 || n == 21 || (n >= 49 && n <= 57);
	return drawn && dpi ? (int)((UINT)v * dpi / 96) : v;
}

WINAPI BOOL
user32_SystemParametersInfoW(UINT action, UINT n, void *p, UINT flags)
{
	enum { ERROR_INVALID_SPI_VALUE = 1439, ERROR_NOACCESS = 998 };
	(void)n, (void)flags;
	if (!p)
		return refuse(ERROR_NOACCESS);
	switch (action) {
	case 0x30: /* SPI_GETWORKAREA */ memcpy(p, (LONG[]){ 0, 0, 1024, 768 }, 16); return TRUE;
	case 0x10: /* SPI_GETSCREENSAVEACTIVE */
	case 0x72:
	case 0x1042:
	case 0x46: *(BOOL *)p = FALSE; return TRUE;
	case 0x26: *(BOOL *)p = FALSE; return TRUE;
	case 0x68: *(UINT *)p = 3; return TRUE; /* lines of a wheel's notch */
	case 0x2000: *(DWORD *)p = 200000; return TRUE;
	case 0x16: *(int *)p = 1; return TRUE; /* SPI_GETKEYBOARDDELAY */
	case 0x0a: *(DWORD *)p = 31; return TRUE;
	default: return refuse(ERROR_INVALID_SPI_VALUE);
	}
}

WINAPI BOOL
user32_SystemParametersInfoA(UINT action, UINT n, void *p, UINT flags)
{
	return user32_SystemParametersInfoW(action, n, p, flags);
}

/* -- characters -------------------------------------------------------------------- */

WINAPI BOOL
user32_IsCharAlphaW(WCHAR c)
{
	return (nls_type(c)[0] & 0x100) != 0;
}
WINAPI BOOL
user32_IsCharAlphaNumericW(WCHAR c)
{
	return (nls_type(c)[0] & 0x104) != 0;
}
WINAPI BOOL
user32_IsCharUpperW(WCHAR c)
{
	return (nls_type(c)[0] & 1) != 0;
}
WINAPI BOOL
user32_IsCharLowerW(WCHAR c)
{
	return (nls_type(c)[0] & 2) != 0;
}
WINAPI BOOL
user32_IsCharAlphaA(char c)
{
	return c > 0 && user32_IsCharAlphaW((WCHAR)c);
}
WINAPI BOOL
user32_IsCharAlphaNumericA(char c)
{
	return c > 0 && user32_IsCharAlphaNumericW((WCHAR)c);
}

/* A character in place of the pointer, or a string that is changed where it is. */
static WCHAR *
whole(WCHAR *s, WCHAR (*f)(WCHAR))
{
	if ((uintptr_t)s < 0x10000)
		return (WCHAR *)(uintptr_t)f((WCHAR)(uintptr_t)s);
	for (WCHAR *p = s; *p; p++)
		*p = f(*p);
	return s;
}

static char *
narrow(char *s, size_t n, WCHAR (*f)(WCHAR))
{
	/* in UTF-8 the other case of a letter may be longer: only ASCII changes in its place */
	for (size_t i = 0; i < n; i++)
		if (s[i] > 0)
			s[i] = (char)f((WCHAR)s[i]);
	return s;
}

WINAPI WCHAR *
user32_CharUpperW(WCHAR *s)
{
	return whole(s, nls_up);
}
WINAPI WCHAR *
user32_CharLowerW(WCHAR *s)
{
	return whole(s, nls_low);
}

WINAPI char *
user32_CharUpperA(char *s)
{
	if ((uintptr_t)s < 0x10000)
		return (char *)(uintptr_t)((uintptr_t)s < 128 ? nls_up((WCHAR)(uintptr_t)s)
		                                              : (uintptr_t)s);
	return narrow(s, strlen(s), nls_up);
}

WINAPI char *
user32_CharLowerA(char *s)
{
	if ((uintptr_t)s < 0x10000)
		return (char *)(uintptr_t)((uintptr_t)s < 128 ? nls_low((WCHAR)(uintptr_t)s)
		                                              : (uintptr_t)s);
	return narrow(s, strlen(s), nls_low);
}

WINAPI DWORD
user32_CharUpperBuffW(WCHAR *s, DWORD n)
{
	for (DWORD i = 0; i < n; i++)
		s[i] = nls_up(s[i]);
	return n;
}

WINAPI DWORD
user32_CharLowerBuffW(WCHAR *s, DWORD n)
{
	for (DWORD i = 0; i < n; i++)
		s[i] = nls_low(s[i]);
	return n;
}

WINAPI DWORD
user32_CharUpperBuffA(char *s, DWORD n)
{
	narrow(s, n, nls_up);
	return n;
}
WINAPI DWORD
user32_CharLowerBuffA(char *s, DWORD n)
{
	narrow(s, n, nls_low);
	return n;
}
WINAPI WCHAR *
user32_CharNextW(const WCHAR *s)
{
	return (WCHAR *)s + (*s != 0);
}
WINAPI WCHAR *
user32_CharPrevW(const WCHAR *begin, const WCHAR *s)
{
	return (WCHAR *)s - (s > begin);
}

WINAPI char *
user32_CharNextA(const char *s)
{
	if (*s)
		for (s++; (*s & 0xc0) == 0x80;)
			s++;
	return (char *)s;
}

WINAPI char *
user32_CharPrevA(const char *begin, const char *s)
{
	if (s > begin)
		for (s--; s > begin && (*s & 0xc0) == 0x80;)
			s--;
	return (char *)s;
}

WINAPI char *
user32_CharNextExA(WORD page, const char *s, DWORD flags)
{
	(void)flags;
	if (nls_page(page) == NLS_UTF8)
		return user32_CharNextA(s);
	return (char *)s + (nls_page_lead(page, (BYTE)*s) && s[1] ? 2 : *s != 0);
}

WINAPI char *
user32_CharPrevExA(WORD page, const char *begin, const char *s, DWORD flags)
{
	(void)flags;
	const char *p = begin;
	if (nls_page(page) == NLS_UTF8)
		return user32_CharPrevA(begin, s);
	if (!nls_page_double(page, NULL))
		return (char *)s - (s > begin);
	/* a trail byte may look like any other: only from the beginning it is seen which are */
	while (p < s) {
		const char *next = user32_CharNextExA(page, p, 0);
		if (next >= s || next == p)
			break;
		p = next;
	}
	return (char *)p;
}

/* CP_OEMCP and CP_ACP are one. */
WINAPI BOOL
user32_CharToOemA(const char *s, char *out)
{
	memmove(out, s, strlen(s) + 1);
	return TRUE;
}
WINAPI BOOL
user32_OemToCharA(const char *s, char *out)
{
	memmove(out, s, strlen(s) + 1);
	return TRUE;
}
WINAPI BOOL
user32_CharToOemBuffA(const char *s, char *out, DWORD n)
{
	memmove(out, s, n);
	return TRUE;
}
WINAPI BOOL
user32_OemToCharBuffA(const char *s, char *out, DWORD n)
{
	memmove(out, s, n);
	return TRUE;
}

WINAPI BOOL
user32_CharToOemW(const WCHAR *s, char *out)
{
	size_t n = nls_length(s) + 1;
	nls_8_of_16(s, n, out, n * 3, NULL);
	return TRUE;
}

WINAPI BOOL
user32_OemToCharW(const char *s, WCHAR *out)
{
	size_t n = strlen(s) + 1;
	nls_16_of_8(s, n, out, n, NULL);
	return TRUE;
}

/* -- strings of resources --------------------------------------------------------------- */

/* Sixteen to a block, each after its length. */
WINAPI int
user32_LoadStringW(HMODULE module, UINT id, WCHAR *out, int room)
{
	struct module *m = ldr_of(module);
	const struct resource_data *d =
	        m ? resource_find(m, (const WCHAR *)6, (const WCHAR *)(uintptr_t)(id / 16 + 1), 0)
	          : NULL;
	const WCHAR *p = d ? resource_bytes(m, d) : NULL;
	if (!p || !out)
		return refuse(ERROR_RESOURCE_TYPE_NOT_FOUND);
	const WCHAR *end = p + d->size / 2;
	for (UINT i = 0; i < id % 16 && p < end; i++)
		p += *p + 1;
	if (p >= end || !*p || p + 1 + *p > end)
		return 0;
	if (room == 0) { /* the string itself is asked for */
		const WCHAR *at = p + 1;
		memcpy(out, &at, sizeof at);
		return *p;
	}
	int n = *p < room - 1 ? *p : room - 1;
	memcpy(out, p + 1, (size_t)n * sizeof *out);
	out[n] = 0;
	return n;
}

WINAPI int
user32_LoadStringA(HMODULE module, UINT id, char *out, int room)
{
	WCHAR *w = malloc(65536 * sizeof *w);
	int n = w ? user32_LoadStringW(module, id, w, 65536) : 0;
	if (n && room > 0)
		n = (int)nls_ansi_to(w, out, (size_t)room);
	free(w);
	return n;
}

/* -- message boxes: on standard error, and nobody presses a button but the first ---------- */

static int
box(const char *title, const char *text, UINT type)
{
	static const int first[] = { 1, 1, 3, 6, 6, 4, 2 };
	char *line;
	if ((type & 15) >= sizeof first / sizeof *first)
		return refuse(1438); /* ERROR_INVALID_MSGBOX_STYLE */
	int n = asprintf(&line, "%s%s%s\n", title ? title : "", title ? ": " : "",
	                 text ? text : "");
	if (n > 0) {
		file_write_all(2, line, (size_t)n); /* nobody is told when it is closed */
		free(line);
	}
	return first[type & 15];
}

WINAPI int
user32_MessageBoxW(HWND owner, const WCHAR *text, const WCHAR *title, UINT type)
{
	(void)owner;
	char *a = nls_ansi(text), *b = nls_ansi(title);
	int r = box(b, a, type);
	free(a);
	free(b);
	return r;
}

WINAPI int
user32_MessageBoxA(HWND owner, const char *text, const char *title, UINT type)
{
	(void)owner;
	return box(title, text, type);
}
WINAPI int
user32_MessageBoxExW(HWND o, const WCHAR *text, const WCHAR *title, UINT type, WORD language)
{
	(void)language;
	return user32_MessageBoxW(o, text, title, type);
}
WINAPI int
user32_MessageBoxExA(HWND o, const char *text, const char *title, UINT type, WORD language)
{
	(void)language;
	return user32_MessageBoxA(o, text, title, type);
}
WINAPI BOOL
user32_MessageBeep(UINT type)
{
	(void)type;
	return TRUE;
}

/* -- display, desktop, input: none -------------------------------------------------------- */

WINAPI HWND
user32_GetForegroundWindow(void)
{
	return NULL;
}
WINAPI HWND
user32_GetActiveWindow(void)
{
	return NULL;
}
WINAPI HWND
user32_GetFocus(void)
{
	return NULL;
}
WINAPI HWND
user32_GetShellWindow(void)
{
	return NULL;
}
WINAPI HWND
user32_FindWindowW(const WCHAR *class, const WCHAR *name)
{
	(void)class, (void)name;
	refuse(ERROR_FILE_NOT_FOUND);
	return NULL;
}
WINAPI HWND
user32_FindWindowA(const char *class, const char *name)
{
	(void)class, (void)name;
	refuse(ERROR_FILE_NOT_FOUND);
	return NULL;
}
WINAPI BOOL
user32_EnumWindows(void *f, LONG_PTR param)
{
	(void)f, (void)param;
	return TRUE;
}
WINAPI HANDLE
user32_GetDC(HWND w)
{
	(void)w;
	return NULL;
}
WINAPI int
user32_ReleaseDC(HWND w, HANDLE dc)
{
	(void)w, (void)dc;
	return 0;
}
WINAPI SHORT
user32_GetAsyncKeyState(int key)
{
	(void)key;
	return 0;
}
WINAPI SHORT
user32_GetKeyState(int key)
{
	(void)key;
	return 0;
}
WINAPI HANDLE
user32_GetKeyboardLayout(DWORD thread)
{
	(void)thread;
	return (HANDLE)(uintptr_t)0x04090409;
}
WINAPI UINT
user32_GetDoubleClickTime(void)
{
	return 500;
}
WINAPI UINT
user32_GetCaretBlinkTime(void)
{
	return 530;
}
WINAPI UINT
user32_GetDpiForSystem(void)
{
	return 96;
}
WINAPI HANDLE
user32_LoadIconW(HMODULE m, const WCHAR *name)
{
	(void)m, (void)name;
	refuse(1814);
	return NULL;
}
WINAPI HANDLE
user32_LoadCursorW(HMODULE m, const WCHAR *name)
{
	(void)m, (void)name;
	refuse(1814);
	return NULL;
}
WINAPI HANDLE
user32_LoadImageW(HMODULE m, const WCHAR *name, UINT type, int x, int y, UINT f)
{
	(void)m, (void)name, (void)type, (void)x, (void)y, (void)f;
	refuse(1814);
	return NULL;
}
WINAPI BOOL
user32_ExitWindowsEx(UINT flags, DWORD reason)
{
	(void)flags, (void)reason;
	return refuse(1314);
}
WINAPI BOOL
user32_LockWorkStation(void)
{
	return refuse(ERROR_ACCESS_DENIED);
}

WINAPI DWORD
user32_WaitForInputIdle(HANDLE process, DWORD ms)
{
	(void)process, (void)ms;
	return 0xffffffff; /* WAIT_FAILED: it is no program with windows */
}

/* A window station and a desktop that nobody sees, and which are in use: nobody closes them. */
enum { ERROR_BUSY = 170 };

WINAPI HANDLE
user32_GetProcessWindowStation(void)
{
	return (HANDLE)(uintptr_t)0x70;
}
WINAPI HANDLE
user32_GetThreadDesktop(DWORD thread)
{
	(void)thread;
	return (HANDLE)(uintptr_t)0x74;
}
WINAPI BOOL
user32_CloseDesktop(HANDLE h)
{
	return refuse((uintptr_t)h == 0x74 ? ERROR_BUSY : ERROR_INVALID_HANDLE);
}
WINAPI BOOL
user32_CloseWindowStation(HANDLE h)
{
	return refuse((uintptr_t)h == 0x70 ? ERROR_BUSY : ERROR_INVALID_HANDLE);
}
WINAPI HANDLE
user32_OpenInputDesktop(DWORD f, BOOL inherit, DWORD access)
{
	(void)f, (void)inherit, (void)access;
	refuse(ERROR_ACCESS_DENIED);
	return NULL;
}

WINAPI BOOL
user32_GetUserObjectInformationW(HANDLE h, int what, void *out, DWORD size, DWORD *need)
{
	static const WCHAR names[2][16] = { u"Service-0x0-1$", u"Default" };
	static const WCHAR types[2][16] = { u"WindowStation", u"Desktop" };
	int i = (uintptr_t)h == 0x74;
	if ((uintptr_t)h != 0x70 && !i)
		return refuse(ERROR_INVALID_HANDLE);
	if (what == 1) { /* UOI_FLAGS: not visible */
		if (need)
			*need = 12;
		if (size < 12)
			return refuse(ERROR_INSUFFICIENT_BUFFER);
		memset(out, 0, 12);
		return TRUE;
	}
	if (what != 2 && what != 3)
		return refuse(ERROR_INVALID_PARAMETER);
	const WCHAR *s = what == 2 ? names[i] : types[i];
	DWORD n = (DWORD)(nls_length(s) + 1) * 2;
	if (need)
		*need = n;
	if (size < n)
		return refuse(ERROR_INSUFFICIENT_BUFFER);
	memcpy(out, s, n);
	return TRUE;
}

WINAPI BOOL
user32_GetLastInputInfo(DWORD *info)
{
	if (!info || info[0] != 8)
		return refuse(ERROR_INVALID_PARAMETER);
	info[1] = 0;
	return TRUE;
}

WINAPI UINT
user32_RegisterWindowMessageW(const WCHAR *s)
{
	return atom_add(ATOM_USER, s);
}

WINAPI UINT
user32_RegisterWindowMessageA(const char *s)
{
	WCHAR *w = nls_wide_ansi(s);
	UINT a = w ? atom_add(ATOM_USER, w) : 0;
	free(w);
	return a;
}
