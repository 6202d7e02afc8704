/* SPDX-License-Identifier: Apache-2.0 */
/* Every command of `edgeml`, one file each. */
#ifndef EDGEML_COMMANDS_H
#define EDGEML_COMMANDS_H

#include "edgeml/args.h"

extern const command command_run, command_info, command_test, command_bench, command_ops, command_compile;

#endif
