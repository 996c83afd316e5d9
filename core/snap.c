/* SPDX-License-Identifier: Apache-2.0 */
#include "core/snap.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/file.h"

/* File: "JSTSNAP", version, then chunks: tag u32, CRC-32C of the payload u32,
 * length u64, payload.  The last one has the tag of CHUNK_END and no payload. */

enum { VERSION = 2, HEAD = 16, PIECE = 1 << 20 };
enum { CHUNK_END = SNAP_TAG('E', 'N', 'D', '.') };

struct snap {
	char *name;     /* own: for errors */
	struct err err; /* the first failure of a writer */

	/* a writer's */
	int fd;         /* lent; -1: in memory */
	int own;        /* own: the same of one that was opened again, or -1 */
	int folder;     /* lent; -1: none */
	struct buf out; /* own: in memory, or what is not yet written */

	/* a reader's: all of it in memory, or a file */
	const uint8_t *bytes; /* lent */
	uint64_t n, at;
	uint8_t *payload; /* own: of a file's chunk */
};

/* -- CRC-32C (RFC 3720, appendix B.4), eight bytes at a time ------------------------------ */

static uint32_t table[8][256];

static void
make_table(void)
{
	for (uint32_t i = 0; i < 256; i++) {
		uint32_t c = i;
		for (int k = 0; k < 8; k++)
			c = c & 1 ? c >> 1 ^ 0x82f63b78 : c >> 1;
		table[0][i] = c;
	}
	for (uint32_t i = 0; i < 256; i++)
		for (int k = 1; k < 8; k++)
			table[k][i] = table[k - 1][i] >> 8 ^ table[0][table[k - 1][i] & 0xff];
}

static uint32_t
crc_more(uint32_t crc, const void *bytes, size_t n)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	const uint8_t *p = bytes;
	pthread_once(&once, make_table);
	for (; n >= 8; n -= 8, p += 8) {
		uint64_t w;
		memcpy(&w, p, 8);
		w ^= crc;
		crc = table[7][w & 0xff] ^ table[6][w >> 8 & 0xff] ^ table[5][w >> 16 & 0xff] ^
		      table[4][w >> 24 & 0xff] ^ table[3][w >> 32 & 0xff] ^
		      table[2][w >> 40 & 0xff] ^ table[1][w >> 48 & 0xff] ^ table[0][w >> 56];
	}
	while (n--)
		crc = crc >> 8 ^ table[0][(crc ^ *p++) & 0xff];
	return crc;
}

uint32_t
snap_crc(const void *bytes, size_t n)
{
	return ~crc_more(~(uint32_t)0, bytes, n);
}

/* -- writing --------------------------------------------------------------------------------- */

static struct snap *
make(int fd, const char *name)
{
	struct snap *s = xcalloc(1, sizeof *s);
	s->fd = fd;
	s->own = s->folder = -1;
	s->name = xstrdup(name);
	return s;
}

static void
begin(struct snap *s)
{
	buf_put(&s->out, "JSTSNAP", 7);
	buf_u8(&s->out, VERSION);
}

struct snap *
snap_new(void)
{
	struct snap *s = make(-1, "in memory");
	begin(s);
	return s;
}

struct snap *
snap_writer(int fd, const char *name)
{
	struct snap *s = make(fd, name);
	begin(s);
	return s;
}

const struct buf *
snap_bytes(const struct snap *s)
{
	return &s->out;
}

static int
failed(struct snap *s, struct err *e)
{
	if (e)
		*e = s->err;
	return -1;
}

static int
not_written(struct snap *s)
{
	int code = errno;
	fail(&s->err, code, "snapshot '%s': %s", s->name, strerror(code));
	if (code == ENOSPC || code == EDQUOT)
		err_hint(&s->err, "make room on that disk and try again");
	return -1;
}

/* What is large goes to the file from where it is, after all that is gathered of
 * the rest. */
static int
out(struct snap *s, const void *p, size_t n)
{
	bool large = s->fd >= 0 && n > PIECE / 2;
	if (s->fd >= 0 && (large || s->out.n + n > PIECE)) {
		if (file_write_all(s->fd, s->out.p, s->out.n) < 0)
			return not_written(s);
		s->out.n = 0;
	}
	if (large)
		return file_write_all(s->fd, p, n) < 0 ? not_written(s) : 0;
	buf_put(&s->out, p, n);
	return 0;
}

