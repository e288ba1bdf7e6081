#!/usr/bin/env bash
# Makes packages of the release build, in build/packages, and prints their names.
#   packaging/package.sh [deb|rpm]...      the deb unless told
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

readonly packages=$build/packages

(($# > 0)) || set -- deb
for kind in "$@"; do
  [[ $kind == deb || $kind == rpm ]] || fail "no such kind of package: '$kind'. There are deb and rpm."
done

# A man page that man complains about is not shipped.
check_man_pages() {
  local page complaints
  for page in "$build"/release/documents/*.[0-9]; do
    complaints=$(LC_ALL=C.UTF-8 MANROFFSEQ='' MANWIDTH=100 man --warnings --encoding=utf8 --local-file "$page" 2>&1 >/dev/null)
    [[ -z $complaints ]] || fail "$page: $complaints"
  done
}

# make_package deb|rpm
make_package() {
  local kind=$1
  rm -f "$packages"/*."$kind"
  quietly "package-$kind" cpack --config "$build/release/CPackConfig.cmake" -G "${kind^^}"
  ls "$packages"/*."$kind"
}

make_packages() {
  "$root/packaging/install-dependencies.sh" package
  "$root/packaging/build-libfuse.sh"
  build_preset release blobmount documents
  check_man_pages
  for kind in "$@"; do make_package "$kind"; done
}

# what is installed depends on it: files that the world cannot read would be
umask 022
alone make_packages "$@"
