/* secur32.h -- Schannel: credentials, and connections that are made with them.
 *
 * A handle's dwLower is the object, whose first word says what it is.  Both are counted: a context
 * keeps its credential.  A context's TLS is used under its lock, with copies of what the program
 * gave, so that a bad pointer of the program never leaves it locked.
 */
#ifndef LAYER_API_DLL_SECUR32_H
#define LAYER_API_DLL_SECUR32_H

#include "layer/api/dll/crypt32.h"
#include "layer/api/nt/crypto/tlsconn.h"

#define SEC_E_OK ((LONG)0)
#define SEC_E_INSUFFICIENT_MEMORY ((LONG)0x80090300)
#define SEC_E_INVALID_HANDLE ((LONG)0x80090301)
#define SEC_E_UNSUPPORTED_FUNCTION ((LONG)0x80090302)
#define SEC_E_INTERNAL_ERROR ((LONG)0x80090304)
#define SEC_E_SECPKG_NOT_FOUND ((LONG)0x80090305)
#define SEC_E_INVALID_TOKEN ((LONG)0x80090308)
#define SEC_E_UNKNOWN_CREDENTIALS ((LONG)0x8009030d)
#define SEC_E_NO_CREDENTIALS ((LONG)0x8009030e)
#define SEC_E_MESSAGE_ALTERED ((LONG)0x8009030f)
#define SEC_E_CONTEXT_EXPIRED ((LONG)0x80090317)
#define SEC_E_INCOMPLETE_MESSAGE ((LONG)0x80090318)
#define SEC_E_BUFFER_TOO_SMALL ((LONG)0x80090321)
#define SEC_E_WRONG_PRINCIPAL ((LONG)0x80090322)
#define SEC_E_UNTRUSTED_ROOT ((LONG)0x80090325)
#define SEC_E_ILLEGAL_MESSAGE ((LONG)0x80090326)
#define SEC_E_CERT_UNKNOWN ((LONG)0x80090327)
#define SEC_E_CERT_EXPIRED ((LONG)0x80090328)
#define SEC_E_DECRYPT_FAILURE ((LONG)0x80090330)
#define SEC_E_ALGORITHM_MISMATCH ((LONG)0x80090331)
#define SEC_E_CERT_WRONG_USAGE ((LONG)0x80090349)
#define SEC_E_INVALID_PARAMETER ((LONG)0x8009035d)
#define SEC_E_APPLICATION_PROTOCOL_MISMATCH ((LONG)0x80090367)
#define SEC_I_CONTINUE_NEEDED ((LONG)0x00090312)
#define SEC_I_CONTEXT_EXPIRED ((LONG)0x00090317)
#define SEC_I_INCOMPLETE_CREDENTIALS ((LONG)0x00090320)
#define SEC_I_RENEGOTIATE ((LONG)0x00090321)

struct SecHandle {
	ULONG_PTR dwLower, dwUpper;
};

enum { SECBUFFER_EMPTY, SECBUFFER_DATA, SECBUFFER_TOKEN, SECBUFFER_MISSING = 4, SECBUFFER_EXTRA,
       SECBUFFER_STREAM_TRAILER, SECBUFFER_STREAM_HEADER, SECBUFFER_ALERT = 17,
       SECBUFFER_APPLICATION_PROTOCOLS };

struct SecBuffer {
	ULONG cbBuffer, BufferType;     /* the upper four bits are attributes */
	void *pvBuffer;
};

struct SecBufferDesc {
	ULONG ulVersion, cBuffers;
	struct SecBuffer *pBuffers;
};

/* SCHANNEL_CRED's dwFlags */
enum { SCH_NO_SERVERNAME_CHECK = 4, SCH_MANUAL_VALIDATION = 8, SCH_DISABLE_RECONNECTS = 0x80, SCH_SEND_ROOT = 0x40000 };

enum { SECUR32_CREDENTIAL = 0x63725363, SECUR32_CONTEXT = 0x78635363, SECUR32_SESSIONS = 8 };

struct secur32_session {
	char *host;                     /* own; NULL: empty */
	bool judged;
	struct tlsconn_session *session;    /* own */
};

struct secur32_credential {
	DWORD magic;
	_Atomic uint32_t refs;
	bool server;
	DWORD flags;
	uint16_t lowest, highest;       /* of TLS */
	void *roots;                    /* own: whom a server trusts; NULL: the system's */
	struct crypt32_cert *local;     /* own; NULL: none */
	struct tlsconn_own own;             /* bytes are own */
	struct tlsconn_memory *memory;      /* of a server */
	_Atomic uint32_t lock;          /* of what follows */
	struct secur32_session session[SECUR32_SESSIONS];
	unsigned next;
};

