/* SPDX-License-Identifier: Apache-2.0 */
// Performance counters: queries, rates of two collections, lists, paths, names.
// needs: joist mingw
// libs: -lpdh
// run: joist run --rm $GUEST && joist run --rm $GUEST as a child
// expect: queries: ok
// expect: arrays: ok
// expect: by itself: ok
// expect: all of them: ok
// expect: lists: ok
// expect: paths: ok
// expect: bad arguments: ok
// expect: queries: ok
// expect: arrays: ok
// expect: by itself: ok
// expect: all of them: ok
// expect: lists: ok
// expect: paths: ok
// expect: bad arguments: ok
#include <windows.h>
#include <pdh.h>
#include <pdhmsg.h>
#include <stdlib.h>
#include "check.h"

static PDH_HCOUNTER
add(PDH_HQUERY q, const char *path)
{
	PDH_HCOUNTER c = NULL;
	IS(PdhAddCounterA(q, path, 0, &c) == ERROR_SUCCESS && c);
	return c;
}

static double
value(PDH_HCOUNTER c)
{
	PDH_FMT_COUNTERVALUE v = { 0 };
	IS(PdhGetFormattedCounterValue(c, PDH_FMT_DOUBLE, NULL, &v) == ERROR_SUCCESS && !v.CStatus);
	return v.doubleValue;
}

static void
work(void)
{
	for (DWORD end = GetTickCount() + 120; GetTickCount() < end;)
		;
}

/* Of this program; its parent has the same name, and comes first. */
static const char *
own_path(const char *counter)
{
	static char path[600];
	char self[MAX_PATH];
	GetModuleFileNameA(NULL, self, MAX_PATH);
	char *name = strrchr(self, '\\') + 1;
	*strrchr(name, '.') = 0;
	snprintf(path, sizeof path, "\\Process(%s%s)\\%s", name, getenv("PARENT") ? "#1" : "",
	         counter);
	return path;
}

