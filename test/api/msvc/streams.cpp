/* SPDX-License-Identifier: Apache-2.0 */
/* streams.cpp -- MSVCP140.dll's streams, used by a compiler that knows their classes: what is written
 * and read, for bytes and for wide characters, through a buffer of the program's own. */
#include "say.h"
#include "stl.h"

using namespace std;

extern "C" __declspec(dllimport) void *malloc(size_t);
extern "C" __declspec(dllimport) void free(void *);
void *operator new(size_t n) { return malloc(n); }
void operator delete(void *p) noexcept { free(p); }
void operator delete(void *p, size_t) noexcept { free(p); }

enum { eof = 1, failed = 2, bad = 4 };
enum { skipws = 1, unitbuf = 2, upper = 4, base = 8, point = 16, plus = 32, left = 64, internal = 256,
       dec = 512, oct = 1024, hex = 2048, scientific = 4096, fixed = 8192, alpha = 16384 };

static int wrong;
static void
is(bool so, int line)
{
	if (so)
		return;
	wrong++;
	num("wrong: line ", line);
}
#define IS(e) is(e, __LINE__)

static void
done(const char *what)
{
	say(what);
	say(wrong ? ": wrong\n" : ": ok\n");
	wrong = 0;
}

/* A buffer in memory: written from the front, read from there, two characters at a time. */
template <class C> struct memory : basic_streambuf<C> {
	typedef typename char_traits<C>::int_type INT;
	typedef basic_streambuf<C> buf;
	using buf::eback, buf::gptr, buf::egptr, buf::pbase, buf::pptr, buf::epptr, buf::gbump, buf::pbump;
	using buf::setg, buf::setp, buf::swap, buf::_Gninc, buf::_Gndec, buf::_Pninc, buf::_Gnavail;
	using buf::_Pnavail;
	C text[600];
	int end, at, syncs, locks;
	memory() : end(0), at(0), syncs(0), locks(0) {}
	void begin(const char *s)
	{
		for (end = 0; s[end]; end++)
			text[end] = (C)s[end];
		at = 0;
		this->setg(text, text, text);
	}
	bool has(const char *s)
	{
		int n = 0;
		while (s[n])
			n++;
		bool so = n == end;
		for (int i = 0; so && i < n; i++)
			so = text[i] == (C)s[i];
		if (!so) {
			char got[601];
			for (int i = 0; i < end; i++)
				got[i] = (char)text[i];
			got[end] = 0;
			say("got '"), say(got), say("', not '"), say(s), say("'\n");
		}
		end = 0;
		return so;
	}
	void _Lock() override { locks++; }
	void _Unlock() override { locks--; }
	INT overflow(INT c) override
	{
		if (end == 600)
			return (INT)-1;
		text[end++] = (C)c;
		return c;
	}
	INT underflow() override
	{
		if (this->gptr() && this->gptr() < this->egptr())
			return (INT)*this->gptr();
		at = this->gptr() ? (int)(this->gptr() - text) : 0;
		if (at >= end)
			return (INT)-1;
		this->setg(text, text + at, text + (at + 2 < end ? at + 2 : end));
		return (INT)text[at];
	}
	fpos<_Mbstatet> seekoff(streamoff o, int way, int mode) override
	{
		if (mode & 2)
			return fpos<_Mbstatet>(end);
		streamoff to = way == 0 ? o : way == 1 ? this->gptr() - text + o : end + o;
		if (to < 0 || to > end)
			return fpos<_Mbstatet>(-1);
		this->setg(text, text + to, text + to);
		return fpos<_Mbstatet>(to);
	}
	fpos<_Mbstatet> seekpos(fpos<_Mbstatet> p, int mode) override { return seekoff(p.offset, 0, mode); }
	int sync() override
	{
		syncs++;
		return 0;
	}
};

template <class C> static bool
same(const C *a, const char *b)
{
	while (*b && *a == (C)*b)
		a++, b++;
	return !*a && !*b;
}

template <class C> struct output : basic_ostream<C> {
	explicit output(basic_streambuf<C> *b) : basic_ostream<C>(b, false) {}
};

static int manipulated;
static ios_base &
count_base(ios_base &b)
{
	manipulated++;
	return b;
}
template <class C> static basic_ostream<C> &
count_ostream(basic_ostream<C> &o)
{
	manipulated += 10;
	return o;
}

template <class V> static void
apply(ios_base &b, _Smanip<V> m)
{
	m.f(b, m.v);
}

