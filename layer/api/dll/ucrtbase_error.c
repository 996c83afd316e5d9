/* SPDX-License-Identifier: Apache-2.0 */
/* ucrtbase_error.c -- errno and its sentences, assertions. */
#include "layer/api/dll/dll.h"
#include "layer/api/dll/ucrtbase_printf.h"

#include <string.h>

const char *const ucrtbase_sys_errlist[] = {
	"No error",
	"Operation not permitted",
	"No such file or directory",
	"No such process",
	"Interrupted function call",
	"Input/output error",
	"No such device or address",
	"Arg list too long",
	"Exec format error",
	"Bad file descriptor",
	"No child processes",
	"Resource temporarily unavailable",
	"Not enough space",
	"Permission denied",
	"Bad address",
	"Unknown error",
	"Resource device",
	"File exists",
	"Improper link",
	"No such device",
	"Not a directory",
	"Is a directory",
	"Invalid argument",
	"Too many open files in system",
	"Too many open files",
	"Inappropriate I/O control operation",
	"Unknown error",
	"File too large",
	"No space left on device",
	"Invalid seek",
	"Read-only file system",
	"Too many links",
	"Broken pipe",
	"Domain error",
	"Result too large",
	"Unknown error",
	"Resource deadlock avoided",
	"Unknown error",
	"Filename too long",
	"No locks available",
	"Function not implemented",
	"Directory not empty",
	"Illegal byte sequence",
	"Unknown error",
};

/* from EADDRINUSE, 100 */
static const char *const network[] = {
	"address in use",
	"address not available",
	"address family not supported",
	"connection already in progress",
	"bad message",
	"operation canceled",
	"connection aborted",
	"connection refused",
	"connection reset",
	"destination address required",
	"host unreachable",
	"identifier removed",
	"operation in progress",
	"already connected",
	"too many symbolic link levels",
	"message size",
	"network down",
	"network reset",
	"network unreachable",
	"no buffer space",
	"no message available",
	"no link",
	"no message",
	"no protocol option",
	"no stream resources",
	"not a stream",
	"not connected",
	"state not recoverable",
	"not a socket",
	"not supported",
	"operation not supported",
	"operation would block",
	"value too large",
	"owner dead",
	"protocol error",
	"protocol not supported",
	"wrong protocol type",
	"stream timeout",
	"timed out",
	"text file busy",
	"operation would block",
};

enum {
	MESSAGES = sizeof ucrtbase_sys_errlist / sizeof ucrtbase_sys_errlist[0],
	NETWORK = sizeof network / sizeof network[0]
};

int ucrtbase_sys_nerr = MESSAGES - 1;

static const char *
sentence(int error)
{
	if (error >= 0 && error < MESSAGES)
		return ucrtbase_sys_errlist[error];
	if (!crt_lenient && error >= 100 && error < 100 + NETWORK)
		return network[error - 100];
	return ucrtbase_sys_errlist[MESSAGES - 1];
}

WINAPI int *
ucrtbase__errno(void)
{
	return &crt_thread.error;
}

WINAPI DWORD *
ucrtbase___doserrno(void)
{
	return &crt_thread.dos_error;
}

WINAPI int
ucrtbase__get_errno(int *out)
{
	REQUIRE(out, EINVAL);
	*out = crt_thread.error;
	return 0;
}

WINAPI int
ucrtbase__set_errno(int error)
{
	crt_thread.error = error;
	return 0;
}

WINAPI int
ucrtbase__get_doserrno(DWORD *out)
{
	REQUIRE(out, EINVAL);
	*out = crt_thread.dos_error;
	return 0;
}

WINAPI int
ucrtbase__set_doserrno(DWORD error)
{
	crt_thread.dos_error = error;
	return 0;
}

static void
copy(char *out, size_t room, const char *s)
{
	size_t n = strlen(s);
	if (n >= room)
		n = room - 1;
	memcpy(out, s, n);
	out[n] = 0;
}

static void
copy_wide(WCHAR *out, size_t room, const char *s)
{
	size_t i = 0;
	for (; i + 1 < room && s[i]; i++)
		out[i] = (unsigned char)s[i];
	out[i] = 0;
}

WINAPI char *
ucrtbase_strerror(int error)
{
	copy(crt_thread.strerror, sizeof crt_thread.strerror, sentence(error));
	return crt_thread.strerror;
}

