# What is installed, and the packages that are made of it. packaging/package.sh makes them.
include(GNUInstallDirs)
install(TARGETS blobmount RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT program)

# mount(8) calls a helper by the type's name; it is the program itself.
set(helper ${PROJECT_BINARY_DIR}/mount.blobmount)
file(CREATE_LINK ../bin/blobmount ${helper} SYMBOLIC)
install(FILES ${helper} DESTINATION ${CMAKE_INSTALL_SBINDIR} COMPONENT program)

set(documents ${PROJECT_BINARY_DIR}/documents)
file(GLOB document_sources CONFIGURE_DEPENDS packaging/man/*.in)
add_custom_command(
  OUTPUT ${documents}/copyright
  COMMAND ${PROJECT_SOURCE_DIR}/packaging/make-documents.sh $<TARGET_FILE:blobmount> ${PROJECT_VERSION} ${documents}
          ${BLOBMOUNT_LIBFUSE}
  DEPENDS blobmount packaging/make-documents.sh LICENSE ${document_sources}
  COMMENT "Writing man pages, completions and licences" VERBATIM)
# What the plain build makes can be installed. A build with sanitizers is not, and its program does not run everywhere.
if(BLOBMOUNT_SANITIZE)
  add_custom_target(documents DEPENDS ${documents}/copyright)
else()
  add_custom_target(documents ALL DEPENDS ${documents}/copyright)
endif()

set(man_pages ${CMAKE_INSTALL_MANDIR})
install(FILES ${documents}/blobmount.1 DESTINATION ${man_pages}/man1 COMPONENT documents)
install(FILES ${documents}/mount.blobmount.8 DESTINATION ${man_pages}/man8 COMPONENT documents)

set(data ${CMAKE_INSTALL_DATADIR})
install(FILES ${documents}/completion.bash DESTINATION ${data}/bash-completion/completions RENAME blobmount
        COMPONENT documents)
install(FILES ${documents}/completion.fish DESTINATION ${data}/fish/vendor_completions.d RENAME blobmount.fish
        COMPONENT documents)
install(FILES ${documents}/completion.zsh DESTINATION ${data}/zsh/vendor-completions RENAME _blobmount
        COMPONENT debian)
install(FILES ${documents}/completion.zsh DESTINATION ${data}/zsh/site-functions RENAME _blobmount
        COMPONENT redhat EXCLUDE_FROM_ALL)

set(about ${data}/doc/blobmount)
install(FILES ${documents}/copyright README.md CHANGELOG.md DESTINATION ${about} COMPONENT documents)
install(DIRECTORY docs/ DESTINATION ${about} COMPONENT documents FILES_MATCHING PATTERN "*.md" PATTERN "*.svg")
install(FILES packaging/examples/example.json DESTINATION ${about}/examples COMPONENT documents)
if(BLOBMOUNT_LIBFUSE STREQUAL "pinned")
  install(FILES build/libfuse/source/LGPL2.txt DESTINATION ${about} RENAME LGPL-2.1 COMPONENT documents)
endif()
foreach(monitoring IN ITEMS grafana prometheus)
  if(IS_DIRECTORY ${PROJECT_SOURCE_DIR}/packaging/${monitoring})
    install(DIRECTORY packaging/${monitoring} DESTINATION ${data}/blobmount COMPONENT documents)
  endif()
endforeach()

set(units lib/systemd/system)
install(FILES packaging/systemd/blobmount@.service DESTINATION ${units} COMPONENT program)
# plocate of Debian: others start updatedb otherwise
install(FILES packaging/systemd/plocate-updatedb.conf DESTINATION ${units}/plocate-updatedb.service.d
        RENAME blobmount.conf COMPONENT debian)

include(packaging/package.cmake)