template <class C> static void
integers()
{
	memory<C> m;
	output<C> o(&m);
	o << true << false << (short)-1 << (unsigned short)65535 << -5 << 7u << -8l << 9ul << -10ll << 11ull;
	IS(m.has("10-165535-57-89-1011"));
	apply(o, setbase(16));
	o << 255 << (short)-1 << -1 << -1ll;
	IS(m.has("ffffffffffffffffffffffffffffff"));
	o.setf(base | upper);
	o << 255 << 0;
	o.setf(oct, dec | hex | oct);
	o << 8u << 0;
	IS(m.has("0XFF00100"));
	o.flags(dec | plus);
	o << 5 << 0 << 5u;
	o.unsetf(plus);
	o.setf(alpha);
	o << true << false;
	IS(m.has("+5+05truefalse"));
	o.flags(dec);
	apply(o, setw(6));
	o << -42;
	IS(o.width() == 0);
	o.width(6);
	o.setf(left, left | internal);
	o << -42;
	o.width(6);
	o.setf(internal, left | internal);
	IS(o.fill((C)'*') == (C)' ' && o.fill() == (C)'*');
	o << -42;
	o.setf(hex | base, dec | hex | base);
	o.width(8);
	o << 255;
	IS(m.has("   -42-42   -***420x****ff"));
	o << (const void *)0x12ab << (const void *)0;
	IS(m.has("00000000000012AB0000000000000000"));
	IS(m.locks == 0 && o.good());
	done(sizeof(C) == 1 ? "integers" : "wide integers");
}

template <class C> static void
reals()
{
	memory<C> m;
	output<C> o(&m);
	o << 3.14159265358979;
	IS(m.has("3.14159"));
	apply(o, setprecision(10));
	o << 3.14159265358979;
	IS(m.has("3.141592654") && o.precision() == 10);
	o.precision(2);
	o.setf(fixed, fixed | scientific);
	o << 1234.5678 << 2.5f << -0.0L;
	IS(m.has("1234.572.50-0.00"));
	o.setf(scientific, fixed | scientific);
	o << 31415.9;
	IS(m.has("3.14e+04"));
	o.setf(fixed | scientific);
	o << 1.0;
	IS(m.has("0x1.0000000000000p+0"));
	o.flags(dec | point);
	o.precision(6);
	o << 1.0;
	o.flags(dec);
	o << 1e300 * 1e10 << 100000.0 << 1e20 << 1e-5;
	IS(m.has("1.00000inf1000001e+201e-05"));
	o.precision(0);
	o << 2.5;
	IS(m.has("2"));
	o.setf(fixed);
	o << 1e22;
	IS(m.has("10000000000000000000000"));
	done(sizeof(C) == 1 ? "reals" : "wide reals");
}

template <class C> static void
characters()
{
	memory<C> m, from;
	output<C> o(&m);
	const C text[] = { 'a', 'b', 'c' };
	o.put((C)'x').write(text, 3);
	IS(m.has("xabc"));
	from.begin("all of it");
	o << static_cast<basic_streambuf<C> *>(&from);
	IS(m.has("all of it") && o.good());
	o << static_cast<basic_streambuf<C> *>(&from);
	IS(o.rdstate() == failed); /* nothing was left */
	o.clear(0, false);
	o << count_base << count_ostream<C>;
	IS(manipulated == 11);
	manipulated = 0;
	o.flush();
	IS(m.syncs == 1);
	o.setf(unitbuf);
	o.put((C)'y');
	IS(m.syncs == 2 && o.tellp().offset == 1);
	IS(o.seekp(0).good() && o.seekp(0, 0).good());
	m.end = 600;
	o.put((C)'z');
	IS(o.rdstate() == bad && !o && o.bad() && o.fail());
	o.clear(0, false);
	IS(o.rdbuf(0) == &m && o.rdstate() == 0 + (o.rdbuf() ? 0 : bad));
	IS(o.widen('q') == (C)'q' && o.narrow((C)'q', '?') == 'q');
	done(sizeof(C) == 1 ? "characters" : "wide characters");
}

template <class C, class V> static V
read(const char *text, int state, int flags = skipws | dec)
{
	memory<C> m;
	m.begin(text);
	basic_istream<C> i(&m, false);
	V v = V();
	i.flags(flags);
	i >> v;
	if (i.rdstate() != state) {
		say(text);
		num(" state ", i.rdstate());
		wrong++;
	}
	return v;
}

