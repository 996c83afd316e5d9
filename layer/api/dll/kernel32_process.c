/* SPDX-License-Identifier: Apache-2.0 */
/* kernel32_process.c -- CreateProcess and what is given to it. */
#include "layer/api/dll/kernel32_process.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "layer/api/nt/image/image.h"
#include "layer/api/nt/process/job.h"
#include "layer/api/nt/text/nls.h"
#include "layer/api/nt/file/path.h"
#include "layer/api/nt/file/path_system.h"
#include "layer/api/nt/file/pseudo.h"

enum {
	ERROR_BAD_EXE_FORMAT = 193,
	ERROR_EXE_MACHINE_TYPE_MISMATCH = 216,
	ERROR_DIRECTORY = 267,
	STARTF_USESTDHANDLES = 0x100,
	CREATE_UNICODE_ENVIRONMENT = 0x400,
	EXTENDED_STARTUPINFO_PRESENT = 0x80000,
	PROCESS_ALL_ACCESS = 0x1fffff,
	THREAD_ALL_ACCESS = 0x1fffff,
};

/* -- attribute lists ------------------------------------------------------------------------- */

WINAPI BOOL
kernel32_InitializeProcThreadAttributeList(struct attribute_list *l, DWORD count, DWORD flags,
                                           SIZE_T *size)
{
	SIZE_T need = sizeof *l + count * sizeof l->item[0];

	if (flags || count > 64)
		return refuse(ERROR_INVALID_PARAMETER);
	if (!l || *size < need) {
		*size = need;
		return refuse(ERROR_INSUFFICIENT_BUFFER);
	}
	l->count = 0;
	l->most = count;
	return TRUE;
}

WINAPI BOOL
kernel32_UpdateProcThreadAttribute(struct attribute_list *l, DWORD flags, DWORD_PTR id, void *value,
                                   SIZE_T size, void *before, SIZE_T *before_size)
{
	(void)before_size;
	if (flags || before)
		return refuse(ERROR_INVALID_PARAMETER);
	for (DWORD i = 0; i < l->count; i++)
		if (l->item[i].id == id)
			return refuse(698); /* ERROR_OBJECT_NAME_EXISTS */
	if (l->count == l->most)
		return refuse(ERROR_BAD_LENGTH);
	if ((id == ATTRIBUTE_PARENT_PROCESS || id == ATTRIBUTE_HANDLE_LIST ||
	     id == ATTRIBUTE_JOB_LIST) &&
	    (!size || size % sizeof(HANDLE)))
		return refuse(ERROR_BAD_LENGTH);
	l->item[l->count++] = (struct attribute){ id, size, value };
	return TRUE;
}

/* Programs give it a list that they never made, too: Bazel's is NULL. */
WINAPI void
kernel32_DeleteProcThreadAttributeList(struct attribute_list *l)
{
	(void)l; /* it owns nothing */
}

static const struct attribute *
attribute(const struct STARTUPINFOEXW *s, DWORD flags, DWORD_PTR id)
{
	if (!(flags & EXTENDED_STARTUPINFO_PRESENT) || !s->lpAttributeList)
		return NULL;
	for (DWORD i = 0; i < s->lpAttributeList->count; i++)
		if (s->lpAttributeList->item[i].id == id)
			return &s->lpAttributeList->item[i];
	return NULL;
}

/* -- CreateProcess --------------------------------------------------------------------------- */

static bool
is_batch(const WCHAR *path)
{
	size_t n = nls_length(path);

	return n > 4 && (nls_equal(path + n - 4, u".bat") || nls_equal(path + n - 4, u".cmd"));
}

/* A batch file is cmd's: /c "line" with the line as it is. */
static WCHAR *
batch_line(const WCHAR *line)
{
	static const WCHAR before[] = PROCESS_CMD u" /c \"";
	size_t n = nls_length(before), m = nls_length(line);
	WCHAR *s = malloc((n + m + 2) * sizeof *s);

	if (!s)
		return NULL;
	memcpy(s, before, n * sizeof *s);
	memcpy(s + n, line, m * sizeof *s);
	s[n + m] = '"';
	s[n + m + 1] = 0;
	return s;
}

/* A program of System32 that is cmd's, too: its own full path, and the line's arguments. */
static WCHAR *
tool_line(const WCHAR *program, const WCHAR *line)
{
	bool quoted = false;

	while (*line == ' ' || *line == '\t')
		line++;
	for (; *line && (quoted || (*line != ' ' && *line != '\t')); line++)
		quoted ^= *line == '"';
	size_t n = nls_length(program), m = nls_length(line);
	WCHAR *s = malloc((n + m + 3) * sizeof *s);
	if (!s)
		return NULL;
	s[0] = s[n + 1] = '"';
	memcpy(s + 1, program, n * sizeof *s);
	memcpy(s + n + 2, line, (m + 1) * sizeof *s);
	return s;
}

