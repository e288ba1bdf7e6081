#!/usr/bin/env bash
# Runs a test that has blobmount talk to the kernel over io_uring; tells ctest to skip it (77) where the kernel has none.
#   with_io_uring.sh TEST [ARGUMENT...]
#   with_io_uring.sh --on FILE       before all of them: switch it on, where that is allowed, and note in FILE what it was
#   with_io_uring.sh --back FILE     after them: what FILE says
set -euo pipefail

readonly switch=/sys/module/fuse/parameters/enable_uring

now() { cat "$switch" 2>/dev/null || true; }

set_to() {
  if [[ -n $1 && $(now) != "$1" ]]; then (printf '%s' "$1" >"$switch") 2>/dev/null || true; fi
}

case $1 in
  --on)
    now >"$2"
    set_to Y
    ;;
  --back)
    set_to "$(cat "$2")"
    rm -f "$2"
    ;;
  *)
    if [[ ${BLOBMOUNT_TEST_KERNEL-} != passthrough && $(now) != Y ]]; then
      printf 'Skipped: the kernel offers no FUSE over io_uring (%s).\n' "$switch"
      exit 77
    fi
    exec "$@"
    ;;
esac
