package host

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"webdyno/internal/plan"
)

// A setting that is as the plan wants it is said nothing of, however the kernel
// spaces it; one that is not is told with what would set it.
func TestKernel(t *testing.T) {
	root := fstest.MapFS{
		"proc/sys/net/ipv4/tcp_tw_reuse":         {Data: []byte("2\n")},
		"proc/sys/net/ipv4/ip_local_port_range":  {Data: []byte("32768\t60999\n")},
		"proc/sys/net/core/somaxconn":            {Data: []byte("4096\n")},
		"proc/secret":                            {Data: []byte("1\n")},
		"proc/sys/net/ipv4/tcp_fastopen_key/x/y": {Data: []byte("1\n")},
	}
	facts, notes := Kernel(root, []plan.Var{
		{Name: "net.ipv4.tcp_tw_reuse", Value: "1"},
		{Name: "net.ipv4.ip_local_port_range", Value: "32768 60999"},
		{Name: "net.core.somaxconn", Value: "4096"},
		{Name: "net.core.bogus", Value: "1"},
		{Name: "...secret", Value: "1"},
	})
	want := map[string]string{
		"sysctl.net.ipv4.tcp_tw_reuse": "2", "sysctl.net.ipv4.ip_local_port_range": "32768 60999",
		"sysctl.net.core.somaxconn": "4096", "sysctl.net.core.bogus": Unavailable, "sysctl....secret": Unavailable,
	}
	if diff := cmp.Diff(want, facts); diff != "" {
		t.Errorf("facts (-want +got):\n%s", diff)
	}
	var texts []string
	for _, n := range notes {
		texts = append(texts, n.Text)
	}
	if diff := cmp.Diff([]string{
		"the plan wants net.ipv4.tcp_tw_reuse = 1, and it is 2; sudo sysctl -w 'net.ipv4.tcp_tw_reuse=1' would set it",
		"the plan wants net.core.bogus = 1, which this kernel does not show",
		"the plan wants ...secret = 1, which this kernel does not show",
	}, texts); diff != "" {
		t.Errorf("notes (-want +got):\n%s", diff)
	}
	if len(notes) == 3 && strings.Contains(notes[0].Text, "\n") {
		t.Error("a note of more than one line")
	}
}
