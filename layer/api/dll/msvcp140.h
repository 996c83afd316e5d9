/* msvcp140.h -- the C++ library's classes as compiled programs know them: layouts and calls.
 *
 * Objects are made by programs as well as by us, and programs look into them, so all layouts
 * are Visual C++ 2015's to 2022's.  A virtual base is found through the table at the object's
 * beginning (vbtable); in front of it stand four bytes which say how far it is from where it
 * would be in an object of the class itself (vtordisp).  A class that exists for bytes and for
 * wide characters is written once, in an .inc, with these words:
 *
 *	UNIT                what a string is made of
 *	C(name)             msvcp140_name or msvcp140_wname
 *	INT, END            a unit or the end, as traits have it
 *
 * Nothing here has relocations: tables of virtual functions are filled when a program loads
 * the DLL (msvcp140_start).
 */
#ifndef LAYER_API_DLL_MSVCP140_H
#define LAYER_API_DLL_MSVCP140_H

#include "layer/api/dll/dll.h"
#include "layer/api/nt/crt/crt.h"

/* -- exceptions: msvcp140_throw.c -------------------------------------------------------------- */

WINAPI _Noreturn void msvcp140_Xbad_alloc(void);
WINAPI _Noreturn void msvcp140_Xlength_error(const char *what);
WINAPI _Noreturn void msvcp140_Xout_of_range(const char *what);
WINAPI _Noreturn void msvcp140_Xruntime_error(const char *what);
_Noreturn void msvcp140_throw_bad_cast(void);
_Noreturn void msvcp140_throw_failure(const char *what);
_Noreturn void msvcp140_throw_again(void);      /* throw; */
void *msvcp140_new(size_t n);   /* never NULL: std::bad_alloc */

/* -- facets and locales: msvcp140_locale.c --------------------------------------------------------- */

typedef void msvcp140_function(void);

struct facet {
	msvcp140_function *const *table;        /* 0 delete, 1 _Incref, 2 _Decref, then its own */
	_Atomic int32_t refs;
};

struct yarn {           /* _Yarn<char> */
	char *s;
	char none;
};

struct locimp {
	struct facet facet;
	struct facet **facets;
	size_t n;
	int categories;
	bool transparent;
	struct yarn name;
};

struct locale {
	void *unused;
	struct locimp *imp;
};

struct locinfo {
	int lock;
	struct yarn days, months, wdays, wmonths, old, name;
};

_Static_assert(sizeof(struct locimp) == 56 && sizeof(struct locinfo) == 104, "xlocale");

/* fpos */
struct fpos {
	int64_t offset, position;
	struct crt_mbstate state;
};

enum { LOCALE_COLLATE = 1, LOCALE_CTYPE = 2, LOCALE_ALL = 0x3f };

/* A table of virtual functions, behind what says whose it is (msvcp140_rtti.inc). */
enum msvcp140_class {
	CLASS_FACET,
	CLASS_IOS_BASE,
	CLASS_STREAMBUF,
	CLASS_WSTREAMBUF,
	CLASS_IOS,
	CLASS_WIOS,
	CLASS_OSTREAM,
	CLASS_WOSTREAM,
	CLASS_ISTREAM,
	CLASS_WISTREAM,
	CLASS_IOSTREAM,
	CLASS_WIOSTREAM,
};
#define TABLE(name, slots) msvcp140_function *name[(slots) + 1]

msvcp140_function **msvcp140_table(msvcp140_function **table, enum msvcp140_class c);
void msvcp140_start(void);      /* the DLL is loaded */

WINAPI struct locimp *msvcp140_locale_Init(bool count);
void msvcp140_locale_take(struct locale *l, struct locimp *imp);        /* counts it */
void msvcp140_locale_drop(struct locale *l);
/* The locale's own facet of an id; NULL: it has none. */
struct facet *msvcp140_locale_own(const struct locale *l, size_t *id);
/* ... or the one that all locales share. */
struct facet *msvcp140_locale_facet(const struct locale *l, size_t *id,
                                    size_t(WINAPI *make)(struct facet **, const struct locale *));
size_t msvcp140_locale_id(size_t *id);
WINAPI struct facet *msvcp140_facet_ctor(struct facet *f, size_t refs);
WINAPI void msvcp140_facet_Incref(struct facet *f);
WINAPI struct facet *msvcp140_facet_Decref(struct facet *f);
void msvcp140_facet_delete(struct facet *f);    /* one count less, and the end with the last */
struct facet *msvcp140_facet_make(size_t size, msvcp140_function *const *table, size_t refs);
WINAPI void *msvcp140_facet_end(struct facet *f, unsigned flags); /* slot 0 of plain ones */

/* Its slots, the first three filled. */
static inline msvcp140_function **
msvcp140_facet_table(msvcp140_function **table, WINAPI void *(*end)(struct facet *, unsigned))
{
	table = msvcp140_table(table, CLASS_FACET);
	table[0] = (msvcp140_function *)end;
	table[1] = (msvcp140_function *)msvcp140_facet_Incref;
	table[2] = (msvcp140_function *)msvcp140_facet_Decref;
	return table;
}

