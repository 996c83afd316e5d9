/* ucrtbase_printf.h -- formatted output and input, for both run-times' many names.
 *
 * `wide` says what format and output are made of.  Arguments are the slots of a va_list.
 */
#ifndef LAYER_API_DLL_UCRTBASE_PRINTF_H
#define LAYER_API_DLL_UCRTBASE_PRINTF_H

#include "layer/api/dll/ucrtbase.h"
#include "layer/api/nt/crt/crt_format.h"
#include "layer/api/nt/crt/crt_scan.h"

int ucrtbase_printf_stream(uint64_t options, FILE_ *f, bool wide, const void *format,
                           const struct crt_locale_pointers *l, const uint64_t *args);
/* sprintf, _snprintf, snprintf: out NULL only counts. */
int ucrtbase_printf_buffer(uint64_t options, void *out, size_t room, bool wide, const void *format,
                           const struct crt_locale_pointers *l, const uint64_t *args);
int ucrtbase_printf_secure(uint64_t options, void *out, size_t room, bool wide, const void *format,
                           const struct crt_locale_pointers *l, const uint64_t *args);
int ucrtbase_printf_counted(uint64_t options, void *out, size_t room, size_t count, bool wide,
                            const void *format, const struct crt_locale_pointers *l,
                            const uint64_t *args);

int ucrtbase_scanf_stream(uint64_t options, FILE_ *f, bool wide, const void *format,
                          const struct crt_locale_pointers *l, const uint64_t *args);
/* n: how many units there are at most; the string may end before. */
int ucrtbase_scanf_buffer(uint64_t options, const void *s, size_t n, bool wide, const void *format,
                          const struct crt_locale_pointers *l, const uint64_t *args);

#endif
