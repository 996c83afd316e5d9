# Joist: plain make, no configure step.  Objects by wildcard per room.
#
# Targets (`make help` prints these lines):
#   make            build/joist, build/libexec/* and the library libjoist
#   make demo       build, then a tour on real input, each command shown
#   make test       everything that can be tested here; ends with "N passed, M failed"
#                     ONLY=os/net      only the tests whose name holds that text
#                     SAN=address,undefined   with sanitizers (a build of its own)
#   make test-spec SPEC=DIR    the WebAssembly test suite that is there
#   make test-programs  real WebAssembly programs, fetched with npm
#   make harsh      the same suite in a build that gives bugs a chance
#   make fuzz       every fuzz target for FUZZ_SECONDS=60, clang's sanitizers on
#   make style      what can be checked of the house style
#   make bench      our times beside those of the peers on PATH
#   make doc        doc/joist.1, completion/ and doc/windows-api.md anew from the tables
#   make install    PREFIX=/usr/local DESTDIR=
#   make uninstall
#   make tags       for editors, with the rows of the .def tables
#   make clean
# Variables: CC=clang OPT='-O0 -g' CFLAGS= LDFLAGS= work as everywhere.

VERSION   = 0.1.0
PREFIX    = /usr/local
B         = build
CC        = gcc
OPT       = -O2 -g
WARN      = -Wall -Wextra -Wpedantic -Wshadow -Wstrict-prototypes -Wmissing-prototypes
SAN       =
HARSH     =
FUZZ      =
FUZZ_SECONDS = 60
ONLY      =
SPEC      = ../shared/wasm-testsuite

CPPFLAGS += -D_GNU_SOURCE -DJOIST_VERSION='"$(VERSION)"' -DJOIST_PREFIX='"$(PREFIX)"' \
             -DJOIST_HARSH=$(if $(HARSH),1,0) -I.
CFLAGS   += -std=c11 $(OPT) $(WARN) -fPIC -fvisibility=hidden -fno-strict-aliasing -fstack-protector-strong -MMD -MP
HARDEN    = -Wl,-z,relro,-z,now,-z,noexecstack

# Sanitizers cannot live in a static program: those builds are dynamic, and
# each kind of build has a folder of its own.
ifneq ($(SAN),)
B        := $(B)/san
CFLAGS   += -fsanitize=$(SAN) -fno-sanitize-recover=undefined -fno-omit-frame-pointer
MAINLINK  = -pie -fsanitize=$(SAN)
TOOLLINK  = $(MAINLINK)
# What reads whole blocks around a string, and what leaves the stacks of programs, is as it is.
UNWATCHED = layer/api/dll/ucrtbase_memory.o layer/api/nt/except/%.o layer/api/dll/ntdll_except.o
$(addprefix $(B)/,$(UNWATCHED)): PLAIN = -fno-sanitize=all
else
CFLAGS   += -ffunction-sections -fdata-sections
MAINLINK  = -static-pie -Wl,--gc-sections -Wl,-z,pack-relative-relocs $(HARDEN)
TOOLLINK  = -pie $(HARDEN)
endif
ifneq ($(HARSH),)
B        := $(B)/harsh
HARSHLINK = $(foreach f,malloc calloc realloc read write,-Wl,--wrap=$(f))
endif
ifneq ($(FUZZ),)
B        := $(B)/fuzz
CFLAGS   += -fsanitize=fuzzer-no-link
endif

