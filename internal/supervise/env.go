package supervise

import "strings"

// CleanEnv returns the environment that every server gets: small, and the same
// on every machine and in every shell, so that neither a variable of somebody's
// shell nor the size of it all is part of a result. home should be a private
// folder. Of extra ("NAME=value"), a name that is in the list replaces it, and
// any other is added at the end, in order; the last of equal names holds.
//
//	PATH                  where a Debian system has its programs
//	HOME, TMPDIR, XDG_…   home: nothing is read from or left in the user's own
//	LANG                  C.UTF-8: text is UTF-8, messages are English
//	TZ                    UTC
//	PYTHONPYCACHEPREFIX   home/pycache: compiled Python is kept from one start
//	                      to the next, but not in the system's folders
//	PYPY_GC_NURSERY       4M: otherwise PyPy sizes it from the cache the
//	                      machine reports, hundreds of MB on some
func CleanEnv(home string, extra []string) []string {
	env := []string{
		"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
		"HOME=" + home,
		"TMPDIR=" + home,
		"XDG_CONFIG_HOME=" + home + "/config",
		"XDG_DATA_HOME=" + home + "/data",
		"XDG_CACHE_HOME=" + home + "/cache",
		"LANG=C.UTF-8",
		"TZ=UTC",
		"PYTHONPYCACHEPREFIX=" + home + "/pycache",
		"PYPY_GC_NURSERY=4M",
	}
	at := map[string]int{}
	for i, v := range env {
		at[varName(v)] = i
	}
	for _, v := range extra {
		if i, ok := at[varName(v)]; ok {
			env[i] = v
			continue
		}
		at[varName(v)] = len(env)
		env = append(env, v)
	}
	return env
}

func varName(v string) string {
	name, _, _ := strings.Cut(v, "=")
	return name
}
