// Command shop serves a small web shop.
package main

import (
	"context"
	"errors"
	"flag"
	"log"
	"net/http"
	_ "net/http/pprof"
	"os"
	"os/signal"
	"time"

	"example.com/gin-shop/internal/audit"
	"example.com/gin-shop/internal/cache"
	"example.com/gin-shop/internal/config"
	"example.com/gin-shop/internal/handlers"
	"example.com/gin-shop/internal/services"
	"example.com/gin-shop/internal/store"
	"example.com/gin-shop/internal/webhook"
	"example.com/gin-shop/internal/worker"
)

func main() {
	settings := config.Default()
	flag.StringVar(&settings.Addr, "addr", settings.Addr, "address to listen on")
	flag.StringVar(&settings.Database, "db", settings.Database, "SQLite database file")
	flag.StringVar(&settings.Redis, "redis", settings.Redis, "redis address; empty for none")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, settings); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, settings config.Settings) error {
	db, err := store.Open(settings.Database)
	if err != nil {
		return err
	}
	defer db.Close()
	if err := db.Migrate(ctx); err != nil {
		return err
	}
	var shared *cache.Cache
	if settings.Redis != "" {
		shared = cache.New(settings.Redis)
		defer shared.Close()
	}
	trail := audit.New(256)
	defer trail.Close()
	scheduler := worker.NewScheduler(db)
	scheduler.Start(ctx)
	defer scheduler.Stop()

	router := handlers.Router(handlers.Deps{
		Store:    db,
		Cache:    shared,
		Audit:    trail,
		Hooks:    webhook.New(settings.Hooks),
		Mailer:   services.NewMailer(settings.MailRelay),
		Settings: settings,
	})
	go serveDebug(settings.Debug)
	server := &http.Server{Addr: settings.Addr, Handler: router}
	go func() {
		<-ctx.Done()
		grace, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		_ = server.Shutdown(grace)
	}()
	if err := server.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// serveDebug serves the profiles.
func serveDebug(addr string) {
	if err := http.ListenAndServe(":6060", nil); err != nil {
		log.Printf("debug server on %s: %v", addr, err)
	}
}
