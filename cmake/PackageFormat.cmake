# What CPack reads once per format: only the .deb has a fixed place.
if(CPACK_GENERATOR STREQUAL "DEB")
  set(CPACK_PACKAGING_INSTALL_PREFIX /opt/nacre)
endif()
