/* SPDX-License-Identifier: Apache-2.0 */
// Code pages of two bytes for a character: Japanese 932, Chinese 936 and 950, Korean 949.
// needs: joist mingw
// run: joist run --rm $GUEST
// expect: known: ok
// expect: back: ok
// expect: broken: ok
// expect: leads: ok
// expect: lost: ok
// expect: locale: ok
#include "check.h"
#include <locale.h>
#include <stdlib.h>
#include <wchar.h>

static const UINT pages[] = { 932, 936, 949, 950 };

static int
is(UINT page, const char *bytes, const WCHAR *text)
{
	WCHAR w[40];
	char b[40];
	int n = MultiByteToWideChar(page, MB_ERR_INVALID_CHARS, bytes, -1, w, 40);
	int m = WideCharToMultiByte(page, WC_NO_BEST_FIT_CHARS, text, -1, b, 40, NULL, NULL);
	return n == (int)wcslen(text) + 1 && !wcscmp(w, text) && m == (int)strlen(bytes) + 1 &&
	       !strcmp(b, bytes);
}

static void
known(void)
{
	IS(is(932, "\x93\xfa\x96\x7b\x8c\xea", L"\x65e5\x672c\x8a9e")); /* Japanese */
	IS(is(932, "a\xb1\x83\x41\x5c", L"a\xff71\x30a2\\"));           /* half width, full width */
	IS(is(932, "\x81\x60\x81\x7c", L"\xff5e\xff0d"));               /* as Microsoft has them */
	IS(is(932, "\xfa\x5c\x87\x54\x81\xca", L"\x7e8a\x2160\xffe2")); /* of several, IBM's */
	IS(is(932, "\xf0\x40\xf9\xfc", L"\xe000\xe757"));               /* the user's own */
	IS(is(936, "\xd6\xd0\xce\xc4\x80", L"\x4e2d\x6587\x20ac"));     /* Chinese, and the euro */
	IS(is(936, "\x81\x40\xaa\xa1\xa1\x40", L"\x4e02\xe000\xe4c6"));
	IS(is(949, "\xc7\xd1\xb1\xdb\x81\x41", L"\xd55c\xae00\xac02")); /* Hangul */
	IS(is(949, "\xc9\xa1\xfe\xfe", L"\xe000\xe0bb"));
	IS(is(950, "\xa4\xa4\xa4\xe5\xf9\xd6", L"\x4e2d\x6587\x7881"));
	IS(is(950, "\xfa\x40\xa0\xfe\x81\x40\xc8\xfe", L"\xe000\xeeb7\xeeb8\xf848"));
	IS(is(950, "\xa4\x51", L"\x5341"));
	done("known");
}

/* Whatever is written for a character is read as it again. */
static void
back(void)
{
	for (int i = 0; i < 4; i++) {
		int n = 0;
		for (unsigned c = 1; c < 0x10000; c++) {
			WCHAR w = (WCHAR)c, again[2] = { 0 };
			char b[4];
			BOOL lost = FALSE;
			if (c >= 0xd800 && c < 0xe000)
				continue;
			int k = WideCharToMultiByte(pages[i], WC_NO_BEST_FIT_CHARS, &w, 1, b, 4,
			                            NULL, &lost);
			if (lost)
				continue;
			n++;
			if (MultiByteToWideChar(pages[i], MB_ERR_INVALID_CHARS, b, k, again, 2) !=
			            1 ||
			    *again != w)
				wrong++, printf("%u %x\n", pages[i], c);
		}
		IS(n > 9000);
	}
	done("back");
}