/* Can it be run here?  What is wrong with a file is said now, not by the child. */
static DWORD
check(const WCHAR *program)
{
	char *host = NULL;
	WCHAR *device = NULL;
	struct pe pe = { 0 };
	struct err e = { 0 };
	NTSTATUS s = path_host(program, true, &host, &device);

	if (s < 0 || !host) {
		free(device);
		return s < 0 ? status_error(s) : ERROR_ACCESS_DENIED;
	}
	int fd = image_open(host, &pe, &e);
	free(host);
	free(device);
	if (fd >= 0) {
		close(fd);
		return pe.characteristics & PE_FILE_DLL ? ERROR_BAD_EXE_FORMAT : ERROR_SUCCESS;
	}
	if (e.code == EACCES)
		return ERROR_ACCESS_DENIED;
	return pe.machine && pe.machine != PE_AMD64 ? ERROR_EXE_MACHINE_TYPE_MISMATCH
	                                            : ERROR_BAD_EXE_FORMAT;
}

static DWORD
check_folder(const WCHAR *current)
{
	WCHAR *device = NULL;
	char *host = NULL;
	NTSTATUS s = path_host(current, true, &host, &device);
	bool fine = s >= 0 && host && access(host, X_OK) == 0;

	free(host);
	free(device);
	return fine ? ERROR_SUCCESS : ERROR_DIRECTORY;
}

/* A block of bytes as one of WCHARs. */
static WCHAR *
wide_block(const char *block)
{
	size_t n = 0;

	while (block[n] || block[n + 1])
		n++;
	n += 2;
	size_t units = nls_16_of_8(block, n, NULL, 0, NULL);
	WCHAR *w = calloc(units + 2, sizeof *w);
	if (w)
		nls_16_of_8(block, n, w, units, NULL);
	return w;
}

static BOOL
hand_over(struct process *p, struct process_thread *t, struct SECURITY_ATTRIBUTES *process,
          struct SECURITY_ATTRIBUTES *thread, struct PROCESS_INFORMATION *pi)
{
	pi->dwProcessId = p->id;
	pi->dwThreadId = t->id;
	pi->hProcess =
	        handle_new(&p->object, PROCESS_ALL_ACCESS, process && process->bInheritHandle);
	pi->hThread = handle_new(&t->object, THREAD_ALL_ACCESS, thread && thread->bInheritHandle);
	if (pi->hProcess && pi->hThread)
		return TRUE;
	if (pi->hProcess)
		handle_close(pi->hProcess);
	if (pi->hThread)
		handle_close(pi->hThread);
	return refuse(ERROR_NOT_ENOUGH_MEMORY);
}

static NTSTATUS
start(struct process_start *s, const struct STARTUPINFOEXW *info, DWORD flags, struct process **p,
      struct process_thread **t)
{
	const struct attribute *list = attribute(info, flags, ATTRIBUTE_HANDLE_LIST);
	const struct attribute *jobs = attribute(info, flags, ATTRIBUTE_JOB_LIST);
	const struct attribute *console = attribute(info, flags, ATTRIBUTE_PSEUDO_CONSOLE);
	const struct attribute *parent = attribute(info, flags, ATTRIBUTE_PARENT_PROCESS);
	struct object *job = NULL;
	HANDLE std[3] = { NULL, NULL, NULL };
	NTSTATUS status = STATUS_SUCCESS;
	struct object *of;

	if (list) {
		if (!s->inherit)
			return STATUS_INVALID_PARAMETER;
		s->list = list->value;
		s->nlist = list->size / sizeof(HANDLE);
	}
	/* what it inherits is still ours */
	if (parent && (status = handle_get(*(HANDLE *)parent->value, &process_class, &of)) >= 0) {
		s->parent_id = ((struct process *)of)->id;
		object_unref(of);
	}
	if (jobs && status >= 0)
		status = handle_get(*(HANDLE *)jobs->value, &job_class, &job);
	if (status < 0)
		return status;
	s->job = (struct job *)job;
	if (info->dwFlags & STARTF_USESTDHANDLES) {
		s->std_given = true;
		s->std[0] = info->hStdInput;
		s->std[1] = info->hStdOutput;
		s->std[2] = info->hStdError;
	}
	/* the value is the console itself, not where it stands */
	if (console) {
		s->pseudo = console->value;
		status = pseudo_attach(s->pseudo, &s->terminal, std);
		/* also for those that STARTF_USESTDHANDLES leaves out: node-pty gives none */
		for (int i = 0; i < 3; i++)
			if (!s->std_given || !s->std[i])
				s->std[i] = std[i];
		s->std_given = true;
	}
	s->title = info->lpTitle;
	s->start_flags = info->dwFlags;
	s->show = info->wShowWindow;
	s->reserved = info->lpReserved2;
	s->reserved_size = info->lpReserved2 ? info->cbReserved2 : 0;
	if (status >= 0)
		status = process_new(s, p, t);
	for (int i = 0; i < 3; i++)
		if (std[i])
			handle_close(std[i]);
	if (job)
		object_unref(job);
	return status;
}

