/* protect.h -- data that only this machine can read again.
 *
 * The machine's folder has a file `protect` of 32 random bytes, made when it is first asked for,
 * which only its owner may read.  A blob's key is HKDF of them, of a salt of its own and of what
 * the program adds; AES-256-GCM vouches for all of the blob.  What is protected in memory is only
 * hidden from a look: AES-256-CBC, with a key of the process or of the machine.
 */
#ifndef LAYER_API_NT_CRYPTO_PROTECT_H
#define LAYER_API_NT_CRYPTO_PROTECT_H

#include "layer/api/nt/status.h"
#include "layer/api/nt/types.h"

enum { PROTECT_BLOCK = 16 };

/* What goes in, and what comes out: bytes of each. */
struct protect {
	const void *data;
	DWORD size;
	const WCHAR *name;      /* a description, in the clear, ended by 0; or NULL */
	const void *also;       /* the program's own part of the key */
	DWORD also_size;
};

size_t protect_room(const struct protect *p);           /* of the blob */
/* STATUS_OBJECT_PATH_NOT_FOUND: the machine has no folder for its key. */
NTSTATUS protect_seal(const struct protect *p, BYTE *out);
/* p->data is the blob.  data has room for as much, and name is a copy to be freed.
 * STATUS_DATA_ERROR: it is none, or it is not what was sealed. */
NTSTATUS protect_open(const struct protect *p, BYTE *data, DWORD *size, WCHAR **name);

/* In place; n is a multiple of PROTECT_BLOCK.  scope: 0 for this process, 1 for any of the machine,
 * 2 for any of the same logon, of which there is one. */
NTSTATUS protect_memory(void *p, size_t n, DWORD scope, bool hide);

#endif
