/* SPDX-License-Identifier: Apache-2.0 */
/* Consoles. */
#include <stdlib.h>
#include <string.h>

#include "layer/api/dll/dll.h"
#include "layer/api/nt/process/birth.h"
#include "layer/api/nt/file/console.h"
#include "layer/api/nt/text/nls.h"
#include "layer/api/nt/text/utf.h"

/* A handle of a console's input or screen. */
static NTSTATUS
console(HANDLE h, bool input, struct file **out)
{
	NTSTATUS s = file_get(h, 0, out);
	if (s < 0)
		return STATUS_INVALID_HANDLE;
	if ((*out)->kind == &console_kind && console_is_input(*out) == input)
		return STATUS_SUCCESS;
	file_unref(*out);
	return STATUS_INVALID_HANDLE;
}

/* -- modes and code pages --------------------------------------------------------------------- */

WINAPI BOOL
kernel32_GetConsoleMode(HANDLE h, DWORD *mode)
{
	struct file *f;
	if (file_get(h, 0, &f) < 0)
		return refuse(ERROR_INVALID_HANDLE);
	NTSTATUS s = console_mode(f, mode);
	file_unref(f);
	return succeed(s);
}

WINAPI BOOL
kernel32_SetConsoleMode(HANDLE h, DWORD mode)
{
	struct file *f;
	if (file_get(h, 0, &f) < 0)
		return refuse(ERROR_INVALID_HANDLE);
	NTSTATUS s = console_set_mode(f, mode);
	file_unref(f);
	return succeed(s);
}

WINAPI UINT
kernel32_GetConsoleCP(void)
{
	return console_page(false);
}

WINAPI UINT
kernel32_GetConsoleOutputCP(void)
{
	return console_page(true);
}

static BOOL
set_page(bool output, UINT page)
{
	if (!nls_page_valid(page))
		return refuse(ERROR_INVALID_PARAMETER);
	console_set_page(output, nls_page(page));
	return TRUE;
}

WINAPI BOOL
kernel32_SetConsoleCP(UINT page)
{
	return set_page(false, page);
}

WINAPI BOOL
kernel32_SetConsoleOutputCP(UINT page)
{
	return set_page(true, page);
}

/* -- text ----------------------------------------------------------------------------------------- */

WINAPI BOOL
kernel32_WriteConsoleW(HANDLE h, const WCHAR *s, DWORD n, DWORD *done, void *reserved)
{
	struct file *f;
	(void)reserved;
	NTSTATUS st = console(h, false, &f);
	if (st < 0)
		return succeed(st);
	st = console_write(f, s, n);
	file_unref(f);
	if (st >= 0 && done)
		*done = n;
	return succeed(st);
}

WINAPI BOOL
kernel32_WriteConsoleA(HANDLE h, const char *s, DWORD n, DWORD *done, void *reserved)
{
	struct file *f;
	(void)reserved;
	NTSTATUS st = console(h, false, &f);
	if (st < 0)
		return succeed(st);
	struct file_io x = { (char *)(uintptr_t)s, n, 0, FILE_CURRENT, true };
	st = f->kind->write(f, &x);
	file_unref(f);
	if (st >= 0 && done)
		*done = n;
	return succeed(st);
}

WINAPI BOOL
kernel32_ReadConsoleW(HANDLE h, WCHAR *to, DWORD n, DWORD *done, void *control)
{
	struct file *f;
	size_t k;
	(void)control;
	NTSTATUS s = console(h, true, &f);
	if (s < 0)
		return succeed(s);
	s = console_read(f, to, n, &k);
	file_unref(f);
	if (done)
		*done = (DWORD)k;
	return s == STATUS_CANCELLED ? refuse(995) : succeed(s);
}

WINAPI BOOL
kernel32_ReadConsoleA(HANDLE h, char *to, DWORD n, DWORD *done, void *control)
{
	struct file *f;
	(void)control;
	NTSTATUS s = console(h, true, &f);
	if (s < 0)
		return succeed(s);
	struct file_io x = { to, n, 0, FILE_CURRENT, true };
	s = f->kind->read(f, &x);
	file_unref(f);
	if (done)
		*done = (DWORD)x.done;
	return succeed(s);
}

