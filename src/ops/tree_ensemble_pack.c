/* SPDX-License-Identifier: Apache-2.0 */
#include "ops/tree_ensemble_pack.h"

#include <math.h>
#include <string.h>

uint32_t eml_tree_place(eml_tree_layout *layout, uint64_t count, size_t size) {
    uint64_t at = (layout->used + 63) / 64 * 64;
    if (count > UINT32_MAX / size || at + count * size > UINT32_MAX) {
        layout->full = true;
        return 0;
    }
    layout->used = at + count * size;
    return (uint32_t)at;
}

/* ---- search levels ---- */

void eml_cuts_place(const eml_cuts *cuts, uint32_t *levels, eml_tree_layout *layout) {
    for (uint32_t c = 0; c < cuts->n_columns; c++)
        levels[c] = eml_tree_place(layout, eml_cuts_level_floats(cuts->columns[c].n_cuts), sizeof(float));
}

void eml_cuts_write(const eml_cuts *cuts, const uint32_t *levels, eml_tree *tree, eml_tree_column *columns) {
    for (uint32_t c = 0; c < cuts->n_columns; c++) {
        const eml_cut_column *from = &cuts->columns[c];
        size_t at[EML_TREE_LEVELS] = {0};
        float *out = (float *)(void *)((unsigned char *)tree + levels[c]);
        columns[c].feature = from->feature;
        columns[c].n_cuts = from->n_cuts;
        columns[c].n_levels = eml_cuts_write_levels(cuts->cuts + from->first, from->n_cuts, out, at);
        for (int i = 0; i < EML_TREE_LEVELS; i++) columns[c].level[i] = levels[c] + (uint32_t)(at[i] * sizeof(float));
    }
}

/* ---- walk and wide ---- */

/* Children stand side by side, at an even position, so that a pair never crosses a cache line; so roots are odd. */
typedef struct walk_plan {
    uint32_t *position; /* [forest->n_nodes] of the packed node: working memory of writing */
    uint32_t n_packed;
    uint32_t column_bits;
    uint32_t n_inputs;
    uint32_t *inputs;      /* sorted (feature << 1 | lowest); NULL: x itself */
    uint32_t n_set_values; /* wide */
    uint32_t roots_at, nodes_at, inputs_at, sets_at;
} walk_plan;

static uint32_t root_position(const eml_forest *forest, uint32_t tree) {
    return 2 * forest->first_leaf[tree] + 1;
}

/* Where the children of node i of that tree stand. */
static uint32_t pair_position(uint32_t i, uint32_t tree) {
    return 2 * (i + tree + 1);
}

/* Nodes that send NaN left read a column of their own, in which NaN is -inf. */
static em_status plan_inputs(eml_ctx *ctx, eml_arena *work, const eml_forest *forest, walk_plan *plan) {
    bool nan_left = false;
    for (uint32_t i = 0; i < forest->n_nodes && !nan_left; i++) nan_left = !forest->nodes[i].nan_right;
    plan->column_bits = eml_tree_bits_for(forest->n_features);
    if (!nan_left) return EM_OK;
    enum { NAN_RIGHT = 1, NAN_LEFT = 2, FEW_FEATURES = 1 << 16 };
    if (forest->n_features <= FEW_FEATURES) {
        uint8_t *uses = eml_arena_zero(work, forest->n_features, 1);
        if (uses == NULL) return eml_ctx_no_memory(ctx);
        for (uint32_t i = 0; i < forest->n_nodes; i++) {
            const eml_forest_node *node = &forest->nodes[i];
            uses[node->feature] |= node->nan_right ? NAN_RIGHT : NAN_LEFT;
        }
        plan->inputs = eml_arena_zero(work, 2 * (size_t)forest->n_features, sizeof(uint32_t));
        if (plan->inputs == NULL) return eml_ctx_no_memory(ctx);
        for (uint32_t c = 0; c < forest->n_features; c++) {
            if (uses[c] & NAN_RIGHT) plan->inputs[plan->n_inputs++] = c << 1;
            if (uses[c] & NAN_LEFT) plan->inputs[plan->n_inputs++] = c << 1 | 1;
        }
        plan->column_bits = eml_tree_bits_for(plan->n_inputs);
        return EM_OK;
    }
    eml_cuts cuts; /* its columns are the features in use, sorted */
    EML_TRY(eml_cuts_build(ctx, work, forest, 0, forest->n_trees, &cuts));
    plan->inputs = eml_arena_zero(work, 2 * (size_t)cuts.n_columns, sizeof(uint32_t));
    if (plan->inputs == NULL) return eml_ctx_no_memory(ctx);
    for (uint32_t c = 0; c < cuts.n_columns; c++) {
        if (cuts.columns[c].nan_right) plan->inputs[plan->n_inputs++] = cuts.columns[c].feature << 1;
        if (cuts.columns[c].nan_left) plan->inputs[plan->n_inputs++] = cuts.columns[c].feature << 1 | 1;
    }
    plan->column_bits = eml_tree_bits_for(plan->n_inputs);
    return EM_OK;
}

