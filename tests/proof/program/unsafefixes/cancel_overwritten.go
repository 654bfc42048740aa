package unsafefixes

import (
	"context"

	"proof.example/measure"
)

func init() {
	measure.Add(measure.Case{Rule: "cancel-overwritten", Signal: measure.Objects, Calls: 1000, Run: func(e *measure.Env, call int) string {
		return measure.Text("", renew(e.Root, context.Context.Err))
	}})
}

func renew(parent context.Context, work func(context.Context) error) error {
	ctx, cancel := context.WithCancel(parent)
	err := work(ctx)
	ctx, cancel = context.WithCancel(parent)
	defer cancel()
	if err == nil {
		err = work(ctx)
	}
	return err
}
