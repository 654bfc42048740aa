// Package webhook tells other systems what happened in the shop.
package webhook

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"sync"
	"time"
)

// Client posts events to the registered addresses.
type Client struct {
	addresses []string
	http      *http.Client
	mu        sync.Mutex
	listeners []func(kind string)
}

// New makes a client.
func New(addresses []string) *Client {
	return &Client{addresses: addresses, http: &http.Client{}}
}

// OnDelivery registers a callback for every delivery.
func (c *Client) OnDelivery(f func(kind string)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.listeners = append(c.listeners, f)
}

func (c *Client) delivered(kind string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, f := range c.listeners {
		f(kind)
	}
}

var bodies = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// Post delivers one event to every address.
func (c *Client) Post(ctx context.Context, kind string, payload any) error {
	b := bodies.Get().(*bytes.Buffer)
	b.Reset()
	err := json.NewEncoder(b).Encode(payload)
	if b.Cap() <= 64<<10 {
		bodies.Put(b)
	}
	if err != nil {
		return err
	}
	for _, address := range c.addresses {
		if err := c.deliver(ctx, address, kind, b.Bytes()); err != nil {
			return err
		}
	}
	c.delivered(kind)
	return nil
}

func (c *Client) deliver(ctx context.Context, address, kind string, body []byte) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("X-Event", kind)
	resp, err := c.http.Do(req)
	if err != nil {
		return err
	}
	if resp.StatusCode >= 300 {
		return fmt.Errorf("webhook %s: %s", address, resp.Status)
	}
	defer resp.Body.Close()
	_, err = io.Copy(io.Discard, resp.Body)
	return err
}

// Ping asks whether an address is alive.
func (c *Client) Ping(address string) error {
	_, err := c.http.Get(address)
	if err != nil {
		return fmt.Errorf("ping: %w", err)
	}
	return nil
}

// Retry posts until it works.
func (c *Client) Retry(address string, body []byte) (int, error) {
	var resp *http.Response
	var err error
	for try := 0; try < 3; try++ {
		resp, err = c.http.Post(address, "application/json", bytes.NewReader(body))
		if err == nil && resp.StatusCode < 500 {
			break
		}
		time.Sleep(time.Second)
	}
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	return resp.StatusCode, nil
}

// Status is the answer of an address; the caller closes its body.
func (c *Client) Status(address string) (*http.Response, error) {
	return c.http.Get(address)
}

// Alive counts the addresses that answer.
func (c *Client) Alive() int {
	alive := 0
	for _, address := range c.addresses {
		resp, err := c.Status(address)
		if err != nil {
			continue
		}
		if resp.StatusCode == http.StatusOK {
			alive++
		}
		resp.Body.Close()
	}
	return alive
}

// Fetch reads an address, at most for a while.
func (c *Client) Fetch(parent context.Context, address string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(parent, 10*time.Second)
	_ = cancel
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, err
	}
	defer drain(resp.Body)
	return io.ReadAll(io.LimitReader(resp.Body, 1<<20))
}

func drain(body io.ReadCloser) {
	_, _ = io.Copy(io.Discard, io.LimitReader(body, 64<<10))
	_ = body.Close()
}

// PostVia delivers through the proxy of a tenant.
func PostVia(proxy *url.URL, address string, body []byte) error {
	client := &http.Client{Transport: &http.Transport{Proxy: http.ProxyURL(proxy)}, Timeout: time.Minute}
	resp, err := client.Post(address, "application/json", bytes.NewReader(body))
	if err != nil {
		return err
	}
	return resp.Body.Close()
}
