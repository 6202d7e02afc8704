# SPDX-License-Identifier: Apache-2.0
# Toolchain file for Cortex-M: cmake --toolchain tools/cmake/arm-none-eabi.cmake -DEDGEML_CPU=cortex-m4 ...
set(CMAKE_SYSTEM_NAME Generic)
set(CMAKE_SYSTEM_PROCESSOR arm)
set(CMAKE_C_COMPILER arm-none-eabi-gcc)
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)
set(EDGEML_CPU cortex-m4 CACHE STRING "cortex-m0, cortex-m3, cortex-m4, cortex-m7, cortex-m33, cortex-m55")
list(APPEND CMAKE_TRY_COMPILE_PLATFORM_VARIABLES EDGEML_CPU)

set(edgeml_cpu_flags "-mcpu=${EDGEML_CPU} -mthumb")
if(EDGEML_CPU STREQUAL "cortex-m4")
    string(APPEND edgeml_cpu_flags " -mfpu=fpv4-sp-d16 -mfloat-abi=hard")
elseif(EDGEML_CPU STREQUAL "cortex-m7")
    string(APPEND edgeml_cpu_flags " -mfpu=fpv5-d16 -mfloat-abi=hard")
elseif(EDGEML_CPU STREQUAL "cortex-m33" OR EDGEML_CPU STREQUAL "cortex-m55")
    string(APPEND edgeml_cpu_flags " -mfpu=auto -mfloat-abi=hard")
endif()
set(CMAKE_C_FLAGS_INIT "${edgeml_cpu_flags}")