WINAPI BOOL
kernel32_CreateProcessW(const WCHAR *application, WCHAR *line, struct SECURITY_ATTRIBUTES *process,
                        struct SECURITY_ATTRIBUTES *thread, BOOL inherit, DWORD flags,
                        void *environment, const WCHAR *current, struct STARTUPINFOEXW *info,
                        struct PROCESS_INFORMATION *pi)
{
	struct process_start s = { .inherit = inherit, .flags = flags, .current = current };
	struct process *p;
	struct process_thread *t;
	WCHAR *program = NULL, *batch = NULL, *block = NULL;

	if ((!application && !line) || !info || !pi)
		return refuse(ERROR_INVALID_PARAMETER);
	if (kernel32_process_childless())
		return refuse(ERROR_ACCESS_DENIED);
	DWORD error = kernel32_process_find(application, line, &program);
	if (!error && current)
		error = check_folder(current);
	s.command_line = line ? line : application;
	if (program && nls_equal(program, PROCESS_CMD)) { /* the file is there to be seen only */
		free(program);
		program = NULL;
	}
	/* so are the others', unless somebody has put a program in the place of one */
	bool tool = !error && program && path_system_tool(program) && check(program);
	if (!error && program && (tool || is_batch(program))) {
		s.command_line = batch =
		        tool ? tool_line(program, s.command_line) : batch_line(s.command_line);
		free(program);
		program = NULL;
		error = batch ? ERROR_SUCCESS : ERROR_NOT_ENOUGH_MEMORY;
	} else if (!error && program) {
		error = check(program);
	}
	if (!error && environment && !(flags & CREATE_UNICODE_ENVIRONMENT)) {
		environment = block = wide_block(environment);
		error = block ? ERROR_SUCCESS : ERROR_NOT_ENOUGH_MEMORY;
	}
	BOOL done = FALSE;
	if (error) {
		refuse(error);
	} else {
		s.image = program;
		s.environment = environment;
		done = succeed(start(&s, info, flags, &p, &t)) &&
		       hand_over(p, t, process, thread, pi);
	}
	free(block);
	free(batch);
	free(program);
	return done;
}

WINAPI BOOL
kernel32_CreateProcessA(const char *application, char *line, struct SECURITY_ATTRIBUTES *process,
                        struct SECURITY_ATTRIBUTES *thread, BOOL inherit, DWORD flags,
                        void *environment, const char *current, struct STARTUPINFOEXW *info,
                        struct PROCESS_INFORMATION *pi)
{
	if (!info)
		return refuse(ERROR_INVALID_PARAMETER);
	WCHAR *a = nls_wide_ansi(application), *l = nls_wide_ansi(line),
	      *c = nls_wide_ansi(current);
	struct STARTUPINFOEXW wide = { 0 };
	memcpy(&wide, info,
	       flags & EXTENDED_STARTUPINFO_PRESENT
	               ? sizeof wide
	               : offsetof(struct STARTUPINFOEXW, lpAttributeList));
	wide.lpTitle = nls_wide_ansi(info->lpTitle);
	wide.lpDesktop = NULL;
	BOOL done = kernel32_CreateProcessW(a, l, process, thread, inherit, flags, environment, c,
	                                    &wide, pi);
	free(wide.lpTitle);
	free(a);
	free(l);
	free(c);
	return done;
}

/* There is one user: a token of its own is as good as none. */
WINAPI BOOL
kernel32_CreateProcessAsUserW(HANDLE token, const WCHAR *application, WCHAR *line,
                              struct SECURITY_ATTRIBUTES *process,
                              struct SECURITY_ATTRIBUTES *thread, BOOL inherit, DWORD flags,
                              void *environment, const WCHAR *current, struct STARTUPINFOEXW *info,
                              struct PROCESS_INFORMATION *pi)
{
	(void)token;
	return kernel32_CreateProcessW(application, line, process, thread, inherit, flags,
	                               environment, current, info, pi);
}

WINAPI BOOL
kernel32_CreateProcessAsUserA(HANDLE token, const char *application, char *line,
                              struct SECURITY_ATTRIBUTES *process,
                              struct SECURITY_ATTRIBUTES *thread, BOOL inherit, DWORD flags,
                              void *environment, const char *current, struct STARTUPINFOEXW *info,
                              struct PROCESS_INFORMATION *pi)
{
	(void)token;
	return kernel32_CreateProcessA(application, line, process, thread, inherit, flags,
	                               environment, current, info, pi);
}

/* Above 31 it worked: the 16-bit days' way to say so. */
WINAPI UINT
kernel32_WinExec(const char *line, UINT show)
{
	struct STARTUPINFOEXW s = { .cb = 104, .dwFlags = 1, .wShowWindow = (WORD)show };
	struct PROCESS_INFORMATION pi;
	char *own = strdup(line);

	BOOL done = own &&
	            kernel32_CreateProcessA(NULL, own, NULL, NULL, FALSE, 0, NULL, NULL, &s, &pi);
	free(own);
	if (!done) {
		DWORD error = teb()->LastErrorValue;
		return error == ERROR_FILE_NOT_FOUND || error == ERROR_PATH_NOT_FOUND ? error
		       : error == ERROR_BAD_EXE_FORMAT                                ? 11
		                                                                      : 0;
	}
	handle_close(pi.hProcess);
	handle_close(pi.hThread);
	return 33;
}
