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
	"strings"
	"time"

	"example.com/gin-shop/internal/audit"
	"example.com/gin-shop/internal/cache"
	"example.com/gin-shop/internal/config"
	"example.com/gin-shop/internal/handlers"
	"example.com/gin-shop/internal/images"
	"example.com/gin-shop/internal/services"
	"example.com/gin-shop/internal/store"
	"example.com/gin-shop/internal/webhook"
	"example.com/gin-shop/internal/worker"
)

func main() {
	settings := config.Default()
	flag.StringVar(&settings.Addr, "addr", settings.Addr, "address to listen on")
	flag.StringVar(&settings.Database, "db", settings.Database, "database as driver:dsn")
	flag.StringVar(&settings.Redis, "redis", settings.Redis, "redis address; empty for none")
	flag.StringVar(&settings.Uploads, "uploads", settings.Uploads, "folder of the pictures")
	flag.StringVar(&settings.Hooks, "hooks", settings.Hooks, "file with the addresses of webhooks, one a line")
	flag.StringVar(&settings.Features, "features", settings.Features, "file with the features to switch on")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, settings); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, settings config.Settings) error {
	driver, dsn, _ := strings.Cut(settings.Database, ":")
	db, err := store.Open(driver, dsn)
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
		if starts, err := cache.Counter(ctx, settings.Redis, "shop:starts"); err == nil {
			log.Printf("start number %d", starts)
		}
	}
	var addresses []string
	if settings.Hooks != "" {
		if addresses, err = config.Hooks(settings.Hooks); err != nil {
			return err
		}
	}
	capture, err := config.Feature(settings.Features, "capture")
	if err != nil {
		return err
	}
	library, err := images.OpenLibrary(settings.Uploads)
	if err != nil {
		return err
	}
	defer library.Close()

	trail := audit.New(256, os.Stderr)
	defer trail.Close()
	rates := services.NewRates("https://rates.example.com/latest")
	defer rates.Close()
	scheduler := worker.NewScheduler(db, library)
	scheduler.Start(ctx)
	defer scheduler.Stop()

	uploads := make(chan string, 100)
	router := handlers.Router(handlers.Deps{
		Store:    db,
		Cache:    shared,
		Audit:    trail,
		Hooks:    webhook.New(addresses),
		Mailer:   services.NewMailer(settings.MailRelay),
		Rates:    rates,
		Library:  library,
		Uploads:  uploads,
		Settings: settings,
		Capture:  capture,
	})
	worker.Watch(ctx, uploads)
	go serveProfiles()
	server := &http.Server{Addr: settings.Addr, Handler: router}
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		<-ctx.Done()
		grace, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		_ = server.Shutdown(grace)
	}()
	if err := server.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	<-stopped
	close(uploads)
	log.Printf("%d pictures are not resized", worker.Drain(uploads))
	return nil
}

// serveProfiles serves what net/http/pprof registers.
func serveProfiles() {
	if err := http.ListenAndServe(":6060", nil); err != nil {
		log.Printf("profiles: %v", err)
	}
}
