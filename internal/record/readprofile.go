package record

import (
	"fmt"
	"io"
	"os"
	"path"
)

// maxProfile is how many bytes of a profile are read; its reader takes no more
// either.
const maxProfile = 256 << 20

// ReadProfile returns the content of a profile by the name that a measurement has
// for it, "profiles/….pb.gz". No other file of the record is read, and none
// outside it.
func (r *Record) ReadProfile(file string) ([]byte, error) {
	if path.Dir(file) != profilesFolder || path.Base(file) == ".." {
		return nil, fmt.Errorf("%s is no profile of a record: want a file of its folder %s", file, profilesFolder)
	}
	f, err := os.OpenInRoot(r.Dir, file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is no regular file", file)
	}
	data, err := io.ReadAll(io.LimitReader(f, maxProfile+1))
	if err == nil && len(data) > maxProfile {
		err = fmt.Errorf("%s is larger than %d MiB", file, maxProfile>>20)
	}
	return data, err
}
