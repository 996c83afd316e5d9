/* SPDX-License-Identifier: Apache-2.0 */
/* rtti.cpp -- typeid, dynamic_cast, uncaught exceptions, terminate(). */
#include "say.h"

extern "C" {
__declspec(dllimport) int __uncaught_exceptions(void);
__declspec(dllimport) void **__current_exception(void);
__declspec(dllimport) const char *__std_type_info_name(void *, void *);
__declspec(dllimport) u64 __std_type_info_hash(const void *);
__declspec(dllimport) int __std_type_info_compare(const void *, const void *);
typedef void (*term)(void);
__declspec(dllimport) term set_terminate(term);
}
class type_info
{
      public:
	virtual ~type_info();
	struct {
		const char *u;
		char d[1];
	} data;
};
namespace std
{
using ::type_info;
class bad_cast
{
      public:
	void *vf;
	const char *what;
	bool own;
	bad_cast();
};
class bad_typeid
{
      public:
	void *vf;
	const char *w;
	bool o;
};
class exception
{
      public:
	void *vf;
	const char *w;
	bool o;
};
} // namespace std
struct A {
	virtual void f() {}
	int a;
};
struct B {
	virtual void g() {}
	int b;
};
struct C : A, B {
	int c;
};
struct D : virtual A {
	int d;
};
struct E : D, B {
};
__attribute__((noinline)) A *
mk(int k)
{
	static C c;
	static E e;
	static A a;
	return k == 0 ? (A *)&c : k == 1 ? (A *)&e : &a;
}
static void
ended()
{
	say("terminate called\n");
	ExitProcess(7);
}
static void
nothrow_fn() noexcept
{
	throw 1;
}
int
main_()
{
	C *c = dynamic_cast<C *>(mk(0));
	num("down ", c != 0);
	B *b = dynamic_cast<B *>(mk(0));
	num("across ", b == (B *)c);
	num("virtual ", dynamic_cast<E *>(mk(1)) != 0);
	num("virtual across ", dynamic_cast<B *>(mk(1)) != 0);
	num("not ", dynamic_cast<C *>(mk(2)) != 0);
	num("whole ", dynamic_cast<void *>(b) == (void *)c);
	try {
		C &r = dynamic_cast<C &>(*mk(2));
		(void)r;
		say("NO\n");
	} catch (std::bad_cast &x) {
		say("bad_cast ");
		say(x.what);
		say("\n");
	}
	say(__std_type_info_name((void *)&typeid(*mk(0)).data, 0));
	say("\n");
	say(__std_type_info_name((void *)&typeid(int *).data, 0));
	say("\n");
	say(__std_type_info_name((void *)&typeid(std::bad_cast).data, 0));
	say("\n");
	try {
		A *n = 0;
		(void)typeid(*n);
	} catch (std::bad_typeid &) {
		say("bad_typeid\n");
	}
	num("hash same ",
	    __std_type_info_hash(&typeid(A).data) == __std_type_info_hash(&typeid(*mk(2)).data));
	num("compare ", __std_type_info_compare(&typeid(A).data, &typeid(B).data) < 0);
	struct U {
		~U() { num("uncaught ", __uncaught_exceptions()); }
	};
	try {
		U u;
		throw 5;
	} catch (int) {
		num("caught ", __uncaught_exceptions());
		num("current ", *__current_exception() != 0);
	}
	num("none ", *__current_exception() == 0);
	struct T {
		~T() noexcept(false)
		{
			try {
				throw 2;
			} catch (int i) {
				num("inside destructor ", i);
			}
		}
	};
	try {
		T t;
		throw 3;
	} catch (int i) {
		num("outside ", i);
	}
	set_terminate(ended);
	nothrow_fn();
	return 0;
}
extern "C" int
start()
{
	try {
		main_();
	} catch (...) {
		say("NO\n");
	}
	ExitProcess(0);
	return 0;
}
