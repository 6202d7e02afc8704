# SPDX-License-Identifier: Apache-2.0
# The ONNX wire format: onnx.pb-c.c and .h are generated from proto/onnx.proto into the build tree. The library takes the
# structs from the header and fills them itself (src/load/unpack.h); the tests compare with what protobuf-c makes.
#   edgeml_onnx_headers  what a target that includes onnx.pb-c.h links
#   edgeml_onnx          for tests: objects of the generated code
#   edgeml_protobuf_c    for tests: the protobuf-c runtime

add_library(edgeml_onnx_headers INTERFACE)

set(onnx_proto "${PROJECT_SOURCE_DIR}/proto/onnx.proto")
if(NOT EXISTS "${onnx_proto}")
    return()
endif()

find_path(EDGEML_PROTOBUF_C_INCLUDE protobuf-c/protobuf-c.h)
find_program(EDGEML_PROTOC_C NAMES protoc-c)
set(wanted EDGEML_PROTOBUF_C_INCLUDE EDGEML_PROTOC_C)
if(EDGEML_TESTS)
    find_library(EDGEML_PROTOBUF_C_LIBRARY NAMES protobuf-c)
    list(APPEND wanted EDGEML_PROTOBUF_C_LIBRARY)
endif()
foreach(found IN LISTS wanted)
    if(NOT ${found})
        message(FATAL_ERROR "protobuf-c is missing (${found}). Debian and Ubuntu: apt-get install protobuf-c-compiler "
                            "libprotobuf-c-dev. Fedora: dnf install protobuf-c-devel. Alpine: apk add protobuf-c-dev. "
                            "macOS: brew install protobuf-c.")
    endif()
endforeach()

set(onnx_dir "${PROJECT_BINARY_DIR}/generated/onnx")
file(MAKE_DIRECTORY "${onnx_dir}")
add_custom_command(
    OUTPUT "${onnx_dir}/onnx.pb-c.c" "${onnx_dir}/onnx.pb-c.h"
    COMMAND "${EDGEML_PROTOC_C}" "--proto_path=${PROJECT_SOURCE_DIR}/proto" "--c_out=${onnx_dir}" "${onnx_proto}"
    DEPENDS "${onnx_proto}"
    VERBATIM)
add_custom_target(edgeml_onnx_generate DEPENDS "${onnx_dir}/onnx.pb-c.c" "${onnx_dir}/onnx.pb-c.h")

target_include_directories(edgeml_onnx_headers SYSTEM INTERFACE "${onnx_dir}" "${EDGEML_PROTOBUF_C_INCLUDE}")
add_dependencies(edgeml_onnx_headers edgeml_onnx_generate)

if(EDGEML_TESTS)
    add_library(edgeml_protobuf_c INTERFACE)
    target_link_libraries(edgeml_protobuf_c INTERFACE "${EDGEML_PROTOBUF_C_LIBRARY}")
    add_library(edgeml_onnx OBJECT "${onnx_dir}/onnx.pb-c.c")
    edgeml_target(edgeml_onnx)
    target_compile_options(edgeml_onnx PRIVATE -w)
    target_link_libraries(edgeml_onnx PRIVATE edgeml_onnx_headers)
endif()
