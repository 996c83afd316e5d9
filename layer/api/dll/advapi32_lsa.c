/* SPDX-License-Identifier: Apache-2.0 */
/* The local security authority, as far as programs ask it for names: whose SID is this? */
#include <stdlib.h>
#include <string.h>

#include "layer/api/dll/dll.h"
#include "layer/api/nt/host.h"
#include "layer/api/nt/sid.h"
#include "layer/api/nt/text/nls.h"

enum { MAGIC = 0x41534c, ACCOUNTS = 1 << 16, SID_INVALID = 7, SID_UNKNOWN = 8 };

struct policy {
	uint32_t magic;
};

struct domain {
	struct UNICODE_STRING name;
	struct SID *sid;
};

struct domains {
	ULONG n;
	struct domain *list;
};

struct translated_name {
	int use;
	struct UNICODE_STRING name;
	LONG domain;
};

struct translated_sid {
	int use;
	struct SID *sid;
	LONG domain;
	ULONG flags;
};

/* One account, with all that is said of it. */
struct account {
	int use;
	WCHAR name[64], domain[64];
	BYTE sid[SID_MOST];
};

WINAPI NTSTATUS
advapi32_LsaOpenPolicy(const struct UNICODE_STRING *system, const void *attributes,
                       ACCESS_MASK access, struct policy **out)
{
	(void)system, (void)attributes, (void)access;
	struct policy *p = calloc(1, sizeof *p);
	if (!p)
		return STATUS_NO_MEMORY;
	p->magic = MAGIC;
	*out = p;
	return STATUS_SUCCESS;
}

WINAPI NTSTATUS
advapi32_LsaClose(struct policy *p)
{
	if (!p || p->magic != MAGIC)
		return STATUS_INVALID_HANDLE;
	p->magic = 0;
	free(p);
	return STATUS_SUCCESS;
}

WINAPI NTSTATUS
advapi32_LsaFreeMemory(void *p)
{
	free(p);
	return STATUS_SUCCESS;
}

WINAPI ULONG
advapi32_LsaNtStatusToWinError(NTSTATUS s)
{
	return status_error(s);
}

/* -- answers: each is one block ---------------------------------------------------------------- */

static struct UNICODE_STRING
text(const WCHAR *s, BYTE **at)
{
	size_t n = nls_length(s) * sizeof *s;
	WCHAR *to = (WCHAR *)*at;

	memcpy(to, s, n + sizeof *s);
	*at += n + sizeof *s;
	return (struct UNICODE_STRING){ (USHORT)n, (USHORT)(n + sizeof *s), to };
}

static struct SID *
copy(const struct SID *s, BYTE **at)
{
	struct SID *to = (struct SID *)(((uintptr_t)*at + 7) & ~(uintptr_t)7);

	memcpy(to, s, sid_size(s));
	*at = (BYTE *)to + sid_size(s);
	return to;
}

/* The domains of accounts, each once; index[i] is the one of account i, -1: it has none. */
static struct domains *
domains_of(const struct account *a, ULONG n, LONG *index)
{
	struct domains *d = calloc(1, sizeof *d + n * (sizeof(struct domain) + 128 + SID_MOST + 8));
	BYTE sid[SID_MOST], *at;

	if (!d)
		return NULL;
	d->list = (struct domain *)(d + 1);
	at = (BYTE *)(d->list + n);
	for (ULONG i = 0; i < n; i++) {
		struct SID *s = (struct SID *)(void *)sid;
		index[i] = -1;
		if (a[i].use == SID_UNKNOWN || a[i].use == SID_INVALID)
			continue;
		memcpy(sid, a[i].sid, sizeof sid);
		if (a[i].use != SID_DOMAIN && s->SubAuthorityCount)
			s->SubAuthorityCount--; /* without the account's own number */
		for (ULONG k = 0; k < d->n && index[i] < 0; k++)
			if (sid_equal(d->list[k].sid, s))
				index[i] = (LONG)k;
		if (index[i] >= 0)
			continue;
		index[i] = (LONG)d->n;
		d->list[d->n].sid = copy(s, &at);
		d->list[d->n++].name = text(a[i].domain, &at);
	}
	return d;
}

static NTSTATUS
outcome(const struct account *a, ULONG n)
{
	ULONG mapped = 0;

	for (ULONG i = 0; i < n; i++)
		mapped += a[i].use != SID_UNKNOWN && a[i].use != SID_INVALID;
	return mapped == n ? STATUS_SUCCESS : mapped ? STATUS_SOME_NOT_MAPPED : STATUS_NONE_MAPPED;
}

