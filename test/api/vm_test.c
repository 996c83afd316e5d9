/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "layer/api/nt/mem/range.h"
#include "layer/api/nt/mem/vm.h"
#include "test/unit.h"

/* A TEB, as vm_query() looks for the stack of its thread. */
#include "layer/api/nt/thread/thread.h"

static struct MEMORY_BASIC_INFORMATION
at(const void *p)
{
	struct MEMORY_BASIC_INFORMATION m;
	assert_int_equal(vm_query(p, &m), 0);
	return m;
}

static void *
take(void *where, size_t size, DWORD type, DWORD protect)
{
	SIZE_T n = size;
	NTSTATUS s = vm_alloc(&where, &n, type, protect, NULL);
	return s < 0 ? NULL : where;
}

static NTSTATUS
give(void *p, size_t size, DWORD type)
{
	SIZE_T n = size;
	return vm_free(&p, &n, type);
}

static NTSTATUS
protect(void *p, size_t size, DWORD how, DWORD *old)
{
	SIZE_T n = size;
	return vm_protect(&p, &n, how, old);
}

/* Many random operations beside a plain list of what must be there. */
static void
gaps_are_found(void **state)
{
	(void)state;
	enum { N = 2000 };
	static struct {
		uint64_t start, end;
		struct range *r;
	} model[N];
	size_t n = 0;
	srandom(7);
	const uint64_t low = 0x200000000000, high = low + 0x40000000;
	for (int i = 0; i < 20000; i++) {
		if (n && (n == N || random() % 3 == 0)) {
			size_t k = (size_t)random() % n;
			range_remove(model[k].r);
			model[k] = model[--n];
			continue;
		}
		uint64_t size = ((uint64_t)random() % 40 + 1) * 4096,
		         align = 0x10000ull << random() % 4;
		bool top = random() % 2;
		uint64_t a = range_gap(size, low, high, align, top), best = 0;
		assert_int_equal(a % align, 0);
		for (uint64_t t = low; i % 97 == 0 && t < high; t += align) {
			uint64_t p = top ? high - align - (t - low) : t,
			         e = (p + size + 0xffff) & ~0xffffull;
			bool clear = e <= high;
			for (size_t k = 0; clear && k < n; k++)
				clear = model[k].end <= p || (model[k].start & ~0xffffull) >= e;
			if (clear) {
				best = p;
				break;
			}
		}
		if (i % 97 == 0)
			assert_int_equal(a, best);
		if (!a)
			continue;
		assert_null(range_at(a));
		model[n].start = a;
		model[n].end = a + size;
		model[n].r = range_put(a, a + size, (struct region *)&model, 4);
		assert_non_null(model[n].r);
		assert_ptr_equal(range_at(a + size - 1), model[n].r);
		n++;
	}
	while (n)
		range_remove(model[--n].r);
	assert_int_equal(range_gap(high - low, low, high, 0, false), low);
}