static void
broken(void)
{
	WCHAR w[10];
	char b[10];
	/* a lead byte at the end, or with a trail that is none */
	ERR(MultiByteToWideChar(932, MB_ERR_INVALID_CHARS, "a\x93", 2, w, 10),
	    ERROR_NO_UNICODE_TRANSLATION);
	IS(MultiByteToWideChar(932, 0, "a\x93", 2, w, 10) == 2 && w[1] == 0x30fb);
	ERR(MultiByteToWideChar(936, MB_ERR_INVALID_CHARS, "\x81\x30", 2, w, 10),
	    ERROR_NO_UNICODE_TRANSLATION);
	IS(MultiByteToWideChar(936, 0, "\x81\x30z", 3, w, 10) == 2 && w[0] == '?' && w[1] == 'z');
	/* a lead byte that has nothing behind it takes its trail with it */
	IS(MultiByteToWideChar(932, 0, "\x85\x40z", 3, w, 10) == 2 && w[0] == 0x30fb &&
	   w[1] == 'z');
	/* room for both bytes, or for neither */
	ERR(WideCharToMultiByte(932, 0, L"\x65e5\x672c", 2, b, 3, NULL, NULL),
	    ERROR_INSUFFICIENT_BUFFER);
	IS(WideCharToMultiByte(932, 0, L"\x65e5\x672c", 2, NULL, 0, NULL, NULL) == 4);
	done("broken");
}

static void
leads(void)
{
	CPINFO i;
	CPINFOEXW x;
	IS(GetCPInfo(932, &i) && i.MaxCharSize == 2 && i.DefaultChar[0] == '?');
	IS(!memcmp(i.LeadByte, "\x81\x9f\xe0\xfc\0\0", 6));
	IS(GetCPInfoExW(932, 0, &x) && x.CodePage == 932 && x.UnicodeDefaultChar == 0x30fb);
	IS(GetCPInfoExW(936, 0, &x) && x.LeadByte[0] == 0x81 && x.LeadByte[1] == 0xfe &&
	   !x.LeadByte[2] && x.UnicodeDefaultChar == '?');
	IS(IsDBCSLeadByteEx(932, 0x93) && !IsDBCSLeadByteEx(932, 0xb1) &&
	   !IsDBCSLeadByteEx(932, 'a'));
	IS(IsDBCSLeadByteEx(950, 0xa4) && IsDBCSLeadByteEx(949, 0xc7) && IsValidCodePage(949));
	/* the system's page is UTF-8, where none leads */
	IS(!IsDBCSLeadByte(0x93));
	const char *s = "\x93\xfa"
	                "a";
	IS(CharNextExA(932, s, 0) == s + 2 && CharNextExA(932, s + 2, 0) == s + 3);
	IS(CharPrevExA(932, s, s + 2, 0) == s && CharPrevExA(932, s, s + 3, 0) == s + 2);
	done("leads");
}

static void
lost(void)
{
	char b[10];
	BOOL used = FALSE;
	IS(WideCharToMultiByte(932, 0, L"\x00e9", 1, b, 10, NULL, &used) == 1 && b[0] == 'e' &&
	   !used);
	IS(WideCharToMultiByte(932, WC_NO_BEST_FIT_CHARS, L"\x00e9", 1, b, 10, "#", &used) == 1 &&
	   b[0] == '#' && used);
	IS(WideCharToMultiByte(932, 0, L"\xd83d\xde00", 2, b, 10, NULL, &used) == 2 &&
	   !memcmp(b, "??", 2) && used);
	done("lost");
}

static void
locale(void)
{
	wchar_t w[10] = L"";
	char b[10] = "";
	IS(setlocale(LC_CTYPE, ".932") != NULL && MB_CUR_MAX == 2);
	IS(mbstowcs(w,
	            "\x93\xfa\x96\x7b"
	            "x",
	            10) == 3 &&
	   w[0] == 0x65e5 && w[1] == 0x672c && w[2] == 'x');
	IS(wcstombs(b, L"\x65e5x", 10) == 3 && !memcmp(b, "\x93\xfax", 3));
	IS(mblen("\x93\xfa", 2) == 2 && mblen("\x93", 1) == -1);
	IS(setlocale(LC_CTYPE, "C") != NULL);
	done("locale");
}

int
main(void)
{
	known();
	back();
	broken();
	leads();
	lost();
	locale();
	return 0;
}
