/* SPDX-License-Identifier: Apache-2.0 */
/* ucrtbase_find.c -- _findfirst() and its kin, in their four sizes of time and length. */
#include "layer/api/dll/dll.h"
#include "layer/api/dll/ucrtbase.h"

#include <string.h>

struct find_data {
	DWORD attributes;
	struct FILETIME created, accessed, written;
	DWORD size_high, size_low, reserved[2];
	WCHAR name[260], alternate[14];
	DWORD rest[2];
};

WINAPI HANDLE kernel32_FindFirstFileW(const WCHAR *, void *);
WINAPI BOOL kernel32_FindNextFileW(HANDLE, void *);
WINAPI BOOL kernel32_FindClose(HANDLE);

static int64_t
unix_time(struct FILETIME t)
{
	int64_t v = (int64_t)((uint64_t)t.dwHighDateTime << 32 | t.dwLowDateTime);
	return v == 0 ? -1 : v / 10000000 - 11644473600;
}

/* As documented: not found is ENOENT, a full heap ENOMEM, and the rest EINVAL. */
static intptr_t
failed(void)
{
	DWORD e = kernel32_GetLastError();
	crt_thread.dos_error = e;
	return crt_error(e == 2 || e == 3 || e == 18 || e == 123 ? ENOENT
	                 : e == 8                                ? ENOMEM
	                                                         : EINVAL);
}

static intptr_t
first(const WCHAR *pattern, struct find_data *d)
{
	REQUIRE(pattern, -1);
	HANDLE h = kernel32_FindFirstFileW(pattern, d);
	return h == INVALID_HANDLE_VALUE ? failed() : (intptr_t)h;
}

static int
next(intptr_t h, struct find_data *d)
{
	REQUIRE(h != 0 && h != -1, -1);
	return kernel32_FindNextFileW((HANDLE)h, d) ? 0 : (int)failed();
}

static void
name_to(char *out, const WCHAR *name)
{
	char *s = crt_narrow(crt_acp(), name);
	size_t n = s ? strlen(s) : 0;
	if (n > 259)
		n = 259;
	if (s)
		memcpy(out, s, n);
	out[n] = 0;
	crt_free(s);
}

WINAPI int
ucrtbase__findclose(intptr_t h)
{
	return kernel32_FindClose((HANDLE)h) ? 0 : crt_error(EINVAL);
}

struct find32 {
	uint32_t attrib;
	int32_t create, access, write;
	uint32_t size;
	char name[260];
};

static void
give32(const struct find_data *d, struct find32 *out)
{
	out->attrib = d->attributes == 0x80 ? 0 : d->attributes;
	out->create = (int32_t)unix_time(d->created);
	out->access = (int32_t)unix_time(d->accessed);
	out->write = (int32_t)unix_time(d->written);
	out->size = (uint32_t)((uint64_t)d->size_high << 32 | d->size_low);
	name_to(out->name, d->name);
}

WINAPI intptr_t
ucrtbase__findfirst32(const char *pattern, struct find32 *out)
{
	struct find_data d;
	REQUIRE(out, -1);
	WCHAR *w = ucrtbase_path(pattern);
	intptr_t h = w ? first(w, &d) : -1;
	crt_free(w);
	if (h != -1)
		give32(&d, out);
	return h;
}

WINAPI int
ucrtbase__findnext32(intptr_t h, struct find32 *out)
{
	struct find_data d;
	REQUIRE(out, -1);
	int r = next(h, &d);
	if (r == 0)
		give32(&d, out);
	return r;
}

struct wfind32 {
	uint32_t attrib;
	int32_t create, access, write;
	uint32_t size;
	WCHAR name[260];
};

static void
wgive32(const struct find_data *d, struct wfind32 *out)
{
	out->attrib = d->attributes == 0x80 ? 0 : d->attributes;
	out->create = (int32_t)unix_time(d->created);
	out->access = (int32_t)unix_time(d->accessed);
	out->write = (int32_t)unix_time(d->written);
	out->size = (uint32_t)((uint64_t)d->size_high << 32 | d->size_low);
	memcpy(out->name, d->name, sizeof out->name);
}

