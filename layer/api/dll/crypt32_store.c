/* SPDX-License-Identifier: Apache-2.0 */
/* Stores of certificates.
 *
 * The system's stores (MY, CA, ROOT ...) are the process' own, and whoever opens one opens the same.
 * ROOT begins with the authorities that the host trusts, which a program with a network may
 * read.  Files, the registry and smart cards are not read.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "layer/api/dll/crypt32.h"
#include "layer/api/nt/text/utf.h"
#include "layer/api/nt/thread/steady.h"

enum { MEMBERS = 32, MAGIC = 0x54524543 };

struct crypt32_store {
	uint32_t magic;
	WCHAR name[32]; /* of the system's; fixed */
	bool collection, roots;
	/* under the lock */
	uint32_t open, held;
	struct crypt32_cert *first, *last;
	struct crypt32_store *member[MEMBERS];
	size_t members;
	struct crypt32_store *next; /* of the system's */
};

_Atomic uint32_t crypt32_lock;
static struct crypt32_store *system_stores;

WINAPI BOOL crypt32_CryptStringToBinaryA(const char *s, DWORD n, DWORD flags, BYTE *out,
                                         DWORD *size, DWORD *skip, DWORD *used);

static struct crypt32_store *
store_new(void)
{
	struct crypt32_store *s = calloc(1, sizeof *s);
	if (!s) {
		last_error(ERROR_NOT_ENOUGH_MEMORY);
		return NULL;
	}
	s->magic = MAGIC;
	s->open = 1;
	return s;
}

static struct crypt32_store *
store_of(void *p)
{
	struct crypt32_store *s = p;
	if (s && s->magic == MAGIC)
		return s;
	last_error(CRYPT_E_INVALID_ARGUMENT);
	return NULL;
}

bool
crypt32_store_is(void *store)
{
	return store_of(store) != NULL;
}

/* -- lifetimes: under the lock ---------------------------------------------------------------- */

static void
unused(struct crypt32_store *s)
{
	if (s->open || s->held || s->name[0])
		return;
	for (struct crypt32_cert *c = s->first, *next; c; c = next) {
		next = c->next;
		crypt32_cert_free(c);
	}
	for (size_t i = 0; i < s->members; i++)
		if (--s->member[i]->open == 0)
			unused(s->member[i]);
	s->magic = 0;
	free(s);
}

void
crypt32_store_held(struct crypt32_store *s)
{
	s->held++;
}

void
crypt32_store_left(struct crypt32_store *s)
{
	s->held--;
	unused(s);
}

void *
crypt32_store_ref(void *store)
{
	struct crypt32_store *s = store_of(store);
	if (s) {
		steady_lock(&crypt32_lock);
		s->open++;
		steady_unlock(&crypt32_lock);
	}
	return s;
}

void
crypt32_store_unref(void *store)
{
	struct crypt32_store *s = store_of(store);
	if (s) {
		steady_lock(&crypt32_lock);
		if (s->open)
			s->open--;
		unused(s);
		steady_unlock(&crypt32_lock);
	}
}

/* -- what is in one ------------------------------------------------------------------------------ */

static void
append(struct crypt32_store *s, struct crypt32_cert *c)
{
	c->context.hCertStore = s;
	c->listed = true;
	c->next = NULL;
	*(s->first ? &s->last->next : &s->first) = c;
	s->last = c;
}

