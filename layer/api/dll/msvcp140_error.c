/* SPDX-License-Identifier: Apache-2.0 */
/* msvcp140_error.c -- <system_error>: names of errors, and the categories of those that we throw. */
#include "layer/api/dll/msvcp140_error.h"

#include <string.h>

#include "layer/api/dll/msvcp140.h"
#include "layer/api/dll/msvcp140_string.h"

/* errc: numbers of errno.h, by number */
static const struct {
	uint8_t value;
	char text[35];
} names[] = {
	{ 0, "success" },
	{ 1, "operation not permitted" },
	{ 2, "no such file or directory" },
	{ 3, "no such process" },
	{ 4, "interrupted" },
	{ 5, "io error" },
	{ 6, "no such device or address" },
	{ 7, "argument list too long" },
	{ 8, "executable format error" },
	{ 9, "bad file descriptor" },
	{ 10, "no child process" },
	{ 11, "resource unavailable try again" },
	{ 12, "not enough memory" },
	{ 13, "permission denied" },
	{ 14, "bad address" },
	{ 16, "device or resource busy" },
	{ 17, "file exists" },
	{ 18, "cross device link" },
	{ 19, "no such device" },
	{ 20, "not a directory" },
	{ 21, "is a directory" },
	{ 22, "invalid argument" },
	{ 23, "too many files open in system" },
	{ 24, "too many files open" },
	{ 25, "inappropriate io control operation" },
	{ 27, "file too large" },
	{ 28, "no space on device" },
	{ 29, "invalid seek" },
	{ 30, "read only file system" },
	{ 31, "too many links" },
	{ 32, "broken pipe" },
	{ 33, "argument out of domain" },
	{ 34, "result out of range" },
	{ 36, "resource deadlock would occur" },
	{ 38, "filename too long" },
	{ 39, "no lock available" },
	{ 40, "function not supported" },
	{ 41, "directory not empty" },
	{ 42, "illegal byte sequence" },
	{ 100, "address in use" },
	{ 101, "address not available" },
	{ 102, "address family not supported" },
	{ 103, "connection already in progress" },
	{ 104, "bad message" },
	{ 105, "operation canceled" },
	{ 106, "connection aborted" },
	{ 107, "connection refused" },
	{ 108, "connection reset" },
	{ 109, "destination address required" },
	{ 110, "host unreachable" },
	{ 111, "identifier removed" },
	{ 112, "operation in progress" },
	{ 113, "already connected" },
	{ 114, "too many symbolic link levels" },
	{ 115, "message size" },
	{ 116, "network down" },
	{ 117, "network reset" },
	{ 118, "network unreachable" },
	{ 119, "no buffer space" },
	{ 121, "no link" },
	{ 122, "no message" },
	{ 123, "no protocol option" },
	{ 126, "not connected" },
	{ 127, "state not recoverable" },
	{ 128, "not a socket" },
	{ 129, "not supported" },
	{ 130, "operation not supported" },
	{ 132, "value too large" },
	{ 133, "owner dead" },
	{ 134, "protocol error" },
	{ 135, "protocol not supported" },
	{ 136, "wrong protocol type" },
	{ 137, " CXX23 DEPRECATE UNIX STREAMS" },
	{ 138, "timed out" },
	{ 139, "text file busy" },
	{ 140, "operation would block" },
};

