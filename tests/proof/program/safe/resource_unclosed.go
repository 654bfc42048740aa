package safe

import (
	"bufio"
	"errors"
	"net"
	"os"
	"path/filepath"

	"proof.example/measure"
)

func init() {
	measure.Add(measure.Case{Rule: "resource-unclosed", Signal: measure.Files, Calls: 100, Run: func(e *measure.Env, call int) string {
		return measure.Text(header(filepath.Join(e.Dir, "header")))
	}})
	measure.Add(measure.Case{Rule: "resource-unclosed", Shape: "in a loop", Signal: measure.Files, Calls: 20, Run: func(e *measure.Env, call int) string {
		return measure.Text(words(filepath.Join(e.Dir, "words"), 3))
	}})
	measure.Add(measure.Case{Rule: "resource-unclosed", Shape: "a constructor and a user", Signal: measure.Files, Calls: 100, Run: func(e *measure.Env, call int) string {
		return measure.Text(logged(filepath.Join(e.Dir, "log"), "started"))
	}})
	measure.Add(measure.Case{Rule: "resource-unclosed", Shape: "a listener", Signal: measure.Files, Calls: 50, Run: func(e *measure.Env, call int) string {
		port, err := freePort()
		return measure.Text(port > 0, err)
	}})
}

func header(path string) (string, error) {
	if err := os.WriteFile(path, []byte("GIF8"), 0o600); err != nil {
		return "", err
	}
	file, err := os.Open(path)
	if err != nil {
		return "", err
	}
	magic := make([]byte, 4)
	if _, err := file.Read(magic); err != nil {
		return "", err
	}
	if string(magic) != "\x89PNG" {
		return "", errors.New("not a picture")
	}
	return string(magic), file.Close()
}

func words(path string, times int) (int, error) {
	if err := os.WriteFile(path, []byte("a b c"), 0o600); err != nil {
		return 0, err
	}
	count := 0
	for range times {
		file, err := os.Open(path)
		if err != nil {
			return 0, err
		}
		scanner := bufio.NewScanner(file)
		scanner.Split(bufio.ScanWords)
		for scanner.Scan() {
			count++
		}
	}
	return count, nil
}

type logFile struct{ file *os.File }

func openLog(path string) (*logFile, error) {
	file, err := os.Create(path)
	if err != nil {
		return nil, err
	}
	return &logFile{file: file}, nil
}

func (l *logFile) Close() error { return l.file.Close() }

func logged(path, line string) (int, error) {
	log, err := openLog(path)
	if err != nil {
		return 0, err
	}
	return log.file.WriteString(line)
}

func freePort() (int, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	return listener.Addr().(*net.TCPAddr).Port, nil
}
