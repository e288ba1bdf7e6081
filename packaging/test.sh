#!/usr/bin/env bash
# Makes the machine ready, builds blobmount in each configuration and runs its tests; the last lines are ctest's.
#   packaging/test.sh               all that stands in "parts" below, in that order
#   packaging/test.sh release       only that; any of the parts, or the preset dev
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

readonly parts=(scripts asan tsan demo release package)

# Tests that a configuration leaves out, as a regular expression for ctest: "^$" leaves out none. Documents are the same in
# all of them, and a program with a sanitizer takes long to start.
declare -Ar left_out=(
  [asan]='^semantics\.documents$'
  [tsan]='^semantics\.documents$'
  [release]='^$'
  [dev]='^$'
)

# How many tests at once: most of them wait for clocks, unless a sanitizer keeps them busy.
tests_at_once() {
  case $1 in
    asan | tsan) printf '%s' $(($(nproc) + 1)) ;;
    *) printf '%s' $((2 * $(nproc))) ;;
  esac
}

test_preset() {
  printf '%s: building.\n' "$1"
  alone build_preset "$1"

  printf '%s: testing.\n' "$1"
  local log=$build/logs/test-$1.log
  "${launcher[@]}" ctest --test-dir "$build/$1" --parallel "$(tests_at_once "$1")" --output-on-failure --no-tests=error \
    --exclude-regex "${left_out[$1]}" >"$log" 2>&1 || {
    grep --invert-match --extended-regexp '^ +Start +[0-9]+:| Passed +[0-9.]+ sec$' "$log" >&2
    fail "tests of $1 failed, as stands above; all that ctest said is in $log."
  }
  sed --quiet '/tests passed/,$p' "$log"
}

# Sanitizers fail by chance where a kernel spreads addresses wide; without spreading they do not.
test_sanitizer() {
  export TSAN_OPTIONS=suppressions=$root/tests/support/tsan.suppressions
  if setarch --addr-no-randomize true 2>/dev/null; then launcher=(setarch --addr-no-randomize); fi
  test_preset "$1"
  launcher=()
}

# Every script of the repository, those without a suffix, too; and those to be sourced.
check_scripts() {
  local scripts
  mapfile -d '' -t scripts < <(grep --recursive --binary-files=without-match --exclude-dir={build,.git} --files-with-matches --null \
    --extended-regexp '^#!(/usr)?/bin/(env )?(ba)?sh|^# shellcheck shell=' "$root")
  ((${#scripts[@]} > 0)) || fail "there is no script in $root."
  printf 'scripts: checking %s of them.\n' "${#scripts[@]}"
  shellcheck "${scripts[@]}" || fail 'shellcheck complains, as stands above.'
}

run() {
  case $1 in
    scripts) check_scripts ;;
    package) "$root/packaging/test-package.sh" ;;
    asan | tsan) test_sanitizer "$1" ;;
    demo) "$root/packaging/demo.sh" --check ;;
    release | dev) test_preset "$1" ;;
  esac
}

(($# > 0)) || set -- "${parts[@]}"
for part in "$@"; do
  [[ " ${parts[*]} dev " == *" $part "* ]] || fail "no such part: '$part'. There are ${parts[*]} and dev."
done

alone prepare test
for part in "$@"; do run "$part"; done
