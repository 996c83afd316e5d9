/* dir.h -- reading folders: names in Windows' order, those that an expression with wildcards means.
 *
 * The names are read at once and sorted without case, as NTFS has them; what is asked of each
 * file is asked when its turn comes.  "." and ".." are first.
 */
#ifndef LAYER_API_NT_FILE_DIR_H
#define LAYER_API_NT_FILE_DIR_H

#include "layer/api/nt/file/file_fs.h"

struct dir;

struct dir_entry {
	const char *name;       /* lent, of the host */
	WCHAR wide[260];        /* the same */
	size_t length;          /* units of it */
	struct file_facts facts;
};

/* fd is lent for as long as the dir lasts.  expression: NULL means all; n units.  dos: it is what
 * FindFirstFile takes, else what NtQueryDirectoryFile takes. */
/* To be listed; -1 and errno.  Also one that only leads to what the sandbox shows: of such a
 * folder just those names are there. */
int dir_open(const char *host);
NTSTATUS dir_new(int fd, const WCHAR *expression, size_t n, bool dos, bool facts, struct dir **out);
void dir_free(struct dir *d);
void dir_rewind(struct dir *d);
/* STATUS_NO_MORE_FILES.  The entry stands until it is passed by dir_next. */
NTSTATUS dir_peek(struct dir *d, struct dir_entry *e);
void dir_next(struct dir *d);
bool dir_any(const struct dir *d);      /* something matches */

/* FsRtlIsNameInExpression: * ? and the DOS ones, < > ".  Without case. */
bool dir_match(const WCHAR *expression, size_t n, const WCHAR *name, size_t m);

/* As NtQueryDirectoryFile: entries of an information class into out. */
NTSTATUS dir_query(struct file *f, ULONG class, void *out, ULONG n, bool single, const WCHAR *expression,
                   size_t units, bool restart, ULONG_PTR *done);

#endif
