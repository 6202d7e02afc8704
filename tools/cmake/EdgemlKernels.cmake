# SPDX-License-Identifier: Apache-2.0
# The kernel sets. Each body src/kernels/*.c is compiled once per enabled instruction set, with EML_ISA_SUFFIX=avx2 (for
# names) and EML_ISA_AVX2=1 (for the choice of vectors); src/kernels/avx2/*.c only for that one. The whole library sees
# EML_HAVE_AVX2=1 for every set that is there.
# The bodies of narrow families (kernels.def) are left out for avx512 when it can take avx2's.

set(edgeml_isa_flags_scalar "")
set(edgeml_isa_flags_avx2 -mavx2 -mfma -mf16c -mbmi2)
set(edgeml_isa_flags_avx512 -mavx512f -mavx512bw -mavx512vl -mavx512dq -mfma -mf16c -mbmi2
                            -mprefer-vector-width=512)
set(edgeml_isa_flags_neon "")
set(edgeml_narrow_bodies binary_loops compare_loops reduce_loops norm_loops resample_loops gemm_tiles_f64 gemm_integers
                         convert_loops transpose_8 quant_loops pool_loops)
list(TRANSFORM edgeml_narrow_bodies REPLACE ".+" "${PROJECT_SOURCE_DIR}/src/kernels/\\0.c")

if(NOT EDGEML_ISA STREQUAL "auto")
    set(edgeml_isas ${EDGEML_ISA})
elseif(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64|amd64)$" AND CMAKE_SIZEOF_VOID_P EQUAL 8)
    set(edgeml_isas scalar avx2 avx512)
elseif(CMAKE_SYSTEM_PROCESSOR MATCHES "^(aarch64|arm64|ARM64)$" AND CMAKE_SIZEOF_VOID_P EQUAL 8)
    set(edgeml_isas scalar neon)
else()
    set(edgeml_isas scalar)
endif()
foreach(isa IN LISTS edgeml_isas)
    if(NOT DEFINED edgeml_isa_flags_${isa})
        message(FATAL_ERROR "EDGEML_ISA: no kernel set is called ${isa}")
    endif()
    string(TOUPPER ${isa} upper)
    add_compile_definitions(EML_HAVE_${upper}=1)
endforeach()

macro(edgeml_add_kernels)
    file(GLOB bodies CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/src/kernels/*.c")
    foreach(isa IN LISTS edgeml_isas)
        string(TOUPPER ${isa} upper)
        file(GLOB tiled CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/src/kernels/${isa}/*.c")
        set(isa_bodies ${bodies})
        if(isa STREQUAL "avx512" AND "avx2" IN_LIST edgeml_isas)
            list(REMOVE_ITEM isa_bodies ${edgeml_narrow_bodies})
        endif()
        edgeml_add_objects(edgeml_kernels_${isa} ${isa_bodies} ${tiled})
        if(TARGET edgeml_kernels_${isa})
            target_compile_definitions(edgeml_kernels_${isa} PRIVATE EML_ISA_SUFFIX=${isa} EML_ISA_${upper}=1)
            target_compile_options(edgeml_kernels_${isa} PRIVATE ${edgeml_isa_flags_${isa}})
        endif()
    endforeach()
endmacro()
