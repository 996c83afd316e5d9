/* expand.h -- the three expansions of a command line: %VAR%, !VAR! and %I of for.
 *
 * They know nothing of processes and files: whatever they have to ask is asked through
 * struct expand, so that they can be tested by a table.  A line is expanded by percents before
 * it is parsed; the other two are done on each part of a command just before it runs.
 */
#ifndef LAYER_API_CMD_EXPAND_H
#define LAYER_API_CMD_EXPAND_H

#include "layer/api/cmd/wtext.h"

struct expand {
	bool batch;             /* %% is %, what is not defined vanishes */
	bool extensions;        /* :a=b :~1,2 and ~modifiers */
	void *ctx;
	/* Answers are the caller's; NULL: there is none. */
	WCHAR *(*variable)(void *ctx, const WCHAR *name);
	WCHAR *(*argument)(void *ctx, int n);           /* %0 ..%9, quotes and all; -1: %* */
	WCHAR *(*of_for)(void *ctx, WCHAR letter);      /* %i */
	WCHAR *(*full)(void *ctx, const WCHAR *name);   /* a full path */
	/* 'a': attributes, 't': date and time, 'z': size; for a file that is there */
	WCHAR *(*about)(void *ctx, const WCHAR *path, char what);
	WCHAR *(*search)(void *ctx, const WCHAR *variable, const WCHAR *name);
};

void expand_percent(const struct expand *x, const WCHAR *line, struct wtext *out);
void expand_delayed(const struct expand *x, const WCHAR *line, struct wtext *out);
void expand_for(const struct expand *x, const WCHAR *line, struct wtext *out);

/* Without the quotes around it: "a b" is a b. */
void expand_unquote(const WCHAR *s, struct wtext *out);

#endif
