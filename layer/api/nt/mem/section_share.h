/* section_share.h -- sections with a name are the machine's, not the process' alone.
 *
 * The name is in the machine's table of things (shared.h); the memory is a file in the machine's
 * folder, numbered as the thing is, which goes with the last process that has it.  When it
 * shows a file, a link to that file stands there.
 */
#ifndef LAYER_API_NT_MEM_SECTION_SHARE_H
#define LAYER_API_NT_MEM_SECTION_SHARE_H

#include "layer/api/nt/mem/section.h"

/* A new section gets a name: it becomes another process' one, with STATUS_OBJECT_NAME_EXISTS,
 * when there is one. */
NTSTATUS section_share(struct section *x, const WCHAR *name);
NTSTATUS section_share_open(const WCHAR *name, struct object **out);
void section_share_closed(struct section *x);   /* the last handle of this process */
void section_share_leave(struct section *x);

#endif
