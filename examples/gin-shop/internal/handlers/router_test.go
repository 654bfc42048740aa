package handlers

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"

	"example.com/gin-shop/internal/audit"
	"example.com/gin-shop/internal/config"
	"example.com/gin-shop/internal/images"
	"example.com/gin-shop/internal/services"
	"example.com/gin-shop/internal/store"
	"example.com/gin-shop/internal/webhook"
)

func shop(t *testing.T) http.Handler {
	t.Helper()
	gin.SetMode(gin.TestMode)
	db, err := store.Open("sqlite", filepath.Join(t.TempDir(), "shop.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	if err := db.Migrate(context.Background()); err != nil {
		t.Fatal(err)
	}
	library, err := images.OpenLibrary(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = library.Close() })
	trail := audit.New(16, io.Discard)
	t.Cleanup(trail.Close)
	return Router(Deps{
		Store:    db,
		Audit:    trail,
		Hooks:    webhook.New(nil),
		Mailer:   services.NewMailer("127.0.0.1:1"),
		Library:  library,
		Uploads:  make(chan string, 1),
		Settings: config.Default(),
	})
}

func TestProducts(t *testing.T) {
	router := shop(t)
	for _, step := range []struct {
		method, path, body string
		want               int
	}{
		{http.MethodGet, "/health", "", http.StatusOK},
		{http.MethodPost, "/products", `[{"name": "tea", "price": 300, "stock": 2}]`, http.StatusOK},
		{http.MethodGet, "/products", "", http.StatusOK},
		{http.MethodGet, "/products/1/quote", "", http.StatusOK},
		{http.MethodGet, "/products/7", "", http.StatusNotFound},
		{http.MethodPost, "/orders", `[]`, http.StatusBadRequest},
	} {
		w := httptest.NewRecorder()
		router.ServeHTTP(w, httptest.NewRequest(step.method, step.path, strings.NewReader(step.body)))
		if w.Code != step.want {
			t.Errorf("%s %s: %d, want %d", step.method, step.path, w.Code, step.want)
		}
	}
}

func TestUpload(t *testing.T) {
	router := shop(t)
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	part, err := form.CreateFormFile("picture", "tea.png.gz")
	if err != nil {
		t.Fatal(err)
	}
	gz := gzip.NewWriter(part)
	if _, err := gz.Write([]byte("a picture of tea")); err != nil {
		t.Fatal(err)
	}
	_, _ = gz.Close(), form.Close()

	w := httptest.NewRecorder()
	req := httptest.NewRequest(http.MethodPost, "/pictures", &body)
	req.Header.Set("Content-Type", form.FormDataContentType())
	router.ServeHTTP(w, req)
	var added struct{ Name string }
	if err := json.Unmarshal(w.Body.Bytes(), &added); err != nil || w.Code != http.StatusOK {
		t.Fatalf("upload: %d %s", w.Code, w.Body)
	}
	w = httptest.NewRecorder()
	router.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/pictures/"+added.Name, nil))
	if w.Body.String() != "a picture of tea" {
		t.Errorf("picture: %d %q", w.Code, w.Body)
	}
}
