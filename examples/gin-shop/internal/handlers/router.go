// Package handlers answers the requests.
package handlers

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"example.com/gin-shop/internal/audit"
	"example.com/gin-shop/internal/cache"
	"example.com/gin-shop/internal/config"
	"example.com/gin-shop/internal/middleware"
	"example.com/gin-shop/internal/services"
	"example.com/gin-shop/internal/store"
	"example.com/gin-shop/internal/webhook"
)

// Deps is what the handlers work with.
type Deps struct {
	Store    *store.Store
	Cache    *cache.Cache
	Audit    *audit.Trail
	Hooks    *webhook.Client
	Mailer   *services.Mailer
	Settings config.Settings
}

type api struct {
	Deps
}

// Router is the whole shop.
func Router(deps Deps) *gin.Engine {
	a := &api{Deps: deps}
	router := gin.New()
	router.Use(gin.Recovery(), middleware.User(), middleware.RequestID(), deps.Audit.Middleware())
	router.Use(middleware.NewLimiter().Handle, middleware.NewSessions().Handle)
	router.GET("/health", func(c *gin.Context) { c.JSON(http.StatusOK, gin.H{"ok": true}) })
	router.GET("/products", a.products)
	router.GET("/products/:id", a.product)
	router.POST("/products", middleware.Payload(), a.importProducts)
	router.POST("/orders", a.order)
	router.DELETE("/orders/:id", a.cancelOrder)
	router.GET("/export", a.export)
	router.GET("/events", a.events)
	router.GET("/live", a.live)
	router.POST("/pictures", a.upload)
	router.GET("/pictures/:name", a.picture)
	router.GET("/admin/visits", a.visits)
	router.GET("/admin/report", a.report)
	return router
}
