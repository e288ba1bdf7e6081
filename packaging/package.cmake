# One package with everything, for Debian and for those with rpm.
set(CPACK_PACKAGE_NAME blobmount)
set(CPACK_PACKAGE_VENDOR "The blobmount authors")
set(CPACK_PACKAGE_CONTACT "The blobmount authors <blobmount@localhost>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "Azure Blob Storage as files, by managed identity")
set(CPACK_PACKAGE_DESCRIPTION
    "blobmount shows the containers of a storage account as directories and their blobs as files, for reading. The managed "
    "identity of the machine is the only credential that it needs. What is read is cached, in memory and on disk.")
string(CONCAT CPACK_PACKAGE_DESCRIPTION ${CPACK_PACKAGE_DESCRIPTION})
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_PACKAGE_DIRECTORY ${PROJECT_SOURCE_DIR}/build/packages)
set(CPACK_STRIP_FILES ON)
set(CPACK_PROJECT_CONFIG_FILE ${PROJECT_SOURCE_DIR}/packaging/package-kind.cmake)
set(CPACK_COMPONENTS_GROUPING ALL_COMPONENTS_IN_ONE)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE
    WORLD_READ WORLD_EXECUTE)

set(scripts ${PROJECT_SOURCE_DIR}/packaging/debian)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION utils)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
# fuse3 mounts for who is not root; the certificates are libcurl's to trust
set(CPACK_DEBIAN_PACKAGE_DEPENDS "fuse3, ca-certificates")
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA ${scripts}/postinst ${scripts}/prerm ${scripts}/postrm)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)

set(CPACK_RPM_COMPONENT_INSTALL ON)
set(CPACK_RPM_FILE_NAME RPM-DEFAULT)
set(CPACK_RPM_PACKAGE_LICENSE "MIT AND LGPL-2.1-only AND BSD-3-Clause")
set(CPACK_RPM_PACKAGE_REQUIRES "fuse3, ca-certificates")
set(CPACK_RPM_POST_INSTALL_SCRIPT_FILE ${PROJECT_SOURCE_DIR}/packaging/rpm/post)
set(CPACK_RPM_PRE_UNINSTALL_SCRIPT_FILE ${PROJECT_SOURCE_DIR}/packaging/rpm/preun)
set(CPACK_RPM_EXCLUDE_FROM_AUTO_FILELIST_ADDITION
    /lib /usr/lib/systemd /usr/lib/systemd/system /usr/sbin /usr/share/bash-completion /usr/share/bash-completion/completions
    /usr/share/fish /usr/share/fish/vendor_completions.d /usr/share/zsh /usr/share/zsh/site-functions /usr/share/man
    /usr/share/man/man1 /usr/share/man/man8 /usr/share/doc)

include(CPack)
