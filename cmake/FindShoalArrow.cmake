# Finds Apache Arrow C++ 26: in the private virtual environment that the set-up made (.deps/venv), or in
# SHOAL_ARROW_ROOT (a folder with include/ and the libraries). Targets ShoalArrow::{arrow,compute,acero,dataset,parquet}.
set(SHOAL_ARROW_MAJOR 26)
file(GLOB _shoal_wheels ${PROJECT_SOURCE_DIR}/.deps/venv/lib/python3*/site-packages/pyarrow)
set(SHOAL_ARROW_ROOT "" CACHE PATH "Folder of Arrow ${SHOAL_ARROW_MAJOR}: include/ and libraries")
set(_shoal_roots ${SHOAL_ARROW_ROOT} ${_shoal_wheels})

find_path(SHOAL_ARROW_INCLUDE arrow/api.h PATHS ${_shoal_roots} PATH_SUFFIXES include NO_DEFAULT_PATH)
foreach(part arrow arrow_compute arrow_acero arrow_dataset parquet)
  find_file(SHOAL_LIB_${part} NAMES lib${part}.so.2600 PATHS ${_shoal_roots} PATH_SUFFIXES lib NO_DEFAULT_PATH)
endforeach()

include(FindPackageHandleStandardArgs)
set(ShoalArrow_VERSION "")
if(SHOAL_ARROW_INCLUDE)
  file(STRINGS ${SHOAL_ARROW_INCLUDE}/arrow/util/config.h _shoal_line REGEX "#define ARROW_VERSION_MAJOR ")
  string(REGEX REPLACE ".*MAJOR +" "" ShoalArrow_VERSION "${_shoal_line}")
  if(NOT ShoalArrow_VERSION EQUAL SHOAL_ARROW_MAJOR)
    message(FATAL_ERROR "Shoal needs Arrow ${SHOAL_ARROW_MAJOR}, but ${SHOAL_ARROW_INCLUDE} has ${ShoalArrow_VERSION}. "
                        "Run tools/setup, or set SHOAL_ARROW_ROOT to an Arrow ${SHOAL_ARROW_MAJOR}.")
  endif()
endif()
find_package_handle_standard_args(ShoalArrow
  REQUIRED_VARS SHOAL_ARROW_INCLUDE SHOAL_LIB_arrow SHOAL_LIB_arrow_compute SHOAL_LIB_arrow_acero
                SHOAL_LIB_arrow_dataset SHOAL_LIB_parquet
  REASON_FAILURE_MESSAGE "run tools/setup, which installs it below .deps, or set SHOAL_ARROW_ROOT")

foreach(part arrow compute acero dataset parquet)
  if(NOT TARGET ShoalArrow::${part})
    set(_shoal_lib ${SHOAL_LIB_arrow_${part}})
    if(part STREQUAL arrow OR part STREQUAL parquet)
      set(_shoal_lib ${SHOAL_LIB_${part}})
    endif()
    add_library(ShoalArrow::${part} SHARED IMPORTED)
    set_target_properties(ShoalArrow::${part} PROPERTIES IMPORTED_LOCATION ${_shoal_lib}
      INTERFACE_INCLUDE_DIRECTORIES ${SHOAL_ARROW_INCLUDE} INTERFACE_SYSTEM_INCLUDE_DIRECTORIES ${SHOAL_ARROW_INCLUDE})
  endif()
endforeach()
target_link_libraries(ShoalArrow::compute INTERFACE ShoalArrow::arrow)
target_link_libraries(ShoalArrow::acero INTERFACE ShoalArrow::compute)
target_link_libraries(ShoalArrow::parquet INTERFACE ShoalArrow::arrow)
target_link_libraries(ShoalArrow::dataset INTERFACE ShoalArrow::parquet ShoalArrow::acero)
