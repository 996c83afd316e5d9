/* SPDX-License-Identifier: Apache-2.0 */
// The registry by its native calls: paths, keys and values in all their classes, what is renamed and
// watched; and tables of values.
// needs: joist mingw
// libs: -lntdll -ladvapi32
// run: joist run --rm $GUEST
// expect: names: ok
// expect: keys: ok
// expect: values: ok
// expect: renamed: ok
// expect: watched: ok
// expect: tables: ok
// expect: short ways: ok
// test: a key that was renamed is so in the next process
// run: joist run --name $N $GUEST stay && joist start -a $N; joist rm $N >/dev/null
// expect: renamed
// expect: one two and 7
#define _WIN32_WINNT 0x0A00
#include "check.h"
#include <stdlib.h>
#include <winternl.h>

/* ntdll's, which headers have in part only. */
#define FUNCTIONS                                                                                  \
	F(CreateKey, HANDLE *, ULONG, OBJECT_ATTRIBUTES *, ULONG, UNICODE_STRING *, ULONG,         \
	  ULONG *)                                                                                 \
	F(OpenKey, HANDLE *, ULONG, OBJECT_ATTRIBUTES *)                                           \
	F(OpenKeyEx, HANDLE *, ULONG, OBJECT_ATTRIBUTES *, ULONG)                                  \
	F(DeleteKey, HANDLE)                                                                       \
	F(RenameKey, HANDLE, UNICODE_STRING *)                                                     \
	F(FlushKey, HANDLE)                                                                        \
	F(QueryKey, HANDLE, int, void *, ULONG, ULONG *)                                           \
	F(EnumerateKey, HANDLE, ULONG, int, void *, ULONG, ULONG *)                                \
	F(QueryValueKey, HANDLE, UNICODE_STRING *, int, void *, ULONG, ULONG *)                    \
	F(EnumerateValueKey, HANDLE, ULONG, int, void *, ULONG, ULONG *)                           \
	F(QueryMultipleValueKey, HANDLE, void *, ULONG, void *, ULONG *, ULONG *)                  \
	F(SetValueKey, HANDLE, UNICODE_STRING *, ULONG, ULONG, const void *, ULONG)                \
	F(DeleteValueKey, HANDLE, UNICODE_STRING *)                                                \
	F(NotifyChangeKey, HANDLE, HANDLE, void *, void *, IO_STATUS_BLOCK *, ULONG, BOOLEAN,      \
	  void *, ULONG, BOOLEAN)
#define F(name, ...) static NTSTATUS(WINAPI *name)(__VA_ARGS__);
FUNCTIONS
#undef F

/* Written out, as each is a function of its own: NtCreateKey ZwCreateKey NtOpenKey ZwOpenKey
 * NtOpenKeyEx ZwOpenKeyEx NtDeleteKey ZwDeleteKey NtRenameKey ZwRenameKey NtFlushKey ZwFlushKey
 * NtQueryKey ZwQueryKey NtEnumerateKey ZwEnumerateKey NtQueryValueKey ZwQueryValueKey
 * NtEnumerateValueKey ZwEnumerateValueKey NtQueryMultipleValueKey ZwQueryMultipleValueKey
 * NtSetValueKey ZwSetValueKey NtDeleteValueKey ZwDeleteValueKey NtNotifyChangeKey
 * ZwNotifyChangeKey */
static FARPROC
found(const char *name)
{
	HMODULE m = GetModuleHandleA("ntdll");
	char text[64];
	snprintf(text, sizeof text, "Nt%s", name);
	FARPROC f = GetProcAddress(m, text);
	text[0] = 'Z', text[1] = 'w';
	IS(f && f == GetProcAddress(m, text));
	return f;
}

enum {
	MISSING = (int)0xc0000034,
	SMALL = (int)0xc0000023,
	OVERFLOWN = (int)0x80000005,
	NO_MORE = (int)0x8000001a,
	BAD_SYNTAX = (int)0xc000003b,
	GONE = (int)0xc000017c,
	HAS_CHILDREN = (int)0xc0000121,
	COLLISION = (int)0xc0000035,
	BAD_NAME = (int)0xc0000033,
	BAD_HANDLE = (int)0xc0000008,
	BAD_TYPE = (int)0xc0000024,
	BAD_PARAMETER = (int)0xc000000d
};
#define STATUS(e, want) IS((e) == (NTSTATUS)(want))