/* Windows' errors as errno's (error_category::default_error_condition), by number. */
static const struct {
	uint16_t windows;
	uint8_t value;
} conditions[] = {
	/* clang-format off */
	{ 1, 40 }, { 2, 2 }, { 3, 2 }, { 4, 24 }, { 5, 13 }, { 6, 22 }, { 8, 12 }, { 12, 13 },
	{ 14, 12 }, { 15, 19 }, { 16, 13 }, { 17, 18 }, { 19, 13 }, { 20, 19 }, { 21, 11 },
	{ 25, 5 }, { 29, 5 }, { 30, 5 }, { 32, 13 }, { 33, 39 }, { 39, 28 }, { 50, 129 },
	{ 53, 2 }, { 55, 19 }, { 67, 2 }, { 80, 17 }, { 82, 13 }, { 87, 22 }, { 109, 32 },
	{ 110, 5 }, { 111, 38 }, { 112, 28 }, { 121, 138 }, { 123, 2 }, { 131, 22 }, { 142, 16 },
	{ 145, 41 }, { 170, 16 }, { 183, 17 }, { 206, 38 }, { 212, 39 }, { 258, 138 },
	{ 267, 22 }, { 995, 105 }, { 998, 13 }, { 1011, 5 }, { 1012, 5 }, { 1013, 5 },
	{ 1237, 11 }, { 1460, 138 }, { 2401, 16 }, { 2404, 16 }, { 4393, 22 }, { 10004, 4 },
	{ 10009, 9 }, { 10013, 13 }, { 10014, 14 }, { 10022, 22 }, { 10024, 24 }, { 10035, 140 },
	{ 10036, 112 }, { 10037, 103 }, { 10038, 128 }, { 10039, 109 }, { 10040, 115 },
	{ 10041, 136 }, { 10042, 123 }, { 10043, 135 }, { 10045, 130 }, { 10047, 102 },
	{ 10048, 100 }, { 10049, 101 }, { 10050, 116 }, { 10051, 118 }, { 10052, 117 },
	{ 10053, 106 }, { 10054, 108 }, { 10055, 119 }, { 10056, 113 }, { 10057, 126 },
	{ 10060, 138 }, { 10061, 107 }, { 10063, 38 }, { 10065, 110 },
	/* clang-format on */
};

const char *
msvcp140_error_text(int value)
{
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (names[i].value == value)
			return names[i].text;
	return "unknown error";
}

WINAPI const char *
msvcp140_Syserror_map(int value)
{
	return msvcp140_error_text(value);
}

WINAPI int
msvcp140_Winerror_map(int windows)
{
	for (size_t i = 0; i < sizeof conditions / sizeof *conditions; i++)
		if (conditions[i].windows == windows)
			return conditions[i].value;
	return 0;
}

WINAPI DWORD kernel32_FormatMessageA(DWORD flags, const void *source, DWORD id, DWORD language,
                                     char *to, DWORD n, void *args);

/* Bytes written, without the white space that such messages end with. */
WINAPI DWORD
msvcp140_Winerror_message(DWORD id, char *to, DWORD n)
{
	DWORD got = kernel32_FormatMessageA(0x1200, NULL, id, 0, to, n, NULL);
	while (got && (to[got - 1] == ' ' || to[got - 1] == '\r' || to[got - 1] == '\n'))
		got--;
	return got;
}

/* -- categories --------------------------------------------------------------------------------- */

struct category {
	const void *const *table;
	uintptr_t which;
};

struct condition { /* and error_code */
	int value;
	const struct category *category;
};

WINAPI static void *
category_delete(struct category *c, unsigned flags)
{
	(void)flags;
	return c;
}

WINAPI static const char *
category_name(const struct category *c)
{
	return c->which == ERROR_GENERIC ? "generic" : "iostream";
}

WINAPI static struct string *
category_message(const struct category *c, struct string *out, int value)
{
	const char *s = msvcp140_error_text(value);
	if (c->which == ERROR_IOSTREAM && value == 1)
		s = "iostream stream error";
	return msvcp140_string_of(out, s);
}

WINAPI static struct condition *
category_condition(const struct category *c, struct condition *out, int value)
{
	*out = (struct condition){ value, c };
	return out;
}

WINAPI static bool
category_code(const struct category *c, const struct condition *code, int condition)
{
	return code->category->which == c->which && code->value == condition;
}

WINAPI static bool
category_equivalent(const struct category *c, int value, const struct condition *condition)
{
	return condition->category->which == c->which && condition->value == value;
}

const void *
msvcp140_error_category(enum error_category which)
{
	static const void *table[6];
	static struct category generic, iostream;
	struct category *c = which == ERROR_GENERIC ? &generic : &iostream;
	table[0] = (const void *)(uintptr_t)category_delete;
	table[1] = (const void *)(uintptr_t)category_name;
	table[2] = (const void *)(uintptr_t)category_message;
	table[3] = (const void *)(uintptr_t)category_condition;
	table[4] = (const void *)(uintptr_t)category_code;
	table[5] = (const void *)(uintptr_t)category_equivalent;
	c->table = table;
	c->which = which;
	return c;
}
