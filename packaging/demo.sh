#!/usr/bin/env bash
# Shows blobmount at work on a machine that has nothing yet: a storage emulator in Azure's place, an identity endpoint
# as every Azure VM has one, and a mount of the whole account by nothing but that identity.
#   packaging/demo.sh            sets it up and shows it; it stays for you to look around
#   packaging/demo.sh stop       ends that
#   packaging/demo.sh --check    does all that apart, verifies each step, leaves nothing behind; exits 0 or 1
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
source "$(dirname "${BASH_SOURCE[0]}")/processes.sh"

readonly account=demoaccount
readonly large_size=200000000
readonly odd_names=('two words' '100%' '%41' 'a+b' '#1' 'what?' 'this&that' "it's" 'say "hello"' '<tag>'
  'Grüße, 世界 🚀' 'trailing dot.' '~$[]{};=@')
readonly tree=(2024/berlin/june.csv 2024/berlin/july.csv 2024/paris/june.csv 2025/berlin/june.csv 2025/summary.txt)

mode=demo         # or check
state=$build/demo # all that one run makes; "mnt" in it is the mount point

say() { if [[ $mode == demo ]]; then printf '%s\n' "$@"; fi; }

# --- Azure's part ----------------------------------------------------------------------------------------------------

make_certificate() {
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -noenc -days 365 -subj /CN=127.0.0.1 \
    -addext subjectAltName=IP:127.0.0.1 -keyout "$state/key.pem" -out "$state/cert.pem" 2>"$state/openssl.log" ||
    fail "no certificate: $(<"$state/openssl.log")"
}

# Sets account_url. The account's key is random and kept nowhere: only a token opens it.
start_azurite() {
  local address='https://127\.0\.0\.1:[1-9][0-9]*'
  AZURITE_ACCOUNTS="$account:$(openssl rand -base64 32)" start "$state" azurite \
    "$BLOBMOUNT_AZURITE" --blobHost 127.0.0.1 --blobPort 0 --oauth basic --cert "$state/cert.pem" \
    --key "$state/key.pem" --location "$state/azurite" --silent --disableTelemetry
  wait_for "$state" azurite grep --quiet --no-messages "successfully listens on $address" "$state/azurite.log" ||
    fail "Azurite did not start: $(<"$state/azurite.log")"
  account_url=$(grep --only-matching "$address" "$state/azurite.log" | tail -n 1)/$account
}

# Sets identity_url.
start_identity_endpoint() {
  start "$state" identity-endpoint \
    "$build/release/tests/identity-endpoint" --port 0 --port-file "$state/identity-port" --lifetime 3600
  wait_for "$state" identity-endpoint test -s "$state/identity-port" ||
    fail "the identity endpoint did not start: $(<"$state/identity-endpoint.log")"
  identity_url=http://127.0.0.1:$(<"$state/identity-port")
}

# Nothing on this machine, a proxy or a curlrc, shall come between.
request() { curl --disable --silent --show-error --fail --path-as-is --noproxy '*' --max-time 120 "$@"; }

