/* SPDX-License-Identifier: Apache-2.0 */
// The small DLLs, a few functions each: random numbers and hashes, COM's memory and names,
// strings of automation, identifiers, the multimedia clock, versions of files.
// needs: joist mingw
// libs: -lbcrypt -lole32 -loleaut32 -lrpcrt4 -lwinmm -lnetapi32 -lpsapi
// run: joist run --rm $GUEST
// expect: bcrypt: ok
// expect: com: ok
// expect: automation: ok
// expect: rpc: ok
// expect: clock: ok
// expect: sound: ok
// expect: runtime strings: ok
// expect: more identifiers: ok
#include "check.h"
#include <bcrypt.h>
#include <objbase.h>
#include <oleauto.h>
#include <rpc.h>
#include <mmsystem.h>

static void
crypt(void)
{
	/* FIPS 180-4's example: SHA-256 of "abc" begins so */
	static const BYTE want[4] = { 0xba, 0x78, 0x16, 0xbf };
	BCRYPT_ALG_HANDLE a = NULL;
	BCRYPT_HASH_HANDLE h = NULL, two = NULL;
	BYTE out[32], r1[16] = { 0 }, r2[16] = { 0 };
	DWORD n = 0;
	ULONG got = 0;
	IS(!BCryptOpenAlgorithmProvider(&a, BCRYPT_SHA256_ALGORITHM, NULL, 0));
	IS(!BCryptGetProperty(a, BCRYPT_HASH_LENGTH, (BYTE *)&n, sizeof n, &got, 0) && n == 32);
	IS(!BCryptCreateHash(a, &h, NULL, 0, NULL, 0, 0) && !BCryptHashData(h, (BYTE *)"ab", 2, 0));
	IS(!BCryptDuplicateHash(h, &two, NULL, 0, 0) && !BCryptHashData(h, (BYTE *)"c", 1, 0));
	IS(!BCryptFinishHash(h, out, sizeof out, 0) && !memcmp(out, want, 4));
	IS(!BCryptFinishHash(two, out, sizeof out, 0) && memcmp(out, want, 4));
	IS(!BCryptDestroyHash(h) && !BCryptDestroyHash(two) && !BCryptCloseAlgorithmProvider(a, 0));
	IS(!BCryptGenRandom(NULL, r1, sizeof r1, BCRYPT_USE_SYSTEM_PREFERRED_RNG));
	BOOL(WINAPI * prng)
	(BYTE *, SIZE_T) =
	        (void *)GetProcAddress(LoadLibraryA("bcryptprimitives.dll"), "ProcessPrng");
	IS(prng && prng(r2, sizeof r2) && memcmp(r1, r2, sizeof r1));
	done("bcrypt");
}

static void
com(void)
{
	GUID g, h;
	WCHAR text[40];
	IS(CoInitializeEx(NULL, COINIT_MULTITHREADED) == S_OK);
	IS(CoInitializeEx(NULL, COINIT_MULTITHREADED) == S_FALSE);
	IS(CoInitializeEx(NULL, COINIT_APARTMENTTHREADED) == RPC_E_CHANGED_MODE);
	CoUninitialize();
	char *p = CoTaskMemAlloc(8);
	strcpy_s(p, 8, "1234567");
	p = CoTaskMemRealloc(p, 4096);
	IS(!strcmp(p, "1234567"));
	CoTaskMemFree(p);
	IS(CoCreateGuid(&g) == S_OK && StringFromGUID2(&g, text, 40) == 39);
	IS(CLSIDFromString(text, &h) == S_OK && !memcmp(&g, &h, sizeof g));
	IS(IIDFromString(text, &h) == S_OK);
	void *none = NULL;
	IS(CoCreateInstance(&g, NULL, CLSCTX_ALL, &g, &none) == REGDB_E_CLASSNOTREG && !none);
	CoUninitialize();
	done("com");
}

static void
automation(void)
{
	BSTR b = SysAllocString(L"words"), c = SysAllocStringLen(L"words", 2);
	IS(SysStringLen(b) == 5 && SysStringByteLen(b) == 10 && SysStringLen(NULL) == 0);
	IS(SysStringLen(c) == 2 && c[2] == 0);
	SysFreeString(b), SysFreeString(c);
	VARIANT v;
	VariantInit(&v);
	v.vt = VT_I4;
	IS(VariantClear(&v) == S_OK && v.vt == VT_EMPTY);
	done("automation");
}

