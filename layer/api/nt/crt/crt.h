/* crt.h -- what the C run-times share below their exports: thread data, errors, locales.
 *
 * ucrtbase, msvcrt and vcruntime140 are one run-time here: one heap, one table of
 * descriptors, one set of streams, whichever of the three a program calls.  Numbers of
 * errno are Windows', which are the host's up to ERANGE.  Characters are converted by a
 * locale's code page; page 0 is the "C" locale, where a byte is its own code point.
 */
#ifndef LAYER_API_NT_CRT_CRT_H
#define LAYER_API_NT_CRT_CRT_H

#include <errno.h>

#include "layer/api/nt/status.h"
#include "layer/api/nt/types.h"

/* errno.h of Windows, where the host's numbers are others. */
enum {
	CRT_EDEADLK = 36,
	CRT_ENAMETOOLONG = 38,
	CRT_ENOLCK = 39,
	CRT_ENOSYS = 40,
	CRT_ENOTEMPTY = 41,
	CRT_EILSEQ = 42,
	CRT_STRUNCATE = 80,
	CRT_EOVERFLOW = 132,
};

#define CRT_TRUNCATE ((size_t)-1)       /* _TRUNCATE */

enum { CRT_LC_ALL, CRT_LC_COLLATE, CRT_LC_CTYPE, CRT_LC_MONETARY, CRT_LC_NUMERIC, CRT_LC_TIME,
	CRT_LC_COUNT };

struct crt_lconv {
	const char *text[10];   /* decimal_point .. negative_sign */
	char number[8];
	const WCHAR *wide[8];   /* _W_decimal_point .. _W_negative_sign */
};

struct crt_locale {
	/* what compiled programs read: __crt_locale_data_public */
	const uint16_t *pctype;
	int mb_cur_max;
	unsigned codepage;
	/* ours */
	_Atomic int refs;
	WCHAR name[CRT_LC_COUNT][86];   /* u"C" or as setlocale() says it */
	WCHAR bcp[CRT_LC_COUNT][86];    /* "en-US"; empty: C */
	const uint8_t *lower, *upper;
	uint16_t own_ctype[257];
	uint8_t own_lower[256], own_upper[256];
};

/* _locale_t */
struct crt_locale_pointers {
	struct crt_locale *locinfo;
	void *mbcinfo;
};

/* struct tm of Windows. */
struct crt_tm {
	int sec, min, hour, mday, mon, year, wday, yday, isdst;
};

/* mbstate_t of ucrt */
struct crt_mbstate {
	uint32_t wchar;
	uint16_t byte, state;
};

typedef void(WINAPI *crt_invalid_handler)(const WCHAR *expression, const WCHAR *function,
                                          const WCHAR *file, unsigned line, uintptr_t reserved);

struct crt_thread {
	int error;
	DWORD dos_error;
	char *strtok;
	WCHAR *wcstok;
	unsigned char *mbstok;
	uint32_t rand;
	bool seeded;
	struct crt_locale *locale;      /* a count; NULL: the process' */
	int locale_mode;
	struct crt_mbstate states[6];
	struct crt_tm tm;
	char asctime[26], strerror[134], tmpnam[280], cvt[512];
	WCHAR wasctime[26], wstrerror[134], wtmpnam[280];
	crt_invalid_handler invalid;
	void *signals[3];       /* of SIGFPE, SIGILL, SIGSEGV */
	void *exception_pointers;
	int fpe_code;
	DWORD thread_id;
	HANDLE handle;          /* _beginthread: closed with the thread */
};

extern __thread struct crt_thread crt_thread;
extern bool crt_lenient;        /* the program is msvcrt's: invalid parameters are only errors */
extern struct crt_locale crt_locale_c;
extern struct crt_locale *_Atomic crt_locale_process;
extern crt_invalid_handler _Atomic crt_invalid_process;
/* What memory that is not there asks (_set_new_handler): not zero tries again; malloc() asks
 * only with the mode. */
typedef int(WINAPI *crt_new_handler)(size_t);
extern crt_new_handler _Atomic crt_new_process;
extern _Atomic int crt_new_mode;

/* errno = error, and the handler of invalid parameters is called; comes back with error when
 * that does. */
int crt_invalid(int error);
/* errno = error, quietly: -1. */
int crt_error(int error);
/* errno and _doserrno of a Win32 error: -1. */
int crt_dos_error(DWORD error);

static inline struct crt_locale *
crt_locale(void)
{
	return crt_thread.locale ? crt_thread.locale : crt_locale_process;
}

static inline struct crt_locale *
crt_locale_of(const struct crt_locale_pointers *p)
{
	return p && p->locinfo ? p->locinfo : crt_locale();
}

/* One character to a code point.  Bytes used (0 for the zero), -1: not valid, -2: more is
 * needed. */
int crt_decode(unsigned page, const char *s, size_t n, uint32_t *c);
/* A code point to at most 4 bytes: how many, or -1. */
int crt_encode(unsigned page, uint32_t c, char out[4]);
/* One code point out of UTF-16: units used (1 or 2); a lone surrogate is itself. */
static inline int
crt_decode16(const WCHAR *s, size_t n, uint32_t *c)
{
	*c = s[0];
	if ((s[0] & 0xfc00) == 0xd800 && n > 1 && (s[1] & 0xfc00) == 0xdc00) {
		*c = 0x10000 + ((s[0] & 0x3ffu) << 10) + (s[1] & 0x3ffu);
		return 2;
	}
	return 1;
}

static inline int
crt_encode16(uint32_t c, WCHAR out[2])
{
	if (c < 0x10000) {
		out[0] = (WCHAR)c;
		return 1;
	}
	out[0] = (WCHAR)(0xd800 + ((c - 0x10000) >> 10));
	out[1] = (WCHAR)(0xdc00 + ((c - 0x10000) & 0x3ff));
	return 2;
}

/* Whole strings, for names and environment: to be freed with crt_free; what cannot be
 * converted becomes U+FFFD or a question mark.  NULL: no memory. */
WCHAR *crt_wide(unsigned page, const char *s);
char *crt_narrow(unsigned page, const WCHAR *s);
unsigned crt_acp(void);         /* of names of files and arguments */

/* Characters of UTF-16 (crt_ctype.c).  Kinds are those of GetStringType and ctype.h. */
enum {
	CRT_UPPER = 1,
	CRT_LOWER = 2,
	CRT_DIGIT = 4,
	CRT_SPACE = 8,
	CRT_PUNCT = 0x10,
	CRT_CONTROL = 0x20,
	CRT_BLANK = 0x40,
	CRT_HEX = 0x80,
	CRT_ALPHA = 0x103,
	CRT_LEADBYTE = 0x8000,
};
extern const uint16_t crt_ctype_c[257]; /* [0] is of EOF */
uint16_t crt_ctype_wide(WCHAR c);
WCHAR crt_ctype_lower(WCHAR c);
WCHAR crt_ctype_upper(WCHAR c);

/* UTF-16 strings */
size_t crt_wcslen(const WCHAR *s);
size_t crt_wcsnlen(const WCHAR *s, size_t n);

/* The heap (ucrtbase_heap.c): what malloc() gives. */
void *crt_alloc(size_t n);
void *crt_zalloc(size_t n);
void *crt_realloc(void *p, size_t n);
void crt_free(void *p);

#endif
