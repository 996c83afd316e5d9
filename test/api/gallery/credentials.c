/* SPDX-License-Identifier: Apache-2.0 */
// Credentials (wincred.h), multimedia timers, and PROPVARIANT.
// needs: joist mingw
// libs: -ladvapi32 -lwinmm -lole32
// run: joist run --rm $GUEST
// expect: written and read: ok
// expect: all of them: ok
// expect: refused: ok
// expect: timers: ok
// expect: variants of properties: ok
// expect: a breakpoint: 80000003
#include "check.h"
#include <mmsystem.h>
#include <objbase.h>
#include <propidl.h>
#include <wincred.h>

static BYTE secret[] = "secret";

static CREDENTIALW
made(const WCHAR *target, DWORD persist)
{
	static CREDENTIAL_ATTRIBUTEW a = { (WCHAR *)L"key", 0, 3, (BYTE *)"abc" };
	return (CREDENTIALW){ .Type = CRED_TYPE_GENERIC,
		              .TargetName = (WCHAR *)target,
		              .Comment = (WCHAR *)L"a comment",
		              .CredentialBlobSize = 6,
		              .CredentialBlob = secret,
		              .Persist = persist,
		              .AttributeCount = 1,
		              .Attributes = &a,
		              .UserName = (WCHAR *)L"me" };
}

static void
one(void)
{
	CREDENTIALW c = made(L"host\\one:x", CRED_PERSIST_LOCAL_MACHINE), *r;
	IS(CredWriteW(&c, 0));
	IS(CredReadW(L"HOST\\ONE:X", CRED_TYPE_GENERIC, 0, &r));
	IS(!wcscmp(r->TargetName, L"host\\one:x") && !wcscmp(r->UserName, L"me"));
	IS(!wcscmp(r->Comment, L"a comment") && !r->TargetAlias && r->LastWritten.dwHighDateTime);
	IS(r->CredentialBlobSize == 6 && !memcmp(r->CredentialBlob, secret, 6));
	IS(r->Persist == CRED_PERSIST_LOCAL_MACHINE && r->AttributeCount == 1);
	IS(!wcscmp(r->Attributes[0].Keyword, L"key") && r->Attributes[0].ValueSize == 3 &&
	   !memcmp(r->Attributes[0].Value, "abc", 3));
	CredFree(r);
	/* the secret stays, what is beside it does not */
	c.CredentialBlobSize = 0;
	c.UserName = (WCHAR *)L"you";
	c.AttributeCount = 0;
	c.Persist = CRED_PERSIST_SESSION;
	IS(CredWriteW(&c, CRED_PRESERVE_CREDENTIAL_BLOB));
	IS(CredReadW(c.TargetName, CRED_TYPE_GENERIC, 0, &r) && r->CredentialBlobSize == 6);
	IS(!wcscmp(r->UserName, L"you") && !r->AttributeCount &&
	   r->Persist == CRED_PERSIST_SESSION);
	CredFree(r);
	IS(CredDeleteW(c.TargetName, CRED_TYPE_GENERIC, 0));
	ERR(CredReadW(c.TargetName, CRED_TYPE_GENERIC, 0, &r), ERROR_NOT_FOUND);
	ERR(CredDeleteW(c.TargetName, CRED_TYPE_GENERIC, 0), ERROR_NOT_FOUND);
	done("written and read");
}

static void
several(void)
{
	CREDENTIALW a = made(L"git:a", CRED_PERSIST_ENTERPRISE),
	            b = made(L"git:b", CRED_PERSIST_SESSION),
	            c = made(L"npm", CRED_PERSIST_LOCAL_MACHINE), **all;
	DWORD n = 9;
	ERR(CredEnumerateW(NULL, 0, &n, &all), ERROR_NOT_FOUND);
	IS(CredWriteW(&a, 0) && CredWriteW(&b, 0) && CredWriteW(&c, 0));
	IS(CredEnumerateW(NULL, 0, &n, &all) && n == 3);
	CredFree(all);
	IS(CredEnumerateW(L"GIT:*", 0, &n, &all) && n == 2);
	IS(!wcsncmp(all[0]->TargetName, L"git:", 4) && all[1]->CredentialBlobSize == 6);
	CredFree(all);
	IS(CredEnumerateW(L"npm", 0, &n, &all) && n == 1);
	CredFree(all);
	ERR(CredEnumerateW(L"n", 0, &n, &all), ERROR_NOT_FOUND);
	done("all of them");
}

