# SPDX-License-Identifier: MIT
# A thin face over CMake: each target does all that it needs, alone and again. `make help` lists them.
BUILD := build/release
PREFIX ?= /usr/local
JOBS ?= $(shell nproc 2>/dev/null || echo 2)
SOURCES = $(shell git ls-files '*.c' '*.h' '*.inc')

.PHONY: build run test check check-graphs check-faults fuzz bench format install dist distcheck deb clean help setup
build: ## build the program: build/release/ocellus
	@scripts/build release $(JOBS)

run: ## install what is missing, build, and run the whole experiment on the real CIFAR-10
	@scripts/setup run
	@scripts/build release $(JOBS)
	$(BUILD)/ocellus reproduce

test: ## install what is missing, build, and run every test, also of the source's form and of other builds
	@scripts/setup test
	@scripts/build release $(JOBS) -DOCELLUS_TESTS=ON -DOCELLUS_CHECKS=ON
	ctest --test-dir $(BUILD) --output-on-failure -j $(JOBS)

check: ## the slow checks: an optimised build by clang, and all tests under the sanitizers
	@scripts/setup check
	@scripts/build clang $(JOBS)
	ctest --test-dir build/clang --output-on-failure -j $(JOBS) -L 'unit|kernels|gradients'
	@scripts/build asan-ubsan $(JOBS)
	ctest --test-dir build/asan-ubsan --output-on-failure -j $(JOBS)
	@scripts/build tsan $(JOBS)
	ctest --test-dir build/tsan --output-on-failure -j $(JOBS)

check-graphs: ## 100,000 networks by chance against the oracle, about 40 minutes: results/graphs.md
	@scripts/setup test
	@scripts/build release $(JOBS) -DOCELLUS_TESTS=ON
	@scripts/check-graphs 100000 $(JOBS)

check-faults: ## every call of a training and of its resumption fails once: results/faults.txt
	@scripts/setup test
	@scripts/build release $(JOBS) -DOCELLUS_TESTS=ON
	tests/faults/record $(BUILD) $(JOBS)

fuzz: ## readers of foreign files under libFuzzer, FUZZ_SECONDS (60) each: tests/fuzz/README.md
	@scripts/setup check
	@scripts/fuzz $(or $(FUZZ_SECONDS),60) $(JOBS) $(FUZZ)

bench: ## speed beside PyTorch, ONNX Runtime and oneDNN, which it installs (bench/README.md)
	@bench/run $(JOBS) --sections "$(SECTIONS)" $(if $(ISA),--isa $(ISA)) $(if $(PAIRS),--pairs $(PAIRS)) \
		$(if $(THREADS),--threads $(THREADS)) $(if $(BATCH),--batch $(BATCH))

format: ## clang-format every source file in place
	clang-format -i $(SOURCES)

install: build ## install program, libraries, headers, pkg-config file and CMake package under PREFIX (/usr/local)
	cmake --install $(BUILD) --prefix $(PREFIX)

dist: ## the source as one file, the same bytes each time: build/dist/ocellus-VERSION.tar.gz
	@scripts/dist

distcheck: ## build that file in two folders and compare what comes of it, byte for byte
	@scripts/setup run
	@scripts/distcheck $(JOBS)

deb: ## Debian packages of program, library and headers, in build/deb; lintian finds nothing against them
	@scripts/setup deb
	@scripts/deb $(JOBS)

clean: ## remove build/ (runs and the data cache stay)
	rm -rf build

setup: ## only install what building, running and testing need
	@scripts/setup test

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-13s %s\n", $$1, $$2 }' Makefile
