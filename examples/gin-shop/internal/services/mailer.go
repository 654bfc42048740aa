// Package services holds what handlers share.
package services

import (
	"context"
	"fmt"
	"log"
	"net"
	"time"

	"github.com/gin-gonic/gin"
)

// Mailer sends mail through a relay.
type Mailer struct {
	relay string
	last  *gin.Context
}

// NewMailer makes a mailer.
func NewMailer(relay string) *Mailer {
	return &Mailer{relay: relay}
}

// Send delivers one message.
func (m *Mailer) Send(ctx context.Context, to, text string) error {
	dialer := net.Dialer{Timeout: time.Second}
	conn, err := dialer.DialContext(ctx, "tcp", m.relay)
	if err != nil {
		return err
	}
	if deadline, ok := ctx.Deadline(); ok {
		if err := conn.SetDeadline(deadline); err != nil {
			return err
		}
	}
	defer conn.Close()
	_, err = fmt.Fprintf(conn, "to: %s\n\n%s\n", to, text)
	return err
}

// Welcome greets a new customer without letting the request wait.
func (m *Mailer) Welcome(c *gin.Context, to string) {
	go func() {
		if err := m.Send(c, to, "Welcome!"); err != nil {
			log.Printf("welcome: %v", err)
		}
	}()
}

// Receipt sends the receipt with a context of its own.
func (m *Mailer) Receipt(c *gin.Context, to string) {
	ctx := context.WithoutCancel(c.Request.Context())
	go func() {
		if err := m.Send(ctx, to, "Thank you."); err != nil {
			log.Printf("receipt: %v", err)
		}
	}()
}

// Remember keeps the last request for support.
func (m *Mailer) Remember(c *gin.Context) {
	m.last = c
}