template <class C> static void
numbers()
{
	IS((read<C, int>("  42 ", 0)) == 42);
	IS((read<C, int>("-17", eof)) == -17);
	IS((read<C, int>("x", failed)) == 0);
	IS((read<C, int>("", eof | failed)) == 0);
	IS((read<C, int>("99999999999 ", failed)) == 2147483647);
	IS((read<C, int>("0x1F,", 0, skipws)) == 31 && (read<C, int>("017,", 0, skipws)) == 15);
	IS((read<C, int>("ff,", 0, skipws | hex)) == 255 && (read<C, int>("0xfg", 0, hex)) == 15);
	IS((read<C, int>(" 5", failed, dec)) == 0);
	IS((read<C, short>("40000 ", failed)) == 32767 && (read<C, short>("-3 ", 0)) == -3);
	IS((read<C, unsigned short>("65535 ", 0)) == 65535);
	IS((read<C, unsigned short>("65536 ", failed)) == 65535);
	IS((read<C, unsigned>("-1 ", 0)) == 4294967295u && (read<C, unsigned long>("7 ", 0)) == 7);
	IS((read<C, long>("-2147483648 ", 0)) == -2147483647 - 1);
	IS((read<C, long long>("-9223372036854775808 ", 0)) == -9223372036854775807ll - 1);
	IS((read<C, unsigned long long>("18446744073709551615 ", 0)) == ~0ull);
	IS((read<C, unsigned long long>("18446744073709551616 ", failed)) == ~0ull);
	IS((read<C, double>("3.25e2 ", 0)) == 325 && (read<C, double>("-.5", eof)) == -.5);
	IS((read<C, double>("1e ", failed)) == 0 && (read<C, double>("e5", failed)) == 0);
	IS((read<C, float>("1.5 ", 0)) == 1.5f && (read<C, long double>("0x1p4 ", 0)) == 16);
	IS((read<C, bool>("1 ", 0)) && !(read<C, bool>("0 ", 0)) && (read<C, bool>("2 ", failed)));
	IS((read<C, bool>("true ", 0, skipws | alpha)) && !(read<C, bool>("false", eof, alpha)));
	IS(!(read<C, bool>("trash", failed, alpha)));
	IS((read<C, void *>("0000000000001234 ", 0)) == (void *)0x1234);
	done(sizeof(C) == 1 ? "numbers" : "wide numbers");
}

template <class C> static void
reading()
{
	memory<C> m, to;
	C text[20], c;
	m.begin("one two\nthree\n\nlast");
	basic_istream<C> i(&m, false);
	IS(i.get() == 'o' && i.gcount() == 1 && i.peek() == 'n' && i.gcount() == 0);
	IS(i.get(c) && c == (C)'n' && i.unget() && i.putback((C)'o'));
	IS(i.get(text, 20, (C)' ') && same(text, "one") && i.gcount() == 3);
	IS(i.ignore(100, '\n').gcount() == 5 && i.tellg().offset == 8);
	IS(i.getline(text, 20) && same(text, "three") && i.gcount() == 6);
	IS(!i.get(text, 20) && i.rdstate() == failed && !text[0]); /* an empty line */
	i.clear(0, false);
	IS(i.getline(text, 20) && i.gcount() == 1 && !text[0]);
	IS(!i.getline(text, 3) && same(text, "la") && i.rdstate() == failed);
	i.clear(0, false);
	IS(!i.read(text, 5) && i.gcount() == 2 && i.rdstate() == (eof | failed));
	IS(i.seekg(0).rdstate() == failed); /* the end is forgotten, a failure is not */
	i.clear(0, false);
	IS(i.seekg(4, 0) && i.tellg().offset == 4 && i.readsome(text, 2) == 0 && i.get() == 't');
	IS(i.readsome(text, 9) == 1 && text[0] == (C)'w');
	IS(i.seekg(fpos<_Mbstatet>(15)) && i.getline(text, 20, (C)'!') && i.eof() && same(text, "last"));
	i.clear(0, false);
	IS(i.seekg(-4, 2).good() && i.sync() == 0 && m.syncs == 1);
	IS((i >> static_cast<basic_streambuf<C> *>(&to)) && to.has("last") && i.eof());
	IS(!i.seekg(99, 0) && i.fail() && m.locks == 0);
	i.clear(0, false);
	m.begin("  x");
	IS(i._Ipfx(false) && i.get() == 'x' && !i._Ipfx(false) && i.rdstate() == (eof | failed));
	done(sizeof(C) == 1 ? "reading" : "wide reading");
}

