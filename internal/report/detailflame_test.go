package report

import "testing"

// The pictures of profiles are of the variants, of the same weight as the report,
// and know what the rounds say of each function.
func TestDetailFlames(t *testing.T) {
	r, d, err := Detailed(profiledApp(8))
	if err != nil {
		t.Fatal(err)
	}
	if len(d.Flames) != len(r.Profiles)+len(r.ProfileDifferences) || len(r.ProfileDifferences) != 1 {
		t.Fatalf("%d pictures of %d profiles and %d differences", len(d.Flames), len(r.Profiles), len(r.ProfileDifferences))
	}
	for i, p := range r.Profiles {
		f := d.Flames[i]
		if d.Whos[f.W].Name != p.name() || f.B != -1 || f.Flame.Sides[0].Total != p.Sum().Total() || len(f.Words) != 1 {
			t.Errorf("%s: %+v", p.name(), f)
		}
	}
	f := d.Flames[2]
	if len(f.Tested) != len(f.Flame.Functions) || f.W == f.B || f.Flame.Tree == nil {
		t.Fatalf("%d functions, %d tested", len(f.Flame.Functions), len(f.Tested))
	}
	said := map[string]int{}
	for i := range f.Flame.Functions {
		said[f.Flame.Function(i).Name] = f.Tested[i]
	}
	if said["parse"] != 1 || said["serve"] != 1 {
		t.Errorf("what the rounds show: %v", said)
	}
}
