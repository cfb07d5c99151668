# shellcheck shell=bash
# What the scripts beside this file share. It is sourced, never run.

# The status of a check that could not be done, which is neither a success nor a finding. It is EX_TEMPFAIL of sysexits.h.
# shellcheck disable=SC2034 # Others read it.
readonly NOT_DONE=75

# die MESSAGE: ends the script as a failure that somebody can act on.
die() {
  printf '%s: %s\n' "${0##*/}" "$1" >&2
  exit 1
}

# find_program NAME...: prints the path of the first one that exists. Ordinary users rarely have the sbin folders, where
# distributions put database servers, on their PATH.
find_program() {
  local name PATH=$PATH:/usr/local/sbin:/usr/sbin
  for name; do
    command -v "$name" && return
  done
  return 1
}

# apt_install PACKAGE: installs it where that is possible without asking anybody, that is, as root on Debian or Ubuntu.
# A package may bring a system service; a test run has no business starting one, so policy-rc.d forbids it meanwhile.
apt_install() (
  [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || exit 1
  printf 'Installing %s\n' "$1" >&2
  log=$(mktemp)
  policy=/usr/sbin/policy-rc.d
  made=
  # shellcheck disable=SC2064 # The name of the log is known now.
  trap "rm -f '$log'; [ -z \"\$made\" ] || rm -f $policy" EXIT
  end_on_signals
  if [ ! -e "$policy" ]; then
    made=yes
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod 755 "$policy"
  fi
  export DEBIAN_FRONTEND=noninteractive
  # A machine that has just started may be busy with its own updates and hold the lock for some minutes.
  patience=(-o DPkg::Lock::Timeout=600 -o Acquire::Retries=3)
  { apt-get "${patience[@]}" update && apt-get "${patience[@]}" install -y --no-install-recommends "$1"; } \
    </dev/null >"$log" 2>&1 || { cat "$log" >&2; exit 1; }
)

# run_group COMMAND...: runs it in a process group of its own and returns its status. While bash waits for a command in
# front it acts on no signal; this way a signal sent to the script alone ends everything that the script has started.
group=
run_group() {
  local status=0
  set -m
  "$@" <&0 &
  group=$!
  set +m
  wait "$group" || status=$?
  group=
  return "$status"
}

# end_group ends what run_group still runs, and waits until it has cleaned up.
end_group() {
  [ -n "$group" ] || return 0
  kill -TERM -- "-$group" 2>/dev/null || true
  wait "$group" 2>/dev/null || true
}

# end_on_signals makes a script that is told to end do so by way of its EXIT trap.
end_on_signals() {
  trap 'exit 129' HUP
  trap 'exit 130' INT
  trap 'exit 143' TERM
}
