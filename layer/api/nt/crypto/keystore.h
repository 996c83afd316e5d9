/* keystore.h -- secrets of the machine under names: private keys that outlive their program.
 *
 * A secret is a file of the machine's folder, `key-HASH`, for its owner only, sealed as protect.h does.
 * The hash is of the kind and of the name, which is in the file, too; case does not count.  A file
 * is whole or it is not there: it is written aside and renamed, under a lock of all processes.
 */
#ifndef LAYER_API_NT_CRYPTO_KEYSTORE_H
#define LAYER_API_NT_CRYPTO_KEYSTORE_H

#include "layer/api/nt/status.h"

enum keystore_kind { KEYSTORE_CNG, KEYSTORE_CNG_MACHINE, KEYSTORE_CSP, KEYSTORE_CSP_MACHINE, KEYSTORE_KINDS };
enum { KEYSTORE_NAME_MOST = 512, KEYSTORE_MOST = 1 << 20 };

/* STATUS_OBJECT_NAME_COLLISION: it is there, and must not be replaced. */
NTSTATUS keystore_put(enum keystore_kind k, const WCHAR *name, const void *p, size_t n, bool replace);
/* *p is to be cleared and freed.  STATUS_OBJECT_NAME_NOT_FOUND: there is none. */
NTSTATUS keystore_get(enum keystore_kind k, const WCHAR *name, BYTE **p, size_t *n);
NTSTATUS keystore_delete(enum keystore_kind k, const WCHAR *name);
/* Names, each to be freed; the list too.  What cannot be read is left out. */
NTSTATUS keystore_list(enum keystore_kind k, WCHAR ***names, size_t *n);
/* What it is called in the machine's folder, which is as good a name as any: 64 digits. */
enum { KEYSTORE_UNIQUE = 64 };
void keystore_unique(enum keystore_kind k, const WCHAR *name, char out[KEYSTORE_UNIQUE + 1]);

#endif
