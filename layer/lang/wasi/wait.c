/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/lang/wasi/inner.h"

#include <errno.h>
#include <signal.h>

#include "layer/lang/wasi/wasi.h"

static bool kicked(struct wasi_call *c) { return atomic_load(&c->t->pending) != 0; }

int
wasi_wait(struct wasi_call *c, struct pollfd *p, nfds_t n, int64_t ns, int *ready)
{
	struct timespec ts = { 0 };
	sigset_t urg, old, during;

	/* What is ready now needs no care about signals. */
	*ready = ppoll(p, n, &ts, NULL);
	if (*ready > 0 || (*ready == 0 && ns == 0))
		return 0;

	/* A kick behind this test of pending must still end the wait: its signal is let
	 * through in ppoll and nowhere before. */
	sigemptyset(&urg);
	sigaddset(&urg, SIGURG);
	pthread_sigmask(SIG_BLOCK, &urg, &old);
	during = old;
	sigdelset(&during, SIGURG);
	int error = 0;
	if (kicked(c)) {
		*ready = -1;
		error = EINTR;
	} else {
		if (ns >= 0)
			ts = (struct timespec){ .tv_sec = ns / 1000000000,
				                .tv_nsec = ns % 1000000000 };
		*ready = ppoll(p, n, ns >= 0 ? &ts : NULL, &during);
		error = *ready < 0 ? errno : 0;
	}
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (error == EINTR) {
		/* Another signal's: the caller looks at its clocks and comes again. */
		*ready = 0;
		return kicked(c) ? WASI_AGAIN : EINTR;
	}
	return error;
}

int
wasi_wait_file(struct wasi_call *c, struct wasi_file *f, short events)
{
	struct pollfd p = { .fd = f->fd, .events = events };
	int ready, r;
	bool waits = !(f->flags & FDFLAG_NONBLOCK);
	do
		r = wasi_wait(c, &p, 1, waits ? -1 : 0, &ready);
	while (r == EINTR);
	return r ? r : ready ? 0 : EAGAIN;
}

int
wasi_wait_again(struct wasi_call *c, struct wasi_file *f, int error)
{
	if (error == EINTR)
		return kicked(c) ? WASI_AGAIN : 0;
	/* Somebody was quicker than we. */
	if (error == EAGAIN && !(f->flags & FDFLAG_NONBLOCK))
		return kicked(c) ? WASI_AGAIN : 0;
	return error;
}
