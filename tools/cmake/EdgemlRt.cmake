# SPDX-License-Identifier: Apache-2.0
# libedgeml_rt, the library for firmware: sessions of plan images, the operators' run functions, one kernel set. No
# protobuf, no passes, no planner, no malloc, no stdio, no threads. EDGEML_RT=ON builds this and nothing else.
#   edgeml_rt       link it, with -Wl,--gc-sections and the table of operators that `edgeml compile --c` writes: of an
#                   operator's file only what its run function needs stays in the program
#   EDGEML_OPS      builds only the files of those operators
#   EDGEML_RT_TEXTS OFF: errors have a status and no message, which saves some 4 KB
# Flags of the processor come with the toolchain file. The kernels are the scalar set, in which bodies use what the compiler
# says the processor has (src/kernels/armv7em).

option(EDGEML_RT_TEXTS "Firmware: errors have messages" ON)

set(rt_files base/status.c base/decimal.c base/firmware_double.c plan/image_check.c exec/static.c api/session_static.c api/tensor_api.c
             api/firmware_binding.c)
list(TRANSFORM rt_files PREPEND "${PROJECT_SOURCE_DIR}/src/")
file(GLOB rt_parts CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/src/tensor/*.c" "${PROJECT_SOURCE_DIR}/src/ops/common/*.c")
list(FILTER rt_parts EXCLUDE REGEX "/op_(ctx|eval)\\.c$") # of infer, pack and prepare
list(APPEND rt_files ${rt_parts} ${edgeml_ops_files})
list(FILTER rt_files EXCLUDE REGEX "/ops/registry\\.c$") # the table with the hooks

file(GLOB rt_kernels CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/src/kernels/*.c")

function(edgeml_rt_objects name)
    add_library(${name} OBJECT ${ARGN})
    edgeml_target(${name})
    set_target_properties(${name} PROPERTIES POSITION_INDEPENDENT_CODE OFF)
    target_include_directories(${name} PRIVATE "${PROJECT_SOURCE_DIR}/include" "${PROJECT_SOURCE_DIR}/src"
                                               "${edgeml_ops_include}")
    target_compile_definitions(${name} PRIVATE EML_HAVE_SCALAR=1)
    target_compile_options(${name} PRIVATE ${edgeml_rt_options})
endfunction()

# Images count 4 bytes for an enum (the bare-metal ABI of Arm would take the least that fits).
set(edgeml_rt_options -fno-short-enums)
edgeml_rt_objects(edgeml_rt_core ${rt_files})
edgeml_rt_objects(edgeml_rt_kernels ${rt_kernels})
target_compile_definitions(edgeml_rt_kernels PRIVATE EML_ISA_SUFFIX=scalar EML_ISA_SCALAR=1)
if(NOT EDGEML_RT_TEXTS)
    target_compile_definitions(edgeml_rt_core PRIVATE EML_NO_TEXTS=1)
endif()
target_compile_options(edgeml_rt_core PRIVATE $<$<CONFIG:Release>:-Os> -Wno-format) # there int32_t is long

add_library(edgeml_rt STATIC $<TARGET_OBJECTS:edgeml_rt_core> $<TARGET_OBJECTS:edgeml_rt_kernels>)
set_target_properties(edgeml_rt PROPERTIES LINKER_LANGUAGE C)
target_include_directories(edgeml_rt PUBLIC "${PROJECT_SOURCE_DIR}/include")
target_compile_options(edgeml_rt PUBLIC ${edgeml_rt_options})
target_link_libraries(edgeml_rt PUBLIC m)
target_link_options(edgeml_rt PUBLIC LINKER:--gc-sections LINKER:--no-enum-size-warning)
