/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/api/cmd/arith.h"

#include <stdlib.h>

enum {
	ARITH_PARENTHESIS = 1073750988,
	ARITH_OPERAND,
	ARITH_OPERATOR,
	ARITH_NUMBER,
	ARITH_LARGE,
	ARITH_ZERO,
};

struct state {
	const struct arith *a;
	const WCHAR *p;
	int depth;
	int32_t error;
};

/* An operator of two operands: loosest first. */
static const struct operator
{
	char text[3];
	int level;
}
operators[] = { { "<<", 5 }, { ">>", 5 }, { "|", 2 }, { "^", 3 }, { "&", 4 },
	        { "+", 6 },  { "-", 6 },  { "*", 7 }, { "/", 7 }, { "%", 7 } };

enum { DEEPEST = 200 };

static int32_t value(struct state *s, int level);

static int32_t
wrong(struct state *s, int32_t error)
{
	if (!s->error)
		s->error = error;
	return 0;
}

/* Space and quotes stand for nothing here. */
static WCHAR
peek(struct state *s)
{
	while (*s->p == ' ' || *s->p == '\t' || *s->p == '"' || *s->p == '\n')
		s->p++;
	return *s->p;
}

static const struct operator* operator_here(struct state *s)
{
	peek(s);
	for (size_t i = 0; i < sizeof operators / sizeof *operators; i++) {
		const char *t = operators[i].text;
		if (s->p[0] == (BYTE)t[0] && (!t[1] || s->p[1] == (BYTE)t[1]))
			return &operators[i];
	}
	return NULL;
}

static int32_t
calculate(struct state *s, char op, int32_t a, int32_t b)
{
	uint32_t x = (uint32_t)a, y = (uint32_t)b;

	switch (op) {
	case '+': return (int32_t)(x + y);
	case '-': return (int32_t)(x - y);
	case '*': return (int32_t)(x * y);
	case '&': return a & b;
	case '|': return a | b;
	case '^': return a ^ b;
	case '<': return y > 31 ? 0 : (int32_t)(x << y);
	case '>': return y > 31 ? (a < 0 ? -1 : 0) : a >> y;
	default:
		if (b == 0)
			return wrong(s, ARITH_ZERO);
		if (b == -1)
			return op == '/' ? (int32_t)(0 - x) : 0;
		return op == '/' ? a / b : a % b;
	}
}

static bool
is_name(WCHAR c)
{
	return c > ' ' && !wtext_chr(u"()!~-+*/%&^|=,<>\"", c);
}

/* A number, or of a variable the number that it begins with. */
static int32_t
literal(struct state *s, const WCHAR *text)
{
	int32_t v;

	if (wtext_int(text, &v))
		return v;
	/* Was it too long, or none? */
	for (const WCHAR *p = text; *p; p++)
		if (*p < '0' || *p > '9')
			return wrong(s, ARITH_NUMBER);
	return wrong(s, *text == '0' ? ARITH_NUMBER : ARITH_LARGE);
}

static int32_t
fetch(struct state *s, const WCHAR *name)
{
	WCHAR *text = s->a->get(s->a->ctx, name), *start = text, *end;
	int32_t v = 0;

	if (!text)
		return 0;
	while (*start == ' ' || *start == '\t')
		start++;
	end = start;
	if (*end == '-' || *end == '+')
		end++;
	while ((*end >= '0' && *end <= '9') ||
	       (wtext_upper(*end) >= 'A' && wtext_upper(*end) <= 'F') || wtext_upper(*end) == 'X')
		end++;
	for (; end > start; end--) {
		WCHAR was = *end;
		*end = 0;
		bool is = wtext_int(start, &v);
		*end = was;
		if (is)
			break;
		v = 0;
	}
	free(text);
	return v;
}

static int32_t
assigned(struct state *s, const WCHAR *name)
{
	char op = (char)s->p[0];

	if (op == '=') {
		s->p++;
		op = 0;
	} else {
		s->p += s->p[1] == '=' ? 2 : 3;
	}
	int32_t right = value(s, 1);
	if (s->error)
		return 0;
	int32_t v = op ? calculate(s, op, fetch(s, name), right) : right;
	if (!s->error)
		s->a->set(s->a->ctx, name, v);
	return v;
}

/* = += <<= ... */
static bool
assignment_here(struct state *s)
{
	WCHAR c = peek(s);

	if (c == '=')
		return true;
	if (c && wtext_chr(u"+-*/%&^|", c) && s->p[1] == '=')
		return true;
	return (c == '<' || c == '>') && s->p[1] == c && s->p[2] == '=';
}

static int32_t
operand(struct state *s)
{
	WCHAR c = peek(s);
	int32_t v;

	if (++s->depth > DEEPEST)
		return wrong(s, ARITH_OPERAND);
	if (c == '(') {
		s->p++;
		v = value(s, 0);
		if (!s->error && peek(s) != ')')
			return wrong(s, ARITH_PARENTHESIS);
		s->p++;
	} else if (c == '-' || c == '+' || c == '!' || c == '~') {
		s->p++;
		v = operand(s);
		v = c == '-' ? (int32_t)(0 - (uint32_t)v) : c == '!' ? !v : c == '~' ? ~v : v;
	} else if (is_name(c)) {
		const WCHAR *start = s->p;
		while (is_name(*s->p))
			s->p++;
		WCHAR *name = wtext_dupn(start, (size_t)(s->p - start));
		if (c >= '0' && c <= '9')
			v = literal(s, name);
		else if (assignment_here(s))
			v = assigned(s, name);
		else
			v = fetch(s, name);
		free(name);
	} else {
		v = wrong(s, ARITH_OPERAND);
	}
	s->depth--;
	return v;
}

static int32_t
value(struct state *s, int level)
{
	int32_t v;

	if (level == 0) {
		v = value(s, 1);
		while (!s->error && peek(s) == ',') {
			s->p++;
			v = value(s, 1);
		}
		return v;
	}
	if (level > 7)
		return operand(s);
	v = value(s, level + 1);
	for (const struct operator* o; !s->error && (o = operator_here(s)) && o->level == level;) {
		s->p += o->text[1] ? 2 : 1;
		int32_t right = value(s, level + 1);
		if (!s->error)
			v = calculate(s, o->text[0], v, right);
	}
	return v;
}

int32_t
arith_run(const struct arith *a, const WCHAR *expression, int32_t *result, const char **why)
{
	static const char *const words[] = {
		"Unbalanced parenthesis.",
		"Missing operand.",
		"Missing operator.",
		"Invalid number.  Numeric constants are either decimal (17),\r\n"
		"hexadecimal (0x11), or octal (021).",
		"Invalid number.  Numbers are limited to 32-bits of precision.",
		"Divide by zero error.",
	};
	struct state s = { a, expression, 0, 0 };

	*result = value(&s, 0);
	if (!s.error && peek(&s))
		wrong(&s, *s.p == ')' ? ARITH_PARENTHESIS : ARITH_OPERATOR);
	*why = s.error ? words[s.error - ARITH_PARENTHESIS] : NULL;
	return s.error;
}
