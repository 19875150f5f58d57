# libflrunner: build, tests, installation. GNU make, no configure step; `make help` lists the targets.
#
# What the user sets is added to what the project needs: CC AR CXX CFLAGS CXXFLAGS CPPFLAGS LDFLAGS, DESTDIR prefix libdir includedir.
# Everything is built in build/<variant>/. Variants: default, asan (address + undefined), tsan, debug (lock ranks checked),
# tsa (clang's thread-safety analysis; objects only), abi (what the ABI dump is made of).

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.SUFFIXES:
MAKEFLAGS += --no-builtin-rules --no-print-directory

# ---- settings ----

CLANG ?= clang
CLANG_TIDY ?= clang-tidy
CPPCHECK ?= cppcheck
PKG_CONFIG ?= pkg-config
PYTHON ?= python3
INSTALL ?= install
prefix ?= /usr/local
libdir ?= $(prefix)/lib
includedir ?= $(prefix)/include
pkgconfigdir ?= $(libdir)/pkgconfig
VARIANT ?= default
FUZZ_SECONDS ?= 60
# Set to yes when 1.0 is cut: from then on abi-refresh refuses, and the committed ABI is extended by hand, at its ends.
ABI_FROZEN := no
# V=1 shows the commands; otherwise one short line per file.
Q := $(if $(V),,@)
say = $(if $(V),,@printf '  %-4s %s\n' $(1) $(subst build/,,$@))

B := build/$(VARIANT)
VERSION := $(shell sed -n 's/^.define FLR_VERSION_STRING "\(.*\)"/\1/p' include/flrunner/base.h)
SONAME := libflrunner.so.$(firstword $(subst ., ,$(VERSION)))
SO := $(B)/libflrunner.so.$(VERSION)
LIB := $(B)/libflrunner.a

optimise_default := -O2 -g
optimise_asan := -O1 -g
optimise_tsan := -O1 -g
optimise_debug := -O1 -g
optimise_tsa := -O1
optimise_abi := -O0 -g
instrument_asan := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
instrument_tsan := -fsanitize=thread -fno-omit-frame-pointer
define_debug := -DFLR_DEBUG_LOCKS
define_tsa := -DFLR_TSA
warn_tsa := -Wthread-safety
ifeq ($(optimise_$(VARIANT)),)
$(error unknown VARIANT "$(VARIANT)": use default, asan, tsan, debug, tsa or abi)
endif

CFLAGS ?= $(optimise_$(VARIANT))
CXXFLAGS ?= $(optimise_$(VARIANT))
WARNINGS := -Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes -Wvla -Wformat=2 -Wundef \
            $(warn_$(VARIANT)) $(if $(filter 1,$(WERROR)),-Werror)
CXX_WARNINGS := -Wall -Wextra -Wpedantic -Wshadow $(if $(filter 1,$(WERROR)),-Werror)
# What the bits of a model depend on stands last, so that no flag of the user's can undo it.
MUST := -std=c11 -ffp-contract=off -pthread -fvisibility=hidden -fPIC -ffunction-sections -fdata-sections $(instrument_$(VARIANT))
DEFINES := -D_POSIX_C_SOURCE=200809L $(define_$(VARIANT))
COMPILE = $(CC) $(DEFINES) -Iinclude $(INCLUDES) $(CPPFLAGS) $(WARNINGS) $(CFLAGS) $(MUST) -MMD -MP
LINK = $(CC) $(CFLAGS) $(instrument_$(VARIANT)) -pthread $(LDFLAGS)
LIBS := -Wl,--as-needed -lm
# A sanitizer's runtime is found at run time: its objects may leave symbols open.
HARDEN := $(if $(instrument_$(VARIANT)),,-Wl,-z,defs) -Wl,-z,relro,-z,now,-z,nodelete

# ---- sources ----

objects_of = $(patsubst %.c,$(B)/obj/%.o,$(1))
programs_of = $(patsubst %.c,$(B)/%,$(1))

