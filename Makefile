# yamabiko: make help says what there is. Servers for tests are installed into a cache on first use (internal/testenv).
.DEFAULT_GOAL := help
SHELL := bash
GO ?= go
FUZZTIME ?= 15s
BENCH ?= .

SERVERS = bin/testenv
# Packages whose tests use servers, and the others, which are fast enough to look for data races.
USES = $(GO) list -e -f '{{.ImportPath}} {{join .TestImports " "}} {{join .XTestImports " "}}' ./...
WITH_SERVERS = $(shell $(USES) | awk '/internal\/testenv/ {print $$1}')
WITHOUT_SERVERS = $(shell $(USES) | awk '!/internal\/testenv/ {print $$1}')
RACE = $(if $(shell command -v gcc clang),-race) # the race detector needs a C compiler

.PHONY: help
help: ## this list
	@sed -nE 's/^([a-z]+):.*## (.*)/  make \1\t\2/p' Makefile | expand -t 16

.PHONY: build
build: ## the program, static, as bin/yamabiko
	CGO_ENABLED=0 $(GO) build -trimpath -o bin/yamabiko ./cmd/yamabiko

.PHONY: demo
demo: build ## MySQL to Elasticsearch before your eyes, with servers of its own
	@$(GO) build -o bin/demo ./internal/demo
	@exec bin/demo

.PHONY: $(SERVERS)
$(SERVERS):
	$(GO) build -o $@ ./internal/testenv/cmd/testenv

.PHONY: test
test: $(SERVERS) ## all tests; installs and starts the servers that they need
	$(SERVERS) install mysql elasticsearch
	$(GO) test $(RACE) $(WITHOUT_SERVERS)
	$(SERVERS) -- $(GO) test -count=1 -timeout 20m $(WITH_SERVERS) # never from the cache: they run the program, which it does not see

.PHONY: lint
lint: ## go vet and the house rules
	$(GO) vet ./...
	$(GO) test ./internal/lint

.PHONY: bench
bench: build $(SERVERS) ## speed against peers, in about four minutes; the table goes to bin/bench.md too
	$(GO) build -o bin/bench ./bench
	$(SERVERS) -- bin/bench -out bin/bench.md $(BENCHFLAGS)

.PHONY: microbench
microbench: $(SERVERS) ## Go benchmarks of all packages; BENCH=pattern selects
	$(SERVERS) -- $(GO) test -run '^$$' -bench '$(BENCH)' -benchmem -timeout 60m ./...

.PHONY: fuzz
fuzz: ## each fuzz target for FUZZTIME (15s)
	@set -e; for file in $$(grep -rlE '^func Fuzz' --include='*_test.go' .); do \
		for target in $$(sed -nE 's/^func (Fuzz[A-Za-z0-9_]*)\(.*/\1/p' $$file); do \
			echo "$$target ($$file)"; \
			$(GO) test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) ./$$(dirname $$file); \
		done; \
	done

.PHONY: clean
clean: ## removes bin; the servers' cache stays
	rm -rf bin
