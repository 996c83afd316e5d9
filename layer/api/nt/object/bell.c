/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/api/nt/object/bell.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>

#include "layer/api/nt/object/shared.h"
#include "layer/api/nt/thread/steady.h"

enum { MOST = 8 };

static void (*_Atomic answers[MOST])(void);

static void *
listen(void *unused)
{
	(void)unused;
	for (;;) {
		uint32_t seen = shared_bell();

		for (int i = 0; i < MOST; i++) {
			void (*f)(void) = atomic_load(&answers[i]);
			if (f)
				f();
		}
		shared_listen(seen);
	}
	return NULL;
}

static bool
start(void)
{
	sigset_t all, before;
	pthread_attr_t a;
	pthread_t id;

	/* signals of the process are for the program's threads */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	pthread_attr_init(&a);
	pthread_attr_setstacksize(&a, 128 * 1024);
	pthread_attr_setdetachstate(&a, PTHREAD_CREATE_DETACHED);
	bool started = pthread_create(&id, &a, listen, NULL) == 0;
	pthread_attr_destroy(&a);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return started;
}

bool
bell_answer(void (*f)(void))
{
	static _Atomic uint32_t lock;
	static bool started;
	int i = 0;

	steady_lock(&lock);
	while (i < MOST - 1 && answers[i] && answers[i] != f)
		i++;
	atomic_store(&answers[i], f);
	if (!started)
		started = start();
	steady_unlock(&lock);
	return started;
}
