/* SPDX-License-Identifier: Apache-2.0 */
// Code pages, case, order, normal forms, lstr functions, characters of user32.
// needs: joist mingw
// run: joist run --rm $GUEST
// expect: strings: all right
#define _WIN32_WINNT 0x0A00
#include "right.h"

static void
pages(void)
{
	WCHAR w[16];
	char b[16];
	BOOL used;
	CPINFO i;
	CPINFOEXW x;
	CPINFOEXA xa;
	IS(GetACP() == 65001 && GetOEMCP() == 65001);
	IS(IsValidCodePage(1252) && IsValidCodePage(437) && !IsValidCodePage(1200) &&
	   !IsValidCodePage(4711));
	IS(MultiByteToWideChar(1252, 0, "\x80x", -1, w, 16) == 3 && w[0] == 0x20ac && w[2] == 0);
	IS(MultiByteToWideChar(CP_UTF8, 0, "\xc3\xa9", 2, NULL, 0) == 1);
	FAILS(MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, "\xff", 1, w, 16),
	      ERROR_NO_UNICODE_TRANSLATION);
	FAILS(MultiByteToWideChar(CP_UTF8, 0, "ab", 2, w, 1), ERROR_INSUFFICIENT_BUFFER);
	FAILS(MultiByteToWideChar(CP_UTF8, 0, "", 0, w, 1), ERROR_INVALID_PARAMETER);
	FAILS(MultiByteToWideChar(CP_UTF8, MB_COMPOSITE, "a", 1, w, 1), ERROR_INVALID_FLAGS);
	IS(WideCharToMultiByte(1252, 0, L"\x20ac\x4e00", 2, b, 16, "_", &used) == 2 &&
	   b[0] == '\x80' && b[1] == '_' && used);
	FAILS(WideCharToMultiByte(CP_UTF8, 0, L"a", 1, b, 16, "_", NULL), ERROR_INVALID_PARAMETER);
	IS(GetCPInfo(CP_ACP, &i) && i.MaxCharSize == 4 && GetCPInfo(437, &i) &&
	   i.MaxCharSize == 1 && i.DefaultChar[0] == '?');
	IS(GetCPInfoExW(1252, 0, &x) && x.CodePage == 1252 && GetCPInfoExA(1252, 0, &xa) &&
	   xa.CodePage == 1252);
	/* .NET has room for half a name: what comes after the name's end stays as it is */
	memset(&x, 0x55, sizeof x);
	IS(GetCPInfoExW(437, 0, &x) && !memcmp(x.CodePageName, L"437", 6) &&
	   x.CodePageName[200] == 0x5555 && x.CodePageName[259] == 0x5555);
	IS(!IsDBCSLeadByte(0x81) && !IsDBCSLeadByteEx(1252, 0x81));
}

