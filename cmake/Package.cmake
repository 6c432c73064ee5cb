# The release: `cpack --config build/release/CPackConfig.cmake` makes a .tar.zst, which runs in any folder it is
# unpacked to, and a .deb, which installs the same under /opt/nacre and puts the commands on the PATH.

include(GNUInstallDirs)

install(DIRECTORY ${CMAKE_SOURCE_DIR}/frontend/std/ DESTINATION share/nacre/std FILES_MATCHING PATTERN *.ncr)
install(DIRECTORY ${CMAKE_SOURCE_DIR}/models/ DESTINATION share/nacre/models
        FILES_MATCHING PATTERN *.ncr PATTERN *.md PATTERN *.c PATTERN *.safetensors PATTERN *.bin)
install(FILES ${CMAKE_SOURCE_DIR}/README.md ${CMAKE_SOURCE_DIR}/LICENSE DESTINATION share/doc/nacre)

set(CPACK_GENERATOR "TZST;DEB")
set(CPACK_PACKAGE_NAME nacre)
set(CPACK_PACKAGE_VENDOR "Nacre")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "Ahead-of-time compiler for neural-network graphs")
set(CPACK_PACKAGE_FILE_NAME "nacre-${PROJECT_VERSION}-${CMAKE_SYSTEM_NAME}-${CMAKE_SYSTEM_PROCESSOR}")
string(TOLOWER "${CPACK_PACKAGE_FILE_NAME}" CPACK_PACKAGE_FILE_NAME)
set(CPACK_PACKAGE_DIRECTORY ${CMAKE_BINARY_DIR}/packages)
set(CPACK_VERBATIM_VARIABLES ON)
set(CPACK_STRIP_FILES ON)
set(CPACK_THREADS 0)
set(CPACK_PROJECT_CONFIG_FILE ${CMAKE_CURRENT_LIST_DIR}/PackageFormat.cmake)

set(CPACK_DEBIAN_PACKAGE_MAINTAINER "The Nacre authors <nacre@example.org>")
set(CPACK_DEBIAN_PACKAGE_SECTION devel)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
# A C compiler links .so files and programs; object files need none.
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS "gcc | clang")
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA "${CMAKE_CURRENT_LIST_DIR}/debian/postinst;${CMAKE_CURRENT_LIST_DIR}/debian/prerm")
include(CPack)
