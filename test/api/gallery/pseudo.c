/* SPDX-License-Identifier: Apache-2.0 */
// Pseudo consoles: a child has a terminal, whose other side are two pipes of this program.
// needs: joist mingw
// run: joist run --rm $GUEST
// expect: pseudo: all right
#define _WIN32_WINNT 0x0a00
#include "right.h"

#ifndef PROC_THREAD_ATTRIBUTE_PSEUDOCONSOLE
#define PROC_THREAD_ATTRIBUTE_PSEUDOCONSOLE 0x20016
#endif

typedef void *console;
static HRESULT(WINAPI *create)(COORD, HANDLE, HANDLE, DWORD, console *);
static HRESULT(WINAPI *resize)(console, COORD);
static HRESULT(WINAPI *release)(console);
static void(WINAPI *finish)(console);

static char text[65536];
static size_t length;

/* Read until it is there; the end of the pipe answers with 0. */
static int
comes(HANDLE from, const char *what)
{
	DWORD n;
	while (!strstr(text, what)) {
		if (length + 1 >= sizeof text ||
		    !ReadFile(from, text + length, (DWORD)(sizeof text - length - 1), &n, NULL) ||
		    !n)
			return 0;
		length += n;
		text[length] = 0;
	}
	return 1;
}

static void
type(HANDLE to, const char *what)
{
	DWORD n;
	IS(WriteFile(to, what, (DWORD)strlen(what), &n, NULL) && n == strlen(what));
}

static HANDLE
begin(console c, WCHAR *line)
{
	/* no standard handles of its own, said as node-pty says it */
	STARTUPINFOEXW s = { .StartupInfo.cb = sizeof s,
		             .StartupInfo.dwFlags = STARTF_USESTDHANDLES };
	PROCESS_INFORMATION pi = { 0 };
	SIZE_T size = 0;
	InitializeProcThreadAttributeList(NULL, 1, 0, &size);
	s.lpAttributeList = malloc(size);
	IS(InitializeProcThreadAttributeList(s.lpAttributeList, 1, 0, &size));
	IS(UpdateProcThreadAttribute(s.lpAttributeList, 0, PROC_THREAD_ATTRIBUTE_PSEUDOCONSOLE, c,
	                             sizeof c, NULL, NULL));
	IS(CreateProcessW(NULL, line, NULL, NULL, FALSE, EXTENDED_STARTUPINFO_PRESENT, NULL, NULL,
	                  &s.StartupInfo, &pi));
	DeleteProcThreadAttributeList(s.lpAttributeList);
	free(s.lpAttributeList);
	CloseHandle(pi.hThread);
	return pi.hProcess;
}

static BOOL WINAPI
closing(DWORD event)
{
	printf("event %lu\n", event);
	fflush(stdout);
	return TRUE;
}

/* The child: what it is asked to show. */
static int
child(const char *what)
{
	HANDLE in = GetStdHandle(STD_INPUT_HANDLE), out = GetStdHandle(STD_OUTPUT_HANDLE);
	char line[100];
	DWORD mode = 0;
	if (!strcmp(what, "wait")) {
		SetConsoleCtrlHandler(closing, TRUE);
		puts("waiting");
		fflush(stdout);
		Sleep(INFINITE);
	}
	if (!strcmp(what, "short")) {
		puts("short-lived");
		return 5;
	}
	printf("console %d",
	       GetConsoleMode(in, &mode) && mode & ENABLE_LINE_INPUT && GetConsoleMode(out, &mode));
	HANDLE h = CreateFileW(L"CONOUT$", GENERIC_READ | GENERIC_WRITE, 3, NULL, OPEN_EXISTING, 0,
	                       NULL);
	printf(" %d\n", GetFileType(h) == FILE_TYPE_CHAR && GetFileType(in) == FILE_TYPE_CHAR);
	fflush(stdout);
	while (fgets(line, sizeof line, stdin)) {
		CONSOLE_SCREEN_BUFFER_INFO info;
		line[strcspn(line, "\r\n")] = 0;
		if (!strcmp(line, "size") && GetConsoleScreenBufferInfo(out, &info))
			printf("%d by %d\n", info.srWindow.Right - info.srWindow.Left + 1,
			       info.srWindow.Bottom - info.srWindow.Top + 1);
		else if (!strcmp(line, "quit"))
			return 77;
		else
			printf("<%s>\n", line);
		fflush(stdout);
	}
	return 1;
}

/* Who is asked for the cursor is the terminal: this program. */
static void
size(HANDLE to, HANDLE from)
{
	length = 0;
	*text = 0;
	type(to, "size\r");
	IS(comes(from, "\033[6n"));
	type(to, "\033[1;1R");
}

