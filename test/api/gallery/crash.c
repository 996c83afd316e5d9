/* SPDX-License-Identifier: Apache-2.0 */
// What nobody handles is told, with its place and its callers; the status says what it was.
// needs: joist mingw
// run: joist run --rm $GUEST read 2>&1 | head -n 2
// expect-has: ^joist: .*: access violation \(0xc0000005\): it read 0x8$
// expect-has: ^       at .*\+0x[0-9a-f]+$
// run: joist run --rm $GUEST write 2>&1 | head -n 1
// expect-has: ^joist: .*: access violation \(0xc0000005\): it wrote to 0x8$
// run: joist run --rm $GUEST ud2 2>&1 | head -n 1
// expect-has: ^joist: .*: illegal instruction \(0xc000001d\)$
// run: joist run --rm $GUEST fail 2>&1 | head -n 1
// expect-has: ^joist: .*: the program gave up \(fail fast\) \(0xc0000409\): code 5$
// run: joist run --rm $GUEST deep 2>&1 | head -n 1
// expect-has: ^joist: .*: stack overflow \(0xc00000fd\)$
// run: joist run --rm $GUEST raise 2>&1 | head -n 1
// expect-has: ^joist: .*: exception \(0xe0000001\)$
// run: joist run --rm $GUEST stack 2>&1 | head -n 1
// expect-has: ^joist: .*: access violation \(0xc0000005\): it wrote to 0xff8$
// run: joist run --rm $GUEST fast 2>&1 | head -n 1
// expect-has: ^joist: .*\(0xc0000602\)
// run: joist run --rm $GUEST record 2>&1 | head -n 1
// expect-has: ^joist: .*\(0xe0000007\)
#define _WIN32_WINNT 0x0A00
#include <windows.h>
#include <stdio.h>
#include <string.h>

static __attribute__((noinline)) int
deep(volatile int n)
{
	volatile char b[2000];

	b[0] = (char)n;
	return n < 0 ? 0 : deep(n + 1) + b[0];
}

static LONG WINAPI
never(EXCEPTION_POINTERS *p)
{
	(void)p;
	ExitProcess(0);
}

int
main(int n, char **v)
{
	const char *what = n > 1 ? v[1] : "";

	if (strcmp(what, "read") == 0)
		return *(volatile int *)8;
	if (strcmp(what, "write") == 0)
		*(volatile int *)8 = 1;
	if (strcmp(what, "ud2") == 0)
		asm volatile("ud2");
	if (strcmp(what, "fail") == 0)
		asm volatile("int $0x29" ::"c"(5));
	if (strcmp(what, "deep") == 0)
		return deep(0);
	if (strcmp(what, "raise") == 0)
		RaiseException(0xe0000001, 0, 0, NULL);
	/* no handler is asked by these two */
	if (strcmp(what, "fast") == 0 || strcmp(what, "record") == 0) {
		SetUnhandledExceptionFilter(never);
		AddVectoredExceptionHandler(1, never);
	}
	if (strcmp(what, "fast") == 0)
		RaiseFailFastException(NULL, NULL, 0);
	if (strcmp(what, "record") == 0) {
		EXCEPTION_RECORD r = { .ExceptionCode = 0xe0000007 };
		RaiseFailFastException(&r, NULL, FAIL_FAST_GENERATE_EXCEPTION_ADDRESS);
	}
	if (strcmp(what, "stack") == 0)
		asm volatile("mov $0x1000, %%esp; push %%rax" ::: "memory");
	return 0;
}
