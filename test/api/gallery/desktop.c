/* SPDX-License-Identifier: Apache-2.0 */
// user32 and shell32 for programs that nobody looks at: the one screen and its cursor, boxes that
// are answered at once, classes, what a desktop would be asked for; programs run by their files.
// needs: joist mingw
// libs: -luser32 -lshell32 -lole32 -ladvapi32
// run: joist run --rm $GUEST
// expect: screen: ok
// expect: settings: ok
// expect: boxes: ok
// expect: classes: ok
// expect: pictures: ok
// expect: session: ok
// expect: execute: ok
// expect: shell: ok
// expect-err: title: narrow text
// expect-err: title: wide text
// expect-err: title: narrow text, in a language
// expect-err: title: wide text, in a language
#define COBJMACROS
#define _WIN32_WINNT 0x0A00
#include "check.h"
#include <shellapi.h>
#include <shlobj.h>

static FARPROC
of(const char *name)
{
	FARPROC p = GetProcAddress(GetModuleHandleA("user32.dll"), name);
	if (!p)
		printf("no %s\n", name);
	return p;
}
#define CALL(result, name, ...) ((result(WINAPI *)(__VA_ARGS__))(void *)of(#name))

static HMONITOR seen;
static RECT where;
static BOOL CALLBACK
monitor(HMONITOR m, HDC dc, RECT *r, LPARAM n)
{
	(void)dc;
	seen = m, where = *r;
	++*(int *)n;
	return TRUE;
}
static BOOL CALLBACK stop(HMONITOR m, HDC dc, RECT *r, LPARAM n) { (void)m, (void)dc, (void)r, (void)n; return FALSE; }

static void
screen(void)
{
	int n = 0, w = GetSystemMetrics(SM_CXSCREEN), h = GetSystemMetrics(SM_CYSCREEN);
	RECT beside = { w + 10, 0, w + 20, 10 };
	MONITORINFOEXW i = { .cbSize = sizeof i };
	DISPLAY_DEVICEW d = { .cb = sizeof d };
	DEVMODEW m = { .dmSize = sizeof m };
	IS(EnumDisplayMonitors(NULL, NULL, monitor, (LPARAM)&n) &&
	   n == GetSystemMetrics(SM_CMONITORS));
	IS(where.right - where.left == w && where.bottom - where.top == h);
	IS(EnumDisplayMonitors(NULL, &beside, monitor, (LPARAM)&n) && n == 1);
	IS(!EnumDisplayMonitors(NULL, NULL, stop, 0));
	IS(GetMonitorInfoW(seen, (MONITORINFO *)&i) && !memcmp(&i.rcMonitor, &where, sizeof where));
	IS(i.dwFlags == MONITORINFOF_PRIMARY);
	IS(!GetMonitorInfoW((HMONITOR)3, (MONITORINFO *)&i));
	i.cbSize = 3;
	IS(!GetMonitorInfoW(seen, (MONITORINFO *)&i));
	IS(MonitorFromWindow(NULL, MONITOR_DEFAULTTOPRIMARY) == seen);
	IS(MonitorFromWindow(NULL, MONITOR_DEFAULTTONULL) == NULL);
	IS(EnumDisplayDevicesW(NULL, 0, &d, 0) && !wcscmp(d.DeviceName, i.szDevice));
	IS(d.StateFlags & DISPLAY_DEVICE_PRIMARY_DEVICE);
	IS(!EnumDisplayDevicesW(NULL, 99, &d, 0));
	IS(EnumDisplaySettingsW(d.DeviceName, ENUM_CURRENT_SETTINGS, &m));
	IS(m.dmPelsWidth == (DWORD)w && m.dmPelsHeight == (DWORD)h && m.dmBitsPerPel == 32);
	IS((m.dmFields & (DM_PELSWIDTH | DM_PELSHEIGHT)) == (DM_PELSWIDTH | DM_PELSHEIGHT));
	memset(&m, 0, sizeof m), m.dmSize = sizeof m;
	IS(EnumDisplaySettingsExW(NULL, 0, &m, 0) && m.dmPelsWidth == (DWORD)w);
	IS(!EnumDisplaySettingsExW(NULL, 99999, &m, 0));
	IS(!EnumDisplaySettingsW(L"no such display", 0, &m));
	POINT p;
	IS(SetCursorPos(12, 34) && GetCursorPos(&p) && p.x == 12 && p.y == 34);
	IS(SetCursorPos(-5, 100000) && GetCursorPos(&p) && p.x == 0 && p.y == h - 1);
	/* nothing is drawn: the screen's context is got and given back, or there is none */
	HDC dc = GetDC(NULL);
	IS(dc ? ReleaseDC(NULL, dc) == 1 : ReleaseDC(NULL, NULL) == 0);
	done("screen");
}

