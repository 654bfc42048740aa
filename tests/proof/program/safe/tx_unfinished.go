package safe

import (
	"database/sql"
	"errors"

	"proof.example/measure"
)

func init() {
	measure.Add(measure.Case{Rule: "tx-unfinished", Signal: measure.InUse, Calls: 100, Run: func(e *measure.Env, call int) string {
		return measure.Text("", transfer(e.DB, -call))
	}})
}

func transfer(db *sql.DB, amount int) error {
	tx, err := db.Begin()
	if err != nil {
		return err
	}
	if _, err := tx.Exec("UPDATE accounts SET balance = balance - ?", amount); err != nil {
		return err
	}
	if amount <= 0 {
		return errors.New("nothing to transfer")
	}
	return tx.Commit()
}
