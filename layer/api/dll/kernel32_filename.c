/* SPDX-License-Identifier: Apache-2.0 */
/* Making, moving, copying and deleting files and folders by name. */
#include <stdlib.h>
#include <string.h>

#include "layer/api/dll/dll.h"
#include "layer/api/nt/file/file_fs.h"
#include "layer/api/nt/text/utf.h"

static NTSTATUS
erase(const WCHAR *name, bool folder)
{
	struct path p;
	NTSTATUS s = path_parse(name, &p);
	if (s < 0)
		return s;
	s = file_delete(&p, folder);
	path_free(&p);
	return s;
}

WINAPI BOOL
kernel32_DeleteFileW(const WCHAR *name)
{
	return succeed(erase(name, false));
}

WINAPI BOOL
kernel32_RemoveDirectoryW(const WCHAR *name)
{
	return succeed(erase(name, true));
}

WINAPI BOOL
kernel32_CreateDirectoryW(const WCHAR *name, struct SECURITY_ATTRIBUTES *sa)
{
	(void)sa;
	struct path p;
	NTSTATUS s = path_parse(name, &p);
	if (s < 0)
		return succeed(s);
	s = file_mkdir(&p);
	path_free(&p);
	return succeed(s);
}

WINAPI BOOL
kernel32_CreateDirectoryExW(const WCHAR *like, const WCHAR *name, struct SECURITY_ATTRIBUTES *sa)
{
	(void)like;
	return kernel32_CreateDirectoryW(name, sa);
}

/* Two names: parsed, used, freed. */
static NTSTATUS
both(const WCHAR *a, const WCHAR *b, NTSTATUS (*f)(struct path *, struct path *, void *), void *ctx)
{
	struct path p, q;
	NTSTATUS s = path_parse(a, &p);
	if (s < 0)
		return s;
	s = path_parse(b, &q);
	if (s >= 0) {
		s = f(&p, &q, ctx);
		path_free(&q);
	}
	path_free(&p);
	return s;
}

static NTSTATUS
move(struct path *from, struct path *to, void *flags)
{
	return file_move(from, to, *(DWORD *)flags, NULL);
}

WINAPI BOOL
kernel32_MoveFileExW(const WCHAR *from, const WCHAR *to, DWORD flags)
{
	DWORD f = (flags & 1 ? FILE_MOVE_REPLACE : 0) | (flags & 2 ? FILE_MOVE_COPY : 0);
	/* what waits for a reboot waits for ever: there is none */
	if (flags & 4)
		return refuse(ERROR_ACCESS_DENIED);
	return succeed(both(from, to, move, &f));
}

WINAPI BOOL
kernel32_MoveFileW(const WCHAR *from, const WCHAR *to)
{
	return kernel32_MoveFileExW(from, to, 2);
}

/* -- copying ----------------------------------------------------------------------------- */

typedef DWORD(WINAPI *progress_routine)(int64_t total, int64_t done, int64_t stream_total,
                                        int64_t stream_done, DWORD stream, DWORD reason,
                                        HANDLE from, HANDLE to, void *data);

struct copy {
	progress_routine routine;
	void *data;
	BOOL *cancel;
	DWORD flags;
	bool quiet, stopped;
};

static NTSTATUS
progress(void *ctx, uint64_t size, uint64_t done)
{
	struct copy *c = ctx;
	if (c->cancel && *(volatile BOOL *)c->cancel)
		return STATUS_CANCELLED;
	if (!c->routine || c->quiet)
		return STATUS_SUCCESS;
	DWORD r = c->routine((int64_t)size, (int64_t)done, (int64_t)size, (int64_t)done, 1,
	                     done ? 0 : 1, INVALID_HANDLE_VALUE, INVALID_HANDLE_VALUE, c->data);
	c->quiet = r == 3;
	return r == 1 || r == 2 ? STATUS_CANCELLED : STATUS_SUCCESS;
}

