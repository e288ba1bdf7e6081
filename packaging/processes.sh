# Starting services in the background and ending them again, by id and never by name. To be sourced.
#
# A state directory remembers in its file "processes" what was started, a line for each: PID START-TIME NAME.
# The start time tells a process from a later one that was given the same id.
# shellcheck shell=bash

# start_time_of PID: in ticks since boot; fails when no such process runs.
start_time_of() {
  local stat
  stat=$(cat "/proc/$1/stat" 2>/dev/null) || return 1
  read -ra stat <<<"${stat##*) }" # behind the name, which may hold anything: state, ..., start time as 20th
  [[ ${stat[0]} != Z ]] && printf '%s\n' "${stat[19]}"
}

is_running() { [[ $(start_time_of "$1") == "$2" ]]; } # PID START-TIME

# wait_until SECONDS COMMAND...: whether COMMAND came true in time.
wait_until() {
  local end=$((SECONDS + $1))
  shift
  until "$@"; do
    ((SECONDS <= end)) || return 1
    sleep 0.1
  done
}

# remember STATE NAME PID
remember() {
  local start_time
  start_time=$(start_time_of "$3") || return 0
  printf '%s %s %s\n' "$3" "$start_time" "$2" >>"$1/processes"
}

# start STATE NAME COMMAND...: in a session of its own, to outlive this terminal, and in STATE, to hold no other folder;
# what it prints goes to STATE/NAME.log.
start() {
  local state=$1 name=$2
  shift 2
  setsid env --chdir="$state" "$@" </dev/null >"$state/$name.log" 2>&1 &
  remember "$state" "$name" $!
}

# attend STATE NAME COMMAND...: starts it so, and waits for its end. A signal to this script is heard at once meanwhile.
attend() {
  start "$@"
  wait $!
}

# still_running STATE: the names of those that are.
still_running() {
  local pid start_time name
  [[ -e $1/processes ]] || return 0
  while read -r pid start_time name; do
    if is_running "$pid" "$start_time"; then printf '%s\n' "$name"; fi
  done <"$1/processes"
}

none_running() { [[ -z $(still_running "$1") ]]; }

# wait_for STATE NAME COMMAND...: whether COMMAND comes true, at most a minute, while process NAME runs.
wait_for() {
  local state=$1 name=$2 end=$((SECONDS + 60))
  shift 2
  until "$@"; do
    ((SECONDS <= end)) || return 1
    still_running "$state" | grep --line-regexp "$name" >/dev/null || return 1
    sleep 0.1
  done
}

# send SIGNAL PID: to what was started and all that it has started in its turn, which is a process group; or to a daemon,
# which has left that of whoever started it.
send() { kill -"$1" -- "-$2" 2>/dev/null || kill -"$1" "$2" 2>/dev/null || true; }

# end_processes STATE
end_processes() {
  local signal pid start_time _
  for signal in TERM KILL; do
    none_running "$1" && return
    while read -r pid start_time _; do
      if is_running "$pid" "$start_time"; then send "$signal" "$pid"; fi
    done <"$1/processes"
    wait_until 5 none_running "$1" || true
  done
}

# state_of_this_run PREFIX: a name that tells, when the run was killed, that it was.
state_of_this_run() { printf '%s-%s-%s\n' "$1" $$ "$(start_time_of $$)"; }

# killed_runs PREFIX: the state directories of that name whose runs have ended, and were not there to clean up.
killed_runs() {
  local left pid start_time
  for left in "$1"-*; do
    [[ -d $left ]] || continue
    IFS=- read -r pid start_time <<<"${left#"$1"-}"
    is_running "$pid" "$start_time" || printf '%s\n' "$left"
  done
}

# find_daemon MOUNT-POINT: the id of the blobmount that went to the background, known by its arguments.
find_daemon() {
  local file arguments
  for file in /proc/[0-9]*/cmdline; do
    { mapfile -d '' -t arguments <"$file"; } 2>/dev/null || continue
    [[ ${arguments[0]-} == */blobmount ]] || continue
    [[ $'\n'$(printf '%s\n' "${arguments[@]}")$'\n' == *$'\n'"$1"$'\n'* ]] || continue
    file=${file%/cmdline}
    printf '%s\n' "${file#/proc/}"
  done
}

# is_mounted MOUNT-POINT: asks the kernel's table, for a mount whose daemon is gone cannot be looked at.
is_mounted() {
  local point
  while read -r _ _ _ _ point _; do
    printf -v point %b "${point//\\/\\0}" # a space stands there as \040
    [[ $point != "$1" ]] || return 0
  done </proc/self/mountinfo
  return 1
}

# unmount MOUNT-POINT
unmount() {
  is_mounted "$1" || return 0
  wait_until 3 umount --quiet "$1" 2>/dev/null || umount --lazy "$1" # somebody still stands in it
}
