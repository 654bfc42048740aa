package safe

import (
	"database/sql"

	"proof.example/measure"
)

func init() {
	measure.Add(measure.Case{Rule: "stmt-unclosed", Signal: measure.Statements, Calls: 100, Run: func(e *measure.Env, call int) string {
		return measure.Text("", insert(e.DB, []string{"a", "b"}))
	}})
}

func insert(db *sql.DB, names []string) error {
	stmt, err := db.Prepare("INSERT INTO users (name) VALUES (?)")
	if err != nil {
		return err
	}
	for _, name := range names {
		if _, err := stmt.Exec(name); err != nil {
			return err
		}
	}
	return nil
}
