/* SPDX-License-Identifier: Apache-2.0 */
/* kernel32_barrier.c -- what run-times with collectors ask of the whole machine: that all processors
 * have seen what was written, and to be told when memory is scarce. */
#include <linux/membarrier.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "layer/api/dll/dll.h"
#include "layer/api/nt/host.h"
#include "layer/api/nt/object/object.h"
#include "layer/api/nt/object/wait.h"

WINAPI void
kernel32_FlushProcessWriteBuffers(void)
{
	static _Atomic bool registered;

	if (!atomic_load(&registered)) {
		syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0);
		atomic_store(&registered, true);
	}
	if (syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0) < 0)
		atomic_thread_fence(memory_order_seq_cst); /* a host without it: our own at least */
}

/* -- notifications of memory ------------------------------------------------------------ */

enum {
	LowMemoryResourceNotification = 0,
	HighMemoryResourceNotification = 1,
	LOW = 3, /* per cent that are free */
	HIGH = 10,
};

#define LOOK_AGAIN UINT64_C(1000000000)

struct notification {
	struct object object;
	int type; /* fixed */
};

static bool
is_so(const struct notification *n)
{
	struct host_memory m = host_memory();
	uint64_t free_part = m.total ? m.available * 100 / m.total : 100;

	return n->type == LowMemoryResourceNotification ? free_part < LOW : free_part > HIGH;
}

static void
destroy(struct object *o)
{
	free(o);
}

static bool
take(struct object *o, struct thread *t, NTSTATUS *status)
{
	(void)t;
	(void)status;
	return is_so((struct notification *)o);
}

/* Nobody tells when it changes: who waits looks every second. */
static uint64_t
due(struct object *o, bool watched)
{
	(void)watched;
	return is_so((struct notification *)o) ? 0 : wait_now() + LOOK_AGAIN;
}

static const struct object_class notification_class = {
	.name = "MemoryNotification",
	.destroy = destroy,
	.take = take,
	.due = due,
};

WINAPI HANDLE
kernel32_CreateMemoryResourceNotification(int type)
{
	struct notification *n;
	HANDLE h;

	if (type != LowMemoryResourceNotification && type != HighMemoryResourceNotification) {
		last_error(ERROR_INVALID_PARAMETER);
		return NULL;
	}
	n = calloc(1, sizeof *n);
	if (!n) {
		last_error(ERROR_NOT_ENOUGH_MEMORY);
		return NULL;
	}
	object_init(&n->object, &notification_class, 0);
	n->type = type;
	h = handle_new(&n->object, 0x1f0003, false);
	if (!h)
		last_error(ERROR_NOT_ENOUGH_MEMORY);
	return h;
}

WINAPI BOOL
kernel32_QueryMemoryResourceNotification(HANDLE h, BOOL *state)
{
	struct object *o;
	NTSTATUS s = handle_get(h, &notification_class, &o);

	if (s < 0)
		return succeed(s);
	*state = is_so((struct notification *)o);
	object_unref(o);
	return TRUE;
}
