# A project that fetches PipeRPC, and whose own libraries are shared ones. Takes what steps.cmake says.
include(${CMAKE_CURRENT_LIST_DIR}/steps.cmake)
copy_consumers()
set(piperpc ${consumers}/piperpc)
copy_sources(${piperpc})
set(archive ${consumers}/piperpc.tar)
execute_process(COMMAND ${CMAKE_COMMAND} -E tar cf ${archive} piperpc
  WORKING_DIRECTORY ${consumers} COMMAND_ERROR_IS_FATAL ANY)
list(APPEND OPTIONS -DPIPERPC_ARCHIVE=${archive} -DBUILD_SHARED_LIBS=ON -DPIPERPC_BUILD_SHARED=OFF)

# From the archive,
run(${CMAKE_COMMAND} -S ${consumers}/fetched -B ${consumers}/build-fetched -G ${GENERATOR} ${OPTIONS})
if(NOT EXISTS ${consumers}/build-fetched/_deps/piperpc-src/rpc/PROTOCOL.md)
  message(FATAL_ERROR "the archive was not unpacked")
endif()

# and from the folder, to build it where the compiler's cache knows the files: see run_embedded.cmake.
set(folder ${piperpc}/build/fetched)
build(${consumers}/fetched ${folder} -DFETCHCONTENT_SOURCE_DIR_PIPERPC=${piperpc})
expect_nothing_to_do(${folder})
expect_runs(${folder}/program)
