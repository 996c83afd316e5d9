/* screen.h -- the picture that a computer shows, for who looks at it.
 *
 * One thread draws, any others look: a screenshot takes the pixels once, a viewer
 * takes again and again what has changed since it looked.  Changes are counted,
 * and each tile of 64 by 64 pixels knows the count at which it changed last, so
 * any number of viewers need no lists of their own.
 *
 * A pixel is 0x00RRGGBB in the host's byte order.
 */
#ifndef LAYER_HAL_DEV_SCREEN_H
#define LAYER_HAL_DEV_SCREEN_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

enum { SCREEN_TILE = 64, SCREEN_MAX = 16384 };

struct screen_cursor {
	uint32_t x, y;         /* where its hot spot is */
	uint32_t hot_x, hot_y; /* in its picture */
	bool shown;
	uint32_t pixels[64 * 64]; /* 0xAARRGGBB, not premultiplied */
};

struct screen {
	pthread_mutex_t lock; /* of all that follows */
	uint32_t width, height; /* 0: nothing is shown */
	uint32_t *pixels;       /* own: row by row */
	uint64_t *tile;         /* own: when each changed last, row by row */
	uint64_t count;         /* of changes; the size's too */
	uint64_t sized;         /* when the size changed last */
	struct screen_cursor cursor;
	uint64_t cursor_changed;
	/* called after a change, without the lock, by the thread that drew; may be NULL */
	void (*changed)(void *ctx);
	void *ctx;
};

struct screen *screen_new(void);
void screen_free(struct screen *f); /* NULL is allowed */

/* For who draws.  The picture is black after its size has changed. */
void screen_size(struct screen *f, uint32_t width, uint32_t height);
/* A part from pixels whose rows are `stride` pixels apart; it is clipped. */
void screen_draw(struct screen *f, uint32_t x, uint32_t y, uint32_t width, uint32_t height,
                const uint32_t *pixels, uint64_t stride);
void screen_point(struct screen *f, const struct screen_cursor *c); /* all of the cursor */
void screen_move(struct screen *f, uint32_t x, uint32_t y, bool shown);

/* For who looks.  All pixels, to be freed, or NULL when nothing is shown. */
uint32_t *screen_take(struct screen *f, uint32_t *width, uint32_t *height);

/* A part of the picture that changed behind count `since`, whole tiles of one row of
 * them; with the lock held.  Begin with *at = 0 and go on until it returns false. */
struct screen_rect {
	uint32_t x, y, width, height;
};
bool
screen_changes(const struct screen *f, uint64_t since, uint32_t *at, struct screen_rect *rect);

#endif