static void
settings(void)
{
	RECT r = { 1, 2, 3, 4 };
	UINT lines = 0;
	LASTINPUTINFO in = { .cbSize = sizeof in };
	IS(SystemParametersInfoW(SPI_GETWORKAREA, 0, &r, 0) && !memcmp(&r, &where, sizeof where));
	IS(SystemParametersInfoA(SPI_GETWHEELSCROLLLINES, 0, &lines, 0) && lines == 3);
	ERR(SystemParametersInfoW(0x7fff, 0, &r, 0), ERROR_INVALID_SPI_VALUE);
	ERR(SystemParametersInfoA(0x7fff, 0, &r, 0), ERROR_INVALID_SPI_VALUE);
	IS(CALL(UINT, GetDpiForSystem, void)() == 96);
	int (*metric)(int, UINT) = (void *)of("GetSystemMetricsForDpi");
	IS(metric(SM_CXICON, 96) == GetSystemMetrics(SM_CXICON));
	IS(metric(SM_CXICON, 192) == 2 * GetSystemMetrics(SM_CXICON));
	IS(metric(SM_CMONITORS, 192) == GetSystemMetrics(SM_CMONITORS));
	BOOL (*aware)(void *) = (void *)of("SetProcessDpiAwarenessContext");
	ERR(aware((void *)5), ERROR_INVALID_PARAMETER);
	IS(aware((void *)-2));
	ERR(aware((void *)-4), ERROR_ACCESS_DENIED); /* it is said once */
	IS(GetLastInputInfo(&in) && in.dwTime <= GetTickCount());
	in.cbSize = 3;
	IS(!GetLastInputInfo(&in));
	done("settings");
}

/* Nobody is there to press: the text is on standard error, and the first button counts. */
static void
boxes(void)
{
	IS(MessageBoxA(NULL, "narrow text", "title", MB_OK) == IDOK);
	IS(MessageBoxW(NULL, L"wide text", L"title", MB_YESNO | MB_ICONWARNING) == IDYES);
	IS(MessageBoxExA(NULL, "narrow text, in a language", "title", MB_RETRYCANCEL, 0) ==
	   IDRETRY);
	IS(MessageBoxExW(NULL, L"wide text, in a language", L"title", MB_ABORTRETRYIGNORE, 0) ==
	   IDABORT);
	ERR(MessageBoxW(NULL, L"no such style", L"title", 15), ERROR_INVALID_MSGBOX_STYLE);
	IS(MessageBeep(MB_ICONASTERISK));
	done("boxes");
}

static void
classes(void)
{
	WNDCLASSA a = { .lpfnWndProc = DefWindowProcA, .lpszClassName = "joist narrow" };
	WNDCLASSEXW w = { .cbSize = sizeof w,
		          .lpfnWndProc = DefWindowProcW,
		          .lpszClassName = L"joist wide" };
	IS(RegisterClassA(&a) && RegisterClassExW(&w));
	ERR(RegisterClassA(&a), ERROR_CLASS_ALREADY_EXISTS);
	ERR(RegisterClassExW(&w), ERROR_CLASS_ALREADY_EXISTS);
	w.cbSize = 3, w.lpszClassName = L"joist wrong";
	ERR(RegisterClassExW(&w), ERROR_INVALID_PARAMETER);
	HWND h = CreateWindowExA(0, "joist narrow", "", 0, 0, 0, 0, 0, HWND_MESSAGE, NULL, NULL,
	                         NULL);
	IS(h &&
	   CreateWindowExW(0, L"JOIST WIDE", L"", 0, 0, 0, 0, 0, HWND_MESSAGE, NULL, NULL, NULL));
	/* files are taken, and not any more */
	DragAcceptFiles(h, TRUE);
	IS(GetWindowLongPtrA(h, GWL_EXSTYLE) & WS_EX_ACCEPTFILES);
	DragAcceptFiles(h, FALSE);
	IS(!(GetWindowLongPtrA(h, GWL_EXSTYLE) & WS_EX_ACCEPTFILES));
	IS(DestroyWindow(h) && UnregisterClassA("joist narrow", NULL));
	done("classes");
}

/* There are none, which is what a program is told that names one of its own. */
static void
pictures(void)
{
	ERR(LoadIconW(GetModuleHandleW(NULL), L"NOICON"), ERROR_RESOURCE_NAME_NOT_FOUND);
	ERR(LoadCursorW(GetModuleHandleW(NULL), L"NOCURSOR"), ERROR_RESOURCE_NAME_NOT_FOUND);
	ERR(LoadImageW(GetModuleHandleW(NULL), L"NOIMAGE", IMAGE_BITMAP, 0, 0, 0),
	    ERROR_RESOURCE_NAME_NOT_FOUND);
	HICON big = NULL, small = NULL;
	IS(ExtractIconExW(L"C:\\no such file.exe", 0, &big, &small, 1) == UINT_MAX);
	IS(ExtractIconExW(L"C:\\no such file.exe", -1, NULL, NULL, 0) == 0);
	done("pictures");
}

