/* arena.h -- memory with one lifetime.
 *
 * What is built together dies together: a parsed spec, a request.  Nothing is
 * freed singly.  Out of memory ends the process with a message: no caller of
 * a small allocation can do better, and none has to test for it.
 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stddef.h>

struct arena;

struct arena *arena_new(void);
void  arena_free(struct arena *a);                      /* NULL is allowed */
void *arena_alloc(struct arena *a, size_t n);           /* aligned to 16, not cleared */
void *arena_zero(struct arena *a, size_t n);
void *arena_array(struct arena *a, size_t n, size_t size);      /* cleared; checks n * size */
char *arena_dup(struct arena *a, const char *s);        /* NULL gives NULL */
char *arena_printf(struct arena *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* The same rule for malloc: never NULL. */
void *xmalloc(size_t n);
void *xcalloc(size_t n, size_t size);
void *xrealloc(void *p, size_t n);
char *xstrdup(const char *s);
char *xprintf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
