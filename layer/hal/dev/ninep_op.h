/* ninep_op.h -- what a 9P server does for each message, and what these share.
 *
 * An operation reads its request from c and writes its reply to o, both behind
 * the head; it returns 0 or -errno, and then what it wrote does not matter.
 */
#ifndef LAYER_HAL_DEV_NINEP_OP_H
#define LAYER_HAL_DEV_NINEP_OP_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/cur.h"
#include "layer/hal/dev/ninep_fid.h"

enum { NINEP_OP_HEAD = 7, NINEP_OP_NAME = 256, NINEP_OP_DIRENTS = 64 << 10 };

struct ninep {
	struct ninep_fids fids;
	bool readonly, is_root;
	dev_t dev; /* of the folder */
	uint32_t msize;
	uint8_t *dirents; /* own: what a folder holds, on its way */
};

#define OP(name, type, changes) \
	int ninep_op_##name(struct ninep *p, struct cur *c, struct buf *o);
#include "layer/hal/dev/ninep.def"
#undef OP

/* A string of a message into to[size], with a zero behind it. */
int ninep_op_text(struct cur *c, char *to, size_t size);
/* One part of a path, that is no way to another folder. */
int ninep_op_name(struct cur *c, char to[NINEP_OP_NAME]);
void ninep_op_put_text(struct buf *o, const char *s, size_t n);
void ninep_op_put_qid(const struct ninep *p, struct buf *o, mode_t mode, uint32_t version,
                      dev_t dev, uint64_t ino);
void ninep_op_put_stat(const struct ninep *p, struct buf *o, const struct stat *st);

int ninep_op_fid(struct ninep *p, struct cur *c, struct ninep_fid **f);
/* A fid that can be a folder to look into or to change. */
int ninep_op_folder(struct ninep *p, struct cur *c, struct ninep_fid **f);
/* A descriptor for what the fid is: its own, or a new one (*mine). */
int ninep_op_hold(const struct ninep *p, const struct ninep_fid *f, bool *mine);
/* The path by which calls reach what a descriptor of any kind is. */
const char *ninep_op_proc(int fd, char to[32]);
/* Whose a new file is, and its mode whatever our umask is. */
int ninep_op_give(const struct ninep *p, int fd, uint32_t uid, uint32_t gid, mode_t mode,
                  bool link);
/* All bytes of an attribute are written: set it. */
int ninep_op_set_xattr(struct ninep *p, struct ninep_fid *f);

#endif
