/* sid.h -- security identifiers and accounts: one user, an ordinary one, and the well-known.
 *
 * The user's identifier is the same in every machine, as is the domain's in front of it, which
 * is the computer's.  It is no administrator: programs that refuse to run as one run.
 */
#ifndef LAYER_API_NT_SID_H
#define LAYER_API_NT_SID_H

#include "layer/api/nt/types.h"

enum { SID_SUB_MOST = 15, SID_MOST = 8 + 4 * SID_SUB_MOST };

struct SID {
	BYTE Revision, SubAuthorityCount, IdentifierAuthority[6];
	DWORD SubAuthority[];
};

static inline size_t
sid_size(const struct SID *s)
{
	return 8 + (size_t)s->SubAuthorityCount * 4;
}

bool sid_valid(const struct SID *s);
bool sid_equal(const struct SID *a, const struct SID *b);
/* Units without the final zero; 0: no room.  And back: bytes, 0 when it is none. */
size_t sid_text(const struct SID *s, WCHAR *out, size_t room);
size_t sid_parse(const WCHAR *s, size_t length, BYTE out[SID_MOST]);
/* As security descriptors have it: S-1-..., or two letters (BA, SY, WD ...). */
size_t sid_read(const WCHAR *s, size_t length, BYTE out[SID_MOST]);
size_t sid_user_text(WCHAR *out, size_t room);

/* The identifier of a WELL_KNOWN_SID_TYPE; 0: not known.  Names of accounts: of a SID, or the
 * SID of a name. */
size_t sid_well_known(int type, BYTE out[SID_MOST]);
enum { SID_USER = 1, SID_GROUP, SID_DOMAIN, SID_ALIAS, SID_WELL_KNOWN, SID_LABEL = 10 };
bool sid_account(const struct SID *s, WCHAR name[64], WCHAR domain[64], int *use);
size_t sid_of_account(const WCHAR *name, BYTE out[SID_MOST]);

/* What is in the process's token: the user, and its groups until 0. */
const struct SID *sid_user(void);
const struct SID *sid_group(unsigned i, DWORD *attributes);

#endif
