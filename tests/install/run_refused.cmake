# Shared libraries for Windows are refused, and the error says what to set. Takes what steps.cmake says.
include(${CMAKE_CURRENT_LIST_DIR}/steps.cmake)
expect_refusal(${CMAKE_CURRENT_LIST_DIR}/../.. ${OUT} "Set PIPERPC_BUILD_SHARED to OFF"
  -DBUILD_SHARED_LIBS=ON)