static void
session(void)
{
	/* what is in use is not closed */
	IS(!CloseDesktop(GetThreadDesktop(GetCurrentThreadId())));
	IS(!CloseWindowStation(GetProcessWindowStation()));
	ERR(CloseDesktop((HDESK)0xdead0), ERROR_INVALID_HANDLE);
	ERR(CloseWindowStation((HWINSTA)0xdead0), ERROR_INVALID_HANDLE);
	HDESK d = OpenInputDesktop(0, FALSE, DESKTOP_READOBJECTS);
	IS(d ? CloseDesktop(d) : GetLastError() != 0);
	/* a privilege is needed that is not on */
	ERR(ExitWindowsEx(EWX_REBOOT, 0), ERROR_PRIVILEGE_NOT_HELD);
	SetLastError(0);
	IS(!LockWorkStation() && GetLastError() != 0); /* only the interactive one */
	done("session");
}

static void
execute(void)
{
	SHELLEXECUTEINFOW w = { .cbSize = sizeof w,
		                .fMask = SEE_MASK_NOCLOSEPROCESS | SEE_MASK_FLAG_NO_UI };
	SHELLEXECUTEINFOA a = { .cbSize = sizeof a,
		                .fMask = SEE_MASK_NOCLOSEPROCESS | SEE_MASK_FLAG_NO_UI };
	DWORD code = 0, n;
	w.lpFile = L"cmd.exe", w.lpParameters = L"/c exit 6";
	IS(ShellExecuteExW(&w) && (INT_PTR)w.hInstApp > 32 && w.hProcess);
	WaitForSingleObject(w.hProcess, INFINITE);
	IS(GetExitCodeProcess(w.hProcess, &code) && code == 6);
	CloseHandle(w.hProcess);
	a.lpVerb = "open", a.lpFile = "cmd", a.lpParameters = "/c exit 8";
	IS(ShellExecuteExA(&a) && (INT_PTR)a.hInstApp > 32 && a.hProcess);
	WaitForSingleObject(a.hProcess, INFINITE);
	IS(GetExitCodeProcess(a.hProcess, &code) && code == 8);
	CloseHandle(a.hProcess);
	IS((INT_PTR)ShellExecuteA(NULL, NULL, "cmd.exe", "/c exit 0", NULL, SW_HIDE) > 32);
	/* a file that is not there, and one that no program is known for */
	w.lpFile = L"no such file.exe";
	ERR(ShellExecuteExW(&w), ERROR_FILE_NOT_FOUND);
	IS((INT_PTR)w.hInstApp == SE_ERR_FNF && !w.hProcess);
	HANDLE f = CreateFileA("a.paper", GENERIC_WRITE, 0, NULL, CREATE_ALWAYS, 0, NULL);
	WriteFile(f, "x", 1, &n, NULL);
	CloseHandle(f);
	w.lpFile = L"a.paper";
	ERR(ShellExecuteExW(&w), ERROR_NO_ASSOCIATION);
	IS((INT_PTR)w.hInstApp == SE_ERR_NOASSOC);
	IS((INT_PTR)ShellExecuteW(NULL, L"open", L"a.paper", NULL, NULL, SW_SHOW) ==
	   SE_ERR_NOASSOC);
	done("execute");
}

static void
shell(void)
{
	SHFILEINFOW i;
	IMalloc *m = NULL;
	IShellFolder *d = (IShellFolder *)&i;
	IS(SHGetFileInfoW(L"a.paper", 0, &i, sizeof i, SHGFI_DISPLAYNAME | SHGFI_TYPENAME));
	IS(!wcsncmp(i.szDisplayName, L"a", 1) && !wcscmp(i.szTypeName, L"PAPER File"));
	IS(SHGetFileInfoW(L"C:\\none.of\\these", FILE_ATTRIBUTE_DIRECTORY, &i, sizeof i,
	                  SHGFI_DISPLAYNAME | SHGFI_TYPENAME | SHGFI_USEFILEATTRIBUTES));
	IS(!wcscmp(i.szDisplayName, L"these") && !wcscmp(i.szTypeName, L"File folder"));
	IS(!SHGetFileInfoW(L"no such file", 0, &i, sizeof i, SHGFI_DISPLAYNAME));
	IS(DeleteFileA("a.paper"));
	SHChangeNotify(SHCNE_DELETE, SHCNF_PATHW, L"a.paper", NULL);
	IS(SHGetMalloc(&m) == S_OK && m);
	void *p = IMalloc_Alloc(m, 8);
	IS(p && IMalloc_GetSize(m, p) >= 8);
	CoTaskMemFree(p);
	IMalloc_Release(m);
	/* no desktop, and so nobody who would show a sign */
	IS(FAILED(SHGetDesktopFolder(&d)) && !d);
	NOTIFYICONDATAW icon = { .cbSize = sizeof icon };
	IS(!Shell_NotifyIconW(NIM_ADD, &icon));
	/* the same as being of the group */
	char sid[SECURITY_MAX_SID_SIZE];
	DWORD n = sizeof sid;
	BOOL member = TRUE;
	IS(CreateWellKnownSid(WinBuiltinAdministratorsSid, NULL, sid, &n));
	IS(CheckTokenMembership(NULL, sid, &member) && member == IsUserAnAdmin());
	done("shell");
}

int
main(void)
{
	screen();
	settings();
	boxes();
	classes();
	pictures();
	session();
	execute();
	shell();
	return 0;
}
