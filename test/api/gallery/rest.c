/* SPDX-License-Identifier: Apache-2.0 */
// Resources and versions of the program itself; keys of passwords; strings and errors of OLE;
// sound, of which there is none; names that kernel32 has kept since Windows 3.
// needs: joist mingw
// libs: -lversion -lbcrypt -loleaut32 -lole32 -lwinmm -lshlwapi -lntdll
// run: joist run --rm $GUEST
// expect: resources: ok
// expect: versions: ok
// expect: languages: ok
// expect: keys: ok
// expect: strings of OLE: ok
// expect: errors of OLE: ok
// expect: sound: ok
// expect: associations: ok
// expect: old names: ok
// expect: addresses in files: ok
#define _WIN32_WINNT 0x0A00
#define COBJMACROS
#include "check.h"
#include <bcrypt.h>
#include <mmsystem.h>
#include <oleauto.h>
#include <shlwapi.h>
#include <stdlib.h>

/* Two types: version 1 in two languages, and a named "GREETING" of the named type "TEXT".  Names
 * stand before numbers. */
asm(".section .rsrc,\"dr\"\n"
    "root:	.long 0, 0, 0\n	.short 1, 1\n"
    "	.long 0x80000000 + s_text - root, 0x80000000 + d_text - root\n"
    "	.long 16, 0x80000000 + d_version - root\n"
    "d_text:	.long 0, 0, 0\n	.short 1, 1\n"
    "	.long 0x80000000 + s_greeting - root, 0x80000000 + l_greeting - root\n"
    "	.long 7, 0x80000000 + l_seven - root\n"
    "d_version:	.long 0, 0, 0\n	.short 0, 1\n	.long 1, 0x80000000 + l_version - root\n"
    "l_greeting:	.long 0, 0, 0\n	.short 0, 1\n	.long 0x409, e_hello - root\n"
    "l_seven:	.long 0, 0, 0\n	.short 0, 2\n"
    "	.long 0x407, e_hallo - root, 0x409, e_hello - root\n"
    "l_version:	.long 0, 0, 0\n	.short 0, 1\n	.long 0x409, e_version - root\n"
    "e_hello:	.rva hello\n	.long 5, 0, 0\n"
    "e_hallo:	.rva hallo\n	.long 5, 0, 0\n"
    "e_version:	.rva version\n	.long version_end - version, 0, 0\n"
    "s_text:	.short 4, 'T', 'E', 'X', 'T'\n"
    "s_greeting:	.short 8, 'G', 'R', 'E', 'E', 'T', 'I', 'N', 'G'\n"
    "	.balign 4\n"
    "hello:	.ascii \"hello\"\n	.balign 4\n"
    "hallo:	.ascii \"hallo\"\n	.balign 4\n"
#define NAME(...) "	.short " #__VA_ARGS__ ", 0\n	.balign 4\n"
    "version:	.short version_end - version, 52, 0\n" NAME(
            'V', 'S', '_', 'V', 'E', 'R', 'S', 'I', 'O', 'N', '_', 'I', 'N', 'F',
            'O') "	.long 0xfeef04bd, 0x10000, 0x10002, 0x30004, 0x50006, "
                 "0x70008, 0x3f, 0, 0x40004, 1, 0, 0, "
                 "0\n"
                 "strings:	.short strings_end - strings, 0, 1\n" NAME(
                         'S', 't', 'r', 'i', 'n', 'g', 'F', 'i', 'l', 'e', 'I', 'n', 'f',
                         'o') "table:	.short strings_end - table, 0, "
                              "1\n" NAME('0', '4', '0', '9', '0', '4', 'b',
                                         '0') "product:	.short "
                                              "strings_end - product, 6, "
                                              "1\n" NAME('P', 'r', 'o', 'd', 'u', 'c', 't', 'N',
                                                         'a', 'm', 'e') "	."
                                                                        "short 'J', "
                                                                        "'o', 'i', "
                                                                        "'s', 't', "
                                                                        "0\n"
                                                                        "strings_"
                                                                        "end:	"
                                                                        ".balign 4\n"
                                                                        "version_"
                                                                        "end:\n"
                                                                        "	."
                                                                        "text\n");

