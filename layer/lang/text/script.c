/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/lang/text/script.h"

#include <errno.h>
#include <string.h>

#include "layer/lang/text/number.h"
#include "layer/lang/text/text.h"

/* -- the cursor ------------------------------------------------------------------ */

static const struct token *peek(const struct script *s) { return &s->lex.tok[s->pos]; }

static int
unexpected(struct script *s, struct err *e)
{
	return lex_fail(&s->lex, peek(s), e, "unexpected token");
}

static bool
eat(struct script *s, enum tok kind)
{
	if (peek(s)->kind != kind)
		return false;
	s->pos++;
	return true;
}

static bool
at_word(const struct script *s, unsigned word)
{
	return peek(s)->kind == TOK_WORD && peek(s)->word == word;
}

static bool
eat_word(struct script *s, unsigned word)
{
	bool yes = at_word(s, word);

	s->pos += yes;
	return yes;
}

static bool
at_list(const struct script *s, unsigned word)
{
	const struct token *t = peek(s);

	return t->kind == TOK_LPAR && t[1].kind == TOK_WORD && t[1].word == word;
}

static int
need(struct script *s, enum tok kind, struct err *e)
{
	return eat(s, kind) ? 0 : unexpected(s, e);
}

static struct script_name
opt_id(struct script *s)
{
	struct script_name name = { 0 };

	if (peek(s)->kind == TOK_ID) {
		const struct symbol *sym = &s->lex.sym[s->lex.tok[s->pos++].v];
		name = (struct script_name){ sym->p, sym->n };
	}
	return name;
}

static int
string(struct script *s, struct script_name *out, struct err *e)
{
	struct buf b = { 0 };

	if (peek(s)->kind != TOK_STRING)
		return unexpected(s, e);
	lex_string(&s->lex, &s->lex.tok[s->pos++], &b);
	char *p = arena_alloc(s->arena, b.n + 1);
	if (b.n)
		memcpy(p, b.p, b.n);
	p[b.n] = '\0';
	*out = (struct script_name){ p, (uint32_t)b.n };
	buf_free(&b);
	return 0;
}

static int
message(struct script *s, const char **out, struct err *e)
{
	struct script_name name;

	if (string(s, &name, e) < 0)
		return -1;
	*out = name.p;
	return 0;
}

/* Lines are asked for in the order of the text, so each is counted once. */
static uint32_t
line_of(struct script *s, uint32_t at)
{
	for (; s->line_pos < at; s->line_pos++)
		if (s->lex.src[s->line_pos] == '\n')
			s->line++;
	return s->line;
}

/* -- values -------------------------------------------------------------------------- */

/* One number of so many bits; nan NULL: no patterns. */
static int
number(struct script *s, unsigned bits, bool is_float, uint64_t *v, uint8_t *nan, struct err *e)
{
	const struct token *t = peek(s);
	const char *p = s->lex.src + t->at;
	uint32_t f = 0;
	bool ok;

	*v = 0;
	if (is_float && nan &&
	    (at_word(s, WORD_nan_canonical) || at_word(s, WORD_nan_arithmetic))) {
		*nan = t->word == WORD_nan_canonical ? SCRIPT_CANONICAL : SCRIPT_ARITHMETIC;
		s->pos++;
		return 0;
	}
	if (t->kind != TOK_NAT && t->kind != TOK_INT && (t->kind != TOK_FLOAT || !is_float))
		return unexpected(s, e);
	if (!is_float) {
		ok = number_int(p, t->v, bits, v);
	} else if (bits == 32) {
		ok = number_f32(p, t->v, &f);
		*v = f;
	} else {
		ok = number_f64(p, t->v, v);
	}
	if (!ok)
		return lex_fail(&s->lex, t, e, "constant out of range");
	s->pos++;
	return 0;
}

