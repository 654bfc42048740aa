package handlers

import (
	"bytes"
	"encoding/json"
	"log"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/gin-gonic/gin"

	"example.com/gin-shop/internal/cache"
	"example.com/gin-shop/internal/middleware"
	"example.com/gin-shop/internal/store"
)

var counted = make(chan string, 100)

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
	go func() { counted <- "order" }()
	a.Mailer.Remember(c)
	a.Mailer.Welcome(c, order.Email)
	a.Mailer.Receipt(c, order.Email)
	ctx := c.Request.Context()
	go func() {
		if err := a.Hooks.Post(ctx, "order", order); err != nil {
			log.Printf("hooks: %v", err)
		}
	}()
	answer(c, gin.H{"id": id}, nil)
}

func (a *api) lastOrder(c *gin.Context) {
	order, err := a.Store.LastOrder(c.Request.Context(), c.Query("email"))
	answer(c, order, err)
}

func (a *api) cancelOrder(c *gin.Context) {
	id, err := strconv.ParseInt(c.Param("id"), 10, 64)
	if err != nil {
		c.AbortWithStatus(http.StatusBadRequest)
		return
	}
	answer(c, gin.H{"id": id}, a.Store.CancelOrder(c.Request.Context(), id))
}

// events streams the time until the client goes.
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

var exports = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// export sends all products, and lets the other shops have them too.
func (a *api) export(c *gin.Context) {
	products, err := a.Store.Products(c.Request.Context(), 10_000)
	if err != nil {
		answer(c, nil, err)
		return
	}
	b := exports.Get().(*bytes.Buffer)
	b.Reset()
	if err := json.NewEncoder(b).Encode(products); err != nil {
		answer(c, nil, err)
		return
	}
	if a.Settings.Redis != "" {
		shared := cache.New(a.Settings.Redis)
		if err := shared.Set("export", b.Bytes(), time.Minute); err != nil {
			log.Printf("export: %v", err)
		}
	}
	if err := middleware.Gzip(c, b.Bytes()); err != nil {
		log.Printf("export: %v", err)
	}
	exports.Put(b)
}