static uint32_t input_of(const walk_plan *plan, const eml_forest_node *node) {
    if (plan->inputs == NULL) return node->feature;
    uint32_t key = (uint32_t)node->feature << 1 | !node->nan_right, low = 0, high = plan->n_inputs;
    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;
        if (plan->inputs[middle] <= key) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return low;
}

/* Whether the small nodes have room: 22 bits for a leaf's number, the rest of 32 for column and child. */
static bool fits_walk(const eml_forest *forest, const walk_plan *plan) {
    return forest->plain && forest->n_leaves <= UINT32_C(1) << 22 &&
           plan->n_packed <= UINT64_C(1) << (32 - plan->column_bits);
}

/* A set as length, then the values ascending (Shell's sort). Returns where the next one goes. */
static double *write_set(const eml_tree_source *source, uint32_t node, double *out) {
    uint32_t n = source->set_n[node], gap = 1;
    *out++ = n;
    for (uint32_t k = 0; k < n; k++) out[k] = eml_tree_real(source->members, source->set[node] + k);
    while (gap < n / 3) gap = 3 * gap + 1;
    for (; gap > 0; gap /= 3) {
        for (uint32_t k = gap; k < n; k++) {
            double value = out[k];
            uint32_t j = k;
            for (; j >= gap && out[j - gap] > value; j -= gap) out[j] = out[j - gap];
            out[j] = value;
        }
    }
    return out + n;
}

typedef struct node_writer {
    const walk_plan *plan;
    const eml_tree_source *source;
    const eml_forest *forest;
    eml_tree_node *small; /* NULL: wide ones */
    eml_tree_wide *wide;
    double *sets, *next_set;
} node_writer;

static void put_leaf(const node_writer *w, uint32_t p, uint32_t leaf) {
    if (w->small == NULL) {
        w->wide[p] = (eml_tree_wide){(double)leaf, 0, p << EML_TREE_WIDE_SHIFT | EML_TREE_LEAF};
        return;
    }
    uint32_t bits = UINT32_C(0x7fc00000) | leaf;
    memcpy(&w->small[p].cut, &bits, sizeof(bits));
    w->small[p].link = (p - 1) << w->plan->column_bits;
}

/* Node i, with its children at pair. */
static void put_node(node_writer *w, uint32_t p, uint32_t i, uint32_t pair) {
    const eml_forest_node *from = &w->forest->nodes[i];
    if (w->small != NULL) {
        w->small[p] = (eml_tree_node){from->cut, pair << w->plan->column_bits | input_of(w->plan, from)};
        return;
    }
    uint32_t s = w->forest->source[i];
    bool swap;
    uint32_t link = pair << EML_TREE_WIDE_SHIFT | eml_tree_table(w->source->mode[s], &swap);
    w->wide[p] = (eml_tree_wide){eml_tree_real(w->source->value, s), from->feature, link};
    if (eml_tree_mode_of(w->source, s) == EML_TREE_IN) {
        w->wide[p].cut = (double)(w->next_set - w->sets);
        w->wide[p].link |= EML_TREE_MEMBER;
        w->next_set = write_set(w->source, s, w->next_set);
    }
}

static void put_tree(node_writer *w, uint32_t t) {
    const eml_forest *f = w->forest;
    uint32_t *position = w->plan->position, begin = f->first[t], end = f->first[t + 1];
    if (begin == end) {
        put_leaf(w, root_position(f, t), f->first_leaf[t]);
        return;
    }
    position[begin] = root_position(f, t);
    for (uint32_t i = begin; i < end; i++) {
        uint32_t pair = pair_position(i, t), right = eml_forest_right(f, i, end);
        put_node(w, position[i], i, pair);
        if (eml_forest_left_is_leaf(&f->nodes[i])) {
            put_leaf(w, pair, f->nodes[i].low);
        } else {
            position[i + 1] = pair;
        }
        if (right == 0) {
            put_leaf(w, pair + 1, f->nodes[i].middle);
        } else {
            position[right] = pair + 1;
        }
    }
}

