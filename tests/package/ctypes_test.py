#!/usr/bin/env python3
"""Python's ctypes loads the installed shared library: what any language with a foreign function interface does."""
import ctypes
import json
import pathlib
import subprocess
import sys
import threading

SOURCE, PREFIX = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
if len(sys.argv) > 3 and sys.argv[3]:
    print(f"ctypes_test: skipped, the library is built with the sanitizers {sys.argv[3]}")
    sys.exit(77)


class Interval(ctypes.Structure):
    _fields_ = [("value", ctypes.c_double), ("low", ctypes.c_double), ("high", ctypes.c_double)]


library = ctypes.CDLL(str(next(PREFIX.glob("lib/**/libwattlayer.so.1"))))
library.wattlayer_last_error.restype = ctypes.c_char_p
library.wattlayer_options_new.restype = ctypes.c_void_p
library.wattlayer_report_energy_j.restype = Interval
library.wattlayer_report_energy_j.argtypes = [ctypes.c_void_p]
library.wattlayer_report_layer_count.restype = ctypes.c_size_t
library.wattlayer_report_layer_count.argtypes = [ctypes.c_void_p]
library.wattlayer_options_set_batch.argtypes = [ctypes.c_void_p, ctypes.c_int64]
library.wattlayer_estimate.argtypes = [ctypes.c_char_p, ctypes.c_char_p, ctypes.c_void_p, ctypes.POINTER(ctypes.c_void_p)]
library.wattlayer_estimate_json.argtypes = [ctypes.c_char_p, ctypes.c_char_p, ctypes.c_void_p, ctypes.POINTER(ctypes.c_void_p)]
library.wattlayer_free_text.argtypes = library.wattlayer_report_free.argtypes = [ctypes.c_void_p]
network, target = str(SOURCE / "examples/resnet50.onnx").encode(), b"xeon-gold-5120"

assert library.wattlayer_abi_version() == 1

# The JSON of the library is that of the program.
options = library.wattlayer_options_new()
assert library.wattlayer_options_set_batch(options, 4) == 0
text = ctypes.c_void_p()
assert library.wattlayer_estimate_json(network, target, options, ctypes.byref(text)) == 0, library.wattlayer_last_error()
of_library = json.loads(ctypes.string_at(text).decode())
library.wattlayer_free_text(text)
of_program = json.loads(subprocess.run([PREFIX / "bin/wattlayer", "estimate", network.decode(), "--on", target.decode(), "--batch", "4", "--json"],
                                       check=True, capture_output=True, text=True).stdout)
assert of_library == of_program, "the library's JSON differs from the program's"

# Errors belong to the thread whose call failed; threads estimate at the same time.
energies, errors = [], []


def work(good: bool) -> None:
    report = ctypes.c_void_p()
    if library.wattlayer_estimate(network, target if good else b"nowhere", None, ctypes.byref(report)) == 0:
        energies.append(library.wattlayer_report_energy_j(report).value)
        assert library.wattlayer_report_layer_count(report) > 20
        library.wattlayer_report_free(report)
    else:
        errors.append(library.wattlayer_last_error().decode())


threads = [threading.Thread(target=work, args=(i % 2 == 0,)) for i in range(8)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
assert len(energies) == 4 and len(set(energies)) == 1, energies
assert len(errors) == 4 and all("nowhere" in error for error in errors), errors
assert library.wattlayer_last_error() == b"", "an error of another thread is seen in this one"
print(f"ctypes_test: {energies[0]} J from 4 threads, JSON as the program's")