static void
head_of(uint8_t head[HEAD], uint32_t tag, uint32_t crc, uint64_t n)
{
	struct buf b = { .p = head, .n = 0, .cap = HEAD };
	buf_u32(&b, tag);
	buf_u32(&b, crc);
	buf_u64(&b, n);
}

int
snap_put_parts(struct snap *s, uint32_t tag, const struct iovec *v, size_t nv, struct err *e)
{
	uint8_t head[HEAD];
	uint32_t crc = ~(uint32_t)0;
	uint64_t n = 0;
	if (s->err.code)
		return failed(s, e);
	for (size_t i = 0; i < nv; i++) {
		crc = crc_more(crc, v[i].iov_base, v[i].iov_len);
		n += v[i].iov_len;
	}
	head_of(head, tag, ~crc, n);
	int rc = out(s, head, HEAD);
	for (size_t i = 0; i < nv && rc == 0; i++)
		rc = out(s, v[i].iov_base, v[i].iov_len);
	return rc < 0 ? failed(s, e) : 0;
}

int
snap_put(struct snap *s, uint32_t tag, const void *payload, size_t n, struct err *e)
{
	struct iovec v = { (void *)(uintptr_t)payload, n };
	return snap_put_parts(s, tag, &v, 1, e);
}

int
snap_put_buf(struct snap *s, uint32_t tag, const struct buf *b, struct err *e)
{
	return snap_put(s, tag, b->p, b->n, e);
}

int
snap_finish(struct snap *s, struct err *e)
{
	if (snap_put(s, CHUNK_END, NULL, 0, e) < 0)
		return -1;
	if (s->fd < 0)
		return 0;
	if (file_write_all(s->fd, s->out.p, s->out.n) < 0 || fsync(s->fd) < 0) {
		not_written(s);
		return failed(s, e);
	}
	s->out.n = 0;
	return 0;
}

void
snap_free(struct snap *s)
{
	if (!s)
		return;
	if (s->own >= 0)
		close(s->own);
	buf_free(&s->out);
	free(s->payload);
	free(s->name);
	free(s);
}

/* -- reading ------------------------------------------------------------------------------------- */

int
snap_damaged(const struct snap *s, const char *how, struct err *e)
{
	fail(e, EBADMSG, "snapshot '%s' is damaged: %s", s->name, how);
	return err_hint(e, "use another one: joist snaps");
}

bool
snap_fetch(const struct snap *s, uint64_t at, void *to, uint64_t n)
{
	if (at > s->n || n > s->n - at)
		return false;
	if (s->bytes) {
		memcpy(to, s->bytes + at, n);
		return true;
	}
	for (uint8_t *p = to; n;) {
		ssize_t got = pread(s->fd, p, n, (off_t)at);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return false;
		p += got;
		at += (uint64_t)got;
		n -= (uint64_t)got;
	}
	return true;
}

static int
check_head(struct snap *s, struct err *e)
{
	uint8_t head[8];
	if (!snap_fetch(s, 0, head, sizeof head) || memcmp(head, "JSTSNAP", 7) != 0) {
		fail(e, EBADMSG, "'%s' is no snapshot", s->name);
		return err_hint(e, "see which there are: joist snaps");
	}
	if (head[7] != VERSION) {
		fail(e, ENOTSUP, "snapshot '%s' has version %d, this Joist reads version %d",
		     s->name, head[7], VERSION);
		return err_hint(e, head[7] > VERSION ? "use a newer Joist"
		                                     : "restore it with the Joist that made it");
	}
	s->at = sizeof head;
	return 0;
}

/* What was cut short is refused before a guest is made for it. */
static int
check_end(struct snap *s, struct err *e)
{
	uint8_t mark[HEAD], last[HEAD];
	head_of(mark, CHUNK_END, 0, 0);
	if (s->n < s->at + HEAD || !snap_fetch(s, s->n - HEAD, last, HEAD) ||
	    memcmp(last, mark, HEAD) != 0)
		return snap_damaged(s, "it ends too early", e);
	return 0;
}

