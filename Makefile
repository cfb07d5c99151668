# make help lists what there is to do. The scripts in .ci do the work and can be called by themselves as well.

# Overridable: make test-fast PKG=./internal/roster/..., make bench BENCH=Assign PKG=./graph
PKG   ?= ./...
BENCH ?= .
FUZZTIME ?= 30s
FUZZ  ?= .

.DEFAULT_GOAL := help
.PHONY: help test test-fast mutants lint vulnerabilities dashboard generate generated migration fuzz bench bench-import build demo pictures clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-18s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

test: ## Everything: lint, generated code, all tests on SQLite and MySQL, the browser test, faults in what has changed
	@.ci/test

test-fast: ## The Go tests without lint, repeated only where something has changed; PKG=./internal/roster/... narrows
	@.ci/as-before $(if $(HOMEROOM_TEST_MYSQL),,.ci/in-memory) .ci/with-mysql .ci/with-chromium .ci/with-node go test -timeout 60m $(PKG)

mutants: ## Small faults that the tests should notice, one at a time; ONLY=ent/rule or SINCE=main narrows. See docs/testing.md
	@.ci/in-memory .ci/with-mysql go run ./internal/mutant $(if $(SINCE),-since $(SINCE)) $(ONLY)

lint: ## gofmt and golangci-lint on the hand-written code
	@.ci/lint

vulnerabilities: ## Look for known vulnerabilities in what the program can reach
	@.ci/vulnerabilities

dashboard: ## Build the dashboard anew from internal/dashboard/web; wants node and npm
	@.ci/with-node npm ci --prefix internal/dashboard/web --no-audit --no-fund --prefer-offline
	@.ci/with-node npm run --prefix internal/dashboard/web build

generate: ## Write the generated code anew
	go generate ./...

generated: ## Check that the generated code is current
	@.ci/generated

migration: ## Write the migration from the newest one to the ent schema: NAME=add_student_grade
	@test -n '$(NAME)' || { echo 'Give it a name: make migration NAME=add_student_grade' >&2; exit 1; }
	@.ci/with-mysql go run ./ent/migrations/diff '$(NAME)'

fuzz: ## Every fuzz target, one after the other; FUZZTIME=5m, FUZZ=Import narrows
	@.ci/fuzz '$(FUZZTIME)' '$(FUZZ)'

bench: ## Benchmarks on SQLite and MySQL; BENCH=Assign PKG=./graph narrows
	@.ci/with-mysql go test -run '^$$' -bench '$(BENCH)' -benchmem $(PKG)

bench-import: ## Imports: times compared with bare statements, memory, and the notice meanwhile; some minutes
	@.ci/with-mysql go test -p 1 -run '^$$' -bench 'Ratio|Passwords|ServerDuringImport' -benchtime 1x -timeout 1h ./internal/job ./cmd/homeroom

build: ## bin/homeroom
	go build -trimpath -o bin/homeroom ./cmd/homeroom

demo: build ## A server with made-up schools to look at
	./bin/homeroom demo

pictures: build ## The pictures of the README, from a demo
	@.ci/with-chromium .ci/pictures

clean: ## Remove what the build made
	rm -rf bin
