package unsafefixes

import (
	"database/sql"

	"proof.example/measure"
)

func init() {
	measure.Add(measure.Case{Rule: "query-for-exec", Signal: measure.InUse, Calls: 100, Run: func(e *measure.Env, call int) string {
		return measure.Text("", touch(e.DB, call))
	}})
}

func touch(db *sql.DB, id int) error {
	_, err := db.Query("UPDATE users SET seen = now() WHERE id = ?", id)
	return err
}
