/* qcow2.h -- the parts of the format qcow2, versions 2 and 3.
 *
 * The words are those of the specification (docs/interop/qcow2.txt of QEMU): the
 * file is divided into clusters; an L1 table names L2 tables, which name the data
 * of the guest; a refcount table names blocks that count for each cluster how
 * often it is named.
 *
 * The order of writes is kept in one place, qcow2_settle: what names something is
 * written after a barrier behind what it names, and a count becomes smaller after a
 * barrier behind the last that named the cluster.  So a program or a host that
 * ends at any moment can leave clusters that nobody names (leaks) and nothing
 * worse.  What it takes: counts grow at once in the cache and may be written at any
 * time; they shrink only in qcow2_settle (qcow2_release queues that), and a
 * cluster is not taken again before.
 *
 * All numbers of the file are hostile: an offset is used only after it was seen to
 * be aligned and inside the file.
 */
#ifndef IMG_QCOW2_H
#define IMG_QCOW2_H

#include <stdbool.h>
#include <stdint.h>

#include "img/format.h"

enum {
	QCOW2_DIRTY = 1 << 0, /* incompatible: the counts are not to be trusted */
	QCOW2_CORRUPT = 1 << 1,
	QCOW2_DATA_FILE = 1 << 2,
	QCOW2_COMPRESSION = 1 << 3,
	QCOW2_WIDE_L2 = 1 << 4,

	QCOW2_LAZY = 1 << 0, /* compatible */

	QCOW2_BITMAPS = 1 << 0, /* autoclear */
};

/* Where the fields of the header are. */
enum {
	QCOW2_AT_SIZE = 24,
	QCOW2_AT_L1 = 36,
	QCOW2_AT_COUNTS = 48,
	QCOW2_AT_SNAPSHOTS = 60,
	QCOW2_AT_INCOMPATIBLE = 72,
	QCOW2_AT_AUTOCLEAR = 88,
	QCOW2_HEADER_2 = 72,
	QCOW2_HEADER_3 = 104,
	QCOW2_HEADER_OURS = 112, /* with the kind of compression */
};

/* Bits of an entry of L1 and L2. */
#define QCOW2_COPIED   (UINT64_C(1) << 63) /* counted exactly once: write in place */
#define QCOW2_PACKED   (UINT64_C(1) << 62) /* compressed */
#define QCOW2_ZERO     (UINT64_C(1) << 0)
#define QCOW2_PLACE    UINT64_C(0x00fffffffffffe00) /* where it is */

#define QCOW2_MOST_L1        (UINT64_C(32) << 20) /* bytes */
#define QCOW2_MOST_COUNTS    (UINT64_C(8) << 20)
#define QCOW2_MOST_SNAPSHOTS 65536

/* One table or refcount block in memory, as it is in the file. */
struct qcow2_table {
	uint64_t offset;
	uint8_t *bytes; /* own: a cluster */
	bool dirty, used;
	int next; /* of the same hash, -1 */
};

struct qcow2_cache {
	struct qcow2_table *table; /* own */
	int *bucket;               /* own; -1 is empty */
	int n, cap, most, hand, last;
	int dirty; /* how many */
	unsigned bits;
};

/* A set of clusters, by number. */
struct qcow2_claim {
	uint64_t *slot; /* own; number + 2; 0 is empty, 1 was taken away */
	size_t n, used, cap;
};

struct qcow2_snapshot {
	char *id, *name; /* own */
	uint64_t l1_offset;
	uint32_t l1_size;
	uint32_t sec, nsec;
	uint64_t vm_clock, vm_state, size, icount;
	uint8_t *extra; /* own; behind what we know */
	uint32_t extra_size;
};

/* Clusters that will be named once less. */
struct qcow2_gone {
	uint64_t first, n;
	bool punch; /* and the host may have them back */
};

struct qcow2 {
	struct platter *platter; /* lent by the disk */
	const char *path;        /* lent */
	struct disk *disk;       /* lent */

	/* fixed after open */
	unsigned version, cluster_bits, l2_bits, count_order;
	uint64_t cluster; /* bytes */
	uint64_t count_most;
	unsigned compression; /* 0 zlib, 1 zstd */
	uint64_t compatible;
	char *backing, *backing_format; /* own, NULL */
	bool lazy;
	uint64_t bitmaps_offset, bitmaps_size; /* the directory of bitmaps, when valid */
	uint32_t bitmaps;

	uint64_t incompatible, autoclear;
	bool corrupt; /* seen to be: write nothing any more */

	uint64_t *l1; /* own; as numbers of this machine */
	uint32_t l1_size;
	uint64_t l1_offset;
	uint32_t l1_first, l1_last; /* entries to write: first <= i < last */

	/* The counts; the table is there only when the image is writable or checked. */
	uint64_t *counts; /* own */
	uint64_t counts_n;
	uint64_t counts_offset;
	uint64_t counts_first, counts_last;
	uint64_t hint; /* no cluster below is free */
	uint64_t tail; /* no cluster from here on is taken */
	struct qcow2_gone *gone; /* own */
	size_t gone_n, gone_cap;

