// Package images keeps the pictures of products.
package images

import (
	"archive/zip"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"
)

// Library is a folder of pictures.
type Library struct {
	index *os.File
	lock  *os.File
	dir   string
}

// OpenLibrary opens a folder for writing, and makes it when it is not there.
func OpenLibrary(dir string) (*Library, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	index, err := os.OpenFile(filepath.Join(dir, "index"), os.O_CREATE|os.O_RDWR|os.O_APPEND, 0o644)
	if err != nil {
		return nil, err
	}
	lock, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, fmt.Errorf("library is in use: %w", err)
	}
	return &Library{index: index, lock: lock, dir: dir}, nil
}

// Close gives the folder free.
func (l *Library) Close() error {
	return errors.Join(l.index.Close(), l.lock.Close(), os.Remove(l.lock.Name()))
}

// Path is where a picture is.
func (l *Library) Path(name string) string {
	return filepath.Join(l.dir, filepath.Base(name))
}

// Paths are all pictures.
func (l *Library) Paths() []string {
	paths, _ := filepath.Glob(filepath.Join(l.dir, "upload-*"))
	return paths
}

// Add keeps a picture and notes it in the index.
func (l *Library) Add(data []byte) (string, error) {
	path, err := save(l.dir, data)
	if err != nil {
		return "", err
	}
	size, err := Size(path)
	if err != nil {
		return "", err
	}
	_, err = fmt.Fprintf(l.index, "%s %d\n", filepath.Base(path), size)
	return path, err
}

// save writes data to a file with a new name.
func save(dir string, data []byte) (string, error) {
	name := fmt.Sprintf("upload-%d", time.Now().UnixNano())
	file, err := os.OpenFile(filepath.Join(dir, name), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
	if err != nil {
		return "", err
	}
	defer file.Close()
	if _, err := file.Write(data); err != nil {
		return "", err
	}
	return file.Name(), file.Sync()
}

// Size is the size of a picture in bytes.
func Size(path string) (int64, error) {
	file, err := os.Open(path)
	if err != nil {
		return 0, err
	}
	info, err := file.Stat()
	if err != nil {
		return 0, err
	}
	return info.Size(), file.Close()
}

// Pack sends pictures as an archive, once all of them could be read.
func Pack(to io.Writer, paths []string) error {
	scratch, err := os.CreateTemp("", "pictures-*.zip")
	if err != nil {
		return err
	}
	defer scratch.Close()
	if err := pack(scratch, paths); err != nil {
		return err
	}
	if _, err := scratch.Seek(0, io.SeekStart); err != nil {
		return err
	}
	_, err = io.Copy(to, scratch)
	return err
}

func pack(to *os.File, paths []string) error {
	archive := zip.NewWriter(to)
	for _, path := range paths {
		if err := add(archive, path); err != nil {
			return err
		}
	}
	return errors.Join(archive.Flush(), to.Sync())
}

func add(archive *zip.Writer, path string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	entry, err := archive.Create(filepath.Base(path))
	if err != nil {
		return err
	}
	_, err = io.Copy(entry, file)
	return err
}

// Archive makes a compressed copy of a picture.
func Archive(path string) error {
	in, err := os.Open(path)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.Create(path + ".gz")
	if err != nil {
		return err
	}
	defer out.Close()
	gz := gzip.NewWriter(out)
	if _, err := io.Copy(gz, in); err != nil {
		return err
	}
	return gz.Close()
}

// Reader gives a picture to somebody who closes it.
func Reader(path string) (io.ReadCloser, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	return file, nil
}