/* -- keys ----------------------------------------------------------------------------------------- */

static BOOL
records(HANDLE h, struct INPUT_RECORD *to, DWORD n, DWORD *done, bool wait, bool take, bool ansi)
{
	struct file *f;
	size_t k;
	NTSTATUS s = console(h, true, &f);
	if (s < 0)
		return succeed(s);
	s = console_records(f, to, n, &k, wait, take);
	file_unref(f);
	if (done)
		*done = (DWORD)k;
	for (size_t i = 0; ansi && i < k; i++)
		if (to[i].EventType == KEY_EVENT && to[i].key.UnicodeChar >= 0x80)
			to[i].key.UnicodeChar = '?';
	return succeed(s);
}

WINAPI BOOL
kernel32_ReadConsoleInputW(HANDLE h, struct INPUT_RECORD *to, DWORD n, DWORD *done)
{
	return records(h, to, n, done, true, true, false);
}

WINAPI BOOL
kernel32_ReadConsoleInputA(HANDLE h, struct INPUT_RECORD *to, DWORD n, DWORD *done)
{
	return records(h, to, n, done, true, true, true);
}

/* CONSOLE_READ_NOREMOVE, CONSOLE_READ_NOWAIT */
WINAPI BOOL
kernel32_ReadConsoleInputExW(HANDLE h, struct INPUT_RECORD *to, DWORD n, DWORD *done, USHORT flags)
{
	return records(h, to, n, done, !(flags & 2), !(flags & 1), false);
}

WINAPI BOOL
kernel32_PeekConsoleInputW(HANDLE h, struct INPUT_RECORD *to, DWORD n, DWORD *done)
{
	return records(h, to, n, done, false, false, false);
}

WINAPI BOOL
kernel32_PeekConsoleInputA(HANDLE h, struct INPUT_RECORD *to, DWORD n, DWORD *done)
{
	return records(h, to, n, done, false, false, true);
}

WINAPI BOOL
kernel32_WriteConsoleInputW(HANDLE h, const struct INPUT_RECORD *r, DWORD n, DWORD *done)
{
	struct file *f;
	NTSTATUS s = console(h, true, &f);
	if (s < 0)
		return succeed(s);
	console_put(r, n);
	object_signal(&f->object);
	file_unref(f);
	if (done)
		*done = n;
	return TRUE;
}

WINAPI BOOL
kernel32_GetNumberOfConsoleInputEvents(HANDLE h, DWORD *n)
{
	struct file *f;
	NTSTATUS s = console(h, true, &f);
	if (s < 0)
		return succeed(s);
	*n = (DWORD)console_pending(f);
	file_unref(f);
	return TRUE;
}

WINAPI BOOL
kernel32_FlushConsoleInputBuffer(HANDLE h)
{
	struct file *f;
	NTSTATUS s = console(h, true, &f);
	if (s < 0)
		return succeed(s);
	console_flush(f);
	file_unref(f);
	return TRUE;
}

WINAPI BOOL
kernel32_GetNumberOfConsoleMouseButtons(DWORD *n)
{
	*n = 3;
	return TRUE;
}

/* -- the screen ------------------------------------------------------------------------------------- */

struct CONSOLE_SCREEN_BUFFER_INFO {
	struct COORD dwSize, dwCursorPosition;
	WORD wAttributes;
	struct SMALL_RECT srWindow;
	struct COORD dwMaximumWindowSize;
};

WINAPI BOOL
kernel32_GetConsoleScreenBufferInfo(HANDLE h, struct CONSOLE_SCREEN_BUFFER_INFO *i)
{
	struct file *f;
	NTSTATUS s = console(h, false, &f);
	if (s < 0)
		return succeed(s);
	console_size(f, &i->dwSize);
	i->dwCursorPosition = console_cursor(f);
	i->wAttributes = console_attributes();
	i->srWindow =
	        (struct SMALL_RECT){ 0, 0, (SHORT)(i->dwSize.X - 1), (SHORT)(i->dwSize.Y - 1) };
	i->dwMaximumWindowSize = i->dwSize;
	file_unref(f);
	return TRUE;
}

