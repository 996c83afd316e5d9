/* shared_file.h -- which files the processes of the machine have open, and what they let others do.
 *
 * A table in the shared memory, found by device and number of the file, in which each process has
 * an entry for each open file from the moment on at which there is another process.  A process
 * keeps watch over its own files itself (file_share.c), so an entry is for the others.  Those of
 * one that was killed are found out when they are in somebody's way.
 */
#ifndef LAYER_API_NT_OBJECT_SHARED_FILE_H
#define LAYER_API_NT_OBJECT_SHARED_FILE_H

#include "layer/api/nt/object/shared.h"

/* want: what the file is open for, share: what others may do; FILE_SHARE_... both. */
struct shared_open {
	uint64_t dev, ino;
	uint8_t want, share;
	bool pending;           /* it will be deleted */
};

/* *place is its entry, 0 when there is no room for one.  check: others may be in the way.
 * STATUS_SHARING_VIOLATION, STATUS_DELETE_PENDING. */
NTSTATUS shared_file_enter(const struct shared_open *o, bool check, uint32_t *place);
void shared_file_leave(uint32_t place);
void shared_file_pending(uint32_t place, bool pending);
/* May it be deleted or renamed, as far as other processes are concerned? */
NTSTATUS shared_file_delete(uint64_t dev, uint64_t ino);
/* Which other processes have it open: their indexes, each once, at most room of them. */
size_t shared_file_users(uint64_t dev, uint64_t ino, uint32_t *index, size_t room);
/* Under the lock: a process has ended. */
void shared_file_gone(uint32_t index);

#endif
