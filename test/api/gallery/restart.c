/* SPDX-License-Identifier: Apache-2.0 */
// The restart manager: who uses a file, and what becomes of him.
// needs: joist mingw
// libs: -lrstrtmgr
// run: joist run --rm $GUEST
// expect: sessions: 0 0 key 32, joined 0 1, no such 6 6 6
// expect: bad arguments: 160 160 160 160 160
// expect: nobody: 0, needs 0
// expect: we ourselves: 0, 1 by name 1 console running, ours 1
// expect: another one: 0, 1 by name 1, his 1, room for none 234 1
// expect: who runs this program: 2
// expect: named by hand: 1, with another start 0
// expect: a folder: 5
// expect: filters: 0 0, a list of 2 in 0, no room 234, process 1 service web, removed 0 1168
// expect: not forced 351, spared 0 lives 1, forced 0 progress 100 ended 0
// expect: nobody again: 0 0, restarted 0, cancelled 0
// expect: over: 0 6
#include "share.h"
#include <restartmanager.h>

#define FILE_NAME L"restart.tmp"
static HANDLE ready;
static UINT progressed;

static void WINAPI progress(UINT percent) { progressed = percent; }

static HANDLE
open_it(void)
{
	return CreateFileW(FILE_NAME, GENERIC_WRITE, 7, NULL, OPEN_ALWAYS, 0, NULL);
}

static int
is_own(const WCHAR *name)
{
	WCHAR self[MAX_PATH];
	GetModuleFileNameW(NULL, self, MAX_PATH);
	return wcscmp(wcsrchr(self, L'\\') + 1, name) == 0;
}

static int
holds(int n, char **v)
{
	(void)n, (void)v;
	HANDLE f = open_it();
	ReleaseSemaphore(CreateSemaphoreA(NULL, 0, 100, "ready"), 1, NULL);
	Sleep(INFINITE);
	return !CloseHandle(f);
}

static DWORD
session(void)
{
	WCHAR key[CCH_RM_SESSION_KEY + 1];
	DWORD s = 99;
	RmStartSession(&s, 0, key);
	return s;
}

/* How many; the first of them. */
static UINT
list(DWORD s, RM_PROCESS_INFO *first, DWORD *rc)
{
	RM_PROCESS_INFO all[16];
	UINT needed = 0, have = 16;
	DWORD why = 9, code = RmGetList(s, &needed, &have, all, &why);
	if (rc)
		*rc = code;
	if (!code && have && first)
		*first = all[0];
	return code ? 99 : have;
}

static UINT
users_of(const WCHAR *file)
{
	DWORD s = session();
	RmRegisterResources(s, 1, &file, 0, NULL, 0, NULL);
	UINT n = list(s, NULL, NULL);
	RmEndSession(s);
	return n;
}

static void
sessions(void)
{
	WCHAR key[CCH_RM_SESSION_KEY + 1], other[CCH_RM_SESSION_KEY + 1];
	DWORD a = 99, b = 99, c = 99, rc = RmStartSession(&a, 0, key),
	      rc2 = RmStartSession(&b, 0, other);
	DWORD joined = RmJoinSession(&c, key);
	other[0] = L'-';
	printf("sessions: %lu %lu key %d, joined %lu %d, no such %lu %lu %lu\n", rc, rc2,
	       (int)wcslen(key), joined, c == a, RmJoinSession(&c, other), RmEndSession(77),
	       RmCancelCurrentTask(77));
	RmEndSession(a);
	RmEndSession(b);
}

static void
bad(DWORD s)
{
	UINT n = 0, have = 0;
	DWORD why;
	printf("bad arguments: %lu %lu %lu %lu %lu\n", RmStartSession(NULL, 0, NULL),
	       RmRegisterResources(s, 1, NULL, 0, NULL, 0, NULL),
	       RmGetList(s, NULL, &have, NULL, &why),
	       RmAddFilter(s, NULL, NULL, NULL, RmNoShutdown),
	       RmGetFilterList(s, NULL, 8, (DWORD *)&n));
}

