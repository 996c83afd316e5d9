/* names.h -- what a module's custom sections say of its functions.
 *
 * The "name" section (Core specification, appendix 7.7) is read when somebody asks,
 * with a cursor: it is untrusted, and a wrong one only means that there is no name.
 */
#ifndef LAYER_LANG_NAMES_H
#define LAYER_LANG_NAMES_H

#include "layer/lang/module.h"

/* The custom section of that name; n 0: there is none. */
struct name names_section(const struct module *m, const char *name);

/* A function's name, or that of its import or export; n 0: it has none. */
struct name names_function(const struct module *m, uint32_t index);

#endif
