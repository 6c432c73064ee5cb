# The functions that every CMakeLists.txt of Nacre uses to declare its targets.

# Everything that includes LLVM or MLIR headers.
add_library(nacre_llvm INTERFACE)
target_include_directories(nacre_llvm SYSTEM INTERFACE ${LLVM_INCLUDE_DIRS} ${MLIR_INCLUDE_DIRS})
target_include_directories(nacre_llvm INTERFACE ${CMAKE_SOURCE_DIR} ${CMAKE_BINARY_DIR})
target_compile_definitions(nacre_llvm INTERFACE ${NACRE_LLVM_DEFINITIONS} JSON_NOEXCEPTION)
target_compile_options(nacre_llvm INTERFACE $<$<COMPILE_LANGUAGE:CXX>:-fno-exceptions
                       -Wall -Wextra -Wno-unused-parameter -Wno-missing-field-initializers>)
if(NACRE_STATIC_LLVM)
  include(StaticLLVM)
else()
  # Only the two shared libraries: naming static MLIR targets would load a second copy.
  target_link_libraries(nacre_llvm INTERFACE MLIR LLVM)
endif()

if(NACRE_PRECOMPILED_HEADER)
  add_library(nacre_pch OBJECT ${CMAKE_SOURCE_DIR}/cmake/Precompiled.cpp)
  target_link_libraries(nacre_pch PRIVATE nacre_llvm)
  target_compile_options(nacre_pch PRIVATE -fpch-instantiate-templates
                         "SHELL:-Xclang -fno-pch-timestamp")
  target_precompile_headers(nacre_pch PRIVATE ${CMAKE_SOURCE_DIR}/cmake/Precompiled.h)
endif()

function(nacre_use_precompiled_header target)
  if(NACRE_PRECOMPILED_HEADER)
    # An executable would be compiled with -fPIE, which does not match the header's -fPIC.
    set_target_properties(${target} PROPERTIES POSITION_INDEPENDENT_CODE OFF)
    target_compile_options(${target} PRIVATE -fPIC -fpch-instantiate-templates
                           "SHELL:-Xclang -fno-pch-timestamp")
    target_precompile_headers(${target} REUSE_FROM nacre_pch)
  endif()
endfunction()

# nacre_add_library(Name SOURCES a.cpp b.cpp [LINK OtherLib...] [DEPENDS TableGenTarget...] [NO_PCH])
# A static library of the compiler.
function(nacre_add_library name)
  cmake_parse_arguments(ARG "NO_PCH" "" "SOURCES;LINK;DEPENDS" ${ARGN})
  add_library(${name} STATIC ${ARG_SOURCES})
  target_link_libraries(${name} PUBLIC nacre_llvm fmt::fmt nlohmann_json::nlohmann_json ${ARG_LINK})
  if(ARG_DEPENDS)
    add_dependencies(${name} ${ARG_DEPENDS})
  endif()
  if(NOT ARG_NO_PCH)
    nacre_use_precompiled_header(${name})
  endif()
endfunction()

# nacre_add_tool(name SOURCES main.cpp [LINK Lib...]): a command, which releases bring.
function(nacre_add_tool name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LINK" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE nacre_llvm CLI11::CLI11 ${ARG_LINK})
  nacre_use_precompiled_header(${name})
  install(TARGETS ${name} RUNTIME DESTINATION bin)
endfunction()

# nacre_add_unittest(Name SOURCES a.cpp [LINK Lib...]): a GoogleTest program that ctest and tools/test.sh run.
function(nacre_add_unittest name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LINK" ${ARGN})
  add_executable(${name} EXCLUDE_FROM_ALL ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE nacre_llvm GTest::gtest GTest::gtest_main ${ARG_LINK})
  nacre_use_precompiled_header(${name})
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/unittests)
  add_test(NAME ${name} COMMAND ${name})
  set_property(GLOBAL APPEND PROPERTY NACRE_UNITTESTS ${name})
endfunction()

# nacre_add_fuzzer(name SOURCES a.cpp [LINK Lib...]): a libFuzzer program, which tools/fuzz.sh runs. Inputs to
# start from are the files of test/fuzz/corpus/<name>/.
function(nacre_add_fuzzer name)
  if(NOT NACRE_FUZZERS)
    return()
  endif()
  cmake_parse_arguments(ARG "" "" "SOURCES;LINK" ${ARGN})
  add_executable(${name} EXCLUDE_FROM_ALL ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE nacre_llvm ${ARG_LINK})
  target_link_options(${name} PRIVATE -fsanitize=fuzzer)
  nacre_use_precompiled_header(${name})
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/fuzzers)
  set_property(GLOBAL APPEND PROPERTY NACRE_FUZZER_TARGETS ${name})
endfunction()

# nacre_tablegen(Target File.td -gen-x Output.inc ...): MLIR TableGen outputs of one file.
function(nacre_tablegen target source)
  set(LLVM_TARGET_DEFINITIONS ${source})
  set(rest ${ARGN})
  while(rest)
    list(POP_FRONT rest output)
    list(POP_FRONT rest flags)
    separate_arguments(flags UNIX_COMMAND "${flags}")
    mlir_tablegen(${output} ${flags} -I ${CMAKE_SOURCE_DIR} -I ${MLIR_INCLUDE_DIRS})
  endwhile()
  set(TABLEGEN_OUTPUT ${TABLEGEN_OUTPUT} PARENT_SCOPE)
  add_public_tablegen_target(${target})
endfunction()

# nacre_add_doc(page source.td -gen-x-doc ...): build/*/docs/<page>.md, made by the target `mlir-doc`.
# (MLIR's own add_mlir_doc writes for Hugo.)
function(nacre_add_doc page source)
  set(LLVM_TARGET_DEFINITIONS ${source})
  tablegen(MLIR ${page}.md ${ARGN} -I ${CMAKE_SOURCE_DIR} -I ${MLIR_INCLUDE_DIRS})
  set(output ${CMAKE_BINARY_DIR}/docs/${page}.md)
  add_custom_command(OUTPUT ${output} DEPENDS ${CMAKE_CURRENT_BINARY_DIR}/${page}.md
    COMMAND ${CMAKE_COMMAND} -E copy ${CMAKE_CURRENT_BINARY_DIR}/${page}.md ${output})
  add_custom_target(${page}-doc DEPENDS ${output})
  add_dependencies(mlir-doc ${page}-doc)
endfunction()
