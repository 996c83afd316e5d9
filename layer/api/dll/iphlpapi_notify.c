/* SPDX-License-Identifier: Apache-2.0 */
/* iphlpapi_notify.c -- who wants to hear of changes of the network.
 *
 * Each has a socket that the kernel writes changes to; a timer of the thread pool looks at it,
 * and calls the program.  Without the right to the network nothing ever changes, and nothing
 * looks.
 */
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "layer/api/dll/iphlpapi.h"
#include "layer/api/nt/thread/steady.h"

enum {
	EVERY = 500, /* ms */
	MIB_PARAMETER_NOTIFICATION = 0,
	MIB_INITIAL_NOTIFICATION = 3,
};

/* What one hears of: families of messages of the kernel. */
enum what { LINKS, ADDRESSES, ROUTES };

typedef void(WINAPI *mib_change)(void *context, void *row, int type);

struct notify {
	struct notify *next; /* under the lock */
	enum what what;
	int fd; /* -1: nothing will come */
	HANDLE timer;
	mib_change call;
	void *context;
	struct OVERLAPPED *overlapped; /* lent; of NotifyAddrChange: once */
};

static _Atomic uint32_t lock;
static struct notify *all;

WINAPI BOOL kernel32_CreateTimerQueueTimer(HANDLE *out, HANDLE queue, void *f, void *context,
                                           DWORD due, DWORD period, ULONG flags);
WINAPI BOOL kernel32_DeleteTimerQueueTimer(HANDLE queue, HANDLE timer, HANDLE event);
WINAPI BOOL kernel32_SetEvent(HANDLE h);
WINAPI void kernel32_Sleep(DWORD ms);

static bool
matters(enum what what, const struct nlmsghdr *h)
{
	switch (h->nlmsg_type) {
	case RTM_NEWLINK:
	case RTM_DELLINK: return what == LINKS;
	case RTM_NEWADDR:
	case RTM_DELADDR: return what == ADDRESSES;
	case RTM_NEWROUTE:
	case RTM_DELROUTE: return what == ROUTES;
	default: return false;
	}
}

/* Takes what has come; has anything changed that one hears of? */
static bool
changed(const struct notify *n)
{
	char buf[16384];
	bool is = false;
	for (;;) {
		ssize_t got = recv(n->fd, buf, sizeof buf, MSG_DONTWAIT);
		if (got <= 0)
			return is;
		const struct nlmsghdr *h = (const struct nlmsghdr *)(const void *)buf;
		for (size_t left = (size_t)got; NLMSG_OK(h, left); h = NLMSG_NEXT(h, left))
			is |= matters(n->what, h);
	}
}

WINAPI static void
look(void *context, BOOLEAN fired)
{
	struct notify *n = context;
	(void)fired;
	if (!changed(n))
		return;
	if (n->call) {
		n->call(n->context, NULL, MIB_PARAMETER_NOTIFICATION);
	} else if (n->overlapped) {
		struct OVERLAPPED *o = n->overlapped;
		n->overlapped = NULL;
		o->Internal = 0;
		kernel32_SetEvent(o->hEvent);
	}
}

/* Takes it out of the list: NULL, it is not there (any more). */
static struct notify *
take(const void *key, bool overlapped)
{
	struct notify **p = &all, *n;
	steady_lock(&lock);
	while ((n = *p) && (overlapped ? (void *)n->overlapped : (void *)n) != key)
		p = &n->next;
	if (n)
		*p = n->next;
	steady_unlock(&lock);
	return n;
}

/* Its callback is over when this comes back. */
static void
end(struct notify *n)
{
	if (n->timer)
		kernel32_DeleteTimerQueueTimer(NULL, n->timer, INVALID_HANDLE_VALUE);
	if (n->fd >= 0)
		close(n->fd);
	free(n);
}

static struct notify *
begin(enum what what, mib_change call, void *context, struct OVERLAPPED *overlapped)
{
	struct notify *n = calloc(1, sizeof *n);
	if (!n)
		return NULL;
	*n = (struct notify){ NULL, what, netlink_watch(), NULL, call, context, overlapped };
	if (n->fd >= 0 && !kernel32_CreateTimerQueueTimer(&n->timer, NULL, (void *)(uintptr_t)look,
	                                                  n, EVERY, EVERY, 0)) {
		end(n);
		return NULL;
	}
	steady_lock(&lock);
	n->next = all;
	all = n;
	steady_unlock(&lock);
	return n;
}

static DWORD
notify(enum what what, USHORT family, void *callback, void *context, BOOLEAN initial, HANDLE *out)
{
	mib_change call = (mib_change)(uintptr_t)callback;
	if (!out)
		return ERROR_INVALID_PARAMETER;
	*out = NULL;
	if (!callback || iphlpapi_family(family) < 0)
		return ERROR_INVALID_PARAMETER;
	struct notify *n = begin(what, call, context, NULL);
	if (!n)
		return ERROR_NOT_ENOUGH_MEMORY;
	*out = n;
	if (initial)
		call(context, NULL, MIB_INITIAL_NOTIFICATION);
	return ERROR_SUCCESS;
}

WINAPI DWORD
iphlpapi_NotifyIpInterfaceChange(USHORT family, void *callback, void *context, BOOLEAN initial,
                                 HANDLE *out)
{
	return notify(LINKS, family, callback, context, initial, out);
}

WINAPI DWORD
iphlpapi_NotifyUnicastIpAddressChange(USHORT family, void *callback, void *context, BOOLEAN initial,
                                      HANDLE *out)
{
	return notify(ADDRESSES, family, callback, context, initial, out);
}

WINAPI DWORD
iphlpapi_NotifyRouteChange2(USHORT family, void *callback, void *context, BOOLEAN initial,
                            HANDLE *out)
{
	return notify(ROUTES, family, callback, context, initial, out);
}

WINAPI DWORD
iphlpapi_CancelMibChangeNotify2(HANDLE h)
{
	struct notify *n = h ? take(h, false) : NULL;
	if (!n)
		return ERROR_INVALID_PARAMETER;
	end(n);
	return ERROR_SUCCESS;
}

/* -- the older ones: once, by an event ----------------------------------------------------------- */

/* The call waits itself. */
static DWORD
wait_for(enum what what)
{
	struct notify n = { .what = what, .fd = netlink_watch() };
	while (n.fd < 0 || !changed(&n))
		kernel32_Sleep(n.fd < 0 ? INFINITE : EVERY);
	close(n.fd);
	return ERROR_SUCCESS;
}

static DWORD
once(enum what what, HANDLE *out, struct OVERLAPPED *o)
{
	if (!o)
		return wait_for(what);
	o->Internal = 0x103; /* STATUS_PENDING */
	struct notify *n = begin(what, NULL, NULL, o);
	if (!n)
		return ERROR_NOT_ENOUGH_MEMORY;
	if (out)
		*out = n;
	return ERROR_IO_PENDING;
}

WINAPI DWORD
iphlpapi_NotifyAddrChange(HANDLE *out, struct OVERLAPPED *o)
{
	return once(ADDRESSES, out, o);
}

WINAPI DWORD
iphlpapi_NotifyRouteChange(HANDLE *out, struct OVERLAPPED *o)
{
	return once(ROUTES, out, o);
}

WINAPI BOOL
iphlpapi_CancelIPChangeNotify(struct OVERLAPPED *o)
{
	struct notify *n = o ? take(o, true) : NULL;
	if (!n)
		return refuse(ERROR_INVALID_PARAMETER);
	end(n);
	o->Internal = 0xc0000120; /* STATUS_CANCELLED */
	return TRUE;
}