static void
queries(void)
{
	PDH_HQUERY q;
	PDH_FMT_COUNTERVALUE v;
	PDH_RAW_COUNTER raw, raw2;
	DWORD type = 0;
	IS(PdhOpenQueryA(NULL, 0, &q) == ERROR_SUCCESS);
	IS(PdhCollectQueryData(q) == (LONG)PDH_NO_DATA);
	PDH_HCOUNTER idle = add(q, "\\Processor(_Total)\\% Idle Time");
	PDH_HCOUNTER busy = add(q, "\\processor(0)\\% processor time");
	PDH_HCOUNTER user = add(q, "\\Processor Information(_Total)\\% User Time");
	PDH_HCOUNTER kernel = add(q, "\\Processor(_Total)\\% Privileged Time");
	PDH_HCOUNTER own = add(q, own_path("% Processor Time"));
	PDH_HCOUNTER memory = add(q, "\\Memory\\Available MBytes");
	PDH_HCOUNTER bytes = add(q, "\\Memory\\Available Bytes");
	PDH_HCOUNTER limit = add(q, "\\Memory\\Commit Limit"),
	             used = add(q, "\\Memory\\% Committed Bytes In Use");
	PDH_HCOUNTER up = add(q, "\\System\\System Up Time"),
	             queue = add(q, "\\System\\Processor Queue Length");
	PDH_HCOUNTER switches = add(q, "\\System\\Context Switches/sec"),
	             all = add(q, "\\System\\Processes");
	PDH_HCOUNTER disk = add(q, "\\LogicalDisk(C:)\\% Free Space"),
	             net = add(q, "\\Network Interface(lo)\\Bytes Total/sec");
	PDH_HCOUNTER gone = add(q, "\\Process(nobody)\\Working Set");
	PDH_HCOUNTER english = NULL;
	IS(PdhAddEnglishCounterW(q, L"\\System\\Threads", 7, &english) == ERROR_SUCCESS);
	PDH_HCOUNTER english2 = NULL;
	IS(PdhAddEnglishCounterA(q, "\\Memory\\Cache Bytes", 7, &english2) == ERROR_SUCCESS);
	IS(PdhGetFormattedCounterValue(idle, PDH_FMT_DOUBLE, &type, &v) == (LONG)PDH_INVALID_DATA);
	IS(type == PERF_100NSEC_TIMER);
	IS(PdhCollectQueryData(q) == ERROR_SUCCESS);
	IS(PdhGetFormattedCounterValue(idle, PDH_FMT_DOUBLE, &type, &v) == (LONG)PDH_INVALID_DATA);
	IS(PdhGetRawCounterValue(idle, &type, &raw) == ERROR_SUCCESS && raw.FirstValue > 0);
	work();
	IS(PdhCollectQueryData(q) == ERROR_SUCCESS);
	double a = value(idle), b = value(busy), c = value(user) + value(kernel);
	IS(a >= 0 && a <= 100 && b >= 0 && b <= 100 && c > 0 && c <= 200);
	IS(value(own) > 10); /* this program did nothing but work */
	IS(PdhGetRawCounterValue(idle, NULL, &raw2) == ERROR_SUCCESS &&
	   raw2.FirstValue >= raw.FirstValue && raw2.SecondValue > raw.SecondValue);
	IS(PdhCalculateCounterFromRawValue(idle, PDH_FMT_DOUBLE, &raw2, &raw, &v) ==
	           ERROR_SUCCESS &&
	   v.doubleValue == a);
	IS(PdhCalculateCounterFromRawValue(idle, PDH_FMT_DOUBLE, &raw, &raw2, &v) ==
	   (LONG)PDH_CALC_NEGATIVE_DENOMINATOR);
	MEMORYSTATUSEX m = { .dwLength = sizeof m };
	GlobalMemoryStatusEx(&m);
	double mega = value(memory), diff = mega - (double)(m.ullAvailPhys >> 20);
	IS(diff < 1024 && diff > -1024);
	IS(value(bytes) / 1048576 - mega < 2 && value(limit) >= (double)m.ullTotalPhys);
	IS(value(used) > 0 && value(used) <= 100);
	IS(value(up) > 0 && value(queue) >= 0 && value(switches) > 0 && value(all) >= 1);
	IS(value(english) >= 1 && value(english2) >= 0);
	IS(value(disk) > 0 && value(disk) <= 100 && value(net) >= 0);
	IS(PdhGetFormattedCounterValue(gone, PDH_FMT_LARGE, NULL, &v) == (LONG)PDH_INVALID_DATA &&
	   v.CStatus == PDH_CSTATUS_NO_INSTANCE);
	IS(PdhGetFormattedCounterValue(bytes, PDH_FMT_LARGE, NULL, &v) == 0 &&
	   v.largeValue > 1 << 20);
	LONGLONG plain = v.largeValue;
	IS(PdhSetCounterScaleFactor(bytes, -3) == ERROR_SUCCESS);
	IS(PdhGetFormattedCounterValue(bytes, PDH_FMT_LARGE, NULL, &v) == 0 &&
	   v.largeValue == plain / 1000);
	IS(PdhGetFormattedCounterValue(bytes, PDH_FMT_LARGE | PDH_FMT_NOSCALE, NULL, &v) == 0 &&
	   v.largeValue == plain);
	IS(PdhSetCounterScaleFactor(bytes, 8) == (LONG)PDH_INVALID_ARGUMENT);
	IS(PdhRemoveCounter(bytes) == ERROR_SUCCESS &&
	   PdhRemoveCounter(bytes) == (LONG)PDH_INVALID_HANDLE);
	IS(PdhSetQueryTimeRange(q, NULL) == (LONG)PDH_INVALID_ARGUMENT);
	LONGLONG when = 0;
	IS(PdhCollectQueryDataWithTime(q, &when) == ERROR_SUCCESS && when > 0);
	IS(PdhCloseQuery(q) == ERROR_SUCCESS && PdhCloseQuery(q) == (LONG)PDH_INVALID_HANDLE);
	IS(PdhGetFormattedCounterValue(idle, PDH_FMT_LONG, NULL, &v) == (LONG)PDH_INVALID_HANDLE);
	done("queries");
}

