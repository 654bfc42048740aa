package safe

import (
	"context"

	"proof.example/measure"
)

func init() {
	measure.Add(measure.Case{Rule: "cancel-uncalled", Signal: measure.Objects, Calls: 1000, Run: func(e *measure.Env, call int) string {
		return measure.Text(quote(e.Root, "tea"), nil)
	}})
}

func quote(parent context.Context, product string) string {
	ctx, cancel := context.WithCancel(parent)
	price := ask(ctx, product)
	if price == "" {
		return "sold out"
	}
	cancel()
	return price
}

func ask(ctx context.Context, product string) string {
	if ctx.Err() != nil {
		return "cancelled"
	}
	return ""
}
