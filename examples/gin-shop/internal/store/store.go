// Package store keeps the shop's data in a database.
package store

import (
	"context"
	"database/sql"
	"fmt"

	_ "modernc.org/sqlite"
)

// Store is the shop's database.
type Store struct {
	db *sql.DB
}

// Open opens the database.
func Open(driver, dsn string) (*Store, error) {
	db, err := sql.Open(driver, dsn)
	if err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	return &Store{db: db}, nil
}

// Close closes the database.
func (s *Store) Close() error { return s.db.Close() }

// Migrate makes the tables.
func (s *Store) Migrate(ctx context.Context) error {
	for _, statement := range []string{
		`CREATE TABLE IF NOT EXISTS products (id INTEGER PRIMARY KEY, name TEXT, price INTEGER, stock INTEGER)`,
		`CREATE TABLE IF NOT EXISTS orders (id INTEGER PRIMARY KEY, product INTEGER, amount INTEGER, email TEXT, state TEXT)`,
		`CREATE TABLE IF NOT EXISTS visits (path TEXT, at TIMESTAMP)`,
	} {
		if _, err := s.db.ExecContext(ctx, statement); err != nil {
			return err
		}
	}
	return nil
}

// Backup writes the database to a file.
func (s *Store) Backup(ctx context.Context, path string) error {
	conn, err := s.db.Conn(ctx)
	if err != nil {
		return err
	}
	if _, err := conn.ExecContext(ctx, "VACUUM INTO ?", path); err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	return conn.Close()
}

// Healthy says whether the database answers.
func (s *Store) Healthy(ctx context.Context) error {
	conn, err := s.db.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	return conn.PingContext(ctx)
}
