/* advapi32_token.h -- tokens: who the process, or a thread of it, runs as.
 *
 * Everybody is the user.  What tokens differ in is what may be changed of them: privileges that
 * are enabled or removed, groups that only deny, restricting identifiers, a lower integrity,
 * and what new objects get.  All of that is under advapi32_token_lock, as is thread->token.
 */
#ifndef LAYER_API_DLL_ADVAPI32_TOKEN_H
#define LAYER_API_DLL_ADVAPI32_TOKEN_H

#include <pthread.h>

#include "layer/api/dll/dll.h"
#include "layer/api/nt/object/object.h"
#include "layer/api/nt/sid.h"

enum { ADVAPI32_TOKEN_HELD = 5, ADVAPI32_TOKEN_RESTRICTING = 8 };

struct LUID_AND_ATTRIBUTES {
	DWORD low;
	LONG high;
	DWORD attributes;
};

struct token {
	struct object object;
	/* fixed */
	bool impersonation, filtered;
	int level;       /* SECURITY_IMPERSONATION_LEVEL */
	DWORD inert;     /* SANDBOX_INERT */
	uint32_t denied; /* groups that only deny, by number; the user is bit 31 */
	DWORD restricting;
	BYTE restrict_to[ADVAPI32_TOKEN_RESTRICTING][SID_MOST];
	/* under the lock */
	struct LUID_AND_ATTRIBUTES privileges[ADVAPI32_TOKEN_HELD];
	DWORD integrity, group, virtual;
	BYTE *acl; /* own: for new objects; NULL: all to the user */
};

extern pthread_mutex_t advapi32_token_lock;

/* The token of a handle, counted; a pseudo-handle is the process's (-4), the thread's (-5), or
 * the one that counts (-6).  NULL: the last error says why. */
struct token *advapi32_token_get(HANDLE h);
void advapi32_token_privileges(struct token *t); /* as an ordinary user has them */
void advapi32_token_remove(struct token *t, const struct LUID_AND_ATTRIBUTES *p);

#endif