static void write_nodes(const walk_plan *plan, const eml_tree_source *source, const eml_forest *forest, bool fits,
                        eml_tree *tree) {
    unsigned char *base = (unsigned char *)tree;
    node_writer w = {.plan = plan, .source = source, .forest = forest};
    if (fits) {
        w.small = (eml_tree_node *)(void *)(base + plan->nodes_at);
        tree->column_bits = plan->column_bits;
        tree->n_inputs = plan->n_inputs;
        tree->inputs = plan->inputs_at;
        if (plan->n_inputs > 0) memcpy(base + plan->inputs_at, plan->inputs, plan->n_inputs * sizeof(uint32_t));
    } else {
        w.wide = (eml_tree_wide *)(void *)(base + plan->nodes_at);
        w.sets = w.next_set = (double *)(void *)(base + plan->sets_at);
        tree->sets = plan->sets_at;
    }
    uint32_t *roots = (uint32_t *)(void *)(base + plan->roots_at);
    for (uint32_t t = 0; t < forest->n_trees; t++) {
        roots[t] = root_position(forest, t);
        put_tree(&w, t);
    }
    tree->engine = fits ? EML_TREE_WALK : EML_TREE_WIDE;
    tree->roots = plan->roots_at;
    tree->nodes = plan->nodes_at;
}

static em_status plan_walk(eml_ctx *ctx, eml_arena *work, const eml_tree_source *source, const eml_forest *forest,
                           walk_plan *plan) {
    *plan = (walk_plan){.n_packed = 2 * forest->n_leaves + 1};
    plan->position = eml_arena_alloc(work, ((size_t)forest->n_nodes + 1) * sizeof(uint32_t), 16);
    if (plan->position == NULL) return eml_ctx_no_memory(ctx);
    if (forest->plain) EML_TRY(plan_inputs(ctx, work, forest, plan));
    for (uint32_t i = 0; i < forest->n_nodes && source->set != NULL; i++) {
        uint32_t s = forest->source[i];
        if (eml_tree_mode_of(source, s) == EML_TREE_IN) plan->n_set_values += source->set_n[s] + 1;
    }
    return EM_OK;
}

/* ---- weights ---- */

typedef struct weight_plan {
    eml_tree_kind kind;
    uint32_t n_targets; /* that the engines see */
    bool columns;       /* ROWS: target after target, not leaf after leaf */
    uint64_t n;
    uint32_t weights_at, tree_target_at, list_start_at, list_target_at, first_leaf_at;
} weight_plan;

typedef struct weight_source {
    const eml_tree_source *source;
    const eml_forest *forest;
    bool single_target;
} weight_source;

static uint32_t target_of(const weight_source *w, uint32_t k) {
    return w->single_target ? 0 : eml_tree_target(w->source, eml_tree_weight_at(w->source, k));
}

/* A leaf's weights: from the number returned on, up to *end. */
static uint32_t weights_of(const weight_source *w, uint32_t leaf, uint32_t *end) {
    const eml_tree_source *s = w->source;
    if (s->weight_start == NULL) {
        *end = (leaf + 1) * s->leaf_weights;
        return leaf * s->leaf_weights;
    }
    const uint32_t *start = &s->weight_start[w->forest->leaf_source[leaf]];
    *end = start[1];
    return start[0];
}

/* The leaves have equally many weights, listed leaf after leaf and target after target. */
static bool in_leaf_order(const weight_source *w) {
    return w->source->weight_start == NULL && w->source->target == NULL;
}

/* What the leaves' weights look like. */
typedef struct weight_facts {
    bool one_target;   /* each tree adds to one target only */
    bool one_weight;   /* no leaf has several weights */
    bool all_in_order; /* every leaf has one weight for each target, listed in order, as converters do */
    bool every_target; /* whatever the row, every target gets a weight */
} weight_facts;

