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
# Seconds that `make fuzz` gives each parser.
FUZZ_SECONDS ?= 60
# Arguments of `make unit` and `make bench`: parts of test names.
ARGS    ?=
# To build less while other rooms are half-written: rooms of src/, and unit tests.
ROOMS   ?= *
TESTS   ?= tests/test_*.c

PKG_CONFIG ?= pkg-config
INSTALL    ?= install

# ---- machine and optional parts ---------------------------------------------------

VERSION_MAJOR := $(shell sed -n 's/^.define HG_VERSION_MAJOR //p' include/hourglass.h)
VERSION_MINOR := $(shell sed -n 's/^.define HG_VERSION_MINOR //p' include/hourglass.h)
VERSION_PATCH := $(shell sed -n 's/^.define HG_VERSION_PATCH //p' include/hourglass.h)
VERSION := $(VERSION_MAJOR).$(VERSION_MINOR).$(VERSION_PATCH)

MACHINE := $(shell $(CC) -dumpmachine)
has = $(shell $(PKG_CONFIG) --exists $1 2>/dev/null && echo 1 || echo 0)
# The first of the flags $1 that this compiler takes without a word.
try = $(shell printf 'int main(void){return 0;}' | $(CC) -Werror $1 -x c -c -o /dev/null - 2>/dev/null && echo "$1")

WITH_YAML  ?= $(call has,yaml-0.1)
WITH_CAIRO ?= $(call has,cairo)

PARTS := jansson zlib
ifeq ($(WITH_YAML),1)
PARTS += yaml-0.1
endif
ifeq ($(WITH_CAIRO),1)
PARTS += cairo
endif
PARTS_CFLAGS := $(shell $(PKG_CONFIG) --cflags $(PARTS) 2>/dev/null)
PARTS_LIBS   := $(shell $(PKG_CONFIG) --libs $(PARTS) 2>/dev/null || echo -ljansson -lz)

# ---- flags --------------------------------------------------------------------------

WARNINGS := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion \
	-Wdouble-promotion -Wstrict-prototypes -Wmissing-prototypes -Wvla -Wundef \
	-Wwrite-strings
ifeq ($(WERROR),1)
WARNINGS += -Werror
endif

# Loops are vectorised, but no flag here changes a result: no -ffast-math, no contraction
# outside the kernel folders that state it, no -march=native.
CFLAGS ?= -O2 -g
OPTIMISE := -ftree-vectorize $(call try,-fvect-cost-model=dynamic) -ffp-contract=off \
	-fno-math-errno -fno-trapping-math
CPPFLAGS_ALL := -D_DEFAULT_SOURCE -D_POSIX_C_SOURCE=200809L -DHG_WITH_YAML=$(WITH_YAML) \
	-DHG_WITH_CAIRO=$(WITH_CAIRO) -Iinclude $(CPPFLAGS)
CFLAGS_ALL := -std=c11 $(WARNINGS) $(CFLAGS) $(OPTIMISE) -fPIC -fvisibility=hidden -pthread
LDFLAGS_ALL := -pthread $(LDFLAGS)
NO_UNDEFINED := -Wl,--no-undefined

ifeq ($(SAN),1)
SANITIZE := -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
endif
ifeq ($(TSAN),1)
SANITIZE := -fsanitize=thread
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

# Instruction sets by folder of src/kernels/.  Whether this machine has them is asked at
# run time; a folder for another machine, or one with no double kernels, is left out.
FLAGS_avx2   := -mavx2 -mfma -mf16c -ffp-contract=fast
FLAGS_avx512 := -mavx512f -mavx512bw -mavx512dq -mavx512vl -mavx2 -mfma -ffp-contract=fast
FOLDERS := ref
ifneq ($(filter x86_64-% amd64-%,$(MACHINE)),)
ifneq ($(F64),1)
FOLDERS += avx2 avx512
endif
endif

# ---- sources ------------------------------------------------------------------------

