/* SPDX-License-Identifier: Apache-2.0 */
/* Start of a Cortex-M program, and the board's services through semihosting and SysTick. Made for QEMU; a real board
 * has its own start-up file, clocks and serial line. */
#include "board.h"

#include <string.h>

extern uint32_t board_stack_top[], board_stack_end[], board_data_from[], board_data[], board_data_end[], board_bss[],
    board_bss_end[];
int main(void);

/* ---- semihosting ---- */

static int semihost(int operation, const void *argument) {
    register int r0 __asm__("r0") = operation;
    register const void *r1 __asm__("r1") = argument;
    __asm__ volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
    return r0;
}

void board_text(const char *text) {
    semihost(0x04, text); /* SYS_WRITE0 */
}

void board_number(const char *before, uint32_t number) {
    char text[12], *at = text + sizeof text - 1;
    *at = 0;
    do {
        *--at = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    board_text(before);
    board_text(at);
}

_Noreturn void board_exit(int status) {
    const uint32_t block[2] = {0x20026, (uint32_t)status};
    semihost(0x20, block); /* SYS_EXIT_EXTENDED */
    for (;;) {}
}

/* ---- time: SysTick counts 24 bits down, its interrupt counts the wraps ---- */

#define SYST_CSR (*(volatile uint32_t *)0xe000e010u)
#define SYST_RVR (*(volatile uint32_t *)0xe000e014u)
#define SYST_CVR (*(volatile uint32_t *)0xe000e018u)
#define CPACR    (*(volatile uint32_t *)0xe000ed88u)

static volatile uint32_t wraps;

static void tick(void) {
    wraps++;
}

uint64_t board_ticks(void) {
    uint32_t high, low;
    do {
        high = wraps;
        low = SYST_CVR;
    } while (high != wraps);
    return ((uint64_t)high << 24) + (0xffffffu - low);
}

uint32_t board_instructions(uint64_t ticks) {
    const uint32_t t = (uint32_t)ticks, unit = BOARD_MHZ * 64u / 8u; /* in 32 bits: some minutes */
    return t / unit * 125u + t % unit * 125u / unit;
}

/* ---- stack ---- */

enum { PATTERN = 0x5ac3a53c };

void board_stack_paint(void) {
    uint32_t *here = __builtin_frame_address(0);
    for (uint32_t *at = board_stack_end; at < here - 16; at++) *(volatile uint32_t *)at = PATTERN;
}

uint32_t board_stack_used(void) {
    const uint32_t *at = board_stack_end;
    while (at < board_stack_top && *at == PATTERN) at++;
    return (uint32_t)((uintptr_t)board_stack_top - (uintptr_t)at);
}

/* ---- start ---- */

static void fault(void) {
    board_text("fault\n");
    board_exit(99);
}

void board_start(void);
void board_start(void) {
    CPACR |= 0xfu << 20; /* the floating-point unit */
    __asm__ volatile("dsb\n isb");
    memcpy(board_data, board_data_from, (uintptr_t)board_data_end - (uintptr_t)board_data);
    memset(board_bss, 0, (uintptr_t)board_bss_end - (uintptr_t)board_bss);
    SYST_RVR = 0xffffffu;
    SYST_CVR = 0;
    SYST_CSR = 7; /* the processor's clock, with interrupts */
    board_exit(main());
}

__attribute__((section(".vectors"), used)) static const void *const vectors[16] = {
    board_stack_top, board_start, fault, fault, fault, fault, fault, 0, 0, 0, 0, fault, fault, 0, fault, tick,
};
