/* read.h -- the sections of a binary module (Core specification 5.5). */
#ifndef LAYER_LANG_READ_H
#define LAYER_LANG_READ_H

struct reader;

/* Read all of r->start .. r->end into r->m, or leave by r->out. */
void read_module(struct reader *r);
void read_forget_group(struct reader *r);

#endif
