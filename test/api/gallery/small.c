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

int
main(void)
{
	crypt();
	com();
	automation();
	rpc();
	clock_of();
	return 0;
}
