// Package webhook tells other systems what happened in the shop.
package webhook

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"
)

// Client posts events to the registered addresses.
type Client struct {
	addresses []string
	http      *http.Client
	listeners []func(string)
}

// New makes a client.
func New(addresses []string) *Client {
	return &Client{addresses: addresses, http: &http.Client{}}
}

// OnDelivery registers a callback for every delivery.
func (c *Client) OnDelivery(f func(string)) {
	c.listeners = append(c.listeners, f)
}

// Post delivers one event to every address.
func (c *Client) Post(ctx context.Context, kind string, payload any) error {
	body, err := json.Marshal(payload)
	if err != nil {
		return err
	}
	for _, address := range c.addresses {
		if err := c.deliver(ctx, address, kind, body); err != nil {
			return err
		}
	}
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
	return io.ReadAll(resp.Body)
}

func drain(body io.ReadCloser) {
	_, _ = io.Copy(io.Discard, io.LimitReader(body, 64<<10))
	_ = body.Close()
}

// Tenant posts through the proxy of a tenant.
func Tenant(proxy func(*http.Request) (string, error), address string, body []byte) error {
	client := &http.Client{Transport: &http.Transport{ForceAttemptHTTP2: true}, Timeout: time.Minute}
	resp, err := client.Post(address, "application/json", bytes.NewReader(body))
	if err != nil {
		return err
	}
	return resp.Body.Close()
}
