/* ninep_fid.h -- the fids of a 9P server, and the way from one to a file.
 *
 * Shared by ninep.c (messages) and ninep_fid.c.  Functions return 0, or a
 * descriptor, or -errno.
 */
#ifndef LAYER_HAL_DEV_NINEP_FID_H
#define LAYER_HAL_DEV_NINEP_FID_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/cur.h"

enum ninep_kind { NINEP_PATH, NINEP_FILE, NINEP_XATTR_READ, NINEP_XATTR_WRITE };

struct ninep_fid {
	struct ninep_fid *next; /* of those with the same hash */
	uint32_t number;
	uint32_t uid; /* who it belongs to */
	uint8_t kind; /* enum ninep_kind */
	bool folder;  /* a file that is one */
	int fd;       /* own: of a file; -1 when it could not be opened again */
	uint32_t flags; /* it was opened with, as the guest said */
	char *path;     /* own: beneath the folder, "" is the folder itself */

	/* an extended attribute: its name, its bytes, of which `done` are written */
	char *name; /* own */
	struct buf value;
	uint32_t size, done, how;
};

enum { NINEP_BUCKETS = 1024 };

struct ninep_fids {
	int root; /* lent */
	struct ninep_fid *bucket[NINEP_BUCKETS];
	size_t n, opened, bytes; /* bytes of all paths and values */
	size_t max_opened;
};

struct ninep_fid *ninep_fid_find(struct ninep_fids *t, uint32_t number);
/* A new one; NULL: the number is taken, or there are too many. */
struct ninep_fid *
ninep_fid_add(struct ninep_fids *t, uint32_t number, const char *path, uint32_t uid);
void ninep_fid_drop(struct ninep_fids *t, struct ninep_fid *f);
void ninep_fid_clear(struct ninep_fids *t);
void ninep_fid_set_path(struct ninep_fids *t, struct ninep_fid *f, const char *path);
/* `from` is now `to`: so are all fids at it or beneath it. */
void ninep_fid_moved(struct ninep_fids *t, const char *from, const char *to);

/* path + "/" + name into to[4096]; ".." goes up, but not out. */
int ninep_fid_join(const char *path, const char *name, char *to);
/* A descriptor that only names what is there (O_PATH), the link itself if it is one. */
int ninep_fid_point(const struct ninep_fids *t, const char *path);
/* The same of the folder that it stands in; *name is its last part. */
int ninep_fid_parent(const struct ninep_fids *t, const char *path, const char **name);
/* Open what is there, if it is a file or folder, with flags of the guest's.  Never
 * creates. */
int ninep_fid_open(struct ninep_fids *t, const char *path, uint32_t flags, bool *folder);
/* Make fid a file with that descriptor; counts it. */
void ninep_fid_opened(struct ninep_fids *t, struct ninep_fid *f, int fd, uint32_t flags);
bool ninep_fid_room(const struct ninep_fids *t); /* may one more be opened? */
int ninep_fid_flags(uint32_t flags);             /* the guest's open flags as ours */

void ninep_fid_save(const struct ninep_fids *t, struct buf *b);
bool ninep_fid_load(struct ninep_fids *t, struct cur *c);

#endif
