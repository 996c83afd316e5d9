/* SPDX-License-Identifier: Apache-2.0 */
#include "test/unit.h"

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/vec.h"

static void
all_of_it_is_aligned_and_ours(void **state)
{
	struct arena *a = arena_new();
	char *p[300];

	(void)state;
	for (size_t i = 0; i < 300; i++) {
		p[i] = arena_alloc(a, i * 7);
		assert_int_equal((uintptr_t)p[i] % 16, 0);
		memset(p[i], (int)i, i * 7);
	}
	for (size_t i = 1; i < 300; i++)
		assert_int_equal((unsigned char)p[i][i * 7 - 1], i & 0xff);
	char *big = arena_zero(a, 1 << 20);
	assert_int_equal(big[0] | big[(1 << 20) - 1], 0);
	assert_string_equal(arena_printf(a, "%s-%05d", "x", 42), "x-00042");
	assert_string_equal(arena_dup(a, "copy"), "copy");
	assert_null(arena_dup(a, NULL));
	arena_free(a);
	arena_free(NULL);
}

/* Sizes that wrap around end the process: there is nothing to give back. */
static void
an_absurd_size_ends_the_process(void **state)
{
	int w;

	(void)state;
	for (int i = 0; i < 2; i++) {
		pid_t pid = fork();
		if (pid == 0) {
			struct arena *a = arena_new();
			close(2);
			if (i == 0)
				arena_array(a, SIZE_MAX / 4, 8);
			else
				arena_alloc(a, SIZE_MAX - 8);
			_exit(0);
		}
		assert_int_equal(waitpid(pid, &w, 0), pid);
		assert_true(WIFEXITED(w));
		assert_int_equal(WEXITSTATUS(w), 125);
	}
}

static void
a_vector_is_an_argv(void **state)
{
	struct vec v = { 0 };
	char *word = xstrdup("word");

	(void)state;
	assert_null(vec_argv(&v)[0]);
	for (int i = 0; i < 100; i++) {
		vec_push(&v, word);
		assert_null(v.p[v.n]);
	}
	assert_int_equal(v.n, 100);
	assert_ptr_equal(vec_argv(&v)[99], word);
	assert_null(vec_argv(&v)[100]);
	vec_free(&v);
	assert_null(v.p);
	free(word);
	void *p = xmalloc(0), *q = xcalloc(0, 0);
	assert_non_null(p);
	assert_non_null(q);
	p = xrealloc(p, 0);
	assert_non_null(p);
	free(p);
	free(q);
	char *s = xprintf("%d", 7);
	assert_string_equal(s, "7");
	free(s);
}

UNIT_MAIN(TEST(all_of_it_is_aligned_and_ours), TEST(an_absurd_size_ends_the_process),
          TEST(a_vector_is_an_argv))
