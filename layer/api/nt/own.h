/* own.h -- which code is ours.
 *
 * The linker's words for where our object begins and where its code ends: the static program,
 * or the library in somebody else's process.
 */
#ifndef LAYER_API_NT_OWN_H
#define LAYER_API_NT_OWN_H

#include <stdbool.h>
#include <stdint.h>

extern const char __ehdr_start[] __attribute__((visibility("hidden")));
extern const char etext[] __attribute__((visibility("hidden")));

static inline bool
own_code(const void *p)
{
	return (uintptr_t)p >= (uintptr_t)__ehdr_start && (uintptr_t)p < (uintptr_t)etext;
}

#endif
