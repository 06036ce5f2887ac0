package host

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"

	"webdyno/internal/sys"
)

// Own returns what is recorded of this process and what it can ask the kernel for
// directly, in the manner of [Facts]: how it was built, from which file, how many
// threads of Go it runs, and what schedules the packets of the loopback interface.
func Own() map[string]string {
	facts := map[string]string{
		"webdyno.system":     runtime.GOOS + "/" + runtime.GOARCH,
		"webdyno.gomaxprocs": strconv.Itoa(runtime.GOMAXPROCS(0)),
		"webdyno.build":      buildSettings(),
		"webdyno.program":    ownHash(),
		"net.lo.qdisc":       Unavailable,
	}
	if all, err := sys.QueueDisciplines("lo"); err == nil {
		facts["net.lo.qdisc"] = "none"
		if len(all) > 0 {
			facts["net.lo.qdisc"] = strings.Join(all, " ")
		}
	}
	return facts
}

// buildSettings are the choices that webdyno was compiled with.
func buildSettings() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return Unavailable
	}
	var all []string
	for _, s := range info.Settings {
		if strings.HasPrefix(s.Key, "vcs") || s.Key == "-ldflags" { // the commit stands elsewhere
			continue
		}
		all = append(all, s.Key+"="+s.Value)
	}
	slices.Sort(all)
	if len(all) == 0 {
		return Unavailable
	}
	return strings.Join(all, " ")
}

func ownHash() string {
	name, err := os.Executable()
	if err != nil {
		return Unavailable
	}
	sum, err := HashOf(name)
	if err != nil {
		return Unavailable
	}
	return sum
}

// HashOf returns what tells a file's bytes from others: "sha256:" and the first 16
// hexadecimal digits.
func HashOf(name string) (string, error) {
	f, err := os.Open(name)
	if err != nil {
		return "", err
	}
	defer f.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, f); err != nil {
		return "", err
	}
	return "sha256:" + hex.EncodeToString(sum.Sum(nil))[:16], nil
}
