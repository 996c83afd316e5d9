/* SPDX-License-Identifier: Apache-2.0 */
/* combase_class.c -- classes: those that the process itself registers; there are no others. */
#include <pthread.h>
#include <string.h>

#include "layer/api/dll/combase.h"
#include "layer/api/nt/guid.h"

/* IClassFactory (unknwn.h), of which all begin as IUnknown. */
struct unknown {
	const struct {
		HRESULT(WINAPI *query)(struct unknown *u, const struct GUID *id, void **out);
		ULONG(WINAPI *add)(struct unknown *u);
		ULONG(WINAPI *release)(struct unknown *u);
		HRESULT(WINAPI *create)
		(struct unknown *u, void *outer, const struct GUID *id, void **out);
	} * table;
};

enum { REGCLS_MULTIPLEUSE = 1, REGCLS_MULTI_SEPARATE = 2, REGCLS_SUSPENDED = 4, MOST = 64 };
enum { CLSCTX_INPROC_SERVER = 1, CLSCTX_LOCAL_SERVER = 4 };

/* Under the lock, which is never held while the program's methods are called. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct entry {
	struct unknown *u; /* a count, or NULL: free */
	struct GUID class;
	DWORD context, flags;
	uint32_t users; /* the registration, and who is about to ask it */
	bool suspended, used;
} classes[MOST];
static ULONG servers; /* CoAddRefServerProcess */

static void
leave(struct entry *e)
{
	struct unknown *u = NULL;
	pthread_mutex_lock(&lock);
	if (--e->users == 0) {
		u = e->u;
		e->u = NULL;
	}
	pthread_mutex_unlock(&lock);
	if (u)
		u->table->release(u);
}

WINAPI HRESULT
combase_CoRegisterClassObject(const struct GUID *class, struct unknown *u, DWORD context,
                              DWORD flags, DWORD *cookie)
{
	DWORD i = 0;
	if (!class || !u || !cookie)
		return E_INVALIDARG;
	*cookie = 0;
	if (!combase_in_apartment())
		return CO_E_NOTINITIALIZED;
	u->table->add(u);
	pthread_mutex_lock(&lock);
	while (i < MOST && classes[i].u)
		i++;
	if (i < MOST) {
		classes[i].u = u;
		classes[i].class = *class;
		classes[i].users = 1;
		classes[i].flags = flags;
		/* for many uses: also for who asks in the process itself */
		classes[i].context =
		        context | (context & CLSCTX_LOCAL_SERVER && flags & REGCLS_MULTIPLEUSE
		                           ? CLSCTX_INPROC_SERVER
		                           : 0);
		classes[i].suspended = flags & REGCLS_SUSPENDED;
		classes[i].used = false;
	}
	pthread_mutex_unlock(&lock);
	if (i == MOST) {
		u->table->release(u);
		return E_OUTOFMEMORY;
	}
	*cookie = i + 1;
	return S_OK;
}

WINAPI HRESULT
combase_CoRevokeClassObject(DWORD cookie)
{
	struct entry *e = cookie && cookie <= MOST ? &classes[cookie - 1] : NULL;
	pthread_mutex_lock(&lock);
	bool there = e && e->u && e->context;
	if (there)
		e->context = 0; /* nobody finds it any more */
	pthread_mutex_unlock(&lock);
	if (!there)
		return E_INVALIDARG;
	leave(e);
	return S_OK;
}

static void
suspend_all(bool suspend)
{
	for (size_t i = 0; i < MOST; i++)
		classes[i].suspended = suspend;
}

WINAPI HRESULT
combase_CoResumeClassObjects(void)
{
	pthread_mutex_lock(&lock);
	suspend_all(false);
	pthread_mutex_unlock(&lock);
	return S_OK;
}

WINAPI HRESULT
combase_CoSuspendClassObjects(void)
{
	pthread_mutex_lock(&lock);
	suspend_all(true);
	pthread_mutex_unlock(&lock);
	return S_OK;
}

WINAPI ULONG
combase_CoAddRefServerProcess(void)
{
	pthread_mutex_lock(&lock);
	ULONG n = ++servers;
	pthread_mutex_unlock(&lock);
	return n;
}

/* Nobody needs the server any more: its classes are not given to new clients. */
WINAPI ULONG
combase_CoReleaseServerProcess(void)
{
	pthread_mutex_lock(&lock);
	ULONG n = servers ? --servers : 0;
	if (!n)
		suspend_all(true);
	pthread_mutex_unlock(&lock);
	return n;
}

WINAPI HRESULT
combase_CoGetClassObject(const struct GUID *class, DWORD context, void *server,
                         const struct GUID *id, void **out)
{
	struct entry *e = NULL;
	(void)server;
	if (!out)
		return E_INVALIDARG;
	*out = NULL;
	if (!class || !id)
		return E_INVALIDARG;
	if (!combase_in_apartment())
		return CO_E_NOTINITIALIZED;
	pthread_mutex_lock(&lock);
	for (size_t i = 0; !e && i < MOST; i++) {
		struct entry *x = &classes[i];
		if (!x->u || x->suspended || x->used || !(x->context & context) ||
		    memcmp(&x->class, class, sizeof *class))
			continue;
		e = x;
		e->users++;
		/* single use: the next client needs another server */
		e->used = e->context & CLSCTX_LOCAL_SERVER &&
		          !(e->flags & (REGCLS_MULTIPLEUSE | REGCLS_MULTI_SEPARATE));
	}
	pthread_mutex_unlock(&lock);
	if (!e)
		return REGDB_E_CLASSNOTREG;
	HRESULT r = e->u->table->query(e->u, id, out);
	leave(e);
	return r;
}

WINAPI HRESULT
combase_CoCreateInstance(const struct GUID *class, void *outer, DWORD context,
                         const struct GUID *id, void **out)
{
	static const struct GUID factory = { 1, 0, 0, { 0xc0, 0, 0, 0, 0, 0, 0, 0x46 } };
	struct unknown *u;
	void *p;
	if (!out)
		return E_POINTER;
	*out = NULL;
	if (!class || !id)
		return E_INVALIDARG;
	HRESULT r = combase_CoGetClassObject(class, context, NULL, &factory, &p);
	if (r < 0)
		return r;
	u = p;
	r = u->table->create(u, outer, id, out);
	u->table->release(u);
	return r;
}

struct MULTI_QI {
	const struct GUID *id;
	void *out;
	HRESULT result;
};

WINAPI HRESULT
combase_CoCreateInstanceEx(const struct GUID *class, void *outer, DWORD context, void *server,
                           DWORD n, struct MULTI_QI *q)
{
	static const struct GUID unknown = { 0, 0, 0, { 0xc0, 0, 0, 0, 0, 0, 0, 0x46 } };
	void *p = NULL;
	DWORD got = 0;
	(void)server;
	if (!n || !q)
		return E_INVALIDARG;
	HRESULT r = combase_CoCreateInstance(class, outer, context, &unknown, &p);
	struct unknown *u = p;
	for (DWORD i = 0; i < n; i++) {
		q[i].out = NULL;
		q[i].result = r < 0 ? r : u->table->query(u, q[i].id, &q[i].out);
		got += q[i].result >= 0;
	}
	if (r < 0)
		return r;
	u->table->release(u);
	return got == n ? S_OK : got ? CO_S_NOTALLINTERFACES : E_NOINTERFACE;
}
