/* word.h -- the words of the text format, by number.
 *
 * An instruction's number is its enum op; the others follow behind those.
 */
#ifndef LAYER_LANG_TEXT_WORD_H
#define LAYER_LANG_TEXT_WORD_H

#include <stddef.h>
#include <stdint.h>

#include "layer/lang/op.h"

enum word_class { WORD_NUMBER, WORD_PACKED, WORD_HEAP, WORD_REF, WORD_SHAPE, WORD_OTHER };

enum word {
	WORD_OPS = OP_COUNT - 1,
#define WORD(name, text, class, value) WORD_##name,
#include "layer/lang/text/word.def"
#undef WORD
	WORD_COUNT
};

/* The number of a word, enum op or enum word, or -1. */
int word_find(const char *p, size_t n);

/* Of an enum word; of an enum op it is WORD_OTHER. */
enum word_class word_class(unsigned word);
uint8_t word_value(unsigned word);

#endif
