# The verbs of this project. Each is a line or two that a person could type.
# `run` and `test` need Go alone and install nothing.

SHELL   := /bin/bash
VERSION := 0.1.0
COMMIT  := $(shell git rev-parse --short=12 HEAD 2>/dev/null)$(shell git diff --quiet HEAD 2>/dev/null || echo +)
LDFLAGS := -s -w -X main.version=$(VERSION) -X main.commit=$(COMMIT)
# A run that was started by hand leaves its caches alone; two cores and a busy
# neighbour are what the tests have to live with.
TESTFLAGS ?=

export CGO_ENABLED := 0

.PHONY: run build cross test aa test-subjects race test-ferretdb lint bench bench-packages peers fuzz schema web gallery clean subjects

run: build ## build, carry out the first plan with what is there, print the answer
	./bin/webdyno run first-look

build: ## bin/webdyno
	go build -trimpath -ldflags '$(LDFLAGS)' -o bin/webdyno ./cmd/webdyno

cross: ## bin/webdyno-SYSTEM-ARCHITECTURE for linux and darwin, and darwin vetted
	tools/cross -ldflags '$(LDFLAGS)'

test: ## everything that needs no more than Go
	go vet ./...
	go test $(TESTFLAGS) ./...

aa: ## twenty short experiments of a subject with itself: may 3 differ at most; AA=5 for fewer
	WEBDYNO_AA=$(or $(AA),20) go test -count=1 -timeout 30m -v -run '^TestAA$$' ./cmd/webdyno

race: ## the same under the race detector; needs a C compiler
	CGO_ENABLED=1 go test -race ./...

subjects: ## install the servers that Debian and npm have
	tools/install-subjects

test-subjects: subjects ## test with the real servers
	WEBDYNO_SUBJECTS=all go test -count=1 -timeout 20m ./subjects/... ./cmd/webdyno/... ./internal/report/html/...

test-ferretdb: ## the bus's MongoDB store against FerretDB, built for it
	tools/test-ferretdb

lint:
	go tool -modfile=tools/go.mod golangci-lint run ./...

bench: build ## beside other load generators, in turns; BENCH=keepalive for a part
	go test -run '^$$' -bench 'Peers/$(BENCH)' -benchtime 1x -timeout 3h ./bench

bench-packages: ## the benchmarks of the packages
	go test -run '^$$' -bench . -benchmem -count 1 ./cmd/... ./internal/...

peers: ## install the load generators that Debian has
	tools/install-peers

fuzz: ## half a minute for every fuzz target
	tools/fuzz 30s

schema: ## the JSON Schema of plans, from the types
	go generate ./internal/plan

web: ## the report's page, from its sources; needs node and npm
	cd internal/report/html/app && npm ci --no-audit --no-fund && npx tsc && node build.mjs

gallery: build ## docs/gallery.md and its pictures, drawn from RECORDS="…"; needs Chromium
	cd tools/gallery && go run . -webdyno ../../bin/webdyno -o ../../docs $(abspath $(RECORDS))

clean:
	rm -rf bin webdyno-records
