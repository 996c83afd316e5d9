/* SPDX-License-Identifier: Apache-2.0 */
/* rstrtmgr.c -- the restart manager: sessions, what is registered in them, and lists of the
 * processes that use it.  No program here is restarted: none can register for that. */
#include "layer/api/dll/rstrtmgr.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "layer/api/nt/file/path.h"
#include "layer/api/nt/host.h"
#include "layer/api/nt/object/shared.h"
#include "layer/api/nt/process/process.h"
#include "layer/api/nt/text/nls.h"
#include "layer/api/nt/thread/steady.h"

enum { SESSIONS = 64 };
enum { CONSOLE = 5, STATUS_RUNNING = 1 }; /* RmConsole, RmStatusRunning */
enum { FORCE = 1 };                       /* RmForceShutdown */

struct RM_PROCESS_INFO {
	struct RM_UNIQUE_PROCESS Process;
	WCHAR strAppName[256], strServiceShortName[64];
	int ApplicationType;
	ULONG AppStatus;
	DWORD TSSessionId;
	BOOL bRestartable;
};

static _Atomic uint32_t lock; /* steady.h's */
static struct rm_session *sessions[SESSIONS];

struct rm_session *
rstrtmgr_take(DWORD handle)
{
	steady_lock(&lock);
	struct rm_session *s = handle < SESSIONS ? sessions[handle] : NULL;
	if (!s)
		steady_unlock(&lock);
	return s;
}

void
rstrtmgr_give(void)
{
	steady_unlock(&lock);
}

static void
name_session(WCHAR key[RM_KEY + 1])
{
	uint8_t bytes[RM_KEY / 2];

	host_random(bytes, sizeof bytes);
	for (size_t i = 0; i < RM_KEY; i++)
		key[i] = (WCHAR)u"0123456789abcdef"[bytes[i / 2] >> (i % 2 ? 0 : 4) & 15];
	key[RM_KEY] = 0;
}

WINAPI DWORD
rstrtmgr_RmStartSession(DWORD *handle, DWORD flags, WCHAR *key)
{
	DWORD i = 0;

	if (!handle || !key || flags)
		return ERROR_BAD_ARGUMENTS;
	struct rm_session *s = calloc(1, sizeof *s);
	if (!s)
		return ERROR_NOT_ENOUGH_MEMORY;
	name_session(s->key);
	steady_lock(&lock);
	while (i < SESSIONS && sessions[i])
		i++;
	if (i < SESSIONS) {
		sessions[i] = s;
		memcpy(key, s->key, sizeof s->key);
		*handle = i;
	}
	steady_unlock(&lock);
	if (i < SESSIONS)
		return ERROR_SUCCESS;
	free(s);
	return ERROR_MAX_SESSIONS_REACHED;
}

WINAPI DWORD
rstrtmgr_RmJoinSession(DWORD *handle, const WCHAR *key)
{
	DWORD rc = ERROR_INVALID_HANDLE;

	if (!handle || !key)
		return ERROR_BAD_ARGUMENTS;
	steady_lock(&lock);
	for (DWORD i = 0; i < SESSIONS; i++)
		if (sessions[i] && nls_equal(sessions[i]->key, key)) {
			*handle = i;
			rc = ERROR_SUCCESS;
		}
	steady_unlock(&lock);
	return rc;
}

WINAPI DWORD
rstrtmgr_RmEndSession(DWORD handle)
{
	struct rm_session *s = rstrtmgr_take(handle);

	if (!s)
		return ERROR_INVALID_HANDLE;
	sessions[handle] = NULL;
	rstrtmgr_give();
	for (size_t i = 0; i < s->nfile; i++)
		free(s->file[i]);
	for (size_t i = 0; i < s->nfilter; i++)
		rstrtmgr_filter_free(&s->filter[i]);
	free(s);
	return ERROR_SUCCESS;
}

/* Services are none of this machine's, and hold nothing. */
WINAPI DWORD
rstrtmgr_RmRegisterResources(DWORD handle, UINT nfile, const WCHAR **files, UINT nprocess,
                             const struct RM_UNIQUE_PROCESS *processes, UINT nservice,
                             const WCHAR **services)
{
	DWORD rc = ERROR_SUCCESS;

	if ((nfile && !files) || (nprocess && !processes) || (nservice && !services))
		return ERROR_BAD_ARGUMENTS;
	struct rm_session *s = rstrtmgr_take(handle);
	if (!s)
		return ERROR_INVALID_HANDLE;
	if (nfile > RM_FILES - s->nfile || nprocess > RM_PROCESSES - s->nprocess)
		rc = ERROR_NOT_ENOUGH_MEMORY;
	for (UINT i = 0; rc == ERROR_SUCCESS && i < nfile; i++) {
		NTSTATUS status = path_full(files[i], &s->file[s->nfile]);
		rc = status < 0 ? status_error(status) : ERROR_SUCCESS;
		s->nfile += status >= 0;
	}
	for (UINT i = 0; rc == ERROR_SUCCESS && i < nprocess; i++)
		s->process[s->nprocess++] = processes[i];
	rstrtmgr_give();
	return rc;
}

