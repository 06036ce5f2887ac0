"""The handler's work with C types: what someone does who has found that
compiling classifier.py as it stands is not enough.

The shape is that of classifier.py: one object for each request, a byte at a
time, four calls for each, an inner loop that stops at the first byte close
enough. The calls are C calls here, and the numbers C's.
"""

cdef bytes NAVYTUX = b"navytux.spb.ru"
cdef bytes NEXEDI = b"www.nexedi.com"
cdef bytes LAB = b"lab.nexedi.com"
cdef bytes ERP5 = b"www.erp5.com"


cdef class Classifier:
    cdef int navytux, nexedi, lab, erp5, total

    cdef bint isclose(self, int byte, bytes string):
        cdef unsigned char b
        for b in string:
            if -1 <= byte - <int>b <= 1:
                return True
        return False

    cdef void classify(self, int byte):
        if self.isclose(byte, NAVYTUX):
            self.navytux += 1
        if self.isclose(byte, NEXEDI):
            self.nexedi += 1
        if self.isclose(byte, LAB):
            self.lab += 1
        if self.isclose(byte, ERP5):
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
    cdef unsigned char byte
    for byte in target:
        classifier.classify(byte)
    return classifier.answer()
