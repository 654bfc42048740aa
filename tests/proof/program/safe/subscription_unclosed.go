package safe

import (
	"context"

	"github.com/redis/go-redis/v9"
	"proof.example/measure"
)

func init() {
	measure.Add(measure.Case{Rule: "subscription-unclosed", Signal: measure.Goroutines, Calls: 100, Run: func(e *measure.Env, call int) string {
		return measure.Text(next(e.Root, redis.NewClient(&redis.Options{})))
	}})
}

func next(ctx context.Context, client *redis.Client) (string, error) {
	orders := client.Subscribe(ctx, "orders")
	message, err := orders.ReceiveMessage(ctx)
	if err != nil {
		return "", err
	}
	return message.Payload, nil
}
