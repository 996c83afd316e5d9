/* thing.h -- what stands behind the handles of wasm.h.
 *
 * A thing (function, memory, instance, trap ...) has one record for as long as
 * somebody holds a handle of it or its host put information there; every handle
 * is a pointer to that record, so that two are the same exactly when the
 * pointers are.  The engine's own objects live as long as their store; a record
 * goes sooner when nobody can ask for it any more.
 *
 * A reference in a value of the engine is no pointer (layer/lang/store.h): a
 * record that has to be one gets a number in its store, and is then kept.
 */
#ifndef ALL_WASM_THING_H
#define ALL_WASM_THING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/vec.h"
#include "include/wasm.h"
#include "layer/lang/store.h"

enum thing_kind {
	THING_FUNC,
	THING_GLOBAL,
	THING_TABLE,
	THING_MEMORY,
	THING_TAG, /* as in wasm.h */
	THING_INSTANCE,
	THING_MODULE,
	THING_TRAP,
	THING_FOREIGN,
	THING_HEAP, /* a reference into the collected heap, or a small integer */
};

/* A module, shared by the stores that use it. */
struct thing_module {
	_Atomic unsigned users;
	struct module *module; /* own */
	char *bytes;           /* own */
};

struct thing_trap {
	char *message;          /* own */
	size_t n;               /* its zero included */
	wasm_frame_vec_t trace; /* own */
};

/* A function of the host's: env of its struct func. */
struct thing_callback {
	wasm_store_t *store; /* lent */
	uint32_t type;       /* id */
	wasm_func_callback_t plain;
	wasm_func_callback_with_env_t with_env;
	void *env;
	void (*finalizer)(void *env);
};

struct wasm_ref_t {
	enum thing_kind kind;
	unsigned handles;
	bool kept;           /* until the store goes, also without a handle */
	wasm_store_t *store; /* lent */
	uint32_t number;     /* among the store's `numbered`, behind 1; 0: none */
	uint32_t place;      /* THING_HEAP: in the store's `rooted` */
	void *info;          /* the host's */
	void (*finalizer)(void *);
	union {
		const void *key; /* the engine's object */
		struct func *func;
		struct global *global;
		struct table *table;
		struct memory *memory;
		struct tag *tag;
		struct instance *instance;
		struct thing_module *module; /* one user */
		struct thing_trap *trap;     /* own */
		uint64_t slot;
	};
};

struct wasm_engine_t {
	_Atomic unsigned users;
};

struct wasm_store_t {
	wasm_engine_t *engine;    /* one user */
	struct wasm_store *store; /* own */
	struct thread *thread;    /* own, through the store */
	bool deleted;             /* by its owner; it goes with the last handle */
	size_t handles;
	void *records;        /* tsearch: of the engine's objects, by address */
	struct vec numbered;  /* own: records that are values of the engine's */
	struct vec rooted;    /* THING_HEAP records, lent */
	struct vec callbacks; /* own: struct thing_callback */
	struct vec modules;   /* struct thing_module, one user each */
	wasm_ref_t *thrown;   /* own: the trap that a callback returned, on its way out */
};

/* A record for an engine's object (the one that is there already, or a new one), or
 * for something new; with a handle more. */
wasm_ref_t *thing_of(wasm_store_t *s, enum thing_kind kind, const void *key);
wasm_ref_t *thing_new(wasm_store_t *s, enum thing_kind kind);
/* The record of an instance, kept for whoever was told of it. */
wasm_ref_t *thing_instance(wasm_store_t *s, struct instance *i);
wasm_ref_t *thing_external(wasm_store_t *s, const struct external *x);

wasm_ref_t *thing_hold(const wasm_ref_t *r); /* a handle more; NULL is allowed */
void thing_drop(wasm_ref_t *r);              /* a handle less; NULL is allowed */

/* Give a module up, and a store that nobody holds. */
struct thing_module *thing_module_hold(struct thing_module *m);
void thing_module_drop(struct thing_module *m);
void thing_store_drop(wasm_store_t *s);

/* A value of the engine's and one of the interface's.  false: it is not of that type.
 * What thing_value makes belongs to the caller. */
bool thing_slot(wasm_store_t *s, valtype t, const wasm_val_t *v, uint64_t slot[2]);
bool thing_ref_slot(wasm_store_t *s, valtype t, const wasm_ref_t *r, uint64_t *slot);
void thing_value(wasm_store_t *s, valtype t, const uint64_t slot[2], wasm_val_t *out);
wasm_ref_t *thing_of_slot(wasm_store_t *s, uint64_t slot);

/* A trap with a sentence and the frames that the store's thread is in now. */
wasm_trap_t *thing_trap(wasm_store_t *s, const char *sentence);

/* Call f; NULL, or the trap.  slots hold the arguments and receive the results. */
wasm_trap_t *thing_call(wasm_store_t *s, struct func *f, uint64_t *slots);

/* Types: the engine's number, and back. */
valtype thing_valtype(const wasm_valtype_t *t);
wasm_valtype_t *thing_valtype_of(valtype t);
wasm_functype_t *thing_functype_of(uint32_t id);
uint32_t thing_functype(const wasm_functype_t *t); /* its id */
wasm_externtype_t *thing_externtype_of(const struct external *x);
wasm_externtype_t *thing_globaltype_of(valtype t, bool mut);
wasm_externtype_t *thing_tabletype_of(valtype t, const struct limits *l);
wasm_externtype_t *thing_memorytype_of(const struct limits *l);
wasm_externtype_t *thing_tagtype_of(uint32_t id);

#endif