static NTSTATUS
copy(struct path *from, struct path *to, void *ctx)
{
	struct copy *c = ctx;
	return file_copy(from, to, c->flags & 1, c->flags & 0x800,
	                 c->routine || c->cancel ? progress : NULL, c);
}

static NTSTATUS
copy_file(const WCHAR *from, const WCHAR *to, struct copy *c)
{
	return both(from, to, copy, c);
}

/* ERROR_REQUEST_ABORTED is what a copy that was stopped says; and a name that is there, 80. */
static BOOL
copied(NTSTATUS s)
{
	if (s == STATUS_CANCELLED)
		return refuse(1235);
	return s == STATUS_OBJECT_NAME_COLLISION ? refuse(ERROR_FILE_EXISTS) : succeed(s);
}

WINAPI BOOL
kernel32_CopyFileExW(const WCHAR *from, const WCHAR *to, progress_routine routine, void *data,
                     BOOL *cancel, DWORD flags)
{
	return copied(
	        copy_file(from, to, &(struct copy){ routine, data, cancel, flags, false, false }));
}

WINAPI BOOL
kernel32_CopyFileW(const WCHAR *from, const WCHAR *to, BOOL fail)
{
	return copied(copy_file(from, to, &(struct copy){ .flags = fail ? 1 : 0 }));
}

struct COPYFILE2_EXTENDED_PARAMETERS {
	DWORD dwSize, dwCopyFlags;
	BOOL *pfCancel;
	void *pProgressRoutine, *pvCallbackContext;
};

WINAPI HRESULT
kernel32_CopyFile2(const WCHAR *from, const WCHAR *to, struct COPYFILE2_EXTENDED_PARAMETERS *x)
{
	struct copy c = { .flags = x ? x->dwCopyFlags : 0, .cancel = x ? x->pfCancel : NULL };
	if (copied(copy_file(from, to, &c)))
		return 0;
	DWORD e = teb()->LastErrorValue;
	return (HRESULT)(0x80070000u | (e & 0xffff));
}

WINAPI BOOL
kernel32_MoveFileWithProgressW(const WCHAR *from, const WCHAR *to, progress_routine routine,
                               void *data, DWORD flags)
{
	(void)routine, (void)data; /* it is called for parts of a copy, if it comes to one */
	return kernel32_MoveFileExW(from, to, flags);
}

static NTSTATUS
replace(struct path *replaced, struct path *replacement, void *backup)
{
	DWORD flags = FILE_MOVE_REPLACE;
	struct file_facts x;
	NTSTATUS s = file_facts_of(replaced, &x);
	if (s >= 0)
		s = file_facts_of(replacement, &x);
	if (s < 0)
		return s;
	if (backup) {
		struct path b;
		struct path copy_of = { .host = strdup(replaced->host), .root = replaced->root };
		s = copy_of.host ? path_parse(backup, &b) : STATUS_NO_MEMORY;
		if (s >= 0) {
			s = file_move(&copy_of, &b, flags, NULL);
			path_free(&b);
		}
		path_free(&copy_of);
		if (s < 0)
			return s;
	}
	return file_move(replacement, replaced, flags, NULL);
}

WINAPI BOOL
kernel32_ReplaceFileW(const WCHAR *replaced, const WCHAR *replacement, const WCHAR *backup,
                      DWORD flags, void *exclude, void *reserved)
{
	(void)flags, (void)exclude, (void)reserved;
	return succeed(both(replaced, replacement, replace, (void *)(uintptr_t)backup));
}

/* -- links ------------------------------------------------------------------------------- */

static NTSTATUS
hard(struct path *made, struct path *existing, void *ctx)
{
	(void)ctx;
	return file_link(made, existing, false);
}

WINAPI BOOL
kernel32_CreateHardLinkW(const WCHAR *made, const WCHAR *existing, struct SECURITY_ATTRIBUTES *sa)
{
	(void)sa;
	return succeed(both(made, existing, hard, NULL));
}

