# SPDX-License-Identifier: MIT
# hourglass is built with GNU make, a C11 compiler and pkg-config; `make` alone says what
# there is to type.  Sources are found by wildcard: a new file needs no line here.

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.SUFFIXES:

# ---- what a user may set ----------------------------------------------------------

# Where everything built goes; one folder a configuration.
BUILD   ?= build/release
PREFIX  ?= /usr/local
DESTDIR ?=
# 1: warnings are errors / with AddressSanitizer and UBSan / with ThreadSanitizer /
# double instead of float, on the reference kernels alone.
WERROR  ?= 0
SAN     ?= 0
TSAN    ?= 0
F64     ?= 0
# 1: instrumented for libFuzzer (clang).
FUZZ    ?= 0
# Seconds that `make fuzz` gives each parser.
FUZZ_SECONDS ?= 60
# Arguments of `make unit` and the like: parts of test names; of `make bench`: of run.py.
ARGS    ?=
# To build less while other rooms are half-written: rooms of src/, and unit tests.
ROOMS   ?= *
TESTS   ?= tests/test_*.c

# 1: show whole commands.
V ?= 0

INSTALL    ?= install

# All cores, unless told otherwise with -j.
ifeq ($(MAKELEVEL)$(filter -j%,$(MAKEFLAGS)),0)
MAKEFLAGS += -j$(shell nproc 2>/dev/null || echo 2)
endif
ifeq ($(V),1)
run = $2
else
run = @printf '  %-7s %s\n' $1 $@; $2
endif

# ---- machine and optional parts ---------------------------------------------------

VERSION_MAJOR := $(shell sed -n 's/^.define HG_VERSION_MAJOR //p' include/hourglass.h)
VERSION_MINOR := $(shell sed -n 's/^.define HG_VERSION_MINOR //p' include/hourglass.h)
VERSION_PATCH := $(shell sed -n 's/^.define HG_VERSION_PATCH //p' include/hourglass.h)
VERSION := $(VERSION_MAJOR).$(VERSION_MINOR).$(VERSION_PATCH)

# The machine that is compiled for; when it is another than this one, its archiver and its
# libraries are those for it: Debian's names begin with the machine.
MACHINE := $(shell $(CC) -dumpmachine)
ifeq ($(origin AR),default)
AR := $(shell $(CC) -print-prog-name=ar)
endif
ifeq ($(firstword $(subst -, ,$(MACHINE))),$(shell uname -m))
PKG_CONFIG ?= pkg-config
else
PKG_CONFIG ?= $(MACHINE)-pkg-config
endif
has = $(shell $(PKG_CONFIG) --exists $1 2>/dev/null && echo 1 || echo 0)
# The first of the flags $1 that this compiler takes without a word.
try = $(shell printf 'int main(void){return 0;}' | $(CC) -Werror $1 -x c -c -o /dev/null - 2>/dev/null && echo "$1")

WITH_YAML  ?= $(call has,yaml-0.1)
WITH_CAIRO ?= $(call has,cairo)
WITH_ZIP   ?= $(call has,libzip)
WITH_PNG   ?= $(call has,libpng)
WITH_JPEG  ?= $(call has,libjpeg)

PARTS := jansson zlib
ifeq ($(WITH_YAML),1)
PARTS += yaml-0.1
endif
ifeq ($(WITH_CAIRO),1)
PARTS += cairo
endif
ifeq ($(WITH_ZIP),1)
PARTS += libzip
endif
ifeq ($(WITH_PNG),1)
PARTS += libpng
endif
ifeq ($(WITH_JPEG),1)
PARTS += libjpeg
endif
PARTS_CFLAGS := $(shell $(PKG_CONFIG) --cflags $(PARTS) 2>/dev/null)
PARTS_LIBS   := $(shell $(PKG_CONFIG) --libs $(PARTS) 2>/dev/null || echo -ljansson -lz)

# ---- flags --------------------------------------------------------------------------

WARNINGS := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion \
	-Wstrict-prototypes -Wmissing-prototypes -Wvla -Wundef -Wwrite-strings
# Where a float becomes a double unseen; clang also means NAN and INFINITY by that.
ifeq ($(findstring clang,$(shell $(CC) --version)),)
WARNINGS += -Wdouble-promotion
endif
ifeq ($(WERROR),1)
WARNINGS += -Werror
endif

