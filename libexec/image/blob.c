/* SPDX-License-Identifier: Apache-2.0 */
#include "libexec/image/blob.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/file.h"
#include "img/ref.h"

static int
disk_error(struct blob *b, int why, struct err *e)
{
	fail(e, why, "cannot keep %s in '%s/images': %s", b->digest[0] ? b->digest : "the image",
	     b->store->root, strerror(why));
	if (why == ENOSPC || why == EDQUOT)
		err_hint(e, "free some space (joist rmi --unused), or put the store elsewhere: "
		            "--root DIR");
	return -1;
}

/* Hold images/partial/<hex>.lock: who has it brings the blob in. */
static int
take(struct blob *b, struct err *e)
{
	char *path = xprintf("%s.lock", b->partial);

	b->lock = openat(b->store->dir, path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	free(path);
	if (b->lock < 0)
		return disk_error(b, errno, e);
	while (flock(b->lock, LOCK_EX) < 0)
		if (errno != EINTR)
			return disk_error(b, errno, e);
	return 0;
}

/* What an earlier time left: take its bytes into the hash. */
static int
go_on(struct blob *b, struct err *e)
{
	static const size_t size = 256 << 10;
	struct stat st;

	if (fstat(b->fd, &st) < 0)
		return disk_error(b, errno, e);
	if (b->size < 0 || st.st_size > b->size) {
		if (ftruncate(b->fd, 0) < 0)
			return disk_error(b, errno, e);
		return 0;
	}
	unsigned char *buf = xmalloc(size);
	while (b->have < st.st_size) {
		ssize_t n = pread(b->fd, buf, size, b->have);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		hash_add(b->hash, buf, (size_t)n);
		b->have += n;
	}
	free(buf);
	return 0;
}

int
blob_open(struct blob *b, struct image_store *s, const char *digest, int64_t size, struct err *e)
{
	static atomic_uint serial;
	char path[80];

	*b = (struct blob){ .store = s, .size = size, .fd = -1, .lock = -1 };
	if (mkdirat(s->dir, "images/partial", 0700) < 0 && errno != EEXIST)
		return disk_error(b, errno, e);
	if (digest) {
		memcpy(b->digest, digest, strlen(digest) < 79 ? strlen(digest) + 1 : 0);
		b->partial = xprintf("images/partial/%s", ref_hex(digest));
		if (take(b, e) < 0)
			goto bad;
		if (layout_has(&s->layout, digest, size)) {
			b->fd = openat(s->layout.dir, layout_blob(digest, path),
			               O_RDONLY | O_CLOEXEC);
			if (b->fd < 0) {
				disk_error(b, errno, e);
				goto bad;
			}
			struct stat st;
			b->have = fstat(b->fd, &st) == 0 ? st.st_size : 0;
			b->present = true;
			b->feed = feed_new(b->fd, b->have);
			feed_end(b->feed, true);
			return 0;
		}
	} else {
		b->partial = xprintf("images/partial/.new-%d-%u", (int)getpid(),
		                     atomic_fetch_add(&serial, 1));
	}
	b->hash = hash_new();
	b->fd = openat(s->dir, b->partial, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (b->fd < 0) {
		disk_error(b, errno, e);
		goto bad;
	}
	if (go_on(b, e) < 0)
		goto bad;
	b->feed = feed_new(b->fd, b->have);
	return 0;
bad:
	blob_close(b);
	return -1;
}

int
blob_write(struct blob *b, const void *bytes, size_t n, struct err *e)
{
	const char *p = bytes;

	if (b->size >= 0 && (uint64_t)n > (uint64_t)(b->size - b->have))
		return fail(e, EINVAL, "%s is longer than the %lld bytes that its manifest says",
		            b->digest, (long long)b->size);
	if (feed_dropped(b->feed))
		return fail(e, ECANCELED, "nobody wants %s any more", b->digest);
	hash_add(b->hash, bytes, n);
	while (n > 0) {
		ssize_t did = pwrite(b->fd, p, n, b->have);
		if (did < 0 && errno == EINTR)
			continue;
		if (did < 0)
			return disk_error(b, errno, e);
		p += did;
		n -= (size_t)did;
		b->have += did;
		feed_more(b->feed, b->have);
	}
	return 0;
}

int
blob_commit(struct blob *b, struct err *e)
{
	char got[80], path[80];

	if (b->present)
		return 0;
	if (b->size >= 0 && b->have != b->size)
		return fail(e, EIO, "%s ended after %lld of %lld bytes", b->digest,
		            (long long)b->have, (long long)b->size);
	hash_digest(b->hash, got);
	b->hash = NULL;
	if (b->digest[0] && strcmp(b->digest, got) != 0) {
		unlinkat(b->store->dir, b->partial, 0);
		feed_end(b->feed, false);
		fail(e, EBADMSG, "wrong digest: what was sent as %.19s... is %.19s...", b->digest,
		     got);
		return err_hint(e,
		                "nothing of it was kept; try again, or ask who runs the registry");
	}
	memcpy(b->digest, got, sizeof got);
	if (fchmod(b->fd, 0644) < 0 || fdatasync(b->fd) < 0 ||
	    renameat(b->store->dir, b->partial, b->store->layout.dir, layout_blob(got, path)) < 0) {
		int why = errno;
		feed_end(b->feed, false);
		return disk_error(b, why, e);
	}
	b->present = true;
	feed_end(b->feed, true);
	return 0;
}

void
blob_close(struct blob *b)
{
	if (b->partial && !b->present && (!b->digest[0] || b->have == 0))
		unlinkat(b->store->dir, b->partial, 0);
	hash_free(b->hash);
	feed_free(b->feed);
	free(b->partial);
	if (b->fd >= 0)
		close(b->fd);
	if (b->lock >= 0)
		close(b->lock);
	*b = (struct blob){ .fd = -1, .lock = -1 };
}

int
blob_put(struct image_store *s, const void *bytes, size_t n, const char *digest, char out[80],
         struct err *e)
{
	char got[80], path[80];

	hash_of(bytes, n, got);
	if (out)
		memcpy(out, got, sizeof got);
	if (digest && strcmp(digest, got) != 0) {
		fail(e, EBADMSG, "wrong digest: what was sent as %.19s... is %.19s...", digest,
		     got);
		return err_hint(e, "try again, or ask who runs the registry");
	}
	if (layout_has(&s->layout, got, (int64_t)n))
		return 0;
	if (file_write(s->layout.dir, layout_blob(got, path), bytes, n, 0644, true, e) == 0)
		return 0;
	if (e && e->code == ENOSPC)
		err_hint(e, "free some space (joist rmi --unused), or put the store elsewhere: "
		            "--root DIR");
	return -1;
}
