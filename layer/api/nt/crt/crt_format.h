/* crt_format.h -- the printf family: from a format and arguments to characters.
 *
 * One engine for narrow and wide output.  Arguments are the slots of 8 bytes that
 * Microsoft's x64 convention passes variable arguments in, so a va_list is an array.
 * Numbers are correctly rounded at any precision; the options are those of
 * corecrt_stdio_config.h, with which programs choose the old or the standard behaviour.
 */
#ifndef LAYER_API_NT_CRT_CRT_FORMAT_H
#define LAYER_API_NT_CRT_CRT_FORMAT_H

#include "layer/api/nt/crt/crt.h"

enum {
	CRT_FORMAT_LEGACY_TERMINATION = 1,      /* _vsnprintf: no zero when it does not fit */
	CRT_FORMAT_STANDARD_SNPRINTF = 2,       /* vsnprintf: the length that it would have */
	CRT_FORMAT_LEGACY_WIDE = 4,             /* %s is wide in wide functions */
	CRT_FORMAT_LEGACY_MSVCRT = 8,           /* 1.#INF */
	CRT_FORMAT_THREE_DIGITS = 0x10,         /* e+005 */
	CRT_FORMAT_STANDARD_ROUNDING = 0x20,    /* ties to even */
	/* of msvcrt.dll */
	CRT_FORMAT_MSVCRT = CRT_FORMAT_LEGACY_WIDE | CRT_FORMAT_LEGACY_MSVCRT | CRT_FORMAT_THREE_DIGITS,
	/* ours: arguments may be chosen by number (%1$d): the _p functions */
	CRT_FORMAT_POSITIONAL = 0x10000,
	/* ours: what the _s functions check */
	CRT_FORMAT_SECURE = 0x20000,
};

struct crt_out {
	bool wide;      /* units are WCHAR */
	/* n units; -1: no more can be written */
	int (*put)(struct crt_out *o, const void *p, size_t n);
};

extern bool crt_format_count_output;    /* %n is allowed */

/* Units written, or -1 (errno). */
int crt_format(struct crt_out *o, uint64_t options, const void *format,
               const struct crt_locale *l, const uint64_t *args);
/* A double as %e %f %g %a (capitals too) would have it, without sign and padding: the
 * length.  room is enough for it: crt_format_room(). */
int crt_format_double(char *out, size_t room, double v, char conversion, int precision, bool alternate,
                      uint64_t options);
size_t crt_format_room(double v, int precision);

#endif
