/* SPDX-License-Identifier: Apache-2.0 */
/* msvcp140_file.c -- _Fiopen, by which basic_filebuf opens; and manipulators with a parameter. */
#include "layer/api/dll/msvcp140.h"

#include "layer/api/dll/ucrtbase.h"

enum {
	IN = 1,
	OUT = 2,
	ATE = 4,
	APP = 8,
	TRUNC = 0x10,
	BINARY = 0x20,
	NOCREATE = 0x40,
	NOREPLACE = 0x80,
};

/* [filebuf.members]: fopen()'s mode; NULL: none. */
static const WCHAR *
mode_of(int mode)
{
	bool binary = mode & BINARY;
	switch (mode & (IN | OUT | TRUNC | APP)) {
	case OUT:
	case OUT | TRUNC: return binary ? u"wb" : u"w";
	case APP:
	case OUT | APP: return binary ? u"ab" : u"a";
	case IN: return binary ? u"rb" : u"r";
	case IN | OUT: return binary ? u"r+b" : u"r+";
	case IN | OUT | TRUNC: return binary ? u"w+b" : u"w+";
	case IN | APP:
	case IN | OUT | APP: return binary ? u"a+b" : u"a+";
	default: return NULL;
	}
}

WINAPI FILE_ *
msvcp140_Fiopen_wide(const WCHAR *name, int mode, int share)
{
	if (mode & NOCREATE)
		mode |= IN;
	if (mode & APP)
		mode |= OUT;
	const WCHAR *m = mode_of(mode);
	if (!m)
		return NULL;
	if (mode & NOREPLACE && mode & OUT && kernel32_GetFileAttributesW(name) != (DWORD)-1)
		return NULL;
	FILE_ *f = ucrtbase_stream_open(name, m, share, NULL);
	if (!f || !(mode & ATE))
		return f;
	ucrtbase_stream_lock(f);
	int64_t at = ucrtbase_stream_seek(f, 0, 2);
	ucrtbase_stream_unlock(f);
	if (at >= 0)
		return f;
	ucrtbase_stream_close(f);
	return NULL;
}

WINAPI FILE_ *
msvcp140_Fiopen(const char *name, int mode, int share)
{
	WCHAR *wide = ucrtbase_path(name);
	FILE_ *f = wide ? msvcp140_Fiopen_wide(wide, mode, share) : NULL;
	crt_free(wide);
	return f;
}

/* -- <iomanip> ---------------------------------------------------------------------------------------- */

struct manipulator { /* _Smanip<int> or <streamsize> */
	WINAPI void (*f)(struct ios_base *, int64_t);
	int64_t argument;
};

WINAPI static void
reset(struct ios_base *b, int64_t flags)
{
	b->flags &= ~(int)flags;
}

WINAPI static void
set(struct ios_base *b, int64_t flags)
{
	b->flags |= (int)flags & IOS_FLAGS;
}

WINAPI static void
base(struct ios_base *b, int64_t n)
{
	int field = (int)n == 8 ? IOS_OCT : (int)n == 10 ? IOS_DEC : (int)n == 16 ? IOS_HEX : 0;
	b->flags = (b->flags & ~IOS_BASE) | field;
}

WINAPI static void
precision(struct ios_base *b, int64_t n)
{
	b->precision = n;
}

WINAPI static void
width(struct ios_base *b, int64_t n)
{
	b->width = n;
}

WINAPI struct manipulator *
msvcp140_resetiosflags(struct manipulator *out, int flags)
{
	*out = (struct manipulator){ reset, flags };
	return out;
}

WINAPI struct manipulator *
msvcp140_setiosflags(struct manipulator *out, int flags)
{
	*out = (struct manipulator){ set, flags };
	return out;
}

WINAPI struct manipulator *
msvcp140_setbase(struct manipulator *out, int n)
{
	*out = (struct manipulator){ base, n };
	return out;
}

WINAPI struct manipulator *
msvcp140_setprecision(struct manipulator *out, int64_t n)
{
	*out = (struct manipulator){ precision, n };
	return out;
}

WINAPI struct manipulator *
msvcp140_setw(struct manipulator *out, int64_t n)
{
	*out = (struct manipulator){ width, n };
	return out;
}

WINAPI int ucrtbase_rand_s(unsigned *out);

WINAPI unsigned
msvcp140_Random_device(void)
{
	unsigned n = 0;
	if (ucrtbase_rand_s(&n) != 0)
		msvcp140_Xout_of_range("invalid random_device value");
	return n;
}
