/* SPDX-License-Identifier: Apache-2.0 */
#include "ops/common/divisor.h"

#include "ops/common/binary.h"

#define FIRST_ZERO(T)                               \
    while (i < n && ((const T *)data)[i] != 0) i++; \
    break

em_status eml_divisor_check(eml_run *run) {
    const eml_binary_params *p = run->params;
    if (p->compute == EML_CLASS_F32 || p->compute == EML_CLASS_F64 || p->n == 0) return EM_OK;
    const void *data = run->in[1]->data;
    int64_t n = eml_tensor_n(run->in[1]), i = 0;
    switch (p->compute) {
    case EML_CLASS_I8:
    case EML_CLASS_U8: FIRST_ZERO(uint8_t);
    case EML_CLASS_I16:
    case EML_CLASS_U16: FIRST_ZERO(uint16_t);
    case EML_CLASS_I32:
    case EML_CLASS_U32: FIRST_ZERO(uint32_t);
    default: FIRST_ZERO(uint64_t);
    }
    if (i == n) return EM_OK;
    return eml_fail(run->err, EM_ERR_DATA, "division by zero: element %lld of input 1 is 0", (long long)i);
}
