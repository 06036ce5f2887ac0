package sys

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// freezing is how long the kernel may take to stop every process of a group.
const freezing = 2 * time.Second

// CanFreeze tells whether the group has the freezer of version 2 (Linux 5.2),
// which stops processes without their seeing a signal, and whose processes can
// be killed while they are stopped. That of version 1 is not used: what it holds
// cannot be killed.
func (c *Cgroup) CanFreeze() bool {
	if c == nil || c.V2 == "" {
		return false
	}
	_, err := os.Stat(filepath.Join(c.V2, "cgroup.freeze"))
	return err == nil
}

// Freeze stops every process of the group, those that are added later included,
// and returns once all stand still. Thaw lets them go on.
func (c *Cgroup) Freeze() error { return c.setFrozen(true) }

// Thaw lets the processes of the group go on, and returns once they do.
func (c *Cgroup) Thaw() error { return c.setFrozen(false) }

func (c *Cgroup) setFrozen(frozen bool) error {
	digit := []byte("0")
	if frozen {
		digit = []byte("1")
	}
	if c.V2 == "" {
		return errors.New("control group: it has no freezer of version 2")
	}
	if err := os.WriteFile(filepath.Join(c.V2, "cgroup.freeze"), digit, 0); err != nil {
		return fmt.Errorf("control group: %w", err)
	}
	want := append([]byte("\nfrozen "), digit...)
	deadline := time.Now().Add(freezing)
	for {
		b, err := os.ReadFile(filepath.Join(c.V2, "cgroup.events"))
		if err != nil {
			return fmt.Errorf("control group: %w", err)
		}
		if bytes.Contains(append([]byte("\n"), b...), want) {
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("control group: not all of its processes could be frozen within %v", freezing)
		}
		time.Sleep(time.Millisecond)
	}
}
