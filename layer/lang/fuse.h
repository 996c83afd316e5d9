/* fuse.h -- two instructions as one (fuse.def).  Only the translator asks. */
#ifndef LAYER_LANG_FUSE_H
#define LAYER_LANG_FUSE_H

#include "layer/lang/translate.h"

/* The pair's code, or -1: the second takes the first's result as its first
 * operand (fuse_pair), as its second (fuse_reversed), as the value it stores, the
 * address it loads from, or what it compares. */
int fuse_pair(enum code_op first, enum code_op second);
int fuse_reversed(enum code_op first, enum code_op second);

/* The fields b and c of the first in the pair; false: they need more room. */
bool fuse_operands(const struct last *first, uint32_t *b, uint32_t *c);

#endif
