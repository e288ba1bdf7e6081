# What differs between the kinds; CPack reads it before each of them.
if(CPACK_GENERATOR STREQUAL "DEB")
  set(CPACK_COMPONENTS_ALL program documents debian)
else()
  set(CPACK_COMPONENTS_ALL program documents redhat)
endif()
