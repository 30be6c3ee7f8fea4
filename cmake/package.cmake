# Debian packages by `cpack -G DEB` (tools/build_deb.sh): the program, the shared library of the C API, what developers need.
set(CPACK_PACKAGE_NAME wattlayer)
set(CPACK_PACKAGE_VENDOR "WattLayer")
set(CPACK_PACKAGE_CONTACT "WattLayer maintainers <maintainers@wattlayer.invalid>")
set(CPACK_RESOURCE_FILE_LICENSE ${CMAKE_SOURCE_DIR}/LICENSE)
set(CPACK_STRIP_FILES ON)
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_COMPONENTS_ALL program library development)
set(CPACK_COMPONENTS_GROUPING IGNORE)
set(CPACK_COMPONENT_DEVELOPMENT_DEPENDS library)

set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_RELEASE 1)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_ENABLE_COMPONENT_DEPENDS ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_COMPRESSION_TYPE xz)

set(about "Estimates the energy of neural networks from ONNX files, for a named
device and engine, with an interval and a statement of what the figure
rests on.")
set(CPACK_DEBIAN_PROGRAM_PACKAGE_NAME wattlayer)
set(CPACK_DEBIAN_PROGRAM_PACKAGE_SECTION science)
set(CPACK_DEBIAN_PROGRAM_PACKAGE_SUGGESTS libxgboost0)
set(CPACK_DEBIAN_PROGRAM_DESCRIPTION "energy of neural networks, layer by layer
${about}
.
It also measures energy with the counters of processors and GPUs, fits
energy models to measurements, and projects the energy of trainings.")
set(CPACK_DEBIAN_LIBRARY_PACKAGE_NAME libwattlayer${c_api_abi})
set(CPACK_DEBIAN_LIBRARY_PACKAGE_SECTION libs)
set(CPACK_DEBIAN_LIBRARY_DESCRIPTION "energy of neural networks, layer by layer (shared library)
${about}
.
This is the library that programs in C and other languages load.")
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_NAME libwattlayer-dev)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_DEPENDS "libsqlite3-dev, zlib1g-dev")
set(CPACK_DEBIAN_DEVELOPMENT_DESCRIPTION "energy of neural networks, layer by layer (development files)
${about}
.
Headers, the static C++ library with its CMake package file, and the C API
with its pkg-config file.")

file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/share/debian/triggers CONTENT "activate-noawait ldconfig\n")
file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/share/debian/shlibs
     CONTENT "libwattlayer ${c_api_abi} libwattlayer${c_api_abi} (>= ${PROJECT_VERSION})\n")
set(CPACK_DEBIAN_LIBRARY_PACKAGE_CONTROL_EXTRA ${CMAKE_BINARY_DIR}/share/debian/triggers ${CMAKE_BINARY_DIR}/share/debian/shlibs)

# Debian asks each package for its licences and its changes.
string(TIMESTAMP changed "%a, %d %b %Y %H:%M:%S +0000" UTC)
foreach(package program:wattlayer library:libwattlayer${c_api_abi} development:libwattlayer-dev)
  string(REPLACE ":" ";" package ${package})
  list(GET package 0 component)
  list(GET package 1 name)
  set(texts ${CMAKE_BINARY_DIR}/share/debian/${name})
  configure_file(packaging/changelog.in ${texts}/changelog.Debian @ONLY)
  execute_process(COMMAND ${GZIP} -9nf ${texts}/changelog.Debian)
  install(FILES packaging/copyright ${texts}/changelog.Debian.gz DESTINATION share/doc/${name} COMPONENT ${component} EXCLUDE_FROM_ALL)
endforeach()
include(CPack)