static int
vector(struct script *s, struct script_value *v, struct err *e)
{
	const struct token *t = peek(s);

	if (t->kind != TOK_WORD || word_class(t->word) != WORD_SHAPE)
		return unexpected(s, e);
	unsigned lanes = word_value(t->word), bits = 128 / lanes;
	bool floats = t->word == WORD_f32x4 || t->word == WORD_f64x2;
	s->pos++;
	v->type = SCRIPT_V128;
	v->lanes = floats ? (uint8_t)lanes : 0;
	for (unsigned i = 0; i < lanes; i++) {
		uint64_t lane;
		if (number(s, bits, floats, &lane, floats ? &v->nan[i] : NULL, e) < 0)
			return -1;
		v->bits[i * bits / 64] |= lane << (i * bits % 64);
	}
	return 0;
}

static int
reference(struct script *s, struct script_value *v, enum script_type type, struct err *e)
{
	v->type = type;
	if (type != SCRIPT_EXTERN && type != SCRIPT_HOST) {
		/* ref.null's heap type; a function's index, which no two programs share */
		if (peek(s)->kind == TOK_WORD || peek(s)->kind == TOK_ID ||
		    peek(s)->kind == TOK_NAT)
			s->pos++;
		return 0;
	}
	v->given = peek(s)->kind == TOK_NAT;
	return v->given ? number(s, 32, false, &v->bits[0], NULL, e) : 0;
}

static int either(struct script *s, struct script_value *v, struct err *e);

/* The list that the cursor is at. */
static int
value(struct script *s, struct script_value *v, bool nested, struct err *e)
{
	*v = (struct script_value){ 0 };
	if (need(s, TOK_LPAR, e) < 0)
		return -1;
	if (peek(s)->kind != TOK_WORD)
		return unexpected(s, e);
	unsigned word = s->lex.tok[s->pos++].word;
	int bad;
	switch (word) {
	case OP_i32_const:
		v->type = SCRIPT_I32;
		bad = number(s, 32, false, &v->bits[0], NULL, e);
		break;
	case OP_i64_const:
		v->type = SCRIPT_I64;
		bad = number(s, 64, false, &v->bits[0], NULL, e);
		break;
	case OP_f32_const:
		v->type = SCRIPT_F32;
		bad = number(s, 32, true, &v->bits[0], &v->nan[0], e);
		break;
	case OP_f64_const:
		v->type = SCRIPT_F64;
		bad = number(s, 64, true, &v->bits[0], &v->nan[0], e);
		break;
	case OP_v128_const: bad = vector(s, v, e); break;
	case OP_ref_null: bad = reference(s, v, SCRIPT_NULL, e); break;
	case OP_ref_func: bad = reference(s, v, SCRIPT_FUNC, e); break;
	case OP_ref_eq: bad = reference(s, v, SCRIPT_EQ, e); break;
	case OP_ref_i31: bad = reference(s, v, SCRIPT_I31, e); break;
	case WORD_ref_extern: bad = reference(s, v, SCRIPT_EXTERN, e); break;
	case WORD_ref_host: bad = reference(s, v, SCRIPT_HOST, e); break;
	case WORD_ref_any: bad = reference(s, v, SCRIPT_ANY, e); break;
	case WORD_ref_struct: bad = reference(s, v, SCRIPT_STRUCT, e); break;
	case WORD_ref_array: bad = reference(s, v, SCRIPT_ARRAY, e); break;
	case WORD_ref_exn: bad = reference(s, v, SCRIPT_EXN, e); break;
	default:
		s->pos--;
		if (nested || word != WORD_either)
			return unexpected(s, e);
		s->pos++;
		bad = either(s, v, e);
	}
	if (bad < 0)
		return -1;
	return need(s, TOK_RPAR, e);
}

/* How many lists follow. */
static uint32_t
lists(const struct script *s)
{
	uint32_t n = 0, pos = s->pos;

	while (pos < s->end && s->lex.tok[pos].kind == TOK_LPAR) {
		pos = s->lex.tok[pos].v + 1;
		n++;
	}
	return n;
}

static int
values(struct script *s, struct script_value **v, uint32_t *n, bool nested, struct err *e)
{
	*n = lists(s);
	*v = arena_array(s->arena, *n, sizeof **v);
	for (uint32_t i = 0; i < *n; i++)
		if (value(s, &(*v)[i], nested, e) < 0)
			return -1;
	return 0;
}

