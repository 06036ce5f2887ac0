/* As burn.py; but all three have the same loop, since two copies of it that lie
 * differently in memory take differently long. Frame pointers tell who called. */
#include <stdio.h>
#include <stdlib.h>

__attribute__((noinline)) unsigned spin(unsigned n) {
	volatile unsigned x = 0;
	for (unsigned i = 0; i < n; i++) x += i * i;
	return x;
}

__attribute__((noinline)) unsigned a(void) { return spin(500000) + 1; }
__attribute__((noinline)) unsigned b(void) { return spin(300000) + 2; }
__attribute__((noinline)) unsigned c(void) { return spin(200000) + 3; }
__attribute__((noinline)) unsigned outer(void) { return a() + b() + c(); }

int main(void) {
	char line[32];
	unsigned x = 0;
	while (fgets(line, sizeof line, stdin)) {
		for (int i = atoi(line); i > 0; i--) x += outer();
		puts(x == 1 ? "one" : "done");
		fflush(stdout);
	}
}
