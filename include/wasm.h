/* wasm.h -- WebAssembly in a program, by the field's standard C interface.
 *
 * These are the declarations of the WebAssembly C API (wasm-c-api): a program
 * written against it compiles with this header and links with libjoist as it is.
 *
 * Whose is what: a result of a *_new, *_copy function, of a function that fills a
 * vector or value, and of those marked "yours", belongs to the caller and is given
 * back with the *_delete of its type.  A vector owns its elements.  Parameters
 * marked "taken" become the function's, also when it fails.  What *_as_* returns,
 * and every const pointer into another object, is lent and lives as long as that.
 *
 * A handle (function, memory, ...) keeps its store, and a store its engine, until
 * the last one is deleted.  What exists in a store lives as long as the store;
 * finalizers run then, or earlier for what no module was ever given.
 *
 * Threads: one thread at a time uses a store and all that belongs to it; different
 * stores may be used by different threads at once.  wasm_shared_module_t carries a
 * module from one to another.  Callbacks run on the thread that called in, and may
 * call in again.
 *
 * Errors: functions that make something return NULL when it cannot be; running
 * returns a trap, or NULL when all went well.
 */
#ifndef JOIST_WASM_H
#define JOIST_WASM_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

#pragma GCC visibility push(default)

/* clang-format off */

/* -- pieces of the declarations: of what is owned, of vectors, types, references -- */

#define WASM_DECLARE_OWN(name) \
	typedef struct wasm_##name##_t wasm_##name##_t; \
	void wasm_##name##_delete(wasm_##name##_t *);

/* new_uninitialized: elements are zero; new: the elements are taken. */
#define WASM_DECLARE_VEC(name, ptr) \
	typedef struct wasm_##name##_vec_t { \
		size_t size; \
		wasm_##name##_t ptr *data; \
	} wasm_##name##_vec_t; \
	void wasm_##name##_vec_new_empty(wasm_##name##_vec_t *out); \
	void wasm_##name##_vec_new_uninitialized(wasm_##name##_vec_t *out, size_t n); \
	void wasm_##name##_vec_new(wasm_##name##_vec_t *out, size_t n, wasm_##name##_t ptr const v[]); \
	void wasm_##name##_vec_copy(wasm_##name##_vec_t *out, const wasm_##name##_vec_t *from); \
	void wasm_##name##_vec_delete(wasm_##name##_vec_t *);

#define WASM_DECLARE_TYPE(name) \
	WASM_DECLARE_OWN(name) \
	WASM_DECLARE_VEC(name, *) \
	wasm_##name##_t *wasm_##name##_copy(const wasm_##name##_t *);

/* same: do both handles stand for one thing?  The host's information belongs to the
 * thing, not to the handle; its finalizer is called when the thing goes. */
#define WASM_DECLARE_REF_BASE(name) \
	WASM_DECLARE_OWN(name) \
	wasm_##name##_t *wasm_##name##_copy(const wasm_##name##_t *); \
	bool wasm_##name##_same(const wasm_##name##_t *, const wasm_##name##_t *); \
	void *wasm_##name##_get_host_info(const wasm_##name##_t *); \
	void wasm_##name##_set_host_info(wasm_##name##_t *, void *info); \
	void wasm_##name##_set_host_info_with_finalizer(wasm_##name##_t *, void *info, \
	                                                void (*finalizer)(void *));

/* wasm_ref_as_*: NULL when it is something else. */
#define WASM_DECLARE_REF(name) \
	WASM_DECLARE_REF_BASE(name) \
	wasm_ref_t *wasm_##name##_as_ref(wasm_##name##_t *); \
	wasm_##name##_t *wasm_ref_as_##name(wasm_ref_t *); \
	const wasm_ref_t *wasm_##name##_as_ref_const(const wasm_##name##_t *); \
	const wasm_##name##_t *wasm_ref_as_##name##_const(const wasm_ref_t *);

