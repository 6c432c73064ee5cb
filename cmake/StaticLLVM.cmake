# Links LLVM and MLIR from their archives, so that what is built needs no LLVM installed.
#
# All archives are named, and lld takes from them the members that are used: a list of components by
# hand would have to follow every pass and dialect. Test libraries and C bindings are left out.

set(ZLIB_USE_STATIC_LIBS ON)
file(GLOB llvm_archives ${LLVM_LIBRARY_DIRS}/libLLVM*.a)
file(GLOB mlir_archives ${LLVM_LIBRARY_DIRS}/libMLIR*.a)
list(FILTER mlir_archives INCLUDE REGEX "/libMLIR[A-Za-z0-9]+\\.a$")
list(FILTER mlir_archives EXCLUDE REGEX "Test|CAPI")

# What LLVM's own members use. Of the shared ones, only those that are used stay in the binary.
find_library(Z_ARCHIVE NAMES libz.a REQUIRED)
find_library(ZSTD_ARCHIVE NAMES libzstd.a REQUIRED)
target_link_libraries(nacre_llvm INTERFACE ${mlir_archives} ${llvm_archives} ${ZSTD_ARCHIVE} ${Z_ARCHIVE}
                      -lxml2 -lcurl -lz3 -ltinfo)
# Debian has no archive of fmt.
target_link_libraries(nacre_llvm INTERFACE fmt::fmt-header-only)
target_link_options(nacre_llvm INTERFACE -static-libstdc++ -static-libgcc
                    LINKER:--as-needed LINKER:--gc-sections)