static int
either(struct script *s, struct script_value *v, struct err *e)
{
	v->type = SCRIPT_EITHER;
	return values(s, &v->either, &v->neither, true, e);
}

/* -- commands ---------------------------------------------------------------------------- */

/* Behind "(module", the list beginning at token `open`. */
static int
module(struct script *s, uint32_t open, struct script_item *i, struct err *e)
{
	uint32_t close = s->lex.tok[open].v;

	i->has_module = true;
	i->definition = eat_word(s, WORD_definition);
	if (eat_word(s, WORD_instance)) {
		i->command = SCRIPT_INSTANCE;
		i->has_module = false;
		i->instance = opt_id(s);
		i->module = opt_id(s);
		return need(s, TOK_RPAR, e);
	}
	i->module = opt_id(s);
	if (eat_word(s, WORD_binary) || at_word(s, WORD_quote)) {
		i->form = eat_word(s, WORD_quote) ? SCRIPT_QUOTE : SCRIPT_BINARY;
		i->from = s->pos;
		while (eat(s, TOK_STRING))
			;
		i->to = s->pos;
		return need(s, TOK_RPAR, e);
	}
	i->form = SCRIPT_TEXT;
	i->from = open;
	i->to = close;
	s->pos = close;
	return need(s, TOK_RPAR, e);
}

/* (invoke $id? "name" ARG*) or (get $id? "name"), behind its word. */
static int
action(struct script *s, bool get, struct script_item *i, struct err *e)
{
	i->get = get;
	i->module = opt_id(s);
	if (string(s, &i->name, e) < 0)
		return -1;
	if (!get && values(s, &i->arg, &i->narg, true, e) < 0)
		return -1;
	return need(s, TOK_RPAR, e);
}

static int
action_list(struct script *s, struct script_item *i, struct err *e)
{
	if (!at_list(s, WORD_invoke) && !at_list(s, WORD_get))
		return unexpected(s, e);
	s->pos += 2;
	return action(s, s->lex.tok[s->pos - 1].word == WORD_get, i, e);
}

static int
module_or_action(struct script *s, struct script_item *i, struct err *e)
{
	uint32_t open = s->pos;

	if (!at_list(s, WORD_module))
		return action_list(s, i, e);
	s->pos += 2;
	return module(s, open, i, e);
}

static int
assertion(struct script *s, unsigned word, struct script_item *i, struct err *e)
{
	switch (word) {
	case WORD_assert_malformed:
	case WORD_assert_malformed_custom: i->command = SCRIPT_ASSERT_MALFORMED; break;
	case WORD_assert_invalid:
	case WORD_assert_invalid_custom: i->command = SCRIPT_ASSERT_INVALID; break;
	case WORD_assert_unlinkable: i->command = SCRIPT_ASSERT_UNLINKABLE; break;
	case WORD_assert_trap: i->command = SCRIPT_ASSERT_TRAP; break;
	case WORD_assert_exhaustion: i->command = SCRIPT_ASSERT_EXHAUSTION; break;
	case WORD_assert_exception: i->command = SCRIPT_ASSERT_EXCEPTION; break;
	default: i->command = SCRIPT_ASSERT_RETURN; break;
	}
	enum script_command command = i->command;
	if (module_or_action(s, i, e) < 0)
		return -1;
	i->command = command;
	if (i->command == SCRIPT_ASSERT_RETURN)
		return values(s, &i->result, &i->nresult, false, e);
	if (i->command == SCRIPT_ASSERT_EXCEPTION)
		return 0;
	return message(s, &i->text, e);
}

/* (thread $id (shared (module $id))* COMMAND*) */
static int
thread(struct script *s, struct script_item *i, uint32_t end, struct err *e)
{
	i->command = SCRIPT_THREAD;
	i->instance = opt_id(s);
	i->shared = arena_array(s->arena, lists(s), sizeof *i->shared);
	while (at_list(s, WORD_shared)) {
		s->pos += 2;
		if (!at_list(s, WORD_module))
			return unexpected(s, e);
		s->pos += 2;
		i->shared[i->nshared++] = opt_id(s);
		if (need(s, TOK_RPAR, e) < 0 || need(s, TOK_RPAR, e) < 0)
			return -1;
	}
	i->first = s->pos;
	i->last = s->pos = end;
	return 0;
}

