/* console_key.h -- what a terminal sends for a key, as the key.
 *
 * The sequences are xterm's, which all terminals of today send; see "XTerm Control
 * Sequences", PC-style function keys.
 */
#ifndef LAYER_API_NT_FILE_CONSOLE_KEY_H
#define LAYER_API_NT_FILE_CONSOLE_KEY_H

#include "layer/api/nt/file/console.h"

/* The first key of n bytes: how many of them it is; 0: it is not whole.  plain: each character is
 * a key of its own (ENABLE_VIRTUAL_TERMINAL_INPUT). */
size_t console_key(const char *s, size_t n, bool plain, struct INPUT_RECORD *out);

#endif
