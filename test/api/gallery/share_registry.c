/* SPDX-License-Identifier: Apache-2.0 */
// The registry as several processes see it: values at once, changes by notification.
// needs: joist mingw
// libs: -ladvapi32
// test: in one run
// run: joist run --rm $GUEST
// expect: a child sees 1 2, what it wrote is here 7
// expect: volatile: a child sees 5, its own below it 6
// expect: not told yet: 258
// expect: told: 0, value 3, child 0
// expect: a new key 0, one deleted 0, below 0, not below 258
// expect: once: 258
// expect: the call that waits: 0
// expect: two that watch: 0 0
// test: what is volatile goes with the machine's run
// run: joist create --name $N-v $GUEST keep >/dev/null; joist start -a $N-v; joist start -a $N-v; joist rm $N-v >/dev/null
// expect: first: kept 2, volatile 2
// expect: then: kept 0, volatile 2
#include "share.h"
#include <winreg.h>

#define KEY "Software\\share_registry"
static HANDLE ready, go;

static void
meet(void)
{
	ready = CreateSemaphoreA(NULL, 0, 100, "ready");
	go = CreateEventA(NULL, FALSE, FALSE, "go");
}

static HKEY
key(const char *path, DWORD options)
{
	HKEY k = NULL;
	RegCreateKeyExA(HKEY_CURRENT_USER, path, 0, NULL, options, KEY_ALL_ACCESS, NULL, &k, NULL);
	return k;
}

static DWORD
value(HKEY k, const char *name)
{
	DWORD v = 0, n = sizeof v;
	return RegQueryValueExA(k, name, NULL, NULL, (BYTE *)&v, &n) ? 9999 : v;
}

static LONG
put(HKEY k, const char *name, DWORD v)
{
	return RegSetValueExA(k, name, 0, REG_DWORD, (const BYTE *)&v, sizeof v);
}

static int
reads(int n, char **v)
{
	HKEY k = key(KEY, 0), below = key(KEY "\\below", 0);
	int r = (int)(value(k, "one") * 10 + value(below, "two"));
	(void)n, (void)v;
	put(k, "seven", 7);
	return r;
}

static int
reads_volatile(int n, char **v)
{
	HKEY k = NULL, below = NULL;
	(void)n, (void)v;
	if (RegOpenKeyExA(HKEY_CURRENT_USER, KEY "\\volatile", 0, KEY_ALL_ACCESS, &k))
		return 99;
	RegCreateKeyExA(k, "child", 0, NULL, REG_OPTION_VOLATILE, KEY_ALL_ACCESS, NULL, &below,
	                NULL);
	put(below, "six", 6);
	return (int)value(k, "five");
}

static int
changes(int n, char **v)
{
	(void)n;
	HKEY k = key(v[0], 0);
	switch (v[1][0]) {
	case 'v': return (int)put(k, "three", (DWORD)strtoul(v[2], NULL, 10));
	case 'k': return RegCloseKey(key(v[2], 0));
	case 'd': return (int)RegDeleteKeyA(HKEY_CURRENT_USER, v[2]);
	}
	return 1;
}

static int
watches(int n, char **v)
{
	(void)n, (void)v;
	meet();
	HKEY k = key(KEY, 0);
	HANDLE e = CreateEventA(NULL, FALSE, FALSE, NULL);
	RegNotifyChangeKeyValue(k, TRUE, REG_NOTIFY_CHANGE_LAST_SET, e, TRUE);
	ReleaseSemaphore(ready, 1, NULL);
	return (int)WaitForSingleObject(e, 10000);
}

static int
waits(int n, char **v)
{
	(void)n, (void)v;
	meet();
	HKEY k = key(KEY, 0);
	ReleaseSemaphore(ready, 1, NULL);
	return (int)RegNotifyChangeKeyValue(k, TRUE, REG_NOTIFY_CHANGE_LAST_SET, NULL, FALSE);
}

