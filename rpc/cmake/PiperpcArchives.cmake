# piperpc_link_archives(PROGRAM LIBRARY...): links it with the LIBRARIES, which are of this project, in
# the order in which they need each other, and with the archives of protobuf, abseil and liburing: a
# program that makes one call takes most of its time to be joined with their thirty shared libraries.
# Where there are no archives, or the LIBRARIES are shared, it is linked as others are.
#
# CMake's own targets of these libraries are the shared ones, so their archives are asked of
# pkg-config. Sanitizers want one copy of what is in them.
set(PIPERPC_ARCHIVES)
if(CMAKE_SYSTEM_NAME STREQUAL "Linux" AND NOT PIPERPC_SANITIZE)
  find_package(PkgConfig)
  if(PkgConfig_FOUND)
    pkg_check_modules(PIPERPC_STATIC QUIET
      protobuf absl_statusor absl_cord absl_any_invocable absl_time absl_str_format
      absl_flat_hash_map absl_flat_hash_set liburing)
  endif()
  # What lies beside the shared libraries is of their version; what lies elsewhere may not be.
  get_target_property(beside protobuf::libprotobuf LOCATION)
  cmake_path(GET beside PARENT_PATH beside)
  foreach(name IN LISTS PIPERPC_STATIC_STATIC_LIBRARIES)
    set(places HINTS ${PIPERPC_STATIC_STATIC_LIBRARY_DIRS})
    if(name MATCHES "^(protobuf|absl_.*|utf8_.*)$")
      set(places PATHS ${beside} NO_DEFAULT_PATH)
    endif()
    find_library(PIPERPC_ARCHIVE_${name} lib${name}.a ${places})
    mark_as_advanced(PIPERPC_ARCHIVE_${name})
    if(PIPERPC_ARCHIVE_${name})
      list(APPEND PIPERPC_ARCHIVES ${PIPERPC_ARCHIVE_${name}})
    elseif(name MATCHES "^(protobuf|absl_.*|utf8_.*|uring)$")
      set(PIPERPC_ARCHIVES)
      break()
    else()
      list(APPEND PIPERPC_ARCHIVES ${name})  # The compiler's or the system's.
    endif()
  endforeach()
endif()

# piperpc_link_files(PROGRAM LIBRARY...): links it with the files of these, and with nothing that they
# bring with them as CMake's targets.
function(piperpc_link_files program)
  foreach(library IN LISTS ARGN)
    target_include_directories(${program} PRIVATE
      $<TARGET_PROPERTY:${library},INTERFACE_INCLUDE_DIRECTORIES>)
    target_link_libraries(${program} PRIVATE $<TARGET_FILE:${library}>)
  endforeach()
  add_dependencies(${program} ${ARGN})
endfunction()

function(piperpc_link_archives program)
  if(NOT PIPERPC_ARCHIVES OR PIPERPC_BUILD_SHARED)
    target_link_libraries(${program} PRIVATE ${ARGN})
    return()
  endif()
  piperpc_link_files(${program} ${ARGN})
  target_link_libraries(${program} PRIVATE ${PIPERPC_ARCHIVES} Threads::Threads)
  target_link_options(${program} PRIVATE -Wl,--gc-sections -Wl,--as-needed)
endfunction()
