package lab

// FolderContent returns what a record's Subject.Content has under "folder" for a
// subject that starts in dir: a hash of its source text, by names and bytes. Its
// errors are those of reading, and that the folder holds too much.
func FolderContent(dir string) (string, error) { return contentOf(dir, sources) }
