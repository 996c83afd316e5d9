#!/usr/bin/env python3
# nls.py -- write layer/api/nt/text/nls_table.c out of Python's unicodedata and code pages.
#
# Run it when the tables are to follow a newer Unicode: tool/nls.py >layer/api/nt/text/nls_table.c
# With the word `double` it writes the code pages of two bytes, layer/api/nt/text/nls_double.c.
import codecs
import sys
import unicodedata as u

SBCS = """437 737 775 850 852 855 857 858 860 861 862 863 864 865 866 869 874
1250 1251 1252 1253 1254 1255 1256 1257 1258 20866 21866
28591 28592 28593 28594 28595 28596 28597 28598 28599 28603 28605""".split()
PYNAME = {"20866": "koi8_r", "21866": "koi8_u"}


def codec(page):
    if page in PYNAME:
        return PYNAME[page]
    return "iso8859_%d" % (int(page) - 28590) if page.startswith("28") else "cp" + page


def words(rows, kind, name, per=12, fmt="0x%04x"):
    print("const %s %s[] = {" % (kind, name))
    for i in range(0, len(rows), per):
        print("\t" + ", ".join(fmt % r for r in rows[i:i + per]) + ",")
    print("};\n")


def paged(values, kind, name, fmt):
    """Two levels: a byte for each 256 code units, and the pages that differ."""
    pages, index = [], []
    for p in range(0, 0x10000, 256):
        page = tuple(values[p:p + 256])
        if page not in pages:
            pages.append(page)
        index.append(pages.index(page))
    words(index, "uint8_t", name + "_page", 24, "%d")
    words([v for page in pages for v in page], kind, name, 16, fmt)


def lower_upper():
    """Only pairs that come back, as Windows' own table has them: no dotless i, no long s."""
    up, low = [0] * 65536, [0] * 65536
    for c in range(65536):
        if 0xd800 <= c < 0xe000:
            continue
        s = chr(c)
        t = s.upper()
        if len(t) == 1 and t != s and ord(t) < 65536 and t.lower() == s:
            up[c] = (ord(t) - c) & 0xffff
        t = s.lower()
        if len(t) == 1 and t != s and ord(t) < 65536 and (t.upper() == s or u.category(s) == "Lt"):
            low[c] = (ord(t) - c) & 0xffff
    up[0x3c2] = (0x3a3 - 0x3c2) & 0xffff
    return up, low


BIDI = {"L": 1, "R": 2, "AL": 2, "EN": 3, "ES": 4, "ET": 5, "AN": 6, "CS": 7, "B": 8, "S": 9,
        "WS": 10, "ON": 11}


def ctype1(c, s, cat):
    t = {"Lu": 0x101, "Ll": 0x102, "Lt": 0x103, "Lm": 0x100, "Lo": 0x100, "Nd": 4, "Zs": 8}.get(cat, 0)
    if cat[0] in "PS":
        t |= 0x10
    if cat == "Cc":
        t |= 0x20
    if c in (9, 10, 11, 12, 13, 0x85, 0x2028, 0x2029):
        t |= 8
    if c == 9 or cat == "Zs":
        t |= 0x40
    if c < 128 and s in "0123456789abcdefABCDEF":
        t |= 0x80
    if c in (0xb2, 0xb3, 0xb9):
        t |= 4
    if c in (0xaa, 0xba):
        t |= 2
    return t | 0x200 if cat != "Cn" else 0


def ctype3(c, s, cat, name):
    t = 0
    if cat[0] == "L":
        t |= 0x8000
    if cat in ("Mn", "Me"):
        t |= 1
        if u.combining(s) in (220, 230, 202, 216, 232):
            t |= 2
    if cat[0] in "PS":
        t |= 8
    if "KATAKANA" in name:
        t |= 0x10
    if "HIRAGANA" in name:
        t |= 0x20
    if name.startswith("HALFWIDTH") or 0x20 <= c < 0x7f:
        t |= 0x40
    if name.startswith("FULLWIDTH"):
        t |= 0x80
    if name.startswith("CJK UNIFIED") or name.startswith("CJK COMPAT"):
        t |= 0x100
    return t


def types():
    triples, values = [(0, 0, 0)], []
    for c in range(65536):
        s = chr(c)
        cat = u.category(s)
        if cat in ("Cs", "Co"):
            t = (0x200 if cat == "Co" else 0, 0, 0)
        else:
            t = (ctype1(c, s, cat), BIDI.get(u.bidirectional(s), 0), ctype3(c, s, cat, u.name(s, "")))
        if t not in triples:
            triples.append(t)
        values.append(triples.index(t))
    assert len(triples) < 256
    return triples, values


