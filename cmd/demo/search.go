package main

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// searchable are the contents of a file: the file itself and, of a saved plan, each member of the
// archive that it is.
func searchable(path string) (map[string][]byte, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading a file to search: %w", err)
	}
	name := filepath.Base(path)
	contents := map[string][]byte{name: content}
	if !strings.HasSuffix(name, ".tfplan") {
		return contents, nil
	}
	archive, err := zip.NewReader(bytes.NewReader(content), int64(len(content)))
	if err != nil {
		return nil, fmt.Errorf("opening the saved plan %s: %w", name, err)
	}
	for _, member := range archive.File {
		content, err := readMember(member)
		if err != nil {
			return nil, fmt.Errorf("reading %s in %s: %w", member.Name, name, err)
		}
		contents[name+"/"+member.Name] = content
	}
	return contents, nil
}

func readMember(member *zip.File) ([]byte, error) {
	reader, err := member.Open()
	if err != nil {
		return nil, err
	}
	defer reader.Close()
	return io.ReadAll(reader)
}

// occurrences counts how often any of the texts is in any of the contents.
func occurrences(contents map[string][]byte, texts []string) int {
	n := 0
	for _, content := range contents {
		for _, text := range texts {
			n += bytes.Count(content, []byte(text))
		}
	}
	return n
}
