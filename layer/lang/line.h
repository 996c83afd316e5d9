/* line.h -- source lines: the DWARF line table in a module's custom sections.
 *
 * DWARF 2 to 5, section 6.2; addresses are offsets in the code section.  It is
 * read anew for each question, with cursors that cannot overrun; a table that
 * makes no sense has no lines.
 */
#ifndef LAYER_LANG_LINE_H
#define LAYER_LANG_LINE_H

#include "layer/lang/module.h"

struct line {
	char file[256];
	uint32_t number;
};

/* The line of the instruction at that offset in the module. */
bool line_of(const struct module *m, uint32_t offset, struct line *out);

#endif
