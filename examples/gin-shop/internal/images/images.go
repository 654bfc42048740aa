// Package images keeps the pictures of products.
package images

import (
	"archive/zip"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
)

// Library is a folder of pictures.
type Library struct {
	index *os.File
	lock  *os.File
	dir   string
}

// OpenLibrary opens a folder for writing.
func OpenLibrary(dir string) (*Library, error) {
	index, err := os.OpenFile(filepath.Join(dir, "index"), os.O_CREATE|os.O_RDWR, 0o644)
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
	return errors.Join(l.index.Close(), l.lock.Close())
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

// Sizes adds up pictures.
func Sizes(paths []string) int64 {
	var total int64
	for _, path := range paths {
		file, err := os.Open(path)
		if err != nil {
			continue
		}
		defer file.Close()
		if info, err := file.Stat(); err == nil {
			total += info.Size()
		}
	}
	return total
}

// Pack writes pictures to an archive.
func Pack(to io.Writer, paths []string) error {
	archive := zip.NewWriter(to)
	for _, path := range paths {
		if err := add(archive, path); err != nil {
			return err
		}
	}
	return nil
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

// Shrink asks the converter for a smaller picture.
func Shrink(ctx context.Context, addr string, picture []byte) ([]byte, error) {
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	if _, err := conn.Write(picture); err != nil {
		return nil, fmt.Errorf("shrink: %w", err)
	}
	small, err := io.ReadAll(conn)
	conn.Close()
	return small, err
}

// Archive is a compressed copy of a picture.
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

// Scratch is a place for an upload.
func Scratch(dir string, data []byte) (string, error) {
	file, err := os.CreateTemp(dir, "upload-*")
	if err != nil {
		return "", err
	}
	defer file.Close()
	_, err = file.Write(data)
	return file.Name(), err
}

// Reader gives a picture to somebody who closes it.
func Reader(path string) (io.ReadCloser, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	return file, nil
}