struct snap *
snap_of(const void *bytes, size_t n)
{
	struct snap *s = make(-1, "in memory");
	s->bytes = bytes;
	s->n = n;
	check_head(s, &s->err);
	return s;
}

struct snap *
snap_reader(int fd, const char *name, struct err *e)
{
	struct snap *s = make(fd, name);
	struct stat st;
	if (fstat(fd, &st) < 0) {
		fail(e, errno, "snapshot '%s': %s", name, strerror(errno));
		snap_free(s);
		return NULL;
	}
	s->n = (uint64_t)st.st_size;
	if (check_head(s, e) < 0 || check_end(s, e) < 0) {
		snap_free(s);
		return NULL;
	}
	return s;
}

struct chunk {
	uint32_t tag, crc;
	uint64_t n;
};

static bool
chunk_at(struct snap *s, struct chunk *c)
{
	uint8_t head[HEAD];
	if (s->err.code || !snap_fetch(s, s->at, head, HEAD))
		return false;
	struct cur cur = cur_of(head, HEAD);
	*c = (struct chunk){ cur_u32(&cur), cur_u32(&cur), cur_u64(&cur) };
	return c->n <= s->n - s->at - HEAD;
}

uint32_t
snap_peek(struct snap *s)
{
	struct chunk c;
	return chunk_at(s, &c) && c.tag != CHUNK_END ? c.tag : 0;
}

int
snap_end(struct snap *s, struct err *e)
{
	struct chunk c;
	if (s->err.code)
		return failed(s, e);
	if (!chunk_at(s, &c))
		return snap_damaged(s, "it ends too early", e);
	if (c.tag != CHUNK_END || c.crc != 0 || c.n != 0 || s->n != s->at + HEAD)
		return snap_damaged(s, "there is more than belongs to it", e);
	return 0;
}

static int
expect(struct snap *s, uint32_t tag, struct chunk *c, struct err *e)
{
	if (s->err.code)
		return failed(s, e);
	if (!chunk_at(s, c))
		return snap_damaged(s, "it ends too early", e);
	if (c->tag != tag)
		return snap_damaged(s, "a part is missing", e);
	return 0;
}

int
snap_get(struct snap *s, uint32_t tag, struct cur *out, struct err *e)
{
	struct chunk c;
	*out = cur_of(s->name, 0);
	if (expect(s, tag, &c, e) < 0)
		return -1;
	const uint8_t *p = s->bytes ? s->bytes + s->at + HEAD : NULL;
	if (!p) {
		free(s->payload);
		/* a file with holes may be larger than any memory */
		s->payload = malloc(c.n + 1);
		if (!s->payload)
			return fail(e, ENOMEM, "snapshot '%s': no memory for a part of %llu bytes",
			            s->name, (unsigned long long)c.n);
		if (!snap_fetch(s, s->at + HEAD, s->payload, c.n))
			return snap_damaged(s, "it cannot be read", e);
		p = s->payload;
	}
	if (snap_crc(p, c.n) != c.crc)
		return snap_damaged(s, "a checksum is wrong", e);
	s->at += HEAD + c.n;
	*out = cur_of(p, c.n);
	return 0;
}

/* -- out of order, and files ------------------------------------------------------------------------ */

int
snap_pass(struct snap *s, uint32_t tag, struct snap_place *p, struct err *e)
{
	struct chunk c;
	if (expect(s, tag, &c, e) < 0)
		return -1;
	*p = (struct snap_place){ s->at + HEAD, c.n, c.crc };
	s->at += HEAD + c.n;
	return 0;
}

struct snap *
snap_again(const struct snap *s, struct err *e)
{
	int fd = s->fd >= 0 ? fcntl(s->fd, F_DUPFD_CLOEXEC, 3) : -1;
	if (s->fd >= 0 && fd < 0) {
		fail(e, errno, "snapshot '%s': %s", s->name, strerror(errno));
		return NULL;
	}
	struct snap *again = make(fd, s->name);
	again->own = fd;
	again->bytes = s->bytes;
	again->n = s->n;
	again->at = s->at;
	return again;
}

bool
snap_is_file(const struct snap *s)
{
	return s->fd >= 0;
}

int
snap_folder(const struct snap *s)
{
	return s->folder;
}

void
snap_set_folder(struct snap *s, int fd)
{
	s->folder = fd;
}
