# SPDX-License-Identifier: Apache-2.0
# The two libraries that are installed. Of both only em_* can be seen: a program may have its own code generated from
# onnx.proto beside them.
#   edgeml::edgeml         the shared library (the static one when EDGEML_SHARED is off)
#   edgeml::static         the static library
#   edgeml_public_library  the one the examples use

include(CheckCSourceCompiles)
include(CheckLinkerFlag)

# Before 1.0 the ABI may change with each minor version.
if(PROJECT_VERSION_MAJOR EQUAL 0)
    set(edgeml_abi ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR})
else()
    set(edgeml_abi ${PROJECT_VERSION_MAJOR})
endif()

if(EDGEML_SHARED)
    add_library(edgeml SHARED ${edgeml_objects})
    set_target_properties(edgeml PROPERTIES LINKER_LANGUAGE C VERSION ${PROJECT_VERSION} SOVERSION ${edgeml_abi}
                                            EXPORT_NAME edgeml)
    target_include_directories(edgeml PUBLIC "$<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>"
                                             "$<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>")
    target_link_libraries(edgeml PRIVATE ${edgeml_system_libraries})
    if(WIN32)
        target_compile_definitions(edgeml INTERFACE EDGEML_SHARED)
    elseif(APPLE)
        target_link_options(edgeml PRIVATE "LINKER:-exported_symbol,_em_*" "LINKER:-dead_strip")
    else()
        set(version_script "${PROJECT_SOURCE_DIR}/tools/cmake/edgeml.map")
        target_link_options(edgeml PRIVATE "LINKER:--version-script=${version_script}" "LINKER:--gc-sections")
        set_target_properties(edgeml PROPERTIES LINK_DEPENDS "${version_script}")
        # Tables of functions and names want an address added when they are loaded, 4,248 times: 2 KB packed, 102 KB not.
        # The C library must know how to read it; one that is built against it refuses an older one by name.
        check_c_source_compiles("#include <features.h>
            #if !__GLIBC_PREREQ(2, 36)
            #error
            #endif
            int main(void) { return 0; }" EDGEML_LIBC_PACKED_RELOCATIONS)
        check_linker_flag(C "-Wl,-z,pack-relative-relocs" EDGEML_LINKER_PACKED_RELOCATIONS)
        if(EDGEML_LIBC_PACKED_RELOCATIONS AND EDGEML_LINKER_PACKED_RELOCATIONS)
            target_link_options(edgeml PRIVATE "LINKER:-z,pack-relative-relocs")
        endif()
        check_linker_flag(C "-Wl,-z,noseparate-code" EDGEML_LINKER_noseparate_code)
        if(EDGEML_LINKER_noseparate_code) # for the least size: no gaps between code and data
            target_link_options(edgeml PRIVATE "$<$<CONFIG:MinSizeRel>:LINKER:-z,noseparate-code>")
        endif()
        if(NOT EDGEML_SANITIZE) # a sanitizer's runtime is only in the program
            target_link_options(edgeml PRIVATE "LINKER:--no-undefined")
        endif()
    endif()
    add_library(edgeml::edgeml ALIAS edgeml)
    set(edgeml_public_library edgeml)
endif()

if(EDGEML_STATIC)
    if(CMAKE_EXECUTABLE_FORMAT STREQUAL "ELF" AND CMAKE_OBJCOPY)
        # One relocatable object, everything but em_* made local. --unique keeps the sections of
        # equally named static functions apart, so that a program's --gc-sections still sees single functions; groups
        # that several objects share (the pc thunks of 32-bit x86) are settled here, as local symbols could not be later.
        set(single_object "${PROJECT_BINARY_DIR}/edgeml_single.o")
        set(object_list "${PROJECT_BINARY_DIR}/edgeml_objects.rsp")
        file(GENERATE OUTPUT "${object_list}" CONTENT "\"$<JOIN:${edgeml_objects},\"\n\">\"\n")
        separate_arguments(machine_flags UNIX_COMMAND "${CMAKE_C_FLAGS}")
        list(FILTER machine_flags INCLUDE REGEX "^(-m|--target=|--sysroot=)")
        set(merge_flags "")
        foreach(flag --unique --force-group-allocation) # GNU ld; lld and mold keep sections apart by themselves
            string(MAKE_C_IDENTIFIER "EDGEML_LINKER${flag}" known)
            check_linker_flag(C "-r;-nostdlib;-Wl,${flag}" ${known})
            if(${known})
                list(APPEND merge_flags "-Wl,${flag}")
            endif()
        endforeach()
        add_custom_command(
            OUTPUT "${single_object}"
            COMMAND "${CMAKE_C_COMPILER}" ${machine_flags} -r -nostdlib ${merge_flags} -o "${single_object}"
                    "@${object_list}"
            COMMAND "${CMAKE_OBJCOPY}" --wildcard --keep-global-symbol=em_* "${single_object}"
            DEPENDS edgeml_internal "${object_list}" # of the same objects
            COMMAND_EXPAND_LISTS VERBATIM)
        set_source_files_properties("${single_object}" PROPERTIES EXTERNAL_OBJECT ON GENERATED ON)
        add_library(edgeml_static STATIC "${single_object}")
    else()
        add_library(edgeml_static STATIC ${edgeml_objects})
    endif()
    set_target_properties(edgeml_static PROPERTIES LINKER_LANGUAGE C EXPORT_NAME static)
    if(NOT WIN32) # there the import library of the DLL may have the name
        set_target_properties(edgeml_static PROPERTIES OUTPUT_NAME edgeml)
    endif()
    target_include_directories(edgeml_static PUBLIC "$<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>"
                                                    "$<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>")
    target_link_libraries(edgeml_static PUBLIC ${edgeml_system_libraries})
    add_library(edgeml::static ALIAS edgeml_static)
    if(NOT EDGEML_SHARED)
        add_library(edgeml::edgeml ALIAS edgeml_static)
    endif()
    set(edgeml_public_library edgeml_static)
endif()
