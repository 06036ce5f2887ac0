package profile

import (
	"regexp"
	"strings"
)

// pythonLibrary finds what a file of Python's own library is called below it.
var pythonLibrary = regexp.MustCompile(`(?:^|/)(?:lib/python|lib/pypy|lib-python/?|python)\d*(?:\.\d+)*/(?:lib-dynload/)?([^/]+)`)

// Origin says in a word or two what a function is part of: a package ("tornado",
// "net/http"), "Python library", "kernel", a shared object, or the folder or file
// that it stands in. It is a guess from names and paths, for pictures; "other"
// where they say nothing.
func (f Function) Origin() string {
	file := strings.ReplaceAll(f.File, `\`, "/")
	switch module := strings.Trim(f.Module, "[]"); {
	case strings.HasPrefix(module, "kernel") || strings.HasPrefix(module, "vmlinux") || strings.HasSuffix(f.Name, "_[k]"):
		return "kernel"
	case strings.HasSuffix(file, ".go") || strings.HasSuffix(file, ".s") && strings.Contains(f.Name, "."):
		return goPackage(f.Name)
	case file == "" || file == "~":
		return originOfNameless(f, module)
	}
	if name := installed(file); name != "" {
		return name
	}
	if strings.HasPrefix(file, "node:") {
		return "Node library"
	}
	if pythonLibrary.MatchString(file) || strings.HasPrefix(file, "<frozen ") {
		return "Python library"
	}
	return folderOf(file)
}

// originOfNameless is of functions that stand in no file.
func originOfNameless(f Function, module string) string {
	switch {
	case module != "":
		return module
	case strings.HasPrefix(f.Name, "{"):
		return "built-in"
	case strings.HasPrefix(f.Name, "("): // (garbage collector), (program), (not listed)
		return f.Name
	}
	return "other"
}

// installed returns the package that a file was installed with, if it was.
func installed(file string) string {
	for _, folder := range []string{"/node_modules/", "/site-packages/", "/dist-packages/"} {
		i := strings.LastIndex("/"+file, folder)
		if i < 0 {
			continue
		}
		parts := strings.Split(file[i+len(folder)-1:], "/")
		if strings.HasPrefix(parts[0], "@") && len(parts) > 1 {
			return parts[0] + "/" + parts[1]
		}
		return strings.TrimSuffix(parts[0], ".py")
	}
	return ""
}

// goPackage returns the import path within a Go symbol: "net/http" of
// "net/http.(*conn).serve".
func goPackage(name string) string {
	from := strings.LastIndexByte(strings.SplitN(name, "[", 2)[0], '/') + 1
	if i := strings.IndexByte(name[from:], '.'); i >= 0 {
		return name[:from+i]
	}
	return "other"
}

// folderOf is the folder that a file stands in, or its name where it stands in none.
func folderOf(file string) string {
	parts := strings.Split(strings.TrimRight(strings.TrimPrefix(file, "file://"), "/"), "/")
	if n := len(parts); n > 1 && parts[n-2] != "" && parts[n-2] != "." {
		return parts[n-2]
	}
	return parts[len(parts)-1]
}
