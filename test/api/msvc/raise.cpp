/* SPDX-License-Identifier: Apache-2.0 */
/* raise.cpp -- what MSVCP140.dll throws, caught by the program's own types, copied and kept. */
#include "say.h"
#include "stl.h"

using namespace std;

extern "C" __declspec(dllimport) void *malloc(size_t);
extern "C" __declspec(dllimport) void free(void *);
void *operator new(size_t n) { return malloc(n); }
void operator delete(void *p) noexcept { free(p); }
void operator delete(void *p, size_t) noexcept { free(p); }

/* Caught as what it is, by value; and again as a base, by reference. */
template <class X, class F> static void
try_it(const char *name, F f)
{
	say(name);
	try {
		f();
		say(" nothing");
	} catch (X &x) {
		say(" ");
		say(x.what());
	} catch (...) {
		say(" something else");
	}
	try {
		f();
	} catch (exception &x) {
		say(" | ");
		say(x.what());
		say(dynamic_cast<X *>(&x) ? "" : " of another type");
	}
	say(uncaught_exceptions() || uncaught_exception() ? " in flight\n" : "\n");
}

static char text[40];

struct pointer {
	void *p[2];
	pointer() { __ExceptionPtrCreate(this); }
	~pointer() { __ExceptionPtrDestroy(this); }
	pointer(const pointer &from) { __ExceptionPtrCopy(this, &from); }
	operator bool() const { return __ExceptionPtrToBool(this); }
};

static pointer
keep(const char *what)
{
	pointer p;
	for (int i = 0; i < 39 && what[i]; i++)
		text[i] = what[i];
	try {
		_Xruntime_error(text);
	} catch (...) {
		__ExceptionPtrCurrentException(&p);
	}
	text[0] = '!'; /* the exception has its own */
	return p;
}

static int objects;
struct Counted {
	int v;
	Counted(int x) : v(x) { objects++; }
	Counted(const Counted &from) : v(from.v) { objects++; }
	~Counted() { objects--; }
};

static void
pointers()
{
	pointer none, p = keep("kept for later"), q = p;
	num("none ", none);
	num("some ", p && q && __ExceptionPtrCompare(&p, &q));
	for (int i = 0; i < 2; i++)
		try {
			__ExceptionPtrRethrow(&q);
		} catch (runtime_error &x) {
			say(x.what());
			say("\n");
		}
	{
		pointer c;
		try {
			throw Counted(7);
		} catch (Counted &) {
			__ExceptionPtrCurrentException(&c);
		}
		num("objects ", objects);
		try {
			__ExceptionPtrRethrow(&c);
		} catch (Counted &x) {
			num("value ", x.v);
			num("objects ", objects);
		}
		__ExceptionPtrSwap(&c, &none);
		num("swapped ", !c && none);
		__ExceptionPtrAssign(&none, &p);
		num("objects ", objects);
	}
	num("same ", __ExceptionPtrCompare(&none, &p));
}

int
start()
{
	try_it<length_error>("length_error", [] { _Xlength_error("too long"); });
	try_it<out_of_range>("out_of_range", [] { _Xout_of_range("out of it"); });
	try_it<logic_error>("logic_error", [] { _Xinvalid_argument("not valid"); });
	try_it<invalid_argument>("invalid_argument", [] { _Xinvalid_argument("not valid"); });
	try_it<runtime_error>("runtime_error", [] { _Xruntime_error("at run time"); });
	try_it<overflow_error>("overflow_error", [] { _Xoverflow_error("too much"); });
	try_it<bad_alloc>("bad_alloc", [] { _Xbad_alloc(); });
	try_it<bad_function_call>("bad_function_call", [] { _Xbad_function_call(); });
	try_it<length_error>("not length_error", [] { _Xout_of_range("out of it"); });
	try_it<system_error>("system_error", [] { _Throw_Cpp_error(5); });
	try_it<_System_error>("_System_error", [] { _Throw_C_error(3); });
	try_it<future_error>("future_error", [] { _Throw_future_error(error_code{ 4, nullptr }); });
	try {
		_Throw_Cpp_error(1);
	} catch (system_error &x) {
		num("value ", x.value);
		say(x.category->name());
		num(" ", x.category->which);
	}
	say(_Syserror_map(2));
	num(" ", _Winerror_map(3) == 2 && _Winerror_map(5) == 13 && _Winerror_map(10061) == 107 && _Winerror_map(4) == 24 && !_Winerror_map(4444));
	pointers();
	num("random ", _Random_device() != _Random_device() || _Random_device() != _Random_device());
	num("no file ", _Fiopen("no such file", 1, 64) == 0);
	ExitProcess(0);
	return 0;
}
