# SPDX-License-Identifier: Apache-2.0
# The ONNX wire format: onnx.pb-c.c and .h are generated from proto/onnx.proto into the build tree.
#   edgeml_onnx          objects of the generated code
#   edgeml_onnx_headers  what a target that includes onnx.pb-c.h links
#   edgeml_protobuf_c    the protobuf-c runtime, the static one where there is one, so that it can stay private

add_library(edgeml_onnx_headers INTERFACE)
add_library(edgeml_protobuf_c INTERFACE)

set(onnx_proto "${PROJECT_SOURCE_DIR}/proto/onnx.proto")
if(NOT EXISTS "${onnx_proto}")
    return()
endif()

find_path(EDGEML_PROTOBUF_C_INCLUDE protobuf-c/protobuf-c.h)
find_library(EDGEML_PROTOBUF_C_LIBRARY NAMES ${CMAKE_STATIC_LIBRARY_PREFIX}protobuf-c${CMAKE_STATIC_LIBRARY_SUFFIX}
                                             protobuf-c)
find_program(EDGEML_PROTOC_C NAMES protoc-c)
foreach(found EDGEML_PROTOBUF_C_INCLUDE EDGEML_PROTOBUF_C_LIBRARY EDGEML_PROTOC_C)
    if(NOT ${found})
        message(FATAL_ERROR "protobuf-c is missing (${found}). Debian and Ubuntu: apt-get install protobuf-c-compiler "
                            "libprotobuf-c-dev. Fedora: dnf install protobuf-c-devel. Alpine: apk add protobuf-c-dev. "
                            "macOS: brew install protobuf-c.")
    endif()
endforeach()
target_link_libraries(edgeml_protobuf_c INTERFACE "${EDGEML_PROTOBUF_C_LIBRARY}")

set(onnx_dir "${PROJECT_BINARY_DIR}/generated/onnx")
file(MAKE_DIRECTORY "${onnx_dir}")
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${onnx_proto}")
file(READ "${onnx_proto}" onnx_text)
if(CMAKE_BUILD_TYPE STREQUAL "MinSizeRel") # without the names of fields, which messages about damaged files tell
    string(APPEND onnx_text "option optimize_for = CODE_SIZE;\n")
endif()
set(onnx_proto "${onnx_dir}/onnx.proto")
file(GENERATE OUTPUT "${onnx_proto}" CONTENT "${onnx_text}")
add_custom_command(
    OUTPUT "${onnx_dir}/onnx.pb-c.c" "${onnx_dir}/onnx.pb-c.h"
    COMMAND "${EDGEML_PROTOC_C}" "--proto_path=${onnx_dir}" "--c_out=${onnx_dir}" "${onnx_proto}"
    DEPENDS "${onnx_proto}"
    VERBATIM)
add_custom_target(edgeml_onnx_generate DEPENDS "${onnx_dir}/onnx.pb-c.c" "${onnx_dir}/onnx.pb-c.h")

target_include_directories(edgeml_onnx_headers SYSTEM INTERFACE "${onnx_dir}" "${EDGEML_PROTOBUF_C_INCLUDE}")
add_dependencies(edgeml_onnx_headers edgeml_onnx_generate)

add_library(edgeml_onnx OBJECT "${onnx_dir}/onnx.pb-c.c")
edgeml_target(edgeml_onnx)
target_compile_options(edgeml_onnx PRIVATE -w)
target_link_libraries(edgeml_onnx PRIVATE edgeml_onnx_headers)