def main():
    print("/* SPDX-License-Identifier: Apache-2.0 */")
    print("/* Made by tool/nls.py from Unicode %s: do not edit. */" % u.unidata_version)
    print('#include "layer/api/nt/text/nls_table.h"\n\n/* clang-format off */')
    up, low = lower_upper()
    paged(up, "uint16_t", "nls_table_up", "%#x")
    paged(low, "uint16_t", "nls_table_low", "%#x")
    triples, values = types()
    paged(values, "uint8_t", "nls_table_type", "%d")
    print("const uint16_t nls_table_types[][3] = {")
    for t in triples:
        print("\t{%#x, %d, %#x}," % t)
    print("};\n")
    # decompositions, one step each, and classes
    rows, pool, classes = [], [], []
    for c in range(0x110000):
        s = chr(c)
        if u.combining(s):
            classes.append((c, u.combining(s)))
        d = u.decomposition(s)
        if not d:
            continue
        parts = d.split()
        compat = parts[0].startswith("<")
        if compat:
            parts = parts[1:]
        text = "".join(chr(int(x, 16)) for x in parts).encode("utf-16-le")
        text = [text[i] | text[i + 1] << 8 for i in range(0, len(text), 2)]
        # equal texts are kept once; a window over the pool finds many more
        at = find(pool, text)
        excluded = not compat and u.normalize("NFC", s) != s
        rows.append((c, at, len(text) | (0x40 if excluded else 0) | (0x80 if compat else 0)))
    print("const struct nls_decomposition nls_table_decomposition[] = {")
    line = ""
    for r in rows:
        cell = "{%#x, %d, %#x}, " % r
        if len(line) + len(cell) > 96:
            print("\t" + line.rstrip())
            line = ""
        line += cell
    print("\t" + line.rstrip())
    print("};\nconst size_t nls_table_decompositions = %d;\n" % len(rows))
    words(pool, "uint16_t", "nls_table_pool")
    # classes as runs
    runs = []
    for c, k in classes:
        if runs and runs[-1][0] + runs[-1][1] == c and runs[-1][2] == k:
            runs[-1][1] += 1
        else:
            runs.append([c, 1, k])
    print("const struct nls_class nls_table_class[] = {")
    for i in range(0, len(runs), 5):
        print("\t" + ", ".join("{%#x, %d, %d}" % tuple(r) for r in runs[i:i + 5]) + ",")
    print("};\nconst size_t nls_table_classes = %d;\n" % len(runs))
    pairs = []
    for c, at, n in rows:
        if n & 0xc0:
            continue
        s = [int(x, 16) for x in u.decomposition(chr(c)).split()]
        if len(s) == 2:
            pairs.append((s[0], s[1], c))
    print("const struct nls_pair nls_table_pair[] = {")
    pairs.sort()
    for i in range(0, len(pairs), 3):
        print("\t" + ", ".join("{%#x, %#x, %#x}" % r for r in pairs[i:i + 3]) + ",")
    print("};\nconst size_t nls_table_pairs = %d;\n" % len(pairs))
    print("const struct nls_page nls_table_codepage[] = {")
    for page in SBCS:
        row = []
        for b in range(128, 256):
            try:
                row.append(ord(codecs.decode(bytes([b]), codec(page))))
            except UnicodeDecodeError:
                row.append(b if b < 0xa0 else 0xf700 + b)
        print("\t{%s, {" % page)
        for i in range(0, 128, 16):
            print("\t\t" + ", ".join("%#x" % v for v in row[i:i + 16]) + ",")
        print("\t}},")
    print("};\nconst size_t nls_table_codepages = %d;" % len(SBCS))


# Page, Python's codec, the character for what is not one, single bytes that the codec does not
# know, and the ranges for characters of the user: leads, trails, the first character.
DOUBLE = [
    (932, "cp932", 0x30fb, {}, []),
    (936, "gbk", 0x3f, {0x80: 0x20ac, 0xff: 0xf8f5},
     [((0xaa, 0xaf), [(0xa1, 0xfe)], 0xe000), ((0xf8, 0xfe), [(0xa1, 0xfe)], 0xe234),
      ((0xa1, 0xa7), [(0x40, 0x7e), (0x80, 0xa0)], 0xe4c6)]),
    (949, "cp949", 0x3f, {0x80: 0x80, 0xff: 0xf8f7},
     [((0xc9, 0xc9), [(0xa1, 0xfe)], 0xe000), ((0xfe, 0xfe), [(0xa1, 0xfe)], 0xe05e)]),
    (950, "cp950", 0x3f, {0x80: 0x80, 0xff: 0xf8f8},
     [((0xfa, 0xfe), [(0x40, 0x7e), (0xa1, 0xfe)], 0xe000),
      ((0x8e, 0xa0), [(0x40, 0x7e), (0xa1, 0xfe)], 0xe311),
      ((0x81, 0x8d), [(0x40, 0x7e), (0xa1, 0xfe)], 0xeeb8), ((0xc6, 0xc6), [(0xa1, 0xfe)], 0xf6b1),
      ((0xc7, 0xc8), [(0x40, 0x7e), (0xa1, 0xfe)], 0xf70f)]),
]


