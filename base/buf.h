/* buf.h -- bytes that grow.
 *
 * A zeroed struct buf is empty.  Numbers are written little-endian, leb128 as
 * WebAssembly has it (Core specification 5.2.2).
 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stddef.h>
#include <stdint.h>

struct buf {
	uint8_t *p;             /* own; NULL while empty */
	size_t n, cap;
};

void buf_u8(struct buf *b, uint8_t v);
void buf_u16(struct buf *b, uint16_t v);
void buf_u32(struct buf *b, uint32_t v);
void buf_u64(struct buf *b, uint64_t v);
void buf_uleb(struct buf *b, uint64_t v);
void buf_sleb(struct buf *b, int64_t v);
void buf_put(struct buf *b, const void *bytes, size_t n);
uint8_t *buf_room(struct buf *b, size_t n);     /* n more bytes, not cleared, counted */
void buf_free(struct buf *b);                   /* and empty again */

#endif
