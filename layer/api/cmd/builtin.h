/* builtin.h -- the functions of builtin.def, each in the file of its kind.
 *
 * `args` is what follows the command's name, its first delimiter included.  The answer is
 * the exit code.
 */
#ifndef LAYER_API_CMD_BUILTIN_H
#define LAYER_API_CMD_BUILTIN_H

#include "layer/api/cmd/cmd.h"

#define BUILTIN(name, function, flags, brief) \
	int32_t builtin_##function(struct cmd *c, const WCHAR *args);
#define FALLBACK(name, ending, function, brief) BUILTIN(name, function, "", brief)
#include "layer/api/cmd/builtin.def"
#undef FALLBACK
#undef BUILTIN

#endif
