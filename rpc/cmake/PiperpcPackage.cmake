# `cmake --build <folder> --target package` makes one archive of all that is installed: the programs,
# the documents, and the library for whoever has protobuf and abseil of the same kind.
include(GNUInstallDirs)
file(GLOB documents RELATIVE ${PROJECT_SOURCE_DIR} CONFIGURE_DEPENDS
  *.md docs/*.md rpc/*.md tools/*/*.md examples/*/*.md)

# A link to a header, or to a .proto, leads to where that is installed; all else that documents
# link to lies as it does here.
function(piperpc_install_document document)
  cmake_path(GET document PARENT_PATH folder)
  set(from ${CMAKE_INSTALL_FULL_DOCDIR}/${folder})
  file(RELATIVE_PATH headers ${from} ${CMAKE_INSTALL_FULL_INCLUDEDIR}/piperpc)
  file(RELATIVE_PATH protos ${from} ${CMAKE_INSTALL_FULL_DATADIR}/piperpc/proto)
  file(READ ${document} text)
  string(REGEX REPLACE "\\]\\((\\.\\./)*rpc/include/piperpc/" "](${headers}/" text "${text}")
  string(REGEX REPLACE "\\]\\((\\.\\./)*proto/" "](${protos}/" text "${text}")
  set(installed ${PROJECT_BINARY_DIR}/documents/${document})
  file(WRITE ${installed} "${text}")
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${document})
  install(FILES ${installed} DESTINATION ${CMAKE_INSTALL_DOCDIR}/${folder} COMPONENT tools)
endfunction()

foreach(document IN LISTS documents)
  piperpc_install_document(${document})
endforeach()
install(FILES docs/performance.png docs/performance-grid.png DESTINATION ${CMAKE_INSTALL_DOCDIR}/docs
  COMPONENT tools)
install(DIRECTORY examples DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT tools
  PATTERN README.md EXCLUDE PATTERN build EXCLUDE)

# What is linked into the programs has licenses of its own. A prefix made by hand may lack them.
if(PIPERPC_WINDOWS_PREFIX)
  install(DIRECTORY ${PIPERPC_WINDOWS_PREFIX}/share/licenses DESTINATION ${CMAKE_INSTALL_DOCDIR}
    COMPONENT tools OPTIONAL)
endif()

if(PIPERPC_ARCHIVES)
  foreach(package libprotobuf-dev libabsl-dev liburing-dev zlib1g-dev)
    install(FILES /usr/share/doc/${package}/copyright DESTINATION ${CMAKE_INSTALL_DOCDIR}/licenses
      RENAME ${package} COMPONENT tools OPTIONAL)
  endforeach()
endif()

string(TOLOWER ${CMAKE_SYSTEM_NAME}-${CMAKE_SYSTEM_PROCESSOR} system)
set(CPACK_PACKAGE_FILE_NAME ${PROJECT_NAME}-${PROJECT_VERSION}-${system})
set(CPACK_GENERATOR TGZ)
if(WIN32)
  set(CPACK_GENERATOR ZIP)
endif()
set(CPACK_STRIP_FILES ON)
if(CMAKE_SYSTEM_NAME STREQUAL "Linux")
  include(PiperpcManual)
  if(PIPERPC_BUILD_SHARED)
    include(PiperpcDebian)
  endif()
endif()
include(CPack)