LIB_SRC := $(sort $(wildcard lib/*.c lib/*/*.c))
LIB_OBJ := $(call objects_of,$(LIB_SRC))
HEADERS := $(sort $(wildcard include/*.h include/flrunner/*.h))
EXAMPLE_SRC := $(sort $(wildcard examples/*.c))
EXAMPLES := $(call programs_of,$(EXAMPLE_SRC))
TCP := $(B)/examples/tcp-server $(B)/examples/tcp-client
TCP_BOTH := $(addprefix examples/tcp/,budget connection hello moment net token) $(addprefix examples/demo/,islands model penguins softmax)
TCP_SERVER := $(addprefix examples/tcp/,server calls job keeper members options peers status) $(TCP_BOTH)
TCP_CLIENT := $(addprefix examples/tcp/,client link trainer) $(TCP_BOTH)
TCP_LOAD_SRC := tests/bench/tcp_load $(addprefix examples/tcp/,budget connection hello link moment net token)
TCP_LOAD := $(B)/tests/bench/tcp_load
EXAMPLES_CXX := $(patsubst %.cpp,$(B)/%-cpp,$(sort $(wildcard examples/*.cpp)))
SUPPORT_OBJ := $(call objects_of,$(sort $(wildcard tests/support/*.c)))
BENCH_OBJ := $(call objects_of,$(filter-out tests/bench/tcp%,$(sort $(wildcard tests/bench/*.c))))
SIM_OBJ := $(call objects_of,$(sort $(wildcard tests/sim/sim_*.c)))
FUZZ_NAMES := $(patsubst tests/fuzz/fuzz_%.c,%,$(sort $(wildcard tests/fuzz/fuzz_*.c)))

tests_in = $(sort $(wildcard tests/$(1)/test_*.c))
UNIT := $(call programs_of,$(call tests_in,unit))
BEHAVIOUR := $(call programs_of,$(call tests_in,behaviour))
OOM := $(call programs_of,$(call tests_in,oom))
THREADS := $(call programs_of,$(call tests_in,threads))
SIM := $(call programs_of,$(call tests_in,sim))
API := $(call programs_of,$(call tests_in,api))
REPLAY := $(patsubst %,$(B)/tests/fuzz/replay_%,$(FUZZ_NAMES))
STATIC_TESTS := $(UNIT) $(BEHAVIOUR) $(OOM) $(THREADS) $(SIM)
PROGRAMS := $(STATIC_TESTS) $(API) $(REPLAY)

# ---- targets for people ----

.PHONY: all lib demo demo-tcp check check-asan check-tsan check-debug check-oom check-valgrind check-tsa check-abi abi-refresh \
        check-headers check-install check-lint check-programs valgrind-programs tests examples fuzz sim faults crash bench install uninstall deps clean help FORCE

all: lib examples ## build the shared and static library and the examples in C

lib: $(SO) $(B)/$(SONAME) $(B)/libflrunner.so $(LIB)

examples: $(EXAMPLES) $(TCP)

demo: $(B)/examples/demo ## train a model on the penguins of three islands (needs only cc and make)
	@mkdir -p $(B)/demo
	@$(B)/examples/demo examples/data/penguins.csv $(B)/demo

demo-tcp: $(B)/examples/demo $(TCP) ## the same over TCP: a server and three clients on loopback, a client and the server killed and started again
	@examples/tcp/demo.sh $(B)

RUN := tests/support/run.sh
export CC CXX CLANG PKG_CONFIG PYTHON
export FLR_BUILD := $(B)

check: tests ## run all tests once: unit, api, behaviour, oom, threads, headers, install, ctypes, fuzz replay
	+@MAKE="$(MAKE)" $(RUN) -l $(B)/logs $(PROGRAMS) $(CHECK_SCRIPTS)
CHECK_SCRIPTS := tests/headers/headers.sh tests/install/install.sh tests/install/demo.sh tests/install/demo_tcp.sh tests/faults/faults.sh tests/crash/crash.sh tests/install/ctypes_host.py tests/install/client_only.sh tests/install/frame_py.py tests/install/model_py.py

RELAY := $(B)/tests/faults/relay
KILLER := $(B)/tests/crash/killer.so
tests: lib $(PROGRAMS) $(EXAMPLES) $(TCP) $(RELAY) $(KILLER) $(EXAMPLES_CXX)

# CK_FORK=no: one process and so one leak check per program, at its end; a hang is ended by the runner's limit.
check-programs: $(PROGRAMS) $(B)/examples/demo $(TCP)
	@$(RUN_ENV) CK_FORK=no CK_TIMEOUT_MULTIPLIER=20 $(RUN) $(RUN_OPTIONS) -l $(B)/logs $(PROGRAMS) tests/install/demo_tcp.sh

check-asan: ## the test programs under the address and undefined behaviour sanitizers, with leak check
	@$(MAKE) VARIANT=asan check-programs RUN_OPTIONS="-t 600" RUN_ENV="ASAN_OPTIONS=detect_leaks=1:strict_string_checks=1:detect_stack_use_after_return=1 UBSAN_OPTIONS=print_stacktrace=1"

# Address-space randomisation of new kernels and tsan do not agree everywhere; setarch switches it off where that is allowed.
NO_RANDOM := $(if $(filter check-tsan,$(MAKECMDGOALS)),$(shell setarch -R true 2>/dev/null && echo "-w 'setarch -R'"))
check-tsan: ## the test programs under the thread sanitizer
	@$(MAKE) VARIANT=tsan check-programs RUN_OPTIONS="-t 900 $(NO_RANDOM)" RUN_ENV="TSAN_OPTIONS=second_deadlock_stack=1:halt_on_error=0:exitcode=66"

check-debug: ## the test programs with the ranks of locks checked
	@$(MAKE) VARIANT=debug check-programs

check-oom: $(OOM) ## fail each allocation in turn
	@CK_FORK=no $(RUN) -t 600 -l $(B)/logs-oom $(OOM)

# A debug build keeps no blocks for reuse, so that each is watched.
check-valgrind: ## unit and behaviour tests under valgrind
	@$(MAKE) VARIANT=debug valgrind-programs

valgrind-programs: $(UNIT) $(BEHAVIOUR)
	@CK_FORK=no $(RUN) -t 1200 -l $(B)/logs-valgrind \
	    -w "valgrind -q --error-exitcode=99 --leak-check=full --errors-for-leak-kinds=definite,indirect,possible" $(UNIT) $(BEHAVIOUR)

check-tsa: ## clang with all warnings and its thread-safety analysis over the library
	+@MAKE="$(MAKE)" $(RUN) -t 1200 tests/lint/tsa.sh

check-abi: $(SO) $(LIB) ## exported symbols, ABI dump, frozen layouts and constants; and that this gate rejects breaks
	+@MAKE="$(MAKE)" $(RUN) -t 1200 -l $(B)/logs-abi tests/abi/check.sh

abi-refresh: ## rewrite the symbol map, frozen layouts and ABI baseline (until 1.0 is cut)
	@test $(ABI_FROZEN) = no || { echo "abi-refresh: the ABI of 1.0 is cut; see ABI_FROZEN in the Makefile" >&2; exit 1; }
	+@MAKE="$(MAKE)" tests/abi/refresh.sh

check-headers: ## each public header alone as C99, C11 and C++11
	@$(RUN) tests/headers/headers.sh

check-install: lib $(EXAMPLES_CXX) ## install, build hosts against it in C and C++, shared and static; uninstall
	+@MAKE="$(MAKE)" $(RUN) -l $(B)/logs-install tests/install/install.sh tests/install/ctypes_host.py tests/install/client_only.sh tests/install/frame_py.py tests/install/model_py.py

check-lint: ## clang-tidy and cppcheck over the library
	@CLANG_TIDY="$(CLANG_TIDY)" CPPCHECK="$(CPPCHECK)" $(RUN) -t 2400 tests/lint/lint.sh

fuzz: $(patsubst %,build/fuzz/fuzz_%,$(FUZZ_NAMES)) ## fuzz each target with clang for FUZZ_SECONDS (default 60)
	@set -e; for name in $(FUZZ_NAMES); do \
	    mkdir -p build/fuzz/found/$$name tests/fuzz/corpus/$$name; \
	    echo "fuzz $$name"; \
	    build/fuzz/fuzz_$$name -max_total_time=$(FUZZ_SECONDS) -print_final_stats=1 -artifact_prefix=build/fuzz/$$name- \
	        build/fuzz/found/$$name tests/fuzz/corpus/$$name; \
	done

sim: $(SIM) ## play SEEDS (default 10000) simulated federations from SEED (default 1) on
	@for p in $(SIM); do FLR_SEEDS=$(or $(SEEDS),10000) FLR_SEED=$(or $(SEED),1) $$p || exit 1; done

faults: $(B)/examples/demo $(TCP) $(RELAY) ## federations over TCP through a bad network, SEEDS (default 2) from SEED (default 1) on
	@SEEDS="$(SEEDS)" SEED="$(SEED)" tests/faults/faults.sh

crash: $(TCP) $(KILLER) ## kill the TCP server at each system call on its state, and at SEEDS (default 100) random moments from SEED (default 1) on
	@SEEDS="$(SEEDS)" SEED="$(SEED)" tests/crash/crash.sh

bench: $(B)/bench $(SO) $(TCP) $(TCP_LOAD) ## print the figures (BENCH=name: those that begin so; QUICK=1: shorter; JSON=1: an object per line)
	@BENCH="$(BENCH)" QUICK="$(QUICK)" JSON="$(JSON)" FLR_BENCH_SO="$(SO)" $(B)/bench
	@BENCH="$(BENCH)" QUICK="$(QUICK)" JSON="$(JSON)" tests/bench/tcp.sh

install: lib ## install to prefix (default /usr/local); DESTDIR libdir includedir are honoured
	$(INSTALL) -d "$(DESTDIR)$(includedir)/flrunner" "$(DESTDIR)$(libdir)" "$(DESTDIR)$(pkgconfigdir)"
	$(INSTALL) -m 644 $(wildcard include/*.h) "$(DESTDIR)$(includedir)"
	$(INSTALL) -m 644 $(wildcard include/flrunner/*.h) "$(DESTDIR)$(includedir)/flrunner"
	$(INSTALL) -m 644 $(LIB) "$(DESTDIR)$(libdir)"
	$(INSTALL) -m 755 $(SO) "$(DESTDIR)$(libdir)"
	ln -sf $(notdir $(SO)) "$(DESTDIR)$(libdir)/$(SONAME)"
	ln -sf $(SONAME) "$(DESTDIR)$(libdir)/libflrunner.so"
	sed -e 's|@prefix@|$(prefix)|' -e 's|@libdir@|$(libdir)|' -e 's|@includedir@|$(includedir)|' -e 's|@version@|$(VERSION)|' \
	    pkgconfig/libflrunner.pc.in >"$(DESTDIR)$(pkgconfigdir)/libflrunner.pc"
	chmod 644 "$(DESTDIR)$(pkgconfigdir)/libflrunner.pc"

uninstall: ## remove what install put there
	rm -f $(patsubst include/%,"$(DESTDIR)$(includedir)/%",$(HEADERS))
	-rmdir "$(DESTDIR)$(includedir)/flrunner"
	rm -f "$(DESTDIR)$(libdir)/libflrunner.a" "$(DESTDIR)$(libdir)/libflrunner.so" "$(DESTDIR)$(libdir)/$(SONAME)" \
	    "$(DESTDIR)$(libdir)/$(notdir $(SO))" "$(DESTDIR)$(pkgconfigdir)/libflrunner.pc"

deps: ## install what the tests need (apt-get, as root or with sudo), if anything is missing
	@tests/support/deps.sh

clean: ## remove build/
	rm -rf build

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)/\1\t\2/p' Makefile | while IFS="$$(printf '\t')" read -r name text; do printf '  %-15s %s\n' "$$name" "$$text"; done

# ---- rules ----

# Rebuild when the compiler, the flags or the list of sources change. $(call note,TEXT) rewrites the target only if TEXT is new.
note = @mkdir -p $(@D); printf '%s\n' '$(subst ','\'',$(1))' | cmp -s - $@ || printf '%s\n' '$(subst ','\'',$(1))' >$@
$(B)/flags: FORCE
	$(call note,$(COMPILE) | $(LINK))
# `make -j deps check` compiles only after the installation.
$(if $(filter deps,$(MAKECMDGOALS)),$(B)/flags: | deps)
$(B)/sources: FORCE
	$(call note,$(LIB_SRC))
FORCE:

$(B)/obj/%.o: %.c $(B)/flags
	@mkdir -p $(@D)
	$(call say,CC)
	$(Q)$(COMPILE) -c -o $@ $<

CHECK_CFLAGS = $(shell $(PKG_CONFIG) --cflags check 2>/dev/null)
CHECK_LIBS = $(shell $(PKG_CONFIG) --libs check 2>/dev/null || echo -lcheck)
$(B)/obj/lib/%.o: private INCLUDES = -Ilib
$(B)/obj/tests/%.o: private INCLUDES = -Ilib -Itests -Itests/support $(CHECK_CFLAGS)
$(B)/obj/tests/api/%.o: private INCLUDES = $(CHECK_CFLAGS)

$(LIB): $(LIB_OBJ) $(B)/sources
	@rm -f $@
	$(call say,AR)
	$(Q)$(AR) rcs $@ $(LIB_OBJ)

$(SO): $(LIB_OBJ) $(B)/sources lib/libflrunner.map
	$(call say,LD)
	$(Q)$(LINK) -shared -Wl,-soname,$(SONAME) -Wl,--version-script=lib/libflrunner.map $(HARDEN) -o $@ $(LIB_OBJ) $(LIBS)

$(B)/$(SONAME): $(SO)
	@ln -sf $(<F) $@
$(B)/libflrunner.so: $(B)/$(SONAME)
	@ln -sf $(<F) $@

# An example examples/NAME.c may have more sources in examples/NAME/.
.SECONDEXPANSION:
$(EXAMPLES): $(B)/examples/%: $(B)/obj/examples/%.o $$(call objects_of,$$(sort $$(wildcard examples/$$*/*.c))) $(LIB)
	@mkdir -p $(@D)
	$(call say,LD)
	$(Q)$(LINK) -o $@ $^ $(LIBS)

