/* SPDX-License-Identifier: Apache-2.0 */
// Initialization files: sections, keys and values, read and written.
// needs: joist mingw
// run: cd $W && joist run --rm $GUEST && cat written.ini
// expect: reading: ok
// expect: lists: ok
// expect: writing: ok
// expect: edges: ok
// expect: ; kept
// expect: [one]
// expect: a=3
// expect: b=new
// expect: [Two]
// expect: c=d
#include "check.h"

#define FILE_A ".\\some.ini"
#define FILE_W L".\\some.ini"

static void
write_file(const char *name, const void *p, DWORD n)
{
	HANDLE h = CreateFileA(name, GENERIC_WRITE, 0, NULL, CREATE_ALWAYS, 0, NULL);
	IS(WriteFile(h, p, n, &n, NULL));
	CloseHandle(h);
}

static int
is(const char *section, const char *key, const char *want)
{
	char buf[100];
	DWORD n = GetPrivateProfileStringA(section, key, "none  ", buf, sizeof buf, FILE_A);
	return n == strlen(want) && !strcmp(buf, want);
}

static void
reading(void)
{
	static const char text[] =
	        "lost=1\r\n; kept\r\n[One]\r\n  Key = some text \r\nquoted=\"a b \"\n"
	        "single='x'\r\n;no=1\r\nn=42abc\r\nhex=0x1F\r\nneg=-7\r\nempty=\r\n"
	        "word\r\nKey=second\r\n[ two ]\r\nu=\xc3\xa4\r\n[one]\r\nlate=1";
	WCHAR w[100];
	write_file(FILE_A, text, sizeof text - 1);
	IS(is("one", "key", "some text") && is("ONE", "QUOTED", "a b ") &&
	   is("One", "single", "x"));
	IS(is("One", "no", "none") && is("One", "empty", "") && is("Other", "key", "none") &&
	   is("One", "word", "none") && is("One", "late", "none"));
	IS(GetPrivateProfileStringW(L"two", L"u", NULL, w, 100, FILE_W) == 1 && w[0] == 0xe4);
	IS(GetPrivateProfileIntA("one", "n", 5, FILE_A) == 42 &&
	   GetPrivateProfileIntA("one", "hex", 5, FILE_A) == 31 &&
	   GetPrivateProfileIntW(L"one", L"neg", 5, FILE_W) == (UINT)-7 &&
	   GetPrivateProfileIntW(L"one", L"none", 5, FILE_W) == 5 &&
	   GetPrivateProfileIntW(L"one", L"Key", 5, FILE_W) == 0);
	char buf[5];
	IS(GetPrivateProfileStringA("one", "key", "", buf, 5, FILE_A) == 4 && !strcmp(buf, "some"));
	IS(GetPrivateProfileStringA("x", "y", "z", buf, 5, ".\\missing.ini") == 1 &&
	   buf[0] == 'z' && GetLastError() == ERROR_FILE_NOT_FOUND);
	done("reading");
}

static void
lists(void)
{
	char buf[200];
	WCHAR w[200];
	static const char names[] = "One\0two\0one\0";
	IS(GetPrivateProfileSectionNamesA(buf, sizeof buf, FILE_A) == 12 &&
	   !memcmp(buf, names, sizeof names));
	IS(GetPrivateProfileSectionNamesW(w, 200, FILE_W) == 12 && !wcscmp(w + 4, L"two"));
	IS(GetPrivateProfileStringA(NULL, NULL, NULL, buf, sizeof buf, FILE_A) == 12);
	IS(GetPrivateProfileStringA("two", NULL, NULL, buf, sizeof buf, FILE_A) == 2 &&
	   !memcmp(buf, "u\0", 3));
	IS(GetPrivateProfileSectionA("one", buf, sizeof buf, FILE_A) > 20 &&
	   !strcmp(buf, "Key = some text"));
	IS(GetPrivateProfileSectionW(L"two", w, 200, FILE_W) == 4 && !wcscmp(w, L"u=\xe4") &&
	   !w[4]);
	memset(buf, 'x', sizeof buf);
	IS(GetPrivateProfileSectionNamesA(buf, 6, FILE_A) == 4 && !buf[4] && !buf[5] &&
	   buf[6] == 'x');
	IS(GetPrivateProfileSectionA("nothing", buf, sizeof buf, FILE_A) == 0 && !buf[0] &&
	   !buf[1]);
	done("lists");
}

