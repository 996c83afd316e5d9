/* crt_call.h -- calls of a C run-time's functions by name, with the answers they must give.
 *
 * The first argument of the program is the DLL.  What it does not export is left out there;
 * whatever answers something else is printed, and "all right" only when nothing was.
 */
#ifndef TEST_API_CRT_CALL_H
#define TEST_API_CRT_CALL_H

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>
#include <windows.h>

static HMODULE crt;
static int wrong, called;

static void *
find(const char *name)
{
	return (void *)GetProcAddress(crt, name);
}

static void
check(const char *name, long long got, long long want, int line)
{
	called++;
	if (got == want)
		return;
	wrong++;
	printf("line %d: %s gives %lld instead of %lld\n", line, name, got, want);
}

static void
check_text(const char *name, const char *got, const char *want, int line)
{
	called++;
	if (got == want || (got && want && strcmp(got, want) == 0))
		return;
	wrong++;
	printf("line %d: %s gives '%s' instead of '%s'\n", line, name, got ? got : "NULL", want ? want : "NULL");
}

static void
check_wide(const char *name, const wchar_t *got, const wchar_t *want, int line)
{
	called++;
	if (got == want || (got && want && wcscmp(got, want) == 0))
		return;
	wrong++;
	printf("line %d: %s gives '%ls' instead of '%ls'\n", line, name, got ? got : L"NULL", want ? want : L"NULL");
}

static void
check_double(const char *name, double got, double want, int line)
{
	called++;
	if (got == want || (isnan(got) && isnan(want)) ||
	    (want != 0 && fabs((got - want) / want) < 1e-14))
		return;
	wrong++;
	printf("line %d: %s gives %.17g instead of %.17g\n", line, name, got, want);
}

/* An answer of an int, of 64 bits, text, wide text, a double; a float of floats. */
#define INT(name, want, ...) \
	do { \
		if (find(#name)) \
			check(#name, (int)((long long (*)())find(#name))(__VA_ARGS__), want, __LINE__); \
	} while (0)
#define LONG(name, want, ...) \
	do { \
		if (find(#name)) \
			check(#name, ((long long (*)())find(#name))(__VA_ARGS__), (long long)(want), __LINE__); \
	} while (0)
#define TEXT_(name, want, ...) \
	do { \
		if (find(#name)) \
			check_text(#name, ((char *(*)())find(#name))(__VA_ARGS__), want, __LINE__); \
	} while (0)
#define WIDE(name, want, ...) \
	do { \
		if (find(#name)) \
			check_wide(#name, ((wchar_t * (*)()) find(#name))(__VA_ARGS__), want, __LINE__); \
	} while (0)
#define DOUBLE1(name, want, x) \
	do { \
		if (find(#name)) \
			check_double(#name, ((double (*)(double))find(#name))(x), want, __LINE__); \
	} while (0)
#define DOUBLE2(name, want, x, y) \
	do { \
		if (find(#name)) \
			check_double(#name, ((double (*)(double, double))find(#name))(x, y), want, __LINE__); \
	} while (0)
#define FLOAT1(name, want, x) \
	do { \
		if (find(#name)) \
			check(#name, (long long)(1e4f * ((float (*)(float))find(#name))(x) + 0.5f), \
			      (long long)(1e4 * (want) + 0.5), __LINE__); \
	} while (0)
/* What a buffer holds after a call. */
#define AFTER(name, text, buffer) check_text(name, buffer, text, __LINE__)
#define WAFTER(name, text, buffer) check_wide(name, buffer, text, __LINE__)

static int
load(int argc, char **argv)
{
	crt = LoadLibraryA(argc > 1 ? argv[1] : "ucrtbase.dll");
	if (!crt)
		printf("there is no %s\n", argc > 1 ? argv[1] : "ucrtbase.dll");
	return crt != NULL;
}

static int
result(int least)
{
	if (called < least)
		printf("only %d calls\n", called);
	else if (!wrong)
		printf("all right\n");
	return 0;
}

#endif