WINAPI intptr_t
ucrtbase__wfindfirst32(const WCHAR *pattern, struct wfind32 *out)
{
	struct find_data d;
	REQUIRE(out, -1);
	intptr_t h = first(pattern, &d);
	if (h != -1)
		wgive32(&d, out);
	return h;
}

WINAPI int
ucrtbase__wfindnext32(intptr_t h, struct wfind32 *out)
{
	struct find_data d;
	REQUIRE(out, -1);
	int r = next(h, &d);
	if (r == 0)
		wgive32(&d, out);
	return r;
}

struct find32i64 {
	uint32_t attrib;
	int32_t create, access, write;
	int64_t size;
	char name[260];
};

static void
give32i64(const struct find_data *d, struct find32i64 *out)
{
	out->attrib = d->attributes == 0x80 ? 0 : d->attributes;
	out->create = (int32_t)unix_time(d->created);
	out->access = (int32_t)unix_time(d->accessed);
	out->write = (int32_t)unix_time(d->written);
	out->size = (int64_t)((uint64_t)d->size_high << 32 | d->size_low);
	name_to(out->name, d->name);
}

WINAPI intptr_t
ucrtbase__findfirst32i64(const char *pattern, struct find32i64 *out)
{
	struct find_data d;
	REQUIRE(out, -1);
	WCHAR *w = ucrtbase_path(pattern);
	intptr_t h = w ? first(w, &d) : -1;
	crt_free(w);
	if (h != -1)
		give32i64(&d, out);
	return h;
}

WINAPI int
ucrtbase__findnext32i64(intptr_t h, struct find32i64 *out)
{
	struct find_data d;
	REQUIRE(out, -1);
	int r = next(h, &d);
	if (r == 0)
		give32i64(&d, out);
	return r;
}

struct wfind32i64 {
	uint32_t attrib;
	int32_t create, access, write;
	int64_t size;
	WCHAR name[260];
};

static void
wgive32i64(const struct find_data *d, struct wfind32i64 *out)
{
	out->attrib = d->attributes == 0x80 ? 0 : d->attributes;
	out->create = (int32_t)unix_time(d->created);
	out->access = (int32_t)unix_time(d->accessed);
	out->write = (int32_t)unix_time(d->written);
	out->size = (int64_t)((uint64_t)d->size_high << 32 | d->size_low);
	memcpy(out->name, d->name, sizeof out->name);
}

WINAPI intptr_t
ucrtbase__wfindfirst32i64(const WCHAR *pattern, struct wfind32i64 *out)
{
	struct find_data d;
	REQUIRE(out, -1);
	intptr_t h = first(pattern, &d);
	if (h != -1)
		wgive32i64(&d, out);
	return h;
}

WINAPI int
ucrtbase__wfindnext32i64(intptr_t h, struct wfind32i64 *out)
{
	struct find_data d;
	REQUIRE(out, -1);
	int r = next(h, &d);
	if (r == 0)
		wgive32i64(&d, out);
	return r;
}

struct find64 {
	uint32_t attrib;
	int64_t create, access, write;
	int64_t size;
	char name[260];
};

static void
give64(const struct find_data *d, struct find64 *out)
{
	out->attrib = d->attributes == 0x80 ? 0 : d->attributes;
	out->create = (int64_t)unix_time(d->created);
	out->access = (int64_t)unix_time(d->accessed);
	out->write = (int64_t)unix_time(d->written);
	out->size = (int64_t)((uint64_t)d->size_high << 32 | d->size_low);
	name_to(out->name, d->name);
}

WINAPI intptr_t
ucrtbase__findfirst64(const char *pattern, struct find64 *out)
{
	struct find_data d;
	REQUIRE(out, -1);
	WCHAR *w = ucrtbase_path(pattern);
	intptr_t h = w ? first(w, &d) : -1;
	crt_free(w);
	if (h != -1)
		give64(&d, out);
	return h;
}

