/* file.h -- whole files and whole folders, safely.
 *
 * Every path is relative to a folder descriptor (AT_FDCWD is allowed), every
 * descriptor is close-on-exec, and a write that claims to be atomic is seen
 * whole or not at all, also after a crash.
 */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

/* Read a whole file of at most max bytes.  *data is terminated by a zero that
 * *n (may be NULL) does not count; the caller frees it.  A longer file is
 * EFBIG.  The error names the path. */
int file_read(int dir, const char *path, size_t max, char **data, size_t *n, struct err *e);

/* As file_read, but a missing file is no error: returns 0 and *data is NULL. */
int file_read_if(int dir, const char *path, size_t max, char **data, size_t *n, struct err *e);

/* A short kernel file (/proc, /sys, cgroup) without its final newline, into
 * buf; returns its length or -1 with errno set. */
ssize_t file_peek(int dir, const char *path, char *buf, size_t size);

/* Write all of a kernel file in one write(); -1 with errno set. */
int file_poke(int dir, const char *path, const char *text);

/* Replace a file in one step (write beside it, rename).  With `durable` it is
 * also on the disk before the old one is gone. */
int file_write(int dir, const char *path, const void *data, size_t n, mode_t mode, bool durable,
               struct err *e);

/* Write over a small text file where there is no room for a new one: what is there is padded
 * with newlines and never cut.  A block that it has already needs no other; at most
 * FILE_OVER_MAX bytes are accepted, so that a reader sees the old one or the new one. */
enum { FILE_OVER_MAX = 4096 };
int file_over(int dir, const char *path, const char *text, struct err *e);

int file_write_all(int fd, const void *data, size_t n);         /* -1 with errno set */

/* mkdir -p; an existing folder is fine. */
int file_mkdirs(int dir, const char *path, mode_t mode, struct err *e);

/* Remove a file or a folder with all below it.  Follows no link, crosses no
 * mount, and a missing path is no error. */
int file_remove(int dir, const char *path, struct err *e);

/* Open a folder, or fail with its name. */
int file_opendir(int dir, const char *path, struct err *e);

/* Send/receive bytes with descriptors over a Unix socket.  Returns the bytes
 * moved or -1 with errno set; *nfd is room before and count after. */
ssize_t file_send_fds(int sock, const void *data, size_t n, const int *fds, size_t nfd);
ssize_t file_recv_fds(int sock, void *data, size_t n, int *fds, size_t *nfd);

#endif
