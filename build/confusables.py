"""
Writes shared/words/confusables.ts: which letters look alike, by Unicode's own data (UTS #39) as ICU carries it.

    python3 build/confusables.py libicui18n.so.72 15.0 > shared/words/confusables.ts

ICU is asked for the skeleton of every code point that has no canonical decomposition; of the others the parts are asked for.
"""

import ctypes
import re
import sys
import unicodedata

path, unicode_version = sys.argv[1:]
icu_version = re.search(r"\.so\.(\d+)", path).group(1)
icu = ctypes.CDLL(path)
status = ctypes.c_int(0)
open_checker = getattr(icu, f"uspoof_open_{icu_version}")
open_checker.restype = ctypes.c_void_p
checker = open_checker(ctypes.byref(status))
skeleton_of = getattr(icu, f"uspoof_getSkeletonUTF8_{icu_version}")
skeleton_of.argtypes = [ctypes.c_void_p, ctypes.c_uint32, ctypes.c_char_p, ctypes.c_int32, ctypes.c_char_p, ctypes.c_int32, ctypes.c_void_p]


def skeleton(text: str) -> str:
    given = text.encode()
    made = ctypes.create_string_buffer(512)
    length = skeleton_of(checker, 0, given, len(given), made, len(made), ctypes.byref(status))
    assert status.value <= 0, status.value
    return made.raw[:length].decode()


def code(text: str) -> str:
    return "+".join(f"{ord(letter):x}" for letter in text)


looks_like: dict[str, list[str]] = {}
for point in range(0x20, 0x110000):
    letter = chr(point)
    if 0xD800 <= point < 0xE000 or unicodedata.normalize("NFD", letter) != letter:
        continue
    shape = skeleton(letter)
    if shape != letter:
        looks_like.setdefault(shape, []).append(letter)

print("/**")
print(f" * Which letters look like which, by Unicode {unicode_version}'s confusables.txt (UTS #39; (c) Unicode, Inc., Unicode License v3), as ICU {icu_version} has it.")
print(" * Made by build/confusables.py. A line is what is looked like, a colon, and the code points that look like it, all hexadecimal.")
print(" */")
print("export const CONFUSABLES = `")
for shape in sorted(looks_like):
    print(f"{code(shape)}:{','.join(code(letter) for letter in looks_like[shape])}")
print("`;")
