/* console.h -- a terminal of the host as a Windows console.
 *
 * Its input and output handles are descriptors of the terminal; modes are the terminal's own
 * (termios) as far as it has them.  What has no place there, code pages, the title, colours, is
 * kept here, once for the process.  A process without a terminal has no console.
 */
#ifndef LAYER_API_NT_CONSOLE_H
#define LAYER_API_NT_CONSOLE_H

#include "layer/api/nt/file.h"

extern const struct file_kind console_kind;

enum {
	CONSOLE_PROCESSED_INPUT = 1,
	CONSOLE_LINE_INPUT = 2,
	CONSOLE_ECHO_INPUT = 4,
	CONSOLE_VT_INPUT = 0x200,
	CONSOLE_VT_OUTPUT = 4,
};

#endif
