// Package redis does of the real one what the proof needs: a subscription runs a goroutine until it is closed.
package redis

import (
	"context"
	"sync"
)

type Options struct{ Addr string }

type Client struct{}

func NewClient(*Options) *Client { return &Client{} }

func (c *Client) Close() error { return nil }

type Message struct{ Payload string }

type PubSub struct {
	messages chan *Message
	closed   chan struct{}
	once     sync.Once
}

func (c *Client) Subscribe(_ context.Context, channels ...string) *PubSub {
	p := &PubSub{messages: make(chan *Message), closed: make(chan struct{})}
	go func() {
		for {
			select {
			case p.messages <- &Message{Payload: channels[0]}:
			case <-p.closed:
				return
			}
		}
	}()
	return p
}

func (p *PubSub) ReceiveMessage(context.Context) (*Message, error) { return <-p.messages, nil }

func (p *PubSub) Close() error {
	p.once.Do(func() { close(p.closed) })
	return nil
}