/* A string that does not end where its length ends. */
static UNICODE_STRING *
str(const WCHAR *s)
{
	static UNICODE_STRING u[4];
	static WCHAR text[4][200];
	static int turn;
	int i = turn++ & 3;
	wcscpy(text[i], s);
	wcscat(text[i], L"JUNK");
	u[i].Buffer = text[i];
	u[i].Length = u[i].MaximumLength = (USHORT)(wcslen(s) * 2);
	return &u[i];
}

static OBJECT_ATTRIBUTES *
at(HANDLE root, const WCHAR *path)
{
	static OBJECT_ATTRIBUTES a;
	InitializeObjectAttributes(&a, str(path), OBJ_CASE_INSENSITIVE, root, NULL);
	return &a;
}

static HANDLE
key(const WCHAR *path)
{
	HANDLE h = NULL;
	ULONG how;
	IS(!CreateKey(&h, KEY_ALL_ACCESS, at(NULL, path), 0, NULL, 0, &how));
	return h;
}

#define BASE L"\\Registry\\Machine\\Software\\JoistTest"

static void
names(void)
{
	HANDLE h = NULL, two = NULL;
	ULONG how = 0;
	IS(!CreateKey(&h, KEY_ALL_ACCESS, at(NULL, BASE), 0, NULL, 0, &how) &&
	   how == REG_CREATED_NEW_KEY);
	IS(!CreateKey(&two, KEY_ALL_ACCESS, at(NULL, L"\\REGISTRY\\MACHINE\\SOFTWARE\\joisttest"),
	              0, NULL, 0, &how));
	IS(how == REG_OPENED_EXISTING_KEY && !NtClose(two));
	STATUS(CreateKey(&two, KEY_ALL_ACCESS, at(NULL, BASE L"\\No\\Such"), 0, NULL, 0, &how),
	       MISSING);
	IS(!CreateKey(&two, KEY_ALL_ACCESS, at(h, L"Sub"), 0, NULL, REG_OPTION_VOLATILE, NULL) &&
	   !NtClose(two));
	IS(!OpenKey(&two, KEY_READ, at(h, L"sub")) && !NtClose(two));
	IS(!OpenKeyEx(&two, KEY_READ, at(h, L"SUB"), 0) && !NtClose(two));
	IS(!OpenKey(&two, KEY_READ, at(h, L"")) && !NtClose(two));
	STATUS(OpenKey(&two, KEY_READ, at(h, L"none")), MISSING);
	STATUS(OpenKey(&two, KEY_READ, at(h, L"\\Sub")), BAD_SYNTAX);
	STATUS(OpenKey(&two, KEY_READ, at(NULL, L"Software")), BAD_SYNTAX);
	STATUS(OpenKey(&two, KEY_READ, at(NULL, L"\\Device\\Null")), BAD_TYPE);
	STATUS(OpenKey(&two, KEY_READ, at((HANDLE)0x7f0, L"x")), BAD_HANDLE);
	/* what the one way makes the other one sees */
	HKEY win;
	IS(!RegOpenKeyExW(HKEY_LOCAL_MACHINE, L"Software\\JoistTest\\Sub", 0, KEY_READ, &win) &&
	   !RegCloseKey(win));
	IS(!FlushKey(h) && !NtClose(h));
	done("names");
}

struct basic {
	LARGE_INTEGER when;
	ULONG title, size;
	WCHAR name[100];
};
struct full {
	LARGE_INTEGER when;
	ULONG title, class_at, class_size, keys, key_most, class_most, values, name_most, data_most;
	WCHAR class[1];
};
struct node {
	LARGE_INTEGER when;
	ULONG title, class_at, class_size, size;
	WCHAR name[100];
};
struct cached {
	LARGE_INTEGER when;
	ULONG title, keys, key_most, values, name_most, data_most, size;
};
struct name {
	ULONG size;
	WCHAR name[200];
};

