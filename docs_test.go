package webdyno_test

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/format"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// The tests here read the files themselves, and ask no other program for them:
// what a child process reads, the test cache cannot see, and it would go on
// reporting that all is well.

// A goFile is a Go file of this module.
type goFile struct {
	name   string // from the root, with slashes
	source []byte
	syntax *ast.File
	set    *token.FileSet
}

// at returns where in the repository n is.
func (f *goFile) at(n ast.Node) string {
	return fmt.Sprintf("%s:%d", f.name, f.set.Position(n.Pos()).Line)
}

// goFiles parses every Go file of the module.
func goFiles(t *testing.T) []*goFile {
	t.Helper()
	var files []*goFile
	set := token.NewFileSet()
	for _, name := range filesEnding(t, ".go") {
		source, err := os.ReadFile(filepath.FromSlash(name))
		if err != nil {
			t.Fatal(err)
		}
		syntax, err := parser.ParseFile(set, name, source, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, &goFile{name, source, syntax, set})
	}
	return files
}

// filesEnding returns the module's files with that ending, from the root, with
// slashes. What is not ours to judge is left out: other modules, test data, what
// was built or measured here, and whatever hides behind a dot.
func filesEnding(t *testing.T, ending string) []string {
	t.Helper()
	var names []string
	err := filepath.WalkDir(".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && name != "." && isForeign(name) {
			return filepath.SkipDir
		}
		if !d.IsDir() && strings.HasSuffix(name, ending) {
			names = append(names, filepath.ToSlash(name))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

func isForeign(folder string) bool {
	switch base := filepath.Base(folder); {
	case strings.HasPrefix(base, "."), base == "testdata", base == "node_modules":
		return true
	case folder == "bin", folder == "webdyno-records":
		return true
	}
	_, err := os.Stat(filepath.Join(folder, "go.mod"))
	return err == nil
}

func TestFormatting(t *testing.T) {
	for _, f := range goFiles(t) {
		formatted, err := format.Source(f.source)
		if err != nil {
			t.Errorf("%s: %v", f.name, err)
		} else if !bytes.Equal(formatted, f.source) {
			t.Errorf("%s is not formatted: gofmt -w %[1]s", f.name)
		}
	}
}

// Every package and every exported name says what it is for.
func TestExportedNamesAreDocumented(t *testing.T) {
	told := map[string]bool{} // folders whose package has a comment
	for _, f := range goFiles(t) {
		folder := path.Dir(f.name)
		if strings.HasSuffix(f.name, "_test.go") || !strings.HasPrefix(folder, "internal/") && !strings.HasPrefix(folder, "cmd/") {
			continue
		}
		told[folder] = told[folder] || f.syntax.Doc != nil
		for _, decl := range f.syntax.Decls {
			for _, name := range undocumented(decl, f.set) {
				t.Errorf("%s: %s has no comment: say what it promises, in which unit, and when it fails", f.at(name), name.Name)
			}
		}
	}
	for folder, ok := range told {
		if !ok {
			t.Errorf("%s: the package has no comment: say in one sentence what it is for", folder)
		}
	}
}

// undocumented returns the exported names that a declaration makes without a
// comment.
func undocumented(decl ast.Decl, set *token.FileSet) []*ast.Ident {
	switch d := decl.(type) {
	case *ast.FuncDecl:
		if d.Doc == nil && d.Name.IsExported() && isReachable(d) && !isWellKnown(d) {
			return []*ast.Ident{d.Name}
		}
	case *ast.GenDecl:
		if d.Doc == nil || d.Lparen.IsValid() {
			return undocumentedSpecs(d, set)
		}
	}
	return nil
}

// undocumentedSpecs looks into a group of declarations. A comment on a group of
// constants or variables speaks for them all, and one on a line for the lines
// right below it; each type has its own.
func undocumentedSpecs(d *ast.GenDecl, set *token.FileSet) []*ast.Ident {
	var names []*ast.Ident
	told := 0 // the last line that a comment speaks for
	for _, spec := range d.Specs {
		switch s := spec.(type) {
		case *ast.TypeSpec:
			if s.Name.IsExported() && s.Doc == nil && s.Comment == nil {
				names = append(names, s.Name)
			}
		case *ast.ValueSpec:
			follows := set.Position(s.Pos()).Line == told+1
			if d.Doc == nil && s.Doc == nil && s.Comment == nil && !follows {
				names = append(names, exported(s.Names)...)
				continue
			}
			told = set.Position(s.End()).Line
		}
	}
	return names
}

func exported(names []*ast.Ident) []*ast.Ident {
	var out []*ast.Ident
	for _, n := range names {
		if n.IsExported() {
			out = append(out, n)
		}
	}
	return out
}

// isReachable tells whether a function, or the type a method belongs to, can be
// named from outside.
func isReachable(d *ast.FuncDecl) bool {
	if d.Recv == nil {
		return true
	}
	of := d.Recv.List[0].Type
	for {
		switch x := of.(type) {
		case *ast.StarExpr:
			of = x.X
		case *ast.IndexExpr:
			of = x.X
		case *ast.IndexListExpr:
			of = x.X
		case *ast.Ident:
			return x.IsExported()
		default:
			return false
		}
	}
}

// isWellKnown tells whether a method does what the standard library says that
// methods of its name do.
func isWellKnown(d *ast.FuncDecl) bool {
	if d.Recv == nil {
		return false
	}
	switch d.Name.Name {
	case "String", "Error", "Unwrap":
		return d.Type.Params.NumFields() == 0
	}
	return false
}

var (
	// inlineLink finds [text](target) and ![text](target "title").
	inlineLink = regexp.MustCompile(`\]\(\s*<?([^)>\s]+)>?(?:\s+"[^"]*")?\s*\)`)
	// linkDefinition finds [name]: target at the start of a line.
	linkDefinition = regexp.MustCompile(`(?m)^ {0,3}\[[^\]]+\]:\s+<?([^>\s]+)`)
	// verbatim finds what a page shows and does not mean: blocks and spans of code.
	verbatim = regexp.MustCompile("(?ms)^ *```.*?^ *```|`[^`\n]*`")
	fenced   = regexp.MustCompile("(?ms)^ *```.*?^ *```")
	heading  = regexp.MustCompile(`(?m)^#{1,6}\s+(.+?)\s*#*$`)
	scheme   = regexp.MustCompile(`^[a-zA-Z][a-zA-Z0-9+.-]*:`)
	// linkInText and unlinked find what a heading loses on its way to an anchor.
	linkInText = regexp.MustCompile(`\[([^\]]*)\]\([^)]*\)`)
	unlinked   = regexp.MustCompile(`[^\p{L}\p{N}\-_ ]`)
)

// A link in a document leads somewhere: to a file that is there, and to a
// heading that is in it.
func TestLinks(t *testing.T) {
	for _, name := range filesEnding(t, ".md") {
		page := readPage(t, name)
		for _, target := range links(page) {
			if err := follow(name, target); err != nil {
				t.Errorf("%s links to %s: %v", name, target, err)
			}
		}
	}
}

func readPage(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.FromSlash(name))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// links returns the targets of a page's relative links.
func links(page string) []string {
	page = verbatim.ReplaceAllString(page, "")
	var targets []string
	for _, find := range []*regexp.Regexp{inlineLink, linkDefinition} {
		for _, m := range find.FindAllStringSubmatch(page, -1) {
			if !scheme.MatchString(m[1]) && !strings.HasPrefix(m[1], "//") {
				targets = append(targets, m[1])
			}
		}
	}
	return targets
}

// follow returns why a link on a page leads nowhere.
func follow(from, target string) error {
	file, anchor, _ := strings.Cut(target, "#")
	name := path.Join(path.Dir(from), file)
	if file == "" {
		name = from
	}
	if !filepath.IsLocal(filepath.FromSlash(name)) {
		return fmt.Errorf("it leads out of the repository")
	}
	if _, err := os.Stat(filepath.FromSlash(name)); err != nil {
		return fmt.Errorf("there is no %s", name)
	}
	if anchor == "" || !strings.HasSuffix(name, ".md") {
		return nil
	}
	page, err := os.ReadFile(filepath.FromSlash(name))
	if err != nil {
		return err
	}
	if !anchors(string(page))[anchor] {
		return fmt.Errorf("%s has no heading of that name", name)
	}
	return nil
}

// anchors returns what the headings of a page are called in links: in lower
// case, with hyphens for spaces and without punctuation; a second one of the
// same name has a -1 behind it, and so on.
func anchors(page string) map[string]bool {
	page = fenced.ReplaceAllString(page, "")
	found, times := map[string]bool{}, map[string]int{}
	for _, m := range heading.FindAllStringSubmatch(page, -1) {
		a := anchor(m[1])
		if n := times[a]; n > 0 {
			found[fmt.Sprintf("%s-%d", a, n)] = true
		} else {
			found[a] = true
		}
		times[a]++
	}
	return found
}

func anchor(heading string) string {
	text := linkInText.ReplaceAllString(heading, "$1")
	text = unlinked.ReplaceAllString(strings.ToLower(text), "")
	return strings.ReplaceAll(text, " ", "-")
}