def double_codes(codec_name, own):
    """Each code of two bytes with its character."""
    codes = {}
    for code in range(0x8140, 0xfeff):
        if 0x40 <= code & 255 <= 0xfe:
            try:
                text = code.to_bytes(2, "big").decode(codec_name)
            except UnicodeDecodeError:
                continue
            if len(text) == 1:
                codes[code] = ord(text)
    for (first, last), trails, c in own:
        for lead in range(first, last + 1):
            for a, b in trails:
                for trail in range(a, b + 1):
                    codes.setdefault(lead << 8 | trail, c)
                    c += 1
    return codes


def one_way(codes, codec_name):
    """Codes whose character is not written as them, where the first one is not the right one."""
    # NEC's selection of IBM's characters, which Microsoft writes as IBM does
    runs, known = [[0xed40, 0xeefc]] if codec_name == "cp932" else [], {}
    for code, c in sorted(codes.items()):
        try:
            back = int.from_bytes(chr(c).encode(codec_name), "big")
        except UnicodeEncodeError:
            back = known.setdefault(c, code)
        if code != back and code < back:
            if runs and code - runs[-1][1] < 3 and not any(
                    x in codes for x in range(runs[-1][1] + 1, code)):
                runs[-1][1] = code
            else:
                runs.append([code, code])
    return runs


def double():
    print("/* SPDX-License-Identifier: Apache-2.0 */")
    print("/* Made by tool/nls.py double: do not edit. */")
    print('#include "layer/api/nt/text/nls_table.h"\n\n/* clang-format off */')
    rows, pages = [], []
    for page, name, otherwise, single, own in DOUBLE:
        codes = double_codes(name, own)
        used = sorted({code >> 8 for code in codes})
        leads = [b for b in range(0x81, 0xff)
                 if page != 932 or 0x81 <= b <= 0x9f or 0xe0 <= b <= 0xfc]
        high = []
        for b in range(128, 256):
            c = single.get(b)
            if c is None and b not in leads:
                try:
                    c = ord(bytes([b]).decode(name))
                except UnicodeDecodeError:
                    c = 0
            high.append(c or 0)
        base = len(rows)
        for lead in used:
            rows.append([codes.get(lead << 8 | trail, 0) for trail in range(0x40, 0xff)])
        if used != leads:  # those with nothing behind them share a row
            rows.append([0] * 191)
        row = [0 if b not in leads else used.index(b) + 1 if b in used else len(used) + 1
               for b in range(128, 256)]
        pages.append((page, otherwise, base, high, row, one_way(codes, name)))
    print("const uint16_t nls_double_row[][191] = {")
    for r in rows:
        print("\t{")
        for i in range(0, 191, 16):
            print("\t\t" + ", ".join("%#x" % v for v in r[i:i + 16]) + ",")
        print("\t},")
    print("};\n\nconst struct nls_double nls_double_page[] = {")
    for page, otherwise, base, high, row, runs in pages:
        print("\t{%d, %#x, %d, {" % (page, otherwise, base))
        for i in range(0, 128, 16):
            print("\t\t" + ", ".join("%#x" % v for v in high[i:i + 16]) + ",")
        print("\t}, {")
        for i in range(0, 128, 32):
            print("\t\t" + ", ".join("%d" % v for v in row[i:i + 32]) + ",")
        assert len(runs) <= 16, runs
        print("\t}, {%s}}," % ", ".join("{%#x, %#x}" % tuple(r) for r in runs or [(0, 0)]))
    print("};\nconst size_t nls_double_pages = %d;" % len(pages))


def find(pool, text):
    n = len(text)
    key = tuple(text)
    if key in find.seen:
        return find.seen[key]
    at = len(pool)
    pool.extend(text)
    find.seen[key] = at
    for k in range(1, n):
        find.seen.setdefault(tuple(text[k:]), at + k)
        find.seen.setdefault(tuple(text[:k]), at)
    return at


find.seen = {}
double() if sys.argv[1:] == ["double"] else main()
