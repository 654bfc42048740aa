package safe

import (
	"context"
	"errors"

	"go.opentelemetry.io/otel/trace"
	"proof.example/measure"
)

func init() {
	measure.Add(measure.Case{Rule: "span-unended", Signal: measure.Count("spans that are open", openSpans), Calls: 100, Run: func(e *measure.Env, call int) string {
		return measure.Text("", traced(e.Root, spans, func(context.Context) error { return errors.New("out of stock") }))
	}})
}

var spans = &trace.Recorder{}

func openSpans() int { return int(spans.Open.Load()) }

func traced(ctx context.Context, tracer trace.Tracer, work func(context.Context) error) error {
	ctx, span := tracer.Start(ctx, "work")
	if err := work(ctx); err != nil {
		return err
	}
	span.End()
	return nil
}