/* In the first run nothing is there; in the second, what was not volatile. */
static int
keep(int n, char **v)
{
	HKEY k, w;
	(void)n, (void)v;
	LONG a = RegOpenKeyExA(HKEY_CURRENT_USER, KEY "\\kept", 0, KEY_READ, &k);
	LONG b = RegOpenKeyExA(HKEY_CURRENT_USER, KEY "\\gone", 0, KEY_READ, &w);
	printf("%s: kept %ld, volatile %ld\n", a ? "first" : "then", a, b);
	RegCloseKey(key(KEY "\\kept", 0));
	w = key(KEY "\\gone", REG_OPTION_VOLATILE);
	put(w, "x", 1);
	return 0;
}

static const struct part parts[] = {
	{ "reads", reads },     { "volatile", reads_volatile },
	{ "changes", changes }, { "watches", watches },
	{ "waits", waits },     { "keep", keep },
	{ NULL, NULL },
};

static HANDLE
watch(HKEY k, BOOL below)
{
	HANDLE e = CreateEventA(NULL, FALSE, FALSE, NULL);
	if (RegNotifyChangeKeyValue(k, below, REG_NOTIFY_CHANGE_LAST_SET | REG_NOTIFY_CHANGE_NAME,
	                            e, TRUE))
		printf("RegNotifyChangeKeyValue failed\n");
	return e;
}

/* A child does this: whether the event is told of it. */
static DWORD
told(HANDLE e, const char *what, DWORD ms)
{
	if (end(start(what)))
		printf("%s failed\n", what);
	DWORD r = WaitForSingleObject(e, ms);
	CloseHandle(e);
	return r;
}

int
main(int argc, char **argv)
{
	int code = part(parts, argc, argv);

	if (code >= 0)
		return code;
	setvbuf(stdout, NULL, _IONBF, 0);
	meet();
	HKEY k = key(KEY, 0), below = key(KEY "\\below", 0);
	put(k, "one", 1);
	put(below, "two", 2);
	int r = end(start("reads"));
	printf("a child sees %d %d, what it wrote is here %lu\n", r / 10, r % 10,
	       value(k, "seven"));
	HKEY v = key(KEY "\\volatile", REG_OPTION_VOLATILE), c = NULL;
	put(v, "five", 5);
	r = end(start("volatile"));
	RegOpenKeyExA(v, "child", 0, KEY_READ, &c);
	printf("volatile: a child sees %d, its own below it %lu\n", r, value(c, "six"));

	HANDLE e = watch(k, FALSE);
	printf("not told yet: %lu\n", WaitForSingleObject(e, 50));
	HANDLE p = start("changes " KEY " v 3");
	DWORD w = WaitForSingleObject(e, 10000);
	DWORD three = value(k, "three");
	printf("told: %lu, value %lu, child %d\n", w, three, end(p));
	CloseHandle(e);
	DWORD made = told(watch(k, FALSE), "changes " KEY " k " KEY "\\new", 10000);
	DWORD gone = told(watch(k, FALSE), "changes " KEY " d " KEY "\\new", 10000);
	DWORD deep = told(watch(k, TRUE), "changes " KEY "\\below v 4", 10000);
	DWORD flat = told(watch(k, FALSE), "changes " KEY "\\below v 5", 200);
	printf("a new key %lu, one deleted %lu, below %lu, not below %lu\n", made, gone, deep,
	       flat);
	e = watch(k, FALSE);
	put(k, "one", 2);
	WaitForSingleObject(e, 10000);
	printf("once: %lu\n", told(e, "changes " KEY " v 6", 100));
	p = start("waits");
	WaitForSingleObject(ready, INFINITE);
	Sleep(50);
	put(k, "one", 3);
	printf("the call that waits: %d\n", end(p));
	HANDLE q[2] = { start("watches"), start("watches") };
	WaitForSingleObject(ready, INFINITE);
	WaitForSingleObject(ready, INFINITE);
	end(start("changes " KEY "\\below v 7"));
	int a = end(q[0]);
	printf("two that watch: %d %d\n", a, end(q[1]));
	RegDeleteTreeA(HKEY_CURRENT_USER, KEY);
	return 0;
}
