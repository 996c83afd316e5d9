/* SPDX-License-Identifier: Apache-2.0 */
/* rstrtmgr_filter.c -- what the restart manager is to leave alone. */
#include <stdlib.h>
#include <string.h>

#include "layer/api/dll/rstrtmgr.h"
#include "layer/api/nt/text/nls.h"

enum { BY_FILE = 1, BY_PROCESS, BY_SERVICE }; /* RM_FILTER_TRIGGER */

/* Learn: RM_FILTER_INFO.  The names stand behind the last of them. */
struct RM_FILTER_INFO {
	int FilterAction, FilterTrigger;
	DWORD cbNextOffset;
	union {
		WCHAR *strFilename, *strServiceShortName;
		struct RM_UNIQUE_PROCESS Process;
	};
};

void
rstrtmgr_filter_free(struct rm_filter *f)
{
	free(f->file);
	free(f->service);
}

bool
rstrtmgr_spared(const struct rm_session *s, uint32_t index)
{
	for (size_t i = 0; i < s->nfilter; i++) {
		const struct rm_filter *f = &s->filter[i];
		if (f->action == RM_NO_SHUTDOWN && !f->service &&
		    (f->file ? rstrtmgr_runs(index, f->file) : rstrtmgr_is(index, &f->process)))
			return true;
	}
	return false;
}

static bool
same_name(const WCHAR *a, const WCHAR *b)
{
	return a && b ? nls_equal(a, b) : a == b;
}

/* Where a filter for that is, or would be. */
static size_t
find(const struct rm_session *s, const struct rm_filter *f)
{
	size_t i = 0;

	while (i < s->nfilter &&
	       !(same_name(s->filter[i].file, f->file) &&
	         same_name(s->filter[i].service, f->service) &&
	         memcmp(&s->filter[i].process, &f->process, sizeof f->process) == 0))
		i++;
	return i;
}

/* One of the three says what it is for; the names are lent. */
static bool
want(struct rm_filter *f, const WCHAR *file, const struct RM_UNIQUE_PROCESS *process,
     const WCHAR *service)
{
	*f = (struct rm_filter){ .file = (WCHAR *)file, .service = (WCHAR *)service };
	if (process)
		f->process = *process;
	return !!file + !!process + !!service == 1;
}

WINAPI DWORD
rstrtmgr_RmAddFilter(DWORD handle, const WCHAR *file, const struct RM_UNIQUE_PROCESS *process,
                     const WCHAR *service, int action)
{
	struct rm_filter f;
	DWORD rc = ERROR_SUCCESS;

	if (!want(&f, file, process, service) ||
	    (action != RM_NO_RESTART && action != RM_NO_SHUTDOWN))
		return ERROR_BAD_ARGUMENTS;
	struct rm_session *s = rstrtmgr_take(handle);
	if (!s)
		return ERROR_INVALID_HANDLE;
	size_t i = find(s, &f);
	if (i < s->nfilter) {
		s->filter[i].action = action;
	} else if (i == RM_FILTERS) {
		rc = ERROR_NOT_ENOUGH_MEMORY;
	} else {
		f.action = action;
		f.file = file ? nls_dup(file) : NULL;
		f.service = service ? nls_dup(service) : NULL;
		if (!f.file == !file && !f.service == !service)
			s->filter[s->nfilter++] = f;
		else
			rc = ERROR_NOT_ENOUGH_MEMORY;
	}
	rstrtmgr_give();
	return rc;
}

WINAPI DWORD
rstrtmgr_RmRemoveFilter(DWORD handle, const WCHAR *file, const struct RM_UNIQUE_PROCESS *process,
                        const WCHAR *service)
{
	struct rm_filter f;

	if (!want(&f, file, process, service))
		return ERROR_BAD_ARGUMENTS;
	struct rm_session *s = rstrtmgr_take(handle);
	if (!s)
		return ERROR_INVALID_HANDLE;
	size_t i = find(s, &f);
	bool there = i < s->nfilter;
	if (there) {
		rstrtmgr_filter_free(&s->filter[i]);
		s->filter[i] = s->filter[--s->nfilter];
	}
	rstrtmgr_give();
	return there ? ERROR_SUCCESS : 1168; /* ERROR_NOT_FOUND */
}

static const WCHAR *
name_of(const struct rm_filter *f)
{
	return f->file ? f->file : f->service;
}

static size_t
name_size(const struct rm_filter *f)
{
	return name_of(f) ? (nls_length(name_of(f)) + 1) * sizeof(WCHAR) : 0;
}

static void
write_all(const struct rm_session *s, struct RM_FILTER_INFO *to)
{
	char *names = (char *)(to + s->nfilter);

	for (size_t i = 0; i < s->nfilter; i++) {
		const struct rm_filter *f = &s->filter[i];
		to[i] = (struct RM_FILTER_INFO){
			.FilterAction = f->action,
			.FilterTrigger = f->file      ? BY_FILE
			                 : f->service ? BY_SERVICE
			                              : BY_PROCESS,
			.cbNextOffset = i + 1 < s->nfilter ? sizeof *to : 0,
		};
		if (!name_of(f)) {
			to[i].Process = f->process;
			continue;
		}
		to[i].strFilename = memcpy(names, name_of(f), name_size(f));
		names += name_size(f);
	}
}

WINAPI DWORD
rstrtmgr_RmGetFilterList(DWORD handle, void *buffer, DWORD size, DWORD *needed)
{
	if (!needed || (size && !buffer))
		return ERROR_BAD_ARGUMENTS;
	struct rm_session *s = rstrtmgr_take(handle);
	if (!s)
		return ERROR_INVALID_HANDLE;
	size_t bytes = s->nfilter * sizeof(struct RM_FILTER_INFO);
	for (size_t i = 0; i < s->nfilter; i++)
		bytes += name_size(&s->filter[i]);
	*needed = (DWORD)bytes;
	bool fits = bytes <= size;
	if (fits)
		write_all(s, buffer);
	rstrtmgr_give();
	return fits ? ERROR_SUCCESS : ERROR_MORE_DATA;
}