static void
keys(void)
{
	HANDLE h = key(BASE), a = key(BASE L"\\Sub"), b = key(BASE L"\\Sub\\Longer name");
	struct basic basic;
	struct node node;
	struct full full;
	struct cached cached;
	struct name name;
	ULONG n = 0, flags[3] = { 9, 9, 9 };
	IS(!SetValueKey(a, str(L"value"), 0, REG_SZ, L"text", 10));
	IS(!QueryKey(a, 0, &basic, sizeof basic, &n) && n == 16 + 6 && basic.size == 6 &&
	   !wcsncmp(basic.name, L"Sub", 3));
	IS(basic.when.QuadPart > 0);
	STATUS(QueryKey(a, 0, &basic, 15, &n), SMALL);
	IS(n == 22);
	STATUS(QueryKey(a, 0, &basic, 18, &n), OVERFLOWN);
	IS(n == 22);
	IS(!QueryKey(a, 1, &node, sizeof node, &n) && node.size == 6 && n == 24 + 6 &&
	   node.class_size == 0);
	IS(!QueryKey(a, 2, &full, sizeof full, &n) && full.keys == 1 && full.key_most == 22 &&
	   full.values == 1);
	IS(full.name_most == 10 && full.data_most == 10);
	IS(!QueryKey(a, 3, &name, sizeof name, &n));
	name.name[name.size / 2] = 0;
	IS(!_wcsicmp(name.name, BASE L"\\Sub"));
	IS(!QueryKey(a, 4, &cached, sizeof cached, &n) && cached.keys == 1 && cached.size == 6);
	IS(!QueryKey(a, 5, flags, sizeof flags, &n) && n == 12);
	STATUS(QueryKey(a, 99, flags, sizeof flags, &n), BAD_PARAMETER);
	IS(!EnumerateKey(h, 0, 0, &basic, sizeof basic, &n) && basic.size == 6 &&
	   !wcsncmp(basic.name, L"Sub", 3));
	IS(!EnumerateKey(h, 0, 2, &full, sizeof full, &n) && full.values == 1);
	STATUS(EnumerateKey(h, 1, 0, &basic, sizeof basic, &n), NO_MORE);
	STATUS(DeleteKey(a), HAS_CHILDREN);
	IS(!DeleteKey(b));
	STATUS(DeleteKey(b), GONE);
	STATUS(QueryKey(b, 2, &full, sizeof full, &n), GONE);
	IS(!DeleteKey(a) && !NtClose(a) && !NtClose(b) && !NtClose(h));
	done("keys");
}

struct value_full {
	ULONG title, type, at, size, name_size;
	WCHAR name[100];
};
struct value_partial {
	ULONG title, type, size;
	BYTE data[100];
};

