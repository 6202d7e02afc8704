/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EML_KERNELS_KERNELS_H
#define EML_KERNELS_KERNELS_H

typedef struct eml_kernels eml_kernels;

#endif
