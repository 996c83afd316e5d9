/* frame.h -- the picture that a computer shows, for who looks at it.
 *
 * One thread draws, any others look: a screenshot takes the pixels once, a viewer
 * takes again and again what has changed since it looked.  Changes are counted,
 * and each tile of 64 by 64 pixels knows the count at which it changed last, so
 * any number of viewers need no lists of their own.
 *
 * A pixel is 0x00RRGGBB in the host's byte order.
 */
#ifndef LAYER_HAL_DEV_FRAME_H
#define LAYER_HAL_DEV_FRAME_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

enum { FRAME_TILE = 64, FRAME_MAX = 16384 };

struct frame_cursor {
	uint32_t x, y;         /* where its hot spot is */
	uint32_t hot_x, hot_y; /* in its picture */
	bool shown;
	uint32_t pixels[64 * 64]; /* 0xAARRGGBB, not premultiplied */
};

struct frame {
	pthread_mutex_t lock; /* of all that follows */
	uint32_t width, height; /* 0: nothing is shown */
	uint32_t *pixels;       /* own: row by row */
	uint64_t *tile;         /* own: when each changed last, row by row */
	uint64_t count;         /* of changes; the size's too */
	uint64_t sized;         /* when the size changed last */
	struct frame_cursor cursor;
	uint64_t cursor_changed;
	/* called after a change, without the lock, by the thread that drew; may be NULL */
	void (*changed)(void *ctx);
	void *ctx;
};

struct frame *frame_new(void);
void frame_free(struct frame *f); /* NULL is allowed */

/* For who draws.  The picture is black after its size has changed. */
void frame_size(struct frame *f, uint32_t width, uint32_t height);
/* A part from pixels whose rows are `stride` pixels apart; it is clipped. */
void frame_draw(struct frame *f, uint32_t x, uint32_t y, uint32_t width, uint32_t height,
                const uint32_t *pixels, uint64_t stride);
void frame_point(struct frame *f, const struct frame_cursor *c); /* all of the cursor */
void frame_move(struct frame *f, uint32_t x, uint32_t y, bool shown);

/* For who looks.  All pixels, to be freed, or NULL when nothing is shown. */
uint32_t *frame_take(struct frame *f, uint32_t *width, uint32_t *height);

/* A part of the picture that changed behind count `since`, whole tiles of one row of
 * them; with the lock held.  Begin with *at = 0 and go on until it returns false. */
struct frame_rect {
	uint32_t x, y, width, height;
};
bool
frame_changes(const struct frame *f, uint64_t since, uint32_t *at, struct frame_rect *rect);

#endif
