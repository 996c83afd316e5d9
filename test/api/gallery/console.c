/* SPDX-License-Identifier: Apache-2.0 */
// Consoles: without a terminal there is none, and what needs none works; with one, modes, text
// and keys.
// needs: joist mingw

// test: without a terminal each function says so
// run: cd $W && joist run --rm $GUEST none </dev/null
// expect: refused 33 of 33
// expect: pages 65001 65001
// expect: set page 1 1252
// expect: bad page 0 87
// expect: window 0
// expect: title 5 hello
// expect: handler 1 remove 1 again 0 87

// test: Ctrl+C comes to the handlers, the last one first
// run: cd $W && joist run --rm $GUEST ctrl </dev/null
// expect: second 1
// expect: first 1
// expect: done

// test: a terminal is a console
// run: cd $W && script -qec "joist run --rm $GUEST terminal" /dev/null </dev/null | tr -d '\r'
// expect-has: type 2 2
// expect-has: input mode 1 output mode 1
// expect-has: raw 1 cooked 1
// expect-has: wrote 6
#define _WIN32_WINNT 0x0A00
#include <windows.h>
#include <stdio.h>
#include <string.h>

static void
none(void)
{
	HANDLE h = GetStdHandle(STD_OUTPUT_HANDLE);
	DWORD n;
	COORD c = { 0, 0 };
	INPUT_RECORD r[2] = { { 0 } };
	CHAR_INFO cell = { { 'x' }, 7 };
	SMALL_RECT rect = { 0, 0, 0, 0 };
	CONSOLE_SCREEN_BUFFER_INFO info;
	CONSOLE_SCREEN_BUFFER_INFOEX ex = { .cbSize = sizeof ex };
	CONSOLE_CURSOR_INFO cursor = { 25, TRUE };
	CONSOLE_FONT_INFO font;
	char a[8];
	WCHAR w[8] = L"";
	int refused = 0, all = 0;
#define NO(call)                                                                                   \
	(all++, SetLastError(0), refused += !(call) && GetLastError() == ERROR_INVALID_HANDLE)
	NO(GetConsoleMode(h, &n));
	NO(SetConsoleMode(h, 3));
	NO(SetConsoleActiveScreenBuffer(h));
	all++, refused +=
	       CreateConsoleScreenBuffer(GENERIC_WRITE, 0, NULL, 2, NULL) == INVALID_HANDLE_VALUE &&
	       GetLastError() == ERROR_INVALID_PARAMETER;
	NO(WriteConsoleA(h, "x", 1, &n, NULL));
	NO(WriteConsoleW(h, L"x", 1, &n, NULL));
	NO(ReadConsoleA(h, a, 1, &n, NULL));
	NO(ReadConsoleW(h, w, 1, &n, NULL));
	NO(ReadConsoleInputA(h, r, 1, &n));
	NO(ReadConsoleInputW(h, r, 1, &n));
	NO(PeekConsoleInputA(h, r, 1, &n));
	NO(PeekConsoleInputW(h, r, 1, &n));
	NO(WriteConsoleInputW(h, r, 1, &n));
	NO(GetNumberOfConsoleInputEvents(h, &n));
	NO(FlushConsoleInputBuffer(h));
	NO(GetConsoleScreenBufferInfo(h, &info));
	NO(GetConsoleScreenBufferInfoEx(h, &ex));
	NO(SetConsoleScreenBufferSize(h, c));
	NO(SetConsoleWindowInfo(h, TRUE, &rect));
	NO(SetConsoleCursorPosition(h, c));
	NO(GetConsoleCursorInfo(h, &cursor));
	NO(SetConsoleCursorInfo(h, &cursor));
	NO(SetConsoleTextAttribute(h, 7));
	NO(FillConsoleOutputCharacterA(h, ' ', 1, c, &n));
	NO(FillConsoleOutputCharacterW(h, ' ', 1, c, &n));
	NO(FillConsoleOutputAttribute(h, 7, 1, c, &n));
	NO(WriteConsoleOutputA(h, &cell, (COORD){ 1, 1 }, c, &rect));
	NO(WriteConsoleOutputW(h, &cell, (COORD){ 1, 1 }, c, &rect));
	NO(WriteConsoleOutputCharacterW(h, L"x", 1, c, &n));
	NO(GetCurrentConsoleFont(h, FALSE, &font));
	NO(GetLargestConsoleWindowSize(h).X);
	NO(GetConsoleProcessList(&n, 1));
	NO(AttachConsole(ATTACH_PARENT_PROCESS));
	printf("refused %d of %d\n", refused, all);
	printf("pages %u %u\n", GetConsoleCP(), GetConsoleOutputCP());
	BOOL ok = SetConsoleOutputCP(1252);
	printf("set page %d %u\n", ok, GetConsoleOutputCP());
	ok = SetConsoleCP(4711);
	printf("bad page %d %lu\n", ok, GetLastError());
	printf("window %d\n", GetConsoleWindow() != NULL);
	SetConsoleTitleA("hello");
	n = GetConsoleTitleA(a, sizeof a);
	printf("title %lu %s\n", n, a);
	SetConsoleTitleW(L"x");
	GetConsoleTitleW(w, 8);
	GetConsoleDisplayMode(&n);
	GetNumberOfConsoleMouseButtons(&n);
	FreeConsole();
	AllocConsole();
}

static HANDLE done;

static BOOL WINAPI
first(DWORD event)
{
	printf("first %lu\n", event);
	SetEvent(done);
	return TRUE;
}

static BOOL WINAPI
second(DWORD event)
{
	printf("second %lu\n", event);
	return FALSE;
}

static void
handlers(void)
{
	BOOL a = SetConsoleCtrlHandler(first, TRUE), b = SetConsoleCtrlHandler(first, FALSE);
	BOOL c = SetConsoleCtrlHandler(first, FALSE);
	printf("handler %d remove %d again %d %lu\n", a, b, c, GetLastError());
}

static void
ctrl(void)
{
	done = CreateEventA(NULL, TRUE, FALSE, NULL);
	SetConsoleCtrlHandler(first, TRUE);
	SetConsoleCtrlHandler(second, TRUE);
	GenerateConsoleCtrlEvent(CTRL_BREAK_EVENT, 0);
	WaitForSingleObject(done, 10000);
	printf("done\n");
}

static void
terminal(void)
{
	HANDLE in = GetStdHandle(STD_INPUT_HANDLE), out = GetStdHandle(STD_OUTPUT_HANDLE);
	DWORD im = 0, om = 0, n = 0;
	printf("type %lu %lu\n", GetFileType(in), GetFileType(out));
	BOOL a = GetConsoleMode(in, &im), b = GetConsoleMode(out, &om);
	printf("input mode %d output mode %d\n", a && (im & ENABLE_LINE_INPUT),
	       b && (om & ENABLE_PROCESSED_OUTPUT));
	a = SetConsoleMode(in, im & ~(ENABLE_LINE_INPUT | ENABLE_ECHO_INPUT));
	b = SetConsoleMode(in, im);
	printf("raw %d cooked %d\n", a, b);
	WriteConsoleW(out, L"text\r\n", 6, &n, NULL);
	printf("wrote %lu\n", n);
}

int
main(int argc, char **argv)
{
	const char *t = argc > 1 ? argv[1] : "";
	setvbuf(stdout, NULL, _IONBF, 0);
	if (!strcmp(t, "none")) {
		none();
		handlers();
	} else if (!strcmp(t, "ctrl")) {
		ctrl();
	} else if (!strcmp(t, "terminal")) {
		terminal();
	} else {
		return 1;
	}
	return 0;
}
