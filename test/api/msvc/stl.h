/* stl.h -- the classes of MSVCP140.dll as a program's compiler sees them: names and layouts only.
 *
 * What is declared here without a body is imported, under the name that the compiler makes of it.
 */
#ifndef TEST_API_MSVC_STL_H
#define TEST_API_MSVC_STL_H

typedef __SIZE_TYPE__ size_t;
#define DLL __declspec(dllimport)

void *operator new(size_t n);
void operator delete(void *p) noexcept;
inline void *operator new(size_t, void *p) noexcept { return p; }
void operator delete(void *p, size_t) noexcept;

struct _Mbstatet {
	unsigned long wchar;
	unsigned short byte, state;
};
struct tm {
	int sec, min, hour, mday, mon, year, wday, yday, isdst;
};
struct _iobuf;

struct maker; /* a test's: it may call what is private */

namespace std
{

typedef long long streamsize, streamoff;

class exception
{
public:
	virtual ~exception();
	virtual const char *what() const;

	const char *text;
	bool own;
};
class bad_alloc : public exception {};
class bad_function_call : public exception {};
class logic_error : public exception {};
class length_error : public logic_error {};
class out_of_range : public logic_error {};
class invalid_argument : public logic_error {};
class runtime_error : public exception {};
class overflow_error : public runtime_error {};
class error_category;
class _System_error : public runtime_error
{
public:
	int value;
	const error_category *category;
};
class system_error : public _System_error {};

class error_category
{
public:
	virtual ~error_category();
	virtual const char *name() const;

	size_t which;
};

/* A string, by hand: never longer than what it holds in itself. */
struct small_string {
	char s[16];
	size_t n, room;
};

class DLL _Facet_base
{
public:
	virtual ~_Facet_base();
	virtual void _Incref() = 0;
	virtual _Facet_base *_Decref() = 0;
};

class locale
{
public:
	class DLL id
	{
	public:
		operator size_t();
		size_t value;
	};
	class DLL facet : public _Facet_base
	{
	public:
		static size_t _Getcat(const facet **out, const locale *l);
		void _Incref() override;
		_Facet_base *_Decref() override;
		int refs;

	protected:
		explicit facet(size_t refs);
		~facet() override;
	};
	class DLL _Locimp : public facet
	{
		friend struct ::maker;
		static void _Locimp_Addfac(_Locimp *m, facet *f, size_t id);
		static _Locimp *_New_Locimp(const _Locimp &from);

	protected:
		~_Locimp() override;

	public:
		facet **facets;
		size_t n;
		int categories;
		bool transparent;
		char *name;
		char none;
	};
	DLL static const locale &classic();
	DLL static locale global(const locale &l);
	~locale()
	{
		if (p) {
			_Facet_base *last = p->_Decref();
			if (last)
				delete last;
		}
	}
	locale(const locale &from) : unused(0), p(from.p) { p->_Incref(); }
	explicit locale(_Locimp *m) : unused(0), p(m) {}
	locale() : unused(0), p(_Init(true)) {}

