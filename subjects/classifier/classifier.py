"""The handler's work, shared by the Python servers beside this file.

For each byte of the request target and each of four strings: is some byte of
the string at most 1 away? Four counts and a total are the answer.

A byte at a time, four calls for each, an inner loop that stops at the first
byte close enough: that shape is the workload, and a table of 256 entries would
measure something else.
"""

NAVYTUX = b"navytux.spb.ru"
NEXEDI = b"www.nexedi.com"
LAB = b"lab.nexedi.com"
ERP5 = b"www.erp5.com"


class Classifier:
    """Counts the bytes it is shown. One is made for each request."""

    def __init__(self):
        self.navytux = 0
        self.nexedi = 0
        self.lab = 0
        self.erp5 = 0
        self.total = 0

    def isclose(self, byte, string):
        for b in string:
            if -1 <= byte - b <= 1:
                return True
        return False

    def classify(self, byte):
        if self.isclose(byte, NAVYTUX):
            self.navytux += 1
        if self.isclose(byte, NEXEDI):
            self.nexedi += 1
        if self.isclose(byte, LAB):
            self.lab += 1
        if self.isclose(byte, ERP5):
            self.erp5 += 1
        self.total += 1

    def answer(self):
        return b"%b:\t%d\n%b:\t%d\n%b:\t%d\n%b:\t%d\ntotal:\t%d\n" % (
            NAVYTUX, self.navytux,
            NEXEDI, self.nexedi,
            LAB, self.lab,
            ERP5, self.erp5,
            self.total,
        )


def classify(target):
    """Returns the answer to a request for target, which is bytes."""
    classifier = Classifier()
    for byte in target:
        classifier.classify(byte)
    return classifier.answer()
