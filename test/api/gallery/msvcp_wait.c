/* SPDX-License-Identifier: Apache-2.0 */
// msvcp140_atomic_wait and msvcp140_1: std::atomic::wait, work of parallel algorithms, std::pmr.
// needs: joist mingw
// run: joist run --rm $GUEST
// expect: values: ok
// expect: places: ok
// expect: time: ok
// expect: work: ok
// expect: memory: ok
#include <stdbool.h>
#include <stdint.h>
#include "check.h"

static FARPROC
of(const char *dll, const char *name)
{
	FARPROC p = GetProcAddress(LoadLibraryA(dll), name);
	if (!p)
		printf("no %s\n", name);
	return p;
}
#define CALL(result, name, ...)                                                                    \
	((result(*)(__VA_ARGS__))(void *)of("msvcp140_atomic_wait.dll", #name))
#define MEMORY(name, ...) ((struct resource * (*)(__VA_ARGS__))(void *)of("msvcp140_1.dll", #name))

static volatile int word;
static volatile unsigned char byte_;

static DWORD WINAPI
setter(void *x)
{
	(void)x;
	Sleep(10);
	word = 1;
	CALL(void, __std_atomic_notify_one_direct, const void *)((const void *)&word);
	Sleep(10);
	word = 2;
	CALL(void, __std_atomic_notify_all_direct, const void *)((const void *)&word);
	Sleep(10);
	byte_ = 1;
	CALL(void, __std_execution_wake_by_address_all, const void *)((const void *)&byte_);
	return 0;
}

static void
values(void)
{
	int old = 0;
	IS(!CALL(int, __std_atomic_wait_direct, const void *, void *, size_t,
	         DWORD)((const void *)&word, &old, 4, 15));
	HANDLE t = CreateThread(NULL, 0, setter, NULL, 0, NULL);
	for (; old < 2; old = word)
		IS(CALL(int, __std_atomic_wait_direct, const void *, void *, size_t,
		        DWORD)((const void *)&word, &old, 4, INFINITE));
	while (!byte_)
		CALL(void, __std_execution_wait_on_uchar, const void *, unsigned char)
	((const void *)&byte_, 0);
	WaitForSingleObject(t, INFINITE);
	IS(word == 2 && byte_ == 1);
	done("values");
}

static struct {
	long long a, b, c;
} big;

static bool
equal(const void *a, void *b, size_t n, void *x)
{
	++*(int *)x;
	return memcmp(a, b, n) == 0;
}

static DWORD WINAPI
big_setter(void *x)
{
	(void)x;
	Sleep(15);
	big.b = 5;
	CALL(void, __std_atomic_notify_one_indirect, const void *)(&big);
	Sleep(15);
	big.c = 6;
	CALL(void, __std_atomic_notify_all_indirect, const void *)(&big);
	return 0;
}

static void
places(void)
{
	char old[sizeof big] = { 0 };
	int calls = 0;
#define WAIT(ms)                                                                                   \
	CALL(int, __std_atomic_wait_indirect, const void *, void *, size_t, void *, void *, DWORD) \
	(&big, old, sizeof big, &calls, equal, ms)
	IS(!WAIT(15) && calls >= 2);
	HANDLE t = CreateThread(NULL, 0, big_setter, NULL, 0, NULL);
	IS(WAIT(INFINITE) && big.b == 5);
	memcpy(old, &big, sizeof old);
	if (!big.c)
		IS(WAIT(5000) && big.c == 6);
	WaitForSingleObject(t, INFINITE);
	void **m = CALL(void *, __std_atomic_get_mutex, const void *)(&big);
	IS(m && !*m && m == CALL(void *, __std_atomic_get_mutex, const void *)(&big));
	_Alignas(16) long long pair[2] = { 1, 2 };
	long long expected[2] = { 1, 3 };
	IS(CALL(char, __std_atomic_has_cmpxchg16b, void)() == 1);
#define EXCHANGE                                                                                   \
	CALL(unsigned char, __std_atomic_compare_exchange_128, void *, long long, long long,       \
	     long long *)                                                                          \
	(pair, 8, 7, expected)
	IS(!EXCHANGE && expected[1] == 2 && EXCHANGE && pair[0] == 7 && pair[1] == 8);
	done("places");
}

static void
times(void)
{
	unsigned long long none = ~0ull,
	                   at = CALL(unsigned long long, __std_atomic_wait_get_deadline,
	                             unsigned long long)(5000);
	IS(CALL(unsigned long long, __std_atomic_wait_get_deadline, unsigned long long)(none) ==
	   none);
	DWORD left = CALL(DWORD, __std_atomic_wait_get_remaining_timeout, unsigned long long)(at);
	IS(left > 0 && left <= 5000);
	IS(CALL(DWORD, __std_atomic_wait_get_remaining_timeout, unsigned long long)(none) ==
	   INFINITE);
	IS(CALL(DWORD, __std_atomic_wait_get_remaining_timeout, unsigned long long)(1) == 0);
	IS(CALL(DWORD, __std_atomic_set_api_level, DWORD)(0) == 3);
	done("time");
}

static volatile LONG worked;
static void CALLBACK
worker(void *instance, void *x, void *work_)
{
	(void)instance, (void)work_;
	InterlockedAdd(&worked, *(int *)x);
}

static void
work(void)
{
	SYSTEM_INFO si;
	int x = 3;
	GetSystemInfo(&si);
	IS(CALL(unsigned, __std_parallel_algorithms_hw_threads, void)() == si.dwNumberOfProcessors);
	void *w = CALL(void *, __std_create_threadpool_work, void *, void *, void *)(worker, &x,
	                                                                             NULL);
	CALL(void, __std_submit_threadpool_work, void *)(w);
	CALL(void, __std_bulk_submit_threadpool_work, void *, size_t)(w, 4);
	CALL(void, __std_wait_for_threadpool_work_callbacks, void *, BOOL)(w, FALSE);
	CALL(void, __std_close_threadpool_work, void *)(w);
	IS(worked == 15);
	char *p = CALL(void *, __std_calloc_crt, size_t, size_t)(3, 5);
	IS(p && !p[0] && !p[14] && !CALL(void *, __std_calloc_crt, size_t, size_t)((size_t)-1, 8));
	CALL(void, __std_free_crt, void *)(p);
	done("work");
}

struct resource {
	struct {
		void (*delete)(struct resource *, unsigned);
		void *(*allocate)(struct resource *, size_t, size_t);
		void (*deallocate)(struct resource *, void *, size_t, size_t);
		bool (*is_equal)(struct resource *, struct resource *);
	} * v;
};

static void
memory(void)
{
	struct resource *a = MEMORY(_Aligned_new_delete_resource, void)(),
	                *u = MEMORY(_Unaligned_new_delete_resource, void)(),
	                *none = MEMORY(null_memory_resource, void)();
	IS(MEMORY(_Aligned_get_default_resource, void)() == a &&
	   MEMORY(_Unaligned_get_default_resource, void)() == u);
	void *p = a->v->allocate(a, 100, 64), *q = u->v->allocate(u, 100, 8);
	IS(p && (uintptr_t)p % 64 == 0 && q);
	memset(p, 1, 100);
	a->v->deallocate(a, p, 100, 64);
	u->v->deallocate(u, q, 100, 8);
	IS(a->v->is_equal(a, a) && !a->v->is_equal(a, u));
	IS(MEMORY(_Aligned_set_default_resource, void *)(none) == a &&
	   MEMORY(_Unaligned_get_default_resource, void)() == none);
	IS(MEMORY(_Unaligned_set_default_resource, void *)(NULL) == none &&
	   MEMORY(_Aligned_get_default_resource, void)() == a);
	done("memory");
}

int
main(void)
{
	values();
	places();
	times();
	work();
	memory();
	return 0;
}
