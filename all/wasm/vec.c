/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "include/wasm.h"

/* Vectors of all element types: three kinds of elements, by how one is copied and deleted. */

/* clang-format off */
#define VEC(name, element, copy_one, delete_one)                                                   \
	void wasm_##name##_vec_new_empty(wasm_##name##_vec_t *out)                                 \
	{ *out = (wasm_##name##_vec_t){ 0, NULL }; }                                               \
	void wasm_##name##_vec_new_uninitialized(wasm_##name##_vec_t *out, size_t n)               \
	{ *out = (wasm_##name##_vec_t){ n, n ? xcalloc(n, sizeof *out->data) : NULL }; }           \
	void wasm_##name##_vec_new(wasm_##name##_vec_t *out, size_t n, element const v[])          \
	{                                                                                          \
		wasm_##name##_vec_new_uninitialized(out, n);                                       \
		if (n)                                                                             \
			memcpy(out->data, v, n * sizeof *v);                                       \
	}                                                                                          \
	void wasm_##name##_vec_copy(wasm_##name##_vec_t *out, const wasm_##name##_vec_t *from)     \
	{                                                                                          \
		wasm_##name##_vec_new_uninitialized(out, from->size);                              \
		for (size_t i = 0; i < from->size; i++)                                            \
			copy_one(name, &out->data[i], &from->data[i]);                             \
	}                                                                                          \
	void wasm_##name##_vec_delete(wasm_##name##_vec_t *v)                                      \
	{                                                                                          \
		for (size_t i = 0; v->data && i < v->size; i++)                                    \
			delete_one(name, &v->data[i]);                                             \
		free(v->data);                                                                     \
		*v = (wasm_##name##_vec_t){ 0, NULL };                                             \
	}
#define COPY_PLAIN(name, to, from) (*(to) = *(from))
#define DELETE_PLAIN(name, p) ((void)(p))
#define COPY_POINTER(name, to, from) (*(to) = *(from) ? wasm_##name##_copy(*(from)) : NULL)
#define DELETE_POINTER(name, p) wasm_##name##_delete(*(p))
#define COPY_VALUE(name, to, from) wasm_##name##_copy(to, from)
#define DELETE_VALUE(name, p) wasm_##name##_delete(p)
#define VEC_OF_POINTERS(name) VEC(name, wasm_##name##_t *, COPY_POINTER, DELETE_POINTER)
/* clang-format on */

VEC(byte, byte_t, COPY_PLAIN, DELETE_PLAIN)
VEC(val, wasm_val_t, COPY_VALUE, DELETE_VALUE)
VEC_OF_POINTERS(valtype)
VEC_OF_POINTERS(functype)
VEC_OF_POINTERS(globaltype)
VEC_OF_POINTERS(tabletype)
VEC_OF_POINTERS(memorytype)
VEC_OF_POINTERS(externtype)
VEC_OF_POINTERS(importtype)
VEC_OF_POINTERS(exporttype)
VEC_OF_POINTERS(frame)
VEC_OF_POINTERS(extern)
