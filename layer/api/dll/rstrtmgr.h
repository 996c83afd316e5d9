/* rstrtmgr.h -- sessions of the restart manager, and who stands in the way of one.
 *
 * Learn: "Restart Manager".  A session is its process' own; another one's key leads nowhere.
 */
#ifndef LAYER_API_DLL_RSTRTMGR_H
#define LAYER_API_DLL_RSTRTMGR_H

#include <stddef.h>

#include "layer/api/dll/dll.h"

enum {
	RM_KEY = 32, /* CCH_RM_SESSION_KEY */
	RM_FILES = 1024,
	RM_PROCESSES = 256,
	RM_FILTERS = 64,
	RM_NO_RESTART = 1,
	RM_NO_SHUTDOWN = 2,
	ERROR_BAD_ARGUMENTS = 160,
	ERROR_FAIL_SHUTDOWN = 351,
	ERROR_MAX_SESSIONS_REACHED = 353
};

struct RM_UNIQUE_PROCESS {
	DWORD dwProcessId;
	struct FILETIME ProcessStartTime;
};

/* What is to be left running, or not to be started again. */
struct rm_filter {
	WCHAR *file, *service; /* own: one of them, or neither */
	struct RM_UNIQUE_PROCESS process;
	int action; /* RM_NO_RESTART, RM_NO_SHUTDOWN */
};

struct rm_session {
	WCHAR key[RM_KEY + 1]; /* "": a free place */
	WCHAR *file[RM_FILES]; /* own: full Windows paths */
	size_t nfile;
	struct RM_UNIQUE_PROCESS process[RM_PROCESSES];
	size_t nprocess;
	struct rm_filter filter[RM_FILTERS];
	size_t nfilter;
};

/* A session, under the lock of all; NULL, and no lock, when there is none. */
struct rm_session *rstrtmgr_take(DWORD handle);
void rstrtmgr_give(void);

/* Indexes in the machine's table of the processes that the session is about: those that have one
 * of its files open or run it, and those that were named.  A Win32 error: a folder among
 * the files is ERROR_ACCESS_DENIED. */
DWORD rstrtmgr_users(const struct rm_session *s, uint32_t *index, size_t room, size_t *n);
/* Does it run the program of this Windows path? */
bool rstrtmgr_runs(uint32_t index, const WCHAR *program);
/* Is it this one, and not another that has its id by now? */
bool rstrtmgr_is(uint32_t index, const struct RM_UNIQUE_PROCESS *p);
struct RM_UNIQUE_PROCESS rstrtmgr_unique(uint32_t index);
const WCHAR *rstrtmgr_program(uint32_t index, WCHAR room[MAX_PATH]); /* its Windows path */
/* A filter of the session wants it left alone. */
bool rstrtmgr_spared(const struct rm_session *s, uint32_t index);
void rstrtmgr_filter_free(struct rm_filter *f);

#endif