struct CONSOLE_SCREEN_BUFFER_INFOEX {
	ULONG cbSize;
	struct CONSOLE_SCREEN_BUFFER_INFO info;
	WORD wPopupAttributes;
	BOOL bFullscreenSupported;
	COLORREF ColorTable[16];
};

_Static_assert(sizeof(struct CONSOLE_SCREEN_BUFFER_INFOEX) == 96, "CONSOLE_SCREEN_BUFFER_INFOEX");

WINAPI BOOL
kernel32_GetConsoleScreenBufferInfoEx(HANDLE h, struct CONSOLE_SCREEN_BUFFER_INFOEX *i)
{
	/* the colours of a console as it is delivered, 0x00bbggrr */
	static const COLORREF colours[16] = {
		0x0c0c0c, 0xda3700, 0x0ea113, 0xdd963a, 0x1f0fc5, 0x981788, 0x009cc1, 0xcccccc,
		0x767676, 0xff783b, 0x0cc616, 0xd6d661, 0x5648e7, 0x9e00b4, 0xa5f1f9, 0xf2f2f2,
	};
	if (i->cbSize != sizeof *i)
		return refuse(ERROR_INVALID_PARAMETER);
	if (!kernel32_GetConsoleScreenBufferInfo(h, &i->info))
		return FALSE;
	i->wPopupAttributes = 0xf5;
	i->bFullscreenSupported = FALSE;
	memcpy(i->ColorTable, colours, sizeof colours);
	return TRUE;
}

/* A buffer of its own: CONSOLE_TEXTMODE_BUFFER is the only kind. */
WINAPI HANDLE
kernel32_CreateConsoleScreenBuffer(DWORD access, DWORD share,
                                   const struct SECURITY_ATTRIBUTES *security, DWORD flags,
                                   void *reserved)
{
	enum { TEXTMODE = 1 };
	struct file *f;
	HANDLE h = (HANDLE)-1;
	if (flags != TEXTMODE || reserved || share & ~(DWORD)(FILE_SHARE_READ | FILE_SHARE_WRITE)) {
		last_error(ERROR_INVALID_PARAMETER);
		return h;
	}
	NTSTATUS s = console_open(u"CONOUT$", access | FILE_GENERIC_WRITE, share, FILE_OPEN, 0, &f);
	if (s >= 0 && (s = console_screen_new(f)) >= 0)
		h = handle_new(&f->object, f->access, security && security->bInheritHandle);
	else if (s >= 0)
		file_unref(f);
	if (s < 0 || !h)
		last_error(s < 0 ? status_error(s) : ERROR_NOT_ENOUGH_MEMORY);
	return h ? h : (HANDLE)-1;
}

WINAPI BOOL
kernel32_SetConsoleActiveScreenBuffer(HANDLE h)
{
	struct file *f;
	NTSTATUS s = console(h, false, &f);
	if (s < 0)
		return succeed(s);
	console_activate(f);
	file_unref(f);
	return TRUE;
}

/* The terminal's window is its user's: only what it has already can be set. */
static BOOL
same_size(HANDLE h, SHORT x, SHORT y)
{
	struct file *f;
	struct COORD size;
	NTSTATUS s = console(h, false, &f);
	if (s < 0)
		return succeed(s);
	console_size(f, &size);
	file_unref(f);
	return x == size.X && y == size.Y ? TRUE : refuse(ERROR_INVALID_PARAMETER);
}

WINAPI BOOL
kernel32_SetConsoleScreenBufferSize(HANDLE h, struct COORD size)
{
	return same_size(h, size.X, size.Y);
}

WINAPI BOOL
kernel32_SetConsoleWindowInfo(HANDLE h, BOOL absolute, const struct SMALL_RECT *r)
{
	if (!absolute)
		return r->Left | r->Top | r->Right | r->Bottom ? refuse(ERROR_INVALID_PARAMETER)
		                                               : TRUE;
	return same_size(h, (SHORT)(r->Right - r->Left + 1), (SHORT)(r->Bottom - r->Top + 1));
}

