# SPDX-License-Identifier: Apache-2.0
# Header, libraries, edgemlConfig.cmake and edgeml.pc. Everything installed is relative to its own place, so the tree may
# be moved or staged (cmake --install --prefix, DESTDIR).

include(CMakePackageConfigHelpers)

set(installed_libraries "")
foreach(library edgeml edgeml_static)
    if(TARGET ${library})
        list(APPEND installed_libraries ${library})
    endif()
endforeach()
install(FILES include/edgeml.h DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}")
install(TARGETS ${installed_libraries} EXPORT edgemlTargets
        LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}"
        ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}"
        RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}")

set(config_dir "${CMAKE_INSTALL_LIBDIR}/cmake/edgeml")
install(EXPORT edgemlTargets NAMESPACE edgeml:: DESTINATION "${config_dir}")
configure_package_config_file(tools/cmake/edgemlConfig.cmake.in "${PROJECT_BINARY_DIR}/edgemlConfig.cmake"
                              INSTALL_DESTINATION "${config_dir}" NO_SET_AND_CHECK_MACRO)
write_basic_package_version_file("${PROJECT_BINARY_DIR}/edgemlConfigVersion.cmake" COMPATIBILITY SameMinorVersion)
install(FILES "${PROJECT_BINARY_DIR}/edgemlConfig.cmake" "${PROJECT_BINARY_DIR}/edgemlConfigVersion.cmake"
        DESTINATION "${config_dir}")

# pkg-config: --static adds what the archive needs; without a shared library everybody needs it.
set(pc_dir "${CMAKE_INSTALL_LIBDIR}/pkgconfig")
file(RELATIVE_PATH pc_prefix "/prefix/${pc_dir}" "/prefix")
string(REGEX REPLACE "/$" "" pc_prefix "${pc_prefix}")
set(pc_system "${CMAKE_THREAD_LIBS_INIT}")
if(UNIX)
    string(APPEND pc_system " -lm")
endif()
string(STRIP "${pc_system}" pc_system)
if(EDGEML_SHARED)
    set(pc_public "")
    set(pc_private "${pc_system}")
else()
    set(pc_public " ${pc_system}")
    set(pc_private "")
endif()
configure_file(tools/cmake/edgeml.pc.in edgeml.pc @ONLY)
install(FILES "${PROJECT_BINARY_DIR}/edgeml.pc" DESTINATION "${pc_dir}")
