/* SPDX-License-Identifier: Apache-2.0 */
// Events, to which nobody listens; DLLs found by ntdll; imports that are bound when they are
// first called.
// needs: joist mingw
// run: joist run --rm $GUEST
// expect: activities: ok
// expect: events: ok
// expect: handles of DLLs: ok
// expect: late imports: ok
#define _WIN32_WINNT 0x0A00
#include "check.h"
#include <stdlib.h>
#include <winternl.h>

static HMODULE nt;
#define OF(name) ((void *)GetProcAddress(nt, #name))

static ULONG(NTAPI *activity)(ULONG, GUID *);

static DWORD WINAPI
others(void *arg)
{
	GUID g;
	return activity(1, &g) == 0 && memcmp(&g, arg, sizeof g) != 0;
}

/* EventActivityIdControl: 1 gets, 2 sets, 3 makes, 4 exchanges, 5 makes, sets and gives the one
 * before. */
static void
activities(void)
{
	static const GUID none;
	GUID a, b, c;
	DWORD code = 0;
	activity = OF(EtwEventActivityIdControl);
	IS(activity(1, &a) == 0 && !memcmp(&a, &none, sizeof a));
	IS(activity(3, &a) == 0 && activity(3, &b) == 0 && memcmp(&a, &b, sizeof a) &&
	   memcmp(&a, &none, sizeof a));
	IS(activity(1, &c) == 0 && !memcmp(&c, &none, sizeof c)); /* made only */
	IS(activity(2, &a) == 0 && activity(1, &c) == 0 && !memcmp(&a, &c, sizeof a));
	c = b;
	IS(activity(4, &c) == 0 && !memcmp(&c, &a, sizeof c));
	IS(activity(1, &c) == 0 && !memcmp(&c, &b, sizeof c));
	IS(activity(5, &c) == 0 && !memcmp(&c, &b, sizeof c));
	IS(activity(1, &c) == 0 && memcmp(&c, &b, sizeof c) && memcmp(&c, &none, sizeof c));
	HANDLE t = CreateThread(NULL, 0, others, &c, 0, NULL); /* each thread has its own */
	WaitForSingleObject(t, INFINITE);
	IS(GetExitCodeThread(t, &code) && code == 1);
	IS(activity(9, &a) == ERROR_INVALID_PARAMETER);
	IS(activity(1, NULL) == ERROR_INVALID_PARAMETER);
	done("activities");
}

static ULONG WINAPI
asked(int code, void *context, ULONG *size, void *buffer)
{
	(void)code, (void)context, (void)size, (void)buffer;
	return 0;
}

static void
events(void)
{
	ULONG(NTAPI * add)(const GUID *, void *, void *, ULONGLONG *) = OF(EtwEventRegister);
	ULONG(NTAPI * drop)(ULONGLONG) = OF(EtwEventUnregister);
	ULONG(NTAPI * text)(ULONGLONG, BYTE, ULONGLONG, const WCHAR *) = OF(EtwEventWriteString);
	ULONG(NTAPI * transfer)
	(ULONGLONG, const void *, const GUID *, const GUID *, ULONG, void *) =
	        OF(EtwEventWriteTransfer);
	ULONG(NTAPI * set)(ULONGLONG, int, void *, ULONG) = OF(EtwEventSetInformation);
	ULONG(NTAPI * old)
	(void *, void *, const GUID *, ULONG, void *, const WCHAR *, const WCHAR *, ULONGLONG *) =
	        OF(EtwRegisterTraceGuidsW);
	ULONG(NTAPI * drop_old)(ULONGLONG) = OF(EtwUnregisterTraceGuids);
	static const GUID me = { 0x12345678, 1, 2, { 3, 4, 5, 6, 7, 8, 9, 10 } };
	static const struct {
		USHORT id;
		BYTE version, channel, level, opcode;
		USHORT task;
		ULONGLONG keyword;
	} event = { 1, 0, 0, 4, 0, 0, 1 };
	/* the traits: their length, then the provider's name */
	static BYTE traits[] = { 8, 0, 'J', 'o', 'i', 's', 't', 0 };
	ULONGLONG h = 0;
	IS(add(&me, NULL, NULL, &h) == 0 && h);
	IS(text(h, 4, 1, L"a line") == 0);
	IS(transfer(h, &event, &me, NULL, 0, NULL) == 0);
	IS(set(h, 2, traits, sizeof traits) == 0);
	IS(drop(h) == 0);
	IS(text(0, 4, 1, L"a line") == ERROR_INVALID_HANDLE);
	IS(transfer(0, &event, &me, NULL, 0, NULL) == ERROR_INVALID_HANDLE);
	IS(set(0, 2, traits, sizeof traits) == ERROR_INVALID_HANDLE);
	h = 0;
	IS(old(asked, NULL, &me, 0, NULL, NULL, NULL, &h) == 0 && h && drop_old(h) == 0);
	IS(old(NULL, NULL, &me, 0, NULL, NULL, NULL, &h) == ERROR_INVALID_PARAMETER);
	IS(old(asked, NULL, NULL, 0, NULL, NULL, NULL, &h) == ERROR_INVALID_PARAMETER);
	IS(old(asked, NULL, &me, 0, NULL, NULL, NULL, NULL) == ERROR_INVALID_PARAMETER);
	IS(drop_old(0) == ERROR_INVALID_PARAMETER);
	done("events");
}