static em_status look_at_weights(eml_ctx *ctx, eml_arena *work, const weight_source *w, uint32_t n_targets,
                                 weight_facts *facts) {
    const eml_forest *f = w->forest;
    const uint32_t each = w->source->leaf_weights;
    if (in_leaf_order(w)) {
        bool all = each == n_targets && target_of(w, 0) == 0;
        *facts = (weight_facts){each == 1, each == 1, all, all && f->n_trees > 0};
        return EM_OK;
    }
    *facts = (weight_facts){true, true, true, true};
    uint8_t *sure = eml_arena_zero(work, n_targets, 1); /* targets that a tree adds to whatever the row */
    if (sure == NULL) return eml_ctx_no_memory(ctx);
    for (uint32_t t = 0; t < f->n_trees; t++) {
        uint32_t target = UINT32_MAX;
        bool complete = true, one = true;
        for (uint32_t leaf = f->first_leaf[t]; leaf < f->first_leaf[t + 1]; leaf++) {
            uint32_t end, begin = weights_of(w, leaf, &end);
            complete &= begin != end;
            facts->one_weight &= end - begin <= 1;
            facts->all_in_order &= end - begin == n_targets;
            for (uint32_t k = begin; k < end; k++) {
                uint32_t here = target_of(w, k);
                if (target == UINT32_MAX) target = here;
                one &= here == target;
                facts->all_in_order &= here == k - begin;
            }
        }
        facts->one_target &= one;
        if (one && complete) sure[target] = 1;
    }
    for (uint32_t c = 0; c < n_targets; c++) facts->every_target &= sure[c];
    facts->every_target |= facts->all_in_order && f->n_trees > 0;
    return EM_OK;
}

static em_status plan_weights(eml_ctx *ctx, eml_arena *work, const weight_source *w,
                              const eml_tree_pack_options *options, weight_plan *plan) {
    uint32_t n_targets = w->single_target ? 1 : w->source->n_targets, n_leaves = w->forest->n_leaves;
    *plan = (weight_plan){.n_targets = n_targets, .kind = EML_TREE_LIST};
    weight_facts facts;
    EML_TRY(look_at_weights(ctx, work, w, n_targets, &facts));
    bool presence_known = !options->exact_presence || facts.every_target;
    uint64_t all = (uint64_t)n_leaves * n_targets;
    bool few_holes = facts.all_in_order || all <= 4 * (uint64_t)w->source->weight.n + 1024;
    if (options->add ? facts.one_target && presence_known : n_targets == 1 && facts.one_weight) {
        plan->kind = EML_TREE_ONE;
        plan->n = n_leaves;
    } else if (options->add && presence_known && few_holes) {
        plan->kind = EML_TREE_ROWS;
        plan->n = all;
    } else {
        for (uint32_t leaf = 0; leaf < w->forest->n_leaves; leaf++) {
            uint32_t end, begin = weights_of(w, leaf, &end);
            plan->n += end - begin;
        }
    }
    return EM_OK;
}

static void place_weights(const weight_source *w, weight_plan *plan, eml_tree_layout *layout) {
    size_t size = w->source->weight.f64 != NULL ? sizeof(double) : sizeof(float);
    plan->weights_at = eml_tree_place(layout, plan->n + EML_TREE_WEIGHTS_PAD, size);
    plan->first_leaf_at = eml_tree_place(layout, (uint64_t)w->forest->n_trees + 1, sizeof(uint32_t));
    if (plan->kind == EML_TREE_ONE) plan->tree_target_at = eml_tree_place(layout, w->forest->n_trees, sizeof(uint32_t));
    if (plan->kind == EML_TREE_LIST) {
        plan->list_start_at = eml_tree_place(layout, (uint64_t)w->forest->n_leaves + 1, sizeof(uint32_t));
        plan->list_target_at = eml_tree_place(layout, plan->n, sizeof(uint32_t));
    }
}

/* Adds weight k of the source to number i of the block. */
static void add_weight(const weight_source *w, eml_tree *tree, size_t i, uint32_t k) {
    unsigned char *weights = (unsigned char *)tree + tree->weights;
    uint32_t at = eml_tree_weight_at(w->source, k);
    if (w->source->weight.f64 != NULL) {
        ((double *)(void *)weights)[i] += w->source->weight.f64[at];
    } else {
        ((float *)(void *)weights)[i] += w->source->weight.f32[at];
    }
}

