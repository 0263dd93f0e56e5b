# Builds and installs PipeRPC with shared libraries, into PREFIX. Takes what steps.cmake says.
include(${CMAKE_CURRENT_LIST_DIR}/steps.cmake)
file(REMOVE_RECURSE ${PREFIX})
build(${CMAKE_CURRENT_LIST_DIR}/../.. ${OUT} -DBUILD_SHARED_LIBS=ON -DCMAKE_INSTALL_LIBDIR=lib
  -DPIPERPC_BUILD_TOOLS=OFF -DPIPERPC_BUILD_SERVICES=OFF)
run(${CMAKE_COMMAND} --install ${OUT} --prefix ${PREFIX})