WINAPI struct COORD
kernel32_GetLargestConsoleWindowSize(HANDLE h)
{
	struct file *f;
	struct COORD size = { 0, 0 };
	NTSTATUS s = console(h, false, &f);
	if (s < 0) {
		succeed(s);
		return size;
	}
	console_size(f, &size);
	file_unref(f);
	return size;
}

WINAPI BOOL
kernel32_SetConsoleCursorPosition(HANDLE h, struct COORD at)
{
	struct file *f;
	struct COORD size;
	NTSTATUS s = console(h, false, &f);
	if (s < 0)
		return succeed(s);
	console_size(f, &size);
	bool ok = at.X >= 0 && at.Y >= 0 && at.X < size.X && at.Y < size.Y;
	if (ok)
		console_send(f, "\033[%d;%dH", at.Y + 1, at.X + 1);
	file_unref(f);
	return ok ? TRUE : refuse(ERROR_INVALID_PARAMETER);
}

struct CONSOLE_CURSOR_INFO {
	DWORD dwSize;
	BOOL bVisible;
};

static struct CONSOLE_CURSOR_INFO cursor = { 25, TRUE };

WINAPI BOOL
kernel32_GetConsoleCursorInfo(HANDLE h, struct CONSOLE_CURSOR_INFO *i)
{
	struct file *f;
	NTSTATUS s = console(h, false, &f);
	if (s < 0)
		return succeed(s);
	*i = cursor;
	file_unref(f);
	return TRUE;
}

WINAPI BOOL
kernel32_SetConsoleCursorInfo(HANDLE h, const struct CONSOLE_CURSOR_INFO *i)
{
	struct file *f;
	NTSTATUS s = console(h, false, &f);
	if (s < 0)
		return succeed(s);
	if (i->dwSize < 1 || i->dwSize > 100) {
		file_unref(f);
		return refuse(ERROR_INVALID_PARAMETER);
	}
	cursor = *i;
	console_send(f, i->bVisible ? "\033[?25h" : "\033[?25l");
	file_unref(f);
	return TRUE;
}

WINAPI BOOL
kernel32_SetConsoleTextAttribute(HANDLE h, WORD attribute)
{
	struct file *f;
	NTSTATUS s = console(h, false, &f);
	if (s < 0)
		return succeed(s);
	console_attribute(f, attribute);
	file_unref(f);
	return TRUE;
}

static BOOL
fill(HANDLE h, WCHAR c, DWORD n, struct COORD at, DWORD *done)
{
	struct file *f;
	struct COORD size;
	WCHAR line[512];
	NTSTATUS s = console(h, false, &f);
	if (s < 0)
		return succeed(s);
	console_size(f, &size);
	DWORD most = at.X >= 0 && at.Y >= 0 && at.X < size.X && at.Y < size.Y
	                     ? (DWORD)((size.Y - at.Y) * size.X - at.X)
	                     : 0;
	if (n > most)
		n = most;
	for (size_t i = 0; i < sizeof line / sizeof *line; i++)
		line[i] = c;
	console_send(f, "\0337\033[%d;%dH", at.Y + 1, at.X + 1);
	for (DWORD left = n; left && s >= 0;) {
		DWORD k = left < sizeof line / sizeof *line ? left : sizeof line / sizeof *line;
		s = console_write(f, line, k);
		left -= k;
	}
	console_send(f, "\0338");
	file_unref(f);
	if (done)
		*done = n;
	return succeed(s);
}

WINAPI BOOL
kernel32_FillConsoleOutputCharacterW(HANDLE h, WCHAR c, DWORD n, struct COORD at, DWORD *done)
{
	return fill(h, c, n, at, done);
}

WINAPI BOOL
kernel32_FillConsoleOutputCharacterA(HANDLE h, char c, DWORD n, struct COORD at, DWORD *done)
{
	return fill(h, (unsigned char)c, n, at, done);
}

