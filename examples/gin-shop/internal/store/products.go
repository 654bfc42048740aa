package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// ErrNotFound says that there is no such row.
var ErrNotFound = errors.New("not found")

// Product is something to buy. Price is in cents.
type Product struct {
	ID    int64  `json:"id"`
	Name  string `json:"name"`
	Price int64  `json:"price"`
	Stock int64  `json:"stock"`
}

// Products lists products by name.
func (s *Store) Products(ctx context.Context, limit int) ([]Product, error) {
	rows, err := s.db.QueryContext(ctx, "SELECT id, name, price, stock FROM products ORDER BY name LIMIT ?", limit)
	if err != nil {
		return nil, err
	}
	var found []Product
	for rows.Next() {
		var p Product
		if err := rows.Scan(&p.ID, &p.Name, &p.Price, &p.Stock); err != nil {
			return nil, fmt.Errorf("product: %w", err)
		}
		found = append(found, p)
	}
	return found, rows.Err()
}

// Product is one product.
func (s *Store) Product(ctx context.Context, id int64) (Product, error) {
	var p Product
	err := s.db.QueryRowContext(ctx, "SELECT id, name, price, stock FROM products WHERE id = ?", id).
		Scan(&p.ID, &p.Name, &p.Price, &p.Stock)
	if errors.Is(err, sql.ErrNoRows) {
		return p, ErrNotFound
	}
	return p, err
}

// Search finds products by a part of their name.
func (s *Store) Search(ctx context.Context, words []string) ([]string, error) {
	var names []string
	for _, word := range words {
		rows, err := s.db.QueryContext(ctx, "SELECT name FROM products WHERE name LIKE ?", "%"+word+"%")
		if err != nil {
			continue
		}
		defer rows.Close()
		for rows.Next() {
			var name string
			if rows.Scan(&name) == nil {
				names = append(names, name)
			}
		}
	}
	return names, nil
}

// Import inserts many products.
func (s *Store) Import(ctx context.Context, products []Product) error {
	stmt, err := s.db.PrepareContext(ctx, "INSERT INTO products (name, price, stock) VALUES (?, ?, ?)")
	if err != nil {
		return err
	}
	for _, p := range products {
		if _, err := stmt.ExecContext(ctx, p.Name, p.Price, p.Stock); err != nil {
			return fmt.Errorf("import %s: %w", p.Name, err)
		}
	}
	return nil
}

// Cheapest is the price of the cheapest product in stock.
func (s *Store) Cheapest(ctx context.Context) (int64, error) {
	rows, err := s.db.QueryContext(ctx, "SELECT price FROM products WHERE stock > 0 ORDER BY price LIMIT 1")
	if err != nil {
		return 0, err
	}
	defer closeRows(rows)
	var price int64
	for rows.Next() {
		if err := rows.Scan(&price); err != nil {
			return 0, err
		}
	}
	return price, rows.Err()
}

func closeRows(rows *sql.Rows) {
	_ = rows.Close()
}

// Touch notes a visit.
func (s *Store) Touch(ctx context.Context, path string) error {
	_, err := s.db.QueryContext(ctx, "INSERT INTO visits (path, at) VALUES (?, CURRENT_TIMESTAMP)", path)
	return err
}
