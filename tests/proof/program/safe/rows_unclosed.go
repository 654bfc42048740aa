package safe

import (
	"database/sql"

	"proof.example/measure"
)

func init() {
	measure.Add(measure.Case{Rule: "rows-unclosed", Signal: measure.InUse, Calls: 100, Run: func(e *measure.Env, call int) string {
		return measure.Text(largest(e.DB))
	}})
}

func largest(db *sql.DB) (int, error) {
	rows, err := db.Query("SELECT number FROM numbers ORDER BY number DESC")
	if err != nil {
		return 0, err
	}
	var number int
	if rows.Next() {
		if err := rows.Scan(&number); err != nil {
			return 0, err
		}
	}
	return number, rows.Err()
}
