#!/usr/bin/env bash
# Writes what is installed beside the program and made from it: man pages, completions, licences.
#   packaging/make-documents.sh BLOBMOUNT VERSION DIRECTORY pinned|system      the last is which libfuse it has
set -euo pipefail

readonly blobmount=$1 version=$2 to=$3 libfuse=$4
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
readonly here
readonly completions=(bash zsh fish)

# What is compiled in, as packages of Debian and of those with rpm call it; libfuse is told apart.
readonly compiled_in=(libcli11-dev:cli11-devel nlohmann-json3-dev:json-devel)

# The reference of all options, of a kind that "blobmount config reference" knows.
reference() { "$blobmount" config reference "$1"; }

# man_page NAME: the options in place of "@OPTIONS@", a line of its own.
man_page() {
  sed -e "s/@VERSION@/$version/" -e "/^@OPTIONS@$/{
    r $to/options.man
    d
  }" "$here/man/$1.in" >"$to/$1"
}

# notices_of DEBIAN-PACKAGE RPM-PACKAGE: the files with its terms.
notices_of() {
  local notice found=1
  for notice in "/usr/share/doc/$1/copyright" "/usr/share/licenses/$2"/*; do
    [[ ! -r $notice ]] || { printf '%s\n' "$notice" && found=0; }
  done
  return "$found"
}

libfuse_licence() {
  cat <<'TEXT'

--- libfuse, linked statically ---

The library of libfuse, with the changes that stand in packaging/libfuse of blobmount's source, is a part of this
program: https://github.com/libfuse/libfuse. It may be used under the terms of the GNU Lesser General Public License,
version 2.1, whose text is in the file LGPL-2.1 beside this one. To use the program with a libfuse that you have changed, build it
anew: its source is complete, and packaging/build-libfuse.sh fetches, changes and builds the library. You may change
the program for your own use, and reverse engineer it to debug such changes.
TEXT
}

licences() {
  local both notices
  cat "$here/../LICENSE"
  if [[ $libfuse == pinned ]]; then libfuse_licence; fi
  for both in "${compiled_in[@]}"; do
    notices=$(notices_of "${both%:*}" "${both#*:}") || {
      printf 'make-documents: the terms of %s are not installed, and have to go with the program.\n' "${both%-dev:*}" >&2
      return 1
    }
    printf '\n--- %s, parts of which are compiled in ---\n\n' "${both%-dev:*}"
    xargs --delimiter='\n' cat <<<"$notices"
  done
}

mkdir -p "$to"
reference man >"$to/options.man"
man_page blobmount.1
man_page mount.blobmount.8
for shell in "${completions[@]}"; do reference "$shell" >"$to/completion.$shell"; done
licences >"$to/copyright"
