"""Reads Shoal's tensors with numpy.from_dlpack, without a copy, and sees that they live exactly as long as needed."""
import ctypes
import gc
import sys

import numpy

probe = ctypes.CDLL(sys.argv[1])
ctypes.pythonapi.PyCapsule_New.restype = ctypes.py_object
ctypes.pythonapi.PyCapsule_New.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p]


class Exported:
    """What numpy.from_dlpack asks: a capsule, and where the memory is."""

    def __init__(self, function, name):
        self.function, self.name = getattr(probe, function), name
        self.function.restype = ctypes.c_void_p

    def __dlpack__(self, **_):
        return ctypes.pythonapi.PyCapsule_New(self.function(), self.name, None)

    def __dlpack_device__(self):
        return (1, 0)


def check(condition, what):
    if not condition:
        sys.exit(f"dlpack: {what}")


image = numpy.from_dlpack(Exported("probe_image", b"dltensor"))
check(image.dtype == numpy.float32 and image.shape == (3, 2, 4), f"image is {image.dtype} {image.shape}")
check((image.ravel() == numpy.arange(24)).all(), "image has other elements")
check(probe.probe_leases_returned() == 0, "the image's memory was returned while NumPy had it")

strided = numpy.from_dlpack(Exported("probe_strided", b"dltensor"))
expected = numpy.arange(24, dtype=numpy.float32).reshape(3, 2, 4)[1:].transpose(0, 2, 1)
check(strided.shape == (2, 4, 2) and (strided == expected).all(), "strided view has other elements")

labels = numpy.from_dlpack(Exported("probe_labels_versioned", b"dltensor_versioned"))
check(labels.dtype == numpy.int64 and labels.tolist() == [7, 8, 9], f"labels are {labels}")
check(not labels.flags.writeable, "a const view may be written")

part = image[1]
del image, strided, labels
gc.collect()
check(probe.probe_leases_returned() == 2, "memory was not returned when NumPy was done")
check(part[1, 3] == 15, "a NumPy view lost its memory")
del part
gc.collect()
check(probe.probe_leases_returned() == 3, "the image's memory was not returned")
print("dlpack: ok")
