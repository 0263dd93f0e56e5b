# What an installed package has: the runtime, its own messages and services, the generator, and
# piperpc_generate(). Included when all targets are there.
include(CMakePackageConfigHelpers)

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/piperpc)
set_target_properties(piperpc_proto PROPERTIES EXPORT_NAME proto)
set_target_properties(piperpc_builtin PROPERTIES EXPORT_NAME builtin)
get_target_property(generated piperpc_proto PIPERPC_GENERATED_DIR)

install(TARGETS piperpc piperpc_proto piperpc_builtin EXPORT piperpc
  INCLUDES DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
if(TARGET protoc-gen-piperpc)
  install(TARGETS protoc-gen-piperpc EXPORT piperpc)
endif()
install(EXPORT piperpc NAMESPACE piperpc:: FILE piperpcTargets.cmake DESTINATION ${package_dir})

install(DIRECTORY ${PROJECT_SOURCE_DIR}/rpc/include/piperpc
  DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN *.h)
install(DIRECTORY ${generated}/piperpc
  DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN *.h)
# The services', too, for whoever wants to call an installed piperpcd.
install(DIRECTORY ${PROJECT_SOURCE_DIR}/proto/
  DESTINATION ${CMAKE_INSTALL_DATADIR}/piperpc/proto FILES_MATCHING PATTERN *.proto)

set(PIPERPC_PROTO_DIR ${CMAKE_INSTALL_DATADIR}/piperpc/proto)
configure_package_config_file(${CMAKE_CURRENT_LIST_DIR}/piperpcConfig.cmake.in
  ${PROJECT_BINARY_DIR}/piperpcConfig.cmake
  INSTALL_DESTINATION ${package_dir} PATH_VARS PIPERPC_PROTO_DIR)
write_basic_package_version_file(${PROJECT_BINARY_DIR}/piperpcConfigVersion.cmake
  COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_CURRENT_LIST_DIR}/PiperpcGenerate.cmake
  ${PROJECT_BINARY_DIR}/piperpcConfig.cmake ${PROJECT_BINARY_DIR}/piperpcConfigVersion.cmake
  DESTINATION ${package_dir})
