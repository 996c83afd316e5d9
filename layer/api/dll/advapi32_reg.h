/* advapi32_reg.h -- from an HKEY to what it is of the registry.
 *
 * A predefined one holds nothing; of another the object is counted until advapi32_reg_done().
 */
#ifndef LAYER_API_DLL_ADVAPI32_REG_H
#define LAYER_API_DLL_ADVAPI32_REG_H

#include "layer/api/nt/registry/registry.h"

DWORD advapi32_reg_node(HKEY h, struct registry_node **node, struct object **held);
void advapi32_reg_done(struct object *held);

#endif