static void
arrays(void)
{
	PDH_HQUERY q;
	DWORD size = 0, n = 0;
	SYSTEM_INFO s;
	GetSystemInfo(&s);
	IS(PdhOpenQueryW(NULL, 0, &q) == ERROR_SUCCESS);
	PDH_HCOUNTER c = NULL, ids = add(q, "\\Process(*)\\ID Process");
	IS(PdhAddCounterW(q, L"\\Processor(*)\\% Idle Time", 0, &c) == ERROR_SUCCESS);
	PdhCollectQueryData(q);
	Sleep(50);
	PdhCollectQueryData(q);
	IS(PdhGetFormattedCounterArrayW(c, PDH_FMT_DOUBLE, &size, &n, NULL) == (LONG)PDH_MORE_DATA);
	PDH_FMT_COUNTERVALUE_ITEM_W *w = malloc(size);
	IS(PdhGetFormattedCounterArrayW(c, PDH_FMT_DOUBLE, &size, &n, w) == ERROR_SUCCESS &&
	   n == s.dwNumberOfProcessors + 1);
	IS(!wcscmp(w[0].szName, L"0") && !wcscmp(w[n - 1].szName, L"_Total") &&
	   w[0].FmtValue.doubleValue <= 100);
	free(w);
	size = 0;
	IS(PdhGetFormattedCounterArrayA(ids, PDH_FMT_LONG, &size, &n, NULL) == (LONG)PDH_MORE_DATA);
	PDH_FMT_COUNTERVALUE_ITEM_A *a = malloc(size);
	int found = 0;
	IS(PdhGetFormattedCounterArrayA(ids, PDH_FMT_LONG, &size, &n, a) == ERROR_SUCCESS);
	for (DWORD i = 0; i < n; i++)
		found |= (DWORD)a[i].FmtValue.longValue == GetCurrentProcessId();
	IS(found);
	free(a);
	size = 0;
	IS(PdhGetRawCounterArrayW(c, &size, &n, NULL) == (LONG)PDH_MORE_DATA);
	PDH_RAW_COUNTER_ITEM_W *r = malloc(size);
	IS(PdhGetRawCounterArrayW(c, &size, &n, r) == ERROR_SUCCESS &&
	   r[0].RawValue.FirstValue > 0);
	free(r);
	size = 0;
	IS(PdhGetRawCounterArrayA(ids, &size, &n, NULL) == (LONG)PDH_MORE_DATA && n >= 2);
	PdhCloseQuery(q);
	done("arrays");
}

static void
by_itself(void)
{
	PDH_HQUERY q;
	HANDLE e = CreateEventA(NULL, FALSE, FALSE, NULL);
	PdhOpenQueryA(NULL, 0, &q);
	PDH_HCOUNTER c = add(q, "\\System\\Context Switches/sec");
	IS(PdhCollectQueryDataEx(q, 0, e) == (LONG)PDH_INVALID_ARGUMENT);
	IS(PdhCollectQueryDataEx(q, 1, e) == ERROR_SUCCESS);
	IS(WaitForSingleObject(e, 5000) == WAIT_OBJECT_0);
	IS(value(c) > 0);
	IS(PdhCloseQuery(q) == ERROR_SUCCESS && WaitForSingleObject(e, 1200) == WAIT_TIMEOUT);
	done("by itself");
}