static void
values(void)
{
	HANDLE h = key(BASE);
	struct value_full f;
	struct value_partial p;
	struct {
		ULONG title, type, size;
		WCHAR name[100];
	} b;
	struct {
		ULONG type, size;
		BYTE data[100];
	} aligned;
	ULONG n = 0;
	DWORD seven = 7;
	IS(!SetValueKey(h, str(L"number"), 0, REG_DWORD, &seven, 4));
	IS(!SetValueKey(h, str(L"odd"), 0, REG_BINARY, "\1\2\3", 3));
	IS(!QueryValueKey(h, str(L"NUMBER"), 2, &p, sizeof p, &n) && n == 16 &&
	   p.type == REG_DWORD && p.size == 4);
	IS(*(DWORD *)p.data == 7);
	IS(!QueryValueKey(h, str(L"number"), 0, &b, sizeof b, &n) && n == 12 + 12 &&
	   !wcsncmp(b.name, L"number", 6));
	IS(!QueryValueKey(h, str(L"odd"), 1, &f, sizeof f, &n) && f.name_size == 6 && f.size == 3);
	IS(f.at == 28 && n == f.at + 3 && !memcmp((BYTE *)&f + f.at, "\1\2\3", 3) &&
	   !wcsncmp(f.name, L"odd", 3));
	IS(!QueryValueKey(h, str(L"odd"), 3, &f, sizeof f, &n) && f.at % 8 == 0 &&
	   !memcmp((BYTE *)&f + f.at, "\1\2\3", 3));
	IS(!QueryValueKey(h, str(L"odd"), 4, &aligned, sizeof aligned, &n) && aligned.size == 3 &&
	   n == 11);
	STATUS(QueryValueKey(h, str(L"number"), 2, &p, 11, &n), SMALL);
	STATUS(QueryValueKey(h, str(L"number"), 2, &p, 15, &n), OVERFLOWN);
	IS(n == 16);
	STATUS(QueryValueKey(h, str(L"none"), 2, &p, sizeof p, &n), MISSING);
	IS(!EnumerateValueKey(h, 1, 2, &p, sizeof p, &n) && p.type == REG_BINARY && p.size == 3);
	IS(!EnumerateValueKey(h, 0, 0, &b, sizeof b, &n) && !wcsncmp(b.name, L"number", 6));
	STATUS(EnumerateValueKey(h, 2, 0, &b, sizeof b, &n), NO_MORE);
	/* larger than a first guess */
	BYTE *big = malloc(70000), *back = malloc(70100);
	memset(big, 'B', 70000);
	IS(!SetValueKey(h, str(L""), 0, REG_BINARY, big, 70000));
	IS(!QueryValueKey(h, str(L""), 2, back, 70100, &n) && n == 70012 &&
	   !memcmp(back + 12, big, 70000));
	IS(!EnumerateValueKey(h, 2, 2, back, 70100, &n) && n == 70012);
	free(big), free(back);
	struct {
		UNICODE_STRING *name;
		ULONG size, at, type;
	} many[2] = { { str(L"odd"), 0, 0, 0 }, { str(L"number"), 0, 0, 0 } };
	BYTE room[16];
	ULONG have = 4, need = 0;
	STATUS(QueryMultipleValueKey(h, many, 2, room, &have, &need), OVERFLOWN);
	have = sizeof room;
	many[0].name = str(L"odd"), many[1].name = str(L"number");
	IS(!QueryMultipleValueKey(h, many, 2, room, &have, &need) && have == 8 && need == 8);
	IS(many[0].size == 3 && many[1].type == REG_DWORD && *(DWORD *)(room + many[1].at) == 7);
	IS(!DeleteValueKey(h, str(L"")) && !DeleteValueKey(h, str(L"odd")) &&
	   !DeleteValueKey(h, str(L"number")));
	STATUS(DeleteValueKey(h, str(L"odd")), MISSING);
	IS(!NtClose(h));
	done("values");
}

static void
renamed(void)
{
	HANDLE a = key(BASE L"\\First"), below = key(BASE L"\\First\\Below"),
	       other = key(BASE L"\\Other"), h = NULL;
	struct name name;
	ULONG n;
	DWORD seven = 7;
	IS(!SetValueKey(below, str(L"v"), 0, REG_DWORD, &seven, 4));
	STATUS(RenameKey(a, str(L"other")), COLLISION);
	STATUS(RenameKey(a, str(L"a\\b")), BAD_NAME);
	IS(!RenameKey(a, str(L"Zebra")));
	/* the handles are of the same keys as before */
	IS(!QueryKey(below, 3, &name, sizeof name, &n));
	name.name[name.size / 2] = 0;
	IS(!_wcsicmp(name.name, BASE L"\\Zebra\\Below"));
	STATUS(OpenKey(&h, KEY_READ, at(NULL, BASE L"\\First")), MISSING);
	IS(!OpenKey(&h, KEY_READ, at(NULL, BASE L"\\zebra\\below")) && !NtClose(h));
	IS(!RenameKey(a, str(L"zEBRA")));
	HKEY up;
	IS(!RegOpenKeyExW(HKEY_LOCAL_MACHINE, L"Software\\JoistTest", 0, KEY_ALL_ACCESS, &up));
	IS(!RegRenameKey(up, L"zebra", L"Again") &&
	   RegRenameKey(up, L"zebra", L"Again") == ERROR_FILE_NOT_FOUND);
	IS(!RegDeleteTreeW(up, L"Again") && !RegCloseKey(up));
	IS(!DeleteKey(other) && !NtClose(a) && !NtClose(below) && !NtClose(other));
	done("renamed");
}

