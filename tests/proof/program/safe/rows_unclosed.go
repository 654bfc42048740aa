package safe

import (
	"database/sql"
	"errors"

	"proof.example/measure"
)

func init() {
	measure.Add(measure.Case{Rule: "rows-unclosed", Signal: measure.InUse, Calls: 100, Run: func(e *measure.Env, call int) string {
		return measure.Text(largest(e.DB))
	}})
	measure.Add(measure.Case{Rule: "rows-unclosed", Shape: "in a loop, with a return in it", Signal: measure.InUse, Calls: 50, Run: func(e *measure.Env, call int) string {
		return measure.Text(sum(e.DB, []int{1, 2}))
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

func sum(db *sql.DB, ids []int) (int, error) {
	total := 0
	for _, id := range ids {
		rows, err := db.Query("SELECT number FROM numbers WHERE id > ?", id)
		if err != nil {
			return 0, err
		}
		for rows.Next() {
			var number int
			if err := rows.Scan(&number); err != nil {
				return 0, err
			}
			if number == 2 {
				return total, errors.New("two")
			}
			total += number
		}
		if err := rows.Err(); err != nil {
			return 0, err
		}
	}
	return total, nil
}
