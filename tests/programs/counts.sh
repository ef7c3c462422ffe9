# Counts of what was compared. Sourced by the suites of this folder.
passed=0 failed=0 skipped=0

# compare NAME EXPECTED ACTUAL [AGAIN]: AGAIN is the command that repeats a failure.
compare() {
  if [ "$2" = "$3" ]; then
    passed=$((passed + 1)) && echo "ok     $1"
  else
    failed=$((failed + 1)) && echo "FAILED $1${4:+; again: $4}"
    diff <(echo "$2") <(echo "$3") | head -n 20 || true
  fi
}
skip() { skipped=$((skipped + 1)) && echo "SKIPPED $1: $2"; }
total() {
  echo "$passed passed, $failed failed, $skipped skipped"
  [ "$failed" -eq 0 ]
}