$(B)/examples/tcp-server: $(TCP_SERVER:%=$(B)/obj/%.o) $(LIB)
$(B)/examples/tcp-client: $(TCP_CLIENT:%=$(B)/obj/%.o) $(LIB)
$(TCP_LOAD): $(TCP_LOAD_SRC:%=$(B)/obj/%.o) $(LIB)
$(TCP) $(TCP_LOAD):
	@mkdir -p $(@D)
	$(call say,LD)
	$(Q)$(LINK) -o $@ $^ $(LIBS)

$(EXAMPLES_CXX): $(B)/examples/%-cpp: examples/%.cpp $(LIB) $(B)/flags
	@mkdir -p $(@D)
	$(call say,CXX)
	$(Q)$(CXX) -Iinclude $(CPPFLAGS) $(CXX_WARNINGS) $(CXXFLAGS) -std=c++11 -pthread $(instrument_$(VARIANT)) -MMD -MP -MT $@ -MF $@.d $(LDFLAGS) \
	    -o $@ $< $(LIB) $(LIBS)

$(RELAY): $(B)/obj/tests/faults/relay.o
	@mkdir -p $(@D)
	$(call say,LD)
	$(Q)$(LINK) -o $@ $<

# To be preloaded, so its functions must be seen; it is for programs without a sanitizer's runtime.
$(KILLER): tests/crash/killer.c $(B)/flags
	@mkdir -p $(@D)
	$(call say,CC)
	$(Q)$(COMPILE) -fvisibility=default -shared -MT $@ -MF $@.d $(LDFLAGS) -o $@ $< -ldl