WINAPI BOOLEAN
kernel32_CreateSymbolicLinkW(const WCHAR *made, const WCHAR *to, DWORD flags)
{
	struct path p;
	if (flags & ~3u)
		return (BOOLEAN)refuse(ERROR_INVALID_PARAMETER);
	NTSTATUS s = path_parse(made, &p);
	if (s >= 0) {
		s = file_symlink(&p, to, false);
		path_free(&p);
	}
	return (BOOLEAN)succeed(s);
}

/* -- in the machine's code page ------------------------------------------------------------ */

static WCHAR *
wide(const char *s)
{
	return s ? utf_wide(s) : NULL;
}

WINAPI BOOL
kernel32_DeleteFileA(const char *name)
{
	WCHAR *w = wide(name);
	BOOL ok = kernel32_DeleteFileW(w);
	free(w);
	return ok;
}

WINAPI BOOL
kernel32_RemoveDirectoryA(const char *name)
{
	WCHAR *w = wide(name);
	BOOL ok = kernel32_RemoveDirectoryW(w);
	free(w);
	return ok;
}

WINAPI BOOL
kernel32_CreateDirectoryA(const char *name, struct SECURITY_ATTRIBUTES *sa)
{
	WCHAR *w = wide(name);
	BOOL ok = kernel32_CreateDirectoryW(w, sa);
	free(w);
	return ok;
}

WINAPI BOOL
kernel32_CreateDirectoryExA(const char *like, const char *name, struct SECURITY_ATTRIBUTES *sa)
{
	(void)like;
	return kernel32_CreateDirectoryA(name, sa);
}

WINAPI BOOL
kernel32_MoveFileExA(const char *from, const char *to, DWORD flags)
{
	WCHAR *v = wide(from), *w = wide(to);
	BOOL ok = kernel32_MoveFileExW(v, w, flags);
	free(v);
	free(w);
	return ok;
}

WINAPI BOOL
kernel32_MoveFileA(const char *from, const char *to)
{
	return kernel32_MoveFileExA(from, to, 2);
}

WINAPI BOOL
kernel32_MoveFileWithProgressA(const char *from, const char *to, progress_routine routine,
                               void *data, DWORD flags)
{
	(void)routine, (void)data;
	return kernel32_MoveFileExA(from, to, flags);
}

WINAPI BOOL
kernel32_CopyFileExA(const char *from, const char *to, progress_routine routine, void *data,
                     BOOL *cancel, DWORD flags)
{
	WCHAR *v = wide(from), *w = wide(to);
	BOOL ok = kernel32_CopyFileExW(v, w, routine, data, cancel, flags);
	free(v);
	free(w);
	return ok;
}

WINAPI BOOL
kernel32_CopyFileA(const char *from, const char *to, BOOL fail)
{
	return kernel32_CopyFileExA(from, to, NULL, NULL, NULL, fail ? 1 : 0);
}

WINAPI BOOL
kernel32_ReplaceFileA(const char *replaced, const char *replacement, const char *backup,
                      DWORD flags, void *exclude, void *reserved)
{
	WCHAR *u = wide(replaced), *v = wide(replacement), *w = wide(backup);
	BOOL ok = kernel32_ReplaceFileW(u, v, w, flags, exclude, reserved);
	free(u);
	free(v);
	free(w);
	return ok;
}

WINAPI BOOL
kernel32_CreateHardLinkA(const char *made, const char *existing, struct SECURITY_ATTRIBUTES *sa)
{
	WCHAR *v = wide(made), *w = wide(existing);
	BOOL ok = kernel32_CreateHardLinkW(v, w, sa);
	free(v);
	free(w);
	return ok;
}

WINAPI BOOLEAN
kernel32_CreateSymbolicLinkA(const char *made, const char *to, DWORD flags)
{
	WCHAR *v = wide(made), *w = wide(to);
	BOOLEAN ok = kernel32_CreateSymbolicLinkW(v, w, flags);
	free(v);
	free(w);
	return ok;
}
