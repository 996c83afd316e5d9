/* nls_table.h -- what is known of characters: case, kinds, parts, code pages.
 *
 * Constant tables that tool/nls.py makes; nls.c and normal.c read them, nobody else does.
 */
#ifndef LAYER_API_NT_TEXT_NLS_TABLE_H
#define LAYER_API_NT_TEXT_NLS_TABLE_H

#include <stddef.h>
#include <stdint.h>

/* Of a code unit c: table[table_page[c >> 8] * 256 + (c & 255)]; a distance to the other case. */
extern const uint8_t nls_table_up_page[], nls_table_low_page[], nls_table_type_page[];
extern const uint16_t nls_table_up[], nls_table_low[];
extern const uint8_t nls_table_type[];          /* a row of nls_table_types */
extern const uint16_t nls_table_types[][3];     /* CT_CTYPE1, 2, 3 */

enum { NLS_PART_LENGTH = 0x3f, NLS_PART_EXCLUDED = 0x40, NLS_PART_COMPAT = 0x80 };

struct nls_decomposition {
	uint32_t c;
	uint16_t at;            /* in nls_table_pool, UTF-16 */
	uint8_t n;              /* length and NLS_PART_ bits */
};

struct nls_class {
	uint32_t first;
	uint8_t count, class;
};

struct nls_pair {
	uint32_t a, b, c;       /* a and b are c together */
};

struct nls_page {
	uint16_t page;
	uint16_t high[128];     /* of the bytes from 0x80 */
};

/* A page of one or two bytes for a character (nls_double.c). */
struct nls_double {
	uint16_t page;
	uint16_t otherwise;     /* the character for what is none */
	uint16_t base;          /* the first row of its own */
	uint16_t high[128];     /* of the bytes from 0x80 that stand alone; 0: none */
	uint8_t row[128];       /* by lead byte, 1 is the base; 0: it leads nothing */
	uint16_t one_way[16][2];        /* codes that are read and not written: first and last */
};

extern const uint16_t nls_double_row[][191];    /* of the trail bytes 0x40 to 0xfe; 0: none */
extern const struct nls_double nls_double_page[];
extern const size_t nls_double_pages;

extern const struct nls_decomposition nls_table_decomposition[];        /* by c */
extern const uint16_t nls_table_pool[];
extern const struct nls_class nls_table_class[];                        /* by first */
extern const struct nls_pair nls_table_pair[];                          /* by a, b */
extern const struct nls_page nls_table_codepage[];                      /* by page */
extern const size_t nls_table_decompositions, nls_table_classes, nls_table_pairs,
        nls_table_codepages;

#endif
