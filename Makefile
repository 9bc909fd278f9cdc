# Each target sets up what it needs (tools/setup) and then runs one or two tools. S3=1 runs the demo against a real MinIO.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
PREFIX ?= /usr/local
JOBS ?= $(shell nproc)

.PHONY: help demo test check bench format install mutants clean

help:
	@echo 'make demo [S3=1]  MNIST from a local folder (or a real MinIO) to training batches'
	@echo 'make test         builds everything and runs all tests'
	@echo 'make check        sanitizers, thread-safety analysis, fuzz smoke, planted bugs still apply, formatting'
	@echo 'make bench        each benchmark beside its limit and its peer [ONLY=name]'
	@echo 'make install      installs the library for find_package(Shoal) [PREFIX=/usr/local]'
	@echo 'make format | mutants | clean'

demo:
	@tools/setup $(if $(S3),s3,demo)
	@tools/build demo mnist
	@tools/demo $(if $(S3),s3,folder)

test:
	@tools/setup test
	@tools/build release
	@ctest --test-dir build/release --output-on-failure -j $(JOBS)

check:
	@tools/setup check
	@tools/check

bench:
	@tools/setup bench
	@tools/build bench benchmarks
	@bench/run.py --build build/bench $(if $(ONLY),--only $(ONLY))

install:
	@tools/setup install
	@tools/build demo shoal shoal_data shoal_program
	@cmake --install build/demo --prefix $(PREFIX)

# Plants each bug of tests/mutants and expects the simulator to find it.
mutants:
	@tools/setup test
	@tools/mutants

format:
	@tools/setup check
	@git ls-files '*.h' '*.cc' | xargs clang-format-19 -i

clean:
	rm -rf build
