/* SPDX-License-Identifier: Apache-2.0 */
/* ucrtbase_path.c -- paths as text, and temporary files. */
#include "layer/api/dll/dll.h"
#include "layer/api/dll/ucrtbase.h"

#include <stdatomic.h>
#include <string.h>

WINAPI WCHAR *ucrtbase__wgetenv(const WCHAR *);

static bool
wide_exists(const WCHAR *s)
{
	return kernel32_GetFileAttributesW(s) != 0xffffffff;
}

static bool
exists(const char *s)
{
	WCHAR *w = crt_wide(crt_acp(), s);
	bool r = w && wide_exists(w);
	crt_free(w);
	return r;
}

#define UNIT               char
#define NAME(narrow, wide) ucrtbase_##narrow
#define EXISTS             exists
#include "layer/api/dll/ucrtbase_path.inc"
#undef UNIT
#undef NAME
#undef EXISTS
#define UNIT               WCHAR
#define NAME(narrow, wide) ucrtbase_##wide
#define EXISTS             wide_exists
#include "layer/api/dll/ucrtbase_path.inc"

/* -- temporary files ---------------------------------------------------------------------- */

static _Atomic unsigned counter;

/* folder\prefixID.N with a number that is not in use */
static bool
unused(WCHAR *out, size_t room, const WCHAR *folder, const WCHAR *prefix)
{
	size_t n = crt_wcslen(folder), m = prefix ? crt_wcslen(prefix) : 0;
	if (n + m + 24 > room)
		return false;
	memcpy(out, folder, n * sizeof *out);
	if (n > 0 && out[n - 1] != '\\' && out[n - 1] != '/')
		out[n++] = '\\';
	if (m)
		memcpy(out + n, prefix, m * sizeof *out);
	n += m;
	for (int tries = 0; tries < 100000; tries++) {
		uint64_t v = (uint64_t)kernel32_GetCurrentProcessId() << 32 | ++counter;
		size_t at = n;
		for (int shift = 60; shift >= 0; shift -= 4) {
			WCHAR c = (WCHAR) "0123456789abcdef"[v >> shift & 15];
			if (c != '0' || at > n || shift == 0)
				out[at++] = c;
		}
		out[at] = 0;
		if (!wide_exists(out))
			return true;
	}
	return false;
}

static bool
temporary(WCHAR *out, size_t room, const WCHAR *prefix)
{
	WCHAR folder[MAX_PATH + 1];
	DWORD n = kernel32_GetTempPathW(MAX_PATH + 1, folder);
	return n > 0 && n <= MAX_PATH && unused(out, room, folder, prefix);
}

WINAPI WCHAR *
ucrtbase__wtmpnam(WCHAR *out)
{
	WCHAR *s = out ? out : crt_thread.wtmpnam;
	return temporary(s, MAX_PATH, u"s") ? s : NULL;
}

WINAPI int
ucrtbase__wtmpnam_s(WCHAR *out, size_t room)
{
	WCHAR s[MAX_PATH + 32];
	REQUIRE(out && room > 0, EINVAL);
	*out = 0;
	if (!temporary(s, sizeof s / sizeof *s, u"u"))
		return crt_thread.error = ENOENT;
	size_t n = crt_wcslen(s) + 1;
	if (n > room)
		return crt_invalid(ERANGE);
	memcpy(out, s, n * sizeof *s);
	return 0;
}

WINAPI int
ucrtbase_tmpnam_s(char *out, size_t room)
{
	WCHAR s[MAX_PATH + 32];
	REQUIRE(out && room > 0, EINVAL);
	*out = 0;
	char *text = temporary(s, sizeof s / sizeof *s, u"u") ? crt_narrow(crt_acp(), s) : NULL;
	if (!text)
		return crt_thread.error = ENOENT;
	size_t n = strlen(text) + 1;
	int r = 0;
	if (n > room)
		r = crt_invalid(ERANGE);
	else
		memcpy(out, text, n);
	crt_free(text);
	return r;
}

WINAPI char *
ucrtbase_tmpnam(char *out)
{
	char *s = out ? out : crt_thread.tmpnam;
	return ucrtbase_tmpnam_s(s, MAX_PATH) ? NULL : s;
}

static bool
is_folder(const WCHAR *s)
{
	DWORD a = s ? kernel32_GetFileAttributesW(s) : 0xffffffff;
	return a != 0xffffffff && a & 0x10;
}

/* The folder of TMP when there is one, else what was given, else the system's. */
WINAPI WCHAR *
ucrtbase__wtempnam(const WCHAR *folder, const WCHAR *prefix)
{
	const WCHAR *tmp = ucrtbase__wgetenv(u"TMP");
	WCHAR s[1024];
	bool good;
	if (is_folder(tmp))
		good = unused(s, 1024, tmp, prefix);
	else if (is_folder(folder))
		good = unused(s, 1024, folder, prefix);
	else
		good = temporary(s, 1024, prefix);
	if (!good)
		return NULL;
	size_t n = (crt_wcslen(s) + 1) * sizeof *s;
	WCHAR *out = crt_alloc(n);
	return out ? memcpy(out, s, n) : NULL;
}

WINAPI char *
ucrtbase__tempnam(const char *folder, const char *prefix)
{
	WCHAR *f = folder ? ucrtbase_path(folder) : NULL,
	      *p = prefix ? ucrtbase_path(prefix) : NULL;
	WCHAR *w = ucrtbase__wtempnam(f, p);
	char *out = w ? crt_narrow(crt_acp(), w) : NULL;
	crt_free(f);
	crt_free(p);
	crt_free(w);
	return out;
}

WINAPI FILE_ *
ucrtbase_tmpfile(void)
{
	WCHAR s[MAX_PATH + 32];
	for (int tries = 0; tries < 100; tries++) {
		if (!temporary(s, sizeof s / sizeof *s, u"t"))
			return NULL;
		int fd = ucrtbase_fd_open(
		        s, O_WIN_CREAT | O_WIN_EXCL | O_WIN_RDWR | O_WIN_BINARY | O_WIN_TEMPORARY,
		        0x40, 0x180);
		if (fd >= 0)
			return ucrtbase_stream_of(fd, u"w+b");
		if (crt_thread.error != EEXIST)
			return NULL;
	}
	return NULL;
}

WINAPI int
ucrtbase_tmpfile_s(FILE_ **out)
{
	REQUIRE(out, EINVAL);
	*out = ucrtbase_tmpfile();
	return *out ? 0 : crt_thread.error;
}