static int count, stop_at;
static WCHAR seen[200];

static void
note(const WCHAR *name)
{
	WCHAR number[20];
	if ((ULONG_PTR)name < 65536) {
		wsprintfW(number, L"#%d", (int)(ULONG_PTR)name);
		name = number;
	}
	wcscat(seen, name);
	wcscat(seen, L" ");
}
static BOOL CALLBACK
type(HMODULE h, WCHAR *t, LONG_PTR arg)
{
	(void)h;
	note(t);
	return arg == 3 && ++count != stop_at;
}
static BOOL CALLBACK
name(HMODULE h, const WCHAR *t, WCHAR *n, LONG_PTR arg)
{
	(void)h;
	IS(!wcscmp(t, L"TEXT"));
	note(n);
	return arg == 3 && ++count != stop_at;
}
static BOOL CALLBACK
language(HMODULE h, const WCHAR *t, const WCHAR *n, WORD l, LONG_PTR arg)
{
	(void)h, (void)t, (void)n;
	note((WCHAR *)(ULONG_PTR)l);
	return arg == 3 && ++count != stop_at;
}

static void
resources(void)
{
	*seen = 0;
	IS(EnumResourceTypesW(NULL, type, 3) && wcsstr(seen, L"TEXT ") == seen &&
	   wcsstr(seen, L" #16 "));
	*seen = 0;
	IS(EnumResourceNamesW(NULL, L"TEXT", name, 3) && !wcscmp(seen, L"GREETING #7 "));
	*seen = 0;
	IS(EnumResourceLanguagesW(NULL, L"TEXT", MAKEINTRESOURCEW(7), language, 3) &&
	   !wcscmp(seen, L"#1031 #1033 "));
	*seen = 0;
	IS(EnumResourceLanguagesW(NULL, L"TEXT", L"GREETING", language, 3) &&
	   !wcscmp(seen, L"#1033 "));
	/* who says FALSE is not asked again */
	*seen = 0, count = 0, stop_at = 1;
	ERR(EnumResourceNamesW(NULL, L"TEXT", name, 3), ERROR_RESOURCE_ENUM_USER_STOP);
	IS(!wcscmp(seen, L"GREETING "));
	stop_at = 0;
	ERR(EnumResourceNamesW(NULL, L"NONE", name, 3), ERROR_RESOURCE_TYPE_NOT_FOUND);
	ERR(EnumResourceLanguagesW(NULL, L"TEXT", L"NONE", language, 3),
	    ERROR_RESOURCE_NAME_NOT_FOUND);
	HRSRC r = FindResourceW(NULL, L"GREETING", L"TEXT");
	IS(r && SizeofResource(NULL, r) == 5 &&
	   !memcmp(LockResource(LoadResource(NULL, r)), "hello", 5));
	done("resources");
}