template <class C> static void
both()
{
	memory<C> m;
	basic_iostream<C> io(&m);
	int v = 0;
	io << 42;
	io >> v;
	IS(v == 42 && io.eof() && !io.fail());
	basic_ios<C> *s = &io;
	IS(s == static_cast<basic_istream<C> *>(&io) && s == static_cast<basic_ostream<C> *>(&io));
	output<C> *o = new output<C>(&m);
	io.tie(o);
	io.clear(0, false);
	io.get();
	IS(m.syncs == 1 && io.tie() == o && io.tie(0) == o);
	basic_ostream<C> *base_of = o;
	delete static_cast<basic_ios<C> *>(base_of); /* through the table of the virtual base */
	basic_streambuf<C> *b = &m;
	IS(dynamic_cast<memory<C> *>(b) == &m && dynamic_cast<basic_streambuf<C> *>(&m) == b);
	done(sizeof(C) == 1 ? "both" : "wide both");
}

template <class C> static void
buffers()
{
	memory<C> a, b;
	C x[8] = { 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h' };
	a.setg(x, x + 2, x + 4);
	a.setp(x + 4, x + 8);
	IS(a.eback() == x && a.gptr() == x + 2 && a.egptr() == x + 4 && a._Gnavail() == 2);
	IS(a.pbase() == x + 4 && a.pptr() == x + 4 && a.epptr() == x + 8 && a._Pnavail() == 4);
	IS(a.sgetc() == 'c' && a.sbumpc() == 'c' && a.sgetc() == 'd' && a.in_avail() == 1);
	IS(a.sungetc() == 'c' && a.snextc() == 'd' && a.sputbackc((C)'c') == 'c');
	IS(a.sputbackc((C)'!') == (typename char_traits<C>::int_type)-1);
	IS(*a._Gninc() == (C)'c' && a._Gndec() == x + 2);
	IS(a.sputc((C)'1') == '1' && *a._Pninc() == (C)'f' && a.pptr() == x + 6);
	a.pbump(-1);
	a.gbump(1);
	IS(a.gptr() == x + 3 && a.pptr() == x + 5 && a.sputn(x, 2) == 2 && x[5] == (C)'a');
	a.swap(b);
	IS(!a.gptr() && b.gptr() == x + 3 && b.pptr() == x + 7);
	IS(a.pubsync() == 0 && a.syncs == 1 && a.pubseekoff(1, 0, 1).offset == -1);
	a.begin("12345");
	C got[6];
	IS(a.sgetn(got, 6) == 5 && got[4] == (C)'5' && a.pubseekpos(fpos<_Mbstatet>(2), 1).offset == 2);
	IS(a.sgetc() == '3');
	IS(a.getloc().p == locale::classic().p && a.pubimbue(locale::classic()).p == locale::classic().p);
	done(sizeof(C) == 1 ? "buffers" : "wide buffers");
}

static void
states()
{
	memory<char> m;
	output<char> o(&m);
	int i = ios_base::xalloc();
	IS(ios_base::xalloc() == i + 1);
	o.iword(i) = 5;
	o.pword(i + 1) = &o;
	output<char> copy(0);
	IS(copy.rdstate() == bad && copy.rdbuf() == 0);
	o.precision(3);
	o.fill('#');
	copy.copyfmt(o);
	IS(copy.iword(i) == 5 && copy.pword(i + 1) == &o && copy.precision() == 3 && copy.fill() == '#');
	apply(o, setiosflags(hex));
	IS(o.flags() & hex);
	apply(o, resetiosflags(hex));
	IS(!(o.flags() & hex));
	IS(ios_base::sync_with_stdio(false) && !ios_base::sync_with_stdio(true));
	o.setstate(eof, false);
	IS(o.eof() && !o.fail() && (bool)o);
	try {
		o.exceptions(failed | bad);
		IS(o.exceptions() == (failed | bad));
		o.setstate(failed, false);
		IS(false);
	} catch (ios_base::failure &f) {
		say(f.what());
		IS(f.value == 1 && o.rdstate() == (eof | failed));
		say(f.category->name());
		say("\n");
	}
	try {
		o.clear(bad, false);
	} catch (exception &e) {
		say(e.what());
		say("\n");
	}
	done("states");
}

/* A facet of its own: three digits and a dot. */
struct punct : locale::facet {
	punct() : facet(0) {}
	~punct() override {}
	virtual char point() const { return ','; }
	virtual char separator() const { return '.'; }
	virtual small_string grouping() const { return { { 3 }, 1, 15 }; }
	virtual small_string falsename() const { return { "no", 2, 15 }; }
	virtual small_string truename() const { return { "yes", 3, 15 }; }
};
namespace std
{
template <class C> class numpunct
{
public:
	DLL static locale::id id;
};
} // namespace std

static int passed, thrown;
struct Noticed {
	~Noticed() { passed++; }
};
struct Thrown {
	Thrown() { thrown++; }
	Thrown(const Thrown &) { thrown++; }
	~Thrown() { thrown--; }
};

/* A buffer that throws: in a stream that is its badbit. */
template <class C> struct failing : memory<C> {
	typedef typename char_traits<C>::int_type INT;
	INT fail()
	{
		Noticed n;
		throw Thrown();
	}
	INT overflow(INT) override { return fail(); }
	INT underflow() override { return fail(); }
	int sync() override { return fail(); }
};

template <class C> static void
failures()
{
	failing<C> f;
	basic_iostream<C> io(&f);
	C text[4];
	int v = 9, caught = 0;
	passed = 0;
	io << 42;
	IS(io.rdstate() == bad && passed == 1 && thrown == 0 && !uncaught_exceptions());
	io.clear(0, false);
	io.put((C)'x');
	IS(io.rdstate() == bad);
	io.clear(0, false);
	io.write(text, 2);
	IS(io.bad());
	io.clear(0, false);
	io.flush();
	IS(io.bad());
	io.clear(0, false);
	io.unsetf(skipws);
	io >> v;
	IS(io.bad());
	io.clear(0, false);
	IS(!io.getline(text, 4) && io.bad() && f.locks == 0 && thrown == 0);
	io.clear(0, false);
	IS(!io.read(text, 1) && io.bad() && passed == 7);
	io.clear(0, false);
	io.exceptions(bad);
	for (int i = 0; i < 3; i++) {
		io.clear(0, false);
		try {
			if (i == 0)
				io << 1.5;
			else if (i == 1)
				io.get();
			else
				io.put((C)'x');
		} catch (Thrown &) {
			caught += io.rdstate() == bad && f.locks == 0 && !uncaught_exceptions();
		}
	}
	IS(caught == 3 && thrown == 0 && passed == 10);
	done(sizeof(C) == 1 ? "failures" : "wide failures");
}

struct maker {
	static locale::_Locimp *copy(const locale &l) { return locale::_Locimp::_New_Locimp(*l.p); }
	static void add(locale &l, locale::facet *f, size_t id)
	{
		locale::_Locimp::_Locimp_Addfac(l.p, f, id);
	}
};

static void
locales()
{
	memory<char> m;
	basic_iostream<char> o(&m);
	int v = 0;
	IS(locale().p == locale::classic().p && locale().p->n == 0);
	locale l(maker::copy(locale::classic()));
	maker::add(l, new punct, numpunct<char>::id);
	{
		locale old = o.imbue(l);
		IS(old.p == locale::classic().p && o.getloc().p == l.p && m.getloc().p == l.p);
	}
	o << 1234567 << -12 << 123 << 1000.5;
	IS(m.has("1.234.567-121231.000,5"));
	o.setf(alpha);
	o << true << false;
	IS(m.has("yesno"));
	m.begin("1.234.567;");
	o >> v;
	IS(v == 1234567);
	{
		locale before = locale::global(l);
		IS(before.p == locale::classic().p && locale().p == l.p);
		locale::global(before);
	}
	done("locales");
}

int
start()
{
	ios_base::Init init;
	integers<char>(), integers<wchar_t>();
	reals<char>(), reals<wchar_t>();
	characters<char>(), characters<wchar_t>();
	numbers<char>(), numbers<wchar_t>();
	reading<char>(), reading<wchar_t>();
	both<char>(), both<wchar_t>();
	buffers<char>(), buffers<wchar_t>();
	failures<char>(), failures<wchar_t>();
	states();
	locales();
	cout << 1 << count_base;
	cout.put(' ').flush();
	wcout << 2.5;
	wcout.put(L';').flush();
	say("\n");
	IS(cin.tie() == &cout && wcin.tie() == &wcout && cerr.tie() == &cout && cerr.flags() & unitbuf);
	IS(!wclog.tie() && !clog.tie() && wcerr.good());
	int v = 0, w = 0;
	cin >> v;
	wcin >> w;
	IS(v == 12 && w == 34 && !(cin >> v) && cin.eof());
	done("standard streams");
	ExitProcess(0);
	return 0;
}
