/* json_mutate.h -- libFuzzer changes JSON as JSON.
 *
 * A target that includes this header gets a mutator: the input is parsed, one
 * to three of its values are changed, dropped, doubled or replaced, and it is
 * written again; what cannot be parsed, and one try in eight, is changed byte
 * by byte.  The parser of the JSON library is not what these targets look for
 * faults in: the readers of the document behind it are.
 */
#ifndef FUZZ_JSON_MUTATE_H
#define FUZZ_JSON_MUTATE_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

size_t LLVMFuzzerMutate(uint8_t *data, size_t n, size_t max);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t n, size_t max, unsigned seed);

/* Any value: those at the edges of what a reader checks. */
static json_t *
json_mutate_value(unsigned r)
{
	static const char *const texts[] = { "", "/", "x", "a/../b", "..", "1", "-1", "0-4294967295",
		"SCMP_ACT_ALLOW", "sha256:", "host", "c", "\xc3\xa9", "%s%n", "a b" };
	static const json_int_t numbers[] = { 0, 1, -1, 2, 64, 4096, 65535, 65536, INT32_MAX,
		(json_int_t)INT32_MAX + 1, UINT32_MAX, (json_int_t)UINT32_MAX + 1, INT64_MAX, INT64_MIN };

	switch (r % 8) {
	case 0: return json_null();
	case 1: return json_true();
	case 2: return json_object();
	case 3: return json_array();
	case 4: return json_real(1e300);
	case 5: case 6: return json_integer(numbers[r / 8 % (sizeof numbers / sizeof numbers[0])]);
	default: return json_string(texts[r / 8 % (sizeof texts / sizeof texts[0])]);
	}
}

static void
json_mutate_string(json_t *s)
{
	size_t n = json_string_length(s), max = n + 16;
	uint8_t *buf = calloc(1, max + 1);

	if (!buf)
		return;
	memcpy(buf, json_string_value(s), n);
	n = LLVMFuzzerMutate(buf, n, max);
	/* What is not UTF-8 is refused by jansson and leaves the old text. */
	json_string_setn(s, (const char *)buf, n);
	free(buf);
}

/* Go down a random way and change what is found at its end. */
static void
json_mutate_at(json_t *v, int depth)
{
	unsigned r = (unsigned)rand();

	if (json_is_array(v)) {
		size_t n = json_array_size(v), i = n ? (size_t)rand() % n : 0;
		if (n && depth < 12 && r % 4) {
			json_mutate_at(json_array_get(v, i), depth + 1);
			return;
		}
		switch (r / 4 % 4) {
		case 0: json_array_remove(v, i); break;
		case 1: json_array_append_new(v, json_deep_copy(json_array_get(v, i))); break;
		case 2: json_array_append_new(v, json_mutate_value((unsigned)rand())); break;
		default: json_array_set_new(v, i, json_mutate_value((unsigned)rand())); break;
		}
	} else if (json_is_object(v)) {
		size_t n = json_object_size(v), i = n ? (size_t)rand() % n : 0;
		void *it = json_object_iter(v);
		while (it && i-- > 0)
			it = json_object_iter_next(v, it);
		if (!it)
			return;
		char *key = strdup(json_object_iter_key(it));
		json_t *member = json_object_iter_value(it);
		if (depth < 12 && r % 8)
			json_mutate_at(member, depth + 1);
		else if (r / 8 % 3 == 0)
			json_object_del(v, key);
		else
			json_object_set_new(v, key, json_mutate_value((unsigned)rand()));
		free(key);
	} else if (json_is_string(v)) {
		json_mutate_string(v);
	} else if (json_is_integer(v)) {
		uint64_t near = (uint64_t)json_integer_value(v) + r / 2 % 3 - 1;
		json_integer_set(v, r % 2 ? (json_int_t)rand() - RAND_MAX / 2 : (json_int_t)near);
	}
}

size_t
LLVMFuzzerCustomMutator(uint8_t *data, size_t n, size_t max, unsigned seed)
{
	srand(seed);
	json_t *doc = rand() % 8 ? json_loadb((const char *)data, n, JSON_DECODE_ANY, NULL) : NULL;
	if (!doc)
		return LLVMFuzzerMutate(data, n, max);
	for (int i = rand() % 3; i >= 0; i--)
		json_mutate_at(doc, 0);
	size_t got = json_dumpb(doc, (char *)data, max, JSON_COMPACT | JSON_ENCODE_ANY);
	json_decref(doc);
	return got > max ? LLVMFuzzerMutate(data, n, max) : got;
}

#endif