static void
pages_are_reserved_and_committed(void **state)
{
	(void)state;
	char *p = take(NULL, 0x100000, MEM_RESERVE, PAGE_READWRITE);
	assert_non_null(p);
	assert_int_equal((uintptr_t)p % VM_GRAIN, 0);
	struct MEMORY_BASIC_INFORMATION m = at(p + 0x5123);
	assert_ptr_equal(m.AllocationBase, p);
	assert_ptr_equal(m.BaseAddress, p + 0x5000);
	assert_int_equal(m.State, MEM_RESERVE);
	assert_int_equal(m.RegionSize, 0x100000 - 0x5000);
	assert_int_equal(m.Protect, 0);
	assert_int_equal(m.AllocationProtect, PAGE_READWRITE);
	assert_int_equal(m.Type, MEM_PRIVATE);

	assert_ptr_equal(take(p + 0x3010, 0x2000, MEM_COMMIT, PAGE_READWRITE), p + 0x3000);
	p[0x3000] = p[0x5fff] = 1;
	m = at(p + 0x3000);
	assert_int_equal(m.State, MEM_COMMIT);
	assert_int_equal(m.RegionSize, 0x3000);
	assert_int_equal(at(p).RegionSize, 0x3000);

	DWORD old;
	assert_int_equal(protect(p + 0x4000, 1, PAGE_READONLY, &old), 0);
	assert_int_equal(old, PAGE_READWRITE);
	assert_int_equal(at(p + 0x3000).RegionSize, 0x1000);
	assert_int_equal(at(p + 0x4000).Protect, PAGE_READONLY);
	assert_int_equal(protect(p + 0x4000, 0x1000, PAGE_READWRITE, &old), 0);
	assert_int_equal(old, PAGE_READONLY);
	assert_int_equal(at(p + 0x3000).RegionSize, 0x3000);
	assert_int_equal(protect(p + 0x2000, 0x2000, PAGE_READONLY, &old), STATUS_NOT_COMMITTED);

	assert_int_equal(give(p + 0x3000, 0x1000, MEM_DECOMMIT), 0);
	assert_int_equal(at(p + 0x3000).State, MEM_RESERVE);
	assert_non_null(take(p + 0x3000, 0x1000, MEM_COMMIT, PAGE_READWRITE));
	assert_int_equal(p[0x3000], 0);
	assert_int_equal(p[0x5fff], 1);

	assert_null(take(p, 0x1000, MEM_RESERVE, PAGE_READWRITE));
	assert_int_equal(give(p + 0x1000, 0, MEM_RELEASE), STATUS_FREE_VM_NOT_AT_BASE);
	assert_int_equal(give(p, 0, MEM_RELEASE), 0);
	assert_int_equal(at(p).State, MEM_FREE);
	assert_int_equal(give(p, 0, MEM_RELEASE), STATUS_MEMORY_NOT_ALLOCATED);
	assert_null(take(p, 0x1000, MEM_COMMIT, PAGE_READWRITE));
}

static void
places_are_chosen(void **state)
{
	(void)state;
	char *p = take((void *)0xc000000000, 64 << 20, MEM_RESERVE, PAGE_READWRITE);
	assert_ptr_equal(p, 0xc000000000);
	assert_ptr_equal(take(p + (64 << 20), 64 << 20, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE),
	                 p + (64 << 20));
	void *b = NULL;
	SIZE_T n = 1ull << 40;
	struct vm_where w = { .align = 1ull << 32 };
	assert_int_equal(vm_alloc(&b, &n, MEM_RESERVE, PAGE_NOACCESS, &w), 0);
	assert_int_equal((uint64_t)b % w.align, 0);
	assert_int_equal(give(b, 0, MEM_RELEASE), 0);
	w = (struct vm_where){ .low = 0x50000000, .high = 0x50020000 };
	b = NULL;
	n = 0x10000;
	assert_int_equal(vm_alloc(&b, &n, MEM_RESERVE, PAGE_NOACCESS, &w), 0);
	assert_ptr_equal(b, 0x50000000);
	void *c = NULL;
	assert_int_equal(vm_alloc(&c, &n, MEM_RESERVE, PAGE_NOACCESS, &w), 0);
	assert_ptr_equal(c, 0x50010000);
	void *d = NULL;
	assert_int_equal(vm_alloc(&d, &n, MEM_RESERVE, PAGE_NOACCESS, &w), STATUS_NO_MEMORY);
	give(b, 0, MEM_RELEASE);
	give(c, 0, MEM_RELEASE);
	give(p, 0, MEM_RELEASE);
	give(p + (64 << 20), 0, MEM_RELEASE);
}

