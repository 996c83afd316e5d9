/* shell.h -- cmd.exe, as the process that runs it sees it: one function.
 */
#ifndef LAYER_API_CMD_SHELL_H
#define LAYER_API_CMD_SHELL_H

#include "layer/api/nt/types.h"

/* Run on the process's first thread; its exit code. */
uint32_t cmd_main(const WCHAR *command_line);

#endif
