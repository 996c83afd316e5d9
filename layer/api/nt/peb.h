/* peb.h -- the process environment block of this process.
 *
 * Built once from the birth, before the first thread of the program.
 */
#ifndef LAYER_API_NT_PEB_H
#define LAYER_API_NT_PEB_H

#include "layer/api/nt/process/birth.h"
#include "layer/api/nt/teb.h"

extern struct PEB peb_block;
extern struct PEB_LDR_DATA peb_ldr;

void peb_build(const struct birth *b);

void peb_string(struct UNICODE_STRING *u, WCHAR *s);    /* takes s over */

#endif
