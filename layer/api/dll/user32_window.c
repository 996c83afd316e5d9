/* SPDX-License-Identifier: Apache-2.0 */
/* user32_window.c -- windows that only get messages, and the loops that dispatch them. */
#include <stdlib.h>
#include <string.h>

#include "layer/api/dll/dll.h"
#include "layer/api/nt/atom.h"
#include "layer/api/nt/text/nls.h"
#include "layer/api/nt/thread/queue.h"
#include "layer/api/nt/object/wait.h"

enum {
	WM_CREATE = 1,
	WM_DESTROY = 2,
	WM_NCCREATE = 0x81,
	WM_NCDESTROY = 0x82,
	WM_TIMER = 0x113,
	WINDOWS = 1024,
	CLASSES = 256,
	EXTRA = 40
};
enum {
	ERROR_INVALID_WINDOW_HANDLE = 1400,
	ERROR_CLASS_EXISTS = 1410,
	ERROR_CLASS_NONE = 1411,
	ERROR_CANNOT_FIND_WND_CLASS = 1407,
	ERROR_INVALID_THREAD_ID = 1444
};

struct WNDCLASSEXW {
	UINT cbSize, style;
	queue_procedure *lpfnWndProc;
	int cbClsExtra, cbWndExtra;
	HMODULE hInstance;
	HANDLE hIcon, hCursor, hbrBackground;
	const void *lpszMenuName, *lpszClassName;
	HANDLE hIconSm;
};

static struct window_class {
	_Atomic ATOM atom;
	queue_procedure *procedure;
	int extra;
} classes[CLASSES];

static struct window {
	_Atomic DWORD thread; /* 0: free */
	struct window_class *class;
	queue_procedure *procedure;
	LONG_PTR user, style, ex_style, id;
	HMODULE instance;
	HWND parent;
	BYTE extra[EXTRA];
} windows[WINDOWS];

static DWORD self(void) { return (DWORD)(uintptr_t)teb()->ClientId.UniqueThread; }
static HWND handle_of(const struct window *w) { return (HWND)(uintptr_t)(0x10000 + (w - windows) * 2); }

static struct window *
window(HWND h)
{
	uintptr_t i = ((uintptr_t)h - 0x10000) / 2;
	return (uintptr_t)h >= 0x10000 && i < WINDOWS && windows[i].thread ? &windows[i] : NULL;
}

static struct window_class *
class_of(ATOM a)
{
	for (size_t i = 0; a && i < CLASSES; i++)
		if (classes[i].atom == a)
			return &classes[i];
	return NULL;
}