static void
order(void)
{
	WCHAR w[32];
	BYTE key[64], key2[64];
	WORD t[4];
	int found;
	IS(CompareStringW(LOCALE_USER_DEFAULT, NORM_IGNORECASE, L"abc", -1, L"ABC", -1) ==
	   CSTR_EQUAL);
	IS(CompareStringEx(L"en-US", 0, L"a", 1, L"B", 1, NULL, NULL, 0) == CSTR_LESS_THAN);
	IS(CompareStringA(LOCALE_USER_DEFAULT, 0, "co-op", -1, "coop", -1) == CSTR_GREATER_THAN);
	IS(CompareStringOrdinal(L"a", -1, L"B", -1, FALSE) == CSTR_GREATER_THAN);
	IS(CompareStringOrdinal(L"a", -1, L"B", -1, TRUE) == CSTR_LESS_THAN);
	IS(LCMapStringEx(L"", LCMAP_UPPERCASE,
	                 L"stra\xdf"
	                 L"e\xe9",
	                 -1, w, 32, NULL, NULL, 0) == 8 &&
	   !wcscmp(w, L"STRA\xdf"
	              L"E\xc9"));
	IS(LCMapStringW(LOCALE_INVARIANT, LCMAP_LOWERCASE,
	                L"\xc9"
	                L"A",
	                2, w, 2) == 2 &&
	   w[0] == 0xe9 && w[1] == 'a');
	IS(LCMapStringA(LOCALE_INVARIANT, LCMAP_UPPERCASE, "abc", -1, (char *)w, 32) == 4 &&
	   !strcmp((char *)w, "ABC"));
	int n = LCMapStringEx(L"", LCMAP_SORTKEY, L"abc", -1, (WCHAR *)key, 64, NULL, NULL, 0);
	int m = LCMapStringEx(L"", LCMAP_SORTKEY, L"abd", -1, (WCHAR *)key2, 64, NULL, NULL, 0);
	IS(n > 4 && m > 4 && memcmp(key, key2, n < m ? n : m) < 0);
	IS(GetStringTypeW(CT_CTYPE1, L"aA1 ", 4, t) && (t[0] & C1_LOWER) && (t[1] & C1_UPPER) &&
	   (t[2] & C1_DIGIT) && (t[3] & C1_SPACE));
	IS(GetStringTypeExW(LOCALE_USER_DEFAULT, CT_CTYPE1, L"!", 1, t) && (t[0] & C1_PUNCT));
	IS(GetStringTypeA(LOCALE_USER_DEFAULT, CT_CTYPE1, "x", 1, t) && (t[0] & C1_XDIGIT) == 0 &&
	   GetStringTypeExA(LOCALE_USER_DEFAULT, CT_CTYPE1, "f", 1, t) && (t[0] & C1_XDIGIT));
	IS(FindStringOrdinal(FIND_FROMSTART, L"one two", -1, L"TWO", -1, TRUE) == 4);
	IS(FindNLSStringEx(L"en-US", FIND_FROMSTART | NORM_IGNORECASE, L"one two", -1, L"TWO", -1,
	                   &found, NULL, NULL, 0) == 4 &&
	   found == 3);
	IS(FindNLSString(0x409, FIND_STARTSWITH, L"one", -1, L"on", -1, NULL) == 0);
	IS(FoldStringW(MAP_FOLDDIGITS, L"\x0663", 1, w, 1) == 1 && w[0] == '3');
}

static BOOL CALLBACK
page(WCHAR *s)
{
	return wcscmp(s, L"1252") != 0;
}

static void
small(void)
{
	WCHAR w[32] = L"ab", wide[] = L"\xe9z";
	char b[32] = "ab";
	IS(lstrlenW(L"abc") == 3 && lstrlenW(NULL) == 0 && lstrlenA("ab") == 2);
	IS(lstrcatW(w, L"cd") == w && !lstrcmpW(w, L"abcd") && lstrcatA(b, "cd") == b &&
	   !lstrcmpA(b, "abcd"));
	IS(lstrcmpiW(L"ABC", L"abc") == 0 && lstrcmpiA("a", "B") < 0);
	IS(lstrcpynW(w, L"abcdef", 4) && !wcscmp(w, L"abc") && lstrcpynA(b, "abcdef", 3) &&
	   !strcmp(b, "ab"));
	IS(lstrcpyW(w, L"x") == w && w[1] == 0 && lstrcpyA(b, "y") == b && b[0] == 'y');
	IS(CharUpperW(wide) == wide && wide[0] == 0xc9 && wide[1] == 'Z' &&
	   CharLowerW((WCHAR *)(ULONG_PTR)'Q') == (WCHAR *)(ULONG_PTR)'q');
	IS(CharUpperBuffW(w, 1) == 1 && w[0] == 'X' && CharLowerBuffW(w, 1) == 1 && w[0] == 'x');
	IS(IsCharAlphaW(0x416) && !IsCharAlphaW('1') && IsCharAlphaNumericW('1') &&
	   IsCharUpperW('A') && IsCharLowerW('a'));
	IS(*CharNextW(L"ab") == 'b' && *CharNextA("\xc3\xa9z") == 'z' &&
	   *CharNextExA(CP_UTF8, "\xc3\xa9z", 0) == 'z');
	IS(wsprintfA(b, "%d %s %04x|%-4s|%c", -5, "str", 0xab, "l", 'z') == 18 &&
	   !strcmp(b, "-5 str 00ab|l   |z"));
	IS(wsprintfW(w, L"%s %S %I64d", L"w", "n", 1LL << 40) == 17 &&
	   !wcscmp(w, L"w n 1099511627776"));
	IS(MulDiv(7, 3, 2) == 11 && MulDiv(-7, 3, 2) == -11 && MulDiv(1, 1, 0) == -1);
	IS(EnumSystemCodePagesW(page, CP_INSTALLED));
}

int
main(void)
{
	pages();
	order();
	small();
	return done("strings");
}
