/* SPDX-License-Identifier: Apache-2.0 */
/* A session's plan as text: its steps, and the map of its arena. */
#ifndef EDGEML_PLAN_TEXT_H
#define EDGEML_PLAN_TEXT_H

#include "edgeml/pool.h"
#include "edgeml/report.h"

/* Nothing when the session has no plan. Lines fit 80 columns, but for long names. */
void plan_text(pool *p, FILE *file, const em_session *session);

#endif
