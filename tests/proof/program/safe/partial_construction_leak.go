package safe

import (
	"os"
	"path/filepath"

	"proof.example/measure"
)

func init() {
	measure.Add(measure.Case{Rule: "partial-construction-leak", Signal: measure.Files, Calls: 100, Run: func(e *measure.Env, call int) string {
		_, err := newJournal(filepath.Join(e.Dir, "journal"), "no such folder/index")
		return measure.Text("", err)
	}})
}

type journal struct{ log, index *os.File }

func (j *journal) Close() error {
	_ = j.index.Close()
	return j.log.Close()
}

func newJournal(logPath, indexPath string) (*journal, error) {
	log, err := os.Create(logPath)
	if err != nil {
		return nil, err
	}
	index, err := os.Open(indexPath)
	if err != nil {
		return nil, err
	}
	return &journal{log: log, index: index}, nil
}
