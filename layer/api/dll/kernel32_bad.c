/* SPDX-License-Identifier: Apache-2.0 */
/* kernel32_bad.c -- IsBadReadPtr and its kin: a fault while looking is the answer. */
#include "layer/api/dll/dll.h"
#include "layer/api/nt/except/except.h"

struct look {
	volatile char *p;
	size_t n, unit;
	bool write;
};

static void
touch(void *a)
{
	struct look *l = a;
	for (size_t i = 0; i < l->n; i += 4096) {
		char c = l->p[i];
		if (l->write)
			l->p[i] = c;
	}
	char c = l->p[l->n - 1];
	if (l->write)
		l->p[l->n - 1] = c;
}

static void
read_text(void *a)
{
	struct look *l = a;
	for (size_t i = 0; i < l->n; i++) {
		bool end = l->unit == 2 ? !((volatile WCHAR *)l->p)[i] : !l->p[i];
		if (end)
			return;
	}
}

static BOOL
bad(const void *p, size_t n, size_t unit, bool write, void (*f)(void *))
{
	struct look l = { (volatile char *)(uintptr_t)p, n, unit, write };
	if (!n)
		return FALSE;
	return !p || !except_try(f, &l);
}

WINAPI BOOL
kernel32_IsBadReadPtr(const void *p, UINT_PTR n)
{
	return bad(p, n, 1, false, touch);
}
WINAPI BOOL
kernel32_IsBadWritePtr(void *p, UINT_PTR n)
{
	return bad(p, n, 1, true, touch);
}
WINAPI BOOL
kernel32_IsBadCodePtr(FARPROC p)
{
	return bad((const void *)(uintptr_t)p, 1, 1, false, touch);
}
WINAPI BOOL
kernel32_IsBadStringPtrA(const char *p, UINT_PTR n)
{
	return bad(p, n, 1, false, read_text);
}
WINAPI BOOL
kernel32_IsBadStringPtrW(const WCHAR *p, UINT_PTR n)
{
	return bad(p, n, 2, false, read_text);
}
WINAPI BOOL
kernel32_IsBadHugeReadPtr(const void *p, UINT_PTR n)
{
	return bad(p, n, 1, false, touch);
}
WINAPI BOOL
kernel32_IsBadHugeWritePtr(void *p, UINT_PTR n)
{
	return bad(p, n, 1, true, touch);
}