/* Each row of layer/api/dll/pdh_counter.inc that has an instance can be added, and is counted. */
static void
all_of_them(void)
{
	static char list[1 << 18];
	PDH_HQUERY q;
	int n = 0, failed = 0;
	PdhOpenQueryA(NULL, 0, &q);
	for (int i = 0; i < 2; i++) {
		DWORD size = sizeof list;
		IS(PdhExpandWildCardPathA(NULL, i ? "\\*(*)\\*" : "\\*\\*", list, &size, 0) ==
		   ERROR_SUCCESS);
		for (const char *p = list; *p; p += strlen(p) + 1, n++)
			(void)add(q, p);
	}
	IS(n > 60 && PdhCollectQueryData(q) == ERROR_SUCCESS);
	Sleep(20);
	IS(PdhCollectQueryData(q) == ERROR_SUCCESS);
	for (int i = 0; i < 2; i++) {
		DWORD size = sizeof list;
		PdhExpandWildCardPathA(NULL, i ? "\\*(*)\\*" : "\\*\\*", list, &size, 0);
		for (const char *p = list; *p; p += strlen(p) + 1) {
			PDH_HCOUNTER c = add(q, p);
			PDH_RAW_COUNTER r;
			PdhCollectQueryData(q);
			IS(PdhGetRawCounterValue(c, NULL, &r) == ERROR_SUCCESS);
			/* of other processes not everything is known */
			if (r.CStatus && strncmp(p, "\\Process(", 9))
				failed++, printf("%s: %lx\n", p, r.CStatus);
			PdhRemoveCounter(c);
		}
	}
	IS(!failed);
	PdhCloseQuery(q);
	done("all of them");
}

static int
in_list(const char *list, const char *what)
{
	for (; *list; list += strlen(list) + 1)
		if (!strcmp(list, what))
			return 1;
	return 0;
}

static int
in_wide(const WCHAR *list, const WCHAR *what)
{
	for (; *list; list += wcslen(list) + 1)
		if (!wcscmp(list, what))
			return 1;
	return 0;
}

static void
lists(void)
{
	char text[16384], more[16384];
	WCHAR wide[8192], wide2[8192];
	DWORD n = 0, m = 0;
	IS(PdhEnumObjectsA(NULL, NULL, NULL, &n, PERF_DETAIL_WIZARD, FALSE) ==
	           (LONG)PDH_MORE_DATA &&
	   n > 20);
	n = sizeof text;
	IS(PdhEnumObjectsA(NULL, NULL, text, &n, PERF_DETAIL_WIZARD, FALSE) == ERROR_SUCCESS &&
	   in_list(text, "Processor") && in_list(text, "Memory"));
	n = 8192;
	IS(PdhEnumObjectsW(NULL, NULL, wide, &n, PERF_DETAIL_WIZARD, TRUE) == ERROR_SUCCESS &&
	   in_wide(wide, L"LogicalDisk"));
	n = sizeof text, m = sizeof more;
	IS(PdhEnumObjectItemsA(NULL, NULL, "Processor", text, &n, more, &m, PERF_DETAIL_WIZARD,
	                       0) == ERROR_SUCCESS &&
	   in_list(text, "% Idle Time") && in_list(more, "0") && in_list(more, "_Total"));
	n = m = 8192;
	IS(PdhEnumObjectItemsW(NULL, NULL, L"Memory", wide, &n, wide2, &m, PERF_DETAIL_WIZARD, 0) ==
	           ERROR_SUCCESS &&
	   in_wide(wide, L"Available KBytes") && m == 0);
	n = m = 0;
	IS(PdhEnumObjectItemsA(NULL, NULL, "Nothing", NULL, &n, NULL, &m, PERF_DETAIL_WIZARD, 0) ==
	   (LONG)PDH_CSTATUS_NO_OBJECT);
	n = sizeof text;
	IS(PdhLookupPerfNameByIndexA(NULL, 238, text, &n) == ERROR_SUCCESS &&
	   !strcmp(text, "Processor"));
	n = 3;
	IS(PdhLookupPerfNameByIndexA(NULL, 238, text, &n) == (LONG)PDH_INSUFFICIENT_BUFFER &&
	   n == 10);
	n = 8192;
	IS(PdhLookupPerfNameByIndexW(NULL, 6, wide, &n) == ERROR_SUCCESS &&
	   !wcscmp(wide, L"% Processor Time"));
	IS(PdhLookupPerfNameByIndexW(NULL, 999999, wide, &n) == (LONG)PDH_STRING_NOT_FOUND);
	IS(PdhLookupPerfIndexByNameA(NULL, "memory", &n) == ERROR_SUCCESS && n == 4);
	IS(PdhLookupPerfIndexByNameW(NULL, L"System", &n) == ERROR_SUCCESS && n == 2);
	IS(PdhLookupPerfIndexByNameW(NULL, L"Sistema", &n) == (LONG)PDH_STRING_NOT_FOUND);
	n = sizeof text;
	IS(PdhExpandWildCardPathA(NULL, "\\Processor(*)\\% Idle Time", text, &n, 0) ==
	           ERROR_SUCCESS &&
	   in_list(text, "\\Processor(0)\\% Idle Time") &&
	   in_list(text, "\\Processor(_Total)\\% Idle Time"));
	n = 8192;
	IS(PdhExpandWildCardPathW(NULL, L"\\Memory\\Available*", wide, &n, 0) == ERROR_SUCCESS &&
	   in_wide(wide, L"\\Memory\\Available Bytes") &&
	   in_wide(wide, L"\\Memory\\Available MBytes"));
	IS(PdhGetDllVersion(&n) == ERROR_SUCCESS && n >= 0x500);
	done("lists");
}

