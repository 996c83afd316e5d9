/* viewer.h -- what a computer and the program that shows its screen say to each other.
 *
 * Both are on one host and of one build, so a message is a struct as it is; what follows
 * some of them is counted in it.  The computer tells of sizes and pixels, the program of
 * keys and the pointer; nobody waits for an answer.
 */
#ifndef CORE_VIEWER_H
#define CORE_VIEWER_H

#include <stdint.h>

enum viewer_kind {
	/* to the program */
	VIEWER_PASSWORD, /* bytes, and as many behind it; comes before all else, if it comes */
	VIEWER_SIZE,     /* width, height: the picture is black then; 0, 0: it is off */
	VIEWER_PIXELS,   /* x, y, width, height; 0x00RRGGBB each behind it, row by row */
	VIEWER_CURSOR,   /* shown, x and y of its hot spot; 0xAARRGGBB each behind it */

	/* from the program */
	VIEWER_KEY,   /* X keysym, down */
	VIEWER_POINT, /* x, y of VIEWER_RANGE, buttons as in RFC 6143, 7.5.5 */
};

enum { VIEWER_RANGE = 32767, VIEWER_CURSOR_SIDE = 64, VIEWER_PASSWORD_MOST = 255 };

struct viewer_message {
	uint32_t kind, value[4];
};

#endif
