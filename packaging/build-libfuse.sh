#!/usr/bin/env bash
# Builds the libfuse that blobmount is linked with, as a static library, into build/libfuse; installs nothing. Its source
# is Debian's source package, from the mirror that this machine has, of a newer suite where its own is older; apt checks
# the signatures. Asks nobody when it is there. docs/adr/0010 says why, packaging/libfuse what is changed in it.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

readonly version=3.18.3-1 # and newer ones of 3.18, where the suites have moved on
readonly suites=(forky sid)
readonly patches=$root/packaging/libfuse
readonly to=$build/libfuse
readonly keyring=/usr/share/keyrings/debian-archive-keyring.gpg

# What the library depends on, so that a change of any of it builds it anew.
recipe() { cat "${BASH_SOURCE[0]}" "$patches"/*.patch; }

# apt-get with lists, caches and sources of its own.
apt() {
  "$1" -o Dir::Etc::sourcelist="$to/apt/sources.list" -o Dir::Etc::sourceparts=/dev/null -o Dir::State="$to/apt/state" \
    -o Dir::State::lists="$to/apt/state/lists" -o Dir::Cache="$to/apt/cache" -o APT::Sandbox::User="" "${@:2}"
}

# The mirror of Debian itself that this machine uses.
mirror() {
  # shellcheck disable=SC2016 # it is apt-get that expands it
  apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Origin: Debian' 'Label: Debian' | head -n 1
}

list_sources() {
  local from
  from=$(mirror)
  # its lists may be empty
  [[ -n $from ]] || { apt-get --quiet update && from=$(mirror); }
  [[ -n $from ]] || fail "apt knows no mirror of Debian. cmake -DBLOBMOUNT_LIBFUSE=system builds without this."
  mkdir -p "$to/apt/state/lists/partial" "$to/apt/cache/archives/partial"
  for suite in "${suites[@]}"; do
    printf 'deb-src [signed-by=%s] %s %s main\n' "$keyring" "$from" "$suite"
  done >"$to/apt/sources.list"
  apt apt-get --quiet update
}

# The pinned version, or the newest of its series that there is.
available() {
  local series=${version%.*} found
  found=$(apt apt-cache showsrc fuse3 | sed --quiet 's/^Version: //p')
  if grep --quiet --line-regexp --fixed-strings "$version" <<<"$found"; then
    printf '%s\n' "$version"
  else
    grep "^${series//./\\.}\." <<<"$found" | sort --version-sort | tail -n 1
  fi
}

unpack() {
  local found
  found=$(available)
  [[ -n $found ]] || fail "no suite of ${suites[*]} has libfuse ${version%.*}: raise 'version' in $0."
  [[ $found == "$version" ]] || printf 'libfuse %s is no longer there: taking %s.\n' "$version" "$found"
  (cd "$to" && apt apt-get --quiet source --only-source --download-only "fuse3=$found")
  dpkg-source --no-check --extract "$to/fuse3_$found.dsc" "$to/source"
  for patch in "$patches"/*.patch; do patch --directory "$to/source" --strip 1 --fuzz 0 <"$patch"; done
}

compile() {
  # /usr: where fusermount3 is looked for. custom-io: for the tests of the adapter, with a kernel of their own
  meson setup "$to/objects" "$to/source" --buildtype=release --prefix=/usr --libdir=lib --default-library=static \
    -Dexamples=false -Dutils=false -Dtests=false -Duseroot=false -Denable-io-uring=true -Denable-custom-io=true -Db_staticpic=true
  ninja -C "$to/objects"
  DESTDIR=$to/stage meson install -C "$to/objects" --no-rebuild
}

make() {
  rm -rf "$to"
  mkdir -p "$to"
  list_sources
  unpack
  compile
  rm -rf "$to/apt" "$to/objects" "$to"/fuse3_*
  recipe >"$to/recipe"
}

if [[ ${1-} == --make ]]; then
  make
  exit
fi
recipe | cmp --silent - "$to/recipe" && exit
printf 'Building libfuse.\n'
# a shell of its own: in this one, "quietly" would have a failure on the way go unnoticed
quietly build-libfuse "${BASH_SOURCE[0]}" --make
