/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/api/dll/ntdll_process.h"

#include <stdatomic.h>
#include <string.h>
#include <sys/uio.h>
#include <time.h>

#include "layer/api/dll/dll.h"
#include "layer/api/nt/text/nls.h"
#include "layer/api/nt/object/shared.h"

void
ntdll_process_times(struct process *p, LONGLONG t[4])
{
	const struct shared_process *slot = p->slot;
	struct timespec used = { 0 };

	t[0] = (LONGLONG)slot->created;
	t[1] = (LONGLONG)slot->ended;
	t[2] = (LONGLONG)slot->cpu_kernel;
	t[3] = (LONGLONG)slot->cpu_user;
	/* While it runs the host tells only the sum: clock_getcpuclockid(3) */
	clockid_t clock = (clockid_t)(~(unsigned)atomic_load(&slot->pid) << 3 | 2);
	if (!atomic_load(&p->object.state) && clock_gettime(clock, &used) == 0)
		t[3] = (LONGLONG)used.tv_sec * 10000000 + used.tv_nsec / 100;
}

static NTSTATUS
answer(void *out, ULONG size, ULONG *need, const void *data, ULONG n)
{
	if (need)
		*need = n;
	if (size < n)
		return STATUS_INFO_LENGTH_MISMATCH;
	memcpy(out, data, n);
	return STATUS_SUCCESS;
}

static NTSTATUS
image_name(struct process *p, void *out, ULONG size, ULONG *need)
{
	struct UNICODE_STRING *u = out;
	WCHAR image[MAX_PATH];
	ULONG bytes = (ULONG)nls_length(shared_image(p->slot, image)) * 2,
	      all = (ULONG)sizeof *u + bytes + 2;

	if (need)
		*need = all;
	if (size < all)
		return STATUS_INFO_LENGTH_MISMATCH;
	u->Length = (USHORT)bytes;
	u->MaximumLength = (USHORT)(bytes + 2);
	u->Buffer = (WCHAR *)(u + 1);
	memcpy(u->Buffer, image, bytes + 2);
	return STATUS_SUCCESS;
}

/* What is in the memory of another process. */
static bool
look(const struct process *p, const void *at, void *to, size_t n)
{
	struct iovec local = { to, n }, remote = { (void *)at, n };

	return process_vm_readv(atomic_load(&p->slot->pid), &local, 1, &remote, 1, 0) == (ssize_t)n;
}

static NTSTATUS
command_line(const struct process *p, void *out, ULONG size, ULONG *need)
{
	const struct PEB *peb = (const struct PEB *)atomic_load(&p->slot->peb);
	const struct RTL_USER_PROCESS_PARAMETERS *at;
	struct UNICODE_STRING c, *u = out;

	if (!peb || !look(p, &peb->ProcessParameters, &at, sizeof at) || !at ||
	    !look(p, &at->CommandLine, &c, sizeof c))
		return STATUS_PROCESS_IS_TERMINATING;
	ULONG all = (ULONG)sizeof *u + c.Length + 2;
	if (need)
		*need = all;
	if (size < all)
		return STATUS_INFO_LENGTH_MISMATCH;
	u->Length = c.Length;
	u->MaximumLength = (USHORT)(c.Length + 2);
	u->Buffer = (WCHAR *)(u + 1);
	u->Buffer[c.Length / 2] = 0;
	return look(p, c.Buffer, u->Buffer, c.Length) ? STATUS_SUCCESS
	                                              : STATUS_PROCESS_IS_TERMINATING;
}

static NTSTATUS
query(struct process *p, ULONG class, void *out, ULONG size, ULONG *need)
{
	/* PROCESS_BASIC_INFORMATION */
	ULONG_PTR basic[6] = { process_code(p), atomic_load(&p->slot->peb), 1, 8, p->id,
		               p->slot->parent };
	LONGLONG t[4];

	switch (class) {
	case 0: return answer(out, size, need, basic, sizeof basic);
	case 4: ntdll_process_times(p, t); return answer(out, size, need, t, sizeof t);
	case 7:
	case 26: return answer(out, size, need, &(ULONG_PTR){ 0 }, 8); /* debug port, WOW64 */
	case 18: return answer(out, size, need, (BYTE[]){ 0, 2 }, 2);  /* priority class: normal */
	case 24:
		return answer(out, size, need,
		              &(ULONG){ teb()->ProcessEnvironmentBlock->SessionId }, 4);
	case 27:
	case 43: return image_name(p, out, size, need);
	case 60: return command_line(p, out, size, need);
	default: return STATUS_INVALID_INFO_CLASS;
	}
}

bool
ntdll_process_other(HANDLE h, ULONG class, void *out, ULONG size, ULONG *need, NTSTATUS *s)
{
	struct object *o;

	if (h == (HANDLE)-1)
		return false;
	*s = handle_get(h, &process_class, &o);
	if (*s < 0)
		return true;
	bool other = o != &process_self()->object;
	if (other)
		*s = query((struct process *)o, class, out, size, need);
	object_unref(o);
	return other;
}

/* NULL is the process without its caller: what is left of an end is NtTerminateProcess(-1). */
WINAPI NTSTATUS
ntdll_NtTerminateProcess(HANDLE h, NTSTATUS code)
{
	struct object *o;

	if (!h)
		return STATUS_SUCCESS;
	NTSTATUS s = handle_get(h, &process_class, &o);
	if (s < 0)
		return s;
	s = process_terminate((struct process *)o, (uint32_t)code);
	object_unref(o);
	return s;
}

WINAPI NTSTATUS
ntdll_NtOpenProcess(HANDLE *out, ACCESS_MASK access, const struct OBJECT_ATTRIBUTES *a,
                    const struct CLIENT_ID *id)
{
	struct process *p;

	if (!id)
		return STATUS_INVALID_PARAMETER_MIX;
	NTSTATUS s = process_open((uint32_t)(uintptr_t)id->UniqueProcess, &p);
	if (s < 0)
		return s;
	HANDLE h = handle_new(&p->object, access, a && a->Attributes & 2 /* OBJ_INHERIT */);
	*out = h;
	return h ? STATUS_SUCCESS : STATUS_NO_MEMORY;
}
