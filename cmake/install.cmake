# What `cmake --install` lays down: the program, the static library with its package file, the shared library for other languages.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

# C symbols only, by a version script; the C++ runtime inside, so that it meets no other one in a process of another language.
file(GLOB c_api_sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/wattlayer/c_api/*.cc)
add_library(wattlayer_c SHARED ${c_api_sources} ${CMAKE_SOURCE_DIR}/cli/arc4random.cc)
add_library(wattlayer::c ALIAS wattlayer_c)
set(c_api_abi 1)
set_target_properties(wattlayer_c PROPERTIES OUTPUT_NAME wattlayer EXPORT_NAME c VERSION ${c_api_abi}.${PROJECT_VERSION} SOVERSION ${c_api_abi}
                      LINK_DEPENDS ${CMAKE_SOURCE_DIR}/wattlayer/c_api/wattlayer.map)
file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/generated/wattlayer/c_api/version.h CONTENT
"// Written by CMake.
#pragma once
#define WATTLAYER_VERSION \"${PROJECT_VERSION}\"
" @ONLY)
target_include_directories(wattlayer_c INTERFACE $<BUILD_INTERFACE:${CMAKE_SOURCE_DIR}> $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
target_link_libraries(wattlayer_c PRIVATE $<BUILD_INTERFACE:wattlayer_lib> $<BUILD_INTERFACE:nlohmann_json::nlohmann_json>)
target_link_options(wattlayer_c PRIVATE -Wl,--version-script=${CMAKE_SOURCE_DIR}/wattlayer/c_api/wattlayer.map -Wl,-z,defs -static-libstdc++ -static-libgcc)
if(WATTLAYER_SANITIZE)
  target_link_options(wattlayer_c PRIVATE -Wl,-z,undefs)  # the program brings the sanitizer's runtime
endif()

set_target_properties(wattlayer_lib PROPERTIES EXPORT_NAME wattlayer)
set_target_properties(wattlayer_fmt PROPERTIES EXPORT_NAME fmt)
target_include_directories(wattlayer_lib INTERFACE $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)

set(package_folder ${CMAKE_INSTALL_LIBDIR}/cmake/wattlayer)
install(TARGETS wattlayer RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT program)
install(FILES README.md DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT program)
# The manual page and the completions are what the program says of itself, so they are written anew whenever it is built.
set(shared_texts ${CMAKE_BINARY_DIR}/share)
find_program(GZIP gzip REQUIRED)
file(MAKE_DIRECTORY ${shared_texts})
add_custom_command(OUTPUT ${shared_texts}/wattlayer.1.gz ${shared_texts}/wattlayer ${shared_texts}/_wattlayer ${shared_texts}/wattlayer.fish
                   COMMAND wattlayer man > ${shared_texts}/wattlayer.1
                   COMMAND ${GZIP} -9nf ${shared_texts}/wattlayer.1
                   COMMAND wattlayer completion bash > ${shared_texts}/wattlayer
                   COMMAND wattlayer completion zsh > ${shared_texts}/_wattlayer
                   COMMAND wattlayer completion fish > ${shared_texts}/wattlayer.fish
                   DEPENDS wattlayer COMMENT "Writing the manual page and the completions" VERBATIM)
add_custom_target(shared_texts ALL DEPENDS ${shared_texts}/wattlayer.1.gz)
install(FILES ${shared_texts}/wattlayer.1.gz DESTINATION ${CMAKE_INSTALL_MANDIR}/man1 COMPONENT program)
install(FILES ${shared_texts}/wattlayer DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions COMPONENT program)
install(FILES ${shared_texts}/_wattlayer DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/vendor-completions COMPONENT program)
install(FILES ${shared_texts}/wattlayer.fish DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d COMPONENT program)
install(TARGETS wattlayer_lib wattlayer_fmt EXPORT wattlayer ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT development)
install(TARGETS wattlayer_c EXPORT wattlayer LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT library NAMELINK_COMPONENT development)
install(DIRECTORY wattlayer DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT development FILES_MATCHING PATTERN "*.h" PATTERN "handles.h" EXCLUDE)
install(EXPORT wattlayer NAMESPACE wattlayer:: DESTINATION ${package_folder} COMPONENT development)
configure_package_config_file(cmake/wattlayer-config.cmake.in ${CMAKE_BINARY_DIR}/generated/wattlayer-config.cmake
                              INSTALL_DESTINATION ${package_folder} NO_SET_AND_CHECK_MACRO)
write_basic_package_version_file(${CMAKE_BINARY_DIR}/generated/wattlayer-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_BINARY_DIR}/generated/wattlayer-config.cmake ${CMAKE_BINARY_DIR}/generated/wattlayer-config-version.cmake
        DESTINATION ${package_folder} COMPONENT development)
file(RELATIVE_PATH pc_prefix /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
configure_file(cmake/wattlayer.pc.in ${CMAKE_BINARY_DIR}/generated/wattlayer.pc @ONLY)
install(FILES ${CMAKE_BINARY_DIR}/generated/wattlayer.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT development)