static void
paths(void)
{
	char text[1024];
	WCHAR wide[512];
	DWORD n = sizeof text;
	char object[] = "Process", instance[] = "a", parent[] = "b", counter[] = "ID Process";
	PDH_COUNTER_PATH_ELEMENTS_A e = { NULL, object, instance, parent, 3, counter },
	                            *p = (void *)text;
	IS(PdhMakeCounterPathA(&e, text, &n, 0) == ERROR_SUCCESS &&
	   !strcmp(text, "\\Process(b/a#3)\\ID Process"));
	n = 5;
	IS(PdhMakeCounterPathA(&e, text, &n, 0) == (LONG)PDH_MORE_DATA && n == 27);
	WCHAR wobject[] = L"Memory", wcounter[] = L"Commit Limit", wmachine[] = L"\\\\host";
	PDH_COUNTER_PATH_ELEMENTS_W w = { wmachine, wobject, NULL, NULL, (DWORD)-1, wcounter },
	                            *q = (void *)wide;
	n = 512;
	IS(PdhMakeCounterPathW(&w, wide, &n, 0) == ERROR_SUCCESS &&
	   !wcscmp(wide, L"\\\\host\\Memory\\Commit Limit"));
	n = sizeof text;
	IS(PdhParseCounterPathA("\\\\host\\Process(b/a#3)\\ID Process", p, &n, 0) == ERROR_SUCCESS);
	IS(!strcmp(p->szMachineName, "\\\\host") && !strcmp(p->szObjectName, "Process") &&
	   !strcmp(p->szInstanceName, "a") && !strcmp(p->szParentInstance, "b") &&
	   p->dwInstanceIndex == 3 && !strcmp(p->szCounterName, "ID Process"));
	n = sizeof wide;
	IS(PdhParseCounterPathW(L"\\Memory\\Commit Limit", q, &n, 0) == ERROR_SUCCESS &&
	   !wcscmp(q->szObjectName, L"Memory") && !q->szInstanceName && !q->szParentInstance);
	n = 1;
	IS(PdhParseCounterPathW(L"\\Memory\\Commit Limit", q, &n, 0) == (LONG)PDH_MORE_DATA &&
	   n > 48);
	IS(PdhValidatePathA("\\Memory\\Commit Limit") == ERROR_SUCCESS);
	IS(PdhValidatePathW(L"\\Memory\\Nothing") == (LONG)PDH_CSTATUS_NO_COUNTER);
	IS(PdhValidatePathA("\\Nothing\\Commit Limit") == (LONG)PDH_CSTATUS_NO_OBJECT);
	IS(PdhValidatePathA("\\Processor\\% Idle Time") == (LONG)PDH_CSTATUS_NO_INSTANCE);
	IS(PdhValidatePathA("\\\\elsewhere.invalid\\Memory\\Commit Limit") ==
	   (LONG)PDH_CSTATUS_NO_MACHINE);
	static const char *const bad[] = {
		"",      "x",       "\\",       "\\\\",     "\\a",
		"\\(",   "\\a(b",   "\\a(b)",   "\\a()\\c", "\\a(b)c",
		"\\\\m", "\\\\m\\", "\\\\m\\o", "\\a\\",    "\\a((b)\\c"
	};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		IS(PdhValidatePathA(bad[i]) == (LONG)PDH_CSTATUS_BAD_COUNTERNAME);
	static char huge[5000];
	memset(huge, 'a', sizeof huge - 1);
	huge[0] = huge[900] = '\\';
	IS(PdhValidatePathA(huge) == (LONG)PDH_CSTATUS_BAD_COUNTERNAME);
	done("paths");
}

