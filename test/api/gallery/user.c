/* SPDX-License-Identifier: Apache-2.0 */
// user32 for programs that have no window: characters, messages of a thread, what there is of
// displays and keys, the clipboard, and words that a service would ask.
// needs: joist mingw
// libs: -luser32
// run: joist run --rm $GUEST
// expect: characters: ok
// expect: messages: ok
// expect: windows: ok
// expect: screens: ok
// expect: clipboard: ok
#include "check.h"
#include <stdarg.h>

static int WINAPIV
print(char *out, const char *format, ...)
{
	va_list l;
	va_start(l, format);
	int n = wvsprintfA(out, format, l);
	va_end(l);
	return n;
}
static int WINAPIV
print_w(WCHAR *out, const WCHAR *format, ...)
{
	va_list l;
	va_start(l, format);
	int n = wvsprintfW(out, format, l);
	va_end(l);
	return n;
}

static void
characters(void)
{
	char a[64] = "MiXed";
	WCHAR w[64];
	IS(CharLowerA(a) == a && !strcmp(a, "mixed"));
	IS(CharUpperA(a) == a && !strcmp(a, "MIXED"));
	IS(CharLowerA((char *)'Q') == (char *)'q' && CharUpperA((char *)'q') == (char *)'Q');
	IS(CharLowerBuffA(a, 2) == 2 && !strcmp(a, "miXED"));
	IS(CharUpperBuffA(a, 1) == 1 && !strcmp(a, "MiXED"));
	IS(CharPrevA(a, a + 3) == a + 2 && CharPrevA(a, a) == a);
	IS(CharPrevExA(1252, a, a + 3, 0) == a + 2);
	wcscpy_s(w, 64, L"abc");
	IS(CharPrevW(w, w + 2) == w + 1);
	IS(IsCharAlphaA('z') && !IsCharAlphaA('1') && IsCharAlphaNumericA('1'));
	IS(CharToOemA("plain", a) && !strcmp(a, "plain"));
	IS(OemToCharA("plain", a) && !strcmp(a, "plain"));
	IS(CharToOemBuffA("xy", a, 2) && !strncmp(a, "xyain", 5));
	IS(OemToCharBuffA("ab", a, 2) && !strncmp(a, "abain", 5));
	IS(CharToOemW(L"wide", a) && !strcmp(a, "wide"));
	IS(OemToCharW("wide", w) && !wcscmp(w, L"wide"));
	IS(print(a, "%d-%s-%x", 5, "five", 0x5f) == 9 && !strcmp(a, "5-five-5f"));
	IS(print_w(w, L"%d-%s", 5, L"five") == 6 && !wcscmp(w, L"5-five"));
	IS(LoadStringW(NULL, 4711, w, 64) == 0);
	done("characters");
}

static void
messages(void)
{
	MSG m;
	IS(!PeekMessageA(&m, NULL, 0, 0, PM_NOREMOVE));
	IS(PostThreadMessageA(GetCurrentThreadId(), WM_APP + 1, 11, 12));
	IS(PostThreadMessageW(GetCurrentThreadId(), WM_APP + 2, 21, 22));
	IS(MsgWaitForMultipleObjectsEx(0, NULL, INFINITE, QS_ALLINPUT, 0) == WAIT_OBJECT_0);
	IS(PeekMessageA(&m, NULL, 0, 0, PM_REMOVE) && m.message == WM_APP + 1 && m.wParam == 11);
	IS(GetMessageA(&m, NULL, 0, 0) == TRUE && m.message == WM_APP + 2 && m.lParam == 22);
	TranslateMessage(&m);
	IS(DispatchMessageA(&m) == 0);
	IS(PostMessageA(NULL, WM_APP + 3, 0, 0) && PeekMessageA(&m, NULL, 0, 0, PM_REMOVE));
	PostQuitMessage(7);
	IS(GetMessageA(&m, NULL, 0, 0) == FALSE && m.message == WM_QUIT && m.wParam == 7);
	UINT a = RegisterWindowMessageA("joist.test"), w = RegisterWindowMessageW(L"joist.test");
	IS(a >= 0xc000 && a == w);
	ERR(PostThreadMessageA(0xfffffff0, WM_APP, 0, 0), ERROR_INVALID_THREAD_ID);
	done("messages");
}

