/* console.h -- a terminal of the host as a Windows console.
 *
 * Its input and output handles are descriptors of the terminal; modes are the terminal's own
 * (termios) as far as it has them.  What has no place there, code pages, the title, colours, is
 * kept here, once for the process.  What was typed is kept in order, whoever reads it: bytes
 * that were read for key records are read as text when a program goes back to lines.  The
 * terminal gets its own modes back when the process ends (console_end).
 */
#ifndef LAYER_API_NT_FILE_CONSOLE_H
#define LAYER_API_NT_FILE_CONSOLE_H

#include "layer/api/nt/file/file.h"

extern const struct file_kind console_kind;

enum {
	CONSOLE_PROCESSED_INPUT = 1,
	CONSOLE_LINE_INPUT = 2,
	CONSOLE_ECHO_INPUT = 4,
	CONSOLE_WINDOW_INPUT = 8,
	CONSOLE_VT_INPUT = 0x200,
	CONSOLE_PROCESSED_OUTPUT = 1,
	CONSOLE_VT_OUTPUT = 4,

	KEY_EVENT = 1,
	WINDOW_BUFFER_SIZE_EVENT = 4,

	CTRL_C_EVENT = 0,
	CTRL_BREAK_EVENT = 1,
	CTRL_CLOSE_EVENT = 2,
};

struct COORD {
	SHORT X, Y;
};

struct SMALL_RECT {
	SHORT Left, Top, Right, Bottom;
};

struct KEY_EVENT_RECORD {
	BOOL bKeyDown;
	WORD wRepeatCount, wVirtualKeyCode, wVirtualScanCode;
	WCHAR UnicodeChar;
	DWORD dwControlKeyState;
};

struct INPUT_RECORD {
	WORD EventType;
	union {
		struct KEY_EVENT_RECORD key;
		struct COORD size;
	};
};

_Static_assert(sizeof(struct INPUT_RECORD) == 20, "INPUT_RECORD");

struct CHAR_INFO {
	union {
		WCHAR UnicodeChar;
		char AsciiChar;
	};
	WORD Attributes;
};

/* What a console handle is of; input: keys, else the screen. */
bool console_is_input(const struct file *f);
void console_set_input(struct file *f, bool input);

NTSTATUS console_mode(struct file *f, DWORD *mode);
NTSTATUS console_set_mode(struct file *f, DWORD mode);
NTSTATUS console_write(struct file *f, const WCHAR *s, size_t n);
/* Text, as the mode says: whole lines with CR and LF, or what is there. */
NTSTATUS console_read(struct file *f, WCHAR *to, size_t n, size_t *done);
/* wait: until there is one; take: they are removed. */
NTSTATUS console_records(struct file *f, struct INPUT_RECORD *to, size_t n, size_t *done, bool wait, bool take);
size_t console_pending(struct file *f);         /* records there are */
void console_put(const struct INPUT_RECORD *r, size_t n);       /* WriteConsoleInput */
void console_flush(struct file *f);

void console_size(struct file *f, struct COORD *size);
struct COORD console_cursor(struct file *f);    /* asks the terminal */
void console_send(struct file *f, const char *vt, ...) __attribute__((format(printf, 2, 3)));
void console_attribute(struct file *f, WORD attribute);         /* colours, as SGR */
WORD console_attributes(void);          /* those that were set */

/* console_screen.c: buffers beside the terminal's own screen.  f is one of them from now on; it is shown, or
 * the terminal's own one is. */
NTSTATUS console_screen_new(struct file *f);
void console_activate(struct file *f);
void console_screen_close(struct file *f);
void console_screen_free(struct file *f);
bool console_screen_left(void);         /* the terminal's own one is not shown */
bool console_hidden(struct file *f, const char *text, size_t n);        /* then the text is kept */
void console_put_raw(struct file *f, const char *s, size_t n);          /* to the terminal, whatever is shown */

UINT console_page(bool output);
void console_set_page(bool output, UINT page);

/* Handlers of Ctrl+C: the last one first, in a thread of its own. */
NTSTATUS console_handler(void *handler, bool add);
NTSTATUS console_event(DWORD event);    /* as if it had been typed */

void console_end(void);                 /* the terminal as it was */

#endif