/* A terminal colours what is written, not what stands there: the next text has the colour. */
WINAPI BOOL
kernel32_FillConsoleOutputAttribute(HANDLE h, WORD attribute, DWORD n, struct COORD at, DWORD *done)
{
	struct file *f;
	(void)attribute, (void)at;
	NTSTATUS s = console(h, false, &f);
	if (s < 0)
		return succeed(s);
	file_unref(f);
	if (done)
		*done = n;
	return TRUE;
}

static BOOL
draw(HANDLE h, const struct CHAR_INFO *cells, struct COORD size, struct COORD from,
     struct SMALL_RECT *r, bool ansi)
{
	struct file *f;
	struct COORD screen;
	NTSTATUS s = console(h, false, &f);
	if (s < 0)
		return succeed(s);
	console_size(f, &screen);
	WORD before = console_attributes();
	console_send(f, "\0337");
	for (int y = r->Top; y <= r->Bottom && y < screen.Y && s >= 0; y++) {
		int row = from.Y + y - r->Top;
		if (row < 0 || row >= size.Y || y < 0)
			continue;
		console_send(f, "\033[%d;%dH", y + 1, r->Left + 1);
		for (int x = r->Left; x <= r->Right && x < screen.X && s >= 0; x++) {
			int column = from.X + x - r->Left;
			if (column < 0 || column >= size.X || x < 0)
				continue;
			const struct CHAR_INFO *c = &cells[row * size.X + column];
			if (c->Attributes & 0x200) /* the second half of a wide character */
				continue;
			if (c->Attributes != console_attributes())
				console_attribute(f, c->Attributes);
			WCHAR w = ansi ? (unsigned char)c->AsciiChar : c->UnicodeChar;
			s = console_write(f, &w, 1);
		}
	}
	if (before != console_attributes())
		console_attribute(f, before);
	console_send(f, "\0338");
	file_unref(f);
	return succeed(s);
}

WINAPI BOOL
kernel32_WriteConsoleOutputW(HANDLE h, const struct CHAR_INFO *cells, struct COORD size,
                             struct COORD from, struct SMALL_RECT *r)
{
	return draw(h, cells, size, from, r, false);
}

WINAPI BOOL
kernel32_WriteConsoleOutputA(HANDLE h, const struct CHAR_INFO *cells, struct COORD size,
                             struct COORD from, struct SMALL_RECT *r)
{
	return draw(h, cells, size, from, r, true);
}

WINAPI BOOL
kernel32_WriteConsoleOutputCharacterW(HANDLE h, const WCHAR *s, DWORD n, struct COORD at,
                                      DWORD *done)
{
	struct file *f;
	NTSTATUS st = console(h, false, &f);
	if (st < 0)
		return succeed(st);
	console_send(f, "\0337\033[%d;%dH", at.Y + 1, at.X + 1);
	st = console_write(f, s, n);
	console_send(f, "\0338");
	file_unref(f);
	if (done)
		*done = n;
	return succeed(st);
}

/* -- the console itself ------------------------------------------------------------------------------- */

static WCHAR *title; /* own; replaced as a whole */
static pthread_mutex_t title_lock = PTHREAD_MUTEX_INITIALIZER;

static struct file *
any_screen(void)
{
	struct RTL_USER_PROCESS_PARAMETERS *p = teb()->ProcessEnvironmentBlock->ProcessParameters;
	struct file *f;
	if (console(p->StandardOutput, false, &f) >= 0 || console(p->StandardError, false, &f) >= 0)
		return f;
	return NULL;
}

WINAPI BOOL
kernel32_SetConsoleTitleW(const WCHAR *s)
{
	size_t n = utf_length(s);
	if (n >= 64 * 1024)
		return refuse(ERROR_NOT_ENOUGH_MEMORY);
	WCHAR *copy = utf_copy(s, n);
	struct file *f = any_screen();
	char *text = f ? utf_narrow(s) : NULL;
	if (text) {
		for (char *c = text; *c; c++)
			if ((unsigned char)*c < 32 || *c == 127)
				*c = ' ';
		console_send(f, "\033]0;%.200s\007", text);
	}
	free(text);
	if (f)
		file_unref(f);
	pthread_mutex_lock(&title_lock);
	free(title);
	title = copy;
	pthread_mutex_unlock(&title_lock);
	return TRUE;
}

