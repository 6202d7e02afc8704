# SPDX-License-Identifier: Apache-2.0
# edgeml_target(name): the language level, warnings and code generation that every target of this project has.

get_property(multi_config GLOBAL PROPERTY GENERATOR_IS_MULTI_CONFIG)
if(PROJECT_IS_TOP_LEVEL AND NOT CMAKE_BUILD_TYPE AND NOT multi_config)
    set(CMAKE_BUILD_TYPE Release CACHE STRING "Build type" FORCE)
endif()
# -O3 buys nothing over -O2 where the kernels are written by hand, and costs size.
string(REPLACE "-O3" "-O2" CMAKE_C_FLAGS_RELEASE "${CMAKE_C_FLAGS_RELEASE}")

include(CheckCCompilerFlag)
check_c_compiler_flag(-Oz EDGEML_COMPILER_Oz) # GCC 12, Clang
if(EDGEML_COMPILER_Oz)
    string(REPLACE "-Os" "-Oz" CMAKE_C_FLAGS_MINSIZEREL "${CMAKE_C_FLAGS_MINSIZEREL}")
endif()
# A table of a switch takes more than its comparisons.
if(CMAKE_C_COMPILER_ID MATCHES "GNU|Clang")
    string(APPEND CMAKE_C_FLAGS_MINSIZEREL " -fno-jump-tables")
endif()

if(EDGEML_SANITIZE)
    add_compile_options("-fsanitize=${EDGEML_SANITIZE}" -fno-sanitize-recover=all -fno-omit-frame-pointer)
    add_link_options("-fsanitize=${EDGEML_SANITIZE}")
endif()

set(edgeml_warnings -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wstrict-prototypes)
if(EDGEML_WERROR)
    list(APPEND edgeml_warnings -Werror)
endif()

# Contraction off: a kernel that wants a fused multiply-add says so, and every compiler gives the same bits.
set(edgeml_codegen -fvisibility=hidden -ffunction-sections -fdata-sections -fno-math-errno -ffp-contract=off)
# There GCC computes floats as doubles when it is told C11, and a constant cast to double was never a float.
if(CMAKE_C_COMPILER_ID STREQUAL "GNU" AND CMAKE_SYSTEM_PROCESSOR MATCHES "^s390")
    list(APPEND edgeml_codegen -fexcess-precision=fast)
endif()
# No tables for unwinding, which were a ninth of the library: C has no exceptions, and a debugger takes its own (-g).
if(CMAKE_C_COMPILER_ID MATCHES "GNU|Clang" AND NOT EDGEML_SANITIZE)
    list(APPEND edgeml_codegen "$<$<NOT:$<CONFIG:Debug>>:-fno-asynchronous-unwind-tables;-fno-unwind-tables>")
endif()

function(edgeml_target name)
    set_target_properties(${name} PROPERTIES C_STANDARD 11 C_STANDARD_REQUIRED ON C_EXTENSIONS OFF
                                             POSITION_INDEPENDENT_CODE ON)
    if(CMAKE_C_COMPILER_ID MATCHES "GNU|Clang")
        target_compile_options(${name} PRIVATE ${edgeml_warnings} "${edgeml_codegen}")
    endif()
    if(UNIX) # POSIX calls (open, mmap, clock_gettime) are hidden by strict C11 otherwise
        # Files and folders of any size on 32-bit machines, too.
        target_compile_definitions(${name} PRIVATE _POSIX_C_SOURCE=200809L _FILE_OFFSET_BITS=64)
    endif()
endfunction()

# edgeml_for_size(name ...): for code that is not hot, release builds prefer size.
function(edgeml_for_size)
    foreach(name IN LISTS ARGN)
        if(TARGET ${name} AND CMAKE_C_COMPILER_ID MATCHES "GNU|Clang")
            target_compile_options(${name} PRIVATE $<$<CONFIG:Release>:-Os>)
        endif()
    endforeach()
endfunction()

# edgeml_without_gaps(name): loops begin at round addresses, as ever, but functions and branches need not.
function(edgeml_without_gaps name)
    if(CMAKE_C_COMPILER_ID STREQUAL "GNU")
        target_compile_options(${name} PRIVATE $<$<CONFIG:Release>:-falign-functions=2$<SEMICOLON>-falign-jumps=1>)
    endif()
endfunction()
