# A project that fetches PipeRPC, and whose own libraries are shared ones. Takes what steps.cmake says.
include(${CMAKE_CURRENT_LIST_DIR}/steps.cmake)
copy_consumers()
set(piperpc ${consumers}/piperpc)
copy_sources(${piperpc})

set(folder ${piperpc}/build/fetched)  # See run_embedded.cmake.
build(${consumers}/fetched ${folder} -DFETCHCONTENT_SOURCE_DIR_PIPERPC=${piperpc} -DPIPERPC_ARCHIVE=${piperpc}
  -DBUILD_SHARED_LIBS=ON -DPIPERPC_BUILD_SHARED=OFF)
expect_nothing_to_do(${folder})
expect_runs(${folder}/program)