# Loops are vectorised, but no flag here changes a result: arithmetic stays as written, no
# contraction (the kernels write a fused multiply-add where they mean one), no machine's own
# instructions.
CFLAGS ?= -O2 -g
OPTIMISE := -ftree-vectorize $(call try,-fvect-cost-model=dynamic) -ffp-contract=off \
	-fno-math-errno -fno-trapping-math
CPPFLAGS_ALL := -D_DEFAULT_SOURCE -D_POSIX_C_SOURCE=200809L -DHG_WITH_YAML=$(WITH_YAML) \
	-DHG_WITH_CAIRO=$(WITH_CAIRO) -DHG_WITH_ZIP=$(WITH_ZIP) -DHG_WITH_PNG=$(WITH_PNG) \
	-DHG_WITH_JPEG=$(WITH_JPEG) -Iinclude $(CPPFLAGS)
CFLAGS_ALL := -std=c11 $(WARNINGS) $(CFLAGS) $(OPTIMISE) -fPIC -fvisibility=hidden -pthread
LDFLAGS_ALL := -pthread $(LDFLAGS)
NO_UNDEFINED := -Wl,--no-undefined
LINK_SAFE := -Wl,--as-needed -Wl,-z,relro -Wl,-z,now
comma := ,
rpath = -Wl,-rpath,'$1'

ifeq ($(SAN),1)
SANITIZE := -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
endif
ifeq ($(TSAN),1)
SANITIZE := -fsanitize=thread
endif
ifeq ($(FUZZ),1)
SANITIZE := -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=undefined
FUZZ_MAIN := -fsanitize=fuzzer
else
FUZZ_MAIN = $(OBJ)/fuzz/replay.o
endif
ifdef SANITIZE
CFLAGS_ALL  += $(SANITIZE)
LDFLAGS_ALL += $(SANITIZE)
# The sanitizers' own symbols come from the program.
NO_UNDEFINED :=
endif
ifeq ($(F64),1)
CPPFLAGS_ALL += -DHGI_F64
endif

# Instruction sets by folder of src/kernels/: flags, and folders by kind of processor.  What
# the one that runs has is asked at run time; a folder for another kind, or one with no
# double kernels, is left out.
FLAGS_avx2   := -mavx2 -mfma -mf16c
FLAGS_avx512 := -mavx512f -mavx512bw -mavx512dq -mavx512vl -mavx2 -mfma
FLAGS_avx512vnni := $(FLAGS_avx512) -mavx512vnni
FLAGS_avx512bf16 := $(FLAGS_avx512) -mavx512bf16
FLAGS_amx    := $(FLAGS_avx512bf16) -mamx-tile -mamx-bf16
FLAGS_neon   := # every aarch64 has it
FOLDERS := ref
ifneq ($(F64),1)
ifneq ($(filter x86_64-% amd64-%,$(MACHINE)),)
FOLDERS += avx2 avx512 avx512vnni avx512bf16 amx
endif
ifneq ($(filter aarch64-% arm64-%,$(MACHINE)),)
FOLDERS += neon
endif
endif

# ---- sources ------------------------------------------------------------------------

