/* rtc.h -- the time of day: Goldfish RTC, in nanoseconds since 1970, with an alarm. */
#ifndef LAYER_HAL_DEV_RTC_H
#define LAYER_HAL_DEV_RTC_H

#include <stdbool.h>

#include "base/err.h"
#include "layer/hal/dev/board.h"

enum { RTC_SIZE = 0x1000 };

/* The host's clock, so that it is right after a pause and a restore; or, `fixed`, the
 * board's time since a day in the year 2000. */
int rtc_new(struct board *b, uint64_t address, struct irq irq, bool fixed, struct err *e);

#endif
