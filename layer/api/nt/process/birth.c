/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/api/nt/process/birth.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "layer/api/cmd/shell.h"
#include "layer/api/nt/file/console.h"
#include "layer/api/nt/except/except.h"
#include "layer/api/nt/file/file.h"
#include "layer/api/nt/host.h"
#include "layer/api/nt/image/bind.h"
#include "layer/api/nt/image/image.h"
#include "layer/api/nt/image/image_cache.h"
#include "layer/api/nt/image/ldr.h"
#include "layer/api/nt/peb.h"
#include "layer/api/nt/object/post.h"
#include "layer/api/nt/process/process.h"
#include "layer/api/nt/sandbox.h"
#include "layer/api/nt/thread/thread.h"
#include "layer/api/nt/mem/vm.h"

enum { SMALL = 1 << 20 };

struct birth birth;

/* What the program's first thread does; lent for the process's life. */
static struct {
	void (*running)(void *ctx);
	void *ctx;
} first;

static void WINAPI
begin(void *unused)
{
	DWORD(WINAPI * entry)(struct PEB *);
	(void)unused;
	sandbox_thread();
	if (!birth.image) { /* our own program needs no modules */
		first.running(first.ctx);
		process_gate();
		birth_end(cmd_main(peb_block.ProcessParameters->CommandLine.Buffer));
	}
	ldr_thread_attach();
	NTSTATUS s = ldr_start();
	first.running(first.ctx);
	process_gate();
	if (s < 0)
		birth_end((uint32_t)s);
	memcpy(&entry, &ldr_main()->entry.EntryPoint, sizeof entry);
	birth_exit(entry(&peb_block));
}

static void
standard_handles(const struct birth *b)
{
	HANDLE std[3];
	struct RTL_USER_PROCESS_PARAMETERS *p = peb_block.ProcessParameters;
	if (b->std_given)
		for (int i = 0; i < 3; i++)
			std[i] = (HANDLE)(uintptr_t)b->std[i];
	else
		file_standard(std);
	p->CurrentDirectoryHandle = file_current();
	p->StandardInput = std[0];
	p->StandardOutput = std[1];
	p->StandardError = std[2];
}

int
birth_run(struct birth *b, void (*running)(void *ctx), void *ctx, struct err *e)
{
	struct pe pe = { .stack_reserve = 8 << 20 };
	uint32_t code = 0;

	birth = *b;
	first.running = running;
	first.ctx = ctx;
	if (process_begin(&birth, e) < 0)
		return -1;
	host_read(environ);
	image_cache(birth.cache);
	peb_build(&birth);
	except_start();
	if (process_inherit(&birth) < 0)
		return fail(e, EIO, "the handles of the parent cannot be taken over");
	thread_peb = &peb_block;
	thread_process_id = birth.process_id;
	standard_handles(&birth);
	if (birth.image && ldr_program(birth.image, &pe, e) < 0)
		return -1;
	vm_start();
	/* Who has sockets but was given no network talks to himself.  A small program that asks
	 * for none, and that neither loads nor starts what might, does not pay for one. */
	if (!birth.network && !birth.jailed && birth.image &&
	    (pe.size > SMALL || ldr_find_ascii("ws2_32.dll") || bind_leads_on(ldr_main(), &pe)))
		birth.network = sandbox_loopback();
	if (sandbox_enter(&birth, e) < 0)
		return -1;
	if (birth.jailed) /* there are others beside it */
		post_start();
	if (thread_first((void *)(uintptr_t)begin, NULL, pe.stack_reserve, &code) < 0)
		return fail(e, ENOMEM, "there is no memory for the first thread's stack");
	birth_end(code); /* its threads have ended, one by one */
}

/* A status of the host has eight bits.  What Windows calls an error of the program's is
 * what the host's shells call it: 128 and the signal; other large codes keep their low byte,
 * but never become success. */
static int
status_of(uint32_t code)
{
	switch (code) {
	case (uint32_t)STATUS_ACCESS_VIOLATION:
	case (uint32_t)STATUS_STACK_OVERFLOW:
	case (uint32_t)STATUS_IN_PAGE_ERROR: return 139;
	case (uint32_t)STATUS_ILLEGAL_INSTRUCTION:
	case (uint32_t)STATUS_PRIVILEGED_INSTRUCTION: return 132;
	case (uint32_t)STATUS_INTEGER_DIVIDE_BY_ZERO:
	case (uint32_t)STATUS_FLOAT_DIVIDE_BY_ZERO: return 136;
	case (uint32_t)STATUS_BREAKPOINT: return 133;
	case 0xc000013a: return 130; /* STATUS_CONTROL_C_EXIT */
	default:
		if (code >> 28 == 0xc) /* a status of severity error */
			return 134;
		return code & 0xff || code == 0 ? (int)(code & 0xff) : 1;
	}
}

void
birth_end(uint32_t code)
{
	console_end();
	process_end(code);
	_exit(status_of(code));
}

void
birth_exit(uint32_t code)
{
	ldr_process_detach();
	birth_end(code);
}
