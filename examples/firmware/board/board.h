/* SPDX-License-Identifier: Apache-2.0 */
/* What the examples ask of a board: text out, a counter, the depth of the stack, the end. */
#ifndef BOARD_H
#define BOARD_H

#include <stdint.h>

void board_text(const char *text);
void board_number(const char *before, uint32_t number);
/* Ends the program; the emulator's exit status is status. */
_Noreturn void board_exit(int status);

/* Ticks of the processor's clock; board_instructions turns a difference into executed instructions (under QEMU with
 * -icount shift=6, where an instruction takes 64 ns). */
uint64_t board_ticks(void);
uint32_t board_instructions(uint64_t ticks);

/* Fills the free stack with a pattern; later, how deep it was used since. */
void board_stack_paint(void);
uint32_t board_stack_used(void);

#endif
