# The target libfuse: a pinned one, linked statically, or the system's. docs/adr/0010 says what differs.
add_library(libfuse INTERFACE)

if(BLOBMOUNT_LIBFUSE STREQUAL "pinned")
  set(pinned_libfuse ${PROJECT_SOURCE_DIR}/build/libfuse/stage/usr)
  if(NOT EXISTS ${pinned_libfuse}/lib/libfuse3.a)
    message(FATAL_ERROR "There is no ${pinned_libfuse}/lib/libfuse3.a: run packaging/build-libfuse.sh first, "
                        "or choose the system's libfuse with -DBLOBMOUNT_LIBFUSE=system.")
  endif()
  pkg_check_modules(LIBURING REQUIRED IMPORTED_TARGET liburing>=2.3)
  pkg_check_modules(NUMA REQUIRED IMPORTED_TARGET numa)
  set(libfuse_headers ${pinned_libfuse}/include/fuse3)
  target_include_directories(libfuse SYSTEM INTERFACE ${libfuse_headers})
  target_link_libraries(libfuse INTERFACE ${pinned_libfuse}/lib/libfuse3.a PkgConfig::LIBURING PkgConfig::NUMA Threads::Threads
                        ${CMAKE_DL_LIBS})
  # its patch makes that possible
  target_compile_definitions(libfuse INTERFACE BLOBMOUNT_IO_URING)
elseif(BLOBMOUNT_LIBFUSE STREQUAL "system")
  pkg_check_modules(FUSE3 REQUIRED IMPORTED_TARGET fuse3>=3.14)
  set(libfuse_headers ${FUSE3_INCLUDE_DIRS})
  target_link_libraries(libfuse INTERFACE PkgConfig::FUSE3)
  if(FUSE3_VERSION VERSION_LESS 3.17)
    message(STATUS "libfuse ${FUSE3_VERSION} of the system: goes without passthrough (>= 3.17) and io_uring (pinned only)")
  else()
    message(STATUS "libfuse ${FUSE3_VERSION} of the system: goes without io_uring (pinned only)")
  endif()
else()
  message(FATAL_ERROR "BLOBMOUNT_LIBFUSE is 'pinned' or 'system', not '${BLOBMOUNT_LIBFUSE}'.")
endif()