static void
filters(DWORD s, RM_UNIQUE_PROCESS *p)
{
	BYTE room[512];
	DWORD needed = 0, short_needed = 0;
	DWORD a = RmAddFilter(s, NULL, p, NULL, RmNoShutdown);
	DWORD b = RmAddFilter(s, NULL, NULL, L"web", RmNoRestart);
	DWORD rc = RmGetFilterList(s, room, sizeof room, &needed), n = 1;
	DWORD small = RmGetFilterList(s, room + 256, 8, &short_needed);
	RM_FILTER_INFO *f = (RM_FILTER_INFO *)room, *g = f;
	while (g->cbNextOffset)
		g = (RM_FILTER_INFO *)((BYTE *)g + g->cbNextOffset), n++;
	printf("filters: %lu %lu, a list of %lu in %lu, no room %lu, process %d service %ls", a, b,
	       n, rc, small, f->Process.dwProcessId == p->dwProcessId, g->strServiceShortName);
	a = RmRemoveFilter(s, NULL, NULL, L"web");
	printf(", removed %lu %lu\n", a, RmRemoveFilter(s, NULL, NULL, L"web"));
}

static void
ends(DWORD s, HANDLE p, RM_UNIQUE_PROCESS *who)
{
	DWORD shy = 99, spared, forced;
	RmRemoveFilter(s, NULL, who, NULL);
	shy = RmShutdown(s, 0, NULL);
	RmAddFilter(s, NULL, who, NULL, RmNoShutdown);
	spared = RmShutdown(s, RmForceShutdown, NULL);
	int lives = WaitForSingleObject(p, 0) == WAIT_TIMEOUT;
	RmRemoveFilter(s, NULL, who, NULL);
	forced = RmShutdown(s, RmForceShutdown, progress);
	printf("not forced %lu, spared %lu lives %d, forced %lu progress %u ended %d\n", shy,
	       spared, lives, forced, progressed, end(p));
}

static void
another(DWORD s)
{
	WCHAR self[MAX_PATH];
	RM_PROCESS_INFO info = { 0 };
	UINT needed = 0, none = 0;
	DWORD rc, why;
	HANDLE p = start("holds");
	WaitForSingleObject(ready, INFINITE);
	UINT n = list(s, &info, &rc);
	DWORD more = RmGetList(s, &needed, &none, NULL, &why);
	printf("another one: %lu, %u by name %d, his %d, room for none %lu %u\n", rc, n,
	       is_own(info.strAppName), info.Process.dwProcessId == GetProcessId(p), more, needed);
	GetModuleFileNameW(NULL, self, MAX_PATH);
	printf("who runs this program: %u\n", users_of(self));
	DWORD t = session();
	RM_UNIQUE_PROCESS who = info.Process, late = who;
	late.ProcessStartTime.dwLowDateTime++;
	RmRegisterResources(t, 0, NULL, 1, &who, 0, NULL);
	n = list(t, NULL, NULL);
	RmEndSession(t);
	t = session();
	RmRegisterResources(t, 0, NULL, 1, &late, 0, NULL);
	printf("named by hand: %u, with another start %u\n", n, list(t, NULL, NULL));
	RmEndSession(t);
	t = session();
	const WCHAR *folder = L".";
	RmRegisterResources(t, 1, &folder, 0, NULL, 0, NULL);
	list(t, NULL, &rc);
	printf("a folder: %lu\n", rc);
	RmEndSession(t);
	filters(s, &who);
	ends(s, p, &who);
}

int
main(int argc, char **argv)
{
	static const struct part parts[] = { { "holds", holds }, { NULL, NULL } };
	int code = part(parts, argc, argv);
	if (code >= 0)
		return code;
	ready = CreateSemaphoreA(NULL, 0, 100, "ready");
	sessions();
	const WCHAR *file = FILE_NAME;
	DWORD s = session(), rc;
	RM_PROCESS_INFO info = { 0 };
	bad(s);
	RmRegisterResources(s, 1, &file, 0, NULL, 0, NULL);
	UINT n = list(s, &info, &rc);
	printf("nobody: %lu, needs %u\n", rc, n);
	HANDLE f = open_it();
	n = list(s, &info, &rc);
	printf("we ourselves: %lu, %u by name %d %s %s, ours %d\n", rc, n, is_own(info.strAppName),
	       info.ApplicationType == RmConsole ? "console" : "other",
	       info.AppStatus == RmStatusRunning ? "running" : "else",
	       info.Process.dwProcessId == GetCurrentProcessId());
	CloseHandle(f);
	another(s);
	n = list(s, NULL, &rc);
	printf("nobody again: %lu %u, restarted %lu, cancelled %lu\n", rc, n, RmRestart(s, 0, NULL),
	       RmCancelCurrentTask(s));
	rc = RmEndSession(s);
	printf("over: %lu %lu\n", rc, RmEndSession(s));
	DeleteFileW(FILE_NAME);
	return 0;
}