/* Takes the accounts. */
static NTSTATUS
answer(struct account *a, ULONG n, struct domains **domains, void **out, bool names)
{
	size_t each = names ? sizeof(struct translated_name) + 512
	                    : sizeof(struct translated_sid) + SID_MOST + 8;
	LONG *index = malloc(n * sizeof *index);
	BYTE *block = calloc(n, each), *at;
	struct domains *d = index ? domains_of(a, n, index) : NULL;
	NTSTATUS s = STATUS_NO_MEMORY;

	if (block && d) {
		struct translated_name *name = (struct translated_name *)(void *)block;
		struct translated_sid *sid = (struct translated_sid *)(void *)block;
		at = names ? (BYTE *)(name + n) : (BYTE *)(sid + n);
		for (ULONG i = 0; i < n; i++) {
			if (names)
				name[i] = (struct translated_name){ a[i].use, text(a[i].name, &at),
					                            index[i] };
			else
				sid[i] = (struct translated_sid){
					a[i].use, index[i] < 0 ? NULL : copy((void *)a[i].sid, &at),
					index[i], 0
				};
		}
		*domains = d;
		*out = block;
		d = NULL;
		block = NULL;
		s = outcome(a, n);
	}
	free(d);
	free(block);
	free(index);
	free(a);
	return s;
}

/* Of a SID that nobody has the name is its text. */
WINAPI NTSTATUS
advapi32_LsaLookupSids(struct policy *p, ULONG n, const struct SID *const *sids,
                       struct domains **domains, void **names)
{
	if (!p || p->magic != MAGIC)
		return STATUS_INVALID_HANDLE;
	if (!n || n > ACCOUNTS || !sids || !domains || !names)
		return STATUS_INVALID_PARAMETER;
	struct account *a = calloc(n, sizeof *a);
	for (ULONG i = 0; a && i < n; i++) {
		if (!sid_valid(sids[i])) {
			free(a);
			return STATUS_INVALID_PARAMETER;
		}
		memcpy(a[i].sid, sids[i], sid_size(sids[i]));
		if (!sid_account(sids[i], a[i].name, a[i].domain, &a[i].use)) {
			WCHAR all[256] = u"";
			(void)sid_text(sids[i], all, 256);
			memcpy(a[i].name, all, sizeof a[i].name - sizeof *all);
			a[i].use = SID_UNKNOWN;
		}
	}
	return a ? answer(a, n, domains, names, true) : STATUS_NO_MEMORY;
}

WINAPI NTSTATUS
advapi32_LsaLookupNames2(struct policy *p, ULONG flags, ULONG n, const struct UNICODE_STRING *names,
                         struct domains **domains, void **sids)
{
	(void)flags;
	if (!p || p->magic != MAGIC)
		return STATUS_INVALID_HANDLE;
	if (!n || n > ACCOUNTS || !names || !domains || !sids)
		return STATUS_INVALID_PARAMETER;
	struct account *a = calloc(n, sizeof *a);
	for (ULONG i = 0; a && i < n; i++) {
		size_t length = names[i].Length / sizeof(WCHAR);
		WCHAR *name = calloc(length + 1, sizeof *name);
		if (name)
			memcpy(name, names[i].Buffer, length * sizeof *name);
		if (!name || !sid_of_account(name, a[i].sid) ||
		    !sid_account((const void *)a[i].sid, a[i].name, a[i].domain, &a[i].use))
			a[i].use = SID_UNKNOWN;
		free(name);
	}
	return a ? answer(a, n, domains, sids, false) : STATUS_NO_MEMORY;
}

/* Of the computer: its name, and the domain that its accounts are of; it belongs to none. */
WINAPI NTSTATUS
advapi32_LsaQueryInformationPolicy(struct policy *p, int class, void **out)
{
	enum { PRIMARY_DOMAIN = 3, ACCOUNT_DOMAIN = 5 };
	struct {
		struct domain d;
		WCHAR room[64];
		BYTE sid[SID_MOST + 8];
	} * b;
	WCHAR name[64], domain[64];
	int use;

	if (!p || p->magic != MAGIC)
		return STATUS_INVALID_HANDLE;
	if ((class != PRIMARY_DOMAIN && class != ACCOUNT_DOMAIN) || !out)
		return STATUS_INVALID_PARAMETER;
	if (!sid_account(sid_user(), name, domain, &use) || !(b = calloc(1, sizeof *b)))
		return STATUS_NO_MEMORY;
	BYTE *at = (BYTE *)b->room;
	b->d.name = text(class == ACCOUNT_DOMAIN ? domain : u"WORKGROUP", &at);
	if (class == ACCOUNT_DOMAIN) {
		at = b->sid;
		b->d.sid = copy(sid_user(), &at);
		b->d.sid->SubAuthorityCount--;
	}
	*out = b;
	return STATUS_SUCCESS;
}