static LRESULT CALLBACK
procedure(HWND h, UINT m, WPARAM w, LPARAM l)
{
	if (m == WM_APP)
		return (LRESULT)(w + (WPARAM)l);
	return DefWindowProcA(h, m, w, l);
}
static BOOL CALLBACK
count(HWND h, LPARAM n)
{
	(void)h;
	++*(int *)n;
	return TRUE;
}

static void
windows(void)
{
	WNDCLASSEXA x = { .cbSize = sizeof x, .lpfnWndProc = procedure, .lpszClassName = "joist" };
	int n = 0;
	IS(RegisterClassExA(&x));
	ERR(RegisterClassExA(&x), ERROR_CLASS_ALREADY_EXISTS);
	HWND h = CreateWindowExA(0, "joist", "", 0, 0, 0, 0, 0, HWND_MESSAGE, NULL, NULL, NULL);
	IS(h && IsWindow(h));
	IS(SendMessageA(h, WM_APP, 30, 12) == 42 && SendMessageW(h, WM_APP, 1, 1) == 2);
	IS(CallWindowProcA(procedure, h, WM_APP, 3, 4) == 7);
	IS(CallWindowProcW(procedure, h, WM_APP, 3, 5) == 8);
	SetWindowLongPtrA(h, GWLP_USERDATA, 99);
	IS(GetWindowLongPtrA(h, GWLP_USERDATA) == 99);
	IS(PostMessageA(h, WM_APP, 1, 2));
	IS(DestroyWindow(h) && !IsWindow(h));
	IS(UnregisterClassA("joist", NULL));
	ERR(CreateWindowExA(0, "joist", "", 0, 0, 0, 0, 0, HWND_MESSAGE, NULL, NULL, NULL),
	    ERROR_CANNOT_FIND_WND_CLASS);
	IS(EnumWindows(count, (LPARAM)&n));
	IS(!FindWindowA("joist", NULL) && !FindWindowW(L"joist", NULL));
	IS(!GetForegroundWindow() && !GetActiveWindow() && !GetFocus() && !GetShellWindow());
	IS(!GetParent(NULL));
	done("windows");
}

static void
screens(void)
{
	IS(GetDoubleClickTime() == 500 && GetCaretBlinkTime() != 0);
	IS(!(GetAsyncKeyState(VK_SHIFT) & 0x8000) && !(GetKeyState(VK_SHIFT) & 0x8000));
	IS(GetSystemMetrics(SM_CMOUSEBUTTONS) >= 0 && GetSystemMetrics(SM_CLEANBOOT) == 0);
	IS(((ULONG_PTR)GetKeyboardLayout(0) & 0xffff) == 0x409);
	IS(SetProcessDPIAware());
	IS(GetProcessWindowStation() != NULL && GetThreadDesktop(GetCurrentThreadId()) != NULL);
	USEROBJECTFLAGS f;
	DWORD need;
	IS(GetUserObjectInformationW(GetProcessWindowStation(), UOI_FLAGS, &f, sizeof f, &need));
	done("screens");
}

static void
clipboard(void)
{
	WCHAR name[32];
	UINT format = RegisterClipboardFormatW(L"joist words");
	IS(format >= 0xc000 && GetClipboardFormatNameW(format, name, 32) == 11);
	DWORD before = GetClipboardSequenceNumber();
	IS(OpenClipboard(NULL) && EmptyClipboard());
	IS(CountClipboardFormats() == 0 && EnumClipboardFormats(0) == 0);
	HGLOBAL g = GlobalAlloc(GMEM_MOVEABLE, 6);
	strcpy_s(GlobalLock(g), 6, "words");
	GlobalUnlock(g);
	IS(SetClipboardData(format, g) == g);
	IS(IsClipboardFormatAvailable(format) && CountClipboardFormats() >= 1);
	IS(EnumClipboardFormats(0) == format);
	HANDLE got = GetClipboardData(format);
	IS(got && !strcmp(GlobalLock(got), "words"));
	GlobalUnlock(got);
	IS(CloseClipboard() && GetClipboardSequenceNumber() != before);
	IS(!GetOpenClipboardWindow() && !GetClipboardOwner());
	ERR(CloseClipboard(), ERROR_CLIPBOARD_NOT_OPEN);
	done("clipboard");
}

int
main(void)
{
	characters();
	messages();
	windows();
	screens();
	clipboard();
	return 0;
}
