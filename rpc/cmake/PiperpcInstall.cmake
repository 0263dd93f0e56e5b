# What an installed package has: the runtime, its own messages and services, the generator, and
# piperpc_generate(); for find_package(piperpc), a file of targets for each of its components.
# Included when all targets are there. The components of install(), which Debian's packages are made
# of, are others: runtime, dev, compiler, tools.
include(CMakePackageConfigHelpers)

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/piperpc)
set_target_properties(piperpc_proto PROPERTIES EXPORT_NAME proto)
set_target_properties(piperpc_builtin PROPERTIES EXPORT_NAME builtin)
set_target_properties(piperpc_testing PROPERTIES EXPORT_NAME testing)

# piperpc_install_targets(COMPONENT TARGET...)
function(piperpc_install_targets component)
  install(TARGETS ${ARGN} EXPORT piperpc_${component}
    RUNTIME COMPONENT compiler
    LIBRARY COMPONENT runtime NAMELINK_COMPONENT dev
    ARCHIVE COMPONENT dev
    FILE_SET piperpc_headers COMPONENT dev)
  install(EXPORT piperpc_${component} NAMESPACE piperpc:: FILE piperpcTargets_${component}.cmake
    DESTINATION ${package_dir} COMPONENT dev)
endfunction()

piperpc_install_targets(runtime piperpc)
piperpc_install_targets(builtin piperpc_proto piperpc_builtin)
piperpc_install_targets(testing piperpc_testing)
if(TARGET protoc-gen-piperpc)
  piperpc_install_targets(generate protoc-gen-piperpc)
endif()

install(DIRECTORY ${PROJECT_SOURCE_DIR}/rpc/include/piperpc
  DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT dev FILES_MATCHING PATTERN *.h)
# The services', too, for whoever wants to call an installed piperpcd.
install(DIRECTORY ${PROJECT_SOURCE_DIR}/proto/
  DESTINATION ${CMAKE_INSTALL_DATADIR}/piperpc/proto COMPONENT dev FILES_MATCHING PATTERN *.proto)

set(PIPERPC_PROTO_DIR ${CMAKE_INSTALL_DATADIR}/piperpc/proto)
configure_package_config_file(${CMAKE_CURRENT_LIST_DIR}/piperpcConfig.cmake.in
  ${PROJECT_BINARY_DIR}/piperpcConfig.cmake
  INSTALL_DESTINATION ${package_dir} PATH_VARS PIPERPC_PROTO_DIR)
write_basic_package_version_file(${PROJECT_BINARY_DIR}/piperpcConfigVersion.cmake
  COMPATIBILITY SameMinorVersion)
install(FILES
  ${PROJECT_BINARY_DIR}/piperpcConfig.cmake ${PROJECT_BINARY_DIR}/piperpcConfigVersion.cmake
  ${CMAKE_CURRENT_LIST_DIR}/PiperpcGenerate.cmake
  ${CMAKE_CURRENT_LIST_DIR}/PiperpcGeneratedTarget.cmake
  ${CMAKE_CURRENT_LIST_DIR}/PiperpcProtoc.cmake
  ${CMAKE_CURRENT_LIST_DIR}/PiperpcRunProtoc.cmake
  DESTINATION ${package_dir} COMPONENT dev)
