/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/api/nt/crt/crt.h"

#include <stdatomic.h>
#include <string.h>

#include "layer/api/nt/except/except.h"

__thread struct crt_thread crt_thread;
bool crt_lenient;
crt_invalid_handler _Atomic crt_invalid_process;

int
crt_error(int error)
{
	crt_thread.error = error;
	return -1;
}

int
crt_invalid(int error)
{
	crt_invalid_handler f = crt_thread.invalid ? crt_thread.invalid : crt_invalid_process;
	crt_thread.error = error;
	if (f)
		f(NULL, NULL, NULL, 0, 0);
	else if (!crt_lenient)
		except_raise(0xc0000417, EXCEPTION_NONCONTINUABLE, 0, NULL);
	return error;
}

/* The table of _doserrno's documentation: Win32 errors that have an errno. */
static const struct {
	uint16_t dos;
	uint8_t error;
} map[] = {
	{ 1, EINVAL },        { 2, ENOENT },    { 3, ENOENT },   { 4, EMFILE },
	{ 5, EACCES },        { 6, EBADF },     { 7, ENOMEM },   { 8, ENOMEM },
	{ 9, ENOMEM },        { 10, E2BIG },    { 11, ENOEXEC }, { 12, EINVAL },
	{ 13, EINVAL },       { 15, ENOENT },   { 16, EACCES },  { 17, EXDEV },
	{ 18, ENOENT },       { 38, EINVAL },   { 53, ENOENT },  { 65, EACCES },
	{ 67, ENOENT },       { 80, EEXIST },   { 82, EACCES },  { 83, EACCES },
	{ 87, EINVAL },       { 89, EAGAIN },   { 108, EACCES }, { 109, EPIPE },
	{ 112, ENOSPC },      { 114, EBADF },   { 128, ECHILD }, { 129, ECHILD },
	{ 130, EBADF },       { 131, EINVAL },  { 132, EACCES }, { 145, CRT_ENOTEMPTY },
	{ 158, EACCES },      { 161, ENOENT },  { 164, EAGAIN }, { 167, EACCES },
	{ 183, EEXIST },      { 206, ENOENT },  { 215, EAGAIN }, { 232, EPIPE },
	{ 1113, CRT_EILSEQ }, { 1816, ENOMEM },
};

int
crt_dos_error(DWORD error)
{
	int e = EINVAL;
	for (size_t i = 0; i < sizeof map / sizeof map[0]; i++)
		if (map[i].dos == error) {
			crt_thread.dos_error = error;
			crt_thread.error = map[i].error;
			return -1;
		}
	if (error >= 19 && error <= 36)
		e = EACCES; /* of media and sharing */
	else if (error >= 188 && error <= 202)
		e = ENOEXEC; /* of images */
	crt_thread.dos_error = error;
	crt_thread.error = e;
	return -1;
}

size_t
crt_wcslen(const WCHAR *s)
{
	size_t n = 0;
	while (s[n])
		n++;
	return n;
}

size_t
crt_wcsnlen(const WCHAR *s, size_t max)
{
	size_t n = 0;
	while (n < max && s[n])
		n++;
	return n;
}
