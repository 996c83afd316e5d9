# Joist: plain make, no configure step.  Objects by wildcard per room.
#
#   make            build/joist and build/libexec/*
#   make test       everything that can be tested here; ends with "N passed, M failed"
#   make demo       a tour on real input
#   make help       all targets

VERSION   = 0.1.0
PREFIX    = /usr/local
B         = build
CC        = gcc
OPT       = -O2 -g
WARN      = -Wall -Wextra -Wpedantic -Wshadow -Wstrict-prototypes -Wmissing-prototypes
SAN       =
HARSH     =
MACHINE  := $(shell uname -m)

CPPFLAGS += -D_GNU_SOURCE -DJOIST_VERSION='"$(VERSION)"' -I.
CFLAGS   += -std=c11 $(OPT) $(WARN) -fno-strict-aliasing -fstack-protector-strong -MMD -MP
HARDEN    = -Wl,-z,relro,-z,now,-z,noexecstack

# Sanitizers cannot live in a static program: those builds are dynamic.
ifneq ($(SAN),)
B         = build/san
CFLAGS   += -fsanitize=$(SAN) -fno-omit-frame-pointer -fPIE
MAINLINK  = -pie -fsanitize=$(SAN)
TOOLLINK  = -pie -fsanitize=$(SAN)
else
CFLAGS   += -fPIE -ffunction-sections -fdata-sections
MAINLINK  = -static-pie -Wl,--gc-sections $(HARDEN)
TOOLLINK  = -pie $(HARDEN)
endif
ifneq ($(HARSH),)
B        := $(B)-harsh
CPPFLAGS += -DJOIST_HARSH=1
endif

# The rooms of the static program, inside to outside.
ROOMS     = base img core layer/os all cli
SRC       = $(wildcard $(ROOMS:%=%/*.c))
OBJ       = $(SRC:%.c=$(B)/%.o)
BASE_OBJ  = $(patsubst %.c,$(B)/%.o,$(wildcard base/*.c))
IMG_OBJ   = $(patsubst %.c,$(B)/%.o,$(wildcard img/*.c))
LIBS      = -lseccomp -ljansson -lpthread

# Programs of their own in libexec/: one folder each.
TOOLS     = $(notdir $(patsubst %/,%,$(wildcard libexec/*/)))
IMAGE_LIBS = -lcurl -larchive -lzstd -lz -lcrypto -ljansson -lpthread
DNS_LIBS  = -ljansson -lpthread

all: $(B)/joist $(TOOLS:%=$(B)/libexec/joist-%)

$(B)/joist: $(OBJ)
	$(CC) $(CFLAGS) $(LDFLAGS) $(MAINLINK) -o $@ $(OBJ) $(LIBS)

define tool_rule
$(B)/libexec/joist-$(1): $(patsubst %.c,$(B)/%.o,$(wildcard libexec/$(1)/*.c)) $(IMG_OBJ) $(BASE_OBJ)
	@mkdir -p $$(@D)
	$$(CC) $$(CFLAGS) $$(LDFLAGS) $$(TOOLLINK) -o $$@ $$^ $(2)
endef
$(eval $(call tool_rule,image,$(IMAGE_LIBS)))
$(eval $(call tool_rule,dns,$(DNS_LIBS)))

$(B)/%.o: %.c Makefile
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS) -c -o $@ $<

clean:
	rm -rf build

-include $(shell find $(B) -name '*.d' 2>/dev/null)

.PHONY: all clean
