/* advapi32_csp.h -- CryptoAPI's providers, and the containers of keys that they keep.
 *
 * A container is two pairs of RSA, which a provider that is opened with a name keeps in the machine's
 * folder (keystore.h).  Pairs and providers are counted by handles and by what uses them, and
 * certificates are among those.
 */
#ifndef LAYER_API_DLL_ADVAPI32_CSP_H
#define LAYER_API_DLL_ADVAPI32_CSP_H

#include "layer/api/dll/dll.h"
#include "layer/api/nt/crypto/keypair.h"

enum { AT_KEYEXCHANGE = 1, AT_SIGNATURE, CALG_RSA_SIGN = 0x2400, CALG_RSA_KEYX = 0xa400 };
enum { CRYPT_EXPORTABLE = 1, CRYPT_OAEP = 0x40, CRYPT_MACHINE_KEYSET = 0x20 };
enum { PROV_RSA_FULL = 1, PROV_RSA_AES = 24 };

/* A pair of RSA. */
struct advapi32_rsa {
	_Atomic uint32_t refs;
	DWORD flags;                    /* CRYPT_EXPORTABLE */
	struct keypair pair;
};

struct advapi32_csp {
	DWORD magic;
	_Atomic uint32_t refs;
	DWORD type;
	const char *name;
	WCHAR *container;               /* own; NULL: it keeps nothing */
	bool machine;
	struct advapi32_rsa *pair[2];   /* own: AT_KEYEXCHANGE, AT_SIGNATURE; under csp's lock */
	WCHAR **names;                  /* own: of the containers that are told one after the other */
	size_t name_count, name_at, algorithm_at;
};

struct advapi32_csp *advapi32_csp(void *h);     /* NULL: none of ours */
struct advapi32_csp *advapi32_csp_ref(struct advapi32_csp *c);
void advapi32_csp_unref(struct advapi32_csp *c);
/* A container that there is; a Win32 error. */
DWORD advapi32_csp_open(const WCHAR *container, bool machine, struct advapi32_csp **out);
/* One that there is not yet. */
DWORD advapi32_csp_make(const WCHAR *container, bool machine, struct advapi32_csp **out);
/* One count of its pair; NULL: it has none. */
struct advapi32_rsa *advapi32_csp_pair(struct advapi32_csp *c, DWORD spec);
/* Takes the count, and keeps it if the provider keeps; a Win32 error. */
DWORD advapi32_csp_put(struct advapi32_csp *c, DWORD spec, struct advapi32_rsa *r);

/* Which it takes; NULL: no memory. */
struct advapi32_rsa *advapi32_rsa_of(struct keypair *own, DWORD flags);
struct advapi32_rsa *advapi32_rsa_ref(struct advapi32_rsa *r);
void advapi32_rsa_unref(struct advapi32_rsa *r);
/* A handle of a key, which takes the count. */
BOOL advapi32_rsa_handle(struct advapi32_rsa *r, DWORD spec, void **out);

#endif
