// Package host is the machine: its facts for the record, which CPUs the engine
// and the subjects get, what others did to them meanwhile, and which programs
// it has.
//
// Everything that is read from /proc and /sys is read through an [io/fs.FS],
// os.DirFS("/") in earnest, so that tests can bring machines of their own.
// The package changes nothing about the machine.
package host
