/* SPDX-License-Identifier: Apache-2.0 */
/* kernel32_atom.c -- atoms: local and global ones are both the process's. */
#include <stdlib.h>

#include "layer/api/dll/dll.h"
#include "layer/api/nt/atom.h"
#include "layer/api/nt/text/nls.h"

static ATOM
checked(ATOM a, DWORD error)
{
	return a ? a : (ATOM)refuse(error);
}

static ATOM
narrow(ATOM (*f)(int, const WCHAR *), int table, const char *name)
{
	if ((uintptr_t)name < 0x10000)
		return f(table, (const WCHAR *)(const void *)name);
	WCHAR *w = nls_wide_ansi(name);
	ATOM a = w ? f(table, w) : 0;
	free(w);
	return a;
}

static UINT
name_wide(int table, ATOM a, WCHAR *out, int size)
{
	UINT n = size > 0 ? (UINT)atom_name(table, a, out, (size_t)size) : 0;
	if (!n)
		last_error(ERROR_INVALID_HANDLE);
	return n;
}

static UINT
name_narrow(int table, ATOM a, char *out, int size)
{
	WCHAR w[256];
	if (size <= 0 || !atom_name(table, a, w, 256))
		return (UINT)refuse(ERROR_INVALID_HANDLE);
	return (UINT)nls_ansi_to(w, out, (size_t)size);
}

static ATOM delete (int table, ATOM a)
{
	if (atom_delete(table, a))
		return 0;
	last_error(ERROR_INVALID_HANDLE);
	return a;
}

WINAPI ATOM
kernel32_AddAtomW(const WCHAR *s)
{
	return checked(atom_add(ATOM_LOCAL, s), ERROR_INVALID_PARAMETER);
}
WINAPI ATOM
kernel32_AddAtomA(const char *s)
{
	return checked(narrow(atom_add, ATOM_LOCAL, s), ERROR_INVALID_PARAMETER);
}
WINAPI ATOM
kernel32_FindAtomW(const WCHAR *s)
{
	return checked(atom_find(ATOM_LOCAL, s), ERROR_FILE_NOT_FOUND);
}
WINAPI ATOM
kernel32_FindAtomA(const char *s)
{
	return checked(narrow(atom_find, ATOM_LOCAL, s), ERROR_FILE_NOT_FOUND);
}
WINAPI ATOM
kernel32_DeleteAtom(ATOM a)
{
	return delete (ATOM_LOCAL, a);
}
WINAPI UINT
kernel32_GetAtomNameW(ATOM a, WCHAR *out, int size)
{
	return name_wide(ATOM_LOCAL, a, out, size);
}
WINAPI UINT
kernel32_GetAtomNameA(ATOM a, char *out, int size)
{
	return name_narrow(ATOM_LOCAL, a, out, size);
}
WINAPI ATOM
kernel32_GlobalAddAtomW(const WCHAR *s)
{
	return checked(atom_add(ATOM_GLOBAL, s), ERROR_INVALID_PARAMETER);
}
WINAPI ATOM
kernel32_GlobalAddAtomA(const char *s)
{
	return checked(narrow(atom_add, ATOM_GLOBAL, s), ERROR_INVALID_PARAMETER);
}
WINAPI ATOM
kernel32_GlobalFindAtomW(const WCHAR *s)
{
	return checked(atom_find(ATOM_GLOBAL, s), ERROR_FILE_NOT_FOUND);
}
WINAPI ATOM
kernel32_GlobalFindAtomA(const char *s)
{
	return checked(narrow(atom_find, ATOM_GLOBAL, s), ERROR_FILE_NOT_FOUND);
}
WINAPI ATOM
kernel32_GlobalDeleteAtom(ATOM a)
{
	return delete (ATOM_GLOBAL, a);
}
WINAPI UINT
kernel32_GlobalGetAtomNameW(ATOM a, WCHAR *out, int size)
{
	return name_wide(ATOM_GLOBAL, a, out, size);
}
WINAPI UINT
kernel32_GlobalGetAtomNameA(ATOM a, char *out, int size)
{
	return name_narrow(ATOM_GLOBAL, a, out, size);
}
WINAPI BOOL
kernel32_InitAtomTable(DWORD size)
{
	return size != 0;
}
