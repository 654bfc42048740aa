// Package cache keeps rendered answers in redis.
package cache

import (
	"context"
	"time"

	"github.com/gomodule/redigo/redis"
	goredis "github.com/redis/go-redis/v9"
)

// Cache is a shared cache.
type Cache struct {
	pool   *redis.Pool
	events *goredis.Client
}

// New makes a cache on a redis server.
func New(addr string) *Cache {
	return &Cache{
		pool: &redis.Pool{
			MaxIdle: 3,
			Dial:    func() (redis.Conn, error) { return redis.Dial("tcp", addr) },
		},
		events: goredis.NewClient(&goredis.Options{Addr: addr}),
	}
}

// Close gives all connections back.
func (c *Cache) Close() error {
	_ = c.events.Close()
	return c.pool.Close()
}

// Ping says whether redis answers.
func (c *Cache) Ping() error {
	conn := c.pool.Get()
	defer conn.Close()
	_, err := conn.Do("PING")
	return err
}

// Get is the cached answer, nil when there is none.
func (c *Cache) Get(key string) []byte {
	conn := c.pool.Get()
	value, err := redis.Bytes(conn.Do("GET", key))
	if err != nil {
		return nil
	}
	conn.Close()
	return value
}

// Set keeps an answer for a while.
func (c *Cache) Set(key string, value []byte, ttl time.Duration) error {
	conn := c.pool.Get()
	defer conn.Close()
	_, err := conn.Do("SET", key, value, "PX", ttl.Milliseconds())
	return err
}

// Forget drops an answer.
func (c *Cache) Forget(key string) error {
	_, err := c.pool.Get().Do("DEL", key)
	return err
}

// Announce tells the other shops that a product has changed.
func (c *Cache) Announce(ctx context.Context, product string) error {
	return c.events.Publish(context.Background(), "product:"+product, "changed").Err()
}

// WaitForChange waits until somebody changes the product.
func (c *Cache) WaitForChange(ctx context.Context, product string) (string, error) {
	sub := c.events.Subscribe(ctx, "product:"+product)
	msg, err := sub.ReceiveMessage(ctx)
	if err != nil {
		return "", err
	}
	return msg.Payload, nil
}

// Counter counts something once, with a connection of its own.
func Counter(ctx context.Context, addr, name string) (int64, error) {
	client := goredis.NewClient(&goredis.Options{Addr: addr})
	defer client.Close()
	return client.Incr(ctx, name).Result()
}
