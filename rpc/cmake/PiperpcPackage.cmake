# `cmake --build <folder> --target package` makes one archive of all that is installed: the programs,
# the documents, and the library for whoever has protobuf and abseil of the same kind.
file(GLOB documents RELATIVE ${PROJECT_SOURCE_DIR} *.md docs/*.md rpc/*.md tools/*/*.md)
foreach(document IN LISTS documents)
  cmake_path(GET document PARENT_PATH folder)  # As they are here, so that their links lead on.
  install(FILES ${document} DESTINATION ${CMAKE_INSTALL_DOCDIR}/${folder})
endforeach()

# What is linked into the programs has licenses of its own. A prefix made by hand may lack them.
if(PIPERPC_WINDOWS_PREFIX)
  install(DIRECTORY ${PIPERPC_WINDOWS_PREFIX}/share/licenses DESTINATION ${CMAKE_INSTALL_DOCDIR}
    OPTIONAL)
endif()

string(TOLOWER ${CMAKE_SYSTEM_NAME}-${CMAKE_SYSTEM_PROCESSOR} system)
set(CPACK_PACKAGE_FILE_NAME ${PROJECT_NAME}-${PROJECT_VERSION}-${system})
set(CPACK_GENERATOR TGZ)
if(WIN32)
  set(CPACK_GENERATOR ZIP)
endif()
set(CPACK_STRIP_FILES ON)
include(CPack)
