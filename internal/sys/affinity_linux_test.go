package sys

import (
	"slices"
	"testing"
)

// No CPUs is not an order to run nowhere, which the kernel would refuse, but
// none at all.
func TestConfineToNothing(t *testing.T) {
	before, err := Affinity()
	if err != nil {
		t.Fatal(err)
	}
	if err := SetProcessAffinity(nil); err != nil {
		t.Error(err)
	}
	if after, err := Affinity(); err != nil || !slices.Equal(after, before) {
		t.Errorf("CPUs %v, %v; want %v as before", after, err, before)
	}
	if err := SetAffinity(0, nil); err == nil {
		t.Error("a thread was confined to no CPU")
	}
}
