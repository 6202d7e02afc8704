/* SPDX-License-Identifier: Apache-2.0 */
/* Status propagation and messages. A failing function writes one sentence with eml_fail and returns its status; callers
 * that know more (file, node, operator) put it in front with eml_fail_prefix. */
#ifndef EML_BASE_STATUS_H
#define EML_BASE_STATUS_H

#include "edgeml.h"

#if defined(__GNUC__)
#define EML_PRINTF(format_index, first) __attribute__((format(printf, format_index, first)))
/* Seldom called: what leads to the call is compiled for size, out of the way. */
#define EML_COLD __attribute__((cold))
#else
#define EML_PRINTF(format_index, first)
#define EML_COLD
#endif

/* Returns from the enclosing function when the expression fails. */
#define EML_TRY(expression)                                 \
    do {                                                    \
        em_status eml_try_status = (expression);            \
        if (eml_try_status != EM_OK) return eml_try_status; \
    } while (0)

/* Writes the message (err may be NULL) and returns status. Formats: %s %d %i %u %lld %llu %zu %c %% %.*s %g only; the
 * formatter is our own, so the firmware needs no stdio. A longer text is cut and ends in "...". */
EML_COLD em_status eml_fail(em_error *err, em_status status, const char *format, ...) EML_PRINTF(3, 4);
/* Puts the formatted text before the message that is already there. */
EML_COLD void eml_fail_prefix(em_error *err, const char *format, ...) EML_PRINTF(2, 3);
/* The formatter itself: writes at most capacity - 1 characters and a NUL, returns the length written. */
size_t eml_format(char *out, size_t capacity, const char *format, ...) EML_PRINTF(3, 4);

/* Firmware with little room (EDGEML_RT_TEXTS=OFF): the status is all there is of an error. The arguments are checked,
 * but not evaluated. */
#if defined(EML_NO_TEXTS)
em_status eml_fail_silently(em_error *err, em_status status);
#define eml_fail(err, status, ...) ((void)sizeof(eml_format(NULL, 0, __VA_ARGS__)), eml_fail_silently(err, status))
#define eml_fail_prefix(err, ...)  ((void)sizeof(eml_format(NULL, 0, __VA_ARGS__)), (void)(err))
#endif

/* For clang's analyzer, which sees one file at a time: a failure is never EM_OK, so what a failing function did not set
 * is not used. */
#if defined(__clang_analyzer__) && !defined(EML_NO_TEXTS)
static inline em_status eml_failed(em_status returned, em_status status) {
    (void)returned;
    return status;
}
#define eml_fail(err, status, ...) eml_failed(eml_fail(err, status, __VA_ARGS__), status)
#endif

#endif
