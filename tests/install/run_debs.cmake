# Makes the Debian packages, installs them below a root of their own, builds the README's example
# against them, upgrades and removes them. Takes what steps.cmake says, SOURCE, MAN_PAGES (whether
# there are some), and LINTIAN, which looks at the packages where it is found.
include(${CMAKE_CURRENT_LIST_DIR}/steps.cmake)
set(tree ${OUT}/tree)
set(root ${OUT}/root)

function(expect_installed file)
  if(NOT EXISTS ${root}/${file})
    message(SEND_ERROR "the packages have no /${file}")
  endif()
endfunction()

# What the packages need is this machine's: dpkg sees nothing of it in the root.
function(dpkg)
  run(dpkg --root=${root} --force-depends --force-not-root --force-script-chrootless
    --log=${OUT}/dpkg.log ${ARGN})
endfunction()

# make_debs(VERSION): in OUT/VERSION.
function(make_debs version)
  file(REMOVE_RECURSE ${OUT}/${version})
  run(cpack --config ${tree}/CPackConfig.cmake -G DEB -B ${OUT}/${version}
    -D CPACK_PACKAGE_VERSION=${version})
endfunction()

file(REMOVE_RECURSE ${root})
file(MAKE_DIRECTORY ${root}/var/lib/dpkg/updates ${root}/var/lib/dpkg/info)
file(TOUCH ${root}/var/lib/dpkg/status ${root}/var/lib/dpkg/available)

build(${SOURCE} ${tree} -DBUILD_SHARED_LIBS=ON -DCMAKE_INSTALL_PREFIX=/usr)
make_debs(0.1.0)
file(GLOB debs ${OUT}/0.1.0/*.deb)
list(LENGTH debs count)
if(NOT count EQUAL 4)
  message(FATAL_ERROR "there should be four packages: ${debs}")
endif()
if(LINTIAN)
  run(${LINTIAN} --allow-root --fail-on error,warning
    --suppress-tags-from-file ${CMAKE_CURRENT_LIST_DIR}/lintian_accepted ${debs})
endif()
dpkg(-i ${debs})

file(GLOB libraries ${root}/usr/lib/*/libpiperpc.so.0.1)
cmake_path(GET libraries PARENT_PATH libraries)
foreach(file bin/piperpc bin/piperpcd bin/protoc-gen-piperpc include/piperpc/server.h
    share/piperpc/proto/piperpc/v1/health.proto share/doc/piperpc/README.md
    share/doc/libpiperpc0.1/copyright share/bash-completion/completions/piperpc)
  expect_installed(usr/${file})
endforeach()
if(MAN_PAGES)
  foreach(page man1/piperpc.1 man8/piperpcd.8 man1/protoc-gen-piperpc.1)
    expect_installed(usr/share/man/${page}.gz)
  endforeach()
endif()
set(ENV{LD_LIBRARY_PATH} ${libraries})
expect_runs(${root}/usr/bin/piperpc version)

# What README builds, with the installed package alone.
set(PREFIX ${root}/usr)
use_installed_package()
file(COPY ${root}/usr/share/doc/piperpc/examples/greeter DESTINATION ${OUT}/consumer)
build(${OUT}/consumer/greeter ${OUT}/consumer/build)
if(NOT EXISTS ${OUT}/consumer/build/greeter_server)
  message(FATAL_ERROR "the example was not built")
endif()

make_debs(0.1.1)
file(GLOB newer ${OUT}/0.1.1/*.deb)
dpkg(-i ${newer})
dpkg(-r libpiperpc-dev protoc-gen-piperpc piperpc libpiperpc0.1)
file(GLOB_RECURSE left LIST_DIRECTORIES FALSE ${root}/usr/*)
if(left)
  message(FATAL_ERROR "left behind by the packages: ${left}")
endif()
