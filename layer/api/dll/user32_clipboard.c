/* SPDX-License-Identifier: Apache-2.0 */
/* user32_clipboard.c -- a clipboard of the process; what it holds goes with the process. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "layer/api/dll/dll.h"
#include "layer/api/nt/atom.h"
#include "layer/api/nt/mem/movable.h"
#include "layer/api/nt/text/nls.h"

enum {
	FORMATS = 64,
	CF_TEXT = 1,
	CF_OEMTEXT = 7,
	CF_UNICODETEXT = 13,
	ERROR_CLIPBOARD_NOT_OPEN = 1418
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static DWORD owner; /* the thread that has it open */
static DWORD sequence;
static struct {
	UINT format;
	HANDLE data; /* own: the clipboard's since it was given */
} items[FORMATS];
static size_t count;

static DWORD self(void) { return (DWORD)(uintptr_t)teb()->ClientId.UniqueThread; }

WINAPI BOOL
user32_OpenClipboard(HWND w)
{
	(void)w;
	pthread_mutex_lock(&lock);
	bool free_now = !owner || owner == self();
	if (free_now)
		owner = self();
	pthread_mutex_unlock(&lock);
	return free_now ? TRUE : refuse(ERROR_ACCESS_DENIED);
}

WINAPI BOOL
user32_CloseClipboard(void)
{
	if (owner != self())
		return refuse(ERROR_CLIPBOARD_NOT_OPEN);
	owner = 0;
	return TRUE;
}

WINAPI BOOL
user32_EmptyClipboard(void)
{
	if (owner != self())
		return refuse(ERROR_CLIPBOARD_NOT_OPEN);
	for (size_t i = 0; i < count; i++)
		if (items[i].data)
			movable_free(items[i].data);
	count = 0;
	sequence++;
	return TRUE;
}

static size_t
find(UINT format)
{
	size_t i = 0;
	while (i < count && items[i].format != format)
		i++;
	return i;
}

WINAPI HANDLE
user32_SetClipboardData(UINT format, HANDLE data)
{
	size_t i = find(format);
	if (owner != self() || !format || i == FORMATS) {
		last_error(owner != self() ? ERROR_CLIPBOARD_NOT_OPEN : ERROR_INVALID_PARAMETER);
		return NULL;
	}
	if (i == count)
		count++;
	else if (items[i].data && items[i].data != data)
		movable_free(items[i].data);
	items[i].format = format;
	items[i].data = data;
	sequence++;
	return data;
}

/* Text of one kind is there as the others too: made when it is asked for, and kept. */
static HANDLE
text_as(UINT format)
{
	size_t from = find(format == CF_UNICODETEXT ? CF_TEXT : CF_UNICODETEXT);
	void *p;
	HANDLE h = NULL;
	if (from == count || count == FORMATS || movable_lock(items[from].data, &p))
		return NULL;
	char *narrow = format == CF_UNICODETEXT ? NULL : nls_ansi(p);
	WCHAR *wide = format == CF_UNICODETEXT ? nls_wide_ansi(p) : NULL;
	DWORD error;
	movable_unlock(items[from].data, &error);
	size_t n = narrow ? nls_ansi_to((WCHAR *)p, NULL, 0) + 1
	           : wide ? (nls_length(wide) + 1) * 2
	                  : 0;
	void *to;
	if (n && !movable_alloc(GMEM_MOVEABLE, n, &h) && !movable_lock(h, &to)) {
		memcpy(to, narrow ? (const void *)narrow : wide, n);
		movable_unlock(h, &error);
		items[count].format = format;
		items[count++].data = h;
	}
	free(narrow);
	free(wide);
	return h;
}

WINAPI HANDLE
user32_GetClipboardData(UINT format)
{
	size_t i = find(format);
	HANDLE h = NULL;
	if (owner != self()) {
		last_error(ERROR_CLIPBOARD_NOT_OPEN);
		return NULL;
	}
	if (i < count)
		h = items[i].data;
	else if (format == CF_TEXT || format == CF_UNICODETEXT || format == CF_OEMTEXT)
		h = text_as(format);
	if (!h)
		last_error(ERROR_NOT_FOUND);
	return h;
}

WINAPI BOOL
user32_IsClipboardFormatAvailable(UINT format)
{
	bool text = format == CF_TEXT || format == CF_OEMTEXT || format == CF_UNICODETEXT;
	return find(format) < count ||
	       (text && (find(CF_TEXT) < count || find(CF_UNICODETEXT) < count));
}

WINAPI int
user32_CountClipboardFormats(void)
{
	return (int)count;
}
WINAPI DWORD
user32_GetClipboardSequenceNumber(void)
{
	return sequence;
}
WINAPI HWND
user32_GetClipboardOwner(void)
{
	return NULL;
}
WINAPI HWND
user32_GetOpenClipboardWindow(void)
{
	return NULL;
}

WINAPI UINT
user32_EnumClipboardFormats(UINT before)
{
	size_t i = before ? find(before) + 1 : 0;
	if (owner != self())
		return (UINT)refuse(ERROR_CLIPBOARD_NOT_OPEN);
	last_error(0);
	return i < count ? items[i].format : 0;
}

WINAPI UINT
user32_RegisterClipboardFormatW(const WCHAR *name)
{
	return atom_add(ATOM_USER, name);
}

WINAPI int
user32_GetClipboardFormatNameW(UINT format, WCHAR *out, int room)
{
	size_t n = format >= ATOM_FIRST && room > 0
	                   ? atom_name(ATOM_USER, (ATOM)format, out, (size_t)room)
	                   : 0;
	return n ? (int)n : refuse(ERROR_INVALID_PARAMETER);
}
