package operation

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/quote"
)

// Source is a document as it was found in a file.
type Source struct {
	// Place says where it was found, for messages.
	Place    string
	Document string
}

// maxFile is the largest file, in bytes.
const maxFile = 16 << 20

// Read reads the documents in files, and in the files of folders whose names end in
// .graphql, .gql or .json. A .json file is a manifest: that of Apollo's tools, or a map
// from ids to documents as the Relay compiler writes it. Its ids must be the SHA-256 of
// the documents, because that is what clients send.
func Read(paths []string) ([]Source, error) {
	var all []Source
	for _, path := range paths {
		files, err := filesOf(path)
		if err != nil {
			return nil, err
		}
		for _, file := range files {
			list, err := readFile(file)
			if err != nil {
				return nil, err
			}
			all = append(all, list...)
		}
	}
	return all, nil
}

func filesOf(path string) ([]string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fault.Invalidf("%s cannot be read", path).Because(err)
	}
	if !info.IsDir() {
		return []string{path}, nil
	}
	var files []string
	err = filepath.WalkDir(path, func(file string, entry fs.DirEntry, err error) error {
		if err == nil && entry.Type().IsRegular() &&
			slices.Contains([]string{".graphql", ".gql", ".json"}, filepath.Ext(file)) {
			files = append(files, file)
		}
		return err
	})
	if err == nil && len(files) == 0 {
		return nil, fault.Invalidf("there is no file in %s whose name ends in .graphql, .gql or .json", path)
	}
	return files, err
}

func readFile(path string) ([]Source, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.Size() > maxFile {
		return nil, fault.Invalidf("%s has more than %d bytes", path, maxFile)
	}
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	if text := bytes.TrimSpace(content); filepath.Ext(path) == ".json" ||
		len(text) > 0 && text[0] == '{' && json.Valid(text) {
		return readManifest(path, text)
	}
	return []Source{{Place: path, Document: string(content)}}, nil
}

// readManifest reads a JSON file with many documents.
func readManifest(path string, text []byte) ([]Source, error) {
	var apollo struct {
		Format     string `json:"format"`
		Version    int    `json:"version"`
		Operations []struct {
			ID, Name, Body string
		} `json:"operations"`
	}
	documents := map[string]string{}
	if err := json.Unmarshal(text, &apollo); err == nil && apollo.Format == "apollo-persisted-query-manifest" {
		if apollo.Version != 1 {
			return nil, fault.Invalidf("%s has version %d, but only version 1 is supported", path, apollo.Version)
		}
		for _, o := range apollo.Operations {
			documents[o.ID] = o.Body
		}
	} else if err := json.Unmarshal(text, &documents); err != nil {
		return nil, fault.Invalidf("%s is neither a manifest of Apollo's tools nor a JSON object from ids to documents", path)
	}
	if len(documents) == 0 {
		return nil, fault.Invalidf("%s holds no operation", path)
	}
	var list []Source
	for _, id := range slices.Sorted(maps.Keys(documents)) {
		if strings.TrimPrefix(strings.ToLower(id), "sha256:") != Hash(documents[id]) {
			return nil, fault.Invalidf(
				"%s: the id %s is not the SHA-256 hash of its document; configure the compiler to use such hashes as ids", path,
				quote.Text(id[:min(len(id), 70)]))
		}
		list = append(list, Source{Place: path + " " + id[:min(len(id), 12)], Document: documents[id]})
	}
	return list, nil
}
