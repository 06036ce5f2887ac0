"""The handler's work with C types and without the interpreter's lock, so that
threads of one process can do it side by side. Parser and answer still hold it.

The shape is that of classifier.py.
"""

cdef struct Text:
    const unsigned char *bytes
    Py_ssize_t size


cdef bytes NAVYTUX = b"navytux.spb.ru"
cdef bytes NEXEDI = b"www.nexedi.com"
cdef bytes LAB = b"lab.nexedi.com"
cdef bytes ERP5 = b"www.erp5.com"


cdef Text text(bytes b):
    cdef Text t
    t.bytes, t.size = b, len(b)
    return t


cdef Text navytux = text(NAVYTUX), nexedi = text(NEXEDI), lab = text(LAB), erp5 = text(ERP5)


cdef class Classifier:
    cdef int navytux, nexedi, lab, erp5, total

    cdef bint isclose(self, int byte, Text string) noexcept nogil:
        cdef Py_ssize_t i
        for i in range(string.size):
            if -1 <= byte - <int>string.bytes[i] <= 1:
                return True
        return False

    cdef void classify(self, int byte) noexcept nogil:
        if self.isclose(byte, navytux):
            self.navytux += 1
        if self.isclose(byte, nexedi):
            self.nexedi += 1
        if self.isclose(byte, lab):
            self.lab += 1
        if self.isclose(byte, erp5):
            self.erp5 += 1
        self.total += 1

    cdef bytes answer(self):
        return b"%b:\t%d\n%b:\t%d\n%b:\t%d\n%b:\t%d\ntotal:\t%d\n" % (
            NAVYTUX, self.navytux,
            NEXEDI, self.nexedi,
            LAB, self.lab,
            ERP5, self.erp5,
            self.total,
        )


def classify(bytes target):
    cdef Classifier classifier = Classifier()
    cdef Text t = text(target)
    cdef Py_ssize_t i
    with nogil:
        for i in range(t.size):
            classifier.classify(t.bytes[i])
    return classifier.answer()