static DWORD WINAPI
write_soon(void *p)
{
	DWORD v = 1;
	Sleep(50);
	return (DWORD)SetValueKey(p, str(L"soon"), 0, REG_DWORD, &v, 4);
}

static void
watched(void)
{
	HANDLE h = key(BASE), below = key(BASE L"\\W"), e = CreateEventW(NULL, TRUE, TRUE, NULL);
	IO_STATUS_BLOCK io;
	DWORD v = 1;
	STATUS(NotifyChangeKey(h, e, NULL, NULL, &io, 4, TRUE, NULL, 0, TRUE), 0x103);
	IS(WaitForSingleObject(e, 0) == WAIT_TIMEOUT);
	IS(!SetValueKey(below, str(L"x"), 0, REG_DWORD, &v, 4) &&
	   WaitForSingleObject(e, 5000) == WAIT_OBJECT_0);
	IS(io.Status == 0x10c);
	STATUS(NotifyChangeKey(h, e, NULL, NULL, &io, 4, FALSE, NULL, 0, TRUE), 0x103);
	IS(!SetValueKey(below, str(L"x"), 0, REG_DWORD, &v, 4) &&
	   WaitForSingleObject(e, 0) == WAIT_TIMEOUT);
	IS(!SetValueKey(h, str(L"x"), 0, REG_DWORD, &v, 4) &&
	   WaitForSingleObject(e, 5000) == WAIT_OBJECT_0);
	HANDLE t = CreateThread(NULL, 0, write_soon, h, 0, NULL);
	STATUS(NotifyChangeKey(h, NULL, NULL, NULL, &io, 4, FALSE, NULL, 0, FALSE), 0x10c);
	IS(WaitForSingleObject(t, 5000) == WAIT_OBJECT_0);
	STATUS(NotifyChangeKey(h, e, NULL, NULL, &io, 0, FALSE, NULL, 0, TRUE), BAD_PARAMETER);
	IS(!DeleteKey(below) && !DeleteValueKey(h, str(L"x")) && !DeleteValueKey(h, str(L"soon")));
	CloseHandle(t), CloseHandle(e), NtClose(below), NtClose(h);
	done("watched");
}

/* -- RtlQueryRegistryValues --------------------------------------------------------------------- */

typedef NTSTATUS(WINAPI *routine)(WCHAR *, ULONG, void *, ULONG, void *, void *);
struct query {
	routine f;
	ULONG flags;
	const WCHAR *name;
	void *own;
	ULONG default_type;
	const void *default_data;
	ULONG default_size;
};
enum {
	SUBKEY = 1,
	TOPKEY = 2,
	REQUIRED = 4,
	NOVALUE = 8,
	NOEXPAND = 0x10,
	DIRECT = 0x20,
	REMOVE = 0x40
};

static WCHAR heard[400];

static NTSTATUS WINAPI
hear(WCHAR *name, ULONG type, void *data, ULONG n, void *context, void *own)
{
	WCHAR one[100];
	IS(context == heard);
	swprintf(one, 100, L"%ls:%lu:%ls%ls;", name ? name : L"-", type,
	         type == REG_SZ || type == REG_EXPAND_SZ ? (WCHAR *)data
	         : n == 4                                ? L"4"
	                                                 : L"",
	         own ? (WCHAR *)own : L"");
	wcscat(heard, one);
	return 0;
}

