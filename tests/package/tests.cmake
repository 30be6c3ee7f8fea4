# What is installed, used from outside: a prefix is filled once, then a C++ project, a C program and Python use it.
set(prefix ${CMAKE_BINARY_DIR}/package_test/prefix)
add_test(NAME package_install COMMAND ${CMAKE_COMMAND} -E env DESTDIR= ${CMAKE_COMMAND} --install ${CMAKE_BINARY_DIR} --prefix ${prefix})
set_tests_properties(package_install PROPERTIES FIXTURES_SETUP installed)
add_test(NAME package_find_package COMMAND ${CMAKE_SOURCE_DIR}/tests/package/find_package_test.sh ${CMAKE_SOURCE_DIR} ${CMAKE_BINARY_DIR}/package_test
         ${CMAKE_CXX_COMPILER} "${WATTLAYER_SANITIZE}")
add_test(NAME package_c_api COMMAND ${CMAKE_SOURCE_DIR}/tests/package/c_api_test.sh ${CMAKE_SOURCE_DIR} ${CMAKE_BINARY_DIR}/package_test
         ${CMAKE_C_COMPILER} "${WATTLAYER_SANITIZE}")
add_test(NAME package_ctypes COMMAND Python3::Interpreter ${CMAKE_SOURCE_DIR}/tests/package/ctypes_test.py ${CMAKE_SOURCE_DIR} ${prefix} "${WATTLAYER_SANITIZE}")
set_tests_properties(package_find_package package_c_api package_ctypes PROPERTIES FIXTURES_REQUIRED installed SKIP_RETURN_CODE 77 TIMEOUT 300)
foreach(shell bash zsh fish)
  add_test(NAME package_completion_${shell} COMMAND ${CMAKE_SOURCE_DIR}/tests/package/completion_test.sh ${shell} ${prefix})
  set_tests_properties(package_completion_${shell} PROPERTIES FIXTURES_REQUIRED installed SKIP_RETURN_CODE 77 TIMEOUT 60)
endforeach()