WINAPI BOOL
kernel32_SetConsoleTitleA(const char *s)
{
	WCHAR *w = utf_wide(s);
	BOOL ok = w && kernel32_SetConsoleTitleW(w);
	free(w);
	return ok;
}

WINAPI DWORD
kernel32_GetConsoleTitleW(WCHAR *out, DWORD room)
{
	pthread_mutex_lock(&title_lock);
	struct UNICODE_STRING *u = &teb()->ProcessEnvironmentBlock->ProcessParameters->WindowTitle;
	const WCHAR *s = title ? title : u->Buffer;
	size_t n = title ? utf_length(title) : u->Length / 2;
	size_t k = n < room ? n : room ? room - 1 : 0;
	if (s && k)
		memcpy(out, s, k * sizeof *out);
	if (room)
		out[s ? k : 0] = 0;
	pthread_mutex_unlock(&title_lock);
	return s ? (DWORD)n : 0;
}

WINAPI DWORD
kernel32_GetConsoleTitleA(char *out, DWORD room)
{
	WCHAR w[1024];
	kernel32_GetConsoleTitleW(w, 1024);
	char *s = utf_narrow(w);
	size_t n = s ? strlen(s) : 0, k = n < room ? n : room ? room - 1 : 0;
	if (room && s) {
		memcpy(out, s, k);
		out[k] = 0;
	}
	free(s);
	return (DWORD)n;
}

/* A terminal's window is none of ours. */
WINAPI HWND
kernel32_GetConsoleWindow(void)
{
	return NULL;
}

static bool
have(void)
{
	struct file *f;
	if (console_open(u"CONOUT$", FILE_GENERIC_WRITE, 3, FILE_OPEN, 0, &f) < 0)
		return false;
	file_unref(f);
	return true;
}

/* A process has a console already, or there is none that it could have. */
WINAPI BOOL
kernel32_AllocConsole(void)
{
	return refuse(have() ? ERROR_ACCESS_DENIED : ERROR_NOT_SUPPORTED);
}

WINAPI BOOL
kernel32_AttachConsole(DWORD process)
{
	(void)process;
	return refuse(have() ? ERROR_ACCESS_DENIED : ERROR_INVALID_HANDLE);
}

WINAPI BOOL
kernel32_FreeConsole(void)
{
	return TRUE;
}

/* Us and who started us: a shell. */
WINAPI DWORD
kernel32_GetConsoleProcessList(DWORD *list, DWORD room)
{
	if (!list || !room)
		return (DWORD)refuse(ERROR_INVALID_PARAMETER);
	if (!have())
		return (DWORD)refuse(ERROR_INVALID_HANDLE);
	if (room >= 2) {
		list[0] = birth.process_id;
		list[1] = birth.parent_id;
	}
	return 2;
}

WINAPI BOOL
kernel32_GetConsoleDisplayMode(DWORD *mode)
{
	*mode = 0;
	return TRUE;
}

struct CONSOLE_FONT_INFO {
	DWORD nFont;
	struct COORD dwFontSize;
};

WINAPI BOOL
kernel32_GetCurrentConsoleFont(HANDLE h, BOOL maximum, struct CONSOLE_FONT_INFO *i)
{
	struct file *f;
	(void)maximum;
	NTSTATUS s = console(h, false, &f);
	if (s < 0)
		return succeed(s);
	file_unref(f);
	*i = (struct CONSOLE_FONT_INFO){ 0, { 8, 16 } };
	return TRUE;
}

WINAPI BOOL
kernel32_SetConsoleCtrlHandler(void *handler, BOOL add)
{
	return succeed(console_handler(handler, add));
}

WINAPI BOOL
kernel32_GenerateConsoleCtrlEvent(DWORD event, DWORD group)
{
	if (event > CTRL_BREAK_EVENT)
		return refuse(ERROR_INVALID_PARAMETER);
	if (group && group != birth.process_id)
		return refuse(ERROR_INVALID_PARAMETER);
	return succeed(console_event(event));
}
