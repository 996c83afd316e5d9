/* msvcrt.h -- the old C run-time: where it is not ucrtbase.
 *
 * A program that starts with msvcrt's start-up functions is an old one: wrong parameters are
 * only errors to it, numbers are written with three digits of an exponent, and it reads the
 * run-time's variables directly.
 */
#ifndef LAYER_API_DLL_MSVCRT_H
#define LAYER_API_DLL_MSVCRT_H

#include "layer/api/dll/ucrtbase.h"

/* variables that programs import; some are ucrtbase's own */
extern int msvcrt_mb_cur_max;

#endif