static void
tables(void)
{
	static NTSTATUS(WINAPI * query)(ULONG, const WCHAR *, struct query *, void *, void *);
	query = (void *)GetProcAddress(GetModuleHandleA("ntdll"), "RtlQueryRegistryValues");
	HANDLE h = key(BASE), below = key(BASE L"\\Sub");
	DWORD seven = 7, got = 0;
	BYTE raw[32] = { 0 };
	UNICODE_STRING text = { 0 }, small = { 0, 4, (WCHAR[2]){ 0 } };
	SetEnvironmentVariableW(L"JOIST_WORD", L"house");
	IS(!SetValueKey(h, str(L"n"), 0, REG_DWORD, &seven, 4));
	IS(!SetValueKey(h, str(L"s"), 0, REG_SZ, L"plain", 12));
	IS(!SetValueKey(h, str(L"e"), 0, REG_EXPAND_SZ, L"a %JOIST_WORD%", 30));
	IS(!SetValueKey(h, str(L"m"), 0, REG_MULTI_SZ, L"one\0two\0", 18));
	IS(!SetValueKey(h, str(L"b"), 0, REG_BINARY, "0123456789", 10));
	IS(!SetValueKey(below, str(L"v"), 0, REG_SZ, L"deep", 10));
	struct query all[] = { { hear, 0, NULL, NULL, 0, NULL, 0 }, { 0 } };
	IS(!query(0, BASE, all, heard, NULL));
	IS(!wcscmp(heard, L"n:4:4;s:1:plain;e:1:a house;m:1:one;m:1:two;b:3:;"));
	heard[0] = 0;
	struct query some[] = { { hear, NOEXPAND, L"e", L"!", 0, NULL, 0 },
		                { hear, 0, L"none", NULL, REG_SZ, L"instead", 0 },
		                { hear, 0, L"none", NULL, 0, NULL, 0 },
		                { NULL, SUBKEY, L"Sub", NULL, 0, NULL, 0 },
		                { hear, 0, L"v", NULL, 0, NULL, 0 },
		                { hear, TOPKEY | NOVALUE, NULL, NULL, 0, NULL, 0 },
		                { hear, 0, L"s", NULL, 0, NULL, 0 },
		                { 0 } };
	IS(!query(0, BASE, some, heard, NULL));
	IS(!wcscmp(heard, L"e:2:a %JOIST_WORD%!;none:1:instead;v:1:deep;-:0:;s:1:plain;"));
	*(LONG *)raw = -(LONG)sizeof raw;
	struct query direct[] = { { NULL, DIRECT, L"n", &got, 0, NULL, 0 },
		                  { NULL, DIRECT, L"e", &text, 0, NULL, 0 },
		                  { NULL, DIRECT, L"b", raw, 0, NULL, 0 },
		                  { NULL, DIRECT | REMOVE, L"s", NULL, 0, NULL, 0 },
		                  { 0 } };
	UNICODE_STRING gone = { 0 };
	direct[3].own = &gone;
	IS(!query(0, BASE, direct, NULL, NULL) && got == 7);
	IS(text.Length == 14 && !wcscmp(text.Buffer, L"a house") && !memcmp(raw, "0123456789", 10));
	RtlFreeUnicodeString(&text), RtlFreeUnicodeString(&gone);
	struct query missing[] = { { NULL, DIRECT | REQUIRED, L"s", &gone, 0, NULL, 0 }, { 0 } };
	STATUS(query(0, BASE, missing, NULL, NULL), MISSING);
	struct query narrow[] = { { NULL, DIRECT, L"e", &small, 0, NULL, 0 }, { 0 } };
	STATUS(query(0, BASE, narrow, NULL, NULL), SMALL);
	IS(!query(0x40000000, (WCHAR *)below,
	          (struct query[]){ { NULL, DIRECT, L"v", &text, 0, NULL, 0 }, { 0 } }, NULL,
	          NULL));
	/* the caller's string is used when there is room */
	STATUS(query(0, BASE L"\\None", all, heard, NULL), MISSING);
	IS(!DeleteKey(below) && !DeleteKey(h) && !NtClose(below) && !NtClose(h));
	done("tables");
}