$(B)/libtestsupport.a: $(SUPPORT_OBJ)
	@rm -f $@
	$(Q)$(AR) rcs $@ $(SUPPORT_OBJ)

$(SIM): $(SIM_OBJ)
$(STATIC_TESTS): $(B)/tests/%: $(B)/obj/tests/%.o $(B)/libtestsupport.a $(LIB)
	@mkdir -p $(@D)
	$(call say,LD)
	$(Q)$(LINK) -o $@ $(filter %.o,$^) $(filter %.a,$^) $(CHECK_LIBS) $(LIBS)

# These see what a host sees: the public headers and the shared library's exports.
$(API): $(B)/tests/api/%: $(B)/obj/tests/api/%.o $(B)/libflrunner.so
	@mkdir -p $(@D)
	$(call say,LD)
	$(Q)$(LINK) -o $@ $< -L$(B) -lflrunner -Wl,-rpath,'$$ORIGIN/../..' $(CHECK_LIBS) $(LIBS)

$(REPLAY): $(B)/tests/fuzz/replay_%: $(B)/obj/tests/fuzz/fuzz_%.o tests/fuzz/replay.c $(B)/libtestsupport.a $(LIB)
	@mkdir -p $(@D)
	$(call say,CC)
	$(Q)$(COMPILE) -MT $@ -MF $@.d -DFLR_CORPUS='"tests/fuzz/corpus/$*"' -DFLR_TARGET='"$*"' $(LDFLAGS) -o $@ $(filter %.c %.o %.a,$^) $(LIBS)

