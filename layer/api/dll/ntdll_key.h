/* ntdll_key.h -- a value of the registry as a whole, for those who read many.
 *
 * The data have two zero units behind them, so that text that was stored without its end has one.
 */
#ifndef LAYER_API_DLL_NTDLL_KEY_H
#define LAYER_API_DLL_NTDLL_KEY_H

#include "layer/api/nt/registry/registry.h"

enum { NTDLL_KEY_NAME = 16384 };        /* units of a value's name, with its end */

/* *data is to be freed; on failure there is none. */
NTSTATUS ntdll_key_value(struct registry_node *n, const WCHAR *name, DWORD *type, BYTE **data, DWORD *size);
NTSTATUS ntdll_key_value_at(struct registry_node *n, DWORD i, WCHAR *name, DWORD *type, BYTE **data, DWORD *size);

#endif
