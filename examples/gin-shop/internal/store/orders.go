package store

import (
	"context"
	"database/sql"
	"fmt"
)

// Order is a bought product.
type Order struct {
	ID      int64  `json:"id"`
	Product int64  `json:"product"`
	Amount  int64  `json:"amount"`
	Email   string `json:"email"`
	State   string `json:"state"`
}

// PlaceOrder takes the stock and writes the order.
func (s *Store) PlaceOrder(ctx context.Context, order Order) (int64, error) {
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return 0, err
	}
	result, err := tx.ExecContext(ctx, "UPDATE products SET stock = stock - ? WHERE id = ? AND stock >= ?",
		order.Amount, order.Product, order.Amount)
	if err != nil {
		return 0, err
	}
	if taken, err := result.RowsAffected(); err != nil || taken == 0 {
		return 0, fmt.Errorf("product %d is sold out", order.Product)
	}
	inserted, err := tx.ExecContext(ctx, "INSERT INTO orders (product, amount, email, state) VALUES (?, ?, ?, 'new')",
		order.Product, order.Amount, order.Email)
	if err != nil {
		return 0, err
	}
	if err := tx.Commit(); err != nil {
		return 0, err
	}
	return inserted.LastInsertId()
}

// CancelOrder gives the stock back.
func (s *Store) CancelOrder(ctx context.Context, id int64) error {
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	if _, err := tx.ExecContext(ctx, "UPDATE orders SET state = 'cancelled' WHERE id = ?", id); err != nil {
		return err
	}
	return tx.Commit()
}

// Orders lists the orders of a state; the caller closes the rows.
func (s *Store) Orders(ctx context.Context, state string) (*sql.Rows, error) {
	return s.db.QueryContext(ctx, "SELECT id, product, amount, email, state FROM orders WHERE state = ?", state)
}

// OpenOrders counts what is not shipped yet.
func (s *Store) OpenOrders(ctx context.Context) (int, error) {
	rows, err := s.Orders(ctx, "new")
	if err != nil {
		return 0, err
	}
	count := 0
	for rows.Next() {
		var order Order
		if err := rows.Scan(&order.ID, &order.Product, &order.Amount, &order.Email, &order.State); err != nil {
			return count, err
		}
		count++
	}
	return count, nil
}

// LastOrder is the newest order of a customer.
func (s *Store) LastOrder(ctx context.Context, email string) (Order, error) {
	var order Order
	row := s.db.QueryRowContext(ctx, "SELECT id, state FROM orders WHERE email = ? ORDER BY id DESC LIMIT 1", email)
	if email == "" {
		return order, ErrNotFound
	}
	return order, row.Scan(&order.ID, &order.State)
}