struct secur32_context {
	DWORD magic;
	_Atomic uint32_t lock;          /* of tls and all that follows it */
	struct secur32_credential *credential;  /* a count */
	WCHAR *target;                  /* own; NULL: any name will do */
	DWORD flags;                    /* that were asked for: ISC_REQ_..., ASC_REQ_... */
	bool judged;                    /* by us */
	struct tlsconn *tls;
	LONG broken;                    /* what ended it; 0: nothing */
	size_t skip;                    /* bytes that the program gives again, though they were read */
	bool shut;                      /* ApplyControlToken */
	int alert;                      /* to be said; -1: none */
};

/* Bytes of a record before its text, as AES-GCM has them; a cipher with others fits, too. */
enum { SECUR32_HEADER = TLS_HEADER + 8 };

/* -- secur32.c: of the packages there is one ----------------------------------------------------------- */

bool secur32_is_schannel(const WCHAR *name);
/* SecPkgInfo of the i-th, for FreeContextBuffer(). */
LONG secur32_package(size_t i, bool wide, void **out);

/* -- secur32_credential.c ---------------------------------------------------------------------------- */

/* NULL: it is none. */
struct secur32_credential *secur32_credential_of(const struct SecHandle *h);
struct secur32_credential *secur32_credential_ref(struct secur32_credential *c);
void secur32_credential_unref(struct secur32_credential *c);
/* A client's sessions, by the host: taken out, and given back. */
struct tlsconn_session *secur32_session_take(struct secur32_credential *c, const char *host, bool judged);
void secur32_session_keep(struct secur32_credential *c, const char *host, bool judged, struct tlsconn_session *s);

/* -- secur32_context.c --------------------------------------------------------------------------------- */

struct secur32_context *secur32_context_of(const struct SecHandle *h);
/* The first buffer of a type, or NULL. */
struct SecBuffer *secur32_buffer(const struct SecBufferDesc *d, ULONG type);
/* How many bytes a record that is not whole wants more, as far as it is known. */
ULONG secur32_missing(const uint8_t *p, size_t n);
/* What an end of TLS is to a program. */
LONG secur32_status(enum tlsconn_said said, int alert);

/* -- secur32_trust.c ------------------------------------------------------------------------------------- */

/* 0, or the alert for the other end; *why says why. */
int secur32_judge(const struct tlsconn *t, bool server, const WCHAR *host, void *roots, LONG *why);
/* The other end's certificate, in a store with what came with it.  NULL: there is none. */
struct crypt32_cert *secur32_peer(const struct tlsconn *t);

/* -- rows that InitSecurityInterface()'s table has, too ------------------------------------------------ */

#define ACQUIRE(T) (const T *principal, const T *package, ULONG use, void *logon, const void *data, void *key, \
	void *key_of, struct SecHandle *credential, LONGLONG *expires)
#define INITIALIZE(T) (struct SecHandle *credential, struct SecHandle *old, const T *target, ULONG flags, \
	ULONG reserved, ULONG byte_order, const struct SecBufferDesc *in, ULONG reserved2, struct SecHandle *new, \
	struct SecBufferDesc *out, ULONG *attr, LONGLONG *expires)
WINAPI LONG secur32_AcquireCredentialsHandleA ACQUIRE(char);
WINAPI LONG secur32_AcquireCredentialsHandleW ACQUIRE(WCHAR);
WINAPI LONG secur32_FreeCredentialsHandle(struct SecHandle *h);
WINAPI LONG secur32_QueryCredentialsAttributesW(const struct SecHandle *h, ULONG attribute, void *out);
WINAPI LONG secur32_InitializeSecurityContextA INITIALIZE(char);
WINAPI LONG secur32_InitializeSecurityContextW INITIALIZE(WCHAR);
WINAPI LONG secur32_AcceptSecurityContext(struct SecHandle *credential, struct SecHandle *old,
	const struct SecBufferDesc *in, ULONG flags, ULONG byte_order, struct SecHandle *new,
	struct SecBufferDesc *out, ULONG *attr, LONGLONG *expires);
WINAPI LONG secur32_CompleteAuthToken(struct SecHandle *h, const struct SecBufferDesc *token);
WINAPI LONG secur32_DeleteSecurityContext(struct SecHandle *h);
WINAPI LONG secur32_ApplyControlToken(struct SecHandle *h, const struct SecBufferDesc *in);
WINAPI LONG secur32_QueryContextAttributesA(const struct SecHandle *h, ULONG attribute, void *out);
WINAPI LONG secur32_QueryContextAttributesW(const struct SecHandle *h, ULONG attribute, void *out);
WINAPI LONG secur32_SetContextAttributesW(const struct SecHandle *h, ULONG attribute, const void *p, ULONG n);
WINAPI LONG secur32_EncryptMessage(struct SecHandle *h, ULONG quality, struct SecBufferDesc *d, ULONG number);
WINAPI LONG secur32_DecryptMessage(struct SecHandle *h, struct SecBufferDesc *d, ULONG number, ULONG *quality);
#undef ACQUIRE
#undef INITIALIZE

#endif