static void write_weights(const weight_source *w, const weight_plan *plan, eml_tree *tree) {
    unsigned char *base = (unsigned char *)tree;
    uint32_t *tree_target = (uint32_t *)(void *)(base + plan->tree_target_at);
    uint32_t *list_start = (uint32_t *)(void *)(base + plan->list_start_at);
    uint32_t *list_target = (uint32_t *)(void *)(base + plan->list_target_at);
    tree->kind = plan->kind;
    tree->n_targets = plan->n_targets;
    tree->weights = plan->weights_at;
    tree->weights_f64 = w->source->weight.f64 != NULL;
    tree->first_leaf = plan->first_leaf_at;
    tree->tree_target = plan->tree_target_at;
    tree->list_start = plan->list_start_at;
    tree->list_target = plan->list_target_at;
    tree->leaf_stride = plan->columns ? 1 : plan->n_targets;
    tree->target_stride = plan->columns ? w->forest->n_leaves : 1;
    memcpy(base + plan->first_leaf_at, w->forest->first_leaf, ((size_t)w->forest->n_trees + 1) * sizeof(uint32_t));
    if (in_leaf_order(w) && plan->kind != EML_TREE_LIST && plan->n == w->source->weight.n && !plan->columns) {
        memcpy(base + plan->weights_at, w->source->weight.f32, w->source->weight.n * sizeof(float));
        for (uint32_t t = 0; plan->kind == EML_TREE_ONE && t < w->forest->n_trees; t++)
            tree_target[t] = target_of(w, 0);
        return;
    }
    uint32_t listed = 0;
    for (uint32_t t = 0; t < w->forest->n_trees; t++) {
        for (uint32_t leaf = w->forest->first_leaf[t]; leaf < w->forest->first_leaf[t + 1]; leaf++) {
            if (plan->kind == EML_TREE_LIST) list_start[leaf] = listed;
            uint32_t end;
            for (uint32_t k = weights_of(w, leaf, &end); k < end; k++) {
                uint32_t target = target_of(w, k);
                size_t at = leaf;
                if (plan->kind == EML_TREE_ONE) tree_target[t] = target;
                if (plan->kind == EML_TREE_ROWS)
                    at = (size_t)leaf * tree->leaf_stride + (size_t)target * tree->target_stride;
                if (plan->kind == EML_TREE_LIST) {
                    list_target[listed] = target;
                    at = listed++;
                }
                add_weight(w, tree, at, k);
            }
        }
    }
    if (plan->kind == EML_TREE_LIST) list_start[w->forest->n_leaves] = listed;
}

/* ---- all ---- */

enum { MAX_SLICE_TARGETS = 64 };

typedef struct all_plans {
    walk_plan walk;
    eml_mask_plan mask;
    eml_slice_plan slice;
    weight_plan weights;
    bool use_mask, use_slice;
    uint32_t *mask_levels, **slice_levels;
    double row_cost;
} all_plans;

static em_status plan_engines(eml_ctx *ctx, eml_arena *work, const eml_tree_source *source, const eml_forest *forest,
                              const eml_tree_pack_options *options, all_plans *p) {
    p->row_cost = 15 + 0.9 * (double)forest->depth_sum + 1.6 * forest->n_trees; /* of walking; measured likewise */
    bool targets_fit = p->weights.n_targets <= MAX_SLICE_TARGETS && p->weights.kind != EML_TREE_LIST && options->add &&
                       source->weight.f64 == NULL;
    if (options->small || !forest->plain) return plan_walk(ctx, work, source, forest, &p->walk);
    EML_TRY(eml_slice_plan_make(ctx, work, forest, &p->slice));
    p->use_mask = p->slice.n_tiles == 1 && eml_mask_plan_make(forest, &p->slice.tiles[0].cuts, &p->mask) &&
                  p->mask.cost < p->row_cost;
    if (p->use_mask) p->row_cost = p->mask.cost;
    p->slice.row_cost += 0.25 * forest->n_trees * (p->weights.kind == EML_TREE_ROWS ? p->weights.n_targets : 1);
    double saved = p->row_cost - p->slice.row_cost;
    p->use_slice = targets_fit && p->slice.n_tiles > 0 && saved * EML_TREE_BLOCK > p->slice.block_cost;
    if (!p->use_mask) EML_TRY(plan_walk(ctx, work, source, forest, &p->walk));
    if (p->use_mask) {
        p->mask_levels = eml_arena_zero(work, p->mask.cuts->n_columns, sizeof(uint32_t));
        if (p->mask_levels == NULL) return eml_ctx_no_memory(ctx);
    }
    if (p->use_slice) {
        p->slice_levels = eml_arena_zero(work, p->slice.n_tiles, sizeof(uint32_t *));
        if (p->slice_levels == NULL) return eml_ctx_no_memory(ctx);
        for (uint32_t i = 0; i < p->slice.n_tiles; i++) {
            p->slice_levels[i] = eml_arena_zero(work, (size_t)p->slice.tiles[i].cuts.n_columns + 1, sizeof(uint32_t));
            if (p->slice_levels[i] == NULL) return eml_ctx_no_memory(ctx);
        }
    }
    return EM_OK;
}

