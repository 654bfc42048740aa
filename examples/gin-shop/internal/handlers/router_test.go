package handlers

import (
	"context"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"

	"example.com/gin-shop/internal/audit"
	"example.com/gin-shop/internal/config"
	"example.com/gin-shop/internal/services"
	"example.com/gin-shop/internal/store"
	"example.com/gin-shop/internal/webhook"
)

func shop(t *testing.T) http.Handler {
	t.Helper()
	gin.SetMode(gin.TestMode)
	db, err := store.Open(filepath.Join(t.TempDir(), "shop.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	if err := db.Migrate(context.Background()); err != nil {
		t.Fatal(err)
	}
	trail := audit.New(16)
	t.Cleanup(trail.Close)
	return Router(Deps{
		Store:    db,
		Audit:    trail,
		Hooks:    webhook.New(nil),
		Mailer:   services.NewMailer("127.0.0.1:1"),
		Settings: config.Default(),
	})
}

func TestProducts(t *testing.T) {
	router := shop(t)
	body := strings.NewReader(`[{"name": "tea", "price": 300, "stock": 2}]`)
	for _, step := range []struct {
		method, path string
		body         *strings.Reader
		want         int
	}{
		{http.MethodGet, "/health", nil, http.StatusOK},
		{http.MethodPost, "/products", body, http.StatusOK},
		{http.MethodGet, "/products", nil, http.StatusOK},
		{http.MethodGet, "/products/7", nil, http.StatusNotFound},
	} {
		var req *http.Request
		if step.body != nil {
			req = httptest.NewRequest(step.method, step.path, step.body)
		} else {
			req = httptest.NewRequest(step.method, step.path, nil)
		}
		w := httptest.NewRecorder()
		router.ServeHTTP(w, req)
		if w.Code != step.want {
			t.Errorf("%s %s: %d, want %d", step.method, step.path, w.Code, step.want)
		}
	}
}
