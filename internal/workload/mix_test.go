package workload

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"webdyno/internal/plan"
)

// The order for weights 5, 1, 1 is the one that the method is known by.
func TestTurn(t *testing.T) {
	for _, tc := range []struct{ weights, want []int }{
		{[]int{5, 1, 1}, []int{0, 0, 1, 0, 2, 0, 0}},
		{[]int{1}, []int{0}},
		{[]int{7, 7, 7}, []int{0, 1, 2}},
		{[]int{20, 10}, []int{0, 1, 0}},
	} {
		if got, err := Turn(tc.weights); err != nil || !cmp.Equal(got, tc.want) {
			t.Errorf("%v: %v, %v; want %v", tc.weights, got, err, tc.want)
		}
	}
}

// In a turn each request comes as often as it weighs, and at no point is any of
// them ahead of, or behind, its share by as much as the number of requests.
func TestTurnIsFair(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		weights := rapid.SliceOfN(rapid.IntRange(1, 50), 1, 8).Draw(t, "weights")
		order, err := Turn(weights)
		if err != nil {
			t.Fatal(err)
		}
		sum := 0
		for _, w := range weights {
			sum += w
		}
		sent := make([]int, len(weights))
		for k, i := range order {
			sent[i]++
			for j, w := range weights {
				share := float64(k+1) * float64(w) / float64(sum)
				if off := float64(sent[j]) - share; off > float64(len(weights)) || off < -float64(len(weights)) {
					t.Fatalf("after %d: %v of %v", k+1, sent, weights)
				}
			}
		}
		for j, w := range weights {
			if sent[j]*sum != w*len(order) {
				t.Fatalf("%v of %v", sent, weights)
			}
		}
	})
}

// A mix is laid out in the order of a turn; what a request shares with others is
// there once, and asked about once.
func TestBuildMix(t *testing.T) {
	one := func(weight int, method, path, body string) plan.ExactPart {
		x := asked(path)
		x.Method, x.Body = method, []byte(body)
		return plan.ExactPart{Weight: weight, Exact: x}
	}
	x := asked("/a")
	x.Mix = []plan.ExactPart{one(6, "GET", "/a", ""), one(2, "POST", "/b", "hello")}
	set, err := Build(x, host)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, r := range set.Requests {
		line, _, _ := strings.Cut(string(r.Bytes), " HTTP")
		got = append(got, line)
	}
	if diff := cmp.Diff([]string{"GET /a", "GET /a", "POST /b", "GET /a"}, got); diff != "" {
		t.Errorf("a turn (-want +got):\n%s", diff)
	}
	if distinct := set.Distinct(); len(distinct) != 2 || distinct[0] != &set.Requests[0] || distinct[1] != &set.Requests[2] {
		t.Errorf("%d distinct requests, want the first and the third", len(distinct))
	}
}

func TestBuildMixComplains(t *testing.T) {
	bad := asked("/")
	bad.Mix = []plan.ExactPart{{Weight: 1, Exact: asked("/")}, {Weight: 1, Exact: asked("no slash")}}
	heavy := asked("/")
	heavy.Mix = []plan.ExactPart{{Weight: 9999, Exact: asked("/a")}, {Weight: 9998, Exact: asked("/b")}}
	large := asked("/")
	body := asked("/a")
	body.Method, body.Body = "POST", make([]byte, 1<<20)
	large.Mix = []plan.ExactPart{{Weight: 99, Exact: body}, {Weight: 1, Exact: asked("/b")}}
	for want, x := range map[string]plan.Exact{
		`mix[1]: workload: path "no slash"`: bad,
		"a turn of 19997 requests":          heavy,
		"take 198 MiB, more than 64.0 MiB":  large,
	} {
		if set, err := Build(x, host); err == nil || set != nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want one with %q", err, want)
		}
	}
}
