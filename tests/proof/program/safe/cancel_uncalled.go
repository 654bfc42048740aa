package safe

import (
	"context"
	"errors"
	"time"

	"proof.example/measure"
)

func init() {
	measure.Add(measure.Case{Rule: "cancel-uncalled", Signal: measure.Objects, Calls: 1000, Run: func(e *measure.Env, call int) string {
		return measure.Text(quote(e.Root, "tea"), nil)
	}})
	measure.Add(measure.Case{Rule: "cancel-uncalled", Shape: "thrown away", Signal: measure.Objects, Calls: 1000, Run: func(e *measure.Env, call int) string {
		return measure.Text(prompt(e.Root), nil)
	}})
	measure.Add(measure.Case{Rule: "cancel-uncalled", Shape: "a timer", Signal: measure.Objects, Calls: 1000, Run: func(e *measure.Env, call int) string {
		return measure.Text("", deadline(e.Root, []string{"tea", ""}))
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

func prompt(parent context.Context) bool {
	ctx, _ := context.WithCancel(parent)
	return ctx.Err() == nil
}

func deadline(parent context.Context, products []string) error {
	for _, product := range products {
		ctx, cancel := context.WithTimeout(parent, time.Hour)
		if product == "" && ctx.Err() == nil {
			return errors.New("no product")
		}
		cancel()
	}
	return nil
}
