/* SPDX-License-Identifier: Apache-2.0 */
/* msvcp140_throw.c -- the exceptions that the C++ library throws for a program (<stdexcept>).
 *
 * They are real ones: a program catches them by its own types, copies and keeps them.  What they
 * are is in msvcp140_throw.inc. */
#include <stdio.h>
#include <string.h>

#include "layer/api/dll/msvcp140.h"
#include "layer/api/dll/msvcp140_error.h"

struct exception {
	const void *table;
	const char *what;
	bool own;
};

struct system_error {
	struct exception base;
	int value;
	const void *category;
};

struct error_code {
	int value;
	const void *category;
};

enum kind {
	BAD_ALLOC,
	BAD_FUNCTION_CALL,
	LENGTH_ERROR,
	OUT_OF_RANGE,
	INVALID_ARGUMENT,
	RUNTIME_ERROR,
	OVERFLOW_ERROR,
	REGEX_ERROR,
	FUTURE_ERROR,
	SYSTEM_ERROR,
	FAILURE,
	KINDS,
};

struct thrown {
	uint32_t info[4]; /* ThrowInfo */
	uint32_t locator;
};

extern const struct thrown msvcp140_throw_types[KINDS];
extern const char dll_image_ntdll[];
WINAPI _Noreturn void vcruntime140__CxxThrowException(void *object, const void *info);
WINAPI void vcruntime140___std_exception_copy(const void *from, void *to);
WINAPI void vcruntime140___std_exception_destroy(void *data);

/* The objects' own functions: by their place in the tables of virtual functions and by the
 * tables of the exceptions. */
WINAPI void msvcp140_throw_end(struct exception *x);
WINAPI void *msvcp140_throw_delete(struct exception *x, unsigned flags);
WINAPI const char *msvcp140_throw_what(const struct exception *x);
WINAPI void *msvcp140_throw_copy(struct exception *to, const struct exception *from);
WINAPI void *msvcp140_throw_copy_regex(struct exception *to, const struct exception *from);
WINAPI void *msvcp140_throw_copy_system(struct exception *to, const struct exception *from);

WINAPI void
msvcp140_throw_end(struct exception *x)
{
	vcruntime140___std_exception_destroy(&x->what);
}

WINAPI void *
msvcp140_throw_delete(struct exception *x, unsigned flags)
{
	msvcp140_throw_end(x);
	if (flags & 1)
		crt_free(x);
	return x;
}

WINAPI const char *
msvcp140_throw_what(const struct exception *x)
{
	return x->what ? x->what : "Unknown exception";
}

WINAPI void *
msvcp140_throw_copy(struct exception *to, const struct exception *from)
{
	to->table = from->table;
	vcruntime140___std_exception_copy(&from->what, &to->what);
	return to;
}

WINAPI void *
msvcp140_throw_copy_regex(struct exception *to, const struct exception *from)
{
	memcpy(to + 1, from + 1, 8);
	return msvcp140_throw_copy(to, from);
}

WINAPI void *
msvcp140_throw_copy_system(struct exception *to, const struct exception *from)
{
	memcpy(to + 1, from + 1, 16);
	return msvcp140_throw_copy(to, from);
}

/* The locator, and two functions.  Whoever fills a table writes the same into it. */
static const void *
table_of(enum kind k)
{
	static const void *tables[KINDS][3];
	tables[k][0] = dll_image_ntdll + msvcp140_throw_types[k].locator;
	tables[k][1] = (const void *)(uintptr_t)msvcp140_throw_delete;
	tables[k][2] = (const void *)(uintptr_t)msvcp140_throw_what;
	return tables[k] + 1;
}

static _Noreturn void throw(enum kind k, struct exception *x)
{
	x->table = table_of(k);
	vcruntime140__CxxThrowException(x, msvcp140_throw_types[k].info);
}

/* The text is the caller's, which may be gone when the exception is caught. */
static struct exception
exception(const char *what)
{
	struct exception borrowed = { NULL, what, true }, x = { 0 };
	vcruntime140___std_exception_copy(&borrowed.what, &x.what);
	return x;
}

_Noreturn void
msvcp140_throw_again(void)
{
	vcruntime140__CxxThrowException(NULL, NULL);
}

_Noreturn void vcruntime140_throw_bad_cast(void);
_Noreturn void
msvcp140_throw_bad_cast(void)
{
	vcruntime140_throw_bad_cast();
}

WINAPI _Noreturn void
msvcp140_Xbad_alloc(void)
{
	struct exception x = { NULL, "bad allocation", false };
	throw(BAD_ALLOC, &x);
}

WINAPI _Noreturn void
msvcp140_Xbad_function_call(void)
{
	struct exception x = { NULL, "bad function call", false };
	throw(BAD_FUNCTION_CALL, &x);
}

