# Finds LLVM and MLIR 22 and sets what every target compiles with.

find_program(LLVM_CONFIG NAMES llvm-config-22 REQUIRED)
execute_process(COMMAND ${LLVM_CONFIG} --prefix OUTPUT_VARIABLE LLVM_PREFIX
                OUTPUT_STRIP_TRAILING_WHITESPACE)
# Debian keeps MLIR's CMake files under the LLVM prefix, which is not on CMake's search path.
find_package(MLIR REQUIRED CONFIG HINTS ${LLVM_PREFIX}/lib/cmake/mlir)

list(APPEND CMAKE_MODULE_PATH ${MLIR_CMAKE_DIR} ${LLVM_CMAKE_DIR})
set(MLIR_BINARY_DIR ${CMAKE_BINARY_DIR})
set(LLVM_RUNTIME_OUTPUT_INTDIR ${CMAKE_BINARY_DIR}/bin)
set(LLVM_LIBRARY_OUTPUT_INTDIR ${CMAKE_BINARY_DIR}/lib)
if(NACRE_SANITIZE)
  set(LLVM_USE_SANITIZER "Address;Undefined")
  # LLVM's own default, which its installed CMake files lack. Type information of its libraries is missing.
  set(LLVM_UBSAN_FLAGS "-fsanitize=undefined -fno-sanitize=vptr,function -fno-sanitize-recover=all")
  set(NACRE_PASS_OPTIONS -fsanitize-ignorelist=${CMAKE_SOURCE_DIR}/cmake/sanitizer-ignore.txt)
endif()
if(NACRE_FUZZERS)
  set(LLVM_USE_SANITIZE_COVERAGE ON)
endif()
include(TableGen)
include(AddLLVM)
include(AddMLIR)
separate_arguments(NACRE_LLVM_DEFINITIONS NATIVE_COMMAND "${LLVM_DEFINITIONS}")
include(HandleLLVMOptions)

set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
set(CMAKE_ARCHIVE_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/lib)
set(CMAKE_LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/lib)

find_package(fmt REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(CLI11 REQUIRED)
if(EXISTS ${CMAKE_SOURCE_DIR}/.venv/bin/python)
  # tools/setup.sh makes it, with NumPy and pytest.
  set(Python3_EXECUTABLE ${CMAKE_SOURCE_DIR}/.venv/bin/python)
endif()

find_program(CCACHE NAMES ccache)
if(CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  # ccache accepts a precompiled header only with these; base_dir lets checkouts share entries.
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env
      CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
      CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=1 ${CCACHE})
endif()