$(B)/bench: $(BENCH_OBJ) $(LIB)
	$(if $(BENCH_OBJ),,$(error there is no source in tests/bench))
	$(call say,LD)
	$(Q)$(LINK) -o $@ $(BENCH_OBJ) $(LIB) $(LIBS)

# Fuzz targets have a library of their own, instrumented by clang.
FUZZ_COMPILE = $(CLANG) -std=c11 -ffp-contract=off -D_POSIX_C_SOURCE=200809L -pthread -O1 -g -Iinclude -Ilib -Itests -Itests/support $(CPPFLAGS) -MMD -MP
FUZZ_OBJ := $(patsubst %.c,build/fuzz/obj/%.o,$(LIB_SRC) $(sort $(wildcard tests/support/fuzz*.c)))
build/fuzz/obj/%.o: %.c
	@mkdir -p $(@D)
	$(call say,CC)
	$(Q)$(FUZZ_COMPILE) -fsanitize=fuzzer-no-link,address,undefined -c -o $@ $<
build/fuzz/fuzz_%: tests/fuzz/fuzz_%.c $(FUZZ_OBJ)
	$(call say,LD)
	$(Q)$(FUZZ_COMPILE) -fsanitize=fuzzer,address,undefined -o $@ $< $(FUZZ_OBJ) -lm

.PRECIOUS: $(B)/obj/%.o
-include $(patsubst %.o,%.d,$(LIB_OBJ) $(SUPPORT_OBJ) $(BENCH_OBJ) $(call objects_of,$(EXAMPLE_SRC) $(wildcard examples/*/*.c) \
    $(foreach d,unit behaviour oom threads sim api fuzz,$(wildcard tests/$(d)/*.c)))) \
    $(addsuffix .d,$(EXAMPLES_CXX) $(REPLAY)) $(FUZZ_OBJ:.o=.d)
