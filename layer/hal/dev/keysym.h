/* keysym.h -- X's names of keys as keys of a keyboard.
 *
 * A viewer says which sign was typed, a keyboard which key was pressed: the keyboard is
 * one of the United States, as guests take it to be until they are told otherwise.
 */
#ifndef LAYER_HAL_DEV_KEYSYM_H
#define LAYER_HAL_DEV_KEYSYM_H

#include <stdint.h>

uint16_t keysym_code(uint32_t keysym); /* Linux's KEY_..., 0: no key has it */

#endif
