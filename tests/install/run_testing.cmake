# A test with piperpc::testing, against an installed package. Takes PREFIX, GREETER_TYPE (of the
# library of the service), and what steps.cmake says.
include(${CMAKE_CURRENT_LIST_DIR}/steps.cmake)
copy_consumers()
use_installed_package()
build(${consumers}/testing ${consumers}/build -DGREETER_TYPE=${GREETER_TYPE})
expect_runs(${consumers}/build/tested)
