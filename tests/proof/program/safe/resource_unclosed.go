package safe

import (
	"errors"
	"os"
	"path/filepath"

	"proof.example/measure"
)

func init() {
	measure.Add(measure.Case{Rule: "resource-unclosed", Signal: measure.Files, Calls: 100, Run: func(e *measure.Env, call int) string {
		return measure.Text(header(filepath.Join(e.Dir, "header")))
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
