/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/api/nt/own.h"

#include <elf.h>
#include <stdatomic.h>
#include <stdint.h>

size_t
own_size(void)
{
	static _Atomic size_t known;
	size_t n = atomic_load_explicit(&known, memory_order_relaxed);
	const Elf64_Ehdr *h = (const void *)__ehdr_start;
	const Elf64_Phdr *p = (const void *)(__ehdr_start + h->e_phoff);
	if (n)
		return n;
	/* addresses begin at 0 in what can be loaded anywhere */
	for (unsigned i = 0; i < h->e_phnum; i++)
		if (p[i].p_type == PT_LOAD && p[i].p_flags & PF_X &&
		    p[i].p_vaddr + p[i].p_memsz > n)
			n = p[i].p_vaddr + p[i].p_memsz;
	atomic_store_explicit(&known, n, memory_order_relaxed);
	return n;
}

bool
own_code(const void *p)
{
	return (uintptr_t)p - (uintptr_t)__ehdr_start < own_size();
}
