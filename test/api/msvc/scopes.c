/* SPDX-License-Identifier: Apache-2.0 */
/* scopes.c -- __try, __except and __finally. */
#include "say.h"

__declspec(noinline) void bad(int k)
{
	if (k == 0)
		*(volatile int *)8 = 1;
	else
		RaiseException(k, 0, 0, 0);
}
__declspec(noinline) void f1(int k)
{
	__try {
		bad(k);
	} __finally {
		num("finally f1 ", _abnormal_termination());
	}
}
/* an exception in a __finally while unwinding: collided */
__declspec(noinline) void f2(void)
{
	__try {
		__try {
			bad(1);
			say("NO\n");
		} __finally {
			say("inner finally\n");
			bad(2);
			say("NO\n");
		}
	} __finally {
		say("outer finally\n");
	}
}
/* an exception in a filter */
int
flt(int c)
{
	num("filter ", c);
	if (c == 5) {
		__try {
			bad(6);
		} __except (1) {
			say("inside filter\n");
		}
	}
	return c == 5;
}
__declspec(noinline) int ret(void)
{
	__try {
		bad(3);
	} __except (1) {
		return 9;
	}
	return 0;
}
int
start(void)
{
	__try {
		f1(0);
	} __except (_exception_code() == 0xc0000005) {
		num("caught ", _exception_code());
	}
	__try {
		f2();
	} __except (num("f2 filter ", _exception_code()), 1) {
		num("caught ", _exception_code());
	}
	__try {
		bad(5);
	} __except (flt(_exception_code())) {
		say("caught 5\n");
	}
	num("ret ", ret());
	__try {
		__try {
			bad(4);
		} __except (flt(_exception_code())) {
			say("NO\n");
		}
	} __except (1) {
		say("outer caught 4\n");
	}
	for (int i = 0; i < 20000; i++) {
		__try {
			bad(7);
		} __except (1) {
		}
	}
	say("many\n");
	ExitProcess(0);
}
