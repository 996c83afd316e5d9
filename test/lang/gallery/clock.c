/* SPDX-License-Identifier: Apache-2.0 */
// Clocks that go forward, and sleeping.
// needs: joist wasi

// test: clocks
// run: joist run --rm $GUEST
// expect: realtime is the host's century
// expect: monotonic goes forward
// expect: a resolution of at most a second
// expect: slept 50 ms
// expect: slept until then
// expect: the processor worked

#include <stdint.h>
#include <stdio.h>
#include <time.h>

static int64_t
now(clockid_t c)
{
	struct timespec t;
	if (clock_gettime(c, &t) < 0)
		perror("clock_gettime");
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

int
main(void)
{
	struct timespec t;
	int64_t before = now(CLOCK_MONOTONIC), last = before;
	if (time(NULL) > 1600000000)
		puts("realtime is the host's century");
	for (int i = 0; i < 1000; i++) {
		int64_t next = now(CLOCK_MONOTONIC);
		if (next < last)
			puts("backwards");
		last = next;
	}
	puts("monotonic goes forward");
	if (clock_getres(CLOCK_MONOTONIC, &t) == 0 && t.tv_sec <= 1 && (t.tv_sec || t.tv_nsec))
		puts("a resolution of at most a second");
	before = now(CLOCK_MONOTONIC);
	t = (struct timespec){ .tv_nsec = 50000000 };
	if (nanosleep(&t, NULL) == 0 && now(CLOCK_MONOTONIC) - before >= 50000000)
		puts("slept 50 ms");
	before = now(CLOCK_REALTIME) + 20000000;
	t = (struct timespec){ .tv_sec = before / 1000000000, .tv_nsec = before % 1000000000 };
	if (clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &t, NULL) == 0 &&
	    now(CLOCK_REALTIME) >= before)
		puts("slept until then");
	puts("the processor worked");
	return 0;
}
