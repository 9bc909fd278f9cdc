# shoal_room(NAME LIBRARY target [STATIC] LINKS ...): the library of src/NAME and include/shoal/NAME, and one test
# program NAME_test of every x_test.cc in it. Where another room made that library, the sources join it. Sources in a
# folder testing/ are what tests share (servers, suites): the static library shoal_NAME_testing, which only tests link.
# A main.cc belongs to no library: whoever calls this makes a program of it.
# With SHOAL_FUZZ each x_fuzz.cc is a libFuzzer program x_fuzz.
set(SHOAL_PRIVATE_LIBRARIES ShoalArrow::arrow ShoalArrow::compute ShoalArrow::parquet OpenSSL::SSL OpenSSL::Crypto
    Boost::headers fmt::fmt pugixml::pugixml JPEG::JPEG PNG::PNG)

function(shoal_room name)
  cmake_parse_arguments(room "STATIC" "LIBRARY" "LINKS" ${ARGN})
  file(GLOB_RECURSE all CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/${name}/*.cc)
  foreach(kind tests:_test\\.cc$ fuzzers:_fuzz\\.cc$ benches:_bench\\.cc$ testing:/testing/ programs:/main\\.cc$
               sources:.)
    string(REGEX MATCH "^[a-z]+" list ${kind})
    string(REGEX REPLACE "^[a-z]+:" "" pattern ${kind})
    set(${list} ${all})
    list(FILTER ${list} INCLUDE REGEX ${pattern})
    list(FILTER all EXCLUDE REGEX ${pattern})
  endforeach()
  if(NOT sources)
    return()
  endif()

  if(TARGET ${room_LIBRARY})
    target_sources(${room_LIBRARY} PRIVATE ${sources})
  elseif(room_STATIC)
    add_library(${room_LIBRARY} STATIC ${sources})
  else()
    add_library(${room_LIBRARY} SHARED ${sources})
  endif()
  target_include_directories(${room_LIBRARY} PUBLIC
    $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include> $<INSTALL_INTERFACE:include>
    PRIVATE $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/src>)
  target_compile_features(${room_LIBRARY} PUBLIC cxx_std_20)
  target_link_libraries(${room_LIBRARY} ${room_LINKS})
  target_compile_definitions(${room_LIBRARY} PRIVATE SPDLOG_COMPILED_LIB SPDLOG_FMT_EXTERNAL)

  if((SHOAL_TESTS OR SHOAL_FUZZ) AND testing)
    add_library(shoal_${name}_testing STATIC ${testing})
    target_include_directories(shoal_${name}_testing PUBLIC ${PROJECT_SOURCE_DIR}/src)
    target_link_libraries(shoal_${name}_testing PUBLIC ${room_LIBRARY} PRIVATE GTest::gtest OpenSSL::SSL
      OpenSSL::Crypto Boost::headers ShoalArrow::arrow)
  endif()
  if(SHOAL_TESTS AND tests)
    add_executable(${name}_test ${tests})
    target_include_directories(${name}_test PRIVATE ${PROJECT_SOURCE_DIR}/src ${PROJECT_SOURCE_DIR})
    target_link_libraries(${name}_test PRIVATE ${room_LIBRARY} GTest::gtest GTest::gmock GTest::gtest_main)
    if(testing)
      target_link_libraries(${name}_test PRIVATE shoal_${name}_testing)
    endif()
    if(NOT room_LIBRARY STREQUAL shoal)
      target_link_libraries(${name}_test PRIVATE ${SHOAL_PRIVATE_LIBRARIES})
    endif()
    gtest_discover_tests(${name}_test DISCOVERY_MODE PRE_TEST PROPERTIES TIMEOUT 300)
  endif()
  if(SHOAL_FUZZ)
    foreach(fuzzer ${fuzzers})
      get_filename_component(program ${fuzzer} NAME_WE)
      add_executable(${program} ${fuzzer})
      target_include_directories(${program} PRIVATE ${PROJECT_SOURCE_DIR}/src)
      target_link_libraries(${program} PRIVATE ${room_LIBRARY} ${SHOAL_PRIVATE_LIBRARIES})
      if(testing)
        target_link_libraries(${program} PRIVATE shoal_${name}_testing)
      endif()
      target_link_options(${program} PRIVATE -fsanitize=fuzzer)
    endforeach()
  endif()
endfunction()
