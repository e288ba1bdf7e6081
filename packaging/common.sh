# What demo.sh and test.sh share: making the machine ready and building. To be sourced.
# Everything that is made stands below $build, so removing that folder undoes it all but the installed packages.
# shellcheck shell=bash

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
readonly root build=$root/build

# The storage emulator's executable; the tests look for it here.
export BLOBMOUNT_AZURITE=$build/azurite/node_modules/.bin/azurite-blob

fail() {
  printf '%s: %s\n' "$(basename "$0" .sh)" "$*" >&2
  exit 1
}

# quietly NAME COMMAND...: what COMMAND prints goes to build/logs/NAME.log, and is shown only when it fails.
quietly() {
  local log=$build/logs/$1.log
  shift
  mkdir -p "$build/logs"
  "$@" >"$log" 2>&1 || {
    tail -n 60 "$log" >&2
    fail "this failed: $*. The last it said stands above, all of it in $log."
  }
}

# alone COMMAND...: no other run of these scripts in this clone installs or builds meanwhile.
alone() (
  mkdir -p "$build"
  exec 9>"$build/.lock"
  flock --nonblock 9 || {
    printf 'Waiting for another run to finish its building.\n'
    flock 9
  }
  "$@"
)

# The lockfile holds every package's hash and no address: npm takes them from the registry it is set up with.
install_azurite() {
  local to=$build/azurite from=$root/packaging/azurite
  cmp --silent "$from/package-lock.json" "$to/installed-lock.json" && return
  printf 'Installing Azurite, the storage emulator.\n'
  rm -rf "$to"
  mkdir -p "$to"
  cp "$from/package.json" "$from/package-lock.json" "$to/"
  # Some of its packages ask for a newer Node than they need: only errors are worth reading.
  quietly npm-ci npm ci --prefix "$to" --cache "$to/npm-cache" --omit=dev --ignore-scripts --no-audit --no-fund \
    --no-update-notifier --loglevel=error
  rm -rf "$to/npm-cache"
  cp "$from/package-lock.json" "$to/installed-lock.json"
}

# prepare demo|test: whatever that needs besides what is built.
prepare() {
  "$root/packaging/install-dependencies.sh" "$1"
  "$root/packaging/build-libfuse.sh"
  install_azurite
}

# Builds and tests are started with this before them.
launcher=()

# build_preset PRESET [TARGET...]
build_preset() {
  local preset=$1
  shift
  quietly "configure-$preset" "${launcher[@]}" cmake -S "$root" --preset "$preset"
  quietly "build-$preset" "${launcher[@]}" cmake --build "$build/$preset" ${1+--target "$@"}
}