LIB_SRC  := $(sort $(foreach r,$(ROOMS),$(wildcard src/$r/*.c))) \
	$(sort $(foreach f,$(FOLDERS),$(wildcard src/kernels/$f/*.c)))
CLI_SRC  := $(sort $(wildcard cli/*.c serve/*.c))
TEST_SRC := tests/test.c $(sort $(wildcard $(TESTS)))
F64_SRC  := tests/test.c $(sort $(wildcard tests/f64/*.c))
EXAMPLE_SRC := $(sort $(wildcard examples/*.c))
FUZZ_SRC := $(sort $(wildcard fuzz/fuzz_*.c))

OBJ := $(BUILD)/obj
LIB_OBJ  := $(LIB_SRC:%.c=$(OBJ)/%.o)
CLI_OBJ  := $(CLI_SRC:%.c=$(OBJ)/%.o)
TEST_OBJ := $(TEST_SRC:%.c=$(OBJ)/%.o)
F64_OBJ  := $(F64_SRC:%.c=$(OBJ)/%.o)
EXAMPLES := $(EXAMPLE_SRC:examples/%.c=$(BUILD)/examples/%)
REPLAYS  := $(FUZZ_SRC:fuzz/%.c=$(BUILD)/fuzz/%)

STATIC := $(BUILD)/libhourglass.a
SONAME := libhourglass.so.$(VERSION_MAJOR)
SHARED := $(BUILD)/libhourglass.so.$(VERSION)
PROGRAM := $(BUILD)/hourglass
HG_TEST := $(BUILD)/hg-test

# ---- building -----------------------------------------------------------------------

# Objects depend on this file, which changes only when a flag does, so that another
# compiler or option in the same folder is never a mix.
FLAGS_FILE := $(BUILD)/flags
FLAGS_NOW := $(CC) $(CPPFLAGS_ALL) $(PARTS_CFLAGS) $(CFLAGS_ALL) $(LDFLAGS_ALL) $(PARTS_LIBS) $(LIB_SRC) $(CLI_SRC)
$(FLAGS_FILE): FORCE
	@mkdir -p $(@D)
	@echo '$(FLAGS_NOW)' | cmp -s - $@ || echo '$(FLAGS_NOW)' > $@

$(OBJ)/src/%.o: INCLUDES = -Isrc $(PARTS_CFLAGS)
$(OBJ)/cli/%.o: INCLUDES = $(PARTS_CFLAGS)
$(OBJ)/tests/%.o: INCLUDES = -Isrc -Itests
$(OBJ)/fuzz/%.o: INCLUDES = -Isrc
$(OBJ)/src/kernels/avx2/%.o: ISA = $(FLAGS_avx2)
$(OBJ)/src/kernels/avx512/%.o: ISA = $(FLAGS_avx512)

$(OBJ)/%.o: %.c $(FLAGS_FILE)
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS_ALL) $(INCLUDES) $(CFLAGS_ALL) $(ISA) -MMD -MP -c -o $@ $<

$(STATIC): $(LIB_OBJ) $(FLAGS_FILE)
	@rm -f $@
	$(AR) rcs $@ $(LIB_OBJ)

$(SHARED): $(LIB_OBJ) $(FLAGS_FILE)
	$(CC) -shared $(LDFLAGS_ALL) $(NO_UNDEFINED) -Wl,-soname,$(SONAME) \
		-Wl,--as-needed -Wl,-z,relro -Wl,-z,now -o $@ $(LIB_OBJ) $(PARTS_LIBS) -lm
	@ln -sf $(@F) $(BUILD)/$(SONAME)
	@ln -sf $(SONAME) $(BUILD)/libhourglass.so

# The program finds the library beside itself (build folder) or in ../lib (installed).
$(PROGRAM): $(CLI_OBJ) $(SHARED)
	$(CC) $(LDFLAGS_ALL) -Wl,--as-needed -Wl,-z,relro -Wl,-z,now \
		-Wl,-rpath,'$$ORIGIN:$$ORIGIN/../lib' -o $@ $(CLI_OBJ) -L$(BUILD) -lhourglass \
		$(PARTS_LIBS) -lm

$(HG_TEST): $(TEST_OBJ) $(STATIC)
	$(CC) $(LDFLAGS_ALL) -o $@ $(TEST_OBJ) $(STATIC) $(PARTS_LIBS) -lm

$(BUILD)/hg-test-f64: $(F64_OBJ) $(STATIC)
	$(CC) $(LDFLAGS_ALL) -o $@ $(F64_OBJ) $(STATIC) $(PARTS_LIBS) -lm

$(BUILD)/examples/%: examples/%.c $(SHARED)
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS_ALL) $(CFLAGS_ALL) $(LDFLAGS_ALL) -MMD -MP \
		-Wl,-rpath,'$$ORIGIN/..' -o $@ $< -L$(BUILD) -lhourglass -lm

-include $(wildcard $(OBJ)/*/*.d $(OBJ)/*/*/*.d $(OBJ)/*/*/*/*.d $(BUILD)/examples/*.d)

.PHONY: FORCE
FORCE:

.PHONY: help
help: ## this list
	@echo 'hourglass $(VERSION): autoencoders in C.  Type make and one of:'
	@sed -n 's/^\([a-z0-9-]*\):.*## \(.*\)/\1	\2/p' $(MAKEFILE_LIST) | \
		while IFS='	' read -r target text; do printf '  %-13s %s\n' "$$target" "$$text"; done
	@echo 'Settings: BUILD=folder CC=compiler WERROR=1 SAN=1 TSAN=1 F64=1 WITH_YAML=0'
	@echo '  WITH_CAIRO=0 PREFIX=folder DESTDIR=folder ARGS="parts of test names"'
	@echo 'Parts found: yaml $(WITH_YAML), cairo $(WITH_CAIRO).  Output goes to $(BUILD)/.'

.PHONY: build
build: $(PROGRAM) $(STATIC) ## the library and the program, into build/release/

.PHONY: unit
unit: $(HG_TEST) ## build and run the unit tests; ARGS="words" picks some
	$(HG_TEST) $(ARGS)

.PHONY: f64
f64: ## gradient checks, in double
	@$(MAKE) --no-print-directory BUILD=$(or $(F64_BUILD),build/f64) F64=1 unit-f64

.PHONY: unit-f64
unit-f64: $(BUILD)/hg-test-f64
	$(BUILD)/hg-test-f64 $(ARGS)

.PHONY: clean
clean: ## remove build/ and demo/
	rm -rf build demo