static void
guards_and_watches(void **state)
{
	(void)state;
	bool guard = false;
	char *p = take(NULL, 0x4000, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE | PAGE_GUARD);
	assert_false(vm_fault(p + 0x1000, false, &guard));
	assert_true(guard);
	assert_int_equal(at(p + 0x1000).Protect, PAGE_READWRITE);
	p[0x1000] = 1;
	assert_int_equal(at(p).Protect, PAGE_READWRITE | PAGE_GUARD);
	assert_false(vm_fault(p + 0x1000, false, &guard));
	assert_false(guard);
	give(p, 0, MEM_RELEASE);

	p = take(NULL, 0x100000, MEM_RESERVE | MEM_WRITE_WATCH, PAGE_READWRITE);
	assert_non_null(take(p, 0x80000, MEM_COMMIT, PAGE_READWRITE));
	void *list[8];
	ULONG_PTR n = 8;
	assert_int_equal(vm_watch_get(0, p, 0x100000, list, &n), 0);
	assert_int_equal(n, 0);
	assert_true(vm_fault(p + 0x3004, true, &guard));
	assert_true(vm_fault(p + 0x70000, true, &guard));
	p[0x3004] = p[0x70000] = 1;
	assert_true(vm_touch(p + 0x5ff0, 0x20, true));
	assert_false(vm_touch(p + 0x5ff0, 0x20, true));
	n = 8;
	assert_int_equal(vm_watch_get(1, p, 0x100000, list, &n), 0);
	assert_int_equal(n, 4);
	assert_ptr_equal(list[0], p + 0x3000);
	assert_ptr_equal(list[1], p + 0x5000);
	assert_ptr_equal(list[2], p + 0x6000);
	assert_ptr_equal(list[3], p + 0x70000);
	n = 8;
	assert_int_equal(vm_watch_get(0, p, 0x100000, list, &n), 0);
	assert_int_equal(n, 0);
	assert_true(vm_fault(p + 0x3000, true, &guard));
	n = 1;
	assert_int_equal(vm_watch_get(0, p, 0x100000, list, &n), 0);
	assert_int_equal(n, 1);
	assert_int_equal(vm_watch_reset(p, 0x100000), 0);
	n = 1;
	assert_int_equal(vm_watch_get(0, p, 0x100000, list, &n), 0);
	assert_int_equal(n, 0);
	give(p, 0, MEM_RELEASE);
}

static void
placeholders(void **state)
{
	(void)state;
	char *p = take(NULL, 0x40000, MEM_RESERVE | MEM_RESERVE_PLACEHOLDER, PAGE_NOACCESS);
	assert_non_null(p);
	assert_null(take(p, 0x40000, MEM_COMMIT, PAGE_READWRITE));
	assert_int_equal(give(p + 0x10000, 0x10000, MEM_RELEASE | MEM_PRESERVE_PLACEHOLDER), 0);
	assert_ptr_equal(at(p + 0x10000).AllocationBase, p + 0x10000);
	assert_int_equal(at(p + 0x10000).RegionSize, 0x10000);
	assert_ptr_equal(at(p + 0x20000).AllocationBase, p + 0x20000);
	assert_null(take(p, 0x20000, MEM_RESERVE | MEM_COMMIT | MEM_REPLACE_PLACEHOLDER,
	                 PAGE_READWRITE));
	assert_ptr_equal(take(p + 0x10000, 0x10000,
	                      MEM_RESERVE | MEM_COMMIT | MEM_REPLACE_PLACEHOLDER, PAGE_READWRITE),
	                 p + 0x10000);
	p[0x10000] = 1;
	assert_int_equal(give(p, 0x40000, MEM_RELEASE | MEM_COALESCE_PLACEHOLDERS),
	                 STATUS_CONFLICTING_ADDRESSES);
	assert_int_equal(give(p + 0x10000, 0x10000, MEM_RELEASE | MEM_PRESERVE_PLACEHOLDER), 0);
	assert_int_equal(give(p, 0x40000, MEM_RELEASE | MEM_COALESCE_PLACEHOLDERS), 0);
	assert_int_equal(at(p).RegionSize, 0x40000);
	assert_int_equal(give(p, 0, MEM_RELEASE), 0);
	assert_int_equal(at(p).State, MEM_FREE);
}

static void
resetting_keeps_what_is_written_after(void **state)
{
	(void)state;
	char *p = take(NULL, 0x4000, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
	memset(p, 7, 0x4000);
	assert_non_null(take(p, 0x4000, MEM_RESET, PAGE_NOACCESS));
	assert_int_equal(at(p).Protect, PAGE_READWRITE);
	if (take(p, 0x4000, MEM_RESET_UNDO, PAGE_NOACCESS))
		assert_int_equal(p[0x2000], 7);
	give(p, 0, MEM_RELEASE);
}

int
main(void)
{
#ifdef __SANITIZE_ADDRESS__
	/* its shadow lies where programs want memory */
	puts("skipped - the address sanitizer has the addresses of programs");
	return 0;
#endif
	static struct TEB t;
	t.Self = &t;
	thread_set_gs(&t);
	vm_start();
	const struct CMUnitTest tests[] = {
		TEST(gaps_are_found),    TEST(pages_are_reserved_and_committed),
		TEST(places_are_chosen), TEST(guards_and_watches),
		TEST(placeholders),      TEST(resetting_keeps_what_is_written_after),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
