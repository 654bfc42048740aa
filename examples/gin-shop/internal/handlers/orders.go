package handlers

import (
	"context"
	"encoding/json"
	"log"
	"net/http"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"

	"example.com/gin-shop/internal/cache"
	"example.com/gin-shop/internal/middleware"
	"example.com/gin-shop/internal/store"
)

var metrics = make(chan string, 100)

func (a *api) order(c *gin.Context) {
	var order store.Order
	if err := c.ShouldBindJSON(&order); err != nil {
		c.AbortWithStatus(http.StatusBadRequest)
		return
	}
	id, err := a.Store.PlaceOrder(c.Request.Context(), order)
	if err != nil {
		answer(c, nil, err)
		return
	}
	go func() { metrics <- "order" }()
	a.Mailer.Welcome(c, order.Email)
	a.Mailer.Receipt(c, order.Email)
	go func() {
		if err := a.Hooks.Post(c.Request.Context(), "order", order); err != nil {
			log.Printf("hooks: %v", err)
		}
	}()
	answer(c, gin.H{"id": id}, nil)
}

func (a *api) cancelOrder(c *gin.Context) {
	id, err := strconv.ParseInt(c.Param("id"), 10, 64)
	if err != nil {
		c.AbortWithStatus(http.StatusBadRequest)
		return
	}
	answer(c, gin.H{"id": id}, a.Store.CancelOrder(context.Background(), id))
}

// events streams changes until the client goes.
func (a *api) events(c *gin.Context) {
	changes := make(chan string)
	go func() {
		for {
			changes <- time.Now().Format(time.RFC3339)
			time.Sleep(time.Second)
		}
	}()
	for {
		select {
		case change := <-changes:
			c.SSEvent("change", change)
			c.Writer.Flush()
		case <-c.Request.Context().Done():
			return
		}
	}
}

// live keeps the connection of a dashboard warm.
func (a *api) live(c *gin.Context) {
	go func() {
		for {
			log.Printf("dashboard is open")
			time.Sleep(time.Minute)
		}
	}()
	c.Status(http.StatusNoContent)
}

func (a *api) export(c *gin.Context) {
	shared := cache.New(a.Settings.Redis)
	products, err := a.Store.Products(c.Request.Context(), 10_000)
	if err != nil {
		answer(c, nil, err)
		return
	}
	data, err := json.Marshal(products)
	if err != nil {
		answer(c, nil, err)
		return
	}
	_ = shared.Set("export", data, time.Minute)
	if err := middleware.Gzip(c, data); err != nil {
		log.Printf("export: %v", err)
	}
}