	void *unused;
	_Locimp *p;

private:
	DLL static _Locimp *_Init(bool count);
};

template <class State> class fpos
{
public:
	fpos(streamoff o) : offset(o), position(0), state() {}
	fpos(const fpos &f) : offset(f.offset), position(f.position), state(f.state) {}
	streamoff offset;
	long long position;
	State state;
};

template <class C> struct char_traits;
template <> struct char_traits<char> {
	typedef int int_type;
};
template <> struct char_traits<wchar_t> {
	typedef unsigned short int_type;
};

template <class C, class T = char_traits<C>> class basic_streambuf
{
public:
	typedef typename T::int_type INT;
	typedef fpos<_Mbstatet> pos;
	virtual ~basic_streambuf();
	virtual void _Lock();
	virtual void _Unlock();
	streamoff in_avail();
	INT sgetc();
	INT sbumpc();
	INT snextc();
	streamsize sgetn(C *to, streamsize n);
	INT sputbackc(C c);
	INT sungetc();
	INT sputc(C c);
	streamsize sputn(const C *from, streamsize n);
	pos pubseekoff(streamoff o, int way, int mode);
	pos pubseekpos(pos p, int mode);
	int pubsync();
	locale getloc() const;
	locale pubimbue(const locale &l);

protected:
	basic_streambuf();
	C *eback() const;
	C *gptr() const;
	C *egptr() const;
	C *pbase() const;
	C *pptr() const;
	C *epptr() const;
	void gbump(int n);
	void pbump(int n);
	void setg(C *first, C *next, C *last);
	void setp(C *first, C *last);
	void swap(basic_streambuf &other);
	C *_Gninc();
	C *_Gndec();
	C *_Pninc();
	streamsize _Gnavail() const;
	streamsize _Pnavail() const;

	virtual INT overflow(INT c);
	virtual INT pbackfail(INT c);
	virtual streamsize showmanyc();
	virtual INT underflow();
	virtual INT uflow();
	virtual streamsize xsgetn(C *to, streamsize n);
	virtual streamsize xsputn(const C *from, streamsize n);
	virtual pos seekoff(streamoff o, int way, int mode);
	virtual pos seekpos(pos p, int mode);
	virtual basic_streambuf *setbuf(C *p, streamsize n);
	virtual int sync();
	virtual void imbue(const locale &l);

private:
	C *pointers[8];
	int counts[2], *count[2];
	locale *l;
};

class DLL ios_base
{
public:
	class DLL Init
	{
	public:
		Init();
		~Init();
	};
	class failure : public system_error {};
	typedef void (*callback)(int event, ios_base &b, int index);
	operator bool() const;
	bool operator!() const;
	void clear(int state, bool again);
	void setstate(int state, bool again);
	int rdstate() const;
	bool good() const;
	bool eof() const;
	bool fail() const;
	bool bad() const;
	int exceptions() const;
	void exceptions(int mask);
	int flags() const;
	int flags(int f);
	int setf(int f);
	int setf(int f, int mask);
	void unsetf(int mask);
	streamsize precision() const;
	streamsize precision(streamsize n);
	streamsize width() const;
	streamsize width(streamsize n);
	locale getloc() const;
	locale imbue(const locale &l);
	static int xalloc();
	long &iword(int i);
	void *&pword(int i);
	ios_base &copyfmt(const ios_base &from);
	static bool sync_with_stdio(bool sync);
	virtual ~ios_base();

protected:
	ios_base();

private:
	size_t standard;
	int state, except, fmt;
	streamsize prec, wide;
	void *arrays, *calls;
	locale *l;
};

/* Four bytes before each virtual base, though only destructors are overridden. */
#pragma vtordisp(push, 2)
template <class C, class T> class basic_ostream;
template <class C, class T = char_traits<C>> class basic_ios : public ios_base
{
public:
	explicit basic_ios(basic_streambuf<C, T> *b);
	virtual ~basic_ios();
	void clear(int state, bool again);
	void setstate(int state, bool again);
	basic_ostream<C, T> *tie() const;
	basic_ostream<C, T> *tie(basic_ostream<C, T> *o);
	basic_streambuf<C, T> *rdbuf() const;
	basic_streambuf<C, T> *rdbuf(basic_streambuf<C, T> *b);
	basic_ios &copyfmt(const basic_ios &from);
	C fill() const;
	C fill(C c);
	locale imbue(const locale &l);
	C widen(char c) const;
	char narrow(C c, char other) const;

protected:
	basic_ios();
	void init(basic_streambuf<C, T> *b, bool standard);

private:
	basic_streambuf<C, T> *buffer;
	basic_ostream<C, T> *tied;
	C filler;
};

template <class C, class T = char_traits<C>> class basic_ostream : virtual public basic_ios<C, T>
{
public:
	typedef basic_ostream self;
	typedef fpos<_Mbstatet> pos;
	explicit basic_ostream(basic_streambuf<C, T> *b, bool standard);
	virtual ~basic_ostream();
	void _Osfx();
	self &operator<<(self &(*f)(self &));
	self &operator<<(ios_base &(*f)(ios_base &));
	self &operator<<(bool v);
	self &operator<<(short v);
	self &operator<<(unsigned short v);
	self &operator<<(int v);
	self &operator<<(unsigned v);
	self &operator<<(long v);
	self &operator<<(unsigned long v);
	self &operator<<(long long v);
	self &operator<<(unsigned long long v);
	self &operator<<(float v);
	self &operator<<(double v);
	self &operator<<(long double v);
	self &operator<<(const void *v);
	self &operator<<(basic_streambuf<C, T> *b);
	self &put(C c);
	self &write(const C *s, streamsize n);
	self &flush();
	self &seekp(pos p);
	self &seekp(streamoff o, int way);
	pos tellp();

protected:
	basic_ostream(basic_ostream &&other);
	void swap(basic_ostream &other);
};

template <class C, class T = char_traits<C>> class basic_istream : virtual public basic_ios<C, T>
{
public:
	typedef basic_istream self;
	typedef typename T::int_type INT;
	typedef fpos<_Mbstatet> pos;
	explicit basic_istream(basic_streambuf<C, T> *b, bool standard);
	virtual ~basic_istream();
	bool _Ipfx(bool raw);
	self &operator>>(self &(*f)(self &));
	self &operator>>(bool &v);
	self &operator>>(short &v);
	self &operator>>(unsigned short &v);
	self &operator>>(int &v);
	self &operator>>(unsigned &v);
	self &operator>>(long &v);
	self &operator>>(unsigned long &v);
	self &operator>>(long long &v);
	self &operator>>(unsigned long long &v);
	self &operator>>(float &v);
	self &operator>>(double &v);
	self &operator>>(long double &v);
	self &operator>>(void *&v);
	self &operator>>(basic_streambuf<C, T> *b);
	streamsize gcount() const;
	INT get();
	self &get(C &c);
	self &get(C *s, streamsize n);
	self &get(C *s, streamsize n, C end);
	self &getline(C *s, streamsize n);
	self &getline(C *s, streamsize n, C end);
	self &ignore(streamsize n, INT end);
	self &read(C *s, streamsize n);
	streamsize readsome(C *s, streamsize n);
	INT peek();
	self &putback(C c);
	self &unget();
	int sync();
	self &seekg(pos p);
	self &seekg(streamoff o, int way);
	pos tellg();

private:
	streamsize count;
};

template <class C, class T = char_traits<C>>
class basic_iostream : public basic_istream<C, T>, public basic_ostream<C, T>
{
public:
	explicit basic_iostream(basic_streambuf<C, T> *b);
	virtual ~basic_iostream();
};

#pragma vtordisp(pop)

#define BOTH(name) \
	extern template class DLL name<char, char_traits<char>>; \
	extern template class DLL name<wchar_t, char_traits<wchar_t>>;
BOTH(basic_streambuf)
BOTH(basic_ios)
BOTH(basic_ostream)
BOTH(basic_istream)
BOTH(basic_iostream)

extern DLL basic_ostream<char> cout, cerr, clog;
extern DLL basic_istream<char> cin;
extern DLL basic_ostream<wchar_t> wcout, wcerr, wclog;
extern DLL basic_istream<wchar_t> wcin;

template <class V> struct _Smanip {
	void (*f)(ios_base &, V);
	V v;
};
DLL _Smanip<long long> setw(long long n);
DLL _Smanip<long long> setprecision(long long n);
DLL _Smanip<int> setbase(int n);
DLL _Smanip<int> setiosflags(int n);
DLL _Smanip<int> resetiosflags(int n);

DLL void _Xlength_error(const char *what);
DLL void _Xout_of_range(const char *what);
DLL void _Xinvalid_argument(const char *what);
DLL void _Xruntime_error(const char *what);
DLL void _Xoverflow_error(const char *what);
DLL void _Xbad_alloc();
DLL void _Xbad_function_call();
DLL void _Throw_C_error(int value);
DLL void _Throw_Cpp_error(int code);
class error_code
{
public:
	int value;
	const error_category *category;
};
class future_error : public logic_error
{
public:
	error_code code;
};
DLL void _Throw_future_error(const error_code &code);
DLL const char *_Syserror_map(int value);
DLL int _Winerror_map(int value);
DLL bool uncaught_exception();
DLL int uncaught_exceptions();
DLL unsigned _Random_device();
DLL _iobuf *_Fiopen(const char *name, int mode, int share);

struct ctype_base : locale::facet {
protected:
	explicit ctype_base(size_t refs) : locale::facet(refs) {}
};

} // namespace std

DLL void __ExceptionPtrCreate(void *p);
DLL void __ExceptionPtrDestroy(void *p);
DLL void __ExceptionPtrCopy(void *p, const void *from);
DLL void __ExceptionPtrAssign(void *p, const void *from);
DLL bool __ExceptionPtrCompare(const void *a, const void *b);
DLL bool __ExceptionPtrToBool(const void *p);
DLL void __ExceptionPtrSwap(void *a, void *b);
DLL void __ExceptionPtrCurrentException(void *p);
DLL void __ExceptionPtrRethrow(const void *p);

#endif
