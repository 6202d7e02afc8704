/* SPDX-License-Identifier: Apache-2.0 */
#include "edgeml/plan_text.h"

#include <string.h>

#include "edgeml/args.h"
#include "edgeml/oplist.h"

enum { WIDTH = 79, SHAPES_AT = 7, LAST = -1 };

/* Bytes of the arena in use from step first to step last; LAST: to the end. */
typedef struct room {
    size_t offset, bytes;
    long first, last;
    const char *name;
} room;

typedef struct map {
    room *rooms;
    size_t count, capacity;
    long *newest; /* [values] the room a value lies in, or -1 */
} map;

/* "float32[1, 3, 224, 224]", constants in parentheses, "?" when only the run tells. */
static char *value_text(pool *p, const em_session *session, int32_t v) {
    em_plan_value_info value;
    if (v < 0 || em_session_plan_value(session, (size_t)v, &value) != EM_OK) return pool_printf(p, "-");
    if (value.rank < 0) return pool_printf(p, "?");
    char *text = pool_printf(p, "%s[", em_dtype_name(value.dtype));
    for (int d = 0; d < value.rank; d++)
        text = pool_printf(p, "%s%s%lld", text, d > 0 ? "," : "", (long long)value.dims[d]);
    bool constant = value.place == EM_PLACE_CONSTANT;
    return pool_printf(p, "%s%s]%s", constant ? "(" : "", text, constant ? ")" : "");
}

static char *list_text(pool *p, const em_session *session, const int32_t *values, size_t count) {
    char *text = pool_printf(p, "%s", "");
    for (size_t i = 0; i < count; i++)
        text = pool_printf(p, "%s%s%s", text, i > 0 ? " " : "", value_text(p, session, values[i]));
    return text;
}

static size_t bytes_of(const em_session *session, const em_plan_step_info *step) {
    size_t bytes = 0;
    em_plan_value_info value;
    for (size_t i = 0; i < step->out_count; i++)
        if (step->out[i] >= 0 && em_session_plan_value(session, (size_t)step->out[i], &value) == EM_OK)
            bytes += value.bytes;
    return bytes;
}

static void show_steps(FILE *file, const em_session *session, size_t count) {
    fputs("\nsteps: operator, bytes it writes, node; shapes it reads -> writes, (constants)\n", file);
    for (size_t i = 0; i < count; i++) {
        em_plan_step_info step;
        pool scratch = {0};
        if (em_session_plan_step(session, i, &step) != EM_OK) break;
        const char *name = op_tag_name(&scratch, step.domain, step.op_type);
        fprintf(file, "%5zu  ", i);
        report_text(file, name, strlen(name));
        int used = SHAPES_AT + (int)strlen(name);
        if (step.dynamic)
            fprintf(file, "%*s", used < 42 ? 42 - used : 1, " at run");
        else
            fprintf(file, "%*zu", used < 42 ? 42 - used : 12, bytes_of(session, &step));
        fputs(*step.node ? "  " : "", file);
        report_text(file, step.node, strlen(step.node));
        fprintf(file, "\n%*s", SHAPES_AT, "");
        args_wrap(file,
                  pool_printf(&scratch, "%s -> %s", list_text(&scratch, session, step.in, step.in_count),
                              list_text(&scratch, session, step.out, step.out_count)),
                  SHAPES_AT, SHAPES_AT, WIDTH);
        pool_release(&scratch);
    }
}

/* ---- the arena ---- */

static void extend(map *m, long r, long step) {
    if (r >= 0 && m->rooms != NULL && m->rooms[r].last != LAST && m->rooms[r].last < step) m->rooms[r].last = step;
}

/* The latest room at that offset: what a value without a step of its own, a view, lies in. */
static long room_at(const map *m, size_t offset) {
    for (size_t r = m->count; r > 0; r--)
        if (m->rooms[r - 1].offset == offset) return (long)r - 1;
    return -1;
}

static long add_room(pool *p, map *m, size_t offset, size_t bytes, long step, const char *name) {
    m->rooms = pool_grow(p, m->rooms, m->count, &m->capacity, sizeof *m->rooms);
    m->rooms[m->count] = (room){offset, bytes, step, step, name};
    return (long)m->count++;
}

/* What step i writes gets a room, unless it is written over an input of the step. */
static void map_step(pool *p, const em_session *session, map *m, size_t i) {
    em_plan_step_info step;
    em_plan_value_info value;
    if (em_session_plan_step(session, i, &step) != EM_OK) return;
    for (size_t k = 0; k < step.in_count; k++) {
        if (step.in[k] < 0 || em_session_plan_value(session, (size_t)step.in[k], &value) != EM_OK) continue;
        if (value.place != EM_PLACE_ARENA || value.bytes == 0) continue;
        long *at = &m->newest[step.in[k]];
        if (*at < 0) *at = room_at(m, value.offset);
        extend(m, *at, (long)i);
    }
    if (step.scratch_bytes > 0) add_room(p, m, step.scratch_offset, step.scratch_bytes, (long)i, "(scratch)");
    for (size_t k = 0; k < step.out_count; k++) {
        if (step.out[k] < 0 || em_session_plan_value(session, (size_t)step.out[k], &value) != EM_OK) continue;
        if (value.place != EM_PLACE_ARENA || value.bytes == 0) continue;
        long over = room_at(m, value.offset);
        bool in_place =
            over >= 0 && m->rooms != NULL && m->rooms[over].last == (long)i && m->rooms[over].first < (long)i;
        long r = in_place ? over : add_room(p, m, value.offset, value.bytes, (long)i, value.name);
        if (in_place && *value.name) m->rooms[r].name = value.name;
        m->newest[step.out[k]] = r;
        if (value.output) m->rooms[r].last = LAST;
    }
}

static void show_arena(pool *p, FILE *file, const em_session *session, const em_plan_info *plan) {
    map m = {.newest = pool_array(p, plan->value_count, sizeof(long))};
    for (size_t v = 0; v < plan->value_count; v++) m.newest[v] = -1;
    for (size_t i = 0; i < plan->step_count; i++) map_step(p, session, &m, i);
    fputs("\narena:       offset        bytes  in steps      holds\n", file);
    for (size_t r = 0; r < m.count; r++) {
        const room *at = &m.rooms[r];
        fprintf(file, "  %17zu %12zu  ", at->offset, at->bytes);
        char *steps =
            at->last == LAST ? pool_printf(p, "%ld..end", at->first) : pool_printf(p, "%ld..%ld", at->first, at->last);
        fprintf(file, "%-12s  ", steps);
        report_text(file, at->name, strlen(at->name));
        fputc('\n', file);
    }
    fprintf(file, "\n%zu steps, arena %zu bytes, at least %zu alive at once", plan->step_count, plan->arena_bytes,
            plan->lower_bound);
    if (plan->lower_bound > 0)
        fprintf(file, ": %.3f times that", (double)plan->arena_bytes / (double)plan->lower_bound);
    fputc('\n', file);
}

void plan_text(pool *p, FILE *file, const em_session *session) {
    em_plan_info plan;
    if (em_session_plan(session, &plan) != EM_OK) return;
    show_steps(file, session, plan.step_count);
    show_arena(p, file, session, &plan);
}
