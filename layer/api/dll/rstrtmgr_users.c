/* SPDX-License-Identifier: Apache-2.0 */
/* rstrtmgr_users.c -- which processes of the machine use a file. */
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "layer/api/dll/rstrtmgr.h"
#include "layer/api/nt/clock.h"
#include "layer/api/nt/file/file.h"
#include "layer/api/nt/file/path.h"
#include "layer/api/nt/object/shared.h"
#include "layer/api/nt/process/process.h"

static bool
look(const WCHAR *path, struct stat *st)
{
	char *host = NULL;
	WCHAR *device = NULL;
	bool found = path_host(path, true, &host, &device) >= 0 && host && stat(host, st) == 0;

	free(host);
	free(device);
	return found;
}

const WCHAR *
rstrtmgr_program(uint32_t index, WCHAR room[MAX_PATH])
{
	struct shared_process *p = &shared->process[index];

	return p == shared_self() ? process_image() : shared_image(p, room);
}

struct RM_UNIQUE_PROCESS
rstrtmgr_unique(uint32_t index)
{
	struct shared_process *p = &shared->process[index];
	int64_t since = p == shared_self() ? clock_started() : (int64_t)p->created;

	return (struct RM_UNIQUE_PROCESS){ atomic_load(&p->id), clock_filetime(since) };
}

bool
rstrtmgr_is(uint32_t index, const struct RM_UNIQUE_PROCESS *p)
{
	struct RM_UNIQUE_PROCESS u = rstrtmgr_unique(index);

	return u.dwProcessId == p->dwProcessId &&
	       u.ProcessStartTime.dwLowDateTime == p->ProcessStartTime.dwLowDateTime &&
	       u.ProcessStartTime.dwHighDateTime == p->ProcessStartTime.dwHighDateTime;
}

static bool
runs(uint32_t index, const struct stat *st)
{
	WCHAR room[MAX_PATH];
	struct stat program;

	return look(rstrtmgr_program(index, room), &program) && program.st_dev == st->st_dev &&
	       program.st_ino == st->st_ino;
}

bool
rstrtmgr_runs(uint32_t index, const WCHAR *program)
{
	struct stat st;

	return look(program, &st) && runs(index, &st);
}

/* Once each, and in the order in which they came. */
static void
add(uint32_t index, uint32_t *list, size_t room, size_t *n)
{
	for (size_t i = 0; i < *n; i++)
		if (list[i] == index)
			return;
	if (*n < room)
		list[(*n)++] = index;
}

DWORD
rstrtmgr_users(const struct rm_session *s, uint32_t *index, size_t room, size_t *n)
{
	uint32_t have[SHARED_PROCESSES];
	struct stat st;

	*n = 0;
	for (size_t i = 0; i < s->nfile; i++) {
		if (!look(s->file[i], &st))
			continue;
		if (S_ISDIR(st.st_mode))
			return ERROR_ACCESS_DENIED;
		size_t k = file_share_users(st.st_dev, st.st_ino, have, SHARED_PROCESSES);
		for (size_t j = 0; j < k; j++)
			add(have[j], index, room, n);
		for (uint32_t j = 0; j < SHARED_PROCESSES; j++)
			if (shared_lives(&shared->process[j]) && runs(j, &st))
				add(j, index, room, n);
	}
	for (size_t i = 0; i < s->nprocess; i++)
		for (uint32_t j = 0; j < SHARED_PROCESSES; j++)
			if (shared_lives(&shared->process[j]) && rstrtmgr_is(j, &s->process[i]))
				add(j, index, room, n);
	return ERROR_SUCCESS;
}
