/* SPDX-License-Identifier: Apache-2.0 */
#include "common.h"

#include <string.h>

#include "board.h"

enum { MAX_OUTPUTS = 4 };

static em_error error;
static uint32_t cases, wrong, instructions, load_instructions, arena_size;

static _Noreturn void give_up(void) {
    board_text(error.message);
    board_text("\n");
    board_exit(1);
}

em_session *example_start(const unsigned char *image, size_t image_bytes, void *arena, size_t arena_bytes) {
    em_session *session = NULL;
    board_stack_paint();
    arena_size = (uint32_t)arena_bytes;
    uint64_t start = board_ticks();
    if (em_session_create_static(image, image_bytes, arena, arena_bytes, &session, &error) != EM_OK) give_up();
    load_instructions = board_instructions(board_ticks() - start);
    return session;
}

/* NaN is equal to nothing. */
static bool close_to(float a, float b, float tolerance) {
    float difference = a > b ? a - b : b - a;
    return difference <= tolerance;
}

static bool agrees(const em_tensor *out, const expected *e) {
    if (em_tensor_count(out) != e->count) return false;
    if (e->tolerance <= 0.0f) return memcmp(out->data, e->values, out->bytes) == 0;
    for (int i = 0; i < e->count; i++)
        if (!close_to(((const float *)out->data)[i], ((const float *)e->values)[i], e->tolerance)) return false;
    return true;
}

void example_case(em_session *session, const em_tensor *input, const expected *outputs, int n) {
    em_tensor out[MAX_OUTPUTS] = {0};
    uint64_t start = board_ticks();
    if (em_session_run(session, input, 1, out, (size_t)n, &error) != EM_OK) give_up();
    uint64_t end = board_ticks();
    if (cases++ == 0) instructions = board_instructions(end - start);
    for (int i = 0; i < n; i++) wrong += !agrees(&out[i], &outputs[i]);
}

int example_end(void) {
    board_number("figures arena=", arena_size);
    board_number(" stack=", board_stack_used());
    board_number(" load=", load_instructions);
    board_number(" run=", instructions);
    board_number(" cases=", cases);
    board_number(" wrong=", wrong);
    board_text("\n");
    return wrong == 0 && cases > 0 ? 0 : 1;
}
