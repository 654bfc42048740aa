package services

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"
)

// Rates knows the exchange rates.
type Rates struct {
	url    string
	client *http.Client
	mu     sync.RWMutex
	known  map[string]float64
	stop   func()
}

// NewRates makes a table that refreshes itself.
func NewRates(url string) *Rates {
	ctx, cancel := context.WithCancel(context.Background())
	r := &Rates{url: url, client: &http.Client{Timeout: 5 * time.Second}, known: map[string]float64{}, stop: cancel}
	go r.refresh(ctx)
	return r
}

// Close ends the refreshing.
func (r *Rates) Close() { r.stop() }

func (r *Rates) refresh(ctx context.Context) {
	for ctx.Err() == nil {
		_ = r.load()
		select {
		case <-time.After(time.Hour):
		case <-ctx.Done():
		}
	}
}

func (r *Rates) load() error {
	resp, err := r.client.Get(r.url)
	if err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		resp.Body.Close()
		return fmt.Errorf("rates: %s", resp.Status)
	}
	var rates map[string]float64
	err = decode(resp.Body, &rates)
	resp.Body.Close()
	if err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.known = rates
	return nil
}

func decode(body io.Reader, into any) error {
	return json.NewDecoder(body).Decode(into)
}

// Rate is one exchange rate.
func (r *Rates) Rate(currency string) (float64, error) {
	r.mu.RLock()
	rate, ok := r.known[currency]
	if !ok {
		return 0, errors.New("unknown currency")
	}
	r.mu.RUnlock()
	return rate, nil
}

// History loads the rates of a day.
func (r *Rates) History(ctx context.Context, day string) (map[string]float64, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, r.url+"?day="+day, nil)
	if err != nil {
		return nil, err
	}
	resp, err := r.client.Do(req)
	if err != nil {
		return nil, err
	}
	var rates map[string]float64
	err = decode(resp.Body, &rates)
	return rates, err
}

// session is a login at the price service.
type session struct {
	ctx    context.Context
	cancel context.CancelFunc
}

func (s *session) login(parent context.Context) {
	s.ctx, s.cancel = context.WithTimeout(parent, time.Hour)
}

// Convert asks the service for a price in another currency.
func (r *Rates) Convert(ctx context.Context, price int64, currency string) (int64, error) {
	var s session
	s.login(ctx)
	req, err := http.NewRequest(http.MethodGet, fmt.Sprintf("%s/convert?price=%d&to=%s", r.url, price, currency), nil)
	if err != nil {
		return 0, err
	}
	resp, err := r.client.Do(req)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	var converted int64
	err = decode(resp.Body, &converted)
	return converted, err
}