static void
whole(WCHAR *self)
{
	HANDLE in, to, from, out;
	console c = NULL;
	DWORD code = 0;
	WCHAR line[400];
	IS(CreatePipe(&in, &to, NULL, 0) && CreatePipe(&from, &out, NULL, 0));
	IS(create((COORD){ 0, 5 }, in, out, 0, &c) == E_INVALIDARG);
	IS(create((COORD){ 90, 30 }, to, out, 0, &c) != S_OK);
	IS(create((COORD){ 90, 30 }, in, out, 0, &c) == S_OK && c);
	/* it has its own handles */
	CloseHandle(in);
	CloseHandle(out);
	swprintf(line, 400, L"\"%ls\" talk", self);
	HANDLE p = begin(c, line);
	IS(comes(from, "console 1 1"));
	type(to, "hello \xc3\xa9\r");
	IS(comes(from, "<hello \xc3\xa9>\r\n"));
	/* it was echoed, as by a console, and a line ends with both */
	IS(strstr(text, "hello \xc3\xa9\r\n") && !strstr(text, "\r\r"));
	size(to, from);
	IS(comes(from, "90 by 30\r\n"));
	IS(resize(c, (COORD){ 100, 0 }) == E_INVALIDARG && resize(c, (COORD){ 100, 41 }) == S_OK);
	size(to, from);
	IS(comes(from, "100 by 41\r\n"));
	type(to, "quit\r");
	IS(WaitForSingleObject(p, 20000) == WAIT_OBJECT_0 && GetExitCodeProcess(p, &code) &&
	   code == 77);
	CloseHandle(p);
	/* another one, in the same console */
	swprintf(line, 400, L"\"%ls\" short", self);
	p = begin(c, line);
	IS(comes(from, "short-lived\r\n"));
	IS(WaitForSingleObject(p, 20000) == WAIT_OBJECT_0 && GetExitCodeProcess(p, &code) &&
	   code == 5);
	CloseHandle(p);
	/* and cmd */
	p = begin(c, wcscpy(line, L"cmd /c echo from %OS%"));
	IS(comes(from, "from Windows_NT\r\n"));
	IS(WaitForSingleObject(p, 20000) == WAIT_OBJECT_0);
	CloseHandle(p);
	/* the same without a command: it has a prompt */
	length = 0;
	*text = 0;
	p = begin(c, wcscpy(line, L"cmd"));
	IS(comes(from, ">"));
	type(to, "echo and %OS%\r");
	IS(comes(from, "and Windows_NT\r\n"));
	type(to, "exit 9\r");
	IS(WaitForSingleObject(p, 20000) == WAIT_OBJECT_0 && GetExitCodeProcess(p, &code) &&
	   code == 9);
	CloseHandle(p);
	finish(c);
	IS(!comes(from, "never"));
	CloseHandle(from);
	CloseHandle(to);
}

/* Who listens hears that it is closed; what it says then still comes, and it ends. */
static void
closed(WCHAR *self)
{
	HANDLE in, to, from, out;
	console c = NULL;
	DWORD code = 0;
	WCHAR line[400];
	CreatePipe(&in, &to, NULL, 0);
	CreatePipe(&from, &out, NULL, 0);
	IS(create((COORD){ 80, 25 }, in, out, 0, &c) == S_OK);
	CloseHandle(in);
	CloseHandle(out);
	swprintf(line, 400, L"\"%ls\" wait", self);
	HANDLE p = begin(c, line);
	IS(comes(from, "waiting\r\n"));
	finish(c);
	IS(comes(from, "event 2\r\n") && !comes(from, "never"));
	IS(WaitForSingleObject(p, 20000) == WAIT_OBJECT_0 && GetExitCodeProcess(p, &code) &&
	   code == 0xc000013a);
	CloseHandle(p);
	CloseHandle(from);
	CloseHandle(to);
}

/* One that was released goes with its last client. */
static void
released(WCHAR *self)
{
	HANDLE in, to, from, out;
	console c = NULL;
	WCHAR line[400];
	CreatePipe(&in, &to, NULL, 0);
	CreatePipe(&from, &out, NULL, 0);
	IS(create((COORD){ 80, 25 }, in, out, 0, &c) == S_OK);
	CloseHandle(in);
	CloseHandle(out);
	swprintf(line, 400, L"\"%ls\" short", self);
	HANDLE p = begin(c, line);
	IS(release(c) == S_OK);
	length = 0;
	*text = 0;
	IS(comes(from, "short-lived\r\n") && !comes(from, "never"));
	finish(c);
	CloseHandle(p);
	CloseHandle(from);
	CloseHandle(to);
}

int
main(int argc, char **argv)
{
	WCHAR self[MAX_PATH];
	HMODULE k = GetModuleHandleA("kernel32");
	if (argc > 1)
		return child(argv[1]);
	create = (void *)GetProcAddress(k, "CreatePseudoConsole");
	resize = (void *)GetProcAddress(k, "ResizePseudoConsole");
	finish = (void *)GetProcAddress(k, "ClosePseudoConsole");
	release = (void *)GetProcAddress(k, "ReleasePseudoConsole");
	GetModuleFileNameW(NULL, self, MAX_PATH);
	whole(self);
	closed(self);
	released(self);
	return done("pseudo");
}