static void
writing(void)
{
	static const char text[] = "; kept\r\n[one]\r\na=1\r\nb=2\r\n";
	static const WCHAR wide[] = L"\xfeff[s]\r\nk=v\r\n";
	const char *name = ".\\written.ini";
	char buf[100];
	WCHAR w[100];
	write_file(name, text, sizeof text - 1);
	IS(WritePrivateProfileStringA("one", "a", "3", name));
	IS(WritePrivateProfileStringW(L"ONE", L"b", L"new", L".\\written.ini"));
	IS(WritePrivateProfileStringA("Two", "c", "d", name));
	IS(WritePrivateProfileStringA("Two", "e", "f", name));
	IS(WritePrivateProfileStringA("Two", "e", NULL, name));
	IS(WritePrivateProfileStringA("Three", "x", "y", name));
	IS(WritePrivateProfileStringA("Three", NULL, NULL, name));
	IS(GetPrivateProfileStringA("Three", "x", "gone", buf, sizeof buf, name) == 4);
	write_file("wide.ini", wide, sizeof wide - 2);
	IS(WritePrivateProfileStringW(L"s", L"\x3b1", L"\x3b2", L".\\wide.ini"));
	IS(GetPrivateProfileStringW(L"s", L"\x3b1", NULL, w, 100, L".\\wide.ini") == 1 &&
	   w[0] == 0x3b2);
	IS(GetPrivateProfileStringW(L"s", L"k", NULL, w, 100, L".\\wide.ini") == 1 && w[0] == 'v');
	IS(!WritePrivateProfileStringA(NULL, "k", "v", name));
	/* win.ini, of the Windows folder */
	IS(WriteProfileStringA("mine", "k", "17") && GetProfileIntA("mine", "k", 0) == 17 &&
	   GetProfileIntW(L"mine", L"k", 0) == 17);
	IS(WriteProfileStringW(L"mine", L"k", L"18") &&
	   GetProfileStringW(L"mine", L"k", L"", w, 100) == 2 && !wcscmp(w, L"18"));
	IS(GetProfileStringA("mine", "k", "", buf, sizeof buf) == 2 && !strcmp(buf, "18"));
	IS(GetPrivateProfileIntA("mine", "k", 0, "C:\\Windows\\win.ini") == 18);
	done("writing");
}

static void
edges(void)
{
	char buf[10] = "xxxx";
	static const char bad[] = "[open\nk=v\n[\n=x\n]\nk\n[]\nq=1\n\0\xff";
	write_file(FILE_A, bad, sizeof bad - 1);
	IS(GetPrivateProfileStringA("open", "k", "", buf, sizeof buf, FILE_A) == 1 &&
	   buf[0] == 'v');
	IS(GetPrivateProfileStringA("open", "k", "", buf, 0, FILE_A) == 0);
	IS(GetPrivateProfileStringA("open", "k", "", NULL, 10, FILE_A) == 0);
	IS(GetPrivateProfileStringA("open", "k", "", buf, 1, FILE_A) == 0 && !buf[0]);
	IS(GetPrivateProfileStringA(NULL, NULL, "", buf, 1, FILE_A) == 0 && !buf[0]);
	write_file(FILE_A, "", 0);
	IS(GetPrivateProfileSectionNamesA(buf, 10, FILE_A) == 0 && !buf[0] && !buf[1]);
	IS(!WritePrivateProfileStringA("a", "b", "c", ".\\no such folder\\x.ini"));
	IS(GetLastError() == ERROR_PATH_NOT_FOUND);
	done("edges");
}

int
main(void)
{
	reading();
	lists();
	writing();
	edges();
	return 0;
}
