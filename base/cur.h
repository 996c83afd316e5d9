/* cur.h -- a cursor over untrusted bytes that cannot overrun.
 *
 * Reading past the end gives zero and sets `bad`, which stays set: a reader
 * asks once, after a group of reads.  Numbers are little-endian.
 */
#ifndef BASE_CUR_H
#define BASE_CUR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cur {
	const uint8_t *p, *end;         /* lent */
	bool bad;
};

struct cur cur_of(const void *bytes, size_t n);
size_t   cur_left(const struct cur *c);
uint8_t  cur_u8(struct cur *c);
uint16_t cur_u16(struct cur *c);
uint32_t cur_u32(struct cur *c);
uint64_t cur_u64(struct cur *c);
const uint8_t *cur_bytes(struct cur *c, size_t n);      /* NULL when bad */

#endif