WINAPI int
ucrtbase_strerror_s(char *out, size_t room, int error)
{
	REQUIRE(out && room > 0, EINVAL);
	copy(out, room, sentence(error));
	return 0;
}

WINAPI WCHAR *
ucrtbase__wcserror(int error)
{
	copy_wide(crt_thread.wstrerror, 134, sentence(error));
	return crt_thread.wstrerror;
}

WINAPI int
ucrtbase__wcserror_s(WCHAR *out, size_t room, int error)
{
	REQUIRE(out && room > 0, EINVAL);
	copy_wide(out, room, sentence(error));
	return 0;
}

/* "what: sentence\n" of errno. */
static void
text_of(char *out, size_t room, const char *what)
{
	size_t n = 0;
	if (what && *what) {
		n = strnlen(what, room / 2);
		memcpy(out, what, n);
		memcpy(out + n, ": ", 2);
		n += 2;
	}
	copy(out + n, room - n, sentence(crt_thread.error));
}

WINAPI char *
ucrtbase__strerror(const char *what)
{
	text_of(crt_thread.strerror, sizeof crt_thread.strerror - 1, what);
	memcpy(crt_thread.strerror + strlen(crt_thread.strerror), "\n", 2);
	return crt_thread.strerror;
}

WINAPI int
ucrtbase__strerror_s(char *out, size_t room, const char *what)
{
	char text[134];
	REQUIRE(out && room > 0, EINVAL);
	text_of(text, sizeof text - 1, what);
	memcpy(text + strlen(text), "\n", 2);
	copy(out, room, text);
	return 0;
}

WINAPI WCHAR *
ucrtbase___wcserror(const WCHAR *what)
{
	WCHAR *out = crt_thread.wstrerror;
	size_t n = what ? crt_wcsnlen(what, 60) : 0;
	memcpy(out, what ? what : u"", n * sizeof *out);
	if (n) {
		out[n++] = ':';
		out[n++] = ' ';
	}
	copy_wide(out + n, 134 - n - 1, sentence(crt_thread.error));
	n = crt_wcslen(out);
	out[n] = '\n';
	out[n + 1] = 0;
	return out;
}

WINAPI int
ucrtbase___wcserror_s(WCHAR *out, size_t room, const WCHAR *what)
{
	REQUIRE(out && room > 0, EINVAL);
	const WCHAR *s = ucrtbase___wcserror(what);
	size_t i = 0;
	for (; i + 1 < room && s[i]; i++)
		out[i] = s[i];
	out[i] = 0;
	return 0;
}

WINAPI void
ucrtbase_perror(const char *what)
{
	char text[512];
	text_of(text, sizeof text - 1, what);
	size_t n = strlen(text);
	text[n++] = '\n';
	ucrtbase_stream_flush(&ucrtbase_iob[2]);
	ucrtbase_fd_write(2, text, (unsigned)n);
}

WINAPI void
ucrtbase__wperror(const WCHAR *what)
{
	char *s = what ? crt_narrow(crt_acp(), what) : NULL;
	ucrtbase_perror(s);
	crt_free(s);
}

WINAPI const char *const *
ucrtbase___sys_errlist(void)
{
	return ucrtbase_sys_errlist;
}

WINAPI int *
ucrtbase___sys_nerr(void)
{
	return &ucrtbase_sys_nerr;
}

/* -- assertions -------------------------------------------------------------------------- */

static int error_mode;

WINAPI int
ucrtbase__set_error_mode(int mode)
{
	int before = error_mode;
	REQUIRE((mode >= 0 && mode <= 2) || mode == 3, -1);
	if (mode != 3)
		error_mode = mode;
	return before;
}

WINAPI _Noreturn void
ucrtbase__wassert(const WCHAR *what, const WCHAR *file, unsigned line)
{
	uint64_t args[] = { (uintptr_t)what, (uintptr_t)file, line };
	ucrtbase_printf_stream(CRT_FORMAT_LEGACY_WIDE, &ucrtbase_iob[2], true,
	                       u"Assertion failed: %s, file %s, line %d\n", NULL, args);
	ucrtbase_abort();
}

WINAPI _Noreturn void
ucrtbase__assert(const char *what, const char *file, unsigned line)
{
	uint64_t args[] = { (uintptr_t)what, (uintptr_t)file, line };
	ucrtbase_printf_stream(0, &ucrtbase_iob[2], false,
	                       "Assertion failed: %s, file %s, line %d\n", NULL, args);
	ucrtbase_abort();
}
