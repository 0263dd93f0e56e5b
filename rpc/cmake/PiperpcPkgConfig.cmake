# What pkg-config says of the installed libraries, for builds without CMake. The files find their
# prefix from where they are.
set(pc_dir ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
file(RELATIVE_PATH PC_PREFIX /prefix/${pc_dir} /prefix)

set(PC_CFLAGS)
foreach(definition IN LISTS PIPERPC_ABI_DEFINITIONS)
  string(APPEND PC_CFLAGS " -D${definition}")
endforeach()
set(PC_SYSTEM_LIBS -luring)
if(WIN32)
  set(PC_SYSTEM_LIBS "-ladvapi32 -lntdll")
endif()

# What is behind a shared library is not linked again. With a static one it must be, and without
# --static, too: there is no other.
set(PC_PRIVATE_REQUIRES "absl_flat_hash_map absl_strings")
if(PIPERPC_BUILD_SHARED)
  string(APPEND PC_CFLAGS " -DPIPERPC_SHARED")
  set(PC_REQUIRES)
  set(PC_LIBS)
else()
  set(PC_REQUIRES " ${PC_PRIVATE_REQUIRES}")
  set(PC_LIBS " ${PC_SYSTEM_LIBS}")
  set(PC_PRIVATE_REQUIRES)
  set(PC_SYSTEM_LIBS)
endif()

foreach(package piperpc piperpc-builtin)
  configure_file(${CMAKE_CURRENT_LIST_DIR}/${package}.pc.in ${PROJECT_BINARY_DIR}/${package}.pc @ONLY)
  install(FILES ${PROJECT_BINARY_DIR}/${package}.pc DESTINATION ${pc_dir} COMPONENT dev)
endforeach()