# Whoever uploads shows a token of the same identity endpoint; a file holds it, for ps would show an argument.
get_token() {
  local answer token
  answer=$(request --header 'Metadata: true' --get --data api-version=2018-02-01 \
    --data-urlencode resource=https://storage.azure.com/ "$identity_url/metadata/identity/oauth2/token")
  token=$(sed -E 's/.*"access_token" *: *"([^"]*)".*/\1/' <<<"$answer")
  printf 'Authorization: Bearer %s\nx-ms-version: 2021-12-02\nExpect:\n' "$token" >"$state/headers"
}

percent_encoded() { printf %s "$1" | od -An -v -tx1 | tr -d '\n' | tr ' ' %; }

# put PATH CURL-OPTION...: PATH is below the account, and encoded.
put() {
  local path=$1
  shift
  request --cacert "$state/cert.pem" --header "@$state/headers" --request PUT --output "$state/answer" \
    "$account_url/$path" "$@" || fail "could not upload $path: $(cat "$state/answer" 2>/dev/null)"
}

make_container() { put "$1?restype=container" --data-raw ''; }

# upload CONTAINER NAME CURL-OPTION...
upload() {
  put "$1/$(percent_encoded "$2")" --header 'x-ms-blob-type: BlockBlob' --header 'Content-Type: text/plain' "${@:3}"
}

# Sets large_md5.
upload_samples() {
  local name
  for name in test odd-names tree large; do make_container "$name"; done

  upload test text.txt --data-raw $'hello\n'
  for name in "${odd_names[@]}"; do upload odd-names "$name" --data-raw "$name"; done
  for name in "${tree[@]}"; do upload tree "$name" --data-raw "this is $name"; done

  head -c "$large_size" /dev/urandom >"$state/random.bin"
  large_md5=$(md5sum <"$state/random.bin")
  upload large random.bin --upload-file "$state/random.bin"
  rm "$state/random.bin"
}

# --- the mount -------------------------------------------------------------------------------------------------------

mount_account() {
  local command=("$build/release/blobmount" "$account_url" "$state/mnt" --ca-file "$state/cert.pem"
    --log-file "$state/blobmount.log") # and not to the system's log
  say '' 'With that, and nothing else, the account is mounted:' \
    "\$ AZURE_POD_IDENTITY_AUTHORITY_HOST=$identity_url \\" "  $(printf ' %q' "${command[@]}")"

  mkdir "$state/mnt"
  # An empty environment shows that it has no other credential.
  env --ignore-environment "PATH=$PATH" "AZURE_POD_IDENTITY_AUTHORITY_HOST=$identity_url" \
    timeout --foreground 60 "${command[@]}" </dev/null >"$state/mount.log" 2>&1 ||
    fail "blobmount did not mount: $(<"$state/mount.log")"
  remember_daemon
  is_mounted "$state/mnt" || fail "blobmount said that it had mounted, but $state/mnt is no mount point."
}

remember_daemon() {
  local pid
  for pid in $(find_daemon "$state/mnt"); do remember "$state" blobmount "$pid"; done
}

# step TITLE COMMAND EXPECTED: shows the command, which is for a shell in $state, and insists on what it prints.
step() {
  local found
  say '' "$1" "\$ $2"
  found=$(cd "$state" && LC_ALL=C.UTF-8 timeout --foreground 120 bash -c "$2" 2>&1) || true
  say "$found"
  [[ $found == "$3" ]] && return
  printf '\nThis step went wrong: %s\ncommand:  %s\nexpected: %s\nfound:    %s\n' "$1" "$2" "$3" "$found" >&2
  printf '\nThe last that blobmount said:\n%s\n' "$(tail -n 20 "$state/blobmount.log" 2>&1)" >&2
  exit 1
}

lines() { printf '%s\n' "$@" | LC_ALL=C sort; }

tour() {
  step 'Every container of the account is a directory.' \
    'ls mnt' "$(lines test odd-names tree large)"
  step 'Every blob is a file in it.' \
    'cat mnt/test/text.txt' hello
  step 'A "/" in the name of a blob makes a directory.' \
    'find mnt/tree -type f | sort' "$(lines "${tree[@]/#/mnt/tree/}")"
  step 'Any other character is just part of the name.' \
    'ls mnt/odd-names' "$(lines "${odd_names[@]}")"
  step 'Each of those can be opened: it holds its own name.' \
    'cat mnt/odd-names/*' "$(lines "${odd_names[@]}" | tr -d '\n')"
  step 'Sizes and times are those of the blobs.' \
    'stat --format "%n has %s bytes" mnt/large/*' "mnt/large/random.bin has $large_size bytes"
  step 'A copy of 200 MB is right to the last byte: the upload had this md5, too.' \
    'cp mnt/large/random.bin copy.bin && md5sum <copy.bin' "$large_md5"
  step 'The mount is for reading only.' \
    'touch mnt/test/new' "touch: cannot touch 'mnt/test/new': Read-only file system"
  rm "$state/copy.bin"
}

# --- runs ------------------------------------------------------------------------------------------------------------

set_up() {
  alone prepare demo
  alone build_preset release blobmount identity-endpoint
  mkdir -p "$state/azurite"
  make_certificate
  start_azurite
  start_identity_endpoint
  say "Azurite, which plays Azure Blob Storage, listens on $account_url." \
    "An identity endpoint, as every Azure VM has one, hands out tokens on $identity_url."
  get_token
  upload_samples
  mount_account
}

# clean_up STATE: nothing is left of that run.
clean_up() {
  unmount "$1/mnt"
  # It ends by itself when it is unmounted; only what does not is ended.
  wait_until 5 daemon_ended "$1" || true
  end_processes "$1"
  rm -rf --one-file-system "$1"
}

daemon_ended() { ! still_running "$1" | grep --line-regexp blobmount >/dev/null; }

# The run was stopped half-way, by a failure or by Ctrl-C.
give_up() {
  trap '' INT TERM HUP
  set +e # what can be ended is ended, whatever else fails
  remember_daemon
  clean_up "$state"
}

clean_up_unless_done() {
  trap give_up EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM HUP
}

demo() {
  if [[ -d $state ]]; then stop; fi # the one before
  clean_up_unless_done
  set_up
  tour
  trap - EXIT
  say '' 'That was the tour. Look around as long as you like:' "  ls $(printf %q "$state")/mnt" \
    "What the programs say is in *.log beside it. To stop it all:" "  $(printf %q "$root")/packaging/demo.sh stop"
}

stop() {
  if [[ ! -d $state ]]; then
    say 'No demo is running.'
    return
  fi
  remember_daemon
  clean_up "$state"
  say 'The demo has been stopped.'
}

check() {
  mode=check
  sweep_up_killed_checks
  state=$(state_of_this_run "$build/check")
  clean_up_unless_done
  set_up
  tour

  umount "$state/mnt" || fail 'the mount could not be unmounted.'
  wait_until 10 daemon_ended "$state" || fail 'blobmount still runs 10 seconds after it was unmounted.'
  end_processes "$state"
  none_running "$state" || fail "these would not end: $(still_running "$state")"
  clean_up "$state"
  trap - EXIT
  printf 'The demo works: each step of it did what it should, and nothing is left behind.\n'
}

sweep_up_killed_checks() {
  local killed left
  mapfile -t killed < <(killed_runs "$build/check")
  for left in "${killed[@]}"; do clean_up "$left"; done
}

case ${1-demo} in
  demo) demo ;;
  stop) stop ;;
  --check) check ;;
  *) fail "it is demo.sh, demo.sh stop or demo.sh --check; not '$1'." ;;
esac
