package plan

import (
	"slices"
	"testing"
)

// Extra headers come after those added, as many and as long as the levels say,
// each with a name of its own, and none where the count is 0.
func TestExtraHeaders(t *testing.T) {
	p := mustRead(t, fileText(t, "testdata/right/extra-headers.yaml"), world())
	settings, err := p.Settings()
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, s := range settings[:4] { // 0 and 3 headers, of 10 and of 30 bytes
		for _, h := range s.Workload.Headers.Add {
			got = append(got, h.Name+": "+h.Value)
		}
	}
	want := []string{
		"X-Own: a", "X-Own: a",
		"X-Own: a", "X-000: a", "X-001: a", "X-002: a",
		"X-Own: a", "X-000: abcdefghijklmnopqrstu", "X-001: abcdefghijklmnopqrstu", "X-002: abcdefghijklmnopqrstu",
	}
	if !slices.Equal(got, want) {
		t.Errorf("headers %q,\nwant %q", got, want)
	}
	second := settings[0].Workload.Mix[1].Headers
	if second.Set != "minimal" || len(second.Add) != 2 || len("X-000: \r\n")+len(second.Add[1].Value) != 1024 {
		t.Errorf("a request of the mix has the headers %v, want two of 1,024 bytes", second)
	}
}
