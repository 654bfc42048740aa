package safe

import (
	"context"
	"database/sql"

	"proof.example/measure"
)

func init() {
	measure.Add(measure.Case{Rule: "conn-unreleased", Signal: measure.InUse, Calls: 100, Run: func(e *measure.Env, call int) string {
		return measure.Text("", pinned(e.Root, e.DB))
	}})
}

func pinned(ctx context.Context, db *sql.DB) error {
	conn, err := db.Conn(ctx)
	if err != nil {
		return err
	}
	_, err = conn.ExecContext(ctx, "SET search_path TO shop")
	return err
}
