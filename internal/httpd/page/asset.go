package page

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"net/http"
	"path"
	"strconv"
	"strings"
	"sync"
)

//go:embed asset/LICENSES asset/*.js asset/*.css
var assetFiles embed.FS

// assets serves embedded files of other authors. Each address contains the hash of the
// content, so browsers may cache the file forever and still see a new version of the
// program at once.
type assets struct {
	prefix string
	byPath map[string]*asset
	byName map[string]string
}

type asset struct {
	contentType string
	plain       []byte
	// zipped is made when the first browser asks for the file. All files together take a
	// tenth of a second.
	zipped func() []byte
}

// newAssets gives every file of asset/ an address below prefix, which ends with a slash.
func newAssets(prefix string) *assets {
	entries, err := assetFiles.ReadDir("asset")
	if err != nil {
		panic(err)
	}
	all := &assets{prefix: prefix, byPath: map[string]*asset{}, byName: map[string]string{}}
	for _, entry := range entries {
		content := mustRead(assetFiles, "asset/"+entry.Name())
		hash := sha256.Sum256(content)
		address := prefix + hex.EncodeToString(hash[:8]) + "/" + entry.Name()
		all.byName[entry.Name()] = address
		all.byPath[address] = &asset{
			contentType: contentType(entry.Name()),
			plain:       content,
			zipped:      sync.OnceValue(func() []byte { return zip(content) }),
		}
	}
	return all
}

// address is the path under which the named file is served. It panics for a file that is not embedded.
func (a *assets) address(name string) string {
	address, ok := a.byName[name]
	if !ok {
		panic("no embedded file " + name)
	}
	return address
}

func (a *assets) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	file, ok := a.byPath[r.URL.Path]
	if !ok {
		http.NotFound(w, r)
		return
	}
	header := w.Header()
	header.Set("Content-Type", file.contentType)
	header.Set("Cache-Control", "public, max-age=31536000, immutable")
	header.Set("X-Content-Type-Options", "nosniff")
	header.Add("Vary", "Accept-Encoding")
	body := file.plain
	if acceptsGzip(r.Header.Values("Accept-Encoding")) {
		header.Set("Content-Encoding", "gzip")
		body = file.zipped()
	}
	header.Set("Content-Length", strconv.Itoa(len(body)))
	// It does not matter if a browser goes away in the middle of a file.
	_, _ = w.Write(body)
}

// contentType is fixed here rather than asked of the operating system, whose tables differ.
func contentType(name string) string {
	switch path.Ext(name) {
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".css":
		return "text/css; charset=utf-8"
	default:
		return "text/plain; charset=utf-8"
	}
}

// acceptsGzip reads Accept-Encoding. Gzip is accepted if it is named, or covered by a
// star, without the weight 0.
func acceptsGzip(values []string) bool {
	star := false
	for offer := range strings.SplitSeq(strings.Join(values, ","), ",") {
		coding, parameter, _ := strings.Cut(offer, ";")
		wanted := true
		if weight, ok := strings.CutPrefix(strings.TrimSpace(parameter), "q="); ok {
			q, err := strconv.ParseFloat(weight, 64)
			wanted = err == nil && q > 0
		}
		switch strings.ToLower(strings.TrimSpace(coding)) {
		case "gzip":
			return wanted
		case "*":
			star = wanted
		}
	}
	return star
}

// zip compresses as much as it can, because it runs once. Writing to memory cannot fail.
func zip(content []byte) []byte {
	var zipped bytes.Buffer
	writer, err := gzip.NewWriterLevel(&zipped, gzip.BestCompression)
	if err != nil {
		panic(err)
	}
	if _, err := writer.Write(content); err != nil {
		panic(err)
	}
	if err := writer.Close(); err != nil {
		panic(err)
	}
	return zipped.Bytes()
}