/* The authorities of the host: certificates in text, one after the other. */
static void
read_roots(struct crypt32_store *s)
{
	static const char *const files[] = { "/etc/ssl/certs/ca-certificates.crt",
		                             "/etc/pki/tls/certs/ca-bundle.crt" };
	struct stat st;
	int fd = -1;

	for (size_t i = 0; i < sizeof files / sizeof *files && fd < 0; i++)
		fd = open(files[i], O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	char *text = fstat(fd, &st) == 0 && st.st_size < 64 << 20 ? malloc((size_t)st.st_size + 1)
	                                                          : NULL;
	ssize_t n = text ? read(fd, text, (size_t)st.st_size) : -1;
	close(fd);
	if (n > 0)
		text[n] = 0;
	for (char *at = n > 0 ? strstr(text, "-----BEGIN CERTIFICATE-----") : NULL, *end; at;
	     at = strstr(end, "-----BEGIN CERTIFICATE-----")) {
		end = strstr(at, "-----END");
		if (!end)
			break;
		DWORD size = (DWORD)(end - at);
		BYTE *der = malloc(size);
		struct crypt32_cert *c = NULL;
		if (der && crypt32_CryptStringToBinaryA(at, size, 0, der, &size, NULL, NULL))
			c = crypt32_cert_new(der, size);
		free(der);
		if (c) {
			c->refs = 0;
			append(s, c);
		}
	}
	free(text);
}

void *
crypt32_store_named(const WCHAR *name)
{
	struct crypt32_store *s, *fresh = store_new();

	if (!fresh)
		return NULL;
	for (size_t i = 0; name[i] && i < sizeof fresh->name / sizeof *fresh->name - 1; i++)
		fresh->name[i] = name[i];
	fresh->roots = !utf_compare(fresh->name, u"ROOT");
	/* Who reads them reads without the lock: of two the first is taken. */
	steady_lock(&crypt32_lock);
	for (s = system_stores; s && utf_compare(s->name, fresh->name); s = s->next)
		;
	steady_unlock(&crypt32_lock);
	if (!s && fresh->roots)
		read_roots(fresh);
	steady_lock(&crypt32_lock);
	for (s = system_stores; s && utf_compare(s->name, fresh->name); s = s->next)
		;
	if (!s) {
		s = fresh;
		fresh->next = system_stores;
		system_stores = fresh;
	} else {
		s->open++;
		fresh->name[0] = 0;
		fresh->open = 0;
		unused(fresh);
	}
	steady_unlock(&crypt32_lock);
	return s;
}

void *
crypt32_store_roots(void)
{
	return crypt32_store_named(u"ROOT");
}

static struct crypt32_cert *
counted(struct crypt32_cert *c)
{
	if (c && !c->refs++)
		crypt32_store_held(c->context.hCertStore);
	return c;
}

struct crypt32_cert *
crypt32_store_next(void *store, struct crypt32_cert *before)
{
	struct crypt32_store *s = store;
	struct crypt32_cert *c = NULL;
	size_t i = 0;

	steady_lock(&crypt32_lock);
	if (!s->collection) {
		c = before ? before->next : s->first;
	} else {
		while (before && i < s->members && s->member[i] != before->context.hCertStore)
			i++;
		c = before && i < s->members ? before->next : NULL;
		for (i += before != NULL; !c && i < s->members; i++)
			c = s->member[i]->first;
	}
	counted(c);
	steady_unlock(&crypt32_lock);
	return c;
}

/* -- opening ------------------------------------------------------------------------------------- */

enum { CERT_STORE_PROV_MEMORY = 2, CERT_STORE_PROV_COLLECTION = 11 };

/* By number or by name: in memory, of the system, of several others.  0: it is not known. */
static int
provider(const char *p, bool *wide)
{
	static const struct {
		BYTE number, is;
		bool wide;
		const char *name;
	} known[] = { { 2, 2, true, "Memory" },  { 9, 9, false, NULL },
		      { 10, 9, true, "System" }, { 11, 11, true, "Collection" },
		      { 12, 9, false, NULL },    { 13, 9, true, "SystemRegistry" } };
	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if ((uintptr_t)p < 0x10000 ? (uintptr_t)p == known[i].number
		                           : known[i].name && !strcasecmp(p, known[i].name)) {
			*wide = known[i].wide;
			return known[i].is;
		}
	return 0;
}

WINAPI void *
crypt32_CertOpenStore(const char *by, DWORD encoding, void *legacy, DWORD flags, const void *param)
{
	bool wide = false;
	int what = provider(by, &wide);

	(void)encoding, (void)legacy, (void)flags;
	if (!what) {
		last_error(ERROR_FILE_NOT_FOUND);
		return NULL;
	}
	if (what != 9) {
		struct crypt32_store *s = store_new();
		if (s)
			s->collection = what == CERT_STORE_PROV_COLLECTION;
		return s;
	}
	if (!param) {
		last_error(CRYPT_E_INVALID_ARGUMENT);
		return NULL;
	}
	WCHAR *name = wide ? NULL : utf_wide(param);
	void *s = wide || name ? crypt32_store_named(wide ? param : name) : NULL;
	free(name);
	return s;
}

WINAPI void *
crypt32_CertOpenSystemStoreW(void *legacy, const WCHAR *name)
{
	(void)legacy;
	return crypt32_CertOpenStore((const char *)10, 0, NULL, 0, name);
}

WINAPI void *
crypt32_CertOpenSystemStoreA(void *legacy, const char *name)
{
	(void)legacy;
	return crypt32_CertOpenStore((const char *)9, 0, NULL, 0, name);
}

WINAPI void *
crypt32_CertDuplicateStore(void *store)
{
	return store ? crypt32_store_ref(store) : NULL;
}

WINAPI BOOL
crypt32_CertCloseStore(void *store, DWORD flags)
{
	(void)flags; /* what is held stays as long as it is held */
	if (!store)
		return TRUE;
	if (!store_of(store))
		return FALSE;
	crypt32_store_unref(store);
	return TRUE;
}

WINAPI BOOL
crypt32_CertAddStoreToCollection(void *collection, void *sibling, DWORD flags, DWORD priority)
{
	struct crypt32_store *c = store_of(collection), *s = sibling ? store_of(sibling) : NULL;

	(void)flags;
	if (!c || (sibling && !s))
		return FALSE;
	if (!sibling) /* asks whether it is a collection */
		return c->collection ? TRUE : refuse(CRYPT_E_INVALID_ARGUMENT);
	steady_lock(&crypt32_lock);
	bool can = c->collection && !s->collection && c->members < MEMBERS;
	if (can) {
		/* a higher priority comes first */
		size_t at = priority ? 0 : c->members;
		memmove(&c->member[at + 1], &c->member[at], (c->members - at) * sizeof *c->member);
		c->member[at] = s;
		c->members++;
		s->open++;
	}
	steady_unlock(&crypt32_lock);
	return can ? TRUE : refuse(CRYPT_E_INVALID_ARGUMENT);
}

WINAPI void
crypt32_CertRemoveStoreFromCollection(void *collection, void *sibling)
{
	struct crypt32_store *c = store_of(collection), *s = store_of(sibling);

	if (!c || !s)
		return;
	steady_lock(&crypt32_lock);
	for (size_t i = 0; i < c->members; i++)
		if (c->member[i] == s) {
			c->members--;
			memmove(&c->member[i], &c->member[i + 1],
			        (c->members - i) * sizeof *c->member);
			s->open--;
			unused(s);
			break;
		}
	steady_unlock(&crypt32_lock);
}

/* -- adding and deleting ---------------------------------------------------------------------- */

enum {
	CERT_STORE_ADD_NEW = 1,
	CERT_STORE_ADD_USE_EXISTING,
	CERT_STORE_ADD_REPLACE_EXISTING,
	CERT_STORE_ADD_ALWAYS,
	CERT_STORE_ADD_REPLACE_EXISTING_INHERIT_PROPERTIES,
	CERT_STORE_ADD_NEWER,
	CERT_STORE_ADD_NEWER_INHERIT_PROPERTIES,
};

/* Under the lock. */
static void
take_out(struct crypt32_store *s, struct crypt32_cert *c)
{
	struct crypt32_cert *before = NULL;

	for (struct crypt32_cert *k = s->first; k != c; k = k->next)
		before = k;
	*(before ? &before->next : &s->first) = c->next;
	if (s->last == c)
		s->last = before;
	c->listed = false;
	c->next = NULL;
	if (!c->refs)
		crypt32_cert_free(c);
}

/* Takes the new one's count. */
static BOOL
add(struct crypt32_store *s, struct crypt32_cert *fresh, DWORD how, const struct CERT_CONTEXT **out)
{
	struct crypt32_cert *old = NULL, *result = fresh;
	DWORD error = ERROR_SUCCESS;

	if (how < CERT_STORE_ADD_NEW || how > CERT_STORE_ADD_NEWER_INHERIT_PROPERTIES) {
		crypt32_cert_unref(fresh);
		return refuse(CRYPT_E_INVALID_ARGUMENT);
	}
	steady_lock(&crypt32_lock);
	if (s->collection) {
		if (s->members)
			s = s->member[0];
		else
			error = ERROR_ACCESS_DENIED;
	}
	for (struct crypt32_cert *c = s->first; how != CERT_STORE_ADD_ALWAYS && c && !old;
	     c = c->next)
		if (x509_same(c->x.issuer, fresh->x.issuer) &&
		    x509_same(c->x.serial, fresh->x.serial))
			old = c;
	bool newer = old && fresh->x.from > old->x.from;
	if (old && (how == CERT_STORE_ADD_NEW || (how >= CERT_STORE_ADD_NEWER && !newer)))
		error = CRYPT_E_EXISTS;
	if (error || (old && how == CERT_STORE_ADD_USE_EXISTING)) {
		crypt32_cert_free(fresh);
		result = error ? NULL : counted(old);
	} else {
		if (old)
			take_out(s, old);
		append(s, fresh);
		crypt32_store_held(s); /* by fresh's count */
	}
	steady_unlock(&crypt32_lock);
	if (error)
		return refuse(error);
	if (out)
		*out = &result->context;
	else
		crypt32_cert_unref(result);
	return TRUE;
}

WINAPI BOOL
crypt32_CertAddEncodedCertificateToStore(void *store, DWORD encoding, const BYTE *p, DWORD n,
                                         DWORD how, const struct CERT_CONTEXT **out)
{
	struct crypt32_store *s = store ? store_of(store) : NULL;

	if ((store && !s) || !(encoding & 1) || !p)
		return s || !store ? refuse(CRYPT_E_INVALID_ARGUMENT) : FALSE;
	struct crypt32_cert *c = crypt32_cert_new(p, n);
	if (!c)
		return FALSE;
	if (s)
		return add(s, c, how, out);
	if (out)
		*out = &c->context;
	else
		crypt32_cert_unref(c);
	return TRUE;
}

/* A copy, with what was attached. */
WINAPI BOOL
crypt32_CertAddCertificateContextToStore(void *store, const struct CERT_CONTEXT *context, DWORD how,
                                         const struct CERT_CONTEXT **out)
{
	struct crypt32_store *s = store ? store_of(store) : NULL;
	struct crypt32_cert *from = (struct crypt32_cert *)context;

	if (!from || (store && !s))
		return refuse(CRYPT_E_INVALID_ARGUMENT);
	if (!s) {
		if (out)
			*out = &crypt32_cert_ref(from)->context;
		return TRUE;
	}
	struct crypt32_cert *c = crypt32_cert_new(from->x.raw.p, from->x.raw.n);
	if (!c)
		return FALSE;
	steady_lock(&crypt32_lock);
	for (const struct crypt32_property *p = from->properties; p; p = p->next) {
		struct crypt32_property *q = malloc(sizeof *q + p->n);
		if (!q)
			break;
		memcpy(q, p, sizeof *q + p->n);
		q->next = c->properties;
		c->properties = q;
	}
	crypt32_key_copy(&c->key, &from->key);
	steady_unlock(&crypt32_lock);
	return add(s, c, how, out);
}

/* Takes a count of the certificate, whatever comes of it. */
WINAPI BOOL
crypt32_CertDeleteCertificateFromStore(const struct CERT_CONTEXT *context)
{
	struct crypt32_cert *c = (struct crypt32_cert *)context;

	if (!c)
		return TRUE;
	steady_lock(&crypt32_lock);
	if (c->listed)
		take_out(c->context.hCertStore, c);
	steady_unlock(&crypt32_lock);
	crypt32_cert_unref(c);
	return TRUE;
}

/* -- looking ------------------------------------------------------------------------------------ */

/* Takes the count of the one before. */
WINAPI const struct CERT_CONTEXT *
crypt32_CertEnumCertificatesInStore(void *store, const struct CERT_CONTEXT *before)
{
	struct crypt32_store *s = store_of(store);
	struct crypt32_cert *b = (struct crypt32_cert *)before;
	struct crypt32_cert *c = s ? crypt32_store_next(s, b) : NULL;

	if (b)
		crypt32_cert_unref(b);
	if (!c && s)
		last_error(CRYPT_E_NOT_FOUND);
	return c ? &c->context : NULL;
}

WINAPI const void *
crypt32_CertEnumCRLsInStore(void *store, const void *before)
{
	(void)store, (void)before;
	last_error(CRYPT_E_NOT_FOUND);
	return NULL;
}

enum {
	FIND_ANY = 0,
	FIND_SHA1_HASH = 1,
	FIND_NAME = 2,
	FIND_MD5_HASH = 4,
	FIND_PUBLIC_KEY = 6,
	FIND_NAME_A = 7,
	FIND_NAME_W = 8,
	FIND_USAGE = 10,
	FIND_SUBJECT_CERT = 11,
	FIND_ISSUER_OF = 12,
	FIND_EXISTING = 13,
	FIND_KEY_IDENTIFIER = 15,
	FIND_HAS_PRIVATE_KEY = 21,
	INFO_ISSUER = 4,
	INFO_SUBJECT = 7,
};

static bool
blob_is(const struct CRYPT_BLOB *b, struct x509_span s)
{
	return b && x509_same((struct x509_span){ b->pbData, b->cbData }, s);
}

/* Does a name hold a text, without case? */
static bool
holds(struct x509_span name, const WCHAR *text)
{
	struct x509_element all, set, pair, oid, value;
	size_t n = utf_length(text);

	if (!x509_take(&name, 0x30, &all))
		return false;
	while (x509_take(&all.in, 0x31, &set))
		while (x509_take(&set.in, 0x30, &pair)) {
			if (!x509_take(&pair.in, 6, &oid) || !x509_next(&pair.in, &value))
				continue;
			WCHAR *w = utf_wide_n((const char *)value.in.p, value.in.n);
			bool found = false;
			for (size_t i = 0; w && !found && i + n <= utf_length(w); i++)
				found = !utf_compare_n(w + i, text, n);
			free(w);
			if (found)
				return true;
		}
	return false;
}

struct wanted {
	DWORD what, info;
	const void *param;
	WCHAR *text; /* own */
};

static bool
fits(struct crypt32_cert *c, const struct wanted *w)
{
	struct x509_span name = w->info == INFO_ISSUER ? c->x.issuer : c->x.subject;
	const struct CERT_INFO *i = w->param;
	const struct crypt32_cert *other = w->param;
	struct {
		DWORD n;
		char **id;
	} const *usage = w->param;
	BYTE hash[64];
	DWORD n;

	switch (w->what) {
	case FIND_ANY: return true;
	case FIND_HAS_PRIVATE_KEY: return crypt32_key_there(c);
	case FIND_NAME: return blob_is(w->param, name);
	case FIND_NAME_A:
	case FIND_NAME_W: return w->text && holds(name, w->text);
	case FIND_SHA1_HASH:
	case FIND_MD5_HASH:
	case FIND_KEY_IDENTIFIER:
		crypt32_cert_hash(c,
		                  w->what == FIND_SHA1_HASH  ? 3
		                  : w->what == FIND_MD5_HASH ? 4
		                                             : 20,
		                  hash, &n);
		return blob_is(w->param, (struct x509_span){ hash, n });
	case FIND_SUBJECT_CERT:
		return i && blob_is(&i->Issuer, c->x.issuer) &&
		       blob_is(&i->SerialNumber, (struct x509_span){ c->info.SerialNumber.pbData,
		                                                     c->info.SerialNumber.cbData });
	case FIND_ISSUER_OF: return other && x509_same(other->x.issuer, c->x.subject);
	case FIND_EXISTING: return other && x509_same(other->x.raw, c->x.raw);
	case FIND_USAGE:
		for (n = 0; usage && n < usage->n; n++)
			if (!x509_good_for(&c->x, usage->id[n]))
				return false;
		return true;
	}
	return false; /* other ways are not known */
}

/* Takes the count of the one before. */
WINAPI const struct CERT_CONTEXT *
crypt32_CertFindCertificateInStore(void *store, DWORD encoding, DWORD flags, DWORD type,
                                   const void *param, const struct CERT_CONTEXT *before)
{
	struct crypt32_store *s = store_of(store);
	struct crypt32_cert *c = (struct crypt32_cert *)before;
	struct wanted w = { type >> 16, type & 0xffff, param, NULL };

	(void)encoding, (void)flags;
	if (w.what == FIND_NAME_A && param)
		w.text = utf_wide(param);
	else if (w.what == FIND_NAME_W && param)
		w.text = utf_copy(param, utf_length(param));
	while (s) {
		struct crypt32_cert *next = crypt32_store_next(s, c);
		if (c)
			crypt32_cert_unref(c);
		c = next;
		if (!c || fits(c, &w))
			break;
	}
	free(w.text);
	if (!c && s)
		last_error(CRYPT_E_NOT_FOUND);
	return c && s ? &c->context : NULL;
}