static void
versions(void)
{
	char self[MAX_PATH], *text;
	WCHAR wide[MAX_PATH], *wtext;
	BYTE a[2048], w[2048];
	VS_FIXEDFILEINFO *f;
	DWORD zero = 9;
	UINT n = 0;
	GetModuleFileNameA(NULL, self, MAX_PATH);
	GetModuleFileNameW(NULL, wide, MAX_PATH);
	DWORD size = GetFileVersionInfoSizeA(self, &zero);
	IS(size >= 92 && size < sizeof a && zero == 0);
	IS(GetFileVersionInfoSizeExW(FILE_VER_GET_NEUTRAL, wide, &zero) >= 92);
	IS(GetFileVersionInfoA(self, 0, sizeof a, a));
	IS(GetFileVersionInfoExW(FILE_VER_GET_NEUTRAL, wide, 0, sizeof w, w));
	IS(VerQueryValueA(a, "\\", (void **)&f, &n) && n == sizeof *f &&
	   f->dwSignature == 0xfeef04bd && f->dwFileVersionMS == 0x10002 &&
	   f->dwProductVersionLS == 0x70008);
	IS(VerQueryValueA(a, "\\StringFileInfo\\040904b0\\ProductName", (void **)&text, &n) &&
	   n == 6 && !strcmp(text, "Joist"));
	IS(VerQueryValueW(w, L"\\StringFileInfo\\040904B0\\productname", (void **)&wtext, &n) &&
	   n == 6 && !wcscmp(wtext, L"Joist"));
	ERR(VerQueryValueA(a, "\\StringFileInfo\\040904b0\\None", (void **)&text, &n),
	    ERROR_RESOURCE_TYPE_NOT_FOUND);
	ERR(GetFileVersionInfoSizeA("C:\\there is none.exe", &zero), ERROR_FILE_NOT_FOUND);
	ERR(GetFileVersionInfoSizeExW(0, L"C:\\there is none.exe", &zero), ERROR_FILE_NOT_FOUND);
	ERR(GetFileVersionInfoA("C:\\there is none.exe", 0, sizeof a, a), ERROR_FILE_NOT_FOUND);
	ERR(GetFileVersionInfoExW(0, L"C:\\there is none.exe", 0, sizeof w, w),
	    ERROR_FILE_NOT_FOUND);
	done("versions");
}

static void
names_of_languages(void)
{
	WCHAR w[100] = L"zzzzzzzzzzzz";
	DWORD n = VerLanguageNameW(0x409, w, 100);
	IS(n == wcslen(w) && wcsstr(w, L"English"));
	/* cut, when the buffer is too small */
	IS(VerLanguageNameW(0x409, w, 5) && !wcscmp(w, L"Engl"));
	/* no number is an error */
	IS(VerLanguageNameW(0xeeee, w, 100) && *w);
	done("languages");
}

static const char *
hex(const BYTE *p, int n)
{
	static char s[200];
	for (int i = 0; i < n; i++)
		snprintf(s + 2 * i, 3, "%02x", p[i]);
	return s;
}

#define PBKDF2(alg, password, salt, rounds, out, n)                                                \
	BCryptDeriveKeyPBKDF2(alg, (BYTE *)(password), strlen(password), (BYTE *)(salt),           \
	                      strlen(salt), rounds, out, n, 0)

static void
keys(void)
{
	BCRYPT_ALG_HANDLE sha1, sha256, plain;
	BYTE key[32];
	IS(!BCryptOpenAlgorithmProvider(&sha1, L"SHA1", NULL, BCRYPT_ALG_HANDLE_HMAC_FLAG));
	IS(!BCryptOpenAlgorithmProvider(&sha256, L"SHA256", NULL, BCRYPT_ALG_HANDLE_HMAC_FLAG));
	IS(!BCryptOpenAlgorithmProvider(&plain, L"SHA256", NULL, 0));
	/* RFC 6070, and the same for SHA-256 (RFC 7914, 11) */
	IS(!PBKDF2(sha1, "password", "salt", 2, key, 20) &&
	   !strcmp(hex(key, 20), "ea6c014dc72d6f8ccd1ed92ace1d41f0d8de8957"));
	IS(!PBKDF2(sha1, "password", "salt", 4096, key, 20) &&
	   !strcmp(hex(key, 20), "4b007901b765489abead49d926f721d065a429c1"));
	IS(!PBKDF2(sha256, "passwd", "salt", 1, key, 32) &&
	   !strcmp(hex(key, 32),
	           "55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc"));
	IS(PBKDF2(NULL, "password", "salt", 1, key, 20) == (NTSTATUS)0xc0000008);
	IS(PBKDF2(plain, "password", "salt", 1, key, 20) < 0); /* it has no HMAC */
	IS(PBKDF2(sha1, "password", "salt", 0, key, 20) == (NTSTATUS)0xc000000d);
	BOOLEAN fips = 9;
	IS(!BCryptGetFipsAlgorithmMode(&fips) && fips == FALSE);
	IS(BCryptGetFipsAlgorithmMode(NULL) == (NTSTATUS)0xc000000d);
	done("keys");
}

