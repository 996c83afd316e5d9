/* SPDX-License-Identifier: Apache-2.0 */
/* kernel32_job.c -- job objects. */
#include <stdlib.h>

#include "layer/api/dll/kernel32_process.h"
#include "layer/api/nt/process/job.h"
#include "layer/api/nt/text/nls.h"

enum { JOB_ALL_ACCESS = 0x1f003f };

WINAPI HANDLE
kernel32_CreateJobObjectW(struct SECURITY_ATTRIBUTES *sa, const WCHAR *name)
{
	struct object *o;
	NTSTATUS s = job_new(name, &o);

	if (!succeed(s))
		return NULL;
	last_error(s == STATUS_OBJECT_NAME_EXISTS ? ERROR_ALREADY_EXISTS : ERROR_SUCCESS);
	return handle_new(o, JOB_ALL_ACCESS, sa && sa->bInheritHandle);
}

WINAPI HANDLE
kernel32_CreateJobObjectA(struct SECURITY_ATTRIBUTES *sa, const char *name)
{
	WCHAR *w = nls_wide_ansi(name);
	HANDLE h = kernel32_CreateJobObjectW(sa, w);

	free(w);
	return h;
}

WINAPI HANDLE
kernel32_OpenJobObjectW(DWORD access, BOOL inherit, const WCHAR *name)
{
	struct object *o;

	return succeed(job_open(name, &o)) ? handle_new(o, access, inherit) : NULL;
}

WINAPI HANDLE
kernel32_OpenJobObjectA(DWORD access, BOOL inherit, const char *name)
{
	WCHAR *w = nls_wide_ansi(name);
	HANDLE h = kernel32_OpenJobObjectW(access, inherit, w);

	free(w);
	return h;
}

static NTSTATUS
both(HANDLE job, HANDLE process, struct job **j, struct process **p)
{
	struct object *o = NULL;
	NTSTATUS s = job ? handle_get(job, &job_class, &o) : STATUS_SUCCESS;

	*j = (struct job *)o;
	*p = NULL;
	if (s < 0 || !process)
		return s;
	s = handle_get(process, &process_class, &o);
	if (s < 0) {
		if (*j)
			object_unref(job_object(*j));
		return s;
	}
	*p = (struct process *)o;
	return s;
}

static void
release(struct job *j, struct process *p)
{
	if (j)
		object_unref(job_object(j));
	if (p)
		object_unref(&p->object);
}

WINAPI BOOL
kernel32_AssignProcessToJobObject(HANDLE job, HANDLE process)
{
	struct job *j;
	struct process *p;
	NTSTATUS s = job && process ? both(job, process, &j, &p) : STATUS_INVALID_HANDLE;

	if (s < 0)
		return succeed(s);
	s = job_assign(j, p);
	release(j, p);
	return succeed(s);
}

WINAPI BOOL
kernel32_IsProcessInJob(HANDLE process, HANDLE job, BOOL *result)
{
	struct job *j;
	struct process *p;
	NTSTATUS s = process ? both(job, process, &j, &p) : STATUS_INVALID_HANDLE;

	if (s < 0)
		return succeed(s);
	*result = job_has(j, p->slot);
	release(j, p);
	return TRUE;
}

WINAPI BOOL
kernel32_TerminateJobObject(HANDLE job, UINT code)
{
	struct job *j;
	struct process *p;
	NTSTATUS s = job ? both(job, NULL, &j, &p) : STATUS_INVALID_HANDLE;

	if (s < 0)
		return succeed(s);
	s = job_terminate(j, code);
	release(j, NULL);
	return succeed(s);
}

WINAPI BOOL
kernel32_SetInformationJobObject(HANDLE job, int class, void *data, DWORD n)
{
	struct job *j;
	struct process *p;
	NTSTATUS s = job ? both(job, NULL, &j, &p) : STATUS_INVALID_HANDLE;

	if (s < 0)
		return succeed(s);
	s = job_set(j, class, data, n);
	release(j, NULL);
	return succeed(s);
}

WINAPI BOOL
kernel32_QueryInformationJobObject(HANDLE job, int class, void *out, DWORD n, DWORD *done)
{
	struct job *j;
	struct process *p;
	ULONG size = 0;
	NTSTATUS s = both(job, NULL, &j, &p);

	if (s < 0)
		return succeed(s);
	s = job_query(j, class, out, n, &size);
	release(j, NULL);
	if (done)
		*done = size;
	if (s == STATUS_BUFFER_OVERFLOW)
		return refuse(ERROR_MORE_DATA);
	return succeed(s);
}
