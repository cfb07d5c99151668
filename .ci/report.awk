# Turns the output of go test -v back into the short form, adds the number of tests, and fails if one was skipped. The
# short form of go test itself does not tell that anything was skipped.

function reset(  i) {
  for (i in line) delete line[i]
  for (i in owner) delete owner[i]
  for (i in result) delete result[i]
  n = 0; test = ""; failures = 0
}

# Lines of no test, such as those of the compiler or of a panic, are always worth showing. Of a package that failed so
# are those of the tests that failed or never ended.
function show(package_failed,  i) {
  for (i = 1; i <= n; i++)
    if (owner[i] == "" || (package_failed && result[owner[i]] != "PASS") || result[owner[i]] == "SKIP") print line[i]
}

function keep(name) { line[++n] = $0; owner[n] = name }

BEGIN { reset(); passed = failed = skipped = 0 }

/^=== (RUN|PAUSE|CONT|NAME) / {
  test = $3
  if ($2 == "RUN") keep(test)
  next
}

/^ *--- (PASS|FAIL|SKIP): / {
  name = $3
  result[name] = substr($2, 1, 4)
  if (result[name] == "PASS") passed++
  if (result[name] == "FAIL") { failed++; failures++ }
  if (result[name] == "SKIP") skipped++
  keep(name)
  test = ""
  next
}

/^ok  \t/ { show(0); print; fflush(); reset(); next }

/^FAIL\t/ {
  show(1)
  print
  fflush()
  if (failures == 0) failed++
  reset()
  next
}

/^\?   \t/ || /^PASS$/ { next }

{ keep(test) }

END {
  show(1)
  if (skipped > 0) print "Tests were skipped, which this run does not allow; their reasons are above."
  if (passed == 0) print "No test passed."
  printf "%d passed, %d failed, %d skipped\n", passed, failed, skipped
  exit (failed > 0 || skipped > 0 || passed == 0)
}