static void
bad_arguments(void)
{
	PDH_HQUERY q;
	PDH_HCOUNTER c;
	PDH_FMT_COUNTERVALUE v;
	PDH_RAW_COUNTER r;
	DWORD n = 0;
	IS(PdhOpenQueryA(NULL, 0, NULL) == (LONG)PDH_INVALID_ARGUMENT);
	IS(PdhCollectQueryData((PDH_HQUERY)8) == (LONG)PDH_INVALID_HANDLE);
	IS(PdhAddCounterA((PDH_HQUERY)8, "\\Memory\\Commit Limit", 0, &c) ==
	   (LONG)PDH_INVALID_HANDLE);
	IS(PdhGetFormattedCounterValue((PDH_HCOUNTER)8, PDH_FMT_LONG, NULL, &v) ==
	   (LONG)PDH_INVALID_HANDLE);
	IS(PdhGetFormattedCounterValue((PDH_HCOUNTER)8, 0, NULL, &v) == (LONG)PDH_INVALID_ARGUMENT);
	IS(PdhGetRawCounterValue((PDH_HCOUNTER)8, NULL, &r) == (LONG)PDH_INVALID_HANDLE);
	IS(PdhLookupPerfNameByIndexA(NULL, 0, NULL, &n) == (LONG)PDH_INVALID_ARGUMENT);
	PdhOpenQueryA(NULL, 0, &q);
	IS(PdhAddCounterA(q, NULL, 0, &c) == (LONG)PDH_INVALID_ARGUMENT);
	IS(PdhAddCounterA(q, "\\Memory\\Nothing", 0, &c) == (LONG)PDH_CSTATUS_NO_COUNTER);
	PdhCloseQuery(q);
	done("bad arguments");
}

/* A program's child counts as well as it. */
static int
as_child(char *self)
{
	STARTUPINFOA s = { .cb = sizeof s };
	PROCESS_INFORMATION p;
	FILETIME idle = { 0 }, kernel, user;
	DWORD code = 1;
	IS(GetSystemTimes(&idle, &kernel, &user) && (idle.dwLowDateTime || idle.dwHighDateTime));
	SetEnvironmentVariableA("PARENT", "1");
	IS(CreateProcessA(self, NULL, NULL, NULL, FALSE, 0, NULL, NULL, &s, &p));
	WaitForSingleObject(p.hProcess, INFINITE);
	return GetExitCodeProcess(p.hProcess, &code) ? (int)code : 1;
}

int
main(int argc, char **argv)
{
	char self[MAX_PATH];
	(void)argv;
	GetModuleFileNameA(NULL, self, MAX_PATH);
	if (argc > 1)
		return as_child(self);
	queries();
	arrays();
	by_itself();
	all_of_them();
	lists();
	paths();
	bad_arguments();
	return 0;
}
