# shoal_room(NAME LIBRARY target [STATIC] LINKS ...): the library of src/NAME and include/shoal/NAME, and one test
# program NAME_test of every x_test.cc in it. Tests in files x_slow_test.cc get the label "slow".
function(shoal_room name)
  cmake_parse_arguments(room "STATIC" "LIBRARY" "LINKS" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/${name}/*.cc)
  if(NOT sources)
    return()
  endif()
  set(tests ${sources})
  list(FILTER sources EXCLUDE REGEX "_(test|bench|fuzz)\\.cc$")
  list(FILTER tests INCLUDE REGEX "_test\\.cc$")
  if(room_STATIC)
    add_library(${room_LIBRARY} STATIC ${sources})
  else()
    add_library(${room_LIBRARY} SHARED ${sources})
  endif()
  target_include_directories(${room_LIBRARY} PUBLIC
    $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include> $<INSTALL_INTERFACE:include>
    PRIVATE $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/src>)
  target_link_libraries(${room_LIBRARY} ${room_LINKS})
  target_compile_definitions(${room_LIBRARY} PRIVATE SPDLOG_COMPILED_LIB SPDLOG_FMT_EXTERNAL)
  if(SHOAL_TESTS AND tests)
    add_executable(${name}_test ${tests})
    target_include_directories(${name}_test PRIVATE ${PROJECT_SOURCE_DIR}/src ${PROJECT_SOURCE_DIR})
    target_link_libraries(${name}_test PRIVATE ${room_LIBRARY} GTest::gtest GTest::gmock GTest::gtest_main)
    if(NOT name STREQUAL base)
      target_link_libraries(${name}_test PRIVATE ShoalArrow::arrow ShoalArrow::compute ShoalArrow::parquet
        OpenSSL::SSL OpenSSL::Crypto Boost::headers fmt::fmt pugixml::pugixml JPEG::JPEG PNG::PNG)
    endif()
    target_compile_definitions(${name}_test PRIVATE SHOAL_SOURCE_DIR="${PROJECT_SOURCE_DIR}"
      SHOAL_BINARY_DIR="${PROJECT_BINARY_DIR}")
    gtest_discover_tests(${name}_test DISCOVERY_MODE PRE_TEST PROPERTIES TIMEOUT 300)
  endif()
endfunction()