#define WASM_DECLARE_SHARABLE_REF(name) \
	WASM_DECLARE_REF(name) \
	WASM_DECLARE_OWN(shared_##name) \
	wasm_shared_##name##_t *wasm_##name##_share(const wasm_##name##_t *); \
	wasm_##name##_t *wasm_##name##_obtain(wasm_store_t *, const wasm_shared_##name##_t *);

/* -- bytes and names ---------------------------------------------------------------- */

typedef char byte_t;
typedef float float32_t;
typedef double float64_t;
typedef byte_t wasm_byte_t;
WASM_DECLARE_VEC(byte, )

typedef wasm_byte_vec_t wasm_name_t;
#define wasm_name wasm_byte_vec
#define wasm_name_new wasm_byte_vec_new
#define wasm_name_new_empty wasm_byte_vec_new_empty
#define wasm_name_new_new_uninitialized wasm_byte_vec_new_uninitialized
#define wasm_name_copy wasm_byte_vec_copy
#define wasm_name_delete wasm_byte_vec_delete

static inline void
wasm_name_new_from_string(wasm_name_t *out, const char *s)
{
	wasm_name_new(out, strlen(s), s);
}

/* The same with its final zero. */
static inline void
wasm_name_new_from_string_nt(wasm_name_t *out, const char *s)
{
	wasm_name_new(out, strlen(s) + 1, s);
}

/* -- engine and stores ---------------------------------------------------------------- */

WASM_DECLARE_OWN(config)
wasm_config_t *wasm_config_new(void);

WASM_DECLARE_OWN(engine)
wasm_engine_t *wasm_engine_new(void);
wasm_engine_t *wasm_engine_new_with_config(wasm_config_t *config);      /* taken */

WASM_DECLARE_OWN(store)
wasm_store_t *wasm_store_new(wasm_engine_t *);  /* NULL: no address space for its stack */

/* -- types ------------------------------------------------------------------------------ */

typedef uint8_t wasm_mutability_t;
enum wasm_mutability_enum { WASM_CONST, WASM_VAR };

/* Sizes beyond 32 bits (memory64, table64) are shown as the largest. */
typedef struct wasm_limits_t {
	uint32_t min, max;
} wasm_limits_t;
static const uint32_t wasm_limits_max_default = 0xffffffff;

WASM_DECLARE_TYPE(valtype)

/* Every reference to a function is a WASM_FUNCREF here, every other a WASM_EXTERNREF.
 * WASM_V128 is of ours: it is only told; wasm_val_t has no room for one. */
typedef uint8_t wasm_valkind_t;
enum wasm_valkind_enum {
	WASM_I32, WASM_I64, WASM_F32, WASM_F64, WASM_V128,
	WASM_EXTERNREF = 128, WASM_FUNCREF,
};

wasm_valtype_t *wasm_valtype_new(wasm_valkind_t);
wasm_valkind_t wasm_valtype_kind(const wasm_valtype_t *);

static inline bool wasm_valkind_is_num(wasm_valkind_t k) { return k < WASM_EXTERNREF; }
static inline bool wasm_valkind_is_ref(wasm_valkind_t k) { return k >= WASM_EXTERNREF; }
static inline bool
wasm_valtype_is_num(const wasm_valtype_t *t)
{
	return wasm_valkind_is_num(wasm_valtype_kind(t));
}
static inline bool
wasm_valtype_is_ref(const wasm_valtype_t *t)
{
	return wasm_valkind_is_ref(wasm_valtype_kind(t));
}

WASM_DECLARE_TYPE(functype)
wasm_functype_t *wasm_functype_new(wasm_valtype_vec_t *params, wasm_valtype_vec_t *results); /* taken */
const wasm_valtype_vec_t *wasm_functype_params(const wasm_functype_t *);
const wasm_valtype_vec_t *wasm_functype_results(const wasm_functype_t *);

WASM_DECLARE_TYPE(globaltype)
wasm_globaltype_t *wasm_globaltype_new(wasm_valtype_t *content, wasm_mutability_t);     /* taken */
const wasm_valtype_t *wasm_globaltype_content(const wasm_globaltype_t *);
wasm_mutability_t wasm_globaltype_mutability(const wasm_globaltype_t *);

WASM_DECLARE_TYPE(tabletype)
wasm_tabletype_t *wasm_tabletype_new(wasm_valtype_t *element, const wasm_limits_t *);   /* taken */
const wasm_valtype_t *wasm_tabletype_element(const wasm_tabletype_t *);
const wasm_limits_t *wasm_tabletype_limits(const wasm_tabletype_t *);

WASM_DECLARE_TYPE(memorytype)
wasm_memorytype_t *wasm_memorytype_new(const wasm_limits_t *);  /* in pages */
const wasm_limits_t *wasm_memorytype_limits(const wasm_memorytype_t *);

WASM_DECLARE_TYPE(externtype)

/* WASM_EXTERN_TAG is of ours: a tag can be handed from one instance to another. */
typedef uint8_t wasm_externkind_t;
enum wasm_externkind_enum {
	WASM_EXTERN_FUNC, WASM_EXTERN_GLOBAL, WASM_EXTERN_TABLE, WASM_EXTERN_MEMORY,
	WASM_EXTERN_TAG,
};

wasm_externkind_t wasm_externtype_kind(const wasm_externtype_t *);

/* One and the same object; wasm_externtype_as_*: NULL when it is another kind. */
#define WASM_DECLARE_EXTERNTYPE(name) \
	wasm_externtype_t *wasm_##name##_as_externtype(wasm_##name##_t *); \
	wasm_##name##_t *wasm_externtype_as_##name(wasm_externtype_t *); \
	const wasm_externtype_t *wasm_##name##_as_externtype_const(const wasm_##name##_t *); \
	const wasm_##name##_t *wasm_externtype_as_##name##_const(const wasm_externtype_t *);
WASM_DECLARE_EXTERNTYPE(functype)
WASM_DECLARE_EXTERNTYPE(globaltype)
WASM_DECLARE_EXTERNTYPE(tabletype)
WASM_DECLARE_EXTERNTYPE(memorytype)

WASM_DECLARE_TYPE(importtype)
wasm_importtype_t *wasm_importtype_new(wasm_name_t *module, wasm_name_t *name,
                                       wasm_externtype_t *);    /* all taken */
const wasm_name_t *wasm_importtype_module(const wasm_importtype_t *);
const wasm_name_t *wasm_importtype_name(const wasm_importtype_t *);
const wasm_externtype_t *wasm_importtype_type(const wasm_importtype_t *);

WASM_DECLARE_TYPE(exporttype)
wasm_exporttype_t *wasm_exporttype_new(wasm_name_t *, wasm_externtype_t *);     /* both taken */
const wasm_name_t *wasm_exporttype_name(const wasm_exporttype_t *);
const wasm_externtype_t *wasm_exporttype_type(const wasm_exporttype_t *);

/* -- values ------------------------------------------------------------------------------- */

WASM_DECLARE_REF_BASE(ref)

/* A reference in it is owned by the value; NULL is the null reference. */
typedef struct wasm_val_t {
	wasm_valkind_t kind;
	union {
		int32_t i32;
		int64_t i64;
		float32_t f32;
		float64_t f64;
		struct wasm_ref_t *ref;
	} of;
} wasm_val_t;

void wasm_val_delete(wasm_val_t *v);
void wasm_val_copy(wasm_val_t *out, const wasm_val_t *);
WASM_DECLARE_VEC(val, )

/* -- traps ----------------------------------------------------------------------------------- */

/* A place in the code; offsets are bytes, from the function's body and from the
 * module's first byte. */
WASM_DECLARE_OWN(frame)
WASM_DECLARE_VEC(frame, *)
wasm_frame_t *wasm_frame_copy(const wasm_frame_t *);
struct wasm_instance_t *wasm_frame_instance(const wasm_frame_t *);      /* lent */
uint32_t wasm_frame_func_index(const wasm_frame_t *);
size_t wasm_frame_func_offset(const wasm_frame_t *);
size_t wasm_frame_module_offset(const wasm_frame_t *);

/* Ends with a zero that is counted. */
typedef wasm_name_t wasm_message_t;

/* wasm_trap_origin: yours, NULL when no code of a module ran; wasm_trap_trace:
 * innermost first. */
WASM_DECLARE_REF(trap)
wasm_trap_t *wasm_trap_new(wasm_store_t *store, const wasm_message_t *);
void wasm_trap_message(const wasm_trap_t *, wasm_message_t *out);
wasm_frame_t *wasm_trap_origin(const wasm_trap_t *);
void wasm_trap_trace(const wasm_trap_t *, wasm_frame_vec_t *out);

/* -- something of the host's, to be passed as an externref -------------------------------------- */

WASM_DECLARE_REF(foreign)
wasm_foreign_t *wasm_foreign_new(wasm_store_t *);

/* -- modules --------------------------------------------------------------------------------------- */

/* The bytes are copied.  NULL, false: malformed or invalid (Core specification 5, 3). */
WASM_DECLARE_SHARABLE_REF(module)
wasm_module_t *wasm_module_new(wasm_store_t *, const wasm_byte_vec_t *binary);
bool wasm_module_validate(wasm_store_t *, const wasm_byte_vec_t *binary);
void wasm_module_imports(const wasm_module_t *, wasm_importtype_vec_t *out);
void wasm_module_exports(const wasm_module_t *, wasm_exporttype_vec_t *out);
/* Serialized it is its binary, and is checked again. */
void wasm_module_serialize(const wasm_module_t *, wasm_byte_vec_t *out);
wasm_module_t *wasm_module_deserialize(wasm_store_t *, const wasm_byte_vec_t *);

/* -- functions ----------------------------------------------------------------------------------------- */

/* A callback fills results (of the types that its own type says) or returns a trap,
 * which becomes the caller's. */
WASM_DECLARE_REF(func)
typedef wasm_trap_t *(*wasm_func_callback_t)(const wasm_val_vec_t *args, wasm_val_vec_t *results);
typedef wasm_trap_t *(*wasm_func_callback_with_env_t)(void *env, const wasm_val_vec_t *args,
                                                      wasm_val_vec_t *results);
wasm_func_t *wasm_func_new(wasm_store_t *, const wasm_functype_t *, wasm_func_callback_t);
wasm_func_t *wasm_func_new_with_env(wasm_store_t *, const wasm_functype_t *type,
                                    wasm_func_callback_with_env_t, void *env,
                                    void (*finalizer)(void *env));
wasm_functype_t *wasm_func_type(const wasm_func_t *);
size_t wasm_func_param_arity(const wasm_func_t *);
size_t wasm_func_result_arity(const wasm_func_t *);
/* Fills as many results as there is room for; they are yours.  Wrong arguments are a
 * trap too. */
wasm_trap_t *wasm_func_call(const wasm_func_t *, const wasm_val_vec_t *args, wasm_val_vec_t *results);

/* -- globals, tables, memories ----------------------------------------------------------------------------- */

WASM_DECLARE_REF(global)
wasm_global_t *wasm_global_new(wasm_store_t *, const wasm_globaltype_t *, const wasm_val_t *);
wasm_globaltype_t *wasm_global_type(const wasm_global_t *);
void wasm_global_get(const wasm_global_t *, wasm_val_t *out);
void wasm_global_set(wasm_global_t *, const wasm_val_t *);      /* nothing when it may not */

WASM_DECLARE_REF(table)
typedef uint32_t wasm_table_size_t;
wasm_table_t *wasm_table_new(wasm_store_t *, const wasm_tabletype_t *, wasm_ref_t *init);
wasm_tabletype_t *wasm_table_type(const wasm_table_t *);
wasm_ref_t *wasm_table_get(const wasm_table_t *, wasm_table_size_t index);      /* yours */
bool wasm_table_set(wasm_table_t *, wasm_table_size_t index, wasm_ref_t *);
wasm_table_size_t wasm_table_size(const wasm_table_t *);
bool wasm_table_grow(wasm_table_t *, wasm_table_size_t delta, wasm_ref_t *init);

WASM_DECLARE_REF(memory)
typedef uint32_t wasm_memory_pages_t;
static const size_t MEMORY_PAGE_SIZE = 0x10000;
wasm_memory_t *wasm_memory_new(wasm_store_t *, const wasm_memorytype_t *);
wasm_memorytype_t *wasm_memory_type(const wasm_memory_t *);
byte_t *wasm_memory_data(wasm_memory_t *);      /* lent, until the memory grows */
size_t wasm_memory_data_size(const wasm_memory_t *);
wasm_memory_pages_t wasm_memory_size(const wasm_memory_t *);
bool wasm_memory_grow(wasm_memory_t *, wasm_memory_pages_t delta);

/* -- what can be imported and exported ---------------------------------------------------------------------- */

WASM_DECLARE_REF(extern)
WASM_DECLARE_VEC(extern, *)
wasm_externkind_t wasm_extern_kind(const wasm_extern_t *);
wasm_externtype_t *wasm_extern_type(const wasm_extern_t *);

#define WASM_DECLARE_EXTERN(name) \
	wasm_extern_t *wasm_##name##_as_extern(wasm_##name##_t *); \
	wasm_##name##_t *wasm_extern_as_##name(wasm_extern_t *); \
	const wasm_extern_t *wasm_##name##_as_extern_const(const wasm_##name##_t *); \
	const wasm_##name##_t *wasm_extern_as_##name##_const(const wasm_extern_t *);
WASM_DECLARE_EXTERN(func)
WASM_DECLARE_EXTERN(global)
WASM_DECLARE_EXTERN(table)
WASM_DECLARE_EXTERN(memory)

/* -- instances ------------------------------------------------------------------------------------------------- */

/* imports: one per import of the module, in order; lent.  NULL when it cannot be
 * linked or its initialisation traps; *trap (may be NULL; yours) says why. */
WASM_DECLARE_REF(instance)
wasm_instance_t *wasm_instance_new(wasm_store_t *, const wasm_module_t *,
                                   const wasm_extern_vec_t *imports, wasm_trap_t **trap);
void wasm_instance_exports(const wasm_instance_t *, wasm_extern_vec_t *out);

/* -- short forms --------------------------------------------------------------------------------------------------- */

#define WASM_EMPTY_VEC { 0, NULL }
#define WASM_ARRAY_VEC(array) { sizeof(array) / sizeof(*(array)), array }

#define WASM_I32_VAL(i) { .kind = WASM_I32, .of = { .i32 = i } }
#define WASM_I64_VAL(i) { .kind = WASM_I64, .of = { .i64 = i } }
#define WASM_F32_VAL(z) { .kind = WASM_F32, .of = { .f32 = z } }
#define WASM_F64_VAL(z) { .kind = WASM_F64, .of = { .f64 = z } }
#define WASM_REF_VAL(r) { .kind = WASM_EXTERNREF, .of = { .ref = r } }
#define WASM_INIT_VAL   { .kind = WASM_EXTERNREF, .of = { .ref = NULL } }

static inline wasm_valtype_t *wasm_valtype_new_i32(void) { return wasm_valtype_new(WASM_I32); }
static inline wasm_valtype_t *wasm_valtype_new_i64(void) { return wasm_valtype_new(WASM_I64); }
static inline wasm_valtype_t *wasm_valtype_new_f32(void) { return wasm_valtype_new(WASM_F32); }
static inline wasm_valtype_t *wasm_valtype_new_f64(void) { return wasm_valtype_new(WASM_F64); }
static inline wasm_valtype_t *wasm_valtype_new_externref(void) { return wasm_valtype_new(WASM_EXTERNREF); }
static inline wasm_valtype_t *wasm_valtype_new_funcref(void) { return wasm_valtype_new(WASM_FUNCREF); }

/* wasm_functype_new_P_R: P parameters, then R results; all taken. */
static inline wasm_functype_t *
wasm_functype_new_of(size_t np, wasm_valtype_t *const p[], size_t nr, wasm_valtype_t *const r[])
{
	wasm_valtype_vec_t params, results;
	wasm_valtype_vec_new(&params, np, p);
	wasm_valtype_vec_new(&results, nr, r);
	return wasm_functype_new(&params, &results);
}

#define WASM_T wasm_valtype_t *
#define WASM_FUNCTYPE_NEW(np, nr, parameters, ...) \
	static inline wasm_functype_t *wasm_functype_new_##np##_##nr parameters \
	{ \
		wasm_valtype_t *v[] = { __VA_ARGS__ }; \
		return wasm_functype_new_of(np, v, nr, v + np); \
	}
static inline wasm_functype_t *
wasm_functype_new_0_0(void)
{
	return wasm_functype_new_of(0, NULL, 0, NULL);
}
WASM_FUNCTYPE_NEW(1, 0, (WASM_T p), p)
WASM_FUNCTYPE_NEW(2, 0, (WASM_T p1, WASM_T p2), p1, p2)
WASM_FUNCTYPE_NEW(3, 0, (WASM_T p1, WASM_T p2, WASM_T p3), p1, p2, p3)
WASM_FUNCTYPE_NEW(0, 1, (WASM_T r), r)
WASM_FUNCTYPE_NEW(1, 1, (WASM_T p, WASM_T r), p, r)
WASM_FUNCTYPE_NEW(2, 1, (WASM_T p1, WASM_T p2, WASM_T r), p1, p2, r)
WASM_FUNCTYPE_NEW(3, 1, (WASM_T p1, WASM_T p2, WASM_T p3, WASM_T r), p1, p2, p3, r)
WASM_FUNCTYPE_NEW(0, 2, (WASM_T r1, WASM_T r2), r1, r2)
WASM_FUNCTYPE_NEW(1, 2, (WASM_T p, WASM_T r1, WASM_T r2), p, r1, r2)
WASM_FUNCTYPE_NEW(2, 2, (WASM_T p1, WASM_T p2, WASM_T r1, WASM_T r2), p1, p2, r1, r2)
WASM_FUNCTYPE_NEW(3, 2, (WASM_T p1, WASM_T p2, WASM_T p3, WASM_T r1, WASM_T r2), p1, p2, p3, r1, r2)
#undef WASM_T
#undef WASM_FUNCTYPE_NEW

/* A pointer of the host's as a number. */
static inline void
wasm_val_init_ptr(wasm_val_t *out, void *p)
{
	out->kind = sizeof p == 8 ? WASM_I64 : WASM_I32;
	if (sizeof p == 8)
		out->of.i64 = (int64_t)(intptr_t)p;
	else
		out->of.i32 = (int32_t)(intptr_t)p;
}

static inline void *
wasm_val_ptr(const wasm_val_t *v)
{
	return sizeof(void *) == 8 ? (void *)(intptr_t)v->of.i64 : (void *)(intptr_t)v->of.i32;
}

/* clang-format on */

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#endif
