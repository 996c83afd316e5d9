/* message.h -- the texts of system errors, and FormatMessage's language.
 *
 * The system's messages are message.def's, in English; a program's own come out of its
 * message table (ldr_resource).  What is in neither is ERROR_MR_MID_NOT_FOUND.
 */
#ifndef LAYER_API_NT_TEXT_MESSAGE_H
#define LAYER_API_NT_TEXT_MESSAGE_H

#include "layer/api/nt/types.h"

/* Without its line break; NULL: there is none. */
const WCHAR *message_system(DWORD id);

/* FormatMessage: units written without the final zero, or 0 with the last error. */
DWORD message_format(DWORD flags, const void *source, DWORD id, DWORD language, void *out, DWORD size,
                     __builtin_ms_va_list *args, bool wide);

#endif
