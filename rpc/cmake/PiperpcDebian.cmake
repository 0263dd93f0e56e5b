# Debian packages, of what was built with PIPERPC_BUILD_SHARED=ON for the prefix /usr: `cpack -G DEB` in
# the build folder. tools/release does all of that.
set(debian ${PROJECT_SOURCE_DIR}/rpc/cmake/debian)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_ENABLE_COMPONENT_DEPENDS OFF)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_MAINTAINER "The PipeRPC developers <piperpc@localhost>")
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS ON)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS_PRIVATE_DIRS ${PROJECT_BINARY_DIR}/rpc
  ${PROJECT_BINARY_DIR}/rpc/src/builtin ${PROJECT_BINARY_DIR}/proto)
set(CPACK_COMPONENTS_ALL runtime dev compiler tools)

set(runtime_package libpiperpc${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR})
set(CPACK_DEBIAN_RUNTIME_PACKAGE_NAME ${runtime_package})
set(CPACK_DEBIAN_RUNTIME_PACKAGE_SECTION libs)
set(CPACK_DEBIAN_RUNTIME_PACKAGE_CONTROL_EXTRA ${debian}/triggers)
set(CPACK_COMPONENT_RUNTIME_DESCRIPTION "RPC over named pipes, defined in protobuf (libraries)
 Programs that serve or call PipeRPC services need these.")

set(CPACK_DEBIAN_DEV_PACKAGE_NAME libpiperpc-dev)
set(CPACK_DEBIAN_DEV_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_DEV_PACKAGE_DEPENDS "${runtime_package} (= ${PROJECT_VERSION}), \
protoc-gen-piperpc (= ${PROJECT_VERSION}), libprotobuf-dev, libabsl-dev, liburing-dev")
set(CPACK_COMPONENT_DEV_DESCRIPTION "RPC over named pipes, defined in protobuf (development)
 Headers, .proto files, and the package for CMake and pkg-config.")

set(CPACK_DEBIAN_COMPILER_PACKAGE_NAME protoc-gen-piperpc)
set(CPACK_DEBIAN_COMPILER_PACKAGE_SECTION devel)
set(CPACK_DEBIAN_COMPILER_PACKAGE_DEPENDS protobuf-compiler)
set(CPACK_COMPONENT_COMPILER_DESCRIPTION "RPC over named pipes, defined in protobuf (protoc plugin)
 Makes service base classes and clients in C++ of .proto files.")

set(CPACK_DEBIAN_TOOLS_PACKAGE_NAME piperpc)
set(CPACK_DEBIAN_TOOLS_PACKAGE_SECTION utils)
set(CPACK_COMPONENT_TOOLS_DESCRIPTION "RPC over named pipes, defined in protobuf (programs)
 The command line that calls any service, and piperpcd, which hosts three.")

# Each package says whose it is, and since when it is as it is.
set(changelog ${PROJECT_BINARY_DIR}/changelog)
configure_file(${debian}/changelog ${changelog} COPYONLY)
find_program(PIPERPC_GZIP gzip REQUIRED)
execute_process(COMMAND ${PIPERPC_GZIP} --best --no-name --force --keep ${changelog}
  COMMAND_ERROR_IS_FATAL ANY)
function(piperpc_debian_documents package component)
  set(folder ${CMAKE_INSTALL_DATADIR}/doc/${package})
  install(FILES ${debian}/copyright ${changelog}.gz DESTINATION ${folder} COMPONENT ${component})
endfunction()
piperpc_debian_documents(${runtime_package} runtime)
piperpc_debian_documents(libpiperpc-dev dev)
piperpc_debian_documents(protoc-gen-piperpc compiler)
piperpc_debian_documents(piperpc tools)
