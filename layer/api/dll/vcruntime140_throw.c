/* SPDX-License-Identifier: Apache-2.0 */
/* vcruntime140_throw.c -- std::bad_cast and std::bad_typeid, thrown by us (vcruntime140_throw.inc). */
#include "layer/api/dll/dll.h"
#include "layer/api/nt/except/cxx.h"

struct exception {
	const void *table;
	const char *what;
	bool own;
};

extern const uint32_t vcruntime140_throw_info[2][4];
extern const uint64_t vcruntime140_throw_tables[5];
WINAPI _Noreturn void vcruntime140__CxxThrowException(void *object, const void *info);
WINAPI void *vcruntime140_throw_destroy(struct exception *x, unsigned flags);
WINAPI const char *vcruntime140_throw_what(const struct exception *x);
_Noreturn void vcruntime140_throw_bad_typeid(void);
_Noreturn void vcruntime140_throw_bad_cast(void);

/* The scalar deleting destructor; the object is on a stack, so it is never freed. */
WINAPI void *
vcruntime140_throw_destroy(struct exception *x, unsigned flags)
{
	(void)flags;
	return x;
}

WINAPI const char *
vcruntime140_throw_what(const struct exception *x)
{
	return x->what;
}

_Noreturn void
vcruntime140_throw_bad_cast(void)
{
	struct exception x = { vcruntime140_throw_tables, "Bad dynamic_cast!", false };
	vcruntime140__CxxThrowException(&x, vcruntime140_throw_info[0]);
}

_Noreturn void
vcruntime140_throw_bad_typeid(void)
{
	struct exception x = { vcruntime140_throw_tables + 3,
		               "Attempted a typeid of nullptr pointer!", false };
	vcruntime140__CxxThrowException(&x, vcruntime140_throw_info[1]);
}
