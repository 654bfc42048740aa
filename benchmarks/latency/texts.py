"""Go files of a wanted length, made of what services are made of; one function in ten leaks."""

from __future__ import annotations

HEAD = """package service

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"
)

type Service struct {
	db     *sql.DB
	client *http.Client
	mu     sync.Mutex
	known  map[string]int
}
"""
SOUND = (
    """
func (s *Service) Load%d(ctx context.Context, name string) ([]string, error) {
	rows, err := s.db.QueryContext(ctx, "SELECT title FROM books WHERE author = ?", name)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var titles []string
	for rows.Next() {
		var title string
		if err := rows.Scan(&title); err != nil {
			return nil, err
		}
		titles = append(titles, title)
	}
	return titles, rows.Err()
}
""",
    """
func (s *Service) Count%d(name string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	total := 0
	for _, part := range strings.Split(name, ",") {
		switch {
		case part == "":
			continue
		case strings.HasPrefix(part, "-"):
			total--
		default:
			total += s.known[part]
		}
	}
	return total
}
""",
    """
func (s *Service) Fetch%d(ctx context.Context, address string, into any) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return err
	}
	resp, err := s.client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return errors.New(resp.Status)
	}
	return json.NewDecoder(resp.Body).Decode(into)
}
""",
    """
func merge%d(ctx context.Context, parts []string) string {
	results := make(chan string, len(parts))
	for _, part := range parts {
		go func() { results <- strings.ToUpper(part) }()
	}
	var all []string
	for range parts {
		select {
		case one := <-results:
			all = append(all, one)
		case <-ctx.Done():
			return ""
		}
	}
	return strings.Join(all, " ")
}
""",
    """
func valid%d(name string, limit int, since time.Time) error {
	if name == "" || len(name) > limit {
		return errors.New("the name is empty or too long")
	}
	for index, letter := range name {
		if letter < ' ' {
			return errors.New("a control character at " + string(rune(index)))
		}
	}
	if time.Since(since) > 24*time.Hour {
		return errors.New("too old")
	}
	return nil
}
""",
)
LEAK = """
func Read%d(path string) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	return io.ReadAll(file)
}
"""


def service(lines: int) -> str:
    """A file of about that many lines."""
    parts = [HEAD]
    count = HEAD.count("\n")
    number = 0
    while count < lines:
        part = (LEAK if number % 10 == 9 else SOUND[number % len(SOUND)]) % number
        parts.append(part)
        count += part.count("\n")
        number += 1
    return "".join(parts)
