/* SPDX-License-Identifier: Apache-2.0 */
/* ucrtbase_late.c -- what of kernel32 is looked up by name when it is first needed.
 *
 * A C program may never start a thread or see a console; where such a function is not done the
 * C function fails as it would for a program on a smaller Windows.
 */
#include "layer/api/dll/dll.h"
#include "layer/api/dll/ucrtbase.h"
#include "layer/api/nt/image/ldr.h"

#include <stdatomic.h>

uintptr_t
ucrtbase_late_find(_Atomic uintptr_t *known, const char *name)
{
	uintptr_t f = atomic_load_explicit(known, memory_order_relaxed);
	if (f)
		return f;
	struct module *m = ldr_find_ascii("kernel32.dll");
	f = m ? (uintptr_t)ldr_symbol(m, name) : 0;
	if (!f)
		last_error(ERROR_CALL_NOT_IMPLEMENTED);
	atomic_store_explicit(known, f, memory_order_relaxed);
	return f;
}
