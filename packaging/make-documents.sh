#!/usr/bin/env bash
# Writes what is installed beside the program and made from it: man pages, completions, licences.
#   packaging/make-documents.sh BLOBMOUNT VERSION DIRECTORY
set -euo pipefail

readonly blobmount=$1 version=$2 to=$3
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
readonly here
readonly completions=(bash zsh fish)

# What is compiled in, as a package of Debian; libfuse is told apart.
readonly compiled_in=(libcli11-dev nlohmann-json3-dev)

# The reference of all options, of a kind that "blobmount config reference" knows.
reference() { "$blobmount" config reference "$1"; }

# man_page NAME: the options in place of "@OPTIONS@", a line of its own.
man_page() {
  sed -e "s/@VERSION@/$version/" -e "/^@OPTIONS@$/{
    r $to/options.man
    d
  }" "$here/man/$1.in" >"$to/$1"
}

licences() {
  local package notice
  cat "$here/../LICENSE"
  printf '\n--- libfuse, linked statically ---\n\n'
  cat <<'TEXT'
The library of libfuse, with the changes that stand in packaging/libfuse of blobmount's source, is a part of this
program: https://github.com/libfuse/libfuse. It may be used under the terms of the GNU Lesser General Public License,
version 2.1, whose text is in the file LGPL-2.1 beside this one. To use the program with a libfuse that you have changed, build it
anew: its source is complete, and packaging/build-libfuse.sh fetches, changes and builds the library. You may change
the program for your own use, and reverse engineer it to debug such changes.
TEXT
  for package in "${compiled_in[@]}"; do
    notice=/usr/share/doc/$package/copyright
    [[ -r $notice ]] || {
      printf 'make-documents: %s is missing, and its terms have to go with the program.\n' "$notice" >&2
      exit 1
    }
    printf '\n--- %s, parts of which are compiled in ---\n\n' "${package%-dev}"
    cat "$notice"
  done
}

mkdir -p "$to"
reference man >"$to/options.man"
man_page blobmount.1
man_page mount.blobmount.8
for shell in "${completions[@]}"; do reference "$shell" >"$to/completion.$shell"; done
licences >"$to/copyright"
