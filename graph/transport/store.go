package transport

import (
	"bytes"
	"errors"
	"io"
	"os"
)

// store keeps the files of one request, small ones in memory.
type store struct {
	memory int64
	// size is the total size of the files in bytes.
	size  int64
	files []*os.File
	// room is what all files may take. refused is why none is kept.
	room    Room
	refused error
}

// keep reads a file to its end. A temporary file can be read by its owner only, and has
// lost its name before the first byte arrives. So a crash leaves nothing of a file that
// may contain passwords.
func (s *store) keep(part io.Reader) (io.ReaderAt, int64, error) {
	part = &metered{Reader: part, room: s.room}
	// A growing buffer exists twice for a moment.
	most := s.memory / 3
	var beginning bytes.Buffer
	n, err := io.Copy(&beginning, io.LimitReader(part, most+1))
	if err != nil {
		return nil, 0, unread(err)
	}
	if n <= most {
		s.memory -= 3 * n
		return bytes.NewReader(beginning.Bytes()), n, nil
	}
	file, err := os.CreateTemp("", "homeroom-upload-")
	if err != nil {
		return nil, 0, err
	}
	s.files = append(s.files, file)
	if err := os.Remove(file.Name()); err != nil {
		return nil, 0, err
	}
	if _, err := beginning.WriteTo(file); err != nil {
		return nil, 0, err
	}
	source := &source{Reader: part}
	rest, err := io.Copy(file, source)
	if source.err != nil {
		return nil, 0, unread(source.err)
	}
	return file, n + rest, err
}

func (s *store) close() {
	for _, f := range s.files {
		_ = f.Close() // it has no name, so this deletes it
	}
	s.room.Leave()
}

// source remembers its error, so that a client that has gone away is not taken for a full
// disk.
type source struct {
	io.Reader
	err error
}

func (s *source) Read(p []byte) (int, error) {
	n, err := s.Reader.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		s.err = err
	}
	return n, err
}
