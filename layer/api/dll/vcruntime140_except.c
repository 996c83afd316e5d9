/* SPDX-License-Identifier: Apache-2.0 */
/* vcruntime140_except.c -- what C++ programs ask of their exceptions. */
#include <string.h>

#include "layer/api/dll/dll.h"
#include "layer/api/nt/except/cxx.h"
#include "layer/api/nt/except/except.h"
#include "layer/api/nt/mem/heap.h"

/* std::exception's own part: __std_exception_data. */
struct exception_data {
	const char *what;
	bool own;
};

WINAPI void **
vcruntime140___current_exception(void)
{
	return (void **)&cxx_thread()->current;
}

WINAPI void **
vcruntime140___current_exception_context(void)
{
	return (void **)&cxx_thread()->context;
}

WINAPI int *
vcruntime140___processing_throw(void)
{
	return &cxx_thread()->throwing;
}

WINAPI bool
vcruntime140___uncaught_exception(void)
{
	return cxx_thread()->throwing > 0;
}

WINAPI int
vcruntime140___uncaught_exceptions(void)
{
	return cxx_thread()->throwing;
}

WINAPI cxx_translator *
vcruntime140__set_se_translator(cxx_translator *f)
{
	struct cxx_thread *t = cxx_thread();
	cxx_translator *before = t->translator;
	t->translator = f;
	return before;
}

WINAPI void
vcruntime140___DestructExceptionObject(struct EXCEPTION_RECORD *r, BOOLEAN may_throw)
{
	(void)may_throw;
	if (r)
		cxx_destroy(r);
}

/* Pointers to members of classes (PMD): displacements of the object, and of its virtual base. */
WINAPI void *
vcruntime140___AdjustPointer(void *object, const int32_t *pmd)
{
	char *p = (char *)object + pmd[0];
	if (pmd[1] >= 0) {
		p += pmd[1];
		p += *(int32_t *)(*(char **)((char *)object + pmd[1]) + pmd[2]);
	}
	return p;
}

WINAPI int
vcruntime140___C_specific_handler_noexcept(struct EXCEPTION_RECORD *r, void *frame,
                                           struct CONTEXT *c, struct DISPATCHER_CONTEXT *dc)
{
	int d = seh_handler(r, frame, c, dc);
	if (d == ExceptionContinueSearch &&
	    !(r->ExceptionFlags & (EXCEPTION_UNWINDING | EXCEPTION_EXIT_UNWIND)))
		cxx_terminate();
	return d;
}

WINAPI void
vcruntime140___std_exception_copy(const struct exception_data *from, struct exception_data *to)
{
	to->what = from->what;
	to->own = false;
	if (!from->own || !from->what)
		return;
	size_t n = strlen(from->what) + 1;
	char *s = heap_alloc(heap_process(), 0, n);
	to->what = s;
	if (s) {
		memcpy(s, from->what, n);
		to->own = true;
	}
}

WINAPI void
vcruntime140___std_exception_destroy(struct exception_data *d)
{
	if (d->own)
		heap_end(heap_process(), 0, (void *)(uintptr_t)d->what);
	d->what = NULL;
	d->own = false;
}

WINAPI bool
vcruntime140__is_exception_typeof(const void *type, struct EXCEPTION_POINTERS *p)
{
	const struct EXCEPTION_RECORD *r = p->ExceptionRecord;
	if (!cxx_is(r) || r->NumberParameters < 4 || !r->ExceptionInformation[2])
		return false;
	uint64_t base = r->ExceptionInformation[3];
	const int32_t *info = (const int32_t *)r->ExceptionInformation[2];
	const int32_t *types = (const int32_t *)(base + (uint32_t)info[3]);
	for (int32_t i = 0; i < types[0]; i++) {
		const int32_t *t = (const int32_t *)(base + (uint32_t)types[1 + i]);
		const char *descriptor = (const char *)(base + (uint32_t)t[1]);
		if (descriptor == (const char *)type ||
		    strcmp(descriptor + 16, (const char *)type + 16) == 0)
			return true;
	}
	return false;
}