static ATOM
register_class(const struct WNDCLASSEXW *c, ATOM name)
{
	if (!name || !c->lpfnWndProc || c->cbWndExtra < 0 || c->cbWndExtra > EXTRA)
		return (ATOM)refuse(ERROR_INVALID_PARAMETER);
	if (class_of(name))
		return (ATOM)refuse(ERROR_CLASS_EXISTS);
	for (size_t i = 0; i < CLASSES; i++) {
		ATOM none = 0;
		if (!__atomic_compare_exchange_n((ATOM *)&classes[i].atom, &none, 1, false,
		                                 __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
			continue;
		classes[i].procedure = c->lpfnWndProc;
		classes[i].extra = c->cbWndExtra;
		classes[i].atom = name;
		return name;
	}
	return (ATOM)refuse(ERROR_NOT_ENOUGH_MEMORY);
}

static ATOM
named(const void *name, bool wide, bool add)
{
	if ((uintptr_t)name < 0x10000)
		return (ATOM)(uintptr_t)name;
	WCHAR *own = wide ? NULL : nls_wide_ansi(name);
	const WCHAR *w = wide ? name : own;
	ATOM a = !w ? 0 : add ? atom_add(ATOM_USER, w) : atom_find(ATOM_USER, w);
	free(own);
	return a;
}

WINAPI ATOM
user32_RegisterClassExW(const struct WNDCLASSEXW *c)
{
	return c->cbSize == sizeof *c ? register_class(c, named(c->lpszClassName, true, true))
	                              : (ATOM)refuse(ERROR_INVALID_PARAMETER);
}
WINAPI ATOM
user32_RegisterClassExA(const struct WNDCLASSEXW *c)
{
	return c->cbSize == sizeof *c ? register_class(c, named(c->lpszClassName, false, true))
	                              : (ATOM)refuse(ERROR_INVALID_PARAMETER);
}

/* WNDCLASS is WNDCLASSEX without its first and last field, of which the first is in one word
 * with the style. */
static struct WNDCLASSEXW
extended(const void *old)
{
	struct WNDCLASSEXW c = { .cbSize = sizeof c };
	memcpy(&c.style, old, 4);
	memcpy(&c.lpfnWndProc, (const char *)old + 8, 64);
	return c;
}

WINAPI ATOM
user32_RegisterClassW(const void *old)
{
	struct WNDCLASSEXW c = extended(old);
	return user32_RegisterClassExW(&c);
}
WINAPI ATOM
user32_RegisterClassA(const void *old)
{
	struct WNDCLASSEXW c = extended(old);
	return user32_RegisterClassExA(&c);
}

static BOOL
unregister(ATOM a)
{
	struct window_class *c = class_of(a);
	if (!c)
		return refuse(ERROR_CLASS_NONE);
	c->atom = 0;
	return TRUE;
}

WINAPI BOOL
user32_UnregisterClassW(const WCHAR *name, HMODULE m)
{
	(void)m;
	return unregister(named(name, true, false));
}
WINAPI BOOL
user32_UnregisterClassA(const char *name, HMODULE m)
{
	(void)m;
	return unregister(named(name, false, false));
}

struct CREATESTRUCTW {
	void *lpCreateParams;
	HMODULE hInstance;
	HANDLE hMenu;
	HWND hwndParent;
	int cy, cx, y, x;
	LONG style;
	const void *lpszName, *lpszClass;
	DWORD dwExStyle;
};

static HWND
create(ATOM class, struct CREATESTRUCTW *s)
{
	struct window_class *c = class_of(class);
	struct window *w = NULL;
	if (!c) {
		last_error(ERROR_CANNOT_FIND_WND_CLASS);
		return NULL;
	}
	for (size_t i = 0; i < WINDOWS && !w; i++) {
		DWORD none = 0;
		if (__atomic_compare_exchange_n((DWORD *)&windows[i].thread, &none, self(), false,
		                                __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
			w = &windows[i];
	}
	if (!w) {
		last_error(1158); /* ERROR_NO_MORE_USER_HANDLES */
		return NULL;
	}
	w->class = c;
	w->procedure = c->procedure;
	w->style = s->style;
	w->ex_style = s->dwExStyle;
	w->id = (LONG_PTR)s->hMenu;
	w->instance = s->hInstance;
	w->parent = s->hwndParent == (HWND)(intptr_t)-3 ? NULL : s->hwndParent;
	w->user = 0;
	memset(w->extra, 0, sizeof w->extra);
	queue_event();
	HWND h = handle_of(w);
	if (!w->procedure(h, WM_NCCREATE, 0, (LONG_PTR)s) ||
	    w->procedure(h, WM_CREATE, 0, (LONG_PTR)s) == -1) {
		w->thread = 0;
		return NULL;
	}
	return h;
}

WINAPI HWND
user32_CreateWindowExW(DWORD ex, const WCHAR *class, const WCHAR *name, DWORD style, int x, int y,
                       int cx, int cy, HWND parent, HANDLE menu, HMODULE m, void *param)
{
	struct CREATESTRUCTW s = { param, m, menu,        parent, cy,    cx,
		                   y,     x, (LONG)style, name,   class, ex };
	return create(named(class, true, false), &s);
}

WINAPI HWND
user32_CreateWindowExA(DWORD ex, const char *class, const char *name, DWORD style, int x, int y,
                       int cx, int cy, HWND parent, HANDLE menu, HMODULE m, void *param)
{
	struct CREATESTRUCTW s = { param, m, menu,        parent, cy,    cx,
		                   y,     x, (LONG)style, name,   class, ex };
	return create(named(class, false, false), &s);
}

WINAPI BOOL
user32_DestroyWindow(HWND h)
{
	struct window *w = window(h);
	if (!w)
		return refuse(ERROR_INVALID_WINDOW_HANDLE);
	if (w->thread != self())
		return refuse(ERROR_ACCESS_DENIED);
	w->procedure(h, WM_DESTROY, 0, 0);
	w->procedure(h, WM_NCDESTROY, 0, 0);
	w->thread = 0;
	return TRUE;
}

WINAPI BOOL
user32_IsWindow(HWND h)
{
	return window(h) != NULL;
}
WINAPI HWND
user32_GetParent(HWND h)
{
	struct window *w = window(h);
	return w ? w->parent : NULL;
}

WINAPI DWORD
user32_GetWindowThreadProcessId(HWND h, DWORD *process)
{
	struct window *w = window(h);
	if (!w)
		return (DWORD)refuse(ERROR_INVALID_WINDOW_HANDLE);
	if (process)
		*process = (DWORD)(uintptr_t)teb()->ClientId.UniqueProcess;
	return w->thread;
}

WINAPI LONG_PTR
user32_DefWindowProcW(HWND h, UINT message, ULONG_PTR a, LONG_PTR b)
{
	(void)a, (void)b;
	if (message == 0x10) { /* WM_CLOSE */
		user32_DestroyWindow(h);
		return 0;
	}
	return message == WM_NCCREATE;
}

WINAPI LONG_PTR
user32_DefWindowProcA(HWND h, UINT message, ULONG_PTR a, LONG_PTR b)
{
	return user32_DefWindowProcW(h, message, a, b);
}
WINAPI LONG_PTR
user32_CallWindowProcW(queue_procedure *f, HWND h, UINT m, ULONG_PTR a, LONG_PTR b)
{
	return f(h, m, a, b);
}
WINAPI LONG_PTR
user32_CallWindowProcA(queue_procedure *f, HWND h, UINT m, ULONG_PTR a, LONG_PTR b)
{
	return f(h, m, a, b);
}

/* A word of a window; NULL: it has none of that number. */
static LONG_PTR *
word(struct window *w, int i)
{
	switch (i) {
	case -21: return &w->user;
	case -16: return &w->style;
	case -20: return &w->ex_style;
	case -12: return &w->id;
	case -8: return (LONG_PTR *)(void *)&w->parent;
	case -6: return (LONG_PTR *)(void *)&w->instance;
	case -4: return (LONG_PTR *)(void *)&w->procedure;
	default:
		return i >= 0 && i + 8 <= w->class->extra ? (LONG_PTR *)(void *)(w->extra + i)
		                                          : NULL;
	}
}

WINAPI LONG_PTR
user32_GetWindowLongPtrW(HWND h, int i)
{
	struct window *w = window(h);
	LONG_PTR *p = w ? word(w, i) : NULL, v;
	if (!p)
		return refuse(w ? 1413 : ERROR_INVALID_WINDOW_HANDLE);
	memcpy(&v, p, sizeof v);
	return v;
}

WINAPI LONG_PTR
user32_SetWindowLongPtrW(HWND h, int i, LONG_PTR v)
{
	struct window *w = window(h);
	LONG_PTR *p = w ? word(w, i) : NULL, old;
	if (!p)
		return refuse(w ? 1413 : ERROR_INVALID_WINDOW_HANDLE);
	memcpy(&old, p, sizeof old);
	memcpy(p, &v, sizeof v);
	last_error(0);
	return old;
}

/* -- messages ------------------------------------------------------------------------------ */

WINAPI BOOL
user32_PostMessageW(HWND h, UINT message, ULONG_PTR a, LONG_PTR b)
{
	struct window *w = window(h);
	if (h && !w)
		return refuse(ERROR_INVALID_WINDOW_HANDLE);
	return queue_post(w ? w->thread : self(), &(struct MSG){ h, message, a, b, 0, 0, 0 })
	               ? TRUE
	               : refuse(1816);
}

WINAPI BOOL
user32_PostThreadMessageW(DWORD thread, UINT message, ULONG_PTR a, LONG_PTR b)
{
	return queue_post(thread, &(struct MSG){ NULL, message, a, b, 0, 0, 0 })
	               ? TRUE
	               : refuse(ERROR_INVALID_THREAD_ID);
}

/* In the calling thread, whoever made the window: a message-only window has no other state. */
WINAPI LONG_PTR
user32_SendMessageW(HWND h, UINT message, ULONG_PTR a, LONG_PTR b)
{
	struct window *w = window(h);
	if (!w)
		return refuse(ERROR_INVALID_WINDOW_HANDLE);
	return w->procedure(h, message, a, b);
}

/* To HWND_BROADCAST: the top-level windows get it, and there are none: message-only windows "do
 * not receive broadcast messages" (Window Features). */
WINAPI LONG_PTR
user32_SendMessageTimeoutW(HWND h, UINT message, ULONG_PTR a, LONG_PTR b, UINT flags, UINT ms,
                           ULONG_PTR *result)
{
	struct window *w = window(h);
	LONG_PTR r = 0;
	(void)flags, (void)ms;
	if (h != (HWND)(uintptr_t)0xffff) {
		if (!w)
			return refuse(ERROR_INVALID_WINDOW_HANDLE);
		r = w->procedure(h, message, a, b);
	}
	if (result)
		*result = (ULONG_PTR)r;
	return TRUE;
}

WINAPI void
user32_PostQuitMessage(int code)
{
	queue_quit(code);
}
WINAPI BOOL
user32_TranslateMessage(const struct MSG *m)
{
	(void)m;
	return FALSE;
}

WINAPI BOOL
user32_GetMessageW(struct MSG *m, HWND h, UINT first, UINT last)
{
	if (h && h != (HWND)(intptr_t)-1 && !window(h)) {
		last_error(ERROR_INVALID_WINDOW_HANDLE);
		return -1;
	}
	if (!queue_take(m, h, first, last, true, WAIT_FOREVER))
		return -1;
	return m->message != 0x12;
}

WINAPI BOOL
user32_PeekMessageW(struct MSG *m, HWND h, UINT first, UINT last, UINT flags)
{
	return queue_take(m, h, first, last, flags & 1, 0);
}

/* What a hook says to a message: nobody can set one here. */
WINAPI BOOL
user32_CallMsgFilterW(struct MSG *m, int code)
{
	(void)m, (void)code;
	return FALSE;
}

WINAPI LONG_PTR
user32_DispatchMessageW(const struct MSG *m)
{
	typedef void(WINAPI timer_procedure)(HWND, UINT, ULONG_PTR, DWORD);
	struct window *w = window(m->hwnd);
	if (m->message == WM_TIMER && m->lParam) {
		((timer_procedure *)(uintptr_t)m->lParam)(m->hwnd, WM_TIMER, m->wParam, m->time);
		return 0;
	}
	return w ? w->procedure(m->hwnd, m->message, m->wParam, m->lParam) : 0;
}

WINAPI ULONG_PTR
user32_SetTimer(HWND h, ULONG_PTR id, UINT ms, void *f)
{
	return queue_timer(h, id, ms, f);
}
WINAPI BOOL
user32_KillTimer(HWND h, ULONG_PTR id)
{
	return queue_no_timer(h, id) ? TRUE : refuse(ERROR_INVALID_PARAMETER);
}

WINAPI DWORD
user32_MsgWaitForMultipleObjectsEx(DWORD n, const HANDLE *h, DWORD ms, DWORD mask, DWORD flags)
{
	struct object *o[WAIT_MOST];
	DWORD i = 0;
	NTSTATUS s = STATUS_SUCCESS;
	(void)mask;
	if (n >= WAIT_MOST) {
		last_error(ERROR_INVALID_PARAMETER);
		return 0xffffffff;
	}
	for (; i < n && s >= 0; i++)
		s = handle_get(h[i], NULL, &o[i]);
	if (s < 0) {
		i--;
	} else {
		o[n] = queue_event();
		s = wait_objects(n + 1, o, flags & 1, flags & 2, wait_deadline_ms(ms));
	}
	while (i-- > 0)
		object_unref(o[i]);
	if (s < 0) {
		last_error(status_error(s));
		return 0xffffffff;
	}
	return (DWORD)s;
}

WINAPI DWORD
user32_MsgWaitForMultipleObjects(DWORD n, const HANDLE *h, BOOL all, DWORD ms, DWORD mask)
{
	return user32_MsgWaitForMultipleObjectsEx(n, h, ms, mask, all ? 1 : 0);
}
