/* SPDX-License-Identifier: Apache-2.0 */
/* What SVMClassifier and SVMRegressor share: the kernel functions between rows and support vectors.
 *   LINEAR x . v    POLY (gamma x . v + coef0)^degree    RBF e^(-gamma |x - v|^2)    SIGMOID tanh(gamma x . v + coef0)
 */
#ifndef EML_OPS_COMMON_SVM_H
#define EML_OPS_COMMON_SVM_H

#include "ops/common/layout.h"

typedef enum eml_svm_kind { EML_SVM_LINEAR, EML_SVM_POLY, EML_SVM_RBF, EML_SVM_SIGMOID } eml_svm_kind;

/* In a blob. */
typedef struct eml_svm {
    uint32_t kind;
    float gamma, coef0, degree;
    uint64_t vectors, features;
    uint64_t packed; /* offset in the blob: float[features * vectors], as gemm_pack_f32 lays them out */
} eml_svm;

/* Reads kernel_type, kernel_params and support_vectors (count of them; 0: there must be none). */
em_status eml_svm_read(eml_ctx *ctx, size_t count, eml_svm *svm);
void eml_svm_lay_out(eml_layout *layout, eml_svm *svm);
void eml_svm_pack(eml_ctx *ctx, const eml_svm *svm, void *blob);

/* Rows to evaluate at once, so that their values stay in the caches: at most EML_SVM_BLOCK. */
enum { EML_SVM_BLOCK = 64 };
int64_t eml_svm_block(const eml_svm *svm);
/* values[n, vectors] of x[n, features]. */
void eml_svm_values(const eml_run *run, const eml_svm *svm, const void *blob, const float *x, int64_t n, float *values);

#endif
