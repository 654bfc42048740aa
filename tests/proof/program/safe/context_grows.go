package safe

import (
	"context"

	"proof.example/measure"
)

func init() {
	measure.Add(measure.Case{Rule: "context-grows", Signal: measure.Heap, Calls: 1, Run: func(e *measure.Env, call int) string {
		items := make([][]byte, 1+100*call)
		for i := range items {
			items[i] = make([]byte, 1024)
		}
		total := 0
		each(e.Root, items, func(ctx context.Context) {
			current = ctx
			total += len(ctx.Value(itemKey{}).([]byte))
		})
		return measure.Text(total, nil)
	}})
}

type itemKey struct{}

var current context.Context

func each(ctx context.Context, items [][]byte, do func(context.Context)) {
	for _, item := range items {
		ctx = context.WithValue(ctx, itemKey{}, item)
		do(ctx)
	}
}
