"""Burns CPU time in known parts: of each 10 units, a() takes 5, b() 3, c() 2.

A line on standard input holds how many rounds to do; after it, a line is
printed. It ends with its input.
"""
import sys


def a():
    x = 0
    for i in range(20000):
        x += i * i
    return x


def b():
    x = 0
    for i in range(12000):
        x += i * i
    return x


def c():
    x = 0
    for i in range(8000):
        x += i * i
    return x


def outer():
    a()
    b()
    c()


def main():
    for line in iter(sys.stdin.readline, ""):
        for _ in range(int(line)):
            outer()
        print("done", flush=True)


main()
