/* uart.h -- a serial port: the 16550A with its FIFOs of 16 bytes.
 *
 * PC16550D data sheet; registers of one byte each.  What the guest sends goes to a
 * descriptor through a buffer: when nobody takes it, the transmitter is busy and
 * the guest waits, not we.  What comes in waits in its own descriptor until the
 * FIFO has room.
 */
#ifndef LAYER_HAL_DEV_UART_H
#define LAYER_HAL_DEV_UART_H

#include <stddef.h>

#include "base/err.h"
#include "layer/hal/dev/board.h"

enum { UART_SIZE = 0x100 };

struct uart;

/* in and out are lent, -1: nothing comes, nobody hears.  `wait`: what is sent is out at once,
 * however long that takes, so that the guest never sees how fast the host is. */
struct uart *uart_new(struct board *b, const char *name, uint64_t address, struct irq irq, int in,
                      int out, bool wait, struct err *e);

/* The same two streams for firmware of ours (lock held): as many bytes as there is room for,
 * or as there are. */
size_t uart_put(struct uart *u, const void *bytes, size_t n);
size_t uart_take(struct uart *u, void *bytes, size_t n);

/* Wait until what was sent is out, or nobody has taken any of it for a second (lock held). */
void uart_flush(struct uart *u);

#endif