static int
command(struct script *s, unsigned word, uint32_t open, struct script_item *i, struct err *e)
{
	uint32_t end = s->lex.tok[open].v;
	int bad;

	switch (word) {
	case WORD_module: i->command = SCRIPT_MODULE; return module(s, open, i, e);
	case WORD_invoke:
	case WORD_get: i->command = SCRIPT_ACTION; return action(s, word == WORD_get, i, e);
	case WORD_register:
		i->command = SCRIPT_REGISTER;
		bad = string(s, &i->name, e);
		if (bad == 0)
			i->module = opt_id(s);
		break;
	case WORD_thread: bad = thread(s, i, end, e); break;
	case WORD_wait:
		i->command = SCRIPT_WAIT;
		i->instance = opt_id(s);
		bad = 0;
		break;
	default: bad = assertion(s, word, i, e);
	}
	return bad < 0 ? -1 : need(s, TOK_RPAR, e);
}

static bool
is_command(unsigned word)
{
	return word == WORD_module || word == WORD_invoke || word == WORD_get ||
	       word == WORD_register || word == WORD_thread || word == WORD_wait ||
	       (word >= WORD_assert_malformed && word <= WORD_assert_exception);
}

int
script_next(struct script *s, struct script_item *i, struct err *e)
{
	const struct token *t = peek(s);
	uint32_t open = s->pos;

	*i = (struct script_item){ 0 };
	if (s->pos >= s->end)
		return 0;
	i->line = line_of(s, t->at);
	if (t->kind != TOK_LPAR || t[1].kind != TOK_WORD) {
		s->pos = t->kind == TOK_LPAR ? t->v + 1 : s->pos + 1;
		if (s->pos > s->end)
			s->pos = s->end;
		return lex_fail(&s->lex, t->kind == TOK_LPAR ? t + 1 : t, e, "unexpected token");
	}
	unsigned word = t[1].word;
	if (!is_command(word)) {
		/* A file may be the fields of one module. */
		i->command = SCRIPT_MODULE;
		i->word = "module";
		i->has_module = true;
		i->from = open;
		i->to = s->end;
		s->pos = s->end;
		return 1;
	}
	i->word = arena_printf(s->arena, "%.*s", (int)t[1].v, s->lex.src + t[1].at);
	s->pos += 2;
	int bad = command(s, word, open, i, e);
	/* Whatever is wrong in one, the next one is a new chance. */
	s->pos = s->lex.tok[open].v + 1;
	if (s->pos > s->end)
		s->pos = s->end;
	return bad < 0 ? -1 : 1;
}

struct script
script_inside(const struct script *s, const struct script_item *thread_item)
{
	struct script in = *s;

	in.pos = thread_item->first;
	in.end = thread_item->last;
	return in;
}

int
script_module(const struct script *s, const struct script_item *i, struct buf *out, struct err *e)
{
	if (i->form == SCRIPT_TEXT) {
		const struct token *last = &s->lex.tok[i->to];
		return text_part(s->lex.src, s->lex.tok[i->from].at,
		                 last->at + (last->kind == TOK_RPAR), out, e);
	}
	struct buf b = { 0 };
	for (uint32_t k = i->from; k < i->to; k++)
		lex_string(&s->lex, &s->lex.tok[k], &b);
	if (i->form == SCRIPT_BINARY) {
		buf_put(out, b.p, b.n);
		buf_free(&b);
		return 0;
	}
	int bad = text_module((const char *)b.p, b.n, out, e);
	buf_free(&b);
	return bad;
}

int
script_open(struct script *s, const char *src, size_t n, struct err *e)
{
	*s = (struct script){ .line = 1 };
	if (lex_open(&s->lex, src, 0, n, e) < 0)
		return -1;
	s->arena = arena_new();
	s->end = s->lex.ntok - 1;
	return 0;
}

void
script_close(struct script *s)
{
	lex_close(&s->lex);
	arena_free(s->arena);
	*s = (struct script){ 0 };
}
