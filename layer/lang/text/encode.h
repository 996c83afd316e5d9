/* encode.h -- from tokens to the sections of a binary module.
 *
 * First a walk over the fields gives every definition its index, then the types
 * are encoded, then the fields in the order of the text.  An error sets `bad`
 * and puts the cursor at the end of the text, where every loop ends; so nobody
 * has to ask after each step, and only the first error is told.
 */
#ifndef LAYER_LANG_TEXT_ENCODE_H
#define LAYER_LANG_TEXT_ENCODE_H

#include "layer/lang/text/lex.h"

/* Sections of a binary module (5.5.2). */
enum section {
	SECTION_CUSTOM, SECTION_TYPE, SECTION_IMPORT, SECTION_FUNC, SECTION_TABLE, SECTION_MEMORY,
	SECTION_GLOBAL, SECTION_EXPORT, SECTION_START, SECTION_ELEM, SECTION_CODE, SECTION_DATA,
	SECTION_DATACOUNT, SECTION_TAG,
	SECTION_COUNT,
	SECTION_FIRST = SECTION_COUNT, SECTION_LAST,    /* places for custom sections */
};

/* Index spaces.  The first ones have the numbers of their kinds in imports and exports. */
enum space {
	SPACE_FUNC, SPACE_TABLE, SPACE_MEMORY, SPACE_GLOBAL, SPACE_TAG, SPACE_TYPE, SPACE_ELEM,
	SPACE_DATA,
	SPACE_COUNT,
	SPACE_EXTERN = SPACE_TYPE,      /* those below can be imported */
};

/* What an identifier stands for, per symbol. */
struct binding {
	uint32_t index[SPACE_COUNT];    /* index + 1; 0: nothing */
	uint32_t local, local_of;       /* a local, of that function (its number from 1) */
	uint32_t label;                 /* place in encode.label + 1 of the innermost of that name */
};

struct label { uint32_t symbol, shadowed; };    /* ENCODE_NONE; binding.label before it */

struct type_info {                      /* of a type: where its function type is in functype */
	size_t at;
	uint32_t n;                     /* 0: it is no function */
	uint32_t nparam;
};

struct module_field { uint16_t word; uint32_t token, index; };

/* A custom section of an annotation. */
struct placed {
	uint8_t where;                  /* enum section */
	bool after;
	size_t at, n;                   /* in encode.custom */
};

#define ENCODE_NONE UINT32_MAX          /* no identifier */

struct encode {
	struct lex lex;
	uint32_t pos;                   /* the cursor: in lex.tok */
	struct err *e;                  /* lent */
	bool bad;

	struct binding *bind;           /* own: per symbol */
	uint32_t count[SPACE_COUNT];
	struct symbol *name[SPACE_COUNT];       /* own: by index; p NULL: none */
	uint32_t name_cap[SPACE_COUNT];
	struct symbol module_name;
	struct module_field *field;     /* own */
	uint32_t nfield, field_cap;
	const char *defined;            /* "function": what ended the imports, or NULL */

	struct buf functype;            /* own: bytes of all function types */
	struct type_info *type;         /* own: per type index */
	uint32_t type_cap, ntypes_done; /* definitions encoded so far */
	uint32_t *type_slot, ntype_slot;        /* own: index + 1 of plain ones by their bytes */
	uint64_t *member;               /* own: names of structures' fields, hashed */
	uint32_t *member_index;         /* own */
	uint32_t nmember, member_slots;

	struct buf section[SECTION_COUNT];      /* own: without their counts */
	uint32_t entries[SECTION_COUNT];
	bool needs_datacount;

	/* of the function or expression at hand */
	struct buf *out;                /* lent: where instructions go */
	struct buf code;                /* own */
	struct buf pend;                /* own: instructions whose operands come first in the text */
	struct frame *frame;            /* own: what is open (instr.c) */
	uint32_t nframe, frame_cap;
	struct label *label;            /* own */
	uint32_t nlabel, label_cap;
	uint32_t function, functions;   /* its number from 1, 0 outside; how many there were */
	uint32_t nlocal;
	struct buf local_names;         /* own: of this function, and how many */
	uint32_t nlocal_names;

	/* annotations */
	struct buf named_locals;        /* own: entries of the name section, and how many */
	uint32_t nnamed_locals;
	struct buf hints, function_hints;       /* own: entries of branch_hint, of this function */
	uint32_t nhints, nfunction_hints;
	uint32_t next_hint;             /* first annotation that may be one */
	struct buf custom;              /* own */
	struct placed *placed;          /* own */
	uint32_t nplaced, placed_cap;
};

/* -- encode.c: the cursor, errors, identifiers --------------------------------------- */

static inline const struct token *encode_peek(const struct encode *c) { return &c->lex.tok[c->pos]; }
const struct token *encode_peek2(const struct encode *c);       /* the one behind it */