static void
rpc(void)
{
	UUID a, b, c;
	RPC_CSTR text = NULL;
	IS(UuidCreate(&a) == RPC_S_OK && UuidCreate(&b) == RPC_S_OK && memcmp(&a, &b, sizeof a));
	IS(UuidToStringA(&a, &text) == RPC_S_OK && strlen((char *)text) == 36);
	IS(UuidFromStringA(text, &c) == RPC_S_OK && !memcmp(&a, &c, sizeof a));
	IS(RpcStringFreeA(&text) == RPC_S_OK && !text);
	IS(UuidFromStringA((RPC_CSTR) "no", &c) == RPC_S_INVALID_STRING_UUID);
	done("rpc");
}

static void
clock_of(void)
{
	TIMECAPS caps;
	IS(timeGetDevCaps(&caps, sizeof caps) == 0 && caps.wPeriodMin == 1);
	IS(timeBeginPeriod(1) == 0 && timeEndPeriod(1) == 0);
	DWORD before = timeGetTime();
	Sleep(5);
	IS(timeGetTime() - before >= 4);
	done("clock");
}

/* There is none. */
static void
sound(void)
{
	IS(!waveOutGetNumDevs() && !waveInGetNumDevs() && !midiOutGetNumDevs());
	IS(!midiInGetNumDevs() && !auxGetNumDevs() && !mixerGetNumDevs());
	HWAVEOUT o;
	WAVEFORMATEX f = { WAVE_FORMAT_PCM, 1, 8000, 8000, 1, 8, 0 };
	IS(waveOutOpen(&o, WAVE_MAPPER, &f, 0, 0, 0) != MMSYSERR_NOERROR);
	done("sound");
}

static FARPROC
of(const char *name)
{
	FARPROC p = GetProcAddress(LoadLibraryA("combase.dll"), name);
	if (!p)
		printf("no %s\n", name);
	return p;
}
#define CALL(result, name, ...) ((result(WINAPI *)(__VA_ARGS__))(void *)of(#name))

static void
runtime_strings(void)
{
	void *a = NULL, *b = NULL;
	UINT32 n = 0;
	INT32 order = 9;
	IS(!CALL(HRESULT, RoInitialize, int)(1));
	IS(!CALL(HRESULT, WindowsCreateString, PCWSTR, UINT32, void **)(L"words", 5, &a) && a);
	IS(!CALL(HRESULT, WindowsDuplicateString, void *, void **)(a, &b) && b);
	IS(CALL(UINT32, WindowsGetStringLen, void *)(a) == 5);
	IS(!wcscmp(CALL(PCWSTR, WindowsGetStringRawBuffer, void *, UINT32 *)(b, &n), L"words"));
	IS(n == 5 && !CALL(BOOL, WindowsIsStringEmpty, void *)(a));
	IS(CALL(BOOL, WindowsIsStringEmpty, void *)(NULL));
	IS(!CALL(HRESULT, WindowsCompareStringOrdinal, void *, void *, INT32 *)(a, b, &order));
	IS(order == 0);
	IS(!CALL(HRESULT, WindowsDeleteString, void *)(a));
	IS(!CALL(HRESULT, WindowsDeleteString, void *)(b));
	CALL(void, RoUninitialize, void)();
	done("runtime strings");
}

static void
identifiers(void)
{
	UUID a, b, nil;
	RPC_STATUS s;
	RPC_WSTR text = NULL;
	IS(UuidCreateNil(&nil) == RPC_S_OK && UuidIsNil(&nil, &s));
	s = UuidCreateSequential(&a);
	IS(s == RPC_S_OK || s == RPC_S_UUID_LOCAL_ONLY);
	IS(UuidEqual(&a, &a, &s) && !UuidEqual(&a, &nil, &s) && UuidCompare(&nil, &a, &s) < 0);
	IS(UuidToStringW(&a, &text) == RPC_S_OK && UuidFromStringW(text, &b) == RPC_S_OK);
	IS(UuidHash(&a, &s) == UuidHash(&b, &s) && RpcStringFreeW(&text) == RPC_S_OK);
	BSTR w = SysAllocString(L"one");
	IS(SysReAllocString(&w, L"three") && SysStringLen(w) == 5);
	IS(SysReAllocStringLen(&w, L"two", 2) && SysStringLen(w) == 2);
	SysFreeString(w);
	w = SysAllocStringByteLen("abc", 3);
	IS(SysStringByteLen(w) == 3);
	SysFreeString(w);
	SYSTEMTIME t = { 2000, 1, 6, 1, 12, 0, 0, 0 }, back;
	double d = 0;
	IS(SystemTimeToVariantTime(&t, &d) && d == 36526.5);
	IS(VariantTimeToSystemTime(d, &back) && !memcmp(&t, &back, sizeof t));
	done("more identifiers");
}

int
main(void)
{
	crypt();
	com();
	automation();
	rpc();
	clock_of();
	sound();
	runtime_strings();
	identifiers();
	return 0;
}