static void
ole_strings(void)
{
	HRESULT(WINAPI * add)
	(BSTR) = (void *)GetProcAddress(GetModuleHandleA("oleaut32"), "SysAddRefString");
	void(WINAPI * release)(BSTR) =
	        (void *)GetProcAddress(GetModuleHandleA("oleaut32"), "SysReleaseString");
	BSTR s = SysAllocString(L"pinned"), t;
	IS(add && release && add(s) == S_OK && add(s) == S_OK);
	SysFreeString(s); /* it stays: it is pinned */
	t = SysAllocString(L"others");
	IS(s != t && SysStringLen(s) == 6 && s[7 - 1] == 0);
	release(s);
	SysFreeString(t);
	t = SysAllocString(L"others");
	IS(s != t);
	release(s);
	SysFreeString(t);
	IS(add(NULL) == S_OK);
	release(NULL);
	done("strings of OLE");
}

static LONG held;
static HRESULT WINAPI
query(IUnknown *u, REFIID id, void **out)
{
	(void)u, (void)id;
	*out = NULL;
	return E_NOINTERFACE;
}
static ULONG WINAPI
hold(IUnknown *u)
{
	(void)u;
	return ++held;
}
static ULONG WINAPI
let_go(IUnknown *u)
{
	(void)u;
	return --held;
}

static DWORD WINAPI
other_thread(void *arg)
{
	IErrorInfo *e = arg;
	return GetErrorInfo(0, &e) == S_FALSE && !e;
}

static void
ole_errors(void)
{
	static IUnknownVtbl table = { query, hold, let_go };
	IUnknown one = { &table }, two = { &table };
	IErrorInfo *e = (void *)1;
	DWORD code = 0;
	IS(GetErrorInfo(0, &e) == S_FALSE && !e);
	IS(GetErrorInfo(1, &e) == E_INVALIDARG && SetErrorInfo(1, NULL) == E_INVALIDARG);
	IS(SetErrorInfo(0, (IErrorInfo *)&one) == S_OK && held == 1);
	IS(SetErrorInfo(0, (IErrorInfo *)&two) == S_OK && held == 1);
	/* it is the thread's */
	HANDLE t = CreateThread(NULL, 0, other_thread, NULL, 0, NULL);
	WaitForSingleObject(t, INFINITE);
	IS(GetExitCodeThread(t, &code) && code == 1);
	/* and who gets it, has it alone */
	IS(GetErrorInfo(0, &e) == S_OK && e == (IErrorInfo *)&two && held == 1);
	IS(GetErrorInfo(0, &e) == S_FALSE && !e);
	IS(SetErrorInfo(0, (IErrorInfo *)&one) == S_OK && held == 2);
	IS(SetErrorInfo(0, NULL) == S_OK && held == 1 && GetErrorInfo(0, &e) == S_FALSE);
	done("errors of OLE");
}

static void
sound(void)
{
	WAVEFORMATEX f = { WAVE_FORMAT_PCM, 1, 8000, 8000, 1, 8, 0 };
	HWAVEIN in;
	/* no number is one of a device when there are no devices */
	IS(waveInOpen(&in, waveInGetNumDevs(), &f, 0, 0, 0) == MMSYSERR_BADDEVICEID);
	IS(waveInOpen(&in, 77, &f, 0, 0, WAVE_FORMAT_QUERY) == MMSYSERR_BADDEVICEID);
	IS(joyGetNumDevs() == 0);
	IS(PlaySoundA(NULL, NULL, 0) && PlaySoundW(NULL, NULL, 0)); /* to stop is always well */
	IS(!PlaySoundA("C:\\there is none.wav", NULL, SND_FILENAME | SND_NODEFAULT));
	IS(!PlaySoundW(L"C:\\there is none.wav", NULL, SND_FILENAME | SND_NODEFAULT));
	done("sound");
}

static void
associations(void)
{
	WCHAR w[MAX_PATH];
	DWORD n = MAX_PATH;
	IS(AssocQueryStringW(0, ASSOCSTR_EXECUTABLE, L".nobody-opens-this", NULL, w, &n) ==
	   HRESULT_FROM_WIN32(ERROR_NO_ASSOCIATION));
	IS(FAILED(SHAutoComplete((HWND)0x1234, SHACF_FILESYSTEM))); /* there is no such window */
	done("associations");
}

