# The installed tree: libraries, public headers, the package for find_package(Shoal), and the Arrow libraries that
# shoal_data was linked to, in lib/shoal with their licence. Nothing in it points back into the clone.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

add_library(shoal::shoal ALIAS shoal)
add_library(shoal::data ALIAS shoal_data)
set_target_properties(shoal PROPERTIES EXPORT_NAME shoal INSTALL_RPATH "$ORIGIN")
set_target_properties(shoal_data PROPERTIES EXPORT_NAME data INSTALL_RPATH "$ORIGIN;$ORIGIN/shoal")
set_target_properties(shoal shoal_data PROPERTIES
  VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR})

set_target_properties(shoal_program PROPERTIES INSTALL_RPATH "$ORIGIN/../${CMAKE_INSTALL_LIBDIR}")
install(TARGETS shoal_program RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})

install(TARGETS shoal shoal_data EXPORT ShoalTargets LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/shoal DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN *.h)

set(shoal_package ${CMAKE_INSTALL_LIBDIR}/cmake/Shoal)
install(EXPORT ShoalTargets NAMESPACE shoal:: DESTINATION ${shoal_package})
configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/ShoalConfig.cmake.in
  ${PROJECT_BINARY_DIR}/ShoalConfig.cmake INSTALL_DESTINATION ${shoal_package})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/ShoalConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/ShoalConfig.cmake ${PROJECT_BINARY_DIR}/ShoalConfigVersion.cmake
  DESTINATION ${shoal_package})

# Arrow's libraries find each other by their own $ORIGIN; which of them are needed is read from shoal_data itself.
get_target_property(shoal_arrow_library ShoalArrow::arrow IMPORTED_LOCATION)
get_filename_component(shoal_arrow_folder ${shoal_arrow_library} DIRECTORY)
install(CODE "
  file(GET_RUNTIME_DEPENDENCIES LIBRARIES \"$<TARGET_FILE:shoal_data>\"
    RESOLVED_DEPENDENCIES_VAR resolved UNRESOLVED_DEPENDENCIES_VAR unresolved)
  foreach(library \${resolved})
    get_filename_component(folder \${library} DIRECTORY)
    if(folder STREQUAL \"${shoal_arrow_folder}\")
      file(INSTALL \${library} DESTINATION \"\${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_LIBDIR}/shoal\")
    endif()
  endforeach()")

install(FILES ${PROJECT_SOURCE_DIR}/LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})
file(GLOB shoal_arrow_licences ${shoal_arrow_folder}/../pyarrow-*.dist-info/licenses/*.txt
  ${shoal_arrow_folder}/../share/doc/arrow/*.txt)
install(FILES ${shoal_arrow_licences} DESTINATION ${CMAKE_INSTALL_DOCDIR}/arrow)