static void
handles(void)
{
	NTSTATUS(NTAPI * get)
	(ULONG, const WCHAR *, ULONG *, UNICODE_STRING *, HMODULE *) = OF(LdrGetDllHandleEx);
	UNICODE_STRING name = { 24, 26, (WCHAR *)L"kernel32.dll" },
	               none = { 28, 30, (WCHAR *)L"not-loaded.dll" };
	HMODULE h = NULL;
	IS(get(1, NULL, NULL, &name, &h) == 0 && h == GetModuleHandleA("kernel32"));
	h = NULL;
	IS(get(1, NULL, NULL, &none, &h) == (NTSTATUS)0xc0000135 && !h);
	done("handles of DLLs");
}

/* As a linker's delay-load descriptor (delayloadhandler.h). */
static struct {
	DWORD flags, name, module, table, names, bound, unload, stamp;
} delayed;
static char dll[] = "version.dll", no_dll[] = "there-is-none.dll";
static HMODULE module;
static void *thunks[3];
static ULONGLONG names[3];
static struct {
	WORD hint;
	char name[24];
} good = { 0, "VerLanguageNameW" }, bad = { 0, "VerThereIsNone" };

static DWORD
rva(void *p)
{
	return (DWORD)((BYTE *)p - (BYTE *)GetModuleHandleW(NULL));
}

struct info {
	ULONG size;
	void *descriptor;
	void **thunk;
	const char *dll;
	ULONG by_name;
	union {
		const char *name;
		ULONG ordinal;
	};
	void *base, *unused;
	ULONG error;
};

static char told[200];
static int offers;

static void
substitute(void)
{
}

static void *WINAPI
hook(ULONG reason, struct info *i)
{
	snprintf(told + strlen(told), sizeof told - strlen(told), "hook %lu %s %s %d; ", reason,
	         i->dll, i->by_name ? i->name : "?", i->size == sizeof *i && i->thunk && i->error);
	return offers ? (void *)substitute : NULL;
}
static void *WINAPI
failed(const char *from, const char *name)
{
	snprintf(told + strlen(told), sizeof told - strlen(told), "failed %s %s", from, name);
	return (void *)substitute;
}

static void
late(void)
{
	void *(NTAPI * resolve)(void *, void *, void *, void *, void **, ULONG) =
	        OF(LdrResolveDelayLoadedAPI);
	void *base = GetModuleHandleW(NULL), *p;
	WCHAR w[50];
	delayed.flags = 1; /* by relative addresses */
	delayed.name = rva(dll);
	delayed.module = rva(&module);
	delayed.table = rva(thunks);
	delayed.names = rva(names);
	names[0] = rva(&good);
	names[1] = rva(&bad);
	p = resolve(base, &delayed, hook, failed, &thunks[0], 0);
	IS(p && p == thunks[0] && module && module == GetModuleHandleA("version.dll") &&
	   p == (void *)GetProcAddress(module, "VerLanguageNameW"));
	IS(((DWORD(WINAPI *)(DWORD, WCHAR *, DWORD))p)(0x409, w, 50) == wcslen(w) && *w && !*told);
	/* what is not there: first the hook of the program, then the system's */
	p = resolve(base, &delayed, hook, failed, &thunks[1], 0);
	IS(p == (void *)substitute &&
	   !strcmp(told, "hook 4 version.dll VerThereIsNone 1; failed version.dll VerThereIsNone"));
	*told = 0, offers = 1;
	p = resolve(base, &delayed, hook, failed, &thunks[1], 0);
	IS(p == (void *)substitute && !strcmp(told, "hook 4 version.dll VerThereIsNone 1; "));
	*told = 0, module = NULL, delayed.name = rva(no_dll);
	p = resolve(base, &delayed, hook, NULL, &thunks[0], 0);
	IS(p == (void *)substitute && !module && strstr(told, "there-is-none.dll"));
	done("late imports");
}

int
main(void)
{
	nt = GetModuleHandleA("ntdll.dll");
	activities();
	events();
	handles();
	late();
	return 0;
}
