/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/api/nt/peb.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "layer/api/nt/host.h"
#include "layer/api/nt/mem/heap.h"
#include "layer/api/nt/text/nls.h"
#include "layer/api/nt/file/path.h"
#include "layer/api/nt/process/process.h"

struct PEB peb_block __attribute__((aligned(4096)));
struct PEB_LDR_DATA peb_ldr;
static struct RTL_USER_PROCESS_PARAMETERS parameters;

void
peb_string(struct UNICODE_STRING *u, WCHAR *s)
{
	size_t n = 0;
	while (s && s[n] && n < 32766)
		n++;
	u->Buffer = s;
	u->Length = (USHORT)(n * 2);
	u->MaximumLength = (USHORT)(n * 2 + 2);
}

static void
put(struct buf *b, const WCHAR *s, size_t n)
{
	buf_put(b, s, n * sizeof *s);
}

/* One argument as CommandLineToArgvW takes it apart: quotes where there are spaces, and a
 * backslash more for each one before a quote. */
static void
quote(struct buf *b, const WCHAR *s, size_t n, bool first)
{
	bool plain = n > 0;
	for (size_t i = 0; i < n; i++)
		if (s[i] == ' ' || s[i] == '\t' || s[i] == '\n' || s[i] == '\v' || s[i] == '"')
			plain = false;
	if (plain || first) {
		if (!plain)
			put(b, u"\"", 1);
		put(b, s, n);
		if (!plain)
			put(b, u"\"", 1);
		return;
	}
	put(b, u"\"", 1);
	for (size_t i = 0; i < n;) {
		size_t slashes = 0;
		while (i < n && s[i] == '\\')
			slashes++, i++;
		bool end = i == n, mark = !end && s[i] == '"';
		for (size_t k = 0; k < (end || mark ? 2 * slashes : slashes) + mark; k++)
			put(b, u"\\", 1);
		if (!end)
			put(b, &s[i++], 1);
	}
	put(b, u"\"", 1);
}

static WCHAR *
command_line(const struct birth *b, const WCHAR *image)
{
	struct buf out = { 0 };
	quote(&out, image, nls_length(image), true);
	for (char **a = b->args; a && a[0] && a[1]; a++) {
		WCHAR *w = nls_wide(a[1]);
		put(&out, u" ", 1);
		quote(&out, w, nls_length(w), false);
		free(w);
	}
	put(&out, u"", 1);
	return (WCHAR *)(void *)out.p;
}

static int
compare(const void *a, const void *b)
{
	const WCHAR *x = *(WCHAR *const *)a, *y = *(WCHAR *const *)b;
	for (;; x++, y++) {
		WCHAR c = *x >= 'a' && *x <= 'z' ? *x - 32 : *x,
		      d = *y >= 'a' && *y <= 'z' ? *y - 32 : *y;
		if (c == '=')
			c = 0;
		if (d == '=')
			d = 0;
		if (c != d || !c)
			return (int)c - (int)d;
	}
}

/* Sorted by name without case, as Windows keeps it. */
static WCHAR *
environment(const struct birth *b, size_t *size)
{
	struct buf out = { 0 };
	size_t n = 0;
	while (b->env && b->env[n])
		n++;
	WCHAR **list = xcalloc(n + 1, sizeof *list);
	for (size_t i = 0; i < n; i++)
		list[i] = nls_wide(b->env[i]);
	qsort(list, n, sizeof *list, compare);
	for (size_t i = 0; i < n; i++) {
		put(&out, list[i], nls_length(list[i]) + 1);
		free(list[i]);
	}
	free(list);
	put(&out, u"\0", 2);
	*size = out.n;
	return (WCHAR *)(void *)out.p;
}

static void
list_init(struct LIST_ENTRY *l)
{
	l->Flink = l->Blink = l;
}

void
peb_build(const struct birth *b)
{
	struct RTL_USER_PROCESS_PARAMETERS *p = &parameters;
	WCHAR *image = b->image ? path_windows(b->image) : nls_dup(PROCESS_CMD);
	size_t n = 0;

	list_init(&peb_ldr.InLoadOrderModuleList);
	list_init(&peb_ldr.InMemoryOrderModuleList);
	list_init(&peb_ldr.InInitializationOrderModuleList);
	peb_ldr.Length = sizeof peb_ldr;
	p->MaximumLength = p->Length = sizeof *p;
	p->Flags = 1; /* RTL_USER_PROCESS_PARAMETERS_NORMALIZED */
	peb_string(&p->ImagePathName, image);
	peb_string(&p->CommandLine, b->command_line ? b->command_line : command_line(b, image));
	peb_string(&p->CurrentDirectory, path_current());
	peb_string(&p->WindowTitle, b->title ? b->title : image);
	p->WindowFlags = b->start_flags;
	p->ShowWindowFlags = b->show_window;
	p->RuntimeData = (struct UNICODE_STRING){ (USHORT)b->reserved_size,
		                                  (USHORT)b->reserved_size, b->reserved };
	peb_string(&p->DllPath, NULL);
	if (b->environment) {
		p->Environment = b->environment;
		while (b->environment[n] || b->environment[n + 1])
			n++;
		p->EnvironmentSize = (n + 2) * sizeof(WCHAR);
	} else {
		p->Environment = environment(b, &p->EnvironmentSize);
	}
	peb_block.Ldr = &peb_ldr;
	peb_block.ProcessHeap = heap_process();
	peb_block.ProcessParameters = p;
	peb_block.NumberOfProcessors = host_processors();
	/* Windows 10 22H2 */
	peb_block.OSMajorVersion = 10;
	peb_block.OSBuildNumber = 19045;
	peb_block.OSPlatformId = 2;
	peb_block.SessionId = 1;
	peb_block.ActiveProcessAffinityMask = peb_block.NumberOfProcessors < 64
	                                              ? (1ULL << peb_block.NumberOfProcessors) - 1
	                                              : ~0ULL;
	peb_block.HeapSegmentReserve = 0x100000;
	peb_block.HeapSegmentCommit = 0x2000;
}
