# A project that has the sources of PipeRPC within its own. Takes PYTHON, and what steps.cmake
# says.
include(${CMAKE_CURRENT_LIST_DIR}/steps.cmake)
copy_consumers()
set(piperpc ${consumers}/embedded/third_party/piperpc)
copy_sources(${piperpc})

# Where the compiler's cache knows the files: as far from the sources as the build of this test is.
set(folder ${piperpc}/build/embedded)
build(${consumers}/embedded ${folder})
expect_nothing_to_do(${folder})
expect_runs(${folder}/programs/program)
if(EXISTS ${folder}/programs/host)
  expect_runs(${folder}/programs/host ${folder}/programs/libplugin.so)
  run(${PYTHON} -B ${CMAKE_CURRENT_LIST_DIR}/symbols.py --plugin ${folder}/programs/libplugin.so)
endif()