static void
short_ways(void)
{
	HMODULE m = GetModuleHandleA("ntdll");
	NTSTATUS(WINAPI * check)
	(ULONG, const WCHAR *) = (void *)GetProcAddress(m, "RtlCheckRegistryKey");
	NTSTATUS(WINAPI * create)
	(ULONG, const WCHAR *) = (void *)GetProcAddress(m, "RtlCreateRegistryKey");
	NTSTATUS(WINAPI * put)
	(ULONG, const WCHAR *, const WCHAR *, ULONG, const void *, ULONG) =
	        (void *)GetProcAddress(m, "RtlWriteRegistryValue");
	NTSTATUS(WINAPI * drop)
	(ULONG, const WCHAR *, const WCHAR *) = (void *)GetProcAddress(m, "RtlDeleteRegistryValue");
	NTSTATUS(WINAPI * format)
	(UNICODE_STRING *) = (void *)GetProcAddress(m, "RtlFormatCurrentUserKeyPath");
	NTSTATUS(WINAPI * user)(ULONG, HANDLE *) = (void *)GetProcAddress(m, "RtlOpenCurrentUser");
	enum { SERVICES = 1, WINDOWS_NT = 3, USER = 5 };
	UNICODE_STRING path = { 0 };
	HANDLE h = NULL, two = NULL;
	DWORD v = 5, n = 4;
	IS(!check(WINDOWS_NT, NULL) && check(SERVICES, L"NoSuch") == MISSING &&
	   check(9, NULL) == BAD_PARAMETER);
	IS(!create(USER, L"Software\\JoistTest") &&
	   !put(USER, L"Software\\JoistTest", L"v", REG_DWORD, &v, 4));
	v = 0;
	IS(!RegGetValueW(HKEY_CURRENT_USER, L"Software\\JoistTest", L"v", RRF_RT_REG_DWORD, NULL,
	                 &v, &n) &&
	   v == 5);
	IS(!drop(USER, L"Software\\JoistTest", L"v") &&
	   drop(USER, L"Software\\JoistTest", L"v") == MISSING);
	IS(!format(&path) && !_wcsnicmp(path.Buffer, L"\\Registry\\User\\S-1-5-", 20));
	OBJECT_ATTRIBUTES a;
	InitializeObjectAttributes(&a, &path, OBJ_CASE_INSENSITIVE, NULL, NULL);
	IS(!OpenKey(&h, KEY_READ, &a) && !NtClose(h));
	RtlFreeUnicodeString(&path);
	IS(!user(KEY_ALL_ACCESS, &h) &&
	   !OpenKey(&two, KEY_ALL_ACCESS, at(h, L"Software\\JoistTest")) && !DeleteKey(two));
	NtClose(two), NtClose(h);
	done("short ways");
}

/* In a machine that stays: once rename, and later find. */
static int
stay(void)
{
	HKEY k;
	WCHAR text[20] = L"";
	DWORD n = sizeof text, v = 0, m = 4;
	if (RegOpenKeyExW(HKEY_CURRENT_USER, L"Software\\After", 0, KEY_ALL_ACCESS, &k) == 0) {
		RegGetValueW(k, L"Below", L"text", RRF_RT_REG_SZ, NULL, text, &n);
		RegGetValueW(k, NULL, L"n", RRF_RT_REG_DWORD, NULL, &v, &m);
		int before =
		        RegOpenKeyExW(HKEY_CURRENT_USER, L"Software\\Before", 0, KEY_READ, &k) == 0;
		printf("%ls and %lu%s\n", text, v, before ? ", and the old one" : "");
		return 0;
	}
	v = 7;
	RegCreateKeyW(HKEY_CURRENT_USER, L"Software\\Before", &k);
	RegSetKeyValueW(k, L"Below", L"text", REG_SZ, L"one two", 16);
	RegSetKeyValueW(k, NULL, L"n", REG_DWORD, &v, 4);
	puts(RegRenameKey(k, NULL, L"After") ? "no" : "renamed");
	return 0;
}

int
main(int argc, char **argv)
{
	(void)argv;
#define F(name, ...) name = (void *)found(#name);
	FUNCTIONS
#undef F
	if (argc > 1)
		return stay();
	names();
	keys();
	values();
	renamed();
	watched();
	tables();
	short_ways();
	return 0;
}