void encode_fail(struct encode *c, const char *what);           /* at the cursor */
void encode_fail_at(struct encode *c, uint32_t at, const char *what);   /* at a place in the text */
void encode_unexpected(struct encode *c);
/* "WHAT $NAME": an error about an identifier. */
void encode_fail_id(struct encode *c, const char *what, uint32_t symbol);

bool encode_eat(struct encode *c, enum tok kind);               /* if it is there */
bool encode_eat_word(struct encode *c, unsigned word);
bool encode_eat_list(struct encode *c, unsigned word);          /* "(" and that word */
bool encode_at_word(const struct encode *c, unsigned word);
bool encode_at_list(const struct encode *c, unsigned word);
void encode_need(struct encode *c, enum tok kind);              /* or fail */
/* More before the ")"? */
bool encode_more(const struct encode *c);
/* The cursor behind the list that it stands at. */
void encode_skip(struct encode *c);

uint32_t encode_u32(struct encode *c);
uint64_t encode_nat(struct encode *c, unsigned bits, const char *what);
uint32_t encode_opt_id(struct encode *c);                       /* or ENCODE_NONE */
void encode_name(struct encode *c, struct buf *out);            /* a string, with its length */
void encode_strings(struct encode *c, struct buf *out);         /* all that follow, joined */
uint32_t encode_index(struct encode *c, enum space s);
bool encode_at_index(const struct encode *c);
/* An index if one is there, else 0. */
uint32_t encode_opt_index(struct encode *c, enum space s);
void encode_vec(struct buf *out, uint32_t n, const struct buf *items);
/* A section, or part of one: its number, its length, its bytes. */
void encode_section(struct buf *out, unsigned id, const struct buf *content);
/* Give the next index of a space to a symbol (or ENCODE_NONE), and the name that an
 * annotation at the cursor gives. */
void encode_bind(struct encode *c, enum space s, uint32_t symbol);
/* The same for one that the text does not define. */
uint32_t encode_new(struct encode *c, enum space s, struct symbol name);
void encode_bind_local(struct encode *c, uint32_t symbol);
uint32_t encode_local(struct encode *c);
/* A named field of a structure type. */
void encode_bind_member(struct encode *c, uint32_t type, uint32_t symbol, uint32_t index);
uint32_t encode_member(struct encode *c, uint32_t type);

/* -- types.c ----------------------------------------------------------------------------- */

bool encode_at_reftype(const struct encode *c);
void encode_valtype(struct encode *c, struct buf *out);
void encode_reftype(struct encode *c, struct buf *out);
/* A reference type as its heap type; true: nullable. */
bool encode_heap_of_reftype(struct encode *c, struct buf *out);
void encode_heaptype(struct encode *c, struct buf *out);
/* Params and results of a type use; the index of its type.  `bind`: params are locals. */
uint32_t encode_typeuse(struct encode *c, bool bind);
void encode_blocktype(struct encode *c, struct buf *out);
void encode_globaltype(struct encode *c, struct buf *out);
/* Behind "(type" or "(rec": the definitions, to the type section. */
void encode_type_field(struct encode *c, unsigned word);

/* -- instr.c, operand.c -------------------------------------------------------------------- */

/* Instructions up to a ")", or exactly one in parentheses, and an `end`. */
void encode_expr(struct encode *c, struct buf *out);
void encode_one_expr(struct encode *c, struct buf *out);
uint32_t encode_label(struct encode *c);
/* An instruction that is no block: its immediates are at the cursor. */
void encode_plain(struct encode *c, unsigned op, struct buf *out);
void encode_op(unsigned op, struct buf *out);

/* -- scan.c, field.c, segment.c: module fields ------------------------------------------------ */

/* Give indices to all fields up to the module's end. */
void encode_scan(struct encode *c);
void encode_fields(struct encode *c);
void encode_elem(struct encode *c);
void encode_data(struct encode *c);
/* The segment inside a table's or memory's definition, behind its "(elem" or "(data".
 * They return the number of elements, and of bytes. */
uint32_t encode_table_elem(struct encode *c, uint32_t table, const struct buf *type, bool is64);
uint64_t encode_memory_data(struct encode *c, uint32_t memory, bool is64);

/* -- note.c: annotations; names.c ------------------------------------------------------------------ */

/* The @name that stands at the cursor, of a thing of that kind; or p NULL. */
struct symbol encode_note_name(struct encode *c, const char *kind);
/* Custom sections that stand at the cursor, between fields; and in the binary, those
 * before or after a section. */
void encode_note_custom(struct encode *c);
void encode_placed(const struct encode *c, unsigned where, bool after, struct buf *out);
/* The branch hint before the instruction that begins at a token, or -1. */
int encode_note_hint(struct encode *c, uint32_t token, unsigned op);
/* An instruction with a hint begins here in c->code. */
void encode_hinted(struct encode *c, int hint);
/* The function at hand is complete. */
void encode_note_function(struct encode *c, uint32_t index);
/* Every annotation must have been where it may be. */
void encode_note_end(struct encode *c);
/* The name section's content; nothing when nothing has a name. */
void encode_names(const struct encode *c, struct buf *out);

#endif