# The rooms of the static program, inside to outside.
ROOMS     = base img core net layer/os layer/lang layer/lang/text layer/lang/wasi layer/hal/dev layer/hal/rv layer/api layer/api/nt $(addprefix layer/api/nt/,image except mem object thread process file socket text crt registry crypto) layer/api/dll layer/api/cmd all all/wasm cli
HARSH_SRC = base/harsh_wrap.c
SRC       = $(filter-out $(HARSH_SRC),$(wildcard $(ROOMS:%=%/*.c)))
objects   = $(patsubst %.c,$(B)/%.o,$(filter-out $(HARSH_SRC),$(wildcard $(1:%=%/*.c)))) \
            $(patsubst %.S,$(B)/%.o,$(wildcard $(1:%=%/*.S)))
HARSH_OBJ = $(if $(HARSH),$(HARSH_SRC:%.c=$(B)/%.o))
OBJ       = $(call objects,$(ROOMS)) $(HARSH_OBJ)
LIBS      = -lcares -lmbedtls -lmbedx509 -lmbedcrypto -lhogweed -lnettle -lgmp -lseccomp -ljansson -lfdt -lzstd -lz -lpthread -lm

# The interpreter jumps by computed goto: the compiler must not gather the jumps
# into one, which costs half its speed.
$(B)/layer/lang/run.o $(B)/layer/lang/valid.o $(B)/layer/hal/rv/run.o: CFLAGS += -Wno-pedantic -fno-tree-vectorize -fno-math-errno
# a square root is an instruction, not a call of libm
$(B)/layer/hal/rv/fp.o: CFLAGS += -fno-math-errno
ifeq ($(CC),clang)
# clang takes minutes for the interpreter when it optimises a thousand jumps to anywhere.
$(B)/layer/lang/run.o: CFLAGS += -O0
endif
ifeq ($(CC),gcc)
$(B)/layer/lang/run.o $(B)/layer/lang/valid.o $(B)/layer/hal/rv/run.o: CFLAGS += -fno-gcse -fno-crossjumping
endif

# Programs of their own in libexec/: one folder each, with what it links.
# VNC only where its library is: whatever asks for it says that this build has none.
NO_TOOLS  = $(if $(shell printf '\043include <stdio.h>\n\043include <rfb/rfb.h>\n' | $(CC) -fsyntax-only -xc - 2>&1 | head -n 1),vnc)
TOOLS     = $(filter-out $(NO_TOOLS),$(notdir $(patsubst %/,%,$(wildcard libexec/*/))))
LIBS_image = -lcurl -larchive -lzstd -lz -lcrypto -ljansson -lpthread
LIBS_dns  = -ljansson -lpthread
LIBS_vnc  = -lvncserver -lpthread