	struct qcow2_cache l2, blocks;
	struct qcow2_claim claim; /* clusters of metadata */

	struct qcow2_snapshot *snapshot; /* own */
	uint32_t snapshots;
	uint64_t snapshots_offset, snapshots_bytes;

	uint8_t *bounce; /* own: a cluster, for what is partly written */

	/* compressed clusters */
	struct qcow2_pack *pack; /* own; NULL until the first */
	uint64_t pack_next;      /* where the next goes, 0 nowhere */
};

/* -- header (qcow2_header.c) ---------------------------------------------------- */

int qcow2_header_read(struct qcow2 *q, struct err *e);
int qcow2_header_put(struct qcow2 *q, unsigned at, const void *bytes, size_t n); /* and sync */
int qcow2_header_flags(struct qcow2 *q, uint64_t set, uint64_t clear); /* incompatible ones */

/* -- tables in memory (qcow2_cache.c) --------------------------------------------- */

void qcow2_cache_init(struct qcow2 *q, struct qcow2_cache *c, uint64_t bytes);
void qcow2_cache_free(struct qcow2_cache *c);
void qcow2_cache_forget(struct qcow2_cache *c); /* all of it, unwritten */
/* The table at an offset that was checked: read, or zeros when it is `fresh`.  Good
 * until the next call for this cache. */
int qcow2_cache_get(struct qcow2 *q, struct qcow2_cache *c, uint64_t offset, bool fresh,
                    struct qcow2_table **out);
void qcow2_cache_drop(struct qcow2_cache *c, uint64_t offset); /* it is no table any more */
int qcow2_cache_write(struct qcow2 *q, struct qcow2_cache *c); /* all that are dirty */

static inline void
qcow2_cache_dirty(struct qcow2_cache *c, struct qcow2_table *t)
{
	c->dirty += !t->dirty;
	t->dirty = true;
}

/* -- who has which cluster (qcow2_claim.c) ------------------------------------------ */

bool qcow2_claim_has(const struct qcow2_claim *c, uint64_t cluster);
bool qcow2_claim_add(struct qcow2_claim *c, uint64_t cluster); /* false: it was there */
void qcow2_claim_drop(struct qcow2_claim *c, uint64_t cluster);
void qcow2_claim_free(struct qcow2_claim *c);
/* All metadata of an image to be written: the error says what overlaps. */
int qcow2_claim_all(struct qcow2 *q, struct err *e);

/* -- counts (qcow2_count.c) ---------------------------------------------------------- */

int qcow2_count_load(struct qcow2 *q, struct err *e);
int qcow2_count_get(struct qcow2 *q, uint64_t cluster, uint64_t *count);
int qcow2_count_add(struct qcow2 *q, uint64_t cluster, int64_t more);
int qcow2_count_set(struct qcow2 *q, uint64_t cluster, uint64_t count); /* repair */
uint64_t qcow2_count_peek(const struct qcow2 *q, const uint8_t *block, uint64_t i);
void qcow2_count_poke(const struct qcow2 *q, uint8_t *block, uint64_t i, uint64_t count);
static inline uint64_t
qcow2_count_per(const struct qcow2 *q) /* counts in a block */
{
	return q->cluster * 8 >> q->count_order;
}

/* Up to `want` clusters in a row; *got is how many.  *fresh: the file was made longer
 * for them, they are zeros. */
int qcow2_take(struct qcow2 *q, uint64_t want, uint64_t *offset, uint64_t *got, bool *fresh);
int qcow2_take_row(struct qcow2 *q, uint64_t n, uint64_t *offset); /* all n, at the end */
/* Nothing in the file ever named these: have them back at once. */
void qcow2_untake(struct qcow2 *q, uint64_t offset, uint64_t n);
/* Named once less, when what was written before is safe. */
int qcow2_release(struct qcow2 *q, uint64_t offset, uint64_t clusters, bool punch);
int qcow2_trim(struct qcow2 *q); /* cut what nobody has off the file's end */

/* Write all tables in order.  Only a sync behind it makes the last of them safe. */
int qcow2_settle(struct qcow2 *q);
/* With lazy counts, or amid the work on a snapshot: write them, and say in the header
 * that they can be trusted. */
int qcow2_make_clean(struct qcow2 *q);
/* The image contradicts itself: say so in its header and write no more.  -EIO. */
int qcow2_broken(struct qcow2 *q, const char *what, uint64_t offset);

/* -- where the guest's bytes are (qcow2_map.c) ------------------------------------------ */

enum qcow2_kind { QCOW2_NONE, QCOW2_ZEROS, QCOW2_PLAIN, QCOW2_PACK };

struct qcow2_span {
	enum qcow2_kind kind;
	uint64_t n;     /* bytes from the offset asked for, all of that kind */
	uint64_t host;  /* of PLAIN: where, in a row; of ZEROS: 0 or what is kept for it */
	uint64_t entry; /* the first, as it is in the table */
	bool ours;      /* of PLAIN, and of ZEROS with a place: may be written there */
};

/* What lies at an offset of the guest, at most to `end`. */
int qcow2_find(struct qcow2 *q, uint64_t offset, uint64_t end, struct qcow2_span *s);
/* The L2 table for an offset, made when there is none, and nobody else's. */
int qcow2_l2_ours(struct qcow2 *q, uint64_t offset, struct qcow2_table **t);
/* Give n clusters from `offset` on new entries, `step` more for each, and release
 * what the old ones named. */
int qcow2_enter(struct qcow2 *q, uint64_t offset, uint64_t n, uint64_t entry, uint64_t step,
                bool punch);
int qcow2_release_entry(struct qcow2 *q, uint64_t entry, bool punch);
/* The host's bytes of a compressed cluster. */
void qcow2_packed_place(const struct qcow2 *q, uint64_t entry, uint64_t *offset, uint64_t *n);

void qcow2_enter_l1(struct qcow2 *q, uint32_t i, uint64_t entry);
int qcow2_l1_write(struct qcow2 *q); /* what changed of it */

/* -- compressed clusters (qcow2_pack.c) ---------------------------------------------------- */

/* The cluster of an entry, unpacked; lent until the next call. */
int qcow2_unpack(struct qcow2 *q, uint64_t entry, const uint8_t **bytes);
void qcow2_pack_forget(struct qcow2 *q, uint64_t first, uint64_t n); /* host clusters */
void qcow2_pack_free(struct qcow2 *q);

/* -- reading and writing (qcow2_io.c) ------------------------------------------------------- */

int qcow2_read(struct disk *d, uint64_t offset, struct scatter *s, uint64_t n);
int qcow2_write(struct disk *d, uint64_t offset, struct scatter *s, uint64_t n);
int qcow2_discard(struct disk *d, uint64_t offset, uint64_t n);
int qcow2_zero(struct disk *d, uint64_t offset, uint64_t n, bool unmap);
int qcow2_extent(struct disk *d, uint64_t offset, uint64_t end, uint64_t *n);

/* -- the rest -------------------------------------------------------------------------------- */

int qcow2_create(struct platter *p, const char *path, uint64_t size, const struct disk_options *o,
                 struct err *e); /* qcow2_make.c */

int qcow2_resize(struct disk *d, uint64_t size, struct err *e); /* qcow2_size.c */
/* The active L1 table with other contents (n entries, taken over) for a disk of
 * `size` bytes, at another place, in one step. */
int qcow2_l1_replace(struct qcow2 *q, uint64_t *l1, uint32_t n, uint64_t size);

int qcow2_snapshots_read(struct qcow2 *q, struct err *e); /* qcow2_snapshot.c */
void qcow2_snapshots_free(struct qcow2 *q);
/* qcow2_keep.c: what they do is safe when they return. */
int qcow2_snapshot_make(struct disk *d, const char *name, struct err *e);
int qcow2_snapshot_apply(struct disk *d, const char *name, struct err *e);
int qcow2_snapshot_drop(struct disk *d, const char *name, struct err *e);
int qcow2_snapshot_look(struct disk *d, const char *name, struct err *e);
/* Let the flag of each entry of the active tables say whether it is the only one, or
 * only count what is `wrong`. */
int qcow2_flags(struct qcow2 *q, bool change, uint64_t *wrong);

/* qcow2_check.c */
int qcow2_check(struct disk *d, unsigned repair, struct disk_check *out, struct err *e);
int qcow2_recount(struct qcow2 *q, struct err *e); /* of an image that is dirty */

/* qcow2_info.c */
void qcow2_info(struct disk *d, json_t *o);
json_t *qcow2_snapshots(struct disk *d);

/* qcow2_squeeze.c: a whole cluster, compressed when that makes it smaller. */
int qcow2_squeeze(struct disk *d, uint64_t offset, const void *bytes, size_t n);
/* Read a table of n entries into memory of the caller's, as numbers of this machine. */
int qcow2_load(struct qcow2 *q, uint64_t offset, uint64_t n, uint64_t **out);

static inline uint64_t
qcow2_l1_span(const struct qcow2 *q) /* bytes of the guest that an entry of L1 stands for */
{
	return q->cluster << q->l2_bits;
}

static inline uint64_t
qcow2_clusters(const struct qcow2 *q, uint64_t bytes)
{
	return (bytes >> q->cluster_bits) + ((bytes & (q->cluster - 1)) != 0);
}

static inline uint64_t
qcow2_end(const struct qcow2 *q) /* of the file; its last cluster may be cut short */
{
	return qcow2_clusters(q, q->platter->size) << q->cluster_bits;
}

/* Aligned, and all n bytes in the file (the last cluster may be cut short). */
static inline bool
qcow2_inside(const struct qcow2 *q, uint64_t offset, uint64_t n)
{
	uint64_t end = qcow2_end(q);
	return offset != 0 && (offset & (q->cluster - 1)) == 0 && offset <= end && n <= end - offset;
}

#endif
