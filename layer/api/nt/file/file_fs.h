/* file_fs.h -- what a file system knows of a file, in Windows' words.
 *
 * All takes paths of the host or open files.  Attributes are what the mode says (READONLY: nobody
 * may write), and HIDDEN and SYSTEM, which stand in an extended attribute; that a file has it
 * is told by its sticky bit, so that nobody else pays for the question.
 */
#ifndef LAYER_API_NT_FILE_FILE_FS_H
#define LAYER_API_NT_FILE_FILE_FS_H

#include <sys/stat.h>

#include "layer/api/nt/file/file.h"

struct file_facts {
	int64_t created, accessed, written, changed;    /* NT times */
	uint64_t size, allocated, id;
	uint32_t attributes, links, volume;
	uint32_t tag;           /* of a reparse point, or 0 */
};

int64_t file_time(int64_t sec, uint32_t nsec);          /* to an NT time */
void file_time_back(int64_t nt, struct timespec *to);

/* follow: of what a link points to.  dirfd and name as statx() takes them. */
NTSTATUS file_facts_at(int dirfd, const char *name, bool follow, struct file_facts *out);
NTSTATUS file_facts(struct file *f, struct file_facts *out);
/* Of a path as a program wrote it; a link is itself. */
NTSTATUS file_facts_of(struct path *p, struct file_facts *out);

/* Times: 0 stays as it is, -1 too. */
NTSTATUS file_set_times(int fd, const char *host, int64_t accessed, int64_t written);
NTSTATUS file_set_attributes(const char *host, DWORD attributes);

NTSTATUS file_delete(struct path *p, bool folder);      /* DeleteFile, RemoveDirectory */
enum { FILE_MOVE_REPLACE = 1, FILE_MOVE_POSIX = 2, FILE_MOVE_COPY = 4 };
NTSTATUS file_move(struct path *from, struct path *to, DWORD flags, struct file *self);
NTSTATUS file_link(struct path *made, struct path *existing, bool replace);
/* A junction is a link to an absolute path of the host with a slash behind it. */
enum { FILE_TAG_JUNCTION = (int)0xa0000003, FILE_TAG_SYMLINK = (int)0xa000000c };
NTSTATUS file_symlink(struct path *made, const WCHAR *target, bool junction);
uint32_t file_link_tag(int dirfd, const char *name); /* of a link */
NTSTATUS file_mkdir(struct path *p);
/* progress may be NULL; it answers 0 to go on. */
typedef NTSTATUS file_progress(void *ctx, uint64_t size, uint64_t done);
NTSTATUS file_copy(struct path *from, struct path *to, bool fail_if_exists, bool keep_link,
                   file_progress *progress, void *ctx);

/* FSCTLs of disk files: reparse points, sparse, compression. */
NTSTATUS file_fs_control(struct file *f, ULONG code, const void *in, ULONG nin, void *out, ULONG nout,
                         ULONG_PTR *done, struct file_pending *(*pend)(void *ctx), void *ctx);

/* Byte ranges: LockFileEx. */
NTSTATUS file_lock(struct file *f, int64_t offset, int64_t length, bool exclusive, bool wait);
NTSTATUS file_unlock(struct file *f, int64_t offset, int64_t length);
void file_forget_locks(struct file *f);         /* it is being closed; the host lets go itself */

#endif
