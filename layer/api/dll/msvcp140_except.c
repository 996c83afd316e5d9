/* SPDX-License-Identifier: Apache-2.0 */
/* msvcp140_except.c -- std::exception_ptr: a copy of what was thrown, counted; and what is thrown
 * from it is a copy of that. */
#include <stdatomic.h>
#include <string.h>

#include "layer/api/dll/msvcp140.h"
#include "layer/api/nt/except/cxx.h"
#include "layer/api/nt/except/except.h"
#include "layer/api/nt/image/ldr.h"

struct kept {
	_Atomic int refs;
	uint64_t base;       /* of the module that threw */
	const int32_t *info; /* ThrowInfo; NULL: no exception of C++ */
	struct EXCEPTION_RECORD r;
	_Alignas(16) char object[];
};

struct pointer {
	void *unused;
	struct kept *kept;
};

WINAPI _Noreturn void vcruntime140__CxxThrowException(void *object, const void *info);
WINAPI void kernel32_RaiseException(DWORD code, DWORD flags, DWORD n, const ULONG_PTR *args);
WINAPI bool vcruntime140___uncaught_exception(void);
WINAPI int vcruntime140___uncaught_exceptions(void);

enum { SIZE = 5, BY_COPY = 6 }; /* words of CatchableType */

/* The type that it is, with how it is copied. */
static const int32_t *
type_of(uint64_t base, const int32_t *info)
{
	const int32_t *types = (const int32_t *)(base + (uint32_t)info[3]);
	return (const int32_t *)(base + (uint32_t)types[1]);
}

static void
copy(uint64_t base, const int32_t *info, void *to, const void *from)
{
	const int32_t *t = type_of(base, info);
	if (!t[BY_COPY])
		memcpy(to, from, (size_t)t[SIZE]);
	else if (t[0] & 4) /* it has a virtual base, of which it is the most derived */
		((WINAPI void *(*)(void *, const void *, int))(base + (uint32_t)t[BY_COPY]))(
		        to, from, 1);
	else
		((WINAPI void *(*)(void *, const void *))(base + (uint32_t)t[BY_COPY]))(to, from);
}

static struct kept *
keep(uint64_t base, const void *info, const void *object, const struct EXCEPTION_RECORD *r)
{
	size_t n = info ? (size_t)type_of(base, info)[SIZE] : 0;
	struct kept *k = msvcp140_new(sizeof *k + n);
	memset(k, 0, sizeof *k);
	k->refs = 1;
	k->base = base;
	k->info = info;
	if (r)
		k->r = *r;
	if (info)
		copy(base, info, k->object, object);
	return k;
}

static void
drop(struct kept *k)
{
	if (!k || atomic_fetch_sub(&k->refs, 1) != 1)
		return;
	if (k->info && k->info[1])
		((WINAPI void (*)(void *))(k->base + (uint32_t)k->info[1]))(k->object);
	crt_free(k);
}

WINAPI void
msvcp140_exception_Create(struct pointer *p)
{
	*p = (struct pointer){ 0 };
}

WINAPI void
msvcp140_exception_Destroy(struct pointer *p)
{
	drop(p->kept);
	p->kept = NULL;
}

WINAPI void
msvcp140_exception_Copy(struct pointer *p, const struct pointer *from)
{
	*p = *from;
	if (p->kept)
		atomic_fetch_add(&p->kept->refs, 1);
}

WINAPI void
msvcp140_exception_Assign(struct pointer *p, const struct pointer *from)
{
	struct kept *old = p->kept;
	msvcp140_exception_Copy(p, from);
	drop(old);
}

WINAPI bool
msvcp140_exception_Compare(const struct pointer *a, const struct pointer *b)
{
	return a->kept == b->kept;
}

WINAPI bool
msvcp140_exception_ToBool(const struct pointer *p)
{
	return p->kept;
}

WINAPI void
msvcp140_exception_Swap(struct pointer *a, struct pointer *b)
{
	struct pointer old = *a;
	*a = *b;
	*b = old;
}

WINAPI void
msvcp140_exception_CurrentException(struct pointer *p)
{
	const struct EXCEPTION_RECORD *r = cxx_thread()->current;
	if (!r)
		return;
	struct kept *old = p->kept;
	const ULONG_PTR *a = r->ExceptionInformation;
	if (cxx_is(r) && a[2])
		p->kept = keep(r->NumberParameters > 3 ? a[3] : 0, (const void *)a[2],
		               (const void *)a[1], r);
	else
		p->kept = keep(0, NULL, NULL, r);
	drop(old);
}

/* make_exception_ptr() */
WINAPI void
msvcp140_exception_CopyException(struct pointer *p, const void *object, const void *info)
{
	struct module *m = ldr_at(info);
	struct kept *old = p->kept;
	p->kept = keep(m ? (uint64_t)(uintptr_t)m->entry.DllBase : 0, info, object, NULL);
	drop(old);
}

/* The copy is on this stack, which stays below the catch block that takes it. */
WINAPI void
msvcp140_exception_Rethrow(const struct pointer *p)
{
	const struct kept *k = p->kept;
	if (!k)
		cxx_terminate();
	if (!k->info) {
		kernel32_RaiseException(k->r.ExceptionCode, k->r.ExceptionFlags,
		                        k->r.NumberParameters, k->r.ExceptionInformation);
		return;
	}
	_Alignas(16) char object[type_of(k->base, k->info)[SIZE]];
	copy(k->base, k->info, object, k->object);
	vcruntime140__CxxThrowException(object, k->info);
}

WINAPI bool
msvcp140_uncaught_exception(void)
{
	return vcruntime140___uncaught_exception();
}

WINAPI int
msvcp140_uncaught_exceptions(void)
{
	return vcruntime140___uncaught_exceptions();
}
