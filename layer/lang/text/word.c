/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/lang/text/word.h"

#include <pthread.h>
#include <stdbool.h>
#include <string.h>

struct row {
	const char *text;
	uint8_t class, value;
};

static const struct row rows[] = {
#define WORD(name, text, class, value) [WORD_##name - OP_COUNT] = { text, WORD_##class, value },
#include "layer/lang/text/word.def"
#undef WORD
};

enum { SLOTS = 4096 };
static uint16_t slots[SLOTS]; /* word + 1; 0: empty */
static pthread_once_t once = PTHREAD_ONCE_INIT;

static unsigned
hash(const char *p, size_t n)
{
	uint32_t h = 2166136261U; /* FNV-1a */

	for (size_t i = 0; i < n; i++)
		h = (h ^ (uint8_t)p[i]) * 16777619U;
	return (h ^ h >> 15) % SLOTS;
}

static const char *
text_of(unsigned word)
{
	return word < OP_COUNT ? op_info[word].text : rows[word - OP_COUNT].text;
}

static void
fill(void)
{
	for (unsigned w = 0; w < WORD_COUNT; w++) {
		/* These have an opcode of their own but are written as another one. */
		if (w == OP_select_t || w == OP_ref_test_null || w == OP_ref_cast_null)
			continue;
		unsigned i = hash(text_of(w), strlen(text_of(w)));
		while (slots[i])
			i = (i + 1) % SLOTS;
		slots[i] = (uint16_t)(w + 1);
	}
}

int
word_find(const char *p, size_t n)
{
	pthread_once(&once, fill);
	for (unsigned i = hash(p, n); slots[i]; i = (i + 1) % SLOTS) {
		const char *text = text_of(slots[i] - 1U);
		if (strncmp(text, p, n) == 0 && text[n] == '\0')
			return slots[i] - 1;
	}
	return -1;
}

enum word_class
word_class(unsigned word)
{
	return word < OP_COUNT ? WORD_OTHER : (enum word_class)rows[word - OP_COUNT].class;
}

uint8_t
word_value(unsigned word)
{
	return word < OP_COUNT ? 0 : rows[word - OP_COUNT].value;
}