static void
copy(WCHAR *to, size_t room, const WCHAR *from)
{
	size_t n = nls_length(from);

	n = n < room ? n : room - 1;
	memcpy(to, from, n * sizeof *to);
	to[n] = 0;
}

static void
describe(uint32_t index, struct RM_PROCESS_INFO *info)
{
	WCHAR room[MAX_PATH];
	const WCHAR *path = rstrtmgr_program(index, room), *name = path;

	for (; *path; path++)
		if (*path == '\\')
			name = path + 1;
	memset(info, 0, sizeof *info);
	info->Process = rstrtmgr_unique(index);
	copy(info->strAppName, sizeof info->strAppName / sizeof(WCHAR), name);
	info->ApplicationType = CONSOLE;
	info->AppStatus = STATUS_RUNNING;
	info->TSSessionId = 1;
}

/* spare: without those that a filter wants left alone. */
static DWORD
users(DWORD handle, bool spare, uint32_t *index, size_t *n)
{
	size_t all = 0;

	if (process_share(NULL) < 0)
		return ERROR_NOT_ENOUGH_MEMORY;
	struct rm_session *s = rstrtmgr_take(handle);
	if (!s)
		return ERROR_INVALID_HANDLE;
	DWORD rc = rstrtmgr_users(s, index, SHARED_PROCESSES, &all);
	*n = 0;
	for (size_t i = 0; i < all; i++)
		if (!spare || !rstrtmgr_spared(s, index[i]))
			index[(*n)++] = index[i];
	rstrtmgr_give();
	return rc;
}

WINAPI DWORD
rstrtmgr_RmGetList(DWORD handle, UINT *needed, UINT *have, struct RM_PROCESS_INFO *list,
                   DWORD *reasons)
{
	uint32_t index[SHARED_PROCESSES];
	size_t n = 0;

	if (!needed || !have || !reasons || (*have && !list))
		return ERROR_BAD_ARGUMENTS;
	DWORD rc = users(handle, false, index, &n);
	if (rc)
		return rc;
	*reasons = 0; /* RmRebootReasonNone */
	*needed = (UINT)n;
	if (n > *have)
		return ERROR_MORE_DATA;
	for (size_t i = 0; i < n; i++)
		describe(index[i], &list[i]);
	*have = (UINT)n;
	return ERROR_SUCCESS;
}

/* A console's program that is not asked in its own words, by a control event of its group, ends
 * when it is forced to; the one that asks is never meant. */
WINAPI DWORD
rstrtmgr_RmShutdown(DWORD handle, ULONG flags,
                    void(__attribute__((ms_abi)) * progress)(UINT percent))
{
	uint32_t index[SHARED_PROCESSES];
	size_t n = 0;
	DWORD rc = users(handle, true, index, &n);

	for (size_t i = 0; !rc && i < n; i++) {
		struct process *p;
		struct shared_process *slot = &shared->process[index[i]];
		if (slot == shared_self() || process_open(atomic_load(&slot->id), &p) < 0)
			continue;
		if (!(flags & FORCE) || process_terminate(p, 0) < 0)
			rc = ERROR_FAIL_SHUTDOWN;
		object_unref(&p->object);
		if (!rc && progress)
			progress((UINT)((i + 1) * 100 / n));
	}
	return rc;
}

WINAPI DWORD
rstrtmgr_RmRestart(DWORD handle, DWORD flags,
                   void(__attribute__((ms_abi)) * progress)(UINT percent))
{
	uint32_t index[SHARED_PROCESSES];
	size_t n;
	DWORD rc = flags ? ERROR_BAD_ARGUMENTS : users(handle, true, index, &n);

	if (!rc && progress)
		progress(100);
	return rc;
}

/* Nothing here takes long enough to be cancelled. */
WINAPI DWORD
rstrtmgr_RmCancelCurrentTask(DWORD handle)
{
	if (!rstrtmgr_take(handle))
		return ERROR_INVALID_HANDLE;
	rstrtmgr_give();
	return ERROR_SUCCESS;
}
