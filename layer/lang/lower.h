/* lower.h -- instructions that move no control: numbers, memory, vectors, references. */
#ifndef LAYER_LANG_LOWER_H
#define LAYER_LANG_LOWER_H

#include "layer/lang/translate.h"

void lower_plain(struct translate *x, enum op op);

#endif
