/* SPDX-License-Identifier: Apache-2.0 */
/* throw.cpp -- catching by value, by reference, by pointer, as a base; rethrowing; nesting. */
#include "say.h"

struct Noisy {
	const char *n;
	Noisy(const char *x) : n(x)
	{
		say("+");
		say(n);
		say("\n");
	}
	~Noisy()
	{
		say("-");
		say(n);
		say("\n");
	}
};
struct Base {
	int b;
	virtual int f() { return 1; }
	Base(int x) : b(x) {}
};
struct Other {
	int o;
	virtual int g() { return 7; }
	Other(int x) : o(x) {}
};
struct Derived : Other, Base {
	int d;
	Derived(int x) : Other(x + 2), Base(x), d(x + 1) { say("ctor D\n"); }
	Derived(const Derived &o) : Other(o), Base(o), d(o.d) { say("copy D\n"); }
	~Derived() { say("dtor D\n"); }
	int f() override { return 2; }
};
volatile int zero;
__attribute__((noinline)) void
thrower(int k)
{
	Noisy n("thrower");
	switch (k) {
	case 0: throw 42;
	case 1: throw Derived(5);
	case 2: throw(const char *) "text";
	case 3: throw 3.5;
	case 4: throw(Derived *) 0;
	case 5: throw 7ull;
	}
}
__attribute__((noinline)) void
middle(int k)
{
	Noisy n("middle");
	try {
		Noisy m("inner");
		thrower(k);
	} catch (float) {
		say("NO\n");
	}
}
static void
one(int k)
{
	try {
		Noisy n("one");
		middle(k);
		say("returned\n");
	} catch (int i) {
		num("int ", i);
	} catch (Base &b) {
		num("Base& ", b.b);
		num(" f ", b.f());
	} catch (const char *s) {
		say("str ");
		say(s);
		say("\n");
	} catch (Base *p) {
		num("Base* ", (unsigned long long)p);
	} catch (...) {
		say("...\n");
	}
	say("--\n");
}
static void
byvalue()
{
	try {
		middle(1);
	} catch (Derived d) {
		num("by value ", d.d);
	}
	say("--\n");
}
static void
rethrow()
{
	try {
		try {
			middle(1);
		} catch (Other &o) {
			num("first ", o.o);
			throw;
		}
	} catch (Derived &d) {
		num("second ", d.d);
	}
	say("--\n");
}
static void
incatch()
{
	try {
		Noisy z("z");
		try {
			middle(0);
		} catch (int i) {
			Noisy c("incatch");
			num("caught ", i);
			thrower(2);
		}
	} catch (const char *s) {
		say(s);
		say("\n");
	}
	say("--\n");
}
static void
nested()
{
	try {
		middle(0);
	} catch (int) {
		Noisy c("outer catch");
		try {
			Noisy d("in");
			thrower(1);
		} catch (Derived &d) {
			Noisy e("inner catch");
			num("D ", d.d);
		}
		say("still in outer\n");
		try {
			throw;
		} catch (int i) {
			num("rethrown inside ", i);
		}
	}
	say("--\n");
}
static void
loop()
{
	for (int i = 0; i < 3; i++) {
		try {
			if (i == 1)
				continue;
			thrower(0);
		} catch (int) {
			num("loop ", i);
			if (i == 2)
				break;
			continue;
		}
	}
	say("--\n");
}
static void
deep(int n)
{
	Noisy x("deep");
	if (n == 0)
		throw 1;
	try {
		deep(n - 1);
	} catch (double) {
	}
}
static int count;
static void
many()
{
	for (int i = 0; i < 100000; i++)
		try {
			throw i;
		} catch (int j) {
			count += j & 1;
		}
	num("many ", count);
}
extern "C" int
start()
{
	for (int k = 0; k < 7; k++)
		one(k);
	byvalue();
	rethrow();
	incatch();
	nested();
	loop();
	try {
		deep(3);
	} catch (int) {
		say("deep caught\n");
	}
	many();
	ExitProcess(0);
	return 0;
}