# The agent also runs inside computers: static, where there is a compiler for theirs.
GUEST_CC  = riscv64-linux-gnu-gcc
NO_AGENT := $(shell printf '\043include <stdio.h>\n' | $(GUEST_CC) -fsyntax-only -xc - 2>&1 | head -n 1)
AGENT     = $(if $(NO_AGENT),,$(B)/libexec/joist-agent.riscv64)
AGENT_SRC = $(sort $(wildcard libexec/agent/*.c)) $(patsubst %,base/%.c,arena buf cur err file proc str user vec)

all: $(if $(wildcard cli/main.c),$(B)/joist) $(TOOLS:%=$(B)/libexec/joist-%) $(AGENT) library

$(B)/libexec/joist-agent.riscv64: $(AGENT_SRC) $(wildcard libexec/agent/*.h) Makefile
	@mkdir -p $(@D)
	$(GUEST_CC) $(CPPFLAGS) -std=c11 -Os $(WARN) -fno-strict-aliasing -fstack-protector-strong -ffunction-sections \
		-static -s -Wl,--gc-sections $(HARDEN) -o $@ $(AGENT_SRC)

$(B)/joist: $(OBJ)
	$(CC) $(CFLAGS) $(LDFLAGS) $(MAINLINK) $(HARSHLINK) -o $@ $(OBJ) $(LIBS)

# -- the library ---------------------------------------------------------------
# Everything but the command line.  Only what its two headers declare can be seen
# from outside: one object in the archive, its inner names made local.

LIBOBJ    = $(call objects,$(filter-out cli,$(ROOMS))) $(HARSH_OBJ)
comma     = ,
SONAME    = libjoist.so.$(firstword $(subst ., ,$(VERSION)))

library: $(B)/libjoist.a $(B)/$(SONAME) $(B)/include/joist.h $(B)/include/wasm.h

$(B)/libjoist.a: $(LIBOBJ)
	@rm -f $@
	$(LD) -r --gc-sections --gc-keep-exported -o $(B)/libjoist.o $(LIBOBJ)
	objcopy --localize-hidden $(B)/libjoist.o
	@ar qcs $@ $(B)/libjoist.o

$(B)/$(SONAME): $(LIBOBJ)
	$(CC) $(CFLAGS) $(LDFLAGS) -shared $(if $(SAN),-fsanitize=$(SAN),-Wl$(comma)--no-undefined$(comma)--gc-sections) $(HARDEN) $(HARSHLINK) \
		-Wl,-soname,$(SONAME) -o $@ $(LIBOBJ) $(LIBS)
	@ln -sf $(SONAME) $(B)/libjoist.so

# An outsider's joist.h stands alone: what it takes from base/err.h is put in.
$(B)/include/joist.h: include/joist.h base/err.h
	@mkdir -p $(@D)
	sed -e '/^#include "base\/err.h"/{r base/err.h' -e 'd}' include/joist.h | \
		sed -e '/^\/\* err.h --/,/^#define BASE_ERR_H/d' -e '/^\/\* Fill \*e/,/^#endif/d' >$@

$(B)/include/wasm.h: include/wasm.h
	@mkdir -p $(@D)
	cp $< $@

# Of these rooms a program takes what it needs.
$(B)/common.a: $(call objects,core img base)
	@rm -f $@
	@ar qcs $@ $^

define tool_rule
$(B)/libexec/joist-$(1): $(call objects,libexec/$(1)) $(B)/common.a $(HARSH_OBJ)
	@mkdir -p $$(@D)
	$$(CC) $$(CFLAGS) $$(LDFLAGS) $$(TOOLLINK) $$(HARSHLINK) -o $$@ $$^ $$(LIBS_$(1))
endef
$(foreach t,$(TOOLS),$(eval $(call tool_rule,$(t))))

$(B)/%.o: %.c Makefile
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS) $(PLAIN) -c -o $@ $<

$(B)/%.o: %.S Makefile
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) -MMD -MP -c -o $@ $<

# -- tests -------------------------------------------------------------------
# A unit test is one file test/ROOM/THING_test.c, a program of its own that is
# linked with whatever it asks for of all rooms and programs but their main().

UNITS     = $(patsubst %.c,$(B)/%,$(wildcard test/*/*_test.c))
# what Joist's users do not need is built for the tests that use it
GUESTS    = $(patsubst %.c,$(B)/%,$(wildcard test/*/guest_*.c))
PARTS     = $(filter-out %/main.o,$(call objects,$(ROOMS) $(TOOLS:%=libexec/%)))
ALL_LIBS  = -Wl,--as-needed $(LIBS) $(LIBS_image)

$(B)/parts.a: $(PARTS)
	@rm -f $@
	@ar qcs $@ $^

$(UNITS): $(B)/%: $(B)/%.o $(B)/parts.a
	$(CC) $(CFLAGS) $(LDFLAGS) $(TOOLLINK) -o $@ $^ -lcmocka $(ALL_LIBS)

# as the interpreter is: a square root is an instruction, not a call of libm
$(B)/test/lang/num_test.o $(B)/test/lang/simd_test.o: CFLAGS += -fno-math-errno

$(GUESTS): $(B)/%: %.c
	@mkdir -p $(@D)
	$(CC) -D_GNU_SOURCE -std=c11 -O1 $(WARN) -static -o $@ $< -lpthread

# The WebAssembly specification's suite; its runner is a program like a unit test.
SPEC_RUN  = $(B)/test/lang/spec

$(SPEC_RUN): %: %.o $(B)/parts.a
	$(CC) $(CFLAGS) $(LDFLAGS) $(TOOLLINK) -o $@ $^ $(ALL_LIBS)

test-spec: $(SPEC_RUN)
	@$(SPEC_RUN) $(SPEC)

# RISC-V's own: `rvtest ELF...` (test/hal/public.sh builds them where their source is)
RISCV_RUN = $(B)/test/hal/rvtest

$(RISCV_RUN): %: %.o $(B)/parts.a
	$(CC) $(CFLAGS) $(LDFLAGS) $(TOOLLINK) -o $@ $^ $(ALL_LIBS)

# Real programs, fetched by npm into build/programs.
test-programs:
	@tool/need.sh build test programs
	@$(MAKE) --no-print-directory all
	@JOIST_BUILD=$(abspath $(B)) ONLY=lang/programs.sh test/run

parts: all $(UNITS) $(GUESTS) $(SPEC_RUN) $(RISCV_RUN)

test:
	@tool/need.sh build test
	@$(MAKE) --no-print-directory parts
	@JOIST_BUILD=$(abspath $(B)) ONLY='$(ONLY)' test/run

harsh:
	@$(MAKE) --no-print-directory HARSH=1 test

# -- fuzzing -----------------------------------------------------------------

FUZZERS   = $(patsubst %.c,$(B)/%,$(wildcard fuzz/*.c))

$(FUZZERS): $(B)/%: $(B)/%.o $(B)/parts.a
	$(CC) $(CFLAGS) -fsanitize=fuzzer -o $@ $^ $(ALL_LIBS)

fuzzers: $(FUZZERS)

fuzz:
	@tool/need.sh build fuzz
	@$(MAKE) --no-print-directory FUZZ=1 CC=clang SAN=address,undefined fuzzers
	@tool/fuzz.sh $(CURDIR)/$(B)/san/fuzz/fuzz $(FUZZ_SECONDS) $(ONLY)

# -- the rest ----------------------------------------------------------------

style:
	@tool/need.sh build style
	@$(MAKE) --no-print-directory all
	@tool/style.sh $(B)

bench:
	@tool/need.sh build
	@$(MAKE) --no-print-directory all
	@for b in bench/*.sh; do JOIST_BUILD=$(abspath $(B)) $$b || exit 1; done

demo:
	@tool/need.sh build demo
	@$(MAKE) --no-print-directory all
	@JOIST_BUILD=$(abspath $(B)) tool/demo.sh

$(B)/mkdoc: tool/mkdoc.c cli/verb.def Makefile
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS) -o $@ $<

doc: $(B)/mkdoc
	@mkdir -p doc completion
	$< man > doc/joist.1
	$< bash > completion/joist.bash
	$< zsh > completion/_joist
	tool/winapi.sh > doc/windows-api.md

BINDIR    = $(DESTDIR)$(PREFIX)/bin
EXECDIR   = $(DESTDIR)$(PREFIX)/libexec/joist
MANDIR    = $(DESTDIR)$(PREFIX)/share/man/man1
BASHDIR   = $(DESTDIR)$(PREFIX)/share/bash-completion/completions
ZSHDIR    = $(DESTDIR)$(PREFIX)/share/zsh/site-functions
UNITDIR   = $(DESTDIR)$(PREFIX)/lib/systemd/system
LIBDIR    = $(DESTDIR)$(PREFIX)/lib
INCDIR    = $(DESTDIR)$(PREFIX)/include/joist

install: all
	install -d $(BINDIR) $(EXECDIR) $(MANDIR) $(BASHDIR) $(ZSHDIR) $(UNITDIR) $(LIBDIR)/pkgconfig $(INCDIR)
	install -m 755 $(B)/joist $(BINDIR)/joist
	install -m 755 $(TOOLS:%=$(B)/libexec/joist-%) $(AGENT) $(EXECDIR)/
	install -m 644 doc/joist.1 $(MANDIR)/joist.1
	install -m 644 completion/joist.bash $(BASHDIR)/joist
	install -m 644 completion/_joist $(ZSHDIR)/_joist
	sed 's|@PREFIX@|$(PREFIX)|' tool/joist.service.in > $(UNITDIR)/joist.service
	chmod 644 $(UNITDIR)/joist.service
	install -m 644 $(B)/include/joist.h $(B)/include/wasm.h $(INCDIR)/
	install -m 644 $(B)/libjoist.a $(LIBDIR)/
	install -m 755 $(B)/$(SONAME) $(LIBDIR)/
	ln -sf $(SONAME) $(LIBDIR)/libjoist.so
	sed -e 's|@PREFIX@|$(PREFIX)|' -e 's|@VERSION@|$(VERSION)|' -e 's|@LIBS@|$(LIBS)|' \
		tool/joist.pc.in > $(LIBDIR)/pkgconfig/joist.pc
	chmod 644 $(LIBDIR)/pkgconfig/joist.pc

uninstall:
	rm -f $(BINDIR)/joist $(MANDIR)/joist.1 $(BASHDIR)/joist $(ZSHDIR)/_joist
	rm -f $(UNITDIR)/joist.service
	rm -f $(LIBDIR)/libjoist.a $(LIBDIR)/libjoist.so $(LIBDIR)/$(SONAME) $(LIBDIR)/pkgconfig/joist.pc
	rm -rf $(EXECDIR) $(INCDIR)

tags:
	ctags --languages=C --langmap=C:.c.h --kinds-C=+p -R $(ROOMS) libexec include tool
	ctags --append --languages=C --langmap=C:.def --kinds-C= \
		--regex-C='/^[A-Z_]+\(([A-Za-z0-9_]+),/\1/r,row/' $(wildcard */*.def */*/*.def)

help:
	@sed -n '/^# Targets/,/^$$/s/^# \{0,1\}//p' Makefile

clean:
	rm -rf build tags

-include $(shell find $(B) -name '*.d' -type f ! -path '*/work.*' 2>/dev/null)

.PHONY: all parts test test-spec test-programs harsh fuzzers fuzz style bench demo doc install uninstall tags help clean
.DELETE_ON_ERROR:
