/* verbs.h -- a function for every row of verb.def; each gives the exit status. */
#ifndef CLI_VERBS_H
#define CLI_VERBS_H

struct call;

#define FLAG(...)
#define VERB(name, group, arguments, least, most, sets, brief, detail) \
	int verb_##name(struct call *c);
#define VERB_OF(noun, name, group, arguments, least, most, sets, brief, detail) \
	int verb_##noun##_##name(struct call *c);
#include "cli/verb.def"
#undef VERB_OF
#undef VERB
#undef FLAG

#endif