#define OLD(ret, name, ...) ((ret(WINAPI *)(__VA_ARGS__))(void *)GetProcAddress(k, #name))

static void
old_names(void)
{
	HMODULE k = GetModuleHandleA("kernel32");
	char b[20] = "";
#undef lstrlen
#undef lstrcpy
#undef lstrcpyn
#undef lstrcat
#undef lstrcmp
#undef lstrcmpi
	IS(OLD(char *, lstrcpy, char *, const char *)(b, "abc") == b && !strcmp(b, "abc"));
	IS(OLD(char *, lstrcat, char *, const char *)(b, "def") == b && !strcmp(b, "abcdef"));
	IS(OLD(char *, lstrcpyn, char *, const char *, int)(b, "uvwxyz", 4) == b &&
	   !strcmp(b, "uvw")); /* with its zero */
	IS(OLD(int, lstrlen, const char *)(b) == 3 && OLD(int, lstrlen, const char *)(NULL) == 0);
	IS(OLD(int, lstrcmp, const char *, const char *)("a", "b") < 0 &&
	   OLD(int, lstrcmp, const char *, const char *)("a", "A") != 0 &&
	   OLD(int, lstrcmp, const char *, const char *)("a", "a") == 0);
	IS(OLD(int, lstrcmpi, const char *, const char *)("ABC", "abc") == 0 &&
	   OLD(int, lstrcmpi, const char *, const char *)("b", "A") > 0);
	/* bad pointers: NULL, no exception */
	IS(!OLD(char *, lstrcpy, char *, const char *)(b, (char *)16) &&
	   !OLD(char *, lstrcat, char *, const char *)((char *)16, "x"));
	done("old names");
}

IMAGE_SECTION_HEADER *NTAPI RtlImageRvaToSection(void *, void *, ULONG);
void *NTAPI RtlImageRvaToVa(void *, void *, ULONG, IMAGE_SECTION_HEADER **);
void *NTAPI RtlAddressInSectionTable(void *, void *, ULONG);
void *NTAPI RtlImageNtHeader(void *);

static const char sought[] = "what is sought in the file";

/* As ImageRvaToVa is documented: where a relative address of an image is in its file. */
static void
addresses(void)
{
	WCHAR self[MAX_PATH];
	IMAGE_SECTION_HEADER *s = NULL;
	DWORD n;
	GetModuleFileNameW(NULL, self, MAX_PATH);
	HANDLE f = CreateFileW(self, GENERIC_READ, FILE_SHARE_READ, NULL, OPEN_EXISTING, 0, NULL);
	DWORD size = GetFileSize(f, NULL);
	BYTE *file = malloc(size);
	IS(ReadFile(f, file, size, &n, NULL) && n == size && CloseHandle(f));
	void *nt = RtlImageNtHeader(file);
	ULONG rva = (ULONG)((BYTE *)sought - (BYTE *)GetModuleHandleW(NULL));
	char *at = RtlImageRvaToVa(nt, file, rva, &s);
	IS(at && (BYTE *)at > file && (BYTE *)at < file + size && !strcmp(at, sought) && s &&
	   !memcmp(s->Name, ".rdata", 6));
	IS(RtlImageRvaToVa(nt, file, rva + 1, &s) == at + 1 &&
	   RtlImageRvaToVa(nt, file, rva, NULL) == at);
	IS(RtlAddressInSectionTable(nt, file, rva) == at);
	IS(!RtlImageRvaToVa(nt, file, 0x7ffffff0, NULL) &&
	   !RtlAddressInSectionTable(nt, file, 0x7ffffff0));
	free(file);
	done("addresses in files");
}

int
main(void)
{
	resources();
	versions();
	names_of_languages();
	keys();
	ole_strings();
	ole_errors();
	sound();
	associations();
	old_names();
	addresses();
	return 0;
}
