/* notify.h -- what changes in a folder: ReadDirectoryChanges, change notifications.
 *
 * A folder's handle is watched from the first question on; what happens between two questions
 * is kept, and when it is too much for the program's buffer, that is what it is told.
 */
#ifndef LAYER_API_NT_FILE_NOTIFY_H
#define LAYER_API_NT_FILE_NOTIFY_H

#include "layer/api/nt/file/file.h"

struct watch;

/* As NtNotifyChangeDirectoryFile: STATUS_PENDING for an overlapped file, else it waits.
 * STATUS_NOTIFY_ENUM_DIR: too much has changed to tell. */
NTSTATUS notify_read(struct file *f, const struct file_request *r, void *buf, ULONG n, DWORD filter, bool subtree,
                    ULONG_PTR *done);
/* The file is signalled at each change; notify_again() makes it wait for the next. */
NTSTATUS notify_signal(struct file *f, DWORD filter, bool subtree);
NTSTATUS notify_again(struct file *f);
void notify_free(struct watch *w);       /* of a file that is closed; NULL is none */

#endif
