// Package handlers answers the requests.
package handlers

import (
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"example.com/gin-shop/internal/audit"
	"example.com/gin-shop/internal/cache"
	"example.com/gin-shop/internal/config"
	"example.com/gin-shop/internal/images"
	"example.com/gin-shop/internal/middleware"
	"example.com/gin-shop/internal/services"
	"example.com/gin-shop/internal/store"
	"example.com/gin-shop/internal/webhook"
	"example.com/gin-shop/internal/worker"
)

// Deps is what the handlers work with. Cache may be nil.
type Deps struct {
	Store    *store.Store
	Cache    *cache.Cache
	Audit    *audit.Trail
	Hooks    *webhook.Client
	Mailer   *services.Mailer
	Rates    *services.Rates
	Library  *images.Library
	Uploads  chan<- string
	Settings config.Settings
	Capture  bool
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
	if deps.Capture {
		router.Use(middleware.Debug())
	}
	router.GET("/health", a.health)

	router.GET("/products", a.products)
	router.GET("/products/cheapest", a.cheapest)
	router.GET("/products/:id", a.product)
	router.GET("/products/:id/quote", a.quote)
	router.GET("/products/:id/wait", a.wait)
	router.POST("/products", middleware.Payload(), a.importProducts)
	router.GET("/sale", middleware.Campaign("sale"), a.products)

	router.POST("/orders", a.order)
	router.GET("/orders/last", a.lastOrder)
	router.DELETE("/orders/:id", a.cancelOrder)
	router.GET("/export", a.export)
	router.GET("/events", a.events)

	router.GET("/pictures", a.pictures)
	router.POST("/pictures", a.upload)
	router.GET("/pictures/:name", a.picture)

	admin := router.Group("/admin")
	admin.GET("/visits", a.visits)
	admin.GET("/report", a.report)
	admin.GET("/metrics", a.metrics)
	admin.GET("/live", a.live)
	admin.GET("/clock", a.clock)
	admin.GET("/rates/:currency", a.rate)
	admin.GET("/hooks", a.hooks)
	admin.POST("/hooks/test", a.testHook)
	admin.POST("/newsletter", a.newsletter)
	return router
}

func (a *api) health(c *gin.Context) {
	err := worker.Check(func() error { return a.Store.Healthy(c.Request.Context()) }, time.Second)
	if err == nil && a.Cache != nil {
		err = worker.CheckLate(a.Cache.Ping, time.Second)
	}
	if err != nil {
		c.JSON(http.StatusServiceUnavailable, gin.H{"ok": false})
		return
	}
	c.JSON(http.StatusOK, gin.H{"ok": true})
}

func answer(c *gin.Context, value any, err error) {
	if err != nil {
		c.JSON(http.StatusInternalServerError, gin.H{"error": err.Error()})
		return
	}
	c.JSON(http.StatusOK, value)
}
