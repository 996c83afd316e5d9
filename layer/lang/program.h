/* program.h -- the module of a guest: opened, and linked with its world. */
#ifndef LAYER_LANG_PROGRAM_H
#define LAYER_LANG_PROGRAM_H

#include "base/buf.h"
#include "layer/lang/store.h"

struct guest;

struct program {
	char *path;            /* own */
	struct module *module; /* own */
	struct buf binary;     /* own: what its text was encoded to, if it was text */
	uint32_t crc;          /* of its bytes, once asked for */
	bool has_crc;
	struct external *shared; /* own: memories that its threads share, one per import */
};

/* Read a .wasm or .wat file. */
int program_open(struct program *p, const char *path, struct err *e);
void program_free(struct program *p);

/* CRC-32C of its bytes: a snapshot belongs to one program. */
uint32_t program_crc(struct program *p);

/* The memories that a loaded store's instances share; UINT32_MAX: none. */
void program_share(struct program *p, struct wasm_store *s, const uint32_t *number);

/* An instance with WASI below it; nothing of it has run. */
int program_link(struct program *p, struct guest *g, struct thread *t, struct instance **out,
                 struct err *e);

#endif