WINAPI _Noreturn void
msvcp140_Xlength_error(const char *what)
{
	struct exception x = exception(what);
	throw(LENGTH_ERROR, &x);
}

WINAPI _Noreturn void
msvcp140_Xout_of_range(const char *what)
{
	struct exception x = exception(what);
	throw(OUT_OF_RANGE, &x);
}

WINAPI _Noreturn void
msvcp140_Xinvalid_argument(const char *what)
{
	struct exception x = exception(what);
	throw(INVALID_ARGUMENT, &x);
}

WINAPI _Noreturn void
msvcp140_Xruntime_error(const char *what)
{
	struct exception x = exception(what);
	throw(RUNTIME_ERROR, &x);
}

WINAPI _Noreturn void
msvcp140_Xoverflow_error(const char *what)
{
	struct exception x = exception(what);
	throw(OVERFLOW_ERROR, &x);
}

/* regex_constants::error_type, by its number */
static const char regex_errors[][80] = {
	"regex_error(error_collate): no such collating element",
	"regex_error(error_ctype): no such class of characters",
	"regex_error(error_escape): a bad escape, or one at the end",
	"regex_error(error_backref): a reference to a group that is not there",
	"regex_error(error_brack): '[' and ']' do not match",
	"regex_error(error_paren): '(' and ')' do not match",
	"regex_error(error_brace): '{' and '}' do not match",
	"regex_error(error_badbrace): a bad range in '{' and '}'",
	"regex_error(error_range): a bad range of characters",
	"regex_error(error_space): not enough memory for the expression",
	"regex_error(error_badrepeat): nothing stands before a repetition",
	"regex_error(error_complexity): the match takes too many steps",
	"regex_error(error_stack): not enough memory to see whether it matches",
	"regex_error(error_parse)",
	"regex_error(error_syntax)",
};

WINAPI _Noreturn void
msvcp140_Xregex_error(int code)
{
	struct {
		struct exception base;
		int code;
	} x = { { NULL, "regex_error", false }, code };
	if (code >= 0 && code < (int)(sizeof regex_errors / sizeof *regex_errors))
		x.base.what = regex_errors[code];
	throw(REGEX_ERROR, &x.base);
}

/* "what: message", as std::system_error says it. */
static _Noreturn void
throw_system(enum kind k, int value, const void *category, const char *what, const char *message)
{
	char text[256];
	snprintf(text, sizeof text, "%s: %s", what, message);
	struct system_error x = { exception(text), value, category };
	throw(k, &x.base);
}

_Noreturn void
msvcp140_throw_failure(const char *what)
{
	throw_system(FAILURE, 1, msvcp140_error_category(ERROR_IOSTREAM), what,
	             "iostream stream error");
}

static _Noreturn void
throw_generic(int value)
{
	const char *message = msvcp140_error_text(value);
	throw_system(SYSTEM_ERROR, value, msvcp140_error_category(ERROR_GENERIC), message, message);
}

/* What went wrong with threads and locks, by the library's own numbers; and by those of
 * _Thrd_result: success, no memory, the time is over, busy, an error. */
WINAPI _Noreturn void
msvcp140_Throw_Cpp_error(int code)
{
	static const uint8_t values[] = {
		EBUSY, EINVAL, ESRCH, ENOMEM, EPERM, CRT_EDEADLK, EAGAIN
	};
	throw_generic(code >= 0 && code < (int)sizeof values ? values[code] : 0);
}

WINAPI _Noreturn void
msvcp140_Throw_C_error(int result)
{
	static const uint8_t values[] = { EINVAL, EAGAIN, EAGAIN, EBUSY, EINVAL };
	throw_generic(result > 0 && result < (int)sizeof values ? values[result] : EINVAL);
}

/* -- futures --------------------------------------------------------------------------------------- */

/* future_errc */
static const char future_errors[][32] = { "unknown error", "broken promise",
	                                  "future already retrieved", "promise already satisfied",
	                                  "no state" };

WINAPI const char *
msvcp140_Future_error_map(int code)
{
	return code > 0 && code < 5 ? future_errors[code] : NULL;
}

WINAPI _Noreturn void
msvcp140_Throw_future_error(const struct error_code *code)
{
	const char *text = msvcp140_Future_error_map(code->value);
	struct system_error x = { exception(text ? text : future_errors[0]), code->value,
		                  code->category };
	throw(FUTURE_ERROR, &x.base);
}

WINAPI void msvcp140_exception_Rethrow(const void *p);

WINAPI void
msvcp140_Rethrow_future_exception(void *p)
{
	msvcp140_exception_Rethrow(p);
}

void *
msvcp140_new(size_t n)
{
	void *p = crt_alloc(n ? n : 1);
	if (!p)
		msvcp140_Xbad_alloc();
	return p;
}