static em_status place_all(eml_ctx *ctx, eml_arena *work, const weight_source *w, eml_tree_layout *layout,
                           bool walk_fits, all_plans *p) {
    p->weights.columns = p->use_slice && p->weights.kind == EML_TREE_ROWS;
    place_weights(w, &p->weights, layout);
    if (p->use_mask) {
        p->mask.columns = eml_tree_place(layout, p->mask.cuts->n_columns, sizeof(eml_tree_column));
        eml_cuts_place(p->mask.cuts, p->mask_levels, layout);
        EML_TRY(eml_mask_place(ctx, work, w->forest, &p->mask, layout));
    } else {
        p->walk.roots_at = eml_tree_place(layout, w->forest->n_trees, sizeof(uint32_t));
        p->walk.nodes_at =
            eml_tree_place(layout, p->walk.n_packed, walk_fits ? sizeof(eml_tree_node) : sizeof(eml_tree_wide));
        p->walk.inputs_at = eml_tree_place(layout, p->walk.n_inputs, sizeof(uint32_t));
        p->walk.sets_at = eml_tree_place(layout, p->walk.n_set_values, sizeof(double));
    }
    if (!p->use_slice) return EM_OK;
    eml_slice_place(&p->slice, layout);
    for (uint32_t i = 0; i < p->slice.n_tiles; i++) {
        if (p->use_mask) {
            memcpy(p->slice_levels[i], p->mask_levels, p->mask.cuts->n_columns * sizeof(uint32_t));
        } else {
            eml_cuts_place(&p->slice.tiles[i].cuts, p->slice_levels[i], layout);
        }
    }
    return EM_OK;
}

static void write_all(const weight_source *w, const all_plans *p, bool walk_fits, eml_tree *tree) {
    unsigned char *base = (unsigned char *)tree;
    tree->n_features = w->forest->n_features;
    tree->n_trees = w->forest->n_trees;
    tree->n_leaves = w->forest->n_leaves;
    tree->strict = w->forest->strict;
    write_weights(w, &p->weights, tree);
    if (p->use_mask) {
        tree->engine = EML_TREE_MASK;
        eml_cuts_write(p->mask.cuts, p->mask_levels, tree, (eml_tree_column *)(void *)(base + p->mask.columns));
        eml_mask_write(&p->mask, w->forest, tree);
    } else {
        write_nodes(&p->walk, w->source, w->forest, walk_fits, tree);
    }
    if (!p->use_slice) return;
    eml_slice_write(&p->slice, tree);
    for (uint32_t i = 0; i < p->slice.n_tiles; i++)
        eml_cuts_write(&p->slice.tiles[i].cuts, p->slice_levels[i], tree,
                       (eml_tree_column *)(void *)(base + p->slice.tiles[i].columns_at));
    double rows = p->slice.block_cost / (p->row_cost - p->slice.row_cost);
    tree->slice_rows = rows < 2 ? 2 : (uint32_t)rows;
}

em_status eml_tree_pack(eml_ctx *ctx, eml_arena *work, const eml_tree_source *source, const eml_forest *forest,
                        const eml_tree_pack_options *options, size_t head_bytes, size_t tail_bytes, uint32_t *tail,
                        eml_tree **tree) {
    weight_source w = {source, forest, options->single_target};
    all_plans plans = {.use_mask = false};
    EML_TRY(plan_weights(ctx, work, &w, options, &plans.weights));
    EML_TRY(plan_engines(ctx, work, source, forest, options, &plans));
    bool walk_fits = !plans.use_mask && fits_walk(forest, &plans.walk);
    if (!plans.use_mask && plans.walk.n_packed >= UINT32_C(1) << (32 - EML_TREE_WIDE_SHIFT))
        return eml_fail(ctx->err, EM_ERR_LIMIT, "the trees have more nodes than this version packs");
    eml_tree_layout layout = {.used = head_bytes};
    EML_TRY(place_all(ctx, work, &w, &layout, walk_fits, &plans));
    *tail = eml_tree_place(&layout, tail_bytes, 1);
    if (layout.full) return eml_fail(ctx->err, EM_ERR_LIMIT, "the packed trees take more than 4 GB");
    *tree = eml_ctx_blob(ctx, (size_t)layout.used);
    if (*tree == NULL) return eml_ctx_no_memory(ctx);
    (*tree)->bytes = (uint32_t)layout.used;
    write_all(&w, &plans, walk_fits, *tree);
    return EM_OK;
}
