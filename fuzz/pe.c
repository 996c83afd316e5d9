/* SPDX-License-Identifier: Apache-2.0 */
/* Windows programs from anywhere: headers, the mapped image, relocations, imports, exports,
 * thread-local storage and resources.  Whatever a file says, nothing outside it is read. */
#define _GNU_SOURCE
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/err.h"
#include "layer/api/dll/table.h"
#include "layer/api/nt/image/bind.h"
#include "layer/api/nt/image/image.h"
#include "layer/api/nt/image/resource.h"

enum { MOST = 1 << 20, IMAGE = 64 << 20 };

static struct module ours;

static struct module *
load(const char *dll, struct module *by, struct err *e)
{
	(void)by;
	if (strlen(dll) % 5 == 0) {
		fail(e, 2, "not here");
		return NULL;
	}
	return &ours;
}

static bool
leaf(void *ctx, const WCHAR *name, size_t n, uint32_t next)
{
	volatile uint32_t *sum = ctx;
	for (size_t i = 0; i < n; i++)
		*sum += name[i];
	*sum += next;
	return true;
}

static void
use(struct module *m, const struct pe *pe)
{
	struct err e = { 0 };
	struct resource r;
	const char *forward;
	volatile uint32_t sum = 0;
	bind_imports(m, pe, load, &e);
	bind_leads_on(m, pe);
	bind_export(m, "CreateFileW", &forward);
	if (forward)
		sum += (uint32_t)strlen(forward);
	bind_export(m, (const char *)(uintptr_t)3, &forward);
	if (resource_root(m, &r))
		resource_each(&r, 0, leaf, (void *)&sum);
	const struct resource_data *d = resource_find(m, (const WCHAR *)(uintptr_t)16, u"#1", 0);
	if (d && d->size)
		sum += *(const uint8_t *)resource_bytes(m, d);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	static int fd = -1;
	struct err e = { 0 };
	struct pe pe;
	if (fd < 0)
		fd = memfd_create("pe", 0);
	ours = (struct module){ .name = "kernel32.dll", .builtin = true };
	if (n > MOST || pe_read(bytes, n < PE_MOST_HEADERS ? n : PE_MOST_HEADERS, n, &pe, &e) < 0) {
		if (n <= MOST && (!e.what[0] || !e.hint[0]))
			abort();
		return 0;
	}
	if (pe.size > IMAGE || ftruncate(fd, 0) < 0 || pwrite(fd, bytes, n, 0) != (ssize_t)n)
		return 0;
	char *base = image_map(fd, "fuzz", &pe, &e);
	if (!base)
		return 0;
	struct module m = { .name = "fuzz.exe" };
	m.entry.DllBase = (BYTE *)base;
	m.entry.SizeOfImage = pe.size;
	use(&m, &pe);
	if (image_protect(base, &pe, &e) < 0 && !e.what[0])
		abort();
	image_unmap(base, &pe);
	return 0;
}