static void
refused(void)
{
	CREDENTIALW c = made(L"", CRED_PERSIST_SESSION), *r;
	ERR(CredWriteW(&c, 0), ERROR_INVALID_PARAMETER);
	c = made(L"x", 0);
	ERR(CredWriteW(&c, 0), ERROR_INVALID_PARAMETER);
	c = made(L"x", CRED_PERSIST_SESSION);
	c.CredentialBlobSize = 5 * 512 + 1;
	ERR(CredWriteW(&c, 0), ERROR_INVALID_PARAMETER);
	ERR(CredReadW(L"x", CRED_TYPE_GENERIC, 1, &r), ERROR_INVALID_FLAGS);
	ERR(CredReadW(L"x", 99, 0, &r), ERROR_INVALID_PARAMETER);
	done("refused");
}

static volatile LONG calls;

static void CALLBACK
called(UINT id, UINT message, DWORD_PTR user, DWORD_PTR a, DWORD_PTR b)
{
	(void)id, (void)message, (void)a, (void)b;
	InterlockedIncrement(&calls);
	SetEvent((HANDLE)user);
}

static void
timers(void)
{
	HANDLE e = CreateEventA(NULL, FALSE, FALSE, NULL);
	UINT t = timeSetEvent(5, 0, called, (DWORD_PTR)e, TIME_ONESHOT);
	IS(t && WaitForSingleObject(e, 5000) == WAIT_OBJECT_0);
	Sleep(30);
	IS(calls == 1 && timeKillEvent(t) == TIMERR_NOCANDO); /* it is over */
	t = timeSetEvent(2, 1, called, (DWORD_PTR)e, TIME_PERIODIC | TIME_KILL_SYNCHRONOUS);
	IS(t && WaitForSingleObject(e, 5000) == WAIT_OBJECT_0);
	IS(WaitForSingleObject(e, 5000) == WAIT_OBJECT_0);
	IS(timeKillEvent(t) == TIMERR_NOERROR);
	LONG then = calls;
	Sleep(20);
	IS(calls == then);
	ResetEvent(e);
	t = timeSetEvent(5, 0, (LPTIMECALLBACK)e, 0, TIME_ONESHOT | TIME_CALLBACK_EVENT_SET);
	IS(t && WaitForSingleObject(e, 5000) == WAIT_OBJECT_0);
	t = timeSetEvent(60000, 0, called, 0, TIME_ONESHOT);
	IS(t && timeKillEvent(t) == TIMERR_NOERROR && timeKillEvent(t) == TIMERR_NOCANDO);
	IS(!timeSetEvent(0, 0, called, 0, TIME_ONESHOT) && !timeSetEvent(5, 0, NULL, 0, 0));
	done("timers");
}

static void
properties(void)
{
	PROPVARIANT v;
	memset(&v, 0, sizeof v);
	v.vt = VT_LPWSTR;
	v.pwszVal = CoTaskMemAlloc(8);
	IS(PropVariantClear(&v) == S_OK && v.vt == VT_EMPTY && !v.pwszVal);
	v.vt = VT_VECTOR | VT_LPSTR;
	v.calpstr.cElems = 2;
	v.calpstr.pElems = CoTaskMemAlloc(2 * sizeof(char *));
	v.calpstr.pElems[0] = CoTaskMemAlloc(4);
	v.calpstr.pElems[1] = NULL;
	IS(PropVariantClear(&v) == S_OK && v.vt == VT_EMPTY);
	v.vt = VT_UI4;
	v.ulVal = 7;
	IS(PropVariantClear(&v) == S_OK && v.vt == VT_EMPTY && PropVariantClear(NULL) == S_OK);
	done("variants of properties");
}

static LONG CALLBACK
handler(EXCEPTION_POINTERS *p)
{
	printf("a breakpoint: %lx\n", p->ExceptionRecord->ExceptionCode);
	p->ContextRecord->Rip++;
	return EXCEPTION_CONTINUE_EXECUTION;
}

int
main(void)
{
	one();
	several();
	refused();
	timers();
	properties();
	AddVectoredExceptionHandler(1, handler);
	DebugBreak();
	return 0;
}