/* A call of a virtual function. */
#define VIRTUAL(object, slot, type, ...) \
	((type)(*(msvcp140_function *const *const *)(const void *)(object))[slot])(__VA_ARGS__)

/* -- streams ------------------------------------------------------------------------------------------ */

enum { IOS_EOF = 1, IOS_FAIL = 2, IOS_BAD = 4, IOS_HARD = 0x10, IOS_STATES = 0x17 };

enum {
	IOS_SKIPWS = 1,
	IOS_UNITBUF = 2,
	IOS_UPPERCASE = 4,
	IOS_SHOWBASE = 8,
	IOS_SHOWPOINT = 0x10,
	IOS_SHOWPOS = 0x20,
	IOS_LEFT = 0x40,
	IOS_RIGHT = 0x80,
	IOS_INTERNAL = 0x100,
	IOS_DEC = 0x200,
	IOS_OCT = 0x400,
	IOS_HEX = 0x800,
	IOS_SCIENTIFIC = 0x1000,
	IOS_FIXED = 0x2000,
	IOS_BOOLALPHA = 0x4000,
	IOS_ADJUST = 0x1c0,
	IOS_BASE = 0xe00,
	IOS_FLOAT = 0x3000,
	IOS_FLAGS = 0xffff,
};

enum { IOS_IN = 1, IOS_OUT = 2 };       /* openmode */
enum { IOS_BEG, IOS_CUR, IOS_END };     /* seekdir */

struct ios_array {      /* what iword() and pword() give, by its index */
	struct ios_array *next;
	int index;
	int32_t word;
	void *pointer;
};

struct ios_base {
	msvcp140_function *const *table;
	size_t standard;        /* which of the standard streams; 0: none */
	int state, except, flags;
	int64_t precision, width;
	struct ios_array *arrays;
	struct ios_call *calls;
	struct locale *locale;  /* own */
};

struct ios {            /* basic_ios */
	struct ios_base base;
	struct streambuf *buffer;
	struct ostream *tie;
	WCHAR fill;     /* or a char */
};

_Static_assert(sizeof(struct ios_base) == 72 && sizeof(struct ios) == 96, "xiosbase");

struct streambuf {
	msvcp140_function *const *table;
	char *first_get, *first_put, **at_first_get, **at_first_put;
	char *next_get, *next_put, **at_next_get, **at_next_put;
	int get_count, put_count, *at_get_count, *at_put_count;
	struct locale *locale;  /* own */
};

_Static_assert(sizeof(struct streambuf) == 104, "streambuf");

enum {
	BUF_END,
	BUF_LOCK,
	BUF_UNLOCK,
	BUF_OVERFLOW,
	BUF_PBACKFAIL,
	BUF_SHOWMANYC,
	BUF_UNDERFLOW,
	BUF_UFLOW,
	BUF_XSGETN,
	BUF_XSPUTN,
	BUF_SEEKOFF,
	BUF_SEEKPOS,
	BUF_SETBUF,
	BUF_SYNC,
	BUF_IMBUE,
	BUF_SLOTS,
};

/* basic_ostream, basic_istream and basic_iostream: where their basic_ios is, in objects of
 * these very classes. */
struct ostream {
	const int32_t *bases;
};

struct istream {
	const int32_t *bases;
	int64_t count;
};

enum { OSTREAM_IOS = 16, ISTREAM_IOS = 24, IOSTREAM_OSTREAM = 16, IOSTREAM_IOS = 32 };

static inline struct ios *
msvcp140_ios_of(const void *stream)
{
	return (struct ios *)((char *)(uintptr_t)stream + (*(const int32_t *const *)stream)[1]);
}

struct ostreambuf_iterator {
	bool failed;
	struct streambuf *buffer;
};

struct istreambuf_iterator {
	struct streambuf *buffer;
	bool got;
	WCHAR unit;     /* or a char */
};

/* What a stream does between its beginning and its end.  An exception of the buffer or of a facet
 * is the stream's badbit, and goes on only where the program wants exceptions with that. */
struct ios_job {
	void *stream;
	struct ios *s;
	int state;              /* to be set at the end */
	const void *from;
	void *to;
	int64_t n;
	double d;
	int c;
};
void msvcp140_ios_base_run(void (*f)(void *job), struct ios_job *j);

WINAPI void msvcp140_ios_base_ctor(struct ios_base *b);
WINAPI void msvcp140_ios_base_Init(struct ios_base *b);
WINAPI void msvcp140_ios_base_Ios_base_dtor(struct ios_base *b);
WINAPI void msvcp140_ios_base_clear(struct ios_base *b, int state, bool again);
WINAPI void msvcp140_ios_base_Addstd(struct ios_base *b);
WINAPI struct ios_base *msvcp140_ios_base_copyfmt(struct ios_base *b, const struct ios_base *from);
WINAPI struct locale *msvcp140_ios_base_imbue(struct ios_base *b, struct locale *old, const struct locale *l);
WINAPI void msvcp140_ios_base_swap(struct ios_base *a, struct ios_base *b);


#endif
