/* own.h -- which code is ours.
 *
 * From our ELF header to the end of our code, as our own program headers have it: of the static
 * program, or of the library in somebody else's process.
 */
#ifndef LAYER_API_NT_OWN_H
#define LAYER_API_NT_OWN_H

#include <stdbool.h>
#include <stddef.h>

extern const char __ehdr_start[] __attribute__((visibility("hidden"))); /* the linker's */

size_t own_size(void);          /* from there to the end of the code */
bool own_code(const void *p);

#endif
