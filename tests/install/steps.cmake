# What the tests of this folder have in common. They take OUT (a scratch folder), GENERATOR, OPTIONS (a
# list for the consumers' configuration), EMULATOR (what runs their programs, or nothing) and SUFFIX (of
# these). All consumers are built in a folder with a space in its name.
cmake_minimum_required(VERSION 3.25)
set(consumers "${OUT}/with spaces")

function(run)
  execute_process(COMMAND ${ARGV} COMMAND_ERROR_IS_FATAL ANY)
endfunction()

function(copy_consumers)
  file(REMOVE_RECURSE ${OUT})
  file(COPY ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/consumers/ DESTINATION ${consumers})
endfunction()

# Copies of the sources what the library and the generator are made of: the rest is not needed.
function(copy_sources to)
  set(from ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/../..)
  file(COPY ${from}/CMakeLists.txt ${from}/rpc ${from}/proto DESTINATION ${to})
  file(COPY ${from}/tools/protoc-gen-piperpc DESTINATION ${to}/tools)
endfunction()

# Adds to OPTIONS what makes find_package() find the one that is installed in PREFIX: where a toolchain
# looks into the folders of its own system alone, CMAKE_PREFIX_PATH would not.
macro(use_installed_package)
  file(GLOB_RECURSE config ${PREFIX}/*/piperpcConfig.cmake)
  cmake_path(GET config PARENT_PATH package)
  list(APPEND OPTIONS -Dpiperpc_DIR=${package})
endmacro()

# build(SOURCE FOLDER [OPTION...])
function(build source folder)
  run(${CMAKE_COMMAND} -S ${source} -B ${folder} -G ${GENERATOR} ${OPTIONS} ${ARGN})
  run(${CMAKE_COMMAND} --build ${folder})
endfunction()

function(expect_nothing_to_do folder)
  execute_process(COMMAND ${CMAKE_COMMAND} --build ${folder}
    OUTPUT_VARIABLE said COMMAND_ERROR_IS_FATAL ANY)
  if(GENERATOR STREQUAL "Ninja" AND NOT said MATCHES "no work to do")
    message(FATAL_ERROR "a second build of ${folder} had something to do: ${said}")
  endif()
endfunction()

# expect_runs(PROGRAM [ARGUMENT...])
function(expect_runs program)
  execute_process(COMMAND ${EMULATOR} ${program}${SUFFIX} ${ARGN}
    TIMEOUT 60 COMMAND_ERROR_IS_FATAL ANY)
endfunction()

# expect_refusal(SOURCE FOLDER TEXT [OPTION...]): to configure it fails, and the error has the TEXT.
function(expect_refusal source folder text)
  execute_process(COMMAND ${CMAKE_COMMAND} -S ${source} -B ${folder} -G ${GENERATOR} ${OPTIONS} ${ARGN}
    RESULT_VARIABLE result OUTPUT_QUIET ERROR_VARIABLE said)
  string(REGEX REPLACE "[ \n]+" " " said "${said}")  # CMake breaks lines.
  string(FIND "${said}" "${text}" place)
  if(result EQUAL 0 OR place LESS 0)
    message(SEND_ERROR "not refused with \"${text}\", but ended with ${result}: ${said}")
  endif()
endfunction()