WINAPI int
ucrtbase__findnext64(intptr_t h, struct find64 *out)
{
	struct find_data d;
	REQUIRE(out, -1);
	int r = next(h, &d);
	if (r == 0)
		give64(&d, out);
	return r;
}

struct wfind64 {
	uint32_t attrib;
	int64_t create, access, write;
	int64_t size;
	WCHAR name[260];
};

static void
wgive64(const struct find_data *d, struct wfind64 *out)
{
	out->attrib = d->attributes == 0x80 ? 0 : d->attributes;
	out->create = (int64_t)unix_time(d->created);
	out->access = (int64_t)unix_time(d->accessed);
	out->write = (int64_t)unix_time(d->written);
	out->size = (int64_t)((uint64_t)d->size_high << 32 | d->size_low);
	memcpy(out->name, d->name, sizeof out->name);
}

WINAPI intptr_t
ucrtbase__wfindfirst64(const WCHAR *pattern, struct wfind64 *out)
{
	struct find_data d;
	REQUIRE(out, -1);
	intptr_t h = first(pattern, &d);
	if (h != -1)
		wgive64(&d, out);
	return h;
}

WINAPI int
ucrtbase__wfindnext64(intptr_t h, struct wfind64 *out)
{
	struct find_data d;
	REQUIRE(out, -1);
	int r = next(h, &d);
	if (r == 0)
		wgive64(&d, out);
	return r;
}

struct find64i32 {
	uint32_t attrib;
	int64_t create, access, write;
	uint32_t size;
	char name[260];
};

static void
give64i32(const struct find_data *d, struct find64i32 *out)
{
	out->attrib = d->attributes == 0x80 ? 0 : d->attributes;
	out->create = (int64_t)unix_time(d->created);
	out->access = (int64_t)unix_time(d->accessed);
	out->write = (int64_t)unix_time(d->written);
	out->size = (uint32_t)((uint64_t)d->size_high << 32 | d->size_low);
	name_to(out->name, d->name);
}

WINAPI intptr_t
ucrtbase__findfirst64i32(const char *pattern, struct find64i32 *out)
{
	struct find_data d;
	REQUIRE(out, -1);
	WCHAR *w = ucrtbase_path(pattern);
	intptr_t h = w ? first(w, &d) : -1;
	crt_free(w);
	if (h != -1)
		give64i32(&d, out);
	return h;
}

WINAPI int
ucrtbase__findnext64i32(intptr_t h, struct find64i32 *out)
{
	struct find_data d;
	REQUIRE(out, -1);
	int r = next(h, &d);
	if (r == 0)
		give64i32(&d, out);
	return r;
}

struct wfind64i32 {
	uint32_t attrib;
	int64_t create, access, write;
	uint32_t size;
	WCHAR name[260];
};

static void
wgive64i32(const struct find_data *d, struct wfind64i32 *out)
{
	out->attrib = d->attributes == 0x80 ? 0 : d->attributes;
	out->create = (int64_t)unix_time(d->created);
	out->access = (int64_t)unix_time(d->accessed);
	out->write = (int64_t)unix_time(d->written);
	out->size = (uint32_t)((uint64_t)d->size_high << 32 | d->size_low);
	memcpy(out->name, d->name, sizeof out->name);
}

WINAPI intptr_t
ucrtbase__wfindfirst64i32(const WCHAR *pattern, struct wfind64i32 *out)
{
	struct find_data d;
	REQUIRE(out, -1);
	intptr_t h = first(pattern, &d);
	if (h != -1)
		wgive64i32(&d, out);
	return h;
}

WINAPI int
ucrtbase__wfindnext64i32(intptr_t h, struct wfind64i32 *out)
{
	struct find_data d;
	REQUIRE(out, -1);
	int r = next(h, &d);
	if (r == 0)
		wgive64i32(&d, out);
	return r;
}