LIB_SRC  := $(sort $(foreach r,$(ROOMS),$(wildcard src/$r/*.c))) \
	$(sort $(foreach f,$(FOLDERS),$(wildcard src/kernels/$f/*.c)))
CLI_SRC  := $(sort $(wildcard cli/*.c serve/*.c))
TEST_SRC := tests/test.c $(sort $(wildcard $(TESTS)))
ifneq ($(filter avx512bf16,$(FOLDERS)),)
TEST_SRC += tests/isa/tiles_model.c
endif
F64_SRC  := tests/test.c $(sort $(wildcard tests/f64/*.c))
EXAMPLE_SRC := $(sort $(wildcard examples/*.c))
BENCH_SRC := $(filter-out bench/peer_%.c,$(sort $(wildcard bench/*.c)))
FUZZ_SRC := $(sort $(wildcard fuzz/fuzz_*.c))

OBJ := $(BUILD)/obj
LIB_OBJ  := $(LIB_SRC:%.c=$(OBJ)/%.o)
CLI_OBJ  := $(CLI_SRC:%.c=$(OBJ)/%.o)
TEST_OBJ := $(TEST_SRC:%.c=$(OBJ)/%.o)
F64_OBJ  := $(F64_SRC:%.c=$(OBJ)/%.o)
EXAMPLES := $(EXAMPLE_SRC:examples/%.c=$(BUILD)/examples/%)
BENCHES  := $(BENCH_SRC:bench/%.c=$(BUILD)/bench/%)
FUZZERS  := $(FUZZ_SRC:fuzz/%.c=$(BUILD)/fuzz/%)

STATIC := $(BUILD)/libhourglass.a
SONAME := libhourglass.so.$(VERSION_MAJOR)
SHARED := $(BUILD)/libhourglass.so.$(VERSION)
PROGRAM := $(BUILD)/hourglass
HG_TEST := $(BUILD)/hg-test

# ---- building -----------------------------------------------------------------------

# Files that change only when what they hold does.  Objects depend on the flags, so that
# another compiler or option in the same folder is never a mix; what is linked depends on
# its list of objects, so that a removed source is noticed.
KNOWN := $(BUILD)/known
KNOWN_flags := $(CC) $(CPPFLAGS_ALL) $(PARTS_CFLAGS) $(CFLAGS_ALL) $(LDFLAGS_ALL) $(PARTS_LIBS)
KNOWN_lib   := $(LIB_OBJ)
KNOWN_cli   := $(CLI_OBJ)
KNOWN_tests := $(TEST_OBJ) $(F64_OBJ)
.PRECIOUS: $(KNOWN)/%
$(KNOWN)/%: FORCE
	@mkdir -p $(@D)
	@echo '$(KNOWN_$*)' | cmp -s - $@ || echo '$(KNOWN_$*)' > $@

$(OBJ)/src/%.o: INCLUDES = -Isrc $(PARTS_CFLAGS)
$(OBJ)/cli/%.o: INCLUDES = $(PARTS_CFLAGS)
$(OBJ)/tests/%.o: INCLUDES = -Isrc -Itests
$(OBJ)/fuzz/%.o: INCLUDES = -Isrc
$(OBJ)/src/kernels/avx2/%.o: ISA = $(FLAGS_avx2)
$(OBJ)/src/kernels/avx512/%.o: ISA = $(FLAGS_avx512)
$(OBJ)/src/kernels/avx512vnni/%.o: ISA = $(FLAGS_avx512vnni)
$(OBJ)/src/kernels/avx512bf16/%.o: ISA = $(FLAGS_avx512bf16)
$(OBJ)/src/kernels/amx/%.o: ISA = $(FLAGS_amx)
$(OBJ)/tests/isa/%.o: ISA = $(FLAGS_avx512bf16)
$(OBJ)/src/kernels/neon/%.o: ISA = $(FLAGS_neon)

$(OBJ)/%.o: %.c $(KNOWN)/flags
	@mkdir -p $(@D)
	$(call run,CC,$(CC) $(CPPFLAGS_ALL) $(INCLUDES) $(CFLAGS_ALL) $(ISA) -MMD -MP -c -o $@ $<)

$(STATIC): $(LIB_OBJ) $(KNOWN)/lib
	@rm -f $@
	$(call run,AR,$(AR) rcs $@ $(LIB_OBJ))

$(SHARED): $(LIB_OBJ) $(KNOWN)/lib
	$(call run,LINK,$(CC) -shared $(LDFLAGS_ALL) $(NO_UNDEFINED) -Wl$(comma)-soname$(comma)$(SONAME) \
		$(LINK_SAFE) -o $@ $(LIB_OBJ) $(PARTS_LIBS) -lm)
	@ln -sf $(@F) $(BUILD)/$(SONAME)
	@ln -sf $(SONAME) $(BUILD)/libhourglass.so

# The program finds the library beside itself (build folder) or in ../lib (installed).
$(PROGRAM): $(CLI_OBJ) $(SHARED) $(KNOWN)/cli
	$(call run,LINK,$(CC) $(LDFLAGS_ALL) $(LINK_SAFE) $(call rpath,$$ORIGIN:$$ORIGIN/../lib) -o $@ \
		$(CLI_OBJ) -L$(BUILD) -lhourglass $(PARTS_LIBS) -lm)

$(HG_TEST): $(TEST_OBJ) $(STATIC) $(KNOWN)/tests
	$(call run,LINK,$(CC) $(LDFLAGS_ALL) -o $@ $(TEST_OBJ) $(STATIC) $(PARTS_LIBS) -lm)

$(BUILD)/hg-test-f64: $(F64_OBJ) $(STATIC) $(KNOWN)/tests
	$(call run,LINK,$(CC) $(LDFLAGS_ALL) -o $@ $(F64_OBJ) $(STATIC) $(PARTS_LIBS) -lm)

# Examples see what a user of the installed library sees: the header and -lhourglass.
$(BUILD)/examples/%: examples/%.c $(SHARED)
	@mkdir -p $(@D)
	$(call run,CC,$(CC) $(CPPFLAGS_ALL) $(CFLAGS_ALL) $(LDFLAGS_ALL) -MMD -MP \
		$(call rpath,$$ORIGIN/..) -o $@ $< -L$(BUILD) -lhourglass -lm)

# Benches see no more than examples do.  The machine's peak needs fused multiply-adds.
$(BUILD)/bench/peak: CFLAGS += -ffp-contract=fast
$(BUILD)/bench/%: bench/%.c $(SHARED)
	@mkdir -p $(@D)
	$(call run,CC,$(CC) $(CPPFLAGS_ALL) $(CFLAGS_ALL) $(LDFLAGS_ALL) -MMD -MP \
		$(call rpath,$$ORIGIN/..) -o $@ $< -L$(BUILD) -lhourglass -lm)

.SECONDARY: $(FUZZ_SRC:%.c=$(OBJ)/%.o) $(OBJ)/fuzz/replay.o
$(BUILD)/fuzz/%: $(OBJ)/fuzz/%.o $(STATIC) $(filter %.o,$(FUZZ_MAIN))
	@mkdir -p $(@D)
	$(call run,LINK,$(CC) $(LDFLAGS_ALL) $(FUZZ_MAIN) -o $@ $< $(STATIC) $(PARTS_LIBS) -lm)

-include $(wildcard $(OBJ)/*/*.d $(OBJ)/*/*/*.d $(OBJ)/*/*/*/*.d $(BUILD)/examples/*.d \
	$(BUILD)/bench/*.d)

.PHONY: FORCE
FORCE:

.PHONY: help
help: ## this list
	@echo 'hourglass $(VERSION): autoencoders in C.  Type make and one of:'
	@sed -n 's/^\([a-z0-9-]*\):.*## \(.*\)/\1	\2/p' Makefile | \
		while IFS='	' read -r target text; do printf '  %-14s %s\n' "$$target" "$$text"; done
	@echo 'Settings: BUILD=folder CC=compiler WERROR=1 SAN=1 TSAN=1 F64=1 WITH_YAML=0'
	@echo '  WITH_CAIRO=0 WITH_ZIP=0 WITH_PNG=0 WITH_JPEG=0 PREFIX=folder DESTDIR=folder V=1'
	@echo '  ARGS="parts of test names"'
	@echo 'Parts found: yaml $(WITH_YAML), cairo $(WITH_CAIRO), zip $(WITH_ZIP), png $(WITH_PNG),'
	@echo '  jpeg $(WITH_JPEG).  Output goes to $(BUILD)/.'

# ---- using it -------------------------------------------------------------------------

.PHONY: demo
demo: ## install what is missing, build, train on real images, draw: three minutes
	@tools/setup.sh
	+@$(MAKE) --no-print-directory build
	@tools/demo.sh $(BUILD)

.PHONY: setup
setup: ## install what building needs (Debian); says what before it does
	@tools/setup.sh

.PHONY: build
build: $(PROGRAM) $(STATIC) ## the library and the program, into build/release/

.PHONY: install
install: build $(BUILD)/hourglass.pc ## into PREFIX (/usr/local), under DESTDIR if set
	$(INSTALL) -d $(D)/bin $(D)/include $(D)/lib/pkgconfig
	$(INSTALL) -m 755 $(PROGRAM) $(D)/bin/
	$(INSTALL) -m 644 include/hourglass.h $(D)/include/
	$(INSTALL) -m 644 $(STATIC) $(D)/lib/
	$(INSTALL) -m 755 $(SHARED) $(D)/lib/
	ln -sf $(notdir $(SHARED)) $(D)/lib/$(SONAME)
	ln -sf $(SONAME) $(D)/lib/libhourglass.so
	$(INSTALL) -m 644 $(BUILD)/hourglass.pc $(D)/lib/pkgconfig/
	@if $(PROGRAM) help --man > $(BUILD)/hourglass.1 2>/dev/null; then \
		$(INSTALL) -d $(D)/share/man/man1 && \
		$(INSTALL) -m 644 $(BUILD)/hourglass.1 $(D)/share/man/man1/; fi
	@[ -n '$(DESTDIR)' ] || tools/after_install.sh '$(abspath $(PREFIX))'
D = $(DESTDIR)$(abspath $(PREFIX))

$(BUILD)/hourglass.pc: FORCE
	@mkdir -p $(@D)
	@printf '%s\n' 'prefix=$(abspath $(PREFIX))' 'includedir=$${prefix}/include' \
		'libdir=$${prefix}/lib' '' 'Name: hourglass' \
		'Description: Train, look at and ship autoencoders' 'Version: $(VERSION)' \
		'Requires.private: $(PARTS)' 'Cflags: -I$${includedir}' \
		'Libs: -L$${libdir} -lhourglass' 'Libs.private: -lm -pthread' > $@

.PHONY: uninstall
uninstall: ## remove what install put there
	rm -f $(D)/bin/hourglass $(D)/include/hourglass.h $(D)/lib/libhourglass.a \
		$(D)/lib/$(notdir $(SHARED)) $(D)/lib/$(SONAME) $(D)/lib/libhourglass.so \
		$(D)/lib/pkgconfig/hourglass.pc $(D)/share/man/man1/hourglass.1

# ---- testing it -----------------------------------------------------------------------

# With -Werror, so in a folder of its own unless one was named.
CHECK_BUILD = $(if $(filter build/release,$(BUILD)),build/check,$(BUILD))

.PHONY: check
check: ## everything that must hold before a commit: minutes
	@tools/setup.sh --check
	+@tools/check.sh $(CHECK_BUILD)

.PHONY: check-all
check-all: ## check, sanitizers, static analysis, a longer fuzz: half an hour
	@tools/setup.sh --check --fuzz
	+@tools/check.sh --all $(CHECK_BUILD)

.PHONY: unit
unit: $(HG_TEST) ## build and run the unit tests; ARGS="words" picks some
	$(HG_TEST) $(ARGS)

.PHONY: f64
f64: ## gradient checks, in double
	+@$(MAKE) --no-print-directory BUILD=build/f64 F64=1 unit-f64

.PHONY: unit-f64
unit-f64: $(BUILD)/hg-test-f64
	$(BUILD)/hg-test-f64 $(ARGS)

.PHONY: cli
cli: build ## tests of the program; ARGS="words" picks some
	@tests/cli.sh $(BUILD) $(ARGS)

.PHONY: golden-update
golden-update: build ## write what the program prints now as what it should print
	@HG_UPDATE=1 tests/cli.sh $(BUILD) $(ARGS)

.PHONY: examples
examples: $(EXAMPLES) ## build the programs of examples/

.PHONY: san
san: ## unit tests with AddressSanitizer and UndefinedBehaviorSanitizer
	+@HG_TEST_SECONDS=$${HG_TEST_SECONDS:-300} $(MAKE) --no-print-directory \
		BUILD=build/san SAN=1 CFLAGS='-O1 -g' unit

# gcc's ThreadSanitizer cannot live with much address randomisation.
.PHONY: tsan
tsan: ## unit tests with ThreadSanitizer
	+@$(MAKE) --no-print-directory BUILD=build/tsan TSAN=1 CFLAGS='-O1 -g' build/tsan/hg-test
	HG_TEST_SECONDS=$${HG_TEST_SECONDS:-300} TSAN_OPTIONS=halt_on_error=1 \
		$$(setarch -R true 2>/dev/null && echo setarch -R) build/tsan/hg-test $(ARGS)

# Of the library what needs no other: base and kernels, and their tests.  That machine's C
# library is linked in, as there is none for qemu to load.
NEON_TESTS := $(wildcard tests/test_kernels_*.c tests/test_base_*.c) tests/test_team.c
.PHONY: neon
neon: ## unit tests of kernels and base for aarch64, under qemu
	+@$(MAKE) --no-print-directory BUILD=build/neon CC=aarch64-linux-gnu-gcc LDFLAGS=-static \
		PARTS_LIBS= ROOMS='base kernels' TESTS='$(NEON_TESTS)' build/neon/hg-test
	HG_TEST_SECONDS=$${HG_TEST_SECONDS:-300} \
		$$(command -v qemu-aarch64-static || echo qemu-aarch64) build/neon/hg-test $(ARGS)

.PHONY: fuzz
fuzz: ## fuzz each parser for FUZZ_SECONDS (60) with clang's libFuzzer
	+@$(MAKE) --no-print-directory BUILD=build/fuzz FUZZ=1 CC=clang CFLAGS='-O1 -g' fuzzers
	@tools/fuzz.sh run build/fuzz $(FUZZ_SECONDS)

.PHONY: fuzz-replay
fuzz-replay: ## feed the corpus to each parser once, with sanitizers
	+@$(MAKE) --no-print-directory BUILD=build/san SAN=1 CFLAGS='-O1 -g' fuzzers
	@tools/fuzz.sh replay build/san

.PHONY: fuzzers
fuzzers: $(FUZZERS)

.PHONY: bench
bench: build $(BENCHES) ## beside other programs (docs/speed.md); ARGS="W1 W4 --pairs 5"
	bench/run.py --program $(PROGRAM) $(ARGS)
	bench/busy.py --program $(PROGRAM)
	bench/footprint.py --program $(PROGRAM)

.PHONY: benches
benches: build $(BENCHES)

# The peers that are compiled: KANN from its sources, LibTorch from libtorch-dev.  Which
# flags are a peer's best is said in docs/speed.md; none of them is for our own code.
PEER_CFLAGS ?= -O3
OPENBLAS := $(firstword $(wildcard /usr/lib/*/openblas-openmp))
.PHONY: bench-peers
bench-peers: ## build the peers of `make bench`: KANN=folder of its sources, LibTorch
	@mkdir -p $(BUILD)/bench
	@if [ -n "$(KANN)" ]; then $(CC) $(PEER_CFLAGS) -w -D_DEFAULT_SOURCE \
		-DHAVE_PTHREAD -DHAVE_CBLAS -I$(KANN) bench/peer_kann.c $(KANN)/kann.c \
		$(KANN)/kautodiff.c -o $(BUILD)/bench/peer_kann -L$(OPENBLAS) -lopenblas -lz \
		-pthread -lm; else echo 'KANN is left out: name the folder of its sources, KANN='; fi
	@if [ -d /usr/include/torch ]; then $(CXX) -O2 -std=c++17 \
		-I/usr/include/torch/csrc/api/include bench/peer_libtorch.cpp \
		-o $(BUILD)/bench/peer_libtorch -ltorch -ltorch_cpu -lc10; \
	else echo 'LibTorch is left out: apt install libtorch-dev'; fi

.PHONY: bench-parts
bench-parts: $(HG_TEST) ## measure each kernel and part; ARGS="words" picks some
	$(HG_TEST) --bench $(ARGS)

# ---- keeping it tidy ------------------------------------------------------------------

.PHONY: fmt
fmt: ## lay out the sources with clang-format 14
	@tools/fmt.sh

.PHONY: fmt-check
fmt-check: ## fail when a source is laid out otherwise
	@tools/fmt.sh --check

.PHONY: lint
lint: ## long files, functions and lines, missing licences, left-overs
	@tools/lint.sh

.PHONY: layers
layers: ## fail when a room includes what it may not
	@tools/layers.sh

.PHONY: hooks
hooks: ## check layout and layers before each git commit
	git config core.hooksPath tools/hooks

.PHONY: dist
dist: ## build/hourglass-VERSION.tar.gz from the last commit
	@mkdir -p build
	git archive --prefix=hourglass-$(VERSION)/ HEAD | gzip -9n > build/hourglass-$(VERSION).tar.gz

.PHONY: clean
clean: ## remove build/ and demo/
	rm -rf build demo
